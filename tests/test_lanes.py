"""The engine for many patients in lanes: the bits of the stepper with every runner, and close to SciPy and the formula."""

import math
from dataclasses import replace

import numpy as np
import pytest
from wards import COUNTED, DRUG, ERRING, EVERY_RUNNER, held_together, usual, ward

from heparin_pk import (
    Bolus,
    Fixed,
    Hold,
    Infusion,
    Nomogram,
    Patient,
    Population,
    Protamine,
    Regimen,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    hospital,
    published,
    titrate,
)
from heparin_pk.body.kinetics import Kinetics, Rates
from heparin_pk.engine import compiled
from heparin_pk.engine.lanes import Lanes
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.trials.observer import TrialObserver

pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")  # outliers are meant


def test_an_error_does_not_grow_over_twenty_halvings():
    """Each halving of a falling level adds its error: compared with the formula, not the reference."""
    for clearance in (700.0, 2800.0, 14_000.0):
        rates = Kinetics(v1_ml=4000.0, clearance_ml_per_h=clearance).rates()
        lanes, one = Lanes(Rates(*map(np.atleast_1d, rates)), 24.0), np.zeros(1, dtype=np.int64)
        rate_per_h = clearance / 4000.0
        hours = min(24.0, 20.0 * math.log(2.0) / rate_per_h)
        lanes.add(one, "central_u", np.array([8000.0]))
        lanes.go(one, np.array([hours]), NoObserver())
        here = lanes.concentrations_u_per_ml(one)[0][0]
        assert here == pytest.approx(2.0 * math.exp(-rate_per_h * lanes.time_h[0]), rel=1e-6)


# The same bits


@pytest.mark.parametrize("runner", EVERY_RUNNER)
@pytest.mark.parametrize("drug", published.ALL, ids=lambda drug: drug.name)
def test_every_set_is_the_stepper_bit_for_bit(drug, runner):
    one = drug.kinetics(Patient(weight_kg=75, height_cm=170, sex="male", creatinine_clearance_ml_per_min=80))
    orders = [Bolus(time_h=0, dose_u_per_kg=60), Infusion(time_h=0, rate_u_per_kg_per_h=14), Hold(time_h=7.013, duration_min=50)]
    orders += [Bolus(time_h=9.2, dose_u_per_kg=20, over_min=10), Infusion(time_h=11.71, rate_u_per_kg_per_h=9)]
    if one.can_absorb:
        orders.append(Subcutaneous(time_h=12.1, dose_u_per_kg=100))
    if one.can_neutralise:
        orders.append(Protamine(time_h=15.0, dose_mg=20))
    orders.append(Stop(time_h=17.03))
    assay = drug.responses.assays[0]
    plan = Fixed(regimen=Regimen(tuple(orders)), draws_h=(0.4, 6.0, 12.1, 16.37), assay=assay)
    cohort = replace(hospital.THROMBOSIS_WARD, typical=Patient(weight_kg=75, creatinine_clearance_ml_per_min=80)).cohort(
        drug, np.arange(6), seed=2
    )
    number = range(3) if runner == "python" else range(6)
    held_together(cohort, drug, plan, number, hours=18.4, runner=runner)


@pytest.mark.parametrize("runner", ["python", pytest.param("compiled", marks=pytest.mark.slow)])
@pytest.mark.parametrize("ward_errors", [None, ERRING], ids=["on time", "erring"])
def test_runners_agree_bit_for_bit_in_closed_loop(runner, ward_errors):
    """Many enough for blocks, of which the compiled runner puts those together that need equally many steps."""
    table = Nomogram.load("raschke-1993" if ward_errors is None else "michigan-vte-anti-xa")
    ranges = (table.target, published.ranges.ANTI_XA_TREATMENT)
    by_the_clock = hospital.THROMBOSIS_WARD.with_distributions(hospital.TIME_OF_DAY, hospital.FACTOR_VIII)

    def run(runner_name, trajectories):
        population = by_the_clock if trajectories else hospital.THROMBOSIS_WARD  # a range that moves needs every interval
        drug = DRUG.with_hypotheses("time of day") if trajectories else DRUG
        cohort = population.cohort(drug, np.arange(100), seed=3)
        observer = TrialObserver(cohort, drug.responses, ranges, 26.0)
        assert (observer.thresholds(np.arange(100)) is None) == trajectories
        settings = {"seed": 1, "hours": 26.0, "ward_errors": ward_errors, "trajectories": trajectories}
        charts = titrate_cohort(cohort, drug, table, observer=observer, runner=runner_name, **settings)
        observer.finish(26.0)
        names = ("n_results", "drawn_h", "values", "above_ceiling", "given_u", "rate_u_per_h", "states", "hourly_u_per_ml")
        names += ("trajectories_u_per_ml", "area_u_h_per_ml")
        counted = {f"{name} {i}": getattr(one, name) for i, one in enumerate(observer.ranges) for name in COUNTED}
        return {name: getattr(charts, name) for name in names} | counted | {"peak": observer.peak_u_per_ml}

    for trajectories in (False, True):
        one, other = run("numpy", trajectories), run(runner, trajectories)
        assert one["first_h 0"].min() < 26.0
        for name, values in one.items():
            np.testing.assert_array_equal(values, other[name], err_msg=f"{name}, {trajectories=}")


@pytest.mark.slow
def test_patients_sorted_together_and_those_after_them_keep_their_bits():
    """More patients than are sorted together."""
    cohort, table = ward(compiled.SORTED_TOGETHER + 70), Nomogram.load("raschke-1993")
    one, other = (titrate_cohort(cohort, DRUG, table, seed=1, hours=9.0, runner=runner) for runner in ("numpy", "compiled"))
    for name in ("values", "states", "hourly_u_per_ml"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_no_grid_point_is_lost_when_something_is_given_just_before_it(runner):
    """Given at 2.9999999999999996 h, once or twice, the level at 3 h is the one just after it, for one and for many."""
    before_3_h = math.nextafter(3.0, 0.0)
    orders = [
        Infusion(time_h=0, rate_u_per_kg_per_h=18),
        Infusion(time_h=math.nextafter(before_3_h, 0.0), rate_u_per_kg_per_h=22),
        Bolus(time_h=before_3_h, dose_u_per_kg=40),
        Bolus(time_h=math.nextafter(4.5, 0.0), dose_u_per_kg=20),
        Bolus(time_h=5.0, dose_u_per_kg=30),
        Infusion(time_h=math.nextafter(6.0, 0.0), rate_u_per_kg_per_h=10),
    ]
    plan = Fixed(regimen=Regimen(tuple(orders)), draws_h=(3.0, 4.5))
    cohort = hospital.THROMBOSIS_WARD.cohort(DRUG, np.arange(3), seed=2)
    charts = titrate_cohort(cohort, DRUG, plan, hours=6.0, runner=runner, trajectories=True)
    assert np.isfinite(charts.trajectories_u_per_ml).all()
    for i in range(3):
        course = titrate(cohort[i], DRUG, plan, hours=6.0, engine="stepper", subject=i)
        for time_h in (3.0, 4.5, 6.0):
            here = np.flatnonzero(course.time_h == time_h)
            levels = course.concentration_u_per_ml[here]
            assert charts.trajectories_u_per_ml[i, round(12 * time_h)] in levels, (time_h, levels)
        np.testing.assert_array_equal(charts.hourly_u_per_ml[i], charts.trajectories_u_per_ml[i, ::12])
    assert (charts.hourly_u_per_ml[:, 3] > 1.5 * charts.trajectories_u_per_ml[:, 35]).all(), "the bolus is in it"


# Against the reference


@pytest.mark.parametrize("drug", published.ALL, ids=lambda drug: drug.name)
def test_lanes_stay_within_2e_6_of_scipy(drug):
    typical = Patient(weight_kg=75, height_cm=170, sex="male", age_y=50, creatinine_clearance_ml_per_min=80)
    cohort = Population(typical=typical).cohort(drug, np.arange(3), seed=4)
    assay = drug.responses.assays[0]
    aim = TherapeuticRange(assay=assay, low=1e-3 if assay.startswith("anti") else 151.0, high=500.0)
    try:
        observer = TrialObserver(cohort, drug.responses, (aim,), 24.0)
    except ValueError:  # an ACT that flattens has no inverse: no range is counted
        observer = TrialObserver(cohort, drug.responses, (), 24.0)
    charts = titrate_cohort(cohort, drug, usual(drug), observer=observer, hours=24.0)
    for i in range(3):
        course = titrate(cohort[i], drug, usual(drug), hours=24.0, engine="scipy")
        for hour in (1, 2, 6, 12, 24):
            assert charts.hourly_u_per_ml[i, hour] == pytest.approx(course.concentration_at_u_per_ml(hour), rel=2e-6)
