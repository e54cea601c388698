"""Functions that ask a model for one number, as a paper prints it: a half-life, a peak, a dose, a time in hours.

Each runs the package's own simulation or reads its parameter sets; no model is defined here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heparin_pk.base.randomness import standard_normal
from heparin_pk.base.streams import Stream
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent, level
from heparin_pk.body.kinetics import Kinetics
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.calibration import Agreement, agreement, samples
from heparin_pk.published import UFH_DEFAULT, named
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate, titrate
from heparin_pk.trials.population import person
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.orders import Bolus, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous

ADULT = Patient(weight_kg=75.0)
"""The patient assumed where a paper prints no weight: 75 kg, baseline aPTT 30 s."""


def default_reagent() -> Reagent:
    """Return the reagent the default model is published with."""
    assert isinstance(UFH_DEFAULT.reagent, Reagent)
    return UFH_DEFAULT.reagent


def with_hypothesis(name: str) -> Drug:
    """Return the default model with one of its hypotheses switched on."""
    return UFH_DEFAULT.with_hypotheses(name)


def run(model: str | Drug, patient: Patient, *orders: Order, hours: float = 24.0, reagent: Reagent | None = None) -> Course:
    """Return the course of a patient under these orders, in any order of time; ``model`` is a drug or its name."""
    drug = named(model) if isinstance(model, str) else model
    return simulate(patient, drug, Regimen(tuple(sorted(orders, key=lambda order: order.time_h))), hours=hours, reagent=reagent)


def half_life_min(model: str | Drug, patient: Patient = ADULT, *, dose_u_per_kg: float = 0.0, dose_u: float = 0.0) -> float:
    """Return the time until the concentration after one bolus has fallen to half, min (infinite: not within 48 h)."""
    bolus = Bolus(time_h=0.0, dose_u=dose_u) if dose_u else Bolus(time_h=0.0, dose_u_per_kg=dose_u_per_kg)
    return 60.0 * (metrics.half_life_h(run(model, patient, bolus, hours=48.0)) or math.inf)


def late_half_life_min(course: Course, from_h: float, to_h: float) -> float:
    """Return the half-life between two times of a course, min."""
    early, late = course.concentration_at_u_per_ml(from_h), course.concentration_at_u_per_ml(to_h)
    return 60.0 * (to_h - from_h) * math.log(2.0) / math.log(early / late)


def plateau_u_per_ml(model: str, rate_u_per_kg_per_h: float, patient: Patient = ADULT) -> float:
    """Return the steady-state concentration of a constant infusion, U/mL."""
    return named(model).kinetics(patient).steady_state_u_per_ml(rate_u_per_kg_per_h * patient.weight_kg)


def needed_u_per_kg_per_h(model: str, concentration_u_per_ml: float, patient: Patient = ADULT) -> float:
    """Return the infusion rate that holds this concentration at steady state, U/kg/h."""
    kinetics = named(model).kinetics(patient)
    return kinetics.clearance_at_ml_per_h(concentration_u_per_ml) * concentration_u_per_ml / patient.weight_kg


def needed_for_aptt_ratio_u_per_kg_per_h(model: str, ratio: float, reagent: Reagent, patient: Patient = ADULT) -> float:
    """Return the infusion rate that holds a typical patient's aPTT at this multiple of its baseline, U/kg/h."""
    kinetics = named(model).kinetics(patient)
    return kinetics.needed_u_per_h(concentration_for_ratio_u_per_ml(ratio, reagent)) / patient.weight_kg


def half_life_of_effect_min(model: str | Drug, patient: Patient = ADULT, *, dose_u: float) -> float:
    """Return the time until the long chains, on which clotting times depend, have fallen to half after one bolus, min."""
    course = run(model, patient, Bolus(time_h=0.0, dose_u=dose_u), hours=12.0)
    later = int(np.flatnonzero(course.long_u_per_ml > 0.5 * course.long_u_per_ml.max())[-1])
    low_h, high_h = float(course.time_h[later]), float(course.time_h[later + 1])
    half_u = 0.5 * float(course.states[:, 0].max())
    while high_h - low_h > 1e-9:
        middle_h = 0.5 * (low_h + high_h)
        low_h, high_h = (middle_h, high_h) if course.state_at(middle_h).central_u > half_u else (low_h, middle_h)
    return 60.0 * low_h


def clearance_by_area_ml_per_kg_per_min(model: str, dose_u_per_kg: float, patient: Patient = ADULT) -> float:
    """Return the dose over the area under the concentration after one bolus (48 h), mL/kg/min."""
    course = run(model, patient, Bolus(time_h=0.0, dose_u_per_kg=dose_u_per_kg), hours=48.0)
    return dose_u_per_kg / metrics.auc_u_h_per_ml(course) / 60.0


def concentration_for_ratio_u_per_ml(ratio: float, reagent: Reagent) -> float:
    """Return the heparin level at which a typical patient's aPTT is this multiple of its baseline, U/mL."""
    return math.log(ratio) / reagent.slope_ml_per_u


def _slow_and_fast_per_h(kinetics: Kinetics) -> tuple[float, float]:
    """Return the two disposition rate constants (beta and alpha) of a linear two-compartment set, 1/h."""
    out, there, back = (
        kinetics.clearance_ml_per_h / kinetics.v1_ml,
        kinetics.q_ml_per_h / kinetics.v1_ml,
        kinetics.q_ml_per_h / kinetics.v2_ml if kinetics.q_ml_per_h > 0.0 else 0.0,
    )
    half = 0.5 * (out + there + back)
    root = math.sqrt(half * half - out * back)
    return half - root if kinetics.q_ml_per_h > 0.0 else out, half + root


def terminal_half_life_min(kinetics: Kinetics) -> float:
    """Return the last (terminal) half-life of a linear set, min."""
    return 60.0 * math.log(2.0) / _slow_and_fast_per_h(kinetics)[0]


def first_half_life_min(kinetics: Kinetics) -> float:
    """Return the first (alpha) half-life of a linear two-compartment set, min."""
    return 60.0 * math.log(2.0) / _slow_and_fast_per_h(kinetics)[1]


def peak(course: Course, assay: str = "anti_xa_u_per_ml") -> float:
    """Return the highest true level of an assay in a course, in the assay's unit."""
    return float(course.level(assay).max())


def peak_h(course: Course) -> float:
    """Return the time of the highest concentration, h."""
    return float(course.time_h[int(course.concentration_u_per_ml.argmax())])


def mean_level(course: Course, assay: str, from_h: float, to_h: float) -> float:
    """Return the time-averaged level of an assay between two times (trapezoidal rule), in the assay's unit."""
    inside = (course.time_h >= from_h) & (course.time_h <= to_h)
    time_h, value = course.time_h[inside], course.level(assay)[inside]
    return float(np.sum(0.5 * (value[1:] + value[:-1]) * np.diff(time_h)) / (time_h[-1] - time_h[0]))


def apparent_bioavailability_fraction(model: str, dose_u: float, patient: Patient = ADULT) -> float:
    """Return the bioavailability a trial would report: AUC (0 to 72 h) under the skin over AUC into a vein, same dose."""
    under_the_skin = run(model, patient, Subcutaneous(time_h=0.0, dose_u=dose_u), hours=72.0)
    into_a_vein = run(model, patient, Bolus(time_h=0.0, dose_u=dose_u), hours=72.0)
    return metrics.auc_u_h_per_ml(under_the_skin) / metrics.auc_u_h_per_ml(into_a_vein)


def under_protocol(
    name: str, patient: Patient = ADULT, *, model: str = "UFH_DEFAULT", reagent: Reagent | None = None, hours: float = 48.0
) -> Course:
    """Return the typical patient's course under the nomogram of this name, measured by an assay without error."""
    table = Nomogram.load(name)
    laboratory = Laboratory(assay=table.assay, reagent=reagent, cv_fraction=0.0)
    return titrate(patient, named(model), table, hours=hours, laboratory=laboratory)


def act_after_s(model: str, dose_u_per_kg: float, time_h: float, patient: Patient | None = None) -> float:
    """Return the ACT ``time_h`` hours after one bolus, s; without ``patient`` for a man of 80 kg."""
    patient = patient or Patient(weight_kg=80.0, sex="male")
    bolus = Bolus(time_h=0.0, dose_u_per_kg=dose_u_per_kg)
    return run(model, patient, bolus, hours=max(1.0, 2.0 * time_h)).level_at("act_s", time_h)


def act_rise_s(model: str, dose_u_per_kg: float, time_h: float) -> float:
    """Return the rise of the ACT ``time_h`` hours after one bolus, above the ACT without heparin, s."""
    return act_after_s(model, dose_u_per_kg, time_h) - act_after_s(model, 0.0, time_h)


def share_of_children_beyond(
    seconds_s: float, *, times_h: Sequence[float] = (0.25, 0.5, 0.75, 2.0), children: int = 320, seed: int = 1
) -> float:
    """Return the fraction of aPTTs above a limit in virtual children like those of Al-Sallami 2016.

    Dose: 91 U/kg over 0.1 h. Blood is drawn 15, 30, 45 and 120 min after it, as printed; the paper's samples from before the
    dose are not simulated (how many of its 290 they were is not known).
    Weights (ASSUMED): log-normal about the printed median of 20 kg, within the printed 6.7 to 68.6 kg. Heights and ages
    (ASSUMED) follow the weight through the printed means.
    Inter-individual variability and residual error are those of the paper's tables.
    """
    drug = named("AL_SALLAMI_2016_UFH")
    residual = next(part.value.value for part in drug.residual if part.name == "aptt_cv_fraction")
    dose = Regimen((Bolus(time_h=0.0, dose_u_per_kg=91.0, over_min=6.0),))
    above = total = 0
    for index in range(children):
        weight_kg = 20.0 * math.exp(0.55 * standard_normal(seed, Stream.CHILD_WEIGHT, 0.0, index))
        weight_kg = min(68.6, max(6.7, weight_kg))
        child = Patient(
            weight_kg=weight_kg,
            height_cm=min(176.0, 115.7 * (weight_kg / 23.6) ** 0.4),
            age_y=min(15.5, max(0.5, 6.7 * (weight_kg / 23.6) ** 1.2)),
            sex="female" if index % 2 else "male",
            baseline_aptt_s=35.6,
        )
        course = simulate(person(drug, child, index, seed=seed), drug, dose, hours=2.5)
        for time_h in times_h:
            error = 1.0 + residual * standard_normal(seed, Stream.CHILD_RESIDUAL, time_h, index)
            above += course.level_at("aptt_s", time_h) * error > seconds_s
            total += 1
    return above / total


def first_result_in_range_h(course: Course) -> float:
    """Return the time of the draw of the first result in range, h (infinite: never)."""
    assert course.target is not None  # a nomogram has one
    time_h = metrics.time_to_therapeutic_result_h(course, course.target)
    return math.inf if time_h is None else time_h


__all__ = [
    "ADULT",
    "Agreement",
    "Bolus",
    "Course",
    "Infusion",
    "Patient",
    "Protamine",
    "Stop",
    "Subcutaneous",
    "TherapeuticRange",
    "act_after_s",
    "act_rise_s",
    "agreement",
    "apparent_bioavailability_fraction",
    "clearance_by_area_ml_per_kg_per_min",
    "concentration_for_ratio_u_per_ml",
    "default_reagent",
    "first_half_life_min",
    "first_result_in_range_h",
    "half_life_min",
    "half_life_of_effect_min",
    "late_half_life_min",
    "level",
    "mean_level",
    "named",
    "needed_for_aptt_ratio_u_per_kg_per_h",
    "needed_u_per_kg_per_h",
    "peak",
    "peak_h",
    "plateau_u_per_ml",
    "replace",
    "run",
    "samples",
    "share_of_children_beyond",
    "terminal_half_life_min",
    "under_protocol",
]
