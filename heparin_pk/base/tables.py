"""Tables of one's own: CSV text, data frames and dictionaries, read by one set of rules.

What is not understood is refused by row and column. A number is ASCII digits (no ``7_5``, no full-width digits, no NaN or
infinity). A decimal comma is understood where no number of the table has a decimal point. A cell is missing when it is empty or
reads NA, NaN, ".", "-" or the like (``MISSING``).
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import numbers
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heparin_pk.base.files import read_text

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
MISSING = frozenset(("", ".", "-", "--", "\N{EN DASH}", "?", "na", "n/a", "nan", "<na>", "nat", "none", "null"))
YES_OR_NO_WORDS: dict[str, frozenset[str]] = {
    "yes": frozenset(("yes", "y", "true", "t", "1", "1.0", "ja", "j", "wahr", "oui", "o", "vrai", "sí", "si", "s", "verdadero")),
    "no": frozenset(("no", "n", "false", "f", "0", "0.0", "nein", "falsch", "non", "faux", "falso")),
}
"""Yes and no in English, German, French and Spanish, as they are written by hand and by programs."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_LIKE_A_THOUSAND = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_USUAL_LONGEST_FIELD = 131_072


def number(name: str, cell: Any, *, decimal: str = ".") -> float:
    """Return the number in a cell, a text or a number; ``decimal`` is the decimal mark of a text.

    Raises ``ValueError`` for anything else, and for a number that is not finite.

    >>> number("weight_kg", "72,5", decimal=",")
    72.5
    """
    if isinstance(cell, str):
        text = cell.strip()
        if decimal == "," and _WITH_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{name} must be a number; got {cell!r}")
        found = float(text)
    elif isinstance(cell, numbers.Real) and not isinstance(cell, bool):
        try:
            found = float(cell)
        except OverflowError:
            found = math.inf
    else:
        raise ValueError(f"{name} must be a number; got {cell!r}")
    if not math.isfinite(found):
        raise ValueError(f"{name} must be finite; got {cell!r}")
    return found


def typed_number(text: str) -> float:
    """Return the number typed as an option of the command line."""
    try:
        return number("it", text)
    except ValueError as error:
        point = text.replace(",", ".")
        hint = f": with a decimal point it is {point}" if re.fullmatch(r"[+-]?[0-9]+\.[0-9]+", point) and "," in text else ""
        raise argparse.ArgumentTypeError(f"{error}{hint}") from None


def typed_whole_number(text: str) -> int:
    """Return the whole number typed as an option of the command line."""
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text.strip()):
        raise argparse.ArgumentTypeError(f"it must be a whole number; got {text!r}")
    return int(text)


def is_missing(cell: Any) -> bool:
    """Return whether a cell holds nothing."""
    if cell is None:
        return True
    if isinstance(cell, str):
        return cell.strip().casefold() in MISSING
    if isinstance(cell, numbers.Real):
        return bool(cell != cell)  # NaN is the number unlike itself
    return str(cell) in ("<NA>", "NaT", "NaN")


def word(name: str, cell: Any, words: Mapping[str, Collection[str]]) -> str:
    """Return the key of ``words`` under which a cell's word stands, whatever its case.

    Raises ``ValueError`` for any other word.

    >>> word("smoker", "Nein", YES_OR_NO_WORDS)
    'no'
    """
    text = unicodedata.normalize("NFC", str(cell).strip()).casefold()
    for meaning, spellings in words.items():
        if text in spellings:
            return meaning
    raise ValueError(f"{name} must be {' or '.join(words)}; got {cell!r}")


def yes_or_no(name: str, cell: Any) -> bool:
    """Return whether a cell says yes: a word of ``YES_OR_NO_WORDS``, a truth value, 1 or 0; raises ``ValueError`` otherwise."""
    return word(name, cell, YES_OR_NO_WORDS) == "yes"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of cells not yet interpreted, its columns by name.

    ``where``: what it is called in messages: its file, or "the table".
    ``columns``: name to cells, all of one length.
    ``numbers_of``: which rows they were: lines of a file, or rows counted from 0.
    ``counted``: "line" or "row".
    ``header_line``: the line of the header (0: there is none).
    ``separator``: what stands between the fields of a line, "" where there are no lines.
    """

    where: str
    columns: dict[str, list[Any]]
    numbers_of: Sequence[int]
    counted: str = "row"
    header_line: int = 0
    separator: str = ""

    def __len__(self) -> int:
        return len(self.numbers_of)

    @property
    def head(self) -> str:
        """Where the names of the columns stand."""
        return f"{self.where}, line {self.header_line}" if self.header_line else self.where

    def place(self, index: int) -> str:
        """Return where a row stands."""
        return f"{self.where}, {self.counted} {self.numbers_of[index]}"

    def rows(self, *, numeric: Iterable[str]) -> Iterator[Row]:
        """Yield the rows; ``numeric`` are the columns of numbers, which share one decimal mark (:meth:`decimal`)."""
        decimal = self.decimal(numeric)
        for index in range(len(self)):
            yield Row(self, index, decimal)

    def check_columns(self, known: Collection[str], *, needed: Collection[str] = ()) -> None:
        """Raise ``ValueError`` for a column that is not known, by name, and for one that is missing."""
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise ValueError(f"{self.head}: missing column {', '.join(missing)}; needed are {', '.join(needed)}")
        unknown = [name for name in self.columns if name not in known]
        if unknown:
            raise ValueError(
                f"{self.head}: a column must be one of {', '.join(known)}; got {', '.join(map(repr, unknown))}: "
                "rename it or leave it out"
            )

    def decimal(self, names: Iterable[str]) -> str:
        """Return the decimal mark of these columns.

        Raises ``ValueError`` where both a point and a comma are used, and where a comma may as well mark thousands; or a point in
        a table with semicolons, as spreadsheets with a decimal comma write it.
        """
        comma = point = doubtful = plain_point = None
        for name in names:
            for index, cell in enumerate(self.columns.get(name, ())):
                if not isinstance(cell, str):
                    continue
                text = cell.strip()
                if "," in text and _WITH_COMMA.fullmatch(text):
                    if _LIKE_A_THOUSAND.fullmatch(text):
                        doubtful = doubtful or (index, name, cell)
                    else:
                        comma = comma or (index, name, cell)
                elif "." in text and _NUMBER.fullmatch(text):
                    point = point or (index, name, cell)
                    if not _LIKE_A_THOUSAND.fullmatch(text.replace(".", ",")):
                        plain_point = point
        with_comma = comma or doubtful
        if with_comma and point:
            (index, name, cell), (other, other_name, other_cell) = with_comma, point
            raise ValueError(
                f"{self.place(index)}: {name} must have one decimal mark in the whole table; got {cell!r} "
                f"here and {other_cell!r} in {other_name} of {self.counted} {self.numbers_of[other]}"
            )
        if point and not plain_point and self.separator == ";":
            doubtful = point
        if doubtful and not comma:
            index, name, cell = doubtful
            meanings = " or ".join(re.sub("[.,]", mark, cell.strip()) for mark in (".", ""))
            raise ValueError(f"{self.place(index)}: {name} must be clear; {cell!r} may be {meanings}")
        return "," if comma else "."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: a cell is interpreted when it is asked for.

    ``table``, ``index``: which row.
    ``decimal``: the decimal mark of its numbers.
    """

    table: Table
    index: int
    decimal: str

    @property
    def place(self) -> str:
        """Where it stands."""
        return self.table.place(self.index)

    def cell(self, name: str) -> Any:
        """Return a cell as it is written; ``None`` where there is no such column."""
        return self.table.columns[name][self.index] if name in self.table.columns else None

    def is_missing(self, name: str) -> bool:
        """Return whether a cell holds nothing."""
        return is_missing(self.cell(name))

    def text(self, name: str) -> str:
        """Return a cell as text, without spaces around it; empty where there is none."""
        cell = self.cell(name)
        return "" if cell is None else str(cell).strip()

    def number(self, name: str) -> float:
        """Return a cell as a number; raises ``ValueError`` for a missing one, and for anything else."""
        cell = self.cell(name)
        if is_missing(cell):
            raise ValueError(f"{name} is missing; got {cell!r}")
        return number(name, cell, decimal=self.decimal)


def from_columns(columns: Any, *, where: str = "the table") -> Table:
    """Return the table in a mapping of columns or a DataFrame; rows are counted from 0.

    Raises ``ValueError`` for columns of one name, without a name, or of unequal length.
    """
    if not hasattr(columns, "keys") or not hasattr(columns, "__getitem__"):
        raise ValueError(f"{where} must be columns by name (a mapping or a DataFrame); got {type(columns).__name__}")
    names = list(columns.keys())
    stripped = _checked_names(names, where)
    found: dict[str, list[Any]] = {}
    for name, key in zip(stripped, names, strict=True):
        values = columns[key]
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise ValueError(f"{where}: {name} must be a column of values; got {values!r}")
        found[name] = list(values)
    if len({len(values) for values in found.values()}) != 1 or not next(iter(found.values())):
        raise ValueError("columns must be there, not empty and of one length")
    return Table(where, found, range(len(next(iter(found.values())))))


def from_csv(file: str | Path, *, longest_field: int = _USUAL_LONGEST_FIELD) -> Table:
    """Return the table in a CSV file; its first line that is not blank names the columns.

    The separator is the one of ``SEPARATORS`` the header has; a first line ``sep=;`` says it too.

    Raises ``ValueError`` that names the file and the line.
    """
    return from_text(read_text(file), where=str(file), longest_field=longest_field)


def from_text(text: str, *, where: str, longest_field: int = _USUAL_LONGEST_FIELD) -> Table:
    """Return the table in CSV text, as :func:`from_csv` does."""
    text, first_line, separator = _said_separator(text)
    separator = separator or _separator(text, where)
    names: list[str] = []
    columns: list[list[str]] = []
    header_line, lines = 0, []
    for line, cells in _records(text, separator, where, longest_field, first_line):
        if not header_line:
            header_line = line
            names = _checked_names(cells, f"{where}, line {line}")
            columns = [[] for _ in names]
            continue
        if len(cells) != len(names):
            hint = "; with a decimal comma the fields are separated by ;" if separator == "," and len(cells) > len(names) else ""
            raise ValueError(f"{where}, line {line}: must have {len(names)} fields; got {len(cells)}{hint}")
        lines.append(line)
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell)
    return Table(where, dict(zip(names, columns, strict=True)), lines, "line", header_line or 1, separator)


def _said_separator(text: str) -> tuple[str, int, str]:
    """Return the text behind a first line such as ``sep=;``, the number of its first line, and the separator said there."""
    said = re.match(r"sep=([,;\t])\n", text)
    return (text[said.end() :], 2, said[1]) if said else (text, 1, "")


def _separator(text: str, where: str) -> str:
    """Return the separator of the header: the only one there is outside quotation marks (a comma where there is none)."""
    header = re.sub(r'"[^"]*"', "", text.lstrip("\n")[:100_000]).partition("\n")[0]
    found = [separator for separator in SEPARATORS if separator in header]
    if len(found) > 1:
        raise ValueError(f"{where}: the header must have one separator; got {' and '.join(SEPARATORS[s] for s in found)}")
    return found[0] if found else ","


def _records(text: str, separator: str, where: str, longest_field: int, first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, each with the line it begins in."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    begins = first_line
    while True:
        limit_before = csv.field_size_limit(longest_field)  # of the whole process: put back at once
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{where}, line {begins}: is not a row of a CSV table: {error}") from None
        finally:
            csv.field_size_limit(limit_before)
        if len(cells) > 1 or any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + first_line


def _checked_names(names: Sequence[Any], where: str) -> list[str]:
    """Return the names of columns without spaces around them; raises ``ValueError`` for one that is empty or stands twice."""
    stripped: list[str] = []
    for place, name in enumerate(names, 1):
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"{where}: column {place} must have a name; got {name!r}")
        if name.strip() in stripped:
            raise ValueError(f"{where}: column {name.strip()!r} stands there twice: leave one out")
        stripped.append(name.strip())
    return stripped
