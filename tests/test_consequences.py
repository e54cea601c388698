"""What one fault does to one course, checks that are bought with minutes, and a trial of checks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from command import run

from heparin_pk import Nomogram, Patient, consequences, fault_arms, faults, hospital, metrics, plot
from heparin_pk.ward.faults import CHECKS, KINDS
from heparin_pk.ward.ward_errors import WardErrors

FOUND = {kind: consequences.consequence(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_shows_in_its_scene(kind):
    found = FOUND[kind]
    first, second = found.exposures
    assert found.entered_h is not None
    assert abs(second.above_h - first.above_h) + abs(second.below_h - first.below_h) > 1.0
    before = (found.without.time_h < found.entered_h).sum()
    np.testing.assert_array_equal(found.without.states[:before], found.struck.states[:before])
    assert found.chances
    words = found.in_words()
    assert KINDS[kind].what in words
    assert all(name in words for name in found.chances)


def test_under_or_over_is_the_way_the_mechanism_says():
    over = (
        "tenfold",
        "pounds-for-kilograms",
        "units-as-ml",
        "wrong-bag",
        "missed-hold",
        "late-draw",
        "clotted-tube",
        "wrong-blood",
    )
    for kind in over:
        first, second = FOUND[kind].exposures
        assert second.above_h > first.above_h
    for kind in ("line-blood", "doac-yesterday", "new-lot"):
        first, second = FOUND[kind].exposures
        assert second.below_h > first.below_h


def test_checks_multiply_and_cost_their_minutes():
    bought = consequences.buy(["independent double check", "smart-pump limits"])
    assert bought.past_fraction["tenfold"] == pytest.approx((1 - 0.33) * 4 / 15)
    assert bought.past_fraction["wrong-bag"] == 0.0
    assert bought.past_fraction["new-lot"] == 1.0
    course = FOUND["tenfold"].struck
    here = consequences.buy(["independent double check", "draw from the other arm", "weigh the patient"], course=course)
    assert here.minutes == 5.0 * (metrics.adjustments(course) + 1) + 3.0 * len(course.labs) + 5.0
    nothing = consequences.buy([])
    assert (nothing.minutes, set(nothing.past_fraction.values())) == (0.0, {1.0})
    assert "smart-pump limits" in consequences.buy(list(CHECKS)).assumed


def test_checks_beyond_the_budget_are_refused():
    with pytest.raises(ValueError, match="checks must cost at most 10 min together; got 25 min"):
        consequences.buy(["independent double check"], most_minutes=10)
    with pytest.raises(ValueError, match="checks must have different names"):
        consequences.buy(["verify each lot", "verify each lot"])
    with pytest.raises(ValueError, match="kind must be one of tenfold"):
        consequences.consequence("typo")


def test_the_ward_around_a_fault_keeps_its_errors():
    found = consequences.consequence("line-blood", ward_errors=hospital.FAULTY_WARD, patient=Patient(weight_kg=90))
    assert found.without.ward_errors.missed_step_fraction == hospital.REAL_WARD.missed_step_fraction
    assert {one.kind for one in found.struck.ward_errors.faults} == {one.kind for one in hospital.FAULTY_WARD.faults}
    assert "line-blood" not in {one.kind for one in found.without.ward_errors.faults}


def test_a_trial_of_checks_has_the_same_patients_and_fewer_faults():
    often = replace(
        hospital.REAL_WARD,
        faults=tuple(faults.Fault(kind=kind, chance_fraction=0.2) for kind in ("tenfold", "units-as-ml", "wrong-bag")),
    )
    trial = fault_arms.trial_of_checks(Nomogram.load("raschke-1993"), ward=often, hours=24.0)
    outcomes = trial.run(150, seed=4, progress=False)
    arms = {one.arm: one for one in fault_arms.what_checks_did(trial, outcomes)}
    assert tuple(arms) == ("no check", "independent double check", "smart-pump limits", "both")
    assert arms["no check"].minutes == 0.0
    assert min(arms["both"].minutes, arms["independent double check"].minutes) > arms["smart-pump limits"].minutes > 0.0
    peaks = {name: float(np.mean(outcomes.columns(name)["peak_u_per_ml"])) for name in arms}
    assert peaks["both"] < min(peaks["independent double check"], peaks["smart-pump limits"]) < peaks["no check"]
    assert "both" in fault_arms.in_words(tuple(arms.values()))
    rows = outcomes.columns("independent double check")
    minutes = [5.0 * (rates + 1.0) for rates in rows["adjustments"]]
    assert arms["independent double check"].minutes == pytest.approx(np.mean(minutes))


def test_a_trial_of_checks_needs_faults():
    with pytest.raises(ValueError, match="ward must have faults"):
        fault_arms.trial_of_checks(Nomogram.load("raschke-1993"), ward=WardErrors())


def test_pictures_and_their_words(tmp_path):
    found = FOUND["wrong-bag"]
    ax = plot.fault(found)
    texts = [text.get_text() for text in ax.texts]
    assert any("independent double check (100 %)" in text for text in texts)
    assert any(line.get_xdata()[0] == found.entered_h for line in ax.lines if len(set(line.get_xdata())) == 1)
    words = plot.describe_fault(found)
    assert "27.0 h with it" in words
    ax = plot.regrets(found.struck)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["true level", "too much: 27.0 h", "too little: 8.6 h"]
    assert "not summed" in plot.describe_regrets(found.struck)
    plot.save(ax.figure, tmp_path / "regrets.png")


def test_commands(capsys, tmp_path):
    code, out, err = run(capsys, "faults")
    assert (code, err) == (0, "")
    assert all(kind in out for kind in KINDS)
    assert all(name in run(capsys, "faults", "--checks")[1] for name in CHECKS)
    figure = tmp_path / "fault.png"
    code, out, err = run(capsys, "faults", "tenfold", "--checks", "smart-pump limits", "--figure", str(figure))
    assert (code, err) == (0, "")
    assert "27% gets past" in out
    assert figure.read_bytes().startswith(b"\x89PNG")
    answer = json.loads(run(capsys, "faults", "line-blood", "--json")[1])
    assert answer["with"]["below_h"] > answer["without"]["below_h"]
    assert set(json.loads(run(capsys, "faults", "--json")[1])) == {"faults", "checks", "bought"}
    code, out, _ = run(capsys, "regrets", "raschke-1993", "--weight", "80", "--seed", "7")
    assert "Hull" in out
    assert "Call your nurse" in out
    assert json.loads(run(capsys, "regrets", "raschke-1993", "--weight", "80", "--json")[1])["exposure"]["hours"] == 48.0
    assert len(json.loads(run(capsys, "faults", "--trial", "20", "--hours", "12", "--json")[1])["arms"]) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("faults", "typo"), "kind must be one of tenfold"),
        (("faults", "--checks", "look harder"), "check must be one of independent double check"),
        (
            ("faults", "--checks", "independent double check", "--minutes", "3"),
            "checks must cost at most 3 min together; got 25 min",
        ),
        (("faults", "--weight", "70"), "the list needs the name of a fault; got --weight"),
        (("faults", "tenfold", "--trial", "5"), "--trial stands alone; got name"),
        (("faults", "tenfold", "--size", "1000"), "size must lie between 0.01 and 100; got 1000"),
        (("regrets", "no-such-table", "--weight", "80"), "no-such-table"),
    ],
)
def test_bad_input_is_one_clear_line(capsys, arguments, words):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1
