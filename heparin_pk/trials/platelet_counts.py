"""Platelets in a trial: who gets HIT, and the counts that the laboratory reports; an illustrative model, beside the levels.

Each patient's pattern, onset, depth and imprecision have addresses of their own: the counts are the same in every arm. A ward
that acts on them (``stop_at_fall_percent``) stops heparin at the first count that shows such a fall, rightly or wrongly; no
other anticoagulant is given then in the trial, so what follows counts as time below the range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from heparin_pk.base.checks import check_between, check_is, floats, shown
from heparin_pk.base.source import ASSUMED, Source, Value
from heparin_pk.simulation.platelets import (
    ONSET_OF_HIT,
    PlateletSeries,
    drawn_patterns,
    onset_d,
    platelet_series,
    reported_e9_per_l,
)
from heparin_pk.ward.controller import Decisions, Situations, VectorController
from heparin_pk.ward.ward_errors import WardErrors

HIT_FRACTION = Value(
    3.0 / 281.0,
    Source(
        key="HAT_pooled_analysis",
        citation="Heparin-associated thrombocytopenia: a critical review and pooled analysis (authors not on the page)",
        where="Abstract: counts repeatedly below 100 × 10⁹/L in 3 of 281 with intravenous porcine heparin; below 3 % in all",
        confidence="primary",
        url=(
            "https://discovery.researcher.life/article/heparin-associated-thrombocytopenia-a-critical-review-and-pooled-analysis/"
            "5c8a5fa27d6334af90b9844cfe044cfe"
        ),
    ),
)
RAPID_FRACTION = Value(0.275, ONSET_OF_HIT.at("abrupt in 25 to 30 % of cases: the middle", "derived"))
DIP_PATIENTS_FRACTION = Value(0.10, ASSUMED.at("how many have a fall that is not immune was not looked for"))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Counting:
    """When platelets are counted in a trial, and how many of its patients get HIT.

    ``counted_d``: the days of the counts, d after the first heparin, rising (0 to 60).
    ``hit_fraction``: share of patients with HIT (it begins on day 5 to 10, or within a day: a short trial sees few).
    ``rapid_fraction``: share of those in whom it begins within a day.
    ``dip_fraction``: share of patients with a shallow fall that is not immune.
    ``stop_at_fall_percent``: heparin is stopped at the first count that has fallen by more than this from the highest one, %
    (1 to 99); ``None``: no count stops heparin. More than 50 % is two of the 4Ts' points, and with the time of HIT four.
    ``acts_after_d``: how long after that count heparin stops, d (0 to 30): 1 is a day late.

    Raises ``ValueError`` for a share outside [0, 1], shares that exceed 1, and days that do not rise.
    """

    counted_d: tuple[float, ...] = (0.0, 2.0)
    hit_fraction: float = HIT_FRACTION.value
    rapid_fraction: float = RAPID_FRACTION.value
    dip_fraction: float = DIP_PATIENTS_FRACTION.value
    stop_at_fall_percent: float | None = None
    acts_after_d: float = 0.0

    def __post_init__(self) -> None:
        check_is("counted_d", self.counted_d, (list, tuple), "a list of days")
        days = tuple(check_between("counted_d", day, 0.0, 60.0) for day in self.counted_d)
        if not days or list(days) != sorted(set(days)):
            raise ValueError(f"counted_d must rise and hold a day at least; got {list(self.counted_d)!r}")
        object.__setattr__(self, "counted_d", days)
        for name in ("hit_fraction", "rapid_fraction", "dip_fraction"):
            check_between(name, getattr(self, name), 0.0, 1.0)
        check_between("hit_fraction + dip_fraction", self.hit_fraction + self.dip_fraction, 0.0, 1.0)
        if self.stop_at_fall_percent is not None:
            check_between("stop_at_fall_percent", self.stop_at_fall_percent, 1.0, 99.0)
        check_between("acts_after_d", self.acts_after_d, 0.0, 30.0)
        floats(self, "hit_fraction", "rapid_fraction", "dip_fraction", "acts_after_d")

    __repr__ = shown

    def check_within(self, hours: float) -> None:
        """Raise ``ValueError`` for a count after the end of a trial of so many hours."""
        check_between("counted_d", self.counted_d[-1], 0.0, hours / 24.0)

    def patterns(self, subjects: np.ndarray, seed: int) -> np.ndarray:
        """Return what the platelets of these patients (m,) do: keys of ``heparin_pk.simulation.platelets.PATTERNS``."""
        rapid = self.hit_fraction * self.rapid_fraction
        shares = {"rapid": rapid, "typical": self.hit_fraction - rapid, "not immune": self.dip_fraction}
        return drawn_patterns(shares, seed, subjects)

    def counts_e9_per_l(self, subjects: np.ndarray, hours: float, seed: int) -> np.ndarray:
        """Return the reported counts of these patients, 10^9/L (days, m)."""
        return self._counts(
            subjects, hours, seed, None if self.stop_at_fall_percent is None else self.stops_h(subjects, hours, seed)
        )

    def _counts(self, subjects: np.ndarray, hours: float, seed: int, stops_h: np.ndarray | None) -> np.ndarray:
        return reported_e9_per_l(
            self.patterns(subjects, seed),
            counted_d=self.counted_d,
            days_d=_days_d(hours),
            seed=seed,
            subjects=subjects,
            stopped_d=None if stops_h is None else stops_h / 24.0,
        )

    def stops_h(self, subjects: np.ndarray, hours: float, seed: int) -> np.ndarray:
        """Return when a count stops the heparin of these patients, h (m,); infinite: not within so many hours."""
        never = np.full(len(subjects), math.inf)
        if self.stop_at_fall_percent is None:
            return never
        counts = self._counts(subjects, hours, seed, None)  # as if heparin went on: the counts up to the stop are the same
        left = 1.0 - 0.01 * self.stop_at_fall_percent
        seen = counts < left * np.maximum.accumulate(counts, axis=0)
        at_h = 24.0 * (np.array(self.counted_d)[np.argmax(seen, axis=0)] + self.acts_after_d)
        return np.where(seen.any(axis=0) & (at_h < hours), at_h, never)

    def rows(self, subjects: np.ndarray, hours: float, seed: int) -> dict[str, np.ndarray]:
        """Return the outcomes of these patients by key, (m,) each."""
        counts, patterns = self.counts_e9_per_l(subjects, hours, seed), self.patterns(subjects, seed)
        fell = counts < 0.5 * np.maximum.accumulate(counts, axis=0)
        onset_h = np.full(len(subjects), math.inf)
        for pattern in ("typical", "rapid"):
            who = np.flatnonzero(patterns == pattern)
            onset_h[who] = 24.0 * onset_d(pattern, seed, subjects[who])
        stops_h = self.stops_h(subjects, hours, seed)
        begun = onset_h < np.minimum(hours, stops_h)
        found = {
            "lowest_platelets_e9_per_l": counts.min(axis=0),
            "platelets_fell_by_half": fell.any(axis=0).astype(float),
            "has_hit": begun.astype(float),
        }
        if self.stop_at_fall_percent is None:
            return found
        stopped = np.isfinite(stops_h)
        return found | {
            "stopped_with_hit": (stopped & begun).astype(float),
            "stopped_without_hit": (stopped & ~begun).astype(float),
            "heparin_after_fall_h": np.where(begun, np.minimum(hours, stops_h) - np.where(begun, onset_h, 0.0), 0.0),
        }

    def series(self, subject: int, hours: float, seed: int) -> PlateletSeries:
        """Return the count of one patient of the trial day by day: the numbers of that patient's row, with the truth."""
        one = np.array([subject])
        pattern, stop_h = str(self.patterns(one, seed)[0]), float(self.stops_h(one, hours, seed)[0])
        return platelet_series(
            pattern,
            counted_d=self.counted_d,
            stopped_d=None if math.isinf(stop_h) else stop_h / 24.0,
            days_d=_days_d(hours),
            seed=seed,
            subject=subject,
        )

    def ward_for(self, ward: WardErrors | None, subjects: np.ndarray, hours: float, seed: int) -> WardErrors | None:
        """Return the ward that also stops the heparin of these patients, which follow one another; the ward itself where none is.

        ``subjects``: the numbers of the patients, each one more than the last (m,).
        """
        stops_h = self.stops_h(subjects, hours, seed)
        if np.isinf(stops_h).all():
            return ward
        known = {field.name: getattr(ward or WardErrors(), field.name) for field in fields(WardErrors)}
        return StoppingWard(**known, first=int(subjects[0]), stops_h=stops_h)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class StoppingWard(WardErrors):
    """A ward that also stops heparin for good at an hour of each patient.

    Heparin stops at that hour; where an order is just being carried out or a result awaited, then (some hours later where
    the laboratory takes hours).

    ``first``: the number of the first patient.
    ``stops_h``: when heparin stops, h, of this patient and of those that follow (m,); infinite: never.
    """

    first: int = 0
    stops_h: np.ndarray

    def __post_init__(self) -> None:
        """The ward it is made of has been checked."""

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
        """Return the decisions as this ward carries them out: none after the stop, and the stop before the next sample."""
        made = WardErrors.decide(self, controller, seen, seed, subjects, running_u_per_h=running_u_per_h, ward_kg=ward_kg)
        stop_h = self.stops_h[subjects - self.first]
        over = stop_h <= (seen.time_h if made.at_h is None else made.at_h)
        soon = ~over & np.isfinite(stop_h) & ~(made.next_draw_h <= stop_h)
        if not (over | soon).any():
            return made
        nothing = np.full(len(stop_h), np.nan)
        pause = made.pause_until_below
        return replace(
            made,
            bolus_u=np.where(over, 0.0, made.bolus_u),
            hold_min=np.where(over, 0.0, made.hold_min),
            rate_u_per_h=np.where(over, 0.0, made.rate_u_per_h),
            next_draw_h=np.where(over | soon, np.nan, made.next_draw_h),
            pause_until_below=None if pause is None else np.where(over, np.nan, pause),
            resume=None if made.resume is None else made.resume & ~over,
            believed_u_per_h=np.where(over, np.nan, nothing if made.believed_u_per_h is None else made.believed_u_per_h),
            dry_at_h=np.where(soon, stop_h, np.where(over, np.nan, nothing if made.dry_at_h is None else made.dry_at_h)),
        )


def _days_d(hours: float) -> float:
    return max(1.0, hours / 24.0)
