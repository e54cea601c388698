"""The guides work as written: their files, programs and commands run in a copy of the repository.

A fence says what becomes of its block: ``python`` is run (all of a guide in one go), ``... file=PATH`` is written to the copy,
``json merge=PATH`` is merged into the tables of that file, ``console`` holds commands that must pass.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest

from heparin_pk import Nomogram

ROOT = Path(__file__).resolve().parents[1]
GUIDES = {file.stem: file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs" / "guides").glob("*.md"))}
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("heparin_pk", "tests", "notebooks", "figures", "pyproject.toml", "README.md", "CHANGELOG.md")


def blocks(text: str, language: str) -> list[tuple[str, str]]:
    """Return what stands behind the language of each fence, and the block."""
    return re.findall(rf"^```{language}\b ?(.*?)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def files(text: str) -> dict[str, str]:
    """Return the files that a guide writes, by path."""
    every = [block for language in ("python", "toml") for block in blocks(text, language)]
    return {info.removeprefix("file="): block for info, block in every if info.startswith("file=")}


def programs(text: str) -> str:
    """Return the program of a guide: all its Python blocks that are no file."""
    return "\n".join(block for info, block in blocks(text, "python") if not info)


def commands(text: str) -> list[str]:
    """Return the commands of a guide."""
    return [line.removeprefix("$ ") for _, block in blocks(text, "console") for line in block.splitlines() if line[:2] == "$ "]


class Copy:
    """A copy of the repository, in which a guide is followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
            else:
                shutil.copy(ROOT / name, root / name)

    def write(self, text: str) -> None:
        """Write the files of a guide, and merge its tables."""
        for path, block in files(text).items():
            assert not (self.root / path).exists(), f"{path} is there already"
            (self.root / path).write_text(block, encoding="utf-8")
        for info, block in blocks(text, "json"):
            file = self.root / info.removeprefix("merge=")
            printed = json.loads(file.read_text(encoding="utf-8"))
            printed["tables"] |= json.loads(block)
            file.write_text(json.dumps(printed), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """Run Python in the copy, with the copy's package."""
        environment = os.environ | {"PYTHONPATH": str(self.root)}
        return subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, check=False, cwd=self.root, env=environment
        )

    def command(self, line: str) -> subprocess.CompletedProcess:
        """Run one command of a guide."""
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        assert words[:3] == ["python", "-m", "pytest"]
        return self.run("-m", "pytest", "-p", "no:cacheprovider", *words[3:])


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Return a function that gives the copy in which a guide was followed, made once for each guide."""

    @lru_cache
    def follow(name: str) -> Copy:
        copy = Copy(tmp_path_factory.mktemp(name))
        copy.write(GUIDES[name])
        # The lowest matplotlib calls its parser by names that are no longer liked.
        liked = [word for module in ("_fontconfig_pattern", "_mathtext") for word in ("-W", f"ignore:::matplotlib.{module}")]
        done = copy.run("-W", "error", *liked, "-c", programs(GUIDES[name]))
        assert done.returncode == 0, done.stderr
        return copy

    return follow


def test_there_are_four_guides_and_contributing_names_them():
    assert set(GUIDES) == {"add-a-drug", "add-a-nomogram", "add-a-notebook", "add-a-widget"}
    for name in GUIDES:
        assert f"docs/guides/{name}.md" in CONTRIBUTING


@pytest.mark.parametrize("text", [CONTRIBUTING, *GUIDES.values()], ids=["CONTRIBUTING", *GUIDES])
def test_what_it_names_is_there(text):
    """Links, and every path, file or folder of the repository in code type, but for what the guide itself writes."""
    for link in re.findall(r"\]\(([^)#:]+)\)", re.sub(r"`[^`]*`", "", text)):
        assert (ROOT / link).exists(), link
    own = {*files(text), *(Path(path).name for path in files(text))}
    every = {path.name for path in ROOT.rglob("*") if not any(part.startswith((".git", ".venv")) for part in path.parts)}
    for name in re.findall(r"`([\w./*-]+(?:\.py|\.toml|\.json|\.md|\.ipynb|/))`", text):
        if name in own or "*" in name or name.startswith(("notebooks/12", "ours.")):
            continue
        found = (ROOT / name).exists() or (ROOT / "heparin_pk" / name).exists() or Path(name).name in every
        assert found, name


def test_contributing_tells_the_import_directions_that_are_checked():
    from test_house import FLOORS

    rows = re.findall(r"^\| (`[a-z/`, ]+) \| .* \| (.*) \|$", CONTRIBUTING, re.MULTILINE)
    named = [re.findall(r"`(\w+)/`", folders) for folders, _ in rows]
    assert sorted(name for names in named for name in names) == sorted(set(FLOORS) - {""})
    for folders, sources in rows:
        for folder in re.findall(r"`(\w+)/`", folders):
            for source in re.findall(r"`(\w+)`", sources):
                floor = FLOORS["" if source == "heparin_pk" else source]
                assert floor < FLOORS[folder], f"{folder} imports {source}"


@pytest.mark.parametrize("name", GUIDES)
def test_its_blocks_are_what_they_say(name, tmp_path):
    text = GUIDES[name]
    assert programs(text)
    ast.parse(programs(text))
    for path, block in files(text).items():
        if path.endswith(".toml"):
            tomllib.loads(block)
            (tmp_path / "table.toml").write_text(block, encoding="utf-8")
            assert Nomogram.load(tmp_path / "table.toml").caveats
        else:
            ast.parse(block)
    assert commands(text)


@pytest.mark.parametrize("name", GUIDES)
def test_its_programs_run_and_its_files_are_formatted(name, followed):
    copy = followed(name)
    written = [path for path in files(GUIDES[name]) if path.endswith(".py")]
    for words in (("check", "-q"), ("format", "-q", "--check")) if written else ():
        checked = copy.run("-m", "ruff", *words, "--no-cache", *written)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("name", "line"), [(name, line) for name, text in GUIDES.items() for line in commands(text)])
def test_its_commands_pass(name, line, followed):
    done = followed(name).command(line)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d+ passed", done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path", "old", "new", "command"),
    [
        ("add-a-drug", "heparin_pk/published/exampleparin.py", "Value(1500.0", "Value(3000.0", 0),
        ("add-a-drug", "heparin_pk/published/exampleparin.py", "v1_ml_per_kg", "v1_ml", 1),
        ("add-a-nomogram", "heparin_pk/ward/nomograms/example-ward.toml", "bolus_u_per_kg = 30", "bolus_u_per_kg = 40", 0),
        ("add-a-notebook", "notebooks/12-how-long-does-heparin-last.ipynb", "after the pump stops?", "after the pump stops", 0),
    ],
    ids=["a wrong clearance", "an implausible volume", "a wrong re-bolus", "no question"],
)
def test_a_mistake_in_what_was_added_is_found(name, path, old, new, command, followed):
    copy = followed(name)
    text = (copy.root / path).read_text(encoding="utf-8")
    assert old in text
    (copy.root / path).write_text(text.replace(old, new), encoding="utf-8")
    try:
        done = copy.command(commands(GUIDES[name])[command] + " -x")
    finally:
        (copy.root / path).write_text(text, encoding="utf-8")
    assert done.returncode == 1, done.stdout[-3000:]
    assert "1 failed" in done.stdout
