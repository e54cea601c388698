"""Charted courses: fifteen heparin infusions from intensive care, as charted, and a reader of your own CSV files.

The data are derived from the MIMIC-III Clinical Database Demo v1.4 (PhysioNet, doi:10.13026/C2HM2Q) and are published under the
Open Database License 1.0; the licence file is in the same folder. Real charts have gaps: boluses that were not charted, weights
from another day, infusions that began before the first entry. ``flaws`` lists the known flaws of each course.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from heparin_pk.base.checks import check_between, shown
from heparin_pk.base.files import read_text
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.blood.response import Reagent
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate
from heparin_pk.ward.orders import Bolus, Infusion, Order, Regimen, Stop

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
_OTHER_EVENTS = ("creatinine", "hemoglobin", "inr", "platelets")
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
    ``labs``: aPTT results from 0 h to 6 h after the last heparin, in order of time.
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
            f"  {self.hours:.4g} h of charted heparin, {len(self.labs)} aPTT from its start on, "
            f"baseline aPTT {self.patient.baseline_aptt_s:.4g} s",
        ]
        return "\n".join([*lines, *(f"  beware: {flaw}" for flaw in self.flaws)])


def replay(course: ICUCourse, drug: Drug, *, reagent: Reagent | None = None, engine: str = "stepper") -> Course:
    """Return the course that a model predicts for the typical patient of this description under the charted orders."""
    return simulate(course.patient, drug, course.regimen, hours=course.hours, reagent=reagent, engine=engine)


def icu_course_ids() -> tuple[str, ...]:
    """Return the names of the courses that come with the package."""
    return tuple(row["course_id"] for row in _package_rows("courses.csv"))


def load_icu_course(course_id: str, *, weight_kg: float | None = None) -> ICUCourse:
    """Return one charted course of the package by name (``"M3D-001"``).

    ``weight_kg``: replaces the charted weight; needed where none was charted.

    Raises ``ValueError`` for an unknown name, and lists the known ones.
    """
    rows = {row["course_id"]: row for row in _package_rows("courses.csv")}
    if course_id not in rows:
        raise ValueError(f"no course {course_id!r}; there are {', '.join(rows)}")
    row = rows[course_id]
    events = [(line, event) for line, event in _numbered("events.csv") if event["course_id"] == course_id]
    course = _course(course_id, events, "events.csv", weight_kg)
    flaws = list(course.flaws)
    if row["system"] == "CV":
        flaws.append("boluses were not charted in this system (CareVue)")
    if row["start_censored"] == "True":
        flaws.append("the infusion began before the chart does: heparin on board at 0 h is unknown")
    if row["end_censored"] == "True":
        flaws.append("the chart ends before the infusion does")
    if course_id in _KNOWN_FLAWS:
        flaws.append(_KNOWN_FLAWS[course_id])
    return replace(
        course,
        patient=replace(course.patient, age_y=float(row["age_y"])),
        sex=row["sex"],
        diagnosis=row["diagnosis"],
        flaws=tuple(flaws),
    )


def read_icu_csv(file: str | Path, *, course_id: str | None = None, weight_kg: float | None = None) -> ICUCourse:
    """Return a course from your own CSV file, one event a line.

    Columns:

    ``t_h``: time of the event, h; heparin starts at 0.
    ``t_end_h``: end of an infusion, h; not used for other events.
    ``event``: ``infusion``, ``bolus``, or ``ptt`` (or ``aptt``); other events are skipped; ``flaws`` lists unknown ones.
    ``value``: rate, dose or result.
    ``unit``: U/h for an infusion, U for a bolus, s for an aPTT.
    ``weight_kg``: body weight, kg, of which the last is used; may be absent when the parameter ``weight_kg`` is given.
    ``note``: optional; an aPTT noted ``censored``, or of 150 s and more, is read as "> 150 s".
    ``course_id``: optional; needed in a file of several courses, of which the parameter ``course_id`` selects one.

    Raises ``ValueError`` that names the file and the line.
    """
    rows = csv.DictReader(io.StringIO(read_text(file)))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or [])]
    if missing:
        raise ValueError(f"{file}, line 1: missing column {', '.join(missing)}; needed are {', '.join(_COLUMNS)}")
    events = [(rows.line_num, row) for row in rows]
    inside = list(dict.fromkeys(row["course_id"] for _, row in events)) if "course_id" in (rows.fieldnames or []) else []
    if course_id is None and len(inside) > 1:
        raise ValueError(f"{file}: holds {len(inside)} courses; say which: {', '.join(inside)}")
    if course_id is not None and course_id not in inside:
        raise ValueError(f"{file}: no course {course_id!r}; there are {', '.join(inside) or 'none with a name'}")
    name = course_id or (inside[0] if inside else Path(file).stem)
    return _course(name, [(line, row) for line, row in events if not inside or row["course_id"] == name], str(file), weight_kg)


def _package_rows(name: str) -> list[dict[str, str]]:
    return [row for _, row in _numbered(name)]


def _numbered(name: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a data file of the package with their line numbers."""
    text = (resources.files("heparin_pk.evidence") / "data" / "icu" / name).read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return [(rows.line_num, row) for row in rows]


def _number(row: dict[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number; got {row.get(name)!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite; got {row[name]!r}")
    return value


def _course(course_id: str, events: list[tuple[int, dict[str, str]]], where: str, weight_kg: float | None) -> ICUCourse:
    """Return the course from numbered event rows; ``where`` is the file name for error messages."""
    if weight_kg is not None:
        weight_kg = check_between("weight_kg", weight_kg, 0.4, 400.0)
    infusions: list[tuple[float, float, float]] = []
    boluses: list[Order] = []
    labs: list[Lab] = []
    weights: list[float] = []
    skipped: dict[str, int] = {}
    for line, row in events:
        try:
            if row.get("weight_kg"):
                weights.append(_number(row, "weight_kg"))
            match (row["event"] or "").strip().lower():
                case "infusion":
                    _check_unit(row, "U/h")
                    start_h, end_h = _number(row, "t_h"), _number(row, "t_end_h")
                    if not 0.0 <= start_h < end_h:
                        raise ValueError(f"an infusion needs 0 <= t_h < t_end_h; got {start_h:g} and {end_h:g}")
                    if infusions and start_h < infusions[-1][0]:
                        raise ValueError(f"infusions must stand in the order of time; this one starts at {start_h:g} h")
                    if infusions and start_h < infusions[-1][1] - 1e-9:
                        raise ValueError(
                            f"infusions overlap: this one starts at {start_h:g} h, the last ends at {infusions[-1][1]:g} h"
                        )
                    Infusion(time_h=start_h, rate_u_per_h=_number(row, "value"))
                    infusions.append((start_h, end_h, _number(row, "value")))
                case "bolus":
                    _check_unit(row, "U")
                    boluses.append(Bolus(time_h=_number(row, "t_h"), dose_u=_number(row, "value")))
                case "ptt" | "aptt":
                    _check_unit(row, "s")
                    value, drawn_h = _number(row, "value"), _number(row, "t_h")
                    censored = "censored" in (row.get("note") or "") or value >= ASSAYS["aptt_s"].ceiling
                    labs.append(Lab(drawn_h=drawn_h, reported_h=drawn_h, assay="aptt_s", value=value, above_ceiling=censored))
                case other if other not in _OTHER_EVENTS:
                    skipped[other] = skipped.get(other, 0) + 1
        except ValueError as error:
            raise ValueError(f"{where}, line {line}: {error}") from None
    weight_kg = weight_kg if weight_kg is not None else (weights[-1] if weights else None)
    if weight_kg is None:
        raise ValueError(f"{where}: no weight was charted for {course_id}; give weight_kg (--weight on the command line)")
    if not infusions and not boluses:
        raise ValueError(f"{where}: no infusion and no bolus for {course_id}")
    labs.sort(key=lambda lab: lab.drawn_h)
    baseline_s, flaws = _baseline(labs)
    flaws += [f"{lines} lines of an unknown event {event!r} were skipped" for event, lines in skipped.items()]
    last_h = max([end_h for _, end_h, _ in infusions] + [bolus.time_h for bolus in boluses])
    kept = tuple(lab for lab in labs if 0.0 <= lab.drawn_h <= last_h + 6.0)
    try:
        patient = Patient(weight_kg=round(float(weight_kg), 4), baseline_aptt_s=baseline_s)
        regimen = _regimen(infusions, boluses)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return ICUCourse(
        course_id=course_id,
        patient=patient,
        regimen=regimen,
        labs=kept,
        hours=max([last_h, *(lab.drawn_h for lab in kept)]),
        flaws=tuple(flaws),
    )


def _check_unit(row: dict[str, str], unit: str) -> None:
    if row["unit"] != unit:
        raise ValueError(f"unit of {row['event']} must be {unit}; got {row['unit']!r}")


def _baseline(labs: list[Lab]) -> tuple[float, list[str]]:
    """Return the last aPTT before heparin within ``CLEAN_BASELINE_S``, s, or 30 s and the flaw to report."""
    before = [lab for lab in labs if lab.drawn_h <= 0.0]
    low, high = CLEAN_BASELINE_S
    for lab in reversed(before):
        if not lab.above_ceiling and low <= lab.value <= high:
            return lab.value, []
    reason = f"before heparin stands {before[-1].in_words()}" if before else "no aPTT before heparin was charted"
    return 30.0, [f"{reason}; 30 s is taken as baseline"]


def _regimen(infusions: list[tuple[float, float, float]], boluses: list[Order]) -> Regimen:
    """Return charted segments as orders: a rate at each start, and a stop at each end that no segment follows at once."""
    orders: list[Order] = list(boluses)
    for index, (start_h, end_h, rate_u_per_h) in enumerate(infusions):
        orders.append(Infusion(time_h=start_h, rate_u_per_h=rate_u_per_h))
        follows = index + 1 < len(infusions) and infusions[index + 1][0] <= end_h + 1e-9
        if not follows:
            orders.append(Stop(time_h=end_h))
    return Regimen(tuple(sorted(orders, key=lambda order: order.time_h)))
