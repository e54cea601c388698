"""Published trials, run on virtual patients. Nothing here was tuned to their results.

What a paper does not print (weights, the reagent, the bands of a control arm) is said in the ``model`` of a row, and chosen
before its result was looked at: the ward of :mod:`heparin_pk.trials.hospital`, a reagent matched to the protocol's own range where the
paper gives no other, and the plainest table with the printed steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.evidence.validation import papers
from heparin_pk.evidence.validation.claim import Claim
from heparin_pk.published import UFH_DEFAULT, reagents
from heparin_pk.trials.hospital import CORONARY_WARD, PRUCNAL_2020, REAL_WARD, THROMBOSIS_WARD, TING_2018
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.nomogram import Band, Nomogram, Recheck, Start

PATIENTS = 3_000
SEED = 1993
BEFORE_2009 = UFH_DEFAULT.labelled_before_2009()
_END = float("inf")
_GROUP = "virtual trials"

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
"""Raschke's control arm: start and size of the steps are printed, its bands and re-bolus are not."""
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
"""The coronary trial: goal, starts and size of the steps are printed, its bands are not."""
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
    """Return the trial of 1993 on virtual patients."""
    trial = Trial(
        population=THROMBOSIS_WARD,
        arms=[Nomogram.load("raschke-1993"), STANDARD_CARE],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=reagents.RASCHKE),
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def coronary() -> Outcomes:
    """Return the trial in acute coronary syndromes on virtual patients."""
    trial = Trial(
        population=CORONARY_WARD,
        arms=[ACS_BY_WEIGHT, ACS_FIXED],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=ACS_REAGENT),
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def cruickshank() -> Outcomes:
    """Return the cohort of 1991 on virtual patients."""
    trial = Trial(
        population=THROMBOSIS_WARD,
        arms=[Nomogram.load("cruickshank-1991")],
        drug=BEFORE_2009,
        laboratory=Laboratory(reagent=MCMASTER_REAGENT),
    )
    return trial.run(PATIENTS, seed=SEED, progress=False)


@cache
def ward(is_real: bool) -> Outcomes:
    """Return the Raschke table on a ward of today, as written or as wards carry it out."""
    trial = Trial(population=THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], ward_errors=REAL_WARD if is_real else None)
    return trial.run(PATIENTS, seed=SEED, progress=False)


def _of(run: Callable[[], Outcomes], arm: str, key: str) -> float:
    """Return the mean of an outcome, or the share of patients."""
    found = run().estimate(arm, key)
    assert found is not None  # thousands of patients: somebody counts
    return found.mean


def median_aptt_s(arm: str, hour: int, ceiling_s: float = 150.0) -> float:
    """Return the median aPTT of the coronary trial at an hour, as a laboratory that stops at 150 s would print it."""
    return min(ceiling_s, float(coronary().percentiles(arm, (50,))[1][0, hour]))


_IDEAL = "Virtual wards do to the letter what the table says, and these did not; the reagent and its range are not printed."
_STILL_BETTER = (
    "Errors of execution explain only a part: patients' clotting changes from day to day, and a table's seconds often belong to "
    "another reagent; neither is in the model."
)
_FAST_LOSS = "The default loses a first bolus sooner than these patients did: by 6 and 12 h more of it is gone."
_STILL_RISING = "These patients ended at 56 s, below their goal of 60-90 s; the steps of our table go on until it is reached."
_LOW_START = "1,000 U/h leaves more of our patients low: our ward needs more heparin than this arm did."


_FEWER_HIGH = "The first results are high in fewer of our patients: the default's bolus is gone sooner."


def _share_of_results(place: int) -> float:
    return raschke().shares_of_results("raschke-1993")[place]


def _raschke_rows() -> list[Claim]:
    weight, control = "raschke-1993", "standard-care"
    model = f"UFH_DEFAULT, US units before 2009, reagent raschke, {PATIENTS:,} of the thrombosis ward"
    rows = [
        Claim(
            group=_GROUP,
            quantity="aPTT above 1.5 x control within 24 h, weight-based table",
            population="62 patients with thromboembolism or unstable angina",
            source=RASCHKE_TRIAL,
            printed=0.97,
            low=0.890,
            high=0.991,
            unit="share of patients",
            uncertainty="95 % Wilson of 60/62",
            model=model,
            ask=partial(_of, raschke, weight, "threshold_by_24_h"),
        ),
        Claim(
            group=_GROUP,
            quantity="aPTT above 1.5 x control within 24 h, standard care",
            population="48 patients with thromboembolism or unstable angina",
            source=RASCHKE_TRIAL,
            printed=0.77,
            low=0.635,
            high=0.867,
            unit="share of patients",
            uncertainty="95 % Wilson of 37/48",
            model=f"{model}; control table reconstructed",
            ask=partial(_of, raschke, control, "threshold_by_24_h"),
            why=_LOW_START,
        ),
    ]
    printed = {"below": (0.17, 0.141, 0.211), "in": (0.65, 0.603, 0.692), "above": (0.18, 0.145, 0.216)}
    for place, (name, (share, low, high)) in enumerate(printed.items()):
        rows.append(
            Claim(
                group=_GROUP,
                quantity=f"results {name} the range in the first 48 h, weight-based table",
                population="444 aPTTs of 62 patients",
                source=RASCHKE_LETTER,
                printed=share,
                low=low,
                high=high,
                unit="share of results",
                uncertainty="95 % Wilson",
                model=model,
                ask=partial(_share_of_results, place),
                why=_FEWER_HIGH if name == "above" else "",
            )
        )
    return rows


def _coronary_rows() -> list[Claim]:
    printed = {
        "acs-by-weight": {6: 150.0, 12: 100.0, 18: 66.0, 24: 63.0, 48: 64.0},
        "acs-fixed": {6: 83.0, 12: 79.0, 18: 61.0, 24: 56.0, 48: 56.0},
    }
    rows = []
    for arm, course in printed.items():
        for hour, seconds in course.items():
            rows.append(
                Claim(
                    group=_GROUP,
                    quantity=f"median aPTT at {hour} h, {'by weight' if arm == 'acs-by-weight' else 'fixed doses'}",
                    population="64 patients with acute coronary syndromes, two arms",
                    source=ACS_TRIAL,
                    printed=seconds,
                    low=0.85 * seconds,
                    high=1.15 * seconds,
                    unit="s",
                    uncertainty="tolerance of ours, 15 %",
                    model=f"UFH_DEFAULT, US units before 2009, a reagent matched to 60-90 s, {PATIENTS:,}; bands reconstructed",
                    ask=partial(median_aptt_s, arm, hour),
                    why=_FAST_LOSS if hour <= 12 else _STILL_RISING if (arm, hour) == ("acs-fixed", 48) else "",
                )
            )
    return rows


def _cohort_rows() -> list[Claim]:
    table = "cruickshank-1991"
    model = f"UFH_DEFAULT, US units before 2009, McMaster's range, {PATIENTS:,}; rate steps of the table unverified"
    rows = [
        Claim(
            group=_GROUP,
            quantity=f"aPTT in range at {hour} h, fixed-dose table of 1991",
            population="50 patients with acute venous thromboembolism",
            source=CRUICKSHANK_TRIAL,
            printed=share,
            low=low,
            high=high,
            unit="share of patients",
            uncertainty="95 % Wilson" + ("" if hour == 24 else ", 50 patients assumed"),
            model=model,
            ask=partial(_of, cruickshank, table, f"in_range_at_{hour}_h"),
        )
        for hour, share, low, high in ((24, 0.66, 0.522, 0.776), (48, 0.81, 0.680, 0.895))
    ]
    for is_real in (False, True):
        how = "as wards carry it out" if is_real else "to the letter"
        why = _STILL_BETTER if is_real else _IDEAL
        model = f"UFH_DEFAULT, raschke-1993 {how}, {PATIENTS:,} of the thrombosis ward"
        for key, words, printed, half in (
            ("rosendaal_fraction", "time in range by Rosendaal", 0.437, 0.0325),
            ("fraction_of_tests_in_range", "share of results in range", 0.377, 0.0315),
        ):
            rows.append(
                Claim(
                    group=_GROUP,
                    quantity=f"{words}, a ward's own table, {how}",
                    population="255 inpatients of one hospital, aPTT table (its range not printed)",
                    source=TING_2018,
                    printed=printed,
                    low=printed - half,
                    high=printed + half,
                    unit="mean of patients",
                    uncertainty="95 % CI from the SD",
                    model=model,
                    ask=partial(_of, partial(ward, is_real), "raschke-1993", key),
                    why=why,
                )
            )
        for hour, printed, low, high in ((24, 0.263, 0.203, 0.331), (48, 0.284, 0.224, 0.352)):
            rows.append(
                Claim(
                    group=_GROUP,
                    quantity=f"aPTT in range at {hour} h after 80 U/kg and 18 U/kg/h, {how}",
                    population="adults with acute pulmonary embolism (505 in two groups; range not printed)",
                    source=PRUCNAL_2020,
                    printed=printed,
                    low=low,
                    high=high,
                    unit="share of patients",
                    uncertainty="printed to 33.1 %, mirrored" if hour == 24 else "as wide as at 24 h",
                    model=model,
                    ask=partial(_of, partial(ward, is_real), "raschke-1993", f"in_range_at_{hour}_h"),
                    why=why,
                )
            )
    return rows


CLAIMS: tuple[Claim, ...] = (*_raschke_rows(), *_coronary_rows(), *_cohort_rows())
"""Every row; where we are inside, ``why`` is empty."""
