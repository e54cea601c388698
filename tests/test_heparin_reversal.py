"""Lanoiselee 2026: what the paper and another coding of it print and that was not typed in; and the S-shaped curve it needs."""

import math

import numpy as np
import pytest

from heparin_pk import Bolus, ClottingTime, Patient, Regimen, Source, level, published, simulate
from heparin_pk.blood.response import Responses, concentration_for_u_per_ml
from heparin_pk.trials.population import people

DRUG = published.LANOISELEE_2026_UFH
ADULT = Patient(weight_kg=70)
SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")
BOLUS = Regimen((Bolus(time_h=0, dose_u_per_kg=300),))
JIA_ON_BYPASS_H = 2.04  # Jia 2015, Table 1: 0.95 to 3.29 h; that of Lanoiselee 2026 was not found


def left_fraction(kinetics, time_h):
    """Return the share of a bolus left in plasma, from the two exponentials of a linear model."""
    out, there, back = (
        kinetics.clearance_ml_per_h / kinetics.v1_ml,
        kinetics.q_ml_per_h / kinetics.v1_ml,
        kinetics.q_ml_per_h / kinetics.v2_ml,
    )
    total = out + there + back
    root = math.sqrt(total * total - 4 * out * back)
    alpha, beta = (total + root) / 2, (total - root) / 2
    return ((alpha - back) * math.exp(-alpha * time_h) + (back - beta) * math.exp(-beta * time_h)) / (alpha - beta)


def test_five_eighths_of_the_heparin_is_enough_protamine_for_95_percent():
    """Abstract: a ratio of 0.625:1 reversed heparin fully in 95 % of patients; here 62.5 % of the bolus or less is left then."""
    left = np.array([left_fraction(DRUG.kinetics(one), JIA_ON_BYPASS_H) for one in people(DRUG, ADULT, 2000, seed=3)])
    assert (left <= 0.625).mean() == pytest.approx(0.95, abs=0.03)
    course = simulate(ADULT, DRUG, BOLUS, hours=3)
    found = course.concentration_at_u_per_ml(JIA_ON_BYPASS_H) * DRUG.kinetics(ADULT).v1_ml / 21_000
    assert found == pytest.approx(left_fraction(DRUG.kinetics(ADULT), JIA_ON_BYPASS_H), rel=1e-3)


def test_another_coding_computes_the_same():
    """vanderzwaag/nomogram prints 13,551 IU left of 300 IU/kg in 70 kg at 60 min; half-life 278.3 min; 520 s at most."""
    course = simulate(ADULT, DRUG, BOLUS, hours=40)
    assert course.concentration_at_u_per_ml(1.0) * 4011.12 == pytest.approx(13_551.47, rel=1e-4)
    late = [course.concentration_at_u_per_ml(time_h) for time_h in (30.0, 40.0)]
    assert 60 * 10 * math.log(2) / math.log(late[0] / late[1]) == pytest.approx(278.3, abs=0.5)
    assert level("act_s", 1e6, ADULT, DRUG.responses) == pytest.approx(520, abs=0.5)


def test_the_curve_is_s_shaped():
    """Half of Emax at C50, and gamma 2.35 is the slope of ln(E / (Emax - E)) against ln C."""
    risen = [level("act_s", c, ADULT, DRUG.responses) - 115.87 for c in (0.0, 1.31, 2.62, 5.24)]
    assert risen[0] == 0.0
    assert risen[2] == pytest.approx(403.97 / 2)
    slopes = [math.log(e / (403.97 - e)) for e in risen[1:]]
    assert np.diff(slopes) / math.log(2) == pytest.approx([2.35, 2.35])


def test_a_hill_exponent_of_one_is_the_hyperbola_bit_for_bit():
    """The curves that were there before keep every bit, for a number, an array and a table of levels."""
    curve = ClottingTime(name="x", assay="act_s", baseline_s=116, most_s=720, half_at_u_per_ml=3.49, source=SOURCE)
    answers = Responses(aptt=None, act=curve)
    for c in (0.0, 0.1, 3.49, 7.3):
        assert level("act_s", c, ADULT, answers) == 116 + 1.0 * (0.0 * c + 720 * c / (3.49 + c))
    levels = np.array([[0.0, 0.1, 3.49], [7.3, 1e3, 1e-9]])
    assert (level("act_s", levels, ADULT, answers) == 116 + 1.0 * (0.0 * levels + 720 * levels / (3.49 + levels))).all()
    many = level("act_s", levels, ADULT, DRUG.responses)
    assert many.tolist() == [[level("act_s", c, ADULT, DRUG.responses) for c in row] for row in levels.tolist()]
    assert np.isfinite(level("act_s", np.array([1e12]), ADULT, DRUG.responses)).all()
    with pytest.raises(ValueError, match="inverse is not implemented"):
        concentration_for_u_per_ml("act_s", 400.0, ADULT, DRUG.responses)


@pytest.mark.parametrize("exponent", [0.1, 5.1, math.nan, "2"])
def test_a_hill_exponent_has_limits(exponent):
    with pytest.raises(ValueError, match="hill_exponent must"):
        ClottingTime(name="x", assay="act_s", baseline_s=116, most_s=720, hill_exponent=exponent, source=SOURCE)


def test_variability_was_read_as_omega():
    """Supplementary Table 1 prints 0.27, 0.22, 0.41 and 0.74: SDs of the logarithm, of which the CV follows."""
    found = [math.sqrt(math.log1p(v.cv_fraction.value**2)) for v in DRUG.variability]
    assert found == pytest.approx([0.27, 0.22, 0.41, 0.74], abs=0.001)
    assert "3.3 min" in DRUG.departures
    assert math.log(2) / 12.77 * 60 == pytest.approx(3.3, abs=0.05)
