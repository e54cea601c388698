"""Time passes here for many patients at once, as :mod:`heparin_pk.simulation.simulate` lets it pass for one.

A patient is a lane: it has its own clock and its own events, in one queue for all. The loop alternates two steps. Lanes whose
next event needs no time to pass (it is at the lane's present time, or a result to be answered) handle that event. When no lane
has one, every lane integrates forward to its own next event, all in one call. So lanes may stand at different times; nothing
passes between them.

What comes first at one moment, and what a decision may contain, is in :mod:`heparin_pk.simulation.rules`. Every number (levels,
orders, trajectories) is the one that :func:`heparin_pk.simulation.simulate.titrate` finds for that patient alone.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_is
from heparin_pk.base.fingerprint import fingerprint
from heparin_pk.base.randomness import checked_seed
from heparin_pk.blood.assay import CLOTTING_TIMES
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.body.patient import LIMITS, Cohort
from heparin_pk.engine.event_queue import Due, EventQueue, kept_where
from heparin_pk.engine.lanes import Lanes
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import rules
from heparin_pk.simulation.conditions import Conditions
from heparin_pk.simulation.observer import NoObserver, Observer
from heparin_pk.simulation.rules import KIND_OF, PRIORITIES, STILL_AT_THE_END, U_PER_MG_PROTAMINE, EventKind, Priority
from heparin_pk.ward.by_hand import Fixed
from heparin_pk.ward.controller import Controller, Decisions, Situation, Situations, VectorController, read_only
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Notify, Order, Pause, Protamine, Resume, Stop, Subcutaneous
from heparin_pk.ward.pump import Pump
from heparin_pk.ward.ward_errors import WardErrors

_PRIORITY_OF = np.array([PRIORITIES[kind] for kind in EventKind])
_PURPOSE_OF = {kind: rules.purpose_of(kind) for kind in EventKind}
_ROUTE_OF: dict[type, str] = {Subcutaneous: "subcutaneous", Protamine: "protamine"}
_RATE_OF = {"subcutaneous": "ktr_per_h", "protamine": "kr_ml_per_u_per_h"}
"""The rate that is zero in a model without this route."""
_ROOM_FOR_RESULTS = 8
"""Rows of the charts at first; doubled when a patient has more results."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Charts:
    """Results and orders of n patients.

    ``n_results`` (n,): how many results each patient has.
    ``drawn_h``, ``values``, ``above_ceiling`` (k, n): the results, oldest first; zeros beyond ``n_results``.
    ``given_u`` (n,): heparin given in all, U.
    ``rate_u_per_h`` (n,): the rate ordered last, U/h.
    ``area_u_h_per_ml`` (n,): area under the concentration, U h/mL.
    ``hourly_u_per_ml`` (n, hours + 1): the concentration at every full hour, before what is given then.
    ``hourly_long_u_per_ml`` (n, hours + 1): that of the long chains, on which clotting times depend; the same as
    ``hourly_u_per_ml``, unless the model tells long from short chains.
    ``trajectories_u_per_ml`` (n, 12 * hours + 1): the same every five minutes; empty where it was not kept.
    ``states`` (n, 9): the state of each patient at the end.
    """

    n_results: np.ndarray
    drawn_h: np.ndarray
    values: np.ndarray
    above_ceiling: np.ndarray
    given_u: np.ndarray
    rate_u_per_h: np.ndarray
    area_u_h_per_ml: np.ndarray
    hourly_u_per_ml: np.ndarray
    hourly_long_u_per_ml: np.ndarray
    trajectories_u_per_ml: np.ndarray
    states: np.ndarray

    def hourly_for(self, assay: str) -> np.ndarray:
        """Return the concentration that an assay reads at every full hour, (n, hours + 1), U/mL."""
        return self.hourly_long_u_per_ml if assay in CLOTTING_TIMES else self.hourly_u_per_ml


def titrate_cohort(
    cohort: Cohort,
    drug: Drug,
    controller: Controller,
    *,
    observer: Observer | None = None,
    hours: float = 48.0,
    laboratory: Laboratory | None = None,
    pump: Pump | None = None,
    seed: int | np.random.Generator = 0,
    subjects: np.ndarray | None = None,
    ward_errors: WardErrors | None = None,
    runner: str = "numpy",
    trajectories: bool = False,
) -> Charts:
    """Return the charts of a cohort under one controller: patient i's numbers are those of ``titrate(cohort[i], ...)``.

    ``controller``: one with ``decide_many`` is asked once for many patients, of another one each patient gets a copy.
    ``observer``: is told what happens while time passes; ``None``: no-op.
    ``subjects`` (n,): the index of each patient, on which its random numbers depend; ``None``: 0, 1, ...
    ``runner``: one of ``heparin_pk.engine.lanes.RUNNERS``, which all give the same bits.
    ``trajectories``: keep the concentration every five minutes.
    The other parameters are those of :func:`heparin_pk.simulation.simulate.titrate`.

    Raises ``ValueError`` as :func:`heparin_pk.simulation.simulate.titrate` does, and for a controller that cannot be copied or
    that carries something from one patient to another.
    """
    check_is("cohort", cohort, Cohort, "a Cohort")
    conditions = Conditions.closed_loop(
        drug, controller, hours=hours, laboratory=laboratory, pump=pump, seed=checked_seed(seed), ward_errors=ward_errors
    )
    subjects = np.arange(cohort.n) if subjects is None else _checked_subjects(subjects, cohort.n)
    run = _CohortRun(cohort, controller, conditions, subjects, observer or NoObserver(), runner, trajectories=trajectories)
    before = _memory_of(controller)
    run.live()
    if _memory_of(controller) != before:
        _refuse_memory(controller)
    return run.charts()


def _checked_subjects(subjects: np.ndarray, n: int) -> np.ndarray:
    """Return the index of each patient; raises ``ValueError`` unless they are n whole numbers from 0 on."""
    is_whole = isinstance(subjects, np.ndarray) and subjects.dtype.kind in "iu" and subjects.shape == (n,)
    if not is_whole or (subjects < 0).any():
        raise ValueError(f"subjects must be an array of {n} whole numbers from 0 on; got {subjects!r:.200}")
    return subjects


def fresh_copy(controller: Controller) -> Controller:
    """Return a controller for one patient, which knows of no other; the package's own remember nothing and are shared.

    Raises ``ValueError`` for one that cannot be copied.
    """
    if _is_ours(controller):
        return controller
    try:
        return copy.deepcopy(controller)
    except Exception as error:
        raise ValueError(
            f"controller {_name_of(controller)} cannot be copied, and each patient needs one that knows of no other: {error}"
        ) from None


def _memory_of(controller: Controller) -> str:
    """Return what changes when a controller remembers: its state, its class, and the global names its code reads."""
    return "" if _is_ours(controller) else fingerprint(controller, "the controller", strict=False)


def _refuse_memory(controller: Controller) -> None:
    many = "decide_many must not remember anything, as each decision depends only on that patient's situation"
    one = "keep what it remembers in the controller itself (set in __init__), of which each patient gets a copy"
    raise ValueError(
        f"controller {_name_of(controller)} changed while it decided, so that one patient would depend on others: "
        f"{many if isinstance(controller, VectorController) else one}"
    )


def _is_ours(controller: Controller) -> bool:
    return type(controller).__module__.partition(".")[0] == "heparin_pk"


def _name_of(controller: Controller) -> str:
    return str(getattr(controller, "name", type(controller).__name__))


class _CohortRun:
    """Many patients on the way through time: one queue of events, lanes of the engine, pumps, and charts."""

    def __init__(
        self,
        cohort: Cohort,
        controller: Controller,
        conditions: Conditions,
        subjects: np.ndarray,
        observer: Observer,
        runner: str,
        *,
        trajectories: bool,
    ) -> None:
        assert conditions.laboratory is not None  # a closed loop has both
        assert conditions.pump is not None
        self.cohort, self.controller, self.conditions = cohort, controller, conditions
        self.laboratory, self.pump, self.subjects, self.observer = conditions.laboratory, conditions.pump, subjects, observer
        self.kinetics = conditions.drug.kinetics_of_all(cohort)
        self._routes = tuple(route for route in _routes_of(controller) if getattr(self.kinetics, _RATE_OF[route]).any())
        self._vector = controller if isinstance(controller, VectorController) else None  # a protocol check is slow: once
        self.lanes = Lanes(self.kinetics.rates(), conditions.hours, runner=runner, routes=self._routes, trajectories=trajectories)
        self._given_long = getattr(observer, "given_long", None)
        n = cohort.n
        self.weight_kg = np.broadcast_to(np.asarray(rules.dosed_by_kg(controller, cohort), float), (n,))
        errors = conditions.ward_errors
        self._ward_kg = self.weight_kg if errors is None else errors.weights_kg(self.weight_kg, conditions.seed, subjects)
        self.queue = EventQueue(n, _PRIORITY_OF, conditions.hours, at_the_end=STILL_AT_THE_END, at_once=(Priority.RESULT,))
        self.here_h = np.zeros(
            n
        )  # events up to this time are handled; lanes.time_h: how far a lane is integrated (a grid point or order)
        self.rate_u_per_h = np.zeros(n)
        self._has_faults = conditions.ward_errors is not None and bool(conditions.ward_errors.faults)
        # The rates the ward believes it set: others than those of the pump only where a fault struck.
        self.believed_u_per_h = np.zeros(n) if self._has_faults else self.rate_u_per_h
        self.held_until_h = np.full(n, -1.0)
        self.paused_until_below, self.n_reboluses = np.full(n, np.nan), np.zeros(n, dtype=np.int64)
        self.given_u, self.since_h, self.into_vein_u_per_h = np.zeros(n), np.zeros(n), np.zeros(n)
        self.n_results = np.zeros(n, dtype=np.int64)
        self.drawn_h, self.values = np.zeros((_ROOM_FOR_RESULTS, n)), np.zeros((_ROOM_FOR_RESULTS, n))
        self.above = np.zeros((_ROOM_FOR_RESULTS, n), dtype=bool)
        self._own: dict[int, Controller] = {}  # by lane: the copies of a controller that decides for one patient at a time
        self._latest_order_h: dict[str, np.ndarray] = {}  # by purpose, (n,): to find two orders at one moment

    def charts(self) -> Charts:
        """Return the charts as they stand."""
        most = int(self.n_results.max()) if self.cohort.n else 0
        return Charts(
            n_results=self.n_results,
            drawn_h=self.drawn_h[:most],
            values=self.values[:most],
            above_ceiling=self.above[:most],
            given_u=self.given_u,
            rate_u_per_h=self.rate_u_per_h,
            area_u_h_per_ml=self.lanes.area_u_h_per_ml(),
            hourly_u_per_ml=self.lanes.hourly_u_per_ml,
            hourly_long_u_per_ml=self.lanes.hourly_long_u_per_ml,
            trajectories_u_per_ml=self.lanes.trajectories_u_per_ml,
            states=self.lanes.states(),
        )

    # Orders are carried out

    def give(self, lanes: np.ndarray, at_h: np.ndarray) -> None:
        """Set what runs into each vein from now on: the pump, unless it is held, short infusions, protamine."""
        self.given_u[lanes] += self.into_vein_u_per_h[lanes] * (at_h - self.since_h[lanes])
        self.since_h[lanes] = at_h
        runs = (at_h >= self.held_until_h[lanes]) & np.isnan(self.paused_until_below[lanes])
        running = np.where(runs, self.rate_u_per_h[lanes], 0.0)
        running = running + self.queue.running(lanes, EventKind.BOLUS_END)
        self.into_vein_u_per_h[lanes] = running
        protamine = self.queue.running(lanes, EventKind.PROTAMINE_END) if "protamine" in self._routes else None
        self.lanes.run_in(lanes, running, protamine)

    def carry_out(self, kind: int, lanes: np.ndarray, at_h: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        """Carry out one event of this kind for each of these lanes; for ``x`` and ``y`` see :class:`EventKind`."""
        if kind == EventKind.NOTIFY:  # nothing changes in the vein
            self.observer.ordered(lanes, at_h, kind, x)
            return
        away = np.flatnonzero(self.lanes.time_h[lanes] < at_h)
        if len(away):
            self.lanes.settle(lanes[away], at_h[away], self.observer)
        if _PRIORITY_OF[kind] == Priority.ORDER:
            self.observer.ordered(lanes, at_h, kind, x)
        if kind == EventKind.BOLUS:
            self._inject_bolus(lanes, at_h, x, y)
        elif kind == EventKind.INFUSION:
            self.rate_u_per_h[lanes] = x
            if self._has_faults:
                self.believed_u_per_h[lanes] = y
        elif kind == EventKind.STOP:
            self.rate_u_per_h[lanes] = 0.0
            if self._has_faults:
                self.believed_u_per_h[lanes] = y
        elif kind == EventKind.HOLD:
            self.held_until_h[lanes] = np.maximum(self.held_until_h[lanes], at_h + x / 60.0)
            self._end_at(lanes, self.held_until_h[lanes], EventKind.HOLD_END)
        elif kind == EventKind.PAUSE:
            self.paused_until_below[lanes] = x
        elif kind == EventKind.RESUME:
            self.paused_until_below[lanes] = np.nan
        elif kind == EventKind.SUBCUTANEOUS:
            lanes, at_h = self._inject_under_the_skin(lanes, at_h, x)
        elif kind == EventKind.ABSORPTION:
            self.lanes.add(lanes, self._depot, x)
        elif kind == EventKind.PROTAMINE:
            hours = y / 60.0
            self._end_at(lanes, at_h + hours, EventKind.PROTAMINE_END, x * U_PER_MG_PROTAMINE / hours)
        if len(lanes):
            self.give(lanes, at_h)

    def _inject_bolus(self, lanes: np.ndarray, at_h: np.ndarray, dose_u: np.ndarray, minutes: np.ndarray) -> None:
        slow = minutes > 0.0  # a bolus over minutes is a short infusion: its rate stands in the queue until it ends
        hours = minutes[slow] / 60.0
        self._end_at(lanes[slow], at_h[slow] + hours, EventKind.BOLUS_END, dose_u[slow] / hours)
        lanes, dose_u, at_h = kept_where(~slow, lanes, dose_u, at_h)
        if not len(lanes):
            return
        self._add_to_plasma(lanes, dose_u)
        self.given_u[lanes] += dose_u
        heparin, long = self.lanes.concentrations_u_per_ml(lanes)
        self.observer.given(lanes, at_h, heparin)
        if self._given_long is not None:
            self._given_long(lanes, at_h, long)

    def _add_to_plasma(self, lanes: np.ndarray, dose_u: np.ndarray) -> None:
        self.lanes.add(lanes, "central_u", dose_u)
        if self.lanes.tells_chains_apart:
            self.lanes.add(lanes, "short_u", self.kinetics.short_fraction[lanes] * dose_u)

    def _inject_under_the_skin(self, lanes: np.ndarray, at_h: np.ndarray, dose_u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fill the depot, now or after the lag; return the lanes (and times) where it was filled now."""
        self.given_u[lanes] += dose_u
        absorbed = self.kinetics.bioavailability_fraction[lanes] * dose_u
        lag_h = self.kinetics.lag_h[lanes]
        late = lag_h > 0.0
        self.lanes.add(lanes[~late], self._depot, absorbed[~late])
        self._end_at(lanes[late], at_h[late] + lag_h[late], EventKind.ABSORPTION, absorbed[late])
        return lanes[~late], at_h[~late]

    def _end_at(self, lanes: np.ndarray, at_h: np.ndarray, kind: EventKind, x: Any = 0.0) -> None:
        """Put into the queue that something ends then; what ends with the run comes after the blood that is drawn there."""
        hours = self.conditions.hours
        self.queue.add(lanes, np.where(at_h == hours, np.nextafter(hours, np.inf), at_h), kind, x)

    @property
    def _depot(self) -> str:
        return "depot1_u" if self.kinetics.transits == 2 else "depot2_u"

    # Blood is drawn and read

    def draw(self, lanes: np.ndarray, at_h: np.ndarray) -> None:
        """Draw blood, and put into the queue when its result is read."""
        heparin, long = self.lanes.state_at(lanes, at_h)
        concentration = np.maximum(0.0, long if self.laboratory.assay in CLOTTING_TIMES else heparin)
        responses, seed, errors = self.conditions.responses, self.conditions.seed, self.conditions.ward_errors
        struck = None if errors is None else errors.struck(seed, self.subjects[lanes])
        if struck is None:
            patients, factor = self.cohort.take(lanes), None
        else:
            again_h = struck.drawn_again_h(at_h, self.laboratory.turnaround_h)
            clotted = ~np.isnan(again_h)
            if clotted.any():
                self.queue.add(lanes[clotted], again_h[clotted], EventKind.DRAW)
                lanes, at_h, concentration = lanes[~clotted], at_h[~clotted], concentration[~clotted]
                struck = replace(struck, subjects=self.subjects[lanes])
            patients = self.cohort.take(lanes)
            concentration, patients, factor = struck.sampled(concentration, patients, self.pump, self.laboratory.assay, at_h)
        value, above = self.laboratory.report_many(
            concentration, patients, responses, at_h, seed, self.subjects[lanes], factor=factor
        )
        reported_h = at_h + self.laboratory.turnaround_h
        for kind, which in ((EventKind.RESULT, ~above), (EventKind.RESULT_ABOVE, above)):
            these, read_h, seen, drawn_h = kept_where(which, lanes, reported_h, value, at_h)
            self.queue.add(these, read_h, kind, seen, drawn_h)

    def read(self, lanes: np.ndarray, now_h: np.ndarray, value: np.ndarray, drawn_h: np.ndarray, above: np.ndarray) -> None:
        """Write results into the charts, and ask the controller for its answers."""
        place = self.n_results[lanes]
        if len(lanes) and place.max() >= len(self.values):
            for name in ("drawn_h", "values", "above"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))
        self.drawn_h[place, lanes], self.values[place, lanes], self.above[place, lanes] = drawn_h, value, above
        self.n_results[lanes] += 1
        self.ask(lanes, now_h, drawn_h)

    # Decisions

    def ask(self, lanes: np.ndarray, now_h: np.ndarray, last_drawn_h: np.ndarray) -> None:
        """Ask the controller, check what it decided, and put it into the queue."""
        if not len(lanes):
            return
        if self._vector is not None:
            self._write_down(lanes, now_h, self._decided(self._vector, lanes, now_h, last_drawn_h))
        elif type(self.controller) is Fixed:  # one made from it may decide otherwise
            if now_h[0] == 0.0 and not self.n_results[lanes[0]]:  # a fixed plan is asked once, at 0 h
                self._begin(self.controller, lanes)
        else:
            for lane, moment_h in zip(lanes.tolist(), now_h.tolist(), strict=True):
                self._ask_one(lane, moment_h)

    def _decided(self, controller: VectorController, lanes: np.ndarray, now_h: np.ndarray, last_drawn_h: np.ndarray) -> Decisions:
        """Return the decisions for these lanes as the ward carries them out, checked."""
        n_results = self.n_results[lanes]
        levels, above = np.zeros((controller.looks_back, len(lanes))), np.zeros((controller.looks_back, len(lanes)), dtype=bool)
        for i in range(controller.looks_back):
            place = n_results - 1 - i
            which, flat = kept_where(place >= 0, np.arange(len(lanes)), place * self.cohort.n + lanes)
            here: Any = slice(None) if len(which) == len(lanes) else which  # a slice is faster than an index array
            levels[i, here], above[i, here] = self.values.reshape(-1)[flat], self.above.reshape(-1)[flat]
        situations = Situations(
            time_h=read_only(now_h),
            weight_kg=self.weight_kg[lanes],
            rate_u_per_h=self.believed_u_per_h[lanes],
            n_results=n_results,
            levels=levels,
            above_ceiling=above,
            pump=self.pump,
            age_y=self._age_y_of(lanes),
            paused_until_below=self.paused_until_below[lanes],
            n_reboluses=self.n_reboluses[lanes],
            first_level=self.values[0][lanes],
            drawn_h=last_drawn_h,
        )
        errors = self.conditions.ward_errors
        if errors is None:
            made = controller.decide_many(situations)
        else:
            running = self.rate_u_per_h[lanes] if self._has_faults else None
            made = errors.decide(
                controller,
                situations,
                self.conditions.seed,
                self.subjects[lanes],
                running_u_per_h=running,
                ward_kg=self._ward_kg[lanes],
            )
        rules.check_decisions(made, now_h, last_drawn_h, situations.weight_kg)
        return made

    def _age_y_of(self, lanes: np.ndarray) -> np.ndarray | None:
        """Return the ages of these lanes (m,), y; ``None``: unknown."""
        age_y = self.cohort.age_y
        return None if age_y is None else np.broadcast_to(np.asarray(age_y, dtype=float), (self.cohort.n,))[lanes]

    def _write_down(self, lanes: np.ndarray, now_h: np.ndarray, made: Decisions) -> None:
        """Put decisions into the queue, in the order in which orders of one moment are carried out."""
        at_h = now_h if made.at_h is None else made.at_h
        first = self.n_results[lanes] == 0
        no_minutes = 0.0 * at_h
        self._order(lanes, at_h, EventKind.BOLUS, made.bolus_u, made.bolus_over_min, made.bolus_u > 0.0)
        self._order(lanes, at_h, EventKind.HOLD, made.hold_min, no_minutes, made.hold_min > 0.0)
        if made.pause_until_below is not None:
            until = made.pause_until_below
            self._order(lanes, at_h, EventKind.PAUSE, until, no_minutes, ~np.isnan(until))
        if made.resume is not None:
            self._order(lanes, at_h, EventKind.RESUME, no_minutes, no_minutes, made.resume)
        rate = rules.delivered_u_per_h(made.rate_u_per_h, self.pump)
        unchanged = ~first & (at_h == now_h) & (rate == self.rate_u_per_h[lanes])
        believed = rate
        if made.believed_u_per_h is not None:
            elsewhere = rules.delivered_u_per_h(made.believed_u_per_h, self.pump)
            believed = np.where(np.isnan(elsewhere), rate, elsewhere)
        self._order(lanes, at_h, EventKind.INFUSION, rate, believed, ~np.isnan(rate) & ~unchanged)
        if made.dry_at_h is not None:
            self._order(lanes, made.dry_at_h, EventKind.STOP, no_minutes, believed, ~np.isnan(made.dry_at_h))
        if made.notify is not None:
            self._order(lanes, at_h, EventKind.NOTIFY, no_minutes, no_minutes, made.notify)
        again, draw_h = kept_where(~np.isnan(made.next_draw_h), lanes, made.next_draw_h)
        self.queue.add(again, draw_h, EventKind.DRAW)

    def _order(self, lanes: np.ndarray, at_h: np.ndarray, kind: EventKind, x: Any, y: Any, which: np.ndarray) -> None:
        """Put an order of one kind into the queue, for those of the lanes (m,) where ``which`` holds and it falls in the run."""
        which = np.flatnonzero(which & (at_h < self.conditions.hours))
        lanes, at_h = lanes[which], at_h[which]
        if kind == EventKind.BOLUS:
            self.n_reboluses[lanes] += self.n_results[lanes] > 0
        self._refuse_two_at_once(lanes, at_h, kind)
        self.queue.add(lanes, at_h, kind, x[which], y[which])

    def _refuse_two_at_once(self, lanes: np.ndarray, at_h: np.ndarray, kind: EventKind) -> None:
        """Raise ``ValueError`` where an order for the same purpose at the same moment was given before.

        Orders mostly come in the order of time, so the latest one of each lane is compared; where one comes before the
        latest, the queue is searched: an order for now or later was not carried out yet, so it is still there.
        """
        purpose = _PURPOSE_OF[kind]
        latest_h = self._latest_order_h.get(purpose)
        if latest_h is None:
            latest_h = self._latest_order_h[purpose] = np.full(self.cohort.n, -np.inf)
        before_h = latest_h[lanes]
        behind = ~(at_h > before_h)
        if not behind.any():
            latest_h[lanes] = at_h
            return
        again = at_h == before_h
        kinds = [other for other in KIND_OF.values() if _PURPOSE_OF[other] == purpose]
        for i in np.flatnonzero(behind & ~again).tolist():
            again[i] = any(self.queue.waits(int(lanes[i]), other, float(at_h[i])) for other in kinds)
        if again.any():
            rules.refuse_two_at_once(purpose, float(at_h[again.argmax()]))
        latest_h[lanes] = np.maximum(before_h, at_h)

    def _begin(self, plan: Fixed, lanes: np.ndarray) -> None:
        """Put a fixed plan into the queue: the same orders for all, by each patient's weight."""
        weight, every = self.weight_kg[lanes], np.ones(len(lanes), dtype=bool)
        amounts = [(order, *_amounts(order, weight, self.pump)) for order in plan.regimen.orders]
        within = [order for order in plan.regimen.orders if order.time_h < self.conditions.hours]
        rules.check_received(
            within,
            can_absorb=bool((self.kinetics.ktr_per_h > 0.0).all()),
            can_neutralise=bool((self.kinetics.kr_ml_per_u_per_h > 0.0).all()),
        )
        for order, kind, x, y in amounts:
            self._order(lanes, np.full(len(lanes), order.time_h), kind, x, np.full(len(lanes), y), every)
        for draw_h in plan.draws_h:
            self.queue.add(lanes, draw_h, EventKind.DRAW)

    def _ask_one(self, lane: int, now_h: float) -> None:
        """Ask a controller that decides for one patient at a time."""
        labs = self._labs_of(lane)
        weight, rate = float(self.weight_kg[lane]), float(self.rate_u_per_h[lane])
        age_y, until = self._age_y_of(np.array([lane])), float(self.paused_until_below[lane])
        situation = Situation(
            time_h=now_h,
            weight_kg=weight,
            rate_u_per_h=rate,
            labs=labs,
            pump=self.pump,
            age_y=None if age_y is None else float(age_y[0]),
            paused_until_below=None if np.isnan(until) else until,
            n_reboluses=int(self.n_reboluses[lane]),
        )
        if lane not in self._own:
            self._own[lane] = fresh_copy(self.controller)
        decision = self._own[lane].decide(situation)
        orders = [one for one in rules.checked_orders(decision, weight, self.pump, now_h) if one.time_h < self.conditions.hours]
        rules.check_received(
            orders,
            can_absorb=bool(self.kinetics.ktr_per_h[lane] > 0.0),
            can_neutralise=bool(self.kinetics.kr_ml_per_u_per_h[lane] > 0.0),
        )
        its_lane, yes = np.array([lane]), np.array([True])
        for order in orders:
            if not (labs and rules.is_unchanged_rate(order, rate, now_h)):
                kind, x, y = _amounts(order, np.array([weight]), None)
                self._order(its_lane, np.array([order.time_h]), kind, x, np.array([y]), yes)
        for draw_h in rules.checked_draws_h(decision, now_h, labs[-1].drawn_h if labs else -np.inf):
            self.queue.add(its_lane, draw_h, EventKind.DRAW)

    def _labs_of(self, lane: int) -> tuple[Lab, ...]:
        """Return the results of one patient, oldest first."""
        turnaround_h = self.laboratory.turnaround_h
        return tuple(
            Lab(
                drawn_h=float(self.drawn_h[i, lane]),
                reported_h=float(self.drawn_h[i, lane] + turnaround_h),
                assay=self.laboratory.assay,
                value=float(self.values[i, lane]),
                above_ceiling=bool(self.above[i, lane]),
            )
            for i in range(int(self.n_results[lane]))
        )

    # Time

    def live(self) -> None:
        """Let the hours pass for all patients."""
        every = np.arange(self.cohort.n)
        self.ask(every, np.zeros(len(every)), np.full(len(every), -np.inf))
        lanes = every
        while len(lanes):
            lanes, waits, due = self.queue.take_next(lanes, self.here_h)
            if waits:  # no lane has an event at its present time: all go on, each to its own next event
                self.lanes.go(due.lanes, due.at_h, self.observer)
                self.here_h[due.lanes] = due.at_h
            self._handle(due)
        end_h = np.full(len(every), self.conditions.hours)
        self.lanes.go(every, end_h, self.observer)
        self.lanes.settle(every, end_h, self.observer)
        self.given_u += self.into_vein_u_per_h * (end_h - self.since_h)

    def _handle(self, due: Due) -> None:
        """Handle events, one of each lane, kind by kind."""
        results = []
        for kind, lanes, now_h, x, y in due.by_kind():
            if kind == EventKind.DRAW:
                self.draw(lanes, now_h)
            elif kind in (EventKind.RESULT, EventKind.RESULT_ABOVE):
                results.append((lanes, now_h, x, y, np.full(len(lanes), kind == EventKind.RESULT_ABOVE)))
            else:
                self.carry_out(kind, lanes, now_h, x, y)
        if results:  # all together: a decision for many costs little more than one for few
            self.read(*map(np.concatenate, zip(*results, strict=True)))


def _routes_of(controller: Controller) -> tuple[str, ...]:
    """Return the routes besides the vein that a controller can order; the engine skips the states of the others."""
    if isinstance(controller, VectorController):
        return ()
    if type(controller) is Fixed:
        kinds = {type(order) for order in controller.regimen.orders}
        return tuple(route for kind, route in _ROUTE_OF.items() if kind in kinds)
    return tuple(_ROUTE_OF.values())


def _amounts(order: Order, weight_kg: np.ndarray, pump: Pump | None) -> tuple[EventKind, np.ndarray, float]:
    """Return an order as an event for patients of these weights (m,): its kind and its two numbers, the first of shape (m,).

    With ``pump`` a rate is the one the pump can be set to.
    """
    match order:
        case Bolus():
            dose = _by_weight(order.dose_u, order.dose_u_per_kg, weight_kg)
            dose = dose if order.most_u is None else np.minimum(dose, order.most_u)
            rules.check_doses(dose)
            return EventKind.BOLUS, dose, order.over_min
        case Infusion():
            if order.rate_ml_per_h is not None:
                rate = np.full(len(weight_kg), order.resolved(LIMITS["weight_kg"][1]).rate_u_per_h)  # mL/h: any weight will do
            else:
                rate = _by_weight(order.rate_u_per_h, order.rate_u_per_kg_per_h, weight_kg)
                rate = rate if order.most_u_per_h is None else np.minimum(rate, order.most_u_per_h)
            rules.check_rates(rate, weight_kg)
            return EventKind.INFUSION, rate if pump is None else rules.delivered_u_per_h(rate, pump), 0.0
        case Stop():
            return EventKind.STOP, np.zeros(len(weight_kg)), 0.0
        case Hold():
            return EventKind.HOLD, np.full(len(weight_kg), order.duration_min), 0.0
        case Pause():
            return EventKind.PAUSE, np.full(len(weight_kg), order.until_below), 0.0
        case Resume():
            return EventKind.RESUME, np.zeros(len(weight_kg)), 0.0
        case Notify():
            return EventKind.NOTIFY, np.zeros(len(weight_kg)), 0.0
        case Subcutaneous():
            dose = _by_weight(order.dose_u, order.dose_u_per_kg, weight_kg)
            rules.check_doses(dose)
            return EventKind.SUBCUTANEOUS, dose, 0.0
        case Protamine():
            return EventKind.PROTAMINE, np.full(len(weight_kg), order.dose_mg), order.over_min


def _by_weight(absolute_u: float | None, per_kg: float | None, weight_kg: np.ndarray) -> np.ndarray:
    return np.full(len(weight_kg), absolute_u) if absolute_u is not None else (per_kg or 0.0) * weight_kg
