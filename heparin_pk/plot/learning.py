"""The picture of a learner's calibration: how sure the answers were said to be, and how many were right."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from heparin_pk.evidence.validation.claims.common import wilson_interval
from heparin_pk.plot.base import BLACK, BLUE, new_figure
from heparin_pk.teaching.record import Certainty, calibration_in_words


def certainty(found: Sequence[Certainty], *, ax: Axes | None = None) -> Axes:
    """Draw the share of right answers against the said chance, with 95 % intervals of chance; on the diagonal the two are equal.

    Returns the Axes.
    """
    ax = new_figure(6.4, 4.6)[1][0, 0] if ax is None else ax
    ax.plot([0, 100], [0, 100], "--", color=BLACK, lw=1.4)
    ax.text(30, 35, "as sure as right", rotation=32, rotation_mode="anchor", ha="left", va="bottom", color=BLACK)
    for one in found:
        low, high = (100.0 * end for end in wilson_interval(one.right, one.n))
        share = 100.0 * one.right / one.n
        ax.plot([one.said_percent] * 2, [low, high], "-", color=BLUE, lw=2)
        ax.plot([one.said_percent], [share], "o", ms=11, color=BLUE, clip_on=False, zorder=3)
        side = -1 if one.said_percent > 80 else 1
        ax.annotate(
            f"{one.word}\n{one.right} of {one.n} right",
            (one.said_percent, share),
            xytext=(12 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=12,
        )
    ax.set(xlim=(0, 100), ylim=(-6, 106), xlabel="said: chance of being right (%)", ylabel="answers that were right (%)")
    ax.set_title("Your own calibration", loc="left")
    return ax


def describe_certainty(found: Sequence[Certainty]) -> str:
    """Return the text alternative of :func:`certainty`."""
    each = "; ".join(f"{one.word} ({one.said_percent:.0f} %): {one.right} of {one.n} right" for one in found)
    return f"{calibration_in_words(found)}{' ' + each + '.' if each else ''}"
