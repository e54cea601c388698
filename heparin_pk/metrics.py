"""One number out of a course.

The true time in range is known only to a simulator; the Rosendaal estimate and the share of tests in range are what a ward
can know. They differ on the same patients (43.7 % against 37.7 % in one hospital), so each says in its name what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from heparin_pk._checks import check_between
from heparin_pk.course import Course
from heparin_pk.regimen import Bolus, Hold, Infusion, Stop
from heparin_pk.response import TherapeuticRange
from heparin_pk.ward import Lab


def _hours_inside(time_h: np.ndarray, value: np.ndarray, low: float, high: float) -> float:
    """Return the hours a broken line spends in [low, high]: each straight piece is cut at the edges, no grid is counted."""
    width = np.diff(time_h)
    before, after = value[:-1], value[1:]
    bottom, top = np.minimum(before, after), np.maximum(before, after)
    rise = top - bottom
    overlap = np.minimum(top, high) - np.maximum(bottom, low)
    flat = (bottom >= low) & (top <= high)
    share = np.where(flat, 1.0, np.clip(np.divide(overlap, rise, out=np.zeros_like(rise), where=rise > 0), 0.0, 1.0))
    return float(width @ share)


def _span(course: Course, start_h: float, end_h: float | None) -> tuple[float, float]:
    start_h = check_between("start_h", start_h, 0.0, course.hours)
    end_h = course.hours if end_h is None else check_between("end_h", end_h, 0.0, course.hours)
    if not start_h < end_h:
        raise ValueError(f"start_h must come before end_h; got {start_h:g} and {end_h:g}")
    return start_h, end_h


def hours_between(
    course: Course, assay: str, low: float, high: float, *, start_h: float = 0.0, end_h: float | None = None
) -> float:
    """Return how long the true level of an assay lay in [low, high], h."""
    start_h, end_h = _span(course, start_h, end_h)
    time_h, value = course.time_h, course.level(assay)
    inside = (time_h > start_h) & (time_h < end_h)
    ends = np.interp([start_h, end_h], time_h, value)
    return _hours_inside(
        np.concatenate(([start_h], time_h[inside], [end_h])), np.concatenate((ends[:1], value[inside], ends[1:])), low, high
    )


def time_in_range_fraction(
    course: Course, target: TherapeuticRange, *, start_h: float = 0.0, end_h: float | None = None
) -> float:
    """Return the true share of time in range: what only a simulator knows."""
    start_h, end_h = _span(course, start_h, end_h)
    hours = hours_between(course, target.assay, target.low, target.high, start_h=start_h, end_h=end_h)
    return hours / (end_h - start_h)


def time_below_fraction(course: Course, target: TherapeuticRange) -> float:
    """Return the true share of time below the range."""
    return hours_between(course, target.assay, -np.inf, target.low) / course.hours


def time_above_fraction(course: Course, target: TherapeuticRange) -> float:
    """Return the true share of time above the range."""
    return hours_between(course, target.assay, target.high, np.inf) / course.hours


def rosendaal_fraction(course: Course, target: TherapeuticRange, *, largest_gap_h: float = 24.0) -> float | None:
    """Return the time in range as Rosendaal estimates it: straight lines between consecutive results.

    Pairs further apart than ``largest_gap_h`` are left out; nothing is assumed before the first and after the last result. A
    result above the ceiling counts as the ceiling. ``None`` when there are fewer than two results to connect.
    """
    check_between("largest_gap_h", largest_gap_h, 0.1, 1000.0)
    labs = [lab for lab in course.labs if lab.assay == target.assay]
    inside = total = 0.0
    for one, two in pairwise(labs):
        gap = two.drawn_h - one.drawn_h
        if 0.0 < gap <= largest_gap_h:
            total += gap
            inside += _hours_inside(np.array([0.0, gap]), np.array([one.value, two.value]), target.low, target.high)
    return inside / total if total else None


def fraction_of_tests_in_range(course: Course, target: TherapeuticRange) -> float | None:
    """Return the share of results in range (``None`` without results); a result above the ceiling is not in range."""
    labs = [lab for lab in course.labs if lab.assay == target.assay]
    return sum(lab.value in target and not lab.above_ceiling for lab in labs) / len(labs) if labs else None


def time_to_therapeutic_h(course: Course, target: TherapeuticRange) -> float | None:
    """Return when the true level first lies in range, h (``None``: never)."""
    time_h, value = course.time_h, course.level(target.assay)
    for i in range(len(value)):
        gradual = i > 0 and time_h[i] > time_h[i - 1]
        rushed_through = gradual and min(value[i - 1], value[i]) < target.low and max(value[i - 1], value[i]) > target.high
        if value[i] in target or rushed_through:
            if not gradual:
                return float(time_h[i])
            edge = target.low if value[i - 1] < target.low else target.high
            share = (edge - value[i - 1]) / (value[i] - value[i - 1]) if value[i] != value[i - 1] else 1.0
            return float(time_h[i - 1] + share * (time_h[i] - time_h[i - 1]))
    return None


def time_to_therapeutic_result_h(course: Course, target: TherapeuticRange) -> float | None:
    """Return when blood was first drawn that was reported in range, h (``None``: never): what the ward knows."""
    for lab in course.labs:
        if lab.assay == target.assay and lab.value in target and not lab.above_ceiling:
            return lab.drawn_h
    return None


def peak_u_per_ml(course: Course) -> float:
    """Return the highest true concentration, U/mL."""
    return float(course.concentration_u_per_ml.max())


def half_life_h(course: Course) -> float | None:
    """Return how long the true concentration takes from its peak to half of it, h (``None``: not within the course).

    Read off between the kept moments on a logarithmic line. For saturable heparin this is no constant: it grows with the dose.
    """
    concentration, time_h = course.concentration_u_per_ml, course.time_h
    top = int(concentration.argmax())
    half = 0.5 * concentration[top]
    below = np.flatnonzero(concentration[top:] <= half)
    if half <= 0.0 or not len(below):
        return None
    i = top + int(below[0])
    share = np.log(concentration[i - 1] / half) / np.log(concentration[i - 1] / concentration[i])
    return float(time_h[i - 1] + share * (time_h[i] - time_h[i - 1]) - time_h[top])


def auc_u_h_per_ml(course: Course) -> float:
    """Return the area under the true concentration, U h/mL (integrated with the model, not by trapezoids)."""
    return float(course.states[-1, 7])


def heparin_given_u(course: Course) -> float:
    """Return all heparin given into veins and skin, U."""
    from_pump = float(course.pump_u_per_h[:-1] @ np.diff(course.time_h))
    orders = course.regimen.resolved(course.patient.weight_kg).orders
    at_once = sum(getattr(o, "dose_u", 0.0) or 0.0 for o in orders if not getattr(o, "over_min", 0.0) and o.time_h < course.hours)
    return from_pump + at_once


def adjustments(course: Course) -> int:
    """Return how often the rate was changed after the start."""
    return sum(any(isinstance(order, Infusion | Stop) for order in entry.orders) for entry in course.entries[1:])


def holds(course: Course) -> int:
    """Return how often the infusion was held."""
    return sum(isinstance(order, Hold) for order in course.regimen.orders)


def reboluses(course: Course) -> int:
    """Return how many boluses were given after the start."""
    return sum(isinstance(order, Bolus) for entry in course.entries[1:] for order in entry.orders)


def prediction_errors(course: Course, labs: Sequence[Lab]) -> list[dict[str, float | bool]]:
    """Return measured against predicted for results with a moment within the course, one row a result.

    ``error_percent`` is (predicted - measured) / measured; a result above the ceiling or of zero has a row but no error (NaN
    would lie, so the key is left out).
    """
    rows: list[dict[str, float | bool]] = []
    for lab in labs:
        if 0.0 <= lab.drawn_h <= course.hours:
            predicted = course.level_at(lab.assay, lab.drawn_h)
            row: dict[str, float | bool] = {
                "drawn_h": lab.drawn_h,
                "measured": lab.value,
                "above_ceiling": lab.above_ceiling,
                "predicted": predicted,
            }
            if not lab.above_ceiling and lab.value > 0.0:
                row["error_percent"] = 100.0 * (predicted - lab.value) / lab.value
            rows.append(row)
    return rows


def bias_and_inaccuracy_percent(rows: Sequence[Mapping[str, float | bool]]) -> tuple[float, float] | None:
    """Return Varvel's MDPE and MDAPE: the median error and the median absolute error, % (``None`` without numbers)."""
    errors = np.array([row["error_percent"] for row in rows if "error_percent" in row], dtype=float)
    return (float(np.median(errors)), float(np.median(np.abs(errors)))) if len(errors) else None


def summary(course: Course, target: TherapeuticRange) -> dict[str, float | int | None]:
    """Return every metric of a course by name; ``None`` where there is nothing to say."""
    return {
        "time_in_range_fraction": time_in_range_fraction(course, target),
        "time_below_fraction": time_below_fraction(course, target),
        "time_above_fraction": time_above_fraction(course, target),
        "rosendaal_fraction": rosendaal_fraction(course, target),
        "fraction_of_tests_in_range": fraction_of_tests_in_range(course, target),
        "time_to_therapeutic_h": time_to_therapeutic_h(course, target),
        "time_to_therapeutic_result_h": time_to_therapeutic_result_h(course, target),
        "peak_u_per_ml": peak_u_per_ml(course),
        "auc_u_h_per_ml": auc_u_h_per_ml(course),
        "heparin_given_u": heparin_given_u(course),
        "adjustments": adjustments(course),
        "holds": holds(course),
        "reboluses": reboluses(course),
        "blood_draws": len(course.labs),
    }
