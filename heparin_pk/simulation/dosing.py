"""What dose this patient would need: readings of a model, not advice."""

from __future__ import annotations

import math
from dataclasses import replace

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.blood.assay import CLOTTING_TIMES, TherapeuticRange
from heparin_pk.blood.response import Reagent, level
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug

MOST_U_PER_ML = 10.0
"""No level beyond this is looked for."""


def concentration_for(drug: Drug, patient: Patient, assay: str, value: float, *, reagent: Reagent | None = None) -> float:
    """Return the concentration at which an assay reads ``value`` in this patient, in the drug's unit per mL.

    Where a set tells long from short chains, it is that of the long ones for a clotting time. It is that of the patient without
    drift. Raises ``ValueError`` when the patient's blood shows that level without the drug, or not up to 10 units/mL.
    """
    patient = replace(patient, drift=None)
    responses = drug.answers_with(reagent if reagent is not None else drug.reagent)
    value = check_between("value", value, 0.0, 1e4)

    def read(concentration: float) -> float:
        return float(level(assay, concentration, patient, responses))

    if not read(0.0) < value <= read(MOST_U_PER_ML):
        raise ValueError(
            f"value must lie above {read(0.0):.4g} (no drug) and up to {read(MOST_U_PER_ML):.4g} in {assay} for this patient; "
            f"got {value!r}"
        )
    low, high = 0.0, MOST_U_PER_ML
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if read(middle) < value else (low, middle)
    return 0.5 * (low + high)


def needed_rate_u_per_kg_per_h(
    drug: Drug, patient: Patient, target: TherapeuticRange, *, reagent: Reagent | None = None
) -> float:
    """Return the infusion per kg of true weight whose plateau is the middle of a therapeutic range in this patient.

    The middle of a range of clotting times is their geometric mean. Swings over the day, fading drugs and drift are left
    out.

    >>> from heparin_pk import published
    >>> round(needed_rate_u_per_kg_per_h(published.UFH_DEFAULT, Patient(weight_kg=75), published.ranges.ANTI_XA_TREATMENT), 1)
    19.1
    """
    check_is("target", target, TherapeuticRange, "a TherapeuticRange")
    is_time = not target.assay.startswith("anti_xa")
    middle = math.sqrt(target.low * target.high) if is_time else 0.5 * (target.low + target.high)
    concentration = concentration_for(drug, patient, target.assay, middle, reagent=reagent)
    kinetics = drug.individual(patient)
    if target.assay in CLOTTING_TIMES:
        return kinetics.needed_u_per_h(concentration) / patient.weight_kg
    return kinetics.clearance_at_ml_per_h(concentration) * concentration / patient.weight_kg
