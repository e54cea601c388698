"""Claims about one patient under a protocol."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import (
    DEFAULT,
    FIXED,
    REAGENT_UNKNOWN,
    USUAL,
    adult_of_75_kg,
    claim,
    tolerance_of_ours,
    within_percent,
)
from heparin_pk.published import reagents, sources

_claim = partial(claim, group="one patient under a protocol")


def _adjusted_aptt_s(time_h: float) -> float:
    return ask.under_protocol("durham-va-2009", reagent=reagents.AUTOMATED_APTT).level_at("aptt_s", time_h)


def _fixed_aptt_s(time_h: float) -> float:
    course = ask.run(DEFAULT, Patient(weight_kg=80.0), *FIXED, hours=48.0, reagent=reagents.AUTOMATED_APTT)
    return course.level_at("aptt_s", time_h)


PROTOCOL = [
    *(
        _claim(
            quantity=f"median aPTT {hour:g} h after the start of 80/18, adjusted",
            population="64 patients with acute coronary syndrome",
            source=papers.ACS_TRIAL,
            printed=aptt_s,
            bounds=within_percent(aptt_s, 20),
            unit="s",
            uncertainty=tolerance_of_ours(20),
            ask=partial(_adjusted_aptt_s, hour),
            model="UFH_DEFAULT, automated-aptt, durham-va-2009",
            why=why,
        )
        for hour, aptt_s, why in (
            (6.0, 150.0, REAGENT_UNKNOWN + " The printed 150 s may be the assay's ceiling."),
            (12.0, 100.0, REAGENT_UNKNOWN),
            (18.0, 66.0, ""),
            (24.0, 63.0, ""),
            (48.0, 64.0, ""),
        )
    ),
    *(
        _claim(
            quantity=f"median aPTT {hour:g} h after the start of 5,000 U and 1,000 U/h",
            population="64 patients with acute coronary syndrome",
            source=papers.ACS_TRIAL,
            printed=aptt_s,
            bounds=within_percent(aptt_s, 20),
            unit="s",
            uncertainty=tolerance_of_ours(20),
            ask=partial(_fixed_aptt_s, hour),
            model="UFH_DEFAULT, automated-aptt",
            why=why,
        )
        for hour, aptt_s, why in (
            (6.0, 83.0, REAGENT_UNKNOWN),
            (12.0, 79.0, REAGENT_UNKNOWN),
            (18.0, 61.0, REAGENT_UNKNOWN),
            (24.0, 56.0, ""),
            (48.0, 56.0, ""),
        )
    ),
    _claim(
        quantity="hours until the aPTT exceeds 1.5 x baseline under 80/18: within 24 h",
        population="62 patients, 97 % of them",
        source=sources.RASCHKE_1993.at("60 of 62 exceeded the threshold within 24 h"),
        printed=24.0,
        bounds=(0.0, 24.0),
        unit="h",
        uncertainty="printed as an upper limit",
        ask=lambda: ask.first_above_h(ask.run(DEFAULT, ask.ADULT, *USUAL, hours=48.0), "aptt_ratio", 1.5),
    ),
    _claim(
        quantity="hours to stabilise under an anti-Xa nomogram",
        population="19 patients",
        source=papers.SIMSTAT,
        printed=25.0,
        bounds=(16.4, 33.6),
        unit="h",
        uncertainty="SD",
        ask=lambda: ask.stabilised_h(ask.under_protocol("michigan-vte-anti-xa", hours=72.0)),
        why="A typical patient measured with an error-free assay needs no second change; the study used another protocol.",
    ),
    _claim(
        quantity="hours to the therapeutic range without a factor Xa inhibitor before",
        population="anti-Xa protocol",
        source=papers.DOAC_TRANSITION,
        printed=7.3,
        bounds=(5.9, 14.7),
        unit="h",
        uncertainty="quartiles",
        ask=lambda: ask.first_result_in_range_h(ask.under_protocol("michigan-vte-anti-xa")),
    ),
    _claim(
        quantity="hours to the therapeutic range after a factor Xa inhibitor",
        population="anti-Xa protocol",
        source=papers.DOAC_TRANSITION,
        printed=18.5,
        bounds=(14.9, 26.9),
        unit="h",
        uncertainty="quartiles",
        ask=lambda: ask.first_result_in_range_h(
            ask.under_protocol("michigan-vte-anti-xa", adult_of_75_kg(doac_anti_xa_u_per_ml=1.5), hours=72.0)
        ),
    ),
]
