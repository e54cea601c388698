"""One patient, or a cohort of many patients, described by the covariates that models and formulas of this package use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from heparin_pk.base.checks import as_seen, check_between, check_is, check_one_of, check_text, floats, shown
from heparin_pk.body.drift import Drift, Drifts, TakenDrifts

SEXES = ("female", "male")

LIMITS: dict[str, tuple[float, float]] = {
    "weight_kg": (0.4, 400.0),
    "height_cm": (20.0, 250.0),
    "age_y": (0.0, 120.0),
    "baseline_aptt_s": (15.0, 150.0),
    "baseline_act_s": (50.0, 300.0),
    "antithrombin_fraction": (0.0, 2.0),
    "factor_viii_u_per_ml": (0.01, 20.0),
    "creatinine_clearance_ml_per_min": (1.0, 250.0),
    "inr": (0.8, 10.0),
    "doac_anti_xa_u_per_ml": (0.0, 20.0),
    "clock_at_start_h": (0.0, 24.0),
    "dosing_weight_kg": (0.4, 400.0),
}
_OPTIONAL = (
    "height_cm",
    "age_y",
    "baseline_act_s",
    "factor_viii_u_per_ml",
    "creatinine_clearance_ml_per_min",
    "inr",
    "clock_at_start_h",
    "dosing_weight_kg",
)
_IN_WORDS = {
    "antithrombin_fraction": ("antithrombin", "of normal"),
    "factor_viii_u_per_ml": ("factor VIII", "U/mL"),
    "creatinine_clearance_ml_per_min": ("creatinine clearance", "mL/min"),
    "inr": ("INR", ""),
    "doac_anti_xa_u_per_ml": ("factor Xa inhibitor", "U/mL"),
    "clock_at_start_h": ("time of day at the start", "h"),
}
_NORMAL = {"antithrombin_fraction": 1.0, "doac_anti_xa_u_per_ml": 0.0}
YES_OR_NO = ("acute_thrombosis", "cirrhosis", "kidney_failure", "pregnant", "smoker")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Patient:
    """A patient about to be given heparin.

    A field left at ``None`` is unknown, and no covariate effect then uses it.

    ``weight_kg``: true body weight, kg (0.4 to 400).
    ``age_y``: age, years (0 to 120).
    ``height_cm``: height, cm (20 to 250).
    ``sex``: "female" or "male".
    ``baseline_aptt_s``: aPTT before heparin, s (15 to 150).
    ``baseline_act_s``: activated clotting time before heparin, s (50 to 300).
    ``antithrombin_fraction``: antithrombin activity as a share of normal (0 to 2).
    ``factor_viii_u_per_ml``: factor VIII, U/mL (0.01 to 20).
    ``creatinine_clearance_ml_per_min``: creatinine clearance, mL/min (1 to 250).
    ``inr``: INR under warfarin (0.8 to 10); ``None`` means no warfarin.
    ``doac_anti_xa_u_per_ml``: anti-Xa activity of an oral factor Xa inhibitor left in the blood at 0 h, U/mL (0 to 20).
    ``acute_thrombosis``: True with an acute thrombosis.
    ``cirrhosis``: True with liver cirrhosis.
    ``kidney_failure``: True with uraemia.
    ``pregnant``: True in the last third of a pregnancy.
    ``smoker``: True for a smoker.
    ``clock_at_start_h``: time of day at 0 h, hours after midnight (0 to 24).
    ``dosing_weight_kg``: weight that doses are calculated with, kg, where it is not the true weight
    (:func:`heparin_pk.body.bodysize.dosing_weight_kg`).
    ``factors``: factors by which this patient differs from a typical one with the same covariates: ``(("bmax_u", 1.2),)``.
    ``drift``: how sensitivity and baseline change in the course of a stay; ``None``: not at all.

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
    height_cm: float | None = None
    sex: str | None = None
    baseline_aptt_s: float = 30.0
    baseline_act_s: float | None = None
    antithrombin_fraction: float = 1.0
    factor_viii_u_per_ml: float | None = None
    creatinine_clearance_ml_per_min: float | None = None
    inr: float | None = None
    doac_anti_xa_u_per_ml: float = 0.0
    acute_thrombosis: bool = False
    cirrhosis: bool = False
    kidney_failure: bool = False
    pregnant: bool = False
    smoker: bool = False
    clock_at_start_h: float | None = None
    dosing_weight_kg: float | None = None
    factors: tuple[tuple[str, float], ...] = ()
    drift: Drift | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            if getattr(self, name) is not None or name not in _OPTIONAL:
                check_between(name, getattr(self, name), low, high)
        if self.sex is not None:
            check_one_of("sex", self.sex, SEXES)
        for name in YES_OR_NO:
            check_is(name, getattr(self, name), bool, "True or False")
        if self.pregnant and self.sex == "male":
            raise ValueError("pregnant must be False for sex 'male'; got True")
        check_is("drift", self.drift, (Drift, type(None)), "a Drift or None")
        floats(self, *LIMITS)
        self._check_factors()

    def _check_factors(self) -> None:
        check_is("factors", self.factors, (list, tuple), "a list of (parameter, factor) pairs")
        pairs = []
        for pair in self.factors:
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise ValueError(f"factors must be (parameter, factor) pairs; got {as_seen(pair)}")
            check_text("the parameter of a factor", pair[0])
            pairs.append((pair[0], check_between(f"the factor on {pair[0]}", pair[1], 0.01, 100.0)))
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError(f"factors name a parameter twice; got {as_seen(self.factors)}")
        object.__setattr__(self, "factors", tuple(pairs))

    __repr__ = shown

    @property
    def doses_by_kg(self) -> float:
        """The weight that doses are calculated with, kg."""
        return self.weight_kg if self.dosing_weight_kg is None else self.dosing_weight_kg

    def stated(self) -> dict[str, str]:
        """Return what is known of the patient beyond body size, age, sex and baseline, in words, by the name of the field."""
        words = {
            field: f"{words} {getattr(self, field):g}{f' {unit}' if unit else ''}"
            for field, (words, unit) in _IN_WORDS.items()
            if getattr(self, field) not in (None, _NORMAL.get(field))
        }
        return words | {field: field.replace("_", " ") for field in YES_OR_NO if getattr(self, field)}

    @property
    def female(self) -> bool:
        """True for a female patient; an unknown sex counts as no."""
        return self.sex == "female"

    @property
    def on_warfarin(self) -> bool:
        """True when an INR under warfarin is known."""
        return self.inr is not None

    def factor(self, parameter: str) -> float:
        """Return this patient's own factor on a parameter; 1 where none is given."""
        return dict(self.factors).get(parameter, 1.0)


class Cohort:
    """Many patients at once: the fields of :class:`Patient`, each either one value for all or an array of shape (n,).

    Covariate effects and body-size formulas take a cohort as they take a patient, and then return arrays. ``cohort[17]`` is
    one patient; :meth:`take` returns a sub-cohort.

    ``n``: number of patients.
    ``columns``: field name to value or array (n,); fields left out keep their default, ``weight_kg`` is required.
    ``factors``: parameter name to array (n,), each patient's own factor on that parameter.
    ``drift``: how each patient changes in the course of a stay; ``None``: not at all.

    Raises ``ValueError`` with name, limits, value and index when a patient lies outside the limits of :class:`Patient`.

    >>> cohort = Cohort(2, {"weight_kg": np.array([60.0, 82.0]), "sex": np.array(["female", "male"])})
    >>> cohort.female.tolist(), cohort[1]
    ([True, False], Patient(weight_kg=82.0, sex='male'))
    """

    __slots__ = (
        "_drift",
        "_factors",
        "_indices",
        "_parent",
        "_sex_masks",
        "n",
        *(field.name for field in fields(Patient) if field.name not in ("drift", "factors")),
    )

    def __init__(
        self,
        n: int,
        columns: Mapping[str, Any],
        factors: Mapping[str, np.ndarray] | None = None,
        drift: Drifts | TakenDrifts | None = None,
    ) -> None:
        self.n = n
        self._parent: Cohort | None = None  # set by take(): the cohort these patients were taken from
        self._indices = np.empty(0, dtype=np.int64)  # set by take(): their indices in the parent
        check_is("drift", drift, (Drifts, TakenDrifts, type(None)), "a Drifts or None")
        if drift is not None and len(drift) != n:
            raise ValueError(f"drift must have one path for each of {n} patients; got {len(drift)}")
        self._factors, self._drift = dict(factors or {}), drift
        self._sex_masks: dict[str, Any] = {}
        typical = Patient(weight_kg=75.0)
        for name in columns:
            check_one_of("a column", name, _COHORT_FIELDS)
        if "weight_kg" not in columns:
            raise ValueError("weight_kg is needed of every patient; got no such column")
        for name in _COHORT_FIELDS:
            value = columns.get(name, getattr(typical, name))
            if isinstance(value, np.ndarray) and value.shape != (n,):
                raise ValueError(f"{name} must have one value for each of {n} patients; got shape {value.shape}")
            setattr(self, name, value)
            _check_column(name, value)
        for name, factor in self._factors.items():
            _check_range(f"the factor on {name}", factor, 0.01, 100.0)
        if np.any(np.logical_and(self.pregnant, self.male)):
            raise ValueError("pregnant must be False for sex 'male'; got True")

    @property
    def doses_by_kg(self) -> Any:
        """The weight that doses are calculated with, kg."""
        return self.weight_kg if self.dosing_weight_kg is None else self.dosing_weight_kg

    @property
    def female(self) -> Any:
        """True for each female patient; an unknown sex counts as no."""
        return self._is("female")

    @property
    def male(self) -> Any:
        """True for each male patient; an unknown sex counts as no."""
        return self._is("male")

    def _is(self, sex: str) -> Any:
        if sex not in self._sex_masks:  # cached: comparing strings is slow, and covariate effects ask repeatedly
            self._sex_masks[sex] = self.sex == sex if self._parent is None else _taken(self._parent._is(sex), self._indices)
        return self._sex_masks[sex]

    @property
    def on_warfarin(self) -> bool:
        """True when INRs under warfarin are known."""
        return self.inr is not None

    def factor(self, parameter: str) -> Any:
        """Return each patient's own factor on a parameter (n,); 1 where none is given."""
        if self._parent is not None and parameter not in self._factors:
            self._factors[parameter] = _taken(self._parent.factor(parameter), self._indices)
        return self._factors.get(parameter, 1.0)

    @property
    def drift(self) -> Drifts | TakenDrifts | None:
        """How each patient changes in the course of a stay; ``None``: not at all."""
        if self._drift is None and self._parent is not None and self._parent.drift is not None:
            self._drift = self._parent.drift.take(self._indices)
        return self._drift

    @property
    def factors(self) -> dict[str, np.ndarray]:
        """The patients' own factors: parameter name to array (n,)."""
        names = self._factors if self._parent is None else self._parent.factors
        return {name: self.factor(name) for name in names}

    def __getattr__(self, name: str) -> Any:
        """Return a field of a sub-cohort, taken from its parent on first access and then stored."""
        if name not in _COHORT_FIELDS or self._parent is None:
            raise AttributeError(f"a Cohort has no {name}")
        setattr(self, name, _taken(getattr(self._parent, name), self._indices))
        return getattr(self, name)

    def column(self, name: str) -> np.ndarray | None:
        """Return a field as an array of shape (n,), or ``None`` where it is unknown."""
        value = getattr(self, name)
        if value is None or isinstance(value, np.ndarray):
            return value
        return np.full(self.n, value)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Patient:
        if not 0 <= index < self.n:
            raise IndexError(f"index must lie between 0 and {self.n - 1}; got {index!r}")
        values = {}
        for name in _COHORT_FIELDS:
            value = getattr(self, name)
            values[name] = value[index].item() if isinstance(value, np.ndarray) else value
        return Patient(
            **values,
            factors=tuple((name, float(factor[index])) for name, factor in self.factors.items()),
            drift=None if self.drift is None else self.drift[index],
        )

    def take(self, indices: np.ndarray) -> Cohort:
        """Return the sub-cohort of the patients at these indices (m,), in this order; its columns are copied when first read."""
        if len(indices) == self.n and np.array_equal(indices, np.arange(self.n)):
            return self
        cohort = object.__new__(Cohort)  # skips __init__: the parent's columns were checked
        cohort.n, cohort._parent, cohort._indices = len(indices), self, np.array(indices)
        cohort._factors, cohort._sex_masks, cohort._drift = {}, {}, None
        return cohort

    def with_column(self, name: str, values: np.ndarray) -> Cohort:
        """Return the same patients with another column (n,); raises ``ValueError`` where a patient lies outside its limits."""
        check_one_of("a column", name, _COHORT_FIELDS)
        if values.shape != (self.n,):
            raise ValueError(f"{name} must have one value for each of {self.n} patients; got shape {values.shape}")
        _check_column(name, values)
        cohort = object.__new__(Cohort)
        cohort.n, cohort._parent, cohort._indices = self.n, self, np.arange(self.n)
        cohort._factors, cohort._sex_masks, cohort._drift = {}, {}, None
        setattr(cohort, name, values)
        return cohort


def _taken(value: Any, indices: np.ndarray) -> Any:
    return value[indices] if isinstance(value, np.ndarray) else value


_COHORT_FIELDS = tuple(field.name for field in fields(Patient) if field.name not in ("drift", "factors"))


def _check_column(name: str, value: Any) -> None:
    if name in LIMITS and value is not None:
        _check_range(name, value, *LIMITS[name])
    elif name == "sex" and value is not None:
        for sex in np.unique(value):
            check_one_of("sex", str(sex), SEXES)
    elif name in YES_OR_NO and not isinstance(value, bool) and not (isinstance(value, np.ndarray) and value.dtype == bool):
        raise ValueError(f"{name} must be True or False; got {value!r}")
    elif value is None and name not in (*_OPTIONAL, "sex"):
        raise ValueError(f"{name} must be known; got None")


def _check_range(name: str, value: Any, low: float, high: float) -> None:
    values = np.atleast_1d(np.asarray(value, dtype=float))
    inside = (values >= low) & (values <= high)
    if not inside.all():
        index = int(np.argmin(inside))
        raise ValueError(f"{name} must lie between {low:g} and {high:g}; got {float(values[index])!r} (person {index})")
