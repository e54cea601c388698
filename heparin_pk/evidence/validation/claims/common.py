"""Names and helpers that several families of claims share: reasons for a miss, tolerances, usual orders, a usual patient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from heparin_pk.base.source import Source
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation.claim import TOLERANCE_OF_OURS, Claim
from heparin_pk.ward.orders import Bolus, Infusion

DEFAULT = "UFH_DEFAULT"
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
    own_reagent: bool = False,
    asks_again: str = "",
    other_reading: tuple[str, float, float] | None = None,
    why: str = "",
    tested: Callable[[], float] | None = None,
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
        own_reagent=own_reagent,
        asks_again=asks_again,
        other_reading=other_reading,
        why=why,
        tested=tested,
    )


def within_percent(printed: float, percent: float) -> tuple[float, float]:
    """Return the bounds of a printed value, plus or minus a percentage of it."""
    return printed * (1.0 - percent / 100.0), printed * (1.0 + percent / 100.0)


def tolerance_of_ours(percent: float) -> str:
    """Return the words for bounds that are our own tolerance and were not printed."""
    return f"{TOLERANCE_OF_OURS}, {percent:g} %"


def as_standard_error(printed: float, plus_minus: float) -> tuple[str, float, float]:
    """Return the second reading of a +- of which the paper does not say what it is: a standard error, doubled."""
    return "if the printed +- is a standard error, twice it", printed - 2.0 * plus_minus, printed + 2.0 * plus_minus


def mean_interval(mean: float, sd: float, n: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a mean from a printed SD and number of patients (normal approximation)."""
    half = 1.96 * sd / math.sqrt(n)
    return mean - half, mean + half


def wilson_interval(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a printed count, as shares."""
    z2 = 1.96**2
    share, half = count / n, 1.96 * math.sqrt(count * (n - count) / n + z2 / 4.0) / n
    middle, width = (share + z2 / (2.0 * n)) / (1.0 + z2 / n), half / (1.0 + z2 / n)
    return middle - width, middle + width


def adult_of_75_kg(**features: Any) -> Patient:
    """Return a patient of 75 kg with these further features; the other fields keep the defaults of ``Patient``."""
    return Patient(weight_kg=75.0, **features)
