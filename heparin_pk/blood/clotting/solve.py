"""Solve a stiff network step by step: a cap on the steps, a check of every state, other methods where one fails."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

METHODS = ("LSODA", "BDF", "Radau")
"""Methods of SciPy in the order they are tried; each has the analytic Jacobian."""
RELATIVE_TOLERANCE = 1e-6
"""LSODA fails now and then with 1e-5 or more."""
ABSOLUTE_TOLERANCE = 1e-10
"""nmol/L; concentrations are not cut off at 0, which would stall the Newton iteration."""
LEAST_NMOL_PER_L = -1e-6
"""No concentration falls below it: a method that brings one lower has failed."""
MOST_STEPS = 5000


class Reacting(Protocol):
    """What can be solved: a :class:`~.network.Network`, or anything with its derivatives and its Jacobian."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def species(self) -> tuple[str, ...]:
        """Names of its species, in the order of a state."""

    def within_reach(self, state: np.ndarray) -> np.ndarray:
        """Return which species are there or can be made, (species,)."""

    def derivatives(self, time_s: float, state: np.ndarray) -> np.ndarray:
        """Return how fast each species changes, nmol/L/s."""

    def jacobian(self, time_s: float, state: np.ndarray) -> np.ndarray:
        """Return the derivative of each species' change with respect to each species, 1/s."""


class SolverError(ArithmeticError):
    """No method reached the end; the message says what each of them met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What happened in a tube.

    ``time_s``: times, s, (n,).
    ``state``: concentrations, nmol/L, (species, n), in the order of the network's species.
    ``reached_s``: when the species that was waited for reached its level, s; ``None``: not within the time.
    ``method``: the method of SciPy that solved it.
    """

    time_s: np.ndarray
    state: np.ndarray
    reached_s: float | None
    method: str


def solve(
    network: Reacting,
    start: np.ndarray,
    end_s: float,
    *,
    wait_for: str | None = None,
    wait_for_nmol_per_l: float = math.inf,
    stop: bool = True,
    times_s: np.ndarray | None = None,
    methods: tuple[str, ...] = METHODS,
) -> Solution:
    """Return how a network changes from a state.

    ``start``: concentrations at 0 s, nmol/L, (species,).
    ``end_s``: end, s.
    ``wait_for``: a species that is watched.
    ``wait_for_nmol_per_l``: the level of it whose first crossing is looked for, nmol/L.
    ``stop``: end there.
    ``times_s``: rising times above 0 at which the states are wanted, s (``None``: where the method steps); 0 s is always there.
    ``methods``: names of ``METHODS`` to try.

    Raises :class:`SolverError` where no method reaches the end.
    """
    failures = []
    for method in methods:
        try:
            return _one(network, start, end_s, method, (wait_for, wait_for_nmol_per_l), stop, times_s)
        except ArithmeticError as failure:
            failures.append(f"{method}: {failure}")
    raise SolverError(f"{network.title}: no method reached {end_s:g} s ({'; '.join(failures)})")


def _one(
    network: Reacting,
    start: np.ndarray,
    end_s: float,
    method: str,
    wait_for: tuple[str | None, float],
    stop: bool,
    times_s: np.ndarray | None,
) -> Solution:
    from scipy import integrate  # noqa: PLC0415  takes 0.2 s: loaded only when a tube is filled

    kept = np.flatnonzero(network.within_reach(start))

    def whole(part: np.ndarray) -> np.ndarray:
        state = np.zeros((len(start), *part.shape[1:]))
        state[kept] = part
        return state

    solver: Any = getattr(integrate, method)(
        lambda time_s, part: network.derivatives(time_s, whole(part))[kept],
        0.0,
        start[kept],
        end_s,
        rtol=RELATIVE_TOLERANCE,
        atol=ABSOLUTE_TOLERANCE,
        jac=lambda time_s, part: network.jacobian(time_s, whole(part))[np.ix_(kept, kept)],
    )
    watched, level = (0, math.inf) if wait_for[0] is None else (network.species.index(wait_for[0]), wait_for[1])
    reached_s = 0.0 if start[watched] >= level else None
    times: list[np.ndarray] = []
    states: list[np.ndarray] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LSODA tells of a failure by a warning as well as by its status
        for _ in range(MOST_STEPS):
            if solver.status != "running" or (stop and reached_s is not None):
                break
            message = solver.step()
            if solver.status == "failed":
                raise ArithmeticError(f"{message or 'failed'} at {solver.t:g} s")
            if not np.isfinite(solver.y).all():
                raise ArithmeticError(f"a concentration that is no number at {solver.t:g} s")
            if solver.y.min() < LEAST_NMOL_PER_L:
                raise ArithmeticError(f"a concentration of {solver.y.min():.2g} nmol/L at {solver.t:g} s")
            if reached_s is None and whole(solver.y)[watched] >= level:
                reached_s = _crossing(solver.dense_output(), int(np.searchsorted(kept, watched)), level, solver.t_old, solver.t)
            if times_s is None:
                times.append(np.array([solver.t]))
                states.append(whole(solver.y)[:, None])
            else:
                first, last = np.searchsorted(times_s, (solver.t_old, solver.t), side="right")
                if last > first:
                    times.append(times_s[first:last])
                    states.append(whole(solver.dense_output()(times_s[first:last])))
        else:
            raise ArithmeticError(f"{MOST_STEPS} steps and only at {solver.t:g} s")
    times.insert(0, np.zeros(1))
    states.insert(0, np.array(start, dtype=float)[:, None])
    return Solution(time_s=np.concatenate(times), state=np.hstack(states), reached_s=reached_s, method=method)


def _crossing(inside: Callable[[float], np.ndarray], watched: int, level: float, before_s: float, after_s: float) -> float:
    """Return when a species reaches a level between two steps, s, by bisection on the method's own interpolation."""
    for _ in range(60):
        middle = 0.5 * (before_s + after_s)
        if middle in (before_s, after_s):
            break
        if inside(middle)[watched] >= level:
            after_s = middle
        else:
            before_s = middle
    return float(after_s)
