"""Notebooks call functions of the package and define none; their structure is checked without running them (nbval runs them)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


def code_of(cell) -> ast.Module:
    return ast.parse(re.sub(r"^[%!].*$", "", cell.source, flags=re.M))


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_asks_a_question_and_defines_no_function(file):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first_line = next(line for line in prose.splitlines() if line.startswith("# "))
    assert first_line.endswith("?")
    assert prose.lower().count("not for the care of patients") == 1
    for part in ("predict", "source", "on your own"):
        assert part in prose.lower()
    for cell in code:
        assert not cell.outputs
        assert cell.execution_count is None
        for node in ast.walk(code_of(cell)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda), f"{file.name} defines: {cell.source}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                assert {module.split(".")[0] for module in modules} <= {"heparin_pk", "numpy", "matplotlib"}
    assert not any(isinstance(n, ast.Import | ast.ImportFrom) for cell in code[1:] for n in ast.walk(code_of(cell)))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_its_pictures_exist_and_have_alternative_texts(file):
    notebook = nbformat.read(file, as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for alternative_text, picture in re.findall(r"!\[(.*?)\]\((.*?)\)", prose):
        assert (file.parent / picture).is_file()
        assert len(alternative_text) > 20


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_code_of_an_answer_is_folded_away(file):
    """Who reads the code before answering reads no feedback, and no words that wait for the answer."""
    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "code" and re.search(r"\b(?:quiz|check_number|hint)\(|\.saying\(", cell.source):
            assert cell.metadata.get("jupyter", {}).get("source_hidden"), cell.source
