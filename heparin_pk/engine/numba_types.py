"""Extensions of numba for the compiled kernel: the type of the symbolic zero, access to blocks, streaming stores."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from heparin_pk.engine.zero import ZERO, SymbolicZero

BLOCK = 64
"""Lanes that are integrated in lock-step, so that the compiler can use vector instructions."""
ROW = BLOCK + 8
"""Distance in a block between two values of one lane. At a power of two, the rows of a block would compete for the same places
of the processor's cache (cache aliasing); the eight extra numbers, one cache line, keep them apart."""


@lru_cache(maxsize=1)
def block_access() -> tuple[Callable, Callable]:
    """Return two functions for compiled code that compile to nothing for ``ZERO``.

    * ``get(part, block, lane)``: the value of a part (a row number, or ``ZERO``) in one lane of a block.
    * ``put(part, block, lane, value, old, keep)``: write ``value`` there if ``keep``, otherwise ``old``.
    """
    from numba.core import types  # noqa: PLC0415
    from numba.core.imputils import lower_constant  # noqa: PLC0415
    from numba.extending import models, overload, register_model, typeof_impl  # noqa: PLC0415

    class ZeroType(types.Type):
        """The numba type of ``ZERO``."""

        def __init__(self) -> None:
            super().__init__(name="SymbolicZero")

    # ZERO has a type of its own, and no value at run time (an opaque pointer). numba chooses the code of each operation by the
    # types of its operands, so an unused term is removed while compiling.
    zero_type = ZeroType()
    typeof_impl.register(SymbolicZero)(lambda _value, _context: zero_type)
    register_model(ZeroType)(models.OpaqueModel)
    lower_constant(ZeroType)(lambda context, _builder, _type, _value: context.get_dummy_value())

    def is_zero(kind: Any) -> bool:
        return isinstance(kind, ZeroType)

    # The same rules as in ``SymbolicZero``, by type. An overload returns the function to be compiled for these types; where it
    # returns None, numba goes on with its own rules.

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

    # The two names are only called in compiled code, where the overloads below give them a meaning.
    def get(part, block, lane):
        """Read a part of one lane of a block."""

    def put(part, block, lane, value, old, keep):
        """Write a part of one lane of a block: the new value if ``keep``, otherwise the old one."""

    @overload(get, inline="always")
    def _get(part, block, lane):
        if is_zero(part):
            return lambda part, block, lane: ZERO
        return lambda part, block, lane: block[part * ROW + lane]

    @overload(put)
    def _put(part, block, lane, value, old, keep):
        if is_zero(part):
            return lambda part, block, lane, value, old, keep: None

        # One of two values is written, always: a choice of values can be a vector instruction, a branch cannot.
        def write(part, block, lane, value, old, keep):
            block[part * ROW + lane] = value if keep else old

        return write

    return get, put


@lru_cache(maxsize=1)
def streaming_stores() -> tuple[Callable, Callable, Callable]:
    """Return three functions for compiled code.

    * ``store(array, index, value)``: write past the caches (a non-temporal store), for values that are not read soon: the
      processor need not read their cache line first.
    * ``stored()``: wait until all these writes are visible to every thread.
    * ``lies_at(array)``: the address of the array's data, bytes.
    """
    from numba.core import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    @intrinsic
    def store(_, array, index, value):
        def generate(context, builder, signature, given):
            data = context.make_array(signature.args[0])(context, builder, given[0]).data
            # LLVM's mark of a non-temporal store is metadata that holds the number 1.
            mark = builder.module.add_metadata([context.get_constant(types.int32, 1)])
            builder.store(given[2], builder.gep(data, [given[1]])).set_metadata("nontemporal", mark)
            return context.get_dummy_value()

        return types.none(array, index, value), generate

    @intrinsic
    def stored(_):
        def generate(context, builder, _signature, _given):
            builder.fence("seq_cst")  # non-temporal stores are not ordered by themselves
            return context.get_dummy_value()

        return types.none(), generate

    @intrinsic
    def lies_at(_, array):
        def generate(context, builder, signature, given):
            data = context.make_array(signature.args[0])(context, builder, given[0]).data
            return builder.ptrtoint(data, context.get_value_type(types.int64))

        return types.int64(array), generate

    return store, stored, lies_at
