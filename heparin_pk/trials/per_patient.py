"""One row a patient: the outcomes of the patients of a chunk, and the subgroups they belong to."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.response import Responses, level
from heparin_pk.body.patient import Cohort, Patient
from heparin_pk.simulation.cohort import Charts
from heparin_pk.simulation.metrics import rosendaal_fractions, side_of_range
from heparin_pk.trials.catalogue import COVARIATES, OUTCOMES, PERIOD_H, PERIODS_END_H, READ_AT_H, SNAPSHOTS_H
from heparin_pk.trials.observer import TrialObserver


def rows_of(
    cohort: Cohort, charts: Charts, observer: TrialObserver, target: TherapeuticRange, responses: Responses, hours: float
) -> dict[str, np.ndarray]:
    """Return the outcomes of n patients by key, (n,) each; NaN says "never" or "nothing to count"."""
    own, common = observer.ranges[0], observer.ranges[-1]
    rows: dict[str, np.ndarray] = {}
    for name, one in (("time", own), ("common_range", common)):
        inside, below = one.inside_h / hours, one.below_h / hours
        rows[f"{name}_in_range_fraction"] = np.clip(inside, 0.0, 1.0)
        rows[f"{name}_below_fraction"] = np.clip(below, 0.0, 1.0)
        rows[f"{name}_above_fraction"] = np.clip(1.0 - inside - below, 0.0, 1.0)
    rows["time_to_therapeutic_h"] = np.where(np.isinf(own.first_h), np.nan, own.first_h)
    rows["common_range_first_h"] = np.where(np.isinf(common.first_h), np.nan, common.first_h)
    rows |= _of_results(charts, target, hours)
    rows["adjustments"], rows["holds"], rows["reboluses"] = observer.adjustments, observer.holds, observer.reboluses
    rows["peak_u_per_ml"], rows["auc_u_h_per_ml"] = observer.peak_u_per_ml, charts.area_u_h_per_ml
    rows["heparin_given_u"] = charts.given_u
    rows["last_rate_u_per_kg_per_h"] = charts.rate_u_per_h / cohort.weight_kg
    for hour in SNAPSHOTS_H:
        if hour <= hours:
            at_hour = level(target.assay, charts.hourly_for(target.assay)[:, hour], cohort, responses, float(hour))
            rows[f"level_at_{hour}_h"] = at_hour
            rows[f"truly_in_range_at_{hour}_h"] = (at_hour >= target.low) & (at_hour <= target.high)
    return {key: np.asarray(rows[key], dtype=float) for key in OUTCOMES if key in rows}


def _of_results(charts: Charts, target: TherapeuticRange, hours: float) -> dict[str, np.ndarray]:
    """Return the outcomes of the results as the ward read them.

    "In range at an hour" is the verdict on one result: the last whose blood was drawn at or before that hour, however long ago.
    A patient without such a result is not counted (NaN). A period counts only a result drawn in it (its end included, its begin
    not): the last one.
    """
    there = np.arange(len(charts.values))[:, None] < charts.n_results
    side = np.where(charts.above_ceiling, 1, side_of_range(charts.values, target.low, target.high))
    below, inside = there & (side < 0), there & (side == 0)
    n_below, n_inside, n = below.sum(axis=0), inside.sum(axis=0), there.sum(axis=0)
    rows = {
        "results_below": n_below,
        "results_in": n_inside,
        "results_above": n - n_below - n_inside,
        "blood_draws": n,
        "threshold_result_h": _first(there & ~below, charts.drawn_h),
        "in_range_result_h": _first(inside, charts.drawn_h),
        "two_in_range_h": _first(inside[1:] & inside[:-1], charts.drawn_h[1:]),
        "fraction_of_tests_in_range": np.divide(n_inside, n, out=np.full(len(n), np.nan), where=n > 0),
        "rosendaal_fraction": rosendaal_fractions(charts.drawn_h, charts.values, charts.above_ceiling, charts.n_results, target),
    }
    for name, key in (("threshold_by_24_h", "threshold_result_h"), ("therapeutic_by_24_h", "in_range_result_h")):
        rows[name] = (rows[key] <= 24.0).astype(float)
    by_hour = {hour: (there & (charts.drawn_h <= hour)).sum(axis=0) for hour in {0, *READ_AT_H, *PERIODS_END_H} if hour <= hours}
    for hour, drawn in by_hour.items():
        last = inside[np.maximum(drawn - 1, 0), np.arange(inside.shape[1])] if len(inside) else np.zeros(inside.shape[1])
        if hour in READ_AT_H:
            rows[f"in_range_at_{hour}_h"] = np.where(drawn > 0, last, np.nan)
        if hour in PERIODS_END_H:
            rows[f"period_to_{hour}_h_in_range"] = np.where(drawn > by_hour[hour - PERIOD_H], last, np.nan)
    return rows


def _first(which: np.ndarray, drawn_h: np.ndarray) -> np.ndarray:
    if not len(which):
        return np.full(which.shape[1], np.nan)
    return np.where(which.any(axis=0), drawn_h[which.argmax(axis=0), np.arange(which.shape[1])], np.nan)


_STATED = Patient(weight_kg=75.0)
_OTHERS = tuple(field.name for field in fields(Patient) if field.name not in (*COVARIATES, "factors", "drift"))


def covariates_of(cohort: Cohort) -> dict[str, np.ndarray]:
    """Return what the rows say of n patients before they were treated, by field of :class:`Patient`, (n,) each.

    Size, age, sex and what the model reads wherever they are known; every other feature that differs between these patients, or
    that all of them have.
    """
    names = [name for name in COVARIATES if getattr(cohort, name) is not None]
    for name in _OTHERS:
        value = getattr(cohort, name)
        if isinstance(value, np.ndarray) or value != getattr(_STATED, name):
            names.append(name)
    columns = {name: cohort.column(name) for name in names}
    return {name: values for name, values in columns.items() if values is not None}


def groups_of(cohort: Cohort) -> dict[str, np.ndarray]:
    """Return which patients belong to each subgroup, (n,) booleans; only subgroups whose feature is known; "all" is all."""
    groups = {"all": np.ones(cohort.n, dtype=bool)}
    sex, age, height = cohort.sex, cohort.column("age_y"), cohort.column("height_cm")
    if sex is not None:
        groups |= {"women": _column(cohort.female, cohort), "men": _column(cohort.male, cohort)}
    if age is not None:
        groups |= {"under 65 years": age < 65, "65 to 80 years": (age >= 65) & (age <= 80), "over 80 years": age > 80}
    if height is not None:
        bmi = _column(cohort.weight_kg, cohort) / (height / 100.0) ** 2
        groups |= {
            "BMI under 25": bmi < 25,
            "BMI 25 to 30": (bmi >= 25) & (bmi < 30),
            "BMI 30 to 40": (bmi >= 30) & (bmi < 40),
            "BMI 40 and more": bmi >= 40,
        }
    for name, label in (("kidney_failure", "kidney failure"), ("smoker", "smokers"), ("pregnant", "pregnant")):
        who = getattr(cohort, name)
        if isinstance(who, np.ndarray):
            groups[label] = who
    if isinstance(cohort.antithrombin_fraction, np.ndarray):
        groups |= {"antithrombin under 0.8": cohort.antithrombin_fraction < 0.8}
    factor_viii = cohort.column("factor_viii_u_per_ml")
    if factor_viii is not None:
        groups |= {"factor VIII over 2 U/mL": factor_viii > 2.0}
    return groups


def _column(value: Any, cohort: Cohort) -> np.ndarray:
    return np.broadcast_to(np.asarray(value), (cohort.n,))
