"""Differences between patients: the same orders in two assays, and the dose that each kind of patient needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import Reagent
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    STYLE,
    axis_label,
    hours_axis,
    level_limits,
    new_figure,
    shade_target,
    styled,
)
from heparin_pk.published import ranges
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h


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
    named = "" if targets or not isinstance(reagent, Reagent) else f", reagent {reagent.label}"
    targets = targets or (ranges.of_reagent(reagent), ranges.ANTI_XA_TREATMENT)
    if axes is None:
        axes = new_figure(13.0, 5.0, nrows=1, ncols=2)[1][0]
    with styled():
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


def steady_states(drug: Drug, patients: Sequence[Patient], rate_u_per_kg_per_h: float, target: TherapeuticRange) -> Axes:
    """Draw how many of these patients reach which steady state on one infusion, with the shares below, in and above a range.

    Raises ``ValueError`` without a patient, and for a range of another assay than anti-Xa.
    """
    if not patients:
        raise ValueError("patients must hold one at least; got none")
    if target.assay != "anti_xa_u_per_ml":
        raise ValueError(f"target must be a range of anti-Xa; got {target.assay!r}")
    levels = np.array([drug.individual(one).steady_state_u_per_ml(rate_u_per_kg_per_h * one.doses_by_kg) for one in patients])
    low, middle, high = np.percentile(levels, (5, 50, 95))
    below, above = float(np.mean(levels < target.low)), float(np.mean(levels > target.high))
    ax: Axes = new_figure(9.5, 4.6)[1][0, 0]
    with styled():
        ax.axvspan(target.low, target.high, color=GREEN, alpha=0.16, lw=0, zorder=0)
        edges = np.arange(0.0, max(1.2, float(levels.max()) + 0.05), 0.05)
        ax.hist(levels, bins=edges.tolist(), color=BLUE, alpha=0.75, edgecolor="white")
        for level, name in ((low, "1 in 20 below"), (middle, "median"), (high, "1 in 20 above")):
            ax.axvline(level, color=BLACK, lw=1.4, ls="-" if name == "median" else ":")
            ax.annotate(f"{name}\n{level:.2f}", (level, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -2), fontsize=11,
                        textcoords="offset points", va="top")  # fmt: skip
        ax.set_xlim(edges[0], edges[-1])
        ax.set_ylim(top=1.25 * ax.get_ylim()[1])
        ax.set_xlabel(f"anti-Xa at steady state on {rate_u_per_kg_per_h:g} U/kg/h (U/mL)")
        ax.set_ylabel("patients")
        title = f"{below:.0%} below, {1.0 - below - above:.0%} in, {above:.0%} above {target.in_words()}"
        ax.set_title(title, fontsize=STYLE["axes.titlesize"])
    return ax


def needed_doses(drug: Drug, people: Mapping[str, Patient], target: TherapeuticRange) -> Axes:
    """Draw the infusion that keeps each patient in the middle of a range, per kg of true weight; return the Axes.

    A patient whose range cannot be reached has the words "cannot be reached" in place of a number.
    """
    ax: Axes = new_figure(9.5, 1.4 + 0.45 * len(people))[1][0, 0]
    names, rates = list(people), []
    with styled():
        for row, name in enumerate(reversed(names)):
            try:
                rate = needed_rate_u_per_kg_per_h(drug, people[name], target)
            except ValueError:
                ax.annotate("cannot be reached", (0.5, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=11)
                continue
            rates.append(rate)
            ax.plot([0.0, rate], [row, row], color=BLUE, lw=2.0, alpha=0.45)
            ax.plot(rate, row, "o", ms=10, color=BLUE, mec=BLACK)
            ax.annotate(f"{rate:.1f}", (rate, row), xytext=(9, 0), textcoords="offset points", va="center", fontsize=12)
        ax.set_yticks(range(len(names)), list(reversed(names)), fontsize=12)
        ax.set_xlim(0.0, 1.2 * max(rates, default=20.0))
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.set_xlabel(f"infusion for the middle of {target.in_words()} (U/kg/h)")
    return ax
