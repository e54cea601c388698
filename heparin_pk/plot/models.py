"""Several models in one picture, each labelled with its assay and with its validity domain."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import level
from heparin_pk.plot.base import (
    BLACK,
    COLOURS,
    DASHES,
    Dashes,
    axis_label,
    hours_axis,
    level_limits,
    new_figure,
    room_for,
    shade_target,
    styled,
)
from heparin_pk.published import ALL
from heparin_pk.simulation.course import Course

_KINDS = {"at a weight": "weight", "at an age": "age", "studied with": "route", "at bolus": "dose", "at subcutaneous": "dose",
          "at infusion": "rate", "up to": "level", "in patients without": "condition"}  # fmt: skip


_IN_ORDER = (  # neighbours differ in colour and in dashes
    *("UFH_B_DERIVED", "UFH_A_DERIVED", "JIA_2015_UFH", "DELAVENNE_2017_UFH", "KANDROTAS_1989_UFH", "BRUNET_2008_UFH_DERIVED"),
    *("AL_SALLAMI_2016_UFH", "SALEM_2022_UFH", "RXKINETICS_UFH", "UFH_A_HALF_LIVES_DERIVED", "UFH_TRIPLE_DERIVED"),
    *("LANOISELEE_2026_UFH", "EDRICH_2015_UFH", "UFH_LONG_SHORT_DERIVED"),
)
_PLACES = {name: place for place, name in enumerate(dict.fromkeys((*_IN_ORDER, *(drug.name for drug in ALL))))}


def look_of(name: str) -> tuple[str, Dashes]:
    """Return the colour and the dashes of a model, by its name: the same in every picture, whatever stands beside it.

    A model that is not of this package gets those of a place after the last one, always the same.
    """
    place = _PLACES.get(name, len(_PLACES) + sum(name.encode()))
    return COLOURS[place % len(COLOURS)], DASHES[(place + place // len(COLOURS)) % len(DASHES)]


def outside_in_short(course: Course) -> str:
    """Return in short where a course leaves the validity domain of its model: "outside: route, rate"."""
    kinds = [short for text in course.outside for key, short in _KINDS.items() if key in text]
    if not course.outside:
        return "within what was studied"
    return f"outside: {', '.join(dict.fromkeys(kinds)) or '; '.join(course.outside)}"


def overlay(
    courses: Sequence[Course],
    *,
    assay: str = "anti_xa_u_per_ml",
    target: TherapeuticRange | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the true level of several models in one assay; a model used outside its validity domain is drawn thin and pale.

    The area above the highest level ever measured with a model is hatched. Models without a published response in this assay are
    named below the picture, and so are those whose last level lies above it.

    Raises ``ValueError`` without a course that has this assay.
    """
    shown = [course for course in courses if assay in course.assays]
    if not shown:
        raise ValueError(f"none of these models says anything about {ASSAYS[assay].label}; got {len(courses)} courses")
    if ax is None:
        ax = new_figure(14.0, 6.4)[1][0, 0]
    with styled():
        if target is not None:
            shade_target(ax, target)
        for course in shown:
            colour, dashes = look_of(course.drug.name)
            is_within = not course.outside
            values = course.level(assay)
            label = f"{course.drug.label}\n({course.drug.studied.assay}) {outside_in_short(course)}"
            ax.plot(course.time_h, values, color=colour, ls=dashes, lw=2.6 if is_within else 1.3,
                    alpha=1.0 if is_within else 0.75, label=label)  # fmt: skip
            shade_beyond(ax, course, assay, colour)
        hours_axis(ax, max(course.hours for course in shown))
        ax.set_ylabel(axis_label(assay))
        highest = max(float(course.level(assay).max()) for course in shown)
        ceiling = ASSAYS[assay].ceiling
        low, usual = level_limits(assay)
        room = 1.3 * target.high if target is not None else low + 0.2 * (usual - low)
        ax.set_ylim(low, min(max(room_for(highest), room), 1.15 * ceiling))
        if highest > ceiling:
            ax.axhline(ceiling, color=BLACK, lw=1.0, ls=(0, (1, 3)))
            ax.annotate("upper limit of the assay", (0.99, ceiling), xycoords=("axes fraction", "data"), xytext=(0, 3),
                        textcoords="offset points", ha="right", va="bottom", fontsize=11, color=BLACK)  # fmt: skip
        note = _not_in_the_picture(courses, assay, ax.get_ylim()[1])
        if note:
            ax.annotate(note, (0.0, 0.0), xycoords="axes fraction", xytext=(0, -48), textcoords="offset points", ha="left",
                        va="top", fontsize=11, color=BLACK)  # fmt: skip
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=11, labelspacing=0.6)
    return ax


def _not_in_the_picture(courses: Sequence[Course], assay: str, top: float) -> str:
    """Return the note on models without this assay, and on those whose last level lies above ``top``."""
    lines = []
    missing = [course.drug.label for course in courses if assay not in course.assays]
    if missing:
        lines.append(f"nothing published about {ASSAYS[assay].label}: {'; '.join(missing)}")
    above = [
        f"{course.drug.label}, {course.level(assay)[-1]:.3g} {ASSAYS[assay].unit or '× control'}"
        for course in courses
        if assay in course.assays and course.level(assay)[-1] > top
    ]
    if above:
        lines.append(f"ends above this picture: {'; '.join(above)}")
    return "\n".join(textwrap.fill(line, 84) for line in lines)


def shade_beyond(ax: Axes, course: Course, assay: str, colour: str) -> None:
    """Hatch the area between a curve and the highest level ever measured with its model."""
    seen = course.drug.studied.concentration_u_per_ml
    if seen is None or float(course.concentration_u_per_ml.max()) <= 1.05 * seen[1]:
        return
    top = float(np.asarray(level(assay, seen[1], course.patient, course.responses)))
    values = np.minimum(course.level(assay), ASSAYS[assay].ceiling * 1.2)
    ax.fill_between(course.time_h, top, values, where=(values > top).tolist(), facecolor="none", edgecolor=colour, hatch="///",
                    lw=0.0, alpha=0.6)  # fmt: skip


def describe_overlay(courses: Sequence[Course], assay: str = "anti_xa_u_per_ml") -> str:
    """Return the text alternative of the picture: the last level of each model, and where it leaves its validity domain."""
    unit = ASSAYS[assay].unit
    parts = []
    for course in courses:
        if assay in course.assays:
            last = float(course.level(assay)[-1])
            parts.append(f"{course.drug.label} {last:.3g} {unit} ({outside_in_short(course)})")
        else:
            parts.append(f"{course.drug.label}: nothing published")
    return f"{ASSAYS[assay].label} after {max(course.hours for course in courses):g} h: " + "; ".join(parts) + "."
