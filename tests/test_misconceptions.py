"""True and false: each misconception has sources and a demonstration that is computed when it is asked for."""

import re

import pytest

from heparin_pk import Patient, metrics, published, simulate
from heparin_pk.teaching import hit, misconceptions
from heparin_pk.teaching.misconceptions import ALL, named
from heparin_pk.ward.orders import Bolus, Regimen

NAMES = [one.name for one in ALL]


def numbers(name):
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", named(name).demonstrates())]


def test_the_page_comes_first():
    assert len(ALL) >= 8
    assert len(set(NAMES)) == len(NAMES)
    assert "dissolves existing clots" in ALL[0].said
    assert ALL[0].sources[0].key == "Farbe_Firma"
    assert "fibrinolytic" in ALL[0].sources[1].where


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_source_and_shows_numbers(name):
    one = named(name)
    assert one.sources
    assert all(source.where for source in one.sources)
    assert numbers(name)
    assert one.in_words().count("source:") == len(one.sources)


def test_a_demonstration_follows_the_model(monkeypatch):
    """Another model, another sentence: nothing is written beforehand."""
    before = named("one-half-life").demonstrates()
    monkeypatch.setattr(misconceptions, "UFH_DEFAULT", published.UFH_TRIPLE_DERIVED)
    assert named("one-half-life").demonstrates() != before


def test_the_half_life_is_that_of_the_course():
    course = simulate(Patient(weight_kg=75), published.UFH_DEFAULT, Regimen((Bolus(time_h=0, dose_u_per_kg=100),)), hours=8)
    assert numbers("one-half-life")[4] == pytest.approx(60 * metrics.half_life_h(course), abs=0.5)


def test_what_they_say_is_so():
    """Half the antithrombin reads half; twice the weight needs less per kg; factor VIII shortens; early is less than late."""
    there, read = numbers("anti-xa-is-right")[-2:]
    assert read == pytest.approx(there / 2, abs=0.006)
    text = named("proportional-to-weight").demonstrates()
    light, usual, heavy = (float(x) for x in re.search(r"need ([\d.]+), ([\d.]+) and ([\d.]+) U/kg/h", text).groups())
    assert light > usual > heavy
    usual_s, inflamed_s = numbers("aptt-is-heparin")[1:3]
    assert inflamed_s < usual_s
    early, late = (float(x) for x in re.findall(r"(\d+) %", named("check-earlier").demonstrates()))
    assert early < 80 < late
    assert "none is a clot" in named("dissolves-clots").demonstrates()


def test_the_positive_antibody_by_hand():
    """Low score: 0.2 % x 167/168 against 99.8 % x 41/476 is 2.3 %; from 1.9 % it is 18 %."""
    assert numbers("antibodies-are-hit")[1:3] == [2, 18]
    low = hit.FourTs(thrombocytopenia=1, timing=1, thrombosis=0, other_causes=1)
    assert hit.work_up(low, immunoassay=True)[-1].hit_fraction == pytest.approx(0.0226, abs=0.0005)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="no misconception 'bolos'; there are dissolves-clots, .*; did you mean bolus?"):
        named("bolos")
