"""The outcomes of a trial: one row a patient, exact sums, percentiles over time, and words.

Sums are kept as whole numbers of a tiny unit, so that the order of the chunks and the number of workers do not change them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_one_of, check_text
from heparin_pk.base.files import check_output, write_bytes
from heparin_pk.base.version import version
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.matching import Match
from heparin_pk.trials.catalogue import CURVE_STEPS_PER_H, CURVES, LEVELS, OUTCOMES, PLACE, Outcome
from heparin_pk.trials.chunk import Chunk
from heparin_pk.trials.estimate import Estimate, estimate, sums_of, unit_powers, with_digits
from heparin_pk.trials.histogram import level_bins
from heparin_pk.trials.hospital import Hospital
from heparin_pk.trials.metadata import meanings

# Levels over time: how many people lay in which bin at each full hour


# Sums


class Outcomes:
    """The outcomes of a trial: summaries with confidence intervals, paired differences, percentiles, curves, rows.

    ``arms``: their names; the others are compared with the first.
    ``targets``: the range each arm aims at, by name.
    ``common_range``: the range in which all arms are compared.
    ``hospitals``: the hospital each arm is in, by name.
    ``matches``: how the aPTT range of an arm fits the reagent of its laboratory, by name; arms that read no aPTT have none.
    ``places``: what the rows say of each arm, by name: hospital, aPTT reagent, assay and unit of its levels.
    ``drug``: the model.
    ``labels``: what a reader calls each arm, by name (by default its name).
    ``hours``: how long each patient was followed, h.
    ``seed``: the seed of the trial.
    ``fingerprint``: tells the trial from every other one in this process.
    ``n``: how many patients are in.

    Chunks are added as they finish; their order changes nothing.
    """

    def __init__(
        self,
        *,
        arms: tuple[str, ...],
        targets: Mapping[str, TherapeuticRange],
        common_range: TherapeuticRange,
        hospitals: Mapping[str, Hospital],
        matches: Mapping[str, Match],
        places: Mapping[str, tuple[str, ...]],
        drug: Drug,
        hours: float,
        seed: int,
        fingerprint: str,
        keep_rows: bool = True,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.arms, self.targets, self.common_range = arms, dict(targets), common_range
        self.hospitals, self.matches, self.places = dict(hospitals), dict(matches), dict(places)
        self.drug = drug
        self.hours, self.seed, self.fingerprint, self.keep_rows = hours, seed, fingerprint, keep_rows
        self.labels = {arm: arm for arm in arms} | dict(labels or {})
        self.n = 0
        self.groups: tuple[str, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._sums: Any = None
        self._differences: Any = None
        self._levels: dict[str, np.ndarray] = {}
        self._times: dict[str, np.ndarray] = {}
        self._there: set[int] = set()
        self._chunks: dict[int, Chunk] = {}

    def add(self, chunk: Chunk) -> None:
        """Add what came out of some more people; raises ``ValueError`` when they were added before."""
        if chunk.first in self._there:
            raise ValueError(f"the people from {chunk.first} on are in already")
        if self._sums is None:
            self.groups, self._keys = chunk.groups, chunk.keys
            self._sums, self._differences = chunk.sums, chunk.differences
            self._levels, self._times = dict(chunk.levels), dict(chunk.times)
        else:
            self._sums, self._differences = self._sums + chunk.sums, self._differences + chunk.differences
            self._levels = {arm: self._levels[arm] + chunk.levels[arm] for arm in self.arms}
            self._times = {arm: self._times[arm] + chunk.times[arm] for arm in self.arms}
        self.n += chunk.n
        self._there.add(chunk.first)
        if self.keep_rows:
            self._chunks[chunk.first] = chunk

    # Numbers

    @property
    def keys(self) -> tuple[str, ...]:
        """The outcomes there are."""
        return self._keys

    def estimate(self, arm: str, key: str, group: str = "all") -> Estimate | None:
        """Return the mean of an outcome (or the share of patients) with its 95 % interval; ``None`` where no patient counts."""
        place = self._place(arm, key, group)
        return estimate(self._sums[place], key, wilson=OUTCOMES[key].is_yes_or_no)

    def difference(self, arm: str, key: str, group: str = "all") -> Estimate | None:
        """Return the paired difference of an arm from the first, patient by patient, with its 95 % interval.

        ``None`` where no patient counts, and for levels of arms that read different assays.
        """
        if arm == self.arms[0]:
            raise ValueError(f"{arm} is what the others are compared with")
        arm_index, who, what = self._place(arm, key, group)
        if key in LEVELS and self.targets[arm].assay != self.targets[self.arms[0]].assay:
            return None
        return estimate(self._differences[arm_index - 1, who, what], key, wilson=False)

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
        return np.arange(len(counts)) / CURVE_STEPS_PER_H, counts / self.n

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
            want = percent / 100.0 * self.n
            for hour in range(len(counts)):
                place = int(np.searchsorted(below[hour], want))
                place = min(place, len(ends) - 1)
                before = below[hour, place - 1] if place else 0
                share = (want - before) / max(1, counts[hour, place])
                found[row, hour] = starts[place] + share * (ends[place] - starts[place])
        return np.arange(len(counts), dtype=float), found

    def shares_of_results(self, arm: str, group: str = "all") -> tuple[float, float, float]:
        """Return which share of all results lay below, in and above the nomogram's own range."""
        counts = [self._total(arm, key, group) for key in ("results_below", "results_in", "results_above")]
        total = sum(counts)
        if total == 0:
            raise ValueError(f"no blood was drawn in {arm}")
        return counts[0] / total, counts[1] / total, counts[2] / total

    def _total(self, arm: str, key: str, group: str) -> float:
        place = self._place(arm, key, group)
        return float(self._sums[place][1]) / 2.0 ** unit_powers(OUTCOMES[key])[0]

    # Subgroups of one's own

    def with_group(self, name: str, who: Any) -> Outcomes:
        """Return the same outcomes with one more subgroup, estimated as those there are; rows must be kept.

        ``name``: what the group is called from now on.
        ``who``: which patients belong to it: booleans (n,), patient 0 first, or a function of the columns that were known before
        the treatment (name to array (n,)) that returns them.

        Belonging must not depend on what happened under treatment: two halves told apart by an outcome differ by that. Intervals
        are those of each group alone: of twenty groups looked at, one is expected to differ by chance.

        Raises ``ValueError`` for a name in use, for what are no booleans of this length, and for a group without a patient.

        >>> from heparin_pk import Nomogram, Population, Trial, hospital
        >>> trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], hours=12)
        >>> found = trial.run(60, seed=1, progress=False).with_group("light", lambda people: people["weight_kg"] < 60)
        >>> found.estimate("raschke-1993", "blood_draws", "light").n
        7
        """
        check_text("name", name)
        if name in self.groups:
            raise ValueError(f"name must be a new one; got {name!r}, which is a group already")
        people = self._people()
        mask = np.asarray(who(people) if callable(who) else who)
        if mask.dtype != bool or mask.shape != (self.n,):
            raise ValueError(f"who must be {self.n} booleans, one for each patient; got {mask.dtype} of shape {mask.shape}")
        if not mask.any():
            raise ValueError(f"the group {name!r} has no patient")
        found = copy(self)
        sums: Any = 0
        differences: Any = 0
        first = 0
        for chunk in self._in_order():
            of_chunk = sums_of(chunk.rows, {name: mask[first : first + chunk.n]})
            sums, differences, first = sums + of_chunk[0], differences + of_chunk[1], first + chunk.n
        found.groups = (*self.groups, name)
        found._sums = np.concatenate([self._sums, sums], axis=1)
        found._differences = np.concatenate([self._differences, differences], axis=1)
        found._chunks, found._there = dict(self._chunks), set(self._there)
        return found

    def with_groups_cut_at(self, column: str, cuts: Iterable[Any]) -> Outcomes:
        """Return the same outcomes with one subgroup for each interval between cut points of a column: see :meth:`with_group`.

        ``column``: a column of numbers known before the treatment, such as "weight_kg".
        ``cuts``: where it is cut, rising; a patient at a cut point belongs to the group above it.

        The groups are called "weight_kg under 60", "weight_kg 60 to under 90", "weight_kg 90 and more".

        Raises ``ValueError`` for a column that is not there or holds no numbers, for cuts that do not rise, and for a group
        without a patient.
        """
        people = self._people()
        check_one_of("column", column, people)
        values = people[column]
        if not np.issubdtype(values.dtype, np.number):
            raise ValueError(f"column must hold numbers to be cut; got {column!r}: give with_group a function")
        ends = [check_between("cuts", cut, -1e9, 1e9) for cut in cuts]
        if not ends or ends != sorted(set(ends)):
            raise ValueError(f"cuts must be one number or more, rising; got {ends}")
        found = self
        for low, high in zip([-math.inf, *ends], [*ends, math.inf], strict=True):
            words = (
                f"under {high:g}"
                if low == -math.inf
                else f"{low:g} and more"
                if high == math.inf
                else f"{low:g} to under {high:g}"
            )
            found = found.with_group(f"{column} {words}", (values >= low) & (values < high))
        return found

    def _people(self) -> dict[str, np.ndarray]:
        """Return what was known of the patients before the treatment, as columns, patient 0 first; raises ``ValueError``."""
        chunks = self._in_order()
        return {name: np.concatenate([chunk.covariates[name] for chunk in chunks]) for name in chunks[0].covariates}

    def _in_order(self) -> list[Chunk]:
        """Return the kept chunks, patient 0 first; raises ``ValueError`` when rows were not kept, or there are none."""
        if not self.keep_rows:
            raise ValueError("rows were not kept (keep_rows=False)")
        if not self._chunks:
            raise ValueError("there is no patient yet")
        return [self._chunks[first] for first in sorted(self._chunks)]

    # Rows

    def columns(self, arm: str) -> dict[str, np.ndarray]:
        """Return the rows of an arm as columns, person 0 first; raises ``ValueError`` when rows were not kept."""
        check_one_of("arm", arm, self.arms)
        chunks = self._in_order()
        subject = np.concatenate([np.arange(chunk.first, chunk.first + chunk.n) for chunk in chunks])
        columns: dict[str, np.ndarray] = {"subject": subject, **self._people()}
        for key in self.keys:
            columns[key] = np.concatenate([chunk.rows[arm][key] for chunk in chunks])
        return columns

    def to_frame(self) -> Any:
        """Return one row a patient and arm as a pandas DataFrame; a time that never came is missing (NaN).

        Its ``attrs`` say version, seed, drug, arms, and label and unit of each column.
        """
        try:
            import pandas as pd  # noqa: PLC0415  optional
        except ImportError:
            raise ValueError("to_frame needs pandas: pip install pandas") from None
        frames = [
            pd.DataFrame({"arm": arm, **dict(zip(PLACE, place, strict=True)), **self.columns(arm)})
            for arm, place in self.places.items()
        ]
        frame = pd.concat(frames, ignore_index=True)
        frame.attrs = self.said_of(frame.columns)
        return frame

    def said_of(self, columns: Iterable[str]) -> dict[str, Any]:
        """Return what exported rows with these columns say of themselves, as plain values: see ``trials.metadata``."""
        return {
            "heparin_pk": version(),
            "rows": "one row a patient and arm",
            "seed": self.seed,
            "n": self.n,
            "hours": self.hours,
            "drug": self.drug.name,
            "drug_title": self.drug.title,
            "arms": {
                arm: dict(zip(PLACE, place, strict=True)) | {"range": self.targets[arm].in_words()}
                for arm, place in self.places.items()
            },
            "common_range": self.common_range.in_words(),
            "columns": meanings(
                columns, amount_unit=self.drug.amount_unit, level_units=[place[-1] for place in self.places.values()]
            ),
        }

    def to_parquet(self, file: str | Path) -> None:
        """Write one row a patient and arm to a Parquet file (needs pandas and pyarrow); the file is whole or not there.

        pandas reads version, seed, drug, and the unit of each column back as ``attrs`` of the frame.

        Raises ``ValueError`` that names the file when it cannot be written.
        """
        check_output(file)
        frame = self.to_frame()
        try:
            content = frame.to_parquet()
        except ImportError:
            raise ValueError("to_parquet needs pyarrow: pip install pyarrow") from None
        write_bytes(file, content)

    def to_xarray(self) -> Any:
        """Return the rows as an xarray Dataset with dimensions arm and subject."""
        try:
            import xarray as xr  # noqa: PLC0415  optional
        except ImportError:
            raise ValueError("to_xarray needs xarray: pip install xarray") from None
        every = {arm: self.columns(arm) for arm in self.arms}
        first = every[self.arms[0]]
        data = {key: (("arm", "subject"), np.stack([every[arm][key] for arm in self.arms])) for key in self.keys}
        people = {name: ("subject", values) for name, values in first.items() if name != "subject" and name not in self.keys}
        of_arms = {name: ("arm", [place[which] for place in self.places.values()]) for which, name in enumerate(PLACE)}
        found = xr.Dataset(data | people, coords={"arm": list(self.arms), **of_arms, "subject": first["subject"]})
        said = self.said_of(map(str, found.variables))
        for name, one in said.pop("columns").items():
            found[name].attrs = {"long_name": one["label"], "units": one["unit"]}
        found.attrs = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in said.items()}
        return found

    # Words

    def _by_hospital(self) -> list[tuple[Hospital, str]]:
        """Return the hospitals of the trial, each with the names of the arms in it, where there are several."""
        every = list(dict.fromkeys(self.hospitals.values()))
        if len(every) == 1:
            return [(every[0], "")]
        return [(one, f" of {', '.join(self.labels[arm] for arm in self.arms if self.hospitals[arm] == one)}") for one in every]

    def summary(self, group: str = "all") -> list[dict[str, Any]]:
        """Return every estimate as plain rows: arm, outcome, mean, interval, SD, n, and the paired difference."""
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
                        "unit": self.places[arm][-1] if key in LEVELS else OUTCOMES[key].unit,
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
        n_of_group = int(self._sums[self._place(self.arms[0], "blood_draws", group)][0])
        who = f"{self.n:,} patients" if group == "all" else f"{n_of_group:,} of {self.n:,} patients ({group})"
        columns = []
        for arm in self.arms:
            every = [self.estimate(arm, key, group) for key in keys]
            cells = [
                self.labels[arm],
                *("-" if one is None else one.in_words(OUTCOMES[key]) for one, key in zip(every, keys, strict=True)),
            ]
            columns.append([f"  {cell:>{max(map(len, cells))}}" for cell in cells])
        lines = [
            f"{who}, the same in every arm, {self.hours:g} h; mean (95 % confidence interval)",
            *([] if group == "all" else [f"intervals are of {group} alone: of twenty groups looked at, one is off by chance"]),
            f"the common range is {self.common_range.in_words()}",
            *(f"hospital{arms}: {hospital.in_words()}" for hospital, arms in self._by_hospital()),
            *(f"{self.labels[arm]}: {match.in_words()}" for arm, match in self.matches.items()),
        ]
        for label, *row in zip(["", *(OUTCOMES[key].label for key in keys)], *columns, strict=True):
            lines.append(f"{label:<{width}}" + "".join(row))
        for arm in self.arms[1:]:
            lines += ["", f"{self.labels[arm]} minus {self.labels[self.arms[0]]}, patient by patient:"]
            for key in keys:
                other = self.difference(arm, key, group)
                if other is not None:
                    lines.append(f"  {OUTCOMES[key].label:<{width}}  {signed(other, OUTCOMES[key])}")
        return "\n".join(lines)


_TOLD = (
    "time_in_range_fraction",
    "time_below_fraction",
    "time_above_fraction",
    "common_range_in_range_fraction",
    "common_range_below_fraction",
    "common_range_above_fraction",
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


def signed(one: Estimate, outcome: Outcome) -> str:
    """Return a difference with its 95 % interval, signed; shares in percentage points."""
    if outcome.most == 1.0:
        return f"{100 * one.mean:+.1f} points ({one.interval_in_words(lambda end: f'{100 * end:+.1f}')})"
    interval = one.interval_in_words(lambda end: with_digits(end, 3, "+"))
    return f"{with_digits(one.mean, 3, '+')} ({interval}){' ' + outcome.unit if outcome.unit else ''}"


def _plain(one: Estimate | None, prefix: str) -> dict[str, float | int | None]:
    names = ("mean", "low", "high", "sd", "n")
    return {f"{prefix}{name}": None if one is None else getattr(one, name) for name in names}
