"""Rules of an order, the same for one patient and for many: what a decision may contain, what the drug can receive, what the
pump rounds, what contradicts an order already given, and what comes first at one moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.body.bodysize import dosing_weight_kg
from heparin_pk.body.patient import LIMITS, Cohort, Patient
from heparin_pk.ward.controller import Decision, Decisions
from heparin_pk.ward.orders import (
    HOURS,
    LONGEST_BOLUS_MIN,
    LONGEST_HOLD_MIN,
    MOST_DOSE_U,
    MOST_RATE_U_PER_H,
    ORDERS,
    PAUSE_LEVELS,
    SHORTEST_BOLUS_MIN,
    SHORTEST_HOLD_MIN,
    Bolus,
    Hold,
    Infusion,
    Notify,
    Order,
    Pause,
    Protamine,
    Resume,
    Stop,
    Subcutaneous,
    check_rate,
    most_rate_u_per_h,
)
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.weighing import Weighing

U_PER_MG_PROTAMINE = 100.0
"""Each mg of protamine neutralises not less than 100 USP units of heparin (its US label)."""

LATEST_DRAW_H = 1e5
"""Eleven years: beyond any run; a draw later than the run is simply not drawn."""

# What comes first at one moment


class Priority(IntEnum):
    """What comes first at one moment, lowest first.

    ``END``: holds and short infusions end.
    ``DRAW``: blood is drawn.
    ``RESULT``: results are read and answered.
    ``ORDER``: orders are carried out; blood drawn at the moment of a dose is therefore pre-dose.
    """

    END = 0
    DRAW = 1
    RESULT = 2
    ORDER = 3


STILL_AT_THE_END = (Priority.DRAW, Priority.RESULT)
"""What still happens at the last moment of a run: blood is drawn and read, nothing more is given."""


class EventKind(IntEnum):
    """Kinds of event in the queue of a patient, with the two numbers each carries (0 where none is named).

    ``DRAW``: blood is drawn.
    ``RESULT``: a result is read; its value, and when it was drawn, h.
    ``RESULT_ABOVE``: the same, above the ceiling of the assay.
    ``BOLUS``: its dose, U, and the minutes it is given over.
    ``INFUSION``: the new rate, U/h.
    ``STOP``: the infusion ends.
    ``HOLD``: its length, min.
    ``SUBCUTANEOUS``: the dose, U.
    ``PROTAMINE``: the dose, mg, and the minutes it is given over.
    ``BOLUS_END``: a bolus given over minutes ends; the rate that stops, U/h.
    ``HOLD_END``: a hold ends.
    ``PROTAMINE_END``: protamine ends; the rate that stops, units neutralised per h.
    ``ABSORPTION``: a subcutaneous dose reaches the depot after its lag; the absorbed dose, U.
    ``PAUSE``: the infusion is paused; the level below which it is resumed.
    ``RESUME``: the paused infusion runs again.
    ``NOTIFY``: somebody is called.
    """

    DRAW = 0
    RESULT = 1
    RESULT_ABOVE = 2
    BOLUS = 3
    INFUSION = 4
    STOP = 5
    HOLD = 6
    SUBCUTANEOUS = 7
    PROTAMINE = 8
    BOLUS_END = 9
    HOLD_END = 10
    PROTAMINE_END = 11
    ABSORPTION = 12
    PAUSE = 13
    RESUME = 14
    NOTIFY = 15


PRIORITIES = {
    **dict.fromkeys(EventKind, Priority.ORDER),
    **dict.fromkeys((EventKind.BOLUS_END, EventKind.HOLD_END, EventKind.PROTAMINE_END, EventKind.ABSORPTION), Priority.END),
    **dict.fromkeys((EventKind.RESULT, EventKind.RESULT_ABOVE), Priority.RESULT),
    EventKind.DRAW: Priority.DRAW,
}
"""The priority of each kind of event, in the order of the kinds."""

KIND_OF: dict[type, EventKind] = {
    Bolus: EventKind.BOLUS,
    Infusion: EventKind.INFUSION,
    Stop: EventKind.STOP,
    Hold: EventKind.HOLD,
    Subcutaneous: EventKind.SUBCUTANEOUS,
    Protamine: EventKind.PROTAMINE,
    Pause: EventKind.PAUSE,
    Resume: EventKind.RESUME,
    Notify: EventKind.NOTIFY,
}

# What a decision may contain


def checked_orders(decision: Decision, weight_kg: float, pump: Pump, now_h: float) -> tuple[Order, ...]:
    """Return the orders of a decision in units for this weight, with rates the pump can be set to.

    Raises ``ValueError`` for something that is no order, and for an order in the past.
    """
    check_is("what a controller decides", decision, Decision, "a Decision")
    check_is("orders", decision.orders, (tuple, list), "a list of orders")
    orders: list[Order] = []
    for written in decision.orders:
        check_is("an order", written, ORDERS, "an order")
        if written.time_h < now_h:
            raise ValueError(f"an order must not lie in the past: {written!r} was decided at {now_h:g} h")
        order: Order = written.resolved(weight_kg)
        if isinstance(order, Infusion):
            order = Infusion(time_h=order.time_h, rate_u_per_h=pump.delivered_u_per_h(order.rate_u_per_h or 0.0))
        orders.append(order)
    return tuple(orders)


def checked_draws_h(decision: Decision, now_h: float, last_drawn_h: float) -> tuple[float, ...]:
    """Return the draws of a decision, h; raises ``ValueError`` for one in the past or not after the last draw."""
    draws_h = tuple(check_between("next_draw_h", draw_h, now_h, LATEST_DRAW_H) for draw_h in decision.draws_h)
    for draw_h in draws_h:
        if draw_h <= last_drawn_h:
            raise ValueError(f"next_draw_h must come after the last draw at {last_drawn_h:g} h; got {draw_h!r}")
    return draws_h


def check_decisions(made: Decisions, now_h: np.ndarray, last_drawn_h: np.ndarray, weight_kg: np.ndarray) -> None:
    """Check the decisions for many patients (m,) as :func:`checked_orders` and :func:`checked_draws_h` check one.

    ``now_h`` and ``last_drawn_h`` (m,) are when they were made and when blood was last drawn (minus infinity: never);
    ``weight_kg`` (m,) the weights that doses are calculated with.

    Raises ``ValueError`` with the first value outside its limits.
    """
    check_is("what a controller decides for many", made, Decisions, "a Decisions")
    made.check_arrays(len(now_h))
    if not len(now_h):
        return
    # The extremes decide for all; a NaN is its own extreme and fails every comparison.
    bolus_u, over_min, hold_min = made.bolus_u, made.bolus_over_min, made.hold_min
    if not (bolus_u.min() >= 0.0 and bolus_u.max() <= MOST_DOSE_U):
        _refuse("bolus_u", bolus_u, 0.0, MOST_DOSE_U)
    if not (over_min.min() >= 0.0 and over_min.max() <= LONGEST_BOLUS_MIN):
        _refuse("bolus_over_min", over_min, 0.0, LONGEST_BOLUS_MIN)
    if over_min.max() > 0.0 and ((over_min > 0.0) & (over_min < SHORTEST_BOLUS_MIN)).any():
        _refuse("bolus_over_min", np.where(over_min > 0.0, over_min, SHORTEST_BOLUS_MIN), SHORTEST_BOLUS_MIN, LONGEST_BOLUS_MIN)
    if not (hold_min.min() >= 0.0 and hold_min.max() <= LONGEST_HOLD_MIN):
        _refuse("hold_min", hold_min, 0.0, LONGEST_HOLD_MIN)
    if hold_min.max() > 0.0 and ((hold_min > 0.0) & (hold_min < SHORTEST_HOLD_MIN)).any():
        _refuse("hold_min", np.where(hold_min > 0.0, hold_min, SHORTEST_HOLD_MIN), SHORTEST_HOLD_MIN, LONGEST_HOLD_MIN)
    rate, draw_h = made.rate_u_per_h, made.next_draw_h  # NaN keeps the rate, or draws no more
    check_rates(rate, weight_kg)
    if ((draw_h < now_h) | (draw_h > LATEST_DRAW_H)).any():
        _refuse("next_draw_h", draw_h, now_h, LATEST_DRAW_H)
    if (draw_h <= last_drawn_h).any():
        first = int((draw_h <= last_drawn_h).argmax())
        raise ValueError(f"next_draw_h must come after the last draw at {last_drawn_h[first]:g} h; got {float(draw_h[first])!r}")
    until = made.pause_until_below
    if until is not None and ((until < PAUSE_LEVELS[0]) | (until > PAUSE_LEVELS[1])).any():
        _refuse("pause_until_below", until, *PAUSE_LEVELS)
    if until is not None and made.resume is not None and (made.resume & ~np.isnan(until)).any():
        raise ValueError(
            "pause_until_below and resume must not be given at once: one pauses the infusion, the other ends the pause"
        )
    if made.at_h is not None and not ((made.at_h >= now_h) & (made.at_h <= HOURS[1])).all():
        _refuse("at_h", made.at_h, now_h, HOURS[1])


def check_rates(rate_u_per_h: np.ndarray, weight_kg: np.ndarray) -> None:
    """Raise ``ValueError`` for a rate (m,) that is negative or higher than may be ordered at that weight (m,); NaN is no rate."""
    wrong = (rate_u_per_h < 0.0) | (rate_u_per_h > most_rate_u_per_h(weight_kg))
    if wrong.any():
        first = int(wrong.argmax())
        check_rate(float(rate_u_per_h[first]), float(weight_kg[first]))


def check_doses(dose_u: np.ndarray) -> None:
    """Raise ``ValueError`` for the first dose (m,) that is higher than may be ordered."""
    if (dose_u > MOST_DOSE_U).any():
        _refuse("dose_u", dose_u, 0.0, MOST_DOSE_U)


def _refuse(name: str, values: np.ndarray, low: float | np.ndarray, high: float) -> None:
    """Raise ``ValueError`` for the first of these values that is outside its limits (or NaN, unless others are outside)."""
    low = np.broadcast_to(np.asarray(low, dtype=float), values.shape)
    outside = (values < low) | (values > high)
    first = int((outside if outside.any() else np.isnan(values)).argmax())
    check_between(name, float(values[first]), float(low[first]), high)


# The weight that doses are calculated with


def dosed_by_kg(controller: Any, patient: Patient | Cohort) -> Any:
    """Return the weight that a controller doses by, kg; (n,) for a cohort.

    It is the patient's own dosing weight where one is given, else what the rule of the table makes of the body weight.

    Raises ``ValueError`` when the rule needs a height or a sex that is unknown, or where no patient could weigh that much.
    """
    rule = getattr(controller, "dosing_weight", "actual")
    if (isinstance(rule, str) and rule == "actual") or patient.dosing_weight_kg is not None:
        return patient.doses_by_kg
    weight_kg, words = (
        (rule.weight_kg(patient), "dosing weight")
        if isinstance(rule, Weighing)
        else (dosing_weight_kg(patient, rule), f"{rule} body weight")
    )
    for end in (np.min(weight_kg), np.max(weight_kg)):
        check_between(f"the {words}", float(end), *LIMITS["dosing_weight_kg"])
    return weight_kg


# What the pump rounds


def delivered_u_per_h(rate_u_per_h: np.ndarray, pump: Pump) -> np.ndarray:
    """Return the rates the pump delivers for these (m,) ordered ones, U/h, NaN where none was ordered.

    Raises ``ValueError`` where rounding leads beyond the highest rate.
    """
    ordered = ~np.isnan(rate_u_per_h)
    delivered = pump.delivered_to_all_u_per_h(np.where(ordered, rate_u_per_h, 0.0))
    if (delivered > MOST_RATE_U_PER_H).any():
        _refuse("rate_u_per_h", delivered, 0.0, MOST_RATE_U_PER_H)
    return np.where(ordered, delivered, np.nan)


# What the drug can receive


def check_received(orders: Iterable[Order], *, can_absorb: bool, can_neutralise: bool) -> None:
    """Raise ``ValueError`` for a subcutaneous dose or protamine in a model that does not describe it."""
    for order in orders:
        if isinstance(order, Subcutaneous) and not can_absorb:
            raise ValueError("this model does not say how a subcutaneous dose is absorbed (ktr_per_h is 0)")
        if isinstance(order, Protamine) and not can_neutralise:
            raise ValueError("this model does not say how protamine neutralises heparin (kr_ml_per_u_per_h is 0)")


# What contradicts an order already given


def is_unchanged_rate(order: Order, rate_u_per_h: float, now_h: float) -> bool:
    """Return whether an order asks now for the rate that is ordered already: it changes nothing and is not written down."""
    return isinstance(order, Infusion) and order.time_h == now_h and order.rate_u_per_h == rate_u_per_h


def purpose_of(order: Order | EventKind) -> str:
    """Return what an order is for: two orders for one purpose at one moment contradict each other."""
    kind = order if isinstance(order, EventKind) else KIND_OF[type(order)]
    if kind in (EventKind.PAUSE, EventKind.RESUME):
        return "pause"
    return "rate" if kind in (EventKind.INFUSION, EventKind.STOP) else kind.name.lower()


def refuse_two_at_once(purpose: str, time_h: float) -> None:
    """Raise the ``ValueError`` that two orders for one purpose stand at the same moment."""
    raise ValueError(f"two orders of one kind at the same time: {purpose} at {time_h:g} h was ordered before")
