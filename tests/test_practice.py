"""Practice: dated statements kept as data, read with file and line, and looked up again within two years."""

from __future__ import annotations

import json
import re
from datetime import date, datetime

import pytest
from command import run

from heparin_pk import Source, indications, practice
from heparin_pk.teaching.practice import Statement

SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")
GIVEN = {
    "topic": "stroke",
    "text": "Words.",
    "region": "Europe",
    "dated": "2024-02-29",
    "strength": practice.NOT_GRADED,
    "source": SOURCE,
    "checked": date(2026, 11, 27),
}
TABLE = """\
# what is said

[sources.A_2020]
citation = "A 2020"
confidence = "primary"
pmid = "1"

[[statements]]
topic = "stroke"
text = "Words."
region = "Europe"
dated = "2024-02"
strength = "not graded"
source = "A_2020"
where = "Table 1"
checked = 2026-11-27

[[statements]]
topic = "ecmo"
text = "More words."
region = "Europe"
dated = "undated"
strength = "class 1"
source = "A_2020"
where = "Table 2"
confidence = "second-hand"
checked = 2026-11-27
"""


# What is known


def overdue(today):
    """Return a line for each statement that must be looked up again by a day; empty when there is none."""
    return [f"{one.topic}: {one.text[:60]} (checked {one.checked}, {one.source.key})" for one in practice.due(today)]


def test_no_statement_is_older_than_two_years():
    assert overdue(date.today()) == [], "look these up again, correct them, and set their day in heparin_pk/teaching/practice/"


def test_that_test_names_what_is_overdue():
    oldest = min(one.checked for one in practice.statements())
    late = overdue(oldest.replace(year=oldest.year + 5))
    assert len(late) == len(practice.statements()) > 80
    assert any(line.startswith("stroke: ") and "AHA_ASA_2026" in line for line in late)
    assert overdue(oldest) == []


@pytest.mark.parametrize(
    ("checked", "today", "due"),
    [
        (date(2026, 11, 27), date(2028, 11, 27), False),
        (date(2026, 11, 27), date(2028, 11, 28), True),
        (date(2028, 2, 29), date(2030, 2, 28), False),
        (date(2028, 2, 29), date(2030, 3, 1), True),
    ],
)
def test_two_years_to_the_day(checked, today, due):
    assert Statement(**(GIVEN | {"checked": checked})).is_due(today) is due


def test_every_statement_has_its_source_and_words():
    for one in practice.statements():
        assert one.source.where
        assert one.text.endswith((".", "?"))
        assert len(one.text) > 30
        if one.strength == "not found":
            assert "not found" in one.text
            assert "not seen" in one.source.where or "not found" in one.source.where
        assert one.source.cite() in " ".join(str(one).split())
    assert len({one.text for one in practice.statements()}) == len(practice.statements())


def words(topic):
    return " ".join(practice.in_words(topic).split())


def test_what_a_ward_must_not_be_told_wrong():
    assert "not recommended" in practice.about("stroke")[0].text
    assert "level A" in practice.about("stroke")[0].strength
    monitoring = words("hit-monitoring")
    for schedule in ("no platelet counts", "every 2 to 3 days", "at least every other day", "day 0", "last 30 days"):
        assert schedule in monitoring
    treatment = words("hit-treatment")
    for alternative in ("argatroban", "bivalirudin", "danaparoid", "fondaparinux", "direct oral anticoagulant"):
        assert alternative in treatment
    assert "No vitamin K antagonist before the platelets are back" in treatment
    fibrillation = words("atrial-fibrillation")
    for number in ("9.7 to 11.8", "9.7 to 11.0", "1.06-3.59", "76 of 226"):
        assert number in fibrillation
    assert "250-300 s on a HemoTec or 300-350 s on a Hemochron" in words("coronary-intervention")


@pytest.mark.parametrize(
    ("topic", "said"),
    [  # as the abstracts print it
        (
            "anti-xa-assay",
            "above 70 mg/dL of free haemoglobin or 16 mg/dL of bilirubin; at 228 mg/dL of haemoglobin 0.62 U/mL was",
        ),
        ("venous-thromboembolism", "26.3 % of patients were in range at 24 h"),
        (
            "hit-monitoring",
            "obstetric patients too; medical patients, and obstetric patients without surgery, need no routine counts",
        ),
        ("sampling", "7.3 s longer on average, P = 0.07, 66 patients), except from the port of the heparin"),
        ("sampling", "8.1 s longer than the venous one with a standard deviation of 34.6 s (P = 0.047)"),
        ("andexanet", "in 35.7 % of the cases clots formed in the reservoir"),
        ("protamine", "above a ratio of protamine to heparin of 1.3:1"),
        ("time-of-day", "almost 50 % in the aPTT and by 40 % in the factor Xa assay"),
        ("time-of-day", "the aPTT and the anti-Xa were higher at night"),
    ],
)
def test_statements_say_what_their_papers_print(topic, said):
    assert said in words(topic)


def test_what_is_ours_in_a_statement_is_said_to_be():
    (excess,) = (one for one in practice.about("protamine") if one.source.key == "Mochizuki_1998")
    assert "DERIVED" in excess.source.where
    (spiked,) = (one for one in practice.about("anti-xa-assay") if one.source.key == "Khan_2019")
    assert "not children's blood" in spiked.source.where


def test_topics():
    topics = practice.topics()
    assert len(topics) == len(set(topics)) > 30
    for topic in ("lupus-anticoagulant", "fondaparinux", "danaparoid", "neuraxial-puncture", "hyperkalaemia", "osteoporosis",
                  "switching", "safe-use", "before-starting"):  # fmt: skip
        assert all(one.topic == topic for one in practice.about(topic))
    with pytest.raises(ValueError, match=r"no topic 'strok'; there are hit-monitoring.*; did you mean stroke\?"):
        practice.about("strok")
    assert practice.in_words("stroke", "ecmo").count("\n- ") == len(practice.about("stroke")) + len(practice.about("ecmo")) - 1


def test_presets_quote_it():
    for reason in indications.ALL:
        assert reason.practice
        for topic in reason.practice:
            assert practice.in_words(topic) in str(reason)
    with pytest.raises(ValueError, match="no topic 'x'"):
        indications.Indication(name="n", title="t", why="w", orders=(), watch="w", source=SOURCE, practice=("x",))


# What is refused


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"topic": "Stroke"}, "topic must be in small letters and hyphens, such as 'atrial-fibrillation'; got 'Stroke'"),
        ({"topic": "a--b"}, "topic must be in small letters"),
        ({"text": " "}, "text must be a text that is not empty"),
        ({"region": "\x1b[2J"}, "region must be a text without control characters"),
        ({"strength": ""}, "strength must be a text"),
        ({"source": "A 2020"}, "source must be a Source; got 'A 2020'"),
        (
            {"dated": "2025-02-29"},
            "dated must be a date such as '2026-02-19', '2026-02' or '2026', or 'undated'; got '2025-02-29'",
        ),
        ({"dated": "2025-13"}, "dated must be a date"),
        ({"dated": "1066"}, "dated must be a date"),
        ({"dated": "2025-2"}, "dated must be a date"),
        ({"dated": "２０２５"}, "dated must be a date"),
        ({"dated": date(2025, 1, 1)}, "dated must be a text"),
        ({"dated": "2026-12"}, "dated must not lie after checked = 2026-11-27; got '2026-12'"),
        ({"dated": "2027"}, "dated must not lie after checked"),
        ({"checked": "2026-11-27"}, "checked must be a date such as 2026-11-27; got '2026-11-27'"),
        ({"checked": datetime(2026, 11, 27)}, "checked must be a date"),
    ],
)
def test_a_statement_that_cannot_be(more, message):
    with pytest.raises(ValueError) as refused:
        Statement(**(GIVEN | more))
    assert message in str(refused.value)


def test_a_statement_prints_as_the_call_that_makes_it():
    one = Statement(**GIVEN)
    assert eval(repr(one), {"Statement": Statement, "Source": Source, "datetime": __import__("datetime")}) == one
    assert one.in_words() == "- Words. (Europe, 2024-02-29; not graded)"


def test_a_file_is_read(tmp_path):
    (tmp_path / "ours.toml").write_text(TABLE)
    first, second = practice.read(tmp_path / "ours.toml")
    assert (first.topic, first.dated, first.checked) == ("stroke", "2024-02", date(2026, 11, 27))
    assert (first.source.key, first.source.where, first.source.confidence, first.source.pmid) == (
        "A_2020",
        "Table 1",
        "primary",
        "1",
    )
    assert (second.source.where, second.source.confidence, second.strength) == ("Table 2", "second-hand", "class 1")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('topic = "ecmo"', 'topic = "ecmo"\nstrenght = "x"', "line 20: unknown key 'strenght' in statement 2; known are topic"),
        ('topic = "ecmo"', 'strenght = "x"\ntopic = "ecmo"', "(strength?)"),
        ('text = "More words."\n', "", "line 18: statement 2 is missing text"),
        ('where = "Table 2"\n', "", "line 18: statement 2 is missing where"),
        ('dated = "2024-02"', 'dated = "2024-30"', "line 12: statement 1: dated must be a date"),
        ('dated = "2024-02"', "dated = 2024-02-01", "line 12: statement 1: dated must be a text"),
        ('dated = "2024-02"', "dated = 2024-02-30", "is not valid TOML: Invalid date or datetime (at line 12"),
        ("checked = 2026-11-27\n\n[[", 'checked = "today"\n\n[[', "line 16: statement 1: checked must be a date"),
        (
            'source = "A_2020"\nwhere = "Table 2"',
            'source = "B"\nwhere = "Table 2"',
            "line 24: statement 2: no source 'B'; listed are A",
        ),
        ('source = "A_2020"\nwhere = "Table 2"', 'source = []\nwhere = "Table 2"', "line 24: statement 2: no source []"),
        ('confidence = "second-hand"', 'confidence = ""', "line 26: statement 2: confidence must be one of"),
        ('confidence = "primary"', 'confidence = "certain"', "line 5: [sources.A_2020]: confidence must be one of"),
        ('pmid = "1"', 'where = "p. 1"', "line 6: unknown key 'where' in [sources.A_2020]"),
        ('citation = "A 2020"\n', "", "line 3: [sources.A_2020] is missing citation"),
        (
            "[sources.A_2020]",
            '[sources.B]\ncitation = "B"\nconfidence = "primary"\n\n[sources.A_2020]',
            "line 3: no statement uses",
        ),
        ("[[statements]]", "[[statments]]", "unknown key 'statments'; known are sources, statements"),
        ("[sources.A_2020]", "[sources.A_2020", "is not valid TOML"),
        ("# what is said", "# " + "x" * 5000, "a line may have 4000 characters; got 5002"),
        (TABLE, "", "needs [sources.KEY] tables and [[statements]]"),
        (TABLE, "sources = 1\nstatements = [2]", "needs [sources.KEY] tables"),
        (
            TABLE,
            "statements = [2]\n[sources.A]\ncitation='a'\nconfidence='primary'",
            "line 1: statement 1 must be a table of keys; got 2",
        ),
    ],
)
def test_a_file_that_cannot_be_read_names_file_and_line(tmp_path, old, new, message):
    assert old in TABLE
    (tmp_path / "ours.toml").write_text(TABLE.replace(old, new))
    with pytest.raises(ValueError) as refused:
        practice.read(tmp_path / "ours.toml")
    assert re.match(rf"{re.escape(str(tmp_path / 'ours.toml'))}(, line \d+)?: ", str(refused.value))
    assert message in str(refused.value)


def test_no_file_and_a_folder(tmp_path):
    for place, message in ((tmp_path / "none.toml", "cannot be read"), (tmp_path, "is a folder; only files are read")):
        with pytest.raises(ValueError, match=re.escape(message)):
            practice.read(place)


# The command


def test_the_command(capsys):
    code, out, err = run(capsys, "practice")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == list(practice.topics())
    code, out, err = run(capsys, "practice", "stroke")
    assert (code, err) == (0, "")
    for one in practice.about("stroke"):
        assert str(one) in out
    assert out.endswith("not for the care of patients.\n")
    code, out, err = run(capsys, "practice", "strok")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no topic 'strok'" in err
    rows = json.loads(run(capsys, "practice", "--json")[1])
    assert len(rows) == len(practice.statements())
    (first, *_) = json.loads(run(capsys, "practice", "stroke", "--json")[1])
    assert first["topic"] == "stroke"
    assert first["strength"] == "class 3: no benefit, level A"
    assert "1542862" in first["source"]
    assert first["due"] is False


def test_the_command_says_what_is_overdue(capsys, monkeypatch):
    monkeypatch.setattr(Statement, "is_due", lambda self, today=None: self.topic == "ecmo")
    code, out, err = run(capsys, "practice", "ecmo")
    assert (code, err) == (0, "heparin-pk: note: last checked more than 2 years ago: 1 of 1 statements\n")
    assert out
    assert json.loads(run(capsys, "practice", "ecmo", "--json")[1])[0]["due"] is True
    assert run(capsys, "practice", "stroke")[2] == ""


def test_its_help_shows_an_example(capsys):
    code, out, _ = run(capsys, "practice", "--help")
    assert code == 0
    assert "example:  heparin-pk practice hit-monitoring" in out
