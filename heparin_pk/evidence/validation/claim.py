"""A printed number, our answer to it, and the groups of the table."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.published.drug import OutsideValidityDomain

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
            warnings.simplefilter("ignore", OutsideValidityDomain)  # asking a set beyond its domain is what some rows are about
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
