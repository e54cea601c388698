"""What holds until a level has fallen cost: ``python benchmarks/pauses.py``.

The same patients run under two tables in turn: one holds for an hour above 90 s, the other until the level is below 90 s, drawing
every hour (Raschke's table and starts; the second rule is made up for this). CPU time, medians of interleaved repeats in one run,
and their ratio; draws and holds beside it, because more draws are more work.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import numpy as np

from heparin_pk import Band, Nomogram, published
from heparin_pk.engine.lanes import RUNNERS
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.simulation.rules import EventKind
from heparin_pk.trials.hospital import THROMBOSIS_WARD

DRUG, FOR_AN_HOUR = published.UFH_DEFAULT, Nomogram.load("raschke-1993")
UNTIL_FALLEN = replace(
    FOR_AN_HOUR,
    name="until fallen",
    bands=(
        *FOR_AN_HOUR.bands[:-1],
        Band(label=">90 s", below=float("inf"), hold_until_below=90, redraw_h=1, change_u_per_kg_per_h=-3),
    ),
)


class Holds(NoObserver):
    """Observer that counts holds."""

    def __init__(self) -> None:
        self.number = 0

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, kind: int, amount: np.ndarray) -> None:  # noqa: ARG002
        """Count a hold for some minutes, or until a level has fallen."""
        if kind in (EventKind.HOLD, EventKind.PAUSE):
            self.number += len(lanes)


def main() -> None:
    """Time both tables in turn, and print a line each and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--hours", type=float, default=48.0)
    parser.add_argument("--dose-factor", type=float, default=1.0, help="multiplies the first doses: more of it, more holds")
    parser.add_argument("--runner", choices=tuple(RUNNERS), default="numpy")
    options = parser.parse_args()
    cohort = THROMBOSIS_WARD.cohort(DRUG, np.arange(options.n), seed=7)
    start = replace(
        FOR_AN_HOUR.start,
        bolus_u_per_kg=options.dose_factor * FOR_AN_HOUR.start.bolus_u_per_kg,
        rate_u_per_kg_per_h=options.dose_factor * FOR_AN_HOUR.start.rate_u_per_kg_per_h,
    )
    tables = {"for an hour": replace(FOR_AN_HOUR, start=start), "until fallen": replace(UNTIL_FALLEN, start=start)}
    seconds: dict[str, list[float]] = {name: [] for name in tables}
    counted = {}
    for repeat in range(options.repeats + 1):
        for name, table in tables.items():
            holds, before = Holds(), time.process_time()
            charts = titrate_cohort(cohort, DRUG, table, observer=holds, hours=options.hours, seed=7, runner=options.runner)
            if repeat:  # the first round warms up
                seconds[name].append(time.process_time() - before)
            counted[name] = (int(charts.n_results.sum()), holds.number)
    for name, (draws, holds_given) in counted.items():
        took = statistics.median(seconds[name])
        each = f"{draws / options.n:.2f} draws and {holds_given / options.n:.2f} holds each"
        print(f"{name:<14}{options.n} patients, {each}: {took:.2f} CPU-s")
    ratio = statistics.median(seconds["until fallen"]) / statistics.median(seconds["for an hour"])
    print(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
