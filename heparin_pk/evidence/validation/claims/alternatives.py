"""Claims about reversal and the alternatives to heparin."""

from __future__ import annotations

import math

from heparin_pk.blood.response import level
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, adult_of_75_kg, claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Infusion, Stop


def _bivalirudin() -> Course:
    patient = Patient(weight_kg=60.0)
    orders = (Bolus(time_h=0.0, dose_u_per_kg=750.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=1750.0), Stop(time_h=4.0))
    return ask.run("ZHANG_2012_BIVALIRUDIN", patient, *orders, hours=8.0)


ALTERNATIVES = [
    claim(
        "alternatives and reversal",
        "protamine for an infusion of 1,250 U/h",
        "teaching page",
        papers.PROTAMINE_INFUSION,
        30,
        within_percent(30, 30),
        "mg",
        tolerance_of_ours(30),
        lambda: ask.protamine_mg_for_last_hours(
            ask.run(DEFAULT, ask.ADULT, Infusion(time_h=0.0, rate_u_per_h=1250.0), hours=24.0), 24.0
        ),
    ),
    claim(
        "alternatives and reversal",
        "half-life of protamine",
        "26 adults after bypass",
        sources.PROTAMINE_2002,
        4.5,
        (1.9, 18.0),
        "min",
        "range",
        lambda: 60.0 * math.log(2.0) / named(DEFAULT).kinetics(ask.ADULT).protamine_loss_per_h,
        used=True,
    ),
    claim(
        "alternatives and reversal",
        "half-life of bivalirudin",
        "normal kidneys",
        papers.BIVALIRUDIN_HALF_LIFE,
        25,
        (13, 37),
        "min",
        "range (its middle)",
        lambda: ask.late_half_life_min(_bivalirudin(), 4.5, 6.0),
        model="ZHANG_2012_BIVALIRUDIN",
    ),
    claim(
        "alternatives and reversal",
        "half-life of argatroban",
        "40 volunteers",
        sources.SWAN_2000,
        46.2,
        (36.0, 56.4),
        "min",
        "SD",
        lambda: ask.terminal_half_life_min(named("SWAN_ARGATROBAN_DERIVED").kinetics(ask.ADULT)),
        model="SWAN_ARGATROBAN_DERIVED",
        used=True,
    ),
    claim(
        "alternatives and reversal",
        "half-life of argatroban with a failing liver",
        "moderate hepatic impairment",
        sources.SWAN_2000_LIVER,
        152,
        within_percent(152, 10),
        "min",
        tolerance_of_ours(10),
        lambda: ask.terminal_half_life_min(named("SWAN_ARGATROBAN_DERIVED").kinetics(adult_of_75_kg(cirrhosis=True))),
        model="SWAN_ARGATROBAN_DERIVED",
    ),
    claim(
        "alternatives and reversal",
        "aPTT ratio at 2 micrograms/kg/min of argatroban",
        "label",
        sources.ARGATROBAN_LABEL.at("2 mcg/kg/min, aPTT 1.5 to 3 times (HIT)"),
        2.25,
        (1.5, 3.0),
        "x",
        "therapeutic range",
        lambda: float(
            level(
                "aptt_ratio",
                ask.plateau_u_per_ml("SWAN_ARGATROBAN_DERIVED", 120.0),
                ask.ADULT,
                named("SWAN_ARGATROBAN_DERIVED").responses,
            )
        ),
        model="SWAN_ARGATROBAN_DERIVED",
        used=True,
    ),
]
