"""A drug as somebody published it: kinetics, the response they go with, who was studied, and where each number was read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields

from heparin_pk._checks import check_between, check_is, check_text, shown
from heparin_pk.kinetics import Kinetics
from heparin_pk.patient import Patient
from heparin_pk.response import LAW_SOURCES, Reagent
from heparin_pk.source import Source, Value


class OutsideStudied(UserWarning):
    """A set is used for a patient or a dose that nobody studied it in."""


_KINETIC_NAMES = {field.name for field in fields(Kinetics)} - {"transits"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parameter:
    """One number of a published set: its name, its value and the place it was read in.

    ``name`` is a field of :class:`Kinetics`, or that field "per kg" (``v1_ml_per_kg``, ``vmax_u_per_kg_per_h``).
    ``weight_exponent`` scales it with body weight: value at the reference weight times (weight / reference)**exponent. Unset
    it is 1 for a value per kg and 0 for an absolute one.
    """

    name: str
    value: Value
    weight_exponent: float | None = None

    def __post_init__(self) -> None:
        if self.field not in _KINETIC_NAMES:
            raise ValueError(f"name must be a field of Kinetics, or one per kg; got {self.name!r}")
        if not isinstance(self.value, Value):
            raise ValueError(f"{self.name} needs a Value with its Source; got {self.value!r}")
        if self.weight_exponent is not None:
            check_between("weight_exponent", self.weight_exponent, -1.0, 2.0)

    __repr__ = shown

    @property
    def field(self) -> str:
        """The field of :class:`Kinetics` this number goes to."""
        return self.name.replace("_per_kg", "", 1)

    @property
    def is_per_kg(self) -> bool:
        """True for a number per kilogram of body weight."""
        return self.field != self.name

    def at_weight(self, weight_kg: float, reference_weight_kg: float) -> float:
        """Return the absolute number for one body weight."""
        exponent = self.weight_exponent if self.weight_exponent is not None else float(self.is_per_kg)
        at_reference = self.value.value * (reference_weight_kg if self.is_per_kg else 1.0)
        return at_reference * (weight_kg / reference_weight_kg) ** exponent


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Studied:
    """Who was studied: in words, and the weights (kg), ages (years) and levels that were seen (``None``: not printed)."""

    population: str
    weight_kg: tuple[float, float] | None = None
    age_y: tuple[float, float] | None = None
    concentration_u_per_ml: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_text("population", self.population)
        for name in ("weight_kg", "age_y", "concentration_u_per_ml"):
            pair = getattr(self, name)
            if pair is None:
                continue
            if not isinstance(pair, tuple) or len(pair) != 2 or not 0.0 <= pair[0] < pair[1]:
                raise ValueError(f"{name} studied must be a rising pair of numbers or None; got {pair!r}")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Drug:
    """A published (or openly derived) model of heparin: parameters with their papers, the response, who was studied.

    ``parameters`` make a :class:`Kinetics` for one patient; ``reagent`` is the aPTT response the set goes with;
    ``departures`` says what we changed and why; ``built_from`` names the papers a derived set was
    fitted to. ``print(drug)`` is the catalogue entry.

    Raises ``ValueError`` when a parameter is missing its source, is unknown or given twice.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    reagent: Reagent
    studied: Studied
    reference_weight_kg: float = 75.0
    transits: int = 2
    departures: str = ""
    built_from: tuple[Source, ...] = ()
    variability_cv_fraction: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        check_between("reference_weight_kg", self.reference_weight_kg, 0.4, 400.0)
        check_text("name", self.name)
        check_is("reagent", self.reagent, Reagent, "a Reagent")
        check_is("studied", self.studied, Studied, "a Studied")
        for group in (self.parameters, self.variability_cv_fraction):
            names = [parameter.field for parameter in group]
            if len(set(names)) != len(names):
                raise ValueError(f"{self.name}: a parameter is given twice: {', '.join(sorted(names))}")
        self._kinetics(self.reference_weight_kg)

    __repr__ = shown

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"  studied: {self.studied.population}"]
        for parameter in self.parameters:
            source = parameter.value.source
            lines.append(
                f"  {parameter.name:<36}{parameter.value.value:>12.5g}   {source.key}, {source.where} [{source.confidence}]"
            )
        lines.append(
            f"  {'aPTT slope, mL/U':<36}{self.reagent.slope_ml_per_u:>12.5g}   {self.reagent.source.key}, "
            f"{self.reagent.source.where} [{self.reagent.source.confidence}]"
        )
        for parameter in self.variability_cv_fraction:
            source = parameter.value.source
            name = f"between people, {parameter.name}"
            lines.append(f"  {name:<36}{parameter.value.value:>12.0%}   {source.key}, {source.where} [{source.confidence}]")
        if self.built_from:
            lines.append("  built from: " + "; ".join(f"{source.key} ({source.where})" for source in self.built_from))
        if self.departures:
            lines.append(f"  departures: {self.departures}")
        return "\n".join(lines)

    def _kinetics(self, weight_kg: float) -> Kinetics:
        values = {p.field: p.at_weight(weight_kg, self.reference_weight_kg) for p in self.parameters}
        return Kinetics(transits=self.transits, **values)

    def individual(self, patient: Patient) -> Kinetics:
        """Return the kinetics of the typical person of this weight; warns once when nobody like that was studied."""
        for name, seen in (("weight_kg", self.studied.weight_kg), ("age_y", self.studied.age_y)):
            value = getattr(patient, name)
            if value is not None and seen is not None and not seen[0] <= value <= seen[1]:
                warnings.warn(
                    f"{self.name} was studied at {name} {seen[0]:g} to {seen[1]:g} ({self.studied.population}); got {value:g}",
                    OutsideStudied,
                    stacklevel=3,
                )
        return self._kinetics(patient.weight_kg)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every paper behind the set, each once, in the order of use."""
        values = [p.value.source for p in (*self.parameters, *self.variability_cv_fraction)]
        every = [*values[:1], *self.built_from, *values[1:], self.reagent.source, *LAW_SOURCES]
        return tuple({source.citation: source for source in reversed(every)}.values())[::-1]

    def cite(self) -> str:
        """Return the references of the set, one a line."""
        return "\n".join(source.cite() for source in self.sources)
