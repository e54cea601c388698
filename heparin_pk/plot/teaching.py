"""Reasons to give heparin, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np

from heparin_pk.blood.assay import ASSAYS
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import BLUE, STYLE, axis_label, level_limits, new_figure, shade_target
from heparin_pk.plot.models import outside_in_short
from heparin_pk.simulation.course import Course
from heparin_pk.teaching.indications import Indication


def indications(several: Sequence[Indication], patient: Patient, *, columns: int = 3) -> np.ndarray:
    """Draw each preset in its own small picture, in the assay it is watched by, with its range; return the Axes.

    Where nobody measures, the anti-Xa is drawn and the picture says so.
    """
    if not several:
        raise ValueError("there is no indication to draw; got none")
    columns = min(columns, len(several))
    lines = math.ceil(len(several) / columns)
    axes = new_figure(4.9 * columns, 3.9 * lines, nrows=lines, ncols=columns)[1]
    with plt.rc_context(STYLE):
        for ax, one in zip(axes.flat, several, strict=False):
            _panel(ax, one, one.course(patient))
        for ax in axes.flat[len(several) :]:
            ax.set_visible(False)
    return axes


def _panel(ax, one: Indication, course: Course) -> None:
    assay = one.target.assay if one.target else "anti_xa_u_per_ml"
    values = course.level(assay)
    ax.plot(course.time_h, values, color=BLUE)
    low, high = level_limits(assay, one.target)
    if one.target is not None:
        shade_target(ax, one.target)
    else:
        high = 0.8
        ax.annotate("no level is aimed at", (0.98, 0.96), xycoords="axes fraction", ha="right", va="top", fontsize=11)
    if course.outside:
        ax.annotate(
            outside_in_short(course), (0.98, 0.86), xycoords="axes fraction", ha="right", va="top", fontsize=11, style="italic"
        )
    ax.set_ylim(low, max(high, 1.08 * float(values.max())))
    ax.set_xlim(0.0, course.hours)
    ax.set_xlabel("time (h)")
    ax.set_ylabel(axis_label(assay))
    ax.set_title(fill(one.title, 34), fontsize=12)


def describe_indication(one: Indication, course: Course) -> str:
    """Return in words what the picture of one preset says."""
    assay = one.target.assay if one.target else "anti_xa_u_per_ml"
    values = course.level(assay)
    aim = f"aims at {one.target.in_words()}" if one.target else "no level is aimed at"
    digits = 0 if ASSAYS[assay].unit == "s" else 2
    reached = f"reaches {values.max():.{digits}f} and is {values[-1]:.{digits}f} after {course.hours:g} h"
    return f"{one.title}: {axis_label(assay)} {reached}; {aim}. {one.why}"
