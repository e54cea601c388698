"""The tape of the stepper: the bits of its lines on arrays, in a few arrays, each expression once."""

import numpy as np
import pytest

from heparin_pk import Patient, published
from heparin_pk.body.kinetics import Rates, State
from heparin_pk.engine import stepper
from heparin_pk.engine.tape import WRITTEN, Tape
from heparin_pk.engine.zero import ZERO

N = 50


def whole_step(rule):
    """Return one step and its error indicators as a function of the arrays that move and of those that stay."""

    def step(state, fixed):
        hours, inputs, rates = fixed[0], fixed[1:3], fixed[3:]
        now = rule.slope(*state, *inputs, *rates)
        new, bend = rule.rk4_step(state, hours, inputs, rates, now)
        return (*new, *rule.error_indicators(state, new, hours, inputs, rates, now, bend))

    return step


def in_use(arrays):
    return [array is not ZERO for array in arrays]


@pytest.mark.parametrize("drug", published.ALL, ids=lambda drug: drug.name)
def test_a_tape_plays_the_bits_of_the_lines_it_was_made_of(drug):
    """The switched-off terms of each set are ZERO, and amounts in every other part of the state, protamine too."""
    random = np.random.default_rng(3)
    kinetics = drug.kinetics(Patient(weight_kg=75, height_cm=170, sex="male", creatinine_clearance_ml_per_min=80))
    rates = [ZERO if one == 0.0 else one * random.uniform(0.5, 2.0, N) for one in kinetics.rates()]
    off = {name for name, one in zip(Rates._fields, rates, strict=True) if one is ZERO}
    unused = {"peripheral_u": "q_ml_per_h", "bound_u": "bmax_u", "protamine_u": "kr_ml_per_u_per_h", "short_u": "short_fraction"}
    state = [ZERO if unused.get(name) in off else random.uniform(0.0, 2000.0, N) for name in State._fields]
    protamine_u_per_h = ZERO if unused["protamine_u"] in off else random.uniform(0.0, 5e4, N)
    fixed = [random.uniform(1e-3, 1 / 12, N), random.uniform(0.0, 2000.0, N), protamine_u_per_h, *rates]
    with np.errstate(all="ignore"):
        plain = whole_step(stepper.build(arithmetic=stepper.ARRAYS))(state, fixed)
        tape = Tape(whole_step(stepper.build(arithmetic=WRITTEN)), in_use(state), in_use(fixed))
        before, buffers = tape.before(fixed), list(np.full((tape.n_buffers, N), np.nan))
        for _ in range(2):  # what the first left in the buffers changes nothing
            played = tape.on(state, before, buffers)()
            assert in_use(played) == in_use(plain)
            for one, other in zip(played, plain, strict=True):
                if one is not ZERO:
                    np.testing.assert_array_equal(one, other)


def test_a_tape_computes_an_expression_once_and_reuses_its_arrays():
    def function(moving, fixed):
        x, y, nothing = moving
        twice = (x + y) * (x + y)
        unread = x / y  # no result depends on it
        assert unread is not twice
        return twice - abs(-(fixed[0] * 2.0)), nothing * x, x

    tape = Tape(function, (True, True, False), (True,))
    x, y, a = np.array([1.0, 2.0]), np.array([3.0, -5.0]), np.array([7.0, 0.5])
    before = tape.before([a])
    assert len(before) == 2, "the array that stays, and its absolute double, computed before"
    assert tape.n_buffers == 1, "sum, product and difference replace each other"
    found = tape.on([x, y, ZERO], before, [np.empty(2)])()
    np.testing.assert_array_equal(found[0], (x + y) * (x + y) - 2.0 * a)
    assert found[1] is ZERO
    assert found[2] is x
    np.testing.assert_array_equal(x, [1.0, 2.0], err_msg="what is given is not written to")


def test_a_tape_keeps_the_sides_of_every_operation():
    def function(moving, fixed):
        x, y = moving
        root = WRITTEN.root(y) if arithmetic is WRITTEN else np.sqrt(y)
        return x - y, x / y, 3.0 - x, 2.0 / y, ZERO - x, fixed[0] - x, x > y, root, -x

    x, y, a = np.array([1.0, -2.0]), np.array([4.0, 9.0]), np.array([7.0, 0.5])
    arithmetic = stepper.ARRAYS
    plain = function([x, y], [a])
    arithmetic = WRITTEN
    tape = Tape(function, (True, True), (True,))
    for one, other in zip(tape.on([x, y], tape.before([a]), np.empty((tape.n_buffers, 2)))(), plain, strict=True):
        np.testing.assert_array_equal(one, other)
