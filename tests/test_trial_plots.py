"""Pictures of trials: they agree with the outcomes, have units, ranges and names, and clip no text."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from heparin_pk import Ensemble, Nomogram, Trial, hospital, plot, published, run_ensemble, widgets
from heparin_pk.trials.catalogue import CURVES
from heparin_pk.widgets.explore import values_of

pytestmark = pytest.mark.slow  # a trial or a hundred replicates each

DURHAM, RASCHKE = "durham-va-2009", "raschke-1993"


@pytest.fixture(autouse=True)
def _close(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("plot called show()"))
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def two_arms():
    return Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load(RASCHKE), Nomogram.load(DURHAM)])


@pytest.fixture(scope="module")
def found(two_arms):
    return two_arms.run(300, seed=7, progress=False)


def texts_of(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def all_text(figure):
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip() and text.get_visible()]


def test_bands_are_the_percentiles_and_the_range_is_shaded(found):
    ax = plot.percentile_bands(found, DURHAM)
    time_h, levels = found.percentiles(DURHAM, (5, 50, 95))
    named = {line.get_label(): line for line in ax.lines}
    assert np.array_equal(named["median"].get_ydata(), levels[1])
    assert np.array_equal(named["median"].get_xdata(), time_h)
    edges = [line.get_ydata() for line in ax.lines if line.get_label() == "_edge"]
    assert np.array_equal(edges[0], levels[0])
    assert np.array_equal(edges[1], levels[2])
    target = found.targets[DURHAM]
    boxes = [patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches]
    assert (target.low, target.high) in [(round(float(box.y0), 6), round(float(box.y1), 6)) for box in boxes]
    assert ax.get_xlabel() == "time (h)"
    assert "aPTT (s)" in ax.get_ylabel()
    assert any(f"95th percentile goes to {float(f'{levels[2][1:].max():.3g}'):,g} s" in text for text in texts_of(ax))


@pytest.mark.parametrize("key", CURVES)
def test_the_step_lines_are_the_curves_and_the_table_counts_patients_without_the_event(found, key):
    ax = plot.time_to(found, key)
    lines = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert [line.get_drawstyle() for line in lines] == ["steps-post"] * 2
    assert len({str(line.get_linestyle()) for line in lines}) == 2
    written = texts_of(ax)
    for line, arm in zip(lines, found.arms, strict=True):
        time_h, share = found.curve(arm, key)
        assert np.allclose(line.get_ydata(), 100 * share)
        assert found.labels[arm] in written
        rest = [f"{found.n - round(share[np.searchsorted(time_h, hour)] * found.n):,}" for hour in (0, 6, 12, 18, 24, 36, 48)]
        place = written.index(found.labels[arm]) + 1
        assert written[place : place + 7] == rest
        assert f"{share[-1]:.0%} by 48 h" in line.get_label()
    assert ax.get_ylabel() == "share of patients (%)"
    assert ax.get_xlabel().endswith("(h)")


def test_the_table_agrees_with_the_rows(found):
    """Counted again, from the single patients."""
    written = texts_of(plot.time_to(found))
    for arm in found.arms:
        there_h = found.columns(arm)["in_range_result_h"]
        left = [f"{int((~(there_h <= hour)).sum()):,}" for hour in (0, 6, 12, 18, 24, 36, 48)]
        place = written.index(found.labels[arm]) + 1
        assert written[place : place + 7] == left


def test_the_pale_bands_are_wilsons(found):
    ax = plot.time_to(found)
    for arm, band in zip(found.arms, ax.collections, strict=True):
        estimate = found.estimate(arm, "therapeutic_by_24_h")
        ends = [y for x, y in band.get_paths()[0].vertices if abs(x - 24.0) < 1e-9]
        assert min(ends) <= 100 * estimate.low + 1e-6
        assert any(abs(y - 100 * estimate.low) < 1e-6 for y in ends)
        assert any(abs(y - 100 * estimate.high) < 1e-6 for y in ends)


def test_an_ensemble_shows_every_model_beside_the_interval_of_chance(two_arms):
    short = replace(two_arms, hours=9.0)
    found = run_ensemble(short, Ensemble.of(short.drug, 3, seed=1), 40, seed=7, progress=False)
    keys = ("time_in_range_fraction", "common_range_below_fraction")
    ax = plot.ensemble(found, DURHAM, keys)
    drawn = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(drawn) == len(keys)
    for y, (key, dots) in enumerate(zip(keys, drawn, strict=True)):
        spread = found.difference(DURHAM, key)
        means = [100 * found.by_member[f"draw {i}"].difference(DURHAM, key).mean for i in (1, 2, 3)]
        assert list(dots.get_xdata()) == pytest.approx(means)
        here = [line for line in ax.lines if abs(line.get_ydata()[0] - y) < 0.4 and line not in drawn]
        ends = [sorted(line.get_xdata()) for line in here if len(line.get_xdata()) == 2]
        assert [100 * end for end in spread.monte_carlo.ends] in [pytest.approx(one) for one in ends]
        assert [100 * spread.models.low, 100 * spread.models.high] in [pytest.approx(one) for one in ends]
        points = [line.get_xdata()[0] for line in here if len(line.get_xdata()) == 1]
        assert sorted(points) == pytest.approx(sorted(100 * x for x in (spread.monte_carlo.mean, *spread.structures.values())))
    assert {published.UFH_A_DERIVED.label, published.UFH_TRIPLE_DERIVED.label} <= {
        text.get_text() for text in ax.get_legend().get_texts()
    }
    assert "percentage points" in ax.get_xlabel()
    with pytest.raises(ValueError, match="an outcome must be one of"):
        plot.ensemble(found, DURHAM, ("blood_draws",))


def test_a_forest_is_the_paired_differences(found):
    ax = plot.forest(found, DURHAM)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    marks = [line for line in ax.lines if line.get_marker() in ("o", "D")]
    assert len(labels) == len(marks) == len(texts_of(ax))
    columns = {arm: found.columns(arm) for arm in found.arms}
    difference = 100 * np.mean(columns[DURHAM]["time_in_range_fraction"] - columns[RASCHKE]["time_in_range_fraction"])
    assert labels[-1] == "all patients (300)"
    assert marks[-1].get_marker() == "D"
    assert marks[-1].get_xdata()[0] == pytest.approx(difference, abs=1e-6)
    assert texts_of(ax)[-1].startswith(f"{difference:+.1f} (")
    assert any(line.get_linestyle() == "--" and set(line.get_xdata()) == {0.0} for line in ax.lines)
    low, high = ax.get_xlim()
    assert low < 0 < high
    assert all(low < x < high for line in ax.lines for x in line.get_xdata())
    assert "percentage points" in ax.get_xlabel().replace("\n", " ")
    small = [group for group in found.groups if (found.difference(DURHAM, "time_in_range_fraction", group).n < 20)]
    assert small
    assert all(group in ax.get_xlabel().replace("\n", " ") for group in small)
    assert not any(label.startswith(group) for group in small for label in labels)


def test_a_forest_of_chosen_groups_and_another_outcome(found):
    ax = plot.forest(found, DURHAM, "blood_draws", groups=("all", "women", "men"))
    assert [label.get_text().partition(" (")[0] for label in ax.get_yticklabels()] == ["men", "women", "all patients"]
    assert "blood draws (a patient)" in ax.get_xlabel().replace("\n", " ")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: plot.percentile_bands(f, "unknown"), "arm must be one of"),
        (lambda f: plot.time_to(f, "peak_u_per_ml"), "a curve must be one of"),
        (lambda f: plot.forest(f, RASCHKE), "what the others are compared with"),
        (lambda f: plot.forest(f, DURHAM, groups=("elves",)), "group must be one of"),
        (lambda f: plot.forest(f, DURHAM, groups=()), "groups must have 20 patients or more; got none"),
        (lambda f: plot.time_shares({}, RASCHKE), "several must hold a trial"),
        (lambda f: plot.trial(f, sample={"unknown": [None]}), "the arm of a sampled course must be one of"),
    ],
)
def test_wrong_arguments_are_named(found, call, message):
    with pytest.raises(ValueError, match=message):
        call(found)


def test_shares_of_time_add_up_and_have_hatches(found):
    ax = plot.time_shares({"one": found, "two": found}, RASCHKE)
    bars = ax.patches
    assert sum(bar.get_width() for bar in bars) == pytest.approx(200, abs=1e-6)
    assert len({bar.get_hatch() for bar in bars}) == 3
    common = plot.time_shares({"one": found}, RASCHKE, common=True)
    assert common.patches[1].get_width() == pytest.approx(100 * found.estimate(RASCHKE, "common_range_in_range_fraction").mean)


@pytest.mark.slow
@pytest.mark.parametrize("names", [(RASCHKE,), (RASCHKE, DURHAM), (RASCHKE, DURHAM, "michigan-vte-anti-xa", "uk-aptt-ratio")])
def test_the_summary_picture_has_no_clipped_or_small_text(names):
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load(name) for name in names])
    found = trial.run(100, seed=1, progress=False)
    figure = plot.trial(found, sample=[trial.course(arm, 0, seed=1) for arm in found.arms[:2]])
    figure.canvas.draw()
    width, height = figure.bbox.width, figure.bbox.height
    for text in all_text(figure):
        box = text.get_window_extent()
        assert box.x0 > -1 and box.y0 > -1, text.get_text()  # noqa: PT018
        assert box.x1 < width + 1 and box.y1 < height + 1, text.get_text()  # noqa: PT018
        assert text.get_fontsize() >= 11, text.get_text()
    assert all(ax.get_xlabel() for ax in figure.findobj(matplotlib.axes.Axes))


def test_sampled_courses_are_the_true_courses(two_arms, found):
    course = two_arms.course(DURHAM, 3, seed=7)
    figure = plot.trial(found, sample=[course])
    lines = [line for ax in figure.findobj(matplotlib.axes.Axes) for line in ax.lines]
    assert any(np.array_equal(line.get_ydata(), course.level("aptt_s")) for line in lines)


def test_a_given_figure_is_drawn_on(found):
    figure = plt.figure(figsize=(15, 11), layout="constrained")
    assert plot.trial(found, figure=figure) is figure


def test_the_text_alternative_agrees_with_the_outcomes(found):
    words = plot.describe_trial(found)
    own = found.difference(DURHAM, "time_in_range_fraction")
    assert "300 virtual patients" in words
    assert f"{100 * own.mean:+.1f} percentage points of time in its own range" in words
    assert found.targets[DURHAM].in_words() in words
    assert words.endswith(".")


def test_a_short_trial_has_a_short_table(two_arms):
    short = replace(two_arms, hours=24.0).run(30, seed=1, progress=False)
    written = texts_of(plot.time_to(short))
    place = written.index(short.labels[RASCHKE]) + 1
    assert written[place + 5] == short.labels[DURHAM]


@pytest.mark.slow
def test_the_widget_runs_the_trial_its_code_runs():
    scene = widgets.nomograms(predict=False, n=200)
    made: dict = {}
    exec(scene.source_code, made)
    assert made["trial"].hospital == hospital.REAL  # the real one first
    assert scene.words == plot.describe_trial(made["found"])
    for view in values_of(scene.controls["view"].options):
        scene.set(view=view)
        assert scene.words == plot.describe_trial(made["found"])  # another picture of the same trial
        exec(scene.source_code, {})
    scene.set(hospital="ideal")
    made.clear()
    exec(scene.source_code, made)
    assert made["trial"].hospital == hospital.IDEAL
    assert scene.words == plot.describe_trial(made["found"])
    scene.set(second=RASCHKE)
    assert "choose two different nomograms; got raschke-1993 twice" in scene.words


@pytest.mark.slow
def test_the_widget_knows_every_table_for_adults():
    scene = widgets.nomograms(predict=False, n=200)
    assert len(scene.controls["second"].options) >= 14
    for _, name in scene.controls["second"].options:
        if name != RASCHKE:
            scene.set(second=name)
            assert scene.words.startswith("200 virtual patients"), (name, scene.words)
