"""Warnings and refusals of the package in a notebook: one sentence under the cell, in place of a block with names of files."""

from __future__ import annotations

import builtins
import re
import reprlib
import traceback
import warnings
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TextIO

from IPython import get_ipython
from IPython.display import display

import heparin_pk
from heparin_pk.base.result_table import table
from heparin_pk.published.drug import OutsideValidityDomain, WithoutVariability

_BEFORE: dict[type[Warning], str] = {OutsideValidityDomain: "Outside what was studied", WithoutVariability: "Please note"}


class WarningsInWords:
    """Shows the warnings of this package as sentences, each once in a session; all others as before.

    ``other``: shows the others.
    ``said``: sentences that were shown.
    ``waiting``: sentences of this cell, by the words before them.
    """

    def __init__(self, other: Any) -> None:
        self.other = other
        self.said: set[str] = set()
        self.waiting: dict[str, list[str]] = {}

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        before = _BEFORE.get(category)
        if before is None:
            self.other(message, category, filename, lineno, file, line)
            return
        sentence = str(message)
        if sentence not in self.said:
            self.said.add(sentence)
            self.waiting.setdefault(before, []).append(sentence)

    def tell(self) -> None:
        """Show what this cell has to say: one sentence in a line, several as a table that unfolds."""
        for before, sentences in self.waiting.items():
            if len(sentences) == 1:
                print(f"{before}: {sentences[0]}.")
            else:
                display(table(before, ("note",), [(sentence,) for sentence in sentences], folded=True))  # type: ignore[no-untyped-call]
        self.waiting.clear()


_PACKAGE = str(Path(__file__).resolve().parents[1])


def _takes(annotation: str, value: object, names: dict[str, Any]) -> bool:
    """Whether an argument may be of the types that are written behind its name; true where they are not plain classes."""
    kinds = [kind.strip() for kind in annotation.split("|")]
    classes = [names.get(kind, getattr(heparin_pk, kind, getattr(builtins, kind, None))) for kind in kinds]
    if not all(kind == "None" or isinstance(one, type) for kind, one in zip(kinds, classes, strict=True)):
        return True
    if any(getattr(one, "_is_protocol", False) for one in classes):
        return True
    given = {one.__name__ for one in type(value).__mro__} | ({"float"} if isinstance(value, int) else set())
    return (value is None and "None" in kinds) or not given.isdisjoint(kinds)


def _wrong_argument(frame: FrameType) -> str:
    """Return which argument of a function of the package is not what the function takes; empty where that is not seen."""
    function = frame.f_globals.get(frame.f_code.co_name)
    if getattr(function, "__code__", None) is not frame.f_code:
        return ""
    for name, annotation in function.__annotations__.items():
        if name not in frame.f_locals:
            continue
        value, several = frame.f_locals[name], str(annotation).partition("[")[0]
        plain = re.fullmatch(r"\w+( \| \w+)*", str(annotation))
        if plain and not _takes(annotation, value, frame.f_globals):
            return f"Not possible: {name} must be of type {' or '.join(annotation.split(' | '))}; got {reprlib.repr(value)}"
        if several in ("Sequence", "Mapping", "Iterable") and not hasattr(value, "__iter__"):
            return f"Not possible: {name} must hold several in a {'dict' if several == 'Mapping' else 'list'}; got {value!r}"
    return ""


def refusal(error: BaseException, trace: TracebackType | None, cell: dict[str, Any]) -> str:
    """Return what a learner reads about an error of a cell; empty for one that is no refusal, and is shown in full.

    ``trace``: where it was raised
    ``cell``: the names of the notebook
    """
    if isinstance(error, AttributeError | TypeError):
        for frame, _ in traceback.walk_tb(trace):
            if frame.f_code.co_filename.startswith(_PACKAGE) and (words := _wrong_argument(frame)):
                return words
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    frame = trace.tb_frame
    if isinstance(error, ValueError) and frame.f_code.co_filename.startswith(_PACKAGE):
        return f"Not possible: {error}"
    if frame.f_globals is not cell:
        return ""
    if isinstance(error, NameError) and error.name:
        return f"“{error.name}” is not known yet: run the cells above first (Run → Run All Above Selected Cell)."
    if isinstance(error, TypeError) and "argument" in str(error):
        return f"Not possible: {str(error).replace('.__init__()', '')}"
    return ""


def _shown(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None, tb_offset: Any = None
) -> Any:
    """Show an error of a cell: a refusal in a sentence, another one as before."""
    words = refusal(error, trace, shell.user_ns)
    lines = [words] if words else shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    shell._showtraceback(kind, error, lines)
    return lines


def say_warnings_in_words() -> None:
    """Show warnings and refusals of this package as sentences from now on, where a notebook runs; elsewhere nothing changes."""
    shell = get_ipython()
    if shell is None or isinstance(warnings.showwarning, WarningsInWords):
        return
    shell.set_custom_exc((ValueError, NameError, TypeError, AttributeError), _shown)
    for category in _BEFORE:
        warnings.simplefilter("always", category)  # once a session is our own to see to, not once a line
    shown = WarningsInWords(warnings.showwarning)
    warnings.showwarning = shown
    shell.events.register("post_execute", shown.tell)
