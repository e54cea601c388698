"""A seeded fuzzer: hostile input of every kind must be refused in words, or give right, finite numbers in time.

``python tests/fuzz.py --cases 100000 --seed 1`` prints a table by target and the shortest failing case of each kind, and exits 1
on a failure. ``--target cli --first 17 --cases 1`` runs one case again: a case depends on seed, target and its own number alone.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import csv
import gc
import io
import json
import math
import numbers
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
import typing
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from test_laws import EXAMPLES

import heparin_pk
from heparin_pk import (
    Arm,
    Bolus,
    Course,
    Decision,
    Fixed,
    Hold,
    Infusion,
    Laboratory,
    Nomogram,
    Patient,
    Population,
    Protamine,
    Regimen,
    Situation,
    Stop,
    Subcutaneous,
    Trial,
    WardErrors,
    datasets,
    hospital,
    published,
    titrate,
    titrate_cohort,
)
from heparin_pk.base.texts import UNSAFE
from heparin_pk.cli import main

LIMIT_S = 10.0
"""A case that takes longer hangs, s."""


class WrongError(AssertionError):
    """Silent nonsense: an answer where there should be none, or another than the right one."""


class HangError(BaseException):
    """A case took longer than its limit; no ``except Exception`` of the package holds it up."""


class Case(NamedTuple):
    """One case.

    ``words``: what is tried, enough to try it by hand.
    ``run``: tries it; ``ValueError``: refused in words.
    """

    words: str
    run: Callable[[], object]


class Failure(NamedTuple):
    """A case that failed: how to run it again, what kind of failure, what was tried and what came of it."""

    target: str
    number: int
    kind: str
    words: str
    came: str


def wrong_if(condition: Any, words: str) -> None:
    if condition:
        raise WrongError(words)


def one_of(rng: np.random.Generator, values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


# Hostile values

HOSTILE_CELLS = [
    "", " ", ".", "-", "--", "nan", "NaN", "inf", "-inf", "1e999", "1e308", "-1e308", "1e-320", "-1", "-0", "0", "0.0", "1e-13",
    "7_5", "\uff18\uff10", "12,5", "0,5", "1,234", "0x10", "9" * 400, "1e5", "yes", "no", "True", "false", "F", "M", "=1+1",
    "a\x1b[2J", "a\0b", "\u202e", '"', "'", ";", "\t", "\n", "é", "None", "80 kg", "+2", "1.5.2", "[]", "{}", "1" * 5000,
]  # fmt: skip
HOSTILE = [
    math.nan, math.inf, -math.inf, 1e308, -1e308, 1e-320, -1, -1.0, 0, 0.0, -0.0, 1, 0.5, 1e9, 10**400, True, False, None, "",
    " ", "80", "aptt_s", "a\x1b[2J", "a\0b", "\udcff", b"80", (), [], {}, (1,), [80], (None,), ("a", "b"), {"a": 1}, 1 + 2j,
    object, np.float64(12.5), np.float64("nan"), np.int64(3), np.float32(0.1), np.bool_(True), np.str_("x"), np.array(1.0),
    np.array([1.0, 2.0]), np.array([]), range(3), Stop(time_h=1), Patient(weight_kg=80), Ellipsis,
]  # fmt: skip


def changed_text(rng: np.random.Generator, text: str) -> tuple[str, str]:
    """Return a text with one thing changed, and the words for it."""
    at = int(rng.integers(len(text) + 1))
    match one_of(rng, ("digit", "digit", "delete", "insert", "cut", "cell", "cell", "cell")):
        case "digit":
            places = [m.start() for m in re.finditer("[0-9]", text)]
            if not places:
                return text, "nothing"
            at = one_of(rng, places)
            new = str(rng.integers(10))
            return text[:at] + new + text[at + 1 :], f"digit {at} is {new}"
        case "delete":
            n = one_of(rng, (1, 1, 2, 50))
            return text[:at] + text[at + n :], f"{n} characters left out at {at}"
        case "insert":
            new = one_of(rng, HOSTILE_CELLS)
            return text[:at] + new + text[at:], f"{new[:40]!r} put in at {at}"
        case "cut":
            return text[:at], f"cut after {at}"
        case _:
            places = list(re.finditer(r"[^,;\s=\[\]{}:\"]+", text))
            if not places:
                return text, "nothing"
            place, new = one_of(rng, places), one_of(rng, HOSTILE_CELLS)
            return text[: place.start()] + new + text[place.end() :], f"{place[0][:40]!r} at {place.start()} is {new[:40]!r}"


def changed_lines(rng: np.random.Generator, lines: list[str]) -> tuple[list[str], str]:
    """Return lines of which some are lost, doubled or in another place, and the words for it."""
    one, other = sorted(int(i) for i in rng.integers(len(lines), size=2))
    match one_of(rng, ("lost", "cut", "doubled", "swapped", "many lost")):
        case "lost":
            return lines[:one] + lines[one + 1 :], f"line {one + 1} left out"
        case "cut":
            return lines[:one], f"cut after line {one}"
        case "doubled":
            return [*lines[:other], lines[one], *lines[other:]], f"line {one + 1} again before line {other + 1}"
        case "swapped":
            lines = list(lines)
            lines[one], lines[other] = lines[other], lines[one]
            return lines, f"lines {one + 1} and {other + 1} swapped"
        case _:
            return lines[:one] + lines[other:], f"lines {one + 1} to {other} left out"


# Command line

NOT_FINITE = re.compile(r"(?<![\w-])(nan|-?inf|-?infinity)(?![\w-])", re.IGNORECASE)


def is_finite_json(printed: str) -> bool:
    """Return whether this is JSON whose numbers are all finite; its texts may say "nan", as the file given did."""

    def refuse(constant: str) -> float:
        raise ValueError(constant)

    try:
        json.loads(printed, parse_constant=refuse)
    except ValueError:
        return False
    return True


USUAL = {
    "--weight": ("80", "75.5", "3", "110", "0.4", "400"),
    "--age": ("0", "0.01", "30", "75", "120"),
    "--baseline-aptt": ("30", "27.5", "45", "15", "150"),
    "--antithrombin": ("1", "0.5", "0", "0.26", "2"),
    "--height": ("165", "180", "50", "20"),
    "--sex": ("female", "male"),
    "--creatinine-clearance": ("100", "20", "1"),
    "--factor-viii": ("1", "3", "0"),
    "--condition": ("smoker", "kidney-failure", "pregnant", "critically-ill"),
    "--dosing-weight": ("actual", "ideal", "adjusted", "lean"),
    "--hours": ("1", "6", "12", "24", "0.02", "37.3"),
    "--model": ("UFH_DEFAULT", "JIA_2015_UFH", "UFH_B_DERIVED", "DELAVENNE_2017_UFH"),
    "--reagent": ("raschke", "guideline", "raschke", "no-such"),
    "--engine": ("stepper", "scipy", "numpy"),
    "--turnaround": ("1", "0", "0.5", "6"),
    "--seed": ("0", "7", "18446744073709551615"),
    "--bolus": ("80", "0", "40.5", "1e-3"),
    "--infusion": ("18", "0", "12.3"),
    "--order": ("6 bolus 40 U/kg", "3 infusion 20 U/kg/h", "2 hold 60 min", "5 stop", "0 subcutaneous 5000 U",
                "4 protamine 30 mg", "1 infusion 12 mL/h of 100 U/mL", "1 infusion +2 U/kg/h", "1 bolus 1e9 U", "nan stop",
                "1e-13 bolus 80 U/kg"),
    "--assay": ("aptt_s", "anti_xa_u_per_ml", "act_s", "aptt_ratio"),
    "-n": ("2", "5", "1", "0"),
    "--people": ("thrombosis-ward", "real-ward", "people.csv", "none.csv"),
    "--ward": ("as-written", "real-ward"),
    "--hospital": ("real", "ideal"),
    "--group": ("all", "women", "BMI 30 to 40", "kinetics"),
    "--workers": ("1",),
    "--checkpoint": ("kept",),
    "--course-id": ("a", "M3D-001"),
    "--csv": ("out.csv", "no/out.csv", "."),
}  # fmt: skip
PATIENT = ("--weight", "--age", "--baseline-aptt", "--antithrombin", "--height", "--sex", "--creatinine-clearance",
           "--factor-viii", "--condition", "--dosing-weight")  # fmt: skip
ORDERED = ("--bolus", "--infusion", "--order", "--order")
MODEL = ("--hours", "--model", "--reagent", "--engine", "--csv")
COMMANDS = {
    "simulate": (PATIENT + ORDERED + MODEL, ()),
    "titrate": ((*PATIENT, "--turnaround", "--seed", *MODEL), None),
    "replay": (("--weight", "--course-id", "--model", "--reagent", "--csv"),
               ("M3D-031", "M3D-027", "chart.csv", "course.csv", "x")),
    "nomograms": ((), None),
    "models": ((), ("UFH_DEFAULT", "UFH_B_DERIVED", "x")),
    "cite": ((), ("UFH_DEFAULT", "raschke-1993", "x")),
    "overlay": (PATIENT + ORDERED + ("--hours", "--assay"), ("UFH_DEFAULT", "JIA_2015_UFH", "UFH_B_DERIVED")),
    "indications": (PATIENT, ("pulmonary-embolism", "x")),
    "practice": ((), ("stroke", "x")),
    "before-starting": (("--weight", "--baseline-aptt", "--creatinine-clearance"), ()),
    "hit": (("--seed",), ()),
    "reversal": (("--seed", "--bolus", "--infusion", *PATIENT), ()),
    "faults": (("--weight", "--hours", "--seed"), ("tenfold", "line-blood", "new-lot", "x")),
    "regrets": ((*PATIENT, "--turnaround", "--seed", *MODEL), None),
    "misconceptions": ((), ("one-half-life", "x")),
    "trial": (("-n", "--seed", "--hours", "--people", "--ward", "--hospital", "--model", "--reagent", "--turnaround",
               "--dosing-weight", "--group", "--workers", "--engine", "--checkpoint", "--csv"), None),
}  # fmt: skip
NEEDED = {"simulate": ("--weight", "--infusion"), "titrate": ("--weight",), "overlay": ("--weight", "--bolus", "--hours"),
          "trial": ("-n", "--hours"), "indications": ("--weight",), "reversal": ("--weight",),
          "regrets": ("--weight",)}  # fmt: skip


def cli(rng: np.random.Generator, folder: Path) -> Case:
    name = one_of(rng, ("simulate",) * 4 + ("titrate",) * 3 + ("replay", "trial", "overlay") + tuple(COMMANDS))
    options, places = COMMANDS[name]
    arguments = [name]
    if places is None:
        places = (*NOMOGRAMS, "table.toml")
        table, _ = changed_text(rng, TABLES[one_of(rng, NOMOGRAMS)])
        (folder / "table.toml").write_text(table, encoding="utf-8", errors="replace")
    if places and rng.random() < 0.97:
        arguments.append(one_of(rng, places) if rng.random() < 0.95 else one_of(rng, HOSTILE_CELLS))
    if name == "replay":
        (folder / "chart.csv").write_text(changed_text(rng, CHART)[0], encoding="utf-8")
        (folder / "course.csv").write_text(changed_text(rng, a_course()[1])[0], encoding="utf-8")
    if "people.csv" not in os.listdir(folder):
        (folder / "people.csv").write_text("weight_kg,sex,smoker\n" + "80,f,no\n" * 5)
    chosen = [one_of(rng, options) for _ in range(rng.integers(5))] if options else []
    hostile = 0.05 if rng.random() < 0.7 else 0.5
    for option in (*NEEDED.get(name, ()), *chosen):
        value = one_of(rng, HOSTILE_CELLS) if rng.random() < hostile else one_of(rng, USUAL[option])
        arguments += [f"{option}={value}"] if rng.random() < 0.3 and option != "-n" else [option, value]
    if rng.random() < 0.03:
        arguments.insert(int(rng.integers(len(arguments) + 1)), one_of(rng, ("--", "", "-x", "--no", "\x1b[2J", "\udcff")))
    is_json = rng.random() < 0.5
    arguments += ["--json"] * is_json
    if name == "trial":
        arguments.append("--quiet")
    return Case(" ".join(map(repr, arguments)), lambda: said_right(arguments, folder))


def said_right(arguments: list[str], folder: Path) -> None:
    """Run the command line, and see that it ended well: finite numbers, or one line."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    before, how = Path.cwd(), warnings.formatwarning
    os.chdir(folder)
    shutil.rmtree(folder / "kept", ignore_errors=True)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(arguments)
            except SystemExit as ended:
                code = ended.code
    finally:
        os.chdir(before)
        warnings.formatwarning = how
        atexit.unregister(gc.freeze)
        gc.unfreeze()
    printed, lines = out.getvalue(), [line for line in err.getvalue().split("\n") if line]
    unlike = [line for line in lines if not line.startswith("heparin-pk")]
    wrong_if(unlike, f"on standard error: {unlike[:1]}")
    wrong_if(UNSAFE.search("".join(lines)), f"control characters: {lines!a}")
    wrong_if(code not in (0, 2), f"exit code {code!r}")
    if code == 2:
        errors = [line for line in lines if not line.startswith("heparin-pk: note:")]
        wrong_if(len(errors) != 1, f"exit 2 with {len(errors)} lines: {errors[:3]}")
        wrong_if(printed, f"exit 2 and printed {printed[:60]!r}")
        raise ValueError(errors[0])
    printed = re.sub(r"^written: .*$", "", printed, flags=re.MULTILINE)  # a file may be called NaN
    found = None if is_finite_json(printed) else NOT_FINITE.search(printed)
    wrong_if(found, f"not finite: {printed[max(0, found.start() - 60) : found.end() + 20]!r}" if found else "")
    wrong_if("Traceback" in printed or UNSAFE.search(printed.replace("\n", "")), f"printed {printed[:100]!r}")
    if "--json" in arguments and "--" not in arguments:
        with contextlib.suppress(json.JSONDecodeError):
            json.loads(printed)
            return
        raise WrongError(f"--json printed {printed[:80]!r}")


# Tables

TABLES = {
    file.name.removesuffix(".toml"): file.read_text(encoding="utf-8")
    for file in sorted(resources.files("heparin_pk").joinpath("ward/nomograms").iterdir(), key=lambda file: file.name)
    if file.name.endswith(".toml")
}
NOMOGRAMS = tuple(TABLES)
TOML_VALUES = ['""', "nan", "-inf", "inf", "0", "-1", "0.1", "1e308", "1e-320", "true", "[]", "{}", '"x"', "1979-05-27", "9" * 30,
               "50", "100", "0.5", "[1, 2]", '"adjusted body weight"', '"aptt_s"', '"anti_xa_u_per_ml"']  # fmt: skip


def tables(rng: np.random.Generator, folder: Path) -> Case:
    name = one_of(rng, NOMOGRAMS)
    text = TABLES[name]
    if rng.random() < 0.5:
        lines = text.splitlines()
        at = one_of(rng, [i for i, line in enumerate(lines) if "=" in line])
        lines[at] = f"{lines[at].partition('=')[0]}= {one_of(rng, TOML_VALUES)}"
        new, how = "\n".join(lines), f"line {at + 1}: {lines[at]}"
    elif rng.random() < 0.3:
        lines, how = changed_lines(rng, text.splitlines())
        new = "\n".join(lines)
    else:
        new, how = changed_text(rng, text)
    acts = rng.random() < 0.05
    return Case(f"{name}: {how}", lambda: table_right(new, folder, acts))


def table_right(text: str, folder: Path, acts: bool) -> None:
    file = folder / "t.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        table = Nomogram.load(file)
    except ValueError as error:
        wrong_if(not str(error).startswith(f"{file}"), f"the file is not named: {error}")
        raise
    pasted_back(table)
    wrong_if(UNSAFE.search(str(table).replace("\n", "")), "control characters")
    if acts:
        sane(titrate(Patient(weight_kg=80), published.UFH_DEFAULT, table, hours=12, laboratory=Laboratory(assay=table.assay)))


# Charts

_EVENTS = resources.files("heparin_pk").joinpath("evidence/data/icu/events.csv").read_text(encoding="utf-8").splitlines()
_COURSES = sorted({line.split(",")[1] for line in _EVENTS[1:]})
CHARTS = {one: "\n".join([_EVENTS[0], *(line for line in _EVENTS if f",{one}," in line)]) for one in _COURSES}
CHART = (
    "t_h,t_end_h,event,value,unit,weight_kg\n"
    "0,,bolus,5000,U,80\n0,6,infusion,1200,U/h,80\n6,,ptt,75,s,80\n7,9,infusion,1000,U/h,80\n"
)
MORE_ROWS = ["8,,hold,30,min,80", "9,,stop,,,80", "9.5,,protamine,20,mg,80", "1,1.1,bolus,2000,U,80", "4,,subcutaneous,5000,U,80"]


def charts(rng: np.random.Generator, folder: Path) -> Case:
    name = one_of(rng, (*CHARTS, *("own",) * 10))
    lines = CHART.splitlines() if name == "own" else CHARTS[name].splitlines()
    if name == "own":
        for _ in range(rng.integers(4)):
            lines.append(one_of(rng, MORE_ROWS))
    how = "as it is"
    if rng.random() < 0.4:
        lines, how = changed_lines(rng, lines)
    text, also = changed_text(rng, "\n".join(lines)) if rng.random() < 0.8 else ("\n".join(lines), "")
    replays = rng.random() < 0.1
    words = f"{how}, {also}, of {text!r}" if name == "own" else f"{name}: {how}, {also}"
    return Case(words, lambda: chart_right(text, folder, replays))


def chart_right(text: str, folder: Path, replays: bool) -> None:
    file = folder / "c.csv"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        chart = datasets.read_icu_csv(file)
    except ValueError as error:
        wrong_if("c.csv" not in str(error) and "weight_kg" not in str(error), f"the file is not named: {error}")
        raise
    wrong_if(not math.isfinite(chart.hours) or chart.hours <= 0.0, f"hours {chart.hours}")
    pasted_back(chart.regimen)
    pasted_back(chart.patient)
    no_nan(chart)
    chart.in_words()
    if replays and chart.hours < 200:
        sane(datasets.replay(chart, published.UFH_DEFAULT))


# Courses


@cache
def a_course() -> tuple[str, str, Course]:
    """Return a short course as JSON, as CSV, and itself."""
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80, over_min=5), Infusion(time_h=0, rate_u_per_kg_per_h=18),
                       Hold(time_h=1, duration_min=30), Protamine(time_h=2.5, dose_mg=12.5)))  # fmt: skip
    course = titrate(Patient(weight_kg=82), published.UFH_DEFAULT, Fixed(regimen=regimen, draws_h=(1, 2.25)), hours=3, seed=9)
    return course.to_json(), course.to_csv(), course


def courses(rng: np.random.Generator, folder: Path) -> Case:
    as_json, as_csv, course = a_course()
    is_json = bool(rng.random() < 0.4)
    keeps = False
    if rng.random() < 0.5:  # parts are lost, doubled or in another place
        if is_json:
            plain = json.loads(as_json)
            name = one_of(rng, ("time_h", "states", "pump_u_per_h", "entries", "all"))
            if name == "all":
                how = one_of(rng, list(plain))
                plain.pop(how)
                how = f"{how} left out"
            elif name == "entries":
                plain[name], how = changed_lines(rng, plain[name])
            else:
                lines = [json.dumps(one) for one in plain[name]]
                lines, how = changed_lines(rng, lines)
                plain[name] = [json.loads(one) for one in lines]
                how = f"{name}: {how}"
            text = json.dumps(plain)
        else:
            lines, how = changed_lines(rng, as_csv.splitlines())
            text = "\n".join(lines)
        keeps = "swapped" not in how  # like a digit: which state belongs to which moment is not written twice
    else:
        text, how = changed_text(rng, as_json if is_json else as_csv)
        keeps = how.startswith("cut")
    file = folder / ("c.json" if is_json else "k.csv")
    before = course if keeps and re.search(r'"+records"+:', text) else None
    return Case(f"{file.name}: {how}", lambda: course_right(text, file, before))


def course_right(text: str, file: Path, before: Course | None) -> None:
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        course = Course.from_json(file) if file.suffix == ".json" else Course.from_csv(file)
    except ValueError as error:
        wrong_if(not str(error).startswith(f"{file}"), f"the file is not named: {error}")
        raise
    sane(course)
    course.in_words()
    again = course.to_json()
    wrong_if(Course.from_json(again).to_json() != again, "another course after writing and reading")
    wrong_if(before is not None and again != before.to_json(), "a course with lost or moved parts was read as another course")


def sane(course: Course) -> None:
    """See that a course goes from its start to its end with finite levels, none below zero."""
    wrong_if(not np.isfinite(course.states).all() or not np.isfinite(course.pump_u_per_h).all(), "a state is not finite")
    wrong_if(np.any(np.diff(course.time_h) < 0), "time goes backwards")
    wrong_if(course.time_h[0] != 0 or course.time_h[-1] != course.hours, "it does not go from 0 h to its end")
    level = course.concentration_u_per_ml
    wrong_if(not np.isfinite(level).all(), "a level is not finite")
    wrong_if(not all(math.isfinite(lab.value) for lab in course.labs), "a result is not finite")


# Populations

NUMBERS = {"weight_kg": ("80", "60.5", "110"), "age_y": ("70", "30", "45.5"), "height_cm": ("170", "181", "160.5")}
SEXES = {"f": "female", "M": "male", "Female": "female", "man": "male"}
CONDITIONS = {"yes": True, "no": False, "True": True, "0": False, "1": True, "N": False}


def populations(rng: np.random.Generator, folder: Path) -> Case:
    n = int(rng.integers(1, 5))
    names = ["weight_kg", *(name for name in ("age_y", "height_cm", "sex", "smoker", "id") if rng.random() < 0.5)]
    columns: dict[str, list[str]] = {}
    truth: dict[str, list[Any]] = {}
    for name in names:
        pool = NUMBERS.get(name) or tuple(SEXES if name == "sex" else CONDITIONS if name == "smoker" else "abcdefghijkl")
        columns[name] = [one_of(rng, pool) for _ in range(n)] if name != "id" else [f"p{i}" for i in range(n)]
        kind = float if name in NUMBERS else SEXES.get if name == "sex" else CONDITIONS.get
        if name != "id":
            truth[name] = [kind(cell) for cell in columns[name]]
    for _ in range(one_of(rng, (0, 1, 1, 2))):
        name, value = one_of(rng, names), one_of(rng, HOSTILE_CELLS)
        row = int(rng.integers(n))
        columns[name][row] = value
        truth.pop(name, None)
    separator = one_of(rng, (",", ",", ";", "\t"))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerows([names, *zip(*columns.values(), strict=True)])
    text, how = out.getvalue(), "as it is"
    if rng.random() < 0.2:
        text, how = changed_text(rng, text)
        truth, columns = {}, {}
    mixed = {name: [one_of(rng, HOSTILE) if rng.random() < 0.05 else cell for cell in cells] for name, cells in columns.items()}
    return Case(f"{how}: {text[:300]!r}, then {str(mixed)[:200]}", lambda: population_right(text, columns, mixed, truth, folder))


def population_right(text: str, columns: Any, mixed: Any, truth: dict[str, list[Any]], folder: Path) -> None:
    file = folder / "p.csv"
    file.write_text(text, encoding="utf-8", errors="replace")
    refused = []
    for make in (lambda: Population.from_csv(file), lambda: Population.from_table(columns), lambda: Population.from_table(mixed)):
        try:
            mine = make()
        except ValueError as error:
            refused.append(error)
            continue
        table = dict(mine.table)
        no_nan(table)
        pasted_back(mine)
        if mine.size and make().table:
            who = mine.cohort(published.UFH_DEFAULT, np.arange(mine.size), seed=1)
            wrong_if(not np.isfinite(np.asarray(who[0].weight_kg)), "a weight that is not finite")
        for name, values in truth.items():
            if columns[name] == mixed[name]:
                wrong_if(list(table[name]) != values, f"{name} read as {table[name]}, right is {values}")
    for error in refused:
        refused_in_words(error)


# Constructors

_NAMES = {name: getattr(heparin_pk, name) for name in dir(heparin_pk)} | {"np": np}
_CHECKED_WHEN_USED = (Decision, Situation)
_NOUNS = [noun for noun in EXAMPLES if not isinstance(noun, _CHECKED_WHEN_USED)]


def constructors(rng: np.random.Generator, folder: Path) -> Case:
    kinds = sorted({type(noun).__name__ for noun in _NOUNS})
    kind = one_of(rng, kinds)
    noun = one_of(rng, [one for one in _NOUNS if type(one).__name__ == kind])
    names = [one.name for one in fields(noun) if one.init]
    settings = {one.name: getattr(noun, one.name) for one in fields(noun) if one.init}
    for _ in range(one_of(rng, (1, 1, 1, 2, 3))):
        if not names:
            break
        name, value = one_of(rng, names), one_of(rng, HOSTILE)
        other = settings[name]
        if rng.random() < 0.15:
            value = (value,)
        elif rng.random() < 0.15 and isinstance(other, tuple):
            value = (*other, value)
        elif rng.random() < 0.1 and isinstance(other, float | int) and not isinstance(other, bool) and abs(other) < 1e300:
            value = one_of(rng, (-other, other * 1000, np.float64(other), other / 3, str(other)))
        settings[name] = value
    if rng.random() < 0.01:
        settings["no_such_field"] = 1
    changed = {name: value for name, value in settings.items() if name == "no_such_field" or value is not getattr(noun, name)}
    return Case(f"{kind} with {changed!r:.300}", lambda: made_right(type(noun), settings))


def made_right(kind: type, settings: dict[str, Any]) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = kind(**settings)
    except TypeError:
        if "no_such_field" in settings:
            return
        raise
    no_nan(made)
    for name, hint in hints_of(kind).items():
        wrong_if(not is_of(hint, getattr(made, name)), f"{name} must be {hint}; accepted {getattr(made, name)!r:.80}")
    pasted_back(made)
    str(made)


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """Return the types that a noun's fields promise."""
    hints = typing.get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def is_of(hint: Any, value: Any) -> bool:
    """Return whether a value is of the type a field promises; a type that is not simple is taken for granted."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(is_of(one, value) for one in typing.get_args(hint))
    if origin is tuple:
        inside = typing.get_args(hint)
        many = len(inside) == 2 and inside[1] is Ellipsis
        return isinstance(value, tuple | list) and (not many or all(is_of(inside[0], one) for one in value))
    if hint in (float, int):
        return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if hint is bool:
        return isinstance(value, bool | np.bool_)
    if hint is not Any and isinstance(hint, type) and not getattr(hint, "_is_protocol", False) and origin is None:
        return isinstance(value, hint)
    return True


def pasted_back(noun: Any) -> None:
    """See that what is shown makes the same thing again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = repr(noun)
        try:
            again = eval(shown, dict(_NAMES))
        except Exception as error:
            raise WrongError(f"its repr cannot be pasted back ({type(error).__name__}: {error}): {shown[:200]}") from None
        wrong_if(again != noun or repr(again) != shown, f"its repr is another {type(noun).__name__}: {shown[:200]}")


def no_nan(thing: Any) -> None:
    """See that nowhere in a noun there is a number that is none."""
    if isinstance(thing, float):
        wrong_if(math.isnan(thing), "NaN was accepted")
    elif isinstance(thing, dict):
        for value in thing.values():
            no_nan(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            no_nan(value)
    elif hasattr(thing, "__dataclass_fields__") and not isinstance(thing, type):
        for one in fields(thing):
            no_nan(getattr(thing, one.name))


# Decisions

DRUGS = [published.UFH_DEFAULT, published.UFH_DEFAULT, published.JIA_2015_UFH]


@dataclass(frozen=True)
class Scripted:
    """A controller whose decisions are listed beforehand: the first before any result, then one after each."""

    decisions: tuple[Decision, ...]
    assay: str = "aptt_s"
    name: str = field(default="scripted")

    def decide(self, situation: Situation) -> Decision:
        n = len(situation.labs)
        return self.decisions[n] if n < len(self.decisions) else Decision()


def decisions(rng: np.random.Generator, folder: Path) -> Case:
    made, now = [], 0.0
    for _ in range(rng.integers(1, 4)):
        orders = tuple(an_order(rng, now) for _ in range(rng.integers(4)))
        draw = now + one_of(rng, (1.0, 2.0, 6.0, 0.5, 3.25))
        several = ((draw, draw + 1), (draw, draw), ())
        strange = one_of(rng, (None, math.nan, math.inf, now, -1.0, "6", 1e308, np.float64(draw), True, *several))
        made.append(Decision(orders=orders, next_draw_h=draw if rng.random() < 0.85 else strange))
        now = draw + 1.0
    drug = one_of(rng, DRUGS)
    hours = one_of(rng, (12.0, 8.0, 24.0, 0.5, 9.1))
    seed = int(rng.integers(100))
    delay = one_of(rng, (1.0, 1.0, 0.0, 0.3))
    errors = WardErrors(late_draw_fraction=0.3, late_by_h=2.0) if rng.random() < 0.05 else None
    runner, population = "numpy", hospital.THROMBOSIS_WARD
    if rng.random() < 0.5:
        population = replace(population, typical=replace(population.typical, drift=hospital.REAL.drift))
    words = f"{drug.name}, {hours} h, turnaround {delay}, seed {seed}{', late draws' if errors else ''}: {made!r}"

    def run() -> None:
        controller, laboratory = Scripted(tuple(made)), Laboratory(turnaround_h=delay)
        settings = {"hours": hours, "laboratory": laboratory, "seed": seed, "ward_errors": errors}
        cohort = population.cohort(drug, np.arange(1), seed=3)
        alone = outcome(lambda: titrate(cohort[0], drug, controller, **settings))
        many = outcome(lambda: titrate_cohort(cohort, drug, controller, runner=runner, **settings))
        if isinstance(alone, str) or isinstance(many, str):
            wrong_if(alone != many, f"one patient: {alone!s:.150}; many: {many!s:.150}")
            raise ValueError(alone)
        sane(alone)
        wrong_if(alone.states[-1].tolist() != many.states[0].tolist(), "one patient and many end in other states")
        wrong_if(len(alone.labs) != many.n_results[0], "one patient and many have other results")
        shown = [lab.value for lab in alone.labs]
        wrong_if(shown != many.values[: len(shown), 0].tolist(), "one patient and many have other values")

    return Case(words, run)


def an_order(rng: np.random.Generator, now: float) -> Any:
    at = now + one_of(rng, (0.0, 0.0, 0.0, 0.5, 1e-13, 3.0, 100.0))
    if rng.random() < 0.03:
        return one_of(rng, ("bolus", None, 5, Stop))
    amount = one_of(rng, (0.0, 1.0, 1000.0, 5000.0, 200_000.0, 1e-9, 80.5))
    try:
        match int(rng.integers(7)):
            case 0:
                return Bolus(time_h=at, dose_u=amount, over_min=one_of(rng, (0.0, 5.0, 1e-12, 600.0, 1.0)))
            case 1 | 2:
                return Infusion(time_h=at, rate_u_per_h=amount)
            case 3:
                return Hold(time_h=at, duration_min=one_of(rng, (1.0, 30.0, 60.0, 2880.0)))
            case 4:
                return Stop(time_h=at)
            case 5:
                return Subcutaneous(time_h=at, dose_u=amount)
            case _:
                return Protamine(time_h=at, dose_mg=min(amount, 50.0), over_min=one_of(rng, (10.0, 1.0)))
    except ValueError:
        return Stop(time_h=at)


def outcome(run: Callable[[], Any]) -> Any:
    """Return what comes out, or the words of the ``ValueError``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return run()
        except ValueError as error:
            refused_in_words(error)
            return str(error)


# Checkpoints

TRIAL = Trial(population=hospital.THROMBOSIS_WARD, arms={"one": Arm(controller=Nomogram.load("raschke-1993"))}, hours=8)
N_PATIENTS = 12


@cache
def kept() -> tuple[dict[str, bytes], dict[str, bytes], str]:
    """Return the files of a checkpoint, those of another trial's, and the right rows."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / str(seed) for seed in (7, 8)]
        found = [
            TRIAL.run(N_PATIENTS, seed=int(place.name), people_per_chunk=4, checkpoint=place, progress=False) for place in places
        ]
        mine, other = ({file.name: file.read_bytes() for file in place.iterdir()} for place in places)
        return mine, other, rows_of(found[0])


def rows_of(found: Any) -> str:
    columns = found.columns("one")
    return repr([(name, np.asarray(values).tolist()) for name, values in columns.items()]) + found.in_words()


def checkpoints(rng: np.random.Generator, folder: Path) -> Case:
    mine, other, right = kept()
    files, how = dict(mine), []
    for _ in range(one_of(rng, (1, 1, 2))):
        name, second = one_of(rng, sorted(mine)), one_of(rng, sorted(mine))
        content = files.get(name, b"")
        at = int(rng.integers(len(content) + 1))
        match one_of(rng, ("flip", "flip", "cut", "gone", "empty", "swap", "other", "text", "more")):
            case "flip":
                if content and at < len(content):
                    bit = 1 << int(rng.integers(8))
                    files[name] = content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]
                    how.append(f"{name}: byte {at} with bit {bit}")
            case "cut":
                files[name] = content[:at]
                how.append(f"{name}: cut after {at}")
            case "gone":
                files.pop(name, None)
                how.append(f"{name}: gone")
            case "empty":
                files[name] = b""
                how.append(f"{name}: empty")
            case "swap":
                files[name], files[second] = mine[second], content
                how.append(f"{name} and {second}: swapped")
            case "other":
                files[name] = other[name]
                how.append(f"{name}: of another trial")
            case "text" if name == "trial.json":
                text, said = changed_text(rng, content.decode("utf-8", "replace"))
                files[name] = text.encode("utf-8", "replace")
                how.append(f"{name}: {said}")
            case _:
                files[name] = content + b"x" * int(rng.integers(1, 50))
                how.append(f"{name}: longer")

    def run() -> None:
        place = folder / "checkpoint"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for file, bytes_ in files.items():
            (place / file).write_bytes(bytes_)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = TRIAL.run(N_PATIENTS, seed=7, people_per_chunk=4, checkpoint=place, progress=False)
        wrong_if(rows_of(found) != right, "other rows than without the checkpoint")

    return Case("; ".join(how) or "as it is", run)


# The runner

TARGETS: dict[str, Callable[[np.random.Generator, Path], Case]] = {
    "cli": cli,
    "tables": tables,
    "charts": charts,
    "courses": courses,
    "populations": populations,
    "constructors": constructors,
    "decisions": decisions,
    "checkpoints": checkpoints,
}
SHARES = {"cli": 8, "tables": 20, "charts": 15, "courses": 8, "populations": 15, "constructors": 25, "decisions": 6,
          "checkpoints": 3}  # fmt: skip
"""Shares of all cases, %: the quick targets run more often."""


def refused_in_words(error: BaseException) -> None:
    """See that a refusal says something."""
    said = str(error)
    wrong_if(len(said.strip()) < 8, f"refused without words: {said!r}")


def _stop(*_: Any) -> None:
    raise HangError


def run_case(target: str, number: int, *, seed: int, folder: Path, limit_s: float = LIMIT_S) -> Failure | str:
    """Run one case, and return its failure, or whether it was "accepted" or "refused"."""
    rng = np.random.default_rng([seed, list(TARGETS).index(target), number])
    with np.errstate(all="ignore"):
        words = "(the case itself)"
        before = signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            words, run = TARGETS[target](rng, folder)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    run()
                except ValueError as error:
                    refused_in_words(error)
                    return "refused"
        except HangError:
            return Failure(target, number, "hang", words, f"not finished after {limit_s:g} s")
        except WrongError as error:
            return Failure(target, number, "nonsense", words, str(error))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            came = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
            return Failure(target, number, "traceback", words, came)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)
    return "accepted"


def run_target(target: str, n: int, *, seed: int, first: int = 0, limit_s: float = LIMIT_S) -> tuple[list[Failure], int]:
    """Return the failures of cases ``first`` to ``first + n - 1`` of a target, and how many were accepted."""
    with tempfile.TemporaryDirectory() as folder:
        came = [run_case(target, i, seed=seed, folder=Path(folder), limit_s=limit_s) for i in range(first, first + n)]
    return [one for one in came if isinstance(one, Failure)], came.count("accepted")


def kind_of(failure: Failure) -> tuple[str, str, str]:
    """Return what failures of one kind have in common: numbers and quoted values are cut out."""
    return failure.target, failure.kind, re.sub(r"'[^']*'|-?[0-9][\w.+-]*", "#", failure.came)[:70]


def report(failures: list[Failure], seed: int) -> str:
    """Return the shortest case of each kind of failure, with the command that runs it again."""
    kinds: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(kind_of(failure), []).append(failure)
    lines = []
    for same in kinds.values():
        short = min(same, key=lambda one: len(one.words))
        lines.append(f"{short.kind} ({len(same)} of {short.target}): {short.words[:1000]}\n    {short.came[:400]}")
        lines.append(f"    again: python tests/fuzz.py --seed {seed} --target {short.target} --first {short.number} --cases 1")
    return "\n".join(lines).encode("ascii", "backslashreplace").decode()


def fuzz(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--target", choices=TARGETS)
    options.add_argument("--first", type=int, default=0)
    asked = options.parse_args(arguments)
    failures: list[Failure] = []
    print(f"{'target':<14}{'cases':>8}{'accepted':>10}{'tracebacks':>12}{'hangs':>8}{'nonsense':>10}{'s':>8}")
    for target in [asked.target] if asked.target else TARGETS:
        n = asked.cases if asked.target else max(1, asked.cases * SHARES[target] // 100)
        start = time.monotonic()
        found, accepted = run_target(target, n, seed=asked.seed, first=asked.first)
        counts = [sum(one.kind == kind for one in found) for kind in ("traceback", "hang", "nonsense")]
        print(
            f"{target:<14}{n:>8}{accepted:>10}{counts[0]:>12}{counts[1]:>8}{counts[2]:>10}{time.monotonic() - start:>8.0f}",
            flush=True,
        )
        failures += found
    if failures:
        print(report(failures, asked.seed))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(fuzz())
