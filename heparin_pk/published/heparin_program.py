"""Unfractionated heparin as a dosing program calculates it: formulas in use, no study."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS
from heparin_pk.body.covariate import Covariate
from heparin_pk.published.drug import Drug, Parameter, ValidityDomain
from heparin_pk.published.reagents import MODERN
from heparin_pk.published.sources import RXKINETICS

RXKINETICS_UFH = Drug(
    name="RXKINETICS_UFH",
    label="RxKinetics program",
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
    reagent=MODERN,
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
        "A formula, not a fit: a half-life of 60 min in every patient, no variability and no residual error. The aPTT law is not "
        "theirs."
    ),
)

SETS = (RXKINETICS_UFH,)
