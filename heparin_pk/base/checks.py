"""Helpers of all frozen classes: checks of arguments with a clear message, and a ``repr`` that can be pasted back."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection
from dataclasses import MISSING, fields
from typing import Any

from heparin_pk.base.texts import UNSAFE, without_addresses


def as_seen(value: Any) -> str:
    """Return a value as a message shows it: its ``repr`` without the address in memory that some objects have.

    >>> as_seen(82000), as_seen(object())
    ('82000', '<object>')
    """
    return without_addresses(repr(value))


def check_between(name: str, value: Any, low: float, high: float) -> float:
    """Return ``value`` as a float if it lies in [``low``, ``high``].

    Raises ``ValueError`` otherwise; NaN, infinities, text and booleans never lie in it.

    >>> check_between("weight_kg", 82, 0.4, 400)
    82.0
    >>> check_between("weight_kg", 82000, 0.4, 400)
    Traceback (most recent call last):
    ...
    ValueError: weight_kg must lie between 0.4 and 400; got 82000
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} must be a number between {low:g} and {high:g}; got {as_seen(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not low <= number <= high or math.isinf(number):
        raise ValueError(f"{name} must lie between {low:g} and {high:g}; got {as_seen(value)}")
    return number


def check_whole(name: str, value: Any, low: float, high: float) -> int:
    """Return ``value`` as a whole number if it is one that lies in [``low``, ``high``]; raises ``ValueError`` otherwise.

    >>> check_whole("n", 30.0, 1, 100)
    30
    """
    number = check_between(name, value, low, high)
    if not number.is_integer():
        raise ValueError(f"{name} must be a whole number; got {value!r}")
    return int(number)


def check_one_of(name: str, value: Any, allowed: Collection[Any]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``allowed``; True is no 1."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}; got {as_seen(value)}")


def check_is(name: str, value: Any, kind: type | tuple[type, ...], noun: str) -> None:
    """Raise ``ValueError`` unless ``value`` is an instance of ``kind``; ``noun`` names the kind in the message.

    >>> check_is("patient", "Mr Smith", int, "a Patient")
    Traceback (most recent call last):
    ...
    ValueError: patient must be a Patient; got 'Mr Smith'
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {noun}; got {as_seen(value)}")


def check_text(name: str, value: Any) -> None:
    """Raise ``ValueError`` unless ``value`` is a text that is not empty, without control characters or marks of direction."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text that is not empty; got {as_seen(value)}")
    if UNSAFE.search(value):
        raise ValueError(f"{name} must be a text without control characters; got {value!a}")


def floats(instance: Any, *names: str) -> None:
    """Store the named fields of a frozen dataclass as floats, after they were checked; ``None`` stays."""
    for name in names:
        value = getattr(instance, name)
        if value is not None:
            object.__setattr__(instance, name, float(value))


def shown(instance: Any) -> str:
    """Return the shortest call that creates ``instance`` again: fields at their default are left out."""
    parts = []
    for field in fields(instance):
        value = getattr(instance, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default is not MISSING and type(value) is type(default) and value == default:
            continue
        parts.append(f"{field.name}={_shown_value(value)}")
    return f"{type(instance).__name__}({', '.join(parts)})"


def _shown_value(value: Any) -> str:
    if isinstance(value, float) and math.isinf(value):
        return f"float('{value}')"
    if isinstance(value, tuple) and type(value) is tuple:
        inside = ", ".join(map(_shown_value, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)


LONGEST_LABEL = 30
"""Characters of a label: it has to fit a legend and a list."""


def set_label(noun: Any) -> None:
    """Give a frozen noun without a ``label`` its name as label.

    Raises ``ValueError`` for a label that is no text or longer than ``LONGEST_LABEL``.
    """
    check_is("label", noun.label, str, "a text, or empty")
    if len(noun.label) > LONGEST_LABEL:
        raise ValueError(f"label must have at most {LONGEST_LABEL} characters; got {len(noun.label)}: {noun.label!r}")
    if not noun.label.strip():
        object.__setattr__(noun, "label", noun.name)
