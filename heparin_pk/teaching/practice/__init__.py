"""Practice: how heparin is used, as dated statements of one region, each with its source.

Guidance changes, and it differs between countries; it is kept as data, in the TOML files of this folder, and quoted from there.

>>> from heparin_pk.teaching import practice
>>> practice.about("stroke")[0].region
'United States'
"""

from __future__ import annotations

import difflib
import re
import textwrap
import tomllib
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from heparin_pk.base.checks import check_is, check_text, shown
from heparin_pk.base.files import LARGEST_TABLE_BYTES, LONGEST_TABLE_LINE, read_text
from heparin_pk.base.source import Source
from heparin_pk.base.texts import visible
from heparin_pk.ward.misprints import MisprintError, line_of

NOT_GRADED = "not graded"
"""The strength of a statement that its source does not grade."""
UNDATED = "undated"
"""The date of a statement whose source prints none."""
LONGEST_TRUST_Y = 2
"""Years after which a statement must be checked again."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_WIDTH = 118


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Statement:
    """One statement on practice: what was said, where and when, how strongly, and by whom.

    ``topic``: what it is about, in small letters and hyphens: "pulmonary-embolism".
    ``text``: the statement, in our words.
    ``region``: where it holds.
    ``dated``: when it was made: "2026-02-19", or as much of it as is known ("2026-02", "2026"), or "undated".
    ``strength``: class or grade as its source prints it, or "not graded".
    ``source``: where it was read, and how.
    ``checked``: the day it was last looked up.

    Raises ``ValueError`` for an empty text, a topic with other characters, a date that does not exist, and a statement made after
    it was checked.
    """

    topic: str
    text: str
    region: str
    dated: str
    strength: str
    source: Source
    checked: date

    def __post_init__(self) -> None:
        for name in ("topic", "text", "region", "dated", "strength"):
            check_text(name, getattr(self, name))
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", self.topic):
            raise ValueError(f"topic must be in small letters and hyphens, such as 'atrial-fibrillation'; got {self.topic!r}")
        check_is("source", self.source, Source, "a Source")
        if not isinstance(self.checked, date) or isinstance(self.checked, datetime):
            raise ValueError(f"checked must be a date such as 2026-11-27; got {self.checked!r}")
        _check_date(self.dated)
        if self.dated != UNDATED and self.dated > self.checked.isoformat()[: len(self.dated)]:
            raise ValueError(f"dated must not lie after checked = {self.checked}; got {self.dated!r}")

    __repr__ = shown

    def __str__(self) -> str:
        source = f"{self.source.cite()} ({self.source.where})"
        facts = [f"{self.region}, {self.dated}; {self.strength}; checked {self.checked}", f"source: {source}"]
        return "\n".join([_filled(self.text, "- "), *(_filled(fact, "  ") for fact in facts)])

    def in_words(self) -> str:
        """Return the statement with its region, date and strength, as one bullet."""
        return _filled(f"{self.text} ({self.region}, {self.dated}; {self.strength})", "- ")

    def is_due(self, today: date | None = None) -> bool:
        """Return whether it was last checked more than two years before a day (default: today)."""
        today = date.today() if today is None else today
        check_is("today", today, date, "a date")
        return (self.checked.year + LONGEST_TRUST_Y, self.checked.month, self.checked.day) < (today.year, today.month, today.day)


def _check_date(dated: str) -> None:
    """Raise ``ValueError`` unless a text is a year, a year and month, or a day, between 1900 and 2199, or "undated"."""
    if dated == UNDATED:
        return
    if re.fullmatch(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", dated, re.ASCII):
        try:
            day = date.fromisoformat(dated + "-01-01"[len(dated) - 4 :])
        except ValueError:
            day = date.min
        if _FIRST_YEAR <= day.year <= _LAST_YEAR:
            return
    raise ValueError(f"dated must be a date such as '2026-02-19', '2026-02' or '2026', or 'undated'; got {dated!r}")


def _filled(text: str, before: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=before, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


# What is known


@cache
def statements() -> tuple[Statement, ...]:
    """Return all statements of this package, by topic in the order of the files."""
    folder = resources.files(__name__)
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return tuple(one for file in files for one in _read(file.read_text(encoding="utf-8"), file.name))


def topics() -> tuple[str, ...]:
    """Return the topics of :func:`statements`, each once."""
    return tuple(dict.fromkeys(one.topic for one in statements()))


def about(topic: str) -> tuple[Statement, ...]:
    """Return the statements on one topic; raises ``ValueError`` for an unknown topic, and lists the known ones."""
    found = tuple(one for one in statements() if one.topic == topic)
    if not found:
        near = difflib.get_close_matches(str(topic), topics(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no topic {topic!r}; there are {', '.join(topics())}{hint}")
    return found


def in_words(*topics_: str) -> str:
    """Return the statements on some topics as bullets, with region, date and strength; their sources: ``print`` a statement."""
    return "\n".join(one.in_words() for topic in topics_ for one in about(topic))


def due(today: date | None = None) -> tuple[Statement, ...]:
    """Return the statements that must be looked up again: last checked more than two years before a day (default: today)."""
    return tuple(one for one in statements() if one.is_due(today))


# Reading

_OWN_KEYS = tuple(field.name for field in fields(Statement))
_PLACE_KEYS = ("where", "confidence")
_SOURCE_KEYS = tuple(field.name for field in fields(Source) if field.name != "key")


def read(file: str | Path) -> tuple[Statement, ...]:
    """Return the statements in a TOML file: ``[sources.KEY]`` tables, and ``[[statements]]`` that name one of them.

    Raises ``ValueError`` with the name of the file, and the line where one is known: for an unknown, a missing or an unused key,
    a wrong date, a source that is not listed, and a file that is no regular file or larger than 100 kB.
    """
    return _read(read_text(file, LARGEST_TABLE_BYTES), visible(str(file)))


def _read(content: str, where: str) -> tuple[Statement, ...]:
    """Return the statements in a TOML text. Every error names the file (``where``), and the line where it is one of a line."""
    longest = max((len(line) for line in content.split("\n")), default=0)
    if longest > LONGEST_TABLE_LINE:
        raise ValueError(f"{where}: a line may have {LONGEST_TABLE_LINE} characters; got {longest}")
    try:
        table = tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: is not valid TOML: {error}") from None
    try:
        return _from_table(table)
    except MisprintError as error:
        line = line_of(content, error.part, error.key, array="statements")
        raise ValueError(f"{where}{'' if line is None else f', line {line}'}: {error}") from None


def _from_table(table: dict[str, Any]) -> tuple[Statement, ...]:
    """Return the statements in a TOML document."""
    for key in table:
        if key not in ("sources", "statements"):
            raise MisprintError(f"unknown key {key!r}; known are sources, statements", f"[{key}]", key)
    listed, entries = table.get("sources"), table.get("statements")
    if not isinstance(listed, dict) or not isinstance(entries, list) or not entries:
        raise MisprintError("needs [sources.KEY] tables and [[statements]]")
    sources = {key: _source(key, entry) for key, entry in listed.items()}
    found = tuple(_statement(entry, sources, f"statement {number}") for number, entry in enumerate(entries, 1))
    for key in sources:
        if not any(one.source.key == key for one in found):
            raise MisprintError(f"no statement uses the source {key}", f"[sources.{key}]")
    return found


def _check_keys(table: Any, part: str, needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    """Raise ``MisprintError`` unless a part is a table with all needed keys and no others than the allowed ones."""
    if not isinstance(table, dict):
        raise MisprintError(f"{part} must be a table of keys; got {table!r}", part)
    for key in table:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, n=1)
            hint = f" ({near[0]}?)" if near else ""
            raise MisprintError(f"unknown key {key!r} in {part}; known are {', '.join(allowed)}{hint}", part, key)
    missing = [key for key in needed if key not in table]
    if missing:
        raise MisprintError(f"{part} is missing {', '.join(missing)}", part)


def _source(key: str, table: Any) -> Source:
    """Return a listed source; its place is given by each statement that uses it."""
    part = f"[sources.{key}]"
    allowed = tuple(name for name in _SOURCE_KEYS if name != "where")
    _check_keys(table, part, ("citation", "confidence"), allowed)
    try:
        return Source(key=key, where="see the statement", **table)
    except ValueError as error:
        raise MisprintError(f"{part}: {error}", part, _first_key(error, table)) from None


def _statement(table: Any, sources: dict[str, Source], part: str) -> Statement:
    """Return a statement with its source, at the place it names."""
    _check_keys(table, part, (*_OWN_KEYS, "where"), (*_OWN_KEYS, *_PLACE_KEYS))
    if not isinstance(table["source"], str) or table["source"] not in sources:
        raise MisprintError(f"{part}: no source {table['source']!r}; listed are {', '.join(sources)}", part, "source")
    source = sources[table["source"]]
    own = {key: table[key] for key in _OWN_KEYS if key != "source"}
    try:
        place = replace(source, where=table["where"], confidence=table.get("confidence", source.confidence))
        return Statement(source=place, **own)
    except ValueError as error:
        raise MisprintError(f"{part}: {error}", part, _first_key(error, table)) from None


def _first_key(error: ValueError, table: dict[str, Any]) -> str:
    """Return the first word of a message that is a key of the table; its line is shown."""
    return next((word for word in re.findall(r"\w+", str(error)) if word in table), "")
