"""The response of the blood to heparin: aPTT reagents, a laboratory's regression, and discordance of two assays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, Reagent, Responses, level
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.calibration import Calibration, Sample, agreement
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    RANGE,
    RANGE_SHADE,
    RANGE_TEXT,
    VERMILION,
    new_figure,
    styled,
)

ANTI_XA_RANGE = (0.3, 0.7)


def _anti_xa_band(ax: Axes) -> None:
    """Shade the anti-Xa range, upright."""
    ax.axvspan(*ANTI_XA_RANGE, color=RANGE, alpha=RANGE_SHADE, lw=0, zorder=0)
    ax.annotate("anti-Xa 0.3–0.7", (0.5, 0.0), xycoords=("data", "axes fraction"), xytext=(0, 4), textcoords="offset points",
                ha="center", va="bottom", fontsize=11, color=RANGE_TEXT)  # fmt: skip


def _aptt_band(ax: Axes, target: TherapeuticRange, *, words_below: bool = False) -> None:
    """Draw the limits of the aPTT range in use as dashed lines, named on the left above them or on the right below them."""
    for edge in (target.low, target.high):
        ax.axhline(edge, color=VERMILION, lw=1.4, ls="--", zorder=1)
    x, y, dy, ha, va = (0.99, target.low, -3, "right", "top") if words_below else (0.01, target.high, 3, "left", "bottom")
    ax.annotate(f"aPTT range in use: {target.low:g}–{target.high:g} s", (x, y), xycoords=("axes fraction", "data"),
                xytext=(0, dy), textcoords="offset points", ha=ha, va=va, fontsize=11, color="#A84300")  # fmt: skip


def _dots(ax: Axes, samples: Sequence[Sample], marker: str, **style: Any) -> int:
    """Draw samples as marks; those outside the limits are drawn on the edge. Return the number of these."""
    right, top = ax.get_xlim()[1], ax.get_ylim()[1]
    beyond = sum(sample.anti_xa_u_per_ml > right or sample.aptt_s > top for sample in samples)
    x = [min(sample.anti_xa_u_per_ml, right) for sample in samples]
    ax.plot(x, [min(sample.aptt_s, top) for sample in samples], marker, ls="none", clip_on=False, **style)
    return beyond


def _label_axes(ax: Axes, beyond: int) -> None:
    """Label both axes; the number of samples drawn on the edge stands below the axis, clear of curves and titles."""
    note = f"\n{beyond} beyond the frame, drawn on its edge" if beyond else ""
    ax.set_xlabel(f"anti-Xa (U/mL){note}")
    ax.set_ylabel("aPTT (s)")


def reagents(
    patient: Patient,
    several: Sequence[Reagent],
    *,
    target: TherapeuticRange | None = None,
    responses: Responses | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the aPTT of one patient against the measured anti-Xa, one line per reagent, with both ranges.

    The legend has the order of the lines: the last of ``several`` on top.

    ``target``: aPTT range in use, drawn as dashed lines
    ``responses``: responses of a drug, for its covariate effects (``None``: only the effects of antithrombin)
    """
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    covariate_effects = responses.covariate_effects if responses is not None else ANTITHROMBIN_EFFECTS
    concentration = np.linspace(0.0, 1.0, 101)
    ceiling = ASSAYS["aptt_s"].ceiling
    with styled():
        _anti_xa_band(ax)
        if target is not None:
            _aptt_band(ax, target, words_below=True)  # clear of the lines, which rise to the right
        for index, reagent in enumerate(several):
            answers = Responses(aptt=reagent, covariate_effects=covariate_effects)
            found = level("anti_xa_u_per_ml", concentration, patient, answers)
            seconds = level("aptt_s", concentration, patient, answers)
            ax.plot(
                found,
                seconds,
                color=COLOURS[index % len(COLOURS)],
                ls=DASHES[(index + index // len(COLOURS)) % len(DASHES)],
                label=reagent.label,
            )
        ax.axhline(ceiling, color=BLACK, lw=1.0, ls=(0, (1, 3)))
        ax.annotate("upper limit of the assay", (0.005, ceiling), xycoords=("axes fraction", "data"), xytext=(0, 3),
                    textcoords="offset points", fontsize=11)  # fmt: skip
        ax.set_xlim(0.0, 1.0)
        ax.set_ylim(0.0, 175.0)
        _label_axes(ax, 0)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11, reverse=True)
    return ax


def calibration(samples: Sequence[Sample], fit: Calibration, *, ax: Axes | None = None) -> Axes:
    """Draw a laboratory's samples, the regression line, and the aPTT range read from it with its confidence intervals."""
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    x = np.linspace(0.0, max(1.0, *(sample.anti_xa_u_per_ml for sample in samples)), 101)
    with styled():
        _anti_xa_band(ax)
        ax.set_xlim(0.0, 1.2)
        ax.set_ylim(0.0, 175.0)
        beyond = _dots(ax, samples, "o", ms=6, mfc=BLUE, mec="white", alpha=0.75, label="one sample")
        ax.plot(x, fit.line_s(x), color=BLACK, label=f"{fit.form} fit, r = {fit.correlation:.2f}")
        for end, seconds, band, side in (
            (ANTI_XA_RANGE[0], fit.low_s, fit.low_band_s, "low end"),
            (ANTI_XA_RANGE[1], fit.high_s, fit.high_band_s, "high end"),
        ):
            ax.errorbar([end], [seconds], yerr=[[seconds - band[0]], [band[1] - seconds]], fmt="D", ms=9, color=VERMILION,
                        capsize=7, lw=2.4, label=f"{side} {seconds:.0f} s ({band[0]:.0f}–{band[1]:.0f})")  # fmt: skip
        _label_axes(ax, beyond)
        ax.legend(loc="upper left", fontsize=11)
    return ax


def discordance(samples: Sequence[Sample], aptt_range: TherapeuticRange, *, ax: Axes | None = None) -> Axes:
    """Draw aPTT against anti-Xa of many samples, with both ranges; those with an anti-Xa in range are coloured by aPTT."""
    if ax is None:
        ax = new_figure(9.0, 5.8)[1][0, 0]
    found = agreement(tuple(samples), aptt_range)
    inside = [sample for sample in samples if ANTI_XA_RANGE[0] <= sample.anti_xa_u_per_ml <= ANTI_XA_RANGE[1]]
    groups = (
        ("aPTT above", "^", VERMILION, found.above_fraction, [sample for sample in inside if sample.aptt_s > aptt_range.high]),
        ("aPTT in range", "o", GREEN, found.in_fraction, [sample for sample in inside if sample.aptt_s in aptt_range]),
        ("aPTT below", "v", BLUE, found.below_fraction, [sample for sample in inside if sample.aptt_s < aptt_range.low]),
    )
    with styled():
        ax.set_xlim(0.0, 1.2)
        ax.set_ylim(0.0, 175.0)
        _anti_xa_band(ax)
        _aptt_band(ax, aptt_range)
        others = [sample for sample in samples if not ANTI_XA_RANGE[0] <= sample.anti_xa_u_per_ml <= ANTI_XA_RANGE[1]]
        beyond = _dots(ax, others, ".", color="#7A7A7A", label="anti-Xa out of range")
        for name, marker, colour, share, members in groups:
            beyond += _dots(ax, members, marker, ms=6, mfc=colour, mec="white", mew=0.5, label=f"{name}: {share:.0%}")
        _label_axes(ax, beyond)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11,
                  title=f"rank correlation {found.rank_correlation_ratio:.2f}")  # fmt: skip
    return ax
