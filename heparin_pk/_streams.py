"""Randomness that does not depend on the order of calls: every draw has an address.

A draw is addressed by (seed, purpose, subject, moment). An extra blood sample therefore changes no other draw, and patient 17
is the same person whoever else is in the room.
"""

from __future__ import annotations

import zlib
from statistics import NormalDist

import numpy as np

_STANDARD_NORMAL = NormalDist()
_TICKS_PER_H = 36_000  # a tenth of a second


def checked_seed(seed: int | np.random.Generator) -> int:
    """Return a seed as an integer; a Generator is asked for one (and moves on).

    Raises ``ValueError`` for anything else, and for integers outside [0, 2**64).
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1 or a numpy Generator; got {seed!r}")
    return int(seed)


def standard_normal(seed: int, purpose: str, time_h: float, subject: int = 0) -> float:
    """Return the standard normal number at this address.

    >>> standard_normal(1, "assay", 6.0) == standard_normal(1, "assay", 6.0)
    True
    """
    counter = np.array([0, round(time_h * _TICKS_PER_H), subject, 0], dtype=np.uint64)
    key = np.array([seed, zlib.crc32(purpose.encode())], dtype=np.uint64)
    raw = int(np.random.Philox(key=key, counter=counter).random_raw())
    return _STANDARD_NORMAL.inv_cdf(((raw >> 11) + 0.5) * 2.0**-53)
