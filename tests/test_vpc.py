"""The prediction-corrected check: a model passes on data it simulated itself, and fails on data of another model."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from heparin_pk import Fixed, Laboratory, Population, datasets, hospital, plot, published, titrate, vpc
from heparin_pk.base import citations

pytestmark = pytest.mark.slow  # a trial or a hundred replicates each

HEPARIN = published.UFH_DEFAULT
CHARTS = [datasets.load_icu_course(name) for name in datasets.icu_course_ids()]
AS_IN_THE_CHECK = Laboratory(cv_fraction=0.0, turnaround_h=0.0, residual=HEPARIN.residual)


def simulated_by(drug, seed):
    """Return the charts with results simulated by this model, one virtual patient a chart."""
    charts = []
    for index, chart in enumerate(CHARTS):
        if chart.labs:
            draws_h = tuple(lab.drawn_h for lab in chart.labs)
            patient = Population(typical=chart.patient).person(drug, index, seed=seed)
            plan = Fixed(regimen=chart.regimen, draws_h=draws_h)
            hours = max(chart.hours, draws_h[-1] + 0.1)
            course = titrate(patient, drug, plan, hours=hours, laboratory=AS_IN_THE_CHECK, seed=seed, subject=index)
            charts.append(replace(chart, labs=course.labs))
    return charts


@pytest.fixture(scope="module")
def real():
    return vpc.prediction_corrected(CHARTS, HEPARIN, seed=3, replicates=60)


@pytest.mark.slow
def test_where_the_model_made_the_data_the_percentiles_lie_inside():
    shares = [
        vpc.prediction_corrected(simulated_by(HEPARIN, 100 + seed), HEPARIN, seed=5, replicates=100).inside_fraction
        for seed in range(8)
    ]
    assert 0.88 < np.mean(shares) <= 1.0  # 95 % expected; 120 percentiles, not independent within a chart


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
@pytest.mark.parametrize("wrong", [published.JIA_2015_UFH, published.KANDROTAS_1989_UFH], ids=lambda drug: drug.name)
def test_a_wrong_model_is_seen(wrong):
    assert vpc.prediction_corrected(simulated_by(HEPARIN, 100), wrong, seed=5, replicates=100).inside_fraction < 0.5


@pytest.mark.slow
def test_the_correction_itself():
    """A result equal to its prediction becomes the median prediction of its bin."""
    charts = []
    for chart in CHARTS:
        course = datasets.replay(chart, HEPARIN)
        labs = tuple(replace(lab, value=course.level_at("aptt_s", lab.drawn_h), above_ceiling=False) for lab in chart.labs)
        charts.append(replace(chart, labs=labs))
    check = vpc.prediction_corrected(charts, HEPARIN, seed=1, replicates=20)
    assert np.allclose(check.observed[0], check.observed[2])
    predictions = [
        [lab.value for chart in charts for lab in chart.labs if start <= lab.drawn_h < end]
        for start, end in zip(check.bins_h[:-1], check.bins_h[1:], strict=True)
    ]
    assert check.observed[1] == pytest.approx([np.median(of_bin) for of_bin in predictions])
    assert check.n.tolist() == [len(of_bin) for of_bin in predictions]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers(real):
    again = vpc.prediction_corrected(CHARTS, HEPARIN, seed=3, replicates=60)
    other = vpc.prediction_corrected(CHARTS, HEPARIN, seed=4, replicates=60)
    for name in ("observed", "simulated", "low", "high", "points"):
        assert np.array_equal(getattr(again, name), getattr(real, name))
    assert np.array_equal(other.observed, real.observed)
    assert not np.array_equal(other.low, real.low)


def test_every_result_is_counted(real):
    charted = sum(len(chart.labs) for chart in CHARTS)
    censored = sum(lab.above_ceiling for chart in CHARTS for lab in chart.labs)
    assert real.above_ceiling == censored
    assert real.n.sum() + real.above_ceiling + real.beyond == charted
    assert len(real.points) == real.n.sum()
    assert real.courses == sum(bool(chart.labs) for chart in CHARTS)
    assert (real.low <= real.simulated).all()
    assert (real.simulated <= real.high).all()


def test_its_words_and_its_papers(real):
    words = real.in_words()
    assert f"{real.above_ceiling} results above the ceiling" in words
    assert f"{int((~real.inside).sum())} of 15" in words
    assert vpc.BERGSTRAND_2011 in real.sources
    assert "21302010" in citations.citations(real)


def test_the_picture_shows_range_units_and_what_lies_outside(real):
    ax = plot.vpc(real)
    lines = {line.get_label(): line for line in ax.lines}
    assert np.array_equal(lines["measured, median"].get_ydata(), real.observed[1])
    assert np.array_equal(lines["each result"].get_ydata(), real.points)
    crosses = sum(len(line.get_xdata()) for line in ax.lines if line.get_label() == "_outside")
    assert crosses == int((~real.inside).sum())
    assert "aPTT (s)" in ax.get_ylabel()
    assert any("target 60–100" in text.get_text() for text in ax.texts)
    assert [text.get_text() for text in ax.texts if text.get_text().isdigit()] == [str(n) for n in real.n]
    plt.close("all")


@pytest.mark.slow
def test_features_that_were_not_charted_may_be_drawn(real):
    drawn = vpc.prediction_corrected(
        CHARTS, HEPARIN, seed=3, replicates=60, distributions=(hospital.ANTITHROMBIN, hospital.FACTOR_VIII)
    )
    assert not np.array_equal(drawn.low, real.low)
    assert np.array_equal(drawn.observed, real.observed)
    assert hospital.TICHELAAR_2012.citation in {source.citation for source in drawn.sources}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"charts": []}, "charts must hold a course with a result"),
        ({"charts": ["M3D-001"]}, "charts must be an ICUCourse"),
        ({"bins_h": (0, 8, 8)}, "bins_h must be two edges or more that rise"),
        ({"bins_h": (0,)}, "bins_h must be two edges or more that rise"),
        ({"bins_h": (0, 0.001, 0.002)}, "every bin must hold a result"),
        ({"replicates": 5}, "replicates must lie between 20 and"),
        ({"seed": -1}, "seed must be an integer"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        vpc.prediction_corrected(**{"charts": CHARTS[:2], "drug": HEPARIN, "replicates": 20} | arguments)
