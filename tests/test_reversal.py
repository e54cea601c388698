"""Taking heparin away: the printed tables line by line, the model beside them, rebound, too much, and when it is normal again."""

import math

import pytest

from heparin_pk import Bolus, Patient, Protamine, Regimen, published, simulate
from heparin_pk.simulation import after_stop
from heparin_pk.simulation.after_stop import infusion_then_stop, neutralised
from heparin_pk.teaching import reversal
from heparin_pk.teaching.reversal import CHEO, CHILDRENS_MERCY, ONE_LABORATORY, protamine_dose
from heparin_pk.trials.off_ramp import NormalAgain, normal_again_h

ADULT = Patient(weight_kg=75)
UFH = published.UFH_DEFAULT
outside = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")


@pytest.mark.parametrize(
    ("minutes", "low", "high"),
    [
        (0, 1, 1), (29, 1, 1), (30, 0.5, 0.75), (59, 0.5, 0.75), (60, 0.375, 0.5), (119, 0.375, 0.5), (120, 0.25, 0.375),
        (400, 0.25, 0.375),
    ],
)  # fmt: skip
def test_childrens_mercy_as_printed(minutes, low, high):
    """Table 2: < 30 min 1 mg; 30-60 0.5-0.75; 60-120 0.375-0.5; > 120 0.25-0.375, for each 100 units."""
    dose = protamine_dose(CHILDRENS_MERCY, 100, minutes)
    assert (dose.low_mg, dose.high_mg) == (low, high)


def test_the_other_printed_tables():
    """CHEO: 1-1.5, 0.5-0.75, 0.375-0.5, 0.25-0.375; a laboratory: 1, 0.75, 0.5, 0.25, and none at 4 h."""
    assert [(line.low_mg, line.high_mg) for line in CHEO.lines] == [(1, 1.5), (0.5, 0.75), (0.375, 0.5), (0.25, 0.375)]
    assert [protamine_dose(ONE_LABORATORY, 100, m).high_mg for m in (10, 30, 60, 130, 240)] == [1, 0.75, 0.5, 0.25, 0]


def test_the_printed_example_of_quebec():
    """1,500 U/h and 5,000 U three hours ago: 1500 + 750 + 1250 + 375 = 3,875 units to neutralise."""
    assert reversal.to_neutralise_u("Quebec", [1500, 1500, 1500 + 5000]) == 3875
    assert reversal.to_neutralise_u("Illinois", [1000, 1000, 1000, 1000]) == 1750


def test_centres_differ():
    """After 1,350 U/h: 27, 13.5, 25.3 and 23.6 mg, by hand."""
    doses = reversal.spread(1350)
    assert [round(one.high_mg, 1) for one in doses.values()] == [27.0, 13.5, 25.3, 23.6]
    assert max(one.high_mg for one in doses.values()) == pytest.approx(2 * min(one.high_mg for one in doses.values()))
    later = reversal.spread(1350, 60)
    assert all(later[name].high_mg < doses[name].high_mg for name in doses)
    assert later["Quebec"].high_mg == pytest.approx((0.5 + 0.25 + 0.125) * 13.5)
    assert reversal.spread(1350, 240)["Quebec"].high_mg == 0


def test_more_than_50_mg_is_said_and_not_cut():
    dose = protamine_dose(CHILDRENS_MERCY, 6000, 10)
    assert dose.high_mg == 60
    assert dose.is_capped
    assert "at most 50 mg in 10 min" in dose.in_words()
    assert not protamine_dose(CHILDRENS_MERCY, 5000, 10).is_capped


def test_the_model_beside_the_table():
    """After 80 U/kg nothing is missing that was given, and what is left falls; the table is near it, not on it."""
    rows = reversal.table_against_model(elapsed_min=(1, 10, 60, 120))
    assert rows[0].left_u == pytest.approx(6000, rel=0.03)
    assert [row.left_u for row in rows] == sorted((row.left_u for row in rows), reverse=True)
    assert all(row.left_mg == pytest.approx(row.left_u / 100) for row in rows)
    assert [row.asked.high_mg for row in rows] == [60, 60, 30, 22.5]
    assert "left in plasma" in reversal.compared_in_words(rows)


def test_protamine_in_excess_leaves_next_to_nothing():
    before = infusion_then_stop(ADULT, UFH)
    left_mg = after_stop.left_in_plasma_u(before, 24.0) / 100
    done = neutralised(infusion_then_stop(ADULT, UFH, protamine_mg=2 * left_mg))
    assert done.before_u_per_ml == pytest.approx(before.concentration_at_u_per_ml(24.0))
    assert done.lowest_u_per_ml < 0.05 * done.before_u_per_ml
    half = neutralised(infusion_then_stop(ADULT, UFH, protamine_mg=0.25 * left_mg))
    assert half.lowest_u_per_ml > done.lowest_u_per_ml


@outside
def test_rebound_needs_a_second_compartment():
    """After bypass doses heparin comes back in a model with tissue, and not in the default, which keeps none."""
    orders = Regimen((Bolus(time_h=0, dose_u_per_kg=300), Protamine(time_h=2, dose_mg=150, over_min=30)))
    tissue = neutralised(simulate(ADULT, published.LANOISELEE_2026_UFH, orders, hours=8))
    assert tissue.rebound_u_per_ml > 5 * tissue.lowest_u_per_ml
    assert 2 < tissue.rebound_after_h < 6
    none = neutralised(simulate(ADULT, UFH, orders, hours=8))
    assert none.rebound_u_per_ml == none.lowest_u_per_ml
    assert none.rebound_after_h == 0


def test_too_much_is_stated():
    """Mochizuki 1998: 1.3:1."""
    assert "2.50 mg for each 100 U still there: above 1.3" in reversal.overdose_in_words(50, 2000)
    assert "not above 1.3" in reversal.overdose_in_words(20, 2000)
    assert "no heparin left" in reversal.overdose_in_words(20, 0)
    words = reversal.ways_in_words()
    assert all(part in words for part in ("2.9 %", "hypotension", "rebound", "puncture"))


def test_normal_again_for_one_patient():
    """From the state at the stop, 0.449 U/mL, to 0.1: the level at that moment is 0.1, and stays below."""
    course = infusion_then_stop(ADULT, UFH)
    time_h = after_stop.normal_again_h(course, 24.0)
    assert course.concentration_at_u_per_ml(24.0 + time_h) == pytest.approx(0.1, rel=0.02)
    ratio_h = after_stop.normal_again_h(course, 24.0, "aptt_ratio")
    assert course.level_at("aptt_s", 24.0 + ratio_h) / course.patient.baseline_aptt_s == pytest.approx(1.2, rel=0.01)
    assert after_stop.normal_again_h(simulate(ADULT, UFH, Regimen(), hours=1), 0.5) == 0
    assert after_stop.normal_again_h(simulate(ADULT, UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=80),)), hours=1), 0.0) is None


@pytest.mark.slow
def test_normal_again_is_a_distribution():
    found = normal_again_h(n=60)
    assert found.n == 60
    assert found == normal_again_h(n=60)
    early, middle, late = (found.quantile_h(q) for q in (0.05, 0.5, 0.95))
    assert early < middle < late
    assert middle == pytest.approx(1.6, abs=0.4)  # 1.55 h in the typical patient
    assert found.by_fraction(12.0) == 1 - found.not_within / 60
    higher = normal_again_h(n=60, rate_u_per_kg_per_h=25)
    assert higher.quantile_h(0.5) > middle
    assert "half by" in found.in_words()


def test_quantiles_count_those_who_were_late():
    found = NormalAgain(assay="aptt_ratio", found_h=(1.0, 2.0, 3.0), not_within=1)
    assert [found.quantile_h(q) for q in (0.0, 0.25, 0.5, 0.75, 0.76)] == [1.0, 1.0, 2.0, 3.0, None]
    assert found.by_fraction(2.0) == 0.5
    assert "95 % by over 12 h" in found.in_words()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: protamine_dose(CHILDRENS_MERCY, -1, 5), "heparin_u must lie between 0 and 1e\\+06; got -1"),
        (lambda: protamine_dose(CHILDRENS_MERCY, 100, -5), "elapsed_min must lie between 0 and 1440; got -5"),
        (lambda: reversal.spread(-1), "rate_u_per_h must lie between 0 and 10000; got -1"),
        (lambda: reversal.spread(1000, 300), "stopped_min must lie between 0 and 240; got 300"),
        (lambda: reversal.to_neutralise_u("Paris", [1]), "rule must be one of Quebec, Illinois; got 'Paris'"),
        (lambda: reversal.table_against_model(elapsed_min=(0,)), "elapsed_min must lie between 1 and 240; got 0"),
        (lambda: reversal.overdose_in_words(math.nan, 1), "protamine_mg must lie between 0 and 1000; got nan"),
        (lambda: infusion_then_stop(ADULT, UFH, protamine_mg=60), "protamine_mg must lie between 0 and 50; got 60"),
        (lambda: neutralised(infusion_then_stop(ADULT, UFH)), "course must hold protamine; got none"),
        (lambda: after_stop.normal_again_h(infusion_then_stop(ADULT, UFH), 99), "stop_h must lie between 0 and 36; got 99"),
        (lambda: after_stop.normal_again_h(infusion_then_stop(ADULT, UFH), 24, "act_s"), "assay must be one of"),
        (lambda: normal_again_h(n=0), "n must lie between 1 and 10000; got 0"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_table_must_rise_and_end_open():
    line = CHILDRENS_MERCY.lines[0]
    with pytest.raises(ValueError, match="lines must rise in time and end open"):
        reversal.ProtamineTable(name="x", counts="x", lines=(line,), source=CHILDRENS_MERCY.source)
