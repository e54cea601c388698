"""Who is treated: only what some law of the house reads."""

from __future__ import annotations

from dataclasses import dataclass

from heparin_pk._checks import check_between, floats, shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Patient:
    """A person about to be given heparin.

    ``weight_kg`` is the body weight that doses and pharmacokinetics use (0.4 to 400), ``age_y`` the age in years, where known
    (0 to 120), ``baseline_aptt_s`` the aPTT before heparin (15 to 150), ``antithrombin_fraction`` the antithrombin activity
    as a share of normal (0 to 2).

    Raises ``ValueError`` with name, limits and value when a field lies outside its limits.

    >>> Patient(weight_kg=82, baseline_aptt_s=31)
    Patient(weight_kg=82.0, baseline_aptt_s=31.0)
    >>> Patient(weight_kg=82000)
    Traceback (most recent call last):
    ...
    ValueError: weight_kg must lie between 0.4 and 400; got 82000
    """

    weight_kg: float
    age_y: float | None = None
    baseline_aptt_s: float = 30.0
    antithrombin_fraction: float = 1.0

    def __post_init__(self) -> None:
        check_between("weight_kg", self.weight_kg, 0.4, 400.0)
        if self.age_y is not None:
            check_between("age_y", self.age_y, 0.0, 120.0)
        check_between("baseline_aptt_s", self.baseline_aptt_s, 15.0, 150.0)
        check_between("antithrombin_fraction", self.antithrombin_fraction, 0.0, 2.0)
        floats(self, "weight_kg", "age_y", "baseline_aptt_s", "antithrombin_fraction")

    __repr__ = shown
