"""What the ward sees and what it answers: results, situations, decisions, and whoever decides.

A controller is anything with an ``assay`` and one method, ``decide``. It is asked at the start and again at each result, and
it sees what the ward would see at that moment: nothing that is still in the laboratory, nothing that is only true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from heparin_pk.blood.laboratory import Lab
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order
from heparin_pk.ward.pump import Pump


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known at the bedside when somebody has to decide: the time, the weight, the running rate, the results so far.

    ``rate_u_per_h`` is the rate ordered last: what runs, or will run again when a hold ends.
    """

    time_h: float
    weight_kg: float
    rate_u_per_h: float
    labs: tuple[Lab, ...]
    pump: Pump


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided: orders (from now on), when to draw blood next (several times, or ``None``: not again), and why."""

    orders: tuple[Order, ...] = ()
    next_draw_h: float | tuple[float, ...] | None = None
    why: str = ""

    @property
    def draws_h(self) -> tuple[float, ...]:
        """Every draw decided on, h."""
        draws = () if self.next_draw_h is None else self.next_draw_h
        return draws if isinstance(draws, tuple) else (draws,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situations:
    """What is known at many bedsides where somebody has to decide at once: arrays of shape (m,), one element a person.

    ``n_results`` counts the results so far; ``levels`` and ``above_ceiling`` (k, m) hold the latest k of them, newest first
    (0 and False where there are fewer). The rest is as in :class:`Situation`.
    """

    time_h: np.ndarray
    weight_kg: np.ndarray
    rate_u_per_h: np.ndarray
    n_results: np.ndarray
    levels: np.ndarray
    above_ceiling: np.ndarray
    pump: Pump

    @classmethod
    def of(cls, situation: Situation, latest: int) -> Situations:
        """Return one situation as a cohort of one, with its latest results."""
        newest = situation.labs[::-1][:latest]
        blank = [0.0] * (latest - len(newest))
        return cls(
            time_h=np.array([situation.time_h]),
            weight_kg=np.array([situation.weight_kg]),
            rate_u_per_h=np.array([situation.rate_u_per_h]),
            n_results=np.array([len(situation.labs)]),
            levels=np.array([[lab.value] for lab in newest] + [[one] for one in blank]),
            above_ceiling=np.array([[lab.above_ceiling] for lab in newest] + [[False] for _ in blank]),
            pump=situation.pump,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What was decided at many bedsides: arrays of shape (m,); a bolus or hold of 0 is none, NaN keeps the rate or draws no more.

    The new rate runs once the hold is over. ``at_h`` is when it is done (``None``: now).
    """

    bolus_u: np.ndarray
    bolus_over_min: np.ndarray
    hold_min: np.ndarray
    rate_u_per_h: np.ndarray
    next_draw_h: np.ndarray
    at_h: np.ndarray | None = None

    def orders(self, now_h: float) -> tuple[Order, ...]:
        """Return the orders at the first of these bedsides."""
        rate = float(self.rate_u_per_h[0])
        return adjustment(
            now_h if self.at_h is None else float(self.at_h[0]),
            bolus_u=float(self.bolus_u[0]),
            bolus_over_min=float(self.bolus_over_min[0]),
            hold_min=float(self.hold_min[0]),
            rate_u_per_h=None if math.isnan(rate) else rate,
        )


@runtime_checkable
class Controller(Protocol):
    """Whoever decides the next order: a nomogram, a plan, a learner's hand."""

    @property
    def assay(self) -> str:
        """The test it wants reported, a key of ``ASSAYS``."""
        ...

    def decide(self, situation: Situation) -> Decision:
        """Return what to do now; called at the start (no results yet) and at every result."""
        ...


@runtime_checkable
class VectorController(Controller, Protocol):
    """A controller that decides for many at once: the same decisions, thousands a millisecond, no compiler needed."""

    @property
    def looks_back(self) -> int:
        """How many of the latest results it reads."""
        ...

    def decide_many(self, situations: Situations) -> Decisions:
        """Return what to do at each bedside, which depends on nothing but that bedside."""
        ...


def adjustment(
    time_h: float,
    *,
    bolus_u: float = 0.0,
    bolus_over_min: float = 0.0,
    hold_min: float = 0.0,
    rate_u_per_h: float | None = None,
) -> tuple[Order, ...]:
    """Return the orders of one decision: the bolus now, the hold from now, the new rate (running once the hold is over)."""
    orders: list[Order] = []
    if bolus_u > 0.0:
        orders.append(Bolus(time_h=time_h, dose_u=bolus_u, over_min=bolus_over_min))
    if hold_min > 0.0:
        orders.append(Hold(time_h=time_h, duration_min=hold_min))
    if rate_u_per_h is not None:
        orders.append(Infusion(time_h=time_h, rate_u_per_h=rate_u_per_h))
    return tuple(orders)
