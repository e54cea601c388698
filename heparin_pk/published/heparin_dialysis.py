"""Unfractionated heparin on haemodialysis: Kandrotas 1989, Brunet 2008."""

from heparin_pk.base.source import Value
from heparin_pk.published.drug import Drug, Parameter, ValidityDomain
from heparin_pk.published.reagents import MODERN
from heparin_pk.published.sources import BRUNET_2008, KANDROTAS_1989

KANDROTAS_1989_UFH = Drug(
    name="KANDROTAS_1989_UFH",
    label="Kandrotas 1989 (dialysis)",
    title="haemodialysis, one compartment, linear",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(68.0, KANDROTAS_1989.at("Abstract: volume 68 mL/kg"))),
        Parameter(name="clearance_ml_per_h", value=Value(28.0 * 60.0, KANDROTAS_1989.at("Abstract: clearance 28 mL/min"))),
    ),
    reagent=MODERN,
    studied=ValidityDomain(
        population="21 adults on chronic haemodialysis, single boluses of 3,000-12,000 U (weights and ages not printed)",
        routes=("bolus",),
        dose_u_per_kg=(40.0, 160.0),
        assay="plasma heparin",
    ),
    departures=(
        "The authors saw zero- and first-order elimination together and judged first order good enough on dialysis. Variability "
        "and residual error are not in the abstract. The aPTT law is not theirs."
    ),
)

BRUNET_2008_UFH_DERIVED = Drug(
    name="BRUNET_2008_UFH_DERIVED",
    label="Brunet 2008 (dialysis)",
    title="haemodialysis, one compartment, linear (DERIVED from its abstract)",
    parameters=(
        Parameter(
            name="v1_ml_per_kg",
            value=Value(
                31.7, BRUNET_2008.at("peak 0.55 IU/mL after 25 IU/kg in 1 h at a half-life of 54 min gives 31.7", "derived")
            ),
        ),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(31.7 * 0.693147 / 0.9, BRUNET_2008.at("volume x ln 2 / 54 min", "derived")),
        ),
    ),
    reagent=MODERN,
    studied=ValidityDomain(
        population="35 adults on chronic haemodialysis, infusion during the session (weights and ages not in the abstract)",
        routes=("infusion",),
        rate_u_per_kg_per_h=(12.5, 25.0),
        assay="anti-Xa",
    ),
    built_from=(BRUNET_2008,),
    departures=(
        "Not published as such: the paper's own volume and clearance were not reached; both were derived from its peak and "
        "half-life. Variability and residual error were not found. The aPTT law is not theirs."
    ),
)
"""Where the default ends: after dialysis heparin decays more slowly than the default says, and without saturation."""

SETS = (KANDROTAS_1989_UFH, BRUNET_2008_UFH_DERIVED)
