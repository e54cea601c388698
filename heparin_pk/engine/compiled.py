"""The stepper, compiled: the same source lines through numba (the optional extra ``fast``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from heparin_pk.engine import stepper


@lru_cache(maxsize=1)
def advance() -> Callable:
    """Return the compiled ``advance`` (a few seconds on first use); bit-identical to the plain one.

    Raises ``ValueError`` when numba is not installed.
    """
    try:
        import numba  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise ValueError('engine "compiled" needs numba: pip install numba') from None
    return stepper.build(numba.njit(error_model="numpy", nogil=True))
