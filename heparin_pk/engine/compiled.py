"""The stepper, compiled: the same source lines through numba (the optional extra ``fast``).

For one patient: the stepper unchanged (:func:`advance`). For many patients: a kernel (:func:`through`) that integrates blocks of
64 lanes in lock-step, which the compiler turns into vector instructions. The data of a block lie in one small array, at distances
the compiler knows. Terms that are :data:`~heparin_pk.engine.zero.ZERO` have a type of their own and are removed while compiling.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from heparin_pk.body.kinetics import found_by_anti_xa
from heparin_pk.engine import stepper
from heparin_pk.engine.numba_cache import kept_on_disk, numba_compiler
from heparin_pk.engine.numba_types import BLOCK, ROW, block_access, streaming_stores
from heparin_pk.engine.stepper import INTERVAL_H, STEPS_PER_H
from heparin_pk.engine.zero import ZERO

TILE = 16
"""Lanes that take substeps together: all lanes of a tile compute each substep, and those that need it keep the result."""

SORTED_TOGETHER = 32 * BLOCK
"""Lanes that are sorted by substep count together: as many as fit into the processor's cache."""


_MOST_STEPS = 63
"""Substep counts above this are equal to the sorting."""

ONE_ULP = 2.0**-52
"""Tolerance (1 ulp) for threshold crossings: a level exactly on a threshold is reported, whatever its last rounding."""
CLOSE_U_PER_ML = 1e-9
"""How close to a moving threshold a level may come before the interval is reported, U/mL; no number depends on it."""


@lru_cache(maxsize=1)
def advance() -> Callable:
    """Return the compiled ``advance`` (some seconds the first time on a machine); bit-identical to the plain one.

    Raises ``ValueError`` when numba is not installed.
    """
    return stepper.build(numba_compiler("one"), keep=kept_on_disk).advance


@lru_cache(maxsize=16)
def through(in_play: tuple[bool, ...]) -> Callable[..., tuple]:
    """Return the kernel that integrates many lanes through their intervals, compiled for the parts in use.

    ``in_play`` says which of the 9 states, 2 inputs and 15 rates are not ``ZERO``. The kernel is called with

    * ``table`` (all patients, k): the parts in use, a row a patient; states in U, rates as in
      :class:`~heparin_pk.body.kinetics.Rates`;
    * ``lanes`` (n,): the rows of the patients to integrate;
    * ``first_interval_h`` (n,): length of each lane's first interval, h; every other interval is five minutes;
    * ``grid`` (n,): grid point at which the first interval ends (read only where levels are stored);
    * ``intervals`` (n,): how many intervals each lane goes, falling;
    * ``trajectories`` (all patients, all grid points): filled with the concentration at every grid point, U/mL; or (0, 0);
    * ``thresholds`` (2 k, n): lower and upper thresholds of k ranges of concentration, U/mL; only intervals that cross one are
      reported;
    * ``report_all``: whether all intervals are reported instead;
    * ``n_of_heparin``: how many of the thresholds are of heparin; the others are of its long chains;
    * ``moving`` (knots, all patients, 2 k), ``every``, ``position`` (n,): thresholds that move instead, see
      :class:`~heparin_pk.engine.lanes.Moving`, and where each lane is, in grid intervals from 0 h; or (0, 0, 0), 1 and (0,);
    * ``hourly`` (all patients, hours + 1): filled with the concentration at every full hour, U/mL; or (0, 0);
    * ``hourly_long`` (all patients, hours + 1): filled with that of the long chains, where they are told apart;
    * ``write``: whether the new states are written to ``table``;
    * ``peak`` (n,): filled with the highest concentration of each lane, U/mL;
    * ``last`` (n,): filled with its last concentration, U/mL;
    * ``last_long`` (n,): filled with its last concentration of long chains, where they are told apart;
    * ``at_interval``, ``at_place``, ``level_before``, ``level_after``, ``long_before``, ``long_after``: room for all intervals of
      all lanes (the last two: where the chains are told apart), filled with every reported interval: its index, the place of its
      lane in ``lanes``, the concentrations before and after it (of each lane in the order of time), and those of the long chains.

    It returns how many intervals were reported, and the lowest amount in any state, U.

    Bit-identical to the other runners.
    """
    compiler = numba_compiler(in_play)
    get, put = block_access()
    store, stored, lies_at = streaming_stores()
    # np.ceil stays a float in compiled code, as the block needs it; math.ceil would give a whole number.
    found = compiler(found_by_anti_xa)
    slope, rk4_step, error_indicators, accept_step, substeps, _ = stepper.build(compiler, stepper.FLOATS._replace(whole=np.ceil))
    size = BLOCK
    # Layout of a block: one row of 64 lanes for each part in use, then for the quantities below. The row number of a part is a
    # constant of the compiled code; a part that is not in use is ZERO, and get and put of it compile to nothing.
    row = itertools.count()
    (s0, s1, s2, s3, s4, s5, s6, s7, s8, i0, i1, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14) = (
        next(row) if used else ZERO for used in in_play
    )
    rows, states = sum(in_play), sum(in_play[:9])
    apart = r13 is not ZERO  # whether long and short chains are told apart; where not, their lines are not compiled
    # Offsets of the other rows: length of the interval, number and length of substeps, the three error indicators, the
    # concentration now and an interval ago, its peak, the bracket in which no threshold is crossed and how far its ends move in
    # an interval; the same of the long chains, but for the peak; last, the old state.
    hours, steps, h, speeds, truncations, plasmas, of_now, of_before, of_peak, of_low, of_high, of_lows, of_highs = (
        (rows + index) * ROW for index in range(13)
    )
    of_now_l, of_before_l, of_low_l, of_high_l, of_lows_l, of_highs_l = ((rows + index) * ROW for index in range(13, 19))
    others = 19 if apart else 13
    saved = (rows + others) * ROW
    line = 8  # numbers in a cache line

    # fmt: off
    # One lane of a block, as the tuples the stepper takes.
    @compiler
    def state_of(block, lane):
        return (get(s0, block, lane), get(s1, block, lane), get(s2, block, lane), get(s3, block, lane),
                get(s4, block, lane), get(s5, block, lane), get(s6, block, lane), get(s7, block, lane), get(s8, block, lane))

    @compiler
    def inputs_of(block, lane):
        return get(i0, block, lane), get(i1, block, lane)

    @compiler
    def rates_of(block, lane):
        return (get(r0, block, lane), get(r1, block, lane), get(r2, block, lane), get(r3, block, lane), get(r4, block, lane),
                get(r5, block, lane), get(r6, block, lane), get(r7, block, lane), get(r8, block, lane), get(r9, block, lane),
                get(r10, block, lane), get(r11, block, lane), get(r12, block, lane), get(r13, block, lane),
                get(r14, block, lane))

    @compiler
    def heparin_in(block, lane, long):
        """Return the concentration of heparin in a lane, of which the long chains are given."""
        return found(long, get(s8, block, lane) * get(r0, block, lane), get(r13, block, lane))

    @compiler
    def put_state(block, offset, lane, new, old, keep):
        at = offset + lane  # offset 0: the state itself; saved: the copy of the old state
        put(s0, block, at, new[0], old[0], keep); put(s1, block, at, new[1], old[1], keep)  # noqa: E702
        put(s2, block, at, new[2], old[2], keep); put(s3, block, at, new[3], old[3], keep)  # noqa: E702
        put(s4, block, at, new[4], old[4], keep); put(s5, block, at, new[5], old[5], keep)  # noqa: E702
        put(s6, block, at, new[6], old[6], keep); put(s7, block, at, new[7], old[7], keep)  # noqa: E702
        put(s8, block, at, new[8], old[8], keep)
    # fmt: on

    @compiler
    def load_block(block, table, lanes, first_interval_h, places):
        """Copy the parts of these lanes into a block; the places left over get intervals of zero hours, so they do not change."""
        for lane in range(len(places)):
            for part in range(rows):
                block[part * ROW + lane] = table[lanes[places[lane]], part]
            block[hours + lane] = first_interval_h[places[lane]]
        for lane in range(len(places), size):
            block[hours + lane] = 0.0

    @compiler
    def substeps_of(block, lane):
        return substeps((block[speeds + lane], block[truncations + lane], block[plasmas + lane]))

    @compiler
    def step_block(block, divide):
        """Integrate every lane over its interval with one step; with ``divide``, repeat those that need it with substeps."""
        for first in range(0, size, TILE):
            # Try one step in every lane. This loop has no branches and all its data in the block: it becomes vector code.
            failed = 0
            for lane in range(first, first + TILE):
                old, inputs, rates, dt = state_of(block, lane), inputs_of(block, lane), rates_of(block, lane), block[hours + lane]
                slopes = slope(*old, *inputs, *rates)
                new, bend = rk4_step(old, dt, inputs, rates, slopes)
                speed, truncation, plasma = error_indicators(old, new, dt, inputs, rates, slopes, bend)
                failed += not accept_step((speed, truncation, plasma))
                block[speeds + lane], block[truncations + lane], block[plasmas + lane] = speed, truncation, plasma
                put_state(block, saved, lane, old, old, True)
                put_state(block, 0, lane, new, old, True)
            if failed == 0 or not divide:
                continue
            # Lanes that need substeps go back to their old state; the others have none to do and keep the new one.
            for lane in range(first, first + TILE):
                n = substeps_of(block, lane)
                put_state(block, 0, lane, state_of(block, saved + lane), state_of(block, lane), n > 1.0)
                block[steps + lane], block[h + lane] = (n if n > 1.0 else 0.0), block[hours + lane] / n
            most = 0.0
            for lane in range(first, first + TILE):
                most = max(most, block[steps + lane])
            # The tile takes as many substeps as its slowest lane; a lane that is done computes them too, and drops the results.
            for step in range(np.int64(most)):
                for lane in range(first, first + TILE):
                    old, inputs, rates = state_of(block, lane), inputs_of(block, lane), rates_of(block, lane)
                    new, _bend = rk4_step(old, block[h + lane], inputs, rates, slope(*old, *inputs, *rates))
                    put_state(block, 0, lane, new, old, step < block[steps + lane])

    @compiler
    def sorted_by_substeps(block, table, lanes, first_interval_h, intervals):
        """Return the places of the lanes, those with equally many intervals sorted by the substep count of their first interval.

        Lanes with equal counts then share a tile, which reduces divergence: few lanes compute substeps that they drop.
        """
        n = len(lanes)
        order, first_steps = np.arange(n), np.empty(n, np.int64)
        # Try one step in every lane, and keep nothing of it but the substep count.
        for first in range(0, n, size):
            n_lanes = min(size, n - first)
            load_block(block, table, lanes, first_interval_h, order[first : first + n_lanes])
            step_block(block, False)
            for lane in range(size):
                count = substeps_of(block, lane)
                block[steps + lane] = count if count < _MOST_STEPS else _MOST_STEPS  # NaN too
            for lane in range(n_lanes):
                first_steps[first + lane] = np.int64(block[steps + lane])
        # A counting sort of every run of lanes with equally many intervals: count, sum up to first places, distribute. It is
        # stable, and the order by falling number of intervals stays.
        next_place = np.empty(_MOST_STEPS + 2, np.int64)
        begin = 0
        while begin < n:
            end = begin + 1
            while end < n and intervals[end] == intervals[begin]:
                end += 1
            if end - begin > TILE:  # shorter runs keep their order
                next_place[:] = 0
                for place in range(begin, end):
                    next_place[first_steps[place] + 1] += 1
                for index in range(_MOST_STEPS + 1):
                    next_place[index + 1] += next_place[index]
                for place in range(begin, end):
                    order[begin + next_place[first_steps[place]]] = place
                    next_place[first_steps[place]] += 1
            begin = end
        return order

    @compiler
    def bracket(concentration, thresholds, lane, first, end):
        """Return the lowest and the highest concentration (U/mL) between which no threshold from ``first`` to ``end`` is crossed.

        One comparison with each then replaces the comparisons with all thresholds. The bracket of a level outside a range ends
        1 ulp before the threshold.
        """
        lowest, highest = -np.inf, np.inf
        for index in range(first, end, 2):
            low, high = thresholds[index, lane], thresholds[index + 1, lane]
            if concentration < low:
                highest = min(highest, low - abs(low) * ONE_ULP)
            elif concentration > high:
                lowest = max(lowest, high + abs(high) * ONE_ULP)
            else:
                lowest, highest = max(lowest, low), min(highest, high)
        return lowest, highest

    @compiler
    def moving_bracket(concentration, near, row, lane, left, back, per_knot, first, last):
        """Return the bracket of moving thresholds at the last grid point, and what its ends move in an interval.

        ``row``: the knot before now; ``left``: grid intervals to the next one; ``back``: from now to the last grid point.
        The same as the function of this name in ``lanes``.
        """
        part, per_interval = 1.0 - left * per_knot, 1.0 / left
        low, low_then, high, high_then = -np.inf, -np.inf, np.inf, np.inf
        for index in range(first, last):
            begin, end = near[row, lane, index], near[row + 1, lane, index]
            here = begin + (end - begin) * part
            # Both sides, without a branch: on which side of a threshold a level lies cannot be predicted.
            below = here < concentration
            low, low_then = max(low, here if below else -np.inf), max(low_then, end if below else -np.inf)
            high, high_then = min(high, np.inf if below else here), min(high_then, np.inf if below else end)
        low, low_then = low + CLOSE_U_PER_ML, low_then + CLOSE_U_PER_ML
        high, high_then = high - CLOSE_U_PER_ML, high_then - CLOSE_U_PER_ML
        low_step = (low_then - low) * per_interval if abs(low) < np.inf else 0.0
        high_step = (high_then - high) * per_interval if abs(high) < np.inf else 0.0
        if concentration <= low or concentration >= high:
            return np.inf, -np.inf, low_step, high_step
        return low + low_step * back, high + high_step * back, low_step, high_step

    def kernel(
        table, lanes, first_interval_h, grid, intervals, trajectories, thresholds, report_all, n_of_heparin, moving, every,
        position, hourly, hourly_long, write, peak, last, last_long, at_interval, at_place, level_before, level_after,
        long_before, long_after,
    ):  # fmt: skip
        n = len(lanes)
        # Which thresholds are of heparin, and which of the long chains: 0 to of_heparin, and the rest up to of_all.
        of_all = thresholds.shape[0] + moving.shape[2]
        of_heparin = min(of_all, n_of_heparin)
        # The block begins on a cache line, and so does each of its rows. Lanes that are never loaded hold ones.
        memory = np.ones((rows + others + states) * ROW + line)
        block = memory[-(lies_at(memory) // 8) % line :]
        now, before, top = block[of_now:][:size], block[of_before:][:size], block[of_peak:][:size]
        low, high = block[of_low:][:size], block[of_high:][:size]
        low_step, high_step = block[of_lows:][:size], block[of_highs:][:size]
        now_l, before_l = block[of_now_l:][:size], block[of_before_l:][:size]
        low_l, high_l = block[of_low_l:][:size], block[of_high_l:][:size]
        low_step_l, high_step_l = block[of_lows_l:][:size], block[of_highs_l:][:size]
        moves, by_knot, knot_ends = moving.shape[0] > 0, np.zeros(size, np.int64), np.zeros(every + 2, np.int64)
        # The moving thresholds that a block needs, from the knot before the first interval of each lane on.
        near = np.empty((intervals[0] // every + 3 if moves else 0, size, moving.shape[2]))
        knot, next_knot, per_knot = np.zeros(size, np.int64), np.zeros(size, np.int64), 1.0 / every
        reported = 0
        levels = np.empty(intervals[0] * ROW if trajectories.shape[0] > 0 else 0)  # of one block, interval by interval
        hour, phase, by_phase = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
        ends = np.zeros(STEPS_PER_H + 2, np.int64)
        least, watched = 0.0, report_all or thresholds.shape[0] > 0 or moves
        limits, (knots, n_people, width) = moving.reshape(-1), moving.shape
        begins, room = np.zeros(size, np.int64), np.zeros(size, np.int64)  # of each lane in ``limits``
        flat, order = trajectories.reshape(-1), np.arange(n)
        for first in range(0, n, size):
            # Sort the next lanes by substep count, in groups whose data stay in the cache until their blocks are run.
            if first % SORTED_TOGETHER == 0 and intervals[0] > 1 and n > TILE:
                group = slice(first, first + SORTED_TOGETHER)
                order[group] = first + sorted_by_substeps(block, table, lanes[group], first_interval_h[group], intervals[group])
            # Begin a block: load its lanes; level, peak and bracket (U/mL) at the start. An empty bracket reports everything.
            n_lanes = min(size, n - first)
            places = order[first : first + n_lanes]
            load_block(block, table, lanes, first_interval_h, places)
            for lane in range(size):
                long = get(s0, block, lane) * get(r0, block, lane)
                now[lane] = heparin_in(block, lane, long)
                top[lane] = now[lane]
                if apart:
                    now_l[lane] = long
            low[:], high[:] = (np.inf, -np.inf) if report_all else (-np.inf, np.inf)
            if apart:
                low_l[:], high_l[:] = -np.inf, np.inf
            if thresholds.shape[0] > 0:
                for lane in range(n_lanes):
                    low[lane], high[lane] = bracket(now[lane], thresholds, places[lane], 0, of_heparin)
                    if apart:
                        low_l[lane], high_l[lane] = bracket(now_l[lane], thresholds, places[lane], of_heparin, of_all)
            # Of moving thresholds: group the lanes by the interval at whose end they first pass a knot, as by full hours below.
            if moves:
                low_step[:], high_step[:], knot_ends[:] = 0.0, 0.0, 0
                if apart:
                    low_step_l[:], high_step_l[:] = 0.0, 0.0
                for lane in range(n_lanes):
                    row = (grid[places[lane]] - 1) // every
                    next_knot[lane], begins[lane] = (row + 1) * every, (row * n_people + lanes[places[lane]]) * width
                    room[lane] = knots - row - 1
                # Lanes in the inmost loop: the processor then waits for the memory of many lanes at a time.
                for at in range(intervals[first] // every + 3):
                    for index in range(width):
                        for lane in range(n_lanes):
                            near[at, lane, index] = limits[begins[lane] + min(at, room[lane]) * n_people * width + index]
                for lane in range(n_lanes):
                    place = places[lane]
                    knot[lane], start = 0, position[place]
                    to_knot, back = next_knot[lane] - start, grid[place] - 1 - start
                    low[lane], high[lane], low_step[lane], high_step[lane] = moving_bracket(
                        now[lane], near, 0, lane, to_knot, back, per_knot, 0, of_heparin
                    )
                    if apart:
                        low_l[lane], high_l[lane], low_step_l[lane], high_step_l[lane] = moving_bracket(
                            now_l[lane], near, 0, lane, to_knot, back, per_knot, of_heparin, of_all
                        )
                    knot_ends[-grid[place] % every + 2] += 1
                for index in range(3, every + 2):
                    knot_ends[index] += knot_ends[index - 1]
                for lane in range(n_lanes):
                    index = -grid[places[lane]] % every + 1
                    by_knot[knot_ends[index]] = lane
                    knot_ends[index] += 1
            # Group the lanes by the interval at whose end they first pass a full hour (0 to 11); they pass the next every 12
            # intervals. So each interval touches only the lanes that have an hour to store.
            if hourly.shape[0] > 0 or hourly_long.shape[0] > 0:
                ends[:] = 0
                for lane in range(n_lanes):
                    hour[lane] = -(-grid[places[lane]] // STEPS_PER_H)
                    phase[lane] = hour[lane] * STEPS_PER_H - grid[places[lane]]
                    ends[phase[lane] + 2] += 1
                for index in range(3, STEPS_PER_H + 2):
                    ends[index] += ends[index - 1]
                for lane in range(n_lanes):
                    by_phase[ends[phase[lane] + 1]] = lane
                    ends[phase[lane] + 1] += 1
            going, phase_now = n_lanes, 0  # phase_now: the interval, counted anew at every knot
            for interval in range(intervals[first]):
                # Lanes with the most intervals come first, so the lanes that have arrived are the last ones; their intervals
                # become zero hours long and their states stay.
                while intervals[first + going - 1] <= interval:
                    going -= 1
                    block[hours + going] = 0.0
                    if moves:
                        low[going], high[going], low_step[going], high_step[going] = -np.inf, np.inf, 0.0, 0.0
                        if apart:
                            low_l[going], high_l[going], low_step_l[going], high_step_l[going] = -np.inf, np.inf, 0.0, 0.0
                step_block(block, True)
                if interval == 0:
                    block[hours : hours + n_lanes] = INTERVAL_H
                # New levels and peaks of all lanes, and how many have left their bracket: without branches, as vector code.
                out = 0
                if moves:
                    for lane in range(size):
                        low[lane] += low_step[lane]
                    for lane in range(size):
                        high[lane] += high_step[lane]
                    if apart:
                        for lane in range(size):
                            low_l[lane] += low_step_l[lane]
                        for lane in range(size):
                            high_l[lane] += high_step_l[lane]
                if watched:
                    for lane in range(size):
                        level = heparin_in(block, lane, get(s0, block, lane) * get(r0, block, lane))
                        before[lane] = now[lane]
                        now[lane] = level
                        top[lane] = level if level > top[lane] else top[lane]
                        out += (level < low[lane]) | (level > high[lane])
                else:
                    for lane in range(size):
                        level = heparin_in(block, lane, get(s0, block, lane) * get(r0, block, lane))
                        now[lane] = level
                        top[lane] = level if level > top[lane] else top[lane]
                if apart:
                    for lane in range(size):
                        level = get(s0, block, lane) * get(r0, block, lane)
                        before_l[lane] = now_l[lane]
                        now_l[lane] = level
                        out += (level < low_l[lane]) | (level > high_l[lane])
                if trajectories.shape[0] > 0:
                    levels[interval * ROW : interval * ROW + size] = now
                if hourly.shape[0] > 0:
                    for i in range(ends[interval % STEPS_PER_H], ends[interval % STEPS_PER_H + 1]):
                        lane = by_phase[i]
                        if lane < going:
                            hourly[lanes[places[lane]], hour[lane] + interval // STEPS_PER_H] = now[lane]
                if apart and hourly_long.shape[0] > 0:
                    for i in range(ends[interval % STEPS_PER_H], ends[interval % STEPS_PER_H + 1]):
                        lane = by_phase[i]
                        if lane < going:
                            hourly_long[lanes[places[lane]], hour[lane] + interval // STEPS_PER_H] = now_l[lane]
                # Report the lanes that left their bracket, and compute their new bracket. Most intervals have none.
                if out > 0:
                    for lane in range(going):
                        left_heparin, left_long = now[lane] < low[lane] or now[lane] > high[lane], False
                        if apart:
                            left_long = now_l[lane] < low_l[lane] or now_l[lane] > high_l[lane]
                        if left_heparin or left_long:
                            at_interval[reported], at_place[reported] = interval, places[lane]
                            level_before[reported], level_after[reported] = before[lane], now[lane]
                            if apart:
                                long_before[reported], long_after[reported] = before_l[lane], now_l[lane]
                            reported += 1
                            if moves:
                                # A level that leaves its bracket at a knot has its new one below.
                                left = next_knot[lane] - grid[places[lane]] - interval
                                if left > 0:
                                    low[lane], high[lane], low_step[lane], high_step[lane] = moving_bracket(
                                        now[lane], near, knot[lane], lane, np.float64(left), 0.0, per_knot, 0, of_heparin
                                    )
                                    if apart:
                                        low_l[lane], high_l[lane], low_step_l[lane], high_step_l[lane] = moving_bracket(
                                            now_l[lane],
                                            near,
                                            knot[lane],
                                            lane,
                                            np.float64(left),
                                            0.0,
                                            per_knot,
                                            of_heparin,
                                            of_all,
                                        )
                            elif not report_all:
                                low[lane], high[lane] = bracket(now[lane], thresholds, places[lane], 0, of_heparin)
                                if apart:
                                    low_l[lane], high_l[lane] = bracket(now_l[lane], thresholds, places[lane], of_heparin, of_all)
                # Lanes that pass a knot: their thresholds move otherwise from now on.
                if moves:
                    for i in range(knot_ends[phase_now], knot_ends[phase_now + 1]):
                        lane = by_knot[i]
                        if lane < going:
                            knot[lane] += 1
                            next_knot[lane] += every
                            low[lane], high[lane], low_step[lane], high_step[lane] = moving_bracket(
                                now[lane], near, knot[lane], lane, np.float64(every), 0.0, per_knot, 0, of_heparin
                            )
                            if apart:
                                low_l[lane], high_l[lane], low_step_l[lane], high_step_l[lane] = moving_bracket(
                                    now_l[lane], near, knot[lane], lane, np.float64(every), 0.0, per_knot, of_heparin, of_all
                                )
                    phase_now = phase_now + 1 if phase_now + 1 < every else 0
            # End of a block: write the levels lane by lane, past the caches, because they are not read again here.
            if trajectories.shape[0] > 0:
                for lane in range(n_lanes):
                    # Unsigned indices: numba then needs no code for negative ones, which count from the end.
                    start = np.uint64(lanes[places[lane]] * trajectories.shape[1] + grid[places[lane]])
                    offset = np.uint64(lane)
                    for interval in range(np.uint64(intervals[first + lane])):
                        store(flat, start + interval, levels[offset + interval * np.uint64(ROW)])
            for lane in range(n_lanes):
                peak[places[lane]], last[places[lane]] = top[lane], now[lane]
                if apart:
                    last_long[places[lane]] = now_l[lane]
            if write:
                for part in range(states):
                    for lane in range(n_lanes):
                        new = block[part * ROW + lane]
                        least = least if new >= least or least != least else new
                        table[lanes[places[lane]], part] = new
        if trajectories.shape[0] > 0:
            stored()
        return reported, least

    return kept_on_disk(kernel, in_play)
