"""What answers a question stands below it only after it was answered, also where all cells are run at once."""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import warnings
from collections.abc import Callable
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import HTML, Button, Layout, VBox
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heparin_pk.base.checks import check_text
from heparin_pk.published.drug import OutsideValidityDomain
from heparin_pk.widgets.controls import script
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.questions import Ask, ask_of
from heparin_pk.widgets.words import aloud, as_prose

_WAITS = "This answers the question above. It appears here when you have answered."
_ON_PAPER = "<p>What answers the question above is on the screen.</p>"


class Revealed(Asleep, VBox):
    """A picture, a table or words that appear when a question is answered.

    ``waits``: words that stand there before
    ``what``: HTML of the picture or table and of the words below it, empty before
    ``anyway``: button that shows it without an answer
    ``is_shown``: whether it is there
    """

    def __init__(self, ask: Ask, make: Callable[[], Any]) -> None:
        self._make, self._words, self.is_shown = make, "", False
        self.waits, self.what = HTML(aloud(_WAITS)), HTML(layout=Layout(width="100%", margin="0", overflow="auto"))
        self.anyway = Button(description="Show it without an answer", layout=Layout(width="auto", align_self="flex-start"))
        self.anyway.on_click(lambda _: self.show())
        super().__init__(
            children=(self.waits, self.anyway, self.what, script()), layout=Layout(width="100%", margin="0", overflow="visible")
        )
        self.add_class("heparin-pk")
        if ask.is_answered:
            self.show()
        else:
            ask.listeners.append(self.show)

    def saying(self, words: str) -> Revealed:
        """Add words below the picture or table, shown with it; raises ``ValueError`` for an empty text.

        ``words``: an empty line begins a paragraph, ``**`` encloses what is bold
        """
        check_text("words", words)
        self._words = as_prose(words)
        if self.is_shown:
            self.what.value += self._words
        return self

    def show(self) -> None:
        """Show the picture or the table; a second time nothing happens."""
        if self.is_shown:
            return
        self.is_shown = True
        with warnings.catch_warnings(record=True) as noted, plt.ioff():
            warnings.simplefilter("always", OutsideValidityDomain)
            html = _as_html(self._make())
        notes = dict.fromkeys(str(one.message) for one in noted if issubclass(one.category, OutsideValidityDomain))
        outside = "".join(f"<p><i>Outside what was studied: {escape(note)}</i></p>" for note in notes)
        self.what.value = html + outside + self._words
        self.waits.value, self.anyway.layout.display = "", "none"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return what a notebook shows; where no widget can be shown, a sentence and no answer."""
        shown: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return {**shown, "text/html": _ON_PAPER}


def _as_html(found: Any) -> str:
    """Return a picture, closed afterwards, or a table as HTML; nothing for ``None``."""
    if found is None:
        return ""
    if isinstance(found, np.ndarray):
        found = found.flat[0]
    if isinstance(found, Axes):
        found = found.figure
    html = str(found._repr_html_())
    if isinstance(found, Figure):
        plt.close(found)
    return html


def after(asked: Any, function: Callable[..., Any] | None = None, *arguments: Any, **options: Any) -> Revealed:
    """Return what a function of ``plot`` or ``tables`` gives, to be shown when a question is answered.

    ``asked``: the question: a widget of this package that asks one
    ``function``: function that draws a picture or makes a table; called with ``arguments`` and ``options`` when it is shown
    (``None``: only the words of :meth:`Revealed.saying`)

    Raises ``ValueError`` for a widget that asks nothing, or where ``function`` cannot be called.

    >>> from heparin_pk.plot import tables
    >>> from heparin_pk.widgets import quiz
    >>> from heparin_pk import Patient, published
    >>> question = quiz("Does heparin dissolve clots?", ["yes", "no"], ["No.", "Right."], right=1)
    >>> waiting = after(question, tables.half_lives, published.UFH_DEFAULT, Patient(weight_kg=75), (25, 100))
    >>> waiting.is_shown
    False
    >>> question.answer(1, sure=95)
    >>> waiting.is_shown
    True
    """
    if function is not None and not callable(function):
        raise ValueError(f"function must be one of plot or tables, or None; got {function!r}")
    return Revealed(ask_of(asked), lambda: None if function is None else function(*arguments, **options))
