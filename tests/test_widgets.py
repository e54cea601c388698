"""Widgets without a browser: set a value, read the display, and compare it with the results of the package."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from heparin_pk import ByHand, Drug, Nomogram, Patient, Reagent, Step, metrics, plot, published, reagent_for, titrate
from heparin_pk.simulation.course import chart_in_words
from heparin_pk.widgets import bedside, quiz
from heparin_pk.widgets.bedside_day import _TABLES
from heparin_pk.widgets.picture import Scene
from heparin_pk.widgets.words import number_in_words, side

CONTROLS = ("weight_kg", "baseline_aptt_s", "bolus_u_per_kg", "rate_u_per_kg_per_h", "first_check_h")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def revealed(**kwargs):
    """Return a bedside after the prediction, with the first result shown."""
    day = bedside(**kwargs)
    day.prediction.value = "in range"
    day.show.click()
    return day


def finished(**kwargs):
    """Return a bedside after all results were answered without a change."""
    day = revealed(**kwargs)
    while day.course.hours < day.hours:
        day.rows[-1].give.click()
    return day


def rows_shown(day) -> tuple:
    """Return the rows in the order of their results; on the screen the open row stands above the others."""
    return (*day._answered_box.children, *day._waiting_box.children)


def path(day, name: str, kind: str) -> str:
    group = re.search(rf'<g data-track="{re.escape(name)}">(.*?)</g>', day.picture.curves.value, re.S)[1]
    return re.search(rf'<path class="{kind}"[^>]* d="([^"]*)"', group)[1]


def points(d: str) -> np.ndarray:
    return np.array([[float(number) for number in place.split()] for place in d.removeprefix("M").split("L")])


# Prediction before the picture


def test_no_level_is_in_the_widget_before_a_prediction():
    day = bedside()
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


def test_a_prediction_opens_the_picture_and_is_answered():
    day = bedside()
    day.prediction.value = "in range"
    assert not day.show.disabled
    assert day.course is None
    day.guess.value = "60 <s>"
    day.show.click()
    first = day.course.labs[0]
    assert first.in_words() in day.feedback.value
    assert ("As you predicted" in day.feedback.value) == (side(first, day.table.target) == "in range")
    assert "60 &lt;s&gt;" in day.feedback.value
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
    day = bedside(predict=False)
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
        day.rows[-1].give.click()


def test_the_chart_does_not_know_the_future():
    """It equals the chart of a course that ends now, and names the bag from the first line on."""
    day = revealed(reagent="pathromtin-sl")
    while day.course.hours < day.hours:
        now = titrate(
            day.person, day.drug, day._hand(day._rows_seen), hours=day.course.hours, laboratory=day.laboratory, seed=day.seed
        )
        assert f">{now.in_words()}</pre>" in day.chart.value.replace("&gt;", ">")
        assert "(mL/h of a bag with 100 U/mL)" in day.chart.value
        day.rows[-1].rate.value -= 1.5
        day.rows[-1].give.click()
    start = day.course.chart()[:1]
    assert f">{chart_in_words(start, day.course.bag)}</pre>" in bedside().chart.value


def test_the_waiting_row_is_open_and_given_answers_are_one_line():
    day = revealed(reagent="guideline")
    for _ in range(2):
        day.rows[-1].give.click()
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
    row.give.click()
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
    day.prediction.value = "above"
    day.show.click()
    day.to_the_end.click()
    assert [lab.value for lab in day.course.labs] != [lab.value for lab in first.labs]


# The picture


def scene_of(day) -> Scene:
    return Scene.draw(day.hours, day.table.target, 30.0)


@pytest.mark.parametrize("name", CONTROLS)
def test_every_slider_moves_the_picture_the_words_and_the_code(name):
    day = bedside(predict=False)
    before = path(day, "you", "level"), day.picture.curves.value, day.source_code
    day.sliders[name].value = day.sliders[name].value + 4
    after = path(day, "you", "level"), day.picture.curves.value, day.source_code
    if name != "first_check_h":  # looking earlier or later does not change the truth of a rate left alone
        assert before[0] != after[0]
    assert before[1] != after[1]
    assert before[2] != after[2]


def test_the_scene_stands_still_while_curves_move():
    day = bedside(predict=False)
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
        day.rows[-1].give.click()


def test_one_change_redraws_once():
    day = bedside(predict=False)
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
    day = bedside(predict=False)
    scene = scene_of(day)
    drawn = points(path(day, "you", "level"))
    assert drawn[:, 0] == pytest.approx(scene.level.x(day.course.time_h), abs=0.051)
    assert drawn[:, 1] == pytest.approx(scene.level.y(day.course.aptt_s), abs=0.051)
    rate = points(path(day, "you", "pump"))[-1, 1]
    assert rate == pytest.approx(scene.pump.y(day.course.pump_u_per_h[-1] / day.course.patient.weight_kg), abs=0.051)


def test_results_above_the_ceiling_are_open_triangles():
    day = bedside(predict=False, reagent="pathromtin-sl")
    above = sum(lab.above_ceiling for lab in (*day.course.labs, *day.by_nomogram.labs))
    assert above > 0
    assert day.picture.curves.value.count('class="result above"') == above


def test_the_two_curves_differ_in_more_than_colour():
    drawn = bedside(predict=False).picture.curves.value
    dashes = [("stroke-dasharray" in line) for line in re.findall(r'<path class="level"[^>]*', drawn)]
    colours = re.findall(r'<path class="level"[^>]*stroke="(#\w+)"', drawn)
    assert sorted(dashes) == [False, True]
    assert set(colours) == {plot.BLUE, plot.VERMILION}


def test_the_picture_says_in_words_what_it_shows():
    day = bedside(predict=False)
    drawn = day.picture.curves.value
    assert 'role="img"' in drawn
    assert "<title>aPTT (s)" in drawn
    assert plot.describe(day.course, day.table.target) in drawn
    assert plot.describe(day.by_nomogram, day.table.target) in drawn
    words = re.search("<desc>(.*?)</desc>", drawn)[1]
    day.sliders["rate_u_per_kg_per_h"].value = 10
    assert re.search("<desc>(.*?)</desc>", day.picture.curves.value)[1] != words
    assert "predicted" in re.search("<desc>(.*?)</desc>", bedside().picture.curves.value)[1]


def test_no_figure_is_left_open():
    Scene.draw.__func__.cache_clear()
    bedside(hours=36)
    assert plt.get_fignums() == []


def test_a_rate_above_the_axis_gets_a_higher_axis():
    day = bedside(
        predict=False, patient=Patient(weight_kg=40, baseline_aptt_s=20), nomogram="durham-va-2009", reagent="guideline"
    )
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
    day = bedside(nomogram=mine, predict=False)
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
                bedside(drug=drug, patient=patient)
            continue
        day = bedside(drug=drug, patient=patient)
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
        ({"predict": 1}, "predict must be a bool; got 1"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        bedside(**wrong)


def test_a_weight_between_two_steps_is_kept():
    for weight_kg, step in ((82, 1), (82.5, 0.1), (82.25, 0.01)):
        day = bedside(patient=Patient(weight_kg=weight_kg), predict=False)
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
