"""A virtual trial: the same people under every arm, a laboratory in between, thousands to millions of them.

A trial is cut into chunks, and a chunk is a pure function of (trial, seed, which people): it does not matter in which order, on
how many workers or on which machine chunks are run, nor into how many the people are cut.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, shown
from heparin_pk.base.citations import remember
from heparin_pk.base.randomness import checked_seed
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.engine.lanes import RUNNERS, make_ready
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.published.ranges import ANTI_XA_TREATMENT
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.conditions import laboratory_and_pump_for, responses_in
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import titrate
from heparin_pk.trials.catalogue import COVARIATES
from heparin_pk.trials.checkpoint import Checkpoint
from heparin_pk.trials.csv_rows import RowsOut
from heparin_pk.trials.estimate import sums_of
from heparin_pk.trials.histogram import count_levels, count_times
from heparin_pk.trials.observer import TrialObserver
from heparin_pk.trials.outcomes import Chunk, Outcomes
from heparin_pk.trials.per_patient import groups_of, rows_of
from heparin_pk.trials.population import Population
from heparin_pk.trials.workers import Job, here, in_processes, on_a_cluster, reached
from heparin_pk.ward.controller import Controller, VectorController
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors

PEOPLE_PER_CHUNK = {"numpy": 65_536, "compiled": 32_768, "python": 1_024}
"""How many people make one chunk where nobody says otherwise; at most 65,536."""


class TrialInterrupted(KeyboardInterrupt):
    """A trial was stopped by hand; ``outcomes`` holds what had finished."""

    def __init__(self, message: str, outcomes: Outcomes) -> None:
        super().__init__(message)
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Arm:
    """A controller in a hospital of its own, so that reagents or wards can be compared patient by patient.

    ``laboratory`` and ``ward_errors`` are the arm's own; ``None`` takes the trial's.
    """

    controller: Any
    laboratory: Laboratory | None = None
    ward_errors: WardErrors | None = None

    def __post_init__(self) -> None:
        check_is("controller", self.controller, Controller, "something with an assay and decide(situation)")
        check_is("laboratory", self.laboratory, (Laboratory, type(None)), "a Laboratory or None")
        check_is("ward_errors", self.ward_errors, (WardErrors, type(None)), "a WardErrors or None")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trial:
    """Arms, the people they are tried on, and the hospital around them.

    ``arms`` are controllers by name (a list takes their own names): nomograms, fixed plans, or anything with ``decide``, or an
    :class:`Arm` in a hospital of its own; the first is what the others are compared with. ``laboratory`` is the hospital's,
    reporting to each arm what that arm reads; ``ward_errors`` how the ward carries orders out (``None``: to the letter).
    ``common_range`` is one range in which all arms are compared, beside each one's own; ``target`` the own range of arms that have
    none. All patients are the same in every arm, and so are their laboratory's errors at the same moment (common random
    numbers).

    Raises ``ValueError`` when an arm cannot read what the laboratory or the drug can answer.

    >>> from heparin_pk import Nomogram
    >>> trial = Trial(population=Population(), arms=[Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")])
    >>> found = trial.run(100, seed=7, progress=False)
    >>> found.arms, found.n
    (('raschke-1993', 'durham-va-2009'), 100)
    """

    population: Population
    arms: Any
    drug: Drug = UFH_DEFAULT
    laboratory: Laboratory | None = None
    hours: float = 48.0
    ward_errors: WardErrors | None = None
    target: TherapeuticRange | None = None
    common_range: TherapeuticRange = ANTI_XA_TREATMENT
    pump: Pump | None = None

    def __post_init__(self) -> None:
        check_is("population", self.population, Population, "a Population")
        check_is("drug", self.drug, Drug, "a Drug")
        check_is("laboratory", self.laboratory, (Laboratory, type(None)), "a Laboratory or None")
        check_is("ward_errors", self.ward_errors, (WardErrors, type(None)), "a WardErrors or None")
        check_is("target", self.target, (TherapeuticRange, type(None)), "a TherapeuticRange or None")
        check_is("common_range", self.common_range, TherapeuticRange, "a TherapeuticRange")
        object.__setattr__(self, "hours", check_between("hours", self.hours, 1.0, 1440.0))
        object.__setattr__(self, "arms", tuple(_named(self.arms)))
        if len({name for name, _ in self.arms}) != len(self.arms):
            raise ValueError(f"arms must have different names; got {', '.join(name for name, _ in self.arms)}")
        if not self.arms:
            raise ValueError("a trial needs an arm at least; got none")
        for name, arm in self.arms:
            try:
                laboratory, _ = laboratory_and_pump_for(arm.controller, self.laboratory_of(arm), self.pump)
                responses = responses_in(self.drug, laboratory.reagent, laboratory)
                check_one_of("the assay of the common_range", self.common_range.assay, responses.assays)
                if self.target_of(arm).assay != arm.controller.assay:
                    raise ValueError(f"its target must be in {arm.controller.assay}; got {self.target_of(arm).assay}")
                if self.ward_errors_of(arm) is not None:
                    check_is("the controller", arm.controller, VectorController, "one with decide_many, where orders go wrong")
            except ValueError as error:
                raise ValueError(f"arm {name}: {error}") from None

    __repr__ = shown

    @property
    def names(self) -> tuple[str, ...]:
        """The arms by name."""
        return tuple(name for name, _ in self.arms)

    def arm(self, name: str) -> Arm:
        """Return an arm by name; raises ``ValueError`` with the names there are."""
        check_one_of("arm", name, self.names)
        found: Arm = dict(self.arms)[name]
        return found

    def laboratory_of(self, arm: Arm) -> Laboratory:
        """Return the laboratory as this arm meets it: its own or the hospital's, reporting what the arm reads."""
        assay, laboratory = arm.controller.assay, arm.laboratory or self.laboratory
        if laboratory is None:
            return Laboratory(assay=assay)
        return laboratory if laboratory.assay == assay else replace(laboratory, assay=assay, ceiling=None, resolution=None)

    def ward_errors_of(self, arm: Arm) -> WardErrors | None:
        """Return how the ward of this arm carries orders out."""
        return arm.ward_errors or self.ward_errors

    def target_of(self, arm: Arm) -> TherapeuticRange:
        """Return the range an arm aims at."""
        target: TherapeuticRange | None = getattr(arm.controller, "target", None) or self.target
        if target is None:
            raise ValueError(f"{_name(arm.controller)} aims at no range of its own: give the trial a target")
        return target

    @property
    def groups(self) -> tuple[str, ...]:
        """The subgroups that can be told apart among these people."""
        return tuple(groups_of(self.population.cohort(self.drug, np.arange(1), seed=0)))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers behind the population, the model (and its laws, if they apply to anybody), the tables and the ward."""
        some = self.population.cohort(self.drug, np.arange(min(512, self.population.size or 512)), seed=0)
        every: list[Source] = [*self.population.sources, *self.drug.sources_for_all(some)]
        for _, arm in self.arms:
            reagent, ward_errors = self.laboratory_of(arm).reagent, self.ward_errors_of(arm)
            of_arm = (getattr(arm.controller, "source", None), reagent.source if reagent is not None else None)
            every += [source for source in of_arm if source is not None]
            every += list(ward_errors.sources) if ward_errors is not None else []
        every += [source for source in (self.common_range.source,) if source is not None]
        return tuple({source.citation: source for source in reversed(every)}.values())[::-1]

    # One chunk, one patient

    def chunk(self, first: int, n: int, *, seed: int, runner: str = "numpy") -> Chunk:
        """Return what comes out of people ``first`` to ``first + n - 1``: a pure function of its arguments."""
        check_between("n", n, 1, 65_536)
        subjects = np.arange(first, first + n)
        make_ready(runner)
        cohort = self.population.cohort(self.drug, subjects, seed=seed)
        rows, levels, times = {}, {}, {}
        for name, arm in self.arms:
            laboratory, target = self.laboratory_of(arm), self.target_of(arm)
            responses = responses_in(self.drug, laboratory.reagent, laboratory)
            observer = TrialObserver(cohort, responses, (target, self.common_range))
            charts = titrate_cohort(
                cohort,
                self.drug,
                arm.controller,
                observer=observer,
                hours=self.hours,
                laboratory=laboratory,
                pump=self.pump,
                seed=seed,
                subjects=subjects,
                ward_errors=self.ward_errors_of(arm),
                runner=runner,
            )
            observer.finish(self.hours)
            rows[name] = rows_of(cohort, charts, observer, target, responses, self.hours)
            levels[name] = count_levels(charts, cohort, responses, target.assay)
            times[name] = count_times(rows[name], self.hours)
        groups = groups_of(cohort)
        sums, differences = sums_of(rows, groups)
        covariates = {name: cohort.column(name) for name in COVARIATES if getattr(cohort, name) is not None}
        return Chunk(
            first=first,
            n=n,
            covariates={name: values for name, values in covariates.items() if values is not None},
            rows=rows,
            keys=tuple(rows[self.names[0]]),
            groups=tuple(groups),
            sums=sums,
            differences=differences,
            levels=levels,
            times=times,
        )

    def course(self, arm: str, subject: int, *, seed: int = 0, engine: str = "stepper") -> Course:
        """Return the full course of one patient of the trial: the numbers of that patient's row, with everything between them."""
        which = self.arm(arm)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)  # a cohort has its outliers; course.outside names them
            return titrate(
                self.population.person(self.drug, subject, seed=checked_seed(seed)),
                self.drug,
                which.controller,
                hours=self.hours,
                laboratory=self.laboratory_of(which),
                pump=self.pump,
                seed=seed,
                subject=subject,
                ward_errors=self.ward_errors_of(which),
                engine=engine,
            )

    # Many

    def run(
        self,
        n: int,
        *,
        seed: int | np.random.Generator = 0,
        workers: int = 1,
        runner: str = "numpy",
        people_per_chunk: int | None = None,
        keep_rows: bool = True,
        checkpoint: str | Path | None = None,
        csv_file: str | Path | None = None,
        client: Any = None,
        scheduler: str | None = None,
        progress: bool = True,
    ) -> Outcomes:
        """Return the outcomes of people 0 to ``n`` - 1 under every arm.

        ``workers`` processes on this machine, or an existing Dask cluster (``client``, or the address of its ``scheduler``);
        ``runner`` is one of ``heparin_pk.engine.lanes.RUNNERS``; ``people_per_chunk`` how many are run together at most (65,536
        or fewer): none of these changes a n. ``keep_rows=False`` keeps no patient's row, and memory flat. ``csv_file``
        receives the rows as chunks finish. ``checkpoint`` is a folder in which finished chunks are kept: the same call goes on
        from there.

        Raises ``ValueError`` for bad input, and when a checkpoint belongs to another trial; :class:`TrialInterrupted` (a
        ``KeyboardInterrupt``) when stopped by hand, with what had finished in its ``outcomes``; ``BrokenProcessPool`` when a
        process beside this one was killed.
        """
        n = int(check_between("n", n, 1, 1e10))
        check_one_of("runner", runner, RUNNERS)
        workers = int(check_between("workers", workers, 1, 4096))
        size = int(check_between("people_per_chunk", people_per_chunk or PEOPLE_PER_CHUNK[runner], 1, 65_536))
        one_seed = checked_seed(seed)
        if self.population.size is not None and n > self.population.size:
            raise ValueError(f"n must be at most {self.population.size}, the people in the table; got {n}")
        if client is None and scheduler is None:  # as many chunks, all of one size, as keep everybody busy to the end
            rounds = -(-n // (workers * size))
            size = -(-n // (workers * rounds))
        kept = None if checkpoint is None else Checkpoint(Path(checkpoint), self.fingerprint(n, one_seed), size)
        if kept is not None:
            size = kept.size
        wanted = [(first, min(size, n - first)) for first in range(0, n, size)]
        found = Outcomes(
            arms=self.names,
            targets={name: self.target_of(arm) for name, arm in self.arms},
            common_range=self.common_range,
            hours=self.hours,
            seed=one_seed,
            keep_rows=keep_rows,
        )
        remember(self)
        own_client = reached(scheduler) if client is None and scheduler is not None else None
        sink = RowsOut(csv_file, self.names, [first for first, _ in wanted])
        todo = []
        with _bar(n, progress) as bar:

            def take(chunk: Chunk) -> None:
                sink.take(chunk)
                found.add(chunk)
                bar.update(chunk.n)

            for first, many in wanted:
                chunk = None if kept is None else kept.read(first)
                if chunk is None:
                    todo.append((first, many))
                else:
                    take(chunk)
            job = Job(self, one_seed, runner, keep_rows or kept is not None, csv_file is not None)
            if client is not None or own_client is not None:
                chunks = on_a_cluster(job, todo, client or own_client)
            else:
                chunks = in_processes(job, todo, workers) if workers > 1 and len(todo) > 1 else here(job, todo)
            try:
                for chunk in chunks:
                    if kept is not None:
                        kept.write(chunk)
                    take(chunk)
                sink.finish()
            except KeyboardInterrupt:
                where = "" if kept is None else f"; they are kept in {checkpoint}: the same call goes on from there"
                message = f"stopped by hand with {found.n:,} of {n:,} patients done{where}"
                raise TrialInterrupted(message, found) from None
            finally:
                sink.close()
                if own_client is not None:
                    own_client.close()
        return found

    def fingerprint(self, n: int, seed: int) -> str:
        """Return what tells this trial from another."""
        text = re.sub(r" at 0x[0-9a-f]+", "", repr(self))
        return hashlib.sha256(f"{text} {n} {seed}".encode()).hexdigest()


def _named(arms: Any) -> Iterator[tuple[str, Any]]:
    check_is("arms", arms, (Mapping, Sequence), "controllers by name, or a list of them")
    for one in arms.items() if isinstance(arms, Mapping) else arms:
        name, arm = one if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) else (_name(one), one)
        if not isinstance(arm, Arm | Controller):
            raise ValueError(f"an arm must be something with an assay and decide(situation); got {arm!r}")
        yield str(name), arm if isinstance(arm, Arm) else Arm(controller=arm)


def _name(arm: Any) -> str:
    controller = arm.controller if isinstance(arm, Arm) else arm
    return str(getattr(controller, "name", type(controller).__name__))


def _bar(n: int, progress: bool) -> Any:
    from tqdm import tqdm  # noqa: PLC0415  only where time passes long enough

    return tqdm(total=n, unit=" patients", unit_scale=True, disable=None if progress else True, leave=False)
