"""The commands of errors and regrets: faults with their consequence and checks, and the two regrets of one course."""

from __future__ import annotations

import argparse
import json

from heparin_pk.base.records import to_plain
from heparin_pk.body.patient import Patient
from heparin_pk.cli.commands import titrated
from heparin_pk.cli.options import runner_of
from heparin_pk.cli.output import PLAINLY, write_picture
from heparin_pk.teaching import consequences, regrets
from heparin_pk.trials import fault_arms
from heparin_pk.ward.faults import CHECKS, KINDS
from heparin_pk.ward.nomogram import Nomogram


def run_faults(options: argparse.Namespace) -> None:
    """Print the faults, or one of them with its consequence; the checks, or what those that are bought let pass."""
    if options.trial is not None:
        _refuse(options, "--trial stands alone", "name", "checks", "minutes", "size", "until", "weight", "figure")
        _print_trial(options)
        return
    _refuse(options, "without --trial no trial runs", "engine")
    if options.name is None:
        _refuse(options, "the list needs the name of a fault", "size", "until", "weight", "nomogram", "seed", "figure")
        _print_list(options)
        return
    found = consequences.consequence(
        options.name,
        patient=None if options.weight is None else Patient(weight_kg=options.weight),
        table=None if options.nomogram is None else Nomogram.load(options.nomogram),
        size=options.size,
        until_h=options.until,
        hours=options.hours,
        seed=options.seed,
    )
    bought = consequences.buy(options.checks or [], course=found.struck, most_minutes=options.minutes)
    if options.figure is not None:
        write_picture(options.figure, lambda plot: plot.fault(found).figure)
    if options.json:
        print(json.dumps({**found.to_plain(), "bought": bought.to_plain()}, allow_nan=False))
        return
    lines = [found.in_words()]
    if options.checks:
        past = bought.past_fraction[options.name]
        lines += ["", f"bought: {', '.join(options.checks)}, {bought.minutes:g} min in this course; {past:.0%} gets past"]
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([*lines, *written, PLAINLY]))


def _refuse(options: argparse.Namespace, why: str, *names: str) -> None:
    """Raise ``ValueError`` that names the options which have no meaning here."""
    given = [name if name == "name" else f"--{name}" for name in names if getattr(options, name) is not None]
    if given:
        raise ValueError(f"{why}; got {', '.join(given)}")


def _print_list(options: argparse.Namespace) -> None:
    """Print all faults and checks, or what the checks that are bought let pass."""
    bought = consequences.buy(options.checks or [], most_minutes=options.minutes)
    if options.json:
        answer = {
            "faults": [to_plain(kind) for kind in KINDS.values()],
            "checks": [to_plain(check) for check in CHECKS.values()],
            "bought": bought.to_plain(),
        }
        print(json.dumps(answer, allow_nan=False))
        return
    if options.checks:
        print("\n".join([bought.in_words(), "", PLAINLY]))
    elif options.checks is not None:
        print("\n".join([consequences.checks_in_words(), "", PLAINLY]))
    else:
        print("\n".join([consequences.faults_in_words(), "", "checks: heparin-pk faults --checks", PLAINLY]))


def _print_trial(options: argparse.Namespace) -> None:
    """Print a trial of checks: no check, independent double checks, smart-pump limits, both."""
    table = Nomogram.load(options.nomogram or "raschke-1993")
    trial = fault_arms.trial_of_checks(table, hours=options.hours)
    outcomes = trial.run(
        options.trial,
        seed=options.seed or 0,
        runner=runner_of(options.engine or "auto", 4 * options.trial),
        progress=not options.json,
    )
    arms = fault_arms.what_checks_did(trial, outcomes)
    if options.json:
        print(json.dumps({"n": outcomes.n, "arms": [to_plain(one) for one in arms]}, allow_nan=False))
        return
    heading = (
        f"{options.trial:,} patients under {table.name}, {options.hours:g} h, on a real ward with faults; the same in every arm"
    )
    print("\n".join([heading, fault_arms.in_words(arms), "minutes: staff time of the checks for one patient", PLAINLY]))


def run_regrets(options: argparse.Namespace) -> None:
    """Print what too much and what too little cost one patient titrated by a nomogram, and what was published of each."""
    course, table = titrated(options)
    ledger = regrets.ledger(course, table.target)
    if options.figure is not None:
        write_picture(options.figure, lambda plot: plot.regrets(course).figure)
    if options.json:
        print(json.dumps(ledger.to_plain(), allow_nan=False))
        return
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([f"{table.title}, {course.hours:g} h", ledger.in_words(with_papers=not options.short), *written, PLAINLY]))
