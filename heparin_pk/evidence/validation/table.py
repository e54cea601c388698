"""The table of claims: every printed value beside ours, as rows, as a score, as JSON and in words."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable

from heparin_pk.base.checks import check_one_of
from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.evidence.validation.edition import CHANGED_TOLERANCES, LEFT, NOT_ASKED


def claims_of(group: str | None = None) -> tuple[Claim, ...]:
    """Return the claims of the package, of one group or all; no model is asked. Raises ``ValueError`` for an unknown group."""
    from heparin_pk.evidence.validation.claims import CLAIMS  # noqa: PLC0415  builds the claims only when they are needed

    if group is not None:
        check_one_of("group", group, GROUPS)
    return tuple(claim for claim in CLAIMS if group in (None, claim.group))


def rows(claims: Iterable[Claim] | None = None, *, group: str | None = None) -> list[Row]:
    """Return the claims with our values, in the order of the table.

    ``claims``: these claims; ``None``: all claims of the package.
    ``group``: only those of one group of ``GROUPS``.

    Raises ``ValueError`` for an unknown group.
    """
    if group is not None:
        check_one_of("group", group, GROUPS)
    return [claim.row() for claim in (claims_of() if claims is None else claims) if group in (None, claim.group)]


def score(found: Iterable[Row]) -> dict[str, int]:
    """Return the numbers of rows.

    ``rows``: all rows.
    ``used_to_build``, ``own_paper``, ``asked_again``: rows that prove nothing, and why.
    ``proving``: the other rows, one for each printed number.
    ``proving_inside``, ``proving_outside``: how many of them lie inside and outside.
    ``printed``, ``printed_inside``: those of them whose uncertainty is printed.
    ``ours``, ``ours_inside``: those of them with a tolerance of ours.
    ``inside_wherever_asked``: those of them that lie inside in the rows that ask for their number again as well.
    """
    every = list(found)
    proving = [row for row in every if row.claim.proves]
    printed = [row for row in proving if row.claim.is_printed]
    inside = sum(row.inside for row in proving)
    printed_inside = sum(row.inside for row in printed)
    missed_again = {row.claim.asks_again for row in every if not row.inside}
    return {
        "rows": len(every),
        "used_to_build": sum(row.claim.used_to_build for row in every),
        "own_paper": sum(row.claim.own_paper for row in every),
        "asked_again": sum(row.claim.mark == "=" for row in every),
        "proving": len(proving),
        "proving_inside": inside,
        "proving_outside": len(proving) - inside,
        "printed": len(printed),
        "printed_inside": printed_inside,
        "ours": len(proving) - len(printed),
        "ours_inside": inside - printed_inside,
        "inside_wherever_asked": sum(row.inside and row.claim.quantity not in missed_again for row in proving),
    }


def to_json(found: Iterable[Row]) -> str:
    """Return the rows as JSON, a list of objects."""
    return json.dumps([row.plain() for row in found], allow_nan=False, ensure_ascii=False)


def _indented(text: str) -> str:
    return textwrap.fill(text, 112, initial_indent=" " * 10, subsequent_indent=" " * 12, break_on_hyphens=False)


def _row_in_words(row: Row) -> list[str]:
    claim = row.claim
    mark = f" {claim.mark}" if claim.mark else ""
    span = f"{claim.printed:.4g} ({claim.low:.4g} to {claim.high:.4g}, {claim.uncertainty}) {claim.unit}"
    lines = [
        f"  {'inside' if row.inside else 'OUTSIDE':<8}{claim.quantity}{mark}",
        _indented(f"printed {span}; ours {row.ours:.4g}   [{claim.model}]"),
    ]
    if claim.other_reading is not None:
        words, low, high = claim.other_reading
        verdict = "inside" if row.inside_by_other_reading else "outside"
        lines.append(_indented(f"{words}: {low:.4g} to {high:.4g}, {verdict} (shown, does not count)"))
    lines.append(_indented(f"{claim.population}; {claim.source.key}: {claim.source.where}"))
    if claim.asks_again:
        lines.append(_indented(f"the same printed number counts in: {claim.asks_again}"))
    if row.why:
        lines.append(_indented(f"why: {row.why}"))
    return lines


def in_words(found: Iterable[Row], *, of: Iterable[Row] | None = None) -> str:
    """Return the table as text: by group, each miss with its tested cause or "unexplained", the score at the end.

    ``of``: the rows whose score is told, where only some of them are shown; ``None``: those shown.
    """
    every = list(found)
    lines: list[str] = []
    for group in GROUPS:
        of_group = [row for row in every if row.claim.group == group]
        if of_group:
            lines += ["", group.upper()]
        for row in of_group:
            lines += _row_in_words(row)
    return "\n".join([*lines[1:], "", *summary(every if of is None else of)])


def summary(found: Iterable[Row]) -> list[str]:
    """Return the score in words, a sentence a line."""
    n = score(found)
    lines = [
        f"Rows: {n['rows']}. Used to build the model or effect they test, or in view when a size was chosen, so no proof (*): "
        f"{n['used_to_build']}. "
        f"A model asked for its own paper, so no proof (+): {n['own_paper']}.",
        f"The same printed number counts in another row (=): {n['asked_again']}. "
        f"Rows that left the whole table since the first edition: {len(LEFT)} "
        f"({sum(row.was_inside for row in LEFT)} of them inside).",
    ]
    if n["proving"]:
        lines += [
            f"Of the other {n['proving']}, each another printed number, inside: {n['proving_inside']} "
            f"({100.0 * n['proving_inside'] / n['proving']:.0f} %), outside: {n['proving_outside']}.",
            f"With a printed uncertainty {n['printed_inside']} of {n['printed']} inside, "
            f"with a tolerance of ours {n['ours_inside']} of {n['ours']}; "
            f"inside wherever the number is asked: {n['inside_wherever_asked']}.",
        ]
    return [textwrap.fill(line, 112, subsequent_indent="  ") for line in lines]


def what_changed_in_words() -> str:
    """Return the rows that left, the tolerances that changed and the printed numbers that are not asked, as text."""
    lines = ["ROWS THAT LEFT"]
    for row in LEFT:
        lines.append(f"  {'inside' if row.was_inside else 'OUTSIDE':<8}{row.quantity}")
        lines.append(_indented(f"{row.reason}: {row.words} {row.source.key}: {row.source.where}"))
    lines += ["", "TOLERANCES THAT CHANGED"]
    for change in CHANGED_TOLERANCES:
        old, new = (f"{low:.4g} to {high:.4g}" for low, high in (change.old, change.new))
        lines.append(f"  {change.quantity}")
        lines.append(_indented(f"{old}, now {new}. {change.reason} {change.source.key}: {change.source.where}"))
    lines += ["", "PRINTED AND NOT ASKED"]
    for one in NOT_ASKED:
        lines.append(textwrap.fill(one.printed, 112, initial_indent="  ", subsequent_indent="    "))
        lines.append(_indented(f"{one.where}. {one.reason}"))
    return "\n".join(lines)


def what_changed() -> dict[str, list[dict[str, object]]]:
    """Return the same lists by name: ``left``, ``changed_tolerances`` and ``not_asked``, ready for JSON."""
    return {
        "left": [row.plain() for row in LEFT],
        "changed_tolerances": [change.plain() for change in CHANGED_TOLERANCES],
        "not_asked": [one.plain() for one in NOT_ASKED],
    }
