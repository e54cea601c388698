"""The stepper, compiled: the same source lines through numba (the optional extra ``fast``).

For one person the stepper as it is. For many, blocks of lanes in lock-step, which the compiler turns into vector instructions:
what a block needs lies in one small array, at distances the compiler knows. What is
:data:`~heparin_pk.engine.nothing.NOTHING` is a type of its own there, and vanishes while compiling.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from heparin_pk.engine import stepper
from heparin_pk.engine.nothing import NOTHING, Nothing

BLOCK = 64
"""Lanes that go in lock-step: a step that one of them needs is taken by all, and kept by those that need it."""


@lru_cache(maxsize=1)
def _compiler() -> Callable[[Callable], Callable]:
    """Return numba's compiler; raises ``ValueError`` when numba is not installed."""
    try:
        import numba  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise ValueError('engine "compiled" needs numba: pip install numba') from None
    return numba.njit(error_model="numpy", nogil=True)


@lru_cache(maxsize=1)
def advance() -> Callable:
    """Return the compiled ``advance`` (a few seconds on first use); bit-identical to the plain one.

    Raises ``ValueError`` when numba is not installed.
    """
    return stepper.build(_compiler()).advance


@lru_cache(maxsize=1)
def _blocks() -> tuple[Callable, Callable, Callable, Callable]:
    """Return ``get``, ``put``, ``fill`` and ``empty``, which read and write a block, and do nothing for ``NOTHING``."""
    from numba.core import types  # noqa: PLC0415
    from numba.core.imputils import lower_constant  # noqa: PLC0415
    from numba.extending import models, overload, register_model, typeof_impl  # noqa: PLC0415

    class NothingType(types.Type):
        """The type of ``NOTHING``."""

        def __init__(self) -> None:
            super().__init__(name="Nothing")

    one_type = NothingType()
    typeof_impl.register(Nothing)(lambda _value, _context: one_type)
    register_model(NothingType)(models.OpaqueModel)
    lower_constant(NothingType)(lambda context, _builder, _type, _value: context.get_dummy_value())

    def is_nothing(kind: Any) -> bool:
        return isinstance(kind, NothingType)

    # The same rules as in ``Nothing``, by type. A function that returns None leaves the case to numba.

    @overload(operator.add)
    def _add(a, b):
        if is_nothing(a):
            return lambda a, b: b
        return (lambda a, b: a) if is_nothing(b) else None

    @overload(operator.sub)
    def _sub(a, b):
        if is_nothing(b):
            return lambda a, b: a
        return (lambda a, b: -b) if is_nothing(a) else None

    @overload(operator.mul)
    def _mul(a, b):
        return (lambda a, b: NOTHING) if is_nothing(a) or is_nothing(b) else None

    @overload(operator.truediv)
    def _truediv(a, b):
        return (lambda a, b: NOTHING) if is_nothing(a) or is_nothing(b) else None

    @overload(operator.gt)
    def _gt(a, b):
        return (lambda a, b: False) if is_nothing(a) else None

    for function in (operator.neg, abs):
        overload(function)(lambda a: (lambda a: NOTHING) if is_nothing(a) else None)

    def get(part, block, place):
        """Read a part of a block."""

    def put(part, block, place, value, old, keep):
        """Write a part of a block, if it is to be kept."""

    def fill(part, block, place, values, first, many):
        """Fill a part of a block from an array."""

    def empty(part, block, place, values, first, many):
        """Write a part of a block back to an array."""

    @overload(get, inline="always")
    def _get(part, block, place):
        if is_nothing(part):
            return lambda part, block, place: NOTHING
        return lambda part, block, place: block[place]

    @overload(put)
    def _put(part, block, place, value, old, keep):
        if is_nothing(part):
            return lambda part, block, place, value, old, keep: None

        def write(part, block, place, value, old, keep):
            block[place] = value if keep else old

        return write

    @overload(fill)
    def _fill(part, block, place, values, first, many):
        if is_nothing(part):
            return lambda part, block, place, values, first, many: None

        def copy(part, block, place, values, first, many):
            for lane in range(many):
                block[place + lane] = values[first + lane]

        return copy

    @overload(empty)
    def _empty(part, block, place, values, first, many):
        if is_nothing(part):
            return lambda part, block, place, values, first, many: None

        def copy(part, block, place, values, first, many):
            for lane in range(many):
                values[first + lane] = block[place + lane]

        return copy

    return get, put, fill, empty


@lru_cache(maxsize=16)
def through(in_play: tuple[bool, ...]) -> Callable[..., None]:
    """Return the kernel that takes many lanes through their pieces; compiled for what is in play.

    ``in_play`` says which of the 8 states, 2 inputs and 13 rates are not ``NOTHING``. The kernel is called with ``parts``
    (23, n), of which the first 8 rows are changed, ``time_h`` (n,), ``grid`` (n,) in pieces of which ``per_h`` make an hour (the
    end of each lane's next piece), ``pieces`` (n,) falling, and ``concentration`` (most pieces, n), which it fills. ``edges``
    (2 k, n) are lower and upper edges of k ranges; ``crossed`` (most pieces, n) is filled with whether a piece crossed one.
    Bit-identical to the other runners.
    """
    compiler = _compiler()
    get, put, fill, empty = _blocks()
    kit = stepper.build(compiler, stepper.FLOATS._replace(whole=np.ceil))
    slope, substeps, rk4_step = kit.slope, kit.substeps, kit.rk4_step
    size = BLOCK
    # What is in play is a constant of the compiled code: a number, or NOTHING.
    (s0, s1, s2, s3, s4, s5, s6, s7, i0, i1, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12) = (
        0 if here else NOTHING for here in in_play
    )
    hours, steps, h, now, end, left = (place * size for place in range(23, 29))

    # fmt: off
    @compiler
    def state_of(w, l):  # noqa: E741
        return (get(s0, w, l), get(s1, w, size+l), get(s2, w, 2*size+l), get(s3, w, 3*size+l),
                get(s4, w, 4*size+l), get(s5, w, 5*size+l), get(s6, w, 6*size+l), get(s7, w, 7*size+l))

    @compiler
    def inputs_of(w, l):  # noqa: E741
        return get(i0, w, 8*size+l), get(i1, w, 9*size+l)

    @compiler
    def rates_of(w, l):  # noqa: E741
        return (get(r0, w, 10*size+l), get(r1, w, 11*size+l), get(r2, w, 12*size+l), get(r3, w, 13*size+l),
                get(r4, w, 14*size+l), get(r5, w, 15*size+l), get(r6, w, 16*size+l), get(r7, w, 17*size+l),
                get(r8, w, 18*size+l), get(r9, w, 19*size+l), get(r10, w, 20*size+l), get(r11, w, 21*size+l),
                get(r12, w, 22*size+l))

    @compiler
    def load(w, parts, first, many):
        fill(s0, w, 0, parts[0], first, many); fill(s1, w, size, parts[1], first, many)  # noqa: E702
        fill(s2, w, 2*size, parts[2], first, many); fill(s3, w, 3*size, parts[3], first, many)  # noqa: E702
        fill(s4, w, 4*size, parts[4], first, many); fill(s5, w, 5*size, parts[5], first, many)  # noqa: E702
        fill(s6, w, 6*size, parts[6], first, many); fill(s7, w, 7*size, parts[7], first, many)  # noqa: E702
        for part in range(8, 23):
            for lane in range(many):
                w[part * size + lane] = parts[part, first + lane]

    @compiler
    def store(w, parts, first, many):
        empty(s0, w, 0, parts[0], first, many); empty(s1, w, size, parts[1], first, many)  # noqa: E702
        empty(s2, w, 2*size, parts[2], first, many); empty(s3, w, 3*size, parts[3], first, many)  # noqa: E702
        empty(s4, w, 4*size, parts[4], first, many); empty(s5, w, 5*size, parts[5], first, many)  # noqa: E702
        empty(s6, w, 6*size, parts[6], first, many); empty(s7, w, 7*size, parts[7], first, many)  # noqa: E702

    @compiler
    def step_all(w, step):
        for l in range(size):  # noqa: E741
            old = state_of(w, l)
            a, b, c, d, e, f, g, i = old
            fed, who = inputs_of(w, l), rates_of(w, l)
            a1, b1, c1, d1, e1, f1, g1, i1 = rk4_step(old, w[h+l], fed, who, slope(*old, *fed, *who))
            keep = step < w[steps+l]
            put(s0, w, l, a1, a, keep); put(s1, w, size+l, b1, b, keep)  # noqa: E702
            put(s2, w, 2*size+l, c1, c, keep); put(s3, w, 3*size+l, d1, d, keep)  # noqa: E702
            put(s4, w, 4*size+l, e1, e, keep); put(s5, w, 5*size+l, f1, f, keep)  # noqa: E702
            put(s6, w, 6*size+l, g1, g, keep); put(s7, w, 7*size+l, i1, i, keep)  # noqa: E702

    @compiler
    def cut_and_step(w):
        """Cut the piece of each lane, and take its first step with the slope that the rule has found."""
        for l in range(size):  # noqa: E741
            old, fed, who = state_of(w, l), inputs_of(w, l), rates_of(w, l)
            a, b, c, d, e, f, g, i = old
            slopes = slope(*old, *fed, *who)
            many = substeps(old, w[hours+l], fed, who, slopes)
            w[steps+l] = many
            w[h+l] = w[hours+l] / many
            a1, b1, c1, d1, e1, f1, g1, i1 = rk4_step(old, w[hours+l] / many, fed, who, slopes)
            put(s0, w, l, a1, a, True); put(s1, w, size+l, b1, b, True)  # noqa: E702
            put(s2, w, 2*size+l, c1, c, True); put(s3, w, 3*size+l, d1, d, True)  # noqa: E702
            put(s4, w, 4*size+l, e1, e, True); put(s5, w, 5*size+l, f1, f, True)  # noqa: E702
            put(s6, w, 6*size+l, g1, g, True); put(s7, w, 7*size+l, i1, i, True)  # noqa: E702

    @compiler
    def kernel(parts, time_h, grid, per_h, pieces, concentration, edges, crossed):
        number = parts.shape[1]
        w = np.ones(29 * size)
        c, change = np.zeros(size), np.zeros(size)
        edge, side = np.zeros(edges.shape[0] * size), np.zeros(edges.shape[0] * size)
        for first in range(0, number, size):
            many = min(size, number - first)
            load(w, parts, first, many)
            for lane in range(many):
                w[now+lane], w[end+lane], w[left+lane] = time_h[first+lane], grid[first+lane], pieces[first+lane]
                c[lane] = w[lane] / w[10*size+lane]
            for one in range(0, edges.shape[0], 2):
                for lane in range(many):
                    edge[one*size+lane], edge[(one+1)*size+lane] = edges[one, first+lane], edges[one+1, first+lane]
                for lane in range(size):
                    side[one*size+lane] = (c[lane] > edge[(one+1)*size+lane]) - 1.0 * (c[lane] < edge[one*size+lane])
            for piece in range(pieces[first]):
                for lane in range(size):
                    still = piece < w[left+lane]
                    end_h = w[end+lane] / per_h if still else w[now+lane]
                    w[hours+lane] = end_h - w[now+lane]
                    w[now+lane] = end_h
                    w[end+lane] += 1.0
                cut_and_step(w)
                step, some = 0, size
                while some > 0:
                    step, some = step + 1, 0
                    for lane in range(many):
                        some += w[steps+lane] > step
                    if some > 0:
                        step_all(w, step)
                for lane in range(size):
                    c[lane] = w[lane] / w[10*size+lane]
                    change[lane] = 0.0
                for lane in range(many):
                    concentration[piece, first+lane] = c[lane]
                for one in range(0, edges.shape[0], 2):
                    for lane in range(size):
                        s = (c[lane] > edge[(one+1)*size+lane]) - 1.0 * (c[lane] < edge[one*size+lane])
                        change[lane] += abs(s - side[one*size+lane])
                        side[one*size+lane] = s
                if edges.shape[0] > 0:
                    for lane in range(many):
                        crossed[piece, first+lane] = change[lane] > 0.0
            for piece in range(pieces[first], concentration.shape[0]):
                for lane in range(many):
                    concentration[piece, first+lane] = c[lane]
                    if edges.shape[0] > 0:
                        crossed[piece, first+lane] = False
            store(w, parts, first, many)
    # fmt: on

    return kernel
