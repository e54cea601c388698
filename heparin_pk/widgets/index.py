"""The tables of the index notebook: the questions of the course, the topics, and the glossary with a search box."""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

from html import escape
from typing import Any

from IPython import display
from ipywidgets import HTML, Layout, Text, VBox

from heparin_pk.teaching import course
from heparin_pk.teaching.glossary import TERMS
from heparin_pk.widgets.controls import script
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.words import aloud


def lessons() -> display.HTML:
    """Return the notebooks of the course as a table, with links that the notebook follows."""
    return display.HTML(course.lessons_table())  # type: ignore[no-untyped-call]


def topics() -> display.HTML:
    """Return the topics as a table: where the course covers each, and what is missing."""
    return display.HTML(course.topics_table())  # type: ignore[no-untyped-call]


class Glossary(Asleep, VBox):
    """The terms, and the box that searches in them."""


def glossary() -> Glossary:
    """Return the terms of the course, one sentence each, with a box that searches in them."""
    box = Text(placeholder="find a term", description="find", layout=Layout(width="280px"), style={"description_width": "36px"})
    found, said = HTML(_terms("")), HTML(aloud(""))

    def search(change: Any) -> None:
        found.value = _terms(change["new"])
        shown = len(_matching(change["new"]))
        said.value = aloud(f"{shown} of {len(TERMS)} terms" if shown else f"no term contains “{escape(change['new'].strip())}”")

    box.observe(search, names="value")
    made = Glossary((box, said, found, script()), layout=Layout(width="100%"))
    made.add_class("heparin-pk")
    return made


def _matching(text: str) -> dict[str, str]:
    wanted = text.strip().lower()
    return {term: words for term, words in TERMS.items() if wanted in f"{term} {words}".lower()}


_PLAIN = "float:none;display:block;width:auto;margin:0"
"""JupyterLab lays lists of terms out in columns that are too narrow."""


def _terms(text: str) -> str:
    rows = "".join(
        f'<div style="break-inside:avoid"><dt style="{_PLAIN};font-weight:600">{escape(term)}</dt>'
        f'<dd style="{_PLAIN};padding:0 0 6px 0">{escape(words)}</dd></div>'
        for term, words in sorted(_matching(text).items(), key=lambda pair: pair[0].lower())
    )
    return f'<dl style="display:block;line-height:1.4;column-width:26em;column-gap:36px;max-width:90em;margin:6px 0">{rows}</dl>'
