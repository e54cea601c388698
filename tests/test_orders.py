"""Orders and regimens: limits, one way to write an amount, and the sequence of the orders."""

import pytest
from field_limits import fields_of, refuses_outside

from heparin_pk import Bag, Bolus, Hold, Infusion, Protamine, Regimen, Step, Stop, Subcutaneous

BAG = Bag(units_u=25_000, volume_ml=250)

LIMITS = [
    *fields_of(
        Bolus, {"time_h": 0, "dose_u": 5000}, time_h=(-0.1, 1441), dose_u=(-1, 200_001), over_min=(-1, 601), most_u=(-1, 2e6)
    ),
    *fields_of(Bolus, {"time_h": 0, "dose_u_per_kg": 80}, dose_u_per_kg=(-80, 1001)),
    *fields_of(
        Infusion, {"time_h": 0, "rate_u_per_h": 1000}, time_h=(-1, 1e9), rate_u_per_h=(-1, 500_001), most_u_per_h=(-1, 1e9)
    ),
    *fields_of(Infusion, {"time_h": 0, "rate_u_per_kg_per_h": 18}, rate_u_per_kg_per_h=(-18, 3001)),
    *fields_of(Infusion, {"time_h": 0, "rate_ml_per_h": 18, "bag": BAG}, rate_ml_per_h=(-18, 2001)),
    *fields_of(Hold, {"time_h": 0, "duration_min": 60}, time_h=(-1,), duration_min=(-60, 0, 0.9, 2881)),
    *fields_of(Stop, {"time_h": 0}, time_h=(-1, 1440.1)),
    *fields_of(Subcutaneous, {"time_h": 0, "dose_u": 5000}, time_h=(-1,), dose_u=(-1, 1e6)),
    *fields_of(Protamine, {"time_h": 0, "dose_mg": 50}, time_h=(-1,), dose_mg=(-1, 1001), over_min=(0, -10, 601)),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bolus(time_h=0), "Bolus needs exactly one of dose_u, dose_u_per_kg; got none of them"),
        (
            lambda: Bolus(time_h=0, dose_u=1, dose_u_per_kg=1),
            "exactly one of dose_u, dose_u_per_kg; got dose_u and dose_u_per_kg",
        ),
        (lambda: Subcutaneous(time_h=0), "Subcutaneous needs exactly one of"),
        (lambda: Infusion(time_h=0), "Infusion needs exactly one of rate_u_per_h, rate_u_per_kg_per_h, rate_ml_per_h; got none"),
        (lambda: Infusion(time_h=0, rate_u_per_h=1, rate_ml_per_h=1, bag=BAG), "got rate_u_per_h and rate_ml_per_h"),
        (lambda: Infusion(time_h=0, rate_ml_per_h=10), "millilitres mean nothing without the bag"),
        (lambda: Infusion(time_h=0, rate_u_per_h=10, bag=BAG), "rate_ml_per_h and bag belong together"),
        (
            lambda: Infusion(time_h=0, rate_u_per_kg_per_h=2000).resolved(400),
            "rate_u_per_h must lie between 0 and 500000; got 800000",
        ),
        (
            lambda: Infusion(time_h=0, rate_u_per_h=500_000).resolved(0.4),
            r"rate_u_per_h must lie between 0 and 1200 \(at most 3000 U/kg/h\); got 500000",
        ),
        (lambda: Bolus(time_h=0, dose_u=1, over_min=1e-12), "over_min must be 0, or 0.5 to 600 minutes; got 1e-12"),
        (lambda: Bolus(time_h=0, dose_u=1, over_min=1e-13), "over_min must be 0, or 0.5 to 600 minutes; got 1e-13"),
        (lambda: Bolus(time_h=0, dose_u=1, over_min=0.4), "over_min must be 0, or 0.5 to 600 minutes; got 0.4"),
        (lambda: Step(hold_min=0.5), "hold_min must lie between 1 and 2880; got 0.5"),
        (lambda: Regimen((Stop(time_h=2), Bolus(time_h=1, dose_u=1))), r"order 2 \(Bolus at 1 h\) comes after one at 2 h"),
        (
            lambda: Regimen((Bolus(time_h=1, dose_u=1), Bolus(time_h=1, dose_u=2))),
            r"two orders of one kind.*order 2 \(Bolus at 1 h\)",
        ),
        (
            lambda: Regimen((Infusion(time_h=1, rate_u_per_h=1), Stop(time_h=1))),
            r"two orders of one kind.*order 2 \(Stop at 1 h\)",
        ),
        (lambda: Regimen((Hold(time_h=1, duration_min=5), Hold(time_h=1, duration_min=9))), "two orders of one kind"),
        (lambda: Regimen(("80 U/kg",)), r"order 1 must be one of Bolus, Infusion, .*; got '80 U/kg'"),
        (lambda: Regimen(()).resolved(-1), "weight_kg must lie between"),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()
