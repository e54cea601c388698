"""What the claims share: reasons, tolerances, people."""

from __future__ import annotations

from collections.abc import Callable

from heparin_pk.base.source import Source
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation.claim import Claim
from heparin_pk.ward.orders import Bolus, Infusion

DEFAULT = "UFH_DEFAULT"
POOL_EMPTIES_TOO_FAST = "At low levels the default's binding pool empties too fast; the default ends here, use the dialysis set."
REAGENT_UNKNOWN = "That laboratory's reagent is not printed; with this one a level gives far fewer seconds."
CHILDREN_SCALED_BY_WEIGHT = "Scaling an adult by weight alone gives small children more clearance per kg than their doses show."


def claim(
    group: str,
    quantity: str,
    population: str,
    source: Source,
    printed: float,
    bounds: tuple[float, float],
    unit: str,
    uncertainty: str,
    ask: Callable[[], float],
    *,
    model: str = DEFAULT,
    used: bool = False,
    why: str = "",
) -> Claim:
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
        used_to_build=used,
        why=why,
    )


def within_percent(printed: float, percent: float) -> tuple[float, float]:
    return printed * (1.0 - percent / 100.0), printed * (1.0 + percent / 100.0)


def tolerance_of_ours(percent: float) -> str:
    return f"tolerance of ours, {percent:g} %"


USUAL = (Bolus(time_h=0.0, dose_u_per_kg=80.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0))
FIXED = (Bolus(time_h=0.0, dose_u=5000.0), Infusion(time_h=0.0, rate_u_per_h=1000.0))
VOLUNTEERS, VTE = "healthy volunteers and patients", "patients with venous thromboembolism"


def adult_of_75_kg(**more) -> Patient:
    return Patient(weight_kg=75.0, **more)
