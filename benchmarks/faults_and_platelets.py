"""What faults and platelets cost: the same patients of a real ward with and without them, CPU time, alternating in one run.

    python benchmarks/faults_and_platelets.py --patients 1000000 --repeats 3

Prints seconds of CPU time by row and the ratio to the ward without both; see benchmarks/README.md on comparing rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import replace

from heparin_pk import Nomogram, Trial, hospital
from heparin_pk.engine.lanes import RUNNERS, make_ready
from heparin_pk.trials.platelet_counts import Counting


def trials(hours: float) -> dict[str, Trial]:
    """Return the trials that are compared, the plain one first."""
    plain = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], hospital=hospital.REAL, hours=hours)
    counting = Counting(counted_d=(0.0, 2.0) if hours >= 48.0 else (0.0,))
    return {
        "real ward": plain,
        "with platelets": replace(plain, platelets=counting),
        "with faults": replace(plain, ward_errors=hospital.FAULTY_WARD),
        "with both": replace(plain, ward_errors=hospital.FAULTY_WARD, platelets=counting),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--hours", type=float, default=48.0)
    parser.add_argument("--runners", nargs="+", default=["numpy", "compiled"], choices=RUNNERS)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for runner in options.runners:
        make_ready(runner)
        rows = trials(options.hours)
        seconds: dict[str, list[float]] = {name: [] for name in rows}
        for trial in rows.values():  # what is compiled or cached is not measured
            trial.run(200, seed=1, runner=runner, progress=False, keep_rows=False)
        for repeat in range(options.repeats):
            for name, trial in rows.items():
                begin = time.process_time()
                trial.run(options.patients, seed=repeat, runner=runner, progress=False, keep_rows=False)
                seconds[name].append(time.process_time() - begin)
        found[runner] = {name: statistics.median(several) for name, several in seconds.items()}
        for name, value in found[runner].items():
            print(f"{runner:<10}{name:<16}{value:>9.2f} CPU-s   x {value / found[runner]['real ward']:.2f}", flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"patients": options.patients, "hours": options.hours, "cpu_s": found}, file, indent=1)


if __name__ == "__main__":
    main()
