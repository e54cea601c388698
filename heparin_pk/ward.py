"""What the ward sees and what it answers: results, situations, decisions, and whoever decides.

A controller is anything with an ``assay`` and one method, ``decide``. It is asked at the start and again at each result, and
it sees what the ward would see at that moment: nothing that is still in the laboratory, nothing that is only true.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, floats, shown
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.blood.laboratory import Lab
from heparin_pk.pump import Pump
from heparin_pk.regimen import Bolus, Hold, Infusion, Order, Regimen


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

    ``number`` counts the results so far; ``levels`` and ``above_ceiling`` (k, m) hold the latest k of them, newest first
    (0 and False where there are fewer). The rest is as in :class:`Situation`.
    """

    time_h: np.ndarray
    weight_kg: np.ndarray
    rate_u_per_h: np.ndarray
    number: np.ndarray
    levels: np.ndarray
    above_ceiling: np.ndarray
    pump: Pump

    @classmethod
    def of(cls, situation: Situation, latest: int) -> Situations:
        """Return one situation as a crowd of one, with its latest results."""
        newest = situation.labs[::-1][:latest]
        blank = [0.0] * (latest - len(newest))
        return cls(
            time_h=np.array([situation.time_h]),
            weight_kg=np.array([situation.weight_kg]),
            rate_u_per_h=np.array([situation.rate_u_per_h]),
            number=np.array([len(situation.labs)]),
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
class CrowdController(Controller, Protocol):
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fixed:
    """A plan that does not listen: the orders of ``regimen``, with blood drawn at ``draws_h`` for the record."""

    regimen: Regimen
    draws_h: tuple[float, ...] = ()
    assay: str = "aptt_s"

    def __post_init__(self) -> None:
        if not isinstance(self.regimen, Regimen):
            raise ValueError(f"regimen must be a Regimen; got {self.regimen!r}")
        check_is("draws_h", self.draws_h, (list, tuple), "a list of hours")
        object.__setattr__(self, "draws_h", tuple(check_between("draws_h", time_h, 0.0, 1e4) for time_h in self.draws_h))
        if list(self.draws_h) != sorted(set(self.draws_h)):
            raise ValueError(f"draws_h must rise; got {self.draws_h}")
        check_one_of("assay", self.assay, ASSAYS)

    __repr__ = shown

    def decide(self, situation: Situation) -> Decision:
        """Return every order and every draw at the start, and nothing afterwards."""
        if situation.labs:
            return Decision()
        return Decision(orders=self.regimen.orders, next_draw_h=self.draws_h, why="as planned")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step:
    """A learner's answer to one result: hold, re-bolus, new rate (``None`` keeps the rate), and when to look again."""

    hold_min: float = 0.0
    bolus_u_per_kg: float = 0.0
    rate_u_per_kg_per_h: float | None = None
    recheck_h: float = 6.0

    def __post_init__(self) -> None:
        check_between("hold_min", self.hold_min, 0.0, 2880.0)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        if self.rate_u_per_kg_per_h is not None:
            check_between("rate_u_per_kg_per_h", self.rate_u_per_kg_per_h, 0.0, 100.0)
        check_between("recheck_h", self.recheck_h, 1.0, 72.0)
        floats(self, "hold_min", "bolus_u_per_kg", "rate_u_per_kg_per_h", "recheck_h")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ByHand:
    """A learner at the bedside: a start, a first check, and one :class:`Step` for each result as it comes.

    When the steps run out the infusion is left alone and blood is drawn as the last step (or the first check) asked.

    >>> ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=(Step(rate_u_per_kg_per_h=16),))
    ByHand(bolus_u_per_kg=80.0, rate_u_per_kg_per_h=18.0, steps=(Step(rate_u_per_kg_per_h=16.0),))
    """

    bolus_u_per_kg: float
    rate_u_per_kg_per_h: float
    first_check_h: float = 6.0
    steps: tuple[Step, ...] = ()
    assay: str = "aptt_s"

    def __post_init__(self) -> None:
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        check_between("rate_u_per_kg_per_h", self.rate_u_per_kg_per_h, 0.0, 100.0)
        check_between("first_check_h", self.first_check_h, 1.0, 72.0)
        check_is("steps", self.steps, (list, tuple), "a list of Step objects")
        object.__setattr__(self, "steps", tuple(self.steps))
        for step in self.steps:
            if not isinstance(step, Step):
                raise ValueError(f"steps must be Step objects; got {step!r}")
        check_one_of("assay", self.assay, ASSAYS)
        floats(self, "bolus_u_per_kg", "rate_u_per_kg_per_h", "first_check_h")

    __repr__ = shown

    def decide(self, situation: Situation) -> Decision:
        """Return the start, or the step the learner chose for this result."""
        now, weight = situation.time_h, situation.weight_kg
        if not situation.labs:
            return Decision(
                orders=adjustment(now, bolus_u=self.bolus_u_per_kg * weight, rate_u_per_h=self.rate_u_per_kg_per_h * weight),
                next_draw_h=now + self.first_check_h,
                why="start",
            )
        number = len(situation.labs)
        if number > len(self.steps):
            recheck_h = self.steps[-1].recheck_h if self.steps else self.first_check_h
            return Decision(next_draw_h=now + recheck_h, why="left alone")
        step = self.steps[number - 1]
        rate = step.rate_u_per_kg_per_h
        return Decision(
            orders=adjustment(
                now,
                bolus_u=step.bolus_u_per_kg * weight,
                hold_min=step.hold_min,
                rate_u_per_h=None if rate is None else rate * weight,
            ),
            next_draw_h=now + step.hold_min / 60.0 + step.recheck_h,
            why=f"your step {number}",
        )
