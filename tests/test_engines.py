"""The integrators against numbers that others computed: PKPDsim, a matrix exponential, the closed form, a tight solve_ivp."""

import csv
import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from heparin_pk import (
    Bolus,
    Decision,
    Fixed,
    Hold,
    Infusion,
    Kinetics,
    Laboratory,
    Parameter,
    Patient,
    Protamine,
    Regimen,
    Stop,
    Subcutaneous,
    Value,
    published,
    simulate,
    titrate,
)
from heparin_pk.body.kinetics import State, derivatives
from heparin_pk.engine import ENGINES, Run, exact, stepper

DATA = Path(__file__).parent / "data"
EVERY_ENGINE = [pytest.param(e, marks=pytest.mark.slow) if e == "compiled" else pytest.param(e) for e in ENGINES]


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# Our own cases from an independent simulator

FIELDS = {  # column of the case: field of Kinetics, factor (litres to millilitres, U/L to U/mL)
    "CL": ("clearance_ml_per_h", 1e3),
    "VC": ("v1_ml", 1e3),
    "Q": ("q_ml_per_h", 1e3),
    "VP": ("v2_ml", 1e3),
    "VMAX": ("vmax_u_per_h", 1.0),
    "KM": ("km_u_per_ml", 1e-3),
    "KA": ("ktr_per_h", 1.0),
    "FSC": ("bioavailability_fraction", 1.0),
    "KE0": ("ke0_per_h", 1.0),
}
CASES = {row["case"]: row["params"] for row in rows("engine_cases.csv")}
RELATIVE = {"scipy": 1e-6, "stepper": 1e-6, "compiled": 1e-6}
A_MILLIONTH_OF_A_UNIT = 1e-6


def kinetics_of(params):
    named = dict(part.split("=") for part in params.split(";"))
    return Kinetics(transits=1, **{FIELDS[key][0]: float(value) * FIELDS[key][1] for key, value in named.items()})


def test_every_case_is_there():
    assert len(CASES) == 16
    assert {row["case"] for row in rows("engine_doses.csv")} == {row["case"] for row in rows("engine_profiles.csv")} == set(CASES)


@pytest.mark.parametrize("engine", EVERY_ENGINE)
@pytest.mark.parametrize("case", CASES)
def test_visible_cases(case, engine):
    kinetics = kinetics_of(CASES[case])
    happenings = []  # (time, rank at that time: end of infusion, look, start; what; how much)
    skin_h = set()
    for dose in (row for row in rows("engine_doses.csv") if row["case"] == case):
        start_h, end_h, amount_u = float(dose["t_start_h"]), float(dose["t_end_h"]), float(dose["amount_U"])
        if dose["type"] == "iv_infusion":
            rate = float(dose["rate_U_h"])
            assert math.isclose(rate * (end_h - start_h), amount_u)
            happenings += [(start_h, 2, "rate", rate), (end_h, 0, "rate", -rate)]
        elif dose["type"] == "sc":
            skin_h.add(start_h)
            happenings.append((start_h, 2, "skin", amount_u * kinetics.bioavailability_fraction))
        else:
            happenings.append((start_h, 2, "vein", amount_u))
    looks = [(float(row["time_h"]), 1, "look", row) for row in rows("engine_profiles.csv") if row["case"] == case]
    assert len(looks) > 10

    run, rate = Run(kinetics, engine), 0.0
    for time_h, _, what, how_much in sorted([*happenings, *looks], key=lambda item: item[:2]):
        if what == "rate":
            rate += how_much
            run.give(time_h, rate_u_per_h=rate)
        elif what == "skin":
            run.give(time_h, State(depot2_u=how_much), rate_u_per_h=rate)
        elif what == "vein":
            run.give(time_h, State(central_u=how_much), rate_u_per_h=rate)
        else:
            state = run.state_at(time_h)
            # PKPDsim reports the depot of a subcutaneous dose after it, everything in plasma before it.
            arrived_u = how_much_at(happenings, time_h) if time_h in skin_h else 0.0
            found = {
                "depot_U": state.depot2_u + arrived_u,
                "central_U": state.central_u,
                "periph_U": state.peripheral_u,
                "eff_U_per_L": 1e3 * state.effect_u_per_ml,
                "conc_U_per_mL": state.central_u / kinetics.v1_ml,
            }
            for column, value in found.items():
                faint = A_MILLIONTH_OF_A_UNIT * (1.0 if column.endswith("_U") else 1e-3)
                assert value == pytest.approx(float(how_much[column]), rel=RELATIVE[engine], abs=faint), (time_h, column)


def how_much_at(happenings, time_h):
    return sum(amount for at_h, _, what, amount in happenings if what == "skin" and at_h == time_h)


# PKPDsim's own expected values (two compartments at most: a third one is not in the house's right-hand side)

EXPECTED = json.loads((DATA / "pkpdsim_expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("engine", EVERY_ENGINE)
@pytest.mark.parametrize("structure", ["1cmt", "2cmt"])
@pytest.mark.parametrize("route", ["bolus", "infusion", "oral"])
def test_pkpdsim(structure, route, engine):
    p = EXPECTED["params"]
    second = {"q_ml_per_h": p["Q"], "v2_ml": p["V2"]} if structure == "2cmt" else {}
    run = Run(
        Kinetics(v1_ml=p["V"], clearance_ml_per_h=p["CL"], ktr_per_h=p["KA"], bioavailability_fraction=1.0, transits=1, **second),
        engine,
    )
    for start_h in (0.0, 12.0):
        if route == "infusion":
            run.give(start_h, rate_u_per_h=100.0)
            run.give(start_h + 1.0, rate_u_per_h=0.0)
        else:
            run.give(start_h, State(central_u=100.0) if route == "bolus" else State(depot2_u=100.0), rate_u_per_h=0.0)
    found = run.state_at(EXPECTED["t_h"]).central_u / p["V"]
    assert round(found, 3) == EXPECTED["DV_rounded_3dp"][f"{structure}_{route}"]


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_pkpdsim_daily_areas(engine):
    case = EXPECTED["auc_case"]
    p = case["params"]
    run = Run(Kinetics(v1_ml=p["V"], clearance_ml_per_h=p["CL"], q_ml_per_h=p["Q"], v2_ml=p["V2"]), engine)
    areas = [0.0]
    for day in range(10):
        run.give(24.0 * day, rate_u_per_h=1500.0)
        run.give(24.0 * day + 1.0, rate_u_per_h=0.0)
        areas.append(run.state_at(24.0 * (day + 1)).auc_u_h_per_ml)
    np.testing.assert_allclose(np.diff(areas), case["daily_auc"], atol=5.1e-4)


# The reference, against steps so short that nothing is read off between them


@pytest.mark.parametrize(
    "drug", [published.UFH_DEFAULT, published.UFH_TRIPLE_DERIVED, published.DELAVENNE_2017_UFH], ids=lambda one: one.name
)
def test_the_reference_is_a_hundred_times_better_than_what_it_judges(drug):
    kinetics = drug.kinetics(Patient(weight_kg=70.0, height_cm=172.0, age_y=55.0, sex="male"))
    run = Run(kinetics, "scipy")
    run.give(0.0, State(central_u=5600.0), rate_u_per_h=1260.0)
    grid_h, state = np.arange(1, 24 * 12 + 1) / 12, (5600.0, *(0.0,) * 8)
    for before_h, here_h in pairwise([0.0, *grid_h.tolist()]):
        found = solve_ivp(
            lambda _, y: derivatives(*y, 1260.0, 0.0, *kinetics.rates()),
            (before_h, here_h),
            state,
            "DOP853",
            rtol=1e-13,
            atol=1e-13,
        )
        state = tuple(found.y[:, -1])
        assert run.state_at(here_h).central_u == pytest.approx(state[0], rel=1e-8)


# The closed form, against a solver that has never seen it

ONE_COMPARTMENT = Kinetics(v1_ml=3500, clearance_ml_per_h=600, vmax_u_per_h=1400, km_u_per_ml=0.3)
CORNERS = [
    pytest.param(ONE_COMPARTMENT, 5600.0, 1260.0, 6.0, id="bolus on an infusion"),
    pytest.param(ONE_COMPARTMENT, 28_000.0, 0.0, 24.0, id="washout of a large bolus"),
    pytest.param(ONE_COMPARTMENT, 0.0, 1540.0, 48.0, id="from nothing"),
    pytest.param(ONE_COMPARTMENT, 1000.0, 40_000.0, 3.0, id="far above the capacity"),
    pytest.param(Kinetics(v1_ml=4000, clearance_ml_per_h=2000), 5000.0, 1000.0, 8.0, id="linear"),
    pytest.param(
        Kinetics(v1_ml=3500, clearance_ml_per_h=5, vmax_u_per_h=1900, km_u_per_ml=0.25), 7000.0, 1200.0, 12.0, id="hardly linear"
    ),
]


def tight(kinetics, amount_u, rate_u_per_h, hours, until_u=None):
    def slope(_, y):
        return derivatives(y[0], 0, 0, 0, 0, 0, 0, y[1], 0, rate_u_per_h, 0.0, *kinetics.rates())[:8:7]

    def crossing(_, y):
        return y[0] - until_u

    return solve_ivp(
        slope,
        (0.0, hours),
        (amount_u, 0.0),
        method="DOP853",
        rtol=1e-13,
        atol=1e-12,
        events=None if until_u is None else crossing,
        dense_output=True,
    )


@pytest.mark.parametrize(("kinetics", "amount_u", "rate_u_per_h", "hours"), CORNERS)
def test_closed_form(kinetics, amount_u, rate_u_per_h, hours):
    after = exact.amount_after(kinetics, amount_u, rate_u_per_h, hours)
    reference = tight(kinetics, amount_u, rate_u_per_h, hours)
    assert after == pytest.approx(reference.y[0, -1], rel=1e-10, abs=1e-9)
    assert exact.area_u_h_per_ml(kinetics, amount_u, rate_u_per_h, hours) == pytest.approx(reference.y[1, -1], rel=1e-10)
    by_quadrature = quad(
        lambda t: exact.amount_after(kinetics, amount_u, rate_u_per_h, t) / kinetics.v1_ml, 0.0, hours, epsrel=1e-11, limit=200
    )[0]
    assert exact.area_u_h_per_ml(kinetics, amount_u, rate_u_per_h, hours) == pytest.approx(by_quadrature, rel=1e-9)
    halfway = exact.amount_after(kinetics, amount_u, rate_u_per_h, 0.5 * hours)
    assert exact.amount_after(kinetics, halfway, rate_u_per_h, 0.5 * hours) == pytest.approx(after, rel=1e-11)


@pytest.mark.parametrize(("kinetics", "amount_u", "rate_u_per_h", "hours"), CORNERS)
def test_closed_form_crossing_times(kinetics, amount_u, rate_u_per_h, hours):
    after = exact.amount_after(kinetics, amount_u, rate_u_per_h, hours)
    target_u = 0.5 * (amount_u + after)
    when = exact.hours_until(kinetics, amount_u, rate_u_per_h, target_u)
    assert 0.0 < when < hours
    assert exact.amount_after(kinetics, amount_u, rate_u_per_h, when) == pytest.approx(target_u, rel=1e-11)
    assert tight(kinetics, amount_u, rate_u_per_h, hours, target_u).t_events[0][0] == pytest.approx(when, rel=1e-9)
    assert exact.hours_until(kinetics, amount_u, rate_u_per_h, amount_u + (amount_u - after)) == math.inf
    assert exact.hours_until(kinetics, amount_u, rate_u_per_h, after) == pytest.approx(hours, rel=1e-8)


def test_closed_form_stays_put():
    plateau_u = ONE_COMPARTMENT.v1_ml * ONE_COMPARTMENT.steady_state_u_per_ml(1260.0)
    assert exact.amount_after(ONE_COMPARTMENT, plateau_u, 1260.0, 100.0) == pytest.approx(plateau_u, rel=1e-12)
    assert exact.amount_after(ONE_COMPARTMENT, 0.0, 0.0, 5.0) == 0.0
    assert exact.amount_after(ONE_COMPARTMENT, 123.0, 500.0, 0.0) == 123.0


@pytest.mark.parametrize(
    "kinetics",
    [
        Kinetics(v1_ml=3500, vmax_u_per_h=1400, km_u_per_ml=0.3),
        Kinetics(v1_ml=3500, clearance_ml_per_h=600, q_ml_per_h=100, v2_ml=1000),
        Kinetics(v1_ml=3500, clearance_ml_per_h=600, bmax_u=100, kon_ml_per_u_per_h=1, kint_per_h=1),
        Kinetics(v1_ml=3500, clearance_ml_per_h=600, short_fraction=0.3, short_loss_per_h=0.6),
    ],
)
def test_closed_form_says_when_it_does_not_hold(kinetics):
    for function in (exact.amount_after, exact.hours_until, exact.area_u_h_per_ml):
        with pytest.raises(ValueError, match="closed form needs one compartment"):
            function(kinetics, 1000.0, 0.0, 1.0)


# One right-hand side: a term that is zero is not there


def test_special_cases_of_the_right_hand_side():
    """Each structure against equations written out by hand."""
    everything = dict.fromkeys(Kinetics(v1_ml=3000.0).rates()._fields, 0.0) | {
        "inverse_v1_per_ml": 1.0 / 3000.0,
        "inverse_v2_per_ml": 1.0 / 8000.0,
        "km_u_per_ml": 0.3,
    }
    state = State(1500.0, 800.0, 200.0, 100.0, 50.0, 400.0, 0.2, 7.0)
    c = 0.5

    def change(rate=0.0, protamine_rate=0.0, **rates):
        return State(*derivatives(*state, rate, protamine_rate, *(everything | rates).values()))

    assert change() == State(auc_u_h_per_ml=c)
    assert change(rate=1000.0).central_u == 1000.0
    assert change(clearance_ml_per_h=1000.0).central_u == pytest.approx(-1000.0 * c)
    assert change(vmax_u_per_h=1200.0).central_u == pytest.approx(-1200.0 * c / (0.3 + c))
    exchange = change(q_ml_per_h=171.0)
    assert exchange.central_u == -exchange.peripheral_u == pytest.approx(-171.0 * (c - 0.1))
    binding = change(bmax_u=1000.0, kon_ml_per_u_per_h=4.0, kint_per_h=1.2)
    assert binding.central_u == pytest.approx(-4.0 * c * 800.0)
    assert binding.bound_u == pytest.approx(4.0 * c * 800.0 - 1.2 * 200.0)
    skin = change(ktr_per_h=0.6)
    assert (skin.depot1_u, skin.depot2_u, skin.central_u) == pytest.approx((-60.0, 30.0, 30.0))
    reversal = change(protamine_rate=300.0, kr_ml_per_u_per_h=50.0, protamine_loss_per_h=9.0)
    assert reversal.central_u == pytest.approx(-50.0 * c * 400.0)
    assert reversal.protamine_u == pytest.approx(300.0 - 50.0 * c * 400.0 - 9.0 * 400.0)
    assert change(ke0_per_h=1.5).effect_u_per_ml == pytest.approx(1.5 * (c - 0.2))
    state = state._replace(short_u=600.0)
    chains = change(rate=1000.0, short_fraction=0.3, short_loss_per_h=0.6, ktr_per_h=0.6, kr_ml_per_u_per_h=50.0)
    assert chains.short_u == pytest.approx(0.3 * (1000.0 + 0.6 * 50.0) - 0.6 * 600.0 - 50.0 * (600.0 / 3000.0) * 400.0)
    assert chains.central_u == pytest.approx(1000.0 + 0.6 * 50.0 - 50.0 * c * 400.0)
    assert chains.auc_u_h_per_ml == pytest.approx(0.7 * c + 600.0 / 3000.0)


@pytest.mark.slow
def test_a_small_and_fast_pool_is_plain_michaelis_menten():
    """B contains A: as Bmax goes to 0 at fixed Vmax = kint Bmax and Km = kint / kon."""
    vmax_u_per_h, km_u_per_ml, linear = 1575.0, 0.26, {"v1_ml": 3750.0, "clearance_ml_per_h": 787.5}
    plain = Run(Kinetics(vmax_u_per_h=vmax_u_per_h, km_u_per_ml=km_u_per_ml, **linear), "scipy")
    apart = []
    for bmax_u in (32.0, 8.0, 2.0):
        kint = vmax_u_per_h / bmax_u
        pool = Run(Kinetics(bmax_u=bmax_u, kint_per_h=kint, kon_ml_per_u_per_h=kint / km_u_per_ml, **linear), "scipy")
        for run in (plain, pool) if bmax_u == 32.0 else (pool,):
            run.give(0.0, State(central_u=6000.0), rate_u_per_h=1350.0)
        apart.append(max(abs(pool.state_at(t).central_u / plain.state_at(t).central_u - 1.0) for t in (0.5, 1.0, 3.0, 6.0, 24.0)))
    assert apart[0] < 2e-2
    assert apart[2] < 2e-3
    assert apart[0] / apart[1] == pytest.approx(4.0, rel=0.05)  # the difference shrinks with the pool
    assert apart[1] / apart[2] == pytest.approx(4.0, rel=0.05)


# What happens at one moment, in which order

PATIENT = Patient(weight_kg=75)
pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
SHARP = Laboratory(assay="anti_xa_u_per_ml", turnaround_h=0.0, cv_fraction=0.0, resolution=1e-4)


def drawn(regimen, *draws_h, engine="stepper", hours=12.0, laboratory=SHARP):
    plan = Fixed(regimen=regimen, draws_h=draws_h, assay=laboratory.assay)
    course = titrate(PATIENT, published.UFH_DEFAULT, plan, hours=hours, laboratory=laboratory, engine=engine)
    return course, [lab.value for lab in course.labs]


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_blood_at_the_moment_of_a_dose_is_pre_dose(engine):
    regimen = Regimen((Bolus(time_h=2.0, dose_u=6000), Bolus(time_h=6.0, dose_u=6000)))
    course, (at_first, at_second, just_after) = drawn(regimen, 2.0, 6.0, 6.001, engine=engine)
    assert at_first == 0.0
    assert at_second < 0.6
    assert just_after > at_second + 1.5
    before, after = course.concentration_u_per_ml[course.time_h == 6.0]
    assert at_second == pytest.approx(before, abs=1e-4)
    assert after - before == pytest.approx(6000 / 3750)


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_a_hold_ends_then_blood_is_drawn_then_the_result_is_answered(engine):
    """Everything at 7 h: the pump runs again before the orders of that moment, and the level is that of the hold's end."""

    class AtSeven:
        assay = "anti_xa_u_per_ml"
        asked = ()

        def decide(self, situation):
            self.asked = (*self.asked, (situation.time_h, situation.rate_u_per_h, len(situation.labs)))
            if situation.time_h == 0.0:
                orders = (Bolus(time_h=0, dose_u=6000), Infusion(time_h=0, rate_u_per_h=1000), Hold(time_h=6, duration_min=60))
                return Decision(orders=orders, next_draw_h=7.0)
            return Decision(orders=(Bolus(time_h=7.0, dose_u=3000), Infusion(time_h=7.0, rate_u_per_h=1200)))

    controller = AtSeven()
    course = titrate(PATIENT, published.UFH_DEFAULT, controller, hours=12, laboratory=SHARP, engine=engine)
    assert controller.asked == ((0.0, 0.0, 0), (7.0, 1000.0, 1))
    at_seven = course.time_h == 7.0
    before, after = course.concentration_u_per_ml[at_seven]
    assert course.labs[0].value == pytest.approx(before, abs=1e-4)
    assert after - before == pytest.approx(3000 / 3750)
    assert course.pump_u_per_h[at_seven][-1] == 1200.0
    held = (course.time_h >= 6.0) & (course.time_h < 7.0)
    assert (course.pump_u_per_h[held][1:] == 0.0).all()
    assert (course.pump_u_per_h[course.time_h > 7.0] == 1200.0).all()


def test_a_rate_ordered_during_a_hold_starts_when_it_ends():
    regimen = Regimen(
        (
            Infusion(time_h=0, rate_u_per_h=1000),
            Hold(time_h=6, duration_min=60),
            Infusion(time_h=6.5, rate_u_per_h=800),
            Hold(time_h=6.75, duration_min=6),  # a shorter hold within a longer one ends nothing
        )
    )
    course = simulate(PATIENT, published.UFH_DEFAULT, regimen, hours=8)
    running = {
        t: course.pump_u_per_h[np.searchsorted(course.time_h, t, side="right") - 1] for t in (5.9, 6.0, 6.6, 6.9, 7.0, 7.9)
    }
    assert running == {5.9: 1000.0, 6.0: 0.0, 6.6: 0.0, 6.9: 0.0, 7.0: 800.0, 7.9: 800.0}


def test_a_longer_hold_prolongs_a_shorter_one_and_a_stop_outlives_both():
    regimen = Regimen(
        (
            Infusion(time_h=0, rate_u_per_h=1000),
            Hold(time_h=1, duration_min=60),
            Hold(time_h=1.5, duration_min=90),
            Stop(time_h=4),
            Hold(time_h=4, duration_min=30),
        )
    )
    course = simulate(PATIENT, published.UFH_DEFAULT, regimen, hours=6)
    held = (course.time_h > 1.0) & (course.time_h < 3.0)
    assert (course.pump_u_per_h[held] == 0.0).all()
    assert (course.pump_u_per_h[(course.time_h > 3.0) & (course.time_h < 4.0)] == 1000.0).all()
    assert (course.pump_u_per_h[course.time_h > 4.0] == 0.0).all()


def test_a_hold_does_not_pause_a_bolus_given_by_hand():
    regimen = Regimen(
        (Infusion(time_h=0, rate_u_per_h=1000), Hold(time_h=1, duration_min=60), Bolus(time_h=1.5, dose_u=500, over_min=30))
    )
    course = simulate(PATIENT, published.UFH_DEFAULT, regimen, hours=3)
    assert (course.pump_u_per_h[(course.time_h > 1.5) & (course.time_h < 2.0)] == 1000.0).all()  # 500 U within half an hour
    assert (course.pump_u_per_h[(course.time_h > 1.0) & (course.time_h < 1.5)] == 0.0).all()


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_restarts_are_exact(engine):
    """A dose off every grid falls at its own time: the curve before it, the jump, the curve after it."""
    kinetics = ONE_COMPARTMENT
    odd_h = 1.0 + 1.0 / math.pi
    run = Run(kinetics, engine)
    run.give(0.0, State(central_u=5600.0), rate_u_per_h=1260.0)
    run.give(odd_h, State(central_u=2800.0), rate_u_per_h=0.0)
    time_h, states, pump = run.trajectory(5.0)
    first, second = np.flatnonzero(time_h == odd_h)
    before = exact.amount_after(kinetics, 5600.0, 1260.0, odd_h)
    assert states[first, 0] == pytest.approx(before, rel=1e-6)
    assert states[second, 0] - states[first, 0] == pytest.approx(2800.0, rel=1e-12)
    assert (pump[first], pump[second]) == (1260.0, 0.0)
    assert states[-1, 0] == pytest.approx(exact.amount_after(kinetics, before + 2800.0, 0.0, 5.0 - odd_h), rel=1e-6)


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_time_does_not_go_back(engine):
    run = Run(ONE_COMPARTMENT, engine)
    run.give(2.0, rate_u_per_h=100.0)
    with pytest.raises(ValueError, match=r"time_h must not go back before 2; got 1\.5"):
        run.give(1.5, rate_u_per_h=0.0)


def test_unknown_engine():
    with pytest.raises(ValueError, match="engine must be one of stepper, scipy, compiled; got 'rk45'"):
        Run(ONE_COMPARTMENT, "rk45")


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_the_area_is_the_integral(engine):
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=9.3)))
    course = simulate(PATIENT, published.UFH_A_DERIVED, regimen, hours=20, engine=engine)
    kinetics = published.UFH_A_DERIVED.individual(PATIENT)
    until_stop = exact.area_u_h_per_ml(kinetics, 6000.0, 1350.0, 9.3)
    left_u = exact.amount_after(kinetics, 6000.0, 1350.0, 9.3)
    whole = until_stop + exact.area_u_h_per_ml(kinetics, left_u, 0.0, 20 - 9.3)
    assert course.states[-1, 7] == pytest.approx(whole, rel=1e-7)


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_reading_the_state_leaves_no_mark(engine):
    def run():
        fresh = Run(published.UFH_DEFAULT.individual(PATIENT), engine)
        fresh.give(0.0, State(central_u=6000.0), rate_u_per_h=1350.0)
        return fresh

    watched, left_alone = run(), run()
    for time_h in (3.0, 0.01, 7.7, 2.22, 11.9):
        assert watched.state_at(time_h) == run().state_at(time_h)
    for one, two in zip(watched.trajectory(12.0), left_alone.trajectory(12.0), strict=True):
        np.testing.assert_array_equal(one, two)


def test_steps_are_cut_when_protamine_works():
    """The stepper's rule asks for more steps after a bolus, and for many more while protamine binds."""
    kinetics = published.UFH_DEFAULT.individual(PATIENT)
    advance = stepper.build().advance
    state = tuple(State(central_u=6000.0, bound_u=600.0, protamine_u=5000.0))
    once = advance(state, 1 / 12, (0.0, 0.0), tuple(kinetics.rates()))
    twice = state
    for _ in range(20):
        twice = advance(twice, 1 / 240, (0.0, 0.0), tuple(kinetics.rates()))
    np.testing.assert_allclose(once[:3], twice[:3], rtol=1e-4)
    assert min(once) >= 0.0


def test_steps_are_cut_while_a_pool_fills():
    """A pool that empties slowly fills in minutes after a bolus, which the level in plasma alone does not show."""
    slow = Kinetics(v1_ml=4700.0, clearance_ml_per_h=110.0, bmax_u=745.0, kon_ml_per_u_per_h=4.35, kint_per_h=0.21)
    runs = {engine: Run(slow, engine) for engine in ("stepper", "scipy")}
    levels = {}
    for engine, run in runs.items():
        run.give(0.0, State(central_u=6000.0), rate_u_per_h=1350.0)
        run.give(5.03, rate_u_per_h=0.0)
        run.give(6.1, State(central_u=3000.0), rate_u_per_h=1500.0)
        levels[engine] = run.trajectory(12.0)[1][:, 0]
    np.testing.assert_allclose(levels["stepper"], levels["scipy"], rtol=5e-7)


def under_the_skin(**more):
    """Return a linear set that absorbs from one depot, and what else is asked."""
    named = {"ktr_per_h": 0.35, "bioavailability_fraction": 0.3} | more
    place = published.UFH_DEFAULT.parameters[0].value.source
    extra = tuple(Parameter(name=name, value=Value(value, place)) for name, value in named.items())
    linear = published.KANDROTAS_1989_UFH
    return replace(linear, transits=1, parameters=(*linear.parameters, *extra))


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_one_depot_is_the_bateman_function(engine):
    course = simulate(PATIENT, under_the_skin(), Regimen((Subcutaneous(time_h=0, dose_u=10_000),)), hours=12, engine=engine)
    out, into = 1680.0 / (68.0 * 75.0), 0.35
    time_h = course.time_h[1:]
    bateman = 0.3 * 10_000 * into / (into - out) * (np.exp(-out * time_h) - np.exp(-into * time_h))
    np.testing.assert_allclose(course.states[1:, 0], bateman, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_a_lag_is_the_same_curve_later(engine):
    late = Regimen((Subcutaneous(time_h=1.0, dose_u=10_000), Subcutaneous(time_h=3.0, dose_u=5000)))
    later = Regimen((Subcutaneous(time_h=1.75, dose_u=10_000), Subcutaneous(time_h=3.75, dose_u=5000)))
    one = simulate(PATIENT, under_the_skin(lag_h=0.75), late, hours=8, engine=engine)
    two = simulate(PATIENT, under_the_skin(), later, hours=8, engine=engine)
    np.testing.assert_array_equal(one.time_h, two.time_h)
    np.testing.assert_array_equal(one.states, two.states)
    assert (one.concentration_u_per_ml[one.time_h < 1.75] == 0.0).all()


def test_what_a_set_cannot_receive_is_refused():
    with pytest.raises(ValueError, match="does not say how protamine neutralises"):
        simulate(PATIENT, published.KANDROTAS_1989_UFH, Regimen((Protamine(time_h=0, dose_mg=10),)), hours=2)
    with pytest.raises(ValueError, match="does not say how a subcutaneous dose is absorbed"):
        simulate(PATIENT, published.KANDROTAS_1989_UFH, Regimen((Subcutaneous(time_h=0, dose_u=5000),)), hours=2)


def test_protamine_that_fades_is_followed_too():
    """It lowers the plasma while it lasts; with these rates a rule that uses the plasma alone would be wrong by 4e-6."""
    kinetics = Kinetics(
        v1_ml=2477.3,
        clearance_ml_per_h=2843.3,
        q_ml_per_h=2820.9,
        v2_ml=3664.0,
        kr_ml_per_u_per_h=14.82,
        protamine_loss_per_h=4.23,
    )
    found = []
    for engine in ("stepper", "scipy"):
        run = Run(kinetics, engine)
        run.give(0.0, State(central_u=2000.0), rate_u_per_h=200.0)
        run.give(1.0, rate_u_per_h=200.0, protamine_u_per_h=12_000.0)
        run.give(1.0 + 1 / 6, rate_u_per_h=200.0)
        run.give(4.0, rate_u_per_h=0.0)
        found.append(run.trajectory(10.0)[1][:, 0])
    np.testing.assert_allclose(found[0], found[1], rtol=2e-6, atol=1e-3)


@pytest.mark.parametrize(
    "drug", [published.UFH_DEFAULT, published.JIA_2015_UFH, published.DELAVENNE_2017_UFH], ids=lambda d: d.name
)
@pytest.mark.parametrize(("dose_mg", "over_min"), [(100, 0.5), (250, 10), (400, 0.5), (400, 10), (1000, 10)])
def test_much_protamine_is_followed_as_well_as_little(drug, dose_mg, over_min):
    """The heparin is gone within seconds; 200 mg left an error of 1e-4, 1,000 mg one of 1e-3."""
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=100), Protamine(time_h=1, dose_mg=dose_mg, over_min=over_min)))
    exactly, stepped = (
        simulate(PATIENT, drug, regimen, hours=6, engine=engine).concentration_u_per_ml for engine in ("scipy", "stepper")
    )
    seen = exactly > 1e-7
    np.testing.assert_allclose(stepped[seen], exactly[seen], rtol=2e-6)


@pytest.mark.parametrize("dose_u", [20_000, 200_000])
def test_heparin_that_runs_in_while_protamine_works_is_followed(dose_u):
    """Both run in at once: the steps count what the pump adds, too. 200,000 U over five minutes ended in NaN."""
    regimen = Regimen((Protamine(time_h=0, dose_mg=50), Bolus(time_h=0, dose_u=dose_u, over_min=5), Stop(time_h=1e-13)))
    exactly, stepped, compiled = (
        simulate(PATIENT, published.UFH_DEFAULT, regimen, hours=9.1, engine=engine).concentration_u_per_ml
        for engine in ("scipy", "stepper", "compiled")
    )
    np.testing.assert_array_equal(stepped, compiled)
    seen = exactly > 1e-7
    np.testing.assert_allclose(stepped[seen], exactly[seen], rtol=2e-6)


def test_a_state_that_is_no_number_is_refused():
    segment = stepper.Segment(lambda state, *_: (1.0, math.nan), 0.0, (1.0, 1.0), (0.0, 0.0), ())
    with pytest.raises(ValueError, match="too fast for it"):
        segment.at([0.5])
