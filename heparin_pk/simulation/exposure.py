"""Exposure: how long and how far the true level of a course lay above and below a range, and when it first was in range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between, check_is, shown
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course

FIRST_DAY_H = 24.0
_LONGEST_H, _MOST = 24.0 * 366.0, 1e12
"""Limits of what an exposure can hold."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Exposure:
    """What a patient was exposed to; the true level, which only a simulator knows, and what the ward could know of it.

    ``target``: the range it is held against.
    ``hours``: length of the course, h.
    ``above_h``, ``below_h``: time above and below the range, h, exact (:func:`heparin_pk.simulation.metrics.hours_between`).
    ``area_above_h``, ``area_below_h``: how far times how long, unit of the assay times h
    (:func:`heparin_pk.simulation.metrics.areas_outside`).
    ``below_on_first_day_h``: time below the range in the first 24 h, h.
    ``peak_level``: the highest level of the assay at the moments that are kept, every five minutes and at every order.
    ``peak_u_per_ml``: the highest concentration, U/mL.
    ``first_in_range_h``: when the true level first was in range for five minutes at least, h; ``None``: never.
    ``first_result_not_below_h``: when blood was first drawn whose result was in range or above, h; ``None``: never.
    ``first_result_in_range_h``: when blood was first drawn whose result was in range, h; ``None``: never.

    Raises ``ValueError`` for another range, and for a number that is negative, is none, or lasts more than a year.
    """

    target: TherapeuticRange
    hours: float
    above_h: float
    below_h: float
    area_above_h: float
    area_below_h: float
    below_on_first_day_h: float
    peak_level: float
    peak_u_per_ml: float
    first_in_range_h: float | None
    first_result_not_below_h: float | None
    first_result_in_range_h: float | None

    def __post_init__(self) -> None:
        check_is("target", self.target, TherapeuticRange, "a TherapeuticRange")
        found = {"hours": check_between("hours", self.hours, 0.0, _LONGEST_H)}
        for name in ("above_h", "below_h", "below_on_first_day_h"):
            found[name] = check_between(name, getattr(self, name), 0.0, _LONGEST_H)
        for name in ("area_above_h", "area_below_h", "peak_level", "peak_u_per_ml"):
            found[name] = check_between(name, getattr(self, name), 0.0, _MOST)
        for name in ("first_in_range_h", "first_result_not_below_h", "first_result_in_range_h"):
            if getattr(self, name) is not None:
                found[name] = check_between(name, getattr(self, name), 0.0, _LONGEST_H)
        for name, value in found.items():
            object.__setattr__(self, name, value)

    __repr__ = shown

    @property
    def inside_h(self) -> float:
        """Time in range, h."""
        return max(0.0, self.hours - self.above_h - self.below_h)


def exposure(course: Course, target: TherapeuticRange | None = None) -> Exposure:
    """Return the exposure of a course; ``target``: the range, ``None``: the one the controller aimed at.

    Raises ``ValueError`` where neither is known, and for an assay the course cannot be read in.
    """
    check_is("course", course, Course, "a Course")
    check_is("target", target, (TherapeuticRange, type(None)), "a TherapeuticRange or None")
    target = target if target is not None else course.target
    if target is None:
        raise ValueError("target is needed: the controller of this course aimed at no range; got None")
    if target.assay not in course.assays:
        raise ValueError(
            f"target must be in one of {', '.join(course.assays)}, which this course can be read in; got {target.assay}"
        )
    below, above = metrics.areas_outside(course, target)
    threshold = [lab for lab in course.labs if lab.assay == target.assay and (lab.above_ceiling or lab.value >= target.low)]
    return Exposure(
        target=target,
        hours=course.hours,
        above_h=metrics.hours_between(course, target.assay, target.high, np.inf),
        below_h=metrics.hours_between(course, target.assay, -np.inf, target.low),
        area_above_h=above,
        area_below_h=below,
        below_on_first_day_h=metrics.hours_between(
            course, target.assay, -np.inf, target.low, end_h=min(FIRST_DAY_H, course.hours)
        ),
        peak_level=float(course.level(target.assay).max()),
        peak_u_per_ml=metrics.peak_u_per_ml(course),
        first_in_range_h=metrics.time_to_therapeutic_h(course, target),
        first_result_not_below_h=threshold[0].drawn_h if threshold else None,
        first_result_in_range_h=metrics.time_to_therapeutic_result_h(course, target),
    )


def level_in_words(target: TherapeuticRange, level: float) -> str:
    """Return a true level as a laboratory would print it: "63 s", "> 150 s"."""
    assay = ASSAYS[target.assay]
    return assay.in_words(min(level, assay.ceiling), level > assay.ceiling)
