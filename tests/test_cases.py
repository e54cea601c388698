"""The twelve patients of the bedside: each is as hard as it says, and comes back exactly from its address."""

import importlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import trapezoid

from heparin_pk import ByHand, Patient, Step, Trial, cases, metrics, titrate
from heparin_pk.trials.cases import BEDSIDE, GRADES, HANDS, TWELVE, WARDS, Case, Hand, Outlook

ROOT = Path(__file__).resolve().parents[1]
GRADE_ORDER = [grade for grade, _ in GRADES]


@pytest.mark.parametrize("case", TWELVE, ids=lambda case: str(case.number))
def test_doing_nothing_fails_the_table_does_better_and_a_good_hand_better_still(case):
    """Computed again from the courses, without the shortcuts of the module."""
    target = case.nomogram.target
    alone = ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, first_check_h=6)
    share = metrics.time_in_range_fraction
    found = [share(case.course(controller), target) for controller in (alone, case.nomogram)]
    hand = max(share(case.by(one), target) for one in HANDS)
    assert found[0] < 1 / 3
    assert found[1] >= found[0] + 0.15
    assert hand >= found[1] + 0.05
    assert case.outlook == Outlook(alone_fraction=found[0], table_fraction=found[1], hand_fraction=hand)
    assert case.outlook.is_worth_winning
    assert case.grade == case.outlook.grade == GRADE_ORDER[(case.number - 1) // 3], "three of each grade"


def test_they_go_from_easy_to_hard():
    shares = [case.outlook.table_fraction for case in TWELVE]
    assert shares == sorted(shares, reverse=True)
    assert [case.number for case in TWELVE] == list(range(1, 13))


def test_too_much_and_too_little_both_occur():
    """Some need far less than the usual dose and some far more: no one answer wins them all."""
    usual = TWELVE[0].usual_need_u_per_kg_per_h
    needs = [case.need_u_per_kg_per_h / usual for case in TWELVE]
    assert sum(need < 0.8 for need in needs) >= 4
    assert sum(need > 1.2 for need in needs) >= 4


def test_they_differ_in_who_they_are():
    assert len({case.title for case in TWELVE}) == 12
    weights = [case.patient.weight_kg for case in TWELVE]
    assert min(weights) < 50
    assert max(weights) > 110
    assert {case.patient.sex for case in TWELVE} == {"female", "male"}
    assert any(case.patient.pregnant for case in TWELVE)
    assert any((case.patient.factor_viii_u_per_ml or 0) > 3 for case in TWELVE)
    assert not any(case.patient.kidney_failure for case in TWELVE)


def test_the_address_is_that_of_a_trial():
    """A case is patient ``subject`` of a trial with that seed: person, drift, late draws and errors."""
    for case in (TWELVE[0], TWELVE[7]):
        trial = Trial(population=WARDS[case.ward], arms=[case.nomogram], hospital=BEDSIDE)
        assert trial.course(case.nomogram.name, case.subject, seed=case.seed) == case.course(case.nomogram)


def test_the_bedside_is_the_real_ward_but_for_wrong_orders():
    errors = BEDSIDE.ward_errors
    assert BEDSIDE.drift is not None
    assert BEDSIDE.residual
    assert BEDSIDE.between_days
    assert errors.late_draw_fraction > 0
    assert errors.change_delay_h > 0
    wrong = ("missed_step", "wrong_step", "wrong_start", "omitted_bolus")
    assert [getattr(errors, f"{name}_fraction") for name in wrong] == [0, 0, 0, 0]
    case = TWELVE[0]
    course = case.course(ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=(Step(hold_min=60, rate_u_per_kg_per_h=12),)))
    hold, rate = course.entries[1].orders
    assert hold.time_h == rate.time_h == pytest.approx(course.labs[0].reported_h + errors.change_delay_h)
    assert hold.duration_min == 60
    assert rate.rate_u_per_h == pytest.approx(12 * case.patient.weight_kg, abs=5)


def test_the_patient_of_a_seed():
    first, again = cases.of_seed(4711), cases.of_seed(4711)
    assert first == again
    assert first.outlook.is_worth_winning
    assert cases.of_seed(4712).patient != first.patient
    for wrong in (-1, "x", 1.5):
        with pytest.raises(ValueError, match="seed must be"):
            cases.of_seed(wrong)


def test_the_search_finds_the_cases():
    case = TWELVE[0]
    found = [(one.subject, outlook) for one, outlook in cases.search(case.ward, 3, seed=case.seed, first=case.subject - 1)]
    assert (case.subject, case.outlook) in found


def test_the_search_keeps_to_the_weights_the_model_was_studied_in(monkeypatch):
    for name, least in (("FAILS_BELOW_FRACTION", 2.0), ("TABLE_GAINS_FRACTION", -2.0), ("HAND_GAINS_FRACTION", -2.0)):
        monkeypatch.setattr(cases, name, least)  # every person passes as a case
    weights = [Case(number=0, ward="thrombosis", seed=1, subject=subject, why="x").patient.weight_kg for subject in range(300)]
    lightest, heaviest = TWELVE[0].drug.studied.weight_kg
    beyond = next(subject for subject, weight in enumerate(weights) if not lightest <= weight <= heaviest)
    first = max(0, beyond - 2)
    found = [one.subject for one, _ in cases.search("thrombosis", 4, seed=1, first=first)]
    assert found == [subject for subject in range(first, first + 4) if lightest <= weights[subject] <= heaviest]
    assert beyond not in found


def test_case_by_number():
    assert cases.case(12) is TWELVE[11]
    for wrong in (0, 13, True, "1"):
        with pytest.raises(ValueError, match="case must be one of 1, 2"):
            cases.case(wrong)


def test_what_the_ward_knows_gives_nothing_away():
    for case in TWELVE:
        words = case.in_words()
        assert f"{case.patient.weight_kg:.0f} kg" in words
        assert f"{case.patient.baseline_aptt_s:.0f} s" in words
        assert not re.search("bmax|slope|drift|sensitiv|thrombosis-|subject|_", words)
    assert "The model was studied in patients without pregnancy." in TWELVE[5].in_words()


def test_a_hand_sees_no_more_than_a_learner():
    """The step for a result depends on that result alone, and the course up to it does not depend on later steps."""
    hand, case = HANDS[0], TWELVE[0]
    course = case.by(hand)
    first = case.course(case.start)
    assert course.labs[0] == first.labs[0]
    before = np.searchsorted(course.time_h, first.labs[0].reported_h)
    assert np.array_equal(course.states[:before], first.states[:before])


def test_a_hand_by_proportion():
    lab = TWELVE[0].course(TWELVE[0].start).labs[0]
    hand = Hand(gain_fraction=1.0, recheck_h=6)
    assert lab.value > 90
    step = hand.step(lab, 18.0, 34.0, 46.0, 70.0)
    assert step.hold_min == 60
    assert step.rate_u_per_kg_per_h < 18


def test_a_hand_goes_in_steps_of_half_a_unit():
    lab = TWELVE[0].course(TWELVE[0].start).labs[0]
    step = Hand(gain_fraction=1.0, recheck_h=6).step(replace(lab, value=75.0, above_ceiling=False), 18.0, 34.0, 46.0, 70.0)
    assert step.rate_u_per_kg_per_h == 11.5  # 18 times 0.65 is 11.6


def test_the_ward_knows_a_smoker():
    ward = (Case(number=0, ward="thrombosis", seed=1, subject=subject, why="x") for subject in range(200))
    smoker = next(case for case in ward if case.patient.smoker)
    assert "A smoker." in smoker.in_words()
    assert not any("smoker" in case.in_words() for case in TWELVE if not case.patient.smoker)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"number": 13}, "number must lie between 0 and 12"),
        ({"ward": "x"}, "ward must be one of thrombosis"),
        ({"subject": -1}, "subject must lie between 0"),
        ({"seed": -1}, "seed must be an integer"),
        ({"why": ""}, "why must be a text"),
    ],
)
def test_a_case_that_cannot_be(more, message):
    with pytest.raises(ValueError, match=message):
        Case(**({"number": 1, "ward": "thrombosis", "seed": 1, "subject": 1, "why": "x"} | more))


def test_a_hand_that_cannot_be():
    for more in ({"gain_fraction": 1.1}, {"recheck_h": 0}, {"bolus_u_per_kg": -1}):
        with pytest.raises(ValueError, match=next(iter(more))):
            Hand(**({"gain_fraction": 1.0, "recheck_h": 6} | more))


def test_by_hand_decides_for_many_as_for_one():
    """One plan, many patients: each course is that of the patient alone, with the errors of the ward and without."""
    plan = ByHand(
        bolus_u_per_kg=70,
        rate_u_per_kg_per_h=17,
        first_check_h=5,
        steps=(Step(hold_min=45, rate_u_per_kg_per_h=11.5, recheck_h=4), Step(bolus_u_per_kg=20, recheck_h=8)),
    )
    target = TWELVE[0].nomogram.target
    trial = Trial(population=WARDS["thrombosis"], arms={"plan": plan}, hospital=BEDSIDE, target=target)
    rows = trial.run(6, seed=3, progress=False).to_frame()
    for subject in range(6):
        course = trial.course("plan", subject, seed=3)
        assert metrics.heparin_given_u(course) == pytest.approx(rows.heparin_given_u[subject], rel=1e-12)
        assert len(course.labs) == rows.blood_draws[subject]
    alone = titrate(Patient(weight_kg=80), TWELVE[0].drug, plan)
    assert alone.entries[1].orders[0].duration_min == 45
    assert [entry.why for entry in alone.entries[:4]] == ["start", "your step 1", "your step 2", "left alone"]


def test_areas_outside_are_hours_times_how_far():
    case = TWELVE[0]
    target, course = case.nomogram.target, case.course(case.start)
    below, above = metrics.areas_outside(course, target)
    level = np.minimum(course.aptt_s, 150.0)
    assert above == pytest.approx(trapezoid(np.maximum(0, level - target.high), course.time_h))
    hours = course.hours * metrics.time_above_fraction(course, target)
    assert 0 < above < hours * (150 - target.high)
    assert below == pytest.approx(0, abs=1)


def test_the_title_picture_of_the_notebook_asks_about_somebody_else(monkeypatch):
    """Its patient lies on the same kind of ward, is none of the twelve, and has the result that the alternative text names."""
    monkeypatch.syspath_prepend(str(ROOT / "figures"))
    case = importlib.import_module("make_figures").another_patient()
    assert case.patient not in [one.patient for one in TWELVE]
    first = case.course(case.start).labs[0]
    notebook = (ROOT / "notebooks" / "01-hold-this-patient-in-range.ipynb").read_text(encoding="utf-8")
    assert f"at {first.reported_h + 0.5:.1f} hours a result of {first.value:.0f} s is back" in notebook
    assert first.value < case.nomogram.target.low
