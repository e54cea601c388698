"""Charted courses: each one loads and replays; an error in a user's file names the file and the line."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from heparin_pk import Bolus, Infusion, Stop, datasets, metrics, published

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
        events = [row for row in datasets._package_rows("events.csv") if row["course_id"] == course_id]
        charted = sum(
            float(row["value"]) * ((float(row["t_end_h"]) - float(row["t_h"])) if row["event"] == "infusion" else 1.0)
            for row in events
            if row["event"] in ("infusion", "bolus")
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
    rows = metrics.prediction_errors(datasets.replay(chart, published.UFH_DEFAULT), chart.labs)
    bias, inaccuracy = metrics.bias_and_inaccuracy_percent(rows)
    assert bias < -5
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
    "missing column": (GOOD.replace("value,", "", 1), "line 1: missing column value"),
    "no weight": (GOOD.replace(",weight_kg", "").replace(",70\n", "\n"), "no weight was charted"),
    "text": (GOOD.replace("1000", "much"), "line 3: value must be a number; got 'much'"),
    "nan": (GOOD.replace("62.5", "nan"), "line 4: value must be finite; got 'nan'"),
    "negative rate": (GOOD.replace("1000", "-1000"), "line 3: rate_u_per_h must lie between"),
    "wrong unit": (GOOD.replace("1000,U/h", "10,mL/h"), "line 3: unit of infusion must be U/h; got 'mL/h'"),
    "backwards": (GOOD.replace("0,12,infusion", "12,0,infusion"), "line 3: an infusion needs 0 <= t_h < t_end_h"),
    "overlap": (GOOD + "6,14,infusion,900,U/h,70\n", "line 7: infusions overlap"),
    "no heparin": (HEADER + "0,0,ptt,30,s,70\n", "no infusion and no bolus"),
    "absurd weight": (GOOD.replace(",70", ",7000"), "weight_kg must lie between"),
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
