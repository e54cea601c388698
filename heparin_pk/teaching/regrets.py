"""Two regrets of one course: what too much and what too little heparin cost, side by side and never summed.

The exposures are the model's. Whether they harm is another question: an association with bleeding or thrombosis is named only
where a paper prints it, with its uncertainty and with the papers that found none. No risk is calculated: none of these numbers
may be multiplied by a patient's hours. For teaching and study, not for the care of patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from heparin_pk.base.checks import check_is, check_one_of, check_text, shown
from heparin_pk.base.records import to_plain
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.assay import ASSAYS, CLOTTING_TIMES, TherapeuticRange
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.exposure import FIRST_DAY_H, Exposure, exposure, level_in_words
from heparin_pk.teaching import practice

SIDES = ("too much", "too little")
SPEAKS = {"for": "found an association", "against": "found none", "both": "found it at both ends"}
"""What a paper says of an association between exposure and outcome."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Association:
    """What one paper found between the exposure to heparin and an outcome.

    ``side``: one of ``SIDES``.
    ``speaks``: one of ``SPEAKS``.
    ``patients``: who they were, and how many.
    ``found``: the finding, in words, with its uncertainty as printed.
    ``value``: the number itself, where one ratio or share is printed; ``None``: none.
    ``but``: what limits it.
    ``source``: where it was read.

    Raises ``ValueError`` for a field of another kind.
    """

    side: str
    speaks: str
    patients: str
    found: str
    source: Source
    value: Value | None = None
    but: str = ""

    def __post_init__(self) -> None:
        check_one_of("side", self.side, SIDES)
        check_one_of("speaks", self.speaks, SPEAKS)
        check_text("patients", self.patients)
        check_text("found", self.found)
        check_is("source", self.source, Source, "a Source")
        check_is("value", self.value, (Value, type(None)), "a Value or None")

    __repr__ = shown

    def in_words(self) -> str:
        """Return who was studied, what was found, what limits it, and the paper."""
        but = f" But {self.but}." if self.but else ""
        return f"{self.patients}: {self.found}.{but} ({self.source.cite()})"


HULL_1997 = Source(
    key="Hull_1997",
    citation=(
        "Hull RD, et al. Relation between the time to achieve the lower limit of the APTT therapeutic range and recurrent venous "
        "thromboembolism during heparin treatment for deep vein thrombosis. Arch Intern Med 1997;157(22):2562-2568"
    ),
    where="Abstract",
    confidence="primary",
    pmid="9531224",
)
ANAND_1999 = Source(
    key="Anand_1999",
    citation=(
        "Anand SS, et al. Recurrent venous thrombosis and heparin therapy: an evaluation of the importance of early activated "
        "partial thromboplastin times. Arch Intern Med 1999;159(17):2029-2032"
    ),
    where="Abstract",
    confidence="primary",
    doi="10.1001/archinte.159.17.2029",
    pmid="10510988",
)
HEIT_2011 = Source(
    key="Heit_2011",
    citation=(
        "Heparin and warfarin anticoagulation intensity as predictors of recurrence after deep vein thrombosis or pulmonary "
        "embolism: a population-based cohort study. Blood 2011;118(18):4992 (authors not on the page read)"
    ),
    where="Abstract",
    confidence="primary",
    pmid="21890644",
)
ANAND_2003 = Source(
    key="Anand_2003",
    citation=(
        "Anand SS, et al. Relationship of activated partial thromboplastin time to coronary events and bleeding in patients with "
        "acute coronary syndromes who receive heparin. Circulation 2003;107:2884-2888 (authors not on the page read)"
    ),
    where="Abstract",
    confidence="primary",
    url="https://paperexplained.cn/articles/paper/detail/9a20c11ff77c92771a309283b08970bc686e1eef",
)
SYNERGY_2012 = Source(
    key="Thomas_2012",
    citation=(
        "Thomas MP, Mahaffey KW, Chiswell K, Cohen M, Kontos MC, Antman EM, et al. Activated partial thromboplastin time "
        "measurement is not associated with clinical outcomes in patients with high-risk non-ST-segment elevation acute coronary "
        "syndromes treated with unfractionated heparin. J Thromb Thrombolysis 2012;34(1):114-119"
    ),
    where="Title and abstract (its last lines were cut off on the page read)",
    confidence="primary",
    doi="10.1007/s11239-012-0693-y",
    pmid="22323092",
)
HULL_1992 = Source(
    key="Hull_1992",
    citation=(
        "Hull RD, Raskob GE, Rosenbloom D, et al. Optimal therapeutic level of heparin therapy in patients with venous "
        "thrombosis. Arch Intern Med 1992;152(8):1589-1595"
    ),
    where="Abstract",
    confidence="primary",
    doi="10.1001/archinte.1992.00400200027006",
)
GRANGER_1996 = Source(
    key="Granger_1996",
    citation=(
        "Activated partial thromboplastin time and outcome after thrombolytic therapy for acute myocardial infarction: results "
        "from the GUSTO-I trial. Circulation 1996;93(5):870-878 (authors not on the page read)"
    ),
    where="Abstract",
    confidence="primary",
    doi="10.1161/01.cir.93.5.870",
)
NALLAMOTHU_2005 = Source(
    key="Nallamothu_2005",
    citation=(
        "Nallamothu BK, Bates ER, Hochman JS, Granger CB, Guetta V, Wilcox RG, et al. Prognostic implication of activated "
        "partial thromboplastin time after reteplase or half-dose reteplase plus abciximab: results from the GUSTO-V trial. Eur "
        "Heart J 2005;26(15):1506-1512"
    ),
    where="Abstract",
    confidence="primary",
    pmid="15800019",
)
ACCP_7 = Source(
    key="ACCP_2004_bleeding",
    citation=(
        "Levine MN, et al. Hemorrhagic complications of anticoagulant treatment: the Seventh ACCP Conference on Antithrombotic "
        "and Thrombolytic Therapy. Chest 2004;126(3 Suppl):287S-310S"
    ),
    where="Section 3.1.1, read in a copy on another site, not in the journal",
    confidence="second-hand",
    pmid="15383476",
)

KIKKERT_2013 = Source(
    key="Kikkert_2013",
    citation=(
        "Kikkert WJ, van Nes SH, Lieve KVV, Dangas GD, van Straalen J, Vis M, et al. Prognostic value of post-procedural aPTT in "
        "patients with ST-elevation myocardial infarction treated with primary PCI. Thromb Haemost 2013;109(5):961-970"
    ),
    where="Abstract",
    confidence="primary",
    doi="10.1160/TH12-10-0726",
)
GREEN_1988 = Source(
    key="Green_1988",
    citation=(
        "Fixed- vs adjusted-dose heparin in the prophylaxis of thromboembolism in spinal cord injury. JAMA 1988;260(9):1255-8 "
        "(authors not on the page read)"
    ),
    where="Abstract: 75 randomised, 29 in each group followed",
    confidence="primary",
    pmid="3404638",
)

ASSOCIATIONS = (
    Association(
        side="too much",
        speaks="for",
        patients="5,058 with an acute coronary syndrome (OASIS-2)",
        found="for every 10 s of aPTT more, major bleeding was 7 % more likely (95 % CI 3 to 11 %)",
        value=Value(1.07, ANAND_2003.at("Abstract: per 10 s of aPTT"), interval=(1.03, 1.11)),
        but="a longer aPTT also marks small and old patients (GUSTO-I)",
        source=ANAND_2003,
    ),
    Association(
        side="too much",
        speaks="for",
        patients="29,656 after thrombolysis (GUSTO-I)",
        found="above 70 s death, stroke, bleeding and reinfarction were more likely; least at 50 to 70 s at 12 h",
        but="the authors call it confounded to some degree: weight, age, sex and smoking moved the aPTT",
        source=GRANGER_1996,
    ),
    Association(
        side="too much",
        speaks="for",
        patients="50 in one hospital (Norman and Provan)",
        found="5 of 10 with twice the upper limit in half of their tests had a major bleed, 1 of 40 in range (relative risk 20)",
        but="these are six bleeds",
        source=ACCP_7,
    ),
    Association(
        side="too much",
        speaks="for",
        patients="58 with a spinal cord injury (randomised by level)",
        found="7 of 29 bled with the aPTT held at 1.5 times control, none of 29 with 5,000 U twice a day",
        but="it is prevention under the skin and not treatment, and they are seven bleeds",
        source=GREEN_1988,
    ),
    Association(
        side="too much",
        speaks="for",
        patients="1,876 with a myocardial infarction after a stent (STEMI)",
        found="severe bleeding was likelier with a mean aPTT of 4 times the upper limit or more (hazard ratio 4.64, P = 0.016)",
        but="it is the mean of the first 24 h, no interval is printed in the abstract, and they had other drugs too",
        source=KIKKERT_2013,
    ),
    Association(
        side="too much",
        speaks="against",
        patients="199 with a venous thrombosis (randomised, double-blind)",
        found="69 of 99 were above the range with warfarin added and 9 % bled; 24 of 100 without, and 12 % bled: no association",
        but="part of the longer aPTT there was warfarin",
        source=HULL_1992,
    ),
    Association(
        side="too much",
        speaks="against",
        patients="4,985 with an acute coronary syndrome (SYNERGY)",
        found=(
            "the aPTT was not associated with clinical outcomes, of which major bleeding was one (title and aim; the sentence on "
            "bleeding was cut off on the page read)"
        ),
        but="nearly all had early angiography, and two in three a stent or surgery",
        source=SYNERGY_2012,
    ),
    Association(
        side="too little",
        speaks="for",
        patients="three trials in deep vein thrombosis, those with 30,000 U a day",
        found="without a therapeutic aPTT by 24 h 23.3 % had a recurrence, with one 4 to 6 % (P = 0.02)",
        value=Value(0.233, HULL_1997.at("Abstract: share with a recurrence")),
        but="one group's trials, and the patients were not randomised to be late",
        source=HULL_1997,
    ),
    Association(
        side="too little",
        speaks="for",
        patients="1,166 with a venous thromboembolism in one county",
        found="the more of their time the aPTT stood for 0.2 U/mL anti-Xa or more, the fewer had a recurrence in 180 days",
        but="the time to the start of heparin predicted nothing, and 0.2 U/mL is below the usual range",
        source=HEIT_2011,
    ),
    Association(
        side="too little",
        speaks="for",
        patients="5,058 with an acute coronary syndrome (OASIS-2)",
        found=(
            "below 60 s a new coronary event was more likely (relative risk 1.54, 95 % CI 1.10 to 2.15); longer than 48 h below: "
            "1.84 (1.25 to 2.70)"
        ),
        value=Value(1.54, ANAND_2003.at("Abstract: below 60 s against 60 s and more"), interval=(1.10, 2.15)),
        but="these are arteries, and no one was randomised to a low aPTT",
        source=ANAND_2003,
    ),
    Association(
        side="too little",
        speaks="for",
        patients="58 with a spinal cord injury (randomised by level)",
        found="9 of 29 had a clot with 5,000 U twice a day, 2 of 29 with the aPTT held at 1.5 times control",
        but="it is prevention under the skin and not treatment",
        source=GREEN_1988,
    ),
    Association(
        side="too little",
        speaks="both",
        patients="11,420 after thrombolysis (GUSTO-V)",
        found="complications were more frequent with a peak aPTT below 50 s and above 70 s; below 50 s also death within 30 days",
        but="it is the peak of a stay, not an exposure over time, and no one was randomised to it",
        source=NALLAMOTHU_2005,
    ),
    Association(
        side="too little",
        speaks="against",
        patients="961 with a venous thromboembolism in three trials, at least 1,250 U/h after 5,000 U",
        found=(
            "below the range at 24 h 11 of 163 had a recurrence, in it 38 of 723 (odds ratio 1.30, 95 % CI 0.64 to 2.63); at "
            "48 h 1.32 (0.51 to 3.44)"
        ),
        value=Value(1.30, ANAND_1999.at("Abstract: at 24 h"), interval=(0.64, 2.63)),
        but="the interval reaches from a third fewer to more than twice as many",
        source=ANAND_1999,
    ),
    Association(
        side="too little",
        speaks="against",
        patients="1,876 with a myocardial infarction after a stent (STEMI)",
        found="a mean aPTT of the first 24 h below 1.5 times the upper limit of normal brought no more ischaemic events",
        but="the artery had just been opened",
        source=KIKKERT_2013,
    ),
    Association(
        side="too little",
        speaks="against",
        patients="4,985 with an acute coronary syndrome (SYNERGY)",
        found="an aPTT below 50 s was not associated with a new ischaemic event, adjusted or not",
        source=SYNERGY_2012,
    ),
)
"""What was published; all of it is of the aPTT, and of the aPTT of its time: no reagent of today is meant."""


def associations(side: str) -> tuple[Association, ...]:
    """Return what was published of one side, those that found an association first; raises ``ValueError`` for another side."""
    check_one_of("side", side, SIDES)
    return tuple(one for one in ASSOCIATIONS if one.side == side)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sign:
    """A sign that a patient should report.

    ``of``: one of ``SIDES``.
    ``sign``: in words a patient would use.
    ``source``: where it was read.
    """

    of: str
    sign: str
    source: Source

    __repr__ = shown


_UNC = Source(
    key="UNC_clot_connect_2011",
    citation="Hawes E, UNC School of Pharmacy. Being on blood thinners: how do I know I am bleeding? Clot Connect, August 2011",
    where="The list of signs",
    confidence="primary",
    url="http://patientblog.clotconnect.org/2011/08/17/being-on-blood-thinners-how-do-i-know-i-am-bleeding/",
)
_MICHIGAN = Source(
    key="Michigan_blood_thinners",
    citation="Blood thinners in hospital, health library acm3131, University of Michigan Frankel Cardiovascular Center",
    where=(
        "The text for patients: when to use the call button; that three of these are signs of a clot is ours, and pain or "
        "swelling can be a bleed"
    ),
    confidence="primary",
    url="https://umcvc.org/health-library/acm3131",
)
SIGNS = (
    Sign(of="too much", sign="a bleed that does not stop when you press on it", source=_UNC),
    Sign(of="too much", sign="a heavy nosebleed", source=_UNC),
    Sign(of="too much", sign="large bruises, or bruises that grow", source=_UNC),
    Sign(of="too much", sign="blood in your urine", source=_UNC),
    Sign(of="too much", sign="stool that is red, or black like tar", source=_UNC),
    Sign(of="too much", sign="vomit that is red, or looks like ground coffee", source=_UNC),
    Sign(of="too much", sign="a period that is heavy or long", source=_UNC),
    Sign(of="too much", sign="belly pain, or you vomit", source=_MICHIGAN),
    Sign(of="too much", sign="the worst headache of your life; sudden trouble to speak, see or move", source=_UNC),
    Sign(of="too much", sign="you feel very weak, dizzy or short of breath", source=_UNC),
    Sign(of="too little", sign="new pain or swelling, or pain that gets worse", source=_MICHIGAN),
    Sign(of="too little", sign="chest pain, or short breath, or you cough up blood", source=_MICHIGAN),
    Sign(of="too little", sign="a sudden, severe headache, or other signs of a stroke", source=_MICHIGAN),
)
"""What to call the nurse for at once; ``practice.about("safe-use")`` has the list of a cardiology society."""


def signs_in_words() -> str:
    """Return the signs to report, in words for the patient, and where they come from."""
    lines = ["Call your nurse at once for"]
    for side, why in zip(SIDES, ("signs of a bleed", "signs of a clot"), strict=True):
        lines += [f"  {why}:", *(f"    - {one.sign}" for one in SIGNS if one.of == side)]
    sources = {one.source.citation: one.source for one in SIGNS}
    return "\n".join([*lines, *(f"  source: {source.cite()}" for source in sources.values())])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ledger:
    """The two regrets of one course, side by side; there is no sum.

    ``exposure``: what the patient was exposed to.
    ``heparin_given_u``: heparin given in all, U.
    ``holds``: how often the infusion was held.
    ``reboluses``: how many boluses were given after the first.
    """

    exposure: Exposure
    heparin_given_u: float
    holds: int
    reboluses: int

    __repr__ = shown

    def side_in_words(self, side: str) -> list[str]:
        """Return what one side cost, in lines; raises ``ValueError`` for another side."""
        check_one_of("side", side, SIDES)
        one, target = self.exposure, self.exposure.target
        first_day = f"the first {min(FIRST_DAY_H, one.hours):g} h"
        unit = ASSAYS[target.assay].unit or "ratio"
        if side == "too much":
            lines = [
                f"{one.above_h:.1f} h of {one.hours:g} h above the range; area above it {one.area_above_h:.3g} {unit}·h",
                f"highest level {level_in_words(target, one.peak_level)}; highest concentration {one.peak_u_per_ml:.2f} U/mL",
                f"{self.holds} holds, each with heparin off for a while" if self.holds else "no hold",
            ]
        else:
            first = "never" if one.first_in_range_h is None else f"at {one.first_in_range_h:.1f} h"
            seen = "never" if one.first_result_not_below_h is None else f"drawn at {one.first_result_not_below_h:g} h"
            lines = [
                f"{one.below_h:.1f} h of {one.hours:g} h below the range; area below it {one.area_below_h:.3g} {unit}·h",
                f"{one.below_on_first_day_h:.1f} h of {first_day} below it; first in range {first}",
                f"first result at or above the lower limit: {seen}; {self.reboluses} boluses after the first",
            ]
        return lines

    def was_late(self) -> bool:
        """Whether no result drawn in the first 24 h reached the lower limit: what Hull and Anand asked."""
        first = self.exposure.first_result_not_below_h
        return first is None or first > FIRST_DAY_H

    def in_words(self, *, with_papers: bool = True) -> str:
        """Return both sides with what was published of each, and the signs to report."""
        lines = [f"held against {self.exposure.target.in_words()}"]
        for side in SIDES:
            lines += ["", f"{side}:", *(f"  {line}" for line in self.side_in_words(side))]
            if with_papers:
                lines += ["  published, for and against:"]
                lines += [f"  - {SPEAKS[one.speaks]}: {one.in_words()}" for one in associations(side)]
        lines += ["", self.warning(), "", signs_in_words(), practice.about("safe-use")[-1].in_words()]
        return "\n".join(lines)

    def warning(self) -> str:
        """Return what these numbers do not say."""
        other = (
            "" if self.exposure.target.assay in CLOTTING_TIMES else " All of them are of the aPTT; of the anti-Xa none was found."
        )
        return (
            "The two are not summed: an hour above is no hour below. No risk of this patient follows from them: the papers "
            f"disagree, and only one of them, small, was randomised by level.{other}"
        )

    def to_plain(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "exposure": to_plain(self.exposure),
            "heparin_given_u": self.heparin_given_u,
            "holds": self.holds,
            "reboluses": self.reboluses,
            "late": self.was_late(),
            "published": [to_plain(one) for one in ASSOCIATIONS],
            "signs": [{"of": one.of, "sign": one.sign, "source": one.source.cite()} for one in SIGNS],
            "warning": self.warning(),
        }


def ledger(course: Course, target: TherapeuticRange | None = None) -> Ledger:
    r"""Return the two regrets of a course; ``target``: the range, ``None``: the one the controller aimed at.

    Raises ``ValueError`` where no range is known.

    >>> from heparin_pk import Nomogram, Patient, titrate, published
    >>> course = titrate(Patient(weight_kg=80), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), seed=3)
    >>> print(*ledger(course).side_in_words("too little"), sep="\n")
    0.0 h of 48 h below the range; area below it 0 s·h
    0.0 h of the first 24 h below it; first in range at 4.2 h
    first result at or above the lower limit: drawn at 6 h; 0 boluses after the first
    """
    return Ledger(
        exposure=exposure(course, target),
        heparin_given_u=metrics.heparin_given_u(course),
        holds=metrics.holds(course),
        reboluses=metrics.reboluses(course),
    )
