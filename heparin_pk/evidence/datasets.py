"""Charted courses: fifteen heparin infusions from intensive care, as charted, and a reader of your own CSV files.

The data are derived from the MIMIC-III Clinical Database Demo v1.4 (PhysioNet, doi:10.13026/C2HM2Q) and are published under the
Open Database License 1.0; the licence file is in the same folder. Real charts have gaps: boluses that were not charted, weights
from another day, infusions that began before the first entry. ``flaws`` lists the known flaws of each course.

Each question uses as many of the fifteen as can answer it. Fourteen have an aPTT after the start of heparin (the predictive
check, :mod:`heparin_pk.evidence.vpc`). Thirteen of these have one that is a number and not "> 150 s" (the median error). Twelve
have two such numbers while heparin ran (how a patient drifts: ``benchmarks/drift_from_courses.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from heparin_pk.base import tables
from heparin_pk.base.checks import check_between, shown
from heparin_pk.base.source import Source
from heparin_pk.base.tables import Row, Table, word
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.blood.response import Reagent
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.chart_rows import ABOVE, HEPARIN, ML_PER_H, as_charted, unit_of
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.ward.pump import CONCENTRATION_U_PER_ML

MIMIC_III_DEMO = Source(
    key="MIMIC_III_demo",
    citation="MIMIC-III Clinical Database Demo (version 1.4). PhysioNet. Open Database License 1.0",
    where="Heparin infusions and PTT of 15 courses",
    confidence="primary",
    doi="10.13026/C2HM2Q",
)
WARD_TARGET = TherapeuticRange(
    assay="aptt_s",
    low=60.0,
    high=100.0,
    source=MIMIC_III_DEMO.at("inferred from the rate changes of the ward: 60-100 s was left alone"),
)
"""The probable target of this ward, inferred: in the charts the rate was left unchanged at 61-100 s in 88 % of decisions."""

CLEAN_BASELINE_S = (18.0, 45.0)
"""An aPTT before heparin is taken as baseline only within these limits, s."""
_COLUMNS = ("t_h", "t_end_h", "event", "value", "unit")
_NUMERIC = ("t_h", "t_end_h", "value", "weight_kg", "bag_u_per_ml", "height_cm", "age_y")
_MORE_COLUMNS = (
    "weight_kg",
    "bag_u_per_ml",
    "height_cm",
    "age_y",
    "sex",
    "note",
    "course_id",
    "dataset",
    "subject_id",
    "hadm_id",
    "system",
)
_OTHER_EVENTS = ("creatinine", "hemoglobin", "inr", "platelets")
_EVENTS = ("infusion", "bolus", "subcutaneous", "hold", "stop", "protamine", "ptt", "aptt", "anti_xa", "act", *_OTHER_EVENTS)
_RESULTS = {"ptt": ("aptt_s", "s"), "aptt": ("aptt_s", "s"), "anti_xa": ("anti_xa_u_per_ml", "U/mL"), "act": ("act_s", "s")}
"""The results of a chart: their assay, and their unit."""
_SEXES = {"female": ("f", "female", "woman", "w", "weiblich"), "male": ("m", "male", "man", "männlich")}
AFTER_LAST_H = 6.0
"""A course goes on so long after the last heparin as results are read, h."""
_KNOWN_FLAWS = {
    "M3D-003": "charted in mL/h and scaled by 100 U/mL",
    "M3D-031": "a segment of 2,788 U/h is an artefact of the end of a bag",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ICUCourse:
    """A charted heparin course: the patient, the orders, the results, and the known flaws of the chart.

    ``course_id``: name of the course, such as "M3D-001".
    ``patient``: weight and baseline aPTT as charted; the other features where they are known.
    ``regimen``: boluses and infusions as charted.
    ``labs``: results (aPTT, anti-Xa, ACT) from 0 h to ``AFTER_LAST_H`` after the last heparin, in order of time.
    ``hours``: length of the course, h.
    ``sex``: "F", "M", or empty where not charted.
    ``diagnosis``: diagnosis as charted, or empty.
    ``flaws``: known flaws of the chart, one sentence each.
    """

    course_id: str
    patient: Patient
    regimen: Regimen
    labs: tuple[Lab, ...]
    hours: float
    sex: str = ""
    diagnosis: str = ""
    flaws: tuple[str, ...] = field(default=())

    __repr__ = shown

    def in_words(self) -> str:
        """Return the patient, the extent of the chart and its flaws, as text."""
        age = "" if self.patient.age_y is None else f"{self.patient.age_y:.0f} years, "
        sex = {"F": "woman, ", "M": "man, "}.get(self.sex, "")
        lines = [
            f"{self.course_id}: {sex}{age}{self.patient.weight_kg:.4g} kg, {self.diagnosis.lower() or 'diagnosis not given'}",
            f"  {self.hours:.4g} h of charted heparin, {_counted(self.labs)} from its start on, "
            f"baseline aPTT {self.patient.baseline_aptt_s:.4g} s",
        ]
        return "\n".join([*lines, *(f"  beware: {flaw}" for flaw in self.flaws)])


def _counted(labs: tuple[Lab, ...]) -> str:
    """Return how many results of each test there are, in words."""
    names = {"aptt_s": "aPTT", "anti_xa_u_per_ml": "anti-Xa", "act_s": "ACT"}
    others = [assay for assay in names if assay != "aptt_s" and any(lab.assay == assay for lab in labs)]
    return ", ".join(f"{sum(lab.assay == assay for lab in labs)} {names[assay]}" for assay in ("aptt_s", *others))


def replay(course: ICUCourse, drug: Drug, *, reagent: Reagent | None = None, engine: str = "stepper") -> Course:
    """Return the course that a model predicts for the typical patient of this description under the charted orders."""
    return simulate(course.patient, drug, course.regimen, hours=course.hours, reagent=reagent, engine=engine)


def icu_course_ids() -> tuple[str, ...]:
    """Return the names of the courses that come with the package."""
    return tuple(_package_table("courses.csv").columns["course_id"])


def load_icu_course(course_id: str, *, weight_kg: float | None = None) -> ICUCourse:
    """Return one charted course of the package by name (``"M3D-001"``).

    ``weight_kg``: replaces the charted weight; needed where none was charted.

    Raises ``ValueError`` for an unknown name, and lists the known ones.
    """
    rows = {row.text("course_id"): row for row in _package_table("courses.csv").rows(numeric=("age_y",))}
    if course_id not in rows:
        raise ValueError(f"no course {course_id!r}; there are {', '.join(rows)}")
    row = rows[course_id]
    events = [event for event in _package_table("events.csv").rows(numeric=_NUMERIC) if event.text("course_id") == course_id]
    course = _course(course_id, events, "events.csv", weight_kg)
    flaws = list(course.flaws)
    if row.text("system") == "CV":
        flaws.append("boluses were not charted in this system (CareVue)")
    if row.text("start_censored") == "True":
        flaws.append("the infusion began before the chart does: heparin on board at 0 h is unknown")
    if row.text("end_censored") == "True":
        flaws.append("the chart ends before the infusion does")
    if course_id in _KNOWN_FLAWS:
        flaws.append(_KNOWN_FLAWS[course_id])
    return replace(
        course,
        patient=replace(course.patient, age_y=row.number("age_y")),
        sex=row.text("sex"),
        diagnosis=row.text("diagnosis"),
        flaws=tuple(flaws),
    )


def read_icu_csv(file: str | Path, *, course_id: str | None = None, weight_kg: float | None = None) -> ICUCourse:
    """Return a course from your own CSV file, one event a line.

    Columns:

    ``t_h``: time of the event, h. Heparin starts at 0; where it ran before, its first hour becomes 0, and ``flaws`` says so.
    ``time``, ``time_end``: instead of hours, dates with times ("2026-11-27 08:30", "27.11.2026 08:30") or times of day in order.
    ``t_end_h``: its end, h, where it has one: of an infusion (left empty: the next infusion or a stop ends it), of a bolus or
    protamine given over time, of a hold.
    ``event``: ``infusion``, ``bolus``, ``subcutaneous``, ``hold``, ``stop``, ``protamine``, ``ptt`` (or ``aptt``), ``anti_xa``,
    ``act``;
    ``creatinine``, ``hemoglobin``, ``inr`` and ``platelets`` are not used.
    ``value``: rate, dose or result; of a hold its length, where ``t_end_h`` is empty.
    ``unit``: U/h, U/kg/h or "mL/h of 100 U/mL" for an infusion (or mL/h, with a column ``bag_u_per_ml``), U or U/kg for a bolus
    or a subcutaneous dose, mg for protamine, min for a hold, s for an aPTT or an ACT, U/mL for an anti-Xa; IU, units and IE are
    read as U.
    ``weight_kg``: body weight, kg; may be absent when the parameter ``weight_kg`` is given. Where it changes, the first one
    describes the patient, doses per kilogram use that of their line, and ``flaws`` says so.
    ``height_cm``, ``age_y``, ``sex``: optional; once, or the same in every line.
    ``note``: optional; a result written as ">150", one noted ``censored``, and an aPTT of 150 s and more are above the ceiling.
    ``course_id``: optional; needed in a file of several courses, of which the parameter ``course_id`` selects one.

    Separators and decimal marks: see :mod:`heparin_pk.base.tables`.

    Raises ``ValueError`` that names the file and the line: for another column, another event, two weights, and for lines that
    contradict each other.
    """
    table = tables.from_csv(file)
    times = ("time",) if "time" in table.columns else ("t_h", "t_end_h")
    table.check_columns((*_COLUMNS, "time", "time_end", *_MORE_COLUMNS), needed=(*times, "event", "value", "unit"))
    table = as_charted(table)
    rows = list(table.rows(numeric=_NUMERIC))
    inside = list(dict.fromkeys(row.text("course_id") for row in rows)) if "course_id" in table.columns else []
    for row in rows:
        if not row.text("course_id").isprintable():  # it is printed
            raise ValueError(f"{row.place}: course_id must be printable; got {row.text('course_id')!r}")
    if course_id is None and len(inside) > 1:
        raise ValueError(f"{file}: holds {len(inside)} courses; say which: {', '.join(inside)}")
    if course_id is not None and course_id not in inside:
        raise ValueError(f"{file}: no course {course_id!r}; there are {', '.join(inside) or 'none with a name'}")
    name = course_id or (inside[0] if inside else Path(file).stem)
    return _course(name, [row for row in rows if not inside or row.text("course_id") == name], str(file), weight_kg)


def course_of(table: Table, name: str, weight_kg: float | None = None) -> ICUCourse:
    """Return a course from a table with the columns of :func:`read_icu_csv`; its hours count from the first heparin.

    Raises ``ValueError`` as :func:`read_icu_csv` does.
    """
    table = as_charted(table)
    events = [row.text("event") for row in table.rows(numeric=())]
    hours = table.columns["t_h"]
    zero_h = min((hours[i] for i in range(len(events)) if events[i] in HEPARIN), default=0.0)
    moved = {key: [None if h is None else h - zero_h for h in table.columns[key]] for key in ("t_h", "t_end_h")}
    table = replace(table, columns={**table.columns, **moved})
    return _course(name, list(table.rows(numeric=_NUMERIC)), table.where, weight_kg)


def _package_table(name: str) -> Table:
    """Return a data file of the package."""
    text = (resources.files("heparin_pk.evidence") / "data" / "icu" / name).read_text(encoding="utf-8")
    return tables.from_text(text, where=name)


class _Charted:
    """What the lines of a chart say.

    ``infusions``: row, start, end (``None``: not charted) and rate, U/h.
    ``orders``: boluses, subcutaneous doses, holds and protamine with their rows.
    ``stops``: rows and times, h.
    ``labs``: results.
    ``ends_h``: when a dose or a hold ended, h.
    """

    def __init__(self, zero_h: float = 0.0, weight_kg: float | None = None) -> None:
        self.zero_h, self.weight_kg = zero_h, weight_kg
        self.infusions: list[tuple[Row, float, float | None, float]] = []
        self.orders: list[tuple[Row, Order]] = []
        self.stops: list[tuple[Row, float]] = []
        self.labs: list[Lab] = []
        self.ends_h: list[float] = []

    def read(self, row: Row) -> None:
        """Take one line; raises ``ValueError`` for what is not understood."""
        event = row.text("event").lower()
        if event not in _EVENTS:
            raise ValueError(f"event must be one of {', '.join(_EVENTS)}; got {row.text('event')!r}")
        if event in _OTHER_EVENTS:
            return
        time_h = row.number("t_h") - self.zero_h
        end_h = None if row.is_missing("t_end_h") else row.number("t_end_h") - self.zero_h
        if event == "infusion":
            strength = _bag_u_per_ml(row)
            rate = self._amount(row, "U/h", "U/kg/h") if strength is None else row.number("value") * strength
            if time_h < 0.0 or (end_h is not None and end_h <= time_h):
                until = "nothing" if end_h is None else f"{end_h:g}"
                raise ValueError(f"an infusion needs 0 <= t_h < t_end_h; got {time_h:g} and {until}")
            Infusion(time_h=time_h, rate_u_per_h=rate)
            self.infusions.append((row, time_h, end_h, rate))
            return
        if end_h is not None and end_h < time_h:
            raise ValueError(f"t_end_h must not come before t_h; got {end_h:g} after {time_h:g}")
        minutes = 0.0 if end_h is None else 60.0 * (end_h - time_h)
        order: Order
        match event:
            case "bolus":
                order = Bolus(time_h=time_h, dose_u=self._amount(row, "U", "U/kg"), over_min=minutes)
            case "subcutaneous":
                _check_at_once(row, minutes)
                order = Subcutaneous(time_h=time_h, dose_u=self._amount(row, "U", "U/kg"))
            case "protamine":
                _check_unit(row, "mg")
                order = Protamine(time_h=time_h, dose_mg=row.number("value"), **({"over_min": minutes} if minutes else {}))
            case "hold":
                order = Hold(time_h=time_h, duration_min=_held_min(row, minutes))
            case "stop":
                _check_at_once(row, minutes)
                if not row.is_missing("value"):
                    raise ValueError(f"a stop has no value; got {row.text('value')!r}")
                self.stops.append((row, Stop(time_h=time_h).time_h))
                return
            case _:
                assay, unit = _RESULTS[event]
                _check_unit(row, unit)
                value = row.number("value")
                marked = row.text(ABOVE) == "yes" or "censored" in row.text("note")
                above = marked or (assay == "aptt_s" and value >= ASSAYS[assay].ceiling)
                self.labs.append(Lab(drawn_h=time_h, reported_h=time_h, assay=assay, value=value, above_ceiling=above))
                return
        self.orders.append((row, order))
        self.ends_h.append(time_h + (order.over_min if isinstance(order, Bolus | Protamine) else minutes) / 60.0)

    def _amount(self, row: Row, unit: str, unit_per_kg: str) -> float:
        """Return a dose or a rate, U or U/h; raises ``ValueError`` for another unit, or one per kg without a weight."""
        if unit_of(row.text("unit")) != unit_per_kg:
            _check_unit(row, unit, unit_per_kg)
            return row.number("value")
        kg = self.weight_kg if row.is_missing("weight_kg") else row.number("weight_kg")
        if kg is None:
            raise ValueError(f"a dose in {unit_per_kg} needs weight_kg; got {row.text('value')} {row.text('unit')}")
        return row.number("value") * kg

    def segments(self) -> list[tuple[float, float, float]]:
        """Return the infusions as start, end and rate; raises ``ValueError`` where they, the stops and the holds disagree."""
        found: list[tuple[float, float, float]] = []
        stops = {time_h: row for row, time_h in self.stops}
        for index, (row, start_h, charted_end_h, rate) in enumerate(self.infusions):
            last_end_h = found[-1][1] if found else 0.0
            if found and start_h < found[-1][0]:
                raise ValueError(f"{row.place}: infusions must stand in the order of time; this one starts at {start_h:g} h")
            if start_h < last_end_h - 1e-9:
                raise ValueError(
                    f"{row.place}: infusions overlap: this one starts at {start_h:g} h, the last ends at {last_end_h:g} h"
                )
            end_h = charted_end_h
            if end_h is None:
                after = [other_h for _, other_h, _, _ in self.infusions[index + 1 : index + 2]]
                later = [time_h for time_h in (*after, *stops) if time_h > start_h]
                if not later:
                    raise ValueError(f"{row.place}: an infusion must have an end: give t_end_h, or a stop after it")
                end_h = min(later)
            found.append((start_h, end_h, rate))
        for time_h, row in stops.items():
            if not any(abs(end_h - time_h) <= 1e-9 for _, end_h, _ in found):
                inside = any(start_h <= time_h < end_h for start_h, end_h, _ in found)
                reason = "the chart says that the infusion runs on" if inside else "no infusion runs then"
                raise ValueError(f"{row.place}: a stop must stand at the end of an infusion; got {time_h:g} h: {reason}")
            if any(start_h == time_h for start_h, _, _ in found):
                raise ValueError(f"{row.place}: a stop and an infusion stand at the same time, {time_h:g} h")
        for row, order in self.orders:
            if isinstance(order, Hold):
                self._check_hold(row, order, found)
        return found

    def _check_hold(self, row: Row, hold: Hold, segments: list[tuple[float, float, float]]) -> None:
        if not any(start_h <= hold.time_h < end_h for start_h, end_h, _ in segments):
            raise ValueError(f"{row.place}: a hold must stand in an infusion; none runs at {hold.time_h:g} h")
        for start_h, _, _ in segments:
            if hold.time_h < start_h < hold.end_h - 1e-9:
                raise ValueError(
                    f"{row.place}: the infusion is held from {hold.time_h:g} to {hold.end_h:g} h, but one starts at {start_h:g} h"
                )


def _bag_u_per_ml(row: Row) -> float | None:
    """Return the strength of the bag of a rate in mL/h, U/mL; ``None`` for a rate in another unit."""
    in_ml = ML_PER_H.fullmatch(row.text("unit").lower().replace(" ", ""))
    if in_ml is None:
        return None
    written = None if in_ml[1] is None else tables.number("unit", in_ml[1].replace(",", "."))
    column = None if row.is_missing("bag_u_per_ml") else row.number("bag_u_per_ml")
    if written is not None and column is not None and written != column:
        raise ValueError(f"the bag must have one strength; got {written:g} U/mL in unit and {column:g} in bag_u_per_ml")
    strength = written if written is not None else column
    if strength is None:
        raise ValueError(
            f"a rate in mL/h needs the strength of the bag: write 'mL/h of 100 U/mL', or add a column bag_u_per_ml; got "
            f"{row.text('value')} {row.text('unit')}"
        )
    return check_between("bag_u_per_ml", strength, *CONCENTRATION_U_PER_ML)


def _held_min(row: Row, minutes: float) -> float:
    """Return how long a hold is: to ``t_end_h``, or ``value`` minutes; raises ``ValueError`` where the two disagree."""
    if row.is_missing("value"):
        return minutes
    _check_unit(row, "min")
    if minutes and abs(minutes - row.number("value")) > 1.0:
        raise ValueError(f"a hold must have one length; got {row.text('value')} min, and {minutes:g} min to t_end_h")
    return row.number("value")


def _check_at_once(row: Row, minutes: float) -> None:
    if minutes:
        raise ValueError(f"{row.text('event')} has no end; got t_end_h {row.text('t_end_h')}")


def _course(course_id: str, events: list[Row], where: str, weight_kg: float | None) -> ICUCourse:
    """Return the course from the rows of its events; ``where`` is the file name for error messages."""
    weight_kg, flaws = _weight_kg(events, weight_kg)
    zero_h = _first_heparin_h(events)
    charted = _Charted(zero_h, weight_kg)
    if zero_h:
        flaws.append(f"heparin was given before 0 h: all times are counted from its first hour, {zero_h:g} h of the chart")
    for row in events:
        try:
            charted.read(row)
        except ValueError as error:
            raise ValueError(f"{row.place}: {error}") from None
    if weight_kg is None:
        raise ValueError(f"{where}: no weight was charted for {course_id}; give weight_kg (--weight on the command line)")
    if not charted.infusions and not any(isinstance(order, Bolus | Subcutaneous) for _, order in charted.orders):
        raise ValueError(f"{where}: no infusion and no bolus for {course_id}")
    infusions, orders, labs = charted.segments(), [order for _, order in charted.orders], charted.labs
    labs.sort(key=lambda lab: lab.drawn_h)
    baseline_s, more = _baseline([lab for lab in labs if lab.assay == "aptt_s"])
    flaws += more
    last_h = max([end_h for _, end_h, _ in infusions] + charted.ends_h)
    kept = tuple(lab for lab in labs if 0.0 <= lab.drawn_h <= last_h + AFTER_LAST_H)
    hours = max([last_h, *(lab.drawn_h for lab in kept)])
    if any(order.time_h >= hours for order in orders):  # what is given at the last moment must be seen to act
        hours = last_h + AFTER_LAST_H
    try:
        height_cm, age_y, sex = _told_once(events, "height_cm"), _told_once(events, "age_y"), _told_once(events, "sex")
        patient = Patient(
            weight_kg=round(float(weight_kg), 4), baseline_aptt_s=baseline_s, height_cm=height_cm, age_y=age_y, sex=sex
        )
        regimen = _regimen(infusions, orders)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    letter = {"female": "F", "male": "M"}.get(sex or "", "")
    return ICUCourse(
        course_id=course_id, patient=patient, regimen=regimen, labs=kept, hours=hours, sex=letter, flaws=tuple(flaws)
    )


def _first_heparin_h(events: list[Row]) -> float:
    """Return when heparin began, h, where that was before 0; else 0."""
    begins = [0.0]
    for row in events:
        if row.text("event").lower() in HEPARIN:
            try:
                begins.append(row.number("t_h"))
            except ValueError:  # it is named when the row is read
                continue
    return min(begins)


def _told_once(events: list[Row], name: str) -> Any:
    """Return what a column says about the patient; ``None``: nothing. Raises ``ValueError`` for two things that differ."""
    found: Any = None
    for row in events:
        if row.is_missing(name):
            continue
        try:
            here = word(name, row.cell(name), _SEXES) if name == "sex" else row.number(name)
            if found is not None and here != found:
                raise ValueError(f"{name} must be the same in every line; got {row.text(name)!r} after {found!r}")
        except ValueError as error:
            raise ValueError(f"{row.place}: {error}") from None
        found = here
    return found


def _weight_kg(events: list[Row], given_kg: float | None) -> tuple[float | None, list[str]]:
    """Return the weight that is given, else the first one charted, kg, and the flaw to report where it changes."""
    if given_kg is not None:
        return check_between("weight_kg", given_kg, 0.4, 400.0), []
    found: list[float] = []
    for row in events:
        if row.is_missing("weight_kg"):
            continue
        try:
            found.append(check_between("weight_kg", row.number("weight_kg"), 0.4, 400.0))
        except ValueError as error:
            raise ValueError(f"{row.place}: {error}") from None
    if not found:
        return None, []
    low, high = min(found), max(found)
    changes = f"the charted weight changes from {low:g} to {high:g} kg: the first one, {found[0]:g} kg, describes the patient"
    return found[0], [] if low == high else [changes]


def _check_unit(row: Row, *units: str) -> None:
    if unit_of(row.text("unit")) not in units:
        raise ValueError(f"unit of {row.text('event')} must be {' or '.join(units)}; got {row.text('unit')!r}")


def _baseline(labs: list[Lab]) -> tuple[float, list[str]]:
    """Return the last aPTT before heparin within ``CLEAN_BASELINE_S``, s, or 30 s and the flaw to report."""
    before = [lab for lab in labs if lab.drawn_h <= 0.0]
    low, high = CLEAN_BASELINE_S
    for lab in reversed(before):
        if not lab.above_ceiling and low <= lab.value <= high:
            return lab.value, []
    reason = f"before heparin stands {before[-1].in_words()}" if before else "no aPTT before heparin was charted"
    return 30.0, [f"{reason}; 30 s is taken as baseline"]


def _regimen(infusions: list[tuple[float, float, float]], others: list[Order]) -> Regimen:
    """Return charted segments as orders: a rate at each start, and a stop at each end that no segment follows at once."""
    orders: list[Order] = list(others)
    for index, (start_h, end_h, rate_u_per_h) in enumerate(infusions):
        orders.append(Infusion(time_h=start_h, rate_u_per_h=rate_u_per_h))
        follows = index + 1 < len(infusions) and infusions[index + 1][0] <= end_h + 1e-9
        if not follows:
            orders.append(Stop(time_h=end_h))
    return Regimen(tuple(sorted(orders, key=lambda order: order.time_h)))
