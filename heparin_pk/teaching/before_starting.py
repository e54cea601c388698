"""Before the first dose: what is checked and why, what is missing for this patient; allergic reactions, and other harms.

For teaching and study, not for the care of patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from heparin_pk.base.checks import check_between, check_is, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.teaching import practice
from heparin_pk.teaching.hit import FOUR_TS_SOURCE

AUSTRALIAN_PRESCRIBER = Source(
    key="Australian_Prescriber_heparins",
    citation=(
        "Heparins for venous thromboembolism prophylaxis: safety issues. Australian Prescriber (authors not on the page read)"
    ),
    where=(
        "Contraindications: known hypersensitivity, past or present HIT, active bleeding; box: platelets < 50 × 10⁹/L, kidneys"
    ),
    confidence="primary",
    url="https://australianprescriber.tg.org.au/articles/heparins-for-venous-thromboembolism-prophylaxis-safety-issues.html",
)
WEIGHT_2005 = Source(
    key="Weight_estimates_2005",
    citation="Who should be estimating a patient's weight in the emergency department? Acad Emerg Med 2005;12(3):262-266",
    where="Abstract: within 10 % of the true weight: patients 90.6, physicians 50.4, nurses 49.6 % (458 patients)",
    confidence="primary",
    doi="10.1197/j.aem.2004.10.005",
    pmid="15741592",
)
LABEL_BLEEDING = Source(
    key="US_label_warnings",
    citation="Heparin sodium injection, US prescribing information, warnings",
    where="An unexplained fall in hematocrit or blood pressure: think of a hemorrhage",
    confidence="primary",
    url="https://www.pfizermedicalinformation.com/heparin-inj-5/warnings",
)


def _said(topic: str, key: str) -> Source:
    """Return the source of a practice statement, by its key."""
    return next(one.source for one in practice.about(topic) if one.source.key == key)


LABORATORY_BEFORE = _said("before-starting", "Brahma")
PUNCTURE = _said("neuraxial-puncture", "Neuraxial_hospital_2018")
POTASSIUM = _said("hyperkalaemia", "Oster_1995")
COUNTS = _said("hit-monitoring", "BSH_HIT")
LUPUS = practice.about("lupus-anticoagulant")[0].source
XA_INHIBITOR = practice.about("factor-xa-inhibitors")[0].source

FEW_PLATELETS_E9_PER_L = 50.0
LONG_APTT_S = 40.0
"""A baseline above it cannot steer heparin by seconds (assumed limit: laboratories differ; the lupus statement names none)."""
POOR_KIDNEYS_ML_PER_MIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stated:
    """What is known of a patient before the first dose; ``None`` everywhere means: not known.

    ``platelets_e9_per_l``: platelet count, 10^9/L (0 to 2000).
    ``haemoglobin_g_per_dl``: haemoglobin, g/dL (1 to 25).
    ``baseline_aptt_s``: aPTT before heparin, s (15 to 300).
    ``creatinine_clearance_ml_per_min``: creatinine clearance, mL/min (0 to 300).
    ``potassium_mmol_per_l``: potassium, mmol/L (1 to 10).
    ``weight_kg``: body weight, kg (0.4 to 400).
    ``weight_was_measured``: whether it was measured on a scale.
    ``is_bleeding``: whether there is active bleeding.
    ``had_hit``: whether the patient ever had HIT.
    ``reacted_to_heparin``: whether heparin ever caused an allergic reaction.
    ``heparin_in_last_100_days``: whether heparin was given, flushes too.
    ``took_xa_inhibitor``: whether apixaban, rivaroxaban or the like was taken in the last days.
    ``puncture_is_planned``: whether a neuraxial puncture or catheter is planned or in place.

    Raises ``ValueError`` for a value outside its limits, such as a negative count.
    """

    platelets_e9_per_l: float | None = None
    haemoglobin_g_per_dl: float | None = None
    baseline_aptt_s: float | None = None
    creatinine_clearance_ml_per_min: float | None = None
    potassium_mmol_per_l: float | None = None
    weight_kg: float | None = None
    weight_was_measured: bool | None = None
    is_bleeding: bool | None = None
    had_hit: bool | None = None
    reacted_to_heparin: bool | None = None
    heparin_in_last_100_days: bool | None = None
    took_xa_inhibitor: bool | None = None
    puncture_is_planned: bool | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            if field.name in _LIMITS:
                check_between(field.name, value, *_LIMITS[field.name])
            else:
                check_is(field.name, value, bool, "True, False or None")

    __repr__ = shown


QUESTIONS = {
    "weight-was-measured": "weight_was_measured",
    "bleeding": "is_bleeding",
    "hit-before": "had_hit",
    "allergy": "reacted_to_heparin",
    "recent-heparin": "heparin_in_last_100_days",
    "xa-inhibitor": "took_xa_inhibitor",
    "puncture": "puncture_is_planned",
}
"""Questions of yes or no by their short name, and the field of :class:`Stated` they fill."""
ASKED = {
    "platelets_e9_per_l": "the platelet count",
    "haemoglobin_g_per_dl": "the haemoglobin",
    "baseline_aptt_s": "the aPTT before heparin",
    "creatinine_clearance_ml_per_min": "the creatinine clearance",
    "potassium_mmol_per_l": "the potassium",
    "weight_kg": "the weight",
    "weight_was_measured": "whether the weight was measured on a scale",
    "is_bleeding": "whether the patient is bleeding",
    "had_hit": "whether the patient ever had HIT",
    "reacted_to_heparin": "whether heparin ever caused an allergic reaction",
    "heparin_in_last_100_days": "whether heparin was given in the last 100 days, flushes too",
    "took_xa_inhibitor": "whether a factor Xa inhibitor was taken in the last days",
    "puncture_is_planned": "whether a neuraxial puncture or catheter is planned or in place",
}
"""What each field of :class:`Stated` asks, in words."""
_LIMITS = {
    "platelets_e9_per_l": (0.0, 2000.0),
    "haemoglobin_g_per_dl": (1.0, 25.0),
    "baseline_aptt_s": (15.0, 300.0),
    "creatinine_clearance_ml_per_min": (0.0, 300.0),
    "potassium_mmol_per_l": (1.0, 10.0),
    "weight_kg": (0.4, 400.0),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Check:
    """One check before the first dose.

    ``name``: what is checked.
    ``needs``: the fields of :class:`Stated` it needs.
    ``prevents``: what it prevents.
    ``source``: who asks for it, or what it rests on.
    ``warns``: the warning for a patient of whom all of that is known; an empty text: none.
    """

    name: str
    needs: tuple[str, ...]
    prevents: str
    source: Source
    warns: Callable[[Stated], str]

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_text("prevents", self.prevents)
        check_is("source", self.source, Source, "a Source")

    __repr__ = shown


def _few_platelets(one: Stated) -> str:
    few = one.platelets_e9_per_l is not None and one.platelets_e9_per_l < FEW_PLATELETS_E9_PER_L
    return f"fewer than {FEW_PLATELETS_E9_PER_L:g} × 10⁹/L: a risk of bleeding to be weighed first" if few else ""


def _no_warning(_: Stated) -> str:
    return ""


def _long_aptt(one: Stated) -> str:
    long = one.baseline_aptt_s is not None and one.baseline_aptt_s > LONG_APTT_S
    return "long before heparin: find the cause (lupus anticoagulant?), steer by anti-Xa" if long else ""


def _poor_kidneys(one: Stated) -> str:
    poor = one.creatinine_clearance_ml_per_min is not None and one.creatinine_clearance_ml_per_min < POOR_KIDNEYS_ML_PER_MIN
    return "poor kidneys: more bleeding; unfractionated heparin keeps its dose, low-molecular-weight does not" if poor else ""


def _weight(one: Stated) -> str:
    return (
        ""
        if one.weight_was_measured
        else "guessed: half of the guesses of staff are more than 10 % wrong; weigh, or ask the patient"
    )


def _says(name: str, words: str) -> Callable[[Stated], str]:
    """Return a warning for a fact that is true."""

    def warns(one: Stated) -> str:
        return words if getattr(one, name) else ""

    return warns


CHECKS = (
    Check(
        name="platelets",
        needs=("platelets_e9_per_l",),
        prevents="bleeding with few platelets, and a later fall that is not seen for want of a first count",
        source=AUSTRALIAN_PRESCRIBER,
        warns=_few_platelets,
    ),
    Check(
        name="haemoglobin",
        needs=("haemoglobin_g_per_dl",),
        prevents="a hidden bleed: a later fall means nothing without the first value",
        source=LABORATORY_BEFORE,
        warns=_no_warning,
    ),
    Check(
        name="aPTT",
        needs=("baseline_aptt_s",),
        prevents="dosing by an aPTT that is long without heparin",
        source=LUPUS,
        warns=_long_aptt,
    ),
    Check(
        name="kidneys",
        needs=("creatinine_clearance_ml_per_min",),
        prevents="bleeding, and the choice of a heparin that the kidneys clear",
        source=AUSTRALIAN_PRESCRIBER,
        warns=_poor_kidneys,
    ),
    Check(
        name="potassium",
        needs=("potassium_mmol_per_l",),
        prevents="a dangerous potassium: heparin suppresses aldosterone",
        source=POTASSIUM,
        warns=_no_warning,
    ),
    Check(
        name="bleeding",
        needs=("is_bleeding",),
        prevents="anticoagulating a patient who bleeds",
        source=AUSTRALIAN_PRESCRIBER,
        warns=_says("is_bleeding", "active bleeding: heparin is contraindicated"),
    ),
    Check(
        name="HIT before",
        needs=("had_hit",),
        prevents="HIT within a day",
        source=AUSTRALIAN_PRESCRIBER,
        warns=_says("had_hit", "past HIT: heparin is contraindicated; another anticoagulant"),
    ),
    Check(
        name="allergy to heparin",
        needs=("reacted_to_heparin",),
        prevents="an allergic reaction that could have been foreseen",
        source=AUSTRALIAN_PRESCRIBER,
        warns=_says("reacted_to_heparin", "known hypersensitivity: contraindicated; which reaction was it? (see the list below)"),
    ),
    Check(
        name="heparin in the last 100 days",
        needs=("heparin_in_last_100_days",),
        prevents="HIT of rapid onset that is missed",
        source=COUNTS,
        warns=_says("heparin_in_last_100_days", "recent heparin: a platelet count 24 h after the start (rapid onset)"),
    ),
    Check(
        name="factor Xa inhibitor",
        needs=("took_xa_inhibitor",),
        prevents="too little heparin: the tablet is read as heparin by the anti-Xa",
        source=XA_INHIBITOR,
        warns=_says("took_xa_inhibitor", "the anti-Xa reads too high for days: steer by another test"),
    ),
    Check(
        name="neuraxial puncture",
        needs=("puncture_is_planned",),
        prevents="a spinal haematoma",
        source=PUNCTURE,
        warns=_says("puncture_is_planned", "agree the times first: one hospital stops 4 to 6 h before and starts 1 h after"),
    ),
    Check(
        name="weight",
        needs=("weight_kg", "weight_was_measured"),
        prevents="a dose per kilogram of a weight that is wrong",
        source=WEIGHT_2005,
        warns=_weight,
    ),
)
"""The checks before the first dose, each with what it prevents."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Finding:
    """What one check found.

    ``check``: the name of the check.
    ``status``: "missing", "warning" or "fine".
    ``words``: what is missing, the warning, or what the check prevents.
    """

    check: str
    status: str
    words: str

    __repr__ = shown


def go_through(stated: Stated) -> tuple[Finding, ...]:
    """Return what every check finds for a patient; what is not stated is missing, never assumed to be fine.

    >>> [one.check for one in go_through(Stated(had_hit=True)) if one.status == "warning"]
    ['HIT before']
    """
    check_is("stated", stated, Stated, "a Stated")
    found = []
    for check in CHECKS:
        missing = [name for name in check.needs if getattr(stated, name) is None]
        if missing:
            unknown = "" if len(check.needs) == 1 else f" ({' and '.join(ASKED[name] for name in missing)})"
            status, words = "missing", f"not stated{unknown}; asking prevents {check.prevents}"
        else:
            words = check.warns(stated)
            status = "warning" if words else "fine"
        found.append(Finding(check=check.name, status=status, words=words or f"prevents {check.prevents}"))
    return tuple(found)


def go_through_in_words(stated: Stated) -> str:
    """Return the findings as lines: warnings first, then what is missing, then what is fine."""
    found = go_through(stated)
    lines = []
    for status in ("warning", "missing", "fine"):
        lines += [f"{one.status:<8}{one.check}: {one.words}" for one in found if one.status == status]
    return "\n".join(lines)


# Allergic reactions


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reaction:
    """An allergic reaction to heparin.

    ``name``: what it is.
    ``looks``: how it looks, and when.
    ``do``: what is done.
    ``source``: where that was read.
    """

    name: str
    looks: str
    do: str
    source: Source

    def __post_init__(self) -> None:
        for name in ("name", "looks", "do"):
            check_text(name, getattr(self, name))
        check_is("source", self.source, Source, "a Source")

    __repr__ = shown


_DELAYED = Source(
    key="Trautmann_2022",
    citation=(
        "Delayed-type heparin allergy: intravenous tolerance despite inflammatory skin reaction after subcutaneous injection. "
        "J Allergy Clin Immunol Pract 2022;10(11):2977-2983 (title and pages as PubMed lists them)"
    ),
    where="Abstract: 48 of 50 allergies delayed, 2 immediate; intravenous heparin tolerated by all 45 challenged",
    confidence="primary",
    doi="10.1016/j.jaip.2022.06.030",
    pmid="35788063",
)
_DRUG_REVIEW = Source(
    key="Perioperative_allergy_review",
    citation="A review of hypersensitivity to drugs, section on heparin (authorea 449445)",
    where="Plaques usually on day 7 to 10; eczema spreads where treatment goes on; immediate reactions are rare",
    confidence="primary",
    url="https://authorea.com/users/319735/articles/449445/download_zip",
)
_LABEL_CHILLS = Source(
    key="US_label_hypersensitivity",
    citation="Heparin sodium injection, US prescribing information, adverse reactions",
    where="Hypersensitivity: chills, fever and urticaria are the most usual; anaphylactoid reactions are rarer",
    confidence="primary",
    url="https://drugcentral.org/label/83c0c7c4-96ff-4e2d-85be-628bfd5ed771/view",
)
_WAO = Source(
    key="WAO_protocol",
    citation=(
        "Risk and safety requirements for diagnostic and therapeutic procedures in allergology: World "
        "Allergy Organization statement"
    ),
    where=(
        "Table 4: adrenaline 0.01 mg/kg into the thigh muscle, at most 0.5 mg; lie flat, legs up; fluid 20 "
        "mL/kg; repeat in 3-5 min"
    ),
    confidence="primary",
    doi="10.1186/s40413-016-0122-3",
)
_HIT_SKIN = FOUR_TS_SOURCE.at("Skin necrosis and an acute systemic reaction to a bolus earn two points")
REACTIONS = (
    Reaction(
        name="itching plaque",
        looks="red or eczematous, at the place of injection, usually on day 7 to 10, sooner after earlier heparin",
        do=(
            "end the injections (eczema spreads where they go on); another heparin under the skin mostly does "
            "the same; fondaparinux "
            "is mostly tolerated, and so was intravenous heparin"
        ),
        source=_DELAYED,
    ),
    Reaction(
        name="spreading rash",
        looks="eczema or exanthem over the body where treatment goes on in spite of plaques",
        do="stop heparin; fondaparinux is generally tolerated",
        source=_DRUG_REVIEW,
    ),
    Reaction(
        name="chills, fever, urticaria",
        looks="the usual signs of hypersensitivity; when they come was not found",
        do="stop heparin; be ready for anaphylaxis (rarer)",
        source=_LABEL_CHILLS,
    ),
    Reaction(
        name="skin necrosis, or an acute reaction to a bolus",
        looks="necrosis at the place of injection; an acute systemic reaction after an intravenous bolus",
        do="think of HIT: stop all heparin, count the platelets, score the 4Ts (two points)",
        source=_HIT_SKIN,
    ),
    Reaction(
        name="anaphylaxis",
        looks="a reaction of the whole body with airway, breathing or circulation; rare with heparin",
        do=(
            "stop heparin; adrenaline 0.01 mg/kg (at most 0.5 mg) into the thigh muscle; lie flat, legs up; "
            "oxygen, fluid; repeat after 3 to 5 min"
        ),
        source=_WAO,
    ),
)
"""Allergic reactions from rash to anaphylaxis, the mildest first."""

OTHER_HARMS = {
    "hyperkalaemia": "heparin suppresses aldosterone within days",
    "osteoporosis": "months of heparin cost bone",
    "lupus-anticoagulant": "the aPTT is long without heparin, and the blood clots all the same",
    "danaparoid": "a heparinoid that is given in HIT",
    "fondaparinux": "five sugars: tolerated in most allergies, cleared by the kidneys",
}
"""Topics of practice, and why they stand here; the statements: :func:`other_harms_in_words`."""


def other_harms_in_words() -> str:
    """Return each topic of ``OTHER_HARMS`` with what practice says of it."""
    return "\n".join(f"{topic}: {why}\n{practice.in_words(topic)}" for topic, why in OTHER_HARMS.items())


def reactions_in_words() -> str:
    """Return the allergic reactions, the mildest first: how each looks, and what is done."""
    return "\n".join(f"{one.name}: {one.looks}\n    {one.do}" for one in REACTIONS)
