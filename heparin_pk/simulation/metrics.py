"""One number out of a course.

The true time in range is known only to a simulator; the Rosendaal estimate and the share of tests in range are what a ward
can know. They differ on the same patients (43.7 % against 37.7 % in one hospital), so each says in its name what it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from heparin_pk.base.checks import check_between
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Stop


def side_of_range(value: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> np.ndarray:
    """Return -1 where a level lies below a range, 0 in it (its limits included), 1 above; any shape."""
    return (value > high).view(np.int8) - (value < low).view(np.int8)


def _share_inside(before: np.ndarray, after: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the share of each straight line, from ``before`` to ``after``, that lies in [low, high]."""
    bottom, top = np.minimum(before, after), np.maximum(before, after)
    rise = top - bottom
    overlap = np.minimum(top, high) - np.maximum(bottom, low)
    sloping = np.clip(np.divide(overlap, rise, out=np.zeros_like(rise), where=rise > 0.0), 0.0, 1.0)
    share: np.ndarray = np.where(rise > 0.0, sloping, (bottom >= low) & (top <= high))
    return share


def _hours_inside(time_h: np.ndarray, value: np.ndarray, low: float, high: float) -> float:
    """Return the hours a line of straight segments spends in [low, high]: each segment is cut at the limits."""
    return float(np.diff(time_h) @ _share_inside(value[:-1], value[1:], low, high))


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
    if not low < high:
        raise ValueError(f"low must lie below high; got {low!r} and {high!r}")
    start_h, end_h = _span(course, start_h, end_h)
    time_h, value = course.time_h, course.level(assay)
    first, last = int(np.searchsorted(time_h, start_h, side="right")), int(np.searchsorted(time_h, end_h, side="left"))
    begin = _between(time_h, value, first - 1, start_h)  # just after what is given at the start ...
    end = _between(time_h, value, last - 1, end_h)  # ... and just before what is given at the end
    return _hours_inside(
        np.concatenate(([start_h], time_h[first:last], [end_h])), np.concatenate(([begin], value[first:last], [end])), low, high
    )


def _between(time_h: np.ndarray, value: np.ndarray, i: int, moment_h: float) -> float:
    """Return the value at a moment on the straight line from kept moment ``i`` to the next."""
    j = min(i + 1, len(time_h) - 1)
    return float(np.interp(moment_h, time_h[[i, j]], value[[i, j]])) if time_h[j] > time_h[i] else float(value[i])


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
    """Return the time in range as Rosendaal estimates it; see :func:`rosendaal_fractions`.

    ``None`` when there are fewer than two results to connect.
    """
    check_between("largest_gap_h", largest_gap_h, 0.1, 1000.0)
    labs = [lab for lab in course.labs if lab.assay == target.assay]
    drawn_h, value, above = (np.array([[getattr(lab, name)] for lab in labs]) for name in ("drawn_h", "value", "above_ceiling"))
    found = rosendaal_fractions(drawn_h, value, above, np.array([len(labs)]), target, largest_gap_h) if labs else [math.nan]
    return None if math.isnan(found[0]) else float(found[0])


def rosendaal_fractions(
    drawn_h: np.ndarray,
    value: np.ndarray,
    above_ceiling: np.ndarray,
    n_results: np.ndarray,
    target: TherapeuticRange,
    largest_gap_h: float = 24.0,
) -> np.ndarray:
    """Return the time in range as Rosendaal estimates it, for n patients: straight lines between consecutive results.

    ``drawn_h``, ``value``, ``above_ceiling`` (k, n): the results, oldest first.
    ``n_results`` (n,): how many of the k rows each patient has.
    ``largest_gap_h``: pairs of results further apart are left out.

    Nothing is assumed before the first and after the last result. A result above the ceiling counts as the ceiling, or as just
    above the range where the ceiling lies in it. NaN where there are fewer than two results to connect.
    """
    just_above = np.nextafter(target.high, np.inf)
    value = np.where(above_ceiling, np.maximum(value, just_above), value)
    inside_h, total_h = np.zeros(len(n_results)), np.zeros(len(n_results))
    for i in range(len(value) - 1):
        gap_h = drawn_h[i + 1] - drawn_h[i]
        counts = (i + 1 < n_results) & (gap_h > 0.0) & (gap_h <= largest_gap_h)
        total_h += np.where(counts, gap_h, 0.0)
        inside_h += np.where(counts, gap_h * _share_inside(value[i], value[i + 1], target.low, target.high), 0.0)
    found: np.ndarray = np.divide(inside_h, total_h, out=np.full(len(total_h), np.nan), where=total_h > 0.0)
    return found


def fraction_of_tests_in_range(course: Course, target: TherapeuticRange) -> float | None:
    """Return the share of results in range (``None`` without results); a result above the ceiling is not in range."""
    labs = [lab for lab in course.labs if lab.assay == target.assay]
    return sum(lab.value in target and not lab.above_ceiling for lab in labs) / len(labs) if labs else None


SHORTEST_STAY_H = 1.0 / 12.0
"""A level that rushes through the range within five minutes, as a bolus does, has not reached it."""


def time_to_therapeutic_h(course: Course, target: TherapeuticRange) -> float | None:
    """Return when the true level first lies in range and stays there for five minutes at least, h (``None``: never)."""
    time_h, value = course.time_h.tolist(), course.level(target.assay).tolist()
    since: float | None = None
    for i in range(1, len(value)):
        enters, leaves = _inside(time_h[i - 1], value[i - 1], time_h[i], value[i], target)
        if enters is None or leaves is None:
            since = None
            continue
        since = enters if since is None or enters > time_h[i - 1] else since
        if leaves - since >= SHORTEST_STAY_H - 1e-9:
            return since
        if leaves < time_h[i]:
            since = None
    return since


def _inside(t0: float, v0: float, t1: float, v1: float, target: TherapeuticRange) -> tuple[float | None, float | None]:
    """Return when a straight piece enters and leaves the range (both ``None``: it misses it)."""
    if v0 == v1 or t0 == t1:
        return (t1, t1) if v1 in target and t0 == t1 else ((t0, t1) if v1 in target else (None, None))
    shares = sorted(((target.low - v0) / (v1 - v0), (target.high - v0) / (v1 - v0)))
    first, last = max(0.0, shares[0]), min(1.0, shares[1])
    return (t0 + first * (t1 - t0), t0 + last * (t1 - t0)) if first <= last else (None, None)


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
    orders = course.regimen.resolved(course.patient.doses_by_kg).orders
    at_once = sum(getattr(o, "dose_u", 0.0) or 0.0 for o in orders if not getattr(o, "over_min", 0.0) and o.time_h < course.hours)
    return from_pump + at_once


def adjustments(course: Course) -> int:
    """Return how often the rate was changed after the first rate."""
    return max(0, sum(isinstance(order, Infusion | Stop) for order in course.regimen.orders) - 1)


def holds(course: Course) -> int:
    """Return how often the infusion was held."""
    return sum(isinstance(order, Hold) for order in course.regimen.orders)


def reboluses(course: Course) -> int:
    """Return how many boluses were given after the first moment at which anything was ordered."""
    orders = course.regimen.orders
    return sum(isinstance(order, Bolus) and order.time_h > orders[0].time_h for order in orders)


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
