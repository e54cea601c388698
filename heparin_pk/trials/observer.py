"""Streaming outcomes of many patients, counted while time passes: no trajectory is stored.

A level rises with the concentration, so a range of an assay is a range of concentrations: two thresholds a patient. They stay
where they are, or move in straight lines between the knots of the patient's drift. Between two grid points the concentration is
taken as a straight line too and cut at the thresholds. The numbers are those of :mod:`heparin_pk.simulation.metrics`, which are
exact, but for the curvature within five minutes: in 600 courses of 48 h under two tables the hours in or below a range were at
most 52 s off (3 s too few on average), the moment a range is first reached at most 28 s; in 600 courses of ``hospital.REAL``,
whose thresholds move, 52 s (2 s too few) and 27 s. A peak under a pump is the same; one after a dose under the skin, between two
grid points, is at most 1e-4 too low.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from heparin_pk.base.elementwise import COMPILED
from heparin_pk.blood.assay import CLOTTING_TIMES, TherapeuticRange
from heparin_pk.blood.response import Responses, concentration_for_u_per_ml, drifted_u_per_ml, drifts, felt_u_per_ml
from heparin_pk.body.drift import KNOT_H
from heparin_pk.body.patient import Cohort
from heparin_pk.engine.crossings import each_crossed
from heparin_pk.engine.lanes import Divided, Levels, Moments, Moving
from heparin_pk.engine.stepper import STEPS_PER_H
from heparin_pk.simulation.metrics import SHORTEST_STAY_H, side_of_range
from heparin_pk.simulation.rules import EventKind

_SHORTEST_H = SHORTEST_STAY_H - 1e-9


class InRange:
    """Hours below and in one range, and when it was first reached, of n patients.

    Only the intervals in which a level crosses a threshold are worked on. They are cut by NumPy, or by a compiled loop.
    """

    def __init__(self, target: TherapeuticRange, cohort: Cohort, responses: Responses, table: np.ndarray, place: int) -> None:
        n = cohort.n
        self._assay, self._cohort, self._responses = target.assay, cohort, responses
        self.is_of_long = target.assay in CLOTTING_TIMES  # whether it reads the long chains alone
        # The observer's table holds the thresholds of all ranges at each knot, (knots, n, 2 k); these two are filled in here.
        self._table, self._place, (n_knots, _, self._width) = table, place, table.shape
        self._moves = drifts(target.assay, cohort, responses)
        ends = [concentration_for_u_per_ml(target.assay, value, cohort, responses) for value in (target.low, target.high)]
        for knot, both in enumerate(drifted_u_per_ml(ends, cohort, responses, n_knots) if self._moves else n_knots * [ends]):
            table[knot, :, place], table[knot, :, place + 1] = both
        self._varies_with_time = any(
            law.form in ("swing", "fades") and law.applies_to(cohort) for law in responses.covariate_effects
        )
        self._last = self._felt(np.arange(n), np.zeros(n), np.zeros(n))
        self._since_h = np.zeros(n)
        self.inside_h, self.below_h = np.zeros(n), np.zeros(n)
        self.first_h = np.full(n, np.inf)

    def _felt(self, lanes: np.ndarray, concentration: np.ndarray, time_h: np.ndarray) -> np.ndarray:
        if not self._varies_with_time:
            return concentration
        return np.asarray(felt_u_per_ml(self._assay, concentration, self._cohort.take(lanes), self._responses, time_h))

    @property
    def is_fixed(self) -> bool:
        """True when the level at a threshold is felt the same at every hour."""
        return not self._varies_with_time

    def _limits(self, lanes: np.ndarray, time_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the two thresholds of these people (m,), each at its own moment."""
        take, place = self._table.reshape(-1).take, lanes * self._width + self._place
        if not self._moves:
            return take(place), take(place + 1)
        knot = (time_h / KNOT_H).astype(np.int64)
        to_next = len(self._last) * self._width
        place += knot * to_next
        part, low, high = time_h / KNOT_H - knot, take(place), take(place + 1)
        place += to_next
        return low + (take(place) - low) * part, high + (take(place + 1) - high) * part

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels, start_h: np.ndarray, end_h: np.ndarray) -> None:
        """Note the time that passed; ``start_h``, ``end_h``: of each reported interval."""
        place, before, after, last = levels.place, levels.before, levels.after, levels.last
        if self.is_of_long:
            before, after, last = levels.before_long, levels.after_long, levels.last_long
        if self._varies_with_time:
            in_turn = np.argsort(place, kind="stable")  # one lane after the other
            interval, place, start_h, end_h = (x[in_turn] for x in (levels.interval, place, start_h, end_h))
            after = self._felt(lanes[place], after[in_turn], end_h)
            before = np.where(interval == 0, self._last[lanes[place]], np.concatenate([after[:1], after[:-1]]))
        self.crossed(lanes[place], start_h, end_h, before, after)
        self._last[lanes] = self._felt(lanes, last, moments.end_h) if self._varies_with_time else last

    def given(self, lanes: np.ndarray, at_h: np.ndarray, concentration: np.ndarray) -> None:
        """Note the level just after a bolus."""
        x = self._felt(lanes, concentration, at_h)
        self.crossed(lanes, at_h, at_h, self._last[lanes], x)
        self._last[lanes] = x

    def crossed(self, lanes: np.ndarray, start_h: np.ndarray, end_h: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
        """Cut straight lines of these lanes (m,) at the thresholds; those of one lane come in the order of time."""
        if each_crossed in COMPILED:
            COMPILED[each_crossed](
                self._table, self._place, KNOT_H if self._moves else math.inf, self._since_h, self.inside_h, self.below_h,
                self.first_h, _SHORTEST_H, lanes, start_h, end_h, before, after,
            )  # fmt: skip
            return
        low, high = low_then, high_then = self._limits(lanes, start_h)
        if self._moves and end_h is not start_h:
            low_then, high_then = self._limits(lanes, end_h)
        was, now = side_of_range(before, low, high), side_of_range(after, low_then, high_then)
        mine = np.flatnonzero(was != now)
        if not len(mine):
            return
        lanes, start_h, end_h, before, after, was, now = (x[mine] for x in (lanes, start_h, end_h, before, after, was, now))
        low, high, low_then, high_then = (x[mine] for x in (low, high, low_then, high_then))
        with np.errstate(divide="ignore", invalid="ignore"):  # a threshold that is not crossed may keep its distance
            at_low_h = start_h + (low - before) * ((end_h - start_h) / ((after - before) - (low_then - low)))
            at_high_h = start_h + (high - before) * ((end_h - start_h) / ((after - before) - (high_then - high)))
        out_h = np.where((was < 0) | ((was == 0) & (now < 0)), at_low_h, at_high_h)
        into_h = np.where((now < 0) | ((now == 0) & (was < 0)), at_low_h, at_high_h)
        for turn in _turns(lanes):
            self._change(lanes[turn], was[turn], now[turn], out_h[turn], into_h[turn])

    def _change(self, lanes: np.ndarray, was: np.ndarray, now: np.ndarray, out_h: np.ndarray, into_h: np.ndarray) -> None:
        """Note that these lanes, each once, left one side at ``out_h`` and came to another at ``into_h``."""
        stay_h = out_h - self._since_h[lanes]
        self.inside_h[lanes] += np.where(was == 0, stay_h, 0.0) + np.where(was * now < 0, into_h - out_h, 0.0)
        self.below_h[lanes] += np.where(was < 0, stay_h, 0.0)
        found = (was == 0) & (stay_h >= _SHORTEST_H) & np.isinf(self.first_h[lanes])
        self.first_h[lanes[found]] = self._since_h[lanes[found]]
        self._since_h[lanes] = into_h

    def finish(self, hours: float) -> None:
        """Count the time up to the end of the run."""
        every, end_h = np.arange(len(self._last)), np.full(len(self._last), hours)
        side = side_of_range(self._last, *self._limits(every, end_h))
        self._change(every, side, side, end_h, end_h)


def _turns(lanes: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the places of each patient's first event, then of the second, and so on; events come in the order of time."""
    order = np.argsort(lanes, kind="stable")
    one_person = np.diff(lanes[order], prepend=-1) == 0
    place = np.arange(len(lanes))
    turn = place - np.maximum.accumulate(np.where(one_person, 0, place))
    for index in range(int(turn.max()) + 1):
        yield order[turn == index]


class TrialObserver:
    """The observer of a trial of so many hours: ranges, peaks, and counts of orders."""

    def __init__(self, cohort: Cohort, responses: Responses, ranges: tuple[TherapeuticRange, ...], hours: float) -> None:
        n = cohort.n
        self._move = any(drifts(target.assay, cohort, responses) for target in ranges)
        self._table = np.empty((math.floor(hours / KNOT_H) + 2 if self._move else 1, n, 2 * len(ranges)))
        # The thresholds of heparin come first in the table, then those of its long chains.
        in_turn = sorted(range(len(ranges)), key=lambda index: ranges[index].assay in CLOTTING_TIMES)
        self.ranges = tuple(
            InRange(target, cohort, responses, self._table, 2 * in_turn.index(index)) for index, target in enumerate(ranges)
        )
        self._n_of_heparin = 2 * sum(not one.is_of_long for one in self.ranges)
        self.peak_u_per_ml = np.zeros(n)
        self.adjustments, self.holds, self.reboluses = (np.zeros(n, dtype=np.int64) for _ in range(3))
        self._rates, self._began_h = np.zeros(n, dtype=np.int64), np.full(n, np.inf)

    def thresholds(self, lanes: np.ndarray) -> Divided | None:
        """Return the thresholds of the ranges, shape (2 k, m), or as they move, or ``None`` where a level is felt by the hour."""
        if not all(one.is_fixed for one in self.ranges):
            return None
        if self._move:
            return Divided(Moving(self._table, round(KNOT_H * STEPS_PER_H)), self._n_of_heparin)
        return Divided(self._table[0, lanes].T, self._n_of_heparin)

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Note the time that passed; see :class:`heparin_pk.engine.lanes.IntervalObserver`."""
        self.peak_u_per_ml[lanes] = np.maximum(self.peak_u_per_ml[lanes], levels.peak)
        interval, place = levels.interval, levels.place
        start_h, end_h = moments.at(interval, place), moments.at(interval + 1, place)
        for one in self.ranges:
            one.passed(lanes, moments, levels, start_h, end_h)

    def given(self, lanes: np.ndarray, at_h: np.ndarray, concentration_u_per_ml: np.ndarray) -> None:
        """Note the level just after a bolus."""
        self.peak_u_per_ml[lanes] = np.maximum(self.peak_u_per_ml[lanes], concentration_u_per_ml)
        for one in self.ranges:
            if not one.is_of_long:
                one.given(lanes, at_h, concentration_u_per_ml)

    def given_long(self, lanes: np.ndarray, at_h: np.ndarray, long_u_per_ml: np.ndarray) -> None:
        """Note the level of the long chains just after a bolus."""
        for one in self.ranges:
            if one.is_of_long:
                one.given(lanes, at_h, long_u_per_ml)

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, kind: int, amount: np.ndarray) -> None:  # noqa: ARG002
        """Count an order."""
        self._began_h[lanes] = np.minimum(self._began_h[lanes], at_h)
        if kind in (EventKind.INFUSION, EventKind.STOP):
            self._rates[lanes] += 1
            self.adjustments[lanes] = np.maximum(0, self._rates[lanes] - 1)
        elif kind in (EventKind.HOLD, EventKind.PAUSE):
            self.holds[lanes] += 1
        elif kind == EventKind.BOLUS:
            self.reboluses[lanes] += at_h > self._began_h[lanes]

    def finish(self, hours: float) -> None:
        """Count the time up to the end of the run."""
        for one in self.ranges:
            one.finish(hours)


def _column(values: Any, n: int) -> np.ndarray:
    return np.array(np.broadcast_to(np.asarray(values, dtype=float), (n,)))
