"""An agenda for many beside the simplest one for each: a list from which the smallest is taken."""

import numpy as np
import pytest

from heparin_pk import _agenda
from heparin_pk._agenda import Agenda
from heparin_pk._each import LOOPS

RANKS = np.array([2, 0, 1, 1])


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_list_from_which_the_smallest_is_taken(seed):
    rng = np.random.default_rng(seed)
    number = 7
    agenda = Agenda(number, RANKS)
    lists = [[] for _ in range(number)]
    written = [0] * number
    for _ in range(200):
        lanes = np.flatnonzero(rng.random(number) < rng.choice([0.3, 1.0]))
        if rng.random() < 0.55:
            what = int(rng.integers(len(RANKS)))
            time_h, x, y = rng.integers(0, 6, len(lanes)) / 2.0, rng.random(len(lanes)), rng.random(len(lanes))
            agenda.write(lanes, time_h, what, x, y)
            for i, lane in enumerate(lanes.tolist()):
                lists[lane].append((time_h[i], RANKS[what], written[lane], what, x[i], y[i]))
                written[lane] += 1
            continue
        lanes = lanes[[bool(lists[lane]) for lane in lanes]]
        place, time_h, rank, what = agenda.next(lanes)
        x, y = agenda.tear_out(place)
        for i, lane in enumerate(lanes.tolist()):
            due = min(lists[lane])
            lists[lane].remove(due)
            assert (time_h[i], rank[i], what[i], x[i], y[i]) == (due[0], due[1], due[3], due[4], due[5])
    assert max(map(len, lists)) > 4  # it has grown
    for what in range(len(RANKS)):
        expected = [sum(one[4] for one in due if one[3] == what) for due in lists]
        np.testing.assert_allclose(agenda.running(np.arange(number), what), expected)


def test_nothing_to_do_is_at_infinity():
    agenda = Agenda(3, RANKS)
    agenda.write(np.array([1]), 4.0, 0)
    assert agenda.next(np.arange(3))[1].tolist() == [np.inf, 4.0, np.inf]
    agenda.tear_out(agenda.next(np.array([1]))[0])
    assert np.isinf(agenda.next(np.arange(3))[1]).all()


def test_lane_after_lane_is_all_at_once(monkeypatch):
    """The loops that are compiled elsewhere, here in plain Python, beside the arrays."""
    for known in list(LOOPS):
        monkeypatch.delitem(LOOPS, known)
    rng = np.random.default_rng(3)
    time_h = rng.choice([0.0, 1.0, 2.5, np.inf], (5, 300))
    time_h[:, :9], time_h[:, 9:20] = np.inf, 1.0
    order = rng.permuted(np.tile(np.arange(5), (300, 1)), axis=1).T << 48
    for lanes in (np.arange(300), np.flatnonzero(rng.random(300) < 0.4), np.zeros(0, dtype=np.int64)):
        found = _agenda.soonest(time_h, order, lanes)
        for one, other in zip(_agenda.each_soonest(time_h, order, lanes), found, strict=True):
            np.testing.assert_array_equal(one, other)
        if len(lanes):
            assert set((found[0] // 300).tolist()) == set(range(5))
        free = lanes[np.isinf(time_h[:, lanes]).any(axis=0)]
        entry = (rng.random(len(free)), 3 << 48, rng.random(len(free)), rng.random(len(free)))
        for some in (free, lanes):
            both = [[one.copy() for one in (time_h, order, time_h, time_h, np.arange(300))] for _ in range(2)]
            written = _agenda.write_down(tuple(both[0][:4]), both[0][4], some, entry)
            assert written == _agenda.each_write_down(*both[1][:4], both[1][4], some, *entry) == (len(some) == len(free))
            for one, other in zip(*both, strict=True):
                np.testing.assert_array_equal(one, other)
