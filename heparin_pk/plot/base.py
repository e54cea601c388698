"""The style of the house: colours and dashes everybody can tell apart, sizes for a projector, the therapeutic range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange

BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#56B4E9",
    "#CC79A7",
    "#222222",
)
COLOURS = (BLUE, VERMILION, PURPLE, ORANGE, SKY, GREEN)
DASHES = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)), ":", (0, (6, 2)))
"""A line is told apart by its dashes as well as by its colour."""

STYLE: dict[Any, Any] = {
    "font.size": 13,
    "axes.titlesize": 15,
    "axes.labelsize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "svg.fonttype": "none",
    "svg.hashsalt": "heparin_pk",
}
mpl.rcParams["svg.hashsalt"] = "heparin_pk"


def new_figure(width: float = 10.0, height: float = 6.0, **kwargs) -> tuple[Figure, np.ndarray]:
    """Return a figure in the style of the house, and its Axes as an array."""
    plt.draw_if_interactive()  # wakes the backend outside the borrowed style, or a notebook stops showing figures
    with plt.rc_context(STYLE):
        return plt.subplots(figsize=(width, height), squeeze=False, layout="constrained", **kwargs)


def save(figure: Figure, file: str | Path, **options) -> None:
    """Write a picture in the style of the house: 160 dots an inch, text in an SVG as text."""
    with plt.rc_context(STYLE):
        figure.savefig(file, **options)


def title(ax: Axes, text: str) -> None:
    """Write a title in the size of the house."""
    ax.set_title(text, fontsize=STYLE["axes.titlesize"])


def axis_label(assay: str) -> str:
    """Return "aPTT (s)", "anti-Xa (U/mL)", "aPTT ratio (x control)"."""
    return f"{ASSAYS[assay].label} ({ASSAYS[assay].unit or '× control'})"


def shade_target(ax: Axes, target: TherapeuticRange, side: str = "right") -> None:
    """Shade the therapeutic range and write it at one edge, ``"right"`` or ``"left"``."""
    ax.axhspan(target.low, target.high, color=GREEN, alpha=0.16, lw=0, zorder=0)
    ax.axhline(target.low, color=GREEN, lw=1.2, alpha=0.8, zorder=1)
    ax.axhline(target.high, color=GREEN, lw=1.2, alpha=0.8, zorder=1)
    ax.annotate(
        f"target {target.low:g}–{target.high:g}",
        xy=(1.0 if side == "right" else 0.0, target.high),
        xycoords=("axes fraction", "data"),
        xytext=(-4 if side == "right" else 4, 3),
        textcoords="offset points",
        ha=side,
        va="bottom",
        color="#00664B",
        fontsize=11,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6},  # readable where a curve runs behind it
    )


def level_limits(assay: str, target: TherapeuticRange | None = None) -> tuple[float, float]:
    """Return limits of the level axis that hold the range, the baseline and the ceiling of an assay."""
    top = {"aptt_s": 170.0, "aptt_ratio": 5.3, "anti_xa_u_per_ml": 1.8, "act_s": 600.0}[assay]
    low = {"aptt_s": 20.0, "aptt_ratio": 0.6, "anti_xa_u_per_ml": 0.0, "act_s": 60.0}[assay]
    return low, max(top, 1.3 * target.high) if target else top
