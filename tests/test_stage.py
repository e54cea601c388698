"""Live pictures: matplotlib's own drawing in two layers, the scene drawn once, both replaced in one message."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from heparin_pk import Patient, plot, published
from heparin_pk.widgets.stage import LivePicture, Stage, layers, moving, numbers

TYPICAL = Patient(weight_kg=75)


def stage(**options):
    return Stage(6.0, 4.0, **{"margins": (0.8, 0.7, 0.2, 0.3), **options})


def everything(ax):
    """Draw one artist of each kind that a picture has."""
    x = np.linspace(0.0, 10.0, 200)
    ax.plot(x, np.sin(x), color="#0072B2", ls="--", label="a curve")
    ax.plot([1, 2, 3], [0.2, 0.4, 0.1], "D", ms=9, mec="#222222", label="marks")
    ax.fill_between(x, np.sin(x) - 0.2, np.sin(x) + 0.2, alpha=0.2, lw=0, label="a band")
    ax.fill_between(x, 0.0, 0.3, facecolor="none", edgecolor="#009E73", hatch="///", lw=0.0)
    ax.axhspan(-0.5, 0.5, alpha=0.1)
    ax.barh(0.7, 3.0, left=1.0, height=0.1)
    ax.errorbar([5], [0.3], yerr=[[0.1], [0.2]], fmt="o", capsize=5)
    ax.step([0, 4, 8], [0.1, 0.6, -0.2], where="post")
    ax.hlines([0.9], 2.0, 4.0)
    ax.annotate("a < note", (5.0, 0.5), xytext=(6, 3), textcoords="offset points", bbox={"facecolor": "white"})
    ax.legend(loc="upper right")
    ax.set_xlim(0.0, 10.0)
    ax.set_ylim(-1.2, 1.2)
    ax.set_xlabel("time (h)")
    ax.set_ylabel("level (U/mL)")


def paths(svg):
    """Return the coordinates of every path, as numbers."""
    return [tuple(float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", d)) for d in re.findall(r'\bd="([^"]+)"', svg)]


def test_both_layers_together_are_the_drawing_of_matplotlib():
    """Every path and text of ``savefig`` is in one of the two layers, with the same coordinates, and nothing else is."""
    figure = stage()
    everything(figure.panels[0])
    drawn = layers(figure)
    out = io.StringIO()
    with plt.rc_context(plot.STYLE):
        figure.savefig(out, format="svg", dpi=72)
    whole = paths(out.getvalue())
    both = paths(drawn.scene) + paths(drawn.curves)
    assert sorted(set(both)) == sorted(set(whole))
    assert len(set(whole)) > 25
    texts = re.compile(r"<text[^>]*>([^<]*)</text>")
    assert sorted(texts.findall(drawn.scene + drawn.curves)) == sorted(texts.findall(out.getvalue()))
    assert "a curve" in drawn.curves
    assert "a curve" not in drawn.scene
    assert "time (h)" in drawn.scene
    assert "time (h)" not in drawn.curves


def test_a_point_lies_where_the_axes_say():
    figure = stage()
    ax = figure.panels[0]
    ax.plot([2.5, 7.5, 7.6], [0.0, 0.5, 0.5])
    ax.set_xlim(0.0, 10.0)
    ax.set_ylim(-1.0, 1.0)
    found = next(path for path in paths(layers(figure).curves) if len(path) == 6)
    left, right, low, high = 0.8 * 72, 5.8 * 72, 0.7 * 72, 3.7 * 72  # the margins, in points
    assert found[0] == pytest.approx(left + 0.25 * (right - left), abs=1e-4)
    assert found[1] == pytest.approx(4.0 * 72 - 0.5 * (low + high), abs=1e-4)  # y runs down


def test_a_scene_is_drawn_again_only_when_it_changes(monkeypatch):
    from heparin_pk.widgets import stage as module

    drawn = []
    inner = module._scene
    monkeypatch.setattr(module, "_scene", lambda figure, parts: drawn.append(1) or inner(figure, parts))
    monkeypatch.setattr(module, "_scenes", type(module._scenes)())
    figure = stage()
    everything(figure.panels[0])
    first = layers(figure)
    (ax,) = figure.cleared()
    assert moving(figure) == []
    ax.plot([0, 1], [0, 1])
    second = layers(figure)
    assert len(drawn) == 1
    assert second.scene == first.scene
    assert second.curves != first.curves
    for change in (
        lambda: ax.set_ylim(-1.2, 2.0),
        lambda: ax.set_ylabel("another"),
        lambda: ax.set_yticks([0.0, 1.0], ["no", "yes"]),
        lambda: ax.set_yticks([0.0, 1.0], ["No", "Yes"]),  # the same places, other names
        lambda: ax.set_yscale("symlog"),
    ):
        before = len(drawn)
        change()
        layers(figure)
        layers(figure)
        assert len(drawn) == before + 1
    ax.set_title("named")  # pictures that differ in their title share a scene
    third = layers(figure)
    assert len(drawn) == before + 1
    assert ">named</text>" in third.curves
    assert "named" not in third.scene


def test_axes_stand_still():
    figure = stage(columns=2, gap=0.9)
    before = [ax.get_position().bounds for ax in figure.panels]
    plot.decays(published.UFH_DEFAULT, TYPICAL, (100.0,), ax=figure.panels[0])
    layers(figure)
    plot.decays(published.UFH_DEFAULT, TYPICAL, (400.0,), ax=figure.cleared()[0])
    layers(figure)
    assert [ax.get_position().bounds for ax in figure.panels] == before
    assert len(figure.panels[0].get_lines()) == 3  # of the last drawing alone


def test_any_figure_can_be_shown():
    figure, axes = plot.new_figure(6.0, 4.0)
    everything(axes[0, 0])
    drawn = layers(figure)
    plt.close(figure)
    assert "a curve" in drawn.curves
    assert "time (h)" in drawn.scene
    assert (drawn.width, drawn.height) == (432.0, 288.0)


def test_no_frame_mixes_an_old_scene_with_new_curves():
    """A new scene comes with its curves in one message, and goes below them only when the next one leaves it unchanged."""
    figure = stage()
    ax = figure.panels[0]
    shown = LivePicture()
    messages = []
    for part in (shown._below, shown._above):
        part.observe(lambda change: messages.append((change["owner"] is shown._above, change["new"])), names="value")
    ax.plot([0, 1], [0, 1])
    shown.show(layers(figure), "one\ntwo <3>")
    assert len(messages) == 1
    assert shown.scene in messages[0][1]
    assert "<title>one</title><desc>two &lt;3&gt;</desc>" in messages[0][1]
    messages.clear()
    ax.lines[0].set_ydata([0, 0.5])
    shown.show(layers(figure), "one")
    assert [above for above, _ in messages] == [False, True]
    assert messages[0][1] == shown.scene  # hidden: the upper layer still holds the same scene
    assert shown.scene not in messages[1][1]
    messages.clear()
    ax.lines[0].set_ydata([0, 0.7])
    shown.show(layers(figure), "one")
    assert len(messages) == 1, "while the scene stands still, one message"
    messages.clear()
    ax.set_xlabel("something else")
    shown.show(layers(figure), "one")
    assert len(messages) == 1
    assert "something else" in messages[0][1]
    shown.say("Not possible")
    assert 'role="alert"' in shown.value
    assert "aspect-ratio:432 / 288" in shown.value
    assert shown._below.value == ""
    shown.show(layers(figure), "one")
    assert shown.scene in shown.value, "after words the scene comes again"


def test_numbers_are_read_off_the_picture():
    figure = stage()
    ax = figure.panels[0]
    ax.plot([0.0, 1.0, 2.0], [0.0, 10.0, 30.0], label="curve")
    ax.step([0.0, 1.0, 2.0], [5.0, 6.0, 7.0], where="post", label="steps")
    ax.plot([0.5], [4.0], "o", label="mark")
    ax.plot([0.0, 1.0, 2.0], [9.0, 9.0, 9.0], label="_unnamed")
    ax.fill_between([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0], label="band")
    ax.set_xlim(0.0, 2.0)
    ax.set_xticks([0.0, 0.5, 1.0, 1.5, 2.0])
    ax.set_xlabel("time (h)")
    ax.set_ylabel("level (U/mL)")
    cells = re.findall(r"<(?:td|th scope=\"row\")[^>]*>([^<]*)", numbers(figure))
    rows = [cells[i : i + 5] for i in range(0, len(cells), 5)]
    assert rows == [
        ["0", "0", "5", "1 to 4", ""],
        ["0.5", "5", "5", "", "4"],
        ["1", "10", "6", "2 to 5", ""],
        ["1.5", "20", "6", "", ""],
        ["2", "30", "7", "3 to 6", ""],
    ]
    assert re.findall(r"<th scope=\"col\"[^>]*>([^<]*)", numbers(figure)) == ["time (h)", "curve", "steps", "band", "mark"]


def test_no_style_sheet_reaches_the_page():
    """A style sheet on the page makes a browser look at all its elements again, at every step of a slider."""
    figure = stage()
    everything(figure.panels[0])
    drawn = layers(figure)
    assert "<style" not in drawn.scene + drawn.curves
    picture = LivePicture()
    picture.show(drawn, "words")
    assert "stroke-linejoin:round;stroke-linecap:butt" in picture.value  # what the style sheet said


def with_legend(figure, label="a curve", **look):
    """Draw one curve with a legend on a stage, and return what moves."""
    (ax,) = figure.cleared()
    ax.plot([0.0, 1.0], [0.0, 1.0], label=label, **{"color": "#0072B2", **look})
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(0.0, 1.0)
    ax.legend(loc="upper left")
    return re.sub(r'id="[^"]*"|url\(#\w+\)|href="#\w+"', "", layers(figure).curves)


@pytest.mark.parametrize(
    ("label", "look"),
    [
        ("another", {}),
        ("a curve", {"color": "#D55E00"}),
        ("a curve", {"ls": "--"}),
        ("a curve", {"lw": 5.0}),
        ("a curve", {"marker": "D"}),
        ("a curve", {"marker": "o", "mfc": "none"}),
        ("a curve", {"alpha": 0.4}),
    ],
)
def test_a_legend_is_kept_as_long_as_it_says_the_same(label, look):
    figure = stage()
    first = with_legend(figure)
    legend = figure.panels[0].get_legend()
    assert with_legend(figure) == first
    assert figure.panels[0].get_legend() is legend
    other = with_legend(figure, label, **look)
    assert figure.panels[0].get_legend() is not legend
    assert other == with_legend(stage(), label, **look)  # as if nothing had been kept
    assert with_legend(figure) == first


def test_a_legend_that_is_not_drawn_again_is_gone():
    figure = stage()
    with_legend(figure)
    (ax,) = figure.cleared()
    ax.plot([0.0, 1.0], [0.0, 1.0], label="a curve")
    assert "a curve" not in layers(figure).curves
    ax.legend()  # a place that depends on the curve is looked for each time
    assert "a curve" in layers(figure).curves
