"""Integrators of the one right-hand side. They work with amounts, rates and hours, and do not depend on a patient or a drug.

A :class:`Run` is one integration forward in time: ``state_at`` returns the state at a time and changes nothing, ``give`` adds a
dose or changes a rate, ``trajectory`` returns all states at the end. The engines are

* ``"stepper"``: Runge-Kutta in plain floats, steps of at most 5 min aligned to orders (the default);
* ``"scipy"``: ``solve_ivp`` restarted exactly at each order, to tight tolerances (the reference);
* ``"compiled"``: the stepper's own lines through numba (extra ``fast``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from heparin_pk.base.checks import check_one_of
from heparin_pk.body.kinetics import Kinetics, State
from heparin_pk.engine import compiled, reference, stepper
from heparin_pk.engine.stepper import STEPS_PER_H

ENGINES = ("stepper", "scipy", "compiled")

_plain_advance = stepper.build().advance


def _segments(kinetics: Kinetics, engine: str) -> Callable[..., reference.Segment | stepper.Segment]:
    """Return how a segment is begun with this engine, given start, state and inputs; raises ``ValueError`` for an unknown one."""
    check_one_of("engine", engine, ENGINES)
    rates = tuple(kinetics.rates())
    if engine == "scipy":
        return partial(reference.Segment, rates=rates)
    return partial(stepper.Segment, compiled.advance() if engine == "compiled" else _plain_advance, rates=rates)


def states_from(
    kinetics: Kinetics, engine: str, start_h: float, state: State, *, rate_u_per_h: float, protamine_u_per_h: float
) -> Callable[[float], State]:
    """Return the state as a function of time, from a kept state until something is given: the engine's own step from it.

    Between two points of the grid it is what :meth:`Run.state_at` returned there: bit for bit with the stepper, plain or
    compiled, and within the solver's tolerance with SciPy. Raises ``ValueError`` as :class:`Run` does.
    """
    segment = _segments(kinetics, engine)(start_h, tuple(state), (rate_u_per_h, protamine_u_per_h))
    return lambda time_h: State(*segment.at([time_h])[0])


class Run:
    """One integration in progress: the times and states so far, the pump rate at each, and the segment after the last order.

    Raises ``ValueError`` for an unknown engine, and for the compiled one when numba is not installed.
    """

    def __init__(self, kinetics: Kinetics, engine: str = "stepper") -> None:
        self._begin = _segments(kinetics, engine)
        self._times_h = [0.0]
        self._states: list[tuple[float, ...]] = [tuple(State())]
        self._pump_u_per_h = [0.0]
        self._segment = self._begin(0.0, self._states[0], (0.0, 0.0))

    def _go_to(self, time_h: float) -> None:
        """Store the states on the five-minute grid up to ``time_h``, and at ``time_h`` itself."""
        last = self._times_h[-1]
        if time_h < last:
            raise ValueError(f"time_h must not go back before {last:g}; got {time_h!r}")
        # Grid points strictly between the two times, then time_h itself unless it is there already.
        grid = (k / STEPS_PER_H for k in range(math.floor(last * STEPS_PER_H) + 1, math.ceil(time_h * STEPS_PER_H)))
        times_h = [t for t in grid if last < t < time_h]
        times_h += [time_h] if time_h > last else []
        self._times_h += times_h
        self._states += self._segment.at(times_h)
        self._pump_u_per_h += [self._pump_u_per_h[-1]] * len(times_h)

    def state_at(self, time_h: float) -> State:
        """Return the state at ``time_h`` after all doses and rates given so far; the later course does not change."""
        return State(*self._segment.at([time_h])[0])

    def give(self, time_h: float, jump: State | None = None, *, rate_u_per_h: float, protamine_u_per_h: float = 0.0) -> None:
        """Integrate to ``time_h``, add ``jump`` to the state, and set the rates from then on.

        * ``jump``: amounts added at once, U.
        * ``rate_u_per_h``: pump rate, U/h.
        * ``protamine_u_per_h``: protamine rate, in units of heparin neutralised an hour.

        Raises ``ValueError`` when ``time_h`` lies before the last time given.
        """
        self._go_to(time_h)
        state = self._states[-1]
        if jump is not None:
            state = tuple(before + added for before, added in zip(state, jump, strict=True))
        # Two entries at the time of an order, before and after it; a further order at the same time replaces the second.
        if len(self._times_h) > 1 and self._times_h[-2] == self._times_h[-1]:
            self._states[-1], self._pump_u_per_h[-1] = state, rate_u_per_h
        else:
            self._times_h.append(time_h)
            self._states.append(state)
            self._pump_u_per_h.append(rate_u_per_h)
        self._segment = self._begin(time_h, state, (rate_u_per_h, protamine_u_per_h))

    def trajectory(self, until_h: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the course up to ``until_h``; the time of an order appears twice, just before it and just after.

        * times, (n,), h;
        * states, (n, 9);
        * pump rates, (n,), U/h.
        """
        self._go_to(until_h)
        return np.array(self._times_h), np.array(self._states), np.array(self._pump_u_per_h)
