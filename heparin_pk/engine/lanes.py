"""Many patients at once: the stepper's own lines on arrays, one lane a patient, each lane at its own time.

A lane goes forward in intervals that end on the five-minute grid (or at an order), exactly as
:class:`heparin_pk.engine.stepper.Segment` does: the same intervals, the same steps, the same bits, whether the lanes are run by
NumPy, by plain floats lane after lane, or by compiled code. Terms unused by the whole batch (a second compartment, a depot) are
replaced by the symbolic zero :data:`~heparin_pk.engine.zero.ZERO` and skipped.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from heparin_pk.base.checks import check_one_of
from heparin_pk.body.kinetics import Rates, State, found_by_anti_xa
from heparin_pk.engine import compiled, stepper
from heparin_pk.engine.compiled import CLOSE_U_PER_ML, ONE_ULP
from heparin_pk.engine.numba_loops import install_compiled_loops
from heparin_pk.engine.reference import UNDERSHOOT
from heparin_pk.engine.stepper import INTERVAL_H, STEPS_PER_H
from heparin_pk.engine.tape import WRITTEN, Tape
from heparin_pk.engine.zero import ZERO

RUNNERS = ("numpy", "python", "compiled")
_CENTRAL = State._fields.index("central_u")
_SHORT = State._fields.index("short_u")
_AREA = State._fields.index("auc_u_h_per_ml")
_PROTAMINE = State._fields.index("protamine_u")
_STATES = len(State._fields)
_RATES = _STATES + 2
"""Index of the first rate: the parts of a batch are the states, two inputs, then the rates, beginning with the inverse volume."""
_NEEDED_BY = {  # a state is in use when one of these rates is above zero in any lane
    "central_u": ("inverse_v1_per_ml",),
    "peripheral_u": ("q_ml_per_h",),
    "bound_u": ("bmax_u",),
    "depot1_u": ("ktr_per_h",),
    "depot2_u": ("ktr_per_h",),
    "protamine_u": ("kr_ml_per_u_per_h",),
    "effect_u_per_ml": ("ke0_per_h",),
    "auc_u_h_per_ml": ("inverse_v1_per_ml",),
    "short_u": ("short_fraction",),
}
_SHORT_FRACTION = _RATES + Rates._fields.index("short_fraction")
_DIVISORS = ("km_u_per_ml",)


class Moments:
    """The times some lanes passed: where each was at first, then the end of each of its intervals.

    A lane with fewer intervals stays at its last time: its later moments repeat it.

    * ``begin_h``: time of each lane before its first interval, (m,), h.
    * ``grid``: grid point at which its first interval ends, (m,).
    * ``intervals``: how many intervals it passed, (m,).
    """

    def __init__(self, begin_h: np.ndarray, grid: np.ndarray, intervals: np.ndarray, end_h: np.ndarray | None = None) -> None:
        self.begin_h, self.grid, self.intervals, self._end_h = begin_h, grid, intervals, end_h

    @property
    def end_h(self) -> np.ndarray:
        """The time each lane has reached, (m,), h."""
        return np.asarray((self.grid - 1 + self.intervals) / STEPS_PER_H if self._end_h is None else self._end_h)

    @property
    def first_interval_h(self) -> np.ndarray:
        """Length of each lane's first interval, (m,), h; every other is five minutes."""
        # Exactly INTERVAL_H from grid point to grid point, as in the stepper: a difference could round to another float.
        from_grid = self.begin_h == (self.grid - 1) / STEPS_PER_H
        return np.where(from_grid, INTERVAL_H, self.grid / STEPS_PER_H - self.begin_h)

    def at(self, index: Any, place: Any) -> np.ndarray:
        """Return moment ``index`` (0: before the first interval) of the lanes at these places, h."""
        if self._end_h is not None:
            return np.asarray(np.where(np.equal(index, 0), self.begin_h[place], self._end_h[place]))
        on_grid_h = (self.grid[place] - 1 + np.minimum(index, self.intervals[place])) / STEPS_PER_H
        return np.asarray(np.where(np.equal(index, 0), self.begin_h[place], on_grid_h))


class Levels(NamedTuple):
    """Concentrations of m lanes, and k reported intervals; those of one lane come in the order of time.

    * ``peak``: highest concentration of each lane, (m,), U/mL.
    * ``last``: last concentration of each lane, (m,), U/mL.
    * ``interval``: index of each reported interval, (k,).
    * ``place``: place of its lane among the m lanes, (k,).
    * ``before``: concentration at its beginning, (k,), U/mL.
    * ``after``: concentration at its end, (k,), U/mL.
    * ``last_long``, ``before_long``, ``after_long``: the same of the long chains (of heparin, where they are not told apart).
    """

    peak: np.ndarray
    last: np.ndarray
    interval: np.ndarray
    place: np.ndarray
    before: np.ndarray
    after: np.ndarray
    last_long: np.ndarray
    before_long: np.ndarray
    after_long: np.ndarray


class Moving(NamedTuple):
    """Thresholds that move in straight lines between knots on the grid, of all patients.

    * ``table``: lower and upper thresholds of k ranges at each knot, (knots, n, 2 k), U/mL; the first knot is at 0 h. Knot by
      knot, because patients who pass the same hours then lie together in the processor's cache.
    * ``every``: grid intervals from a knot to the next.
    """

    table: np.ndarray
    every: int


class Divided(NamedTuple):
    """Thresholds of which the first are concentrations of heparin, the others concentrations of its long chains.

    * ``thresholds``: all of them.
    * ``n_of_heparin``: how many come first, an even number.
    """

    thresholds: np.ndarray | Moving
    n_of_heparin: int


Thresholds = np.ndarray | Moving | Divided | None
"""Which intervals are reported; see :meth:`IntervalObserver.thresholds`."""


class IntervalObserver(Protocol):
    """Observer protocol of :class:`Lanes`: it names thresholds, and is told when lanes have passed intervals."""

    def thresholds(self, lanes: np.ndarray) -> Thresholds:
        """Return lower and upper thresholds of k ranges of concentration, shape (2 k, m), U/mL; or :class:`Moving` ones.

        Only intervals that cross a threshold are reported (and, of moving ones, some that come close); with ``None`` all are.
        With :class:`Divided` ones some are thresholds of the long chains.
        """
        ...

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Note that these lanes (m,) passed these moments; ``levels`` holds their peaks and the reported intervals."""
        ...


def make_ready(runner: str) -> None:
    """Install the compiled loops for the work outside the integration if this runner is the compiled one; no bit changes.

    Raises ``ValueError`` for an unknown runner, and for the compiled one when numba is not installed.
    """
    check_one_of("runner", runner, RUNNERS)
    if runner == "compiled":
        install_compiled_loops()


class Lanes:
    """The states of n patients, the time each has reached, and the infusions that run into each.

    * ``rates``: parameters of the right-hand side, arrays (n,).
    * ``hours``: end of the simulation, h.
    * ``runner``: one of ``RUNNERS``.
    * ``routes``: the routes in use besides the vein, "subcutaneous" and "protamine"; the states of the others are not computed.
    * ``trajectories``: whether the concentration at every grid point is kept (4.6 kB a patient for 48 h).

    Raises ``ValueError`` for an unknown runner, and for the compiled one when numba is not installed.
    """

    def __init__(
        self,
        rates: Rates,
        hours: float,
        *,
        runner: str = "numpy",
        routes: tuple[str, ...] = ("subcutaneous", "protamine"),
        trajectories: bool = False,
    ) -> None:
        check_one_of("runner", runner, RUNNERS)
        self.n = len(np.asarray(rates.inverse_v1_per_ml))
        unused = set()
        if "subcutaneous" not in routes:
            unused |= {"ktr_per_h"}
        if "protamine" not in routes:
            unused |= {"kr_ml_per_u_per_h", "protamine_loss_per_h"}
        # Replace by ZERO: rates that are zero in every lane, the states that only they would fill, and the rates that are left
        # without an effect.
        off = {name for name in Rates._fields if name in unused or not np.any(getattr(rates, name))}
        needs = [i for i, name in enumerate(State._fields) if not off.issuperset(_NEEDED_BY[name])]
        if "bmax_u" in off:
            off |= {"kon_ml_per_u_per_h", "kint_per_h"}
        if "vmax_u_per_h" in off:
            off |= {"km_u_per_ml"}
        if "short_fraction" in off:
            off |= {"short_loss_per_h"}
        if "q_ml_per_h" in off:
            off |= {"inverse_v2_per_ml"}
        values: list[Any] = [ZERO if name in off else getattr(rates, name) for name in Rates._fields]
        state: list[Any] = [np.zeros(self.n) if i in needs else ZERO for i in range(_STATES)]
        inputs: list[Any] = [np.zeros(self.n), np.zeros(self.n) if _PROTAMINE in needs else ZERO]
        self.time_h = np.zeros(self.n)
        self._next = np.ones(self.n, dtype=np.int64)  # the grid point at which each lane's next interval ends
        # A grid point of each lane at which no interval ends, because an order came just before it; 0: none.
        self._missed, self._any_missed = np.zeros(self.n, dtype=np.int64), False
        self._runner = _RUNNERS[runner]([*state, *inputs, *values])
        parts = self._runner.parts
        self._state, self._inputs = parts[:_STATES], parts[_STATES:_RATES]
        self.tells_chains_apart = parts[_SHORT_FRACTION] is not ZERO
        """Whether any lane has short chains, so that there are two concentrations."""
        self.hours = hours
        points = int(_last_on_grid(np.array([hours]))[0]) + 1
        self.trajectories_u_per_ml = np.empty((self.n, points) if trajectories else (0, 0))
        """The concentration at every grid point a lane has passed, (n, points), U/mL; (0, 0) where it is not kept."""
        self._hourly = np.full((0, 0) if trajectories else (self.n, int(hours) + 1), np.nan)
        self._hourly_long = np.full((self.n, int(hours) + 1) if self.tells_chains_apart else (0, 0), np.nan)
        self._hourly[:, :1] = self._hourly_long[:, :1] = self.trajectories_u_per_ml[:, :1] = 0.0

    def concentrations_u_per_ml(self, lanes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the concentrations of heparin and of its long chains in these lanes at the time each has reached, (m,), U/mL."""
        return _read_parts(self._runner.parts, lanes)

    @property
    def hourly_u_per_ml(self) -> np.ndarray:
        """The concentration at every full hour a lane has passed, before the orders of that hour, (n, hours + 1), U/mL."""
        return self.trajectories_u_per_ml[:, ::STEPS_PER_H] if len(self.trajectories_u_per_ml) else self._hourly

    @property
    def hourly_long_u_per_ml(self) -> np.ndarray:
        """The concentration of the long chains at every full hour, as ``hourly_u_per_ml``."""
        return self._hourly_long if self.tells_chains_apart else self.hourly_u_per_ml

    def area_u_h_per_ml(self) -> np.ndarray:
        """Return the area under the concentration so far, (n,), U h/mL."""
        return np.array(self._state[_AREA])

    def states(self) -> np.ndarray:
        """Return the state of every lane at the time it has reached, (n, 9)."""
        return np.stack([np.zeros(self.n) if part is ZERO else part for part in self._state], axis=1)

    def go(self, lanes: np.ndarray, until_h: np.ndarray, observer: IntervalObserver) -> None:
        """Integrate these lanes to the last grid point up to ``until_h`` (m,), and tell the observer.

        Raises ``ValueError`` when ``until_h`` lies after the end of the simulation, or when an amount falls below zero.
        """
        if until_h.max(initial=0.0) > self.hours:
            raise ValueError(f"until_h must stay within {self.hours:g} h; got {until_h.max():g}")
        self._note_missed(lanes, until_h)
        intervals = np.maximum(0, _last_on_grid(until_h) - self._next[lanes] + 1)
        # Lanes with the most intervals first, as the runners need it. NumPy sorts 16-bit integers by radix; no lane passes
        # 32,768 intervals at once.
        if len(intervals) and intervals.min() < intervals.max():
            order = np.argsort((-intervals).astype(np.int16), kind="stable")
            lanes, intervals = lanes[order], intervals[order]
        moving = int(np.searchsorted(-intervals, 0, side="left"))
        if moving:
            lanes = lanes[:moving]
            moments = Moments(self.time_h[lanes], self._next[lanes], intervals[:moving])
            thresholds, kept = self._thresholds(observer, lanes), (self._hourly, self._hourly_long, self.trajectories_u_per_ml)
            levels = self._runner.through(lanes, moments, *thresholds, *kept)
            self.time_h[lanes] = moments.end_h
            self._next[lanes] += intervals[:moving]
            observer.passed(lanes, moments, levels)

    def state_at(self, lanes: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the concentrations of heparin and of its long chains at ``at_h`` (m,), U/mL, of lanes that have gone up to it.

        Their states do not change.
        """
        return self._runner.state_at(lanes, self.time_h[lanes], at_h)

    def settle(self, lanes: np.ndarray, at_h: np.ndarray, observer: IntervalObserver) -> None:
        """Integrate lanes that have gone up to ``at_h`` (m,) to exactly that time, because an order is carried out there."""
        begin_h, before = self.time_h[lanes], self._next[lanes]
        moving = np.flatnonzero(at_h > begin_h)
        self._next[lanes] = after = np.floor(at_h * STEPS_PER_H + 1e-9).astype(np.int64) + 1
        # An order within a rounding error before a grid point counts as on it: no interval then ends at that grid point.
        over = np.flatnonzero(after > before)
        self._missed[lanes[over]] = before[over]
        self._any_missed |= len(over) > 0
        if not len(moving):
            return
        lanes, begin_h, at_h = lanes[moving], begin_h[moving], at_h[moving]
        old, old_long = self.concentrations_u_per_ml(lanes)
        new, new_long = self._runner.move(lanes, begin_h, at_h)
        self.time_h[lanes] = at_h
        thresholds, n = self._thresholds(observer, lanes)
        fixed = (None, None) if thresholds is None or isinstance(thresholds, Moving) else (thresholds[:n], thresholds[n:])
        crossed = np.zeros(len(lanes), dtype=bool)
        of_each = zip((old, old_long), (new, new_long), fixed, strict=True)
        for before, after, its_thresholds in itertools.islice(of_each, 2 if self.tells_chains_apart else 1):
            low, high = _bracket(before, its_thresholds)
            crossed |= (after < low) | (after > high)
        crossed = np.flatnonzero(crossed)
        ones = np.ones(len(lanes), dtype=np.int64)
        of_two = old_long[crossed], new_long[crossed]
        levels = Levels(new, new, 0 * crossed, crossed, old[crossed], new[crossed], new_long, *of_two)
        observer.passed(lanes, Moments(begin_h, ones, ones, at_h), levels)

    def _thresholds(self, observer: IntervalObserver, lanes: np.ndarray) -> tuple[np.ndarray | Moving | None, int]:
        """Return the thresholds, and how many are of heparin: all, where its chains are not told apart."""
        thresholds = observer.thresholds(lanes)
        n = thresholds.n_of_heparin if isinstance(thresholds, Divided) and self.tells_chains_apart else sys.maxsize
        return thresholds.thresholds if isinstance(thresholds, Divided) else thresholds, n

    def _note_missed(self, lanes: np.ndarray, until_h: np.ndarray) -> None:
        """Store the level at grid points at which no interval ends, because an order came a rounding error (1e-10 h) before."""
        if not self._any_missed:
            return
        grid = self._missed[lanes]
        passed = np.flatnonzero((grid > 0) & (grid / STEPS_PER_H <= until_h))
        if not len(passed):
            return
        lanes, grid = lanes[passed], grid[passed]
        self._missed[lanes] = 0
        levels, long = self.state_at(lanes, grid / STEPS_PER_H)
        full = np.flatnonzero(grid % STEPS_PER_H == 0)
        place = lanes[full], grid[full] // STEPS_PER_H
        if self.tells_chains_apart:
            self._hourly_long[place] = long[full]
        if len(self.trajectories_u_per_ml):
            self.trajectories_u_per_ml[lanes, grid] = levels
        else:
            self._hourly[place] = levels[full]

    def add(self, lanes: np.ndarray, part: str, amount_u: np.ndarray) -> None:
        """Add an amount (m,), U, to one part of the state of these lanes, at once."""
        self._state[State._fields.index(part)][lanes] += amount_u

    def run_in(self, lanes: np.ndarray, rate_u_per_h: np.ndarray, protamine_u_per_h: np.ndarray | None = None) -> None:
        """Set the rates of the pump and of the protamine syringe of these lanes, (m,), U/h."""
        self._inputs[0][lanes] = rate_u_per_h
        if protamine_u_per_h is not None:
            self._inputs[1][lanes] = protamine_u_per_h


def _last_on_grid(until_h: np.ndarray) -> np.ndarray:
    """Return the last grid point that is not after each time (m,), by the stepper's own comparison."""
    # Begin one too high, then twice step back where that is too late: right whatever the rounding of the product.
    last: np.ndarray = np.floor(until_h * STEPS_PER_H).astype(np.int64) + 1
    last -= last / STEPS_PER_H > until_h
    last -= last / STEPS_PER_H > until_h
    return last


def _views_of(values: list[Any], part: slice) -> list[Any]:
    return [value if value is ZERO else value[part] for value in values]


def _copies_of(values: Sequence[Any], index: np.ndarray) -> list[Any]:
    return [value if value is ZERO else value.take(index) for value in values]


def _concentrations(
    central: Any, short: Any, per_v1: Any, short_fraction: Any, *, out: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the concentrations of heparin and of its long chains, (m,) each, U/mL: one array where they are not told apart.

    ``out``: receives those of the long chains.
    """
    long = np.multiply(central, per_v1, out=out)
    if short_fraction is ZERO:
        return long, long
    return found_by_anti_xa(long, short * per_v1, short_fraction), long


def _parts(thresholds: np.ndarray | Moving | None, n: int) -> tuple[np.ndarray | Moving | None, np.ndarray | Moving | None]:
    """Return the first n thresholds, and the others; ``None`` (all is reported) is both."""
    if isinstance(thresholds, Moving):
        every, k = thresholds.every, thresholds.table.shape[2]
        nothing = np.empty((0, thresholds.table.shape[1]))
        first, others = (Moving(table, every) for table in (thresholds.table[:, :, :n], thresholds.table[:, :, n:]))
        return first if n else nothing, others if n < k else nothing
    return (None, None) if thresholds is None else (thresholds[:n], thresholds[n:])


def _bracket(concentration: np.ndarray, thresholds: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest concentration between which each lane crosses none of its thresholds, (m,) each, U/mL.

    The bracket of a level outside a range ends 1 ulp before the threshold. Without thresholds (``None``) it is empty: every level
    lies outside, and every interval is reported.
    """
    if thresholds is None:
        return np.full(len(concentration), np.inf), np.full(len(concentration), -np.inf)
    # Each range narrows the bracket: from above for a level below it, from below for one above it, from both sides inside.
    lowest, highest = np.full(len(concentration), -np.inf), np.full(len(concentration), np.inf)
    for low, high in zip(thresholds[::2], thresholds[1::2], strict=True):
        below, above = concentration < low, concentration > high
        lowest = np.maximum(lowest, np.where(above, high + abs(high) * ONE_ULP, np.where(below, -np.inf, low)))
        highest = np.minimum(highest, np.where(below, low - abs(low) * ONE_ULP, np.where(above, np.inf, high)))
    return lowest, highest


def _moving_bracket(
    concentration: np.ndarray, moving: Moving, lanes: np.ndarray, position: np.ndarray, knot: np.ndarray
) -> np.ndarray:
    """Return the bracket of moving thresholds, (4, m): its two ends where each lane is, and what they move an interval.

    ``position``: where each lane is, in grid intervals from 0 h; ``knot``: the last knot at or before it. The ends of the bracket
    are straight lines to the next knot, on the safe side of every threshold by ``CLOSE_U_PER_ML`` at least. Of a level closer
    than that to a threshold the bracket is empty: whatever comes next is reported.
    """
    rows = moving.table.reshape(-1, moving.table.shape[2])
    n = moving.table.shape[1]
    place = knot * n + lanes
    left = (knot + 1) * moving.every - position
    # All thresholds (2, k, m): now and at the next knot.
    at = np.empty((2, rows.shape[1], len(lanes)))
    here, then = at
    begin = rows.take(place, axis=0).T
    then[:] = rows.take(place + n, axis=0).T
    np.subtract(then, begin, out=here)
    here *= 1.0 - left * (1.0 / moving.every)
    here += begin
    is_below = here < concentration
    # The highest of the thresholds that lie below the level now, the lowest of the others; now and at the knot, (2, m) each.
    low = np.where(is_below, at, -_NO_END).max(axis=1) + CLOSE_U_PER_ML
    high = np.where(is_below, _NO_END, at).min(axis=1) - CLOSE_U_PER_ML
    found = np.array([low[0], high[0], low[1] - low[0], high[1] - high[0]])
    found[2:] *= 1.0 / left
    empty = (concentration <= low[0]) | (concentration >= high[0])
    if empty.any():
        found[0, empty], found[1, empty] = np.inf, -np.inf
    return found


def _refuse_below_zero(least: float) -> None:
    if not least >= -UNDERSHOOT:  # NaN is no amount
        raise ValueError(f"the stepper went below zero; these kinetics are too fast for it: {least:g}")


_NO_TABLE = np.empty((0, 0))
_NOT_MOVING = Moving(np.empty((0, 0, 0)), 1)
_NO_END = 1e300
"""The end of a bracket that has none on this side, U/mL: finite, so that the difference of two is 0."""
_NO_INDEX, _NO_LEVEL = np.zeros(0, dtype=np.int64), np.zeros(0)
# The stepper's functions for each way of computing; the compiled runner builds its own.
_ON_FLOATS = stepper.build()
_ON_TAPE = stepper.build(arithmetic=WRITTEN)
_ON_ARRAYS = stepper.build(arithmetic=stepper.ARRAYS)


def _apart(rates: list[Any]) -> bool:
    return rates[_SHORT_FRACTION - _RATES] is not ZERO


def _what_is_read(parts: list[Any]) -> list[Any]:
    """Return the parts on which the concentrations depend, as :func:`_concentrations` takes them."""
    return [parts[_CENTRAL], parts[_SHORT], parts[_RATES], parts[_SHORT_FRACTION]]


def _read_parts(parts: list[Any], lanes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the concentrations of these lanes, as :func:`_concentrations` does."""
    return _concentrations(*_copies_of(_what_is_read(parts), lanes))


class _Watch:
    """Watches one concentration of lanes that go on together: in its bracket a lane crosses no threshold."""

    def __init__(
        self, concentration: np.ndarray, thresholds: np.ndarray | Moving | None, lanes: np.ndarray, moments: Moments
    ) -> None:
        self._thresholds, self._lanes, self._grid = thresholds, lanes, moments.grid
        if isinstance(thresholds, Moving):
            position, before = moments.begin_h * STEPS_PER_H, moments.grid - 1
            # Low end, high end, and what each moves an interval, (4, m); at the grid point before the first interval ends.
            self._lines = _moving_bracket(concentration, thresholds, lanes, position, before // thresholds.every)
            self._lines[:2] += self._lines[2:] * (before - position)
            first_knot = -moments.grid % thresholds.every  # the interval at whose end each lane passes its first knot
            self._at_knots = {knot: np.flatnonzero(first_knot == knot) for knot in np.unique(first_knot).tolist()}
        else:
            self._bracket = list(_bracket(concentration, thresholds))

    def left(self, now: np.ndarray, interval: int) -> np.ndarray:
        """Return the places of the lanes that left their bracket in this interval; they, or all at a knot, get a new one.

        ``now``: the concentration at its end of the lanes that have this interval, the first of all.
        """
        thresholds = self._thresholds
        if isinstance(thresholds, Moving):
            return self._left_moving(now, interval, thresholds)
        if thresholds is not None and not len(thresholds):
            return _NO_INDEX
        low, high = (ends[: len(now)] for ends in self._bracket)
        out: np.ndarray = ((now < low) | (now > high)).nonzero()[0]
        if thresholds is not None and len(out):
            low[out], high[out] = _bracket(now[out], thresholds[:, out])
        return out

    def _left_moving(self, now: np.ndarray, interval: int, thresholds: Moving) -> np.ndarray:
        n, every = len(now), thresholds.every
        low, high = ends = self._lines[:2, :n]
        ends += self._lines[2:, :n]
        is_out = (now < low) | (now > high)
        new = out = np.asarray(is_out.nonzero()[0])
        places = self._at_knots.get(interval % every, _NO_INDEX)
        if len(places) and places[0] < n:
            is_out[places[: places.searchsorted(n)]] = True
            new = is_out.nonzero()[0]
        if len(new):
            passed = self._grid[new] + interval
            self._lines[:, new] = _moving_bracket(now[new], thresholds, self._lanes[new], passed, passed // every)
        return out


class _Runner(Protocol):
    """Owns the parts of all patients (states, inputs, rates), and integrates lanes."""

    parts: list[Any]

    def through(
        self,
        lanes: np.ndarray,
        moments: Moments,
        thresholds: np.ndarray | Moving | None,
        n_of_heparin: int,
        hourly: np.ndarray,
        hourly_long: np.ndarray,
        trajectories: np.ndarray,
    ) -> Levels:
        """Integrate these lanes, those with the most intervals first, over their grid intervals.

        The first ``n_of_heparin`` thresholds are of heparin, the others of its long chains. The concentrations of heparin are
        stored at full hours in ``hourly`` (n, hours + 1), or at every grid point in ``trajectories`` (n, points): one of the
        two is empty. Those of the long chains are stored in ``hourly_long``, which is empty where they are not told apart.
        """
        ...

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the concentrations of heparin and of its long chains at ``at_h``, at most an interval after ``time_h``, U/mL.

        No state changes.
        """
        ...

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Integrate these lanes to ``at_h``, at most an interval after ``time_h``; return what :meth:`state_at` would there."""
        ...


Step = Callable[[int], None]
"""Integrates the first n lanes by one interval, in place; called under :data:`_TRIED`."""
_TRIED = np.errstate(over="ignore", invalid="ignore")
"""A step that is tried and far too long may overflow; it is not kept."""


class _ByInterval:
    """Runs all lanes interval by interval; ``over(hours, state, inputs, rates)`` returns a :data:`Step` of these lanes."""

    def __init__(self, over: Callable[[np.ndarray, list[Any], list[Any], list[Any]], Step], parts: list[Any]) -> None:
        self._over = over
        self.parts: list[Any] = [part if part is ZERO else np.ascontiguousarray(part, dtype=float) for part in parts]

    def _taken(self, lanes: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
        parts = _copies_of(self.parts, lanes)
        return parts[:_STATES], parts[_STATES:_RATES], parts[_RATES:]

    def _keep(self, lanes: np.ndarray, state: list[Any]) -> None:
        for part, new in zip(self.parts, state, strict=False):  # the states are the first parts
            if part is not ZERO:
                _refuse_below_zero(new.min(initial=0.0))
                part[lanes] = new

    @_TRIED
    def through(
        self,
        lanes: np.ndarray,
        moments: Moments,
        thresholds: np.ndarray | Moving | None,
        n_of_heparin: int,
        hourly: np.ndarray,
        hourly_long: np.ndarray,
        trajectories: np.ndarray,
    ) -> Levels:
        state, inputs, rates = self._taken(lanes)
        step = self._over(moments.first_interval_h, state, inputs, rates)
        # The lanes are sorted by falling number of intervals: the first reaching[i] of them have an interval i.
        reaching = np.searchsorted(-moments.intervals, -np.arange(moments.intervals[0]), side="left")
        # Concentrations at the start, U/mL: last and peak of each lane; of the long chains too, where they are told apart.
        two = _apart(rates)
        read = _what_is_read([*state, *inputs, *rates])
        before, before_long = _concentrations(*read)
        after = np.empty(len(lanes))
        of_heparin, of_long = _parts(thresholds, n_of_heparin)
        watch = _Watch(before, of_heparin, lanes, moments)
        watch_long = _Watch(before_long, of_long, lanes, moments) if two else None
        peak, last = before.copy(), before.copy()
        last_long = before_long.copy() if two else last
        # The first full hour that each lane passes, and the interval that ends there; then every twelfth interval does.
        hour = -(-moments.grid // STEPS_PER_H)
        first = hour * STEPS_PER_H - moments.grid
        at_full_hours = [np.flatnonzero(first == interval) for interval in range(STEPS_PER_H)]
        reported: list[tuple[np.ndarray, ...]] = [(_NO_INDEX, _NO_INDEX, *4 * [_NO_LEVEL])]
        flat, start = trajectories.reshape(-1), lanes * trajectories.shape[1] + moments.grid
        going_on = [*reaching[1:].tolist(), 0]
        for interval, (n, still) in enumerate(zip(reaching.tolist(), going_on, strict=True)):
            # One interval of the n lanes that have it: the states change in place.
            if interval == 1:
                step = self._over(np.full(n, INTERVAL_H), *(_views_of(x, slice(n)) for x in (state, inputs, rates)))
            step(n)
            # Levels at the end of the interval; the lanes from still to n have arrived.
            now, now_long = _concentrations(*_views_of(read, slice(n)), out=after[:n])
            last[still:n] = now[still:]
            np.maximum(peak[:n], now, out=peak[:n])
            if len(flat):
                flat[start[:n] + interval] = now
            # Of the lanes that pass a full hour now, those that have this interval; their places are sorted.
            places = at_full_hours[interval % STEPS_PER_H]
            places = places[: np.searchsorted(places, n)]
            if len(hourly):
                hourly[lanes[places], hour[places] + interval // STEPS_PER_H] = now[places]
            out = watch.left(now, interval)
            if watch_long is not None:
                last_long[still:n] = now_long[still:]
                hourly_long[lanes[places], hour[places] + interval // STEPS_PER_H] = now_long[places]
                out_long = watch_long.left(now_long, interval)
                out = np.unique(np.concatenate([out, out_long])) if len(out) and len(out_long) else out if len(out) else out_long
            if len(out):
                levels = before[out], now[out]
                of_two = (before_long[out], now_long[out]) if two else levels
                reported.append((np.full(len(out), interval), out, *levels, *of_two))
            before, before_long, after = now, now_long, before_long  # two arrays in turn, instead of a new one an interval
        self._keep(lanes, state)
        at_interval, place, *found = (np.concatenate(column) for column in zip(*reported, strict=True))
        heparin_before, heparin_after, long_before, long_after = found
        return Levels(peak, last, at_interval, place, heparin_before, heparin_after, last_long, long_before, long_after)

    @_TRIED
    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = _read_parts(self.parts, lanes)
        ahead = np.flatnonzero(at_h > time_h)  # the others are at this time already
        if len(ahead):
            state, inputs, rates = self._taken(lanes[ahead])
            self._over((at_h - time_h)[ahead], state, inputs, rates)(len(ahead))
            for levels, new in zip(found, _concentrations(*_what_is_read([*state, *inputs, *rates])), strict=True):
                levels[ahead] = new
        return found

    @_TRIED
    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state, inputs, rates = self._taken(lanes)
        self._over(at_h - time_h, state, inputs, rates)(len(lanes))
        self._keep(lanes, state)
        return _concentrations(*_what_is_read([*state, *inputs, *rates]))


class _OnArrays:
    """NumPy, all lanes at once; the lanes that need substeps are then integrated again, without the others."""

    def __init__(self, parts: list[Any]) -> None:
        in_use = tuple(part is not ZERO for part in parts)
        self._interval, self._substep = _tape_of(in_use, divided=False), _tape_of(in_use, divided=True)
        n_buffers = max(self._interval.n_buffers, self._substep.n_buffers)
        self._buffers = np.empty((n_buffers, len(parts[_CENTRAL])))

    def over(self, hours: np.ndarray, state: list[Any], inputs: list[Any], rates: list[Any]) -> Step:
        """Return the step of these lanes over ``hours``."""
        before = self._interval.before([hours, *inputs, *rates])
        now, tried = state, self._interval.on(state, before, self._buffers[:, : len(hours)])
        n_now = len(hours)

        def step(n: int) -> None:
            nonlocal now, tried, n_now
            if n != n_now:  # some lanes have arrived
                now, n_now = _views_of(state, slice(n)), n
                tried = self._interval.on(now, _views_of(before, slice(n)), self._buffers[:, :n])
            *new, speed, truncation, plasma = tried()
            accepted = _ON_ARRAYS.accept_step((speed, truncation, plasma))
            if accepted.all():
                _put(now, new)
                return
            index = (~accepted).nonzero()[0]
            left = _ON_ARRAYS.substeps(_copies_of((speed, truncation, plasma), index))
            # Copies of the old state of the lanes that need substeps, before the tried step is written to all.
            part = _copies_of(now, index)
            _put(now, new)
            fixed = [hours[index] / left, *_copies_of(inputs, index), *_copies_of(rates, index)]
            self._take_substeps(now, index, left, part, self._substep.before(fixed))

        return step

    def _take_substeps(
        self, state: list[Any], index: np.ndarray, left: np.ndarray, part: list[Any], before: list[np.ndarray]
    ) -> None:
        """Take the substeps left (m,) of the lanes at ``index`` (m,) from the state ``part``, and write it to ``state``."""
        substep = self._substep.on(part, before, self._buffers[:, : len(index)])
        while len(index):
            _put(part, substep())
            left -= 1.0
            done = (left == 0.0).nonzero()[0]
            if not len(done):
                continue
            for whole, stepped in zip(state, part, strict=True):
                if whole is not ZERO:
                    whole[index[done]] = stepped[done]
            # Drop the finished lanes only when they are a fifth of all: until then they step on, and nothing of it is kept.
            still = (left > 0.0).nonzero()[0]
            if len(still) < 0.8 * len(index):
                index, left = index[still], left[still]
                part, before = _copies_of(part, still), _copies_of(before, still)
                substep = self._substep.on(part, before, self._buffers[:, : len(index)])


@lru_cache(maxsize=32)
def _tape_of(in_use: tuple[bool, ...], *, divided: bool) -> Tape:
    """Return the tape of a substep, or that of a whole interval: the new state, then its error indicators."""

    def step(state: list[Any], fixed: list[Any]) -> tuple[Any, ...]:
        hours, inputs, rates = fixed[0], fixed[1:3], fixed[3:]
        now = _ON_TAPE.slope(*state, *inputs, *rates)
        new, bend = _ON_TAPE.rk4_step(state, hours, inputs, rates, now)
        return new if divided else (*new, *_ON_TAPE.error_indicators(state, new, hours, inputs, rates, now, bend))

    return Tape(step, in_use[:_STATES], (True, *in_use[_STATES:]))


def _on_floats(hours: np.ndarray, state: list[Any], inputs: list[Any], rates: list[Any]) -> Step:
    """Plain floats, lane after lane: the stepper itself."""
    # Floats in place of ZERO: zeros, but for the Michaelis constant, by which the right-hand side divides.
    absent = [0.0] * _RATES + [1.0 if name in _DIVISORS else 0.0 for name in Rates._fields]

    def run(n: int) -> None:
        parts = zip((*state, *inputs, *rates), absent, strict=True)
        columns = [[number] * n if part is ZERO else part[:n].tolist() for part, number in parts]
        rows = zip(zip(*columns, strict=True), hours[:n].tolist(), strict=True)
        new = [_ON_FLOATS.advance(row[:_STATES], h, row[_STATES:_RATES], row[_RATES:]) for row, h in rows]
        _put(_views_of(state, slice(n)), np.array(new, dtype=float).reshape(n, _STATES).T)

    return run


def _put(state: list[Any], new: Any) -> None:
    for part, values in zip(state, new, strict=True):
        if part is not ZERO:
            part[:] = values


class _Compiled:
    """Compiled blocks of lanes, all intervals in one call."""

    def __init__(self, parts: list[Any]) -> None:
        # One row a patient, so that the kernel reads all parts of a lane from one place in memory; ``parts`` are its columns.
        self._table = np.stack([np.asarray(part, dtype=float) for part in parts if part is not ZERO], axis=1)
        columns = iter(self._table.T)
        self.parts: list[Any] = [part if part is ZERO else next(columns) for part in parts]
        install_compiled_loops()
        self._kernel = compiled.through(tuple(part is not ZERO for part in parts))
        self._room = self._room_for(0)

    def _room_for(self, n: int) -> tuple[np.ndarray, ...]:
        """Return room to report n intervals; kept, because new memory costs time. What is never touched costs nothing."""
        if not hasattr(self, "_room") or len(self._room[0]) < n:
            n_long = 0 if self.parts[_SHORT_FRACTION] is ZERO else n
            whole = (np.empty(n, dtype=np.int64) for _ in range(2))
            self._room = (*whole, np.empty(n), np.empty(n), np.empty(n_long), np.empty(n_long))
        return self._room

    def through(
        self,
        lanes: np.ndarray,
        moments: Moments,
        thresholds: np.ndarray | Moving | None,
        n_of_heparin: int,
        hourly: np.ndarray,
        hourly_long: np.ndarray,
        trajectories: np.ndarray,
    ) -> Levels:
        position = moments.begin_h * STEPS_PER_H if isinstance(thresholds, Moving) else _NO_LEVEL
        kept, first_interval_h = (hourly, hourly_long, trajectories), moments.first_interval_h
        return self._run(
            lanes, first_interval_h, moments.grid, moments.intervals, thresholds, n_of_heparin, *kept, position=position
        )

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = _read_parts(self.parts, lanes)
        ahead = np.flatnonzero(at_h > time_h)
        if len(ahead):
            levels = self._one_interval(lanes[ahead], time_h[ahead], at_h[ahead], write=False)
            found[0][ahead], found[1][ahead] = levels.last, levels.last_long
        return found

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        levels = self._one_interval(lanes, time_h, at_h, write=True)
        return levels.last, levels.last_long

    def _one_interval(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray, *, write: bool) -> Levels:
        ones = np.ones(len(lanes), dtype=np.int64)
        nothing = (_NO_TABLE, _NO_TABLE, _NO_TABLE)
        return self._run(lanes, at_h - time_h, ones, ones, _NO_TABLE, 0, *nothing, write=write)

    def _run(
        self,
        lanes: np.ndarray,
        first_interval_h: np.ndarray,
        grid: np.ndarray,
        intervals: np.ndarray,
        thresholds: np.ndarray | Moving | None,
        n_of_heparin: int,
        hourly: np.ndarray,
        hourly_long: np.ndarray,
        trajectories: np.ndarray,
        *,
        position: np.ndarray = _NO_LEVEL,
        write: bool = True,
    ) -> Levels:
        peak, last = np.empty(len(lanes)), np.empty(len(lanes))
        last_long = last if self.parts[_SHORT_FRACTION] is ZERO else np.empty(len(lanes))
        moving = thresholds if isinstance(thresholds, Moving) else None
        room = self._room_for(int(intervals.sum()))
        reported, least = self._kernel(
            self._table,
            lanes,
            first_interval_h,
            grid,
            intervals,
            trajectories,
            _NO_TABLE if thresholds is None or moving is not None else thresholds,
            thresholds is None,
            n_of_heparin,
            *(_NOT_MOVING if moving is None else moving),
            position,
            hourly,
            hourly_long,
            write,
            peak,
            last,
            last_long,
            *room,
        )
        _refuse_below_zero(least)
        interval, place, before, after, before_long, after_long = (column[:reported].copy() for column in room)
        if last_long is last:
            before_long, after_long = before, after
        return Levels(peak, last, interval, place, before, after, last_long, before_long, after_long)


_RUNNERS: dict[str, Callable[[list[Any]], _Runner]] = {
    "numpy": lambda parts: _ByInterval(_OnArrays(parts).over, parts),
    "python": partial(_ByInterval, _on_floats),
    "compiled": _Compiled,
}
