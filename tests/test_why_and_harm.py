"""Inside the tube under a slider, platelets day by day, the way back, and checks: what the new widgets and pictures rest on."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from heparin_pk import (
    Nomogram,
    Patient,
    clotting,
    consequences,
    fault_arms,
    hit,
    indications,
    leaflet,
    normal_again_h,
    platelet_series,
    plot,
    published,
    reversal,
    team,
    titrate,
    widgets,
)
from heparin_pk.plot import harm_tables
from heparin_pk.simulation.after_stop import infusion_then_stop
from heparin_pk.teaching import alternatives, regrets
from heparin_pk.trials import off_ramp
from heparin_pk.ward.faults import CHECKS, KINDS
from heparin_pk.widgets import gone_wrong, inside_the_tube, low_platelets


@pytest.fixture(scope="module")
def normal():
    return clotting.over_heparin(clotting.Plasma(), (0.0, 0.5, 1.0))


# Inside the tube


def test_a_series_is_the_tubes_one_by_one(normal):
    """31, 63 and 140 s: the reference values of the network."""
    assert [round(one.clotted_s) for one in normal] == [31, 63, 140]
    for one in normal:
        assert one.clotted_s == pytest.approx(clotting.aptt_s(clotting.Plasma(heparin_u_per_ml=one.heparin_u_per_ml)), rel=1e-4)
        assert (np.diff(one.fibrin_nmol_per_l) >= -1e-6).all(), "no fibrin dissolves"
        assert one.peak_nmol_per_l == pytest.approx(one.thrombin_nmol_per_l.max(), rel=0.02)
    assert normal[1].peak_nmol_per_l < 0.1 * normal[0].peak_nmol_per_l


def test_half_the_antithrombin_acts_like_a_third_less_heparin():
    low = clotting.Plasma(heparin_u_per_ml=0.5, antithrombin_fraction=0.5)
    like = clotting.acts_like_u_per_ml(low)
    assert like == pytest.approx(0.32, abs=0.01)  # the calibration's own notes: 0.32
    assert clotting.aptt_s(clotting.Plasma(heparin_u_per_ml=like)) == pytest.approx(clotting.aptt_s(low), rel=0.01)
    with pytest.raises(ValueError, match="the aPTT of plasma must lie between 31.0 and"):
        clotting.acts_like_u_per_ml(clotting.Plasma(factor_viii_fraction=3.0))


def test_the_picture_of_a_series_refuses_a_level_it_lacks(normal):
    axes = plot.over_heparin(normal, 0.5, whole=normal, patient=Patient(weight_kg=75), reagent=published.reagents.GUIDELINE)
    assert len(axes) == 3
    assert "clots at 63 s; without heparin it clots at 31 s" in plot.describe_over_heparin(normal, 0.5)
    with pytest.raises(ValueError, match="at_u_per_ml must be a level of the series, 0, 0.5, 1; got 0.7"):
        plot.over_heparin(normal, 0.7)
    assert len(plot.over_heparin((), 0.7)) == 3, "while it is computed"


def test_fibrin_that_is_there_stays():
    left = inside_the_tube._fibrin_left_fraction()
    assert 1.0 <= left < 1.2
    asked = widgets.predict_no_lysis()
    asked.answer("0", sure=75)
    assert "dissolves no fibrin" in asked.said.value
    asked.answer("100", sure=75)
    assert "✓" in asked.said.value


def test_sparing_an_enzyme_is_drawn_beside_the_whole():
    scene = widgets.tube(predict=False, heparin=0.5)
    assert "heparin spares thrombin" in scene.words
    assert "With nothing spared: 63 s" in scene.words
    scene.set(thrombin=False)
    assert "thought experiment" not in scene.words
    assert "clots at 63 s" in scene.words


# Platelets


def test_the_ward_sees_no_day_that_has_not_come():
    series = platelet_series("typical", counted_d=range(15), days_d=15, seed=98)
    days = hit.day_by_day(series)
    axes = plot.counts_so_far(days, today_d=6)
    drawn = next(line for line in axes[0].get_lines() if line.get_label() == "platelets").get_xdata()
    assert max(drawn) == 6
    assert "4 of 8" in plot.describe_counts_so_far(days, 6)
    with pytest.raises(ValueError, match="no count is known by today_d = -1"):
        plot.counts_so_far(days, today_d=-1)


def test_each_of_the_five_patients_tells_another_story():
    last = {name: low_platelets._days(name, 1)[-1] for name in low_platelets.PATIENTS}
    suspected = [hit.suspected_d(low_platelets._days(name, 1)) for name in low_platelets.PATIENTS]
    assert suspected == [6.0, None, 3.0, None, 10.0]
    assert [one.count_e9_per_l < 100 for one in last.values()] == [True, False, True, False, True]
    scene = widgets.platelet_days(predict=False)
    assert "stop all heparin" in scene.words
    scene.set(today=4.0)
    assert "nothing yet" in scene.words
    scene.set(counted="every 3 days", today=6.0)
    assert "of day 6" in scene.words


def test_the_tests_are_read_by_hand():
    """14 of 100 before, 167/168 and 435/476: 0.14 x 0.994 / (0.14 x 0.994 + 0.86 x 0.086) = 0.653."""
    scene = widgets.hit_tests(predict=False)
    assert "653 of 1,000 have HIT" in scene.words
    scene.set(thrombocytopenia=1.0, timing=1.0, other_causes=1.0)
    assert "23 of 1,000 have HIT" in scene.words
    scene.set(immunoassay="not back yet", functional="positive")
    assert "functional comes after the immunoassay" in scene.words


def test_a_late_day_is_worse_and_its_clots_are_counted():
    scene = widgets.one_day_late(predict=False)
    assert "5.1 have a new clot" in scene.words
    scene.set(waiting=3.0)
    assert "15.3 have a new clot" in scene.words
    early, late = (low_platelets._stopped(day) for day in (6.0, 7.0))
    assert late.nadir_e9_per_l < early.nadir_e9_per_l


def test_the_organ_that_removes_the_drug_decides():
    scene = widgets.instead_of_heparin(predict=False)
    level = {}
    for drug in ("argatroban", "bivalirudin"):
        for organ in ("neither", "cirrhosis", "kidney_failure"):
            scene.set(drug=drug, cirrhosis=organ == "cirrhosis", kidney_failure=organ == "kidney_failure")
            level[drug, organ] = low_platelets._instead_course(
                drug, 75.0, organ == "cirrhosis", organ == "kidney_failure"
            ).level_at("aptt_s", 5.0)
    assert level["argatroban", "cirrhosis"] > level["argatroban", "neither"] + 5
    assert level["argatroban", "kidney_failure"] == pytest.approx(level["argatroban", "neither"])
    assert level["bivalirudin", "kidney_failure"] > level["bivalirudin", "neither"] + 5
    with pytest.raises(ValueError, match="course must aim at a range"):
        plot.titrated(infusion_then_stop(Patient(weight_kg=75), published.UFH_DEFAULT))


# The way back, and errors


def test_protamine_by_the_clock_and_its_overdose():
    scene = widgets.protamine_by_time(predict=False)
    assert "22.5 to 30 mg" in scene.words  # Children's Mercy, 60 minutes: 0.375 to 0.5 mg for each 100 U of 6,000
    scene.set(minutes=10.0)
    assert "at most 50 mg in 10 min" in scene.words
    way = widgets.after_the_stop(predict=False)
    assert "Protamine:" not in way.words
    way.set(protamine=50.0, after=180.0)
    assert "above 1.3" in way.words, "so little is left after three hours"
    assert "Rebound" in way.words or "No rebound" in way.words


def test_what_gets_past_is_the_product():
    bought = consequences.buy(["independent double check", "smart-pump limits"])
    assert bought.past_fraction["tenfold"] == pytest.approx(0.67 * 4 / 15)
    assert "tenfold rate 18 %" in plot.describe_past_the_checks(bought)
    whole, past = ([path.get_extents().width for path in bars.get_paths()] for bars in plot.past_the_checks(bought).collections)
    assert past == pytest.approx([100.0 * share for share in bought.past_fraction.values()])
    assert whole == [100.0] * len(past)
    scene = widgets.buy_checks(predict=False, most=10.0)
    assert "at most 10 min" in scene.words, "the budget is not exceeded silently"
    assert gone_wrong._longest_below() == "a new lot of reagent"


def test_every_table_has_rows():
    course = titrate(Patient(weight_kg=75), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=24, seed=1)
    steps = hit.work_up(hit.FourTs(thrombocytopenia=2, timing=2, thrombosis=0, other_causes=1), immunoassay=True)
    made = [
        harm_tables.documentation(team.documentation(course)), harm_tables.duties(team.who_does_what(course)),
        harm_tables.leaflet(leaflet.leaflet(indications.named("pulmonary-embolism"))),
        harm_tables.four_ts(), harm_tables.tests(hit.TESTS), harm_tables.work_up(steps), harm_tables.plate(),
        harm_tables.platelet_sources(), harm_tables.signs(), harm_tables.checks(), harm_tables.allergy(),
        harm_tables.reactions_to_protamine(), harm_tables.protamine(reversal.table_against_model()),
        harm_tables.spread(reversal.spread(1350.0, 15.0)), harm_tables.handover(course.handover(12)),
        *(harm_tables.published_regrets(side) for side in regrets.SIDES),
    ]  # fmt: skip
    for one in made:
        assert len(one.rows) >= 2, one.caption
        assert all(len(row) == len(one.headings) for row in one.rows), one.caption


# Predictions of numbers


@pytest.fixture(scope="module")
def wards():
    trial = fault_arms.trial_of_checks(Nomogram.load("raschke-1993"))
    return fault_arms.what_checks_did(trial, trial.run(60, seed=1, progress=False))


def test_predictions_are_judged_by_what_the_package_computes(wards):
    """Each is told its own error, and the right number is right."""
    people = normal_again_h(n=40)
    found = {
        "networks": (widgets.predict_networks(), 36 / 34),
        "spread": (widgets.predict_spread(), 23.6 / 10.1),
        "slow": (widgets.predict_slow(people), people.quantile_h(0.95)),
        "checks": (widgets.predict_what_checks_do(wards), 100.0 * wards[-1].above_fraction),
    }
    for name, (asked, right) in found.items():
        said = []
        for typed in (right, 0.0, 99.0):
            asked.answer(f"{typed:.2f}", sure=75)
            said.append(asked.said.value)
        assert "✓" in said[0], name
        assert all("✗" in words for words in said[1:]), name
        assert len(set(said)) == 3, name


def test_predictions_refuse_what_cannot_be_asked(wards):
    with pytest.raises(ValueError, match="arms must be at least two; got 1"):
        widgets.predict_what_checks_do(wards[:1])
    with pytest.raises(ValueError, match=r"found must have times for 95 % of its people; got 1 of 2"):
        widgets.predict_slow(off_ramp.NormalAgain(assay="anti_xa_u_per_ml", found_h=(1.0,), not_within=1))


def test_what_answers_a_prediction_appears_after_it(wards):
    checked = widgets.predict_what_checks_do(wards)
    waiting = [widgets.after(checked, made, wards) for made in (plot.what_checks_did, harm_tables.arms)]
    assert not any(one.is_shown or "<img" in one.what.value or "<table" in one.what.value for one in waiting)
    checked.answer("20", sure=75)
    assert "<img" in waiting[0].what.value
    assert "<table" in waiting[1].what.value


def test_the_checks_are_drawn_arm_by_arm(wards):
    time, above, worst = plot.what_checks_did(wards)
    assert [bar.get_width() for bar in time.patches] == pytest.approx([one.minutes for one in wards])
    assert [bar.get_width() for bar in above.patches] == pytest.approx([100.0 * one.above_fraction for one in wards])
    assert [bar.get_width() for bar in worst.patches] == pytest.approx([one.peak_99_u_per_ml for one in wards])
    assert [label.get_text() for label in time.get_yticklabels()] == [one.arm for one in wards]


def test_cheap_checks_meet_most_errors():
    """By hand: the nine checks of at most 5 minutes take 24.5 and meet ten; eleven need 22 and the table read back."""
    cheap = [name for name in CHECKS if consequences.buy([name]).minutes <= 5.0]
    bought = consequences.buy(cheap)
    assert (bought.minutes, sum(share < 1.0 for share in bought.past_fraction.values())) == (24.5, 10)
    assert widgets.most_errors_met(31.5) == 10
    assert widgets.most_errors_met(32.0) == 11
    assert widgets.most_errors_met(0.0) == 0


def test_each_error_has_a_name_for_readers():
    names = [plot.error_in_words(kind) for kind in KINDS]
    assert len(set(names)) == len(KINDS)
    with pytest.raises(ValueError, match="kind must be one of"):
        plot.error_in_words("nonsense")


def test_the_hours_after_the_stop_are_those_of_the_widget():
    assert f"{widgets.hours_after_the_stop(18.0):.1f} h after the stop" in widgets.after_the_stop(predict=False).words
    assert widgets.hours_after_the_stop(24.0) > 3.0 * widgets.hours_after_the_stop(12.0)


# The chart of a drug in micrograms, and the lag


def test_a_chart_in_micrograms_says_no_units():
    words = alternatives.named("argatroban").course(Patient(weight_kg=75), hours=6.0).in_words()
    assert "[no bolus, 60 µg/kg/h]" in words
    assert "U/kg/h" not in words
    heparin = titrate(Patient(weight_kg=75), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=6, seed=1)
    assert "U/kg" in heparin.in_words()


def test_the_wrong_lag_is_said(normal):
    words = plot.describe_over_heparin(normal, 0.5)
    assert normal[1].lag_min < normal[0].lag_min, "the known error of this network"
    assert "heparin shortens the lag" in words
    assert "in real plasma heparin lengthens it" in words
    assert "lag" not in plot.describe_over_heparin(normal, 0.5, shows=("fibrin", "seconds"))


def test_what_is_shown_is_drawn(normal):
    axes = plot.over_heparin(normal, 0.5, whole=normal, whole_is="normal plasma", shows=("thrombin", "seconds"))
    assert [ax.get_ylabel() for ax in axes] == ["thrombin (nmol/L)", "aPTT (s), logarithmic"]
    assert "network, normal plasma" in [text.get_text() for text in axes[1].get_legend().get_texts()]
    with pytest.raises(ValueError, match="shows must be one of"):
        plot.over_heparin(normal, 0.5, shows=("else",))
    with pytest.raises(ValueError, match="axes must be as many as the pictures, 2; got 1"):
        plot.over_heparin(normal, 0.5, shows=("fibrin", "seconds"), axes=axes[:1])


def test_a_plasma_that_resists_is_drawn_beside_normal_plasma():
    scene = widgets.resisting_plasma(predict=False)
    assert "the aPTT is 42 s, in normal plasma 63 s" in scene.words
    scene.set(plasma="half the antithrombin")
    assert "the aPTT is 48 s" in scene.words
