"""What many people still have to do, and when: appointments in slots, one queue a lane.

Nothing here knows what an appointment means; whoever writes it says what comes first at one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.base.elementwise import COMPILED

_WHAT_BITS, _RANK_BITS = 8, 48
_WHAT_MASK, _LAST = 2**_WHAT_BITS - 1, 2**62


class Slots(NamedTuple):
    """The appointments of n lanes, a slot a row (k, n): times, orders, two numbers; how many each has, and has ever had (n,).

    A lane's appointments lie in its first slots, in no order; the time of a free slot is infinite.
    """

    time_h: np.ndarray
    order: np.ndarray
    x: np.ndarray
    y: np.ndarray
    held: np.ndarray
    written: np.ndarray


_BLANK = {"time_h": np.inf, "order": 0, "x": 0.0, "y": 0.0}


def write_down(slots: Slots, lanes: np.ndarray, at_h: np.ndarray, of_kind: int, x: np.ndarray, y: np.ndarray) -> int:
    """Write one appointment of each of these lanes (m,) in its next slot; return how many were written before one had none.

    ``of_kind`` is their order but for how many the lane has ever had.
    """
    if write_down in COMPILED:
        return int(COMPILED[write_down](*slots, lanes, at_h, of_kind, x, y))
    many = int(np.append(slots.held[lanes] == len(slots.time_h), True).argmax())
    lanes = lanes[:many]
    place = slots.held[lanes] * slots.time_h.shape[1] + lanes
    order = of_kind + (slots.written[lanes] << _WHAT_BITS)
    for kept, new in zip(slots[:4], (at_h[:many], order, x[:many], y[:many]), strict=True):
        kept.reshape(-1)[place] = new
    slots.held[lanes] += 1
    slots.written[lanes] += 1
    return many


def each_write_down(time_h, order, x, y, held, written, lanes, at_h, of_kind, one, two):
    """The same, lane after lane, to be compiled."""
    for i in range(len(lanes)):
        lane = lanes[i]
        slot = held[lane]
        if slot == len(time_h):
            return i
        time_h[slot, lane], order[slot, lane] = at_h[i], of_kind + (written[lane] << _WHAT_BITS)
        x[slot, lane], y[slot, lane] = one[i], two[i]
        held[lane] += 1
        written[lane] += 1
    return len(lanes)


def take_next(slots: Slots, lanes: np.ndarray, here_h: np.ndarray, rules: tuple[Any, ...]) -> tuple[Any, ...]:
    """Take the next appointments off the queues of these lanes; see :meth:`EventQueue.take_next`.

    A lane's next is the soonest, and at one time the lowest order; the orders of a lane differ. ``here_h`` (n,) is where every
    lane is. ``rules`` are the moment when time is up, of every rank whether it still happens then and whether it needs no time
    to pass, and how many kinds there are. Returns the lanes that have something left, whether time must pass, who has what at
    which moment with which two numbers, kind by kind, and where each kind ends.
    """
    if take_next in COMPILED:
        return tuple(COMPILED[take_next](*slots, lanes, here_h, *rules))
    until_h, at_the_end, at_once, kinds = rules
    n = len(slots.held)
    some_h, some = slots[:2] if len(lanes) == n else (slots.time_h[:, lanes], slots.order[:, lanes])  # lanes come in order
    due = np.where(some_h == some_h.min(axis=0), some, _LAST)
    first = due.min(axis=0)
    slot = np.zeros(len(lanes), dtype=np.int64)
    for one in range(1, len(due)):
        slot[due[one] == first] = one
    place = slot * n + lanes
    at_h = slots.time_h.reshape(-1)[place]
    rank = first >> _RANK_BITS
    left, place, at_h, rank = kept_where((at_h < until_h) | ((at_h == until_h) & at_the_end[rank]), lanes, place, at_h, rank)
    ready = at_once[rank] | (at_h <= here_h[left])
    waits = not ready.any()
    who, place, at_h = (left, place, at_h) if waits else kept_where(ready, left, place, at_h)
    kind = (slots.order.reshape(-1)[place] & _WHAT_MASK).astype(np.uint8)
    if len(kind) and kind.min() < kind.max():
        by_kind = np.argsort(kind, kind="stable")
        who, place, at_h = who[by_kind], place[by_kind], at_h[by_kind]
    x, y = slots.x.reshape(-1)[place], slots.y.reshape(-1)[place]
    slots.held[who] -= 1
    last = slots.held[who] * n + who
    for kept in slots[:4]:
        kept.reshape(-1)[place] = kept.reshape(-1)[last]
    slots.time_h.reshape(-1)[last] = np.inf
    return left, waits, who, at_h, x, y, np.cumsum(np.bincount(kind, minlength=kinds))


def each_take_next(time_h, order, x, y, held, written, lanes, here_h, until_h, at_the_end, at_once, kinds):  # noqa: ARG001
    """The same, lane after lane, to be compiled."""
    left, slots, firsts = np.empty(len(lanes), np.int64), np.empty(len(lanes), np.int64), np.empty(len(lanes), np.int64)
    soonest_h, ready = np.empty(len(lanes)), np.empty(len(lanes), np.bool_)
    of_all, of_ready = np.zeros(kinds + 1, np.int64), np.zeros(kinds + 1, np.int64)
    going = 0
    for i in range(len(lanes)):
        lane, slot = lanes[i], 0
        at_h, first = time_h[0, lane], order[0, lane]
        for one in range(1, held[lane]):
            if time_h[one, lane] < at_h or (time_h[one, lane] == at_h and order[one, lane] < first):
                slot, at_h, first = one, time_h[one, lane], order[one, lane]
        rank, kind = first >> _RANK_BITS, first & _WHAT_MASK
        if at_h < until_h or (at_h == until_h and at_the_end[rank]):
            left[going], slots[going], firsts[going], soonest_h[going] = lane, slot, first, at_h
            ready[going] = at_once[rank] or at_h <= here_h[lane]
            of_all[kind + 1] += 1
            of_ready[kind + 1] += ready[going]
            going += 1
    waits = of_ready.sum() == 0
    upto = (of_all if waits else of_ready).cumsum()
    many = upto[kinds]
    who, then_h, one_of, two_of = np.empty(many, np.int64), np.empty(many), np.empty(many), np.empty(many)
    for i in range(going):
        if waits or ready[i]:
            slot, lane, place = slots[i], left[i], upto[firsts[i] & _WHAT_MASK]
            who[place], then_h[place], one_of[place], two_of[place] = lane, soonest_h[i], x[slot, lane], y[slot, lane]
            upto[firsts[i] & _WHAT_MASK] += 1
            held[lane] -= 1
            last = held[lane]
            if slot < last:
                time_h[slot, lane], order[slot, lane] = time_h[last, lane], order[last, lane]
                x[slot, lane], y[slot, lane] = x[last, lane], y[last, lane]
            time_h[last, lane] = np.inf
    return left[:going], waits, who, then_h, one_of, two_of, upto[:kinds]


class Due(NamedTuple):
    """Appointments of some lanes, one each, kind by kind: the lanes, the moments, two numbers, and where each kind ends."""

    lanes: np.ndarray
    at_h: np.ndarray
    x: np.ndarray
    y: np.ndarray
    ends: np.ndarray

    def by_kind(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield each kind that there is, and its lanes, moments and numbers."""
        begin = 0
        for kind, end in enumerate(self.ends.tolist()):
            if end > begin:
                yield kind, self.lanes[begin:end], self.at_h[begin:end], self.x[begin:end], self.y[begin:end]
            begin = end


class EventQueue:
    """What each lane still has to do until ``until_h``: slots of (time, order, amount, second number).

    The order among what is due at one moment is one whole number: the rank of what it is (``ranks``), then when it was written
    down, then what it is. Ranks ``at_the_end`` still happen when time is up; ranks ``at_once`` need no time to pass.
    """

    def __init__(
        self, n: int, ranks: np.ndarray, until_h: float, at_the_end: tuple[int, ...] = (), at_once: tuple[int, ...] = ()
    ) -> None:
        self._ranks = ranks
        self._kinds: set[int] = set()
        nothing, none = np.zeros((4, n)), np.zeros(n, dtype=np.int64)
        self._slots = Slots(nothing + np.inf, nothing.astype(np.int64), nothing, nothing.copy(), none, none.copy())
        every = np.arange(int(ranks.max()) + 1)
        self._rules = (float(until_h), np.isin(every, at_the_end), np.isin(every, at_once), len(ranks))

    def add(self, lanes: np.ndarray, time_h: Any, what: int, x: Any = 0.0, y: Any = 0.0) -> None:
        """Write one appointment a lane."""
        if not len(lanes):
            return
        of_kind = (int(self._ranks[what]) << _RANK_BITS) + int(what)
        at_h, x, y = (_of_each(value, len(lanes)) for value in (time_h, x, y))
        while (written := write_down(self._slots, lanes, at_h, of_kind, x, y)) < len(lanes):
            lanes, at_h, x, y = (some[written:] for some in (lanes, at_h, x, y))
            more = {name: _twice(getattr(self._slots, name), blank) for name, blank in _BLANK.items()}
            self._slots = self._slots._replace(**more)
        self._kinds.add(what)

    def take_next(self, lanes: np.ndarray, here_h: np.ndarray) -> tuple[np.ndarray, bool, Due]:
        """Return which of these lanes have anything left to do, whether time must pass before it, and what it is.

        It is taken off the queue: the next appointment of those for whom no time need pass, because they are there already
        (``here_h`` of everybody) or because of its rank; where there are none such, everybody's next.
        """
        left, waits, *due = take_next(self._slots, lanes, here_h, self._rules)
        return left, bool(waits), Due(*due)

    def waits(self, lane: int, kind: int, at_h: float) -> bool:
        """Return whether an event of this kind at this time waits in the queue of a lane."""
        n = int(self._slots.held[lane])
        time_h, order = self._slots.time_h[:n, lane], self._slots.order[:n, lane]
        return bool(((time_h == at_h) & (order & _WHAT_MASK == kind)).any())

    def running(self, lanes: np.ndarray, what: int) -> np.ndarray:
        """Return the sum of the amounts of one kind that still stand in the queue."""
        total = np.zeros(len(lanes))
        if what not in self._kinds:
            return total
        time_h, order, x = (kept[:, lanes] for kept in self._slots[:3])
        here = (order & _WHAT_MASK == what) & np.isfinite(time_h)
        for slot in range(len(here)):
            total = total + np.where(here[slot], x[slot], 0.0)
        return total


def kept_where(condition: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return each of the arrays where the condition holds; as they are where it holds everywhere."""
    if condition.all():
        return values
    (which,) = condition.nonzero()  # sooner than asking the condition again for each array
    return tuple(one[which] for one in values)


def _of_each(value: Any, n: int) -> np.ndarray:
    return np.ascontiguousarray(value) if isinstance(value, np.ndarray) else np.full(n, float(value))


def _twice(kept: np.ndarray, blank: float) -> np.ndarray:
    return np.concatenate([kept, np.full_like(kept, blank)])
