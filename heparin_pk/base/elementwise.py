"""The same arithmetic for one patient and for a cohort: on a number, or on an array of one number a patient.

Powers and functions are computed with Python's own float arithmetic, element by element: a patient gets the same bits alone and
in a cohort, with every NumPy and every processor. NumPy's own functions round differently with other vector instructions.
What is left is the C library's last bit: exp, log, powers, cos and erf are Python's, which are the C library's.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any

import numpy as np

COMPILED: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Compiled loops over arrays, by the function they replace: the same bits, faster. Filled by the compiled engine."""


def each(function: Callable[[float], float], values: Any) -> Any:
    """Return ``function`` of a number, or of every element of an array of any shape.

    >>> each(abs, np.array([-1.0, 2.0])), each(abs, -3.0)
    (array([1., 2.]), 3.0)
    """
    if not isinstance(values, np.ndarray):
        return function(values)
    if values.ndim != 1:
        return each(function, values.reshape(-1)).reshape(values.shape)
    if function in COMPILED:
        return COMPILED[function](values)
    return np.fromiter(map(function, values.tolist()), dtype=float, count=len(values))


def power(base: Any, exponent: float) -> Any:
    """Return ``base ** exponent`` for a number or every element of an array."""
    if not isinstance(base, np.ndarray):
        return base**exponent
    if pow in COMPILED:
        return COMPILED[pow](base, float(exponent))  # float: compiled code would expand a whole exponent into products
    return np.fromiter(map(pow, base.tolist(), repeat(exponent)), dtype=float, count=len(base))


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """Return ``yes`` where the condition holds, ``no`` elsewhere."""
    return np.where(condition, yes, no) if isinstance(condition, np.ndarray) else (yes if condition else no)


def larger(a: Any, b: Any) -> Any:
    """Return the larger of two numbers, or of two arrays element by element."""
    return np.maximum(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else max(a, b)


def smaller(a: Any, b: Any) -> Any:
    """Return the smaller of two numbers, or of two arrays element by element."""
    return np.minimum(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else min(a, b)


def some(condition: Any) -> bool:
    """Return whether a condition holds for one patient, or for at least one of a cohort."""
    return bool(np.any(condition))
