"""What one fault does to one course, what would have caught it, and what the checks cost in minutes.

The same patient is treated twice with the same random numbers: without and with the fault. A learner buys checks; how probably
the fault gets past all of them is the product of what each lets pass (that they fail independently is assumed, and is the best
case).
For teaching and study, not for the care of patients.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heparin_pk.base.checks import check_between, check_is, check_one_of, shown
from heparin_pk.base.records import to_plain
from heparin_pk.base.source import Value
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.exposure import Exposure, exposure, level_in_words
from heparin_pk.simulation.simulate import titrate
from heparin_pk.ward import faults
from heparin_pk.ward.controller import VectorController
from heparin_pk.ward.faults import CHECKS, KINDS, Check, Fault
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.ward_errors import WardErrors


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scene:
    """A course in which a fault shows: who is treated, by which table, and when the fault strikes.

    ``patient``: the patient.
    ``table``: the name of the table.
    ``until_h``: the fault strikes up to then, h.
    ``size``: its size; ``None``: the kind's own.
    ``seed``: the seed of the course.
    """

    patient: Patient
    table: str = "raschke-1993"
    until_h: float | None = None
    size: float | None = None
    seed: int = 3

    __repr__ = shown


_USUAL = Patient(weight_kg=80.0)
_SLOW = Patient(weight_kg=70.0, factors=(("bmax_u", 0.55),))  # vessel walls take up little: heparin stays, and the table holds it
_FAST = Patient(weight_kg=80.0, factors=(("bmax_u", 1.3),))  # they take up much: the aPTT runs at the lower limit
SCENES = {
    "tenfold": Scene(patient=_USUAL, until_h=0.0),
    "pounds-for-kilograms": Scene(patient=_USUAL),
    "units-as-ml": Scene(patient=_USUAL, until_h=0.0),
    "wrong-bag": Scene(patient=_USUAL),
    "missed-hold": Scene(patient=_SLOW, seed=1),
    "guessed-weight": Scene(patient=Patient(weight_kg=120.0), size=0.35),
    "line-blood": Scene(patient=_USUAL, until_h=10.0),
    "late-draw": Scene(patient=_SLOW, seed=1, until_h=0.0, size=6.0),
    "clotted-tube": Scene(patient=_SLOW, seed=1, until_h=6.5),
    "wrong-blood": Scene(patient=_USUAL, until_h=10.0),
    "doac-yesterday": Scene(patient=_USUAL, table="michigan-vte-anti-xa"),
    "new-lot": Scene(patient=_FAST),
}
"""By kind of fault, the course in which it is shown unless another is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Consequence:
    """One course without and with a fault.

    ``fault``: the fault, which strikes for certain.
    ``without``, ``struck``: the two courses.
    ``entered_h``: the moment from which they differ, h; ``None``: they never do.
    """

    fault: Fault
    without: Course
    struck: Course
    entered_h: float | None

    __repr__ = shown

    @property
    def exposures(self) -> tuple[Exposure, Exposure]:
        """The exposures without and with the fault."""
        return exposure(self.without), exposure(self.struck)

    @property
    def chances(self) -> dict[str, Value]:
        """How surely each check catches it, by the name of the check; those that look elsewhere are left out."""
        found = {name: check.chance_of(self.fault.kind) for name, check in CHECKS.items()}
        return {name: chance for name, chance in found.items() if chance is not None}

    def in_words(self) -> str:
        """Return the fault, what it did, and the checks that look for it."""
        kind = self.fault.of
        lines = [f"{kind.name} ({kind.place}): {kind.what}", f"  {kind.then}"]
        size = f"  size here: {self.fault.size:.3g} {kind.unit}"
        own = "" if self.fault.size != kind.size.value else f" ({kind.size.source.confidence}: {kind.size.source.where})"
        lines += [size + own, f"  how often: {kind.chance.value:.2%} ({kind.chance.source.where})", ""]
        when = "the two courses do not differ" if self.entered_h is None else f"the courses differ from {self.entered_h:g} h on"
        table = self.struck.controller
        lines += [f"one patient of {self.struck.patient.weight_kg:g} kg under {table}, {self.struck.hours:g} h: {when}"]
        first, second = self.exposures
        lines += [f"  {'':<24}{'without':>18}{'with':>18}   ({first.target.in_words()})"]
        given = [f"{metrics.heparin_given_u(course):,.0f} U" for course in (self.without, self.struck)]
        rows = [*_compared(first, second), ("heparin given", *given)]
        lines += [f"  {label:<24}{one:>18}{other:>18}" for label, one, other in rows]
        lines += ["", "checks that look for it:"]
        lines += [
            f"  {name}: catches {chance.value:.0%} ({chance.source.confidence}: {chance.source.where}); "
            f"{CHECKS[name].minutes.value:g} min per {CHECKS[name].per}"
            for name, chance in self.chances.items()
        ]
        return "\n".join(lines)

    def to_plain(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        first, second = self.exposures
        return {
            "kind": to_plain(self.fault.of),
            "fault": to_plain(self.fault),
            "entered_h": self.entered_h,
            "without": to_plain(first),
            "with": to_plain(second),
            "heparin_given_u": [metrics.heparin_given_u(course) for course in (self.without, self.struck)],
            "checks": {name: to_plain(chance) for name, chance in self.chances.items()},
        }


def _compared(first: Exposure, second: Exposure) -> list[tuple[str, str, str]]:
    """Return the rows of a comparison: label, without, with."""

    def hours(value: float | None) -> str:
        return "never" if value is None else f"{value:.1f} h"

    target = first.target
    return [
        ("above the range", hours(first.above_h), hours(second.above_h)),
        ("below the range", hours(first.below_h), hours(second.below_h)),
        ("first in range", hours(first.first_in_range_h), hours(second.first_in_range_h)),
        ("highest level", level_in_words(target, first.peak_level), level_in_words(target, second.peak_level)),
        ("highest concentration", f"{first.peak_u_per_ml:.2f} U/mL", f"{second.peak_u_per_ml:.2f} U/mL"),
    ]


def consequence(
    kind: str,
    *,
    patient: Patient | None = None,
    table: VectorController | None = None,
    drug: Drug = UFH_DEFAULT,
    laboratory: Laboratory | None = None,
    size: float | None = None,
    until_h: float | None = None,
    hours: float = 48.0,
    seed: int | None = None,
    ward_errors: WardErrors | None = None,
) -> Consequence:
    """Return one course without and with a fault that strikes for certain; what is left out comes from ``SCENES``.

    ``kind``: one of ``heparin_pk.faults.KINDS``.
    ``patient``, ``table``, ``drug``, ``laboratory``, ``hours``, ``seed``: as in :func:`heparin_pk.titrate`.
    ``size``: how large the fault is, in the unit of its kind.
    ``until_h``: the fault strikes up to then, h.
    ``ward_errors``: the ward around it; ``None``: one that does everything else as written.

    Raises ``ValueError`` for an unknown kind and where the fault or the course is refused.
    """
    check_one_of("kind", kind, KINDS)
    scene, around = SCENES[kind], ward_errors if ward_errors is not None else WardErrors()
    check_is("ward_errors", around, WardErrors, "a WardErrors or None")
    given = scene.until_h if until_h is None else until_h
    fault = Fault(kind=kind, chance_fraction=1.0, size=scene.size if size is None else size, until_h=given)
    controller = table if table is not None else Nomogram.load(scene.table)
    others = tuple(one for one in around.faults if one.kind != kind)
    without, struck = (
        _lived(
            patient if patient is not None else scene.patient,
            drug,
            controller,
            laboratory,
            hours,
            scene.seed if seed is None else seed,
            _replaced(around, injected),
        )
        for injected in (others, (*others, fault))
    )
    return Consequence(fault=fault, without=without, struck=struck, entered_h=_entered_h(without, struck))


def _replaced(around: WardErrors, injected: tuple[Fault, ...]) -> WardErrors:
    known = {name: getattr(around, name) for name in WardErrors.__dataclass_fields__}
    return WardErrors(**known | {"faults": injected, "checks": ()})


def _lived(
    patient: Patient,
    drug: Drug,
    table: VectorController,
    laboratory: Laboratory | None,
    hours: float,
    seed: int,
    errors: WardErrors,
) -> Course:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)  # a tenfold rate was never studied: course.outside says so
        return titrate(patient, drug, table, hours=hours, laboratory=laboratory, seed=seed, ward_errors=errors)


def _entered_h(without: Course, struck: Course) -> float | None:
    """Return the first moment at which a result or an order of the two courses differs, h; ``None``: none does."""
    moments = []
    pairs = (
        (
            [(lab.drawn_h, lab) for lab in without.labs],
            [(lab.drawn_h, lab) for lab in struck.labs],
        ),
        (
            [(order.time_h, order) for order in without.regimen.orders],
            [(order.time_h, order) for order in struck.regimen.orders],
        ),
    )
    for one, other in pairs:
        shorter = min(len(one), len(other))
        place = next((i for i in range(shorter) if one[i] != other[i]), shorter)
        moments += [rows[place][0] for rows in (one, other) if place < len(rows)]
    return min(moments, default=None)


# Buying checks


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bought:
    """Checks that were bought: what gets past them, and what they cost.

    ``checks``: the checks.
    ``past_fraction``: by kind of fault, how probably it gets past all of them.
    ``minutes``: staff time for one patient, min.
    ``assumed``: the checks with a chance or a cost that is assumed.
    """

    checks: tuple[Check, ...]
    past_fraction: dict[str, float]
    minutes: float
    assumed: tuple[str, ...]

    __repr__ = shown

    def in_words(self) -> str:
        """Return the cost, and what gets past."""
        names = ", ".join(check.name for check in self.checks) or "none"
        lines = [f"checks: {names}", f"staff time: {self.minutes:.0f} min for one patient", "gets past all of them:"]
        lines += [f"  {kind:<22}{share:>6.0%}   ({KINDS[kind].place})" for kind, share in self.past_fraction.items()]
        if self.assumed:
            lines.append(f"a chance or the minutes are assumed of: {', '.join(self.assumed)}")
        return "\n".join(lines)

    def to_plain(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "checks": [to_plain(check) for check in self.checks],
            "past_fraction": dict(self.past_fraction),
            "minutes": self.minutes,
            "assumed": list(self.assumed),
        }


def buy(names: Sequence[str | Check], *, course: Course | None = None, most_minutes: float | None = None) -> Bought:
    """Return what these checks let pass, and what they cost one patient.

    ``names``: names from ``heparin_pk.faults.CHECKS``, or checks of your own.
    ``course``: its rates and draws are counted; ``None``: five rates and five draws (about 36 hours of a table).
    ``most_minutes``: the budget, min (0 to 100,000); ``None``: no budget.

    Raises ``ValueError`` for an unknown check, one that is named twice, and checks that cost more than the budget.

    >>> bought = buy(["independent double check", "smart-pump limits"])
    >>> bought.minutes, round(bought.past_fraction["tenfold"], 3)
    (27.5, 0.179)
    """
    check_is("names", names, (list, tuple), "a list of names or of Check")
    checks = faults.checked_checks([one if isinstance(one, Check) else faults.named([one])[0] for one in names])
    check_is("course", course, (Course, type(None)), "a Course or None")
    n_rates, n_draws = (5, 5) if course is None else (metrics.adjustments(course) + 1, len(course.labs))
    minutes = faults.minutes_of(checks, n_rates=n_rates, n_draws=n_draws)
    if most_minutes is not None and minutes > check_between("most_minutes", most_minutes, 0.0, 1e5):
        raise ValueError(f"checks must cost at most {most_minutes:g} min together; got {minutes:g} min")
    past = {
        kind: math.prod(1.0 - chance.value for check in checks if (chance := check.chance_of(kind)) is not None) for kind in KINDS
    }
    assumed = [
        check.name
        for check in checks
        if "assumed" in {check.minutes.source.confidence, *(catch.chance.source.confidence for catch in check.catches)}
    ]
    return Bought(checks=checks, past_fraction=past, minutes=minutes, assumed=tuple(assumed))


def checks_in_words() -> str:
    """Return every check: what is done, what it catches how surely, and its minutes."""
    lines = []
    for check in CHECKS.values():
        lines.append(
            f"{check.name}: {check.what} ({check.minutes.value:g} min per {check.per}, {check.minutes.source.confidence})"
        )
        lines += [
            f"  {catch.kind:<22}{catch.chance.value:>5.0%}  {catch.chance.source.confidence}: {catch.chance.source.where}"
            for catch in check.catches
        ]
    return "\n".join(lines)


def faults_in_words() -> str:
    """Return every kind of fault, by place."""
    return "\n".join(
        f"{kind.place:<9}{kind.name:<22}{kind.what} ({kind.chance.value:.2%} of {'patients' if kind.once else 'occasions'}, "
        f"{kind.chance.source.confidence})"
        for kind in KINDS.values()
    )
