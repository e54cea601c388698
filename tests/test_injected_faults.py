"""Errors as injected faults: laws first (no fault is the ward as it is, a sure check removes its fault), then consequences."""

from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import (
    Arm,
    Course,
    Nomogram,
    Patient,
    Regimen,
    Trial,
    WardErrors,
    hospital,
    metrics,
    published,
    simulate,
    titrate,
)
from heparin_pk.base.source import Source, Value
from heparin_pk.ward import faults
from heparin_pk.ward.faults import CHECKS, KINDS, PLACES, Catch, Check, Fault

pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.OutsideValidityDomain")  # a tenfold rate was never studied

DRUG, PATIENT = published.UFH_DEFAULT, Patient(weight_kg=80)
RASCHKE, ANTI_XA = Nomogram.load("raschke-1993"), Nomogram.load("michigan-vte-anti-xa")
CHOSEN = Source(key="chosen", citation="a number chosen for this test", where="here", confidence="assumed")
EVERY = tuple(Fault(kind=name, chance_fraction=0.2) for name in KINDS)
NUMBERS = ("time_in_range_fraction", "peak_u_per_ml", "auc_u_h_per_ml", "heparin_given_u", "blood_draws", "adjustments")


def ward(*which, checks=(), **known):
    return WardErrors(name="a ward with faults", faults=which, checks=checks, **known)


def sure(name, kind, chance=1.0):
    value = Value(chance, CHOSEN)
    return Check(name=name, what="looks", catches=(Catch(kind=kind, chance=value),), minutes=Value(1.0, CHOSEN), per="patient")


def table_for(kind):
    return ANTI_XA if kind == "doac-yesterday" else RASCHKE


def lived(kind="tenfold", *, errors, hours=30.0, seed=3, **known):
    return titrate(PATIENT, DRUG, table_for(kind), hours=hours, seed=seed, ward_errors=errors, **known)


def same(one, other):
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.pump_u_per_h, other.pump_u_per_h)
    assert one.labs == other.labs
    assert one.regimen == other.regimen


# Laws


def test_every_place_has_a_fault_and_every_fault_a_check():
    assert {kind.place for kind in KINDS.values()} == set(PLACES)
    caught = {catch.kind for check in CHECKS.values() for catch in check.catches}
    assert caught == set(KINDS)


@pytest.mark.parametrize("errors", [WardErrors(), hospital.REAL_WARD], ids=lambda errors: errors.name)
@pytest.mark.parametrize("table", [RASCHKE, ANTI_XA], ids=lambda table: table.name)
def test_a_fault_with_chance_0_is_bit_for_bit_the_ward_as_it_is(table, errors):
    never = replace(errors, faults=tuple(Fault(kind=name, chance_fraction=0.0) for name in KINDS))
    one, other = (titrate(PATIENT, DRUG, table, hours=40, seed=5, subject=4, ward_errors=each) for each in (errors, never))
    same(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_that_sees_all_removes_its_fault(kind):
    certain = Fault(kind=kind, chance_fraction=1.0)
    plain, struck = lived(kind, errors=ward()), lived(kind, errors=ward(certain))
    same(lived(kind, errors=ward(certain, checks=(sure("sees all", kind),))), plain)
    same(lived(kind, errors=ward(certain, checks=(sure("sees nothing", kind, 0.0),))), struck)
    other = next(name for name in KINDS if name != kind)
    same(lived(kind, errors=ward(certain, checks=(sure("looks elsewhere", other),))), struck)


@pytest.mark.parametrize("kind", KINDS)
def test_orders_as_given_draw_the_same_curve_again(kind):
    struck = lived(kind, errors=ward(Fault(kind=kind, chance_fraction=1.0)))
    again = simulate(struck.patient, DRUG, struck.regimen, hours=struck.hours, reagent=struck.reagent)
    np.testing.assert_array_equal(again.concentration_u_per_ml[-1], struck.concentration_u_per_ml[-1])


def test_a_course_with_faults_reads_back(tmp_path):
    errors = ward(*EVERY, checks=faults.named(["independent double check", "verify each lot"]))
    course = lived(errors=errors)
    assert Course.from_json(course.to_json()) == course
    cited = {source.key for source in course.sources}
    assert {"Douglass_2018", "UCI_2021"} <= cited


@pytest.mark.parametrize("runner", ["numpy", "compiled"])
@pytest.mark.parametrize("table", [RASCHKE, ANTI_XA], ids=lambda table: table.name)
def test_one_patient_and_many_meet_the_same_faults(table, runner):
    if runner == "compiled":
        pytest.importorskip("numba")
    errors = replace(hospital.REAL_WARD, faults=EVERY, checks=faults.named(["independent double check"]))
    trial = Trial(
        population=hospital.THROMBOSIS_WARD,
        arms={"a": Arm(controller=table, ward_errors=errors)},
        hours=30.0,
        hospital=hospital.REAL,
    )
    rows = trial.run(40, seed=8, runner=runner, progress=False).columns("a")
    for subject in range(40):
        course = trial.course("a", subject, seed=8)
        assert rows["blood_draws"][subject] == len(course.labs)
        assert rows["heparin_given_u"][subject] == pytest.approx(metrics.heparin_given_u(course), rel=1e-9)
        assert rows["auc_u_h_per_ml"][subject] == metrics.auc_u_h_per_ml(course)
        assert rows["adjustments"][subject] == metrics.adjustments(course)


@pytest.mark.slow
def test_faults_are_the_same_however_a_trial_is_cut():
    errors = replace(hospital.REAL_WARD, faults=EVERY)
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms={"a": RASCHKE, "b": RASCHKE}, hours=20.0, ward_errors=errors)
    whole, cut = (trial.run(60, seed=2, people_per_chunk=size, progress=False) for size in (60, 7))
    two = trial.run(60, seed=2, workers=2, people_per_chunk=20, progress=False)
    for key in NUMBERS:
        for arm in ("a", "b"):
            np.testing.assert_array_equal(whole.columns(arm)[key], cut.columns(arm)[key])
            np.testing.assert_array_equal(whole.columns(arm)[key], two.columns(arm)[key])
        np.testing.assert_array_equal(whole.columns("a")[key], whole.columns("b")[key])


def test_a_ward_with_one_check_more_meets_a_subset_of_the_faults():
    """With common random numbers: no patient of the arm with a check is struck who is not struck without it."""
    one = Fault(kind="tenfold", chance_fraction=0.3)
    subjects, now, where = np.arange(20_000), np.zeros(20_000), np.ones(20_000, dtype=bool)
    alone = faults.Struck((one,), (), 5, subjects).by(one, now, where)
    with_check = faults.Struck((one,), faults.named(["independent double check"]), 5, subjects).by(one, now, where)
    assert not (with_check & ~alone).any()
    assert alone.mean() == pytest.approx(0.3, abs=0.01)
    assert with_check.sum() / alone.sum() == pytest.approx(1 - 0.33, abs=0.02)  # Douglass 2018: 33 % of dosage errors seen


def test_faults_and_checks_have_addresses_of_their_own():
    subjects, now = np.arange(5_000), np.zeros(5_000)
    both = [Fault(kind=name, chance_fraction=0.5) for name in ("tenfold", "units-as-ml", "line-blood")]
    hits = [faults.Struck(tuple(both), (), 1, subjects).by(one, now) for one in both]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(hits[i], hits[j])[0, 1]) < 0.05
    alone = faults.Struck((both[0],), (), 1, subjects).by(both[0], now)
    np.testing.assert_array_equal(hits[0], alone)  # another fault moves none
    assert (faults.Struck((both[0],), (), 2, subjects).by(both[0], now) != alone).any()


# What each fault does


def struck(kind, **known):
    return lived(kind, errors=ward(Fault(kind=kind, chance_fraction=1.0, **known)), hours=48.0)


PLAIN = lived(errors=ward(), hours=48.0)


def test_ten_times_the_rate_runs_until_the_bag_is_empty():
    course = struck("tenfold", until_h=0.0)
    assert course.pump_u_per_h[course.time_h < 1.7][2:].max() == 14_400.0  # 18 U/kg/h x 80 kg x 10
    empty_h = 25_000 / 14_400  # the bag of 25,000 U
    assert course.pump_u_per_h[(course.time_h > empty_h + 0.1) & (course.time_h < 6.9)].max() == 0.0
    first = next(entry for entry in course.entries if entry.lab is not None)
    assert first.orders[-1].rate_u_per_h == 1_200.0  # the table lowers the 1,440 U/h that the ward believes in by 3 U/kg/h
    assert metrics.heparin_given_u(course) > metrics.heparin_given_u(PLAIN)


def test_units_per_hour_typed_as_millilitres_run_at_the_highest_setting():
    course = struck("units-as-ml", until_h=0.0)
    assert course.pump_u_per_h.max() == 99_900.0  # 999 mL/h of 100 U/mL
    given_u = metrics.heparin_given_u(titrate(PATIENT, DRUG, RASCHKE, hours=5, ward_errors=course.ward_errors))
    assert given_u == pytest.approx(6_400 + 25_000, rel=1e-6)  # the bolus and the whole bag
    child = titrate(Patient(weight_kg=20), DRUG, RASCHKE, hours=5, ward_errors=course.ward_errors)
    assert child.pump_u_per_h.max() == 360 * 100.0


def test_pounds_for_kilograms_is_dosing_by_more_than_twice_the_weight():
    course = struck("pounds-for-kilograms")
    double = titrate(replace(PATIENT, dosing_weight_kg=80 / 0.45359237), DRUG, RASCHKE, hours=48, seed=3)
    np.testing.assert_allclose(course.concentration_u_per_ml, double.concentration_u_per_ml, rtol=1e-12)


def test_a_bag_twice_as_strong_doubles_what_runs_for_a_day():
    course = struck("wrong-bag")
    assert course.pump_u_per_h[course.time_h < 6.9].max() == 2 * 1_440.0
    half = struck("wrong-bag", size=0.5)
    assert half.pump_u_per_h[half.time_h < 6.9].max() == 720.0
    assert half.pump_u_per_h[half.time_h > 31.0].max() > 2 * 720.0  # the next bag is right, and the table had raised the rate


def test_a_late_draw_a_clotted_tube_and_a_missed_hold_cost_time():
    assert struck("late-draw", until_h=0.0).labs[0].drawn_h == 6.0 + 3.0
    again = struck("clotted-tube", until_h=6.0)
    assert again.labs[0].drawn_h == 6.0 + 1.0 + 0.5  # an hour to the laboratory, half an hour to the next draw
    assert struck("clotted-tube").labs == ()
    high = Patient(weight_kg=70, factors=(("bmax_u", 0.55),))
    missed = WardErrors(faults=(Fault(kind="missed-hold", chance_fraction=1.0),))
    assert metrics.holds(titrate(high, DRUG, RASCHKE, seed=1)) > 0
    assert metrics.holds(titrate(high, DRUG, RASCHKE, seed=1, ward_errors=missed)) == 0


def test_a_tube_or_a_reagent_moves_the_reading_and_not_the_patient():
    first = PLAIN.labs[0]
    line = struck("line-blood", until_h=6.0)
    assert line.labs[0].above_ceiling
    assert line.level_at("aptt_s", 6.0) == PLAIN.level_at("aptt_s", 6.0)
    mixed = struck("wrong-blood", until_h=6.0)
    without = simulate(PATIENT, DRUG, Regimen(()), hours=6.0).level_at("aptt_s", 6.0)
    assert mixed.labs[0].value == pytest.approx(without, rel=0.2)  # the other patient has no heparin; CV of the assay
    assert mixed.level_at("aptt_s", 6.0) == PLAIN.level_at("aptt_s", 6.0)
    assert mixed.labs[1].value > PLAIN.labs[1].value  # a bolus and a faster rate that were not needed
    lot = struck("new-lot")
    assert lot.labs[0].value == pytest.approx(1.09 * first.value, abs=1.0)
    assert lot.level_at("aptt_s", 6.0) == PLAIN.level_at("aptt_s", 6.0)
    plain, doac = lived("doac-yesterday", errors=ward(), hours=20), struck("doac-yesterday")
    added = doac.labs[0].value - plain.labs[0].value
    assert added == pytest.approx(2 ** (-6 / 12), rel=0.15)  # 1 U/mL at 0 h, half of it every 12 h; CV of the assay
    assert doac.patient == plain.patient
    assert lived("tenfold", errors=ward(Fault(kind="doac-yesterday", chance_fraction=1.0)), hours=48.0).labs == PLAIN.labs


def test_a_guessed_weight_is_off_as_often_as_it_was_counted():
    """Fernandes: 66 % of guesses within 10 %."""
    guess = Fault(kind="guessed-weight", chance_fraction=1.0)
    weights = faults.Struck((guess,), (), 3, np.arange(20_000)).weight_kg(np.full(20_000, 80.0), np.zeros(20_000))
    assert (np.abs(weights / 80.0 - 1.0) <= 0.1).mean() == pytest.approx(0.66, abs=0.03)


# Bad input

LOOKS = CHECKS["verify each lot"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Fault(kind="typo"), "kind must be one of tenfold, .*; got 'typo'"),
        (lambda: Fault(kind="tenfold", chance_fraction=1.2), r"chance_fraction must lie between 0 and 1; got 1\.2"),
        (lambda: Fault(kind="tenfold", size=0.0), r"size must lie between 0\.01 and 100; got 0\.0"),
        (lambda: Fault(kind="tenfold", from_h=5.0, until_h=4.0), "until_h must not lie before from_h = 5 h; got 4.0"),
        (lambda: Fault(kind="tenfold", from_h=-1.0), r"from_h must lie between 0 and 1440; got -1\.0"),
        (lambda: Catch(kind="tenfold", chance=0.5), "chance must be a Value .*; got 0.5"),
        (lambda: Catch(kind="tenfold", chance=Value(1.5, CHOSEN)), r"chance must lie between 0 and 1; got 1\.5"),
        (lambda: replace(LOOKS, per="week"), "per must be one of patient, rate, draw; got 'week'"),
        (
            lambda: replace(LOOKS, minutes=Value(-1.0, CHOSEN)),
            r"minutes must lie between 0 and 120; got -1\.0",
        ),
        (lambda: WardErrors(faults=(EVERY[0], EVERY[0])), "faults must name each kind once; got tenfold, tenfold"),
        (
            lambda: WardErrors(checks=(LOOKS, LOOKS)),
            "checks must have different names; got verify each lot, verify",
        ),
        (lambda: WardErrors(faults=("tenfold",)), "faults must be a Fault; got 'tenfold'"),
        (lambda: faults.named(["look harder"]), "check must be one of independent double check, .*; got 'look harder'"),
        (lambda: faults.minutes_of((), n_rates=-1, n_draws=2), "n_rates must lie between 0 and 1e"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
