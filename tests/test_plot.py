"""Pictures: units on every axis, the range shaded, no call of show(), lines distinguishable without colour."""

from __future__ import annotations

import subprocess
import sys

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from heparin_pk import (
    Bolus,
    Hold,
    Infusion,
    Laboratory,
    Nomogram,
    Patient,
    Protamine,
    Regimen,
    Subcutaneous,
    datasets,
    nomogram,
    plot,
    published,
    simulate,
    titrate,
)

PERSON = Patient(weight_kg=80)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def shaded(ax) -> list[tuple[float, float]]:
    """Return the horizontal bands of an axis."""
    boxes = [patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches]
    return [(round(float(box.y0), 6), round(float(box.y1), 6)) for box in boxes]


@pytest.mark.parametrize("name", nomogram.names())
def test_a_course_shows_its_range_its_units_and_every_result(name):
    table = Nomogram.load(name)
    course = titrate(PERSON, published.UFH_DEFAULT, table, laboratory=Laboratory(assay=table.assay))
    above, below = plot.course(course, target=table.target)
    assert (table.target.low, table.target.high) in shaded(above)
    assert above.get_ylim()[1] > table.target.high
    assert "(" in above.get_ylabel()
    assert below.get_xlabel() == "time (h)"
    assert "U/kg/h" in below.get_ylabel()
    drawn = sum(len(line.get_xdata()) for line in above.lines if line.get_marker() in ("o", "^"))
    assert drawn == len(course.labs)
    assert any(np.array_equal(line.get_ydata(), course.level(table.assay)) for line in above.lines)


def test_results_above_the_ceiling_are_open_triangles_at_the_ceiling():
    laboratory = Laboratory(reagent=published.reagents.PATHROMTIN_SL)
    table = Nomogram.load("raschke-1993")
    course = titrate(PERSON, published.UFH_DEFAULT, table, laboratory=laboratory)
    assert course.labs[0].above_ceiling
    above, _ = plot.course(course, target=table.target)
    (triangle,) = (line for line in above.lines if line.get_marker() == "^")
    assert list(triangle.get_ydata()) == [150.0]
    assert triangle.get_markerfacecolor() == "white"


def test_boluses_and_holds_are_drawn():
    regimen = Regimen((Bolus(time_h=0, dose_u=5000), Infusion(time_h=0, rate_u_per_h=1200), Hold(time_h=6, duration_min=60)))
    _, below = plot.course(simulate(PERSON, published.UFH_DEFAULT, regimen, hours=12))
    assert any(line.get_marker() == "v" for line in below.lines)
    drawn = [patch.get_window_extent().transformed(below.transData.inverted()) for patch in below.patches]
    assert any((box.x0, box.x1) == pytest.approx((6.0, 7.0)) for box in drawn)


def test_every_dose_of_one_moment_has_its_mark():
    orders = (Bolus(time_h=0, dose_u=5000), Subcutaneous(time_h=1, dose_u=5000), Protamine(time_h=2, dose_mg=30))
    axes = plot.course(simulate(PERSON, published.UFH_DEFAULT, Regimen(orders), hours=6))
    below = axes[1]
    assert {line.get_marker() for line in below.lines} >= {"v", "s", "X"}
    plot.course(simulate(PERSON, published.UFH_DEFAULT, Regimen(orders), hours=6), axes=axes, label="again")
    assert [text.get_text() for text in below.get_legend().get_texts()] == ["bolus", "subcutaneous", "protamine"]


def test_a_replay_joins_prediction_and_measurement():
    chart = datasets.load_icu_course("M3D-027")
    course = datasets.replay(chart, published.UFH_DEFAULT)
    above, _ = plot.replay(course, chart.labs, datasets.WARD_TARGET)
    misfits = [line for line in above.lines if line.get_linestyle() == ":"]
    assert len(misfits) == len(chart.labs)
    for line, lab in zip(misfits, chart.labs, strict=True):
        assert list(line.get_ydata()) == [lab.value, course.level_at("aptt_s", lab.drawn_h)]


def test_bands_write_every_line_of_the_table():
    table = Nomogram.load("uk-aptt-ratio")
    written = [text.get_text() for text in plot.bands(table).texts]
    for band in table.bands:
        assert band.label in written
        assert band.in_words() in written


def test_lines_are_told_apart_without_colour():
    models = {drug.name: drug for drug in published.ALL[:4]}
    ax = plot.plateaus(models, Patient(weight_kg=75), published.ranges.ANTI_XA_TREATMENT)
    named = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert len({(str(line.get_linestyle()), line.get_dash_capstyle()) for line in named}) >= 3
    assert len(set(plot.DASHES)) == len(plot.COLOURS)
    assert (0.3, 0.7) in shaded(ax)


def test_half_lives_pass_the_printed_points():
    ax = plot.half_lives({"triple": published.UFH_TRIPLE_DERIVED}, Patient(weight_kg=75), doses_u_per_kg=(25, 100, 400))
    assert ax.lines[0].get_ydata() == pytest.approx([30, 60, 150], rel=0.01)
    assert list(ax.lines[1].get_ydata()) == [30, 60, 150]
    assert ax.get_xlabel() == "bolus (U/kg)"
    assert ax.get_ylabel() == "half-life (min)"


def test_nothing_is_shown_and_axes_may_be_given(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("plot called show()"))
    table = Nomogram.load("raschke-1993")
    course = titrate(PERSON, published.UFH_DEFAULT, table)
    _, axes = plot.course_scene(48, table.target)
    assert (plot.course(course, target=table.target, axes=axes) == axes).all()


def test_the_description_says_what_the_picture_says():
    table = Nomogram.load("raschke-1993")
    words = plot.describe(titrate(PERSON, published.UFH_DEFAULT, table), table.target)
    assert "80 kg" in words
    assert "of the time in 46-70" in words
    assert words.endswith(".")


# Why the half-life is not a number


def test_clearance_falls_where_a_road_fills_up_and_only_there():
    models = {"pool": published.UFH_DEFAULT, "straight": published.KANDROTAS_1989_UFH}
    ax = plot.clearances(models, Patient(weight_kg=75), published.ranges.ANTI_XA_TREATMENT)
    falling, level = (next(line for line in ax.get_lines() if line.get_label() == name).get_ydata() for name in models)
    assert (np.diff(falling) < 0).all()
    np.testing.assert_allclose(level, 28 * 60 / 1000)  # 28 mL/min, as the paper prints it
    with pytest.raises(ValueError, match="target must be a range of anti-Xa, the axis is a concentration; got 'aptt_s'"):
        plot.clearances(models, PERSON, published.ranges.APTT_RASCHKE)
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


def test_importing_the_pictures_changes_no_setting_of_matplotlib():
    code = "import matplotlib as m; before = dict(m.rcParams); import heparin_pk.plot; print(before == dict(m.rcParams))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True"
