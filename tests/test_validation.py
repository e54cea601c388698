"""The table of printed values: complete, honest about what it was built from, and every miss explained."""

import json
import math

import pytest

from heparin_pk import Source, published, validation
from heparin_pk.cli import main
from heparin_pk.validation import GROUPS, Claim, Row
from heparin_pk.validation.claims import CLAIMS

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
    """The sets the default was built from may not pose as proof: their papers' rows about it are marked."""
    built_from = {source.citation for source in published.UFH_DEFAULT.built_from}
    about_it = [row for row in ROWS if row.claim.group == "kinetics" and row.claim.model == "UFH_DEFAULT"]
    assert sum(row.claim.used_to_build for row in about_it) >= 6
    for row in about_it:
        if row.claim.source.citation in built_from:
            assert row.claim.used_to_build


def test_a_row_moves_when_the_model_does(monkeypatch):
    """The table asks the model: another default gives other answers."""
    kinetic = [c for c in CLAIMS if c.quantity == "half-life after 70 U/kg"]
    (before,) = validation.rows(kinetic)
    monkeypatch.setattr("heparin_pk.validation.ask.named", lambda _: published.KANDROTAS_1989_UFH)
    (after,) = validation.rows(kinetic)
    assert after.ours > 1.5 * before.ours
    assert before.inside
    assert not after.inside


def test_words_and_json(capsys):
    good, bad = Row(claim=claim(), ours=11.0), Row(claim=claim(quantity="other", why="Because.", used_to_build=True), ours=13.0)
    words = validation.in_words([good, bad])
    assert "inside  q" in words
    assert "OUTSIDE other *" in words
    assert "why: Because." in words
    assert "Rows: 2. Used to build the model or law they test, so no proof (*): 1." in words
    assert validation.score([good, bad])["proving_inside"] == 1
    assert main(["validate", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(ROWS)
    needed = {"quantity", "population", "source", "printed", "ours", "inside", "used_to_build"}
    assert all(needed <= set(row) for row in rows)
    assert [row["ours"] for row in rows] == [row.ours for row in ROWS]


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
