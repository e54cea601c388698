"""Does it hold? What papers print beside what the models say, misses included.

A row that went into the making of a model proves nothing and is marked; a row that misses stays, with a sentence of why.
"""

from __future__ import annotations

import json
import textwrap
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.drug import OutsideStudied

GROUPS = (
    "kinetics",
    "response",
    "subcutaneous",
    "special patients",
    "bypass and catheter laboratory",
    "children",
    "dose needed",
    "one patient under a protocol",
    "low-molecular-weight heparin",
    "alternatives and reversal",
    "virtual trials",
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claim:
    """One number somebody printed, and how to ask our models for it.

    ``low`` and ``high`` are the printed uncertainty where there is one (``uncertainty`` says which: SD, range, confidence
    interval), else a tolerance of ours, and then it says so. ``model`` names the set asked. ``used_to_build`` is true when the
    number went into that set or into the law under test, or when the reagent was chosen to meet it. ``why`` explains a miss and
    is empty otherwise.

    Raises ``ValueError`` unless low <= printed <= high, or without a source.
    """

    group: str
    quantity: str
    population: str
    source: Source
    printed: float
    low: float
    high: float
    unit: str
    uncertainty: str
    model: str
    ask: Callable[[], float] = field(compare=False)
    used_to_build: bool = False
    why: str = ""

    def __post_init__(self) -> None:
        check_one_of("group", self.group, GROUPS)
        for name in ("quantity", "population", "unit", "uncertainty", "model"):
            check_text(name, getattr(self, name))
        check_is("source", self.source, Source, "a Source")
        check_between("printed", self.printed, self.low, self.high)

    __repr__ = shown

    def row(self) -> Row:
        """Return the claim with what our model answers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideStudied)  # asking a set beyond its domain is what some rows are about
            ours = float(self.ask())
        return Row(claim=self, ours=ours)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Row:
    """A claim and our answer to it."""

    claim: Claim
    ours: float

    __repr__ = shown

    @property
    def inside(self) -> bool:
        """True when our value lies within the printed uncertainty (or the stated tolerance)."""
        return self.claim.low <= self.ours <= self.claim.high

    def plain(self) -> dict[str, object]:
        """Return the row as a dictionary of plain values."""
        claim = self.claim
        return {
            "group": claim.group,
            "quantity": claim.quantity,
            "population": claim.population,
            "source": claim.source.cite(),
            "where": claim.source.where,
            "printed": claim.printed,
            "low": claim.low,
            "high": claim.high,
            "uncertainty": claim.uncertainty,
            "unit": claim.unit,
            "model": claim.model,
            "ours": self.ours,
            "inside": self.inside,
            "used_to_build": claim.used_to_build,
            "why": claim.why,
        }


def rows(claims: Iterable[Claim] | None = None, *, group: str | None = None) -> list[Row]:
    """Return every claim (or those given, or those of one group) with our answer; raises ``ValueError`` for an unknown group."""
    if group is not None:
        check_one_of("group", group, GROUPS)
    if claims is None:
        from heparin_pk.validation.claims import CLAIMS  # noqa: PLC0415  the claims need this module

        claims = CLAIMS
    return [claim.row() for claim in claims if group in (None, claim.group)]


def score(found: Iterable[Row]) -> dict[str, int]:
    """Return how many rows there are, how many prove something, and how many of those are inside."""
    every = list(found)
    fresh = [row for row in every if not row.claim.used_to_build]
    return {
        "rows": len(every),
        "used_to_build": len(every) - len(fresh),
        "proving": len(fresh),
        "proving_inside": sum(row.inside for row in fresh),
        "proving_outside": sum(not row.inside for row in fresh),
    }


def to_json(found: Iterable[Row]) -> str:
    """Return the rows as JSON, a list of objects."""
    return json.dumps([row.plain() for row in found], allow_nan=False, ensure_ascii=False)


def _indented(text: str) -> str:
    return textwrap.fill(text, 112, initial_indent=" " * 10, subsequent_indent=" " * 12, break_on_hyphens=False)


def in_words(found: Iterable[Row]) -> str:
    """Return the table as a reader would like it: by group, misses with their reason, the score at the end."""
    every = list(found)
    lines: list[str] = []
    for group in GROUPS:
        here = [row for row in every if row.claim.group == group]
        if not here:
            continue
        lines += ["", group.upper()]
        for row in here:
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
        f"Rows: {numbers['rows']}. Used to build the model or law they test, so no proof (*): {numbers['used_to_build']}.",
    ]
    if numbers["proving"]:
        lines.append(
            f"Of the other {numbers['proving']}, inside what was printed: {numbers['proving_inside']}, "
            f"outside: {numbers['proving_outside']}."
        )
    return "\n".join(lines[1:])
