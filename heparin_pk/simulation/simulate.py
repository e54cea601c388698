"""Time passes here, and only here.

Closed loop is open loop, written as it goes: a regimen is a list of orders known in advance; a controller writes the next
order after seeing the laboratory. :func:`titrate` returns a course that carries the regimen in fact given, and
:func:`simulate` of that regimen draws the very same curve.

At one moment things happen in the order of :class:`Priority`; :mod:`heparin_pk.simulation.cohort` lets time pass for thousands at once by the
same ranks.
"""

from __future__ import annotations

import heapq
import warnings
from collections.abc import Callable
from functools import partial
from itertools import count

import numpy as np

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.base.citations import remember
from heparin_pk.base.randomness import checked_seed
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.body.kinetics import Kinetics, State
from heparin_pk.body.patient import Patient
from heparin_pk.engine import Run
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.simulation.course import Course, Entry
from heparin_pk.simulation.rules import STILL_AT_THE_END, U_PER_MG_PROTAMINE, Priority, absolute, answers, prepared
from heparin_pk.ward.controller import Controller, Decision, Situation, Situations, VectorController
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors


class _Bedside:
    """The pump, the syringe and the patient's vein: carries orders out on a :class:`Run` as time passes."""

    def __init__(self, kinetics: Kinetics, engine: str, later: Callable[[float, int, Callable[[float], None]], None]) -> None:
        self.kinetics = kinetics
        self.run = Run(kinetics, engine)
        self.rate_u_per_h = 0.0
        self._held_until_h = -1.0
        self._short: dict[int, float] = {}
        self._protamine: dict[int, float] = {}
        self._later = later
        self._next_index = count()

    def _give(self, time_h: float, jump: State | None = None) -> None:
        running = self.rate_u_per_h if time_h >= self._held_until_h else 0.0
        self.run.give(
            time_h,
            jump,
            rate_u_per_h=running + sum(self._short.values()),
            protamine_u_per_h=sum(self._protamine.values()),
        )

    def _for_a_while(self, running: dict[int, float], amount_u: float, time_h: float, minutes: float) -> None:
        """Let ``amount_u`` run in over ``minutes``."""
        index, hours = next(self._next_index), minutes / 60.0
        running[index] = amount_u / hours

        def end(now_h: float) -> None:
            del running[index]
            self._give(now_h)

        self._give(time_h)
        self._later(time_h + hours, Priority.END, end)

    def carry_out(self, order: Order) -> None:
        """Do what an absolute order says, at its time."""
        now_h = order.time_h
        match order:
            case Bolus(dose_u=dose_u, over_min=minutes) if minutes > 0.0:
                self._for_a_while(self._short, dose_u or 0.0, now_h, minutes)
            case Bolus(dose_u=dose_u):
                self._give(now_h, State(central_u=dose_u or 0.0))
            case Infusion(rate_u_per_h=rate):
                self.rate_u_per_h = rate or 0.0
                self._give(now_h)
            case Stop():
                self.rate_u_per_h = 0.0
                self._give(now_h)
            case Hold():
                self._held_until_h = max(self._held_until_h, order.end_h)
                self._give(now_h)
                self._later(self._held_until_h, Priority.END, self._give)
            case Subcutaneous(dose_u=dose_u):
                self._inject(now_h, dose_u or 0.0)
            case Protamine(dose_mg=dose_mg, over_min=minutes):
                if not self.kinetics.can_neutralise:
                    raise ValueError("this model does not say how protamine neutralises heparin (kr_ml_per_u_per_h is 0)")
                self._for_a_while(self._protamine, dose_mg * U_PER_MG_PROTAMINE, now_h, minutes)

    def _inject(self, time_h: float, dose_u: float) -> None:
        if not self.kinetics.can_absorb:
            raise ValueError("this model does not say how a subcutaneous dose is absorbed (ktr_per_h is 0)")
        absorbed_u = self.kinetics.bioavailability_fraction * dose_u
        jump = State(depot1_u=absorbed_u) if self.kinetics.transits == 2 else State(depot2_u=absorbed_u)
        if self.kinetics.lag_h > 0.0:
            self._later(time_h + self.kinetics.lag_h, Priority.END, lambda now_h: self._give(now_h, jump))
        else:
            self._give(time_h, jump)


def _at_its_time(bedside: _Bedside, order: Order, _: float) -> None:
    bedside.carry_out(order)


def simulate(
    patient: Patient,
    drug: Drug,
    regimen: Regimen,
    *,
    hours: float = 48.0,
    reagent: Reagent | None = None,
    engine: str = "stepper",
) -> Course:
    """Return the course of a patient under orders known in advance, with nobody looking.

    ``regimen`` is given exactly as written (no pump rounds it); ``reagent`` is the aPTT reagent in which the course is read
    (the drug's own where ``None``); ``engine`` one of ``heparin_pk.engine.ENGINES``; ``hours`` from above 0 to 1440.

    Raises ``ValueError`` for a regimen the drug cannot receive (protamine or subcutaneous doses a model does not describe).
    """
    check_is("regimen", regimen, Regimen, "a Regimen")
    check_is("patient", patient, Patient, "a Patient")
    given = regimen.resolved(patient.doses_by_kg)
    start = Entry(time_h=0.0, orders=tuple(order for order in given.orders if order.time_h < hours), why="as planned")
    return _live(patient, drug, None, start, hours, None, None, 0, engine, reagent)


def titrate(
    patient: Patient,
    drug: Drug,
    controller: Controller,
    *,
    hours: float = 48.0,
    laboratory: Laboratory | None = None,
    pump: Pump | None = None,
    seed: int | np.random.Generator = 0,
    subject: int = 0,
    ward_errors: WardErrors | None = None,
    engine: str = "stepper",
) -> Course:
    """Return the course of a patient whose next order is written after each laboratory result.

    ``controller`` is a :class:`~heparin_pk.ward.nomogram.Nomogram`, a fixed plan (:class:`~heparin_pk.ward.by_hand.Fixed`), a learner's
    hand (:class:`~heparin_pk.ward.by_hand.ByHand`) or anything else with ``assay`` and ``decide``. It sees only results already read,
    never the truth. Rates are rounded to what ``pump`` can be set to (``None``: the table's own bag, else 100 U/mL). ``seed``
    fixes the laboratory's error: the same seed gives the same course; ``subject`` numbers the patient, so that two of them do
    not share it. ``ward_errors`` says how the ward carries out what was decided (``None``: to the letter); it needs a controller
    that can decide for many (:class:`~heparin_pk.ward.controller.VectorController`), as every nomogram can.

    Raises ``ValueError`` when the laboratory does not report what the controller reads, or the controller orders in the past.
    """
    laboratory, pump = prepared(controller, laboratory, pump)
    check_is("ward_errors", ward_errors, (WardErrors, type(None)), "a WardErrors or None")
    if ward_errors is not None:
        check_is("controller", controller, VectorController, "one with decide_many (execution errors act on that)")
    check_between("subject", subject, 0, 2**53)
    return _live(
        patient,
        drug,
        controller,
        None,
        hours,
        laboratory,
        pump,
        checked_seed(seed),
        engine,
        laboratory.reagent,
        int(subject),
        ward_errors,
    )


def _live(
    patient: Patient,
    drug: Drug,
    controller: Controller | None,
    start: Entry | None,
    hours: float,
    laboratory: Laboratory | None,
    pump: Pump | None,
    seed: int,
    engine: str,
    reagent: Reagent | None,
    subject: int = 0,
    ward_errors: WardErrors | None = None,
) -> Course:
    """Let ``hours`` pass for one patient."""
    check_is("patient", patient, Patient, "a Patient")
    check_is("drug", drug, Drug, "a Drug")
    check_is("reagent", reagent, (Reagent, type(None)), "a Reagent or None")
    hours = check_between("hours", hours, 1.0 / 60.0, 1440.0)
    responses = answers(drug, reagent, laboratory)
    queue: list[tuple[float, int, int, Callable[[float], None]]] = []
    order_written = count()

    def later(time_h: float, rank: int, what: Callable[[float], None]) -> None:
        if time_h < hours or (time_h == hours and rank in STILL_AT_THE_END):
            heapq.heappush(queue, (time_h, rank, next(order_written), what))

    bedside = _Bedside(drug.kinetics(patient), engine, later)
    entries: list[Entry] = []
    labs: list[Lab] = []
    given: list[Order] = []

    def write_down(entry: Entry) -> None:
        entries.append(entry)
        for order in entry.orders:
            later(order.time_h, Priority.ORDER, partial(_at_its_time, bedside, order))

    def draw(now_h: float) -> None:
        assert laboratory is not None  # only a titration draws blood
        concentration = bedside.kinetics.concentration_u_per_ml(bedside.run.state_at(now_h).central_u)
        lab = laboratory.report(max(0.0, concentration), patient, responses, now_h, seed, subject)
        later(lab.reported_h, Priority.RESULT, lambda now_h: read(lab, now_h))

    def read(lab: Lab, now_h: float) -> None:
        labs.append(lab)
        ask(lab, now_h)

    def ask(lab: Lab | None, now_h: float) -> None:
        assert controller is not None  # only a titration asks
        assert pump is not None
        situation = Situation(
            time_h=now_h, weight_kg=patient.doses_by_kg, rate_u_per_h=bedside.rate_u_per_h, labs=tuple(labs), pump=pump
        )
        decision = controller.decide(situation)
        check_is("what a controller decides", decision, Decision, "a Decision")
        if ward_errors is not None:
            assert isinstance(controller, VectorController)
            done = ward_errors.decide(controller, Situations.of(situation, controller.looks_back), seed, np.array([subject]))
            decision = Decision(orders=done.orders(now_h), next_draw_h=float(done.next_draw_h[0]), why=f"meant: {decision.why}")
        orders = tuple(
            order
            for order in absolute(decision, patient.doses_by_kg, pump, now_h)
            if order.time_h < hours
            and not (
                isinstance(order, Infusion)
                and lab is not None
                and order.time_h == now_h
                and order.rate_u_per_h == bedside.rate_u_per_h
            )
        )
        given.extend(orders)
        Regimen(tuple(sorted(given, key=lambda order: order.time_h)))  # refuses what would contradict an order already given
        write_down(Entry(time_h=now_h, lab=lab, orders=orders, why=decision.why))
        for draw_h in decision.draws_h:
            check_between("next_draw_h", draw_h, now_h, 1e5)
            if lab is not None and draw_h <= lab.drawn_h:
                raise ValueError(f"next_draw_h must come after the last draw at {lab.drawn_h:g} h; got {draw_h!r}")
            later(draw_h, Priority.DRAW, draw)

    if start is not None:
        write_down(start)
    else:
        ask(None, 0.0)
    while queue:
        now_h, _, _, what = heapq.heappop(queue)
        what(now_h)

    time_h, states, pump_u_per_h = bedside.run.trajectory(hours)
    course = Course(
        patient=patient,
        drug=drug,
        reagent=responses.aptt,
        entries=tuple(entries),
        time_h=time_h,
        states=states,
        pump_u_per_h=pump_u_per_h,
        hours=hours,
        laboratory=laboratory,
        pump=pump,
        target=getattr(controller, "target", None),
        controller="regimen" if controller is None else getattr(controller, "name", type(controller).__name__),
        plan_source=getattr(controller, "source", None),
        seed=seed,
        subject=subject,
        ward_errors=ward_errors,
        engine=engine,
    )
    remember(course)
    if course.outside:
        warnings.warn(f"{drug.name} {'; '.join(course.outside)} ({drug.studied.population})", OutsideValidityDomain, stacklevel=3)
    return course
