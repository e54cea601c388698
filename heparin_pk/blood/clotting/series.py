"""One plasma at many levels of heparin: what a picture under a slider needs, small enough to be kept and sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heparin_pk.base.checks import check_is
from heparin_pk.blood.clotting.tube import Plasma, aptt_s, contact_activation, thrombin_generation

LEVELS_U_PER_ML = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
"""Heparin of a series, U/mL: the network is not to be used above 1.2."""
WATCHED_S = 210.0
WATCHED_MIN = 25.0
_POINTS = 106


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TubeAt:
    """An aPTT and a thrombin generation of a plasma at one level of heparin.

    ``heparin_u_per_ml``: heparin, U/mL.
    ``clotted_s``: aPTT, s; ``None``: not within 210 s.
    ``time_s``, ``fibrin_nmol_per_l``: fibrin of the aPTT after calcium, s and nmol/L, (n,).
    ``time_min``, ``thrombin_nmol_per_l``: thrombin generation after 5 pmol/L tissue factor, min and nmol/L, (n,).
    ``lag_min``: when thrombin reaches a sixth of its peak, min; ``None`` where none forms.
    ``peak_nmol_per_l``: highest thrombin, nmol/L.
    ``etp_nmol_min_per_l``: area under thrombin in 25 min, nmol min/L.
    """

    heparin_u_per_ml: float
    clotted_s: float | None
    time_s: np.ndarray
    fibrin_nmol_per_l: np.ndarray
    time_min: np.ndarray
    thrombin_nmol_per_l: np.ndarray
    lag_min: float | None
    peak_nmol_per_l: float
    etp_nmol_min_per_l: float


def over_heparin(plasma: Plasma, heparin_u_per_ml: Sequence[float] = LEVELS_U_PER_ML) -> tuple[TubeAt, ...]:
    """Return a plasma at several levels of heparin, in the order given; its own heparin is not used.

    ``heparin_u_per_ml``: levels, U/mL (0 to 10; to be trusted up to 1.2).

    Raises ``ValueError`` for a level outside its limits.
    """
    check_is("plasma", plasma, Plasma, "a Plasma")
    return tuple(_at(replace(plasma, heparin_u_per_ml=float(level))) for level in heparin_u_per_ml)


def _at(plasma: Plasma) -> TubeAt:
    tube = contact_activation(plasma, watched_s=WATCHED_S)
    generation = thrombin_generation(plasma, watched_min=WATCHED_MIN)
    seconds, minutes = np.linspace(0.0, WATCHED_S, _POINTS), np.linspace(0.0, WATCHED_MIN, _POINTS)
    return TubeAt(
        heparin_u_per_ml=plasma.heparin_u_per_ml,
        clotted_s=tube.clotted_s,
        time_s=seconds,
        fibrin_nmol_per_l=np.interp(seconds, tube.time_s, tube.fibrin_nmol_per_l),
        time_min=minutes,
        thrombin_nmol_per_l=np.interp(minutes, generation.time_min, generation.thrombin_nmol_per_l),
        lag_min=generation.lag_min,
        peak_nmol_per_l=generation.peak_nmol_per_l,
        etp_nmol_min_per_l=generation.etp_nmol_min_per_l,
    )


def acts_like_u_per_ml(plasma: Plasma) -> float:
    """Return the heparin in normal plasma that has the same aPTT as this plasma, U/mL, by halving an interval from 0 to 1.2.

    Raises ``ValueError`` for a plasma that clots earlier than normal plasma without heparin, or later than that with 1.2 U/mL.

    >>> round(acts_like_u_per_ml(Plasma(heparin_u_per_ml=0.5, antithrombin_fraction=0.5)), 2)
    0.32
    """
    wanted_s, low, high = aptt_s(plasma), LEVELS_U_PER_ML[0], LEVELS_U_PER_ML[-1]
    shortest_s, longest_s = (aptt_s(Plasma(heparin_u_per_ml=level)) for level in (low, high))
    if not shortest_s <= wanted_s <= longest_s:
        raise ValueError(f"the aPTT of plasma must lie between {shortest_s:.1f} and {longest_s:.1f} s; got {wanted_s:.1f} s")
    while high - low > _ACTS_LIKE_WITHIN_U_PER_ML:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if aptt_s(Plasma(heparin_u_per_ml=middle)) < wanted_s else (low, middle)
    return 0.5 * (low + high)


_ACTS_LIKE_WITHIN_U_PER_ML = 0.005
