"""PRODOSE, PRODOSE-2 and Meesters 2016 say back what is printed of them, and stand beside the sets of the bypass pump."""

import math
from dataclasses import replace

import pytest

from heparin_pk import Bolus, Patient, Regimen, Source, Value, published, simulate
from heparin_pk.published.closed_forms import CLOSED_FORMS, MEESTERS_2016, PRODOSE, PRODOSE_2, ClosedForm

SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")


def test_half_life_of_a_full_dose():
    """Trial registry (NCT03532594): about 150 min after a full adult dose; handbook: 30, 60, 150 min at 25, 100, 400 U/kg."""
    assert PRODOSE.slow_half_life_min(400) == pytest.approx(150, rel=0.05)
    assert [PRODOSE.slow_half_life_min(dose) for dose in (25, 100, 400)] == pytest.approx([30, 60, 150], rel=0.15)


def test_another_coding_computes_the_same():
    """vanderzwaag/nomogram prints 155.23 min at 400 U/kg, 10.0 min (fast), and 21,869 and 24,719 IU left in its worked example.

    There 28,000 IU at 0 and 5,000 IU in the pump at 15 min, 70 kg, at 75 min; it writes ln 2 as 0.693.
    """
    assert PRODOSE.slow_half_life_min(400) == pytest.approx(155.23, abs=0.05)
    assert math.log(2) / PRODOSE.fast_per_min.value == pytest.approx(10.0, abs=0.01)
    for form, printed_u in ((PRODOSE, 21_868.85), (MEESTERS_2016, 24_719.02)):
        slow = math.exp(-math.log(2) / form.slow_half_life_min(400) * 60)
        assert 28_000 * form.left_fraction(75, 400) + 5_000 * slow == pytest.approx(printed_u, rel=3e-4)


def test_the_pump_dilutes():
    """PRODOSE-2: 70 mL/kg of blood and 1,500 mL of pump; the half-life grows by their ratio, more in a small patient."""
    undiluted = 52.44 + 0.2968 * 300
    assert PRODOSE_2.slow_half_life_min(300, 70) == pytest.approx(undiluted * (4900 + 1500) / 4900)
    assert PRODOSE_2.slow_half_life_min(300, 40) > PRODOSE_2.slow_half_life_min(300, 100) > undiluted


@pytest.mark.parametrize("form", CLOSED_FORMS, ids=lambda form: form.name)
def test_a_share_of_the_dose(form):
    found = [form.left_fraction(time_min, 300, 70) for time_min in (0, 5, 30, 60, 120, 240)]
    assert found[0] == 1.0
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == len(found)
    assert "Not a kinetic model" in form.departures
    assert eval(repr(form), {"ClosedForm": ClosedForm, "Value": Value, "Source": Source}) == form


def test_beside_the_sets():
    """300 U/kg, 2 h later: the bypass sets and PRODOSE leave 40 to 46 %, the default 51 %, the other two formulas more."""
    left = {form.name: form.left_fraction(120, 300, 70) for form in CLOSED_FORMS}
    for name in ("LANOISELEE_2026_UFH", "JIA_2015_UFH", "DELAVENNE_2017_UFH", "UFH_DEFAULT"):
        drug, patient = published.named(name), Patient(weight_kg=70)
        course = simulate(patient, drug, Regimen((Bolus(time_h=0, dose_u_per_kg=300),)), hours=3)
        left[name] = course.concentration_at_u_per_ml(2.0) * drug.kinetics(patient).v1_ml / 21_000
    order = ["DELAVENNE_2017_UFH", "JIA_2015_UFH", "LANOISELEE_2026_UFH", "PRODOSE", "UFH_DEFAULT", "PRODOSE_2", "MEESTERS_2016"]
    assert sorted(left, key=left.get) == order
    assert [left[name] for name in order] == pytest.approx([0.40, 0.41, 0.42, 0.46, 0.51, 0.57, 0.65], abs=0.006)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PRODOSE.left_fraction(-1, 300), "time_min must"),
        (lambda: PRODOSE.left_fraction(10, 0), "first_dose_u_per_kg must"),
        (lambda: PRODOSE_2.left_fraction(10, 300), "weight_kg must"),
        (lambda: replace(PRODOSE_2, blood_ml_per_kg=None), "prime_ml and blood_ml_per_kg belong together"),
        (lambda: replace(PRODOSE, fast_fraction=Value(1.1, SOURCE)), "fast_fraction must"),
        (lambda: replace(PRODOSE, half_life_min=26.0), "half_life_min must be a Value"),
        (lambda: replace(PRODOSE, departures=""), "departures"),
    ],
)
def test_what_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", ["PRODOSE", "prodose-2", "meesters_2016"])
def test_they_are_no_sets(name):
    with pytest.raises(ValueError, match="is no set but a closed form"):
        published.named(name)
