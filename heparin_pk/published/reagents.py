"""aPTT reagents: the slope of ln(aPTT) against heparin.

Except for the guideline's equivalence and the range of the table of 1993 each was measured in patients as a pair of matched
ranges; the slope is the least-squares line through the origin of those two points (:meth:`Reagent.from_matched_range`).
"""

from dataclasses import replace
from types import MappingProxyType

from heparin_pk.base.source import Source
from heparin_pk.blood.response import Reagent
from heparin_pk.published.sources import DERIVED, RASCHKE_1993

GUIDELINE = Reagent(
    name="guideline",
    label="guideline (1.5–2.5 × control)",
    slope_ml_per_u=1.35,
    source=DERIVED.at("aPTT ratio 1.5-2.5 = anti-Xa 0.3-0.7 U/mL gives 1.32 through the origin; 1.35 is used with UFH_DEFAULT"),
)
RASCHKE = Reagent.from_matched_range(
    name="raschke",
    label="reagent of Raschke 1993",
    anti_xa_u_per_ml=(0.3, 0.7),
    aptt_ratio=(1.5, 2.3),
    source=RASCHKE_1993,
)
_SIRIRAJ = Source(
    key="Siriraj",
    citation=(
        "Evaluation of the Activated Partial Thromboplastin Time (aPTT) Sensitivity to Unfractionated Heparin Using Three "
        "Commercial Reagents: Implication for Therapeutic Range. Siriraj Medical Journal"
    ),
    where="Abstract: 24 patients on heparin, 21 donors",
    confidence="primary",
    url="https://he02.tci-thaijo.org/index.php/sirirajmedj/article/view/245658",
)
ACTIN_FS = Reagent.from_matched_range(
    name="actin-fs",
    label="Actin FS",
    anti_xa_u_per_ml=(0.29, 0.47),
    aptt_ratio=(1.8, 2.5),
    source=_SIRIRAJ.at("Abstract: Actin FS 1.8-2.5 x at anti-Xa 0.29-0.47"),
)
ACTIN_FSL = Reagent.from_matched_range(
    name="actin-fsl",
    label="Actin FSL",
    anti_xa_u_per_ml=(0.29, 0.47),
    aptt_ratio=(1.9, 2.5),
    source=_SIRIRAJ.at("Abstract: Actin FSL 1.9-2.5 x at anti-Xa 0.29-0.47"),
)
PATHROMTIN_SL = Reagent.from_matched_range(
    name="pathromtin-sl",
    label="Pathromtin SL",
    anti_xa_u_per_ml=(0.29, 0.47),
    aptt_ratio=(2.7, 4.6),
    source=_SIRIRAJ.at("Abstract: Pathromtin SL 2.7-4.6 x at anti-Xa 0.29-0.47"),
)
_ORGANON_SILIMAT = Source(
    key="Thromb_Haemost_reagents",
    citation="Thrombosis and Haemostasis: therapeutic aPTT ranges of two reagents against anti-Xa 0.30-0.70 (170 patients)",
    where="Abstract",
    confidence="primary",
    doi="10.1055/s-0037-1615147",
)
AUTOMATED_APTT = Reagent.from_matched_range(
    name="automated-aptt",
    label="Automated APTT (default)",
    anti_xa_u_per_ml=(0.30, 0.70),
    aptt_ratio=(1.70, 4.10),
    source=_ORGANON_SILIMAT.at("Abstract: Automated APTT (Organon) 1.70-4.10 x"),
)
SILIMAT = Reagent.from_matched_range(
    name="silimat",
    label="Silimat",
    anti_xa_u_per_ml=(0.30, 0.70),
    aptt_ratio=(1.90, 5.40),
    source=_ORGANON_SILIMAT.at("Abstract: SILIMAT (bioMerieux) 1.90-5.40 x"),
)
_KOREA = Source(
    key="Kim_2000",
    citation=(
        "Kim HK, Song KS, Park Q. Establishing Therapeutic Ranges of Activated Partial Thromboplastin Time for Heparin Therapy "
        "using Anti-Xa Activity. Korean J Clin Pathol 2000;20(2):126-131"
    ),
    where="Abstract: 80 plasmas, r = 0.835; 66.6-127.9 s at anti-Xa 0.35-0.70 by a logarithmic fit, 68.7-139.5 s by a linear one",
    confidence="primary",
    url="https://koreamed.org/SearchBasic.php?RID=2225926",
)
_KOREA_BASELINE_S = 66.6**2 / 127.9
KOREA = Reagent.from_matched_range(
    name="korea",
    label="Kim 2000 (Korea)",
    anti_xa_u_per_ml=(0.35, 0.70),
    aptt_ratio=(66.6 / _KOREA_BASELINE_S, 127.9 / _KOREA_BASELINE_S),
    source=_KOREA.at(
        "Abstract: 66.6-127.9 s at anti-Xa 0.35-0.70 by the fit of log aPTT. That line itself gives the slope, ln(127.9 / "
        "66.6) / 0.35, and 34.7 s without heparin; a control is not printed",
        "derived",
    ),
)
KOREA = replace(KOREA, control_aptt_s=_KOREA_BASELINE_S)
_MANUAL = Source(
    key="Sheffield_1996",
    citation=(
        "The therapeutic range for heparin therapy: relationship between six activated partial thromboplastin time reagents and "
        "two heparin assays. Thromb Haemost 1996;75(5):734-739"
    ),
    where="Abstract: 30 samples, six reagents by hand; 0.2-0.4 U/mL by protamine titration",
    confidence="primary",
    doi="10.1055/s-0038-1650358",
    pmid="8725715",
)
_AS_ANTI_XA = "0.2-0.4 U/mL by protamine titration, taken as anti-Xa 0.35-0.70 (the usual equivalence)"
MANUAL_BOEHRINGER = Reagent.from_matched_range(
    name="manual-boehringer",
    label="Boehringer (by hand)",
    anti_xa_u_per_ml=(0.35, 0.70),
    aptt_ratio=(1.6, 1.9),
    source=_MANUAL.at(
        f"Abstract: Boehringer, manual, 1.6-1.9 x at {_AS_ANTI_XA}; per protamine unit the slope is 1.75 mL/U", "derived"
    ),
)
MANUAL_IL = Reagent.from_matched_range(
    name="manual-il",
    label="IL (by hand)",
    anti_xa_u_per_ml=(0.35, 0.70),
    aptt_ratio=(2.2, 2.9),
    source=_MANUAL.at(f"Abstract: IL, manual, 2.2-2.9 x at {_AS_ANTI_XA}; per protamine unit the slope is 2.92 mL/U", "derived"),
)

MODERN = AUTOMATED_APTT
"""The reagent that the heparin sets are read in where no table and no laboratory names another: 1.98 mL/U (CHOSEN, not measured).

It was measured in 170 patients at anti-Xa 0.30-0.70 itself. Hospitals differ: for 0.3-0.7 U/mL one gave 60-100 s and, with a new
lot, 65-110 s (UC Irvine, Changes to Heparin Therapeutic Range, October 2021: 1.81 and 1.97 mL/U with a control of 30 s, assumed),
another 50-80 s (PMID 25694284: 1.45 mL/U). The intensive-care courses of this package would be met best by a more sensitive one
(2.9 mL/U, ``benchmarks/drift_from_courses.py``), the guideline's 1.5-2.5 times control belongs to a blunter one (1.35), which is
blunter than every plasma of Whitfield & Levy 1980 (1.51 to 3.88).
"""

REAGENTS = MappingProxyType(
    {
        reagent.name: reagent
        for reagent in (
            MANUAL_BOEHRINGER,
            RASCHKE,
            GUIDELINE,
            MANUAL_IL,
            KOREA,
            ACTIN_FS,
            AUTOMATED_APTT,
            ACTIN_FSL,
            SILIMAT,
            PATHROMTIN_SL,
        )
    }
)
"""Every reagent by name, from the least to the most sensitive."""
