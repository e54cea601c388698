"""SciPy on the same right-hand side, to tight tolerances: the reference every other runner is held to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from heparin_pk.body.kinetics import derivatives

METHOD = "DOP853"
RELATIVE_TOLERANCE = 1e-12
ABSOLUTE_TOLERANCE = 1e-12
"""Levels between its steps are read off a polynomial: at 1e-10 they missed by 5e-8, now by 1e-9."""
UNDERSHOOT = 1e-4
"""A ten-thousandth of a unit in litres: dense output passes zero by about 1e-6 U after the largest doses of protamine."""
LEAST_AMOUNT_U = 1e-30
"""Less than a molecule is nothing (DERIVED: a unit is about 2e14, at 180 U/mg and 15 kg/mol); SciPy divides by its square."""
SHORTEST_INTERVAL_H, LONGEST_INTERVAL_H = 0.25, 6.0


class Segment:
    """The time after something was given, while nothing else is: ``solve_ivp`` from there, interval by interval (short ones first,
    for an order may soon follow), read off its dense output.

    The intervals do not depend on who looks, so drawing blood never changes what follows.
    """

    def __init__(self, start_h: float, state: tuple, inputs: tuple[float, float], rates: tuple) -> None:
        self._ends_h, self._state, self._next_h = [start_h], state, SHORTEST_INTERVAL_H
        self._inputs, self._rates = inputs, rates
        self._intervals: list[Any] = []

    def _slope(self, _: float, y: Any) -> tuple:
        state: tuple = tuple(amount if abs(amount) > LEAST_AMOUNT_U else 0.0 for amount in y.tolist())
        return derivatives(*state, *self._inputs, *self._rates)  # type: ignore[call-arg]

    def _grow(self) -> None:
        from scipy.integrate import solve_ivp  # noqa: PLC0415  half a second that a slider does not need

        start_h, end_h = self._ends_h[-1], self._ends_h[-1] + self._next_h
        solution = solve_ivp(
            self._slope,
            (start_h, end_h),
            self._state,
            method=METHOD,
            dense_output=True,
            rtol=RELATIVE_TOLERANCE,
            atol=ABSOLUTE_TOLERANCE,
        )
        if not solution.success:
            raise ValueError(f"the integration stopped at {solution.t[-1]:g} h: {solution.message}")
        self._intervals.append(solution.sol)
        self._ends_h.append(end_h)
        self._state = tuple(solution.y[:, -1].tolist())
        self._next_h = min(2.0 * self._next_h, LONGEST_INTERVAL_H)

    def at(self, times_h: Sequence[float]) -> list[tuple]:
        """Return the states at ``times_h``, rising, none of them before the start."""
        states: list[tuple] = []
        while len(states) < len(times_h):
            soonest_h = times_h[len(states)]
            while self._ends_h[-1] < soonest_h or not self._intervals:
                self._grow()
            interval = max(1, bisect_left(self._ends_h, soonest_h))
            here = [t for t in times_h[len(states) :] if t <= self._ends_h[interval]]
            states += [_no_less_than_nothing(column) for column in self._intervals[interval - 1](here).T.tolist()]
        return states


def _no_less_than_nothing(column: list[float]) -> tuple:
    """Return a state without the undershoot of the interpolation, which is far below what any assay sees."""
    if min(column) < -UNDERSHOOT:
        raise ValueError(f"the integration went below zero: {column}")
    return tuple(max(0.0, amount) for amount in column)
