"""Enoxaparin, a low-molecular-weight heparin, in anti-Xa units (1 mg is 100 IU): Green 2003, Green 2005, Feng 2006."""

from heparin_pk.base.source import Value
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.sources import FENG_2006, GREEN_2003, GREEN_2005

FAMILY = "low-molecular-weight heparin"

GREEN_2003_ENOXAPARIN = Drug(
    name="GREEN_2003_ENOXAPARIN",
    label="Green 2003 (enoxaparin)",
    title="enoxaparin under the skin, obese patients among them",
    family=FAMILY,
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(1030.0, GREEN_2003.at("Table 3: CL 1.03 L/h per 70 kg of lean body weight")),
            scales_with="lean_body_weight_kg",
            reference=70.0,
        ),
        Parameter(name="v1_ml", value=Value(3670.0, GREEN_2003.at("Table 3: V2 3.67 L per 70 kg")), exponent=1.0, reference=70.0),
        Parameter(name="q_ml_per_h", value=Value(363.0, GREEN_2003.at("Table 3: Q 0.363 L/h"))),
        Parameter(name="v2_ml", value=Value(13_100.0, GREEN_2003.at("Table 3: V3 13.1 L"))),
        Parameter(name="ktr_per_h", value=Value(0.195, GREEN_2003.at("Table 3: Ka 0.195 /h"))),
        Parameter(name="bioavailability_fraction", value=Value(1.0, GREEN_2003.at("CL and V are apparent: F is in them"))),
    ),
    transits=1,
    reagent=None,
    studied=ValidityDomain(
        population="96 adults, a third of them with a BMI above 30, normal kidneys",
        weight_kg=(41.0, 160.0),
        age_y=(18.0, 100.0),
        routes=("subcutaneous",),
        dose_u_per_kg=(25.0, 110.0),
        assay="anti-Xa",
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.356, GREEN_2003.at("Table 3: CL 35.6 %"))),
        Variability(name="v1_ml", cv_fraction=Value(0.58, GREEN_2003.at("Table 3: V2 58 %"))),
    ),
    residual=(Residual(name="concentration_sd_u_per_ml", value=Value(0.0802, GREEN_2003.at("Table 3: sigma2 6,430 (IU/L)2"))),),
    reference_weight_kg=70.0,
    departures=(
        "Clearance and volume are apparent (bioavailability in them). The limits of age are assumed: a mean of 56 (SD 17) is "
        "printed."
    ),
)

GREEN_2005_ENOXAPARIN = Drug(
    name="GREEN_2005_ENOXAPARIN",
    label="Green 2005 (enoxaparin)",
    title="enoxaparin in acute coronary syndrome, failing kidneys among them",
    family=FAMILY,
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(681.0, GREEN_2005.at("Table 2: renal 0.681 L/h at 80 mL/min")),
            scales_with="creatinine_clearance_ml_per_min",
            reference=80.0,
        ),
        Parameter(name="clearance_ml_per_h", value=Value(229.0, GREEN_2005.at("Table 2: non-renal 0.229 L/h"))),
        Parameter(name="v1_ml", value=Value(5220.0, GREEN_2005.at("Table 2: 5.22 L per 80 kg")), exponent=1.0, reference=80.0),
        Parameter(name="q_ml_per_h", value=Value(632.0, GREEN_2005.at("Table 2: Q 0.632 L/h"))),
        Parameter(name="v2_ml", value=Value(29_600.0, GREEN_2005.at("Table 2: Vp 29.6 L"))),
        Parameter(name="ktr_per_h", value=Value(0.255, GREEN_2005.at("Table 2: Ka 0.255 /h"))),
        Parameter(name="bioavailability_fraction", value=Value(1.0, GREEN_2005.at("CL and V are apparent: F is in them"))),
    ),
    transits=1,
    reagent=None,
    studied=ValidityDomain(
        population="38 adults with acute coronary syndrome, creatinine clearance 16 to 117 mL/min",
        weight_kg=(32.0, 95.0),
        age_y=(44.0, 87.0),
        routes=("subcutaneous",),
        dose_u_per_kg=(50.0, 110.0),
        assay="anti-Xa",
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.327, GREEN_2005.at("Table 2: CL 32.7 %"))),
        Variability(name="v1_ml", cv_fraction=Value(0.344, GREEN_2005.at("Table 2: Vc 34.4 %"))),
        Variability(name="q_ml_per_h", cv_fraction=Value(0.698, GREEN_2005.at("Table 2: Q 69.8 %"))),
    ),
    residual=(
        Residual(name="concentration_cv_fraction", value=Value(0.20, GREEN_2005.at("Table 2: 20 %"))),
        Residual(name="concentration_sd_u_per_ml", value=Value(0.0524, GREEN_2005.at("Table 2: 52.4 IU/L"))),
    ),
    reference_weight_kg=80.0,
    departures="The paper adds a basal anti-Xa of 0.05 IU/mL to every level; here no drug is no level.",
)

FENG_2006_ENOXAPARIN = Drug(
    name="FENG_2006_ENOXAPARIN",
    label="Feng 2006 (enoxaparin)",
    title="enoxaparin as a continuous infusion, and under the skin",
    family=FAMILY,
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(744.0, FENG_2006.at("Table 2: renal 0.744 L/h at 80 mL/min")),
            scales_with="creatinine_clearance_ml_per_min",
            reference=80.0,
        ),
        Parameter(name="clearance_ml_per_h", value=Value(229.0, FENG_2006.at("Table 2: non-renal 0.229 L/h, fixed"))),
        Parameter(name="v1_ml", value=Value(6780.0, FENG_2006.at("Table 2: V2 6.78 L per 70 kg")), exponent=1.0, reference=70.0),
        Parameter(name="q_ml_per_h", value=Value(429.0, FENG_2006.at("Table 2: Q 0.429 L/h"))),
        Parameter(name="v2_ml", value=Value(6190.0, FENG_2006.at("Table 2: V3 6.19 L"))),
        Parameter(name="ktr_per_h", value=Value(0.476, FENG_2006.at("Table 2: Ka 0.476 /h"))),
        Parameter(name="bioavailability_fraction", value=Value(0.94, FENG_2006.at("Table 2: F1 0.94"))),
    ),
    transits=1,
    reagent=None,
    studied=ValidityDomain(
        population="83 adult inpatients, 48 on a continuous infusion (19 in intensive care)",
        weight_kg=(16.0, 108.0),
        age_y=(16.0, 90.0),
        routes=("infusion", "subcutaneous"),
        dose_u_per_kg=(25.0, 110.0),
        rate_u_per_kg_per_h=(1.4, 22.0),
        assay="anti-Xa",
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.407, FENG_2006.at("Table 2: CL 40.7 %"))),
        Variability(name="v1_ml", cv_fraction=Value(0.294, FENG_2006.at("Table 2: V2 29.4 %"))),
    ),
    residual=(
        Residual(name="concentration_cv_fraction", value=Value(0.121, FENG_2006.at("Table 2: 12.1 % (general ward)"))),
        Residual(name="concentration_sd_u_per_ml", value=Value(0.132, FENG_2006.at("Table 2: 132 IU/L (general ward)"))),
    ),
    reference_weight_kg=70.0,
    departures="Rates of 100 to 1,600 IU/h are printed, here divided by 70 kg. The error of intensive care is left out.",
)

SETS = (GREEN_2003_ENOXAPARIN, GREEN_2005_ENOXAPARIN, FENG_2006_ENOXAPARIN)
