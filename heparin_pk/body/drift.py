"""Change within a patient: sensitivity to heparin and baseline aPTT drift over hours and days, each about its own mean.

Both are stationary and autocorrelated (an Ornstein-Uhlenbeck process): the correlation between two moments is
exp(-distance / time constant). They are drawn at knots every four hours, each from a random number with an address of its own
(seed, stream, subject, hour), so the path depends on nothing else: not on how often blood is drawn, nor on who else is in the
cohort.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, floats, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.randomness import checked_seed, standard_normals
from heparin_pk.base.source import Source
from heparin_pk.base.streams import Stream

KNOT_H = 4.0
"""Hours between two knots of a path."""
LARGEST_SD, LONGEST_TIME_CONSTANT_H = 1.0, 10_000.0
_Path = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Drift:
    """How a patient's sensitivity to heparin and baseline aPTT change in the course of a stay.

    ``sensitivity_sd_fraction``: SD of the logarithm of the sensitivity, the slope of ln(aPTT) (0 to 1).
    ``baseline_sd_fraction``: SD of the logarithm of the baseline aPTT (0 to 1).
    ``time_constant_h``: hours after which the correlation of both with themselves has fallen to 1/e (1 to 10,000).
    ``seed``, ``subject``: whose path it is.
    ``sources``: the papers behind the sizes.

    It acts on the aPTT and its ratio under a :class:`~heparin_pk.blood.response.Reagent`, for which it was measured; an anti-Xa,
    an ACT and the aPTT curve of another drug do not drift. Half-way between two knots the SD is a little smaller (7 % at a time
    constant of 12 h).

    Raises ``ValueError`` outside these limits.

    >>> drift = Drift(sensitivity_sd_fraction=0.25, time_constant_h=30, seed=1, subject=17)
    >>> need, shift = drift.at(6.0)
    >>> round(1.0 / need, 2), shift
    (0.79, 0.0)
    """

    sensitivity_sd_fraction: float = 0.0
    baseline_sd_fraction: float = 0.0
    time_constant_h: float = 24.0
    seed: int = 0
    subject: int = 0
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        check_between("sensitivity_sd_fraction", self.sensitivity_sd_fraction, 0.0, LARGEST_SD)
        check_between("baseline_sd_fraction", self.baseline_sd_fraction, 0.0, LARGEST_SD)
        check_between("time_constant_h", self.time_constant_h, 1.0, LONGEST_TIME_CONSTANT_H)
        floats(self, "sensitivity_sd_fraction", "baseline_sd_fraction", "time_constant_h")
        object.__setattr__(self, "seed", checked_seed(self.seed))
        if isinstance(self.subject, bool) or not isinstance(self.subject, int | np.integer) or not 0 <= self.subject < 2**53:
            raise ValueError(f"subject must be an integer of 0 or more; got {self.subject!r}")
        object.__setattr__(self, "subject", int(self.subject))
        check_is("sources", self.sources, (list, tuple), "a list of Source")
        for source in self.sources:
            check_is("sources", source, Source, "a Source")
        object.__setattr__(self, "sources", tuple(self.sources))

    __repr__ = shown

    def at(self, time_h: Any) -> tuple[Any, Any]:
        """Return the need and the shift at ``time_h``, hours since the start (0 or more): numbers, or arrays of its shape.

        Both move in straight lines between the knots, and with them the concentration at which a given aPTT is reached:
        ln(aPTT) = ln(baseline) + (slope * concentration + shift) / need.

        ``need``: 1 / sensitivity, the factor on the heparin needed for the same rise; its median is 1.
        ``shift``: the logarithm of the factor on the baseline, times the need; its median is 0.
        """
        need, shift = _alone(self).of(0, time_h)
        return (need, shift) if np.ndim(time_h) else (float(need), float(shift))


class Drifts:
    """The drift of many patients: one path each, drawn as far as it is asked for, the same as that of :class:`Drift`.

    ``sizes``: the sizes, the same for all.
    ``seed``: of the paths.
    ``subjects``: whose paths they are, (n,).
    """

    def __init__(self, sizes: Drift, seed: int, subjects: np.ndarray) -> None:
        self._sizes, self._seed, self._subjects = sizes, seed, subjects
        self._z: list[np.ndarray] = []  # both processes at the last knot, in units of their SD, (n,) each
        self._need = self._shift = np.empty((0, len(subjects)))

    def __len__(self) -> int:
        return len(self._subjects)

    def __getitem__(self, index: int) -> Drift:
        return replace(self._sizes, seed=self._seed, subject=int(self._subjects[index]))

    def take(self, indices: np.ndarray) -> TakenDrifts:
        """Return the drift of the patients at these indices (m,); their paths are not copied."""
        return TakenDrifts(self, indices)

    def knots(self, n_knots: int) -> _Path:
        """Return need and shift of everybody at the first ``n_knots`` knots, (n_knots, n) each; see :meth:`Drift.at`."""
        if n_knots > len(self._need):
            self._draw(max(n_knots, 2 * len(self._need)) if len(self._subjects) == 1 else n_knots)
        return self._need[:n_knots], self._shift[:n_knots]

    def _draw(self, n_knots: int) -> None:
        sizes, kept = self._sizes, math.exp(-KNOT_H / self._sizes.time_constant_h)
        new, drawn = math.sqrt(1.0 - kept * kept), len(self._need)
        sds = {Stream.SENSITIVITY: sizes.sensitivity_sd_fraction, Stream.BASELINE: sizes.baseline_sd_fraction}
        need, shift = np.empty((2, n_knots, len(self)))
        need[:drawn], shift[:drawn] = self._need, self._shift
        for knot in range(drawn, n_knots):
            z = [
                standard_normals(self._seed, stream, KNOT_H * knot, self._subjects) if sd else np.zeros(len(self))
                for stream, sd in sds.items()
            ]
            if knot:
                for before, now in zip(self._z, z, strict=True):
                    now *= new  # noqa: PLW2901  in place
                    now += kept * before  # noqa: PLW2901
            need[knot] = each(math.exp, -sizes.sensitivity_sd_fraction * z[0])
            np.multiply(sizes.baseline_sd_fraction * z[1], need[knot], out=shift[knot])
            self._z = z
        self._need, self._shift = need, shift

    def at(self, time_h: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return :meth:`Drift.at` of each patient, (n,) each; ``time_h``: one moment, or (n,) each its own."""
        return self.of(np.arange(len(self)), time_h) if np.ndim(time_h) else self.of(slice(None), time_h)

    def of(self, indices: Any, time_h: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return :meth:`at` of the patients at these indices."""
        knot = _knots_before(time_h)
        need, shift = self.knots(int(np.max(knot, initial=0)) + 2)
        part = time_h / KNOT_H - knot
        return _between(need, knot, part, indices), _between(shift, knot, part, indices)


class TakenDrifts:
    """The drift of some patients of :class:`Drifts`, by their indices there."""

    def __init__(self, whole: Drifts, indices: np.ndarray) -> None:
        self._whole, self._indices = whole, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Drift:
        return self._whole[int(self._indices[index])]

    def take(self, indices: np.ndarray) -> TakenDrifts:
        """Return the drift of the patients at these indices (m,)."""
        return TakenDrifts(self._whole, self._indices[indices])

    def at(self, time_h: Any) -> tuple[Any, Any]:
        """Return :meth:`Drift.at` of each patient, (m,) each; ``time_h``: one moment, or (m,) each its own."""
        return self._whole.of(self._indices, time_h)

    def knots(self, n_knots: int) -> _Path:
        """Return need and shift at the first ``n_knots`` knots, (n_knots, m) each."""
        need, shift = self._whole.knots(n_knots)
        return need[:, self._indices], shift[:, self._indices]


def _knots_before(time_h: Any) -> Any:
    """Return the index of the knot before each moment; raises ``ValueError`` for a time before the start."""
    if not np.all(np.greater_equal(time_h, 0.0) & np.less(time_h, np.inf)):
        raise ValueError(f"time_h must be 0 or more where a patient drifts; got {time_h!r}")
    return np.floor(np.asarray(time_h) / KNOT_H).astype(np.int64)


def _between(path: np.ndarray, knot: Any, part: Any, indices: Any) -> np.ndarray:
    """Return the path of these patients at a part of the way from a knot to the next."""
    if np.ndim(knot):
        flat, place = path.reshape(-1), knot * path.shape[1] + indices
        before, after = flat.take(place), flat.take(place + path.shape[1])
    else:
        before, after = path[knot, indices], path[knot + 1, indices]
    return np.asarray(before + (after - before) * part)


@lru_cache(maxsize=1024)
def _alone(drift: Drift) -> Drifts:
    """Return the path of one patient, kept while it is in use."""
    return Drifts(drift, drift.seed, np.array([drift.subject]))
