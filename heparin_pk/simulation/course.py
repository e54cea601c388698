"""The course of one treatment: the true levels, the chart the ward kept, and everything that caused them."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base import tables
from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.files import read_text, write_text
from heparin_pk.base.records import from_plain, to_plain
from heparin_pk.base.source import Source, Value
from heparin_pk.base.units import unit_of
from heparin_pk.base.version import version
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab, Laboratory, Residual
from heparin_pk.blood.response import ClottingTime, Reagent, Responses, level, read_u_per_ml
from heparin_pk.body.covariate import Covariate
from heparin_pk.body.drift import Drift
from heparin_pk.body.kinetics import State
from heparin_pk.body.patient import Patient
from heparin_pk.engine import ENGINES, states_from
from heparin_pk.published.drug import Drug, Hypothesis, Parameter, ValidityDomain, Variability
from heparin_pk.simulation.handover import Handover, handover
from heparin_pk.simulation.matching import Match, match_of
from heparin_pk.simulation.rules import U_PER_MG_PROTAMINE
from heparin_pk.ward.faults import Catch, Check, Fault
from heparin_pk.ward.orders import (
    ORDERS,
    Bolus,
    Hold,
    Infusion,
    Notify,
    Order,
    Pause,
    Protamine,
    Regimen,
    Resume,
    Stop,
    Subcutaneous,
)
from heparin_pk.ward.pump import Bag, Pump, ml_per_h
from heparin_pk.ward.ward_errors import WardErrors

_LONGEST_FIELD = 2**30
"""Characters of a CSV field: a drug with its sources is one field."""

TIME_IS_UP = "the time of the run is up before it is carried out"
"""The end of the reason of an entry whose orders, or some of them, fall beyond the run."""

_LONGEST_STEP_H = 1.0 / 12.0 + 1e-6
"""From one moment of a course to the next, h."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entry:
    """One line of the chart.

    ``time_h``: when it was written, h.
    ``lab``: the result it answers; ``None`` at the start.
    ``orders``: what was ordered.
    ``why``: the reason, in words.
    """

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

    @property
    def is_too_late(self) -> bool:
        """True when something was decided that falls beyond the run."""
        return self.why.endswith(TIME_IS_UP)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Course:
    """One treatment from its first order to its last hour: the true levels, the chart, and everything that caused them.

    ``patient``, ``drug``, ``reagent``: who was treated, with which model, read with which reagent.
    ``entries``: the chart: results as the ward read them, orders as they were given.
    ``time_h`` (n,): the times at which the state is kept, every five minutes; a time at which something was given appears
    twice, before and after.
    ``states`` (n, 9): the :class:`~heparin_pk.body.kinetics.State` at them.
    ``pump_u_per_h`` (n,): the rate from then on, U/h.
    ``hours``: how long the course is, h.
    ``laboratory``, ``pump``, ``ward_errors``: the hospital; ``None`` where there was none.
    ``target``: the range the controller aimed at.
    ``controller``: the name of the controller.
    ``plan_source``: the paper of its table.
    ``seed``, ``subject``: the address of the random numbers.
    ``engine``: the integrator.
    """

    patient: Patient
    drug: Drug
    reagent: Reagent | ClottingTime | None
    entries: tuple[Entry, ...]
    time_h: np.ndarray
    states: np.ndarray
    pump_u_per_h: np.ndarray
    hours: float
    laboratory: Laboratory | None = None
    pump: Pump | None = None
    target: TherapeuticRange | None = None
    controller: str = "regimen"
    plan_source: Source | None = None
    seed: int = 0
    subject: int = 0
    ward_errors: WardErrors | None = None
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
        check_is("reagent", self.reagent, (Reagent, ClottingTime, type(None)), "a Reagent, a ClottingTime or None")
        check_is("laboratory", self.laboratory, (Laboratory, type(None)), "a Laboratory or None")
        check_is("pump", self.pump, (Pump, type(None)), "a Pump or None")
        check_is("target", self.target, (TherapeuticRange, type(None)), "a TherapeuticRange or None")
        check_text("controller", self.controller)
        check_is("plan_source", self.plan_source, (Source, type(None)), "a Source or None")
        check_is("seed", self.seed, int, "an integer")
        check_is("subject", self.subject, int, "an integer")
        check_is("ward_errors", self.ward_errors, (WardErrors, type(None)), "a WardErrors or None")
        latest_h = 0.0
        for entry in self.entries:
            check_is("an entry", entry, Entry, "an Entry")
            if entry.time_h < latest_h:
                raise ValueError(f"entries must stand in the order of time; got {latest_h:g} h, then {entry.time_h:g} h")
            latest_h = entry.time_h
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
        """Heparin in plasma as an anti-Xa assay finds it, its long and its short chains, U/mL, shape (n,)."""
        kept = self._kept
        return np.asarray(self.drug.kinetics(self.patient).concentration_u_per_ml(kept.central_u, kept.short_u))

    @property
    def long_u_per_ml(self) -> np.ndarray:
        """The long chains, on which clotting times depend, U/mL of the heparin they came with, shape (n,).

        The same as the concentration, unless the model tells long from short chains.
        """
        return np.asarray(self.drug.kinetics(self.patient).long_u_per_ml(self._kept.central_u))

    @property
    def _kept(self) -> State:
        """The kept states as one of arrays (n,)."""
        return State(*self.states.T)

    @property
    def drug_volume_ml(self) -> float:
        """The plasma volume of this patient in this model, mL."""
        return self.drug.kinetics(self.patient).v1_ml

    @property
    def responses(self) -> Responses:
        """How this patient's blood answers, in the laboratory of this course."""
        return self.drug.answers_with(self.reagent)

    @property
    def assays(self) -> tuple[str, ...]:
        """The assays this course can be read in, keys of ``ASSAYS``."""
        return self.responses.assays

    def level(self, assay: str) -> np.ndarray:
        """Return the true level of an assay (one of ``assays``) at ``time_h``, shape (n,)."""
        read = read_u_per_ml(assay, self.drug.kinetics(self.patient), self._kept)
        return np.asarray(level(assay, read, self.patient, self.responses, self.time_h))

    def states_from(self, kept: int) -> Callable[[float], State]:
        """Return the state as a function of time, from kept moment number ``kept`` to the next one.

        Nothing is given between two kept moments, so it is the engine's own step from the state before, with what ran in then.
        """
        start_h, given = float(self.time_h[kept]), self.regimen.orders
        protamine = sum(one.dose_mg * U_PER_MG_PROTAMINE / hours for one, hours in _running_protamine(given, start_h))
        return states_from(
            self.drug.kinetics(self.patient),
            self.engine,
            start_h,
            State(*self.states[kept].tolist()),
            rate_u_per_h=float(self.pump_u_per_h[kept]),
            protamine_u_per_h=protamine,
        )

    def state_at(self, time_h: float) -> State:
        """Return the state at one moment, just before whatever is given then: exact, on the grid or off it."""
        check_between("time_h", time_h, 0.0, self.hours)
        later = int(np.searchsorted(self.time_h, time_h, side="left"))
        if later == 0 or (later < len(self.time_h) and self.time_h[later] == time_h):
            return State(*self.states[later].tolist())
        return self.states_from(later - 1)(float(time_h))

    def concentration_at_u_per_ml(self, time_h: float) -> float:
        """Return the heparin in plasma at one moment, as an anti-Xa assay finds it, just before whatever is given then, U/mL."""
        state = self.state_at(time_h)
        return float(self.drug.kinetics(self.patient).concentration_u_per_ml(state.central_u, state.short_u))

    def level_at(self, assay: str, time_h: float) -> float:
        """Return the true level of an assay at one moment, just before whatever is given then."""
        read = read_u_per_ml(assay, self.drug.kinetics(self.patient), self.state_at(time_h))
        return float(level(assay, read, self.patient, self.responses, time_h))

    @property
    def aptt_s(self) -> np.ndarray:
        """The true aPTT, s, shape (n,)."""
        return self.level("aptt_s")

    # What it rests on

    @property
    def outside(self) -> tuple[str, ...]:
        """In what this course leaves the validity domain of its model, in words: patient, route, dose, rate, level."""
        return (*self.drug.studied.leaves_out(self.patient), *self._given_outside())

    def _given_outside(self) -> list[str]:
        studied, unit, found = self.drug.studied, self.drug.amount_unit, []
        routes: dict[str, list[float]] = {"bolus": [], "infusion": [], "subcutaneous": []}
        for order in self.regimen.resolved(self.patient.doses_by_kg).orders:
            if isinstance(order, Bolus | Subcutaneous) and order.dose_u:
                routes[type(order).__name__.lower()].append(order.dose_u / self.patient.weight_kg)
            elif isinstance(order, Infusion) and order.rate_u_per_h:
                routes["infusion"].append(order.rate_u_per_h / self.patient.weight_kg)
        limits = {"bolus": studied.dose_u_per_kg, "infusion": studied.rate_u_per_kg_per_h, "subcutaneous": studied.dose_u_per_kg}
        for route, amounts in routes.items():
            seen = limits[route]
            if amounts and route not in studied.routes:
                found.append(f"was studied with {' and '.join(studied.routes)} only; here {route} is given")
            elif amounts and seen is not None and not (0.99 * seen[0] <= min(amounts) and max(amounts) <= 1.01 * seen[1]):
                got = max(amounts) if max(amounts) > seen[1] else min(amounts)
                each = f"{unit}/kg/h" if route == "infusion" else f"{unit}/kg"
                found.append(f"was studied at {route} {seen[0]:g} to {seen[1]:g} {each}; got {got:.4g}")
        highest, seen = float(self.concentration_u_per_ml.max()), studied.concentration_u_per_ml
        if seen is not None and highest > 1.05 * seen[1]:
            found.append(f"was studied up to {seen[1]:g} {unit}/mL; this course reaches {highest:.2g}")
        return found

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers this course used, and no others, each once."""
        more = (
            self.plan_source,
            self.target.source if self.target else None,
            *(self.patient.drift.sources if self.patient.drift else ()),
            *(self.ward_errors.papers if self.ward_errors else ()),
        )
        every = (*self.drug.sources_for(self.patient, self.responses), *(source for source in more if source is not None))
        return tuple({source.citation: source for source in reversed(every)}.values())[::-1]

    # What the ward saw and did

    @property
    def labs(self) -> tuple[Lab, ...]:
        """The results, in the order in which they were read."""
        return tuple(entry.lab for entry in self.entries if entry.lab is not None)

    @property
    def regimen(self) -> Regimen:
        """The orders in fact given: simulating them, read in the same reagent, draws the very same curve."""
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
                    words = self.orders_in_words(orders)
                    if not orders and entry.is_too_late:
                        words = "not carried out"
                    if is_now and entry.orders and not orders:
                        words = f"carried out at {min(order.time_h for order in entry.orders):.4g} h"
                    rows.append((time_h, (f"{time_h:.4g} h", result if is_now else "", words, self._why(entry.why))))
        return tuple(row for _, row in sorted(rows, key=lambda row: row[0]))

    def in_words(self) -> str:
        """Return the chart a nurse would read: time, level, order, why; the pump's mL/h always beside a rate.

        A line below says which bag the mL/h belong to; without a pump (``simulate``) it is one of 100 U/mL. The last one says so
        where the range aimed at belongs to another reagent than this laboratory's.
        """
        chart, match = chart_in_words(self.chart(), self.bag), self.match
        return chart if match is None or match.fits else f"{chart}\n{match.in_words()}"

    def handover(
        self, at_h: float | None = None, *, reacted_to_heparin: bool | None = None, had_hit: bool | None = None
    ) -> Handover:
        """Return what one ward tells the next one at an hour (default: the end), written from the chart; it holds no true level.

        ``reacted_to_heparin``, ``had_hit``: what is known of an allergy to heparin and of earlier HIT; ``None``: not asked.

        Raises ``ValueError`` for an hour outside the course.
        """
        return handover(self, at_h, reacted_to_heparin=reacted_to_heparin, had_hit=had_hit)

    @property
    def bag(self) -> Bag:
        """The bag the chart's mL/h belong to."""
        return (self.pump or Pump()).bag

    def orders_in_words(self, orders: tuple[Order, ...]) -> str:
        """Return orders given at one moment as the chart writes them."""
        words: list[str] = []
        for order in orders:
            after_a_hold = isinstance(order, Infusion) and any(isinstance(one, Hold | Pause) for one in orders)
            words.append(("then " if after_a_hold else "") + self._order_in_words(order))
        return "; ".join(words) or "no change"

    def _why(self, why: str) -> str:
        """Return why an order was given; a table of a drug in micrograms counts these where it says U."""
        return why if self.drug.amount_unit == "U" else re.sub(r"\bU\b", self.drug.amount_unit, why)

    def _order_in_words(self, order: Order) -> str:
        unit = self.drug.amount_unit
        match order:
            case Bolus():
                over = f" over {order.over_min:g} min" if order.over_min else ""
                words = f"bolus {_grouped(order.resolved(self.patient.doses_by_kg).dose_u)} {unit}{over}"
            case Infusion():
                rate = order.resolved(self.patient.doses_by_kg).rate_u_per_h or 0.0
                pump_ml_per_h = ml_per_h(rate, self.bag.concentration_u_per_ml)
                per_kg = rate / self.patient.doses_by_kg
                pump = f", pump {pump_ml_per_h:.4g} mL/h" if unit == "U" else ""
                words = f"rate {_grouped(rate)} {unit}/h ({per_kg:.1f} {unit}/kg/h{pump})"
            case Hold():
                words = f"hold {order.duration_min:g} min"
            case Pause():
                words = f"hold until below {order.until_below:g}"
            case Resume():
                words = "resume the infusion"
            case Notify():
                words = f"notify {order.whom}"
            case Stop():
                words = "stop the infusion"
            case Subcutaneous():
                words = f"subcutaneous {_grouped(order.resolved(self.patient.doses_by_kg).dose_u)} {unit}"
            case Protamine():
                words = f"protamine {order.dose_mg:g} mg over {order.over_min:g} min"
        return words

    @property
    def match(self) -> Match | None:
        """How the aPTT range aimed at fits the reagent of this laboratory; ``None`` without such a range or a heparin reagent."""
        return match_of(self.target, self.reagent)

    # In and out

    def to_frame(self) -> Any:
        """Return the truth as a pandas DataFrame, one row a moment (needs pandas: ``pip install pandas``).

        Its ``attrs`` say the version of this package, the drug, the seed and the unit of each column.
        """
        try:
            import pandas as pd  # noqa: PLC0415  optional
        except ImportError:
            raise ValueError("to_frame needs pandas: pip install pandas") from None
        columns = self._columns()
        frame = pd.DataFrame(columns)
        frame.attrs = self._written_by(columns)
        return frame

    def _written_by(self, columns: Iterable[str]) -> dict[str, Any]:
        """Return which version wrote a course, the drug, the seed, and the unit of each of its columns."""
        units = {name: ASSAYS[name].unit or "1" if name in ASSAYS else unit_of(name, self.drug.amount_unit) for name in columns}
        return {"heparin_pk": version(), "drug": self.drug.name, "seed": self.seed, "subject": self.subject, "units": units}

    def _columns(self) -> dict[str, np.ndarray]:
        columns = {
            "time_h": self.time_h,
            "pump_u_per_h": self.pump_u_per_h,
            "concentration_u_per_ml": self.concentration_u_per_ml,
        }
        columns |= {assay: self.level(assay) for assay in self.assays}
        return columns | {name: self.states[:, i] for i, name in enumerate(State._fields)}

    def _causes(self) -> dict[str, Any]:
        arrays = ("time_h", "states", "pump_u_per_h")
        return {field.name: to_plain(getattr(self, field.name)) for field in fields(self) if field.name not in arrays}

    def to_json(self, file: str | Path | None = None) -> str:
        """Return the course as JSON that :meth:`from_json` reads back without loss; also write it to ``file``."""
        plain = {
            "heparin_pk": "course",
            "written_by": self._written_by(self._columns()),
            **self._causes(),
            "records": {"chart": len(self.entries), "truth": len(self.time_h)},
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
        """Return the course in a JSON text or file, which must hold all of it, to its last moment.

        Raises ``ValueError`` that names the file and what is wrong.
        """
        is_file = isinstance(text_or_file, Path) or not str(text_or_file).lstrip().startswith("{")
        where = str(text_or_file) if is_file else "the JSON text"
        text = read_text(text_or_file) if is_file else str(text_or_file)
        try:
            plain = json.loads(text, object_pairs_hook=_named_once)
        except json.JSONDecodeError as error:
            raise ValueError(f"{where}, line {error.lineno}: is not JSON: {error.msg}") from None
        except RecursionError:
            raise ValueError(f"{where}: is nested too deeply to be a course") from None
        except ValueError as error:  # a name that stands twice, a number of more digits than Python reads
            raise ValueError(f"{where}: {error}") from None
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
        for name, value in {**self._causes(), "written_by": self._written_by(columns)}.items():
            if name != "entries":
                writer.writerow(["cause", "", *blank, json.dumps({name: value}, allow_nan=False)])
        records = {"chart": len(self.entries), "truth": len(self.time_h)}
        writer.writerow(["cause", "", *blank, json.dumps({"records": records})])
        for entry in self.entries:
            writer.writerow(["chart", repr(entry.time_h), *blank, json.dumps(to_plain(entry), allow_nan=False)])
        for row in zip(*(column.tolist() for column in columns.values()), strict=True):
            writer.writerow(["truth", *map(repr, row), ""])
        if file is not None:
            write_text(file, out.getvalue())
        return out.getvalue()

    @classmethod
    def from_csv(cls, file: str | Path) -> Course:
        """Return the course in a CSV file, which must hold all of it, to its last moment.

        Raises ``ValueError`` that names the file, the line and what is wrong.
        """
        return _made(_read_rows(tables.from_csv(file, longest_field=_LONGEST_FIELD)), str(file))


_ARRAYS = ("time_h", "states", "pump_u_per_h")
_LATER = ("short_u",)
"""The last parts of a state, which courses written before there were sets with short chains do not have: zero there."""


def _read_rows(table: tables.Table) -> dict[str, Any]:
    """Return the plain values in the rows of a course's CSV table."""
    parts = tuple(name for name in State._fields if name in table.columns or name not in _LATER)
    numeric = ("time_h", "pump_u_per_h", *parts)
    needed = ("record", *numeric, "detail")
    table.check_columns((*table.columns, *needed), needed=needed)
    plain: dict[str, Any] = {"entries": [], "time_h": [], "states": [], "pump_u_per_h": []}
    for row in table.rows(numeric=numeric):
        try:
            match row.text("record"):
                case "cause":
                    for name, value in json.loads(row.text("detail"), object_pairs_hook=_named_once).items():
                        if name in plain:
                            raise ValueError(f"{name} stands there twice")
                        plain[name] = value
                case "chart":
                    plain["entries"].append(json.loads(row.text("detail"), object_pairs_hook=_named_once))
                case "truth":
                    plain["time_h"].append(row.number("time_h"))
                    plain["pump_u_per_h"].append(row.number("pump_u_per_h"))
                    plain["states"].append([row.number(name) for name in parts])
                case other:
                    raise ValueError(f"record must be cause, chart or truth; got {other!r}")
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{row.place}: {error}") from None
    return plain


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object as a dictionary; raises ``ValueError`` for a name that stands there twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name} stands there twice")
        found[name] = value
    return found


_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Patient,
        Drift,
        Drug,
        Parameter,
        Variability,
        Residual,
        Covariate,
        Hypothesis,
        ValidityDomain,
        Value,
        Source,
        Reagent,
        ClottingTime,
        TherapeuticRange,
        Laboratory,
        WardErrors,
        Fault,
        Check,
        Catch,
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
        records = plain.pop("records", None)
        plain.pop("written_by", None)  # for readers; courses written before there was one have none
        missing = [field.name for field in fields(Course) if field.name not in plain]
        if missing:
            raise ValueError(f"missing {', '.join(missing)}")
        for name in _ARRAYS:
            arrays[name] = np.array(plain.pop(name), dtype=float)
        before = len(State._fields) - len(_LATER)
        is_before = arrays["states"].shape[1:] == (before,)
        if is_before:
            arrays["states"] = np.pad(arrays["states"], ((0, 0), (0, len(_LATER))))
        course = Course(**{key: from_plain(value, _CLASSES) for key, value in plain.items()}, **arrays)
        if is_before and course.drug.kinetics(course.patient).short_fraction > 0.0:
            raise ValueError(f"states must have {len(State._fields)} columns for this drug; got {before}")
        _check_whole(course, records)
    except (TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"{where}: {error}") from None
    return course


def _check_whole(course: Course, records: Any) -> None:
    """Raise ``ValueError`` unless a course that was read goes from 0 h to its end, without a gap and without a lost record.

    ``records``: how many there were when it was written; ``None``: written before they were counted.
    """
    first_h, last_h = float(course.time_h[0]), float(course.time_h[-1])
    if first_h != 0.0 or last_h != course.hours:
        raise ValueError(
            f"a course must go from 0 h to its hours, {course.hours:g}; got {first_h:g} to {last_h:g} h: a part is lost"
        )
    steps_h = np.diff(course.time_h)
    if steps_h.max() > _LONGEST_STEP_H:
        lost = int(steps_h.argmax())
        raise ValueError(
            f"time_h must not leave out five minutes; got {course.time_h[lost]:g} h, then {course.time_h[lost + 1]:g} h"
        )
    there = {"chart": len(course.entries), "truth": len(course.time_h)}
    if records is not None and records != there:
        raise ValueError(f"records must be as many as were written, {records}; got {there}: a part is lost")


def chart_in_words(rows: Sequence[tuple[str, str, str, str]], bag: Bag) -> str:
    """Return lines of a chart as a table; the last line names the bag that the pump's mL/h belong to."""
    cells = [(f"{time:>8}", result, orders, f"[{why}]" if why else "") for time, result, orders, why in rows]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip() for row in cells]
    if any("mL/h" in row[2] for row in rows):
        lines.append(f"          (mL/h of a bag with {bag.concentration_u_per_ml:g} U/mL)")
    return "\n".join(lines)


def _running_protamine(orders: tuple[Order, ...], time_h: float) -> list[tuple[Protamine, float]]:
    """Return the doses of protamine that run in just after ``time_h``, each with the hours it takes."""
    doses = [(order, order.over_min / 60.0) for order in orders if isinstance(order, Protamine)]
    return [(order, hours) for order, hours in doses if order.time_h <= time_h < order.time_h + hours]


def _grouped(amount: float | None) -> str:
    return f"{amount or 0.0:,.0f}"


def _written(lab: Lab, now_h: float) -> str:
    return lab.in_words() if math.isclose(lab.drawn_h, now_h) else f"{lab.in_words()} (drawn {lab.drawn_h:.4g} h)"
