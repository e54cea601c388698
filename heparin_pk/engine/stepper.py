"""Fixed-step Runge-Kutta in plain floats: the default engine, fast enough for sliders.

The classical fourth-order step (RK4) on :func:`heparin_pk.body.kinetics.derivatives`. Intervals are five minutes long at most and
end on the five-minute grid and at every order. Each interval is tried with one step; where the slopes of that step show too large
an error (after a bolus, while protamine works, when heparin washes out) the interval is divided into substeps. The step-size rule
uses only ``+ - * / sqrt``, so Python and compiled code get the same bits.
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
"""Length of an interval from grid point to grid point, h."""

# The step-size rule, with its tolerances turned over because multiplication is faster than division. One step is accepted
# while the stiffness (fastest rate x step) stays below 2, the plasma amount changes by less than 6 %, and the estimated
# error of the step stays below 1.5e-6 of the plasma amount. RK4 itself is stable up to a stiffness of 2.78.
_PER_TRUNCATION = 1.0 / 1.5e-6
_PER_STIFFNESS = 1.0 / 2.0
_PER_CHANGE = 1.0 / 0.06
"""Of the three limits above. Chosen by measurement: all published sets within 1e-6, substeps only where they save time."""
_STRONG_PULL, _MOST_PULL, _PER_PULL = 8.0, 50.0, 1.0 / 0.06
"""Stiffness of protamine from which on a step may have only 0.06 of it (about 100 mg in an adult), and up to which that counts:
beyond, the heparin is gone within the interval."""
_LEAST_PLASMA_U, _MOST_PLASMA_U = 3e-4, 1e12
"""Limits of the plasma amount that errors are compared with: 1e-7 U/mL in three litres; and, where a step overflowed, 1e12 U."""
_TINY = 1e-7  # U or U/mL; keeps the relative error of an empty compartment from a division by zero
_SIXTH = 1.0 / 6.0
_MOST_BY_TRUNCATION = 40.0  # substeps, whatever error a step estimates that overflowed


Function = Callable[..., Any]
Numbers = tuple[float, ...]


class Arithmetic(NamedTuple):
    """Functions of the step-size rule beyond ``+ - * /``, for floats or for arrays.

    * ``smaller``: minimum of two values; ``smaller(a, nan)`` is a.
    * ``larger``: maximum of two values.
    * ``root``: square root.
    * ``whole``: the next whole number above.
    """

    smaller: Function = min
    larger: Function = max
    root: Function = math.sqrt
    whole: Function = math.ceil


FLOATS = Arithmetic()
ARRAYS = Arithmetic(np.fmin, np.maximum, np.sqrt, np.ceil)


def _unchanged(function: Function) -> Function:
    return function


class Stepper(NamedTuple):
    """The functions of the stepper; :func:`build` says what each takes and returns.

    * ``slope``: the right-hand side.
    * ``rk4_step``: one Runge-Kutta step.
    * ``error_indicators``, ``accept_step``, ``substeps``: the step-size rule in three parts.
    * ``advance``: all of them together, one interval.
    """

    slope: Function
    rk4_step: Function
    error_indicators: Function
    accept_step: Function
    substeps: Function
    advance: Function


def build(
    compiled: Callable[[Function], Function] = _unchanged,
    arithmetic: Arithmetic = FLOATS,
    keep: Callable[[Function], Function] = _unchanged,
) -> Stepper:
    """Return the stepper, its parts passed through ``compiled`` (the identity, or a compiler), the whole through ``keep``.

    The functions take floats, or arrays with one element a patient (``advance``: floats only):

    * ``state``: amounts in the order of :class:`~heparin_pk.body.kinetics.State`, U (the effect U/mL, the area U h/mL);
    * ``inputs``: rates of the pump and of the protamine syringe, U/h;
    * ``rates``: parameters in the order of :class:`~heparin_pk.body.kinetics.Rates`;
    * ``hours``: length of the interval, h, at most ``INTERVAL_H``.

    The functions are:

    * ``slope(*state, *inputs, *rates)``: the right-hand side, how fast each amount changes, per hour;
    * ``rk4_step(state, h, inputs, rates, now)``: one step of ``h`` hours from the slope ``now``; returns the new state and the
      bend (the difference of the two middle slopes, for plasma, protamine and effect);
    * ``error_indicators(state, new, hours, inputs, rates, now, bend)``: how fast the system is and how large the error of the
      step, as amounts;
    * ``accept_step(error_indicators)``: whether one step of ``hours`` is accurate enough;
    * ``substeps(error_indicators)``: into how many steps the interval must be divided;
    * ``advance(state, hours, inputs, rates)``: the state ``hours`` later.
    """
    slope = compiled(derivatives)
    smaller, larger, root, whole = arithmetic

    # The tuples are unrolled by hand: a loop over nine components would cost more than the arithmetic.
    # fmt: off
    @compiled
    def rk4_step(state: Any, h: Any, inputs: Any, rates: Any, now: Any) -> Any:
        # Classical RK4. State components a to g, i and j; their slopes at the beginning (1), twice in the middle (2, 3) and at
        # the end (4) of the step.
        a, b, c, d, e, f, g, i, j = state  # nothing depends on the area i, so its stages are not needed
        a1, b1, c1, d1, e1, f1, g1, i1, j1 = now
        k = 0.5 * h
        a2, b2, c2, d2, e2, f2, g2, i2, j2 = slope(
            a + k*a1, b + k*b1, c + k*c1, d + k*d1, e + k*e1, f + k*f1, g + k*g1, i, j + k*j1, *inputs, *rates)
        a3, b3, c3, d3, e3, f3, g3, i3, j3 = slope(
            a + k*a2, b + k*b2, c + k*c2, d + k*d2, e + k*e2, f + k*f2, g + k*g2, i, j + k*j2, *inputs, *rates)
        a4, b4, c4, d4, e4, f4, g4, i4, j4 = slope(
            a + h*a3, b + h*b3, c + h*c3, d + h*d3, e + h*e3, f + h*f3, g + h*g3, i, j + h*j3, *inputs, *rates)
        k = h * _SIXTH
        # The new state, and the bend: the two middle slopes are equal where the path is straight.
        return (
            a + k*(a1 + 2.0*(a2 + a3) + a4), b + k*(b1 + 2.0*(b2 + b3) + b4),
            c + k*(c1 + 2.0*(c2 + c3) + c4), d + k*(d1 + 2.0*(d2 + d3) + d4),
            e + k*(e1 + 2.0*(e2 + e3) + e4), f + k*(f1 + 2.0*(f2 + f3) + f4),
            g + k*(g1 + 2.0*(g2 + g3) + g4), i + k*(i1 + 2.0*(i2 + i3) + i4),
            j + k*(j1 + 2.0*(j2 + j3) + j4),
        ), (a3 - a2, f3 - f2, g3 - g2)

    @compiled
    def error_indicators(state: Any, new: Any, hours: Any, inputs: Any, rates: Any, now: Any, bend: Any) -> Any:
        """Return the indicators of a tried step and the amount they must not exceed, each in U.

        * Speed: the sum of the stiffness of the system and of the change of the plasma amount, each over its limit. The change
          counts because the errors of a level that falls for hours add up, halving by halving.
        * Truncation: the estimated error of the step. The two middle slopes differ by a quarter of h**2 J J f (f the slope, J its
          Jacobian); the error is this difference times h**3 and the fastest rate squared, up to a constant factor.
        * Plasma: the amount in plasma after the step. The first two are amounts too, so that no division is needed.
        """
        central, _, bound, depot1, depot2, protamine, effect, _, _ = state
        per_v1, cl, vmax, km, q, per_v2, bmax, kon, kint, ktr, kr, protamine_loss, ke0, _, _ = rates
        # The sum of all rate constants (per hour) is the fastest rate. Saturable elimination counts at zero concentration,
        # where it is fastest; binding and neutralisation count with the plasma amount plus what the pump adds.
        fastest = (vmax / km + cl + q) * per_v1 + q * per_v2 + ke0
        fastest = fastest + (kon * per_v1 * (central + inputs[0] * hours + (bmax - bound)) + kint)
        # An inactive term is multiplied by False, not skipped: floats, arrays and compiled code then run the same lines.
        fastest = fastest + (depot1 + depot2 > 0.0) * ktr
        plasma = smaller(_MOST_PLASMA_U, abs(new[0])) + _LEAST_PLASMA_U
        bends = abs(bend[0])
        working = protamine + inputs[1] > 0.0
        both = central + inputs[0] * hours + (protamine + inputs[1] * hours)
        fastest = fastest + working * (kr * per_v1 * both + protamine_loss)
        # Protamine and effect need the same relative accuracy as plasma: their bends are scaled to the plasma amount.
        bends = bends + working * (abs(bend[1]) / (protamine + _TINY)) * plasma
        bends = bends + (abs(bend[2]) / (effect + _TINY)) * plasma
        stiffness = hours * fastest
        speed = stiffness * _PER_STIFFNESS * plasma + hours * _PER_CHANGE * abs(now[0])
        # Much protamine takes heparin away within seconds, where a tried step says nothing: as many steps as that decay needs.
        pull = hours * working * (kr * per_v1 * (protamine + inputs[1] * hours))
        speed = speed + (pull > _STRONG_PULL) * smaller(_MOST_PULL, stiffness) * _PER_PULL * plasma
        return speed, hours * _PER_TRUNCATION * (stiffness * stiffness) * bends, plasma

    @compiled
    def accept_step(indicators: Any) -> Any:
        """Return whether ``substeps`` would return 1, as it mostly does, without its division and roots."""
        speed, truncation, plasma = indicators
        return (speed <= plasma) & (truncation <= plasma)

    @compiled
    def substeps(indicators: Any) -> Any:
        # Speed is proportional to the step. The error of a step goes with its fifth power, so that n steps leave 1/n**4 of it:
        # n is the fourth root of the excess. A NaN from a step that overflowed gives the upper limit.
        # The 1e-9 keeps a rounding error from asking for a second step where accept_step says that one will do.
        speed, truncation, plasma = indicators
        by_truncation = smaller(_MOST_BY_TRUNCATION, root(root(truncation / plasma)))
        return larger(1.0, whole(larger(speed / plasma, by_truncation) - 1e-9))
    # fmt: on

    @keep
    def advance(state: Any, hours: Any, inputs: Any, rates: Any) -> Any:
        # Try one step; if it is not accurate enough, begin again from the old state with equal substeps.
        now = slope(*state, *inputs, *rates)
        new, bend = rk4_step(state, hours, inputs, rates, now)
        indicators = error_indicators(state, new, hours, inputs, rates, now, bend)
        if accept_step(indicators):
            return new
        n = int(substeps(indicators))
        h = hours / n
        for _ in range(n):
            state, _bend = rk4_step(state, h, inputs, rates, slope(*state, *inputs, *rates))
        return state

    return Stepper(slope, rk4_step, error_indicators, accept_step, substeps, advance)


class Segment:
    """The time from one order to the next, integrated from grid point to grid point as far as asked.

    A state between grid points is computed with a step of its own and not kept, so a blood sample never changes the later course.
    """

    def __init__(self, advance: Function, start_h: float, state: Numbers, inputs: tuple[float, float], rates: Numbers) -> None:
        self._advance, self._inputs, self._rates = advance, inputs, rates
        # The first grid point after the start; a start within a rounding error of a grid point counts as on it.
        self._first = math.floor(start_h * STEPS_PER_H + 1e-9) + 1
        self._times_h, self._states = [start_h], [state]

    def at(self, times_h: Sequence[float]) -> list[Numbers]:
        """Return the states at ``times_h``, none of them before the start.

        Raises ``ValueError`` when an amount falls below zero or is none.
        """
        return [self._state_at(time_h) for time_h in times_h]

    def _state_at(self, time_h: float) -> Numbers:
        # Integrate over the grid up to time_h; every state on the grid is kept for later questions.
        while (grid_h := (index := self._first + len(self._times_h) - 1) / STEPS_PER_H) <= time_h:
            begin_h = self._times_h[-1]
            # A whole interval always has the same length, whatever the rounding of the difference of its ends.
            hours = INTERVAL_H if begin_h == (index - 1) / STEPS_PER_H else grid_h - begin_h
            self._states.append(self._step(self._states[-1], hours))
            self._times_h.append(grid_h)
        place = bisect_right(self._times_h, time_h) - 1
        rest_h = time_h - self._times_h[place]
        return self._states[place] if rest_h <= 0.0 else self._step(self._states[place], rest_h)

    def _step(self, state: Numbers, hours: float) -> Numbers:
        new: Numbers = self._advance(state, hours, self._inputs, self._rates)
        if not min(new) >= -UNDERSHOOT or math.isnan(sum(new)):
            raise ValueError(f"the stepper went below zero; these kinetics are too fast for it: {new}")
        return new
