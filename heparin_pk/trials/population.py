"""Populations: features of patients, inter-individual variability and variability between days.

Every random number has an address (seed, stream, subject), so patient 17 is the same in a cohort of 20 or 20,000.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base import tables
from heparin_pk.base.checks import as_seen, check_between, check_is, check_one_of, check_text, check_whole, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.randomness import checked_seed, inverse_normal, log_normal, standard_normals, uniforms
from heparin_pk.base.source import Source
from heparin_pk.base.streams import Stream
from heparin_pk.base.tables import Table
from heparin_pk.body.bodysize import DOSING_WEIGHTS, dosing_weight_kg
from heparin_pk.body.drift import Drifts
from heparin_pk.body.patient import LIMITS, YES_OR_NO, Cohort, Patient
from heparin_pk.published.drug import Drug, Variability
from heparin_pk.trials.distribution import Distribution

_BASELINES = {name: LIMITS[name] for name in ("baseline_aptt_s", "baseline_act_s")}
_ADULT = Patient(weight_kg=75.0)
_FEATURES = tuple(field.name for field in fields(Patient) if field.name not in ("drift", "factors"))

SEX_WORDS = {
    "female": frozenset(("female", "f", "w", "woman", "weiblich", "frau", "femme", "féminin", "feminin", "femenino", "mujer")),
    "male": frozenset(("male", "m", "man", "männlich", "mann", "h", "homme", "masculin", "masculino", "hombre")),
}
"""Spellings of the sexes in English, German, French and Spanish."""

LABELS = ("id", "subject")
"""Columns of a table that name the patients: each name once; not kept."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Population:
    """Patients who may be treated: a typical patient and distributions around it, or a table of your own patients.

    ``name``: what they are called.
    ``typical``: the features all have in common; with a ``drift`` each patient has a path of that size of their own.
    ``distributions``: how the other features are distributed, drawn in this order.
    ``table``: columns of your own patients instead (:meth:`from_csv`, :meth:`from_table`), patient 0 in its first row.
    ``dosing_weight``: the hospital's rule, one of ``bodysize.DOSING_WEIGHTS``.
    ``varies``: whether the model's inter-individual variability (IIV) is drawn.
    ``day``: 0 is the day the patients were measured; 1, 2, ... other days of the same patients (``drug.between_occasions``).

    >>> from heparin_pk import published
    >>> three = Population(typical=Patient(weight_kg=75)).cohort(published.UFH_DEFAULT, np.arange(3), seed=1)
    >>> three[2] == Population(typical=Patient(weight_kg=75)).person(published.UFH_DEFAULT, 2, seed=1)
    True
    """

    name: str = "people"
    typical: Patient = _ADULT
    distributions: tuple[Distribution, ...] = ()
    table: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    dosing_weight: str = "actual"
    varies: bool = True
    day: int = 0

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_is("typical", self.typical, Patient, "a Patient")
        check_is("distributions", self.distributions, (list, tuple), "a list of Distribution")
        object.__setattr__(self, "distributions", tuple(self.distributions))
        seen: set[str] = set()
        for one in self.distributions:
            check_is("distributions", one, Distribution, "a Distribution")
            if one.correlates_with and one.correlates_with not in seen:
                raise ValueError(f"{one.feature} must come after {one.correlates_with}, which it moves with")
            if one.among and "female" not in seen:
                raise ValueError(f"{one.feature} among one sex needs a spread of 'female' before it")
            seen.add(one.feature)
        check_one_of("dosing_weight", self.dosing_weight, DOSING_WEIGHTS)
        check_is("varies", self.varies, bool, "True or False")
        check_between("day", self.day, 0, 10_000)
        _check_typed(self.table)
        if self.distributions and self.table:
            raise ValueError("a population has distributions or a table of people, not both")

    __repr__ = shown

    def __str__(self) -> str:
        lines = [f"{self.name}; doses by {self.dosing_weight} weight", f"  all: {self.typical!r}"]
        lines += [f"  {one.in_words()}" for one in self.distributions]
        if self.table:
            lines.append(f"  {self.size} people of a table: {', '.join(name for name, _ in self.table)}")
        return "\n".join(lines)

    @property
    def size(self) -> int | None:
        """How many patients there are (``None``: as many as are asked for)."""
        return len(self.table[0][1]) if self.table else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers behind the distributions, each once."""
        return tuple({source.citation: source for one in self.distributions for source in one.sources}.values())

    def with_distributions(self, *distributions: Distribution) -> Population:
        """Return the same population with these distributions, in place of earlier ones of the same features."""
        new = {one.feature for one in distributions}
        return replace(self, distributions=(*(one for one in self.distributions if one.feature not in new), *distributions))

    def cohort(self, drug: Drug, subjects: np.ndarray, *, seed: int) -> Cohort:
        """Return the patients with these indices (m,) as a cohort; each is the same in any cohort.

        Raises ``ValueError`` when a table has fewer patients, or a patient lies outside the limits of :class:`Patient`.
        """
        subjects = np.asarray(subjects, dtype=np.int64)
        if len(subjects) and subjects.min() < 0:
            raise ValueError(f"subject must be an integer of 0 or more; got {int(subjects.min())}")
        columns = {name: getattr(self.typical, name) for name in _FEATURES} | self._described(subjects, seed)
        if self.dosing_weight != "actual":
            plain = Cohort(len(subjects), columns)
            columns["dosing_weight_kg"] = np.broadcast_to(dosing_weight_kg(plain, self.dosing_weight), (len(subjects),)).copy()
        factors = self._factors(drug, subjects, seed, columns)
        return Cohort(
            len(subjects),
            columns,
            {name: np.broadcast_to(np.asarray(factor, float), (len(subjects),)) for name, factor in factors.items()},
            None if self.typical.drift is None else Drifts(self.typical.drift, seed, subjects),
        )

    def _factors(self, drug: Drug, subjects: np.ndarray, seed: int, columns: dict[str, Any]) -> dict[str, Any]:
        """Return the factor of each patient on each parameter that varies; baselines vary in ``columns``, within their limits."""
        factors: dict[str, Any] = dict(self.typical.factors)
        if self.varies:
            for name, factor in _drawn(drug.variability, subjects, seed, Stream.BETWEEN_PATIENTS, 0.0).items():
                if name not in _BASELINES:
                    factors[name] = factors.get(name, 1.0) * factor
                elif columns[name] is not None:
                    low, high = _BASELINES[name]
                    columns[name] = np.minimum(high, np.maximum(low, columns[name] * factor))
        if self.day:
            for name, factor in _drawn(drug.between_occasions, subjects, seed, Stream.BETWEEN_DAYS, 24.0 * self.day).items():
                factors[name] = factors.get(name, 1.0) * factor
        return factors

    def person(self, drug: Drug, subject: int, *, seed: int) -> Patient:
        """Return one of these patients."""
        if isinstance(subject, bool) or not isinstance(subject, int | np.integer) or not 0 <= subject < 2**53:
            raise ValueError(f"subject must be an integer of 0 or more; got {as_seen(subject)}")
        return self.cohort(drug, np.array([subject]), seed=seed)[0]

    def _described(self, subjects: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        if self.table:
            if len(subjects) and subjects.max() >= len(self.table[0][1]):
                raise ValueError(
                    f"the table has {len(self.table[0][1])} people; got person {int(subjects.max())} (see resampled())"
                )
            return {name: np.array(values)[subjects] for name, values in self.table}
        found: dict[str, np.ndarray] = {}
        ranks: dict[str, np.ndarray] = {}
        for one in self.distributions:
            here = np.flatnonzero(found["sex"] == one.among) if one.among else np.arange(len(subjects))
            u = uniforms(seed, Stream.FEATURE.of(one.feature), 0.0, subjects)[here]
            if one.correlates_with:
                r, other = one.correlation_fraction, inverse_normal(ranks[one.correlates_with][here])
                z = r * other + math.sqrt(1.0 - r * r) * inverse_normal(u)
                u = 0.5 * (1.0 + each(math.erf, z / math.sqrt(2.0)))
            ranks.setdefault(one.feature, np.full(len(subjects), 0.5))[here] = u
            if one.feature == "female":
                found["sex"] = np.where(one.of(u), "female", "male")
            else:
                value = one.of(u)
                found.setdefault(one.feature, np.zeros(len(subjects), dtype=value.dtype))[here] = value
        self._check_both_sexes(found)
        return found

    def _check_both_sexes(self, found: dict[str, np.ndarray]) -> None:
        for feature in found:
            sexes = {one.among for one in self.distributions if one.feature == feature}
            if "" not in sexes and sexes not in ({"female", "male"}, set()) and feature != "sex":
                raise ValueError(f"{feature} is spread among {sexes.pop()} people alone: say how it is among the others")

    @classmethod
    def from_table(cls, columns: Mapping[str, Sequence[Any]], *, name: str = "a table of people") -> Population:
        """Return a population of your own patients: columns named like the fields of ``Patient`` (a mapping or a DataFrame).

        Numbers and words are read as in :meth:`from_csv`; rows are counted from 0, like the patients.

        Raises ``ValueError`` for an unknown column, columns of unequal length, and with its row for a cell that is missing, is
        not understood, or lies outside the limits of a patient.
        """
        return cls._of(tables.from_columns(columns), name)

    @classmethod
    def from_csv(cls, file: str | Path) -> Population:
        """Return a population of your own patients from a CSV file whose header names fields of ``Patient``.

        Separators: comma, semicolon or tab, as in the header; a decimal comma is understood.
        Yes or no: yes, no, true, false, 1, 0 and the like in English, German, French and Spanish.
        Sex: female, male, F, M, W and the like.
        ``id``, ``subject``: columns that name the patients; they are checked (each once) and not kept, with a warning.

        Raises ``ValueError`` that names the file and the line.
        """
        table = tables.from_csv(file)
        if not len(table):
            raise ValueError(f"{file}: has no people in it")
        return cls._of(table, Path(file).stem)

    @classmethod
    def _of(cls, table: Table, name: str) -> Population:
        table.check_columns((*_FEATURES, *LABELS))
        _check_labels(table)
        numeric = [column for column in table.columns if column in LIMITS]
        decimal = table.decimal(numeric)
        typed = {column: _typed(table, column, decimal) for column in table.columns if column not in LABELS}
        try:
            Cohort(len(table), {column: np.array(values) for column, values in typed.items()})
        except ValueError:
            _check_one_by_one(table, typed)
            raise
        return cls(name=name, table=tuple((column, tuple(values)) for column, values in typed.items()))

    def resampled(self, n: int, *, seed: int) -> Population:
        """Return ``n`` patients drawn with replacement from the table."""
        if not self.table:
            raise ValueError("only a table can be resampled; distributions give as many people as are asked for")
        size = len(self.table[0][1])
        rows = (uniforms(seed, Stream.TABLE_ROW, 0.0, np.arange(check_whole("n", n, 1, 1e8))) * size).astype(int)
        return replace(self, table=tuple((name, tuple(np.array(values)[rows].tolist())) for name, values in self.table))


def _check_typed(table: Any) -> None:
    """Raise ``ValueError`` unless columns hold numbers, truth values and sexes, as ``from_table`` makes them."""
    check_is("table", table, tuple, "a tuple of columns")
    for column in table:
        if not isinstance(column, tuple) or len(column) != 2 or not isinstance(column[1], tuple):
            raise ValueError(f"a column must be a pair of its name and a tuple of its values; got {as_seen(column)}")
        name, values = column
        check_one_of("a column", name, _FEATURES)
        kind = str if name == "sex" else bool if name in YES_OR_NO else (int, float)
        for value in values:
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise ValueError(f"{name} in a table must be {_KINDS[kind]} (see Population.from_table); got {as_seen(value)}")
    if len({len(values) for _, values in table}) > 1:
        raise ValueError("columns must be there, not empty and of one length")


_KINDS: dict[Any, str] = {str: "female or male", bool: "True or False", (int, float): "a number"}


def _check_labels(table: Table) -> None:
    """Raise ``ValueError`` for a patient whose name is missing or stands twice; warn that names are not kept."""
    for label in LABELS:
        seen: dict[str, int] = {}
        for index, cell in enumerate(table.columns.get(label, ())):
            if tables.is_missing(cell):
                raise ValueError(f"{table.place(index)}: {label} is missing; got {cell!r}")
            first = seen.setdefault(str(cell).strip(), index)
            if first != index:
                raise ValueError(
                    f"{table.place(index)}: {label} must name one patient only; "
                    f"got {cell!r} in {table.counted} {table.numbers_of[first]} too"
                )
        if seen:
            warnings.warn(
                f"{table.where}: column {label} is not kept: patients are counted from 0, in the order of rows", stacklevel=4
            )


def _typed(table: Table, name: str, decimal: str) -> list[Any]:
    """Return a column as numbers, truth values or sexes; raises ``ValueError`` with the row of a cell that is none."""
    cells = table.columns[name]
    missing = [index for index, cell in enumerate(cells) if tables.is_missing(cell)]
    if missing:
        rows = ", ".join(str(table.numbers_of[index]) for index in missing[:5])
        more = f"; {len(missing)} have none: {table.counted}s {rows}{' ...' if len(missing) > 5 else ''}" if missing[1:] else ""
        raise ValueError(
            f"{table.place(missing[0])}: {name} must be known of every patient or be left out; got {cells[missing[0]]!r}{more}"
        )
    _check_clear(table, name)
    typed: list[Any] = []
    meanings: dict[str, Any] = {}  # a column has few words
    for index, cell in enumerate(cells):
        try:
            if name in LIMITS:
                typed.append(tables.number(name, cell, decimal=decimal))
                continue
            if str(cell) not in meanings:
                meanings[str(cell)] = tables.word(name, cell, SEX_WORDS) if name == "sex" else tables.yes_or_no(name, cell)
            typed.append(meanings[str(cell)])
        except ValueError as error:
            raise ValueError(f"{table.place(index)}: {error}") from None
    return typed


def _check_clear(table: Table, name: str) -> None:
    """Raise ``ValueError`` for a letter with two meanings: M beside H (hombre or mujer?), O beside 0 and 1 (oui or a zero?)."""
    if name in LIMITS:
        return
    letter, beside = ("m", ("h", "hombre", "mujer")) if name == "sex" else ("o", ("0", "1"))
    words = [str(cell).strip().casefold() for cell in table.columns[name]]
    other = next((one for one in words if one in beside), None)
    if letter in words and other is not None:
        index = words.index(letter)
        raise ValueError(
            f"{table.place(index)}: {name} must be clear; got {table.columns[name][index]!r} in a column with "
            f"{other!r}: write {'female and male' if name == 'sex' else 'yes and no'}"
        )


def _check_one_by_one(table: Table, typed: Mapping[str, Sequence[Any]]) -> None:
    """Raise ``ValueError`` with the row of the first patient outside the limits of :class:`Patient`."""
    if "weight_kg" not in typed:
        raise ValueError(f"{table.head}: weight_kg is needed of every patient; got no such column")
    for index in range(len(table)):
        try:
            Patient(**{column: values[index] for column, values in typed.items()})
        except ValueError as error:
            raise ValueError(f"{table.place(index)}: {error}") from None


def _drawn(
    every: tuple[Variability, ...], subjects: np.ndarray, seed: int, stream: Stream, time_h: float
) -> dict[str, np.ndarray]:
    """Return the log-normal factors of these patients on each parameter that varies, correlated as the parameter set says."""
    normals = {one.name: standard_normals(seed, stream.of(one.name), time_h, subjects) for one in every}
    factors = {}
    for one in every:
        z = normals[one.name]
        if one.correlates_with:
            r = one.correlation_fraction
            z = r * normals[one.correlates_with] + math.sqrt(1.0 - r * r) * z
        factors[one.name] = np.asarray(log_normal(one.cv_fraction.value, z))
    return factors


def person(drug: Drug, typical: Patient, subject: int, *, seed: int) -> Patient:
    """Return patient ``subject``: like ``typical``, but for the inter-individual variability.

    Log-normal around the typical value, with the coefficients of variation (and correlations) of ``drug.variability``. A
    clotting time drawn beyond what a :class:`Patient` can have is set to that limit.

    >>> from heparin_pk import published
    >>> one = person(published.UFH_DEFAULT, Patient(weight_kg=75), 17, seed=1)
    >>> one == person(published.UFH_DEFAULT, Patient(weight_kg=75), 17, seed=1)
    True
    """
    return Population(typical=typical).person(drug, subject, seed=seed)


def people(drug: Drug, typical: Patient, n: int, *, seed: int | np.random.Generator) -> Iterator[Patient]:
    """Yield patients 0 to ``n`` - 1 (1 to ten million)."""
    n, one_seed = check_whole("n", n, 1, 1e7), checked_seed(seed)
    population = Population(typical=typical)
    for first in range(0, n, 1024):
        cohort = population.cohort(drug, np.arange(first, min(n, first + 1024)), seed=one_seed)
        yield from (cohort[i] for i in range(len(cohort)))


def on_another_day(drug: Drug, patient: Patient, day: int, *, seed: int, subject: int = 0) -> Patient:
    """Return the same patient on another day: the variability between days is drawn again."""
    check_between("day", day, 0, 1e4)
    drawn = _drawn(drug.between_occasions, np.array([subject]), seed, Stream.BETWEEN_DAYS, 24.0 * day)
    factors = dict(patient.factors)
    for name, factor in drawn.items():
        factors[name] = factors.get(name, 1.0) * float(factor[0])
    return replace(patient, factors=tuple(factors.items()))
