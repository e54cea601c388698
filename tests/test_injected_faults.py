"""Errors as injected faults: laws first (no fault is the ward as it is, a sure check removes its fault), then consequences."""

from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import (
    Arm,
    Course,
    Nomogram,
    Patient,
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
    assert {"Douglass_2018", "Lot_notice_2021"} <= cited


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
