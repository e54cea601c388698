"""What many people still have to do, and when: appointments in slots, one agenda a lane.

Nothing here knows what an appointment means; whoever writes it says what comes first at one moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heparin_pk._each import LOOPS

_WHAT_BITS, _RANK_BITS = 8, 48
_WHAT_MASK, _LAST = 2**_WHAT_BITS - 1, 2**62


def write_down(slots: tuple[np.ndarray, ...], place_in_order: np.ndarray, lanes: np.ndarray, entry: tuple[Any, ...]) -> bool:
    """Write one appointment in the first free slot of each of these lanes; ``False``, and nothing is written, if one has none.

    ``slots`` are times, orders and two numbers (k, n), a slot a row; a free one has the time infinity. ``place_in_order`` (n,)
    counts what each lane has written so far. ``entry`` is the time (m,), the order but for that count, and two numbers (m,).
    """
    if write_down in LOOPS:
        return bool(LOOPS[write_down](*slots, place_in_order, lanes, *entry))
    time_h, order, x, y = slots
    free = np.isinf(time_h[:, lanes])
    if not free.any(axis=0).all():
        return False
    place = free.argmax(axis=0) * time_h.shape[1] + lanes
    written = place_in_order[lanes]
    for kept, new in zip((time_h, order, x, y), (entry[0], entry[1] + (written << _WHAT_BITS), *entry[2:]), strict=True):
        kept.reshape(-1)[place] = new
    place_in_order[lanes] = written + 1
    return True


def each_write_down(time_h, order, x, y, place_in_order, lanes, at_h, of_kind, one, two):
    """The same, lane after lane, to be compiled."""
    free = np.empty(len(lanes), np.int64)
    for i in range(len(lanes)):
        slot = 0
        while slot < len(time_h) and time_h[slot, lanes[i]] < np.inf:
            slot += 1
        if slot == len(time_h):
            return False
        free[i] = slot
    for i in range(len(lanes)):
        slot, lane = free[i], lanes[i]
        time_h[slot, lane], order[slot, lane] = at_h[i], of_kind + (place_in_order[lane] << _WHAT_BITS)
        x[slot, lane], y[slot, lane] = one[i], two[i]
        place_in_order[lane] += 1
    return True


def soonest(time_h: np.ndarray, order: np.ndarray, lanes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the place, time and order of each of these lanes' next appointment: the soonest, and at one time the lowest order.

    ``time_h`` and ``order`` (k, n) hold a slot a row; the orders of a lane differ. Where nothing is to be done the time is
    infinite.
    """
    if soonest in LOOPS:
        return LOOPS[soonest](time_h, order, lanes)
    number = time_h.shape[1]
    some_h, some = (time_h, order) if len(lanes) == number else (time_h[:, lanes], order[:, lanes])  # lanes come in order
    due = np.where(some_h == some_h.min(axis=0), some, _LAST)
    first = due.min(axis=0)
    slots = np.zeros(len(lanes), dtype=np.int64)
    for slot in range(1, len(due)):
        slots[due[slot] == first] = slot
    place = slots * number + lanes
    return place, time_h.reshape(-1)[place], order.reshape(-1)[place]


def each_soonest(time_h, order, lanes):
    """The same, lane after lane, to be compiled."""
    place, at_h, what = np.empty(len(lanes), np.int64), np.empty(len(lanes)), np.empty(len(lanes), np.int64)
    for i in range(len(lanes)):
        lane, best = lanes[i], 0
        for slot in range(1, len(time_h)):
            sooner, together = time_h[slot, lane] < time_h[best, lane], time_h[slot, lane] == time_h[best, lane]
            if sooner or (together and order[slot, lane] < order[best, lane]):
                best = slot
        place[i], at_h[i], what[i] = best * time_h.shape[1] + lane, time_h[best, lane], order[best, lane]
    return place, at_h, what


class Agenda:
    """What each lane still has to do: slots of (time, order, amount, second number).

    The order among what is due at one moment is one whole number: the rank of what it is (``ranks``), then when it was written
    down, then what it is. ``place`` is where an appointment stands.
    """

    def __init__(self, number: int, ranks: np.ndarray) -> None:
        self._ranks = ranks
        self._kinds: set[int] = set()
        self._written = np.zeros(number, dtype=np.int64)
        nothing = np.zeros((4, number))
        self._slots: tuple[np.ndarray, ...] = (nothing + np.inf, nothing.astype(np.int64), nothing, nothing.copy())

    def write(self, lanes: np.ndarray, time_h: Any, what: int, x: Any = 0.0, y: Any = 0.0) -> None:
        """Write one appointment a lane."""
        if not len(lanes):
            return
        of_kind = (int(self._ranks[what]) << _RANK_BITS) + int(what)
        at_h, one, two = (_of_each(value, len(lanes)) for value in (time_h, x, y))
        while not write_down(self._slots, self._written, lanes, (at_h, of_kind, one, two)):
            self._slots = tuple(_twice(kept, blank) for kept, blank in zip(self._slots, (np.inf, 0, 0.0, 0.0), strict=True))
        self._kinds.add(what)

    def next(self, lanes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the place, time, rank and kind of each lane's next appointment (time infinite: none)."""
        place, at_h, order = soonest(self._slots[0], self._slots[1], lanes)
        return place, at_h, order >> _RANK_BITS, order & _WHAT_MASK

    def tear_out(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take appointments off the agenda; return their two numbers."""
        time_h, _, x, y = (kept.reshape(-1) for kept in self._slots)
        time_h[place] = np.inf
        return x[place], y[place]

    def running(self, lanes: np.ndarray, what: int) -> np.ndarray:
        """Return the sum of the amounts of one kind that still stand in the agenda."""
        total = np.zeros(len(lanes))
        if what not in self._kinds:
            return total
        time_h, order, x, _ = (kept[:, lanes] for kept in self._slots)
        here = (order & _WHAT_MASK == what) & np.isfinite(time_h)
        for slot in range(len(here)):
            total = total + np.where(here[slot], x[slot], 0.0)
        return total


def _of_each(value: Any, number: int) -> np.ndarray:
    return np.ascontiguousarray(value) if isinstance(value, np.ndarray) else np.full(number, float(value))


def _twice(kept: np.ndarray, blank: float) -> np.ndarray:
    return np.concatenate([kept, np.full_like(kept, blank)])
