"""Scenes of the notebooks: each draws, speaks, shows code that runs, and answers to its sliders."""

import asyncio
import re
import time
import warnings
from html import unescape

import matplotlib.pyplot as plt
import numpy as np
import pytest

from heparin_pk import Nomogram, OutsideValidityDomain, Patient, plot, published, simulate, widgets
from heparin_pk.evidence import validation as proof
from heparin_pk.trials.background import Work
from heparin_pk.widgets import Choice, Drawing, Explore, Slider, Toggle, explore, questions, scenes
from heparin_pk.widgets.explore import values_of

SCENES = (
    "half_life", "overlay", "blood", "patients", "indications", "validation", "nomograms", "tube", "resisting_plasma",
    "platelet_days", "hit_tests",
    "one_day_late", "instead_of_heparin", "after_the_stop", "protamine_by_time", "one_fault", "buy_checks",
)  # fmt: skip


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_draws_speaks_and_shows_code_that_runs(name, capsys):
    scene = getattr(widgets, name)(**({} if name == "overlay" else {"predict": False}))
    assert '<svg role="img"' in scene.picture.value
    assert f"<title>{scene.words.splitlines()[0][:40]}" in unescape(scene.picture.value)
    assert len(scene.words) > 60
    assert scene.words.splitlines()[0][:40] in unescape(scene.said.value)
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
    assert "infants of 3 to 10 kg; the weight is 75 kg: move it to between 3 and 10 kg" in reasons.words
    assert "infants of 3 to 10 kg" in reasons.picture.value  # in place of the picture, in a place of the same size
    reasons.set(weight=5.0)
    assert '<svg role="img"' in reasons.picture.value
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
    assert scene._body.layout.display == "none", "nor a button that shows numbers or code"
    scene.numbers.button.value = scene.code.button.value = True
    scene.set(dose=100)
    assert scene.words == scene.numbers.what.value == scene.code.what.value == ""
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
    "tube": "in between",
    "resisting_plasma": "the aPTT is shorter, the anti-Xa the same",
    "platelet_days": "about 1 in 7",
    "hit_tests": "about 65 of 100",
    "instead_of_heparin": "longer",
    "protamine_by_time": "about 30 mg",
    "one_fault": "a new lot of reagent",
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


def slowly(seconds):
    """Return after some time what it was given: work for another process."""
    time.sleep(seconds)
    return seconds


def test_a_verdict_that_must_be_computed_comes_by_itself_and_nothing_is_blocked(monkeypatch):
    """The kernel goes on while another process computes; the answer that was given counts, not the one chosen meanwhile."""
    kept: list[dict] = []
    monkeypatch.setattr(questions.own_record, "record", lambda entry: kept.append(entry) or "")
    done: list[float] = []

    def work():
        return None if len(done) == 2 else Work(key=len(done), function=slowly, arguments=(0.3,), take=done.append)

    question = widgets.Question(
        text="Which?", answers={"a": "No.", "b": "Yes."}, right=lambda: "b" if len(done) == 2 else "?", work=work
    )

    async def look():
        asked, heard, ticks = questions.ask(question), [], 0
        asked.listeners.append(lambda: heard.append(asked.said.value))
        asked.answer("a", sure=75)
        assert "“a”. What is right is being computed" in asked.said.value
        assert not asked.is_answered
        asked.answer("b", sure=95)
        asked.choice.value = "b"
        while not asked.is_answered:
            assert "being computed" in asked.said.value
            ticks += 1
            await asyncio.sleep(0.01)
        assert heard == [asked.said.value]
        return asked.said.value, ticks

    said, ticks = asyncio.run(asyncio.wait_for(look(), 60.0))
    assert ticks > 20, "the kernel did other things meanwhile"
    assert "✗ You predicted “a”; it is <b>b</b>. No." in said
    assert [(entry["answer"], entry["right"], entry["sure"]) for entry in kept] == [("a", False, 75)]


def test_the_question_of_the_validation_is_answered_beside_the_notebook(monkeypatch):
    """Answered at once, it does not ask the models here; its explanation has the numbers of the chosen group."""
    asked_here: list[str] = []
    monkeypatch.setattr(scenes, "_asked", lambda *_: asked_here.append("here") or {})
    monkeypatch.setattr(scenes, "_answers", {})
    began: list[Work] = []
    monkeypatch.setattr(questions, "beside", lambda work, _loop, _done, **_: began.append(work))
    monkeypatch.setattr(scenes, "beside_all", lambda _next: None)

    async def look():
        scene = widgets.validation(group="virtual trials")
        scene.answer("children", 75)
        return scene

    scene = asyncio.run(look())
    assert "being computed" in scene.predicted.value
    assert [work.key[0] for work in began] == ["rows"]
    assert asked_here == [], "the rows are asked beside this process"
    assert not scene.hidden, "the picture is there and fills"


def test_the_explanation_of_the_validation_has_the_numbers_of_the_chosen_group(monkeypatch):
    missed = {"kinetics": (2, 40), "children": (9, 20), "response": (8, 20)}
    monkeypatch.setattr(scenes, "_groups_that_prove", lambda: tuple(missed))
    monkeypatch.setattr(scenes, "_missed", missed.__getitem__)
    question = widgets.validation().question
    assert question.verdict("children").startswith("✓")
    assert "miss 9 of 20 there" in question.verdict("children")
    assert "2 of 40 values of “kinetics”, fewer than the 9 of 20 of “children”" in question.verdict("kinetics")
    assert "8 of 20 values of “response”, hardly fewer than" in question.verdict("response")


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
    scene.set(antithrombin=0.9, baseline=40.0)
    assert len(drawn) == 4, "two controls set together are one redraw"
    scene.set(antithrombin=0.9)
    assert len(drawn) == 4, "nothing has changed"


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
    assert "Needed in this model for the middle of the range (not a dose)" in typical
    assert "by aPTT 54-120 s, with aPTT" in typical  # what anti-Xa 0.3-0.7 U/mL is with the reagent of the curves
    assert "warning" not in typical
    assert "with aPTT more than 150 s and anti-Xa 0.50 U/mL (a warning" in low


# Every control, at its ends


def every_setting(scene):
    """Yield each control with each of its ends or options, the others as they are at the start."""
    for name, widget in scene.controls.items():
        if hasattr(widget, "min"):
            yield from ((name, float(end)) for end in (widget.min, widget.max))
        elif hasattr(widget, "options"):
            yield from ((name, option) for option in values_of(widget.options))
        else:
            yield from ((name, ticked) for ticked in (True, False))


def walk(scene):
    start = scene.values
    for name, value in every_setting(scene):
        scene.set(**{name: value})
        assert len(scene.words) > 20, (name, value)
        assert "nan" not in scene.words.lower().split(), (name, value)
        assert "Traceback" not in scene.picture.value
        assert scene.picture.value.count("<svg") or 'role="alert"' in scene.picture.value, (name, value)
        scene.set(**start)
        assert '<svg role="img"' in scene.picture.value, f"the picture did not come back after {name} {value}"


@pytest.mark.parametrize("name", ["half_life", "overlay", "blood", "patients", "indications"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_end_of_a_control_gives_a_traceback(name):
    walk(getattr(widgets, name)(**({} if name == "overlay" else {"predict": False})))


@pytest.mark.slow
def test_no_table_laboratory_or_view_gives_a_traceback(monkeypatch):
    monkeypatch.setattr(scenes, "_FIRST_PATIENTS", 200)
    if scenes.compile_loops():
        monkeypatch.setattr(scenes, "_ready", [True])
    walk(widgets.nomograms(predict=False, n=200.0))


@pytest.mark.slow
def test_no_group_gives_a_traceback():
    walk(widgets.validation(predict=False))


@pytest.mark.parametrize("name", SCENES)
def test_a_bad_start_value_is_named(name):
    scene = getattr(widgets, name)
    arguments = {} if name == "overlay" else {"predict": True}  # nothing is computed before a prediction
    for control, widget in scene(**arguments).controls.items():
        for wrong in (float("nan"), float("inf"), -1e9, None, "twelve", (), True if hasattr(widget, "min") else 3):
            with pytest.raises(ValueError, match=r"must|needs"):
                scene(**arguments, **{control: wrong})


# Refining


class Loop:
    """Work that is done when the test says so."""

    def __init__(self, monkeypatch):
        self.waiting = []
        monkeypatch.setattr(explore, "beside", lambda work, _, is_done, **__: self.waiting.append((work, is_done)))
        monkeypatch.setattr(explore, "PAUSE_S", 0.0)
        monkeypatch.setattr(scenes, "beside_all", lambda _: None)

    async def rest(self):
        await asyncio.sleep(0.01)

    async def finish_one(self):
        work, is_done = self.waiting.pop(0)
        work.do()
        is_done()
        await self.rest()


def fresh_trials(monkeypatch):
    """Forget what other tests have tried."""
    scenes._tried.cache_clear()
    monkeypatch.setattr(scenes, "_ready", [])


def same_numbers(one, other):
    """Return whether two outcomes hold the same numbers, bit for bit."""
    levels = all(np.array_equal(one._levels[arm], other._levels[arm]) for arm in one.arms)
    times = all(np.array_equal(one._times[arm], other._times[arm]) for arm in one.arms)
    sums = np.array_equal(one._sums, other._sums) and np.array_equal(one._differences, other._differences)
    return one.n == other.n and levels and times and sums


def test_a_trial_refines_while_a_sign_says_how_many_and_ends_as_a_direct_run(monkeypatch):
    fresh_trials(monkeypatch)
    loop = Loop(monkeypatch)

    async def look():
        scene = widgets.nomograms(predict=False, n=200.0)
        signs = [scene.sign.value]
        assert scene.is_refining
        assert Nomogram.load("raschke-1993").label in scene.picture.value, "the axes have the new name at once"
        await loop.rest()
        while loop.waiting:
            await loop.finish_one()
            signs.append(scene.sign.value)
        assert not scene.is_refining
        return scene, signs

    scene, signs = asyncio.run(look())
    assert [re.sub("<[^>]*>", "", sign) for sign in signs] == [
        "from 0 of 200 patients, more are coming",
        "from 50 of 200 patients, more are coming",
        "from 150 of 200 patients, more are coming",
        "200 patients",
    ]
    tried = scenes._tried("raschke-1993", "durham-va-2009", "real", scenes._OF_EACH_NOMOGRAM)
    direct = tried.trial.run(200, seed=7, progress=False)
    assert same_numbers(tried.outcomes(200), direct)
    assert plot.describe_trial(direct) in scene.words
    before = scene.picture.value
    fresh_trials(monkeypatch)
    at_once = widgets.nomograms(predict=False, n=200.0)  # without a loop
    assert at_once.words == scene.words
    assert curves(at_once.picture.value) == curves(before)


def curves(picture):
    """Return the part of a picture that moves."""
    return picture[picture.index('<svg role="img"') :]


def test_a_new_value_ends_the_refinement_of_the_old_one(monkeypatch):
    fresh_trials(monkeypatch)
    loop = Loop(monkeypatch)

    async def look():
        scene = widgets.nomograms(predict=False, n=200.0)
        await loop.rest()
        scene.set(second=other_table(scene))
        shown = scene.picture.value
        assert "more are coming" in scene.sign.value
        assert Nomogram.load(other_table(scene)).label in scene.picture.value
        await loop.rest()
        await loop.finish_one()  # the work on the old tables: kept, not shown
        assert scene.picture.value == shown
        assert len(loop.waiting) == 1
        await loop.finish_one()
        assert scene.picture.value != shown
        for n in (300.0, 400.0, 500.0):  # a drag: nothing is begun before the controls rest
            scene.set(n=n)
        begun = len(loop.waiting)
        await loop.rest()
        assert len(loop.waiting) == begun + 1

    asyncio.run(look())


def other_table(scene):
    return next(name for name in values_of(scene.controls["second"].options) if name not in ("raschke-1993", "durham-va-2009"))


@pytest.mark.slow
def test_another_process_refines(monkeypatch):
    fresh_trials(monkeypatch)

    async def look():
        scene = widgets.nomograms(predict=False, n=200.0)
        for _ in range(1200):
            await asyncio.sleep(0.05)
            if not scene.is_refining:
                break
        return scene

    scene = asyncio.run(look())
    assert "200 patients" in scene.sign.value
    assert "more" not in scene.sign.value
    trial = scenes._tried("raschke-1993", "durham-va-2009", "real", scenes._OF_EACH_NOMOGRAM)
    assert same_numbers(trial.outcomes(200), trial.trial.run(200, seed=7, progress=False))


@pytest.mark.slow
def test_the_loops_that_are_compiled_give_the_same_picture(monkeypatch):
    fresh_trials(monkeypatch)
    by_numpy = widgets.nomograms(predict=False, n=200.0).picture.value
    fresh_trials(monkeypatch)
    assert scenes.compile_loops(), "the tests have numba"
    monkeypatch.setattr(scenes, "_ready", [True])
    assert curves(widgets.nomograms(predict=False, n=200.0).picture.value) == curves(by_numpy)


def test_rows_come_one_after_another(monkeypatch):
    monkeypatch.setattr(scenes, "_answers", {})
    monkeypatch.setattr(scenes, "_SLOW", ("kinetics",))
    monkeypatch.setattr(scenes, "_IN_ONE_GO_S", 0.0)  # a row at a time
    loop = Loop(monkeypatch)

    async def look():
        scene = widgets.validation(predict=False)
        assert "computed for 0 of 25 printed values; more are coming" in scene.sign.value
        await loop.rest()
        await loop.finish_one()
        assert "computed for 1 of 25" in scene.sign.value
        while loop.waiting:
            await loop.finish_one()
        assert scene.sign.layout.display == "none"
        return scene.words

    assert asyncio.run(look()) == plot.describe_validation(proof.rows(group="kinetics"))


def test_words_say_when_a_laboratory_does_not_fit_a_table(monkeypatch):
    fits = widgets.nomograms(predict=False, n=200.0)
    assert "does not fit" not in fits.words
    fits.set(reagent="pathromtin-sl")
    assert f"{Nomogram.load('raschke-1993').label}: the laboratory does not fit the range: aPTT 46-70 s is aimed at" in fits.words


def test_the_question_is_about_the_first_picture():
    scene = widgets.half_life()
    scene.answer("it grows", 75)
    assert scene._asked.layout.display == "none"
    scene.set(dose=200.0)
    assert "The question and its answer are about the first picture (bolus (U/kg): 25)" in scene._asked.value
    assert scene._asked.layout.display is None
    scene.set(dose=25.0)
    assert scene._asked.layout.display == "none"


# The numbers of a picture


def test_numbers_are_those_of_the_course_and_made_only_when_opened(monkeypatch):
    made = []
    inner = explore.numbers
    monkeypatch.setattr(explore, "numbers", lambda figure: made.append(1) or inner(figure))
    scene = widgets.patients(predict=False)
    scene.set(weight=100.0)
    assert made == []
    scene.numbers.button.value = True
    assert made == [1]
    course = simulate(Patient(weight_kg=100.0, age_y=50.0), published.UFH_DEFAULT, scenes.USUAL, hours=48.0)
    cells = re.findall(r"<t[hd][^>]*>([^<]*)", scene.numbers.what.value)
    assert "anti-Xa (U/mL)" in scene.numbers.what.value
    last = [cells[i : i + 3] for i, cell in enumerate(cells) if cell == "24"]
    assert [float(row[2]) for row in last] == [
        float(f"{course.level_at(assay, 24.0):.3g}") for assay in ("aptt_s", "anti_xa_u_per_ml")
    ]
    scene.set(weight=60.0)
    assert made == [1, 1]
    scene.numbers.button.value = False
    scene.set(weight=70.0)
    assert made == [1, 1]


@pytest.mark.parametrize("name", ["half_life", "overlay", "blood", "patients", "indications", "validation"])
def test_every_picture_has_its_numbers_with_units(name):
    scene = getattr(widgets, name)(**({} if name == "overlay" else {"predict": False}))
    scene.numbers.button.value = True
    numbers = scene.numbers.what.value
    assert numbers.count("<tr>") > 4
    assert re.search(r"\((h|s|U/mL|U/kg|no unit|min)\)", numbers)
    scene.code.button.value = True
    assert "plot." in scene.code.what.value


def test_views_of_a_trial_have_their_numbers():
    scene = widgets.nomograms(predict=False, n=200.0)
    scene.numbers.button.value = True
    for view in scenes._VIEWS:
        scene.set(view=view)
        assert scene.numbers.what.value.count("<tr>") >= 7, view


# One colour for one model


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
def test_a_model_keeps_its_look_whatever_stands_beside_it():
    scene = widgets.overlay()
    drawn = []
    inner = scene.draw
    scene.draw = lambda **values: drawn.append(inner(**values)) or drawn[-1]
    looks = []
    for ticked in ({"UFH_A_DERIVED": True}, {"UFH_A_DERIVED": False, "UFH_B_DERIVED": False}):
        scene.set(**ticked)
        lines = drawn[-1].figure.axes[0].get_lines()
        looks.append({line.get_label().partition("\n")[0]: line.get_color() for line in lines if "\n" in line.get_label()})
    for name in ("JIA_2015_UFH", "SALEM_2022_UFH"):
        label = published.named(name).label
        assert looks[0][label] == looks[1][label] == plot.look_of(name)[0]
    every = [plot.look_of(drug.name) for drug in published.ALL]
    assert len(set(every)) == len(every)
    assert len({plot.look_of(name) for name in scenes._MODELS}) == len(scenes._MODELS)
    drugs = {"x": published.JIA_2015_UFH}
    assert plot.half_lives(drugs, scenes.TYPICAL).get_lines()[0].get_color() == plot.look_of("JIA_2015_UFH")[0]
    plt.close("all")


def test_what_one_change_leads_to_is_prepared_only_while_the_controls_rest(monkeypatch):
    """The first patients of every neighbouring trial are treated beside the notebook, and a change ends what is left to do."""
    fresh_trials(monkeypatch)
    loop, prepared = Loop(monkeypatch), []
    monkeypatch.setattr(scenes, "beside_all", prepared.append)
    monkeypatch.setattr(scenes, "_REST_S", 0.05)

    async def look():
        scene = widgets.nomograms(predict=False, n=200.0)
        assert not scenes._neighbours  # nothing before the controls rest
        await asyncio.sleep(0.15)
        assert scenes._next_neighbour in prepared
        expected = {
            tuple({**scene.values, name: other}[key] for key in ("first", "second", "hospital", "reagent"))
            for name in ("first", "second", "hospital", "reagent")
            for other in values_of(scene.controls[name].options)
        }
        shown = ("raschke-1993", "durham-va-2009", "real", scenes._OF_EACH_NOMOGRAM)
        assert set(scenes._neighbours) == {one for one in expected if one[0] != one[1]} - {shown}
        scenes._neighbours[2:] = []
        while (work := scenes._next_neighbour()) is not None:
            work.take(scenes._chunk(scenes._tried(*work.key[:4]).trial, 0, 50, "numpy"))
        named = [key for key in ((*shown[:1], other, *shown[2:]) for other in scenes._adults()) if key[0] != key[1]][:3]
        assert sum(0 in {first for first, _ in scenes._tried(*key).chunks} for key in named) >= 2
        begun = len(prepared)
        scene.set(n=300.0)
        assert not scenes._neighbours  # the picture has the processors again
        await asyncio.sleep(0.15)
        assert len(prepared) == begun + 1

    asyncio.run(look())
    assert loop.waiting
    scenes._neighbours.clear()
