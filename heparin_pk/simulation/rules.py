"""The rules of an order, the same for one patient and for many: what may be decided, received, rounded and given."""

from __future__ import annotations

from enum import IntEnum

from heparin_pk.base.checks import check_is
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent, Responses
from heparin_pk.published.drug import Drug
from heparin_pk.ward.controller import Controller, Decision
from heparin_pk.ward.orders import ORDERS, Infusion, Order
from heparin_pk.ward.pump import Pump

U_PER_MG_PROTAMINE = 100.0
"""Each mg of protamine neutralises not less than 100 USP units of heparin (its US label)."""


class Priority(IntEnum):
    """What comes first at one moment, for one patient and for many.

    What was running out ends (holds, short infusions), blood is drawn, results are read and answered, orders are carried out.
    Blood drawn at the moment of a dose is therefore pre-dose.
    """

    END = 0
    DRAW = 1
    RESULT = 2
    ORDER = 3


STILL_AT_THE_END = (Priority.DRAW, Priority.RESULT)
"""What still happens when the time is up: blood is drawn and read, nothing more is given."""


def prepared(controller: Controller, laboratory: Laboratory | None, pump: Pump | None) -> tuple[Laboratory, Pump]:
    """Return the laboratory and the pump a controller works with; raises ``ValueError`` where they do not fit it."""
    check_is("controller", controller, Controller, "something with an assay and decide(situation)")
    check_is("laboratory", laboratory, (Laboratory, type(None)), "a Laboratory or None")
    laboratory = laboratory if laboratory is not None else Laboratory(assay=controller.assay)
    if laboratory.assay != controller.assay:
        raise ValueError(
            f"this controller reads {controller.assay}, but the laboratory reports {laboratory.assay}: "
            "a level in one says nothing in the other"
        )
    pump = pump if pump is not None else getattr(controller, "pump", None) or Pump()
    check_is("pump", pump, Pump, "a Pump or None")
    return laboratory, pump


def answers(drug: Drug, reagent: Reagent | None, laboratory: Laboratory | None) -> Responses:
    """Return how blood answers in this laboratory; raises ``ValueError`` for a reagent or an assay the drug has no law for."""
    if reagent is not None and not isinstance(drug.reagent, Reagent):
        raise ValueError(f"reagent must be None: the slope of {reagent.name} was measured with heparin, {_own_law(drug)}")
    responses = drug.answers_with(reagent if reagent is not None else drug.reagent)
    if laboratory is not None and laboratory.assay not in responses.assays:
        raise ValueError(
            f"the laboratory reports {laboratory.assay}, about which nothing was published with {drug.name}; "
            f"it answers in {', '.join(responses.assays)}"
        )
    return responses


def _own_law(drug: Drug) -> str:
    return f"and {drug.name} has " + ("an aPTT law of its own" if drug.reagent is not None else "no aPTT law at all")


def absolute(decision: Decision, weight_kg: float, pump: Pump, now_h: float) -> tuple[Order, ...]:
    """Return a decision's orders in units for this weight, rates as the pump can be set, none of them in the past."""
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
