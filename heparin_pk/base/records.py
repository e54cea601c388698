"""Nouns to plain dictionaries and back, without loss: what JSON and CSV files hold."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def to_plain(value: Any) -> Any:
    """Return dataclasses as dictionaries that name their class, tuples as lists; numbers, texts and None as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
        return {"is": type(value).__name__, **plain}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(plain: Any, classes: dict[str, type]) -> Any:
    """Return what :func:`to_plain` was given; only classes named in ``classes`` are made, and they check themselves.

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
