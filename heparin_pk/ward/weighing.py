"""The weight that a hospital doses by, as a rule: which weight, above what, and between which limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_one_of, floats, shown
from heparin_pk.base.elementwise import choose, larger, smaller
from heparin_pk.body.bodysize import adjusted_body_weight_kg, bmi, ideal_body_weight_kg
from heparin_pk.body.patient import Cohort, Patient

KINDS = ("actual", "ideal", "adjusted")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Weighing:
    """The weight that doses are calculated with: the actual weight, or another one for the heavy, and its limits.

    ``kind``: the weight of the heavy: "actual", "ideal", or "adjusted" (ideal, and a share of the weight above it).
    ``share_fraction``: that share, 0 to 1.
    ``above_ideal_ratio``: who is heavy: above this multiple of the ideal weight; ``None``: not asked.
    ``above_bmi_kg_per_m2``: who is heavy: above this body-mass index; ``None``: not asked. Without either, all are.
    ``at_least_kg``: the lowest weight to dose by, kg; ``None``: no limit.
    ``at_most_kg``: the highest weight to dose by, kg; ``None``: no limit.

    Raises ``ValueError`` when a field lies outside its limits, when two thresholds are given, when a threshold has no other
    weight to choose, or when the limits cross.

    >>> rule = Weighing(kind="adjusted", share_fraction=0.3, above_ideal_ratio=1.3)
    >>> round(rule.weight_kg(Patient(weight_kg=120, height_cm=175, sex="male")), 1)
    85.3
    >>> rule.weight_kg(Patient(weight_kg=90, height_cm=175, sex="male"))
    90.0
    """

    kind: str = "actual"
    share_fraction: float = 0.4
    above_ideal_ratio: float | None = None
    above_bmi_kg_per_m2: float | None = None
    at_least_kg: float | None = None
    at_most_kg: float | None = None

    def __post_init__(self) -> None:
        check_one_of("kind", self.kind, KINDS)
        check_between("share_fraction", self.share_fraction, 0.0, 1.0)
        limits = {
            "above_ideal_ratio": (1.0, 3.0),
            "above_bmi_kg_per_m2": (15.0, 80.0),
            "at_least_kg": (0.4, 400.0),
            "at_most_kg": (0.4, 400.0),
        }
        for name, ends in limits.items():
            if getattr(self, name) is not None:
                check_between(name, getattr(self, name), *ends)
        thresholds = [name for name in ("above_ideal_ratio", "above_bmi_kg_per_m2") if getattr(self, name) is not None]
        if len(thresholds) == 2:
            raise ValueError("above_ideal_ratio and above_bmi_kg_per_m2 must not both be given: one says who is heavy")
        if thresholds and self.kind == "actual":
            raise ValueError(f"{thresholds[0]} needs another kind of weight for the heavy, ideal or adjusted; got 'actual'")
        if self.at_least_kg is not None and self.at_most_kg is not None and self.at_least_kg > self.at_most_kg:
            raise ValueError(f"at_least_kg must not be above at_most_kg = {self.at_most_kg:g}; got {self.at_least_kg!r}")
        floats(self, "share_fraction", *limits)

    __repr__ = shown

    def weight_kg(self, patient: Patient | Cohort) -> Any:
        """Return the weight to dose by, kg; (n,) for a cohort.

        Raises ``ValueError`` where the height or the sex is needed and unknown.
        """
        weight: Any = patient.weight_kg
        if self.kind != "actual":
            is_ideal = self.kind == "ideal"
            other = ideal_body_weight_kg(patient) if is_ideal else adjusted_body_weight_kg(patient, self.share_fraction)
            if self.above_ideal_ratio is not None:
                weight = choose(weight > self.above_ideal_ratio * ideal_body_weight_kg(patient), other, weight)
            elif self.above_bmi_kg_per_m2 is not None:
                weight = choose(bmi(patient) > self.above_bmi_kg_per_m2, other, weight)
            else:
                weight = other
        if self.at_most_kg is not None:
            weight = smaller(weight, self.at_most_kg)
        if self.at_least_kg is not None:
            weight = larger(weight, self.at_least_kg)
        return weight if isinstance(weight, np.ndarray) else float(weight)

    def in_words(self) -> str:
        """Return the rule in words."""
        words = f"ideal and {self.share_fraction:g} of the weight above it" if self.kind == "adjusted" else f"{self.kind} weight"
        if self.above_ideal_ratio is not None:
            words = f"actual weight; above {self.above_ideal_ratio:g} times the ideal weight: {words}"
        elif self.above_bmi_kg_per_m2 is not None:
            words = f"actual weight; above {self.above_bmi_kg_per_m2:g} kg/m2: {words}"
        limits = [f"at least {self.at_least_kg:g} kg"] if self.at_least_kg is not None else []
        limits += [f"at most {self.at_most_kg:g} kg"] if self.at_most_kg is not None else []
        return "; ".join([words, *limits])
