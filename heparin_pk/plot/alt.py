"""The text alternative of a picture, read from what is drawn in it: axes, curves, marks, rows and words.

It is read at the moment in which the picture is shown, so that it is never older than the picture.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

_WORDS: WeakKeyDictionary[Figure, str] = WeakKeyDictionary()
_MOST_MARKS = 8
"""Marks of one kind that are read out one by one; of more, the number and the limits are given."""
_MOST_CURVES = 6
"""Curves that are told from end to end; of more, only their ends."""
_SAME = 0.02
"""Share of the axis within which two values count as the same."""


def tell(figure: Figure, words: str) -> None:
    """Keep the text alternative of a figure, in place of what would be read from it."""
    _WORDS[figure] = words


def in_words(figure: Figure) -> str:
    """Return the text alternative of a figure, in sentences: what was kept for it, else what is drawn.

    A curve is told by its ends and its turning points, single marks by their values, a row by its name and the words in it.
    """
    if figure in _WORDS:
        return _WORDS[figure]
    panels = [ax for ax in figure.axes if ax.get_visible()]
    heading = figure.get_suptitle()
    parts = [f"{_one_line(heading)}."] if heading else []
    for index, ax in enumerate(panels):
        place = f"Panel {index + 1} of {len(panels)}: " if len(panels) > 1 else ""
        parts.append(place + " ".join(_panel(ax)))
    return " ".join(parts) or "An empty picture."


def as_html(figure: Figure, png: bytes) -> str:
    """Return a picture with its text alternative as an HTML image, in a width that grows with the type of the page."""
    width = figure.get_figwidth() * figure.dpi / 16.0  # rem: a page has 16 pixels in one
    return (
        f'<img alt="{escape(in_words(figure), quote=True)}" class="heparin-pk-picture" '
        f'style="width:{width:.0f}rem;max-width:100%;height:auto" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'
    )


def _panel(ax: Axes) -> list[str]:
    """Return the sentences of one panel."""
    title = _one_line(ax.get_title())
    sentences = [f"{title}."] if title else []
    rows = _row_names(ax.yaxis)
    up = _one_line(ax.get_ylabel())
    if rows:
        across = _one_line(ax.get_xlabel())
        sentences.append(f"{across[:1].upper()}{across[1:]}; rows: {len(rows)}." if across else f"Rows: {len(rows)}.")
        sentences += [f"{name}: {words}." for name, words in _rows(ax, rows)]
    elif _is_table(ax):
        sentences.append(f"A table, by {up}." if up else "A table.")
        sentences += [f"{words}." for words in _table(ax)]
    else:
        sentences += _curves(ax, up)
    return sentences


# Curves and marks


def _curves(ax: Axes, up: str) -> list[str]:
    """Return the sentences of a panel with two axes of numbers."""
    labels = (panel.get_xlabel() for panel in ax.get_shared_x_axes().get_siblings(ax))
    across, _, note = next((label for label in labels if label), "").partition("\n")
    left, right = ax.get_xlim()
    sentences = [f"{up or 'values'} against {across}, from {_number(left)} to {_number(right)}." if across else f"{up}."]
    if note:
        sentences.append(f"{_one_line(note)}.")
    lines = [line for line in ax.get_lines() if line.get_visible() and not _is_ruler(ax, line)]
    curves = [line for line in lines if _is_curve(line)]
    sentences += (_ends if len(curves) > _MOST_CURVES else _courses)(ax, curves)
    intervals = [container for container in ax.containers if isinstance(container, ErrorbarContainer)]
    of_intervals = {artist for container in intervals for artist in container.get_children()}
    sentences += [_marks(ax, line) for line in lines if _is_marks(line) and line not in of_intervals]
    sentences += [f"{_quoted(container.get_label())}." for container in intervals]
    sentences += [
        f"The band {_quoted(collection.get_label())} is {_band(ax, collection)}."
        for collection in ax.collections
        if not str(collection.get_label() or "_").startswith("_")
    ]
    written = list(dict.fromkeys(_one_line(text.get_text()) for text in ax.texts if text.get_visible() and text.get_text()))
    if written and len(written) <= 2 * _MOST_MARKS:
        sentences.append(f"Written in the picture: {'; '.join(written)}.")
    return list(dict.fromkeys(sentences))


def _points(line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    """Return the finite points of a line."""
    x, y = (np.asarray(values, float) for values in line.get_data())
    kept = np.isfinite(x) & np.isfinite(y)
    return x[kept], y[kept]


def _is_curve(line: Line2D) -> bool:
    """Return whether a line is a curve with a name, or the steps of a pump."""
    is_named = not str(line.get_label()).startswith("_")
    is_line = line.get_linestyle() not in ("None", "none", "")
    return is_line and bool(_points(line)[0].size) and (is_named or line.get_drawstyle() != "default")


def _is_marks(line: Line2D) -> bool:
    """Return whether a line is single marks, with a name or few of them."""
    is_line = line.get_linestyle() not in ("None", "none", "")
    size = _points(line)[0].size
    return not is_line and bool(size) and (size <= _MOST_MARKS or not str(line.get_label()).startswith("_"))


def _marks(ax: Axes, line: Line2D) -> str:
    """Return single marks in a sentence; of marks without a height of their own, their places."""
    x, y = _points(line)
    name = "Marks" if str(line.get_label()).startswith("_") else _quoted(line.get_label())
    if line.get_transform() == ax.get_xaxis_transform():
        return f"{name} at {', '.join(map(_number, x))}."
    if x.size <= _MOST_MARKS:
        return f"{name}: {', '.join(f'{_value(ax, value)} at {_number(place)}' for place, value in zip(x, y, strict=True))}."
    middle = _value(ax, np.median(y))
    return f"{name}: {x.size} marks from {_value(ax, y.min())} to {_value(ax, y.max())}, half of them below {middle}."


def _ends(ax: Axes, curves: Sequence[Line2D]) -> list[str]:
    """Return only where many curves end, the highest one first."""
    ends = sorted(((_points(line)[1][-1], str(line.get_label())) for line in curves), reverse=True)
    return [f"At the right end, from the top: {'; '.join(f'{_one_line(name)}, {_value(ax, end)}' for end, name in ends)}."]


def _courses(ax: Axes, curves: Sequence[Line2D]) -> list[str]:
    """Return one sentence for each curve."""
    return [
        f"{'A line' if str(line.get_label()).startswith('_') else _quoted(line.get_label())} "
        f"{_steps(ax, line) if line.get_drawstyle().startswith('steps') else _course(ax, line)}."
        for line in curves
    ]


def _steps(ax: Axes, line: Line2D) -> str:
    """Return the values of a step line, each with the place from which it holds."""
    x, y = _points(line)
    starts = [0, *(place for place in range(1, y.size) if y[place] != y[place - 1])]
    starts = [place for place in starts if place + 1 == y.size or x[place + 1] > x[place]] or starts[:1]  # what holds for no time
    if len(starts) > _MOST_MARKS:
        return _course(ax, line)
    return "is " + ", ".join(f"{_value(ax, y[place])} from {_number(x[place])}" for place in starts)


def _course(ax: Axes, line: Line2D) -> str:
    """Return the course of a curve in words: its ends and, between them, its highest and lowest point."""
    x, y = _points(line)
    low, high = sorted(ax.get_xlim())
    inside = (x >= low) & (x <= high)
    x, y = (x[inside], y[inside]) if inside.any() else (x, y)
    bottom, top = sorted(ax.get_ylim())
    same = _SAME * (top - bottom)
    if np.ptp(y) <= same:
        return f"stays at {_value(ax, np.median(y))}"
    turns = [0]
    for place in sorted({int(y.argmax()), int(y.argmin()), y.size - 1} - {0}):
        if abs(y[place] - y[turns[-1]]) > same:
            turns.append(place)
    words = f"starts at {_value(ax, y[0])}"
    for before, after in pairwise(turns):
        way = "rises" if y[after] > y[before] else "falls"
        when = "" if x[after] == x[before] else f" at {_number(x[after])}"
        words += f", {way}{'' if when else ' at once'} to {_value(ax, y[after])}{when}"
    return words if turns[-1] == y.size - 1 else f"{words}, and stays about there until {_number(x[-1])}"


def _band(ax: Axes, collection: Collection) -> str:
    """Return the limits of a shaded band, at the right end of the picture."""
    paths = collection.get_paths()
    points = np.concatenate([path.vertices for path in paths]) if paths else np.empty((0, 2))
    inside = points[points[:, 0] <= max(ax.get_xlim())]
    if not inside.size:
        return "empty"
    last = inside[inside[:, 0] >= inside[:, 0].max() - 1e-9]
    return f"{_value(ax, last[:, 1].min())} to {_value(ax, last[:, 1].max())} at {_number(float(last[:, 0].max()))}"


def _is_ruler(ax: Axes, line: Line2D) -> bool:
    """Return whether a line is an upright or level rule across the whole panel, which its words name."""
    return line.get_transform() in (ax.get_xaxis_transform(), ax.get_yaxis_transform()) and str(line.get_label()).startswith("_")


# Rows and tables


def _row_names(axis: Axis) -> dict[float, str]:
    """Return the names of the rows by their height, where the upright axis has names in place of numbers."""
    formatter = axis.get_major_formatter()
    if not isinstance(formatter, FixedFormatter | FuncFormatter):
        return {}
    places = [float(place) for place in axis.get_majorticklocs()]
    names = dict(zip(places, map(_one_line, formatter.format_ticks(places)), strict=True))
    return names if any(not _is_a_number(name) for name in names.values()) else {}


def _rows(ax: Axes, names: dict[float, str]) -> Iterable[tuple[str, str]]:
    """Return what stands in each row: its words, or else its marks; from the top down."""
    kinds = [str(bars.get_label()) for bars in ax.containers if not str(bars.get_label()).startswith("_")]  # of stacked bars
    marks = [line for line in ax.get_lines() if line.get_marker() not in ("None", "none", "", None)]
    for height in sorted(names, reverse=not ax.yaxis_inverted()):
        texts = [text for text in ax.texts if abs(_height(text) - height) < 0.5 and text.get_text().strip()]
        words = [_one_line(text.get_text()) for text in sorted(texts, key=_place)]
        if len(kinds) == len(words):
            words = [f"{kind} {word}" for kind, word in zip(kinds, words, strict=True)]
        if not words:
            points = [point for line in marks for point in zip(*(values.tolist() for values in _points(line)), strict=True)]
            words = [_number(x) for x, y in points if abs(y - height) < 0.5]
        yield names[height], ", ".join(words) or "nothing"


def _is_table(ax: Axes) -> bool:
    """Return whether a panel holds words alone, without a scale on either side."""
    return bool(ax.texts) and not ax.get_lines() and not len(ax.get_xticks()) and not len(ax.get_yticks())


def _table(ax: Axes) -> list[str]:
    """Return the rows of a panel of words, in the order of its upright axis."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for text in ax.texts:
        rows.setdefault(_height(text), []).append((_place(text), _one_line(text.get_text())))
    return ["; ".join(word for _, word in sorted(rows[height])) for height in sorted(rows)]


def _height(text: Text) -> float:
    """Return the height at which a text stands, in data, or nowhere."""
    xy: Sequence[float] = getattr(text, "xy", text.get_position())
    coordinates = getattr(text, "xycoords", "data")
    upright = coordinates[1] if isinstance(coordinates, tuple) else coordinates
    return float(xy[1]) if upright == "data" else float("nan")


def _place(text: Text) -> float:
    return float(getattr(text, "xy", text.get_position())[0])


# Words and numbers


def _one_line(words: Any) -> str:
    return " ".join(str(words).split()).rstrip(".")


def _quoted(words: Any) -> str:
    return f"“{_one_line(words)}”"


def _number(value: float) -> str:
    """Return a number with three digits."""
    value = float(value)
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


def _value(ax: Axes, value: float) -> str:
    """Return a value of the upright axis, as exactly as it can be read there; one beyond the axis says so."""
    bottom, top = sorted(ax.get_ylim())
    if value > top or value < bottom:
        return f"{'above' if value > top else 'below'} the picture ({_number(top if value > top else bottom)})"
    if ax.get_yscale() == "linear":
        step = 10.0 ** (np.floor(np.log10(top - bottom)) - 2.0)
        value = round(float(value) / step) * step
    return _number(float(value))


def _is_a_number(name: str) -> bool:
    try:
        float(name.replace(",", "").rstrip("% "))
    except ValueError:
        return False
    return True
