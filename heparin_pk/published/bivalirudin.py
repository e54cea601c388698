"""Bivalirudin, a direct thrombin inhibitor, in micrograms: Zhang 2012. It needs no antithrombin."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ClottingTime
from heparin_pk.body.covariate import Covariate
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.sources import BIVALIRUDIN_LABEL, ZHANG_2012

FAMILY = "direct thrombin inhibitor"

ZHANG_2012_BIVALIRUDIN = Drug(
    name="ZHANG_2012_BIVALIRUDIN",
    label="Zhang 2012 (bivalirudin)",
    title="bivalirudin, two compartments, ACT that flattens",
    family=FAMILY,
    amount_unit="µg",
    parameters=(
        Parameter(name="clearance_ml_per_kg_per_h", value=Value(323.0, ZHANG_2012.at("Table 2: CL 0.323 L/h/kg"))),
        Parameter(name="v1_ml_per_kg", value=Value(86.0, ZHANG_2012.at("Table 2: V1 0.086 L/kg"))),
        Parameter(name="q_ml_per_kg_per_h", value=Value(95.7, ZHANG_2012.at("Table 2: Q 0.0957 L/h/kg"))),
        Parameter(name="v2_ml_per_kg", value=Value(55.4, ZHANG_2012.at("Table 2: V2 0.0554 L/kg"))),
    ),
    reagent=None,
    act=ClottingTime(
        name="Hemochron Response",
        assay="act_s",
        baseline_s=134.0,
        most_s=318.0 - 134.0,
        half_at_u_per_ml=2.44,
        source=ZHANG_2012.at("Table 3: E0 134 s, Emax 318 s, EC50 2.44 mg/L"),
    ),
    anti_xa_fraction=0.0,
    covariate_effects=(
        Covariate(
            name="kidney failure",
            feature="kidney_failure",
            on=("clearance_ml_per_h",),
            form="times",
            effect=Value(0.30, BIVALIRUDIN_LABEL.at("8.6: clearance reduced about 70 % on dialysis", "derived")),
            words="I am on dialysis: bivalirudin leaves me at a third of the usual speed.",
        ),
    ),
    studied=ValidityDomain(
        population="36 healthy Chinese volunteers",
        weight_kg=(50.0, 78.0),
        age_y=(29.0, 37.0),
        routes=("bolus", "infusion"),
        dose_u_per_kg=(500.0, 1050.0),
        rate_u_per_kg_per_h=(150.0, 1750.0),
        assay="bivalirudin in plasma, ACT",
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.148, ZHANG_2012.at("Table 2: CL 14.8 %"))),
        Variability(name="v1_ml", cv_fraction=Value(0.242, ZHANG_2012.at("Table 2: V1 24.2 %"))),
        Variability(name="v2_ml", cv_fraction=Value(0.156, ZHANG_2012.at("Table 2: V2 15.6 %"))),
        Variability(name="baseline_act_s", cv_fraction=Value(0.041, ZHANG_2012.at("Table 3: E0 4.1 %"))),
    ),
    residual=(
        Residual(name="concentration_cv_fraction", value=Value(0.08, ZHANG_2012.at("Table 2: proportional 0.08"))),
        Residual(name="act_cv_fraction", value=Value(0.0467, ZHANG_2012.at("Table 3: proportional 4.67 %"))),
    ),
    reference_weight_kg=60.0,
    departures=(
        "The effect of the red cell count on EC50 is left out, and so are two variabilities between patients that Table 3 "
        "prints: of Emax, 6.8 %, and of EC50, 46.4 %; that of E0 is drawn only around a baseline_act_s that the patient has. The "
        "ACTs of a trial are too much alike. The lowest rate, that of HIT (150 µg/kg/h), was not studied here. No aPTT law was "
        "found."
    ),
)

SETS = (ZHANG_2012_BIVALIRUDIN,)
