"""Names and helpers that several families of claims share: reasons for a miss, tolerances, usual orders, a usual patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heparin_pk.base.source import Source
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation.claim import Claim
from heparin_pk.ward.orders import Bolus, Infusion

DEFAULT = "UFH_DEFAULT"
POOL_EMPTIES_TOO_FAST = (
    "At low levels the default's binding pool empties too fast; the default is not valid here: use the dialysis set."
)
REAGENT_UNKNOWN = "That laboratory's reagent is not printed; with the reagent used here the same level gives a far shorter aPTT."
CHILDREN_SCALED_BY_WEIGHT = (
    "Scaling an adult by weight alone gives small children a higher clearance per kg than their doses imply."
)

USUAL = (Bolus(time_h=0.0, dose_u_per_kg=80.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0))
FIXED = (Bolus(time_h=0.0, dose_u=5000.0), Infusion(time_h=0.0, rate_u_per_h=1000.0))
VOLUNTEERS, VTE = "healthy volunteers and patients", "patients with venous thromboembolism"


def claim(
    *,
    group: str,
    quantity: str,
    population: str,
    source: Source,
    printed: float,
    bounds: tuple[float, float],
    unit: str,
    uncertainty: str,
    ask: Callable[[], float],
    model: str = DEFAULT,
    used_to_build: bool = False,
    why: str = "",
) -> Claim:
    """Return a claim about the default model unless another is named.

    ``bounds``: lower and upper end of the printed uncertainty, or of a tolerance of ours (``within_percent``).
    The other parameters are the fields of ``Claim``.
    """
    return Claim(
        group=group,
        quantity=quantity,
        population=population,
        source=source,
        printed=printed,
        low=bounds[0],
        high=bounds[1],
        unit=unit,
        uncertainty=uncertainty,
        model=model,
        ask=ask,
        used_to_build=used_to_build,
        why=why,
    )


def within_percent(printed: float, percent: float) -> tuple[float, float]:
    """Return the bounds of a printed value, plus or minus a percentage of it."""
    return printed * (1.0 - percent / 100.0), printed * (1.0 + percent / 100.0)


def tolerance_of_ours(percent: float) -> str:
    """Return the words for bounds that are our own tolerance and were not printed."""
    return f"tolerance of ours, {percent:g} %"


def adult_of_75_kg(**features: Any) -> Patient:
    """Return a patient of 75 kg with these further features; the other fields keep the defaults of ``Patient``."""
    return Patient(weight_kg=75.0, **features)
