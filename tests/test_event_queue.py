"""The event queue of many lanes against the simplest queue of each: a list from which the smallest is taken."""

import numpy as np
import pytest

from heparin_pk.base.elementwise import COMPILED
from heparin_pk.engine import event_queue
from heparin_pk.engine.event_queue import EventQueue, Slots

PRIORITIES = np.array([2, 0, 1, 1])
AT_ONCE = 1
"""The priority that needs no time to pass."""


@pytest.mark.parametrize("at_the_end", [(), (0,), (0, 1, 2)])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_list_from_which_the_smallest_is_taken(seed, at_the_end):
    rng = np.random.default_rng(seed)
    number, until_h = 7, 2.0
    queue = EventQueue(number, PRIORITIES, until_h, at_the_end, (AT_ONCE,))
    lists = [[] for _ in range(number)]
    written = [0] * number
    most, waited, over = 0, 0, 0
    for _ in range(300):
        lanes = np.flatnonzero(rng.random(number) < rng.choice([0.3, 1.0]))
        if rng.random() < 0.55:
            what = int(rng.integers(len(PRIORITIES)))
            time_h, x, y = rng.integers(0, 6, len(lanes)) / 2.0, rng.random(len(lanes)), rng.random(len(lanes))
            queue.add(lanes, time_h, what, x, y)
            for i, lane in enumerate(lanes.tolist()):
                lists[lane].append((time_h[i], PRIORITIES[what], written[lane], what, x[i], y[i]))
                written[lane] += 1
            most = max(most, *map(len, lists))
            continue
        here_h = rng.integers(0, 6, number) / 2.0 * rng.choice([-1.0, 1.0])
        left, waits, due = queue.take_next(lanes, here_h)
        firsts = {lane: min(lists[lane]) for lane in lanes.tolist() if lists[lane]}
        over += sum(first[0] > until_h for first in firsts.values())
        ends = {lane for lane, first in firsts.items() if first[0] == until_h and first[1] in at_the_end}
        firsts = {lane: first for lane, first in firsts.items() if first[0] < until_h or lane in ends}
        assert left.tolist() == list(firsts)
        ready = {lane: first for lane, first in firsts.items() if first[1] == AT_ONCE or first[0] <= here_h[lane]}
        assert waits == (not ready)
        waited += bool(waits and firsts)
        expected = sorted((firsts if waits else ready).items(), key=lambda item: (item[1][3], item[0]))
        found = []
        for kind, who, at_h, x, y in due.by_kind():
            found += list(zip(who.tolist(), at_h.tolist(), [kind] * len(who), x.tolist(), y.tolist(), strict=True))
        assert found == [(lane, first[0], *first[3:]) for lane, first in expected]
        assert due.lanes.tolist() == [one[0] for one in found]
        for lane, first in expected:
            lists[lane].remove(first)
    assert most > 4  # it has grown
    assert waited > 0
    assert over > 0
    for what in range(len(PRIORITIES)):
        expected = [sum(one[4] for one in due if one[3] == what) for due in lists]
        np.testing.assert_allclose(queue.running(np.arange(number), what), expected)


def test_who_has_nothing_to_do_is_left_out():
    queue = EventQueue(3, PRIORITIES, 10.0)
    queue.add(np.array([1]), 4.0, 0)
    left, waits, due = queue.take_next(np.arange(3), np.zeros(3))
    assert (left.tolist(), waits, due.lanes.tolist(), due.at_h.tolist()) == ([1], True, [1], [4.0])
    left, waits, due = queue.take_next(left, np.zeros(3))
    assert (len(left), waits, list(due.by_kind())) == (0, True, [])
    assert len(queue.take_next(left, np.zeros(3))[0]) == 0


def full_of_events(rng, number):
    """Return slots as a queue leaves them: some lanes with no event, some with as many as there are slots."""
    held = rng.integers(0, 6, number)
    there = np.arange(5)[:, None] < held
    time_h = np.where(there, rng.choice([0.0, 1.0, 2.5, 9.0], (5, number)), np.inf)
    order = (rng.integers(0, 3, (5, number)) << 48) + (np.arange(5)[:, None] << 8) + rng.integers(0, 4, (5, number))
    return Slots(time_h, order, rng.random((5, number)), rng.random((5, number)), held, held.copy())


def copied(slots):
    return Slots(*(array.copy() for array in slots))


def entries(rng, number, until_h=9.0):
    """Return lanes, what to write down for them, where all are, and rules for taking: as wholes, subsets and nothing."""
    for lanes in (np.arange(number), np.flatnonzero(rng.random(number) < 0.4), np.zeros(0, dtype=np.int64)):
        entry = (rng.random(len(lanes)), 3 << 48, rng.random(len(lanes)), rng.random(len(lanes)))
        for here_h in (np.full(number, -1.0), rng.choice([0.0, 1.0, 3.0], number)):
            for at_once in ([False] * 4, [False, True, False, False]):
                yield lanes, entry, here_h, (until_h, np.array([True, True, False, False]), np.array(at_once), 4)


def test_lane_after_lane_is_all_at_once(monkeypatch):
    """The loops that are compiled elsewhere, here in plain Python, beside the arrays."""
    for known in list(COMPILED):
        monkeypatch.delitem(COMPILED, known)
    rng = np.random.default_rng(3)
    for lanes, entry, here_h, rules in entries(rng, 300):
        slots = full_of_events(rng, 300)
        both = copied(slots), copied(slots)
        found = event_queue.take_next(both[0], lanes, here_h, rules), event_queue.each_take_next(*both[1], lanes, here_h, *rules)
        for one, other in zip(*found, strict=True):
            np.testing.assert_array_equal(one, other)
        written = event_queue.write_down(both[0], lanes, *entry)
        assert written == event_queue.each_write_down(*both[1], lanes, *entry)
        full = np.flatnonzero(both[0].held[lanes[written:]] == 5)
        assert written == len(lanes) or full[0] == 0
        for name, one, other in zip(Slots._fields, *both, strict=True):
            there = np.arange(5)[:, None] < both[0].held if one.ndim == 2 else True
            np.testing.assert_array_equal(np.where(there, one, 0), np.where(there, other, 0), err_msg=name)
        np.testing.assert_array_equal(np.isinf(both[0].time_h), np.arange(5)[:, None] >= both[0].held)
        np.testing.assert_array_equal(np.isinf(both[1].time_h), np.arange(5)[:, None] >= both[1].held)
