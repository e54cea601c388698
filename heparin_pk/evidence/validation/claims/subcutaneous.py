"""Claims about heparin under the skin."""

from __future__ import annotations

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, claim, tolerance_of_ours, within_percent
from heparin_pk.published import reagents, sources
from heparin_pk.ward.orders import Subcutaneous


def _prophylaxis():
    doses = (Subcutaneous(time_h=8.0 * k, dose_u=5000.0) for k in range(6))
    patient = Patient(weight_kg=75.0, baseline_aptt_s=32.0)
    return ask.run(DEFAULT, patient, *doses, hours=48.0)


SUBCUTANEOUS = [
    claim(
        "subcutaneous",
        "highest level after 143 U/kg under the skin",
        "six women, not pregnant",
        sources.BRANCAZIO,
        0.23,
        (0.194, 0.266),
        "U/mL",
        "SD",
        lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))),
        used=True,
    ),
    claim(
        "subcutaneous",
        "time of the highest level after 143 U/kg under the skin",
        "six women, not pregnant",
        sources.BRANCAZIO,
        222,
        (202, 242),
        "min",
        "SD",
        lambda: 60.0 * ask.peak_h(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))),
        why="Two transit steps were fitted to the height of the peak; it comes half an hour early.",
    ),
    claim(
        "subcutaneous",
        "aPTT at 230 min after 143 U/kg under the skin",
        "six women, not pregnant",
        sources.BRANCAZIO.at("Abstract: 50 +- 4 s at 230 min"),
        50,
        (46, 54),
        "s",
        "SD",
        lambda: ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0)).level_at("aptt_s", 230 / 60),
        why="0.23 U/mL gives 50 s only with a slope of 2.2 mL/U: their reagent was more sensitive than the guideline's equivalence.",
    ),
    claim(
        "subcutaneous",
        "aPTT at 230 min after 143 U/kg under the skin, a modern reagent",
        "six women, not pregnant",
        sources.BRANCAZIO.at("Abstract: 50 +- 4 s at 230 min"),
        50,
        (46, 54),
        "s",
        "SD",
        lambda: ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0), reagent=reagents.SILIMAT).level_at(
            "aptt_s", 230 / 60
        ),
        model="UFH_DEFAULT, silimat",
        used=True,  # the reagent was chosen to meet this number
    ),
    claim(
        "subcutaneous",
        "highest aPTT after 12,500 U under the skin",
        "patients after myocardial infarction",
        papers.KROON_1992,
        42.6,
        (30.4, 70.7),
        "s",
        "range",
        lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u=12_500.0)), "aptt_s"),
    ),
    claim(
        "subcutaneous",
        "mean aPTT under 5,000 U every 8 h",
        "257 patients",
        papers.PROPHYLAXIS_257,
        37.6,
        (22.4, 52.8),
        "s",
        "SD",
        lambda: ask.mean_level(_prophylaxis(), "aptt_s", 24.0, 48.0),
    ),
    claim(
        "subcutaneous",
        "time of the highest level after 5,000 U under the skin",
        "US label",
        papers.SC_LABEL,
        3.0,
        (2.0, 4.0),
        "h",
        "range",
        lambda: ask.peak_h(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u=5000.0))),
    ),
    claim(
        "subcutaneous",
        "what a trial would call the bioavailability of 5,000 U",
        "eight volunteers",
        papers.PK10169,
        0.31,
        (0.2, 0.45),
        "of the dose",
        "a third of an LMWH's 0.92; tolerance of ours",
        lambda: ask.apparent_bioavailability_fraction(DEFAULT, 5000.0),
    ),
    claim(
        "subcutaneous",
        "highest level after 333 U/kg under the skin (therapeutic)",
        "treatment of venous thrombosis",
        papers.SC_LABEL.at("333 then 250 U/kg every 12 h aims at treatment levels; drugs.com dosage page"),
        0.5,
        (0.3, 0.9),
        "U/mL",
        "therapeutic range, upper end opened to 0.9 at the peak; tolerance of ours",
        lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=333.0))),
    ),
    claim(
        "subcutaneous",
        "highest anti-Xa after 5,000 U under the skin",
        "volunteers",
        papers.SC_1983,
        0.07,
        within_percent(0.07, 40),
        "U/mL",
        tolerance_of_ours(40),
        lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u=5000.0))),
    ),
]
