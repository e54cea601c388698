"""Time on each side of two thresholds, straight line after straight line, as a loop to be compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def each_crossed(
    table: Any, place: Any, knot_h: Any, since_h: Any, inside_h: Any, below_h: Any, first_h: Any, shortest_h: Any,
    lanes: Any, start_h: Any, end_h: Any, before: Any, after: Any,
) -> None:  # fmt: skip
    """Do the same as ``InRange.crossed`` of :mod:`heparin_pk.trials.observer`, event after event.

    * ``table`` (knots, n, 2 k): thresholds at each knot, of which those at ``place`` and the next count; U/mL.
    * ``knot_h``: hours from a knot to the next; infinite where the thresholds do not move.
    * ``since_h``, ``inside_h``, ``below_h``, ``first_h`` (n,): the counts that are kept, h.
    * ``shortest_h``: the shortest stay in range that is found.
    * ``lanes``, ``start_h``, ``end_h``, ``before``, ``after`` (m,): the events, those of one lane in the order of time.
    """
    # First the thresholds at both ends of all events, without a branch: the processor then waits for many of them at a time.
    lows, highs, lows_then, highs_then = np.empty((4, len(lanes)))
    moves = knot_h < math.inf
    for i in range(len(lanes)):
        lane, knot = lanes[i], int(start_h[i] / knot_h)
        lows[i], highs[i] = table[knot, lane, place], table[knot, lane, place + 1]
        if moves:
            part, later = start_h[i] / knot_h - knot, int(end_h[i] / knot_h)
            lows[i] += (table[knot + 1, lane, place] - lows[i]) * part
            highs[i] += (table[knot + 1, lane, place + 1] - highs[i]) * part
            part = end_h[i] / knot_h - later
            low, high = table[later, lane, place], table[later, lane, place + 1]
            lows_then[i] = low + (table[later + 1, lane, place] - low) * part
            highs_then[i] = high + (table[later + 1, lane, place + 1] - high) * part
        else:
            lows_then[i], highs_then[i] = lows[i], highs[i]
    for i in range(len(lanes)):
        lane, start, end, old, new = lanes[i], start_h[i], end_h[i], before[i], after[i]
        low, high, low_then, high_then = lows[i], highs[i], lows_then[i], highs_then[i]
        was, now = int(old > high) - int(old < low), int(new > high_then) - int(new < low_then)
        if was == now:
            continue
        at_low_h = start + (low - old) * ((end - start) / ((new - old) - (low_then - low)))
        at_high_h = start + (high - old) * ((end - start) / ((new - old) - (high_then - high)))
        out_h = at_low_h if was < 0 or (was == 0 and now < 0) else at_high_h
        into_h = at_low_h if now < 0 or (now == 0 and was < 0) else at_high_h
        stay_h = out_h - since_h[lane]
        if was == 0:
            inside_h[lane] += stay_h
            if stay_h >= shortest_h and first_h[lane] == math.inf:
                first_h[lane] = since_h[lane]
        elif was < 0:
            below_h[lane] += stay_h
        if was * now < 0:
            inside_h[lane] += into_h - out_h
        since_h[lane] = into_h
