"""The common style: colour-blind safe colours with dashes, sizes for a projector, the therapeutic range."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heparin_pk.base.files import write_bytes
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.plot.alt import as_html

BLUE, VERMILION, PURPLE, BROWN, NAVY, GREEN, BLACK = (
    "#0072B2",
    "#D55E00",
    "#C0658E",
    "#6B3E00",
    "#10107A",
    "#00513C",
    "#222222",
)
COLOURS = (BLUE, VERMILION, PURPLE, BROWN, NAVY, GREEN)
"""Lines: each has a contrast of 3:1 or more on white and on the shaded range, and keeps its distance from the others for readers
who see no red or no green (tests/test_palette.py)."""
RANGE, RANGE_TEXT = "#009E73", "#00664B"
"""A therapeutic range: what is shaded (with ``RANGE_SHADE`` of opacity), and its edges and words."""
RANGE_SHADE = 0.16
Dashes: TypeAlias = str | tuple[int, tuple[int, ...]]
"""Dashes of a line, as matplotlib reads them."""
DASHES: tuple[Dashes, ...] = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)), ":", (0, (6, 2)))
"""Lines differ in their dashes as well as in their colour."""

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


_is_styled = False


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the common style; a block inside another one does nothing, so that a picture under a slider sets it once."""
    global _is_styled  # noqa: PLW0603  as matplotlib's own style, one for the process
    if _is_styled:
        yield
        return
    with plt.rc_context(STYLE):
        _is_styled = True
        try:
            yield
        finally:
            _is_styled = False


class TalkingFigure(Figure):
    """A figure that a notebook shows as an HTML image with its text alternative."""

    def _repr_html_(self) -> str:
        drawn = io.BytesIO()
        with styled():
            self.savefig(drawn, format="png")
        return as_html(self, drawn.getvalue())


def wake_backend() -> None:
    """Start the backend outside the common style; started inside it, a notebook stops showing figures."""
    start: Any = plt.draw_if_interactive
    start()


def new_figure(width: float = 10.0, height: float = 6.0, **options: Any) -> tuple[Figure, np.ndarray]:
    """Return a figure in the common style, inches, and its Axes as a two-dimensional array; ``options`` go to ``subplots``."""
    wake_backend()
    with styled():
        return plt.subplots(figsize=(width, height), squeeze=False, layout="constrained", FigureClass=TalkingFigure, **options)


def save(figure: Figure, file: str | Path, **options: Any) -> None:
    """Write a picture in the common style: 160 dots per inch, text in an SVG as text; the file is whole or not there.

    Raises ``ValueError`` that names the file when it cannot be written.
    """
    suffix = Path(file).suffix
    options = {"format": suffix[1:].lower() or "png", **options}
    drawn = io.BytesIO()
    with styled():
        figure.savefig(drawn, **options)
    write_bytes(file if suffix else f"{file}.{options['format']}", drawn.getvalue())


def title(ax: Axes, text: str) -> None:
    """Write a title in the common size."""
    ax.set_title(text, fontsize=STYLE["axes.titlesize"])


def axis_label(assay: str) -> str:
    """Return the label of a level axis, such as "aPTT (s)", "anti-Xa (U/mL)" or "aPTT ratio (× control)"."""
    return f"{ASSAYS[assay].label} ({ASSAYS[assay].unit or '× control'})"


def shade_target(ax: Axes, target: TherapeuticRange, side: str = "right") -> None:
    """Shade the therapeutic range and write its limits at one side, ``"right"`` or ``"left"``."""
    ax.axhspan(target.low, target.high, color=RANGE, alpha=RANGE_SHADE, lw=0, zorder=0)
    ax.axhline(target.low, color=RANGE_TEXT, lw=1.2, zorder=1)
    ax.axhline(target.high, color=RANGE_TEXT, lw=1.2, zorder=1)
    ax.annotate(
        f"target {target.low:g}–{target.high:g}",
        xy=(1.0 if side == "right" else 0.0, target.high),
        xycoords=("axes fraction", "data"),
        xytext=(-4 if side == "right" else 4, 3),
        textcoords="offset points",
        ha=side,
        va="bottom",
        color=RANGE_TEXT,
        fontsize=11,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6},  # keeps the text readable over a curve
    )


def level_limits(assay: str, target: TherapeuticRange | None = None) -> tuple[float, float]:
    """Return limits of the level axis that include the target, the baseline and the ceiling of an assay."""
    top = {"aptt_s": 170.0, "aptt_ratio": 5.3, "anti_xa_u_per_ml": 1.8, "act_s": 600.0}[assay]
    low = {"aptt_s": 20.0, "aptt_ratio": 0.6, "anti_xa_u_per_ml": 0.0, "act_s": 60.0}[assay]
    return low, max(top, 1.3 * target.high) if target else top


def room_for(value: float) -> float:
    """Return a round number above a value: pictures of nearly the same levels have the same axis, and can be compared."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 0.0 else 1.0
    return power * next(step for step in (1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0) if 1.04 * value <= step * power)


def hours_axis(ax: Axes, hours: float) -> None:
    """Label a time axis in hours, with round steps."""
    step = next((step for step in (1, 2, 6, 12, 24, 48) if hours <= 9 * step), 168)
    ax.set_xlim(0.0, hours)
    ax.set_xticks(np.arange(0.0, hours + 0.01, step))
    ax.set_xlabel("time (h)")
