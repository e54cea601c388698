"""Published models that were looked for and are not sets of this package, each with the reason: a list for researchers.

For adults on a ward, with clearance that saturates, no population model with its numbers was found; nor one in obesity.
"""

from __future__ import annotations

from dataclasses import dataclass

from heparin_pk.base.checks import check_is, check_text, shown
from heparin_pk.base.source import Source

__all__ = ["NOT_BUILT", "NotBuilt"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NotBuilt:
    """A published model that this package does not hold.

    ``name``: AUTHOR_YEAR.
    ``what``: who was studied and the structure, in words.
    ``printed``: the numbers that were seen, in words.
    ``missing``: what is needed to build it and was not found, or what this package cannot express.
    ``source``: the paper, and where it was looked at.
    ``looked``: year and month of the last search, "YYYY-MM".

    Raises ``ValueError`` for an empty text or no source.
    """

    name: str
    what: str
    printed: str
    missing: str
    source: Source
    looked: str

    def __post_init__(self) -> None:
        for name in ("name", "what", "printed", "missing", "looked"):
            check_text(name, getattr(self, name))
        check_is("source", self.source, Source, "a Source")

    __repr__ = shown

    def __str__(self) -> str:
        return f"{self.name} ({self.what}) is not built: {self.missing}. Printed: {self.printed}. {self.source.cite()}"


NOT_BUILT = (
    NotBuilt(
        name="SALEM_2024",
        what="218 children on ECMO; one compartment, clearance that rises with time",
        printed=(
            "initial clearance 0.57 and final 0.81 L/(h 10 kg), 0.02 /h from one to the other; weight acts on both, a change of "
            "the circuit on clearance; 75 IU/kg, then 25 (20 from 6 years) IU/kg/h had 56.6 % in the target"
        ),
        missing="the volume and all variability are not in the abstract, and no term here lets clearance change with time",
        source=Source(
            key="Salem_2024",
            citation="Salem AM, et al. J Clin Pharmacol 2024;64(1):30-44 (heparin in children on ECMO; title not seen)",
            where="Abstract",
            confidence="primary",
            doi="10.1002/jcph.2333",
            pmid="37565528",
            url="https://suppr.wilddata.cn/browses/detail/pubmed/37565528",
        ),
        looked="2026-11",
    ),
    NotBuilt(
        name="LANOISELEE_2024",
        what="74 adults on veno-arterial ECMO, 1,703 anti-Xa levels; one compartment",
        printed="weight, C-reactive protein and indication act on the volume, creatinine and C-reactive protein on clearance",
        missing="no typical value was found: what could be read of this open paper ends before its results",
        source=Source(
            key="Lanoiselee_2024",
            citation=(
                "Lanoiselee J, Mourer J, Jungling M, Molliex S, Thellier L, Tabareau J, et al. Heparin dosing regimen "
                "optimization in veno-arterial extracorporeal membrane oxygenation: a pharmacokinetic analysis. Pharmaceutics "
                "2024;16(6):770"
            ),
            where="Abstract",
            confidence="primary",
            doi="10.3390/pharmaceutics16060770",
            pmid="38931891",
        ),
        looked="2026-11",
    ),
    NotBuilt(
        name="GIBERT_2024",
        what="adults on bypass, individual data of two studies; population kinetics and response, with haemodilution",
        printed="no number of the model was seen",
        missing="no parameter was found: the abstract was read to its methods, a catalogue that read all of it found none",
        source=Source(
            key="Gibert_2024",
            citation=(
                "Gibert A, Lanoiselee J, Gouin-Thibault I, Pontis A, Azarnoush K, Petrosyan A, et al. Factors influencing "
                "unfractionated heparin pharmacokinetics and pharmacodynamics during a cardiopulmonary bypass. Clin "
                "Pharmacokinet 2024;63(2):211-225"
            ),
            where="Abstract",
            confidence="primary",
            doi="10.1007/s40262-023-01334-3",
            pmid="38169065",
        ),
        looked="2026-11",
    ),
    NotBuilt(
        name="KONECKI_2024",
        what="population kinetics and response of unfractionated heparin (patients not seen)",
        printed="no number of the model was seen",
        missing="neither abstract nor paper was reached; a catalogue of models that read the abstract found no parameter in it",
        source=Source(
            key="Konecki_2024",
            citation="Konecki C, et al. Population pharmacokinetics of unfracti (title cut off). Biomed Pharmacother 2024",
            where="Entry in a public catalogue of models",
            confidence="second-hand",
            doi="10.1016/j.biopha.2024.117700",
            pmid="39571244",
        ),
        looked="2026-11",
    ),
    NotBuilt(
        name="VAN_DER_HEIJDEN_2022",
        what="15 critically ill adults with COVID-19, dalteparin under the skin; one compartment, first order",
        printed="variance between patients 78 % in absorption and 34 % in clearance",
        missing="no typical value is in the abstract",
        source=Source(
            key="van_der_Heijden_2022",
            citation=(
                "van der Heijden CDCC, ter Heine R, Kooistra EJ, Bruggemann RJ, et al. Effects of dalteparin on anti-Xa "
                "activities cannot be predicted in critically ill COVID-19 patients. Br J Clin Pharmacol 2022;88(6):2982-2987"
            ),
            where="Abstract",
            confidence="primary",
            doi="10.1111/bcp.15208",
            pmid="34965610",
        ),
        looked="2026-11",
    ),
    NotBuilt(
        name="NADROPARIN_OBESITY_2015",
        what="28 morbidly obese and 7 other adults, nadroparin under the skin; two compartments, a transit, a basal anti-Xa",
        printed="clearance 23.0 mL/min x weight / 70, central volume 7.0 L x lean body weight / 60",
        missing="absorption, the second compartment and all variability are not in the abstract",
        source=Source(
            key="Nadroparin_2015",
            citation=(
                "Population pharmacodynamic model for low molecular weight heparin nadroparin in morbidly obese and non-obese "
                "patients using anti-Xa levels as endpoint. Eur J Clin Pharmacol 2015;71(1):25-34 (authors not on the page read)"
            ),
            where="Abstract",
            confidence="primary",
            doi="10.1007/s00228-014-1760-4",
            pmid="25304008",
        ),
        looked="2026-11",
    ),
)
