"""`python -m heparin_pk.cli` is `heparin-pk`."""

import sys

from heparin_pk.cli import main

if __name__ == "__main__":
    sys.exit(main())
