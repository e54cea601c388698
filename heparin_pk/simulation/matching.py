"""A table belongs to a reagent: what its range means in anti-Xa, the reagent it runs with, and a word where that differs.

A laboratory finds its aPTT range as the one that corresponds to anti-Xa 0.3-0.7 U/mL with its own reagent. A table is run in such
a laboratory unless another one is given: that is then an experiment, and :meth:`Match.in_words` says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from heparin_pk.base.checks import check_between, check_is, check_one_of, shown
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Curve, Reagent
from heparin_pk.published.drug import UNFRACTIONATED_HEPARIN, Drug
from heparin_pk.published.ranges import ANTI_XA_TREATMENT
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.ward.controller import Controller
from heparin_pk.ward.nomogram import Nomogram

FITS_WITHIN_FRACTION = 0.10
"""How far the middle of a range may lie from the middle of its anti-Xa range before a laboratory does not fit it: 10 per cent.

Middles are compared, because printed ranges in seconds are narrower than an exponential makes 0.3-0.7 U/mL: the best line
through the origin leaves the ends up to 0.15 U/mL and the middle up to 9 per cent off. It is also what laboratories live with:
a new lot of one reagent moved the range for 0.3-0.7 U/mL from 60-100 to 65-110 s (UC Irvine, notice of October 2021), 9 per cent
in the slope.
"""

ASSUMED_CONTROL_S = 30.0
"""The control aPTT of a table that prints none, s (assumed; printed means of normal plasma lie near it)."""

_OFF_THE_CHART = 20.0
"""A logarithm of an aPTT ratio beyond any assay, so that no exponential overflows."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Match:
    """An aPTT range in a laboratory with one reagent: what it means there in anti-Xa, and whether that is what was meant.

    ``target``: the range, in seconds or as a ratio.
    ``reagent``: the reagent of the laboratory.

    ``baseline_aptt_s``: the aPTT of the patients without heparin, s (10 to 200); ``None``: the control of the reagent.

    Raises ``ValueError`` for a range of another test, another kind of reagent, or a baseline beyond its limits.

    >>> from heparin_pk import published
    >>> match = Match(target=published.ranges.APTT_RASCHKE, reagent=REAGENTS["silimat"])
    >>> match.fits, [round(end, 2) for end in match.found_u_per_ml]  # 46-70 s are low levels with a sensitive reagent
    (False, [0.18, 0.36])
    """

    target: TherapeuticRange
    reagent: Reagent
    baseline_aptt_s: float | None = None

    def __post_init__(self) -> None:
        check_is("target", self.target, TherapeuticRange, "a TherapeuticRange")
        check_one_of("the assay of the target", self.target.assay, ("aptt_s", "aptt_ratio"))
        check_is("reagent", self.reagent, Reagent, "a Reagent")
        if self.baseline_aptt_s is not None:
            check_between("baseline_aptt_s", self.baseline_aptt_s, 10.0, 200.0)

    __repr__ = shown

    @property
    def meant(self) -> TherapeuticRange:
        """The anti-Xa range the target stands for: the one it carries, else the usual rule of 0.3-0.7 U/mL, then assumed."""
        return self.target.anti_xa or ANTI_XA_TREATMENT

    @property
    def is_assumed(self) -> bool:
        """True where the meaning of the range in anti-Xa was not printed, but assumed here or by the one who wrote it down."""
        anti_xa = self.target.anti_xa
        return anti_xa is None or (anti_xa.source is not None and anti_xa.source.confidence == "assumed")

    @property
    def _how_known(self) -> str:
        """How the anti-Xa range is known, in brackets; empty where it was printed."""
        if self.target.anti_xa is None:
            return " (not printed: assumed)"
        source = self.target.anti_xa.source
        return f" ({source.confidence})" if source is not None and source.confidence in ("derived", "assumed") else ""

    @property
    def found_u_per_ml(self) -> tuple[float, float]:
        """The anti-Xa at both ends of the target with this reagent, U/mL."""
        unit_s = self._unit_s
        low, high = (
            math.log(end * unit_s / self._begin_s) / self.reagent.slope_ml_per_u for end in (self.target.low, self.target.high)
        )
        return low, high

    @property
    def off_fraction(self) -> float:
        """How far the middle of the target lies from the middle of what it stands for, as a share of the latter."""
        return sum(self.found_u_per_ml) / (self.meant.low + self.meant.high) - 1.0

    @property
    def fits(self) -> bool:
        """True where the target means in this laboratory what it stands for, within ``FITS_WITHIN_FRACTION``."""
        return abs(self.off_fraction) <= FITS_WITHIN_FRACTION

    @property
    def own_range(self) -> tuple[float, float]:
        """The aPTT that corresponds to the anti-Xa range with this reagent, in the unit of the target."""
        low, high = (
            math.exp(min(_OFF_THE_CHART, self.reagent.slope_ml_per_u * end)) * self._begin_s / self._unit_s
            for end in (self.meant.low, self.meant.high)
        )
        return low, high

    @property
    def _begin_s(self) -> float:
        """The aPTT without heparin, s."""
        return self.reagent.control_aptt_s if self.baseline_aptt_s is None else self.baseline_aptt_s

    @property
    def _unit_s(self) -> float:
        return 1.0 if self.target.assay == "aptt_s" else self.reagent.control_aptt_s

    def in_words(self) -> str:
        """Return one line: what the range means in this laboratory, and plainly where that is not what was meant."""
        digits = 0 if self.target.assay == "aptt_s" else 1
        low, high = (round(min(end, 1000.0 - i), digits) for i, end in zip((1, 0), self.own_range, strict=True))
        own = TherapeuticRange(assay=self.target.assay, low=low, high=high).in_words() if low < high else f"about {low:g}"
        if self._begin_s != ASSUMED_CONTROL_S:
            own += f" (without heparin {self._begin_s:g} s)"
        here = "-".join(f"{max(0.0, end):.2f}" for end in self.found_u_per_ml)
        if self.fits:
            return (
                f"{self.target.in_words()} stands for {self.meant.in_words()}{self._how_known}; with this laboratory's reagent "
                f"({self.reagent.label}, {self.reagent.slope_ml_per_u:.2f} mL/U) it is anti-Xa {here} U/mL: the middles agree "
                f"({self.meant.in_words()} itself is {own})"
            )
        return (
            f"the laboratory does not fit the range: {self.target.in_words()} is aimed at, but with its reagent "
            f"({self.reagent.label}, {self.reagent.slope_ml_per_u:.2f} mL/U) {self.meant.in_words()}{self._how_known} is {own}; "
            f"what is aimed at is anti-Xa {here} U/mL here"
        )

    def to_plain(self) -> dict[str, Any]:
        """Return the match as plain values, for JSON."""
        return {
            "reagent": self.reagent.name,
            "slope_ml_per_u": self.reagent.slope_ml_per_u,
            "target": self.target.in_words(),
            "stands_for": self.meant.in_words(),
            "assumed": self.is_assumed,
            "without_heparin_s": self._begin_s,
            "here_anti_xa_u_per_ml": self.found_u_per_ml,
            "fits": self.fits,
            "in_words": self.in_words(),
        }


def match_of(target: TherapeuticRange | None, reagent: Curve | None, baseline_aptt_s: float | None = None) -> Match | None:
    """Return how a range fits a reagent, and patients with this aPTT without heparin.

    ``None`` where there is nothing to match: no aPTT range, or no heparin reagent.
    """
    if target is None or not target.assay.startswith("aptt") or not isinstance(reagent, Reagent):
        return None
    return Match(target=target, reagent=reagent, baseline_aptt_s=baseline_aptt_s)


def reagent_for(table: Nomogram) -> Reagent | None:
    """Return the reagent of the laboratory that a table was written for; ``None`` for a table that reads no aPTT.

    The reagent the table names, where the table's range means with it what it stands for; else one DERIVED from the range and the
    anti-Xa it stands for (0.3-0.7 U/mL is assumed where none is printed), with the table's control or 30 s.

    Raises ``ValueError`` for an unknown reagent, and for a range to which no reagent belongs.

    >>> reagent_for(Nomogram.load("raschke-1993")).name, round(reagent_for(Nomogram.load("durham-va-2009")).slope_ml_per_u, 2)
    ('raschke', 1.81)
    """
    check_is("table", table, Nomogram, "a Nomogram")
    if not table.assay.startswith("aptt"):
        return None
    if table.reagent is not None:
        if table.reagent not in REAGENTS:
            raise ValueError(f"{table.name}: no reagent {table.reagent!r}; there are {', '.join(REAGENTS)}")
        named = REAGENTS[table.reagent]
        if Match(target=table.target, reagent=named).fits:
            return named
    target, meant = table.target, table.target.anti_xa or ANTI_XA_TREATMENT
    control_s = ASSUMED_CONTROL_S if table.control_aptt_s is None else table.control_aptt_s
    unit = control_s if target.assay == "aptt_s" else 1.0
    words = f"{target.in_words()} = {meant.in_words()}{' (assumed)' if target.anti_xa is None else ''}, control {control_s:g} s"
    try:
        found = Reagent.from_matched_range(
            name=f"matched to {table.name}",
            label="matched to its range",
            anti_xa_u_per_ml=(meant.low, meant.high),
            aptt_ratio=(target.low / unit, target.high / unit),
            source=table.source.at(f"DERIVED from {words}{' (assumed)' if table.control_aptt_s is None else ''}", "derived"),
        )
    except ValueError as error:
        raise ValueError(
            f"{table.name}: no reagent makes {words}: give the laboratory a reagent, or the table its anti_xa_u_per_ml or "
            f"control_aptt_s ({error})"
        ) from None
    return replace(found, control_aptt_s=control_s)


def in_its_laboratory(controller: Controller, drug: Drug, laboratory: Laboratory) -> Laboratory:
    """Return the laboratory with the reagent of the table it serves, where it names none itself.

    Unchanged for a controller that is no table, and for a drug whose aPTT follows a law of its own.
    """
    heparin = drug.family == UNFRACTIONATED_HEPARIN and isinstance(drug.reagent, Reagent)
    if laboratory.reagent is not None or not isinstance(controller, Nomogram) or not heparin:
        return laboratory
    return replace(laboratory, reagent=reagent_for(controller))
