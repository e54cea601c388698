"""From options to nouns: patient, regimen, reagent, chart."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from heparin_pk.base.files import read_text
from heparin_pk.blood.response import Reagent
from heparin_pk.body.bodysize import dosing_weight_kg
from heparin_pk.body.patient import YES_OR_NO, Patient
from heparin_pk.evidence import datasets
from heparin_pk.evidence.datasets import ICUCourse
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.simulation.course import Course
from heparin_pk.trials import hospital
from heparin_pk.trials.population import Population
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.ward.pump import Bag

CONDITIONS = tuple(name.replace("_", "-") for name in YES_OR_NO)


def reagent_of(options: argparse.Namespace) -> Reagent | None:
    if options.reagent is None:
        return None
    if options.reagent not in REAGENTS:
        raise ValueError(f"no reagent {options.reagent!r}; there are {', '.join(REAGENTS)}")
    return REAGENTS[options.reagent]


def patient_of(options: argparse.Namespace) -> Patient:
    for name in options.condition:
        if name not in CONDITIONS:
            raise ValueError(f"no condition {name!r}; there are {', '.join(CONDITIONS)}")
    conditions: dict[str, Any] = {name.replace("-", "_"): True for name in options.condition}
    patient = Patient(
        weight_kg=options.weight,
        age_y=options.age,
        height_cm=options.height,
        sex=options.sex,
        creatinine_clearance_ml_per_min=options.creatinine_clearance,
        factor_viii_u_per_ml=options.factor_viii,
        baseline_aptt_s=options.baseline_aptt,
        antithrombin_fraction=options.antithrombin,
        **conditions,
    )
    if options.dosing_weight is None:
        return patient
    return replace(patient, dosing_weight_kg=dosing_weight_kg(patient, options.dosing_weight))


_UNITS: dict[tuple[str, str], Callable[[float, float], Order]] = {
    ("bolus", "U"): lambda t, x: Bolus(time_h=t, dose_u=x),
    ("bolus", "U/kg"): lambda t, x: Bolus(time_h=t, dose_u_per_kg=x),
    ("infusion", "U/h"): lambda t, x: Infusion(time_h=t, rate_u_per_h=x),
    ("infusion", "U/kg/h"): lambda t, x: Infusion(time_h=t, rate_u_per_kg_per_h=x),
    ("hold", "min"): lambda t, x: Hold(time_h=t, duration_min=x),
    ("subcutaneous", "U"): lambda t, x: Subcutaneous(time_h=t, dose_u=x),
    ("subcutaneous", "U/kg"): lambda t, x: Subcutaneous(time_h=t, dose_u_per_kg=x),
    ("protamine", "mg"): lambda t, x: Protamine(time_h=t, dose_mg=x),
}


def parse_order(text: str) -> Order:
    """Return the order in a line such as "6 bolus 40 U/kg"; raises ``ValueError`` with the kinds and units there are.

    >>> parse_order("8 infusion 12 mL/h of 100 U/mL").resolved(80).rate_u_per_h
    1200.0
    """
    words = text.split()
    try:
        time_h = float(words[0])
        if words[1:] == ["stop"]:
            return Stop(time_h=time_h)
        kind, amount, unit = words[1], float(words[2]), " ".join(words[3:])
    except (IndexError, ValueError):
        raise ValueError(f"an order reads 'TIME KIND AMOUNT UNIT', such as '6 bolus 40 U/kg'; got {text!r}") from None
    of_bag = re.fullmatch(r"mL/h of (\d+(?:\.\d+)?) U/mL", unit)
    if kind == "infusion" and of_bag:
        return Infusion(time_h=time_h, rate_ml_per_h=amount, bag=Bag.of(float(of_bag[1])))
    if (kind, unit) not in _UNITS:
        known = ", ".join(f"{k} {u}" for k, u in _UNITS)
        raise ValueError(f"no order {kind!r} in {unit!r}; there are {known}, infusion mL/h of N U/mL, stop; got {text!r}")
    return _UNITS[kind, unit](time_h, amount)


def regimen_of(options: argparse.Namespace) -> Regimen:
    orders: list[Order] = []
    if options.bolus is not None:
        orders.append(Bolus(time_h=0.0, dose_u_per_kg=options.bolus))
    if options.infusion is not None:
        orders.append(Infusion(time_h=0.0, rate_u_per_kg_per_h=options.infusion))
    orders += [parse_order(text) for text in options.order]
    if not orders:
        raise ValueError("nothing is ordered: give --bolus, --infusion or --order")
    return Regimen(tuple(orders))


def exported_course(name_or_file: str) -> Course | None:
    """Return the course in a file that --csv or --json wrote, or ``None`` where it is something else."""
    if name_or_file.endswith(".json"):
        return Course.from_json(Path(name_or_file))
    if name_or_file.endswith(".csv") and read_text(name_or_file).startswith("record,"):
        return Course.from_csv(name_or_file)
    return None


def chart_of(name_or_file: str, course_id: str | None, weight_kg: float | None) -> ICUCourse:
    if name_or_file.endswith(".csv") or os.sep in name_or_file:
        return datasets.read_icu_csv(name_or_file, course_id=course_id, weight_kg=weight_kg)
    if course_id is not None:
        raise ValueError("--course-id belongs to a file that holds several courses")
    return datasets.load_icu_course(name_or_file, weight_kg=weight_kg)


def population_of(options: argparse.Namespace) -> Population:
    if options.people.endswith(".csv"):
        population = Population.from_csv(options.people)
    elif options.people in hospital.POPULATIONS:
        population = hospital.POPULATIONS[options.people]
    else:
        raise ValueError(f"no people {options.people!r}; there are {', '.join(hospital.POPULATIONS)}, or give a .csv file")
    return population if options.dosing_weight is None else replace(population, dosing_weight=options.dosing_weight)
