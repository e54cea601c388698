"""Words: one spelling, plain sentences, readers' names on every screen, and code cells that fit a screen.

The reading level is the grade of Flesch and Kincaid, measured by textstat.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
from pathlib import Path

import pytest
import textstat

from heparin_pk import Nomogram, Patient, hospital, indications, nomogram, practice, published, widgets
from heparin_pk.base.checks import LONGEST_LABEL
from heparin_pk.body.covariate import ON_IN_WORDS
from heparin_pk.published.reagents import REAGENTS

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [file for file in NOTEBOOKS if not file.stem.startswith("01-")]
"""The notebooks whose code is to be read; the first one is played."""
HARDEST_PROSE, HARDEST_FOR_A_PATIENT = 12.0, 8.0
LONGEST_SENTENCE = 45
MOST_LINES, LONGEST_LINE = 8, 90
AMERICAN = re.compile(
    r"\b(?:colors?|colored|labeled|labeling|modeled|modeling|pediatrics?|centers?|centered|fibers?|liters?|meters?|gray|"
    r"hemoglobin|hemorrhag\w+|hemodialysis|hemolysis|hematocrit|hematolog\w+|anemia|ischemi\w+|edema\w*|tumors?|estrogen|"
    r"hyperkalemia|behaviors?|favor\w*|analyz\w+|randomiz\w+|neutraliz\w+|summariz\w+|recogniz\w+|organiz\w+|standardiz\w+|"
    r"minimiz\w+|catheteriz\w+|hospitaliz\w+|stabiliz\w+)\b",
    re.IGNORECASE,
)
NOT_UNDERSTOOD = (
    "deaf aptt",
    "blunt",
    "aspirin and its sisters",
    "right there and wrong here",
    "in which the answer turns",
    "the seconds that mean",
    "the two assays part",
    "steered",
)
"""Phrases that readers did not understand."""


def cells(file: Path, kind: str) -> list[str]:
    """Return the sources of the cells of one kind."""
    book = json.loads(file.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == kind]


def prose(markdown: str) -> str:
    """Return sentences: without pictures, code, formulas, addresses and signs of Markdown; headings and items end with a stop."""
    text = re.sub(r"!\[.*?\]\(.*?\)", "", markdown, flags=re.DOTALL)
    text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "this", text)
    text = re.sub(r"\$[^$]*\$|<[^>]+>|[*_]", "", text)
    lines = (re.sub(r"^(?:#+|-|\d+\.)\s+", "", line.strip()) for line in text.splitlines())
    return "\n".join(line if line[-1] in ".?!:" else f"{line}." for line in lines if line)


def said_in(code: str) -> list[str]:
    """Return the texts in the code of a cell that a reader sees: those with a blank in them."""
    texts = (node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [text for text in texts if " " in text]


def texts_of(file: Path) -> str:
    """Return all that a reader of a notebook reads: its prose, its questions and its answers."""
    markdown = [prose(text) for text in cells(file, "markdown")]
    return "\n".join([*markdown, *(text for code in cells(file, "code") for text in said_in(code))])


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
class TestNotebooks:
    def test_the_prose_is_not_hard_to_read(self, file):
        assert textstat.flesch_kincaid_grade("\n".join(map(prose, cells(file, "markdown")))) <= HARDEST_PROSE

    def test_no_sentence_is_too_long(self, file):
        for text in map(prose, cells(file, "markdown")):
            for sentence in re.split(r"(?<=[.?!:;])\s+", text):
                assert len(sentence.split()) <= LONGEST_SENTENCE, sentence

    def test_the_spelling_is_british(self, file):
        assert AMERICAN.findall(texts_of(file)) == []

    def test_what_was_not_understood_is_gone(self, file):
        text = texts_of(file).lower()
        assert [phrase for phrase in NOT_UNDERSTOOD if phrase in text] == []

    def test_the_prose_names_nothing_by_its_name_in_the_code(self, file):
        text = "\n".join(re.sub(r"`[^`]*`", "", prose(cell)) for cell in cells(file, "markdown"))
        assert [name for name in internal_names() if re.search(rf"\b{re.escape(name)}\b", text)] == []


@pytest.mark.parametrize("file", LESSONS, ids=lambda file: file.stem)
def test_a_code_cell_fits_a_screen(file):
    for code in cells(file, "code"):
        lines = code.splitlines()
        assert len(lines) <= MOST_LINES, code
        assert max(map(len, lines)) <= LONGEST_LINE, code


@pytest.mark.parametrize("file", LESSONS, ids=lambda file: file.stem)
def test_no_loop_prints(file):
    """Results are one call of a function of the package."""
    for code in cells(file, "code"):
        for loop in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.For)):
            called = {node.func.id for node in ast.walk(loop) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            assert "print" not in called, code


def internal_names() -> list[str]:
    """Return names that belong in code and not on a screen."""
    drugs = [drug.name for drug in published.ALL]
    reagents = [name for name in REAGENTS if name not in ("guideline", "raschke", "korea", "silimat")]  # these are words, too
    return [*drugs, "UFH_DEFAULT", *reagents, *nomogram.names(), "slope_ml_per_u", "recovery_fraction", "bmax_u"]


# What a patient would read


def patients_words() -> dict[str, str]:
    """Return the sentences in the patients' words, by effect and model."""
    return {
        f"{drug.name}, {effect.name}": effect.words
        for drug in published.ALL
        for effect in (*drug.covariate_effects, *(one.effect for one in drug.hypotheses))
    }


@pytest.mark.parametrize(("name", "words"), patients_words().items())
def test_a_patient_can_read_the_patients_words(name, words):
    assert textstat.flesch_kincaid_grade(words) <= HARDEST_FOR_A_PATIENT, name
    assert AMERICAN.findall(words) == []


def test_the_patients_words_say_what_changes_in_words():
    for drug in published.ALL:
        for effect in (*drug.covariate_effects, *(one.effect for one in drug.hypotheses)):
            assert set(effect.on) <= set(ON_IN_WORDS)
    low = Patient(weight_kg=75, antithrombin_fraction=0.5)
    (line,) = published.UFH_DEFAULT.in_the_patients_words(low).splitlines()
    assert line.endswith("(changes the anti-Xa; Croles 2019)")


def test_why_heparin_is_given_is_easy_to_read():
    assert textstat.flesch_kincaid_grade(" ".join(one.why for one in indications.ALL)) <= HARDEST_FOR_A_PATIENT


# Spelling


@pytest.mark.parametrize(
    "file", sorted((ROOT / "heparin_pk" / "teaching" / "practice").glob("*.toml")), ids=lambda file: file.stem
)
def test_statements_of_practice_are_british(file):
    """The statements; titles of papers keep the spelling of their authors."""
    for statement in tomllib.loads(file.read_text(encoding="utf-8"))["statements"]:
        assert AMERICAN.findall(statement["text"]) == []


def test_the_package_says_everything_in_british():
    """Sentences in the code, docstrings included; not the citations, and not the words of matplotlib and CSS."""
    found = []
    for file in sorted((ROOT / "heparin_pk").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        cited = {
            id(node)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in ("Source", "at")
            for node in ast.walk(call)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in cited:
                text = re.sub(r">>> .*?(?:\n\s*\n|\Z)", " ", node.value, flags=re.DOTALL)  # an example and what it prints
                text = re.sub(r"``[^`]*``|[\w-]+:\s?[\w#(). %-]+;?", " ", text)  # code, and rules of CSS
                if len(text.split()) >= 4 and "<" not in text and AMERICAN.search(text):
                    found.append(f"{file.name}:{node.lineno}: {AMERICAN.findall(text)}")
    assert found == []


@pytest.mark.parametrize("word", ["labeled", "pediatric", "centers", "randomized", "hemoglobin"])
def test_american_words_would_be_found(word):
    assert AMERICAN.findall(f"a {word} thing") == [word]


# Readers' names


@pytest.mark.parametrize(
    "nouns",
    [
        published.ALL,
        tuple(REAGENTS.values()),
        tuple(Nomogram.load(name) for name in nomogram.names()),
        tuple(hospital.HOSPITALS.values()),
    ],
    ids=["models", "reagents", "nomograms", "hospitals"],
)
def test_each_has_a_readers_name_of_its_own(nouns):
    labels = [noun.label for noun in nouns]
    assert len(set(labels)) == len(labels)
    for noun in nouns:
        assert 2 < len(noun.label) <= LONGEST_LABEL
        assert noun.label != noun.name
        assert "_" not in noun.label


def test_a_label_is_checked_and_falls_back_to_the_name():
    ours = REAGENTS["actin-fs"].__class__(name="ours", slope_ml_per_u=2.0, source=REAGENTS["actin-fs"].source)
    assert ours.label == "ours"
    with pytest.raises(ValueError, match="label must have at most 30 characters; got 31"):
        ours.__class__(name="ours", slope_ml_per_u=2.0, source=ours.source, label="x" * 31)


@pytest.mark.parametrize("make", [widgets.half_life, widgets.overlay, widgets.blood, widgets.patients, widgets.indications])
def test_no_internal_name_is_on_a_screen(make):
    """In the lists, beside the boxes, and in the text of the picture; the code that is shown keeps the names of the code."""
    scene = make(**({"predict": False} if make is not widgets.overlay else {}))
    lists = [widget for widget in scene.controls.values() if hasattr(widget, "options")]
    shown = [str(label) for one in lists for label, *_ in (o if isinstance(o, tuple) else (o,) for o in one.options)]
    shown += [str(widget.description) for widget in scene.controls.values()]
    seen = "\n".join([*shown, scene.words])
    assert [name for name in internal_names() if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", seen)] == []


def every_widget():
    """Yield all parts of all widgets that can be opened without an argument."""
    for name, make in inspect.getmembers(widgets, inspect.isfunction):
        needed = [one for one in inspect.signature(make).parameters.values() if one.default is one.empty]
        parts = [make()] if all(one.kind is one.VAR_KEYWORD for one in needed) else []
        while parts:
            part = parts.pop()
            yield name, part
            parts += getattr(part, "children", ())


def test_no_list_of_any_widget_has_an_internal_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the record is kept where one works
    lists = {}
    for name, part in every_widget():
        if hasattr(part, "options"):
            lists[name, part.description] = [str(o[0] if isinstance(o, tuple) else o) for o in part.options]
    assert len(lists) > 20
    names = {*internal_names(), *REAGENTS}
    found = [
        (where, label) for where, labels in lists.items() for label in labels if label in names or re.search(r"PMC\d", label)
    ]
    assert found == []


def test_topics_of_practice_are_written_as_readers_write_them():
    from heparin_pk.plot import tables

    for topic in practice.topics():
        (one,) = tables.practice(topic).tables
        assert not re.search(r"\b(?:xa|aptt|hit|act)\b", one.caption)
