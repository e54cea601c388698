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
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, cast

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, set_label, shown
from heparin_pk.base.elementwise import smaller
from heparin_pk.base.files import LARGEST_TABLE_BYTES, LONGEST_TABLE_LINE, read_text
from heparin_pk.base.rounding import round_all_to, round_to
from heparin_pk.base.source import Source
from heparin_pk.base.texts import UNSAFE, visible
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.ward.controller import Decision, Decisions, Situation, Situations
from heparin_pk.ward.misprints import MisprintError, levels_in_another_unit, levels_named, line_of
from heparin_pk.ward.orders import MOST_DOSE_U, MOST_RATE_U_PER_H, check_bolus_minutes
from heparin_pk.ward.pump import CONCENTRATION_U_PER_ML, Bag, Pump

_CHANGES = ("change_u_per_kg_per_h", "change_u_per_h", "change_percent", "change_ml_per_h")

SHORTEST_HOLD_MIN = 5.0
"""The shortest pause in a table, minutes. Printed ones last 30 minutes to 3 hours: a smaller number is hours typed as minutes."""

WEIGHTS = {
    "actual body weight": "actual",
    "ideal body weight": "ideal",
    "adjusted body weight": "adjusted",
    "no weight: fixed doses": "actual",
    "the weight given (the table does not say which)": "actual",
    "weight-band chart: doses per kg, steps of the 45 kg row": "actual",
    "480 U/kg/day (20 U/kg/h); the heaviest row is > 70 kg": "actual",
}
"""The weight a table doses by, in its words, and the rule of :func:`~heparin_pk.body.bodysize.dosing_weight_kg` that it means."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Band:
    """One line of a table: a band of levels and its action.

    At most one re-bolus and at most one change of rate are given, in the unit that was printed; 0 means none.

    ``below``: upper edge, in the unit of the assay, not included; the lower edge is the upper edge of the band before.
    ``label``: the levels as they were printed.
    ``bolus_u``: re-bolus, U.
    ``bolus_u_per_kg``: re-bolus, U/kg.
    ``hold_min``: pause of the infusion, minutes (0, or 5 to 2880: less is hours typed as minutes).
    ``change_u_per_kg_per_h``: change of rate, U/kg/h.
    ``change_u_per_h``: change of rate, U/h.
    ``change_percent``: change of rate, per cent of the running rate (0, or 1 and more: 0.1 is a fraction, not 10 per cent).
    ``change_ml_per_h``: change of rate, mL/h of the bag that the table was written for.
    ``recheck_h``: hours to the next draw, from the change or from the end of the hold; ``None``: the rule of the table.

    Raises ``ValueError`` when a field lies outside its limits, or with two re-boluses or two changes of rate.
    """

    below: float
    label: str
    bolus_u: float = 0.0
    bolus_u_per_kg: float = 0.0
    hold_min: float = 0.0
    change_u_per_kg_per_h: float = 0.0
    change_u_per_h: float = 0.0
    change_percent: float = 0.0
    change_ml_per_h: float = 0.0
    recheck_h: float | None = None

    def __post_init__(self) -> None:
        check_text("label", self.label)
        if self.below != math.inf:
            check_between("below", self.below, 1e-6, 1e4)
        check_between("bolus_u", self.bolus_u, 0.0, MOST_DOSE_U)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        check_between("hold_min", self.hold_min, 0.0, 2880.0)
        if 0.0 < self.hold_min < SHORTEST_HOLD_MIN:
            raise ValueError(f"hold_min must be 0, or {SHORTEST_HOLD_MIN:g} to 2880 minutes (not hours); got {self.hold_min!r}")
        check_between("change_u_per_kg_per_h", self.change_u_per_kg_per_h, -50.0, 50.0)
        check_between("change_u_per_h", self.change_u_per_h, -5000.0, 5000.0)
        check_between("change_percent", self.change_percent, -100.0, 200.0)
        if 0.0 < abs(self.change_percent) < 1.0:
            raise ValueError(
                f"change_percent must be 0, or at least 1 up or down (per cent, no fraction); got {self.change_percent!r}"
            )
        check_between("change_ml_per_h", self.change_ml_per_h, -500.0, 500.0)
        if self.recheck_h is not None:
            check_between("recheck_h", self.recheck_h, 0.5, 72.0)
        used = [name for name in _CHANGES if getattr(self, name)]
        if len(used) > 1:
            raise ValueError(f"band {self.label!r} changes the rate in two units: {' and '.join(used)}")
        if self.bolus_u and self.bolus_u_per_kg:
            raise ValueError(f"band {self.label!r} has two re-boluses: bolus_u and bolus_u_per_kg")
        floats(self, *(field.name for field in fields(self) if field.name != "label"))

    __repr__ = shown

    @property
    def is_no_change(self) -> bool:
        """True when the band changes nothing."""
        return not (self.bolus_u or self.bolus_u_per_kg or self.hold_min or any(getattr(self, name) for name in _CHANGES))

    @property
    def raises(self) -> tuple[str, ...]:
        """The keys by which the band gives more heparin."""
        return tuple(name for name in ("bolus_u", "bolus_u_per_kg", *_CHANGES) if getattr(self, name) > 0.0)

    @property
    def lowers(self) -> tuple[str, ...]:
        """The keys by which the band gives less heparin."""
        return tuple(
            name for name in ("hold_min", *_CHANGES) if getattr(self, name) * (1.0 if name == "hold_min" else -1.0) > 0.0
        )

    def in_words(self) -> str:
        """Return the action in words, in the printed units."""
        parts = []
        if self.bolus_u or self.bolus_u_per_kg:
            parts.append(f"re-bolus {self.bolus_u:g} U" if self.bolus_u else f"re-bolus {self.bolus_u_per_kg:g} U/kg")
        if self.hold_min:
            parts.append(f"hold {self.hold_min:g} min")
        for name, unit in zip(_CHANGES, ("U/kg/h", "U/h", "%", "mL/h"), strict=True):
            if getattr(self, name):
                parts.append(f"{getattr(self, name):+g} {unit}")
        return ", ".join(parts) or "no change"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Start:
    """The start of a table.

    At most one bolus and exactly one rate are given, absolute or per kilogram.

    ``first_check_h``: hours to the first draw.
    ``bolus_u``: first bolus, U.
    ``bolus_u_per_kg``: first bolus, U/kg.
    ``bolus_max_u``: cap on the first bolus, U; ``None``: no cap.
    ``bolus_over_min``: minutes over which the bolus is given.
    ``rate_u_per_h``: first rate, U/h.
    ``rate_u_per_kg_per_h``: first rate, U/kg/h.
    ``rate_max_u_per_h``: cap on the first rate, U/h; ``None``: no cap.

    Raises ``ValueError`` when a field lies outside its limits, with two boluses, without exactly one rate, or when a fixed dose
    is above its cap.
    """

    first_check_h: float
    bolus_u: float = 0.0
    bolus_u_per_kg: float = 0.0
    bolus_max_u: float | None = None
    bolus_over_min: float = 0.0
    rate_u_per_h: float = 0.0
    rate_u_per_kg_per_h: float = 0.0
    rate_max_u_per_h: float | None = None

    def __post_init__(self) -> None:
        check_between("first_check_h", self.first_check_h, 0.5, 72.0)
        check_between("bolus_u", self.bolus_u, 0.0, MOST_DOSE_U)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        check_bolus_minutes("bolus_over_min", self.bolus_over_min)
        check_between("rate_u_per_h", self.rate_u_per_h, 0.0, MOST_RATE_U_PER_H)
        check_between("rate_u_per_kg_per_h", self.rate_u_per_kg_per_h, 0.0, 100.0)
        for name, most in (("bolus_max_u", MOST_DOSE_U), ("rate_max_u_per_h", MOST_RATE_U_PER_H)):
            if getattr(self, name) is not None:
                check_between(name, getattr(self, name), 0.0, most)
        if self.bolus_u and self.bolus_u_per_kg:
            raise ValueError("start has two boluses: bolus_u and bolus_u_per_kg")
        if bool(self.rate_u_per_h) == bool(self.rate_u_per_kg_per_h):
            raise ValueError("start needs exactly one of rate_u_per_h and rate_u_per_kg_per_h above 0")
        for dose, cap in (("bolus_u", self.bolus_max_u), ("rate_u_per_h", self.rate_max_u_per_h)):
            if cap is not None and getattr(self, dose) > cap:
                raise ValueError(f"{dose} must not be above its own cap of {cap:g}; got {getattr(self, dose)!r}")
        floats(self, *(field.name for field in fields(self)))

    __repr__ = shown

    def bolus_for_u(self, weight_kg: Any) -> Any:
        """Return the first bolus for a weight, capped, U; weights (m,) give boluses (m,)."""
        dose = self.bolus_u + self.bolus_u_per_kg * weight_kg  # one of the two is 0
        return dose if self.bolus_max_u is None else smaller(dose, self.bolus_max_u)

    def rate_for_u_per_h(self, weight_kg: Any) -> Any:
        """Return the first rate for a weight, capped, U/h; weights (m,) give rates (m,)."""
        rate = self.rate_u_per_h + self.rate_u_per_kg_per_h * weight_kg  # one of the two is 0
        return rate if self.rate_max_u_per_h is None else smaller(rate, self.rate_max_u_per_h)

    def in_words(self) -> str:
        """Return the start in words."""
        bolus = f"{self.bolus_u:g} U" if self.bolus_u else f"{self.bolus_u_per_kg:g} U/kg"
        rate = f"{self.rate_u_per_h:g} U/h" if self.rate_u_per_h else f"{self.rate_u_per_kg_per_h:g} U/kg/h"
        caps = [f"bolus at most {self.bolus_max_u:g} U"] if self.bolus_max_u is not None else []
        caps += [f"rate at most {self.rate_max_u_per_h:g} U/h"] if self.rate_max_u_per_h is not None else []
        over = f" over {self.bolus_over_min:g} min" if self.bolus_over_min else ""
        given = f"bolus {bolus}{over}, then {rate}" if self.bolus_u or self.bolus_u_per_kg else f"no bolus, {rate}"
        return given + (f" ({', '.join(caps)})" if caps else "")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recheck:
    """When to draw blood again.

    ``hours``: hours to the next draw, unless the band has its own ``recheck_h``.
    ``settled_after``: number of results in range in a row after which draws are less frequent (1 to 10); ``None``: never.
    ``settled_hours``: hours to the next draw from then on.

    Raises ``ValueError`` when a field lies outside its limits, or when only one of the last two is given.
    """

    hours: float
    settled_after: int | None = None
    settled_hours: float | None = None

    def __post_init__(self) -> None:
        check_between("hours", self.hours, 0.5, 72.0)
        if (self.settled_after is None) != (self.settled_hours is None):
            raise ValueError("settled_after and settled_hours belong together")
        if self.settled_after is not None and self.settled_hours is not None:
            check_is("settled_after", self.settled_after, int, "a whole number from 1 to 10")
            check_between("settled_after", self.settled_after, 1, 10)
            check_between("settled_hours", self.settled_hours, 0.5, 72.0)
        floats(self, "hours", "settled_hours")

    __repr__ = shown


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
        check_is("caveats", self.caveats, (list, tuple), "a list of texts")
        for caveat in self.caveats:
            check_text("caveats", caveat)
        object.__setattr__(self, "bands", tuple(self.bands))
        object.__setattr__(self, "caveats", tuple(self.caveats))
        check_one_of("assay", self.assay, ASSAYS)
        check_one_of("weight", self.weight, WEIGHTS)
        check_between("round_to", self.round_to, 1e-4, 10.0)
        for name in ("bolus_round_u", "rate_round_u_per_h", "bolus_max_u", "rate_max_u_per_h"):
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
            highest = None if band.below == math.inf else round(band.below / self.round_to) - 1
            try:
                named = levels_named(band.label, self.round_to)
            except ValueError as error:
                raise MisprintError(str(error), f"band {i}", "label") from None
            if named is not None and ((named[0] or 0) != lowest or named[1] != highest):
                begins = f"{lowest * self.round_to:g}"
                edges = f"{begins} and above" if highest is None else f"{begins} to {highest * self.round_to:g}"
                raise MisprintError(f"label {band.label!r} must name the levels of its band, {edges}", f"band {i}", "label")
            lowest = 0 if highest is None else highest + 1
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

    def _check_units(self) -> None:
        """Raise ``ValueError`` for mL/h without a bag, and for doses per kilogram in a table without a weight."""
        fixed = self.weight.startswith("no weight")
        for key in ("bolus_u_per_kg", "rate_u_per_kg_per_h"):
            if fixed and getattr(self.start, key):
                raise MisprintError(
                    f"{key} must not be given in a table with {self.weight!r}; got {getattr(self.start, key):g}", "[start]", key
                )
        for i, band in enumerate(self.bands, 1):
            for key in ("bolus_u_per_kg", "change_u_per_kg_per_h"):
                if fixed and getattr(band, key):
                    raise MisprintError(
                        f"{key} must not be given in a table with {self.weight!r}; got {getattr(band, key):g}", f"band {i}", key
                    )
            if band.change_ml_per_h and self.bag_u_per_ml is None:
                raise MisprintError(
                    "change_ml_per_h needs bag_u_per_ml: millilitres mean nothing without the bag; got "
                    f"{band.change_ml_per_h:g} in band {band.label!r}",
                    f"band {i}",
                    "change_ml_per_h",
                )

    __repr__ = shown

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"  aims at {self.target.in_words()}; doses by {self.weight}"]
        if self.assay.startswith("aptt"):
            anti_xa = self.target.anti_xa
            known = "" if anti_xa is None or anti_xa.source is None else f" ({anti_xa.source.confidence})"
            meant = "its range in anti-Xa: not printed" if anti_xa is None else f"its range is {anti_xa.in_words()}{known}"
            lines.append(f"  {meant}; its reagent: {self.reagent or 'not named'}")
        lines.append(f"  start: {self.start.in_words()}; first check at {self.start.first_check_h:g} h")
        width = max(len(band.label) for band in self.bands)
        for band in self.bands:
            recheck_h = band.recheck_h or self.recheck.hours
            lines.append(f"  {band.label:<{width}}  {band.in_words():<38}  check again in {recheck_h:g} h")
        if self.recheck.settled_after:
            lines.append(f"  after {self.recheck.settled_after} in a row in range: every {self.recheck.settled_hours:g} h")
        lines += [f"  note: {caveat}" for caveat in self.caveats]
        if self.target.anti_xa is not None and self.target.anti_xa.source is not None:
            lines.append(f"  anti-Xa: {self.target.anti_xa.source.cite()}")
        return "\n".join([*lines, f"  source: {self.source.cite()}"])

    @property
    def dosing_weight(self) -> str:
        """The rule by which it weighs a patient, one of :data:`~heparin_pk.body.bodysize.DOSING_WEIGHTS`."""
        return WEIGHTS[self.weight]

    @property
    def pump(self) -> Pump:
        """The pump with the bag that this table was written for (25,000 U in 250 mL where none was printed)."""
        return Pump() if self.bag_u_per_ml is None else Pump(bag=Bag.of(self.bag_u_per_ml))

    @classmethod
    def load(cls, name_or_file: str | Path) -> Nomogram:
        """Return a table of this package by name (see :func:`names`), or your own from a TOML file.

        Raises ``ValueError``: for a gap, an overlap, an unknown key, a missing key or a missing source, with the file's name;
        for a file that is no regular file or larger than 100 kB; for an unknown name, with the names of all tables; for an
        incomplete table, with the missing parts.
        """
        text = str(name_or_file)
        if text.endswith(".toml") or "/" in text or "\\" in text:
            return _read(read_text(name_or_file, LARGEST_TABLE_BYTES), visible(text), Path(text).stem)
        folder = resources.files("heparin_pk.ward") / "nomograms"
        if text in _names("nomograms/incomplete"):
            return _read((folder / "incomplete" / f"{text}.toml").read_text(encoding="utf-8"), f"{text}.toml", text)
        if text not in names():
            near = difflib.get_close_matches(text, names(), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"no nomogram {text!r}; there are {', '.join(names())}, or give a .toml file{hint}")
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
        return max(1, self.recheck.settled_after or 1)

    def decide(self, situation: Situation) -> Decision:
        """Return the start, or the action for the latest result."""
        now = situation.time_h
        decisions = self.decide_many(Situations.of(situation, self.looks_back))
        orders = decisions.orders(now)
        why = self.start.in_words()
        if situation.labs:
            band = self.band(situation.labs[-1].value, situation.labs[-1].above_ceiling)
            levels = band.label.partition(" (")[0]
            why = levels if band.is_no_change else f"{levels}: {band.in_words()}"
        return Decision(orders=orders, next_draw_h=float(decisions.next_draw_h[0]), why=why)

    def decide_many(self, situations: Situations) -> Decisions:
        """Return the start, or the action for the latest result, for each of m patients."""
        now, weight, old = situations.time_h, situations.weight_kg, situations.rate_u_per_h
        is_start = situations.n_results == 0
        band = self._band_indices(situations.levels[0], situations.above_ceiling[0])
        new = np.maximum(0.0, old + self._change_u_per_h(band, situations))
        changed, given = new != old, (self._by_band("bolus_u") + self._by_band("bolus_u_per_kg") > 0.0)[band]
        new = _where(changed, np.nan, lambda lanes: self._rounded_rates_u_per_h(new[lanes], None))
        bolus = _where(given, 0.0, lambda lanes: self._rounded_boluses_u(self._boluses_u(band[lanes], weight[lanes]), None))
        hold_min = self._by_band("hold_min")[band]
        draw_h = now + hold_min / 60.0 + self._recheck_after_h(band, situations)
        if not is_start.any():
            return Decisions(bolus_u=bolus, bolus_over_min=0.0 * now, hold_min=hold_min, rate_u_per_h=new, next_draw_h=draw_h)
        first_bolus = self._rounded_boluses_u(self.start.bolus_for_u(weight), self.start.bolus_max_u)
        first_rate = self._rounded_rates_u_per_h(self.start.rate_for_u_per_h(weight), self.start.rate_max_u_per_h)
        return Decisions(
            bolus_u=np.where(is_start, first_bolus, bolus),
            bolus_over_min=np.where(is_start, self.start.bolus_over_min, 0.0),
            hold_min=np.where(is_start, 0.0, hold_min),
            rate_u_per_h=np.where(is_start, first_rate, new),
            next_draw_h=np.where(is_start, now + self.start.first_check_h, draw_h),
        )

    def _change_u_per_h(self, band: np.ndarray, situations: Situations) -> Any:
        """Return the change of rate, U/h (m,): the changes in all four units added up (a band uses at most one)."""
        per_kg, absolute, percent, ml = (
            self._by_band(f"change_{unit}") for unit in ("u_per_kg_per_h", "u_per_h", "percent", "ml_per_h")
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

    def _boluses_u(self, band: np.ndarray, weight_kg: np.ndarray) -> np.ndarray:
        """Return the re-boluses of these bands (indices) at these weights (m,), U."""
        bolus_u = self._by_band("bolus_u")[band]
        return np.asarray(np.where(bolus_u > 0.0, bolus_u, self._by_band("bolus_u_per_kg")[band] * weight_kg))

    def _by_band(self, name: str) -> np.ndarray:
        """Return one field of all bands, in their order."""
        return np.array([getattr(band, name) for band in self.bands], dtype=float)

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
        """Return the rates (m,), U/h, rounded as the table says and then capped."""
        rate = round_all_to(rate, self.rate_round_u_per_h) if self.rate_round_u_per_h else rate
        caps = [limit for limit in (cap, self.rate_max_u_per_h) if limit is not None]
        return np.minimum(rate, min(caps)) if caps else rate

    def _recheck_after_h(self, band: np.ndarray, situations: Situations) -> np.ndarray:
        """Return the hours to the next draw (m,): the band's own, the table's, or the longer ones once results have settled."""
        rule = self.recheck
        band_h = np.array([rule.hours if line.recheck_h is None else line.recheck_h for line in self.bands])
        after_h: np.ndarray = band_h[band]
        if not (rule.settled_after and rule.settled_hours):
            return after_h
        no_change = np.array([line.is_no_change for line in self.bands])
        settled = np.flatnonzero(no_change[band] & (situations.n_results >= rule.settled_after))
        for i in range(1, rule.settled_after):
            before = self._band_indices(situations.levels[i][settled], situations.above_ceiling[i][settled])
            settled = settled[no_change[before]]
        after_h[settled] = rule.settled_hours
        return after_h


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
        line = line_of(content, error.part, error.key)
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
    values = {
        **table,
        "name": table.get("name", name),
        "source": source,
        "target": target,
        "start": _part(Start, table.get("start"), "[start]"),
        "recheck": _part(Recheck, table.get("recheck"), "[recheck]"),
        "bands": tuple(_part(Band, band, f"band {i}") for i, band in enumerate(bands, 1)),
    }
    return cast(Nomogram, _part(Nomogram, values, "the nomogram", ("anti_xa_u_per_ml", "anti_xa_source")))
