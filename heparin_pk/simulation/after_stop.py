"""Time passes here after the end of an infusion: when the blood is normal again, and what protamine does until then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, shown
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate
from heparin_pk.ward.orders import Bolus, Infusion, Order, Protamine, Regimen, Stop

WATCHED_H = 12.0
"""How long a course is followed after the stop, h."""
GONE = {
    "anti_xa_u_per_ml": ("anti-Xa below 0.1 U/mL", 0.1),
    "aptt_ratio": ("aPTT below 1.2 times the patient's own baseline", 1.2),
}
"""What "normal again" means here, by assay: the name and the threshold. Both are assumed; no source names one for heparin."""


def normal_again_h(course: Course, stop_h: float, assay: str = "anti_xa_u_per_ml") -> float | None:
    """Return how long after ``stop_h`` the true level is normal again and stays so, h (``None``: not within the course).

    ``assay``: a key of ``GONE``. The anti-Xa is heparin in plasma as the assay finds it; the aPTT is compared with the patient's
    own baseline. Raises ``ValueError`` for another assay and a stop outside the course.
    """
    check_is("course", course, Course, "a Course")
    check_between("stop_h", stop_h, 0.0, course.hours)
    check_one_of("assay", assay, GONE)
    if assay == "anti_xa_u_per_ml":
        level = course.level("anti_xa_u_per_ml")
    else:
        level = course.level("aptt_s") / course.patient.baseline_aptt_s
    threshold = GONE[assay][1]
    above = np.flatnonzero((level >= threshold) & (course.time_h >= stop_h))
    if not len(above):
        return 0.0
    last = int(above[-1])
    if last == len(level) - 1:
        return None
    share = (level[last] - threshold) / (level[last] - level[last + 1])
    return float(course.time_h[last] + share * (course.time_h[last + 1] - course.time_h[last]) - stop_h)


def infusion_then_stop(
    patient: Patient,
    drug: Drug,
    *,
    rate_u_per_kg_per_h: float = 18.0,
    bolus_u_per_kg: float = 80.0,
    hours: float = 24.0,
    protamine_mg: float = 0.0,
    protamine_after_min: float = 0.0,
) -> Course:
    """Return the course of an infusion that is stopped, followed for twelve hours more; protamine over 10 min where it is given.

    ``hours``: how long the infusion runs, h (1 to 240).
    ``protamine_mg``: 0 to 50 mg, the most in 10 minutes.
    ``protamine_after_min``: minutes between the stop and protamine (0 to 600).
    """
    check_between("hours", hours, 1.0, 240.0)
    check_between("protamine_mg", protamine_mg, 0.0, 50.0)
    check_between("protamine_after_min", protamine_after_min, 0.0, 600.0)
    orders: list[Order] = [Infusion(time_h=0.0, rate_u_per_kg_per_h=rate_u_per_kg_per_h), Stop(time_h=hours)]
    if bolus_u_per_kg:
        orders.insert(0, Bolus(time_h=0.0, dose_u_per_kg=bolus_u_per_kg))
    if protamine_mg:
        orders.append(Protamine(time_h=hours + protamine_after_min / 60.0, dose_mg=protamine_mg))
    return simulate(patient, drug, Regimen(tuple(orders)), hours=hours + WATCHED_H)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Neutralised:
    """What a dose of protamine did.

    ``before_u_per_ml``: heparin just before it, U/mL.
    ``lowest_u_per_ml``: the lowest level within an hour of its start, U/mL.
    ``rebound_u_per_ml``: the highest level after the lowest one, U/mL; no higher than the lowest without rebound.
    ``rebound_after_h``: when that is, h after the start of protamine; 0 without rebound.
    """

    before_u_per_ml: float
    lowest_u_per_ml: float
    rebound_u_per_ml: float
    rebound_after_h: float

    __repr__ = shown


def neutralised(course: Course) -> Neutralised:
    """Return what the first protamine of a course did; raises ``ValueError`` for a course without protamine.

    Rebound is heparin that comes back from tissue when protamine is gone: a model without a second compartment has none.
    """
    given = [order for order in course.regimen.orders if isinstance(order, Protamine)]
    if not given:
        raise ValueError("course must hold protamine; got none")
    start_h = given[0].time_h
    level = course.concentration_u_per_ml
    near = np.flatnonzero((course.time_h >= start_h) & (course.time_h <= start_h + max(1.0, given[0].over_min / 60.0 + 0.5)))
    low = int(near[np.argmin(level[near])])
    top = low + int(np.argmax(level[low:]))
    return Neutralised(
        before_u_per_ml=course.concentration_at_u_per_ml(start_h),
        lowest_u_per_ml=float(level[low]),
        rebound_u_per_ml=float(level[top]),
        rebound_after_h=float(course.time_h[top] - start_h) if top > low else 0.0,
    )


def left_in_plasma_u(course: Course, time_h: float) -> float:
    """Return the heparin in plasma at one moment, U: what protamine would have to neutralise then."""
    return course.concentration_at_u_per_ml(time_h) * course.drug_volume_ml


def after_bolus(patient: Patient, drug: Drug, dose_u_per_kg: float, *, hours: float = 4.0) -> Course:
    """Return the course of one bolus, U/kg."""
    return simulate(patient, drug, Regimen((Bolus(time_h=0.0, dose_u_per_kg=dose_u_per_kg),)), hours=hours)
