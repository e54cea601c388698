"""Sliders with a name, a unit and limits, and the answer to one laboratory result."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from ipywidgets import HTML, Box, Button, FloatSlider, IntSlider, Layout, Output, VBox

from heparin_pk._checks import check_between
from heparin_pk.ward import Step

HIGHEST_RATE = 32
"""U/kg/h. A power of two: a browser keeps slider values as shares of their range, and sends every other share back altered."""

ROW = Layout(display="flex", flex_flow="row wrap", align_items="center", width="100%")


def slider(
    name: str, value: float, low: float, high: float, step: float, *, label: str, width: str = "345px", name_width: str = "140px"
) -> FloatSlider | IntSlider:
    """Return a slider; raises ``ValueError`` with name, limits and value when it would start outside them."""
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
        layout=Layout(width=width, flex=f"1 1 {width}", max_width="345px"),
    )


def chosen(control: FloatSlider | IntSlider) -> float:
    """Return what a slider says, without the last digits a browser adds (17.499999999999996)."""
    return round(float(control.value), 6)


class StepRow(VBox):
    """One laboratory result and the learner's answer: hold, re-bolus, new rate, when to look again."""

    def __init__(self, number: int, rate: float, changed: Callable[[], None], given: Callable[[], None]) -> None:
        self.number = number
        self.keeps_rate = True
        self.result = HTML()
        narrow = {"width": "278px", "name_width": "136px"}
        self.hold = slider("hold_min", 0, 0, 240, 15, label=f"{number}: hold (min)", **narrow)
        self.bolus = slider("bolus_u_per_kg", 0, 0, 80, 5, label=f"{number}: re-bolus (U/kg)", **narrow)
        self.rate = slider("rate_u_per_kg_per_h", rate, 0, HIGHEST_RATE, 0.5, label=f"{number}: new rate (U/kg/h)", **narrow)
        self.recheck = slider("recheck_h", 6, 2, 24, 1, label=f"{number}: recheck after (h)", **narrow)
        self.give = Button(description=f"Give these orders ({number})", button_style="primary", layout=Layout(width="220px"))
        self._changed = changed
        for one in self.sliders:
            one.observe(self._moved, names="value")
        self.give.on_click(lambda _: given())
        super().__init__(
            children=(self.result, Box(self.sliders, layout=ROW), self.give),
            layout=Layout(border_left="4px solid #0072B2", padding="0 0 4px 10px", margin="4px 0", width="100%"),
        )

    @property
    def sliders(self) -> tuple[FloatSlider | IntSlider, ...]:
        """The four answers."""
        return self.hold, self.bolus, self.rate, self.recheck

    @property
    def step(self) -> Step:
        """The answer as the ward writes it; a rate never touched is kept."""
        return Step(
            hold_min=chosen(self.hold),
            bolus_u_per_kg=chosen(self.bolus),
            rate_u_per_kg_per_h=None if self.keeps_rate else chosen(self.rate),
            recheck_h=chosen(self.recheck),
        )

    def follow(self, rate: float) -> float:
        """Show the rate that runs, where it is kept; return the rate that runs after this answer."""
        if self.keeps_rate and self.rate.value != rate:
            self.rate.unobserve(self._moved, names="value")
            self.rate.value = rate
            self.rate.observe(self._moved, names="value")
        return chosen(self.rate)

    def say(self, result: str, orders: str, *, is_last: bool, is_waiting: bool) -> None:
        """Write the result and what is ordered on it; time waits for the last row, or has already passed."""
        self.result.value = (
            f'<div class="result-row" style="line-height:1.4"><b>Result {self.number}</b> {escape(result)}'
            f"<br>{'you are about to order' if is_waiting else 'ordered'}: {escape(orders)}</div>"
        )
        self.give.description = f"Give these orders ({self.number})" if is_waiting else "Answer the next result too"
        self.give.layout.display = None if is_last else "none"

    def _moved(self, change) -> None:
        if change["owner"] is self.rate:
            if chosen(self.rate) == round(float(change["old"]), 6):
                return  # the browser's echo of a value it was shown, not a hand
            self.keeps_rate = False
        self._changed()


_NAMES = """
(() => {
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
  };
  const own = (root) => {
    if (root.dataset.heparinPk) return;
    root.dataset.heparinPk = 'named';
    mark(root);
    const rows = root.querySelector('.heparin-pk-rows') || root;
    new MutationObserver(() => mark(root)).observe(rows, {childList: true, subtree: true});
  };
  let tries = 0;
  const find = () => {
    document.querySelectorAll('.heparin-pk-bedside').forEach((root) => {
      if (root.querySelector('[role=slider]')) own(root);
    });
    if (tries++ < 40) setTimeout(find, 250);
  };
  find();
})();
"""


def spoken_names() -> Output:
    """Return a widget without a face that tells screen readers the name of every slider: ipywidgets writes it beside only."""
    script = {"output_type": "display_data", "data": {"application/javascript": _NAMES}, "metadata": {}}
    return Output(outputs=(script,), layout=Layout(height="0", overflow="hidden", margin="0", padding="0"))
