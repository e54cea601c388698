"""The stepper, compiled: the same source lines through numba (the optional extra ``fast``).

For one person the stepper as it is. For many, blocks of lanes in lock-step, which the compiler turns into vector instructions:
what a block needs lies in one small array, at distances the compiler knows. What is
:data:`~heparin_pk.engine.zero.ZERO` is a type of its own there, and vanishes while compiling.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from heparin_pk.engine import stepper
from heparin_pk.engine.numba_cache import kept_on_disk, numba_compiler
from heparin_pk.engine.numba_types import BLOCK, ROW, block_access, streaming_stores
from heparin_pk.engine.stepper import INTERVAL_H, STEPS_PER_H
from heparin_pk.engine.zero import ZERO

TILE = 16
"""Lanes of a block that go again together: a step that one of them must take is taken by all, and kept by those that must."""

SORTED_TOGETHER = 32 * BLOCK
"""Lanes that are put in order together: so many as the processor keeps at hand."""


_MOST_STEPS = 63
"""Lanes that need more steps than that are not told apart when they are put in order."""

ONE_ULP = 2.0**-52
"""Whoever comes within a hair of an threshold is told of, so that being exactly on it is not missed."""


@lru_cache(maxsize=1)
def advance() -> Callable:
    """Return the compiled ``advance`` (some seconds the first time on a machine); bit-identical to the plain one.

    Raises ``ValueError`` when numba is not installed.
    """
    return stepper.build(numba_compiler("one"), keep=kept_on_disk).advance


@lru_cache(maxsize=16)
def through(in_play: tuple[bool, ...]) -> Callable[..., tuple]:
    """Return the kernel that takes many lanes through their intervals; compiled for what is in play.

    ``in_play`` says which of the 8 states, 2 inputs and 13 rates are not ``ZERO``. The kernel is called with

    * ``parts`` (everybody, k), of which the k columns are what is in play, and ``lanes`` (n,), who of them goes;
    * ``first_interval_h`` (n,), how long each one's first interval is; every other is five minutes, and there are ``intervals`` (n,),
      falling;
    * ``grid`` (n,), at which grid point the first of them ends (not looked at where nothing is noted);
    * ``kept`` (everybody, all grid points), in which every concentration is noted, or none (0, 0);
    * ``thresholds`` (2 k, n), lower and upper thresholds of k ranges of concentration, and ``every``, whether all intervals are told of, not
      only those that cross one;
    * ``hourly`` (everybody, hours + 1), in which the concentration at full hours is noted, or none (0, 0);
    * ``keep``, whether the new states are written to ``parts``;
    * ``peak`` and ``last`` (n,), which are filled with the highest and the last concentration.

    Returns which intervals are told of, whose they were, and the concentrations before and after, (k,) each, of each lane in the
    order of time; and the lowest amount in any state. Bit-identical to the other runners.
    """
    compiler = numba_compiler(in_play)
    get, put = block_access()
    store, stored, lies_at = streaming_stores()
    kit = stepper.build(compiler, stepper.FLOATS._replace(whole=np.ceil))
    slope, rk4_step, error_indicators, accept_step, substeps, _ = kit
    size = BLOCK
    # What is in play is a constant of the compiled code: its row in a block, or ZERO.
    row = itertools.count()
    (s0, s1, s2, s3, s4, s5, s6, s7, i0, i1, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12) = (
        next(row) if here else ZERO for here in in_play
    )
    rows, states = sum(in_play), sum(in_play[:8])
    hours, steps, h, how_swift, how_bent, of_plasma, of_now, of_old, of_top, of_low, of_high, aside = (
        (rows + place) * ROW for place in range(12)
    )
    line = 8  # numbers a line of the cache holds

    # fmt: off
    @compiler
    def state_of(w, l):  # noqa: E741
        return (get(s0, w, l), get(s1, w, l), get(s2, w, l), get(s3, w, l),
                get(s4, w, l), get(s5, w, l), get(s6, w, l), get(s7, w, l))

    @compiler
    def inputs_of(w, l):  # noqa: E741
        return get(i0, w, l), get(i1, w, l)

    @compiler
    def rates_of(w, l):  # noqa: E741
        return (get(r0, w, l), get(r1, w, l), get(r2, w, l), get(r3, w, l), get(r4, w, l), get(r5, w, l), get(r6, w, l),
                get(r7, w, l), get(r8, w, l), get(r9, w, l), get(r10, w, l), get(r11, w, l), get(r12, w, l))

    @compiler
    def put_all(w, where, lane, new, old, keep):
        l = where + lane  # noqa: E741
        put(s0, w, l, new[0], old[0], keep); put(s1, w, l, new[1], old[1], keep)  # noqa: E702
        put(s2, w, l, new[2], old[2], keep); put(s3, w, l, new[3], old[3], keep)  # noqa: E702
        put(s4, w, l, new[4], old[4], keep); put(s5, w, l, new[5], old[5], keep)  # noqa: E702
        put(s6, w, l, new[6], old[6], keep); put(s7, w, l, new[7], old[7], keep)  # noqa: E702
    # fmt: on

    @compiler
    def take_in(w, parts, lanes, first_interval_h, which):
        """Fill a block with these lanes; those that are left over stand still."""
        for lane in range(len(which)):
            for part in range(rows):
                w[part * ROW + lane] = parts[lanes[which[lane]], part]
            w[hours + lane] = first_interval_h[which[lane]]
        for lane in range(len(which), size):
            w[hours + lane] = 0.0

    @compiler
    def steps_of(w, lane):
        return substeps((w[how_swift + lane], w[how_bent + lane], w[of_plasma + lane]))

    @compiler
    def step_all(w, again):
        """Take every lane through an interval: with one step, and those that must take more ``again`` from where they were."""
        for first in range(0, size, TILE):
            more = 0
            for lane in range(first, first + TILE):
                old, fed, who, length = state_of(w, lane), inputs_of(w, lane), rates_of(w, lane), w[hours + lane]
                slopes = slope(*old, *fed, *who)
                new, bend = rk4_step(old, length, fed, who, slopes)
                swift, bent, plasma = error_indicators(old, new, length, fed, who, slopes, bend)
                more += not accept_step((swift, bent, plasma))
                w[how_swift + lane], w[how_bent + lane], w[of_plasma + lane] = swift, bent, plasma
                put_all(w, aside, lane, old, old, True)
                put_all(w, 0, lane, new, old, True)
            if more == 0 or not again:
                continue
            for lane in range(first, first + TILE):
                many = steps_of(w, lane)
                put_all(w, 0, lane, state_of(w, aside + lane), state_of(w, lane), many > 1.0)
                w[steps + lane], w[h + lane] = (many if many > 1.0 else 0.0), w[hours + lane] / many
            most = 0.0
            for lane in range(first, first + TILE):
                most = max(most, w[steps + lane])
            for step in range(np.int64(most)):
                for lane in range(first, first + TILE):
                    old, fed, who = state_of(w, lane), inputs_of(w, lane), rates_of(w, lane)
                    new, _bend = rk4_step(old, w[h + lane], fed, who, slope(*old, *fed, *who))
                    put_all(w, 0, lane, new, old, step < w[steps + lane])

    @compiler
    def in_order(w, parts, lanes, first_interval_h, intervals):
        """Return the lanes so that of those with equally many intervals those stand together whose first takes equally many steps:
        who needs more then mostly waits for nobody, and makes nobody wait.
        """
        n = len(lanes)
        order, first_steps = np.arange(n), np.empty(n, np.int64)
        for first in range(0, n, size):
            many = min(size, n - first)
            take_in(w, parts, lanes, first_interval_h, order[first : first + many])
            step_all(w, False)
            for lane in range(size):
                many_steps = steps_of(w, lane)
                w[steps + lane] = many_steps if many_steps < _MOST_STEPS else _MOST_STEPS  # whatever it is
            for lane in range(many):
                first_steps[first + lane] = np.int64(w[steps + lane])
        upto = np.empty(_MOST_STEPS + 2, np.int64)
        begin = 0
        while begin < n:
            end = begin + 1
            while end < n and intervals[end] == intervals[begin]:
                end += 1
            if end - begin > TILE:
                upto[:] = 0
                for place in range(begin, end):
                    upto[first_steps[place] + 1] += 1
                for many in range(_MOST_STEPS + 1):
                    upto[many + 1] += upto[many]
                for place in range(begin, end):
                    order[begin + upto[first_steps[place]]] = place
                    upto[first_steps[place]] += 1
            begin = end
        return order

    @compiler
    def around(concentration, thresholds, lane):
        """Return between which two concentrations no threshold is crossed."""
        lowest, highest = -np.inf, np.inf
        for one in range(0, thresholds.shape[0], 2):
            low, high = thresholds[one, lane], thresholds[one + 1, lane]
            if concentration < low:
                highest = min(highest, low - abs(low) * ONE_ULP)
            elif concentration > high:
                lowest = max(lowest, high + abs(high) * ONE_ULP)
            else:
                lowest, highest = max(lowest, low), min(highest, high)
        return lowest, highest

    def kernel(parts, lanes, first_interval_h, grid, intervals, kept, thresholds, every, hourly, keep, peak, last):
        n = len(lanes)
        room = np.ones((rows + 11 + states) * ROW + line)
        w = room[-(lies_at(room) // 8) % line :]
        c, old, top = w[of_now:][:size], w[of_old:][:size], w[of_top:][:size]
        low, high = w[of_low:][:size], w[of_high:][:size]
        most = intervals.sum()  # room that is not touched costs nothing
        reported_interval, reported_place, reported = np.empty(most, np.int64), np.empty(most, np.int64), 0
        reported_before, reported_after = np.empty(most), np.empty(most)
        levels = np.empty(intervals[0] * ROW if kept.shape[0] > 0 else 0)  # of one block, interval by interval
        hour, phase, turn = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
        upto = np.zeros(STEPS_PER_H + 2, np.int64)
        least, watched = 0.0, every or thresholds.shape[0] > 0
        flat = kept.reshape(-1)
        order = np.arange(n)
        for first in range(0, n, size):
            if first % SORTED_TOGETHER == 0 and intervals[0] > 1 and n > TILE:
                some = slice(first, first + SORTED_TOGETHER)
                order[some] = first + in_order(w, parts, lanes[some], first_interval_h[some], intervals[some])
            many = min(size, n - first)
            which = order[first : first + many]
            take_in(w, parts, lanes, first_interval_h, which)
            for lane in range(size):
                c[lane] = get(s0, w, lane) * get(r0, w, lane)
                top[lane] = c[lane]
            low[:], high[:] = (np.inf, -np.inf) if every else (-np.inf, np.inf)
            if thresholds.shape[0] > 0:
                for lane in range(many):
                    low[lane], high[lane] = around(c[lane], thresholds, which[lane])
            if hourly.shape[0] > 0:  # lanes by the interval at the end of which they first pass a full hour: then every 12th
                upto[:] = 0
                for lane in range(many):
                    hour[lane] = -(-grid[which[lane]] // STEPS_PER_H)
                    phase[lane] = hour[lane] * STEPS_PER_H - grid[which[lane]]
                    upto[phase[lane] + 2] += 1
                for one in range(3, STEPS_PER_H + 2):
                    upto[one] += upto[one - 1]
                for lane in range(many):
                    turn[upto[phase[lane] + 1]] = lane
                    upto[phase[lane] + 1] += 1
            going = many
            for interval in range(intervals[first]):
                while intervals[first + going - 1] <= interval:
                    going -= 1
                    w[hours + going] = 0.0
                step_all(w, True)
                if interval == 0:
                    w[hours : hours + many] = INTERVAL_H
                out = 0
                if watched:
                    for lane in range(size):
                        level = get(s0, w, lane) * get(r0, w, lane)
                        old[lane] = c[lane]
                        c[lane] = level
                        top[lane] = level if level > top[lane] else top[lane]
                        out += (level < low[lane]) | (level > high[lane])
                else:
                    for lane in range(size):
                        level = get(s0, w, lane) * get(r0, w, lane)
                        c[lane] = level
                        top[lane] = level if level > top[lane] else top[lane]
                if kept.shape[0] > 0:
                    levels[interval * ROW : interval * ROW + size] = c
                if hourly.shape[0] > 0:
                    for i in range(upto[interval % STEPS_PER_H], upto[interval % STEPS_PER_H + 1]):
                        lane = turn[i]
                        if lane < going:
                            hourly[lanes[which[lane]], hour[lane] + interval // STEPS_PER_H] = c[lane]
                if out > 0:
                    for lane in range(going):
                        if c[lane] < low[lane] or c[lane] > high[lane]:
                            reported_interval[reported], reported_place[reported] = interval, which[lane]
                            reported_before[reported], reported_after[reported] = old[lane], c[lane]
                            reported += 1
                            if not every:
                                low[lane], high[lane] = around(c[lane], thresholds, which[lane])
            if kept.shape[0] > 0:
                for lane in range(many):
                    place = np.uint64(lanes[which[lane]] * kept.shape[1] + grid[which[lane]])
                    there = np.uint64(lane)  # without a sign there is no counting from the end
                    for interval in range(np.uint64(intervals[first + lane])):
                        store(flat, place + interval, levels[there + interval * np.uint64(ROW)])
            for lane in range(many):
                peak[which[lane]], last[which[lane]] = top[lane], c[lane]
            if keep:
                for part in range(states):
                    for lane in range(many):
                        new = w[part * ROW + lane]
                        least = min(least, new)
                        parts[lanes[which[lane]], part] = new
        if kept.shape[0] > 0:
            stored()
        return (
            reported_interval[:reported].copy(),
            reported_place[:reported].copy(),
            reported_before[:reported].copy(),
            reported_after[:reported].copy(),
            least,
        )

    return kept_on_disk(kernel, in_play)
