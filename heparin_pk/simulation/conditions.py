"""Conditions of a run: the model, the laboratory, the pump and the ward, how long, and the seed."""

from __future__ import annotations

from dataclasses import dataclass

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent, Responses
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.matching import in_its_laboratory
from heparin_pk.ward.controller import Controller, VectorController
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors

SHORTEST_RUN_H, LONGEST_RUN_H = 1.0 / 60.0, 1440.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Conditions of a run, the same for one patient and for many.

    ``drug``: the model.
    ``responses``: how blood responds to it in this laboratory.
    ``hours``: how long the run lasts, h.
    ``laboratory``: reports the levels; ``None`` where no blood is drawn.
    ``pump``: rounds the rates; ``None`` where orders are given exactly as written.
    ``seed``: fixes every random number of the run.
    ``ward_errors``: how decisions are carried out; ``None``: exactly as decided.
    """

    drug: Drug
    responses: Responses
    hours: float
    laboratory: Laboratory | None = None
    pump: Pump | None = None
    seed: int = 0
    ward_errors: WardErrors | None = None

    @classmethod
    def open_loop(cls, drug: Drug, *, hours: float, reagent: Reagent | None) -> Conditions:
        """Return the conditions of a run whose orders are known in advance; raises ``ValueError`` for what does not fit."""
        check_is("drug", drug, Drug, "a Drug")
        check_is("reagent", reagent, (Reagent, type(None)), "a Reagent or None")
        return cls(drug=drug, responses=responses_in(drug, reagent, None), hours=checked_hours(hours))

    @classmethod
    def closed_loop(
        cls,
        drug: Drug,
        controller: Controller,
        *,
        hours: float,
        laboratory: Laboratory | None,
        pump: Pump | None,
        seed: int,
        ward_errors: WardErrors | None,
    ) -> Conditions:
        """Return the conditions of a run steered by a controller; raises ``ValueError`` for what does not fit together."""
        check_is("drug", drug, Drug, "a Drug")
        laboratory, pump = laboratory_and_pump_for(drug, controller, laboratory, pump)
        check_is("ward_errors", ward_errors, (WardErrors, type(None)), "a WardErrors or None")
        if ward_errors is not None:
            check_is("controller", controller, VectorController, "one with decide_many (ward errors act on that)")
        if isinstance(controller, VectorController):
            check_is("looks_back", controller.looks_back, int, "a whole number")
            check_between("looks_back", controller.looks_back, 0, 1000)
        return cls(
            drug=drug,
            responses=responses_in(drug, laboratory.reagent, laboratory),
            hours=checked_hours(hours),
            laboratory=laboratory,
            pump=pump,
            seed=seed,
            ward_errors=ward_errors,
        )


def checked_hours(hours: float) -> float:
    """Return the length of a run, h; raises ``ValueError`` outside one minute to sixty days."""
    return check_between("hours", hours, SHORTEST_RUN_H, LONGEST_RUN_H)


def laboratory_and_pump_for(
    drug: Drug, controller: Controller, laboratory: Laboratory | None, pump: Pump | None
) -> tuple[Laboratory, Pump]:
    """Return the laboratory and the pump a controller works with; raises ``ValueError`` where they do not fit it.

    A laboratory that names no reagent has the one the table was written for
    (:func:`~heparin_pk.simulation.matching.reagent_for`).
    """
    check_is("controller", controller, Controller, "something with an assay and decide(situation)")
    check_is("laboratory", laboratory, (Laboratory, type(None)), "a Laboratory or None")
    laboratory = laboratory if laboratory is not None else Laboratory(assay=controller.assay)
    if laboratory.assay != controller.assay:
        raise ValueError(
            f"this controller reads {controller.assay}, but the laboratory reports {laboratory.assay}: "
            "a level in one says nothing in the other"
        )
    laboratory = in_its_laboratory(controller, drug, laboratory)
    pump = pump if pump is not None else getattr(controller, "pump", None) or Pump()
    check_is("pump", pump, Pump, "a Pump or None")
    return laboratory, pump


def responses_in(drug: Drug, reagent: Reagent | None, laboratory: Laboratory | None) -> Responses:
    """Return how blood responds in this laboratory; raises ``ValueError`` for a reagent or an assay unknown for the drug."""
    if reagent is not None and not isinstance(drug.reagent, Reagent):
        has = "an aPTT law of its own" if drug.reagent is not None else "no aPTT law at all"
        raise ValueError(
            f"reagent must be None: the slope of {reagent.name} was measured with heparin, and {drug.name} has {has}"
        )
    responses = drug.answers_with(reagent if reagent is not None else drug.reagent)
    if laboratory is not None and laboratory.assay not in responses.assays:
        raise ValueError(
            f"the laboratory reports {laboratory.assay}, about which nothing was published with {drug.name}; "
            f"it answers in {', '.join(responses.assays)}"
        )
    return responses
