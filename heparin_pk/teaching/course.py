"""The course: its notebooks as questions, for whom they are, what one can do afterwards, and what of heparin they cover."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from heparin_pk.base.checks import check_one_of

COPY = "heparin_pk_course_book"
"""The folder, in the current one, in which a learner works."""
INDEX = "00-start-here"
LEVELS = ("nursing", "pharmacy", "medicine", "pharmacometrics")
_ASKS = ("quiz", "check_number", "predict_decay", "predict_half_life", "predict_points_lost", "predict_no_lysis")
"""Functions that put one question to the learner each. The predictions before a picture and at the bedside come on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One notebook of the course.

    ``stem``: name of its file, without the ending
    ``question``: its title
    ``minutes``: time it takes, min
    ``levels``: for whom it is
    ``able``: what one can do afterwards
    ``before``: numbers of the notebooks that help
    """

    stem: str
    question: str
    minutes: int
    levels: tuple[str, ...]
    able: str
    before: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for level in self.levels:
            check_one_of("levels", level, LEVELS)

    @property
    def number(self) -> int:
        """Its number in the course."""
        return int(self.stem[:2])

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.stem}.ipynb"


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        stem="01-hold-this-patient-in-range",
        question="Can you hold this patient in range?",
        minutes=45,
        levels=("nursing", "pharmacy", "medicine", "pharmacometrics"),
        able="start heparin, answer a laboratory result, and say why it is old when you read it",
    ),
    Lesson(
        stem="02-why-is-the-half-life-not-a-number",
        question="Why is the half-life not a number?",
        minutes=30,
        levels=("pharmacy", "medicine", "pharmacometrics"),
        able="say how fast heparin leaves after a small and a large dose, and when a model may be used",
    ),
    Lesson(
        stem="03-how-does-the-blood-answer",
        question="How does the blood answer?",
        minutes=40,
        levels=("nursing", "pharmacy", "medicine", "pharmacometrics"),
        able="read aPTT, anti-Xa and ACT, and ask for the reagent before you compare seconds",
        before=(1,),
    ),
    Lesson(
        stem="04-why-does-every-patient-need-another-dose",
        question="Why does every patient need another dose?",
        minutes=40,
        levels=("pharmacy", "medicine", "pharmacometrics"),
        able="tell what changes the heparin level from what changes only the test",
        before=(3,),
    ),
    Lesson(
        stem="05-five-reasons-to-give-heparin",
        question="Which five reasons are there to give heparin?",
        minutes=40,
        levels=("nursing", "pharmacy", "medicine"),
        able="choose route, dose and test for each reason, and know what may go wrong and what is given instead",
        before=(3,),
    ),
    Lesson(
        stem="06-does-it-hold",
        question="Does it hold?",
        minutes=20,
        levels=("pharmacy", "medicine", "pharmacometrics"),
        able="say what proves a model and what does not, and where this one fails",
        before=(2,),
    ),
    Lesson(
        stem="07-which-nomogram-for-whom",
        question="Which nomogram, for whom?",
        minutes=40,
        levels=("pharmacy", "medicine", "pharmacometrics"),
        able="compare two nomograms fairly, and say how far the answer rests on the model and on the hospital",
        before=(3, 4),
    ),
    Lesson(
        stem="08-why-does-heparin-stretch-the-aptt",
        question="Why does heparin stretch the aPTT?",
        minutes=35,
        levels=("pharmacy", "medicine", "pharmacometrics"),
        able="tell how heparin slows a clot and dissolves none, and why a published network may not fit your question",
        before=(3,),
    ),
    Lesson(
        stem="09-day-six-the-platelets-fall",
        question="Day six: why do the platelets fall?",
        minutes=40,
        levels=("nursing", "pharmacy", "medicine"),
        able="suspect HIT on the right day, read a score and a test together, and act before the test is back",
        before=(1,),
    ),
    Lesson(
        stem="10-when-it-goes-wrong",
        question="When it goes wrong: what now?",
        minutes=35,
        levels=("nursing", "pharmacy", "medicine"),
        able="choose between hold, stop and protamine, dose protamine by the clock, and say when the blood is normal again",
        before=(1, 3),
    ),
    Lesson(
        stem="11-who-noticed",
        question="Who noticed?",
        minutes=35,
        levels=("nursing", "pharmacy", "medicine"),
        able="say which check catches which error at what cost, hand a patient over, and tell the patient what to report",
        before=(1,),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of a text for health-care staff on heparin, and where the suite teaches it.

    ``name``: topic
    ``lessons``: numbers of the notebooks
    ``doors``: other doors to it: commands ("heparin-pk tube") and pages ("docs/inside-the-tube.md")
    ``missing``: what is not covered; empty where nothing was left out on purpose
    """

    name: str
    lessons: tuple[int, ...]
    doors: tuple[str, ...]
    missing: str = ""


TOPICS: tuple[Topic, ...] = (
    Topic(
        name="How heparin acts", lessons=(3, 8), doors=("heparin-pk tube", "docs/inside-the-tube.md"),
        missing="platelets, flow and vessel walls are not in the tube",
    ),
    Topic(
        name="The text's own error: heparin “rapidly dissolves existing clots”", lessons=(1, 5, 8),
        doors=("heparin-pk misconceptions dissolves-clots",),
    ),
    Topic(name="Preventing deep-vein thrombosis", lessons=(5,), doors=("heparin-pk indications dvt-prophylaxis-8h",)),
    Topic(
        name="Treating pulmonary embolism", lessons=(1, 5), doors=("heparin-pk indications pulmonary-embolism",),
        missing="whether a clot shrinks is not simulated",
    ),
    Topic(
        name="Myocardial infarction", lessons=(5,), doors=("heparin-pk indications myocardial-infarction",),
        missing="doses of the guidelines in force were not found in a primary text",
    ),
    Topic(
        name="Dialysis", lessons=(5,), doors=("heparin-pk indications haemodialysis",),
        missing="clotting in the machine is not simulated",
    ),
    Topic(
        name="Atrial fibrillation", lessons=(5,), doors=("heparin-pk indications atrial-fibrillation",),
        missing="the risk of stroke is not simulated",
    ),
    Topic(name="Operations and the heart-lung machine", lessons=(5, 10), doors=("heparin-pk indications cardiac-surgery",)),
    Topic(name="Under the skin or into the vein", lessons=(5,), doors=("heparin-pk indications vte-sc",)),
    Topic(
        name="History and risks before the start", lessons=(1, 5), doors=("heparin-pk before-starting",),
        missing="no exercise in a notebook of its own",
    ),
    Topic(
        name="First dose: bolus and infusion", lessons=(1, 2),
        doors=("heparin-pk simulate --weight 80 --bolus 80 --infusion 18",),
    ),
    Topic(name="Monitoring by aPTT and anti-Xa", lessons=(1, 3), doors=("heparin-pk practice aptt-or-anti-xa",)),
    Topic(
        name="Adjusting the dose", lessons=(1, 4, 7),
        doors=("heparin-pk titrate raschke-1993 --weight 82", "heparin-pk nomograms"),
    ),
    Topic(
        name="Bleeding", lessons=(5, 10),
        doors=("heparin-pk regrets raschke-1993 --weight 80", "heparin-pk reversal --weight 80"),
        missing="no bleed is simulated and no risk is computed: the papers contradict each other",
    ),
    Topic(name="Reversal by protamine", lessons=(5, 10), doors=("heparin-pk reversal --weight 80",)),
    Topic(
        name="Heparin-induced thrombocytopenia", lessons=(5, 9),
        doors=("heparin-pk hit --series typical", "heparin-pk practice hit-treatment"),
        missing="the platelet count is an illustrative model",
    ),
    Topic(
        name="Allergy", lessons=(5, 10), doors=("heparin-pk before-starting",),
        missing="told in tables; no reaction is simulated",
    ),
    Topic(
        name="Telling the patient", lessons=(5, 11),
        doors=("heparin-pk leaflet pulmonary-embolism",), missing="in English only",
    ),
    Topic(
        name="Platelets and aPTT told to the whole team", lessons=(9, 11),
        doors=("heparin-pk titrate raschke-1993 --weight 82 --handover 18",),
    ),
    Topic(name="Documentation", lessons=(5, 11), doors=("heparin-pk titrate raschke-1993 --weight 82 --handover 18",)),
    Topic(
        name="Teamwork: physician, nurse, pharmacist, laboratory", lessons=(5, 11), doors=("heparin-pk practice safe-use",),
        missing="who does what is assumed; hospitals differ",
    ),
    Topic(name="Preventing errors", lessons=(11,), doors=("heparin-pk faults", "heparin-pk practice safe-use")),
    Topic(
        name="Other drugs instead", lessons=(5, 9),
        doors=("heparin-pk practice hit-treatment",), missing="tablets are named, and not simulated",
    ),
)  # fmt: skip
"""The topics of "Therapeutic uses of heparin sodium injection in healthcare" (Farbe Firma), in its order."""


def neighbours(stem: str) -> tuple[str | None, str | None]:
    """Return the names of the notebooks before and after this one; raises ``ValueError`` for a notebook of another course."""
    order = [INDEX, *(lesson.stem for lesson in LESSONS)]
    check_one_of("notebook", stem, order)
    at = order.index(stem)
    return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None


def links(stem: str) -> str:
    """Return the line of links at the top and the bottom of a notebook, as Markdown."""
    titles = {lesson.stem: f"{lesson.number} {lesson.question}" for lesson in LESSONS}
    before, after = neighbours(stem)
    parts = []
    if before not in (None, INDEX):
        parts.append(f"[← {titles[str(before)]}]({before}.ipynb)")
    if stem != INDEX:
        parts.append(f"[All notebooks]({INDEX}.ipynb)")
    if after is not None:
        parts.append(f"[{titles[after]} →]({after}.ipynb)")
    return " | ".join(parts)


def questions_in(folder: Path) -> dict[str, int]:
    """Return how many questions each notebook of the course in this folder asks after its text, by name.

    Where a notebook is missing or cannot be read, it is left out.
    """
    found = {}
    for stem in (INDEX, *(lesson.stem for lesson in LESSONS)):
        try:
            cells = json.loads((folder / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
            code = [ast.parse("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
        except (OSError, ValueError, KeyError, TypeError, SyntaxError):
            continue
        calls = [node.func.id for tree in code for node in ast.walk(tree)
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]  # fmt: skip
        found[stem] = sum(name in _ASKS for name in calls)
    return found


def _numbers(numbers: tuple[int, ...]) -> str:
    by_number = {lesson.number: lesson for lesson in LESSONS}
    return ", ".join(
        f'<a href="{by_number[one].file}" title="{escape(by_number[one].question)}" '
        f'aria-label="notebook {one}: {escape(by_number[one].question)}">{one}</a>'
        for one in numbers
    )


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    cell = 'style="text-align:left;vertical-align:top;white-space:normal"'
    head = "".join(f'<th scope="col" {cell}>{one}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row" {cell}>{first}</th>' + "".join(f"<td {cell}>{one}</td>" for one in others) + "</tr>"
        for first, *others in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def lessons_table() -> str:
    """Return the notebooks as an HTML table: question, time, for whom, what one can do afterwards."""
    rows = [
        (
            f'{one.number}&ensp;<a href="{one.file}">{escape(one.question)}</a>',
            f"{one.minutes} min",
            "all" if one.levels == LEVELS else escape(", ".join(one.levels)),
            escape(one.able),
            _numbers(one.before) or "–",
        )
        for one in LESSONS
    ]
    return _table(("The question", "time", "for", "afterwards you can", "first"), rows)


def topics_table() -> str:
    """Return the topics as an HTML table: where the course covers each, and what is missing."""
    rows = [(escape(one.name), _numbers(one.lessons), escape(one.missing) or "–") for one in TOPICS]
    return _table(("Topic", "notebook", "not covered yet"), rows)


def where_it_is_taught() -> str:
    """Return the table of the topics as a page in Markdown, with links from the folder of the pages."""
    lines = [
        "# Where it is taught",
        "",
        "Every topic of *Therapeutic Uses of Heparin Sodium Injection in Healthcare* (Farbe Firma), and where it is taught here.",
        "The table is written by `heparin_pk.teaching.course.where_it_is_taught()`; edit `TOPICS` there.",
        "",
        "| topic | notebooks | also | not covered |",
        "|---|---|---|---|",
    ]
    by_number = {lesson.number: lesson for lesson in LESSONS}
    for one in TOPICS:
        books = ", ".join(f"[{n} {by_number[n].question}](../notebooks/{by_number[n].file})" for n in one.lessons)
        doors = ", ".join(f"`{door}`" if door.startswith("heparin-pk") else f"[{door}](../{door})" for door in one.doors)
        lines.append(f"| {one.name} | {books} | {doors} | {one.missing or '–'} |")
    return "\n".join(lines) + "\n"
