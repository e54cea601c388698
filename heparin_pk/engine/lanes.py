"""Many people at once: the stepper's own lines on arrays, one lane a person, each lane at its own time.

A lane goes forward in intervals that end on the five-minute grid (or where something is given), exactly as
:class:`heparin_pk.engine.stepper.Segment` goes: the same intervals, the same steps, the same bits, whether the lanes are run by
NumPy, one after the other in plain floats, or compiled. What nobody has (a second compartment, a depot) is
:data:`~heparin_pk.engine.zero.ZERO` and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from heparin_pk.base.checks import check_one_of
from heparin_pk.body.kinetics import Rates, State
from heparin_pk.engine import compiled, stepper
from heparin_pk.engine.compiled import ONE_ULP
from heparin_pk.engine.numba_loops import install_compiled_loops
from heparin_pk.engine.reference import UNDERSHOOT
from heparin_pk.engine.stepper import INTERVAL_H, STEPS_PER_H
from heparin_pk.engine.zero import ZERO

RUNNERS = ("numpy", "python", "compiled")
_CENTRAL = State._fields.index("central_u")
_PROTAMINE = State._fields.index("protamine_u")
_STATES = len(State._fields)
_RATES = _STATES + 2
"""The parts of everybody are the states, two inputs, then the rates, of which the first is the inverse volume."""
_STATES_OF = {  # a state is in play when one of these rates is above zero for anybody
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
    """The moments some lanes went through: where each was before, then the end of each of its intervals.

    A lane that has arrived stays: its later moments repeat the last.
    """

    def __init__(self, begin_h: np.ndarray, grid: np.ndarray, intervals: np.ndarray, end_h: np.ndarray | None = None) -> None:
        self.begin_h, self.grid, self.intervals, self._end_h = begin_h, grid, intervals, end_h

    @property
    def end_h(self) -> np.ndarray:
        """The moment each lane has come to, h."""
        return (self.grid - 1 + self.intervals) / STEPS_PER_H if self._end_h is None else self._end_h

    @property
    def first_interval_h(self) -> np.ndarray:
        """How long each lane's first interval is; every other is five minutes, h."""
        from_grid = self.begin_h == (self.grid - 1) / STEPS_PER_H
        return np.where(from_grid, INTERVAL_H, self.grid / STEPS_PER_H - self.begin_h)

    def at(self, index: Any, who: Any) -> np.ndarray:
        """Return moment ``index`` (0: before the first interval) of these places, h."""
        if self._end_h is not None:
            return np.where(np.equal(index, 0), self.begin_h[who], self._end_h[who])
        on_grid_h = (self.grid[who] - 1 + np.minimum(index, self.intervals[who])) / STEPS_PER_H
        return np.where(np.equal(index, 0), self.begin_h[who], on_grid_h)


class Levels(NamedTuple):
    """Concentrations of some lanes, U/mL: the highest and the last of each (m,), and those around each interval told of.

    ``interval`` and ``place`` (k,) say which intervals, and whose they were; each lane's come in the order of time. ``before`` and
    ``after`` (k,) are the concentrations at their two ends.
    """

    peak: np.ndarray
    last: np.ndarray
    interval: np.ndarray
    place: np.ndarray
    before: np.ndarray
    after: np.ndarray


class Watch(Protocol):
    """Whoever is told of the time that passes."""

    def thresholds(self, lanes: np.ndarray) -> np.ndarray | None:
        """Return lower and upper thresholds of k ranges of concentration, shape (2 k, m): intervals that cross one are told of.

        ``None``: every interval is.
        """
        ...

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Lanes (m,) went through these moments; ``levels`` has what is told of their concentrations."""
        ...


def make_ready(runner: str) -> None:
    """Let everything that is not integration be compiled too where this runner is; no bit changes.

    Raises ``ValueError`` for an unknown runner, and for the compiled one when numba is not installed.
    """
    check_one_of("runner", runner, RUNNERS)
    if runner == "compiled":
        install_compiled_loops()


class Lanes:
    """n people on their way: where each is, and what runs into each vein.

    ``rates`` holds arrays of shape (n,), ``hours`` is how long they can go. ``routes`` says which parts of the state can ever be
    filled besides plasma and what it exchanges with: "subcutaneous", "protamine"; what is left out is not computed. ``runner``
    is one of ``RUNNERS``. With ``trajectories`` the concentration at every grid point is kept (4.6 kB a person and 48 h).
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
        off = {name for name in Rates._fields if name in unused or not np.any(getattr(rates, name))}
        needs = [i for i, name in enumerate(State._fields) if not off.issuperset(_STATES_OF[name])]
        if "bmax_u" in off:
            off |= {"kon_ml_per_u_per_h", "kint_per_h"}
        if "vmax_u_per_h" in off:
            off |= {"km_u_per_ml"}
        if "q_ml_per_h" in off:
            off |= {"inverse_v2_per_ml"}
        known: list[Any] = [ZERO if name in off else getattr(rates, name) for name in Rates._fields]
        state: list[Any] = [np.zeros(self.n) if i in needs else ZERO for i in range(_STATES)]
        inputs: list[Any] = [np.zeros(self.n), np.zeros(self.n) if _PROTAMINE in needs else ZERO]
        self.time_h = np.zeros(self.n)
        self._next = np.ones(self.n, dtype=np.int64)
        self._missed, self._any_missed = np.zeros(self.n, dtype=np.int64), False
        self._runner = _RUNNERS[runner]([*state, *inputs, *known])
        parts = self._runner.parts
        self._state, self._inputs, self._inverse_v1 = parts[:_STATES], parts[_STATES:_RATES], parts[_RATES]
        self.hours = hours
        points = int(_last_on_grid(np.array([hours]))[0]) + 1
        self.trajectories_u_per_ml = np.empty((self.n, points) if trajectories else (0, 0))
        """The concentration at every grid point a lane has passed, shape (n, points), where it is kept."""
        self._hourly = np.full((0, 0) if trajectories else (self.n, int(hours) + 1), np.nan)
        self._hourly[:, :1] = self.trajectories_u_per_ml[:, :1] = 0.0

    def concentration_u_per_ml(self, lanes: np.ndarray) -> np.ndarray:
        """Return the concentration where these lanes are kept, shape (m,)."""
        return self._state[_CENTRAL][lanes] * self._inverse_v1[lanes]

    @property
    def hourly_u_per_ml(self) -> np.ndarray:
        """The concentration at every full hour a lane has passed, before what is given then, shape (n, hours + 1)."""
        return self.trajectories_u_per_ml[:, ::STEPS_PER_H] if len(self.trajectories_u_per_ml) else self._hourly

    def area_u_h_per_ml(self) -> np.ndarray:
        """Return the area under the concentration so far, shape (n,)."""
        return self._state[-1].copy()

    def states(self) -> np.ndarray:
        """Return the state of every lane where it is kept, shape (n, 8)."""
        return np.stack([np.zeros(self.n) if part is ZERO else part for part in self._state], axis=1)

    def go(self, lanes: np.ndarray, until_h: np.ndarray, watch: Watch) -> None:
        """Let these lanes pass every grid point up to ``until_h`` (m,), and stay at the last of them."""
        if until_h.max(initial=0.0) > self.hours:
            raise ValueError(f"until_h must stay within {self.hours:g} h; got {until_h.max():g}")
        self._note_missed(lanes, until_h)
        intervals = np.maximum(0, _last_on_grid(until_h) - self._next[lanes] + 1)
        if len(intervals) and intervals.min() < intervals.max():
            order = np.argsort((-intervals).astype(np.int16), kind="stable")  # no way is 32,768 intervals long
            lanes, intervals = lanes[order], intervals[order]
        moving = int(np.searchsorted(-intervals, 0, side="left"))
        if moving:
            who = lanes[:moving]
            moments = Moments(self.time_h[who], self._next[who], intervals[:moving])
            levels = self._runner.through(who, moments, watch.thresholds(who), self._hourly, self.trajectories_u_per_ml)
            self.time_h[who] = moments.end_h
            self._next[who] += intervals[:moving]
            watch.passed(who, moments, levels)

    def state_at(self, lanes: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        """Return the concentration of lanes that went up to ``at_h`` (m,) at that very moment; looking leaves no mark."""
        return self._runner.state_at(lanes, self.time_h[lanes], at_h)

    def settle(self, lanes: np.ndarray, at_h: np.ndarray, watch: Watch) -> None:
        """Bring lanes that went up to ``at_h`` (m,) to that very moment, because something is given there."""
        begin_h, before = self.time_h[lanes], self._next[lanes]
        moving = np.flatnonzero(at_h > begin_h)
        self._next[lanes] = after = np.floor(at_h * STEPS_PER_H + 1e-9).astype(np.int64) + 1
        over = np.flatnonzero(after > before)
        self._missed[lanes[over]] = before[over]
        self._any_missed |= len(over) > 0
        if not len(moving):
            return
        lanes, begin_h, at_h = lanes[moving], begin_h[moving], at_h[moving]
        here = self.concentration_u_per_ml(lanes)
        self._runner.move(lanes, begin_h, at_h)
        there = self.concentration_u_per_ml(lanes)
        self.time_h[lanes] = at_h
        low, high = _around(here, watch.thresholds(lanes))
        crossed = np.flatnonzero((there < low) | (there > high))
        one = np.ones(len(lanes), dtype=np.int64)
        levels = Levels(there, there, 0 * crossed, crossed, here[crossed], there[crossed])
        watch.passed(lanes, Moments(begin_h, one, one, at_h), levels)

    def _note_missed(self, lanes: np.ndarray, until_h: np.ndarray) -> None:
        """Note the level at a grid point that no interval ends at, because something was given a hair (1e-10 h) before it."""
        if not self._any_missed:
            return
        grid = self._missed[lanes]
        there = np.flatnonzero((grid > 0) & (grid / STEPS_PER_H <= until_h))
        if not len(there):
            return
        lanes, grid = lanes[there], grid[there]
        self._missed[lanes] = 0
        found = self.state_at(lanes, grid / STEPS_PER_H)
        if len(self.trajectories_u_per_ml):
            self.trajectories_u_per_ml[lanes, grid] = found
            return
        full = np.flatnonzero(grid % STEPS_PER_H == 0)
        self._hourly[lanes[full], grid[full] // STEPS_PER_H] = found[full]

    def add(self, lanes: np.ndarray, part: str, amount_u: np.ndarray) -> None:
        """Add an amount to one part of the state of these lanes, at once."""
        self._state[State._fields.index(part)][lanes] += amount_u

    def run_in(self, lanes: np.ndarray, rate_u_per_h: np.ndarray, protamine_u_per_h: np.ndarray | None = None) -> None:
        """Let these rates run into these lanes from now on."""
        self._inputs[0][lanes] = rate_u_per_h
        if protamine_u_per_h is not None:
            self._inputs[1][lanes] = protamine_u_per_h


def _last_on_grid(until_h: np.ndarray) -> np.ndarray:
    """Return the last grid point that is not after each moment, by the stepper's own comparison."""
    last = np.floor(until_h * STEPS_PER_H).astype(np.int64) + 1
    last -= last / STEPS_PER_H > until_h  # whatever the rounding of the product
    last -= last / STEPS_PER_H > until_h
    return last


def _cut(values: list[Any], some: slice) -> list[Any]:
    return [one if one is ZERO else one[some] for one in values]


def _picked(values: Any, which: np.ndarray) -> Any:
    if isinstance(values, list):
        return [_picked(one, which) for one in values]
    return values if values is ZERO else values[which]


def _around(concentration: np.ndarray, thresholds: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return between which two concentrations each lane crosses none of its thresholds, (m,) and (m,)."""
    if thresholds is None:
        return np.full(len(concentration), np.inf), np.full(len(concentration), -np.inf)
    lowest, highest = np.full(len(concentration), -np.inf), np.full(len(concentration), np.inf)
    for low, high in zip(thresholds[::2], thresholds[1::2], strict=True):
        below, above = concentration < low, concentration > high
        lowest = np.maximum(lowest, np.where(above, high + abs(high) * ONE_ULP, np.where(below, -np.inf, low)))
        highest = np.minimum(highest, np.where(below, low - abs(low) * ONE_ULP, np.where(above, np.inf, high)))
    return lowest, highest


def _refuse_below_zero(least: float) -> None:
    if least < -UNDERSHOOT:
        raise ValueError(f"the stepper went below zero; these kinetics are too fast for it: {least:g}")


_NOTHING = np.empty((0, 0))
_NOBODY, _NOWHERE = np.zeros(0, dtype=np.int64), np.zeros(0)
_ON_FLOATS = stepper.build()
_ON_ARRAYS = stepper.build(arithmetic=stepper.ARRAYS)


class _Runner(Protocol):
    """Owns the parts of everybody (states, inputs, rates), and takes lanes forward."""

    parts: list[Any]

    def through(
        self, lanes: np.ndarray, moments: Moments, thresholds: np.ndarray | None, hourly: np.ndarray, kept: np.ndarray
    ) -> Levels:
        """Take these lanes, longest way first, through their grid intervals; note full hours in ``hourly`` (n, hours + 1), or every
        grid point in ``kept`` (n, points): one of the two is empty.
        """
        ...

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        """Return the concentration at ``at_h``, at most an interval after ``time_h``, and change nothing."""
        ...

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> None:
        """Take these lanes to ``at_h``, at most an interval after ``time_h``."""
        ...


class _ByInterval:
    """Runs all lanes interval by interval; ``run(state, hours, inputs, rates)`` takes every lane ``hours`` further, in place."""

    def __init__(self, run: Callable[..., None], parts: list[Any]) -> None:
        self._run = run
        self.parts: list[Any] = [part if part is ZERO else np.ascontiguousarray(part, dtype=float) for part in parts]

    def _taken(self, lanes: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
        every = _picked(self.parts, lanes)
        return every[:_STATES], every[_STATES:_RATES], every[_RATES:]

    def _keep(self, lanes: np.ndarray, state: list[Any]) -> None:
        for kept, new in zip(self.parts, state, strict=False):
            if kept is not ZERO:
                _refuse_below_zero(new.min(initial=0.0))
                kept[lanes] = new

    def through(
        self, lanes: np.ndarray, moments: Moments, thresholds: np.ndarray | None, hourly: np.ndarray, kept: np.ndarray
    ) -> Levels:
        state, inputs, rates = self._taken(lanes)
        hours = moments.first_interval_h
        # Of the lanes, longest way first, so many still have an interval to go:
        reaching = np.searchsorted(-moments.intervals, -np.arange(moments.intervals[0]), side="left")
        last = state[_CENTRAL] * rates[0]
        peak, before, after = last.copy(), last.copy(), np.empty(len(lanes))
        low, high = _around(last, thresholds)
        hour = -(-moments.grid // STEPS_PER_H)  # the first full hour on the way, at the end of which interval, and then every 12
        first = hour * STEPS_PER_H - moments.grid
        at_full_hours = [np.flatnonzero(first == interval) for interval in range(STEPS_PER_H)]
        reported: list[tuple[np.ndarray, ...]] = [(_NOBODY, _NOBODY, _NOWHERE, _NOWHERE)]
        all_kept, of_lane = kept.reshape(-1), lanes * kept.shape[1] + moments.grid
        going_on = [*reaching[1:].tolist(), 0]
        for interval, (n, still) in enumerate(zip(reaching.tolist(), going_on, strict=True)):
            part, fed, who = (_cut(x, slice(n)) for x in (state, inputs, rates))
            self._run(part, hours[:n], fed, who)
            if interval == 0:
                hours[:] = INTERVAL_H
            now = np.multiply(part[_CENTRAL], who[0], out=after[:n])
            last[still:n] = now[still:]
            np.maximum(peak[:n], now, out=peak[:n])
            if len(all_kept):
                all_kept[of_lane[:n] + interval] = now
            there = at_full_hours[interval % STEPS_PER_H]
            there = there[: np.searchsorted(there, n)]
            if len(hourly):
                hourly[lanes[there], hour[there] + interval // STEPS_PER_H] = now[there]
            if thresholds is None or len(thresholds):
                out = np.flatnonzero((now < low[:n]) | (now > high[:n]))
                if len(out):
                    reported.append((np.full(len(out), interval), out, before[out], now[out]))
                if thresholds is not None and len(out):
                    low[out], high[out] = _around(now[out], thresholds[:, out])
            before, after = after, before
        self._keep(lanes, state)
        return Levels(peak, last, *(np.concatenate(column) for column in zip(*reported, strict=True)))

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.parts[_CENTRAL][lanes] * self.parts[_RATES][lanes]
        ahead = np.flatnonzero(at_h > time_h)
        if len(ahead):
            state, inputs, rates = self._taken(lanes[ahead])
            self._run(state, (at_h - time_h)[ahead], inputs, rates)
            found[ahead] = state[_CENTRAL] * rates[0]
        return found

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> None:
        state, inputs, rates = self._taken(lanes)
        self._run(state, at_h - time_h, inputs, rates)
        self._keep(lanes, state)


def _on_arrays(state: list[Any], hours: np.ndarray, inputs: list[Any], rates: list[Any]) -> None:
    """NumPy, all lanes at once; those that need more steps than others go on alone."""
    with np.errstate(over="ignore", invalid="ignore"):  # one step may be far too long; then it is not kept
        now = _ON_ARRAYS.slope(*state, *inputs, *rates)
        new, bend = _ON_ARRAYS.rk4_step(state, hours, inputs, rates, now)
        error_indicators = _ON_ARRAYS.error_indicators(state, new, hours, inputs, rates, now, bend)
        which = np.flatnonzero(~_ON_ARRAYS.accept_step(error_indicators))
        left = _ON_ARRAYS.substeps(_picked(list(error_indicators), which))
    h = hours[which] / left
    part, fed, who = (_picked(x, which) for x in (state, inputs, rates))
    _put(state, new)
    while len(which):
        part = list(_ON_ARRAYS.rk4_step(part, h, fed, who, _ON_ARRAYS.slope(*part, *fed, *who))[0])
        left -= 1.0
        done = np.flatnonzero(left == 0.0)
        if not len(done):
            continue
        for whole, stepped in zip(state, part, strict=True):
            if whole is not ZERO:
                whole[which[done]] = stepped[done]
        still = np.flatnonzero(left > 0.0)
        if len(still) < 0.8 * len(which):  # the others step on in vain meanwhile
            which, left = which[still], left[still]
            part, h, fed, who = (_picked(x, still) for x in (part, h, fed, who))


def _on_floats(state: list[Any], hours: np.ndarray, inputs: list[Any], rates: list[Any]) -> None:
    """Plain floats, lane after lane: the stepper itself."""
    absent = [0.0] * _RATES + [1.0 if name in _DIVISORS else 0.0 for name in Rates._fields]
    every = zip((*state, *inputs, *rates), absent, strict=True)
    columns = [[zero] * len(hours) if part is ZERO else part.tolist() for part, zero in every]
    rows = zip(zip(*columns, strict=True), hours.tolist(), strict=True)
    new = [_ON_FLOATS.advance(row[:_STATES], h, row[_STATES:_RATES], row[_RATES:]) for row, h in rows]
    _put(state, np.array(new, dtype=float).reshape(len(hours), _STATES).T)


def _put(state: list[Any], new: Any) -> None:
    for kept, one in zip(state, new, strict=True):
        if kept is not ZERO:
            kept[:] = one


class _Compiled:
    """Compiled blocks of lanes, every interval in one call. The parts of one person lie side by side."""

    def __init__(self, parts: list[Any]) -> None:
        self._table = np.stack([np.asarray(part, dtype=float) for part in parts if part is not ZERO], axis=1)
        columns = iter(self._table.T)
        self.parts: list[Any] = [part if part is ZERO else next(columns) for part in parts]
        install_compiled_loops()
        self._kernel = compiled.through(tuple(part is not ZERO for part in parts))

    def through(
        self, lanes: np.ndarray, moments: Moments, thresholds: np.ndarray | None, hourly: np.ndarray, kept: np.ndarray
    ) -> Levels:
        return self._run(lanes, moments.first_interval_h, moments.grid, moments.intervals, thresholds, hourly, kept)

    def state_at(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.parts[_CENTRAL][lanes] * self.parts[_RATES][lanes]
        ahead = np.flatnonzero(at_h > time_h)
        if len(ahead):
            found[ahead] = self._one_interval(lanes[ahead], time_h[ahead], at_h[ahead], keep=False).last
        return found

    def move(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray) -> None:
        self._one_interval(lanes, time_h, at_h, keep=True)

    def _one_interval(self, lanes: np.ndarray, time_h: np.ndarray, at_h: np.ndarray, *, keep: bool) -> Levels:
        one = np.ones(len(lanes), dtype=np.int64)
        return self._run(lanes, at_h - time_h, one, one, _NOTHING, _NOTHING, _NOTHING, keep=keep)

    def _run(
        self,
        lanes: np.ndarray,
        first_interval_h: np.ndarray,
        grid: np.ndarray,
        intervals: np.ndarray,
        thresholds: np.ndarray | None,
        hourly: np.ndarray,
        kept: np.ndarray,
        *,
        keep: bool = True,
    ) -> Levels:
        peak, last = np.empty(len(lanes)), np.empty(len(lanes))
        *reported, least = self._kernel(
            self._table,
            lanes,
            first_interval_h,
            grid,
            intervals,
            kept,
            _NOTHING if thresholds is None else thresholds,
            thresholds is None,
            hourly,
            keep,
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
