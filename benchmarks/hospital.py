"""Virtual patients per CPU-second, compared with peers, and the cost of a trial: ``python benchmarks/hospital.py``.

Sections (``--only rates,cold,scaling,cluster``): the same closed loop on every integrator, agreement checked before the timing;
the cost of importing and compiling; time and memory of ``Trial.run`` by cohort size and workers; a local Dask cluster.
CPU time throughout, medians of interleaved repeats in one run. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import peers
from peers import ABOVE_CEILING, HOURS, STEPS, Found, Work

from heparin_pk import Nomogram, Patient, WardErrors, published, reagent_for, titrate
from heparin_pk.base.randomness import standard_normals
from heparin_pk.base.streams import Stream
from heparin_pk.blood.response import slope_ml_per_u
from heparin_pk.simulation.cohort import Charts, titrate_cohort
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.simulation.rules import EventKind
from heparin_pk.trials.hospital import REAL, THROMBOSIS_WARD
from heparin_pk.trials.trial import Trial

SEED = 7
MEMORY_IS_KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**33)}
"""Settings of glibc while rates are measured: no row pays for memory that another row gave back to the system."""
CHECKED = 64
"""Number of patients whose concentrations are compared with the reference; decisions are compared for all patients."""
AGREES_WITHIN = 1e-4
"""Largest relative error of the concentrations at the draws at which a peer agrees with the reference."""
DRUG, TABLE = published.UFH_DEFAULT, Nomogram.load("raschke-1993")
TRIAL = Trial(population=THROMBOSIS_WARD, arms=[TABLE])
JITTERED = replace(TRIAL, ward_errors=WardErrors(name="jittered", late_draw_fraction=1.0, late_by_h=0.5))
"""Every draw is late, by half an hour in the mean, in whole minutes."""
DESIGNS = {"on time": TRIAL, "jittered": JITTERED, "real": replace(TRIAL, hospital=REAL)}
"""The trials that are timed, by the column "draws"; in a real hospital people drift and the ward errs, too."""


def ward_patients(n: int) -> tuple[Any, Work]:
    """Return the patients of the ward as our cohort and as plain arrays for the peers."""
    subjects = np.arange(n)
    cohort = THROMBOSIS_WARD.cohort(DRUG, subjects, seed=SEED)
    k = DRUG.kinetics_of_all(cohort)
    if k.vmax_u_per_h.any() or k.q_ml_per_h.any() or k.ke0_per_h.any():
        raise ValueError("the peers' model has the binding pool and linear loss only")
    slope = np.broadcast_to(slope_ml_per_u(cohort, reagent_for(TABLE), DRUG.covariate_effects), (n,))
    columns = (k.v1_ml, k.clearance_ml_per_h, k.bmax_u, k.kon_ml_per_u_per_h, k.kint_per_h)
    patients = np.stack([*columns, cohort.column("weight_kg"), cohort.column("baseline_aptt_s"), slope], axis=1)
    errors = np.stack(
        [standard_normals(SEED, Stream.ASSAY.of("aptt_s"), float(hour), subjects) for hour in range(HOURS + 1)], axis=1
    )
    return cohort, Work(np.ascontiguousarray(patients), np.ascontiguousarray(errors))


class Orders(NoObserver):
    """Observer that records the orders by lane and hour: ``decided`` (n, 48, 4) in the layout of ``peers.py``."""

    def __init__(self, n: int) -> None:
        self.decided = np.zeros((n, HOURS, 4))

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, kind: int, amount: np.ndarray) -> None:
        column = {EventKind.BOLUS: 1, EventKind.HOLD: 2, EventKind.INFUSION: 3}[EventKind(kind)]
        self.decided[lanes, np.rint(at_h).astype(int), column] = amount / 60.0 if kind == EventKind.HOLD else amount


def ours(runner: str, keep: bool, cohort: Any, n: int) -> tuple[Charts, Orders]:
    """Treat the ward with ``titrate_cohort``; ``keep`` stores trajectories and orders, otherwise only the charts."""
    subjects = np.arange(n)
    orders = Orders(n if keep else 0)
    charts = titrate_cohort(
        cohort.take(subjects),
        DRUG,
        TABLE,
        observer=orders if keep else None,
        hours=HOURS,
        seed=SEED,
        subjects=subjects,
        runner=runner,
        trajectories=keep,
    )
    return charts, orders


def in_layout_of_peers(result: tuple[Charts, Orders]) -> Found:
    """Return our trajectories and decisions in the layout of the peers."""
    charts, orders = result
    n, decided = len(charts.n_results), orders.decided.copy()
    rate = decided[:, 0, 3].copy()
    level = np.zeros((n, HOURS))
    for k in range(len(charts.values)):
        hour = np.rint(charts.drawn_h[k]).astype(int) + 1
        lanes = np.flatnonzero((k < charts.n_results) & (hour < HOURS))
        level[lanes, hour[lanes]] = np.where(charts.above_ceiling[k], ABOVE_CEILING, charts.values[k])[lanes]
    decided[:, 0] = 0.0
    for hour in range(1, HOURS):
        rate = np.where(decided[:, hour, 3] > 0.0, decided[:, hour, 3], rate)
        decided[:, hour, 0] = level[:, hour]
        decided[:, hour, 3] = np.where(level[:, hour] > 0.0, rate, 0.0)
    return charts.trajectories_u_per_ml, decided


def one_chunk(runner: str, n: int) -> None:
    """Run ``Trial.chunk``: draw the patients, treat them and count the outcomes."""
    TRIAL.chunk(0, n, seed=SEED, runner=runner)


def reference(cohort: Any) -> np.ndarray:
    """Return the concentrations of the first patients by the ``scipy`` engine (rtol 1e-12), pre-dose, shape (CHECKED, 577)."""
    rows = []
    for i in range(CHECKED):
        patient: Patient = cohort[i]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            course = titrate(patient, DRUG, TABLE, hours=HOURS, seed=SEED, subject=i, engine="scipy")
        rows.append(course.concentration_u_per_ml[np.searchsorted(course.time_h, peers.GRID - 1e-9)])
    return np.array(rows)


# name, function that makes the loop for a tolerance, number of patients in the timing, packages it imports, tolerances
_PEERS: tuple[tuple[str, Callable[[float], Callable[[Work], Found]], int, tuple[str, ...], str], ...] = (
    ("SciPy solve_ivp LSODA", partial(peers.solve_ivp, "LSODA"), 120, ("scipy",), "1e-6 1e-8"),
    ("SciPy solve_ivp DOP853", partial(peers.solve_ivp, "DOP853"), 120, ("scipy",), "1e-6 1e-8"),
    ("SciPy odeint", peers.odeint, 600, ("scipy",), "1e-6 1e-8"),
    ("R deSolve lsoda", partial(peers.DeSolve, "plain"), 60, ("deSolve",), "1e-6 1e-8"),
    ("R deSolve lsoda, in C,", partial(peers.DeSolve, "compiled"), 300, ("deSolve",), "1e-6 1e-8"),
    ("libRoadRunner CVODE", peers.roadrunner, 300, ("roadrunner", "antimony"), "1e-6 1e-8"),
    ("numbalsoda LSODA", partial(peers.numbalsoda, "lsoda"), 8192, ("numbalsoda", "numba"), "1e-6 1e-8"),
    ("numbalsoda DOP853", partial(peers.numbalsoda, "dop853"), 8192, ("numbalsoda", "numba"), "1e-6 1e-8 1e-9 2e-10"),
    ("CyRK RK45", partial(peers.cyrk, "RK45"), 8192, ("CyRK", "numba"), "1e-6 1e-7 5e-8 4e-8"),
    ("CyRK Tsit5", partial(peers.cyrk, "Tsit5"), 8192, ("CyRK", "numba"), "1e-7 3e-8"),
    ("CyRK DOP853", partial(peers.cyrk, "DOP853"), 8192, ("CyRK", "numba"), "1e-8 1e-9 2e-10"),
    ("diffrax Tsit5", peers.diffrax, 8192, ("diffrax", "jax"), "1e-6 1e-8"),
)
PEERS: dict[str, tuple[Callable[[], Callable[[Work], Found]], int, tuple[str, ...]]] = {
    f"{name} {rtol}": (partial(make, float(rtol)), n, modules)
    for name, make, n, modules, tolerances in _PEERS
    for rtol in tolerances.split()
}
RUNNERS = {"python": 120, "numpy": 32_768, "compiled": 32_768}
"""Patients in each row: the chunk size of a trial with compiled code. The cost of a peer does not depend on their number."""
MODES = ("trajectory", "no observer", "Trial.chunk")
"""Trajectories and orders kept; only the charts kept; a whole chunk of a trial with its outcomes."""


def cpu_s() -> float:
    return time.process_time()


def rates(patients: int | None, repeats: int) -> list[dict[str, Any]]:
    """Return one row for each runner and peer: patients per CPU-second and agreement, or why it was skipped."""
    most = max([*RUNNERS.values(), *(n for _, n, _ in PEERS.values())])
    cohort, work = ward_patients(max(CHECKED, min(most, patients or most)))
    exact = reference(cohort)
    jobs: dict[str, tuple[Callable[[int], Any], int, Callable[[Any], Found] | None]] = {}
    for runner, n in RUNNERS.items():
        for mode, treat, convert in (
            (MODES[0], partial(ours, runner, True, cohort), in_layout_of_peers),
            (MODES[1], partial(ours, runner, False, cohort), None),
            (MODES[2], partial(one_chunk, runner), None),
        ):
            jobs[f"heparin_pk {runner}, {mode}"] = (treat, n, convert)
    counted_in_r: dict[str, peers.DeSolve] = {}
    skipped: list[dict[str, Any]] = []
    for name, (make, n, _) in PEERS.items():
        try:
            run: Any = make()
        except ImportError as error:
            skipped.append({"name": name, "skipped": str(error)})
            continue
        jobs[name] = (partial(_peer, run, work), n, lambda found: found)
        if isinstance(run, peers.DeSolve):
            counted_in_r[name] = run
    rows: list[dict[str, Any]] = []
    decisions = in_layout_of_peers(ours("numpy", True, cohort, len(work.patients)))[1]
    draws = np.argwhere(decisions[:CHECKED, :, 0] > 0.0)
    for name, (treat, most_of_row, convert) in jobs.items():
        n = min(most_of_row, patients or most_of_row)
        row: dict[str, Any] = {"name": name, "patients": n, "cpu_s": []}
        rows.append(row)
        found = treat(n)
        if convert:
            concentration, decided = convert(found)
            checked = min(CHECKED, n)
            present = exact[:checked] > 1e-4
            row["trajectory_error"] = float(np.abs(concentration[:checked][present] / exact[:checked][present] - 1.0).max())
            lanes, hour = draws[draws[:, 0] < checked].T
            at = (hour - 1) * STEPS
            row["draw_error"] = float(np.abs(concentration[lanes, at] / exact[lanes, at] - 1.0).max())
            same = (np.abs(decided - decisions[:n]) < 1e-6).all(axis=(1, 2))
            row["other_decisions"] = int((~same).sum())
            row["agrees"] = bool(row["draw_error"] <= AGREES_WITHIN and same.all())
    for _ in range(repeats):
        for row in rows:
            start = cpu_s()
            jobs[row["name"]][0](row["patients"])
            in_r = counted_in_r.get(row["name"])
            row["cpu_s"].append(in_r.cpu_s if in_r else cpu_s() - start)
    base = "heparin_pk numpy, trajectory"
    speed = {row["name"]: row["patients"] / statistics.median(row["cpu_s"]) for row in rows}
    for row in rows:
        row["per_cpu_s"] = speed[row["name"]]
        row["numpy_is_times"] = speed[base] / speed[row["name"]]
        row["compiled_is_times"] = speed["heparin_pk compiled, trajectory"] / speed[row["name"]]
    return rows + skipped


def _peer(run: Callable[[Work], Found], work: Work, n: int) -> Found:
    return run(work.first(n))


def print_rates(rows: list[dict[str, Any]]) -> None:
    print(f"\n{'':<36}{'patients':>9}{'per CPU-s':>11}{'error':>9}{'at draws':>10}{'numpy ×':>9}{'compiled ×':>11}  agreement")
    for row in rows:
        if "skipped" in row:
            print(f"{row['name']:<36}  skipped: {row['skipped']}")
            continue
        checked = "agrees" in row
        errors = f"{row['trajectory_error']:>9.1e}{row['draw_error']:>10.1e}" if checked else f"{'':>19}"
        agreement = ("yes" if row["agrees"] else f"NO: {row['other_decisions']} decided otherwise") if checked else ""
        print(
            f"{row['name']:<36}{row['patients']:>9,}{row['per_cpu_s']:>11,.0f}{errors}"
            f"{row['numpy_is_times']:>9.1f}{row['compiled_is_times']:>11.1f}  {agreement}"
        )


# Each of the following functions runs in a process of its own


def cold(name: str) -> dict[str, Any]:
    """Return the cost of importing, of the first call, and of the same call again, CPU-seconds."""
    cohort, work = ward_patients(64)
    if name.startswith("heparin_pk "):
        runner = name.split()[1]
        code = "import time; start = time.process_time(); import heparin_pk.trials.trial; print(time.process_time() - start)"
        imported = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        start = cpu_s()
        if runner == "compiled":
            import numba  # noqa: F401, PLC0415
        imported += cpu_s() - start
        run: Callable[[], Any] = partial(ours, runner, True, cohort, 64)
        start = cpu_s()
    else:
        make, _, modules = PEERS[name]
        start = cpu_s()
        for module in modules:
            importlib.import_module("scipy.integrate" if module == "scipy" else module)
        imported, start = cpu_s() - start, cpu_s()
        run = partial(make(), work)
    run()
    first = cpu_s() - start  # includes making the model and compiling it
    start = cpu_s()
    run()
    return {"import_s": imported, "first_s": first, "again_s": cpu_s() - start, "mb": _mb()}


def trial(n: int, workers: int, keep_rows: bool, runner: str, draws: str) -> dict[str, Any]:
    """Return the time and the memory of one ``Trial.run``."""
    start, wall = _tree_s(), time.perf_counter()
    DESIGNS[draws].run(n, seed=SEED, workers=workers, keep_rows=keep_rows, runner=runner, progress=False)
    return {
        "patients": n,
        "workers": workers,
        "keep_rows": keep_rows,
        "runner": runner,
        "draws": draws,
        "wall_s": time.perf_counter() - wall,
        "cpu_s": _tree_s() - start,
        "mb": _mb(),
        "mb_largest_worker": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def cluster(n: int, mode: str) -> dict[str, Any]:
    """Return the cost of a run in this process, in two processes, or on a local Dask cluster of two workers, with start-up."""
    start, wall = _tree_s(), time.perf_counter()
    common: dict[str, Any] = {"seed": SEED, "keep_rows": False, "progress": False}
    if mode in ("serial", "two processes"):
        TRIAL.run(n, workers=1 if mode == "serial" else 2, **common)
    else:
        import dask  # noqa: PLC0415
        from dask.distributed import Client, LocalCluster  # noqa: PLC0415

        if mode == "Dask, trim 2**30":
            dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**30})
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers, Client(workers) as client:
            TRIAL.run(n, client=client, people_per_chunk=16_384, **common)
    return {"mode": mode, "patients": n, "wall_s": time.perf_counter() - wall, "cpu_s": _tree_s() - start}


def _tree_s() -> float:
    """Return the CPU time of this process and its finished children, s."""
    usages = [resource.getrusage(scope) for scope in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _mb() -> float:
    """Return the peak memory of this process, MB; on Linux ru_maxrss would start at the value of the parent at the fork."""
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


ALONE: dict[str, Callable[..., Any]] = {"rates": rates, "cold": cold, "trial": trial, "cluster": cluster}


def alone(name: str, *arguments: Any, environment: dict[str, str] | None = None) -> Any:
    """Return the result of a function of ``ALONE`` in a fresh process, with additional environment variables."""
    command = [sys.executable, "-W", "ignore", __file__, "--alone", json.dumps([name, *arguments])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | (environment or {}))
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def kept_rates(patients: int | None, repeats: int) -> list[dict[str, Any]]:
    """Return ``rates`` from a process that keeps its memory.

    Raises ``RuntimeError`` if it failed.
    """
    found = alone("rates", patients, repeats, environment=MEMORY_IS_KEPT)
    if isinstance(found, dict):
        raise RuntimeError(found["failed"])
    return found


def main() -> None:
    """Measure and print the rows, and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, help="largest number of patients in each row of the rates")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="rates,cold,scaling,cluster")
    parser.add_argument("--large", action="store_true", help="a million patients too")
    parser.add_argument("--json", help="write all rows to this file")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        name, *arguments = json.loads(options.alone)
        print(json.dumps(ALONE[name](*arguments)))
        return
    only = options.only.split(",")
    packages = (
        "numpy",
        "scipy",
        "numba",
        "libroadrunner",
        "antimony",
        "diffrax",
        "jax",
        "numbalsoda",
        "CyRK",
        "dask",
        "distributed",
    )
    found: dict[str, Any] = {"machine": _machine(), "versions": {name: _version(name) for name in packages}}
    print(found["machine"], *(f"{name} {version}" for name, version in found["versions"].items()), sep=", ")
    if "rates" in only:
        found["rates"] = kept_rates(options.patients, options.repeats)
        print_rates(found["rates"])
    if "cold" in only:
        with tempfile.TemporaryDirectory() as folder:
            found["cold"] = [
                {"name": f"heparin_pk {runner}{note}"}
                | alone("cold", f"heparin_pk {runner}", environment={"NUMBA_CACHE_DIR": folder})
                for runner, note in (("python", ""), ("numpy", ""), ("compiled", ", first time"), ("compiled", ", code kept"))
            ]
        found["cold"] += [{"name": name} | alone("cold", name) for name in PEERS if "deSolve" not in name]
        print(f"\n{'64 patients, CPU-seconds':<36}{'import':>8}{'first call':>12}{'again':>8}{'MB':>7}")
        for row in found["cold"]:
            if "failed" in row:
                print(f"{row['name']:<36}  failed: {row['failed']}")
                continue
            print(f"{row['name']:<36}{row['import_s']:>8.2f}{row['first_s']:>12.2f}{row['again_s']:>8.3f}{row['mb']:>7.0f}")
    if "scaling" in only:
        found["scaling"] = []
        print(
            f"\n{'Trial.run':<12}{'patients':>10}{'draws':>10}{'workers':>9}{'rows':>6}"
            f"{'wall s':>9}{'CPU s':>9}{'MB':>7}{'MB a worker':>13}"
        )
        sizes = [1_000, 10_000, 100_000] + [1_000_000] * options.large
        settings = (
            (1, False, "on time"),
            (2, False, "on time"),
            (1, True, "on time"),
            (1, False, "jittered"),
            (1, False, "real"),
        )
        for runner in ("numpy", "compiled"):
            for n in sizes:
                for workers, keep_rows, draws in settings:
                    row = alone("trial", n, workers, keep_rows, runner, draws)
                    found["scaling"].append(row)
                    print(
                        f"{runner:<12}{n:>10,}{draws:>10}{workers:>9}{'kept' if keep_rows else '-':>6}{row['wall_s']:>9.1f}"
                        f"{row['cpu_s']:>9.1f}{row['mb']:>7.0f}{row['mb_largest_worker'] if workers > 1 else 0:>13.0f}"
                    )
    if "cluster" in only:
        found["cluster"] = []
        modes = ("serial", "two processes", "Dask", "Dask, trim 2**30")
        n = min(options.patients or 100_000, 100_000)
        rounds = [[(alone("cluster", 64, mode), alone("cluster", n, mode)) for mode in modes] for _ in range(3)]
        print(f"\n{f'{n:,} patients, numpy':<28}{'wall s':>9}{'CPU s':>9}{'of it start':>13}{'work / serial':>15}")
        serial = statistics.median(large["cpu_s"] - small["cpu_s"] for small, large in (pairs[0] for pairs in rounds))
        for index, mode in enumerate(modes):
            small, large = ([pairs[index][size] for pairs in rounds] for size in (0, 1))
            row = {
                "mode": mode,
                "wall_s": statistics.median(run["wall_s"] for run in large),
                "cpu_s": statistics.median(run["cpu_s"] for run in large),
                "start_cpu_s": statistics.median(run["cpu_s"] for run in small),
            }
            row["work_by_serial"] = statistics.median(b["cpu_s"] - a["cpu_s"] for a, b in zip(small, large, strict=True)) / serial
            found["cluster"].append(row)
            print(f"{mode:<28}{row['wall_s']:>9.1f}{row['cpu_s']:>9.1f}{row['start_cpu_s']:>13.1f}{row['work_by_serial']:>15.2f}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)


def _machine() -> str:
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"


if __name__ == "__main__":
    main()
