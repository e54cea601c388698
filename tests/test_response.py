"""From concentration to aPTT and anti-Xa: reagents, antithrombin, and the aPTT range of an anti-Xa range."""

import math

import numpy as np
import pytest
from field_limits import fields_of, refuses_outside
from instances import ADULT, SOURCE, UFH

from heparin_pk import Infusion, Patient, Reagent, Regimen, aptt_range_for_anti_xa, published, simulate
from heparin_pk.blood.response import level

REAGENT = {"name": "r", "slope_ml_per_u": 1.3, "source": SOURCE}

LIMITS = [
    *fields_of(Reagent, REAGENT, slope_ml_per_u=(-1, 0, 11), control_aptt_s=(14, 61, -30)),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reagent(name="r", slope_ml_per_u=1, source="paper"), "reagent 'r' needs a Source; got 'paper'"),
        (lambda: Reagent(name="", slope_ml_per_u=1, source=SOURCE), "name must be a text that is not empty"),
        (
            lambda: Reagent.from_matched_range(name="r", anti_xa_u_per_ml=(0, 0.7), aptt_ratio=(1.5, 2.5), source=SOURCE),
            "two rising levels above 0 and two rising ratios above 1",
        ),
        (
            lambda: Reagent.from_matched_range(name="r", anti_xa_u_per_ml=(0.3, 0.7), aptt_ratio=(1.0, 2.5), source=SOURCE),
            "two rising levels above 0 and two rising ratios above 1",
        ),
        (
            lambda: aptt_range_for_anti_xa(published.reagents.RASCHKE, Patient(weight_kg=70), (-0.3, 0.7)),
            "anti_xa_range must lie",
        ),
        (
            lambda: aptt_range_for_anti_xa(published.reagents.GUIDELINE, Patient(weight_kg=80, antithrombin_fraction=0.26)),
            "the aPTT at an anti-Xa of 0.7 U/mL must lie below 1000 s to be a range; got 1063 s",
        ),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()


def test_low_antithrombin_hides_heparin_from_the_anti_xa_assay():
    poor, rich = (Patient(weight_kg=75, antithrombin_fraction=f) for f in (0.5, 1.5))
    regimen = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18),))
    for patient, share in ((poor, 0.5), (rich, 1.0)):
        course = simulate(patient, UFH, regimen, hours=6)
        np.testing.assert_array_equal(course.level("anti_xa_u_per_ml"), share * course.concentration_u_per_ml)


def test_an_anti_xa_range_knows_the_antithrombin():
    reagent, short = published.reagents.GUIDELINE, Patient(weight_kg=75, antithrombin_fraction=0.5)
    assert aptt_range_for_anti_xa(reagent, short, (0.15, 0.35)) == aptt_range_for_anti_xa(reagent, ADULT, (0.3, 0.7))
    with pytest.raises(ValueError, match="antithrombin_fraction must be above 0"):
        aptt_range_for_anti_xa(reagent, Patient(weight_kg=75, antithrombin_fraction=0.0))
    for ends in ((0.0, 0.7), (0.7, 0.3), (0.3, 0.5, 0.7)):
        with pytest.raises(ValueError, match="anti_xa_range must"):
            aptt_range_for_anti_xa(reagent, ADULT, ends)
    wide = aptt_range_for_anti_xa(published.reagents.PATHROMTIN_SL, ADULT)
    assert wide.in_words() == "aPTT 81 to > 150 s"


def test_levels_below_nothing_are_refused():
    for wrong in (-0.1, math.nan, np.array([0.1, -0.1])):
        with pytest.raises(ValueError, match="concentration_u_per_ml must be 0 or more"):
            level("aptt_s", wrong, ADULT, published.reagents.GUIDELINE)
