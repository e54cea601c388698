"""A picture under sliders: the controls, the picture, its text alternative, and the code that draws it."""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib.pyplot as plt
from ipywidgets import HTML, Box, Checkbox, Dropdown, Layout, VBox
from matplotlib.figure import Figure

from heparin_pk.base.checks import check_between, check_is, check_one_of
from heparin_pk.plot import STYLE
from heparin_pk.published.drug import OutsideValidityDomain
from heparin_pk.widgets.controls import ROW, Unfolds, chosen, script, slider
from heparin_pk.widgets.questions import Ask, NumberQuestion, Question, ask, on_paper
from heparin_pk.widgets.words import aloud, code_block

DOTS_PER_INCH = 84


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """A number between two limits.

    ``name``: argument of the drawing function
    ``label``: text beside the slider, with its unit
    ``low``, ``high``, ``step``: limits and step, in that unit
    ``value``: value at the start
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float

    def widget(self) -> Any:
        """Return the control; raises ``ValueError`` if the value lies outside the limits."""
        return slider(self.name, self.value, self.low, self.high, self.step, label=self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several texts.

    ``name``: argument of the drawing function
    ``label``: text beside the list
    ``options``: texts to choose from, each alone or after what a reader calls it: ("Actin FS", "actin-fs")
    ``value``: option at the start
    """

    name: str
    label: str
    options: tuple[str | tuple[str, str], ...]
    value: str

    def widget(self) -> Any:
        """Return the control; raises ``ValueError`` if the value is none of the options."""
        check_one_of(self.name, self.value, values_of(self.options))
        return Dropdown(
            options=list(self.options),
            value=self.value,
            description=self.label,
            style={"description_width": "initial"},
            layout=Layout(width="auto", max_width="345px"),
        )


def values_of(options: Sequence[str | tuple[str, str]]) -> tuple[str, ...]:
    """Return the values of options, without what a reader calls them."""
    return tuple(option if isinstance(option, str) else option[1] for option in options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle:
    """Yes or no.

    ``name``: argument of the drawing function
    ``label``: text beside the box
    ``value``: whether it is ticked at the start
    """

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
    """The result of a drawing function.

    ``figure``: the picture
    ``words``: its text alternative
    ``code``: Python code that draws it
    """

    figure: Figure
    words: str
    code: str


class Explore(VBox):
    """Controls on a drawing function; with ``predict`` the picture appears only after the learner has predicted.

    A value that the package rejects is explained in one line in place of the picture. A use outside the validity domain of a
    model is noted below the picture.

    ``controls``: controls by name
    ``draw``: drawing function, called with the values of the controls by name
    ``question``: what is predicted first, or ``None``
    ``picture``: HTML of the picture
    ``words``: its text alternative
    ``said``: HTML of the text alternative and the notes
    ``source_code``: Python code that draws the picture
    ``ask``: the question with its answers, certainty and button, or ``None``
    ``predicted``: feedback on the answer
    ``hidden``: whether the picture still waits for a prediction
    """

    def __init__(
        self,
        controls: Sequence[Control],
        draw: Callable[..., Drawing],
        *,
        predict: Question | NumberQuestion | None = None,
    ) -> None:
        self.draw = draw
        self.controls = {control.name: control.widget() for control in controls}
        self.picture, self.said, self._code = HTML(layout=Layout(width="100%")), HTML(aloud("")), HTML()
        self.words = self.source_code = ""
        self.ask: Ask | None = None
        self.predicted = HTML(aloud(""))
        for widget in self.controls.values():
            widget.observe(lambda _: self._redraw(), names="value")
        self._body = VBox((self.picture, self.said, Unfolds(self._code, "Show the code")))
        yes_or_no = tuple(widget for widget in self.controls.values() if isinstance(widget, Checkbox))
        others = tuple(widget for widget in self.controls.values() if widget not in yes_or_no)
        rows = [Box(row, layout=ROW) for row in (others, yes_or_no) if row]
        children: list[Any] = [*rows, self._body]
        if predict is not None:
            self.ask = ask(predict, self._answered)
            self.predicted = self.ask.said
            self._body.layout.display = "none"
            children[-1:-1] = [self.ask]
        self.question, self.hidden = predict, predict is not None
        super().__init__(children=(*children, script()), layout=Layout(width="100%"))
        self.add_class("heparin-pk")
        if not self.hidden:
            self._redraw()

    @property
    def values(self) -> dict[str, Any]:
        """Values of the controls, by name."""
        return {name: chosen(widget) if hasattr(widget, "min") else widget.value for name, widget in self.controls.items()}

    def set(self, **values: Any) -> None:
        """Set controls by name; raises ``ValueError`` for an unknown name, a number outside its slider or an unknown option."""
        for name, value in values.items():
            check_one_of("a control", name, tuple(self.controls))
            widget = self.controls[name]
            if hasattr(widget, "min"):
                check_between(name, value, widget.min, widget.max)
            elif hasattr(widget, "options"):
                check_one_of(name, value, values_of(widget.options))
            widget.value = value

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return what a notebook shows; where no widget can be shown, the question for paper, without its answer."""
        shown: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return shown if self.question is None or shown is None else {**shown, "text/html": on_paper(self.question)}

    def answer(self, answer: str, sure: int) -> None:
        """Answer the question with this certainty, per cent: the picture appears; without a question nothing happens."""
        if self.ask is not None:
            self.ask.answer(answer, sure)

    def _answered(self) -> None:
        """Show the picture, once the question is answered."""
        self.hidden = False
        self._body.layout.display = None
        self._redraw()

    def _redraw(self) -> None:
        """Draw the picture for the values of the controls."""
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
        text = escape(picture.words).replace("\n", "<br>")
        text += "".join(f"<br><i>Outside what was studied: {escape(note)}</i>" for note in dict.fromkeys(notes))
        self.said.value = aloud(text)
        self._code.value = code_block(picture.code)


def _png(figure: Figure) -> str:
    """Return a figure as base64 PNG, and close it."""
    out = io.BytesIO()
    with plt.rc_context(STYLE):
        figure.savefig(out, format="png", dpi=DOTS_PER_INCH)
    plt.close(figure)
    return base64.b64encode(out.getvalue()).decode("ascii")
