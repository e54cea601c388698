"""Published trials and wards, run on virtual patients: their sources, dosing tables and reagents, and the runs themselves.

Two sizes were chosen with results in view (the time constant of the drift and the residual error of the aPTT: Prucnal 2020 and
Ting 2018; ``used_to_build``). Nothing else here was tuned to the results of the trials: what a paper does not print was chosen
before its result was looked at, and the ``model`` of each row says so:

- weights and other features: the wards of ``heparin_pk.trials.hospital``;
- people and laboratory: those of the real hospital, who drift and leave a residual error; a study carries its orders out
  as written (``STUDY``), a ward as wards do (``REAL``);
- reagent: one matched to the protocol's own range, where the paper gives no other;
- bands of a control arm: the simplest table with the printed steps;
- a ward of today whose table is not printed: half of its patients in each of ``TABLES_OF_TODAY``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.evidence.validation import papers
from heparin_pk.published import UFH_DEFAULT, reagents
from heparin_pk.trials.catalogue import PERIODS_END_H
from heparin_pk.trials.hospital import CORONARY_WARD, IDEAL, REAL, THROMBOSIS_WARD, Hospital
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.nomogram import Band, Nomogram, Recheck, Start

PATIENTS, FEWER_PATIENTS, WARD_PATIENTS = 3_000, 1_000, 4_000
SEED = 1993
STUDY = replace(REAL, name="a study", label="", ward_errors=None)
"""A trial or a study: people and laboratory of the real hospital, and every order carried out as written (assumed)."""
WITHOUT_CHANGE = replace(STUDY, name="a study without drift and residual error", label="", drift=None, residual=())
"""To test a cause: the drift was read from intensive care, the residual error from children after one bolus."""
BEFORE_2009 = UFH_DEFAULT.labelled_before_2009()
_END = float("inf")

RASCHKE_TRIAL = Source(
    key="Raschke_1993_trial",
    citation=(
        "Raschke RA, Reilly BM, Guidry JR, Fontana JR, Srinivas S. The weight-based heparin dosing nomogram compared with a "
        "standard care nomogram: a randomized controlled trial. Ann Intern Med 1993;119(9):874-881"
    ),
    where="Abstract: 60 of 62 (97 %) and 37 of 48 (77 %) above 1.5 x control within 24 h",
    confidence="primary",
    doi="10.7326/0003-4819-119-9-199311010-00002",
    pmid="8214998",
)
RASCHKE_LETTER = Source(
    key="Raschke_Reilly_1995",
    citation="Raschke and Reilly, letter, Arch Intern Med 1995: all aPTTs of the weight-based arm in the first 48 h",
    where="17% (77/444) subtherapeutic, 65% (288/444) therapeutic, 18% (79/444) supratherapeutic",
    confidence="primary",
    url="https://jamanetwork.com/journals/jamainternalmedicine/article-abstract/619878",
)
ACS_TRIAL = Source(
    key="ACS_nomogram_trial",
    citation=(
        "Improved anticoagulation with a weight-adjusted heparin nomogram in patients with acute coronary syndromes: a "
        "randomized trial. J Thromb Thrombolysis (authors and year not on the page)"
    ),
    where="Abstract: 64 patients, goal 60-90 s; median aPTT at 6, 12, 18, 24 and 48 h",
    confidence="primary",
    doi="10.1007/BF01062717",
)
CRUICKSHANK_TRIAL = Source(
    key="Cruickshank_1991_trial",
    citation="Cruickshank et al. 1991: a standard heparin nomogram (50 patients with acute venous thromboembolism)",
    where="Abstract: aPTT therapeutic in 66 % at 24 h and 81 % at 48 h",
    confidence="primary",
    url="https://paperexplained.cn/articles/paper/detail/38b98ddbe8c81137c63aa747a88ad635d71e62c1",
)
YAZD_TRIAL = Source(
    key="Yazd_ACS_nomograms",
    citation=(
        "Modares Mosadegh M, Sadr Bafghi SM. Comparison of two nomograms of unfractionated heparin in patients with acute "
        "coronary syndrome. Acta Medica Iranica (year not on the page)"
    ),
    where=(
        "Abstract: 140 patients, 46-70 s, aPTT every 6 h; time to pass the threshold 7.63 +- 3.95 and 11.05 +- 4.41 h; in range "
        "at 48 h 72.86 and 45.71 %. DERIVED: 51 and 32 patients, the counts that give these shares in two arms of 70 (the sizes "
        "of the arms are not printed)"
    ),
    confidence="primary",
    url="https://acta.tums.ac.ir/index.php/acta/article/view/4484",
)
ANTI_XA_WARD_2023 = Source(
    key="Nguyen_2023",
    citation=(
        "Nguyen L, Qi X, Karimi-asl A, Thole A, Wendte J, Meissner T, Xu B, Dvoracek K. Evaluation of anti-Xa levels in patients "
        "with venous thromboembolism within the first 48 h of anticoagulation with unfractionated heparin. SAGE Open Med 2023;11"
    ),
    where=(
        "Abstract: 205 patients (89 bolus and infusion, 116 infusion only); 200 with a therapeutic level within 48 h; the first "
        "at a median of 12.8 h; no more than 60 % at any of the 6-hour intervals"
    ),
    confidence="primary",
    doi="10.1177/20503121231190963",
)
PULMONARY_EMBOLISM_2025 = Source(
    key="Ifergan_2025",
    citation=(
        "Ifergan A, Loutati R, Tvito A, et al. Impact of time in therapeutic range (TTR) within the first 72 h on prognosis in "
        "patients with pulmonary embolism treated with unfractionated heparin. J Thromb Thrombolysis 2025"
    ),
    where="Abstract: 203 patients, mean time in range by the aPTT 24.6 % (SD 27.3) in the first 72 h; the range is not in it",
    confidence="primary",
    doi="10.1007/s11239-025-03167-2",
)
_RECONSTRUCTED = Source(
    key="heparin_pk_reconstruction",
    citation="heparin_pk: a control table reconstructed from its printed start and steps",
    where="5,000 U and 1,000 U/h; steps of 100-200 U/h, or 2-4 U/kg/h; bands assumed at the printed multiples of control",
    confidence="assumed",
)


def _table(name: str, target: tuple[float, float], start: Start, bands: tuple[Band, ...], *, recheck_h: float = 6.0) -> Nomogram:
    """Return a reconstructed aPTT table, checked ``recheck_h`` hours after a result; ``target`` in seconds."""
    return Nomogram(
        name=name,
        title=f"{name} (reconstructed)",
        assay="aptt_s",
        round_to=1.0,
        target=TherapeuticRange(assay="aptt_s", low=target[0], high=target[1]),
        start=start,
        recheck=Recheck(hours=recheck_h),
        bands=bands,
        source=_RECONSTRUCTED,
    )


_FIXED_START = Start(bolus_u=5000.0, rate_u_per_h=1000.0, first_check_h=6.0)
STANDARD_CARE = _table(
    "standard-care",
    (46.0, 70.0),
    _FIXED_START,
    (
        Band(below=35.0, label="<1.2 x", bolus_u=5000.0, change_u_per_h=200.0),
        Band(below=46.0, label="1.2-1.5 x", change_u_per_h=100.0),
        Band(below=71.0, label="1.5-2.3 x"),
        Band(below=91.0, label="2.3-3.0 x", change_u_per_h=-100.0),
        Band(below=_END, label=">3.0 x", hold_min=60.0, change_u_per_h=-200.0),
    ),
)
"""Raschke's control arm: the start and the size of the steps are printed, the bands and the re-bolus are not."""
ACS_BY_WEIGHT = _table(
    "acs-by-weight",
    (60.0, 90.0),
    Start(bolus_u_per_kg=80.0, rate_u_per_kg_per_h=18.0, first_check_h=6.0),
    (
        Band(below=45.0, label="<1.5 x", change_u_per_kg_per_h=4.0),
        Band(below=60.0, label="1.5-2.0 x", change_u_per_kg_per_h=2.0),
        Band(below=91.0, label="2.0-3.0 x"),
        Band(below=121.0, label="3.0-4.0 x", change_u_per_kg_per_h=-2.0),
        Band(below=_END, label=">4.0 x", change_u_per_kg_per_h=-4.0),
    ),
)
ACS_FIXED = _table(
    "acs-fixed",
    (60.0, 90.0),
    _FIXED_START,
    (
        Band(below=45.0, label="<1.5 x", change_u_per_h=200.0),
        Band(below=60.0, label="1.5-2.0 x", change_u_per_h=100.0),
        Band(below=91.0, label="2.0-3.0 x"),
        Band(below=121.0, label="3.0-4.0 x", change_u_per_h=-100.0),
        Band(below=_END, label=">4.0 x", change_u_per_h=-200.0),
    ),
)
"""The two arms of the coronary trial: goal, starts and size of the steps are printed, the bands are not."""
_RASCHKE = Nomogram.load("raschke-1993")
TABLES_OF_TODAY = (Nomogram.load("durham-va-2009"), Nomogram.load("pmc8891818-venous"))
"""The tables for venous thrombosis in this package that are of today, start with 80 U/kg and 18 U/kg/h and read an aPTT.

They stand for wards that print neither their table nor their range (assumed). The table of 1993 does not: its range of 46-70 s
belongs to a reagent of its time.
"""


def _without_bolus(table: Nomogram) -> Nomogram:
    start = replace(table.start, bolus_u_per_kg=0.0, bolus_max_u=None)
    return replace(table, name=f"{table.name}-without-bolus", label="", start=start)


YAZD_80_17 = _table(
    "yazd-80-17",
    (46.0, 70.0),
    Start(bolus_u_per_kg=80.0, rate_u_per_kg_per_h=17.0, first_check_h=6.0),
    _RASCHKE.bands,
    recheck_h=5.0,
)
YAZD_60_12 = _table(
    "yazd-60-12",
    (46.0, 70.0),
    Start(bolus_u_per_kg=60.0, bolus_max_u=4000.0, rate_u_per_kg_per_h=12.0, rate_max_u_per_h=900.0, first_check_h=6.0),
    _RASCHKE.bands,
    recheck_h=5.0,
)
"""The two tables of the trial in Yazd: starts, caps and range are printed; the steps are those of Raschke's table.

Blood was drawn every 6 h: 5 h after the ward read a result that took 1 h.
"""
ANTI_XA_TABLE = Nomogram.load("michigan-vte-anti-xa")
ANTI_XA_WITHOUT_BOLUS = _without_bolus(ANTI_XA_TABLE)
_MATCHED = "heparin_pk: the slope that puts this protocol's own range at anti-Xa 0.3-0.7 U/mL"
ACS_REAGENT = Reagent.from_matched_range(
    name="acs-trial",
    anti_xa_u_per_ml=(0.3, 0.7),
    aptt_ratio=(2.0, 3.0),
    source=Source(key="heparin_pk_matched", citation=_MATCHED, where="60-90 s over a control of 30 s", confidence="assumed"),
)
YAZD_REAGENT = Reagent.from_matched_range(
    name="yazd",
    anti_xa_u_per_ml=(0.3, 0.7),
    aptt_ratio=(46.0 / 30.0, 70.0 / 30.0),
    source=Source(key="heparin_pk_matched", citation=_MATCHED, where="46-70 s over a control of 30 s", confidence="assumed"),
)
MCMASTER_REAGENT = Reagent.from_matched_range(
    name="mcmaster",
    anti_xa_u_per_ml=(0.35, 0.67),
    aptt_ratio=(2.0, 85.0 / 30.0),
    source=papers.MCMASTER.at(
        "Abstract: anti-Xa 0.35-0.67 U/mL and 60-85 s were equivalent; a control of 30 s is assumed", "derived"
    ),
)


@cache
def raschke(hospital: Hospital = STUDY) -> Outcomes:
    """Return the outcomes of Raschke's trial of 1993, both arms, on virtual patients."""
    trial = Trial(
        population=THROMBOSIS_WARD,
        arms=[_RASCHKE, STANDARD_CARE],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=reagents.RASCHKE),
        hospital=hospital,
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def coronary() -> Outcomes:
    """Return the outcomes of the trial in acute coronary syndromes, both arms, on virtual patients."""
    trial = Trial(
        population=CORONARY_WARD,
        arms=[ACS_BY_WEIGHT, ACS_FIXED],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=ACS_REAGENT),
        hospital=STUDY,
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def cruickshank(hospital: Hospital = STUDY) -> Outcomes:
    """Return the outcomes of the Cruickshank cohort of 1991 on virtual patients."""
    trial = Trial(
        population=THROMBOSIS_WARD,
        arms=[Nomogram.load("cruickshank-1991")],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=MCMASTER_REAGENT),
        hospital=hospital,
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def ward(is_real: bool, hours: float = 48.0) -> Outcomes:
    """Return the outcomes of today's tables, each with and without a first bolus, in the ideal or in the real hospital."""
    arms = [*TABLES_OF_TODAY, *map(_without_bolus, TABLES_OF_TODAY)]
    trial = Trial(population=THROMBOSIS_WARD, arms=arms, hospital=REAL if is_real else IDEAL, hours=hours)
    return trial.run(WARD_PATIENTS, seed=SEED, progress=False)


def mean_of_today(key: str, *, is_real: bool = True, has_bolus: bool = True, hours: float = 48.0) -> float:
    """Return the mean of an outcome on a ward of today, half of its patients under each of ``TABLES_OF_TODAY``."""
    tables = TABLES_OF_TODAY if has_bolus else tuple(map(_without_bolus, TABLES_OF_TODAY))
    return float(np.nanmean([ward(is_real, hours).columns(table.name)[key] for table in tables]))


@cache
def yazd() -> Outcomes:
    """Return the outcomes of the trial in Yazd, both arms, on virtual patients."""
    trial = Trial(
        population=CORONARY_WARD, arms=[YAZD_80_17, YAZD_60_12], laboratory=Laboratory(reagent=YAZD_REAGENT), hospital=STUDY
    )
    return trial.run(FEWER_PATIENTS, seed=SEED, progress=False)


@cache
def anti_xa_ward() -> Outcomes:
    """Return the outcomes of an anti-Xa table, with and without a first bolus, in the real hospital."""
    trial = Trial(population=THROMBOSIS_WARD, arms=[ANTI_XA_TABLE, ANTI_XA_WITHOUT_BOLUS], hospital=REAL)
    return trial.run(FEWER_PATIENTS, seed=SEED, progress=False)


@cache
def anti_xa_study() -> Outcomes:
    """Return the outcomes of an anti-Xa table over 72 h, as in a study."""
    return Trial(population=THROMBOSIS_WARD, arms=[ANTI_XA_TABLE], hospital=STUDY, hours=72.0).run(
        FEWER_PATIENTS, seed=SEED, progress=False
    )


def anti_xa_rows(key: str) -> np.ndarray:
    """Return an outcome of the anti-Xa ward, one value a patient: 89 of every 205 had a bolus, as printed."""
    with_bolus, without = (anti_xa_ward().columns(table.name)[key] for table in (ANTI_XA_TABLE, ANTI_XA_WITHOUT_BOLUS))
    return np.where(np.arange(len(with_bolus)) % 205 < 89, with_bolus, without)


def median_first_result_in_range_h() -> float:
    """Return the median time at which the first result in range was drawn on the anti-Xa ward, h; never counts as late."""
    return float(np.median(np.nan_to_num(anti_xa_rows("in_range_result_h"), nan=np.inf)))


def share_ever_in_range() -> float:
    """Return the share of patients of the anti-Xa ward with a result in range within 48 h."""
    return float(np.mean(np.isfinite(anti_xa_rows("in_range_result_h"))))


def most_in_range() -> float:
    """Return the largest share in range among the patients of the anti-Xa ward with a result of a period of 6 h."""
    return max(float(np.nanmean(anti_xa_rows(f"period_to_{hour}_h_in_range"))) for hour in PERIODS_END_H)


def mean_outcome(run: Callable[[], Outcomes], arm: str, key: str) -> float:
    """Return the mean of an outcome in an arm of one of these runs; for a yes-or-no outcome the share of patients."""
    estimate = run().estimate(arm, key)
    assert estimate is not None  # it is None only without a patient to count
    return estimate.mean


def share_of_results(index: int, run: Callable[[], Outcomes] = raschke) -> float:
    """Return the share of aPTTs of Raschke's weight-based arm below (0), in (1) or above (2) the range in the first 48 h."""
    return run().shares_of_results("raschke-1993")[index]


def median_aptt_s(arm: str, hour: int, ceiling_s: float = 150.0) -> float:
    """Return the median aPTT of an arm of the coronary trial at an hour, s; above the ceiling, the ceiling."""
    return min(ceiling_s, float(coronary().percentiles(arm, (50,))[1][0, hour]))
