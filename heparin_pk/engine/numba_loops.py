"""Compiled loops that replace element-by-element work of other modules, installed where they give the same bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from heparin_pk.base import randomness
from heparin_pk.base.elementwise import COMPILED
from heparin_pk.engine import crossings, event_queue, tallies
from heparin_pk.engine.numba_cache import kept_on_disk, numba_compiler


@lru_cache(maxsize=1)
def install_compiled_loops() -> None:
    """Put compiled loops for element-by-element work into ``COMPILED``, where they give the same bits on this machine."""

    def powers(values, exponent):
        results = np.empty(len(values))
        for i in range(len(values)):
            results[i] = values[i] ** exponent
        return results

    def loop_of(function: Callable) -> Callable:
        def loop(values):
            results = np.empty(len(values))
            for i in range(len(values)):
                results[i] = function(values[i])
            return results

        return kept_on_disk(loop, function.__name__)

    # The event queue uses only comparisons and copies, the crossings and tallies only + - * / and rounding to a whole number:
    # the same bits on every machine.
    for plain, loop in (
        (event_queue.write_down, event_queue.each_write_down),
        (event_queue.take_next, event_queue.each_take_next),
        (crossings.each_crossed, crossings.each_crossed),
        (tallies.sums_by_cell, tallies.each_sum_by_cell),
        (tallies.close_to_whole, tallies.each_close_to_whole),
        (tallies.count_by_bin, tallies.each_count_by_bin),
    ):
        COMPILED[plain] = kept_on_disk(loop)
    powers = kept_on_disk(powers)
    # exp, log, erf and powers come from a mathematical library, and numba may call another one than Python does: a loop is
    # installed only if it agrees with Python bit for bit on probes. Without it each() stays with Python's own function.
    probe = np.geomspace(1e-6, 40.0, 4096)
    for function in (math.exp, math.log, math.erf):
        loop = loop_of(function)
        if loop(probe).tolist() == list(map(function, probe.tolist())):
            COMPILED[function] = loop
    if all(powers(probe, x).tolist() == [value**x for value in probe.tolist()] for x in (0.75, -0.25, 1.7)):
        COMPILED[pow] = powers
    COMPILED[randomness.uniforms] = kept_on_disk(randomness.each_uniform_of(numba_compiler("draws")))
    # The inverse normal distribution takes a logarithm, so it is probed too, with both tails.
    normals, chances = kept_on_disk(randomness.each_inverse_normal_of(numba_compiler("draws"))), (np.arange(4096) + 0.5) / 4096.0
    chances = np.concatenate([chances, np.geomspace(1e-17, 0.5, 512), 1.0 - np.geomspace(1e-16, 0.5, 512)])
    if normals(chances).tolist() == randomness.inverse_normal(chances).tolist():
        COMPILED[randomness.inverse_normal] = normals
