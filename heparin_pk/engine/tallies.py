"""Tallies of many patients, by NumPy or by a compiled loop: how many lie in each bin, and exact sums by cell.

A cell holds the patients who belong to the same subgroups; a subgroup is a sum of cells. Sums are kept as whole numbers, so the
order in which patients are added does not matter.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.base.elementwise import COMPILED


class Cells(NamedTuple):
    """Which patients share a cell.

    * ``of``: the cell of each patient, (n,), from 0 on.
    * ``order``: the patients, cell after cell, (n,).
    * ``begins``: where each cell begins in ``order``, (cells,).
    """

    of: np.ndarray
    order: np.ndarray
    begins: np.ndarray


def cells_of(who: np.ndarray) -> Cells:
    """Return the cells of patients; ``who`` (groups, n): 1 where a patient belongs to a group."""
    code = (1 << np.arange(len(who))) @ who  # one bit a group
    # NumPy sorts 16-bit integers by radix, in linear time.
    order = np.argsort(code.astype(np.uint16) if len(who) <= 16 else code, kind="stable")
    is_new = np.diff(code[order]) != 0
    of = np.zeros(len(code), dtype=np.int64)
    of[order[1:]] = np.cumsum(is_new)
    return Cells(of, order, np.concatenate([[0], np.flatnonzero(is_new) + 1]))


def sums_by_cell(values: np.ndarray, cells: Cells, powers: tuple[int, int]) -> tuple[np.ndarray, float]:
    """Return sums of values (n,) by cell, (cells, 3), and the largest size of a value; a value that is NaN does not count.

    The sums are whole numbers: how many, the sum, and the sum of squares, these two in units of 1 / 2 to these ``powers``.
    """
    once, squared = (2.0**power for power in powers)
    if sums_by_cell in COMPILED:
        found = np.zeros((len(cells.begins), 3), dtype=np.int64)
        return found, COMPILED[sums_by_cell](values, cells.of, once, squared, found)
    one = values[cells.order]
    n_known = np.diff(cells.begins, append=len(one))
    known = ~np.isnan(one)
    if not known.all():
        n_known = np.add.reduceat(known, cells.begins, dtype=np.int64)
        one[~known] = 0.0
    units, squares = np.rint(one * once).astype(np.int64), np.rint(one * one * squared).astype(np.int64)
    sums = np.stack([n_known, np.add.reduceat(units, cells.begins), np.add.reduceat(squares, cells.begins)], axis=1)
    return sums, max(one.max(initial=0.0), -one.min(initial=0.0))


def each_sum_by_cell(values: Any, of: Any, once: Any, squared: Any, found: Any) -> Any:
    """Do the same as :func:`sums_by_cell`, patient after patient, as a loop to be compiled; ``found`` holds zeros."""
    largest = 0.0
    for i in range(len(values)):
        value, cell = values[i], of[i]
        if value == value:
            largest = max(largest, abs(value))
            found[cell, 0] += 1
            found[cell, 1] += np.int64(np.rint(value * once))
            found[cell, 2] += np.int64(np.rint(value * value * squared))
    return largest


def close_to_whole(values: np.ndarray, within_fraction: float) -> np.ndarray:
    """Return the places of the values (n,) that lie so close to a whole number."""
    if close_to_whole in COMPILED:
        return np.asarray(COMPILED[close_to_whole](values, within_fraction))
    return np.flatnonzero(np.abs(values - np.rint(values)) < within_fraction)


def each_close_to_whole(values: Any, within: Any) -> Any:
    """Do the same as :func:`close_to_whole`, value after value, as a loop to be compiled."""
    n = 0
    for i in range(len(values)):  # only counted at first: without a branch the compiler makes vector code of it
        n += np.abs(values[i] - np.rint(values[i])) < within
    places = np.empty(n, np.int64)
    if n > 0:
        n = 0
        for i in range(len(values)):
            if np.abs(values[i] - np.rint(values[i])) < within:
                places[n] = i
                n += 1
    return places


def count_by_bin(bins: np.ndarray, n_bins: int) -> np.ndarray:
    """Return how many values (n,), in widths of a bin from the first edge on, lie in each bin, (n_bins + 1,).

    The first bin holds what lies below the first edge, the last one what lies beyond the last edge.
    """
    if count_by_bin in COMPILED:
        return np.asarray(COMPILED[count_by_bin](bins, n_bins))
    whole = np.clip(np.floor(bins) + 1.0, 0.0, float(n_bins)).astype(np.int64)
    return np.bincount(whole, minlength=n_bins + 1)


def each_count_by_bin(bins: Any, n_bins: Any) -> Any:
    """Do the same as :func:`count_by_bin`, value after value, as a loop to be compiled."""
    counts, last = np.zeros(n_bins + 1, np.int64), float(n_bins)
    for i in range(len(bins)):
        counts[np.int64(min(max(math.floor(bins[i]) + 1.0, 0.0), last))] += 1
    return counts
