"""Claims about aPTT, anti-Xa and ACT."""

from __future__ import annotations

import math
import statistics
from functools import cache, partial

from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.response import ANTITHROMBIN_AND_APTT, WHITFIELD_1980, Reagent, aptt_s
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.calibration import (
    ANTI_XA_CV_SOURCE,
    ARACHCHILLAGE_2017,
    FACTOR_VIII_AFTER_SURGERY,
    FACTOR_VIII_THROMBOSIS,
    FORMS,
    Agreement,
    agreement,
    calibrate,
    samples,
)
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, reagents, sources
from heparin_pk.published.ranges import ANTI_XA_TREATMENT
from heparin_pk.trials.hospital import REAL

_claim = partial(claim, group="response")


def aptt_slope(patient: Patient) -> float:
    """Return the mean slope of this patient's ln(aPTT) from 0 to 0.5 U/mL, with the default's covariate effects, mL/U."""
    covariate_effects = named(DEFAULT).covariate_effects
    return math.log(float(aptt_s(0.5, patient, reagents.GUIDELINE, covariate_effects)) / patient.baseline_aptt_s) / 0.5


@cache
def _discordance(factor_viii_u_per_ml: float = FACTOR_VIII_AFTER_SURGERY.value) -> Agreement:
    """Return how the two assays agree in patients who drift; the aPTT range is the one that fits the reagent of the default."""
    reagent, drug = ask.default_reagent(), named(DEFAULT)
    tubes = samples(drug, reagent, 1500, seed=3, factor_viii_u_per_ml=factor_viii_u_per_ml, hospital=REAL)
    low_s, high_s = (float(aptt_s(end, ask.ADULT, reagent)) for end in (ANTI_XA_TREATMENT.low, ANTI_XA_TREATMENT.high))
    return agreement(tubes, TherapeuticRange(assay="aptt_s", low=round(low_s), high=round(high_s)))


def _aptt_at_12_75_s(reagent: Reagent) -> float:
    plateau = named(DEFAULT).kinetics(ask.ADULT).steady_long_u_per_ml(12.75 * ask.ADULT.weight_kg)
    return float(aptt_s(plateau, ask.ADULT, reagent))


def _linear_minus_logarithmic_s() -> float:
    differences_s = []
    for seed in range(20):
        tubes = samples(named(DEFAULT), reagents.KOREA, 80, seed=seed, hospital=REAL)
        logarithmic, linear = (calibrate(tubes, form=form, anti_xa_range=(0.35, 0.70)) for form in FORMS)
        differences_s.append(linear.high_s - logarithmic.high_s)
    return statistics.median(differences_s)


def _in_range_percent(reagent: Reagent, low_s: float, high_s: float) -> float:
    tubes = samples(named(DEFAULT), reagent, 1500, seed=3, hospital=REAL)
    return 100.0 * agreement(tubes, TherapeuticRange(assay="aptt_s", low=low_s, high=high_s)).in_fraction


RESPONSE = [
    _claim(
        quantity="aPTT ratio at 0.3 U/mL",
        population="guideline equivalence",
        source=sources.DERIVED.at("aPTT ratio 1.5-2.5 = anti-Xa 0.3-0.7 U/mL"),
        printed=1.5,
        bounds=within_percent(1.5, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: aptt_s(0.3, ask.ADULT, reagents.GUIDELINE) / 30.0,
        used_to_build=True,
    ),
    _claim(
        quantity="aPTT ratio at 0.7 U/mL",
        population="guideline equivalence",
        source=sources.DERIVED.at("aPTT ratio 1.5-2.5 = anti-Xa 0.3-0.7 U/mL"),
        printed=2.5,
        bounds=within_percent(2.5, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: aptt_s(0.7, ask.ADULT, reagents.GUIDELINE) / 30.0,
        used_to_build=True,
    ),
    _claim(
        quantity="slope of ln(aPTT)",
        population="17 normal subjects",
        source=WHITFIELD_1980,
        printed=2.5,
        bounds=(1.51, 3.88),
        unit="mL/U",
        uncertainty="range (middle assumed)",
        ask=lambda: ask.default_reagent().slope_ml_per_u,
        used_to_build=True,  # a reason to take that reagent for the default
    ),
    _claim(
        quantity="slope of ln(aPTT) (second study)",
        population="20 normal subjects",
        source=papers.BJORNSSON_SLOPES,
        printed=2.4,
        bounds=(1.488, 3.427),
        unit="mL/U",
        uncertainty="range (middle assumed)",
        ask=lambda: ask.default_reagent().slope_ml_per_u,
    ),
    _claim(
        quantity="anti-Xa at an aPTT of 60 s (baseline 30 s)",
        population="patients who need large doses",
        source=papers.MCMASTER,
        printed=0.35,
        bounds=within_percent(0.35, 20),
        unit="U/mL",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: ask.concentration_for_ratio_u_per_ml(2.0, reagents.ACTIN_FS),
        model="reagents, actin-fs",
        used_to_build=True,  # the reagent of that study was not read: this end chooses one, the other tests it
    ),
    _claim(
        quantity="anti-Xa at an aPTT of 85 s (baseline 30 s)",
        population="patients who need large doses",
        source=papers.MCMASTER,
        printed=0.67,
        bounds=within_percent(0.67, 25),
        unit="U/mL",
        uncertainty=tolerance_of_ours(25),
        ask=lambda: ask.concentration_for_ratio_u_per_ml(85.0 / 30.0, reagents.ACTIN_FS),
        model="reagents, actin-fs",
    ),
    _claim(
        quantity="anti-Xa at an aPTT ratio of 1.5 (least sensitive automated reagent): below 0.35",
        population="all aPTT reagents studied",
        source=papers.BRILL_EDWARDS,
        printed=0.35,
        bounds=(0.0, 0.35),
        unit="U/mL",
        uncertainty="printed as an upper limit",
        ask=lambda: max(
            ask.concentration_for_ratio_u_per_ml(1.5, reagent)
            for name, reagent in reagents.REAGENTS.items()
            if "manual" not in name
        ),
        model="reagents",
    ),
    _claim(
        quantity="heparin for the same aPTT without antithrombin, relative to normal",
        population="antithrombin-depleted plasma",
        source=ANTITHROMBIN_AND_APTT,
        printed=2.0,
        bounds=within_percent(2.0, 10),
        unit="x",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: aptt_slope(ask.ADULT) / aptt_slope(Patient(weight_kg=75.0, antithrombin_fraction=0.0)),
        used_to_build=True,
    ),
    _claim(
        quantity="median aPTT at 12.75 U/kg/h",
        population="22 intensive-care patients",
        source=papers.MIMIC,
        printed=61.1,
        bounds=(48.0, 80.0),
        unit="s",
        uncertainty="quartiles",
        ask=lambda: _aptt_at_12_75_s(ask.default_reagent()),
    ),
    _claim(
        quantity="median aPTT at 12.75 U/kg/h, the most sensitive reagent",
        population="22 intensive-care patients",
        source=papers.MIMIC,
        printed=61.1,
        bounds=(48.0, 80.0),
        unit="s",
        uncertainty="quartiles",
        ask=lambda: _aptt_at_12_75_s(reagents.PATHROMTIN_SL),
        model="UFH_DEFAULT, pathromtin-sl",
        used_to_build=True,  # the reagent was chosen to meet this number
    ),
    _claim(
        quantity="rank correlation of aPTT and anti-Xa",
        population="254 patients",
        source=ANTI_XA_CV_SOURCE,
        printed=0.68,
        bounds=(0.60, 0.75),
        unit="(no unit)",
        uncertainty="95 % CI",
        ask=lambda: _discordance(FACTOR_VIII_THROMBOSIS.value).rank_correlation_ratio,
        model="UFH_DEFAULT, 1,500 virtual patients who drift, factor VIII 2.07 U/mL",
    ),
    *(
        _claim(
            quantity=f"aPTT {where} its range while the anti-Xa is in 0.3-0.7",
            population="250 adults",
            source=ARACHCHILLAGE_2017,
            printed=printed,
            bounds=(max(0.0, printed - 10.0), printed + 10.0),
            unit="%",
            uncertainty="tolerance of ours, 10 points",
            ask=ask_percent,
            model="UFH_DEFAULT, 1,500 virtual patients who drift, factor VIII 4.32 U/mL, the range that fits the reagent",
            used_to_build=True,
        )
        for where, printed, ask_percent in (
            ("in", 38.0, lambda: 100.0 * _discordance().in_fraction),
            ("below", 56.0, lambda: 100.0 * _discordance().below_fraction),
            ("above", 6.0, lambda: 100.0 * _discordance().above_fraction),
        )
    ),
    _claim(
        quantity="samples in which aPTT and anti-Xa agree",
        population="250 adults",
        source=ARACHCHILLAGE_2017,
        printed=51.8,
        bounds=(41.8, 61.8),
        unit="%",
        uncertainty="tolerance of ours, 10 points",
        ask=lambda: 100.0 * _discordance().concordant_fraction,
        model="UFH_DEFAULT, 1,500 virtual patients who drift, factor VIII 4.32 U/mL, the range that fits the reagent",
        used_to_build=True,
    ),
    _claim(
        quantity="upper end of the aPTT range, linear minus logarithmic fit",
        population="80 plasmas",
        source=reagents.KOREA.source.at("Abstract: 139.5 s by a linear fit, 127.9 s by a logarithmic one", "primary"),
        printed=11.6,
        bounds=(5.8, 17.4),
        unit="s",
        uncertainty="tolerance of ours, half of the value",
        ask=_linear_minus_logarithmic_s,
        model="UFH_DEFAULT, 20 laboratories of 80 samples at 8-26 U/kg/h (assumed)",
        own_reagent=True,
    ),
    *(
        _claim(
            quantity=f"aPTT in the matched range while the anti-Xa is in 0.3-0.7, {reagent.name}",
            population="170 patients",
            source=reagent.source.at("Abstract: about 70 % of those with an anti-Xa of 0.30-0.70 had an aPTT in the range"),
            printed=70.0,
            bounds=(60.0, 80.0),
            unit="%",
            uncertainty="tolerance of ours, 10 points",
            ask=partial(_in_range_percent, reagent, low_s, high_s),
            model="UFH_DEFAULT, 1,500 virtual patients who drift",
            own_reagent=True,
        )
        for reagent, low_s, high_s in ((reagents.AUTOMATED_APTT, 53.0, 127.0), (reagents.SILIMAT, 63.0, 178.0))
    ),
]
