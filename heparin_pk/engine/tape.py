"""Arithmetic written down once as a list of NumPy calls, and played again and again on the same few arrays.

``a + k * b`` on arrays makes one new array for the product and one for the sum, in memory that no cache of the processor holds,
and every ``ZERO`` in it costs a call of Python. A tape knows all results before they are computed. It puts each into one of a few
arrays of its own that is no longer needed, computes an expression that occurs twice once, and computes what depends on the
parameters alone once for all intervals. Its calls are the operations of the expressions, on the same numbers: no bit changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from heparin_pk.engine.stepper import Arithmetic
from heparin_pk.engine.zero import ZERO


class Tape:
    """The calls of one function of arrays; its results are those of the function, bit for bit.

    * ``function(moving, fixed)``: takes two lists of arrays, some of them ``ZERO``, and returns a sequence of results; all it
      does with them is ``+ - * /``, ``>``, ``abs`` and the functions of ``WRITTEN``.
    * ``moving``: which of the arrays that are new whenever the tape is played are in use; the others are ``ZERO``.
    * ``fixed``: the same of the arrays that stay.
    """

    def __init__(self, function: Callable[..., Sequence[Any]], moving: Sequence[bool], fixed: Sequence[bool]) -> None:
        book = _Book()
        new: list[Any] = [book.symbol(is_fixed=False) if in_use else ZERO for in_use in moving]
        stay: list[Any] = [book.symbol(is_fixed=True) if in_use else ZERO for in_use in fixed]
        results = function(new, stay)
        wanted = [one for one in results if one is not ZERO]
        calls = _needed(book.calls, wanted)
        self._before = [call for call in calls if call.result in book.fixed]
        every_time = [call for call in calls if call.result not in book.fixed]
        self._fixed = [one for one in stay if one is not ZERO]
        # What every playing needs of the calls made before.
        used = {one for call in every_time for one in call.values} | set(wanted)
        self._kept = [*self._fixed, *(call.result for call in self._before if call.result in used)]
        self._constants = {one: np.array(value) for one, value in book.constants.items()}
        # Where each value lies in the list of arrays: given ones, constants, then the buffers.
        lies_at = {one: i for i, one in enumerate([*(one for one in new if one is not ZERO), *self._kept, *self._constants])}
        self._calls, self.n_buffers = _in_buffers(every_time, wanted, lies_at)
        self._results = [None if one is ZERO else lies_at[one] for one in results]

    def before(self, fixed: Sequence[Any]) -> list[np.ndarray]:
        """Return the arrays that stay (``fixed``, some ``ZERO``), and behind them what is computed from them alone."""
        known = dict(zip(self._fixed, _in_use(fixed), strict=True)) | self._constants
        for call in self._before:
            known[call.result] = call.ufunc(*(known[one] for one in call.values))
        return [known[one] for one in self._kept]

    def on(self, moving: Sequence[Any], before: Sequence[np.ndarray], buffers: Iterable[np.ndarray]) -> Callable[[], list[Any]]:
        """Return what plays the tape on these arrays, as often as it is called.

        It returns the results, arrays (m,) or ``ZERO``; most lie in the buffers, and stay until these are used again.

        ``moving``: (m,) each, some ``ZERO``; ``before``: what :meth:`before` returned, (m,) each; ``buffers``: (m,) each,
        ``n_buffers`` or more.
        """
        arrays = [*_in_use(moving), *before, *self._constants.values(), *buffers]
        calls = [(ufunc, of(arrays)) for ufunc, of in self._calls]
        results = [ZERO if place is None else arrays[place] for place in self._results]

        def play() -> list[Any]:
            for ufunc, values in calls:
                ufunc(*values)
            return results

        return play


def _in_use(arrays: Sequence[Any]) -> list[Any]:
    return [array for array in arrays if array is not ZERO]


# Writing down


class _Symbol:
    """A value that is not known yet: what is done with it is written down."""

    __slots__ = ("book",)
    __array_ufunc__ = None  # as of ZERO

    def __init__(self, book: _Book) -> None:
        self.book = book

    def _and(self, ufunc: np.ufunc, other: Any, *, first: bool = True) -> Any:
        if other is ZERO:
            return NotImplemented  # Python then asks ZERO, which knows its own rules
        return self.book.result(ufunc, self, other) if first else self.book.result(ufunc, other, self)

    def __add__(self, other: Any) -> Any:
        return self._and(np.add, other)

    def __radd__(self, other: Any) -> Any:
        return self._and(np.add, other, first=False)

    def __sub__(self, other: Any) -> Any:
        return self._and(np.subtract, other)

    def __rsub__(self, other: Any) -> Any:
        return self._and(np.subtract, other, first=False)

    def __mul__(self, other: Any) -> Any:
        return self._and(np.multiply, other)

    def __rmul__(self, other: Any) -> Any:
        return self._and(np.multiply, other, first=False)

    def __truediv__(self, other: Any) -> Any:
        return self._and(np.divide, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._and(np.divide, other, first=False)

    def __gt__(self, other: Any) -> Any:
        return self._and(np.greater, other)  # 1.0 or 0.0 where it lies in a buffer of floats: a product with it is the same

    def __neg__(self) -> _Symbol:
        return self.book.result(np.negative, self)

    def __abs__(self) -> _Symbol:
        return self.book.result(np.absolute, self)


class _Call:
    """One call of a ufunc: the values it takes, and its result."""

    __slots__ = ("result", "ufunc", "values")

    def __init__(self, ufunc: np.ufunc, values: tuple[_Symbol, ...], result: _Symbol) -> None:
        self.ufunc, self.values, self.result = ufunc, values, result


class _Book:
    """What was written down: the calls in their order, the constants, and the values that stay from playing to playing."""

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self.constants: dict[_Symbol, float] = {}
        self.fixed: set[_Symbol] = set()
        self._known: dict[tuple[np.ufunc, tuple[_Symbol, ...]], _Symbol] = {}

    def symbol(self, *, is_fixed: bool) -> _Symbol:
        one = _Symbol(self)
        if is_fixed:
            self.fixed.add(one)
        return one

    def result(self, ufunc: np.ufunc, *values: Any) -> _Symbol:
        """Return the result of a call: that of the same call before, where there was one."""
        its = tuple(one if isinstance(one, _Symbol) else self._constant(float(one)) for one in values)
        found = self._known.get((ufunc, its))
        if found is None:
            found = self._known[ufunc, its] = self.symbol(is_fixed=self.fixed.issuperset(its))
            self.calls.append(_Call(ufunc, its, found))
        return found

    def _constant(self, value: float) -> _Symbol:
        one = self.symbol(is_fixed=True)
        self.constants[one] = value
        return one


def _written(ufunc: np.ufunc) -> Callable[..., Any]:
    """Return a function by which a call of this ufunc is written down; one of the values it takes is a symbol."""

    def write(*values: Any) -> Any:
        book: _Book = next(one.book for one in values if isinstance(one, _Symbol))
        return book.result(ufunc, *values)

    return write


WRITTEN = Arithmetic(*map(_written, (np.fmin, np.maximum, np.sqrt, np.ceil)))
"""The arithmetic beyond ``+ - * /`` of functions that are put on a tape."""


def _needed(calls: Sequence[_Call], wanted: Sequence[_Symbol]) -> list[_Call]:
    """Return the calls on which the wanted values depend, in their order."""
    needed, kept = set(wanted), []
    for call in reversed(calls):
        if call.result in needed:
            needed.update(call.values)
            kept.append(call)
    return kept[::-1]


def _in_buffers(
    calls: Sequence[_Call], wanted: Sequence[_Symbol], lies_at: dict[_Symbol, int]
) -> tuple[list[tuple[np.ufunc, itemgetter[Any]]], int]:
    """Return each call with the places of its values and, last, its result, and how many buffers that takes.

    A buffer is free again after the last call that reads it; the result of that call may replace what it read.
    """
    given = len(lies_at)
    last_call = {one: i for i, call in enumerate(calls) for one in call.values} | dict.fromkeys(wanted, len(calls))
    placed, n_buffers = [], 0
    free: list[int] = []
    for i, call in enumerate(calls):
        places = [lies_at[one] for one in call.values]
        free += {at for one, at in zip(call.values, places, strict=True) if at >= given and last_call[one] == i}
        if not free:
            free.append(given + n_buffers)
            n_buffers += 1
        lies_at[call.result] = free.pop()
        placed.append((call.ufunc, itemgetter(*places, lies_at[call.result])))
    return placed, n_buffers
