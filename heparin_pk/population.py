"""People who are not alike: draws from what a set says of the differences between people and between days.

Every draw has an address (seed, number, subject), so that person 17 is the same in a cohort of 20 or 20,000.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from heparin_pk._checks import check_between, check_is
from heparin_pk._streams import checked_seed, standard_normal
from heparin_pk.drug import Drug, Variability
from heparin_pk.patient import LIMITS, Patient

_BASELINES = {name: LIMITS[name] for name in ("baseline_aptt_s", "baseline_act_s")}


def person(drug: Drug, typical: Patient, subject: int, *, seed: int) -> Patient:
    """Return person number ``subject``: like ``typical``, but for what people of one description differ in.

    Log-normal around the typical value, with the coefficients of variation (and correlations) of ``drug.variability``. A
    clotting time drawn beyond what a :class:`Patient` can have is set to that limit.

    >>> from heparin_pk import published
    >>> one = person(published.UFH_DEFAULT, Patient(weight_kg=75), 17, seed=1)
    >>> one == person(published.UFH_DEFAULT, Patient(weight_kg=75), 17, seed=1)
    True
    """
    check_is("typical", typical, Patient, "a Patient")
    if isinstance(subject, bool) or not isinstance(subject, int | np.integer) or not 0 <= subject < 2**63:
        raise ValueError(f"subject must be an integer of 0 or more; got {subject!r}")
    normals = {one.name: standard_normal(seed, f"between people {one.name}", 0.0, int(subject)) for one in drug.variability}
    draws = {one.name: _factor(one, normals) for one in drug.variability}
    factors = dict(typical.factors)
    for name, factor in draws.items():
        if name not in _BASELINES:
            factors[name] = factors.get(name, 1.0) * factor
    baselines = {}
    for name, (low, high) in _BASELINES.items():
        if name in draws and getattr(typical, name):
            baselines[name] = min(high, max(low, getattr(typical, name) * draws[name]))
    return replace(typical, factors=tuple(factors.items()), **baselines)


def _factor(one: Variability, normals: dict[str, float]) -> float:
    sigma = math.sqrt(math.log1p(one.cv_fraction.value**2))
    z = normals[one.name]
    if one.correlates_with:
        r = one.correlation_fraction
        z = r * normals[one.correlates_with] + math.sqrt(1.0 - r * r) * z
    return math.exp(sigma * z)


def people(drug: Drug, typical: Patient, number: int, *, seed: int | np.random.Generator) -> Iterator[Patient]:
    """Yield persons 0 to ``number`` - 1 (1 to ten million)."""
    check_between("number", number, 1, 1e7)
    one_seed = checked_seed(seed)
    return (person(drug, typical, subject, seed=one_seed) for subject in range(int(number)))


def on_another_day(drug: Drug, patient: Patient, day: int, *, seed: int) -> Patient:
    """Return the same person on another day: what ``drug.between_occasions`` says varies, drawn again for this day."""
    factors = dict(patient.factors)
    for one in drug.between_occasions:
        z = standard_normal(seed, f"between days {one.name}", 24.0 * check_between("day", day, 0, 1e4))
        factors[one.name] = factors.get(one.name, 1.0) * math.exp(math.sqrt(math.log1p(one.cv_fraction.value**2)) * z)
    return replace(patient, factors=tuple(factors.items()))
