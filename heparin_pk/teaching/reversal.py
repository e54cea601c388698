"""Taking heparin away: stop, hold or protamine; protamine by elapsed time in several centres, against what is left in the model.

What protamine can do to the patient is here too. Overdose of protamine is stated and not modelled: that it anticoagulates above a
ratio was seen in the test tube. For teaching and study, not for the care of patients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source, Value
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.published.drug import Drug
from heparin_pk.published.sources import PROTAMINE_LABEL
from heparin_pk.simulation.after_stop import after_bolus, left_in_plasma_u
from heparin_pk.simulation.rules import U_PER_MG_PROTAMINE
from heparin_pk.teaching import practice

MOST_AT_ONCE_MG = Value(50.0, PROTAMINE_LABEL.at("Not more than 50 mg in any 10-minute period"))
FASTEST_MG_PER_MIN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Line:
    """One line of a protamine table.

    ``until_min``: the line holds for less than this time since heparin, minutes; infinite in the last line.
    ``low_mg``, ``high_mg``: protamine for each 100 U of heparin, mg.
    ``printed``: the time as it is printed.
    """

    until_min: float
    low_mg: float
    high_mg: float
    printed: str

    def __post_init__(self) -> None:
        if self.until_min != math.inf:
            check_between("until_min", self.until_min, 1.0, 1440.0)
        check_between("low_mg", self.low_mg, 0.0, 2.0)
        check_between("high_mg", self.high_mg, self.low_mg, 2.0)
        check_text("printed", self.printed)

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProtamineTable:
    """Protamine by the time since heparin, as one centre prints it.

    ``name``: the centre.
    ``counts``: which heparin is counted.
    ``lines``: the lines, in rising order of time.
    ``source``: where it was read.

    Raises ``ValueError`` unless the times rise and the last line is open.
    """

    name: str
    counts: str
    lines: tuple[Line, ...]
    source: Source

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_text("counts", self.counts)
        ends = [line.until_min for line in self.lines]
        if ends != sorted(set(ends)) or not ends or ends[-1] != math.inf:
            raise ValueError(f"lines must rise in time and end open; got {ends}")

    __repr__ = shown

    def line_at(self, elapsed_min: float) -> Line:
        """Return the line for a time since heparin, minutes (0 to 1440)."""
        elapsed = check_between("elapsed_min", elapsed_min, 0.0, 1440.0)
        return next(line for line in self.lines if elapsed < line.until_min)


CHILDRENS_MERCY = ProtamineTable(
    name="Children's Mercy",
    counts="heparin of the last 2 hours",
    lines=(
        Line(until_min=30.0, low_mg=1.0, high_mg=1.0, printed="<30 minutes"),
        Line(until_min=60.0, low_mg=0.5, high_mg=0.75, printed="30-60 minutes"),
        Line(until_min=120.0, low_mg=0.375, high_mg=0.5, printed="60-120 minutes"),
        Line(until_min=math.inf, low_mg=0.25, high_mg=0.375, printed=">120 minutes"),
    ),
    source=Source(
        key="Childrens_Mercy_protamine",
        citation="Children's Mercy: heparin antidote, Table 2, protamine sulfate for immediate reversal (cites CHEST 2012)",
        where="Table 2; 60 minutes is read as the third line",
        confidence="primary",
        url=(
            "https://www.childrensmercy.org/health-care-providers/evidence-based-practice/clinical-practice-guidelines/"
            "standard-heparin-algorithm/heparin-antidote/"
        ),
    ),
)
CHEO = ProtamineTable(
    name="CHEO",
    counts="the heparin given",
    lines=(
        Line(until_min=30.0, low_mg=1.0, high_mg=1.5, printed="few minutes"),
        Line(until_min=60.0, low_mg=0.5, high_mg=0.75, printed="30-60 minutes"),
        Line(until_min=120.0, low_mg=0.375, high_mg=0.5, printed="60-120 minutes"),
        Line(until_min=math.inf, low_mg=0.25, high_mg=0.375, printed=">2 hours"),
    ),
    source=Source(
        key="CHEO_1689",
        citation="CHEO outreach drug manual, protamine (page 1689)",
        where="Dose by elapsed time; 'few minutes' is read as up to 30 (assumed)",
        confidence="primary",
        url="https://outreach.cheo.on.ca/manual/1689",
    ),
)
ONE_LABORATORY = ProtamineTable(
    name="a laboratory's page",
    counts="heparin of the hour before the stop",
    lines=(
        Line(until_min=15.0, low_mg=1.0, high_mg=1.0, printed="<15 mins"),
        Line(until_min=60.0, low_mg=0.75, high_mg=0.75, printed="30 mins"),
        Line(until_min=120.0, low_mg=0.5, high_mg=0.5, printed="60 mins"),
        Line(until_min=240.0, low_mg=0.25, high_mg=0.25, printed=">2 hrs"),
        Line(until_min=math.inf, low_mg=0.0, high_mg=0.0, printed="4 hrs"),
    ),
    source=Source(
        key="mmhaem",
        citation="Reversing heparin, a haematology laboratory's page (mmhaem.tripod.com)",
        where=(
            "Table; 30 and 60 minutes are read until the next printed time (assumed); its text halves after 1 h "
            "and quarters after 2"
        ),
        confidence="primary",
        url="https://mmhaem.tripod.com/reversingheparin.html",
    ),
)
TABLES = {one.name: one for one in (CHILDRENS_MERCY, CHEO, ONE_LABORATORY)}
"""Protamine tables by elapsed time."""

QUEBEC = Source(
    key="CIUSSS_protamine",
    citation="CIUSSS de la Capitale-Nationale (Quebec poison centre): protamine",
    where=(
        "All units of the last hour, half of those 2 h ago, a quarter 3 h ago, an eighth 4 h ago; 1 mg per "
        "100 units, at most 50 mg"
    ),
    confidence="primary",
    url="https://www.ciusss-capitalenationale.gouv.qc.ca/en/antidotes/protamine",
)
ILLINOIS = Source(
    key="UIC_protamine_2019",
    citation=(
        "University of Illinois Chicago, drug information: what is the appropriate dose of protamine (2019), "
        "as an examination quotes it"
    ),
    where="100 % of the last hour, 50 % of the hour before, 25 % of the hour before that",
    confidence="second-hand",
    url="https://certempire.com/exam/naplex-exam-questions/question/13",
)
HOURLY_RULES = {"Quebec": ((1.0, 0.5, 0.25, 0.125), QUEBEC), "Illinois": ((1.0, 0.5, 0.25), ILLINOIS)}
"""Rules that count the heparin of each hour before the stop, the last one first: the share that is counted."""


def to_neutralise_u(rule: str, given_u: Sequence[float]) -> float:
    """Return the units that a rule of ``HOURLY_RULES`` counts.

    ``given_u``: units given in the last hour, the hour before, and so on; earlier ones than the rule counts are left out.

    >>> to_neutralise_u("Quebec", [1500, 1500, 1500 + 5000])
    3875.0
    """
    check_one_of("rule", rule, HOURLY_RULES)
    return float(
        sum(share * check_between("given_u", u, 0.0, 1e6) for share, u in zip(HOURLY_RULES[rule][0], given_u, strict=False))
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dose:
    """Protamine as a rule prints it.

    ``low_mg``, ``high_mg``: the dose, mg, before its cap.
    ``is_capped``: whether the rule asks for more than may be given at once, 50 mg in 10 min; the dose is not cut.
    """

    low_mg: float
    high_mg: float

    __repr__ = shown

    @property
    def is_capped(self) -> bool:
        """Whether it exceeds what may be given in 10 minutes."""
        return self.high_mg > MOST_AT_ONCE_MG.value

    def in_words(self) -> str:
        """Return "15 to 22.5 mg", with a word where it must be divided."""
        dose = f"{self.low_mg:.3g} mg" if self.low_mg == self.high_mg else f"{self.low_mg:.3g} to {self.high_mg:.3g} mg"
        return dose + (f", of which at most {MOST_AT_ONCE_MG.value:g} mg in 10 min" if self.is_capped else "")


def protamine_dose(table: ProtamineTable, heparin_u: float, elapsed_min: float) -> Dose:
    """Return the protamine a table asks for.

    ``heparin_u``: heparin that the table counts, U (0 to 1,000,000).
    ``elapsed_min``: minutes since it (0 to 1440).

    >>> protamine_dose(CHILDRENS_MERCY, 4000, 45).in_words()
    '20 to 30 mg'
    """
    check_is("table", table, ProtamineTable, "a ProtamineTable")
    heparin = check_between("heparin_u", heparin_u, 0.0, 1e6)
    line = table.line_at(elapsed_min)
    return Dose(low_mg=line.low_mg * heparin / 100.0, high_mg=line.high_mg * heparin / 100.0)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Compared:
    """A protamine table beside the heparin that is left, some time after a bolus.

    ``elapsed_min``: minutes since the bolus.
    ``asked``: what the table asks for.
    ``left_u``: heparin left in plasma in the model, U.
    ``left_mg``: protamine that neutralises it at 1 mg for 100 U, mg.
    """

    elapsed_min: float
    asked: Dose
    left_u: float
    left_mg: float

    __repr__ = shown


def table_against_model(
    table: ProtamineTable = CHILDRENS_MERCY,
    patient: Patient | None = None,
    drug: Drug = UFH_DEFAULT,
    *,
    dose_u_per_kg: float = 80.0,
    elapsed_min: Sequence[float] = (10.0, 30.0, 60.0, 90.0, 120.0, 180.0),
) -> tuple[Compared, ...]:
    """Return a table beside the model after one bolus: what it asks for, and what is left in plasma.

    Heparin bound to cells is not counted: protamine reaches plasma. Raises ``ValueError`` for times outside 1 to 240 minutes.
    """
    patient = patient if patient is not None else Patient(weight_kg=75.0)
    course = after_bolus(patient, drug, dose_u_per_kg)
    given_u = dose_u_per_kg * patient.doses_by_kg
    rows = []
    for elapsed in elapsed_min:
        left_u = left_in_plasma_u(course, check_between("elapsed_min", elapsed, 1.0, 240.0) / 60.0)
        asked = protamine_dose(table, given_u, elapsed)
        rows.append(Compared(elapsed_min=float(elapsed), asked=asked, left_u=left_u, left_mg=left_u / U_PER_MG_PROTAMINE))
    return tuple(rows)


def compared_in_words(rows: Sequence[Compared]) -> str:
    """Return the comparison as lines."""
    return "\n".join(
        f"{row.elapsed_min:>4g} min   table {row.asked.in_words():<16}   left in plasma {row.left_u:>6,.0f} U "
        f"= {row.left_mg:.1f} mg"
        for row in rows
    )


def spread(rate_u_per_h: float, stopped_min: float = 0.0) -> dict[str, Dose]:
    """Return what each centre asks for after an infusion of some hours that was stopped: the spread is the lesson.

    ``rate_u_per_h``: the rate, U/h (0 to 10,000), running for at least four hours before the stop.
    ``stopped_min``: minutes since the stop (0 to 240); "the last hours" are counted back from now, as the words say.
    """
    rate = check_between("rate_u_per_h", rate_u_per_h, 0.0, 10_000.0)
    minutes = check_between("stopped_min", stopped_min, 0.0, 240.0)
    found = {
        CHILDRENS_MERCY.name: protamine_dose(CHILDRENS_MERCY, max(0.0, 2.0 - minutes / 60.0) * rate, minutes),
        ONE_LABORATORY.name: protamine_dose(ONE_LABORATORY, rate, minutes),
    }
    for rule in HOURLY_RULES:
        hours = [max(0.0, min(1.0, hour + 1.0 - minutes / 60.0)) * rate for hour in range(4)]
        mg = to_neutralise_u(rule, hours) / U_PER_MG_PROTAMINE
        found[rule] = Dose(low_mg=mg, high_mg=mg)
    return found


# Too much, and reactions


TOO_MUCH_MG_PER_100_U = Value(
    1.3,
    next(one.source for one in practice.about("protamine") if one.source.key == "Mochizuki_1998").at(
        "Abstract: 1.3:1", "derived"
    ),
)
"""Protamine for each 100 U still there above which protamine itself prolonged the ACT in the test tube; not modelled."""


def overdose_in_words(protamine_mg: float, heparin_left_u: float) -> str:
    """Return whether a dose of protamine exceeds what is left so far that protamine itself may anticoagulate.

    ``protamine_mg``: dose, mg (above 0 to 1000). ``heparin_left_u``: heparin still in plasma, U (0 to 1,000,000).
    """
    dose = check_between("protamine_mg", protamine_mg, 0.0, 1000.0)
    left = check_between("heparin_left_u", heparin_left_u, 0.0, 1e6)
    if left == 0.0:
        return (
            f"{dose:g} mg of protamine and no heparin left to bind it: protamine itself anticoagulates; the model "
            f"does not show it"
        )
    ratio = 100.0 * dose / left
    limit = TOO_MUCH_MG_PER_100_U.value
    verdict = "above" if ratio > limit else "not above"
    return (
        f"{ratio:.2f} mg for each 100 U still there: {verdict} {limit:g}, from which protamine itself "
        f"prolonged the ACT in the test "
        "tube; the model does not show it"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Risk:
    """A reaction to protamine or what raises its risk.

    ``what``: in words.
    ``source``: where it was read.
    """

    what: str
    source: Source

    def __post_init__(self) -> None:
        check_text("what", self.what)
        check_is("source", self.source, Source, "a Source")

    __repr__ = shown


_GOTTSCHLICH = Source(
    key="Gottschlich_1988",
    citation=(
        "Gottschlich GM, et al. Adverse reactions to protamine sulfate during cardiac surgery in diabetic and non-diabetic "
        "patients. Ann Allergy 1988;61(4):277-281"
    ),
    where="Abstract (2,996 patients, four reactions)",
    confidence="primary",
    pmid="3177970",
)
REACTIONS = (
    Risk(what="2.9 % of patients on NPH insulin reacted, 0.07 % of those without diabetes", source=_GOTTSCHLICH),
    Risk(
        what=(
            "of 214 patients with a fish allergy given protamine 2 reacted (below 1 %): avoiding it for that "
            "alone is not advised there"
        ),
        source=Source(
            key="Fish_allergy_protamine",
            citation=(
                "Assessment of perioperative protamine reactions in patients with fish allergies: a retrospective observational "
                "study (authors and journal not on the page read)"
            ),
            where="Abstract",
            confidence="primary",
            url=(
                "https://perfusfind.com/assessment-of-perioperative-protamine-reactions-in-patients-with-fish-allergies-a-"
                "retrospective-observational-study"
            ),
        ),
    ),
)
"""Numbers on reactions; the boxed warning itself: ``practice.about("protamine")``."""
REBOUND = Source(
    key="Heparin_rebound_2022",
    citation="Heparin rebound: an in-depth review. J Cardiothorac Vasc Anesth 2022 (authors not on the page read)",
    where="Abstract: very low levels came back in some patients, without correlation with bleeding",
    confidence="primary",
    doi="10.1053/j.jvca.2022.12.019",
)


def ways_in_words() -> str:
    """Return the three ways to take heparin away, and what practice says of protamine and of punctures."""
    return "\n".join(
        [
            "hold: the pump pauses and goes on; stop: the infusion ends; protamine: what is in plasma is bound within minutes",
            practice.in_words("protamine", "neuraxial-puncture"),
            *(f"- {one.what} ({one.source.cite()})" for one in REACTIONS),
            f"- rebound: {REBOUND.where} ({REBOUND.cite()})",
        ]
    )
