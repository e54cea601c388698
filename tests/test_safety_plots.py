"""Pictures of safety: units on the axes, the numbers they were given, lines that differ without colour, a text alternative."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from heparin_pk import platelet_series, plot
from heparin_pk.teaching import hit, reversal
from heparin_pk.trials.off_ramp import NormalAgain


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def line(ax, label):
    return next(one for one in ax.lines if one.get_label() == label)


def test_platelets_show_every_count_and_the_days_of_heparin():
    series = platelet_series("typical", counted_d=hit.count_days_d("high"), stopped_d=9, subject=1)
    ax = plot.platelets(series)
    assert ax.get_xlabel().endswith("(d)")
    assert "10⁹/L" in ax.get_ylabel()
    reported = line(ax, "reported")
    assert np.array_equal(reported.get_ydata(), series.counted_e9_per_l)
    assert np.array_equal(line(ax, "true (illustrative model)").get_ydata(), series.true_e9_per_l)
    assert "illustrative" in plot.describe_platelets(series)
    assert f"{series.nadir_e9_per_l:.0f}" in plot.describe_platelets(series)
    assert plot.platelets(platelet_series("none", counted_d=())) is not None


def test_post_test_draws_bayes():
    score = hit.FourTs(thrombocytopenia=2, timing=2, thrombosis=0, other_causes=1)
    tests = [hit.IGG_ELISA, hit.SEROTONIN_RELEASE]
    ax = plot.post_test(tests, steps=hit.work_up(score, immunoassay=True))
    curve = line(ax, "IgG ELISA")
    at = int(np.argmin(np.abs(curve.get_xdata() - 14)))
    before = curve.get_xdata()[at] / 100
    assert curve.get_ydata()[at] == pytest.approx(100 * hit.IGG_ELISA.after_fraction(before, is_positive=True))
    assert line(ax, "IgG ELISA").get_linestyle() != line(ax, "serotonin release").get_linestyle()
    assert "(%)" in ax.get_xlabel()
    assert "65.3 % when positive" in plot.describe_post_test(tests)
    with pytest.raises(ValueError, match="no test to draw"):
        plot.post_test([])


def test_protamine_draws_the_table_beside_the_model():
    rows = reversal.table_against_model()
    ax = plot.protamine(rows)
    model = line(ax, "neutralises what is left in plasma (model)")
    assert list(model.get_ydata()) == [row.left_mg for row in rows]
    assert ax.get_ylabel() == "protamine (mg)"
    assert "after 60 min the table asks for 22.5 to 30 mg" in plot.describe_protamine(rows)
    with pytest.raises(ValueError, match="no row to draw"):
        plot.protamine([])


def test_normal_again_ends_at_the_share_that_was_found():
    found = NormalAgain(assay="anti_xa_u_per_ml", found_h=(1.0, 2.0, 3.0), not_within=1)
    ax = plot.normal_again([found])
    assert max(ax.lines[0].get_ydata()) == 75
    assert "Of 4 people" in plot.describe_normal_again([found])
    with pytest.raises(ValueError, match="no distribution to draw"):
        plot.normal_again([])
