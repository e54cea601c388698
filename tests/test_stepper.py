"""The rule that chooses how many steps an interval takes: on floats and on arrays, and after an overflow."""

import math

import numpy as np
import pytest
from wards import DRUG

from heparin_pk import Patient
from heparin_pk.engine import stepper


def test_the_rule_for_the_steps_is_the_same_on_arrays():
    on_floats, on_arrays = stepper.build(), stepper.build(arithmetic=stepper.ARRAYS)
    rng = np.random.default_rng(5)
    n = 400
    state = [rng.uniform(0, 9000, n), 0 * rng.random(n), rng.uniform(0, 900, n), *(rng.uniform(0, 50, n) for _ in range(2))]
    state += [rng.choice([0.0, 4000.0], n), np.zeros(n), rng.random(n), np.zeros(n)]
    rates = [np.full(n, x) for x in DRUG.kinetics(Patient(weight_kg=75)).rates()]
    hours, inputs = rng.uniform(0.001, 1 / 12, n), [rng.uniform(0, 2000, n), rng.choice([0.0, 9000.0], n)]
    now = on_arrays.slope(*state, *inputs, *rates)
    new, bend = on_arrays.rk4_step(state, hours, inputs, rates, now)
    error_indicators = on_arrays.error_indicators(state, new, hours, inputs, rates, now, bend)
    n_substeps, accepted = on_arrays.substeps(error_indicators), on_arrays.accept_step(error_indicators)
    for i in range(n):
        mine, fed, own_rates = (tuple(float(x[i]) for x in group) for group in (state, inputs, rates))
        slopes = on_floats.slope(*mine, *fed, *own_rates)
        stepped, bent = on_floats.rk4_step(mine, float(hours[i]), fed, own_rates, slopes)
        own = on_floats.error_indicators(mine, stepped, float(hours[i]), fed, own_rates, slopes, bent)
        assert own == tuple(x[i] for x in error_indicators)
        assert (on_floats.substeps(own), on_floats.accept_step(own)) == (n_substeps[i], accepted[i])
    assert len(set(n_substeps.tolist())) > 5
    assert (n_substeps == 1.0).any()
    np.testing.assert_array_equal(accepted, n_substeps == 1.0)


def test_one_step_is_promised_only_where_the_rule_says_one():
    """At the threshold too: the rule ignores the last billionth, so accept_step and substeps cannot differ."""
    rule = stepper.build()
    rng = np.random.default_rng(6)
    for plasma in rng.uniform(1e-30, 1e3, 2000):
        swift, bent = plasma * (1.0 + rng.integers(-3, 4, 2) * 2.0**-52)
        if rule.accept_step((swift, bent, plasma)):
            assert rule.substeps((swift, bent, plasma)) == 1.0
    assert not rule.accept_step((0.5, 1.1, 1.0))
    assert rule.substeps((0.5, 1.1, 1.0)) == 2.0
    assert not rule.accept_step((1.1, 0.5, 1.0))
    assert rule.substeps((1.1, 0.5, 1.0)) == 2.0


@pytest.mark.parametrize("arithmetic", [stepper.FLOATS, stepper.ARRAYS])
@pytest.mark.parametrize("beyond", [math.inf, -math.inf, math.nan])
def test_a_step_that_was_far_too_long_is_cut_as_finely_as_any(arithmetic, beyond):
    """It may overflow: the rule must not use the overflowed state; it knows the stiffness without it."""
    rule = stepper.build(arithmetic=arithmetic)

    def each(values):
        return tuple(np.array([x]) if arithmetic is stepper.ARRAYS else x for x in values)

    rates = each(DRUG.kinetics(Patient(weight_kg=75)).rates())
    state, inputs, hours = each((6000.0, 0.0, 400.0, *6 * [0.0])), each((1350.0, 0.0)), 1.0 / 12.0
    now = rule.slope(*state, *inputs, *rates)
    new, bend = rule.rk4_step(state, hours, inputs, rates, now)
    well = rule.error_indicators(state, new, hours, inputs, rates, now, bend)
    assert 1.0 < rule.substeps(well) < 10.0
    for overflowed in ((each([beyond]) + new[1:], each([beyond]) + bend[1:]), (new, each([beyond]) + bend[1:])):
        with np.errstate(invalid="ignore"):
            error_indicators = rule.error_indicators(state, overflowed[0], hours, inputs, rates, now, overflowed[1])
        assert not rule.accept_step(error_indicators)
        assert rule.substeps(error_indicators) == 40.0
    stiff = each((*(x for x in DRUG.kinetics(Patient(weight_kg=75)).rates()[:8]), 6000.0, *6 * [0.0]))
    with np.errstate(invalid="ignore"):
        error_indicators = rule.error_indicators(state, each([math.nan]) + new[1:], hours, inputs, stiff, now, bend)
    assert rule.substeps(error_indicators) == math.ceil(float(np.ravel(error_indicators[0] / error_indicators[2])[0])) > 250
