"""Texts of the widgets: the code of a picture, the score of two courses, the chart, feedback on a prediction, a day's review."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import lru_cache
from html import escape

import heparin_pk
from heparin_pk import published
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.matching import reagent_for
from heparin_pk.teaching.day_review import Review, outside_in_words, side
from heparin_pk.trials.cases import HOURS, Case
from heparin_pk.ward.by_hand import ByHand
from heparin_pk.ward.nomogram import Nomogram, names
from heparin_pk.ward.pump import Pump

SIDES = ("below", "in range", "above")


def aloud(words: str) -> str:
    """Return a text as HTML that a screen reader reads out whenever it changes."""
    return f'<div role="status" aria-live="polite" style="line-height:1.45">{words}</div>'


def as_prose(text: str) -> str:
    """Return a text as HTML: paragraphs end with an empty line; ``**`` encloses what is bold and a backtick what is code."""
    words = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)), flags=re.DOTALL)
    return "".join(f'<p style="line-height:1.45;max-width:54em;margin:6px 0">{one}</p>' for one in words.split("\n\n"))


def questioned(doubts: tuple[str, ...]) -> str:
    """Return questions about orders as HTML that is read out at once; empty without any."""
    if not doubts:
        return ""
    asked = "".join(f"<div>{escape(doubt)}</div>" for doubt in doubts)
    return (
        '<div role="alert" class="heparin-pk-doubts" style="line-height:1.45;border-left:4px solid #a33b00;'
        f'padding:2px 0 2px 10px;margin:4px 0">{asked}</div>'
    )


def case_code(case: Case, hand: ByHand, hours: float) -> str:
    """Return a complete Python program that computes and draws the two courses of a case."""
    call = f"cases.case({case.number})" if case.number else f"cases.of_seed({case.seed})"
    until = "" if hours == HOURS else f", hours={hours!r}"
    words = f"ByHand, {'Step, ' if hand.steps else ''}cases, metrics, plot"
    return f"""\
from heparin_pk import {words}

case = {call}
you = {_hand(hand)}

course = case.course(you{until})
by_nomogram = case.course(case.nomogram{until})

target = case.nomogram.target
axes = plot.course(course, target=target, label="you")
plot.course(by_nomogram, target=target, label="the table", axes=axes,
            colour=plot.VERMILION, dashes="--", marker="s")
print(course.in_words())
print(metrics.summary(course, target))
"""


@lru_cache(maxsize=16)
def _known_name(nomogram: Nomogram) -> bool:
    """Return whether a nomogram is one of the package, so that its name identifies it."""
    return nomogram.name in names() and Nomogram.load(nomogram.name) == nomogram


def code_for(
    *,
    patient: Patient,
    drug: Drug,
    nomogram: Nomogram,
    laboratory: Laboratory,
    hand: ByHand,
    hours: float,
    seed: int,
    pump: Pump | None = None,
) -> str:
    """Return a complete Python program that computes and draws the same two courses."""
    call = f"hours={hours!r}, laboratory=laboratory, seed={seed!r}" + (", pump=nomogram.pump" if pump is not None else "")
    body = f"""\
patient = {patient!r}
heparin = {_drug(drug)}
nomogram = {_nomogram(nomogram)}
laboratory = {_laboratory(laboratory, nomogram)}
you = {_hand(hand)}

course = titrate(patient, heparin, you, {call})
by_nomogram = titrate(patient, heparin, nomogram, {call})

axes = plot.course(course, target=nomogram.target, label="you")
plot.course(by_nomogram, target=nomogram.target, label={nomogram.name!r}, axes=axes,
            colour=plot.VERMILION, dashes="--", marker="s")
print(course.in_words())
print(metrics.summary(course, nomogram.target))"""
    classes = [name for name in dir(heparin_pk) if name[0].isupper() and re.search(rf"\b{name}[.(]", body)]
    functions = [
        name for name in ("metrics", "plot", "published", "reagent_for", "titrate") if f"{name}." in body or f"{name}(" in body
    ]
    return f"from heparin_pk import {', '.join([*classes, *functions])}\n\n{body}\n"


def _drug(drug: Drug) -> str:
    """Return the code of a drug: its name in ``published``, or the whole object."""
    known = {id(value): name for name, value in vars(published).items() if isinstance(value, Drug)}
    return f"published.{known[id(drug)]}" if id(drug) in known else repr(drug)


def _nomogram(nomogram: Nomogram) -> str:
    """Return the code of a nomogram: its name, or the whole table."""
    return f"Nomogram.load({nomogram.name!r})" if _known_name(nomogram) else repr(nomogram)


def _laboratory(laboratory: Laboratory, nomogram: Nomogram) -> str:
    """Return the code of a laboratory, with its reagent by name where it is a published one or the nomogram's own."""
    reagent = laboratory.reagent
    if reagent is None:
        return repr(laboratory)
    if published.reagents.REAGENTS.get(reagent.name) == reagent:
        code = f"published.reagents.REAGENTS[{reagent.name!r}]"
    elif reagent == reagent_for(nomogram):
        code = "reagent_for(nomogram)"
    else:
        return repr(laboratory)
    inside = repr(replace(laboratory, reagent=None)).removeprefix("Laboratory(").removesuffix(")")
    return f"Laboratory({inside}{', ' if inside else ''}reagent={code})"


def _hand(hand: ByHand) -> str:
    """Return the code of the learner's plan, one line per answer."""
    if not hand.steps:
        return repr(hand)
    steps = "".join(f"        {step!r},\n" for step in hand.steps)
    start = repr(replace(hand, steps=())).removeprefix("ByHand(").removesuffix(")")
    return f"ByHand(\n    {start},\n    steps=(\n{steps}    ),\n)"


_SCORE = (
    ("true time in range", "time_in_range_fraction", "share"),
    ("too little: time below", "below_h", "hours"),
    ("… and how far, area", "below_area", "area"),
    ("too much: time above", "above_h", "hours"),
    ("… and how far, area", "above_area", "area"),
    ("time in range (Rosendaal)", "rosendaal_fraction", "share"),
    ("true level first in range", "time_to_therapeutic_h", "hours"),
    ("first result in range drawn", "time_to_therapeutic_result_h", "hours"),
    ("highest concentration", "peak_u_per_ml", "u_per_ml"),
    ("rate changes", "adjustments", "count"),
    ("holds", "holds", "count"),
    ("re-boluses", "reboluses", "count"),
    ("heparin given", "heparin_given_u", "units"),
    ("results read", "blood_draws", "count"),
)


def numbers_of(course: Course, target: TherapeuticRange) -> dict[str, float | int | None]:
    """Return the metrics of a course with the hours and the areas outside the range (unit of the assay times h)."""
    found = metrics.summary(course, target)
    below, above = metrics.areas_outside(course, target)
    return found | {
        "below_h": course.hours * (found["time_below_fraction"] or 0.0),
        "above_h": course.hours * (found["time_above_fraction"] or 0.0),
        "below_area": below,
        "above_area": above,
    }


def score_table(course: Course, other: Course, target: TherapeuticRange) -> str:
    """Return the metrics of two courses side by side, from :func:`numbers_of`, and what the hours outside the range mean."""
    yours, theirs = numbers_of(course, target), numbers_of(other, target)
    cell = 'style="text-align:right;padding:1px 0 1px 14px;white-space:nowrap"'
    area = "·".join(part for part in (ASSAYS[target.assay].unit, "h") if part)
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:normal">{label}{f" ({area})" if kind == "area" else ""}</th>'
        f"<td {cell}>{number_in_words(yours[key], kind)}</td><td {cell}>{number_in_words(theirs[key], kind)}</td></tr>"
        for label, key, kind in _SCORE
    )
    return (
        '<table class="score" style="line-height:1.4;border-collapse:collapse">'
        f'<caption style="text-align:left;padding-bottom:4px"><b>Score after {course.hours:.3g} h</b>, '
        f"aiming at {escape(target.in_words())}</caption>"
        f'<thead><tr><td></td><th scope="col" {cell}>you</th><th scope="col" {cell}>the table</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
        f'<div style="line-height:1.45;padding-top:6px"><b>You:</b> {escape(outside_in_words(course, target))}</div>'
        f'<div style="line-height:1.45"><b>The table:</b> {escape(outside_in_words(other, target))}</div>'
    )


def number_in_words(value: float | int | None, kind: str) -> str:
    """Return a metric as the score prints it; a dash where it does not exist."""
    if value is None:
        return "–"
    return {
        "share": f"{value:.0%}",
        "hours": f"{value:.1f} h",
        "u_per_ml": f"{value:.2f} U/mL",
        "units": f"{value:,.0f} U",
        "count": f"{value:.0f}",
        "area": f"{value:,.0f}" if value >= 10.0 else f"{value:.1f}",
    }[kind]


def chart_table(written: str, whose: str = "Your chart") -> str:
    """Return a chart as HTML."""
    return (
        f"<b>{escape(whose)}</b>"
        f'<pre class="chart" tabindex="0" aria-label="{escape(whose)}" style="line-height:1.45;margin:4px 0;white-space:pre;'
        'overflow-x:auto;width:0;min-width:100%;box-sizing:border-box;background:transparent;color:inherit">'
        f"{escape(written)}</pre>"
    )


def code_block(code: str) -> str:
    """Return the code as HTML from which it can be copied."""
    return (
        '<pre class="code" role="region" tabindex="0" aria-label="the code that made this picture" '
        'style="line-height:1.4;margin:0;padding:6px;'
        "white-space:pre;overflow-x:auto;width:0;min-width:100%;box-sizing:border-box;background:transparent;color:inherit;"
        f'user-select:text">{escape(code)}</pre>'
    )


def number_of_guess(guess: str) -> float | None:
    """Return a typed guess as a number, a decimal comma understood; ``None`` for an empty one.

    Raises ``ValueError`` with a sentence for a text that is no number, or none that a test could report.
    """
    text = guess.strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,4}([.,]\d{1,3})?", text, re.ASCII):
        raise ValueError(f"“{text[:40]}” is not a number that a test reports: write one such as 62 or 0,5, or leave it empty.")
    return float(text.replace(",", "."))


def verdict(predicted: str, guess: str, lab: Lab, target: TherapeuticRange) -> str:
    """Return the feedback on a prediction: whether it was right, the first result, and how far off the guess was."""
    actual = side(lab, target)
    right = "✓ As you predicted" if predicted == actual else f"✗ You predicted “{predicted}”"
    where = f"in the range, {target.in_words()}" if actual == "in range" else f"{actual} the range, {target.in_words()}"
    return (
        f"<b>{right}</b>: the blood drawn at {lab.drawn_h:.3g} h was reported at {lab.reported_h:.3g} h as "
        f"<b>{escape(lab.in_words())}</b>, {escape(where)}.{escape(_of_the_guess(guess, lab))}"
    )


def _of_the_guess(guess: str, lab: Lab) -> str:
    try:
        number = number_of_guess(guess)
    except ValueError as error:
        return f" Your guess was not counted: {error}"
    if number is None:
        return ""
    assay = ASSAYS[lab.assay]
    unit = f" {assay.unit}" if assay.unit else ""
    if lab.above_ceiling:
        return f" You guessed {number:g}{unit}; the test counts no further than {lab.value:g}{unit}."
    digits = max(0, -round(math.log10(assay.resolution)))
    off = round(number - lab.value, digits)
    return f" You guessed {number:g}{unit}: " + (
        "exactly." if off == 0.0 else f"{abs(off):.{digits}f}{unit} too {'high' if off > 0.0 else 'low'}."
    )


def review_table(found: Review, more: str = "") -> str:
    """Return a day's review as HTML: who did better, each decision beside the table's, and what could be learned."""
    cell = 'style="text-align:left;vertical-align:top;padding:3px 14px 3px 0;border-top:1px solid #8888"'
    head = ("result", "you ordered", "the table, on this very result", "compared", "the table, in its own course")
    rows = "".join(
        f'<tr><th scope="row" {cell}>{line.number}: {escape(line.lab.in_words())}, {line.side}</th>'
        + "".join(
            f"<td {cell}>{escape(words)}</td>"
            for words in (line.yours.in_words(), line.on_it.in_words(), line.judged, line.in_its_course or "–")
        )
        + "</tr>"
        for line in found.lines
    )
    lessons = "".join(f"<li>{escape(lesson)}</li>" for lesson in found.lessons)
    return (
        '<div class="review" style="line-height:1.45"><h3 style="margin:10px 0 4px">How the day went</h3>'
        f'<div role="status" style="max-width:62em"><b>{escape(found.first)}</b> {escape(found.outside)}</div>'
        '<div tabindex="0" role="region" aria-label="your orders beside the table" style="overflow-x:auto">'
        '<table style="border-collapse:collapse;margin:8px 0"><thead><tr>'
        + "".join(f'<th scope="col" {cell}>{words}</th>' for words in head)
        + f"</tr></thead><tbody>{rows}</tbody></table></div><b>What could be learned</b><ul style='margin:2px 0 4px;"
        f"padding-left:22px;max-width:62em'>{lessons}</ul><div style='max-width:62em'>{escape(more)}</div></div>"
    )
