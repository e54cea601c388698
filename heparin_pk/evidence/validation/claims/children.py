"""Claims about children."""

from __future__ import annotations

from functools import partial

from heparin_pk.base.source import Source
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import (
    CHILDREN_SCALED_BY_WEIGHT,
    DEFAULT,
    claim,
    tolerance_of_ours,
    within_percent,
)
from heparin_pk.published import sources

_claim = partial(claim, group="children")

_NEWBORN, _CHILD = (
    Patient(weight_kg=3.5, age_y=0.05, height_cm=50.0, sex="male"),
    Patient(weight_kg=20.0, age_y=6.0, height_cm=115.0, sex="male"),
)

CHILDREN = [
    _claim(
        quantity="half-life after 91 U/kg",
        population="64 children",
        source=sources.AL_SALLAMI_2016.at("ln 2 x 0.751 / 0.603 at its medians of 20 kg and 15 kg", "derived"),
        printed=52,
        bounds=(47, 57),
        unit="min",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: ask.half_life_min("AL_SALLAMI_2016_UFH", _CHILD, dose_u_per_kg=91.0),
        model="AL_SALLAMI_2016_UFH",
        used_to_build=True,
    ),
    _claim(
        quantity="infusion for 0.4 U/mL",
        population="15 neonates and infants",
        source=papers.MCDONALD_1982,
        printed=27,
        bounds=(16, 35),
        unit="U/kg/h",
        uncertainty="range",
        ask=lambda: ask.needed_u_per_kg_per_h("SALEM_2022_UFH", 0.4, _NEWBORN),
        model="SALEM_2022_UFH",
    ),
    _claim(
        quantity="infusion for 0.4 U/mL, adult default model",
        population="15 neonates and infants",
        source=papers.MCDONALD_1982,
        printed=27,
        bounds=(16, 35),
        unit="U/kg/h",
        uncertainty="range",
        ask=lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.4, _NEWBORN),
        why=CHILDREN_SCALED_BY_WEIGHT,
    ),
    _claim(
        quantity="infusion for 0.5 U/mL in a child of 6 years",
        population="guideline dose, 1 year and older",
        source=Source(
            key="Children_dose",
            citation="Paediatric heparin dosing (UpToDate copy): 75 U/kg, then 28 (under 1 year) or 20 U/kg/h",
            where="20 U/kg/h from 1 year on",
            confidence="primary",
            url="https://pro.uptodatefree.ir/show/114041",
        ),
        printed=20,
        bounds=within_percent(20, 30),
        unit="U/kg/h",
        uncertainty=tolerance_of_ours(30),
        ask=lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.5, _CHILD),
        why=CHILDREN_SCALED_BY_WEIGHT,
    ),
    _claim(
        quantity="share of aPTTs above 999 s after about 91 U/kg",
        population="64 children",
        source=sources.AL_SALLAMI_2016.at("43 % of 290 aPTTs"),
        printed=43,
        bounds=(40.0, 46.0),
        unit="%",
        uncertainty="tolerance of ours, 3 points",
        ask=lambda: 100.0 * ask.share_of_children_beyond(999.0),
        model="AL_SALLAMI_2016_UFH",
    ),
]
