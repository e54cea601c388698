"""How blood answers heparin: reagents, a laboratory's own regression, and where two assays disagree."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heparin_pk.calibration import Calibration, Sample, agreement
from heparin_pk.patient import Patient
from heparin_pk.plot.base import BLACK, BLUE, COLOURS, DASHES, GREEN, STYLE, VERMILION, new_figure
from heparin_pk.response import ANTITHROMBIN_LAWS, ASSAYS, Reagent, Responses, TherapeuticRange, level

ANTI_XA_RANGE = (0.3, 0.7)


def _anti_xa_band(ax: Axes) -> None:
    ax.axvspan(*ANTI_XA_RANGE, color=GREEN, alpha=0.16, lw=0, zorder=0)
    ax.annotate("anti-Xa 0.3–0.7", (0.5, 1.0), xycoords=("data", "axes fraction"), xytext=(0, -4), textcoords="offset points",
                ha="center", va="top", fontsize=11, color="#00664B")  # fmt: skip


def _aptt_band(ax: Axes, target: TherapeuticRange) -> None:
    for edge in (target.low, target.high):
        ax.axhline(edge, color=VERMILION, lw=1.4, ls="--", zorder=1)
    ax.annotate(f"aPTT in use: {target.low:g}–{target.high:g} s", (0.99, target.high), xycoords=("axes fraction", "data"),
                xytext=(0, 3), textcoords="offset points", ha="right", va="bottom", fontsize=11, color=VERMILION)  # fmt: skip


def reagents(
    patient: Patient,
    several: Sequence[Reagent],
    *,
    target: TherapeuticRange | None = None,
    responses: Responses | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the aPTT of one patient against the anti-Xa an assay finds, one line a reagent, both ranges shown.

    ``responses`` carries the laws of a drug (the antithrombin laws alone where ``None``).
    """
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    laws = responses.laws if responses is not None else ANTITHROMBIN_LAWS
    concentration = np.linspace(0.0, 1.0, 101)
    ceiling = ASSAYS["aptt_s"].ceiling
    with plt.rc_context(STYLE):
        _anti_xa_band(ax)
        if target is not None:
            _aptt_band(ax, target)
        for number, reagent in enumerate(several):
            answers = Responses(aptt=reagent, laws=laws)
            found = level("anti_xa_u_per_ml", concentration, patient, answers)
            seconds = level("aptt_s", concentration, patient, answers)
            ax.plot(
                found,
                seconds,
                color=COLOURS[number % len(COLOURS)],
                ls=DASHES[(number + number // len(COLOURS)) % len(DASHES)],
                label=reagent.name,
            )
        ax.axhline(ceiling, color=BLACK, lw=1.0, ls=(0, (1, 3)))
        ax.annotate("the assay stops counting here", (0.005, ceiling), xycoords=("axes fraction", "data"), xytext=(0, 3),
                    textcoords="offset points", fontsize=11)  # fmt: skip
        ax.set_xlim(0.0, 1.0)
        ax.set_ylim(0.0, 175.0)
        ax.set_xlabel("anti-Xa (U/mL)")
        ax.set_ylabel("aPTT (s)")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11)
    return ax


def calibration(tubes: Sequence[Sample], fit: Calibration, *, ax: Axes | None = None) -> Axes:
    """Draw a laboratory's samples, its regression line, and the aPTT range it reads off with its confidence bands."""
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    x = np.linspace(0.0, max(1.0, *(t.anti_xa_u_per_ml for t in tubes)), 101)
    with plt.rc_context(STYLE):
        _anti_xa_band(ax)
        ax.plot([t.anti_xa_u_per_ml for t in tubes], [t.aptt_s for t in tubes], "o", ms=6, mfc=BLUE, mec="white", alpha=0.75,
                label="one sample", ls="none")  # fmt: skip
        ax.plot(x, fit.line_s(x), color=BLACK, label=f"{fit.form} fit, r = {fit.correlation:.2f}")
        for end, seconds, band, side in (
            (ANTI_XA_RANGE[0], fit.low_s, fit.low_band_s, "low end"),
            (ANTI_XA_RANGE[1], fit.high_s, fit.high_band_s, "high end"),
        ):
            ax.errorbar([end], [seconds], yerr=[[seconds - band[0]], [band[1] - seconds]], fmt="D", ms=9, color=VERMILION,
                        capsize=7, lw=2.4, label=f"{side} {seconds:.0f} s ({band[0]:.0f}–{band[1]:.0f})")  # fmt: skip
        ax.set_xlim(0.0, 1.2)
        ax.set_ylim(0.0, 175.0)
        ax.set_xlabel("anti-Xa (U/mL)")
        ax.set_ylabel("aPTT (s)")
        ax.legend(loc="upper left", fontsize=11)
    return ax


def discordance(tubes: Sequence[Sample], aptt_range: TherapeuticRange, *, ax: Axes | None = None) -> Axes:
    """Draw aPTT against anti-Xa of many patients, with both ranges; tubes with an anti-Xa in range are coloured by their aPTT."""
    if ax is None:
        ax = new_figure(9.0, 5.8)[1][0, 0]
    found = agreement(tuple(tubes), aptt_range)
    inside = [t for t in tubes if ANTI_XA_RANGE[0] <= t.anti_xa_u_per_ml <= ANTI_XA_RANGE[1]]
    groups = (
        ("aPTT above", "^", VERMILION, found.above_fraction, [t for t in inside if t.aptt_s > aptt_range.high]),
        ("aPTT in range", "o", GREEN, found.in_fraction, [t for t in inside if t.aptt_s in aptt_range]),
        ("aPTT below", "v", BLUE, found.below_fraction, [t for t in inside if t.aptt_s < aptt_range.low]),
    )
    with plt.rc_context(STYLE):
        _anti_xa_band(ax)
        _aptt_band(ax, aptt_range)
        others = [t for t in tubes if t not in inside]
        ax.plot([t.anti_xa_u_per_ml for t in others], [t.aptt_s for t in others], ".", color="#9A9A9A", ls="none",
                label="anti-Xa out of range")  # fmt: skip
        for name, marker, colour, share, members in groups:
            ax.plot([t.anti_xa_u_per_ml for t in members], [t.aptt_s for t in members], marker, ms=6, mfc=colour, mec="white",
                    mew=0.5, ls="none", label=f"{name}: {share:.0%}")  # fmt: skip
        ax.set_xlim(0.0, 1.2)
        ax.set_ylim(15.0, 175.0)
        ax.set_xlabel("anti-Xa (U/mL)")
        ax.set_ylabel("aPTT (s)")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11,
                  title=f"rank correlation {found.rank_correlation_ratio:.2f}")  # fmt: skip
    return ax
