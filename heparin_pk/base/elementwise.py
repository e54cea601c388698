"""The same arithmetic for one person and for a cohort: a number or an array of one number a person.

Powers go through the float's own arithmetic element by element, so that a person gets the same bits alone and in a cohort, on
any machine's vector units.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any

import numpy as np

COMPILED: dict[Callable, Callable] = {}
"""Compiled loops over arrays, by the function they repeat: the same bits, sooner. The compiled engine puts them here."""


def each(function: Callable[[float], float], values: Any) -> Any:
    """Return ``function`` of a number, or of every element of an array.

    >>> each(abs, np.array([-1.0, 2.0])), each(abs, -3.0)
    (array([1., 2.]), 3.0)
    """
    if not isinstance(values, np.ndarray):
        return function(values)
    if function in COMPILED:
        return COMPILED[function](values)
    return np.fromiter(map(function, values.tolist()), dtype=float, count=len(values))


def power(base: Any, exponent: float) -> Any:
    """Return ``base ** exponent`` for a number or every element of an array."""
    if not isinstance(base, np.ndarray):
        return base**exponent
    if pow in COMPILED:
        return COMPILED[pow](base, float(exponent))  # a whole exponent would be multiplied out
    return np.fromiter(map(pow, base.tolist(), repeat(exponent)), dtype=float, count=len(base))


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """Return ``yes`` where the condition holds, ``no`` elsewhere."""
    return np.where(condition, yes, no) if isinstance(condition, np.ndarray) else (yes if condition else no)


def larger(one: Any, two: Any) -> Any:
    """Return the larger of two, element by element."""
    return np.maximum(one, two) if isinstance(one, np.ndarray) or isinstance(two, np.ndarray) else max(one, two)


def smaller(one: Any, two: Any) -> Any:
    """Return the smaller of two, element by element."""
    return np.minimum(one, two) if isinstance(one, np.ndarray) or isinstance(two, np.ndarray) else min(one, two)


def some(condition: Any) -> bool:
    """Return whether a condition holds for one person, or for anybody of a cohort."""
    return bool(np.any(condition))
