"""The laws of the package, as functions: each takes a set, an engine, a table or a controller, and raises if it does not hold.

``test_laws.py`` calls them with every published set, engine, nomogram and kind of controller, new ones too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import numpy as np
import pytest

from heparin_pk import (
    ASSAYS,
    Bolus,
    ByHand,
    Controller,
    Course,
    Decision,
    Drug,
    Fixed,
    Hold,
    Infusion,
    Laboratory,
    Nomogram,
    Patient,
    Protamine,
    Regimen,
    Situation,
    Step,
    Stop,
    Subcutaneous,
    metrics,
    nomogram,
    published,
    simulate,
    titrate,
)
from heparin_pk.blood.response import level
from heparin_pk.body.kinetics import Kinetics, State, derivatives
from heparin_pk.engine import Run, exact
from heparin_pk.simulation.rules import U_PER_MG_PROTAMINE

DRUGS: tuple[Drug, ...] = published.ALL
NOMOGRAMS: tuple[str, ...] = nomogram.names()
CLINICAL_RATES_U_PER_KG_PER_H = tuple(range(5, 41, 5))

# What was measured is about ten times smaller: the tolerances leave room for another machine, not for another method.
STEPPER_RELATIVE = 2e-6
STEPPER_WITH_PROTAMINE_RELATIVE = 2e-6
SCIPY_RELATIVE = 1e-8
FAINT_U_PER_ML = 1e-7
FAINT_U = 2.3e-4  # the stepper counts amounts: in the plasma of a newborn, 0.2 L, the same amount is a higher level
SPLITTING = {"scipy": 1e-7, "stepper": 2e-6, "compiled": 2e-6}
SCIPY_UNDERSHOOT_U = 1e-9
"""Dense output may pass zero by its absolute tolerance; a billionth of a unit is no heparin."""


# Patients and orders every set can receive


def person(weight_kg: float, **more: float) -> Patient:
    """Return a patient of this weight whose height, sex and kidneys are known, so that every set can read them."""
    return Patient(weight_kg=weight_kg, height_cm=170.0, sex="male", creatinine_clearance_ml_per_min=80.0, **more)


def patient_for(drug: Drug, **more: float) -> Patient:
    """Return a patient within the validity domain of the set, as close to 75 kg as it allows."""
    low, high = drug.studied.weight_kg or (40.0, 160.0)
    return person(min(max(75.0, low), high), **more)


def without_drug(drug: Drug, assay: str, patient: Patient) -> float:
    """Return what an assay shows before any drug."""
    if assay == "act_s":
        return patient.baseline_act_s or drug.act.baseline_s
    aptt_s_ = patient.baseline_aptt_s
    return {"anti_xa_u_per_ml": 0.0, "aptt_s": aptt_s_, "aptt_ratio": aptt_s_ / getattr(drug.reagent, "control_aptt_s", 1.0)}[
        assay
    ]


def clinical(drug: Drug) -> tuple[float, float]:
    """Return a usual bolus and rate per kg in the units of the drug: heparin's 80 and 18, or ten times that in micrograms."""
    return (80.0, 18.0) if drug.amount_unit == "U" else (800.0, 180.0)


def ward_day(drug: Drug, *, scale: float = 1.0, extra_bolus_u_per_kg: float = 0.0, extras: bool = True) -> Regimen:
    """Return a day with everything a ward orders, off the five-minute grid, in so far as the set can receive it."""
    kinetics = drug.kinetics(patient_for(drug))
    orders = [
        Bolus(time_h=0.0, dose_u_per_kg=80.0 * scale),
        Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0 * scale),
        Infusion(time_h=5.03, rate_u_per_kg_per_h=20.0 * scale),
        Bolus(time_h=5.03, dose_u_per_kg=(40.0 + extra_bolus_u_per_kg) * scale, over_min=7.0),
        Hold(time_h=10.41, duration_min=61.0),
        Infusion(time_h=10.41, rate_u_per_kg_per_h=16.0 * scale),
        Stop(time_h=17.77),
        Infusion(time_h=19.0, rate_u_per_kg_per_h=12.0 * scale),
        Stop(time_h=22.2),
    ]
    if extras and kinetics.can_absorb:
        orders.append(Subcutaneous(time_h=13.31, dose_u_per_kg=100.0 * scale))
    if extras and kinetics.can_neutralise:
        orders.append(Protamine(time_h=18.0, dose_mg=20.0))
    return Regimen(sorted(orders, key=lambda order: order.time_h))


def plain(*, bolus_u_per_kg: float = 0.0, rate_u_per_kg_per_h: float = 0.0) -> Regimen:
    """Return a bolus and an infusion at the start."""
    return Regimen(
        (
            Bolus(time_h=0.0, dose_u_per_kg=bolus_u_per_kg),
            Infusion(time_h=0.0, rate_u_per_kg_per_h=rate_u_per_kg_per_h),
        )
    )


# Controllers


@dataclass
class Whim:
    """A controller that orders anything at any time, future orders too, from a seeded hat."""

    seed: int
    drug: Drug
    assay: str = "aptt_s"
    name: str = "whim"

    def decide(self, situation: Situation) -> Decision:
        hat = random.Random(f"{self.seed} {len(situation.labs)} {situation.time_h:.6f}")
        kinetics = self.drug.individual(patient_for(self.drug))
        now = situation.time_h
        orders: list = [Infusion(time_h=now, rate_u_per_kg_per_h=hat.uniform(5, 25))]
        if hat.random() < 0.5:
            orders.append(Bolus(time_h=now, dose_u=hat.uniform(0, 4000), over_min=hat.choice((0.0, 3.7, 30.0))))
        if hat.random() < 0.4:
            orders.append(Hold(time_h=now, duration_min=hat.uniform(5, 200)))
        if hat.random() < 0.4:
            orders.append(Stop(time_h=now + hat.uniform(0.1, 1.0)))
            orders.append(Infusion(time_h=now + hat.uniform(1.1, 2.0), rate_u_per_h=hat.uniform(300, 1500)))
        if hat.random() < 0.4 and kinetics.can_absorb:
            orders.append(Subcutaneous(time_h=now + hat.uniform(0, 1), dose_u=5000))
        if hat.random() < 0.3 and kinetics.can_neutralise:
            orders.append(Protamine(time_h=now + hat.uniform(0, 1), dose_mg=hat.uniform(5, 50)))
        return Decision(orders=tuple(orders), next_draw_h=now + hat.uniform(2.0, 7.0), why="a whim")


@dataclass
class Spy:
    """A controller that lets another one decide and writes down everything it was shown."""

    inner: Controller
    seen: list[Situation] = field(default_factory=list)

    @property
    def assay(self) -> str:
        return self.inner.assay

    def decide(self, situation: Situation) -> Decision:
        self.seen.append(situation)
        return self.inner.decide(situation)


def by_hand(assay: str = "aptt_s") -> ByHand:
    return ByHand(
        assay=assay,
        bolus_u_per_kg=80,
        rate_u_per_kg_per_h=18,
        steps=(
            Step(hold_min=60, rate_u_per_kg_per_h=14, recheck_h=5),
            Step(bolus_u_per_kg=40, recheck_h=7),
            Step(rate_u_per_kg_per_h=17),
        ),
    )


CONTROLLERS: dict[str, Callable[[Drug], Controller]] = {
    **{name: (lambda _, name=name: Nomogram.load(name)) for name in NOMOGRAMS},
    "by hand": lambda drug: by_hand(drug.responses.assays[0]),
    "fixed": lambda drug: Fixed(regimen=ward_day(drug), draws_h=(0.0, 5.03, 11.0, 23.0), assay=drug.responses.assays[0]),
    "whim 1": lambda drug: Whim(1, drug, assay=drug.responses.assays[0]),
    "whim 2": lambda drug: Whim(2, drug, assay=drug.responses.assays[0]),
    "whim 3": lambda drug: Whim(3, drug, assay=drug.responses.assays[0]),
}


# Ways to compare


def at_moments(course: Course) -> tuple[np.ndarray, np.ndarray]:
    """Return the five-minute grid and the states on it (after whatever was given there)."""
    grid_h = np.arange(round(course.hours * 12) + 1) / 12.0
    last = np.searchsorted(course.time_h, grid_h, side="right") - 1
    assert np.array_equal(course.time_h[last], grid_h)
    return grid_h, course.states[last]


def same_truth(one: Course, two: Course) -> None:
    """Bit for bit: the same moments, the same states, the same pump."""
    np.testing.assert_array_equal(one.time_h, two.time_h)
    np.testing.assert_array_equal(one.states, two.states)
    np.testing.assert_array_equal(one.pump_u_per_h, two.pump_u_per_h)


def relative_difference(one: np.ndarray, two: np.ndarray, faint: float = FAINT_U_PER_ML) -> float:
    """Return the largest relative difference where the second curve is not faint."""
    seen = two > faint
    return float(np.max(np.abs(one[seen] / two[seen] - 1.0), initial=0.0))


# 1-2


def no_heparin_no_effect(drug: Drug, engine: str, baseline_aptt_s: float) -> None:
    patient = patient_for(drug, baseline_aptt_s=baseline_aptt_s)
    nothing = [
        Regimen(()),
        plain(),
        Regimen((Infusion(time_h=0, rate_u_per_h=0), Hold(time_h=1, duration_min=30), Stop(time_h=2))),
    ]
    if drug.kinetics(patient).can_neutralise:
        nothing.append(Regimen((Protamine(time_h=1.0, dose_mg=50),)))
    for regimen in nothing:
        course = simulate(patient, drug, regimen, hours=6, engine=engine)
        assert (course.concentration_u_per_ml == 0.0).all()
        for assay in drug.responses.assays:
            assert (course.level(assay) == without_drug(drug, assay, patient)).all()


MOVES = {"aptt_s": 5.0, "aptt_ratio": 0.15, "act_s": 5.0, "anti_xa_u_per_ml": 0.1}


def a_dose_moves_the_response(drug: Drug, engine: str) -> None:
    patient = patient_for(drug)
    bolus, rate = clinical(drug)
    given = [plain(bolus_u_per_kg=bolus), plain(rate_u_per_kg_per_h=rate)]
    if drug.kinetics(patient).can_absorb:
        given.append(Regimen((Subcutaneous(time_h=0, dose_u_per_kg=250),)))
    for regimen in given:
        course = simulate(patient, drug, regimen, hours=12, engine=engine)
        assert drug.responses.assays
        for assay in drug.responses.assays:
            seen, before = course.level(assay), without_drug(drug, assay, patient)
            assert seen.max() - before > MOVES[assay]
            assert seen.min() == before


# 3, 15 and what a controller may see


def replays(drug: Drug, engine: str, controller: Controller, seed: int, hours: float) -> None:
    laboratory = Laboratory(assay=controller.assay, ceiling=None if controller.assay == "aptt_s" else 30.0)
    patient = patient_for(drug, baseline_aptt_s=31)
    if controller.assay not in drug.responses.assays:
        with pytest.raises(ValueError, match=f"the laboratory reports {controller.assay}, about which nothing was published"):
            titrate(patient, drug, controller, hours=hours, engine=engine, seed=seed, laboratory=laboratory)
        return
    course = titrate(patient, drug, controller, hours=hours, engine=engine, seed=seed, laboratory=laboratory)
    again = simulate(patient, drug, course.regimen, hours=hours, engine=engine)
    same_truth(again, course)
    assert again.regimen == course.regimen


def drawing_blood_changes_nothing(drug: Drug, engine: str) -> None:
    patient, regimen = patient_for(drug), ward_day(drug)
    assay = drug.responses.assays[0]
    never = titrate(patient, drug, Fixed(regimen=regimen, assay=assay), hours=24, engine=engine)
    for draws_h in ((6.0,), (0.0, 1.0, 5.03, 10.41, 10.9, 13.31, 18.003, 19.0, 23.999), tuple(np.arange(1, 95) / 4.0)):
        course = titrate(
            patient,
            drug,
            Fixed(regimen=regimen, draws_h=draws_h, assay=assay),
            hours=24,
            engine=engine,
            laboratory=Laboratory(turnaround_h=0.1, assay=assay),
        )
        assert len(course.labs) == len([t for t in draws_h if t + 0.1 <= 24.0])
        same_truth(course, never)


def sees_only_what_the_ward_sees(drug: Drug, controller: Controller, laboratory: Laboratory, seed: int) -> None:
    spy, patient = Spy(controller), patient_for(drug)
    course = titrate(patient, drug, spy, hours=60, laboratory=laboratory, seed=seed)
    assert len(spy.seen) == len(course.entries) >= 4
    assert {f.name for f in fields(Situation)} == {
        "time_h", "weight_kg", "rate_u_per_h", "labs", "pump", "age_y", "paused_until_below", "n_reboluses"
    }  # fmt: skip
    run_rate, n_reboluses = 0.0, 0
    for number, situation in enumerate(spy.seen):
        assert len(situation.labs) == number
        assert all(lab.reported_h <= situation.time_h for lab in situation.labs)
        assert all(lab.drawn_h + laboratory.turnaround_h == lab.reported_h for lab in situation.labs)
        assert situation.labs == course.labs[:number]
        assert situation.weight_kg == patient.weight_kg
        assert situation.rate_u_per_h == run_rate
        assert (situation.age_y, situation.paused_until_below) == (patient.age_y, None)
        assert situation.n_reboluses == n_reboluses
        n_reboluses += sum(isinstance(o, Bolus) for o in course.entries[number].orders) if number else 0
        rates = [o.rate_u_per_h for o in course.entries[number].orders if isinstance(o, Infusion)]
        run_rate = rates[-1] if rates else run_rate
        assert not any(isinstance(getattr(situation, f.name), Course | Drug | np.ndarray | Kinetics) for f in fields(situation))
    for lab in course.labs:
        until_then = simulate(patient, drug, course.regimen, hours=lab.drawn_h)
        is_anti_xa = lab.assay == "anti_xa_u_per_ml"
        true_u_per_ml = float((until_then.concentration_u_per_ml if is_anti_xa else until_then.long_u_per_ml)[-1])
        assert lab == laboratory.report(true_u_per_ml, patient, course.responses, lab.drawn_h, seed)


# 4


def splitting_an_order_changes_nothing(drug: Drug, engine: str) -> None:
    patient = patient_for(drug)
    whole = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18), Bolus(time_h=2, dose_u_per_kg=80, over_min=10)))
    split = Regimen(
        (
            Infusion(time_h=0, rate_u_per_kg_per_h=18),
            Infusion(time_h=0.5, rate_u_per_kg_per_h=18),
            Infusion(time_h=1.237, rate_u_per_kg_per_h=18),
            Bolus(time_h=2, dose_u_per_kg=40, over_min=5),
            Bolus(time_h=2 + 5 / 60, dose_u_per_kg=40, over_min=5),
            Infusion(time_h=2.1, rate_u_per_kg_per_h=18),
            Infusion(time_h=7.77, rate_u_per_kg_per_h=18),
        )
    )
    course, again = (simulate(patient, drug, regimen, hours=12, engine=engine) for regimen in (whole, split))
    np.testing.assert_allclose(at_moments(again)[1], at_moments(course)[1], rtol=SPLITTING[engine], atol=1e-12)
    np.testing.assert_allclose(metrics.heparin_given_u(again), metrics.heparin_given_u(course), rtol=1e-12)


# 5-6


def reaches_the_plateau(drug: Drug, engine: str, rate_u_per_kg_per_h: float) -> None:
    patient = patient_for(drug)
    kinetics, rate = drug.kinetics(patient), rate_u_per_kg_per_h * patient.weight_kg
    plateau = kinetics.steady_state_u_per_ml(rate)
    assert 0.0 < plateau < 10.0
    hours = 250 if kinetics.q_ml_per_h == 0.0 else 1400  # a deep compartment fills for days
    course = simulate(patient, drug, plain(rate_u_per_kg_per_h=rate_u_per_kg_per_h), hours=hours, engine=engine)
    np.testing.assert_allclose(course.concentration_u_per_ml[-1], plateau, rtol=1e-6)
    np.testing.assert_allclose(loss_u_per_h(kinetics, course.states[-1]), rate, rtol=1e-6)


def loss_u_per_h(kinetics: Kinetics, states: np.ndarray) -> np.ndarray:
    """Return how fast heparin leaves the body for good, written out again from the words of the architecture."""
    c = states[..., 0] / kinetics.v1_ml
    michaelis_menten = kinetics.vmax_u_per_h * c / (kinetics.rates().km_u_per_ml + c)
    return kinetics.clearance_ml_per_h * c + michaelis_menten + kinetics.kint_per_h * states[..., 2]


def _loss_slope(kinetics: Kinetics, states: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Return how fast that loss itself changes."""
    c, dc = states[..., 0] / kinetics.v1_ml, changes[..., 0] / kinetics.v1_ml
    km = kinetics.rates().km_u_per_ml
    capacity = kinetics.vmax_u_per_h * km / (km + c) ** 2
    return (kinetics.clearance_ml_per_h + capacity) * dc + kinetics.kint_per_h * changes[..., 2]


def eliminated_u(kinetics: Kinetics, course: Course) -> np.ndarray:
    """Return what has left the body by each kept moment: the loss, integrated by the corrected trapezoid."""
    hours = np.diff(course.time_h)
    left, right, pump = course.states[:-1], course.states[1:], course.pump_u_per_h[:-1]

    def changes(states: np.ndarray) -> np.ndarray:
        return np.array(derivatives(*states.T, pump, 0.0, *kinetics.rates())).T

    lost = 0.5 * hours * (loss_u_per_h(kinetics, left) + loss_u_per_h(kinetics, right))
    lost += hours**2 / 12.0 * (_loss_slope(kinetics, left, changes(left)) - _loss_slope(kinetics, right, changes(right)))
    return np.concatenate(([0.0], np.cumsum(lost)))


def skin_gives_what_it_took(drug: Drug, engine: str) -> None:
    patient = patient_for(drug)
    kinetics, dose_u = drug.kinetics(patient), 250.0 * patient.weight_kg
    course = simulate(patient, drug, Regimen((Subcutaneous(time_h=0, dose_u=dose_u),)), hours=24, engine=engine)
    balance = course.states[:, :5].sum(axis=1) + eliminated_u(kinetics, course)
    np.testing.assert_allclose(balance[1:], kinetics.bioavailability_fraction * dose_u, rtol=1e-6)


def mass_is_kept(drug: Drug, engine: str) -> None:
    """Given = in the body + eliminated, the loss integrated here by the corrected trapezoid, at every kept moment."""
    patient, regimen = patient_for(drug), ward_day(drug, extras=False)
    kinetics = drug.kinetics(patient)
    given_u = {0.0: 80.0 * patient.weight_kg}
    if kinetics.can_absorb:
        orders = [*regimen.orders, Subcutaneous(time_h=13.31, dose_u_per_kg=100)]
        regimen = Regimen(sorted(orders, key=lambda order: order.time_h))
        given_u[13.31] = 100.0 * patient.weight_kg * kinetics.bioavailability_fraction
    course = simulate(patient, drug, regimen, hours=24, engine=engine)
    hours, pump = np.diff(course.time_h), course.pump_u_per_h[:-1]
    from_pump = np.concatenate(([0.0], np.cumsum(pump * hours)))
    at_once = np.zeros(len(course.time_h))
    for time_h, dose_u in given_u.items():
        at_once[np.searchsorted(course.time_h, time_h, side="right") - 1 :] += dose_u
    in_body = course.states[:, :5].sum(axis=1)
    balance = in_body + eliminated_u(kinetics, course)
    np.testing.assert_allclose(balance[1:], (from_pump + at_once)[1:], rtol=6e-5)  # the error of this quadrature after a bolus
    if kinetics.is_linear:
        by_area = in_body + kinetics.clearance_ml_per_h * course.states[:, 7]
        np.testing.assert_allclose(by_area[1:], (from_pump + at_once)[1:], rtol=1e-7)


def protamine_and_heparin_go_one_to_one(drug: Drug, engine: str) -> None:
    """What heparin loses beyond elimination, protamine loses beyond its own decay."""
    patient = patient_for(drug)
    kinetics, dose_u, protamine_u = drug.kinetics(patient), 80.0 * patient.weight_kg, 5000.0
    run = Run(kinetics, engine)
    run.give(0.0, State(central_u=dose_u), rate_u_per_h=0.0)
    run.give(0.5, State(protamine_u=protamine_u), rate_u_per_h=0.0)
    states = np.array([run.state_at(0.5 + k / 2000.0) for k in range(2001)])
    before, after = states[0], states[-1]

    def simpson(rate: np.ndarray) -> float:
        return float((rate[0] + rate[-1] + 4.0 * rate[1:-1:2].sum() + 2.0 * rate[2:-1:2].sum()) / 2000.0 / 3.0)

    heparin = before[:5].sum() - after[:5].sum() - simpson(loss_u_per_h(kinetics, states))
    protamine = before[5] - after[5] - simpson(kinetics.protamine_loss_per_h * states[:, 5])
    assert heparin > 100.0
    np.testing.assert_allclose(heparin, protamine, rtol=1e-5)


# 7-9

EXTENSIVE = {"v1_ml", "v2_ml", "clearance_ml_per_h", "q_ml_per_h", "vmax_u_per_h", "bmax_u"}


def scales_with_weight(drug: Drug) -> bool:
    """True when the set says: everything that has a size is per kilogram, exponent 1, and nothing else is."""
    return all(p.scales_with == "weight_kg" and p.power == float(p.field in EXTENSIVE) for p in drug.parameters)


def made_to_scale(drug: Drug) -> Drug:
    """Return the same set with every size per kilogram, exponent 1."""
    once = {parameter.field: parameter for parameter in drug.parameters}.values()
    return replace(
        drug,
        parameters=tuple(
            replace(p, exponent=1.0 if p.field in EXTENSIVE else 0.0, scales_with="weight_kg", reference=None) for p in once
        ),
    )


def same_curve_for_same_dose_per_kg(drug: Drug, engine: str) -> None:
    heparin_only = Regimen(o for o in ward_day(drug).orders if not isinstance(o, Protamine))
    curves = [
        at_moments(simulate(person(kg), drug, heparin_only, hours=24, engine=engine))[1][:, 0] / drug.kinetics(person(kg)).v1_ml
        for kg in (45.0, 75.0, 110.0)
    ]
    for curve in curves[1:]:
        assert relative_difference(curve, curves[0]) < 1e-8


def parameters_follow_their_exponents(drug: Drug) -> None:
    light, heavy = (drug.kinetics(person(w)) for w in (60.0, 120.0))
    fields_ = [parameter.field for parameter in drug.parameters]
    for parameter in drug.parameters:
        if fields_.count(parameter.field) == 1 and parameter.scales_with == "weight_kg":
            ratio = getattr(heavy, parameter.field) / getattr(light, parameter.field)
            np.testing.assert_allclose(ratio, 2.0**parameter.power, rtol=1e-12)


def superposition(drug: Drug, engine: str) -> tuple[float, float]:
    """Return how far doubling, and adding two regimens, is from doubling and adding the curves (largest, relative)."""
    patient = patient_for(drug)
    early = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=3)))
    late = Regimen((Bolus(time_h=1, dose_u_per_kg=40, over_min=10), Infusion(time_h=4, rate_u_per_kg_per_h=10), Stop(time_h=6)))
    both = Regimen(sorted((*early.orders, *late.orders), key=lambda order: order.time_h))
    twice = Regimen((Bolus(time_h=0, dose_u_per_kg=160), Infusion(time_h=0, rate_u_per_kg_per_h=36), Stop(time_h=3)))
    a, b, sum_, double = (
        at_moments(simulate(patient, drug, regimen, hours=12, engine=engine))[1][:, 0] for regimen in (early, late, both, twice)
    )
    return relative_difference(double, 2.0 * a, 1.0), relative_difference(sum_, a + b, 1.0)


def half_lives_h(drug: Drug, engine: str, doses_u_per_kg: Iterable[float] = (25, 50, 100, 200, 400)) -> list[float]:
    """Return the time to half of the first concentration for rising boluses."""
    patient = patient_for(drug)
    courses = [simulate(patient, drug, plain(bolus_u_per_kg=dose), hours=12, engine=engine) for dose in doses_u_per_kg]
    return [float(metrics.half_life_h(course)) for course in courses]


# 10


def worst_against(drug: Drug, regimen: Regimen, engine: str, reference: str, hours: float = 28.0) -> float:
    """Return the largest relative difference in concentration between two engines where it is not faint."""
    patient = patient_for(drug)
    one, two = (simulate(patient, drug, regimen, hours=hours, engine=name) for name in (engine, reference))
    np.testing.assert_array_equal(one.time_h, two.time_h)
    faint = max(FAINT_U_PER_ML, FAINT_U / drug.kinetics(patient).v1_ml)
    return relative_difference(one.concentration_u_per_ml, two.concentration_u_per_ml, faint)


def has_closed_form(drug: Drug) -> bool:
    kinetics = drug.kinetics(patient_for(drug))
    return kinetics.bmax_u == 0.0 and kinetics.q_ml_per_h == 0.0 and kinetics.clearance_ml_per_h > 0.0


def worst_against_closed_form(drug: Drug, engine: str) -> float:
    """Return the largest relative difference from the closed form, carried from moment to moment over a day of orders."""
    patient, regimen = patient_for(drug), ward_day(drug, extras=False)
    kinetics = drug.kinetics(patient)
    course = simulate(patient, drug, regimen, hours=28, engine=engine)
    amounts = [0.0]
    for i in range(1, len(course.time_h)):
        hours = course.time_h[i] - course.time_h[i - 1]
        before = amounts[-1]
        if hours > 0.0:
            amounts.append(exact.amount_after(kinetics, before, float(course.pump_u_per_h[i - 1]), float(hours)))
        else:
            amounts.append(before + (80.0 * patient.weight_kg if course.time_h[i] == 0.0 else 0.0))
    return relative_difference(course.concentration_u_per_ml, np.array(amounts) / kinetics.v1_ml)


# 11


def printed_band(table: Nomogram, printed: float) -> int:
    """Return the line of the table a reader would point at: round the level as printed (half up), then find its interval."""
    unit = Decimal(repr(table.round_to))
    rounded = (Decimal(repr(printed)) / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit
    thresholds = [Decimal("-1"), *(Decimal(repr(band.below)) for band in table.bands[:-1]), Decimal("Infinity")]
    found = [i for i, (low, high) in enumerate(pairwise(thresholds)) if low <= rounded < high]
    assert len(found) == 1, f"{printed} has {len(found)} lines"
    return found[0]


SWEEPS = {
    "aptt_s": [k / 10 for k in range(10, 4001)],
    "aptt_ratio": [k / 10 for k in range(1, 121)] + [k / 1000 for k in range(100, 12001, 7)],
    "anti_xa_u_per_ml": [k / 1000 for k in range(3001)],
    "act_s": [k / 10 for k in range(500, 10001)],
}
assert set(SWEEPS) == set(ASSAYS)


# 12-13


def nothing_is_negative(drug: Drug, regimen: Regimen, engine: str, hours: float) -> None:
    patient = patient_for(drug)
    course = simulate(patient, drug, regimen, hours=hours, engine=engine)
    least = -SCIPY_UNDERSHOOT_U if engine == "scipy" else 0.0
    assert np.isfinite(course.states).all()
    assert course.states.min() >= least, dict(zip(State._fields, course.states.min(axis=0), strict=True))
    assert course.pump_u_per_h.min() >= 0.0
    assert (np.diff(course.states[:, 7]) >= least).all()
    kinetics = drug.kinetics(patient)
    assert course.states[:, 2].max() <= kinetics.bmax_u + 1e-9
    for assay in drug.responses.assays:
        assert course.level(assay).min() >= without_drug(drug, assay, patient) * (1.0 + 10.0 * least)


def more_drug_never_lowers_the_response(drug: Drug, less: Regimen, more: Regimen, engine: str, hours: float = 28.0) -> None:
    patient = patient_for(drug)
    one, two = (simulate(patient, drug, regimen, hours=hours, engine=engine) for regimen in (less, more))
    (_, before), (_, after) = at_moments(one), at_moments(two)
    v1_ml, short_fraction = drug.kinetics(patient).v1_ml, drug.kinetics(patient).short_fraction
    for assay in drug.responses.assays:
        # A clotting time reads the long chains, an anti-Xa assay their share and the short ones.
        share, short = (1.0 - short_fraction, 1.0) if assay == "anti_xa_u_per_ml" else (1.0, 0.0)
        lower, higher = (
            level(assay, np.maximum(0.0, share * states[:, 0] + short * states[:, 8]) / v1_ml, patient, drug.responses)
            for states in (before, after)
        )
        assert (higher >= lower * (1.0 - 1e-6)).all()
    assert two.states[-1, 7] > one.states[-1, 7]


def protamine_stress(drug: Drug, engine: str) -> tuple[np.ndarray, np.ndarray]:
    """Return times and states of 80 U/kg and, half an hour later, 50 mg of protamine at the fastest the label allows."""
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Protamine(time_h=0.5, dose_mg=5000.0 / U_PER_MG_PROTAMINE)))
    return at_moments(simulate(patient_for(drug), drug, regimen, hours=4, engine=engine))
