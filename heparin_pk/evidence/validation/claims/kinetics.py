"""Claims about half-lives, volumes, clearances and levels."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import (
    DEFAULT,
    VOLUNTEERS,
    VTE,
    as_standard_error,
    claim,
    tolerance_of_ours,
    within_percent,
)
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Infusion, Stop

_claim = partial(claim, group="kinetics")

_DIALYSED = Patient(weight_kg=75.0, kidney_failure=True)


def _dialysis(model: str) -> Course:
    orders = (
        Infusion(time_h=0.0, rate_u_per_kg_per_h=25.0),
        Infusion(time_h=1.0, rate_u_per_kg_per_h=12.5),
        Stop(time_h=3.0),
    )
    return ask.run(model, _DIALYSED, *orders, hours=8.0)


KINETICS = [
    *(
        _claim(
            quantity=f"half-life after a bolus of {dose:g} U/kg",
            population=VOLUNTEERS,
            source=sources.HALF_LIFE_TABLE,
            printed=minutes,
            bounds=within_percent(minutes, 30),
            unit="min",
            uncertainty=tolerance_of_ours(30),
            ask=partial(ask.half_life_min, DEFAULT, dose_u_per_kg=dose),
            used_to_build=True,
        )
        for dose, minutes in ((25.0, 30.0), (100.0, 60.0), (400.0, 150.0))
    ),
    _claim(
        quantity="half-life after 70 U/kg",
        population=VTE,
        source=sources.HIRSH_1976,
        printed=63,
        bounds=(48, 78),
        unit="min",
        uncertainty="SD",
        ask=lambda: ask.half_life_min(DEFAULT, dose_u_per_kg=70),
        used_to_build=True,
    ),
    _claim(
        quantity="half-life after 100 U/kg",
        population="six normal subjects",
        source=sources.TEIEN_1977,
        printed=74.0,
        bounds=within_percent(74.0, 20),
        unit="min",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: ask.half_life_min(DEFAULT, dose_u_per_kg=100),
        used_to_build=True,
    ),
    _claim(
        quantity="volume of distribution",
        population="US label",
        source=sources.US_LABEL.at("Volume of distribution 0.07 L/kg"),
        printed=70,
        bounds=within_percent(70, 30),
        unit="mL/kg",
        uncertainty=tolerance_of_ours(30),
        ask=lambda: named(DEFAULT).kinetics(ask.ADULT).v1_ml / 75.0,
        used_to_build=True,
    ),
    _claim(
        quantity="plateau at 18 U/kg/h",
        population=VTE,
        source=sources.RASCHKE_1993.at("18 U/kg/h aims at 0.3 to 0.7 U/mL"),
        printed=0.5,
        bounds=(0.3, 0.7),
        unit="U/mL",
        uncertainty="therapeutic range",
        ask=lambda: ask.plateau_u_per_ml(DEFAULT, 18.0),
        used_to_build=True,
    ),
    _claim(
        quantity="clearance at 6 U/mL",
        population="bypass, 66 kg",
        source=sources.JIA_2015.at("CL 1.18 L/h in 66 kg"),
        printed=17.9,
        bounds=within_percent(17.9, 36),
        unit="mL/h/kg",
        uncertainty="between patients, CV 36 %",
        ask=lambda: named(DEFAULT).kinetics(ask.ADULT).clearance_at_ml_per_h(6.0) / 75.0,
        used_to_build=True,
    ),
    _claim(
        quantity="half-life on dialysis, 7,500 U",
        population="21 haemodialysis patients",
        source=sources.KANDROTAS_1989.at("Abstract: half-life 117 min"),
        printed=117,
        bounds=within_percent(117, 15),
        unit="min",
        uncertainty=tolerance_of_ours(15),
        ask=lambda: ask.half_life_min("KANDROTAS_1989_UFH", dose_u=7500.0),
        model="KANDROTAS_1989_UFH",
    ),
    _claim(
        quantity="half-life on dialysis, 7,500 U, default model with kidney failure",
        population="21 haemodialysis patients",
        source=sources.KANDROTAS_1989.at("Abstract: half-life 117 min"),
        printed=117,
        bounds=within_percent(117, 25),
        unit="min",
        uncertainty=tolerance_of_ours(25),
        ask=lambda: ask.half_life_min(ask.with_hypothesis("kidney failure"), _DIALYSED, dose_u=7500.0),
        model="UFH_DEFAULT, kidney failure",
        used_to_build=True,
    ),
    _claim(
        quantity="anti-Xa at the end of a dialysis session, 1 h after the pump stops",
        population="35 haemodialysis patients",
        source=sources.BRUNET_2008.at("Abstract: median 0.25 IU/mL at the end of the 4-hour session"),
        printed=0.25,
        bounds=within_percent(0.25, 20),
        unit="U/mL",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: _dialysis("BRUNET_2008_UFH_DERIVED").concentration_at_u_per_ml(4.0),
        model="BRUNET_2008_UFH_DERIVED",
    ),
    _claim(
        quantity="anti-Xa 90 min after the session (below 0.1)",
        population="35 haemodialysis patients",
        source=sources.BRUNET_2008.at("Abstract: less than 0.1 IU/mL at 90 min after the session"),
        printed=0.1,
        bounds=(0.0, 0.1),
        unit="U/mL",
        uncertainty="printed as an upper limit",
        ask=lambda: _dialysis("BRUNET_2008_UFH_DERIVED").concentration_at_u_per_ml(5.5),
        model="BRUNET_2008_UFH_DERIVED",
    ),
    _claim(
        quantity="peak anti-Xa of a dialysis session",
        population="35 haemodialysis patients",
        source=sources.BRUNET_2008.at("Abstract: median 0.55 IU/mL at peak"),
        printed=0.55,
        bounds=within_percent(0.55, 10),
        unit="U/mL",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: ask.peak(_dialysis("BRUNET_2008_UFH_DERIVED")),
        model="BRUNET_2008_UFH_DERIVED",
        used_to_build=True,
    ),
    _claim(
        quantity="anti-Xa at the end of a dialysis session, default model with kidney failure",
        population="35 haemodialysis patients",
        source=sources.BRUNET_2008.at("Abstract: median 0.25 IU/mL at the end of the 4-hour session"),
        printed=0.25,
        bounds=within_percent(0.25, 30),
        unit="U/mL",
        uncertainty=tolerance_of_ours(30),
        ask=lambda: _dialysis(DEFAULT).concentration_at_u_per_ml(4.0),
    ),
    _claim(
        quantity="half-life after a dialysis session, default model with kidney failure",
        population="35 haemodialysis patients",
        source=sources.BRUNET_2008.at("Abstract: terminal half-life 54 min"),
        printed=54,
        bounds=within_percent(54, 20),
        unit="min",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: ask.late_half_life_min(_dialysis(DEFAULT), 4.0, 5.5),
    ),
    _claim(
        quantity="peak anti-Xa after 2,500 U into a vein",
        population="control patients",
        source=sources.SETTE_1985,
        printed=0.69,
        bounds=(0.65, 0.73),
        unit="U/mL",
        uncertainty="the printed +- 0.04 (SD or standard error: not printed)",
        other_reading=as_standard_error(0.69, 0.04),
        ask=lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Bolus(time_h=0.0, dose_u=2500.0))),
    ),
    _claim(
        quantity="half-life after 2,500 U into a vein",
        population="control patients",
        source=sources.SETTE_1985,
        printed=50.2,
        bounds=(47.5, 52.9),
        unit="min",
        uncertainty="the printed +- 2.7 (SD or standard error: not printed)",
        other_reading=as_standard_error(50.2, 2.7),
        ask=lambda: ask.half_life_min(DEFAULT, dose_u=2500.0),
    ),
    _claim(
        quantity="half-life after 75 U/kg",
        population="eight normal adults",
        source=papers.NEWBORN_CLEARANCE,
        printed=63.3,
        bounds=within_percent(63.3, 20),
        unit="min",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: ask.half_life_min(DEFAULT, dose_u_per_kg=75.0),
    ),
    _claim(
        quantity="volume of distribution after 75 U/kg",
        population="eight normal adults",
        source=papers.NEWBORN_CLEARANCE.at("Abstract: adults, 36.6 mL/kg"),
        printed=36.6,
        bounds=within_percent(36.6, 20),
        unit="mL/kg",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: named(DEFAULT).kinetics(ask.ADULT).v1_ml / 75.0,
    ),
    _claim(
        quantity="clearance after 75 U/kg, dose over area",
        population="eight normal adults",
        source=papers.NEWBORN_CLEARANCE.at("Abstract: adults, clearance 0.43 mL/kg/min"),
        printed=0.43,
        bounds=within_percent(0.43, 20),
        unit="mL/kg/min",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: ask.clearance_by_area_ml_per_kg_per_min(DEFAULT, 75.0),
    ),
    _claim(
        quantity="half-life of the effect on the ACT after 2,500 U into a vein",
        population="control patients",
        source=sources.SETTE_1985.at("Abstract: by the whole-blood activated clotting time 37.0 +- 2.0 min"),
        printed=37.0,
        bounds=(35.0, 39.0),
        unit="min",
        uncertainty="the printed +- 2.0 (SD or standard error: not printed)",
        other_reading=as_standard_error(37.0, 2.0),
        ask=lambda: ask.half_life_of_effect_min(DEFAULT, dose_u=2500.0),
        model="UFH_DEFAULT, the rise of the ACT taken as proportional to the level",
    ),
]
