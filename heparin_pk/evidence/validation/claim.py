"""A claim (a printed value and how to ask our models for it), its row (the claim with our value), and the groups of the table."""

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
    """One value printed in a paper, and how to ask our models for it.

    ``group``: one of ``GROUPS``.
    ``quantity``: what was measured, in words.
    ``population``: in whom it was measured.
    ``source``: the paper, and where in it the value is printed.
    ``printed``: the printed value.
    ``low``, ``high``: the ends of the printed uncertainty, or of a tolerance of ours.
    ``unit``: the unit of ``printed``, ``low`` and ``high``.
    ``uncertainty``: which of these it is: SD, range, confidence interval, or "tolerance of ours".
    ``model``: the parameter set that is asked, with its reagent and other choices.
    ``ask``: a function without arguments that returns our value, in the same unit.
    ``used_to_build``: true when that set, the covariate effect under test, or the choice of the reagent was based on the value.
    ``why``: the reason of a miss; empty when our value lies inside.

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
        """Return the claim with our model's value."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)  # some rows ask a set outside its domain on purpose
            ours = float(self.ask())
        return Row(claim=self, ours=ours)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Row:
    """A claim and our answer to it.

    ``claim``: the claim.
    ``ours``: our model's value, in the unit of the claim.
    """

    claim: Claim
    ours: float

    __repr__ = shown

    @property
    def inside(self) -> bool:
        """True when our value lies within the printed uncertainty (or the stated tolerance)."""
        return self.claim.low <= self.ours <= self.claim.high

    def plain(self) -> dict[str, object]:
        """Return the row as a dictionary of texts, numbers and booleans, ready for JSON."""
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
