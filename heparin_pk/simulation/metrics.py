"""One number out of a course.

The true time in range is known only to a simulator; the Rosendaal estimate and the share of tests in range are what a ward
can know. They differ on the same patients (43.7 % against 37.7 % in one hospital), so each says in its name what it is.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from heparin_pk.base.checks import check_between
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.blood.response import level, read_u_per_ml
from heparin_pk.body.kinetics import Rates, State, derivatives, found_by_anti_xa
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Pause, Stop

_SHORT = State._fields.index("short_u")
_SAME_MOMENT_H = 1e-12
"""Moments closer than this are one, h."""


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


def _span(course: Course, start_h: float, end_h: float | None) -> tuple[float, float]:
    start_h = check_between("start_h", start_h, 0.0, course.hours)
    end_h = course.hours if end_h is None else check_between("end_h", end_h, 0.0, course.hours)
    if not start_h < end_h:
        raise ValueError(f"start_h must come before end_h; got {start_h:g} and {end_h:g}")
    return start_h, end_h


class _Line:
    """The true level of an assay from ``start_h`` to ``end_h`` against a range: knots with exact levels, and the curve between.

    ``time_h``, ``value``, ``side`` (n,): the kept moments, the start and the end; a side as :func:`side_of_range` gives it.
    """

    def __init__(self, course: Course, assay: str, low: float, high: float, start_h: float, end_h: float) -> None:
        self._course, self._assay, self._limits = course, assay, (low, high)
        kept_h, kept = course.time_h, course.level(assay)
        first = int(np.searchsorted(kept_h, start_h, side="right"))
        last = int(np.searchsorted(kept_h, end_h, side="left"))
        self._first = first - 1  # the kept moment before the first interval
        # Just after what is given at the start ...
        begin = float(kept[first - 1]) if kept_h[first - 1] == start_h else self._levels_in(0)(start_h)
        # ... and just before what is given at the end.
        end = course.level_at(assay, end_h)
        self.time_h = np.concatenate(([start_h], kept_h[first:last], [end_h]))
        self.value = np.concatenate(([begin], kept[first:last], [end]))
        self.side = side_of_range(self.value, low, high)

    def _levels_in(self, interval: int) -> Callable[[float], float]:
        """Return the exact level as a function of time within one interval."""
        course, assay = self._course, self._assay
        state_at, kinetics = course.states_from(self._first + interval), course.drug.kinetics(course.patient)

        def level_at(time_h: float) -> float:
            read = read_u_per_ml(assay, kinetics, state_at(time_h))
            return float(level(assay, read, course.patient, course.responses, time_h))

        return level_at

    def stay_h(self, interval: int) -> tuple[float, float] | None:
        """Return when an interval enters and leaves the range, h (``None``: it lies outside, or jumps out or over it)."""
        begin_h, end_h = float(self.time_h[interval]), float(self.time_h[interval + 1])
        was, now = int(self.side[interval]), int(self.side[interval + 1])
        if was == now:
            return (begin_h, end_h) if was == 0 else None
        if begin_h == end_h:
            return (end_h, end_h) if now == 0 else None
        levels, (before, after) = self._levels_in(interval), (float(x) for x in self.value[interval : interval + 2])

        def passes_h(side: int) -> float:
            limit = self._limits[side > 0]
            return _root_h(lambda time_h: levels(time_h) - limit, begin_h, before - limit, end_h, after - limit)

        return (passes_h(was) if was else begin_h), (passes_h(now) if now else end_h)


def _root_h(value_at: Callable[[float], float], begin_h: float, begin: float, end_h: float, end: float) -> float:
    """Return when a value passes zero between two moments at which it has different signs (false position, Illinois rule)."""
    if begin == 0.0 or end == 0.0:
        return begin_h if begin == 0.0 else end_h
    last_h = begin_h
    while True:
        time_h = end_h - end * (end_h - begin_h) / (end - begin)
        if abs(time_h - last_h) <= _SAME_MOMENT_H or not min(begin_h, end_h) < time_h < max(begin_h, end_h):
            return time_h
        last_h, value = time_h, value_at(time_h)
        if value * end < 0.0:  # the root lies between this moment and the last one
            begin_h, begin = end_h, end
        else:  # the other end stays: half its value draws the next moment towards it
            begin *= 0.5
        end_h, end = time_h, value


def hours_between(
    course: Course, assay: str, low: float, high: float, *, start_h: float = 0.0, end_h: float | None = None
) -> float:
    """Return how long the true level of an assay lay in [low, high], h.

    Exact wherever the kept levels, every five minutes, show that a limit was passed. A level that passes a limit and is back
    before the next one is not seen: less than five minutes each time, and none at all in 240 courses asked every ten seconds.
    """
    if not low < high:
        raise ValueError(f"low must lie below high; got {low!r} and {high!r}")
    line = _Line(course, assay, low, high, *_span(course, start_h, end_h))
    was, now = line.side[:-1], line.side[1:]
    hours = np.diff(line.time_h)[(was == 0) & (now == 0)].tolist()
    stays = [line.stay_h(int(interval)) for interval in np.flatnonzero(was != now)]
    return math.fsum(hours + [stay[1] - stay[0] for stay in stays if stay is not None])


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


def areas_outside(course: Course, target: TherapeuticRange) -> tuple[float, float]:
    """Return how far and how long the true level lay below and above the range: two areas, unit of the assay times h.

    Trapezoids between the kept moments, at most five minutes apart. A level above the ceiling of its assay counts as the
    ceiling: how far above it was, no laboratory could have said.
    """
    level_kept = np.minimum(course.level(target.assay), ASSAYS[target.assay].ceiling)
    step_h = np.diff(course.time_h)
    below, above = np.maximum(0.0, target.low - level_kept), np.maximum(0.0, level_kept - target.high)
    first, second = (float(np.sum(0.5 * (part[1:] + part[:-1]) * step_h)) for part in (below, above))
    return first, second


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
    line = _Line(course, target.assay, target.low, target.high, 0.0, course.hours)
    since: float | None = None
    for interval in range(len(line.time_h) - 1):
        stay = line.stay_h(interval)
        if stay is None:
            since = None
            continue
        enters_h, leaves_h = stay
        since = enters_h if since is None or enters_h > line.time_h[interval] else since
        if leaves_h - since >= SHORTEST_STAY_H - 1e-9:
            return since
        if leaves_h < line.time_h[interval + 1]:
            since = None
    return since


def time_to_therapeutic_result_h(course: Course, target: TherapeuticRange) -> float | None:
    """Return when blood was first drawn that was reported in range, h (``None``: never): what the ward knows."""
    for lab in course.labs:
        if lab.assay == target.assay and lab.value in target and not lab.above_ceiling:
            return lab.drawn_h
    return None


def _peak(course: Course) -> tuple[int, float, float]:
    """Return the number of the kept moment at or before the peak, the time of the peak, h, and the peak, U/mL."""
    kinetics, time_h, states = course.drug.kinetics(course.patient), course.time_h.tolist(), course.states.tolist()
    top = int(found_by_anti_xa(course.states[:, 0], course.states[:, _SHORT], kinetics.short_fraction).argmax())
    for kept in (top - 1, top):  # the peak lies where the slope changes its sign between two kept moments
        if not 0 <= kept < len(time_h) - 1 or time_h[kept] == time_h[kept + 1]:
            continue
        slope = partial(_slope, rate_u_per_h=float(course.pump_u_per_h[kept]), rates=kinetics.rates())
        begin, end = slope(states[kept]), slope(states[kept + 1])
        if begin > 0.0 > end:
            state_at = course.states_from(kept)
            peak_h = _root_h(_chain(state_at, slope), time_h[kept], begin, time_h[kept + 1], end)
            at_peak = state_at(peak_h)
            return kept, peak_h, float(kinetics.concentration_u_per_ml(at_peak.central_u, at_peak.short_u))
    return top, time_h[top], float(kinetics.concentration_u_per_ml(states[top][0], states[top][_SHORT]))


def _slope(state: Sequence[float], rate_u_per_h: float, rates: Rates) -> float:
    right_hand_side: Callable[..., tuple[float, ...]] = derivatives
    slopes = right_hand_side(*state, rate_u_per_h, 0.0, *rates)  # protamine's own rate changes no slope but its own
    return float(found_by_anti_xa(slopes[0], slopes[_SHORT], rates.short_fraction))


def _chain(state_at: Callable[[float], State], of_state: Callable[[State], float]) -> Callable[[float], float]:
    return lambda time_h: of_state(state_at(time_h))


def peak_u_per_ml(course: Course) -> float:
    """Return the highest true concentration, U/mL, also where it lies between two kept moments."""
    return _peak(course)[2]


def half_life_h(course: Course) -> float | None:
    """Return how long the true concentration takes from its peak to half of it, h (``None``: not within the course).

    For saturable heparin this is no constant: it grows with the dose.
    """
    kept, top_h, top = _peak(course)
    concentration, half = course.concentration_u_per_ml, 0.5 * top
    below = np.flatnonzero(concentration[kept + 1 :] <= half)
    if half <= 0.0 or not len(below):
        return None
    i = kept + int(below[0])  # the kept moment before
    state_at, kinetics = course.states_from(i), course.drug.kinetics(course.patient)

    def concentration_in(state: State) -> float:
        return float(kinetics.concentration_u_per_ml(state.central_u, state.short_u))

    begin_h, begin = max((float(course.time_h[i]), float(concentration[i])), (top_h, top))
    return (
        _root_h(
            lambda at_h: concentration_in(state_at(at_h)) - half,
            begin_h,
            begin - half,
            float(course.time_h[i + 1]),
            float(concentration[i + 1]) - half,
        )
        - top_h
    )


def auc_u_h_per_ml(course: Course) -> float:
    """Return the area under the true concentration, U h/mL (integrated with the model, not by trapezoids)."""
    return float(course.states[-1, State._fields.index("auc_u_h_per_ml")])


def heparin_given_u(course: Course) -> float:
    """Return all heparin given into veins and skin, U."""
    from_pump = math.fsum(course.pump_u_per_h[:-1] * np.diff(course.time_h))
    orders = course.regimen.resolved(course.patient.doses_by_kg).orders
    at_once = sum(getattr(o, "dose_u", 0.0) or 0.0 for o in orders if not getattr(o, "over_min", 0.0) and o.time_h < course.hours)
    return from_pump + at_once


def adjustments(course: Course) -> int:
    """Return how often the rate was changed after the first rate."""
    return max(0, sum(isinstance(order, Infusion | Stop) for order in course.regimen.orders) - 1)


def holds(course: Course) -> int:
    """Return how often the infusion was held, for some minutes or until a level had fallen."""
    return sum(isinstance(order, Hold | Pause) for order in course.regimen.orders)


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


_SUMMED: deque[tuple[Course, TherapeuticRange, dict[str, float | int | None]]] = deque(maxlen=4)
"""The latest summaries: a picture, its words and a score ask for the same one, and a course never changes."""


def summary(course: Course, target: TherapeuticRange) -> dict[str, float | int | None]:
    """Return every metric of a course by name; ``None`` where there is nothing to say."""
    for known, range_, found in tuple(_SUMMED):
        if known is course and range_ == target:
            return dict(found)
    found = _summary(course, target)
    _SUMMED.append((course, target, found))
    return dict(found)


def _summary(course: Course, target: TherapeuticRange) -> dict[str, float | int | None]:
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
