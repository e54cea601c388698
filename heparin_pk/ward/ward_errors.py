"""Ward errors: orders carried out late, not at all, or with the wrong size or weight; and faults with a name.

They stand between the controller and the pump. Without ``WardErrors`` every decision is carried out exactly and at once. On
real wards blood is drawn late, steps are missed, weights are guessed. Every error is a random number with its own address
(seed, stream, subject, time), so a ward makes the same errors with the same patients in every arm of a trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_text, floats, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.randomness import log_normal, standard_normals, uniforms
from heparin_pk.base.source import Source
from heparin_pk.base.streams import Stream
from heparin_pk.ward.controller import Decisions, Situations, VectorController
from heparin_pk.ward.faults import Check, Fault, Struck, checked_checks, checked_faults, sources_of
from heparin_pk.ward.orders import HOURS


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WardErrors:
    """The errors with which a ward carries out decisions; with every number 0 it makes none.

    ``name``: its name.
    ``late_draw_fraction``: share of draws that are late.
    ``late_by_h``: mean delay of a late draw, h (exponential, at most 12 h).
    ``change_delay_h``: delay between a result and the change at the pump, h.
    ``missed_step_fraction``: share of adjustments that are not made.
    ``wrong_step_fraction``: share of adjustments with a wrong change of rate.
    ``wrong_start_fraction``: share of infusions that start at a wrong rate.
    ``wrong_size_cv_fraction``: CV of the log-normal factor on a wrong change or a wrong first rate.
    ``omitted_bolus_fraction``: share of first boluses that are not given.
    ``weight_error_cv_fraction``: CV of the log-normal factor on the weight, drawn once a patient.
    ``sources``: the papers the numbers were read from.
    ``faults``: faults that are injected (:mod:`heparin_pk.ward.faults`), each kind at most once.
    ``checks``: the checks that the ward has bought, which catch some of the faults.

    Raises ``ValueError`` when a share lies outside [0, 1], a delay outside [0, 12] h, or missed and wrong steps exceed 1.
    """

    name: str = "as written"
    late_draw_fraction: float = 0.0
    late_by_h: float = 0.0
    change_delay_h: float = 0.0
    missed_step_fraction: float = 0.0
    wrong_step_fraction: float = 0.0
    wrong_start_fraction: float = 0.0
    wrong_size_cv_fraction: float = 0.0
    omitted_bolus_fraction: float = 0.0
    weight_error_cv_fraction: float = 0.0
    sources: tuple[Source, ...] = ()
    faults: tuple[Fault, ...] = ()
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        check_text("name", self.name)
        for field in fields(self):
            if field.name in ("name", "sources", "faults", "checks"):
                continue
            most = 12.0 if field.name.endswith("_h") else 1.0
            check_between(field.name, getattr(self, field.name), 0.0, most)
            floats(self, field.name)
        check_between(
            "missed_step_fraction + wrong_step_fraction", self.missed_step_fraction + self.wrong_step_fraction, 0.0, 1.0
        )
        check_is("sources", self.sources, (list, tuple), "a list of Source")
        for source in self.sources:
            check_is("sources", source, Source, "a Source")
        object.__setattr__(self, "faults", checked_faults(self.faults))
        object.__setattr__(self, "checks", checked_checks(self.checks))

    __repr__ = shown

    def weights_kg(self, true_kg: np.ndarray, seed: int, subjects: np.ndarray) -> np.ndarray:
        """Return the weights that the ward doses by, kg (m,): the true weights times each patient's weight error."""
        if self.weight_error_cv_fraction == 0.0:
            return true_kg
        return true_kg * log_normal(self.weight_error_cv_fraction, standard_normals(seed, Stream.GUESSED_WEIGHT, 0.0, subjects))

    @property
    def papers(self) -> tuple[Source, ...]:
        """The papers behind the errors, the faults and the checks."""
        return (*self.sources, *sources_of(self.faults, self.checks))

    def struck(self, seed: int, subjects: np.ndarray) -> Struck | None:
        """Return what strikes these patients (m,); ``None``: no fault can."""
        return Struck(self.faults, self.checks, seed, subjects) if self.faults else None

    def decide(
        self,
        controller: VectorController,
        seen: Situations,
        seed: int,
        subjects: np.ndarray,
        *,
        running_u_per_h: np.ndarray | None = None,
        ward_kg: np.ndarray | None = None,
    ) -> Decisions:
        """Return the decisions of the controller for many patients, as this ward carries them out.

        ``seen``: the situations, before the ward's weight error; ``subjects``: the numbers of the patients (m,).
        ``running_u_per_h`` (m,): the rates the pumps are set to, where a fault has made them others than the ward believes.
        ``ward_kg`` (m,): the weights that the ward doses by (:meth:`weights_kg`), where they are known already.
        """
        now, true_kg = seen.time_h, seen.weight_kg
        weight_kg, struck = self.weights_kg(true_kg, seed, subjects) if ward_kg is None else ward_kg, self.struck(seed, subjects)
        if struck is not None:
            weight_kg = struck.weight_kg(weight_kg, now)
        seen = replace(seen, weight_kg=weight_kg)
        ordered = controller.decide_many(seen)
        check_is("what a controller decides for many", ordered, Decisions, "a Decisions")
        ordered.check_arrays(len(now))
        is_start = seen.n_results == 0
        faulty_fraction = self.missed_step_fraction + self.wrong_step_fraction
        chance = self._uniforms(Stream.STEP, faulty_fraction, now, seed, subjects, ~is_start)
        missed = chance < self.missed_step_fraction
        wrong = ~missed & (chance < faulty_fraction)
        wrong_start = self._uniforms(Stream.START, self.wrong_start_fraction, now, seed, subjects, is_start)
        wrong_start = wrong_start < self.wrong_start_fraction
        rate = ordered.rate_u_per_h
        if len(of_wrong_size := np.flatnonzero(wrong | wrong_start)):
            rate = self._wrong_rates_u_per_h(rate, seen, is_start, of_wrong_size, seed, subjects)
        chance = self._uniforms(Stream.FIRST_BOLUS, self.omitted_bolus_fraction, now, seed, subjects, is_start)
        no_bolus = chance < self.omitted_bolus_fraction
        late_h = np.where(is_start, now, now + self.change_delay_h) - now
        at_h = (now if ordered.at_h is None else ordered.at_h) + late_h
        # A delay may lead beyond the longest run, at whose end nothing is given; what was ordered for no time is refused later.
        at_h = (
            np.minimum(at_h, HOURS[1]) if ordered.at_h is None else np.where(np.isfinite(at_h), np.minimum(at_h, HOURS[1]), at_h)
        )
        made = Decisions(
            bolus_u=np.where(missed | no_bolus, 0.0, ordered.bolus_u),
            bolus_over_min=ordered.bolus_over_min,
            hold_min=np.where(missed, 0.0, ordered.hold_min),
            rate_u_per_h=np.where(missed, np.nan, rate),
            next_draw_h=ordered.next_draw_h + late_h + self._draw_delays_h(now, seed, subjects),
            at_h=at_h,
            pause_until_below=None if ordered.pause_until_below is None else np.where(missed, np.nan, ordered.pause_until_below),
            resume=None if ordered.resume is None else ordered.resume & ~missed,
            notify=None if ordered.notify is None else ordered.notify & ~missed,
        )
        if struck is None:
            return made
        return struck.carried_out(made, seen, seen.rate_u_per_h if running_u_per_h is None else running_u_per_h, true_kg)

    @staticmethod
    def _uniforms(
        stream: Stream, fraction: float, now: np.ndarray, seed: int, subjects: np.ndarray, where: np.ndarray
    ) -> np.ndarray:
        """Return uniform random numbers (m,), infinity where ``where`` does not hold: nothing happens there.

        With a fraction of 0 or 1 every number decides alike, and none is drawn.
        """
        is_random = 0.0 < fraction < 1.0
        if where.all():
            return uniforms(seed, stream, now, subjects) if is_random else np.full(len(subjects), 0.5)
        found, drawn = np.full(len(subjects), np.inf), np.flatnonzero(where)
        if len(drawn):
            found[drawn] = uniforms(seed, stream, now[drawn], subjects[drawn]) if is_random else 0.5
        return found

    def _wrong_rates_u_per_h(
        self, ordered: np.ndarray, seen: Situations, is_start: np.ndarray, where: np.ndarray, seed: int, subjects: np.ndarray
    ) -> np.ndarray:
        """Return the rates (m,), wrong for the patients at these indices: a wrong first rate, or a wrong change of rate."""
        rate, new, old = ordered.copy(), ordered[where], seen.rate_u_per_h[where]
        factor: Any = 1.0
        if self.wrong_size_cv_fraction > 0.0:
            z = standard_normals(seed, Stream.WRONG_SIZE, seen.time_h[where], subjects[where])
            factor = log_normal(self.wrong_size_cv_fraction, z)
        rate[where] = np.where(is_start[where], new * factor, np.maximum(0.0, old + (new - old) * factor))
        return rate

    def _draw_delays_h(self, now: np.ndarray, seed: int, subjects: np.ndarray) -> np.ndarray:
        """Return the delay of the draw ordered now, h (m,), rounded to the minute; 0 where it is not late."""
        if self.late_draw_fraction == 0.0 or self.late_by_h == 0.0:
            return np.zeros(len(subjects))
        every = np.ones(len(subjects), dtype=bool)
        chance = self._uniforms(Stream.LATE_DRAW, self.late_draw_fraction, now, seed, subjects, every)
        late, delays_h = np.flatnonzero(chance < self.late_draw_fraction), np.zeros(len(subjects))
        hours = -self.late_by_h * each(math.log, uniforms(seed, Stream.LATE_BY, now[late], subjects[late]))
        delays_h[late] = np.round(np.minimum(12.0, hours) * 60.0) / 60.0
        return delays_h
