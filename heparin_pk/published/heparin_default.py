"""Unfractionated heparin on the ward: the default and four other derived sets, and what they share."""

from heparin_pk.base.source import Value
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, WHITFIELD_1980
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.patients import COVARIATE_EFFECTS, HYPOTHESES
from heparin_pk.published.reagents import MODERN
from heparin_pk.published.sources import (
    ASSUMED,
    BRANCAZIO,
    DE_SWART_1982,
    DERIVED,
    HALF_LIFE_TABLE,
    HIRSH_1976,
    JIA_2015,
    PROTAMINE_2002,
    PROTAMINE_AND_ANTI_XA,
    PROTAMINE_LABEL,
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
    conditions_left_out=("cirrhosis", "kidney_failure", "pregnant"),
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

_VARIABILITY = (
    Variability(name="v1_ml", cv_fraction=Value(0.20, ASSUMED.at("CV 20 %; published: 33 % (Jia 2015), 40 % (Al-Sallami 2016)"))),
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
)
_BETWEEN_DAYS = (Variability(name="bmax_u", cv_fraction=Value(0.15, ASSUMED.at("15 % from day to day"))),)
_RESIDUAL = (
    Residual(name="concentration_cv_fraction", value=Value(0.10, ASSUMED.at("proportional 10 %"))),
    Residual(name="concentration_sd_u_per_ml", value=Value(0.03, ASSUMED.at("additive 0.03 U/mL"))),
    Residual(name="aptt_cv_fraction", value=Value(0.08, ASSUMED.at("8 % in all; an analytical CV was not found"))),
)

UFH_B_DERIVED = Drug(
    name="UFH_B_DERIVED",
    label="binding pool (default)",
    title="adult UFH with a saturable binding pool (DERIVED, the default)",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(50.0, DERIVED.at("fit: 48.9"), 0.14), exponent=1.0),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(0.21 * 50.0, DERIVED.at("first-order 0.21 /h of the volume; fit: 0.214 /h, whose RSE it is"), 0.30),
            exponent=0.75,
        ),
        Parameter(name="bmax_u_per_kg", value=Value(17.0, DERIVED.at("fit: 16.7"), 0.57), exponent=0.75),
        Parameter(name="kint_per_h", value=Value(21.0 / 17.0, DERIVED.at("Vmax 21 U/kg/h over Bmax; fit: 1.265"), 0.59)),
        Parameter(
            name="kon_ml_per_u_per_h",
            value=Value(21.0 / 17.0 / 0.26, DERIVED.at("kint over Km 0.26 U/mL; fit: 4.82"), 0.79),
        ),
        *SUBCUTANEOUS,
        *PROTAMINE,
    ),
    reagent=MODERN,
    studied=_ADULTS,
    built_from=_BUILT_FROM,
    departures=(
        "Not published: derived from published half-lives and the clinical infusion dose. Binding parameters are weakly "
        "identified (RSE 57-79 %). " + _ALLOMETRY
    ),
    variability=_VARIABILITY,
    covariate_effects=(*ANTITHROMBIN_EFFECTS, *COVARIATE_EFFECTS),
    hypotheses=HYPOTHESES,
    between_occasions=_BETWEEN_DAYS,
    residual=_RESIDUAL,
)
"""The default: a finite endothelial/macrophage pool reconciles the half-life table with the clinical infusion dose."""

UFH_A_DERIVED = Drug(
    name="UFH_A_DERIVED",
    label="one compartment (compromise)",
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
    reagent=MODERN,
    studied=_ADULTS,
    built_from=_BUILT_FROM,
    departures=(
        "Not published: the best one compartment can do. Half-lives 40/67/140 min at 25/100/400 U/kg. " + _TYPICAL + _ALLOMETRY
    ),
)
"""The textbook structure. It misses the half-life table and the infusion dose together: they contradict each other in it."""

UFH_TRIPLE_DERIVED = Drug(
    name="UFH_TRIPLE_DERIVED",
    label="binding pool (tuned)",
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
    reagent=MODERN,
    studied=_ADULTS,
    built_from=_BUILT_FROM,
    departures="Not published: five parameters for four numbers, to show that a pool can meet them all. " + _TYPICAL + _ALLOMETRY,
)

UFH_A_HALF_LIVES_DERIVED = Drug(
    name="UFH_A_HALF_LIVES_DERIVED",
    label="fitted to half-lives alone",
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
    reagent=MODERN,
    studied=_ADULTS,
    built_from=_BUILT_FROM[:2],
    departures="Meets the half-life table exactly and then puts 18 U/kg/h at 0.28 U/mL, below the range. "
    + _TYPICAL
    + _ALLOMETRY,
)

UFH_LONG_SHORT_DERIVED = Drug(
    name="UFH_LONG_SHORT_DERIVED",
    label="long and short chains",
    title="adult UFH, long and short chains (DERIVED)",
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(48.6, DERIVED.at("fit C: 48.6")), exponent=1.0),
        Parameter(
            name="clearance_ml_per_kg_per_h",
            value=Value(0.20 * 48.6, DERIVED.at("first-order 0.20 /h of the volume, long chains; fit C: 0.199 /h")),
            exponent=0.75,
        ),
        Parameter(name="bmax_u_per_kg", value=Value(12.9, DERIVED.at("fit C: 12.9, as whole heparin")), exponent=0.75),
        Parameter(name="kint_per_h", value=Value(2.04, DERIVED.at("fit C: 2.04"))),
        Parameter(name="kon_ml_per_u_per_h", value=Value(6.80, DERIVED.at("fit C: 6.80"))),
        Parameter(
            name="short_fraction",
            value=Value(0.30, DERIVED.at("fit C: 0.301, from an assumed 0.30 that the data hardly move")),
        ),
        Parameter(
            name="short_loss_per_h",
            value=Value(0.594, DERIVED.at("fit C: 0.594, from an assumed 0.60 that the data hardly move")),
        ),
        Parameter(
            name="ktr_per_h", value=Value(0.60, DERIVED.at("that of UFH_DEFAULT: a peak about 3 h after 143 U/kg (Brancazio)"))
        ),
        Parameter(
            name="bioavailability_fraction",
            value=Value(
                0.44, BRANCAZIO.at("absorbed share that gives the peak of 0.23 U/mL with UFH_LONG_SHORT_DERIVED", "derived")
            ),
        ),
        *PROTAMINE,
    ),
    reagent=MODERN,
    studied=_ADULTS,
    built_from=(*_BUILT_FROM, PROTAMINE_AND_ANTI_XA),
    departures=(
        "Not published: derived from the numbers of the default, of which the half-lives and the clearance are read as those of "
        "the long chains (Teien titrated with polybrene, Jia measured anti-factor-IIa; the assays of the handbook table and of "
        "Hirsh are not named). Binding parameters are hardly identified (RSE 100-129 %, correlated). Short chains have the "
        "volume of long ones, are absorbed like them, and protamine takes them with the long ones, as in plasma and in rats. "
        "Reagents, measured in patients, are read as if in plasma with heparin added: at the plateau of 18 U/kg/h the aPTT then "
        "answers to 0.83 of the anti-Xa. Variability, residual errors and covariate effects are the default's. " + _ALLOMETRY
    ),
    variability=_VARIABILITY,
    covariate_effects=(*ANTITHROMBIN_EFFECTS, *COVARIATE_EFFECTS),
    hypotheses=HYPOTHESES,
    between_occasions=_BETWEEN_DAYS,
    residual=_RESIDUAL,
)
"""Beside the default: clotting times depend on the long chains, the anti-Xa on long and short ones, which go in other ways."""

UFH_DEFAULT = UFH_B_DERIVED

SETS = (UFH_B_DERIVED, UFH_A_DERIVED, UFH_A_HALF_LIVES_DERIVED, UFH_TRIPLE_DERIVED, UFH_LONG_SHORT_DERIVED)
