"""Claims about reversal and the alternatives to heparin."""

from __future__ import annotations

import math
from functools import partial

from heparin_pk.blood.response import level
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, adult_of_75_kg, claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Infusion, Stop

_claim = partial(claim, group="alternatives and reversal")


def _bivalirudin() -> Course:
    patient = Patient(weight_kg=60.0)
    orders = (Bolus(time_h=0.0, dose_u_per_kg=750.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=1750.0), Stop(time_h=4.0))
    return ask.run("ZHANG_2012_BIVALIRUDIN", patient, *orders, hours=8.0)


ALTERNATIVES = [
    _claim(
        quantity="half-life of protamine",
        population="26 adults after bypass",
        source=sources.PROTAMINE_2002,
        printed=4.5,
        bounds=(1.9, 18.0),
        unit="min",
        uncertainty="range",
        ask=lambda: 60.0 * math.log(2.0) / named(DEFAULT).kinetics(ask.ADULT).protamine_loss_per_h,
        used_to_build=True,
    ),
    _claim(
        quantity="half-life of bivalirudin",
        population="normal kidneys",
        source=papers.BIVALIRUDIN_HALF_LIFE,
        printed=25,
        bounds=(13, 37),
        unit="min",
        uncertainty="range (middle assumed)",
        ask=lambda: ask.late_half_life_min(_bivalirudin(), 4.5, 6.0),
        model="ZHANG_2012_BIVALIRUDIN",
    ),
    _claim(
        quantity="half-life of argatroban",
        population="40 volunteers",
        source=sources.SWAN_2000,
        printed=46.2,
        bounds=(36.0, 56.4),
        unit="min",
        uncertainty="SD",
        ask=lambda: ask.terminal_half_life_min(named("SWAN_ARGATROBAN_DERIVED").kinetics(ask.ADULT)),
        model="SWAN_ARGATROBAN_DERIVED",
        used_to_build=True,
    ),
    _claim(
        quantity="half-life of argatroban in liver failure",
        population="moderate hepatic impairment",
        source=sources.SWAN_2000_LIVER,
        printed=152,
        bounds=within_percent(152, 10),
        unit="min",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: ask.terminal_half_life_min(named("SWAN_ARGATROBAN_DERIVED").kinetics(adult_of_75_kg(cirrhosis=True))),
        model="SWAN_ARGATROBAN_DERIVED",
    ),
    _claim(
        quantity="aPTT ratio at 2 micrograms/kg/min of argatroban",
        population="label",
        source=sources.ARGATROBAN_LABEL.at("2 mcg/kg/min, aPTT 1.5 to 3 times (HIT)"),
        printed=2.25,
        bounds=(1.5, 3.0),
        unit="x",
        uncertainty="therapeutic range",
        ask=lambda: float(
            level(
                "aptt_ratio",
                ask.plateau_u_per_ml("SWAN_ARGATROBAN_DERIVED", 120.0),
                ask.ADULT,
                named("SWAN_ARGATROBAN_DERIVED").responses,
            )
        ),
        model="SWAN_ARGATROBAN_DERIVED",
        used_to_build=True,
    ),
]
