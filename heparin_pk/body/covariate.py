"""Covariate effects: how a feature of the patient changes a parameter of a model, with its size and its paper.

A covariate effect is data: it can be printed, stored, switched off (``drug.without("smoking")``) and found in the citations.
A feature that is unknown or absent leaves the typical value unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.elementwise import choose, each, larger, power, smaller, some
from heparin_pk.base.source import Value
from heparin_pk.body.bodysize import MEASURES, measure
from heparin_pk.body.kinetics import Kinetics
from heparin_pk.body.patient import Cohort, Patient

Numbers = float | np.ndarray
"""One number, or an array with one number a patient (or a moment)."""

FORMS = {
    "times": "factor where the feature is true",
    "from": "factor where the feature is at least the reference",
    "power above": "(feature / reference) ** effect, from the reference on",
    "per unit above": "1 + effect * (feature - reference), from the reference on",
    "falls below": "1 - effect * (1 - feature / reference), below the reference",
    "swing": "1 + effect * cos(time of day - reference), over 24 h",
    "fades": "the feature is added, and halves every effect hours",
}
EFFECT_LIMITS = {
    "times": (0.0, 100.0),
    "from": (0.0, 100.0),
    "power above": (-10.0, 10.0),
    "per unit above": (-1.0, 100.0),
    "falls below": (-100.0, 1.0),
    "swing": (-1.0, 1.0),
    "fades": (0.1, 1000.0),
}
"""The limits of the effect in each form: a factor below 0 is a mistake."""
KINETIC = tuple(field.name for field in fields(Kinetics) if field.name != "transits")
RESPONSE = ("slope_ml_per_u", "recovery_fraction", "activity_fraction", "anti_xa_u_per_ml")
ON_IN_WORDS = {
    "v1_ml": "volume",
    "clearance_ml_per_h": "clearance",
    "vmax_u_per_h": "capacity of the fast pathway",
    "bmax_u": "capacity of the binding pool",
    "slope_ml_per_u": "aPTT",
    "recovery_fraction": "anti-Xa",
    "activity_fraction": "effect of heparin",
    "anti_xa_u_per_ml": "anti-Xa",
}
"""What a reader calls the parameters that covariate effects of this package change."""
FEATURES = {field.name for field in fields(Patient)} - {"drift", "factors", "sex"} | {"female", "on_warfarin"} | set(MEASURES)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Covariate:
    """A covariate effect: one feature of the patient changes one or more parameters.

    ``name``: the name that switches it off (``drug.without(name)``).
    ``feature``: a field of :class:`Patient`, or a measure of :mod:`~heparin_pk.body.bodysize`.
    ``on``: the parameters it changes: fields of :class:`Kinetics`, or of the response: ``slope_ml_per_u`` (how steeply the
    aPTT rises), ``recovery_fraction`` (the share of the drug that an anti-Xa assay finds), ``activity_fraction`` (both) or
    ``anti_xa_u_per_ml`` (added to the anti-Xa).
    ``form``: the formula, a key of ``FORMS``.
    ``effect``: its size, with the place in a paper it was read from.
    ``words``: the effect in one sentence, as the patient would say it.
    ``reference``: the value of the feature from which on, or below which, the effect acts; for "swing" the time of day of its
    maximum, h; ``None`` for "times" and "fades".

    Raises ``ValueError`` for an unknown feature, parameter or form, no parameter, an effect without a source or outside
    ``EFFECT_LIMITS``, or a reference that is missing or not needed.
    """

    name: str
    feature: str
    on: tuple[str, ...]
    form: str
    effect: Value
    words: str
    reference: float | None = None

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_text("words", self.words)
        check_one_of("feature", self.feature, FEATURES)
        check_one_of("form", self.form, FORMS)
        check_is("on", self.on, (list, tuple), "a list of names")
        object.__setattr__(self, "on", tuple(self.on))
        if not self.on:
            raise ValueError(f"{self.name}: on must name one parameter at least; got none")
        for parameter in self.on:
            check_one_of("on", parameter, (*KINETIC, *RESPONSE))
        if not isinstance(self.effect, Value):
            raise ValueError(f"{self.name} needs a Value with its Source; got {self.effect!r}")
        check_between(f"the effect of {self.name}", self.effect.value, *EFFECT_LIMITS[self.form])
        if (self.reference is None) != (self.form in ("times", "fades")):
            raise ValueError(f"{self.name}: the form {self.form!r} {'has no' if self.reference else 'needs a'} reference")
        if self.reference is not None:
            object.__setattr__(self, "reference", check_between("reference", self.reference, 0.0, 1e4))
        if (self.form == "fades") != (self.on == ("anti_xa_u_per_ml",)):
            raise ValueError(f"{self.name}: the form 'fades' belongs to anti_xa_u_per_ml alone; got {self.form!r} on {self.on}")

    __repr__ = shown

    def on_in_words(self) -> str:
        """Return what it changes, in words: "changes the anti-Xa"."""
        return f"changes the {' and the '.join(dict.fromkeys(ON_IN_WORDS.get(name, name.replace('_', ' ')) for name in self.on))}"

    def factor(self, patient: Patient | Cohort, time_h: Numbers = 0.0) -> Any:
        """Return the factor that this feature puts on the parameter, 1 where it is absent or unknown; (n,) for a cohort.

        Only the form "swing" depends on ``time_h``, hours since the start.
        """
        x = measure(patient, self.feature) if self.feature not in MEASURES or self._measurable(patient) else None
        if x is None or self.form == "fades":
            return 1.0
        effect, reference = self.effect.value, self.reference or 0.0
        match self.form:
            case "times":
                return choose(x, effect, 1.0)
            case "from":
                return choose(x >= reference, effect, 1.0)
            case "power above":
                return power(larger(1.0, x / reference), effect)
            case "per unit above":
                return 1.0 + effect * larger(0.0, x - reference)
            case "falls below":
                return 1.0 - effect * (1.0 - smaller(1.0, x / reference))
            case _:
                return 1.0 + effect * each(math.cos, 2.0 * math.pi * (x + time_h - reference) / 24.0)

    def added(self, patient: Patient | Cohort, time_h: Numbers = 0.0) -> Any:
        """Return the anti-Xa activity added ``time_h`` hours after the start, U/mL; 0 for every form but "fades"."""
        if self.form != "fades":
            return 0.0
        return measure(patient, self.feature) * each(_halved, time_h / self.effect.value)

    @staticmethod
    def _measurable(patient: Patient | Cohort) -> bool:
        return patient.height_cm is not None and patient.sex is not None

    def applies_to(self, patient: Patient | Cohort) -> bool:
        """Return whether the effect changes anything for this patient (or any patient of a cohort), at any time of day."""
        return any(some(self.factor(patient, h) != 1.0) or some(self.added(patient, h) != 0.0) for h in (0.0, 7.0))


def _halved(times: float) -> float:
    return math.pow(0.5, times)


Effects = tuple[Covariate, ...]
"""The covariate effects of one model or one response."""


def check_no_feature_twice(name: str, covariate_effects: Effects) -> None:
    """Raise ``ValueError`` when one feature acts twice on one parameter; effects of different features are multiplied.

    ``name``: of the model, for the message.
    """
    seen: dict[tuple[str, str], str] = {}
    for effect in covariate_effects:
        for parameter in effect.on:
            if (effect.feature, parameter) in seen:
                first = seen[effect.feature, parameter]
                raise ValueError(
                    f"{name}: {effect.feature} acts twice on {parameter}; got the covariate effects {first!r} and {effect.name!r}"
                )
            seen[effect.feature, parameter] = effect.name


def product(covariate_effects: Effects, parameter: str, patient: Patient | Cohort, time_h: Numbers = 0.0) -> Any:
    """Return the factor on one parameter: all covariate effects on it, times the patient's own factor; (n,) for a cohort."""
    factor: Any = patient.factor(parameter)
    for effect in covariate_effects:
        if parameter in effect.on:
            factor = factor * effect.factor(patient, time_h)
    return factor
