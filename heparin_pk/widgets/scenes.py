"""The widgets of the notebooks: pictures of the package with their controls. They call the package and compute nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields, replace
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from ipywidgets import Widget
from matplotlib.axes import Axes

from heparin_pk import plot, published
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import level
from heparin_pk.body.patient import Patient
from heparin_pk.evidence import validation as proof
from heparin_pk.published.drug import Drug
from heparin_pk.published.ranges import ANTI_XA_TREATMENT, APTT_RATIO_TREATMENT, of_reagent
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h
from heparin_pk.simulation.overlay import overlay as overlay_courses
from heparin_pk.simulation.simulate import simulate
from heparin_pk.teaching import indications as reasons
from heparin_pk.trials.background import Work, beside_all, when_at_rest
from heparin_pk.trials.chunk import Chunk
from heparin_pk.trials.hospital import HOSPITALS, THROMBOSIS_WARD
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.nomogram import names as nomogram_names
from heparin_pk.ward.orders import Bolus, Infusion, Regimen
from heparin_pk.widgets.explore import Choice, Control, Drawing, Explore, Slider, Toggle
from heparin_pk.widgets.questions import Question, ask_of
from heparin_pk.widgets.stage import Stage, layers, table

TYPICAL = Patient(weight_kg=75.0)
USUAL = Regimen((Bolus(time_h=0.0, dose_u_per_kg=80.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0)))


def _started(controls: list[Control], start: dict[str, Any]) -> list[Control]:
    """Return the controls with other values at the start; raises ``ValueError`` for an unknown name."""
    known = [control.name for control in controls]
    for name in start:
        if name not in known:
            raise ValueError(f"no control {name!r}; there are {', '.join(known)}")
    return [
        type(c)(**{f.name: start.get(c.name, c.value) if f.name == "value" else getattr(c, f.name) for f in fields(c)})
        for c in controls
    ]


@lru_cache(maxsize=16)
def _stage(width: float, height: float, margins: tuple[float, float, float, float], columns: int = 1, gap: float = 0.0) -> Stage:
    """Return the stage of one kind of picture, kept for all its drawings; inches."""
    return Stage(width, height, margins=margins, columns=columns, gap=gap)


def _labelled(several: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """Return nouns as options of a list: what a reader calls each, and its name."""
    return tuple((one.label, one.name) for one in several)


def _regimen_code(bolus: float, rate: float) -> str:
    """Return the code of a bolus, U/kg, and an infusion, U/kg/h, from 0 h."""
    return f"regimen = Regimen((Bolus(time_h=0, dose_u_per_kg={bolus:g}), Infusion(time_h=0, rate_u_per_kg_per_h={rate:g})))"


# Why is the half-life not a number?


def _half_life(dose: float, model: str) -> Drawing:
    """Draw the decay after one bolus, U/kg, and the half-life against the dose."""
    drug = published.named(model)
    stage = _stage(12.0, 4.6, (0.9, 0.75, 0.2, 0.2), 2, 1.0)
    axes = stage.cleared()
    plot.decays(drug, TYPICAL, (dose,), ax=axes[0])
    plot.half_lives({drug.label: drug}, TYPICAL, ax=axes[1])
    course = plot.after_bolus(drug, TYPICAL, dose)
    half_h = metrics.half_life_h(course)
    axes[1].set_xlim(13.0, 460.0)
    if half_h is not None:
        axes[1].plot([dose], [60.0 * half_h], "o", ms=12, mfc="none", mec=plot.VERMILION, mew=2.5, label="_this bolus")
    falls = "does not fall to half within 12 h" if half_h is None else f"falls to half in {60.0 * half_h:.0f} min"
    words = (
        f"After {dose:g} U/kg the level {falls} ({drug.label}). Printed half-lives: "
        "30 min after 25, 60 min after 100 and 150 min after 400 U/kg."
    )
    code = (
        "from heparin_pk import Bolus, Patient, Regimen, metrics, plot, published, simulate\n\n"
        f"patient, drug = Patient(weight_kg=75), published.{model}\n"
        f"bolus = Regimen((Bolus(time_h=0, dose_u_per_kg={dose:g}),))\n"
        "print(60 * metrics.half_life_h(simulate(patient, drug, bolus, hours=12)))\n"
        f"plot.decays(drug, patient, ({dose:g},))\n"
        f"plot.half_lives({{{model!r}: drug}}, patient)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


_ONE_BOLUS = (
    "UFH_B_DERIVED",
    "UFH_A_DERIVED",
    "UFH_A_HALF_LIVES_DERIVED",
    "UFH_TRIPLE_DERIVED",
    "KANDROTAS_1989_UFH",
    "RXKINETICS_UFH",
)


def _half_life_h(drug: Drug, dose_u_per_kg: float) -> float:
    return metrics.half_life_h(plot.after_bolus(drug, TYPICAL, dose_u_per_kg)) or 0.0


def _grows_or_not(before: float, after: float) -> str:
    if abs(after / before - 1.0) < 0.02:
        return "no change"
    return "it grows" if after > before else "it shrinks"


def half_life(*, predict: bool | Widget = True, **start: Any) -> Explore:
    """Return a widget on the dose of one bolus: the decay, its half-life, and the printed half-lives.

    ``predict``: whether it asks for a prediction first; or a question above it, after which the picture appears

    Raises ``ValueError`` for a widget that asks nothing.
    """
    controls: list[Control] = [
        Slider(name="dose", label="bolus (U/kg)", low=15.0, high=400.0, step=5.0, value=25.0),
        Choice(
            name="model",
            label="model",
            options=_labelled(published.named(name) for name in _ONE_BOLUS[:5]),
            value="UFH_B_DERIVED",
        ),
    ]
    question = Question(
        text="The bolus is four times as large: 100 in place of 25 U/kg, in the default model. How does the half-life change?",
        answers={
            "no change": "It stays where a constant share is lost in each hour. Heparin's binding sites fill up: of a larger "
            "dose a smaller share is lost.",
            "it grows": "The binding sites of endothelium and macrophages fill up, and a smaller share is lost in each hour.",
            "it shrinks": "More heparin would have to be lost faster than in proportion. It is the other way round: the binding "
            "sites fill up.",
        },
        right=lambda: _grows_or_not(*(_half_life_h(published.UFH_DEFAULT, dose) for dose in (25.0, 100.0))),
    )
    if isinstance(predict, Widget):
        return Explore(_started(controls, start), _half_life, waits_for=ask_of(predict))
    return Explore(_started(controls, start), _half_life, predict=question if predict else None)


# Several models


def _overlay(bolus: float, rate: float, assay: str, **chosen: bool) -> Drawing:
    """Draw one patient in the chosen models."""
    names = [name for name in _MODELS if chosen[name]]
    if not names:
        raise ValueError("choose a model at least; got none")
    regimen = Regimen((Bolus(time_h=0.0, dose_u_per_kg=bolus), Infusion(time_h=0.0, rate_u_per_kg_per_h=rate)))
    patient = Patient(weight_kg=75.0, age_y=50.0, height_cm=175.0, sex="male")
    courses = overlay_courses(patient, [published.named(name) for name in names], regimen)
    target = ANTI_XA_TREATMENT if assay == "anti-Xa" else APTT_RATIO_TREATMENT
    stage = _stage(14.0, 5.6, (0.9, 1.3, 5.0, 0.25))
    plot.overlay(courses, assay=target.assay, target=target, ax=stage.cleared()[0])
    code = (
        "from heparin_pk import Bolus, Infusion, Patient, Regimen, overlay, plot, published\n\n"
        'patient = Patient(weight_kg=75, age_y=50, height_cm=175, sex="male")\n'
        f"{_regimen_code(bolus, rate)}\n"
        f"courses = overlay(patient, [{', '.join(f'published.{name}' for name in names)}], regimen)\n"
        f'plot.overlay(courses, assay="{target.assay}", target=published.ranges.'
        f"{'ANTI_XA_TREATMENT' if assay == 'anti-Xa' else 'APTT_RATIO_TREATMENT'})\n"
    )
    return Drawing(figure=stage, words=plot.describe_overlay(courses, target.assay), code=code)


_MODELS = (
    "UFH_B_DERIVED",
    "UFH_A_DERIVED",
    "JIA_2015_UFH",
    "DELAVENNE_2017_UFH",
    "KANDROTAS_1989_UFH",
    "BRUNET_2008_UFH_DERIVED",
    "AL_SALLAMI_2016_UFH",
    "SALEM_2022_UFH",
    "RXKINETICS_UFH",
)


def overlay(**start: Any) -> Explore:
    """Return a widget on published models and orders: the same patient in all chosen models."""
    controls: list[Control] = [
        Slider(name="bolus", label="bolus (U/kg)", low=0.0, high=120.0, step=5.0, value=80.0),
        Slider(name="rate", label="infusion (U/kg/h)", low=0.0, high=32.0, step=0.5, value=18.0),
        Choice(name="assay", label="assay", options=("anti-Xa", "aPTT ratio"), value="anti-Xa"),
        *(
            Toggle(
                name=name, label=published.named(name).label, value=name in ("UFH_B_DERIVED", "JIA_2015_UFH", "SALEM_2022_UFH")
            )
            for name in _MODELS
        ),
    ]
    return Explore(_started(controls, start), _overlay)


# How does the blood answer?


def _blood(reagent: str, concentration: float, baseline: float, antithrombin: float, factor_viii: float) -> Drawing:
    """Draw aPTT against anti-Xa of one patient with one reagent."""
    patient = Patient(
        weight_kg=75.0, baseline_aptt_s=baseline, antithrombin_fraction=antithrombin, factor_viii_u_per_ml=factor_viii
    )
    chosen, drug = REAGENTS[reagent], published.UFH_DEFAULT
    answers = drug.answers_with(chosen)
    in_use = TherapeuticRange(assay="aptt_s", low=45.0, high=75.0)
    drawn = [chosen] if reagent == "guideline" else [chosen, REAGENTS["guideline"]]
    stage = _stage(10.5, 5.6, (0.9, 0.75, 3.3, 0.25))
    ax = plot.reagents(patient, drawn, target=in_use, responses=answers, ax=stage.cleared()[0])
    seconds = float(level("aptt_s", concentration, patient, answers))
    found = float(level("anti_xa_u_per_ml", concentration, patient, answers))
    ax.plot([found], [min(seconds, 172.0)], "D", ms=11, mfc=plot.VERMILION, mec=plot.BLACK, zorder=5, label="your patient")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11, frameon=False)
    aptt = f"{seconds:.0f} s" if seconds <= 150.0 else "more than 150 s"
    verdicts = ["in" if is_in else "not in" for is_in in (seconds in in_use, found in ANTI_XA_TREATMENT)]
    words = (
        f"Heparin {concentration:g} U/mL in this patient: aPTT {aptt} ({chosen.label}), anti-Xa {found:.2f} U/mL. The aPTT is "
        f"{verdicts[0]} 45-75 s, the anti-Xa {verdicts[1]} 0.3-0.7 U/mL."
    )
    if drug.differences(patient):
        words += f"\n{drug.in_the_patients_words(patient)}"
    code = (
        "from heparin_pk import Patient, TherapeuticRange, level, plot, published\n\n"
        f"patient = {patient!r}\n"
        f"reagents = [published.reagents.REAGENTS[name] for name in {[choice.name for choice in drawn]!r}]\n"
        "answers = published.UFH_DEFAULT.answers_with(reagents[0])\n"
        f"for assay in ('aptt_s', 'anti_xa_u_per_ml'):\n    print(assay, level(assay, {concentration:g}, patient, answers))\n"
        "in_use = TherapeuticRange(assay='aptt_s', low=45, high=75)\n"
        "plot.reagents(patient, reagents, target=in_use, responses=answers)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


def _first_to_show_low_antithrombin() -> str:
    """Return which assay falls more at 0.5 U/mL when half of the antithrombin is missing."""
    low = Patient(weight_kg=75.0, antithrombin_fraction=0.5)
    answers = published.UFH_DEFAULT.responses
    left = {
        words: float(level(assay, 0.5, low, answers)) / float(level(assay, 0.5, TYPICAL, answers))
        for words, assay in (("the aPTT", "aptt_s"), ("the anti-Xa", "anti_xa_u_per_ml"))
    }
    first, second = sorted(left, key=lambda words: left[words])
    return "both equally" if left[second] - left[first] < 0.05 else first


def blood(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on one patient's blood and one reagent: aPTT and anti-Xa at the same heparin concentration."""
    controls: list[Control] = [
        Choice(name="reagent", label="aPTT reagent", options=_labelled(REAGENTS.values()), value="guideline"),
        Slider(name="concentration", label="heparin (U/mL)", low=0.0, high=1.0, step=0.05, value=0.5),
        Slider(name="baseline", label="baseline aPTT (s)", low=22.0, high=60.0, step=1.0, value=30.0),
        Slider(name="antithrombin", label="antithrombin (share)", low=0.1, high=1.2, step=0.05, value=1.0),
        Slider(name="factor_viii", label="factor VIII (U/mL)", low=0.5, high=6.0, step=0.1, value=1.0),
    ]
    question = Question(
        text="A patient has 0.5 U/mL of heparin. Half of the antithrombin is missing, the heparin is the same. Which of the two "
        "assays "
        "shows less?",
        answers={
            "the aPTT": "With half of the antithrombin a therapeutic level of heparin still prolongs the aPTT as much (Krulder "
            "1996); it changes only when three quarters of it are gone.",
            "the anti-Xa": "The heparin in the tube can only work through the patient's own antithrombin, if the assay adds "
            "none: with half of it, half of the anti-Xa.",
            "both equally": "They need antithrombin in different amounts: the anti-Xa falls in proportion, the aPTT only when "
            "three quarters of it are gone.",
        },
        right=_first_to_show_low_antithrombin,
    )
    return Explore(_started(controls, start), _blood, predict=question if predict else None)


# Why does every patient need another dose?


_CONDITIONS = ("acute_thrombosis", "cirrhosis", "kidney_failure", "pregnant", "smoker")


def _patients(
    weight: float, age: float, sex: str, antithrombin: float, factor_viii: float, doac: float, morning: bool, **conditions: Any
) -> Drawing:
    """Draw the usual treatment of one patient and of a typical one in two assays."""
    patient = Patient(
        weight_kg=weight,
        age_y=age,
        sex=None if sex == "not stated" else sex,
        antithrombin_fraction=antithrombin,
        factor_viii_u_per_ml=factor_viii,
        doac_anti_xa_u_per_ml=doac,
        clock_at_start_h=8.0 if morning else None,
        **conditions,
    )
    drug: Drug = published.UFH_DEFAULT
    courses = {"typical, 75 kg": _typical_course(), "this patient": simulate(patient, drug, USUAL, hours=48.0)}
    stage = _stage(13.0, 5.0, (0.9, 0.75, 0.2, 0.3), 2, 1.0)
    plot.two_assays(courses, axes=stage.cleared())
    aptt = of_reagent(drug.reagent)
    words = (
        f"80 U/kg, then 18 U/kg/h. Needed in this model for the middle of the range (not a dose): {_need(drug, patient, aptt)}; "
        f"{_need(drug, patient, ANTI_XA_TREATMENT)}.\n{drug.in_the_patients_words(patient)}"
    )
    code = (
        "from heparin_pk import Bolus, Infusion, Patient, Regimen, plot, published, simulate\n\n"
        f"patient = {patient!r}\n"
        f"{_regimen_code(80.0, 18.0)}\n"
        "course = simulate(patient, published.UFH_DEFAULT, regimen, hours=48)\n"
        "plot.two_assays({'this patient': course})\n"
        "print(published.UFH_DEFAULT.in_the_patients_words(patient))\n"
    )
    return Drawing(figure=stage, words=words, code=code)


@lru_cache(maxsize=1)
def _typical_course() -> Course:
    return simulate(TYPICAL, published.UFH_DEFAULT, USUAL, hours=48.0)


def _need(drug: Drug, patient: Patient, target: TherapeuticRange) -> str:
    """Return the rate that brings one assay to the middle of its range, and what it does to the other assay."""
    try:
        rate = needed_rate_u_per_kg_per_h(drug, patient, target)
    except ValueError:
        return f"{target.in_words()} cannot be reached"
    plateau = drug.individual(patient).steady_state_u_per_ml(rate * patient.weight_kg)
    later = replace(patient, doac_anti_xa_u_per_ml=0.0)  # at the plateau it has left the body
    seconds, found = (float(level(assay, plateau, later, drug.responses)) for assay in ("aptt_s", "anti_xa_u_per_ml"))
    aptt = f"{seconds:.0f} s" if seconds <= 150.0 else "more than 150 s"
    words = f"{rate:.1f} U/kg/h by {target.in_words()}, with aPTT {aptt} and anti-Xa {found:.2f} U/mL"
    high_s = of_reagent(drug.reagent).high
    if max(seconds / high_s, found / ANTI_XA_TREATMENT.high) > _TOO_MUCH:
        words += " (a warning: the other assay lies far above its range)"
    return words


_TOO_MUCH = 1.2
"""How many times the upper end of its range an assay may show before a rate is called a warning."""


def _level_at_twice_the_weight() -> str:
    """Return how the level at 18 U/kg/h compares at 150 and at 75 kg."""
    at_150, at_75 = (
        published.UFH_DEFAULT.individual(Patient(weight_kg=kg)).steady_state_u_per_ml(18.0 * kg) for kg in (150.0, 75.0)
    )
    return "the same" if abs(at_150 / at_75 - 1.0) < 0.05 else "higher" if at_150 > at_75 else "lower"


def patients(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on a patient: the usual treatment in two assays, the dose needed, and the covariate effects in words."""
    controls: list[Control] = [
        Slider(name="weight", label="weight (kg)", low=40.0, high=160.0, step=1.0, value=150.0),
        Slider(name="age", label="age (years)", low=18.0, high=100.0, step=1.0, value=50.0),
        Choice(name="sex", label="sex", options=("not stated", "female", "male"), value="not stated"),
        Slider(name="antithrombin", label="antithrombin (share)", low=0.1, high=1.2, step=0.05, value=1.0),
        Slider(name="factor_viii", label="factor VIII (U/mL)", low=0.5, high=6.0, step=0.1, value=1.0),
        Slider(name="doac", label="DOAC level (U/mL)", low=0.0, high=3.0, step=0.1, value=0.0),
        Toggle(name="morning", label="circadian variation (start at 8:00)"),
        *(Toggle(name=name, label=name.replace("_", " ")) for name in _CONDITIONS),
    ]
    question = Question(
        text="A patient weighs 150 kg and gets 18 U/kg/h. Does the same infusion per kg "
        "lead to a higher, a lower or the same level as at 75 kg?",
        answers={
            "higher": "Clearance grows more slowly than weight: twice the weight does not need twice the dose.",
            "the same": "It would be the same if clearance grew in proportion to weight. It grows more slowly: the same dose per "
            "kg is more than a heavy patient needs.",
            "lower": "It would be lower if fat tissue took heparin up. Heparin stays in the blood, whose volume and clearance "
            "grow more slowly than weight.",
        },
        right=_level_at_twice_the_weight,
    )
    return Explore(_started(controls, start), _patients, predict=question if predict else None)


# Five reasons


_TYPICAL_BY_AGE = {
    "adults": {"height_cm": 170.0, "sex": "male", "age_y": 60.0},
    "children": {"height_cm": 115.0, "sex": "female", "age_y": 6.0},
    "infants": {"height_cm": 60.0, "sex": "male", "age_y": 0.4},
}
_WEIGHTS_KG = {"adults": (40.0, 160.0), "children": (10.0, 60.0), "infants": (3.0, 10.0)}


def _indications(reason: str, weight: float) -> Drawing:
    """Draw one indication for a patient of this weight, kg."""
    indication = reasons.named(reason)
    low, high = _WEIGHTS_KG[indication.people]
    if not low <= weight <= high:
        raise ValueError(
            f"{reason} is drawn for {indication.people} of {low:g} to {high:g} kg; the weight is {weight:g} kg: "
            f"move it to between {low:g} and {high:g} kg"
        )
    patient = Patient(weight_kg=weight, **_TYPICAL_BY_AGE[indication.people])  # type: ignore[arg-type]
    course = indication.course(patient)
    stage = _stage(9.5, 5.0, (0.9, 0.75, 0.25, 0.65))
    plot.indications([indication], patient, courses=[course], axes=stage.cleared())
    chart = course.in_words()
    words = f"{plot.describe_indication(indication, course)}\nMonitoring: {indication.watch}.\n{indication.caveats}\n{chart}"
    code = (
        "from heparin_pk import Patient, indications, plot\n\n"
        f"patient = {patient!r}\n"
        f"reason = indications.named({reason!r})\n"
        "print(reason.course(patient).in_words())\n"
        "plot.indications([reason], patient)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


def _peak_under_the_skin() -> str:
    """Return which answer is nearest to the peak anti-Xa of 5,000 U under the skin."""
    course = reasons.named("dvt-prophylaxis-8h").course(TYPICAL)
    peak = float(course.level("anti_xa_u_per_ml").max())
    levels = {"about 0.1 U/mL": 0.1, "about 0.5 U/mL": 0.5, "about 1 U/mL": 1.0}
    return min(levels, key=lambda words: abs(levels[words] - peak))


def indications(*, predict: bool = False, **start: Any) -> Explore:
    """Return a widget on the indications for heparin and a weight: the level over the day, its range, and the monitoring."""
    controls: list[Control] = [
        Choice(
            name="reason", label="reason", options=tuple((one.title, one.name) for one in reasons.ALL), value="dvt-prophylaxis-8h"
        ),
        Slider(name="weight", label="weight (kg)", low=3.0, high=160.0, step=1.0, value=75.0),
    ]
    question = Question(
        text="5,000 U are given subcutaneously. What anti-Xa level will they reach?",
        answers={
            "about 0.1 U/mL": "Absorption is slow and only a share of the dose arrives: enough to prevent a clot, far from the "
            "level that treats one.",
            "about 0.5 U/mL": "0.5 U/mL is the level of treatment by infusion. Under the skin 5,000 U are absorbed slowly and in "
            "part.",
            "about 1 U/mL": "1 U/mL is near what 5,000 U into a vein reach for a short time. Under the skin they are absorbed "
            "slowly and in part.",
        },
        right=_peak_under_the_skin,
    )
    return Explore(_started(controls, start), _indications, predict=question if predict else None)


_REST_S = 1.0
"""How long the controls rest before other pictures are prepared: until then the processors belong to this one."""


# Does it hold?


_SLOW = ("response", "children", "virtual trials")
"""Groups whose rows ask thousands of virtual patients, up to some seconds a row."""
_AT_ONCE_S = 0.04
_IN_ONE_GO_S = 0.5
_answers: dict[tuple[str, int], float] = {}
"""Our values found so far, by group and place in it: asked once in a process, since no control changes them."""


def _asked(group: str, todo: tuple[int, ...], most_s: float) -> dict[tuple[str, int], float]:
    """Return our values of some rows of a group, until this time has passed; one at least."""
    claims, found, until = proof.claims_of(group), {}, time.monotonic() + most_s
    for place in todo:
        found[group, place] = claims[place].row().ours
        if time.monotonic() > until:
            break
    return found


def _next_rows(groups: tuple[str, ...]) -> Work | None:
    """Return the work on the next rows of these groups that have no value yet, or ``None``."""
    for group in groups:
        todo = tuple(place for place in range(len(proof.claims_of(group))) if (group, place) not in _answers)
        if todo:
            key = ("rows", group, todo[0])
            return Work(key=key, function=_asked, arguments=(group, todo, _IN_ONE_GO_S), take=_answers.update)
    return None


def _rows(group: str) -> list[proof.Row | proof.Claim]:
    """Return the rows of a group, with a claim where our value is not known yet."""
    groups = proof.GROUPS if group == "all" else (group,)
    return [
        proof.Row(claim=claim, ours=_answers[one, place]) if (one, place) in _answers else claim
        for one in groups
        for place, claim in enumerate(proof.claims_of(one))
    ]


def _all_rows(group: str) -> list[proof.Row]:
    """Return the rows of a group, after asking for what is missing."""
    while (work := _next_rows((group,))) is not None:
        work.do()
    return [row for row in _rows(group) if isinstance(row, proof.Row)]


def _validation(group: str, fresh: bool) -> Drawing:
    """Draw the rows of a group, with or without those used to build a model."""
    groups = proof.GROUPS if group == "all" else (group,)
    more = _next_rows(groups)
    if more is not None and group not in (*_SLOW, "all"):
        _answers.update(_asked(group, more.arguments[1], _AT_ONCE_S))
        more = _next_rows(groups)
    every = [row for row in _rows(group) if (row.claim if isinstance(row, proof.Row) else row).proves or not fresh]
    if not every:
        raise ValueError(f"no row is left in {group!r}; got only rows that were used to build a model")
    pitch = 0.36 if len(every) <= 25 else 0.28 if len(every) <= plot.MOST_NAMED else 0.08
    stage = _stage(13.5, round(1.5 + pitch * len(every), 2), (_ROOM_FOR_NAMES, 1.1, 0.3, 0.1))
    plot.validation(every, ax=stage.cleared()[0])
    rows = [row for row in every if isinstance(row, proof.Row)]
    code = (
        "from heparin_pk import plot, validation\n\n"
        f"rows = validation.rows({'' if group == 'all' else f'group={group!r}'})\n"
        "print(validation.in_words(rows))\nplot.validation(rows)\n"
    )
    if more is None:
        when_at_rest("validation", _REST_S, lambda: _draw_ahead(fresh=fresh))
    sign = f"our value is computed for {len(rows)} of {len(every)} printed values; more are coming" if more is not None else ""
    by_group = (lambda: _score_table(rows)) if len(every) > plot.MOST_NAMED else None
    words = plot.describe_validation(rows) if rows else "The models are being asked; no value is known yet."
    return Drawing(figure=stage, words=words, code=code, sign=sign, numbers=by_group, more=more)


def _next_rows_of_all() -> Work | None:
    """Return the work on the next rows of all groups; when there is none left, the pictures are drawn ahead."""
    work = _next_rows(proof.GROUPS)
    if work is None:
        when_at_rest("validation", _REST_S, lambda: _draw_ahead(fresh=False))
    return work


_drawn_ahead: set[tuple[str, bool]] = set()


def _draw_ahead(*, fresh: bool) -> None:
    """While the controls rest, draw the axes of one group after another: they are kept, and the group then appears at once."""
    todo = next((group for group in ("all", *proof.GROUPS) if (group, fresh) not in _drawn_ahead), None)
    if todo is not None and _next_rows(proof.GROUPS) is None:
        _drawn_ahead.add((todo, fresh))
        try:
            with plot.styled():
                layers(_validation(todo, fresh).figure)  # which asks for the next, at rest
        except ValueError:  # no row is left in this group
            _draw_ahead(fresh=fresh)


def _score_table(rows: list[proof.Row]) -> str:
    """Return the score of each group as a table."""
    lines = []
    for group in proof.GROUPS:
        n = proof.score([row for row in rows if row.claim.group == group])
        if n["rows"]:
            lines.append([group, *(f"{n[key]}" for key in ("rows", "proving", "proving_inside"))])
    return table("Groups", ["", "values", "values that prove something", "of these, inside"], lines)


_ROOM_FOR_NAMES = 6.9
"""Room for the names of the rows, inches."""


def _groups_that_prove() -> tuple[str, ...]:
    return tuple(group for group in proof.GROUPS if any(claim.proves for claim in proof.claims_of(group)))


def _worst_group() -> str:
    """Return the group with the largest share of misses among the rows that prove something."""
    return max(_groups_that_prove(), key=lambda group: _missed(group)[0] / _missed(group)[1])


def _missed(group: str) -> tuple[int, int]:
    """Return how many of the rows of a group that prove something the models miss, and how many there are."""
    outside = [not row.inside for row in _all_rows(group) if row.claim.proves]
    return sum(outside), len(outside)


def _why_worst(predicted: str) -> str:
    """Return by how much a group is better than the worst one, or that it is the worst."""
    worst = _worst_group()
    (n, of), (most, of_most) = _missed(predicted), _missed(worst)
    if predicted == worst:
        return f"They miss {n} of {of} there."
    better = "hardly fewer" if most / of_most - n / of < 0.1 else "fewer"
    return f"They miss {n} of {of} values of “{predicted}”, {better} than the {most} of {of_most} of “{worst}”."


def validation(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on the groups of the validation: printed values compared with the models."""
    controls: list[Control] = [
        Choice(name="group", label="group", options=("all", *proof.GROUPS), value="kinetics"),
        Toggle(name="fresh", label="only rows that prove something"),
    ]
    question = Question(
        text="In which group do the models miss the largest share of the printed values?",
        answers=dict.fromkeys(_groups_that_prove(), "Go from group to group, and read what the misses have in common."),
        why=_why_worst,
        right=_worst_group,
        work=lambda: _next_rows(_groups_that_prove()),
    )
    beside_all(_next_rows_of_all)
    return Explore(_started(controls, start), _validation, predict=question if predict else None)


# Which nomogram, for whom?


_VIEWS = (
    "levels over time",
    "first result in range",
    "difference in the common range",
    "difference in each nomogram's own range",
)
_OF_EACH_NOMOGRAM = "each nomogram's own"
_FOR_CHILDREN = ("childrens-mercy-anti-xa", "paediatric-anti-xa", "paediatric-aptt")


_SEED = 7
_FIRST_PATIENTS = 50
"""Patients of the first picture."""
_KEPT_SIZES = 24
"""Numbers of patients for which the outcomes of one trial are kept."""
_GROWS = 3
"""How many times as many patients the next picture has."""
_MOST_TRIALS = 64
"""Trials that are kept: that of the picture, and those that one change of a control leads to."""


class _Tried:
    """One virtual trial of two tables, as far as it has run: chunks of patients that can be put together."""

    def __init__(self, trial: Trial, *named: str) -> None:
        self.trial, self.named = trial, named
        self.chunks: dict[tuple[int, int], Chunk] = {}
        self._added: dict[int, Outcomes] = {}

    def _cut(self, n: int) -> tuple[list[Chunk], int]:
        """Return chunks that follow one another, from patient 0 to ``n`` at most, and how many patients they hold."""
        found: list[Chunk] = []
        done = 0
        while sizes := [size for first, size in self.chunks if first == done and done + size <= n]:
            found.append(self.chunks[done, max(sizes)])
            done += max(sizes)
        return found, done

    def outcomes(self, n: int) -> Outcomes:
        """Return the outcomes of the patients there are, ``n`` at most: with ``n``, the same as those of ``trial.run(n)``."""
        chunks, done = self._cut(n)
        if done not in self._added:
            if len(self._added) >= _KEPT_SIZES:
                self._added.clear()
            found = self.trial.no_outcomes(_SEED, keep_rows=False, identity=" ".join(self.named))
            for chunk in chunks:
                found.add(chunk)
            self._added[done] = found
        return self._added[done]

    def more(self, n: int) -> Work | None:
        """Return the work on the next patients, or ``None`` where all ``n`` are there."""
        done = self._cut(n)[1]
        if done == n:
            return None
        size = min(n - done, max(_FIRST_PATIENTS, (_GROWS - 1) * done))
        runner = "compiled" if _ready else "numpy"
        arguments = (self.trial, done, size, runner)
        return Work(key=(*self.named, done, size), function=_chunk, arguments=arguments, take=self.take)

    def take(self, chunk: Chunk | None) -> None:
        """Keep a chunk; ``None``: this trial was not possible."""
        if chunk is not None:
            self.chunks[chunk.first, chunk.n] = chunk


def _chunk(trial: Trial, first: int, n: int, runner: str) -> Chunk:
    return trial.chunk(first, n, seed=_SEED, runner=runner).without_rows()


def _chunk_if_possible(trial: Trial, first: int, n: int, runner: str) -> Chunk | None:
    """Return a chunk, or ``None`` where a table cannot be used with this reagent: that is said when it is chosen."""
    try:
        return _chunk(trial, first, n, runner)
    except ValueError:
        return None


@lru_cache(maxsize=_MOST_TRIALS)
def _tried(first: str, second: str, hospital: str, reagent: str) -> _Tried:
    """Return the virtual trial of two tables; kept, because a change of view or back again needs the same trial."""
    if first == second:
        raise ValueError(f"choose two different nomograms; got {first} twice")
    return _Tried(
        Trial(
            population=THROMBOSIS_WARD,
            arms=[Nomogram.load(first), Nomogram.load(second)],
            laboratory=Laboratory(reagent=REAGENTS.get(reagent)),
            hospital=HOSPITALS[hospital],
        ),
        *(first, second, hospital, reagent),
    )


_neighbours: list[tuple[str, str, str, str]] = []
"""Trials that one change of a control leads to; their first patients are treated beside the notebook."""


def _adults() -> tuple[str, ...]:
    return tuple(name for name in nomogram_names() if name not in _FOR_CHILDREN)


def _prepare_neighbours(first: str, second: str, hospital: str, reagent: str) -> None:
    """When the controls rest, treat the first patients of every trial that one change leads to: its picture appears at once."""
    _neighbours.clear()
    when_at_rest("nomograms", _REST_S, lambda: _begin_with_neighbours(first, second, hospital, reagent))


def _begin_with_neighbours(first: str, second: str, hospital: str, reagent: str) -> None:
    _neighbours[:] = [
        *((first, other, hospital, reagent) for other in _adults() if other not in (first, second)),
        *((other, second, hospital, reagent) for other in _adults() if other not in (first, second)),
        *((first, second, other, reagent) for other in HOSPITALS if other != hospital),
        *((first, second, hospital, other) for other in (_OF_EACH_NOMOGRAM, *REAGENTS) if other != reagent),
    ]
    beside_all(_next_neighbour)


def _next_neighbour() -> Work | None:
    """Return the work on the first patients of the next neighbour that has none yet, or ``None``."""
    while _neighbours:
        with suppress(ValueError):  # two tables that no trial can have are refused when they are chosen
            tried = _tried(*_neighbours.pop(0))
            if all(first for first, _ in tried.chunks):  # none that begins with patient 0
                work = tried.more(_FIRST_PATIENTS)
                return None if work is None else replace(work, function=_chunk_if_possible)
    return None


_ready: list[bool] = []
"""Not empty when the compiled loops are loaded, and 50 patients take no longer than a blink."""


def compile_loops() -> bool:
    """Compile the loops of virtual trials and keep them on disk, where numba is installed; return whether it is.

    The first time this takes some ten seconds; afterwards a process loads them in about one.
    """
    if find_spec("numba") is None:
        return False
    for hospital in HOSPITALS:
        tried = _tried("raschke-1993", "durham-va-2009", hospital, _OF_EACH_NOMOGRAM)
        tried.take(_chunk(tried.trial, 0, _FIRST_PATIENTS, "compiled"))
    return True


def _load_loops(is_compiled: bool) -> None:
    """Load what another process has compiled."""
    if is_compiled and not _ready:
        compile_loops()
        _ready.append(True)


def _outcomes(first: str, second: str, n: int, hospital: str, reagent: str) -> Outcomes:
    """Return the outcomes of one virtual trial of all ``n`` patients."""
    tried = _tried(first, second, hospital, reagent)
    while (work := tried.more(n)) is not None:
        work.do()
    return tried.outcomes(n)


def _nomograms(first: str, second: str, n: float, hospital: str, reagent: str, view: str) -> Drawing:
    """Draw one view of a virtual trial of two nomograms, from the patients there are."""
    tried, wanted = _tried(first, second, hospital, reagent), int(n)
    more = tried.more(wanted)
    if more is not None and _ready and (0, _FIRST_PATIENTS) not in tried.chunks:
        more.do()
        more = tried.more(wanted)
    _prepare_neighbours(first, second, hospital, reagent)
    found = tried.outcomes(wanted)
    if view == _VIEWS[0]:
        stage = _stage(13.5, 5.6, (0.9, 1.15, 0.2, 0.5), 2, 1.0)
        for ax, arm in zip(stage.cleared(), found.arms, strict=True):
            plot.percentile_bands(found, arm, ax=ax)
            plot.title(ax, f"{found.labels[arm]}: {found.targets[arm].in_words()}")
        shown = "for arm in found.arms:\n    plot.percentile_bands(found, arm)\n"
    elif view == _VIEWS[1]:
        stage = _stage(13.5, 5.6, (3.0, 1.65, 0.4, 0.75))
        plot.time_to(found, ax=stage.cleared()[0])
        shown = "plot.time_to(found)\n"
    else:
        key = "common_range_in_range_fraction" if view == _VIEWS[2] else "time_in_range_fraction"
        stage = _stage(13.5, 5.6, (3.0, 1.1, 2.9, 0.2))
        ax = stage.cleared()[0]
        if found.n >= plot.FEWEST_IN_A_GROUP:
            plot.forest(found, second, key, ax=ax)
        else:
            _waits(ax)
        shown = f"plot.forest(found, {second!r}, {key!r})\n"
    needed = (
        "Laboratory, Nomogram, Trial, hospital, plot, published" if reagent in REAGENTS else "Nomogram, Trial, hospital, plot"
    )
    laboratory = f"    laboratory=Laboratory(reagent=published.reagents.REAGENTS[{reagent!r}]),\n" if reagent in REAGENTS else ""
    code = (
        f"from heparin_pk import {needed}\n\n"
        "trial = Trial(\n"
        "    population=hospital.THROMBOSIS_WARD,\n"
        f"    arms=[Nomogram.load({first!r}), Nomogram.load({second!r})],\n"
        f"{laboratory}"
        f"    hospital=hospital.{hospital.upper()},\n"
        ")\n"
        f"found = trial.run({int(n)}, seed=7, progress=False)\n"
        f"print(found.in_words())\n{shown}"
    )
    return Drawing(figure=stage, words=_trial_in_words(found), code=code, sign=_how_many(found.n, wanted), more=more)


def _waits(ax: Axes) -> None:
    """Empty the axes of a picture that needs more patients than there are."""
    ax.set_xlabel(f"differences are drawn from {plot.FEWEST_IN_A_GROUP} patients on")
    ax.set_yticks([])
    ax.set_xlim(-1.0, 1.0)
    ax.set_ylim(0.0, 1.0)


def _how_many(n: int, wanted: int) -> str:
    """Return how many patients a picture rests on."""
    return f"{n:,} patients" if n == wanted else f"from {n:,} of {wanted:,} patients, more are coming"


def _trial_in_words(found: Outcomes) -> str:
    """Return what a picture of a trial shows, and where a laboratory does not fit the range of a table."""
    words = [plot.describe_trial(found)] if found.n else ["The first patients are being treated."]
    words += [f"{found.labels[arm]}: {match.in_words()}." for arm, match in found.matches.items() if not match.fits]
    return "\n".join(words)


_ASKED_ABOUT, _ASKED_PATIENTS = ("raschke-1993", "durham-va-2009", "real", _OF_EACH_NOMOGRAM), 500
"""The trial of the first picture, which the question is about, and its patients."""


def _longer_in_its_own_range() -> str:
    """Return under which of the two nomograms the patients of the first picture are in its own range for longer."""
    first, second, hospital, reagent = _ASKED_ABOUT
    found = _outcomes(first, second, _ASKED_PATIENTS, hospital, reagent)
    one, other = (found.estimate(arm, "time_in_range_fraction") for arm in found.arms)
    assert one is not None  # it is None only without a patient
    assert other is not None
    return "no difference" if abs(one.mean - other.mean) < 0.02 else "46-70 s" if one.mean > other.mean else "68-95 s"


def nomograms(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on two nomograms, a hospital and a laboratory: the same virtual patients under both nomograms."""
    adults = _labelled(Nomogram.load(name) for name in _adults())
    controls: list[Control] = [
        Choice(name="first", label="nomogram", options=adults, value="raschke-1993"),
        Choice(name="second", label="compared with", options=adults, value="durham-va-2009"),
        Slider(name="n", label="patients", low=200.0, high=2000.0, step=100.0, value=500.0),
        Choice(name="hospital", label="hospital", options=_labelled(HOSPITALS.values()), value="real"),
        Choice(
            name="reagent",
            label="aPTT reagent",
            options=(_OF_EACH_NOMOGRAM, *_labelled(REAGENTS.values())),
            value=_OF_EACH_NOMOGRAM,
        ),
        Choice(name="view", label="picture", options=_VIEWS, value=_VIEWS[0]),
    ]
    question = Question(
        text="One nomogram aims at 46-70 s, the other at 68-95 s, each in its own laboratory. Under which are patients in its "
        "range for longer?",
        answers={
            "46-70 s": "In anti-Xa its range is the wider one: the same change of a patient leaves it less often.",
            "68-95 s": "27 s look wider than 24 s. But an aPTT rises exponentially: what counts is 95 / 68 against 70 / 46, and "
            "the range is the narrower one.",
            "no difference": "Both stand for about the same anti-Xa, but not for the same width of it: 68-95 s is the narrower "
            "range.",
        },
        right=_longer_in_its_own_range,
        work=lambda: _tried(*_ASKED_ABOUT).more(_ASKED_PATIENTS),
    )
    if find_spec("numba") is not None and not _ready:
        beside_all(lambda: None if _ready else Work(key="compile", function=compile_loops, arguments=(), take=_load_loops))
    return Explore(_started(controls, start), _nomograms, predict=question if predict else None)
