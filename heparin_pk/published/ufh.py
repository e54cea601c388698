"""Unfractionated heparin: one constant per published or derived set, and no calculation beyond what a reader can redo."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, WHITFIELD_1980, ClottingTime
from heparin_pk.body.covariate import Covariate
from heparin_pk.published import patients
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.reagents import GUIDELINE
from heparin_pk.published.sources import (
    AL_SALLAMI_2016,
    ASSUMED,
    BRANCAZIO,
    BRUNET_2008,
    DE_SWART_1982,
    DELAVENNE_2017,
    DERIVED,
    EDRICH_2015,
    HALF_LIFE_TABLE,
    HIRSH_1976,
    JIA_2015,
    KANDROTAS_1989,
    PROTAMINE_2002,
    PROTAMINE_LABEL,
    RXKINETICS,
    SALEM_2022,
    SWISS_LABEL,
    TEIEN_1977,
    US_LABEL,
)

SUBCUTANEOUS = (
    Parameter(
        name="ktr_per_h",
        value=Value(0.60, DERIVED.at("two transits, with F 0.50 reproduce 0.23 U/mL about 3 h after 143 U/kg (Brancazio)")),
    ),
    Parameter(
        name="bioavailability_fraction",
        value=Value(0.50, BRANCAZIO.at("absorbed share that gives the peak of 0.23 U/mL with UFH_DEFAULT", "derived")),
    ),
)
PROTAMINE = (
    Parameter(
        name="kr_ml_per_u_per_h",
        value=Value(50.0, ASSUMED.at("fast against everything else; 1 mg = 100 U is " + PROTAMINE_LABEL.key)),
    ),
    Parameter(name="protamine_loss_per_h", value=Value(0.693147 / (4.5 / 60), PROTAMINE_2002)),
)
_ADULTS = ValidityDomain(
    population="adults with normal kidneys; derived from volunteers and VTE patients (the limits are assumed)",
    weight_kg=(40.0, 160.0),
    age_y=(18.0, 100.0),
    concentration_u_per_ml=(0.0, 10.0),
    dose_u_per_kg=(0.0, 500.0),
    rate_u_per_kg_per_h=(0.0, 60.0),
    assay="anti-Xa, protamine titration",
)
_BUILT_FROM = (
    HALF_LIFE_TABLE,
    SWISS_LABEL,
    US_LABEL,
    HIRSH_1976,
    TEIEN_1977,
    DE_SWART_1982,
    JIA_2015.at("Clearance at bypass levels: 1.18 L/h in 66 kg"),
)
_TYPICAL = "A typical patient: no variability and no residual error. "
_ALLOMETRY = (
    "allometric: 0.75 for capacities and clearance, 1 for volume, around 75 kg (assumed; obese patients need fewer U/kg/h)"
)

UFH_B_DERIVED = Drug(
    name="UFH_B_DERIVED",
    title="adult UFH with a saturable binding pool (DERIVED, the default)",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(50.0, DERIVED.at("fit: 48.9 (RSE 14 %)")), exponent=1.0),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(0.21 * 50.0, DERIVED.at("first-order 0.21 /h of the volume; fit: 0.214 (RSE 30 %)")),
            exponent=0.75,
        ),
        Parameter(name="bmax_u_per_kg", value=Value(17.0, DERIVED.at("fit: 16.7 (RSE 57 %)")), exponent=0.75),
        Parameter(name="kint_per_h", value=Value(21.0 / 17.0, DERIVED.at("Vmax 21 U/kg/h over Bmax; fit: 1.265 (RSE 59 %)"))),
        Parameter(
            name="kon_ml_per_u_per_h",
            value=Value(21.0 / 17.0 / 0.26, DERIVED.at("kint over Km 0.26 U/mL; fit: 4.82 (RSE 79 %)")),
        ),
        *SUBCUTANEOUS,
        *PROTAMINE,
    ),
    reagent=GUIDELINE,
    studied=_ADULTS,
    built_from=_BUILT_FROM,
    departures=(
        "Not published: derived from published half-lives and the clinical infusion dose. Binding parameters are weakly "
        "identified (RSE 57-79 %). " + _ALLOMETRY
    ),
    variability=(
        Variability(
            name="v1_ml", cv_fraction=Value(0.20, ASSUMED.at("CV 20 %; published: 33 % (Jia 2015), 40 % (Al-Sallami 2016)"))
        ),
        Variability(
            name="bmax_u",
            cv_fraction=Value(0.25, ASSUMED.at("CV 25 %, drawn with the capacity; published doses vary by 10-25 %")),
        ),
        Variability(
            name="clearance_ml_per_h",
            cv_fraction=Value(0.25, ASSUMED.at("CV 25 %; published: 36 % (Jia 2015), 50 % (Al-Sallami 2016)")),
        ),
        Variability(
            name="slope_ml_per_u",
            cv_fraction=Value(0.25, WHITFIELD_1980.at("slopes 1.51 to 3.88 mL/U in 17: about 22-26 % from the range", "derived")),
        ),
        Variability(
            name="baseline_aptt_s",
            cv_fraction=Value(0.12, WHITFIELD_1980.at("baseline 25.6 to 36.2 s in 17; 12 % is assumed", "assumed")),
            correlates_with="slope_ml_per_u",
            correlation_fraction=0.5,
        ),
    ),
    covariate_effects=(*ANTITHROMBIN_EFFECTS, *patients.EFFECTS),
    between_occasions=(Variability(name="bmax_u", cv_fraction=Value(0.15, ASSUMED.at("15 % from day to day"))),),
    residual=(
        Residual(name="concentration_cv_fraction", value=Value(0.10, ASSUMED.at("proportional 10 %"))),
        Residual(name="concentration_sd_u_per_ml", value=Value(0.03, ASSUMED.at("additive 0.03 U/mL"))),
        Residual(name="aptt_cv_fraction", value=Value(0.08, ASSUMED.at("8 % in all; an analytical CV was not found"))),
    ),
)
"""The default: a finite endothelial/macrophage pool reconciles the half-life table with the clinical infusion dose."""

UFH_A_DERIVED = Drug(
    name="UFH_A_DERIVED",
    title="adult UFH, plain Michaelis-Menten + linear (DERIVED)",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(43.5, DERIVED.at("fit A: 43.5")), exponent=1.0),
        Parameter(name="vmax_u_per_kg_per_h", value=Value(63.4, DERIVED.at("fit A: 63.4")), exponent=0.75),
        Parameter(name="km_u_per_ml", value=Value(1.17, DERIVED.at("fit A: 1.17"))),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(0.108 * 43.5, DERIVED.at("fit A: first-order 0.108 /h of the volume")),
            exponent=0.75,
        ),
        *PROTAMINE,
    ),
    reagent=GUIDELINE,
    studied=_ADULTS,
    built_from=_BUILT_FROM,
    departures=(
        "Not published: the best one compartment can do. Half-lives 40/67/140 min at 25/100/400 U/kg. " + _TYPICAL + _ALLOMETRY
    ),
)
"""The textbook structure. It misses the half-life table and the infusion dose together: they contradict each other in it."""

UFH_TRIPLE_DERIVED = Drug(
    name="UFH_TRIPLE_DERIVED",
    title="binding pool tuned to 30/60/150 min and 0.45 U/mL exactly (DERIVED)",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(45.0, DERIVED.at("exact-triple variant")), exponent=1.0),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(0.154 * 45.0, DERIVED.at("exact-triple variant: first-order 0.154 /h of the volume")),
            exponent=0.75,
        ),
        Parameter(name="bmax_u_per_kg", value=Value(28.3, DERIVED.at("exact-triple variant")), exponent=0.75),
        Parameter(name="kint_per_h", value=Value(1.015, DERIVED.at("exact-triple variant"))),
        Parameter(name="kon_ml_per_u_per_h", value=Value(2.43, DERIVED.at("exact-triple variant"))),
        *PROTAMINE,
    ),
    reagent=GUIDELINE,
    studied=_ADULTS,
    built_from=_BUILT_FROM,
    departures="Not published: five parameters for four numbers, to show that a pool can meet them all. " + _TYPICAL + _ALLOMETRY,
)

UFH_A_HALF_LIVES_DERIVED = Drug(
    name="UFH_A_HALF_LIVES_DERIVED",
    title="plain Michaelis-Menten + linear fitted to the half-life table alone (DERIVED, to show the contradiction)",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(40.0, DERIVED.at("fixed")), exponent=1.0),
        Parameter(name="vmax_u_per_kg_per_h", value=Value(62.3, DERIVED.at("fit to 30/60/150 min")), exponent=0.75),
        Parameter(name="km_u_per_ml", value=Value(0.74, DERIVED.at("fit to 30/60/150 min"))),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(0.080 * 40.0, DERIVED.at("fit to 30/60/150 min: first-order 0.080 /h of the volume")),
            exponent=0.75,
        ),
        *PROTAMINE,
    ),
    reagent=GUIDELINE,
    studied=_ADULTS,
    built_from=_BUILT_FROM[:2],
    departures="Meets the half-life table exactly and then puts 18 U/kg/h at 0.28 U/mL, below the range. "
    + _TYPICAL
    + _ALLOMETRY,
)

JIA_2015_UFH = Drug(
    name="JIA_2015_UFH",
    title="cardiopulmonary bypass, two compartments, linear",
    parameters=(
        Parameter(name="clearance_ml_per_h", value=Value(1180.0, JIA_2015.at("CL 1.18 L/h"))),
        Parameter(name="v1_ml", value=Value(3040.0, JIA_2015.at("Vc 3.04 L"))),
        Parameter(name="q_ml_per_h", value=Value(171.0, JIA_2015.at("Q 0.171 L/h"))),
        Parameter(name="v2_ml", value=Value(8010.0, JIA_2015.at("Vp 8.01 L"))),
        *PROTAMINE,
    ),
    reagent=GUIDELINE,
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
        "Measured as anti-FIIa on bypass, several U/mL; over-predicts ward infusions about threefold. The aPTT law is not theirs."
    ),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.36, JIA_2015.at("omega2 0.122"))),
        Variability(name="v1_ml", cv_fraction=Value(0.33, JIA_2015.at("omega2 0.105"))),
        Variability(name="q_ml_per_h", cv_fraction=Value(0.32, JIA_2015.at("omega2 0.0978"))),
    ),
)

KANDROTAS_1989_UFH = Drug(
    name="KANDROTAS_1989_UFH",
    title="haemodialysis, one compartment, linear",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(68.0, KANDROTAS_1989.at("Abstract: volume 68 mL/kg"))),
        Parameter(name="clearance_ml_per_h", value=Value(28.0 * 60.0, KANDROTAS_1989.at("Abstract: clearance 28 mL/min"))),
    ),
    reagent=GUIDELINE,
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

_PER_PERSON = "as printed, coefficient of variation"

AL_SALLAMI_2016_UFH = Drug(
    name="AL_SALLAMI_2016_UFH",
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

EDRICH_2015_UFH = Drug(
    name="EDRICH_2015_UFH",
    title="ablation of atrial fibrillation, ACT only, volume = blood volume",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(75.0, EDRICH_2015.at("Supplement: V = 0.075 L/kg in men"))),
        Parameter(
            name="clearance_ml_per_h",
            value=Value(23.9 * 60.0, EDRICH_2015.at("Results: 23.9 mL/min, mean of the groups' medians")),
        ),
    ),
    reagent=None,
    act=ClottingTime(
        name="Hemochron Signature Elite",
        assay="act_s",
        baseline_s=144.0,
        slope_s_ml_per_u=120.0,
        source=EDRICH_2015.at("Table 3: 0.12 s L/U without an oral anticoagulant; Table 1: baseline 144 s"),
    ),
    anti_xa_fraction=0.0,
    studied=ValidityDomain(
        population="188 adults during ablation of atrial fibrillation (weights not printed; dabigatran factor 1.08 not coded)",
        age_y=(18.0, 100.0),
        routes=("bolus",),
        assay="ACT; heparin itself was never measured",
    ),
    residual=(Residual(name="act_cv_fraction", value=Value(0.153, EDRICH_2015.at("Results: 15.3 % of the average ACT"))),),
    covariate_effects=(
        Covariate(
            name="sex",
            feature="female",
            on=("v1_ml",),
            form="times",
            effect=Value(0.070 / 0.075, EDRICH_2015.at("Supplement: 0.070 against 0.075 L/kg")),
            words="I am a woman: my blood volume is 70, not 75 mL for each kg.",
        ),
        Covariate(
            name="warfarin",
            feature="on_warfarin",
            on=("slope_ml_per_u",),
            form="times",
            effect=Value(0.23 / 0.12, EDRICH_2015.at("Table 3: 0.23 against 0.12 s L/U, INR below 2")),
            words="I take warfarin: the same heparin lengthens my ACT almost twice as much.",
        ),
        Covariate(
            name="warfarin",
            feature="inr",
            on=("slope_ml_per_u",),
            form="from",
            reference=2.0,
            effect=Value(0.30 / 0.23, EDRICH_2015.at("Table 3: 0.30 against 0.23 s L/U, INR of 2 and more")),
            words="My INR is 2 or more: heparin lengthens my ACT still more.",
        ),
    ),
    departures=(
        "Concentration is units per mL of blood volume, a scale of its own: not comparable with anti-Xa. The instrument "
        "stopped at 400 s. The variability between people was not found."
    ),
)

BRUNET_2008_UFH_DERIVED = Drug(
    name="BRUNET_2008_UFH_DERIVED",
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
    reagent=GUIDELINE,
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

DELAVENNE_2017_UFH = Drug(
    name="DELAVENNE_2017_UFH",
    title="cardiopulmonary bypass, two compartments, ACT that flattens",
    parameters=(
        Parameter(name="v1_ml", value=Value(3100.0, DELAVENNE_2017.at("Table 2: Vc 3.1 L x WT / 70 (fixed)")), exponent=1.0),
        Parameter(name="v2_ml", value=Value(2230.0, DELAVENNE_2017.at("Table 2: Vp 2.23 L"))),
        Parameter(name="q_ml_per_h", value=Value(4670.0, DELAVENNE_2017.at("Table 2: Q 4.67 L/h"))),
        Parameter(
            name="clearance_ml_per_h",
            value=Value(841.0, DELAVENNE_2017.at("Table 2: CL 0.841 L/h x (WT / 70)^0.767")),
            exponent=0.767,
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

SALEM_2022_UFH = Drug(
    name="SALEM_2022_UFH",
    title="children and adolescents on infusions, one compartment; aPTT a straight line",
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(3280.0, SALEM_2022.at("Abstract: CL 3.28 L/h for 50 kg")),
            exponent=1.0,
            reference=50.0,
        ),
        Parameter(name="v1_ml", value=Value(8830.0, SALEM_2022.at("Abstract: V 8.83 L for 50 kg")), exponent=1.0, reference=50.0),
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
        "Scaled in proportion to weight: the paper scales by allometry and by a maturing volume whose numbers were not found. "
        "Its variability and residual error were not found either."
    ),
)

RXKINETICS_UFH = Drug(
    name="RXKINETICS_UFH",
    title="a dosing program's formulas: blood volume and one rate constant",
    parameters=(
        Parameter(
            name="v1_ml", value=Value(1000.0, RXKINETICS.at("Vd = blood volume")), scales_with="blood_volume_l", reference=1.0
        ),
        Parameter(
            name="clearance_ml_per_h",
            value=Value(693.0, RXKINETICS.at("kel 0.693 /h x Vd")),
            scales_with="blood_volume_l",
            reference=1.0,
        ),
    ),
    reagent=GUIDELINE,
    studied=ValidityDomain(population="adults; a formula in use, not a study", age_y=(18.0, 100.0), assay="not stated"),
    covariate_effects=(
        *ANTITHROMBIN_EFFECTS,
        Covariate(
            name="smoking",
            feature="smoker",
            on=("clearance_ml_per_h",),
            form="times",
            effect=Value(1.2, RXKINETICS.at("x 1.2 for smokers")),
            words="I smoke: heparin leaves me a fifth faster, says the program.",
        ),
        Covariate(
            name="age",
            feature="age_y",
            on=("clearance_ml_per_h",),
            form="from",
            reference=70.0,
            effect=Value(0.8, RXKINETICS.at("x 0.8 from 70 years")),
            words="I am 70 or older: heparin leaves me a fifth more slowly, says the program.",
        ),
    ),
    departures=(
        "A formula, not a fit: a half-life of 60 min for everybody, no variability and no residual error. The aPTT law is not "
        "theirs."
    ),
)

UFH_DEFAULT = UFH_B_DERIVED
UFH = (
    UFH_B_DERIVED,
    UFH_A_DERIVED,
    UFH_A_HALF_LIVES_DERIVED,
    UFH_TRIPLE_DERIVED,
    JIA_2015_UFH,
    DELAVENNE_2017_UFH,
    EDRICH_2015_UFH,
    KANDROTAS_1989_UFH,
    BRUNET_2008_UFH_DERIVED,
    AL_SALLAMI_2016_UFH,
    SALEM_2022_UFH,
    RXKINETICS_UFH,
)
