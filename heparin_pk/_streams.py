"""Randomness that does not depend on the order of calls: every draw has an address.

A draw is addressed by (seed, purpose, subject, moment). An extra blood sample therefore changes no other draw, and patient 17
is the same person whoever else is in the room, in whatever order and on whatever machine people are drawn.

The bits are those of Philox4x64-10 (Salmon et al. 2011) with key (seed, purpose) and counter (subject, moment, 0, 0).
"""

from __future__ import annotations

import math
import zlib
from statistics import NormalDist

import numpy as np

from heparin_pk._each import each

_STANDARD_NORMAL = NormalDist()
_TICKS_PER_H = 36_000  # a tenth of a second
_FEW = 64
"""Up to so many different moments are drawn one after the other, each for all its subjects at once."""


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
    return _STANDARD_NORMAL.inv_cdf(uniform(seed, purpose, time_h, subject))


def uniform(seed: int, purpose: str, time_h: float, subject: int = 0) -> float:
    """Return the number at this address that is spread evenly over (0, 1)."""
    raw = np.random.Philox(key=_key(seed, purpose), counter=_counter(subject, time_h)).random_raw()
    return _between_0_and_1(int(raw))


def standard_normals(seed: int, purpose: str, time_h: float | np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return the standard normal numbers of many subjects (m,), at one moment or each at its own (m,).

    >>> bool((standard_normals(1, "x", 6.0, np.arange(9)) == [standard_normal(1, "x", 6.0, i) for i in range(9)]).all())
    True
    """
    return each(_STANDARD_NORMAL.inv_cdf, uniforms(seed, purpose, time_h, subjects))


def uniforms(seed: int, purpose: str, time_h: float | np.ndarray, subjects: np.ndarray) -> np.ndarray:
    """Return :func:`uniform` of many subjects (m,), at one moment or each at its own (m,)."""
    subjects = np.asarray(subjects, dtype=np.uint64)
    key = _key(seed, purpose)
    if not isinstance(time_h, np.ndarray):
        return _spread(_at_one_moment(key, time_h, subjects))
    moments, where = np.unique(time_h, return_inverse=True)
    if len(moments) > _FEW:
        return _spread(_philox(key, subjects, np.round(time_h * _TICKS_PER_H).astype(np.uint64)))
    raw = np.empty(len(subjects), dtype=np.uint64)
    for number, moment in enumerate(moments.tolist()):
        here = where == number
        raw[here] = _at_one_moment(key, moment, subjects[here])
    return _spread(raw)


def _key(seed: int, purpose: str) -> np.ndarray:
    return np.array([seed, zlib.crc32(purpose.encode())], dtype=np.uint64)


def _counter(subject: int, time_h: float) -> np.ndarray:
    return np.array([subject, round(time_h * _TICKS_PER_H), 0, 0], dtype=np.uint64)


def _between_0_and_1(raw: int) -> float:
    return ((raw >> 11) + 0.5) * 2.0**-53


def _spread(raw: np.ndarray) -> np.ndarray:
    return ((raw >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53


def _at_one_moment(key: np.ndarray, time_h: float, subjects: np.ndarray) -> np.ndarray:
    """Return the raw words of many subjects at one moment: neighbours lie on one stream, four words apart."""
    if not len(subjects):
        return subjects
    first, last = int(subjects.min()), int(subjects.max())
    if last - first < 4 * len(subjects) + 64:
        words = np.random.Philox(key=key, counter=_counter(first, time_h)).random_raw(4 * (last - first + 1))
        return words[4 * (subjects - np.uint64(first)).astype(np.int64)]
    return _philox(key, subjects, np.full(len(subjects), round(time_h * _TICKS_PER_H), dtype=np.uint64))


_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def _philox(key: np.ndarray, subjects: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Return the first word of Philox4x64-10 for many counters (subject + 1, moment, 0, 0), as numpy's generator counts."""
    one, two = subjects + np.uint64(1), moments
    three, four = np.zeros_like(one), np.zeros_like(one)
    keys = [int(part) for part in key]
    for _ in range(10):
        high1, low1 = _product(_MULTIPLIERS[0], one)
        high3, low3 = _product(_MULTIPLIERS[1], three)
        one, two, three, four = high3 ^ two ^ np.uint64(keys[0]), low3, high1 ^ four ^ np.uint64(keys[1]), low1
        keys = [(part + step) % 2**64 for part, step in zip(keys, _WEYL, strict=True)]
    return one


def _product(factor: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the high and the low half of the 128-bit product."""
    f_high, f_low = np.uint64(factor >> 32), np.uint64(factor & 0xFFFFFFFF)
    x_high, x_low = x >> _HALF, x & _LOW
    low_low, low_high, high_low = f_low * x_low, f_low * x_high, f_high * x_low
    middle = (low_low >> _HALF) + (low_high & _LOW) + (high_low & _LOW)
    high = f_high * x_high + (low_high >> _HALF) + (high_low >> _HALF) + (middle >> _HALF)
    return high, np.uint64(factor) * x


def log_normal(cv_fraction: float, z: float | np.ndarray) -> float | np.ndarray:
    """Return the log-normal factor with median 1 and this coefficient of variation at a standard normal number."""
    sigma = math.sqrt(math.log1p(cv_fraction**2))
    return each(lambda x: math.exp(sigma * x), z)
