"""Claims about low-molecular-weight heparin."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Subcutaneous

_LMWH_ADULT = Patient(weight_kg=70.0, height_cm=175.0, sex="male", creatinine_clearance_ml_per_min=80.0)


def _enoxaparin(model: str, patient: Patient = _LMWH_ADULT) -> Course:
    return ask.run(model, patient, Subcutaneous(time_h=0.0, dose_u_per_kg=100.0), hours=24.0)


def _enoxaparin_half_life_h(model: str) -> float:
    return ask.late_half_life_min(_enoxaparin(model), 6.0, 12.0) / 60.0


def _enoxaparin_on_dialysis() -> Course:
    patient = Patient(weight_kg=70.0, creatinine_clearance_ml_per_min=5.0)
    return ask.run("FENG_2006_ENOXAPARIN", patient, Bolus(time_h=0.0, dose_u_per_kg=60.0), hours=24.0)


LMWH = [
    *(
        claim(
            "low-molecular-weight heparin",
            f"half-life after one dose, from 6 to 12 h ({model.split('_ENOX')[0].replace('_', ' ').title()})",
            "drug guide",
            sources.ENOXAPARIN_GUIDE,
            4.5,
            within_percent(4.5, 35),
            "h",
            tolerance_of_ours(35),
            partial(_enoxaparin_half_life_h, model),
            model=model,
        )
        for model in ("GREEN_2003_ENOXAPARIN", "GREEN_2005_ENOXAPARIN", "FENG_2006_ENOXAPARIN")
    ),
    claim(
        "low-molecular-weight heparin",
        "plateau of 8.3 IU/kg/h (therapeutic)",
        "48 inpatients on an infusion",
        sources.FENG_2006.at("Methods: 100 IU/kg per 12 h aims at 0.5 to 1.2 IU/mL"),
        0.85,
        (0.5, 1.2),
        "U/mL",
        "therapeutic range",
        lambda: named("FENG_2006_ENOXAPARIN").kinetics(_LMWH_ADULT).steady_state_u_per_ml(8.3 * 70.0),
        model="FENG_2006_ENOXAPARIN",
    ),
    claim(
        "low-molecular-weight heparin",
        "clearance below 30 mL/min against normal kidneys",
        "drug guide",
        sources.ENOXAPARIN_GUIDE.at("Clearance falls by 30 % below 30 mL/min"),
        0.70,
        within_percent(0.70, 20),
        "x",
        tolerance_of_ours(20),
        lambda: (
            named("GREEN_2005_ENOXAPARIN")
            .kinetics(Patient(weight_kg=70.0, creatinine_clearance_ml_per_min=25.0))
            .clearance_ml_per_h
            / named("GREEN_2005_ENOXAPARIN").kinetics(_LMWH_ADULT).clearance_ml_per_h
        ),
        model="GREEN_2005_ENOXAPARIN",
        why="The set's clearance at 25 mL/min is half, the guide's a third lower: the guide averages over milder failure.",
    ),
    claim(
        "low-molecular-weight heparin",
        "anti-Xa 10 h after 60 IU/kg into a vein on dialysis (0.4 and more)",
        "30 haemodialysis patients",
        papers.GUILLET_2003,
        0.4,
        (0.4, 1.2),
        "U/mL",
        "printed as a lower limit",
        lambda: _enoxaparin_on_dialysis().concentration_at_u_per_ml(10.0),
        model="FENG_2006_ENOXAPARIN",
        why="The set's central volume is twice what a bolus into a vein shows in these patients; it was fitted to infusions.",
    ),
    claim(
        "low-molecular-weight heparin",
        "anti-Xa 24 h after 60 IU/kg into a vein on dialysis (0.1 and more)",
        "30 haemodialysis patients",
        papers.GUILLET_2003,
        0.1,
        (0.1, 0.4),
        "U/mL",
        "printed as a lower limit",
        lambda: _enoxaparin_on_dialysis().concentration_at_u_per_ml(24.0),
        model="FENG_2006_ENOXAPARIN",
    ),
]
