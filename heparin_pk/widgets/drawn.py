"""A curve as an answer: the learner draws it with a pointer or with keys, says how sure, and then sees the model's beside it.

On the page each hour is a slider of its own, which stands on the curve: a drag over the axes moves all it passes, and each can be
reached with the Tab key and moved with the arrow keys. The levels reach the kernel through a text that no page shows.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ipywidgets import HTML, GridBox, Layout, Text, VBox

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.plot import BLUE, RANGE, RANGE_SHADE, RANGE_TEXT, VERMILION
from heparin_pk.teaching.drawn_curve import Compared, compare
from heparin_pk.widgets.controls import Unfolds, script
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.questions import Ask, read_number
from heparin_pk.widgets.stage import table

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760.0, 430.0, 74.0, 24.0, 18.0, 68.0
_INK, _GRID = "#222222", "#d6d6d6"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnQuestion:
    """A question whose answer is a declining curve on a logarithmic axis.

    ``text``: question
    ``what``: what is drawn, such as "anti-Xa"
    ``unit``: its unit
    ``times_h``: times at which the curve is drawn, at equal distances from 0 h on, h
    ``low``, ``high``: ends of the axis, in that unit
    ``ticks``: numbers on the axis
    ``target``: therapeutic range that is shaded
    ``right``: function that returns the model's levels at those times
    ``course``: function that returns times, h, and levels of the model's curve, as fine as it is drawn
    ``within_ratio``: a drawn level counts as right from the model's divided by this to the model's multiplied by it
    ``why``: function that returns the explanation for what a comparison has found, given the drawn levels
    """

    text: str
    what: str
    unit: str
    times_h: tuple[float, ...]
    low: float
    high: float
    ticks: tuple[float, ...]
    target: TherapeuticRange
    right: Callable[[], Sequence[float]]
    course: Callable[[], tuple[Sequence[float], Sequence[float]]]
    within_ratio: float
    why: Callable[[Compared, Sequence[float]], str]

    @property
    def form(self) -> str:
        """How it is drawn, and what counts as right."""
        return (
            "Draw over the axes with mouse, pen or finger. Or go from hour to hour with the Tab key, and move each level with "
            f"the arrow keys. It counts as right where each level is at most {self.within_ratio:g} times too high or too low, "
            "and the curve bends as the model's does."
        )

    def read(self, text: str) -> tuple[float, ...]:
        """Return drawn levels, written one after the other with semicolons between them.

        Raises ``ValueError`` with a sentence where a level is missing, is no number, or lies outside the axis.
        """
        parts = [part.strip() for part in text.split(";")]
        if len(parts) != len(self.times_h):
            raise ValueError(f"A curve has {len(self.times_h)} levels, one for each hour; got {len(parts)}.")
        missing = [f"{time:g} h" for time, part in zip(self.times_h, parts, strict=True) if not part]
        if missing:
            raise ValueError(f"Nothing is drawn yet at {_listed(missing)}: draw the whole curve first.")
        return tuple(check_between("a drawn level", read_number(part), self.low, self.high) for part in parts)

    def compared(self, drawn: Sequence[float]) -> Compared:
        """Return what a comparison of a drawn curve with the model's finds."""
        return compare(self.times_h, drawn, self.right(), within_ratio=self.within_ratio, lowest_u_per_ml=self.low)

    def verdict(self, drawn: Sequence[float]) -> str:
        """Return whether a drawn curve is right, where it is farthest off, and why, as HTML."""
        found, model = self.compared(drawn), self.right()
        at = found.farthest
        ratio = drawn[at] / model[at]
        first = "✓ Close enough" if found.is_right else "✗ Not yet"
        off = (
            f"{max(ratio, 1.0 / ratio):.1f} times too {'high' if ratio > 1.0 else 'low'}"
            if max(ratio, 1.0 / ratio) >= 1.05
            else "right"
        )
        return (
            f"{first}: farthest off at {self.times_h[at]:g} h, where you drew {_said(drawn[at])} and the model gives "
            f"<b>{_said(model[at])} {escape(self.unit)}</b> ({off}). {escape(self.why(found, drawn))}"
        )

    def x(self, time_h: float) -> float:
        """Return the place of a time on the picture."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * time_h / self.times_h[-1]

    def y(self, level: float) -> float:
        """Return the place of a level on the picture."""
        share = (math.log(level) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share


def _said(level: float) -> str:
    """Return a level with two digits, without an exponent."""
    return f"{float(f'{level:.2g}'):.10g}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# Pictures


def _root(inside: str, attributes: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" font-family="sans-serif" font-size="16" '
        f'style="display:block;width:100%;height:auto" {attributes}>{inside}</svg>'
    )


def axes(question: DrawnQuestion) -> str:
    """Return the axes with their units and the shaded therapeutic range, as the inside of an SVG."""
    q, right, bottom = question, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    high, low = q.y(q.target.high), q.y(q.target.low)
    parts = [
        f'<rect width="{_WIDTH:g}" height="{_HEIGHT:g}" fill="white" rx="4"/>',
        f'<rect x="{_LEFT:g}" y="{high:.1f}" width="{right - _LEFT:g}" height="{low - high:.1f}" fill="{RANGE}" '
        f'fill-opacity="{RANGE_SHADE}"/>',
    ]
    for tick in q.ticks:
        parts.append(f'<path d="M{_LEFT:g} {q.y(tick):.1f}H{right:g}" stroke="{_GRID}"/>')
        parts.append(f'<text x="{_LEFT - 8:g}" y="{q.y(tick) + 5:.1f}" text-anchor="end" fill="{_INK}">{tick:g}</text>')
    for time in q.times_h:
        parts.append(f'<path d="M{q.x(time):.1f} {_TOP:g}V{bottom:g}" stroke="{_GRID}"/>')
        parts.append(f'<text x="{q.x(time):.1f}" y="{bottom + 28:g}" text-anchor="middle" fill="{_INK}">{time:g}</text>')
    middle = (_TOP + bottom) / 2.0
    parts += [
        *(f'<path d="M{_LEFT:g} {edge:.1f}H{right:g}" stroke="{RANGE_TEXT}" stroke-width="1.2"/>' for edge in (high, low)),
        f'<text x="{_LEFT + 10:g}" y="{low + 18:.1f}" fill="{RANGE_TEXT}">'
        f"therapeutic range {q.target.low:g}–{q.target.high:g} {escape(q.unit)}</text>",
        f'<path d="M{_LEFT:g} {_TOP:g}V{bottom:g}H{right:g}" fill="none" stroke="{_INK}" stroke-width="1.5"/>',
        f'<text x="{(_LEFT + right) / 2:.1f}" y="{bottom + 54:g}" text-anchor="middle" fill="{_INK}">'
        "time after the bolus (h)</text>",
        f'<text transform="translate(22 {middle:g}) rotate(-90)" text-anchor="middle" fill="{_INK}">'
        f"{escape(q.what)} ({escape(q.unit)}, logarithmic)</text>",
    ]
    return "".join(parts)


def _drawable(question: DrawnQuestion, drawn: Sequence[float | None]) -> str:
    """Return the axes with a slider for each hour, as HTML; the script makes it follow pointer and keys."""
    q, bottom = question, _HEIGHT - _BOTTOM
    points = "".join(
        f'<g class="heparin-pk-point" color="{BLUE}" role="slider" tabindex="0" aria-orientation="vertical" '
        f'aria-label="{escape(q.what)} at {time:g} h" aria-valuemin="{q.low:g}" aria-valuemax="{q.high:g}" '
        f'aria-valuenow="{q.low:g}" aria-valuetext="not drawn yet" transform="translate({q.x(time):.1f} {bottom:g})">'
        f'<circle class="ring" r="15" fill="none" stroke="{_INK}" stroke-width="3"/>'
        f'<circle class="mark" r="8" fill="white" stroke="{BLUE}" stroke-width="2.5"/></g>'
        for time in q.times_h
    )
    facts = {
        "low": q.low,
        "high": q.high,
        "unit": q.unit,
        "top": _TOP,
        "bottom": bottom,
        "x": [round(q.x(time), 1) for time in q.times_h],
        "hours": list(q.times_h),
        "drawn": list(drawn),
    }
    curve = f'<path class="curve" fill="none" stroke="{BLUE}" stroke-width="3" stroke-linejoin="round"/>'
    svg = _root(
        axes(q) + curve + points,
        f'class="heparin-pk-draw" role="group" aria-label="{escape(q.what)} over time, to be drawn: one slider for each hour" '
        f"data-draw='{escape(json.dumps(facts), quote=True)}'",
    )
    return (
        f'<div class="heparin-pk-drawing">{svg}<div class="heparin-pk-drawn-bar">'
        '<button type="button" class="jupyter-widgets jupyter-button widget-button heparin-pk-clear" style="width:auto">'
        'Clear the drawing</button><span class="heparin-pk-drawn"></span></div></div>'
    )


def _over(question: DrawnQuestion) -> str:
    """Return the model's curve with its text alternative, to be laid over the drawing."""
    q = question
    times, levels = q.course()
    seen = [(time, level) for time, level in zip(times, levels, strict=True) if q.low <= level and time <= q.times_h[-1]]
    path = "L".join(f"{q.x(time):.1f} {q.y(level):.1f}" for time, level in seen)
    told = ", ".join(f"{_said(level)} at {time:g} h" for time, level in zip(q.times_h, q.right(), strict=True))
    inside = (
        f"<title>The model's curve, beside yours</title><desc>The model's {escape(q.what)} in {escape(q.unit)}: {told}.</desc>"
        f'<path d="M{path}" fill="none" stroke="{VERMILION}" stroke-width="3" stroke-dasharray="9 5"/>'
        f"{_named(0, 'you', BLUE, '')}{_named(1, 'the model', VERMILION, '9 5')}"
    )
    return _root(inside, 'role="img"')


def _named(place: int, name: str, colour: str, dashes: str) -> str:
    """Return one line of the legend, at the upper right, where a decline has left the picture."""
    x, y = _WIDTH - _RIGHT - 170.0, _TOP + 20.0 + 26.0 * place
    return (
        f'<path d="M{x:g} {y:g}h48" stroke="{colour}" stroke-width="3" stroke-dasharray="{dashes}"/>'
        f'<text x="{x + 58:g}" y="{y + 6:g}" fill="{_INK}">{name}</text>'
    )


class Drawn(Asleep, VBox):
    """A question answered with a drawn curve: how sure the learner is, and then both curves, a verdict and an explanation.

    ``question``: what is asked, with its tolerance and explanations
    ``ask``: the question on the page
    ``choice``: text of the drawn levels
    ``sure``, ``said``: certainty, and what is said about the answer
    ``drawing``, ``model``: HTML of the axes with the drawn curve, and of the model's curve over it, empty before the answer
    ``numbers``: what unfolds below: both curves in numbers
    """

    def __init__(self, question: DrawnQuestion) -> None:
        self.question = question
        cell = {"grid_area": "1 / 1", "width": "100%", "margin": "0", "min_width": "0"}
        self.drawing = HTML(_drawable(question, (None,) * len(question.times_h)), layout=Layout(**cell))
        self.model = HTML(layout=Layout(**cell))
        self.model.add_class("heparin-pk-over")
        self.choice = Text(layout=Layout(display="none"))
        self.choice.add_class("heparin-pk-levels")
        sheet = GridBox((self.drawing, self.model), layout=Layout(width="100%", max_width=f"{_WIDTH:g}px", margin="0"))
        sheet.layout.grid_template_columns = "100%"
        self.numbers = Unfolds(HTML(), "Show both curves in numbers", self._in_numbers)
        self.numbers.layout.display = "none"
        self.ask = Ask(
            question.text,
            self.choice,
            self._verdict,
            kind="prediction",
            button="Show what happens",
            form=question.form,
            said_before="Predict first: ",
            answered=self._answered,
            shown=VBox((sheet, self.choice), layout=Layout(width="100%")),
            missing="Draw the curve first",
        )
        self.sure, self.said = self.ask.sure, self.ask.said
        self.choice.observe(lambda _: self.numbers.renew(), names="value")
        super().__init__(children=(self.ask, self.numbers, script(SCRIPT)))
        self.add_class("heparin-pk")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return what a notebook shows; where no widget can be shown, the question with its empty axes for paper."""
        shown: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        label = f"Empty axes: {self.question.what} ({self.question.unit}, logarithmic) against time, with the therapeutic range"
        page = _root(axes(self.question), f'role="img" aria-label="{escape(label)}"')
        words = f'<div class="asked"><p><b>{escape(self.question.text)}</b></p>{page}</div>'
        return {**shown, "text/html": words}

    def draw(self, levels: Sequence[float | None]) -> None:
        """Draw levels, one for each hour; ``None`` where nothing is drawn.

        Raises ``ValueError`` for another number of levels, or one that is no number.
        """
        check_is("levels", levels, (list, tuple), f"a list of {len(self.question.times_h)} numbers")
        if len(levels) != len(self.question.times_h):
            raise ValueError(f"levels must be {len(self.question.times_h)} numbers; got {len(levels)}")
        for time, level in zip(self.question.times_h, levels, strict=True):
            if level is not None:
                check_between(f"the level at {time:g} h", level, 0.0, 1e12)
        self.choice.value = "; ".join("" if level is None else f"{level:.6g}" for level in levels)
        self.drawing.value = _drawable(self.question, levels)

    def answer(self, levels: Sequence[float] | None = None, sure: int | None = None) -> None:
        """Give the curve that is drawn, or these levels with this certainty, per cent."""
        if levels is not None:
            self.draw(levels)
        self.ask.answer(None, sure)

    def _verdict(self, text: Any) -> tuple[bool, str]:
        drawn = self.question.read(text)
        return self.question.compared(drawn).is_right, self.question.verdict(drawn)

    def _answered(self) -> None:
        """Lay the model's curve over the drawing."""
        self.model.value = _over(self.question)
        self.numbers.layout.display = None
        self.numbers.renew()

    def _in_numbers(self) -> str:
        """Return both curves as a table."""
        parts = self.choice.value.split(";")
        drawn = parts if len(parts) == len(self.question.times_h) else [""] * len(self.question.times_h)
        unit = self.question.unit
        rows = [
            [f"{time:g}", f"{float(one):.3g}" if one.strip() else "–", f"{its:.3g}"]
            for time, one, its in zip(self.question.times_h, drawn, self.question.right(), strict=True)
        ]
        return table(f"{self.question.what}, both curves", ["time (h)", f"you ({unit})", f"the model ({unit})"], rows)


SCRIPT = """
(() => {
  const digits = (level) => String(Number(level.toPrecision(3)));
  const setUp = (svg) => {
    if (svg.dataset.heparinPk) return;
    const root = svg.closest('.heparin-pk'), input = root && root.querySelector('.heparin-pk-levels input');
    if (!input) return;
    svg.dataset.heparinPk = 'named';
    const facts = JSON.parse(svg.dataset.draw), bar = svg.parentElement.querySelector('.heparin-pk-drawn');
    const points = [...svg.querySelectorAll('.heparin-pk-point')], curve = svg.querySelector('.curve');
    const span = Math.log(facts.high / facts.low), height = facts.bottom - facts.top;
    const y = (level) => facts.bottom - (height * Math.log(level / facts.low)) / span;
    const level = (at) => Math.min(facts.high, Math.max(facts.low, facts.low * Math.exp((span * (facts.bottom - at)) / height)));
    const typed = input.value.split(';').map((part) => part.trim());
    const drawn = facts.drawn.map((one, i) => (typed.length === facts.drawn.length && typed[i] ? Number(typed[i]) : one));
    const paint = () => {
      let path = '', pen = 'M';
      points.forEach((point, i) => {
        const is = drawn[i] !== null;
        point.setAttribute('transform', `translate(${facts.x[i]} ${is ? y(drawn[i]) : facts.bottom})`);
        point.setAttribute('aria-valuenow', is ? digits(drawn[i]) : facts.low);
        point.setAttribute('aria-valuetext', is ? digits(drawn[i]) + ' ' + facts.unit : 'not drawn yet');
        point.classList.toggle('is-drawn', is);
        path += is ? `${pen}${facts.x[i]} ${y(drawn[i]).toFixed(1)}` : '';
        pen = is ? 'L' : 'M';
      });
      curve.setAttribute('d', path);
    };
    const tell = (i) => {
      bar.textContent = drawn[i] === null ? '' : `${facts.hours[i]} h: ${digits(drawn[i])} ${facts.unit}`;
    };
    const send = () => {
      input.value = drawn.every((one) => one === null) ? '' : drawn.map((one) => (one === null ? '' : digits(one))).join('; ');
      input.dispatchEvent(new Event('input', {bubbles: true}));
    };
    const place = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return [at.x, at.y];
    };
    const step = facts.x[1] - facts.x[0];
    const near = (x) => facts.x.reduce((best, one, i) => (Math.abs(one - x) < Math.abs(facts.x[best] - x) ? i : best), 0);
    const set = (i, at) => { drawn[i] = Number(digits(level(at))); };
    let last = null;
    const stroke = (to) => {  // every hour that the pen has passed since the last event
      const from = last || to;
      facts.x.forEach((x, i) => {
        const inside = (x - from[0]) * (x - to[0]) <= 0 && from[0] !== to[0];
        if (inside) set(i, from[1] + ((to[1] - from[1]) * (x - from[0])) / (to[0] - from[0]));
      });
      const i = near(to[0]);
      if (Math.abs(facts.x[i] - to[0]) < (last ? step / 10 : step / 2 + 1)) set(i, to[1]);
      last = to;
      paint();
      tell(i);
    };
    svg.addEventListener('pointerdown', (event) => {
      if (event.button) return;
      event.preventDefault();
      svg.setPointerCapture(event.pointerId);
      last = null;
      stroke(place(event));
      points[near(place(event)[0])].focus({preventScroll: true});
    });
    svg.addEventListener('pointermove', (event) => {
      if (last === null) return;
      (event.getCoalescedEvents?.() ?? []).concat(event).forEach((one) => stroke(place(one)));
    });
    const end = () => {
      if (last === null) return;
      const i = near(last[0]);
      if (drawn[i] === null) set(i, last[1]);  // the stroke ended just before this hour
      last = null;
      paint();
      send();
    };
    svg.addEventListener('pointerup', end);
    svg.addEventListener('pointercancel', end);
    const steps = {ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 8, PageDown: -8};
    points.forEach((point, i) => {
      point.addEventListener('focus', () => tell(i));
      point.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === 'Home') drawn[i] = facts.low;
        else if (event.key === 'End') drawn[i] = facts.high;
        else if ((event.key === 'Delete' || event.key === 'Backspace')) drawn[i] = null;
        else if (event.key in steps) {
          // An hour that is not drawn yet begins where the one before it stands.
          const before = drawn[i] ?? drawn.slice(0, i).reverse().find((one) => one !== null) ?? Math.sqrt(facts.low * facts.high);
          const next = before * Math.exp((steps[event.key] * span) / 100);
          drawn[i] = Number(digits(Math.min(facts.high, Math.max(facts.low, next))));
        } else return;
        event.preventDefault();
        event.stopPropagation();
        paint();
        tell(i);
        send();
      });
    });
    svg.parentElement.querySelector('.heparin-pk-clear').addEventListener('click', () => {
      drawn.fill(null);
      bar.textContent = '';
      paint();
      send();
    });
    paint();
  };
  let tries = 0;
  const find = () => {
    document.querySelectorAll('svg.heparin-pk-draw').forEach(setUp);
    document.querySelectorAll('.heparin-pk:has(svg.heparin-pk-draw)').forEach((root) => {
      if (root.dataset.heparinPkDraws) return;
      root.dataset.heparinPkDraws = 'watched';
      new MutationObserver(() => root.querySelectorAll('svg.heparin-pk-draw').forEach(setUp))
        .observe(root, {childList: true, subtree: true});
    });
    if (tries++ < 40) setTimeout(find, 250);
  };
  find();
})();
"""
