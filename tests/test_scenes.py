"""Scenes of the notebooks: each draws, speaks, shows code that runs, and answers to its sliders."""

import time
import warnings

import matplotlib.pyplot as plt
import pytest

from heparin_pk import OutsideValidityDomain, plot, published, widgets
from heparin_pk.evidence import validation as proof
from heparin_pk.widgets import Choice, Drawing, Explore, Slider, Toggle

SCENES = ("half_life", "overlay", "blood", "patients", "indications", "validation", "nomograms")


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_draws_speaks_and_shows_code_that_runs(name, capsys):
    scene = getattr(widgets, name)(**({} if name == "overlay" else {"predict": False}))
    assert scene.picture.value.startswith('<img alt="')
    assert len(scene.words) > 60
    assert scene.words.splitlines()[0][:40] in scene.said.value.replace("&gt;", ">")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)
        exec(compile(scene.source_code, name, "exec"), {})
    plt.close("all")
    assert not plt.get_fignums()
    with pytest.raises(ValueError, match="no control 'nonsense'"):
        getattr(widgets, name)(nonsense=3)


@pytest.mark.slow
def test_the_code_of_a_scene_draws():
    for name in SCENES:
        scene = getattr(widgets, name)(**({} if name == "overlay" else {"predict": False}))
        assert "plot." in scene.source_code, name


@pytest.mark.slow
def test_scenes_answer_to_their_sliders():
    blood = widgets.blood(predict=False)
    before = blood.words
    blood.set(antithrombin=0.5)
    assert "anti-Xa 0.25" in blood.words
    assert "short of antithrombin" in blood.words
    blood.set(reagent="pathromtin-sl", concentration=0.9)
    assert "more than 150 s" in blood.words
    assert blood.words != before
    patients = widgets.patients(predict=False, weight=150)
    assert "16." in patients.words
    patients.set(pregnant=True, sex="male")
    assert "Not possible" in patients.picture.value
    assert "pregnant must be False" in patients.words
    patients.set(sex="female")
    assert "last third of pregnancy" in patients.words
    reasons = widgets.indications(reason="haemodialysis-bolus")
    assert "Outside what was studied" in reasons.said.value
    reasons.set(reason="infants")
    assert "weight_kg must lie between 3 and 10 for infants" in reasons.words
    models = widgets.overlay()
    models.set(**{control: False for control in models.values if control.endswith(("UFH", "DERIVED"))})
    assert "choose a model at least" in models.words


GUIDELINE = published.reagents.GUIDELINE.label


def test_a_reagent_is_named_once():
    drawn = []
    scene = widgets.blood(predict=False)
    inner = scene.draw
    scene.draw = lambda **values: drawn.append(inner(**values)) or drawn[-1]
    for reagent, names in (("actin-fs", [GUIDELINE, "Actin FS"]), ("guideline", [GUIDELINE])):
        scene.set(reagent=reagent)
        legend = drawn[-1].figure.axes[0].get_legend()
        assert {text.get_text() for text in legend.get_texts()} == {*names, "your patient"}
        assert len(legend.get_texts()) == len(names) + 1
        assert not legend.get_frame_on()


def test_a_prediction_comes_first():
    scene = widgets.half_life()
    assert scene.picture.value == ""
    scene.set(dose=100)
    assert scene.words == ""
    scene.ask.show.click()
    assert scene.words == ""  # nothing was answered yet
    assert "Choose an answer first" in scene.predicted.value
    scene.ask.choice.value = "it grows"
    scene.ask.show.click()
    assert scene.words == ""  # how sure was not said yet
    assert "Say how sure you are" in scene.predicted.value
    scene.ask.sure.value = 75
    scene.ask.show.click()
    assert "71 min" in scene.words
    assert "✓ As you predicted: <b>it grows</b>" in scene.predicted.value
    scene.answer("it shrinks", 95)
    assert "✗ You predicted “it shrinks”; it is <b>it grows</b>." in scene.predicted.value
    assert "the other way round" in scene.predicted.value


RIGHT = {
    "half_life": "it grows",
    "blood": "the anti-Xa",
    "patients": "higher",
    "indications": "about 0.1 U/mL",
    "nomograms": "46-70 s",
}


@pytest.mark.parametrize("name", RIGHT)
def test_every_prediction_has_a_verdict_and_its_own_explanation(name):
    """What is right is computed; each wrong answer is told why it is wrong, and no two are told the same."""
    question = getattr(widgets, name)(predict=True).question
    assert question.right() == RIGHT[name]
    assert len(set(question.answers.values())) == len(question.answers) >= 3
    for answer in question.answers:
        verdict = question.verdict(answer)
        assert verdict.startswith("✓" if answer == RIGHT[name] else "✗")
        assert RIGHT[name] in verdict
    with pytest.raises(ValueError, match="predicted must be one of"):
        question.verdict("else")


@pytest.mark.slow
def test_the_worst_group_is_the_one_of_the_table():
    question = widgets.validation().question
    rows = [row for row in proof.rows() if row.claim.proves]
    missed = {group: [not row.inside for row in rows if row.claim.group == group] for group in question.answers}
    shares = {group: sum(one) / len(one) for group, one in missed.items()}
    assert shares[question.right()] == max(shares.values())


def test_sliders_follow_a_hand():
    """Seconds are not asserted; that a redraw is one drawing, is."""
    scene = widgets.blood(predict=False)
    drawn = []
    inner = scene.draw
    scene.draw = lambda **values: drawn.append(values) or inner(**values)
    start = time.perf_counter()
    for share in (0.9, 0.8, 0.7):
        scene.set(antithrombin=share)
    print(f"{(time.perf_counter() - start) / 3 * 1000:.0f} ms a redraw")
    assert len(drawn) == 3


# Any function of controls


def test_explore_refuses_what_its_controls_refuse():
    def draw(x, name, on):
        figure = plot.new_figure(3, 2)[0]
        return Drawing(figure=figure, words=f"<{x} {name} {on}>", code="1")

    controls = [
        Slider(name="x", label="x (h)", low=0, high=10, step=1, value=3),
        Choice(name="name", label="name", options=("a", "b"), value="a"),
        Toggle(name="on", label="on"),
    ]
    one = Explore(controls, draw)
    assert one.values == {"x": 3, "name": "a", "on": False}
    assert "&lt;3.0 a False&gt;" in one.said.value
    for wrong, message in (
        ({"x": 11}, "x must lie between 0 and 10; got 11"),
        ({"name": "c"}, "name must be one of a, b"),
        ({"y": 1}, "a control"),
    ):
        with pytest.raises(ValueError, match=message):
            one.set(**wrong)
    with pytest.raises(ValueError, match="name must be one of a, b; got 'z'"):
        Explore([Choice(name="name", label="n", options=("a", "b"), value="z")], draw)


def test_a_drawing_that_is_refused_leaves_no_figure_open():
    def draw(x):
        figure = plot.new_figure(3, 2)[0]
        if x > 5:
            raise ValueError("x must stay below 5; got <6>")
        return Drawing(figure=figure, words="fine", code="1")

    before = plt.get_fignums()
    one = Explore([Slider(name="x", label="x (h)", low=0, high=10, step=1, value=3)], draw)
    one.set(x=6)
    assert "x must stay below 5; got &lt;6&gt;" in one.picture.value
    assert "<img" not in one.picture.value
    assert "Traceback" not in one.picture.value
    assert plt.get_fignums() == before
    one.set(x=2)
    assert one.words == "fine"


def test_a_rate_stands_beside_what_it_does_to_the_other_assay():
    """Antithrombin 0.5: a rate by the anti-Xa doubles the heparin; the aPTT it causes stands beside it, as a warning."""
    typical, low = widgets.patients(predict=False).words, widgets.patients(predict=False, antithrombin=0.5).words
    assert "by aPTT ratio 1.5-2.5, with aPTT" in typical
    assert "not a dose" not in typical
    assert "with aPTT more than 150 s and anti-Xa 0.50 U/mL (a warning and not a dose" in low
