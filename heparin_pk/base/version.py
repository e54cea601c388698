"""The version of this package, as exported files name it."""

from __future__ import annotations

import sys


def version() -> str:
    """Return the version of the package."""
    return str(sys.modules["heparin_pk"].__version__)
