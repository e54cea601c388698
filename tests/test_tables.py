"""Tables of one's own: lines, separators, decimal marks, numbers, words and missing cells."""

import csv
import io
import random

import pytest

from heparin_pk.base import tables


def read(text):
    return tables.from_text(text, where="t.csv")


def test_a_row_stands_in_the_line_where_it_begins():
    table = read('\n\na,b\n\n1,"x\ny"\n  \n2,z\n')
    assert table.head == "t.csv, line 3"
    assert [table.place(i) for i in range(len(table))] == ["t.csv, line 5", "t.csv, line 8"]
    assert table.columns == {"a": ["1", "2"], "b": ["x\ny", "z"]}


def test_the_lines_are_those_of_the_file_whatever_is_between():
    """Another count: where the cell stands in the text. Blank lines and cells of several lines come at random."""
    luck = random.Random(1)
    for _ in range(200):
        lines = ["a,b"]
        for row in range(8):
            lines += [""] * luck.randrange(3)
            note = "\n".join("abc"[: luck.randrange(1, 4)])
            lines.append(f'row{row},"{note}"')
        text = "\n".join(lines)
        table = read(text)
        for index, cell in enumerate(table.columns["a"]):
            assert table.numbers_of[index] == text[: text.index(cell)].count("\n") + 1


@pytest.mark.parametrize("separator", tables.SEPARATORS)
def test_the_separator_is_the_one_of_the_header(separator):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows([["a", "b"], ["1", "x,;\ty"]])
    assert read(out.getvalue()).columns == {"a": ["1"], "b": ["x,;\ty"]}
    assert read(f"sep={separator}\n{out.getvalue()}").columns == {"a": ["1"], "b": ["x,;\ty"]}
    assert read(f"sep={separator}\n{out.getvalue()}").place(0) == "t.csv, line 3"


@pytest.mark.parametrize(
    ("cell", "meant"), [("72", 72), ("-1.5", -1.5), (" 5. ", 5), (".5", 0.5), ("1e-5", 1e-5), ("+3E2", 300), (7, 7), (True, None),
                        ("7_5", None), ("７５", None), ("٣", None), ("nan", None), ("inf", None), ("-Infinity", None),
                        ("1e999", None), ("0x10", None), ("1 200", None), ("1,5", None), ("", None), ("1.5.2", None),
                        ("1e", None), ("½", None), ("1\x00", None), (10**400, None), (None, None), (1j, None), (b"7", None)]
)  # fmt: skip
def test_a_number_is_ascii_digits(cell, meant):
    if meant is None:
        with pytest.raises(ValueError, match="it must be (a number|finite); got"):
            tables.number("it", cell)
    else:
        assert tables.number("it", cell) == meant


@pytest.mark.parametrize("cell", ["", " ", "NA", "n/a", "NaN", "nan", ".", "-", "<NA>", "None", None, float("nan")])
def test_a_missing_cell_is_missing(cell):
    assert tables.is_missing(cell)
    row = next(tables.from_columns({"a": [cell]}).rows(numeric=()))
    with pytest.raises(ValueError, match="a is missing; got"):
        row.number("a")


@pytest.mark.parametrize("cell", [0, False, "0", "no", "x", "--1", 0.0])
def test_a_cell_with_something_in_it_is_not_missing(cell):
    assert not tables.is_missing(cell)


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["1,5", "2"], [1.5, 2.0]),
        (["1,250", "2,5"], [1.25, 2.5]),
        (["0,125"], [0.125]),
        (["1.250", "2"], [1.25, 2.0]),
        ([",5", "-1,5e3"], [0.5, -1500.0]),
    ],
)
def test_a_decimal_comma_is_understood(cells, meant):
    assert [row.number("a") for row in tables.from_columns({"a": cells}).rows(numeric=("a",))] == meant


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1,250", "2"], "row 0: a must be clear; '1,250' may be 1.250 or 1250"),
        (["1,5", "2.5"], "row 0: a must have one decimal mark in the whole table; got '1,5' here and '2.5' in a of row 1"),
        (["1,250", "2.5"], "one decimal mark"),
    ],
)
def test_a_comma_that_may_mean_two_things_is_refused(cells, message):
    with pytest.raises(ValueError, match=message):
        list(tables.from_columns({"a": cells}).rows(numeric=("a",)))


def test_a_long_field_and_the_limit_of_the_process():
    before = csv.field_size_limit()
    text = "a,b\n1," + "x" * 200_000
    with pytest.raises(ValueError, match=r"t\.csv, line 2: is not a row of a CSV table: field larger than field limit"):
        read(text)
    assert len(tables.from_text(text, where="t.csv", longest_field=10**6).columns["b"][0]) == 200_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1\n", "line 2: must have 2 fields; got 1"),
        ("a,b\n1,2,3\n", "line 2: must have 2 fields; got 3; with a decimal comma"),
        ("a,a\n1,2\n", "line 1: column 'a' stands there twice"),
        ("a, a\n1,2\n", "line 1: column 'a' stands there twice"),
        ("a,,\n1,2,\n", "line 1: column 2 must have a name; got ''"),
        ("a;b,c\n1;2,3\n", "the header must have one separator; got a comma and a semicolon"),
        ('a,b\n1,"2\n', "line 2: is not a row of a CSV table"),
        ('a,b\n1,"2"3\n', "line 2: is not a row of a CSV table"),
    ],
)
def test_a_table_that_is_none_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_words():
    for meaning, spellings in tables.YES_OR_NO_WORDS.items():
        for spelling in spellings:
            assert tables.yes_or_no("it", spelling.upper()) is (meaning == "yes")
    for cell in ("maybe", "", "2", "１", "x", 2, None, "yes no", "nope"):
        with pytest.raises(ValueError, match="it must be yes or no; got"):
            tables.yes_or_no("it", cell)
    assert not set.intersection(*map(set, tables.YES_OR_NO_WORDS.values()))
