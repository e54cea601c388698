"""Many patients at once: the stepper's own lines on arrays, one lane a patient, each lane at its own time.

A lane goes forward in intervals that end on the five-minute grid (or at an order), exactly as
:class:`heparin_pk.engine.stepper.Segment` does: the same intervals, the same steps, the same bits, whether the lanes are run by
NumPy, by plain floats lane after lane, or by compiled code. Terms unused by the whole batch (a second compartment, a depot) are
replaced by the symbolic zero :data:`~heparin_pk.engine.zero.ZERO` and skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from heparin_pk.base.checks import check_one_of
from heparin_pk.body.kinetics import Rates, State
from heparin_pk.engine import compiled, stepper
from heparin_pk.engine.compiled import CLOSE_U_PER_ML, ONE_ULP
from heparin_pk.engine.numba_loops import install_compiled_loops
from heparin_pk.engine.reference import UNDERSHOOT
from heparin_pk.engine.stepper import INTERVAL_H, STEPS_PER_H
from heparin_pk.engine.zero import ZERO

RUNNERS = ("numpy", "python", "compiled")
_CENTRAL = State._fields.index("central_u")
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
}
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
    """

    peak: np.ndarray
    last: np.ndarray
    interval: np.ndarray
    place: np.ndarray
    before: np.ndarray
    after: np.ndarray


class Moving(NamedTuple):
    """Thresholds that move in straight lines between knots on the grid, of all patients.

    * ``table``: lower and upper thresholds of k ranges at each knot, (n, knots, 2 k), U/mL; the first knot is at 0 h.
    * ``every``: grid intervals from a knot to the next.
    """

    table: np.ndarray
    every: int


Thresholds = np.ndarray | Moving | None
"""Which intervals are reported; see :meth:`IntervalObserver.thresholds`."""


class IntervalObserver(Protocol):
    """Observer protocol of :class:`Lanes`: it names thresholds, and is told when lanes have passed intervals."""

    def thresholds(self, lanes: np.ndarray) -> Thresholds:
        """Return lower and upper thresholds of k ranges of concentration, shape (2 k, m), U/mL; or :class:`Moving` ones.

        Only intervals that cross a threshold are reported (and, of moving ones, some that come close); with ``None`` all are.
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
        self._state, self._inputs, self._inverse_v1 = parts[:_STATES], parts[_STATES:_RATES], parts[_RATES]
        self.hours = hours
        points = int(_last_on_grid(np.array([hours]))[0]) + 1
        self.trajectories_u_per_ml = np.empty((self.n, points) if trajectories else (0, 0))
        """The concentration at every grid point a lane has passed, (n, points), U/mL; (0, 0) where it is not kept."""
        self._hourly = np.full((0, 0) if trajectories else (self.n, int(hours) + 1), np.nan)
        self._hourly[:, :1] = self.trajectories_u_per_ml[:, :1] = 0.0

    def concentration_u_per_ml(self, lanes: np.ndarray) -> np.ndarray:
        """Return the concentration of these lanes at the time each has reached, (m,), U/mL."""
        return np.asarray(self._state[_CENTRAL][lanes] * self._inverse_v1[lanes])

    @property
    def hourly_u_per_ml(self) -> np.ndarray:
        """The concentration at every full hour a lane has passed, before the orders of that hour, (n, hours + 1), U/mL."""
        return self.trajectories_u_per_ml[:, ::STEPS_PER_H] if len(self.trajectories_u_per_ml) else self._hourly

    def area_u_h_per_ml(self) -> np.ndarray:
        """Return the area under the concentration so far, (n,), U h/mL."""
        return np.array(self._state[-1])

    def states(self) -> np.ndarray:
        """Return the state of every lane at the time it has reached, (n, 8)."""
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
            levels = self._runner.through(lanes, moments, observer.thresholds(lanes), self._hourly, self.trajectories_u_per_ml)
            self.time_h[lanes] = moments.end_h
            self._next[lanes] += intervals[:moving]
            observer.passed(lanes, moments, levels)

    def state_at(self, lanes: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        """Return the concentration at ``at_h`` (m,), U/mL, of lanes that have gone up to it; their states do not change."""
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
        old = self.concentration_u_per_ml(lanes)
        self._runner.move(lanes, begin_h, at_h)
        new = self.concentration_u_per_ml(lanes)
        self.time_h[lanes] = at_h
        thresholds = observer.thresholds(lanes)
        low, high = _bracket(old, None if isinstance(thresholds, Moving) else thresholds)
        crossed = np.flatnonzero((new < low) | (new > high))
        ones = np.ones(len(lanes), dtype=np.int64)
        levels = Levels(new, new, 0 * crossed, crossed, old[crossed], new[crossed])
        observer.passed(lanes, Moments(begin_h, ones, ones, at_h), levels)

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
        levels = self.state_at(lanes, grid / STEPS_PER_H)
        if len(self.trajectories_u_per_ml):
            self.trajectories_u_per_ml[lanes, grid] = levels
            return
        full = np.flatnonzero(grid % STEPS_PER_H == 0)
        self._hourly[lanes[full], grid[full] // STEPS_PER_H] = levels[full]

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
    concentration: np.ndarray, moving: Moving, lanes: np.ndarray, position: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return the bracket of moving thresholds: its two ends at the grid point before ``grid``, and what they move an interval.

    ``position``: where each lane is, in grid intervals from 0 h; ``grid``: the grid point at which its next interval ends. The
    ends of the bracket are straight lines to the next knot, on the safe side of every threshold by ``CLOSE_U_PER_ML`` at least.
    Of a level closer than that to a threshold the bracket is empty: whatever comes next is reported.
    """
    knot = (grid - 1) // moving.every
    left = (knot + 1) * moving.every - position
    part, per_interval = 1.0 - left * (1.0 / moving.every), 1.0 / left
    rows = moving.table.reshape(-1, moving.table.shape[2])
    place = lanes * moving.table.shape[1] + knot
    begin, end = (np.ascontiguousarray(rows.take(at, axis=0).T) for at in (place, place + 1))
    here = begin + (end - begin) * part
    is_below = here < concentration
    # Now and at the knot: the highest of the thresholds that lie below the level now, the lowest of the others.
    low, low_then = (np.where(is_below, at, -np.inf).max(axis=0) + CLOSE_U_PER_ML for at in (here, end))
    high, high_then = (np.where(is_below, np.inf, at).min(axis=0) - CLOSE_U_PER_ML for at in (here, end))
    with np.errstate(invalid="ignore"):
        low_step, high_step = (low_then - low) * per_interval, (high_then - high) * per_interval
    low_step[np.isinf(low)] = high_step[np.isinf(high)] = 0.0
    back = grid - 1 - position
    empty = (concentration <= low) | (concentration >= high)
    return (
        np.where(empty, np.inf, low + low_step * back),
        np.where(empty, -np.inf, high + high_step * back),
        low_step,
        high_step,
    )


def _refuse_below_zero(least: float) -> None:
    if not least >= -UNDERSHOOT:  # NaN is no amount
        raise ValueError(f"the stepper went below zero; these kinetics are too fast for it: {least:g}")


_NO_TABLE = np.empty((0, 0))
_NOT_MOVING = Moving(np.empty((0, 0, 0)), 1)
_NO_INDEX, _NO_LEVEL = np.zeros(0, dtype=np.int64), np.zeros(0)
# The stepper's functions for each way of computing; the compiled runner builds its own.
_ON_FLOATS = stepper.build()
_ON_ARRAYS = stepper.build(arithmetic=stepper.ARRAYS)


class _Runner(Protocol):
    """Owns the parts of all patients (states, inputs, rates), and integrates lanes."""

    parts: list[Any]

    def through(
        self, lanes: np.ndarray, moments: Moments, thresholds: Thresholds, hourly: np.ndarray, trajectories: np.ndarray
    ) -> Levels:
        """Integrate these lanes, those with the most intervals first, over their grid intervals.

        The concentrations are stored at full hours in ``hourly`` (n, hours + 1), or at every grid point in ``trajectories``
        (n, points): one of the two is empty.
        """
        ...

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        """Return the concentration at ``at_h``, at most an interval after ``time_h``, U/mL; no state changes."""
        ...

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> None:
        """Integrate these lanes to ``at_h``, at most an interval after ``time_h``."""
        ...


class _ByInterval:
    """Runs all lanes interval by interval; ``run(state, hours, inputs, rates)`` integrates each lane over ``hours``, in place."""

    def __init__(self, run: Callable[..., None], parts: list[Any]) -> None:
        self._run = run
        self.parts: list[Any] = [part if part is ZERO else np.ascontiguousarray(part, dtype=float) for part in parts]

    def _taken(self, lanes: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
        parts = _copies_of(self.parts, lanes)
        return parts[:_STATES], parts[_STATES:_RATES], parts[_RATES:]

    def _keep(self, lanes: np.ndarray, state: list[Any]) -> None:
        for part, new in zip(self.parts, state, strict=False):  # the states are the first parts
            if part is not ZERO:
                _refuse_below_zero(new.min(initial=0.0))
                part[lanes] = new

    def through(
        self, lanes: np.ndarray, moments: Moments, thresholds: Thresholds, hourly: np.ndarray, trajectories: np.ndarray
    ) -> Levels:
        state, inputs, rates = self._taken(lanes)
        hours = moments.first_interval_h
        # The lanes are sorted by falling number of intervals: the first reaching[i] of them have an interval i.
        reaching = np.searchsorted(-moments.intervals, -np.arange(moments.intervals[0]), side="left")
        # Concentrations at the start, U/mL: last and peak of each lane, and its bracket, in which it crosses no threshold.
        last = state[_CENTRAL] * rates[0]
        peak, before, after = last.copy(), last.copy(), np.empty(len(lanes))
        moving, fixed = (thresholds, None) if isinstance(thresholds, Moving) else (None, thresholds)
        if moving is None:
            low, high = _bracket(last, fixed)
        else:
            position = moments.begin_h * STEPS_PER_H
            low, high, low_step, high_step = _moving_bracket(last, moving, lanes, position, moments.grid)
            first_knot = -moments.grid % moving.every  # the interval at whose end each lane passes its first knot
            at_knots = {knot: np.flatnonzero(first_knot == knot) for knot in np.unique(first_knot).tolist()}
        # The first full hour that each lane passes, and the interval that ends there; then every twelfth interval does.
        hour = -(-moments.grid // STEPS_PER_H)
        first = hour * STEPS_PER_H - moments.grid
        at_full_hours = [np.flatnonzero(first == interval) for interval in range(STEPS_PER_H)]
        reported: list[tuple[np.ndarray, ...]] = [(_NO_INDEX, _NO_INDEX, _NO_LEVEL, _NO_LEVEL)]
        flat, start = trajectories.reshape(-1), lanes * trajectories.shape[1] + moments.grid
        going_on = [*reaching[1:].tolist(), 0]
        for interval, (n, still) in enumerate(zip(reaching.tolist(), going_on, strict=True)):
            # One interval of the n lanes that have it, on views: the states change in place.
            part, part_inputs, part_rates = (_views_of(x, slice(n)) for x in (state, inputs, rates))
            self._run(part, hours[:n], part_inputs, part_rates)
            if interval == 0:
                hours[:] = INTERVAL_H
            # Levels at the end of the interval; the lanes from still to n have arrived.
            now = np.multiply(part[_CENTRAL], part_rates[0], out=after[:n])
            last[still:n] = now[still:]
            np.maximum(peak[:n], now, out=peak[:n])
            if len(flat):
                flat[start[:n] + interval] = now
            # Of the lanes that pass a full hour now, those that have this interval; their places are sorted.
            places = at_full_hours[interval % STEPS_PER_H]
            places = places[: np.searchsorted(places, n)]
            if len(hourly):
                hourly[lanes[places], hour[places] + interval // STEPS_PER_H] = now[places]
            # Report the lanes that left their bracket, and compute their new bracket.
            if moving is not None:
                low[:n] += low_step[:n]
                high[:n] += high_step[:n]
                renewed = (now < low[:n]) | (now > high[:n])
                out = np.flatnonzero(renewed)
                if len(out):
                    reported.append((np.full(len(out), interval), out, before[out], now[out]))
                if (interval % moving.every) in at_knots:
                    places = at_knots[interval % moving.every]
                    renewed[places[: np.searchsorted(places, n)]] = True
                new = np.flatnonzero(renewed)
                if len(new):
                    passed = moments.grid[new] + interval
                    brackets = _moving_bracket(now[new], moving, lanes[new], passed, passed + 1)
                    low[new], high[new], low_step[new], high_step[new] = brackets
            elif fixed is None or len(fixed):
                out = np.flatnonzero((now < low[:n]) | (now > high[:n]))
                if len(out):
                    reported.append((np.full(len(out), interval), out, before[out], now[out]))
                if fixed is not None and len(out):
                    low[out], high[out] = _bracket(now[out], fixed[:, out])
            before, after = after, before  # two arrays in turn, instead of a new one an interval
        self._keep(lanes, state)
        return Levels(peak, last, *(np.concatenate(column) for column in zip(*reported, strict=True)))

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        levels: np.ndarray = self.parts[_CENTRAL][lanes] * self.parts[_RATES][lanes]
        ahead = np.flatnonzero(at_h > time_h)  # the others are at this time already
        if len(ahead):
            state, inputs, rates = self._taken(lanes[ahead])
            self._run(state, (at_h - time_h)[ahead], inputs, rates)
            levels[ahead] = state[_CENTRAL] * rates[0]
        return levels

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> None:
        state, inputs, rates = self._taken(lanes)
        self._run(state, at_h - time_h, inputs, rates)
        self._keep(lanes, state)


def _on_arrays(state: list[Any], hours: np.ndarray, inputs: list[Any], rates: list[Any]) -> None:
    """NumPy, all lanes at once; the lanes that need substeps are then integrated again, without the others."""
    with np.errstate(over="ignore", invalid="ignore"):  # a step far too long may overflow; it is not kept
        now = _ON_ARRAYS.slope(*state, *inputs, *rates)
        new, bend = _ON_ARRAYS.rk4_step(state, hours, inputs, rates, now)
        error_indicators = _ON_ARRAYS.error_indicators(state, new, hours, inputs, rates, now, bend)
        index = np.flatnonzero(~_ON_ARRAYS.accept_step(error_indicators))
        left = _ON_ARRAYS.substeps(_copies_of(error_indicators, index))
    # Copies of the old state of the lanes that need substeps, before the tried step is written to all.
    h = hours[index] / left
    part, inputs, rates = (_copies_of(x, index) for x in (state, inputs, rates))
    _put(state, new)
    while len(index):
        part = list(_ON_ARRAYS.rk4_step(part, h, inputs, rates, _ON_ARRAYS.slope(*part, *inputs, *rates))[0])
        left -= 1.0  # substeps that each lane still has to take
        done = np.flatnonzero(left == 0.0)
        if not len(done):
            continue
        for whole, stepped in zip(state, part, strict=True):
            if whole is not ZERO:
                whole[index[done]] = stepped[done]
        # Drop the finished lanes only when they are a fifth of all: until then they step on, and nothing of it is kept.
        still = np.flatnonzero(left > 0.0)
        if len(still) < 0.8 * len(index):
            index, left = index[still], left[still]
            h, (part, inputs, rates) = h[still], (_copies_of(x, still) for x in (part, inputs, rates))


def _on_floats(state: list[Any], hours: np.ndarray, inputs: list[Any], rates: list[Any]) -> None:
    """Plain floats, lane after lane: the stepper itself."""
    # Floats in place of ZERO: zeros, but for the Michaelis constant, by which the right-hand side divides.
    absent = [0.0] * _RATES + [1.0 if name in _DIVISORS else 0.0 for name in Rates._fields]
    parts = zip((*state, *inputs, *rates), absent, strict=True)
    columns = [[number] * len(hours) if part is ZERO else part.tolist() for part, number in parts]
    rows = zip(zip(*columns, strict=True), hours.tolist(), strict=True)
    new = [_ON_FLOATS.advance(row[:_STATES], h, row[_STATES:_RATES], row[_RATES:]) for row, h in rows]
    _put(state, np.array(new, dtype=float).reshape(len(hours), _STATES).T)


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

    def through(
        self, lanes: np.ndarray, moments: Moments, thresholds: Thresholds, hourly: np.ndarray, trajectories: np.ndarray
    ) -> Levels:
        position = moments.begin_h * STEPS_PER_H if isinstance(thresholds, Moving) else _NO_LEVEL
        return self._run(
            lanes, moments.first_interval_h, moments.grid, moments.intervals, thresholds, hourly, trajectories, position=position
        )

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        levels: np.ndarray = self.parts[_CENTRAL][lanes] * self.parts[_RATES][lanes]
        ahead = np.flatnonzero(at_h > time_h)
        if len(ahead):
            levels[ahead] = self._one_interval(lanes[ahead], time_h[ahead], at_h[ahead], write=False).last
        return levels

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> None:
        self._one_interval(lanes, time_h, at_h, write=True)

    def _one_interval(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray, *, write: bool) -> Levels:
        ones = np.ones(len(lanes), dtype=np.int64)
        return self._run(lanes, at_h - time_h, ones, ones, _NO_TABLE, _NO_TABLE, _NO_TABLE, write=write)

    def _run(
        self,
        lanes: np.ndarray,
        first_interval_h: np.ndarray,
        grid: np.ndarray,
        intervals: np.ndarray,
        thresholds: Thresholds,
        hourly: np.ndarray,
        trajectories: np.ndarray,
        *,
        position: np.ndarray = _NO_LEVEL,
        write: bool = True,
    ) -> Levels:
        peak, last = np.empty(len(lanes)), np.empty(len(lanes))
        moving = thresholds if isinstance(thresholds, Moving) else None
        *reported, least = self._kernel(
            self._table,
            lanes,
            first_interval_h,
            grid,
            intervals,
            trajectories,
            _NO_TABLE if thresholds is None or moving is not None else thresholds,
            thresholds is None,
            *(_NOT_MOVING if moving is None else moving),
            position,
            hourly,
            write,
            peak,
            last,
        )
        _refuse_below_zero(least)
        return Levels(peak, last, *reported)


_RUNNERS: dict[str, Callable[[list[Any]], _Runner]] = {
    "numpy": partial(_ByInterval, _on_arrays),
    "python": partial(_ByInterval, _on_floats),
    "compiled": _Compiled,
}
