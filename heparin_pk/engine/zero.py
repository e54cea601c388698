"""Symbolic zero for switched-off terms.

``ZERO`` replaces a parameter or a state that is zero in the whole batch of patients. A product with it is ``ZERO``, a sum with it
is the other term: the one right-hand side then computes only the terms in use, and gets the same bits, because adding 0.0 to a
number never changes it.
"""

from __future__ import annotations

from typing import Any


class SymbolicZero:
    """Zero as the absorbing element of products and the neutral element of sums; its only instance is ``ZERO``."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy then leaves array + ZERO to the methods below

    def __repr__(self) -> str:
        return "ZERO"

    def __add__(self, other: Any) -> Any:
        return other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return -other

    def __rsub__(self, other: Any) -> Any:
        return other

    def __mul__(self, _: Any) -> SymbolicZero:
        return self

    __rmul__ = __truediv__ = __mul__

    def __rtruediv__(self, _: Any) -> SymbolicZero:
        # Occurs where a compartment is unused: the quotient by its volume is multiplied by its flow, which is ZERO too.
        return self

    def __neg__(self) -> SymbolicZero:
        return self

    __abs__ = __neg__

    def __gt__(self, other: float) -> bool:
        return other < 0.0


ZERO = SymbolicZero()
