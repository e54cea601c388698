"""Controllers by hand: a learner's steps and a fixed plan, their limits and what they order."""

import pytest
from field_limits import fields_of, refuses_outside
from instances import ADULT, UFH

from heparin_pk import Bolus, ByHand, Fixed, Hold, Infusion, Regimen, Step, titrate

LIMITS = [
    *fields_of(Step, {}, hold_min=(-1, 2881), bolus_u_per_kg=(-1, 501), rate_u_per_kg_per_h=(-1, 101), recheck_h=(0, 0.9, 73)),
    *fields_of(
        ByHand,
        {"bolus_u_per_kg": 80, "rate_u_per_kg_per_h": 18},
        bolus_u_per_kg=(-1, 501),
        rate_u_per_kg_per_h=(-1, 101),
        first_check_h=(0, 73),
    ),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Fixed(regimen=()), "regimen must be a Regimen; got ()"),
        (lambda: Fixed(regimen=Regimen(()), draws_h=(6, 5)), r"draws_h must rise; got \(6\.0, 5\.0\)"),
        (lambda: Fixed(regimen=Regimen(()), draws_h=(6, 6)), "draws_h must rise"),
        (lambda: Fixed(regimen=Regimen(()), draws_h=(-6,)), "draws_h must lie between 0 and 10000; got -6"),
        (lambda: Fixed(regimen=Regimen(()), assay="ptt"), "assay must be one of"),
        (lambda: ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=(14,)), "steps must be Step objects; got 14"),
        (lambda: ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, assay="ptt"), "assay must be one of"),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()


def test_by_hand_follows_its_steps():
    hand = ByHand(
        bolus_u_per_kg=80,
        rate_u_per_kg_per_h=20,
        first_check_h=5,
        steps=(Step(hold_min=90, rate_u_per_kg_per_h=10, recheck_h=4), Step(bolus_u_per_kg=20, recheck_h=8)),
    )
    course = titrate(ADULT, UFH, hand, hours=40)
    assert [entry.lab.drawn_h for entry in course.entries[1:]] == pytest.approx([5, 6 + 1.5 + 4, 12.5 + 8, 21.5 + 8, 30.5 + 8])
    assert course.entries[1].orders == (Hold(time_h=6, duration_min=90), Infusion(time_h=6, rate_u_per_h=750))
    assert course.entries[2].orders == (Bolus(time_h=12.5, dose_u=1500),)
    assert course.entries[3].orders == ()
    assert [entry.why for entry in course.entries] == ["start", "your step 1", "your step 2", *3 * ["left alone"]]


def test_a_plan_draws_when_it_says():
    plan = Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_h=1000),)), draws_h=(0, 6, 23, 30))
    course = titrate(ADULT, UFH, plan, hours=24)
    assert [result.drawn_h for result in course.labs] == [0.0, 6.0, 23.0]
    assert course.labs[0].value == pytest.approx(30, abs=5)
    assert course.controller == "Fixed"
