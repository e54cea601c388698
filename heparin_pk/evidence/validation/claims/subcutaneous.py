"""Claims about heparin under the skin."""

from __future__ import annotations

from functools import partial

from heparin_pk.blood.response import Reagent
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, as_standard_error, claim, tolerance_of_ours, within_percent
from heparin_pk.published import reagents, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Subcutaneous

_claim = partial(claim, group="subcutaneous")


def _aptt_at_230_min_s(reagent: Reagent) -> float:
    course = ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0), reagent=reagent)
    return course.level_at("aptt_s", 230 / 60)


def _prophylaxis() -> Course:
    doses = (Subcutaneous(time_h=8.0 * k, dose_u=5000.0) for k in range(6))
    patient = Patient(weight_kg=75.0, baseline_aptt_s=32.0)
    return ask.run(DEFAULT, patient, *doses, hours=48.0)


SUBCUTANEOUS = [
    _claim(
        quantity="peak level after 143 U/kg under the skin",
        population="six women, not pregnant",
        source=sources.BRANCAZIO,
        printed=0.23,
        bounds=(0.194, 0.266),
        unit="U/mL",
        uncertainty="the printed +- 0.036 (SD or standard error: not printed)",
        other_reading=as_standard_error(0.23, 0.036),
        ask=lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))),
        used_to_build=True,
    ),
    _claim(
        quantity="time of the peak level after 143 U/kg under the skin",
        population="six women, not pregnant",
        source=sources.BRANCAZIO,
        printed=222,
        bounds=(202, 242),
        unit="min",
        uncertainty="the printed +- 20 (SD or standard error: not printed)",
        other_reading=as_standard_error(222, 20),
        ask=lambda: 60.0 * ask.peak_h(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u_per_kg=143.0))),
    ),
    _claim(
        quantity="aPTT at 230 min after 143 U/kg under the skin",
        population="six women, not pregnant",
        source=sources.BRANCAZIO.at("Abstract: 50 +- 4 s at 230 min"),
        printed=50,
        bounds=(46, 54),
        unit="s",
        uncertainty="the printed +- 4 (SD or standard error: not printed)",
        other_reading=as_standard_error(50, 4),
        ask=lambda: _aptt_at_230_min_s(ask.default_reagent()),
        why="The reagent is not printed; with one of 2.02 mL/U (actin-fsl) the aPTT lies inside.",
        tested=lambda: _aptt_at_230_min_s(reagents.ACTIN_FSL),
    ),
    _claim(
        quantity="aPTT at 230 min after 143 U/kg under the skin, a modern reagent",
        population="six women, not pregnant",
        source=sources.BRANCAZIO.at("Abstract: 50 +- 4 s at 230 min"),
        printed=50,
        bounds=(46, 54),
        unit="s",
        uncertainty="the printed +- 4 (SD or standard error: not printed)",
        other_reading=as_standard_error(50, 4),
        ask=lambda: _aptt_at_230_min_s(reagents.SILIMAT),
        model="UFH_DEFAULT, silimat",
        used_to_build=True,  # the reagent was chosen to meet this number
    ),
    _claim(
        quantity="peak aPTT after 12,500 U under the skin",
        population="patients after myocardial infarction",
        source=papers.KROON_1992,
        printed=42.6,
        bounds=(30.4, 70.7),
        unit="s",
        uncertainty="range",
        ask=lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u=12_500.0)), "aptt_s"),
    ),
    _claim(
        quantity="mean aPTT under 5,000 U every 8 h",
        population="257 patients",
        source=papers.PROPHYLAXIS_257,
        printed=37.6,
        bounds=(22.4, 52.8),
        unit="s",
        uncertainty="SD",
        ask=lambda: ask.mean_level(_prophylaxis(), "aptt_s", 24.0, 48.0),
    ),
    _claim(
        quantity="time of the peak level after 5,000 U under the skin",
        population="US label",
        source=papers.SC_LABEL,
        printed=3.0,
        bounds=(2.0, 4.0),
        unit="h",
        uncertainty="range",
        ask=lambda: ask.peak_h(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u=5000.0))),
    ),
    _claim(
        quantity="apparent bioavailability of 5,000 U, as a trial would report it",
        population="eight volunteers",
        source=papers.PK10169,
        printed=0.31,
        bounds=(0.2, 0.45),
        unit="of the dose",
        uncertainty="a third of an LMWH's 0.92; tolerance of ours",
        ask=lambda: ask.apparent_bioavailability_fraction(DEFAULT, 5000.0),
    ),
    _claim(
        quantity="peak anti-Xa after 5,000 U under the skin",
        population="volunteers",
        source=papers.SC_1983,
        printed=0.07,
        bounds=within_percent(0.07, 40),
        unit="U/mL",
        uncertainty=tolerance_of_ours(40),
        ask=lambda: ask.peak(ask.run(DEFAULT, ask.ADULT, Subcutaneous(time_h=0.0, dose_u=5000.0))),
    ),
]
