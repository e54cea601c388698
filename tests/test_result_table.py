"""Tables of results: as a notebook shows them, as ``print`` shows them, and the tables of the package."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from heparin_pk import (
    Infusion,
    Nomogram,
    OutsideValidityDomain,
    Patient,
    Regimen,
    Trial,
    hospital,
    indications,
    metrics,
    plot,
    practice,
    published,
    simulate,
    titrate,
    validation,
)
from heparin_pk.base.result_table import Link, ResultTable, ResultTables, table
from heparin_pk.plot import tables
from heparin_pk.widgets.warnings_in_words import WarningsInWords, refusal

PATIENT = Patient(weight_kg=75)
UFH = published.UFH_DEFAULT


class Tags(HTMLParser):
    """Collects the tags of a page, and refuses one that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def scopes(self) -> list[str | None]:
        return [attrs.get("scope") for tag, attrs in self.found if tag == "th"]


class TestAsANotebookShowsIt:
    def test_caption_headings_and_row_names_are_marked_for_a_screen_reader(self):
        shown = table("Levels", ("course", "anti-Xa"), [("a", "0.45 U/mL"), ("b", "0.51 U/mL")])
        tags = Tags(shown._repr_html_())
        assert tags.scopes() == ["col", "col", "row", "row"]
        assert [tag for tag, _ in tags.found].count("caption") == 1

    def test_a_text_stays_a_text(self):
        html = table("<b>", ("<i>",), [("<script>",)], note="<u>")._repr_html_()
        assert {tag for tag, _ in Tags(html).found} <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}

    def test_only_an_address_on_the_web_is_a_link(self):
        rows = [(Link("a", "https://example.org/?a=1&b=2"), ""), (Link("b", "javascript:alert(1)"), ""), (Link("c"), "")]
        links = [attrs for tag, attrs in Tags(table("Links", ("x", "y"), rows)._repr_html_()).found if tag == "a"]
        assert [one["href"] for one in links] == ["https://example.org/?a=1&b=2"]

    def test_numbers_end_at_the_right_and_words_begin_at_the_left(self):
        rows = [("a", "0.45 U/mL", "high"), ("b", "> 150 s", "low")]
        html = table("t", ("n", "number", "word"), rows)._repr_html_()
        looks = re.findall(r'<td style="text-align:(\w+)', html)
        assert looks == ["right", "left"] * 2

    def test_a_folded_table_unfolds(self):
        html = table("Misses", ("a",), [("x",)], folded=True)._repr_html_()
        assert Tags(html).found[0][0] == "details"
        assert "<summary" in html


class TestAsText:
    def test_columns_line_up_and_long_cells_go_on_below(self):
        text = str(table("Caption", ("name", "number"), [("a", "1.5 h"), ("long " * 20, "12.5 h")]))
        first, *rows = text.splitlines()
        assert first == "Caption"
        assert len({line.index("h") for line in rows[1:3]}) == 1
        assert max(map(len, rows)) < 80

    def test_several_stand_one_below_the_other(self):
        one = table("One", ("a",), [("x",)])
        assert str(ResultTables((one, one))).count("One") == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"caption": " "}, "caption"),
        ({"headings": ()}, "headings must name a column"),
        ({"rows": (("x", "y"),)}, "a row must have 1 cells"),
    ],
)
def test_what_is_no_table_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        ResultTable(**({"caption": "c", "headings": ("a",), "rows": (("x",),)} | change))


# Tables of the package


def test_half_lives_are_those_of_the_metrics():
    shown = tables.half_lives(UFH, PATIENT, (25, 400))
    found = [60 * metrics.half_life_h(plot.after_bolus(UFH, PATIENT, dose)) for dose in (25, 400)]
    assert [row[1] for row in shown.rows] == [f"{minutes:.0f} min" for minutes in found]


def test_an_aptt_above_the_ceiling_is_no_number():
    """With half of the antithrombin the dose for the anti-Xa gives an aPTT that no laboratory reports in seconds."""
    low = Patient(weight_kg=75, antithrombin_fraction=0.5)
    (row,) = tables.needed(UFH, {"low antithrombin": low}, published.ranges.ANTI_XA_TREATMENT).rows
    assert row[-1] == "> 150 s"
    course = simulate(low, UFH, Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=27.2),)), hours=72)
    assert course.level_at("aptt_s", 72) > 150
    assert tables.levels({"low": course}, ("aptt_s",)).rows == (("low", "> 150 s"),)


def test_levels_at_several_hours_have_a_column_each():
    course = simulate(PATIENT, UFH, Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18),)), hours=24)
    shown = tables.levels({"one": course}, at_h=(6, 24), rate=True, peak=True)
    assert shown.headings == ("course", "anti-Xa at 6 h", "anti-Xa at 24 h", "highest heparin level", "rate at the end")
    assert shown.rows[0][2] == f"{course.level_at('anti_xa_u_per_ml', 24):.2f} U/mL"
    assert shown.rows[0][-1] == "18.0 U/kg/h"


@pytest.mark.parametrize("topic", practice.topics())
def test_a_statement_keeps_its_words_its_place_and_its_strength(topic):
    (shown,) = tables.practice(topic).tables
    assert [row[0] for row in shown.rows] == [one.text for one in practice.about(topic)]
    assert [row[2] for row in shown.rows] == [one.strength for one in practice.about(topic)]


def test_the_list_without_aims_does_not_say_what_is_aimed_at():
    shown = str(tables.indications(indications.ALL, aims=False))
    assert "no level" not in shown
    assert "clotting test" not in shown
    assert len(tables.indications(indications.ALL).rows) == len(indications.ALL)


def test_a_model_without_the_curve_is_refused():
    with pytest.raises(ValueError, match="must have an ACT curve"):
        tables.act((published.KANDROTAS_1989_UFH,), PATIENT)
    with pytest.raises(ValueError, match="must have a straight line"):
        tables.slopes((UFH,))
    with pytest.raises(ValueError, match="must give protamine"):
        tables.protamine(indications.ALL[0], (75,))


def test_a_trial_shows_each_arm_and_the_difference_by_its_readers_name():
    arms = [Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")]
    found = Trial(population=hospital.THROMBOSIS_WARD, arms=arms, hospital=hospital.IDEAL).run(60, seed=3, progress=False)
    shown = tables.trial(found, ("time_in_range_fraction",))
    assert shown.headings == ("outcome", "Raschke 1993", "Durham VA 2009", "Durham VA 2009 minus Raschke 1993")
    delta = found.difference("durham-va-2009", "time_in_range_fraction")
    assert shown.rows[0][-1].startswith(f"{100 * delta.mean:+.1f} points")
    assert "time_in_range_fraction" not in str(shown)
    groups = tables.subgroups(found, ("all", "women"), ("time_in_range_fraction",))
    assert [row[:3] for row in groups.rows][:2] == [("all", "60", "Raschke 1993"), ("all", "60", "Durham VA 2009")]
    measured = tables.shares({"a": found}, ("time_in_range_fraction",), measured=hospital.MEASURED_ON_WARDS)
    assert "43.7% time in range by Rosendaal (Ting 2018)" in measured.note
    assert [row[-1] for row in tables.laboratories(found).rows] == ["yes", "yes"]


def test_the_rows_of_the_validation_are_counted_as_the_score_counts_them():
    rows = validation.rows(group="kinetics")
    score = validation.score(rows)
    counts = dict(row[:2] for row in tables.groups(rows).rows)
    assert counts == {"kinetics": str(score["proving"])}
    assert sum(len(one.rows) for one in tables.misses(rows).tables) == score["proving_outside"]
    assert "_" not in re.sub(r"\S*://\S*", "", str(tables.explained(rows)))


# Warnings


def test_a_warning_is_said_once_and_in_words(capsys):
    others = []
    shown = WarningsInWords(lambda *given: others.append(given[0]))
    for _ in range(2):
        shown(OutsideValidityDomain("Jia 2015 (bypass) was studied with bolus; got infusion"), OutsideValidityDomain, "x.py", 3)
        shown.tell()
    shown(UserWarning("another"), UserWarning, "x.py", 4)
    said = capsys.readouterr().out
    assert said == "Outside what was studied: Jia 2015 (bypass) was studied with bolus; got infusion.\n"
    assert [str(one) for one in others] == ["another"]


def test_outside_a_notebook_warnings_stay_as_they_are():
    assert not isinstance(warnings.showwarning, WarningsInWords)


# Refusals in a notebook


def raised(code, names):
    """Return the error of a cell that runs this code, and its trace."""
    try:
        exec(compile(code, "<a cell>", "exec"), names)
    except Exception as error:
        return error, error.__traceback__.tb_next  # without this test
    raise AssertionError("no error")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Patient(weight_kg='0,5')", "Not possible: weight_kg must be a number between 0.4 and 400; got '0,5'"),
        ("Patient()", "Not possible: Patient missing 1 required keyword-only argument: 'weight_kg'"),
        ("Patient(weight=75)", "Not possible: Patient got an unexpected keyword argument 'weight'"),
        ("plot.course(slow)", "“slow” is not known yet: run the cells above first (Run → Run All Above Selected Cell)."),
        ("1 / 0", ""),
        ("float('x')", ""),
        ("np.zeros(-1)", ""),
        ("plot.course(5)", "Not possible: course must be of type Course; got 5"),
        ("plot.bands('raschke-1993')", "Not possible: nomogram must be of type Nomogram; got 'raschke-1993'"),
        ("plot.trial(None)", "Not possible: outcomes must be of type Outcomes; got None"),
        ("plot.overlay(3)", "Not possible: courses must hold several in a list; got 3"),
        ("tables.chart('x' * 10_000)", "Not possible: course must be of type Course; got 'xxxxxxxxxxxx...xxxxxxxxxxxxx'"),
        ("'x'.course", ""),
        ("len(5)", ""),
    ],
)
def test_a_refusal_in_a_cell_is_a_sentence(code, said):
    names = {"Patient": Patient, "plot": plot, "np": np, "tables": tables}
    assert refusal(*raised(code, names), names) == said


def test_an_error_of_the_package_itself_is_shown_in_full():
    """A refusal comes from a line of the package; what a library below it does not understand is a fault, and is told in full."""
    names = {"call": lambda: np.zeros(-1)}
    assert refusal(*raised("call()", names), names) == ""
    assert refusal(TypeError("missing argument"), None, {}) == ""


@pytest.mark.slow
def test_a_notebook_shows_the_sentence_and_no_traceback():
    sources = ["from heparin_pk import Patient, plot, widgets", "Patient(weight_kg='0,5')", "slow", "1 / 0", "plot.course(5)"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(book, timeout=300, allow_errors=True, kernel_name="python3").execute()
    shown = [cell.outputs[0].traceback for cell in book.cells[1:]]
    assert shown[0] == ["Not possible: weight_kg must be a number between 0.4 and 400; got '0,5'"]
    assert shown[1] == ["“slow” is not known yet: run the cells above first (Run → Run All Above Selected Cell)."]
    assert any("Traceback" in line for line in shown[2])
    assert shown[3] == ["Not possible: course must be of type Course; got 5"]


def test_the_chart_as_a_table_is_the_chart():
    course = titrate(PATIENT, UFH, Nomogram.load("raschke-1993"), hours=24, seed=1)
    shown = tables.chart(course)
    assert shown.rows == course.chart()
    assert "mL/h of a bag with 100 U/mL" in str(shown)
