"""Differences between patients: the same orders in two assays, and the dose that each kind of patient needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import Reagent, aptt_range_for_anti_xa
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    STYLE,
    axis_label,
    hours_axis,
    level_limits,
    new_figure,
    shade_target,
)
from heparin_pk.published import ranges
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h


def range_of_reagent(reagent: object) -> TherapeuticRange:
    """Return the aPTT range of a laboratory with this reagent: the seconds of its typical patient at anti-Xa 0.3-0.7 U/mL.

    The printed ratio of 1.5-2.5, which belongs to another reagent, where an aPTT follows no heparin reagent.
    """
    if not isinstance(reagent, Reagent):
        return ranges.APTT_RATIO_TREATMENT
    target = ranges.ANTI_XA_TREATMENT
    return aptt_range_for_anti_xa(reagent, Patient(weight_kg=75.0), (target.low, target.high))


def two_assays(
    courses: Mapping[str, Course],
    *,
    targets: tuple[TherapeuticRange, ...] | None = None,
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Draw the same courses in aPTT (left) and in anti-Xa (right), each with its therapeutic range; return both Axes.

    ``targets``: the two ranges (``None``: anti-Xa 0.3-0.7 U/mL, and the aPTT that corresponds to it with the reagent in use)
    ``axes``: two Axes to draw on
    """
    reagent = next(iter(courses.values())).reagent
    named = "" if targets or not isinstance(reagent, Reagent) else f", reagent {reagent.name}"
    targets = targets or (range_of_reagent(reagent), ranges.ANTI_XA_TREATMENT)
    if axes is None:
        axes = new_figure(13.0, 5.0, nrows=1, ncols=2)[1][0]
    with plt.rc_context(STYLE):
        for ax, target in zip(axes, targets, strict=True):
            shade_target(ax, target)
            for index, (name, course) in enumerate(courses.items()):
                ax.plot(course.time_h, course.level(target.assay), color=COLOURS[index % len(COLOURS)],
                        ls=DASHES[index % len(DASHES)], label=name)  # fmt: skip
            low, high = level_limits(target.assay, target)
            ceiling = ASSAYS[target.assay].ceiling
            ax.set_ylim(low, min(high, ceiling * 1.05))
            hours_axis(ax, max(course.hours for course in courses.values()))
            ax.set_ylabel(axis_label(target.assay) + (named if ax is axes[0] else ""))
        axes[0].legend(loc="upper right", fontsize=11)
    return np.asarray(axes)


def needed_doses(drug: Drug, people: Mapping[str, Patient], target: TherapeuticRange) -> Axes:
    """Draw the infusion that keeps each patient in the middle of a range, per kg of true weight; return the Axes.

    A patient whose range cannot be reached has the words "cannot be reached" in place of a number.
    """
    ax: Axes = new_figure(9.5, 1.4 + 0.45 * len(people))[1][0, 0]
    names = list(people)
    with plt.rc_context(STYLE):
        for row, name in enumerate(reversed(names)):
            try:
                rate = needed_rate_u_per_kg_per_h(drug, people[name], target)
            except ValueError:
                ax.annotate("cannot be reached", (0.5, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=11)
                continue
            ax.plot([0.0, rate], [row, row], color=BLUE, lw=2.0, alpha=0.45)
            ax.plot(rate, row, "o", ms=10, color=BLUE, mec=BLACK)
            ax.annotate(f"{rate:.1f}", (rate, row), xytext=(9, 0), textcoords="offset points", va="center", fontsize=12)
        ax.set_yticks(range(len(names)), list(reversed(names)), fontsize=12)
        ax.set_xlim(0.0, 40.0)
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.set_xlabel(f"infusion for the middle of {target.in_words()} (U/kg/h)")
    return ax
