"""The handover of a patient under heparin, written from the chart of a course: a colleague can go on from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from heparin_pk.base.checks import check_between, check_is, shown
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Notify, Order, Pause, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.ward.pump import Bag, ml_per_h


class Charted(Protocol):
    """What a handover reads of a course: its chart, its pump and its patient."""

    @property
    def hours(self) -> float: ...
    @property
    def entries(self) -> tuple[Any, ...]: ...
    @property
    def time_h(self) -> np.ndarray: ...
    @property
    def pump_u_per_h(self) -> np.ndarray: ...
    @property
    def patient(self) -> Patient: ...
    @property
    def drug(self) -> Drug: ...
    @property
    def target(self) -> TherapeuticRange | None: ...
    @property
    def labs(self) -> tuple[Lab, ...]: ...
    @property
    def regimen(self) -> Regimen: ...
    @property
    def bag(self) -> Bag: ...
    def orders_in_words(self, orders: tuple[Order, ...]) -> str:
        """Return orders given at one moment as the chart writes them."""
        ...


LAST_RESULTS = 3
"""How many results are handed over: enough to see where it goes (chosen)."""
BAG_SOON_H = 4.0
"""A bag that runs empty within this time is told to the pharmacist (chosen)."""
WITHIN_H = 24.0
"""What was given is summed over this time, h."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Handover:
    """What one ward tells the next one at an hour of a course, from the chart alone: no true level is in it.

    ``at_h``: when, h after the start.
    ``who``: the patient, in words.
    ``target``: the range aimed at, or ``None``.
    ``running``: what the pump does now, in words.
    ``rate_u_per_h``: its rate, U/h (0 while it is held or stopped).
    ``given``: what was given in the last 24 h, in words.
    ``given_u``: how much that was, U.
    ``results``: the last three results, oldest first.
    ``so_far``: what the results say, in words.
    ``pending``: what is on its way: samples drawn and not back, orders not yet carried out.
    ``next_check_h``: when blood is drawn next, h; ``None`` where the chart does not say.
    ``next_check``: the same in words.
    ``must_know``: who must be told what.
    ``allergies``: allergy to heparin and earlier HIT, in words.
    """

    at_h: float
    who: str
    target: TherapeuticRange | None
    running: str
    rate_u_per_h: float
    given: str
    given_u: float
    results: tuple[Lab, ...]
    so_far: str
    pending: tuple[str, ...]
    next_check_h: float | None
    next_check: str
    must_know: tuple[tuple[str, str], ...]
    allergies: str

    __repr__ = shown

    def in_words(self) -> str:
        """Return the handover as it is read out, one heading a line."""
        results = "; ".join(f"{one.in_words()} (drawn {one.drawn_h:.4g} h)" for one in self.results) or "none yet"
        lines = [
            f"Handover at {self.at_h:.4g} h",
            f"Who:         {self.who}",
            f"Allergies:   {self.allergies}",
            f"Aim:         {'no range is aimed at' if self.target is None else self.target.in_words()}",
            f"Pump:        {self.running}",
            f"Given:       {self.given}",
            f"Results:     {results}",
            f"So far:      {self.so_far}",
            f"Pending:     {'; '.join(self.pending) or 'nothing'}",
            f"Next check:  {self.next_check}",
        ]
        lines += [f"Must know:   {whom}: {what}" for whom, what in self.must_know]
        return "\n".join(lines)


def handover(
    course: Charted, at_h: float | None = None, *, reacted_to_heparin: bool | None = None, had_hit: bool | None = None
) -> Handover:
    """Return the handover of a course at an hour (default: its end), from what stood in the chart by then.

    ``reacted_to_heparin``, ``had_hit``: an allergic reaction to heparin, HIT at any time; ``None``: not asked, which is said.

    The next sample is known where it had been decided by then. Raises ``ValueError`` for an hour outside the course.
    """
    for name, value in (("reacted_to_heparin", reacted_to_heparin), ("had_hit", had_hit)):
        check_is(name, value, (bool, type(None)), "True, False or None")
    at = course.hours if at_h is None else check_between("at_h", at_h, 0.0, course.hours)
    results = tuple(lab for lab in course.labs if lab.reported_h <= at)
    drawn = [lab for lab in course.labs if lab.drawn_h <= at < lab.reported_h]
    known = [order for entry in course.entries if entry.time_h <= at for order in entry.orders]
    later = sorted((order for order in known if order.time_h > at), key=lambda order: order.time_h)
    pending = [f"a sample drawn at {lab.drawn_h:.4g} h is not back" for lab in drawn]
    pending += [f"at {order.time_h:.4g} h: {course.orders_in_words((order,))}" for order in later]
    rate = float(course.pump_u_per_h[max(int(np.searchsorted(course.time_h, at, side="right")) - 1, 0)])
    next_h, next_words = _next_check(course, at, drawn)
    given_u, given = _given(course, at)
    return Handover(
        at_h=float(at),
        who=_who(course),
        target=course.target,
        running=_running(course, at, rate),
        rate_u_per_h=rate,
        given=given,
        given_u=given_u,
        results=results[-LAST_RESULTS:],
        so_far=_so_far(results, course.target),
        pending=tuple(pending),
        next_check_h=next_h,
        next_check=next_words,
        must_know=_before_all(reacted_to_heparin, had_hit, rate) + _must_know(course, at, rate, results),
        allergies=_allergies(reacted_to_heparin, had_hit),
    )


def _allergies(reacted: bool | None, had_hit: bool | None) -> str:
    """Return what is known of an allergy to heparin and of earlier HIT."""
    said = {None: "not asked: ask before you take over", False: "none", True: "YES"}
    return f"allergy to heparin: {said[reacted]}; earlier HIT: {said[had_hit]}"


def _before_all(reacted: bool | None, had_hit: bool | None, rate: float) -> tuple[tuple[str, str], ...]:
    """Return what must be said first of a patient with an allergy to heparin or earlier HIT."""
    runs = " and heparin runs" if rate > 0.0 else ""
    found = (
        [("physician", f"HIT before{runs}: no heparin, flushes too, unless it is planned with the laboratory")] if had_hit else []
    )
    found += [("physician", f"an allergic reaction to heparin before{runs}")] if reacted else []
    return tuple(found)


def _who(course: Charted) -> str:
    one, unit = course.patient, course.drug.amount_unit
    words = [f"{one.weight_kg:g} kg"]
    if one.doses_by_kg != one.weight_kg:
        words.append(f"dosed by {one.doses_by_kg:.3g} kg")
    if "age_y" in one.stated():
        words.append(f"{one.age_y:g} years")
    words.append(f"aPTT before heparin {one.baseline_aptt_s:g} s")
    words += [f"{name.replace('_', ' ')}" for name in one.stated() if getattr(one, name) is True]
    bag = course.bag
    return f"{', '.join(words)}; bag {bag.units_u:,.0f} {unit} in {bag.volume_ml:g} mL"


def _running(course: Charted, at: float, rate: float) -> str:
    unit = course.drug.amount_unit
    past = [order for order in course.regimen.orders if order.time_h <= at]
    changes = [order for order in past if isinstance(order, Infusion | Hold | Pause | Stop)]
    if rate > 0.0:
        since = max((order.time_h for order in past if isinstance(order, Infusion)), default=0.0)
        pump = ml_per_h(rate, course.bag.concentration_u_per_ml)
        return (
            f"{rate:,.0f} {unit}/h = {rate / course.patient.doses_by_kg:.1f} {unit}/kg/h = {pump:.4g} mL/h, since {since:.4g} h"
        )
    if not changes:
        return "no infusion"
    last = changes[-1] if not isinstance(changes[-1], Infusion) else next(
        (one for one in reversed(changes) if not isinstance(one, Infusion)), changes[-1])  # fmt: skip
    return f"stands still: {course.orders_in_words((last,))} at {last.time_h:.4g} h"


def _given(course: Charted, at: float) -> tuple[float, str]:
    """Return the units of the last 24 h, and the single doses and the units in words."""
    unit, from_h = course.drug.amount_unit, max(0.0, at - WITHIN_H)
    doses = [
        order for order in course.regimen.resolved(course.patient.doses_by_kg).orders
        if isinstance(order, Bolus | Subcutaneous) and from_h <= order.time_h <= at
    ]  # fmt: skip
    by_pump = _by_pump_u(course, from_h, at) - sum(one.dose_u or 0.0 for one in doses if isinstance(one, Bolus) and one.over_min)
    words = [f"{course.orders_in_words((one,))} at {one.time_h:.4g} h" for one in doses]
    words += [
        f"protamine {one.dose_mg:g} mg at {one.time_h:.4g} h"
        for one in course.regimen.orders
        if isinstance(one, Protamine) and from_h <= one.time_h <= at
    ]
    given_u = sum(one.dose_u or 0.0 for one in doses) + by_pump
    words.append(f"{by_pump:,.0f} {unit} by the pump")
    return given_u, f"{'; '.join(words)}; {given_u:,.0f} {unit} in the last {at - from_h:.4g} h"


def _by_pump_u(course: Charted, from_h: float, to_h: float) -> float:
    """Return what the pump gave between two hours, U."""
    starts, ends = np.clip(course.time_h[:-1], from_h, to_h), np.clip(course.time_h[1:], from_h, to_h)
    return float(np.sum(course.pump_u_per_h[:-1] * (ends - starts)))


def _side(lab: Lab, target: TherapeuticRange) -> str:
    if lab.above_ceiling or lab.value > target.high:
        return "above"
    return "in" if lab.value in target else "below"


def _so_far(results: tuple[Lab, ...], target: TherapeuticRange | None) -> str:
    if target is None:
        return f"{len(results)} results, and no range to compare with" if results else "no result yet"
    sides = [_side(lab, target) for lab in results if lab.assay == target.assay]
    if not sides:
        return "no result yet"
    in_range = sum(one == "in" for one in sides)
    return f"{in_range} of {len(sides)} results in the range, the last one {sides[-1]} it"


def _next_check(course: Charted, at: float, drawn: list[Lab]) -> tuple[float | None, str]:
    """Return the next sample as it was planned by then, h and in words."""
    if drawn:
        return None, "is decided when the pending sample is back"
    coming = [lab.drawn_h for lab in course.labs if lab.drawn_h > at]
    if not coming:
        return None, "stands in no line of this chart: order it before you take over"
    return min(coming), f"blood at {min(coming):.4g} h, {min(coming) - at:.2g} h from now"


def _must_know(course: Charted, at: float, rate: float, results: tuple[Lab, ...]) -> tuple[tuple[str, str], ...]:
    found = [
        (order.whom, f"was to be called at {order.time_h:.4g} h ({entry.why})")
        for entry in course.entries
        for order in entry.orders
        if isinstance(order, Notify) and at - WITHIN_H <= order.time_h <= at
    ]
    target = course.target
    if target is not None:
        sides = [_side(lab, target) for lab in results if lab.assay == target.assay][-2:]
        if len(sides) == 2 and "in" not in sides and sides[0] == sides[1]:
            found.append(("physician", f"two results in a row {sides[0]} the range"))
        if results and results[-1].above_ceiling:
            found.append(("physician", f"the last result is {results[-1].in_words()}: look for bleeding"))
    if rate > 0.0:
        bag = course.bag
        left_ml = bag.volume_ml - (_by_pump_u(course, 0.0, at) / bag.concentration_u_per_ml) % bag.volume_ml
        empty_h = left_ml / ml_per_h(rate, bag.concentration_u_per_ml)
        if empty_h <= BAG_SOON_H:
            found.append(("pharmacist", f"the bag runs empty in {empty_h:.2g} h"))
    if rate == 0.0 and any(isinstance(one, Hold | Pause) for one in _recent(course, at)):
        found.append(("nurse", "the pump stands still: when it goes on stands under Pending"))
    return tuple(dict.fromkeys(found))


def _recent(course: Charted, at: float) -> list[Order]:
    return [order for order in course.regimen.orders if at - WITHIN_H <= order.time_h <= at]
