"""Questions to a learner: choose or type an answer, say how sure you are, then read what is right and why.

The first answer to a question counts for the score and for the calibration; every answer is kept in the record.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

import asyncio
import random
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ipywidgets import HTML, Box, Button, Layout, RadioButtons, Text, VBox, Widget

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, check_whole
from heparin_pk.teaching.certainty import in_words, scale
from heparin_pk.teaching.record import slug
from heparin_pk.trials.background import Work, beside
from heparin_pk.widgets import own_record
from heparin_pk.widgets.controls import Unfolds, script
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.words import aloud, as_prose

_FIRST = "Predict first: "
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,12})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the learner predicts before the picture appears, and what each prediction is told.

    ``text``: question
    ``answers``: answer to the explanation for those who chose it
    ``right``: function that returns the right answer, as the package computes it
    ``work``: function that returns work to be done before the right answer is known, or ``None`` where none is left
    ``why``: function that returns what comes before the explanation, where it needs numbers (``None``: nothing)
    """

    text: str
    answers: Mapping[str, str]
    right: Callable[[], str]
    work: Callable[[], Work | None] = lambda: None
    why: Callable[[str], str] | None = None

    def is_right(self, predicted: str) -> bool:
        """Return whether a prediction is right; raises ``ValueError`` for one that is none of the answers."""
        check_one_of("predicted", predicted, tuple(self.answers))
        right = self.right()
        check_one_of("the right answer", right, tuple(self.answers))
        return predicted == right

    def verdict(self, predicted: str) -> str:
        """Return whether the prediction is right, what is, and why, as HTML.

        Raises ``ValueError`` for a prediction that is none of the answers.
        """
        if self.is_right(predicted):
            first = f"✓ As you predicted: <b>{escape(predicted)}</b>."
        else:
            first = f"✗ You predicted “{escape(predicted)}”; it is <b>{escape(self.right())}</b>."
        numbers = f" {escape(self.why(predicted))}" if self.why is not None else ""
        return f"{first}{numbers} {escape(self.answers[predicted])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberQuestion:
    """A question whose answer is a number that the learner types.

    ``text``: question
    ``unit``: unit of the answer; empty for a count
    ``right``: function that returns the right number, as the package computes it
    ``tolerance``: how far an answer may be off, in that unit
    ``near``, ``too_low``, ``too_high``: explanation for an answer within the tolerance, below and above it
    ``digits``: decimals with which the right number is said
    ``work``: function that returns work to be done before the right number is known, or ``None`` where none is left
    """

    text: str
    unit: str
    right: Callable[[], float]
    tolerance: float
    near: str
    too_low: str
    too_high: str
    digits: int = 0
    work: Callable[[], Work | None] = lambda: None

    @property
    def form(self) -> str:
        """What is typed, and how far it may be off."""
        return f"a number{' in ' + self.unit if self.unit else ''}; up to {self.tolerance:.3g}{self._unit} off counts as right"

    def is_right(self, typed: str) -> bool:
        """Return whether a typed number is within the tolerance; raises ``ValueError`` for a text that is no number."""
        return abs(read_number(typed) - self.right()) <= self.tolerance * (1.0 + 1e-9)

    def verdict(self, typed: str) -> str:
        """Return whether the number is right, what is, and why, as HTML; raises ``ValueError`` for a text that is no number."""
        number, right = read_number(typed), self.right()
        found = f"it is <b>{escape(self._said(right))}</b>"
        if self.is_right(typed):
            return f"✓ Close enough: you said {number:g}{escape(self._unit)}, {found}. {escape(self.near)}"
        why = self.too_low if number < right else self.too_high
        return f"✗ You said {number:g}{escape(self._unit)}; {found}. {escape(why)}"

    def _said(self, number: float) -> str:
        """Return the right number, or the tolerance, as it is said."""
        return f"{number:,.{self.digits}f}{self._unit}"

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def read_number(text: str) -> float:
    """Return a typed number; a decimal comma is understood.

    Raises ``ValueError`` with a sentence for anything else.

    >>> read_number(" 0,5 ")
    0.5
    """
    typed = text.strip().replace("\u2212", "-")
    if not typed:
        raise ValueError("Type a number first.")
    if not typed.isascii() or not _NUMBER.fullmatch(typed):
        raise ValueError(f"“{text.strip()}” is not a number: write it in digits, like 12 or 0.5, without a unit.")
    return float(typed.replace(",", "."))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """An answer as it was given: its value, what the record calls it, and the chance said, per cent."""

    answer: Any
    label: str
    sure: int


class Ask(VBox):
    """A question with its answers (or a box for a number), how sure the learner is, a button and what is said afterwards.

    ``question``: HTML of the question
    ``choice``: radio buttons of the answers, the box for a number, or what holds the levels of a drawing
    ``sure``: radio buttons of the certainty; its value is the chance said, per cent
    ``show``: button that gives the answer
    ``said``: what is said about the answer

    ``verdict`` returns, for an answer, whether it is right and the explanation as HTML; it may raise ``ValueError`` with a
    sentence for an answer that cannot be read. ``answered`` is called before the verdict is shown. ``shown`` stands in place of
    ``choice`` where the answer is neither chosen nor typed, and ``missing`` is said where there is none yet. ``work`` returns
    what must be computed before the verdict is known: that is done beside the notebook, and a sentence says so until the verdict
    comes. ``readable`` refuses before that, with a ``ValueError``, an answer that cannot be read. ``listeners`` are called after
    each verdict, and ``is_answered`` says whether there was one.
    """

    def __init__(
        self,
        text: str,
        choice: RadioButtons | Text,
        verdict: Callable[[Any], tuple[bool, str]],
        *,
        kind: str,
        button: str,
        form: str = "",
        said_before: str = "",
        answered: Callable[[], None] | None = None,
        shown: Widget | None = None,
        missing: str = "",
        work: Callable[[], Work | None] = lambda: None,
        readable: Callable[[Any], Any] = lambda _: None,
    ) -> None:
        self.kind, self._name, self._verdict, self._answered = kind, slug(text), verdict, answered
        self._work, self._readable, self._is_waiting, self.is_answered = work, readable, False, False
        self.listeners: list[Callable[[], None]] = []
        self._missing = missing or ("Type a number first" if isinstance(choice, Text) else "Choose an answer first")
        self.question = HTML(f"<b>{escape(said_before)}{escape(text)}</b>", layout=Layout(max_width="56em"))
        self.choice = choice
        options = scale(len(choice.options) if isinstance(choice, RadioButtons) else None)
        self.sure = RadioButtons(options=options, value=None, layout=Layout(width="auto"))
        self.show = Button(description=button, button_style="primary", layout=Layout(width="220px"))
        self.show.on_click(lambda _: self.answer())
        self.said = HTML(aloud(""), layout=Layout(max_width="64em"))
        self.choice.observe(self._changed, names="value")
        heading = HTML(escape(form or "Your answer"))
        how = HTML("How sure are you?")
        for part in (heading, how):
            part.add_class("heparin-pk-asked")
        column = {"margin": "0 36px 0 0"}
        answers = VBox((heading, self.choice if shown is None else shown), layout=Layout(**column))
        sure = VBox((how, self.sure), layout=Layout(**column))
        row = Box((answers, sure), layout=Layout(display="flex", flex_flow="row wrap", width="100%"))
        super().__init__(children=(self.question, row, self.show, self.said))
        self.add_class("heparin-pk-question")

    def _changed(self, _: Any) -> None:
        """Take away what was said about another answer."""
        if not self._is_waiting:
            self.said.value = aloud("")

    def _choose(self, answer: Any) -> None:
        """Choose or type an answer; raises ``ValueError`` for one that is not offered, or no text."""
        if isinstance(self.choice, RadioButtons):
            offered = [one[1] if isinstance(one, tuple) else one for one in self.choice.options]
            check_one_of("answer", answer, sorted(offered) if all(isinstance(one, int) for one in offered) else offered)
        else:
            check_is("answer", answer, str, "a text")
        self.choice.value = answer

    def answer(self, answer: Any = None, sure: int | None = None) -> None:
        """Give the answer that is chosen, or this one; say what is right and keep it in the record.

        Raises ``ValueError`` for an answer or a certainty that is not offered.
        """
        if self._is_waiting:
            return
        if answer is not None:
            self._choose(answer)
        if sure is not None:
            check_one_of("sure", sure, tuple(chance for _, chance in self.sure.options))
            self.sure.value = sure
        if self.choice.value is None or self.choice.value == "":
            self.said.value = aloud(f"{self._missing}. A wrong answer helps you learn, too.")
            return
        if self.sure.value is None:
            self.said.value = aloud("Say how sure you are, too: over the course you will see how well you know what you know.")
            return
        try:
            self._readable(self.choice.value)
        except ValueError as error:
            self.said.value = aloud(escape(str(error)))
            return
        label = str(self.choice.label if isinstance(self.choice, RadioButtons) else self.choice.value.strip())
        given = _Given(answer=self.choice.value, label=label, sure=int(self.sure.value))
        more = self._work()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script: the verdict itself does what is left
            more = None
        if more is None:
            self._give(given)
            return
        self._is_waiting = True
        self.said.value = aloud(
            f"Your answer is given: “{escape(label)}”. What is right is being computed; the verdict will appear here by itself."
        )
        if self._answered is not None:
            self._answered()

        def is_done() -> None:
            again = self._work()
            if again is not None:
                beside(again, loop, is_done)
                return
            self._is_waiting = False
            self._give(given)

        beside(more, loop, is_done)

    def _give(self, given: _Given) -> None:
        """Say whether an answer is right, and keep it in the record."""
        try:
            is_right, words = self._verdict(given.answer)
        except ValueError as error:
            self.said.value = aloud(escape(str(error)))
            return
        if self._answered is not None:
            self._answered()
        problem = own_record.record(
            {"kind": self.kind, "question": self._name, "answer": given.label, "right": is_right, "sure": given.sure}
        )
        meant = in_words(given.sure, is_right=is_right)
        self.said.value = aloud(f"{words} <i>{escape(meant)}</i>{'<br>' + escape(problem) if problem else ''}")
        self.is_answered = True
        for listener in self.listeners:
            listener()


def ask_of(asked: Any) -> Ask:
    """Return the question of a widget; raises ``ValueError`` for one that asks nothing."""
    ask = getattr(asked, "ask", None)
    if not isinstance(ask, Ask):
        raise ValueError(f"asked must be a widget that asks a question; got {type(asked).__name__}")
    return ask


def on_paper(question: Question | NumberQuestion) -> str:
    """Return a prediction as HTML for paper: the question and boxes to tick or a line to write on, and no answer."""
    text = f'<div class="asked"><p><b>{_FIRST if isinstance(question, Question) else ""}{escape(question.text)}</b></p>'
    if isinstance(question, NumberQuestion):
        return f"{text}<p>____________ {escape(question.unit)}</p></div>"
    boxes = "".join(f"<li>☐ {escape(answer)}</li>" for answer in question.answers)
    return f"{text}<ul>{boxes}</ul></div>"


def ask(question: Question | NumberQuestion, answered: Callable[[], None] | None = None) -> Ask:
    """Return a prediction with its certainty; ``answered`` is called before the verdict is shown."""

    def verdict(answer: Any) -> tuple[bool, str]:
        return question.is_right(answer), question.verdict(answer)

    texts: dict[str, Any] = {"kind": "prediction", "button": "Show what happens", "said_before": _FIRST}
    if isinstance(question, NumberQuestion):
        return _ask_number(question, verdict, answered=answered, **texts)
    choice = RadioButtons(options=list(question.answers), value=None, layout=Layout(width="auto"))
    return Ask(question.text, choice, verdict, answered=answered, work=question.work, **texts)


def _ask_number(question: NumberQuestion, verdict: Callable[[Any], tuple[bool, str]], **options: Any) -> Ask:
    box = _number_box(question)
    return Ask(question.text, box, verdict, form=question.form, work=question.work, readable=read_number, **options)


def _number_box(question: NumberQuestion) -> Text:
    box = Text(placeholder=question.unit or "number", layout=Layout(width="160px"))
    box.add_class("heparin-pk-number")
    return box


class Quiz(Asleep, VBox):
    """One question, how sure the learner is, and a feedback for each answer.

    ``ask``: the question; its answers stand in mixed order, and the value of its choice is their place as they were given
    ``question``, ``choice``, ``sure``, ``said``: text, answers, certainty and feedback of the question
    ``feedback``: one text per answer
    ``right``: index of the right answer, from 0
    """

    def __init__(self, question: str, answers: Sequence[str], feedback: Sequence[str], right: int) -> None:
        self.feedback, self.right = tuple(feedback), right
        # The order is mixed, the same each time: where the right answer stands says nothing, and a class sees one order.
        order = random.Random(zlib.crc32(question.encode())).sample(range(len(answers)), len(answers))
        choice = RadioButtons(options=[(answers[at], at) for at in order], value=None, layout=Layout(width="auto"))
        self.ask = Ask(question, choice, self._verdict, kind="quiz", button="Check my answer")
        self.question, self.choice, self.sure, self.said = self.ask.question, choice, self.ask.sure, self.ask.said
        super().__init__(children=(self.ask, script()))
        self.add_class("heparin-pk")

    def answer(self, answer: int | None = None, sure: int | None = None) -> None:
        """Give the answer that is chosen, or this one with this certainty, per cent."""
        self.ask.answer(answer, sure)

    def _verdict(self, answer: Any) -> tuple[bool, str]:
        """Return whether an answer is right, and the feedback on it."""
        is_right = answer == self.right
        return is_right, f"<b>{'✓ Right.' if is_right else '✗ Not yet.'}</b> {escape(self.feedback[answer])}"


def quiz(question: str, answers: Sequence[str], feedback: Sequence[str], right: int) -> Quiz:
    """Return a multiple-choice question that asks how sure the learner is and explains every answer.

    ``answers``: two or more
    ``feedback``: one text per answer
    ``right``: index of the right answer, from 0

    Raises ``ValueError`` for what is no text, a single answer, a missing feedback, or an index that is not an answer.

    >>> question = quiz("Does heparin dissolve clots?", ["yes", "no"], ["It has no fibrinolytic activity.", "Correct."], right=1)
    >>> question.answer(1, sure=95)
    >>> "Right" in question.said.value
    True
    """
    check_text("question", question)
    for name, texts in (("answers", answers), ("feedback", feedback)):
        check_is(name, texts, (list, tuple), "a list of texts")
        for text in texts:
            check_is(f"one of the {name}", text, str, "a text")
    if len(answers) < 2:
        raise ValueError(f"answers must be at least two; got {len(answers)}")
    if len(feedback) != len(answers):
        raise ValueError(f"feedback must have one text for each of {len(answers)} answers; got {len(feedback)}")
    if isinstance(right, bool) or not isinstance(right, int) or right not in range(len(answers)):
        raise ValueError(f"right must lie between 0 and {len(answers) - 1}; got {right!r}")
    return Quiz(question, answers, feedback, right)


class NumberCheck(Asleep, VBox):
    """A task whose answer is a number: type it, say how sure you are, and see how far off it is.

    ``ask``: the question
    ``question``: what is asked, with its tolerance and explanations
    """

    def __init__(self, question: NumberQuestion, ask: Ask) -> None:
        self.question, self.ask = question, ask
        self.choice, self.sure, self.said = ask.choice, ask.sure, ask.said
        super().__init__(children=(ask, script()))
        self.add_class("heparin-pk")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return what a notebook shows; where no widget can be shown, the question for paper, without its answer."""
        shown: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return {**shown, "text/html": on_paper(self.question)}

    def answer(self, answer: str | None = None, sure: int | None = None) -> None:
        """Give the number that is typed, or this text with this certainty, per cent."""
        self.ask.answer(answer, sure)


def check_number(
    text: str,
    answer: float | Callable[[], float],
    *,
    unit: str = "",
    tolerance: float | None = None,
    digits: int = 0,
    near: str = "",
    too_low: str = "",
    too_high: str = "",
    work: Callable[[], Work | None] = lambda: None,
) -> NumberCheck:
    """Return a task that checks a typed number.

    ``text``: task
    ``answer``: right number as the package computes it, or a function that returns it when it is needed
    ``unit``: its unit; empty for a count
    ``tolerance``: how far an answer may be off, in that unit (``None``: a tenth of the right number)
    ``digits``: decimals with which the right number is said
    ``near``, ``too_low``, ``too_high``: explanation for an answer within the tolerance, below and above it
    ``work``: function that returns work to be done beside the notebook before the right number is known, or ``None``

    Raises ``ValueError`` for an empty text, an answer that is no finite number, a tolerance that is not above 0, or decimals
    outside 0 to 12.
    """
    check_text("text", text)
    for name, words in (("unit", unit), ("near", near), ("too_low", too_low), ("too_high", too_high)):
        check_is(name, words, str, "a text")
    digits = check_whole("digits", digits, 0, 12)
    if callable(answer):
        if tolerance is None:
            raise ValueError("tolerance must be a number above 0 where the answer is computed later; got None")
        right = answer
    else:
        number = check_between("answer", answer, -1e12, 1e12)
        right = lambda: number  # noqa: E731
        tolerance = abs(number) / 10.0 if tolerance is None else tolerance
    check_between("tolerance", tolerance, 1e-9, 1e12)
    question = NumberQuestion(
        text=text,
        unit=unit,
        right=right,
        tolerance=tolerance,
        digits=digits,
        near=near,
        too_low=too_low,
        too_high=too_high,
        work=work,
    )

    def verdict(typed: Any) -> tuple[bool, str]:
        return question.is_right(typed), question.verdict(typed)

    return NumberCheck(question, _ask_number(question, verdict, kind="number", button="Check my number"))


def hint(text: str) -> Unfolds:
    """Return a hint that unfolds when its button is pressed; what stands between backticks is shown as code.

    Raises ``ValueError`` for an empty text.
    """
    check_text("hint", text)
    return Unfolds(HTML(f'<div style="padding:0 0 0 26px">{as_prose(text)}</div>'), "Hint")
