"""Claims about pregnancy, kidney failure, the time of day and other special patients."""

from __future__ import annotations

from heparin_pk.evidence.validation import ask
from heparin_pk.evidence.validation.claims.common import DEFAULT, USUAL, adult_of_75_kg, claim, tolerance_of_ours, within_percent
from heparin_pk.evidence.validation.claims.response import aptt_slope
from heparin_pk.published import patients, sources
from heparin_pk.ward.orders import Subcutaneous


def _swing(assay: str) -> float:
    patient = adult_of_75_kg(clock_at_start_h=8.0)
    course = ask.run(DEFAULT, patient, *USUAL, hours=72.0)
    late = course.level(assay)[course.time_h >= 48.0]
    return 100.0 * float(late.max() - late.min()) / float(late.mean())


SPECIAL_PATIENTS = [
    claim(
        "special patients",
        "half-life in cirrhosis against normal",
        "six and six",
        sources.TEIEN_1977.at("Abstract: 117.8 against 74.0 min"),
        1.59,
        within_percent(1.59, 10),
        "x",
        tolerance_of_ours(10),
        lambda: (
            ask.half_life_min(DEFAULT, adult_of_75_kg(cirrhosis=True), dose_u_per_kg=100)
            / ask.half_life_min(DEFAULT, dose_u_per_kg=100)
        ),
        used=True,
    ),
    claim(
        "special patients",
        "half-life in cirrhosis",
        "six patients",
        sources.TEIEN_1977.at("Abstract: 117.8 min"),
        117.8,
        within_percent(117.8, 15),
        "min",
        tolerance_of_ours(15),
        lambda: ask.half_life_min(DEFAULT, adult_of_75_kg(cirrhosis=True), dose_u_per_kg=100),
        used=True,
    ),
    claim(
        "special patients",
        "half-life in kidney failure against normal",
        "21 haemodialysis patients; six normal subjects",
        sources.KANDROTAS_1989.at("117 min, against 74.0 min in normal people (Teien 1977)", "derived"),
        1.58,
        within_percent(1.58, 10),
        "x",
        tolerance_of_ours(10),
        lambda: (
            ask.half_life_min(DEFAULT, adult_of_75_kg(kidney_failure=True), dose_u_per_kg=100)
            / ask.half_life_min(DEFAULT, dose_u_per_kg=100)
        ),
        used=True,
    ),
    claim(
        "special patients",
        "response of the aPTT late in pregnancy against before",
        "pregnant and other women",
        patients.WHITFIELD_1983,
        0.72,
        (0.52, 0.92),
        "x",
        "from the two SDs, derived",
        lambda: aptt_slope(adult_of_75_kg(pregnant=True, sex="female")) / aptt_slope(adult_of_75_kg(sex="female")),
        model="UFH_DEFAULT, covariate effects",
        used=True,
    ),
    claim(
        "special patients",
        "response of the aPTT at factor VIII 2.7 against 1.2 U/mL",
        "pregnant women",
        patients.CHUNILAL_2002,
        0.63,
        within_percent(0.63, 15),
        "x",
        tolerance_of_ours(15),
        lambda: aptt_slope(adult_of_75_kg(factor_viii_u_per_ml=2.7)) / aptt_slope(adult_of_75_kg(factor_viii_u_per_ml=1.2)),
        used=True,
    ),
    claim(
        "special patients",
        "highest level after 143 U/kg under the skin, third trimester",
        "six pregnant women",
        sources.BRANCAZIO.at("Abstract: 0.11 +- 0.017 U/mL at 113 min in the third trimester"),
        0.11,
        (0.093, 0.127),
        "U/mL",
        "SD",
        lambda: ask.peak(
            ask.run(DEFAULT, adult_of_75_kg(pregnant=True, sex="female"), Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))
        ),
        why="Volume and clearance are raised by half; absorption may be slower too, which is not modelled.",
    ),
    claim(
        "special patients",
        "anti-Xa swing over the day, highest to lowest over the mean",
        "nine patients at a constant rate",
        patients.CIRCADIAN_1994,
        26,
        (20, 32),
        "%",
        tolerance_of_ours(23),
        lambda: _swing("anti_xa_u_per_ml"),
        used=True,
    ),
    claim(
        "special patients",
        "aPTT swing over the day, highest to lowest over the mean",
        "nine patients at a constant rate",
        patients.CIRCADIAN_1994.at("Abstract: 22 % (Cephotest) to 44 % (automated aPTT)"),
        33,
        (22, 44),
        "%",
        "two reagents",
        lambda: _swing("aptt_s"),
        why="The swing was fitted to the anti-Xa; a blunt reagent passes on less of it. Both of theirs were more sensitive.",
    ),
]
