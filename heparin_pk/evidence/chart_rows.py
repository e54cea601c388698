"""The rows of a chart as people write them: dates and times of day, results above a ceiling, other words for units."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from heparin_pk.base.tables import Table, is_missing

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?$")
_GERMAN_DATE = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})[ ,]+(\d\d?):(\d\d)(?::(\d\d))?$")
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?$")
HEPARIN = ("infusion", "bolus", "subcutaneous")
UNITS = {
    "U/h": ("u/h", "iu/h", "ie/h", "units/h", "unit/h", "u/hr", "iu/hr", "units/hr", "units/hour", "unit/hour"),
    "U/kg/h": ("u/kg/h", "iu/kg/h", "ie/kg/h", "units/kg/h", "u/kg/hr", "units/kg/hr", "units/kg/hour", "unit/kg/hour"),
    "U": ("u", "iu", "ie", "unit", "units"),
    "U/kg": ("u/kg", "iu/kg", "ie/kg", "units/kg", "unit/kg"),
    "U/mL": ("u/ml", "iu/ml", "ie/ml", "units/ml", "unit/ml"),
    "mg": ("mg",),
    "min": ("min", "minutes"),
    "s": ("s", "sec", "secs", "seconds"),
}
"""The units of a chart and how else they are written, in small letters."""
ML_PER_H = re.compile(r"ml/h(?:r|our)?(?:of([0-9]+(?:[.,][0-9]+)?)(?:u|iu|ie|units?)/ml)?")
"""A rate in mL/h, in small letters without spaces, with the strength of its bag or without."""
ABOVE = "above_ceiling"
"""The column that says which results were written with a sign, as ">150"."""


def unit_of(text: str) -> str | None:
    """Return a unit as this package writes it; ``None`` for one that is not known.

    >>> unit_of("units/hour"), unit_of("IE/kg/h"), unit_of("mL/h")
    ('U/h', 'U/kg/h', None)
    """
    return next((unit for unit, words in UNITS.items() if text.lower().replace(" ", "") in words), None)


def as_charted(table: Table) -> Table:
    """Return a chart with its times in hours, and ">150" as 150 with a mark that it was above the ceiling.

    A column ``time`` (and ``time_end``) of dates with times, or of times of day in order, takes the place of ``t_h`` (and
    ``t_end_h``): the first heparin of each course is at 0 h. Times of day go on to the next day where they fall.

    Raises ``ValueError`` that names the line for a time that cannot be read.
    """
    columns = dict(table.columns)
    if "value" in columns:
        cells = [str(cell).strip() if cell is not None else "" for cell in columns["value"]]
        columns[ABOVE] = ["yes" if cell.startswith(">") else "" for cell in cells]
        columns["value"] = [cell.lstrip(">= ") if cell.startswith(">") else cell for cell in cells]
    for wrong, right in (("time", "t_h"), ("time_end", "t_end_h")):
        if wrong in columns and right in columns:
            raise ValueError(f"{table.head}: {wrong} and {right} must not both be there: one says when")
    if "time" in columns:
        begin_h, end_h = _hours(table, columns)
        columns.pop("time")
        columns.pop("time_end", None)
        columns |= {"t_h": begin_h, "t_end_h": end_h}
    return replace(table, columns=columns)


def _hours(table: Table, columns: dict[str, list[Any]]) -> tuple[list[float], list[float | None]]:
    """Return begin and end of each row, hours after the first heparin of its course; ``None`` where there is no end."""
    n = len(columns["time"])
    courses = [str(cell or "").strip() for cell in columns.get("course_id", [""] * n)]
    before: dict[str, float] = {}
    begin: list[float] = []
    end: list[float | None] = []
    for i in range(n):
        try:
            begin.append(_moment_h("time", columns["time"][i], before.get(courses[i])))
            before[courses[i]] = begin[-1]
            cell = columns["time_end"][i] if "time_end" in columns else None
            end.append(None if is_missing(cell) else _moment_h("time_end", cell, begin[-1]))
        except ValueError as error:
            raise ValueError(f"{table.place(i)}: {error}") from None
    events = [str(cell or "").strip().lower() for cell in columns.get("event", [""] * n)]
    zero: dict[str, float] = {}
    for course, event, time_h in zip(courses, events, begin, strict=True):
        if event in HEPARIN:
            zero[course] = min(time_h, zero.get(course, time_h))
    first = [zero.get(course, begin[courses.index(course)]) for course in courses]
    begin_h = [round(time_h - zero_h, 6) for time_h, zero_h in zip(begin, first, strict=True)]
    return begin_h, [None if time_h is None else round(time_h - zero_h, 6) for time_h, zero_h in zip(end, first, strict=True)]


def _moment_h(name: str, cell: Any, not_before_h: float | None) -> float:
    """Return a moment in hours: of a date since year 1, of a time of day since the first midnight of the chart."""
    text = str(cell or "").strip()
    try:
        if match := _DATE.match(text):
            parts = [int(part) for part in match.groups(default="0")]
            return _since_year_1_h(*parts)
        if match := _GERMAN_DATE.match(text):
            day, month, year, *clock = (int(part) for part in match.groups(default="0"))
            return _since_year_1_h(year, month, day, *clock)
    except ValueError:
        raise ValueError(f"{name} must be a date that exists; got {text!r}") from None
    match = _CLOCK.match(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f"{name} must be written like 2026-11-27 08:30, 27.11.2026 08:30 or 08:30; got {text!r}")
    hour = int(match[1]) + int(match[2]) / 60.0 + int(match[3] or 0) / 3600.0
    if not_before_h is not None:
        if not_before_h > 24.0 * 366.0:
            raise ValueError(f"{name} must have a date like the ones before it; got {text!r}")
        while hour < not_before_h - 1e-9:
            hour += 24.0
    return hour


def _since_year_1_h(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> float:
    moment = datetime(year, month, day, hour, minute, second)
    return 24.0 * moment.toordinal() + moment.hour + moment.minute / 60.0 + moment.second / 3600.0
