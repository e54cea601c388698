"""The record of a learner: predictions, quiz answers and days at the bedside, kept in one file on the learner's own machine.

The file holds one JSON object a line, the oldest first. Nothing is sent anywhere. Each entry has a ``kind`` ("prediction",
"quiz", "number", "bedside") and may have: ``question`` (its name, which stays the same), ``notebook``, ``at`` (time, UTC),
``answer``, ``right`` (true or false), ``sure`` (said chance, per cent), and what else the kind needs.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heparin_pk.base.checks import check_between, check_is, check_text
from heparin_pk.base.files import alone, read_text, write_text
from heparin_pk.base.texts import as_cell, visible
from heparin_pk.teaching.certainty import BANDS

FILE_NAME = "heparin_pk_progress.jsonl"
_COLUMNS = ("at", "notebook", "kind", "question", "answer", "right", "sure")
_LONGEST_NAME = 60

Entry = dict[str, Any]


def slug(text: str) -> str:
    """Return the name of a question: its first words in small letters, joined by hyphens.

    Raises ``ValueError`` for a text without a letter or digit.

    >>> slug("Does heparin dissolve a clot?")
    'does-heparin-dissolve-a-clot'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    if not words:
        raise ValueError(f"a question needs a letter or a digit; got {text!r}")
    return "-".join(words)[:_LONGEST_NAME].rstrip("-")


def checked(entry: Mapping[str, Any]) -> Entry:
    """Return an entry as a dictionary; raises ``ValueError`` with name, limits and value for what no entry can hold."""
    check_is("an entry", entry, Mapping, "a mapping of names to values")
    found = dict(entry)
    check_text("kind", found.get("kind"))
    for name in ("question", "notebook", "at"):
        if found.get(name) is not None:
            check_text(name, found[name])
    if found.get("right") is not None:
        check_is("right", found["right"], bool, "True or False")
    if found.get("sure") is not None:
        check_between("sure", found["sure"], 0, 100)
    try:
        json.dumps(found, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"an entry must hold texts, numbers and lists only: {error}") from None
    return found


def as_lines(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return entries as the text of a record file."""
    return "".join(json.dumps(checked(entry), ensure_ascii=False, allow_nan=False) + "\n" for entry in entries)


def read(file: str | Path) -> list[Entry]:
    """Return the entries of a record file; without a file there are none.

    Raises ``ValueError`` that names the file, and the line where one cannot be read.
    """
    if not Path(file).exists():
        return []
    entries = []
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entries.append(checked(json.loads(line)))
        except (ValueError, RecursionError) as error:
            why = "is not JSON" if isinstance(error, json.JSONDecodeError | RecursionError) else str(error)
            raise ValueError(f"{visible(str(file))}, line {number}: {why}") from None
    return entries


def append(file: str | Path, entry: Mapping[str, Any]) -> None:
    """Write an entry at the end of a record file; several notebooks may do so at the same time, and no entry is lost.

    Raises ``ValueError`` where the file cannot be read or written.
    """
    line = as_lines([entry])
    with alone(file):
        write_text(file, as_lines(read(file)) + line)


def set_aside(file: str | Path) -> Path:
    """Give a record that cannot be read another name, under which it stays as it is; return that name.

    Raises ``ValueError`` that names the file where it cannot be renamed.
    """
    place = Path(file)
    number = 1
    while (aside := place.with_name(f"{place.stem}.unreadable-{number}{place.suffix}")).exists():
        number += 1
    try:
        place.rename(aside)
    except OSError as error:
        raise ValueError(f"{visible(str(file))}: cannot be renamed: {error.strerror}") from None
    return aside


def as_csv(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return entries as CSV: a line each, what only some kinds have as JSON in the last column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, "more"])
    for entry in entries:
        more = {name: value for name, value in entry.items() if name not in _COLUMNS}
        cells = ["" if entry.get(name) is None else as_cell(str(entry[name])) for name in _COLUMNS]
        writer.writerow([*cells, json.dumps(more, ensure_ascii=False) if more else ""])
    return out.getvalue()


# What an entry tells


def first_answers(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the first answer to each question that can be right or wrong; later ones are practice."""
    first: dict[tuple[Any, Any], Mapping[str, Any]] = {}
    for entry in entries:
        if entry.get("question") and entry.get("right") is not None:
            first.setdefault((entry["kind"], entry["question"]), entry)
    return list(first.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """First answers of one word of the scale.

    ``word``: "a guess", "fairly sure" or "certain"
    ``said_percent``: mean of the chances said
    ``n``, ``right``: answers, and how many of them were right
    """

    word: str
    said_percent: float
    n: int
    right: int


def calibration(entries: Iterable[Mapping[str, Any]]) -> list[Certainty]:
    """Return for each word that was used how often its answers were right; only first answers with a said chance count."""
    said = [entry for entry in first_answers(entries) if entry.get("sure") is not None]
    found = []
    for low, high, word in BANDS:
        those = [entry for entry in said if low <= entry["sure"] < high]
        if those:
            mean = sum(entry["sure"] for entry in those) / len(those)
            right = sum(bool(entry["right"]) for entry in those)
            found.append(Certainty(word=word, said_percent=mean, n=len(those), right=right))
    return found


ENOUGH = 10
"""First answers below which chance decides what a calibration looks like; assumed."""


def calibration_in_words(found: Sequence[Certainty]) -> str:
    """Return in one or two sentences how said chances and right answers go together."""
    n = sum(one.n for one in found)
    if not n:
        return "No answer with a certainty yet."
    said = sum(one.said_percent * one.n for one in found) / n
    share = 100.0 * sum(one.right for one in found) / n
    words = f"{n} first answer{'s' if n > 1 else ''}: you said {said:.0f} % on average, and {share:.0f} % were right."
    if n < ENOUGH:
        return f"{words} From fewer than {ENOUGH} answers nothing follows yet: chance is larger than any habit."
    if said - share > 10.0:
        return f"{words} You were surer than you were right."
    if share - said > 10.0:
        return f"{words} You knew more than you trusted yourself to."
    return f"{words} What you said and what was right go together."
