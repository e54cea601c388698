"""Tables of results for a notebook: what a reader must read in numbers, in one call each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from heparin_pk.base.citations import Cited
from heparin_pk.base.citations import sources as sources_of
from heparin_pk.base.result_table import Cell, Link, ResultTable, ResultTables, table
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import ClottingTime, Reagent, aptt_range_for_anti_xa, level
from heparin_pk.body.bodysize import DOSING_WEIGHTS, dosing_weight_kg
from heparin_pk.body.patient import Patient
from heparin_pk.evidence.calibration import FORMS, Sample, agreement, calibrate, end_in_words
from heparin_pk.evidence.validation import GROUPS, Row, score
from heparin_pk.evidence.validation.edition import LEFT
from heparin_pk.evidence.vpc import PredictionCorrected
from heparin_pk.plot.courses import after_bolus
from heparin_pk.plot.models import outside_in_short
from heparin_pk.published import ALL
from heparin_pk.published.drug import Drug
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h
from heparin_pk.simulation.simulate import simulate
from heparin_pk.teaching import practice as statements
from heparin_pk.teaching.indications import Indication
from heparin_pk.trials.catalogue import OUTCOMES
from heparin_pk.trials.estimate import Estimate, with_digits
from heparin_pk.trials.outcomes import Outcomes, signed
from heparin_pk.trials.population import Population
from heparin_pk.ward.orders import Infusion, Protamine, Regimen

__all__ = [
    "act",
    "agreements",
    "calibrations",
    "chart",
    "check",
    "claims",
    "clearances",
    "differences",
    "dosing_weights",
    "effects",
    "explained",
    "exposure",
    "first_orders",
    "groups",
    "half_lives",
    "indication",
    "indications",
    "laboratories",
    "levels",
    "misses",
    "needed",
    "overlay",
    "places",
    "plateaus",
    "population",
    "practice",
    "protamine",
    "ranges",
    "reports",
    "scores",
    "shares",
    "slopes",
    "sources",
    "subgroups",
    "trial",
]

_SETTLED_H = 72.0


def _level(assay: str, value: float, responses_ceiling: float | None = None) -> str:
    """Return a level with its unit as a laboratory would report it: above the ceiling of the assay "> 150 s"."""
    one = ASSAYS[assay]
    ceiling = one.ceiling if responses_ceiling is None else responses_ceiling
    above = value > ceiling
    return one.in_words(ceiling if above else value, above).removeprefix(f"{one.label} ")


def _heading(assay: str) -> str:
    return "aPTT ratio (× control)" if assay == "aptt_ratio" else ASSAYS[assay].label


# Kinetics


def half_lives(drug: Drug, patient: Patient, doses_u_per_kg: Sequence[float]) -> ResultTable:
    """Return the half-life after one bolus of each size."""
    rows = [
        (f"{dose:g} U/kg", f"{60.0 * (metrics.half_life_h(after_bolus(drug, patient, dose)) or 0.0):.0f} min")
        for dose in doses_u_per_kg
    ]
    return table(f"Half-life after one bolus, {patient.weight_kg:g} kg: {drug.label}", ("bolus", "half-life"), rows)


def chart(course: Course) -> ResultTable:
    """Return the chart of a course: every result, when its blood was drawn, and what was ordered."""
    bag = f"mL/h of a bag with {course.bag.concentration_u_per_ml:g} U/mL."
    return table("Chart", ("time", "result", "orders", "why"), course.chart(), note=bag)


def clearances(drug: Drug, patient: Patient, levels_u_per_ml: Sequence[float]) -> ResultTable:
    """Return the clearance at each level."""
    kinetics = drug.individual(patient)
    rows = [(f"{one:g} U/mL", f"{kinetics.clearance_at_ml_per_h(one) / 1000.0:.2f} L/h") for one in levels_u_per_ml]
    return table(f"Clearance at each level: {drug.label}", ("heparin level", "clearance"), rows)


def plateaus(models: Mapping[str, Drug], patient: Patient, rate_u_per_kg_per_h: float) -> ResultTable:
    """Return the steady state of one infusion in each model."""
    rate_u_per_h = rate_u_per_kg_per_h * patient.doses_by_kg
    rows = [(name, f"{drug.individual(patient).steady_state_u_per_ml(rate_u_per_h):.2f} U/mL") for name, drug in models.items()]
    return table(f"Plateau at {rate_u_per_kg_per_h:g} U/kg/h, {patient.weight_kg:g} kg", ("model", "plateau"), rows)


def overlay(courses: Sequence[Course], *, assay: str = "anti_xa_u_per_ml") -> ResultTable:
    """Return the last level of each model, and where the orders or the patient lie outside what was studied."""
    rows = [
        (
            course.drug.label,
            _level(assay, course.level_at(assay, course.hours)) if assay in course.assays else "not published",
            outside_in_short(course),
            course.drug.studied.population,
        )
        for course in courses
    ]
    caption = f"{ASSAYS[assay].label} after {max(course.hours for course in courses):g} h"
    return table(caption, ("model", ASSAYS[assay].label, "this use", "studied in"), rows)


def slopes(drugs: Sequence[Drug]) -> ResultTable:
    """Return the slope of the straight aPTT lines of these models; raises ``ValueError`` for a model without such a line."""
    rows = []
    for drug in drugs:
        if not isinstance(drug.reagent, ClottingTime):
            raise ValueError(f"{drug.name} must have a straight line of aPTT; got {drug.reagent!r}")
        rows.append((drug.label, f"{drug.reagent.slope_s_ml_per_u:.0f} s per U/mL", drug.studied.population))
    return table("How much the aPTT rises for each U/mL of heparin", ("model", "slope", "studied in"), rows)


def levels(
    courses: Mapping[str, Course],
    assays: Sequence[str] = ("anti_xa_u_per_ml",),
    *,
    at_h: float | Sequence[float] | None = None,
    rate: bool = False,
    peak: bool = False,
    caption: str = "",
    heading: str = "course",
) -> ResultTable:
    """Return the true levels of several courses at some hours (default: at the end), as a laboratory would report them.

    ``assays``: keys of ``ASSAYS``.
    ``at_h``: hours, h; ``None``: the end of each course.
    ``rate``: whether the infusion rate at the end is shown.
    ``peak``: whether the highest heparin level is shown.
    ``caption``, ``heading``: words above the table and above the names.
    """
    hours = [None] if at_h is None else [at_h] if isinstance(at_h, int | float) else list(at_h)
    headings = [heading, *(f"{_heading(assay)}{_at(hour, hours)}" for assay in assays for hour in hours)]
    headings += ["highest heparin level"] * peak + ["rate at the end"] * rate
    rows = []
    for name, course in courses.items():
        row = [name]
        row += [
            _level(assay, course.level_at(assay, course.hours if hour is None else hour)) for assay in assays for hour in hours
        ]
        row += [f"{metrics.peak_u_per_ml(course):.2f} U/mL"] * peak
        row += [f"{course.pump_u_per_h[-1] / course.patient.doses_by_kg:.1f} U/kg/h"] * rate
        rows.append(row)
    ends = {f"{course.hours:g} h" for course in courses.values()}
    when = " and ".join(f"{hour:g} h" for hour in hours if hour is not None) or (ends.pop() if len(ends) == 1 else "the end")
    return table(caption or f"Levels after {when}", headings, rows)


def _at(hour: float | None, hours: Sequence[float | None]) -> str:
    return "" if hour is None or len(hours) == 1 else f" at {hour:g} h"


def exposure(courses: Mapping[str, Course]) -> ResultTable:
    """Return the highest level of each course and its area under the curve, also as a share of the first one's."""
    areas = {name: metrics.auc_u_h_per_ml(course) for name, course in courses.items()}
    whole = next(iter(areas.values()))
    rows = [
        (name, f"{metrics.peak_u_per_ml(course):.2f} U/mL", f"{areas[name]:.2f} U h/mL", f"{areas[name] / whole:.0%}")
        for name, course in courses.items()
    ]
    return table("What reaches the blood", ("given", "highest level", "area under the curve", "share of the first"), rows)


# Blood


def ranges(reagents: Sequence[Reagent], patient: Patient) -> ResultTable:
    """Return the aPTT range that corresponds to an anti-Xa of 0.3 to 0.7 U/mL with each reagent, the least sensitive first."""
    rows = [
        (
            reagent.label,
            aptt_range_for_anti_xa(reagent, patient).in_words().removeprefix("aPTT "),
            f"{reagent.slope_ml_per_u:.2f} mL/U",
        )
        for reagent in sorted(reagents, key=lambda one: one.slope_ml_per_u)
    ]
    return table("The aPTT at anti-Xa 0.3 to 0.7 U/mL, in one patient", ("reagent", "aPTT range", "sensitivity"), rows,
                 note="Sensitivity: how steeply the logarithm of the aPTT rises with the heparin level.")  # fmt: skip


def calibrations(samples: Mapping[str, Sequence[Sample]]) -> ResultTable:
    """Return the aPTT range that each set of samples gives, with a logarithmic and with a straight line."""
    rows = []
    for name, tubes in samples.items():
        for form in FORMS:
            fit = calibrate(tuple(tubes), form=form)
            ends = ((fit.low_s, fit.low_band_s), (fit.high_s, fit.high_band_s))
            rows.append((f"{name}, {'straight' if form == 'linear' else form} line",
                         *(end_in_words(end, band) for end, band in ends),
                         f"{fit.correlation:.2f}"))  # fmt: skip
    return table("The aPTT range of one laboratory (95 % confidence interval)",
                 ("samples and line", "lower end", "upper end", "correlation"), rows)  # fmt: skip


def agreements(samples: Mapping[str, Sequence[Sample]], in_use: TherapeuticRange) -> ResultTable:
    """Return how far aPTT and anti-Xa agree in each set of samples, given the aPTT range in use."""
    found = {name: agreement(tuple(tubes), in_use) for name, tubes in samples.items()}
    rows = [
        (name, f"{one.in_fraction:.0%}", f"{one.below_fraction:.0%}", f"{one.above_fraction:.0%}",
         f"{one.concordant_fraction:.0%}", f"{one.rank_correlation_ratio:.2f}")
        for name, one in found.items()
    ]  # fmt: skip
    headings = ("patients", "aPTT in range", "below", "above", "both assays agree (all samples)", "rank correlation")
    return table("Samples with an anti-Xa in range: where is their aPTT?", headings, rows)


def act(drugs: Sequence[Drug], patient: Patient, levels_u_per_ml: Sequence[float] = (0.0, 1.0, 2.0)) -> ResultTable:
    """Return the ACT at some heparin levels by each model's curve; raises ``ValueError`` for a model without one."""
    rows = []
    for drug in drugs:
        if drug.act is None:
            raise ValueError(f"{drug.name} must have an ACT curve; got none")
        read = [float(level("act_s", one, patient, drug.responses)) for one in levels_u_per_ml]
        rows.append((drug.label, drug.act.name, *(f"{seconds:.0f} s" for seconds in read)))
    headings = ("model", "instrument", *(f"at {one:g} U/mL" for one in levels_u_per_ml))
    return table("ACT against heparin level", headings, rows)


def reports(laboratories: Mapping[str, Laboratory], patient: Patient, drug: Drug, level_u_per_ml: float) -> ResultTable:
    """Return what each laboratory reports of one patient with one heparin level, in blood drawn at 6 h."""
    found = {name: one.report(level_u_per_ml, patient, drug.responses, 6.0, 1) for name, one in laboratories.items()}
    rows = [(name, lab.in_words()) for name, lab in found.items()]
    return table(f"One patient, heparin {level_u_per_ml:g} U/mL: what is reported", ("sample", "report"), rows)


# Patients


def dosing_weights(patient: Patient) -> ResultTable:
    """Return the weight by which each rule doses a patient."""
    rows = [(rule, f"{dosing_weight_kg(patient, rule):.0f} kg") for rule in DOSING_WEIGHTS]
    return table(f"Dosing weight of a patient of {patient.weight_kg:g} kg", ("rule", "dosing weight"), rows)


def needed(drug: Drug, people: Mapping[str, Patient], target: TherapeuticRange) -> ResultTable:
    """Return the infusion that brings each patient to the middle of a range, and the levels three days later."""
    rows = []
    for name, patient in people.items():
        asked = needed_rate_u_per_kg_per_h(drug, patient, target)
        course = simulate(patient, drug, Regimen((Infusion(time_h=0.0, rate_u_per_kg_per_h=asked),)), hours=_SETTLED_H)
        rows.append(
            (
                name,
                f"{asked:.1f} U/kg/h",
                _level("anti_xa_u_per_ml", course.level_at("anti_xa_u_per_ml", _SETTLED_H)),
                f"{course.concentration_at_u_per_ml(_SETTLED_H):.2f} U/mL",
                _level("aptt_s", course.level_at("aptt_s", _SETTLED_H)),
            )
        )
    headings = ("patient", "infusion", "anti-Xa", "heparin", "aPTT")
    return table(f"The infusion for the middle of {target.in_words()} in this model", headings, rows)


def effects(drug: Drug, people: Mapping[str, Patient]) -> ResultTable:
    """Return the covariate effects of each patient in the patient's words, each with its paper."""
    rows: list[tuple[Cell, ...]] = []
    for name, patient in people.items():
        found = drug.differences(patient)
        rows += [(name, one.words, _size(one.effect.source), _link(one.effect.source)) for one in found]
        if not found:
            rows.append((name, "Only my size counts in this model.", "", ""))
    return table("What the patients might say", ("patient", "in the patient's words", "size", "paper"), rows)


def _size(source: Source) -> str:
    return "assumed" if source.confidence == "assumed" else "from the paper"


def _link(source: Source, text: str = "") -> Link:
    address = f"https://doi.org/{source.doi}" if source.doi else source.url
    return Link(text or source.key.replace("_", " "), address)


# What is known


_AS_WRITTEN = {"anti_xa": "anti-Xa", "xa": "Xa", "aptt": "aPTT", "hit": "HIT"}


def practice(*topics: str) -> ResultTables:
    """Return what guidelines and studies say on some topics, a table for each, folded from the second on."""
    found = []
    for place, topic in enumerate(topics):
        rows = [(one.text, f"{one.region}, {one.dated}", one.strength, _link(one.source)) for one in statements.about(topic)]
        name = " ".join(_AS_WRITTEN.get(word, word) for word in topic.replace("anti-xa", "anti_xa").split("-"))
        found.append(table(f"What is known: {name}", ("statement", "where, when", "strength", "source"), rows, folded=place > 0))
    return ResultTables(tuple(found))


def indications(several: Sequence[Indication], *, aims: bool = True) -> ResultTable:
    """Return the indications with their patients and, where wanted, what is aimed at and monitored."""
    rows = []
    for one in several:
        row = [one.title, one.people]
        if aims:
            row += [one.target.in_words() if one.target else "no level", one.watch]
        rows.append(row)
    return table("Reasons to give heparin", ("reason", "in", *(("aim", "monitoring") if aims else ())), rows)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def indication(one: Indication) -> ResultTable:
    """Return one indication as a card."""
    aim = one.target.in_words() if one.target else "no level is aimed at"
    rows: list[tuple[Cell, ...]] = [
        ("what heparin does", one.why),
        ("aim", aim),
        ("monitoring", one.watch),
        ("model", one.drug.label),
    ]
    rows += [("note", one.caveats)] if one.caveats else []
    return table(
        _capital(one.title),
        ("topic", "what applies"),
        [*rows, ("source", _link(one.source, one.source.citation))],
    )


def first_orders(
    one: Indication, weights_kg: Sequence[float], *, assay: str = "anti_xa_u_per_ml", at_h: float = 24.0
) -> ResultTable:
    """Return the first orders of an indication at some weights, and the level after a day."""
    courses = {f"{weight:g} kg": one.course(Patient(weight_kg=weight)) for weight in weights_kg}
    rows = [(name, course.chart()[0][2], _level(assay, course.level_at(assay, at_h))) for name, course in courses.items()]
    return table(f"{_capital(one.title)}: first orders", ("weight", "orders", f"{ASSAYS[assay].label} after {at_h:g} h"), rows)


def protamine(one: Indication, weights_kg: Sequence[float]) -> ResultTable:
    """Return how much protamine an indication gives at some weights; raises ``ValueError`` for one that gives none."""
    rows = []
    for weight in weights_kg:
        given = [order for order in one.regimen_for(Patient(weight_kg=weight)).orders if isinstance(order, Protamine)]
        if not given:
            raise ValueError(f"{one.name} must give protamine; got none")
        rows.append((f"{weight:g} kg", *(f"{number:g} {unit}" for number, unit in _given(given[-1]))))
    return table(f"{_capital(one.title)}: how much protamine", ("weight", "given at", "dose", "over"), rows)


def _given(order: Protamine) -> tuple[tuple[float, str], ...]:
    return (order.time_h, "h"), (order.dose_mg, "mg"), (order.over_min, "min")


def sources(*runs: Cited, caption: str = "Sources") -> ResultTable:
    """Return the papers that these courses or trials used, each with how it was read, folded."""
    rows = [(_link(one, one.citation), one.confidence) for one in sources_of(*runs)]
    return table(caption, ("paper", "how it was read"), rows, folded=True)


def places(found: Mapping[str, Source], *, caption: str = "Where each was read", heading: str = "what") -> ResultTable:
    """Return named sources with the place in each paper, folded."""
    rows = [(name, one.where, _link(one, one.citation), one.confidence) for name, one in found.items()]
    return table(caption, (heading, "place in the paper", "paper", "how it was read"), rows, folded=True)


# Validation


def claims(rows: Iterable[Row]) -> ResultTable:
    """Return rows of the validation: what a paper printed, what the model says, and whether that lies inside."""
    return _claims("Printed values and the models", tuple(rows), folded=False)


def _claims(caption: str, rows: Sequence[Row], *, folded: bool) -> ResultTable:
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        claim = row.claim
        printed = f"{claim.printed:.3g} {claim.unit} ({claim.low:.3g} to {claim.high:.3g}, {claim.uncertainty})"
        verdict = ("inside" if row.inside else "outside") + (f" {claim.mark}" if claim.mark else "")
        why = _with_labels(row.why)
        cells.append((claim.quantity, claim.population, printed, f"{row.ours:.3g}", verdict, why, _link(claim.source)))
    headings = ("quantity", "patients", "printed", "ours", "verdict", "reason of a miss", "source")
    return table(caption, headings, cells, folded=folded)


def _with_labels(text: str) -> str:
    """Return a text with the labels of models and of reagents in brackets in place of their names."""
    for reagent in REAGENTS.values():
        text = text.replace(f"({reagent.name})", f"({reagent.label})")
    for drug in sorted(ALL, key=lambda one: -len(one.name)):
        text = text.replace(drug.name, drug.label)
    return text.replace("UFH_DEFAULT", "the default model")


def misses(rows: Iterable[Row]) -> ResultTables:
    """Return the rows outside that prove something, a table for each group, folded."""
    found = [row for row in rows if row.claim.proves and not row.inside]
    by_group = {group: [row for row in found if row.claim.group == group] for group in GROUPS}
    return ResultTables(tuple(_claims(f"Misses: {group}", some, folded=True) for group, some in by_group.items() if some))


def scores(rows: Iterable[Row]) -> ResultTable:
    """Return how many rows prove something, and how many of these lie inside."""
    n = score(rows)
    lines = (
        ("all rows", n["rows"], ""),
        ("… used to build the model or the effect they test (*)", n["used_to_build"], "prove nothing"),
        ("… ask a model for a number from its own paper (+)", n["own_paper"], "prove nothing"),
        ("… ask again for a number that counts in another row (=)", n["asked_again"], "prove nothing"),
        ("rows that prove something", n["proving"], f"{n['proving_inside']} inside"),
        ("… with an uncertainty that the paper prints", n["printed"], f"{n['printed_inside']} inside"),
        ("… with a tolerance of ours", n["ours"], f"{n['ours_inside']} inside"),
    )
    left = sum(row.was_inside for row in LEFT)
    note = f"Since the first edition {len(LEFT)} rows have left the collection; {left} of them lay inside."
    return table(
        "The score", ("rows", "number", "result"), [(name, f"{number}", words) for name, number, words in lines], note=note
    )


def groups(rows: Iterable[Row]) -> ResultTable:
    """Return how many of the proving rows of each group lie inside."""
    every = [row for row in rows if row.claim.proves]
    by_group = {group: [row.inside for row in every if row.claim.group == group] for group in GROUPS}
    cells = [(group, f"{len(some)}", f"{sum(some)}", f"{sum(some) / len(some):.0%}") for group, some in by_group.items() if some]
    return table("Rows that prove something, by group", ("group", "rows", "inside", "share inside"), cells)


def explained(rows: Iterable[Row]) -> ResultTable:
    """Return the misses that have a tested reason, and how many have none."""
    missed = [row for row in rows if row.claim.proves and not row.inside]
    known = [(row.claim.quantity, _with_labels(row.why)) for row in missed if row.why != "unexplained"]
    note = f"{len(known)} of {len(missed)} misses have a tested reason; {len(missed) - len(known)} are unexplained."
    return table("Misses with a tested reason", ("quantity", "reason"), known, note=note)


# Trials


def _told(outcomes: Outcomes, arm: str, key: str, group: str = "all") -> str:
    found = outcomes.estimate(arm, key, group)
    if found is None:
        return "–"
    if OUTCOMES[key].most == 1.0:
        return found.in_words(OUTCOMES[key])
    unit = OUTCOMES[key].unit
    interval = found.interval_in_words(lambda end: with_digits(end, 3))
    return f"{with_digits(found.mean, 3)} ({interval}) {unit}".rstrip()


def _mean(found: Estimate | None, key: str) -> str:
    if found is None:
        return "–"
    return f"{found.mean:.0%}" if OUTCOMES[key].most == 1.0 else f"{found.mean:.3g} {OUTCOMES[key].unit}".rstrip()


def trial(outcomes: Outcomes, keys: Sequence[str]) -> ResultTable:
    """Return some outcomes of a trial: each arm with its 95 % interval, and the paired difference of each from the first."""
    first, others = outcomes.arms[0], outcomes.arms[1:]
    headings = ["outcome", *(outcomes.labels[arm] for arm in outcomes.arms)]
    headings += [f"{outcomes.labels[arm]} minus {outcomes.labels[first]}" for arm in others]
    rows = []
    for key in keys:
        deltas = [outcomes.difference(arm, key) for arm in others]
        row = [OUTCOMES[key].label, *(_told(outcomes, arm, key) for arm in outcomes.arms)]
        rows.append(row + ["–" if delta is None else signed(delta, OUTCOMES[key]) for delta in deltas])
    note = f"The common range is {outcomes.common_range.in_words()}."
    caption = f"{outcomes.n:,} patients, the same under each nomogram, {outcomes.hours:g} h (95 % confidence interval)"
    return table(caption, headings, rows, note=note if any("common" in key for key in keys) else "")


_FEATURES = {
    "weight_kg": "weight (kg)",
    "height_cm": "height (cm)",
    "age_y": "age (years)",
    "antithrombin_fraction": "antithrombin (share of normal)",
    "factor_viii_u_per_ml": "factor VIII (U/mL)",
    "baseline_aptt_s": "aPTT before heparin (s)",
    "kidney_failure": "kidney failure",
}


def population(ward: Population) -> ResultTable:
    """Return how the patients of a ward differ, each distribution with its paper."""
    rows: list[tuple[Cell, ...]] = []
    for one in ward.distributions:
        name = _FEATURES.get(one.feature, one.feature.replace("_", " "))
        numbers = one.numbers_in_words()
        for feature, words in _FEATURES.items():
            numbers = numbers.replace(feature, words.partition(" (")[0])
        rows.append((f"{name}{f', {one.among}' if one.among else ''}", numbers, _link(one.sources[0])))
    return table(f"The patients: {ward.name}", ("feature", "distribution", "source"), rows,
                 note="SD of ln: standard deviation of the logarithm; r: correlation.")  # fmt: skip


def laboratories(outcomes: Outcomes) -> ResultTable:
    """Return the range of each nomogram, the anti-Xa it stands for, and how its laboratory's reagent fits it."""
    rows = []
    for arm, match in outcomes.matches.items():
        low, high = match.own_range
        own = TherapeuticRange(assay=match.target.assay, low=min(low, 998.0), high=min(high, 999.0))
        digits = 0 if match.target.assay == "aptt_s" else 1
        written = TherapeuticRange(assay=own.assay, low=round(own.low, digits), high=round(own.high, digits)).in_words()
        known = "assumed" if match.is_assumed else "from its source"
        rows.append((outcomes.labels[arm], match.target.in_words(), f"{match.meant.in_words()} ({known})", match.reagent.label,
                     written, "yes" if match.fits else "no"))  # fmt: skip
    headings = ("nomogram", "aims at", "which stands for", "reagent", "that anti-Xa with this reagent", "does it fit?")
    return table("Each nomogram in its laboratory", headings, rows)


def differences(outcomes: Outcomes, keys: Sequence[str]) -> ResultTable:
    """Return the paired differences of each arm from the first, patient by patient."""
    first, others = outcomes.arms[0], outcomes.arms[1:]
    rows = []
    for key in keys:
        deltas = [outcomes.difference(arm, key) for arm in others]
        rows.append([OUTCOMES[key].label, *("–" if one is None else signed(one, OUTCOMES[key]) for one in deltas)])
    headings = ("outcome", *(f"{outcomes.labels[arm]} minus {outcomes.labels[first]}" for arm in others))
    return table("Differences, patient by patient (95 % confidence interval)", headings, rows)


def subgroups(outcomes: Outcomes, groups_: Sequence[str], keys: Sequence[str]) -> ResultTable:
    """Return some outcomes of each arm in some groups of patients."""
    rows = []
    for group in groups_:
        for arm in outcomes.arms:
            found = [outcomes.estimate(arm, key, group) for key in keys]
            n = next((one.n for one in found if one is not None), 0)
            cells = (_mean(one, key) for key, one in zip(keys, found, strict=True))
            rows.append([group, f"{n:,}", outcomes.labels[arm], *cells])
    headings = ("group", "patients", "nomogram", *(OUTCOMES[key].label for key in keys))
    return table("Groups of patients", headings, rows)


def shares(several: Mapping[str, Outcomes], keys: Sequence[str], *, measured: Mapping[str, Any] | None = None) -> ResultTable:
    """Return some outcomes of every arm in several trials, and what was measured elsewhere below them.

    ``measured``: values with their papers, by the name of what was measured.
    """
    first = next(iter(several.values()))
    headings = ["outcome", "nomogram", *several]
    rows: list[tuple[Cell, ...]] = [
        (OUTCOMES[key].label, first.labels[arm], *(_mean(one.estimate(arm, key), key) for one in several.values()))
        for key in keys
        for arm in first.arms
    ]
    note = "; ".join(
        f"{value.value:.1%} {quantity} ({value.source.key.replace('_', ' ')})" for quantity, value in (measured or {}).items()
    )
    return table(
        "The same patients in several hospitals", headings, rows, note=f"Measured on real wards: {note}." if note else ""
    )


def check(found: Mapping[str, PredictionCorrected]) -> ResultTable:
    """Return how many of the measured percentiles lie inside the model's interval, for each predictive check."""
    rows = [(name, f"{int(one.inside.sum())} of {one.inside.size}") for name, one in found.items()]
    return table("Measured percentiles inside the model's 95 % interval", ("reagent", "inside"), rows)
