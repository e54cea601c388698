"""Kinetics: the limits of each parameter, what contradicts itself, and the kinetics of a whole cohort."""

from dataclasses import replace

import numpy as np
import pytest
from field_limits import fields_of, refuses_outside
from wards import ward

from heparin_pk import Patient, hospital, published
from heparin_pk.body.kinetics import Kinetics, KineticsOfAll, State
from heparin_pk.engine import Run

LIMITS = [
    *fields_of(
        Kinetics,
        {"v1_ml": 3000},
        v1_ml=(-1, 0, 1e7),
        clearance_ml_per_h=(-1, 1e7),
        vmax_u_per_h=(-1, 1e7),
        km_u_per_ml=(-1, 1e-7, 1e5),
        q_ml_per_h=(-1, 1e7),
        v2_ml=(-1, 0.5, 1e7),
        bmax_u=(-1, 1e7),
        kon_ml_per_u_per_h=(-1, 1e5),
        kint_per_h=(-1, 1e4),
        ktr_per_h=(-1, 1e4),
        bioavailability_fraction=(-0.1, 1.1, 50),
        lag_h=(-1, 49),
        kr_ml_per_u_per_h=(-1, 1e5),
        protamine_loss_per_h=(-1, 1e4),
        ke0_per_h=(-1, 1e4),
    ),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Kinetics(v1_ml=3000, bmax_u=1000), "bmax_u needs kon_ml_per_u_per_h and kint_per_h above 0; got .* without"),
        (lambda: Kinetics(v1_ml=3000, bmax_u=1000, kon_ml_per_u_per_h=1), "bmax_u needs kint_per_h above 0"),
        (lambda: Kinetics(v1_ml=3000, vmax_u_per_h=1000), "vmax_u_per_h needs km_u_per_ml above 0; got vmax_u_per_h 1000"),
        (lambda: Kinetics(v1_ml=3000, q_ml_per_h=100), "q_ml_per_h needs v2_ml above 0"),
        (lambda: Kinetics(v1_ml=3000, ktr_per_h=0.5), "ktr_per_h needs bioavailability_fraction above 0"),
        (
            lambda: KineticsOfAll(2, 2, {"v1_ml": np.array([3000, 3100]), "vmax_u_per_h": np.array([0.0, 900.0])}),
            "vmax_u_per_h needs km_u_per_ml above 0",
        ),
        (lambda: Kinetics(v1_ml=3000, transits=3), "transits must be one of 1, 2; got 3"),
        (lambda: Kinetics(v1_ml=3000, transits=True), "transits must be one of 1, 2; got True"),
        (
            lambda: Kinetics(v1_ml=3000, vmax_u_per_h=1000, km_u_per_ml=1).steady_state_u_per_ml(1000),
            "rate_u_per_h must stay below 1000 U/h.*; got 1000",
        ),
        (lambda: Kinetics(v1_ml=3000).steady_state_u_per_ml(1), "must stay below 0 U/h"),
        (lambda: Kinetics(v1_ml=3000).steady_state_u_per_ml(-1), "rate_u_per_h must lie between"),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()


@pytest.mark.parametrize(
    "too_fast",
    [
        {"v1_ml": 4000, "vmax_u_per_h": 2000, "km_u_per_ml": 1e-6},
        {"v1_ml": 1, "clearance_ml_per_h": 1e6},
        {"v1_ml": 4000, "bmax_u": 1e6, "kon_ml_per_u_per_h": 1e4, "kint_per_h": 1},
    ],
)
def test_kinetics_that_no_drug_has_are_refused(too_fast):
    with pytest.raises(ValueError, match="must stay below 1000 /h"):
        Kinetics(**too_fast)


def test_a_term_that_is_off_needs_nothing_else():
    """Where a term is off, the number it is divided by is 1, for one patient and for many."""
    plain = Kinetics(v1_ml=3000, clearance_ml_per_h=600)
    switched_off = Kinetics(v1_ml=3000, clearance_ml_per_h=600, km_u_per_ml=0.3, v2_ml=1000, bioavailability_fraction=0.5)
    assert plain.rates().km_u_per_ml == plain.rates().inverse_v2_per_ml == 1.0
    assert switched_off.steady_state_u_per_ml(300) == plain.steady_state_u_per_ml(300)
    every = KineticsOfAll(2, 2, {"v1_ml": 3000, "clearance_ml_per_h": np.array([600.0, 700.0])})
    for name, of_all in every.rates()._asdict().items():
        assert of_all[0] == getattr(plain.rates(), name)


def test_kinetics_at_the_limit_stay_positive():
    nearly = Kinetics(v1_ml=1000, vmax_u_per_h=9000, km_u_per_ml=0.01)
    for engine in ("stepper", "scipy"):
        run = Run(nearly, engine)
        run.give(0.0, State(central_u=2000.0), rate_u_per_h=3000.0)
        run.give(2.0, rate_u_per_h=0.0)
        assert run.trajectory(6.0)[1].min() >= 0.0


def test_kinetics_of_all_are_those_of_each_patient():
    cohort = ward(30)
    for drug in (published.UFH_DEFAULT, published.GREEN_2003_ENOXAPARIN, published.RXKINETICS_UFH):
        drawn = replace(hospital.THROMBOSIS_WARD, typical=Patient(weight_kg=75, creatinine_clearance_ml_per_min=70)).cohort(
            drug, np.arange(30), seed=3
        )
        every = drug.kinetics_of_all(drawn)
        for i in range(30):
            assert every[i] == drug.kinetics(drawn[i])
            assert isinstance(every[i], Kinetics)
    assert cohort.take(np.array([4, 2]))[0] == cohort[4]
