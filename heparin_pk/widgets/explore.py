"""Any picture of the house under sliders: controls, the picture, its words, and the call that made it."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib.pyplot as plt
from ipywidgets import HTML, Accordion, Box, Button, Checkbox, Dropdown, Layout, RadioButtons, VBox
from matplotlib.figure import Figure

from heparin_pk.base.checks import check_between, check_is, check_one_of
from heparin_pk.plot import STYLE
from heparin_pk.published.drug import OutsideValidityDomain
from heparin_pk.widgets.controls import ROW, chosen, script, slider
from heparin_pk.widgets.words import aloud, code_block

DOTS_PER_INCH = 84


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """A number between two limits; ``name`` is the argument of the drawing, ``label`` what the learner reads, with its unit."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float

    def widget(self) -> Any:
        """Return the control; raises ``ValueError`` when it would start outside its limits."""
        return slider(self.name, self.value, self.low, self.high, self.step, label=self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several names."""

    name: str
    label: str
    options: tuple[str, ...]
    value: str

    def widget(self) -> Any:
        """Return the control; raises ``ValueError`` when it would start with something else."""
        check_one_of(self.name, self.value, self.options)
        return Dropdown(
            options=list(self.options),
            value=self.value,
            description=self.label,
            style={"description_width": "initial"},
            layout=Layout(width="auto", max_width="345px"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle:
    """Yes or no."""

    name: str
    label: str
    value: bool = False

    def widget(self) -> Any:
        """Return the control."""
        check_is(self.name, self.value, bool, "True or False")
        return Checkbox(value=self.value, description=self.label, indent=False, layout=Layout(width="auto", margin="0 14px 0 0"))


Control = Slider | Choice | Toggle


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a drawing returns: the figure, what it says in words (its text alternative), and the call that made it."""

    figure: Figure
    words: str
    code: str


class Explore(VBox):
    """Sliders on a drawing; with ``predict`` (a question and its answers) the picture waits until the learner has answered.

    ``picture`` (HTML) shows it, ``words`` are its text alternative, ``source_code`` the call that made it. A value the house
    refuses shows its one-line reason where the picture was; a use outside what was studied is written under it.
    """

    def __init__(
        self,
        controls: Sequence[Control],
        draw: Callable[..., Drawing],
        *,
        predict: tuple[str, Sequence[str]] | None = None,
    ) -> None:
        self.draw = draw
        self.controls = {control.name: control.widget() for control in controls}
        self.picture, self.said, self._code = HTML(layout=Layout(width="100%")), HTML(aloud("")), HTML()
        self.words = self.source_code = ""
        self.guess: RadioButtons | None = None
        self.predicted = HTML(aloud(""))
        self.show: Button | None = None
        for widget in self.controls.values():
            widget.observe(lambda _: self._redraw(), names="value")
        code_box = Accordion((self._code,), titles=("Show the code",), selected_index=None, layout=Layout(width="100%"))
        self._body = VBox((self.picture, self.said, code_box))
        yes_or_no = tuple(widget for widget in self.controls.values() if isinstance(widget, Checkbox))
        others = tuple(widget for widget in self.controls.values() if widget not in yes_or_no)
        rows = [Box(row, layout=ROW) for row in (others, yes_or_no) if row]
        children: list[Any] = [*rows, self._body]
        if predict is not None:
            question, answers = predict
            self.guess = RadioButtons(options=list(answers), value=None, layout=Layout(width="auto"))
            self.show = Button(description="Show what happens", button_style="primary", layout=Layout(width="220px"))
            self.show.on_click(lambda _: self._answered())
            self._body.layout.display = "none"
            children[-1:-1] = [HTML(f"<b>Predict first: {escape(question)}</b>"), self.guess, self.show, self.predicted]
        self.hidden = predict is not None
        super().__init__(children=(*children, script()), layout=Layout(width="100%"))
        self.add_class("heparin-pk")
        if not self.hidden:
            self._redraw()

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say, by name."""
        return {name: chosen(w) if hasattr(w, "min") else w.value for name, w in self.controls.items()}

    def set(self, **values: Any) -> None:
        """Move controls by name; raises ``ValueError`` for a name there is not, or a number outside its slider."""
        for name, value in values.items():
            check_one_of("a control", name, tuple(self.controls))
            widget = self.controls[name]
            if hasattr(widget, "min"):
                check_between(name, value, widget.min, widget.max)
            elif hasattr(widget, "options"):
                check_one_of(name, value, tuple(widget.options))
            widget.value = value

    def _answered(self) -> None:
        assert self.guess is not None  # there is a button only where there is a question
        if self.guess.value is None:
            self.predicted.value = aloud("Choose an answer first: being wrong here is how it works.")
            return
        self.predicted.value = aloud(f"You predicted: {escape(str(self.guess.value))}. Move the controls until you know.")
        self.hidden = False
        self._body.layout.display = None
        self._redraw()

    def _redraw(self) -> None:
        if self.hidden:
            return
        open_before = set(plt.get_fignums())
        try:
            with warnings.catch_warnings(record=True) as noted, plt.ioff():
                warnings.simplefilter("always", OutsideValidityDomain)
                picture = self.draw(**self.values)
        except ValueError as error:
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)
            self.words, self.source_code = str(error), ""
            self.picture.value = f'<p role="alert"><b>Not possible:</b> {escape(str(error))}</p>'
            self.said.value, self._code.value = aloud(""), ""
            return
        notes = [str(note.message) for note in noted if issubclass(note.category, OutsideValidityDomain)]
        self.words, self.source_code = picture.words, picture.code
        self.picture.value = (
            f'<img alt="{escape(picture.words, quote=True)}" style="max-width:100%;height:auto" decoding="sync" '
            f'src="data:image/png;base64,{_png(picture.figure)}">'
        )
        spoken = escape(picture.words).replace("\n", "<br>")
        spoken += "".join(f"<br><i>Outside what was studied: {escape(note)}</i>" for note in dict.fromkeys(notes))
        self.said.value = aloud(spoken)
        self._code.value = code_block(picture.code)


def _png(figure: Figure) -> str:
    """Return a figure as base64 PNG, and close it."""
    out = io.BytesIO()
    with plt.rc_context(STYLE):
        figure.savefig(out, format="png", dpi=DOTS_PER_INCH)
    plt.close(figure)
    return base64.b64encode(out.getvalue()).decode("ascii")
