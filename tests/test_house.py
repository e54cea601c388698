"""House rules that a machine can check: who imports whom, units in names, clean notebooks, no trace of one machine."""

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import heparin_pk

HOUSE = Path(__file__).resolve().parents[1]
PACKAGE = Path(heparin_pk.__file__).parent
NAME = "heparin_pk"

# Import directions: strictly downwards

FLOORS = {  # a folder imports only from folders on lower floors
    "base": 0,  # the toolbox
    "body": 1,  # who is treated
    "blood": 2,  # what is measured
    "engine": 3,  # the integrators: they know the kinetics and nothing above
    "published": 3,  # models
    "ward": 3,  # orders
    "simulation": 4,  # time passes
    "trials": 5,  # virtual patients
    "teaching": 5,  # what is taught
    "evidence": 6,  # models against papers
    "": 7,  # the public names: what a notebook imports, and what the upper floors may
    "plot": 8,
    "widgets": 9,
    "cli": 9,
}
LATE = {"heparin_pk.trials.processes"}
"""Modules that are imported inside functions only, and so may import at the top what a browser has not."""
OUTSIDE = {  # package: (who may import it, whether only inside a function)
    "numpy": (set(FLOORS), False),
    "scipy": ({"engine", "blood"}, False),
    "numba": ({"engine"}, True),
    "pandas": ({"simulation", "evidence", "trials"}, True),
    "xarray": ({"trials"}, True),
    "dask": ({"trials"}, True),
    "tqdm": ({"trials"}, True),
    "multiprocessing": ({"trials"}, True),  # does not exist in a browser's Python
    "concurrent": ({"trials", "cli"}, False),
    "matplotlib": ({"plot", "widgets", "cli"}, False),
    "ipywidgets": ({"widgets"}, False),
    "IPython": ({"widgets"}, False),
    "jupyterlab": ({"cli"}, True),
    "jupyter_server": ({"cli"}, False),  # in a module that JupyterLab alone imports
    "voila": ({"cli"}, False),  # in a module that Voila itself loads
    "nbconvert": ({"cli"}, False),
    "nbclient": ({"cli"}, True),
    "nbformat": ({"cli"}, True),
}


def folder_of(dotted):
    """Return the folder of a module of the package ("heparin_pk.engine.stepper": "engine"), or None for one from outside."""
    first, _, rest = dotted.partition(".")
    return rest.partition(".")[0] if first == NAME else None


MODULES = {
    ".".join([NAME, *file.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}


def imports(code, module, is_package=False):
    """Yield (dotted name, line, is late) for everything a module imports, in whatever spelling, wherever in its code."""
    tree = ast.parse(code)
    late = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in late
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            for alias in node.names:
                is_module = f"{base}.{alias.name}" in MODULES or (base == NAME and alias.name in FLOORS)
                yield f"{base}.{alias.name}" if is_module else base, node.lineno, id(node) in late
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.args[0].value, node.lineno, id(node) in late


def offences(code, module, is_package=False):
    """Return what a module imports against the rules, in words."""
    own = folder_of(module)
    found = []
    for dotted, line, late in imports(code, module, is_package):
        folder = folder_of(dotted)
        if dotted in LATE and not late:
            found.append(f"{module}:{line} imports {dotted} at the top; only inside a function")
        if folder is None:
            outside = dotted.partition(".")[0]
            if outside in sys.stdlib_module_names and outside not in OUTSIDE:
                continue
            who, only_late = OUTSIDE.get(outside, (set(), False))
            if own not in who:
                found.append(f"{module}:{line} imports {outside}, which is not for {own or 'the package'}")
            elif only_late and not late and module not in LATE:
                found.append(f"{module}:{line} imports {outside} at the top; only inside a function")
        elif folder not in FLOORS:
            found.append(f"{module}:{line} imports {dotted}, which has no floor")
        elif folder != own and FLOORS[folder] >= FLOORS[own]:
            found.append(f"{module}:{line} (floor {FLOORS[own]:g}) imports {dotted} (floor {FLOORS[folder]:g})")
    return found


def test_every_module_has_a_floor():
    assert {folder_of(module) for module in MODULES} <= set(FLOORS)
    assert len(MODULES) > 60


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module):
    file = MODULES[module]
    assert offences(file.read_text(encoding="utf-8"), module, file.name == "__init__.py") == []


PATIENT = "body.patient"
PLANTED = [
    (PATIENT, "import heparin_pk.simulation.course", "course"),
    (PATIENT, "import heparin_pk.simulation.course as c", "course"),
    (PATIENT, "import os, heparin_pk.simulation", "simulation"),
    (PATIENT, "import heparin_pk", "heparin_pk (floor 7)"),
    (PATIENT, "from heparin_pk.simulation.course import Course", "course"),
    (PATIENT, "from heparin_pk import simulation", "simulation"),
    (PATIENT, "from heparin_pk import Course", "heparin_pk (floor 7)"),
    (PATIENT, "from heparin_pk.engine.stepper import build", "engine"),
    (PATIENT, "from ..simulation.course import Course", "course"),
    (PATIENT, "from .. import simulation", "simulation"),
    (PATIENT, "from .. import simulation as s, base", "simulation"),
    (PATIENT, "def f():\n    from ..engine import Run", "engine"),
    (PATIENT, "def f():\n    import heparin_pk.engine.stepper", "engine"),
    (PATIENT, "async def f():\n    from heparin_pk.ward.controller import Controller", "ward"),
    (PATIENT, "class A:\n    def f(self):\n        from heparin_pk.ward.controller import Controller", "ward"),
    (PATIENT, "if True:\n    try:\n        from heparin_pk import ward\n    except ImportError:\n        pass", "ward"),
    (PATIENT, "import importlib\nimportlib.import_module('heparin_pk.ward.controller')", "ward"),
    (PATIENT, "__import__('heparin_pk.ward.controller')", "ward"),
    ("published.drug", "from heparin_pk.ward.orders import Bolus", "ward"),  # one floor, two folders
    ("engine.stepper", "from ..body.patient import Patient\nfrom ..published import enoxaparin", "published"),
    ("engine.stepper", "from .. import simulation", "simulation"),
    ("published.enoxaparin", "from ..engine import Run", "engine"),
    ("simulation.metrics", "from heparin_pk.plot import course", "plot"),
    ("teaching.indications", "from heparin_pk.trials.trial import Trial", "trials"),
    ("plot", "from heparin_pk.widgets import explore", "widgets"),
    (PATIENT, "from heparin_pk.cellar import x", "cellar"),
    (PATIENT, "import scipy", "scipy"),
    ("simulation.metrics", "from scipy.optimize import root", "scipy"),
    ("simulation.metrics", "def f():\n    import matplotlib.pyplot as plt", "matplotlib"),
    ("plot", "import ipywidgets", "ipywidgets"),
    ("plot", "from IPython.display import display", "IPython"),
    ("simulation.simulate", "def f():\n    import numba", "numba"),
    ("engine.compiled", "import numba", "only inside a function"),
    ("simulation.course", "import pandas as pd", "only inside a function"),
    ("teaching.indications", "def f():\n    import pandas", "pandas"),
    ("base.source", "import requests", "requests"),
    ("simulation.cohort", "def f():\n    import multiprocessing", "multiprocessing"),
    ("trials.workers", "from multiprocessing import get_context", "only inside a function"),
]


@pytest.mark.parametrize(("module", "code", "what"), PLANTED, ids=lambda text: text[:40].replace("\n", " "))
def test_a_planted_violation_is_found(module, code, what):
    """In each spelling, on top of the real module, so that what is found is the plant and nothing else."""
    file = MODULES[f"{NAME}.{module}"]
    whole = file.read_text(encoding="utf-8") + "\n\n" + code + "\n"
    found = offences(whole, f"{NAME}.{module}", file.name == "__init__.py")
    assert len(found) >= 1
    assert all(what in offence for offence in found[-1:])


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("ward.orders", "from heparin_pk.ward.pump import Bag"),
        ("ward.orders", "from .pump import Bag"),
        ("engine.stepper", "from . import reference\nfrom .reference import METHOD\nimport heparin_pk.engine.exact"),
        ("engine.stepper", "from ..body.kinetics import derivatives"),
        ("engine.compiled", "def f():\n    import numba"),
        ("simulation.course", "def f():\n    import pandas as pd"),
        ("widgets.explore", "import ipywidgets\nfrom heparin_pk import Patient, plot, simulate"),
        ("cli", "from heparin_pk import plot"),
        (PATIENT, "import math, re\nfrom collections.abc import Callable\nimport numpy as np"),
    ],
)
def test_what_is_allowed_is_not_found(module, code):
    assert offences(code, f"{NAME}.{module}") == []


# Inside a folder nothing goes round in a circle, and a late import hides none


def import_graph(codes):
    """Return which modules of the package each module imports, late imports too; ``codes`` is the text of each module."""
    graph = {}
    for module, code in codes.items():
        is_package = MODULES[module].name == "__init__.py" if module in MODULES else False
        graph[module] = {name for name, _, _ in imports(code, module, is_package) if name in codes and name != module}
    return graph


def circles(graph):
    """Return the groups of modules that import each other, directly or through others (Tarjan 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in graph[module]:
            if other not in index:
                visit(other)
            if other in stack:
                low[module] = min(low[module], low[other])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in graph:
        if module not in index:
            visit(module)
    return found


CODES = {module: file.read_text(encoding="utf-8") for module, file in MODULES.items()}


def test_no_circle_not_even_a_late_one():
    assert circles(import_graph(CODES)) == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("engine.reference", "from heparin_pk.engine import lanes"),
        ("engine.reference", "def f():\n    from .stepper import build"),
        ("evidence.validation.claim", "def f():\n    from heparin_pk.evidence.validation.table import rows"),
        ("evidence.validation.claims.common", "def f():\n    from heparin_pk.evidence.validation.claims import CLAIMS"),
        ("ward.pump", "def f():\n    import heparin_pk.ward.orders"),
    ],
)
def test_a_planted_circle_is_found(module, code):
    module = f"{NAME}.{module}"
    assert any(module in group for group in circles(import_graph(CODES | {module: CODES[module] + "\n\n" + code + "\n"})))


HEAVY = ("matplotlib", "ipywidgets", "IPython", "numba", "pandas", "scipy.integrate", "scipy.optimize", "multiprocessing")
TELL = f"""
import csv, decimal, os, random, sys, threading, time, warnings
import numpy as np
def state():
    limits = csv.field_size_limit(), sys.getrecursionlimit(), decimal.getcontext().prec, tuple(np.geterr().items())
    return list(warnings.filters), random.getstate(), np.random.get_state()[1].tolist(), dict(os.environ), os.listdir(), limits
before = state()
began = time.process_time()
import {NAME}
took = time.process_time() - began
after = state()
print(*sorted(set({HEAVY!r}) & set(sys.modules)), sep=",")
print(before == after and threading.active_count() == 1)
print(took)
"""


def test_importing_the_house_is_light_and_changes_nothing(tmp_path):
    """None of the heavy packages, no filter, seed, variable, file or thread; and 0.3 s of work at most, the best of five."""
    seconds = []
    for _ in range(5):
        run = subprocess.run([sys.executable, "-c", TELL], capture_output=True, text=True, check=True, cwd=tmp_path)
        loaded, unchanged, took = run.stdout.splitlines()
        assert loaded == ""
        assert unchanged == "True"
        seconds.append(float(took))
        if seconds[-1] < 0.3:
            break
    assert min(seconds) < 0.3


WITHOUT_PROCESSES = f"""
import sys
for name in ("multiprocessing", "_multiprocessing", "multiprocessing.connection", "concurrent.futures.process"):
    sys.modules[name] = None  # as in a browser's Python: importing it is an ImportError
from {NAME} import Nomogram, Patient, Population, Trial, published, titrate
course = titrate(Patient(weight_kg=82), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=6)
print(len(course.time_h) > 50, Trial(population=Population(), arms=[Nomogram.load("raschke-1993")]).run(9, progress=False).arms)
"""


def test_it_works_where_processes_do_not_exist():
    run = subprocess.run([sys.executable, "-c", WITHOUT_PROCESSES], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "True ('raschke-1993',)", run.stderr


# Units are the last word of a name

UNITS = {
    "kg",
    "cm",
    "lb",
    "d",
    "h",
    "hours",
    "min",
    "s",
    "y",
    "u",
    "l",
    "dl",
    "ml",
    "mg",
    "percent",
    "percents",
    "fraction",
    "ratio",
    "m2",
}
WITHOUT_A_UNIT = {
    "z": "a standard normal number",
    "base": "the base of a power",
    "function": "a function of a number",
    "bounds": "two numbers in the unit its claim names",
    "low": "an end of a range, in the unit of its assay",
    "high": "an end of a range, in the unit of its assay",
    "below": "an edge of a band, in the unit of its table's assay",
    "until_below": "a level, in the unit of its assay",
    "hold_until_below": "a level, in the unit of its table's assay",
    "pause_until_below": "a level, in the unit of the assay",
    "paused_until_below": "a level, in the unit of the assay",
    "at_least": "an edge of a rule, in the unit of its table's assay",
    "up_to": "an edge of a row, in years or kg, as its start says",
    "used": "a number from a printed range, in the unit of what it is chosen for",
    "level": "a level, in the unit of its assay",
    "value": "a result in the unit of its assay, or the number beside its unit",
    "ceiling": "a level, in the unit of its assay",
    "resolution": "the last digit of a level, in the unit of its assay",
    "most": "the most an outcome can be, in its own unit",
    "mean": "of an outcome, in its own unit",
    "sd": "between patients or models, in the unit of the outcome",
    "median": "of an outcome, in its own unit",
    "chi2": "squares of residuals over their SD: has no unit",
    "round_to": "the last digit of a level, in the unit of its assay",
    "step": "a multiple of whatever is rounded",
    "exponent": "an exponent has no unit",
    "hill_exponent": "an exponent has no unit",
    "interval": "two ends, in the unit of the value they belong to",
    "intercept": "of a regression, in the unit of its form",
    "slope": "of a regression, in the unit of its form",
    "correlation": "has no unit",
    "ask": "a question",
    "printed": "the number a paper prints, in the unit its claim names",
    "plus_minus": "beside a printed number, in the same unit",
    "other_reading": "the ends of a second reading of a printed +-, in the same unit",
    "tested": "the same question with the cause of a miss taken away",
    "old": "the two ends of a tolerance then, in the unit its claim names",
    "new": "the two ends of a tolerance now, in the unit its claim names",
    "ours": "our answer to it, in the same unit",
    "inr": "a ratio of clotting times by its own name",
    "factors": "pairs of a parameter and what multiplies it",
    "reference": "in the unit of the measure it belongs to",
    "hours": "is its unit",
    "minutes": "is its unit",
    "most_minutes": "is its unit",
    "peak_level": "in the unit of the assay of its range",
    "anti_xa_range": "two levels in the unit of the assay its name says",
    "width": "of a picture, in the unit of paper",
    "height": "of a picture, in the unit of paper",
    "size": "of a fault, in the unit that its kind names",
    "limits": "of that size, in the same unit",
}
"""Numbers whose unit another field names, or that have none. A new entry needs its reason."""


def has_a_unit(name):
    return name.rpartition("_")[2] in UNITS or name in WITHOUT_A_UNIT


def numbers_without_a_unit(code):
    """Yield "name in where" for public float fields and parameters whose last word is no unit."""

    def is_public(name):
        return not name.startswith("_")

    def is_float(annotation):
        words = "" if annotation is None else ast.unparse(annotation)
        return re.search(r"\bfloat\b", words) and not re.search(r"\b(Mapping|dict)\b", words)  # the keys of a table have names

    def of_function(function, where):
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if is_float(argument.annotation) and not has_a_unit(argument.arg):
                yield f"{argument.arg} in {where}{function.name}"

    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef) and is_public(node.name):
            yield from of_function(node, "")
        elif isinstance(node, ast.ClassDef) and is_public(node.name):
            for member in node.body:
                if isinstance(member, ast.AnnAssign) and is_float(member.annotation) and not has_a_unit(member.target.id):
                    yield f"{member.target.id} in {node.name}"
                elif isinstance(member, ast.FunctionDef) and is_public(member.name):
                    yield from of_function(member, f"{node.name}.")


# Widgets hold pixels and shares of a screen; what they hand on to the house is checked where it arrives.
@pytest.mark.parametrize("module", [m for m in MODULES if folder_of(m) != "widgets"])
def test_units_are_the_last_word_of_a_name(module):
    assert list(numbers_without_a_unit(MODULES[module].read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("class A:\n    weight: float = 1.0", ["weight in A"]),
        ("class A:\n    dose: float | None", ["dose in A"]),
        ("class A:\n    weights: tuple[float, float]", ["weights in A"]),
        ("def f(rate: float, *, time: 'float'): ...", ["rate in f", "time in f"]),
        ("class A:\n    def f(self, clearance: float): ...", ["clearance in A.f"]),
        ("class A:\n    weight_kg: float\n    kind: str\n    rate_u_per_kg_per_h: float | None = None", []),
        ("def _f(rate: float): ...\nclass _A:\n    dose: float", []),
    ],
)
def test_a_planted_name_without_a_unit_is_found(code, found):
    assert list(numbers_without_a_unit(code)) == found


def test_the_list_of_exceptions_is_not_longer_than_needed():
    every = " ".join(file.read_text(encoding="utf-8") for file in MODULES.values())
    assert [name for name in WITHOUT_A_UNIT if not re.search(rf"\b{name}\b\s*:", every)] == []


# Nouns are frozen


def test_every_noun_is_frozen_and_slotted():
    nouns = set()
    for found in pkgutil.walk_packages([str(PACKAGE)], f"{NAME}."):
        folder = folder_of(found.name)
        if folder in {"widgets", "plot", "cli"}:
            continue
        module = importlib.import_module(found.name)
        nouns |= {thing for thing in vars(module).values() if isinstance(thing, type) and is_dataclass(thing)}
    nouns = {noun for noun in nouns if noun.__module__.startswith(NAME)}
    assert len(nouns) > 25
    for noun in nouns:
        assert noun.__dataclass_params__.frozen, noun
        assert "__slots__" in vars(noun), noun
        assert noun.__doc__, noun
        assert not noun.__doc__.startswith(f"{noun.__name__}("), f"{noun.__name__} has no words of its own"
        assert fields(noun)


# What is committed

SKIPPED = {".git", ".hypothesis", "venv", "build", "dist", "node_modules", "__pycache__", "demo", "test-screenshots"}


def texts():
    """Yield (path, text) of every text file of the project."""
    for path in sorted(HOUSE.rglob("*")):
        parts = path.relative_to(HOUSE).parts
        hidden = [part for part in parts if part in SKIPPED or part.startswith(".venv") or part.endswith((".egg-info", "_cache"))]
        if path.is_file() and not hidden and ".ipynb_checkpoints" not in parts and path.stat().st_size < 3_000_000:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


MACHINE = re.compile(r"(?<![A-Za-z0-9_.%~-])(?:/(?:work|farm|root|home|Users|mnt|tmp|var/folders)/[A-Za-z]|[A-Z]:\\Users\\)")
REGISTRY = re.compile(
    r"files\.pythonhosted\.org|registry\.(?:npmjs|yarnpkg)\.(?:org|com)|conda\.anaconda\.org|(?:extra-)?index-url\s*[=:]"
    r"|https?://[^\s\"')>]*/(?:simple|artifactory|nexus|pypi/simple)(?:/|\b)"
)


def traces(text):
    return [match.group() for pattern in (MACHINE, REGISTRY) for match in pattern.finditer(text)]


def test_no_trace_of_one_machine():
    found = {str(path.relative_to(HOUSE)): traces(text) for path, text in texts() if path.suffix != ".svg"}
    assert len(found) > 40
    assert {path: trace for path, trace in found.items() if trace} == {}


def test_a_planted_trace_is_found():
    slash = "/"
    for planted in (
        f"open('{slash}work{slash}main')",
        f"see {slash}home{slash}ann{slash}x",
        f"{slash}tmp{slash}scratch",
        f"at {slash}root{slash}x",
        "C:" + "\\Users\\ann",
        "https:" + f"{slash}{slash}files.python" + "hosted.org/packages/x.whl",
        "http:" + f"{slash}{slash}10.0.0.1:3141{slash}simple" + "/",
        "--index" + "-url = http",
        "https:" + f"{slash}{slash}registry.npm" + "js.org/left-pad",
    ):
        assert traces(planted), planted
    for harmless in ("https://example.org/home/ann", "work/main", "a/tmp/b", "https://pypi.org/project/heparin-pk", "tests/data"):
        assert traces(harmless) == [], harmless


NOTEBOOKS = sorted((HOUSE / "notebooks").rglob("*.ipynb"))


def run_cells(notebook):
    """Return the numbers of code cells that were saved with what they printed."""
    cells = json.loads(notebook)["cells"]
    return [
        number
        for number, cell in enumerate(cells, 1)
        if cell["cell_type"] == "code" and (cell.get("outputs") or cell.get("execution_count"))
    ]


def test_notebooks_are_committed_without_outputs():
    notebooks = [path for path in NOTEBOOKS if ".ipynb_checkpoints" not in path.parts]
    assert {
        path.name: run_cells(path.read_text(encoding="utf-8"))
        for path in notebooks
        if run_cells(path.read_text(encoding="utf-8"))
    } == {}


def test_a_planted_output_is_found():
    cell = {"cell_type": "code", "source": "1 + 1", "outputs": [], "execution_count": None}
    for planted in ({"outputs": [{"output_type": "stream"}]}, {"execution_count": 3}):
        assert run_cells(json.dumps({"cells": [cell, cell | planted]})) == [2]
    assert run_cells(json.dumps({"cells": [cell, {"cell_type": "markdown", "source": ""}]})) == []
