"""The frame of the course: its data, the index, links, tasks, the handout, and the lecture under Voila."""

from __future__ import annotations

import ast
import asyncio
import re
import shutil
from html import escape, unescape
from pathlib import Path

import browser
import matplotlib
import nbformat
import pytest

matplotlib.use("Agg")

from heparin_pk import widgets
from heparin_pk.cli import handout, main
from heparin_pk.cli.parser import parser
from heparin_pk.teaching import course
from heparin_pk.teaching.glossary import TERMS, explain
from heparin_pk.widgets import Question

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SCENES = (
    "half_life", "blood", "patients", "indications", "nomograms", "validation", "tube", "resisting_plasma",
    "platelet_days", "hit_tests",
    "one_day_late", "instead_of_heparin", "after_the_stop", "protamine_by_time", "one_fault", "buy_checks",
)  # fmt: skip


def read(file):
    return nbformat.read(file, as_version=4)


def title_of(book):
    return next(line[2:] for cell in book.cells for line in cell.source.splitlines() if line.startswith("# "))


def quizzes(file):
    """Yield (question, answers, feedback) of every quiz in a notebook."""
    for cell in read(file).cells:
        if cell.cell_type == "code" and re.match(r"(\w+ = )?quiz\(", cell.source):
            yield [ast.literal_eval(arg) for arg in ast.parse(cell.source).body[0].value.args]


# The data of the course


def test_every_notebook_is_in_the_course_and_has_its_own_title():
    assert [file.stem for file in NOTEBOOKS] == [course.INDEX, *(lesson.stem for lesson in course.LESSONS)]
    for lesson in course.LESSONS:
        book = read(ROOT / "notebooks" / lesson.file)
        assert title_of(book) == lesson.question
        for number in lesson.before:
            assert number < lesson.number


MINUTES = {"twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45}


@pytest.mark.parametrize("lesson", course.LESSONS, ids=lambda lesson: lesson.stem)
def test_the_time_is_the_one_that_the_notebook_says(lesson):
    first = read(ROOT / "notebooks" / lesson.file).cells[0].source
    said = re.search(r"([\w-]+) minutes\.", first)
    assert said is None or (MINUTES.get(said[1]) or int(said[1])) == lesson.minutes


def test_every_topic_points_at_notebooks_and_every_notebook_but_the_test_of_the_models_has_one():
    numbers = {lesson.number for lesson in course.LESSONS}
    for topic in course.TOPICS:
        assert topic.lessons
        assert set(topic.lessons) <= numbers
    assert {number for topic in course.TOPICS for number in topic.lessons} == numbers - {6}
    table = course.topics_table()
    for topic in course.TOPICS:
        assert escape(topic.name) in table
        assert escape(topic.missing) in table


def test_the_page_of_topics_has_no_empty_cell_and_no_dead_link():
    """Each topic has a notebook and another door; the page is written from the table; its commands and files are there."""
    page = ROOT / "docs" / "where-it-is-taught.md"
    assert page.read_text(encoding="utf-8") == course.where_it_is_taught()
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) == len(course.TOPICS) >= 20
    for row in rows:
        assert all(cell.strip() for cell in row.strip("|").split("|")), row
    for link in re.findall(r"\]\((.*?)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).is_file(), link
    known = parser()._subparsers._group_actions[0].choices
    for topic in course.TOPICS:
        assert topic.doors, topic.name
        for door in topic.doors:
            assert (ROOT / door).is_file() or door.split()[1] in known, door
            if door.startswith("heparin-pk "):
                assert main(door.split()[1:]) == 0, door


@pytest.mark.parametrize(
    "words",
    ["acts", "own error", "deep-vein", "pulmonary", "infarction", "dialysis", "fibrillation", "skin or into the vein", "aptt",
     "adjusting", "bleeding", "thrombocytopenia", "allergy", "telling the patient", "documentation", "teamwork", "other drugs"],
)  # fmt: skip
def test_every_topic_of_the_text_has_a_row(words):
    assert [topic.name for topic in course.TOPICS if words in topic.name.lower()]


def test_the_tables_of_the_index_name_and_link_every_notebook():
    shown = widgets.lessons().data
    for lesson in course.LESSONS:
        assert f'href="{lesson.file}">{escape(lesson.question)}</a>' in shown
        assert f"{lesson.minutes} min" in shown
        assert escape(lesson.able) in shown
    for link in re.findall(r'href="(.*?)"', shown + widgets.topics().data):
        assert (ROOT / "notebooks" / link).is_file()


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="levels must be one of nursing, pharmacy"):
        course.Lesson(stem="99-x", question="?", minutes=1, levels=("everyone",), able="x")
    with pytest.raises(ValueError, match="notebook must be one of"):
        course.links("99-x")


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_links_lead_on_and_back_at_the_top_and_at_the_bottom(file):
    cells = read(file).cells
    assert cells[1].source == cells[-1].source == course.links(file.stem)
    before, after = course.neighbours(file.stem)
    targets = re.findall(r"\]\((.*?)\)", course.links(file.stem))
    assert all((ROOT / "notebooks" / target).is_file() for target in targets)
    assert {f"{stem}.ipynb" for stem in (before, after) if stem} <= set(targets)


def test_the_questions_of_a_folder_are_counted_and_a_broken_notebook_is_left_out(tmp_path):
    counted = course.questions_in(ROOT / "notebooks")
    for file in NOTEBOOKS:
        assert counted[file.stem] >= len(list(quizzes(file))) >= 2
    shutil.copy(NOTEBOOKS[2], tmp_path)
    (tmp_path / NOTEBOOKS[3].name).write_text("{broken", encoding="utf-8")
    assert set(course.questions_in(tmp_path)) == {NOTEBOOKS[2].stem}


# Glossary


def test_each_term_is_explained_in_one_plain_sentence():
    textstat = pytest.importorskip("textstat")
    for term, words in TERMS.items():
        assert words.endswith(".")
        assert not re.search(r"[.!?] [A-Z]", words), f"{term}: more than one sentence"
        assert len(words.split()) <= 32, term
    assert textstat.flesch_kincaid_grade(" ".join(TERMS.values())) <= 12
    assert list(TERMS) == sorted(TERMS, key=str.lower)


def test_an_unknown_term_names_the_nearest():
    assert explain(" Bolus ") == TERMS["bolus"]
    with pytest.raises(ValueError, match="a term must be one of bolus.*got 'bollus'"):
        explain("bollus")


def test_the_glossary_searches_in_terms_and_sentences():
    shown = widgets.glossary()
    box, said, terms = shown.children[:3]
    assert all(escape(term) in terms.value for term in TERMS)
    box.value = "clot"
    assert "aPTT" in terms.value
    assert "dosing weight" not in terms.value
    assert f"of {len(TERMS)} terms" in said.value
    box.value = "<xyz>"
    assert "no term contains “&lt;xyz&gt;”" in said.value


# The handout


def pages(tmp_path, files=NOTEBOOKS, run=False):
    return {file.stem: handout.handout(file, run=run) for file in files}


def secrets():
    """Return all texts that explain an answer: feedback of quizzes, explanations of predictions."""
    found = {text for file in NOTEBOOKS for _, _, feedback in quizzes(file) for text in feedback}
    for name in SCENES:
        question = getattr(widgets, name)(predict=True).question
        found |= set(question.answers.values()) if isinstance(question, Question) else {question.too_low, question.too_high}
    return found


def assert_no_answer(page):
    plain = unescape(page)
    assert [text for text in secrets() if text in plain] == []
    assert "right=" not in plain
    assert "too_low" not in plain
    assert "jupyter.widget" not in plain


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_handout_asks_every_question_and_answers_none(file):
    page = handout.handout(file, run=False)
    assert_no_answer(page)
    plain = unescape(page)
    for question, answers, _ in quizzes(file):
        assert question in plain
        for answer in answers:
            assert f"<li>☐ {answer}</li>" in plain
        boxes = [plain.index(f"<li>☐ {answer}</li>") for answer in sorted(answers)]
        assert boxes == sorted(boxes), "the order does not tell"
    assert f"<title>{escape(title_of(read(file)))}</title>" in page
    assert not re.search(r'src="(?!data:)', page), "it is one file"
    assert ".ipynb" not in page
    assert "not for the care of patients" in page


@pytest.mark.slow
def test_the_handout_of_a_run_notebook_has_pictures_and_the_prediction_with_boxes():
    page = handout.handout(ROOT / "notebooks" / "02-why-is-the-half-life-not-a-number.ipynb", run=True)
    assert_no_answer(page)
    assert page.count('src="data:image/png;base64,') >= 5
    assert page.count("What answers the question above is on the screen.") == 5, "pictures that answer stay on the screen"
    assert "Draw the level in the eight hours after 400 U/kg" in page
    assert "In how many does it halve after 400 U/kg?" in page
    assert "<li>☐ for about four hours</li>" in page
    assert "def " not in page


@pytest.mark.slow
@pytest.mark.parametrize("file", [file for file in NOTEBOOKS if file.stem[:2] not in ("02", "07")], ids=lambda file: file.stem)
def test_no_handout_has_an_answer(file):
    assert_no_answer(handout.handout(file, run=True))


@pytest.mark.slow
def test_a_cell_that_fails_is_named(tmp_path):
    book = read(NOTEBOOKS[2])
    book.cells[2].source = "1 / 0"
    book.cells[2].cell_type = "code"
    book.cells[2].outputs, book.cells[2].execution_count = [], None
    nbformat.write(book, tmp_path / "broken.ipynb")
    with pytest.raises(ValueError, match=r"broken.ipynb: a cell failed: ZeroDivisionError: division by zero"):
        handout.handout(tmp_path / "broken.ipynb", run=True)


def test_the_command_writes_what_is_asked_for(capsys, tmp_path):
    assert main(["handout", "--no-run", "--only", "0", "--out", str(tmp_path / "out")]) == 0
    assert sorted(file.stem for file in (tmp_path / "out").iterdir()) == [
        file.stem for file in NOTEBOOKS if file.stem.startswith("0")
    ]
    assert main(["handout", "--no-run", "--only", "x", "--out", str(tmp_path / "none")]) == 2
    last = course.LESSONS[-1].number
    assert f"--only must begin the name of a notebook (00 to {last:02d}); got 'x'" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.browser
@pytest.mark.slow
def test_the_handout_is_printed_as_pdf(monkeypatch, tmp_path):
    monkeypatch.setenv("HEPARIN_PK_CHROMIUM", browser.chromium())
    assert main(["handout", "--pdf", "--no-run", "--only", "06", "--out", str(tmp_path)]) == 0
    (file,) = tmp_path.iterdir()
    assert file.name == "06-does-it-hold.pdf"
    pdf = file.read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") >= 2
    assert b"file:" not in pdf, "no address of this machine"


def test_without_a_browser_pdf_is_refused_in_one_line(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("HEPARIN_PK_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["handout", "--pdf", "--no-run", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip()
    assert "no Chromium, Chrome or Edge was found; without --pdf the handout is HTML" in said
    assert len(said.splitlines()) == 1
    monkeypatch.setenv("HEPARIN_PK_CHROMIUM", "/nowhere/chromium")
    assert main(["handout", "--pdf", "--no-run", "--out", str(tmp_path / "out")]) == 2
    assert "HEPARIN_PK_CHROMIUM names no program: '/nowhere/chromium'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_browser_that_prints_nothing_is_named(tmp_path):
    with pytest.raises(ValueError, match="true printed no PDF"):
        handout.printed("<p>Heparin</p>", shutil.which("true"))


# On your own


@pytest.mark.parametrize("lesson", course.LESSONS[1:], ids=lambda lesson: lesson.stem)
def test_each_notebook_has_a_checked_number_hints_a_started_cell_and_a_solution(lesson):
    cells = read(ROOT / "notebooks" / lesson.file).cells
    tasks = next(i for i, cell in enumerate(cells) if cell.source.startswith("## On your own"))
    own = [cell.source for cell in cells[tasks:] if cell.cell_type == "code" and cell.id.startswith("own")]
    assert any("check_number(" in source for source in own)
    assert any(source.startswith("hint(") for source in own)
    if lesson.number != 6:  # there the started cell is the one of "Test it yourself"
        assert any("check_number(" not in source and not source.startswith("hint(") for source in own)
    link = next(cell.source for cell in cells if cell.id == "solutions")
    solution = ROOT / "notebooks" / re.search(r"\]\((.*?)\)", link)[1]
    book = read(solution)
    assert lesson.question in book.cells[0].source
    assert f"../{lesson.file}" in book.cells[0].source
    assert all(not cell.outputs for cell in book.cells if cell.cell_type == "code")


def test_no_solution_is_in_a_handout():
    said = [
        line for file in (ROOT / "notebooks" / "solutions").glob("*.ipynb") for line in read(file).cells[2].source.splitlines()
    ]
    assert len(said) >= 15
    for file in NOTEBOOKS:
        page = unescape(handout.handout(file, run=False))
        assert "solutions/" not in page
        assert not [line for line in said if line[3:] in page]


def test_the_typed_predictions_know_their_answers():
    from heparin_pk.widgets.predictions import half_life_min, points_lost

    asked = widgets.predict_half_life()
    assert half_life_min(100.0) == pytest.approx(71.0, abs=1.0)
    asked.answer("139", sure=75)
    assert "✓" in asked.said.value
    asked.answer("71", sure=75)
    assert "binding sites are full" in asked.said.value
    with pytest.raises(ValueError, match="got 0"):
        half_life_min(0.0)
    lost = points_lost()
    assert 10.0 < lost < 30.0
    asked = widgets.predict_points_lost()
    asked.answer(f"{lost:.0f}", sure=25)
    assert "✓" in asked.said.value
    assert "a guess" in asked.said.value


def test_the_points_lost_are_computed_beside_the_notebook(monkeypatch):
    """The verdict waits for work in another process; a text that is no number is refused at once."""
    from heparin_pk.widgets import predictions

    known = predictions.points_lost()
    shares = dict(predictions._shares)
    predictions._shares.clear()
    begun = []
    asked = widgets.predict_points_lost()

    def beside(work, loop, is_done, **_):
        begun.append(work.arguments)
        work.take({work.arguments[0]: shares[work.arguments[0]]})
        is_done()

    monkeypatch.setattr("heparin_pk.widgets.questions.beside", beside)

    async def answer():
        asked.answer("many", sure=75)
        assert begun == []
        assert "“many” is not a number" in asked.said.value
        asked.answer(f"{known:.1f}", sure=75)

    asyncio.run(answer())
    assert begun == [("ideal",), ("real",)]
    assert "✓" in asked.said.value
