"""Pictures that follow a slider: matplotlib draws the axes once and then only what moves, both as SVG.

A :class:`Stage` is a figure that is kept: its axes stand still while the functions of :mod:`heparin_pk.plot` draw on them again
and again. :func:`layers` returns a figure as two drawings by matplotlib's own SVG renderer: the scene (axes, ticks, grid,
labels), drawn again only when one of these changes, and what moves, with the titles. :class:`LivePicture` shows both.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Hashable
from html import escape
from typing import Any, ClassVar, NamedTuple

import numpy as np
from ipywidgets import HTML, GridBox, Layout
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Transform

from heparin_pk import plot

POINTS_PER_INCH = 72.0
PIXELS_PER_INCH = 84.0
"""Size of a picture on the page: one inch of the figure, in CSS pixels."""
_MOST_SCENES, _MOST_TEXTS = 64, 4096
_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


class _Axes(Axes):
    """Axes that keep what stands still from one drawing to the next.

    A legend that says the same keeps its drawing: it costs as much as all curves together. A shaded range, and a line across the
    whole width, that stand where they stood before belong to the scene.
    """

    _kept: tuple[Hashable, Legend] | None = None
    _drawn_legend: tuple[Hashable, str] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._across: dict[Hashable, Artist] = {}  # of the last drawing
        self._across_before: dict[Hashable, Artist] = {}  # of the one before
        self.still: dict[Hashable, Artist] = {}
        super().__init__(*args, **options)

    def axhspan(self, *args: Any, **options: Any) -> Any:
        """Shade a range, or leave the shade that stood there before."""
        return self._stands("span", super().axhspan, self.add_patch, args, options)

    def axhline(self, *args: Any, **options: Any) -> Any:
        """Draw a line across, or leave the one that stood there before."""
        return self._stands("line", super().axhline, self.add_line, args, options)

    def _stands(self, kind: str, make: Any, again: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if "label" in options:  # a legend may name it
            return make(*args, **options)
        key = (kind, *(_fixed(value) for value in args), *((name, _fixed(value)) for name, value in sorted(options.items())))
        before = self._across_before.pop(key, None)
        if before is None:
            self._across[key] = make(*args, **options)
        else:
            self._across[key] = self.still[key] = before
            again(before)
        return self._across[key]

    def begin(self) -> None:
        """Begin another drawing: what lies across is taken away, and known."""
        for artist in self.still.values():
            artist.remove()
        self._across_before, self._across, self.still = self._across, {}, {}

    def legend(self, *args: Any, **options: Any) -> Legend:
        """Return the legend of these axes; one that stands still and says the same is the one that stood there before."""
        if "handles" in options or options.get("loc", "best") == "best":  # a place that follows the curves
            self._kept = None
            return super().legend(*args, **options)
        handles, labels = args or self.get_legend_handles_labels()
        placed = tuple((name, _fixed(value)) for name, value in sorted(options.items()))
        key = (tuple(labels), tuple(_look(handle) for handle in handles), placed)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, super().legend(*args, **options))
        self.legend_ = self._kept[1]
        return self._kept[1]

    def keeps(self, artist: Artist) -> bool:
        """Return whether an artist is the legend that is kept."""
        return self._kept is not None and artist is self._kept[1]

    def legend_drawn(self, figure: Figure) -> str:
        """Return the kept legend as SVG."""
        assert self._kept is not None
        key = (self._kept[0], self.get_position(original=True).bounds)
        if self._drawn_legend is None or self._drawn_legend[0] != key:
            self._drawn_legend = (key, _inside(_drawn(figure, [self._kept[1]])))
        return self._drawn_legend[1]


def _look(handle: Any) -> Hashable:
    """Return how a legend shows one of its handles."""
    if isinstance(handle, tuple):  # bars with their error bars
        return tuple(_look(part) for part in handle)
    getters = (getattr(handle, f"get_{name}", None) for name in _LOOK)
    return (type(handle).__name__, *(repr(get()) for get in getters if get is not None))


def _fixed(option: Any) -> Hashable:
    """Return what tells an option of a legend from another value of it: of a transform, where it puts two corners."""
    if isinstance(option, Transform):
        return tuple(map(tuple, option.transform([(0.0, 0.0), (1.0, 1.0)]).tolist()))
    return repr(option)


_LOOK = (
    "color",
    "linestyle",
    "linewidth",
    "marker",
    "markersize",
    "markerfacecolor",
    "markeredgecolor",
    "markeredgewidth",
    "facecolor",
    "edgecolor",
    "alpha",
    "hatch",
)


class Stage(Figure):
    """A figure that is kept between two drawings: its axes stand where they stood, so that curves can be compared.

    ``width``, ``height``: size, inches
    ``margins``: room left of, below, right of and above the axes, inches
    ``gap``: room between two columns, inches
    """

    def __init__(
        self,
        width: float,
        height: float,
        *,
        margins: tuple[float, float, float, float],
        columns: int = 1,
        gap: float = 0.0,
    ) -> None:
        left, below, right, above = margins
        with plot.styled():
            super().__init__(figsize=(width, height), dpi=POINTS_PER_INCH, layout=None)
            panel = (width - left - right - gap * (columns - 1)) / columns
            self.subplots_adjust(
                left / width,
                below / height,
                1.0 - right / width,
                1.0 - above / height,
                wspace=gap / panel if columns > 1 else None,
            )
            self.panels = tuple(self.subplots(1, columns, squeeze=False, subplot_kw={"axes_class": _Axes})[0])

    def cleared(self) -> tuple[Axes, ...]:
        """Return the axes without what was last drawn on them; their limits, ticks and labels stay until they are set again."""
        for artist in moving(self):
            if isinstance(artist.axes, _Axes) and artist.axes.keeps(artist):
                artist.axes.legend_ = None
            else:
                artist.remove()
        for ax in self.panels:
            ax.begin()
            ax.relim()
        return self.panels


def moving(figure: Figure) -> list[Artist]:
    """Return what moves in a figure, bottom first: all but the axes with their ticks, labels, grids and titles.

    What stands still from one drawing of a :class:`Stage` to the next is left out, too.
    """
    found: list[Artist] = []
    for ax in figure.axes:
        legend = ax.get_legend()
        here = [*ax.lines, *ax.collections, *ax.patches, *ax.texts, *ax.artists, *ax.tables, *([legend] if legend else [])]
        still = {id(artist) for artist in ax.still.values()} if isinstance(ax, _Axes) else set()
        found += sorted((one for one in here if id(one) not in still), key=lambda artist: artist.get_zorder())
    return [*found, *figure.legends, *figure.texts]


class Layers(NamedTuple):
    """A figure as two drawings of one size.

    ``scene``: axes, ticks, grid and labels, as SVG
    ``curves``: what moves, as the inside of an SVG
    ``width``, ``height``: size, points
    """

    scene: str
    curves: str
    width: float
    height: float


_scenes: OrderedDict[Hashable, str] = OrderedDict()


def layers(figure: Figure) -> Layers:
    """Return a figure as a scene and what moves; the scene of a :class:`Stage` is drawn again only when it has changed."""
    with plot.styled():
        figure.set_dpi(POINTS_PER_INCH)
        if figure.get_layout_engine() is not None:
            figure.draw_without_rendering()  # places the axes
        titles = [ax.title for ax in figure.axes if ax.title.get_text()]
        parts = [artist for artist in [*moving(figure), *titles] if artist.get_visible() and _is_shown(artist)]
        kept = [ax for ax in figure.axes if isinstance(ax, _Axes) and ax.get_visible() and ax.legend_ and ax.keeps(ax.legend_)]
        legends = {ax.legend_ for ax in kept}
        curves = _inside(_drawn(figure, [part for part in parts if part not in legends]))
        curves += "".join(ax.legend_drawn(figure) for ax in kept)
        if isinstance(figure, Stage):
            key = _key(figure)
            if key not in _scenes:
                _scenes[key] = _scene(figure, parts)
            _scenes.move_to_end(key)
            while len(_scenes) > _MOST_SCENES:
                _scenes.popitem(last=False)
            scene = _scenes[key]
        else:
            scene = _scene(figure, parts)
    return Layers(scene, curves, float(figure.bbox.width), float(figure.bbox.height))


def _is_shown(artist: Artist) -> bool:
    return artist.axes is None or artist.axes.get_visible()


class _Renderer(RendererSVG):
    """matplotlib's SVG renderer, which measures each text once."""

    _sizes: ClassVar[dict[Hashable, tuple[float, float, float]]] = {}

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        key = (s, hash(prop), ismath)
        if key not in self._sizes:
            if len(self._sizes) >= _MOST_TEXTS:
                self._sizes.clear()
            measured: Any = super()
            self._sizes[key] = measured.get_text_width_height_descent(s, prop, ismath)
        return self._sizes[key]


def _drawn(figure: Figure, artists: list[Artist]) -> str:
    """Return artists as matplotlib's SVG renderer draws them."""
    file = io.StringIO()
    width, height = figure.bbox.width, figure.bbox.height
    kind: Any = _Renderer
    renderer = kind(width, height, file, image_dpi=int(POINTS_PER_INCH), metadata=_NO_METADATA)
    for artist in artists:
        artist.draw(renderer)
    renderer.finalize()
    return file.getvalue()


def _inside(svg: str) -> str:
    """Return what stands inside the root of an SVG, without matplotlib's style sheet.

    A style sheet on the page makes a browser look at every element of the page again, at each step of a slider; what it says
    stands in the style of the root instead.
    """
    start = svg.index(">", svg.index("<svg")) + 1
    return _STYLE_SHEET.sub("", svg[start : svg.rindex("</svg>")]).replace("\n", "").replace("xlink:href", "href")


def _scene(figure: Figure, parts: list[Artist]) -> str:
    for artist in parts:
        artist.set_visible(False)
    try:
        inside = _inside(_drawn(figure, [figure]))
    finally:
        for artist in parts:
            artist.set_visible(True)
    width, height = figure.bbox.width, figure.bbox.height
    return f'<svg aria-hidden="true" viewBox="0 0 {width:g} {height:g}" {_ROOT}>{inside}</svg>'


_STYLE_SHEET = re.compile(r"<defs>\s*<style[^>]*>\*\{stroke-linejoin: round; stroke-linecap: butt\}</style>\s*</defs>")
_ROOT = (
    'xmlns="http://www.w3.org/2000/svg" '
    'style="grid-area:1/1;display:block;width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt"'
)


def _key(figure: Figure) -> Hashable:
    """Return what the scene is determined by."""
    return (figure.get_size_inches().tobytes(), *(_of_axes(ax) for ax in figure.axes))


def _of_axes(ax: Axes) -> Hashable:
    return (
        ax.get_visible(),
        ax.get_position(original=True).bounds,
        *((axis.get_label_text(), axis.label.get_fontsize(), axis.get_scale(), _ticks(axis)) for axis in (ax.xaxis, ax.yaxis)),
        ax.get_xlim(),
        ax.get_ylim(),
        tuple(ax.still) if isinstance(ax, _Axes) else (),
    )


def _ticks(axis: Axis) -> Hashable:
    places = tuple(float(place) for place in axis.get_majorticklocs())
    return (places, tuple(axis.get_major_formatter().format_ticks(list(places))))


class LivePicture(GridBox):
    """A picture whose parts are replaced in one message, so that no frame is blank and none mixes an old and a new scene.

    The lower layer holds a scene that stands still. A new scene first comes in the upper layer, together with what moves and
    opaque; when it is still the same at the next change, it moves to the lower layer, unseen.
    """

    def __init__(self) -> None:
        cell = {"grid_area": "1 / 1", "width": "100%", "margin": "0", "min_width": "0"}
        self._below, self._above = HTML(layout=Layout(**cell)), HTML(layout=Layout(**cell))
        self._came = ""
        self.layers: Layers | None = None
        super().__init__(
            children=(self._below, self._above),
            layout=Layout(width="100%", min_width="0", grid_template_columns="100%", overflow="hidden"),
        )

    @property
    def value(self) -> str:
        """The upper layer as HTML: what moves with its text alternative, or the words in place of the picture."""
        return str(self._above.value)

    @property
    def scene(self) -> str:
        """The scene shown now, as SVG."""
        return self.layers.scene if self.layers is not None else ""

    def show(self, picture: Layers, description: str, change: int = 0) -> None:
        """Show a picture with its text alternative; ``change`` counts the changes of the controls, for who measures."""
        first, _, rest = description.partition("\n")
        width, height = picture.width, picture.height
        curves = (
            f'<svg role="img" viewBox="0 0 {width:g} {height:g}" {_ROOT}><title>{escape(first)}</title>'
            f"<desc>{escape(rest or first)}</desc>{picture.curves}</svg>"
        )
        pixels = width * PIXELS_PER_INCH / POINTS_PER_INCH
        inside = curves
        if picture.scene != self._below.value and picture.scene == self._came:
            self._below.value = self._came
        elif picture.scene != self._below.value:
            inside = picture.scene + curves
        self._came, self.layers = picture.scene, picture
        if self.layout.max_width != f"{pixels:g}px":
            self.layout.max_width = f"{pixels:g}px"
        self._above.value = (
            f'<div class="heparin-pk-picture" data-change="{change}" style="display:grid;line-height:normal">{inside}</div>'
        )

    def say(self, words: str) -> None:
        """Show words in place of the picture, in a place of the same size."""
        ratio = f"{self.layers.width:g} / {self.layers.height:g}" if self.layers is not None else "2 / 1"
        self._above.value = f'<div class="heparin-pk-picture" style="aspect-ratio:{ratio}"><p role="alert">{words}</p></div>'
        self._below.value, self._came = "", ""


# The numbers of a picture


def numbers(figure: Figure) -> str:
    """Return what a figure shows as HTML tables, one for each of its axes: curves at the ticks of the axis, marks one by one."""
    return "".join(table(*_rows(ax)) for ax in figure.axes if ax.get_visible())


def _rows(ax: Axes) -> tuple[str, list[str], list[list[str]]]:
    """Return the caption, the heads and the rows of the table of one Axes."""
    caption = " – ".join(text for text in (ax.get_title(), ax.get_ylabel()) if text).replace("\n", " ")
    names = [text.get_text() for text in ax.get_yticklabels()]
    if names and not ax.get_ylabel():  # an axis of names
        return caption, ["", ax.get_xlabel().replace("\n", " "), "from", "to"], _by_name(ax, names)
    return caption, *_by_value(ax)


def _by_name(ax: Axes, names: list[str]) -> list[list[str]]:
    """Return one row for each name on the vertical axis: its mark, and the ends of its line; the topmost first."""
    marks: dict[float, str] = {}
    spans: dict[float, tuple[str, str]] = {}
    for bars in ax.collections:
        if isinstance(bars, LineCollection):
            spans |= {float(y): (_short(x0), _short(x1)) for (x0, y), (x1, _) in bars.get_segments()}
    for line in ax.lines:
        x, y = _points(line)
        if line.get_marker() not in ("None", None, ""):
            marks |= {float(to): _short(at) for at, to in zip(x, y, strict=True)}
        elif len(y) == 2 and y[0] == y[1]:
            spans[float(y[0])] = (_short(x[0]), _short(x[1]))
    for text in ax.texts:  # a mark on the edge has its number beside it
        if isinstance(text, Annotation) and re.fullmatch(r"[0-9.]+", text.get_text()):
            marks[float(text.xy[1])] = text.get_text()
    rows = [
        [name, marks.get(float(y), "–"), *spans.get(float(y), ("–", "–"))]
        for y, name in zip(ax.get_yticks(), names, strict=False)
    ]
    return rows[::-1] if ax.get_ylim()[0] < ax.get_ylim()[1] else rows


def _by_value(ax: Axes) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of curves at the ticks of the horizontal axis, and of marks where they are."""
    low, high = sorted(ax.get_xlim())
    lines = [line for line in ax.lines if _is_named(line)]
    curves = [line for line in lines if line.get_linestyle() != "None" and len(_points(line)[0]) > 2]
    bands = [band for band in ax.collections if isinstance(band, PolyCollection) and _is_named(band)]
    marks = [line for line in lines if line.get_linestyle() == "None" and len(_points(line)[0])]
    named: list[Artist] = [*curves, *bands, *marks]
    heads = [ax.get_xlabel().partition("\n")[0], *(str(one.get_label()).replace("\n", " ") for one in named)]
    at = {float(x) for x in ax.get_xticks() if low <= x <= high}
    rows = []
    for x in sorted(at.union(*(_points(mark)[0].tolist() for mark in marks))):
        cells = [_at(line, x) for line in curves] + [_between(band, x) for band in bands] + [_marked(mark, x) for mark in marks]
        if any(cells):
            rows.append([_short(x), *cells])
    return heads, rows


def _points(line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


def _marked(mark: Line2D, at: float) -> str:
    """Return the value of the mark at one place, if there is one."""
    x, y = _points(mark)
    return next((_short(value) for value in y[x == at].tolist()), "")


def _is_named(artist: Artist) -> bool:
    return not str(artist.get_label()).startswith("_")


def _at(line: Line2D, at: float) -> str:
    """Return the value of a curve at one place; nothing beyond its ends."""
    x, y = _points(line)
    if not x[0] <= at <= x[-1]:
        return ""
    if str(line.get_drawstyle()).startswith("steps-post"):
        return _short(float(y[np.searchsorted(x, at, side="right") - 1]))
    return _short(float(np.interp(at, x, y)))


def _between(band: PolyCollection, at: float) -> str:
    """Return the two ends of a band at one place; nothing where it has no corner."""
    corners = np.concatenate([path.vertices for path in band.get_paths()])
    here = corners[np.abs(corners[:, 0] - at) < 1e-6, 1]
    return f"{_short(float(here.min()))} to {_short(float(here.max()))}" if len(here) else ""


def _short(value: float) -> str:
    """Return a number with three digits, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def table(caption: str, heads: list[str], rows: list[list[str]]) -> str:
    """Return an HTML table."""
    cell = 'style="text-align:right;padding:1px 12px 1px 0;vertical-align:top;max-width:16em"'
    head = "".join(f'<th scope="col" {cell}>{escape(text)}</th>' for text in heads)
    name = cell.replace("right", "left", 1).replace("16em", "40em")
    body = "".join(
        f'<tr><th scope="row" {name}>{escape(row[0])}</th>'
        + "".join(f"<td {cell}>{escape(text)}</td>" for text in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        '<table class="numbers" style="line-height:1.4;border-collapse:collapse;margin:4px 0 10px">'
        + (f'<caption style="text-align:left;padding-bottom:4px"><b>{escape(caption)}</b></caption>' if caption else "")
        + f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
