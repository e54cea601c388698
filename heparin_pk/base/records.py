"""Dataclasses to plain dictionaries and back, without loss, for JSON and CSV files."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def to_plain(value: Any) -> Any:
    """Return dataclasses as dictionaries that name their class, tuples as lists; numbers, texts and None unchanged."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
        return {"is": type(value).__name__, **plain}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(plain: Any, classes: dict[str, type]) -> Any:
    """Return the value that :func:`to_plain` was given; only the classes in ``classes`` are created, and they check their fields.

    Raises ``ValueError`` for an unknown class or field.
    """
    if isinstance(plain, list):
        return tuple(from_plain(item, classes) for item in plain)
    if isinstance(plain, dict):
        name = plain.get("is")
        if name not in classes:
            raise ValueError(f"unknown kind of record: {name!r}")
        made = {key: from_plain(item, classes) for key, item in plain.items() if key != "is"}
        try:
            return classes[name](**made)
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from None
    return plain
