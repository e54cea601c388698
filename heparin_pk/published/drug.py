"""A drug as it was published: its kinetics, the response they go with, who was studied, and where each number was read."""

from __future__ import annotations

import numbers
import warnings
from dataclasses import dataclass, replace
from typing import Any

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, set_label, shown
from heparin_pk.base.elementwise import power
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.laboratory import Residual
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, WHITFIELD_1980, ClottingTime, Reagent, Responses
from heparin_pk.body.bodysize import MEASURE_SOURCES, MEASURES, measure
from heparin_pk.body.covariate import KINETIC, Covariate, check_no_feature_twice, product
from heparin_pk.body.kinetics import NEEDS, Kinetics, KineticsOfAll
from heparin_pk.body.patient import YES_OR_NO, Cohort, Patient
from heparin_pk.published.hypothesis import Hypothesis

__all__ = [
    "AMOUNT_UNITS",
    "Drug",
    "Hypothesis",
    "OutsideValidityDomain",
    "Parameter",
    "ROUTES",
    "Residual",
    "SCALES",
    "UNFRACTIONATED_HEPARIN",
    "USP_2009",
    "VARYING",
    "ValidityDomain",
    "Variability",
    "WithoutVariability",
]


_CONDITIONS = {"pregnant": "pregnancy", "smoker": "smoking"}
"""The names of conditions that are not their field's own words."""


class OutsideValidityDomain(UserWarning):
    """A set is used for a patient, a route, a dose or a level outside its validity domain."""


class WithoutVariability(UserWarning):
    """A set for which no variability between patients is known is used in a trial."""


UNFRACTIONATED_HEPARIN = "unfractionated heparin"
AMOUNT_UNITS = ("U", "µg")
ROUTES = ("bolus", "infusion", "subcutaneous")
SCALES = ("weight_kg", "creatinine_clearance_ml_per_min", *MEASURES)
VARYING = (*KINETIC, "slope_ml_per_u", "baseline_aptt_s", "baseline_act_s")
"""The numbers that may have inter-individual variability: kinetics, aPTT slope, clotting times before the drug."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parameter:
    """One number of a published set: its name, its value and the place it was read in.

    For one patient it is the value at the reference times (measure / reference)**exponent. Two parameters of one name add up when
    they scale differently (a renal and a non-renal clearance); only volumes, clearances and capacities can be added up.

    ``name``: a field of :class:`Kinetics`, or that field per kg (``v1_ml_per_kg``, ``vmax_u_per_kg_per_h``).
    ``value``: the number and the place it was read in.
    ``exponent``: of the scaling, a number or a :class:`Value` with its own source; unset it is 1 for a value per kg and for a
    measure other than weight, and 0 otherwise.
    ``scales_with``: the measure, one of ``SCALES``.
    ``reference``: the measure at which the value holds, in its own unit; unset it is the set's reference weight.

    Raises ``ValueError`` for an unknown name or measure, a value without a source, or a measure without its reference.
    """

    name: str
    value: Value
    exponent: float | Value | None = None
    scales_with: str = "weight_kg"
    reference: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.field not in KINETIC:
            raise ValueError(f"name must be a field of Kinetics, or one per kg; got {self.name!r}")
        if not isinstance(self.value, Value):
            raise ValueError(f"{self.name} needs a Value with its Source; got {self.value!r}")
        check_one_of("scales_with", self.scales_with, SCALES)
        if self.exponent is not None:
            check_between("exponent", self.power, -1.0, 2.0)
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
        if isinstance(self.exponent, Value):
            return self.exponent.value
        if self.exponent is not None:
            return self.exponent
        return float(self.is_per_kg or self.scales_with != "weight_kg")

    def at(self, patient: Patient | Cohort, reference_weight_kg: float) -> Any:
        """Return the absolute number for one patient, or an array (n,) for a cohort.

        Raises ``ValueError`` when the measure it scales with is unknown.
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
        """Return "x (weight_kg / 75)^0.75", or an empty text for a number that does not scale."""
        if self.power == 0.0:
            return ""
        reference = reference_weight_kg if self.reference is None else self.reference
        power = "" if self.power == 1.0 else f"^{self.power:g}"
        known = self.exponent.uncertainty_in_words() if isinstance(self.exponent, Value) else ""
        return f"x ({self.scales_with} / {reference:g}){power}{known and f' (exponent: {known})'}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Variability:
    """Inter-individual (or inter-occasion) variability of one number of a set, log-normal.

    ``name``: the number that varies, one of ``VARYING``.
    ``cv_fraction``: the coefficient of variation and the place it was read in (0 to 3).
    ``correlates_with``: another number that varies and is correlated with this one (empty: none).
    ``correlation_fraction``: the correlation of the two, on the log scale (-1 to 1).

    Raises ``ValueError`` for an unknown name, a value without a source, or a number outside its limits.
    """

    name: str
    cv_fraction: Value
    correlates_with: str = ""
    correlation_fraction: float = 0.0

    def __post_init__(self) -> None:
        check_one_of("name", self.name, VARYING)
        check_is("correlates_with", self.correlates_with, str, "a name, or empty")
        check_is("cv_fraction", self.cv_fraction, Value, f"a Value ({self.name} needs its Source)")
        check_between("cv_fraction", self.cv_fraction.value, 0.0, 3.0)
        check_between("correlation_fraction", self.correlation_fraction, -1.0, 1.0)
        if bool(self.correlates_with) != bool(self.correlation_fraction):
            raise ValueError(
                f"{self.name}: correlates_with and correlation_fraction belong together; got {self.correlates_with!r} and "
                f"{self.correlation_fraction!r}"
            )
        if self.correlates_with:
            check_one_of("correlates_with", self.correlates_with, VARYING)

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ValidityDomain:
    """Who was studied and how; outside it a course warns. A range is a pair (lowest, highest), or ``None`` where none is printed.

    ``population``: the patients, in words.
    ``weight_kg``: their body weights, kg.
    ``age_y``: their ages, years.
    ``concentration_u_per_ml``: the levels that were measured, U/mL.
    ``routes``: how the drug was given: some of "bolus", "infusion", "subcutaneous".
    ``dose_u_per_kg``: the single doses, U/kg.
    ``rate_u_per_kg_per_h``: the infusion rates, U/kg/h.
    ``assay``: what was measured, in words.
    ``conditions_left_out``: conditions that none of them had: some of ``body.patient.YES_OR_NO``.

    Raises ``ValueError`` for an empty text, no route, an unknown route or condition, or a range that does not rise.
    """

    population: str
    weight_kg: tuple[float, float] | None = None
    age_y: tuple[float, float] | None = None
    concentration_u_per_ml: tuple[float, float] | None = None
    routes: tuple[str, ...] = ROUTES
    dose_u_per_kg: tuple[float, float] | None = None
    rate_u_per_kg_per_h: tuple[float, float] | None = None
    assay: str = "not printed"
    conditions_left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text("population", self.population)
        check_text("assay", self.assay)
        check_is("routes", self.routes, (list, tuple), "a list of routes")
        object.__setattr__(self, "routes", tuple(self.routes))
        if not self.routes:
            raise ValueError("routes must name one route at least; got none")
        for route in self.routes:
            check_one_of("routes", route, ROUTES)
        check_is("conditions_left_out", self.conditions_left_out, (list, tuple), "a list of conditions")
        object.__setattr__(self, "conditions_left_out", tuple(self.conditions_left_out))
        for condition in self.conditions_left_out:
            check_one_of("conditions_left_out", condition, YES_OR_NO)
        for name in ("weight_kg", "age_y", "concentration_u_per_ml", "dose_u_per_kg", "rate_u_per_kg_per_h"):
            pair = getattr(self, name)
            if pair is None:
                continue
            is_pair = isinstance(pair, tuple) and len(pair) == 2
            if not is_pair or not all(isinstance(end, numbers.Real) for end in pair) or not 0.0 <= pair[0] < pair[1]:
                raise ValueError(f"{name} studied must be a rising pair of numbers or None; got {pair!r}")

    __repr__ = shown

    def leaves_out(self, patient: Patient) -> tuple[str, ...]:
        """Return, in words, where this patient lies outside the weights, ages and conditions studied (empty: nowhere)."""
        found = []
        for name, words, unit in (("weight_kg", "a weight", "kg"), ("age_y", "an age", "years")):
            value, seen = getattr(patient, name), getattr(self, name)
            if value is not None and seen is not None and not seen[0] <= value <= seen[1]:
                found.append(f"was studied at {words} of {seen[0]:g} to {seen[1]:g} {unit}; got {value:g}")
        found += [
            f"was studied in patients without {_CONDITIONS.get(condition, condition.replace('_', ' '))}; got one with it"
            for condition in self.conditions_left_out
            if getattr(patient, condition)
        ]
        return tuple(found)


_EXAMPLE_PATIENT = {"height_cm": 170.0, "sex": "male", "creatinine_clearance_ml_per_min": 80.0}


_LISTS = {
    "parameters": "Parameter",
    "variability": "Variability",
    "between_occasions": "Variability",
    "residual": "Residual",
    "covariate_effects": "Covariate",
    "hypotheses": "Hypothesis",
    "built_from": "Source",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Drug:
    """A published (or openly derived) parameter set of an anticoagulant; ``print(drug)`` is its catalogue entry.

    ``name``: AUTHOR_YEAR_DRUG, with _DERIVED where the volume was not printed; also the name of its constant.
    ``title``: what it is, in a few words.
    ``parameters``: the numbers that make a :class:`Kinetics` for one patient, each with its paper.
    ``reagent``: the aPTT curve the set goes with (``None``: nothing published).
    ``studied``: the validity domain.
    ``act``: the ACT curve (``None``: nothing published).
    ``anti_xa_fraction``: the share of the drug that an anti-Xa assay sees: 1 for heparins, 0 for a direct thrombin inhibitor.
    ``family``: the kind of drug, in words; sets of one family write it alike.
    ``amount_unit``: the unit of its doses, "U" or "µg"; "u" in the name of a number means that unit.
    ``reference_weight_kg``: the body weight at which the parameters hold, kg.
    ``transits``: the number of absorption compartments under the skin, 1 or 2.
    ``departures``: what differs from the paper and why, and what the paper did not print.
    ``built_from``: the papers a derived set was fitted to.
    ``variability``: inter-individual variability.
    ``between_occasions``: variability from day to day in one patient.
    ``residual``: residual error.
    ``covariate_effects``: how features of the patient change parameters and response (:meth:`without` switches one off).
    ``hypotheses``: covariate effects that a paper contradicts, off by default (:meth:`with_hypotheses` switches one on).
    ``unit_potency_ratio``: 1.1 for heparin labelled before the USP change of 2009, else 1.
    ``label``: what legends and lists call it, in at most 30 characters; its name where none is given.

    Raises ``ValueError`` when a parameter has no source, is unknown or given twice, when the set is half described (no volume,
    nothing that eliminates, a ``vmax_u_per_h`` without its ``km_u_per_ml``), when a feature acts twice on one parameter, or when
    no assay could measure the drug.
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    reagent: Reagent | ClottingTime | None
    studied: ValidityDomain
    act: ClottingTime | None = None
    anti_xa_fraction: float = 1.0
    family: str = UNFRACTIONATED_HEPARIN
    amount_unit: str = "U"
    reference_weight_kg: float = 75.0
    transits: int = 2
    departures: str = ""
    built_from: tuple[Source, ...] = ()
    variability: tuple[Variability, ...] = ()
    between_occasions: tuple[Variability, ...] = ()
    residual: tuple[Residual, ...] = ()
    covariate_effects: tuple[Covariate, ...] = ANTITHROMBIN_EFFECTS
    hypotheses: tuple[Hypothesis, ...] = ()
    unit_potency_ratio: float = 1.0
    label: str = ""

    def __post_init__(self) -> None:
        check_between("reference_weight_kg", self.reference_weight_kg, 0.4, 400.0)
        check_text("name", self.name)
        set_label(self)
        check_text("title", self.title)
        for name, noun in _LISTS.items():
            check_is(name, getattr(self, name), (list, tuple), f"a list of {noun}")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for source in self.built_from:
            check_is("built_from", source, Source, "a Source")
        check_is("departures", self.departures, str, "a text")
        check_one_of("transits", self.transits, (1, 2))
        check_is("reagent", self.reagent, (Reagent, ClottingTime, type(None)), "a Reagent, a ClottingTime or None")
        check_is("act", self.act, (ClottingTime, type(None)), "a ClottingTime or None")
        for curve, assay in ((self.reagent, "aptt_s"), (self.act, "act_s")):
            if isinstance(curve, ClottingTime) and curve.assay != assay:
                raise ValueError(f"{self.name}: a curve of {assay} is needed; got one of {curve.assay}")
        check_between("anti_xa_fraction", self.anti_xa_fraction, 0.0, 1.0)
        check_text("family", self.family)
        check_one_of("amount_unit", self.amount_unit, AMOUNT_UNITS)
        check_between("unit_potency_ratio", self.unit_potency_ratio, 0.5, 2.0)
        check_is("studied", self.studied, ValidityDomain, "a ValidityDomain")
        for kind, group in (
            (Parameter, self.parameters),
            (Variability, (*self.variability, *self.between_occasions)),
            (Residual, self.residual),
            (Covariate, self.covariate_effects),
            (Hypothesis, self.hypotheses),
        ):
            for member in group:
                check_is(f"{self.name}: {kind.__name__.lower()}", member, kind, f"a {kind.__name__}")
        scaled = [(p.field, p.scales_with, p.power == 0.0) for p in self.parameters]
        names = [variability.name for variability in self.variability]
        for variability in self.variability:
            check_one_of(f"{self.name}: what {variability.name} correlates with", variability.correlates_with, ["", *names])
        days, errors = ([one.name for one in group] for group in (self.between_occasions, self.residual))
        for given in (scaled, names, days, errors):
            if len(set(given)) != len(given):
                written = ", ".join(sorted(one if isinstance(one, str) else one[0] for one in given))
                raise ValueError(f"{self.name}: a parameter is given twice: {written}")
        for field, *_ in scaled:
            if field not in _EXTENSIVE and [other for other, *_ in scaled].count(field) > 1:
                raise ValueError(f"{self.name}: a parameter is given twice: two of {field} cannot be added up")
        self._check_described()
        for one in (*names, *days):
            if one in KINETIC and one not in {field for field, *_ in scaled}:
                raise ValueError(f"{self.name}: {one} varies, and is no parameter of the set")
        check_no_feature_twice(self.name, self.covariate_effects)
        if not self.responses.assays:
            raise ValueError(f"{self.name}: without an aPTT, an ACT and an anti-Xa no assay could measure this drug")
        self.kinetics(Patient(weight_kg=self.reference_weight_kg, **_EXAMPLE_PATIENT))  # type: ignore[arg-type]

    def _check_described(self) -> None:
        """Raise ``ValueError`` when the parameters describe only half of a term of the model."""
        names = {parameter.field for parameter in self.parameters}
        if "v1_ml" not in names:
            raise ValueError(
                f"{self.name} needs v1_ml or v1_ml_per_kg: a set without a volume gives no level; got {_listed(names)}"
            )
        if not names & {"clearance_ml_per_h", "vmax_u_per_h", "bmax_u"}:
            raise ValueError(
                f"{self.name} needs clearance_ml_per_h, vmax_u_per_h or bmax_u: nothing eliminates the drug; got {_listed(names)}"
            )
        for term, needed in _DESCRIBED_TOGETHER.items():
            for one, other in [(term, name) for name in needed] + [(name, term) for name in needed]:
                if one in names and other not in names:
                    raise ValueError(f"{self.name}: {one} needs {other}; got {_listed(names)}")
        if "lag_h" in names and "ktr_per_h" not in names:
            raise ValueError(f"{self.name}: lag_h needs ktr_per_h; got {_listed(names)}")

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
            words = f"aPTT slope ({self.reagent.label}), mL/U"
            lines.append(_line(words, Value(self.reagent.slope_ml_per_u, self.reagent.source)))
        for curve in (self.reagent, self.act):
            if isinstance(curve, ClottingTime):
                lines += _curve_lines(curve)
        lines += [_line(f"between patients, {v.name}", v.cv_fraction, "12.0%") for v in self.variability]
        lines += [_line(f"between days, {v.name}", v.cv_fraction, "12.0%") for v in self.between_occasions]
        lines += [_line(f"residual error, {residual.name}", residual.value) for residual in self.residual]
        lines += [_line(f"{effect.name}: {', '.join(effect.on)}", effect.effect) for effect in self.covariate_effects]
        lines += [_line(f"hypothesis, off: {one.name}", one.effect.effect) for one in self.hypotheses if not self._is_on(one)]
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
        if "short_fraction" in names:
            words.append("long and short chains")
        if "kr_ml_per_u_per_h" in names:
            words.append("neutralisation by protamine")
        return ", ".join(words)

    @property
    def responses(self) -> Responses:
        """How the assays respond to this drug, with its own aPTT reagent."""
        return self.answers_with(self.reagent)

    def answers_with(self, reagent: Reagent | ClottingTime | None) -> Responses:
        """Return how the assays respond to this drug in a laboratory with this aPTT reagent."""
        return Responses(
            aptt=reagent, act=self.act, anti_xa_fraction=self.anti_xa_fraction, covariate_effects=self.covariate_effects
        )

    def kinetics(self, patient: Patient) -> Kinetics:
        """Return the kinetics of this patient, without a warning outside the validity domain."""
        for name, _ in patient.factors:
            check_one_of("a factor of the patient", name, VARYING)
        return Kinetics(transits=self.transits, **self._values(patient))

    def kinetics_of_all(self, cohort: Cohort) -> KineticsOfAll:
        """Return the kinetics of a cohort as arrays (n,): for each patient the numbers that :meth:`kinetics` gives.

        Raises ``ValueError`` when those of one patient are impossible.
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
        """Return the kinetics of this patient; warns once when weight or age lie outside the validity domain."""
        outside = self.studied.leaves_out(patient)
        if outside:
            warnings.warn(f"{self.label} {'; '.join(outside)} ({self.studied.population})", OutsideValidityDomain, stacklevel=2)
        return self.kinetics(patient)

    def without(self, *names: str) -> Drug:
        """Return the same set with these covariate effects switched off; raises ``ValueError`` for one it does not have."""
        for name in names:
            check_one_of("a covariate effect to switch off", name, sorted({effect.name for effect in self.covariate_effects}))
        return replace(self, covariate_effects=tuple(effect for effect in self.covariate_effects if effect.name not in names))

    def warn_without_variability(self, stacklevel: int = 2) -> None:
        """Warn once where no variability between patients is known: all patients of a trial then react like the typical one."""
        if not self.variability:
            message = (
                f"{self.label} has no variability between patients: those who differ in no feature react alike, and the spread "
                "of a trial is too narrow"
            )
            warnings.warn(message, WithoutVariability, stacklevel=stacklevel + 1)

    def with_hypotheses(self, *names: str) -> Drug:
        """Return the same set with these hypotheses switched on: what each would predict, although a paper contradicts it.

        It takes the place of a covariate effect of the same feature on the same parameter. Raises ``ValueError`` for one that the
        set does not have, or that is on already.
        """
        off = {one.name: one.effect for one in self.hypotheses if not self._is_on(one)}
        effects = self.covariate_effects
        for name in names:
            check_one_of("a hypothesis to switch on", name, sorted(off))
            new = off[name]
            effects = (*(old for old in effects if old.feature != new.feature or not set(old.on) & set(new.on)), new)
        return replace(self, covariate_effects=effects)

    def _is_on(self, hypothesis: Hypothesis) -> bool:
        return hypothesis.effect in self.covariate_effects

    def labelled_before_2009(self) -> Drug:
        """Return the same heparin in US units of before 1 October 2009, each about 1.1 of today's (FDA)."""
        if self.family != UNFRACTIONATED_HEPARIN:
            raise ValueError(f"only unfractionated heparin was relabelled in 2009; got {self.name}")
        return replace(self, unit_potency_ratio=1.1)

    def differences(self, patient: Patient) -> tuple[Covariate, ...]:
        """Return the covariate effects that change a number for this patient."""
        return tuple(effect for effect in self.covariate_effects if effect.applies_to(patient))

    def in_the_patients_words(self, patient: Patient) -> str:
        """Return this patient's covariate effects in the patient's own words, each with its paper; one line each.

        An effect whose size is assumed says so. Hypotheses about this patient that are off follow, with the papers against them,
        and then what was stated about the patient and changes nothing in this model.
        """
        lines = [
            f"{effect.words} ({effect.on_in_words()}; {effect.effect.source.key.replace('_', ' ')}"
            f"{', size assumed' if effect.effect.source.confidence == 'assumed' else ''})"
            for effect in self.differences(patient)
        ]
        lines += self._weight_in_words(patient)
        lines = lines or ["Only my size counts in this model."]
        lines += [one.in_words() for one in self.hypotheses if not self._is_on(one) and one.effect.applies_to(patient)]
        if self.unused(patient):
            lines.append(f"Stated, but not used by this model: {', '.join(self.unused(patient))}.")
        return "\n".join(lines)

    def unused(self, patient: Patient) -> tuple[str, ...]:
        """Return, in words, what was stated about the patient beyond weight and body size and has no place in this model."""
        has_place = {effect.feature for effect in (*self.covariate_effects, *(one.effect for one in self.hypotheses))}
        has_place |= {parameter.scales_with for parameter in self.parameters}
        return tuple(words for field, words in patient.stated().items() if field not in has_place)

    def _weight_in_words(self, patient: Patient) -> list[str]:
        """Return what a weight other than the reference does to doses per kilogram and to the model, as one line or none."""
        weight_kg, reference_kg = patient.weight_kg, self.reference_weight_kg
        if abs(weight_kg / reference_kg - 1.0) < 0.01:
            return []
        factors: dict[str, float] = {}
        for one in self.parameters:
            if one.field in _SIZES and one.scales_with == "weight_kg" and one.power:
                factors[_SIZES[one.field]] = (weight_kg / reference_kg) ** one.power
        said = ", ".join(f"{noun} {factor:.2f} times" for noun, factor in factors.items()) or "nothing else"
        return [
            f"My weight counts: at {weight_kg:g} kg the same units per kilogram are {weight_kg / reference_kg:.2f} times the "
            f"dose of {reference_kg:g} kg, and in this model {said}."
        ]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every paper behind the set, each once, in the order of use."""
        return self._each_once(self.covariate_effects)

    def sources_for(self, patient: Patient, responses: Responses) -> tuple[Source, ...]:
        """Return the papers behind one patient's course: of the set, of the response, of the covariate effects that applied."""
        return self._each_once(self.differences(patient), responses)

    def sources_for_all(self, cohort: Cohort) -> tuple[Source, ...]:
        """Return the papers behind a cohort: of the set, its variability, and the covariate effects that apply to any patient."""
        return self._each_once(tuple(effect for effect in self.covariate_effects if effect.applies_to(cohort)))

    def _each_once(self, covariate_effects: tuple[Covariate, ...], responses: Responses | None = None) -> tuple[Source, ...]:
        values = [p.value.source for p in self.parameters]
        values += [p.exponent.source for p in self.parameters if isinstance(p.exponent, Value)]
        values += [MEASURE_SOURCES[p.scales_with] for p in self.parameters if p.scales_with in MEASURE_SOURCES]
        read_in = responses if responses is not None else self.responses
        answers = [curve.source for curve in (read_in.aptt, self.act) if curve is not None]
        if isinstance(read_in.aptt, Reagent):
            answers.append(WHITFIELD_1980)
        spread = [variability.cv_fraction.source for variability in (*self.variability, *self.between_occasions)]
        spread += [residual.value.source for residual in self.residual]
        unused = spread if responses is None else []  # a typical course draws nothing from them
        effects = [effect.effect.source for effect in covariate_effects]
        on = [one for one in self.hypotheses if one.effect in covariate_effects]
        effects += [source for one in on for source in (*one.supporting, *one.against)]
        every = [*values[:1], *self.built_from, *values[1:], *unused, *answers, *effects]
        if self.unit_potency_ratio != 1.0:
            every.append(USP_2009)
        return tuple({source.citation: source for source in reversed(every)}.values())[::-1]

    def cite(self) -> str:
        """Return the references of the set, one a line."""
        return "\n".join(source.cite() for source in self.sources)


_EXTENSIVE = ("v1_ml", "v2_ml", "clearance_ml_per_h", "vmax_u_per_h", "q_ml_per_h", "bmax_u")
"""Volumes, clearances and capacities: they may be sums; in labelled units they shrink when one unit holds more drug."""

_SIZES = {
    "v1_ml": "the volume",
    "clearance_ml_per_h": "the first-order clearance",
    "vmax_u_per_h": "the saturable elimination",
    "bmax_u": "the binding sites",
}
"""Parameters that a patient would understand as a size, in words."""

_DESCRIBED_TOGETHER = NEEDS | {"kr_ml_per_u_per_h": ("protamine_loss_per_h",)}
"""Parameters of one term of the model: a paper that gives one of them must give the others."""


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "no parameter"


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
    source, known = value.source, value.uncertainty_in_words()
    return f"  {name:<36}{value.value:>{form}}   {source.key}, {source.where} [{source.confidence}]{known and f'; {known}'}"


def _curve_lines(curve: ClottingTime) -> list[str]:
    named = {
        f"{curve.assay} without the drug": curve.baseline_s,
        f"{curve.assay} slope, s mL/U": curve.slope_s_ml_per_u,
        f"{curve.assay} most, s": curve.most_s,
        f"{curve.assay} half of it at, U/mL": curve.half_at_u_per_ml if curve.most_s else 0.0,
        f"{curve.assay} Hill exponent": curve.hill_exponent if curve.hill_exponent != 1.0 else 0.0,
    }
    return [_line(name, Value(number, curve.source)) for name, number in named.items() if number]
