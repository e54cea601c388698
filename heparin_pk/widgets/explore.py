"""A picture under sliders: the controls, the picture, its text alternative, and the code that draws it."""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib.pyplot as plt
from ipywidgets import HTML, Box, Button, Checkbox, Dropdown, Layout, VBox
from matplotlib.figure import Figure

from heparin_pk import plot
from heparin_pk.base.checks import check_between, check_is, check_one_of
from heparin_pk.published.drug import OutsideValidityDomain
from heparin_pk.trials.background import Work, beside
from heparin_pk.widgets.controls import ROW, Unfolds, chosen, script, slider
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.questions import Ask, NumberQuestion, Question, ask, on_paper
from heparin_pk.widgets.stage import LivePicture, layers, numbers
from heparin_pk.widgets.words import aloud, code_block

PAUSE_S = 0.25
"""How long the controls must rest before a picture is refined: nothing is begun that the next step of a drag throws away."""


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
            options=[(one, one) if isinstance(one, str) else one for one in self.options],  # all pairs: ipywidgets mixes none
            value=self.value,
            description=self.label,
            style={"description_width": "initial"},
            layout=Layout(width="auto", max_width="560px"),
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

    ``figure``: the picture, best on a :class:`~heparin_pk.widgets.stage.Stage`
    ``words``: its text alternative
    ``code``: Python code that draws it
    ``sign``: what the picture rests on, such as "from 50 of 500 patients"; empty where that goes without saying
    ``numbers``: function that returns the numbers of the picture as HTML (``None``: read off the picture)
    ``more``: work after which the same drawing function draws a better picture, or ``None``
    """

    figure: Figure
    words: str
    code: str
    sign: str = ""
    numbers: Callable[[], str] | None = None
    more: Work | None = None


class Explore(Asleep, VBox):
    """Controls on a drawing function; with ``predict`` the picture appears only after the learner has predicted.

    ``waits_for`` is a question above the widget: the picture appears when that is answered.

    A value that the package rejects is explained in one line in place of the picture. A use outside the validity domain of a
    model is noted below the picture. A picture that can become better does so beside the notebook, while the controls rest; a
    new value ends that. Without a running event loop (a script) it becomes as good as it can at once.

    ``controls``: controls by name
    ``draw``: drawing function, called with the values of the controls by name
    ``question``: what is predicted first, or ``None``
    ``picture``: the picture
    ``sign``: HTML of what the picture rests on, and whether a better one is coming
    ``words``: its text alternative
    ``said``: HTML of the text alternative and the notes
    ``numbers``, ``code``: what unfolds below: the numbers of the picture, and the code; made when it is opened
    ``is_refining``: whether a better picture is coming
    ``source_code``: Python code that draws the picture
    ``ask``: the question with its answers, certainty and button, or ``None``
    ``predicted``: feedback on the answer
    ``hidden``: whether the picture still waits for a prediction
    ``asked``: values of the controls that the question is about: those at the start
    """

    def __init__(
        self,
        controls: Sequence[Control],
        draw: Callable[..., Drawing],
        *,
        predict: Question | NumberQuestion | None = None,
        waits_for: Ask | None = None,
    ) -> None:
        self.draw = draw
        self.controls = {control.name: control.widget() for control in controls}
        self.picture, self.said = LivePicture(), HTML(aloud(""))
        self.sign = HTML(layout=Layout(display="none"))
        self.words = self.source_code = ""
        self._numbers: Callable[[], str] | None = None
        self.numbers = Unfolds(HTML(), "Show the numbers", lambda: "" if self._numbers is None else self._numbers())
        self.code = Unfolds(HTML(), "Show the code", lambda: code_block(self.source_code) if self.source_code else "")
        self._is_held, self._change = False, 0
        self._timer: asyncio.TimerHandle | None = None
        self.is_refining = False
        self.ask: Ask | None = None
        self.predicted = HTML(aloud(""))
        for widget in self.controls.values():
            widget.observe(lambda _: self._redraw(), names="value")
        self._body = VBox((self.picture, self.sign, self.said, self.numbers, self.code))
        yes_or_no = tuple(widget for widget in self.controls.values() if isinstance(widget, Checkbox))
        others = tuple(widget for widget in self.controls.values() if widget not in yes_or_no)
        rows = [Box(row, layout=ROW) for row in (others, yes_or_no) if row]
        children: list[Any] = [*rows, self._body]
        if predict is not None:
            self.ask = ask(predict, self._answered)
            self.predicted = self.ask.said
            self._body.layout.display = "none"
            self._asked = HTML(layout=Layout(display="none"))
            children[-1:-1] = [self.ask, self._asked]
        self.question, self.hidden = predict, predict is not None
        if waits_for is not None and not waits_for.is_answered:
            self._wait(waits_for)
            children[-1:-1] = [self._waiting]
        self.asked = self.values
        super().__init__(children=(*children, script()), layout=Layout(width="100%"))
        self.add_class("heparin-pk")
        if not self.hidden:
            self._redraw()

    def _wait(self, asked: Ask) -> None:
        """Show no picture until a question above is answered, or the learner wants it without an answer."""
        anyway = Button(description="Show it without an answer", layout=Layout(width="auto", align_self="flex-start"))
        self._waiting = VBox((HTML(aloud("Answer the question above first: then the picture appears here.")), anyway))
        self._body.layout.display, self.hidden = "none", True

        def show() -> None:
            self._waiting.layout.display = "none"
            self._answered()

        anyway.on_click(lambda _: show())
        asked.listeners.append(show)

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
            else:
                check_is(name, value, bool, "True or False")
        before, self._is_held = self.values, True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self._is_held = False
        if self.values != before:
            self._redraw()

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
        """Draw the picture for the values of the controls, and begin to refine it."""
        if self.hidden or self._is_held:
            return
        self._change += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.question is not None:
            self._asked.value = aloud(self._first_picture())
            self._asked.layout.display = None if self.values != self.asked else "none"
        more = self._drawn()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script: nothing else waits for this process
            while more is not None:
                more.do()
                more = self._drawn()
            return
        if more is not None:
            self._timer = loop.call_later(PAUSE_S, self._refine, more, self._change, loop)

    def _first_picture(self) -> str:
        """Return the settings that the question and its answer are about, where the picture below has others."""
        moved = [name for name, value in self.values.items() if value != self.asked[name]]
        settings = ", ".join(f"{self.controls[name].description}: {_as_read(self.asked[name])}" for name in moved)
        return f"The question and its answer are about the first picture ({escape(settings)})." if moved else ""

    def _refine(self, more: Work, change: int, loop: asyncio.AbstractEventLoop) -> None:
        """Do the work beside this process; when it is done, draw again, unless a control has moved since."""

        def is_done() -> None:
            if self._change == change:
                again = self._drawn()
                if again is not None:
                    self._refine(again, change, loop)

        def refused(error: ValueError) -> None:
            if self._change == change:
                self._refuse(error)

        self._timer = None
        beside(more, loop, is_done, refused=refused)

    def _drawn(self) -> Work | None:
        """Draw the picture once; return the work after which it will be better."""
        open_before = set(plt.get_fignums())
        try:
            with warnings.catch_warnings(record=True) as noted, plt.ioff(), plot.styled():
                warnings.simplefilter("always", OutsideValidityDomain)
                picture = self.draw(**self.values)
                drawn = layers(picture.figure)
        except ValueError as error:
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)
            self._refuse(error)
            return None
        notes = [str(note.message) for note in noted if issubclass(note.category, OutsideValidityDomain)]
        self.words, self.source_code = picture.words, picture.code
        self._numbers = picture.numbers or (lambda: numbers(picture.figure))
        self.picture.show(drawn, picture.words, self._change)
        plt.close(picture.figure)
        self.is_refining = picture.more is not None
        self.sign.value = aloud(escape(picture.sign))
        self.sign.layout.display = None if picture.sign else "none"
        text = escape(picture.words).replace("\n", "<br>")
        text += "".join(f"<br><i>Outside what was studied: {escape(note)}</i>" for note in dict.fromkeys(notes))
        self.said.value = aloud(text)
        self._renew()
        return picture.more

    def _refuse(self, error: ValueError) -> None:
        """Say in place of the picture why there is none."""
        self.words, self.source_code, self._numbers, self.is_refining = str(error), "", None, False
        self.picture.say(f"<b>Not possible:</b> {escape(str(error))}")
        self.said.value, self.sign.layout.display = aloud(""), "none"
        self._renew()

    def _renew(self) -> None:
        """Write again what is unfolded."""
        self.numbers.renew()
        self.code.renew()


def _as_read(value: Any) -> str:
    """Return the value of a control as it is read on the page."""
    return (
        {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
    )
