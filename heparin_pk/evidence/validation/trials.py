"""Four published trials, run on virtual patients: their sources, dosing tables and reagents, and the runs themselves.

Nothing here was tuned to the results of the trials. What a paper does not print was chosen before its result was looked at, and
the ``model`` of each row says so:

- weights and other features: the wards of ``heparin_pk.trials.hospital``;
- reagent: one matched to the protocol's own range, where the paper gives no other;
- bands of a control arm: the simplest table with the printed steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.evidence.validation import papers
from heparin_pk.published import UFH_DEFAULT, reagents
from heparin_pk.trials.hospital import CORONARY_WARD, REAL_WARD, THROMBOSIS_WARD
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.nomogram import Band, Nomogram, Recheck, Start

PATIENTS = 3_000
SEED = 1993
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
        "randomized trial. J Thromb Thrombolysis (authors and year not seen)"
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
_RECONSTRUCTED = Source(
    key="heparin_pk_reconstruction",
    citation="heparin_pk: a control table reconstructed from its printed start and steps",
    where="5,000 U and 1,000 U/h; steps of 100-200 U/h, or 2-4 U/kg/h; bands assumed at the printed multiples of control",
    confidence="assumed",
)


def _table(name: str, target: tuple[float, float], start: Start, bands: tuple[Band, ...]) -> Nomogram:
    """Return a reconstructed aPTT table, checked every 6 h; ``target`` in seconds."""
    return Nomogram(
        name=name,
        title=f"{name} (reconstructed)",
        assay="aptt_s",
        round_to=1.0,
        target=TherapeuticRange(assay="aptt_s", low=target[0], high=target[1]),
        start=start,
        recheck=Recheck(hours=6.0),
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
_MATCHED = "heparin_pk: the slope that puts this protocol's own range at anti-Xa 0.3-0.7 U/mL"
ACS_REAGENT = Reagent.from_matched_range(
    name="acs-trial",
    anti_xa_u_per_ml=(0.3, 0.7),
    aptt_ratio=(2.0, 3.0),
    source=Source(key="heparin_pk_matched", citation=_MATCHED, where="60-90 s over a control of 30 s", confidence="assumed"),
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
def raschke() -> Outcomes:
    """Return the outcomes of Raschke's trial of 1993, both arms, on virtual patients."""
    trial = Trial(
        population=THROMBOSIS_WARD,
        arms=[Nomogram.load("raschke-1993"), STANDARD_CARE],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=reagents.RASCHKE),
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
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def cruickshank() -> Outcomes:
    """Return the outcomes of the Cruickshank cohort of 1991 on virtual patients."""
    trial = Trial(
        population=THROMBOSIS_WARD,
        arms=[Nomogram.load("cruickshank-1991")],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=MCMASTER_REAGENT),
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def ward(is_real: bool) -> Outcomes:
    """Return the outcomes of the Raschke table on a ward of today, without error or with ward errors (``is_real``)."""
    trial = Trial(population=THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], ward_errors=REAL_WARD if is_real else None)
    return trial.run(PATIENTS, seed=SEED, progress=False)


def mean_outcome(run: Callable[[], Outcomes], arm: str, key: str) -> float:
    """Return the mean of an outcome in an arm of one of these runs; for a yes-or-no outcome the share of patients."""
    estimate = run().estimate(arm, key)
    assert estimate is not None  # it is None only without a patient to count
    return estimate.mean


def share_of_results(index: int) -> float:
    """Return the share of aPTTs of Raschke's weight-based arm below (0), in (1) or above (2) the range in the first 48 h."""
    return raschke().shares_of_results("raschke-1993")[index]


def median_aptt_s(arm: str, hour: int, ceiling_s: float = 150.0) -> float:
    """Return the median aPTT of an arm of the coronary trial at an hour, s; above the ceiling, the ceiling."""
    return min(ceiling_s, float(coronary().percentiles(arm, (50,))[1][0, hour]))
