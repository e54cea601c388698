"""A curve that a learner has drawn on a logarithmic axis, compared with a model's: is it right, or which error is it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between

PEAK_TOO_LOW, PEAK_TOO_HIGH = "peak too low", "peak too high"
RISES, STRAIGHT, BENDS_UP = "rises", "straight", "bends up"
TOO_FAST_EARLY, TOO_SLOW_EARLY = "too fast early", "too slow early"
TOO_FAST_LATE, TOO_SLOW_LATE = "too fast late", "too slow late"
ERRORS = (
    *(PEAK_TOO_LOW, PEAK_TOO_HIGH, RISES, STRAIGHT, BENDS_UP),
    *(TOO_FAST_EARLY, TOO_SLOW_EARLY, TOO_FAST_LATE, TOO_SLOW_LATE),
)
_SAME_RATIO = 1.05
"""Up to this ratio two drawn levels that follow one another count as level: a hand is no ruler. Chosen."""
_LEAST_BEND = 0.25
"""Share of the model's bend from which a drawn curve bends as well; with less of it, it is a straight line. Chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a comparison of a drawn curve with a model's has found.

    ``is_right``: whether the drawn curve is within the tolerance at every time and bends as the model's does
    ``errors``: its errors, of ``ERRORS``, the first one first; none where it is right
    ``farthest``: place of the time at which it is farthest off
    """

    is_right: bool
    errors: tuple[str, ...]
    farthest: int


def compare(
    times_h: Sequence[float],
    drawn_u_per_ml: Sequence[float],
    model_u_per_ml: Sequence[float],
    *,
    within_ratio: float,
    lowest_u_per_ml: float,
) -> Compared:
    """Compare a drawn decline with a model's, both as levels at the same times.

    ``within_ratio``: at each time a drawn level counts as right up to this many times too high or too low
    ``lowest_u_per_ml``: lower end of the axis: a curve that has reached it could not be drawn further down

    A curve is judged by its form, too: one that is near the model's at every time but straight, where the model's is bent, is
    wrong.

    Raises ``ValueError`` for fewer than five times, different numbers of levels, a level below the axis, or a ratio of 1
    or less.
    """
    if len(times_h) < 5 or len(drawn_u_per_ml) != len(times_h) or len(model_u_per_ml) != len(times_h):
        raise ValueError(
            "times_h, drawn_u_per_ml and model_u_per_ml must have the same number of values, five or more; got "
            f"{len(times_h)}, {len(drawn_u_per_ml)} and {len(model_u_per_ml)}"
        )
    check_between("within_ratio", within_ratio, 1.0 + 1e-9, 100.0)
    for level in drawn_u_per_ml:
        check_between("drawn_u_per_ml", level, lowest_u_per_ml * (1.0 - 1e-9), math.inf)
    drawn, model = np.log(np.asarray(drawn_u_per_ml)), np.log(np.asarray(model_u_per_ml))
    off = drawn - model
    most = math.log(within_ratio) + 1e-9
    errors = _errors(np.asarray(times_h, float), drawn, model, most, math.log(lowest_u_per_ml))
    is_right = bool(np.all(np.abs(off) <= most)) and not set(errors) & {RISES, STRAIGHT, BENDS_UP}
    return Compared(is_right=is_right, errors=() if is_right else errors, farthest=int(np.argmax(np.abs(off))))


def _errors(times_h: np.ndarray, drawn: np.ndarray, model: np.ndarray, most: float, lowest: float) -> tuple[str, ...]:
    """Return the error of the peak, if there is one, and the first error of the form; levels are logarithms."""
    found = [] if abs(drawn[0] - model[0]) <= most else [PEAK_TOO_LOW if drawn[0] < model[0] else PEAK_TOO_HIGH]
    if np.any(np.diff(drawn) > math.log(_SAME_RATIO)):
        return (*found, RISES)
    at_bottom = np.flatnonzero(drawn <= lowest + math.log(_SAME_RATIO))
    seen = int(at_bottom[0]) + 1 if len(at_bottom) else len(drawn)
    if seen >= 3:
        bend = _bend(times_h[:seen], drawn[:seen])
        least = max(_LEAST_BEND * _bend(times_h[:seen], model[:seen]), math.log(_SAME_RATIO))
        if bend < -least:
            return (*found, BENDS_UP)
        if bend < least:
            return (*found, STRAIGHT)
    half = len(times_h) // 2
    early = (drawn[half] - drawn[0]) - (model[half] - model[0])
    late = (drawn[-1] - drawn[half]) - (model[-1] - model[half])
    if max(abs(early), abs(late)) > most or not found:
        if abs(early) >= abs(late):
            found.append(TOO_FAST_EARLY if early < 0.0 else TOO_SLOW_EARLY)
        else:
            found.append(TOO_FAST_LATE if late < 0.0 else TOO_SLOW_LATE)
    return tuple(found)


def _bend(times_h: np.ndarray, levels: np.ndarray) -> float:
    """Return how far the middle of a curve lies above the line between its ends, by a parabola through all its points."""
    span = times_h[-1] - times_h[0]
    return float(-np.polyfit(times_h, levels, 2)[0] * span**2 / 4.0)


def half_life_h(times_h: Sequence[float], levels_u_per_ml: Sequence[float]) -> float | None:
    """Return the half-life of the straight line through levels on a logarithmic axis, h; ``None`` for a line that does not fall.

    >>> half_life_h([0, 1, 2], [8.0, 4.0, 2.0])
    1.0
    """
    slope = float(np.polyfit(np.asarray(times_h, float), np.log(np.asarray(levels_u_per_ml, float)), 1)[0])
    return round(math.log(2.0) / -slope, 9) if slope < -1e-9 else None
