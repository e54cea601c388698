"""One patient: what simulate and titrate refuse, which orders they keep, and when they warn."""

import math

import numpy as np
import pytest
from instances import ADULT, RANGE, RASCHKE, UFH, Scripted

from heparin_pk import (
    Bolus,
    Decision,
    Infusion,
    Laboratory,
    OutsideValidityDomain,
    Patient,
    Regimen,
    Stop,
    metrics,
    simulate,
    titrate,
)


@pytest.mark.parametrize("hours", [0, -1, math.nan, math.inf, "48", True, 1441, 0.01])
def test_hours(hours):
    for run in (lambda: simulate(ADULT, UFH, Regimen(()), hours=hours), lambda: titrate(ADULT, UFH, RASCHKE, hours=hours)):
        with pytest.raises(ValueError, match=r"hours must (lie|be a number) between 0\.0166667 and 1440; got"):
            run()


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None, 2**64])
def test_seeds(seed):
    with pytest.raises(ValueError, match=r"seed must be an integer from 0 to .* or a numpy Generator; got"):
        titrate(ADULT, UFH, RASCHKE, hours=1, seed=seed)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: simulate(ADULT, UFH, ()), r"regimen must be a Regimen; got \(\)"),
        (
            lambda: simulate(ADULT, UFH, Regimen(()), engine="euler"),
            "engine must be one of stepper, scipy, compiled; got 'euler'",
        ),
        (lambda: titrate(ADULT, UFH, RASCHKE, engine="euler"), "engine must be one of"),
        (
            lambda: titrate(ADULT, UFH, "raschke-1993"),
            r"controller must be something with an assay and decide\(situation\); got 'raschke-1993'",
        ),
        (
            lambda: titrate(ADULT, UFH, RASCHKE, laboratory=Laboratory(assay="anti_xa_u_per_ml")),
            "this controller reads aptt_s, but the laboratory reports anti_xa_u_per_ml",
        ),
        (
            lambda: titrate(ADULT, UFH, Scripted(Decision(next_draw_h=6), Decision(orders=(Stop(time_h=6.5),))), hours=12),
            r"an order must not lie in the past: Stop\(time_h=6\.5\) was decided at 7 h",
        ),
        (
            lambda: titrate(ADULT, UFH, Scripted(Decision(next_draw_h=6), Decision(next_draw_h=6.5)), hours=12),
            r"next_draw_h must lie between 7 and 100000; got 6\.5",
        ),
    ],
)
def test_what_cannot_pass(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_an_order_for_later_is_kept_although_its_rate_runs_now():
    """Stop now, in an hour back to the same rate: the second order must not be taken for no change."""
    again = Decision(orders=(Stop(time_h=7), Infusion(time_h=8, rate_u_per_h=1000)))
    start = Decision(orders=(Infusion(time_h=0, rate_u_per_h=1000),), next_draw_h=6)
    course = titrate(ADULT, UFH, Scripted(start, again), hours=12)
    assert course.regimen.orders[1:] == again.orders
    assert course.pump_u_per_h[-1] == 1000.0


def test_an_order_that_repeats_the_running_rate_is_no_order():
    same = Decision(orders=(Infusion(time_h=7, rate_u_per_h=1000.4),), next_draw_h=12)
    start = Decision(orders=(Infusion(time_h=0, rate_u_per_h=1000),), next_draw_h=6)
    course = titrate(ADULT, UFH, Scripted(start, same), hours=14)
    assert course.entries[1].orders == ()  # 1000.4 U/h is 10.0 mL/h, which the pump runs at
    assert metrics.adjustments(course) == 0


def test_outside_the_studied_range_warns():
    with pytest.warns(OutsideValidityDomain, match=r"binding pool \(default\) was studied at a weight of 40 to 160 kg; got 20"):
        simulate(Patient(weight_kg=20), UFH, Regimen(()), hours=1)
    with pytest.warns(OutsideValidityDomain, match="an age of 18 to 100"):
        simulate(Patient(weight_kg=75, age_y=12), UFH, Regimen(()), hours=1)
    with pytest.warns(OutsideValidityDomain, match=r"studied up to 10 U/mL; this course reaches 16"):
        simulate(ADULT, UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=800),)), hours=1)


def test_the_wrong_vial_for_a_newborn_is_no_overflow():
    with pytest.warns(OutsideValidityDomain):
        course = simulate(Patient(weight_kg=1), UFH, Regimen((Bolus(time_h=0, dose_u=5000),)), hours=4)
    assert np.isfinite(course.aptt_s).all()
    assert course.aptt_s.max() > 1e6
    assert course.level_at("aptt_s", 0.5) == course.aptt_s.max()
    assert math.isfinite(metrics.summary(course, RANGE)["time_above_fraction"])
