"""How orders are carried out: late, not at all, by the wrong weight. A layer of its own between whoever decides and the pump.

An ideal ward (no ``WardErrors``) does what the table says when it says so. On real wards blood is drawn late, steps are
missed, weights are guessed. Every error is drawn with an address of its own (seed, subject, moment), so that the same ward makes
the same errors with the same patients in every arm of a trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_text, floats, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.randomness import log_normal, standard_normals, uniforms
from heparin_pk.base.source import Source
from heparin_pk.base.streams import Stream
from heparin_pk.ward.controller import Decisions, Situations, VectorController


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WardErrors:
    """How a ward carries out what was decided; everything 0: to the letter.

    ``late_draw_fraction`` of ordered draws are late, by ``late_by_h`` on average (exponential, at most 12 h).
    ``change_delay_h`` passes between a result and the change at the pump. ``missed_step_fraction`` of ordered adjustments are
    not made; ``wrong_step_fraction`` are made with a wrong change of rate, off by a log-normal factor with
    ``wrong_size_cv_fraction``. ``wrong_start_fraction`` of infusions start at a rate off by such a factor;
    ``omitted_bolus_fraction`` of first boluses are not given. ``weight_error_cv_fraction`` is how well the weight is guessed
    (log-normal, once a patient).

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

    def __post_init__(self) -> None:
        check_text("name", self.name)
        for field in fields(self):
            if field.name in ("name", "sources"):
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

    __repr__ = shown

    def weights_kg(self, true_kg: np.ndarray, seed: int, subjects: np.ndarray) -> np.ndarray:
        """Return the weights the ward doses by, shape (m,)."""
        if self.weight_error_cv_fraction == 0.0:
            return true_kg
        return true_kg * log_normal(self.weight_error_cv_fraction, standard_normals(seed, Stream.GUESSED_WEIGHT, 0.0, subjects))

    def decide(self, controller: VectorController, seen: Situations, seed: int, subjects: np.ndarray) -> Decisions:
        """Return what is in fact done at many bedsides: what the controller decides, as this ward carries it out."""
        now = seen.time_h
        seen = replace(seen, weight_kg=self.weights_kg(seen.weight_kg, seed, subjects))
        meant = controller.decide_many(seen)
        begins = seen.n_results == 0
        not_as_meant = self.missed_step_fraction + self.wrong_step_fraction
        fate = self._chance(Stream.STEP, not_as_meant, now, seed, subjects)
        missed = ~begins & (fate < self.missed_step_fraction)
        wrong = ~begins & ~missed & (fate < not_as_meant)
        factor = self._wrong_by(now, seed, subjects)
        changed = seen.rate_u_per_h + (meant.rate_u_per_h - seen.rate_u_per_h) * factor
        rate = np.where(wrong, np.maximum(0.0, changed), meant.rate_u_per_h)
        chance = self._chance(Stream.START, self.wrong_start_fraction, now, seed, subjects)
        rate = np.where(begins & (chance < self.wrong_start_fraction), meant.rate_u_per_h * factor, rate)
        chance = self._chance(Stream.FIRST_BOLUS, self.omitted_bolus_fraction, now, seed, subjects)
        no_bolus = begins & (chance < self.omitted_bolus_fraction)
        at_h = np.where(begins, now, now + self.change_delay_h)
        return Decisions(
            bolus_u=np.where(missed | no_bolus, 0.0, meant.bolus_u),
            bolus_over_min=meant.bolus_over_min,
            hold_min=np.where(missed, 0.0, meant.hold_min),
            rate_u_per_h=np.where(missed, np.nan, rate),
            next_draw_h=meant.next_draw_h + (at_h - now) + self._late_h(now, seed, subjects),
            at_h=at_h,
        )

    @staticmethod
    def _chance(stream: Stream, fraction: float, now: np.ndarray, seed: int, subjects: np.ndarray) -> np.ndarray:
        """Return numbers spread evenly over (0, 1), drawn only where a fraction of them can matter."""
        return uniforms(seed, stream, now, subjects) if 0.0 < fraction < 1.0 else np.full(len(subjects), 0.5)

    def _wrong_by(self, now: np.ndarray, seed: int, subjects: np.ndarray) -> np.ndarray:
        if self.wrong_size_cv_fraction == 0.0:
            return np.ones(len(subjects))
        return np.asarray(log_normal(self.wrong_size_cv_fraction, standard_normals(seed, Stream.WRONG_SIZE, now, subjects)))

    def _late_h(self, now: np.ndarray, seed: int, subjects: np.ndarray) -> np.ndarray:
        """Return by how much the draw ordered now will be late, h, to the minute."""
        if self.late_draw_fraction == 0.0 or self.late_by_h == 0.0:
            return np.zeros(len(subjects))
        chance = self._chance(Stream.LATE_DRAW, self.late_draw_fraction, now, seed, subjects)
        late = chance < self.late_draw_fraction
        hours = -self.late_by_h * each(math.log, uniforms(seed, Stream.LATE_BY, now, subjects))
        return np.where(late, np.round(np.minimum(12.0, hours) * 60.0) / 60.0, 0.0)
