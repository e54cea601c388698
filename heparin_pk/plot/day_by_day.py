"""Pictures of platelets as a ward sees them: counts up to today, the suspicion of each day, and what a late day costs."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    BROWN,
    RANGE,
    RANGE_SHADE,
    RANGE_TEXT,
    STYLE,
    VERMILION,
    axis_label,
    level_limits,
    new_figure,
    shade_target,
)
from heparin_pk.plot.courses import course as draw_course
from heparin_pk.plot.courses import room_for_pump
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.platelets import NORMAL_E9_PER_L, PlateletSeries
from heparin_pk.teaching.hit import PROBABILITIES, CountedDay, Step, events_while_waiting_fraction

_EACH = 12
"""Of the quarters of an hour of a series one in so many is drawn."""
_TINTS = {"low": BLUE, "intermediate": BROWN, "high": VERMILION}


def _axes(axes: Sequence[Axes] | None, width: float, height: float) -> Sequence[Axes]:
    return axes if axes is not None else new_figure(width, height, ncols=2)[1].ravel().tolist()


def counts_so_far(
    days: Sequence[CountedDay], *, today_d: float, last_d: float = 14.0, axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Draw the platelet counts up to today and the probability of HIT on each day, before any test; the future stays blank.

    ``days``: :func:`heparin_pk.hit.day_by_day`; later days than today are left out.
    ``today_d``: today, d after the start of heparin.
    ``last_d``: right end of the axes, d.
    ``axes``: two Axes.

    Raises ``ValueError`` where no count is known by today.
    """
    known = _known(days, today_d)
    axes = _axes(axes, 12.5, 4.8)
    x, counts = [one.day_d for one in known], [one.count_e9_per_l for one in known]
    with plt.rc_context(STYLE):
        axes[0].axhline(0.5 * max(counts), color=BLACK, lw=1.2, ls=":", label="half of the highest count")
        axes[0].plot(x, counts, "o-", color=BLUE, ms=8, lw=1.4, label="platelets")
        _normal(axes[0])
        axes[0].set_ylim(0.0, _MOST_E9_PER_L)
        axes[0].set_ylabel("platelets (10⁹/L)")
        axes[0].legend(loc="upper right", fontsize=11)
        for level in PROBABILITIES:
            here = [one for one in known if one.score.probability == level]
            if here:
                axes[1].plot([one.day_d for one in here], [100.0 * one.hit_fraction for one in here], "D", ms=9, mec=BLACK,
                             color=_TINTS[level], label=f"4Ts {level}")  # fmt: skip
        axes[1].set_ylim(-2.0, 75.0)
        axes[1].set_ylabel("probability of HIT before a test (%)")
        axes[1].legend(loc="upper left", fontsize=11)
        for ax in axes:
            ax.axvspan(today_d, last_d + 0.5, color=BLACK, alpha=0.10, lw=0)
            ax.set_xlim(-0.5, last_d + 0.5)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            ax.set_xlabel("day of heparin; grey: not yet known")
    return axes


def _normal(ax: Axes) -> None:
    """Shade the normal counts, and name them in the upper left corner."""
    ax.axhspan(NORMAL_E9_PER_L, _MOST_E9_PER_L, color=RANGE, alpha=RANGE_SHADE, lw=0, zorder=0)
    ax.annotate(f"normal: {NORMAL_E9_PER_L:g} and more", (0.0, 1.0), xycoords="axes fraction", xytext=(6, -8),
                textcoords="offset points", va="top", fontsize=11, color=RANGE_TEXT)  # fmt: skip


_MOST_E9_PER_L = 420.0


def _known(days: Sequence[CountedDay], today_d: float) -> list[CountedDay]:
    known = [one for one in days if one.day_d <= today_d]
    if not known:
        raise ValueError(f"no count is known by today_d = {today_d:g}")
    return known


def describe_counts_so_far(days: Sequence[CountedDay], today_d: float) -> str:
    """Return the text alternative: the last count, its fall, the parts of the score, and the probability of HIT."""
    last = _known(days, today_d)[-1]
    parts = ", ".join(
        f"{name.replace('_', ' ')} {getattr(last.score, name)}"
        for name in ("thrombocytopenia", "timing", "thrombosis", "other_causes")
    )
    return (
        f"Day {today_d:g}. The last count, of day {last.day_d:g}: {last.count_e9_per_l:.0f} × 10⁹/L, "
        f"{max(last.fall_percent, 0.0):.0f} % below the highest one. 4Ts {last.score.total} of 8 ({parts}): "
        f"{last.score.probability}, HIT in {100.0 * last.hit_fraction:.3g} of 100 such patients before any test."
    )


def so_many_in_1000(steps: Sequence[Step], *, ax: Axes | None = None) -> Axes:
    """Draw of 1,000 patients like this one how many have HIT, at each step of the work-up, one bar a step."""
    rows = 3 if ax is not None else len(steps)  # under a slider the rows stand still
    ax = ax if ax is not None else new_figure(10.0, 1.3 + 0.9 * rows)[1][0, 0]
    names = [one.what.replace(", ", ",\n").replace("IgG ELISA ", "IgG ELISA\n") for one in steps]
    with plt.rc_context(STYLE):
        for y, one in enumerate(steps):
            ax.barh(y, 1000.0, color=BLUE, alpha=0.18, height=0.55, zorder=1)
            ax.barh(y, 1000.0 * one.hit_fraction, color=VERMILION, alpha=0.9, height=0.55, zorder=2)
            ax.annotate(f"{1000.0 * one.hit_fraction:.0f}", (1000.0 * one.hit_fraction, y), xytext=(5, 0), va="center",
                        textcoords="offset points", fontsize=12)  # fmt: skip
        ax.set_yticks(range(len(steps)), names)
        ax.set_ylim(rows - 0.4, -0.6)
        ax.set_xlim(0.0, 1080.0)
        ax.set_xlabel("of 1,000 such patients: with HIT")
    return ax


def a_day_late(
    in_time: PlateletSeries, late: PlateletSeries, *, waiting_d: float, axes: Sequence[Axes] | None = None
) -> Sequence[Axes]:
    """Draw the platelets where heparin stops at the suspicion and where it stops later, and the clots of the days between.

    ``in_time``, ``late``: the same patient with heparin stopped at the suspicion, and some days later.
    ``waiting_d``: days between the suspicion and the other anticoagulant, d (0 to 3).
    ``axes``: two Axes.
    """
    axes = _axes(axes, 12.5, 4.8)
    waits = np.linspace(0.0, 3.0, 13)
    with plt.rc_context(STYLE):
        _normal(axes[0])
        for series, colour, dashes, label in (
            (in_time, BLUE, "-", "stopped when suspected"),
            (late, VERMILION, "--", f"stopped {waiting_d:g} d later"),
        ):
            axes[0].plot(series.days_d[::_EACH], series.true_e9_per_l[::_EACH], color=colour, ls=dashes, label=label)
            if series.stopped_d is not None:
                axes[0].plot([series.stopped_d], [series.at_e9_per_l(series.stopped_d)], "o", ms=9, color=colour, label="_stop")
        axes[0].set_xlim(0.0, in_time.days_d[-1])
        axes[0].set_ylim(0.0, _MOST_E9_PER_L)
        axes[0].set_xlabel("day after the first heparin (dot: all heparin stops)")
        axes[0].set_ylabel("platelets (10⁹/L)")
        axes[0].legend(loc="upper right", fontsize=11)
        axes[1].plot(waits, [100.0 * events_while_waiting_fraction(float(one)) for one in waits], color=BLACK,
                     label="at the printed mean rate")  # fmt: skip
        axes[1].plot([waiting_d], [100.0 * events_while_waiting_fraction(waiting_d)], "D", ms=11, color=VERMILION, mec=BLACK,
                     label="this wait")  # fmt: skip
        axes[1].set_xlim(-0.1, 3.1)
        axes[1].set_ylim(0.0, 18.0)
        axes[1].set_xlabel("days without another anticoagulant (d)")
        axes[1].set_ylabel("patients with a new clot (%)")
        axes[1].legend(loc="upper left", fontsize=11)
    return axes


def describe_a_day_late(in_time: PlateletSeries, late: PlateletSeries, waiting_d: float) -> str:
    """Return the text alternative: lowest counts, when the platelets are back, and the clots of the days between."""
    back = [one.recovered_d() for one in (in_time, late)]
    days = ["not within these days" if one is None else f"on day {one:.0f}" for one in back]
    return (
        f"All heparin stopped when HIT was suspected: lowest count {in_time.nadir_e9_per_l:.0f} × 10⁹/L, 150 again {days[0]}. "
        f"{waiting_d:g} d later: lowest {late.nadir_e9_per_l:.0f}, 150 again {days[1]}. Of 100 patients who wait {waiting_d:g} d "
        f"for another anticoagulant, {100.0 * events_while_waiting_fraction(waiting_d):.1f} have a new clot at the printed mean "
        "rate (5.1 % a day, counted over 1.3 days). The platelets are an illustrative model."
    )


def titrated(course: Course, *, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw a course with the level and its range on the left and the pump on the right.

    ``course``: a course with a target.
    ``axes``: two Axes.

    Raises ``ValueError`` for a course without a target.
    """
    if course.target is None:
        raise ValueError("course must aim at a range; got target None")
    axes = _axes(axes, 12.5, 4.8)
    with plt.rc_context(STYLE):
        shade_target(axes[0], course.target)
        axes[0].set_ylim(*level_limits(course.target.assay, course.target))
        axes[0].set_ylabel(axis_label(course.target.assay))
        axes[1].set_ylim(0.0, 1.15 * room_for_pump(course))
        axes[1].set_ylabel(f"pump ({course.drug.amount_unit}/kg/h)")
        for ax in axes:
            ax.set_xlim(0.0, course.hours)
            ax.set_xlabel("time (h)")
    draw_course(course, target=course.target, axes=axes)
    return axes
