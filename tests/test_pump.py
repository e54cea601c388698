"""Pump arithmetic: printed problems with printed answers, rounding as on paper, and limits."""

import csv
import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from field_limits import fields_of, refuses_outside
from hypothesis import given
from hypothesis import strategies as st

from heparin_pk import Bag, Bolus, Infusion, Patient, Pump, dosing_weight_kg
from heparin_pk.ward import pump
from heparin_pk.ward.weighing import Weighing

with (Path(__file__).parent / "data" / "dose_arithmetic_problems.csv").open(encoding="utf-8", newline="") as file:
    PROBLEMS = list(csv.DictReader(file))


def concentration(q):
    return Bag(units_u=q["bag_u"], volume_ml=q["bag_ml"]).concentration_u_per_ml if "bag_u" in q else q["conc_u_ml"]


def weight_kg(q):
    return q["kg_rounded"] if "kg_rounded" in q else q["weight_kg"]


def person(q):
    return Patient(weight_kg=q["weight_kg"], height_cm=2.54 * q["height_in"], sex=q["sex"])


SOLVE = {
    "units_from_rate": lambda q: pump.u_per_h(q["rate_ml_h"], concentration(q)),
    "pump_rate": lambda q: pump.ml_per_h(q["dose_u_h"], concentration(q)),
    "pump_rate_weight": lambda q: pump.ml_per_h(pump.rate_u_per_h(q["dose_u_kg_h"], weight_kg(q)), concentration(q)),
    "real_order": lambda q: pump.ml_per_h(pump.rate_u_per_h(q["dose_u_kg_h"], q["weight_kg"]), q["conc_u_ml"]),
    "infusion_units": lambda q: pump.rate_u_per_h(q["dose_u_kg_h"], q["weight_kg"]),
    "rate_change": lambda q: pump.changed_ml_per_h(q["current_ml_h"], q["delta_u_kg_h"], q["weight_kg"], q["conc_u_ml"]),
    "rate_change_units": lambda q: pump.rate_u_per_h(q["delta_u_kg_h"], q["weight_kg"]),
    "bolus": lambda q: pump.volume_ml(pump.dose_u(q["bolus_u_kg"], weight_kg(q)), q.get("vial_u_ml", q.get("conc_u_ml"))),
    "syringe_volume": lambda q: pump.volume_ml(q["dose_u"], q["vial_u_ml"]),
    "bag_preparation": lambda q: pump.volume_ml(q["target_u"], q["vial_u_ml"]),
    "change_rounded": lambda q: pump.changed_ml_per_h(
        q["current_ml_h"], q["delta_u_kg_h"], q["weight_kg"], q["conc_u_ml"], step_ml_per_h=q["change_step_ml_h"]
    ),
    "change_units_rounded": lambda q: pump.rate_u_per_h(q["delta_u_kg_h"], q["weight_kg"], step_u_per_h=q["step_u_h"]),
    "dose_units": lambda q: pump.dose_u(q["bolus_u_kg"], q["weight_kg"]),
    "dose_rounded": lambda q: pump.dose_u(q["bolus_u_kg"], q["weight_kg"], q["most_u"], q["step_u"]),
    "ideal_weight": lambda q: dosing_weight_kg(person(q), "ideal"),
    "adjusted_weight": lambda q: dosing_weight_kg(person(q), "adjusted", share_fraction=q["share"]),
    "weight_rule": lambda q: Weighing(
        kind="adjusted", share_fraction=q["share"], above_ideal_ratio=q["above_ideal_ratio"]
    ).weight_kg(person(q)),
    "weight": lambda q: pump.weight_kg_from_lb(q["weight_lb"], 1 / q["lb_per_kg"]),
    "daily_units": lambda q: pump.daily_u(pump.u_per_h(q["rate_ml_h"], concentration(q))),
    "nomogram": lambda q: pump.changed_ml_per_h(
        q["current_ml_h"],
        math.copysign(pump.u_per_kg_per_h(pump.u_per_h(abs(q["delta_ml_h"]), q["conc_u_ml"]), q["weight_kg"]), q["delta_ml_h"]),
        q["weight_kg"],
        q["conc_u_ml"],
    ),
}
STEP = {"0.1": 0.1, "1": 1.0, "nearest 50": 50.0, "0.1 after rounding kg to 0.1 and U/h to 10": 0.1}


@pytest.mark.parametrize("row", PROBLEMS, ids=lambda row: f"{row['id']} {row['kind']}")
def test_printed_problem(row):
    question = json.loads(row["inputs"])
    answer = SOLVE[row["kind"]](question)
    assert answer == pytest.approx(float(row["exact_value"]), rel=1e-12)
    if row["matches_exact"] == "True":
        step = STEP.get(row["rounding"])
        assert (pump.round_to(answer, step) if step else answer) == pytest.approx(float(row["source_answer"]), rel=1e-12)
    else:  # the source errs, or rounds before it is done: 2 U/kg/h of 80 kg are 160 U/h, not 150
        assert answer != pytest.approx(float(row["source_answer"]), rel=0.01)


def test_every_printed_problem_is_asked():
    assert len(PROBLEMS) == 69
    assert sum(row["matches_exact"] == "False" for row in PROBLEMS) == 4
    assert {row["kind"] for row in PROBLEMS} == set(SOLVE)


def test_pounds_on_the_way():
    """96 lb at 2.2 lb/kg are 43.6 kg as a nurse writes it, 43.5 kg by the definition of the pound."""
    assert pump.round_to(pump.weight_kg_from_lb(96, 1 / 2.2), 0.1) == 43.6
    assert pump.round_to(pump.weight_kg_from_lb(96), 0.1) == 43.5
    assert pump.weight_kg_from_lb(1) == pump.KG_PER_LB == 0.45359237


# Rounding


@pytest.mark.parametrize(
    ("value", "step", "rounded"),
    [
        (24.416, 0.1, 24.4),
        (0.25, 0.1, 0.3),  # halves away from zero, as written, not as stored
        (2.675, 0.01, 2.68),
        (1.005, 0.01, 1.01),
        (-0.25, 0.1, -0.3),
        (2.25, 0.5, 2.5),
        (-2.25, 0.5, -2.5),
        (2.5, 1, 3),
        (3.5, 1, 4),
        (5950, 100, 6000),
        (5949.999, 100, 5900),
        (160, 50, 150),
        (0, 0.1, 0),
        (49.5, 1, 50),
        (0.3, 0.1, 0.3),
        (1160.0, 10.0, 1160.0),
    ],
)
def test_round_to(value, step, rounded):
    assert pump.round_to(value, step) == rounded


@given(st.floats(-1e6, 1e6), st.sampled_from([0.01, 0.05, 0.1, 0.5, 1.0, 10.0, 50.0, 100.0]))
def test_round_to_is_the_nearest_multiple(value, step):
    rounded = pump.round_to(value, step)
    assert abs(Decimal(repr(rounded)) - Decimal(repr(value))) <= Decimal(repr(step)) / 2 + Decimal("1e-9")
    multiple = Decimal(repr(rounded)) / Decimal(repr(step))
    assert multiple == multiple.to_integral_value()
    assert pump.round_to(rounded, step) == rounded
    assert pump.round_to(-value, step) == -rounded


# The pump


@given(
    st.floats(0, 5000),
    st.sampled_from([50.0, 100.0, 40.0, 500.0]),
    st.sampled_from([0.1, 0.5, 1.0]),
)
def test_what_runs_is_within_half_a_step_of_what_was_ordered(rate_u_per_h, u_per_ml, resolution_ml_per_h):
    device = Pump(bag=Bag.of(u_per_ml), resolution_ml_per_h=resolution_ml_per_h)
    delivered = device.delivered_u_per_h(rate_u_per_h)
    assert abs(delivered - rate_u_per_h) <= 0.5 * resolution_ml_per_h * u_per_ml + 1e-9
    assert delivered == pytest.approx(device.set_ml_per_h(rate_u_per_h) * u_per_ml, abs=1e-8)
    assert device.delivered_u_per_h(delivered) == delivered  # a rate that was set stays set


@given(st.floats(0.0, 100.0), st.floats(0.4, 400.0), st.floats(0.5, 50_000.0))
def test_there_and_back(rate_u_per_kg_per_h, weight, u_per_ml):
    rate = pump.rate_u_per_h(rate_u_per_kg_per_h, weight)
    assert pump.u_per_kg_per_h(rate, weight) == pytest.approx(rate_u_per_kg_per_h, rel=1e-12)
    rate_ml_per_h = rate / u_per_ml
    if rate_ml_per_h <= 10_000:
        assert pump.u_per_h(pump.ml_per_h(rate, u_per_ml), u_per_ml) == pytest.approx(rate, rel=1e-12)


def test_a_change_of_zero_changes_nothing_and_none_goes_below_zero():
    assert pump.changed_ml_per_h(22.0, 0.0, 70.0, 40.0) == 22.0
    assert pump.changed_ml_per_h(2.0, -18.0, 70.0, 100.0) == 0.0


def test_rounding_comes_before_the_cap_and_the_change_is_rounded_not_the_rate():
    assert pump.dose_u(80, 62.6, most_u=5000, step_u=100) == 5000.0
    assert pump.dose_u(80, 61.8, step_u=100) == 4900.0
    assert pump.rate_u_per_h(18, 71, most_u_per_h=2000, step_u_per_h=50) == 1300.0
    assert pump.changed_ml_per_h(14.4, 2, 70, 100, step_ml_per_h=1) == pytest.approx(15.4)
    with pytest.raises(ValueError, match="step must lie between"):
        pump.changed_ml_per_h(14.4, 2, 70, 100, step_ml_per_h=0)


def test_caps():
    assert pump.dose_u(80, 140, most_u=10_000) == 10_000.0
    assert pump.dose_u(80, 100, most_u=10_000) == 8000.0
    assert pump.rate_u_per_h(18, 150, most_u_per_h=2000) == 2000.0
    assert pump.rate_u_per_h(18, 80, most_u_per_h=2000) == 1440.0


def test_an_order_in_millilitres_is_an_order_in_units():
    bag = Bag(units_u=25_000, volume_ml=500)
    assert Infusion(time_h=0, rate_ml_per_h=24.5, bag=bag).resolved(70).rate_u_per_h == 1225.0
    assert Infusion(time_h=0, rate_u_per_kg_per_h=18, most_u_per_h=1200).resolved(70).rate_u_per_h == 1200.0
    assert Bolus(time_h=0, dose_u_per_kg=80, most_u=5000).resolved(70).dose_u == 5000.0


def test_bag_and_gravity():
    assert pump.bag_lasts_h(Bag(units_u=25_000, volume_ml=250), 10) == 25.0
    assert pump.drops_per_min(120, 20) == 40.0


# What is refused


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, -math.inf, "80", True, None, 10**9])
@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (pump.weight_kg_from_lb, (), "weight_lb"),
        (pump.dose_u, (80,), "weight_kg"),
        (pump.rate_u_per_h, (18,), "weight_kg"),
        (lambda dose: pump.dose_u(dose, 80), (), "dose_u_per_kg"),
        (lambda rate: pump.rate_u_per_h(rate, 80), (), "rate_u_per_kg_per_h"),
        (lambda rate: pump.ml_per_h(rate, 100), (), "rate_u_per_h"),
        (lambda c: pump.ml_per_h(1000, c), (), "concentration_u_per_ml"),
        (lambda rate: pump.u_per_h(rate, 100), (), "rate_ml_per_h"),
        (lambda rate: pump.u_per_kg_per_h(rate, 80), (), "rate_u_per_h"),
        (lambda dose: pump.volume_ml(dose, 100), (), "dose_u"),
        (pump.daily_u, (), "rate_u_per_h"),
        (lambda rate: pump.bag_lasts_h(Bag.of(100), rate), (), "rate_ml_per_h"),
        (lambda rate: pump.drops_per_min(rate, 20), (), "rate_ml_per_h"),
        (lambda drops: pump.drops_per_min(30, drops), (), "drops_per_ml"),
        (lambda current: pump.changed_ml_per_h(current, 2, 80, 50), (), "current_ml_per_h"),
        (lambda step: pump.round_to(1.0, step), (), "step"),
        (Bag.of, (), "concentration_u_per_ml"),
        (lambda units: Bag(units_u=units, volume_ml=250), (), "units_u"),
        (lambda volume: Bag(units_u=25_000, volume_ml=volume), (), "volume_ml"),
        (lambda resolution: Pump(resolution_ml_per_h=resolution), (), "resolution_ml_per_h"),
    ],
)
def test_what_is_refused(function, arguments, name, wrong):
    with pytest.raises(ValueError, match=rf"^{name} must (lie|be a number) between .* and .*; got ") as caught:
        function(*arguments, wrong)
    assert repr(wrong) in str(caught.value)


def test_a_bag_too_thin_or_too_thick():
    with pytest.raises(ValueError, match=r"concentration_u_per_ml must lie between 0\.5 and 50000; got 0\.1"):
        Bag(units_u=1000, volume_ml=10_000)
    with pytest.raises(ValueError, match="got 100000"):
        Bag(units_u=10_000, volume_ml=0.1)


# Limits


LIMITS = [
    *fields_of(Bag, {"units_u": 25_000, "volume_ml": 250}, units_u=(-1, 0, 1e7), volume_ml=(-1, 0, 1e6)),
    *fields_of(Pump, {}, resolution_ml_per_h=(-0.1, 0, 11)),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)
