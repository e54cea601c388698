"""The learner's record in a notebook: where it is kept, what was done of the course, and how well certainty and answers agree.

In a notebook the record is one file in the folder of the course (``heparin_pk_course_book/``; without it, the folder of the
notebook). Nothing is sent anywhere. In a script, and in a lecture under Voila, where many hands may answer, nothing is written.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from weakref import WeakSet

import matplotlib.pyplot as plt
from IPython import get_ipython
from ipywidgets import HTML, Box, Button, Layout, VBox
from matplotlib.figure import Figure

from heparin_pk.base.checks import check_one_of
from heparin_pk.base.files import alone, write_text
from heparin_pk.plot import STYLE
from heparin_pk.plot.learning import certainty, describe_certainty
from heparin_pk.teaching import record as records
from heparin_pk.teaching.course import COPY, INDEX, LESSONS, questions_in
from heparin_pk.widgets.controls import ROW, script
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.words import aloud

PLACE = "HEPARIN_PK_PROGRESS"
"""Environment variable that names another file for the record."""
EXPORTS = {"json": "heparin_pk_my_progress.json", "csv": "heparin_pk_my_progress.csv"}

_HERE: list[records.Entry] = []
"""What was answered where nothing is written, and what could not be written."""


def place() -> Path | None:
    """Return the file of the record, or ``None`` where nothing is written."""
    named = os.environ.get(PLACE)
    if named:
        return Path(named)
    is_notebook = hasattr(get_ipython(), "kernel")
    if not is_notebook or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return None
    here = Path.cwd()
    book = next((folder for folder in (here, *here.parents) if folder.name == COPY), here)
    return book / records.FILE_NAME


def notebook() -> str | None:
    """Return the name of the running notebook without its ending, where the server tells it."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    return Path(session).stem if session.endswith(".ipynb") else None


_OPEN: WeakSet[Progress] = WeakSet()
"""What is shown of the record in this session: it looks again after each answer."""


def record(entry: Mapping[str, Any]) -> str:
    """Keep an answer or a day; return a sentence for the learner where something went wrong, else an empty text.

    ``entry``: its ``kind`` and what belongs to it, see :mod:`heparin_pk.teaching.record`; time and notebook are added.

    A record that cannot be read is set aside under another name, never overwritten, and a new one is begun. Raises
    ``ValueError`` for an entry that no record can hold.
    """
    problem = _keep(entry)
    for one in _OPEN:
        one.look()
    return problem


def _keep(entry: Mapping[str, Any]) -> str:
    """Add an entry to the record; return what went wrong."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    whole = {"at": now, "notebook": notebook(), **records.checked(entry)}
    file = place()
    if file is None:
        _HERE.append(whole)
        return ""
    try:
        problem = _set_aside_what_cannot_be_read(file)
        records.append(file, whole)
    except ValueError as error:
        _HERE.append(whole)
        return f"This answer is kept until the notebook is closed, and not in the file: {error}"
    return problem


def entries() -> tuple[list[records.Entry], str]:
    """Return what was recorded, the oldest first, and a sentence for the learner where the file could not be read."""
    file = place()
    if file is None:
        return list(_HERE), ""
    try:
        problem = _set_aside_what_cannot_be_read(file)
        return [*records.read(file), *_HERE], problem
    except ValueError as error:
        return list(_HERE), str(error)


def _set_aside_what_cannot_be_read(file: Path) -> str:
    """Give a record that cannot be read another name; return a sentence about it, empty where all is well."""
    try:
        records.read(file)
    except ValueError:
        with alone(file):
            try:
                records.read(file)
            except ValueError as error:
                aside = records.set_aside(file)
                return f"{error}. It is kept as {aside.name}, and a new record is begun."
    return ""


def progress_export(form: str = "json", folder: str | Path | None = None) -> Path:
    """Write the record as one file and return its place.

    ``form``: "json" or "csv"
    ``folder``: where to (``None``: the folder of the record)

    Raises ``ValueError`` for another form or a file that cannot be written.
    """
    check_one_of("form", form, tuple(EXPORTS))
    found, _ = entries()
    kept = place()
    target = Path(folder) if folder is not None else kept.parent if kept is not None else Path.cwd()
    if form == "json":
        lines = ",\n".join(line for line in records.as_lines(found).splitlines())
        text = f"[\n{lines}\n]\n" if lines else "[]\n"
    else:
        text = records.as_csv(found)
    write_text(target / EXPORTS[form], text)
    return target / EXPORTS[form]


def _reset() -> None:
    """Delete the record and what is kept here."""
    _HERE.clear()
    file = place()
    if file is not None:
        try:
            with alone(file):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise ValueError(f"{file}: cannot be deleted: {error.strerror}") from None


class Progress(Asleep, VBox):
    """What was done of each notebook, and the picture of one's own calibration.

    ``table``: HTML of the table
    ``picture``: HTML of the picture
    ``words``: its text alternative
    ``said``: what the buttons have to say
    ``refresh``, ``as_json``, ``as_csv``, ``reset``, ``really``, ``keep``: buttons
    """

    def __init__(self) -> None:
        self.table, self.picture, self.said = HTML(), HTML(), HTML(aloud(""))
        self.words = ""
        self.refresh = Button(description="Look again", icon="refresh", layout=Layout(width="auto"))
        self.as_json = Button(description="Save as one file (JSON)", layout=Layout(width="auto"))
        self.as_csv = Button(description="Save as one file (CSV)", layout=Layout(width="auto"))
        self.reset = Button(description="Delete my record …", layout=Layout(width="auto"))
        self.really = Button(description="Yes, delete it", button_style="danger", layout=Layout(width="auto"))
        self.keep = Button(description="No, keep it", layout=Layout(width="auto"))
        self.refresh.on_click(lambda _: self.look())
        self.as_json.on_click(lambda _: self._export("json"))
        self.as_csv.on_click(lambda _: self._export("csv"))
        self.reset.on_click(lambda _: self._ask())
        self.really.on_click(lambda _: self._delete())
        self.keep.on_click(lambda _: self._close("Your record is kept."))
        self._question = HTML(aloud(""))
        self._confirm = Box((self._question, self.really, self.keep), layout=Layout(display="none", align_items="center"))
        buttons = Box((self.refresh, self.as_json, self.as_csv, self.reset), layout=ROW)
        super().__init__(children=(self.table, self.picture, buttons, self._confirm, self.said, script()))
        self.add_class("heparin-pk")
        self.look()
        _OPEN.add(self)

    def look(self) -> None:
        """Read the record again."""
        found, problem = entries()
        self.table.value = _table(found)
        levels = records.calibration(found)
        self.words = describe_certainty(levels)
        self.picture.value = _picture(levels, self.words)
        file = place()
        where = f"kept in {file.name}, in the folder {file.parent.name}" if file else "not kept in a file here"
        self.said.value = aloud(
            f"{escape(problem)}{' ' if problem else ''}{len(found)} answers and days, {where}. Nothing is sent anywhere."
        )

    def _export(self, form: str) -> None:
        try:
            self.said.value = aloud(f"Written: {escape(str(progress_export(form)))}")
        except ValueError as error:
            self.said.value = aloud(escape(str(error)))

    def _ask(self) -> None:
        self._question.value = aloud(f"Delete all {len(entries()[0])} entries? They cannot be brought back.")
        self._confirm.layout.display = "flex"

    def _close(self, words: str) -> None:
        self._confirm.layout.display = "none"
        self.said.value = aloud(escape(words))

    def _delete(self) -> None:
        try:
            _reset()
        except ValueError as error:
            self._close(str(error))
            return
        self.look()
        self._close("Your record is deleted.")


def progress() -> Progress:
    """Return a widget on the learner's own record: what was done of each notebook, the score, and the calibration."""
    return Progress()


def _table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of the notebooks: questions answered, predictions made, right at the first answer, days at the bedside."""
    asked = questions_in(Path.cwd())
    named = {INDEX: "The first lesson"} | {lesson.stem: lesson.question for lesson in LESSONS}
    by_notebook: dict[str, list[Mapping[str, Any]]] = {stem: [] for stem in named}
    for entry in found:
        stem = entry.get("notebook")
        by_notebook.setdefault(stem if stem in named else "elsewhere", []).append(entry)
    rows = []
    for stem, mine in by_notebook.items():
        first = records.first_answers(mine)
        questions = sum(one["kind"] != "prediction" for one in first)
        days = sum(one["kind"] == "bedside" for one in mine)
        right = f"{sum(bool(one['right']) for one in first)} of {len(first)}" if first else "–"
        of = f" of {asked[stem]}" if asked.get(stem) else ""
        cells = (f"{questions}{of}", str(len(first) - questions or "–"), right, str(days or "–"))
        rows.append(
            f'<tr><th scope="row" style="text-align:left;font-weight:normal;padding:2px 0">{escape(named.get(stem, stem))}</th>'
            + "".join(f'<td style="text-align:right;padding:2px 0 2px 24px">{cell}</td>' for cell in cells)
            + "</tr>"
        )
    heads = ("questions", "predictions", "right at once", "days at the bedside")
    return (
        '<table style="line-height:1.4;border-collapse:collapse"><caption style="text-align:left;padding-bottom:4px">'
        "<b>What you have done so far</b></caption><thead><tr><td></td>"
        + "".join(
            f'<th scope="col" style="text-align:right;padding:2px 0 2px 24px;font-weight:600">{head}</th>' for head in heads
        )
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _picture(levels: Sequence[records.Certainty], words: str) -> str:
    """Return the picture of the calibration with its text alternative; without answers the text alone."""
    if not levels:
        return (
            f"<p style='line-height:1.45'>{escape(words)} Answer a few questions first; then your calibration is drawn here.</p>"
        )
    with plt.ioff(), plt.rc_context(STYLE):
        ax = certainty(levels)
        figure = ax.figure
        assert isinstance(figure, Figure)  # not a subfigure
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=84)
        plt.close(figure)
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return (
        f'<img alt="{escape(words, quote=True)}" class="heparin-pk-picture" style="max-width:100%;height:auto;display:block" '
        f'src="data:image/png;base64,{data}">'
        f'<p style="line-height:1.45;max-width:64em;margin:4px 0">{escape(records.calibration_in_words(levels))}</p>'
    )
