"""Before the first dose: what is missing is said, never assumed fine; the warnings; allergic reactions and other harms."""

import math
from dataclasses import fields

import pytest

from heparin_pk.teaching import before_starting
from heparin_pk.teaching.before_starting import CHECKS, REACTIONS, Stated, go_through

WELL = {
    "platelets_e9_per_l": 250,
    "haemoglobin_g_per_dl": 13.5,
    "baseline_aptt_s": 30,
    "creatinine_clearance_ml_per_min": 90,
    "potassium_mmol_per_l": 4.1,
    "weight_kg": 80,
    "weight_was_measured": True,
    "is_bleeding": False,
    "had_hit": False,
    "reacted_to_heparin": False,
    "heparin_in_last_100_days": False,
    "took_xa_inhibitor": False,
    "puncture_is_planned": False,
}


def test_nothing_stated_is_all_missing():
    found = go_through(Stated())
    assert [one.status for one in found] == ["missing"] * len(CHECKS)
    assert len(CHECKS) >= 8
    assert all("prevents" in one.words for one in found)


def test_a_well_patient_of_whom_all_is_known_is_fine():
    assert {field.name for field in fields(Stated)} == set(WELL)
    assert {name for check in CHECKS for name in check.needs} == set(WELL)
    assert {one.status for one in go_through(Stated(**WELL))} == {"fine"}


@pytest.mark.parametrize("name", WELL)
def test_each_unknown_fact_is_missed_by_exactly_one_check(name):
    found = go_through(Stated(**WELL | {name: None}))
    assert [one.status for one in found if one.status != "fine"] == ["missing"]


@pytest.mark.parametrize(
    ("fact", "check", "words"),
    [
        ({"platelets_e9_per_l": 49}, "platelets", "fewer than 50"),
        ({"baseline_aptt_s": 55}, "aPTT", "anti-Xa"),
        ({"creatinine_clearance_ml_per_min": 29}, "kidneys", "keeps its dose"),
        ({"is_bleeding": True}, "bleeding", "contraindicated"),
        ({"had_hit": True}, "HIT before", "contraindicated"),
        ({"reacted_to_heparin": True}, "allergy to heparin", "contraindicated"),
        ({"heparin_in_last_100_days": True}, "heparin in the last 100 days", "24 h"),
        ({"took_xa_inhibitor": True}, "factor Xa inhibitor", "reads too high"),
        ({"puncture_is_planned": True}, "neuraxial puncture", "4 to 6 h"),
        ({"weight_was_measured": False}, "weight", "half of the guesses"),
    ],
)
def test_each_danger_is_warned_of_by_its_check_alone(fact, check, words):
    found = [one for one in go_through(Stated(**WELL | fact)) if one.status != "fine"]
    assert [(one.check, one.status) for one in found] == [(check, "warning")]
    assert words in found[0].words


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ({"platelets_e9_per_l": -1}, "platelets_e9_per_l must lie between 0 and 2000; got -1"),
        ({"haemoglobin_g_per_dl": 135}, "haemoglobin_g_per_dl must lie between 1 and 25; got 135"),
        ({"weight_kg": math.nan}, "weight_kg must lie between 0.4 and 400; got nan"),
        ({"had_hit": "no"}, "had_hit must be True, False or None; got 'no'"),
        ({"is_bleeding": 0}, "is_bleeding must be True, False or None; got 0"),
    ],
)
def test_bad_input_is_refused_in_words(fact, words):
    with pytest.raises(ValueError, match=words):
        Stated(**fact)


def test_every_check_and_reaction_has_a_source_read():
    assert {check.source.confidence for check in CHECKS} <= {"primary", "second-hand"}
    assert REACTIONS[0].name == "itching plaque"
    assert REACTIONS[-1].name == "anaphylaxis"
    assert "0.01 mg/kg (at most 0.5 mg)" in REACTIONS[-1].do  # WAO, Table 4
    assert "0.01 mg/kg" in REACTIONS[-1].source.where


def test_half_of_the_guesses_are_wrong():
    """Acad Emerg Med 2005: within 10 % of the weight: physicians 50.4, nurses 49.6 %."""
    assert "physicians 50.4, nurses 49.6 %" in before_starting.WEIGHT_2005.where


def test_the_words():
    words = before_starting.go_through_in_words(Stated(had_hit=True))
    assert words.splitlines()[0].startswith("warning HIT before")
    assert words.count("missing") == len(CHECKS) - 1
    harms = before_starting.other_harms_in_words()
    assert all(topic in harms for topic in ("hyperkalaemia", "osteoporosis", "lupus", "fondaparinux", "danaparoid"))
    assert "aldosterone" in harms
    assert before_starting.reactions_in_words().count("\n") == 2 * len(REACTIONS) - 1
