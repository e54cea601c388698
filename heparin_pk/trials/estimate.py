"""Exact sums of outcomes, and the means with confidence intervals behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heparin_pk.engine.tallies import cells_of, sums_by_cell
from heparin_pk.trials.catalogue import OUTCOMES, Outcome

Z_95 = 1.959963984540054

EndInWords = Callable[[float], str]
"""How an end of an interval is written."""


def unit_powers(outcome: Outcome) -> tuple[int, int]:
    """Return into how many chunks a unit is cut for sums and sums of squares (powers of two): 65,536 people fit into 63 bits."""
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
    # One pass sums up the patients of all groups, cell by cell, and a group is a sum of cells.
    cells = cells_of(who)
    in_cells = who[:, cells.order[cells.begins]]
    found = np.empty((len(who), len(keys), 3), dtype=np.int64)
    for place, (key, one) in enumerate(zip(keys, values, strict=True)):  # one at a time stays in the processor's cache
        of_cells, largest = sums_by_cell(one, cells, unit_powers(OUTCOMES[key]))
        if largest > OUTCOMES[key].most:
            raise ValueError(f"{key} must stay within {OUTCOMES[key].most:g}; got {largest:g}")
        found[:, place] = in_cells @ of_cells
    return found


def with_digits(value: float, digits: int, sign: str = "") -> str:
    """Return a number with so many digits, never as a power of ten.

    >>> with_digits(79_823.4, 4), with_digits(18_249.0, 3, "+"), with_digits(1.38812, 4), with_digits(-0.0000123, 3, "+")
    ('79,820', '+18,200', '1.388', '-0.0000123')
    """
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10**digits:
        return f"{rounded:{sign},.0f}"
    return np.format_float_positional(rounded, trim="-", sign=bool(sign))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean (or a share of patients) with its 95 % confidence interval, the SD between patients, and how many it rests on.

    ``mean``: the mean or the share.
    ``low``, ``high``: the 95 % confidence interval; ``None`` for the mean of one patient, who says nothing of others.
    ``sd``: the SD between patients; ``None`` of one patient.
    ``n``: how many patients.
    """

    mean: float
    low: float | None
    high: float | None
    sd: float | None
    n: int

    @property
    def ends(self) -> tuple[float, ...]:
        """The two ends of the interval; none where there is no interval."""
        return () if self.low is None or self.high is None else (self.low, self.high)

    def interval_in_words(self, end_in_words: EndInWords) -> str:
        """Return the interval in words, as ``end_in_words`` writes its ends."""
        return " to ".join(map(end_in_words, self.ends)) or "one patient: no interval"

    def in_words(self, outcome: Outcome) -> str:
        """Return it in words."""
        if outcome.most == 1.0:
            return f"{self.mean:.1%} ({self.interval_in_words('{:.1%}'.format)})"
        interval = self.interval_in_words(lambda one: with_digits(one, 4))
        return f"{with_digits(self.mean, 4)} ({interval}){' ' + outcome.unit if outcome.unit else ''}"


def estimate(sums: np.ndarray, key: str, *, wilson: bool) -> Estimate | None:
    """Return the estimate behind exact sums (3,), or ``None`` where no patient counts; ``wilson`` for shares of patients."""
    n = int(sums[0])
    if n == 0:
        return None
    once, twice = unit_powers(OUTCOMES[key])
    mean = float(sums[1]) / 2.0**once / n
    variance = max(0.0, float(sums[2]) / 2.0**twice / n - mean * mean) * (n / max(1, n - 1))
    sd = math.sqrt(variance) if n > 1 else None
    if wilson:
        centre = (mean + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
        half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(mean * (1 - mean) / n + Z_95**2 / (4 * n**2))
        return Estimate(mean, centre - half, centre + half, sd, n)
    if sd is None:
        return Estimate(mean, None, None, None, n)
    half = Z_95 * math.sqrt(variance / n)
    return Estimate(mean, mean - half, mean + half, sd, n)
