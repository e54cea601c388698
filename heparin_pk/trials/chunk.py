"""A chunk of a trial: what came out of some of its patients, everything that can be added up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

LARGEST_CHUNK = 65_536
PATIENTS_PER_CHUNK = {"numpy": LARGEST_CHUNK, "compiled": 32_768, "python": 1_024}
"""How many patients make one chunk by default, by runner."""


def chunk_size(n: int, workers: int, largest: int) -> int:
    """Return the size at which n patients make equal chunks, so that all workers end at the same time."""
    rounds = -(-n // (workers * largest))
    return -(-n // (workers * rounds))


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """The outcomes of n patients, from patient ``first`` on.

    ``covariates``: their features by name, (n,) each.
    ``rows``: their outcomes by arm and key, (n,) each.
    ``keys``: the names of the outcomes.
    ``groups``: the names of the subgroups.
    ``sums``: exact sums (arms, groups, outcomes, 3), see :func:`heparin_pk.trials.estimate.sums_of`.
    ``differences``: the same of each arm minus the first.
    ``levels``: counts of levels by arm (hours + 1, bins + 1).
    ``times``: counts of times by arm (curves, half hours).
    ``text``: the rows as CSV, where asked for.
    """

    first: int
    n: int
    covariates: dict[str, np.ndarray]
    rows: dict[str, dict[str, np.ndarray]]
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    sums: np.ndarray
    differences: np.ndarray
    levels: dict[str, np.ndarray]
    times: dict[str, np.ndarray]
    text: str = ""

    def without_rows(self) -> Chunk:
        """Return the same chunk without the rows of single patients."""
        return replace(self, covariates={}, rows={})
