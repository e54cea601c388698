"""Widgets without a browser: set a value, read the display, and compare it with the results of the package."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from ipywidgets import HTML
from scipy.integrate import trapezoid

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from heparin_pk import ByHand, Drug, Lab, Nomogram, Patient, Reagent, Step, cases, metrics, plot, published, reagent_for, titrate
from heparin_pk.simulation.course import chart_in_words
from heparin_pk.teaching import day_review, practice, second_look
from heparin_pk.teaching.indications import named
from heparin_pk.widgets import bedside, bedside_day, quiz
from heparin_pk.widgets.bedside_day import _OPEN, _TABLES
from heparin_pk.widgets.controls import ROW, Unfolds
from heparin_pk.widgets.picture import Scene
from heparin_pk.widgets.words import number_in_words, side

CONTROLS = ("weight_kg", "baseline_aptt_s", "bolus_u_per_kg", "rate_u_per_kg_per_h", "first_check_h")


@pytest.fixture(autouse=True)
def _close():
    yield
    _OPEN.clear()
    plt.close("all")


OWN = Patient(weight_kg=82, baseline_aptt_s=31)


def new(**kwargs):
    """Return a bedside that no other part of the test has used, with a patient of one's own unless a case is asked for."""
    _OPEN.clear()
    return bedside(**({} if {"case", "seed"} & set(kwargs) else {"patient": OWN}) | kwargs)


def twice(day, button):
    """Press a button, and once more where the widget asks whether it is meant."""
    button.click()
    if day._asked is not None:
        button.click()


def revealed(**kwargs):
    """Return a bedside after the prediction, with the first result shown."""
    day = new(**kwargs)
    day.prediction.value = "in range"
    day.sure.value = 75
    twice(day, day.show)
    return day


def finished(**kwargs):
    """Return a bedside after all results were answered without a change."""
    day = revealed(**kwargs)
    while day.course.hours < day.hours:
        twice(day, day.rows[-1].give)
    return day


def rows_shown(day) -> tuple:
    """Return the rows in the order of their results; on the screen the open row stands above the others."""
    return (*day._answered_box.children, *day._waiting_box.children)


def parts_of(widget):
    """Yield a widget and all that lie in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts_of(child)


def path(day, name: str, kind: str) -> str:
    group = re.search(rf'<g data-track="{re.escape(name)}">(.*?)</g>', day.picture.curves.value, re.S)[1]
    return re.search(rf'<path class="{kind}"[^>]* d="([^"]*)"', group)[1]


def points(d: str) -> np.ndarray:
    return np.array([[float(number) for number in place.split()] for place in d.removeprefix("M").split("L")])


# Prediction before the picture


def test_no_level_is_in_the_widget_before_a_prediction():
    day = new()
    drawn = day.picture.curves.value
    assert "data-track" not in drawn
    assert 'class="level"' not in drawn
    assert 'class="result"' not in drawn
    assert day.course is None
    assert day.by_nomogram is None
    assert day.source_code == ""
    assert "aPTT" not in day.chart.value
    assert "predict" in day.score.value
    assert day.show.disabled
    assert 'class="plan"' in drawn
    assert "mL/h" in day.chart.value


def test_no_result_is_told_in_words_before_a_prediction():
    """Neither in the text alternative nor in any other text or table: a screen reader gives away no more than the picture."""
    for day in (new(), new(case=1), new(case=8)):
        first = day._course_as_planned().labs[0]
        day.picture.numbers.button.value = True
        told = [part.value for part in parts_of(day) if isinstance(part, HTML)]
        assert len(told) > 8
        assert [words for words in told if first.in_words() in drawn(words)] == []


def test_a_prediction_opens_the_picture_and_is_answered():
    day = new()
    day.prediction.value = "in range"
    assert day.show.disabled, "how sure belongs to a prediction"
    day.sure.value = 95
    assert not day.show.disabled
    assert day.course is None
    day.guess.value = "60 <s>"
    day.show.click()
    first = day.course.labs[0]
    assert first.in_words() in day.feedback.value
    assert ("As you predicted" in day.feedback.value) == (side(first, day.table.target) == "in range")
    assert "60 &lt;s&gt;" in day.feedback.value
    assert "is not a number" in day.feedback.value
    assert "data-track" in day.picture.curves.value


def test_a_verdict_is_not_kept_for_another_start():
    day = revealed()
    said = day.feedback.value
    for control, other in ((day.sliders["bolus_u_per_kg"], 0), (day.reagent, "silimat"), (day.nomogram, "michigan-vte-anti-xa")):
        before, control.value = control.value, other
        assert "made for a different start" in day.feedback.value
        assert "✗" not in day.feedback.value
        assert "✓" not in day.feedback.value
        control.value = before
        assert day.feedback.value == said
    day.rows[0].rate.value = 10
    assert day.feedback.value == said
    day.again.click()
    assert day.feedback.value.endswith("></div>")


def test_predict_false_shows_everything_at_once():
    day = new(predict=False)
    assert day.course.hours == 48
    assert day.by_nomogram.hours == 48
    assert day._gate.layout.display == "none"
    assert len(day.rows) == 1


def test_side_agrees_with_the_range():
    target = Nomogram.load("raschke-1993").target
    day = revealed(reagent="pathromtin-sl")
    assert day.course.labs[0].above_ceiling
    assert side(day.course.labs[0], target) == "above"
    low = revealed(bolus_u_per_kg=0, rate_u_per_kg_per_h=5)
    assert side(low.course.labs[0], target) == "below"


# Time passes result by result


def test_rows_appear_one_by_one_and_the_future_is_not_in_the_widget():
    day = revealed()
    for number in range(1, 4):
        assert len(rows_shown(day)) == number
        assert len(day.course.labs) == number
        assert day.course.hours == day.course.labs[-1].reported_h == day.by_nomogram.hours
        assert points(path(day, "you", "level"))[-1, 0] == pytest.approx(scene_of(day).level.x(day.course.hours), abs=0.06)
        twice(day, day.rows[-1].give)


def test_the_chart_does_not_know_the_future():
    """It equals the chart of a course that ends now, and names the bag from the first line on."""
    day = revealed(reagent="pathromtin-sl")
    while day.course.hours < day.hours:
        now = titrate(
            day.person, day.drug, day._hand(day._day.rows_seen), hours=day.course.hours, laboratory=day.laboratory, seed=day.seed
        )
        assert f">{now.in_words()}</pre>" in day.chart.value.replace("&gt;", ">")
        assert "(mL/h of a bag with 100 U/mL)" in day.chart.value
        day.rows[-1].rate.value -= 1.5
        twice(day, day.rows[-1].give)
    start = day.course.chart()[:1]
    assert f">{chart_in_words(start, day.course.bag)}</pre>" in new().chart.value


def test_the_waiting_row_is_open_and_given_answers_are_one_line():
    day = revealed(reagent="guideline")
    for _ in range(2):
        twice(day, day.rows[-1].give)
    assert day._waiting_box.children == (day.rows[2],)
    assert day._answered_box.children == tuple(day.rows[:2])
    assert [row._open.layout.display for row in day.rows] == ["none", "none", "flex"]
    assert [row.change.layout.display for row in day.rows] == [None, None, "none"]
    assert "<br>" not in day.rows[0].result.value
    assert "aPTT 74 s (drawn 6 h), above — ordered: no change" in day.rows[0].result.value
    day.rows[0].change.value = True
    assert day.rows[0]._open.layout.display == "flex"
    day.rows[0].rate.value = 12
    assert "12.0 U/kg/h" in day.rows[0].result.value
    assert day.rows[0]._open.layout.display == "flex"
    day.rows[0].change.value = False
    assert day.rows[0]._open.layout.display == "none"


def test_recheck_says_from_when_it_counts():
    row = revealed().rows[0]
    assert row.recheck.description == "1: recheck after (h)"
    row.hold.value = 60
    assert row.recheck.description == "1: after the hold (h)"
    row.hold.value = 0
    assert row.recheck.description == "1: recheck after (h)"


def test_continuing_to_the_end_is_the_course_without_changes():
    day = revealed()
    day.to_the_end.click()
    steps = (Step(),)
    hand = ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=steps)
    expected = titrate(day.person, day.drug, hand, hours=48, laboratory=day.laboratory, seed=1)
    assert day.course == expected
    assert day.to_the_end.disabled


def test_an_answer_changes_what_comes_after_it_and_nothing_before():
    day = finished()
    before = points(path(day, "you", "level"))
    day.rows[1].rate.value = 10
    after = points(path(day, "you", "level"))
    place = scene_of(day).level.x(day.course.labs[1].reported_h) - 0.2
    assert (before[before[:, 0] < place] == after[after[:, 0] < place]).all()
    assert after[-1, 1] > before[-1, 1]
    assert "mL/h" in day.rows[1].result.value
    assert all(row.rate.value == 10 for row in day.rows[1:])
    assert [row.keeps_rate for row in day.rows[:3]] == [True, False, True]


def test_a_rate_echoed_by_the_browser_is_not_a_change():
    day = finished()
    day.rows[0].rate.value = 18.000000000000004
    assert day.rows[0].keeps_rate
    day.sliders["rate_u_per_kg_per_h"].value = 12
    assert metrics.adjustments(day.course) == 0


def test_all_four_answers_reach_the_chart():
    day = revealed()
    row = day.rows[0]
    row.hold.value, row.bolus.value, row.rate.value, row.recheck.value = 60, 40, 14.5, 4
    assert "about to order" in row.result.value
    twice(day, row.give)
    assert day._hand(1).steps == (Step(hold_min=60, bolus_u_per_kg=40, rate_u_per_kg_per_h=14.5, recheck_h=4),)
    assert metrics.holds(day.course) == metrics.reboluses(day.course) == metrics.adjustments(day.course) == 1
    assert day.course.labs[1].drawn_h == 7 + 1 + 4
    assert 'class="hold"' in day.picture.curves.value
    assert "hold 60 min" in day.chart.value


def test_results_that_no_longer_come_lose_their_rows():
    day = finished()
    before = len(rows_shown(day))
    day.rows[0].recheck.value = 24
    assert len(rows_shown(day)) < before
    assert len(rows_shown(day)) == len([lab for lab in day.course.labs if lab.reported_h < 48])


def test_start_again_and_other_laboratory_errors():
    day = finished()
    first = day.course
    day.again.click()
    assert day.course is None
    assert not rows_shown(day)
    assert day.prediction.value is None
    day.other_errors.click()
    assert day.seed == 2
    day.prediction.value, day.sure.value = "above", 33
    day.show.click()
    day.to_the_end.click()
    assert [lab.value for lab in day.course.labs] != [lab.value for lab in first.labs]


# The picture


def scene_of(day) -> Scene:
    return Scene.draw(day.hours, day.table.target, 30.0)


@pytest.mark.parametrize("name", CONTROLS)
def test_every_slider_moves_the_picture_the_words_and_the_code(name):
    day = new(predict=False)
    before = path(day, "you", "level"), day.picture.curves.value, day.source_code
    day.sliders[name].value = day.sliders[name].value + 4
    after = path(day, "you", "level"), day.picture.curves.value, day.source_code
    if name != "first_check_h":  # looking earlier or later does not change the truth of a rate left alone
        assert before[0] != after[0]
    assert before[1] != after[1]
    assert before[2] != after[2]


def test_the_scene_stands_still_while_curves_move():
    day = new(predict=False)
    scene = day.picture.scene.value
    day.sliders["rate_u_per_kg_per_h"].value = 14
    assert day.picture.scene.value == scene
    day.nomogram.value = "durham-va-2009"
    assert day.picture.scene.value != scene


def test_now_and_next_blood_never_touch():
    day = revealed()
    while day.course.hours < day.hours:
        moments = r'<text class="moment" x="([\d.]+)"( text-anchor="end")? y="([\d.]+)"[^>]*>([^<]*)<'
        names = re.findall(moments, day.picture.curves.value)
        assert names[0][3] == "now"
        assert len({y for _, _, y, _ in names}) == len(names)
        for x, is_left, _, words in names:
            width = 7 * len(words)
            assert float(x) - (width if is_left else 0) > scene_of(day).level.left
            assert float(x) + (0 if is_left else width) < scene_of(day).width
        twice(day, day.rows[-1].give)


def test_one_change_redraws_once():
    day = new(predict=False)
    sent = []
    day.picture.curves.observe(sent.append, names="value")
    day.sliders["weight_kg"].value = 100
    assert len(sent) == 1


def test_curves_lie_on_the_axes_matplotlib_drew():
    target = Nomogram.load("raschke-1993").target
    scene = Scene.draw(48.0, target, 30.0)
    assert f'viewBox="0 0 {scene.width:g} {scene.height:g}"' in scene.svg
    numbers = np.array([float(number) for number in re.findall(r"-?\d+\.\d+", scene.svg)])
    for place in (scene.level.y(target.low), scene.level.y(target.high), scene.level.x(0), scene.level.x(48), scene.pump.y(0)):
        assert np.abs(numbers - place).min() < 0.01, place
    ticks = [scene.pump.y(rate) for rate in (0, 10, 20, 30)] + [scene.level.x(hour) for hour in range(0, 49, 6)]
    assert all(np.abs(numbers - tick).min() < 0.01 for tick in ticks)


def test_the_curve_is_the_course():
    day = new(predict=False)
    scene = scene_of(day)
    drawn = points(path(day, "you", "level"))
    assert drawn[:, 0] == pytest.approx(scene.level.x(day.course.time_h), abs=0.051)
    assert drawn[:, 1] == pytest.approx(scene.level.y(day.course.aptt_s), abs=0.051)
    rate = points(path(day, "you", "pump"))[-1, 1]
    assert rate == pytest.approx(scene.pump.y(day.course.pump_u_per_h[-1] / day.course.patient.weight_kg), abs=0.051)


def test_results_above_the_ceiling_are_open_triangles():
    day = new(predict=False, reagent="pathromtin-sl")
    above = sum(lab.above_ceiling for lab in (*day.course.labs, *day.by_nomogram.labs))
    assert above > 0
    assert day.picture.curves.value.count('class="result above"') == above


def test_the_two_curves_differ_in_more_than_colour():
    drawn = new(predict=False).picture.curves.value
    dashes = [("stroke-dasharray" in line) for line in re.findall(r'<path class="level"[^>]*', drawn)]
    colours = re.findall(r'<path class="level"[^>]*stroke="(#\w+)"', drawn)
    assert sorted(dashes) == [False, True]
    assert set(colours) == {plot.BLUE, plot.VERMILION}


def test_the_picture_says_in_words_what_it_shows():
    day = new(predict=False)
    drawn = day.picture.curves.value
    assert 'role="img"' in drawn
    assert "<title>aPTT (s)" in drawn
    assert plot.describe(day.course, day.table.target) in drawn
    assert plot.describe(day.by_nomogram, day.table.target) in drawn
    words = re.search("<desc>(.*?)</desc>", drawn)[1]
    day.sliders["rate_u_per_kg_per_h"].value = 10
    assert re.search("<desc>(.*?)</desc>", day.picture.curves.value)[1] != words
    assert "predicted" in re.search("<desc>(.*?)</desc>", new().picture.curves.value)[1]


def test_no_figure_is_left_open():
    Scene.draw.__func__.cache_clear()
    new(hours=36)
    assert plt.get_fignums() == []


def test_a_rate_above_the_axis_gets_a_higher_axis():
    day = new(predict=False, patient=Patient(weight_kg=40, baseline_aptt_s=20), nomogram="durham-va-2009", reagent="guideline")
    drawn = day.picture.curves.value
    day.sliders["rate_u_per_kg_per_h"].value = 30
    highest = max(order.rate_u_per_h for order in day.by_nomogram.regimen.orders if hasattr(order, "rate_u_per_h")) / 40
    assert highest > 26
    assert drawn != day.picture.curves.value


# Score, chart, code


@pytest.mark.parametrize("name", _TABLES)
@pytest.mark.parametrize(
    "reagent", [None, *(pytest.param(one, marks=pytest.mark.slow) for one in ("guideline", "pathromtin-sl"))]
)
def test_every_table_and_reagent_works_and_its_code_makes_the_same_courses(name, reagent):
    day = revealed(nomogram=name, reagent=reagent, patient=Patient(weight_kg=95, age_y=60, baseline_aptt_s=28))
    day.rows[0].hold.value, day.rows[0].rate.value = 30, 16.5
    day.rows[0].give.click()
    for _ in range(2):
        made: dict = {}
        exec(day.source_code, made)
        assert made["course"] == day.course
        assert made["by_nomogram"] == day.by_nomogram
        assert np.array_equal(made["course"].states, day.course.states)
        day.to_the_end.click()
    assert day.course.hours == 48
    assert {lab.assay for lab in day.course.labs} == {day.table.assay}
    assert day.reagent.disabled == (day.table.assay == "anti_xa_u_per_ml")
    if reagent is None:  # the learner and the nomogram are read in the reagent the nomogram was written for
        assert day.laboratory.reagent == reagent_for(day.table)
        assert day.by_nomogram.match is None or day.by_nomogram.match.fits


def test_switching_to_anti_xa_changes_test_axis_and_range():
    day = finished()
    day.nomogram.value = "michigan-vte-anti-xa"
    assert day.course.labs[0].assay == "anti_xa_u_per_ml"
    assert "anti-Xa" in day.chart.value
    assert "anti-Xa (U/mL)" in day.picture.curves.value
    assert day.table.target.in_words() in day.score.value
    assert scene_of(day).level.values[1] < 3
    before = path(day, "you", "level")
    day.reagent.value = "silimat"
    assert path(day, "you", "level") == before


def test_the_code_of_a_table_of_your_own_carries_the_table():
    raschke = Nomogram.load("raschke-1993")
    mine = replace(raschke, name="ours", start=replace(raschke.start, bolus_u_per_kg=60))
    day = new(nomogram=mine, predict=False)
    made: dict = {}
    exec(day.source_code, made)
    assert made["nomogram"] == mine
    assert made["by_nomogram"] == day.by_nomogram


def test_the_score_is_what_metrics_say():
    day = finished()
    day.rows[0].rate.value = 15
    for course in (day.course, day.by_nomogram):
        numbers = metrics.summary(course, day.table.target)
        for key, kind in (
            ("time_in_range_fraction", "share"),
            ("rosendaal_fraction", "share"),
            ("time_to_therapeutic_h", "hours"),
            ("peak_u_per_ml", "u_per_ml"),
            ("heparin_given_u", "units"),
            ("adjustments", "count"),
            ("blood_draws", "count"),
        ):
            assert f">{number_in_words(numbers[key], kind)}</td>" in day.score.value
    assert f"Score after {day.course.hours:g} h" in day.score.value


def test_the_chart_is_the_courses_own():
    day = finished()
    written = re.search("<pre[^>]*>(.*?)</pre>", day.chart.value, re.S)[1]
    assert written.replace("&gt;", ">") == day.course.in_words()


# A case: a patient on a real ward


def drawn(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html)).replace("&#x27;", "'").replace("&gt;", ">")


def test_without_arguments_the_first_case_lies_there():
    day = bedside()
    assert day.case == cases.case(1)
    assert cases.case(1).in_words() in drawn(day.who.value)
    assert day.sliders["weight_kg"].layout.display == "none", "a case has its own weight"
    assert all(one.layout.display is None for one in (day.patients, day.next_patient, day.show, day.again, day.to_the_end))
    assert day.other_errors.layout.display == "none"
    own = new()
    assert ROW.display == "flex", "a layout that is shared is not changed"
    assert own.patients.layout is not day.patients.layout
    assert len(day.patients.options) == 12
    assert "data-track" not in day.picture.curves.value
    assert "aPTT 1" not in drawn(day.chart.value)


def test_a_case_under_the_learner_is_the_course_of_the_case():
    day = revealed(case=4)
    row = day.rows[0]
    row.rate.value, row.recheck.value = 22, 5
    twice(day, row.give)
    twice(day, day.to_the_end)
    case = cases.case(4)
    steps = (Step(rate_u_per_kg_per_h=22, recheck_h=5), Step())
    assert day.course == case.course(ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=steps))
    assert day.by_nomogram == case.course(case.nomogram)
    made: dict = {}
    exec(day.source_code, made)
    assert made["course"] == day.course
    assert made["by_nomogram"] == day.by_nomogram
    assert len(day.source_code.splitlines()) < 30


def test_the_patient_of_a_seed_comes_first_in_the_list():
    day = new(seed=4711)
    assert day.case == cases.of_seed(4711)
    assert len(day.patients.options) == 13
    assert day.patients.options[0][0].startswith("seed 4711")
    day.next_patient.click()
    assert day.case == cases.case(1)


def test_a_day_is_kept_while_another_patient_is_treated():
    day = revealed(case=1)
    day.sliders["bolus_u_per_kg"].value = 60
    day.rows[0].rate.value = 11
    twice(day, day.rows[0].give)
    course, chart = day.course, day.chart.value
    day.next_patient.click()
    assert day.case.number == 2
    assert day.course is None
    assert day.prediction.value is None
    assert day.sliders["bolus_u_per_kg"].value == 80
    day.patients.value = cases.case(1).title
    assert day.course == course
    assert day.chart.value == chart
    assert day.prediction.value == "in range"
    day.patients.value = cases.case(12).title
    day.next_patient.click()
    assert day.case.number == 1, "after the last one comes the first"


def test_no_wards_future_is_in_the_widget():
    """A late sample is announced at the time it was ordered for, and the chart ends with the last result."""
    case = next(one for one in cases.TWELVE if one.course(one.start).labs[0].drawn_h > 6)
    day = new(case=case.number)
    assert day._next_draw_h(day._course_as_planned()) == 6
    assert f"{case.course(case.start).labs[0].drawn_h:.3g}" not in drawn(day.chart.value + day.question.value)


def test_late_orders_stand_in_the_chart_once():
    day = revealed(case=1)
    day.rows[0].hold.value, day.rows[0].rate.value = 60, 12
    twice(day, day.rows[0].give)
    written = drawn(day.chart.value)
    assert "carried out at 7.6 h" in written
    assert written.count("hold 60 min") == 1
    assert "meant" not in written


# A second look


def test_unusual_orders_are_asked_about_and_then_given():
    day = revealed(case=1)
    row = day.rows[0]
    row.rate.value, row.bolus.value = 30, 80
    row.give.click()
    assert day._day.answered == 0
    said = drawn(row.doubts.value)
    assert "Do you really mean another bolus?" in said
    assert "Do you really mean to raise the rate?" in said
    assert "from 18.1 to 30.0 U/kg/h? Published tables change it by 4 U/kg/h at most at a time" in said
    assert 'role="alert"' in row.doubts.value
    assert row.give.description == "Yes, I mean it"
    row.rate.value = 29
    assert row.doubts.value == ""
    assert row.give.description == "Give these orders (1)"
    row.give.click()
    row.give.click()
    assert day._day.answered == 1
    assert day._hand(1).steps[0].rate_u_per_kg_per_h == 29, "nothing is clipped"
    assert day._hand(1).steps[0].bolus_u_per_kg == 80


def test_an_unusual_start_is_asked_about():
    day = new(case=1)
    day.prediction.value, day.sure.value = "above", 33
    day.sliders["bolus_u_per_kg"].value = 150
    day.sliders["rate_u_per_kg_per_h"].value = 32
    day.show.click()
    assert day.course is None
    weight_kg = cases.case(1).patient.weight_kg
    assert f"a bolus of 150 U/kg ({150 * weight_kg:,.0f} U)? Published tables stop at 80 U/kg" in drawn(day.doubts.value)
    assert "Published tables stop at 2,000 U/h (Durham VA" in drawn(day.doubts.value)
    day.show.click()
    assert day.course is not None
    assert day.doubts.value == ""
    assert day.show.description == "Show what happens"


def test_what_a_table_orders_is_never_asked_about():
    """Playing the table itself, result by result, no order is questioned."""
    for case in cases.TWELVE:
        for entry, lab in ((entry, entry.lab) for entry in case.course(case.nomogram).entries if entry.lab is not None):
            band, rate = case.nomogram.band(lab.value, lab.above_ceiling), 18.0
            change = band.change_u_per_kg_per_h
            step = Step(
                hold_min=band.hold_min,
                bolus_u_per_kg=band.bolus_u_per_kg,
                rate_u_per_kg_per_h=rate + change if change else None,
            )
            asked = second_look.at_a_result(step, lab, rate, case.patient.weight_kg, case.nomogram, 6.0)
            heavy = (rate + change) * case.patient.weight_kg > 2000 and change > 0
            assert bool(asked) == heavy, (case.number, entry.time_h)


@pytest.mark.parametrize(
    ("step", "value", "said"),
    [
        (Step(bolus_u_per_kg=10), 60, "another bolus"),
        (Step(bolus_u_per_kg=120), 30, "Published tables stop at 80 U/kg"),
        (Step(hold_min=240), 100, "Published tables stop at 120 min"),
        (Step(hold_min=30), 40, "to give less heparin"),
        (Step(rate_u_per_kg_per_h=16), 40, "to give less heparin"),
        (Step(rate_u_per_kg_per_h=20), 75, "to raise the rate"),
        (Step(rate_u_per_kg_per_h=30), 30, "Published tables change it by 4 U/kg/h at most"),
        (Step(rate_u_per_kg_per_h=26), 30, "The highest cap in a published table is 2,000 U/h"),
        (Step(recheck_h=24), 40, "checks again after 6 h"),
        (Step(), 120, "to change nothing"),
    ],
)
def test_each_question_has_its_reason(step, value, said):
    lab = Lab(drawn_h=6, reported_h=7, assay="aptt_s", value=value)
    table = Nomogram.load("raschke-1993")
    asked = second_look.at_a_result(step, lab, 18.0, 80.0, table, 6.0)
    assert any(said in one for one in asked), asked
    assert all(one.startswith("Do you really mean") for one in asked)


def test_the_label_and_what_is_known_stand_behind_a_dose_beyond_the_tables():
    """The US label: 5,000 units, then 20,000 to 40,000 units in 24 h, for 68 kg; resistance is spoken of above 35,000 U a day."""
    bolus, rate = second_look.at_the_start(ByHand(bolus_u_per_kg=85, rate_u_per_kg_per_h=21), 60)
    for asked in (bolus, rate):
        assert "The US label: 5,000 units, then 20,000 to 40,000 units/24 h, for a patient of 68 kg" in asked
        assert "US prescribing information" in asked
    assert "resistance" not in bolus + rate, "21 U/kg/h of 60 kg are 30,240 U a day"
    (heavy,) = second_look.at_the_start(ByHand(bolus_u_per_kg=0, rate_u_per_kg_per_h=18), 126)
    assert "This is 54,432 U a day. On heparin resistance, which tests show and no first order answers: There is no" in heavy
    assert "international, 2023-12; survey, no consensus" in heavy
    said = [
        one for one in practice.about("heparin-resistance") if f"{second_look._RESISTANCE_U_PER_DAY:,.0f} U a day" in one.text
    ]
    assert said[0].source.confidence == "primary"
    assert named("vte-label").source.confidence == "primary"
    lab = Lab(drawn_h=6, reported_h=7, assay="aptt_s", value=30)
    table = Nomogram.load("raschke-1993")
    asked = second_look.at_a_result(Step(rate_u_per_kg_per_h=26), lab, 18.0, 80.0, table, 6.0)
    assert any("The highest cap" in one and "The US label: 5,000 units" in one and "49,920 U a day" in one for one in asked)


def test_the_limits_are_those_the_tables_print():
    """The Durham VA chart caps the first bolus at 10,000 U and the first rate at 2,000 U/h; no adult table gives over 80 U/kg."""
    durham = Nomogram.load("durham-va-2009")
    assert (durham.start.bolus_max_u, durham.start.rate_max_u_per_h) == (10_000, 2_000)
    for hand, weight_kg, n_asked in (
        (ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18), 80, 0),
        (ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=20), 100, 0),
        (ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18), 112, 1),
        (ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18), 126, 2),
        (ByHand(bolus_u_per_kg=85, rate_u_per_kg_per_h=18), 80, 1),
        (ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, first_check_h=13), 80, 1),
    ):
        assert len(second_look.at_the_start(hand, weight_kg)) == n_asked


# Records, score and review


def test_predictions_and_days_are_recorded_once():
    heard: list = []
    bedside_day.LISTENERS.append(heard.append)
    try:
        day = revealed(case=1)
        twice(day, day.to_the_end)
        day.rows[0].rate.value = 12
        day.next_patient.click()
    finally:
        bedside_day.LISTENERS.remove(heard.append)
    prediction, finished_day = heard
    assert prediction == {
        "kind": "prediction",
        "question": "bedside-1-first-result",
        "answer": "in range",
        "truth": "above",
        "right": False,
        "sure": 75,
    }
    case = cases.case(1)
    left_alone = case.course(ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=(Step(),)))
    assert finished_day["kind"] == "bedside"
    assert finished_day["case"] == 1
    assert finished_day["time_in_range"] == metrics.time_in_range_fraction(left_alone, case.nomogram.target)
    assert finished_day["table"] == case.outlook.table_fraction
    assert finished_day["time_in_range"] < 1 / 3, "doing nothing fails"
    assert day.records == heard
    assert f"you {finished_day['time_in_range']:.0%}, the table {finished_day['table']:.0%}" in drawn(day.standing.value)


@pytest.mark.parametrize(("chosen", "name"), [({"case": 2}, "bedside-2"), ({"seed": 4711}, "bedside-seed-4711")])
def test_each_patients_prediction_has_a_name_of_its_own(chosen, name):
    """In a record the first answer to each question counts: that of another patient is another question."""
    assert revealed(**chosen).records[0]["question"] == f"{name}-first-result"


@pytest.mark.parametrize("number", [1, 12], ids=["too much", "too little"])
def test_a_record_tells_hours_below_from_hours_above(number):
    day = revealed(case=number)
    twice(day, day.to_the_end)
    record, target = day.records[-1], day.table.target
    level = day.course.aptt_s
    hours = {
        where: trapezoid(outside.astype(float), day.course.time_h)
        for where, outside in (("below", level < target.low), ("above", level > target.high))
    }
    assert abs(hours["below"] - hours["above"]) > 5
    for where, expected in hours.items():
        assert record[f"hours_{where}"] == pytest.approx(expected, abs=0.5)


def test_orders_changed_after_later_results_are_hindsight():
    for moved, is_hindsight in (
        (lambda day: setattr(day.rows[1].rate, "value", 12), False),
        (lambda day: setattr(day.rows[0].rate, "value", 12), True),
        (lambda day: setattr(day.sliders["bolus_u_per_kg"], "value", 60), True),
    ):
        day = revealed(case=1)
        twice(day, day.rows[0].give)
        moved(day)
        twice(day, day.to_the_end)
        assert day.records[-1]["with_hindsight"] is is_hindsight
        assert ("hindsight" in day.standing.value) is is_hindsight


def test_too_much_and_too_little_are_shown():
    day = revealed(case=1)
    twice(day, day.to_the_end)
    said = drawn(day.score.value)
    for course in (day.course, day.by_nomogram):
        _, above = metrics.areas_outside(course, day.table.target)
        assert number_in_words(above, "area") in said
        assert number_in_words(48 * metrics.time_above_fraction(course, day.table.target), "hours") in said
    assert "a bleed is more likely" in said
    assert "the clot may grow" not in said.partition("The table:")[0]


def test_the_review_comes_at_the_end_and_names_every_result():
    day = revealed(case=1)
    assert day.review.value == ""
    twice(day, day.to_the_end)
    said = drawn(day.review.value)
    for number, lab in enumerate(day.course.labs, 1):
        assert f"{number}: {lab.in_words()}" in said
    assert "You changed nothing on results 1, 2, 3, 4, 5 and 6, where the table acts" in said
    assert f"a good hand for {cases.case(1).outlook.hand_fraction:.0%}" in said
    assert f"this patient needed about {cases.case(1).need_u_per_kg_per_h:.0f} U/kg/h for the middle of the range" in said
    assert f"a typical patient of 75 kg {cases.case(1).usual_need_u_per_kg_per_h:.0f}." in said
    assert day.by_nomogram.labs[-1].in_words() in drawn(day.table_chart.value)


def test_the_tables_chart_is_shown_on_wish_and_knows_no_future():
    day = revealed(case=1)
    assert day.table_chart.value == ""
    day.both_charts.value = True
    now = drawn(day.table_chart.value)
    assert "aPTT 142 s" in now
    assert len(day.by_nomogram.labs) == 1
    assert cases.case(1).course(cases.case(1).nomogram).labs[1].in_words() not in now


def reviewed(number: int, *steps: Step):
    case, hand = cases.case(number), ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=steps)
    return day_review.review(case.course(hand), case.course(case.nomogram), case.nomogram, hand)


@pytest.mark.parametrize(
    ("number", "steps", "said"),
    [
        (1, (Step(hold_min=60, rate_u_per_kg_per_h=7), Step(), Step()), "Over-correction: on result 1, above the range"),
        (1, (Step(rate_u_per_kg_per_h=13), Step(bolus_u_per_kg=40)), "You gave another bolus on result 2"),
        (1, (Step(rate_u_per_kg_per_h=20),), "On result 1 you went the other way than the table"),
        (1, (Step(rate_u_per_kg_per_h=15, recheck_h=2),), "After result 1 you drew blood sooner than the table (6 h)"),
        (1, (Step(rate_u_per_kg_per_h=15, recheck_h=12), Step()), "After result 1, out of range, you waited longer"),
        (1, (Step(rate_u_per_kg_per_h=17, hold_min=60),), "On result 1, above the range, your step was smaller than the table's"),
        (5, (Step(bolus_u_per_kg=40, rate_u_per_kg_per_h=28),), "Result 1 was answered well"),
        (1, (), "never came into range; under the table it was after 17 h"),
    ],
)
def test_each_lesson_has_its_day(number, steps, said):
    found = reviewed(number, *steps)
    assert any(said in lesson for lesson in found.lessons), found.lessons


def test_a_result_that_misled_shows_nothing_of_an_order():
    """Result 5 reports 37 s where the true level was 47 s: no over-correction, and no good answer to it."""
    halved = (Step(hold_min=60, rate_u_per_kg_per_h=9), Step(), Step(), Step(), Step(bolus_u_per_kg=40, rate_u_per_kg_per_h=13.5))
    found = reviewed(1, *halved)
    fifth = found.lines[4]
    assert (fifth.side, fifth.lab.in_words()) == ("below", "aPTT 37 s")
    said = " ".join(found.lessons)
    assert "Result 5 misled: aPTT 37 s (below) was reported, the true level was aPTT 47 s (in range)." in said
    assert "Over-correction" not in said
    assert "Result 5 was answered well" not in said


def test_a_bolus_left_out_is_told_beside_a_larger_rate():
    found = reviewed(8, *(Step(rate_u_per_kg_per_h=rate, recheck_h=4) for rate in (21, 24)))
    assert found.lines[0].judged == "a larger step than the table's, without its bolus"
    assert any(
        lesson.startswith("On result 1, below the range, you gave no bolus where the table gives one") for lesson in found.lessons
    )


def test_who_orders_something_else_is_never_told_to_have_ordered_as_the_table():
    """A larger rate whose next results lie in range or mislead has no lesson of its own: what is said then is true."""
    said = {}
    for case in cases.TWELVE:
        for rate in (12.0, 21.0, 24.0):
            found = reviewed(case.number, Step(rate_u_per_kg_per_h=rate, recheck_h=24), Step(recheck_h=24))
            if any(line.judged != "as the table" for line in found.lines):
                said |= dict.fromkeys(found.lessons, True)
    assert said
    assert not any("You ordered what the table orders" in lesson for lesson in said)


def test_the_table_on_a_result_is_asked_with_the_rate_that_runs():
    found = reviewed(1, Step(hold_min=60, rate_u_per_kg_per_h=10), Step(), Step())
    assert found.lines[0].on_it.in_words() == "hold 60 min, rate 18.1 → 15.1 U/kg/h"
    low = next(line for line in found.lines if line.side == "below")
    assert low.on_it.after_u_per_kg_per_h == pytest.approx(12, abs=0.15)
    assert found.lines[0].judged == "a larger step than the table's"
    assert found.lines[0].in_its_course == "aPTT 142 s: hold 60 min, rate 18.1 → 15.0 U/kg/h"


def test_who_orders_what_the_table_orders_is_told_so():
    """The table's own orders, given by hand, are judged as the table's."""
    case = cases.case(1)
    entries = [entry for entry in case.course(case.nomogram).entries if entry.lab is not None]
    steps = []
    for entry in entries:
        band = case.nomogram.band(entry.lab.value, entry.lab.above_ceiling)
        rate = (steps[-1].rate_u_per_kg_per_h if steps else None) or 18.0
        steps.append(
            Step(
                hold_min=band.hold_min, rate_u_per_kg_per_h=rate + band.change_u_per_kg_per_h, bolus_u_per_kg=band.bolus_u_per_kg
            )
        )
    found = reviewed(1, *steps)
    with_results_of_the_table = found.lines[: len(entries)]  # a learner draws every 6 h, the table every 24 h once all is well
    assert {line.judged for line in with_results_of_the_table} == {"as the table"}
    assert "A draw." in found.first


def test_courses_of_two_patients_are_not_compared():
    one, other = cases.case(1), cases.case(2)
    with pytest.raises(ValueError, match="must be of the same patient"):
        day_review.review(one.course(one.start), other.course(other.nomogram), one.nomogram, one.start)


# Guesses


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ("", ""),
        ("142", "You guessed 142 s: exactly."),
        ("62,5", "You guessed 62.5 s: 80 s too low."),
        ("150", "You guessed 150 s: 8 s too high."),
        ("abc", "is not a number that a test reports: write one such as 62 or 0,5, or leave it empty"),
        ("1e9", "is not a number"),
        ("-5", "is not a number"),
    ],
)
def test_a_guess_is_answered_in_a_sentence(guess, said):
    day = new(case=1)
    day.guess.value = guess
    assert ("is not a number" in day.guess_said.value) == ("is not a number" in said)
    day.prediction.value, day.sure.value = "above", 95
    day.show.click()
    assert said in drawn(day.feedback.value)
    if not said:
        assert "guess" not in drawn(day.feedback.value)


# A cell run twice


def test_a_cell_run_twice_goes_on_with_the_day():
    day = revealed(case=1)
    twice(day, day.rows[0].give)
    again = bedside(case=1)
    assert again is day
    assert "You have a day open with this patient: it goes on below." in drawn(day.notice.value)
    assert again.course.hours > 7
    day.again.click()
    assert day.notice.value == ""
    assert bedside(case=1) is day
    assert day.notice.value == "", "a day that has not begun is no open day"
    assert bedside(case=2) is not day


def test_a_hint_unfolds():
    hint = Unfolds("Watch the <plateau>.", "Hint")
    assert hint._box.layout.display == "none"
    hint.button.value = True
    assert hint._box.layout.display is None
    assert "Watch the &lt;plateau&gt;." in hint._box.children[0].value


# Limits and names


def test_sliders_stay_within_what_the_nouns_allow():
    day = revealed()
    for slider in day.sliders.values():
        for end in (slider.min, slider.max):
            slider.value = end
            assert day.course is not None
    assert (day.sliders["weight_kg"].min, day.sliders["weight_kg"].max) == published.UFH_DEFAULT.studied.weight_kg
    for control in day.rows[0].sliders:
        for end in (control.min, control.max):
            control.value = end
            assert isinstance(day.rows[0].step, Step)


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
def test_every_model_of_the_package_has_a_bedside():
    for drug in {id(drug): drug for drug in vars(published).values() if isinstance(drug, Drug)}.values():
        patient = Patient(weight_kg=68, height_cm=170, sex="male", creatinine_clearance_ml_per_min=80)
        if not isinstance(drug.reagent, Reagent):
            with pytest.raises(ValueError, match=f"drug must be a heparin whose aPTT follows a reagent; {drug.name}"):
                new(drug=drug, patient=patient)
            continue
        day = new(drug=drug, patient=patient)
        assert day.sliders["weight_kg"].min >= 40
        assert (day.sliders["weight_kg"].min, day.sliders["weight_kg"].max) == (drug.studied.weight_kg or (40, 160))


def test_every_control_has_a_name_with_its_unit():
    day = revealed()
    for slider in (*day.sliders.values(), *day.rows[0].sliders):
        assert re.search(r"\((kg|s|h|min|U/kg|U/kg/h)\)$", slider.description)
        assert slider.continuous_update
    assert day.reagent.description
    assert day.nomogram.description


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"patient": Patient(weight_kg=200)}, "weight_kg must lie between 40 and 160; got 200"),
        ({"patient": 82}, "patient must be a Patient; got 82"),
        ({"drug": "heparin"}, "drug must be a Drug; got 'heparin'"),
        ({"nomogram": "raschke"}, "no nomogram 'raschke'"),
        ({"reagent": "nothing"}, "reagent must be one of"),
        ({"bolus_u_per_kg": 400}, "bolus_u_per_kg must lie between 0 and 150; got 400"),
        ({"rate_u_per_kg_per_h": 33}, "rate_u_per_kg_per_h must lie between 0 and 32; got 33"),
        ({"first_check_h": float("nan")}, "first_check_h must lie between 1 and 72; got nan"),
        ({"hours": 2}, "hours must lie between 12 and 336; got 2"),
        ({"seed": -1}, "seed must be an integer"),
        ({"case": 13}, "case must be one of 1, 2"),
        ({"case": "easy"}, "case must be one of 1, 2"),
        ({"case": 1, "seed": 2}, "case must stand alone: a case has its own patient, table and errors; got seed too"),
        ({"case": 1, "nomogram": "raschke-1993"}, "got nomogram too"),
        ({"predict": 1}, "predict must be True or False; got 1"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        new(**wrong)


def test_a_weight_between_two_steps_is_kept():
    for weight_kg, step in ((82, 1), (82.5, 0.1), (82.25, 0.01)):
        day = new(patient=Patient(weight_kg=weight_kg), predict=False)
        assert day.person.weight_kg == weight_kg
        assert day.sliders["weight_kg"].step == step  # a browser moves a value that lies between two steps


def test_importing_the_package_does_not_load_the_widgets():
    code = "import sys, heparin_pk; sys.exit(any(name.split('.')[0] in ('ipywidgets', 'matplotlib') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Self-checks


def test_a_quiz_gives_feedback_on_every_answer():
    question = quiz("Which?", ["a", "b <i>", "c"], ["not a", "yes & b", "not c"], right=1)
    assert question.said.value.endswith("></div>")
    for index, words in enumerate(["not a", "yes &amp; b", "not c"]):
        question.answer(index, sure=75)
        assert words in question.said.value
        assert ("Right" in question.said.value) == (index == 1)
    assert 'role="status"' in question.said.value


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a"], ["x"], 0), "answers must be at least two; got 1"),
        ((["a", "b"], ["x"], 0), "feedback must have one text for each of 2 answers; got 1"),
        ((["a", "b"], ["x", "y"], 2), "right must lie between 0 and 1; got 2"),
    ],
)
def test_a_wrong_quiz_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        quiz("Which?", *arguments)


def test_the_place_of_the_right_answer_says_nothing():
    """Over many questions each place is right about as often; the order of one question never changes."""
    places = []
    for number in range(300):
        question = quiz(f"Question {number}?", ["a", "b", "c"], ["not a", "yes", "not c"], right=1)
        labels = [label for label, _ in question.choice.options]
        assert sorted(labels) == ["a", "b", "c"]
        assert labels == [
            label for label, _ in quiz(f"Question {number}?", ["a", "b", "c"], ["", "", ""], right=1).choice.options
        ]
        places.append(labels.index("b"))
    assert all(70 < places.count(place) < 130 for place in range(3))
