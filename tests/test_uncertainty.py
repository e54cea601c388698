"""How well a published number is known stands beside it, and a set that knows no variability says so in a trial."""

import json
import math
import warnings

import pytest

from heparin_pk import Nomogram, Parameter, Population, Source, Trial, Value, cli, published
from heparin_pk.published.drug import WithoutVariability

SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")


def known(name):
    return {p.field: p.value for p in published.named(name).parameters if p.value.log_sd is not None}


def test_jia_and_delavenne_as_printed():
    """Jia 2015, bootstrap: CL 0.99-1.35, Vc 2.57-3.51, Q 0.0977-0.311, Vp 2.63-27.6 L; Delavenne, RSE 10, 4, 15, 8, 29 %."""
    jia, delavenne = known("JIA_2015_UFH"), known("DELAVENNE_2017_UFH")
    litres = {"clearance_ml_per_h": (0.99, 1.35), "v1_ml": (2.57, 3.51), "q_ml_per_h": (0.0977, 0.311), "v2_ml": (2.63, 27.6)}
    for field, printed in litres.items():
        assert [end / 1000 for end in jia[field].interval] == pytest.approx(printed)
    assert {field: value.rse_fraction for field, value in delavenne.items()} == {
        "clearance_ml_per_h": 0.10, "v1_ml": 0.04, "q_ml_per_h": 0.15, "v2_ml": 0.08,
    }  # fmt: skip
    exponent = next(p.exponent for p in published.DELAVENNE_2017_UFH.parameters if isinstance(p.exponent, Value))
    assert (exponent.value, exponent.rse_fraction) == (0.767, 0.29)


def test_the_interval_counts_before_the_standard_error():
    """A bootstrap of a tenfold range is wider than 31.8 % says: 0.60 on the log scale."""
    volume = known("JIA_2015_UFH")["v2_ml"]
    assert volume.log_sd == pytest.approx(math.log(27.6 / 2.63) / 3.92) == pytest.approx(0.600, abs=0.001)
    assert Value(8010.0, SOURCE, 0.318).log_sd == 0.318
    assert Value(1.0, SOURCE, 0.318, (-1.0, 3.0)).log_sd == 0.318
    assert Value(1.0, SOURCE).log_sd is None


def test_it_is_shown(capsys):
    assert "RSE 31.8 %, 95 % interval 2630 to 27600" in str(published.JIA_2015_UFH)
    assert "^0.767 (exponent: RSE 29 %)" in str(published.DELAVENNE_2017_UFH)
    assert "RSE 79 %" in str(published.UFH_DEFAULT)
    assert "RSE" not in str(published.KANDROTAS_1989_UFH)
    cli.main(["models", "JIA_2015_UFH", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["parameters"][0]["value"]["interval"] == [990.0, 1350.0]


def test_it_changes_no_number():
    """A value with its uncertainty is the same value."""
    with_it, without = (
        Parameter(name="v1_ml", value=value) for value in (Value(1.0, SOURCE, 0.2, (0.5, 2.0)), Value(1.0, SOURCE))
    )
    assert with_it.at(None, 70.0) == without.at(None, 70.0)
    assert eval(repr(with_it), {"Parameter": Parameter, "Value": Value, "Source": Source}) == with_it


@pytest.mark.parametrize(
    ("uncertainty", "message"),
    [
        ({"rse_fraction": -0.1}, "rse_fraction must lie between 0 and 10"),
        ({"rse_fraction": math.nan}, "rse_fraction must"),
        ({"rse_fraction": "10 %"}, "rse_fraction must be a number"),
        ({"interval": (2.0, 3.0)}, "interval must rise and hold the value 1"),
        ({"interval": (2.0, 0.5)}, "interval must rise"),
        ({"interval": (0.5, math.inf)}, "interval must lie between"),
        ({"interval": 0.5}, "interval must be a pair"),
    ],
)
def test_what_cannot_be(uncertainty, message):
    with pytest.raises(ValueError, match=message):
        Value(1.0, SOURCE, **uncertainty)


def test_an_exponent_has_its_limits_with_a_source_too():
    with pytest.raises(ValueError, match="exponent must lie between -1 and 2"):
        Parameter(name="v1_ml", value=Value(1.0, SOURCE), exponent=Value(3.0, SOURCE))
    assert Parameter(name="v1_ml", value=Value(1.0, SOURCE), exponent=Value(0.75, SOURCE)).power == 0.75


def trial_of(name, **population):
    arms = [Nomogram.load("michigan-vte-anti-xa")]
    return Trial(population=Population(**population), arms=arms, drug=published.named(name), hours=12)


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
def test_a_trial_says_that_no_variability_is_known():
    with pytest.warns(WithoutVariability, match="Kandrotas 1989 .dialysis. has no variability between patients") as said:
        trial_of("KANDROTAS_1989_UFH").run(3, progress=False)
    assert said[0].filename == __file__


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
@pytest.mark.parametrize(("name", "population"), [("UFH_DEFAULT", {}), ("KANDROTAS_1989_UFH", {"varies": False})])
def test_it_is_silent_where_variability_is_known_or_not_wanted(name, population):
    with warnings.catch_warnings():
        warnings.simplefilter("error", WithoutVariability)
        trial_of(name, **population).run(3, progress=False)
