"""How the level after 24 h of 80 U/kg and 18 U/kg/h depends on each parameter of the default set.

Each parameter is moved by 1 % either way (central difference). An elasticity of -1 means: 1 % more of it, 1 % less heparin.
"""

from dataclasses import replace

import numpy as np

from heparin_pk import Bolus, Drug, Infusion, Patient, Regimen, Value, published, simulate

PATIENT = Patient(weight_kg=75)
USUAL = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
STEP = 0.01


def level_at_24_h(drug: Drug) -> float:
    """Return the heparin concentration at 24 h, U/mL."""
    return simulate(PATIENT, drug, USUAL, hours=24, engine="scipy").concentration_at_u_per_ml(24)


def moved(drug: Drug, index: int, factor: float) -> Drug:
    """Return the drug with one parameter multiplied."""
    parameters = list(drug.parameters)
    value = parameters[index].value
    parameters[index] = replace(parameters[index], value=Value(factor * value.value, value.source))
    return replace(drug, parameters=tuple(parameters))


drug = published.UFH_DEFAULT
print(f"level at 24 h: {level_at_24_h(drug):.5f} U/mL")
for index, parameter in enumerate(drug.parameters):
    more, less = (np.log(level_at_24_h(moved(drug, index, factor))) for factor in (1 + STEP, 1 - STEP))
    print(f"{parameter.name:<28} elasticity {(more - less) / (np.log(1 + STEP) - np.log(1 - STEP)):+.4f}")
