"""Argatroban, a direct thrombin inhibitor, in micrograms: Swan 2000. It needs no antithrombin."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ClottingTime
from heparin_pk.body.covariate import Covariate
from heparin_pk.published.drug import Drug, Parameter, ValidityDomain, Variability
from heparin_pk.published.sources import ASSUMED, SWAN_2000, SWAN_2000_LIVER

FAMILY = "direct thrombin inhibitor"

SWAN_ARGATROBAN_DERIVED = Drug(
    name="SWAN_ARGATROBAN_DERIVED",
    label="Swan (argatroban)",
    title="argatroban, one compartment (volume DERIVED from clearance and half-life)",
    family=FAMILY,
    amount_unit="µg",
    parameters=(
        Parameter(name="clearance_ml_per_kg_per_h", value=Value(4.7 * 60.0, SWAN_2000.at("Abstract: CL 4.7 +- 1.1 mL/min/kg"))),
        Parameter(
            name="v1_ml_per_kg",
            value=Value(
                313.0,
                SWAN_2000.at("4.7 mL/min/kg x 46.2 min / ln 2; Vss 179.5 would give 26 min", "derived"),
            ),
        ),
    ),
    reagent=ClottingTime(
        name="aPTT under argatroban (assumed)",
        assay="aptt_s",
        baseline_s=30.0,
        most_s=75.0,
        half_at_u_per_ml=0.6,
        source=ASSUMED.at("aPTT = 30 + 75 C / (0.6 + C) s: 2.0 x at 2 and 2.9 x at 10 µg/kg/min; no concentration law was found"),
    ),
    anti_xa_fraction=0.0,
    covariate_effects=(
        Covariate(
            name="cirrhosis",
            feature="cirrhosis",
            on=("clearance_ml_per_h",),
            form="times",
            effect=Value(
                1.5 / 4.7, SWAN_2000_LIVER.at("clearance 1.5 against 4.7 mL/min/kg, moderate hepatic impairment", "derived")
            ),
            words="My liver is failing: argatroban leaves me at a third of the usual speed.",
        ),
    ),
    studied=ValidityDomain(
        population="40 healthy volunteers, and people with failing livers or kidneys (weights not printed)",
        age_y=(18.0, 80.0),
        routes=("bolus", "infusion"),
        dose_u_per_kg=(0.0, 125.0),
        rate_u_per_kg_per_h=(30.0, 300.0),
        assay="argatroban in plasma, aPTT, ACT",
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.23, SWAN_2000.at("1.1 of 4.7 mL/min/kg", "derived"))),
    ),
    departures=(
        "Two compartments in the paper, one here, its volume keeping clearance and half-life. The aPTT law is assumed. Rates "
        "from 0.5 µg/kg/min (failing livers) count as studied. Its residual error was not found."
    ),
)

SETS = (SWAN_ARGATROBAN_DERIVED,)
