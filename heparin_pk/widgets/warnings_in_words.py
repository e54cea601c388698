"""Warnings of the package in a notebook: one sentence under the cell, once, in place of a block with the name of a file."""

from __future__ import annotations

import warnings
from typing import Any, TextIO

from IPython import get_ipython
from IPython.display import display

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


def say_warnings_in_words() -> None:
    """Show the warnings of this package as sentences from now on, where a notebook runs; elsewhere nothing changes."""
    shell = get_ipython()
    if shell is None or isinstance(warnings.showwarning, WarningsInWords):
        return
    for category in _BEFORE:
        warnings.simplefilter("always", category)  # once a session is our own to see to, not once a line
    shown = WarningsInWords(warnings.showwarning)
    warnings.showwarning = shown
    shell.events.register("post_execute", shown.tell)
