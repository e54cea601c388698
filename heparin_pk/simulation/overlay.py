"""Several models for one patient and one regimen: published sets disagree several-fold, and that should be seen."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from heparin_pk.base.checks import check_is
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate
from heparin_pk.ward.orders import Regimen


def overlay(
    patient: Patient, drugs: Sequence[Drug], regimen: Regimen, *, hours: float = 24.0, engine: str = "stepper"
) -> tuple[Course, ...]:
    """Return one course for each model, under the same orders for the same patient.

    Each model warns once where it is used outside what was studied; ``course.outside`` says the same to a program.

    Raises ``ValueError`` without a model, for models whose doses have different units, and for a model that does not say what an
    order does (a subcutaneous dose, protamine) or needs a measure of the patient that is not known; the model is named.
    """
    drugs = tuple(drugs)
    for drug in drugs:
        check_is("a model", drug, Drug, "a Drug")
    units = sorted({drug.amount_unit for drug in drugs})
    if len(units) != 1:
        given = "; ".join(f"{drug.name} in {drug.amount_unit}" for drug in drugs) or "none"
        raise ValueError(f"models to overlay must be dosed in one unit; got {given}")
    courses = []
    for drug in drugs:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OutsideValidityDomain)  # said below, where the caller stands
                course = simulate(patient, drug, regimen, hours=hours, engine=engine)
        except ValueError as error:
            raise ValueError(f"{drug.name}: {error}") from None
        if course.outside:
            warnings.warn(
                f"{drug.label} {'; '.join(course.outside)} ({drug.studied.population})", OutsideValidityDomain, stacklevel=2
            )
        courses.append(course)
    return tuple(courses)
