"""A curve as an answer: what a comparison finds in it, what is said about that very error, and what is kept."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from heparin_pk import Patient, plot, published, widgets
from heparin_pk.plot import tables
from heparin_pk.teaching import drawn_curve
from heparin_pk.teaching import record as records
from heparin_pk.widgets import own_record
from heparin_pk.widgets.predictions import _HOURS, _LOWEST, _decay

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
ASKS = (
    "(?:quiz|check_number|predict_half_life|predict_decay|predict_points_lost|predict_no_lysis|half_life|reasons|comparison|"
    "nomograms|patients|buy_checks|tube|one_day_late|protamine_by_time|resisting_plasma|predict_[a-z_]+)"
)
MODEL = _decay()
STRAIGHT_71 = [max(_LOWEST, MODEL[0] * 2.0 ** (-60.0 * hour / 71.0)) for hour in _HOURS]
BEST_LINE = list(np.exp(np.polyval(np.polyfit(_HOURS, np.log(MODEL), 1), _HOURS)))
INSIDE_LINE = min(  # the straight line that is nearest at its worst hour: everywhere within the tolerance
    (
        [begin * end ** (hour / 8.0) for hour in _HOURS]
        for begin in np.linspace(7.0, 14.0, 71)
        for end in np.linspace(0.01, 0.06, 51)
    ),
    key=lambda line: max(abs(math.log(one / its)) for one, its in zip(line, MODEL, strict=True)),
)
DRAWN = {  # what is drawn: the errors it shows
    "as the model": (MODEL, ()),
    "a hand beside it": ([level * (1.3 if i % 2 else 0.98) for i, level in enumerate(MODEL)], ()),
    "a little low": ([level * 0.75 for level in MODEL], ()),
    "one half-life": (STRAIGHT_71, (drawn_curve.STRAIGHT,)),
    "the best straight line": (BEST_LINE, (drawn_curve.STRAIGHT,)),
    "a straight line within the tolerance": (INSIDE_LINE, (drawn_curve.STRAIGHT,)),
    "the peak of twice the dose": ([max(_LOWEST, level / 2.0) for level in MODEL], (drawn_curve.PEAK_TOO_LOW,)),
    "twice the peak": ([level * 2.0 for level in MODEL], (drawn_curve.PEAK_TOO_HIGH,)),
    "into the tissues": ([8.0, 4.0, 2.4, 1.6, 1.2, 1.0, 0.9, 0.8, 0.75], (drawn_curve.BENDS_UP,)),
    "it rises": ([8.0, 9.0, 7.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.2], (drawn_curve.RISES,)),
    "fast at first": ([8.0, 4.0, 2.0, 0.8, 0.2, 0.05, 0.05, 0.05, 0.05], (drawn_curve.TOO_FAST_EARLY,)),
    "slow at first": ([8.0, 7.7, 7.4, 6.9, 6.2, 4.6, 2.8, 1.5, 0.65], (drawn_curve.TOO_SLOW_EARLY,)),
    "slow late": ([8.0, 6.9, 5.8, 4.7, 3.7, 2.9, 2.2, 1.6, 1.1], (drawn_curve.TOO_SLOW_LATE,)),
    "fast late": ([8.0, 5.8, 4.4, 3.2, 2.3, 1.2, 0.4, 0.1, 0.05], (drawn_curve.TOO_FAST_LATE,)),
    "low and into the tissues": (
        [3.0, 1.5, 0.9, 0.6, 0.5, 0.4, 0.36, 0.33, 0.3],
        (drawn_curve.PEAK_TOO_LOW, drawn_curve.BENDS_UP),
    ),
}
TOLD = {
    drawn_curve.PEAK_TOO_LOW: "The peak is too low",
    drawn_curve.PEAK_TOO_HIGH: "The peak is too high",
    drawn_curve.RISES: "the level can only fall",
    drawn_curve.STRAIGHT: "one half-life for all levels",
    drawn_curve.BENDS_UP: "steep at first and flatter later",
    drawn_curve.TOO_FAST_EARLY: "Too fast at first",
    drawn_curve.TOO_SLOW_EARLY: "Too slow at first",
    drawn_curve.TOO_SLOW_LATE: "Too slow late",
    drawn_curve.TOO_FAST_LATE: "Too fast late",
}


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A record in a folder of its own."""
    place = tmp_path / records.FILE_NAME
    monkeypatch.setenv(own_record.PLACE, str(place))
    monkeypatch.setattr(own_record, "_HERE", [])
    return place


@pytest.mark.parametrize("name", DRAWN)
def test_each_error_is_found_and_told(name, file):
    levels, errors = DRAWN[name]
    found = drawn_curve.compare(_HOURS, levels, MODEL, within_ratio=1.5, lowest_u_per_ml=_LOWEST)
    assert found.errors == errors
    assert found.is_right == (not errors)
    asked = widgets.predict_decay()
    asked.answer(levels, sure=75)
    words = asked.said.value
    assert ("✓" in words) == found.is_right
    assert [error for error in TOLD if TOLD[error] in words] == [error for error in TOLD if error in errors]
    (kept,) = records.read(file)
    assert (kept["kind"], kept["right"], kept["sure"]) == ("prediction", found.is_right, 75)
    assert len(kept["answer"].split(";")) == len(_HOURS)


def test_a_straight_line_is_wrong_although_it_is_within_the_tolerance():
    ratios = [one / its for one, its in zip(INSIDE_LINE, MODEL, strict=True)]
    assert 1.0 / 1.5 < min(ratios) < max(ratios) < 1.5
    assert not drawn_curve.compare(_HOURS, INSIDE_LINE, MODEL, within_ratio=1.5, lowest_u_per_ml=_LOWEST).is_right


def test_every_error_has_an_example():
    assert {error for _, errors in DRAWN.values() for error in errors} == set(drawn_curve.ERRORS) == set(TOLD)


def test_a_line_with_the_half_life_of_the_smaller_dose_is_told_so(file):
    asked = widgets.predict_decay()
    asked.answer(STRAIGHT_71, sure=75)
    assert "That is near the 71 min after 100 U/kg" in asked.said.value
    asked.answer(BEST_LINE, sure=75)
    assert "near the 71 min" not in asked.said.value
    assert re.search(r"here about 9\d min", asked.said.value)


def test_the_tolerance_is_the_one_that_is_stated():
    asked = widgets.predict_decay()
    assert "at most 1.5 times too high or too low" in asked.question.form
    for ratio, is_right in ((1.49, True), (1.51, False), (1.0 / 1.49, True), (1.0 / 1.51, False)):
        for at in (0, 4):
            levels = [level * (ratio if at == 0 or i >= at else 1.0) for i, level in enumerate(MODEL)]
            found = asked.question.compared(levels)
            assert found.is_right == (is_right and not (ratio > 1.0 and at == 4)), (ratio, at)
    assert asked.question.right()[0] == pytest.approx(8.0), "400 U/kg in 50 mL/kg"


def test_nothing_is_shown_before_the_answer_and_both_curves_after_it(file):
    asked = widgets.predict_decay()
    assert asked.model.value == ""
    asked.answer()
    assert "Draw the curve first" in asked.said.value
    asked.draw([8.0, None, None, 3.0, 2.0, 1.0, 0.9, 0.5, None])
    asked.answer(sure=75)
    assert "Nothing is drawn yet at 1 h, 2 h and 8 h" in asked.said.value
    asked.sure.value = None
    asked.answer(MODEL)
    assert "how sure you are" in asked.said.value
    assert asked.model.value == ""
    assert not file.exists()
    asked.answer(MODEL, sure=95)
    assert 'role="img"' in asked.model.value
    assert "the model" in asked.model.value
    assert "8 at 0 h" in asked.model.value
    assert asked.numbers.layout.display is None
    asked.numbers.button.value = True
    assert "<th scope" in asked.numbers.what.value
    assert "0.223" in asked.numbers.what.value
    asked.draw(BEST_LINE)
    assert "✓" not in asked.said.value, "what was said belongs to another drawing"


def test_the_axes_have_units_and_the_therapeutic_range():
    asked = widgets.predict_decay()
    for words in ("time after the bolus (h)", "anti-Xa (U/mL, logarithmic)", "therapeutic range 0.3–0.7 U/mL"):
        assert words in asked.drawing.value
    points = re.findall(r'role="slider" tabindex="0".*?aria-label="(.*?)".*?aria-valuetext="(.*?)"', asked.drawing.value)
    assert points == [(f"anti-Xa at {hour:g} h", "not drawn yet") for hour in _HOURS]
    paper = asked._repr_mimebundle_()["text/html"]
    assert "therapeutic range" in paper
    assert "curve" not in paper.replace("Draw", "")
    ticks = {
        float(tick): float(y) - 5.0 for y, tick in re.findall(r'y="([0-9.]+)" text-anchor="end" fill="#222222">([0-9.]+)<', paper)
    }
    assert set(ticks) == set(asked.question.ticks)
    assert ticks[0.1] - ticks[1.0] == pytest.approx(ticks[1.0] - ticks[10.0], abs=0.2), "a logarithmic axis, upwards"
    assert ticks[0.1] > ticks[10.0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("8; 7", "A curve has 9 levels"),
        ("8; 7; x; 5; 4; 3; 2; 1; 0.5", "“x” is not a number"),
        ("8; 7; 6; 5; 4; 3; 2; 1; 0.01", "a drawn level must lie between 0.05 and 20"),
        ("8; 7; 6; 5; 4; 3; 2; 1; 21", "a drawn level must lie between 0.05 and 20"),
    ],
)
def test_what_is_no_curve_gets_a_sentence(text, why, file):
    asked = widgets.predict_decay()
    asked.choice.value = text
    asked.answer(sure=75)
    assert why in asked.said.value
    assert asked.model.value == ""
    assert not file.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"times_h": _HOURS[:4], "drawn": MODEL[:4], "model": MODEL[:4]}, "five or more; got 4, 4 and 4"),
        ({"drawn": MODEL[:5]}, "same number of values"),
        ({"within_ratio": 1.0}, "within_ratio must lie between"),
        ({"drawn": [*MODEL[:8], 0.01]}, "drawn_u_per_ml must lie between"),
        ({"drawn": [*MODEL[:8], math.nan]}, "drawn_u_per_ml must lie between"),
    ],
)
def test_a_comparison_needs_curves_that_can_be_compared(change, why):
    whole = {"times_h": _HOURS, "drawn": MODEL, "model": MODEL, "within_ratio": 1.5, "lowest_u_per_ml": _LOWEST, **change}
    curves = [whole.pop(name) for name in ("times_h", "drawn", "model")]
    with pytest.raises(ValueError, match=why):
        drawn_curve.compare(*curves, **whole)


def test_a_drawing_has_a_level_for_each_hour():
    with pytest.raises(ValueError, match="levels must be 9 numbers; got 2"):
        widgets.predict_decay().draw([1.0, 2.0])


# What answers a question waits for its answer


def test_a_picture_or_table_waits_for_the_answer():
    question = widgets.quiz("Which one is it?", ["a", "b"], ["No.", "Yes."], right=1)
    drawn = []

    def draw(*, colour):
        drawn.append(colour)
        return plot.decays(published.UFH_DEFAULT, Patient(weight_kg=75))

    waiting = widgets.after(question, draw, colour="blue")
    assert drawn == []
    assert waiting.what.value == ""
    assert "appears here when you have answered" in waiting.waits.value
    assert "<img" not in waiting._repr_mimebundle_()["text/html"]
    question.answer(0)
    assert drawn == [], "an answer without a certainty is none"
    question.answer(0, sure=75)
    assert drawn == ["blue"]
    assert 'img alt="' in waiting.what.value
    assert waiting.anyway.layout.display == "none"
    question.answer(1, sure=75)
    assert drawn == ["blue"], "once is enough"
    later = widgets.after(question, tables.half_lives, published.UFH_DEFAULT, Patient(weight_kg=75), (25, 100))
    assert later.is_shown, "a cell that is run again after the answer"
    assert "<table" in later.what.value


def test_a_question_on_paper_has_no_answer():
    """What a notebook shows where no widget can be shown."""
    asked = widgets.predict_half_life()
    paper = asked._repr_mimebundle_()["text/html"]
    assert "halves in 71 minutes" in paper
    assert set(re.findall(r"[0-9]+", re.sub("<[^>]*>", " ", paper))) == {"100", "71", "400"}, "no number but the question's"
    scene = widgets.half_life(predict=True)
    paper = scene._repr_mimebundle_()["text/html"]
    assert all(answer in paper for answer in scene.question.answers)
    assert not any(why in paper for why in scene.question.answers.values())
    assert paper.count(scene.question.right()) == 1


def test_without_an_answer_it_is_shown_when_asked_for():
    waiting = widgets.after(widgets.predict_decay(), tables.half_lives, published.UFH_DEFAULT, Patient(weight_kg=75), (25,))
    waiting.anyway.click()
    assert "<table" in waiting.what.value


@pytest.mark.parametrize("asked", [None, "quiz", widgets.half_life(predict=False)], ids=["None", "a text", "no question"])
def test_only_a_question_is_waited_for(asked):
    with pytest.raises(ValueError, match="asked must be a widget that asks a question"):
        widgets.after(asked, tables.half_lives)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_what_waits_in_a_notebook_waits_for_a_question_before_it(file):
    """After "**Predict** ..." comes a question; what answers it is not shown by running all cells."""
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    asked: set[str] = set()
    for i, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            assert "**Predict:**" not in source, "a prediction is asked by a widget, with a verdict"
            if re.search(r"\*\*Predict\*\*(?! before you move)", source):
                assert re.match(rf"\w+ = {ASKS}\(", "".join(cells[i + 1]["source"])) or re.match(
                    rf"\w+ = {ASKS}\(", "".join(cells[i + 2]["source"])
                ), source[-80:]
            continue
        asked |= {name for name, _ in re.findall(rf"^(\w+) = ({ASKS})\(", source, re.M)}
        for name in re.findall(r"^after\((\w+),", source, re.M):
            assert name in asked, name


def test_words_wait_with_the_picture_or_alone():
    question = widgets.quiz("Which one is it?", ["a", "b"], ["No.", "Yes."], right=1)
    waiting = widgets.after(question).saying("It is **b** & `not` a.\n\nBecause.")
    assert "Because" not in waiting.what.value
    assert "Because" not in waiting._repr_mimebundle_()["text/html"]
    question.answer(0, sure=75)
    assert "<p" in waiting.what.value
    assert "It is <b>b</b> &amp; <code>not</code> a.</p>" in waiting.what.value
    assert "Because.</p>" in waiting.what.value
    again = widgets.after(question, tables.half_lives, published.UFH_DEFAULT, Patient(weight_kg=75), (25,)).saying("Later.")
    assert again.what.value.index("<table") < again.what.value.index("Later.</p>")
    with pytest.raises(ValueError, match="words must"):
        widgets.after(question).saying("")


def test_a_picture_under_sliders_waits_for_a_question_above():
    question = widgets.quiz("Which one is it?", ["a", "b"], ["No.", "Yes."], right=1)
    waiting = widgets.half_life(predict=question)
    assert waiting.hidden
    assert waiting.ask is None
    assert waiting.picture.value == ""
    waiting.set(dose=100.0)
    assert waiting.words == "", "no slider shows it"
    question.answer(1, sure=75)
    assert "falls to half in 71 min" in waiting.words
    assert not widgets.half_life(predict=question).hidden, "a cell that is run again after the answer"
    by_hand = widgets.half_life(predict=widgets.predict_decay())
    by_hand._waiting.children[1].click()
    assert "falls to half in" in by_hand.words
    with pytest.raises(ValueError, match="asked must be a widget that asks a question"):
        widgets.half_life(predict=waiting)
