"""The reference engine: SciPy on the same right-hand side, to tight tolerances. All other engines are tested against it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from heparin_pk.body.kinetics import derivatives

METHOD = "DOP853"
RELATIVE_TOLERANCE = 1e-12
ABSOLUTE_TOLERANCE = 1e-12
"""Levels between the solver's steps come from an interpolating polynomial: at a tolerance of 1e-10 its error was 5e-8, now it is
1e-9."""
UNDERSHOOT = 1e-4
"""Amount below zero that is still taken for zero, U: the dense output undershoots by about 1e-6 U after the largest doses of
protamine."""
LEAST_AMOUNT_U = 1e-30
"""Smaller amounts count as zero: they are less than a molecule (DERIVED: a unit is about 2e14 molecules, at 180 U/mg and
15 kg/mol), and SciPy divides by their square."""
SHORTEST_INTERVAL_H, LONGEST_INTERVAL_H = 0.25, 6.0
"""Limits of the time that one call of the solver integrates; each call takes twice the time of the one before."""

_RIGHT_HAND_SIDE: Callable[..., tuple[float, ...]] = derivatives


class Segment:
    """The time from one order to the next: ``solve_ivp`` from interval to interval, states between its steps by its dense output.

    The intervals are short at first, because another order may follow soon. They do not depend on the times asked for, so a blood
    sample never changes the later course.
    """

    def __init__(self, start_h: float, state: tuple[float, ...], inputs: tuple[float, float], rates: tuple[float, ...]) -> None:
        # Integrated up to the last of ends_h, where the state is the one kept; next_h is the length of the next interval.
        self._ends_h, self._state, self._next_h = [start_h], state, SHORTEST_INTERVAL_H
        self._inputs, self._rates = inputs, rates
        self._intervals: list[Any] = []

    def _slope(self, _: float, y: Any) -> tuple[float, ...]:
        state = tuple(amount if abs(amount) > LEAST_AMOUNT_U else 0.0 for amount in y.tolist())
        return _RIGHT_HAND_SIDE(*state, *self._inputs, *self._rates)

    def _integrate_next_interval(self) -> None:
        from scipy.integrate import solve_ivp  # noqa: PLC0415  half a second that the other engines do not need

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

    def at(self, times_h: Sequence[float]) -> list[tuple[float, ...]]:
        """Return the states at ``times_h``, which rise and do not begin before the start.

        Raises ``ValueError`` when the solver fails or an amount falls below zero.
        """
        states: list[tuple[float, ...]] = []
        while len(states) < len(times_h):
            soonest_h = times_h[len(states)]
            # Integrate further until an interval holds the soonest time that is still to be answered.
            while self._ends_h[-1] < soonest_h or not self._intervals:
                self._integrate_next_interval()
            # All times within one interval are evaluated together.
            interval = max(1, bisect_left(self._ends_h, soonest_h))
            inside = [t for t in times_h[len(states) :] if t <= self._ends_h[interval]]
            states += [_without_undershoot(column) for column in self._intervals[interval - 1](inside).T.tolist()]
        return states


def _without_undershoot(column: list[float]) -> tuple[float, ...]:
    """Return a state without the undershoot of the interpolation, which is far below the resolution of any assay."""
    if not all(amount >= -UNDERSHOOT for amount in column):  # NaN is no amount
        raise ValueError(f"the integration went below zero: {column}")
    return tuple(max(0.0, amount) for amount in column)
