"""How sure learners say to be, what is kept of their answers, and what their calibration shows."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import matplotlib
import pytest

matplotlib.use("Agg")

from heparin_pk import widgets
from heparin_pk.base import files
from heparin_pk.plot.learning import certainty
from heparin_pk.teaching import certainty as said
from heparin_pk.teaching import record as records
from heparin_pk.widgets import own_record
from heparin_pk.widgets.controls import Unfolds

ANSWERS = (["yes", "no", "perhaps"], ["Wrong: yes.", "Right: no.", "Wrong: perhaps."])


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A record in a folder of its own."""
    place = tmp_path / records.FILE_NAME
    monkeypatch.setenv(own_record.PLACE, str(place))
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/03-how-does-the-blood-answer.ipynb")
    monkeypatch.setattr(own_record, "_HERE", [])
    return place


def question(text="Does heparin dissolve a clot?"):
    return widgets.quiz(text, *ANSWERS, right=1)


def made(*answers):
    """Return entries: (question, right, sure)."""
    return [{"kind": "quiz", "question": name, "right": right, "sure": sure} for name, right, sure in answers]


def test_the_scale_starts_at_blind_guessing():
    for k in (2, 3, 4, 5):
        chances = [percent for _, percent in said.scale(k)]
        assert chances[0] == round(100 / k)
        assert chances == sorted(set(chances))
        assert all(any(low <= percent < high for low, high, _ in said.BANDS) for percent in chances)
        words = [next(word for low, high, word in said.BANDS if low <= percent < high) for percent in chances]
        assert words == ["a guess", "fairly sure", "certain"]
    assert said.scale(None)[0][1] == said.NO_OPTIONS_PERCENT
    with pytest.raises(ValueError, match="at least two; got 1"):
        said.scale(1)


def test_every_chance_and_outcome_is_told_something_of_its_own():
    told = {said.in_words(percent, is_right=right) for percent in (33, 75, 95) for right in (True, False)}
    assert len(told) == 6
    assert "of twenty such answers about 19" in said.in_words(95, is_right=False)
    assert "about 15" in said.in_words(75, is_right=True)


def test_an_answer_needs_a_certainty_and_is_kept_with_it(file):
    asked = question()
    asked.answer()
    assert "Choose an answer first" in asked.said.value
    asked.answer(0)
    assert "how sure you are" in asked.said.value
    assert "Wrong" not in asked.said.value
    assert not file.exists()
    asked.answer(sure=95)
    assert "Not yet." in asked.said.value
    assert "Wrong: yes." in asked.said.value
    assert "of twenty such answers about 19" in asked.said.value
    asked.answer(1)
    assert "Right: no." in asked.said.value
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(entry["answer"], entry["right"], entry["sure"]) for entry in kept] == [("yes", False, 95), ("no", True, 95)]
    assert {entry["question"] for entry in kept} == {"does-heparin-dissolve-a-clot"}
    assert {entry["notebook"] for entry in kept} == {"03-how-does-the-blood-answer"}
    assert records.first_answers(kept) == kept[:1], "the first answer counts, all are kept"


def test_another_choice_takes_the_old_verdict_away(file):
    asked = question()
    asked.answer(0, sure=75)
    assert "Not yet" in asked.said.value
    asked.choice.value = 1
    assert "Not yet" not in asked.said.value
    assert "Right" not in asked.said.value


def test_a_prediction_before_a_picture_is_kept(file):
    scene = widgets.half_life()
    scene.answer("it shrinks", 75)
    scene.answer("it grows", 95)
    kept = records.read(file)
    assert [(entry["kind"], entry["answer"], entry["right"]) for entry in kept] == [
        ("prediction", "it shrinks", False),
        ("prediction", "it grows", True),
    ]


def test_nothing_is_written_outside_a_notebook(tmp_path, monkeypatch):
    monkeypatch.delenv(own_record.PLACE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own_record, "_HERE", [])
    assert own_record.place() is None
    question().answer(1, sure=75)
    assert list(tmp_path.iterdir()) == []
    assert len(own_record.entries()[0]) == 1


def test_in_a_notebook_the_record_lies_in_the_folder_of_the_course(tmp_path, monkeypatch):
    monkeypatch.delenv(own_record.PLACE, raising=False)
    monkeypatch.setattr(own_record, "get_ipython", type("Shell", (), {"kernel": None}))
    book = tmp_path / "heparin_pk_course_book" / "notebooks"
    book.mkdir(parents=True)
    monkeypatch.chdir(book)
    assert own_record.place() == book.parent / records.FILE_NAME
    monkeypatch.chdir(tmp_path)
    assert own_record.place() == tmp_path / records.FILE_NAME
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    assert own_record.place() is None, "in a lecture many hands may answer"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{not json", "line 2: is not JSON"),
        ("[1, 2]", "line 2: an entry must be"),
        ('{"kind": ""}', "line 2: kind"),
        ('{"kind": "quiz", "right": "yes"}', "line 2: right must be"),
        ('{"kind": "quiz", "sure": 120}', "line 2: sure must lie between 0 and 100"),
        ('{"kind": "quiz", "sure": NaN}', "line 2: sure must lie between 0 and 100"),
        ("[" * 100_000, "line 2: is not JSON"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_set_aside(file, line, why):
    content = '{"kind": "quiz", "question": "a", "right": true, "sure": 75}\n' + line + "\n"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(why)) as error:
        records.read(file)
    assert str(file) in str(error.value)
    asked = question()
    asked.answer(1, sure=75)
    assert "line 2" in asked.said.value
    aside = file.with_name("heparin_pk_progress.unreadable-1.jsonl")
    assert aside.name in asked.said.value
    assert aside.read_text(encoding="utf-8") == content, "it stays as it was"
    assert len(records.read(file)) == 1
    file.write_text(line + "\n", encoding="utf-8")
    widgets.progress()
    assert aside.read_text(encoding="utf-8") == content
    assert file.with_name("heparin_pk_progress.unreadable-2.jsonl").exists()


def test_an_answer_that_cannot_be_written_is_kept_for_the_session(file, monkeypatch, tmp_path):
    monkeypatch.setenv(own_record.PLACE, str(tmp_path / "nowhere" / "record.jsonl"))
    asked = question()
    asked.answer(1, sure=75)
    assert "Right" in asked.said.value
    assert "kept until the notebook is closed" in asked.said.value
    assert len(own_record.entries()[0]) == 1


WRITE = """
import sys
from heparin_pk.teaching import record
name, file = sys.argv[1:]
sys.stdin.readline()
for i in range(60):
    record.append(file, {"kind": "quiz", "question": f"{name}-{i}", "right": True, "sure": 75})
"""


def test_two_notebooks_may_write_at_once_and_nothing_is_lost(file):
    """Two processes read and write the whole file in turn; without a lock each would write over what the other has added."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, name, str(file)], stdin=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdin.close()
    kept = [entry["question"] for entry in records.read(file)]
    assert len(kept) == 120
    for name in ("one", "two"):
        mine = [question for question in kept if question.startswith(name)]
        assert mine == [f"{name}-{i}" for i in range(60)], "each in its order"


def test_a_record_that_another_program_keeps_is_not_waited_for_without_end(file, monkeypatch):
    monkeypatch.setattr(files, "_WAIT_FOR_OTHERS_S", 0.1)
    with files.alone(file):
        asked = question()
        asked.answer(1, sure=75)
    assert "another program keeps it" in asked.said.value
    assert "kept until the notebook is closed" in asked.said.value
    assert not file.exists()
    asked.answer(1, sure=75)
    assert len(records.read(file)) == 1, "afterwards it can be written again"
    assert len(own_record.entries()[0]) == 2


@pytest.mark.parametrize(
    "entry",
    [None, [], {}, {"kind": 1}, {"kind": "quiz", "sure": True}, {"kind": "quiz", "x": float("inf")}, {"kind": "x", "y": {1}}],
)
def test_what_no_record_can_hold_is_refused(file, entry):
    with pytest.raises(ValueError, match="must|hold"):
        widgets.record(entry)
    assert not file.exists()


def test_days_are_kept_as_they_come(file):
    widgets.record({"kind": "bedside", "patient": "Mrs Ü", "time_in_range": 0.8})
    (day,) = records.read(file)
    assert day["patient"] == "Mrs Ü"
    assert day["at"]
    assert records.first_answers([day]) == []


def test_the_calibration_by_hand():
    """Ten answers: of four guesses one is right, of three fairly sure two, of three certain ones all."""
    answers = [("g1", True, 33), ("g2", False, 33), ("g3", False, 50), ("g4", False, 33)]
    answers += [("f1", True, 75), ("f2", True, 75), ("f3", False, 70), ("c1", True, 95), ("c2", True, 95), ("c3", True, 90)]
    entries = made(*answers, ("g1", False, 95), ("f3", True, 95))  # second answers count for nothing
    found = records.calibration(entries)
    assert [(one.word, one.n, one.right) for one in found] == [("a guess", 4, 1), ("fairly sure", 3, 2), ("certain", 3, 3)]
    assert found[0].said_percent == pytest.approx((33 * 3 + 50) / 4)
    words = records.calibration_in_words(found)
    assert "10 first answers: you said 65 % on average, and 60 % were right." in words
    assert "go together" in words
    few = records.calibration_in_words(found[:1])
    assert "fewer than 10 answers nothing follows" in few
    sure = records.calibration(made(*((f"q{i}", i < 5, 95) for i in range(10))))
    assert "You were surer than you were right." in records.calibration_in_words(sure)
    modest = records.calibration(made(*((f"q{i}", True, 33) for i in range(10))))
    assert "You knew more than you trusted yourself to." in records.calibration_in_words(modest)
    assert records.calibration_in_words([]) == "No answer with a certainty yet."


def test_an_answer_without_certainty_counts_for_the_score_alone():
    entries = made(("a", True, None), ("b", False, 75))
    assert len(records.first_answers(entries)) == 2
    assert sum(one.n for one in records.calibration(entries)) == 1


def test_the_picture_of_the_calibration_has_its_points_and_the_diagonal():
    found = records.calibration(made(("a", True, 33), ("b", False, 33), ("c", True, 95)))
    ax = certainty(found)
    lines = [tuple(map(tuple, line.get_xydata())) for line in ax.lines]
    assert ((0.0, 0.0), (100.0, 100.0)) in lines
    assert ((33.0, 50.0),) in lines
    assert ((95.0, 100.0),) in lines
    said_there = " ".join(text.get_text() for text in ax.texts)
    assert "1 of 2 right" in said_there
    assert "1 of 1 right" in said_there
    matplotlib.pyplot.close(ax.figure)


def test_the_widget_shows_exports_and_deletes(file):
    question().answer(1, sure=95)
    question("Is the aPTT a level?").answer(0, sure=33)
    widgets.record({"kind": "bedside", "patient": "one"})
    mine = widgets.progress()
    assert "How does the blood answer?" in mine.table.value
    assert "1 of 2" in mine.table.value
    assert "<img alt=" in mine.picture.value
    assert mine.words in mine.picture.value
    assert "3 answers and days" in mine.said.value
    mine.as_json.click()
    exported = json.loads((file.parent / own_record.EXPORTS["json"]).read_text(encoding="utf-8"))
    assert exported == records.read(file)
    mine.as_csv.click()
    with (file.parent / own_record.EXPORTS["csv"]).open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["right"] for row in rows] == ["True", "False", ""]
    assert json.loads(rows[2]["more"]) == {"patient": "one"}
    mine.reset.click()
    assert file.exists(), "a question comes first"
    mine.keep.click()
    assert file.exists()
    mine.reset.click()
    assert "Delete all 3 entries?" in mine._question.value
    mine.really.click()
    assert not file.exists()
    assert "deleted" in mine.said.value
    assert "<img" not in mine.picture.value


def test_the_table_counts_first_answers_and_keeps_predictions_apart(file):
    asked = question()
    asked.answer(0, sure=95)
    asked.answer(1, sure=95)  # practice
    for name, is_right in (("p", True), ("q", False)):
        widgets.record({"kind": "prediction", "question": name, "answer": "x", "right": is_right, "sure": 33})
    widgets.record({"kind": "bedside", "patient": "one"})
    (row,) = (row for row in widgets.progress().table.value.split("<tr>") if "How does the blood answer?" in row)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert re.fullmatch(r"1( of \d+)?", cells[0]), "one question, however often it was answered"
    assert cells[1:] == ["2", "1 of 3", "1"], "two predictions, one of three right at once, one day"


def test_deleting_the_record_deletes_what_only_the_session_keeps(file, monkeypatch, tmp_path):
    monkeypatch.setenv(own_record.PLACE, str(tmp_path / "nowhere" / "record.jsonl"))
    question().answer(1, sure=75)
    monkeypatch.setenv(own_record.PLACE, str(file))
    mine = widgets.progress()
    assert "1 answers and days" in mine.said.value
    mine.reset.click()
    mine.really.click()
    assert own_record.entries() == ([], "")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system has no time zone that a program can choose")
def test_an_entry_has_the_time_of_greenwich(file, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        question().answer(1, sure=75)
    finally:
        monkeypatch.undo()
        time.tzset()
    at = datetime.fromisoformat(records.read(file)[0]["at"])
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)


def test_a_spreadsheet_calculates_nothing_of_a_record(file):
    (line,) = list(csv.reader(records.as_csv([{"kind": "number", "question": "a", "answer": "=1+1"}]).splitlines()))[1:]
    assert "'=1+1" in line
    assert "=1+1" not in line


def test_the_order_of_the_answers_is_the_same_in_every_kernel():
    """Python gives texts another hash in each process: the order must not follow it."""
    code = (
        "from heparin_pk.widgets import quiz\n"
        "print([[one for one, _ in quiz(f'Question {i}?', list('abcd'), list('wxyz'), 0).choice.options] for i in range(9)])"
    )
    orders = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(orders) == 1
    assert len(set(map(str, json.loads(orders.pop().replace("'", '"'))))) > 4, "and another one for most questions"


def test_an_export_needs_a_known_form_and_a_folder(file, tmp_path):
    with pytest.raises(ValueError, match="form must be one of json, csv; got 'xml'"):
        widgets.progress_export("xml")
    with pytest.raises(ValueError, match="cannot be written"):
        widgets.progress_export(folder=tmp_path / "nowhere")
    assert json.loads(widgets.progress_export().read_text(encoding="utf-8")) == []


# Numbers


@pytest.mark.parametrize(("typed", "number"), [("12", 12.0), (" 0,5 ", 0.5), ("-3.25", -3.25), ("+7", 7.0), ("\u22121", -1.0)])
def test_a_number_may_have_a_decimal_comma(typed, number):
    from heparin_pk.widgets.questions import read_number

    assert read_number(typed) == number


@pytest.mark.parametrize("typed", ["", "  ", "twelve", "1e9", "12 h", "1.234,5", "１２", "nan", "inf", "--3", "1,2,3", "5."])
def test_what_is_no_number_gets_a_sentence(file, typed):
    asked = widgets.check_number("How long does it last?", 12.0, unit="h")
    asked.answer(typed, sure=75)
    assert re.search("Type a number first|is not a number: write it in digits", asked.said.value)
    assert not file.exists()


def test_an_answer_that_is_refused_opens_nothing_and_is_not_kept(file):
    """A picture that waits for the answer goes on waiting, whether the text or its verdict is refused."""

    def refuses():
        raise ValueError("There is no such number.")

    for asked, typed in (
        (widgets.check_number("How long?", 12.0), "abc"),
        (widgets.check_number("How?", refuses, tolerance=1.0), "5"),
    ):
        waiting = widgets.after(asked).saying("It is twelve.")
        asked.answer(typed, sure=75)
        assert "number" in asked.said.value
        assert not waiting.is_shown
        assert not asked.ask.is_answered
    assert not file.exists()


def test_no_number_is_computed_for_an_answer_that_cannot_be_read():
    """Where the right number comes from work beside the notebook, a text that is none is refused before."""
    begun = []
    asked = widgets.check_number("How much?", lambda: 1.0, tolerance=1.0, work=lambda: begun.append("work"))
    asked.answer("abc", sure=75)
    assert "is not a number" in asked.said.value
    assert begun == []


def test_a_number_is_right_within_its_tolerance_and_told_on_which_side_it_is(file):
    asked = widgets.check_number(
        "How long does it last?", 12.0, unit="h", tolerance=1.5, near="Well done.", too_low="Longer.", too_high="Shorter."
    )
    assert "a number in h; up to 1.5 h off counts as right" in asked.question.form
    for typed, told in (("13,5", "Well done."), ("10.5", "Well done."), ("10.4", "Longer."), ("13.6", "Shorter.")):
        asked.answer(typed, sure=75)
        assert told in asked.said.value, typed
        assert "it is <b>12 h</b>" in asked.said.value
    assert [entry["right"] for entry in records.read(file)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"answer": float("nan")}, "answer must lie between"),
        ({"answer": 1.0, "tolerance": 0.0}, "tolerance must lie between"),
        ({"answer": 0.0}, "tolerance must lie between"),
        ({"answer": lambda: 1.0}, "tolerance must be a number above 0 where the answer is computed later; got None"),
    ],
)
def test_a_check_of_a_number_needs_an_answer_and_a_tolerance(arguments, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        widgets.check_number("How much?", **arguments)
    with pytest.raises(ValueError, match="text must be"):
        widgets.check_number(" ", 1.0)


def test_a_hint_unfolds_and_shows_code():
    unfolds = widgets.hint("Use `Stop(time_h=12)` & look < there")
    box = unfolds.children[1]
    assert box.layout.display == "none"
    unfolds.button.value = True
    assert box.layout.display is None
    assert "<code>Stop(time_h=12)</code> &amp; look &lt; there" in box.children[0].value


def test_what_is_shown_of_the_record_follows_the_answers(file):
    shown = widgets.progress()
    before = shown.table.value
    widgets.quiz("Does heparin dissolve clots?", ["yes", "no"], ["No.", "Right."], right=1).answer(1, sure=75)
    assert shown.table.value != before


# What a cell may be given


@pytest.mark.parametrize("wrong", [None, -1, 1e9, True, float("nan"), "0,5", "", "abc", "🙂", []], ids=repr)
def test_a_wrong_argument_of_a_cell_gives_a_sentence(wrong):
    """No text where one belongs, an answer that is not offered: the name of the argument stands in the message."""
    calls = {
        "answer": lambda: question().answer(wrong, sure=75),
        "sure": lambda: question().answer(1, sure=wrong),
        "answer of a prediction": lambda: widgets.half_life().answer(wrong, 75),
        "answers": lambda: widgets.quiz("Which?", wrong, ["x", "y"], 0),
        "feedback": lambda: widgets.quiz("Which?", ["a", "b"], wrong, 0),
        "right": lambda: widgets.quiz("Which?", ["a", "b"], ["x", "y"], wrong),
        "levels": lambda: widgets.predict_decay().draw(wrong),
        "digits": lambda: widgets.check_number("How much?", 1.0, digits=wrong),
    }
    if not isinstance(wrong, str):
        calls |= {
            "question": lambda: widgets.quiz(wrong, ["a", "b"], ["x", "y"], 0),
            "one of the answers": lambda: widgets.quiz("Which?", ["a", wrong], ["x", "y"], 0),
            "one of the feedback": lambda: widgets.quiz("Which?", ["a", "b"], ["x", wrong], 0),
            "unit": lambda: widgets.check_number("How much?", 1.0, unit=wrong),
            "answer of a number": lambda: widgets.check_number("How much?", 1.0).answer(wrong, sure=75),
            "words": lambda: widgets.hint(wrong),
            "what": lambda: Unfolds(wrong, "Hint"),
            "words of a button": lambda: Unfolds("Look there.", wrong),
        }
    if wrong is None:  # "what is chosen": a sentence says that nothing is
        for name in ("answer", "sure", "answer of a prediction", "answer of a number"):
            del calls[name]
    for call in calls.values():
        with pytest.raises(ValueError, match=r"must|needs"):
            call()
