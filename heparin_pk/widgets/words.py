"""Texts of the widgets: the code of a picture, the score of two courses, the chart, and the feedback on a prediction."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from html import escape

import heparin_pk
from heparin_pk import published
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.matching import reagent_for
from heparin_pk.ward.by_hand import ByHand
from heparin_pk.ward.nomogram import Nomogram, names
from heparin_pk.ward.pump import Pump

SIDES = ("below", "in range", "above")


def side(lab: Lab, target: TherapeuticRange) -> str:
    """Return where a result lies: "below", "in range" or "above"."""
    if lab.above_ceiling or lab.value > target.high:
        return "above"
    return "in range" if lab.value in target else "below"


def aloud(words: str) -> str:
    """Return a text as HTML that a screen reader reads out whenever it changes."""
    return f'<div role="status" aria-live="polite" style="line-height:1.45">{words}</div>'


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


def score_table(course: Course, other: Course, target: TherapeuticRange, other_name: str) -> str:
    """Return the metrics of two courses side by side, from :func:`heparin_pk.simulation.metrics.summary`."""
    yours, theirs = metrics.summary(course, target), metrics.summary(other, target)
    cell = 'style="text-align:right;padding:1px 0 1px 14px;white-space:nowrap"'
    name = cell.replace("nowrap", "normal")
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:normal;white-space:nowrap">{label}</th>'
        f"<td {cell}>{number_in_words(yours[key], kind)}</td><td {cell}>{number_in_words(theirs[key], kind)}</td></tr>"
        for label, key, kind in _SCORE
    )
    return (
        '<table class="score" style="line-height:1.4;border-collapse:collapse">'
        f'<caption style="text-align:left;padding-bottom:4px"><b>Score after {course.hours:g} h</b>, '
        f"aiming at {escape(target.in_words())}</caption>"
        f'<thead><tr><td></td><th scope="col" {cell}>you</th><th scope="col" {name}>{escape(other_name)}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
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
    }[kind]


def chart_table(written: str) -> str:
    """Return the chart as HTML."""
    return (
        "<b>Chart</b>"
        '<pre class="chart" tabindex="0" aria-label="chart" style="line-height:1.45;margin:4px 0;white-space:pre;overflow-x:auto;'
        'width:0;min-width:100%;box-sizing:border-box;background:transparent;color:inherit">'
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


def verdict(predicted: str, guess: str, lab: Lab, target: TherapeuticRange) -> str:
    """Return the feedback on a prediction: whether it was right, and the first result."""
    actual = side(lab, target)
    right = "✓ As you predicted" if predicted == actual else f"✗ You predicted “{predicted}”"
    number = f" Your guess was {escape(guess.strip())}." if guess.strip() else ""
    where = f"in the range, {target.in_words()}" if actual == "in range" else f"{actual} the range, {target.in_words()}"
    return (
        f"<b>{right}</b>: the blood drawn at {lab.drawn_h:g} h was reported at {lab.reported_h:g} h as "
        f"<b>{escape(lab.in_words())}</b>, {escape(where)}.{number}"
    )
