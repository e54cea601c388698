"""Recipes for exports of two intensive-care databases: their columns, read as a chart of one stay.

The columns of MIMIC-IV (``inputevents``, ``labevents``) and eICU (``infusiondrug``, ``lab``) are those of their public tables;
which rows are heparin and aPTT is what the public concepts of both say (``SOURCES``). The data themselves are not part of this
package.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from heparin_pk.base import tables
from heparin_pk.base.source import Source
from heparin_pk.base.tables import Row, Table
from heparin_pk.evidence.chart_rows import unit_of
from heparin_pk.evidence.datasets import ICUCourse, course_of

SOURCES = (
    Source(
        key="mimic_code",
        citation="MIT Laboratory for Computational Physiology: mimic-code (public repository)",
        where="mimic-iv/concepts/measurement/coagulation.sql: itemid 51275 is the PTT",
        confidence="primary",
        url="https://github.com/MIT-LCP/mimic-code",
    ),
    Source(
        key="NESDE_scripts",
        citation="NESDE: scripts that build a blood-coagulation data set from MIMIC-IV (public repository)",
        where="build_BC_chartevents.sql: itemid 225152 of inputevents is heparin",
        confidence="re-coded",
        url="https://github.com/NESDE/NESDE",
    ),
    Source(
        key="eicu_code",
        citation="MIT Laboratory for Computational Physiology: eicu-code (public repository)",
        where="concepts/pivoted/pivoted-infusion.sql: the names of heparin infusions",
        confidence="primary",
        url="https://github.com/MIT-LCP/eicu-code",
    ),
)
HEPARIN_ITEM, PTT_ITEM = "225152", "51275"
"""The item numbers of MIMIC-IV for heparin (``inputevents``) and the PTT (``labevents``)."""


def from_mimic_iv(
    inputevents: str | Path, labevents: str | Path, *, stay_id: str | int, weight_kg: float | None = None
) -> ICUCourse:
    """Return the heparin course of one stay from CSV exports of MIMIC-IV.

    ``inputevents``: with ``stay_id``, ``hadm_id``, ``starttime``, ``endtime``, ``itemid``, ``amount``, ``amountuom``, ``rate``,
    ``rateuom``, ``patientweight`` and ``statusdescription`` (rows rewritten by others are left out).
    ``labevents``: with ``hadm_id``, ``itemid``, ``charttime``, ``value`` and ``valueuom``; a value may be ">150".
    ``weight_kg``: replaces the charted weight.

    Raises ``ValueError`` for a missing column, a stay without heparin, or a unit that is not understood, with file and line.
    """
    given, found = _table(inputevents), _table(labevents)
    _need(
        given, "stay_id", "hadm_id", "starttime", "endtime", "itemid", "amount", "amountuom", "rate", "rateuom", "patientweight"
    )
    _need(found, "hadm_id", "itemid", "charttime", "value", "valueuom")
    doses = [
        row
        for row in given.rows(numeric=("amount", "rate", "patientweight"))
        if (row.text("stay_id"), row.text("itemid")) == (str(stay_id), HEPARIN_ITEM)
        and row.text("statusdescription").lower() != "rewritten"
    ]
    if not doses:
        raise ValueError(f"{given.where}: no heparin (itemid {HEPARIN_ITEM}) for stay_id {stay_id}")
    chart = _Chart(given.where)
    for row in doses:
        chart.weight(row, "patientweight")
        if row.is_missing("rate"):
            unit = _unit(row, "amountuom", "U")
            chart.add(row.text("starttime"), "", "bolus", row.number("amount"), unit, row)
        else:
            unit = _unit(row, "rateuom", "U/h", "U/kg/h")
            chart.add(row.text("starttime"), row.text("endtime"), "infusion", row.number("rate"), unit, row)
    admission = doses[0].text("hadm_id")
    for row in found.rows(numeric=()):
        is_ptt = (row.text("hadm_id"), row.text("itemid")) == (admission, PTT_ITEM)
        if is_ptt and not row.is_missing("value"):
            chart.add(row.text("charttime"), "", "ptt", row.text("value"), _unit(row, "valueuom", "s"), row)
    return chart.course("time", f"stay {stay_id}", weight_kg)


def from_eicu(
    infusiondrug: str | Path, lab: str | Path, *, patientunitstayid: str | int, weight_kg: float | None = None
) -> ICUCourse:
    """Return the heparin course of one stay from CSV exports of eICU.

    ``infusiondrug``: with ``patientunitstayid``, ``infusionoffset`` (minutes), ``drugname`` (with heparin in it, and the unit of
    the rate in brackets: "Heparin (units/hr)"), ``drugrate`` and ``patientweight``; a rate runs to the next row of heparin, and
    ends with the last one.
    ``lab``: with ``patientunitstayid``, ``labresultoffset``, ``labname`` ("PTT"), ``labresult`` and, where there is no number,
    ``labresulttext`` (">150").
    ``weight_kg``: replaces the charted weight.

    Raises ``ValueError`` for a missing column, a stay without heparin, or a unit that is not understood, with file and line.
    """
    given, found = _table(infusiondrug), _table(lab)
    _need(given, "patientunitstayid", "infusionoffset", "drugname", "drugrate", "patientweight")
    _need(found, "patientunitstayid", "labresultoffset", "labname", "labresult")
    stay = str(patientunitstayid)
    rates = [
        row
        for row in given.rows(numeric=("infusionoffset", "drugrate", "patientweight"))
        if row.text("patientunitstayid") == stay and "heparin" in row.text("drugname").lower()
    ]
    rates.sort(key=lambda row: row.number("infusionoffset"))
    if not rates:
        raise ValueError(f"{given.where}: no heparin for patientunitstayid {stay}")
    chart = _Chart(given.where)
    for row, after in zip(rates, [*rates[1:], None], strict=True):
        chart.weight(row, "patientweight")
        written = row.text("drugname").rpartition("(")[2].rstrip(") ")
        unit = unit_of(written)
        if unit not in ("U/h", "U/kg/h"):
            raise ValueError(
                f"{row.place}: drugname must end with its unit, U/h or U/kg/h, in brackets; got {row.text('drugname')!r}"
            )
        if after is not None and row.number("drugrate") > 0.0:
            end_h = after.number("infusionoffset") / 60.0
            chart.add(row.number("infusionoffset") / 60.0, end_h, "infusion", row.number("drugrate"), unit, row)
    for row in found.rows(numeric=("labresultoffset",)):
        value = row.text("labresulttext") if row.is_missing("labresult") else row.text("labresult")
        if row.text("patientunitstayid") == stay and row.text("labname").lower() == "ptt" and value:
            chart.add(row.number("labresultoffset") / 60.0, "", "ptt", value, "s", row)
    course = chart.course("t_h", f"stay {stay}", weight_kg)
    last = rates[-1].number("drugrate")
    runs_on = f"heparin still runs at {last:g} in the last row: it is taken to end there"
    return replace(course, flaws=(*course.flaws, runs_on)) if last > 0.0 else course


def _table(file: str | Path) -> Table:
    """Return an export with the names of its columns in small letters."""
    table = tables.from_csv(file)
    return replace(table, columns={name.lower(): cells for name, cells in table.columns.items()})


def _need(table: Table, *names: str) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ValueError(f"{table.head}: missing column {', '.join(missing)}; needed are {', '.join(names)}")


def _unit(row: Row, name: str, *units: str) -> str:
    """Return the unit in a cell; raises ``ValueError`` for one that is not among these."""
    unit = unit_of(row.text(name))
    if unit not in units:
        raise ValueError(f"{row.place}: {name} must be {' or '.join(units)}; got {row.text(name)!r}")
    return unit


class _Chart:
    """The lines of a chart, as they are collected from an export."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.lines: list[tuple[Any, ...]] = []
        self.numbers: list[int] = []
        self.weight_kg: float | None = None

    def weight(self, row: Row, name: str) -> None:
        """Remember the weight beside a dose."""
        self.weight_kg = None if row.is_missing(name) else row.number(name)

    def add(self, begin: Any, end: Any, event: str, value: Any, unit: str, row: Row) -> None:
        """Add one line."""
        self.lines.append((begin, end if end != "" else None, event, value, unit, self.weight_kg if event != "ptt" else None))
        self.numbers.append(row.table.numbers_of[row.index])

    def course(self, time: str, name: str, weight_kg: float | None) -> ICUCourse:
        """Return the course; ``time`` names the column of the times (dates of one form, or hours), which are sorted."""
        order = sorted(range(len(self.lines)), key=lambda i: self.lines[i][0])
        end = "time_end" if time == "time" else "t_end_h"
        columns = {
            column: [self.lines[i][place] for i in order]
            for place, column in enumerate((time, end, "event", "value", "unit", "weight_kg"))
        }
        table = Table(self.where, columns, [self.numbers[i] for i in order], counted="line")
        return course_of(table, name, weight_kg)
