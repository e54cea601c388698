"""Unfractionated heparin on bypass until protamine, with an S-shaped ACT: Lanoiselee 2026."""

from heparin_pk.base.source import Source, Value
from heparin_pk.blood.response import ClottingTime
from heparin_pk.published.drug import Drug, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.published.heparin_default import PROTAMINE

LANOISELEE_2026 = Source(
    key="Lanoiselee_2026",
    citation=(
        "Lanoiselee J, Gibert A, Gouin-Thibault I, Mansour A, Pontis A, Morizot C, et al. Optimising protamine dosing for "
        "heparin reversal after cardiopulmonary bypass: a population pharmacokinetic-pharmacodynamic study. Br J Anaesth "
        "2026;136(3):847-855"
    ),
    where="Supplementary Table 1, as transcribed in a public coding (vanderzwaag/nomogram, nomogram_core.py at 944a073)",
    confidence="re-coded",
    doi="10.1016/j.bja.2025.11.057",
)
_TABLE = "Supplementary Table 1"

LANOISELEE_2026_UFH = Drug(
    name="LANOISELEE_2026_UFH",
    label="Lanoiselée 2026 (bypass)",
    title="cardiopulmonary bypass until protamine, two compartments, S-shaped ACT",
    parameters=(
        Parameter(
            name="clearance_ml_per_h",
            value=Value(1500.18, LANOISELEE_2026.at(f"{_TABLE}: CL 1500.18 mL/h (1.5 L/h in the text)"), 0.0418),
        ),
        Parameter(name="v1_ml", value=Value(4011.12, LANOISELEE_2026.at(f"{_TABLE}: Vc 4011.12 mL"), 0.0358)),
        Parameter(
            name="q_ml_per_h", value=Value(287.57, LANOISELEE_2026.at(f"{_TABLE}: Q 287.57 mL/h (0.29 L/h in the text)"), 0.11)
        ),
        Parameter(name="v2_ml", value=Value(1458.59, LANOISELEE_2026.at(f"{_TABLE}: Vp 1458.59 mL"), 0.365)),
        *PROTAMINE,
    ),
    reagent=None,
    act=ClottingTime(
        name="ACT of Lanoiselee 2026",
        assay="act_s",
        baseline_s=115.87,
        most_s=403.97,
        half_at_u_per_ml=2.62,
        hill_exponent=2.35,
        source=LANOISELEE_2026.at(f"{_TABLE}: ACT0 115.87 s, Emax 403.97 s, C50 2.62 IU/mL, gamma 2.35"),
    ),
    studied=ValidityDomain(
        population="68 adults on cardiopulmonary bypass, until protamine (weights, ages and doses not seen)",
        age_y=(18.0, 100.0),
        routes=("bolus",),
        assay="anti-Xa and ACT",
    ),
    variability=(
        Variability(
            name="clearance_ml_per_h",
            cv_fraction=Value(0.275, LANOISELEE_2026.at(f"{_TABLE}: CL 0.27, read as omega: CV 27.5 %"), 0.0983),
        ),
        Variability(
            name="v1_ml", cv_fraction=Value(0.223, LANOISELEE_2026.at(f"{_TABLE}: Vc 0.22, read as omega: CV 22.3 %"), 0.111)
        ),
        Variability(
            name="q_ml_per_h", cv_fraction=Value(0.428, LANOISELEE_2026.at(f"{_TABLE}: Q 0.41, read as omega: CV 42.8 %"), 0.21)
        ),
        Variability(
            name="v2_ml", cv_fraction=Value(0.854, LANOISELEE_2026.at(f"{_TABLE}: Vp 0.74, read as omega: CV 85.4 %"), 0.395)
        ),
    ),
    residual=(
        Residual(
            name="concentration_cv_fraction", value=Value(0.29, LANOISELEE_2026.at(f"{_TABLE}: anti-Xa, proportional 29 %"))
        ),
        Residual(name="act_cv_fraction", value=Value(0.11, LANOISELEE_2026.at(f"{_TABLE}: ACT, proportional 11 %"))),
    ),
    departures=(
        "The paper's ACT follows an effect compartment (Ke 12.77 /h, a half-time of 3.3 min); here it follows the plasma, and so "
        "is early by minutes after a bolus or protamine. Variability is called only 'inter-individual' and read as the SD of the "
        "logarithm; that of the ACT was not found. Nothing scales with weight, as printed. Protamine is ours, not theirs; the "
        "limits of age are assumed. The text's 1.5 and 0.29 L/h were read in a public catalogue of models."
    ),
)
"""The paper: 0.625 mg of protamine for 100 U of heparin reversed it fully in 95 % of patients."""

SETS = (LANOISELEE_2026_UFH,)
