"""A claim (a printed value and how to ask our models for it), its row (the claim with our value), and the groups of the table."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.published import ALL, named, sources
from heparin_pk.published.drug import OutsideValidityDomain

TOLERANCE_OF_OURS = "tolerance of ours"
"""The words that mark bounds which no paper prints."""
UNEXPLAINED = "unexplained"

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


@cache
def own_papers(model: str) -> frozenset[str]:
    """Return the papers whose study one parameter set was taken from, as citations.

    Empty for a set derived from many papers (the default): there each number that was used is marked by itself
    (``Claim.used_to_build``), and numbers of the same papers that were not used can still fail.
    """
    if model not in {drug.name for drug in ALL} | {"UFH_DEFAULT"}:
        return frozenset()
    drug = named(model)
    used = [parameter.value.source for parameter in drug.parameters]
    if any(source.citation == sources.DERIVED.citation for source in used):
        return frozenset()
    return frozenset(source.citation for source in [*used, *drug.built_from] if source.confidence != "assumed")


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
    ``uncertainty``: which of these it is: SD, range, confidence interval, or words with "tolerance of ours".
    ``model``: the parameter set that is asked, with its reagent and other choices.
    ``ask``: a function without arguments that returns our value, in the same unit.
    ``used_to_build``: true when that set, the covariate effect under test, or the choice of the reagent was based on the value,
    or a size was chosen with it in view.
    ``own_reagent``: true when the aPTT reagent that is asked was read from the same paper.
    ``asks_again``: the ``quantity`` of the row in which this same printed number counts; empty where it counts here.
    ``other_reading``: a second reading of the printed uncertainty, as words and its two ends, where the paper does not say
    which it is (SD or standard error); it never decides.
    ``why``: a tested cause of a miss; without one a miss is called unexplained.
    ``tested``: a function without arguments that asks again with that cause taken away; its value must lie inside.

    Raises ``ValueError`` unless low <= printed <= high, without a source, or for a cause without a test.
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
    own_reagent: bool = False
    asks_again: str = ""
    other_reading: tuple[str, float, float] | None = None
    why: str = ""
    tested: Callable[[], float] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        check_one_of("group", self.group, GROUPS)
        for name in ("quantity", "population", "unit", "uncertainty", "model"):
            check_text(name, getattr(self, name))
        check_is("source", self.source, Source, "a Source")
        check_between("printed", self.printed, self.low, self.high)
        if bool(self.why) != (self.tested is not None):
            raise ValueError(f"why and tested belong together: a cause that was not tested is none; got {self.why!r}")

    __repr__ = shown

    @property
    def own_paper(self) -> bool:
        """True when a set or a reagent is asked for a number of the very paper it was taken from: that proves nothing."""
        taken = self.own_reagent or self.source.citation in own_papers(self.model.split(",")[0])
        return taken and not self.used_to_build

    @property
    def proves(self) -> bool:
        """True when the value was used nowhere, comes from another paper than the set, and counts in this row."""
        return not (self.used_to_build or self.own_paper or self.asks_again)

    @property
    def is_printed(self) -> bool:
        """True when the uncertainty is printed, or follows from printed numbers; false for a tolerance of ours."""
        return TOLERANCE_OF_OURS not in self.uncertainty

    @property
    def mark(self) -> str:
        """The sign of a row that proves nothing: * used to build, + own paper, = counted in another row; else empty."""
        return "*" if self.used_to_build else "+" if self.own_paper else "=" if self.asks_again else ""

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

    @property
    def why(self) -> str:
        """The tested cause of a miss, or "unexplained"; empty when our value lies inside."""
        return "" if self.inside else self.claim.why or UNEXPLAINED

    @property
    def inside_by_other_reading(self) -> bool | None:
        """Whether our value lies within the second reading of the uncertainty; ``None`` where there is one reading."""
        other = self.claim.other_reading
        return None if other is None else other[1] <= self.ours <= other[2]

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
            "own_paper": claim.own_paper,
            "asks_again": claim.asks_again,
            "proves": claim.proves,
            "printed_uncertainty": claim.is_printed,
            "other_reading": None if claim.other_reading is None else list(claim.other_reading),
            "inside_by_other_reading": self.inside_by_other_reading,
            "why": self.why,
        }
