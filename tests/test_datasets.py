"""Charted courses: each one loads and replays; an error in a user's file names the file and the line."""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Hold,
    Infusion,
    Patient,
    Protamine,
    Regimen,
    Stop,
    Subcutaneous,
    datasets,
    metrics,
    published,
    simulate,
)

HEADER = "t_h,t_end_h,event,value,unit,weight_kg\n"
GOOD = HEADER + "-1,-1,ptt,31,s,70\n0,12,infusion,1000,U/h,70\n6,6,ptt,62.5,s,70\n8,8,bolus,3000,U,70\n12,12,ptt,150,s,70\n"


@pytest.mark.parametrize("course_id", datasets.icu_course_ids())
def test_every_course_loads_replays_and_says_what_is_wrong_with_it(course_id):
    chart = datasets.load_icu_course(course_id)
    course = datasets.replay(chart, published.UFH_DEFAULT)
    assert np.isfinite(course.states).all()
    assert (course.states >= 0).all()
    assert course_id in chart.in_words()
    assert all(flaw in chart.in_words() for flaw in chart.flaws)
    rows = metrics.prediction_errors(course, chart.labs)
    assert len(rows) == len(chart.labs)
    for row in rows:
        assert ("error_percent" in row) is not row["above_ceiling"]


def test_there_are_fifteen_and_the_first_is_as_charted():
    assert len(datasets.icu_course_ids()) == 15
    chart = datasets.load_icu_course("M3D-001")
    assert chart.patient.weight_kg == 95.0
    assert chart.patient.baseline_aptt_s == 30.4
    assert chart.regimen.orders == (
        Infusion(time_h=0, rate_u_per_h=800),
        Infusion(time_h=8, rate_u_per_h=900),
        Infusion(time_h=12.75, rate_u_per_h=1000),
        Stop(time_h=33),
    )
    assert [(lab.drawn_h, lab.value) for lab in chart.labs] == [(5.267, 40.4), (10.333, 44.0)]
    assert any("boluses were not charted" in flaw for flaw in chart.flaws)


def test_the_heparin_given_is_the_heparin_charted():
    for course_id in datasets.icu_course_ids():
        chart = datasets.load_icu_course(course_id)
        rows = csv.DictReader(resources.files("heparin_pk.evidence").joinpath("data/icu/events.csv").open(encoding="utf-8"))
        charted = sum(
            float(row["value"]) * ((float(row["t_end_h"]) - float(row["t_h"])) if row["event"] == "infusion" else 1.0)
            for row in rows
            if row["course_id"] == course_id and row["event"] in ("infusion", "bolus")
        )
        course = datasets.replay(chart, published.UFH_DEFAULT)
        assert metrics.heparin_given_u(course) == pytest.approx(charted, rel=1e-6), course_id


def test_results_at_the_ceiling_are_never_numbers():
    chart = datasets.load_icu_course("M3D-011")
    above = [lab for lab in chart.labs if lab.value >= 150]
    assert above
    assert all(lab.in_words() == "aPTT > 150 s" for lab in above)


def test_the_typical_model_misfits_and_says_so():
    chart = datasets.load_icu_course("M3D-027")
    for reagent, sign in ((published.reagents.GUIDELINE, -1), (None, 1)):  # which reagent it was, the chart does not say
        rows = metrics.prediction_errors(datasets.replay(chart, published.UFH_DEFAULT, reagent=reagent), chart.labs)
        bias, inaccuracy = metrics.bias_and_inaccuracy_percent(rows)
        assert sign * bias > 5
        assert inaccuracy > 5


def test_a_file_of_ones_own(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(GOOD)
    chart = datasets.read_icu_csv(file)
    assert chart.course_id == "mine"
    assert chart.patient.weight_kg == 70
    assert chart.patient.baseline_aptt_s == 31
    assert chart.regimen.orders[1] == Bolus(time_h=8, dose_u=3000)
    assert chart.labs[-1].above_ceiling
    assert datasets.read_icu_csv(file, weight_kg=80).patient.weight_kg == 80


BAD = {
    "missing column": (GOOD.replace("value,", "dose,", 1), "line 1: missing column value"),
    "no weight": (GOOD.replace(",weight_kg", "").replace(",70\n", "\n"), "no weight was charted"),
    "text": (GOOD.replace("1000", "much"), "line 3: value must be a number; got 'much'"),
    "nan": (GOOD.replace("62.5", "nan"), "line 4: value is missing; got 'nan'"),
    "negative rate": (GOOD.replace("1000", "-1000"), "line 3: rate_u_per_h must lie between"),
    "wrong unit": (GOOD.replace("1000,U/h", "10,mL/h"), "line 3: a rate in mL/h needs the strength of the bag"),
    "backwards": (GOOD.replace("0,12,infusion", "12,0,infusion"), "line 3: an infusion needs 0 <= t_h < t_end_h"),
    "overlap": (GOOD + "6,14,infusion,900,U/h,70\n", "line 7: infusions overlap"),
    "no heparin": (HEADER + "0,0,ptt,30,s,70\n", "no infusion and no bolus"),
    "absurd weight": (GOOD.replace(",70", ",7000"), "weight_kg must lie between"),
    "an unknown event": (
        GOOD + "2,2,pause,10,min,70\n",
        "line 7: event must be one of infusion, bolus, subcutaneous, hold, stop",
    ),
    "no event": (GOOD + "2,2,,10,min,70\n", "line 7: event must be one of"),
    "a column not read": (
        GOOD.replace("unit,weight_kg", "unit,over_min").replace(",70\n", ",5\n"),
        "line 1: a column must be one of t_h",
    ),
    "a stop inside": (GOOD + "6,,stop,,,70\n", "line 7: a stop must stand at the end of an infusion; got 6 h: the chart says"),
    "a stop of nothing": (GOOD + "14,,stop,,,70\n", "line 7: a stop must stand at the end of an infusion; got 14 h: no infusion"),
    "a stop with a value": (GOOD + "12,,stop,5,U,70\n", "line 7: a stop has no value; got '5'"),
    "a hold of nothing": (GOOD + "14,,hold,30,min,70\n", "line 7: a hold must stand in an infusion; none runs at 14 h"),
    "a hold of two lengths": (GOOD + "2,3,hold,30,min,70\n", "line 7: a hold must have one length; got 30 min, and 60 min"),
    "a hold without length": (GOOD + "2,,hold,,min,70\n", "line 7: duration_min must lie between 1 and 2880; got 0.0"),
    "a hold over a start": (
        GOOD + "12,18,infusion,900,U/h,70\n11,,hold,120,min,70\n",
        "line 8: the infusion is held from 11 to 13 h, but one starts at 12 h",
    ),
    "an infusion without end": (
        GOOD.replace("0,12,infusion", "0,,infusion"),
        "line 3: an infusion must have an end: give t_end_h",
    ),
    "protamine in U": (GOOD + "12,,protamine,30,U,70\n", "line 7: unit of protamine must be mg; got 'U'"),
    "a bolus backwards": (GOOD.replace("8,8,bolus", "8,7,bolus"), "line 5: t_end_h must not come before t_h; got 7 after 8"),
    "a name that clears the screen": (
        GOOD.replace("weight_kg", "weight_kg,course_id").replace(",70\n", ",70,\x1b[2J\n"),
        "line 2: course_id must be printable; got '\\x1b[2J'",
    ),
    "an underscore": (GOOD.replace("62.5", "6_2"), "line 4: value must be a number; got '6_2'"),
    "full-width digits": (GOOD.replace("62.5", "６２"), "line 4: value must be a number; got '６２'"),
    "a short line": (GOOD + "13,13,ptt\n", "line 7: must have 6 fields; got 3"),
    "a blank line before": (GOOD.replace("\n", "\n\n", 1).replace("1000", "much"), "line 4: value must be a number; got 'much'"),
    "bolus twice": (GOOD + "8,8,bolus,3000,U,70\n", "two orders of one kind at the same time"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_its_line(tmp_path, name):
    content, complaint = BAD[name]
    file = tmp_path / "bad.csv"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"bad\.csv") as error:
        datasets.read_icu_csv(file)
    assert complaint in str(error.value)


def test_a_file_of_several_courses_needs_a_name(tmp_path):
    file = tmp_path / "many.csv"
    file.write_text(resources.files("heparin_pk.evidence").joinpath("data/icu/events.csv").read_text())
    with pytest.raises(ValueError, match=r"many\.csv: holds 15 courses; say which: M3D-001"):
        datasets.read_icu_csv(file)
    with pytest.raises(ValueError, match=r"many\.csv: no course 'X'"):
        datasets.read_icu_csv(file, course_id="X")
    mine, house = datasets.read_icu_csv(file, course_id="M3D-027"), datasets.load_icu_course("M3D-027")
    assert mine.regimen == house.regimen
    assert mine.labs == house.labs


def test_unknown_course_names_those_there_are():
    with pytest.raises(ValueError, match="no course 'X'; there are M3D-001"):
        datasets.load_icu_course("X")


def replayed(tmp_path, more, *, infusion="0,12,infusion,1000,U/h,70\n"):
    file = tmp_path / "mine.csv"
    file.write_text(HEADER + infusion + more)
    return datasets.replay(datasets.read_icu_csv(file), published.UFH_DEFAULT)


def as_ordered(*orders, hours=12.0):
    begin, end = Infusion(time_h=0, rate_u_per_h=1000), Stop(time_h=12)
    every = tuple(sorted((begin, *orders, end), key=lambda order: order.time_h))
    return simulate(Patient(weight_kg=70), published.UFH_DEFAULT, Regimen(every), hours=hours)


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("8,,hold,60,min,70\n", Hold(time_h=8, duration_min=60)),
        ("8,9,hold,,,70\n", Hold(time_h=8, duration_min=60)),
        ("8,8.5,bolus,6000,U,70\n", Bolus(time_h=8, dose_u=6000, over_min=30)),
        ("8,8,bolus,6000,U,70\n", Bolus(time_h=8, dose_u=6000)),
        ("8,,subcutaneous,6000,U,70\n", Subcutaneous(time_h=8, dose_u=6000)),
        ("8,,protamine,5,mg,70\n", Protamine(time_h=8, dose_mg=5)),
        ("8,8.5,protamine,5,mg,70\n", Protamine(time_h=8, dose_mg=5, over_min=30)),
    ],
)
def test_what_a_chart_says_is_carried_out(tmp_path, line, order):
    course = replayed(tmp_path, line)
    np.testing.assert_array_equal(course.states, as_ordered(order).states)
    assert order in course.regimen.orders


def test_a_bolus_over_time_peaks_lower(tmp_path):
    """The example of the issue: a bolus over half an hour was given at once."""
    at_once, slowly = (replayed(tmp_path, f"8,{end},bolus,6000,U,70\n") for end in ("8", "8.5"))
    assert metrics.heparin_given_u(at_once) == pytest.approx(metrics.heparin_given_u(slowly), rel=1e-9) == 18_000
    assert slowly.concentration_u_per_ml.max() < 0.95 * at_once.concentration_u_per_ml.max()


def test_an_infusion_without_an_end_runs_to_the_next_or_to_a_stop(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(HEADER + "0,,infusion,1000,U/h,70\n6,,infusion,500,U/h,70\n12,,stop,,,70\n")
    assert datasets.read_icu_csv(file).regimen.orders == (
        Infusion(time_h=0, rate_u_per_h=1000),
        Infusion(time_h=6, rate_u_per_h=500),
        Stop(time_h=12),
    )


def test_what_is_given_at_the_last_moment_is_given(tmp_path):
    course = replayed(tmp_path, "12,12,bolus,5000,U,70\n")
    assert course.hours == 12 + datasets.AFTER_LAST_H
    assert metrics.heparin_given_u(course) == pytest.approx(17_000)


def test_a_chart_from_a_german_spreadsheet(tmp_path):
    plain, german = tmp_path / "plain.csv", tmp_path / "german.csv"
    plain.write_text(GOOD)
    german.write_text(GOOD.replace(",", ";").replace("62.5", "62,5"), encoding="utf-8-sig")
    one, other = datasets.read_icu_csv(plain), datasets.read_icu_csv(german)
    assert (one.patient, one.regimen, one.labs) == (other.patient, other.regimen, other.labs)


def test_of_two_weights_one_may_be_chosen(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text(GOOD.replace("12,12,ptt,150,s,70", "12,12,ptt,150,s,75"))
    assert datasets.read_icu_csv(file, weight_kg=72).patient.weight_kg == 72
