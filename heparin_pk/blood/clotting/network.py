"""A network of reactions read from a table: its rates, its derivatives, its Jacobian and what it conserves.

Everything is generated from the rows of the table; no equation is written by hand.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_text, shown

BEFORE_CALCIUM = "before calcium"
"""The stage of the reactions that need no calcium: contact activation, and heparin that binds to plasma proteins."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reaction:
    """One elementary reaction: what reacts, what it makes, how fast, and where the rate constant was read.

    ``name``: its number in the table; the two directions of a reversible reaction share it.
    ``reactants``: species that react, one or two; one that stands among the products too is a catalyst.
    ``products``: species it makes; none where what reacts is lost from the tube.
    ``constant``: name of its rate constant.
    ``value``: the rate constant, 1/s for one reactant and 1/(nmol/L s) for two (0 or more).
    ``unit``: unit of ``value`` as the table prints it.
    ``source``: where the constant was read, or that it was re-calibrated.
    ``saturates_in``: the reactant the rate saturates in, or empty: rate = value * product of reactants / (half + that reactant).
    ``half_nmol_per_l``: level of that reactant at half of the full rate, nmol/L.
    ``stage``: ``BEFORE_CALCIUM``, or empty.

    Raises ``ValueError`` for no reactant or more than two, a rate constant below 0, or an incomplete saturation.
    """

    name: str
    reactants: tuple[str, ...]
    products: tuple[str, ...]
    constant: str
    value: float
    unit: str
    source: str
    saturates_in: str = ""
    half_nmol_per_l: float = 0.0
    stage: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "constant", "unit", "source"):
            check_text(name, getattr(self, name))
        if len(self.reactants) not in (1, 2):
            raise ValueError(f"reaction {self.name}: reactants must be one or two; got {self.reactants!r}")
        check_between(f"reaction {self.name}: value", self.value, 0.0, 1e12)
        check_between(f"reaction {self.name}: half_nmol_per_l", self.half_nmol_per_l, 0.0, 1e9)
        if (self.saturates_in != "") != (self.half_nmol_per_l > 0.0) or self.saturates_in not in ("", *self.reactants):
            raise ValueError(
                f"reaction {self.name}: saturates_in must be a reactant with half_nmol_per_l; got {self.saturates_in!r}"
            )

    __repr__ = shown

    def in_words(self) -> str:
        """Return "XIIa + XI -> XIIa_XI"."""
        return f"{' + '.join(self.reactants)} -> {' + '.join(self.products)}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Network:
    """Reactions in one tube; a state is the concentration of each species, nmol/L, in the order of ``species``.

    ``title``: what it is.
    ``reactions``: its :class:`Reaction`, in the order of the table.
    ``species``: names of its species, in order of appearance.

    Raises ``ValueError`` without reactions.
    """

    title: str
    reactions: tuple[Reaction, ...]
    species: tuple[str, ...] = field(init=False)
    stoichiometry: np.ndarray = field(init=False)
    _values: np.ndarray = field(init=False)
    _first: np.ndarray = field(init=False)
    _second: np.ndarray = field(init=False)
    _saturated: np.ndarray = field(init=False)
    _saturates_in: np.ndarray = field(init=False)
    _half: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        check_text("title", self.title)
        if not self.reactions:
            raise ValueError("a network needs reactions; got none")
        for one in self.reactions:
            check_is("reactions", one, Reaction, "a list of Reaction")
        species = tuple(dict.fromkeys(name for one in self.reactions for name in (*one.reactants, *one.products)))
        at = {name: i for i, name in enumerate(species)}
        matrix = np.zeros((len(species), len(self.reactions)))
        for j, one in enumerate(self.reactions):
            for name in one.reactants:
                matrix[at[name], j] -= 1.0
            for name in one.products:
                matrix[at[name], j] += 1.0
        saturated = [j for j, one in enumerate(self.reactions) if one.saturates_in]
        for name, value in {
            "species": species,
            "stoichiometry": matrix,
            "_values": np.array([one.value for one in self.reactions]),
            "_first": np.array([at[one.reactants[0]] for one in self.reactions]),
            "_second": np.array([at[one.reactants[1]] if len(one.reactants) == 2 else len(species) for one in self.reactions]),
            "_saturated": np.array(saturated, dtype=int),
            "_saturates_in": np.array([at[self.reactions[j].saturates_in] for j in saturated], dtype=int),
            "_half": np.array([self.reactions[j].half_nmol_per_l for j in saturated]),
        }.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self.species)} species, {len(self.reactions)} elementary reactions>"

    def within_reach(self, state: np.ndarray) -> np.ndarray:
        """Return which species are there or can be made from those that are, (species,), True or False.

        The others stay exactly 0. A solver must not see them: where one multiplies itself, its rounding error would grow.
        """
        there = np.append(state != 0.0, True)
        makes = self.stoichiometry > 0.0
        while True:
            runs = there[self._first] & there[self._second] & (self._values > 0.0)
            now = there[:-1] | makes[:, runs].any(axis=1)
            if (now == there[:-1]).all():
                return now
            there[:-1] = now

    # What happens

    def _known(self, state: np.ndarray) -> np.ndarray:
        """Return a state with a 1 behind it: the second reactant of a reaction that has one only."""
        known = np.empty(len(self.species) + 1)
        known[:-1] = state
        known[-1] = 1.0
        return known

    def rates(self, state: np.ndarray) -> np.ndarray:
        """Return the rate of each reaction in a state, nmol/L/s."""
        known = self._known(state)
        rates: np.ndarray = self._values * known.take(self._first) * known.take(self._second)
        rates[self._saturated] /= self._half + state[self._saturates_in]
        return rates

    def derivatives(self, time_s: float, state: np.ndarray) -> np.ndarray:  # noqa: ARG002  the signature of a solver
        """Return how fast each species changes in a state, nmol/L/s."""
        changes: np.ndarray = self.stoichiometry @ self.rates(state)
        return changes

    def jacobian(self, time_s: float, state: np.ndarray) -> np.ndarray:  # noqa: ARG002  the signature of a solver
        """Return the derivative of each species' change with respect to each species, 1/s: row by column."""
        known = self._known(state)
        rows = np.arange(len(self.reactions))
        slopes = np.zeros((len(self.reactions), len(known)))
        slopes[rows, self._first] = self._values * known[self._second]
        slopes[rows, self._second] += self._values * known[self._first]
        if len(self._saturated):
            level = self._half + state[self._saturates_in]
            rates = self._values[self._saturated] * known[self._first[self._saturated]] * known[self._second[self._saturated]]
            slopes[self._saturated] /= level[:, None]
            slopes[self._saturated, self._saturates_in] -= rates / level**2
        matrix: np.ndarray = self.stoichiometry @ slopes[:, :-1]
        return matrix

    # What stays

    @property
    def moieties(self) -> np.ndarray:
        """What no reaction changes: rows of weights of the species, (number, species), from exact elimination.

        The weighted sum of each row is constant: all forms of factor V together, all of antithrombin, and so on.
        """
        return _moieties(self)

    def moieties_in_words(self) -> list[str]:
        """Return each conserved sum as text, such as "V + Va + Xa_Va + Xa_Va_II"."""
        lines = []
        for row in self.moieties:
            parts = [
                f"{'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{abs(weight):g} '}{name}"
                for weight, name in zip(row, self.species, strict=True)
                if weight
            ]
            lines.append(" ".join(parts).removeprefix("+ "))
        return lines

    # Other networks from it

    def state(self, levels: Mapping[str, float]) -> np.ndarray:
        """Return a state from levels by name, nmol/L; species not named are at 0. Raises ``ValueError`` for an unknown name."""
        state = np.zeros(len(self.species))
        for name, level in levels.items():
            if name in self.species:
                state[self.species.index(name)] = level
            elif level:
                raise ValueError(f"no species {name!r} in {self.title}; there are {', '.join(self.species)}")
        return state

    def with_constants(self, values: Mapping[str, float]) -> Network:
        """Return the network with other rate constants, by name. Raises ``ValueError`` for an unknown name."""
        unknown = set(values) - {one.constant for one in self.reactions}
        if unknown:
            raise ValueError(f"no rate constant {', '.join(sorted(unknown))} in {self.title}")
        reactions = [replace(one, value=values[one.constant]) if one.constant in values else one for one in self.reactions]
        return Network(title=self.title, reactions=tuple(reactions))

    def before_calcium(self) -> Network:
        """Return the network of those reactions that need no calcium."""
        reactions = [one for one in self.reactions if one.stage == BEFORE_CALCIUM]
        return Network(title=f"{self.title}, before calcium", reactions=tuple(reactions))

    def with_reactions(self, added: Sequence[Reaction]) -> Network:
        """Return the network with further reactions."""
        return Network(title=self.title, reactions=(*self.reactions, *added))


@cache
def _moieties(network: Network) -> np.ndarray:
    return _left_null_space(network.stoichiometry)


def _left_null_space(matrix: np.ndarray) -> np.ndarray:
    """Return the weights whose product with a matrix of whole numbers is 0, reduced, one a row."""
    rows = [[Fraction(int(value)) for value in column] for column in matrix.T]
    n = matrix.shape[0]
    pivots: list[int] = []
    for column in reversed(range(n)):  # complexes become the pivots; what they are made of stays free
        row = next((row for row in rows[len(pivots) :] if row[column]), None)
        if row is None:
            continue
        at = next(i for i in range(len(pivots), len(rows)) if rows[i] is row)
        rows[len(pivots)], rows[at] = rows[at], rows[len(pivots)]
        pivot = rows[len(pivots)]
        pivot[:] = [value / pivot[column] for value in pivot]
        for other in rows:
            if other is not pivot and other[column]:
                factor = other[column]
                other[:] = [a - factor * b for a, b in zip(other, pivot, strict=True)]
        pivots.append(column)
    free = sorted(set(range(n)) - set(pivots))
    weights = np.zeros((len(free), n))
    for i, column in enumerate(free):
        weights[i, column] = 1.0
        for j, pivot_column in enumerate(pivots):
            weights[i, pivot_column] = -float(rows[j][column])
    return weights


@cache
def read(name: str, title: str) -> Network:
    """Return the network in the table ``networks/<name>.csv`` of this folder."""
    text = (resources.files("heparin_pk.blood.clotting") / "networks" / f"{name}.csv").read_text(encoding="utf-8")
    return Network(title=title, reactions=tuple(_reaction(row) for row in csv.DictReader(text.splitlines())))


def _reaction(row: Mapping[str, Any]) -> Reaction:
    return Reaction(
        name=row["reaction"],
        reactants=_species(row["reactants"]),
        products=_species(row["products"]),
        constant=row["constant"],
        value=float(row["value"]),
        unit=row["unit"],
        source=row["source"],
        saturates_in=row["saturates_in"],
        half_nmol_per_l=float(row["half_nmol_per_l"] or 0.0),
        stage=row["stage"],
    )


def _species(cell: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in cell.split("+") if name.strip())
