"""Many people at once: the stepper's own lines on arrays, one lane a person, each lane at its own time.

A lane goes forward in pieces that end on the five-minute grid (or where something is given), exactly as
:class:`heparin_pk.engine.stepper.Stretch` goes: the same pieces, the same steps, the same bits, whether the lanes are run by
NumPy, one after the other in plain floats, or compiled. What nobody has (a second compartment, a depot) is
:data:`~heparin_pk.engine.nothing.NOTHING` and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from heparin_pk._checks import check_one_of
from heparin_pk.engine import compiled, stepper
from heparin_pk.engine.nothing import NOTHING
from heparin_pk.engine.reference import UNDERSHOOT
from heparin_pk.engine.stepper import STEPS_PER_H
from heparin_pk.kinetics import Rates, State

RUNNERS = ("numpy", "python", "compiled")
_CENTRAL = State._fields.index("central_u")
_PROTAMINE = State._fields.index("protamine_u")
_STATES_OF = {  # a state is in play when one of these rates is above zero for anybody
    "central_u": ("v1_ml",),
    "peripheral_u": ("q_ml_per_h",),
    "bound_u": ("bmax_u",),
    "depot1_u": ("ktr_per_h",),
    "depot2_u": ("ktr_per_h",),
    "protamine_u": ("kr_ml_per_u_per_h",),
    "effect_u_per_ml": ("ke0_per_h",),
    "auc_u_h_per_ml": ("v1_ml",),
}
_DIVISORS = ("v1_ml", "v2_ml", "km_u_per_ml")


class Moments:
    """The moments some lanes went through: where each was before, then the end of each of its pieces.

    A lane that has arrived stays: its later moments repeat the last.
    """

    def __init__(self, begin_h: np.ndarray, grid: np.ndarray, pieces: np.ndarray, end_h: np.ndarray | None = None) -> None:
        self.begin_h, self.grid, self.pieces, self._end_h = begin_h, grid, pieces, end_h

    def at(self, number: Any, who: Any) -> np.ndarray:
        """Return moment ``number`` (0: before the first piece) of these places, h."""
        if self._end_h is not None:
            return np.where(np.equal(number, 0), self.begin_h[who], self._end_h[who])
        on_grid_h = (self.grid[who] - 1 + np.minimum(number, self.pieces[who])) / STEPS_PER_H
        return np.where(np.equal(number, 0), self.begin_h[who], on_grid_h)


class Levels(NamedTuple):
    """Concentrations of some lanes, U/mL: at the end of each piece, shape (p, m), and which pieces crossed an edge (k,), (k,)."""

    at: np.ndarray
    crossing_piece: np.ndarray
    crossing_place: np.ndarray


class Watch(Protocol):
    """Whoever is told of the time that passes."""

    def edges(self, lanes: np.ndarray) -> np.ndarray:
        """Return lower and upper edges of k ranges of concentration, shape (2 k, m): whoever crosses one is told of."""
        ...

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Lanes (m,) went through these moments and had these concentrations at the ends of their pieces."""
        ...


class Lanes:
    """n people on their way: where each is, and what runs into each vein.

    ``rates`` holds arrays of shape (n,). ``routes`` says which parts of the state can ever be filled besides plasma and what it
    exchanges with: "subcutaneous", "protamine"; what is left out is not computed. ``runner`` is one of ``RUNNERS``.
    """

    def __init__(self, rates: Rates, *, runner: str = "numpy", routes: tuple[str, ...] = ("subcutaneous", "protamine")) -> None:
        check_one_of("runner", runner, RUNNERS)
        self.number = len(np.asarray(rates.v1_ml))
        unused = set()
        if "subcutaneous" not in routes:
            unused |= {"ktr_per_h"}
        if "protamine" not in routes:
            unused |= {"kr_ml_per_u_per_h", "protamine_loss_per_h"}
        off = {name for name in Rates._fields if name in unused or not np.any(getattr(rates, name))}
        self._needs = [i for i, name in enumerate(State._fields) if not off.issuperset(_STATES_OF[name])]
        if "bmax_u" in off:
            off |= {"kon_ml_per_u_per_h", "kint_per_h"}
        if "vmax_u_per_h" in off:
            off |= {"km_u_per_ml"}
        if "q_ml_per_h" in off:
            off |= {"v2_ml"}
        self._rates: list[Any] = [NOTHING if name in off else _own(getattr(rates, name)) for name in Rates._fields]
        self._state: list[Any] = [np.zeros(self.number) if i in self._needs else NOTHING for i in range(len(State._fields))]
        self._inputs: list[Any] = [np.zeros(self.number), np.zeros(self.number) if _PROTAMINE in self._needs else NOTHING]
        self.time_h = np.zeros(self.number)
        self._next = np.ones(self.number, dtype=np.int64)
        self._runner = _RUNNERS[runner]()
        self._room = np.empty(0)

    def concentration_u_per_ml(self, lanes: np.ndarray) -> np.ndarray:
        """Return the concentration where these lanes are kept, shape (m,)."""
        return self._state[_CENTRAL][lanes] / self._rates[0][lanes]

    def area_u_h_per_ml(self) -> np.ndarray:
        """Return the area under the concentration so far, shape (n,)."""
        return self._state[-1].copy()

    def states(self) -> np.ndarray:
        """Return the state of every lane where it is kept, shape (n, 8)."""
        return np.stack([np.zeros(self.number) if part is NOTHING else part for part in self._state], axis=1)

    def go(self, lanes: np.ndarray, until_h: np.ndarray, watch: Watch) -> np.ndarray:
        """Let these lanes pass every grid point up to ``until_h`` (m,); return the concentration at ``until_h`` (m,).

        The lanes are kept at the last grid point: looking leaves no mark.
        """
        last = np.floor(until_h * STEPS_PER_H).astype(np.int64) + 1
        last -= last / STEPS_PER_H > until_h  # the stepper's own comparison, whatever the rounding of the product
        last -= last / STEPS_PER_H > until_h
        pieces = np.maximum(0, last - self._next[lanes] + 1)
        order = np.argsort((-pieces).astype(np.int16), kind="stable")  # no way is 32,768 pieces long
        lanes, pieces = lanes[order], pieces[order]
        state, inputs, rates = self._taken(lanes)
        time_h, grid = self.time_h[lanes], self._next[lanes]
        # Of the lanes, longest way first, so many still have a piece to go:
        reaching = np.searchsorted(-pieces, -np.arange(pieces[0] if len(pieces) else 0), side="left").tolist()
        if reaching:
            moving = reaching[0]
            moments = Moments(time_h[:moving].copy(), grid[:moving].copy(), pieces[:moving])
            concentration = self._buffer(len(reaching), moving)
            edges = watch.edges(lanes[:moving])
            crossings = self._runner.through(state, inputs, rates, moments, reaching, concentration, edges)
            watch.passed(lanes[:moving], moments, Levels(concentration, *crossings))
            time_h[:moving] = moments.at(len(reaching), slice(None))
            grid += pieces
        self._keep(lanes, state)
        self.time_h[lanes], self._next[lanes] = time_h, grid
        found = np.empty(len(lanes))
        found[order] = self._aside(state, time_h, until_h[order], inputs, rates)[_CENTRAL] / rates[0]
        return found

    def settle(self, lanes: np.ndarray, at_h: np.ndarray, watch: Watch) -> None:
        """Bring lanes that went up to ``at_h`` (m,) to that very moment, because something is given there."""
        state, inputs, rates = self._taken(lanes)
        before_h = self.time_h[lanes]
        moving = np.flatnonzero(at_h > before_h)
        after = self._aside(state, before_h, at_h, inputs, rates)
        self._keep(lanes, after)
        self.time_h[lanes] = np.maximum(before_h, at_h)
        self._next[lanes] = np.floor(at_h * STEPS_PER_H + 1e-9).astype(np.int64) + 1
        if len(moving):
            here, there = ((part[_CENTRAL] / rates[0])[moving] for part in (state, after))
            edges = watch.edges(lanes[moving])
            crossed = (_sides_of(here, edges) != _sides_of(there, edges)).any(axis=0)
            moments = Moments(before_h[moving], before_h[moving], before_h[moving], at_h[moving])
            watch.passed(lanes[moving], moments, Levels(there[None, :], *_piece_and_place(crossed[None, :])))

    def add(self, lanes: np.ndarray, part: str, amount_u: np.ndarray) -> None:
        """Add an amount to one part of the state of these lanes, at once."""
        self._state[State._fields.index(part)][lanes] += amount_u

    def run_in(self, lanes: np.ndarray, rate_u_per_h: np.ndarray, protamine_u_per_h: np.ndarray | None = None) -> None:
        """Let these rates run into these lanes from now on."""
        self._inputs[0][lanes] = rate_u_per_h
        if protamine_u_per_h is not None:
            self._inputs[1][lanes] = protamine_u_per_h

    def _aside(self, state: list[Any], time_h: np.ndarray, at_h: np.ndarray, inputs: list[Any], rates: list[Any]) -> list[Any]:
        """Return the state at ``at_h`` where that lies ahead, and as it is elsewhere."""
        moving = np.flatnonzero(at_h > time_h)
        if not len(moving):
            return state
        after = self._runner.once(*(_picked(x, moving) for x in (state, inputs, rates, time_h, at_h)))
        moved: list[Any] = [one if one is NOTHING else one.copy() for one in state]
        for kept, new in zip(moved, after, strict=True):
            if kept is not NOTHING:
                kept[moving] = new
        return moved

    def _buffer(self, pieces: int, number: int) -> np.ndarray:
        """Return room for concentrations (pieces, number), the same memory again and again."""
        if self._room.size < pieces * number:
            self._room = np.empty(pieces * number)
        return self._room[: pieces * number].reshape(pieces, number)

    def _taken(self, lanes: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
        return _picked(self._state, lanes), _picked(self._inputs, lanes), _picked(self._rates, lanes)

    def _keep(self, lanes: np.ndarray, state: list[Any]) -> None:
        for kept, new in zip(self._state, state, strict=True):
            if kept is not NOTHING:
                if len(new) and new.min() < -UNDERSHOOT:
                    raise ValueError(f"the stepper went below zero; these kinetics are too fast for it: {new.min():g}")
                kept[lanes] = new


def _own(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=float)


def _first(values: Any, number: int) -> Any:
    return values if values is NOTHING else values[:number]


def _picked(values: Any, which: np.ndarray) -> Any:
    if isinstance(values, list):
        return [_picked(one, which) for one in values]
    return values if values is NOTHING else values[which]


def _sides_of(concentration: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return for each of k ranges -1 below, 0 in, 1 above, shape (k, m)."""
    return (concentration > edges[1::2]).view(np.int8) - (concentration < edges[::2]).view(np.int8)


def _piece_and_place(crossed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    where = np.flatnonzero(crossed)
    width = max(1, crossed.shape[-1])
    return where // width, where % width


# The three runners. ``once`` returns the state at a later moment; ``through`` takes lanes, longest way first, through their grid
# pieces from moment to moment, changes ``state`` in place, fills in the concentration at the end of each piece, and returns which
# pieces crossed an edge.

_ON_FLOATS = stepper.build()
_ON_ARRAYS = stepper.build(arithmetic=stepper.ARRAYS)


class _Piecewise:
    """Runs piece by piece; a piece is run by ``run(state, hours, inputs, rates)``."""

    def __init__(self, run: Callable[..., list[Any]]) -> None:
        self._run = run

    def once(self, state: list[Any], inputs: list[Any], rates: list[Any], time_h: np.ndarray, at_h: np.ndarray) -> list[Any]:
        return self._run(state, at_h - time_h, inputs, rates)

    def through(
        self,
        state: list[Any],
        inputs: list[Any],
        rates: list[Any],
        moments: Moments,
        reaching: list[int],
        concentration: np.ndarray,
        edges: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        time_h, grid = moments.begin_h.copy(), moments.grid.astype(float)
        sides = _sides_of((state[_CENTRAL] / rates[0])[: reaching[0]], edges)
        crossings: list[tuple[np.ndarray, np.ndarray]] = []
        for piece, number in enumerate(reaching):
            end_h = grid[:number] / STEPS_PER_H
            part, some_inputs, some_rates = ([_first(x, number) for x in group] for group in (state, inputs, rates))
            for kept, new in zip(part, self._run(part, end_h - time_h[:number], some_inputs, some_rates), strict=True):
                if kept is not NOTHING:
                    kept[:] = new
            time_h[:number] = end_h
            grid[:number] += 1.0
            concentration[piece, :number] = part[_CENTRAL] / some_rates[0]
            if piece:
                concentration[piece, number:] = concentration[piece - 1, number:]
            if len(sides):
                now = _sides_of(concentration[piece, :number], edges[:, :number])
                crossed = np.flatnonzero((now != sides[:, :number]).any(axis=0))
                crossings.append((np.full(len(crossed), piece), crossed))
                sides[:, :number] = now
        if not crossings:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return np.concatenate([one for one, _ in crossings]), np.concatenate([two for _, two in crossings])


def _on_arrays(state: list[Any], hours: np.ndarray, inputs: list[Any], rates: list[Any]) -> list[Any]:
    """Return every lane ``hours`` later. NumPy: all at once; lanes that need more steps than others go on alone."""
    slopes = _ON_ARRAYS.slope(*state, *inputs, *rates)
    steps = _ON_ARRAYS.substeps(state, hours, inputs, rates, slopes)
    h = hours / steps
    after = list(_ON_ARRAYS.rk4_step(state, h, inputs, rates, slopes))
    which = np.flatnonzero(steps > 1.0)
    if not len(which):
        return after
    part, h, left, fed, who = (_picked(x, which) for x in (after, h, steps - 1.0, inputs, rates))
    while len(which):
        part = list(_ON_ARRAYS.rk4_step(part, h, fed, who, _ON_ARRAYS.slope(*part, *fed, *who)))
        left -= 1.0
        done = np.flatnonzero(left == 0.0)
        if not len(done):
            continue
        for whole, new in zip(after, part, strict=True):
            if whole is not NOTHING:
                whole[which[done]] = new[done]
        still = np.flatnonzero(left > 0.0)
        if len(still) < 0.8 * len(which):  # the others step on in vain meanwhile
            which, left = which[still], left[still]
            part, h, fed, who = (_picked(x, still) for x in (part, h, fed, who))
    return after


def _on_floats(state: list[Any], hours: np.ndarray, inputs: list[Any], rates: list[Any]) -> list[Any]:
    """Return every lane ``hours`` later. Plain floats, lane after lane: the stepper itself."""
    number, parts = len(hours), len(state)
    absent = [0.0] * (parts + 2) + [1.0 if name in _DIVISORS else 0.0 for name in Rates._fields]
    every = zip((*state, *inputs, *rates), absent, strict=True)
    columns = [[zero] * number if part is NOTHING else part.tolist() for part, zero in every]
    rows = zip(zip(*columns, strict=True), hours.tolist(), strict=True)
    new = [_ON_FLOATS.advance(row[:parts], h, row[parts : parts + 2], row[parts + 2 :]) for row, h in rows]
    after = np.array(new, dtype=float).reshape(number, parts).T
    return [NOTHING if old is NOTHING else np.ascontiguousarray(column) for old, column in zip(state, after, strict=True)]


class _Compiled:
    """Compiled blocks of lanes, every piece in one call."""

    def once(self, state: list[Any], inputs: list[Any], rates: list[Any], time_h: np.ndarray, at_h: np.ndarray) -> list[Any]:
        parts, concentration = _stacked(state, inputs, rates), np.empty((1, len(time_h)))
        kernel = compiled.through(_in_play(state, inputs, rates))
        one_piece = np.ones(len(time_h), dtype=np.int64)
        kernel(parts, time_h.copy(), at_h.copy(), 1.0, one_piece, concentration, np.empty((0, 0)), np.empty((0, 0), dtype=bool))
        return [old if old is NOTHING else new for old, new in zip(state, parts[: len(state)], strict=True)]

    def through(
        self,
        state: list[Any],
        inputs: list[Any],
        rates: list[Any],
        moments: Moments,
        reaching: list[int],
        concentration: np.ndarray,
        edges: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        moving = reaching[0]
        parts = _stacked(*([_first(x, moving) for x in group] for group in (state, inputs, rates)))
        kernel = compiled.through(_in_play(state, inputs, rates))
        time_h, grid = moments.begin_h.copy(), moments.grid.astype(float)
        crossed = np.empty(concentration.shape if len(edges) else (0, 0), dtype=bool)
        kernel(parts, time_h, grid, float(STEPS_PER_H), moments.pieces, concentration, edges, crossed)
        for kept, new in zip(state, parts[: len(state)], strict=True):
            if kept is not NOTHING:
                kept[:moving] = new
        return _piece_and_place(crossed)


_RUNNERS: dict[str, Callable[[], Any]] = {
    "numpy": partial(_Piecewise, _on_arrays),
    "python": partial(_Piecewise, _on_floats),
    "compiled": _Compiled,
}


def _stacked(*groups: list[Any]) -> np.ndarray:
    every = [part for group in groups for part in group]
    some = next(part for part in every if part is not NOTHING)
    return np.array([np.zeros(len(some)) if part is NOTHING else part for part in every])


def _in_play(*groups: list[Any]) -> tuple[bool, ...]:
    return tuple(part is not NOTHING for group in groups for part in group)
