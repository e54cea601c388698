"""Nomograms: published dosing tables, stored so that their bands cannot have gaps.

A table stores only the upper edges of its bands, which rise; the last one is infinite, so every level falls into exactly one
band. A level is rounded to the printed resolution of the table before it is looked up (45.4 s belongs to "35-45 s"). Each
table is a TOML file that can be checked line by line against its paper; a hospital's own table is one more such file.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, set_label, shown
from heparin_pk.base.files import LARGEST_TABLE_BYTES, LONGEST_TABLE_LINE, read_text
from heparin_pk.base.rounding import round_all_to, round_to
from heparin_pk.base.source import Source
from heparin_pk.base.texts import UNSAFE, visible, without_addresses
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.ward.clock import next_at_h
from heparin_pk.ward.controller import Decision, Decisions, Situation, Situations
from heparin_pk.ward.lines import COUNTED_FROM, SHORTEST_HOLD_MIN, Band, Choice, Recheck, Row, Rule, Start
from heparin_pk.ward.misprints import MisprintError, levels_in_another_unit, levels_named, line_of
from heparin_pk.ward.orders import MOST_DOSE_U
from heparin_pk.ward.pump import CONCENTRATION_U_PER_ML, Bag, Pump
from heparin_pk.ward.weighing import Weighing

__all__ = [
    "OWN_WEIGHING",
    "SHORTEST_HOLD_MIN",
    "WEIGHTS",
    "Band",
    "Choice",
    "Nomogram",
    "Recheck",
    "Row",
    "Rule",
    "Start",
    "Weighing",
    "document_names",
    "names",
]

SHORTEST_GAP_H = 0.5
"""A draw at a time of day is at least half an hour away, unless the table says more."""

OWN_WEIGHING = "the rule of [weighing]"
"""What ``weight`` says in a table with a dosing weight of its own."""

WEIGHTS = {
    "actual body weight": "actual",
    "ideal body weight": "ideal",
    "adjusted body weight": "adjusted",
    "no weight: fixed doses": "actual",
    "the weight given (the table does not say which)": "actual",
    "weight-band chart: doses per kg, steps of the 45 kg row": "actual",
    "480 U/kg/day (20 U/kg/h); the heaviest row is > 70 kg": "actual",
    OWN_WEIGHING: "actual",
}
"""The weight a table doses by, in its words, and the rule of :func:`~heparin_pk.body.bodysize.dosing_weight_kg` that it means."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Nomogram:
    """A published dosing table; a controller for one patient or for many.

    ``name``: its name, by default that of its file.
    ``title``: its title.
    ``assay``: the test it reads, a key of ``ASSAYS``.
    ``round_to``: printed resolution of the levels, in the unit of the assay.
    ``target``: the therapeutic range: the levels at which nothing is changed.
    ``start``: first bolus, first rate and first check.
    ``recheck``: when to draw blood again.
    ``bands``: the lines of the table, in rising order.
    ``source``: where it was printed.
    ``weight``: the weight it doses by, one of ``WEIGHTS``.
    ``bolus_round_u``: step to which boluses are rounded, U; ``None``: not rounded.
    ``rate_round_u_per_h``: step to which rates are rounded, U/h; ``None``: not rounded.
    ``bolus_max_u``: cap on every bolus, U (the cap in ``start`` is for the first one only).
    ``rate_max_u_per_h``: cap on every rate, U/h (the cap in ``start`` is for the first one only).
    ``bag_u_per_ml``: concentration of the bag it was written for, U/mL; ``None``: not printed. A table with ``change_ml_per_h``
    needs it.
    ``reagent``: the aPTT reagent it was written for, a key of ``published.reagents.REAGENTS``; ``None``: not named.
    ``control_aptt_s``: the control aPTT of its laboratory, s (15 to 60); ``None``: not printed.
    ``caveats``: notes on the table, one text each.
    ``label``: what legends and lists call it, in at most 30 characters; its name where none is given.
    ``rules``: rules beyond the lines: results in a row, hours gone by, calls. The first one that applies decides.
    ``weighing``: the weight it doses by, as a rule; with it ``weight`` is ``OWN_WEIGHING``. ``None``: ``weight`` says it.
    ``rebolus_max_u``: cap on every bolus but the first, U.
    ``most_reboluses``: how many boluses are given after the first one; ``None``: no limit.
    ``rate_min_u_per_h``: lowest rate of an infusion that runs, U/h; ``None``: none.
    ``change_round_u_per_h``: step to which changes of rate are rounded, U/h; the rate itself is not. ``None``: not rounded.
    ``own_baseline``: levels are read as multiples of the patient's own first result, drawn at the start before the bolus; the
    assay is then a ratio.
    ``highest_first``: it was printed from the highest levels down, and is shown so.
    ``choices``: the numbers chosen from printed ranges.

    What its range means in anti-Xa, where that was printed, is ``target.anti_xa``.

    Raises ``ValueError`` when the upper edges do not rise (an overlap), when the last one is not infinite (a gap), when the
    target is not exactly the levels of the bands that change nothing, when a table that reads no aPTT names a reagent or a
    control, and when the table contradicts itself: a label unlike its edges, less heparin below the target or more above it,
    doses per kilogram in a table without a weight.

    >>> raschke = Nomogram.load("raschke-1993")
    >>> raschke.band(45.4).label, raschke.band(45.5).label
    ('35-45 s (1.2-1.5 x control)', '46-70 s (1.5-2.3 x control)')
    """

    name: str
    title: str
    assay: str
    round_to: float
    target: TherapeuticRange
    start: Start
    recheck: Recheck
    bands: tuple[Band, ...]
    source: Source
    weight: str = "actual body weight"
    bolus_round_u: float | None = None
    rate_round_u_per_h: float | None = None
    bolus_max_u: float | None = None
    rate_max_u_per_h: float | None = None
    bag_u_per_ml: float | None = None
    reagent: str | None = None
    control_aptt_s: float | None = None
    caveats: tuple[str, ...] = ()
    label: str = ""
    rules: tuple[Rule, ...] = ()
    weighing: Weighing | None = None
    rebolus_max_u: float | None = None
    most_reboluses: int | None = None
    rate_min_u_per_h: float | None = None
    change_round_u_per_h: float | None = None
    own_baseline: bool = False
    highest_first: bool = False
    choices: tuple[Choice, ...] = ()

    def __post_init__(self) -> None:
        for name in ("name", "title", "weight"):
            check_text(name, getattr(self, name))
        set_label(self)
        check_is("target", self.target, TherapeuticRange, "a TherapeuticRange")
        check_is("start", self.start, Start, "a Start")
        check_is("recheck", self.recheck, Recheck, "a Recheck")
        check_is("bands", self.bands, (list, tuple), "a list of Band")
        for band in self.bands:
            check_is("bands", band, Band, "a Band")
        for name, kind in (("rules", Rule), ("choices", Choice)):
            check_is(name, getattr(self, name), (list, tuple), f"a list of {kind.__name__}")
            object.__setattr__(self, name, tuple(getattr(self, name)))
            for part in getattr(self, name):
                check_is(name, part, kind, f"a {kind.__name__}")
        check_is("caveats", self.caveats, (list, tuple), "a list of texts")
        for caveat in self.caveats:
            check_text("caveats", caveat)
        object.__setattr__(self, "bands", tuple(self.bands))
        object.__setattr__(self, "caveats", tuple(self.caveats))
        check_one_of("assay", self.assay, ASSAYS)
        check_one_of("weight", self.weight, WEIGHTS)
        check_between("round_to", self.round_to, 1e-4, 10.0)
        steps_and_limits = ("bolus_round_u", "rate_round_u_per_h", "change_round_u_per_h")
        for name in (*steps_and_limits, "bolus_max_u", "rebolus_max_u", "rate_max_u_per_h", "rate_min_u_per_h"):
            if getattr(self, name) is not None:
                check_between(name, getattr(self, name), 0.1, MOST_DOSE_U)
        if self.bag_u_per_ml is not None:
            check_between("bag_u_per_ml", self.bag_u_per_ml, *CONCENTRATION_U_PER_ML)
        if self.reagent is not None:
            check_text("reagent", self.reagent)
        if self.control_aptt_s is not None:
            check_between("control_aptt_s", self.control_aptt_s, 15.0, 60.0)
        for name in ("reagent", "control_aptt_s"):
            if getattr(self, name) is not None and not self.assay.startswith("aptt"):
                raise ValueError(f"{name} belongs to a table that reads the aPTT; got {getattr(self, name)!r} for {self.assay}")
        if not isinstance(self.source, Source):
            raise ValueError(f"{self.name} needs a source; got {self.source!r}")
        if len(self.bands) < 2:
            raise ValueError(f"{self.name} needs at least two bands; got {len(self.bands)}")
        for i, (lower, upper) in enumerate(zip(self.bands, self.bands[1:], strict=False), 2):
            if not lower.below < upper.below:
                raise MisprintError(
                    f"bands overlap: band {i} ({upper.label!r}, below {upper.below:g}) does not rise above band "
                    f"{i - 1} ({lower.label!r}, below {lower.below:g})",
                    f"band {i}",
                    "below",
                )
        if self.bands[-1].below != math.inf:
            raise MisprintError(
                f"bands leave a gap: no band covers {self.bands[-1].below:g} and above; the last one needs below = inf",
                f"band {len(self.bands)}",
                "below",
            )
        for i, band in enumerate(self.bands[:-1], 1):
            if abs(round_to(band.below, self.round_to) - band.below) > 1e-9:
                raise MisprintError(
                    f"edge {band.below:g} of band {band.label!r} is finer than round_to = {self.round_to:g}; got {band.below!r}",
                    f"band {i}",
                    "below",
                )
        if self.target.assay != self.assay:
            raise ValueError(f"target must be in {self.assay}; got {self.target.assay}")
        left_alone = [i for i, band in enumerate(self.bands) if band.is_no_change]
        low = self.bands[left_alone[0] - 1].below if left_alone and left_alone[0] else 0.0
        high = self.bands[left_alone[-1]].below - self.round_to if left_alone else 0.0
        if not left_alone or abs(low - self.target.low) > 1e-9 or abs(high - self.target.high) > 1e-9:
            raise ValueError(
                f"target {self.target.low:g}-{self.target.high:g} must be the levels left alone; the bands leave alone "
                f"{f'{low:g}-{high:g}' if left_alone else 'nothing'}"
            )
        self._check_directions(left_alone[0], left_alone[-1])
        self._check_labels()
        self._check_units()
        self._check_limits()
        self._check_pauses()
        self._check_rules()

    def _check_directions(self, first: int, last: int) -> None:
        """Raise ``ValueError`` for less heparin below the target, more above it, or a change within it.

        ``first`` and ``last``: indices of the first and the last band of the target.
        """
        for i, band in enumerate(self.bands):
            wrong, where = (band.lowers, "below") if i < first else (band.raises, "above") if i > last else ((), "")
            if first < i < last and not band.is_no_change:
                wrong, where = (*band.raises, *band.lowers), "within"
            if wrong:
                raise MisprintError(
                    f"band {band.label!r} lies {where} the target of {self.target.low:g}-{self.target.high:g}, where "
                    f"{wrong[0]} is the wrong way; got {getattr(band, wrong[0]):g}",
                    f"band {i + 1}",
                    wrong[0],
                )

    def _check_labels(self) -> None:
        """Raise ``ValueError`` for a label that names other levels than its band has."""
        lowest = 0
        for i, band in enumerate(self.bands, 1):
            lowest = self._check_label(band, f"band {i}", lowest)
        before: tuple[float, float] | None = None
        for i, band in enumerate(self.bands, 1):
            try:
                other = levels_in_another_unit(band.label)
            except ValueError as error:
                raise MisprintError(str(error), f"band {i}", "label") from None
            if other is not None and (other[0] > other[1] or (before is not None and other[0] < before[1])):
                raise MisprintError(
                    f"label {band.label!r} must rise above the label before in both its units", f"band {i}", "label"
                )
            before = before if other is None else other

    def _check_label(self, line: Band, where: str, lowest: int) -> int:
        """Return the first step above a line; raises ``ValueError`` where its label names other levels.

        ``lowest``: the first level of the line, in steps of the printed resolution.
        """
        highest = None if line.below == math.inf else round(line.below / self.round_to) - 1
        try:
            named = levels_named(line.label, self.round_to)
        except ValueError as error:
            raise MisprintError(str(error), where, "label") from None
        if named is not None and ((named[0] or 0) != lowest or named[1] != highest):
            begins = f"{lowest * self.round_to:g}"
            edges = f"{begins} and above" if highest is None else f"{begins} to {highest * self.round_to:g}"
            kind = where.partition(" ")[0]
            raise MisprintError(f"label {line.label!r} must name the levels of its {kind}, {edges}", where, "label")
        return 0 if highest is None else highest + 1

    def _check_limits(self) -> None:
        """Raise ``ValueError`` for limits and rules of the whole table that contradict each other."""
        if self.most_reboluses is not None:
            check_is("most_reboluses", self.most_reboluses, int, "a whole number from 1 to 100")
            check_between("most_reboluses", self.most_reboluses, 1, 100)
        for name in ("own_baseline", "highest_first"):
            check_is(name, getattr(self, name), bool, "true or false")
        for low, high in (("rate_min_u_per_h", "rate_max_u_per_h"), ("rebolus_max_u", "bolus_max_u")):
            lower, upper = getattr(self, low), getattr(self, high)
            if lower is not None and upper is not None and lower > upper:
                raise MisprintError(f"{low} must not be above {high} = {upper:g}; got {lower!r}", key=low)
        if self.change_round_u_per_h is not None and self.rate_round_u_per_h is not None:
            raise MisprintError(
                f"change_round_u_per_h must not be given with rate_round_u_per_h = {self.rate_round_u_per_h:g}: either the "
                f"change is rounded or the rate; got {self.change_round_u_per_h!r}",
                key="change_round_u_per_h",
            )
        if (self.weighing is not None) != (self.weight == OWN_WEIGHING):
            raise MisprintError(f"weighing and weight = {OWN_WEIGHING!r} belong together; got {self.weight!r}", key="weight")
        if self.weighing is not None:
            check_is("weighing", self.weighing, Weighing, "a Weighing")
        if self.own_baseline and self.assay != "aptt_ratio":
            raise MisprintError(f"own_baseline needs a ratio, assay = 'aptt_ratio'; got {self.assay!r}", key="own_baseline")
        if self.start.clock is None:
            times = [("settled_at", "[recheck]")] if self.recheck.settled_at else []
            times += [("at", "[recheck]")] if self.recheck.at else []
            times += [("recheck_at", where) for where, line in self._named_lines() if line.recheck_at]
            if times:
                raise MisprintError(
                    f"{times[0][0]} needs the time of day at the start: clock in [start]", times[0][1], times[0][0]
                )

    def _named_lines(self) -> list[tuple[str, Band]]:
        """Return bands and rules with their names in messages."""
        bands = [(f"band {i}", band) for i, band in enumerate(self.bands, 1)]
        return bands + [(f"rule {i}", rule) for i, rule in enumerate(self.rules, 1)]

    def _check_pauses(self) -> None:
        """Raise ``ValueError`` for a pause that ends at once or below the target, or two that end alike and go on unlike."""
        found: dict[float, Band] = {}
        lowest = 0.0
        for where, band in self._named_lines():
            lowest = band.at_least if isinstance(band, Rule) else lowest
            until = band.hold_until_below
            if until is not None:
                if until > lowest + 1e-9 or until <= self.target.low:
                    raise MisprintError(
                        f"hold_until_below of {band.label!r} must lie above the target's {self.target.low:g} and not above the "
                        f"lowest level that starts the pause, {lowest:g}; got {until!r}",
                        where,
                        "hold_until_below",
                    )
                other = found.setdefault(until, band)
                if (other.redraw_h, other.recheck_h, other.recheck_at) != (band.redraw_h, band.recheck_h, band.recheck_at):
                    raise MisprintError(
                        f"{other.label!r} and {band.label!r} hold until below {until:g} alike, and then draw unlike: a result "
                        "that ends the pause would not say which of them to follow",
                        where,
                        "hold_until_below",
                    )
            if not isinstance(band, Rule):
                lowest = band.below
        for where, band in self._named_lines():
            if band.bolus_of_first_percent and not self.start.gives_a_bolus:
                raise MisprintError(
                    f"bolus_of_first_percent of {band.label!r} needs a first bolus in the start; got "
                    f"{band.bolus_of_first_percent:g}",
                    where,
                    "bolus_of_first_percent",
                )

    def _check_rules(self) -> None:
        """Raise ``ValueError`` for a rule that no patient could meet, or that acts the wrong way for its levels."""
        for i, rule in enumerate(self.rules, 1):
            for name in ("at_least", "below"):
                edge = getattr(rule, name)
                if edge != math.inf and abs(round_to(edge, self.round_to) - edge) > 1e-9:
                    raise MisprintError(
                        f"{name} must not be finer than round_to = {self.round_to:g}; got {edge!r}", f"rule {i}", name
                    )
            for j, before in enumerate(self.rules[: i - 1], 1):
                if not before.only_calls and before.covers(rule) and not rule.only_calls:
                    raise MisprintError(
                        f"rule {i} ({rule.label!r}) never applies: rule {j} ({before.label!r}) comes before it and applies "
                        "wherever it would",
                        f"rule {i}",
                        "label",
                    )
            if not rule.outside:
                self._check_label(rule, f"rule {i}", round(rule.at_least / self.round_to))
            above = not rule.outside and rule.at_least > self.target.high + 1e-9
            under = not rule.outside and rule.below <= self.target.low + 1e-9
            wrong = rule.raises if above else rule.lowers if under else (*rule.raises, *rule.lowers)
            if wrong:
                where = "above" if above else "below" if under else "partly within"
                raise MisprintError(
                    f"rule {rule.label!r} lies {where} the target of {self.target.low:g}-{self.target.high:g}, where "
                    f"{wrong[0]} is the wrong way; got {getattr(rule, wrong[0]):g}",
                    f"rule {i}",
                    wrong[0],
                )

    def _check_units(self) -> None:
        """Raise ``ValueError`` for mL/h without a bag, and for doses per kilogram in a table without a weight."""
        fixed = self.weight.startswith("no weight")
        starts: list[tuple[str, Start | Row]] = [(f"start.row {i}", part) for i, part in enumerate(self.start.rows, 1)]
        starts = starts or [("[start]", self.start)]
        for key in ("bolus_u_per_kg", "rate_u_per_kg_per_h"):
            for where, part in starts:
                if fixed and getattr(part, key):
                    raise MisprintError(
                        f"{key} must not be given in a table with {self.weight!r}; got {getattr(part, key):g}", where, key
                    )
        for where, band in self._named_lines():
            for key in ("bolus_u_per_kg", "change_u_per_kg_per_h"):
                if fixed and getattr(band, key):
                    raise MisprintError(
                        f"{key} must not be given in a table with {self.weight!r}; got {getattr(band, key):g}", where, key
                    )
            if band.change_ml_per_h and self.bag_u_per_ml is None:
                raise MisprintError(
                    "change_ml_per_h needs bag_u_per_ml: millilitres mean nothing without the bag; got "
                    f"{band.change_ml_per_h:g} in band {band.label!r}",
                    where,
                    "change_ml_per_h",
                )

    __repr__ = shown

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {self.title}",
            f"  aims at {self.target.in_words()}; doses by {self.weighing.in_words() if self.weighing else self.weight}",
        ]
        if self.assay.startswith("aptt"):
            anti_xa = self.target.anti_xa
            known = "" if anti_xa is None or anti_xa.source is None else f" ({anti_xa.source.confidence})"
            meant = "its range in anti-Xa: not printed" if anti_xa is None else f"its range is {anti_xa.in_words()}{known}"
            lines.append(f"  {meant}; its reagent: {self.reagent or 'not named'}")
        lines.append(f"  start: {self.start.in_words()}; first check at {self.start.first_check_h:g} h")
        if self.own_baseline:
            lines.append("  levels are multiples of the patient's own first result, drawn at 0 h before the bolus")
        width = max(len(band.label) for band in self.bands)
        lines += [
            f"  {band.label:<{width}}  {band.in_words():<38}  {self.recheck_in_words(band)}" for band in self.in_printed_order
        ]
        lines += [f"  {rule.when_in_words()}: {self.rule_in_words(rule)}" for rule in self.rules]
        if self.recheck.settled_after:
            lines.append(f"  after {self.recheck.settled_after} in a row in range: {self._settled_in_words()}")
        lines += [f"  {limit}" for limit in self._limits_in_words()]
        lines += [f"  choice: {choice.in_words()}" for choice in self.choices]
        lines += [f"  note: {caveat}" for caveat in self.caveats]
        if self.target.anti_xa is not None and self.target.anti_xa.source is not None:
            lines.append(f"  anti-Xa: {self.target.anti_xa.source.cite()}")
        return "\n".join([*lines, f"  source: {self.source.cite()}"])

    @property
    def in_printed_order(self) -> tuple[Band, ...]:
        """The bands in the order in which they were printed."""
        return self.bands[::-1] if self.highest_first else self.bands

    def recheck_in_words(self, line: Band) -> str:
        """Return when blood is drawn after a line, in words."""
        if line.stop:
            return "no more draws"
        hours = line.recheck_h or self.recheck.hours
        times = line.recheck_at or (() if line.recheck_h else self.recheck.at)
        if times:
            gap_h = line.recheck_h if line.recheck_at else hours
            away = "" if gap_h is None else f", {gap_h:g} h away or more"
            return f"check again at {' or '.join(times)}{away}"
        start = line.recheck_from or self.recheck.counted_from
        since = {"end of hold": "", "start of hold": ", from the start of the hold", "draw": ", from the draw"}[start]
        return f"check again in {hours:g} h{since}" + (" from the restart" if line.hold_until_below is not None else "")

    def rule_in_words(self, rule: Rule) -> str:
        """Return what a rule does, in words."""
        if rule.only_calls:
            return f"notify {rule.notify} as well"
        return f"{rule.in_words()} instead; {self.recheck_in_words(rule)}"

    def _settled_in_words(self) -> str:
        rule = self.recheck
        if not rule.settled_at:
            return f"every {rule.settled_hours:g} h"
        return f"at {' or '.join(rule.settled_at)}" + (
            "" if rule.settled_hours is None else f", {rule.settled_hours:g} h away or more"
        )

    def _limits_in_words(self) -> list[str]:
        """Return the limits of the whole table that are not those of the start, one text each."""
        named = {
            "rebolus_max_u": "every bolus but the first: at most {:g} U",
            "most_reboluses": "boluses after the first one: at most {:g}",
            "rate_min_u_per_h": "rate at least {:g} U/h",
            "change_round_u_per_h": "changes of rate in steps of {:g} U/h",
        }
        return [words.format(getattr(self, name)) for name, words in named.items() if getattr(self, name) is not None]

    @property
    def dosing_weight(self) -> str | Weighing:
        """The rule by which it weighs a patient: its own, or one of :data:`~heparin_pk.body.bodysize.DOSING_WEIGHTS`."""
        return self.weighing or WEIGHTS[self.weight]

    @property
    def pump(self) -> Pump:
        """The pump with the bag that this table was written for (25,000 U in 250 mL where none was printed)."""
        return Pump() if self.bag_u_per_ml is None else Pump(bag=Bag.of(self.bag_u_per_ml))

    @classmethod
    def load(cls, name_or_file: str | Path) -> Nomogram:
        """Return a table of this package by name (see :func:`names` and :func:`document_names`), or your own from a TOML file.

        Raises ``ValueError``: for a gap, an overlap, an unknown key, a missing key or a missing source, with the file's name;
        for a file that is no regular file or larger than 100 kB; for an unknown name, with the names of all tables; for an
        incomplete table, with the missing parts.
        """
        text = without_addresses(str(name_or_file))
        if text.endswith(".toml") or "/" in text or "\\" in text:
            return _read(read_text(name_or_file, LARGEST_TABLE_BYTES), visible(text), Path(text).stem)
        folder = resources.files("heparin_pk.ward") / "nomograms"
        if text in _names("nomograms/incomplete"):
            return _read((folder / "incomplete" / f"{text}.toml").read_text(encoding="utf-8"), f"{text}.toml", text)
        if text in document_names():
            return _read((folder / "documents" / f"{text}.toml").read_text(encoding="utf-8"), f"{text}.toml", text)
        if text not in names():
            near = difflib.get_close_matches(text, (*names(), *document_names()), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            there = ", ".join((*names(), *document_names()))
            raise ValueError(f"no nomogram {text!r}; there are {there}, or give a .toml file{hint}")
        return _read((folder / f"{text}.toml").read_text(encoding="utf-8"), f"{text}.toml", text)

    def band(self, level: float, above_ceiling: bool = False) -> Band:
        """Return the band of a level, after rounding it to the table's printed resolution.

        ``level``: the result, in the unit of the assay.
        ``above_ceiling``: True when the true level is above it ("> 150 s"): it then belongs to the last band.

        Raises ``ValueError`` when the ceiling is below the last edge, so that the band of a level above it is unknown.
        """
        level = check_between("level", level, 0.0, 1e4)
        if above_ceiling:
            if self.bands[-2].below - self.round_to > level + 1e-9:
                raise ValueError(
                    f"{self.name} tells levels up to {self.bands[-2].below:g} apart, but the assay stops counting at {level:g}: "
                    "give the laboratory a higher ceiling"
                )
            return self.bands[-1]
        ticks = math.floor(level / self.round_to + 0.5 + 1e-9)
        for band in self.bands:
            if band.below == math.inf or ticks < round(band.below / self.round_to):
                return band
        raise AssertionError("the last band is infinite")

    @property
    def looks_back(self) -> int:
        """Number of latest results that the table reads."""
        return max(1, self.recheck.settled_after or 1, *(rule.in_a_row for rule in self.rules))

    def decide(self, situation: Situation) -> Decision:
        """Return the start, or the action for the latest result."""
        situations = Situations.of(situation, self.looks_back)
        decisions = self.decide_many(situations)
        why, whom = self._why(situation, situations)
        why = "; ".join([why, *self._limits_that_bit(situation, situations, decisions)])
        draw_h = float(decisions.next_draw_h[0])
        draws_h: float | tuple[float, ...] | None = None if math.isnan(draw_h) else draw_h
        return Decision(orders=decisions.orders(situation.time_h, whom), next_draw_h=draws_h, why=why)

    def _limits_that_bit(self, situation: Situation, seen: Situations, decisions: Decisions) -> list[str]:
        """Return which caps and lowest doses changed the order for one patient, in words, with what it would have been."""
        free = _without_limits(self)
        if free is self:
            return []
        otherwise = free.decide_many(seen)
        bolus_u, free_bolus_u = float(decisions.bolus_u[0]), float(otherwise.bolus_u[0])
        old = situation.rate_u_per_h
        rate, free_rate = (
            old if math.isnan(one) else one for one in map(float, (decisions.rate_u_per_h[0], otherwise.rate_u_per_h[0]))
        )
        found, lowest_kg = [], self.start.weight_min_kg
        if lowest_kg is not None and not situation.labs and situation.weight_kg < lowest_kg:
            found.append(f"start calculated with {lowest_kg:g} kg instead of {situation.weight_kg:g} kg")
        elif bolus_u == 0.0 < free_bolus_u:
            found.append(f"no more than {self.most_reboluses} re-boluses are given")
        elif bolus_u < free_bolus_u:
            found.append(f"bolus capped at {bolus_u:,.0f} U instead of {free_bolus_u:,.0f} U")
        if rate < free_rate:
            found.append(f"rate capped at {rate:,.0f} U/h instead of {free_rate:,.0f} U/h")
        elif rate > free_rate and not found:
            found.append(f"lowest rate {rate:,.0f} U/h instead of {free_rate:,.0f} U/h")
        return found

    def _why(self, situation: Situation, seen: Situations) -> tuple[str, str]:
        """Return the reason of the decision for one patient, and who is called if somebody is."""
        if not situation.labs:
            return self.start.in_words(self.start.row_for(situation.weight_kg, situation.age_y)), ""
        if self.own_baseline and len(situation.labs) == 1:
            return "own baseline", ""
        levels, n_results = self._levels(seen)
        line = self._lines[int(self._line_indices(levels, n_results, seen)[0])]
        calls = [rule for rule in self.rules if rule.only_calls and self._applies(rule, levels, n_results, seen)[0]]
        whom = " and ".join(dict.fromkeys(part.notify for part in (line, *calls) if part.notify)) or "physician"
        until = situation.paused_until_below
        if until is not None:
            is_over = bool(self._is_below(levels[0], seen.above_ceiling[0], np.array([until]))[0])
            return f"below {until:g}: resume" if is_over else f"not yet below {until:g}: still held", whom
        if isinstance(line, Rule):
            why = f"{line.when_in_words()}: {line.in_words()}"
        else:
            names_levels = line.label.partition(" (")[0]
            does_nothing = line.is_no_change and not line.notify
            why = names_levels if does_nothing else f"{names_levels}: {line.in_words()}"
        return "; ".join([why, *(f"{rule.when_in_words()}: notify {rule.notify}" for rule in calls)]), whom

    def decide_many(self, situations: Situations) -> Decisions:
        """Return the start, or the action for the latest result, for each of m patients."""
        now, weight, old = situations.time_h, situations.weight_kg, situations.rate_u_per_h
        is_start = situations.n_results == 0
        levels, n_results = self._levels(situations)
        line = self._line_indices(levels, n_results, situations)
        notify = self._notify(line, levels, n_results, situations)
        line, paused, ends = self._paused(line, levels, situations)
        change = self._change_u_per_h(line, situations)
        if self.change_round_u_per_h is not None:
            change = round_all_to(change + 0.0 * now, self.change_round_u_per_h)
        new = np.maximum(0.0, old + change)
        changed, stops = (new != old) & ~paused, self._by_line("stop")[line] > 0.0
        new = _where(changed, np.nan, lambda lanes: self._rounded_rates_u_per_h(new[lanes], None))
        first_bolus = self._first_bolus_u(situations, is_start)
        share = self._by_line("bolus_of_first_percent")
        given = (self._by_line("bolus_u") + self._by_line("bolus_u_per_kg") + share > 0.0)[line] & ~paused
        if self.most_reboluses is not None:
            given = given & (_known(situations.n_reboluses, "n_reboluses") < self.most_reboluses)
        bolus = _where(given, 0.0, lambda lanes: self._reboluses_u(line[lanes], weight[lanes], first_bolus[lanes]))
        hold_min = self._by_line("hold_min")[line]
        until = self._untils[line]
        begins = ~np.isnan(until) & ~paused
        draw_h = now + hold_min / 60.0 + self._recheck_after_h(line, levels, n_results, situations, hold_min)
        draw_h = np.maximum(now, draw_h)  # a time counted from the last draw may have passed
        draw_h = self._at_times_h(draw_h, line, levels, n_results, situations, hold_min)
        draw_h = np.where(begins | (paused & ~ends), now + self._redraws_h[line], draw_h)
        new, draw_h = np.where(stops, 0.0, new), np.where(stops, np.nan, draw_h)
        waits = n_results <= 0  # at the start, and at the patient's own first result
        rate, draw_first_h = np.full(len(now), np.nan), now + self.start.first_check_h
        if self.own_baseline:
            draw_first_h = np.where(is_start, now, np.maximum(now, self.start.first_check_h))
        if is_start.any():
            first = self.start.rate_for_u_per_h(weight, situations.age_y) + 0.0 * weight
            rate = np.where(is_start, self._rounded_rates_u_per_h(first, self.start.rate_max_u_per_h), np.nan)
        return Decisions(
            bolus_u=np.where(is_start, first_bolus, np.where(waits, 0.0, bolus)),
            bolus_over_min=np.where(is_start, self.start.bolus_over_min, 0.0),
            hold_min=np.where(waits, 0.0, hold_min),
            rate_u_per_h=np.where(waits, rate, new),
            next_draw_h=np.where(waits, draw_first_h, draw_h),
            pause_until_below=np.where(begins & ~waits, until, np.nan) if self._may_pause else None,
            resume=ends & ~waits if self._may_pause else None,
            notify=None if notify is None else notify & ~waits,
        )

    # Which line

    @property
    def _lines(self) -> tuple[Band, ...]:
        """Bands and then rules: what an index of a line counts."""
        return (*self.bands, *self.rules)

    def _by_line(self, name: str) -> np.ndarray:
        """Return one field of all lines, in their order."""
        return np.array([getattr(line, name) for line in self._lines], dtype=float)

    @property
    def _untils(self) -> np.ndarray:
        """Return the level below which a pause of each line ends; NaN: no such pause."""
        return np.array([math.nan if line.hold_until_below is None else line.hold_until_below for line in self._lines])

    @property
    def _redraws_h(self) -> np.ndarray:
        return np.array([line.redraw_h or 0.0 for line in self._lines])

    @property
    def _may_pause(self) -> bool:
        return any(line.hold_until_below is not None for line in self._lines)

    def _levels(self, situations: Situations) -> tuple[np.ndarray, np.ndarray]:
        """Return the latest levels as the table reads them, newest first (k, m), and how many there are (m,)."""
        if not self.own_baseline:
            return situations.levels, situations.n_results
        baseline = _known(situations.first_level, "first_level")
        return situations.levels / np.where(baseline > 0.0, baseline, 1.0), situations.n_results - 1

    def _applies(self, rule: Rule, levels: np.ndarray, n_results: np.ndarray, situations: Situations) -> np.ndarray:
        """Return where a rule applies (m,)."""
        low, high = round(rule.at_least / self.round_to), None if rule.below == math.inf else round(rule.below / self.round_to)
        applies = (situations.time_h >= rule.from_h) & (situations.time_h < rule.until_h) & (n_results >= rule.in_a_row)
        for i in range(rule.in_a_row):
            ticks, above = self._ticks(levels[i]), situations.above_ceiling[i]
            lies_there = (ticks >= low) & (True if high is None else (ticks < high) & ~above)
            applies &= lies_there != rule.outside
        return np.asarray(applies)

    def _ticks(self, levels: np.ndarray) -> np.ndarray:
        """Return levels (m,) in steps of the printed resolution."""
        return np.floor(levels / self.round_to + 0.5 + 1e-9)

    def _line_indices(self, levels: np.ndarray, n_results: np.ndarray, situations: Situations) -> np.ndarray:
        """Return the index of each patient's line (m,): its band, or the first rule in its place."""
        line = self._band_indices(levels[0], situations.above_ceiling[0])
        for i in reversed(range(len(self.rules))):
            if not self.rules[i].only_calls:
                line = np.where(self._applies(self.rules[i], levels, n_results, situations), len(self.bands) + i, line)
        return line

    # Pauses and calls

    def _is_below(self, levels: np.ndarray, above_ceiling: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Return whether levels (m,) are below those at which a pause ends (m,), NaN where there is none."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self._ticks(levels) < np.round(until / self.round_to)) & ~above_ceiling)

    def _paused(self, line: np.ndarray, levels: np.ndarray, situations: Situations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return each patient's line, that of the pause where one lasts; where one lasts; and where it ends now (m,)."""
        nowhere = np.zeros(len(line), dtype=bool)
        if not self._may_pause:
            return line, nowhere, nowhere
        running = _known(situations.paused_until_below, "paused_until_below")
        paused = ~np.isnan(running)
        for i in reversed(range(len(self._lines))):
            line = np.where(running == self._untils[i], i, line)
        return line, paused, paused & self._is_below(levels[0], situations.above_ceiling[0], running)

    def _notify(self, line: np.ndarray, levels: np.ndarray, n_results: np.ndarray, situations: Situations) -> np.ndarray | None:
        """Return who has somebody called (m,); ``None`` where the table calls no one."""
        if not any(part.notify for part in self._lines):
            return None
        notify = np.array([bool(part.notify) for part in self._lines])[line]
        for rule in self.rules:
            if rule.only_calls:
                notify = notify | self._applies(rule, levels, n_results, situations)
        return np.asarray(notify)

    # How much

    def _first_bolus_u(self, situations: Situations, is_start: np.ndarray) -> np.ndarray:
        """Return the first bolus of each patient (m,), U, where it is needed: at a start, or for a share of it."""
        weight = situations.weight_kg
        if not is_start.any() and not self._by_line("bolus_of_first_percent").any():
            return 0.0 * weight
        return self._rounded_boluses_u(self.start.bolus_for_u(weight, situations.age_y) + 0.0 * weight, self.start.bolus_max_u)

    def _change_u_per_h(self, band: np.ndarray, situations: Situations) -> Any:
        """Return the change of rate, U/h (m,): the changes in all four units added up (a band uses at most one)."""
        per_kg, absolute, percent, ml = (
            self._by_line(f"change_{unit}") for unit in ("u_per_kg_per_h", "u_per_h", "percent", "ml_per_h")
        )
        change: Any = 0.0
        if per_kg.any():
            change = change + per_kg[band] * situations.weight_kg
        if absolute.any():
            change = change + absolute[band]
        if percent.any():
            change = change + percent[band] / 100.0 * situations.rate_u_per_h
        if ml.any():
            change = change + ml[band] * (self.bag_u_per_ml or 0.0)  # it has one, or it would not have been accepted
        return change

    def _reboluses_u(self, line: np.ndarray, weight_kg: np.ndarray, first_bolus_u: np.ndarray) -> np.ndarray:
        """Return the re-boluses of these lines (indices) at these weights and after these first boluses (m,), U."""
        bolus_u, share = self._by_line("bolus_u")[line], self._by_line("bolus_of_first_percent")[line]
        dose = np.where(bolus_u > 0.0, bolus_u, self._by_line("bolus_u_per_kg")[line] * weight_kg)
        return self._rounded_boluses_u(np.where(share > 0.0, share / 100.0 * first_bolus_u, dose), self.rebolus_max_u)

    def _band_indices(self, levels: np.ndarray, above_ceiling: np.ndarray) -> np.ndarray:
        """Return the index in ``bands`` of each level's band (m,); see :meth:`band`."""
        if above_ceiling.any():
            self.band(float(levels[above_ceiling].min()), above_ceiling=True)  # raises where a ceiling is below the last edge
        ticks = np.floor(levels / self.round_to + 0.5 + 1e-9)
        index = np.zeros(len(levels), dtype=np.int16)
        for band in self.bands[:-1]:  # few bands: faster than a binary search
            index += ticks >= round(band.below / self.round_to)
        return np.where(above_ceiling, np.int16(len(self.bands) - 1), index).astype(np.intp)

    def _rounded_boluses_u(self, dose_u: np.ndarray, cap_u: float | None) -> np.ndarray:
        """Return the doses (m,), U, rounded as the table says and then capped, so that rounding up cannot exceed a cap."""
        dose = round_all_to(dose_u, self.bolus_round_u) if self.bolus_round_u else dose_u
        caps = [cap for cap in (cap_u, self.bolus_max_u) if cap is not None]
        return np.minimum(dose, min(caps)) if caps else dose

    def _rounded_rates_u_per_h(self, rate: np.ndarray, cap: float | None) -> np.ndarray:
        """Return the rates (m,), U/h, rounded as the table says and then kept within its limits."""
        rate = round_all_to(rate, self.rate_round_u_per_h) if self.rate_round_u_per_h else rate
        if self.rate_min_u_per_h is not None:
            rate = np.maximum(rate, self.rate_min_u_per_h)
        caps = [limit for limit in (cap, self.rate_max_u_per_h) if limit is not None]
        return np.minimum(rate, min(caps)) if caps else rate

    def _is_settled(self, line: np.ndarray, levels: np.ndarray, n_results: np.ndarray, situations: Situations) -> np.ndarray:
        """Return where so many results in a row were in range that draws are less frequent (indices of patients)."""
        rule = self.recheck
        if not rule.settled_after:
            return np.zeros(0, dtype=np.intp)
        no_change = np.array([part.is_no_change and not isinstance(part, Rule) for part in self._lines])
        settled = np.flatnonzero(no_change[line] & (n_results >= rule.settled_after))
        for i in range(1, rule.settled_after):
            before = self._band_indices(levels[i][settled], situations.above_ceiling[i][settled])
            settled = settled[no_change[before]]
        return settled

    def _recheck_after_h(
        self, line: np.ndarray, levels: np.ndarray, n_results: np.ndarray, situations: Situations, hold_min: np.ndarray
    ) -> np.ndarray:
        """Return the hours from the end of the hold to the next draw (m,): the line's, the table's, or those once settled."""
        rule = self.recheck
        after_h: np.ndarray = np.array([rule.hours if part.recheck_h is None else part.recheck_h for part in self._lines])[line]
        since = np.array([COUNTED_FROM.index(part.recheck_from or rule.counted_from) for part in self._lines])
        if since.any():
            from_start = after_h - hold_min / 60.0
            after_h = np.where(since[line] == COUNTED_FROM.index("start of hold"), from_start, after_h)
            if (since == COUNTED_FROM.index("draw")).any():
                passed_h = situations.time_h - _known(situations.drawn_h, "drawn_h")
                from_draw = np.where(np.isfinite(passed_h), np.maximum(-hold_min / 60.0, from_start - passed_h), from_start)
                after_h = np.where(since[line] == COUNTED_FROM.index("draw"), from_draw, after_h)
        if rule.settled_after and rule.settled_hours and not rule.settled_at:
            after_h[self._is_settled(line, levels, n_results, situations)] = rule.settled_hours
        return after_h

    def _at_times_h(
        self,
        draw_h: np.ndarray,
        line: np.ndarray,
        levels: np.ndarray,
        n_results: np.ndarray,
        situations: Situations,
        hold_min: np.ndarray,
    ) -> np.ndarray:
        """Return the next draws (m,), h, at the times of day of the table where it has any."""
        rule, clock, end_h = self.recheck, self.start.clock, situations.time_h + hold_min / 60.0
        if clock is None:
            return draw_h
        for i, part in enumerate(self._lines):
            if times := part.recheck_at or (() if part.recheck_h is not None else rule.at):
                gap_h = part.recheck_h or SHORTEST_GAP_H if part.recheck_at else rule.hours
                draw_h = np.where(line == i, next_at_h(times, end_h + gap_h, clock), draw_h)
        if rule.settled_at:
            settled = self._is_settled(line, levels, n_results, situations)
            draw_h[settled] = next_at_h(rule.settled_at, (end_h + (rule.settled_hours or SHORTEST_GAP_H))[settled], clock)
        return draw_h


def _known(values: np.ndarray | None, name: str) -> np.ndarray:
    """Return what a situation knows; raises ``ValueError`` where a rule needs it and it is not known."""
    if values is None:
        raise ValueError(f"this table needs {name} of the situation; got None")
    return values


def _where(condition: np.ndarray, otherwise: float, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return ``function(lanes)`` in the lanes (k,) where the condition (m,) holds, and one number in all others."""
    values = np.full(len(condition), otherwise)
    lanes = np.flatnonzero(condition)
    if len(lanes):
        values[lanes] = function(lanes)
    return values


def names() -> tuple[str, ...]:
    """Return the names of the tables of this package."""
    return _names("nomograms")


def document_names() -> tuple[str, ...]:
    """Return the names of the printed documents with rules beyond lines and steps."""
    return _names("nomograms/documents")


def _names(folder: str) -> tuple[str, ...]:
    found = (resources.files("heparin_pk.ward") / folder).iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in found if entry.name.endswith(".toml")))


_TOO_DEEP = "is nested too deeply for a table"


def _read(content: str, where: str, name: str) -> Nomogram:
    """Return the nomogram in a TOML text. Every error names the file (``where``), and the line where it is one of a line."""
    longest = max((len(line) for line in content.split("\n")), default=0)
    if longest > LONGEST_TABLE_LINE:
        raise ValueError(f"{where}: a line may have {LONGEST_TABLE_LINE} characters; got {longest}")
    try:
        table = tomllib.loads(content)
    except RecursionError:
        raise ValueError(f"{where}: {_TOO_DEEP}") from None
    except ValueError as error:  # a TOMLDecodeError, or a number of more digits than Python reads
        raise ValueError(f"{where}: is not valid TOML: {error}") from None
    try:
        _check_readable(table, "the table")
        return _from_table(table, name)
    except RecursionError:
        raise ValueError(f"{where}: {_TOO_DEEP}") from None
    except MisprintError as error:
        array = next((name for name in ("rules", "start.rows") if error.part.startswith(f"{name[:-1]} ")), "bands")
        line = line_of(content, error.part, error.key, array=array)
        raise ValueError(f"{where}{'' if line is None else f', line {line}'}: {error}") from None
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _check_readable(value: Any, name: str) -> None:
    """Raise ``ValueError`` for a whole number beyond the 64 bits that TOML promises, and for control characters in a text."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{name} is a whole number of {value.bit_length()} bits; it may have 64")
    if isinstance(value, str) and UNSAFE.search(value):
        raise ValueError(f"{name} must be a text without control characters; got {value!a}")
    if isinstance(value, dict):
        for key, part in value.items():
            _check_readable(key, "a key")
            _check_readable(part, key)
    if isinstance(value, list):
        for part in value:
            _check_readable(part, name)


_RANGE = {"low", "high", "used"}


def _chosen(table: dict[str, Any], where: str, choices: list[Choice]) -> dict[str, Any]:
    """Return a TOML table with the numbers that are used of printed ranges; the ranges are added to ``choices``."""
    found = {}
    for key, value in table.items():
        found[key] = value
        if isinstance(value, dict) and value.keys() & _RANGE and key != "weighing":
            if value.keys() != _RANGE:
                raise MisprintError(f"{where}: {key} as a range needs low, high and used; got {', '.join(value)}", where, key)
            try:
                choices.append(Choice(what=f"{where} {key}", **value))
            except ValueError as error:
                raise MisprintError(str(error), where, key) from None
            found[key] = value["used"]
    return found


def _part(kind: type, table: Any, where: str, read_before: tuple[str, ...] = ()) -> Any:
    """Return a ``kind`` made from a TOML table; raises ``MisprintError`` for an unknown or a missing key, or a wrong value.

    ``read_before``: keys of the table that are no field of their own.
    """
    if not isinstance(table, dict):
        raise MisprintError(f"{where} must be a table of keys; got {table!r}", where)
    known = [*(field.name for field in fields(kind)), *read_before]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" ({near[0]}?)" if near else ""
            raise MisprintError(f"unknown key {key!r} in {where}; known are {', '.join(known)}{hint}", where, key)
    try:
        return kind(**{key: value for key, value in table.items() if key not in read_before})
    except TypeError as error:
        missing = str(error).partition("argument")[2].lstrip("s: ")
        raise MisprintError(f"{where} is missing {missing}", where) from None
    except MisprintError as error:
        raise MisprintError(f"{where}: {error}", error.part, error.key) from None
    except ValueError as error:
        # A message names the key; where it names several, the line of the first one given is shown.
        key = next((word for word in re.findall(r"\w+", str(error)) if word in table), "")
        raise MisprintError(f"{where}: {error}", where, key) from None


def _anti_xa(table: dict[str, Any], source: Source) -> TherapeuticRange | None:
    """Return the anti-Xa range that the target of a TOML document is said to correspond to; ``None`` where it says nothing."""
    ends = table.get("anti_xa_u_per_ml")
    if "anti_xa_source" in table:
        if ends is None:
            raise MisprintError("anti_xa_source needs anti_xa_u_per_ml, the range it is the source of", "[anti_xa_source]")
        source = _part(Source, table["anti_xa_source"], "[anti_xa_source]")
    if ends is None:
        return None
    if not (isinstance(ends, list) and len(ends) == 2):
        raise MisprintError(f"anti_xa_u_per_ml must be [low, high]; got {ends!r}", key="anti_xa_u_per_ml")
    try:
        return TherapeuticRange(assay="anti_xa_u_per_ml", low=ends[0], high=ends[1], source=source)
    except ValueError as error:
        raise MisprintError(f"anti_xa_u_per_ml: {error}", key="anti_xa_u_per_ml") from None


def _from_table(table: dict[str, Any], name: str) -> Nomogram:
    """Return the nomogram in a TOML document; ``name`` is used where it gives none."""
    if "missing" in table:
        missing = table["missing"] if isinstance(table["missing"], list) else [table["missing"]]
        raise ValueError(f"{name} is incomplete: not printed or not retrievable: {'; '.join(str(part) for part in missing)}")
    if "source" not in table:
        raise ValueError("no source: a nomogram needs a [source] that says where it was printed")
    source = _part(Source, table["source"], "[source]")
    ends = table.get("target")
    if not (isinstance(ends, list) and len(ends) == 2):
        raise MisprintError(f"target must be [low, high]; got {ends!r}", key="target")
    bands = table.get("bands")
    if not isinstance(bands, list):
        raise ValueError("no bands: a nomogram needs [[bands]] with rising upper edges")
    anti_xa = _anti_xa(table, source)
    try:
        target = TherapeuticRange(assay=table.get("assay", ""), low=ends[0], high=ends[1], source=source, anti_xa=anti_xa)
    except ValueError as error:
        words = str(error)
        key = "anti_xa_u_per_ml" if words.startswith("anti_xa") else "assay" if "assay" in words else "target"
        raise MisprintError(words, key=key) from None
    choices: list[Choice] = []
    table = _chosen(table, "the nomogram", choices)

    def part(kind: type, value: Any, where: str) -> Any:
        return _part(kind, _chosen(value, where, choices) if isinstance(value, dict) else value, where)

    def parts(kind: type, value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise MisprintError(f"{name} must be a list of tables; got {value!r}", key=name)
        return tuple(part(kind, one, f"{name.removesuffix('s')} {i}") for i, one in enumerate(value, 1))

    start = table.get("start")
    if isinstance(start, dict) and "rows" in start:
        start = {**start, "rows": parts(Row, start["rows"], "start.rows")}
    values = {
        **table,
        "name": table.get("name", name),
        "source": source,
        "target": target,
        "start": part(Start, start, "[start]"),
        "recheck": part(Recheck, table.get("recheck"), "[recheck]"),
        "bands": parts(Band, bands, "bands"),
        "rules": parts(Rule, table.get("rules", []), "rules"),
        "weighing": part(Weighing, table["weighing"], "[weighing]") if "weighing" in table else None,
        "choices": tuple(choices),
    }
    return cast(Nomogram, _part(Nomogram, values, "the nomogram", ("anti_xa_u_per_ml", "anti_xa_source")))


@lru_cache(maxsize=64)
def _without_limits(table: Nomogram) -> Nomogram:
    """Return a table without its caps and lowest doses; the same table where it has none."""
    start = replace(table.start, bolus_max_u=None, rate_max_u_per_h=None, rate_min_u_per_h=None, weight_min_kg=None)
    limits = dict.fromkeys(("bolus_max_u", "rebolus_max_u", "rate_max_u_per_h", "rate_min_u_per_h", "most_reboluses"))
    if start == table.start and all(getattr(table, name) is None for name in limits):
        return table
    return replace(table, start=start, **cast(dict[str, Any], limits))
