"""The two regrets of a course: exposure that adds up, papers for and against, signs in plain words, and no sum."""

import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Fixed,
    Infusion,
    Nomogram,
    Patient,
    Regimen,
    TherapeuticRange,
    exposure,
    metrics,
    published,
    regrets,
    simulate,
    titrate,
)
from heparin_pk.teaching.regrets import ASSOCIATIONS, SIDES, SIGNS

DRUG, TABLE = published.UFH_DEFAULT, Nomogram.load("raschke-1993")
COURSE = titrate(Patient(weight_kg=80), DRUG, TABLE, seed=3)
LOW = TherapeuticRange(assay="anti_xa_u_per_ml", low=0.3, high=0.7)


@pytest.fixture(scope="module")
def ramp():
    """An infusion without a bolus: the level rises slowly through the range."""
    orders = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=26),))
    return simulate(Patient(weight_kg=80), DRUG, orders, hours=30)


def test_time_below_in_and_above_is_the_whole_course(ramp):
    for course, target in ((COURSE, TABLE.target), (COURSE, LOW), (ramp, LOW)):
        one = exposure(course, target)
        assert one.above_h + one.below_h + one.inside_h == pytest.approx(course.hours, abs=1e-9)
        assert one.inside_h == pytest.approx(metrics.time_in_range_fraction(course, target) * course.hours, abs=1e-9)
        assert one.below_on_first_day_h <= one.below_h + 1e-12


def test_exposure_agrees_with_levels_asked_every_ten_seconds(ramp):
    """Another calculation: the exact level on a fine grid."""
    at = np.arange(0.0, 30.0, 1 / 360) + 1 / 720
    level = np.array([ramp.level_at(LOW.assay, float(time_h)) for time_h in at])
    one = exposure(ramp, LOW)
    assert one.below_h == pytest.approx((level < LOW.low).sum() / 360, abs=1 / 180)
    assert one.above_h == pytest.approx((level > LOW.high).sum() / 360, abs=1 / 180)
    assert one.area_below_h == pytest.approx(np.maximum(0.0, LOW.low - level).sum() / 360, rel=2e-3)
    assert one.area_above_h == pytest.approx(np.maximum(0.0, level - LOW.high).sum() / 360, rel=2e-3)
    assert one.peak_level == pytest.approx(level.max(), rel=1e-3)
    assert one.first_in_range_h == pytest.approx(at[(level >= LOW.low).argmax()], abs=1 / 180)


def test_more_heparin_is_more_of_one_regret_and_less_of_the_other():
    found = []
    for rate in (10.0, 16.0, 22.0, 28.0):
        orders = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=rate)))
        found.append(exposure(simulate(Patient(weight_kg=80), DRUG, orders, hours=36), LOW))
    for name, order in (("above_h", 1), ("area_above_h", 1), ("peak_level", 1), ("below_h", -1), ("area_below_h", -1)):
        steps = np.diff([getattr(one, name) for one in found])
        assert (order * steps >= -1e-9).all()
        assert np.abs(steps).max() > 0.0 or name == "peak_level"


def test_the_ledger_has_two_sides_and_no_sum():
    ledger = regrets.ledger(COURSE)
    words = ledger.in_words()
    for side in SIDES:
        assert f"{side}:" in words
        assert ledger.side_in_words(side)
    assert "not summed" in words
    plain = ledger.to_plain()
    assert not [key for key in (*plain, *plain["exposure"]) if any(word in key for word in ("score", "risk", "total", "sum"))]
    assert plain["late"] is False
    assert len(plain["published"]) == len(ASSOCIATIONS)
    little = Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=3),)), draws_h=(6, 30))
    assert regrets.ledger(titrate(Patient(weight_kg=80), DRUG, little), TABLE.target).was_late()


def test_each_side_has_papers_for_and_against():
    for side in SIDES:
        spoken = {one.speaks for one in regrets.associations(side)}
        assert {"for", "against"} <= spoken
    printed = {(one.side, one.speaks, one.source.key): one.value for one in ASSOCIATIONS if one.value is not None}
    anand = printed["too little", "against", "Anand_1999"]  # 11/163 against 38/723
    assert anand.interval == (0.64, 2.63)
    odds = (11 / (163 - 11)) / (38 / (723 - 38))
    assert anand.value == pytest.approx(odds, abs=0.01)
    per_10_s = printed["too much", "for", "Anand_2003"]
    assert (per_10_s.value, per_10_s.interval) == (1.07, (1.03, 1.11))
    assert printed["too little", "for", "Anand_2003"].interval == (1.10, 2.15)


def test_a_paper_without_an_interval_says_what_limits_it():
    for one in ASSOCIATIONS:
        assert one.but or one.source.key == "Thomas_2012"
        assert one.source.confidence in ("primary", "second-hand")


def test_signs_are_in_words_of_a_patient():
    assert {one.of for one in SIGNS} == set(SIDES)
    words = regrets.signs_in_words().lower()
    for term in ("haemorrhage", "hemorrhage", "melaena", "melena", "haematuria", "epistaxis", "dyspnoea", "ecchymos"):
        assert term not in words


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: exposure(simulate(Patient(weight_kg=80), DRUG, Regimen(()), hours=5)), "target is needed"),
        (lambda: exposure(COURSE, TherapeuticRange(assay="act_s", low=200, high=300)), "target must be in one of .*; got act_s"),
        (lambda: exposure("course"), "course must be a Course; got 'course'"),
        (lambda: regrets.associations("both"), "side must be one of too much, too little; got 'both'"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
