"""The benchmarks run, every peer agrees with our engines, and no time is asserted."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_every_installed_peer_agrees_and_has_a_row_by_commit(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    hospital = importlib.import_module("hospital")
    rows = {row["name"]: row for row in hospital.rates(4, 1)}
    measured = [row for row in rows.values() if "skipped" not in row]
    assert sum("agrees" in row for row in measured) >= len(hospital.RUNNERS) + 6  # SciPy is always installed
    for row in measured:
        assert row.get("agrees", True), row
        assert row["per_cpu_s"] > 0.0
    monkeypatch.syspath_prepend(str(BENCHMARKS / "by_commit"))
    by_commit = importlib.import_module("hospital_by_commit")
    assert set(by_commit.Rates.params[0]) == set(rows)
    assert {"cpu_s", "mb"} <= set(hospital.alone("trial", 64, 1, False, "numpy", "jittered"))
    assert {"import_s", "first_s", "again_s", "mb"} <= set(hospital.alone("cold", "heparin_pk numpy"))
