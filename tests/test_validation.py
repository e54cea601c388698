"""The table of printed values: it is complete, marks the rows that built a model, and explains every miss."""

import json
import math

import matplotlib.pyplot as plt
import pytest

from heparin_pk import Source, plot, published, validation
from heparin_pk.cli import main
from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.evidence.validation.claims import CLAIMS

ROWS = validation.rows()
SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")


def claim(**more):
    given = {
        "group": "kinetics",
        "quantity": "q",
        "population": "p",
        "source": SOURCE,
        "printed": 10.0,
        "low": 8.0,
        "high": 12.0,
        "unit": "min",
        "uncertainty": "SD",
        "model": "UFH_DEFAULT",
        "ask": lambda: 11.0,
    }
    return Claim(**(given | more))


def test_there_are_at_least_forty_rows_in_every_group():
    assert len(ROWS) >= 40
    assert {row.claim.group for row in ROWS} == set(GROUPS)
    assert len({(row.claim.quantity, row.claim.population, row.claim.model) for row in ROWS}) == len(ROWS)
    assert validation.score(ROWS)["proving"] >= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.claim.group}: {row.claim.quantity}")
def test_every_miss_says_why_and_nothing_else_does(row):
    assert math.isfinite(row.ours)
    assert bool(row.claim.why) == (not row.inside), f"ours {row.ours:.4g}"
    if row.claim.used_to_build:
        assert row.inside  # what a model was fitted to, it should meet


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.claim.group}: {row.claim.quantity}")
def test_every_row_names_a_model_there_is(row):
    first = row.claim.model.split(",")[0]
    assert first in {"reagents", "population"} or published.named(first)
    assert row.claim.source.where


def test_what_was_fitted_is_marked():
    """Rows from the papers the default was built from are no proof of it: they are marked."""
    built_from = {source.citation for source in published.UFH_DEFAULT.built_from}
    about_it = [row for row in ROWS if row.claim.group == "kinetics" and row.claim.model == "UFH_DEFAULT"]
    assert sum(row.claim.used_to_build for row in about_it) >= 6
    for row in about_it:
        if row.claim.source.citation in built_from:
            assert row.claim.used_to_build


def test_a_row_moves_when_the_model_does(monkeypatch):
    """The table asks the model: another default gives other values."""
    kinetic = [c for c in CLAIMS if c.quantity == "half-life after 70 U/kg"]
    (before,) = validation.rows(kinetic)
    monkeypatch.setattr("heparin_pk.evidence.validation.ask.named", lambda _: published.KANDROTAS_1989_UFH)
    (after,) = validation.rows(kinetic)
    assert after.ours > 1.5 * before.ours
    assert before.inside
    assert not after.inside


@pytest.mark.slow
def test_words_and_json(capsys):
    good, bad = Row(claim=claim(), ours=11.0), Row(claim=claim(quantity="other", why="Because.", used_to_build=True), ours=13.0)
    words = validation.in_words([good, bad])
    assert "inside  q" in words
    assert "OUTSIDE other *" in words
    assert "why: Because." in words
    assert "Rows: 2. Used to build the model or effect they test, so no proof (*): 1." in words
    assert validation.score([good, bad])["proving_inside"] == 1
    assert main(["validate", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(ROWS)
    needed = {"quantity", "population", "source", "printed", "ours", "inside", "used_to_build"}
    assert all(needed <= set(row) for row in rows)
    assert [row["ours"] for row in rows] == [row.ours for row in ROWS]


def test_one_row_has_no_empty_score_and_no_line_runs_off_the_page():
    only = validation.in_words([Row(claim=claim(used_to_build=True, printed=10 / 3, low=1.0), ours=3.0)])
    assert "Of the other" not in only
    assert "printed 3.333 (1 to 12" in only
    assert max(len(line) for line in validation.in_words(ROWS).splitlines()) <= 112


def test_what_lies_beyond_the_picture_stands_at_its_edge():
    far, near = Row(claim=claim(why="Because."), ours=69.0), Row(claim=claim(), ours=11.0)
    ax = plot.validation([far, near])
    edge = [line for line in ax.get_lines() if line.get_marker() == ">"]
    assert [line.get_xdata()[0] for line in edge] == [ax.get_xlim()[1]]
    assert [text.get_text() for text in ax.texts] == ["6.9"]
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ["inside what was printed", "outside"]
    built = plot.validation([Row(claim=claim(used_to_build=True), ours=11.0)])
    assert "proves nothing" in built.figure.legends[0].get_texts()[-1].get_text()
    plt.close("all")


@pytest.mark.slow
def test_on_the_command_line(capsys, tmp_path):
    picture = tmp_path / "rows.png"
    assert main(["validate", "--group", "kinetics", "--figure", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "half-life after 70 U/kg *" in out
    assert "RESPONSE" not in out
    assert picture.stat().st_size > 20_000
    assert main(["validate", "--misses"]) == 0
    out = capsys.readouterr().out
    assert "inside  " not in out.split("Rows:")[0]
    assert main(["validate", "--group", "astrology"]) == 2
    assert "no group 'astrology'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"source": "a book"}, "source must be a Source"),
        ({"printed": 13.0}, "printed must lie between 8 and 12; got 13"),
        ({"group": "x"}, "group must be one of kinetics"),
        ({"uncertainty": ""}, "uncertainty must be a text"),
    ],
)
def test_a_claim_that_cannot_be(more, message):
    with pytest.raises(ValueError, match=message):
        claim(**more)
