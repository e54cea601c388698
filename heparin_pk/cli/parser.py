"""The parser of the command line: every command with its options."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from heparin_pk import __version__
from heparin_pk.base.tables import typed_number, typed_whole_number
from heparin_pk.blood import clotting
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.body.bodysize import DOSING_WEIGHTS
from heparin_pk.body.patient import SEXES
from heparin_pk.cli.commands import (
    run_before_starting,
    run_cite,
    run_hit,
    run_indications,
    run_leaflet,
    run_misconceptions,
    run_models,
    run_nomograms,
    run_overlay,
    run_practice,
    run_replay,
    run_reversal,
    run_simulate,
    run_titrate,
    run_trial,
    run_tube,
    run_validate,
)
from heparin_pk.cli.faults import run_faults, run_regrets
from heparin_pk.cli.handout import run_handout
from heparin_pk.cli.notebooks import run_demo, run_lab
from heparin_pk.cli.options import CONDITIONS, TUBE_FRACTIONS
from heparin_pk.cli.output import PLAINLY, complain
from heparin_pk.engine import ENGINES
from heparin_pk.engine.lanes import RUNNERS
from heparin_pk.evidence import validation
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.published.reagents import MODERN, REAGENTS
from heparin_pk.simulation.platelets import PATTERNS
from heparin_pk.teaching import before_starting, hit, reversal
from heparin_pk.trials import hospital
from heparin_pk.ward.faults import KINDS

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The commands of one parser, as ``add_subparsers`` returns them."""


_NO_VALUE = re.compile(r"--?[a-z].*=--|-[a-z]--", re.DOTALL)


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line and exits with code 2."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse the arguments; ``--option=--`` is refused, of which argparse would make an empty list or a text."""
        args = sys.argv[1:] if args is None else list(args)
        for argument in args:
            if _NO_VALUE.fullmatch(argument):
                self.error(f"argument {argument.removesuffix('--').removesuffix('=')}: expected a value; got '--'")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        complain(f"{self.prog}: error: {message}")
        raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = _Parser(
        prog="heparin-pk",
        description="Heparin in the body, the laboratory and the ward: concentration, aPTT and the next order. " + PLAINLY,
    )
    top.add_argument("--version", action="version", version=f"heparin-pk {__version__}")
    commands: Commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _add_simulate(commands)
    _add_titrate(commands)
    _add_replay(commands)
    _add_nomograms(commands)
    _add_models(commands)
    _add_cite(commands)
    _add_overlay(commands)
    _add_indications(commands)
    _add_practice(commands)
    _add_before_starting(commands)
    _add_hit(commands)
    _add_reversal(commands)
    _add_faults(commands)
    _add_regrets(commands)
    _add_misconceptions(commands)
    _add_leaflet(commands)
    _add_validate(commands)
    _add_trial(commands)
    _add_tube(commands)
    _add_lab(commands)
    _add_handout(commands)
    _add_demo(commands)
    return top


def _command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], summary: str, example: str
) -> argparse.ArgumentParser:
    """Return the parser of a new command: ``summary`` is its help, ``run`` the function that answers it."""
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


# The commands, in the order of the help


def _add_simulate(commands: Commands) -> None:
    command = _command(commands, "simulate", run_simulate, "orders known in advance -> concentration, aPTT, anti-Xa",
                       "heparin-pk simulate --weight 80 --bolus 80 --infusion 18 --hours 24")  # fmt: skip
    _patient_options(command)
    _order_options(command)
    _model_options(command)
    _output_options(command)


def _add_titrate(commands: Commands) -> None:
    command = _command(commands, "titrate", run_titrate, "one patient titrated by a nomogram on laboratory results",
                       "heparin-pk titrate raschke-1993 --weight 80 --seed 7 --figure course.png")  # fmt: skip
    _titrate_options(command)
    _output_options(command)


def _titrate_options(command: argparse.ArgumentParser) -> None:
    """Add the options of one patient titrated by a nomogram."""
    command.add_argument(
        "nomogram", metavar="NOMOGRAM", help="a name from 'heparin-pk nomograms', or your own .toml file (up to 100 kB)"
    )
    _patient_options(command)
    command.add_argument(
        "--turnaround", type=typed_number, default=1.0, metavar="H", help="hours from draw to result (default 1)"
    )
    command.add_argument(
        "--seed", type=typed_whole_number, default=0, help="the same seed gives the same errors and drift (default 0)"
    )
    command.add_argument(
        "--hospital", default="ideal", metavar="NAME",
        help="ideal (default): patients do not drift, orders as written; real: the patient drifts, results err, the ward errs",
    )  # fmt: skip
    command.add_argument("--handover", type=typed_number, metavar="H",
                         help="also the handover at this hour, and what the chart lacks for a colleague to go on")  # fmt: skip
    _model_options(command)


def _add_replay(commands: Commands) -> None:
    command = _command(commands, "replay", run_replay, "the orders of a charted course, or of your own file, simulated again",
                       "heparin-pk replay M3D-027 --figure replay.png")  # fmt: skip
    command.add_argument("course", metavar="COURSE-OR-FILE",
                         help="a charted course (M3D-001 ...), a CSV file of events, "
                         "a file of --csv or --json (up to 64 MB), or the doses of --mimic-iv or --eicu")  # fmt: skip
    command.add_argument("--mimic-iv", metavar="LABEVENTS.CSV",
                         help="COURSE-OR-FILE holds inputevents of MIMIC-IV, and this file labevents; needs --stay")  # fmt: skip
    command.add_argument("--eicu", metavar="LAB.CSV",
                         help="COURSE-OR-FILE holds infusiondrug of eICU, and this file lab; needs --stay")  # fmt: skip
    command.add_argument("--stay", metavar="ID", help="stay_id (MIMIC-IV) or patientunitstayid (eICU) in these files")
    command.add_argument("--target", metavar="RANGE",
                         help="range aimed at: 60-80 (aPTT in s), anti-xa:0.3-0.7, act:180-220, ratio:1.5-2.5 (default: that of "
                         "the course; for your own file what anti-Xa 0.3-0.7 U/mL is with the reagent)")  # fmt: skip
    command.add_argument("--weight", type=typed_number, metavar="KG", help="body weight, kg, if the chart does not state it")
    command.add_argument("--course-id", metavar="NAME", help="name of the course in a file with several courses")
    _model_options(command, hours=False, model=None)
    _output_options(command)


def _add_nomograms(commands: Commands) -> None:
    command = _command(
        commands, "nomograms", run_nomograms, "the dosing tables, or one of them in full", "heparin-pk nomograms raschke-1993"
    )
    command.add_argument("name", nargs="?", metavar="NAME")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_models(commands: Commands) -> None:
    command = _command(
        commands, "models", run_models, "the published and derived models, or one in full", "heparin-pk models UFH_B_DERIVED"
    )
    command.add_argument("name", nargs="?", metavar="NAME")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_cite(commands: Commands) -> None:
    command = _command(
        commands, "cite", run_cite, "the papers behind models and nomograms", "heparin-pk cite UFH_DEFAULT raschke-1993"
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="models or nomograms (default: all)")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_overlay(commands: Commands) -> None:
    command = _command(commands, "overlay", run_overlay,
                       "several models for one patient and one regimen, in one table and one picture",
                       "heparin-pk overlay UFH_DEFAULT JIA_2015_UFH --weight 75 --bolus 80 --infusion 18")  # fmt: skip
    command.add_argument("names", nargs="*", metavar="MODEL", help="models (default: all of unfractionated heparin)")
    _patient_options(command)
    _order_options(command)
    command.add_argument("--hours", type=typed_number, default=24.0, metavar="H", help="hours to simulate (default 24)")
    command.add_argument(
        "--assay", default="anti_xa_u_per_ml", metavar="NAME", help=f"{', '.join(ASSAYS)} (default anti_xa_u_per_ml)"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--figure", metavar="FILE", help="also draw the courses (.png, .svg, .pdf)")


def _add_indications(commands: Commands) -> None:
    command = _command(commands, "indications", run_indications, "reasons to give heparin, or one of them for one patient",
                       "heparin-pk indications pulmonary-embolism --weight 75")  # fmt: skip
    command.add_argument("name", nargs="?", metavar="NAME")
    _patient_options(command, weight_needed=False)
    _output_options(command)


def _add_practice(commands: Commands) -> None:
    command = _command(
        commands,
        "practice",
        run_practice,
        "dated, regional statements on the use of heparin, or those on one topic",
        "heparin-pk practice hit-monitoring",
    )
    command.add_argument("topic", nargs="?", metavar="TOPIC")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_before_starting(commands: Commands) -> None:
    command = _command(commands, "before-starting", run_before_starting,
                       "the checks before the first dose: what warns, and what is missing",
                       "heparin-pk before-starting --platelets 210 --weight 80 --weight-was-measured no")  # fmt: skip
    for option, unit, what in (
        ("platelets", "10^9/L", "platelet count, 10^9/L"),
        ("haemoglobin", "G/DL", "haemoglobin, g/dL"),
        ("baseline-aptt", "S", "aPTT before heparin, s"),
        ("creatinine-clearance", "ML/MIN", "creatinine clearance, mL/min"),
        ("potassium", "MMOL/L", "potassium, mmol/L"),
        ("weight", "KG", "body weight, kg"),
    ):
        command.add_argument(f"--{option}", type=typed_number, metavar=unit, help=what)
    for option, field in before_starting.QUESTIONS.items():
        command.add_argument(f"--{option}", metavar="YES-OR-NO", help=f"{before_starting.ASKED[field]}: yes or no")
    command.add_argument("--json", action="store_true", help="print JSON instead of words")


def _add_hit(commands: Commands) -> None:
    command = _command(commands, "hit", run_hit, "the 4Ts score, the tests after it and what is done; or a platelet count",
                       "heparin-pk hit --fall 55 --nadir 80 --day 7 --thrombosis 0 --other-causes 1")  # fmt: skip
    command.add_argument("--fall", type=typed_number, metavar="%", help="fall of the platelets from the highest count, per cent")
    command.add_argument("--nadir", type=typed_number, metavar="10^9/L", help="lowest count, 10^9/L")
    command.add_argument("--day", type=typed_whole_number, metavar="D", help="day of heparin on which the fall began")
    command.add_argument(
        "--heparin-days-ago", type=typed_whole_number, metavar="D", help="earlier heparin: days before this start"
    )
    command.add_argument("--unclear", action="store_true", help="the day of the onset is not clear")
    command.add_argument("--thrombosis", type=typed_whole_number, metavar="POINTS", help="0, 1 or 2 (2: new and proven)")
    command.add_argument(
        "--other-causes", type=typed_whole_number, metavar="POINTS", help="0 definite, 1 possible, 2 none evident"
    )
    command.add_argument("--immunoassay", metavar="RESULT", help="positive or negative")
    command.add_argument("--functional", metavar="RESULT", help="positive or negative")
    command.add_argument("--pretest", default="meta-analysis", metavar="NAME",
                         help=f"{', '.join(hit.PRETESTS)} (default meta-analysis)")  # fmt: skip
    command.add_argument("--series", metavar="NAME", help=f"instead: a platelet count day by day: {', '.join(PATTERNS)}")
    command.add_argument("--risk", default="high", metavar="NAME", help=f"{', '.join(hit.RISK_GROUPS)} (default high)")
    command.add_argument("--stopped", type=typed_number, metavar="D", help="day on which all heparin is stopped")
    command.add_argument("--seed", type=typed_whole_number, default=0, help="the same seed gives the same patient (default 0)")
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument("--figure", metavar="FILE", help="also draw it (.png, .svg, .pdf)")


def _add_reversal(commands: Commands) -> None:
    command = _command(commands, "reversal", run_reversal, "protamine by elapsed time, centre by centre; when it is normal again",
                       "heparin-pk reversal --weight 75 --bolus 80 --minutes 45")  # fmt: skip
    _patient_options(command)
    command.add_argument("--bolus", type=typed_number, default=80.0, metavar="U/KG", help="bolus before, U/kg (default 80)")
    command.add_argument("--infusion", type=typed_number, default=18.0, metavar="U/KG/H", help="infusion before (default 18)")
    command.add_argument("--minutes", type=typed_number, metavar="MIN", help="minutes since the bolus (default: several)")
    command.add_argument(
        "--stopped", type=typed_number, default=0.0, metavar="MIN", help="minutes since the pump stopped (default 0)"
    )
    command.add_argument("--table", default="Children's Mercy", metavar="NAME", help=", ".join(reversal.TABLES))
    command.add_argument("-n", "--number", type=typed_whole_number, default=100, metavar="N", help="virtual people (default 100)")
    command.add_argument("--seed", type=typed_whole_number, default=0, help="the same seed gives the same people (default 0)")
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument("--figure", metavar="FILE", help="also draw the table beside what is left (.png, .svg, .pdf)")


def _add_faults(commands: Commands) -> None:
    command = _command(commands, "faults", run_faults, "errors at five places, what each does to a course, what would catch it",
                       "heparin-pk faults tenfold --checks 'smart-pump limits' --figure fault.png")  # fmt: skip
    command.add_argument("name", nargs="?", metavar="NAME", help=f"one of: {', '.join(KINDS)} (default: the list)")
    command.add_argument("--checks", nargs="*", metavar="NAME", help="checks to buy; without a name: the list of checks")
    command.add_argument("--minutes", type=typed_number, metavar="MIN", help="budget for the checks, minutes of staff time")
    command.add_argument("--size", type=typed_number, metavar="X", help="how large the fault is, in its own unit")
    command.add_argument("--until", type=typed_number, metavar="H", help="the fault strikes up to then, h")
    command.add_argument("--nomogram", metavar="NOMOGRAM", help="the table (default: one in which the fault shows)")
    command.add_argument("--weight", type=typed_number, metavar="KG", help="body weight, kg (default: one in which it shows)")
    command.add_argument("--hours", type=typed_number, default=48.0, metavar="H", help="hours to simulate (default 48)")
    command.add_argument("--seed", type=typed_whole_number, help="the same seed gives the same course")
    command.add_argument("--trial", type=typed_whole_number, metavar="N",
                         help="instead: N patients under no check, double checks, smart-pump limits, both")  # fmt: skip
    command.add_argument("--engine", metavar="NAME", help=f"of a trial: auto (default), {', '.join(RUNNERS)}")
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument("--figure", metavar="FILE", help="also draw the course with and without the fault (.png, .svg, .pdf)")


def _add_regrets(commands: Commands) -> None:
    command = _command(commands, "regrets", run_regrets,
                       "what too much and what too little cost one patient, and what was published of each",
                       "heparin-pk regrets raschke-1993 --weight 80 --seed 7 --figure regrets.png")  # fmt: skip
    _titrate_options(command)
    command.add_argument("--short", action="store_true", help="leave the papers out")
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument("--figure", metavar="FILE", help="also draw what lies above and below the range (.png, .svg, .pdf)")


def _add_misconceptions(commands: Commands) -> None:
    command = _command(
        commands,
        "misconceptions",
        run_misconceptions,
        "what is often said of heparin and is not so, each with a demonstration",
        "heparin-pk misconceptions dissolves-clots",
    )
    command.add_argument("name", nargs="?", metavar="NAME")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_leaflet(commands: Commands) -> None:
    command = _command(commands, "leaflet", run_leaflet, "a leaflet in the patient's words: why, how, tests, what to report",
                       "heparin-pk leaflet pulmonary-embolism --weight 75 --condition kidney-failure")  # fmt: skip
    command.add_argument("name", metavar="NAME", help="a name from 'heparin-pk indications'")
    _patient_options(command, weight_needed=False)
    command.add_argument("--json", action="store_true", help="print JSON instead of words")


def _add_validate(commands: Commands) -> None:
    command = _command(commands, "validate", run_validate, "printed values compared with the models, misses included",
                       "heparin-pk validate --group kinetics")  # fmt: skip
    command.add_argument("--group", metavar="NAME", help=f"one of: {'; '.join(validation.GROUPS)}")
    command.add_argument("--misses", action="store_true", help="only the rows outside the printed uncertainty")
    command.add_argument("--changes", action="store_true",
                         help="instead: rows that left, tolerances that changed, printed and not asked")  # fmt: skip
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--figure", metavar="FILE", help="also draw the table (.png, .svg, .pdf)")


def _add_trial(commands: Commands) -> None:
    command = _command(commands, "trial", run_trial, "dosing tables on thousands of virtual patients, the same in every arm",
                       "heparin-pk trial raschke-1993 durham-va-2009 -n 2000 --seed 7 --figure out.png")  # fmt: skip
    command.add_argument(
        "arms",
        nargs="+",
        metavar="NOMOGRAM",
        help="tables by name, or your own .toml files (up to 100 kB); the others are compared with the first",
    )
    command.add_argument(
        "-n", "--number", type=typed_whole_number, metavar="N", help="number of patients (default 2000; of your own file: all)"
    )
    command.add_argument(
        "--seed", type=typed_whole_number, default=0, help="the same seed gives the same patients and errors (default 0)"
    )
    command.add_argument("--hours", type=typed_number, default=48.0, metavar="H", help="hours to simulate (default 48)")
    command.add_argument("--people", default="thrombosis-ward", metavar="NAME-OR-FILE",
                         help=f"{', '.join(hospital.POPULATIONS)} (default thrombosis-ward), "
                              "or your own .csv file (up to 64 MB)")  # fmt: skip
    command.add_argument(
        "--hospital", default="real", metavar="NAME",
        help="real (default): people change, results have a residual error, the ward errs; ideal: what a table could do",
    )  # fmt: skip
    command.add_argument(
        "--ward", metavar="NAME", help=f"how orders are carried out: {', '.join(hospital.WARDS)} (default: as in the hospital)"
    )
    command.add_argument(
        "--model", default="UFH_DEFAULT", metavar="NAME", help="a name from 'heparin-pk models' (default UFH_DEFAULT)"
    )
    _hypothesis_option(command)
    command.add_argument("--reagent", metavar="NAME", help=_REAGENT)
    command.add_argument(
        "--turnaround", type=typed_number, default=1.0, metavar="H", help="hours from draw to result (default 1)"
    )
    command.add_argument("--dosing-weight", metavar="RULE", help=f"dose by the {', '.join(DOSING_WEIGHTS)} weight")
    command.add_argument("--group", default="all", metavar="NAME-OR-RULE",
                         help="print a subgroup: 'women', 'BMI 30 to 40', ... or one of your own by columns of --csv: "
                              "'weight_kg < 60', 'age_y >= 75 and smoker = yes'")  # fmt: skip
    command.add_argument(
        "--workers", type=typed_whole_number, default=1, metavar="N", help="processes on this machine (default 1)"
    )
    command.add_argument("--scheduler", metavar="ADDRESS", help="run on an existing Dask cluster instead (tcp://...)")
    engines = (
        f"auto (default), {', '.join(RUNNERS)}: the same numbers; auto is compiled where numba is installed and the number of "
        "patients is worth it, else numpy"
    )
    command.add_argument("--engine", default="auto", metavar="NAME", help=engines)
    command.add_argument("--ensemble", type=typed_whole_number, metavar="DRAWS",
                         help="also run the trial with so many draws of the model's uncertain parameters (1 to 200) and, for "
                              "UFH_DEFAULT, the other sets fitted to the same papers; print how far they differ")  # fmt: skip
    command.add_argument("--checkpoint", metavar="FOLDER", help="save finished chunks here; the same command resumes from them")
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument(
        "--csv", metavar="FILE", help="also write one row for each patient and arm; FILE-metadata.json says what the columns are"
    )
    command.add_argument("--figure", metavar="FILE", help="also draw the outcomes (.png, .svg, .pdf)")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_tube(commands: Commands) -> None:
    command = _command(commands, "tube", run_tube, "why heparin stretches an aPTT: the reactions of one plasma; not for dosing",
                       "heparin-pk tube --heparin 0.5 --antithrombin 0.5 --factor-viii 3")  # fmt: skip
    command.add_argument("--heparin", type=typed_number, default=0.0, metavar="U/ML", help="heparin, U/mL (default 0)")
    for option in TUBE_FRACTIONS:
        command.add_argument(
            f"--{option}", type=typed_number, default=1.0, metavar="SHARE", help="share of normal, 0 to 5 (default 1)"
        )
    command.add_argument("--partition", default="competitive", metavar="NAME",
                         help=f"where heparin stands: {', '.join(clotting.PARTITIONS)} (default competitive)")  # fmt: skip
    command.add_argument("--spare", action="append", default=[], metavar="ENZYME",
                         help="let antithrombin inhibit it no faster with heparin than without, repeatable: "
                         f"{', '.join(clotting.ENZYMES)}")  # fmt: skip
    command.add_argument("--sensitivity", type=typed_number, default=1.0, metavar="RATIO",
                         help="sensitivity of the aPTT reagent to heparin (default 1)")  # fmt: skip
    command.add_argument("--tissue-factor", type=typed_number, default=5.0, metavar="PMOL/L",
                         help="trigger of the thrombin generation, pmol/L (default 5)")  # fmt: skip
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument("--figure", metavar="FILE", help="also draw it (.png, .svg, .pdf)")


def _add_lab(commands: Commands) -> None:
    command = _command(commands, "lab", run_lab, "open the course in JupyterLab, in a copy in this folder", "heparin-pk lab")
    command.add_argument("--originals", action="store_true", help="open the notebooks themselves, for those who write them")
    command.add_argument("--voila", action="store_true", help="show it to an audience with Voila: no code, nothing kept")
    command.add_argument("--no-browser", action="store_true", help="start the server without opening a browser")
    command.add_argument("--port", type=typed_whole_number, help="port of the server")


def _add_handout(commands: Commands) -> None:
    command = _command(
        commands,
        "handout",
        run_handout,
        "write the notebooks as HTML or PDF for paper: pictures, and questions without their answers",
        "heparin-pk handout --out handout",
    )
    command.add_argument("--out", default="handout", metavar="DIR", help="output folder (default handout)")
    command.add_argument("--only", metavar="NAME", help="only notebooks whose name begins so, such as 02")
    command.add_argument("--no-run", action="store_true", help="do not run the notebooks: prose and questions alone, in a second")
    command.add_argument("--pdf", action="store_true", help="PDF in place of HTML, printed by Chromium, Chrome or Edge")


def _add_demo(commands: Commands) -> None:
    command = _command(
        commands, "demo", run_demo, "replay a real patient; write a picture and a table", "heparin-pk demo --folder demo"
    )
    command.add_argument("--course", default="M3D-027", help="name of the course (default M3D-027)")
    command.add_argument("--folder", default="demo", help="output folder (default demo)")


# Options that several commands share


_REAGENT = f"aPTT reagent (default: the one the table was written for; without a table {MODERN.name}): {', '.join(REAGENTS)}"


def _order_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the orders."""
    command.add_argument("--bolus", type=typed_number, metavar="U/KG", help="bolus at 0 h, U/kg")
    command.add_argument("--infusion", type=typed_number, metavar="U/KG/H", help="infusion from 0 h, U/kg/h")
    command.add_argument("--order", action="append", default=[], metavar="'TIME KIND AMOUNT UNIT'",
                         help="one order, repeatable, in order of time: '6 bolus 40 U/kg', "
                         "'7 infusion 20 U/kg/h', '8 infusion 12 mL/h of 100 U/mL', "
                         "'9 hold 60 min', '24 stop', '0 subcutaneous 5000 U', '25 protamine 30 mg'")  # fmt: skip


def _patient_options(command: argparse.ArgumentParser, weight_needed: bool = True) -> None:
    """Add the options of the patient."""
    command.add_argument("--weight", type=typed_number, required=weight_needed, metavar="KG", help="body weight, kg")
    command.add_argument("--age", type=typed_number, metavar="Y", help="age, years")
    command.add_argument(
        "--baseline-aptt", type=typed_number, default=30.0, metavar="S", help="aPTT before heparin, s (default 30)"
    )
    command.add_argument("--antithrombin", type=typed_number, default=1.0, metavar="SHARE",
                         help="antithrombin, share of normal (default 1)")  # fmt: skip
    command.add_argument("--height", type=typed_number, metavar="CM", help="height, cm")
    command.add_argument("--sex", metavar="SEX", help=" or ".join(SEXES))
    command.add_argument("--creatinine-clearance", type=typed_number, metavar="ML/MIN", help="creatinine clearance, mL/min")
    command.add_argument("--factor-viii", type=typed_number, metavar="U/ML", help="factor VIII, U/mL")
    command.add_argument("--condition", action="append", default=[], metavar="NAME", help=f"repeatable: {', '.join(CONDITIONS)}")
    command.add_argument("--dosing-weight", metavar="RULE", help=f"dose by the {', '.join(DOSING_WEIGHTS)} weight")


def _model_options(command: argparse.ArgumentParser, hours: bool = True, model: str | None = "UFH_DEFAULT") -> None:
    """Add the options of the model, the reagent and the engine."""
    if hours:
        command.add_argument("--hours", type=typed_number, default=48.0, metavar="H", help="hours to simulate (default 48)")
    command.add_argument("--model", default=model, metavar="NAME", help="a name from 'heparin-pk models' (default UFH_DEFAULT)")
    _hypothesis_option(command)
    command.add_argument("--reagent", metavar="NAME", help=_REAGENT)
    command.add_argument("--engine", default="stepper", metavar="NAME", help=f"{', '.join(ENGINES)} (default stepper)")


def _hypothesis_option(command: argparse.ArgumentParser) -> None:
    """Add the option that switches on a covariate effect which a paper contradicts."""
    command.add_argument("--hypothesis", action="append", default=[], metavar="NAME",
                         help="switch on a covariate effect that a paper contradicts, repeatable: "
                         f"{', '.join(one.name for one in UFH_DEFAULT.hypotheses)}")  # fmt: skip


def _output_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the output."""
    command.add_argument("--json", action="store_true", help="print JSON instead of words")
    command.add_argument("--csv", metavar="FILE", help="also write the course as CSV (reads back without loss)")
    command.add_argument("--figure", metavar="FILE", help="also draw the course (.png, .svg, .pdf)")
