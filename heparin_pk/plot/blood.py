"""How blood answers heparin: reagents, a laboratory's own regression, and where two assays disagree."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, Reagent, Responses, level
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.calibration import Calibration, Sample, agreement
from heparin_pk.plot.base import BLACK, BLUE, COLOURS, DASHES, GREEN, STYLE, VERMILION, new_figure

ANTI_XA_RANGE = (0.3, 0.7)


def _anti_xa_band(ax: Axes) -> None:
    ax.axvspan(*ANTI_XA_RANGE, color=GREEN, alpha=0.16, lw=0, zorder=0)
    ax.annotate("anti-Xa 0.3–0.7", (0.5, 0.0), xycoords=("data", "axes fraction"), xytext=(0, 4), textcoords="offset points",
                ha="center", va="bottom", fontsize=11, color="#00664B")  # fmt: skip


def _aptt_band(ax: Axes, target: TherapeuticRange) -> None:
    for edge in (target.low, target.high):
        ax.axhline(edge, color=VERMILION, lw=1.4, ls="--", zorder=1)
    ax.annotate(f"aPTT in use: {target.low:g}–{target.high:g} s", (0.01, target.high), xycoords=("axes fraction", "data"),
                xytext=(0, 3), textcoords="offset points", ha="left", va="bottom", fontsize=11, color="#A84300")  # fmt: skip


def _dots(ax: Axes, tubes: Sequence[Sample], marker: str, **how) -> int:
    """Draw tubes, those beyond the frame on its edge, and return how many those are."""
    right, top = ax.get_xlim()[1], ax.get_ylim()[1]
    beyond = sum(t.anti_xa_u_per_ml > right or t.aptt_s > top for t in tubes)
    x = [min(t.anti_xa_u_per_ml, right) for t in tubes]
    ax.plot(x, [min(t.aptt_s, top) for t in tubes], marker, ls="none", clip_on=False, **how)
    return beyond


def _label_axes(ax: Axes, beyond: int) -> None:
    """Name both axes; below them stands how many tubes are drawn on the edge, where no title and no curve comes."""
    said = f"\n{beyond} beyond the frame, drawn on its edge" if beyond else ""
    ax.set_xlabel(f"anti-Xa (U/mL){said}")
    ax.set_ylabel("aPTT (s)")


def reagents(
    patient: Patient,
    several: Sequence[Reagent],
    *,
    target: TherapeuticRange | None = None,
    responses: Responses | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the aPTT of one patient against the anti-Xa an assay finds, one line a reagent, both ranges shown.

    The legend stands in the order of the lines: the last of ``several`` on top.

    ``responses`` carries the covariate_effects of a drug (the antithrombin covariate_effects alone where ``None``).
    """
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    covariate_effects = responses.covariate_effects if responses is not None else ANTITHROMBIN_EFFECTS
    concentration = np.linspace(0.0, 1.0, 101)
    ceiling = ASSAYS["aptt_s"].ceiling
    with plt.rc_context(STYLE):
        _anti_xa_band(ax)
        if target is not None:
            _aptt_band(ax, target)
        for index, reagent in enumerate(several):
            answers = Responses(aptt=reagent, covariate_effects=covariate_effects)
            found = level("anti_xa_u_per_ml", concentration, patient, answers)
            seconds = level("aptt_s", concentration, patient, answers)
            ax.plot(
                found,
                seconds,
                color=COLOURS[index % len(COLOURS)],
                ls=DASHES[(index + index // len(COLOURS)) % len(DASHES)],
                label=reagent.name,
            )
        ax.axhline(ceiling, color=BLACK, lw=1.0, ls=(0, (1, 3)))
        ax.annotate("the assay stops counting here", (0.005, ceiling), xycoords=("axes fraction", "data"), xytext=(0, 3),
                    textcoords="offset points", fontsize=11)  # fmt: skip
        ax.set_xlim(0.0, 1.0)
        ax.set_ylim(0.0, 175.0)
        _label_axes(ax, 0)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11, reverse=True)
    return ax


def calibration(tubes: Sequence[Sample], fit: Calibration, *, ax: Axes | None = None) -> Axes:
    """Draw a laboratory's samples, its regression line, and the aPTT range it reads off with its confidence bands."""
    if ax is None:
        ax = new_figure(9.0, 5.6)[1][0, 0]
    x = np.linspace(0.0, max(1.0, *(t.anti_xa_u_per_ml for t in tubes)), 101)
    with plt.rc_context(STYLE):
        _anti_xa_band(ax)
        ax.set_xlim(0.0, 1.2)
        ax.set_ylim(0.0, 175.0)
        beyond = _dots(ax, tubes, "o", ms=6, mfc=BLUE, mec="white", alpha=0.75, label="one sample")
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
        ax.set_xlim(0.0, 1.2)
        ax.set_ylim(0.0, 175.0)
        _anti_xa_band(ax)
        _aptt_band(ax, aptt_range)
        others = [t for t in tubes if not ANTI_XA_RANGE[0] <= t.anti_xa_u_per_ml <= ANTI_XA_RANGE[1]]
        beyond = _dots(ax, others, ".", color="#7A7A7A", label="anti-Xa out of range")
        for name, marker, colour, share, members in groups:
            beyond += _dots(ax, members, marker, ms=6, mfc=colour, mec="white", mew=0.5, label=f"{name}: {share:.0%}")
        _label_axes(ax, beyond)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11,
                  title=f"rank correlation {found.rank_correlation_ratio:.2f}")  # fmt: skip
    return ax
