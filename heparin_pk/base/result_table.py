"""Results that a reader is to read: a table with a caption, shown by a notebook as a table and by ``print`` as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from heparin_pk.base.checks import check_text
from heparin_pk.base.texts import visible

WIDEST_COLUMN = 56
"""Characters after which a cell of a printed table goes on in the next line."""
WIDEST_CAPTION = 100
"""Characters up to which a caption stands in one line, over a narrow table as well."""
_NUMBER = re.compile(r"(?:[<>≤≥] ?)?[-+−±]?[0-9][0-9., ]*(?: ?%| [^ ]{1,8})?(?: \(.*\))?|–|")
_WHOLE = ";white-space:nowrap"
_LEFT, _RIGHT = "text-align:left", f"text-align:right{_WHOLE}"
_PAD = "padding:3px 14px 3px 0;vertical-align:top;line-height:1.4"


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to a page.

    ``text``: what is shown.
    ``url``: where it leads; "" for a text alone.
    """

    text: str
    url: str = ""

    def __str__(self) -> str:
        return self.text


Cell: TypeAlias = str | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """Rows of texts under headings; the first column names the rows.

    ``caption``: what the table shows.
    ``headings``: one for each column.
    ``rows``: the cells of each row, as many as there are headings.
    ``note``: what must be said below it.
    ``folded``: whether a notebook shows the caption alone until the reader unfolds it.

    Raises ``ValueError`` without a caption, without a heading, and for a row of another length.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False

    def __post_init__(self) -> None:
        check_text("caption", self.caption)
        object.__setattr__(self, "headings", tuple(self.headings))
        object.__setattr__(self, "rows", tuple(tuple(row) for row in self.rows))
        if not self.headings:
            raise ValueError("headings must name a column at least; got none")
        for row in self.rows:
            if len(row) != len(self.headings):
                raise ValueError(f"a row must have {len(self.headings)} cells, one for each heading; got {row!r}")

    def __str__(self) -> str:
        cells = [[_wrapped(visible(str(cell))) for cell in row] for row in (self.headings, *self.rows)]
        widths = [max(len(line) for row in cells for line in row[column]) for column in range(len(self.headings))]
        right = [self._is_right(column) for column in range(len(self.headings))]
        lines = [self.caption]
        for row in cells:
            for place in range(max(map(len, row))):
                parts = [cell[place] if place < len(cell) else "" for cell in row]
                both = zip(parts, widths, right, strict=True)
                lines.append("  ".join(f"{part:>{width}}" if to_right else f"{part:<{width}}" for part, width, to_right in both))
        lines += textwrap.wrap(self.note, 118)
        return "\n".join(line.rstrip() for line in lines)

    def _is_right(self, column: int) -> bool:
        """Return whether a column holds numbers, which end at the right."""
        return column > 0 and bool(self.rows) and all(_NUMBER.fullmatch(str(row[column])) for row in self.rows)

    def _repr_html_(self) -> str:
        looks = [_RIGHT if self._is_right(column) else _LEFT for column in range(len(self.headings))]
        head = "".join(
            f'<th scope="col" style="{look.removesuffix(_WHOLE)};{_PAD};font-weight:bold">{escape(name)}</th>'
            for name, look in zip(self.headings, looks, strict=True)
        )
        body = "".join(_row(row, looks) for row in self.rows)
        caption, left = escape(self.caption), f"{_LEFT};caption-side:top;padding-bottom:4px;font-weight:bold;color:inherit"
        width = "white-space:nowrap" if len(self.caption) <= WIDEST_CAPTION else ""
        note = f'<p style="margin:2px 0 8px">{escape(self.note)}</p>' if self.note else ""
        table = (
            '<table style="border-collapse:collapse;font-size:1em;color:inherit;margin:4px 0;max-width:72em">'
            f'<caption style="{left};{width}">{caption}'
            f'</caption><thead><tr style="border-bottom:1px solid currentColor">{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>{note}"
        )
        # A wide table moves sideways in its own frame, which the keyboard reaches too.
        frame = 'style="font-size:var(--jp-content-font-size1, 14px);overflow-x:auto"'
        table = f'<div tabindex="0" role="region" aria-label="{caption}" {frame}>{table}</div>'
        if not self.folded:
            return table
        return f'<details><summary style="cursor:pointer;padding:2px 0">{caption} ({len(self.rows)})</summary>{table}</details>'


@dataclass(frozen=True, slots=True)
class ResultTables:
    """Several tables, one below the other.

    ``tables``: the tables.
    """

    tables: tuple[ResultTable, ...]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.tables))

    def _repr_html_(self) -> str:
        return "".join(table._repr_html_() for table in self.tables)


def table(
    caption: str, headings: Iterable[str], rows: Iterable[Iterable[Cell]], *, note: str = "", folded: bool = False
) -> ResultTable:
    """Return a table of results: :class:`ResultTable` from any iterables."""
    return ResultTable(
        caption=caption, headings=tuple(headings), rows=tuple(tuple(row) for row in rows), note=note, folded=folded
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDEST_COLUMN, break_on_hyphens=False) or [""]


def _row(row: tuple[Cell, ...], looks: list[str]) -> str:
    first = f'<th scope="row" style="{_LEFT};{_PAD};font-weight:normal">{_html(row[0])}</th>'
    others = "".join(f'<td style="{look};{_PAD}">{_html(cell)}</td>' for cell, look in zip(row[1:], looks[1:], strict=True))
    return f"<tr>{first}{others}</tr>"


def _html(cell: Cell) -> str:
    text = escape(visible(str(cell)))
    if isinstance(cell, Link) and cell.url.startswith(("https://", "http://")):
        return f'<a href="{escape(cell.url, quote=True)}" target="_blank" rel="noopener">{text}</a>'
    return text
