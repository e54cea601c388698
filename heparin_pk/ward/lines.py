"""The parts of a dosing table: its lines, its start, its rechecks, its rules beyond the lines, and choices from ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, shown
from heparin_pk.base.elementwise import larger, smaller
from heparin_pk.ward.clock import check_times, hour_of
from heparin_pk.ward.misprints import MisprintError
from heparin_pk.ward.orders import MOST_DOSE_U, MOST_RATE_U_PER_H, PAUSE_LEVELS, check_bolus_minutes

COUNTED_FROM = ("end of hold", "start of hold", "draw")
"""From what the hours to the next draw are counted: the end of a hold (or the change), its start, or the draw just read."""

_BOLUSES = ("bolus_u", "bolus_u_per_kg", "bolus_of_first_percent")
_CHANGES = ("change_u_per_kg_per_h", "change_u_per_h", "change_percent", "change_ml_per_h")

SHORTEST_HOLD_MIN = 5.0
"""The shortest pause in a table, minutes. Printed ones last 30 minutes to 3 hours: a smaller number is hours typed as minutes."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Band:
    """One line of a table: a band of levels and its action.

    At most one re-bolus, one pause and one change of rate are given, in the unit that was printed; 0 means none.

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
    ``bolus_of_first_percent``: re-bolus, per cent of the first bolus as it was given (1 to 200).
    ``hold_until_below``: pause until a result is below this level, in the unit of the assay; ``None``: none. The change of rate
    runs from the resumption on, and ``recheck_h`` is counted from there.
    ``redraw_h``: hours from one draw to the next during such a pause (0.25 to 24).
    ``stop``: the infusion ends and no more blood is drawn: what comes next is decided by a person.
    ``notify``: who is called; empty: no one. A call changes nothing.
    ``recheck_at``: times of day of the next draw ("06:00"): the first of them that is ``recheck_h`` or more (half an hour, if
    none is given) away; it needs ``clock`` in the start. Empty: none.
    ``recheck_from``: from what ``recheck_h`` is counted, one of ``COUNTED_FROM``; ``None``: the rule of the table.

    Raises ``ValueError`` when a field lies outside its limits, for two re-boluses, two pauses or two changes of rate, for a
    pause without redraws, and for a stop with anything else.
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
    bolus_of_first_percent: float = 0.0
    hold_until_below: float | None = None
    redraw_h: float | None = None
    stop: bool = False
    notify: str = ""
    recheck_at: tuple[str, ...] = ()
    recheck_from: str | None = None

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
        check_between("bolus_of_first_percent", self.bolus_of_first_percent, 0.0, 200.0)
        if 0.0 < self.bolus_of_first_percent < 1.0:
            raise ValueError(f"bolus_of_first_percent must be 0, or 1 to 200 (no fraction); got {self.bolus_of_first_percent!r}")
        if self.hold_until_below is not None:
            check_between("hold_until_below", self.hold_until_below, *PAUSE_LEVELS)
        if self.redraw_h is not None:
            check_between("redraw_h", self.redraw_h, 0.25, 24.0)
        check_is("stop", self.stop, bool, "true or false")
        if self.notify:
            check_text("notify", self.notify)
        check_is("notify", self.notify, str, "a text")
        object.__setattr__(self, "recheck_at", check_times("recheck_at", self.recheck_at))
        if self.recheck_from is not None:
            check_one_of("recheck_from", self.recheck_from, COUNTED_FROM)
        self._check_one_of_each()
        numbers = [field.name for field in fields(self) if isinstance(getattr(self, field.name), int | float)]
        floats(self, *(name for name in numbers if name not in ("stop", "outside", "in_a_row")))

    def _check_one_of_each(self) -> None:
        """Raise ``ValueError`` where a line says two things about one."""
        used = [name for name in _CHANGES if getattr(self, name)]
        if len(used) > 1:
            raise ValueError(f"band {self.label!r} changes the rate in two units: {' and '.join(used)}")
        boluses = [name for name in _BOLUSES if getattr(self, name)]
        if len(boluses) > 1:
            raise ValueError(f"band {self.label!r} has two re-boluses: {' and '.join(boluses)}")
        if self.hold_min and self.hold_until_below is not None:
            raise ValueError(f"band {self.label!r} has two pauses: hold_min and hold_until_below")
        if (self.hold_until_below is None) != (self.redraw_h is None):
            raise ValueError(f"band {self.label!r}: hold_until_below and redraw_h belong together")
        if self.stop:
            with_it = [*boluses, *used, *(name for name in ("hold_min", "hold_until_below", "recheck_h", "recheck_at")
                                          if getattr(self, name))]  # fmt: skip
            if with_it:
                raise ValueError(f"band {self.label!r} ends the infusion and has {with_it[0]}: stop stands alone")
        if self.recheck_at and self.recheck_from is not None:
            raise ValueError(f"band {self.label!r}: recheck_at is a time of day, and recheck_from counts hours")

    __repr__ = shown

    @property
    def is_no_change(self) -> bool:
        """True when the band changes nothing (a call changes nothing)."""
        return not (self.raises or self.lowers)

    @property
    def raises(self) -> tuple[str, ...]:
        """The keys by which the band gives more heparin."""
        return tuple(name for name in (*_BOLUSES, *_CHANGES) if getattr(self, name) > 0.0)

    @property
    def lowers(self) -> tuple[str, ...]:
        """The keys by which the band gives less heparin."""
        pauses = tuple(name for name in ("hold_min", "hold_until_below", "stop") if getattr(self, name))
        return (*pauses, *(name for name in _CHANGES if getattr(self, name) < 0.0))

    def in_words(self) -> str:
        """Return the action in words, in the printed units."""
        parts = []
        for name, unit in zip(_BOLUSES, ("U", "U/kg", "% of the first"), strict=True):
            if getattr(self, name):
                parts.append(f"re-bolus {getattr(self, name):g} {unit}")
        if self.hold_min:
            parts.append(f"hold {self.hold_min:g} min")
        if self.hold_until_below is not None:
            parts.append(f"hold until below {self.hold_until_below:g}, drawing every {self.redraw_h:g} h")
        if self.stop:
            parts.append("stop the infusion")
        for name, unit in zip(_CHANGES, ("U/kg/h", "U/h", "%", "mL/h"), strict=True):
            if getattr(self, name):
                parts.append(f"{getattr(self, name):+g} {unit}")
        if not parts:
            parts = ["no change"]
        return ", ".join([*parts, *([f"notify {self.notify}"] if self.notify else [])])


_DOSES = ("bolus_u", "bolus_u_per_kg", "rate_u_per_h", "rate_u_per_kg_per_h")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Row:
    """One row of a start by age or by weight: its doses, for all up to an edge.

    At most one bolus, exactly one rate and exactly one edge are given; the lower edge is that of the row before.

    ``label``: the row as it was printed.
    ``below``: upper edge, y or kg, not included; infinite in the last row.
    ``up_to``: upper edge, y or kg, included.
    ``bolus_u``: first bolus, U.
    ``bolus_u_per_kg``: first bolus, U/kg.
    ``rate_u_per_h``: first rate, U/h.
    ``rate_u_per_kg_per_h``: first rate, U/kg/h.

    Raises ``ValueError`` when a field lies outside its limits, with two boluses, two edges, or without exactly one rate.
    """

    label: str
    below: float | None = None
    up_to: float | None = None
    bolus_u: float = 0.0
    bolus_u_per_kg: float = 0.0
    rate_u_per_h: float = 0.0
    rate_u_per_kg_per_h: float = 0.0

    def __post_init__(self) -> None:
        check_text("label", self.label)
        if (self.below is None) == (self.up_to is None):
            raise ValueError(f"row {self.label!r} needs exactly one of below and up_to")
        for name in ("below", "up_to"):
            if getattr(self, name) is not None and getattr(self, name) != math.inf:
                check_between(name, getattr(self, name), 1e-3, 1000.0)
        check_between("bolus_u", self.bolus_u, 0.0, MOST_DOSE_U)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        check_between("rate_u_per_h", self.rate_u_per_h, 0.0, MOST_RATE_U_PER_H)
        check_between("rate_u_per_kg_per_h", self.rate_u_per_kg_per_h, 0.0, 100.0)
        if self.bolus_u and self.bolus_u_per_kg:
            raise ValueError(f"row {self.label!r} has two boluses: bolus_u and bolus_u_per_kg")
        if bool(self.rate_u_per_h) == bool(self.rate_u_per_kg_per_h):
            raise ValueError(f"row {self.label!r} needs exactly one of rate_u_per_h and rate_u_per_kg_per_h above 0")
        floats(self, "below", "up_to", *_DOSES)

    __repr__ = shown

    @property
    def edge(self) -> float:
        """The upper edge, y or kg."""
        return self.below if self.below is not None else self.up_to or 0.0

    def holds(self, by: np.ndarray) -> np.ndarray:
        """Return whether these ages or weights lie below the upper edge of the row."""
        return np.asarray(by < self.edge if self.below is not None else by <= self.edge)


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
    ``rate_min_u_per_h``: lowest first rate, U/h; ``None``: none.
    ``weight_min_kg``: lowest weight that the first bolus and the first rate are calculated with, kg; ``None``: none.
    ``clock``: the time of day at the start ("08:00"), where blood is drawn at times of day; ``None``: not said.
    ``rows_by``: what the rows go by, "age_y" or "weight_kg" (the weight doses are calculated with); ``None``: no rows.
    ``rows``: rows of doses, rising; they take the place of the four doses above.

    Raises ``ValueError`` when a field lies outside its limits, with two boluses, without exactly one rate, when a fixed dose
    is above its cap, and when rows do not rise to infinity or stand beside a dose.
    """

    first_check_h: float
    bolus_u: float = 0.0
    bolus_u_per_kg: float = 0.0
    bolus_max_u: float | None = None
    bolus_over_min: float = 0.0
    rate_u_per_h: float = 0.0
    rate_u_per_kg_per_h: float = 0.0
    rate_max_u_per_h: float | None = None
    rate_min_u_per_h: float | None = None
    weight_min_kg: float | None = None
    clock: str | None = None
    rows_by: str | None = None
    rows: tuple[Row, ...] = ()

    def __post_init__(self) -> None:
        check_between("first_check_h", self.first_check_h, 0.5, 72.0)
        check_between("bolus_u", self.bolus_u, 0.0, MOST_DOSE_U)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)
        check_bolus_minutes("bolus_over_min", self.bolus_over_min)
        check_between("rate_u_per_h", self.rate_u_per_h, 0.0, MOST_RATE_U_PER_H)
        check_between("rate_u_per_kg_per_h", self.rate_u_per_kg_per_h, 0.0, 100.0)
        limits = {"bolus_max_u": MOST_DOSE_U, "rate_max_u_per_h": MOST_RATE_U_PER_H, "rate_min_u_per_h": MOST_RATE_U_PER_H}
        for name, most in limits.items():
            if getattr(self, name) is not None:
                check_between(name, getattr(self, name), 0.0, most)
        if self.weight_min_kg is not None:
            check_between("weight_min_kg", self.weight_min_kg, 0.4, 400.0)
        if self.clock is not None:
            hour_of("clock", self.clock)
        self._check_rows()
        if self.bolus_u and self.bolus_u_per_kg:
            raise ValueError("start has two boluses: bolus_u and bolus_u_per_kg")
        if not self.rows and bool(self.rate_u_per_h) == bool(self.rate_u_per_kg_per_h):
            raise ValueError("start needs exactly one of rate_u_per_h and rate_u_per_kg_per_h above 0")
        for dose, cap in (("bolus_u", self.bolus_max_u), ("rate_u_per_h", self.rate_max_u_per_h)):
            for part in (self, *self.rows):
                if cap is not None and getattr(part, dose) > cap:
                    raise ValueError(f"{dose} must not be above its own cap of {cap:g}; got {getattr(part, dose)!r}")
        low, high = self.rate_min_u_per_h, self.rate_max_u_per_h
        if low is not None and high is not None and low > high:
            raise ValueError(f"rate_min_u_per_h must not be above rate_max_u_per_h = {high:g}; got {low!r}")
        floats(self, *(f.name for f in fields(self) if f.name not in ("clock", "rows_by", "rows")))

    def _check_rows(self) -> None:
        """Raise ``ValueError`` for rows that leave a gap or overlap, or that stand beside a dose."""
        check_is("rows", self.rows, (list, tuple), "a list of Row")
        object.__setattr__(self, "rows", tuple(self.rows))
        for row in self.rows:
            check_is("rows", row, Row, "a Row")
        if (self.rows_by is None) != (not self.rows):
            raise ValueError("rows_by and rows belong together")
        if self.rows_by is None:
            return
        check_one_of("rows_by", self.rows_by, ("age_y", "weight_kg"))
        beside = [name for name in _DOSES if getattr(self, name)]
        if beside:
            raise ValueError(
                f"{beside[0]} must stand in the rows of the start, not beside them; got {getattr(self, beside[0]):g}"
            )
        for i, (lower, upper) in enumerate(zip(self.rows, self.rows[1:], strict=False), 2):
            if not lower.edge < upper.edge:
                raise MisprintError(
                    f"rows overlap: row {i} ({upper.label!r}, up to {upper.edge:g}) does not rise above row {i - 1} "
                    f"({lower.label!r}, up to {lower.edge:g})",
                    f"start.row {i}",
                    "below" if upper.below is not None else "up_to",
                )
        if self.rows[-1].edge != math.inf:
            raise MisprintError(
                f"rows leave a gap: no row covers {self.rows[-1].edge:g} and above; the last one needs below = inf",
                f"start.row {len(self.rows)}",
                "below" if self.rows[-1].below is not None else "up_to",
            )

    __repr__ = shown

    @property
    def gives_a_bolus(self) -> bool:
        """True when there is a first bolus, in one of the rows at least."""
        return any(part.bolus_u or part.bolus_u_per_kg for part in self.parts)

    @property
    def parts(self) -> tuple[Start | Row, ...]:
        """Where the doses stand: the rows, or the start itself."""
        return self.rows if self.rows else (self,)

    def bolus_for_u(self, weight_kg: Any, age_y: Any = None) -> Any:
        """Return the first bolus for a weight, capped, U; weights (m,) give boluses (m,).

        ``age_y``: the age, y, or (m,). Raises ``ValueError`` where rows go by an age that is unknown.
        """
        weight_kg = weight_kg if self.weight_min_kg is None else larger(weight_kg, self.weight_min_kg)
        if self.rows:
            dose = self._by_row(weight_kg, age_y, "bolus_u") + self._by_row(weight_kg, age_y, "bolus_u_per_kg") * weight_kg
        else:
            dose = self.bolus_u + self.bolus_u_per_kg * weight_kg  # one of the two is 0
        return dose if self.bolus_max_u is None else smaller(dose, self.bolus_max_u)

    def rate_for_u_per_h(self, weight_kg: Any, age_y: Any = None) -> Any:
        """Return the first rate for a weight, within its limits, U/h; weights (m,) give rates (m,).

        ``age_y``: the age, y, or (m,). Raises ``ValueError`` where rows go by an age that is unknown.
        """
        weight_kg = weight_kg if self.weight_min_kg is None else larger(weight_kg, self.weight_min_kg)
        if self.rows:
            per_kg = self._by_row(weight_kg, age_y, "rate_u_per_kg_per_h")
            rate = self._by_row(weight_kg, age_y, "rate_u_per_h") + per_kg * weight_kg
        else:
            rate = self.rate_u_per_h + self.rate_u_per_kg_per_h * weight_kg  # one of the two is 0
        rate = rate if self.rate_max_u_per_h is None else smaller(rate, self.rate_max_u_per_h)
        return rate if self.rate_min_u_per_h is None else larger(rate, self.rate_min_u_per_h)

    def _by_row(self, weight_kg: Any, age_y: Any, name: str) -> Any:
        """Return one field of the row that each patient belongs to."""
        if self.rows_by == "age_y" and age_y is None:
            raise ValueError("the start of this table goes by age: it needs age_y of the patient")
        by = np.asarray(age_y if self.rows_by == "age_y" else weight_kg, dtype=float)
        found = np.full(by.shape, getattr(self.rows[-1], name))
        for row in reversed(self.rows[:-1]):
            found = np.where(row.holds(by), getattr(row, name), found)
        return found if found.shape else float(found)

    def row_for(self, weight_kg: float, age_y: float | None) -> Row | None:
        """Return the row of one patient; ``None`` where there are no rows."""
        by = np.array([weight_kg if self.rows_by == "weight_kg" or age_y is None else age_y])
        return next((row for row in self.rows if row.holds(by)[0]), None)

    def in_words(self, row: Row | None = None) -> str:
        """Return the start in words; with ``row`` that of this row alone."""
        caps = [f"bolus at most {self.bolus_max_u:g} U"] if self.bolus_max_u is not None else []
        caps += [f"rate at most {self.rate_max_u_per_h:g} U/h"] if self.rate_max_u_per_h is not None else []
        caps += [f"rate at least {self.rate_min_u_per_h:g} U/h"] if self.rate_min_u_per_h is not None else []
        caps += [f"weight at least {self.weight_min_kg:g} kg"] if self.weight_min_kg is not None else []
        over = f" over {self.bolus_over_min:g} min" if self.bolus_over_min else ""
        if row is not None:
            given = f"{row.label}: {_doses_in_words(row, over)}"
        elif self.rows:
            by = "age" if self.rows_by == "age_y" else "weight"
            given = f"by {by}: " + "; ".join(f"{row.label}: {_doses_in_words(row, over)}" for row in self.rows)
        else:
            given = _doses_in_words(self, over)
        return given + (f" ({', '.join(caps)})" if caps else "")


def _doses_in_words(part: Start | Row, over: str) -> str:
    """Return a first bolus and a first rate in words."""
    rate = f"{part.rate_u_per_h:g} U/h" if part.rate_u_per_h else f"{part.rate_u_per_kg_per_h:g} U/kg/h"
    if not (part.bolus_u or part.bolus_u_per_kg):
        return f"no bolus, {rate}"
    bolus = f"{part.bolus_u:g} U" if part.bolus_u else f"{part.bolus_u_per_kg:g} U/kg"
    return f"bolus {bolus}{over}, then {rate}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recheck:
    """When to draw blood again.

    ``hours``: hours to the next draw, unless the band has its own ``recheck_h``.
    ``settled_after``: number of results in range in a row after which draws are less frequent (1 to 10); ``None``: never.
    ``settled_hours``: hours to the next draw from then on.
    ``settled_at``: times of day of the draws from then on ("06:00"); with ``settled_hours`` the first that many hours away.
    ``at``: times of day of all other draws: the first of them that is ``hours`` away; a band's own recheck comes before it.
    ``counted_from``: from what ``hours`` is counted, one of ``COUNTED_FROM``.

    Raises ``ValueError`` when a field lies outside its limits, or when ``settled_after`` comes without hours or times, or they
    without it.
    """

    hours: float
    settled_after: int | None = None
    settled_hours: float | None = None
    settled_at: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    counted_from: str = "end of hold"

    def __post_init__(self) -> None:
        check_between("hours", self.hours, 0.5, 72.0)
        for name in ("settled_at", "at"):
            object.__setattr__(self, name, check_times(name, getattr(self, name)))
        check_one_of("counted_from", self.counted_from, COUNTED_FROM)
        if (self.settled_after is None) != (self.settled_hours is None and not self.settled_at):
            raise ValueError("settled_after and settled_hours belong together")
        if self.settled_after is not None:
            check_is("settled_after", self.settled_after, int, "a whole number from 1 to 10")
            check_between("settled_after", self.settled_after, 1, 10)
            if self.settled_hours is not None:
                check_between("settled_hours", self.settled_hours, 0.5, 72.0)
        floats(self, "hours", "settled_hours")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rule(Band):
    """A rule beyond the lines: what to do when the latest results, or the hours gone by, are as it says.

    A rule that only calls somebody is added to what the line says; every other one takes the place of the line. The first rule
    that applies decides. The fields are those of a :class:`Band`, and:

    ``at_least``: lower edge of the results, included; with ``below`` (not included) it names the levels.
    ``outside``: the results lie outside these levels instead, below them or above.
    ``in_a_row``: how many latest results must all lie so (1 to 10).
    ``from_h``: the rule applies from this hour of the run on.
    ``until_h``: and before this one.

    Raises ``ValueError`` as a :class:`Band` does, and when no level or no hour is left.
    """

    at_least: float = 0.0
    outside: bool = False
    in_a_row: int = 1
    from_h: float = 0.0
    until_h: float = math.inf

    def __post_init__(self) -> None:
        Band.__post_init__(self)
        check_between("at_least", self.at_least, 0.0, 1e4)
        check_is("outside", self.outside, bool, "true or false")
        check_is("in_a_row", self.in_a_row, int, "a whole number from 1 to 10")
        check_between("in_a_row", self.in_a_row, 1, 10)
        check_between("from_h", self.from_h, 0.0, 1440.0)
        if self.until_h != math.inf:
            check_between("until_h", self.until_h, 0.0, 1440.0)
        for low, high in (("at_least", "below"), ("from_h", "until_h")):
            if not getattr(self, low) < getattr(self, high):
                raise ValueError(f"{low} must be below {high} = {getattr(self, high):g}; got {getattr(self, low)!r}")

    @property
    def only_calls(self) -> bool:
        """True when it only calls somebody, and leaves the line as it is."""
        return bool(self.notify) and self.is_no_change and self.recheck_h is None and not self.recheck_at

    def covers(self, other: Rule) -> bool:
        """Return whether this rule applies wherever the other one does."""
        if self.outside or other.outside:
            return False  # they may overlap, and each still has levels of its own
        return (
            self.at_least <= other.at_least
            and self.below >= other.below
            and self.in_a_row <= other.in_a_row
            and self.from_h <= other.from_h
            and self.until_h >= other.until_h
        )

    def when_in_words(self) -> str:
        """Return when the rule applies, in words."""
        words = self.label if self.in_a_row == 1 else f"{self.label}, {self.in_a_row} in a row"
        if self.from_h:
            words += f", from {self.from_h:g} h on"
        return words if self.until_h == math.inf else f"{words}, before {self.until_h:g} h"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Choice:
    """A number chosen from a printed range.

    ``what``: where it stands in the table.
    ``low``: the lower end as printed.
    ``high``: the upper end as printed.
    ``used``: the number that runs.

    Raises ``ValueError`` unless the ends rise and hold the number that runs.
    """

    what: str
    low: float
    high: float
    used: float

    def __post_init__(self) -> None:
        check_text("what", self.what)
        for name in ("low", "high", "used"):
            check_between(name, getattr(self, name), -1e6, 1e6)
        if not self.low < self.high:
            raise ValueError(f"{self.what}: low must be below high = {self.high:g}; got {self.low!r}")
        check_between(f"{self.what}: used", self.used, self.low, self.high)
        floats(self, "low", "high", "used")

    __repr__ = shown

    def in_words(self) -> str:
        """Return the range and the choice in words."""
        return f"{self.what}: printed {self.low:g} to {self.high:g}, {self.used:g} is used"
