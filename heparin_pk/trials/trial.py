"""A virtual trial: the same patients under every arm, thousands to millions of them.

A trial is cut into chunks of patients. A chunk is a pure function of (trial, seed, which patients): the order in which chunks
run, the workers and machines they run on, and how the patients are cut change no number, nor do the processor and the version of
NumPy: the rows are the same bytes. Only another C library may round an exponential, a logarithm or a power in another last bit.

All arms have the same patients, and the same laboratory errors at the same moments (common random numbers), so that a difference
between arms is one between the tables.

What is said of an arm goes before what is said of the trial, and that before its hospital
(:class:`~heparin_pk.trials.hospital.Hospital`): reagent, drift, residual error, ward errors. Where a laboratory names no reagent,
each table has the one it was written for; where it does, the outcomes say which ranges that does not fit.

A checkpoint is a folder in which finished chunks are kept; the same call goes on from there, and a folder of another trial is
refused. On a Dask cluster (``client``, or the address of its ``scheduler``) ``wait_for_workers_s`` says how long a run waits
where there is no worker (left); ``inf``: until one comes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_whole, shown
from heparin_pk.base.citations import remember
from heparin_pk.base.files import Output
from heparin_pk.base.fingerprint import fingerprint
from heparin_pk.base.helped import Helped
from heparin_pk.base.randomness import checked_seed
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.body.patient import Cohort
from heparin_pk.engine.lanes import RUNNERS, make_ready
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.published.ranges import ANTI_XA_TREATMENT
from heparin_pk.simulation.cohort import fresh_copy, titrate_cohort
from heparin_pk.simulation.conditions import laboratory_and_pump_for, responses_in
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.matching import Match, in_its_laboratory, match_of
from heparin_pk.simulation.platelets import SOURCES
from heparin_pk.simulation.simulate import titrate
from heparin_pk.trials.arm import Arm, arms_by_name, own_label, own_name
from heparin_pk.trials.catalogue import PLACE
from heparin_pk.trials.checkpoint import Checkpoint
from heparin_pk.trials.chunk import LARGEST_CHUNK, PATIENTS_PER_CHUNK, Chunk, chunk_size
from heparin_pk.trials.csv_rows import RowsOut
from heparin_pk.trials.estimate import sums_of
from heparin_pk.trials.histogram import count_levels, count_times
from heparin_pk.trials.hospital import IDEAL, Hospital
from heparin_pk.trials.metadata import beside, write_beside
from heparin_pk.trials.observer import TrialObserver
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.per_patient import covariates_of, groups_of, rows_of
from heparin_pk.trials.platelet_counts import HIT_FRACTION, Counting
from heparin_pk.trials.population import Population
from heparin_pk.trials.workers import Job, finished_chunks
from heparin_pk.ward.controller import VectorController
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors

_SAMPLED_FOR_SOURCES = 512
"""Patients looked at to find which covariate effects apply to any of them."""


class TrialInterrupted(KeyboardInterrupt):
    """A trial was stopped by hand; ``outcomes`` holds what had finished."""

    def __init__(self, message: str, outcomes: Outcomes) -> None:
        super().__init__(message)
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trial(metaclass=Helped):
    """A virtual trial: arms, the patients they are tried on, and the hospital around them.

    ``population``: the patients, the same in all arms.
    ``arms``: controllers by name, or a list (nomograms, fixed plans, :class:`Arm`); the others are compared with the first.
    ``drug``: the model; ``UFH_DEFAULT`` where none is given.
    ``laboratory``: the hospital's; ``None``: the usual one, with the reagent each table was written for.
    ``hours``: how long each patient is followed, 1 to 1440 h.
    ``hospital``: ``heparin_pk.hospital.IDEAL`` (where none is given), ``REAL``, or one of your own.
    ``ward_errors``: how the ward carries orders out; ``None``: as in its hospital.
    ``target``: the own range of arms that have none.
    ``common_range``: a range in which all arms are compared too; anti-Xa 0.3-0.7 U/mL where none is given.
    ``pump``: rounds the rates; ``None``: the table's own bag, else 100 U/mL.
    ``platelets``: how platelets are counted, and who gets HIT; ``None``: they are not.

    Raises ``ValueError`` when an arm cannot read what is reported. More: ``help("heparin_pk.trials.trial")``.

    >>> from heparin_pk import Nomogram
    >>> trial = Trial(population=Population(), arms=[Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")])
    >>> found = trial.run(100, seed=7, progress=False)
    >>> found.arms, found.n
    (('raschke-1993', 'durham-va-2009'), 100)
    """

    _machinery: ClassVar[tuple[str, ...]] = (
        "chunk",
        "fingerprint",
        "identity",
        "no_outcomes",
        "places",
        "population_of",
        "covariates",
        "hospital_of",
    )

    population: Population
    arms: Any
    drug: Drug = field(default_factory=lambda: UFH_DEFAULT)  # factories, so that help(Trial) does not print whole models
    laboratory: Laboratory | None = None
    hours: float = 48.0
    hospital: Hospital = field(default_factory=lambda: IDEAL)
    ward_errors: WardErrors | None = None
    target: TherapeuticRange | None = None
    common_range: TherapeuticRange = field(default_factory=lambda: ANTI_XA_TREATMENT)
    pump: Pump | None = None
    platelets: Counting | None = None

    def __post_init__(self) -> None:
        check_is("population", self.population, Population, "a Population")
        check_is("drug", self.drug, Drug, "a Drug")
        check_is("laboratory", self.laboratory, (Laboratory, type(None)), "a Laboratory or None")
        check_is("hospital", self.hospital, Hospital, "a Hospital")
        check_is("ward_errors", self.ward_errors, (WardErrors, type(None)), "a WardErrors or None")
        check_is("target", self.target, (TherapeuticRange, type(None)), "a TherapeuticRange or None")
        check_is("common_range", self.common_range, TherapeuticRange, "a TherapeuticRange")
        check_is("platelets", self.platelets, (Counting, type(None)), "a Counting or None")
        object.__setattr__(self, "hours", check_between("hours", self.hours, 1.0, 1440.0))
        if self.platelets is not None:
            self.platelets.check_within(self.hours)
            if self.drug.anti_xa_fraction == 0.0:
                raise ValueError(f"platelets must be None: {self.drug.name} causes no HIT")
        object.__setattr__(self, "arms", tuple(arms_by_name(self.arms)))
        if len(set(self.names)) != len(self.arms):
            raise ValueError(f"arms must have different names; got {', '.join(self.names)}")
        if not self.arms:
            raise ValueError("a trial needs an arm at least; got none")
        for name, arm in self.arms:
            try:
                self._check_arm(arm)
            except ValueError as error:
                raise ValueError(f"arm {name}: {error}") from None
        if self.common_range.assay.startswith("aptt"):
            reagents = {self._laboratory_of(arm).reagent for _, arm in self.arms}
            if len(reagents) > 1:
                raise ValueError(
                    f"the common range {self.common_range.in_words()} means another level in each arm, as their "
                    "laboratories have different reagents: give it in anti-Xa, or the trial a laboratory with one reagent"
                )

    __repr__ = shown

    def _check_arm(self, arm: Arm) -> None:
        laboratory, _ = laboratory_and_pump_for(self.drug, arm.controller, self._laboratory_of(arm), self.pump)
        responses = responses_in(self.drug, laboratory.reagent, laboratory)
        check_one_of("the assay of the common range", self.common_range.assay, responses.assays)
        if self._target_of(arm).assay != arm.controller.assay:
            raise ValueError(f"its target must be in {arm.controller.assay}; got {self._target_of(arm).assay}")
        if self.hospital_of(arm).ward_errors is not None:
            check_is("the controller", arm.controller, VectorController, "one with decide_many, where orders go wrong")

    @property
    def names(self) -> tuple[str, ...]:
        """The arms by name."""
        return tuple(name for name, _ in self.arms)

    def arm(self, name: str) -> Arm:
        """Return an arm by name; raises ``ValueError`` with the names there are."""
        check_one_of("arm", name, self.names)
        found: Arm = dict(self.arms)[name]
        return found

    def _laboratory_of(self, arm: Arm) -> Laboratory:
        """Return the laboratory of this arm: its own or the trial's, reporting what the arm reads, with the table's reagent."""
        assay, laboratory = arm.controller.assay, arm.laboratory or self.laboratory or Laboratory(assay=arm.controller.assay)
        if laboratory.assay != assay:
            laboratory = replace(laboratory, assay=assay, ceiling=None, resolution=None)
        laboratory = in_its_laboratory(arm.controller, self.drug, laboratory)
        return replace(laboratory, residual=self.hospital_of(arm).residual)

    def hospital_of(self, arm: str | Arm) -> Hospital:
        """Return the hospital an arm is really in: what the arm says, else what the trial says, else what the hospital says."""
        if isinstance(arm, str):
            arm = self.arm(arm)
        hospital = arm.hospital or self.hospital
        laboratory = arm.laboratory or self.laboratory
        drift, residual = self.population.typical.drift or hospital.drift, hospital.residual
        ward_errors = arm.ward_errors or (None if arm.hospital else self.ward_errors) or hospital.ward_errors
        if laboratory is not None and laboratory.residual:
            residual = laboratory.residual
        between_days = hospital.between_days or self.population.day > 0
        said = (drift, residual, ward_errors, between_days)
        if said == (hospital.drift, hospital.residual, hospital.ward_errors, hospital.between_days):
            return hospital
        changed = "changed" if hospital.name.endswith("changed") else f"{hospital.name}, changed"
        return replace(
            hospital, name=changed, label="", drift=drift, residual=residual, ward_errors=ward_errors, between_days=between_days
        )

    @property
    def places(self) -> dict[str, tuple[str, ...]]:
        """What the rows say of each arm, by name: hospital, aPTT reagent ("" without one), assay and unit of its levels."""
        found: dict[str, tuple[str, ...]] = {}
        for name, arm in self.arms:
            reagent = self._laboratory_of(arm).reagent or self.drug.reagent
            assay = self._target_of(arm).assay
            found[name] = (self.hospital_of(arm).name, getattr(reagent, "name", ""), assay, ASSAYS[assay].unit or "1")
        return found

    def population_of(self, arm: str | Arm) -> Population:
        """Return the patients as they are in the hospital of an arm: whether they drift, and on which day."""
        hospital, population = self.hospital_of(arm), self.population
        if hospital.drift is not None and population.typical.drift is None:
            population = replace(population, typical=replace(population.typical, drift=hospital.drift))
        return replace(population, day=1) if hospital.between_days and not population.day else population

    def _target_of(self, arm: Arm) -> TherapeuticRange:
        target: TherapeuticRange | None = getattr(arm.controller, "target", None) or self.target
        if target is None:
            raise ValueError(f"{own_name(arm)} aims at no range of its own: give the trial a target")
        return target

    @property
    def matches(self) -> dict[str, Match]:
        """How the aPTT range of each arm fits the reagent of its laboratory, by name; arms that read no aPTT have none."""
        found = {}
        for name, arm in self.arms:
            laboratory = self._laboratory_of(arm)
            reagent = responses_in(self.drug, laboratory.reagent, laboratory).aptt
            match = match_of(self._target_of(arm), reagent, self.population.typical.baseline_aptt_s)
            if match is not None:
                found[name] = match
        return found

    @property
    def groups(self) -> tuple[str, ...]:
        """The subgroups that can be told apart among these patients."""
        return tuple(groups_of(self.population.cohort(self.drug, np.arange(1), seed=0)))

    @property
    def covariates(self) -> tuple[str, ...]:
        """The features of patients that the rows hold."""
        return tuple(covariates_of(self.population.cohort(self.drug, np.arange(1), seed=0)))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers behind the population, the model (with the covariate effects in use), the tables and the ward."""
        n = min(_SAMPLED_FOR_SOURCES, self.population.size or _SAMPLED_FOR_SOURCES)
        sample = self.population.cohort(self.drug, np.arange(n), seed=0)
        found: list[Source | None] = [*self.population.sources, *self.drug.sources_for_all(sample)]
        for _, arm in self.arms:
            reagent, hospital = self._laboratory_of(arm).reagent, self.hospital_of(arm)
            found += [getattr(arm.controller, "source", None), reagent.source if reagent is not None else None]
            found += [*hospital.sources, *(hospital.ward_errors.papers if hospital.ward_errors is not None else ())]
        found += [] if self.platelets is None else [*SOURCES, HIT_FRACTION.source]
        found.append(self.common_range.source)
        return tuple({source.citation: source for source in reversed(found) if source is not None}.values())[::-1]

    def _ward_of(self, arm: Arm, subjects: np.ndarray, seed: int) -> WardErrors | None:
        """Return the ward of an arm for these patients, who follow one another; it stops heparin where a count says so."""
        ward = self.hospital_of(arm).ward_errors
        return ward if self.platelets is None else self.platelets.ward_for(ward, subjects, self.hours, seed)

    # One chunk, one patient

    def chunk(self, first: int, n: int, *, seed: int, runner: str = "numpy") -> Chunk:
        """Return the outcomes of patients ``first`` to ``first + n - 1``: a pure function of its arguments."""
        check_between("n", n, 1, LARGEST_CHUNK)
        subjects = np.arange(first, first + n)
        make_ready(runner)
        cohorts: dict[Population, Cohort] = {}
        rows, levels, times = {}, {}, {}
        counts = {} if self.platelets is None else self.platelets.rows(subjects, self.hours, seed)
        for name, arm in self.arms:
            population = self.population_of(arm)
            if population not in cohorts:
                cohorts[population] = population.cohort(self.drug, subjects, seed=seed)
            cohort = cohorts[population]
            laboratory, target = self._laboratory_of(arm), self._target_of(arm)
            responses = responses_in(self.drug, laboratory.reagent, laboratory)
            observer = TrialObserver(cohort, responses, (target, self.common_range), self.hours)
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
                ward_errors=self._ward_of(arm, subjects, seed),
                runner=runner,
            )
            observer.finish(self.hours)
            rows[name] = rows_of(cohort, charts, observer, target, responses, self.hours) | counts
            levels[name] = count_levels(charts, cohort, responses, target.assay)
            times[name] = count_times(rows[name], self.hours)
        groups = groups_of(cohort)
        sums, differences = sums_of(rows, groups)
        return Chunk(
            first=first,
            n=n,
            covariates=covariates_of(cohort),
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
        its_arm = self.arm(arm)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)  # a cohort has its outliers; course.outside names them
            return titrate(
                self.population_of(its_arm).person(self.drug, subject, seed=checked_seed(seed)),
                self.drug,
                fresh_copy(its_arm.controller),
                hours=self.hours,
                laboratory=self._laboratory_of(its_arm),
                pump=self.pump,
                seed=seed,
                subject=subject,
                ward_errors=self._ward_of(its_arm, np.array([subject]), seed),
                engine=engine,
            )

    # Many patients

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
        wait_for_workers_s: float = 300.0,
        progress: bool = True,
    ) -> Outcomes:
        """Return the outcomes of patients 0 to ``n`` - 1 under every arm.

        ``seed``: the same seed gives the same patients and errors.
        ``workers``, ``runner``, ``people_per_chunk``: processes; one of ``engine.lanes.RUNNERS``; they change no number.
        ``keep_rows``, ``checkpoint``: one row a patient (False: flat memory); a folder of finished chunks, to go on from.
        ``csv_file``: receives the rows as chunks finish; a file beside it says what they are.
        ``client``, ``scheduler``, ``wait_for_workers_s``, ``progress``: a Dask cluster, how long to wait for it, a bar.

        Raises ``ValueError`` for bad input, ``TrialInterrupted`` when stopped by hand, ``BrokenExecutor`` when a process died.
        """
        n = check_whole("n", n, 1, 1e10)
        check_one_of("runner", runner, RUNNERS)
        workers = check_whole("workers", workers, 1, 4096)
        size = check_whole("people_per_chunk", people_per_chunk or PATIENTS_PER_CHUNK[runner], 1, LARGEST_CHUNK)
        seed = checked_seed(seed)
        if wait_for_workers_s != math.inf:
            check_between("wait_for_workers_s", wait_for_workers_s, 0.0, 1e9)
        if self.population.size is not None and n > self.population.size:
            raise ValueError(f"n must be at most {self.population.size}, the people in the table; got {n}")
        if client is None and scheduler is None:
            size = chunk_size(n, workers, size)
        kept = None if checkpoint is None else Checkpoint(Path(checkpoint), self.fingerprint(n, seed), size)
        found = self.no_outcomes(seed, keep_rows=keep_rows)
        remember(self)
        if self.population.varies:
            self.drug.warn_without_variability()
        job = Job(self, seed, runner, keep_rows or kept is not None, csv_file is not None)
        wanted = _cut(n, size if kept is None else kept.size)
        if csv_file is not None and (Path(csv_file).is_file() or not Path(csv_file).exists()):
            Output(beside(csv_file)).discard()  # raises now where it could not be written at the end
        sink = RowsOut(csv_file, self.places, [first for first, _ in wanted])
        try:
            with _bar(n, progress) as bar:
                for chunk in _kept_and_new(job, wanted, kept, (workers, client, scheduler, wait_for_workers_s)):
                    sink.take(chunk)
                    found.add(chunk)
                    bar.update(chunk.n)
            sink.finish()
            if csv_file is not None:
                write_beside(csv_file, found.said_of(("arm", *PLACE, "subject", *self.covariates, *found.keys)))
        except KeyboardInterrupt as error:
            where = "" if kept is None else f"; they are kept in {checkpoint}: the same call goes on from there"
            how = str(error) or "stopped by hand"
            raise TrialInterrupted(f"{how} with {found.n:,} of {n:,} patients done{where}", found) from None
        finally:
            sink.close()
        return found

    def no_outcomes(self, seed: int, *, keep_rows: bool, identity: str | None = None) -> Outcomes:
        """Return outcomes that hold no patient yet, to which chunks of this trial can be added.

        ``identity``: what the caller tells this trial by, where it compares it with none but its own (30 ms less).
        """
        return Outcomes(
            arms=self.names,
            targets={name: self._target_of(arm) for name, arm in self.arms},
            common_range=self.common_range,
            hospitals={name: self.hospital_of(arm) for name, arm in self.arms},
            matches=self.matches,
            places=self.places,
            drug=self.drug,
            hours=self.hours,
            seed=seed,
            fingerprint=self.identity if identity is None else identity,
            keep_rows=keep_rows,
            labels={name: own_label(arm) if name == own_name(arm) else name for name, arm in self.arms},
        )

    @property
    def identity(self) -> str:
        """What tells this trial from every trial that finds other numbers, within this process."""
        return fingerprint(self, "trial", strict=False)

    def fingerprint(self, n: int, seed: int) -> str:
        """Return what tells this trial from another with other results: state and code of all it holds, ``n`` and ``seed``.

        Raises ``ValueError`` that names what cannot be compared, such as an open file in a controller.
        """
        return fingerprint((fingerprint(self, "trial"), n, seed))


def _cut(n: int, size: int) -> list[tuple[int, int]]:
    """Return the chunks of n patients: the first patient of each, and how many it has."""
    return [(first, min(size, n - first)) for first in range(0, n, size)]


def _kept_and_new(
    job: Job, wanted: list[tuple[int, int]], kept: Checkpoint | None, place: tuple[int, Any, str | None, float]
) -> Iterator[Chunk]:
    """Yield the chunks a checkpoint holds, then the others as they finish, which the checkpoint then keeps."""
    todo = []
    for first, n in wanted:
        chunk = None if kept is None else kept.read(first, n)
        if chunk is None:
            todo.append((first, n))
        else:
            yield chunk
    for chunk in finished_chunks(job, todo, *place):
        if kept is not None:
            kept.write(chunk)
        yield chunk


def _bar(n: int, progress: bool) -> Any:
    from tqdm import tqdm  # noqa: PLC0415  only where time passes long enough

    return tqdm(total=n, unit=" patients", unit_scale=True, disable=None if progress else True, leave=False)
