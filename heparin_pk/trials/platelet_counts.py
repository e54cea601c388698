"""Platelets in a trial: who gets HIT, and the counts that the laboratory reports; an illustrative model, beside the levels.

Each patient's pattern, onset, depth and imprecision have addresses of their own: the counts are the same in every arm, as nothing
an arm does moves them here (heparin goes on to the end of a trial; stopping it is not simulated).
"""

from __future__ import annotations

from dataclasses import dataclass

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

HIT_FRACTION = Value(
    3.0 / 281.0,
    Source(
        key="HAT_pooled_analysis",
        citation="Heparin-associated thrombocytopenia: a critical review and pooled analysis (authors not on the page)",
        where="Abstract: counts repeatedly below 100 x 10^9/L in 3 of 281 with intravenous porcine heparin; below 3 % in all",
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

    Raises ``ValueError`` for a share outside [0, 1], shares that exceed 1, and days that do not rise.
    """

    counted_d: tuple[float, ...] = (0.0, 2.0)
    hit_fraction: float = HIT_FRACTION.value
    rapid_fraction: float = RAPID_FRACTION.value
    dip_fraction: float = DIP_PATIENTS_FRACTION.value

    def __post_init__(self) -> None:
        check_is("counted_d", self.counted_d, (list, tuple), "a list of days")
        days = tuple(check_between("counted_d", day, 0.0, 60.0) for day in self.counted_d)
        if not days or list(days) != sorted(set(days)):
            raise ValueError(f"counted_d must rise and hold a day at least; got {list(self.counted_d)!r}")
        object.__setattr__(self, "counted_d", days)
        for name in ("hit_fraction", "rapid_fraction", "dip_fraction"):
            check_between(name, getattr(self, name), 0.0, 1.0)
        check_between("hit_fraction + dip_fraction", self.hit_fraction + self.dip_fraction, 0.0, 1.0)
        floats(self, "hit_fraction", "rapid_fraction", "dip_fraction")

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
        patterns = self.patterns(subjects, seed)
        return reported_e9_per_l(patterns, counted_d=self.counted_d, days_d=_days_d(hours), seed=seed, subjects=subjects)

    def rows(self, subjects: np.ndarray, hours: float, seed: int) -> dict[str, np.ndarray]:
        """Return the outcomes of these patients by key, (m,) each."""
        counts, patterns = self.counts_e9_per_l(subjects, hours, seed), self.patterns(subjects, seed)
        fell = counts < 0.5 * np.maximum.accumulate(counts, axis=0)
        begun = np.zeros(len(subjects))
        for pattern in ("typical", "rapid"):
            who = np.flatnonzero(patterns == pattern)
            begun[who] = onset_d(pattern, seed, subjects[who]) < hours / 24.0
        return {
            "lowest_platelets_e9_per_l": counts.min(axis=0),
            "platelets_fell_by_half": fell.any(axis=0).astype(float),
            "has_hit": begun,
        }

    def series(self, subject: int, hours: float, seed: int) -> PlateletSeries:
        """Return the count of one patient of the trial day by day: the numbers of that patient's row, with the truth."""
        pattern = str(self.patterns(np.array([subject]), seed)[0])
        return platelet_series(pattern, counted_d=self.counted_d, days_d=_days_d(hours), seed=seed, subject=subject)


def _days_d(hours: float) -> float:
    return max(1.0, hours / 24.0)
