"""Texts from outside: what a terminal would obey is shown escaped, what a spreadsheet would calculate stays text."""

from __future__ import annotations

import re

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal obeys or that reorder a line: control characters other than tab and line feed, marks of direction,
half surrogates."""
_ADDRESS = re.compile(r" (?:object )?at 0x[0-9a-fA-F]+")
LONGEST_MESSAGE = 2000
"""Characters of an error message that are printed."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def visible(text: str) -> str:
    r"""Return a text with every unsafe character escaped.

    >>> visible("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def without_addresses(text: str) -> str:
    """Return a text without the addresses in memory that Python writes into the ``repr`` of many objects.

    >>> without_addresses("got <function rule at 0x7f3a5c1d2e50>")
    'got <function rule>'
    """
    return _ADDRESS.sub("", text)


def one_line(message: object) -> str:
    """Return a message on one line, escaped; from a very long one the middle is left out."""
    line = visible(without_addresses(" ".join(str(message).split())))
    if len(line) <= LONGEST_MESSAGE:
        return line
    half = LONGEST_MESSAGE // 2
    return f"{line[:half]} ... ({len(line) - 2 * half} characters left out) ... {line[-half:]}"


def as_cell(text: str) -> str:
    """Return a text as a CSV cell that no spreadsheet calculates: one that begins like a formula gets an apostrophe before it.

    Formulas begin with = + - @, also in full width, a tab or the end of a line. An apostrophe at the start of a text is doubled
    where :func:`from_cell` would take it away.

    >>> as_cell("=1+1"), as_cell("ours"), from_cell(as_cell("'=1+1"))
    ("'=1+1", 'ours', "'=1+1")
    """
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def from_cell(cell: str) -> str:
    """Return the text that :func:`as_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell
