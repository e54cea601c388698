"""The benchmarks run, and every program measured agrees with ours; no time is asserted."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_every_installed_program_agrees_and_has_a_row_by_commit(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    hospital = importlib.import_module("hospital")
    rows = {row["name"]: row for row in hospital.rates(4, 1)}
    here = [row for row in rows.values() if "skipped" not in row]
    assert sum("agrees" in row for row in here) >= len(hospital.RUNNERS) + 6  # SciPy is always here
    for row in here:
        assert row.get("agrees", True), row
        assert row["per_cpu_s"] > 0.0
    monkeypatch.syspath_prepend(str(BENCHMARKS / "by_commit"))
    by_commit = importlib.import_module("hospital_by_commit")
    assert set(by_commit.Rates.params[0]) == set(rows)
    assert {"cpu_s", "mb"} <= set(hospital.alone("trial", 64, 1, False, "numpy", "jittered"))
