"""What many people still have to do, and when: appointments in slots, one agenda a lane.

Nothing here knows what an appointment means; whoever writes it says what comes first at one moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heparin_pk._each import LOOPS

_WHAT_BITS, _RANK_BITS = 8, 48
_WHAT_MASK, _LAST = 2**_WHAT_BITS - 1, 2**62


def free_slots(time_h: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Return the first free slot of each of these lanes (m,); one beyond the last where there is none.

    Slots are the rows of ``time_h`` (k, n); a free one holds infinity.
    """
    if free_slots in LOOPS:
        return LOOPS[free_slots](time_h, lanes)
    free = np.isinf(time_h[:, lanes])
    return np.where(free.any(axis=0), free.argmax(axis=0), len(time_h))


def each_free_slot(time_h: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """The same, lane after lane, to be compiled."""
    slots = np.empty(len(lanes), np.int64)
    for i in range(len(lanes)):
        slot = 0
        while slot < len(time_h) and time_h[slot, lanes[i]] < np.inf:
            slot += 1
        slots[i] = slot
    return slots


def soonest(time_h: np.ndarray, order: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """Return the slot of each of these lanes' next appointment (m,): the soonest, and at one time the lowest order.

    ``time_h`` and ``order`` (k, n) hold a slot a row; the orders of a lane differ. Where nothing is to be done it is a free slot.
    """
    if soonest in LOOPS:
        return LOOPS[soonest](time_h, order, lanes)
    if len(lanes) < time_h.shape[1]:  # lanes come in order: as many as there are, are everybody
        time_h, order = time_h[:, lanes], order[:, lanes]
    due = np.where(time_h == time_h.min(axis=0), order, _LAST)
    first = due.min(axis=0)
    slots = np.zeros(len(lanes), dtype=np.int64)
    for slot in range(1, len(due)):
        slots[due[slot] == first] = slot
    return slots


def each_soonest(time_h: np.ndarray, order: np.ndarray, lanes: np.ndarray) -> np.ndarray:
    """The same, lane after lane, to be compiled."""
    slots = np.empty(len(lanes), np.int64)
    for i in range(len(lanes)):
        lane, best = lanes[i], 0
        for slot in range(1, len(time_h)):
            sooner, together = time_h[slot, lane] < time_h[best, lane], time_h[slot, lane] == time_h[best, lane]
            if sooner or (together and order[slot, lane] < order[best, lane]):
                best = slot
        slots[i] = best
    return slots


class Agenda:
    """What each lane still has to do: slots of (time, order, amount, second number).

    The order among what is due at one moment is one whole number: the rank of what it is (``ranks``), then when it was written
    down, then what it is. ``place`` is where an appointment stands.
    """

    def __init__(self, number: int, ranks: np.ndarray) -> None:
        self._number, self._ranks = number, ranks
        self._kinds: set[int] = set()
        self._written = np.zeros(number, dtype=np.int64)
        self._time_h = np.full((4, number), np.inf)
        self._order = np.zeros((4, number), dtype=np.int64)
        self._x = np.zeros((4, number))
        self._y = np.zeros((4, number))

    def write(self, lanes: np.ndarray, time_h: Any, what: int, x: Any = 0.0, y: Any = 0.0) -> None:
        """Write one appointment a lane."""
        if not len(lanes):
            return
        slots = free_slots(self._time_h, lanes)
        if slots.max() == len(self._time_h):
            self._grow()
        place, written = slots * self._number + lanes, self._written[lanes]
        self._time_h.reshape(-1)[place] = time_h
        self._order.reshape(-1)[place] = (int(self._ranks[what]) << _RANK_BITS) + (written << _WHAT_BITS) + int(what)
        self._x.reshape(-1)[place], self._y.reshape(-1)[place] = x, y
        self._written[lanes] = written + 1
        self._kinds.add(what)

    def _grow(self) -> None:
        for name in ("_time_h", "_order", "_x", "_y"):
            old = getattr(self, name)
            blank = np.full_like(old, np.inf) if name == "_time_h" else np.zeros_like(old)
            setattr(self, name, np.concatenate([old, blank]))

    def next(self, lanes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the place, time, rank and kind of each lane's next appointment (time infinite: none)."""
        place = soonest(self._time_h, self._order, lanes) * self._number + lanes
        order = self._order.reshape(-1)[place]
        return place, self._time_h.reshape(-1)[place], order >> _RANK_BITS, order & _WHAT_MASK

    def tear_out(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take appointments off the agenda; return their two numbers."""
        self._time_h.reshape(-1)[place] = np.inf
        return self._x.reshape(-1)[place], self._y.reshape(-1)[place]

    def running(self, lanes: np.ndarray, what: int) -> np.ndarray:
        """Return the sum of the amounts of one kind that still stand in the agenda."""
        total = np.zeros(len(lanes))
        if what not in self._kinds:
            return total
        here = (self._order[:, lanes] & _WHAT_MASK == what) & np.isfinite(self._time_h[:, lanes])
        for slot in range(len(here)):
            total = total + np.where(here[slot], self._x[slot, lanes], 0.0)
        return total
