"""Ten thousand random plasmas in the tube, and what one aPTT costs: ``python benchmarks/clotting.py [number [seed]]``.

Every plasma is solved for its aPTT and its thrombin generation; a failure is a solver that gives up, a number that is none, a
concentration below the tolerance, or mass that is lost. The processor time of one aPTT is a median of one process.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

import numpy as np

from heparin_pk.blood import clotting
from heparin_pk.blood.clotting import Plasma

FRACTIONS = [name for name in Plasma.__dataclass_fields__ if name.endswith("_fraction")]


def random_plasma(rng: np.random.Generator) -> Plasma:
    """Return a plausible plasma: heparin 0 to 1.2 U/mL, each factor log-normal about normal, one in ten of them deficient."""
    levels = np.exp(rng.normal(0.0, 0.35, len(FRACTIONS)))
    levels[rng.random(len(FRACTIONS)) < 0.1] *= rng.random()
    return Plasma(
        heparin_u_per_ml=rng.uniform(0.0, 1.2),
        partition=str(rng.choice(list(clotting.PARTITIONS))),
        **dict(zip(FRACTIONS, np.minimum(levels, 5.0).tolist(), strict=True)),
    )


def faults(plasma: Plasma) -> list[str]:
    """Return what is wrong with the two tubes of a plasma, in words, and "solved by" where LSODA was not enough."""
    found = []
    network = clotting.HEPCLOT.network
    try:
        tubes = (clotting.contact_activation(plasma, stop_at_clot=True), clotting.thrombin_generation(plasma).tube)
    except clotting.SolverError as error:
        return [f"failed: {error}"]
    for tube in tubes:
        state = tube.state_nmol_per_l
        sums = network.moieties @ state
        size = np.abs(network.moieties) @ state[:, :1]
        if not np.isfinite(state).all():
            found.append("no number")
        if state.min() < -1e-6:
            found.append("below 0")
        if np.any(np.abs(sums - sums[:, :1]) > 1e-6 * size + 1e-9):
            found.append("mass lost")
        if tube.method != "LSODA":
            found.append(f"solved by {tube.method}")
    return found


def cpu_ms(repeats: int = 50) -> dict[str, float]:
    """Return the median processor time of one aPTT and of one thrombin generation, ms."""

    def median(call) -> float:
        taken = []
        for _ in range(repeats):
            began = time.process_time()
            call()
            taken.append(1e3 * (time.process_time() - began))
        return float(np.median(taken))

    plasma = Plasma(heparin_u_per_ml=0.5)
    return {
        "aptt": median(lambda: clotting.aptt_s(plasma)),
        "thrombin generation": median(lambda: clotting.thrombin_generation(plasma)),
    }


def main() -> None:
    """Print the times and the faults."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for name, took in cpu_ms().items():
        print(f"{name}: {took:.1f} ms of processor time")
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    found: Counter[str] = Counter()
    for done in range(1, number + 1):
        found.update(faults(random_plasma(rng)))
        if done % 250 == 0 or done == number:
            print(f"{done} plasmas, two tubes each; faults: {dict(found) or 'none'}", flush=True)


if __name__ == "__main__":
    main()
