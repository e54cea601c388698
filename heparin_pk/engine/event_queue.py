"""The event queue of a batch: the future events of every lane, in slots, and one order key that decides which comes first.

The queue does not know the meaning of an event; the caller numbers the kinds and gives each a priority.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.base.elementwise import COMPILED

# The order key of an event is one whole number of 64 bits. Of two events at the same time, the smaller key happens first:
#   bits 48 and above: priority of its kind
#   bits 8 to 47:      sequence number, how many events the lane has ever had before
#   bits 0 to 7:       kind; it decides nothing, because the sequence numbers of a lane differ, and is read back from here
_KIND_BITS, _PRIORITY_SHIFT = 8, 48
_KIND_MASK, _AFTER_ALL = 2**_KIND_BITS - 1, 2**62


class Slots(NamedTuple):
    """The events of n lanes, a row of each array (k, n) a slot. A lane's events lie in its first slots, in no order.

    * ``time_h``: time of the event, h; infinite in a free slot.
    * ``order``: order key among events at the same time.
    * ``x``: first number of the event (an amount, a rate).
    * ``y``: second number of the event.
    * ``held``: how many events each lane has now, (n,).
    * ``written``: how many events each lane has ever had, (n,).
    """

    time_h: np.ndarray
    order: np.ndarray
    x: np.ndarray
    y: np.ndarray
    held: np.ndarray
    written: np.ndarray


_FREE_SLOT = {"time_h": np.inf, "order": 0, "x": 0.0, "y": 0.0}


def write_down(slots: Slots, lanes: np.ndarray, at_h: np.ndarray, of_kind: int, x: np.ndarray, y: np.ndarray) -> int:
    """Write one event for each of these lanes (m,) in its next slot; return how many were written before a lane had none free.

    ``of_kind``: the order key of these events without the sequence number.
    """
    if write_down in COMPILED:
        return int(COMPILED[write_down](*slots, lanes, at_h, of_kind, x, y))
    # Lanes before the first full one; the appended True ends the search where none is full.
    n = int(np.append(slots.held[lanes] == len(slots.time_h), True).argmax())
    lanes = lanes[:n]
    place = slots.held[lanes] * slots.time_h.shape[1] + lanes  # in the flat array
    order = of_kind + (slots.written[lanes] << _KIND_BITS)
    for column, new in zip(slots[:4], (at_h[:n], order, x[:n], y[:n]), strict=True):
        column.reshape(-1)[place] = new
    slots.held[lanes] += 1
    slots.written[lanes] += 1
    return n


def each_write_down(
    time_h: Any, order: Any, x: Any, y: Any, held: Any, written: Any, lanes: Any, at_h: Any, of_kind: Any, new_x: Any, new_y: Any
) -> Any:
    """Do the same as :func:`write_down`, lane after lane, as a loop to be compiled."""
    for i in range(len(lanes)):
        lane = lanes[i]
        slot = held[lane]  # the first free one
        if slot == len(time_h):
            return i
        time_h[slot, lane], order[slot, lane] = at_h[i], of_kind + (written[lane] << _KIND_BITS)
        x[slot, lane], y[slot, lane] = new_x[i], new_y[i]
        held[lane] += 1
        written[lane] += 1
    return len(lanes)


def take_next(slots: Slots, lanes: np.ndarray, clock_h: np.ndarray, rules: tuple[Any, ...]) -> tuple[Any, ...]:
    """Take the next events off the queues of these lanes; see :meth:`EventQueue.take_next`.

    A lane's next event is the soonest, and at one time the one with the lowest order key.

    * ``clock_h``: the time each lane has reached, (n,), h.
    * ``rules``: the end of the simulation, h; for every priority whether its events still happen at that moment, and whether they
      need no time to pass; and the number of kinds.

    Returns these, in this order:

    * the lanes that have an event left;
    * whether time must pass before the events taken;
    * their lanes, times, first and second numbers, (k,) each, sorted by kind;
    * for every kind, where its events end in these arrays.
    """
    if take_next in COMPILED:
        return tuple(COMPILED[take_next](*slots, lanes, clock_h, *rules))
    until_h, at_the_end, at_once, kinds = rules
    n = len(slots.held)
    # All events of these lanes, (k, m): without a copy where every lane is asked for (lanes are sorted).
    times_h, orders = slots[:2] if len(lanes) == n else (slots.time_h[:, lanes], slots.order[:, lanes])
    # The soonest time of each lane, the lowest key at that time, and the slot that holds it.
    due = np.where(times_h == times_h.min(axis=0), orders, _AFTER_ALL)
    first = due.min(axis=0)
    slot = np.zeros(len(lanes), dtype=np.int64)
    for index in range(1, len(due)):
        slot[due[index] == first] = index
    place = slot * n + lanes
    at_h, priority = slots.time_h.reshape(-1)[place], first >> _PRIORITY_SHIFT
    # Keep the lanes whose next event still happens before the end, or at the end with a priority that allows it.
    happens = (at_h < until_h) | ((at_h == until_h) & at_the_end[priority])
    left, place, at_h, priority = kept_where(happens, lanes, place, at_h, priority)
    # Events for which no time must pass come first; only if no lane has one, every lane's next event is due.
    ready = at_once[priority] | (at_h <= clock_h[left])
    waits = not ready.any()
    taken, place, at_h = (left, place, at_h) if waits else kept_where(ready, left, place, at_h)
    kind = (slots.order.reshape(-1)[place] & _KIND_MASK).astype(np.uint8)
    # Sort by kind, so that the caller handles each kind with one call. NumPy sorts 8-bit integers by radix, in linear time.
    if len(kind) and kind.min() < kind.max():
        by_kind = np.argsort(kind, kind="stable")
        taken, place, at_h = taken[by_kind], place[by_kind], at_h[by_kind]
    x, y = slots.x.reshape(-1)[place], slots.y.reshape(-1)[place]
    # Fill the gap with the lane's last event, and free that slot.
    slots.held[taken] -= 1
    last = slots.held[taken] * n + taken
    for column in slots[:4]:
        column.reshape(-1)[place] = column.reshape(-1)[last]
    slots.time_h.reshape(-1)[last] = np.inf
    return left, waits, taken, at_h, x, y, np.cumsum(np.bincount(kind, minlength=kinds))


def each_take_next(
    time_h: Any, order: Any, x: Any, y: Any, held: Any, written: Any, lanes: Any, clock_h: Any,  # noqa: ARG001
    until_h: Any, at_the_end: Any, at_once: Any, kinds: Any,
) -> Any:  # fmt: skip
    """Do the same as :func:`take_next`, lane after lane, as a loop to be compiled."""
    left, slots, firsts = np.empty(len(lanes), np.int64), np.empty(len(lanes), np.int64), np.empty(len(lanes), np.int64)
    soonest_h, ready = np.empty(len(lanes)), np.empty(len(lanes), np.bool_)
    of_all, of_ready = np.zeros(kinds + 1, np.int64), np.zeros(kinds + 1, np.int64)
    going = 0
    # First pass: find the next event of each lane and whether it is ready, and count the kinds, of all and of the ready ones.
    for i in range(len(lanes)):
        lane, slot = lanes[i], 0
        at_h, first = time_h[0, lane], order[0, lane]
        for index in range(1, held[lane]):
            if time_h[index, lane] < at_h or (time_h[index, lane] == at_h and order[index, lane] < first):
                slot, at_h, first = index, time_h[index, lane], order[index, lane]
        priority, kind = first >> _PRIORITY_SHIFT, first & _KIND_MASK
        if at_h < until_h or (at_h == until_h and at_the_end[priority]):
            left[going], slots[going], firsts[going], soonest_h[going] = lane, slot, first, at_h
            ready[going] = at_once[priority] or at_h <= clock_h[lane]
            of_all[kind + 1] += 1
            of_ready[kind + 1] += ready[going]
            going += 1
    waits = of_ready.sum() == 0
    # Second pass: a counting sort by kind. next_place[kind] is where the next event of this kind goes, at last where they end.
    next_place = (of_all if waits else of_ready).cumsum()
    n = next_place[kinds]
    taken, then_h, x_of, y_of = np.empty(n, np.int64), np.empty(n), np.empty(n), np.empty(n)
    for i in range(going):
        if waits or ready[i]:
            slot, lane, place = slots[i], left[i], next_place[firsts[i] & _KIND_MASK]
            taken[place], then_h[place], x_of[place], y_of[place] = lane, soonest_h[i], x[slot, lane], y[slot, lane]
            next_place[firsts[i] & _KIND_MASK] += 1
            # Fill the gap with the lane's last event, and free that slot.
            held[lane] -= 1
            last = held[lane]
            if slot < last:
                time_h[slot, lane], order[slot, lane] = time_h[last, lane], order[last, lane]
                x[slot, lane], y[slot, lane] = x[last, lane], y[last, lane]
            time_h[last, lane] = np.inf
    return left[:going], waits, taken, then_h, x_of, y_of, next_place[:kinds]


class Due(NamedTuple):
    """Events of some lanes, one a lane, sorted by kind.

    * ``lanes``: the lane of each event, (k,).
    * ``at_h``: its time, (k,), h.
    * ``x``, ``y``: its two numbers, (k,).
    * ``ends``: for every kind, where its events end in these arrays.
    """

    lanes: np.ndarray
    at_h: np.ndarray
    x: np.ndarray
    y: np.ndarray
    ends: np.ndarray

    def by_kind(self) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield each kind that occurs, with the lanes, times and two numbers of its events."""
        begin = 0
        for kind, end in enumerate(self.ends.tolist()):
            if end > begin:
                yield kind, self.lanes[begin:end], self.at_h[begin:end], self.x[begin:end], self.y[begin:end]
            begin = end


class EventQueue:
    """The future events of n lanes until ``until_h``: slots of (time, order key, two numbers).

    Events at the same time happen by priority, then in the order in which they were added.

    * ``priorities``: the priority of every kind, lowest first.
    * ``at_the_end``: priorities whose events still happen at ``until_h`` itself.
    * ``at_once``: priorities whose events need no time to pass.
    """

    def __init__(
        self, n: int, priorities: np.ndarray, until_h: float, at_the_end: tuple[int, ...] = (), at_once: tuple[int, ...] = ()
    ) -> None:
        self._priorities = priorities
        self._kinds: set[int] = set()
        slots, counts = np.zeros((4, n)), np.zeros(n, dtype=np.int64)  # four slots a lane to begin with
        self._slots = Slots(slots + np.inf, slots.astype(np.int64), slots, slots.copy(), counts, counts.copy())
        every = np.arange(int(priorities.max()) + 1)
        self._rules = (float(until_h), np.isin(every, at_the_end), np.isin(every, at_once), len(priorities))

    def add(self, lanes: np.ndarray, time_h: Any, kind: int, x: Any = 0.0, y: Any = 0.0) -> None:
        """Add one event of this kind for each of these lanes; times and numbers are arrays (m,) or the same for all."""
        if not len(lanes):
            return
        of_kind = (int(self._priorities[kind]) << _PRIORITY_SHIFT) + int(kind)
        at_h, x, y = (_as_array(value, len(lanes)) for value in (time_h, x, y))
        # Where a lane has no free slot, double the slots of all and write the rest.
        while (written := write_down(self._slots, lanes, at_h, of_kind, x, y)) < len(lanes):
            lanes, at_h, x, y = (values[written:] for values in (lanes, at_h, x, y))
            more = {name: _doubled(getattr(self._slots, name), free) for name, free in _FREE_SLOT.items()}
            self._slots = self._slots._replace(**more)
        self._kinds.add(kind)

    def take_next(self, lanes: np.ndarray, clock_h: np.ndarray) -> tuple[np.ndarray, bool, Due]:
        """Take the next events of these lanes off the queue.

        ``clock_h`` is the time every lane of the queue has reached, (n,), h. Returns these:

        * the lanes that have an event left;
        * whether time must pass before the events taken;
        * the events taken: those that need no time to pass, because the lane has reached them or by their priority; where no lane
          has one, the next event of every lane.
        """
        left, waits, *due = take_next(self._slots, lanes, clock_h, self._rules)
        return left, bool(waits), Due(*due)

    def waits(self, lane: int, kind: int, at_h: float) -> bool:
        """Return whether an event of this kind at this time waits in the queue of a lane."""
        n = int(self._slots.held[lane])
        time_h, order = self._slots.time_h[:n, lane], self._slots.order[:n, lane]
        return bool(((time_h == at_h) & (order & _KIND_MASK == kind)).any())

    def running(self, lanes: np.ndarray, kind: int) -> np.ndarray:
        """Return, for each of these lanes, the sum of the first numbers of its queued events of one kind, (m,)."""
        total = np.zeros(len(lanes))
        if kind not in self._kinds:
            return total
        time_h, order, x = (column[:, lanes] for column in self._slots[:3])
        of_kind = (order & _KIND_MASK == kind) & np.isfinite(time_h)
        for slot in range(len(of_kind)):
            total = total + np.where(of_kind[slot], x[slot], 0.0)
        return total


def kept_where(condition: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return each of the arrays where the condition holds; unchanged, without a copy, where it holds everywhere."""
    if condition.all():
        return values
    (index,) = condition.nonzero()  # once, which is faster than a mask for each array
    return tuple(value[index] for value in values)


def _as_array(value: Any, n: int) -> np.ndarray:
    return np.ascontiguousarray(value) if isinstance(value, np.ndarray) else np.full(n, float(value))


def _doubled(column: np.ndarray, free: float) -> np.ndarray:
    return np.concatenate([column, np.full_like(column, free)])
