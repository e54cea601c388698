"""The team around a patient under heparin: who does what in a course, and a chart from which a colleague can go on.

Hospitals divide the work in other ways; the division here is assumed. For teaching and study, not for the care of patients.
"""

from __future__ import annotations

from dataclasses import dataclass

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.published.sources import ASSUMED
from heparin_pk.simulation.course import Course, Entry
from heparin_pk.teaching import hit, practice
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Notify, Pause, Stop

ROLES = ("physician", "pharmacist", "nurse", "laboratory")
DIVISION = ASSUMED.at("who does what: as order sheets write it; hospitals differ, and a nurse may adjust by the table or not")
POLICY, TEACHING = (
    next(one.source for one in practice.about(topic) if one.source.key == "Joint_Commission_2019")
    for topic in ("before-starting", "safe-use")
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Duty:
    """What one of the team does at one hour of a course.

    ``time_h``: when, h after the start.
    ``role``: one of ``ROLES``.
    ``does``: what, in words.
    """

    time_h: float
    role: str
    does: str

    def __post_init__(self) -> None:
        check_between("time_h", self.time_h, 0.0, 1e5)
        check_one_of("role", self.role, ROLES)
        check_text("does", self.does)

    __repr__ = shown


def who_does_what(course: Course) -> tuple[Duty, ...]:
    """Return what each of the team does in this course, in the order of time: from its chart, entry by entry."""
    check_is("course", course, Course, "a Course")
    found = [
        Duty(time_h=0.0, role="physician", does="writes the reason, the range aimed at and the table into the order"),
        Duty(
            time_h=0.0, role="nurse", does="weighs the patient; asks for bleeding, allergy and earlier heparin; has blood taken"
        ),
    ]
    for entry in course.entries:
        found += _answered(course, entry)
    found.append(
        Duty(time_h=course.hours, role="nurse", does="hands over: what runs, what was given, what is pending, the next check")
    )
    return tuple(sorted(found, key=lambda one: one.time_h))


def _answered(course: Course, entry: Entry) -> list[Duty]:
    found = []
    if entry.lab is not None:
        at_h = max(entry.lab.drawn_h, 0.0)
        found.append(
            Duty(time_h=at_h, role="nurse", does="draws blood from the arm without the pump, and writes the time on the tube")
        )
        found.append(Duty(time_h=entry.lab.reported_h, role="laboratory", does=f"measures and reports: {entry.lab.in_words()}"))
    changed = any(isinstance(one, Infusion | Bolus | Hold | Pause | Stop) for one in entry.orders)
    words = course.orders_in_words(entry.orders)
    if entry.lab is None and changed:
        found.append(Duty(time_h=entry.time_h, role="physician", does=f"orders: {words}"))
        found.append(Duty(time_h=entry.time_h, role="pharmacist", does="checks dose, weight and allergies; sends the bag"))
    if changed:
        found.append(
            Duty(time_h=entry.time_h, role="nurse", does=f"sets the pump, a second one checks bag, line and rate: {words}")
        )
    elif entry.lab is not None:
        says = entry.why if entry.is_too_late else "no change"
        found.append(Duty(time_h=entry.time_h, role="nurse", does=f"compares the result with the table: {says}"))
    found += [
        Duty(time_h=order.time_h, role="physician", does=f"is called ({order.whom}): {entry.why or 'see chart'}")
        for order in entry.orders
        if isinstance(order, Notify)
    ]
    return found


def who_does_what_in_words(duties: tuple[Duty, ...]) -> str:
    """Return the duties as lines: hour, role, what."""
    lines = [f"{one.time_h:>6.4g} h  {one.role:<11} {one.does}" for one in duties]
    return "\n".join([*lines, f"source: {DIVISION.where} ({DIVISION.confidence})"])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Item:
    """One thing that a colleague must find in the chart.

    ``what``: what it is.
    ``written``: what stands there; empty where it is missing.
    """

    what: str
    written: str

    __repr__ = shown

    @property
    def is_missing(self) -> bool:
        """Whether the chart does not say it."""
        return not self.written


def documentation(
    course: Course,
    *,
    reason: str = "",
    risk_of_hit: str = "",
    platelets_e9_per_l: float | None = None,
    at_h: float | None = None,
) -> tuple[Item, ...]:
    """Return what a chart must hold so that a colleague can go on, filled in from the course; what is not known stays empty.

    ``reason``: why heparin is given; the course does not know it.
    ``risk_of_hit``: a key of ``hit.RISK_GROUPS``: on which days platelets are counted; empty: it was not decided.
    ``platelets_e9_per_l``: last platelet count, 10^9/L (0 to 2000); ``None``: none is written down.
    ``at_h``: the hour, h (default: the end of the course).

    Raises ``ValueError`` for an unknown group, a count outside its limits and an hour outside the course.
    """
    check_is("course", course, Course, "a Course")
    check_is("reason", reason, str, "a text")
    now = course.handover(at_h)
    counts = ""
    if risk_of_hit:
        days = hit.count_days_d(risk_of_hit)
        counts = f"days {', '.join(map(str, days))}" if days else "no counts to screen at this risk"
    count = (
        "" if platelets_e9_per_l is None else f"{check_between('platelets_e9_per_l', platelets_e9_per_l, 0.0, 2000.0):g} × 10⁹/L"
    )
    last = now.results[-1] if now.results else None
    return (
        Item(what="reason for heparin", written=reason),
        Item(what="patient and bag", written=now.who),
        Item(what="range aimed at", written="" if now.target is None else now.target.in_words()),
        Item(what="pump, in U/h, U/kg/h and mL/h", written=now.running),
        Item(what="given in the last 24 h", written=now.given),
        Item(
            what="last result, and when it was drawn", written="" if last is None else f"{last.in_words()}, {last.drawn_h:.4g} h"
        ),
        Item(what="pending", written="; ".join(now.pending) or "nothing"),
        Item(what="next check", written="" if now.next_check_h is None and not now.pending else now.next_check),
        Item(what="day of heparin", written=f"day {int(now.at_h // 24.0)}"),
        Item(what="last platelet count", written=count),
        Item(what="days on which platelets are counted", written=counts),
    )


def documentation_in_words(items: tuple[Item, ...]) -> str:
    """Return the items as lines; what is missing says so in capitals."""
    lines = [f"{one.what + ':':<38} {one.written or 'MISSING'}" for one in items]
    missing = sum(one.is_missing for one in items)
    lines.append(f"{missing} of {len(items)} are missing" if missing else "a colleague can go on from here")
    return "\n".join(lines)


SOURCES: tuple[Source, ...] = (DIVISION, POLICY, TEACHING)
"""What the division of the work, the written policy and the teaching of patients rest on."""
