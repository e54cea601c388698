"""The commands that open the notebooks and run the demonstration."""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import os
import secrets
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from heparin_pk import published
from heparin_pk.base.files import check_output, make_folder, write_text
from heparin_pk.base.version import version
from heparin_pk.cli.output import PLAINLY, complain, draw_course, prediction_table
from heparin_pk.evidence import datasets
from heparin_pk.evidence.datasets import WARD_TARGET
from heparin_pk.simulation import metrics
from heparin_pk.teaching.course import COPY, INDEX
from heparin_pk.trials import metadata

FIRST_NOTEBOOK = f"{INDEX}.ipynb"
_SETTINGS = Path(__file__).parent / "jupyter"
"""JupyterLab asks for no news, Voila finds the pictures: they read this folder before their own."""


def run_lab(options: argparse.Namespace) -> None:
    """Open the index of a learner's copy in JupyterLab, or show the copy with Voila; exit with the return code."""
    if options.port is not None and not 1 <= options.port <= 65535:
        raise ValueError(f"--port must lie between 1 and 65535; got {options.port}")
    name, module = ("Voila", "voila") if options.voila else ("JupyterLab", "jupyterlab")
    if importlib.util.find_spec(module) is None:
        raise ValueError(f"{name} is not installed: pip install {module} ipywidgets")
    folder = originals() if options.originals else _copied(originals())
    if options.voila:
        arguments = [sys.executable, "-m", "voila", str(folder.resolve())]
        complain(f"choose {FIRST_NOTEBOOK} on the page that opens; what an audience answers there is not kept")
    else:
        arguments = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={folder.resolve().parent}"]
        arguments.append(f"--LabApp.default_url=/lab/tree/notebooks/{FIRST_NOTEBOOK}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments.append("--allow-root")
    arguments += ["--no-browser"] if options.no_browser else []
    arguments += [f"--port={options.port}"] if options.port else []
    before = os.environ.get("JUPYTER_CONFIG_PATH")
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join([str(_SETTINGS), *([before] if before else [])])}
    raise SystemExit(subprocess.run(arguments, check=False, env=environment).returncode)


def originals() -> Path:
    """Return the notebook folder of the repository or of the installed package, beside the folder of its pictures."""
    package = Path(__file__).resolve().parents[1]
    for place in (package.parent, package / "course_book"):
        if (place / "notebooks" / FIRST_NOTEBOOK).is_file():
            return place / "notebooks"
    raise ValueError("no notebooks beside this installation; clone the repository for them")


def _copied(source: Path) -> Path:
    """Return the notebooks of a copy in the current folder, so that no original changes.

    A copy that is there is gone on with: what is in it stays, and what it lacks is added.
    """
    copy = Path(COPY)
    is_there = copy.exists()
    if is_there and not copy.is_dir():
        raise ValueError(f"{COPY} is no folder: move it away, and the course begins anew")
    place = copy if is_there else Path(f"{COPY}.{secrets.token_hex(8)}.unfinished")
    try:
        for part in ("notebooks", "figures"):
            for file in sorted((source.parent / part).rglob("*")):
                target = place / file.relative_to(source.parent)
                if file.is_file() and not _SKIPPED & {file.suffix, *file.parts} and not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, target)
        if not is_there:
            place.rename(copy)
    except OSError as error:
        if not is_there:
            shutil.rmtree(place, ignore_errors=True)
        raise ValueError(f"{copy}: cannot be written: {error.strerror or error}") from None
    if is_there:
        complain(f"going on in {COPY}/, with what you did there ({_when(copy)}); without that folder the course begins anew")
    return copy / "notebooks"


_SKIPPED = {".ipynb_checkpoints", "__pycache__", ".py", ".svg"}
"""Folders and endings that a learner's copy does without."""


def _when(copy: Path) -> str:
    """Return the day of the last change in a copy."""
    last = max((file.stat().st_mtime for file in copy.rglob("*") if file.is_file()), default=copy.stat().st_mtime)
    return f"last change {datetime.fromtimestamp(last):%d %B %Y}"


def run_demo(options: argparse.Namespace) -> None:
    """Replay a charted course of a real patient; write a picture and a table of predicted and measured aPTT."""
    folder = Path(options.folder)
    chart = datasets.load_icu_course(options.course)
    picture, table = folder / f"{chart.course_id}.png", folder / f"{chart.course_id}.csv"
    if folder.is_dir():
        for file in (picture, table):
            check_output(file)
    course = datasets.replay(chart, published.UFH_DEFAULT)
    made = make_folder(folder)
    try:
        draw_course(course, WARD_TARGET, str(picture), chart)
    except ValueError:
        for new in made:
            new.rmdir()
        raise
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = ("drawn_h", "measured_aptt_s", "above_ceiling", "predicted_aptt_s", "error_percent")
    writer.writerow(columns)
    for row in metrics.prediction_errors(course, chart.labs):
        percent = f"{row['error_percent']:.1f}" if "error_percent" in row else ""
        writer.writerow([row["drawn_h"], row["measured"], row["above_ceiling"], f"{row['predicted']:.1f}", percent])
    write_text(table, out.getvalue())
    drug = published.UFH_DEFAULT
    said = {"heparin_pk": version(), "rows": "one row a result", "drug": drug.name, "drug_title": drug.title}
    meant = metadata.meanings(columns, amount_unit=drug.amount_unit, level_units=["s"])
    metadata.write_beside(table, {**said, "course": chart.course_id, "columns": meant})
    print(chart.in_words())
    print()
    print(prediction_table(course, chart))
    print(f"\nwritten: {picture}\nwritten: {table}, {metadata.beside(table)}\n{PLAINLY}")
