"""The symbolic zero: terms that are switched off cost nothing and change no bit of the others."""

import numpy as np
from wards import DRUG

from heparin_pk import Patient
from heparin_pk.body.kinetics import Rates, derivatives
from heparin_pk.engine.zero import ZERO


def test_the_symbolic_zero_is_never_computed():
    x = np.array([1.5, -2.0])
    assert (ZERO + x) is x
    assert (x + ZERO) is x
    assert (x - ZERO) is x
    np.testing.assert_array_equal(ZERO - x, -x)
    for nothing in (ZERO * x, x * ZERO, ZERO / x, 1.0 / ZERO, -ZERO, abs(ZERO), 3.0 * ZERO):
        assert nothing is ZERO
    assert not ZERO > 0.0
    assert ZERO > -1.0


def test_a_switched_off_term_changes_no_bit():
    rates = tuple(DRUG.kinetics(Patient(weight_kg=75)).rates())
    state = (3000.0, 0.0, 400.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    full = derivatives(*state, 1350.0, 0.0, *rates)
    spare = derivatives(
        *(ZERO if i in (1, 3, 4, 5, 6, 8) else x for i, x in enumerate(state)),
        1350.0,
        ZERO,
        *(ZERO if x == 0.0 or name in ("ktr_per_h", "kr_ml_per_u_per_h", "protamine_loss_per_h", "km_u_per_ml") else x
          for name, x in zip(Rates._fields, rates, strict=True)),
    )  # fmt: skip
    assert [x for x in spare if x is not ZERO] == [full[i] for i in (0, 2, 7)]
