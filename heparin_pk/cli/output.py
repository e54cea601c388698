"""Output of the command line: a course as text, JSON, CSV or picture."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heparin_pk.base.checks import check_between
from heparin_pk.base.citations import citations
from heparin_pk.base.files import check_output, check_output_folder
from heparin_pk.base.records import to_plain
from heparin_pk.base.texts import one_line, visible
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import Reagent, aptt_range_for_anti_xa
from heparin_pk.evidence.datasets import ICUCourse
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.teaching import team

PLAINLY = "For teaching and study, not for the care of patients."
PICTURES = (".png", ".svg", ".pdf")


class Shown:
    """Standard output as people see it: control characters are escaped, and so is what its encoding lacks.

    ``stream``: standard output, or ``None`` where it is closed.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._failed: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text."""
        if self._stream is not None:
            encoding = getattr(self._stream, "encoding", None) or "utf-8"
            try:
                self._stream.write(visible(text).encode(encoding, "backslashreplace").decode(encoding))
            except OSError as error:
                self._failed = error
                raise
        return len(text)

    def flush(self) -> None:
        """Pass on what was written; raises the ``OSError`` of an earlier write again, which argparse passes over."""
        if self._failed is not None:
            raise self._failed
        if self._stream is not None:
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def complain(message: str) -> None:
    """Print a message on standard error, on one line."""
    if sys.stderr is not None:
        print(one_line(message), file=sys.stderr)


def check_outputs(options: argparse.Namespace) -> None:
    """Raise ``ValueError`` unless every file and folder that the options name can be written; done before a command runs."""
    figure, table, folder = (getattr(options, name, None) for name in ("figure", "csv", "folder"))
    if figure is not None:
        check_picture_name(figure)
        check_output(figure)
    if table is not None:
        check_output(table)
        if figure is not None and os.path.realpath(table) == os.path.realpath(figure):
            raise ValueError(f"--csv and --figure name one file: {table}")
    if folder is not None:
        check_output_folder(folder)


def show_course(
    course: Course,
    target: TherapeuticRange,
    options: argparse.Namespace,
    *,
    heading: str = "",
    compared: str = "",
    chart: ICUCourse | None = None,
    handover_h: float | None = None,
) -> None:
    """Print a course as text or JSON, and write the CSV file and the picture asked for in the options.

    ``target``: range for the time in range
    ``heading``: first line of the text
    ``compared``: text before the line of the range
    ``chart``: measurements to compare with, for a replay
    ``handover_h``: hour of a handover that is printed too, h
    """
    if handover_h is not None:
        check_between("--handover", handover_h, 0.0, course.hours)
    handed_over = None if handover_h is None else course.handover(handover_h)
    rows = metrics.prediction_errors(course, chart.labs) if chart else []
    if options.csv is not None:
        course.to_csv(options.csv)
    if options.figure is not None:
        draw_course(course, target, options.figure, chart)
    if options.json:
        answer = {
            "metrics": metrics.summary(course, target),
            "target": {"assay": target.assay, "low": target.low, "high": target.high},
            "laboratory": None if course.match is None else course.match.to_plain(),
            "chart": [{"drawn_h": lab.drawn_h, "reported_h": lab.reported_h, "level": lab.in_words()} for lab in course.labs],
            "predictions": rows,
            "flaws": list(chart.flaws) if chart else [],
            "citations": citations(course).splitlines(),
            "bibtex": citations(course, bibtex=True),
            "outside_what_was_studied": course.outside,
            "patient_in_this_model": course.drug.in_the_patients_words(course.patient).splitlines(),
            "reagent": None if course.reagent is None else course.reagent.name,
            "course": json.loads(course.to_json()),
        }
        if handed_over is not None:
            answer["handover"] = to_plain(handed_over)
        print(json.dumps(answer, allow_nan=False))
        return
    about = "" if chart else patient_in_words(course)
    parts = [heading or (chart.in_words() if chart else ""), about, "" if chart else course.in_words()]
    parts.append(_levels(course) if not chart else prediction_table(course, chart))
    parts.append(compared + _metrics_in_words(course, target, predicted=chart is not None))
    if handed_over is not None:
        chart_holds = team.documentation_in_words(team.documentation(course, at_h=handover_h))
        parts += [handed_over.in_words(), f"In the chart at {handover_h:.4g} h:\n{chart_holds}"]
    written = [f"written: {file}" for file in (options.csv, options.figure) if file]
    print("\n\n".join([*(part for part in parts if part), "\n".join([*written, PLAINLY])]))


def read_in_words(course: Course) -> str:
    """Return the model of a course and the aPTT reagent that its levels are read with, as one line."""
    reagent = course.reagent
    read = f"; aPTT reagent {reagent.name} ({reagent.slope_ml_per_u:.2f} mL/U)" if isinstance(reagent, Reagent) else ""
    return f"model {course.drug.name}: {course.drug.title}{read}"


def patient_in_words(course: Course) -> str:
    """Return by which weight a patient is dosed, where it is another one, and what features change in the model, one a line."""
    patient, drug, lines = course.patient, course.drug, []
    if patient.doses_by_kg != patient.weight_kg:
        lines.append(f"doses are calculated with {patient.doses_by_kg:.4g} kg; the patient weighs {patient.weight_kg:.4g} kg")
    if patient.stated() or drug.differences(patient):
        lines += ["this patient in this model:", *drug.in_the_patients_words(patient).splitlines()]
    return "\n".join(f"  {line}" for line in lines)


_COLUMNS = {
    "aptt_s": ("aPTT", "s", 8, 0),
    "aptt_ratio": ("ratio", "", 8, 2),
    "anti_xa_u_per_ml": ("anti-Xa", "U/mL", 10, 3),
    "act_s": ("ACT", "s", 8, 0),
}


def _levels(course: Course) -> str:
    """Return the true levels as a table, one row for each of a few fixed hours and the last one."""
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
    """Return measured and predicted aPTT as a table, with the median errors below it."""
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
            f"median error (predicted minus measured) {medians[0]:+.0f} %, median absolute error {medians[1]:.0f} %: "
            "the model describes a typical patient, not this one, and the reagent is assumed"
        )
    return "\n".join(lines)


def _metrics_in_words(course: Course, target: TherapeuticRange, *, predicted: bool = False) -> str:
    """Return the metrics of a course as text; a charted patient's levels are ``predicted``, a simulated patient's are true."""
    numbers = metrics.summary(course, target)

    def share(name: str) -> str:
        value = numbers[name]
        return "no tests" if value is None else f"{value:.0%}"

    first, unit = numbers["time_to_therapeutic_h"], course.drug.amount_unit
    lines = [
        f"{target.in_words()}: {'predicted' if predicted else 'true'} time in range {share('time_in_range_fraction')} "
        f"(below {share('time_below_fraction')}, above {share('time_above_fraction')})",
        f"first in range {'never' if first is None else f'at {first:.1f} h'}; peak {numbers['peak_u_per_ml']:.2f} {unit}/mL; "
        f"area {numbers['auc_u_h_per_ml']:.1f} {unit} h/mL; given in all {numbers['heparin_given_u']:,.0f} {unit}",
    ]
    if target.assay.startswith("aptt") and isinstance(course.reagent, Reagent) and course.drug.anti_xa_fraction > 0.0:
        try:
            matched = aptt_range_for_anti_xa(course.reagent, course.patient).in_words()
        except ValueError as error:  # a patient with next to no antithrombin
            matched = f"no aPTT range ({error})"
        lines.append(f"with this reagent ({course.reagent.label}) anti-Xa 0.3-0.7 U/mL is {matched} in this patient")
    if course.labs:
        lines.append(
            f"from the results: Rosendaal {share('rosendaal_fraction')}, "
            f"tests in range {share('fraction_of_tests_in_range')}; "
            f"rate changes {numbers['adjustments']}, holds {numbers['holds']}, re-boluses {numbers['reboluses']}, "
            f"draws {numbers['blood_draws']}"
        )
    return "\n".join(lines)


def check_picture_name(file: str) -> None:
    """Raise ``ValueError`` unless the name of a picture ends in one of ``PICTURES``."""
    if Path(file).suffix.lower() not in PICTURES:
        raise ValueError(f"{file!r}: cannot be drawn: the name must end in {', '.join(PICTURES)}")


def write_picture(file: str, draw: Callable[[Any], Any]) -> None:
    """Write the figure that ``draw`` returns, called with the plot module; raises ``ValueError`` where it cannot be written."""
    check_picture_name(file)
    import matplotlib  # noqa: PLC0415  takes half a second: imported only for a picture

    matplotlib.use("Agg")
    from heparin_pk import plot  # noqa: PLC0415

    plot.save(draw(plot), file)


def draw_course(course: Course, target: TherapeuticRange, file: str, chart: ICUCourse | None) -> None:
    """Write the picture of a course, or of a replay with the measurements of its ``chart``."""

    def picture(plot: Any) -> Any:
        axes = plot.replay(course, chart.labs, target) if chart else plot.course(course, target=target)
        figure = axes[0].figure
        if chart:
            figure.suptitle(f"{chart.course_id}: charted orders, typical patient, measured aPTT", fontsize=15)
        return figure

    write_picture(file, picture)


def as_counted(level: float | None, ceiling: float) -> str:
    """Return a level as an assay reports it: "-" where nothing was published, "> 150" above its ceiling."""
    if level is None:
        return "-"
    return f"> {ceiling:g}" if level > ceiling else f"{level:.3g}"
