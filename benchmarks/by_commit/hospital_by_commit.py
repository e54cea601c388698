"""The rates and the trials of ``hospital.py`` as benchmarks of asv: one run measures all rows in turn."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import hospital


class Rates:
    """The same closed loop on every integrator; a peer that is not installed has no result."""

    param_names = ("name",)
    params = ([*(f"heparin_pk {runner}, {mode}" for runner in hospital.RUNNERS for mode in hospital.MODES), *hospital.PEERS],)
    timeout = 3600

    def setup_cache(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in hospital.kept_rates(None, 5)}

    def setup(self, rows: dict[str, dict[str, Any]], name: str) -> None:
        if "skipped" in rows[name]:
            raise NotImplementedError(rows[name]["skipped"])  # asv reads this as "not available on this machine"

    def track_patients_per_cpu_s(self, rows: dict[str, dict[str, Any]], name: str) -> float:
        return rows[name]["per_cpu_s"]

    def track_compiled_is_times(self, rows: dict[str, dict[str, Any]], name: str) -> float:
        return rows[name]["compiled_is_times"]

    def track_trajectory_error(self, rows: dict[str, dict[str, Any]], name: str) -> float:
        return rows[name].get("trajectory_error", float("nan"))

    def track_treated_otherwise(self, rows: dict[str, dict[str, Any]], name: str) -> float:
        return rows[name].get("other_decisions", float("nan"))

    track_patients_per_cpu_s.unit = "patients/CPU-s"
    track_compiled_is_times.unit = "times as many patients/CPU-s"
    track_trajectory_error.unit = "relative"
    track_treated_otherwise.unit = "patients"


class Trials:
    """``Trial.run`` of one arm in a fresh process."""

    param_names = ("runner", "patients", "draws")
    params = (["numpy", "compiled"], [10_000, 100_000], ["on time", "jittered", "real"])
    timeout = 600

    def setup_cache(self) -> dict[str, dict[str, Any]]:
        runners, sizes, draws = self.params
        return {
            f"{runner}, {size}, {draw}": hospital.alone("trial", size, 1, False, runner, draw)
            for runner in runners
            for size in sizes
            for draw in draws
        }

    def track_cpu_s(self, rows: dict[str, dict[str, Any]], runner: str, patients: int, draws: str) -> float:
        return rows[f"{runner}, {patients}, {draws}"]["cpu_s"]

    def track_peak_mb(self, rows: dict[str, dict[str, Any]], runner: str, patients: int, draws: str) -> float:
        return rows[f"{runner}, {patients}, {draws}"]["mb"]

    track_cpu_s.unit = "CPU-s"
    track_peak_mb.unit = "MB"
