"""The picture of the validation: printed values compared with the models."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heparin_pk.evidence.validation import score
from heparin_pk.evidence.validation.claim import GROUPS, Row
from heparin_pk.plot.base import BLACK, BLUE, STYLE, VERMILION, new_figure

GREY = "#767676"


def validation(rows: Sequence[Row], *, ax: Axes | None = None) -> Axes:
    """Draw every row: the printed uncertainty as a bar around 1, our value over the printed one as a mark.

    Filled circles lie inside the printed uncertainty, open diamonds outside. Grey rows prove nothing: they were used to build a
    model (*), ask a set for its own paper (+), or ask again for a number that counts in another row (=).
    Values beyond the axis are triangles at its edge, with the ratio written beside them.

    Raises ``ValueError`` without rows.
    """
    if not rows:
        raise ValueError("there are no rows to draw; got none")
    ordered = [row for group in GROUPS for row in rows if row.claim.group == group]
    if ax is None:
        ax = new_figure(12.0, 1.6 + 0.36 * len(ordered), nrows=1, ncols=1)[1][0, 0]
    right = max(2.0, *(min(4.0, 1.08 * max(row.ours, row.claim.high) / (row.claim.printed or 1.0)) for row in ordered))
    marks = [("inside what was printed", "o", BLUE, BLUE), ("outside", "D", "white", VERMILION)]
    if any(row.claim.mark for row in ordered):
        marks.append(("* used to build, + own paper, = asked again: proves nothing", "o", GREY, GREY))
    with plt.rc_context(STYLE):
        for y, row in enumerate(reversed(ordered)):
            claim = row.claim
            scale = claim.printed if claim.printed else 1.0
            ax.plot([claim.low / scale, claim.high / scale], [y, y], color=GREY, lw=7, alpha=0.35, solid_capstyle="butt")
            colour = GREY if claim.mark else BLUE if row.inside else VERMILION
            face = colour if row.inside else "white"
            ratio = row.ours / scale
            if ratio > right:
                ax.plot(right, y, ">", ms=9, mfc=face, mec=colour, mew=2, clip_on=False, zorder=4)
                ax.annotate(f"{ratio:.1f}", (right, y), xytext=(-9, 0), textcoords="offset points", ha="right", va="center",
                            fontsize=11, color=BLACK)  # fmt: skip
                continue
            ax.plot(ratio, y, "o" if row.inside else "D", ms=8, mfc=face, mec=colour, mew=2)
        ax.axvline(1.0, color=BLACK, lw=1.2, ls=":")
        labels = [f"{row.claim.quantity} {row.claim.mark}".rstrip() for row in reversed(ordered)]
        ax.set_yticks(np.arange(len(ordered)), labels, fontsize=11)
        ax.set_ylim(-0.7, len(ordered) - 0.3)
        ax.set_xlim(0.0, right)
        ax.set_xlabel("our value / printed value (no unit)")
        for name, mark, face, colour in marks:
            ax.plot([], [], mark, ms=8, mfc=face, mec=colour, mew=2, ls="none", label=name)
        figure = ax.figure
        assert isinstance(figure, Figure)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside lower right", ncols=3, fontsize=11)
    return ax


def describe_validation(rows: Sequence[Row]) -> str:
    """Return the text alternative of the picture."""
    numbers = score(rows)
    misses = "; ".join(row.claim.quantity for row in rows if not row.inside and row.claim.proves)
    return (
        f"{numbers['rows']} printed values compared with the models. {numbers['used_to_build']} were used to build a model, "
        f"{numbers['own_paper']} ask a set for its own paper, {numbers['asked_again']} ask again for a number that counts "
        f"elsewhere. Of the other {numbers['proving']}, {numbers['proving_inside']} lie inside the printed uncertainty. "
        f"Outside: {misses or 'none'}."
    )
