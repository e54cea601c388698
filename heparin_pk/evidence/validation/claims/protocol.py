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


def _adjusted_aptt_s(time_h: float) -> float:
    return ask.under_protocol("durham-va-2009", reagent=reagents.AUTOMATED_APTT).level_at("aptt_s", time_h)


def _fixed_aptt_s(time_h: float) -> float:
    course = ask.run(DEFAULT, Patient(weight_kg=80.0), *FIXED, hours=48.0, reagent=reagents.AUTOMATED_APTT)
    return course.level_at("aptt_s", time_h)


PROTOCOL = [
    *(
        claim(
            "one patient under a protocol",
            f"median aPTT {hour:g} h into 80/18, adjusted",
            "64 patients with acute coronary syndrome",
            papers.ACS_TRIAL,
            seen,
            within_percent(seen, 20),
            "s",
            tolerance_of_ours(20),
            partial(_adjusted_aptt_s, hour),
            model="UFH_DEFAULT, automated-aptt, durham-va-2009",
            why=why,
        )
        for hour, seen, why in (
            (6.0, 150.0, REAGENT_UNKNOWN + " A printed 150 s may be the assay's ceiling."),
            (12.0, 100.0, REAGENT_UNKNOWN),
            (18.0, 66.0, ""),
            (24.0, 63.0, ""),
            (48.0, 64.0, ""),
        )
    ),
    *(
        claim(
            "one patient under a protocol",
            f"median aPTT {hour:g} h into 5,000 U and 1,000 U/h",
            "64 patients with acute coronary syndrome",
            papers.ACS_TRIAL,
            seen,
            within_percent(seen, 20),
            "s",
            tolerance_of_ours(20),
            partial(_fixed_aptt_s, hour),
            model="UFH_DEFAULT, automated-aptt",
            why=why,
        )
        for hour, seen, why in (
            (6.0, 83.0, REAGENT_UNKNOWN),
            (12.0, 79.0, REAGENT_UNKNOWN),
            (18.0, 61.0, REAGENT_UNKNOWN),
            (24.0, 56.0, ""),
            (48.0, 56.0, ""),
        )
    ),
    claim(
        "one patient under a protocol",
        "hours until the aPTT passes 1.5 x under 80/18: within 24 h",
        "62 patients, 97 % of them",
        sources.RASCHKE_1993.at("60 of 62 exceeded the threshold within 24 h"),
        24.0,
        (0.0, 24.0),
        "h",
        "printed as an upper limit",
        lambda: ask.first_above_h(ask.run(DEFAULT, ask.ADULT, *USUAL, hours=48.0), "aptt_ratio", 1.5),
    ),
    claim(
        "one patient under a protocol",
        "hours to stabilise under an anti-Xa nomogram",
        "19 patients",
        papers.SIMSTAT,
        25.0,
        (16.4, 33.6),
        "h",
        "SD",
        lambda: ask.stabilised_h(ask.under_protocol("michigan-vte-anti-xa", hours=72.0)),
        why="A typical patient under a perfect assay needs no second change; their protocol was another one.",
    ),
    claim(
        "one patient under a protocol",
        "hours to the therapeutic range, no inhibitor before",
        "anti-Xa protocol",
        papers.DOAC_TRANSITION,
        7.3,
        (5.9, 14.7),
        "h",
        "quartiles",
        lambda: ask.first_result_in_range_h(ask.under_protocol("michigan-vte-anti-xa")),
    ),
    claim(
        "one patient under a protocol",
        "hours to the therapeutic range after a factor Xa inhibitor",
        "anti-Xa protocol",
        papers.DOAC_TRANSITION,
        18.5,
        (14.9, 26.9),
        "h",
        "quartiles",
        lambda: ask.first_result_in_range_h(
            ask.under_protocol("michigan-vte-anti-xa", adult_of_75_kg(doac_anti_xa_u_per_ml=1.5), hours=72.0)
        ),
    ),
]
