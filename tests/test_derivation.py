"""The derived sets have the values their scripts derive, and quote the numbers they print; so have the draws of the default."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from heparin_pk import Patient, published
from heparin_pk.published.heparin_default_draws import COLUMNS, FITS, draws

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import derive_uncertainty
    finally:
        sys.path.pop(0)
    return derive_uncertainty


@pytest.fixture(scope="module")
def derived(script):
    return script.derive_default.derive()


PUBLISHED_OPTIMA = {
    # as found independently, before this script was written
    "A": ({"v": 43.5, "vmax": 63.4, "km": 1.17, "k_linear": 0.108}, 4.38),
    "B": ({"v": 48.9, "bmax": 16.7, "kon": 4.82, "kint": 1.265, "k_linear": 0.214}, 1.48),
    "A, half-lives alone (v = 40)": ({"v": 40.0, "vmax": 62.3, "km": 0.74, "k_linear": 0.080}, 0.0),
    "B, half-lives and plateau exactly (v = 45)": (
        {"v": 45.0, "bmax": 28.3, "kon": 2.43, "kint": 1.015, "k_linear": 0.154},
        0.0,
    ),
}


@pytest.mark.parametrize("name", PUBLISHED_OPTIMA)
def test_the_optimum_is_found_again(derived, name):
    parameters, chi2 = PUBLISHED_OPTIMA[name]
    assert derived[name]["parameters"] == pytest.approx(parameters, rel=0.008)
    assert derived[name]["chi2"] == pytest.approx(chi2, abs=0.006)


def test_the_shipped_default_lies_within_one_standard_error_of_its_optimum(derived):
    found = derived["B"]
    kinetics = published.UFH_DEFAULT.individual(Patient(weight_kg=75))
    shipped = {
        "v": kinetics.v1_ml / 75,
        "bmax": kinetics.bmax_u / 75,
        "kon": kinetics.kon_ml_per_u_per_h,
        "kint": kinetics.kint_per_h,
        "k_linear": kinetics.clearance_ml_per_h / kinetics.v1_ml,
    }
    for (name, best), rse in zip(found["parameters"].items(), found["rse"], strict=True):
        assert shipped[name] == pytest.approx(best, rel=rse), name


def test_the_default_quotes_its_fit_and_how_weakly_it_is_known(derived):
    found = derived["B"]
    best, rse = found["parameters"], dict(zip(found["parameters"], found["rse"], strict=True))
    quoted = {p.field: p.value for p in published.UFH_DEFAULT.parameters}
    fields = {"v1_ml": "v", "clearance_ml_per_h": "k_linear", "bmax_u": "bmax", "kint_per_h": "kint", "kon_ml_per_u_per_h": "kon"}
    for field, name in fields.items():
        value = re.search(r"fit: ([\d.]+)", quoted[field].source.where)[1]
        assert float(value) == pytest.approx(best[name], rel=0.005)
        assert quoted[field].rse_fraction == round(rse[name], 2)
    readme = (BENCHMARKS.parent / "README.md").read_text(encoding="utf-8")
    weakest = [round(100 * rse[name]) for name in ("bmax", "kon", "kint")]
    assert f"{min(weakest)}–{max(weakest)} %" in readme
    assert f"RSE {min(weakest)}-{max(weakest)} %" in published.UFH_DEFAULT.departures


def test_the_set_with_long_and_short_chains_is_its_fit_and_quotes_it(derived):
    """One kilogram of it has the half-lives, clearance and plateau of the same data; the two priors hold the short chains."""
    found = derived["C"]
    best, rse = found["parameters"], dict(zip(found["parameters"], found["rse"], strict=True))
    drug = published.UFH_LONG_SHORT_DERIVED
    quoted = {p.field: p.value for p in drug.parameters}
    kinetics = drug.individual(Patient(weight_kg=75))
    fields = {"v1_ml": "v", "bmax_u": "bmax", "kint_per_h": "kint", "kon_ml_per_u_per_h": "kon", "clearance_ml_per_h": "k_linear"}
    fields |= {"short_fraction": "short_fraction", "short_loss_per_h": "short_loss"}
    shipped = {name: getattr(kinetics, field) for field, name in fields.items()}
    shipped |= {"v": kinetics.v1_ml / 75, "bmax": kinetics.bmax_u / 75, "k_linear": kinetics.clearance_ml_per_h / kinetics.v1_ml}
    for field, name in fields.items():
        value = re.search(r"fit C: ([\d.]+)", quoted[field].source.where)[1]
        assert float(value) == pytest.approx(best[name], rel=0.005)
        assert shipped[name] == pytest.approx(best[name], rel=0.005)
        assert quoted[field].rse_fraction is None  # drawn one by one, without their correlations, they would mislead
    weakest = [round(100 * rse[name]) for name in ("bmax", "kint", "kon")]
    assert f"(RSE {min(weakest)}-{max(weakest)} %, correlated)" in drug.departures
    assert found["chi2"] == pytest.approx(1.35, abs=0.01)


# What is known of the default


def printed_rse():
    return {one.name: one.value.rse_fraction for one in published.UFH_DEFAULT.parameters if one.value.rse_fraction is not None}


def as_fitted(rows):
    """Return the logarithms of v, bmax, kon, kint and the linear loss per hour (n, 5), as the fit has them."""
    v, clearance, bmax, kint, kon = (np.array([row[name] for row in rows]) for name in COLUMNS[:-1])
    return np.log(np.array([v, bmax, kon, kint, clearance / v]).T)


def test_the_covariance_of_the_fit_gives_the_printed_standard_errors(derived):
    sd = np.sqrt(np.diag(derived["B"]["covariance"]))
    by_name = dict(zip(derived["B"]["parameters"], sd, strict=True))
    names = {"v1_ml_per_kg": "v", "clearance_ml_per_kg_per_h": "k_linear", "bmax_u_per_kg": "bmax", "kint_per_h": "kint"}
    names |= {"kon_ml_per_u_per_h": "kon"}
    assert {name: round(by_name[fitted], 2) for name, fitted in names.items()} == printed_rse()


def test_proposals_have_the_covariance(script, derived):
    many = script.proposals(derived["B"], 4000)
    assert np.cov(many.T) == pytest.approx(derived["B"]["covariance"], abs=0.03)
    assert many.mean(axis=0) == pytest.approx(np.log(list(derived["B"]["parameters"].values())), abs=0.03)


def test_the_draws_are_those_of_the_script(script, derived):
    again = script.draws(derived["B"], 25)
    shipped = [[row[name] for name in COLUMNS[:-1]] for row in draws()[:25]]
    assert np.array(again)[:, :-1] == pytest.approx(np.array(shipped), rel=2e-5)


@pytest.mark.slow
def test_all_draws_are_those_of_the_script_and_none_contradicts_the_data(script, derived):
    again = np.array(script.draws(derived["B"]))
    assert again[:, :-1] == pytest.approx(np.array([[row[name] for name in COLUMNS[:-1]] for row in draws()]), rel=2e-5)
    assert again[:, -1].max() <= derived["B"]["chi2"] + 11.08
    tried = script.proposals(derived["B"], 300)
    left_out = sum(script.chi_squared(one) > derived["B"]["chi2"] + 11.0705 for one in tried) / 300
    assert 0.05 < left_out < 0.14  # about one in eleven


def test_the_draws_are_as_uncertain_and_as_correlated_as_the_fit(derived):
    """Without the draws that contradict the data they are a little less so."""
    covariance = derived["B"]["covariance"]
    sd = np.sqrt(np.diag(covariance))
    found = as_fitted(draws())
    assert found.std(axis=0) / sd == pytest.approx(np.full(5, 0.94), abs=0.06)
    assert np.corrcoef(found.T) == pytest.approx(covariance / np.outer(sd, sd), abs=0.06)
    assert np.corrcoef(found.T)[1, 2] < -0.85  # capacity and binding: what one gains, the other loses
    assert found.mean(axis=0) == pytest.approx(np.log(list(derived["B"]["parameters"].values())), abs=0.12)


def test_the_fits_quoted_are_those_of_the_script(script, derived):
    chi2 = {"UFH_B_DERIVED": derived["B"]["chi2"], "UFH_A_DERIVED": derived["A"]["chi2"]}
    triple = derived["B, half-lives and plateau exactly (v = 45)"]["parameters"]
    alone = derived["A, half-lives alone (v = 40)"]["parameters"]
    chi2["UFH_TRIPLE_DERIVED"] = script.chi_squared(np.log(list(triple.values())))
    residuals = script.derive_default.all_residuals(script.derive_default.structure_a(**alone))
    chi2["UFH_A_HALF_LIVES_DERIVED"] = sum(one * one for one in residuals)
    for fit in FITS:
        assert fit.chi2 == pytest.approx(chi2[fit.drug.name], abs=0.03), fit.drug.name
