"""Patients for the bedside: virtual people on a real ward for whom leaving the start orders alone fails, from easy to hard.

Each was found by :func:`search` among virtual people and is kept as an address (population, seed, subject), from which patient,
errors and the whole day come back exactly. What makes a case easy or hard is computed from it, never written down.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from heparin_pk.base.checks import check_between, check_one_of, check_text, shown
from heparin_pk.base.randomness import checked_seed
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.published.heparin_default import UFH_DEFAULT
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h
from heparin_pk.simulation.matching import reagent_for
from heparin_pk.simulation.metrics import time_in_range_fraction
from heparin_pk.simulation.simulate import titrate
from heparin_pk.trials.hospital import FACTOR_VIII, REAL, REAL_WARD, THROMBOSIS_WARD, Hospital
from heparin_pk.trials.population import Population
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.by_hand import ByHand, Step
from heparin_pk.ward.controller import Controller
from heparin_pk.ward.nomogram import Nomogram

HOURS = 48.0
"""How long a day at the bedside lasts: two of them, h."""

BEDSIDE = replace(
    REAL,
    name="real, orders given as ordered",
    ward_errors=replace(
        REAL_WARD,
        name="a ward that is late",
        missed_step_fraction=0.0,
        wrong_step_fraction=0.0,
        wrong_start_fraction=0.0,
        omitted_bolus_fraction=0.0,
        weight_error_cv_fraction=0.0,
    ),
)
"""The real hospital at whose bedside a learner stands: people drift, results err, blood is drawn late and changes reach the pump
late. Orders are given as ordered, to the learner and to the table alike: what is compared is the decisions."""

_WITH_KIDNEYS = replace(
    THROMBOSIS_WARD, distributions=tuple(one for one in THROMBOSIS_WARD.distributions if one.feature != "kidney_failure")
)
"""The thrombosis ward without kidney failure, in which the model was not studied."""

WARDS: dict[str, Population] = {
    "thrombosis": _WITH_KIDNEYS,
    "inflamed": replace(
        _WITH_KIDNEYS.with_distributions(FACTOR_VIII), name="adults with a venous thromboembolism, factor VIII known"
    ),
    "pregnant": Population(
        name="women in the last third of a pregnancy",
        typical=Patient(weight_kg=78.0, age_y=31.0, height_cm=166.0, sex="female", pregnant=True, acute_thrombosis=True),
    ),
}
"""The people searched. Size and age of the pregnant woman are taken, not found; her blood varies as that of others."""

FAILS_BELOW_FRACTION = 1.0 / 3.0
TABLE_GAINS_FRACTION = 0.15
HAND_GAINS_FRACTION = 0.05
"""What makes a day worth winning: with the start orders alone less than a third of the time in range, under the table at least
15 % of the time more than that, and with the best of three hands at least 5 % more than under the table. Chosen, not found."""

GRADES = (("easy", 0.60), ("moderate", 0.45), ("hard", 0.30), ("very hard", 0.0))
"""The grades of difficulty, and the share of time in range that the table reaches in one at least. Chosen, not found."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hand:
    """A fixed way of answering results, by a rule of proportion: what a patient learner could do.

    The rate is multiplied by the ratio of the wanted to the found prolongation of the aPTT (both as logarithms), to a power.

    ``gain_fraction``: 1 changes the rate in full proportion; less is more careful (0 to 1).
    ``recheck_h``: hours to the next draw after a change (1 to 72).
    ``bolus_u_per_kg``: re-bolus when the prolongation is far too small, U/kg (0 to 500).

    Raises ``ValueError`` when a field lies outside its limits.
    """

    gain_fraction: float
    recheck_h: float
    bolus_u_per_kg: float = 0.0

    def __post_init__(self) -> None:
        check_between("gain_fraction", self.gain_fraction, 0.0, 1.0)
        check_between("recheck_h", self.recheck_h, 1.0, 72.0)
        check_between("bolus_u_per_kg", self.bolus_u_per_kg, 0.0, 500.0)

    __repr__ = shown

    def step(self, lab: Lab, rate_u_per_kg_per_h: float, baseline_s: float, low: float, high: float) -> Step:
        """Return the answer to one aPTT, in steps of 0.5 U/kg/h, for a range from ``low`` to ``high``, s."""
        if low <= lab.value <= high and not lab.above_ceiling:
            return Step(recheck_h=max(6.0, self.recheck_h))
        found = math.log(max(lab.value / baseline_s, 1.05))
        ratio = math.log(math.sqrt(low * high) / baseline_s) / found
        factor = min(1.6, max(0.5, ratio**self.gain_fraction))
        rate = min(100.0, round(2.0 * factor * rate_u_per_kg_per_h) / 2.0)
        return Step(
            hold_min=60.0 if lab.value > 90.0 or lab.above_ceiling else 0.0,
            bolus_u_per_kg=self.bolus_u_per_kg if ratio > 1.3 else 0.0,
            rate_u_per_kg_per_h=None if rate == rate_u_per_kg_per_h else rate,
            recheck_h=self.recheck_h,
        )


HANDS = (
    Hand(gain_fraction=1.0, recheck_h=6.0),
    Hand(gain_fraction=0.7, recheck_h=6.0),
    Hand(gain_fraction=0.5, recheck_h=4.0, bolus_u_per_kg=25.0),
)
"""Three fixed hands; the best of them is what "a good hand" reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What three ways of treating one patient reach: shares of the time in range.

    ``alone_fraction``: the start orders, never changed.
    ``table_fraction``: the table.
    ``hand_fraction``: the best of :data:`HANDS`.
    """

    alone_fraction: float
    table_fraction: float
    hand_fraction: float

    @property
    def is_worth_winning(self) -> bool:
        """Whether doing nothing fails, the table does better, and a good hand does better still."""
        return (
            self.alone_fraction < FAILS_BELOW_FRACTION
            and self.table_fraction >= self.alone_fraction + TABLE_GAINS_FRACTION
            and self.hand_fraction >= self.table_fraction + HAND_GAINS_FRACTION
        )

    @property
    def grade(self) -> str:
        """How hard the patient is, one of :data:`GRADES`: the less the table reaches, the harder."""
        return next(grade for grade, least in GRADES if self.table_fraction >= least)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Case:
    """One patient for the bedside: an address in a population, and why heparin is given.

    ``number``: its place among the :data:`TWELVE`, from 1; 0 for the patient of a seed.
    ``ward``: the people it was found among, a key of :data:`WARDS`.
    ``seed``, ``subject``: the address: they fix the person, the drift and every error of the day.
    ``why``: why heparin is given, in words.

    Raises ``ValueError`` for a field outside its limits.
    """

    number: int
    ward: str
    seed: int
    subject: int
    why: str

    def __post_init__(self) -> None:
        check_between("number", self.number, 0, len(GRADES) * 3)
        check_one_of("ward", self.ward, WARDS)
        checked_seed(self.seed)
        check_between("subject", self.subject, 0, 2**53)
        check_text("why", self.why)

    __repr__ = shown

    @property
    def grade(self) -> str:
        """How hard the patient is, one of :data:`GRADES`: of the twelve, three are of each grade."""
        return GRADES[(self.number - 1) // 3][0] if self.number else self.outlook.grade

    @property
    def drug(self) -> Drug:
        """The model of the heparin."""
        return UFH_DEFAULT

    @property
    def nomogram(self) -> Nomogram:
        """The table of this ward."""
        return _table()

    @property
    def hospital(self) -> Hospital:
        """The hospital the patient is in."""
        return BEDSIDE

    @property
    def laboratory(self) -> Laboratory:
        """The hospital's laboratory, with the reagent the table was written for."""
        return _laboratory()

    @property
    def patient(self) -> Patient:
        """The patient, on the day of the start."""
        return _patient(self.ward, self.seed, self.subject)

    def course(self, controller: Controller, *, hours: float = HOURS) -> Course:
        """Return the day under a controller: a table, or a learner's own decisions."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)  # in_words() says it
            return titrate(
                self.patient,
                self.drug,
                controller,
                hours=hours,
                laboratory=self.laboratory,
                pump=self.nomogram.pump,
                seed=self.seed,
                subject=self.subject,
                ward_errors=self.hospital.ward_errors,
            )

    @property
    def start(self) -> ByHand:
        """The start orders of the table, as a plan that is left alone."""
        start = self.nomogram.start
        return ByHand(
            bolus_u_per_kg=start.bolus_u_per_kg,
            rate_u_per_kg_per_h=start.rate_u_per_kg_per_h,
            first_check_h=start.first_check_h,
            assay=self.nomogram.assay,
        )

    def by(self, hand: Hand) -> Course:
        """Return the day under a fixed hand, which sees what a learner sees: one result after the other."""
        plan, target = self.start, self.nomogram.target
        rate = plan.rate_u_per_kg_per_h
        while True:
            course = self.course(plan)
            labs = [lab for lab in course.labs if lab.reported_h < course.hours]
            if len(labs) <= len(plan.steps):
                return course
            step = hand.step(labs[len(plan.steps)], rate, self.patient.baseline_aptt_s, target.low, target.high)
            rate = rate if step.rate_u_per_kg_per_h is None else step.rate_u_per_kg_per_h
            plan = replace(plan, steps=(*plan.steps, step))

    @property
    def outlook(self) -> Outlook:
        """What doing nothing, the table and a good hand reach; computed when first asked for, then kept."""
        return _outlook(self)

    @property
    def title(self) -> str:
        """The patient in one line: sex, age, weight, why heparin is given."""
        patient = self.patient
        who = {"female": "Woman", "male": "Man", None: "Adult"}[patient.sex]
        age = "" if patient.age_y is None else f", {patient.age_y:.0f} years"
        return f"{who}{age}, {patient.weight_kg:.0f} kg, {self.why}"

    def in_words(self) -> str:
        """Return what the ward knows at the start: who it is, what was measured, and where the model was not studied."""
        patient = self.patient
        known = [f"{self.title}.", f"The aPTT before heparin is {patient.baseline_aptt_s:.0f} s."]
        if patient.factor_viii_u_per_ml is not None:
            known.append(f"Factor VIII is {patient.factor_viii_u_per_ml:.1f} U/mL.")
        known += ["A smoker."] if patient.smoker else []
        known += ["The last third of a pregnancy."] if patient.pregnant else []
        known += [f"The model {words.partition(';')[0]}." for words in self.drug.studied.leaves_out(patient)]
        return " ".join(known)

    @property
    def need_u_per_kg_per_h(self) -> float:
        """The infusion whose plateau would be the middle of the range in this patient, the drift left out, U/kg/h."""
        return self._need_of(self.patient)

    @property
    def usual_need_u_per_kg_per_h(self) -> float:
        """The same for a typical patient of 75 kg."""
        return self._need_of(Patient(weight_kg=75.0))

    def _need_of(self, patient: Patient) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)  # in_words() says it
            return needed_rate_u_per_kg_per_h(self.drug, patient, self.nomogram.target, reagent=self.laboratory.reagent)


@lru_cache(maxsize=1)
def _table() -> Nomogram:
    return Nomogram.load("raschke-1993")


@lru_cache(maxsize=1)
def _laboratory() -> Laboratory:
    return BEDSIDE.laboratory(Laboratory(assay=_table().assay, reagent=reagent_for(_table())))


@lru_cache(maxsize=256)
def _patient(ward: str, seed: int, subject: int) -> Patient:
    people = replace(WARDS[ward], day=1)
    return BEDSIDE.admit(people.person(UFH_DEFAULT, subject, seed=seed), seed, subject)


@lru_cache(maxsize=256)
def _outlook(case: Case) -> Outlook:
    target = case.nomogram.target
    return Outlook(
        alone_fraction=time_in_range_fraction(case.course(case.start), target),
        table_fraction=time_in_range_fraction(case.course(case.nomogram), target),
        hand_fraction=max(time_in_range_fraction(case.by(hand), target) for hand in HANDS),
    )


_WHY = ("pulmonary embolism", "deep vein thrombosis")


def search(ward: str, n: int, *, seed: int, first: int = 0) -> Iterator[tuple[Case, Outlook]]:
    """Yield the cases worth winning among people ``first`` to ``first + n - 1`` of a ward, with what they reach.

    Patients whose weight lies outside that of the people the model was studied in are left out.
    """
    check_one_of("ward", ward, WARDS)
    made = [Case(number=0, ward=ward, seed=seed, subject=subject, why=_WHY[subject % 2]) for subject in range(first, first + n)]
    table, alone = made[0].nomogram, made[0].start
    trial = Trial(population=WARDS[ward], arms={"table": table, "alone": alone}, hospital=BEDSIDE, target=table.target)
    lightest, heaviest = made[0].drug.studied.weight_kg or (0.0, math.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)
        rows = trial.chunk(first, n, seed=seed).rows
    share = {arm: np.asarray(rows[arm]["time_in_range_fraction"]) for arm in ("table", "alone")}
    for i in np.flatnonzero((share["alone"] < FAILS_BELOW_FRACTION) & (share["table"] >= share["alone"] + TABLE_GAINS_FRACTION)):
        case = made[int(i)]
        if lightest <= case.patient.weight_kg <= heaviest and case.outlook.is_worth_winning:
            yield case, case.outlook


TWELVE = tuple(
    Case(number=number, ward=ward, seed=2026, subject=subject, why=why)
    for number, (ward, subject, why) in enumerate(
        (
            ("thrombosis", 343, "pulmonary embolism"),
            ("thrombosis", 169, "deep vein thrombosis, an operation is planned"),
            ("thrombosis", 485, "deep vein thrombosis"),
            ("thrombosis", 371, "pulmonary embolism"),
            ("thrombosis", 31, "deep vein thrombosis"),
            ("pregnant", 9, "pulmonary embolism, the birth is near"),
            ("thrombosis", 635, "deep vein thrombosis after a fall"),
            ("inflamed", 153, "pulmonary embolism with pneumonia"),
            ("thrombosis", 447, "pulmonary embolism"),
            ("thrombosis", 450, "pulmonary embolism"),
            ("thrombosis", 50, "pulmonary embolism, thrombolysis may follow"),
            ("thrombosis", 89, "deep vein thrombosis"),
        ),
        1,
    )
)
"""The twelve patients of the bedside, from easy to hard. Person and errors were found by search (seed 2026); why heparin is given
is a story that changes no number."""


def case(number: int) -> Case:
    """Return one of the twelve patients, 1 (easiest) to 12 (hardest); raises ``ValueError`` for another number."""
    check_one_of("case", number, tuple(range(1, len(TWELVE) + 1)))
    return TWELVE[number - 1]


_AT_ONCE, _AT_MOST = 32, 3200
"""People tried at once, and at most, for the patient of a seed."""


@lru_cache(maxsize=32)
def of_seed(seed: int) -> Case:
    """Return the patient of a seed: the first of the thrombosis ward with this seed whose day is worth winning.

    The same seed gives the same person and the same errors: one for each student, or one for a whole class.

    Raises ``ValueError`` for a seed that is no whole number of 0 or more.
    """
    seed = checked_seed(seed)
    for first in range(0, _AT_MOST, _AT_ONCE):
        for found, _ in search("thrombosis", _AT_ONCE, seed=seed, first=first):
            return found
    raise ValueError(f"no patient worth winning among {_AT_MOST} people of seed {seed}: take another seed")
