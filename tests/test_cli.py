"""The command line: its output, its files, its error messages."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import run
from instances import INFUSIONDRUG, INPUTEVENTS, LAB, LABEVENTS

from heparin_pk import (
    Bolus,
    Course,
    Infusion,
    Nomogram,
    Regimen,
    cli,
    datasets,
    metrics,
    published,
    simulate,
    titrate,
)
from heparin_pk.base.texts import UNSAFE
from heparin_pk.base.version import version
from heparin_pk.body.patient import Patient
from heparin_pk.cli import notebooks, options
from heparin_pk.cli.parser import parser
from heparin_pk.evidence.chart_exports import from_eicu
from heparin_pk.trials import metadata


def test_titrate_prints_the_chart_the_levels_and_the_score(capsys):
    code, out, err = run(capsys, "titrate", "raschke-1993", "--weight", "82", "--baseline-aptt", "31", "--seed", "3")
    course = titrate(Patient(weight_kg=82, baseline_aptt_s=31), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), seed=3)
    assert code == 0
    assert err == ""
    assert course.in_words() in out
    assert "pump 14.8 mL/h" in out
    assert re.search(r"aPTT 46-70 s: true time in range \d+%", out)
    assert out.count("not for the care of patients") == 1


@pytest.mark.parametrize(("antithrombin", "why"), [("0.26", "must lie below 1000 s"), ("0", "without antithrombin no heparin")])
def test_next_to_no_antithrombin_is_titrated_too(capsys, antithrombin, why):
    """The line that matches an anti-Xa to seconds says why there is none; the chart is printed all the same."""
    command = ("titrate", "raschke-1993", "--weight", "80", "--antithrombin", antithrombin, "--reagent", "guideline")
    code, out, err = run(capsys, *command)
    assert (code, err) == (0, "")
    assert re.search(rf"anti-Xa 0.3-0.7 U/mL is no aPTT range \(.*{why}", out)


def test_titrate_reads_your_own_table(capsys, tmp_path):
    text = (Path(cli.__file__).parents[1] / "ward" / "nomograms" / "raschke-1993.toml").read_text()
    (tmp_path / "ours.toml").write_text(text.replace('title = "Raschke', 'title = "Ours after Raschke'))
    code, out, _ = run(capsys, "titrate", str(tmp_path / "ours.toml"), "--weight", "82")
    assert code == 0
    assert "Ours after Raschke" in out


@pytest.mark.parametrize("name", ["durham-va-2009", "michigan-vte-anti-xa", "uk-aptt-ratio"])
def test_every_table_titrates_as_json(capsys, name):
    code, out, _ = run(capsys, "titrate", name, "--weight", "70", "--hours", "24", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["target"]["assay"] == Nomogram.load(name).assay
    assert 0 <= answer["metrics"]["time_in_range_fraction"] <= 1
    assert len(answer["chart"]) == answer["metrics"]["blood_draws"]
    assert answer["citations"]


def test_json_holds_the_course_without_loss(capsys):
    _, out, _ = run(capsys, "titrate", "raschke-1993", "--weight", "82", "--json")
    course = Course.from_json(json.dumps(json.loads(out)["course"]))
    assert course == titrate(Patient(weight_kg=82), published.UFH_DEFAULT, Nomogram.load("raschke-1993"))


def test_exported_files_are_read_back_without_loss(capsys, tmp_path):
    csv, png, exported = tmp_path / "c.csv", tmp_path / "c.png", tmp_path / "c.json"
    arguments = ("titrate", "durham-va-2009", "--weight", "82", "--seed", "3")
    code, out, _ = run(capsys, *arguments, "--csv", str(csv), "--figure", str(png))
    assert code == 0
    assert f"written: {csv}" in out
    assert png.read_bytes().startswith(b"\x89PNG")
    course = Course.from_csv(csv)
    exported_course = json.loads(run(capsys, *arguments, "--json")[1])
    exported.write_text(json.dumps(exported_course))
    for file in (csv, exported):
        code, out, _ = run(capsys, "replay", str(file), "--json")
        assert code == 0
        again = json.loads(out)
        assert again["target"] == exported_course["target"] == {"assay": "aptt_s", "low": 68, "high": 95}
        assert again["metrics"]["time_in_range_fraction"] == exported_course["metrics"]["time_in_range_fraction"]
        assert again["metrics"]["adjustments"] == exported_course["metrics"]["adjustments"]
        assert (Course.from_json(json.dumps(again["course"])).states == course.states).all()


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
def test_what_is_stated_of_a_patient_and_changes_nothing_is_said(capsys):
    plain = ("simulate", "--weight", "80", "--bolus", "80", "--infusion", "18", "--hours", "12")
    code, out, _ = run(capsys, *plain)
    assert code == 0
    assert "aPTT reagent automated-aptt (1.98 mL/U)" in out
    assert "this patient in this model" not in out
    stated = (*plain, "--creatinine-clearance", "20", "--condition", "acute-thrombosis", "--condition", "kidney-failure")
    code, out, _ = run(capsys, *stated)
    assert code == 0
    assert "Stated, but not used by this model: creatinine clearance 20 mL/min." in out
    assert out.count("Not in this model:") == 2  # both are hypotheses, off
    code, on, _ = run(capsys, *stated, "--hypothesis", "kidney failure", "--json")
    assert code == 0
    answer = json.loads(on)
    assert any("My kidneys have failed" in line for line in answer["patient_in_this_model"])
    assert answer["reagent"] == "automated-aptt"
    patient = Patient(weight_kg=80, creatinine_clearance_ml_per_min=20, acute_thrombosis=True, kidney_failure=True)
    orders = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
    course = simulate(patient, published.UFH_DEFAULT.with_hypotheses("kidney failure"), orders, hours=12)
    assert answer["metrics"] == metrics.summary(course, published.ranges.ANTI_XA_TREATMENT)
    code, out, err = run(capsys, *plain, "--hypothesis", "cirhosis")
    assert (code, out) == (2, "")
    assert "got 'cirhosis'" in err


def test_a_trial_takes_a_hypothesis(capsys):
    asked = ("trial", "raschke-1993", "-n", "200", "--quiet", "--json")  # 5.6 % of the ward have kidney failure
    without, with_it = (run(capsys, *asked, *more)[1] for more in ((), ("--hypothesis", "kidney failure")))
    means = [
        [row["mean"] for row in json.loads(out)["summary"] if row["outcome"] == "heparin_given_u"] for out in (without, with_it)
    ]
    assert means[0] != means[1]


def test_a_replay_names_its_reagent_and_says_where_it_does_not_fit_the_ward(capsys):
    code, out, _ = run(capsys, "replay", "M3D-027", "--reagent", "guideline")
    assert code == 0
    assert "aPTT reagent guideline (1.35 mL/U)" in out
    assert "the laboratory does not fit the range: aPTT 60-100 s" in out
    assert "the laboratory does not fit" not in run(capsys, "replay", "M3D-027")[1]


def test_simulate_takes_every_kind_of_order(capsys):
    orders = ["0 infusion 12 mL/h of 100 U/mL", "6 bolus 40 U/kg", "7 hold 60 min", "12 infusion 10 U/kg/h",
              "18 stop", "20 subcutaneous 5000 U", "26 protamine 30 mg"]  # fmt: skip
    arguments = [word for order in orders for word in ("--order", order)]
    code, out, _ = run(capsys, "simulate", "--weight", "80", *arguments, "--hours", "30")
    assert code == 0
    for words in (
        "rate 1,200 U/h (15.0 U/kg/h, pump 12 mL/h)",
        "a bag with 100 U/mL", "6 h    bolus 3,200 U", "hold 60 min", "stop the infusion",
                  "subcutaneous 5,000 U", "protamine 30 mg over 10 min"):  # fmt: skip
        assert words in out


def test_simulate_never_prints_an_aptt_the_assay_cannot_count(capsys):
    _, out, _ = run(capsys, "simulate", "--weight", "80", "--bolus", "400", "--hours", "2")
    assert "> 150" in out
    assert all(int(seconds) <= 150 for seconds in re.findall(r"^ +\d+ +[\d.]+ +(\d+) ", out, re.M))


@pytest.mark.parametrize("command", [("simulate",), ("overlay", "UFH_DEFAULT")])
def test_an_order_at_or_after_the_end_is_said(capsys, command):
    orders = ("--bolus", "80", "--order", "24 bolus 40 U/kg", "--order", "30 protamine 30 mg")
    with pytest.warns(UserWarning, match="not given, because --hours is 24: ") as said:
        code, out, _ = run(capsys, *command, "--weight", "80", *orders, "--hours", "24", "--json")
    assert [str(one.message).partition(": ")[2].partition("(")[0] for one in said] == ["Bolus", "Protamine"]
    assert (code, bool(json.loads(out))) == (0, True)


def test_flaws_of_a_chart_are_in_its_json(capsys):
    _, out, _ = run(capsys, "replay", "M3D-001", "--json")
    assert json.loads(out)["flaws"] == list(datasets.load_icu_course("M3D-001").flaws) != []


def test_people_of_a_german_spreadsheet(capsys, tmp_path):
    """The example of the issue: yes and no, a semicolon and a decimal comma."""
    plain, german = tmp_path / "plain.csv", tmp_path / "german.csv"
    plain.write_text("weight_kg,acute_thrombosis,sex\n72.5,no,male\n90,yes,female\n")
    german.write_text("weight_kg;acute_thrombosis;sex\r\n72,5;Nein;m\r\n90;Ja;w\r\n", encoding="utf-8-sig")
    answers = [
        json.loads(run(capsys, "trial", "raschke-1993", "--people", str(file), "-n", "2", "--quiet", "--json")[1])
        for file in (plain, german)
    ]
    assert answers[0] == answers[1]


def test_one_patient_has_no_confidence_interval(capsys):
    arguments = ("trial", "raschke-1993", "durham-va-2009", "-n", "1", "--quiet")
    summary = json.loads(run(capsys, *arguments, "--json")[1])["summary"]
    for row in summary:
        if row["n"] == 1 and row["outcome"] == "time_in_range_fraction":
            assert row["mean"] is not None
            assert (row["low"], row["high"], row["sd"]) == (None, None, None)
    assert any(row["difference_n"] == 1 and row["difference_low"] is None for row in summary)
    words = run(capsys, *arguments)[1]
    assert "(one patient: no interval)" in words
    assert "points (one patient: no interval)" in words


def test_a_replay_is_held_against_the_range_that_is_named(capsys):
    _, out, _ = run(capsys, "replay", "M3D-027", "--target", "anti-xa:0.3-0.7", "--json")
    assert json.loads(out)["target"] == {"assay": "anti_xa_u_per_ml", "low": 0.3, "high": 0.7}
    _, out, _ = run(capsys, "replay", "M3D-027", "--target", "50-70", "--json")
    assert json.loads(out)["target"] == {"assay": "aptt_s", "low": 50.0, "high": 70.0}
    _, out, _ = run(capsys, "replay", "M3D-027", "--json")
    assert json.loads(out)["target"] == {"assay": "aptt_s", "low": 60.0, "high": 100.0}  # inferred for this ward


def test_a_chart_of_ones_own_is_not_held_against_the_range_of_another_ward(capsys, tmp_path):
    chart = "t_h,t_end_h,event,value,unit,weight_kg\n0,24,infusion,1440,U/h,80\n8,,{}\n"
    (tmp_path / "aptt.csv").write_text(chart.format("ptt,62,s,80"))
    (tmp_path / "xa.csv").write_text(chart.format("anti_xa,0.4,U/mL,80"))
    modern = published.ranges.of_reagent(published.UFH_DEFAULT.reagent)
    _, out, _ = run(capsys, "replay", str(tmp_path / "aptt.csv"), "--json")
    assert json.loads(out)["target"] == {"assay": "aptt_s", "low": modern.low, "high": modern.high}
    _, out, _ = run(capsys, "replay", str(tmp_path / "xa.csv"), "--json")
    assert json.loads(out)["target"] == {"assay": "anti_xa_u_per_ml", "low": 0.3, "high": 0.7}


def test_exports_of_two_databases_are_replayed(capsys, tmp_path):
    files = {name: tmp_path / f"{name}.csv" for name in ("inputevents", "labevents", "infusiondrug", "lab")}
    for name, text in zip(files, (INPUTEVENTS, LABEVENTS, INFUSIONDRUG, LAB), strict=True):
        files[name].write_text(text)
    given = {name: str(file) for name, file in files.items()}
    code, out, err = run(capsys, "replay", given["inputevents"], "--mimic-iv", given["labevents"], "--stay", "3")
    assert (code, err) == (0, "")
    assert "stay 3" in out
    code, out, err = run(capsys, "replay", given["infusiondrug"], "--eicu", given["lab"], "--stay", "7", "--json")
    assert (code, err) == (0, "")
    again = Course.from_json(out)
    charted = from_eicu(files["infusiondrug"], files["lab"], patientunitstayid=7).regimen.orders
    assert again.regimen.orders == charted[:2]  # the stop stands at the end of the chart


def test_the_engine_of_a_trial_is_compiled_where_it_is_there_and_pays(monkeypatch):
    for is_there, patients, expected in ((True, 20_000, "compiled"), (True, 19_999, "numpy"), (False, 1_000_000, "numpy")):
        monkeypatch.setattr(options, "find_spec", lambda _, is_there=is_there: object() if is_there else None)
        assert options.runner_of("auto", patients) == expected
        assert options.runner_of("python", patients) == "python"


def test_replay_of_a_real_patient(capsys, tmp_path):
    code, out, _ = run(capsys, "replay", "M3D-001", "--figure", str(tmp_path / "r.svg"))
    assert code == 0
    assert "40.4" in out
    assert "median error" in out
    assert (tmp_path / "r.svg").read_text().lstrip().startswith("<?xml")


def test_demo_writes_a_picture_and_a_table(capsys, tmp_path):
    code, _, _ = run(capsys, "demo", "--folder", str(tmp_path / "demo"))
    assert code == 0
    table = (tmp_path / "demo" / "M3D-027.csv").read_text().splitlines()
    said = metadata.read_beside(tmp_path / "demo" / "M3D-027.csv")
    assert (said["heparin_pk"], said["course"], said["drug"]) == (version(), "M3D-027", "UFH_B_DERIVED")
    assert [one["unit"] for one in said["columns"].values()] == ["h", "s", "", "s", "%"]
    assert table[0] == "drawn_h,measured_aptt_s,above_ceiling,predicted_aptt_s,error_percent"
    assert len(table) == 10
    assert (tmp_path / "demo" / "M3D-027.png").read_bytes().startswith(b"\x89PNG")


def test_lists_and_citations(capsys):
    assert "raschke-1993" in run(capsys, "nomograms")[1]
    assert "35-45 s" in run(capsys, "nomograms", "raschke-1993")[1]
    assert "UFH_B_DERIVED" in run(capsys, "models")[1]
    assert "bmax_u_per_kg" in run(capsys, "models", "ufh-default")[1]
    assert "Ann Intern Med" in run(capsys, "cite", "raschke-1993")[1]
    citations = run(capsys, "cite")[1].splitlines()
    assert len(citations) == len(set(citations)) >= 10
    for arguments in (("nomograms",), ("models",), ("cite",)):
        assert json.loads(run(capsys, *arguments, "--json")[1])


BAD = {
    "negative weight": (("titrate", "raschke-1993", "--weight", "-3"), "weight_kg must lie between 0.4 and 400; got -3.0"),
    "nan weight": (("titrate", "raschke-1993", "--weight", "nan"), "argument --weight: it must be a number; got 'nan'"),
    "infinite weight": (("simulate", "--weight", "inf", "--bolus", "80"), "argument --weight: it must be a number; got 'inf'"),
    "weight with an underscore": (
        ("simulate", "--weight", "7_5", "--bolus", "80"),
        "argument --weight: it must be a number; got '7_5'",
    ),
    "full-width weight": (
        ("simulate", "--weight", "７５", "--bolus", "80"),
        "argument --weight: it must be a number; got '７５'",
    ),
    "number with an underscore": (
        ("trial", "raschke-1993", "-n", "2_0"),
        "argument -n/--number: it must be a whole number; got '2_0'",
    ),
    "order with an underscore": (("simulate", "--weight", "80", "--order", "0 bolus 8_0 U/kg"), "an order reads"),
    "full-width bag": (
        ("simulate", "--weight", "80", "--order", "0 infusion 12 mL/h of １００ U/mL"),
        "no infusion in 'mL/h of １００ U/mL'",
    ),
    "not a number in an order": (("simulate", "--weight", "80", "--order", "nan bolus 80 U/kg"), "an order reads"),
    "a change of rate": (
        ("simulate", "--weight", "80", "--infusion", "18", "--order", "1 infusion +2 U/kg/h"),
        "an order gives the new amount, not a change such as '+2'; got '1 infusion +2 U/kg/h'",
    ),
    "a change downwards": (
        ("overlay", "UFH_DEFAULT", "--weight", "80", "--infusion", "18", "--order", "1 infusion -2 U/kg/h"),
        "an order gives the new amount, not a change such as '-2'",
    ),
    "everything too late": (
        ("simulate", "--weight", "80", "--order", "30 bolus 80 U/kg", "--hours", "24"),
        "nothing is ordered before --hours 24: the first order is at 30 h",
    ),
    "weight is text": (("simulate", "--weight", "heavy", "--bolus", "80"), "argument --weight"),
    "absurd bolus": (("simulate", "--weight", "80", "--bolus", "8000"), "--bolus is in U/kg and must lie between 0 and 1000"),
    "no orders": (("simulate", "--weight", "80"), "nothing is ordered"),
    "out of order": (("simulate", "--weight", "80", "--order", "6 bolus 5 U", "--order", "2 stop"), "order of time"),
    "same time": (("simulate", "--weight", "80", "--infusion", "18", "--order", "0 stop"), "same time"),
    "gibberish": (("simulate", "--weight", "80", "--order", "a lot"), "an order reads"),
    "wrong unit": (("simulate", "--weight", "80", "--order", "1 bolus 5 mg"), "no bolus in 'mg'"),
    "no hours": (("titrate", "raschke-1993", "--weight", "80", "--hours", "0"), "hours must lie between"),
    "bad seed": (("titrate", "raschke-1993", "--weight", "80", "--seed", "-1"), "seed must be"),
    "unknown table": (("titrate", "raschke", "--weight", "80"), "did you mean raschke-1993?"),
    "unknown model": (("titrate", "raschke-1993", "--weight", "80", "--model", "UFH"), "no model 'UFH'"),
    "unknown reagent": (("titrate", "raschke-1993", "--weight", "80", "--reagent", "x"), "no reagent 'x'"),
    "unknown engine": (("titrate", "raschke-1993", "--weight", "80", "--engine", "x"), "engine must be one of"),
    "unknown course": (("replay", "M3D-999"), "no course 'M3D-999'"),
    "target without a range": (("replay", "M3D-001", "--target", "60"), "--target reads LOW-HIGH"),
    "target of another test": (("replay", "M3D-001", "--target", "inr:2-3"), "with aptt:, ratio:, anti-xa:, act: before it"),
    "target upside down": (("replay", "M3D-001", "--target", "80-60"), "the lower level first; got '80-60'"),
    "export without a stay": (("replay", "x.csv", "--eicu", "lab.csv"), "--eicu needs --stay"),
    "stay without an export": (("replay", "M3D-001", "--stay", "3"), "--stay belongs to --mimic-iv and --eicu"),
    "two exports": (("replay", "x.csv", "--eicu", "a.csv", "--mimic-iv", "b.csv", "--stay", "3"), "either --mimic-iv or --eicu"),
    "missing file": (("replay", "nowhere/x.csv"), "nowhere/x.csv: cannot be read"),
    "missing table": (("titrate", "nowhere/x.toml", "--weight", "80"), "nowhere/x.toml: cannot be read"),
    "no such command": (("frob",), "invalid choice"),
    "no command": ((), "required"),
    "figure is a folder": (("simulate", "--weight", "80", "--bolus", "80", "--figure", "."), "cannot be drawn"),
    "no figure name": (("simulate", "--weight", "80", "--bolus", "80", "--figure", ""), "cannot be drawn"),
    "port": (("lab", "--port", "-3"), "--port must lie between 1 and 65535; got -3"),
    "bag": (("simulate", "--weight", "80", "--order", "0 infusion 12 mL/h of 1.2.3 U/mL"), "no infusion in 'mL/h of 1.2.3 U/mL'"),
    "figure format": (
        ("simulate", "--weight", "80", "--bolus", "80", "--figure", "x.doc"),
        "'x.doc': cannot be drawn: the name must end in .png, .svg, .pdf",
    ),
    "csv folder": (("simulate", "--weight", "80", "--bolus", "80", "--csv", "no/where.csv"), "no/where.csv: cannot be written"),
    "protamine unknown": (
        ("simulate", "--weight", "80", "--bolus", "80", "--order", "1 protamine 30 mg", "--model", "KANDROTAS_1989_UFH"),
        "does not say how protamine",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_one_line_and_exit_code_2(capsys, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, complaint = BAD[name]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("heparin-pk")
    assert complaint in err
    assert "Traceback" not in err


ENDLESS = ("trial", "raschke-1993", "-n", "1000000000", "--quiet")  # a run that starts does not end
WRONG_OUTPUTS = {
    "csv: no name": ((*ENDLESS, "--csv", ""), "a file to write needs a name"),
    "csv: a folder": ((*ENDLESS, "--csv", "."), ".: cannot be written: it is a folder"),
    "csv: no folder": ((*ENDLESS, "--csv", "no/where.csv"), "no/where.csv: cannot be written: there is no folder"),
    "csv: long name": ((*ENDLESS, "--csv", "x" * 300), "cannot be written: File name too long"),
    "csv: NUL": ((*ENDLESS, "--csv", "a\0b"), "a file to write needs a name; got 'a\\x00b'"),
    "csv: in a file": ((*ENDLESS, "--csv", "file/a.csv"), "file/a.csv: cannot be written: Not a directory"),
    "figure: no name": ((*ENDLESS, "--figure", ""), "the name must end in"),
    "figure: wrong kind": ((*ENDLESS, "--figure", "a.jpg"), "the name must end in .png, .svg, .pdf"),
    "figure: a folder": ((*ENDLESS, "--figure", "folder.png"), "folder.png: cannot be written: it is a folder"),
    "figure: no folder": ((*ENDLESS, "--figure", "no/a.png"), "no/a.png: cannot be written: there is no folder"),
    "one file twice": ((*ENDLESS, "--csv", "./a.png", "--figure", "a.png"), "--csv and --figure name one file"),
    "demo: no name": (("demo", "--folder", ""), "a folder needs a name"),
    "demo: a file": (("demo", "--folder", "file"), "file: cannot be made: file is no folder"),
    "demo: below a file": (("demo", "--folder", "file/deep"), "file/deep: cannot be made: file is no folder"),
    "demo: a folder of its picture's name": (
        ("demo", "--folder", "taken"),
        "taken/M3D-027.png: cannot be written: it is a folder",
    ),
}


@pytest.mark.parametrize("name", WRONG_OUTPUTS)
def test_an_output_is_refused_before_the_run(capsys, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notebooks.datasets, "replay", lambda *_: pytest.fail("it ran"))
    Path("file").write_text("here")
    Path("folder.png").mkdir()
    Path("taken/M3D-027.png").mkdir(parents=True)
    before = sorted(map(str, tmp_path.rglob("*")))
    arguments, complaint = WRONG_OUTPUTS[name]
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert complaint in err
    assert sorted(map(str, tmp_path.rglob("*"))) == before


def options_with_a_value():
    """Yield every command with each of its options that take a value."""
    commands = next(action for action in parser()._actions if action.dest == "command").choices
    for name, command in commands.items():
        for action in command._actions:
            if action.option_strings and action.nargs is None:
                yield from ((name, option) for option in action.option_strings)


@pytest.mark.parametrize(("command", "option"), list(options_with_a_value()))
def test_an_option_without_its_value_is_one_line(capsys, command, option):
    for written in ([f"{option}=--"], [f"{option}--"] if len(option) == 2 else [option], [option, "--"]):
        code, out, err = run(capsys, command, *written)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert re.search(rf"argument (-n/)?{option}", err)


@pytest.mark.parametrize("value", ["9" * 400, "9" * 5000, "\x1b[2J", "\u202e", "\udcff", "a\nb", "x" * 10**5, "[]", "\0"])
def test_whatever_is_given_as_a_value_is_one_line_that_a_terminal_can_show(capsys, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command, option in options_with_a_value():
        if option in ("--csv", "--folder", "--out", "--checkpoint", "--scheduler") or (command, option) == ("demo", "--course"):
            continue
        needed = {"trial": ["raschke-1993", "-n", "1", "--hours", "1", "--quiet"], "titrate": ["raschke-1993", "--weight", "80"],
                  "simulate": ["--weight", "80", "--bolus", "80"], "overlay": ["--weight", "80", "--bolus", "80"],
                  "indications": ["vte-iv", "--weight", "80"], "replay": ["M3D-001"]}.get(command, [])  # fmt: skip
        code, out, err = run(capsys, command, *needed, f"{option}={value}")
        if code == 0:
            assert option == "--seed"  # any whole number
            continue
        assert (code, out, err.count("\n")) == (2, "", 1), (command, option)
        assert not UNSAFE.search(err.rstrip("\n"))
        assert len(err) < 2100


def test_no_text_of_a_course_is_a_formula(capsys, tmp_path):
    text = (Path(cli.__file__).parents[1] / "ward" / "nomograms" / "raschke-1993.toml").read_text()
    (tmp_path / "t.toml").write_text('name = "=HYPERLINK(1)"\n' + re.sub('^title = ".', 'title = "=', text, flags=re.M))
    code, _, _ = run(capsys, "titrate", str(tmp_path / "t.toml"), "--weight", "82", "--csv", str(tmp_path / "c.csv"))
    assert code == 0
    with (tmp_path / "c.csv").open(newline="") as file:
        cells = {cell for row in csv.reader(file) for cell in row}
    assert "=HYPERLINK" in "".join(cells)
    for cell in cells:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or float(cell) < 0
    assert Course.from_csv(tmp_path / "c.csv").controller == "=HYPERLINK(1)"


def test_a_course_file_of_huge_numbers_is_one_line(capsys, tmp_path):
    _, out, _ = run(capsys, "titrate", "raschke-1993", "--weight", "82", "--hours", "6", "--json")
    for digits in (400, 5000):
        (tmp_path / "c.json").write_text(re.sub(r'"time_h": \[0.0', f'"time_h": [{"9" * digits}', out))
        code, out_again, err = run(capsys, "replay", str(tmp_path / "c.json"))
        assert (code, out_again, err.count("\n")) == (2, "", 1)
        assert "c.json: " in err


@pytest.mark.parametrize("command", ["simulate", "titrate", "replay", "nomograms", "models", "cite", "practice", "lab", "demo"])
def test_help_shows_an_example_that_parses(capsys, command):
    code, out, _ = run(capsys, command, "--help")
    example = re.search(r"^example:  heparin-pk (.*)$", out, re.M)[1]
    assert code == 0
    assert parser().parse_args(example.split()).command == command


def test_a_warning_is_one_line_on_standard_error(tmp_path):
    command = [sys.executable, "-m", "heparin_pk.cli", "titrate", "raschke-1993", "--weight", "20", "--age", "6", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0
    assert json.loads(result.stdout)
    notes = result.stderr.splitlines()
    assert len(notes) == 1
    assert notes[0].startswith("heparin-pk: note: binding pool (default) was studied at a weight of")
    assert "at an age of" in notes[0]


def test_lab_opens_the_index_of_a_copy(monkeypatch, capsys, tmp_path):
    calls, settings = [], []

    def started(arguments, check, env):
        calls.append(arguments)
        settings.append(env["JUPYTER_CONFIG_PATH"])
        return type("R", (), {"returncode": 0})

    monkeypatch.setattr(notebooks.subprocess, "run", started)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    code, _, said = run(capsys, "lab", "--no-browser", "--port", "8899")
    assert code == 0
    assert said == ""
    copy = tmp_path / "heparin_pk_course_book"
    assert Path(calls[0][4].partition("=")[2]) == copy
    first, theirs = settings[0].split(os.pathsep)
    assert theirs == "mine"
    assert json.loads((Path(first) / "labconfig" / "page_config.json").read_text(encoding="utf-8"))["disabledExtensions"]
    book, another = (copy / "notebooks" / name for name in ("01-hold-this-patient-in-range.ipynb", "06-does-it-hold.ipynb"))
    assert book.is_file()
    assert not list(copy.rglob("*.py")), "the pictures' script stays behind"
    another.unlink()
    (copy / "heparin_pk_progress.jsonl").write_text("{}", encoding="utf-8")
    book.write_text("what I did yesterday", encoding="utf-8")
    code, _, said = run(capsys, "lab", "--no-browser")
    assert code == 0
    assert re.search(r"going on in heparin_pk_course_book/, with what you did there \(last change \d\d \w+ \d{4}\)", said)
    assert book.read_text(encoding="utf-8") == "what I did yesterday"
    assert another.is_file(), "what is missing is added, nothing is overwritten"
    assert (copy / "heparin_pk_progress.jsonl").read_text(encoding="utf-8") == "{}"
    assert run(capsys, "lab", "--originals", "--no-browser")[0] == 0
    originals = Path(calls[-1][4].partition("=")[2])
    assert (originals / "notebooks").is_dir()
    assert originals != copy
    assert calls[0][:4] == [sys.executable, "-m", "jupyter", "lab"]
    served = Path(calls[0][4].partition("=")[2])  # the folder of the notebooks and of the pictures they show
    assert (served / "figures" / "one-patient-under-a-nomogram.png").is_file()
    assert calls[0][5].endswith("/lab/tree/notebooks/00-start-here.ipynb")
    assert "--no-browser" in calls[0]
    assert "--port=8899" in calls[0]
    code, _, said = run(capsys, "lab", "--voila", "--port", "8866")
    assert code == 0
    assert calls[-1] == [sys.executable, "-m", "voila", str(copy / "notebooks"), "--port=8866"]
    assert "is not kept" in said
    settings_of_voila = json.loads((Path(settings[-1].split(os.pathsep)[0]) / "voila.json").read_text(encoding="utf-8"))
    assert settings_of_voila == json.loads((Path(__file__).parents[1] / "voila.json").read_text(encoding="utf-8"))


def test_a_file_in_the_place_of_the_copy_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("heparin_pk_course_book").write_text("mine", encoding="utf-8")
    code, _, said = run(capsys, "lab", "--no-browser")
    assert code == 2
    assert "heparin_pk_course_book is no folder: move it away" in said


@pytest.mark.parametrize(("option", "name"), [((), "JupyterLab"), (("--voila",), "Voila")])
def test_what_is_not_installed_is_named(monkeypatch, capsys, tmp_path, option, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(notebooks.importlib.util, "find_spec", lambda module: None)
    code, _, said = run(capsys, "lab", *option)
    assert code == 2
    assert f"{name} is not installed: pip install {name.lower()} ipywidgets" in said
    assert list(tmp_path.iterdir()) == []


# Several models, indications, conditions


def test_commands(capsys, tmp_path):
    body = ("--weight", "75", "--height", "175", "--sex", "male", "--bolus", "80", "--infusion", "18")
    picture = tmp_path / "o.png"
    assert cli.main(["overlay", "UFH_DEFAULT", "JIA_2015_UFH", "EDRICH_2015_UFH", *body, "--figure", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "JIA_2015_UFH" in out
    assert "was studied with bolus only; here infusion is given" in out
    assert published.JIA_2015_UFH.label in out
    assert picture.stat().st_size > 20_000
    assert cli.main(["simulate", *body[:-4], "--bolus", "100", "--model", "EDRICH_2015_UFH", "--hours", "2"]) == 0
    assert "ACT 300-350 s (Hemochron): true time in range" in capsys.readouterr().out
    assert cli.main(["overlay", *body, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in rows] == [drug.name for drug in published.UFH]
    short = ("--weight", "75", "--bolus", "80", "--infusion", "18")
    assert cli.main(["overlay", *short]) == 0
    out = capsys.readouterr().out
    assert "left out: AL_SALLAMI_2016_UFH: the fat-free mass needs height_cm and sex of the patient\n" in out
    assert "UFH_B_DERIVED" in out
    assert cli.main(["overlay", "UFH_DEFAULT", *short, "--assay", "aptt_s"]) == 0
    assert "     > 150      72.8   within what was studied" in capsys.readouterr().out  # no number above the ceiling
    assert cli.main(["overlay", *short, "--json"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)) == len(published.UFH) - said.err.count("note: left out: ") < len(published.UFH)
    assert cli.main(["overlay", "AL_SALLAMI_2016_UFH", *short]) == 2  # asked for by name it is refused, never dropped
    assert "needs height_cm and sex" in capsys.readouterr().err
    assert cli.main(["overlay", "UFH_DEFAULT", *body, "--assay", "smell"]) == 2
    assert "no assay 'smell'" in capsys.readouterr().err
    assert cli.main(["indications"]) == 0
    assert "pulmonary-embolism" in capsys.readouterr().out
    assert cli.main(["indications", "haemodialysis", "--weight", "75"]) == 0
    assert "given in all 3,750 U" in capsys.readouterr().out
    assert cli.main(["indications", "dvt-prophylaxis-8h", "--weight", "75"]) == 0
    assert "No level is aimed at. Beside the range of treatment:\nanti-Xa 0.3-0.7" in capsys.readouterr().out
    assert cli.main(["indications", "haemodialysis"]) == 0
    assert "Brunet" in capsys.readouterr().out
    assert cli.main(["indications", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "dvt-prophylaxis-8h"
    assert cli.main(["indications", "vte-iv", "--json"]) == 2
    assert "--weight is needed" in capsys.readouterr().err
    simulated = ["simulate", "--weight", "75", "--bolus", "80", "--condition", "cirrhosis", "--json"]
    assert cli.main(simulated) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any("Teien" in line for line in answer["citations"])
    assert "@misc" in answer["bibtex"]
    assert answer["outside_what_was_studied"] == ["was studied in patients without cirrhosis; got one with it"]
    assert cli.main([*simulated[:-3], "--condition", "luck"]) == 2
    assert "no condition 'luck'" in capsys.readouterr().err


def test_the_lab_sends_each_step_of_a_slider_at_once():
    """``heparin-pk lab`` names a connection of its own in the folder of settings that JupyterLab reads first."""
    import json

    import tornado.websocket
    from jupyter_server.services.kernels.connection.base import BaseKernelWebsocketConnection

    from heparin_pk.cli import notebooks
    from heparin_pk.cli.websocket import PromptConnection

    named = json.loads((notebooks._SETTINGS / "jupyter_server_config.json").read_text())
    assert named["ServerApp"]["kernel_websocket_connection_class"] == f"{PromptConnection.__module__}.{PromptConnection.__name__}"
    assert issubclass(PromptConnection, BaseKernelWebsocketConnection)
    assert hasattr(tornado.websocket.WebSocketHandler, "set_nodelay")
