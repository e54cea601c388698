"""What the compiled kernel needs from numba: the type of the symbolic zero, access to blocks, streaming stores."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from heparin_pk.engine.zero import ZERO, SymbolicZero

BLOCK = 64
"""Lanes that go in lock-step."""
ROW = BLOCK + 8
"""How far apart two parts of one lane lie: at a power of two they would be in each other's way in the processor's cache."""


@lru_cache(maxsize=1)
def block_access() -> tuple[Callable, Callable]:
    """Return ``get`` and ``put``, which read and write a part of a block, and do nothing for ``ZERO``."""
    from numba.core import types  # noqa: PLC0415
    from numba.core.imputils import lower_constant  # noqa: PLC0415
    from numba.extending import models, overload, register_model, typeof_impl  # noqa: PLC0415

    class ZeroType(types.Type):
        """The type of ``ZERO``."""

        def __init__(self) -> None:
            super().__init__(name="SymbolicZero")

    one_type = ZeroType()
    typeof_impl.register(SymbolicZero)(lambda _value, _context: one_type)
    register_model(ZeroType)(models.OpaqueModel)
    lower_constant(ZeroType)(lambda context, _builder, _type, _value: context.get_dummy_value())

    def is_zero(kind: Any) -> bool:
        return isinstance(kind, ZeroType)

    # The same rules as in ``SymbolicZero``, by type. A function that returns None leaves the case to numba.

    @overload(operator.add)
    def _add(a, b):
        if is_zero(a):
            return lambda a, b: b
        return (lambda a, b: a) if is_zero(b) else None

    @overload(operator.sub)
    def _sub(a, b):
        if is_zero(b):
            return lambda a, b: a
        return (lambda a, b: -b) if is_zero(a) else None

    @overload(operator.mul)
    def _mul(a, b):
        return (lambda a, b: ZERO) if is_zero(a) or is_zero(b) else None

    @overload(operator.truediv)
    def _truediv(a, b):
        return (lambda a, b: ZERO) if is_zero(a) or is_zero(b) else None

    @overload(operator.gt)
    def _gt(a, b):
        return (lambda a, b: False) if is_zero(a) else None

    for function in (operator.neg, abs):
        overload(function)(lambda a: (lambda a: ZERO) if is_zero(a) else None)

    def get(part, block, lane):
        """Read a part of a block."""

    def put(part, block, lane, value, old, keep):
        """Write a part of a block, if it is to be kept."""

    @overload(get, inline="always")
    def _get(part, block, lane):
        if is_zero(part):
            return lambda part, block, lane: ZERO
        return lambda part, block, lane: block[part * ROW + lane]

    @overload(put)
    def _put(part, block, lane, value, old, keep):
        if is_zero(part):
            return lambda part, block, lane, value, old, keep: None

        def write(part, block, lane, value, old, keep):
            block[part * ROW + lane] = value if keep else old

        return write

    return get, put


@lru_cache(maxsize=1)
def streaming_stores() -> tuple[Callable, Callable, Callable]:
    """Return ``store(array, place, value)``, which writes what nobody reads soon without reading its surroundings first, and
    ``stored()``, which waits until all of that is seen by everybody; and ``lies_at(array)``, its place in memory, byte.
    """
    from numba.core import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    @intrinsic
    def store(_, array, place, value):
        def generate(context, builder, signature, given):
            data = context.make_array(signature.args[0])(context, builder, given[0]).data
            one = builder.module.add_metadata([context.get_constant(types.int32, 1)])
            builder.store(given[2], builder.gep(data, [given[1]])).set_metadata("nontemporal", one)
            return context.get_dummy_value()

        return types.none(array, place, value), generate

    @intrinsic
    def stored(_):
        def generate(context, builder, _signature, _given):
            builder.fence("seq_cst")
            return context.get_dummy_value()

        return types.none(), generate

    @intrinsic
    def lies_at(_, array):
        def generate(context, builder, signature, given):
            data = context.make_array(signature.args[0])(context, builder, given[0]).data
            return builder.ptrtoint(data, context.get_value_type(types.int64))

        return types.int64(array), generate

    return store, stored, lies_at
