"""Metrics of a course: against courses made by hand and against the closed form."""

import math
from dataclasses import replace

import numpy as np
import pytest
from instances import ADULT, RANGE, SOURCE, UFH, Scripted, course_of_every_order

from heparin_pk import (
    Bolus,
    Course,
    Decision,
    Entry,
    Hold,
    Infusion,
    Lab,
    Regimen,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    Value,
    metrics,
    published,
    simulate,
    titrate,
)
from heparin_pk.body.kinetics import State
from heparin_pk.engine import exact
from heparin_pk.published.drug import Parameter


@pytest.fixture(scope="module")
def titrated():
    return course_of_every_order()


NOTHING_IS_LOST = replace(
    UFH,
    parameters=(
        Parameter(name="v1_ml_per_kg", value=Value(50.0, SOURCE)),
        Parameter(name="clearance_ml_per_kg_per_h", value=Value(1e-12, SOURCE)),
    ),
    variability=(),
    between_occasions=(),
)


def by_hand(values_aptt_s, times_h, labs=(), orders=()):
    """Return a course whose aPTT passes through these values (30 s baseline), straight in concentration between them.

    Nothing is lost, and what runs in (or out) is the difference of the amounts: the engine too then goes straight.
    """
    concentration = np.log(np.array(values_aptt_s, float) / 30.0) / UFH.reagent.slope_ml_per_u
    states = np.zeros((len(times_h), len(State._fields)))
    states[:, 0] = concentration * 3750.0
    hours, change_u = np.diff(np.array(times_h, float)), np.diff(states[:, 0])
    pump_u_per_h = np.divide(change_u, hours, out=np.zeros(len(hours)), where=hours > 0.0)
    entries = [Entry(time_h=0.0, orders=tuple(orders)), *(Entry(time_h=lab.reported_h, lab=lab) for lab in labs)]
    return Course(
        patient=ADULT,
        drug=NOTHING_IS_LOST,
        reagent=UFH.reagent,
        entries=tuple(entries),
        time_h=np.array(times_h, float),
        states=states,
        pump_u_per_h=np.append(pump_u_per_h, 0.0),
        hours=float(times_h[-1]),
    )


def lab(drawn_h, value, above_ceiling=False, assay="aptt_s"):
    return Lab(drawn_h=drawn_h, reported_h=drawn_h + 1, assay=assay, value=value, above_ceiling=above_ceiling)


def share_until(first_s, last_s, passed_s):
    """Return the share of the way from one aPTT to another at which a third is passed."""
    return math.log(passed_s / first_s) / math.log(last_s / first_s)


def test_true_time_in_range_by_hand():
    # 30 to 90 s within 6 h, flat at 60 s for 4 h, down to 40 s within 2 h, then at 50.1 s for 1 h after a jump.
    times_h = [0, 6, 6, 10, 12, 12, 13]
    course = by_hand([30, 90, 60, 60, 40, 50.1, 50.1], times_h)
    enters, leaves, falls_out = 6 * share_until(30, 90, 50), 6 * share_until(30, 90, 70), 10 + 2 * share_until(60, 40, 50)
    inside = (leaves - enters) + 4 + (falls_out - 10) + 1
    assert metrics.hours_between(course, "aptt_s", 50, 70) == pytest.approx(inside, abs=1e-9)
    assert metrics.time_in_range_fraction(course, RANGE) == pytest.approx(inside / 13)
    assert metrics.time_below_fraction(course, RANGE) == pytest.approx((enters + 12 - falls_out) / 13)
    assert metrics.time_above_fraction(course, RANGE) == pytest.approx((6 - leaves) / 13)
    assert metrics.time_in_range_fraction(course, RANGE, start_h=3, end_h=8) == pytest.approx((leaves - 3 + 2) / 5)
    assert metrics.time_to_therapeutic_h(course, RANGE) == pytest.approx(enters, abs=1e-9)


def test_times_to_therapeutic_by_hand():
    assert metrics.time_to_therapeutic_h(by_hand([40, 40], [0, 5]), RANGE) is None
    assert metrics.time_to_therapeutic_h(by_hand([60, 40], [0, 5]), RANGE) == 0.0
    from_above = metrics.time_to_therapeutic_h(by_hand([100, 40], [0, 6]), RANGE)
    assert from_above == pytest.approx(6 * share_until(100, 40, 70), abs=1e-9)
    assert metrics.time_to_therapeutic_h(by_hand([30, 30, 60, 60], [0, 1, 1, 2]), RANGE) == 1.0  # by a bolus
    labs = (lab(6, 40), lab(12, 150, above_ceiling=True), lab(13, 60, assay="anti_xa_u_per_ml"), lab(18, 55), lab(24, 60))
    course = by_hand([40, 40], [0, 30], labs=labs)
    assert metrics.time_to_therapeutic_result_h(course, RANGE) == 18.0
    assert metrics.time_to_therapeutic_result_h(by_hand([60, 60], [0, 30]), RANGE) is None


def test_a_level_that_rushes_through_the_range_was_not_in_it():
    assert metrics.time_to_therapeutic_h(by_hand([40, 80], [0, 4]), RANGE) == pytest.approx(4 * share_until(40, 80, 50))
    assert metrics.time_to_therapeutic_h(by_hand([40, 80], [0, 0.1]), RANGE) is None
    slow_again = by_hand([40, 60, 80, 60, 60], [0, 0.05, 0.1, 3.1, 4.1])
    assert metrics.time_to_therapeutic_h(slow_again, RANGE) == pytest.approx(0.1 + 3 * share_until(80, 60, 70))


def test_a_bolus_at_once_and_one_over_minutes_reach_the_range_together():
    start, blunt = Infusion(time_h=0, rate_u_per_kg_per_h=18), published.reagents.GUIDELINE  # 18 U/kg/h settle at 55 s
    at_once, slow = (
        simulate(ADULT, UFH, Regimen((start, Bolus(time_h=0, dose_u_per_kg=80, over_min=minutes))), hours=24, reagent=blunt)
        for minutes in (0, 5)
    )
    reached = [metrics.time_to_therapeutic_h(course, RANGE) for course in (at_once, slow)]
    assert reached[0] > 3
    assert reached[1] == pytest.approx(reached[0], abs=0.1)


def test_rosendaal_by_hand():
    """2.0, 3.0, 4.0 in a range of 2-3 over 10 and 10 days is 50 %; the same in seconds and hours, with every special case."""
    assert metrics.rosendaal_fraction(
        by_hand([40, 40], [0, 40], labs=(lab(0, 50), lab(10, 70), lab(20, 90))), RANGE
    ) == pytest.approx(0.5)
    # 40 to 80 in 8 h: in range from 50 to 70, 4 h; 80 to 60 in 4 h: from 70 to 60, 2 h; 60 to 60 in 6 h: 6 h. 12 of 18 h.
    labs = (lab(2, 40), lab(10, 80), lab(14, 60), lab(20, 60))
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 40], labs=labs), RANGE) == pytest.approx(12 / 18)
    # A gap of 30 h is not bridged unless allowed; outside it nothing is assumed.
    gap = (*labs, lab(50, 60))
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=gap), RANGE) == pytest.approx(12 / 18)
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=gap), RANGE, largest_gap_h=30) == pytest.approx(42 / 48)
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=labs[:1]), RANGE) is None
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60]), RANGE) is None
    # "> 150 s" counts as 150: 50 to 150 in 10 h is in range until 70, 2 h.
    ceiling = (lab(0, 50), lab(10, 150, above_ceiling=True))
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=ceiling), RANGE) == pytest.approx(0.2)


def test_tests_in_range_by_hand():
    labs = (lab(6, 50), lab(12, 70), lab(18, 71), lab(24, 49), lab(30, 60, above_ceiling=True))
    assert metrics.fraction_of_tests_in_range(by_hand([40, 40], [0, 40], labs=labs), RANGE) == pytest.approx(2 / 5)
    assert metrics.fraction_of_tests_in_range(by_hand([40, 40], [0, 40]), RANGE) is None


@pytest.mark.parametrize("target", [RANGE, TherapeuticRange(assay="anti_xa_u_per_ml", low=0.3, high=0.7)])
def test_true_time_in_range_against_the_closed_form(target):
    """80/18 for 12 h in a one-compartment set, then nothing: crossings, plateau and area are known exactly."""
    drug = published.UFH_A_DERIVED
    kinetics, v1_ml = drug.individual(ADULT), drug.individual(ADULT).v1_ml
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=12)))
    course = simulate(ADULT, drug, regimen, hours=18)

    def amount(level):
        return v1_ml * (level if target.assay == "anti_xa_u_per_ml" else math.log(level / 30.0) / drug.reagent.slope_ml_per_u)

    low_u, high_u, bolus_u, rate = amount(target.low), amount(target.high), 6000.0, 1350.0
    enters = exact.hours_until(kinetics, bolus_u, rate, high_u)
    leaves = exact.hours_until(kinetics, bolus_u, rate, low_u)
    at_stop = exact.amount_after(kinetics, bolus_u, rate, 12.0)
    after = exact.hours_until(kinetics, at_stop, 0.0, low_u) if at_stop > low_u else 0.0
    inside = min(leaves, 12.0) - enters + after
    assert inside > 3.0
    assert metrics.time_in_range_fraction(course, target) == pytest.approx(inside / 18.0, abs=2e-5 / 18.0)
    assert metrics.time_above_fraction(course, target) == pytest.approx(enters / 18.0, abs=2e-5 / 18.0)
    shares = (metrics.time_below_fraction, metrics.time_in_range_fraction, metrics.time_above_fraction)
    assert sum(share(course, target) for share in shares) == pytest.approx(1.0)
    assert metrics.time_to_therapeutic_h(course, target) == pytest.approx(enters, abs=2e-5)
    area = exact.area_u_h_per_ml(kinetics, bolus_u, rate, 12.0) + exact.area_u_h_per_ml(kinetics, at_stop, 0.0, 6.0)
    assert metrics.auc_u_h_per_ml(course) == pytest.approx(area, rel=1e-6)
    assert metrics.peak_u_per_ml(course) == pytest.approx(bolus_u / v1_ml)


def test_half_life_against_the_closed_form():
    kinetics = published.UFH_A_DERIVED.individual(ADULT)
    for dose_u in (1875.0, 7500.0, 30_000.0):
        course = simulate(ADULT, published.UFH_A_DERIVED, Regimen((Bolus(time_h=0, dose_u=dose_u),)), hours=12)
        exactly = exact.hours_until(kinetics, dose_u, 0.0, 0.5 * dose_u)
        assert metrics.half_life_h(course) == pytest.approx(exactly, abs=1e-5)
    assert metrics.half_life_h(simulate(ADULT, UFH, Regimen((Bolus(time_h=0, dose_u=7500),)), hours=0.5)) is None
    assert metrics.half_life_h(simulate(ADULT, UFH, Regimen(()), hours=1)) is None


def test_heparin_given(titrated):
    # 82 kg, 80 U/kg over 5 min, 1480 U/h for 20 h less half an hour of hold, 5000 U under the skin; protamine is no heparin.
    assert metrics.heparin_given_u(titrated) == pytest.approx(6560 + 1480 * 19.5 + 5000)
    cut = Regimen((Bolus(time_h=0, dose_u=600, over_min=60), Bolus(time_h=1, dose_u=100), Infusion(time_h=1, rate_u_per_h=1000)))
    assert metrics.heparin_given_u(simulate(ADULT, UFH, cut, hours=0.5)) == pytest.approx(300)
    assert metrics.heparin_given_u(simulate(ADULT, UFH, cut, hours=1.5)) == pytest.approx(600 + 100 + 500)
    assert metrics.heparin_given_u(simulate(ADULT, UFH, Regimen(()), hours=1)) == 0.0


def test_counts():
    start = Decision(orders=(Bolus(time_h=0, dose_u=5000), Infusion(time_h=0, rate_u_per_h=1000)), next_draw_h=6)
    up = Decision(orders=(Bolus(time_h=7, dose_u=2000), Infusion(time_h=7, rate_u_per_h=1100)), next_draw_h=12)
    pause = Decision(orders=(Hold(time_h=13, duration_min=60), Infusion(time_h=13, rate_u_per_h=900)), next_draw_h=20)
    course = titrate(ADULT, UFH, Scripted(start, up, pause, Decision(orders=(Stop(time_h=21),))), hours=24)
    assert (metrics.adjustments(course), metrics.holds(course), metrics.reboluses(course)) == (3, 1, 1)
    summary = metrics.summary(course, RANGE)
    assert summary["blood_draws"] == 3
    assert summary["adjustments"] == 3
    assert {
        name: getattr(metrics, name)(course, RANGE) for name in ("time_in_range_fraction", "rosendaal_fraction")
    }.items() <= summary.items()


def test_prediction_errors_by_hand():
    course = by_hand([30, 60, 90, 90], [0, 10, 10, 20])
    labs = (lab(5, 60), lab(10, 50), lab(15, 150, above_ceiling=True), lab(20, 100), lab(25, 60))
    rows = metrics.prediction_errors(course, labs)
    assert [row["drawn_h"] for row in rows] == [5, 10, 15, 20]  # the last one lies outside the course
    assert rows[0]["predicted"] == pytest.approx(30 * math.sqrt(2))  # straight in concentration
    assert rows[1]["error_percent"] == pytest.approx(100 * (60 - 50) / 50)  # just before what was given at 10 h
    assert "error_percent" not in rows[2]
    assert rows[3]["error_percent"] == pytest.approx(-10)
    errors = [row["error_percent"] for row in rows if "error_percent" in row]
    assert metrics.bias_and_inaccuracy_percent(rows) == pytest.approx((np.median(errors), np.median(np.abs(errors))))
    assert metrics.bias_and_inaccuracy_percent(rows[2:3]) is None


def test_a_measured_zero_has_no_percentage():
    course = simulate(ADULT, UFH, Regimen((Infusion(time_h=1, rate_u_per_h=1000),)), hours=12)
    rows = metrics.prediction_errors(course, (lab(0, 0.0, assay="anti_xa_u_per_ml"), lab(6, 0.3, assay="anti_xa_u_per_ml")))
    assert ["error_percent" in row for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"start_h": -1}, "start_h must lie between 0 and 24; got -1"),
        ({"end_h": 25}, "end_h must lie between 0 and 24; got 25"),
        ({"start_h": 6, "end_h": 6}, "start_h must come before end_h; got 6 and 6"),
        ({"start_h": math.nan}, "start_h must lie between"),
    ],
)
def test_spans(titrated, more, message):
    with pytest.raises(ValueError, match=message):
        metrics.time_in_range_fraction(titrated, RANGE, **more)


def test_rosendaal_gap_has_limits(titrated):
    with pytest.raises(ValueError, match=r"largest_gap_h must lie between 0\.1 and 1000; got 0"):
        metrics.rosendaal_fraction(titrated, RANGE, largest_gap_h=0)


def test_hours_between_stops_just_before_what_is_given_then():
    regimen = Regimen((Bolus(time_h=0, dose_u=3000), Bolus(time_h=6, dose_u=20_000)))
    course = simulate(ADULT, UFH, regimen, hours=12)
    assert metrics.hours_between(course, "aptt_s", 70, 1e9, start_h=1, end_h=6) == 0.0
    assert metrics.hours_between(course, "aptt_s", 70, 1e9, start_h=6, end_h=7) == pytest.approx(1.0)
    for low, high in ((math.nan, 70), (90, 70)):
        with pytest.raises(ValueError, match="low must lie below high"):
            metrics.hours_between(course, "aptt_s", low, high)


def test_a_result_above_a_ceiling_inside_the_range_is_not_in_range():
    labs = (lab(6, 70, above_ceiling=True), lab(12, 70, above_ceiling=True))
    course = by_hand([60, 60], [0, 24], labs=labs)
    assert metrics.rosendaal_fraction(course, RANGE) == pytest.approx(0.0)
    assert metrics.fraction_of_tests_in_range(course, RANGE) == 0.0


def test_open_loop_courses_count_their_orders():
    regimen = Regimen(
        (
            Infusion(time_h=0, rate_u_per_h=1000),
            Infusion(time_h=6, rate_u_per_h=1200),
            Bolus(time_h=8, dose_u=3000),
            Stop(time_h=20),
        )
    )
    course = simulate(ADULT, UFH, regimen, hours=24)
    assert (metrics.adjustments(course), metrics.reboluses(course), metrics.holds(course)) == (2, 1, 0)


def bolus_and_stop(engine="stepper", drug=published.UFH_A_DERIVED):
    orders = (Bolus(time_h=0.013, dose_u_per_kg=80), Infusion(time_h=0.013, rate_u_per_kg_per_h=18), Stop(time_h=12.31))
    return simulate(ADULT, drug, Regimen(orders), hours=18, engine=engine)


@pytest.mark.parametrize("engine", ["stepper", "scipy", pytest.param("compiled", marks=pytest.mark.slow)])
def test_limits_off_the_grid_and_half_lives_are_those_of_the_closed_form(engine):
    """No straight lines between the kept moments: 2e-6 of the level, on every engine."""
    course, kinetics = bolus_and_stop(engine), published.UFH_A_DERIVED.individual(ADULT)
    bolus_u, rate = 6000.0, 1350.0
    at_stop_u = exact.amount_after(kinetics, bolus_u, rate, 12.31 - 0.013)

    def passes_h(level, *, after_stop):
        amount, begin_h, rate_u_per_h = (at_stop_u, 12.31, 0.0) if after_stop else (bolus_u, 0.013, rate)
        return begin_h + exact.hours_until(kinetics, amount, rate_u_per_h, level * kinetics.v1_ml)

    low, high = 0.9 * at_stop_u / kinetics.v1_ml, 1.3
    into_h, out_h = passes_h(high, after_stop=False), passes_h(low, after_stop=True)
    whole = metrics.hours_between(course, "anti_xa_u_per_ml", low, high)
    assert whole == pytest.approx(out_h - into_h, abs=2e-5)
    part = metrics.hours_between(course, "anti_xa_u_per_ml", low, high, start_h=into_h - 0.01, end_h=into_h + 0.02)
    assert part == pytest.approx(0.02, abs=2e-5)
    half_life = exact.hours_until(kinetics, bolus_u, rate, 0.5 * bolus_u)
    assert metrics.half_life_h(course) == pytest.approx(half_life, abs=2e-5)


@pytest.mark.parametrize("engine", ["stepper", "scipy", pytest.param("compiled", marks=pytest.mark.slow)])
def test_a_peak_between_two_kept_moments(engine):
    """A dose under the skin is highest at no kept moment: asked every second, no level is higher, and one is as high."""
    course = simulate(ADULT, UFH, Regimen((Subcutaneous(time_h=0.5, dose_u=15_000),)), hours=30, engine=engine)
    kept = int(course.concentration_u_per_ml.argmax())
    around_h = np.linspace(course.time_h[kept - 1], course.time_h[kept + 1], 601 if engine != "scipy" else 61)
    levels = np.array([course.concentration_at_u_per_ml(hour) for hour in around_h])
    peak = metrics.peak_u_per_ml(course)
    assert course.concentration_u_per_ml.max() < peak
    assert levels.max() == pytest.approx(peak, rel=1e-6)
    half_h = around_h[levels.argmax()] + metrics.half_life_h(course)
    assert course.concentration_at_u_per_ml(half_h) == pytest.approx(0.5 * peak, rel=5e-4)
