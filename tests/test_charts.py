"""Charts as people write them: made files in other formats draw the curve of the plain one, or say what is wrong and where."""

import numpy as np
import pytest
from instances import INFUSIONDRUG, INPUTEVENTS, LAB, LABEVENTS

from heparin_pk import Bolus, Infusion, Stop, datasets, published
from heparin_pk.evidence.chart_exports import from_eicu, from_mimic_iv
from heparin_pk.evidence.chart_rows import unit_of

PLAIN = """t_h,t_end_h,event,value,unit,weight_kg
-1,,ptt,31,s,80
0,6.5,infusion,1440,U/h,80
0,,bolus,6400,U,80
6,,ptt,112.5,s,80
6.5,7.5,infusion,1200,U/h,80
8,24,infusion,1200,U/h,80
9,9.5,hold,,,80
12,,bolus,2000.5,U,80
14,,protamine,10,mg,80
20,,ptt,62.5,s,80
"""


@pytest.fixture
def read(tmp_path):
    def written(text, encoding="utf-8", **how):
        file = tmp_path / "made.csv"
        file.write_text(text, encoding=encoding)
        return datasets.read_icu_csv(file, **how)

    return written


def lines(text):
    return [line.split(",") for line in text.strip().split("\n")]


def with_times(text, write):
    """Return the chart with the columns time and time_end, each an hour of the chart written by a function."""
    rows = lines(text)
    head = ["time", "time_end", *rows[0][2:]]
    return "\n".join(",".join(row) for row in [head, *([write(r[0]), write(r[1]), *r[2:]] for r in rows[1:])]) + "\n"


def clock(hour, start=21.75):
    minutes = round(60 * (float(hour) + start)) if hour else None
    return "" if minutes is None else f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def date(hour):
    minutes = round(60 * (float(hour) + 21.75)) if hour else None
    return "" if minutes is None else f"2026-03-{27 + minutes // 1440:02d} {minutes // 60 % 24:02d}:{minutes % 60:02d}:00"


def german_date(hour):
    written = date(hour)
    return f"{written[8:10]}.{written[5:7]}.{written[:4]} {written[11:16]}" if written else ""


def shifted(text, by_h):
    rows = lines(text)
    moved = [[str(float(cell) + by_h) if cell else "" for cell in row[:2]] + row[2:] for row in rows[1:]]
    return "\n".join(",".join(row) for row in [rows[0], *moved]) + "\n"


SAME = {
    "semicolons and decimal commas": PLAIN.replace(",", ";").replace("112.5", "112,5").replace("2000.5", "2000,5")
    .replace("62.5", "62,5").replace("6.5", "6,5").replace("7.5", "7,5").replace("9.5", "9,5"),
    "tabs": PLAIN.replace(",", "\t"),
    "dates": with_times(PLAIN, date),
    "German dates in a German spreadsheet": with_times(PLAIN, german_date).replace(",", ";").replace("112.5", "112,5")
    .replace("2000.5", "2000,5").replace("62.5", "62,5"),
    "times of day over midnight": with_times(PLAIN, clock),
    "an infusion that ran before 0 h": shifted(PLAIN, -3.0),
    "per kilogram": PLAIN.replace("1440,U/h", "18,U/kg/h").replace("6400,U,", "80,U/kg,"),
    "units in other words": PLAIN.replace("U/h", "units/hour").replace("6400,U,", "6400,IU,").replace("2000.5,U", "2000.5,IE"),
    "quoted": "\n".join(",".join(f'"{cell}"' for cell in row) for row in lines(PLAIN)) + "\n",
}  # fmt: skip


@pytest.mark.parametrize("how", SAME)
def test_a_made_file_in_another_format_draws_the_same_curve(read, how):
    plain, other = read(PLAIN), read(SAME[how])
    assert [round(lab.drawn_h, 5) for lab in other.labs] == [lab.drawn_h for lab in plain.labs]
    assert [lab.value for lab in other.labs] == [lab.value for lab in plain.labs]
    one, two = (datasets.replay(chart, published.UFH_DEFAULT) for chart in (plain, other))
    hours = np.linspace(0.1, 23.9, 60)
    levels = [[course.level_at("aptt_s", hour) for hour in hours] for course in (one, two)]
    np.testing.assert_allclose(levels[1], levels[0], rtol=1e-4)


def test_what_ran_before_0_h_is_said(read):
    chart = read(SAME["an infusion that ran before 0 h"])
    assert any("counted from its first hour, -3 h of the chart" in flaw for flaw in chart.flaws)
    assert chart.regimen.orders[0].time_h == 0.0
    assert not any("counted from" in flaw for flaw in read(PLAIN).flaws)


def test_results_above_a_ceiling(read):
    chart = read(PLAIN.replace("112.5", ">150").replace("20,,ptt,62.5", "20,,ptt,180"))
    assert [(lab.value, lab.above_ceiling) for lab in chart.labs] == [(150.0, True), (180.0, True)]
    plain = read(PLAIN.replace("ptt,112.5,s", "anti_xa,>1.1,U/mL"))
    assert next((lab.assay, lab.value, lab.above_ceiling) for lab in plain.labs) == ("anti_xa_u_per_ml", 1.1, True)
    assert [lab.above_ceiling for lab in read(PLAIN).labs] == [False, False]


def test_anti_xa_and_act_stand_beside_the_aptt(read):
    chart = read(PLAIN + "21,,anti_xa,0.41,IU/mL,80\n21.5,,act,170,s,80\n")
    assert [(lab.assay, lab.value) for lab in chart.labs][2:] == [("anti_xa_u_per_ml", 0.41), ("act_s", 170.0)]
    assert "2 aPTT, 1 anti-Xa, 1 ACT from its start on" in chart.in_words()
    assert chart.patient.baseline_aptt_s == 31.0


def test_a_weight_that_changes_describes_the_patient_first_and_each_dose_by_its_line(read):
    chart = read(PLAIN.replace("8,24,infusion,1200,U/h,80", "8,24,infusion,15,U/kg/h,84"))
    assert chart.patient.weight_kg == 80
    assert any("changes from 80 to 84 kg: the first one, 80 kg" in flaw for flaw in chart.flaws)
    assert Infusion(time_h=8, rate_u_per_h=15 * 84) in chart.regimen.orders
    assert read(PLAIN, weight_kg=70).patient.weight_kg == 70


def test_height_age_and_sex_describe_the_patient(read):
    rows = [
        f"{line},{more}"
        for line, more in zip(PLAIN.strip().split("\n"), ["height_cm,age_y,sex", "171,66,w", *[",,"] * 9], strict=True)
    ]
    chart = read("\n".join(rows) + "\n")
    assert (chart.patient.height_cm, chart.patient.age_y, chart.patient.sex, chart.sex) == (171, 66, "female", "F")
    assert "woman, 66 years" in chart.in_words()


DATED, LINE_5 = with_times(PLAIN, date), "2026-03-28 03:45:00"
WRONG = {
    "an unknown column": (PLAIN.replace("weight_kg", "weight"), "line 1: a column must be one of .*; got 'weight'"),
    "an unknown unit": (PLAIN.replace("1200,U/h", "12,mg/h", 1), "line 6: unit of infusion must be U/h or U/kg/h"),
    "an anti-Xa in seconds": (PLAIN.replace("ptt,112.5", "anti_xa,0.4"), "line 5: unit of anti_xa must be U/mL; got 's'"),
    "an American date": (DATED.replace(LINE_5, "03/28/2026 03:45"), "line 5: time must be written"),
    "a day that does not exist": (DATED.replace(LINE_5, "2026-02-30 03:45"), "line 5: time must be a date"),
    "a time of day among dates": (DATED.replace(LINE_5, "03:45"), "line 5: time must have a date"),
    "hours and dates": (PLAIN.replace("weight_kg", "time").replace("80\n", "08:00\n"), "line 1: time and t_h must not both"),
    "a word for a value": (PLAIN.replace("112.5", "high"), "line 5: value must be a number; got 'high'"),
    "two heights": (PLAIN.replace("weight_kg", "height_cm").replace("12,,bolus,2000.5,U,80", "12,,bolus,2000.5,U,81"),
                    "line 9: height_cm must be the same in every line; got '81' after 80.0"),
    "no sex of this kind": (PLAIN.replace("weight_kg", "sex"), "line 2: sex must be female or male; got '80'"),
    "a dose per kg of an unknown weight": ("t_h,t_end_h,event,value,unit\n0,6,infusion,18,U/kg/h\n", "line 2: .* needs weight"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_says_what_and_where(read, what):
    text, message = WRONG[what]
    with pytest.raises(ValueError, match=rf"made\.csv, {message}"):
        read(text, weight_kg=80 if "height" in what or "sex" in what else None)


HEAD = "t_h,t_end_h,event,value,unit,weight_kg\n"
NASTY = {
    "a column without its unit": (HEAD.replace("weight_kg", "weight") + "0,,bolus,5000,U,80\n", "line 1: .*got 'weight': rename"),
    "no unit": (HEAD + "0,6,infusion,1200,,80\n", "line 2: unit of infusion must be U/h or U/kg/h; got ''"),
    "a negative rate": (HEAD + "0,6,infusion,-1200,U/h,80\n", "line 2: rate_u_per_h must lie between"),
    "an end before its begin": (HEAD + "6,2,infusion,1200,U/h,80\n", "line 2: an infusion needs 0 <= t_h < t_end_h; got 6 and 2"),
    "no such time of day": (HEAD.replace("t_h,t_end_h", "time,time_end") + "25:00,,bolus,5000,U,80\n", "line 2: time must be"),
    "no such day": (HEAD.replace("t_h,t_end_h", "time,time_end") + "2026-02-29 08:00,,bolus,5000,U,80\n", "a date that exists"),
    "a result in words": (
        HEAD + "0,9,infusion,1200,U/h,80\n6,,ptt,clotted,s,80\n",
        "line 3: value must be a number; got 'clotted'",
    ),
    "an anti-Xa per decilitre": (
        HEAD + "0,9,infusion,1200,U/h,80\n6,,anti_xa,40,IU/dL,80\n",
        "line 3: unit of anti_xa must be U/mL",
    ),
    "a dot between thousands": ((HEAD + "0,9,infusion,1.440x5,U/h,80\n").replace(",", ";").replace("x", ","), "got '1.440,5'"),
    "two infusions at once": (HEAD + "0,9,infusion,1200,U/h,80\n3,6,infusion,900,U/h,80\n", "line 3: infusions overlap"),
    "results alone": (HEAD + "6,,ptt,60,s,80\n", "no infusion and no bolus"),
}


@pytest.mark.parametrize("what", NASTY)
def test_a_nasty_chart_is_one_line_that_says_what_and_where(read, what):
    text, message = NASTY[what]
    with pytest.raises(ValueError, match=rf"made\.csv.*{message}") as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_units_are_known_by_their_usual_words():
    assert [unit_of(text) for text in ("U/h", "IU/hr", "units / hour", "IE/kg/h", "units", "sec", "")] == [
        "U/h", "U/h", "U/h", "U/kg/h", "U", "s", None,
    ]  # fmt: skip


# Exports of databases: made rows under their real columns


def written(tmp_path, **texts):
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return [tmp_path / f"{name}.csv" for name in texts]


def test_the_columns_of_mimic_iv_are_read(tmp_path):
    chart = from_mimic_iv(*written(tmp_path, inputevents=INPUTEVENTS, labevents=LABEVENTS), stay_id=3)
    assert set(chart.regimen.orders) == {
        Infusion(time_h=0, rate_u_per_h=1440),
        Bolus(time_h=0, dose_u=6400),
        Infusion(time_h=6.5, rate_u_per_h=1200),
        Stop(time_h=7.5),
    }
    assert [(lab.drawn_h, lab.value, lab.above_ceiling) for lab in chart.labs] == [(6.0, 150.0, True)]
    assert (chart.patient.weight_kg, chart.patient.baseline_aptt_s) == (80.0, 31.0)
    datasets.replay(chart, published.UFH_DEFAULT)


def test_an_infusion_that_runs_on_is_said_to_end_with_its_last_row(tmp_path):
    files = written(tmp_path, infusiondrug=INFUSIONDRUG.replace("(units/hr),0,0", "(units/hr),900,9"), lab=LAB)
    chart = from_eicu(*files, patientunitstayid=7)
    assert chart.flaws[-1] == "heparin still runs at 900 in the last row: it is taken to end there"
    assert chart.regimen.orders[-1] == Stop(time_h=7.5)


def test_the_columns_of_eicu_are_read(tmp_path):
    chart = from_eicu(*written(tmp_path, infusiondrug=INFUSIONDRUG, lab=LAB), patientunitstayid=7)
    assert chart.regimen.orders == (
        Infusion(time_h=0, rate_u_per_h=1440),
        Infusion(time_h=6.5, rate_u_per_h=1200),
        Stop(time_h=7.5),
    )
    assert [(lab.drawn_h, lab.value, lab.above_ceiling) for lab in chart.labs] == [(6.0, 150.0, True)]
    assert (chart.patient.weight_kg, chart.patient.baseline_aptt_s) == (80.0, 31.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rateuom", "rate_unit", r"inputevents\.csv, line 1: missing column rateuom"),
        ("1440,units/hour", "14.4,mL/hour", r"inputevents\.csv, line 2: rateuom must be U/h or U/kg/h; got 'mL/hour'"),
        ("2150-01-01 22:00:00,2150-01-01", "tonight,2150-01-01", r"line 3: time must be written like"),
        ("1,2,3,", "1,2,5,", r"no heparin \(itemid 225152\) for stay_id 3"),
    ],
)
def test_a_wrong_export_says_what_and_where(tmp_path, old, new, message):
    files = written(tmp_path, inputevents=INPUTEVENTS.replace(old, new), labevents=LABEVENTS)
    with pytest.raises(ValueError, match=message):
        from_mimic_iv(*files, stay_id=3)


def test_a_wrong_eicu_export_says_what_and_where(tmp_path):
    files = written(tmp_path, infusiondrug=INFUSIONDRUG.replace("Heparin (units/hr),1440", "Heparin (ml/hr),14.4"), lab=LAB)
    with pytest.raises(ValueError, match=r"infusiondrug\.csv, line 2: drugname must end with its unit"):
        from_eicu(*files, patientunitstayid=7)


@pytest.mark.parametrize("unit", ["mL/h of 100 U/mL", "ml/hr of 100 units/mL", "mL/hour of 100,0 IE/ml"])
def test_a_rate_in_ml_per_h_is_one_of_its_bag(read, unit):
    plain = PLAIN.replace("1440,U/h", "1450,U/h")
    in_ml = plain.replace("1450,U/h", f'14.5,"{unit}"').replace("1200,U/h", f'12,"{unit}"')
    assert read(in_ml).regimen == read(plain).regimen


def test_the_strength_of_the_bag_may_be_a_column(read):
    head, *rows = [line.split(",") for line in PLAIN.strip().split("\n")]
    strong = [[*row[:3], f"{float(row[3]) / 50:g}", "mL/h", row[5], "50"] if row[2] == "infusion" else [*row, ""] for row in rows]
    chart = read("\n".join(",".join(row) for row in [[*head, "bag_u_per_ml"], *strong]))
    assert chart.regimen == read(PLAIN).regimen


@pytest.mark.parametrize(
    ("unit", "message"),
    [
        ("mL/h", r"made\.csv, line 3: a rate in mL/h needs the strength of the bag"),
        ("mL/h of 0.1 U/mL", r"line 3: bag_u_per_ml must lie between 0.5 and 50,?000; got 0.1"),
        ("mL/h of 100 mg/mL", r"line 3: unit of infusion must be U/h or U/kg/h"),
    ],
)
def test_a_bag_that_is_not_known_is_asked_for(read, unit, message):
    with pytest.raises(ValueError, match=message):
        read(PLAIN.replace("1440,U/h", f"14.4,{unit}"))


def test_a_point_that_may_mark_thousands_is_refused_in_a_table_with_semicolons(read):
    """A German spreadsheet writes five thousand units as 5.000: never 5 U in silence."""
    german = "t_h;t_end_h;event;value;unit\n0;;bolus;5.000;U\n0;10;infusion;1.200;U/h\n6;;aptt;65;s\n"
    with pytest.raises(ValueError, match=r"line 2: value must be clear; '5.000' may be 5.000 or 5000"):
        read(german)
    assert read(german.replace("5.000", "5000").replace("1.200", "1200"), weight_kg=80).regimen.orders[0].dose_u == 5000
    assert read(german.replace("65;s", "65.5;s"), weight_kg=80).labs[0].value == 65.5, (
        "one plain decimal point says what the others are"
    )
    assert read(german.replace(";", ","), weight_kg=80).regimen.orders[0].dose_u == 5.0
