"""How far a trial's answer depends on the model: the same patients under every model that fits the same papers.

The confidence interval of a trial says how well a number is known of one model (Monte Carlo): with more patients it shrinks to
nothing. What no number of patients tells is whether the model is right. An ensemble is a list of models that the same data allow:
draws of uncertain parameters, and other structures. Each treats the same patients with the same laboratory errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.fingerprint import fingerprint
from heparin_pk.base.randomness import checked_seed, standard_normal, uniform
from heparin_pk.base.source import Value
from heparin_pk.base.streams import Stream
from heparin_pk.body.covariate import Covariate
from heparin_pk.published import ALL, UFH_DEFAULT
from heparin_pk.published.drug import Drug, Parameter, Variability
from heparin_pk.published.heparin_default_draws import DRAWN, FITS, draws
from heparin_pk.trials.catalogue import OUTCOMES, Outcome
from heparin_pk.trials.chunk import LARGEST_CHUNK, PATIENTS_PER_CHUNK, Chunk, chunk_size
from heparin_pk.trials.estimate import Estimate, with_digits
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.trial import Trial
from heparin_pk.trials.workers import Job, finished_chunks

MOST_DRAWS = 200
"""The largest number of draws: as many as the table of the default holds."""
LEAST_WEIGHT = 0.01
"""A structure with less weight contradicts the data and is left out."""
_MOST_ATTEMPTS = 100
_POOL = ("bmax_u", "kon_ml_per_u_per_h", "kint_per_h")


# The models


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EnsembleMember:
    """One model of an ensemble.

    ``name``: its name among the others.
    ``drug``: the model.
    ``weight_ratio``: its weight beside the others, above 0; the shares are the weights over their sum.
    ``is_draw``: whether it is a draw of the parameters of the trial's model, and no other structure.

    Raises ``ValueError`` for an empty name or a weight that is not above 0.
    """

    name: str
    drug: Drug
    weight_ratio: float = 1.0
    is_draw: bool = False

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_is("drug", self.drug, Drug, "a Drug")
        check_between(f"the weight of {self.name}", self.weight_ratio, 1e-9, 1e9)
        check_is("is_draw", self.is_draw, bool, "True or False")

    __repr__ = shown

    @property
    def label(self) -> str:
        """What a reader calls it: the label of the set of its name, or its name."""
        return next((drug.label for drug in (self.drug, *ALL) if drug.name == self.name), self.name)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ensemble:
    """Models that the same data allow, for :func:`run_ensemble`.

    ``members``: the models, each with its weight.

    Raises ``ValueError`` without a member, and when two have one name.

    >>> [member.name for member in Ensemble.of(UFH_DEFAULT, 2, seed=1).members]
    ['draw 1', 'draw 2', 'UFH_A_DERIVED', 'UFH_TRIPLE_DERIVED']
    """

    members: tuple[EnsembleMember, ...]

    def __post_init__(self) -> None:
        check_is("members", self.members, (list, tuple), "a list of EnsembleMember")
        object.__setattr__(self, "members", tuple(self.members))
        for member in self.members:
            check_is("a member", member, EnsembleMember, "a EnsembleMember")
        names = [member.name for member in self.members]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"an ensemble needs members with different names; got {', '.join(names) or 'none'}")

    __repr__ = shown

    @classmethod
    def of(cls, drug: Drug, n_draws: int, *, seed: int | np.random.Generator = 0) -> Ensemble:
        """Return ``n_draws`` draws of a model's parameters and, for the default, the other sets fitted to the same papers.

        ``drug``: the model; every member has its reagent, variability, residual error and covariate effects.
        ``n_draws``: number of draws, 1 to 200; no draw depends on it.
        ``seed``: of the draws.

        Draws of ``UFH_DEFAULT`` have the correlations of its fit (``benchmarks/derive_uncertainty.py``). Those of any other set
        are log-normal with the printed uncertainty of each parameter, independent, because no set prints correlations; a number
        without a printed uncertainty stays. The variability between patients is not drawn.

        The structures of the default share the weight by Akaike's criterion, the draws that of the default; one of less than
        1 % is left out. Those without a binding pool have on their greatest rate of elimination what the default has on the
        capacity of its pool (variability, age, thrombosis, smoking): an assumption, since none of them was fitted to people, and
        one that matters (4,000 patients of the thrombosis ward, Durham minus Raschke in the common range with ``UFH_A_DERIVED``:
        9.1 points; without age, thrombosis and smoking 0.5).

        ``UFH_LONG_SHORT_DERIVED`` is not among them: it reads the half-lives and the clearance as those of the long chains, so
        that its chi squared is of other data and gives no weight beside these. Run a trial with it alone (``Trial(drug=...)``).

        Few draws place the ends of the interval badly: 200 are all that the default has.

        Raises ``ValueError`` for a number of draws outside its limits, and for a model without a printed uncertainty.
        """
        check_is("drug", drug, Drug, "a Drug")
        if n_draws != int(check_between("n_draws", n_draws, 1, MOST_DRAWS)):
            raise ValueError(f"n_draws must be a whole number; got {n_draws!r}")
        seed = checked_seed(seed)
        if drug.parameters != UFH_DEFAULT.parameters:
            drawn = [_drawn_as_printed(drug, place, seed) for place in range(int(n_draws))]
            return cls(members=tuple(_draws(drawn, 1.0)))
        rows = _shuffled(seed)[: int(n_draws)]
        drawn = [_with_values(drug, draws()[row], f"{drug.name} draw {place + 1}") for place, row in enumerate(rows)]
        least = min(fit.akaike for fit in FITS)
        likely = {fit.drug: math.exp(0.5 * (least - fit.akaike)) for fit in FITS}
        weights = {other: weight / sum(likely.values()) for other, weight in likely.items()}
        others = [
            EnsembleMember(name=other.name, drug=_with_kinetics_of(drug, other), weight_ratio=weight)
            for other, weight in weights.items()
            if other is not UFH_DEFAULT and weight >= LEAST_WEIGHT
        ]
        return cls(members=(*_draws(drawn, weights[UFH_DEFAULT]), *others))

    def in_words(self) -> str:
        """Return which models there are, with their shares."""
        total = sum(member.weight_ratio for member in self.members)
        drawn = [member for member in self.members if member.is_draw]
        parts = [f"{len(drawn)} draws of its parameters ({sum(one.weight_ratio for one in drawn) / total:.0%})"] if drawn else []
        parts += [f"{member.label} ({member.weight_ratio / total:.0%})" for member in self.members if not member.is_draw]
        return ", ".join(parts)


def _draws(drawn: list[Drug], weight: float) -> Iterator[EnsembleMember]:
    for place, drug in enumerate(drawn):
        yield EnsembleMember(name=f"draw {place + 1}", drug=drug, weight_ratio=weight / len(drawn), is_draw=True)


def _shuffled(seed: int) -> list[int]:
    """Return the rows of the table of draws in the order of this seed."""
    stream = Stream.UNCERTAINTY.of("row of the table")
    return sorted(range(len(draws())), key=lambda row: uniform(seed, stream, 0.0, row))


def _with_values(drug: Drug, values: dict[str, float], name: str) -> Drug:
    """Return the set with these values of its parameters (by name)."""
    parameters = [replace(one, value=Value(values[one.name], DRAWN)) if one.name in values else one for one in drug.parameters]
    return replace(drug, name=name, label="", parameters=tuple(parameters))


def _drawn_as_printed(drug: Drug, place: int, seed: int) -> Drug:
    """Return the set with each parameter drawn from its printed uncertainty; a draw that no drug could have is drawn again."""
    if not any(one.value.log_sd for one in drug.parameters):
        raise ValueError(f"{drug.name} has no parameter with a printed uncertainty: there is nothing to draw from")
    for attempt in range(_MOST_ATTEMPTS):
        parameters = tuple(_drawn_parameter(one, place, seed, attempt) for one in drug.parameters)
        try:
            return replace(drug, name=f"{drug.name} draw {place + 1}", label="", parameters=parameters)
        except ValueError as error:
            last = error
    raise ValueError(f"{drug.name}: {_MOST_ATTEMPTS} draws of its parameters in a row are impossible: {last}")


def _drawn_parameter(parameter: Parameter, place: int, seed: int, attempt: int) -> Parameter:
    log_sd = parameter.value.log_sd
    if not log_sd:
        return parameter
    stream = Stream.UNCERTAINTY.of(f"{parameter.name} by {parameter.scales_with}")
    value = parameter.value.value * math.exp(log_sd * standard_normal(seed, stream, float(attempt), place))
    where = f"drawn from the printed uncertainty of {parameter.value.value:g} ({parameter.value.uncertainty_in_words()})"
    return replace(parameter, value=Value(value, parameter.value.source.at(where, "derived")))


def _with_kinetics_of(drug: Drug, other: Drug) -> Drug:
    """Return ``drug`` with the kinetics of ``other``; without a pool, what acts on its capacity acts on the greatest rate."""
    given = {one.field for one in other.parameters}
    kept = [one for one in drug.parameters if one.field not in given and one.field not in _POOL]

    def name(one: str) -> str:
        return "vmax_u_per_h" if one == "bmax_u" and "bmax_u" not in given else one

    def varied(group: tuple[Variability, ...]) -> tuple[Variability, ...]:
        return tuple(replace(one, name=name(one.name)) for one in group)

    def acting(one: Covariate) -> Covariate:
        return replace(one, on=tuple(map(name, one.on)))

    return replace(
        drug,
        name=f"{other.name} varying as {drug.name}",
        title=other.title,
        parameters=(*other.parameters, *kept),
        variability=varied(drug.variability),
        between_occasions=varied(drug.between_occasions),
        covariate_effects=tuple(map(acting, drug.covariate_effects)),
        departures=other.departures,
    )


# What comes out


class Middle(NamedTuple):
    """Where models lie, by weight: each in the middle of its share, with straight lines between.

    ``median``: half of them lie below.
    ``low``, ``high``: the central 95 %; of a few models little less than from the lowest to the highest.
    ``sd``: their SD.
    ``n``: how many.
    """

    median: float
    low: float
    high: float
    sd: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A number of a trial: how well it is known of one model, and what the models of an ensemble make of it.

    ``monte_carlo``: the estimate with the trial's own model and its 95 % confidence interval.
    ``models``: all models of the ensemble; their own Monte-Carlo error is in it.
    ``parameters``: the draws of the parameters alone; ``None`` of fewer than two.
    ``structures``: the estimate of each other structure, by name.
    ``between_structures_fraction``: the share of the variance of all models that lies between structures (the draws are one); the
    rest lies between draws. ``None`` where the models agree.
    """

    monte_carlo: Estimate
    models: Middle
    parameters: Middle | None
    structures: dict[str, float]
    between_structures_fraction: float | None


class _Known(NamedTuple):
    """What one model found."""

    member: EnsembleMember
    mean: float


def _middle(known: list[_Known]) -> Middle:
    ordered = sorted(known, key=lambda one: one.mean)
    means = np.array([one.mean for one in ordered])
    weights = np.array([one.member.weight_ratio for one in ordered])
    weights = weights / weights.sum()
    places = np.cumsum(weights) - 0.5 * weights
    median, low, high = (float(np.interp(place, places, means)) for place in (0.5, 0.025, 0.975))
    sd = math.sqrt(float(weights @ (means - float(weights @ means)) ** 2))
    return Middle(median, low, high, sd, len(known))


def _spread(monte_carlo: Estimate, known: list[_Known]) -> Spread:
    drawn = [one for one in known if one.member.is_draw]
    models, parameters = _middle(known), _middle(drawn) if drawn else None
    share_of_draws = sum(one.member.weight_ratio for one in drawn) / sum(one.member.weight_ratio for one in known)
    within = 0.0 if parameters is None else share_of_draws * parameters.sd**2
    return Spread(
        monte_carlo=monte_carlo,
        models=models,
        parameters=parameters if len(drawn) > 1 else None,
        structures={one.member.name: one.mean for one in known if not one.member.is_draw},
        between_structures_fraction=max(0.0, 1.0 - within / models.sd**2) if models.sd > 0.0 else None,
    )


class EnsembleOutcomes:
    """The outcomes of a trial under every model of an ensemble.

    ``outcomes``: those with the trial's own model.
    ``ensemble``: the models.
    ``by_member``: those of each other model that was finished, by name.
    """

    def __init__(self, outcomes: Outcomes, ensemble: Ensemble, by_member: dict[str, Outcomes]) -> None:
        self.outcomes, self.ensemble, self.by_member = outcomes, ensemble, by_member

    def estimate(self, arm: str, key: str, group: str = "all") -> Spread | None:
        """Return what the models make of the mean of an outcome (or the share of patients); ``None`` where no patient counts."""
        return self._found(lambda one: one.estimate(arm, key, group))

    def difference(self, arm: str, key: str, group: str = "all") -> Spread | None:
        """Return what the models make of the paired difference of an arm from the first."""
        return self._found(lambda one: one.difference(arm, key, group))

    def _found(self, read: Callable[[Outcomes], Estimate | None]) -> Spread | None:
        itself = read(self.outcomes)
        known = []
        for member in self.ensemble.members:
            found = read(self.by_member[member.name]) if member.name in self.by_member else None
            if found is not None:
                known.append(_Known(member, found.mean))
        return _spread(itself, known) if itself is not None and known else None

    @property
    def members(self) -> list[dict[str, Any]]:
        """The models as plain rows: name, share of the ensemble, whether it is a draw and finished, its parameters."""
        total = sum(one.weight_ratio for one in self.ensemble.members)
        return [
            {
                "name": one.name,
                "share": one.weight_ratio / total,
                "is_draw": one.is_draw,
                "is_finished": one.name in self.by_member,
                "parameters": {parameter.name: parameter.value.value for parameter in one.drug.parameters},
            }
            for one in self.ensemble.members
        ]

    def summary(self, group: str = "all") -> list[dict[str, Any]]:
        """Return every spread as plain rows: arm, outcome, models, and the same of the paired difference."""
        rows = []
        for key in self.outcomes.keys:
            for arm in self.outcomes.arms:
                other = None if arm == self.outcomes.arms[0] else self.difference(arm, key, group)
                row = {"arm": arm, "outcome": key, "unit": OUTCOMES[key].unit, "group": group}
                rows.append(row | _plain(self.estimate(arm, key, group), "") | _plain(other, "difference_"))
        return rows

    def in_words(self, group: str = "all") -> str:
        """Return the main outcomes as tables: Monte-Carlo interval, interval of the models, and each structure beside it."""
        done = "" if len(self.by_member) == len(self.ensemble.members) else f"; {len(self.by_member)} of them are finished"
        lines = [f"The same patients under other models that its data allow: {self.ensemble.in_words()}{done}."]
        lines.append("More patients narrow the interval of chance (Monte Carlo), not that of the models (95 % of their weight).")
        for arm in self.outcomes.arms:
            lines += ["", f"{self.outcomes.labels[arm]}:", *self._table(arm, group, is_difference=False)]
        for arm in self.outcomes.arms[1:]:
            lines += [
                "",
                f"{self.outcomes.labels[arm]} minus {self.outcomes.labels[self.outcomes.arms[0]]}, patient by patient:",
                *self._table(arm, group, is_difference=True),
            ]
        return "\n".join(lines)

    def _table(self, arm: str, group: str, *, is_difference: bool) -> list[str]:
        read = self.difference if is_difference else self.estimate
        rows = [
            ["", "this model (Monte Carlo)", "models", "parameters alone", *(self._labels[name] for name in self._structures)]
        ]
        for key in _TOLD:
            found = read(arm, key, group)
            if found is not None:
                rows.append([OUTCOMES[key].label, *_cells(found, OUTCOMES[key], self._structures, is_difference)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [
            "  "
            + f"{row[0]:<{widths[0]}}"
            + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
            for row in rows
        ]

    @property
    def _labels(self) -> dict[str, str]:
        return {member.name: member.label for member in self.ensemble.members}

    @property
    def _structures(self) -> list[str]:
        return [one.name for one in self.ensemble.members if not one.is_draw and one.name in self.by_member]


_TOLD = (
    "time_in_range_fraction",
    "common_range_in_range_fraction",
    "common_range_below_fraction",
    "common_range_above_fraction",
    "fraction_of_tests_in_range",
    "rosendaal_fraction",
    "therapeutic_by_24_h",
    "heparin_given_u",
)


def _cells(one: Spread, outcome: Outcome, structures: list[str], is_difference: bool) -> list[str]:
    """Return the cells of one row: the estimate with its interval, the interval of the models, of the draws, the structures."""

    def write(value: float) -> str:
        if outcome.most == 1.0:
            return f"{100.0 * value:+.1f}" if is_difference else f"{value:.1%}"
        return with_digits(value, 3, "+" if is_difference else "")

    unit = (" points" if is_difference else "") if outcome.most == 1.0 else f" {outcome.unit}".rstrip()
    cells = [f"{write(one.monte_carlo.mean)}{unit} ({one.monte_carlo.interval_in_words(write)})"]
    cells += ["-" if every is None else f"{write(every.low)} to {write(every.high)}" for every in (one.models, one.parameters)]
    return cells + [write(one.structures[name]) if name in one.structures else "-" for name in structures]


def _plain(one: Spread | None, prefix: str) -> dict[str, Any]:
    row = {name: None if one is None else getattr(one.monte_carlo, name) for name in ("mean", "low", "high")}
    for group in ("models", "parameters"):
        middle = None if one is None else getattr(one, group)
        row |= {f"{group}_{name}": None if middle is None else getattr(middle, name) for name in Middle._fields}
    for name in ("structures", "between_structures_fraction"):
        row[name] = None if one is None else getattr(one, name)
    return {f"{prefix}{name}": value for name, value in row.items()}


# Many models


class EnsembleInterrupted(KeyboardInterrupt):
    """An ensemble was stopped by hand; ``outcomes`` holds the models that had finished."""

    def __init__(self, message: str, outcomes: EnsembleOutcomes) -> None:
        super().__init__(message)
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True)
class _Models:
    """The patients of a trial under many models, numbered on: patient 0 of the second model follows the last of the first."""

    trial: Trial
    drugs: tuple[Drug, ...]
    n: int

    @property
    def places(self) -> dict[str, tuple[str, ...]]:
        return self.trial.places

    def chunk(self, first: int, n: int, *, seed: int, runner: str = "numpy") -> Chunk:
        which, patient = divmod(first, self.n)
        chunk = replace(self.trial, drug=self.drugs[which]).chunk(patient, n, seed=seed, runner=runner)
        return replace(chunk, first=first)

    def fingerprint(self, n: int, seed: int) -> str:
        return fingerprint((self.trial.fingerprint(n, seed), fingerprint(self.drugs, "models"), self.n))


def run_ensemble(
    trial: Trial,
    ensemble: Ensemble,
    n: int,
    *,
    seed: int | np.random.Generator = 0,
    outcomes: Outcomes | None = None,
    workers: int = 1,
    runner: str = "numpy",
    people_per_chunk: int | None = None,
    client: Any = None,
    scheduler: str | None = None,
    wait_for_workers_s: float = 300.0,
    progress: bool = True,
) -> EnsembleOutcomes:
    """Run a trial with its own model and with every model of an ensemble: the same patients, the same errors.

    ``trial``, ``n``, ``seed``: as in :meth:`Trial.run`.
    ``ensemble``: the models.
    ``outcomes``: what ``trial.run(n, seed=seed)`` gave, where it ran already.
    The others are those of :meth:`Trial.run`. Workers share all models, and change no number.

    Raises ``ValueError`` for bad input and for ``outcomes`` of another trial, what :meth:`Trial.run` raises, and
    :class:`EnsembleInterrupted` (a ``KeyboardInterrupt``) when stopped by hand after the trial itself.

    >>> from heparin_pk import Nomogram, Population
    >>> trial = Trial(population=Population(), arms=[Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")], hours=12)
    >>> found = run_ensemble(trial, Ensemble.of(trial.drug, 2, seed=1), 20, seed=7, progress=False)
    >>> found.difference("durham-va-2009", "time_in_range_fraction").models.n
    4
    """
    check_is("ensemble", ensemble, Ensemble, "an Ensemble")
    seed = checked_seed(seed)
    check_one_of("runner", runner, PATIENTS_PER_CHUNK)
    check_between("workers", workers, 1, 4096)
    check_between("people_per_chunk", people_per_chunk or 1, 1, LARGEST_CHUNK)
    place = {"workers": workers, "client": client, "scheduler": scheduler, "wait_for_workers_s": wait_for_workers_s}
    if outcomes is None:
        outcomes = trial.run(
            n, seed=seed, runner=runner, people_per_chunk=people_per_chunk, keep_rows=False, progress=progress, **place
        )
    elif (outcomes.n, outcomes.seed, outcomes.fingerprint) != (n, seed, trial.identity):
        raise ValueError(f"outcomes must be those of this trial, {n} patients and seed {seed}; got {outcomes.n}, {outcomes.seed}")
    n = outcomes.n
    models = _Models(trial, tuple(member.drug for member in ensemble.members), n)
    largest = people_per_chunk or PATIENTS_PER_CHUNK[runner]
    size = chunk_size(n, -(-workers // len(models.drugs)), min(LARGEST_CHUNK, largest))
    todo = [(which * n + first, min(size, n - first)) for which in range(len(models.drugs)) for first in range(0, n, size)]
    found = [_none_yet(outcomes) for _ in models.drugs]
    job = Job(models, seed, runner, with_rows=False, as_csv=False)
    try:
        with _bar(n * len(found), progress) as bar:
            for chunk in finished_chunks(job, todo, *place.values()):
                which, first = divmod(chunk.first, n)
                found[which].add(replace(chunk, first=first))
                bar.update(chunk.n)
    except KeyboardInterrupt as error:
        finished = _finished(outcomes, ensemble, found)
        how = str(error) or "stopped by hand"
        message = f"{how} with {len(finished.by_member)} of {len(found)} models done"
        raise EnsembleInterrupted(message, finished) from None
    return _finished(outcomes, ensemble, found)


def _none_yet(like: Outcomes) -> Outcomes:
    """Return outcomes without a patient, of the same trial."""
    return Outcomes(
        arms=like.arms,
        targets=like.targets,
        common_range=like.common_range,
        hospitals=like.hospitals,
        matches=like.matches,
        places=like.places,
        drug=like.drug,
        hours=like.hours,
        seed=like.seed,
        fingerprint=like.fingerprint,
        keep_rows=False,
        labels=like.labels,
    )


def _finished(outcomes: Outcomes, ensemble: Ensemble, found: list[Outcomes]) -> EnsembleOutcomes:
    by_member = {member.name: one for member, one in zip(ensemble.members, found, strict=True) if one.n == outcomes.n}
    return EnsembleOutcomes(outcomes, ensemble, by_member)


def _bar(n: int, progress: bool) -> Any:
    from tqdm import tqdm  # noqa: PLC0415  only where time passes long enough

    return tqdm(total=n, unit=" patients", unit_scale=True, disable=None if progress else True, leave=False)
