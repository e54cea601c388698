"""The commands of safety: what they print, JSON, pictures, and one clear line for bad input."""

import json

import pytest
from command import run

SCORE = ("hit", "--fall", "55", "--nadir", "80", "--day", "7", "--thrombosis", "0", "--other-causes", "1")


def test_hit_from_score_to_decision(capsys, tmp_path):
    figure = tmp_path / "hit.png"
    code, out, err = run(capsys, *SCORE, "--immunoassay", "positive", "--functional", "positive", "--figure", str(figure))
    assert (code, err) == (0, "")
    for words in ("5 of 8: intermediate", "HIT 14 %", "HIT 65.3 %", "HIT 97.3 %", "5.1 %", "not for the care of patients"):
        assert words in out
    assert figure.read_bytes().startswith(b"\x89PNG")
    answer = json.loads(run(capsys, *SCORE, "--pretest", "one cohort", "--json")[1])
    assert answer["score"] == 5
    assert [step["hit_fraction"] for step in answer["steps"]] == [0.067]


def test_a_platelet_count_is_repeated_by_its_seed(capsys):
    command = ("hit", "--series", "typical", "--stopped", "9", "--seed", "7")
    code, out, _ = run(capsys, *command)
    assert code == 0
    assert "illustrative" in out
    assert out == run(capsys, *command)[1]
    assert json.loads(run(capsys, *command, "--json")[1])["pattern"] == "typical"


def test_reversal_before_starting_and_misconceptions(capsys):
    code, out, _ = run(capsys, "reversal", "--weight", "75", "--minutes", "45", "-n", "5")
    assert code == 0
    assert "30 to 45 mg" in out  # 6,000 U, 0.5 to 0.75 mg for each 100
    assert "Quebec" in out
    assert json.loads(run(capsys, "reversal", "--weight", "75", "-n", "3", "--json")[1])["table"] == "Children's Mercy"
    code, out, _ = run(capsys, "before-starting", "--platelets", "210", "--hit-before", "yes")
    assert out.splitlines()[0] == "warning HIT before: past HIT: heparin is contraindicated; another anticoagulant"
    assert {one["status"] for one in json.loads(run(capsys, "before-starting", "--json")[1])} == {"missing"}
    code, out, _ = run(capsys, "misconceptions", "dissolves-clots")
    assert "dissolves none" in out
    assert len(json.loads(run(capsys, "misconceptions", "--json")[1])) >= 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (SCORE[:-2], "missing other causes"),
        (("hit",), "missing thrombocytopenia, timing, thrombosis, other causes"),
        (("hit", "--fall", "55"), "--fall and --nadir belong together"),
        ((*SCORE[:4], "-3", *SCORE[5:]), "nadir_e9_per_l must lie between 0 and 2000; got -3"),
        ((*SCORE[:6], "-7", *SCORE[7:]), "onset_d must lie between 0 and 1000; got -7"),
        ((*SCORE, "--heparin-days-ago", "0"), "heparin_days_ago_d must lie between 1 and 100000; got 0"),
        ((*SCORE, "--immunoassay", "maybe"), "--immunoassay must be positive or negative; got 'maybe'"),
        ((*SCORE, "--functional", "positive"), "functional comes after the immunoassay"),
        ((*SCORE, "--pretest", "mine"), "no study 'mine'; there are meta-analysis, one cohort"),
        ((*SCORE, "--series", "typical"), "--series stands apart"),
        (("hit", "--series", "typical", "--stopped", "-1"), "stopped_d must lie between 0 and 21; got -1"),
        (("hit", "--series", "delayed"), "stopped_d is needed for delayed onset"),
        (("reversal", "--weight", "75", "--minutes", "-4"), "elapsed_min must lie between 1 and 240; got -4"),
        (("reversal", "--weight", "75", "--table", "x"), "no table 'x'; there are Children's Mercy"),
        (("reversal", "--weight", "75", "-n", "0"), "n must lie between 1 and 10000; got 0"),
        (("before-starting", "--platelets", "-4"), "platelets_e9_per_l must lie between 0 and 2000; got -4"),
        (("before-starting", "--puncture", "perhaps"), "--puncture must be yes or no; got 'perhaps'"),
        (("misconceptions", "x"), "no misconception 'x'"),
    ],
)
def test_bad_input_is_one_line_and_code_2(capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
