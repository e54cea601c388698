"""The team: the handover from the chart, what a chart must hold, who does what, and the leaflet in the patient's words."""

from __future__ import annotations

import json
import re

import pytest

from heparin_pk import (
    Bolus,
    Hold,
    Infusion,
    Nomogram,
    Notify,
    Patient,
    Regimen,
    Stop,
    Subcutaneous,
    indications,
    leaflet,
    published,
    simulate,
    team,
    titrate,
)
from heparin_pk.cli import main

RASCHKE = Nomogram.load("raschke-1993")
HARDEST = 6.0
"""Grade of Flesch and Kincaid; 6 to 8 is what leaflets are asked to have."""


@pytest.fixture(scope="module")
def treated():
    """75 kg, 48 h under a nomogram: the chart is known, so that every line of a handover can be counted by hand."""
    return titrate(Patient(weight_kg=75), published.UFH_DEFAULT, RASCHKE, hours=48, seed=3)


def by_hand(*orders, hours=24):
    return simulate(Patient(weight_kg=75), published.UFH_DEFAULT, Regimen(orders), hours=hours)


# The handover


def test_what_was_given_is_counted_by_hand():
    course = by_hand(
        Bolus(time_h=0, dose_u=6000), Infusion(time_h=0, rate_u_per_h=1350), Subcutaneous(time_h=3, dose_u=5000), Stop(time_h=10)
    )
    assert course.handover(8).given_u == pytest.approx(6000 + 5000 + 8 * 1350)
    assert course.handover(20).given_u == pytest.approx(6000 + 5000 + 10 * 1350)
    assert "bolus 6,000 U at 0 h" in course.handover(8).given
    long = by_hand(Bolus(time_h=0, dose_u=6000), Infusion(time_h=0, rate_u_per_h=1000), hours=48)
    assert long.handover(30).given_u == pytest.approx(24 * 1000), "the bolus of 30 h ago has left the window"


def test_the_pump_is_read_in_three_units_and_a_standstill_is_named():
    course = by_hand(
        Infusion(time_h=0, rate_u_per_h=1350),
        Hold(time_h=6, duration_min=60),
        Infusion(time_h=7, rate_u_per_h=1200),
        Stop(time_h=12),
    )
    assert "1,350 U/h = 18.0 U/kg/h = 13.5 mL/h, since 0 h" in course.handover(5).running
    held = course.handover(6.5)
    assert held.rate_u_per_h == 0.0
    assert held.running == "stands still: hold 60 min at 6 h"
    assert ("nurse", "the pump stands still: when it goes on stands under Pending") in held.must_know
    assert any("at 7 h: rate 1,200 U/h" in one for one in held.pending)
    assert course.handover(7.5).rate_u_per_h == 1200.0
    assert course.handover(13).running == "stands still: stop the infusion at 12 h"


def test_a_handover_knows_only_what_stood_in_the_chart(treated):
    first = treated.labs[0]
    before, waiting, after = (treated.handover(hour) for hour in (first.drawn_h - 0.1, first.drawn_h, first.reported_h))
    assert (before.results, before.next_check_h) == ((), first.drawn_h)
    assert waiting.results == ()
    assert waiting.pending == (f"a sample drawn at {first.drawn_h:.4g} h is not back",)
    assert waiting.next_check_h is None
    assert "when the pending sample is back" in waiting.next_check
    assert after.results == (first,)
    assert after.next_check_h == treated.labs[1].drawn_h
    end = treated.handover()
    assert "allergy to heparin: not asked" in end.in_words()
    known = treated.handover(30, reacted_to_heparin=False, had_hit=True)
    assert known.allergies == "allergy to heparin: none; earlier HIT: YES"
    assert known.must_know[0] == ("physician", known.must_know[0][1])
    assert known.must_know[0][1].startswith("HIT before")
    with pytest.raises(ValueError, match="had_hit must be True, False or None; got 'no'"):
        treated.handover(30, had_hit="no")
    assert end.at_h == 48.0
    assert end.results == treated.labs[-3:]
    assert "stands in no line of this chart" in end.next_check


def test_no_true_level_is_in_a_handover(treated):
    words = treated.handover(30).in_words()
    assert "U/mL" not in words
    assert f"{treated.level_at('aptt_s', 30):.0f} s (" not in words or any(
        lab.in_words() == f"aPTT {treated.level_at('aptt_s', 30):.0f} s" for lab in treated.labs
    )


def test_who_must_know():
    calls = by_hand(Infusion(time_h=0, rate_u_per_h=1350), Notify(time_h=6, whom="haematologist"))
    assert calls.handover(8).must_know[0][0] == "haematologist"
    assert calls.handover(5).must_know == ()
    empties = by_hand(Infusion(time_h=0, rate_u_per_h=1250), hours=48)  # 12.5 mL/h: 250 mL last 20 h
    assert ("pharmacist", "the bag runs empty in 2 h") in empties.handover(18).must_know
    assert empties.handover(15).must_know == ()
    assert ("pharmacist", "the bag runs empty in 1 h") in empties.handover(39).must_know, "the second bag"
    low = titrate(Patient(weight_kg=75, factor_viii_u_per_ml=5), published.UFH_DEFAULT, RASCHKE, hours=24, seed=1)
    assert [lab.value < 46 for lab in low.labs[:2]] == [True, True]
    assert ("physician", "two results in a row below the range") in low.handover(low.labs[1].reported_h).must_know


@pytest.mark.parametrize("hour", [-1, 48.5, float("nan"), "6"])
def test_an_hour_outside_the_course_is_refused(treated, hour):
    with pytest.raises((ValueError, TypeError), match="at_h must"):
        treated.handover(hour)


# The chart and the team


def test_a_chart_says_what_is_missing(treated):
    bare = team.documentation(treated, at_h=12)
    assert {one.what for one in bare if one.is_missing} == {
        "reason for heparin", "last platelet count", "days on which platelets are counted",
    }  # fmt: skip
    assert "3 of 11 are missing" in team.documentation_in_words(bare)
    whole = team.documentation(treated, at_h=12, reason="pulmonary embolism", risk_of_hit="high", platelets_e9_per_l=210)
    assert not any(one.is_missing for one in whole)
    assert "a colleague can go on from here" in team.documentation_in_words(whole)
    assert "days 4, 6, 8" in team.documentation_in_words(whole)
    for wrong in ({"risk_of_hit": "some"}, {"platelets_e9_per_l": -1}, {"at_h": 99}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong)).removesuffix('_of_hit')}"):
            team.documentation(treated, **wrong)


def test_each_result_has_a_nurse_a_laboratory_and_an_answer(treated):
    duties = team.who_does_what(treated)
    assert [one.time_h for one in duties] == sorted(one.time_h for one in duties)
    assert {one.role for one in duties} == set(team.ROLES)
    reported = [one for one in duties if one.role == "laboratory"]
    assert [one.time_h for one in reported] == [lab.reported_h for lab in treated.labs]
    assert sum("draws blood" in one.does for one in duties) == len(treated.labs)
    assert "hospitals differ" in team.who_does_what_in_words(duties)
    with pytest.raises(ValueError, match="role must be one of physician"):
        team.Duty(time_h=0, role="porter", does="x")


# The leaflet


@pytest.mark.parametrize("indication", indications.ALL, ids=lambda one: one.name)
def test_a_patient_can_read_the_leaflet(indication):
    textstat = pytest.importorskip("textstat")
    found = leaflet.leaflet(indication)
    assert textstat.flesch_kincaid_grade(found.prose()) <= HARDEST
    for _, sentences in found.parts:
        for one in (part for sentence in sentences for part in re.split(r"(?<=[.?!]) ", sentence)):
            assert len(one.split()) <= 25, one
    words = found.in_words().lower()
    for hard in ("anticoagul", "thromb", "aptt", "anti-xa", "infusion", "subcutaneous", "haemorrhag", "platelet count"):
        assert hard not in words
    for sign in leaflet.SIGNS:
        assert sign in words


def test_the_leaflet_follows_the_case():
    lungs, prevention = (indications.named(name) for name in ("pulmonary-embolism", "dvt-prophylaxis-8h"))
    assert "from a pump" in leaflet.leaflet(lungs).in_words()
    assert "small shot under the skin" in leaflet.leaflet(prevention).in_words()
    assert "needs no test of how fast your blood clots" in leaflet.leaflet(prevention).in_words()
    assert "does not melt the clot" in leaflet.leaflet(lungs).in_words(), "the source document says that it dissolves it"
    mother = Patient(weight_kg=70, sex="female", pregnant=True)
    assert "does not reach your baby" in leaflet.leaflet(lungs, mother).in_words()
    assert "baby" not in leaflet.leaflet(lungs).in_words()
    assert "for the parents" in leaflet.leaflet(indications.named("children")).in_words()
    instead = leaflet.leaflet(indications.named("hit-argatroban")).in_words()
    assert "must not have heparin" in instead
    assert "your platelets" not in instead
    with pytest.raises(ValueError, match="indication must be an Indication"):
        leaflet.leaflet("pulmonary-embolism")


# At the command line


def test_the_commands(capsys):
    assert main(["titrate", "raschke-1993", "--weight", "75", "--hours", "24", "--handover", "12"]) == 0
    said = capsys.readouterr().out
    assert "Handover at 12 h" in said
    assert "In the chart at 12 h:" in said
    assert main(["titrate", "raschke-1993", "--weight", "75", "--hours", "24", "--handover", "12", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["handover"]["at_h"] == 12
    assert main(["titrate", "raschke-1993", "--weight", "75", "--hours", "24"]) == 0
    assert "Handover" not in capsys.readouterr().out
    assert main(["titrate", "raschke-1993", "--weight", "75", "--hours", "24", "--handover", "25"]) == 2
    assert "--handover must lie between 0 and 24; got 25" in capsys.readouterr().err
    assert main(["leaflet", "pulmonary-embolism", "--weight", "75", "--condition", "kidney-failure"]) == 0
    assert "Your kidneys are weak" in capsys.readouterr().out
    assert main(["leaflet", "headache"]) == 2
    assert "no indication 'headache'" in capsys.readouterr().err


@pytest.mark.parametrize("one", indications.ALL, ids=lambda one: one.name)
def test_a_leaflet_speaks_of_what_is_done(one):
    """A pump day and night only where an infusion runs for a day; nothing of a pump where there is none."""
    words = leaflet.leaflet(one).in_words()
    infused = any(isinstance(order, Infusion) for order in one.orders)
    at_a_machine = any(part in one.name for part in ("haemodialysis", "surgery", "intervention"))
    assert ("day and night" in words) == (infused and not at_a_machine)
    assert ("turn the pump up or down" in words) == (infused and not at_a_machine)
    assert ("While you are treated" in words) == at_a_machine
    assert ("under the skin" in words) == any(isinstance(order, Subcutaneous) for order in one.orders)
