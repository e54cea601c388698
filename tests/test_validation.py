"""The table of printed values: it is complete, marks the rows that built a model, and explains every miss."""

import itertools
import json
import math
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from heparin_pk import Nomogram, Source, Trial, plot, published, validation
from heparin_pk.cli import main
from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.evidence.validation.claims import CLAIMS
from heparin_pk.evidence.validation.claims.common import mean_interval, wilson_interval
from heparin_pk.evidence.validation.edition import CHANGED_TOLERANCES, LEFT, NOT_ASKED, REASONS_TO_LEAVE, RENAMED, Left
from heparin_pk.published.drug import OutsideValidityDomain
from heparin_pk.trials.hospital import REAL_WARD, THROMBOSIS_WARD

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
def test_every_miss_has_a_tested_cause_or_is_unexplained(row):
    """A cause is tested by taking it away: then our value must lie inside."""
    assert math.isfinite(row.ours)
    claim = row.claim
    assert bool(row.why) == (not row.inside), f"ours {row.ours:.4g}"
    if row.why not in ("", "unexplained"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)  # as for the rows themselves
            assert claim.low <= claim.tested() <= claim.high
    in_view = claim.source.key in ("Prucnal_2020", "Ting_2018")  # when a size was chosen: nothing was fitted
    if claim.used_to_build and not in_view:
        assert row.inside  # what a model was fitted to, it should meet


def test_each_printed_number_counts_once():
    """Rows that ask for the same number of the same paper name the one row that counts; only two numbers are alike by chance."""
    by_quantity = {row.claim.quantity: row.claim for row in ROWS}
    assert len(by_quantity) == len(ROWS)
    for claim in by_quantity.values():
        if claim.asks_again:
            counts = by_quantity[claim.asks_again]
            assert not counts.asks_again
            assert (counts.source.citation, counts.printed, counts.unit) == (claim.source.citation, claim.printed, claim.unit)
    counting = [claim for claim in by_quantity.values() if claim.proves]
    alike = [
        {one.quantity, other.quantity}
        for one, other in itertools.combinations(counting, 2)
        if (one.source.citation, one.printed, one.unit) == (other.source.citation, other.printed, other.unit)
    ]
    assert alike == [{"median aPTT at 24 h, fixed doses", "median aPTT at 48 h, fixed doses"}]
    assert validation.score(ROWS)["proving"] == len(counting)


def test_a_set_asked_for_its_own_paper_proves_nothing():
    jia = published.JIA_2015_UFH
    paper = next(parameter.value.source for parameter in jia.parameters if parameter.value.source.key == "Jia_2015")
    own, other = claim(source=paper, model="JIA_2015_UFH, a man"), claim(model="JIA_2015_UFH, a man")
    assert own.own_paper
    assert not other.own_paper
    assert not claim(source=paper, model="JIA_2015_UFH", used_to_build=True).own_paper  # marked as built already
    numbers = validation.score([Row(claim=own, ours=11.0), Row(claim=other, ours=11.0)])
    assert (numbers["own_paper"], numbers["proving"], numbers["proving_inside"]) == (1, 1, 1)
    for row in ROWS:  # the rule again, from the parameters: a set of one study and a number of that study
        name = row.claim.model.split(",")[0]
        if name not in {drug.name for drug in published.ALL} or row.claim.used_to_build:
            continue
        used = [parameter.value.source for parameter in published.named(name).parameters]
        if all(source.key != "DERIVED" for source in used) and row.claim.source.citation in {one.citation for one in used}:
            assert row.claim.own_paper
            assert not row.claim.proves
            assert row.plain()["own_paper"] is True


def test_the_score_tells_printed_uncertainties_from_tolerances_of_ours():
    again = {"quantity": "again", "asks_again": "q"}
    found = [
        Row(claim=claim(), ours=11.0),
        Row(claim=claim(quantity="r"), ours=13.0),
        Row(claim=claim(quantity="s", uncertainty="tolerance of ours, 20 %"), ours=9.0),
        Row(claim=claim(quantity="t", used_to_build=True), ours=11.0),
        Row(claim=claim(**again), ours=13.0),
    ]
    numbers = validation.score(found)
    assert numbers["rows"] == 5
    assert (numbers["used_to_build"], numbers["own_paper"], numbers["asked_again"]) == (1, 0, 1)
    assert (numbers["proving"], numbers["proving_inside"], numbers["proving_outside"]) == (3, 2, 1)
    assert (numbers["printed"], numbers["printed_inside"], numbers["ours"], numbers["ours_inside"]) == (2, 1, 1, 1)
    assert numbers["inside_wherever_asked"] == 1  # q lies outside where it is asked again
    words = validation.in_words(found)
    assert "Of the other 3, each another printed number, inside: 2 (67 %), outside: 1." in words
    assert "With a printed uncertainty 1 of 2 inside, with a tolerance of ours 1 of 1" in words
    assert "the same printed number counts in: q" in words


def test_at_least_45_proving_rows_keep_a_printed_uncertainty():
    assert validation.score(ROWS)["printed"] >= 45


def test_where_a_paper_does_not_say_sd_or_standard_error_both_readings_are_shown():
    unsaid = [row for row in ROWS if "SD or standard error: not printed" in row.claim.uncertainty]
    assert {row.claim.source.key for row in unsaid} >= {"Sette_1985", "Brancazio_1995"}
    for row in unsaid:
        asked, (_, low, high) = row.claim, row.claim.other_reading
        half = asked.high - asked.printed
        assert asked.low == pytest.approx(asked.printed - half)
        assert (low, high) == pytest.approx((asked.printed - 2 * half, asked.printed + 2 * half))
        assert row.inside_by_other_reading == (low <= row.ours <= high)
    for row in ROWS:
        if row.claim.source.key in {"Sette_1985", "Brancazio_1995"} and row.claim.uncertainty != "two reagents":
            assert row.claim.other_reading or row.claim.used_to_build
    words = validation.in_words([Row(claim=claim(other_reading=("twice", 6.0, 14.0), low=9.0, high=11.0), ours=13.0)])
    assert "twice: 6 to 14, inside (shown, does not count)" in words


FIRST = json.loads((Path(__file__).parent / "data" / "validation_first_edition.json").read_text(encoding="utf-8"))


def test_every_row_of_the_first_edition_is_there_or_on_the_list_of_those_that_left():
    now = {row.claim.quantity for row in ROWS}
    gone = {one["quantity"]: one for one in FIRST if RENAMED.get(one["quantity"], one["quantity"]) not in now}
    assert {row.quantity for row in LEFT} == set(gone)
    for row in LEFT:
        assert row.was_inside == gone[row.quantity]["inside"]  # what it said then is not embellished
    for reason in REASONS_TO_LEAVE:  # no reason is a way to lose misses: of each kind at least as many inside rows left
        left = [row.was_inside for row in LEFT if row.reason == reason]
        assert sum(left) >= len(left) / 2
    with pytest.raises(ValueError, match="reason must be one of another device"):
        Left(quantity="q", source=SOURCE, was_inside=False, reason="it misses", words="w")


def test_the_list_of_changed_tolerances_is_the_difference_from_the_first_edition():
    now = {row.claim.quantity: row.claim for row in ROWS}
    differ = {}
    for one in FIRST:
        claim = now.get(RENAMED.get(one["quantity"], one["quantity"]))
        if claim is not None and (claim.low, claim.high) != pytest.approx((one["low"], one["high"]), rel=1e-9):
            differ[claim.quantity] = ((one["low"], one["high"]), (claim.low, claim.high))
    listed = {change.quantity: (change.old, change.new) for change in CHANGED_TOLERANCES}
    assert listed == differ
    for change in CHANGED_TOLERANCES:
        claim = now[change.quantity]
        assert claim.is_printed  # a tolerance changes only toward what is printed
        assert change.source.citation == claim.source.citation
    was_built = {RENAMED.get(one["quantity"], one["quantity"]) for one in FIRST if one["used_to_build"]}
    assert was_built <= {row.claim.quantity for row in ROWS if row.claim.used_to_build}  # a number once used stays used


def test_intervals_by_hand():
    """60 of 62 give 89.0 to 99.1 %; an SD of 26.5 in 255 patients gives a mean +- 3.25."""
    assert wilson_interval(60, 62) == pytest.approx((0.890, 0.991), abs=5e-4)
    assert mean_interval(43.7, 26.5, 255) == pytest.approx((40.45, 46.95), abs=5e-3)


def test_in_range_at_an_hour_is_the_last_result_drawn_by_then():
    """The outcome equals what one reads in each patient's chart; without a result by then a patient is not counted."""
    trial = Trial(population=THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], ward_errors=REAL_WARD, hours=36.0)
    found = trial.run(60, seed=5, progress=False).columns("raschke-1993")
    assert "in_range_at_48_h" not in found
    seen = set()
    for hour in (6, 12, 24, 36):
        for subject in range(60):
            course = trial.course("raschke-1993", subject, seed=5)
            drawn = [lab for lab in course.labs if lab.drawn_h <= hour]
            expected = float(drawn[-1].value in course.target and not drawn[-1].above_ceiling) if drawn else math.nan
            assert found[f"in_range_at_{hour}_h"][subject] == pytest.approx(expected, nan_ok=True)
            if not drawn or drawn[-1].drawn_h <= hour - 6:
                expected = math.nan  # the period of six hours counts only its own results
            assert found[f"period_to_{hour}_h_in_range"][subject] == pytest.approx(expected, nan_ok=True)
            seen.add(str(expected))
    assert seen == {"0.0", "1.0", "nan"}
    truly = found["truly_in_range_at_24_h"]
    course = trial.course("raschke-1993", 0, seed=5)
    assert truly[0] == (course.level_at("aptt_s", 24.0) in course.target)
    assert (truly != found["in_range_at_24_h"]).any()


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
    known = claim(quantity="other", why="Because.", tested=lambda: 9.0, used_to_build=True)
    good, bad = Row(claim=claim(), ours=11.0), Row(claim=known, ours=13.0)
    words = validation.in_words([good, bad])
    assert "inside  q" in words
    assert "OUTSIDE other *" in words
    assert "why: Because." in words
    assert "why: unexplained" in validation.in_words([Row(claim=claim(), ours=13.0)])
    assert "Rows: 2. Used to build the model or effect they test, or in view when a size was chosen, so no proof (*): 1." in words
    assert validation.score([good, bad])["proving_inside"] == 1
    assert main(["validate", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(ROWS)
    needed = {"quantity", "population", "source", "printed", "ours", "inside", "used_to_build", "own_paper"}
    assert all(needed <= set(row) for row in rows)
    assert [row["ours"] for row in rows] == [row.ours for row in ROWS]


def test_one_row_has_no_empty_score_and_no_line_runs_off_the_page():
    only = validation.in_words([Row(claim=claim(used_to_build=True, printed=10 / 3, low=1.0), ours=3.0)])
    assert "Of the other" not in only
    assert "printed 3.333 (1 to 12" in only
    assert max(len(line) for line in validation.in_words(ROWS).splitlines()) <= 112


def test_what_lies_beyond_the_picture_stands_at_its_edge():
    far, near = Row(claim=claim(), ours=69.0), Row(claim=claim(), ours=11.0)
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
    assert f"Of the other {validation.score(ROWS)['proving']}, each" in out  # the score is that of all rows
    assert main(["validate", "--group", "astrology"]) == 2
    assert "no group 'astrology'" in capsys.readouterr().err


def test_what_changed_on_the_command_line(capsys):
    assert main(["validate", "--changes"]) == 0
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 112
    assert all(change.quantity in out for change in (*LEFT, *CHANGED_TOLERANCES))
    assert "0.224 to 0.352, now 0.208 to 0.375" in out
    assert main(["validate", "--changes", "--json"]) == 0
    lists = json.loads(capsys.readouterr().out)
    assert [len(lists[name]) for name in ("left", "changed_tolerances", "not_asked")] == [
        len(LEFT),
        len(CHANGED_TOLERANCES),
        len(NOT_ASKED),
    ]
    assert lists["changed_tolerances"][0]["old"] == list(CHANGED_TOLERANCES[0].old)
    assert main(["validate", "--changes", "--misses"]) == 2
    assert "--changes stands alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"source": "a book"}, "source must be a Source"),
        ({"printed": 13.0}, "printed must lie between 8 and 12; got 13"),
        ({"group": "x"}, "group must be one of kinetics"),
        ({"uncertainty": ""}, "uncertainty must be a text"),
        ({"why": "Because."}, "a cause that was not tested is none"),
    ],
)
def test_a_claim_that_cannot_be(more, message):
    with pytest.raises(ValueError, match=message):
        claim(**more)
