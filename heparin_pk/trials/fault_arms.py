"""A trial of checks: the same patients on the same ward with the same faults, and in each arm other checks that catch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_is, shown
from heparin_pk.trials import hospital
from heparin_pk.trials.arm import Arm
from heparin_pk.trials.hospital import Hospital
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.population import Population
from heparin_pk.trials.trial import Trial
from heparin_pk.ward import faults
from heparin_pk.ward.controller import Controller
from heparin_pk.ward.ward_errors import WardErrors

CHECKS_BY_ARM: Mapping[str, tuple[str, ...]] = {
    "no check": (),
    "independent double check": ("independent double check",),
    "smart-pump limits": ("smart-pump limits",),
    "both": ("independent double check", "smart-pump limits"),
}
"""The arms of a trial of checks, and what each buys."""


def trial_of_checks(
    table: Controller,
    *,
    checks: Mapping[str, Sequence[str]] = CHECKS_BY_ARM,
    ward: WardErrors = hospital.FAULTY_WARD,
    population: Population = hospital.THROMBOSIS_WARD,
    around: Hospital = hospital.REAL,
    hours: float = 48.0,
) -> Trial:
    """Return a trial whose arms differ in their checks alone.

    ``table``: the controller of every arm.
    ``checks``: by arm, names from ``heparin_pk.faults.CHECKS``.
    ``ward``: errors and faults of every arm; its own checks are replaced.
    ``population``, ``hours``: as in :class:`heparin_pk.Trial`.
    ``around``: the hospital.

    Raises ``ValueError`` for a ward without faults and for an unknown check.
    """
    check_is("ward", ward, WardErrors, "a WardErrors")
    if not ward.faults:
        raise ValueError("ward must have faults for the checks to catch; got none")
    wards = {name: replace(ward, checks=faults.named(bought)) for name, bought in checks.items()}
    arms = {name: Arm(controller=table, ward_errors=errors) for name, errors in wards.items()}
    return Trial(population=population, arms=arms, hospital=around, hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CheckedArm:
    """What checks cost and spared in one arm of a trial.

    ``arm``: its name.
    ``checks``: the names of its checks.
    ``minutes``: staff time of the checks, mean of the patients, min.
    ``above_fraction``, ``below_fraction``: true time above and below the table's range, means.
    ``peak_99_u_per_ml``: the 99th percentile of the highest concentrations, U/mL.
    ``most_u_per_ml``: the highest of them, U/mL.
    """

    arm: str
    checks: tuple[str, ...]
    minutes: float
    above_fraction: float
    below_fraction: float
    peak_99_u_per_ml: float
    most_u_per_ml: float

    __repr__ = shown


def what_checks_did(trial: Trial, outcomes: Outcomes) -> tuple[CheckedArm, ...]:
    """Return what the checks of each arm cost and spared; ``outcomes``: of this trial, with its rows kept.

    Raises ``ValueError`` where the rows were not kept.
    """
    found = []
    for name in trial.names:
        errors, rows = trial.hospital_of(name).ward_errors, outcomes.columns(name)
        bought = () if errors is None else errors.checks
        found.append(
            CheckedArm(
                arm=name,
                checks=tuple(check.name for check in bought),
                minutes=_mean_minutes(bought, rows),
                above_fraction=float(np.mean(rows["time_above_fraction"])),
                below_fraction=float(np.mean(rows["time_below_fraction"])),
                peak_99_u_per_ml=float(np.percentile(rows["peak_u_per_ml"], 99)),
                most_u_per_ml=float(np.max(rows["peak_u_per_ml"])),
            )
        )
    return tuple(found)


def _mean_minutes(bought: Sequence[faults.Check], rows: Mapping[str, Any]) -> float:
    """Return the mean staff time of checks, min: it is linear in the numbers of rates and draws."""
    once, a_rate, a_draw = (
        faults.minutes_of(bought, n_rates=n_rates, n_draws=n_draws) for n_rates, n_draws in ((0, 0), (1, 0), (0, 1))
    )
    rates, draws = float(np.mean(rows["adjustments"])) + 1.0, float(np.mean(rows["blood_draws"]))
    return once + (a_rate - once) * rates + (a_draw - once) * draws


def in_words(arms: Sequence[CheckedArm]) -> str:
    """Return the arms as lines: minutes, time above and below, the highest concentrations."""
    lines = [f"{'arm':<28}{'minutes':>9}{'above':>9}{'below':>9}{'peak, 99th percentile':>24}{'highest':>12}"]
    lines += [
        f"{one.arm:<28}{one.minutes:>9.1f}{one.above_fraction:>9.1%}{one.below_fraction:>9.1%}"
        f"{one.peak_99_u_per_ml:>19.2f} U/mL{one.most_u_per_ml:>7.2f} U/mL"
        for one in arms
    ]
    return "\n".join(lines)
