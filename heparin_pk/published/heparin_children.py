"""Unfractionated heparin in children: Al-Sallami 2016, Salem 2022."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ClottingTime
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.sources import AL_SALLAMI_2016, SALEM_2022

_PER_PERSON = "as printed, coefficient of variation"

AL_SALLAMI_2016_UFH = Drug(
    name="AL_SALLAMI_2016_UFH",
    label="Al-Sallami 2016 (children)",
    title="children, one large bolus, linear; aPTT a straight line",
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(603.0, AL_SALLAMI_2016.at("Table 2: CL 0.603 L/h x FFM / 15 kg")),
            scales_with="fat_free_mass_kg",
            reference=15.0,
        ),
        Parameter(
            name="v1_ml", value=Value(751.0, AL_SALLAMI_2016.at("Table 2: V 0.751 L x WT / 20 kg")), exponent=1.0, reference=20.0
        ),
    ),
    reagent=ClottingTime(
        name="PTT-A to 999 s",
        assay="aptt_s",
        baseline_s=35.6,
        slope_s_ml_per_u=670.0,
        source=AL_SALLAMI_2016.at("Table 3: E0 35.6 s, slope 0.67 s per U/L"),
    ),
    studied=ValidityDomain(
        population="64 children before cardiac angiography, one bolus",
        weight_kg=(6.7, 68.6),
        age_y=(0.5, 15.5),
        routes=("bolus",),
        dose_u_per_kg=(47.9, 105.4),
        assay="protamine titration, aPTT to 999 s",
    ),
    variability=(
        Variability(
            name="clearance_ml_per_h",
            cv_fraction=Value(0.50, AL_SALLAMI_2016.at(f"Table 2: CL 50 %, {_PER_PERSON}; correlation with V 0.75")),
        ),
        Variability(
            name="v1_ml",
            cv_fraction=Value(0.40, AL_SALLAMI_2016.at(f"Table 2: V 40 %, {_PER_PERSON}")),
            correlates_with="clearance_ml_per_h",
            correlation_fraction=0.75,
        ),
        Variability(name="slope_ml_per_u", cv_fraction=Value(0.64, AL_SALLAMI_2016.at(f"Table 3: slope 64 %, {_PER_PERSON}"))),
        Variability(
            name="baseline_aptt_s",
            cv_fraction=Value(0.43, AL_SALLAMI_2016.at("Table 3: E0 0.43, read as 43 % (the column mixes scales)")),
        ),
    ),
    residual=(
        Residual(name="concentration_cv_fraction", value=Value(0.17, AL_SALLAMI_2016.at("Table 2: proportional 17 %"))),
        Residual(name="concentration_sd_u_per_ml", value=Value(0.090, AL_SALLAMI_2016.at("Table 2: additive 90 U/L"))),
        Residual(name="aptt_cv_fraction", value=Value(0.30, AL_SALLAMI_2016.at("Table 3: proportional 30 %"))),
        Residual(name="aptt_sd_s", value=Value(0.005, AL_SALLAMI_2016.at("Table 3: additive 0.005"))),
    ),
    reference_weight_kg=20.0,
    departures=(
        "The bolus ran in over 0.1 h in the paper; give it with over_min=6. Its authors: on infusions the model over-predicts "
        "the aPTT. Never use its aPTT at ward levels."
    ),
)

SALEM_2022_UFH = Drug(
    name="SALEM_2022_UFH",
    label="Salem 2022 (children)",
    title="children and adolescents on infusions, one compartment; aPTT a straight line",
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(
                3280.0,
                SALEM_2022.at(
                    "Abstract: CL 3.28 L/h for 50 kg, allometric; the exponent is not in the abstract, 0.75 is assumed"
                ),
            ),
            exponent=0.75,
            reference=50.0,
        ),
        Parameter(
            name="v1_ml",
            value=Value(
                8830.0,
                SALEM_2022.at("Abstract: V 8.83 L for 50 kg, allometric; the exponent is not in the abstract, 1 is assumed"),
            ),
            exponent=1.0,
            reference=50.0,
        ),
    ),
    reagent=ClottingTime(
        name="aPTT at Texas Children's",
        assay="aptt_s",
        baseline_s=30.0,
        slope_s_ml_per_u=150.0,
        source=SALEM_2022.at("Abstract: slope 150 s per IU/mL; its baseline was not seen, 30 s is assumed"),
    ),
    studied=ValidityDomain(
        population="633 patients up to 19 years, infusions (weights not seen)",
        age_y=(0.0, 19.0),
        routes=("bolus", "infusion"),
        assay="anti-Xa and aPTT",
    ),
    reference_weight_kg=50.0,
    departures=(
        "The abstract scales CL and V allometrically without exponents: 0.75 and 1, the usual ones, are assumed. The maturation "
        "of V with age (extracellular water) is left out, for its numbers are not in the abstract: the V of infants is too "
        "small here. No variability between patients and no residual error are in the abstract: every child of a trial is "
        "typical for its weight."
    ),
)
"""The paper's own simulation reached 0.3-0.7 IU/mL at 28 (under 1 year) or 20 U/kg/h in 15.3, 14.6, 36.9 and 45.1 % (under 1,
1-6, 6-12, 12-19 years). This set, with a spread of 50 % assumed, puts the ages in the same order and comes near the last two;
the first two it puts about twice as high, which is unexplained."""

SETS = (AL_SALLAMI_2016_UFH, SALEM_2022_UFH)
