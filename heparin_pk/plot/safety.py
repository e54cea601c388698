"""Pictures of what can go wrong: platelets, the probability of HIT, protamine, the off-ramp, faults, and the two regrets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    BROWN,
    DASHES,
    GREEN,
    PURPLE,
    STYLE,
    VERMILION,
    axis_label,
    hours_axis,
    level_limits,
    new_figure,
    shade_target,
    title,
)
from heparin_pk.simulation.after_stop import GONE, WATCHED_H
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.exposure import exposure, level_in_words
from heparin_pk.simulation.platelets import NORMAL_E9_PER_L, PATTERNS, PlateletSeries
from heparin_pk.teaching.consequences import Consequence
from heparin_pk.teaching.hit import DiagnosticTest, Step
from heparin_pk.teaching.reversal import Compared
from heparin_pk.trials.off_ramp import NormalAgain

_COLOURS = (BLUE, VERMILION, PURPLE, BROWN)


def _axes(ax: Axes | None, width: float = 10.0, height: float = 5.0) -> Axes:
    return ax if ax is not None else new_figure(width, height)[1][0, 0]


def platelets(series: PlateletSeries, *, ax: Axes | None = None) -> Axes:
    """Draw a platelet count: the truth as a line, the reported counts as dots, half of the highest one, the days of heparin."""
    ax = _axes(ax)
    highest = max(series.counted_e9_per_l, default=series.usual_e9_per_l)
    last = series.days_d[-1]
    with plt.rc_context(STYLE):
        end = last if series.stopped_d is None else series.stopped_d
        ax.axvspan(0.0, end, ymax=0.035, color=BROWN, alpha=0.8, lw=0)
        ax.annotate(
            "heparin", (0.0, 0.045), xycoords=("data", "axes fraction"), xytext=(4, 0), textcoords="offset points", fontsize=11
        )
        ax.axhspan(NORMAL_E9_PER_L, 400.0, color=GREEN, alpha=0.10, lw=0, zorder=0)
        ax.axhline(0.5 * highest, color=BLACK, lw=1.2, ls=":")
        ax.annotate("fall of half", (1.0, 0.5 * highest), xycoords=("axes fraction", "data"), xytext=(-4, 3), ha="right",
                    textcoords="offset points", fontsize=11)  # fmt: skip
        ax.plot(series.days_d, series.true_e9_per_l, color=BLUE, label="true (illustrative model)")
        ax.plot(series.counted_d, series.counted_e9_per_l, "o", color=VERMILION, ms=8, label="reported")
        if series.onset_d is not None and series.onset_d <= last:
            ax.axvline(series.onset_d, color=PURPLE, lw=1.6, ls="--", label="the fall begins")
        ax.set_xlim(0.0, last)
        ax.set_ylim(0.0, max(420.0, 1.1 * max(*series.true_e9_per_l, highest)))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("day after the first heparin (d)")
        ax.set_ylabel("platelets (10⁹/L)")
        ax.legend(loc="upper right", fontsize=11)
    title(ax, PATTERNS[series.pattern])
    return ax


def describe_platelets(series: PlateletSeries) -> str:
    """Return the text alternative of the picture of a platelet count."""
    seen = series.seen_d(50.0)
    alarm = (
        "no reported count has fallen by more than half"
        if seen is None
        else f"a fall of more than half is reported on day {seen:g}"
    )
    return (
        f"Platelets over {series.days_d[-1]:g} days, an illustrative model: {PATTERNS[series.pattern]}. From "
        f"{series.usual_e9_per_l:.0f} to {series.nadir_e9_per_l:.0f} × 10⁹/L on day {series.nadir_d:.0f}; {alarm}."
    )


def post_test(tests: Sequence[DiagnosticTest], *, steps: Sequence[Step] = (), ax: Axes | None = None) -> Axes:
    """Draw the probability of HIT after a positive and a negative result against the one before; ``steps`` of a work-up as marks.

    Raises ``ValueError`` without a test.
    """
    if not tests:
        raise ValueError("there is no test to draw; got none")
    ax = _axes(ax, 9.0, 6.5)
    before = np.linspace(0.001, 0.999, 400)
    with plt.rc_context(STYLE):
        ax.plot([0, 100], [0, 100], color=BLACK, lw=1.0, ls=":")
        for i, test in enumerate(tests):
            colour, dashes = _COLOURS[i % len(_COLOURS)], DASHES[i % len(DASHES)]
            for is_positive in (True, False):
                after = [100.0 * test.after_fraction(float(p), is_positive=is_positive) for p in before]
                ax.plot(100.0 * before, after, color=colour, ls=dashes, label=test.name if is_positive else None)
        for earlier, later in pairwise(steps):
            x, y = 100.0 * earlier.hit_fraction, 100.0 * later.hit_fraction
            ax.plot(x, y, "D", ms=9, mfc="white", mec=BLACK, mew=2, zorder=4)
            ax.annotate(later.what, (x, y), xytext=(9, 14 if y < 12.0 else -18), textcoords="offset points", fontsize=11)
        ax.annotate("after a positive result", (50, 79), ha="center", fontsize=11)
        ax.annotate("after a negative result", (36, 8), ha="center", fontsize=11)
        ax.set_xlim(0.0, 100.0)
        ax.set_ylim(0.0, 100.0)
        ax.set_xlabel("probability of HIT before the test (%)")
        ax.set_ylabel("probability of HIT after it (%)")
        ax.legend(loc="center", bbox_to_anchor=(0.6, 0.27), fontsize=11)
    return ax


def describe_post_test(tests: Sequence[DiagnosticTest], before_fraction: float = 0.14) -> str:
    """Return the text alternative: what each test makes of one probability before it."""
    lines = []
    for test in tests:
        after = [100.0 * test.after_fraction(before_fraction, is_positive=result) for result in (True, False)]
        lines.append(f"{test.name} {after[0]:.3g} % when positive, {after[1]:.2g} % when negative")
    return f"Probability of HIT from {100 * before_fraction:g} % before the test: {'; '.join(lines)}."


def protamine(rows: Sequence[Compared], *, ax: Axes | None = None) -> Axes:
    """Draw what a table asks for (bars from low to high) beside the protamine that neutralises what is left in the model (dots).

    Raises ``ValueError`` without rows.
    """
    if not rows:
        raise ValueError("there is no row to draw; got none")
    ax = _axes(ax)
    minutes = [row.elapsed_min for row in rows]
    with plt.rc_context(STYLE):
        for i, row in enumerate(rows):
            low, high = row.asked.low_mg, row.asked.high_mg
            ax.plot([row.elapsed_min] * 2, [low, max(high, low + 1.2)], color=BROWN, lw=11, solid_capstyle="butt", alpha=0.8,
                    label="the table asks for" if i == 0 else None)  # fmt: skip
        ax.plot(
            minutes, [row.left_mg for row in rows], "o--", color=BLUE, ms=8, label="neutralises what is left in plasma (model)"
        )
        ax.set_xlim(0.0, 1.08 * max(minutes))
        ax.set_ylim(0.0, 1.15 * max(max(row.asked.high_mg, row.left_mg) for row in rows))
        ax.set_xlabel("time since the bolus (min)")
        ax.set_ylabel("protamine (mg)")
        ax.legend(loc="upper right", fontsize=11)
    return ax


def describe_protamine(rows: Sequence[Compared]) -> str:
    """Return the text alternative of the picture of a protamine table."""
    parts = [
        f"after {row.elapsed_min:g} min the table asks for {row.asked.in_words()}, {row.left_mg:.0f} mg are left" for row in rows
    ]
    return f"Protamine by the time since a bolus: {'; '.join(parts)}."


def normal_again(several: Sequence[NormalAgain], *, ax: Axes | None = None) -> Axes:
    """Draw which share of people is normal again by which time after the end of an infusion, one line an assay.

    Raises ``ValueError`` without a distribution.
    """
    if not several:
        raise ValueError("there is no distribution to draw; got none")
    ax = _axes(ax)
    with plt.rc_context(STYLE):
        for i, found in enumerate(several):
            hours = [0.0, *found.found_h, WATCHED_H]
            shares = [0.0, *(100.0 * (rank + 1) / found.n for rank in range(len(found.found_h)))]
            shares.append(shares[-1])
            ax.step(
                hours,
                shares,
                where="post",
                color=_COLOURS[i % len(_COLOURS)],
                ls=DASHES[i % len(DASHES)],
                label=GONE[found.assay][0],
            )
        ax.set_xlim(0.0, min(WATCHED_H, 1.0 + max((found.found_h[-1] for found in several if found.found_h), default=WATCHED_H)))
        ax.set_ylim(0.0, 102.0)
        ax.set_xlabel("time after the stop (h)")
        ax.set_ylabel("people who are normal again (%)")
        ax.legend(loc="lower right", fontsize=11)
    return ax


def describe_normal_again(several: Sequence[NormalAgain]) -> str:
    """Return the text alternative of the picture of the off-ramp."""
    return " ".join(f"Of {found.n} people after the end of an infusion: {found.in_words()}." for found in several)


def _level(ax: Axes, course: Course, target: TherapeuticRange) -> np.ndarray:
    """Prepare the Axes for a level against time; return the true level, what lies beyond the picture at its upper edge."""
    low, high = level_limits(target.assay, target)
    ax.set_ylim(low, high)
    hours_axis(ax, course.hours)
    ax.set_ylabel(axis_label(target.assay))
    return np.asarray(np.minimum(course.level(target.assay), high))


def _ceiling(ax: Axes, target: TherapeuticRange) -> None:
    """Draw the ceiling of the assay, and shade the range."""
    ceiling = ASSAYS[target.assay].ceiling
    shade_target(ax, target)
    if ceiling < level_limits(target.assay, target)[1]:
        ax.axhline(ceiling, color=BLACK, lw=1.0, ls=":")
        ax.annotate("ceiling of the test", (1.0, ceiling), xycoords=("axes fraction", "data"), xytext=(-4, 3), fontsize=11,
                    ha="right", textcoords="offset points")  # fmt: skip


def fault(found: Consequence, *, ax: Axes | None = None) -> Axes:
    """Draw a course with a fault over the same course without, marked where each check would have caught it."""
    ax = _axes(ax, 10.5, 5.5)
    target = found.without.target
    assert target is not None  # a nomogram treats
    with plt.rc_context(STYLE):
        _ceiling(ax, target)
        for course, colour, dashes, label in (
            (found.without, BLUE, "--", "without the error"),
            (found.struck, VERMILION, "-", "with the error"),
        ):
            ax.plot(course.time_h, _level(ax, course, target), color=colour, ls=dashes, label=f"{label}, true level")
            seen = [lab for lab in course.labs if lab.assay == target.assay]
            for is_above, mark, face in ((False, "o", colour), (True, "^", "white")):
                shown = [lab for lab in seen if lab.above_ceiling is is_above]
                ax.plot([lab.drawn_h for lab in shown], [lab.value for lab in shown], mark, ms=9, mfc=face, mec=colour, mew=1.6,
                        ls="none", zorder=5, label=None if is_above else f"{label}, reported")  # fmt: skip
        if found.entered_h is not None:
            ax.axvline(found.entered_h, color=PURPLE, lw=2.0)
            checks = [f"{name} ({100.0 * chance.value:.0f} %)" for name, chance in found.chances.items()]
            ax.annotate(
                "\n".join(["here a check could catch it:", *checks]),
                (found.entered_h, 0.02),
                xycoords=("data", "axes fraction"),
                xytext=(8, 0),
                textcoords="offset points",
                va="bottom",
                color=BLACK,
                fontsize=11,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
                zorder=6,
            )
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.86), fontsize=11)
    title(ax, f"{found.fault.of.what[0].upper()}{found.fault.of.what[1:]}")
    return ax


def describe_fault(found: Consequence) -> str:
    """Return the text alternative of the picture of a fault."""
    first, second = found.exposures
    when = "The two courses do not differ" if found.entered_h is None else f"The courses differ from {found.entered_h:g} h on"
    checks = ", ".join(f"“{name}” in {100.0 * chance.value:.0f} % of cases" for name, chance in found.chances.items())
    target = first.target
    return (
        f"One course of {found.struck.hours:g} h without and with an error: {found.fault.of.what}. {when}. Above "
        f"{target.in_words()} for {first.above_h:.1f} h without and {second.above_h:.1f} h with it, below for "
        f"{first.below_h:.1f} and {second.below_h:.1f} h; highest level {level_in_words(target, first.peak_level)} and "
        f"{level_in_words(target, second.peak_level)}. "
        + (f"What would catch it: {checks}." if checks else "No check here catches it.")
    )


def regrets(course: Course, *, target: TherapeuticRange | None = None, ax: Axes | None = None) -> Axes:
    """Draw the two regrets of a course: what lies above its range in one colour, what lies below in another; no sum."""
    ax = _axes(ax, 10.5, 5.0)
    found = exposure(course, target)
    with plt.rc_context(STYLE):
        _ceiling(ax, found.target)
        level = _level(ax, course, found.target)
        ax.plot(course.time_h, level, color=BLACK, label="true level")
        for limit, where, colour, hatch, label in (
            (found.target.high, level > found.target.high, VERMILION, "//", f"too much: {found.above_h:.1f} h"),
            (found.target.low, level < found.target.low, BLUE, "\\\\", f"too little: {found.below_h:.1f} h"),
        ):
            ax.fill_between(course.time_h, level, limit, where=where.tolist(), interpolate=True, color=colour, alpha=0.35,
                            hatch=hatch, label=label)  # fmt: skip
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.86), fontsize=11)
    title(ax, "Two regrets, and no sum")
    return ax


def describe_regrets(course: Course, target: TherapeuticRange | None = None) -> str:
    """Return the text alternative of the picture of the two regrets."""
    found = exposure(course, target)
    first = "never in range" if found.first_in_range_h is None else f"first in range at {found.first_in_range_h:.1f} h"
    return (
        f"A course of {course.hours:g} h against {found.target.in_words()}: {found.above_h:.1f} h above the range, up to "
        f"{level_in_words(found.target, found.peak_level)}; {found.below_h:.1f} h below it; {first}. The two are not summed."
    )
