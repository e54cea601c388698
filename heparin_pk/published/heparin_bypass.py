"""Unfractionated heparin on the cardiopulmonary bypass pump: Jia 2015, Delavenne 2017."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ClottingTime
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.heparin_default import PROTAMINE
from heparin_pk.published.reagents import MODERN
from heparin_pk.published.sources import DELAVENNE_2017, JIA_2015

JIA_2015_UFH = Drug(
    name="JIA_2015_UFH",
    label="Jia 2015 (bypass)",
    title="cardiopulmonary bypass, two compartments, linear",
    parameters=(
        Parameter(name="clearance_ml_per_h", value=Value(1180.0, JIA_2015.at("CL 1.18 L/h"), 0.0725, (990.0, 1350.0))),
        Parameter(name="v1_ml", value=Value(3040.0, JIA_2015.at("Vc 3.04 L"), 0.0809, (2570.0, 3510.0))),
        Parameter(name="q_ml_per_h", value=Value(171.0, JIA_2015.at("Q 0.171 L/h"), 0.144, (97.7, 311.0))),
        Parameter(name="v2_ml", value=Value(8010.0, JIA_2015.at("Vp 8.01 L"), 0.318, (2630.0, 27600.0))),
        *PROTAMINE,
    ),
    reagent=MODERN,
    studied=ValidityDomain(
        population="32 Chinese adults on cardiopulmonary bypass, 375 IU/kg",
        weight_kg=(41.0, 82.0),
        age_y=(18.0, 74.0),
        concentration_u_per_ml=(0.0, 8.0),
        routes=("bolus",),
        dose_u_per_kg=(125.0, 500.0),
        assay="anti-FIIa",
    ),
    residual=(Residual(name="concentration_cv_fraction", value=Value(0.37, JIA_2015.at("proportional, sigma2 0.139"))),),
    departures=(
        "Measured as anti-FIIa on bypass, several U/mL; over-predicts ward infusions about threefold. The aPTT law is not "
        "theirs. Standard errors and bootstrap intervals are from another coding of the paper (vanderzwaag/nomogram)."
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.36, JIA_2015.at("omega2 0.122"))),
        Variability(name="v1_ml", cv_fraction=Value(0.33, JIA_2015.at("omega2 0.105"))),
        Variability(name="q_ml_per_h", cv_fraction=Value(0.32, JIA_2015.at("omega2 0.0978"))),
    ),
)

DELAVENNE_2017_UFH = Drug(
    name="DELAVENNE_2017_UFH",
    label="Delavenne 2017 (bypass)",
    title="cardiopulmonary bypass, two compartments, ACT that flattens",
    parameters=(
        Parameter(
            name="v1_ml", value=Value(3100.0, DELAVENNE_2017.at("Table 2: Vc 3.1 L x WT / 70 (fixed)"), 0.04), exponent=1.0
        ),
        Parameter(name="v2_ml", value=Value(2230.0, DELAVENNE_2017.at("Table 2: Vp 2.23 L"), 0.08)),
        Parameter(name="q_ml_per_h", value=Value(4670.0, DELAVENNE_2017.at("Table 2: Q 4.67 L/h"), 0.15)),
        Parameter(
            name="clearance_ml_per_h",
            value=Value(841.0, DELAVENNE_2017.at("Table 2: CL 0.841 L/h x (WT / 70)^0.767"), 0.10),
            exponent=Value(0.767, DELAVENNE_2017.at("Table 2: exponent of CL 0.767"), 0.29),
        ),
        *PROTAMINE,
    ),
    reagent=None,
    act=ClottingTime(
        name="ACT of the bypass pump",
        assay="act_s",
        baseline_s=116.0,
        most_s=720.0,
        half_at_u_per_ml=3.49,
        source=DELAVENNE_2017.at("Table 2: ACT0 116 s, Emax 720 s (older third-party scripts: 600), C50 3.49 IU/mL"),
    ),
    studied=ValidityDomain(
        population="50 adults on cardiopulmonary bypass, 300 IU/kg and 5,000 IU on top",
        age_y=(18.0, 100.0),
        routes=("bolus",),
        dose_u_per_kg=(50.0, 400.0),
        assay="anti-Xa and ACT",
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.221, DELAVENNE_2017.at("Table 2: omega 0.221"))),
        Variability(name="v1_ml", cv_fraction=Value(0.119, DELAVENNE_2017.at("Table 2: omega 0.119"))),
    ),
    reference_weight_kg=70.0,
    departures="Residual errors and the variability of the ACT were not found. The limits of age are assumed, protamine is ours.",
)

SETS = (JIA_2015_UFH, DELAVENNE_2017_UFH)
