"""Mistakes in the text of a table: the levels that a printed label names, and the line of the file where a key stands."""

from __future__ import annotations

import math
import re

_SIGNS = {"–": "-", "—": "-", "−": "-", "≤": "<=", "≥": ">="}
_WORDS = (
    (r"(?:less than|below|under)\s*", "<"),
    (r"(?:more than|greater than|above|over)\s*", ">"),
    (r"at least\s*", ">="),
    (r"(?:at most|up to)\s*", "<="),
    (r"(?<=\d)\s*to\s*(?=[\d<>])", "-"),
    (r"^(?:aptt|ptt|anti-xa|ratio)\s+", ""),
    (r"(?<=\d)\s*(?:s|sec|secs|seconds|i?u/ml|units/ml)\.?$", ""),
    (r"(?<=\d),(?=\d)", "."),
    (r"\s+", ""),
)
"""How labels are written, in small letters, and what is read for it: words, units and a decimal comma."""

_BRACKETS = re.compile(r"\s*\((.*)\)$")
_IN_MULTIPLES = re.compile(r"\s*(?:x|times)(?:\s*control)?$", re.IGNORECASE)
_NUMBER = r"(\d+(?:\.\d+)?)"
_HIGHEST = 1e4


class MisprintError(ValueError):
    """A mistake in one place of a table.

    ``part``: the part of the table as messages call it: "band 3", "[start]" or "the nomogram".
    ``key``: the key in that part; empty where the whole part is meant.
    """

    def __init__(self, message: str, part: str = "the nomogram", key: str = "") -> None:
        super().__init__(message)
        self.part, self.key = part, key


def levels_named(label: str, round_to: float) -> tuple[int | None, int | None] | None:
    """Return the lowest and the highest level that a printed label names, in steps of ``round_to`` (``None``: open).

    What stands in brackets at the end ("(1.2-1.5 x control)") is left out. ``None``: the label has no number, or another unit
    ("<1.2 x control").

    Raises ``ValueError`` for a label that has numbers and cannot be read, one finer than ``round_to``, or a level above 10,000.

    >>> levels_named("35-45 s (1.2-1.5 x control)", 1), levels_named(">35 to <50 s", 1), levels_named(">= 1.00", 0.01)
    ((35, 45), (36, 49), (100, None))
    """
    text = _BRACKETS.sub("", label.strip())
    if not re.search(r"\d", text) or _IN_MULTIPLES.search(text):
        return None
    ends = _ends(text)
    if ends is None:
        raise ValueError(f"label must be written like '<35 s', '35-45 s', '>90 s' or '>=90 s', or without numbers; got {label!r}")
    (low_sign, low), (high_sign, high) = ends
    return (
        None if low is None else _steps(low, round_to, label) + (low_sign == ">"),
        None if high is None else _steps(high, round_to, label) - (high_sign == "<"),
    )


def levels_in_another_unit(label: str) -> tuple[float, float] | None:
    """Return the levels that a label names in another unit than the table's: in brackets, or as multiples of the control.

    ``None``: it names none. An end that is open is 0 or infinite. Raises ``ValueError`` for a level above 10,000.

    >>> levels_in_another_unit("35-45 s (1.2-1.5 x control)"), levels_in_another_unit(">3.0 x")
    ((1.2, 1.5), (3.0, inf))
    """
    brackets = _BRACKETS.search(label.strip())
    text = brackets[1] if brackets else label
    ends = _ends(_IN_MULTIPLES.sub("", text)) if brackets or _IN_MULTIPLES.search(text) else None
    if ends is None:
        return None
    (_, low), (_, high) = ends
    return 0.0 if low is None else _level(low, label), math.inf if high is None else _level(high, label)


def _ends(text: str) -> tuple[tuple[str, str | None], tuple[str, str | None]] | None:
    """Return the sign and the number of both ends of a label (no number: open), or ``None`` where it cannot be read."""
    text = text.strip().lower()
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    for written, read in _WORDS:
        text = re.sub(written, read, text)
    if match := re.fullmatch(rf"(>=|>|){_NUMBER}-(<=|<|){_NUMBER}", text):
        return (match[1], match[2]), (match[3], match[4])
    if match := re.fullmatch(rf"(<=|<|>=|>|){_NUMBER}", text):
        sign, number = match[1], match[2]
        return (sign, None if "<" in sign else number), (sign, None if ">" in sign else number)
    return None


def _level(number: str, label: str) -> float:
    """Return a number of a label; raises ``ValueError`` for one that no laboratory could print."""
    level = float(number)
    if level > _HIGHEST:
        raise ValueError(f"label must name levels up to {_HIGHEST:g}; got {label!r}")
    return level


def _steps(number: str, round_to: float, label: str) -> int:
    steps = _level(number, label) / round_to
    if abs(steps - round(steps)) > 1e-6:
        raise ValueError(f"label must not be finer than round_to = {round_to:g}; got {label!r}")
    return round(steps)


def line_of(content: str, part: str, key: str, *, array: str = "bands") -> int | None:
    """Return the line of a TOML text where a key of a part stands; without the key the line where the part begins.

    ``part`` and ``key`` are those of a :class:`MisprintError`. ``array`` is the array of tables whose entries are parts of their
    own: "bands" holds "band 1", "band 2" and so on. ``None``: the part is not found.
    """
    here, n_entries, found, quotes = "the nomogram", 0, None, ""
    entry = array.removesuffix("s")
    inline = array if part.startswith(f"{entry} ") else part.strip("[]")  # a part may also be written as one value
    for number, line in enumerate(content.split("\n"), 1):
        text = line.strip()
        if quotes:  # inside a text of several lines
            quotes = "" if quotes in text else quotes
            continue
        if re.match(rf"\[\[\s*[\"']?{array}[\"']?\s*\]\]", text):
            n_entries += 1
            here = f"{entry} {n_entries}"
            found = number if here == part else found
        elif header := re.match(r"\[\s*[\"']?([A-Za-z_][\w.]*)[\"']?\s*\]\s*(?:#.*)?$", text):
            here = f"[{header[1]}]"
            found = number if here == part else found
        elif named := re.match(r"[\"']?([A-Za-z_]\w*)[\"']?\s*[=.]", text):
            if here == part and named[1] == key:
                return number
            if here == "the nomogram" and named[1] == inline:
                found = number
        quotes = next((three for three in ('"""', "'''") if text.count(three) % 2), "")
    return found
