"""Claims about the dose a patient needs."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import (
    DEFAULT,
    adult_of_75_kg,
    as_standard_error,
    claim,
    tolerance_of_ours,
    within_percent,
)
from heparin_pk.published import reagents

_claim = partial(claim, group="dose needed")


DOSE = [
    _claim(
        quantity="infusion on day 1, deep-vein thrombosis",
        population="31 patients with suspected thrombosis",
        source=papers.VTE_DAY_ONE,
        printed=507 / 24,
        bounds=(402 / 24, 612 / 24),
        unit="U/kg/h",
        uncertainty="SD",
        ask=lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.45, adult_of_75_kg(acute_thrombosis=True)),
        used_to_build=True,  # the size of the hypothesis of a fresh clot was assumed with these doses in view
    ),
    _claim(
        quantity="infusion on day 1, pulmonary embolism",
        population="31 patients with suspected thrombosis",
        source=papers.VTE_DAY_ONE.at("Day 1: PE 426 +- 105 U/kg/24 h"),
        printed=426 / 24,
        bounds=(321 / 24, 531 / 24),
        unit="U/kg/h",
        uncertainty="SD",
        ask=lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.45, adult_of_75_kg(acute_thrombosis=True)),
        used_to_build=True,  # the size of the hypothesis of a fresh clot was assumed with these doses in view
    ),
    _claim(
        quantity="infusion on day 1, no thrombosis",
        population="31 patients with suspected thrombosis",
        source=papers.VTE_DAY_ONE.at("Day 1: normal venogram 457 +- 46 U/kg/24 h"),
        printed=457 / 24,
        bounds=(411 / 24, 503 / 24),
        unit="U/kg/h",
        uncertainty="the printed +- 46 U/kg/24 h (SD or standard error: not printed)",
        other_reading=as_standard_error(457 / 24, 46 / 24),
        ask=lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.45),
    ),
    _claim(
        quantity="infusion for an aPTT of 58 s, in the US units of that time",
        population="46 patients",
        source=papers.REILLY_1996,
        printed=16.02,
        bounds=(14.9, 17.15),
        unit="U/kg/h",
        uncertainty="95 % CI of the mean",
        ask=lambda: ask.needed_for_aptt_ratio_u_per_kg_per_h(DEFAULT, 58 / 30.5, reagents.RASCHKE) / 1.1,
    ),
    _claim(
        quantity="infusion per kg in class III obesity, relative to normal weight",
        population="patients at their first therapeutic aPTT",
        source=papers.OBESITY_CLASSES,
        printed=11.5 / 13.5,
        bounds=within_percent(11.5 / 13.5, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: (
            ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=135.0))
            / ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=70.0))
        ),
    ),
    _claim(
        quantity="infusion per kg at 154 kg, relative to 100 kg",
        population="intensive-care patients of 130 kg and more, and of 95 to 104 kg",
        source=papers.ICU_HEAVY,
        printed=13.1 / 15.8,
        bounds=within_percent(13.1 / 15.8, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: (
            ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=2017 / 13.1))
            / ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=1582 / 15.8))
        ),
        model="UFH_DEFAULT, weights from the printed rates (2,017 over 13.1 and 1,582 over 15.8 U/kg/h)",
    ),
    *(
        _claim(
            quantity=f"infusion given for a target of 60-80 s, {words}",
            population=f"{n:,} intensive-care patients of one hospital (doses given; how many aPTTs were in range was not seen)",
            source=papers.LEIDEN_ICU,
            printed=per_day / 24,
            bounds=within_percent(per_day / 24, 20),
            unit="U/kg/h",
            uncertainty=tolerance_of_ours(20),
            ask=lambda: ask.needed_for_aptt_ratio_u_per_kg_per_h(DEFAULT, 70 / 30, ask.default_reagent()),
            model="UFH_DEFAULT, its own reagent, the middle of the range over 30 s (assumed)",
            why=""
            if n < 1000
            else "The reagent is not printed; with the most sensitive one (pathromtin-sl) the dose lies inside.",
            tested=None
            if n < 1000
            else partial(ask.needed_for_aptt_ratio_u_per_kg_per_h, DEFAULT, 70 / 30, reagents.PATHROMTIN_SL),
        )
        for words, n, per_day in (("intensive care", 1006, 308.0), ("intensive care with COVID-19", 162, 383.0))
    ),
    *(
        _claim(
            quantity=f"infusion at steady state in intensive care, {words}",
            population=f"{n} critically ill patients (55 % of all 62 had three aPTTs in range in a row)",
            source=papers.ICU_BY_BMI,
            printed=printed,
            bounds=(printed - sd, printed + sd),
            unit="U/kg/h",
            uncertainty=f"the printed +- {sd:g} (SD or standard error: not printed)",
            other_reading=as_standard_error(printed, sd),
            ask=partial(ask.needed_u_per_kg_per_h, DEFAULT, 0.45, Patient(weight_kg=weight_kg)),
            model=f"UFH_DEFAULT, 0.45 U/mL and {weight_kg:g} kg (1.70 m) assumed",
        )
        for words, n, weight_kg, printed, sd in (
            ("not obese (BMI 24)", 21, 70.0, 16.3, 5.3),
            ("obese (BMI 34)", 21, 98.5, 11.6, 5.5),
            ("morbidly obese (BMI 55)", 20, 160.0, 11.1, 1.2),
        )
    ),
]
