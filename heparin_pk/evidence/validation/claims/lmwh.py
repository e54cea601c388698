"""Claims about low-molecular-weight heparin."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Subcutaneous

_claim = partial(claim, group="low-molecular-weight heparin")

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
        _claim(
            quantity=f"half-life after one dose, from 6 to 12 h ({model.split('_ENOX')[0].replace('_', ' ').title()})",
            population="drug guide",
            source=sources.ENOXAPARIN_GUIDE,
            printed=4.5,
            bounds=within_percent(4.5, 35),
            unit="h",
            uncertainty=tolerance_of_ours(35),
            ask=partial(_enoxaparin_half_life_h, model),
            model=model,
            asks_again="" if model == "GREEN_2003_ENOXAPARIN" else "half-life after one dose, from 6 to 12 h (Green 2003)",
        )
        for model in ("GREEN_2003_ENOXAPARIN", "GREEN_2005_ENOXAPARIN", "FENG_2006_ENOXAPARIN")
    ),
    _claim(
        quantity="plateau of 8.3 IU/kg/h (therapeutic)",
        population="48 inpatients on an infusion",
        source=sources.FENG_2006.at("Methods: 100 IU/kg per 12 h aims at 0.5 to 1.2 IU/mL"),
        printed=0.85,
        bounds=(0.5, 1.2),
        unit="U/mL",
        uncertainty="therapeutic range",
        ask=lambda: named("FENG_2006_ENOXAPARIN").kinetics(_LMWH_ADULT).steady_state_u_per_ml(8.3 * 70.0),
        model="FENG_2006_ENOXAPARIN",
    ),
    _claim(
        quantity="clearance at a creatinine clearance below 30 mL/min, relative to normal kidneys",
        population="drug guide",
        source=sources.ENOXAPARIN_GUIDE.at("Clearance falls by 30 % below 30 mL/min"),
        printed=0.70,
        bounds=within_percent(0.70, 20),
        unit="x",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: (
            named("GREEN_2005_ENOXAPARIN")
            .kinetics(Patient(weight_kg=70.0, creatinine_clearance_ml_per_min=25.0))
            .clearance_ml_per_h
            / named("GREEN_2005_ENOXAPARIN").kinetics(_LMWH_ADULT).clearance_ml_per_h
        ),
        model="GREEN_2005_ENOXAPARIN",
    ),
    _claim(
        quantity="anti-Xa 10 h after 60 IU/kg into a vein on dialysis (at least 0.4)",
        population="30 haemodialysis patients",
        source=papers.GUILLET_2003,
        printed=0.4,
        bounds=(0.4, 1.2),
        unit="U/mL",
        uncertainty="printed as a lower limit (the upper end is ours)",
        ask=lambda: _enoxaparin_on_dialysis().concentration_at_u_per_ml(10.0),
        model="FENG_2006_ENOXAPARIN",
    ),
    _claim(
        quantity="anti-Xa 24 h after 60 IU/kg into a vein on dialysis (at least 0.1)",
        population="30 haemodialysis patients",
        source=papers.GUILLET_2003,
        printed=0.1,
        bounds=(0.1, 0.4),
        unit="U/mL",
        uncertainty="printed as a lower limit (the upper end is ours)",
        ask=lambda: _enoxaparin_on_dialysis().concentration_at_u_per_ml(24.0),
        model="FENG_2006_ENOXAPARIN",
    ),
]
