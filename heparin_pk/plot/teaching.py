"""Pictures of the indications for heparin, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood.assay import ASSAYS
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import BLUE, axis_label, hours_axis, level_limits, new_figure, room_for, shade_target, styled
from heparin_pk.plot.models import outside_in_short
from heparin_pk.simulation.course import Course
from heparin_pk.teaching.indications import Indication


def indications(
    several: Sequence[Indication],
    patient: Patient,
    *,
    columns: int = 3,
    courses: Sequence[Course] | None = None,
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Draw each indication in its own panel, in the assay that monitors it, with its range; return the Axes.

    An indication without a target is drawn in anti-Xa, and the panel says so.

    ``courses``: their courses in this patient, where they are known
    ``axes``: Axes to draw on, one for each indication (``None``: a new figure with so many ``columns``)
    """
    if not several:
        raise ValueError("there is no indication to draw; got none")
    if axes is None:
        columns = min(columns, len(several))
        n_rows = math.ceil(len(several) / columns)
        panels = new_figure(4.9 * columns, 3.9 * n_rows, nrows=n_rows, ncols=columns)[1]
    else:
        panels = np.asarray(axes)
    with styled():
        for index, (ax, indication) in enumerate(zip(panels.flat, several, strict=False)):
            _panel(ax, indication, indication.course(patient) if courses is None else courses[index])
        for ax in panels.flat[len(several) :]:
            ax.set_visible(False)
    return panels


def _panel(ax: Axes, indication: Indication, course: Course) -> None:
    """Draw one indication in its panel."""
    assay = indication.target.assay if indication.target else "anti_xa_u_per_ml"
    values = course.level(assay)
    ax.plot(course.time_h, values, color=BLUE, label="level")
    low, high = level_limits(assay, indication.target)
    if indication.target is not None:
        shade_target(ax, indication.target)
    else:
        high = 0.8
        ax.annotate("no level is aimed at", (0.98, 0.96), xycoords="axes fraction", ha="right", va="top", fontsize=11)
    if course.outside:
        ax.annotate(
            outside_in_short(course), (0.98, 0.86), xycoords="axes fraction", ha="right", va="top", fontsize=11, style="italic"
        )
    ax.set_ylim(low, max(high, room_for(float(values.max()))))
    hours_axis(ax, course.hours)
    ax.set_ylabel(axis_label(assay))
    ax.set_title(fill(indication.title, 34), fontsize=12)


def describe_indication(indication: Indication, course: Course) -> str:
    """Return the text alternative of the picture of one indication."""
    assay = indication.target.assay if indication.target else "anti_xa_u_per_ml"
    values = course.level(assay)
    aim = f"aims at {indication.target.in_words()}" if indication.target else "no level is aimed at"
    digits = 0 if ASSAYS[assay].unit == "s" else 2
    reached = f"reaches {values.max():.{digits}f} and is {values[-1]:.{digits}f} after {course.hours:g} h"
    return f"{indication.title}: {axis_label(assay)} {reached}; {aim}. {indication.why}"
