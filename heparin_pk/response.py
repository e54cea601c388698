"""How clotting answers a concentration: aPTT, its ratio, anti-Xa, and the ranges clinicians aim at.

The aPTT rises exponentially with heparin (Whitfield & Levy 1980: ln aPTT is linear in concentration from 0.05 to 0.8 U/mL,
r2 > 0.987 in all of 17 volunteers). How steeply depends on the reagent, which is why seconds do not travel between hospitals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heparin_pk._checks import check_between, check_one_of, floats, shown
from heparin_pk.patient import Patient
from heparin_pk.source import Source


@dataclass(frozen=True, slots=True)
class Assay:
    """A laboratory test: its name, its unit, how a level is written, and what it is called on the chart."""

    key: str
    label: str
    unit: str
    resolution: float
    ceiling: float

    def write(self, value: float, above_ceiling: bool = False) -> str:
        """Return a level as the chart would show it."""
        decimals = max(0, -math.floor(math.log10(self.resolution) + 1e-9))
        number = f"{value:.{decimals}f}"
        return f"{self.label} {'> ' if above_ceiling else ''}{number}{' ' + self.unit if self.unit else ''}"


ASSAYS = {
    "aptt_s": Assay("aptt_s", "aPTT", "s", 1.0, 150.0),
    "aptt_ratio": Assay("aptt_ratio", "aPTT ratio", "", 0.1, 5.0),
    "anti_xa_u_per_ml": Assay("anti_xa_u_per_ml", "anti-Xa", "U/mL", 0.01, math.inf),
}
"""The tests a laboratory of the house can report. Above ``ceiling`` an aPTT is reported as "> 150 s", never as a number."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reagent:
    """An aPTT reagent: how steeply ln(aPTT) rises with heparin, and the aPTT of normal plasma it is compared with.

    ``slope_ml_per_u`` is the slope m of ln(aPTT) = ln(baseline) + m * concentration (0.1 to 10 mL/U); ``control_aptt_s`` the
    laboratory's control, the denominator of the aPTT ratio (15 to 60 s).

    Raises ``ValueError`` outside these limits or without a source.
    """

    name: str
    slope_ml_per_u: float
    source: Source
    control_aptt_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name of a reagent must not be empty; got ''")
        check_between("slope_ml_per_u", self.slope_ml_per_u, 0.1, 10.0)
        check_between("control_aptt_s", self.control_aptt_s, 15.0, 60.0)
        if not isinstance(self.source, Source):
            raise ValueError(f"reagent {self.name!r} needs a Source; got {self.source!r}")
        floats(self, "slope_ml_per_u", "control_aptt_s")

    __repr__ = shown

    @classmethod
    def from_matched_range(
        cls, *, name: str, anti_xa_u_per_ml: tuple[float, float], aptt_ratio: tuple[float, float], source: Source
    ) -> Reagent:
        """Return the reagent whose slope passes closest to a published pair of matched ranges.

        Least squares through the origin on ln(ratio), so that no heparin leaves the aPTT at its baseline.

        >>> guideline = Reagent.from_matched_range(
        ...     name="guideline", anti_xa_u_per_ml=(0.3, 0.7), aptt_ratio=(1.5, 2.5),
        ...     source=Source(key="X", citation="X", where="X", confidence="derived"))
        >>> round(guideline.slope_ml_per_u, 2)
        1.32
        """
        levels, ratios = np.asarray(anti_xa_u_per_ml, float), np.asarray(aptt_ratio, float)
        rising = levels.shape == ratios.shape == (2,) and levels[0] < levels[1] and ratios[0] < ratios[1]
        if not (rising and levels[0] > 0 and ratios[0] > 1):
            raise ValueError(
                "matched ranges need two rising levels above 0 and two rising ratios above 1; "
                f"got {anti_xa_u_per_ml} and {aptt_ratio}"
            )
        slope = float(levels @ np.log(ratios) / (levels @ levels))
        return cls(name=name, slope_ml_per_u=slope, source=source)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TherapeuticRange:
    """The levels a clinician aims at, in the units of one assay, both ends included.

    Raises ``ValueError`` for an unknown assay, or unless 0 < low < high.

    >>> TherapeuticRange(assay="aptt_s", low=46, high=70).write()
    'aPTT 46-70 s'
    """

    assay: str
    low: float
    high: float
    source: Source | None = None

    def __post_init__(self) -> None:
        check_one_of("assay", self.assay, ASSAYS)
        check_between("low", self.low, 0.0, 1000.0)
        check_between("high", self.high, 0.0, 1000.0)
        if not 0.0 < self.low < self.high:
            raise ValueError(f"a range needs 0 < low < high; got low {self.low!r} and high {self.high!r}")
        floats(self, "low", "high")

    __repr__ = shown

    def __contains__(self, level: float) -> bool:
        return self.low <= level <= self.high

    def write(self) -> str:
        """Return the range as a chart would print it; beyond the usual ceiling of the assay nothing is a number."""
        assay = ASSAYS[self.assay]
        unit = " " + assay.unit if assay.unit else ""
        if self.high > assay.ceiling:
            low = f"> {assay.ceiling:g}" if self.low > assay.ceiling else f"{self.low:g} to > {assay.ceiling:g}"
            return f"{assay.label} {low}{unit}"
        return f"{assay.label} {self.low:g}-{self.high:g}{unit}"


WHITFIELD_1980 = Source(
    key="Whitfield_1980",
    citation=(
        "Whitfield & Levy 1980. Relationship between concentration and anticoagulant effect of heparin in plasma of normal "
        "subjects: magnitude and predictability of interindividual differences"
    ),
    where="Abstract: ln aPTT linear in heparin from 0.05 to 0.8 U/mL, slopes 1.51 to 3.88 mL/U",
    confidence="primary",
    url=(
        "https://discovery.researcher.life/article/relationship-between-concentration-and-anticoagulant-effect-of-heparin-in-"
        "plasma-of-normal-subjects-magnitude-and-predictability-of-interindividual-differences/e5be42e974e839668d23f8829e3ce1cd"
    ),
)
ANTITHROMBIN_AND_APTT = Source(
    key="Krulder_1996",
    citation="Krulder JW, Strebus AF, Meinders AE, Briët E. Haemostasis 1996;26(2):85-89",
    where="Abstract: over 0.27 U/mL a similar response; depleted plasma needs twice the heparin",
    confidence="primary",
    doi="10.1159/000217192",
    pmid="9119287",
)
ANTITHROMBIN_AND_ANTI_XA = Source(
    key="Erasmus_115265",
    citation="Erasmus University repository, record 115265: heparin recovery in anti-Xa assays and antithrombin (title not seen)",
    where="Recovery linearly reduced with antithrombin activity decreasing below 100 %",
    confidence="primary",
    url="https://repub.eur.nl/pub/115265",
)
LAW_SOURCES = (WHITFIELD_1980, ANTITHROMBIN_AND_APTT, ANTITHROMBIN_AND_ANTI_XA)
"""The papers behind the response laws, which every course uses."""

ENOUGH_ANTITHROMBIN_FRACTION = 0.27
"""Above this the aPTT answers heparin as ever; antithrombin-depleted plasma needs twice the heparin (Krulder 1996)."""

BEYOND_ANY_ASSAY = 12.0
"""ln(aPTT / baseline) goes no further: 160,000 times the baseline means "does not clot", and no number stands for it."""


def slope_ml_per_u(patient: Patient, reagent: Reagent) -> float:
    """Return how steeply ln(aPTT) rises with heparin in this patient, mL/U.

    Antithrombin hardly matters until it is nearly gone: the reagent's slope down to an antithrombin of 0.27, from there in a
    straight line (DERIVED) to half of it without antithrombin. Source: Krulder 1996, abstract: over 0.27 U/mL the response is
    similar, depleted plasma needs twice the heparin.
    """
    enough = min(1.0, patient.antithrombin_fraction / ENOUGH_ANTITHROMBIN_FRACTION)
    return reagent.slope_ml_per_u * (0.5 + 0.5 * enough)


def aptt_s(concentration_u_per_ml, patient: Patient, reagent: Reagent):
    """Return the true aPTT at a heparin concentration (a number or an array), s.

    aPTT = baseline * exp(m * C): without heparin it is the baseline, exactly. Source: Whitfield & Levy 1980. Gross overdoses end
    at ``BEYOND_ANY_ASSAY``.
    """
    slope = slope_ml_per_u(patient, reagent)
    if isinstance(concentration_u_per_ml, float):
        return patient.baseline_aptt_s * math.exp(min(BEYOND_ANY_ASSAY, slope * concentration_u_per_ml))
    return patient.baseline_aptt_s * np.exp(np.minimum(BEYOND_ANY_ASSAY, slope * concentration_u_per_ml))


def aptt_ratio(concentration_u_per_ml, patient: Patient, reagent: Reagent):
    """Return the true aPTT divided by the laboratory's control aPTT."""
    return aptt_s(concentration_u_per_ml, patient, reagent) / reagent.control_aptt_s


def anti_xa_u_per_ml(concentration_u_per_ml, patient: Patient, reagent: Reagent | None = None):  # noqa: ARG001
    """Return the anti-Xa activity an assay without added antithrombin finds, U/mL.

    Heparin acts through antithrombin: below normal antithrombin the recovery falls in proportion, above it nothing is gained.
    Source: recovery "linearly reduced with antithrombin activity decreasing below 100%", repub.eur.nl/pub/115265.
    """
    return concentration_u_per_ml * min(1.0, patient.antithrombin_fraction)


LAWS = {"aptt_s": aptt_s, "aptt_ratio": aptt_ratio, "anti_xa_u_per_ml": anti_xa_u_per_ml}


def level(assay: str, concentration_u_per_ml, patient: Patient, reagent: Reagent):
    """Return the true level of ``assay`` (one of ``ASSAYS``) at a concentration, a number or an array."""
    check_one_of("assay", assay, LAWS)
    if not np.all(np.asarray(concentration_u_per_ml) >= 0.0):
        raise ValueError(f"concentration_u_per_ml must be 0 or more; got {concentration_u_per_ml!r}")
    return LAWS[assay](concentration_u_per_ml, patient, reagent)


def aptt_range_for_anti_xa(reagent: Reagent, patient: Patient, anti_xa_range: Sequence[float] = (0.3, 0.7)) -> TherapeuticRange:
    """Return the aPTT range of this reagent that corresponds to an anti-Xa range, as laboratories derive theirs.

    The ends are rounded to whole seconds. With the same anti-Xa 0.3-0.7 U/mL a sensitive reagent has a far higher range. A
    patient short of antithrombin needs more heparin for the same anti-Xa, and has a longer aPTT at it.

    Raises ``ValueError`` unless two levels rise between 0.01 and 10 U/mL, or without any antithrombin.
    """
    ends = tuple(check_between("anti_xa_range", end, 0.01, 10.0) for end in anti_xa_range)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise ValueError(f"anti_xa_range must be two rising levels; got {tuple(anti_xa_range)!r}")
    recovery = anti_xa_u_per_ml(1.0, patient)
    if recovery <= 0.0:
        raise ValueError("antithrombin_fraction must be above 0: without antithrombin no heparin gives an anti-Xa; got 0")
    low, high = (round(aptt_s(end / recovery, patient, reagent)) for end in ends)
    return TherapeuticRange(assay="aptt_s", low=low, high=high)
