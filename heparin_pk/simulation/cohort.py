"""Time passes here for many people at once, as :mod:`heparin_pk.simulation.simulate` lets it pass for one.

Every lane has its own clock and its own queue. In each round everybody who has something to do without waiting does it, then
all move on to their next appointment together, each to its own. What comes first at one moment is
:class:`heparin_pk.simulation.rules.Priority`; every number (levels, orders, trajectories) is the one that
:func:`heparin_pk.simulation.simulate.titrate` finds for that patient alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.blood.response import Responses
from heparin_pk.body.patient import Cohort
from heparin_pk.engine.event_queue import Due, EventQueue, kept_where
from heparin_pk.engine.lanes import Lanes, Levels, Moments
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.rules import STILL_AT_THE_END, U_PER_MG_PROTAMINE, Priority, absolute, answers, prepared
from heparin_pk.ward.by_hand import Fixed
from heparin_pk.ward.controller import Controller, Decision, Decisions, Situation, Situations, VectorController
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order, Protamine, Stop, Subcutaneous
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors


class EventKind(IntEnum):
    """What stands in an queue."""

    DRAW = 0
    RESULT = 1
    RESULT_ABOVE = 2
    BOLUS = 3
    INFUSION = 4
    STOP = 5
    HOLD = 6
    SUBCUTANEOUS = 7
    PROTAMINE = 8
    BOLUS_END = 9
    HOLD_END = 10
    PROTAMINE_END = 11
    ABSORPTION = 12


_PRIORITIES = {
    **dict.fromkeys((EventKind.BOLUS_END, EventKind.HOLD_END, EventKind.PROTAMINE_END, EventKind.ABSORPTION), Priority.END),
    EventKind.DRAW: Priority.DRAW,
    **dict.fromkeys((EventKind.RESULT, EventKind.RESULT_ABOVE), Priority.RESULT),
    **dict.fromkeys(
        (EventKind.BOLUS, EventKind.INFUSION, EventKind.STOP, EventKind.HOLD, EventKind.SUBCUTANEOUS, EventKind.PROTAMINE),
        Priority.ORDER,
    ),
}
_PRIORITY_OF = np.array([_PRIORITIES[what] for what in EventKind])
_ROUTE_OF: dict[type, str] = {Subcutaneous: "subcutaneous", Protamine: "protamine"}


class Observer(Protocol):
    """Whoever is told what happens to many people."""

    def thresholds(self, lanes: np.ndarray) -> np.ndarray | None:
        """Return the thresholds whose crossing is to be told; see :class:`heparin_pk.engine.lanes.IntervalObserver`."""
        ...

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Time passed for these lanes; see :class:`heparin_pk.engine.lanes.IntervalObserver`."""
        ...

    def given(self, lanes: np.ndarray, at_h: np.ndarray, concentration_u_per_ml: np.ndarray) -> None:
        """Something was given or changed for these lanes; the concentration is the one just after it."""
        ...

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, what: int, amount: np.ndarray) -> None:
        """An order was carried out for these lanes (U, U/h, min or mg)."""
        ...


class NoObserver:
    """Nobody looks: what was seen and done is in the charts. A observer of your own may start from it."""

    def thresholds(self, lanes: np.ndarray) -> np.ndarray | None:
        """Return no thresholds."""
        return np.empty((0, len(lanes)))

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Note nothing."""

    def given(self, lanes: np.ndarray, at_h: np.ndarray, concentration_u_per_ml: np.ndarray) -> None:
        """Note nothing."""

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, what: int, amount: np.ndarray) -> None:
        """Note nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Charts:
    """What was seen and done to many people: results (k, n), newest last, and what was given in all (n,).

    ``n_results`` (n,) counts each person's results; a place beyond it holds zeros. ``hourly_u_per_ml`` (n, hours + 1) is the
    concentration at every full hour, before what is given then; ``trajectories_u_per_ml`` (n, 12 * hours + 1) the same every
    five minutes, or empty where it was not kept.
    """

    n_results: np.ndarray
    drawn_h: np.ndarray
    values: np.ndarray
    above_ceiling: np.ndarray
    given_u: np.ndarray
    rate_u_per_h: np.ndarray
    area_u_h_per_ml: np.ndarray
    hourly_u_per_ml: np.ndarray
    trajectories_u_per_ml: np.ndarray
    states: np.ndarray


class _Wards:
    """Many bedsides: pumps, syringes, veins, charts."""

    def __init__(
        self,
        cohort: Cohort,
        drug: Drug,
        controller: Controller,
        laboratory: Laboratory,
        pump: Pump,
        responses: Responses,
        hours: float,
        seed: int,
        subjects: np.ndarray,
        ward_errors: WardErrors | None,
        runner: str,
        observer: Observer,
        trajectories: bool,
    ) -> None:
        self.cohort, self.controller, self.laboratory, self.pump = cohort, controller, laboratory, pump
        self.responses, self.hours, self.seed, self.subjects = responses, hours, seed, subjects
        self.ward_errors, self.observer = ward_errors, observer
        self.kinetics = drug.kinetics_of_all(cohort)
        routes: tuple[str, ...] = ("subcutaneous", "protamine")
        if isinstance(controller, VectorController):
            routes = ()
        elif isinstance(controller, Fixed):
            kinds = {type(order) for order in controller.regimen.orders}
            routes = tuple(route for kind, route in _ROUTE_OF.items() if kind in kinds)
        self.lanes = Lanes(self.kinetics.rates(), hours, runner=runner, routes=routes, trajectories=trajectories)
        self._routes = routes
        self._for_many = controller if isinstance(controller, VectorController) else None  # asking a protocol takes its time
        n = cohort.n
        weight = cohort.column("weight_kg") if cohort.dosing_weight_kg is None else cohort.column("dosing_weight_kg")
        assert weight is not None
        self.weight_kg = weight
        self.queue = EventQueue(n, _PRIORITY_OF, hours, at_the_end=STILL_AT_THE_END, at_once=(Priority.RESULT,))
        self.here_h = np.zeros(n)
        self.rate_u_per_h = np.zeros(n)
        self.held_until_h = np.full(n, -1.0)
        self.given_u, self.since_h, self.into_vein_u_per_h = np.zeros(n), np.zeros(n), np.zeros(n)
        self.n_results = np.zeros(n, dtype=np.int64)
        self.drawn_h, self.values = np.zeros((8, n)), np.zeros((8, n))
        self.above = np.zeros((8, n), dtype=bool)

    # Orders

    def give(self, lanes: np.ndarray, at_h: np.ndarray) -> None:
        """Let run into each vein what now should."""
        self.given_u[lanes] += self.into_vein_u_per_h[lanes] * (at_h - self.since_h[lanes])
        self.since_h[lanes] = at_h
        running = np.where(at_h >= self.held_until_h[lanes], self.rate_u_per_h[lanes], 0.0)
        running = running + self.queue.running(lanes, EventKind.BOLUS_END)
        self.into_vein_u_per_h[lanes] = running
        protamine = self.queue.running(lanes, EventKind.PROTAMINE_END) if "protamine" in self._routes else None
        self.lanes.run_in(lanes, running, protamine)
        self.observer.given(lanes, at_h, self.lanes.concentration_u_per_ml(lanes))

    def carry_out(self, what: int, lanes: np.ndarray, at_h: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        """Do what stands in the queues of these lanes, one thing each, all of one kind."""
        away = np.flatnonzero(self.lanes.time_h[lanes] < at_h)
        if len(away):
            self.lanes.settle(lanes[away], at_h[away], self.observer)
        if _PRIORITY_OF[what] == Priority.ORDER:
            self.observer.ordered(lanes, at_h, what, x)
        if what == EventKind.BOLUS:
            slowly = y > 0.0
            self.lanes.add(lanes[~slowly], "central_u", x[~slowly])
            self.given_u[lanes[~slowly]] += x[~slowly]
            hours = y[slowly] / 60.0
            self.queue.add(lanes[slowly], at_h[slowly] + hours, EventKind.BOLUS_END, x[slowly] / hours)
        elif what == EventKind.INFUSION:
            self.rate_u_per_h[lanes] = x
        elif what == EventKind.STOP:
            self.rate_u_per_h[lanes] = 0.0
        elif what == EventKind.HOLD:
            self.held_until_h[lanes] = np.maximum(self.held_until_h[lanes], at_h + x / 60.0)
            self.queue.add(lanes, self.held_until_h[lanes], EventKind.HOLD_END)
        elif what == EventKind.SUBCUTANEOUS:
            self.given_u[lanes] += x
            absorbed = self.kinetics.bioavailability_fraction[lanes] * x
            lag_h = self.kinetics.lag_h[lanes]
            late = lag_h > 0.0
            self.lanes.add(lanes[~late], self._depot, absorbed[~late])
            self.queue.add(lanes[late], at_h[late] + lag_h[late], EventKind.ABSORPTION, absorbed[late])
            lanes, at_h = lanes[~late], at_h[~late]
        elif what == EventKind.ABSORPTION:
            self.lanes.add(lanes, self._depot, x)
        elif what == EventKind.PROTAMINE:
            hours = y / 60.0
            self.queue.add(lanes, at_h + hours, EventKind.PROTAMINE_END, x * U_PER_MG_PROTAMINE / hours)
        if len(lanes):
            self.give(lanes, at_h)

    @property
    def _depot(self) -> str:
        return "depot1_u" if self.kinetics.transits == 2 else "depot2_u"

    # Blood

    def draw(self, lanes: np.ndarray, at_h: np.ndarray) -> None:
        """Draw blood where each lane now is."""
        concentration = np.maximum(0.0, self.lanes.state_at(lanes, at_h))
        who = self.cohort.take(lanes)
        value, above = self.laboratory.report_many(concentration, who, self.responses, at_h, self.seed, self.subjects[lanes])
        reported_h = at_h + self.laboratory.turnaround_h
        for kind, how in ((EventKind.RESULT, ~above), (EventKind.RESULT_ABOVE, above)):
            these, then_h, seen, since_h = kept_where(how, lanes, reported_h, value, at_h)
            self.queue.add(these, then_h, kind, seen, since_h)

    def read(self, lanes: np.ndarray, now_h: np.ndarray, value: np.ndarray, drawn_h: np.ndarray, above: bool) -> None:
        """Write results into the charts."""
        place = self.n_results[lanes]
        if len(lanes) and place.max() >= len(self.values):
            for name in ("drawn_h", "values", "above"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))
        self.drawn_h[place, lanes], self.values[place, lanes], self.above[place, lanes] = drawn_h, value, above
        self.n_results[lanes] += 1
        self.ask(lanes, now_h)

    # Decisions

    def ask(self, lanes: np.ndarray, now_h: np.ndarray) -> None:
        """Ask whoever decides, and write down what is to be done."""
        if not len(lanes):
            return
        if self._for_many is not None:
            self._write_down(lanes, now_h, self._decided(self._for_many, lanes, now_h))
            return
        if isinstance(self.controller, Fixed):
            if now_h[0] == 0.0 and not self.n_results[lanes[0]]:
                self._begin(self.controller, lanes)
            return
        for lane, moment_h in zip(lanes.tolist(), now_h.tolist(), strict=True):
            self._ask_one(lane, moment_h)

    def _decided(self, controller: VectorController, lanes: np.ndarray, now_h: np.ndarray) -> Decisions:
        n_results = self.n_results[lanes]
        levels, above = np.zeros((controller.looks_back, len(lanes))), np.zeros((controller.looks_back, len(lanes)), dtype=bool)
        for i in range(controller.looks_back):
            place = n_results - 1 - i
            who, flat = kept_where(place >= 0, np.arange(len(lanes)), place * self.cohort.n + lanes)
            here: Any = slice(None) if len(who) == len(lanes) else who  # sooner than by number
            levels[i, here], above[i, here] = self.values.reshape(-1)[flat], self.above.reshape(-1)[flat]
        seen = Situations(
            time_h=now_h,
            weight_kg=self.weight_kg[lanes],
            rate_u_per_h=self.rate_u_per_h[lanes],
            n_results=n_results,
            levels=levels,
            above_ceiling=above,
            pump=self.pump,
        )
        if self.ward_errors is None:
            return controller.decide_many(seen)
        return self.ward_errors.decide(controller, seen, self.seed, self.subjects[lanes])

    def _write_down(self, lanes: np.ndarray, now_h: np.ndarray, made: Decisions) -> None:
        at_h = now_h if made.at_h is None else made.at_h
        first = self.n_results[lanes] == 0
        self._order(lanes, at_h, EventKind.BOLUS, made.bolus_u, made.bolus_over_min, made.bolus_u > 0.0)
        self._order(lanes, at_h, EventKind.HOLD, made.hold_min, 0.0 * at_h, made.hold_min > 0.0)
        changes = ~np.isnan(made.rate_u_per_h)
        rate = self.pump.delivered_to_all_u_per_h(np.where(changes, made.rate_u_per_h, 0.0))
        same = ~first & (at_h == now_h) & (rate == self.rate_u_per_h[lanes])
        self._order(lanes, at_h, EventKind.INFUSION, rate, 0.0 * at_h, changes & ~same)
        again, draw_h = kept_where(~np.isnan(made.next_draw_h), lanes, made.next_draw_h)
        self.queue.add(again, draw_h, EventKind.DRAW)

    def _order(self, lanes: np.ndarray, at_h: np.ndarray, what: int, x: Any, y: Any, which: np.ndarray) -> None:
        which = np.flatnonzero(which & (at_h < self.hours))
        self.queue.add(lanes[which], at_h[which], what, x[which], y[which])

    def _begin(self, plan: Fixed, lanes: np.ndarray) -> None:
        """Write down a plan that does not listen: the same orders for all, by each one's weight."""
        weight, everybody = self.weight_kg[lanes], np.ones(len(lanes), dtype=bool)
        for order in plan.regimen.orders:
            what, x, y = _of_all(order, weight, self.pump)
            self._order(lanes, np.full(len(lanes), order.time_h), what, x, np.full(len(lanes), y), everybody)
        for draw_h in plan.draws_h:
            self.queue.add(lanes, draw_h, EventKind.DRAW)

    def _ask_one(self, lane: int, now_h: float) -> None:
        """Ask a controller that decides for one patient at a time."""
        many = int(self.n_results[lane])
        turnaround_h = self.laboratory.turnaround_h
        labs = tuple(
            Lab(
                drawn_h=float(self.drawn_h[i, lane]),
                reported_h=float(self.drawn_h[i, lane] + turnaround_h),
                assay=self.laboratory.assay,
                value=float(self.values[i, lane]),
                above_ceiling=bool(self.above[i, lane]),
            )
            for i in range(many)
        )
        weight, rate = float(self.weight_kg[lane]), float(self.rate_u_per_h[lane])
        decision = self.controller.decide(Situation(time_h=now_h, weight_kg=weight, rate_u_per_h=rate, labs=labs, pump=self.pump))
        check_is("what a controller decides", decision, Decision, "a Decision")
        me = np.array([lane])
        for order in absolute(decision, weight, self.pump, now_h):
            what, x, y = _of_all(order, np.array([weight]), None)
            same = what == EventKind.INFUSION and labs and order.time_h == now_h and float(x[0]) == rate
            if order.time_h < self.hours and not same:
                self.queue.add(me, order.time_h, what, x, y)
        for draw_h in decision.draws_h:
            check_between("next_draw_h", draw_h, now_h, 1e5)
            if labs and draw_h <= labs[-1].drawn_h:
                raise ValueError(f"next_draw_h must come after the last draw at {labs[-1].drawn_h:g} h; got {draw_h!r}")
            self.queue.add(me, draw_h, EventKind.DRAW)

    # Time

    def live(self) -> None:
        """Let the hours pass for everybody."""
        everybody = np.arange(self.cohort.n)
        self.ask(everybody, np.zeros(len(everybody)))
        lanes = everybody
        while len(lanes):
            lanes, waits, due = self.queue.take_next(lanes, self.here_h)
            if waits:
                self.lanes.go(due.lanes, due.at_h, self.observer)
                self.here_h[due.lanes] = due.at_h
            self._do(due)
        end_h = np.full(len(everybody), self.hours)
        self.lanes.go(everybody, end_h, self.observer)
        self.lanes.settle(everybody, end_h, self.observer)
        self.given_u += self.into_vein_u_per_h * (end_h - self.since_h)

    def _do(self, due: Due) -> None:
        for kind, lanes, now_h, x, y in due.by_kind():
            if kind == EventKind.DRAW:
                self.draw(lanes, now_h)
            elif kind in (EventKind.RESULT, EventKind.RESULT_ABOVE):
                self.read(lanes, now_h, x, y, kind == EventKind.RESULT_ABOVE)
            else:
                self.carry_out(kind, lanes, now_h, x, y)


def _of_all(order: Order, weight_kg: np.ndarray, pump: Pump | None) -> tuple[int, np.ndarray, float]:
    """Return what an order asks of people of these weights: its kind, the amounts, and minutes where it has some.

    With ``pump`` a rate is what the pump can be set to.
    """
    match order:
        case Bolus():
            dose = _by_weight(order.dose_u, order.dose_u_per_kg, weight_kg)
            return EventKind.BOLUS, dose if order.most_u is None else np.minimum(dose, order.most_u), order.over_min
        case Infusion():
            if order.rate_ml_per_h is not None:
                rate = np.full(len(weight_kg), order.resolved(1.0).rate_u_per_h)
            else:
                rate = _by_weight(order.rate_u_per_h, order.rate_u_per_kg_per_h, weight_kg)
                rate = rate if order.most_u_per_h is None else np.minimum(rate, order.most_u_per_h)
            return EventKind.INFUSION, rate if pump is None else pump.delivered_to_all_u_per_h(rate), 0.0
        case Stop():
            return EventKind.STOP, np.zeros(len(weight_kg)), 0.0
        case Hold():
            return EventKind.HOLD, np.full(len(weight_kg), order.duration_min), 0.0
        case Subcutaneous():
            return EventKind.SUBCUTANEOUS, _by_weight(order.dose_u, order.dose_u_per_kg, weight_kg), 0.0
        case Protamine():
            return EventKind.PROTAMINE, np.full(len(weight_kg), order.dose_mg), order.over_min


def _by_weight(absolute_u: float | None, per_kg: float | None, weight_kg: np.ndarray) -> np.ndarray:
    return np.full(len(weight_kg), absolute_u) if absolute_u is not None else (per_kg or 0.0) * weight_kg


def titrate_cohort(
    cohort: Cohort,
    drug: Drug,
    controller: Controller,
    *,
    observer: Observer | None = None,
    hours: float = 48.0,
    laboratory: Laboratory | None = None,
    pump: Pump | None = None,
    seed: int = 0,
    subjects: np.ndarray | None = None,
    ward_errors: WardErrors | None = None,
    runner: str = "numpy",
    trajectories: bool = False,
) -> Charts:
    """Return the charts of a whole cohort under one controller: person i's numbers are those of ``titrate(cohort[i], ...)``.

    ``subjects`` (n,) number the people (0, 1, ... where ``None``); ``observer`` is told what happens as time passes (``None``:
    nobody); ``runner`` is one of ``heparin_pk.engine.lanes.RUNNERS``, which all give the same bits; ``trajectories`` keeps the
    concentration every five minutes. A controller with
    ``decide_many`` is asked once for many, another one person by person.

    Raises ``ValueError`` as :func:`heparin_pk.simulation.simulate.titrate` does.
    """
    check_is("cohort", cohort, Cohort, "a Cohort")
    check_is("controller", controller, Controller, "something with an assay and decide(situation)")
    hours = check_between("hours", hours, 1.0 / 60.0, 1440.0)
    laboratory, pump = prepared(controller, laboratory, pump)
    if ward_errors is not None:
        check_is("controller", controller, VectorController, "one with decide_many (execution errors act on that)")
    responses = answers(drug, laboratory.reagent, laboratory)
    subjects = np.arange(cohort.n) if subjects is None else subjects
    wards = _Wards(
        cohort, drug, controller, laboratory, pump, responses, hours, seed, subjects, ward_errors, runner, observer or NoObserver(),
        trajectories,
    )  # fmt: skip
    _refuse_what_cannot_be_received(controller, drug, cohort)
    wards.live()
    most = int(wards.n_results.max()) if cohort.n else 0
    return Charts(
        n_results=wards.n_results,
        drawn_h=wards.drawn_h[:most],
        values=wards.values[:most],
        above_ceiling=wards.above[:most],
        given_u=wards.given_u,
        rate_u_per_h=wards.rate_u_per_h,
        area_u_h_per_ml=wards.lanes.area_u_h_per_ml(),
        hourly_u_per_ml=wards.lanes.hourly_u_per_ml,
        trajectories_u_per_ml=wards.lanes.trajectories_u_per_ml,
        states=wards.lanes.states(),
    )


def _refuse_what_cannot_be_received(controller: Controller, drug: Drug, cohort: Cohort) -> None:
    if not isinstance(controller, Fixed):
        return
    one = drug.kinetics(cohort[0])
    kinds = {type(order) for order in controller.regimen.orders}
    if Subcutaneous in kinds and not one.can_absorb:
        raise ValueError("this model does not say how a subcutaneous dose is absorbed (ktr_per_h is 0)")
    if Protamine in kinds and not one.can_neutralise:
        raise ValueError("this model does not say how protamine neutralises heparin (kr_ml_per_u_per_h is 0)")
