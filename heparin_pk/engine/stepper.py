"""Fixed-step Runge-Kutta in plain floats: what makes sliders instant.

The classical fourth-order step on :func:`heparin_pk.body.kinetics.derivatives`, at most five minutes long and aligned to every
order. One step is tried; where its own slopes say that it misses (after a bolus, while protamine works, when heparin washes out)
the five minutes are cut finer, by a rule that uses only ``+ - * / sqrt``, so the same numbers come out of Python and of compiled
code, bit for bit.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.body.kinetics import derivatives
from heparin_pk.engine.reference import UNDERSHOOT

STEPS_PER_H = 12
"""No step is longer than five minutes, and steps end on the five-minute grid."""

INTERVAL_H = 1.0 / STEPS_PER_H
"""How long an interval from grid point to grid point is."""

_PER_BENT = 1.0 / 1.5e-6
_PER_STIFF = 1.0 / 2.0
_PER_FALL = 1.0 / 0.06
"""Chosen by measurement: all published sets within 1e-6, steps where they pay. RK4 itself is stable to a stiffness of 2.78."""
_FAINT_U, _MOST_U = 3e-4, 1e12
"""Plasma is never said to hold less (1e-7 U/mL in three litres), or, where a step overflowed, more."""
_FAINT = 1e-7
_SIXTH = 1.0 / 6.0
_MOST_BY_BENT = 40.0


class Arithmetic(NamedTuple):
    """What the rule for the step length needs beyond ``+ - * /``, for floats or for arrays; ``smaller(a, nan)`` is a."""

    smaller: Callable = min
    larger: Callable = max
    root: Callable = math.sqrt
    whole: Callable = math.ceil


FLOATS = Arithmetic()
ARRAYS = Arithmetic(np.fmin, np.maximum, np.sqrt, np.ceil)


def _as_it_is(function: Callable) -> Callable:
    return function


class Stepper(NamedTuple):
    """The right-hand side, the step, the rule for its length (three parts), and all of them together."""

    slope: Callable[..., Any]
    rk4_step: Callable[..., Any]
    error_indicators: Callable[..., Any]
    accept_step: Callable[..., Any]
    substeps: Callable[..., Any]
    advance: Callable[..., Any]


def build(
    compiled: Callable[[Callable], Callable] = _as_it_is,
    arithmetic: Arithmetic = FLOATS,
    keep: Callable[[Callable], Callable] = _as_it_is,
) -> Stepper:
    """Return the stepper, its parts passed through ``compiled`` (nothing, or a compiler), the whole through ``keep``.

    ``state`` is a tuple in the order of :class:`~heparin_pk.body.kinetics.State`, ``inputs`` the pump and protamine rates, ``rates``
    a tuple in the order of :class:`~heparin_pk.body.kinetics.Rates`: floats, or arrays with one element a person.
    ``slope(*state, *inputs, *rates)`` is the right-hand side. With what it says of now ``rk4_step(state, h, inputs, rates, now)``
    is one step, and how much its path bends (the difference of its two middle slopes, for plasma, protamine and effect).
    One step of ``hours`` is good if ``accept_step(error_indicators(state, new, hours, inputs, rates, now, bend))``; if not, ``substeps``
    says into how many it must be cut. ``advance(state, hours, inputs, rates)`` is the state ``hours`` later (floats only).
    ``hours`` is at most an interval, five minutes.
    """
    slope = compiled(derivatives)
    smaller, larger, root, whole = arithmetic

    # The tuples are unrolled by hand: a loop over eight components would cost more than the arithmetic.
    # fmt: off
    @compiled
    def rk4_step(state, h, inputs, rates, now):
        a, b, c, d, e, f, g, i = state  # nothing depends on the area i, so its stages are not needed
        a1, b1, c1, d1, e1, f1, g1, i1 = now
        k = 0.5 * h
        a2, b2, c2, d2, e2, f2, g2, i2 = slope(
            a + k*a1, b + k*b1, c + k*c1, d + k*d1, e + k*e1, f + k*f1, g + k*g1, i, *inputs, *rates)
        a3, b3, c3, d3, e3, f3, g3, i3 = slope(
            a + k*a2, b + k*b2, c + k*c2, d + k*d2, e + k*e2, f + k*f2, g + k*g2, i, *inputs, *rates)
        a4, b4, c4, d4, e4, f4, g4, i4 = slope(
            a + h*a3, b + h*b3, c + h*c3, d + h*d3, e + h*e3, f + h*f3, g + h*g3, i, *inputs, *rates)
        k = h * _SIXTH
        return (
            a + k*(a1 + 2.0*(a2 + a3) + a4), b + k*(b1 + 2.0*(b2 + b3) + b4),
            c + k*(c1 + 2.0*(c2 + c3) + c4), d + k*(d1 + 2.0*(d2 + d3) + d4),
            e + k*(e1 + 2.0*(e2 + e3) + e4), f + k*(f1 + 2.0*(f2 + f3) + f4),
            g + k*(g1 + 2.0*(g2 + g3) + g4), i + k*(i1 + 2.0*(i2 + i3) + i4),
        ), (a3 - a2, f3 - f2, g3 - g2)

    @compiled
    def error_indicators(state, new, hours, inputs, rates, now, bend):
        """Return what a step must bear, as two amounts that must not exceed the third (what plasma holds after it).

        The first is how fast things go: how stiff they are, and how far the plasma falls or rises, for of a level that falls for
        hours every halving adds its error. The second is how far one step may miss: the two middle slopes of a step differ by a
        quarter of the third derivative (h**2 J J f); times h**3 and the fastest rate squared that is its error, but for a number.
        A term that is not in play is multiplied by False, so that floats, arrays and compiled code run the same lines.
        """
        central, _, bound, depot1, depot2, protamine, effect, _ = state
        per_v1, cl, vmax, km, q, per_v2, bmax, kon, kint, ktr, kr, protamine_loss, ke0 = rates
        fastest = (vmax / km + cl + q) * per_v1 + q * per_v2 + ke0
        fastest = fastest + (kon * per_v1 * (central + inputs[0] * hours + (bmax - bound)) + kint)
        fastest = fastest + (depot1 + depot2 > 0.0) * ktr
        plasma = smaller(_MOST_U, abs(new[0])) + _FAINT_U
        bends = abs(bend[0])
        working = protamine + inputs[1] > 0.0
        fastest = fastest + working * (kr * per_v1 * (central + (protamine + inputs[1] * hours)) + protamine_loss)
        bends = bends + working * (abs(bend[1]) / (protamine + _FAINT)) * plasma
        bends = bends + (abs(bend[2]) / (effect + _FAINT)) * plasma
        stiff = hours * fastest
        swift = stiff * _PER_STIFF * plasma + hours * _PER_FALL * abs(now[0])
        return swift, hours * _PER_BENT * (stiff * stiff) * bends, plasma

    @compiled
    def accept_step(error_indicators):
        """Return whether ``substeps`` would say one, which is mostly so and sooner known."""
        swift, bent, plasma = error_indicators
        return (swift <= plasma) & (bent <= plasma)

    @compiled
    def substeps(error_indicators):
        swift, bent, plasma = error_indicators
        by_bent = smaller(_MOST_BY_BENT, root(root(bent / plasma)))
        return larger(1.0, whole(larger(swift / plasma, by_bent) - 1e-9))
    # fmt: on

    @keep
    def advance(state, hours, inputs, rates):
        now = slope(*state, *inputs, *rates)
        new, bend = rk4_step(state, hours, inputs, rates, now)
        burden = error_indicators(state, new, hours, inputs, rates, now, bend)
        if accept_step(burden):
            return new
        intervals = int(substeps(burden))
        h = hours / intervals
        for _ in range(intervals):
            state, _bend = rk4_step(state, h, inputs, rates, slope(*state, *inputs, *rates))
        return state

    return Stepper(slope, rk4_step, error_indicators, accept_step, substeps, advance)


class Segment:
    """The time after something was given, while nothing else is: stepped from grid point to grid point as far as asked.

    Looking between grid points steps aside and leaves no mark, so drawing blood never changes what follows.
    """

    def __init__(self, advance: Callable, start_h: float, state: tuple, inputs: tuple[float, float], rates: tuple) -> None:
        self._advance, self._inputs, self._rates = advance, inputs, rates
        self._first = math.floor(start_h * STEPS_PER_H + 1e-9) + 1
        self._times_h, self._states = [start_h], [state]

    def at(self, times_h: Sequence[float]) -> list[tuple]:
        """Return the states at ``times_h``, none of them before the start."""
        states = [self._one(time_h) for time_h in times_h]
        for state in states:
            if min(state) < -UNDERSHOOT:
                raise ValueError(f"the stepper went below zero; these kinetics are too fast for it: {state}")
        return states

    def _one(self, time_h: float) -> tuple:
        while (grid_h := (index := self._first + len(self._times_h) - 1) / STEPS_PER_H) <= time_h:
            begin_h = self._times_h[-1]
            hours = INTERVAL_H if begin_h == (index - 1) / STEPS_PER_H else grid_h - begin_h
            self._states.append(self._advance(self._states[-1], hours, self._inputs, self._rates))
            self._times_h.append(grid_h)
        place = bisect_right(self._times_h, time_h) - 1
        aside = time_h - self._times_h[place]
        return self._states[place] if aside <= 0.0 else self._advance(self._states[place], aside, self._inputs, self._rates)
