"""The tests a laboratory can run, and ranges of their results."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heparin_pk.base.checks import check_between, check_one_of, floats, shown
from heparin_pk.base.source import Source


@dataclass(frozen=True, slots=True)
class Assay:
    """A laboratory test: its name, its unit, how a level is written, and what it is called on the chart."""

    key: str
    label: str
    unit: str
    resolution: float
    ceiling: float

    def in_words(self, value: float, above_ceiling: bool = False) -> str:
        """Return a level as the chart would show it."""
        decimals = max(0, -math.floor(math.log10(self.resolution) + 1e-9))
        digits = f"{value:.{decimals}f}"
        return f"{self.label} {'> ' if above_ceiling else ''}{digits}{' ' + self.unit if self.unit else ''}"


ASSAYS = {
    "aptt_s": Assay("aptt_s", "aPTT", "s", 1.0, 150.0),
    "aptt_ratio": Assay("aptt_ratio", "aPTT ratio", "", 0.1, 5.0),
    "anti_xa_u_per_ml": Assay("anti_xa_u_per_ml", "anti-Xa", "U/mL", 0.01, math.inf),
    "act_s": Assay("act_s", "ACT", "s", 1.0, 999.0),
}
"""The tests a laboratory of the house can report. Above ``ceiling`` an aPTT is reported as "> 150 s", never as a number."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TherapeuticRange:
    """The levels a clinician aims at, in the units of one assay, both ends included.

    Raises ``ValueError`` for an unknown assay, or unless 0 < low < high.

    >>> TherapeuticRange(assay="aptt_s", low=46, high=70).in_words()
    'aPTT 46-70 s'
    """

    assay: str
    low: float
    high: float
    source: Source | None = None

    def __post_init__(self) -> None:
        check_one_of("assay", self.assay, ASSAYS)
        check_between("low", self.low, 0.0, 1000.0)
        check_between("high", self.high, 0.0, 1000.0)
        if not 0.0 < self.low < self.high:
            raise ValueError(f"a range needs 0 < low < high; got low {self.low!r} and high {self.high!r}")
        floats(self, "low", "high")

    __repr__ = shown

    def __contains__(self, level: float) -> bool:
        return self.low <= level <= self.high

    def in_words(self) -> str:
        """Return the range as a chart would print it; beyond the usual ceiling of the assay nothing is a number."""
        assay = ASSAYS[self.assay]
        unit = " " + assay.unit if assay.unit else ""
        if self.high > assay.ceiling:
            low = f"> {assay.ceiling:g}" if self.low > assay.ceiling else f"{self.low:g} to > {assay.ceiling:g}"
            return f"{assay.label} {low}{unit}"
        return f"{assay.label} {self.low:g}-{self.high:g}{unit}"
