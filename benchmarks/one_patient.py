"""Time 48 h of one patient under every nomogram on each engine: ``python benchmarks/one_patient.py``.

Prints medians of interleaved repeats of one run, and their ratios; the engines differ only in the integrator. The largest
difference between them is measured before the timing.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from heparin_pk import Nomogram, Patient, nomogram, published, titrate
from heparin_pk.engine import ENGINES

REPEATS = 31


def main() -> None:
    """Print milliseconds and ratios for every nomogram."""
    patient, drug = Patient(weight_kg=82, baseline_aptt_s=31), published.UFH_DEFAULT
    print(f"{'':<24}" + "".join(f"{engine + ' ms':>14}" for engine in ENGINES) + "   scipy / stepper   largest difference")
    for name in nomogram.names():
        table = Nomogram.load(name)
        courses = {engine: titrate(patient, drug, table, engine=engine) for engine in ENGINES}
        reference = courses["scipy"].concentration_u_per_ml
        seen = reference > 1e-7
        difference = max(
            float(np.abs(course.concentration_u_per_ml[seen] / reference[seen] - 1).max()) for course in courses.values()
        )
        times: dict[str, list[float]] = {engine: [] for engine in ENGINES}
        for _ in range(REPEATS):
            for engine in ENGINES:
                start = time.perf_counter()
                titrate(patient, drug, table, engine=engine)
                times[engine].append(1e3 * (time.perf_counter() - start))
        medians = {engine: statistics.median(values) for engine, values in times.items()}
        print(
            f"{name:<24}"
            + "".join(f"{medians[engine]:>14.2f}" for engine in ENGINES)
            + f"{medians['scipy'] / medians['stepper']:>18.1f}{difference:>21.1e}"
        )


if __name__ == "__main__":
    main()
