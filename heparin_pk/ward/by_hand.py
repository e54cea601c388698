"""Two controllers without a table: a plan fixed in advance, and a learner's own decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import as_seen, check_between, check_is, check_one_of, floats, shown
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.ward.controller import Decision, Decisions, Situation, Situations, adjustment
from heparin_pk.ward.orders import LONGEST_HOLD_MIN, SHORTEST_HOLD_MIN, Regimen


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fixed:
    """A controller with a plan fixed in advance: it never adjusts anything to a result.

    ``regimen``: the orders.
    ``draws_h``: when blood is drawn, h, rising.
    ``assay``: the test that is reported, a key of ``ASSAYS``.

    Raises ``ValueError`` when a field is of the wrong kind, or the draws do not rise.
    """

    regimen: Regimen
    draws_h: tuple[float, ...] = ()
    assay: str = "aptt_s"

    def __post_init__(self) -> None:
        if not isinstance(self.regimen, Regimen):
            raise ValueError(f"regimen must be a Regimen; got {as_seen(self.regimen)}")
        check_is("draws_h", self.draws_h, (list, tuple), "a list of hours")
        object.__setattr__(self, "draws_h", tuple(check_between("draws_h", time_h, 0.0, 1e4) for time_h in self.draws_h))
        if list(self.draws_h) != sorted(set(self.draws_h)):
            raise ValueError(f"draws_h must rise; got {self.draws_h}")
        check_one_of("assay", self.assay, ASSAYS)

    __repr__ = shown

    def decide(self, situation: Situation) -> Decision:
        """Return every order and every draw at the start, and nothing at the results."""
        if situation.labs:
            return Decision()
        return Decision(orders=self.regimen.orders, next_draw_h=self.draws_h, why="as planned")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step:
    """A learner's decision at one result.

    ``hold_min``: pause of the infusion, minutes (0: none; else 1 to 2880).
    ``bolus_u_per_kg``: re-bolus, U/kg (0 to 500; 0: none).
    ``rate_u_per_kg_per_h``: new rate, U/kg/h (0 to 100); ``None`` keeps the rate.
    ``recheck_h``: hours to the next draw, counted from the end of the hold (1 to 72).

    Raises ``ValueError`` when a field lies outside its limits.
    """

    hold_min: float = 0.0
    bolus_u_per_kg: float = 0.0
    rate_u_per_kg_per_h: float | None = None
    recheck_h: float = 6.0

    def __post_init__(self) -> None:
        if self.hold_min != 0.0:
            check_between("hold_min", self.hold_min, SHORTEST_HOLD_MIN, LONGEST_HOLD_MIN)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        if self.rate_u_per_kg_per_h is not None:
            check_between("rate_u_per_kg_per_h", self.rate_u_per_kg_per_h, 0.0, 100.0)
        check_between("recheck_h", self.recheck_h, 1.0, 72.0)
        floats(self, "hold_min", "bolus_u_per_kg", "rate_u_per_kg_per_h", "recheck_h")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ByHand:
    """A controller with a learner's own decisions: a start, a first check, and one :class:`Step` for each result in turn.

    After the last step the infusion is left unchanged, and blood is drawn at the interval of the last step (or, without
    steps, of the first check). It decides for one patient or for many, who then all get the same steps.

    ``bolus_u_per_kg``: first bolus, U/kg (0 to 500).
    ``rate_u_per_kg_per_h``: first rate, U/kg/h (0 to 100).
    ``first_check_h``: hours to the first draw (1 to 72).
    ``steps``: the decisions, the first of them at the first result.
    ``assay``: the test that is reported, a key of ``ASSAYS``.

    Raises ``ValueError`` when a field lies outside its limits.

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
                raise ValueError(f"steps must be Step objects; got {as_seen(step)}")
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
        n_results = len(situation.labs)
        if n_results > len(self.steps):
            recheck_h = self.steps[-1].recheck_h if self.steps else self.first_check_h
            return Decision(next_draw_h=now + recheck_h, why="left alone")
        step = self.steps[n_results - 1]
        rate = step.rate_u_per_kg_per_h
        return Decision(
            orders=adjustment(
                now,
                bolus_u=step.bolus_u_per_kg * weight,
                hold_min=step.hold_min,
                rate_u_per_h=None if rate is None else rate * weight,
            ),
            next_draw_h=now + step.hold_min / 60.0 + step.recheck_h,
            why=f"your step {n_results}",
        )

    @property
    def looks_back(self) -> int:
        """Number of latest results that it reads: the plan itself reads none, it counts them."""
        return 1

    def decide_many(self, situations: Situations) -> Decisions:
        """Return the start, or the step for the latest result, for each of m patients; the same numbers as :meth:`decide`."""
        alone = Step(recheck_h=self.steps[-1].recheck_h if self.steps else self.first_check_h)
        start = Step(
            bolus_u_per_kg=self.bolus_u_per_kg, rate_u_per_kg_per_h=self.rate_u_per_kg_per_h, recheck_h=self.first_check_h
        )
        plan = (start, *self.steps, alone)
        step = np.minimum(situations.n_results, len(plan) - 1)
        rates = [math.nan if one.rate_u_per_kg_per_h is None else one.rate_u_per_kg_per_h for one in plan]
        hold_min = np.array([one.hold_min for one in plan])[step]
        recheck_h = np.array([one.recheck_h for one in plan])[step]
        return Decisions(
            bolus_u=np.array([one.bolus_u_per_kg for one in plan])[step] * situations.weight_kg,
            bolus_over_min=np.zeros(len(step)),
            hold_min=hold_min,
            rate_u_per_h=np.array(rates)[step] * situations.weight_kg,
            next_draw_h=situations.time_h + hold_min / 60.0 + recheck_h,
        )
