"""Unfractionated heparin during ablation of atrial fibrillation: Edrich 2015 (ACT only)."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ClottingTime
from heparin_pk.body.covariate import Covariate
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain
from heparin_pk.published.sources import EDRICH_2015

EDRICH_2015_UFH = Drug(
    name="EDRICH_2015_UFH",
    label="Edrich 2015 (ablation)",
    title="ablation of atrial fibrillation, ACT only, volume = blood volume",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(75.0, EDRICH_2015.at("Supplement, code: V = 0.075 L/kg in men"))),
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
    residual=(
        Residual(
            name="act_cv_fraction",
            value=Value(
                0.153,
                EDRICH_2015.at(
                    "Results: root-mean-square error 51.1 s, 15.3 % of the average ACT. The paper's model has a proportional and "
                    "an additive part, which it does not print apart: all of it is taken as proportional"
                ),
            ),
        ),
    ),
    covariate_effects=(
        Covariate(
            name="sex",
            feature="female",
            on=("v1_ml",),
            form="times",
            effect=Value(0.070 / 0.075, EDRICH_2015.at("Supplement, code: 0.070 against 0.075 L/kg")),
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
        "Concentration is units per mL of blood volume, a scale of its own: not comparable with anti-Xa. The volumes are those "
        "of the code that was run; its comment and the text of the paper say 0.070 (men) and 0.065 L/kg (women), which would "
        "make every rise 7 % larger. The baseline of 144 s is that of people without an anticoagulant; Table 1 prints medians "
        "of 155 s (dabigatran), 169 s (warfarin, INR below 2) and 182 s (warfarin, INR of 2 and more): give it as the patient's "
        "baseline_act_s. The instrument stopped at 400 s. The variability between people was not found."
    ),
)

SETS = (EDRICH_2015_UFH,)
