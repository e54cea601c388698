"""What the widgets bring to the page: words while they are asleep, one script, colours that both themes can read."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("ipywidgets")

from heparin_pk.widgets import page, quiz
from heparin_pk.widgets.controls import script


def question():
    return quiz("Is it?", ["yes", "no"], ["It is.", "It is not."], right=0)


def test_a_widget_leaves_words_in_the_notebook(monkeypatch):
    """A saved notebook keeps the outputs, not the widget: the first output says how to open it, the second is the widget."""
    shown = []
    monkeypatch.setattr(page, "display", lambda bundle, raw: shown.append((bundle, raw)))
    question()._ipython_display_()
    (words, is_raw), (widget, is_raw_too) = shown
    assert is_raw
    assert is_raw_too
    assert "run its cell" in words["text/plain"]
    assert words["text/plain"] in words["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in widget


def test_the_script_comes_once_with_a_widget():
    (output,) = script().outputs
    code = output["data"]["application/javascript"]
    assert code.count("heparin-pk-style") == 2  # found, or made
    assert "OURS ." not in code, "the style sheet names the widgets"
    assert [child for child in question().children if getattr(child, "outputs", ())] != []


def test_every_colour_of_the_page_has_a_partner_in_the_dark_theme():
    light, dark = re.search(r"body \{(.*?)\}", page.SCRIPT).group(1), re.search(r"light=.*?\{(.*?)\}", page.SCRIPT).group(1)
    names = re.findall(r"--[a-z-]+(?=:)", light)
    assert len(names) == 2
    assert names == re.findall(r"--[a-z-]+(?=:)", dark)
    outside = page.SCRIPT.replace(light, "").replace(dark, "")
    assert re.findall(r"#[0-9a-fA-F]{6}", outside) == []
