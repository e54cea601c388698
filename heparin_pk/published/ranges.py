"""Therapeutic ranges as data. Seconds belong to one reagent; a ratio belongs to one control; anti-Xa travels best."""

from collections.abc import Collection

from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.published.sources import RASCHKE_1993

ANTI_XA_TREATMENT = TherapeuticRange(
    assay="anti_xa_u_per_ml",
    low=0.3,
    high=0.7,
    source=Source(
        key="CCJM_anti_Xa",
        citation="Anti-Xa assays: what is their role today in antithrombotic therapy? Cleve Clin J Med (review copy)",
        where="Target today: the range that corresponds to an anti-Xa level of 0.3 to 0.7 U/mL",
        confidence="primary",
        url="https://community.the-hospitalist.org/content/anti-xa-assays-what-their-role-today-antithrombotic-therapy",
    ),
)
APTT_RATIO_TREATMENT = TherapeuticRange(
    assay="aptt_ratio",
    low=1.5,
    high=2.5,
    source=Source(
        key="Acute_Medicine_5e",
        citation="Acute Medicine, 5th edition (Skyscape): heparin infusion by aPTT ratio",
        where="Table tu13: 1.5-2.5 no change",
        confidence="primary",
        url="https://download.skyscape.com/download/ota/lonestar/30A00C60-1F25-4C5D-97F2-BC1C9F65A5DD/acutemed.ed5/content/HTML/m/tu13.htm",
    ),
)
APTT_RASCHKE = TherapeuticRange(
    assay="aptt_s",
    low=46,
    high=70,
    source=RASCHKE_1993,
)
PCI_CARD = Source(
    key="PCI_guideline",
    citation="Percutaneous coronary intervention, guideline pocket card (guidelinecentral)",
    where="No GP IIb/IIIa inhibitor: 70-100 U/kg, ACT 250-300 s (HemoTec), 300-350 s (Hemochron); with one 50-70, 200-250 s",
    confidence="primary",
    url="https://eguideline.guidelinecentral.com/i/104088/8",
)
ACT_INTERVENTION = TherapeuticRange(
    assay="act_s",
    low=300,
    high=350,
    source=PCI_CARD.at(
        "No GP IIb/IIIa inhibitor: ACT 300-350 s with a Hemochron, the device of the sets here (HemoTec: 250-300 s)"
    ),
)
RANGES = (ANTI_XA_TREATMENT, APTT_RATIO_TREATMENT, APTT_RASCHKE, ACT_INTERVENTION)


def first_for(assays: Collection[str], preferred: str = "anti_xa_u_per_ml") -> TherapeuticRange:
    """Return a usual range in an assay a model answers in: in the preferred one where it can be."""
    by_choice = sorted(RANGES, key=lambda one: one.assay != preferred)
    return next(one for one in by_choice if one.assay in assays)
