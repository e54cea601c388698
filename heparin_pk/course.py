"""What happened: the true course of one treatment, the chart the ward kept, and everything that caused it."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk._checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk._files import read_text, write_text
from heparin_pk._records import from_plain, to_plain
from heparin_pk.drug import Drug, Parameter, Studied
from heparin_pk.engine import ENGINES
from heparin_pk.kinetics import State
from heparin_pk.laboratory import Laboratory
from heparin_pk.patient import Patient
from heparin_pk.pump import Bag, Pump, ml_per_h
from heparin_pk.regimen import ORDERS, Bolus, Hold, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.response import LAWS, Reagent, TherapeuticRange, level
from heparin_pk.source import Source, Value
from heparin_pk.ward import Lab

csv.field_size_limit(2**30)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entry:
    """One line of the chart: when, on which result (``None`` at the start), what was ordered, and why."""

    time_h: float
    lab: Lab | None = None
    orders: tuple[Order, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        check_between("time_h", self.time_h, 0.0, 1e5)
        check_is("lab", self.lab, (Lab, type(None)), "a Lab or None")
        check_is("orders", self.orders, (list, tuple), "a list of orders")
        for order in self.orders:
            check_is("an order", order, ORDERS, "an order")
        check_is("why", self.why, str, "a text")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Course:
    """One treatment from its first order to its last hour.

    ``time_h`` (n,) are the moments at which the truth is kept (every five minutes; a moment at which something was given
    appears twice, before and after), ``states`` (n, 8) the :class:`~heparin_pk.kinetics.State` at them, ``pump_u_per_h`` (n,)
    what runs from then on. ``entries`` is the chart: results as the ward read them, orders as they were given.
    """

    patient: Patient
    drug: Drug
    reagent: Reagent
    entries: tuple[Entry, ...]
    time_h: np.ndarray
    states: np.ndarray
    pump_u_per_h: np.ndarray
    hours: float
    laboratory: Laboratory | None = None
    pump: Pump | None = None
    target: TherapeuticRange | None = None
    controller: str = "regimen"
    seed: int = 0
    engine: str = "stepper"

    def __post_init__(self) -> None:
        for name, width in (("time_h", 1), ("states", 2), ("pump_u_per_h", 1)):
            array = np.array(getattr(self, name), dtype=float)
            if array.ndim != width or len(array) != len(self.time_h) or not np.isfinite(array).all():
                raise ValueError(f"{name} must be {width}-dimensional, finite and as long as time_h; got shape {array.shape}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.states.shape[1:] != (len(State._fields),):
            raise ValueError(f"states must have {len(State._fields)} columns; got shape {self.states.shape}")
        if len(self.time_h) < 2 or (np.diff(self.time_h) < 0).any():
            raise ValueError("time_h must hold at least two moments and never go back")
        check_is("patient", self.patient, Patient, "a Patient")
        check_is("drug", self.drug, Drug, "a Drug")
        check_is("reagent", self.reagent, Reagent, "a Reagent")
        check_is("laboratory", self.laboratory, (Laboratory, type(None)), "a Laboratory or None")
        check_is("pump", self.pump, (Pump, type(None)), "a Pump or None")
        check_is("target", self.target, (TherapeuticRange, type(None)), "a TherapeuticRange or None")
        check_text("controller", self.controller)
        check_is("seed", self.seed, int, "an integer")
        for entry in self.entries:
            check_is("an entry", entry, Entry, "an Entry")
        check_one_of("engine", self.engine, ENGINES)
        check_between("hours", self.hours, 0.0, 1e4)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Course):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name))
            if isinstance(getattr(self, f.name), np.ndarray)
            else getattr(self, f.name) == getattr(other, f.name)
            for f in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"<Course: {self.patient.weight_kg:g} kg, {self.drug.name}, {self.controller}, {self.hours:g} h, "
            f"{len(self.labs)} results, {len(self.regimen.orders)} orders>"
        )

    # What was true

    @property
    def concentration_u_per_ml(self) -> np.ndarray:
        """Heparin in plasma, U/mL, shape (n,)."""
        return self.states[:, 0] / self.drug_volume_ml

    @property
    def drug_volume_ml(self) -> float:
        """The plasma volume of this patient in this model, mL."""
        parameter = next(p for p in self.drug.parameters if p.field == "v1_ml")
        return parameter.at_weight(self.patient.weight_kg, self.drug.reference_weight_kg)

    def level(self, assay: str) -> np.ndarray:
        """Return the true level of an assay (a key of ``ASSAYS``) at ``time_h``, shape (n,)."""
        return level(assay, self.concentration_u_per_ml, self.patient, self.reagent)

    def concentration_at_u_per_ml(self, time_h: float) -> float:
        """Return the heparin in plasma at one moment, just before whatever is given then, U/mL."""
        check_between("time_h", time_h, 0.0, self.hours)
        later = int(np.searchsorted(self.time_h, time_h, side="left"))
        if later == 0:
            return float(self.concentration_u_per_ml[0])
        between = slice(later - 1, later + 1)
        return float(np.interp(time_h, self.time_h[between], self.concentration_u_per_ml[between]))

    def level_at(self, assay: str, time_h: float) -> float:
        """Return the true level of an assay at one moment, just before whatever is given then."""
        return float(level(assay, self.concentration_at_u_per_ml(time_h), self.patient, self.reagent))

    @property
    def aptt_s(self) -> np.ndarray:
        """The true aPTT, s, shape (n,)."""
        return self.level("aptt_s")

    # What the ward saw and did

    @property
    def labs(self) -> tuple[Lab, ...]:
        """The results, in the order in which they were read."""
        return tuple(entry.lab for entry in self.entries if entry.lab is not None)

    @property
    def regimen(self) -> Regimen:
        """The orders in fact given: simulating them draws the very same curve."""
        return Regimen(tuple(sorted((o for entry in self.entries for o in entry.orders), key=lambda order: order.time_h)))

    def chart(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return the lines of the chart (time, result, orders, why); orders planned for later have lines of their own."""
        rows: list[tuple[float, tuple[str, str, str, str]]] = []
        for entry in self.entries:
            result = "" if entry.lab is None else _written(entry.lab, entry.time_h)
            for time_h in sorted({entry.time_h, *(order.time_h for order in entry.orders)}):
                orders = tuple(order for order in entry.orders if order.time_h == time_h)
                is_now = time_h == entry.time_h
                if orders or (is_now and (result or not entry.orders)):
                    words = self._orders_in_words(orders)
                    rows.append((time_h, (f"{time_h:.4g} h", result if is_now else "", words, entry.why)))
        return tuple(row for _, row in sorted(rows, key=lambda row: row[0]))

    def in_words(self) -> str:
        """Return the chart a nurse would read: time, level, order, why; the pump's mL/h always beside a rate.

        The last line says which bag the mL/h belong to; without a pump (``simulate``) it is one of 100 U/mL.
        """
        return chart_in_words(self.chart(), self.bag)

    @property
    def bag(self) -> Bag:
        """The bag the chart's mL/h belong to."""
        return (self.pump or Pump()).bag

    def _orders_in_words(self, orders: tuple[Order, ...]) -> str:
        words: list[str] = []
        for order in orders:
            after_a_hold = isinstance(order, Infusion) and any(isinstance(one, Hold) for one in orders)
            words.append(("then " if after_a_hold else "") + self._order_in_words(order))
        return "; ".join(words) or "no change"

    def _order_in_words(self, order: Order) -> str:
        match order:
            case Bolus():
                over = f" over {order.over_min:g} min" if order.over_min else ""
                words = f"bolus {_grouped(order.resolved(self.patient.weight_kg).dose_u)} U{over}"
            case Infusion():
                rate = order.resolved(self.patient.weight_kg).rate_u_per_h or 0.0
                pump_ml_per_h = ml_per_h(rate, self.bag.concentration_u_per_ml)
                words = f"rate {_grouped(rate)} U/h ({rate / self.patient.weight_kg:.1f} U/kg/h, pump {pump_ml_per_h:.4g} mL/h)"
            case Hold():
                words = f"hold {order.duration_min:g} min"
            case Stop():
                words = "stop the infusion"
            case Subcutaneous():
                words = f"subcutaneous {_grouped(order.resolved(self.patient.weight_kg).dose_u)} U"
            case Protamine():
                words = f"protamine {order.dose_mg:g} mg over {order.over_min:g} min"
        return words

    # In and out

    def to_frame(self):
        """Return the truth as a pandas DataFrame, one row a moment (needs pandas: ``pip install pandas``)."""
        try:
            import pandas as pd  # noqa: PLC0415  optional
        except ImportError:
            raise ValueError("to_frame needs pandas: pip install pandas") from None
        return pd.DataFrame(self._columns())

    def _columns(self) -> dict[str, np.ndarray]:
        columns = {
            "time_h": self.time_h,
            "pump_u_per_h": self.pump_u_per_h,
            "concentration_u_per_ml": self.concentration_u_per_ml,
        }
        columns |= {assay: self.level(assay) for assay in LAWS}
        return columns | {name: self.states[:, i] for i, name in enumerate(State._fields)}

    def _causes(self) -> dict[str, Any]:
        arrays = ("time_h", "states", "pump_u_per_h")
        return {field.name: to_plain(getattr(self, field.name)) for field in fields(self) if field.name not in arrays}

    def to_json(self, file: str | Path | None = None) -> str:
        """Return the course as JSON that :meth:`from_json` reads back without loss; also write it to ``file``."""
        plain = {
            "heparin_pk": "course",
            **self._causes(),
            "time_h": self.time_h.tolist(),
            "states": self.states.tolist(),
            "pump_u_per_h": self.pump_u_per_h.tolist(),
        }
        text = json.dumps(plain, allow_nan=False)
        if file is not None:
            write_text(file, text)
        return text

    @classmethod
    def from_json(cls, text_or_file: str | Path) -> Course:
        """Return the course in a JSON text or file; raises ``ValueError`` that names the file and what is wrong."""
        is_file = isinstance(text_or_file, Path) or not str(text_or_file).lstrip().startswith("{")
        where = str(text_or_file) if is_file else "the JSON text"
        try:
            plain = json.loads(read_text(text_or_file) if is_file else str(text_or_file))
        except json.JSONDecodeError as error:
            raise ValueError(f"{where}, line {error.lineno}: is not JSON: {error.msg}") from None
        except RecursionError:
            raise ValueError(f"{where}: is nested too deeply to be a course") from None
        if isinstance(plain, dict) and "course" in plain:
            plain = plain["course"]  # what the command line prints as --json wraps one
        if not isinstance(plain, dict) or plain.pop("heparin_pk", None) != "course":
            raise ValueError(f"{where}: is not a heparin_pk course")
        return _made(plain, where)

    def to_csv(self, file: str | Path | None = None) -> str:
        """Return the course as one CSV table that :meth:`from_csv` reads back without loss; also write it to ``file``.

        Rows ``cause`` hold who, what and how (JSON in ``detail``), rows ``chart`` the entries, rows ``truth`` the states, with
        the levels beside them for reading.
        """
        out = io.StringIO()
        columns = self._columns()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["record", *columns, "detail"])
        blank = [""] * (len(columns) - 1)
        for name, value in self._causes().items():
            if name != "entries":
                writer.writerow(["cause", "", *blank, json.dumps({name: value}, allow_nan=False)])
        for entry in self.entries:
            writer.writerow(["chart", repr(entry.time_h), *blank, json.dumps(to_plain(entry), allow_nan=False)])
        for row in zip(*(column.tolist() for column in columns.values()), strict=True):
            writer.writerow(["truth", *map(repr, row), ""])
        if file is not None:
            write_text(file, out.getvalue())
        return out.getvalue()

    @classmethod
    def from_csv(cls, file: str | Path) -> Course:
        """Return the course in a CSV file; raises ``ValueError`` that names the file, the line and what is wrong."""
        rows = csv.DictReader(io.StringIO(read_text(file)))
        needed = ["record", "time_h", "pump_u_per_h", *State._fields, "detail"]
        missing = [name for name in needed if name not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{file}, line 1: missing column {', '.join(missing)}")
        plain: dict[str, Any] = {"entries": [], "time_h": [], "states": [], "pump_u_per_h": []}
        for row in rows:
            try:
                if row["record"] == "cause":
                    plain |= json.loads(row["detail"])
                elif row["record"] == "chart":
                    plain["entries"].append(json.loads(row["detail"]))
                elif row["record"] == "truth":
                    plain["time_h"].append(float(row["time_h"]))
                    plain["pump_u_per_h"].append(float(row["pump_u_per_h"]))
                    plain["states"].append([float(row[name]) for name in State._fields])
                else:
                    raise ValueError(f"record must be cause, chart or truth; got {row['record']!r}")
            except (ValueError, TypeError, RecursionError) as error:
                raise ValueError(f"{file}, line {rows.line_num}: {error}") from None
        return _made(plain, str(file))


_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Patient,
        Drug,
        Parameter,
        Studied,
        Value,
        Source,
        Reagent,
        TherapeuticRange,
        Laboratory,
        Pump,
        Bag,
        Entry,
        Lab,
        *ORDERS,
    )
}


def _made(plain: dict[str, Any], where: str) -> Course:
    """Return the course in a dictionary of plain values; every complaint names where it came from."""
    arrays: dict[str, Any] = {}
    try:
        for name in ("time_h", "states", "pump_u_per_h"):
            arrays[name] = np.array(plain.pop(name), dtype=float)
        return Course(**{key: from_plain(value, _CLASSES) for key, value in plain.items()}, **arrays)
    except KeyError as error:
        raise ValueError(f"{where}: missing {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{where}: {error}") from None


def chart_in_words(rows: Sequence[tuple[str, str, str, str]], bag: Bag) -> str:
    """Return lines of a chart as a table; the last line names the bag that the pump's mL/h belong to."""
    cells = [(f"{time:>8}", result, orders, f"[{why}]" if why else "") for time, result, orders, why in rows]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip() for row in cells]
    if any("mL/h" in row[2] for row in rows):
        lines.append(f"          (mL/h of a bag with {bag.concentration_u_per_ml:g} U/mL)")
    return "\n".join(lines)


def _grouped(amount: float | None) -> str:
    return f"{amount or 0.0:,.0f}"


def _written(lab: Lab, now_h: float) -> str:
    return lab.write() if math.isclose(lab.drawn_h, now_h) else f"{lab.write()} (drawn {lab.drawn_h:.4g} h)"
