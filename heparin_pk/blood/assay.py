"""The laboratory tests of this package, and therapeutic ranges in their units."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, shown
from heparin_pk.base.source import Source


@dataclass(frozen=True, slots=True)
class Assay:
    """A laboratory test, and how its results are written.

    ``key``: its key in ``ASSAYS``, unit included: "aptt_s".
    ``label``: its name on the chart: "aPTT".
    ``unit``: its unit on the chart, empty for a ratio.
    ``resolution``: the step to which results are rounded, in that unit.
    ``ceiling``: the highest result reported as a number, in that unit; above it the report is "> ceiling".
    """

    key: str
    label: str
    unit: str
    resolution: float
    ceiling: float

    def in_words(self, value: float, above_ceiling: bool = False) -> str:
        """Return a result as the chart shows it, such as "aPTT > 150 s"."""
        decimals = max(0, -math.floor(math.log10(self.resolution) + 1e-9))
        digits = f"{value:.{decimals}f}"
        return f"{self.label} {'> ' if above_ceiling else ''}{digits}{' ' + self.unit if self.unit else ''}"


ASSAYS = {
    "aptt_s": Assay("aptt_s", "aPTT", "s", 1.0, 150.0),
    "aptt_ratio": Assay("aptt_ratio", "aPTT ratio", "", 0.1, 5.0),
    "anti_xa_u_per_ml": Assay("anti_xa_u_per_ml", "anti-Xa", "U/mL", 0.01, math.inf),
    "act_s": Assay("act_s", "ACT", "s", 1.0, 999.0),
}
"""The tests a :class:`~heparin_pk.blood.laboratory.Laboratory` can report. Above its ceiling an aPTT is reported as "> 150 s"."""


CLOTTING_TIMES = ("aptt_s", "aptt_ratio", "act_s")
"""The tests that short chains of heparin do not prolong; the anti-Xa finds them too."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TherapeuticRange:
    """The levels a clinician aims at, in the unit of one assay, both ends included.

    ``assay``: a key of ``ASSAYS``.
    ``low``: lower end, in the unit of the assay.
    ``high``: upper end, in the unit of the assay.
    ``source``: where the range was printed.
    ``anti_xa``: the anti-Xa range that an aPTT range is said to correspond to, with its own source; ``None``: not printed.
    ``device``: the instrument that an ACT range was printed for; empty: not printed.

    Raises ``ValueError`` for an unknown assay, unless 0 < low < high, for an ``anti_xa`` that is no anti-Xa range between 0.01
    and 10 U/mL or that belongs to another test than the aPTT, and for a ``device`` of another test than the ACT.

    >>> TherapeuticRange(assay="aptt_s", low=46, high=70).in_words()
    'aPTT 46-70 s'
    """

    assay: str
    low: float
    high: float
    source: Source | None = None
    anti_xa: TherapeuticRange | None = None
    device: str = ""

    def __post_init__(self) -> None:
        check_one_of("assay", self.assay, ASSAYS)
        check_between("low", self.low, 0.0, 1000.0)
        check_between("high", self.high, 0.0, 1000.0)
        if not 0.0 < self.low < self.high:
            raise ValueError(f"a range needs 0 < low < high; got low {self.low!r} and high {self.high!r}")
        check_is("source", self.source, (Source, type(None)), "a Source or None")
        check_is("anti_xa", self.anti_xa, (TherapeuticRange, type(None)), "a TherapeuticRange or None")
        if self.anti_xa is not None:
            if self.anti_xa.assay != "anti_xa_u_per_ml" or not self.assay.startswith("aptt"):
                raise ValueError(f"anti_xa must be the anti-Xa range of an aPTT range; got {self.anti_xa.assay} for {self.assay}")
            for end in (self.anti_xa.low, self.anti_xa.high):
                check_between("anti_xa", end, 0.01, 10.0)
        if self.device != "":
            check_text("device", self.device)
            if self.assay != "act_s":
                raise ValueError(f"device must be the instrument of an ACT range; got {self.device!r} for {self.assay}")
        floats(self, "low", "high")

    __repr__ = shown

    def __contains__(self, level: float) -> bool:
        return self.low <= level <= self.high

    def in_words(self) -> str:
        """Return the range as a chart prints it; an end above the usual ceiling of the assay is written as "> ceiling"."""
        assay = ASSAYS[self.assay]
        unit = (" " + assay.unit if assay.unit else "") + (f" ({self.device})" if self.device else "")
        if self.high > assay.ceiling:
            low = f"> {assay.ceiling:g}" if self.low > assay.ceiling else f"{self.low:g} to > {assay.ceiling:g}"
            return f"{assay.label} {low}{unit}"
        return f"{assay.label} {self.low:g}-{self.high:g}{unit}"
