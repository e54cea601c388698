"""Claims about children."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import (
    DEFAULT,
    claim,
    tolerance_of_ours,
    within_percent,
)
from heparin_pk.published import named, sources

_claim = partial(claim, group="children")

_NEWBORN, _CHILD, _INFANT = (
    Patient(weight_kg=3.5, age_y=0.05, height_cm=50.0, sex="male"),
    Patient(weight_kg=20.0, age_y=6.0, height_cm=115.0, sex="male"),
    Patient(weight_kg=5.0, age_y=0.2, height_cm=58.0, sex="male"),
)
_PRETERM = Patient(weight_kg=2.2, age_y=0.01, height_cm=45.0, sex="male")
"""Of 33 to 36 weeks; the weight is assumed (none is printed). The two groups born earlier are lighter than any set's patients."""

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
        asks_again="infusion for 0.4 U/mL",
    ),
    *(
        _claim(
            quantity=f"infusion for anti-Xa 0.35-0.7 U/mL, infants under 6 months{words}",
            population="83 of 100 infants who reached it",
            source=papers.INFANT_DOSES,
            printed=33,
            bounds=(30, 36),
            unit="U/kg/h",
            uncertainty="quartiles",
            ask=partial(ask.needed_u_per_kg_per_h, model, 0.525, _INFANT),
            model=f"{model}, 5 kg and the middle of the range (both assumed)",
            asks_again=again,
        )
        for words, model, again in (
            ("", "SALEM_2022_UFH", ""),
            (", adult default model", DEFAULT, "infusion for anti-Xa 0.35-0.7 U/mL, infants under 6 months"),
        )
    ),
    *(
        _claim(
            quantity=f"{words}{again and ', adult default model'}",
            population=f"65 children, {who}",
            source=papers.ANDREW_1994,
            printed=printed,
            bounds=within_percent(printed, 30),
            unit="U/kg/h",
            uncertainty=tolerance_of_ours(30),
            ask=partial(ask.needed_u_per_kg_per_h, model, 0.5, person),
            model=f"{model}, 0.5 U/mL taken for the therapeutic aPTT (assumed)",
            asks_again=again and words,
        )
        for model, again in (("SALEM_2022_UFH", ""), (DEFAULT, "again"))
        for words, who, printed, person in (
            ("infusion for 0.5 U/mL in a child of 6 years", "36 of them 1 year old or older", 20, _CHILD),
            ("infusion for 0.5 U/mL in an infant of 5 kg", "29 of them under 1 year", 28, _INFANT),
        )
    ),
    *(
        _claim(
            quantity=f"{words} after 100 U/kg, born at 33 to 36 weeks",
            population="preterm newborns (25 in three groups)",
            source=papers.NEWBORN_CLEARANCE.at(f"Abstract: group I, {printed:g} {unit}"),
            printed=printed,
            bounds=within_percent(printed, 20),
            unit=unit,
            uncertainty=tolerance_of_ours(20),
            ask=ask_it,
            model="SALEM_2022_UFH, 2.2 kg (assumed)",
        )
        for words, printed, unit, ask_it in (
            ("half-life", 35.5, "min", lambda: ask.half_life_min("SALEM_2022_UFH", _PRETERM, dose_u_per_kg=100.0)),
            ("volume of distribution", 57.8, "mL/kg", lambda: named("SALEM_2022_UFH").kinetics(_PRETERM).v1_ml / 2.2),
            (
                "clearance",
                1.37,
                "mL/kg/min",
                lambda: ask.clearance_by_area_ml_per_kg_per_min("SALEM_2022_UFH", 100.0, _PRETERM),
            ),
        )
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
