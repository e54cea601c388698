"""Claims about pregnancy, kidney failure, the time of day and other special patients."""

from __future__ import annotations

from functools import partial

from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import (
    DEFAULT,
    USUAL,
    adult_of_75_kg,
    as_standard_error,
    claim,
    tolerance_of_ours,
    within_percent,
)
from heparin_pk.evidence.validation.claims.response import aptt_slope
from heparin_pk.published import patients, sources
from heparin_pk.ward.orders import Subcutaneous

_claim = partial(claim, group="special patients")


def _swing(assay: str) -> float:
    patient = adult_of_75_kg(clock_at_start_h=8.0)
    course = ask.run(ask.with_hypothesis("time of day"), patient, *USUAL, hours=72.0)
    late = course.level(assay)[course.time_h >= 48.0]
    return 100.0 * float(late.max() - late.min()) / float(late.mean())


def _between_doses_u_per_ml(u_per_kg_per_day: float) -> float:
    """Return the anti-Xa six hours after the last of eight doses, one every 12 h."""
    doses = (Subcutaneous(time_h=12.0 * k, dose_u_per_kg=u_per_kg_per_day / 2.0) for k in range(8))
    course = ask.run(DEFAULT, adult_of_75_kg(pregnant=True, sex="female"), *doses, hours=96.0)
    return course.level_at("anti_xa_u_per_ml", 90.0)


SPECIAL_PATIENTS = [
    _claim(
        quantity="half-life in cirrhosis, relative to normal",
        population="six patients and six normal subjects",
        source=sources.TEIEN_1977.at("Abstract: 117.8 against 74.0 min"),
        printed=1.59,
        bounds=within_percent(1.59, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: (
            ask.half_life_min(ask.with_hypothesis("cirrhosis"), adult_of_75_kg(cirrhosis=True), dose_u_per_kg=100)
            / ask.half_life_min(DEFAULT, dose_u_per_kg=100)
        ),
        model="UFH_DEFAULT, cirrhosis",
        used_to_build=True,
    ),
    _claim(
        quantity="half-life in cirrhosis",
        population="six patients",
        source=sources.TEIEN_1977.at("Abstract: 117.8 min"),
        printed=117.8,
        bounds=within_percent(117.8, 15),
        unit="min",
        uncertainty=tolerance_of_ours(15),
        ask=lambda: ask.half_life_min(ask.with_hypothesis("cirrhosis"), adult_of_75_kg(cirrhosis=True), dose_u_per_kg=100),
        model="UFH_DEFAULT, cirrhosis",
        used_to_build=True,
    ),
    _claim(
        quantity="half-life in kidney failure, relative to normal",
        population="21 haemodialysis patients; six normal subjects",
        source=sources.KANDROTAS_1989.at("117 min, against 74.0 min in normal subjects (Teien 1977)", "derived"),
        printed=1.58,
        bounds=within_percent(1.58, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: (
            ask.half_life_min(ask.with_hypothesis("kidney failure"), adult_of_75_kg(kidney_failure=True), dose_u_per_kg=100)
            / ask.half_life_min(DEFAULT, dose_u_per_kg=100)
        ),
        model="UFH_DEFAULT, kidney failure",
        used_to_build=True,
    ),
    _claim(
        quantity="aPTT response late in pregnancy, relative to non-pregnant women",
        population="pregnant and non-pregnant women",
        source=patients.WHITFIELD_1983,
        printed=0.72,
        bounds=(0.52, 0.92),
        unit="x",
        uncertainty="from the two SDs, derived",
        ask=lambda: aptt_slope(adult_of_75_kg(pregnant=True, sex="female")) / aptt_slope(adult_of_75_kg(sex="female")),
        model="UFH_DEFAULT, covariate effects",
        used_to_build=True,
    ),
    _claim(
        quantity="aPTT response at factor VIII 2.7 U/mL, relative to 1.2 U/mL",
        population="pregnant women",
        source=patients.CHUNILAL_2002,
        printed=0.63,
        bounds=within_percent(0.63, 15),
        unit="x",
        uncertainty=tolerance_of_ours(15),
        ask=lambda: aptt_slope(adult_of_75_kg(factor_viii_u_per_ml=2.7)) / aptt_slope(adult_of_75_kg(factor_viii_u_per_ml=1.2)),
        used_to_build=True,
    ),
    _claim(
        quantity="peak level after 143 U/kg under the skin, third trimester",
        population="six pregnant women",
        source=sources.BRANCAZIO.at("Abstract: 0.11 +- 0.017 U/mL at 113 min in the third trimester"),
        printed=0.11,
        bounds=(0.093, 0.127),
        unit="U/mL",
        uncertainty="the printed +- 0.017 (SD or standard error: not printed)",
        other_reading=as_standard_error(0.11, 0.017),
        ask=lambda: ask.peak(
            ask.run(DEFAULT, adult_of_75_kg(pregnant=True, sex="female"), Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))
        ),
    ),
    _claim(
        quantity="time of the peak level after 143 U/kg under the skin, third trimester",
        population="six pregnant women",
        source=sources.BRANCAZIO.at("Abstract: 113 +- 20 min in the third trimester, 222 +- 20 min without pregnancy"),
        printed=113,
        bounds=(93, 133),
        unit="min",
        uncertainty="the printed +- 20 (SD or standard error: not printed)",
        other_reading=as_standard_error(113, 20),
        ask=lambda: (
            60.0
            * ask.peak_h(
                ask.run(DEFAULT, adult_of_75_kg(pregnant=True, sex="female"), Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))
            )
        ),
    ),
    *(
        _claim(
            quantity=f"anti-Xa between two doses at {dose:g} U/kg a day under the skin in pregnancy",
            population=f"{n} pregnancies, dose titrated to this level",
            source=source,
            printed=0.5 * (low + high),
            bounds=(low, high),
            unit="U/mL",
            uncertainty="the range aimed at and reached (middle assumed)",
            ask=partial(_between_doses_u_per_ml, dose),
            model="UFH_DEFAULT, every 12 h (assumed)",
        )
        for dose, n, low, high, source in (
            (403.5, 39, 0.3, 0.7, papers.PREGNANCY_DOSE),
            (236.9, 27, 0.1, 0.3, papers.PREGNANCY_INTERMEDIATE_DOSE),
        )
    ),
    _claim(
        quantity="anti-Xa swing over the day, (highest - lowest) / mean",
        population="nine patients at a constant rate",
        source=patients.CIRCADIAN_1994,
        printed=26,
        bounds=(20, 32),
        unit="%",
        uncertainty=tolerance_of_ours(23),
        ask=lambda: _swing("anti_xa_u_per_ml"),
        model="UFH_DEFAULT, time of day",
        used_to_build=True,
    ),
    _claim(
        quantity="aPTT swing over the day, (highest - lowest) / mean",
        population="nine patients at a constant rate",
        source=patients.CIRCADIAN_1994.at("Abstract: 22 % (Cephotest) to 44 % (automated aPTT)"),
        printed=33,
        bounds=(22, 44),
        unit="%",
        uncertainty="two reagents",
        ask=lambda: _swing("aptt_s"),
        model="UFH_DEFAULT, time of day",
    ),
]
