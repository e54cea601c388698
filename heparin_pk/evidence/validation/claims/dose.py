"""Claims about the dose a patient needs."""

from __future__ import annotations

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, adult_of_75_kg, claim, tolerance_of_ours, within_percent
from heparin_pk.published import reagents

DOSE = [
    claim(
        "dose needed",
        "infusion on day 1, deep-vein thrombosis",
        "31 patients with suspected thrombosis",
        papers.VTE_DAY_ONE,
        507 / 24,
        (402 / 24, 612 / 24),
        "U/kg/h",
        "SD",
        lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.45, adult_of_75_kg(acute_thrombosis=True)),
        used=True,  # the size of the law was assumed with these doses in view
    ),
    claim(
        "dose needed",
        "infusion on day 1, pulmonary embolism",
        "31 patients with suspected thrombosis",
        papers.VTE_DAY_ONE.at("Day 1: PE 426 +- 105 U/kg/24 h"),
        426 / 24,
        (321 / 24, 531 / 24),
        "U/kg/h",
        "SD",
        lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.45, adult_of_75_kg(acute_thrombosis=True)),
        used=True,  # the size of the law was assumed with these doses in view
    ),
    claim(
        "dose needed",
        "infusion on day 1, no thrombosis",
        "31 patients with suspected thrombosis",
        papers.VTE_DAY_ONE.at("Day 1: normal venogram 457 +- 46 U/kg/24 h"),
        457 / 24,
        (411 / 24, 503 / 24),
        "U/kg/h",
        "SD",
        lambda: ask.needed_u_per_kg_per_h(DEFAULT, 0.45),
    ),
    claim(
        "dose needed",
        "infusion for an aPTT of 58 s, the middle of 46-70",
        "46 patients",
        papers.REILLY_1996,
        16.02,
        (14.9, 17.15),
        "U/kg/h",
        "95 % CI of the mean",
        lambda: ask.needed_u_per_kg_per_h(DEFAULT, ask.concentration_for_ratio_u_per_ml(58 / 30.5, reagents.RASCHKE)),
        why="Their units were a tenth stronger than today's, and the middle of the range is not what every patient was held at.",
    ),
    claim(
        "dose needed",
        "infusion for an aPTT of 58 s, in the US units of that time",
        "46 patients",
        papers.REILLY_1996,
        16.02,
        (14.9, 17.15),
        "U/kg/h",
        "95 % CI of the mean",
        lambda: ask.needed_u_per_kg_per_h(DEFAULT, ask.concentration_for_ratio_u_per_ml(58 / 30.5, reagents.RASCHKE)) / 1.1,
        why="With the unit corrected a tenth is still missing: the reagent's slope is read from the range, not from their plasma.",
    ),
    claim(
        "dose needed",
        "class III obesity against normal weight, per kg",
        "first therapeutic aPTT",
        papers.OBESITY_CLASSES,
        11.5 / 13.5,
        within_percent(11.5 / 13.5, 10),
        "x",
        tolerance_of_ours(10),
        lambda: (
            ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=135.0))
            / ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=70.0))
        ),
    ),
    claim(
        "dose needed",
        "140 kg against 100 kg, per kg",
        "intensive care",
        papers.ICU_HEAVY,
        13.1 / 15.8,
        within_percent(13.1 / 15.8, 10),
        "x",
        tolerance_of_ours(10),
        lambda: (
            ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=140.0))
            / ask.needed_u_per_kg_per_h(DEFAULT, 0.45, Patient(weight_kg=100.0))
        ),
        why="An exponent of 0.75 explains half of the fall; lean weight would explain more.",
    ),
]
