"""The number zero that is never computed: what a switched-off term is made of when many people are integrated at once.

``ZERO`` takes the place of a parameter or a state that is zero for everybody. Whatever it multiplies is nothing, whatever it
is added to stays as it is: the one right-hand side then does only the arithmetic that is left, and gets the same bits, because
adding 0.0 to a number never changes it.
"""

from __future__ import annotations

from typing import Any


class SymbolicZero:
    """Zero, as an absorbing and neutral element; there is one of it, ``ZERO``."""

    __slots__ = ()
    __array_ufunc__ = None  # an array asked to work with it lets it answer

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
        return self  # the volume of a compartment that nobody has: what is divided by it is multiplied by its flow, nothing

    def __neg__(self) -> SymbolicZero:
        return self

    __abs__ = __neg__

    def __gt__(self, other: float) -> bool:
        return other < 0.0


ZERO = SymbolicZero()
