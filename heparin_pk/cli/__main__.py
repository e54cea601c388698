"""Run the command line as ``python -m heparin_pk.cli``."""

import sys

from heparin_pk.cli import main

if __name__ == "__main__":
    sys.exit(main())
