"""How clotting answers a concentration: aPTT, its ratio, ACT, anti-Xa, and the ranges clinicians aim at.

The aPTT rises exponentially with heparin (Whitfield & Levy 1980: ln aPTT is linear in concentration from 0.05 to 0.8 U/mL,
r2 > 0.987 in all of 17 volunteers). How steeply depends on the reagent, which is why seconds do not travel between hospitals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.body.covariate import Covariate, product
from heparin_pk.body.patient import Cohort, Patient


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reagent:
    """An aPTT reagent: how steeply ln(aPTT) rises with heparin, and the aPTT of normal plasma it is compared with.

    ``slope_ml_per_u`` is the slope m of ln(aPTT) = ln(baseline) + m * concentration (0.1 to 10 mL/U); ``control_aptt_s`` the
    laboratory's control, the denominator of the aPTT ratio (15 to 60 s).

    Raises ``ValueError`` outside these limits or without a source.
    """

    name: str
    slope_ml_per_u: float
    source: Source
    control_aptt_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name of a reagent must not be empty; got ''")
        check_between("slope_ml_per_u", self.slope_ml_per_u, 0.1, 10.0)
        check_between("control_aptt_s", self.control_aptt_s, 15.0, 60.0)
        if not isinstance(self.source, Source):
            raise ValueError(f"reagent {self.name!r} needs a Source; got {self.source!r}")
        floats(self, "slope_ml_per_u", "control_aptt_s")

    __repr__ = shown

    @classmethod
    def from_matched_range(
        cls, *, name: str, anti_xa_u_per_ml: tuple[float, float], aptt_ratio: tuple[float, float], source: Source
    ) -> Reagent:
        """Return the reagent whose slope passes closest to a published pair of matched ranges.

        Least squares through the origin on ln(ratio), so that no heparin leaves the aPTT at its baseline.

        >>> guideline = Reagent.from_matched_range(
        ...     name="guideline", anti_xa_u_per_ml=(0.3, 0.7), aptt_ratio=(1.5, 2.5),
        ...     source=Source(key="X", citation="X", where="X", confidence="derived"))
        >>> round(guideline.slope_ml_per_u, 2)
        1.32
        """
        levels, ratios = np.asarray(anti_xa_u_per_ml, float), np.asarray(aptt_ratio, float)
        rising = levels.shape == ratios.shape == (2,) and levels[0] < levels[1] and ratios[0] < ratios[1]
        if not (rising and levels[0] > 0 and ratios[0] > 1):
            raise ValueError(
                "matched ranges need two rising levels above 0 and two rising ratios above 1; "
                f"got {anti_xa_u_per_ml} and {aptt_ratio}"
            )
        slope = float(levels @ np.log(ratios) / (levels @ levels))
        return cls(name=name, slope_ml_per_u=slope, source=source)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClottingTime:
    """A published law of a clotting time that is not the exponential one: a straight line, or one that flattens.

    baseline + ``slope_s_ml_per_u`` * C + ``most_s`` * C / (``half_at_u_per_ml`` + C), for ``assay`` "aptt_s" or "act_s".
    ``baseline_s`` is the time without the drug (the patient's own, where known, comes first); ``control_s`` the denominator of
    a ratio.

    Raises ``ValueError`` outside its limits, without a source, or when no dose would move it.
    """

    name: str
    assay: str
    baseline_s: float
    source: Source
    slope_s_ml_per_u: float = 0.0
    most_s: float = 0.0
    half_at_u_per_ml: float = 1.0
    control_aptt_s: float = 30.0

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_one_of("assay", self.assay, ("aptt_s", "act_s"))
        check_between("baseline_s", self.baseline_s, 15.0, 300.0)
        check_between("slope_s_ml_per_u", self.slope_s_ml_per_u, 0.0, 5000.0)
        check_between("most_s", self.most_s, 0.0, 5000.0)
        check_between("half_at_u_per_ml", self.half_at_u_per_ml, 1e-3, 1e3)
        check_between("control_aptt_s", self.control_aptt_s, 15.0, 60.0)
        if self.slope_s_ml_per_u + self.most_s <= 0.0:
            raise ValueError(f"{self.name}: slope_s_ml_per_u or most_s must be above 0, or no dose would move it; got 0 and 0")
        check_is("source", self.source, Source, f"a Source ({self.name} needs one)")
        floats(self, "baseline_s", "slope_s_ml_per_u", "most_s", "half_at_u_per_ml", "control_aptt_s")

    __repr__ = shown


WHITFIELD_1980 = Source(
    key="Whitfield_1980",
    citation=(
        "Whitfield & Levy 1980. Relationship between concentration and anticoagulant effect of heparin in plasma of normal "
        "subjects: magnitude and predictability of interindividual differences"
    ),
    where="Abstract: ln aPTT linear in heparin from 0.05 to 0.8 U/mL, slopes 1.51 to 3.88 mL/U",
    confidence="primary",
    url=(
        "https://discovery.researcher.life/article/relationship-between-concentration-and-anticoagulant-effect-of-heparin-in-"
        "plasma-of-normal-subjects-magnitude-and-predictability-of-interindividual-differences/e5be42e974e839668d23f8829e3ce1cd"
    ),
)
ANTITHROMBIN_AND_APTT = Source(
    key="Krulder_1996",
    citation="Krulder JW, Strebus AF, Meinders AE, Briët E. Haemostasis 1996;26(2):85-89",
    where="Abstract: over 0.27 U/mL a similar response; depleted plasma needs twice the heparin",
    confidence="primary",
    doi="10.1159/000217192",
    pmid="9119287",
)
ANTITHROMBIN_AND_ANTI_XA = Source(
    key="Erasmus_115265",
    citation="Erasmus University repository, record 115265: heparin recovery in anti-Xa assays and antithrombin (title not seen)",
    where="Recovery linearly reduced with antithrombin activity decreasing below 100 %",
    confidence="primary",
    url="https://repub.eur.nl/pub/115265",
)
ENOUGH_ANTITHROMBIN_FRACTION = 0.27
"""Above this the aPTT answers heparin as ever; antithrombin-depleted plasma needs twice the heparin (Krulder 1996)."""

ANTITHROMBIN_LAWS = (
    Covariate(
        name="antithrombin",
        feature="antithrombin_fraction",
        on=("slope_ml_per_u",),
        form="falls below",
        reference=ENOUGH_ANTITHROMBIN_FRACTION,
        effect=Value(0.5, ANTITHROMBIN_AND_APTT),
        words="I have next to no antithrombin: my aPTT answers heparin only half as steeply.",
    ),
    Covariate(
        name="antithrombin",
        feature="antithrombin_fraction",
        on=("recovery_fraction",),
        form="falls below",
        reference=1.0,
        effect=Value(1.0, ANTITHROMBIN_AND_ANTI_XA),
        words="I am short of antithrombin: the anti-Xa assay finds less of the heparin I was given.",
    ),
)
"""Heparin acts through antithrombin. The aPTT hardly notices until it is nearly gone; the anti-Xa falls in proportion."""

BEYOND_ANY_ASSAY = 12.0
"""ln(aPTT / baseline) goes no further: 160,000 times the baseline means "does not clot", and no number stands for it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Responses:
    """How blood answers one drug: its aPTT law, its ACT law, what an anti-Xa assay sees of it, and the covariate_effects patients add.

    ``aptt`` is a :class:`Reagent` or a :class:`ClottingTime`, ``act`` a :class:`ClottingTime`; ``None`` means that nothing was
    published. ``anti_xa_fraction`` is 1 for heparins and 0 for direct thrombin inhibitors.
    """

    aptt: Reagent | ClottingTime | None
    act: ClottingTime | None = None
    anti_xa_fraction: float = 1.0
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS

    __repr__ = shown

    @property
    def assays(self) -> tuple[str, ...]:
        """The keys of ``ASSAYS`` this drug has an answer for."""
        known = {
            "aptt_s": self.aptt is not None,
            "aptt_ratio": self.aptt is not None,
            "anti_xa_u_per_ml": self.anti_xa_fraction > 0.0,
            "act_s": self.act is not None,
        }
        return tuple(assay for assay, is_known in known.items() if is_known)


def slope_ml_per_u(patient: Patient | Cohort, reagent: Reagent, covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS):
    """Return how steeply ln(aPTT) rises with heparin in this patient, mL/U: the reagent's slope times what the covariate_effects make of it.

    Antithrombin hardly matters until it is nearly gone: the reagent's slope down to an antithrombin of 0.27, from there in a
    straight line (DERIVED) to half of it without antithrombin. Source: Krulder 1996, abstract: over 0.27 U/mL the response is
    similar, depleted plasma needs twice the heparin.
    """
    return reagent.slope_ml_per_u * product(covariate_effects, "slope_ml_per_u", patient)


def active_u_per_ml(
    concentration_u_per_ml, patient: Patient | Cohort, covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS, time_h=0.0
):
    """Return the concentration as blood feels it at a time of the day: the same, unless a law swings over 24 h."""
    swing = product(covariate_effects, "activity_fraction", patient, time_h)
    return concentration_u_per_ml if isinstance(swing, float) and swing == 1.0 else concentration_u_per_ml * swing


def aptt_s(
    concentration_u_per_ml,
    patient: Patient | Cohort,
    reagent: Reagent | ClottingTime,
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS,
    time_h=0.0,
):
    """Return the true aPTT at a heparin concentration (a number or an array), s.

    With a reagent, baseline * exp(m * C): without heparin it is the baseline, exactly. Source: Whitfield & Levy 1980. Gross
    overdoses end at ``BEYOND_ANY_ASSAY``. With a published straight line or plateau, that.
    """
    c = active_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h)
    if isinstance(reagent, ClottingTime):
        return _clotting_time_s(c, reagent, patient.baseline_aptt_s, product(covariate_effects, "slope_ml_per_u", patient))
    slope = slope_ml_per_u(patient, reagent, covariate_effects)
    if isinstance(c, float):
        return patient.baseline_aptt_s * math.exp(min(BEYOND_ANY_ASSAY, slope * c))
    return patient.baseline_aptt_s * np.exp(np.minimum(BEYOND_ANY_ASSAY, slope * c))


def _clotting_time_s(c, law: ClottingTime, baseline_s: float, steeper: float):
    return baseline_s + steeper * (law.slope_s_ml_per_u * c + law.most_s * c / (law.half_at_u_per_ml + c))


def aptt_ratio(
    concentration_u_per_ml,
    patient: Patient | Cohort,
    reagent: Reagent | ClottingTime,
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS,
    time_h=0.0,
):
    """Return the true aPTT divided by the laboratory's control aPTT."""
    return aptt_s(concentration_u_per_ml, patient, reagent, covariate_effects, time_h) / reagent.control_aptt_s


def act_s(
    concentration_u_per_ml,
    patient: Patient | Cohort,
    law: ClottingTime,
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS,
    time_h=0.0,
):
    """Return the true activated clotting time (the test of the catheter laboratory and the bypass pump), s."""
    baseline_s = law.baseline_s if patient.baseline_act_s is None else patient.baseline_act_s
    c = active_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h)
    return _clotting_time_s(c, law, baseline_s, product(covariate_effects, "slope_ml_per_u", patient))


def anti_xa_u_per_ml(
    concentration_u_per_ml,
    patient: Patient | Cohort,
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_LAWS,
    time_h=0.0,
):
    """Return the anti-Xa activity an assay without added antithrombin finds, U/mL.

    Heparin acts through antithrombin: below normal antithrombin the recovery falls in proportion, above it nothing is gained.
    Source: recovery "linearly reduced with antithrombin activity decreasing below 100%", repub.eur.nl/pub/115265. An oral
    factor Xa inhibitor still in the blood is found too, where a law says so.
    """
    found = active_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h) * product(
        covariate_effects, "recovery_fraction", patient
    )
    for law in covariate_effects:
        if law.form == "fades" and law.applies_to(patient):
            found = found + law.added(patient, time_h)
    return found


def level(
    assay: str, concentration_u_per_ml, patient: Patient | Cohort, responses: Responses | Reagent | ClottingTime, time_h=0.0
):
    """Return the true level of ``assay`` (one of ``ASSAYS``) at a concentration, a number or an array.

    ``responses`` is what :class:`Responses` says, or a reagent alone; ``time_h`` the hours since the start (an array of the same
    shape, or a number), which only a swing over the day and a fading drug read.

    A cohort takes an array, one number a person. Raises ``ValueError`` for a negative concentration, and for an assay nobody
    published for this drug.
    """
    check_one_of("assay", assay, ASSAYS)
    if not isinstance(responses, Responses):
        responses = Responses(aptt=responses)
    if not np.all(np.asarray(concentration_u_per_ml) >= 0.0):
        raise ValueError(f"concentration_u_per_ml must be 0 or more; got {concentration_u_per_ml!r}")
    if assay not in responses.assays:
        known = ", ".join(responses.assays)
        raise ValueError(f"nothing was published about {ASSAYS[assay].label} with this model; it answers in {known}")
    covariate_effects = responses.covariate_effects
    if assay == "anti_xa_u_per_ml":
        return anti_xa_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h)
    if assay == "act_s":
        assert responses.act is not None  # or it would not be among its assays
        return act_s(concentration_u_per_ml, patient, responses.act, covariate_effects, time_h)
    assert responses.aptt is not None
    law = aptt_s if assay == "aptt_s" else aptt_ratio
    return law(concentration_u_per_ml, patient, responses.aptt, covariate_effects, time_h)


def felt_u_per_ml(assay: str, concentration_u_per_ml, patient: Patient | Cohort, responses: Responses, time_h=0.0):
    """Return the concentration that would give an assay's level at a typical time of the day and with nothing else in the blood.

    The level rises with it whatever the hour; :func:`concentration_for_u_per_ml` says at which of it a level is reached.
    """
    felt = active_u_per_ml(concentration_u_per_ml, patient, responses.covariate_effects, time_h)
    if assay == "anti_xa_u_per_ml":
        for law in responses.covariate_effects:
            if law.form == "fades" and law.applies_to(patient):
                felt = felt + law.added(patient, time_h) / product(responses.covariate_effects, "recovery_fraction", patient)
    return felt


def concentration_for_u_per_ml(assay: str, value: float, patient: Patient | Cohort, responses: Responses):
    """Return the concentration (see :func:`felt_u_per_ml`) at which an assay reaches a value, a number or one a person.

    Below the value without the drug there is none: the answer is then below 0. Raises ``ValueError`` for an assay nobody
    published for this drug, and for a law that flattens (``most_s``), which has no inverse written here.
    """
    check_one_of("assay", assay, responses.assays)
    covariate_effects = responses.covariate_effects
    if assay == "anti_xa_u_per_ml":
        return value / product(covariate_effects, "recovery_fraction", patient)
    law = responses.act if assay == "act_s" else responses.aptt
    assert law is not None  # or it would not be among the assays
    seconds = value * law.control_aptt_s if assay == "aptt_ratio" else value
    if isinstance(law, Reagent):
        return each(math.log, seconds / patient.baseline_aptt_s) / slope_ml_per_u(patient, law, covariate_effects)
    if law.most_s > 0.0:
        raise ValueError(f"{law.name} flattens; no concentration is read back from it")
    baseline_s = patient.baseline_aptt_s
    if assay == "act_s":
        baseline_s = law.baseline_s if patient.baseline_act_s is None else patient.baseline_act_s
    return (seconds - baseline_s) / law.slope_s_ml_per_u / product(covariate_effects, "slope_ml_per_u", patient)


def aptt_range_for_anti_xa(
    reagent: Reagent | ClottingTime, patient: Patient, anti_xa_range: Sequence[float] = (0.3, 0.7)
) -> TherapeuticRange:
    """Return the aPTT range of this reagent that corresponds to an anti-Xa range, as laboratories derive theirs.

    The ends are rounded to whole seconds. With the same anti-Xa 0.3-0.7 U/mL a sensitive reagent has a far higher range. A
    patient short of antithrombin needs more heparin for the same anti-Xa, and has a longer aPTT at it.

    Raises ``ValueError`` unless two levels rise between 0.01 and 10 U/mL, or without any antithrombin.
    """
    ends = tuple(check_between("anti_xa_range", end, 0.01, 10.0) for end in anti_xa_range)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise ValueError(f"anti_xa_range must be two rising levels; got {tuple(anti_xa_range)!r}")
    recovery = anti_xa_u_per_ml(1.0, patient)
    if recovery <= 0.0:
        raise ValueError("antithrombin_fraction must be above 0: without antithrombin no heparin gives an anti-Xa; got 0")
    low, high = (round(aptt_s(end / recovery, patient, reagent)) for end in ends)
    return TherapeuticRange(assay="aptt_s", low=low, high=high)
