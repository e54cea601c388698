"""A drug of your own: one compartment, one clearance, every number with the place it was read in.

The drug is invented; a real one is a file in heparin_pk/published/ (docs/guides/add-a-drug.md).
"""

from heparin_pk import (
    Bolus,
    Drug,
    Infusion,
    Parameter,
    Patient,
    Regimen,
    Source,
    ValidityDomain,
    Value,
    metrics,
    simulate,
)

PAPER = Source(key="Example_2020", citation="Example 2020 (invented)", where="Table 1", confidence="assumed")

drug = Drug(
    name="EXAMPLE_2020",
    title="an invented heparin, one compartment, linear",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(60.0, PAPER.at("Table 1: V 0.060 L/kg"))),
        Parameter(name="clearance_ml_per_kg_per_h", value=Value(30.0, PAPER.at("Table 1: CL 0.030 L/h/kg"))),
    ),
    reagent=None,  # nothing is known about the aPTT: courses answer in anti-Xa
    studied=ValidityDomain(population="none: the drug is invented", routes=("bolus", "infusion"), assay="anti-Xa"),
)

patient = Patient(weight_kg=75)
after_bolus = simulate(patient, drug, Regimen((Bolus(time_h=0, dose_u_per_kg=60),)), hours=12)
on_infusion = simulate(patient, drug, Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=12),)), hours=48)

print(drug)
print(f"peak {metrics.peak_u_per_ml(after_bolus):.4f} U/mL")
print(f"half-life {60 * metrics.half_life_h(after_bolus):.2f} min")
print(f"plateau {on_infusion.level_at('anti_xa_u_per_ml', 48):.4f} U/mL")
