"""The command line: parse, call, print. It computes nothing."""

from __future__ import annotations

import argparse
import atexit
import csv
import gc
import io
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from heparin_pk import __version__, datasets, hospital, indications, metrics, nomogram, published, validation
from heparin_pk.base.citations import citations
from heparin_pk.base.files import read_text, write_text
from heparin_pk.base.records import to_plain
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent, aptt_range_for_anti_xa
from heparin_pk.body.bodysize import DOSING_WEIGHTS, dosing_weight_kg
from heparin_pk.body.patient import SEXES, YES_OR_NO, Patient
from heparin_pk.course import Course
from heparin_pk.datasets import WARD_TARGET, ICUCourse
from heparin_pk.drug import OutsideStudied
from heparin_pk.engine import ENGINES
from heparin_pk.engine.lanes import RUNNERS
from heparin_pk.nomogram import Nomogram
from heparin_pk.overlay import overlay
from heparin_pk.population import Population
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.pump import Bag
from heparin_pk.regimen import Bolus, Hold, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.simulate import simulate, titrate
from heparin_pk.trial import Trial, TrialInterrupted

PLAINLY = "For teaching and study, not for the care of patients."
PICTURES = (".png", ".svg", ".pdf")
_CONDITIONS = tuple(name.replace("_", "-") for name in YES_OR_NO)
FIRST_NOTEBOOK = "01-hold-this-patient-in-range.ipynb"


class _Parser(argparse.ArgumentParser):
    """Complains in one line and exits 2."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: error: {message}\n")
        raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = _Parser(
        prog="heparin-pk",
        description="Heparin in the body, the laboratory and the ward: concentration, aPTT and the next order. " + PLAINLY,
    )
    top.add_argument("--version", action="version", version=f"heparin-pk {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable, what: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=what,
            description=what[0].upper() + what[1:] + ".",
            epilog=f"example:  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    sub = command("simulate", _simulate, "orders known in advance -> concentration, aPTT, anti-Xa",
                  "heparin-pk simulate --weight 80 --bolus 80 --infusion 18 --hours 24")  # fmt: skip
    _patient_options(sub)
    _order_options(sub)
    _model_options(sub)
    _output_options(sub)

    sub = command("titrate", _titrate, "a nomogram steers one patient through the laboratory",
                  "heparin-pk titrate raschke-1993 --weight 80 --seed 7 --figure course.png")  # fmt: skip
    sub.add_argument("nomogram", metavar="NOMOGRAM", help="a name from 'heparin-pk nomograms', or your own .toml file")
    _patient_options(sub)
    sub.add_argument("--turnaround", type=float, default=1.0, metavar="H", help="hours from draw to result (default 1)")
    sub.add_argument("--seed", type=int, default=0, help="seed of the laboratory's error (default 0)")
    _model_options(sub)
    _output_options(sub)

    sub = command("replay", _replay, "a real charted course, or your own file, through the model",
                  "heparin-pk replay M3D-027 --figure replay.png")  # fmt: skip
    sub.add_argument("course", metavar="COURSE-OR-FILE",
                     help="a course of the house (M3D-001 ...), a CSV of events, or what --csv or --json wrote")  # fmt: skip
    sub.add_argument("--weight", type=float, metavar="KG", help="body weight, where the chart has none")
    sub.add_argument("--course-id", metavar="NAME", help="which course of a file that holds several")
    _model_options(sub, hours=False, model=None)
    _output_options(sub)

    sub = command("nomograms", _nomograms, "the dosing tables, or one of them in full", "heparin-pk nomograms raschke-1993")
    sub.add_argument("name", nargs="?", metavar="NAME")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub = command("models", _models, "the published and derived models, or one in full", "heparin-pk models UFH_B_DERIVED")
    sub.add_argument("name", nargs="?", metavar="NAME")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub = command("cite", _cite, "the papers behind models and nomograms", "heparin-pk cite UFH_DEFAULT raschke-1993")
    sub.add_argument("names", nargs="*", metavar="NAME", help="models or nomograms (all of them where none is named)")
    sub.add_argument("--json", action="store_true", help="print JSON")

    sub = command("overlay", _overlay, "several models for one patient and one regimen, in one table and one picture",
                  "heparin-pk overlay UFH_DEFAULT JIA_2015_UFH --weight 75 --bolus 80 --infusion 18")  # fmt: skip
    sub.add_argument("names", nargs="*", metavar="MODEL", help="models (all of unfractionated heparin where none is named)")
    _patient_options(sub)
    _order_options(sub)
    sub.add_argument("--hours", type=float, default=24.0, metavar="H", help="how long (default 24)")
    sub.add_argument(
        "--assay", default="anti_xa_u_per_ml", metavar="NAME", help=f"{', '.join(ASSAYS)} (default anti_xa_u_per_ml)"
    )
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("--figure", metavar="FILE", help="also draw them (.png, .svg, .pdf)")

    sub = command("indications", _indications, "reasons to give heparin, or one of them for one patient",
                  "heparin-pk indications pulmonary-embolism --weight 75")  # fmt: skip
    sub.add_argument("name", nargs="?", metavar="NAME")
    _patient_options(sub, weight_needed=False)
    _output_options(sub)

    sub = command("validate", _validate, "what papers print beside what the models say, misses included",
                  "heparin-pk validate --group kinetics")  # fmt: skip
    sub.add_argument("--group", metavar="NAME", help=f"one of: {'; '.join(validation.GROUPS)}")
    sub.add_argument("--misses", action="store_true", help="only the rows that lie outside")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.add_argument("--figure", metavar="FILE", help="also draw the table (.png, .svg, .pdf)")

    sub = command("trial", _trial, "dosing tables on thousands of virtual patients, the same in every arm",
                  "heparin-pk trial raschke-1993 durham-va-2009 -n 2000 --seed 7 --figure out.png")  # fmt: skip
    sub.add_argument(
        "arms",
        nargs="+",
        metavar="NOMOGRAM",
        help="tables by name, or your own .toml files; the others are compared with the first",
    )
    sub.add_argument("-n", "--number", type=int, default=2000, metavar="N", help="how many patients (default 2000)")
    sub.add_argument("--seed", type=int, default=0, help="the same seed gives the same patients and errors (default 0)")
    sub.add_argument("--hours", type=float, default=48.0, metavar="H", help="how long (default 48)")
    sub.add_argument("--people", default="thrombosis-ward", metavar="NAME-OR-FILE",
                     help=f"{', '.join(hospital.POPULATIONS)} (default thrombosis-ward), or a .csv of your own")  # fmt: skip
    sub.add_argument(
        "--ward", default="as-written", metavar="NAME", help=f"{', '.join(hospital.EXECUTIONS)} (default as-written)"
    )
    sub.add_argument(
        "--model", default="UFH_DEFAULT", metavar="NAME", help="a name from 'heparin-pk models' (default UFH_DEFAULT)"
    )
    sub.add_argument("--reagent", metavar="NAME", help=f"aPTT reagent: {', '.join(REAGENTS)}")
    sub.add_argument("--turnaround", type=float, default=1.0, metavar="H", help="hours from draw to result (default 1)")
    sub.add_argument("--dosing-weight", metavar="RULE", help=f"dose by the {', '.join(DOSING_WEIGHTS)} weight")
    sub.add_argument("--group", default="all", metavar="NAME", help="print a subgroup ('women', 'BMI 30 to 40', ...)")
    sub.add_argument("--workers", type=int, default=1, metavar="N", help="processes on this machine (default 1)")
    sub.add_argument("--scheduler", metavar="ADDRESS", help="run on an existing Dask cluster instead (tcp://...)")
    engines = f"{', '.join(RUNNERS)} (default numpy): the same numbers; compiled is quickest from some thousands of patients on"
    sub.add_argument("--engine", default="numpy", metavar="NAME", help=engines)
    sub.add_argument("--checkpoint", metavar="FOLDER", help="keep finished parts here; the same command goes on from there")
    sub.add_argument("--json", action="store_true", help="print JSON instead of words")
    sub.add_argument("--csv", metavar="FILE", help="also write one row a patient and arm")
    sub.add_argument("--figure", metavar="FILE", help="also draw it (.png, .svg, .pdf)")
    sub.add_argument("--quiet", action="store_true", help="no progress bar")

    sub = command("lab", _lab, "open the first notebook in JupyterLab", "heparin-pk lab")
    sub.add_argument("--no-browser", action="store_true", help="start the server, open nothing")
    sub.add_argument("--port", type=int, help="port of the server")
    sub = command("demo", _demo, "replay a real patient; write a picture and a table", "heparin-pk demo --folder demo")
    sub.add_argument("--course", default="M3D-027", help="which course (default M3D-027)")
    sub.add_argument("--folder", default="demo", help="where to write (default demo)")
    return top


def _order_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--bolus", type=float, metavar="U/KG", help="bolus at 0 h, U/kg")
    sub.add_argument("--infusion", type=float, metavar="U/KG/H", help="infusion from 0 h, U/kg/h")
    sub.add_argument("--order", action="append", default=[], metavar="'TIME KIND AMOUNT UNIT'",
                     help="any order, repeatable, in the order of time: '6 bolus 40 U/kg', "
                     "'7 infusion 20 U/kg/h', '8 infusion 12 mL/h of 100 U/mL', "
                     "'9 hold 60 min', '24 stop', '0 subcutaneous 5000 U', '25 protamine 30 mg'")  # fmt: skip


def _patient_options(sub: argparse.ArgumentParser, weight_needed: bool = True) -> None:
    sub.add_argument("--weight", type=float, required=weight_needed, metavar="KG", help="body weight, kg")
    sub.add_argument("--age", type=float, metavar="Y", help="age, years")
    sub.add_argument("--baseline-aptt", type=float, default=30.0, metavar="S", help="aPTT before heparin, s (default 30)")
    sub.add_argument("--antithrombin", type=float, default=1.0, metavar="SHARE", help="antithrombin, share of normal (default 1)")
    sub.add_argument("--height", type=float, metavar="CM", help="height, cm")
    sub.add_argument("--sex", metavar="SEX", help=" or ".join(SEXES))
    sub.add_argument("--creatinine-clearance", type=float, metavar="ML/MIN", help="creatinine clearance, mL/min")
    sub.add_argument("--factor-viii", type=float, metavar="U/ML", help="factor VIII, U/mL")
    sub.add_argument("--condition", action="append", default=[], metavar="NAME",
                     help=f"repeatable: {', '.join(_CONDITIONS)}")  # fmt: skip
    sub.add_argument("--dosing-weight", metavar="RULE", help=f"dose by the {', '.join(DOSING_WEIGHTS)} weight")


def _model_options(sub: argparse.ArgumentParser, hours: bool = True, model: str | None = "UFH_DEFAULT") -> None:
    if hours:
        sub.add_argument("--hours", type=float, default=48.0, metavar="H", help="how long (default 48)")
    sub.add_argument("--model", default=model, metavar="NAME", help="a name from 'heparin-pk models' (default UFH_DEFAULT)")
    sub.add_argument("--reagent", metavar="NAME", help=f"aPTT reagent: {', '.join(REAGENTS)}")
    sub.add_argument("--engine", default="stepper", metavar="NAME", help=f"{', '.join(ENGINES)} (default stepper)")


def _output_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON instead of words")
    sub.add_argument("--csv", metavar="FILE", help="also write the course as CSV (reads back without loss)")
    sub.add_argument("--figure", metavar="FILE", help="also draw the course (.png, .svg, .pdf)")


# What is asked


def _reagent(options: argparse.Namespace) -> Reagent | None:
    if options.reagent is None:
        return None
    if options.reagent not in REAGENTS:
        raise ValueError(f"no reagent {options.reagent!r}; there are {', '.join(REAGENTS)}")
    return REAGENTS[options.reagent]


def _patient(options: argparse.Namespace) -> Patient:
    for name in options.condition:
        if name not in _CONDITIONS:
            raise ValueError(f"no condition {name!r}; there are {', '.join(_CONDITIONS)}")
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


# What is answered


def _regimen(options: argparse.Namespace) -> Regimen:
    orders: list[Order] = []
    if options.bolus is not None:
        orders.append(Bolus(time_h=0.0, dose_u_per_kg=options.bolus))
    if options.infusion is not None:
        orders.append(Infusion(time_h=0.0, rate_u_per_kg_per_h=options.infusion))
    orders += [parse_order(text) for text in options.order]
    if not orders:
        raise ValueError("nothing is ordered: give --bolus, --infusion or --order")
    return Regimen(tuple(orders))


def _simulate(options: argparse.Namespace) -> None:
    course = simulate(
        _patient(options),
        published.named(options.model),
        _regimen(options),
        hours=options.hours,
        reagent=_reagent(options),
        engine=options.engine,
    )
    _answer(course, published.ranges.first_for(course.assays), options)


def _titrate(options: argparse.Namespace) -> None:
    table = Nomogram.load(options.nomogram)
    course = titrate(
        _patient(options),
        published.named(options.model),
        table,
        hours=options.hours,
        laboratory=Laboratory(assay=table.assay, reagent=_reagent(options), turnaround_h=options.turnaround),
        seed=options.seed,
        engine=options.engine,
    )
    _answer(course, table.target, options, heading=f"{table.title}: aims at {table.target.write()}")


def _replay(options: argparse.Namespace) -> None:
    drug = published.named(options.model) if options.model else None
    before = _exported(options.course)
    if before is not None:
        if options.weight is not None:
            raise ValueError("--weight belongs to charts; an exported course has its patient")
        course = simulate(
            before.patient,
            drug or before.drug,
            before.regimen,
            hours=before.hours,
            reagent=_reagent(options) or (before.reagent if isinstance(before.reagent, Reagent) else None),
            engine=options.engine,
        )
        target = before.target or published.ranges.ANTI_XA_TREATMENT
        _answer(course, target, options, heading="the orders of an exported course, given again")
        return
    chart = _chart(options.course, options.course_id, options.weight)
    course = datasets.replay(chart, drug or published.UFH_DEFAULT, reagent=_reagent(options), engine=options.engine)
    _answer(course, WARD_TARGET, options, chart=chart)


def _exported(name_or_file: str) -> Course | None:
    """Return the course in a file that --csv or --json wrote, or ``None`` where it is something else."""
    if name_or_file.endswith(".json"):
        return Course.from_json(Path(name_or_file))
    if name_or_file.endswith(".csv") and read_text(name_or_file).startswith("record,"):
        return Course.from_csv(name_or_file)
    return None


def _chart(name_or_file: str, course_id: str | None, weight_kg: float | None) -> ICUCourse:
    if name_or_file.endswith(".csv") or os.sep in name_or_file:
        return datasets.read_icu_csv(name_or_file, course_id=course_id, weight_kg=weight_kg)
    if course_id is not None:
        raise ValueError("--course-id belongs to a file that holds several courses")
    return datasets.load_icu_course(name_or_file, weight_kg=weight_kg)


def _answer(
    course: Course,
    target: TherapeuticRange,
    options: argparse.Namespace,
    *,
    heading: str = "",
    compared: str = "",
    chart: ICUCourse | None = None,
) -> None:
    """Print the course, and write what else was asked for."""
    rows = metrics.prediction_errors(course, chart.labs) if chart else []
    if options.csv is not None:
        course.to_csv(options.csv)
    if options.figure is not None:
        _draw(course, target, options.figure, chart)
    if options.json:
        answer = {
            "metrics": metrics.summary(course, target),
            "target": {"assay": target.assay, "low": target.low, "high": target.high},
            "chart": [{"drawn_h": lab.drawn_h, "reported_h": lab.reported_h, "level": lab.write()} for lab in course.labs],
            "predictions": rows,
            "citations": citations(course).splitlines(),
            "bibtex": citations(course, bibtex=True),
            "outside_what_was_studied": course.outside,
            "course": json.loads(course.to_json()),
        }
        print(json.dumps(answer, allow_nan=False))
        return
    parts = [heading or (chart.in_words() if chart else ""), "" if chart else course.in_words()]
    parts.append(_levels(course) if not chart else prediction_table(course, chart))
    parts.append(compared + _metrics_in_words(course, target))
    written = [f"written: {file}" for file in (options.csv, options.figure) if file]
    print("\n\n".join([*(part for part in parts if part), "\n".join([*written, PLAINLY])]))


_COLUMNS = {
    "aptt_s": ("aPTT", "s", 8, 0),
    "aptt_ratio": ("ratio", "", 8, 2),
    "anti_xa_u_per_ml": ("anti-Xa", "U/mL", 10, 3),
    "act_s": ("ACT", "s", 8, 0),
}


def _levels(course: Course) -> str:
    """Return true levels at telling hours as a table."""
    hours: list[float] = [h for h in (0, 1, 2, 4, 6, 12, 18, 24, 36, 48, 72, 96) if h <= course.hours]
    if course.hours not in hours:
        hours.append(course.hours)
    columns = {assay: column for assay, column in _COLUMNS.items() if assay in course.assays}
    unit = f"{course.drug.amount_unit}/mL"
    lines = ["  time   concentration" + "".join(f"{name:>{width}}" for name, _, width, _ in columns.values())]
    lines.append(f"     h{unit:>16}" + "".join(f"{unit:>{width}}" for _, unit, width, _ in columns.values()))
    for hour in hours:
        cells = [f"{course.concentration_at_u_per_ml(hour):16.3f}"]
        for assay, (_, _, width, digits) in columns.items():
            level, ceiling = course.level_at(assay, hour), ASSAYS[assay].ceiling
            cells.append(f"{f'> {ceiling:g}' if level > ceiling else f'{level:.{digits}f}':>{width}}")
        lines.append(f"{hour:6.4g}" + "".join(cells))
    return "\n".join(lines)


def prediction_table(course: Course, chart: ICUCourse) -> str:
    """Return measured against predicted as a table, with the median error under it."""
    rows = metrics.prediction_errors(course, chart.labs)
    if not rows:
        return "no aPTT was measured while heparin ran"
    lines = ["  time   measured   predicted    error", "     h          s           s        %"]
    for row in rows:
        measured = f"> {row['measured']:.0f}" if row["above_ceiling"] else f"{row['measured']:.1f}"
        error = f"{row['error_percent']:+9.0f}" if "error_percent" in row else "        -"
        lines.append(f"{row['drawn_h']:6.1f}{measured:>11}{row['predicted']:12.1f}{error}")
    medians = metrics.bias_and_inaccuracy_percent(rows)
    if medians:
        lines.append(
            f"median error {medians[0]:+.0f} %, median absolute error {medians[1]:.0f} %: "
            "a typical patient is not this patient, and the reagent is a guess"
        )
    return "\n".join(lines)


def _metrics_in_words(course: Course, target: TherapeuticRange) -> str:
    numbers = metrics.summary(course, target)

    def share(name: str) -> str:
        value = numbers[name]
        return "no tests" if value is None else f"{value:.0%}"

    first, unit = numbers["time_to_therapeutic_h"], course.drug.amount_unit
    lines = [
        f"{target.write()}: true time in range {share('time_in_range_fraction')} "
        f"(below {share('time_below_fraction')}, above {share('time_above_fraction')})",
        f"first in range {'never' if first is None else f'at {first:.1f} h'}; peak {numbers['peak_u_per_ml']:.2f} {unit}/mL; "
        f"area {numbers['auc_u_h_per_ml']:.1f} {unit} h/mL; given in all {numbers['heparin_given_u']:,.0f} {unit}",
    ]
    if target.assay.startswith("aptt") and isinstance(course.reagent, Reagent) and course.drug.anti_xa_fraction > 0.0:
        lines.append(
            f"with this reagent ({course.reagent.name}) anti-Xa 0.3-0.7 U/mL is "
            f"{aptt_range_for_anti_xa(course.reagent, course.patient).write()}"
        )
    if course.labs:
        lines.append(
            f"as the ward sees it: Rosendaal {share('rosendaal_fraction')}, "
            f"tests in range {share('fraction_of_tests_in_range')}; "
            f"rate changes {numbers['adjustments']}, holds {numbers['holds']}, re-boluses {numbers['reboluses']}, "
            f"draws {numbers['blood_draws']}"
        )
    return "\n".join(lines)


def _check_picture(file: str) -> None:
    if Path(file).suffix.lower() not in PICTURES:
        raise ValueError(f"{file!r}: cannot be drawn: the name must end in {', '.join(PICTURES)}")


def _write_picture(file: str, draw: Callable[[Any], Any]) -> None:
    """Write the figure that ``draw`` makes of the plot module; a picture that cannot be written is a ``ValueError``."""
    _check_picture(file)
    import matplotlib  # noqa: PLC0415  half a second, only when a picture is asked for

    matplotlib.use("Agg")
    from heparin_pk import plot  # noqa: PLC0415

    try:
        plot.save(draw(plot), file)
    except OSError as error:
        raise ValueError(f"{file}: cannot be drawn: {error}") from None


def _draw(course: Course, target: TherapeuticRange, file: str, chart: ICUCourse | None) -> None:
    def picture(plot: Any) -> Any:
        axes = plot.replay(course, chart.labs, target) if chart else plot.course(course, target=target)
        figure = axes[0].figure
        if chart:
            figure.suptitle(f"{chart.course_id}: charted orders, typical patient, measured aPTT", fontsize=15)
        return figure

    _write_picture(file, picture)


def _nomograms(options: argparse.Namespace) -> None:
    tables = [Nomogram.load(name) for name in ([options.name] if options.name else nomogram.names())]
    if options.json:
        print(json.dumps([{"name": t.name, "title": t.title, "assay": t.assay, "target": [t.target.low, t.target.high],
                           "start": t.start.write(), "bands": [{"levels": b.label, "do": b.write()} for b in t.bands],
                           "caveats": t.caveats, "source": t.source.cite()} for t in tables]))  # fmt: skip
    elif options.name:
        print(tables[0])
    else:
        for table in tables:
            print(f"{table.name:<26}{table.title:<50}{table.target.write()}")


_IN_FULL = ("parameters", "reagent", "act", "studied", "variability", "between_occasions", "residual", "laws", "built_from")


def _models(options: argparse.Namespace) -> None:
    drugs = [published.named(options.name)] if options.name else list(published.ALL)
    if options.json:
        rows = [
            {
                "name": drug.name,
                "title": drug.title,
                "family": drug.family,
                "structure": drug.structure,
                "amount_unit": drug.amount_unit,
                "assays": drug.responses.assays,
                "departures": drug.departures,
                **{field: to_plain(getattr(drug, field)) for field in _IN_FULL},
                "citations": drug.cite().splitlines(),
            }
            for drug in drugs
        ]
        print(json.dumps(rows, allow_nan=False))
    elif options.name:
        print(drugs[0])
    else:
        for drug in drugs:
            mark = " (UFH_DEFAULT)" if drug is published.UFH_DEFAULT else ""
            print(f"{drug.name:<27}{drug.title}{mark}")


def _cite(options: argparse.Namespace) -> None:
    lines: list[str] = []
    for name in options.names or [*(drug.name for drug in published.ALL), *nomogram.names()]:
        if name in nomogram.names() or name.endswith(".toml"):
            lines.append(Nomogram.load(name).source.cite())
        else:
            lines += published.named(name).cite().splitlines()
    lines = list(dict.fromkeys(lines))
    print(json.dumps(lines) if options.json else "\n".join(lines))


def _as_counted(level: float | None, ceiling: float) -> str:
    """Return a level as an assay would give it: "-" where nothing was published, "> 150" above its ceiling."""
    if level is None:
        return "-"
    return f"> {ceiling:g}" if level > ceiling else f"{level:.3g}"


def _overlay(options: argparse.Namespace) -> None:
    if options.assay not in ASSAYS:
        raise ValueError(f"no assay {options.assay!r}; there are {', '.join(ASSAYS)}")
    patient = _patient(options)
    drugs, left_out = [published.named(name) for name in options.names], []
    if not drugs:  # all of them, but for those that ask for what was not given: these are named, with what they need
        for drug in published.UFH:
            try:
                drug.kinetics(patient)
                drugs.append(drug)
            except ValueError as error:
                left_out.append(f"{drug.name}: {str(error).partition('; got')[0]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideStudied)  # the table says it in a column of its own
        courses = overlay(patient, drugs, _regimen(options), hours=options.hours)
    if options.figure is not None:
        aims = [target for target in published.ranges.RANGES if target.assay == options.assay]
        _write_picture(
            options.figure,
            lambda plot: plot.overlay(courses, assay=options.assay, target=aims[0] if aims else None).figure,
        )
    rows = [
        {
            "model": course.drug.name,
            "measured": course.drug.studied.assay,
            "assay": options.assay,
            "at_end": course.level_at(options.assay, course.hours) if options.assay in course.assays else None,
            "highest": float(course.level(options.assay).max()) if options.assay in course.assays else None,
            "outside": list(course.outside),
        }
        for course in courses
    ]
    if options.json:
        print(json.dumps(rows, allow_nan=False))
        for reason in left_out:
            print(f"heparin-pk: note: left out: {reason}", file=sys.stderr)
        return
    assay = ASSAYS[options.assay]
    print(
        f"{'model':<28}{'highest':>10}{f'at {options.hours:g} h':>10}   {assay.label}{f' ({assay.unit})' if assay.unit else ''}"
    )
    for row in rows:
        levels = "".join(f"{_as_counted(row[name], assay.ceiling):>10}" for name in ("highest", "at_end"))
        print(f"{row['model']:<28}{levels}   {'; '.join(row['outside']) or 'within what was studied'}")
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([*(f"left out: {reason}" for reason in left_out), *written, PLAINLY]))


def _indications(options: argparse.Namespace) -> None:
    if options.name is None:
        if options.json:
            print(json.dumps([{"name": one.name, "title": one.title, "why": one.why, "model": one.model, "people": one.people,
                               "watch": one.watch, "caveats": one.caveats, "source": one.source.cite()}
                              for one in indications.ALL]))  # fmt: skip
            return
        for one in indications.ALL:
            print(f"{one.name:<24}{one.title}")
        return
    one = indications.named(options.name)
    if options.weight is None:
        if options.json or options.csv or options.figure:
            raise ValueError("--weight is needed to simulate an indication")
        print(one)
        return
    course = one.course(_patient(options))
    target = one.target or published.ranges.first_for(course.assays)
    compared = "" if one.target else "No level is aimed at. Beside the range of treatment:\n"
    _answer(course, target, options, heading=str(one), compared=compared)


def _validate(options: argparse.Namespace) -> None:
    if options.group is not None and options.group not in validation.GROUPS:
        raise ValueError(f"no group {options.group!r}; there are {', '.join(validation.GROUPS)}")
    shown = [row for row in validation.rows(group=options.group) if not (options.misses and row.inside)]
    if options.figure is not None:
        _write_picture(options.figure, lambda plot: plot.validation(shown).figure)
    if options.json:
        print(validation.to_json(shown))
        return
    print(validation.in_words(shown))
    print(PLAINLY)


def _trial(options: argparse.Namespace) -> None:
    if options.ward not in hospital.EXECUTIONS:
        raise ValueError(f"no ward {options.ward!r}; there are {', '.join(hospital.EXECUTIONS)}")
    arms = [Nomogram.load(name) for name in options.arms]
    trial = Trial(
        population=_people(options),
        arms=arms,
        drug=published.named(options.model),
        laboratory=Laboratory(assay=arms[0].assay, reagent=_reagent(options), turnaround_h=options.turnaround),
        hours=options.hours,
        execution=hospital.EXECUTIONS[options.ward],
    )
    if options.group not in trial.groups:
        raise ValueError(f"no group {options.group!r} among these people; there are {', '.join(trial.groups)}")
    if options.figure is not None:
        _check_picture(options.figure)
    outcomes = trial.run(
        options.number,
        seed=options.seed,
        workers=options.workers,
        runner=options.engine,
        keep_rows=False,
        checkpoint=options.checkpoint,
        csv_file=options.csv,
        scheduler=options.scheduler,
        progress=not options.quiet,
    )
    if options.figure is not None:
        subjects = range(min(6, options.number))
        sample = [trial.course(name, subject, seed=options.seed) for name in trial.names for subject in subjects]
        _write_picture(options.figure, lambda plot: plot.trial(outcomes, sample=sample))
    if options.json:
        answer = {
            "arms": outcomes.arms,
            "number": outcomes.number,
            "seed": outcomes.seed,
            "hours": outcomes.hours,
            "targets": {name: target.write() for name, target in outcomes.targets.items()},
            "groups": outcomes.groups,
            "summary": outcomes.summary(options.group),
            "citations": citations(trial).splitlines(),
        }
        print(json.dumps(answer, allow_nan=False))
        return
    tables = [f"{table.title}: aims at {table.target.write()}" for table in arms]
    people = f"{trial.population.name}; the ward: {options.ward.replace('-', ' ')}"
    written = [f"written: {file}" for file in (options.csv, options.figure) if file]
    print("\n".join([*tables, people, "", outcomes.in_words(options.group), "", *written, PLAINLY]))


def _people(options: argparse.Namespace) -> Population:
    if options.people.endswith(".csv"):
        population = Population.from_csv(options.people)
    elif options.people in hospital.POPULATIONS:
        population = hospital.POPULATIONS[options.people]
    else:
        raise ValueError(f"no people {options.people!r}; there are {', '.join(hospital.POPULATIONS)}, or give a .csv file")
    return population if options.dosing_weight is None else replace(population, dosing_weight=options.dosing_weight)


def _lab(options: argparse.Namespace) -> None:
    if options.port is not None and not 1 <= options.port <= 65535:
        raise ValueError(f"--port must lie between 1 and 65535; got {options.port}")
    folder = _notebook_folder()
    arguments = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={folder.resolve().parent}"]
    arguments.append(f"--LabApp.default_url=/lab/tree/notebooks/{FIRST_NOTEBOOK}")
    arguments += ["--no-browser"] if options.no_browser else []
    arguments += [f"--port={options.port}"] if options.port else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    try:
        import jupyterlab  # noqa: F401, PLC0415
    except ImportError:
        raise ValueError("JupyterLab is not installed: pip install jupyterlab ipywidgets") from None
    raise SystemExit(subprocess.run(arguments, check=False).returncode)


def _notebook_folder() -> Path:
    """Return the notebooks of the repository, or a copy of the installed ones in the current folder."""
    here = Path(__file__).resolve().parent
    if (here.parent / "notebooks" / FIRST_NOTEBOOK).exists():
        return here.parent / "notebooks"
    installed = here / "course_book"
    if not (installed / "notebooks" / FIRST_NOTEBOOK).is_file():
        raise ValueError("no notebooks beside this installation; clone the repository for them")
    mine = Path("heparin_pk_course_book")
    if not mine.exists():
        shutil.copytree(installed, mine)
    return mine / "notebooks"


def _demo(options: argparse.Namespace) -> None:
    folder = Path(options.folder)
    chart = datasets.load_icu_course(options.course)
    course = datasets.replay(chart, published.UFH_DEFAULT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder}: cannot be made: {error.strerror}") from None
    picture, table = folder / f"{chart.course_id}.png", folder / f"{chart.course_id}.csv"
    _draw(course, WARD_TARGET, str(picture), chart)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["drawn_h", "measured_aptt_s", "above_ceiling", "predicted_aptt_s", "error_percent"])
    for row in metrics.prediction_errors(course, chart.labs):
        percent = f"{row['error_percent']:.1f}" if "error_percent" in row else ""
        writer.writerow([row["drawn_h"], row["measured"], row["above_ceiling"], f"{row['predicted']:.1f}", percent])
    write_text(table, out.getvalue())
    print(chart.in_words())
    print()
    print(prediction_table(course, chart))
    print(f"\nwritten: {picture}\nwritten: {table}\n{PLAINLY}")


def _one_line(message: Any, *_: Any, **__: Any) -> str:
    return f"heparin-pk: note: {message}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or exit 2 with one line on what was wrong."""
    warnings.formatwarning = _one_line
    warnings.simplefilter("once")
    gc.freeze()  # what importing has made stays to the end
    atexit.register(gc.freeze)  # and a process that ends need not look for garbage: together a fifth of a second
    try:
        options = parser().parse_args(arguments)
        options.run(options)
    except ValueError as error:
        message = " ".join(str(error).split())
        print(f"heparin-pk: error: {message}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"heparin-pk: error: cannot write: {error.strerror}", file=sys.stderr)
        return 2
    except BrokenProcessPool as error:
        print(f"heparin-pk: error: {error}", file=sys.stderr)
        return 2
    except TrialInterrupted as stopped:
        print(f"heparin-pk: {stopped}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("heparin-pk: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
