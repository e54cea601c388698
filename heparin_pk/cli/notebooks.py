"""The commands that open the notebooks and run the demonstration."""

from __future__ import annotations

import argparse
import csv
import io
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from heparin_pk import published
from heparin_pk.base.files import check_output, make_folder, write_text
from heparin_pk.cli.output import PLAINLY, complain, draw_course, prediction_table
from heparin_pk.evidence import datasets
from heparin_pk.evidence.datasets import WARD_TARGET
from heparin_pk.simulation import metrics

FIRST_NOTEBOOK = "01-hold-this-patient-in-range.ipynb"
COPY = "heparin_pk_course_book"
"""The folder, in the current one, in which a learner works."""
_SETTINGS = Path(__file__).parent / "jupyter"
"""JupyterLab asks for no news: it reads this folder before its own."""


def run_lab(options: argparse.Namespace) -> None:
    """Open the first notebook of a learner's copy in JupyterLab and exit with its return code."""
    if options.port is not None and not 1 <= options.port <= 65535:
        raise ValueError(f"--port must lie between 1 and 65535; got {options.port}")
    folder = _originals() if options.originals else _copied(_originals())
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
    before = os.environ.get("JUPYTER_CONFIG_PATH")
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join([str(_SETTINGS), *([before] if before else [])])}
    raise SystemExit(subprocess.run(arguments, check=False, env=environment).returncode)


def _originals() -> Path:
    """Return the notebook folder of the repository or of the installed package, beside the folder of its pictures."""
    package = Path(__file__).resolve().parents[1]
    for place in (package.parent, package / "course_book"):
        if (place / "notebooks" / FIRST_NOTEBOOK).is_file():
            return place / "notebooks"
    raise ValueError("no notebooks beside this installation; clone the repository for them")


def _copied(originals: Path) -> Path:
    """Return the notebooks of a copy in the current folder, so that no original changes; a copy that is there is gone on with."""
    copy = Path(COPY)
    if copy.exists():
        complain(f"going on in {copy}/; without that folder the course begins anew")
    else:
        unfinished = Path(f"{copy}.{secrets.token_hex(8)}.unfinished")
        try:
            for part in ("notebooks", "figures"):
                without = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "*.py", "*.svg")
                shutil.copytree(originals.parent / part, unfinished / part, ignore=without)
            unfinished.rename(copy)
        except OSError as error:  # shutil.Error has no strerror
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ValueError(f"{copy}: cannot be written: {error.strerror or error}") from None
    if not (copy / "notebooks" / FIRST_NOTEBOOK).is_file():
        raise ValueError(f"{copy}/notebooks has no {FIRST_NOTEBOOK}: move the folder away, and the course begins anew")
    return copy / "notebooks"


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
    writer.writerow(["drawn_h", "measured_aptt_s", "above_ceiling", "predicted_aptt_s", "error_percent"])
    for row in metrics.prediction_errors(course, chart.labs):
        percent = f"{row['error_percent']:.1f}" if "error_percent" in row else ""
        writer.writerow([row["drawn_h"], row["measured"], row["above_ceiling"], f"{row['predicted']:.1f}", percent])
    write_text(table, out.getvalue())
    print(chart.in_words())
    print()
    print(prediction_table(course, chart))
    print(f"\nwritten: {picture}\nwritten: {table}\n{PLAINLY}")
