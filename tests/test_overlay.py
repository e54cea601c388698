"""Several models in one call and one picture; what a run used; the sliders of the notebooks."""

import json
import re
import time
import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Infusion,
    Nomogram,
    OutsideValidityDomain,
    Patient,
    Regimen,
    Subcutaneous,
    overlay,
    plot,
    print_citations,
    published,
    simulate,
    titrate,
    widgets,
)
from heparin_pk.base import citations as papers
from heparin_pk.cli import main
from heparin_pk.widgets import Choice, Drawing, Explore, Slider, Toggle

PATIENT = Patient(weight_kg=75, height_cm=175, sex="male", age_y=50)
USUAL = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
SCENES = ("half_life", "overlay", "blood", "patients", "indications", "validation", "nomograms")


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
class TestOverlay:
    def test_is_one_simulation_each(self):
        courses = overlay(PATIENT, published.UFH, USUAL)
        assert [course.drug for course in courses] == list(published.UFH)
        alone = simulate(PATIENT, published.JIA_2015_UFH, USUAL, hours=24)
        np.testing.assert_array_equal(courses[4].states, alone.states)

    def test_labels_say_assay_and_validity(self):
        ax = plot.overlay(overlay(PATIENT, published.UFH, USUAL), target=published.ranges.ANTI_XA_TREATMENT)
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert len(labels) == 11  # the twelfth says nothing about anti-Xa
        assert "JIA_2015_UFH\n(anti-FIIa) outside: dose, route" in labels
        assert any("within what was studied" in label for label in labels)
        assert any("EDRICH_2015_UFH" in text.get_text() for text in ax.texts)
        thin = [line.get_linewidth() for line in ax.get_lines() if "outside" in str(line.get_label())]
        thick = [line.get_linewidth() for line in ax.get_lines() if "within" in str(line.get_label())]
        assert max(thin) < min(thick)
        lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
        patterns = [str(line._unscaled_dash_pattern) for line in lines]  # its public name for every broken line is "--"
        assert len({(line.get_color(), dashes) for line, dashes in zip(lines, patterns, strict=True)}) == len(lines) == 11
        assert len(set(patterns[:6])) == 6, "told apart without colour"
        plt.close(ax.figure)

    def test_a_model_keeps_its_colour_from_assay_to_assay(self):
        courses = overlay(PATIENT, published.UFH, USUAL)
        looks = []
        for assay in ("anti_xa_u_per_ml", "aptt_ratio"):
            ax = plot.overlay(courses, assay=assay)
            lines = [line for line in ax.get_lines() if "(" in str(line.get_label())]
            looks.append(
                {str(line.get_label()).split("\n")[0]: (line.get_color(), str(line._unscaled_dash_pattern[1])) for line in lines}
            )
            plt.close(ax.figure)
        both = looks[0].keys() & looks[1].keys()
        assert len(both) == 10
        assert all(looks[0][name][0] == looks[1][name][0] for name in both)

    def test_what_lies_beyond_is_hatched(self):
        beyond = Regimen((Bolus(time_h=0, dose_u_per_kg=900),))
        course = simulate(PATIENT, published.UFH_DEFAULT, beyond, hours=6)
        axes = plot.course(course, target=published.ranges.ANTI_XA_TREATMENT)
        assert [c for c in axes[0].collections if c.get_hatch()]
        assert any("outside: dose, level" in text.get_text() for text in axes[0].texts)
        usual = plot.course(simulate(PATIENT, published.UFH_DEFAULT, USUAL), target=published.ranges.ANTI_XA_TREATMENT)
        assert not [c for c in usual[0].collections if c.get_hatch()]
        plt.close("all")

    def test_words(self):
        words = plot.describe_overlay(overlay(PATIENT, (published.UFH_DEFAULT, published.EDRICH_2015_UFH), USUAL))
        assert words.startswith("anti-Xa after 24 h: UFH_B_DERIVED 0.449 U/mL (within what was studied)")
        assert "EDRICH_2015_UFH: nothing published" in words

    def test_what_is_not_in_the_picture_is_named_under_it(self):
        ax = plot.overlay(overlay(PATIENT, published.UFH, USUAL), assay="aptt_s", target=published.ranges.APTT_RASCHKE)
        said = "\n".join(text.get_text() for text in ax.texts)
        assert "nothing published about aPTT: DELAVENNE_2017_UFH, EDRICH_2015_UFH" in said
        assert "ends above this picture: AL_SALLAMI_2016_UFH, 417 s" in said
        assert "JIA" not in said
        assert ax.get_ylim()[0] == 20
        plt.close(ax.figure)

    @pytest.mark.parametrize("rate", [0.0, 3.0])
    def test_the_range_stays_in_the_picture_when_nothing_reaches_it(self, rate):
        little = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=rate),))
        ax = plot.overlay(overlay(PATIENT, (published.UFH_DEFAULT,), little), target=published.ranges.ANTI_XA_TREATMENT)
        assert ax.get_ylim()[0] == 0
        assert ax.get_ylim()[1] > 0.7
        plt.close(ax.figure)

    def test_no_reason_is_lost_in_the_short_form(self, monkeypatch):
        small, great = (replace(PATIENT, weight_kg=kg, age_y=y, height_cm=cm) for kg, y, cm in ((9, 2, 75), (250, 110, 175)))
        courses = [course for somebody in (PATIENT, small, great) for course in overlay(somebody, published.UFH, USUAL)]
        shorts = [plot.outside_in_short(course) for course in courses]
        assert [short.startswith("outside: ") for short in shorts] == [bool(course.outside) for course in courses]
        assert not [short for short in shorts if "got" in short]
        monkeypatch.setitem(plot.outside_in_short.__globals__, "_KINDS", {})  # a reason nobody has a short word for yet
        assert plot.outside_in_short(courses[4]).startswith("outside: was studied at bolus 125 to 500 U/kg; got 80")

    @pytest.mark.parametrize(
        ("drugs", "regimen", "message"),
        [
            ((), USUAL, "must be dosed in one unit; got none"),
            (
                (published.UFH_DEFAULT, published.SWAN_ARGATROBAN_DERIVED),
                USUAL,
                "UFH_B_DERIVED in U; SWAN_ARGATROBAN_DERIVED in µg",
            ),
            (
                (published.JIA_2015_UFH,),
                Regimen((Subcutaneous(time_h=0, dose_u=1),)),
                "JIA_2015_UFH: this model does not say how a subc",
            ),
            (("UFH",), USUAL, "a model must be a Drug; got 'UFH'"),
        ],
    )
    def test_what_cannot_be_overlaid(self, drugs, regimen, message):
        with pytest.raises(ValueError, match=message):
            overlay(PATIENT, drugs, regimen)
        with pytest.raises(ValueError, match="none of these models says anything about aPTT"):
            plot.overlay(overlay(PATIENT, (published.EDRICH_2015_UFH,), USUAL), assay="aptt_s")


def test_one_warning_a_model():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        overlay(PATIENT, (published.UFH_DEFAULT, published.JIA_2015_UFH, published.SALEM_2022_UFH), USUAL)
    assert [str(one.message).split()[0] for one in said] == ["JIA_2015_UFH", "SALEM_2022_UFH"]
    assert all(one.category is OutsideValidityDomain and one.filename == __file__ for one in said)


# Why the half-life is not a number


def test_clearance_falls_where_a_road_fills_up_and_only_there():
    models = {"pool": published.UFH_DEFAULT, "straight": published.KANDROTAS_1989_UFH}
    ax = plot.clearances(models, Patient(weight_kg=75), published.ranges.ANTI_XA_TREATMENT)
    falling, level = (next(line for line in ax.get_lines() if line.get_label() == name).get_ydata() for name in models)
    assert (np.diff(falling) < 0).all()
    np.testing.assert_allclose(level, 28 * 60 / 1000)  # 28 mL/min, as the paper prints it
    with pytest.raises(ValueError, match="target must be a range of anti-Xa, the axis is a concentration; got 'aptt_s'"):
        plot.clearances(models, PATIENT, published.ranges.APTT_RASCHKE)
    plt.close("all")


def test_a_larger_bolus_fills_more_of_the_pool_and_for_longer():
    ax = plot.binding_pool(published.UFH_DEFAULT, Patient(weight_kg=75), (25, 100, 400))
    lines = ax.get_lines()[:3]
    highest = [max(line.get_ydata()) for line in lines]
    hours_half_full = [np.ptp(line.get_xdata()[np.asarray(line.get_ydata()) > 40]) for line in lines]
    assert 0 < highest[0] < highest[1] < highest[2] < 100
    assert hours_half_full == sorted(hours_half_full)
    with pytest.raises(ValueError, match="drug must be a model with a binding pool; got JIA_2015_UFH"):
        plot.binding_pool(published.JIA_2015_UFH, Patient(weight_kg=75))
    plt.close("all")


def test_a_half_life_drawn_twice_is_the_same_line():
    first, again = (plot.half_lives({"m": published.UFH_DEFAULT}, Patient(weight_kg=75)).get_lines()[0].get_ydata() for _ in "12")
    np.testing.assert_array_equal(first, again)
    heavier = plot.half_lives({"m": published.UFH_DEFAULT}, Patient(weight_kg=120)).get_lines()[0].get_ydata()
    assert not np.allclose(first, heavier)
    plt.close("all")


# Citations


def test_a_run_cites_what_it_used_and_nothing_else(capsys):
    jia = simulate(Patient(weight_kg=66), published.JIA_2015_UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=375),)), hours=2)
    keys = {source.key for source in papers.sources(jia)}
    assert keys >= {"Jia_2015", "Whitfield_1980", "DERIVED"}  # the model, the exponential law, the reagent it is read in
    assert not keys & {"Erasmus_115265", "Krulder_1996", "Hirsh_1976", "Campbell_1996", "Raschke_1993"}
    child = Patient(weight_kg=20, height_cm=115, sex="male", age_y=6)
    bolus = Regimen((Bolus(time_h=0, dose_u_per_kg=91),))
    keys = {source.key for source in papers.sources(simulate(child, published.AL_SALLAMI_2016_UFH, bolus, hours=2))}
    assert keys == {"Al_Sallami_2016", "Al_Sallami_2015"}
    old = Patient(weight_kg=70, age_y=80)
    course = titrate(old, published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=12)
    keys = {source.key for source in papers.sources(course)}
    assert keys >= {"Hirsh_1976", "Campbell_1996", "Raschke_1993"}
    assert not keys & {"Teien_1977_cirrhosis", "Ward_2013", "Circadian_1994"}
    capsys.readouterr()
    print_citations()
    last = capsys.readouterr().out
    print_citations(course)
    assert capsys.readouterr().out == last
    assert last.count("@misc{") == len(keys)
    assert "Raschke RA, Reilly BM" in last.split("@misc")[0]


def test_bibtex_is_balanced():
    for drug in published.ALL:
        for source in drug.sources:
            entry = source.bibtex()
            assert entry.count("{") == entry.count("}")
            assert re.match(r"@misc\{[A-Za-z0-9_-]+,\n", entry)
            assert not re.search(r"(?<!\\)[%&#$]", entry)


def test_nothing_was_run_yet(monkeypatch):
    monkeypatch.setattr(papers, "_latest", [])
    with pytest.raises(ValueError, match="nothing was run yet"):
        papers.citations()
    with pytest.raises(ValueError, match="a course must be a Course or a Trial; got 3"):
        papers.citations(3)


# The command line


def test_commands(capsys, tmp_path):
    body = ("--weight", "75", "--height", "175", "--sex", "male", "--bolus", "80", "--infusion", "18")
    picture = tmp_path / "o.png"
    assert main(["overlay", "UFH_DEFAULT", "JIA_2015_UFH", "EDRICH_2015_UFH", *body, "--figure", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "JIA_2015_UFH" in out
    assert "was studied with bolus; got infusion" in out
    assert picture.stat().st_size > 20_000
    assert main(["overlay", *body, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in rows] == [drug.name for drug in published.UFH]
    short = ("--weight", "75", "--bolus", "80", "--infusion", "18")
    assert main(["overlay", *short]) == 0
    out = capsys.readouterr().out
    assert "left out: AL_SALLAMI_2016_UFH: the fat-free mass needs height_cm and sex of the patient\n" in out
    assert "UFH_B_DERIVED" in out
    assert main(["overlay", "UFH_DEFAULT", *short, "--assay", "aptt_s"]) == 0
    assert "     > 150        55   within what was studied" in capsys.readouterr().out  # no number above the ceiling
    assert main(["overlay", *short, "--json"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == len(published.UFH) - said.err.count("note: left out: ") < len(published.UFH)
    assert main(["overlay", "AL_SALLAMI_2016_UFH", *short]) == 2  # asked for by name it is refused, never dropped
    assert "needs height_cm and sex" in capsys.readouterr().err
    assert main(["overlay", "UFH_DEFAULT", *body, "--assay", "smell"]) == 2
    assert "no assay 'smell'" in capsys.readouterr().err
    assert main(["indications"]) == 0
    assert "pulmonary-embolism" in capsys.readouterr().out
    assert main(["indications", "haemodialysis", "--weight", "75"]) == 0
    assert "given in all 3,750 U" in capsys.readouterr().out
    assert main(["indications", "dvt-prophylaxis-8h", "--weight", "75"]) == 0
    assert "No level is aimed at. Beside the range of treatment:\nanti-Xa 0.3-0.7" in capsys.readouterr().out
    assert main(["indications", "haemodialysis"]) == 0
    assert "Brunet" in capsys.readouterr().out
    assert main(["indications", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "dvt-prophylaxis-8h"
    assert main(["indications", "vte-iv", "--json"]) == 2
    assert "--weight is needed" in capsys.readouterr().err
    simulated = ["simulate", "--weight", "75", "--bolus", "80", "--condition", "cirrhosis", "--json"]
    assert main(simulated) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any("Teien" in line for line in answer["citations"])
    assert "@misc" in answer["bibtex"]
    assert answer["outside_what_was_studied"] == []
    assert main([*simulated[:-3], "--condition", "luck"]) == 2
    assert "no condition 'luck'" in capsys.readouterr().err


# Sliders


@pytest.mark.slow
def test_the_code_of_a_scene_draws():
    for name in SCENES:
        scene = getattr(widgets, name)(**({} if name == "overlay" else {"predict": False}))
        assert "plot." in scene.source_code, name


def test_a_reagent_is_named_once():
    drawn = []
    scene = widgets.blood(predict=False)
    inner = scene.draw
    scene.draw = lambda **values: drawn.append(inner(**values)) or drawn[-1]
    for reagent, names in (("actin-fs", ["guideline", "actin-fs"]), ("guideline", ["guideline"])):
        scene.set(reagent=reagent)
        legend = drawn[-1].figure.axes[0].get_legend()
        assert {text.get_text() for text in legend.get_texts()} == {*names, "your patient"}
        assert len(legend.get_texts()) == len(names) + 1
        assert not legend.get_frame_on()


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


def test_a_prediction_comes_first():
    scene = widgets.half_life()
    assert scene.picture.value == ""
    scene.set(dose=100)
    assert scene.words == ""
    scene.show.click()
    assert scene.words == ""  # nothing was answered yet
    assert "Choose an answer first" in scene.predicted.value
    scene.guess.value = "it grows"
    scene.show.click()
    assert "71 min" in scene.words
    assert "You predicted: it grows" in scene.predicted.value


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
