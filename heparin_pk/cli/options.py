"""From the options of the command line to the objects of the package: patient, regimen, reagent, chart, population."""

from __future__ import annotations

import argparse
import os
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk import published
from heparin_pk.base.checks import check_one_of
from heparin_pk.base.files import read_text
from heparin_pk.base.tables import number
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.clotting import Plasma
from heparin_pk.blood.response import Reagent
from heparin_pk.body.bodysize import DOSING_WEIGHTS, dosing_weight_kg
from heparin_pk.body.patient import SEXES, YES_OR_NO, Patient
from heparin_pk.engine.lanes import RUNNERS
from heparin_pk.evidence import datasets
from heparin_pk.evidence.chart_exports import from_eicu, from_mimic_iv
from heparin_pk.evidence.chart_rows import unit_of as unit_in_words
from heparin_pk.evidence.datasets import ICUCourse
from heparin_pk.published.drug import Drug
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.simulation.course import Course
from heparin_pk.trials import hospital
from heparin_pk.trials.population import Population
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.ward.pump import Bag

TUBE_FRACTIONS = {
    field.name.removesuffix("_fraction").replace("_", "-"): field.name
    for field in fields(Plasma)
    if field.name.endswith("_fraction")
}
"""Options of ``tube`` that are shares of normal, and the field of the plasma each of them sets."""
CONDITIONS = tuple(name.replace("_", "-") for name in YES_OR_NO)


def reagent_of(options: argparse.Namespace) -> Reagent | None:
    """Return the aPTT reagent named by ``--reagent``, or ``None``; raises ``ValueError`` for an unknown name."""
    if options.reagent is None:
        return None
    if options.reagent not in REAGENTS:
        raise ValueError(f"no reagent {options.reagent!r}; there are {', '.join(REAGENTS)}")
    return REAGENTS[options.reagent]


def patient_of(options: argparse.Namespace) -> Patient:
    """Return the patient the options describe; raises ``ValueError`` for an unknown condition or a value out of its limits."""
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
    check_one_of("--dosing-weight", options.dosing_weight, DOSING_WEIGHTS)
    return replace(patient, dosing_weight_kg=dosing_weight_kg(patient, options.dosing_weight))


def model_of(options: argparse.Namespace, default: Drug = published.UFH_DEFAULT) -> Drug:
    """Return the model named by ``--model`` (else ``default``), with the hypotheses of ``--hypothesis``.

    Raises ``ValueError`` for an unknown name.
    """
    return (published.named(options.model) if options.model else default).with_hypotheses(*options.hypothesis)


def hospital_of(options: argparse.Namespace) -> hospital.Hospital:
    """Return the hospital named by ``--hospital``; raises ``ValueError`` for an unknown name."""
    if options.hospital not in hospital.HOSPITALS:
        raise ValueError(f"no hospital {options.hospital!r}; there are {', '.join(hospital.HOSPITALS)}")
    return hospital.HOSPITALS[options.hospital]


_UNITS: dict[tuple[str, str], Callable[[float, float], Order]] = {
    ("bolus", "U"): lambda time_h, amount: Bolus(time_h=time_h, dose_u=amount),
    ("bolus", "U/kg"): lambda time_h, amount: Bolus(time_h=time_h, dose_u_per_kg=amount),
    ("infusion", "U/h"): lambda time_h, amount: Infusion(time_h=time_h, rate_u_per_h=amount),
    ("infusion", "U/kg/h"): lambda time_h, amount: Infusion(time_h=time_h, rate_u_per_kg_per_h=amount),
    ("hold", "min"): lambda time_h, amount: Hold(time_h=time_h, duration_min=amount),
    ("subcutaneous", "U"): lambda time_h, amount: Subcutaneous(time_h=time_h, dose_u=amount),
    ("subcutaneous", "U/kg"): lambda time_h, amount: Subcutaneous(time_h=time_h, dose_u_per_kg=amount),
    ("protamine", "mg"): lambda time_h, amount: Protamine(time_h=time_h, dose_mg=amount),
}


_KINDS = tuple(dict.fromkeys(kind for kind, _ in _UNITS))


def parse_order(text: str) -> Order:
    """Return the order in a line such as "6 bolus 40 U/kg"; raises ``ValueError`` with the kinds and units available.

    >>> parse_order("8 infusion 12 mL/h of 100 U/mL").resolved(80).rate_u_per_h
    1200.0
    """
    words = text.replace("ml/h", "mL/h").split()
    try:
        time_h = number("TIME", words[0])
        if words[1:] == ["stop"]:
            return Stop(time_h=time_h)
        kind, amount, unit = words[1], number("AMOUNT", words[2]), " ".join(words[3:])
    except (IndexError, ValueError):
        raise ValueError(f"an order reads 'TIME KIND AMOUNT UNIT', such as '6 bolus 40 U/kg'; got {text!r}") from None
    if words[2][0] in "+-":
        raise ValueError(f"an order gives the new amount, not a change such as {words[2]!r}; got {text!r}")
    if kind not in _KINDS:
        raise ValueError(f"no order {kind!r}; there are {', '.join(_KINDS)}, stop; got {text!r}")
    if kind == "infusion" and unit == "mL/h":
        raise ValueError(f"a rate in mL/h needs its bag: '{words[0]} infusion {words[2]} mL/h of 100 U/mL'; got {text!r}")
    of_bag = re.fullmatch(r"mL/h of ([0-9]+(?:\.[0-9]+)?) U/mL", unit)
    if kind == "infusion" and of_bag:
        return Infusion(time_h=time_h, rate_ml_per_h=amount, bag=Bag.of(float(of_bag[1])))
    known = unit_in_words(unit) or unit  # IE, units/hour
    if (kind, known) not in _UNITS:
        units = [*(u for k, u in _UNITS if k == kind), *(["mL/h of N U/mL"] if kind == "infusion" else [])]
        needs = f"no {kind} in {unit!r}" if unit else f"{words[2]} needs its unit"
        raise ValueError(f"{needs}: {kind} is ordered in {' or '.join(units)}; got {text!r}")
    return _UNITS[kind, known](time_h, amount)


def regimen_of(options: argparse.Namespace) -> Regimen:
    """Return the regimen of ``--bolus``, ``--infusion`` and ``--order``; warns of orders at or after ``--hours``.

    Raises ``ValueError`` without any order before ``--hours``.
    """
    orders: list[Order] = []
    for option, unit, most in (("bolus", "U", 1000.0), ("infusion", "U/h", 200.0)):
        amount, per_kg = getattr(options, option), unit.replace("U", "U/kg")
        if amount is not None and not 0.0 <= amount <= most:
            raise ValueError(
                f"--{option} is in {per_kg} and must lie between 0 and {most:g}; got {amount:g}: an amount in {unit} is "
                f"--order '0 {option} {amount:g} {unit}'"
            )
    if options.bolus is not None:
        orders.append(Bolus(time_h=0.0, dose_u_per_kg=options.bolus))
    if options.infusion is not None:
        orders.append(Infusion(time_h=0.0, rate_u_per_kg_per_h=options.infusion))
    orders += [parse_order(text) for text in options.order]
    if not orders:
        raise ValueError("nothing is ordered: give --bolus, --infusion or --order")
    regimen = Regimen(tuple(orders))
    late = [order for order in orders if order.time_h >= options.hours]
    if len(late) == len(orders):
        raise ValueError(f"nothing is ordered before --hours {options.hours:g}: the first order is at {late[0].time_h:g} h")
    for order in late:
        warnings.warn(f"not given, because --hours is {options.hours:g}: {order!r}", stacklevel=2)
    return regimen


def exported_course(name_or_file: str) -> Course | None:
    """Return the course in a file written by ``--csv`` or ``--json``, or ``None`` for any other file or name."""
    if name_or_file.endswith(".json"):
        return Course.from_json(Path(name_or_file))
    if name_or_file.endswith(".csv") and re.match(r'"?record"?[,;\t]', read_text(name_or_file)):
        return Course.from_csv(name_or_file)
    return None


def chart_of(options: argparse.Namespace) -> ICUCourse:
    """Return a chart by its name, from a CSV file of events, or from two files of MIMIC-IV or eICU.

    Raises ``ValueError`` for an unknown name, an invalid file, or options that do not belong together.
    """
    name_or_file, course_id, weight_kg = options.course, options.course_id, options.weight
    exports = {"--mimic-iv": options.mimic_iv, "--eicu": options.eicu}
    given = [name for name, file in exports.items() if file is not None]
    if len(given) > 1:
        raise ValueError("give either --mimic-iv or --eicu")
    if bool(given) != (options.stay is not None):
        raise ValueError(f"{given[0]} needs --stay" if given else "--stay belongs to --mimic-iv and --eicu")
    if given and course_id is not None:
        raise ValueError(f"--course-id belongs to a file of events; {given[0]} has --stay")
    if options.mimic_iv is not None:
        return from_mimic_iv(name_or_file, options.mimic_iv, stay_id=options.stay, weight_kg=weight_kg)
    if options.eicu is not None:
        return from_eicu(name_or_file, options.eicu, patientunitstayid=options.stay, weight_kg=weight_kg)
    if name_or_file.endswith(".csv") or os.sep in name_or_file:
        return datasets.read_icu_csv(name_or_file, course_id=course_id, weight_kg=weight_kg)
    if course_id is not None:
        raise ValueError("--course-id belongs to a file that holds several courses")
    return datasets.load_icu_course(name_or_file, weight_kg=weight_kg)


_TESTS = {"aptt": "aptt_s", "ratio": "aptt_ratio", "anti-xa": "anti_xa_u_per_ml", "act": "act_s"}


def range_of(text: str) -> TherapeuticRange:
    """Return the range of ``--target``; raises ``ValueError`` for a text that is none.

    >>> range_of("60-80").in_words(), range_of("anti-xa:0.3-0.7").in_words()
    ('aPTT 60-80 s', 'anti-Xa 0.3-0.7 U/mL')
    """
    test, _, limits = text.rpartition(":")
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)-([0-9]+(?:\.[0-9]+)?)", limits)
    if found is None or (test or "aptt") not in _TESTS:
        tests = ", ".join(f"{one}:" for one in _TESTS)
        raise ValueError(f"--target reads LOW-HIGH, such as 60-80, with {tests} before it, such as anti-xa:0.3-0.7; got {text!r}")
    low, high = float(found[1]), float(found[2])
    if not 0.0 < low < high:
        raise ValueError(f"--target reads LOW-HIGH, the lower level first; got {text!r}")
    return TherapeuticRange(assay=_TESTS[test or "aptt"], low=low, high=high)


def range_of_chart(chart: ICUCourse, course: Course) -> TherapeuticRange:
    """Return the range a chart is held against where none is named.

    For a course of this package it is the ward's. For another chart it is anti-Xa 0.3-0.7 U/mL where only the anti-Xa was
    measured; else what that is in the aPTT of the reagent in use.
    """
    if chart.course_id in datasets.icu_course_ids():
        return datasets.WARD_TARGET
    measured = {lab.assay for lab in chart.labs}
    return published.ranges.ANTI_XA_TREATMENT if measured == {"anti_xa_u_per_ml"} else published.ranges.of_reagent(course.reagent)


def population_of(options: argparse.Namespace) -> Population:
    """Return the population named by ``--people``, or read from a CSV file; raises ``ValueError`` for an unknown name."""
    if options.people.endswith(".csv"):
        population = Population.from_csv(options.people)
    elif options.people in hospital.POPULATIONS:
        population = hospital.POPULATIONS[options.people]
    else:
        raise ValueError(f"no population {options.people!r}; there are {', '.join(hospital.POPULATIONS)}, or give a .csv file")
    return population if options.dosing_weight is None else replace(population, dosing_weight=options.dosing_weight)


PEOPLE = 2000
"""Patients of a trial where neither their number nor a file of them is given."""

_RULE = re.compile(r"([a-z][a-z0-9_]*) *(<=|>=|<|>|=) *([^<>=]+)")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
}


def number_of(options: argparse.Namespace, population: Population) -> int:
    """Return how many patients a trial has: as many as are asked for, else all of a file, else ``PEOPLE``."""
    if options.number is not None:
        return int(options.number)
    return population.size or PEOPLE


def group_rule(text: str, columns: Collection[str]) -> Callable[[Mapping[str, np.ndarray]], np.ndarray] | None:
    """Return who belongs to the group that a text such as "weight_kg < 60 and smoker = yes" describes; ``None`` for a plain name.

    ``columns``: the columns it may name. Raises ``ValueError`` for a column that is not there and for a value of another kind.

    >>> light = group_rule("weight_kg < 60", ["weight_kg"])
    >>> light({"weight_kg": np.array([50.0, 60.0])}).tolist()
    [True, False]
    """
    if not re.search("[<>=]", text):
        return None
    rules: list[tuple[str, Callable[[Any, Any], Any], Any]] = []
    for part in text.split(" and "):
        found = _RULE.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"a rule of --group reads 'COLUMN < NUMBER', with <, <=, >, >= or =; got {part.strip()!r}")
        name, sign, value = found[1], found[2], found[3].strip()
        if name not in columns:
            raise ValueError(f"no column {name!r} of these patients for --group; there are {', '.join(columns)}")
        rules.append((name, _COMPARE[sign], _value_of(name, sign, value)))
    return lambda people: np.logical_and.reduce([compare(people[name], value) for name, compare, value in rules])


def _value_of(name: str, sign: str, text: str) -> Any:
    """Return what a rule of ``--group`` compares a column with; raises ``ValueError`` where it is of another kind."""
    choices: dict[str, Any] = dict.fromkeys(SEXES, None) if name == "sex" else {"yes": True, "no": False}
    if name == "sex" or name in YES_OR_NO:
        if sign != "=" or text not in choices:
            raise ValueError(f"--group: {name} is compared by = with {' or '.join(choices)}; got {name} {sign} {text}")
        return text if name == "sex" else choices[text]
    try:
        return number(name, text)
    except ValueError as error:
        raise ValueError(f"--group: {error}") from None


_OPTION_OF = {
    "height_cm": "--height",
    "age_y": "--age",
    "sex": "--sex",
    "creatinine_clearance_ml_per_min": "--creatinine-clearance",
    "factor_viii_u_per_ml": "--factor-viii",
}
"""The option that states a field of the patient, where its name is another."""


def with_options(message: str, options: argparse.Namespace) -> str:
    """Return a message that says what is needed of the patient, with the options of this command that state it.

    >>> with_options("it needs age_y of the patient", argparse.Namespace(age=None))
    'it needs age_y of the patient (give --age)'
    """
    said = message.partition("; got")[0]
    if "needs" not in said or not said.endswith("of the patient"):
        return message
    missing = [option for field, option in _OPTION_OF.items() if re.search(rf"\b{field}\b", said)]
    known = [option for option in missing if hasattr(options, option[2:].replace("-", "_"))]
    return f"{said} (give {' and '.join(known)})" if known else message


_WORTH_COMPILING = 20_000
"""Patients in all arms from which loading compiled code costs less than it saves (where its code is kept on disk)."""


def runner_of(name: str, patients: int) -> str:
    """Return the engine of a trial: for "auto" compiled where numba is installed and it pays, else NumPy.

    Raises ``ValueError`` for an unknown name.
    """
    check_one_of("--engine", name, ("auto", *RUNNERS))
    if name != "auto":
        return name
    return "compiled" if patients >= _WORTH_COMPILING and find_spec("numba") is not None else "numpy"


def plasma_of(options: argparse.Namespace) -> Plasma:
    """Return the plasma the options of ``tube`` describe; raises ``ValueError`` for a level outside its limits."""
    levels = {field: getattr(options, option.replace("-", "_")) for option, field in TUBE_FRACTIONS.items()}
    return Plasma(heparin_u_per_ml=options.heparin, partition=options.partition, heparin_spares=tuple(options.spare), **levels)
