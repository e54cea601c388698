"""The observer of a trial: its hours in range, counts and peaks are those of the single courses and of the formula."""

import numpy as np
import pytest
from wards import DRUG, EVERY_RUNNER, ward

from heparin_pk import (
    Bolus,
    Cohort,
    Fixed,
    Infusion,
    Laboratory,
    Nomogram,
    Patient,
    Population,
    Regimen,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    hospital,
    metrics,
    published,
    titrate,
)
from heparin_pk.engine import exact
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.conditions import responses_in
from heparin_pk.simulation.matching import in_its_laboratory
from heparin_pk.trials.observer import TrialObserver

pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")  # outliers are meant


MINUTE_H = 1.0 / 60.0
"""Straight lines within five minutes: at most a minute in 48 h, and half of one at the first crossing (module's docstring)."""


def holds_the_observer_to_the_metrics(name, by_the_clock, number, every):
    table = Nomogram.load(name)
    population, drug = hospital.THROMBOSIS_WARD, DRUG
    if by_the_clock:
        population = population.with_distributions(hospital.TIME_OF_DAY, hospital.FACTOR_VIII)
        drug = drug.with_hypotheses("time of day")
    cohort = population.cohort(drug, np.arange(number), seed=8)
    ranges = (table.target, published.ranges.ANTI_XA_TREATMENT)
    laboratory = in_its_laboratory(table, drug, Laboratory(assay=table.assay))
    observer = TrialObserver(cohort, responses_in(drug, laboratory.reagent, laboratory), ranges, 48.0)
    charts = titrate_cohort(cohort, drug, table, observer=observer, seed=2)
    observer.finish(48.0)
    for i in range(0, number, every):
        course = titrate(cohort[i], drug, table, seed=2, subject=i)
        for one, target in zip(observer.ranges, ranges, strict=True):
            assert one.inside_h[i] / 48 == pytest.approx(metrics.time_in_range_fraction(course, target), abs=MINUTE_H / 48)
            assert one.below_h[i] / 48 == pytest.approx(metrics.time_below_fraction(course, target), abs=MINUTE_H / 48)
            first = metrics.time_to_therapeutic_h(course, target)
            assert one.first_h[i] == (np.inf if first is None else pytest.approx(first, abs=0.5 * MINUTE_H))
        assert observer.peak_u_per_ml[i] == metrics.peak_u_per_ml(course)
        counts = observer.adjustments[i], observer.holds[i], observer.reboluses[i]
        assert counts == (metrics.adjustments(course), metrics.holds(course), metrics.reboluses(course))
        assert charts.hourly_u_per_ml[i, 30] == course.concentration_at_u_per_ml(30)


@pytest.mark.parametrize("name", ["raschke-1993", "michigan-vte-anti-xa", "uk-aptt-ratio"])
@pytest.mark.parametrize("by_the_clock", [False, True])
def test_the_observer_counts_what_the_metrics_find(name, by_the_clock):
    holds_the_observer_to_the_metrics(name, by_the_clock, number=25, every=3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["raschke-1993", "michigan-vte-anti-xa"])
@pytest.mark.parametrize("by_the_clock", [False, True])
def test_straight_lines_within_five_minutes_cost_a_minute_in_two_days_at_most(name, by_the_clock):
    holds_the_observer_to_the_metrics(name, by_the_clock, number=150, every=1)


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_a_level_exactly_at_a_limit_is_in_range(runner):
    """Rising to exactly the lower limit, falling to exactly the upper one."""
    plan = Fixed(
        regimen=Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=12))), assay="anti_xa_u_per_ml", draws_h=()
    )
    cohort = Cohort(1, {"weight_kg": np.array([75.0])})
    on_the_way = titrate_cohort(cohort, DRUG, plan, hours=24.0, trajectories=True).trajectories_u_per_ml[0]
    up, down = 40, 150  # minutes / 5: while the infusion runs, and after it
    for low, high, first, last in ((on_the_way[up], 10.0, up, None), (1e-6, on_the_way[down], None, down)):
        observer = TrialObserver(
            cohort, DRUG.responses, (TherapeuticRange(assay="anti_xa_u_per_ml", low=float(low), high=float(high)),), 24.0
        )
        titrate_cohort(cohort, DRUG, plan, observer=observer, hours=24.0, runner=runner)
        observer.finish(24.0)
        if first is not None:
            assert observer.ranges[0].first_h[0] == pytest.approx(first / 12, abs=1e-12)
        else:
            above = observer.ranges[0]
            inside_h = above.inside_h[0] + above.below_h[0]
            there = np.flatnonzero(on_the_way > high)
            before = there[0] - (on_the_way[there[0]] - high) / (on_the_way[there[0]] - on_the_way[there[0] - 1])
            assert 24.0 - inside_h == pytest.approx((last - before) / 12, abs=1e-9)


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_a_threshold_crossed_just_before_something_is_given_is_seen(runner):
    """Between the last point of the grid and an order that does not wait for the next."""
    orders = (Infusion(time_h=0, rate_u_per_kg_per_h=18), Infusion(time_h=7.04, rate_u_per_kg_per_h=20))
    plan = Fixed(regimen=Regimen(orders), assay="anti_xa_u_per_ml", draws_h=())
    cohort = Cohort(1, {"weight_kg": np.array([75.0])})
    course = titrate(cohort[0], DRUG, plan, hours=12.0)
    low = np.interp(7.02, course.time_h, course.concentration_u_per_ml)  # the observer's own straight line
    observer = TrialObserver(
        cohort, DRUG.responses, (TherapeuticRange(assay="anti_xa_u_per_ml", low=float(low), high=10.0),), 12.0
    )
    titrate_cohort(cohort, DRUG, plan, observer=observer, hours=12.0, runner=runner)
    observer.finish(12.0)
    assert observer.ranges[0].first_h[0] == pytest.approx(7.02, abs=1e-5)
    assert observer.ranges[0].below_h[0] == pytest.approx(7.02, abs=1e-5)


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_the_peak_of_a_dose_under_the_skin_lies_on_the_way(runner):
    """No order and no draw at the moment it is highest."""
    plan = Fixed(regimen=Regimen((Subcutaneous(time_h=0, dose_u_per_kg=200),)), draws_h=(12.0,))
    cohort = ward(3)
    observer = TrialObserver(cohort, DRUG.responses, (), 20.0)
    charts = titrate_cohort(cohort, DRUG, plan, observer=observer, hours=20.0, runner=runner)
    for i in range(3):
        course = titrate(cohort[i], DRUG, plan, hours=20.0, subject=i)
        assert observer.peak_u_per_ml[i] == course.concentration_u_per_ml.max() > 1.1 * charts.hourly_u_per_ml[i, 12]
        assert observer.peak_u_per_ml[i] == pytest.approx(
            metrics.peak_u_per_ml(course), rel=2e-4
        )  # it lies between two kept moments


def test_the_closed_form_is_a_witness_of_level_area_and_time_in_range():
    """One compartment, saturable and linear loss: level, area and the times of the threshold crossings are known exactly."""
    drug, target = published.UFH_A_DERIVED, published.ranges.ANTI_XA_TREATMENT
    cohort = Population(typical=Patient(weight_kg=75)).cohort(drug, np.arange(20), seed=1)
    observer = TrialObserver(cohort, drug.responses, (target,), 24.0)
    plan = Fixed(regimen=Regimen((Bolus(time_h=0, dose_u_per_kg=80),)), assay="anti_xa_u_per_ml")
    charts = titrate_cohort(cohort, drug, plan, observer=observer, hours=24.0)
    observer.finish(24.0)
    for i in range(20):
        one = drug.kinetics(cohort[i])
        amount = 80.0 * 75.0
        for hour in (1, 6, 24):
            after = exact.amount_after(one, amount, 0.0, hour) / one.v1_ml
            assert charts.hourly_u_per_ml[i, hour] == pytest.approx(after, rel=2e-6)
        assert charts.area_u_h_per_ml[i] == pytest.approx(exact.area_u_h_per_ml(one, amount, 0.0, 24.0), rel=2e-6)
        top, bottom = (exact.hours_until(one, amount, 0.0, threshold * one.v1_ml) for threshold in (target.high, target.low))
        assert observer.ranges[0].inside_h[i] == pytest.approx(bottom - top, abs=2e-3)
        assert observer.ranges[0].below_h[i] == pytest.approx(24.0 - bottom, abs=2e-3)
        assert observer.ranges[0].first_h[i] == pytest.approx(top, abs=2e-3)
