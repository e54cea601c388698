"""Search virtual people for bedside cases worth winning: ``python benchmarks/find_cases.py thrombosis 500 2026``.

Prints each with its address, what the start orders alone, the table and a good hand reach, and who it is; the twelve of
``heparin_pk.trials.cases`` were chosen from such lists, so that they differ.
"""

from __future__ import annotations

import sys

from heparin_pk.trials import cases


def main(ward: str = "thrombosis", n: str = "400", seed: str = "2026", first: str = "0") -> None:
    """Print the cases found among ``n`` people of a ward."""
    print("subject   alone  table   hand  grade      who")
    for case, found in cases.search(ward, int(n), seed=int(seed), first=int(first)):
        shares = "  ".join(f"{share:5.0%}" for share in (found.alone_fraction, found.table_fraction, found.hand_fraction))
        print(f"{case.subject:7}  {shares}  {found.grade:9}  {case.in_words()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
