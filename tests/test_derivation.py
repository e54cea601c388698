"""The derived sets have the values their script derives, and quote the numbers it prints."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from heparin_pk import Patient, published

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def derived():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import derive_default
    finally:
        sys.path.pop(0)
    return derive_default.derive()


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
