"""Time passes here for one patient.

Closed loop is open loop, written as it goes: a regimen is a list of orders known in advance; a controller writes the next
order after each laboratory result. :func:`titrate` returns a course that carries the regimen in fact given, and
:func:`simulate` of that regimen, read in the reagent of that course, draws the very same curve.

:mod:`heparin_pk.simulation.rules` says what a decision may contain and what comes first at one moment;
:mod:`heparin_pk.simulation.cohort` lets time pass for many patients by the same rules.
"""

from __future__ import annotations

import heapq
import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

import numpy as np

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.base.citations import remember
from heparin_pk.base.randomness import checked_seed
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.blood.response import Reagent, read_u_per_ml
from heparin_pk.body.kinetics import Kinetics, State
from heparin_pk.body.patient import Patient
from heparin_pk.engine import Run
from heparin_pk.published.drug import Drug, OutsideValidityDomain
from heparin_pk.simulation import rules
from heparin_pk.simulation.conditions import Conditions
from heparin_pk.simulation.course import TIME_IS_UP, Course, Entry
from heparin_pk.simulation.rules import STILL_AT_THE_END, U_PER_MG_PROTAMINE, Priority
from heparin_pk.ward.controller import Controller, Decision, Situation, Situations, VectorController
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Notify, Order, Pause, Protamine, Regimen, Resume, Stop, Subcutaneous
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors

Action = Callable[[float], None]
"""What an event does, called with the time, h."""


def simulate(
    patient: Patient,
    drug: Drug,
    regimen: Regimen,
    *,
    hours: float = 48.0,
    reagent: Reagent | None = None,
    engine: str = "stepper",
) -> Course:
    """Return the course of a patient under orders known in advance: open loop, no sampling.

    ``regimen``: given exactly as written, no pump rounds it.
    ``hours``: from one minute to 1440 h; an order at or after it is not given (the command line says which).
    ``reagent``: the aPTT reagent in which the course is read; ``None``: the drug's own.
    ``engine``: one of ``heparin_pk.engine.ENGINES``.

    Raises ``ValueError`` for a regimen the drug cannot receive (protamine or subcutaneous doses a model does not describe).
    """
    check_is("regimen", regimen, Regimen, "a Regimen")
    check_is("patient", patient, Patient, "a Patient")
    given = regimen.resolved(patient.doses_by_kg)
    run = _PatientRun(patient, None, Conditions.open_loop(drug, hours=hours, reagent=reagent), engine, subject=0)
    run.write_down(Entry(time_h=0.0, orders=run.receivable(given.orders), why="as planned"))
    return _finished(run, stacklevel=3)


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
    """Return the course of a patient whose next order is written after each laboratory result: closed loop.

    ``controller``: a :class:`~heparin_pk.ward.nomogram.Nomogram`, a fixed plan (:class:`~heparin_pk.ward.by_hand.Fixed`), a
    learner (:class:`~heparin_pk.ward.by_hand.ByHand`) or anything else with ``assay`` and ``decide``. It sees only results
    already read, never the true level.
    ``hours``: from one minute to 1440 h.
    ``laboratory``: reports the levels; ``None``: one that reports what the controller reads. Where it names no reagent, a
    nomogram is read in the one it was written for (:func:`~heparin_pk.simulation.matching.reagent_for`).
    ``pump``: rounds the rates; ``None``: the table's own bag, else 100 U/mL.
    ``seed``: fixes the errors of the laboratory and the ward: the same seed gives the same course.
    ``subject``: the index of the patient, so that two patients do not share their errors.
    ``ward_errors``: how decisions are carried out (``None``: exactly as decided); needs a
    :class:`~heparin_pk.ward.controller.VectorController`, as every nomogram is.
    ``engine``: one of ``heparin_pk.engine.ENGINES``.

    Raises ``ValueError`` when the laboratory does not report what the controller reads, and for a decision that cannot be
    carried out (see :mod:`heparin_pk.simulation.rules`).
    """
    conditions = Conditions.closed_loop(
        drug,
        controller,
        hours=hours,
        laboratory=laboratory,
        pump=pump,
        seed=checked_seed(seed),
        ward_errors=ward_errors,
    )
    check_between("subject", subject, 0, 2**53)
    check_is("patient", patient, Patient, "a Patient")
    if (weight_kg := rules.dosed_by_kg(controller, patient)) != patient.doses_by_kg:
        patient = replace(patient, dosing_weight_kg=weight_kg)
    run = _PatientRun(patient, controller, conditions, engine, subject=int(subject))
    run.ask(None, 0.0)
    return _finished(run, stacklevel=3)


class _Bedside:
    """The pump, the syringe and the vein of one patient: carries orders out on a :class:`Run`."""

    def __init__(self, kinetics: Kinetics, engine: str, schedule: Callable[[float, Priority, Action], None]) -> None:
        self.kinetics = kinetics
        self.run = Run(kinetics, engine)
        self.rate_u_per_h = 0.0
        self.believed_u_per_h = 0.0  # the rate the ward believes it set, U/h: another one only where a fault struck
        self._believed_at: dict[float, float] = {}  # those rates, by the time of the order
        self._held_until_h = -1.0
        self.paused_until_below: float | None = None
        self._short_infusions: dict[int, float] = {}  # rates that run beside the pump, U/h
        self._protamine: dict[int, float] = {}  # rates of protamine, units neutralised per h
        self._schedule = schedule
        self._next_index = count()

    def _give(self, time_h: float, jump: State | None = None) -> None:
        running = self.rate_u_per_h if time_h >= self._held_until_h and self.paused_until_below is None else 0.0
        self.run.give(
            time_h,
            jump,
            rate_u_per_h=running + sum(self._short_infusions.values()),
            protamine_u_per_h=sum(self._protamine.values()),
        )

    def _give_over(self, running: dict[int, float], amount_u: float, time_h: float, minutes: float) -> None:
        """Let ``amount_u`` run in over ``minutes``."""
        index, hours = next(self._next_index), minutes / 60.0
        running[index] = amount_u / hours

        def end(now_h: float) -> None:
            del running[index]
            self._give(now_h)

        self._give(time_h)
        self._schedule(time_h + hours, Priority.END, end)

    def believe(self, time_h: float, rate_u_per_h: float) -> None:
        """Note that the ward will believe in another rate than the one ordered for this moment."""
        self._believed_at[time_h] = rate_u_per_h

    def carry_out(self, order: Order, _: float) -> None:
        """Carry out an order in absolute units, at its time."""
        now_h = order.time_h
        match order:
            case Bolus(dose_u=dose_u, over_min=minutes) if minutes > 0.0:
                self._give_over(self._short_infusions, dose_u or 0.0, now_h, minutes)
            case Bolus(dose_u=dose_u):
                self._give(now_h, State(central_u=dose_u or 0.0, short_u=self.kinetics.short_fraction * (dose_u or 0.0)))
            case Infusion(rate_u_per_h=rate):
                self.rate_u_per_h = rate or 0.0
                self.believed_u_per_h = self._believed_at.pop(now_h, self.rate_u_per_h)
                self._give(now_h)
            case Stop():
                self.rate_u_per_h = 0.0
                self.believed_u_per_h = self._believed_at.pop(now_h, 0.0)
                self._give(now_h)
            case Hold():
                self._held_until_h = max(self._held_until_h, order.end_h)
                self._give(now_h)
                self._schedule(self._held_until_h, Priority.END, self._give)
            case Pause(until_below=until_below):
                self.paused_until_below = until_below
                self._give(now_h)
            case Resume():
                self.paused_until_below = None
                self._give(now_h)
            case Notify():
                pass
            case Subcutaneous(dose_u=dose_u):
                self._inject(now_h, dose_u or 0.0)
            case Protamine(dose_mg=dose_mg, over_min=minutes):
                self._give_over(self._protamine, dose_mg * U_PER_MG_PROTAMINE, now_h, minutes)

    def _inject(self, time_h: float, dose_u: float) -> None:
        absorbed_u = self.kinetics.bioavailability_fraction * dose_u
        jump = State(depot1_u=absorbed_u) if self.kinetics.transits == 2 else State(depot2_u=absorbed_u)
        if self.kinetics.lag_h > 0.0:
            self._schedule(time_h + self.kinetics.lag_h, Priority.END, lambda now_h: self._give(now_h, jump))
        else:
            self._give(time_h, jump)


class _PatientRun:
    """One patient on the way through time: a queue of events, a bedside, and the chart.

    Events come in the order of time, then of :class:`~heparin_pk.simulation.rules.Priority`, then as they were scheduled.
    """

    def __init__(
        self, patient: Patient, controller: Controller | None, conditions: Conditions, engine: str, *, subject: int
    ) -> None:
        self.patient, self.controller, self.conditions, self.engine, self.subject = (
            patient,
            controller,
            conditions,
            engine,
            subject,
        )
        self.bedside = _Bedside(conditions.drug.kinetics(patient), engine, self.schedule)
        self.entries: list[Entry] = []
        self.labs: list[Lab] = []
        self._queue: list[tuple[float, Priority, int, Action]] = []
        self._next_index = count()
        self._ordered: set[tuple[str, float]] = set()
        self.n_reboluses = 0

    def schedule(self, time_h: float, priority: Priority, action: Action) -> None:
        """Put an event into the queue, unless it lies beyond the end of the run."""
        hours = self.conditions.hours
        if time_h < hours or (time_h == hours and priority in STILL_AT_THE_END):
            heapq.heappush(self._queue, (time_h, priority, next(self._next_index), action))

    def live(self) -> None:
        """Let time pass: take the events one by one."""
        while self._queue:
            now_h, _, _, action = heapq.heappop(self._queue)
            action(now_h)

    # Orders

    def receivable(self, orders: tuple[Order, ...]) -> tuple[Order, ...]:
        """Return the orders that fall within the run; raises ``ValueError`` for one the drug cannot receive."""
        kinetics = self.bedside.kinetics
        within = tuple(order for order in orders if order.time_h < self.conditions.hours)
        rules.check_received(within, can_absorb=kinetics.can_absorb, can_neutralise=kinetics.can_neutralise)
        return within

    def write_down(self, entry: Entry) -> None:
        """Write a line of the chart, and schedule its orders; raises ``ValueError`` for one that contradicts an earlier order."""
        for order in entry.orders:
            key = (rules.purpose_of(order), order.time_h)
            if key in self._ordered:
                rules.refuse_two_at_once(*key)
            self._ordered.add(key)
            self.schedule(order.time_h, Priority.ORDER, partial(self.bedside.carry_out, order))
        if entry.lab is not None:
            self.n_reboluses += sum(isinstance(order, Bolus) for order in entry.orders)
        self.entries.append(entry)

    # Blood

    def draw(self, now_h: float) -> None:
        """Draw blood, and schedule the moment its result is read."""
        laboratory = self.conditions.laboratory
        assert laboratory is not None  # only a closed loop draws blood
        concentration = max(0.0, read_u_per_ml(laboratory.assay, self.bedside.kinetics, self.bedside.run.state_at(now_h)))
        patient, factor, errors, pump = self.patient, None, self.conditions.ward_errors, self.conditions.pump
        struck = None if errors is None else errors.struck(self.conditions.seed, np.array([self.subject]))
        if struck is not None:
            assert pump is not None  # only a closed loop draws blood
            drawn_h = np.array([now_h])
            again_h = float(struck.drawn_again_h(drawn_h, laboratory.turnaround_h)[0])
            if not math.isnan(again_h):
                self.schedule(again_h, Priority.DRAW, self.draw)
                return
            found, patient, factor = struck.sampled(np.array([concentration]), patient, pump, laboratory.assay, drawn_h)
            concentration = float(found[0])
        lab = laboratory.report(
            concentration, patient, self.conditions.responses, now_h, self.conditions.seed, self.subject, factor=factor
        )
        self.schedule(lab.reported_h, Priority.RESULT, partial(self.read, lab))

    def read(self, lab: Lab, now_h: float) -> None:
        """Read a result, and ask the controller for its answer."""
        self.labs.append(lab)
        self.ask(lab, now_h)

    # Decisions

    def ask(self, lab: Lab | None, now_h: float) -> None:
        """Ask the controller, check what it decided, and write it down."""
        decision = self._decided(now_h)
        last_drawn_h = -math.inf if lab is None else lab.drawn_h
        rate_u_per_h, pump = self.bedside.rate_u_per_h, self.conditions.pump
        assert pump is not None  # only a closed loop asks
        ordered = rules.checked_orders(decision, self.patient.doses_by_kg, pump, now_h)
        if lab is not None:
            ordered = tuple(order for order in ordered if not rules.is_unchanged_rate(order, rate_u_per_h, now_h))
        orders = self.receivable(ordered)
        why = decision.why if len(orders) == len(ordered) else "; ".join([*filter(None, [decision.why]), TIME_IS_UP])
        if decision.believed_u_per_h is not None:
            for order in orders:  # a rate, or the end of a bag that ran dry
                if isinstance(order, Infusion | Stop):
                    self.bedside.believe(order.time_h, pump.delivered_u_per_h(decision.believed_u_per_h))
        self.write_down(Entry(time_h=now_h, lab=lab, orders=orders, why=why))
        for draw_h in rules.checked_draws_h(decision, now_h, last_drawn_h):
            self.schedule(draw_h, Priority.DRAW, self.draw)

    def _decided(self, now_h: float) -> Decision:
        """Return the controller's decision as the ward carries it out."""
        controller, conditions = self.controller, self.conditions
        assert controller is not None  # only a closed loop asks
        assert conditions.pump is not None
        situation = Situation(
            time_h=now_h,
            weight_kg=self.patient.doses_by_kg,
            rate_u_per_h=self.bedside.believed_u_per_h,
            labs=tuple(self.labs),
            pump=conditions.pump,
            age_y=self.patient.age_y,
            paused_until_below=self.bedside.paused_until_below,
            n_reboluses=self.n_reboluses,
        )
        decision = controller.decide(situation)
        check_is("what a controller decides", decision, Decision, "a Decision")
        if conditions.ward_errors is None:
            return decision
        assert isinstance(controller, VectorController)
        situations = Situations.of(situation, controller.looks_back)
        running = np.array([self.bedside.rate_u_per_h])
        done = conditions.ward_errors.decide(
            controller, situations, conditions.seed, np.array([self.subject]), running_u_per_h=running
        )
        last_drawn_h = self.labs[-1].drawn_h if self.labs else -math.inf
        rules.check_decisions(done, np.array([now_h]), np.array([last_drawn_h]), np.array([situation.weight_kg]))
        draw_h = float(done.next_draw_h[0])
        orders, believed = done.orders(now_h, _whom_of(decision)), math.nan
        if done.believed_u_per_h is not None and done.dry_at_h is not None:
            believed, dry_h = float(done.believed_u_per_h[0]), float(done.dry_at_h[0])
            orders = orders if math.isnan(dry_h) else (*orders, Stop(time_h=dry_h))
        return Decision(
            orders=orders,
            next_draw_h=None if math.isnan(draw_h) else draw_h,
            why=f"meant: {decision.why}",
            believed_u_per_h=None if math.isnan(believed) else believed,
        )


def _whom_of(decision: Decision) -> str:
    """Return who is called in a decision; a physician where it calls no one."""
    return next((order.whom for order in decision.orders if isinstance(order, Notify)), "physician")


def _finished(run: _PatientRun, *, stacklevel: int) -> Course:
    """Let time pass to the end of a run, and return its course; warns where it leaves the model's validity domain."""
    run.live()
    conditions, controller = run.conditions, run.controller
    time_h, states, pump_u_per_h = run.bedside.run.trajectory(conditions.hours)
    course = Course(
        patient=run.patient,
        drug=conditions.drug,
        reagent=conditions.responses.aptt,
        entries=tuple(run.entries),
        time_h=time_h,
        states=states,
        pump_u_per_h=pump_u_per_h,
        hours=conditions.hours,
        laboratory=conditions.laboratory,
        pump=conditions.pump,
        target=getattr(controller, "target", None),
        controller="regimen" if controller is None else getattr(controller, "name", type(controller).__name__),
        plan_source=getattr(controller, "source", None),
        seed=conditions.seed,
        subject=run.subject,
        ward_errors=conditions.ward_errors,
        engine=run.engine,
    )
    remember(course)
    if course.outside:
        drug = conditions.drug
        message = f"{drug.label} {'; '.join(course.outside)} ({drug.studied.population})"
        warnings.warn(message, OutsideValidityDomain, stacklevel=stacklevel)
    return course
