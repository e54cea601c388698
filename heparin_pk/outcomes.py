"""What came out of a trial: one row a patient, sums that add up exactly, percentiles over time, and words.

Sums are kept as whole numbers of a tiny unit, so that they add up to the same whatever the order, the chunks or the workers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_one_of
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.response import Responses, level
from heparin_pk.body.patient import Crowd
from heparin_pk.simulation.cohort import Charts
from heparin_pk.tally import Tally

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Outcome:
    """One number of each patient: what it is called, its unit, whether it is yes or no, and how large it can be at most."""

    key: str
    label: str
    unit: str
    most: float
    is_yes_or_no: bool = False


_SHARE, _HOURS = 1.0, 1500.0
SNAPSHOTS_H = (6, 12, 18, 24, 36, 48)
OUTCOMES = {
    one.key: one
    for one in (
        Outcome("time_in_range_fraction", "true time in the table's own range", "", _SHARE),
        Outcome("time_below_fraction", "true time below it", "", _SHARE),
        Outcome("time_above_fraction", "true time above it", "", _SHARE),
        Outcome("yardstick_in_range_fraction", "true time in the common range", "", _SHARE),
        Outcome("yardstick_below_fraction", "true time below the common range", "", _SHARE),
        Outcome("yardstick_above_fraction", "true time above the common range", "", _SHARE),
        Outcome("time_to_therapeutic_h", "true level first in range (those who got there)", "h", _HOURS),
        Outcome("yardstick_first_h", "true level first in the common range (those who got there)", "h", _HOURS),
        Outcome("threshold_result_h", "first result at or above the lower limit drawn (those who got there)", "h", _HOURS),
        Outcome("in_range_result_h", "first result in range drawn (those who got there)", "h", _HOURS),
        Outcome("two_in_range_h", "second of two results in a row in range drawn (those who got there)", "h", _HOURS),
        Outcome("threshold_by_24_h", "a result at or above the lower limit by 24 h", "", _SHARE, True),
        Outcome("therapeutic_by_24_h", "a result in range by 24 h", "", _SHARE, True),
        Outcome("in_range_at_24_h", "true level in range at 24 h", "", _SHARE, True),
        Outcome("in_range_at_48_h", "true level in range at 48 h", "", _SHARE, True),
        Outcome("rosendaal_fraction", "time in range by Rosendaal (two results or more)", "", _SHARE),
        Outcome("fraction_of_tests_in_range", "share of results in range", "", _SHARE),
        Outcome("results_below", "results below", "", 1e4),
        Outcome("results_in", "results in range", "", 1e4),
        Outcome("results_above", "results above", "", 1e4),
        Outcome("blood_draws", "blood draws", "", 1e4),
        Outcome("adjustments", "changes of rate", "", 1e4),
        Outcome("holds", "holds", "", 1e4),
        Outcome("reboluses", "re-boluses", "", 1e4),
        Outcome("peak_u_per_ml", "highest concentration", "U/mL", 1e4),
        Outcome("auc_u_h_per_ml", "area under the concentration", "U h/mL", 1e6),
        Outcome("heparin_given_u", "heparin given", "U", 1e8),
        Outcome("last_rate_u_per_kg_per_h", "rate at the end", "U/kg/h", 1e4),
        *(Outcome(f"level_at_{hour}_h", f"true level at {hour} h", "", 3e7) for hour in SNAPSHOTS_H),
    )
}
COVARIATES = ("weight_kg", "height_cm", "age_y", "sex", "baseline_aptt_s", "antithrombin_fraction", "factor_viii_u_per_ml")
CURVES = ("time_to_therapeutic_h", "threshold_result_h", "in_range_result_h", "two_in_range_h", "yardstick_first_h")
"""The times whose cumulative course is kept, in steps of half an hour."""
_STEPS_PER_H = 2


def rows_of(
    crowd: Crowd, charts: Charts, tally: Tally, target: TherapeuticRange, responses: Responses, hours: float
) -> dict[str, np.ndarray]:
    """Return the outcomes of everybody, arrays of shape (n,); NaN says "never" or "nothing to count"."""
    own, common = tally.ranges[0], tally.ranges[-1]
    rows: dict[str, np.ndarray] = {}
    for name, one in (("time", own), ("yardstick", common)):
        inside, below = one.inside_h / hours, one.below_h / hours
        rows[f"{name}_in_range_fraction"] = np.clip(inside, 0.0, 1.0)
        rows[f"{name}_below_fraction"] = np.clip(below, 0.0, 1.0)
        rows[f"{name}_above_fraction"] = np.clip(1.0 - inside - below, 0.0, 1.0)
    rows["time_to_therapeutic_h"] = np.where(np.isinf(own.first_h), np.nan, own.first_h)
    rows["yardstick_first_h"] = np.where(np.isinf(common.first_h), np.nan, common.first_h)
    rows |= _of_results(charts, target)
    for hour in (24, 48):
        if hour <= hours:
            at_hour = level(target.assay, charts.hourly_u_per_ml[:, hour], crowd, responses, float(hour))
            rows[f"in_range_at_{hour}_h"] = ((at_hour >= target.low) & (at_hour <= target.high)).astype(float)
    rows["adjustments"], rows["holds"], rows["reboluses"] = tally.adjustments, tally.holds, tally.reboluses
    rows["peak_u_per_ml"], rows["auc_u_h_per_ml"] = tally.peak_u_per_ml, charts.area_u_h_per_ml
    rows["heparin_given_u"] = charts.given_u
    rows["last_rate_u_per_kg_per_h"] = charts.rate_u_per_h / crowd.weight_kg
    for hour in SNAPSHOTS_H:
        if hour <= hours:
            rows[f"level_at_{hour}_h"] = level(target.assay, charts.hourly_u_per_ml[:, hour], crowd, responses, float(hour))
    return {key: np.asarray(rows[key], dtype=float) for key in OUTCOMES if key in rows}


def _of_results(charts: Charts, target: TherapeuticRange) -> dict[str, np.ndarray]:
    there = np.arange(len(charts.values))[:, None] < charts.number
    low = there & ~charts.above_ceiling & (charts.values < target.low)
    inside = there & ~charts.above_ceiling & (charts.values >= target.low) & (charts.values <= target.high)
    reached = there & ~low
    two = inside[1:] & inside[:-1]
    count = there.sum(axis=0)
    rows = {
        "results_below": low.sum(axis=0),
        "results_in": inside.sum(axis=0),
        "results_above": count - low.sum(axis=0) - inside.sum(axis=0),
        "blood_draws": count,
        "threshold_result_h": _first(reached, charts.drawn_h),
        "in_range_result_h": _first(inside, charts.drawn_h),
        "two_in_range_h": _first(two, charts.drawn_h[1:]),
        "fraction_of_tests_in_range": np.divide(inside.sum(axis=0), count, out=np.full(len(count), np.nan), where=count > 0),
        "rosendaal_fraction": _rosendaal(charts, there, target),
    }
    for name, key in (("threshold_by_24_h", "threshold_result_h"), ("therapeutic_by_24_h", "in_range_result_h")):
        rows[name] = (rows[key] <= 24.0).astype(float)
    return rows


def _first(which: np.ndarray, drawn_h: np.ndarray) -> np.ndarray:
    if not len(which):
        return np.full(which.shape[1], np.nan)
    return np.where(which.any(axis=0), drawn_h[which.argmax(axis=0), np.arange(which.shape[1])], np.nan)


def _rosendaal(charts: Charts, there: np.ndarray, target: TherapeuticRange, largest_gap_h: float = 24.0) -> np.ndarray:
    """Return the time in range between results by straight lines; see :func:`heparin_pk.simulation.metrics.rosendaal_fraction`."""
    beyond = np.nextafter(target.high, np.inf)
    ends = np.where(charts.above_ceiling, np.maximum(charts.values, beyond), charts.values)
    inside, total = np.zeros(there.shape[1]), np.zeros(there.shape[1])
    for one in range(len(there) - 1):
        gap = charts.drawn_h[one + 1] - charts.drawn_h[one]
        counts = there[one + 1] & (gap > 0.0) & (gap <= largest_gap_h)
        bottom, top = np.minimum(ends[one], ends[one + 1]), np.maximum(ends[one], ends[one + 1])
        rise = top - bottom
        flat = rise <= 0.0
        overlap = np.minimum(top, target.high) - np.maximum(bottom, target.low)
        cut = np.clip(overlap / np.where(flat, 1.0, rise), 0.0, 1.0)
        share = np.where(flat, (bottom >= target.low) & (top <= target.high), cut)
        total += np.where(counts, gap, 0.0)
        inside += np.where(counts, gap * share, 0.0)
    return np.divide(inside, total, out=np.full(len(total), np.nan), where=total > 0.0)


def groups_of(crowd: Crowd) -> dict[str, np.ndarray]:
    """Return who belongs to which subgroup, as far as it is known of these people; "all" is everybody."""
    groups = {"all": np.ones(crowd.number, dtype=bool)}
    sex, age, height = crowd.sex, crowd.column("age_y"), crowd.column("height_cm")
    if sex is not None:
        groups |= {"women": _everybody(crowd.female, crowd), "men": _everybody(crowd.male, crowd)}
    if age is not None:
        groups |= {"under 65 years": age < 65, "65 to 80 years": (age >= 65) & (age <= 80), "over 80 years": age > 80}
    if height is not None:
        bmi = _everybody(crowd.weight_kg, crowd) / (height / 100.0) ** 2
        groups |= {
            "BMI under 25": bmi < 25,
            "BMI 25 to 30": (bmi >= 25) & (bmi < 30),
            "BMI 30 to 40": (bmi >= 30) & (bmi < 40),
            "BMI 40 and more": bmi >= 40,
        }
    for name, label in (("kidney_failure", "kidney failure"), ("smoker", "smokers"), ("pregnant", "pregnant")):
        who = getattr(crowd, name)
        if isinstance(who, np.ndarray):
            groups[label] = who
    if isinstance(crowd.antithrombin_fraction, np.ndarray):
        groups |= {"antithrombin under 0.8": crowd.antithrombin_fraction < 0.8}
    factor_viii = crowd.column("factor_viii_u_per_ml")
    if factor_viii is not None:
        groups |= {"factor VIII over 2 U/mL": factor_viii > 2.0}
    return groups


def _everybody(value: Any, crowd: Crowd) -> np.ndarray:
    return np.broadcast_to(np.asarray(value), (crowd.number,))


# Levels over time: how many people lay in which bin at each full hour


_BIN = 0.005
_BINS = {
    "aptt_s": (10.0, 2000.0, True),
    "aptt_ratio": (0.3, 70.0, True),
    "act_s": (40.0, 4000.0, True),
    "anti_xa_u_per_ml": (0.0, 5.0, False),
}


def level_bins(assay: str) -> np.ndarray:
    """Return the edges of the bins in which levels are counted: half a per cent wide, or 0.005 U/mL."""
    low, high, is_logarithmic = _BINS[assay]
    if is_logarithmic:
        return low * np.exp(_BIN * np.arange(math.ceil(math.log(high / low) / _BIN)))
    return low + _BIN * np.arange(math.ceil((high - low) / _BIN))


def count_levels(charts: Charts, crowd: Crowd, responses: Responses, assay: str) -> np.ndarray:
    """Return how many people lay in which bin at each full hour, shape (hours + 1, bins + 1); the end bins hold the rest."""
    low, _, is_logarithmic = _BINS[assay]
    number = len(level_bins(assay))
    hourly = np.ascontiguousarray(charts.hourly_u_per_ml.T)
    counts = np.zeros((len(hourly), number + 1), dtype=np.int64)
    for hour, concentration in enumerate(hourly):
        values = level(assay, concentration, crowd, responses, float(hour))
        values = np.log(values / low) if is_logarithmic else values - low
        place = np.clip(np.floor(values / _BIN) + 1.0, 0.0, float(number)).astype(np.int64)
        counts[hour] = np.bincount(place, minlength=number + 1)
    return counts


def count_times(rows: Mapping[str, np.ndarray], hours: float) -> np.ndarray:
    """Return how many had got there by each half hour, shape (curves, 2 * hours + 1)."""
    ends_h = np.arange(int(hours * _STEPS_PER_H) + 1) / _STEPS_PER_H
    return np.array([np.searchsorted(np.sort(rows[name]), ends_h, side="right") for name in CURVES])


# Sums


def _units(outcome: Outcome) -> tuple[int, int]:
    """Return into how many parts a unit is cut for sums and sums of squares (powers of two): 65,536 people fit into 63 bits."""
    size = math.ceil(math.log2(max(1.0, outcome.most)))
    return 46 - size, 46 - 2 * size


def sums_of(rows: Mapping[str, Mapping[str, np.ndarray]], groups: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return exact sums: of each arm (arms, groups, outcomes, 3), and of each arm minus the first.

    The last axis holds how many, the sum and the sum of squares, as Python integers. Raises ``ValueError`` when a value exceeds
    what its outcome can be.
    """
    arms = list(rows)
    keys = list(rows[arms[0]])
    who = np.array(list(groups.values()), dtype=np.int64)
    levels = np.array([_summed(np.array([rows[arm][key] for key in keys]), keys, who) for arm in arms])
    first = np.array([rows[arms[0]][key] for key in keys])
    others = [np.array([rows[arm][key] for key in keys]) - first for arm in arms[1:]]
    differences = np.array([_summed(one, keys, who) for one in others]) if others else np.zeros((0, *levels.shape[1:]), object)
    return levels.astype(object), differences.astype(object)


def _summed(values: np.ndarray, keys: Sequence[str], who: np.ndarray) -> np.ndarray:
    found = np.empty((len(who), len(keys), 3), dtype=np.int64)
    groups = [np.flatnonzero(one) for one in who]
    for place, (key, one) in enumerate(zip(keys, values, strict=True)):  # one at a time stays in the processor's cache
        known = ~np.isnan(one)
        all_known = bool(known.all())
        one = one if all_known else np.where(known, one, 0.0)  # noqa: PLW2901
        largest = np.abs(one).max(initial=0.0)
        if largest > OUTCOMES[key].most:
            raise ValueError(f"{key} must stay within {OUTCOMES[key].most:g}; got {largest:g}")
        once, squared = (2.0**power for power in _units(OUTCOMES[key]))
        units, squares = np.rint(one * once).astype(np.int64), np.rint(one * one * squared).astype(np.int64)
        for group, people in enumerate(groups):
            found[group, place] = [
                len(people) if all_known else known[people].sum(),
                *(each.sum() if len(people) == len(each) else each[people].sum() for each in (units, squares)),
            ]
    return found


def _digits(value: float, digits: int, sign: str = "") -> str:
    """Return a number with so many digits, never as a power of ten.

    >>> _digits(79_823.4, 4), _digits(18_249.0, 3, "+"), _digits(1.38812, 4), _digits(-0.0000123, 3, "+")
    ('79,820', '+18,200', '1.388', '-0.0000123')
    """
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10**digits:
        return f"{rounded:{sign},.0f}"
    return np.format_float_positional(rounded, trim="-", sign=bool(sign))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean (or a share of patients) with its 95 % confidence interval, the SD between patients, and how many it rests on."""

    mean: float
    low: float
    high: float
    sd: float
    number: int

    def write(self, outcome: Outcome) -> str:
        """Return it in words."""
        if outcome.most == 1.0:
            return f"{self.mean:.1%} ({self.low:.1%} to {self.high:.1%})"
        mean, low, high = (_digits(one, 4) for one in (self.mean, self.low, self.high))
        return f"{mean} ({low} to {high}){' ' + outcome.unit if outcome.unit else ''}"


def estimate(sums: np.ndarray, key: str, *, wilson: bool) -> Estimate | None:
    """Return the estimate behind exact sums (3,), or ``None`` where nobody counts; ``wilson`` for shares of patients."""
    number = int(sums[0])
    if number == 0:
        return None
    once, twice = _units(OUTCOMES[key])
    mean = float(sums[1]) / 2.0**once / number
    variance = max(0.0, float(sums[2]) / 2.0**twice / number - mean * mean) * (number / max(1, number - 1))
    if wilson:
        centre = (mean + Z_95**2 / (2 * number)) / (1 + Z_95**2 / number)
        half = Z_95 / (1 + Z_95**2 / number) * math.sqrt(mean * (1 - mean) / number + Z_95**2 / (4 * number**2))
        return Estimate(mean, centre - half, centre + half, math.sqrt(variance), number)
    half = Z_95 * math.sqrt(variance / number)
    return Estimate(mean, mean - half, mean + half, math.sqrt(variance), number)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What came out of some of the people: everything that can be added up; ``text`` is their rows as CSV, where asked for."""

    first: int
    number: int
    covariates: dict[str, np.ndarray]
    rows: dict[str, dict[str, np.ndarray]]
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    sums: np.ndarray
    differences: np.ndarray
    levels: dict[str, np.ndarray]
    times: dict[str, np.ndarray]
    text: str = ""

    def without_rows(self) -> Part:
        """Return the same part without the rows of single patients."""
        return replace(self, covariates={}, rows={})


class Outcomes:
    """The outcome of a trial: summaries with confidence intervals, paired differences, percentiles, curves, rows.

    ``arms`` names them in order (the first is what the others are compared with); ``targets`` their own ranges, ``yardstick`` the
    range in which all are compared. Parts are added as they finish; sums, counts and percentiles are the same in whatever order.
    """

    def __init__(
        self,
        *,
        arms: tuple[str, ...],
        targets: Mapping[str, TherapeuticRange],
        yardstick: TherapeuticRange,
        hours: float,
        seed: int,
        keep_rows: bool = True,
    ) -> None:
        self.arms, self.targets, self.yardstick = arms, dict(targets), yardstick
        self.hours, self.seed, self.keep_rows = hours, seed, keep_rows
        self.number = 0
        self.groups: tuple[str, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._sums: Any = None
        self._differences: Any = None
        self._levels: dict[str, np.ndarray] = {}
        self._times: dict[str, np.ndarray] = {}
        self._there: set[int] = set()
        self._parts: dict[int, Part] = {}

    def add(self, part: Part) -> None:
        """Add what came out of some more people; raises ``ValueError`` when they were added before."""
        if part.first in self._there:
            raise ValueError(f"the people from {part.first} on are in already")
        if self._sums is None:
            self.groups, self._keys = part.groups, part.keys
            self._sums, self._differences = part.sums, part.differences
            self._levels, self._times = dict(part.levels), dict(part.times)
        else:
            self._sums, self._differences = self._sums + part.sums, self._differences + part.differences
            self._levels = {arm: self._levels[arm] + part.levels[arm] for arm in self.arms}
            self._times = {arm: self._times[arm] + part.times[arm] for arm in self.arms}
        self.number += part.number
        self._there.add(part.first)
        if self.keep_rows:
            self._parts[part.first] = part

    # Numbers

    @property
    def keys(self) -> tuple[str, ...]:
        """The outcomes there are."""
        return self._keys

    def estimate(self, arm: str, key: str, group: str = "all") -> Estimate | None:
        """Return the mean of an outcome (or the share of patients) with its 95 % interval; ``None`` where nobody counts."""
        place = self._place(arm, key, group)
        return estimate(self._sums[place], key, wilson=OUTCOMES[key].is_yes_or_no)

    def difference(self, arm: str, key: str, group: str = "all") -> Estimate | None:
        """Return the paired difference of an arm from the first, patient by patient, with its 95 % interval."""
        if arm == self.arms[0]:
            raise ValueError(f"{arm} is what the others are compared with")
        number, who, what = self._place(arm, key, group)
        return estimate(self._differences[number - 1, who, what], key, wilson=False)

    def _place(self, arm: str, key: str, group: str) -> tuple[int, int, int]:
        check_one_of("arm", arm, self.arms)
        check_one_of("an outcome", key, self.keys)
        check_one_of("group", group, self.groups)
        return self.arms.index(arm), self.groups.index(group), self.keys.index(key)

    def curve(self, arm: str, key: str) -> tuple[np.ndarray, np.ndarray]:
        """Return hours (k,) and the share of patients who had got there by then (k,); ``key`` is one of ``CURVES``."""
        check_one_of("arm", arm, self.arms)
        check_one_of("a curve", key, CURVES)
        counts = self._times[arm][CURVES.index(key)]
        return np.arange(len(counts)) / _STEPS_PER_H, counts / self.number

    def percentiles(self, arm: str, percents: Sequence[float] = (5, 25, 50, 75, 95)) -> tuple[np.ndarray, np.ndarray]:
        """Return full hours (h,) and percentiles of the true level of the arm's assay at them, shape (percents, h).

        Read off counts in bins of half a per cent (0.005 U/mL).
        """
        check_one_of("arm", arm, self.arms)
        counts, edges = self._levels[arm], level_bins(self.targets[arm].assay)
        below = np.cumsum(counts, axis=1)
        ends = np.concatenate([edges, edges[-1:]])
        starts = np.concatenate([edges[:1], edges])
        found = np.empty((len(percents), len(counts)))
        for row, percent in enumerate(percents):
            want = percent / 100.0 * self.number
            for hour in range(len(counts)):
                place = int(np.searchsorted(below[hour], want))
                place = min(place, len(ends) - 1)
                before = below[hour, place - 1] if place else 0
                share = (want - before) / max(1, counts[hour, place])
                found[row, hour] = starts[place] + share * (ends[place] - starts[place])
        return np.arange(len(counts), dtype=float), found

    def shares_of_results(self, arm: str, group: str = "all") -> tuple[float, float, float]:
        """Return which share of all results lay below, in and above the table's own range."""
        counts = [self._total(arm, key, group) for key in ("results_below", "results_in", "results_above")]
        total = sum(counts)
        if total == 0:
            raise ValueError(f"no blood was drawn in {arm}")
        return counts[0] / total, counts[1] / total, counts[2] / total

    def _total(self, arm: str, key: str, group: str) -> float:
        place = self._place(arm, key, group)
        return float(self._sums[place][1]) / 2.0 ** _units(OUTCOMES[key])[0]

    # Rows

    def columns(self, arm: str) -> dict[str, np.ndarray]:
        """Return the rows of an arm as columns, person 0 first; raises ``ValueError`` when rows were not kept."""
        check_one_of("arm", arm, self.arms)
        if not self.keep_rows:
            raise ValueError("rows were not kept (keep_rows=False)")
        parts = [self._parts[first] for first in sorted(self._parts)]
        subject = np.concatenate([np.arange(part.first, part.first + part.number) for part in parts])
        columns: dict[str, np.ndarray] = {"subject": subject}
        for name in parts[0].covariates:
            columns[name] = np.concatenate([part.covariates[name] for part in parts])
        for key in self.keys:
            columns[key] = np.concatenate([part.rows[arm][key] for part in parts])
        return columns

    def to_frame(self):
        """Return one row a patient and arm as a pandas DataFrame; a time that never came is missing (NaN)."""
        try:
            import pandas as pd  # noqa: PLC0415  optional
        except ImportError:
            raise ValueError("to_frame needs pandas: pip install pandas") from None
        frames = [pd.DataFrame({"arm": arm, **self.columns(arm)}) for arm in self.arms]
        return pd.concat(frames, ignore_index=True)

    def to_parquet(self, file) -> None:
        """Write one row a patient and arm to a Parquet file (needs pandas and pyarrow)."""
        frame = self.to_frame()
        try:
            frame.to_parquet(file)
        except ImportError:
            raise ValueError("to_parquet needs pyarrow: pip install pyarrow") from None
        except OSError as error:
            raise ValueError(f"{file}: cannot be written: {error.strerror}") from None

    def to_xarray(self):
        """Return the rows as an xarray Dataset with dimensions arm and subject."""
        try:
            import xarray as xr  # noqa: PLC0415  optional
        except ImportError:
            raise ValueError("to_xarray needs xarray: pip install xarray") from None
        every = {arm: self.columns(arm) for arm in self.arms}
        first = every[self.arms[0]]
        data = {key: (("arm", "subject"), np.stack([every[arm][key] for arm in self.arms])) for key in self.keys}
        people = {name: ("subject", values) for name, values in first.items() if name != "subject" and name not in self.keys}
        units = {key: {"long_name": OUTCOMES[key].label, "units": OUTCOMES[key].unit} for key in self.keys}
        found = xr.Dataset(data | people, coords={"arm": list(self.arms), "subject": first["subject"]})
        for key, attributes in units.items():
            found[key].attrs = attributes
        return found

    # Words

    def summary(self, group: str = "all") -> list[dict[str, Any]]:
        """Return every estimate as plain rows: arm, outcome, mean, interval, SD, number, and the paired difference."""
        rows = []
        for key in self.keys:
            for arm in self.arms:
                one = self.estimate(arm, key, group)
                other = None if arm == self.arms[0] else self.difference(arm, key, group)
                rows.append(
                    {
                        "arm": arm,
                        "outcome": key,
                        "label": OUTCOMES[key].label,
                        "unit": OUTCOMES[key].unit,
                        "group": group,
                        **_plain(one, ""),
                        **_plain(other, "difference_"),
                    }
                )
        return rows

    def in_words(self, group: str = "all") -> str:
        """Return the table a reader would like: outcomes in lines, arms side by side, paired differences under them."""
        check_one_of("group", group, self.groups)
        keys = [key for key in _TOLD if key in self.keys]
        width = max(len(OUTCOMES[key].label) for key in keys)
        who = "" if group == "all" else f" ({group})"
        columns = []
        for arm in self.arms:
            every = [self.estimate(arm, key, group) for key in keys]
            cells = [arm, *("-" if one is None else one.write(OUTCOMES[key]) for one, key in zip(every, keys, strict=True))]
            columns.append([f"  {cell:>{max(map(len, cells))}}" for cell in cells])
        lines = [
            f"{self.number:,} patients{who}, the same in every arm, {self.hours:g} h; mean (95 % confidence interval)",
            f"the common range is {self.yardstick.write()}",
        ]
        for label, *row in zip(["", *(OUTCOMES[key].label for key in keys)], *columns, strict=True):
            lines.append(f"{label:<{width}}" + "".join(row))
        for arm in self.arms[1:]:
            lines += ["", f"{arm} minus {self.arms[0]}, patient by patient:"]
            for key in keys:
                other = self.difference(arm, key, group)
                if other is not None:
                    lines.append(f"  {OUTCOMES[key].label:<{width}}  {_signed(other, OUTCOMES[key])}")
        return "\n".join(lines)


_TOLD = (
    "time_in_range_fraction",
    "time_below_fraction",
    "time_above_fraction",
    "yardstick_in_range_fraction",
    "yardstick_below_fraction",
    "yardstick_above_fraction",
    "fraction_of_tests_in_range",
    "rosendaal_fraction",
    "threshold_by_24_h",
    "therapeutic_by_24_h",
    "in_range_result_h",
    "adjustments",
    "holds",
    "reboluses",
    "blood_draws",
    "peak_u_per_ml",
    "heparin_given_u",
)


def _signed(one: Estimate, outcome: Outcome) -> str:
    if outcome.most == 1.0:
        return f"{100 * one.mean:+.1f} points ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
    mean, low, high = (_digits(value, 3, "+") for value in (one.mean, one.low, one.high))
    return f"{mean} ({low} to {high}){' ' + outcome.unit if outcome.unit else ''}"


def _plain(one: Estimate | None, prefix: str) -> dict[str, float | int | None]:
    names = ("mean", "low", "high", "sd", "number")
    return {f"{prefix}{name}": None if one is None else getattr(one, name) for name in names}
