"""Compiled loops for what is done element by element elsewhere, installed where they give the same bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from heparin_pk.base import randomness
from heparin_pk.base.elementwise import COMPILED
from heparin_pk.engine import event_queue
from heparin_pk.engine.numba_cache import kept_on_disk, numba_compiler


@lru_cache(maxsize=1)
def install_compiled_loops() -> None:
    """Let what is done element by element elsewhere be done in compiled loops, where these give the same bits on this machine."""
    philox = randomness.philox_of(numba_compiler("draws"))

    def first_words(one, two, nothing, keys):
        found = np.empty_like(one)
        for i in range(len(one)):
            found[i] = philox(one[i], two[i], nothing, keys)
        return found

    def powers(values, exponent):
        found = np.empty(len(values))
        for i in range(len(values)):
            found[i] = values[i] ** exponent
        return found

    def loop_of(function: Callable) -> Callable:
        def loop(values):
            found = np.empty(len(values))
            for i in range(len(values)):
                found[i] = function(values[i])
            return found

        return kept_on_disk(loop, function.__name__)

    for plain, loop in (
        (event_queue.write_down, event_queue.each_write_down),
        (event_queue.take_next, event_queue.each_take_next),
    ):
        COMPILED[plain] = kept_on_disk(loop)
    first_words, powers = kept_on_disk(first_words), kept_on_disk(powers)
    probe = np.geomspace(1e-6, 40.0, 4096)
    for function in (math.exp, math.log, math.erf):
        loop = loop_of(function)
        if loop(probe).tolist() == list(map(function, probe.tolist())):
            COMPILED[function] = loop
    if all(powers(probe, x).tolist() == [one**x for one in probe.tolist()] for x in (0.75, -0.25, 1.7)):
        COMPILED[pow] = powers
    COMPILED[randomness.philox_of] = first_words
    normals, chances = kept_on_disk(randomness.each_inverse_normal_of(numba_compiler("draws"))), (np.arange(4096) + 0.5) / 4096.0
    chances = np.concatenate([chances, np.geomspace(1e-17, 0.5, 512), 1.0 - np.geomspace(1e-16, 0.5, 512)])
    if normals(chances).tolist() == randomness.inverse_normal(chances).tolist():
        COMPILED[randomness.inverse_normal] = normals
