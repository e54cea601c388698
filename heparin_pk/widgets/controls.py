"""Sliders with a name, a unit and limits; the row of controls that answers one laboratory result; keyboard support."""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from ipywidgets import HTML, Box, Button, FloatSlider, IntSlider, Layout, Output, ToggleButton, VBox

from heparin_pk.base.checks import check_between, check_is, check_text
from heparin_pk.ward.by_hand import Step
from heparin_pk.widgets import page
from heparin_pk.widgets.page import Asleep

HIGHEST_RATE_U_PER_KG_PER_H = 32
"""Upper limit of the rate sliders. A power of two: browsers keep values as shares of the range, and round other shares."""

ROW = Layout(display="flex", flex_flow="row wrap", align_items="center", width="100%")


def slider(
    name: str, value: float, low: float, high: float, step: float, *, label: str, width: str = "345px", name_width: str = "140px"
) -> FloatSlider | IntSlider:
    """Return a slider; raises ``ValueError`` with name, limits and value if the value lies outside the limits."""
    value = check_between(name, value, low, high)
    step = next((finer for finer in (step, 0.1, 0.01) if ((value - low) / finer).is_integer()), 0.001)
    whole = all(float(number).is_integer() for number in (value, low, high, step))
    kind, number, digits = (IntSlider, int, "d") if whole else (FloatSlider, float, ".1f" if step >= 0.1 else ".2f")
    return kind(
        value=number(value),
        min=number(low),
        max=number(high),
        step=number(step),
        description=label,
        readout_format=digits,
        style={"description_width": name_width},
        layout=Layout(width=width, flex=f"1 1 {width}", max_width=f"max(345px, {width})"),
    )


def chosen(control: FloatSlider | IntSlider) -> float:
    """Return the value of a slider, without the rounding error of the browser (17.499999999999996)."""
    return round(float(control.value), 6)


class StepRow(VBox):
    """One laboratory result and the learner's answer: hold, re-bolus, new rate, time to the next sample.

    A given answer is shown in one line; the button ``change`` opens its sliders again, and moving them changes the answer.

    ``index``: number of the result, from 1
    ``result``: text of the result and of the orders
    ``hold``, ``bolus``, ``rate``, ``recheck``: sliders of the answer, min, U/kg, U/kg/h, h
    ``doubts``: question about unusual orders, asked before they are given
    ``give``: button that gives the orders
    ``change``: button that opens the sliders of a given answer
    ``keeps_rate``: whether the rate slider was never moved
    """

    def __init__(self, index: int, rate: float, changed: Callable[[], None], given: Callable[[], None]) -> None:
        self.index = index
        self.keeps_rate = self._is_last = True
        self.result = HTML(layout=Layout(flex="0 1 auto", min_width="0"))
        narrow = {"width": "400px", "name_width": "136px"}
        self.hold = slider("hold_min", 0, 0, 240, 15, label=f"{index}: hold (min)", **narrow)
        self.bolus = slider("bolus_u_per_kg", 0, 0, 80, 5, label=f"{index}: re-bolus (U/kg)", **narrow)
        self.rate = slider(
            "rate_u_per_kg_per_h", rate, 0, HIGHEST_RATE_U_PER_KG_PER_H, 0.5, label=f"{index}: new rate (U/kg/h)", **narrow
        )
        self.recheck = slider("recheck_h", 6, 2, 24, 1, label=f"{index}: recheck after (h)", **narrow)
        self.recheck.tooltip = "hours to the next blood sample, counted from the end of the hold, or from now without a hold"
        self.give = Button(description=f"Give these orders ({index})", button_style="primary", layout=Layout(width="220px"))
        self.change = ToggleButton(
            description=f"change ({index})",
            tooltip="open or close the sliders of this answer",
            layout=Layout(width="auto", padding="0 10px", margin="0 0 0 10px", flex="0 0 auto"),
        )
        self._open = Box(self.sliders, layout=Layout(display="flex", flex_flow="row wrap", align_items="center", width="100%"))
        self.change.observe(self._toggle, names="value")
        self.doubts = HTML()
        self._changed = changed
        for control in self.sliders:
            control.observe(self._moved, names="value")
        self.give.on_click(lambda _: given())
        super().__init__(
            children=(Box((self.result, self.change), layout=ROW), self._open, self.doubts, self.give),
            layout=Layout(border_left="4px solid #0072B2", padding="0 0 0 10px", margin="2px 0", width="100%"),
        )
        self.add_class("heparin-pk-row")

    @property
    def sliders(self) -> tuple[FloatSlider | IntSlider, ...]:
        """The four sliders of the answer."""
        return self.hold, self.bolus, self.rate, self.recheck

    @property
    def step(self) -> Step:
        """The answer as a step of the plan; a rate slider never moved keeps the rate."""
        return Step(
            hold_min=chosen(self.hold),
            bolus_u_per_kg=chosen(self.bolus),
            rate_u_per_kg_per_h=None if self.keeps_rate else chosen(self.rate),
            recheck_h=chosen(self.recheck),
        )

    @property
    def is_untouched(self) -> bool:
        """Whether the answer changes nothing: no hold, no bolus, the rate never moved."""
        return self.keeps_rate and not chosen(self.hold) and not chosen(self.bolus)

    def follow(self, rate: float) -> float:
        """Show the running rate if the answer keeps it; return the rate after this answer, U/kg/h."""
        if self.keeps_rate and self.rate.value != rate:
            self.rate.unobserve(self._moved, names="value")
            self.rate.value = rate
            self.rate.observe(self._moved, names="value")
        return chosen(self.rate)

    def show_result(self, result: str, orders: str, *, is_last: bool, is_waiting: bool) -> None:
        """Write the result and its orders; the last row is open, a given answer is shown in one line."""
        self.result.value = (
            f'<div class="result-row" style="line-height:1.4"><b>Result {self.index}</b> {escape(result)}'
            f" — {'you are about to order' if is_waiting else 'ordered'}: {escape(orders)}</div>"
        )
        self.give.description = f"Give these orders ({self.index})" if is_waiting else "Answer the next result too"
        self.give.layout.display = None if is_last else "none"
        self.change.layout.display = "none" if is_last else None
        self._is_last = is_last
        self._toggle()

    def _toggle(self, _: Any = None) -> None:
        """Show the sliders of the last row, and of an answer to be changed."""
        self._open.layout.display = "flex" if self._is_last or self.change.value else "none"

    def _moved(self, change: Any) -> None:
        """Pass on a moved slider, unless it is an echo of the browser."""
        if change["owner"] is self.rate:
            if chosen(self.rate) == round(float(change["old"]), 6):
                return  # the browser returned a value it was given: nothing was moved
            self.keeps_rate = False
        if change["owner"] is self.hold:
            self.recheck.description = f"{self.index}: {'after the hold' if chosen(self.hold) else 'recheck after'} (h)"
        self._changed()


class Unfolds(Asleep, VBox):
    """A button that shows and hides what is under it (a text, or HTML), by mouse and by keyboard.

    ``button``: the button
    ``what``: what is under it
    ``made``: function that returns its HTML; called only while it is unfolded (``None``: what is there stays)
    """

    def __init__(self, what: HTML | str, words: str, made: Callable[[], str] | None = None) -> None:
        check_is("what", what, (str, HTML), "a text")
        check_text("words", words)
        what = HTML(f'<div style="line-height:1.45">{escape(what)}</div>') if isinstance(what, str) else what
        self.what, self.made = what, made
        self.button = ToggleButton(description=words, icon="caret-right", layout=Layout(width="auto", padding="0 10px"))
        self._box = VBox((what,), layout=Layout(display="none", width="100%"))  # of its own: widgets may share a layout
        self.button.observe(self._toggle, names="value")
        super().__init__(children=(self.button, self._box), layout=Layout(width="100%", margin="2px 0"))

    def _ipython_display_(self) -> None:
        self.add_class("heparin-pk")  # alone in a cell it is a widget of its own
        super()._ipython_display_()

    def renew(self) -> None:
        """Make what is unfolded again, after something has changed."""
        if self.made is not None and self.button.value:
            self.what.value = self.made()

    def _toggle(self, change: Any) -> None:
        self.renew()
        self._box.layout.display = None if change["new"] else "none"
        self.button.icon = "caret-down" if change["new"] else "caret-right"


_SCRIPT = """
(() => {
  // The box of a slider is read here, before ipywidgets would take "12,5" for 12 and "1e9" for the upper limit.
  const read = (text) => (/^[+-]?[0-9]+([.,][0-9]+)?$/.test(text) ? Number(text.replace(',', '.')) : NaN);
  const say = (slider, words) => {
    let said = slider.nextElementSibling;
    if (!said || !said.classList.contains('heparin-pk-refusal')) {
      if (!words) return;
      said = document.createElement('span');
      said.className = 'heparin-pk-refusal';
      said.setAttribute('role', 'status');
      said.style.cssText = 'line-height:1.4;margin:0 8px;align-self:center';
      slider.after(said);
    }
    said.textContent = words;
  };
  const checkBox = (box) => {
    const slider = box.closest('.widget-slider'), handle = slider && slider.querySelector('[role=slider]');
    const before = box.dataset.heparinPkBefore;
    if (!handle || before === undefined) return;
    const text = box.textContent.trim(), value = read(text), label = slider.querySelector('.widget-label');
    const low = Number(handle.getAttribute('aria-valuemin')), high = Number(handle.getAttribute('aria-valuemax'));
    let why = '';
    if (Number.isNaN(value)) why = (text ? '"' + text + '" is not a number' : 'no number was written');
    else if (value < low || value > high) why = text + ' lies outside ' + low + ' to ' + high;
    else if (!before.includes('.') && !Number.isInteger(value)) why = text + ' is not a whole number';
    box.textContent = why || value === Number(before) ? before : String(value);
    say(slider, why ? why + ': ' + (label ? label.textContent : 'the value') + ' stays ' + before : '');
  };
  const guardBoxes = (root) => {
    const box = (event) => (event.target.closest ? event.target.closest('.widget-slider .widget-readout') : null);
    root.addEventListener('focus', (event) => {
      const found = box(event);
      if (found) found.dataset.heparinPkBefore = found.textContent.trim();
    }, true);
    root.addEventListener('blur', (event) => {  // ipywidgets takes a text with Enter alone: leaving the box takes it too
      const found = box(event);
      if (!found || found.textContent.trim() === found.dataset.heparinPkBefore) return;
      const enter = new KeyboardEvent('keydown', {key: 'Enter', bubbles: true});
      Object.defineProperty(enter, 'keyCode', {value: 13});
      found.dispatchEvent(enter);
    }, true);
    root.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !box(event)) return;
      checkBox(box(event));
      const found = box(event);
      setTimeout(() => { found.dataset.heparinPkBefore = found.textContent.trim(); }, 0);
    }, true);
  };
  const mark = (root) => {
    root.querySelectorAll('.widget-slider').forEach((slider) => {
      const label = slider.querySelector('.widget-label');
      const name = label ? label.textContent : '';
      slider.querySelectorAll('[role=slider]').forEach((handle) => handle.setAttribute('aria-label', name));
      slider.querySelectorAll('.widget-readout').forEach((readout) => {
        readout.setAttribute('role', 'textbox');
        readout.setAttribute('aria-label', name + ', as a number');
      });
    });
    root.querySelectorAll('.widget-radio').forEach((group) => {
      if (group.dataset.heparinPk) return;
      window.heparinPkGroups = (window.heparinPkGroups || 0) + 1;
      group.dataset.heparinPk = 'heparin-pk-' + window.heparinPkGroups;
      group.querySelectorAll('input[type=radio]').forEach((radio) => { radio.name = group.dataset.heparinPk; });
      const parts = [group.closest('.heparin-pk-question')?.firstElementChild, group.previousElementSibling];
      const label = parts.map((part) => (part ? part.textContent.trim() : '')).filter((text) => text).join(' ');
      if (!label) return;
      group.setAttribute('role', 'radiogroup');
      group.setAttribute('aria-label', label);
    });
  };
  const follow = (root, rows) => {
    const first = () => rows.querySelector('.heparin-pk-row');
    root.addEventListener('click', (event) => {
      const button = event.target.closest('button.mod-primary');
      if (!button || !root.contains(button)) return;
      const before = first();
      let tries = 0;
      const search = () => {
        const row = first(), handle = row && row.querySelector('[role=slider]'), focused = document.activeElement;
        if (row && row !== before && handle && handle.getClientRects().length) {
          mark(rows);
          handle.focus({preventScroll: true});
          row.scrollIntoView({block: 'nearest'});
        } else if (tries++ < 30) {
          setTimeout(search, 50);
        } else if (focused === document.body || !focused.getClientRects().length || focused.contains(root)) {
          const other = [...rows.querySelectorAll('button')].find((button) => button.getClientRects().length);
          if (other) other.focus({preventScroll: true});
        }
      };
      setTimeout(search, 50);
    });
  };
  const setUp = (root) => {
    const rows = root.querySelector('.heparin-pk-rows');
    if (root.dataset.heparinPk || (root.classList.contains('heparin-pk-bedside') && !rows)) return;  // not all is there yet
    root.dataset.heparinPk = 'named';
    // JupyterLab takes no key that is typed in an element with this attribute; one on the widget alone is not enough for it.
    root.addEventListener('focusin', (event) => event.target.setAttribute('data-lm-suppress-shortcuts', 'true'));
    mark(root);
    guardBoxes(root);
    if (!rows) return;
    new MutationObserver(() => mark(rows)).observe(rows, {childList: true, subtree: true});
    follow(root, rows);
  };
  let tries = 0;
  const find = () => {
    document.querySelectorAll('.heparin-pk-bedside, .heparin-pk').forEach((root) => {
      if (root.querySelector('[role=slider], input, button, select')) setUp(root);
    });
    if (tries++ < 40) setTimeout(find, 250);
  };
  find();
})();
"""


def script(more: str = "") -> Output:
    """Return an invisible widget that adds keyboard and screen-reader support to the page.

    It gives every slider the name that ipywidgets only prints beside it. It reads the box of a slider: a decimal comma is
    understood; a text that is not a number within the limits is refused in words beside the box, and nothing changes. It makes
    the answers to one question one radio group. No key typed in the widget reaches the shortcuts of the notebook, which cut and
    delete cells. It moves the focus to the next row after an answer is given. The rest is in ``page``. ``more`` is a script that
    one widget alone needs.
    """
    code = {"output_type": "display_data", "data": {"application/javascript": _SCRIPT + page.SCRIPT + more}, "metadata": {}}
    return Output(outputs=(code,), layout=Layout(height="0", overflow="hidden", margin="0", padding="0"))
