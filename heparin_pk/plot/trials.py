"""Pictures of a trial: levels over time, time until an event, paired differences, and the predictive check of a model."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from heparin_pk.base.checks import check_one_of
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.evidence.vpc import PredictionCorrected
from heparin_pk.plot.alt import tell
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    PURPLE,
    RANGE,
    VERMILION,
    Dashes,
    TalkingFigure,
    axis_label,
    hours_axis,
    level_limits,
    new_figure,
    shade_target,
    styled,
    title,
    wake_backend,
)
from heparin_pk.simulation.course import Course
from heparin_pk.trials.catalogue import CURVES, OUTCOMES
from heparin_pk.trials.ensemble import EnsembleOutcomes
from heparin_pk.trials.estimate import Z_95, Estimate
from heparin_pk.trials.outcomes import Outcomes

RISK_TABLE_H = (0, 6, 12, 18, 24, 36, 48)
"""Hours of the table below :func:`time_to`: patients who have not yet had the event."""
_IN_THOUSANDS = 100_000
"""From this number of patients on, the table counts in thousands."""
FEWEST_IN_A_GROUP = 20
"""The smallest subgroup that :func:`forest` draws."""
MOST_ARMS = 3
"""The number of arms whose levels :func:`trial` draws."""
_PERCENTS = (5, 25, 50, 75, 95)
_UNTIL = {
    "time_to_therapeutic_h": "true level first in range",
    "threshold_result_h": "first result at or above the lower limit drawn",
    "in_range_result_h": "first result in range drawn",
    "two_in_range_h": "second result in a row in range drawn",
    "common_range_first_h": "true level first in the common range",
}
_COMMON = ("common_range_first_h", "common_range_in_range_fraction", "common_range_below_fraction", "common_range_above_fraction")
_MARKERS = ("o", "D", "s", "^", "v", "P")


def _colour(outcomes: Outcomes, arm: str) -> tuple[str, Dashes]:
    """Return the colour and the dashes of an arm, the same in every picture of the trial."""
    index = outcomes.arms.index(arm)
    return COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]


def _minus(outcomes: Outcomes, arm: str) -> str:
    """Return "second minus first" for a reader."""
    return f"{outcomes.labels[arm]} minus {outcomes.labels[outcomes.arms[0]]}"


def percentile_bands(outcomes: Outcomes, arm: str, *, ax: Axes | None = None) -> Axes:
    """Draw percentiles of the true level of an arm's patients at each full hour: 5th, 25th, 50th, 75th, 95th.

    The range is shaded. Where the 95th percentile exceeds the axis, its highest value is written at the edge. Outcomes that hold
    no patient yet are a range without curves.

    Raises ``ValueError`` for an unknown arm.
    """
    check_one_of("arm", arm, outcomes.arms)
    if ax is None:
        ax = new_figure(8.0, 5.2)[1][0, 0]
    target = outcomes.targets[arm]
    colour, dashes = _colour(outcomes, arm)
    bottom, top = level_limits(target.assay, target)
    with styled():
        shade_target(ax, target)
        ax.set_ylim(bottom, top)
        hours_axis(ax, outcomes.hours)
        ax.set_ylabel(f"true {axis_label(target.assay)}")
        if outcomes.n == 0:
            return ax
        time_h, (lowest, low, middle, high, highest) = outcomes.percentiles(arm, _PERCENTS)
        ax.fill_between(time_h, lowest, highest, color=colour, alpha=0.15, lw=0, label="nine in ten patients")
        ax.fill_between(time_h, low, high, color=colour, alpha=0.30, lw=0, label="half of the patients")
        for edge in (lowest, highest):
            ax.plot(time_h, edge, color=colour, lw=1.0, ls=":", label="_edge")
        ax.plot(time_h, middle, color=colour, ls=dashes, lw=2.6, label="median")
        if highest[1:].max() > top:
            unit = ASSAYS[target.assay].unit or "× control"
            note = f"the 95th percentile goes to {float(f'{highest[1:].max():.3g}'):,g} {unit}"
            ax.annotate(note, (0.5 * outcomes.hours, top), xytext=(0, -4),
                        textcoords="offset points", ha="center", va="top", fontsize=11, color=BLACK,
                        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6})  # fmt: skip
        _bands_legend(ax)
    return ax


def _bands_legend(ax: Axes) -> None:
    """Place the legend of the bands below the time axis, clear of the curves."""
    below = ax.transAxes + ScaledTranslation(0.0, -46.0 / 72.0, ax.figure.dpi_scale_trans)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=below, borderaxespad=0.0, ncols=4, fontsize=11,
              columnspacing=1.2)  # fmt: skip


def time_to(outcomes: Outcomes, key: str = "in_range_result_h", *, ax: Axes | None = None) -> Axes:
    """Draw the share of patients who have had an event by each hour, one step line per arm, above a table of those who have not.

    The pale bands are 95 % intervals (Wilson). The label of an arm states its target. Outcomes that hold no patient yet are
    axes without curves.

    ``key``: the event, one of ``CURVES`` in :mod:`heparin_pk.trials.catalogue`

    Raises ``ValueError`` for another key.
    """
    check_one_of("a curve", key, CURVES)
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    with styled():
        for arm in outcomes.arms if outcomes.n else ():
            colour, dashes = _colour(outcomes, arm)
            time_h, share = outcomes.curve(arm, key)
            low, high = _wilson(share, outcomes.n)
            ax.fill_between(time_h, 100.0 * low, 100.0 * high, step="post", color=colour, alpha=0.2, lw=0)
            label = outcomes.labels[arm] if key in _COMMON else f"{outcomes.labels[arm]} ({outcomes.targets[arm].in_words()})"
            ax.step(time_h, 100.0 * share, where="post", color=colour, ls=dashes,
                    label=f"{label}: {share[-1]:.0%} by {time_h[-1]:g} h")  # fmt: skip
        hours_axis(ax, outcomes.hours)
        ax.set_xticks([hour for hour in RISK_TABLE_H if hour <= outcomes.hours])
        ax.set_xlabel(f"time until: {_UNTIL[key]} (h)")
        ax.set_ylim(0.0, 102.0)
        ax.set_ylabel("share of patients (%)")
        if outcomes.n:
            ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=11)
            _risk_table(ax, outcomes, key)
    return ax


def _wilson(share: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper ends of the 95 % intervals (Wilson) of shares of ``n`` patients."""
    spread = Z_95**2 / n
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = np.sqrt(spread * share * (1.0 - share) + spread**2 / 4.0) / (1.0 + spread)
    return centre - half, centre + half


def _risk_table(ax: Axes, outcomes: Outcomes, key: str) -> None:
    """Write below the time axis how many patients of each arm have not yet had the event."""
    line, down = 16.0, -50.0
    below: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "top", "fontsize": 11}
    unit = "patients" if outcomes.n < _IN_THOUSANDS else "thousands of patients"
    ax.annotate(f"without the event, {unit}:", (0.0, 0.0), xytext=(0.0, down), ha="left", color=BLACK, **below)
    for arm in outcomes.arms:
        down -= 1.15 * line
        time_h, share = outcomes.curve(arm, key)
        name = textwrap.shorten(outcomes.labels[arm], 22, placeholder="…")
        ax.annotate(name, (0.0, 0.0), xytext=(-26.0, down), ha="right", color=BLACK,
                    weight="bold", **below)  # fmt: skip
        for hour in RISK_TABLE_H:
            if hour <= time_h[-1]:
                reached = round(float(share[np.searchsorted(time_h, hour)]) * outcomes.n)
                left = _short(outcomes.n - reached, outcomes.n)
                ax.annotate(left, (hour, 0.0), xytext=(0.0, down), ha="center", color=BLACK, **below)


def _short(count: int, of: int) -> str:
    """Return a count of patients in few digits: in thousands from 100,000 patients on.

    >>> _short(3450, 4000), _short(55_916, 100_000), _short(559_160, 1_000_000)
    ('3,450', '55.9', '559')
    """
    if of < _IN_THOUSANDS:
        return f"{count:,}"
    return f"{count / 1000:,.{1 if of < 10 * _IN_THOUSANDS else 0}f}"


def forest(
    outcomes: Outcomes,
    arm: str,
    key: str = "time_in_range_fraction",
    *,
    groups: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean paired difference of an arm from the first, in all patients and in each subgroup, with 95 % intervals.

    ``key``: the outcome compared
    ``groups``: some of ``outcomes.groups`` (``None``: all); those with fewer than 20 patients are named below the picture instead

    Raises ``ValueError`` for the first arm, and for an unknown arm, outcome or group.
    """
    wanted = outcomes.groups if groups is None else tuple(groups)
    found = {group: outcomes.difference(arm, key, group) for group in wanted}
    rows = [(group, delta) for group, delta in found.items() if delta is not None and delta.n >= FEWEST_IN_A_GROUP]
    left_out = [group for group in wanted if group not in dict(rows)]
    if not rows:
        raise ValueError(f"groups must have {FEWEST_IN_A_GROUP} patients or more; got {', '.join(wanted) or 'none'}")
    if ax is None:
        ax = new_figure(9.5, 1.9 + 0.36 * len(rows))[1][0, 0]
    outcome = OUTCOMES[key]
    scale, unit = (100.0, "percentage points") if outcome.most == 1.0 else (1.0, outcome.unit or "a patient")
    with styled():
        for y, (group, delta) in enumerate(reversed(rows)):
            is_all = group == "all"
            ax.plot([scale * end for end in delta.ends], [y, y], color=BLACK if is_all else BLUE, lw=2.6)
            ax.plot(scale * delta.mean, y, "D" if is_all else "o", ms=9 if is_all else 7, color=BLACK if is_all else BLUE)
            ax.annotate(_in_numbers(delta, scale), (1.0, y), xycoords=("axes fraction", "data"), xytext=(8, 0),
                        textcoords="offset points", ha="left", va="center", fontsize=11, annotation_clip=False,
                        weight="bold" if is_all else "normal")  # fmt: skip
        ax.axvline(0.0, color=BLACK, lw=1.4, ls="--", zorder=1)
        names = [f"{'all patients' if group == 'all' else group} ({delta.n:,})" for group, delta in reversed(rows)]
        ax.set_yticks(np.arange(len(rows)), names, fontsize=11)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ends = [0.0, *(scale * end for _, delta in rows for end in delta.ends)]
        room = 0.08 * (max(ends) - min(ends))
        ax.set_xlim(min(ends) - room, max(ends) + room)
        label = f"{_minus(outcomes, arm)}: {outcome.label} ({unit})"
        if left_out:
            label += f"; fewer than {FEWEST_IN_A_GROUP} patients, not drawn: {', '.join(left_out)}"
        ax.set_xlabel(textwrap.fill(label, 58), fontsize=12)
    return ax


def _in_numbers(delta: Estimate, scale: float) -> str:
    """Return a difference with its 95 % interval, signed."""
    digits = 1 if scale > 1.0 or abs(delta.mean) >= 1.0 else 2
    return f"{scale * delta.mean:+.{digits}f} ({delta.interval_in_words(lambda end: f'{scale * end:+.{digits}f}')})"


def time_shares(several: Mapping[str, Outcomes], arm: str, *, common: bool = False, ax: Axes | None = None) -> Axes:
    """Draw the shares of the true time that an arm's patients spent below, in and above its range, one bar per trial.

    ``several``: outcomes of trials, by name
    ``common``: whether to use the common range of all arms in place of the arm's own

    Raises ``ValueError`` without a trial.
    """
    if not several:
        raise ValueError("several must hold a trial at least; got none")
    if ax is None:
        ax = new_figure(9.0, 1.8 + 0.8 * len(several))[1][0, 0]
    names = list(several)[::-1]
    keys = [f"{'common_range' if common else 'time'}_{side}_fraction" for side in ("below", "in_range", "above")]
    looks = (("below", BLUE, "//"), ("in range", RANGE, ""), ("above", VERMILION, ".."))
    with styled():
        for y, outcomes in enumerate(several[name] for name in names):
            start = 0.0
            for key, (side, colour, hatch) in zip(keys, looks, strict=True):
                estimate = outcomes.estimate(arm, key)
                assert estimate is not None  # every patient has a time in range
                share = 100.0 * estimate.mean
                ax.barh(y, share, left=start, color=colour, alpha=0.55, hatch=hatch, edgecolor="white", height=0.7,
                        label=side if y == 0 else "_")  # fmt: skip
                ax.text(start + 0.5 * share, y, f"{share:.0f} %", ha="center", va="center", fontsize=12,
                        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.2})  # fmt: skip
                start += share
        ax.set_yticks(np.arange(len(several)), names, fontsize=12)
        ax.set_xlim(0.0, 100.0)
        ax.set_xlabel(f"share of the true time (%), {next(iter(several.values())).labels[arm]}")
        ax.grid(visible=False)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=12)
    return ax


_OF_MODELS = (
    "time_in_range_fraction",
    "common_range_in_range_fraction",
    "common_range_below_fraction",
    "common_range_above_fraction",
)


def ensemble(found: EnsembleOutcomes, arm: str, keys: Sequence[str] = _OF_MODELS, *, ax: Axes | None = None) -> Axes:
    """Draw the paired difference of an arm from the first under each model of an ensemble, beside the Monte-Carlo interval.

    One row for each outcome: above, the own model with its 95 % confidence interval; below, the central 95 % of the models,
    with a dot for each draw of the parameters and a mark for each other structure.

    ``keys``: outcomes that are shares of time or of patients

    Raises ``ValueError`` for an outcome that is no share, and when no model is finished.
    """
    shares = [key for key, outcome in OUTCOMES.items() if outcome.most == 1.0]
    for key in keys:
        check_one_of("an outcome", key, shares)
    spreads = [found.difference(arm, key) for key in keys]
    if ax is None:
        ax = new_figure(10.0, 1.6 + 1.0 * len(keys))[1][0, 0]
    named = [member for member in found.ensemble.members if member.name in found.by_member]
    others = {member.name: member.label for member in named if not member.is_draw}
    with styled():
        for y, (key, spread) in enumerate(zip(keys, spreads, strict=True)):
            if spread is None:
                raise ValueError(f"no model of the ensemble has {key} of {arm}: none is finished, or no patient counts")
            one, label = spread.monte_carlo, "_" if y else ""
            ax.plot([100.0 * end for end in one.ends], [y - 0.17] * len(one.ends), color=BLUE, lw=3.0, solid_capstyle="butt",
                    label=label or "this model: 95 % interval (Monte Carlo)")  # fmt: skip
            ax.plot(100.0 * one.mean, y - 0.17, "D", color=BLUE, ms=8)
            ax.plot([100.0 * spread.models.low, 100.0 * spread.models.high], [y + 0.17] * 2, color=BLACK, lw=1.4,
                    label=label or "models: central 95 %")  # fmt: skip
            drawn = [found.by_member[member.name].difference(arm, key) for member in named if member.is_draw]
            means = [100.0 * each.mean for each in drawn if each is not None]
            ax.plot(means, [y + 0.17] * len(means), "o", color=PURPLE, mec=BLACK, mew=0.5, ms=6, alpha=0.8,
                    label=label or "draws of its parameters")  # fmt: skip
            for marker, (name, called) in zip(_MARKERS[2:], others.items(), strict=False):
                if name in spread.structures:
                    ax.plot(
                        100.0 * spread.structures[name], y + 0.17, marker, color=VERMILION, ms=9, mec=BLACK, label=label or called
                    )
        ax.axvline(0.0, color=BLACK, lw=1.2, ls="--")
        ax.set_yticks(range(len(keys)), [textwrap.fill(OUTCOMES[key].label, 24) for key in keys], fontsize=12)
        ax.set_ylim(len(keys) - 0.5, -0.5)
        ax.set_xlabel(f"{_minus(found.outcomes, arm)} (percentage points)")
        ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=3, fontsize=11)
    return ax


def trial(
    outcomes: Outcomes,
    *,
    sample: Sequence[Course] | Mapping[str, Sequence[Course]] = (),
    key: str = "common_range_in_range_fraction",
    figure: Figure | None = None,
) -> Figure:
    """Return the summary picture of a trial: levels of up to three arms, time to a result in range, differences by subgroup.

    ``sample``: a few full courses (:meth:`heparin_pk.Trial.course`), drawn thin over the bands of their arm: a list, assigned to
    arms by the names of their controllers, or lists by arm
    ``key``: outcome of the difference of the second arm from the first; by default the time in the common range, since arms with
    different targets cannot be compared in their own ranges. Other arms have :func:`forest`
    ``figure``: figure to draw on (``None``: a new one)

    Raises ``ValueError`` for a course of an unknown arm.
    """
    shown = outcomes.arms[:MOST_ARMS]
    courses = _by_arm(outcomes, sample)
    if figure is None:
        wake_backend()
        with styled():
            figure = plt.figure(figsize=(15.0, 11.0), layout="constrained", FigureClass=TalkingFigure)
    with styled():
        halves: Any = figure.subfigures(2, 1, height_ratios=(1.0, 1.15), hspace=0.03)
        upper, lower = halves
        same = len({outcomes.targets[arm].assay for arm in shown}) == 1
        above = upper.subplots(1, len(shown), squeeze=False, sharey=same)[0]
        for ax, arm in zip(above, shown, strict=True):
            percentile_bands(outcomes, arm, ax=ax)
            _courses(ax, outcomes, arm, courses.get(arm, ()))
            title(ax, f"{outcomes.labels[arm]}{': ' if len(shown) < MOST_ARMS else chr(10)}{outcomes.targets[arm].in_words()}")
            ax.get_legend().remove()
            if same and ax is not above[0]:
                ax.set_ylabel("")
        if same:
            targets = [outcomes.targets[arm] for arm in shown]
            above[0].set_ylim(top=max(level_limits(target.assay, target)[1] for target in targets))
        keys: list[Any] = [Patch(color=BLACK, alpha=0.15, label="nine in ten patients")]
        keys += [
            Patch(color=BLACK, alpha=0.30, label="half of the patients"),
            Line2D([], [], color=BLACK, lw=2.6, label="median"),
        ]
        keys += [Line2D([], [], color=BLACK, lw=0.9, label="single patients")] if courses else []
        upper.legend(handles=keys, loc="outside lower center", ncols=4, fontsize=11)
        if len(outcomes.arms) == 1:
            time_to(outcomes, ax=lower.subplots(1, 1))
        else:
            left, right = lower.subplots(1, 2, width_ratios=(1.0, 0.8))
            time_to(outcomes, ax=left)
            forest(outcomes, outcomes.arms[1], key, ax=right)
        figure.suptitle(_heading(outcomes), fontsize=16)
    tell(figure, describe_trial(outcomes))
    return figure


def _heading(outcomes: Outcomes) -> str:
    """Return the title of the picture: number of patients and hours, and the arms that are not in the upper row."""
    same = ", the same in every arm" if len(outcomes.arms) > 1 else ""
    rest = (
        f"; only below: {', '.join(outcomes.labels[arm] for arm in outcomes.arms[MOST_ARMS:])}"
        if len(outcomes.arms) > MOST_ARMS
        else ""
    )
    return f"{outcomes.n:,} virtual patients{same}, {outcomes.hours:g} h{rest}"


def _by_arm(outcomes: Outcomes, sample: Sequence[Course] | Mapping[str, Sequence[Course]]) -> dict[str, list[Course]]:
    """Return the sampled courses by arm."""
    named = [(arm, course) for arm, courses in sample.items() for course in courses] if isinstance(sample, Mapping) else [
        (course.controller, course) for course in sample
    ]  # fmt: skip
    found: dict[str, list[Course]] = {}
    for arm, course in named:
        check_one_of("the arm of a sampled course", arm, outcomes.arms)
        found.setdefault(arm, []).append(course)
    return found


def _courses(ax: Axes, outcomes: Outcomes, arm: str, courses: Sequence[Course]) -> None:
    """Draw sampled courses thin over the bands of their arm."""
    assay = outcomes.targets[arm].assay
    for index, course in enumerate(courses):
        ax.plot(course.time_h, course.level(assay), color=BLACK, lw=0.9, ls=DASHES[index % len(DASHES)], alpha=0.75,
                label="_single patient")  # fmt: skip


def describe_trial(outcomes: Outcomes) -> str:
    """Return the text alternative of the picture of a trial."""
    parts = []
    for arm in outcomes.arms:
        inside, below, above = (outcomes.estimate(arm, f"time_{side}_fraction") for side in ("in_range", "below", "above"))
        assert inside is not None
        assert below is not None
        assert above is not None
        _, share = outcomes.curve(arm, "in_range_result_h")
        parts.append(
            f"{outcomes.labels[arm]}: {inside.mean:.0%} of the true time in {outcomes.targets[arm].in_words()}, "
            f"{below.mean:.0%} below, "
            f"{above.mean:.0%} above; {share[-1]:.0%} had a result in range by {outcomes.hours:g} h"
        )

    def points(fraction: float) -> str:
        return f"{100 * fraction:+.1f}"

    for arm in outcomes.arms[1:]:
        own, common = (outcomes.difference(arm, f"{name}_in_range_fraction") for name in ("time", "common_range"))
        assert own is not None
        assert common is not None
        parts.append(
            f"{_minus(outcomes, arm)}: {100 * own.mean:+.1f} percentage points of time in its own range "
            f"({own.interval_in_words(points)}), {100 * common.mean:+.1f} in the common range "
            f"({common.interval_in_words(points)})"
        )
    return f"{_heading(outcomes).partition(';')[0]}. " + ". ".join(parts) + "."


def vpc(check: PredictionCorrected, *, ax: Axes | None = None) -> Axes:
    """Draw a prediction-corrected visual predictive check: measured percentiles as lines, 95 % intervals of the model as bands.

    A measured percentile outside its band is marked with a cross; the small dots are the single measurements.
    """
    if ax is None:
        ax = new_figure(10.5, 7.0)[1][0, 0]
    looks = ((BLUE, ":", "\\\\"), (VERMILION, "-", ""), (PURPLE, "--", "//"))
    with styled():
        if check.target is not None:
            shade_target(ax, check.target)
        ax.plot(check.points_h, check.points, ".", ms=6, color=BLACK, alpha=0.45, label="each result")
        for percent, low, high, seen, (colour, dashes, hatch) in zip(
            check.percents, check.low, check.high, check.observed, looks, strict=True
        ):
            name = {50: "median"}.get(percent, f"{percent}th percentile")
            ax.plot(check.centres_h, seen, marker="o", ms=6, color=colour, ls=dashes, label=f"measured, {name}")
            for index, (start, end) in enumerate(pairwise(check.bins_h)):
                ax.fill_between([start, end], low[index], high[index], facecolor=(colour, 0.18), edgecolor=(colour, 0.5),
                                hatch=hatch, lw=0, label="_" if index else f"model, {name} (95 % interval)")  # fmt: skip
            out = (seen < low) | (seen > high)
            ax.plot(check.centres_h[out], seen[out], "x", ms=13, mew=2.4, color=BLACK, ls="none", label="_outside")
        ax.plot([], [], "x", ms=11, mew=2.4, color=BLACK, ls="none", label="measured outside the model's interval")
        for centre, n in zip(check.centres_h, check.n, strict=True):
            ax.annotate(f"{n}", (centre, 0.0), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
                        ha="center", va="bottom", fontsize=11, color=BLACK)  # fmt: skip
        ax.set_xlim(check.bins_h[0], check.bins_h[-1])
        ax.set_xticks(check.bins_h)
        ax.set_xlabel("time (h); above the axis: results in each bin")
        ax.set_ylabel(f"prediction-corrected {axis_label(check.assay)}")
        handles, labels = ax.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda i: not labels[i].startswith("measured"))
        ax.legend([handles[i] for i in order], [labels[i] for i in order], loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=2,
                  fontsize=11, handlelength=3.0)  # fmt: skip
    return ax
