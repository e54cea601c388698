"""The picture of the bedside widget: matplotlib draws the static scene once, a slider changes only the curves.

The scene (axes, therapeutic range) is one SVG; a second SVG of the same size lies on top of it and contains only the curves and
marks. The only arithmetic converts hours and levels to coordinates, in points.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import HTML, GridBox, Layout
from matplotlib.axes import Axes

from heparin_pk import plot
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Hold, Order
from heparin_pk.ward.pump import u_per_kg_per_h
from heparin_pk.widgets.controls import Unfolds
from heparin_pk.widgets.stage import table

_POINTS_PER_INCH = 72.0
_WIDEST = "680px"
"""Maximal width: picture and answer then fit into a window 720 pixels high."""
_LEGEND_SHARE = 0.93
"""Share of the height used by the scene; the strip above it is left to the legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One Axes in the drawing: coordinates of its edges, and the values at these edges.

    ``left``, ``right``, ``top``, ``bottom``: edges, points from the upper left corner
    ``hours``: times at the left and right edge, h
    ``values``: values at the lower and upper edge
    """

    left: float
    right: float
    top: float
    bottom: float
    hours: tuple[float, float]
    values: tuple[float, float]

    @classmethod
    def of(cls, ax: Axes, width: float, height: float) -> Panel:
        """Return the panel of an Axes in a drawing of ``width`` times ``height`` points (y runs down)."""
        box = ax.get_position()
        return cls(
            left=box.x0 * width,
            right=box.x1 * width,
            top=(1.0 - box.y1) * height,
            bottom=(1.0 - box.y0) * height,
            hours=ax.get_xlim(),
            values=ax.get_ylim(),
        )

    def x(self, time_h: Any) -> Any:
        """Return the coordinate of a time (or of an array of times), points."""
        first, last = self.hours
        return self.left + (time_h - first) / (last - first) * (self.right - self.left)

    def y(self, value: Any) -> Any:
        """Return the coordinate of a value (or of an array of values), points."""
        low, high = self.values
        return self.bottom + (value - low) / (high - low) * (self.top - self.bottom)

    def line(self, time_h: Iterable[float], value: Iterable[float]) -> str:
        """Return the polyline through these points as an SVG path, rounded to 0.1 point."""
        points = zip(self.x(np.asarray(time_h)).tolist(), self.y(np.asarray(value)).tolist(), strict=True)
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)

    def kept_inside(self, value: float) -> float:
        """Return the coordinate of a value, limited to the upper edge, points."""
        return float(self.y(min(value, self.values[1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The static part of the picture: axes, range and the position of the two panels.

    ``svg``: drawing of matplotlib
    ``width``, ``height``: size, points
    ``level``, ``pump``: upper and lower panel
    """

    svg: str
    width: float
    height: float
    level: Panel
    pump: Panel

    @classmethod
    @lru_cache(maxsize=32)
    def draw(cls, hours: float, target: TherapeuticRange, most_u_per_kg_per_h: float) -> Scene:
        """Return the scene, drawn once for each range, duration and highest rate (U/kg/h)."""
        figure, (above, below) = plot.course_scene(hours, target, most_u_per_kg_per_h=most_u_per_kg_per_h)
        try:
            figure.set_dpi(_POINTS_PER_INCH)
            figure.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, _LEGEND_SHARE))
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            width, height = (float(inches) * _POINTS_PER_INCH for inches in figure.get_size_inches())
            file = io.StringIO()
            with plt.rc_context(plot.STYLE):
                figure.savefig(file, format="svg", dpi=_POINTS_PER_INCH, facecolor="white", metadata={"Date": None})
        finally:
            plt.close(figure)
        return cls(
            svg=file.getvalue(),
            width=width,
            height=height,
            level=Panel.of(above, width, height),
            pump=Panel.of(below, width, height),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One treatment in the picture, distinguished with and without colour.

    ``course``: course up to now
    ``name``: name in the legend
    ``colour``, ``dashes``: style of its lines
    ``round_marks``: whether results are circles (else squares)
    ``bolus_share``: height of the bolus marks, as a share of the pump panel
    """

    course: Course
    name: str
    colour: str = plot.BLUE
    dashes: str = ""
    round_marks: bool = True
    bolus_share: float = 0.91


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ahead:
    """The plan from now on: the orders just given, the pump rate and the next blood sample.

    ``course``: course under these orders; only its pump rate is drawn, up to the next blood sample
    ``now_h``: time of now
    ``next_draw_h``: time of the next blood sample, or ``None``
    ``orders``: orders given now
    """

    course: Course
    now_h: float
    next_draw_h: float | None = None
    orders: tuple[Order, ...] = ()


class Picture(GridBox):
    """A picture of courses that follows the sliders: a static ``scene`` below moving ``curves``.

    ``numbers``: the numbers of the picture, made when they are unfolded
    """

    def __init__(self) -> None:
        cell = {"grid_area": "1 / 1", "width": "100%", "margin": "0"}
        self.scene = HTML(layout=Layout(**cell))
        self.curves = HTML(layout=Layout(**cell))
        self._shown: tuple[Sequence[Track], TherapeuticRange, float] | None = None
        self.numbers = Unfolds(HTML(), "Show the numbers", lambda: "" if self._shown is None else numbers_of(*self._shown))
        self.numbers.layout.grid_area = "2 / 1"
        super().__init__(
            children=(self.scene, self.curves, self.numbers),
            layout=Layout(
                grid_template_columns="100%",
                min_width="0",
                max_width=_WIDEST,
                overflow="hidden",
                width="100%",
            ),
        )

    def show(
        self,
        *,
        hours: float,
        target: TherapeuticRange,
        tracks: Sequence[Track] = (),
        ahead: Ahead | None = None,
        baseline: float | None = None,
        most_u_per_kg_per_h: float = 30.0,
        title: str = "",
        description: str = "",
    ) -> None:
        """Show these treatments; the scene is drawn again only if the range, the hours or the highest rate changed.

        ``tracks``: treatments, the first one on top
        ``ahead``: plan from now on
        ``baseline``: level before heparin, in the unit of the range
        ``title``, ``description``: text alternative
        """
        scene = Scene.draw(hours, target, most_u_per_kg_per_h)
        curves = _curves(scene, target, tracks, ahead, baseline, title, description)
        with self.hold_trait_notifications():
            self.curves.value = curves
            self.scene.value = _scene_html(scene)
        self._shown = (tuple(tracks), target, hours)
        self.numbers.renew()


def numbers_of(tracks: Sequence[Track], target: TherapeuticRange, hours: float) -> str:
    """Return what a picture shows as an HTML table: true level, result and pump rate, at full hours and where blood was drawn."""
    step = next((step for step in (1, 2, 3, 6) if hours <= 12 * step), 12)
    heads = ["time (h)"]
    for track in tracks:
        heads += [f"{track.name}: {plot.axis_label(target.assay)}", f"{track.name}: result", f"{track.name}: pump (U/kg/h)"]
    drawn = {lab.drawn_h for track in tracks for lab in track.course.labs if lab.assay == target.assay}
    rows = []
    for at_h in sorted(drawn.union(np.arange(0.0, hours + 0.01, step).tolist())):
        row = [f"{at_h:.4g}"]
        for track in tracks:
            row += _numbers_at(track.course, target.assay, at_h)
        if any(row[1:]):
            rows.append(row)
    return table("", heads, rows)


def _numbers_at(course: Course, assay: str, at_h: float) -> list[str]:
    """Return the level, the result and the pump rate of a course at one time; empty after its end."""
    if at_h > course.time_h[-1]:
        return ["", "", ""]
    digits = 0 if assay.endswith("_s") else 2
    level = float(np.interp(at_h, course.time_h, course.level(assay)))
    result = next((lab.in_words() for lab in course.labs if lab.assay == assay and lab.drawn_h == at_h), "")
    rate = float(course.pump_u_per_h[np.searchsorted(course.time_h, at_h, side="right") - 1])
    return [f"{level:.{digits}f}", result, f"{u_per_kg_per_h(rate, course.patient.doses_by_kg):.1f}"]


@lru_cache(maxsize=32)
def _scene_html(scene: Scene) -> str:
    """Return the scene as an image of the page."""
    drawing = base64.b64encode(scene.svg.encode()).decode()
    return (
        f'<img alt="" aria-hidden="true" src="data:image/svg+xml;base64,{drawing}" '
        'style="display:block;width:100%;height:auto;background:white;border-radius:4px">'
    )


def _curves(
    scene: Scene,
    target: TherapeuticRange,
    tracks: Sequence[Track],
    ahead: Ahead | None,
    baseline: float | None,
    title: str,
    description: str,
) -> str:
    """Return the moving part of the picture as SVG, with its text alternative."""
    parts = []
    if baseline is not None:
        parts.append(_baseline(scene.level, baseline))
    if ahead is not None:
        parts.append(_ahead(scene, ahead))
    parts += [_track(scene, target, track) for track in reversed(tracks)]
    parts.append(_legend(scene, tracks))
    return (
        f'<svg role="img" viewBox="0 0 {scene.width:g} {scene.height:g}" '
        'xmlns="http://www.w3.org/2000/svg" style="display:block;width:100%;height:auto;position:relative" '
        'font-family="\'DejaVu Sans\', Verdana, sans-serif" font-size="12" fill="none">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )


def _inside(panel: Panel, content: str) -> str:
    """Return ``content`` clipped at the edges of the panel (a nested SVG clips)."""
    place = f"{panel.left:.1f} {panel.top:.1f} {panel.right - panel.left:.1f} {panel.bottom - panel.top:.1f}"
    x, y, width, height = place.split()
    return f'<svg aria-hidden="true" x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{place}">{content}</svg>'


def _track(scene: Scene, target: TherapeuticRange, track: Track) -> str:
    """Return one treatment: level, results, pump, boluses, holds."""
    course, weight = track.course, track.course.patient.doses_by_kg
    dashes = f' stroke-dasharray="{track.dashes}"' if track.dashes else ""
    stroke = f'stroke="{track.colour}" stroke-linejoin="round"{dashes}'
    level = scene.level.line(course.time_h, course.level(target.assay))
    steps_h, rates = _steps(course.time_h, course.pump_u_per_h)
    pump = scene.pump.line(steps_h, [u_per_kg_per_h(rate, weight) for rate in rates])
    orders = course.regimen.orders
    holds = "".join(_hold(scene.pump, track, order) for order in orders if isinstance(order, Hold))
    return "".join(
        [
            f'<g data-track="{escape(track.name)}">',
            _inside(scene.level, f'<path class="level" {stroke} stroke-width="2.4" d="{level}"/>'),
            _inside(scene.pump, holds + f'<path class="pump" {stroke} stroke-width="2.2" d="{pump}"/>'),
            *(_bolus(scene.pump, order.time_h, track.colour, track.bolus_share) for order in orders if isinstance(order, Bolus)),
            *(
                _result(scene.level, track, lab.drawn_h, lab.value, lab.above_ceiling)
                for lab in course.labs
                if lab.assay == target.assay
            ),
            "</g>",
        ]
    )


def _steps(time_h: np.ndarray, rate: np.ndarray) -> tuple[list[float], list[float]]:
    """Return the corners of a step line: each rate holds until the next time."""
    corners_h, rates = [float(time_h[0])], [float(rate[0])]
    for now_h, now in zip(time_h[1:].tolist(), rate[1:].tolist(), strict=True):
        if now != rates[-1]:
            corners_h += [now_h, now_h]
            rates += [rates[-1], now]
    return [*corners_h, float(time_h[-1])], [*rates, rates[-1]]


def _result(panel: Panel, track: Track, time_h: float, value: float, above_ceiling: bool) -> str:
    """Return the mark of a laboratory result; an open triangle is a result above the ceiling or above the panel."""
    x, y = float(panel.x(time_h)), panel.kept_inside(value)
    if above_ceiling or value > panel.values[1]:
        return (
            f'<path class="result above" d="M{x - 6:.1f} {y + 5:.1f}h12l-6 -11z" fill="white" stroke="{track.colour}" '
            'stroke-width="1.8"/>'
        )
    shape = (
        f'<circle class="result" cx="{x:.1f}" cy="{y:.1f}" r="4.8"'
        if track.round_marks
        else f'<rect class="result" x="{x - 4.2:.1f}" y="{y - 4.2:.1f}" width="8.4" height="8.4"'
    )
    return f'{shape} fill="{track.colour}" stroke="{plot.BLACK}" stroke-width="1.1"/>'


def _bolus(panel: Panel, time_h: float, colour: str, share: float) -> str:
    """Return the mark of a bolus, at a share of the height of the panel."""
    x, y = float(panel.x(time_h)), panel.bottom + share * (panel.top - panel.bottom)
    return f'<path class="bolus" d="M{x - 6:.1f} {y - 5:.1f}h12l-6 11z" fill="{colour}" stroke="{plot.BLACK}" stroke-width="1"/>'


def _hold(panel: Panel, track: Track, order: Hold) -> str:
    """Return the shaded area of a hold."""
    left, right = float(panel.x(order.time_h)), float(panel.x(order.end_h))
    return (
        f'<rect class="hold" x="{left:.1f}" y="{panel.top:.1f}" width="{right - left:.1f}" '
        f'height="{panel.bottom - panel.top:.1f}" fill="{track.colour}" fill-opacity="0.13"/>'
    )


def _baseline(panel: Panel, value: float) -> str:
    """Return the mark of the level before heparin."""
    x, y = float(panel.x(panel.hours[0])), panel.kept_inside(value)
    return f'<circle class="baseline" cx="{x:.1f}" cy="{y:.1f}" r="4.8" fill="white" stroke="{plot.BLACK}" stroke-width="1.4"/>'


def _ahead(scene: Scene, ahead: Ahead) -> str:
    """Return the plan from now on: the pump rate, and the next blood sample."""
    course, end_h = ahead.course, scene.level.hours[1] if ahead.next_draw_h is None else ahead.next_draw_h
    kept = (course.time_h >= ahead.now_h) & (course.time_h <= end_h)
    parts = [_bolus(scene.pump, order.time_h, plot.BLUE, 0.91) for order in ahead.orders if isinstance(order, Bolus)]
    if kept.any():
        steps_h, rates = _steps(course.time_h[kept], course.pump_u_per_h[kept])
        line = scene.pump.line(steps_h, [u_per_kg_per_h(rate, course.patient.doses_by_kg) for rate in rates])
        path = f'<path class="plan" stroke="{plot.BLUE}" stroke-width="1.6" stroke-dasharray="2 3" d="{line}"/>'
        parts.append(_inside(scene.pump, path))
    if ahead.now_h > 0.0:
        parts.append(
            _moment(scene, ahead.now_h, "now", "4 0", is_left=scene.level.x(ahead.now_h) > scene.level.left + 40, line=1)
        )
    if ahead.next_draw_h is not None:
        is_left = scene.level.x(ahead.next_draw_h) > scene.level.right - 80
        parts.append(_moment(scene, ahead.next_draw_h, "next sample", "2 4", is_left=is_left, line=2))
    return "".join(parts)


def _moment(scene: Scene, time_h: float, words: str, dashes: str, *, is_left: bool, line: int) -> str:
    """Return a vertical line with its name beside it; names on different lines of text do not overlap."""
    x, top, panel = float(scene.level.x(time_h)), scene.level.top, scene.level
    side = f'x="{x - 5:.1f}" text-anchor="end"' if is_left else f'x="{x + 5:.1f}"'
    return (
        f'<path class="moment" d="M{x:.1f} {top:.1f}V{panel.bottom:.1f}M{x:.1f} {scene.pump.top:.1f}V{scene.pump.bottom:.1f}" '
        f'stroke="#555555" stroke-width="1.1" stroke-dasharray="{dashes}"/>'
        f'<text class="moment" {side} y="{top + 13 * line:.1f}" fill="#444444" font-size="11">{escape(words)}</text>'
    )


def _legend(scene: Scene, tracks: Sequence[Track]) -> str:
    """Return the legend above the picture: the treatments and the marks."""
    x, y, parts = scene.level.left, 16.0, []
    for track in tracks:
        dashes = f' stroke-dasharray="{track.dashes}"' if track.dashes else ""
        parts.append(f'<path d="M{x:.1f} {y:.1f}h30" stroke="{track.colour}" stroke-width="2.4"{dashes}/>')
        parts.append(_key_mark(track, x + 15.0, y))
        parts.append(f'<text x="{x + 36:.1f}" y="{y + 4:.1f}" fill="{plot.BLACK}">{escape(track.name)}</text>')
        x += 52.0 + 7.4 * len(track.name)
    if tracks:
        parts.append(
            f'<text x="{scene.pump.right:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#444444" font-size="11">'
            "line: true level · mark: result · △ above assay limit · ▼ bolus</text>"
        )
    return "".join(parts)


def _key_mark(track: Track, x: float, y: float) -> str:
    """Return the mark of a treatment in the legend."""
    if track.round_marks:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.4" fill="{track.colour}" stroke="{plot.BLACK}"/>'
    return f'<rect x="{x - 3.8:.1f}" y="{y - 3.8:.1f}" width="7.6" height="7.6" fill="{track.colour}" stroke="{plot.BLACK}"/>'
