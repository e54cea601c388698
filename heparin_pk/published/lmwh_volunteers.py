"""Dalteparin and enoxaparin in healthy volunteers, in anti-Xa units: Schoemaker 1996."""

from heparin_pk.base.source import Source, Value
from heparin_pk.blood.response import Reagent
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.enoxaparin import FAMILY

SCHOEMAKER_1996 = Source(
    key="Schoemaker_1996",
    citation="Schoemaker RC, Cohen AF. Estimating impossible curves using NONMEM. Br J Clin Pharmacol 1996;42(3):283-290",
    where="Tables 3 and 4, as coded and traced by nlmixr2lib (Schoemaker_1996_dalteparin, Schoemaker_1996_enoxaparin)",
    confidence="re-coded",
    doi="10.1046/j.1365-2125.1996.04231.x",
)
_LN2 = 0.693147
_WHY_DERIVED = (
    "The paper prints clearance and half-life; the volume is derived from them (CL x half-life / ln 2), and so are its "
    "variability and its correlation with clearance. Doses, weights and ages are in the papers behind it and were not seen; "
    "nothing scales with weight. "
)

SCHOEMAKER_1996_DALTEPARIN_DERIVED = Drug(
    name="SCHOEMAKER_1996_DALTEPARIN_DERIVED",
    label="Schoemaker 1996 (dalteparin)",
    title="dalteparin in volunteers, vein and skin, with its aPTT (volume DERIVED)",
    family=FAMILY,
    parameters=(
        Parameter(name="clearance_ml_per_h", value=Value(46.1 * 60.0, SCHOEMAKER_1996.at("Table 4: CL 46.1 mL/min"))),
        Parameter(
            name="v1_ml",
            value=Value(46.1 * 92.7 / _LN2, SCHOEMAKER_1996.at("Table 4: CL 46.1 mL/min x half-life 92.7 min / ln 2", "derived")),
        ),
        Parameter(
            name="ktr_per_h",
            value=Value(_LN2 / 76.6 * 60.0, SCHOEMAKER_1996.at("Table 4: ln 2 / absorption half-life 76.6 min", "derived")),
        ),
        Parameter(
            name="bioavailability_fraction",
            value=Value(0.705, SCHOEMAKER_1996.at("Table 4: F 70.5 % (s.e. 7.81 %)"), 0.0781 / 0.705),
        ),
    ),
    transits=1,
    reagent=Reagent(
        name="aPTT of Schoemaker 1996",
        slope_ml_per_u=0.0953102 / 0.0665,  # ln 1.1 / I10
        source=SCHOEMAKER_1996.at("Table 4: 10 % longer for each 0.0665 IU/mL (I10); 30.2 s without the drug"),
    ),
    studied=ValidityDomain(population="12 healthy volunteers", routes=("bolus", "subcutaneous"), assay="anti-Xa and aPTT"),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.141, SCHOEMAKER_1996.at("Table 4: CV of CL 14.1 %"))),
        Variability(
            name="v1_ml",
            cv_fraction=Value(0.164, SCHOEMAKER_1996.at("Table 4: CV of CL 14.1 % and of the half-life 8.3 %", "derived")),
            correlates_with="clearance_ml_per_h",
            correlation_fraction=0.861,
        ),
        Variability(name="slope_ml_per_u", cv_fraction=Value(0.196, SCHOEMAKER_1996.at("Table 4: CV of I10 19.6 %"))),
        Variability(name="baseline_aptt_s", cv_fraction=Value(0.106, SCHOEMAKER_1996.at("Table 4: CV of the baseline 10.6 %"))),
    ),
    residual=(
        Residual(name="concentration_sd_u_per_ml", value=Value(0.0207, SCHOEMAKER_1996.at("Table 4: additive 0.0207 IU/mL"))),
        Residual(name="aptt_sd_s", value=Value(1.70, SCHOEMAKER_1996.at("Table 4: additive 1.70 s"))),
    ),
    departures=(
        _WHY_DERIVED
        + "Left out: a constant anti-Xa of 0.0192 IU/mL that the assay found without the drug (in its aPTT formula it "
        "adds 3 %), and the variability of the bioavailability (34.8 %), which would exceed 1 in some."
    ),
)

SCHOEMAKER_1996_ENOXAPARIN_DERIVED = Drug(
    name="SCHOEMAKER_1996_ENOXAPARIN_DERIVED",
    label="Schoemaker 1996 (enoxaparin)",
    title="enoxaparin in volunteers, vein (volume DERIVED)",
    family=FAMILY,
    parameters=(
        Parameter(name="clearance_ml_per_h", value=Value(32.9 * 60.0, SCHOEMAKER_1996.at("Table 3: CL 32.9 mL/min"))),
        Parameter(
            name="v1_ml",
            value=Value(32.9 * 130.0 / _LN2, SCHOEMAKER_1996.at("Table 3: CL 32.9 mL/min x half-life 130 min / ln 2", "derived")),
        ),
    ),
    reagent=None,
    studied=ValidityDomain(population="12 healthy volunteers", routes=("bolus",), assay="anti-Xa"),
    variability=(
        Variability(name="clearance_ml_per_h", cv_fraction=Value(0.151, SCHOEMAKER_1996.at("Table 3: CV of CL 15.1 %"))),
        Variability(
            name="v1_ml",
            cv_fraction=Value(0.174, SCHOEMAKER_1996.at("Table 3: CV of CL 15.1 % and of the half-life 8.6 %", "derived")),
            correlates_with="clearance_ml_per_h",
            correlation_fraction=0.868,
        ),
    ),
    residual=(
        Residual(name="concentration_sd_u_per_ml", value=Value(0.0274, SCHOEMAKER_1996.at("Table 3: additive 0.0274 IU/mL"))),
    ),
    departures=_WHY_DERIVED + "Left out: a constant anti-Xa of 0.0254 IU/mL that the assay found without the drug.",
)

SETS = (SCHOEMAKER_1996_DALTEPARIN_DERIVED, SCHOEMAKER_1996_ENOXAPARIN_DERIVED)
