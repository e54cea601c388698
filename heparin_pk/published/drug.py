"""A drug as somebody published it: kinetics, the response they go with, who was studied, and where each number was read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.elementwise import power
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.laboratory import Residual
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, WHITFIELD_1980, ClottingTime, Reagent, Responses
from heparin_pk.body.bodysize import MEASURE_SOURCES, MEASURES, measure
from heparin_pk.body.covariate import KINETIC, Covariate, product
from heparin_pk.body.kinetics import Kinetics, KineticsOfAll
from heparin_pk.body.patient import Cohort, Patient


class OutsideValidityDomain(UserWarning):
    """A set is used for a patient, a route, a dose or a level that nobody studied it in."""


FAMILIES = ("unfractionated heparin", "low-molecular-weight heparin", "direct thrombin inhibitor")
AMOUNT_UNITS = ("U", "µg")
ROUTES = ("bolus", "infusion", "subcutaneous")
SCALES = ("weight_kg", "creatinine_clearance_ml_per_min", *MEASURES)
VARYING = (*KINETIC, "slope_ml_per_u", "baseline_aptt_s", "baseline_act_s")
"""What may differ between people beyond what laws explain."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parameter:
    """One number of a published set: its name, its value and the place it was read in.

    ``name`` is a field of :class:`Kinetics`, or that field "per kg" (``v1_ml_per_kg``, ``vmax_u_per_kg_per_h``).
    ``exponent`` scales it with ``scales_with`` (body weight, or another measure of the patient): value at the ``reference``
    (unset: the set's reference weight) times (measure / reference)**exponent. Unset the exponent is 1 for a value per kg and
    for any other measure than weight, and 0 for an absolute one. Two parameters of one name add up when they scale differently
    (a renal and a non-renal clearance).
    """

    name: str
    value: Value
    exponent: float | None = None
    scales_with: str = "weight_kg"
    reference: float | None = None

    def __post_init__(self) -> None:
        if self.field not in KINETIC:
            raise ValueError(f"name must be a field of Kinetics, or one per kg; got {self.name!r}")
        if not isinstance(self.value, Value):
            raise ValueError(f"{self.name} needs a Value with its Source; got {self.value!r}")
        check_one_of("scales_with", self.scales_with, SCALES)
        if self.exponent is not None:
            check_between("exponent", self.exponent, -1.0, 2.0)
        if self.reference is not None:
            check_between("reference", self.reference, 0.4, 400.0)
        elif self.scales_with != "weight_kg":
            raise ValueError(f"{self.name} scales with {self.scales_with} and needs the reference it was published at")

    __repr__ = shown

    @property
    def field(self) -> str:
        """The field of :class:`Kinetics` this number goes to."""
        return self.name.replace("_per_kg", "", 1)

    @property
    def is_per_kg(self) -> bool:
        """True for a number per kilogram of body weight."""
        return self.field != self.name

    @property
    def power(self) -> float:
        """The exponent in force."""
        if self.exponent is not None:
            return self.exponent
        return float(self.is_per_kg or self.scales_with != "weight_kg")

    def at(self, patient: Patient | Cohort, reference_weight_kg: float) -> Any:
        """Return the absolute number for one person, or one for each of a cohort.

        Raises ``ValueError`` when a measure it needs is not known.
        """
        reference = reference_weight_kg if self.reference is None else self.reference
        value = self.value.value * (reference if self.is_per_kg else 1.0)
        if self.power == 0.0:
            return value
        size = measure(patient, self.scales_with)
        if size is None:
            raise ValueError(f"{self.name} of this model needs {self.scales_with} of the patient; got {patient!r}")
        return value * power(size / reference, self.power)

    def write_scaling(self, reference_weight_kg: float) -> str:
        """Return "x (weight_kg / 75)^0.75", or nothing for a number that is the same for everybody."""
        if self.power == 0.0:
            return ""
        reference = reference_weight_kg if self.reference is None else self.reference
        power = "" if self.power == 1.0 else f"^{self.power:g}"
        return f"x ({self.scales_with} / {reference:g}){power}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Variability:
    """How much people (or days) differ in one number of a set: a coefficient of variation, log-normal.

    ``correlates_with`` names another number it moves with, ``correlation_fraction`` how closely (-1 to 1).
    """

    name: str
    cv_fraction: Value
    correlates_with: str = ""
    correlation_fraction: float = 0.0

    def __post_init__(self) -> None:
        check_one_of("name", self.name, VARYING)
        check_is("cv_fraction", self.cv_fraction, Value, f"a Value ({self.name} needs its Source)")
        check_between("cv_fraction", self.cv_fraction.value, 0.0, 3.0)
        check_between("correlation_fraction", self.correlation_fraction, -1.0, 1.0)
        if self.correlates_with:
            check_one_of("correlates_with", self.correlates_with, VARYING)

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ValidityDomain:
    """Who was studied and how: the validity domain of a set, in words and for machines (``None``: not printed).

    ``population`` in words; ``assay`` what was measured; ``weight_kg``, ``age_y``, ``concentration_u_per_ml`` what was seen;
    ``routes`` some of "bolus", "infusion", "subcutaneous"; ``dose_u_per_kg`` single doses and ``rate_u_per_kg_per_h`` infusions
    that were given.
    """

    population: str
    weight_kg: tuple[float, float] | None = None
    age_y: tuple[float, float] | None = None
    concentration_u_per_ml: tuple[float, float] | None = None
    routes: tuple[str, ...] = ROUTES
    dose_u_per_kg: tuple[float, float] | None = None
    rate_u_per_kg_per_h: tuple[float, float] | None = None
    assay: str = "not printed"

    def __post_init__(self) -> None:
        check_text("population", self.population)
        check_text("assay", self.assay)
        check_is("routes", self.routes, (list, tuple), "a list of routes")
        object.__setattr__(self, "routes", tuple(self.routes))
        if not self.routes:
            raise ValueError("routes must name one route at least; got none")
        for route in self.routes:
            check_one_of("routes", route, ROUTES)
        for name in ("weight_kg", "age_y", "concentration_u_per_ml", "dose_u_per_kg", "rate_u_per_kg_per_h"):
            pair = getattr(self, name)
            if pair is None:
                continue
            if not isinstance(pair, tuple) or len(pair) != 2 or not 0.0 <= pair[0] < pair[1]:
                raise ValueError(f"{name} studied must be a rising pair of numbers or None; got {pair!r}")

    __repr__ = shown

    def leaves_out(self, patient: Patient) -> tuple[str, ...]:
        """Return in what this patient differs from everybody who was studied, in words (nothing: in nothing)."""
        found = []
        for name in ("weight_kg", "age_y"):
            value, seen = getattr(patient, name), getattr(self, name)
            if value is not None and seen is not None and not seen[0] <= value <= seen[1]:
                found.append(f"was studied at {name} {seen[0]:g} to {seen[1]:g}; got {value:g}")
        return tuple(found)


_ANYBODY = {"height_cm": 170.0, "sex": "male", "creatinine_clearance_ml_per_min": 80.0}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Drug:
    """A published (or openly derived) model of an anticoagulant: parameters with their papers, the response, who was studied.

    ``parameters`` make a :class:`Kinetics` for one patient; ``covariate_effects`` say how features of the patient change them and the
    response (:meth:`without` switches one off). ``reagent`` is the aPTT law the set goes with (``None``: nothing published),
    ``act`` the ACT law, ``anti_xa_fraction`` what an anti-Xa assay sees of the drug (0 for a direct thrombin inhibitor).
    ``amount_unit`` is the unit of its doses: everywhere in the house "u" in a name means that unit. ``departures`` says what
    we changed and why; ``built_from`` names the papers a derived set was fitted to; ``unit_potency_ratio`` is 1.1 for heparin
    labelled before the USP change of 2009. ``print(drug)`` is the catalogue entry.

    Raises ``ValueError`` when a parameter is missing its source, is unknown or given twice.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    reagent: Reagent | ClottingTime | None
    studied: ValidityDomain
    act: ClottingTime | None = None
    anti_xa_fraction: float = 1.0
    family: str = FAMILIES[0]
    amount_unit: str = "U"
    reference_weight_kg: float = 75.0
    transits: int = 2
    departures: str = ""
    built_from: tuple[Source, ...] = ()
    variability: tuple[Variability, ...] = ()
    between_occasions: tuple[Variability, ...] = ()
    residual: tuple[Residual, ...] = ()
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_EFFECTS
    unit_potency_ratio: float = 1.0

    def __post_init__(self) -> None:
        check_between("reference_weight_kg", self.reference_weight_kg, 0.4, 400.0)
        check_text("name", self.name)
        check_text("title", self.title)
        check_is("reagent", self.reagent, (Reagent, ClottingTime, type(None)), "a Reagent, a ClottingTime or None")
        check_is("act", self.act, (ClottingTime, type(None)), "a ClottingTime or None")
        for law, assay in ((self.reagent, "aptt_s"), (self.act, "act_s")):
            if isinstance(law, ClottingTime) and law.assay != assay:
                raise ValueError(f"{self.name}: a law of {assay} is needed; got one of {law.assay}")
        check_between("anti_xa_fraction", self.anti_xa_fraction, 0.0, 1.0)
        check_one_of("family", self.family, FAMILIES)
        check_one_of("amount_unit", self.amount_unit, AMOUNT_UNITS)
        check_between("unit_potency_ratio", self.unit_potency_ratio, 0.5, 2.0)
        check_is("studied", self.studied, ValidityDomain, "a ValidityDomain")
        for kind, group in (
            (Variability, (*self.variability, *self.between_occasions)),
            (Residual, self.residual),
            (Covariate, self.covariate_effects),
        ):
            for one in group:
                check_is(f"{self.name}: {kind.__name__.lower()}", one, kind, f"a {kind.__name__}")
        scaled = [(p.field, p.scales_with, p.power == 0.0) for p in self.parameters]
        names = [one.name for one in self.variability]
        for variability in self.variability:
            check_one_of(f"{self.name}: what {variability.name} moves with", variability.correlates_with, ["", *names])
        if len(set(scaled)) != len(scaled) or len(set(names)) != len(names):
            given = ", ".join(sorted([field for field, *_ in scaled] + names))
            raise ValueError(f"{self.name}: a parameter is given twice: {given}")
        if not self.responses.assays:
            raise ValueError(f"{self.name}: without an aPTT, an ACT and an anti-Xa nobody could ever measure this drug")
        self.kinetics(Patient(weight_kg=self.reference_weight_kg, **_ANYBODY))  # type: ignore[arg-type]

    __repr__ = shown

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"  {self.family}; {self.structure}"]
        lines.append(f"  studied: {self.studied.population}; measured: {self.studied.assay}")
        for parameter in self.parameters:
            lines.append(_line(parameter.name, parameter.value))
            scaling = parameter.write_scaling(self.reference_weight_kg)
            if scaling:
                lines.append(f"    {scaling}")
        if isinstance(self.reagent, Reagent):
            lines.append(_line("aPTT slope, mL/U", Value(self.reagent.slope_ml_per_u, self.reagent.source)))
        for law in (self.reagent, self.act):
            if isinstance(law, ClottingTime):
                lines += _law_lines(law)
        lines += [_line(f"between people, {one.name}", one.cv_fraction, "12.0%") for one in self.variability]
        lines += [_line(f"between days, {one.name}", one.cv_fraction, "12.0%") for one in self.between_occasions]
        lines += [_line(f"unexplained, {one.name}", one.value) for one in self.residual]
        lines += [_line(f"{law.name}: {', '.join(law.on)}", law.effect) for law in self.covariate_effects]
        if self.built_from:
            lines.append("  built from: " + "; ".join(f"{source.key} ({source.where})" for source in self.built_from))
        if self.departures:
            lines.append(f"  departures: {self.departures}")
        return "\n".join(lines)

    @property
    def structure(self) -> str:
        """The model in words: compartments, elimination, absorption."""
        names = {parameter.field for parameter in self.parameters}
        words = ["two compartments" if "q_ml_per_h" in names else "one compartment"]
        if "bmax_u" in names:
            words.append("a saturable binding pool")
        if "vmax_u_per_h" in names:
            words.append("Michaelis-Menten elimination")
        if "clearance_ml_per_h" in names:
            words.append("first-order elimination")
        if "ktr_per_h" in names:
            words.append("first-order absorption" if self.transits == 1 else f"{self.transits} absorption transits")
        if "kr_ml_per_u_per_h" in names:
            words.append("neutralisation by protamine")
        return ", ".join(words)

    @property
    def responses(self) -> Responses:
        """How blood answers this drug."""
        return self.answers_with(self.reagent)

    def answers_with(self, reagent: Reagent | ClottingTime | None) -> Responses:
        """Return how blood answers this drug in a laboratory with this aPTT reagent."""
        return Responses(
            aptt=reagent, act=self.act, anti_xa_fraction=self.anti_xa_fraction, covariate_effects=self.covariate_effects
        )

    def kinetics(self, patient: Patient) -> Kinetics:
        """Return the kinetics of this person, without a word about who was studied."""
        for name, _ in patient.factors:
            check_one_of("a factor of the patient", name, VARYING)
        return Kinetics(transits=self.transits, **self._values(patient))

    def kinetics_of_all(self, cohort: Cohort) -> KineticsOfAll:
        """Return the kinetics of everybody: for each the very numbers :meth:`kinetics` gives.

        Raises ``ValueError`` when somebody's are impossible.
        """
        for name in cohort.factors:
            check_one_of("a factor of the patient", name, VARYING)
        return KineticsOfAll(self.transits, cohort.n, self._values(cohort))

    def _values(self, patient: Patient | Cohort) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            values[parameter.field] = values.get(parameter.field, 0.0) + parameter.at(patient, self.reference_weight_kg)
        return {
            field: self._in_units(field, value * product(self.covariate_effects, field, patient))
            for field, value in values.items()
        }

    def _in_units(self, field: str, value: Any) -> Any:
        return value / self.unit_potency_ratio if field in _EXTENSIVE and self.unit_potency_ratio != 1.0 else value

    def individual(self, patient: Patient) -> Kinetics:
        """Return the kinetics of the typical person of this description; warns once when nobody like that was studied."""
        outside = self.studied.leaves_out(patient)
        if outside:
            warnings.warn(f"{self.name} {'; '.join(outside)} ({self.studied.population})", OutsideValidityDomain, stacklevel=2)
        return self.kinetics(patient)

    def without(self, *names: str) -> Drug:
        """Return the same set with these laws switched off; raises ``ValueError`` for a law it does not have."""
        for name in names:
            check_one_of("a law to switch off", name, sorted({law.name for law in self.covariate_effects}))
        return replace(self, covariate_effects=tuple(law for law in self.covariate_effects if law.name not in names))

    def labelled_before_2009(self) -> Drug:
        """Return the same heparin in US units of before 1 October 2009, each about 1.1 of today's (FDA)."""
        if self.family != FAMILIES[0]:
            raise ValueError(f"only unfractionated heparin was relabelled in 2009; got {self.name}")
        return replace(self, unit_potency_ratio=1.1)

    def differences(self, patient: Patient) -> tuple[Covariate, ...]:
        """Return the laws that change anything for this patient."""
        return tuple(law for law in self.covariate_effects if law.applies_to(patient))

    def in_the_patients_words(self, patient: Patient) -> str:
        """Return what this patient would say of the laws in force, each with its paper; one line each."""
        lines = [f"{law.words} ({', '.join(law.on)}; {law.effect.source.key})" for law in self.differences(patient)]
        return "\n".join(lines) or "Nothing about me changes this model."

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every paper behind the set, each once, in the order of use."""
        return self._each_once(self.covariate_effects)

    def sources_for(self, patient: Patient, responses: Responses) -> tuple[Source, ...]:
        """Return the papers one patient's course used: the set, the response it was read in, the laws that applied to it."""
        return self._each_once(self.differences(patient), responses)

    def sources_for_all(self, cohort: Cohort) -> tuple[Source, ...]:
        """Return the papers a cohort's courses use: the set, how people differ in it, and the laws that apply to somebody."""
        return self._each_once(tuple(law for law in self.covariate_effects if law.applies_to(cohort)))

    def _each_once(self, covariate_effects: tuple[Covariate, ...], responses: Responses | None = None) -> tuple[Source, ...]:
        values = [p.value.source for p in self.parameters]
        values += [MEASURE_SOURCES[p.scales_with] for p in self.parameters if p.scales_with in MEASURE_SOURCES]
        read_in = responses if responses is not None else self.responses
        answers = [law.source for law in (read_in.aptt, self.act) if law is not None]
        if isinstance(read_in.aptt, Reagent):
            answers.append(WHITFIELD_1980)
        spread = [one.cv_fraction.source for one in (*self.variability, *self.between_occasions)] + [
            one.value.source for one in self.residual
        ]
        unused = spread if responses is None else []  # a typical course draws nothing from them
        every = [*values[:1], *self.built_from, *values[1:], *unused, *answers, *(law.effect.source for law in covariate_effects)]
        if self.unit_potency_ratio != 1.0:
            every.append(USP_2009)
        return tuple({source.citation: source for source in reversed(every)}.values())[::-1]

    def cite(self) -> str:
        """Return the references of the set, one a line."""
        return "\n".join(source.cite() for source in self.sources)


_EXTENSIVE = ("v1_ml", "v2_ml", "clearance_ml_per_h", "vmax_u_per_h", "q_ml_per_h", "bmax_u")
"""What shrinks when every unit does more: volumes, clearances and capacities, counted in labelled units."""

USP_2009 = Source(
    key="FDA_USP_2009",
    citation="US Food and Drug Administration: Question and answers about changes to the USP heparin monograph",
    where="Heparin manufactured after October 1, 2009 will be approximately 10% less potent",
    confidence="primary",
    url=(
        "https://fda.gov/drugs/postmarket-drug-safety-information-patients-and-providers/"
        "question-and-answers-about-changes-usp-heparin-monograph"
    ),
)


def _line(name: str, value: Value, form: str = "12.5g") -> str:
    source = value.source
    return f"  {name:<36}{value.value:>{form}}   {source.key}, {source.where} [{source.confidence}]"


def _law_lines(law: ClottingTime) -> list[str]:
    named = {
        f"{law.assay} without the drug": law.baseline_s,
        f"{law.assay} slope, s mL/U": law.slope_s_ml_per_u,
        f"{law.assay} most, s": law.most_s,
        f"{law.assay} half of it at, U/mL": law.half_at_u_per_ml if law.most_s else 0.0,
    }
    return [_line(name, Value(number, law.source)) for name, number in named.items() if number]
