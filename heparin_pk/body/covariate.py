"""How a feature of the patient changes a number of a model: one law, its size, its paper, and what the patient would say.

A law is data: it can be printed, stored, switched off (``drug.without("smoking")``) and found in the citations. A feature
that is not known, or absent, leaves the typical number untouched.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.elementwise import choose, larger, power, smaller, some
from heparin_pk.base.source import Value
from heparin_pk.body.bodysize import MEASURES, measure
from heparin_pk.body.kinetics import Kinetics
from heparin_pk.body.patient import Cohort, Patient

FORMS = {
    "times": "factor where the feature is true",
    "from": "factor where the feature is at least the reference",
    "power above": "(feature / reference) ** effect, from the reference on",
    "per unit above": "1 + effect * (feature - reference), from the reference on",
    "falls below": "1 - effect * (1 - feature / reference), below the reference",
    "swing": "1 + effect * cos(time of day - reference), over 24 h",
    "fades": "the feature is added, and halves every effect hours",
}
KINETIC = tuple(field.name for field in fields(Kinetics) if field.name != "transits")
RESPONSE = ("slope_ml_per_u", "recovery_fraction", "activity_fraction", "anti_xa_u_per_ml")
FEATURES = {field.name for field in fields(Patient)} - {"factors", "sex"} | {"female", "on_warfarin"} | set(MEASURES)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Covariate:
    """One way in which patients differ.

    ``name`` switches it; ``feature`` is a field of :class:`Patient` or a measure of ``bodysize``; ``on`` names the numbers it
    changes: fields of :class:`Kinetics`, ``slope_ml_per_u`` (how steeply the aPTT rises), ``recovery_fraction`` (what an
    anti-Xa assay finds), ``activity_fraction`` (both), ``anti_xa_u_per_ml`` (added to it). ``form`` is a key of ``FORMS``,
    ``effect`` its size with the place it was read in, ``words`` what the patient would say.

    Raises ``ValueError`` for an unknown feature, number or form, or an effect without a source.
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
        for one in self.on:
            check_one_of("on", one, (*KINETIC, *RESPONSE))
        if not isinstance(self.effect, Value):
            raise ValueError(f"{self.name} needs a Value with its Source; got {self.effect!r}")
        if (self.reference is None) != (self.form in ("times", "fades")):
            raise ValueError(f"{self.name}: the form {self.form!r} {'has no' if self.reference else 'needs a'} reference")
        if self.reference is not None:
            object.__setattr__(self, "reference", check_between("reference", self.reference, 0.0, 1e4))
        if (self.form == "fades") != (self.on == ("anti_xa_u_per_ml",)):
            raise ValueError(f"{self.name}: only what fades is added to anti_xa_u_per_ml; got {self.form!r} on {self.on}")

    __repr__ = shown

    def factor(self, patient: Patient | Cohort, time_h=0.0):
        """Return what this patient's feature multiplies by, 1 where it is absent or unknown (time matters to a swing only).

        A cohort gets one factor a person.
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
                return 1.0 + effect * np.cos(2.0 * np.pi * (x + time_h - reference) / 24.0)

    def added(self, patient: Patient | Cohort, time_h=0.0):
        """Return what is added at a moment; 0 for every law that multiplies."""
        if self.form != "fades":
            return 0.0
        return measure(patient, self.feature) * 0.5 ** (time_h / self.effect.value)

    @staticmethod
    def _measurable(patient: Patient | Cohort) -> bool:
        return patient.height_cm is not None and patient.sex is not None

    def applies_to(self, patient: Patient | Cohort) -> bool:
        """Return whether this patient (anybody of a cohort) has the feature: whether anything changes at any time of the day."""
        return any(some(self.factor(patient, h) != 1.0) or some(self.added(patient, h) != 0.0) for h in (0.0, 7.0))


def product(covariate_effects: tuple[Covariate, ...], parameter: str, patient: Patient | Cohort, time_h=0.0):
    """Return the factor of all covariate_effects and of the person itself on one number."""
    factor = patient.factor(parameter)
    for law in covariate_effects:
        if parameter in law.on:
            factor = factor * law.factor(patient, time_h)
    return factor
