"""Errors as injected faults, at five places (order, pump, patient, tube, assay), and the checks that catch them.

A fault has a name, a chance and a window of time; a check has a probability to catch each fault and a cost in minutes.
``WardErrors(faults=..., checks=...)`` injects them: in one course (``titrate``) and in a trial (an arm with a ward of its own).
Whether a fault strikes, and whether a check sees it, are random numbers with addresses of their own (seed, stream, subject,
time): the same patients meet the same faults in every arm, and an arm with one check more meets a subset of them.
For teaching and study, not for the care of patients.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, shown
from heparin_pk.base.randomness import log_normal, standard_normals, uniforms
from heparin_pk.base.source import ASSUMED, Source, Value
from heparin_pk.base.streams import Stream
from heparin_pk.blood.laboratory import FROM_HEPARIN_LINE_S
from heparin_pk.body.patient import Cohort, Patient
from heparin_pk.ward.controller import Decisions, Situations
from heparin_pk.ward.orders import HOURS, most_rate_u_per_h
from heparin_pk.ward.pump import KG_PER_LB, Pump

# The sources

DOUGLASS_2018 = Source(
    key="Douglass_2018",
    citation=(
        "Douglass AM, Elder J, Watson R, Kallay T, Kirsh D, Robb WG, Kaji AH, Coil CJ. A randomized controlled trial on the "
        "effect of a double check on the detection of medication errors. Ann Emerg Med 2018;71(1):74-82.e1"
    ),
    where=(
        "Abstract: 43 pairs of nurses, simulated patient; a weight-based dosage error was seen by 33 % with a double check and "
        "9 % without (odds ratio 5.0, 95 % CI 0.90 to 27.74), a wrong vial by 100 and 54 % (19.9, 1.0 to 408.5)"
    ),
    confidence="primary",
    doi="10.1016/j.annemergmed.2017.03.022",
    pmid="28669554",
)
FANIKOS_2007 = Source(
    key="Fanikos_2007",
    citation=(
        "Fanikos J, Fiumara K, Baroletti S, Luppi C, Saniuk C, Mehta A, Silverman J, Goldhaber SZ. Am J Cardiol "
        "2007;99(7):1002-5 (863 alerts of smart pumps that gave anticoagulants; title not on the page read)"
    ),
    where=(
        "Abstract: 4 infusion rate errors with smart pumps, 15 in the 16 months before. Weak evidence against it: in that "
        "hospital reported adverse events of anticoagulants were more in 2015 to 2020 than in 2004 to 2009, of all causes and "
        "with such pumps in both (Fanikos 2023, Am J Med)"
    ),
    confidence="primary",
    doi="10.1016/j.amjcard.2006.10.069",
    pmid="17398201",
)
ATAY_2014 = Source(
    key="Atay_2014",
    citation=(
        "Atay A, Demir L, Cuhadar S, Saglam G, Unal H, Aksun S, Arslan B, Ozkan A, Sutcu R. Clinical biochemistry laboratory "
        "rejection rates due to various types of preanalytical errors. Biochem Med (Zagreb) 2014;24(3):376-82"
    ),
    where=(
        "Abstract: 2.28 % of coagulation samples rejected, 1.38 % of samples for too little volume; 24 % of all rejections of "
        "the laboratory for a clotted specimen"
    ),
    confidence="primary",
    pmid="25351356",
)
LOT_NOTICE_2021 = Source(
    key="UCI_2021",
    citation=(
        "Changes to heparin therapeutic range (aPTT target), Oct. 2021. University of California, Irvine, clinical laboratory"
    ),
    where="The range for heparin moved from 60-100 s to 65-110 s with a new lot of reagent",
    confidence="primary",
    url="http://www.pathology.uci.edu/services/test-announcements/changes-to-heparin-therapeutic-2021-10-06.html",
)
POON_2010 = Source(
    key="Poon_2010",
    citation=(
        "Poon EG, Keohane CA, Yoon CS, et al. Effect of bar-code technology on the safety of medication administration. N Engl J "
        "Med 2010;362(18):1698-1707"
    ),
    where="Abstract: 14,041 administrations observed; errors other than of time in 11.5 %, with bar codes in 6.8 %: 41.4 % fewer",
    confidence="primary",
    doi="10.1056/NEJMsa0907115",
    pmid="20445181",
)
DZIK_2003 = Source(
    key="Dzik_2003",
    citation=(
        "Dzik WH, Murphy MF, Andreu G, et al. An international study of the performance of sample collection from patients. Vox "
        "Sang 2003 (Biomedical Excellence for Safer Transfusion working party)"
    ),
    where=(
        "Median rate of wrong blood in tube about 1 in 2,000, 62 hospitals, 690,000 samples, as notifylibrary.org tells "
        "it. Others: 1,023 of 2,000,345 samples of a whole laboratory with a wrong identity found (Ning 2016, PMID "
        "27494020); 1 in 9,750 found in 1.4 million (39 transfusion services in 2019, not corrected for chance matches)"
    ),
    confidence="second-hand",
    doi="10.1046/j.1423-0410.2003.00313.x",
)
KAUFMAN_2019 = Source(
    key="Kaufman_2019",
    citation=(
        "Kaufman RM, Dinh A, Cohn CS, et al. Electronic patient identification for sample labeling reduces wrong blood in tube "
        "errors. Transfusion 2019;59(3):972-980"
    ),
    where="Abstract: 1 in 10,110 samples where patients are identified by hand, 1 in 35,806 where electronically (unadjusted)",
    confidence="primary",
)
MILLER_2015 = Source(
    key="Miller_2015",
    citation=(
        "Miller I. Development and evaluation of a logical delta check for identifying erroneous blood count results in a "
        "tertiary care hospital. Arch Pathol Lab Med 2015;139:1042-1047"
    ),
    where="Abstract: a delta check of one value (red cell volume) saw 3 of 6 mislabelled samples, one of all values all 6",
    confidence="primary",
    doi="10.5858/arpa.2014-0494-OA",
)
HIRATA_2017 = Source(
    key="Hirata_2017",
    citation=(
        "Pediatric weight errors and resultant medication dosing errors in the emergency department (Hirata 2017), "
        "as pedinfo.org tells it, and Pa Patient Saf Advis 2016;13(2):50-57, as ismp.org tells it"
    ),
    where=(
        "0.63 % of 79,000 weights of children under 5 years were wrong, found among extreme ones; of 1,291 event reports about "
        "weights 300 (23.2 %) mistook pounds for kilograms. That adults err as often is assumed"
    ),
    confidence="second-hand",
    pmid="28976456",
)
NOMOGRAM_COMPLIANCE = Source(
    key="Brigham_compliance",
    citation=(
        "Schurr JW, Stevens CA, Bane A, Culbreth SE, Miller AL, Connors JM, Sylvester KW. Evaluation of compliance with a "
        "weight-based nurse-driven heparin nomogram in a tertiary academic medical center. Critical Pathways in Cardiology "
        "2018;(2):83-87"
    ),
    where="Abstract: 95 patients; compliance of laboratory steps 77.6 %, of titrations 87.2 %; aPTT in range 39.6 %",
    confidence="primary",
)
GUESSES = Source(
    key="How_accurately_weights",
    citation=(
        "Fernandes CMB, Clark S, Price A, Innes G. How accurately do we estimate patients' weight in emergency departments? "
        "Can Fam Physician 1999;45:2373-6"
    ),
    where=(
        "Abstract: nurses' guesses lie within 10 % in 66 % of 117 patients; an SD of about 10 % gives that. Others were worse: "
        "49.6 % of nurses in 458 patients (PMID 15741592), an SD of about 15 %. Patients themselves are right within 10 % in 97 "
        "and 91 %"
    ),
    confidence="primary",
    pmid="10540697",
)
GUESSED_WEIGHT_CV = Value(0.10, GUESSES.at(GUESSES.where, "derived"))
"""How far a guess of the weight is off, a CV."""


def _assumed(number: float, why: str) -> Value:
    return Value(number, ASSUMED.at(why))


PLACES = ("order", "pump", "patient", "tube", "assay")
"""Where a fault strikes, in the order of the treatment."""
MOST_ML_PER_H = _assumed(999.0, "the highest setting of a volumetric pump: three digits")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Kind:
    """A kind of fault.

    ``name``: its name.
    ``place``: one of ``PLACES``.
    ``strikes``: what it changes: "weight", "rate", "bag", "hold", "draw", "sample", "mix-up", "tube", "assay" or
    "lot".
    ``what``: what happens, in words.
    ``then``: what follows, and what is assumed, in words.
    ``size``: how large it is; ``unit`` says in what.
    ``unit``: the unit of the size.
    ``limits``: the limits of a size of your own.
    ``chance``: how often it happens where nothing else is said: a share of patients where ``once``, else of opportunities.
    ``once``: whether it strikes a patient for the whole stay (else each opportunity anew).
    ``until_h``: when it ends where nothing else is said, h.
    """

    name: str
    place: str
    strikes: str
    what: str
    then: str
    size: Value
    unit: str
    limits: tuple[float, float]
    chance: Value
    once: bool = False
    until_h: float = HOURS[1]

    __repr__ = shown


_KINDS = (
    Kind(
        name="tenfold", place="order", strikes="rate", what="a zero too many in the rate that is ordered",
        then="the pump runs ten times too fast until the bag is empty or the rate is changed; who finds the bag empty stops the "
        "pump, and it is set anew at the next result (a full bag and this reaction are assumed)",
        size=Value(10.0, ASSUMED.at("by the name of the fault", "derived")), unit="times the rate", limits=(0.01, 100.0),
        chance=_assumed(0.002, "one rate of 500"),
    ),
    Kind(
        name="pounds-for-kilograms", place="order", strikes="weight", what="a weight in pounds is entered as kilograms",
        then="bolus, rate and every change are 2.2 times too large until the weight is corrected",
        size=Value(1.0 / KG_PER_LB, ASSUMED.at("1 / 0.45359237, the international pound", "derived")), unit="times the weight",
        limits=(0.1, 5.0), chance=Value(
            0.0063 * 0.232, HIRATA_2017.at(f"DERIVED: 0.63 % times 23.2 %. {HIRATA_2017.where}", "derived")
        ), once=True,
    ),
    Kind(
        name="units-as-ml", place="pump", strikes="rate", what="the number of U/h is typed as mL/h",
        then="the pump runs at the bag's concentration times the rate, at most at its highest setting, until the bag is empty; "
        "who finds the bag empty stops the pump, and it is set anew at the next result (assumed)",
        size=MOST_ML_PER_H, unit="mL/h, the highest setting", limits=(1.0, 2000.0), chance=_assumed(0.001, "one rate of 1,000"),
    ),
    Kind(
        name="wrong-bag", place="pump", strikes="bag", what="a bag of another concentration hangs on the pump",
        then="every rate is wrong by one factor until the next bag, after 24 h (assumed); 0.5 is a bag half as strong",
        size=_assumed(2.0, "twice as strong: 50,000 U instead of 25,000 U"), unit="times the concentration", limits=(0.05, 20.0),
        chance=_assumed(0.005, "one patient of 200"), once=True, until_h=24.0,
    ),
    Kind(
        name="missed-hold", place="pump", strikes="hold", what="the infusion is not held although the table says so",
        then="heparin runs on through the hour in which the level should have fallen; the new rate is set",
        size=Value(1.0, ASSUMED.at("the whole hold", "derived")), unit="share of the hold", limits=(1.0, 1.0),
        chance=Value(0.128, NOMOGRAM_COMPLIANCE.at("87.2 % of titrations as written; a hold taken to fail as often", "derived")),
    ),
    Kind(
        name="guessed-weight", place="patient", strikes="weight", what="the weight is guessed and not measured",
        then="bolus, rate and every change are off by the error of the guess, drawn once a patient",
        size=GUESSED_WEIGHT_CV, unit="CV of the guess", limits=(0.0, 1.0),
        chance=_assumed(0.3, "three patients of ten are not weighed"), once=True,
    ),
    Kind(
        name="line-blood", place="tube", strikes="sample", what="blood is drawn through the line in which heparin runs",
        then="infusion is in the tube and the level reads too high: the ward holds and slows heparin that is needed. "
        f"With the pump stopped and waste drawn the error is {FROM_HEPARIN_LINE_S.value:g} s (Dailey 2014); without, no "
        "limit was found, and a share of the tube is assumed",
        size=_assumed(0.01, "one hundredth of the tube is infusion: 0.03 mL in 2.7 mL"), unit="share of the tube",
        limits=(0.0, 0.5), chance=_assumed(0.01, "one tube of 100"),
    ),
    Kind(
        name="late-draw", place="tube", strikes="draw", what="blood is drawn late",
        then="a level out of range stays unseen for longer, and every later step moves with it",
        size=_assumed(3.0, "how late blood is drawn was not found"), unit="h late", limits=(0.0, 24.0),
        chance=Value(0.224, NOMOGRAM_COMPLIANCE.at("laboratory compliance 77.6 %; all of the rest taken as late", "derived")),
    ),
    Kind(
        name="clotted-tube", place="tube", strikes="tube", what="the tube has clotted and the laboratory rejects it",
        then="no result: after the turnaround the ward is told, and draws again within half an hour (assumed)",
        size=_assumed(0.5, "from the call to the next draw"), unit="h to the next draw", limits=(0.1, 12.0),
        chance=Value(0.0055, ATAY_2014.at(
            "2.28 % of coagulation samples rejected x 24 %, the clotted among all rejections of the laboratory; at most 0.90 %, "
            "as 1.38 % were rejected for their volume", "derived"), interval=(0.0, 0.009)),
    ),
    Kind(
        name="wrong-blood", place="tube", strikes="mix-up", what="the tube holds the blood of another patient",
        then="the other patient's result is acted on: without heparin in that blood the level reads as none, and the ward gives "
        "a bolus and a faster rate that are not needed (the other patient is taken to have this patient's baseline). What the "
        "mix-up does to the other patient is not shown",
        size=_assumed(0.0, "the other patient has no heparin"), unit="U/mL of heparin in the other blood", limits=(0.0, 10.0),
        chance=Value(0.0005, DZIK_2003.at("about 1 in 2,000 samples", "second-hand")),
    ),
    Kind(
        name="doac-yesterday", place="assay", strikes="assay", what="the patient took a factor Xa inhibitor by mouth before",
        then="an anti-Xa counts it as heparin, and the dose is cut although there is little heparin; an aPTT is not changed. "
        "That the other drug thins the blood too, so that a bolus on top can bleed, is not shown",
        size=_assumed(1.0, "anti-Xa of the other drug at 0 h, U/mL"), unit="U/mL at 0 h", limits=(0.0, 10.0),
        chance=_assumed(0.05, "one patient of 20"), once=True,
    ),
    Kind(
        name="new-lot", place="assay", strikes="lot", what="a new lot of reagent is used with the old range",
        then="every aPTT reads longer by one factor, and the table, read in the old range, gives too little heparin",
        size=Value(1.09, LOT_NOTICE_2021.at("the geometric mean of 65 / 60 and 110 / 100", "derived")), unit="times the aPTT",
        limits=(0.5, 2.0), chance=_assumed(0.05, "one stay of 20 falls on a lot that is not verified"), once=True,
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""The kinds of fault by name, in the order of the places."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fault:
    """A fault that a ward can meet.

    ``kind``: one of ``KINDS``.
    ``chance_fraction``: how often it strikes, 0 to 1: of patients where the kind strikes once, else of opportunities; ``None``:
    the kind's own.
    ``size``: how large it is, in the unit of the kind; ``None``: the kind's own.
    ``from_h``, ``until_h``: the window in which it can strike, h (both ends included); ``None``: until the kind ends.

    Raises ``ValueError`` for an unknown kind, a field outside its limits, and a window that ends before it begins.

    >>> Fault(kind="tenfold", until_h=0.0).chance_fraction
    0.002
    """

    kind: str
    chance_fraction: float | None = None
    size: float | None = None
    from_h: float = 0.0
    until_h: float | None = None

    def __post_init__(self) -> None:
        check_one_of("kind", self.kind, KINDS)
        kind = KINDS[self.kind]
        if self.chance_fraction is None:
            object.__setattr__(self, "chance_fraction", kind.chance.value)
        check_between("chance_fraction", self.chance_fraction, 0.0, 1.0)
        if self.size is None:
            object.__setattr__(self, "size", kind.size.value)
        check_between("size", self.size, *kind.limits)
        check_between("from_h", self.from_h, *HOURS)
        if self.until_h is None:
            object.__setattr__(self, "until_h", kind.until_h)
        if check_between("until_h", self.until_h, *HOURS) < self.from_h:
            raise ValueError(f"until_h must not lie before from_h = {self.from_h:g} h; got {self.until_h!r}")
        floats(self, "chance_fraction", "size", "from_h", "until_h")

    __repr__ = shown

    @property
    def of(self) -> Kind:
        """Its kind."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Catch:
    """How surely a check catches one kind of fault.

    ``kind``: one of ``KINDS``.
    ``chance``: the probability, 0 to 1, with its source.

    Raises ``ValueError`` for an unknown kind, a chance without a source or outside its limits.
    """

    kind: str
    chance: Value

    def __post_init__(self) -> None:
        check_one_of("kind", self.kind, KINDS)
        check_is("chance", self.chance, Value, "a Value (a probability needs its Source)")
        check_between("chance", self.chance.value, 0.0, 1.0)

    __repr__ = shown


PER = ("patient", "rate", "draw")
"""How often a check is done: once a patient, at every rate that is set, at every draw of blood."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Check:
    """A check that a ward can buy with minutes of its staff.

    ``name``: its name.
    ``what``: what is done, in words.
    ``catches``: which faults it catches, and how surely (a :class:`Catch` each).
    ``minutes``: staff time each time, min (0 to 120), with its source.
    ``per``: how often it is done, one of ``PER``.

    The minutes are counted and delay no dose. Raises ``ValueError`` for a field outside its limits or a kind named twice.
    """

    name: str
    what: str
    catches: tuple[Catch, ...]
    minutes: Value
    per: str

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_text("what", self.what)
        check_is("catches", self.catches, (list, tuple), "a list of Catch")
        for catch in self.catches:
            check_is("catches", catch, Catch, "a Catch")
        kinds = [catch.kind for catch in self.catches]
        if len(set(kinds)) != len(kinds):
            raise ValueError(f"catches must name each kind once; got {', '.join(kinds)}")
        object.__setattr__(self, "catches", tuple(self.catches))
        check_is("minutes", self.minutes, Value, "a Value (minutes need their Source)")
        check_between("minutes", self.minutes.value, 0.0, 120.0)
        check_one_of("per", self.per, PER)

    __repr__ = shown

    def chance_of(self, kind: str) -> Value | None:
        """Return how surely it catches a kind of fault; ``None``: it does not look there."""
        check_one_of("kind", kind, KINDS)
        return next((catch.chance for catch in self.catches if catch.kind == kind), None)


def _catches(**known: Value) -> tuple[Catch, ...]:
    return tuple(Catch(kind=name.replace("_", "-"), chance=chance) for name, chance in known.items())


_DOSAGE_SEEN = Value(0.33, DOUGLASS_2018.at("a weight-based dosage error was seen by 33 % of pairs with a double check"))
_SEEN = (0.15, 0.57)
"""95 % interval of 7 of 21 pairs (Clopper and Pearson; 21 pairs by Koyama 2020, Table 2)."""
_FEWER_WITH_PUMPS = Value(
    1.0 - 4.0 / 15.0,
    FANIKOS_2007.at(
        "1 - 4 / 15 infusion rate errors after and before (95 % exact interval of the ratio of two counts); weakly against it, "
        "reported adverse events rose later in that hospital, of all causes (Fanikos 2023)",
        "derived",
    ),
    interval=(0.16, 0.94),
)
_CHECKS = (
    Check(
        name="independent double check", per="rate",
        what="a second nurse works out weight, dose and rate alone, then both compare bag and pump with the order",
        catches=_catches(
            tenfold=Value(
                0.33, _DOSAGE_SEEN.source.at("33 % of dosage errors; taken for a tenfold rate", "derived"), interval=_SEEN
            ),
            pounds_for_kilograms=Value(
                0.33, _DOSAGE_SEEN.source.at("33 % of dosage errors; taken for a weight in pounds", "derived"), interval=_SEEN
            ),
            units_as_ml=Value(
                0.33, _DOSAGE_SEEN.source.at("33 % of dosage errors; taken for a wrong unit", "derived"), interval=_SEEN
            ),
            wrong_bag=Value(
                1.0,
                DOUGLASS_2018.at("a wrong vial was seen by all 21 pairs with a double check (21 by Koyama 2020); taken for a bag",
                                 "derived"),
                interval=(0.84, 1.0),
            ),
        ),
        minutes=_assumed(5.0, "between 1 min (Kruse 1992) and 7 min (Modic 2016) a check"),
    ),
    Check(
        name="smart-pump limits", per="rate", what="the pump's drug library stops a rate beyond its hard limit",
        catches=_catches(
            tenfold=_FEWER_WITH_PUMPS,
            units_as_ml=_FEWER_WITH_PUMPS,
        ),
        minutes=_assumed(0.5, "choosing drug and bag in the library"),
    ),
    Check(
        name="weigh the patient", per="patient", what="the patient is weighed, on a scale that shows kilograms alone",
        catches=_catches(
            pounds_for_kilograms=_assumed(0.9, "such a scale shows no pounds, but an older weight may be used"),
            guessed_weight=_assumed(0.95, "all but those who cannot be weighed"),
        ),
        minutes=_assumed(5.0, "with a bed scale"),
    ),
    Check(
        name="bar code of the bag", per="rate", what="the bar code of the bag is read and compared with the order",
        catches=_catches(wrong_bag=Value(0.414, POON_2010.at("41.4 % fewer errors; taken for wrong bags", "derived"))),
        minutes=_assumed(0.5, "one scan"),
    ),
    Check(
        name="read back the table", per="rate", what="hold, rate and next draw are read aloud from the table and confirmed",
        catches=_catches(missed_hold=_assumed(0.7, "no study was found")),
        minutes=_assumed(2.0, "two people"),
    ),
    Check(
        name="draw from the other arm", per="draw", what="blood is drawn from a vein of the arm without heparin",
        catches=_catches(line_blood=_assumed(0.95, "where there is such a vein")),
        minutes=_assumed(3.0, "a puncture instead of a tap"),
    ),
    Check(
        name="alarm for the draw", per="draw", what="an alarm rings when the next draw is due",
        catches=_catches(late_draw=_assumed(0.7, "no study was found")),
        minutes=_assumed(0.5, "setting it"),
    ),
    Check(
        name="turn the tube and look", per="draw", what="the tube is filled to the mark, turned and looked at before it is sent",
        catches=_catches(clotted_tube=_assumed(0.7, "no study was found")),
        minutes=_assumed(0.5, "at the bedside"),
    ),
    Check(
        name="scan the wristband", per="draw", what="the wristband is scanned at the bedside, and the label printed there",
        catches=_catches(
            wrong_blood=Value(
                1.0 - 10_110.0 / 35_806.0, KAUFMAN_2019.at("1 - 10,110 / 35,806: fewer with electronic identification", "derived")
            ),
        ),
        minutes=_assumed(0.5, "one scan"),
    ),
    Check(
        name="delta check", per="draw", what="the laboratory compares each result with the last one of the patient, and calls",
        catches=_catches(
            wrong_blood=Value(0.5, MILLER_2015.at("3 of 6, by one value; an aPTT under titration is less steady", "derived"),
                              interval=(0.12, 0.88)),
        ),
        minutes=_assumed(0.2, "a computer compares, and some results need a call"),
    ),
    Check(
        name="ask for other anticoagulants", per="patient", what="patient, list of medicines and pharmacy are asked for a DOAC",
        catches=_catches(doac_yesterday=_assumed(0.9, "where someone can answer; the ward then steers by the aPTT")),
        minutes=_assumed(5.0, "with a call"),
    ),
    Check(
        name="verify each lot", per="patient",
        what="the laboratory compares each new lot with patients' samples and moves the range",
        catches=_catches(new_lot=_assumed(0.95, "as the accreditation of laboratories asks")),
        minutes=_assumed(1.0, "an afternoon of the laboratory, shared by the patients of a lot"),
    ),
)  # fmt: skip
CHECKS: Mapping[str, Check] = MappingProxyType({check.name: check for check in _CHECKS})
"""The checks that a ward can buy, by name."""


def checked_faults(faults: Any) -> tuple[Fault, ...]:
    """Return faults as a tuple; raises ``ValueError`` for something else, and for one kind twice."""
    check_is("faults", faults, (list, tuple), "a list of Fault")
    for fault in faults:
        check_is("faults", fault, Fault, "a Fault")
    kinds = [fault.kind for fault in faults]
    if len(set(kinds)) != len(kinds):
        raise ValueError(f"faults must name each kind once; got {', '.join(kinds)}")
    return tuple(faults)


def checked_checks(checks: Any) -> tuple[Check, ...]:
    """Return checks as a tuple; raises ``ValueError`` for something else, and for one name twice."""
    check_is("checks", checks, (list, tuple), "a list of Check")
    for check in checks:
        check_is("checks", check, Check, "a Check")
    names = [check.name for check in checks]
    if len(set(names)) != len(names):
        raise ValueError(f"checks must have different names; got {', '.join(names)}")
    return tuple(checks)


def named(names: Sequence[str]) -> tuple[Check, ...]:
    """Return checks by their names in ``CHECKS``; raises ``ValueError`` for an unknown one, naming all."""
    for name in names:
        check_one_of("check", name, CHECKS)
    return checked_checks([CHECKS[name] for name in names])


def minutes_of(checks: Sequence[Check], *, n_rates: int, n_draws: int) -> float:
    """Return the staff time of checks for one patient, min.

    ``n_rates``: how many rates were set, the first one too.
    ``n_draws``: how often blood was drawn.
    """
    check_between("n_rates", n_rates, 0, 1e6)
    check_between("n_draws", n_draws, 0, 1e6)
    times = {"patient": 1, "rate": n_rates, "draw": n_draws}
    return math.fsum(check.minutes.value * times[check.per] for check in checks)


# How faults strike, for m patients at once


@dataclass(frozen=True, slots=True)
class Struck:
    """Which patients a ward's faults strike, for one call: faults and checks, the seed, and the patients' numbers (m,)."""

    faults: tuple[Fault, ...]
    checks: tuple[Check, ...]
    seed: int
    subjects: np.ndarray

    def by(self, fault: Fault, time_h: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Return whether a fault strikes each patient at these times and is not caught, (m,) booleans.

        ``where`` (m,): where it could; ``None``: everywhere. With a chance of 0 or 1 no number is drawn.
        """
        within = (time_h >= fault.from_h) & (time_h <= (fault.until_h or 0.0))
        which = np.flatnonzero(within if where is None else within & where)
        chance = fault.chance_fraction or 0.0
        if 0.0 < chance < 1.0 and len(which):
            which = which[self._uniforms(Stream.FAULT.of(fault.kind), fault, time_h, which) < chance]
        elif chance == 0.0:
            which = which[:0]
        for check in self.checks:
            seen = check.chance_of(fault.kind)
            if seen is not None and len(which):
                address = Stream.CAUGHT.of(f"{fault.kind} by {check.name}")
                which = which[self._uniforms(address, fault, time_h, which) >= seen.value]
        found = np.zeros(len(self.subjects), dtype=bool)
        found[which] = True
        return found

    def _uniforms(self, stream: Any, fault: Fault, time_h: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return uniform numbers of these patients, at their times or, for what strikes once, at 0 h."""
        return uniforms(self.seed, stream, 0.0 if fault.of.once else time_h[which], self.subjects[which])

    def of(self, *strikes: str) -> tuple[Fault, ...]:
        """Return the faults that change one of these things."""
        return tuple(fault for fault in self.faults if fault.of.strikes in strikes)

    # At a decision

    def weight_kg(self, true_kg: np.ndarray, time_h: np.ndarray) -> np.ndarray:
        """Return the weights that the ward doses by, kg (m,)."""
        for fault in self.of("weight"):
            hit = np.flatnonzero(self.by(fault, time_h))
            if not len(hit):
                continue
            factor: Any = fault.size or 0.0
            if fault.kind == "guessed-weight":
                factor = log_normal(
                    factor, standard_normals(self.seed, Stream.FAULT_SIZE.of(fault.kind), 0.0, self.subjects[hit])
                )
            true_kg = true_kg.copy()
            true_kg[hit] *= factor
        return true_kg

    def carried_out(self, made: Decisions, seen: Situations, running_u_per_h: np.ndarray, weight_kg: np.ndarray) -> Decisions:
        """Return decisions as they are carried out by a ward with these faults.

        ``seen``: the situations as the ward sees them, with the rate it believes the pump is set to.
        ``running_u_per_h`` (m,): the rate the pump is really set to.
        ``weight_kg`` (m,): the true weights, for the highest rate that may be given.
        """
        now, first = seen.time_h, seen.n_results == 0
        hold, pause, draw_h = made.hold_min, made.pause_until_below, made.next_draw_h
        for fault in self.of("hold"):
            held = hold > 0.0 if pause is None else (hold > 0.0) | ~np.isnan(pause)
            missed = self.by(fault, now, held)
            hold = np.where(missed, 0.0, hold)
            pause = None if pause is None else np.where(missed, np.nan, pause)
        for fault in self.of("draw"):
            draw_h = np.where(self.by(fault, now, ~np.isnan(draw_h)), draw_h + (fault.size or 0.0), draw_h)
        rate, believed, dry_h = self._at_the_pump(made, seen, running_u_per_h, weight_kg, first, hold, draw_h)
        return replace(
            made,
            hold_min=hold,
            pause_until_below=pause,
            next_draw_h=draw_h,
            rate_u_per_h=rate,
            believed_u_per_h=believed,
            dry_at_h=dry_h,
        )

    def _at_the_pump(
        self,
        made: Decisions,
        seen: Situations,
        running: np.ndarray,
        weight_kg: np.ndarray,
        first: np.ndarray,
        hold_min: np.ndarray,
        draw_h: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Return the rates the pump is set to, those the ward believes (NaN: the same), and when a bag runs dry (NaN: not)."""
        faults = self.of("rate", "bag")
        if not faults:
            return made.rate_u_per_h, None, None
        now, ordered, known = seen.time_h, made.rate_u_per_h, seen.rate_u_per_h
        wrong = (running != known) & ~first
        # A pump that stands still because its bag ran dry is set anew; another wrong one is touched when the rate is changed.
        anew = wrong & (running == 0.0) & np.isnan(ordered)
        for fault in self.of("bag"):
            anew |= wrong & (now > (fault.until_h or 0.0)) & (np.isnan(ordered) | (ordered == known))
        ordered = np.where(anew, known, ordered)
        ordered = np.where(wrong & ~anew & (running > 0.0) & (ordered == known), np.nan, ordered)
        typed = ordered > 0.0  # NaN is not
        typed &= first | anew | (ordered != known)
        rate, most = ordered, most_rate_u_per_h(weight_kg)
        dry_h = np.full(len(now), np.nan)
        at_h = now if made.at_h is None else made.at_h
        for fault in faults:
            hit = self.by(fault, now, typed)
            if not hit.any():
                continue
            rate = np.where(hit, np.minimum(most, _wrong_rate(fault, rate, seen.pump)), rate)
            if fault.of.strikes == "rate":
                empty_h = at_h + hold_min / 60.0 + seen.pump.bag.units_u / np.where(hit, rate, 1.0)
                dry_h = np.where(
                    hit & (empty_h < np.minimum(HOURS[1], np.where(np.isnan(draw_h), np.inf, draw_h))), empty_h, dry_h
                )
        differs = typed & (rate != ordered)
        if not differs.any():
            return rate, None, None
        return rate, np.where(differs, ordered, np.nan), dry_h

    # At a draw

    def sampled(
        self, concentration: np.ndarray, patients: Any, pump: Pump, assay: str, drawn_h: np.ndarray
    ) -> tuple[np.ndarray, Any, np.ndarray | None]:
        """Return what the laboratory finds in these tubes: concentrations (m,), the patients, and a factor on the result (m,).

        ``patients``: a Patient or a Cohort of m; ``None`` as the factor: no result is changed.
        """
        for fault in self.of("mix-up"):
            concentration = np.where(self.by(fault, drawn_h), fault.size or 0.0, concentration)
        for fault in self.of("sample"):
            share = np.where(self.by(fault, drawn_h), fault.size or 0.0, 0.0)
            concentration = (1.0 - share) * concentration + share * pump.bag.concentration_u_per_ml
        for fault in self.of("assay"):
            hit = self.by(fault, drawn_h)
            if hit.any():
                patients = _after_a_doac(patients, np.where(hit, fault.size or 0.0, 0.0))
        factor = None
        if assay in ("aptt_s", "aptt_ratio"):
            for fault in self.of("lot"):
                factor = np.where(self.by(fault, drawn_h), fault.size or 1.0, 1.0)
        return concentration, patients, factor

    def drawn_again_h(self, drawn_h: np.ndarray, turnaround_h: float) -> np.ndarray:
        """Return when blood is drawn again because the tube has clotted, h (m,); NaN where it has not."""
        again = np.full(len(drawn_h), np.nan)
        for fault in self.of("tube"):
            again = np.where(self.by(fault, drawn_h), drawn_h + turnaround_h + (fault.size or 0.0), again)
        return again


def _wrong_rate(fault: Fault, rate_u_per_h: np.ndarray, pump: Pump) -> np.ndarray:
    """Return what the pump gives for these ordered rates, U/h (m,)."""
    size = fault.size or 0.0
    if fault.kind == "units-as-ml":
        return np.asarray(np.minimum(size, rate_u_per_h) * pump.bag.concentration_u_per_ml)
    return rate_u_per_h * size


def _after_a_doac(patients: Any, added_u_per_ml: np.ndarray) -> Any:
    """Return the patients with this much anti-Xa of another drug in their blood at 0 h, U/mL (m,)."""
    if isinstance(patients, Patient):
        return replace(patients, doac_anti_xa_u_per_ml=patients.doac_anti_xa_u_per_ml + float(added_u_per_ml[0]))
    assert isinstance(patients, Cohort)
    return patients.with_column("doac_anti_xa_u_per_ml", patients.doac_anti_xa_u_per_ml + added_u_per_ml)


def sources_of(faults: Sequence[Fault], checks: Sequence[Check]) -> tuple[Source, ...]:
    """Return the papers behind these faults and checks; what was assumed has none."""
    found = [source for fault in faults for source in (fault.of.size.source, fault.of.chance.source)]
    found += [catch.chance.source for check in checks for catch in check.catches]
    return tuple(source for source in found if source.key != ASSUMED.key)
