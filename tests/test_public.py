"""The public names: listed, typed, not hidden by each other, and a help text that fits a screen."""

from __future__ import annotations

import importlib
import pkgutil
import pydoc
import subprocess
import sys
import types
from pathlib import Path

import pytest

import heparin_pk
from heparin_pk import plot, widgets

PACKAGE = Path(heparin_pk.__file__).parent
PACKAGES = [heparin_pk.__name__] + [
    found.name for found in pkgutil.walk_packages(heparin_pk.__path__, "heparin_pk.") if found.ispkg
]


@pytest.mark.parametrize(
    "module", [heparin_pk, plot, widgets, heparin_pk.published, heparin_pk.validation], ids=lambda m: m.__name__
)
def test_every_listed_name_is_there_and_every_public_name_is_listed(module):
    assert len(set(module.__all__)) == len(module.__all__)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    submodules = {found.name for found in pkgutil.iter_modules(module.__path__)}
    here = {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and name not in submodules
        and name != "annotations"
        and not isinstance(thing, types.ModuleType)
    }
    assert here - set(module.__all__) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_hides_a_module(package):
    """`heparin_pk.overlay` is a function: no module may have that name beside it."""
    module = importlib.import_module(package)
    hidden = []
    for found in pkgutil.iter_modules(module.__path__):
        if found.name != "__main__":
            importlib.import_module(f"{package}.{found.name}")
            hidden += [found.name] if not isinstance(getattr(module, found.name), types.ModuleType) else []
    assert hidden == []


def test_the_help_of_a_trial_fits_a_screen():
    """Its signature and its fields: 40 lines of 130 characters. No model is printed as a default."""
    words = pydoc.render_doc(heparin_pk.Trial, renderer=pydoc.plaintext)
    first = words.split(" |  Methods defined here:")[0]
    begin, end = first.index(" |  Trial("), first.index(" -> None")
    signature = first[begin:end]  # one line, or, from Python 3.13 on, a line for each argument
    assert len(first.splitlines()) - signature.count("\n") <= 40
    assert len(max(words.splitlines(), key=len)) < 400
    assert "population" in signature
    assert "Source(" not in signature


def script():
    """Return a user's script that uses every public name."""
    lines = ["from __future__ import annotations", "", "import heparin_pk", "from heparin_pk import plot", ""]
    for i, name in enumerate(heparin_pk.__all__):
        lines.append(f"thing_{i} = heparin_pk.{name}")
    lines += [f"drawing_{i} = plot.{name}" for i, name in enumerate(plot.__all__)]
    lines += [f"model_{i} = heparin_pk.published.{name}" for i, name in enumerate(heparin_pk.published.__all__)]
    for i, name in enumerate(name for name in heparin_pk.__all__ if isinstance(getattr(heparin_pk, name), type)):
        lines += ["", f"def of_{i}(thing: heparin_pk.{name}) -> heparin_pk.{name}:", "    return thing", ""]
    return "\n".join(lines) + USE


USE = """
from heparin_pk import Arm, Bolus, Course, Infusion, Nomogram, Patient, Population, Regimen, Trial, hospital, metrics, published
from heparin_pk import calibration, datasets, indications, needed_rate_u_per_kg_per_h, overlay, print_citations, simulate, titrate
from heparin_pk import Outcomes, level, titrate_cohort, validation

patient = Patient(weight_kg=82, baseline_aptt_s=31)
heparin = published.UFH_DEFAULT
table = Nomogram.load("raschke-1993")
course: Course = titrate(patient, heparin, table, hours=48)
share: float = metrics.time_in_range_fraction(course, table.target)
again: Course = simulate(patient, heparin, course.regimen)
several: tuple[Course, ...] = overlay(patient, published.UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=80),)))
trial = Trial(population=hospital.THROMBOSIS_WARD, arms={"one": table, "two": Arm(controller=table)})
found: Outcomes = trial.run(100, seed=7)
text: str = found.in_words()
needed: float = needed_rate_u_per_kg_per_h(heparin, patient, table.target)
rows = [row.inside for row in validation.rows(group="kinetics")]
chart = datasets.load_icu_course("M3D-027")
print_citations(course, bibtex=False)
tubes = calibration.samples(heparin, published.reagents.GUIDELINE, 9, seed=1)
print(share, text, needed, rows, chart.labs, tubes, indications.ALL)
"""


@pytest.mark.slow
def test_a_strict_type_checker_accepts_a_script_that_uses_every_public_name(tmp_path):
    assert (PACKAGE / "py.typed").is_file()
    (tmp_path / "script.py").write_text(script(), encoding="utf-8")
    checked = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache"), "script.py"]
    run = subprocess.run(checked, capture_output=True, text=True, check=False, cwd=tmp_path)
    ours = [line for line in run.stdout.splitlines() if line.startswith("script.py") or "heparin_pk" in line]
    assert ours == [], run.stdout
    wrong = script() + "\nshare_of_a_wrong_type: str = metrics.time_in_range_fraction(course, table.target)\n"
    (tmp_path / "script.py").write_text(wrong, encoding="utf-8")
    run = subprocess.run(checked, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "Incompatible types in assignment" in run.stdout, "the checker does not see the types of the package"
