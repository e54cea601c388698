"""A patient: the limits of each number."""

import numpy as np
import pytest
from field_limits import fields_of, refuses_outside

from heparin_pk import Patient

LIMITS = [
    *fields_of(
        Patient,
        {"weight_kg": 80},
        weight_kg=(-80, 0, 0.39, 400.1, 82_000),
        age_y=(-1, 120.5),
        baseline_aptt_s=(14.9, 151, -30, 0),
        antithrombin_fraction=(-0.1, 2.1, 80),
    ),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)


def test_ends_of_the_limits_are_inside():
    assert Patient(weight_kg=0.4, age_y=0, baseline_aptt_s=15, antithrombin_fraction=0).weight_kg == 0.4
    assert Patient(weight_kg=400, age_y=120, baseline_aptt_s=150, antithrombin_fraction=2).weight_kg == 400.0
    assert type(Patient(weight_kg=np.int64(80)).weight_kg) is float
    assert type(Patient(weight_kg=np.float32(80)).weight_kg) is float
