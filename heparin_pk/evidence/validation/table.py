"""The table of claims: every printed value beside ours, as rows, as a score, as JSON and in words."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable

from heparin_pk.base.checks import check_one_of
from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row


def rows(claims: Iterable[Claim] | None = None, *, group: str | None = None) -> list[Row]:
    """Return the claims with our values, in the order of the table.

    ``claims``: these claims; ``None``: all claims of the package.
    ``group``: only those of one group of ``GROUPS``.

    Raises ``ValueError`` for an unknown group.
    """
    if group is not None:
        check_one_of("group", group, GROUPS)
    if claims is None:
        from heparin_pk.evidence.validation.claims import CLAIMS  # noqa: PLC0415  builds the 135 claims only when they are needed

        claims = CLAIMS
    return [claim.row() for claim in claims if group in (None, claim.group)]


def score(found: Iterable[Row]) -> dict[str, int]:
    """Return the numbers of rows.

    ``rows``: all rows.
    ``used_to_build``: rows that were used to build the model they test.
    ``proving``: the other rows.
    ``proving_inside``, ``proving_outside``: how many of the other rows lie inside and outside the printed uncertainty.
    """
    every = list(found)
    proving = [row for row in every if not row.claim.used_to_build]
    return {
        "rows": len(every),
        "used_to_build": len(every) - len(proving),
        "proving": len(proving),
        "proving_inside": sum(row.inside for row in proving),
        "proving_outside": sum(not row.inside for row in proving),
    }


def to_json(found: Iterable[Row]) -> str:
    """Return the rows as JSON, a list of objects."""
    return json.dumps([row.plain() for row in found], allow_nan=False, ensure_ascii=False)


def _indented(text: str) -> str:
    return textwrap.fill(text, 112, initial_indent=" " * 10, subsequent_indent=" " * 12, break_on_hyphens=False)


def in_words(found: Iterable[Row]) -> str:
    """Return the table as text: by group, each miss with its reason, the score at the end."""
    every = list(found)
    lines: list[str] = []
    for group in GROUPS:
        of_group = [row for row in every if row.claim.group == group]
        if not of_group:
            continue
        lines += ["", group.upper()]
        for row in of_group:
            claim = row.claim
            verdict = "inside" if row.inside else "OUTSIDE"
            mark = " *" if claim.used_to_build else ""
            span = f"{claim.printed:.4g} ({claim.low:.4g} to {claim.high:.4g}, {claim.uncertainty}) {claim.unit}"
            lines.append(f"  {verdict:<8}{claim.quantity}{mark}")
            lines.append(_indented(f"printed {span}; ours {row.ours:.4g}   [{claim.model}]"))
            lines.append(_indented(f"{claim.population}; {claim.source.key}: {claim.source.where}"))
            if claim.why:
                lines.append(_indented(f"why: {claim.why}"))
    numbers = score(every)
    lines += [
        "",
        f"Rows: {numbers['rows']}. Used to build the model or effect they test, so no proof (*): {numbers['used_to_build']}.",
    ]
    if numbers["proving"]:
        lines.append(
            f"Of the other {numbers['proving']}, inside what was printed: {numbers['proving_inside']}, "
            f"outside: {numbers['proving_outside']}."
        )
    return "\n".join(lines[1:])
