"""The text alternative of a picture: read from what is drawn, specific, never older than the picture, and shown with it."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from heparin_pk import (
    Bolus,
    Infusion,
    Laboratory,
    Nomogram,
    Patient,
    Regimen,
    Trial,
    calibration,
    datasets,
    hospital,
    indications,
    overlay,
    plot,
    published,
    simulate,
    titrate,
    validation,
)

PERSON = Patient(weight_kg=75)
HEPARIN = published.UFH_DEFAULT
TABLE = Nomogram.load("raschke-1993")
USUAL = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
ANTI_XA = published.ranges.ANTI_XA_TREATMENT


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def outcomes():
    tables = [TABLE, Nomogram.load("durham-va-2009")]
    return Trial(population=hospital.THROMBOSIS_WARD, arms=tables).run(200, seed=7, progress=False)


def figure_of(drawn) -> plt.Figure:
    """Return the figure of what a plot function returns: a figure, Axes, or several."""
    first = np.asarray(drawn, dtype=object).flat[0]
    return first if isinstance(first, plt.Figure) else first.figure


def course():
    return titrate(PERSON, HEPARIN, TABLE, hours=24, laboratory=Laboratory(turnaround_h=1), seed=1)


DRAWN = {  # what is drawn, and words that only this picture has
    "course": (lambda _: plot.course(course(), target=TABLE.target), ("aPTT (s) against time (h)", "target 46–70", "18 from 0")),
    "bands": (lambda _: plot.bands(TABLE), (TABLE.title, "46-70 s", "no change", "re-bolus 80 U/kg")),
    "clearances": (lambda _: plot.clearances({"m": HEPARIN}, PERSON, ANTI_XA), ("clearance (L/h)", "falls", "0.3–0.7")),
    "half_lives": (lambda _: plot.half_lives({"m": HEPARIN}, PERSON), ("half-life (min)", "“printed”: 30 at 25, 60 at 100")),
    "decays": (lambda _: plot.decays(HEPARIN, PERSON), ("half after 71 min", "below the picture")),
    "plateaus": (lambda _: plot.plateaus({"m": HEPARIN}, PERSON, ANTI_XA), ("plateau (U/mL)", "rises", "18 U/kg/h")),
    "binding_pool": (lambda _: plot.binding_pool(HEPARIN, PERSON), ("occupied binding sites (%)", "400 U/kg")),
    "overlay": (
        lambda _: plot.overlay(overlay(PERSON, [HEPARIN, published.UFH_A_DERIVED], USUAL), target=ANTI_XA),
        (published.UFH_A_DERIVED.label, "anti-Xa (U/mL)"),
    ),
    "reagents": (
        lambda _: plot.reagents(PERSON, list(published.reagents.REAGENTS.values())),
        ("At the right end", "Raschke 1993"),
    ),
    "calibration": (
        lambda _: (tubes := _tubes(30)) and plot.calibration(tubes, calibration.calibrate(tubes)),
        ("30 marks", "low end", "fit, r ="),
    ),
    "discordance": (lambda _: plot.discordance(_tubes(60), TABLE.target), ("aPTT below", "anti-Xa out of range")),
    "two_assays": (
        lambda _: plot.two_assays({"usual": simulate(PERSON, HEPARIN, USUAL, hours=48)}),
        ("Panel 1 of 2: aPTT (s), reagent Automated APTT", "Panel 2 of 2: anti-Xa", "“usual”"),
    ),
    "needed_doses": (
        lambda _: plot.needed_doses(HEPARIN, {"typical": PERSON, "light": Patient(weight_kg=50)}, ANTI_XA),
        ("rows: 2", "light: "),
    ),
    "indications": (
        lambda _: plot.indications([indications.named("pulmonary-embolism")], PERSON),
        (indications.named("pulmonary-embolism").title.split()[0],),
    ),
    "replay": (lambda _: _replay(), ("“measured”", "typical patient")),
    "validation": (lambda _: plot.validation(validation.rows()[:6]), ("Our value / printed value")),
    "trial": (plot.trial, ("200 virtual patients", "of the true time", "minus Raschke 1993")),
    "forest": (lambda found: plot.forest(found, "durham-va-2009"), ("all patients (200)", "percentage points")),
    "time_to": (plot.time_to, ("share of patients (%)", "rises")),
    "time_shares": (lambda found: plot.time_shares({"ideal": found}, "raschke-1993"), ("ideal: below", "in range", "above")),
    "percentile_bands": (lambda found: plot.percentile_bands(found, "raschke-1993"), ("half of the patients", "“median”")),
}  # fmt: skip


def _tubes(n: int):
    return calibration.samples(HEPARIN, published.reagents.REAGENTS["actin-fs"], n, seed=4)


def _replay():
    chart = datasets.load_icu_course("M3D-027")
    return plot.replay(datasets.replay(chart, HEPARIN), chart.labs, datasets.WARD_TARGET)


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_says_what_it_shows(name, outcomes):
    draw, expected = DRAWN[name]
    words = plot.in_words(figure_of(draw(outcomes)))
    for part in expected:
        assert part in words, words
    assert 60 < len(words) < 2500
    assert not re.search(r"\bnan\b|\binf\b|\$|\n|\de[-+]\d|  ", words), words
    assert words.endswith(".")


def test_it_follows_what_is_drawn_later():
    axes = plot.course(course(), target=TABLE.target, label="first")
    before = plot.in_words(axes[0].figure)
    plot.course(simulate(PERSON, HEPARIN, USUAL, hours=24), target=TABLE.target, label="second", axes=axes)
    after = plot.in_words(axes[0].figure)
    assert "“first”" in before
    assert "“second”" not in before
    assert "“second”" in after


def test_it_tells_the_numbers_of_the_course():
    shown = course()
    words = plot.in_words(plot.course(shown, target=TABLE.target)[0].figure)
    for lab in shown.labs:
        assert f"{lab.value:.0f} at {lab.drawn_h:.3g}" in words
    assert f"starts at {PERSON.baseline_aptt_s:.0f}" in words
    assert f"to {shown.level_at('aptt_s', 24):.0f} at 24" in words
    assert "above the picture (170)" in words  # 80 U/kg at once


def test_a_peak_and_a_plateau_are_told_apart():
    figure, axes = plot.new_figure(6, 4)
    x = np.linspace(0, 10, 101)
    axes[0, 0].plot(x, 5 - (x - 5) ** 2 / 5, label="hill")
    axes[0, 0].plot(x, np.full(101, 2.0), label="flat")
    axes[0, 0].plot(x, x / 2, label="up")
    words = plot.in_words(figure)
    assert "“hill” starts at 0, rises to 5 at 5, falls to 0 at 10." in words
    assert "“flat” stays at 2." in words
    assert "“up” starts at 0, rises to 5 at 10." in words


def test_many_curves_are_told_from_the_top_down():
    figure, axes = plot.new_figure(6, 4)
    for end in (3, 9, 5, 1, 8, 2, 7):
        axes[0, 0].plot([0, 1], [0, end], label=f"curve {end}")
    told = plot.in_words(figure)
    assert re.findall(r"curve (\d), (\d)", told) == [(str(end), str(end)) for end in (9, 8, 7, 5, 3, 2, 1)]


def test_a_band_is_told_where_it_ends():
    figure, axes = plot.new_figure(6, 4)
    axes[0, 0].fill_between([0, 1, 2], [0, 2, 3], [10, 7, 5], label="spread")
    assert "“spread” is 3 to 5 at 2." in plot.in_words(figure)


def test_half_of_many_marks_lie_below_their_median():
    figure, axes = plot.new_figure(6, 4)
    axes[0, 0].plot(range(11), [0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 50], "o", label="found")
    assert "“found”: 11 marks from 0 to 50, half of them below 2." in plot.in_words(figure)


def test_words_that_were_kept_are_used_and_go_with_their_figure():
    figure, _ = plot.new_figure(6, 4)
    plot.tell(figure, "Just so.")
    assert plot.in_words(figure) == "Just so."
    assert plot.in_words(plot.new_figure(6, 4)[0]) != "Just so."


def test_a_notebook_shows_an_image_with_these_words():
    axes = plot.new_figure(6, 4)[1]
    axes[0, 0].plot([0, 1], [0, 1], label='"<b>" & more')
    html = axes[0, 0].figure._repr_html_()
    alternative = re.search(r'<img alt="([^"]*)"', html).group(1)
    assert "&quot;&lt;b&gt;&quot; &amp; more" in alternative
    assert 'src="data:image/png;base64,' in html
