"""The response to a concentration: aPTT, aPTT ratio, ACT and anti-Xa, forwards and backwards.

The aPTT rises exponentially with heparin (Whitfield & Levy 1980: ln aPTT is linear in concentration from 0.05 to 0.8 U/mL,
r2 > 0.987 in all of 17 volunteers). The slope depends on the reagent, so a range in seconds is valid in one hospital only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, set_label, shown
from heparin_pk.base.elementwise import each, smaller
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.assay import ASSAYS, CLOTTING_TIMES, TherapeuticRange
from heparin_pk.body.covariate import Covariate, Effects, Numbers, check_no_feature_twice, product
from heparin_pk.body.kinetics import Kinetics, State
from heparin_pk.body.patient import Cohort, Patient


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reagent:
    """An aPTT reagent: how steeply ln(aPTT) rises with heparin, and the control aPTT it is compared with.

    ``name``: its name.
    ``slope_ml_per_u``: the slope m of ln(aPTT) = ln(baseline) + m * concentration, mL/U (0.1 to 10).
    ``source``: the paper the slope was read from.
    ``control_aptt_s``: aPTT of normal plasma, the denominator of the aPTT ratio, s (15 to 60).
    ``label``: what legends and lists call it, in at most 30 characters; its name where none is given.

    Raises ``ValueError`` outside these limits or without a source.
    """

    name: str
    slope_ml_per_u: float
    source: Source
    control_aptt_s: float = 30.0
    label: str = ""

    def __post_init__(self) -> None:
        check_text("name", self.name)
        set_label(self)
        check_between("slope_ml_per_u", self.slope_ml_per_u, 0.1, 10.0)
        check_between("control_aptt_s", self.control_aptt_s, 15.0, 60.0)
        if not isinstance(self.source, Source):
            raise ValueError(f"reagent {self.name!r} needs a Source; got {self.source!r}")
        floats(self, "slope_ml_per_u", "control_aptt_s")

    __repr__ = shown

    @classmethod
    def from_matched_range(
        cls,
        *,
        name: str,
        anti_xa_u_per_ml: tuple[float, float],
        aptt_ratio: tuple[float, float],
        source: Source,
        label: str = "",
    ) -> Reagent:
        """Return the reagent whose slope fits a published pair of matched ranges best.

        Least squares through the origin on ln(ratio), so that without heparin the aPTT is the baseline. Raises ``ValueError``
        unless both ranges rise, the anti-Xa from above 0 and the ratio from above 1.

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
        return cls(name=name, slope_ml_per_u=slope, source=source, label=label)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClottingTime:
    """A published clotting-time curve that is not exponential: a straight line, one that saturates, or the sum of both.

    Clotting time = baseline + ``slope_s_ml_per_u`` * C + ``most_s`` * C^g / (``half_at_u_per_ml``^g + C^g), g the Hill exponent.

    ``name``: its name.
    ``assay``: "aptt_s" or "act_s".
    ``baseline_s``: clotting time without the drug, s (15 to 300); used for an ACT where the patient's own is unknown.
    ``source``: the paper the curve was read from.
    ``slope_s_ml_per_u``: slope of the straight part, s mL/U.
    ``most_s``: most that the saturating part adds, s.
    ``half_at_u_per_ml``: concentration at which it adds half of that, U/mL.
    ``hill_exponent``: how S-shaped the saturating part is (0.2 to 5): 1 is a plain hyperbola.
    ``control_aptt_s``: aPTT of normal plasma, the denominator of the aPTT ratio, s (15 to 60).

    Raises ``ValueError`` outside its limits, without a source, or when ``slope_s_ml_per_u`` and ``most_s`` are both 0.
    """

    name: str
    assay: str
    baseline_s: float
    source: Source
    slope_s_ml_per_u: float = 0.0
    most_s: float = 0.0
    half_at_u_per_ml: float = 1.0
    hill_exponent: float = 1.0
    control_aptt_s: float = 30.0

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_one_of("assay", self.assay, ("aptt_s", "act_s"))
        check_between("baseline_s", self.baseline_s, 15.0, 300.0)
        check_between("slope_s_ml_per_u", self.slope_s_ml_per_u, 0.0, 5000.0)
        check_between("most_s", self.most_s, 0.0, 5000.0)
        check_between("half_at_u_per_ml", self.half_at_u_per_ml, 1e-3, 1e3)
        check_between("hill_exponent", self.hill_exponent, 0.2, 5.0)
        check_between("control_aptt_s", self.control_aptt_s, 15.0, 60.0)
        if self.slope_s_ml_per_u + self.most_s <= 0.0:
            raise ValueError(f"{self.name}: slope_s_ml_per_u or most_s must be above 0, or no dose would move it; got 0 and 0")
        check_is("source", self.source, Source, f"a Source ({self.name} needs one)")
        floats(self, "baseline_s", "slope_s_ml_per_u", "most_s", "half_at_u_per_ml", "hill_exponent", "control_aptt_s")

    __repr__ = shown


Curve = Reagent | ClottingTime
"""An aPTT curve."""

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
    key="Croles_2019",
    citation=(
        "Croles FN, Lukens MV, Mulder R, de Maat MPM, Mulder AB, Meijer K. Monitoring of heparins in antithrombin-deficient "
        "patients. Thromb Res 2019;175:8-12"
    ),
    where=(
        "Abstract: anti-Xa of added heparin linearly reduced with antithrombin below 100 %; usual doses are likely to lead to "
        "under treatment"
    ),
    confidence="primary",
    url="https://repub.eur.nl/pub/115265",
)
ENOUGH_ANTITHROMBIN_FRACTION = 0.27
"""From this antithrombin on the aPTT responds to heparin as usual; depleted plasma needs twice the heparin (Krulder 1996)."""

ANTITHROMBIN_EFFECTS = (
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
        words="I am short of antithrombin: my heparin blocks less factor Xa, and a usual dose may be too small.",
    ),
)
"""Heparin acts through antithrombin: the aPTT responds less only below 0.27 of normal, the anti-Xa falls in proportion."""

BEYOND_ANY_ASSAY = 12.0
"""Upper limit of ln(aPTT / baseline): 160,000 times the baseline means "does not clot"; the limit prevents an overflow."""

LONGEST_APTT_S = 1000.0
"""Upper limit of an aPTT range, s: laboratories stop counting far below it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Responses:
    """The response to one drug: its clotting-time curves, the share that an anti-Xa assay finds, and its covariate effects.

    ``aptt``: aPTT curve, a :class:`Reagent` or a :class:`ClottingTime`; ``None``: none was published.
    ``act``: ACT curve, a :class:`ClottingTime`; ``None``: none was published.
    ``anti_xa_fraction``: share of the drug that an anti-Xa assay finds: 1 for heparins, 0 for direct thrombin inhibitors.
    ``covariate_effects``: covariate effects on the response; those on kinetics are ignored here.
    """

    aptt: Curve | None
    act: ClottingTime | None = None
    anti_xa_fraction: float = 1.0
    covariate_effects: Effects = ANTITHROMBIN_EFFECTS

    def __post_init__(self) -> None:
        check_is("aptt", self.aptt, (Reagent, ClottingTime, type(None)), "a Reagent, a ClottingTime or None")
        check_is("act", self.act, (ClottingTime, type(None)), "a ClottingTime or None")
        check_between("anti_xa_fraction", self.anti_xa_fraction, 0.0, 1.0)
        check_is("covariate_effects", self.covariate_effects, (list, tuple), "a list of Covariate")
        for effect in self.covariate_effects:
            check_is("covariate_effects", effect, Covariate, "a Covariate")
        check_no_feature_twice("a response", self.covariate_effects)

    __repr__ = shown

    @property
    def assays(self) -> tuple[str, ...]:
        """The keys of ``ASSAYS`` for which a response to this drug was published."""
        known = {
            "aptt_s": self.aptt is not None,
            "aptt_ratio": self.aptt is not None,
            "anti_xa_u_per_ml": self.anti_xa_fraction > 0.0,
            "act_s": self.act is not None,
        }
        return tuple(assay for assay, is_known in known.items() if is_known)


def slope_ml_per_u(patient: Patient | Cohort, reagent: Reagent, covariate_effects: Effects = ANTITHROMBIN_EFFECTS) -> Any:
    """Return how steeply ln(aPTT) rises with heparin in this patient, mL/U: the reagent's slope times the covariate effects.

    By default the only covariate effect is that of antithrombin: the reagent's slope down to an antithrombin of 0.27, from
    there in a straight line (DERIVED) to half of it without antithrombin. Source: Krulder 1996, abstract: over 0.27 U/mL the
    response is similar, depleted plasma needs twice the heparin.
    """
    return reagent.slope_ml_per_u * product(covariate_effects, "slope_ml_per_u", patient)


def active_u_per_ml(
    concentration_u_per_ml: Any, patient: Patient | Cohort, covariate_effects: Effects = ANTITHROMBIN_EFFECTS, time_h: Any = 0.0
) -> Any:
    """Return the effective concentration ``time_h`` hours after the start, U/mL.

    It is the concentration itself, unless a covariate effect on ``activity_fraction`` swings over 24 h.
    """
    swing = product(covariate_effects, "activity_fraction", patient, time_h)
    return concentration_u_per_ml if isinstance(swing, float) and swing == 1.0 else concentration_u_per_ml * swing


def aptt_s(
    concentration_u_per_ml: Numbers,
    patient: Patient | Cohort,
    reagent: Curve,
    covariate_effects: Effects = ANTITHROMBIN_EFFECTS,
    time_h: Numbers = 0.0,
) -> Any:
    """Return the true aPTT at a heparin concentration (a number or an array), s.

    With a :class:`Reagent` it is baseline * exp(m * C): without heparin exactly the baseline (source: Whitfield & Levy 1980);
    the exponent is limited to ``BEYOND_ANY_ASSAY``. With a :class:`ClottingTime` it is the published curve. A patient's
    drift acts on the first alone (:meth:`heparin_pk.body.drift.Drift.at`).
    """
    c = active_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h)
    if isinstance(reagent, ClottingTime):
        return _clotting_time_s(c, reagent, patient.baseline_aptt_s, product(covariate_effects, "slope_ml_per_u", patient))
    slope = slope_ml_per_u(patient, reagent, covariate_effects)
    return patient.baseline_aptt_s * each(math.exp, log_aptt_rise(c, patient, slope, time_h))


def log_aptt_rise(active_u_per_ml: Numbers, patient: Patient | Cohort, slope_ml_per_u: Any, time_h: Numbers) -> Any:
    """Return ln(aPTT / baseline) at an effective concentration (:func:`active_u_per_ml`) and a slope; see :func:`aptt_s`."""
    rise = slope_ml_per_u * active_u_per_ml
    if patient.drift is not None:
        need, shift = patient.drift.at(time_h)
        rise = (rise + shift) / need
    return smaller(BEYOND_ANY_ASSAY, rise)


def _clotting_time_s(c: Numbers, curve: ClottingTime, baseline_s: float, factor: float) -> Numbers:
    part, half = c, curve.half_at_u_per_ml
    if curve.hill_exponent != 1.0:
        part, half = each(lambda level: level**curve.hill_exponent, c / half), 1.0
    return baseline_s + factor * (curve.slope_s_ml_per_u * c + curve.most_s * part / (half + part))


def aptt_ratio(
    concentration_u_per_ml: Numbers,
    patient: Patient | Cohort,
    reagent: Curve,
    covariate_effects: Effects = ANTITHROMBIN_EFFECTS,
    time_h: Numbers = 0.0,
) -> Any:
    """Return the true aPTT divided by the laboratory's control aPTT."""
    return aptt_s(concentration_u_per_ml, patient, reagent, covariate_effects, time_h) / reagent.control_aptt_s


def act_s(
    concentration_u_per_ml: Numbers,
    patient: Patient | Cohort,
    law: ClottingTime,
    covariate_effects: Effects = ANTITHROMBIN_EFFECTS,
    time_h: Numbers = 0.0,
) -> Any:
    """Return the true activated clotting time, s: the test used in catheter laboratories and on cardiopulmonary bypass.

    ``law``: the ACT curve; its baseline counts only where the patient's own is unknown.
    """
    baseline_s = law.baseline_s if patient.baseline_act_s is None else patient.baseline_act_s
    c = active_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h)
    return _clotting_time_s(c, law, baseline_s, product(covariate_effects, "slope_ml_per_u", patient))


def anti_xa_u_per_ml(
    concentration_u_per_ml: Numbers,
    patient: Patient | Cohort,
    covariate_effects: Effects = ANTITHROMBIN_EFFECTS,
    time_h: Numbers = 0.0,
) -> Any:
    """Return the anti-Xa activity found by an assay without added antithrombin, U/mL.

    Heparin acts through antithrombin: below normal antithrombin the same heparin inhibits less factor Xa, in proportion; above it
    as much as usual. Source: Croles 2019, abstract: the anti-Xa is linearly reduced with antithrombin below 100 %, which its
    authors read as under treatment, not as an error of the assay. An oral factor Xa inhibitor still in the blood is added where
    there is a covariate effect of the form "fades".
    """
    found = active_u_per_ml(concentration_u_per_ml, patient, covariate_effects, time_h) * product(
        covariate_effects, "recovery_fraction", patient
    )
    for effect in covariate_effects:
        if effect.form == "fades" and effect.applies_to(patient):
            found = found + effect.added(patient, time_h)
    return found


def level(
    assay: str, concentration_u_per_ml: Numbers, patient: Patient | Cohort, responses: Responses | Curve, time_h: Numbers = 0.0
) -> Any:
    """Return the true level of a test at a concentration, in the unit of the assay: a number or an array.

    ``assay``: a key of ``ASSAYS``.
    ``concentration_u_per_ml``: a number or an array, U/mL; for a cohort an array (n,). Where a set tells long from short chains
    it is what this assay reads (:func:`read_u_per_ml`).
    ``responses``: the drug's :class:`Responses`, or an aPTT curve alone.
    ``time_h``: hours since the start, a number or an array of the same shape; only the forms "swing" and "fades" and a patient's
    drift use it.

    Raises ``ValueError`` for a negative concentration, and for an assay without a published response to this drug.
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
    function = aptt_s if assay == "aptt_s" else aptt_ratio
    return function(concentration_u_per_ml, patient, responses.aptt, covariate_effects, time_h)


def read_u_per_ml(assay: str, kinetics: Kinetics, state: State) -> Any:
    """Return the concentration that an assay reads in a state, U/mL: of the long chains for a clotting time, else of heparin.

    ``state``: one state, or one of arrays. The two differ only where a set tells long from short chains.
    """
    check_one_of("assay", assay, ASSAYS)
    if assay in CLOTTING_TIMES:
        return kinetics.long_u_per_ml(state.central_u)
    return kinetics.concentration_u_per_ml(state.central_u, state.short_u)


def felt_u_per_ml(
    assay: str, concentration_u_per_ml: Numbers, patient: Patient | Cohort, responses: Responses, time_h: Numbers = 0.0
) -> Any:
    """Return the concentration that gives the same level without a daily swing and without an oral factor Xa inhibitor, U/mL.

    The level depends on it (and on the patient's drift) alone, whatever the time of day, and rises with it.
    :func:`concentration_for_u_per_ml` is the inverse: the value of it at which a level is reached.
    """
    felt = active_u_per_ml(concentration_u_per_ml, patient, responses.covariate_effects, time_h)
    for effect in responses.covariate_effects:
        if assay == "anti_xa_u_per_ml" and effect.form == "fades" and effect.applies_to(patient):
            felt = felt + effect.added(patient, time_h) / product(responses.covariate_effects, "recovery_fraction", patient)
    return felt


def drifts(assay: str, patient: Patient | Cohort, responses: Responses) -> bool:
    """Return whether the level of an assay at one concentration changes with the drift of this patient or cohort."""
    return patient.drift is not None and assay in ("aptt_s", "aptt_ratio") and isinstance(responses.aptt, Reagent)


def concentration_for_u_per_ml(assay: str, value: float, patient: Patient | Cohort, responses: Responses) -> Any:
    """Return the concentration (see :func:`felt_u_per_ml`) at which an assay reaches a value, U/mL; (n,) for a cohort.

    It is that of a patient without drift; :func:`drifted_u_per_ml` returns it at the knots of a drift. A value below the one
    without the drug gives a negative number. Raises ``ValueError`` for an assay without a published response to this drug, and
    for a curve that saturates (``most_s`` above 0), whose inverse is not implemented.
    """
    check_one_of("assay", assay, responses.assays)
    covariate_effects = responses.covariate_effects
    if assay == "anti_xa_u_per_ml":
        return value / product(covariate_effects, "recovery_fraction", patient)
    curve = responses.act if assay == "act_s" else responses.aptt
    assert curve is not None  # or it would not be among the assays
    seconds = value * curve.control_aptt_s if assay == "aptt_ratio" else value
    if isinstance(curve, Reagent):
        return each(math.log, seconds / patient.baseline_aptt_s) / slope_ml_per_u(patient, curve, covariate_effects)
    if curve.most_s > 0.0:
        raise ValueError(f"{curve.name} saturates (most_s is above 0); its inverse is not implemented")
    baseline_s = patient.baseline_aptt_s
    if assay == "act_s":
        baseline_s = curve.baseline_s if patient.baseline_act_s is None else patient.baseline_act_s
    return (seconds - baseline_s) / curve.slope_s_ml_per_u / product(covariate_effects, "slope_ml_per_u", patient)


def drifted_u_per_ml(
    concentrations_u_per_ml: Sequence[Any], cohort: Cohort, responses: Responses, n_knots: int
) -> Iterator[list[Any]]:
    """Yield the concentrations at which aPTTs are reached, knot by knot of each patient's drift, (n,) each.

    ``concentrations_u_per_ml``: those at which they are reached without drift (:func:`concentration_for_u_per_ml`), (n,) each.
    Between the knots they move in straight lines: need * concentration - shift / slope (:meth:`~heparin_pk.body.drift.Drift.at`).
    """
    assert cohort.drift is not None  # asked for only where :func:`drifts` says so
    assert isinstance(responses.aptt, Reagent)
    slope = slope_ml_per_u(cohort, responses.aptt, responses.covariate_effects)
    for need, shift in zip(*cohort.drift.knots(n_knots), strict=True):
        added = shift / slope
        yield [need * concentration - added for concentration in concentrations_u_per_ml]


def aptt_range_for_anti_xa(reagent: Curve, patient: Patient, anti_xa_range: Sequence[float] = (0.3, 0.7)) -> TherapeuticRange:
    """Return the aPTT range that corresponds to an anti-Xa range with this reagent, rounded to whole seconds.

    Laboratories derive their aPTT range in this way. For the same anti-Xa of 0.3 to 0.7 U/mL a sensitive reagent has a far
    higher range. A patient short of antithrombin needs more heparin for the same anti-Xa, and then has a longer aPTT.

    Raises ``ValueError`` unless ``anti_xa_range`` is two rising levels between 0.01 and 10 U/mL, for a patient without
    antithrombin, and where the range ends above ``LONGEST_APTT_S``.
    """
    ends = tuple(check_between("anti_xa_range", end, 0.01, 10.0) for end in anti_xa_range)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise ValueError(f"anti_xa_range must be two rising levels; got {tuple(anti_xa_range)!r}")
    patient = replace(patient, drift=None)  # a laboratory's range is one for the whole stay
    recovery = anti_xa_u_per_ml(1.0, patient)
    if recovery <= 0.0:
        raise ValueError("antithrombin_fraction must be above 0: without antithrombin no heparin gives an anti-Xa; got 0")
    low, high = (round(aptt_s(end / recovery, patient, reagent)) for end in ends)
    if high > LONGEST_APTT_S:
        raise ValueError(
            f"the aPTT at an anti-Xa of {ends[1]:g} U/mL must lie below {LONGEST_APTT_S:g} s to be a range; got {high} s"
        )
    return TherapeuticRange(assay="aptt_s", low=low, high=high)
