"""The command line: its output, its files, its error messages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heparin_pk import Course, Nomogram, cli, published, titrate
from heparin_pk.body.patient import Patient
from heparin_pk.cli import notebooks
from heparin_pk.cli.parser import parser


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process."""
    try:
        code = cli.main(arguments)
    except SystemExit as stop:
        code = stop.code
    out = capsys.readouterr()
    return code, out.out, out.err


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
    code, out, err = run(capsys, "titrate", "raschke-1993", "--weight", "80", "--antithrombin", antithrombin)
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
    "nan weight": (("titrate", "raschke-1993", "--weight", "nan"), "weight_kg must lie between"),
    "infinite weight": (("simulate", "--weight", "inf", "--bolus", "80"), "weight_kg must lie between"),
    "weight is text": (("simulate", "--weight", "heavy", "--bolus", "80"), "argument --weight"),
    "absurd bolus": (("simulate", "--weight", "80", "--bolus", "8000"), "dose_u_per_kg must lie between 0 and 1000"),
    "no orders": (("simulate", "--weight", "80"), "nothing is ordered"),
    "out of order": (("simulate", "--weight", "80", "--order", "6 bolus 5 U", "--order", "2 stop"), "order of time"),
    "same time": (("simulate", "--weight", "80", "--infusion", "18", "--order", "0 stop"), "same time"),
    "gibberish": (("simulate", "--weight", "80", "--order", "a lot"), "an order reads"),
    "wrong unit": (("simulate", "--weight", "80", "--order", "1 bolus 5 mg"), "no order 'bolus' in 'mg'"),
    "no hours": (("titrate", "raschke-1993", "--weight", "80", "--hours", "0"), "hours must lie between"),
    "bad seed": (("titrate", "raschke-1993", "--weight", "80", "--seed", "-1"), "seed must be"),
    "unknown table": (("titrate", "raschke", "--weight", "80"), "did you mean raschke-1993?"),
    "unknown model": (("titrate", "raschke-1993", "--weight", "80", "--model", "UFH"), "no model 'UFH'"),
    "unknown reagent": (("titrate", "raschke-1993", "--weight", "80", "--reagent", "x"), "no reagent 'x'"),
    "unknown engine": (("titrate", "raschke-1993", "--weight", "80", "--engine", "x"), "engine must be one of"),
    "unknown course": (("replay", "M3D-999"), "no course 'M3D-999'"),
    "missing file": (("replay", "nowhere/x.csv"), "nowhere/x.csv: cannot be read"),
    "missing table": (("titrate", "nowhere/x.toml", "--weight", "80"), "nowhere/x.toml: cannot be read"),
    "no such command": (("frob",), "invalid choice"),
    "no command": ((), "required"),
    "figure is a folder": (("simulate", "--weight", "80", "--bolus", "80", "--figure", "."), "cannot be drawn"),
    "no figure name": (("simulate", "--weight", "80", "--bolus", "80", "--figure", ""), "cannot be drawn"),
    "port": (("lab", "--port", "-3"), "--port must lie between 1 and 65535; got -3"),
    "bag": (("simulate", "--weight", "80", "--order", "0 infusion 12 mL/h of 1.2.3 U/mL"), "no order 'infusion'"),
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


@pytest.mark.parametrize("command", ["simulate", "titrate", "replay", "nomograms", "models", "cite", "lab", "demo"])
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
    assert notes[0].startswith("heparin-pk: note: UFH_B_DERIVED was studied at weight_kg")
    assert "at age_y" in notes[0]


def test_lab_opens_the_first_notebook(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(
        notebooks.subprocess, "run", lambda arguments, check: calls.append(arguments) or type("R", (), {"returncode": 0})
    )
    code, _, _ = run(capsys, "lab", "--no-browser", "--port", "8899")
    assert code == 0
    assert calls[0][:4] == [sys.executable, "-m", "jupyter", "lab"]
    served = Path(calls[0][4].partition("=")[2])  # the folder of the notebooks and of the pictures they show
    assert (served / "figures" / "one-patient-under-a-nomogram.png").is_file()
    assert calls[0][5].endswith("/lab/tree/notebooks/01-hold-this-patient-in-range.ipynb")
    assert "--no-browser" in calls[0]
    assert "--port=8899" in calls[0]


# Several models, indications, conditions


def test_commands(capsys, tmp_path):
    body = ("--weight", "75", "--height", "175", "--sex", "male", "--bolus", "80", "--infusion", "18")
    picture = tmp_path / "o.png"
    assert cli.main(["overlay", "UFH_DEFAULT", "JIA_2015_UFH", "EDRICH_2015_UFH", *body, "--figure", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "JIA_2015_UFH" in out
    assert "was studied with bolus; got infusion" in out
    assert picture.stat().st_size > 20_000
    assert cli.main(["overlay", *body, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in rows] == [drug.name for drug in published.UFH]
    short = ("--weight", "75", "--bolus", "80", "--infusion", "18")
    assert cli.main(["overlay", *short]) == 0
    out = capsys.readouterr().out
    assert "left out: AL_SALLAMI_2016_UFH: the fat-free mass needs height_cm and sex of the patient\n" in out
    assert "UFH_B_DERIVED" in out
    assert cli.main(["overlay", "UFH_DEFAULT", *short, "--assay", "aptt_s"]) == 0
    assert "     > 150        55   within what was studied" in capsys.readouterr().out  # no number above the ceiling
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
    assert answer["outside_what_was_studied"] == []
    assert cli.main([*simulated[:-3], "--condition", "luck"]) == 2
    assert "no condition 'luck'" in capsys.readouterr().err
