"""Sources of numbers: a value and the paper it comes from are one object."""

from __future__ import annotations

import math
import numbers
import re
import sys
from dataclasses import dataclass, replace

from heparin_pk.base.checks import check_between, check_one_of, check_text, shown

CONFIDENCES = {
    "primary": "the paper's own text, abstract or label was read",
    "re-coded": "read from a third party's coding of the published model",
    "second-hand": "quoted by another author; the original was not read",
    "derived": "calculated by us from sourced values; the calculation is stated",
    "assumed": "no source was found; chosen for teaching and marked as such",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Source:
    """A place in a paper: the reference, the place in it, and how it was read.

    * ``key``: AUTHOR_YEAR.
    * ``citation``: the reference as printed.
    * ``where``: table, page, section or sentence; required.
    * ``confidence``: one of ``CONFIDENCES``.
    * ``doi``: digital object identifier of the paper, or empty.
    * ``pmid``: its PubMed number, or empty.
    * ``url``: its address on the web, or empty.

    Raises ``ValueError`` when ``key``, ``citation`` or ``where`` is empty, a field is no text or holds control characters, or
    ``confidence`` is not in the list.
    """

    key: str
    citation: str
    where: str
    confidence: str
    doi: str = ""
    pmid: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        for name in ("key", "citation", "where"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"a source needs {name}: a text that is not empty; got {text!r}")
            check_text(name, text)
        for name in ("doi", "pmid", "url"):
            if getattr(self, name) != "":
                check_text(name, getattr(self, name))
        check_one_of("confidence", self.confidence, CONFIDENCES)

    __repr__ = shown

    def at(self, where: str, confidence: str | None = None) -> Source:
        """Return the same paper at another place."""
        return replace(self, where=where, confidence=confidence or self.confidence)

    def bibtex(self) -> str:
        """Return the reference as a BibTeX entry; its note holds the place in the paper and how it was read."""
        fields = {"title": self.citation, "doi": self.doi, "url": "" if self.doi else self.url}
        fields["note"] = f"{f'PMID {self.pmid}. ' if self.pmid else ''}{self.where} [{self.confidence}]"
        lines = [f"  {name} = {{{_tex(text)}}}," for name, text in fields.items() if text]
        return "\n".join([f"@misc{{{re.sub('[^A-Za-z0-9_-]', '_', self.key)},", *lines, "}"])

    def cite(self) -> str:
        """Return the reference on one line, with DOI, PMID or web address and how it was read."""
        address = [f"doi:{self.doi}"] if self.doi else []
        address += [f"PMID {self.pmid}"] if self.pmid else []
        address += [self.url] if self.url and not address else []
        return " ".join([self.citation.rstrip(".") + ".", *address, f"[{self.confidence}]"])


def _tex(text: str) -> str:
    for sign in "\\{}":
        text = text.replace(sign, "")
    return re.sub(r"([%&#_$])", r"\\\1", text)


ASSUMED = Source(
    key="ASSUMED",
    citation="heparin_pk, teaching assumption: no source was found",
    where="stated beside the value",
    confidence="assumed",
)


@dataclass(frozen=True, slots=True, repr=False)
class Value:
    """A number with its source; it cannot be created without one.

    * ``value``: the number, finite, in the unit of the parameter it is used for.
    * ``source``: the place in a paper it was read in.
    * ``rse_fraction``: printed relative standard error of the estimate (0 to 10), or ``None``.
    * ``interval``: printed 95 % interval of the estimate, (lowest, highest), in the unit of ``value``, or ``None``.

    Both say how well the number itself is known; how much patients differ is a ``Variability``.

    Raises ``ValueError`` when ``value`` is not a finite number, ``source`` is not a :class:`Source`, or an uncertainty is outside
    its limits (an interval rises and holds the value).

    >>> Value(28.0, "28 mL/min")
    Traceback (most recent call last):
    ...
    ValueError: a value needs a Source that says where it was read; got '28 mL/min'
    """

    value: float
    source: Source
    rse_fraction: float | None = None
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, numbers.Real) or not abs(self.value) <= sys.float_info.max:
            raise ValueError(f"a value must be a finite number; got {self.value!r}")
        if not isinstance(self.source, Source):
            raise ValueError(f"a value needs a Source that says where it was read; got {self.source!r}")
        object.__setattr__(self, "value", float(self.value))
        if self.rse_fraction is not None:
            object.__setattr__(self, "rse_fraction", check_between("rse_fraction", self.rse_fraction, 0.0, 10.0))
        if self.interval is not None:
            if not isinstance(self.interval, (list, tuple)) or len(self.interval) != 2:
                raise ValueError(f"interval must be a pair (lowest, highest) or None; got {self.interval!r}")
            low, high = (check_between("interval", end, -sys.float_info.max, sys.float_info.max) for end in self.interval)
            if not (low < high and low <= self.value <= high):
                raise ValueError(f"interval must rise and hold the value {self.value:g}; got {self.interval!r}")
            object.__setattr__(self, "interval", (low, high))

    __repr__ = shown

    @property
    def log_sd(self) -> float | None:
        """How well the number is known, as the standard deviation of its logarithm; ``None`` where nothing is printed.

        From the printed interval where it lies above 0 (its width on the log scale / 3.92), else the relative standard error,
        which it equals to first order.
        """
        if self.interval is not None and self.interval[0] > 0.0:
            return math.log(self.interval[1] / self.interval[0]) / (2.0 * 1.96)
        return self.rse_fraction

    def uncertainty_in_words(self) -> str:
        """Return "RSE 7.25 %, 95 % interval 990 to 1350", or an empty text where nothing is printed."""
        words = [] if self.rse_fraction is None else [f"RSE {100 * self.rse_fraction:g} %"]
        if self.interval is not None:
            words.append(f"95 % interval {self.interval[0]:g} to {self.interval[1]:g}")
        return ", ".join(words)
