"""The picture of the validation: printed values compared with the models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heparin_pk.evidence.validation import score
from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.plot.base import BLACK, BLUE, VERMILION, new_figure, styled

GREY = "#767676"


MOST_NAMED = 60
"""The largest number of rows whose quantities :func:`validation` names; with more it names their groups."""


def validation(rows: Sequence[Row | Claim], *, ax: Axes | None = None) -> Axes:
    """Draw every row: the printed uncertainty as a bar around 1, our value over the printed one as a mark.

    Filled circles lie inside the printed uncertainty, open diamonds outside. Grey rows prove nothing: they were used to build a
    model (*), ask a model for a number of its own paper (+), or ask again for a number that counts in another row (=). A claim in
    place of a row, whose value is still being computed, has no mark.
    Values beyond the axis are triangles at its edge, with the ratio written beside them.

    Raises ``ValueError`` without rows.
    """
    if not rows:
        raise ValueError("there are no rows to draw; got none")
    every = [(row.claim, row) if isinstance(row, Row) else (row, None) for row in rows]
    ordered = [one for group in GROUPS for one in every if one[0].group == group][::-1]
    if ax is None:
        ax = new_figure(12.0, 1.6 + 0.36 * len(ordered), nrows=1, ncols=1)[1][0, 0]
    scales = [claim.printed or 1.0 for claim, _ in ordered]
    ends = [max(row.ours if row else 0.0, claim.high) / scale for (claim, row), scale in zip(ordered, scales, strict=True)]
    right = max(2.0, *(min(4.0, 1.08 * end) for end in ends))
    is_small = len(ordered) > MOST_NAMED
    marks = [("inside what was printed", "o", BLUE, BLUE), ("outside", "D", "white", VERMILION)]
    if any(claim.mark for claim, _ in ordered):
        marks.append(("* used to build, + own paper, = asked again: proves nothing", "o", GREY, GREY))
    with styled():
        low, high = ([getattr(claim, end) / scale for (claim, _), scale in zip(ordered, scales, strict=True)] for end in ENDS)
        ax.hlines(range(len(ordered)), low, high, colors=GREY, lw=3 if is_small else 7, alpha=0.35, capstyle="butt")
        looks: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
        for y, ((claim, row), scale) in enumerate(zip(ordered, scales, strict=True)):
            if row is None:
                continue
            colour = GREY if claim.mark else BLUE if row.inside else VERMILION
            face = colour if row.inside else "white"
            ratio = row.ours / scale
            shape = ">" if ratio > right else "o" if row.inside else "D"
            looks.setdefault((shape, face, colour), []).append((min(ratio, right), y))
            if ratio > right and not is_small:
                ax.annotate(f"{ratio:.1f}", (right, y), xytext=(-9, 0), textcoords="offset points", ha="right", va="center",
                            fontsize=11, color=BLACK)  # fmt: skip
        for (shape, face, colour), places in looks.items():
            ax.plot(*zip(*places, strict=True), shape, ms=4 if is_small else 8, mfc=face, mec=colour, mew=1.2 if is_small else 2,
                    clip_on=False, zorder=4, label="_row")  # fmt: skip
        ax.axvline(1.0, color=BLACK, lw=1.2, ls=":")
        _name_rows(ax, [claim for claim, _ in ordered], is_small=is_small)
        ax.set_ylim(-0.7, len(ordered) - 0.3)
        ax.set_xlim(0.0, right)
        ax.set_xlabel("our value / printed value (no unit)")
        for name, mark, face, colour in marks:
            ax.plot([], [], mark, ms=8, mfc=face, mec=colour, mew=2, ls="none", label=name)
        figure = ax.figure
        assert isinstance(figure, Figure)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside lower right", ncols=3, fontsize=11)
    return ax


ENDS = ("low", "high")


def _name_rows(ax: Axes, claims: Sequence[Claim], *, is_small: bool) -> None:
    """Name each row on the vertical axis; where they are many, each group."""
    if not is_small:
        ax.set_yticks(np.arange(len(claims)), [f"{claim.quantity} {claim.mark}".rstrip() for claim in claims], fontsize=11)
        return
    groups = [claim.group for claim in claims]
    starts = [groups.index(group) for group in dict.fromkeys(groups)]
    middles = [start + 0.5 * (groups.count(groups[start]) - 1) for start in starts]
    ax.set_yticks(middles, [groups[start] for start in starts], fontsize=11)
    for start in starts[1:]:
        ax.axhline(start - 0.5, color=GREY, lw=0.6, label="_between groups")


def validation_by_group(rows: Sequence[Row], *, hidden: bool = False, ax: Axes | None = None) -> Axes:
    """Draw the rows that prove something, one line each, in bands by group with the number inside: all on one screen.

    ``hidden``: whether our values and their number are left out, to ask before they are shown.

    Raises ``ValueError`` without a row that proves something.
    """
    by_group = {group: [row for row in rows if row.claim.proves and row.claim.group == group] for group in GROUPS}
    by_group = {group: some for group, some in by_group.items() if some}
    if not by_group:
        raise ValueError("rows must hold one that proves something; got none")
    n = sum(map(len, by_group.values())) + len(by_group)
    if ax is None:
        ax = new_figure(12.0, 1.6 + 0.085 * n)[1][0, 0]
    right, y, names = 3.0, 0.0, []
    with styled():
        for group, some in by_group.items():
            n_inside = sum(row.inside for row in some)
            names.append((y + 0.5 * (len(some) - 1), group if hidden else f"{group}: {n_inside} of {len(some)} inside"))
            ax.axhspan(y - 0.8, y + len(some) - 0.2, color=GREY, alpha=0.07, lw=0, zorder=0)
            for row in some:
                scale = row.claim.printed or 1.0
                ax.plot([row.claim.low / scale, row.claim.high / scale], [y, y], color=GREY, lw=3.0, alpha=0.45)
                if not hidden:
                    colour = BLUE if row.inside else VERMILION
                    mark = ("o" if row.inside else "D") if row.ours / scale <= right else ">"
                    ax.plot(min(row.ours / scale, right), y, mark, ms=5, mfc=colour if row.inside else "white", mec=colour,
                            mew=1.4, clip_on=False, zorder=4)  # fmt: skip
                y += 1.0
            y += 1.0
        ax.axvline(1.0, color=BLACK, lw=1.2, ls=":")
        ax.set_yticks([place for place, _ in names], [name for _, name in names], fontsize=12)
        ax.set_xlim(0.0, right)
        ax.set_ylim(y - 1.0, -1.0)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel("our value / printed value (no unit)")
        ax.plot([], [], color=GREY, lw=3.0, alpha=0.45, label="printed uncertainty")
        if not hidden:
            ax.plot([], [], "o", ms=6, mfc=BLUE, mec=BLUE, ls="none", label="inside")
            ax.plot([], [], "D", ms=6, mfc="white", mec=VERMILION, mew=1.4, ls="none", label="outside")
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=11)
    return ax


def describe_validation(rows: Sequence[Row]) -> str:
    """Return the text alternative of the picture."""
    numbers = score(rows)
    misses = "; ".join(row.claim.quantity for row in rows if not row.inside and row.claim.proves)
    return (
        f"{numbers['rows']} printed values compared with the models. {numbers['used_to_build']} were used to build a model, "
        f"{numbers['own_paper']} ask a model for a number of its own paper, {numbers['asked_again']} ask again for a number "
        f"that counts elsewhere. Of the other {numbers['proving']}, {numbers['proving_inside']} lie inside the printed "
        f"uncertainty. "
        f"Outside: {misses or 'none'}."
    )
