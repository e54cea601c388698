"""Levels over time: how many patients lie in which bin at each full hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from heparin_pk.base.elementwise import each
from heparin_pk.blood.response import Reagent, Responses, active_u_per_ml, level, log_aptt_rise, slope_ml_per_u
from heparin_pk.body.patient import Cohort
from heparin_pk.engine.tallies import close_to_whole, count_by_bin
from heparin_pk.simulation.cohort import Charts
from heparin_pk.trials.catalogue import CURVE_STEPS_PER_H, CURVES

_BIN = 0.005
_CLOSE = 1e-9  # bins
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
        edges: np.ndarray = low * each(math.exp, _BIN * np.arange(math.ceil(math.log(high / low) / _BIN)))
        return edges
    return low + _BIN * np.arange(math.ceil((high - low) / _BIN))


def count_levels(charts: Charts, cohort: Cohort, responses: Responses, assay: str) -> np.ndarray:
    """Return how many people lay in which bin at each full hour, shape (hours + 1, bins + 1); the end bins hold the rest."""
    low, _, is_logarithmic = _BINS[assay]
    n_bins = len(level_bins(assay))
    found = charts.hourly_for(assay)
    counts = np.zeros((found.shape[1], n_bins + 1), dtype=np.int64)
    if not (found >= 0.0).all():  # NaN is no level
        raise ValueError(f"hourly_u_per_ml must be 0 or more; got {found.min():g}")
    reagent, effects = responses.aptt, responses.covariate_effects
    if isinstance(reagent, Reagent) and assay in ("aptt_s", "aptt_ratio"):
        unit_s = low * (reagent.control_aptt_s if assay == "aptt_ratio" else 1.0)
        slope = slope_ml_per_u(cohort, reagent, effects)
        log_baseline = each(math.log, np.broadcast_to(cohort.baseline_aptt_s / unit_s, (cohort.n,)))
    else:
        reagent = None
    for hour, concentration in enumerate(_hour_by_hour(found)):
        if reagent is not None:  # an exponential, counted by its logarithm
            active = active_u_per_ml(concentration, cohort, effects, float(hour))
            bins = log_aptt_rise(active, cohort, slope, float(hour))
            bins += log_baseline
            bins /= _BIN
        else:
            values = level(assay, concentration, cohort, responses, float(hour))
            bins = (np.log(values / low) if is_logarithmic else values - low) / _BIN
        if is_logarithmic:
            # Both ways are fast and may miss the last bit: at the edge of a bin, the level and its logarithm by Python decide.
            at_edge = close_to_whole(bins, _CLOSE)
            if len(at_edge):
                values = level(assay, concentration[at_edge], cohort.take(at_edge), responses, float(hour))
                bins[at_edge] = each(math.log, values / low) / _BIN
        counts[hour] = count_by_bin(bins, n_bins)
    return counts


def _hour_by_hour(levels: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the levels (n,) of each hour of (n, hours): turned round eight hours at a time, as they lie in one cache line."""
    turned = np.empty((8, len(levels)))
    for first in range(0, levels.shape[1], len(turned)):
        hours = levels[:, first : first + len(turned)]
        for begin in range(0, len(levels), 512):  # piece by piece, each in the processor's cache
            turned[: hours.shape[1], begin : begin + 512] = hours[begin : begin + 512].T
        yield from turned[: hours.shape[1]]


def count_times(rows: Mapping[str, np.ndarray], hours: float) -> np.ndarray:
    """Return how many had got there by each half hour, shape (curves, 2 * hours + 1)."""
    ends_h = np.arange(int(hours * CURVE_STEPS_PER_H) + 1) / CURVE_STEPS_PER_H
    return np.array([np.searchsorted(np.sort(rows[name]), ends_h, side="right") for name in CURVES])
