"""Therapeutic ranges as data. Seconds belong to one reagent or device; a ratio to one control; anti-Xa travels best."""

from dataclasses import replace

from heparin_pk.base.source import Source
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.response import Reagent, Responses, aptt_range_for_anti_xa
from heparin_pk.body.patient import Patient
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
ACT_INTERVENTION_HEMOTEC = TherapeuticRange(
    assay="act_s",
    low=250,
    high=300,
    device="HemoTec",
    source=PCI_CARD.at("250-300 s on a HemoTec device, without a GP IIb/IIIa inhibitor"),
)
ACT_INTERVENTION_HEMOCHRON = TherapeuticRange(
    assay="act_s",
    low=300,
    high=350,
    device="Hemochron",
    source=PCI_CARD.at("300-350 s on a Hemochron device, without a GP IIb/IIIa inhibitor"),
)
RANGES = (ANTI_XA_TREATMENT, APTT_RATIO_TREATMENT, APTT_RASCHKE, ACT_INTERVENTION_HEMOTEC, ACT_INTERVENTION_HEMOCHRON)


def of_reagent(reagent: object) -> TherapeuticRange:
    """Return the aPTT range of a laboratory with this reagent: the seconds of its typical patient at anti-Xa 0.3-0.7 U/mL.

    The printed ratio of 1.5-2.5, which belongs to another reagent, where an aPTT follows no heparin reagent.
    """
    if not isinstance(reagent, Reagent):
        return APTT_RATIO_TREATMENT
    target = ANTI_XA_TREATMENT
    found = aptt_range_for_anti_xa(reagent, Patient(weight_kg=75.0), (target.low, target.high))
    assert target.source is not None
    where = f"{target.source.where}. DERIVED: the aPTT of a typical patient at these levels with the reagent {reagent.label}"
    return replace(found, source=target.source.at(where))


def of_assay(assay: str, device: str = "") -> TherapeuticRange | None:
    """Return the usual range of an assay, or ``None`` where none is known.

    ``device``: what the ACT instrument is called, such as "Hemochron Signature Elite": a range belongs to one device.
    """
    return next((one for one in RANGES if one.assay == assay and one.device.lower() in device.lower()), None)


def first_for(answers: Responses, preferred: str = "anti_xa_u_per_ml") -> TherapeuticRange:
    """Return a usual range in an assay a model answers in: in the preferred one where it can be, for an ACT that of its device.

    Raises ``ValueError`` where none is known: for an ACT of another device.
    """
    device = answers.act.name if answers.act is not None else ""
    for assay in dict.fromkeys((preferred, *(one.assay for one in RANGES))):
        found = of_assay(assay, device) if assay in answers.assays else None
        if found is not None:
            return found
    names = ", ".join(ASSAYS[assay].label for assay in answers.assays)
    raise ValueError(f"no usual range is known for {names}{f' on {device!r}' if device else ''}: a target is needed")
