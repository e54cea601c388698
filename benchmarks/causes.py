"""Every miss of the default model, asked again with one thing changed: ``python benchmarks/causes.py [draws]``.

``heparin-pk validate --misses`` lists the printed numbers that our models miss. This script takes the misses of the default
model and asks each of them again

- with draws of the parameters from the covariance of their fit: the middle 90 % of the answers;
- with the other structures fitted to the same papers, and with long and short chains told apart;
- in virtual trials: with people who do not drift, and with other residual errors of the aPTT (Al-Sallami 2016 prints 30 %, of a
  model without drift).

What brings a number inside may be its cause, and is no proof: two changes may do it, and a paper may err. What nothing here
brings inside stays unexplained. The answers are printed as a table in Markdown, for ``benchmarks/README.md``.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest import mock

import numpy as np
from tqdm import tqdm

from heparin_pk.evidence.validation import ask, claims, rows, trials
from heparin_pk.evidence.validation.claim import Claim, Row
from heparin_pk.published import UFH_DEFAULT, named
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.trials.ensemble import Ensemble
from heparin_pk.trials.hospital import REAL, Hospital
from heparin_pk.trials.trial import Trial

RESIDUALS = (0.15, 0.3)
"""Residual errors of the aPTT that are tried, coefficients of variation; that of the real hospital is 20 %."""
CHAINS = "UFH_LONG_SHORT_DERIVED"


@contextmanager
def asked_of(drug: Drug, hospital: Hospital = REAL) -> Iterator[None]:
    """Let the claims ask this set where they ask the default, and this hospital where they ask the real one."""

    def by_name(name: str) -> Drug:
        return drug if name in (UFH_DEFAULT.name, "UFH_DEFAULT") else named(name)

    def trial(**fields: object) -> Trial:
        return Trial(**{"drug": drug, **fields})

    study = replace(hospital, name="a study", label="", ward_errors=None)
    others = {"UFH_DEFAULT": drug, "BEFORE_2009": drug.labelled_before_2009(), "Trial": trial, "REAL": hospital, "STUDY": study}
    with ExitStack() as stack:
        for module in (ask, *vars(claims).values()):
            if hasattr(module, "named") and hasattr(module, "__file__"):
                stack.enter_context(mock.patch.object(module, "named", by_name))
        stack.enter_context(mock.patch.object(ask, "UFH_DEFAULT", drug))
        for name, value in others.items():
            stack.enter_context(mock.patch.object(trials, name, value))
        kept = [one for one in vars(trials).values() if hasattr(one, "cache_clear")]
        stack.callback(lambda: [one.cache_clear() for one in kept])
        for one in kept:
            one.cache_clear()
        warnings.simplefilter("ignore", OutsideValidityDomain)
        yield


def answers(misses: list[Claim], drug: Drug, hospital: Hospital = REAL) -> list[float]:
    """Return what a set in a hospital answers to each of these claims; NaN where it cannot be asked."""
    found = []
    with asked_of(drug, hospital):
        for claim in misses:
            try:
                found.append(float(claim.ask()))
            except (ValueError, ArithmeticError):  # a set without a binding pool may not reach the level that is asked for
                found.append(float("nan"))
    return found


def with_residual(fraction: float) -> Hospital:
    """Return the real hospital with this residual error of the aPTT."""
    residuals = [
        replace(one, value=replace(one.value, value=fraction)) if one.name == "aptt_cv_fraction" else one for one in REAL.residual
    ]
    return replace(REAL, residual=tuple(residuals))


def is_inside(claim: Claim, value: float) -> bool:
    """Return whether a value lies within the bounds of a claim."""
    return claim.low <= value <= claim.high


def main(n_draws: int) -> None:
    """Ask every miss of the default model again, and print the table."""
    missed: list[Row] = [
        row for row in rows() if row.claim.proves and not row.inside and row.claim.model.startswith("UFH_DEFAULT")
    ]
    misses = [row.claim for row in missed]
    ensemble = Ensemble.of(UFH_DEFAULT, n_draws, seed=1)
    draws = [member.drug for member in ensemble.members if member.is_draw]
    structures = {member.label: member.drug for member in ensemble.members if not member.is_draw} | {
        named(CHAINS).label: named(CHAINS)
    }
    of_draws = np.array([answers(misses, drug) for drug in tqdm(draws, desc="draws of the parameters")])
    changed = {label: answers(misses, drug) for label, drug in structures.items()}
    in_trials = [claim.group == "virtual trials" for claim in misses]
    hospitals = {"people do not drift": replace(REAL, drift=None)}
    hospitals |= {f"residual error of the aPTT {fraction:.0%}": with_residual(fraction) for fraction in RESIDUALS}
    for label, hospital in hospitals.items():
        asked = iter(answers(list(itertools.compress(misses, in_trials)), UFH_DEFAULT, hospital))
        changed[label] = [next(asked) if is_trial else float("nan") for is_trial in in_trials]
    print("\n| quantity | printed | ours | with draws of the parameters | brought inside by |\n|---|---|---|---|---|")
    counted = {"draws": 0, "something": 0, "nothing": 0}
    for place, row in enumerate(missed):
        claim = row.claim
        low, high = np.nanquantile(of_draws[:, place], [0.05, 0.95])
        by = [f"{label} ({values[place]:.3g})" for label, values in changed.items() if is_inside(claim, values[place])]
        if low <= claim.high and high >= claim.low:
            by.insert(0, "its parameters, as well as they are known")
            counted["draws"] += 1
        counted["something" if by else "nothing"] += 1
        printed = f"{claim.printed:.3g} ({claim.low:.3g} to {claim.high:.3g}) {claim.unit}"
        print(
            f"| {claim.quantity} | {printed} | {row.ours:.3g} | {low:.3g} to {high:.3g} | {'; '.join(by) or 'nothing of these'} |"
        )
    print(
        f"\n{len(missed)} misses of the default: {counted['draws']} within the uncertainty of its parameters, "
        f"{counted['something']} brought inside by at least one change, {counted['nothing']} by none."
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
