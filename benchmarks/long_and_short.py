"""Compare the set with long and short chains with the default: ``python benchmarks/long_and_short.py``.

* Proving rows: the whole table of ``heparin-pk validate``, once with each as the default (some minutes).
* Numbers that neither was fitted to and that tell one kind of chains from two.
* Cost: CPU time of the same chunk of a trial with each, in turns, by runner (``--no-cost`` leaves it out).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

import numpy as np

from heparin_pk import Nomogram, Patient, Trial, hospital, published, validation
from heparin_pk.evidence.validation import ask
from heparin_pk.evidence.validation.claims.kinetics import _dialysis
from heparin_pk.ward.orders import Bolus, Infusion, Stop

SETS = ("UFH_B_DERIVED", "UFH_LONG_SHORT_DERIVED")
STEEPER = "UFH_LONG_SHORT_DERIVED, steeper"
"""The same with steeper reagents: their slopes were measured in patients, against an anti-Xa that short chains are part of.

Per long chains a slope is then larger, by the anti-Xa over the long chains at the plateau of 18 U/kg/h.
"""


def rows_as_the_default(name: str) -> list[dict]:
    """Return all rows of the table in a process of its own, in which this set is the default."""
    done = subprocess.run([sys.executable, __file__, "--rows", name], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _print_rows(name: str) -> None:
    from heparin_pk.blood import response  # noqa: PLC0415  what is changed below
    from heparin_pk.evidence.validation import trials  # noqa: PLC0415

    drug = published.named(name.partition(",")[0])
    if name == STEEPER:
        kinetics = drug.kinetics(ask.ADULT)
        ratio = kinetics.steady_state_u_per_ml(1350.0) / kinetics.steady_long_u_per_ml(1350.0)
        slope, needed = response.slope_ml_per_u, ask.needed_for_aptt_ratio_u_per_kg_per_h
        response.slope_ml_per_u = lambda *which: ratio * slope(*which)
        ask.needed_for_aptt_ratio_u_per_kg_per_h = lambda model, rise, reagent: needed(model, rise ** (1.0 / ratio), reagent)
    for module in [one for key, one in sys.modules.items() if key.startswith("heparin_pk") and hasattr(one, "UFH_DEFAULT")]:
        module.UFH_DEFAULT = drug
    trials.BEFORE_2009 = drug.labelled_before_2009()
    print(validation.to_json(validation.rows()))


def told_apart(name: str) -> dict[str, tuple[float, str]]:
    """Return what a set predicts of numbers that tell one kind of chains from two, and what was printed."""
    drug, adult = published.named(name), Patient(weight_kg=75)
    course = ask.run(drug, adult, Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=12))
    dialysed = _dialysis(name)
    at_stop, later = (int(np.searchsorted(course.time_h, hour)) for hour in (12.0, 14.0))
    long, found = course.long_u_per_ml, course.concentration_u_per_ml
    bolus = ask.run(drug, adult, Bolus(time_h=0, dose_u_per_kg=75))
    hour = int(np.searchsorted(bolus.time_h, 1.0))
    return {
        "half-life after a dialysis session, min": (ask.late_half_life_min(dialysed, 4.0, 5.5), "54 (Brunet 2008)"),
        "anti-Xa at the end of the session, U/mL": (dialysed.concentration_at_u_per_ml(4.0), "0.25 (Brunet 2008)"),
        "peak of the session, U/mL": (ask.peak(dialysed), "0.55 (Brunet 2008)"),
        "anti-Xa half-life after 75 U/kg, min": (ask.half_life_min(drug, dose_u_per_kg=75.0), "63.3 (McDonald 1981)"),
        "anti-Xa half-life after 2,500 U, min": (ask.half_life_min(drug, dose_u=2500.0), "50.2 +- 2.7 (Sette 1985)"),
        "half-life of the effect on the ACT after 2,500 U, min": (
            ask.half_life_of_effect_min(drug, dose_u=2500.0),
            "37.0 +- 2.0 (Sette 1985)",
        ),
        "left 1 h after 75 U/kg, aPTT activity over anti-Xa": (
            float(bolus.long_u_per_ml[hour] / bolus.concentration_u_per_ml[hour]),
            "below 1 (de Swart 1982: falls faster)",
        ),
        "on 18 U/kg/h, aPTT activity over anti-Xa": (float(long[at_stop] / found[at_stop]), "below 1 (de Swart 1982)"),
        "the same two hours after the stop": (float(long[later] / found[later]), "not printed"),
    }  # fmt: skip


def cost(n: int = 16_000, times: int = 5) -> dict[str, float]:
    """Return the CPU time of a chunk with long and short chains over that of the default, by runner and hospital."""
    found = {}
    for runner in ("numpy", "compiled"):
        for at in (hospital.IDEAL, hospital.REAL):
            seconds: dict[str, list[float]] = {name: [] for name in SETS}
            for turn in range(times + 1):
                for name in SETS:
                    arms, drug = [Nomogram.load("raschke-1993")], published.named(name)
                    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=arms, drug=drug, hospital=at)
                    begin = time.process_time()
                    trial.chunk(0, n, seed=1, runner=runner)
                    if turn:  # the first compiles
                        seconds[name].append(time.process_time() - begin)
            one, two = (statistics.median(seconds[name]) for name in SETS)
            found[f"{runner}, {at.name}"] = two / one
    return found


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", choices=(*SETS, STEEPER), help="print the rows of the table as JSON with this set as the default"
    )
    parser.add_argument("--no-cost", action="store_true", help="leave out the cost")
    options = parser.parse_args()
    if options.rows:
        _print_rows(options.rows)
        return
    names = (*SETS, STEEPER)
    tables = [rows_as_the_default(name) for name in names]
    for name, table in zip(names, tables, strict=True):
        proving = [row for row in table if row["proves"]]
        printed = [row for row in proving if row["printed_uncertainty"]]
        inside, printed_inside = (sum(row["inside"] for row in some) for some in (proving, printed))
        print(f"{name}: {inside} of {len(proving)} proving rows inside;", end=" ")
        print(f"{printed_inside} of {len(printed)} with a printed uncertainty")
    for name, table in zip(names[1:], tables[1:], strict=True):
        print(f"\nproving rows in which {name} differs from the default:")
        for one, two in zip(tables[0], table, strict=True):
            if one["proves"] and one["inside"] != two["inside"]:
                span = f"{one['printed']:.4g} ({one['low']:.4g} to {one['high']:.4g}) {one['unit']}"
                verdict = "gained" if two["inside"] else "LOST"
                print(f"  {verdict:<7}{one['quantity']}, {one['population']}: printed {span};")
                print(f"         {one['ours']:.4g} -> {two['ours']:.4g}")
    print("\nnumbers that neither was fitted to:")
    predicted = [told_apart(name) for name in SETS]
    for words, (one, printed) in predicted[0].items():
        print(f"  {words:<56}{one:7.3g} -> {predicted[1][words][0]:7.3g}   printed {printed}")
    if not options.no_cost:
        print("\nCPU time over that of the default:")
        for words, ratio in cost().items():
            print(f"  {words:<24}{ratio:.2f}")


if __name__ == "__main__":
    main()
