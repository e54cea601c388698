"""Rounding to a step, halves away from zero: the rates a pump can run at, the digits a laboratory reports."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from heparin_pk.base.checks import check_between


def round_to(value: float, step: float) -> float:
    """Return ``value`` rounded to the nearest multiple of ``step``, halves away from zero.

    >>> round_to(24.416, 0.1), round_to(2.25, 0.5), round_to(-2.25, 0.5), round_to(5903, 100)
    (24.4, 2.5, -2.5, 5900.0)

    Raises ``ValueError`` for a step outside [1e-6, 1e6] or a value beyond 1e9.
    """
    value = check_between("value", value, -1e9, 1e9)
    step = check_between("step", step, 1e-6, 1e6)
    unit = Decimal(repr(step))
    return float((Decimal(repr(value)) / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit)


def round_all_to(values: np.ndarray, step: float) -> np.ndarray:
    """Return :func:`round_to` of every element, the same numbers bit for bit.

    >>> round_all_to(np.array([24.416, 0.25, 5903.0]), 0.1).tolist()
    [24.4, 0.3, 5903.0]
    """
    step = check_between("step", step, 1e-6, 1e6)
    ratio = values / step
    size = np.abs(ratio)
    ticks = np.floor(size + 0.5) * np.sign(ratio)
    per_one = round(1.0 / step)
    if per_one >= 1 and 1.0 / per_one == step:
        rounded = ticks / per_one  # the nearest float to so many tenths, as a decimal would give
    elif step == round(step):
        rounded = ticks * step
    else:
        return np.array([round_to(value, step) for value in values.tolist()])
    unclear = np.flatnonzero(np.abs(size - np.floor(size) - 0.5) < 1e-6)  # a half, or within the rounding error of one
    rounded[unclear] = [round_to(value, step) for value in values[unclear].tolist()]
    return rounded
