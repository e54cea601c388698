"""A multiple-choice question with feedback on every answer, for self-checks in a notebook."""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from html import escape
from typing import Any

from ipywidgets import HTML, Layout, RadioButtons, VBox

from heparin_pk.widgets.controls import script
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.words import aloud


class Quiz(Asleep, VBox):
    """One question with its answers as radio buttons and a feedback for each answer.

    ``question``: text of the question
    ``choice``: radio buttons of the answers, in mixed order; its value is the place of an answer as it was given
    ``said``: feedback on the chosen answer
    ``feedback``: one text per answer
    ``right``: index of the right answer, from 0
    """

    def __init__(self, question: str, answers: Sequence[str], feedback: Sequence[str], right: int) -> None:
        self.feedback, self.right = tuple(feedback), right
        self.question = HTML(f"<b>{escape(question)}</b>")
        # The order is mixed, the same each time: where the right answer stands says nothing, and a class sees one order.
        order = random.Random(zlib.crc32(question.encode())).sample(range(len(answers)), len(answers))
        options = [(answers[place], place) for place in order]
        self.choice = RadioButtons(options=options, value=None, layout=Layout(width="auto"))
        self.said = HTML(aloud(""))
        self.choice.observe(self._answer, names="value")
        super().__init__(children=(self.question, self.choice, self.said, script()))
        self.add_class("heparin-pk")

    def _answer(self, change: Any) -> None:
        """Show the feedback on the chosen answer."""
        if change["new"] is None:
            self.said.value = aloud("")
            return
        verdict = "✓ Right." if change["new"] == self.right else "✗ Not yet."
        self.said.value = aloud(f"<b>{verdict}</b> {escape(self.feedback[change['new']])}")


def quiz(question: str, answers: Sequence[str], feedback: Sequence[str], right: int) -> Quiz:
    """Return a multiple-choice question that explains every answer.

    ``answers``: two or more
    ``feedback``: one text per answer
    ``right``: index of the right answer, from 0

    Raises ``ValueError`` for a single answer, a missing feedback, or an index that is not an answer.

    >>> question = quiz("Does heparin dissolve clots?", ["yes", "no"], ["It has no fibrinolytic activity.", "Correct."], right=1)
    >>> question.choice.value = 1
    >>> "Right" in question.said.value
    True
    """
    if len(answers) < 2:
        raise ValueError(f"answers must be at least two; got {len(answers)}")
    if len(feedback) != len(answers):
        raise ValueError(f"feedback must have one text for each of {len(answers)} answers; got {len(feedback)}")
    if isinstance(right, bool) or right not in range(len(answers)):
        raise ValueError(f"right must lie between 0 and {len(answers) - 1}; got {right!r}")
    return Quiz(question, answers, feedback, right)
