"""Nomograms line by line against what was printed, what they decide, and every way to write one wrongly."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heparin_pk import (
    Bag,
    Band,
    Bolus,
    Decision,
    Hold,
    Infusion,
    Lab,
    Laboratory,
    Nomogram,
    Patient,
    Pump,
    Recheck,
    Situation,
    Source,
    Start,
    TherapeuticRange,
    nomogram,
    published,
    simulate,
    titrate,
)
from heparin_pk.body.patient import Cohort
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.ward.misprints import levels_named

PRINTED = json.loads((Path(__file__).parent / "data" / "printed_nomograms.json").read_text(encoding="utf-8"))["tables"]
ASSAY = {"aPTT": "aptt_s", "aPTT_ratio": "aptt_ratio", "antiXa": "anti_xa_u_per_ml"}
LINES = [pytest.param(name, i, id=f"{name}: {line['label']}") for name, t in PRINTED.items() for i, line in enumerate(t["bands"])]


def situation(table, *values, rate_u_per_h=1000.0, weight_kg=80.0, now_h=7.0, above_ceiling=False, pump=None):
    labs = tuple(
        Lab(drawn_h=i, reported_h=i, assay=table.assay, value=value, above_ceiling=above_ceiling)
        for i, value in enumerate(values)
    )
    return Situation(time_h=now_h, weight_kg=weight_kg, rate_u_per_h=rate_u_per_h, labs=labs, pump=pump or table.pump)


def given(decision):
    """Return bolus (U), hold (min) and new rate (U/h; None: unchanged) of a decision."""
    found = {type(order): order for order in decision.orders}
    assert len(found) == len(decision.orders)
    bolus, hold, infusion = found.get(Bolus), found.get(Hold), found.get(Infusion)
    return bolus.dose_u if bolus else 0.0, hold.duration_min if hold else 0.0, infusion.rate_u_per_h if infusion else None


# As printed


def test_the_printed_tables_are_the_tables_of_the_house():
    assert set(PRINTED) <= set(nomogram.names())


@pytest.mark.parametrize("name", PRINTED)
def test_head_of_the_table(name):
    table, printed = Nomogram.load(name), PRINTED[name]
    assert table.assay == ASSAY[printed["assay"]]
    assert [table.target.low, table.target.high] == printed["target"]
    assert table.round_to == printed["round_to"]
    assert table.bag_u_per_ml == printed.get("bag_u_per_ml")
    assert len(table.bands) == len(printed["bands"])
    start, first = table.start, printed["init"]
    assert (start.bolus_u_per_kg, start.bolus_u) == (first.get("bolus_u_per_kg", 0.0), first.get("bolus_u", 0.0))
    assert (start.rate_u_per_kg_per_h, start.rate_u_per_h) == (first["rate_u_per_kg_h"], 0.0)
    assert (start.bolus_max_u, start.rate_max_u_per_h) == (first.get("bolus_max_u"), first.get("rate_max_u_h"))
    # "4-6" is modelled as 6 h and the table says so.
    assert start.first_check_h == (6 if printed["first_check_h"] == "4-6" else printed["first_check_h"])
    rounding = printed.get("rounding", "")
    assert table.bolus_round_u == (100 if "100 U" in rounding else 10 if "10 U" in rounding else None)
    assert table.rate_round_u_per_h == (10 if "bolus and rate to nearest 10 U" in rounding else None)
    assert table.source.url in {source["url"] for source in printed["sources"]}


@pytest.mark.parametrize(("name", "line"), LINES)
def test_line_of_the_table(name, line):
    table, printed = Nomogram.load(name), PRINTED[name]["bands"][line]
    band = table.bands[line]
    assert band.below == (math.inf if printed["lt"] is None else printed["lt"])
    assert (table.bands[line - 1].below if line else None) == printed["ge"]
    assert (band.bolus_u_per_kg, band.bolus_u) == (printed["rebolus_u_per_kg"], printed["rebolus_u"])
    assert band.hold_min == printed["hold_min"]
    assert band.change_u_per_kg_per_h == printed.get("rate_change_u_per_kg_h", 0.0)
    assert band.change_u_per_h == printed.get("rate_change_u_h", 0.0)
    assert (band.change_percent, band.change_ml_per_h) == (0.0, 0.0)
    assert band.is_no_change == (printed["status"] == "in")
    recheck = printed["recheck"]
    hours = band.recheck_h if band.recheck_h is not None else table.recheck.hours
    assert hours == (recheck if isinstance(recheck, int) else 10 if recheck == "10 h" else 6)
    settles = isinstance(recheck, str) and "2" in recheck.partition(";")[2]
    if printed["status"] == "in":
        assert (table.recheck.settled_after, table.recheck.settled_hours) == ((2, 24) if settles else (None, None))


@pytest.mark.parametrize(("name", "line"), LINES)
def test_line_of_the_table_as_it_is_decided(name, line):
    """The orders of a level in the middle of the line, for 80 kg at 1000 U/h."""
    table, printed = Nomogram.load(name), PRINTED[name]["bands"][line]
    low = printed["ge"] if printed["ge"] is not None else printed["lt"] - 2 * table.round_to
    level = low if printed["lt"] is None else round(0.5 * (low + printed["lt"] - table.round_to), 6)
    decision = table.decide(situation(table, level))
    bolus_u, hold_min, rate = given(decision)
    assert bolus_u == printed["rebolus_u_per_kg"] * 80.0
    assert hold_min == printed["hold_min"]
    change = printed.get("rate_change_u_per_kg_h", 0.0) * 80.0 + printed.get("rate_change_u_h", 0.0)
    assert rate == (None if change == 0.0 else 1000.0 + change)
    hours = {"10 h": 10.0}.get(printed["recheck"], 6.0)
    assert decision.next_draw_h == 7.0 + printed["hold_min"] / 60.0 + hours  # the hold restarts the clock
    assert decision.why.startswith(table.bands[line].label.partition(" (")[0])
    if rate is not None:
        assert all(order.time_h == 7.0 for order in decision.orders)


@pytest.mark.parametrize("name", nomogram.names())
def test_a_table_prints_every_line(name):
    table = Nomogram.load(name)
    text = str(table)
    for band in table.bands:
        assert band.label in text
        assert band.in_words() in text
    assert table.target.in_words() in text
    assert table.source.cite() in text
    assert all(caveat in text for caveat in table.caveats)


# The start


@pytest.mark.parametrize(
    ("name", "weight_kg", "bolus_u", "rate_u_per_h"),
    [
        ("raschke-1993", 82.0, 6600.0, 1476.0),  # 6560, to the nearest 100 U
        ("raschke-1993", 150.0, 12_000.0, 2700.0),  # no caps were printed
        ("durham-va-2009", 82.0, 6600.0, 1476.0),
        ("durham-va-2009", 125.0, 10_000.0, 2000.0),  # 10,000 and 2250, capped
        ("durham-va-2009", 150.0, 10_000.0, 2000.0),
        ("michigan-vte-anti-xa", 83.3, 6660.0, 1500.0),  # 6664 and 1499.4, to 10 U
        ("michigan-vte-anti-xa", 130.0, 10_000.0, 1800.0),
        ("uk-aptt-ratio", 60.0, 5000.0, 1200.0),
        ("uk-aptt-ratio", 90.0, 5000.0, 1400.0),  # "> 70 kg: 33,600 units/day"
    ],
)
def test_start(name, weight_kg, bolus_u, rate_u_per_h):
    table = Nomogram.load(name)
    decision = table.decide(situation(table, weight_kg=weight_kg, now_h=0.0, rate_u_per_h=0.0))
    assert given(decision) == (bolus_u, 0.0, rate_u_per_h)
    assert decision.next_draw_h == table.start.first_check_h
    assert decision.why.startswith(table.start.in_words())


def test_the_cap_of_the_start_binds_the_first_doses_only():
    durham = Nomogram.load("durham-va-2009")
    bolus_u, _, rate = given(durham.decide(situation(durham, 40.0, weight_kg=150.0, rate_u_per_h=2000.0)))
    assert (bolus_u, rate) == (12_000.0, 2600.0)
    capped = replace(durham, bolus_max_u=8000, rate_max_u_per_h=2100)
    bolus_u, _, rate = given(capped.decide(situation(capped, 40.0, weight_kg=150.0, rate_u_per_h=2000.0)))
    assert (bolus_u, rate) == (8000.0, 2100.0)
    assert given(capped.decide(situation(capped, weight_kg=150.0, rate_u_per_h=0.0))) == (8000.0, 0.0, 2000.0)


def test_a_start_caps_itself():
    start = Nomogram.load("durham-va-2009").start
    assert (start.bolus_for_u(100.0), start.bolus_for_u(150.0)) == (8000.0, 10_000.0)
    assert (start.rate_for_u_per_h(100.0), start.rate_for_u_per_h(150.0)) == (1800.0, 2000.0)


def test_the_first_bolus_takes_its_minutes():
    uk = Nomogram.load("uk-aptt-ratio")
    bolus = uk.decide(situation(uk, rate_u_per_h=0.0)).orders[0]
    assert (bolus.dose_u, bolus.over_min) == (5000.0, 5.0)


# Afterwards


def test_two_in_range_in_a_row_means_tomorrow():
    raschke = Nomogram.load("raschke-1993")

    def hours(*values):
        return raschke.decide(situation(raschke, *values)).next_draw_h - 7.0

    assert hours(60.0) == 6.0
    assert hours(60.0, 50.0) == 24.0
    assert hours(50.0, 60.0, 60.0) == 24.0
    assert hours(60.0, 80.0, 60.0) == 6.0  # in a row
    assert hours(60.0, 60.0, 80.0) == 6.0
    assert hours(46.0, 70.0) == 24.0
    assert hours(45.4, 60.0) == 6.0
    michigan = Nomogram.load("michigan-vte-anti-xa")
    assert michigan.decide(situation(michigan, 0.5, 0.5, 0.5)).next_draw_h == 13.0  # says nothing about settled patients


def test_a_hold_restarts_the_clock():
    raschke = Nomogram.load("raschke-1993")
    decision = raschke.decide(situation(raschke, 120.0))
    assert given(decision) == (0.0, 60.0, 1000.0 - 3 * 80)
    assert decision.next_draw_h == 7.0 + 1.0 + 6.0


def test_a_rate_never_falls_below_zero():
    uk = Nomogram.load("uk-aptt-ratio")
    assert given(uk.decide(situation(uk, 6.0, rate_u_per_h=300.0))) == (0.0, 60.0, 0.0)
    assert given(uk.decide(situation(uk, 6.0, rate_u_per_h=0.0))) == (0.0, 60.0, None)


def test_what_the_pump_can_be_set_to_is_what_is_given():
    """UK bag, 500 U/mL: the pump's 0.1 mL/h is 50 U/h; Raschke names no bag and gets 25,000 U in 250 mL."""
    uk, raschke = Nomogram.load("uk-aptt-ratio"), Nomogram.load("raschke-1993")
    assert uk.pump.bag.concentration_u_per_ml == 500.0
    assert raschke.pump == Pump()
    assert Nomogram.load("durham-va-2009").pump.bag.concentration_u_per_ml == 100.0
    for table, resolution_u_per_h in ((uk, 50.0), (raschke, 10.0)):
        laboratory = Laboratory(assay=table.assay, ceiling=30 if table is uk else None, reagent=published.reagents.SILIMAT)
        course = titrate(Patient(weight_kg=63.7), published.UFH_DEFAULT, table, hours=48, laboratory=laboratory, seed=4)
        rates = [order.rate_u_per_h for order in course.regimen.orders if isinstance(order, Infusion)]
        assert len(rates) > 1
        assert all(math.isclose(rate / resolution_u_per_h, round(rate / resolution_u_per_h)) for rate in rates)
    coarse = Pump(bag=Bag(units_u=25_000, volume_ml=500), resolution_ml_per_h=1.0)
    course = titrate(Patient(weight_kg=63.7), published.UFH_DEFAULT, raschke, hours=6, pump=coarse)
    assert course.regimen.orders[1].rate_u_per_h == 1150.0  # 1146.6 U/h is 22.9 mL/h of 50 U/mL; the pump takes 23


# Above the ceiling


def test_above_the_ceiling_is_the_top_band():
    raschke = Nomogram.load("raschke-1993")
    assert raschke.band(150.0, above_ceiling=True) is raschke.bands[-1]
    assert given(raschke.decide(situation(raschke, 150.0, above_ceiling=True))) == (0.0, 60.0, 760.0)
    assert raschke.band(90.0, above_ceiling=True) is raschke.bands[-1]  # "> 90 s" is all the table wants to know


def test_a_table_that_tells_levels_above_the_ceiling_apart_is_refused():
    raschke, uk = Nomogram.load("raschke-1993"), Nomogram.load("uk-aptt-ratio")
    with pytest.raises(ValueError, match="raschke-1993 tells levels up to 91 apart, but the assay stops counting at 80"):
        raschke.band(80.0, above_ceiling=True)
    with pytest.raises(ValueError, match=r"uk-aptt-ratio tells levels up to 5\.1 apart.*higher ceiling"):
        uk.band(4.0, above_ceiling=True)


@pytest.mark.parametrize(
    ("level", "line"), [(34.4, 0), (34.5, 1), (45.4, 1), (45.5, 2), (49.5, 2), (70.4, 2), (70.5, 3), (90.5, 4)]
)
def test_a_level_is_rounded_before_it_is_looked_up(level, line):
    raschke = Nomogram.load("raschke-1993")
    assert raschke.band(level) is raschke.bands[line]


@pytest.mark.parametrize(("level", "line"), [(0.194, 0), (0.195, 1), (0.295, 2), (0.704, 2), (0.705, 3), (0.995, 5), (0.994, 4)])
def test_an_anti_xa_is_rounded_too(level, line):
    michigan = Nomogram.load("michigan-vte-anti-xa")
    assert michigan.band(level) is michigan.bands[line]


@pytest.mark.parametrize("level", [-1, math.nan, math.inf, "45", True])
def test_a_level_must_be_a_number(level):
    with pytest.raises(ValueError, match="level must"):
        Nomogram.load("raschke-1993").band(level)


# Your own hospital's table, one file away

OWN = """
title = "Ours"
assay = "aptt_s"
round_to = 1
target = [50, 70]
bag_u_per_ml = 50

[source]
key = "Ours_2026"
citation = "Our hospital's sheet"
where = "page 1"
confidence = "primary"

[start]
bolus_u = 5000
rate_u_per_h = 1000
first_check_h = 6

[recheck]
hours = 6

[[bands]]
label = "<50 s"
below = 50
CHANGE

[[bands]]
label = "50-70 s"
below = 71

[[bands]]
label = ">70 s"
below = inf
change_percent = -10
hold_min = 30
recheck_h = 4
"""


GOOD = OWN.replace("CHANGE", "change_u_per_h = 100")


def own(tmp_path, text=GOOD, name="ours.toml"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("change", "rate_u_per_h"),
    [
        ("change_u_per_kg_per_h = 2", 1160.0),
        ("change_u_per_h = 150", 1150.0),
        ("change_percent = 12.5", 1125.0),
        ("change_ml_per_h = 2", 1100.0),  # of the bag in the file, 50 U/mL
    ],
)
def test_steps_in_the_unit_that_was_printed(tmp_path, change, rate_u_per_h):
    table = Nomogram.load(own(tmp_path, OWN.replace("CHANGE", change)))
    assert table.name == "ours"
    decision = table.decide(situation(table, 40.0))
    assert given(decision) == (0.0, 0.0, rate_u_per_h)
    number, unit = change.split(" = ")[1], {"change_u_per_kg_per_h": "U/kg/h", "change_u_per_h": "U/h"}
    assert f"+{number}" in decision.why
    assert unit.get(change.split(" = ")[0], decision.why) in decision.why


@pytest.mark.parametrize("hangs_u_per_ml", [50.0, 100.0, 300.0])
def test_millilitres_are_those_of_the_bag_in_the_table(tmp_path, hangs_u_per_ml):
    """+1 mL/h of the table's 300 U/mL is +300 U/h, whatever bag hangs on the pump."""
    text = OWN.replace("CHANGE", "change_ml_per_h = 1").replace("bag_u_per_ml = 50", "bag_u_per_ml = 300")
    table = Nomogram.load(own(tmp_path, text))
    assert given(table.decide(situation(table, 40.0, pump=Pump(bag=Bag.of(hangs_u_per_ml))))) == (0.0, 0.0, 1300.0)


def test_percent_hold_and_own_recheck(tmp_path):
    table = Nomogram.load(str(own(tmp_path)))
    decision = table.decide(situation(table, 95.0))
    assert given(decision) == (0.0, 30.0, 900.0)
    assert decision.next_draw_h == 7.0 + 0.5 + 4.0


def test_own_table_from_start_to_chart(tmp_path):
    table = Nomogram.load(own(tmp_path))
    course = titrate(Patient(weight_kg=70), published.UFH_DEFAULT, table, hours=24)
    assert course.controller == "ours"
    assert course.pump.bag.concentration_u_per_ml == 50.0
    assert "pump 20 mL/h)" in course.in_words()


ORDER_OF_BANDS = GOOD.replace("below = 50\n", "below = 80\n")
WRONG = {
    "a gap": (GOOD.replace("below = inf", "below = 120"), "leave a gap: no band covers 120 and above"),
    "an overlap": (
        ORDER_OF_BANDS,
        r"bands overlap: band 2 \('50-70 s', below 71\) does not rise above band 1 \('<50 s', below 80\)",
    ),
    "an edge twice": (GOOD.replace("below = 71", "below = 50"), "bands overlap: band 2"),
    "an unknown key": (GOOD.replace("round_to", "rounded_to"), r"unknown key 'rounded_to'.*round_to\?"),
    "an unknown key in a band": (GOOD.replace("hold_min", "hold_minutes"), r"unknown key 'hold_minutes' in band 3.*hold_min\?"),
    "an unknown key in the start": (GOOD.replace("first_check_h", "first_check"), r"unknown key 'first_check' in \[start\]"),
    "an unknown key in the source": (GOOD.replace("where", "table"), r"unknown key 'table' in \[source\]"),
    "a missing key": (GOOD.replace('title = "Ours"\n', ""), "is missing .*title"),
    "a missing edge": (GOOD.replace("below = 50\n", ""), "band 1 is missing .*below"),
    "a missing round_to": (GOOD.replace("round_to = 1\n", ""), "is missing .*round_to"),
    "no first check": (GOOD.replace("first_check_h = 6\n", ""), r"\[start\] is missing .*first_check_h"),
    "no start": (GOOD.replace("[start]", "[begin]"), r"\[start\] must be a table of keys; got None"),
    "no recheck": (GOOD.replace("[recheck]", "[again]"), r"\[recheck\] must be a table of keys; got None"),
    "no source": (GOOD.replace("[source]", "[sauce]"), "no source: a nomogram needs a"),
    "no place in the source": (GOOD.replace('where = "page 1"', 'where = " "'), r"\[source\]: a source needs where"),
    "a shrug for confidence": (GOOD.replace('"primary"', '"probably"'), "confidence must be one of primary"),
    "no target": (GOOD.replace("target = [50, 70]\n", ""), r"target must be \[low, high\]; got None"),
    "half a target": (GOOD.replace("[50, 70]", "[50]"), r"target must be \[low, high\]; got \[50\]"),
    "a wrong target": (
        GOOD.replace("[50, 70]", "[50, 75]"),
        "target 50-75 must be the levels left alone; the bands leave alone 50-70",
    ),
    "a target that no band leaves alone": (
        GOOD.replace('label = "50-70 s"', 'label = "50-70 s"\nchange_u_per_h = 1'),
        "the bands leave alone nothing",
    ),
    "an unknown assay": (
        GOOD.replace('"aptt_s"', '"ptt"'),
        "assay must be one of aptt_s, aptt_ratio, anti_xa_u_per_ml, act_s; got 'ptt'",
    ),
    "two units in one band": (
        OWN.replace("CHANGE", "change_u_per_h = 100\nchange_percent = 10"),
        "band '<50 s' changes the rate in two units: change_u_per_h and change_percent",
    ),
    "two re-boluses in one band": (OWN.replace("CHANGE", "bolus_u = 1\nbolus_u_per_kg = 2"), "band '<50 s' has two re-boluses"),
    "two boluses at the start": (GOOD.replace("bolus_u = 5000", "bolus_u = 5000\nbolus_u_per_kg = 80"), "start has two boluses"),
    "two rates at the start": (
        GOOD.replace("rate_u_per_h = 1000", "rate_u_per_h = 1\nrate_u_per_kg_per_h = 2"),
        "exactly one of",
    ),
    "no rate at the start": (
        GOOD.replace("rate_u_per_h = 1000\n", ""),
        "exactly one of rate_u_per_h and rate_u_per_kg_per_h above 0",
    ),
    "an edge finer than round_to": (
        GOOD.replace("below = 50\n", "below = 49.5\n"),
        r"edge 49\.5 of band '<50 s' is finer than round_to = 1",
    ),
    "text for a number": (GOOD.replace("below = 71", 'below = "71"'), "band 2: below must be a number between .* got '71'"),
    "a negative hold": (GOOD.replace("hold_min = 30", "hold_min = -30"), "band 3: hold_min must lie between 0 and 2880; got -30"),
    "not a number": (GOOD.replace("below = 71", "below = nan"), "band 2: below must lie between .* got nan"),
    "true for a number": (
        GOOD.replace("hold_min = 30", "hold_min = true"),
        "hold_min must be a number between 0 and 2880; got True",
    ),
    "one band": (GOOD[: GOOD.index("[[bands]]")] + '[[bands]]\nlabel = "all"\nbelow = inf\n', "needs at least two bands; got 1"),
    "no bands": (GOOD[: GOOD.index("[[bands]]")], "no bands"),
    "bands that are no list": (GOOD[: GOOD.index("[[bands]]")] + "[bands]\nbelow = 3\n", "no bands"),
    "a band without a label": (GOOD.replace('label = "50-70 s"', 'label = ""'), "label must be a text that is not empty"),
    "bad TOML": (GOOD.replace("target = [50, 70]", "target = [50, 70"), r"is not valid TOML: .*line \d+"),
    "half a settled rule": (
        GOOD.replace("[recheck]", "[recheck]\nsettled_after = 2"),
        "settled_after and settled_hours belong together",
    ),
    "a weight that is no rule": (
        GOOD.replace("round_to", 'weight = "lean body weight"\nround_to'),
        "weight must be one of actual body weight, ideal body weight, adjusted body weight, .*; got 'lean body weight'",
    ),
    "millilitres without a bag": (
        OWN.replace("CHANGE", "change_ml_per_h = 2").replace("bag_u_per_ml = 50\n", ""),
        "change_ml_per_h needs bag_u_per_ml: millilitres mean nothing without the bag; got 2 in band '<50 s'",
    ),
    "a bag that no pump takes": (
        GOOD.replace("bag_u_per_ml = 50", "bag_u_per_ml = 0.2"),
        "bag_u_per_ml must lie between 0.5 and",
    ),
    "a label below its edge": (
        GOOD.replace('"<50 s"', '"<34 s"'),
        "label '<34 s' must name the levels of its band, 0 to 49",
    ),
    "a label above its edge": (GOOD.replace('"<50 s"', '"<=50 s"'), "label '<=50 s' must name the levels of its band, 0 to 49"),
    "a label in words": (
        GOOD.replace('"50-70 s"', '"50 to 80 sec"'),
        "label '50 to 80 sec' must name the levels of its band, 50 to 70",
    ),
    "a last label that ends": (GOOD.replace('">70 s"', '"71-150 s"'), "label '71-150 s' must name .* 71 and above"),
    "a label that cannot be read": (
        GOOD.replace('"50-70 s"', '"50s and 70s"'),
        "label must be written like '<35 s'.*got '50s and 70s'",
    ),
    "a label beyond any level": (
        GOOD.replace('"50-70 s"', f'"50-{"9" * 400} s"'),
        "label must name levels up to 10000; got '50-999",
    ),
    "a label beyond any level in brackets": (
        GOOD.replace('"50-70 s"', f'"50-70 s (1.5-{"9" * 400} x)"'),
        "label must name levels up to 10000; got '50-70 s",
    ),
    "a label finer than the table": (GOOD.replace('"50-70 s"', '"49.5-70 s"'), "label must not be finer than round_to = 1"),
    "two units that disagree": (
        GOOD.replace('"<50 s"', '"<50 s (<1.7 x control)"').replace('"50-70 s"', '"50-70 s (1.5-2.3 x control)"'),
        r"label '50-70 s \(1\.5-2\.3 x control\)' must rise above the label before in both its units",
    ),
    "a fall below the target": (
        OWN.replace("CHANGE", "change_u_per_h = -100"),
        "band '<50 s' lies below the target of 50-70, where change_u_per_h is the wrong way; got -100",
    ),
    "a hold below the target": (
        OWN.replace("CHANGE", "change_u_per_h = 100\nhold_min = 60"),
        "band '<50 s' lies below the target of 50-70, where hold_min is the wrong way; got 60",
    ),
    "a rise above the target": (
        GOOD.replace("change_percent = -10", "change_percent = 10"),
        "band '>70 s' lies above the target of 50-70, where change_percent is the wrong way; got 10",
    ),
    "a re-bolus above the target": (
        GOOD.replace("hold_min = 30", "hold_min = 30\nbolus_u_per_kg = 40"),
        "band '>70 s' lies above the target of 50-70, where bolus_u_per_kg is the wrong way; got 40",
    ),
    "a change within the target": (
        GOOD.replace("target = [50, 70]", "target = [50, 90]")
        .replace(
            'label = "50-70 s"\nbelow = 71',
            'label = "50-59 s"\nbelow = 60\n[[bands]]\nlabel = "60-70 s"\nbelow = 71\n'
            'change_u_per_h = 50\n[[bands]]\nlabel = "71-90 s"\nbelow = 91',
        )
        .replace('">70 s"', '">90 s"'),
        "band '60-70 s' lies within the target of 50-90, where change_u_per_h is the wrong way; got 50",
    ),
    "a fraction for per cent": (
        GOOD.replace("change_percent = -10", "change_percent = -0.1"),
        r"band 3: change_percent must be 0, or at least 1 up or down \(per cent, no fraction\); got -0.1",
    ),
    "hours for minutes": (
        GOOD.replace("hold_min = 30", "hold_min = 1.5"),
        r"band 3: hold_min must be 0, or 5 to 2880 minutes \(not hours\); got 1.5",
    ),
    "half a minute": (GOOD.replace("hold_min = 30", "hold_min = 0.5"), "band 3: hold_min must be 0, or 5 to 2880 minutes"),
    "a bolus in no time": (
        GOOD.replace("bolus_u = 5000", "bolus_u = 5000\nbolus_over_min = 1e-12"),
        r"\[start\]: bolus_over_min must be 0, or 0.5 to 600 minutes; got 1e-12",
    ),
    "a dose above its cap": (
        GOOD.replace("bolus_u = 5000", "bolus_u = 5000\nbolus_max_u = 4000"),
        "bolus_u must not be above its own cap of 4000; got 5000",
    ),
    "a dose by a weight it does not ask for": (
        OWN.replace("CHANGE", "change_u_per_kg_per_h = 2").replace("round_to", 'weight = "no weight: fixed doses"\nround_to'),
        "change_u_per_kg_per_h must not be given in a table with 'no weight: fixed doses'; got 2",
    ),
    "the GPnotebook misprint": (  # "1.2-2.4 increase by 200; < 2 increase by 400"
        GOOD.replace("below = 50\n", "below = 2\n").replace("below = 71", "below = 1.5"),
        "bands overlap",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_table_written_wrongly_says_where_and_what(tmp_path, what):
    text, message = WRONG[what]
    assert text != GOOD
    file = own(tmp_path, text, name="wrong.toml")
    with pytest.raises(ValueError, match=message) as caught:
        Nomogram.load(file)
    assert re.match(rf"{re.escape(str(file))}(, line \d+)?: ", str(caught.value))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GOOD.replace('"<50 s"', '"<34 s"'), 'label = "<34 s"'),
        (GOOD.replace("hold_min = 30", "hold_min = 1.5"), "hold_min = 1.5"),
        (GOOD.replace("change_percent = -10", "change_percent = 10"), "change_percent = 10"),
        (GOOD.replace("below = inf", "below = 120"), "below = 120"),
        (GOOD.replace("below = 71", "below = 50"), "below = 50"),  # the second one
        (GOOD.replace("below = 71\n", ""), "[[bands]]"),  # the second one
        (GOOD.replace("first_check_h = 6", "first_check_h = 60000"), "first_check_h = 60000"),
        (GOOD.replace("first_check_h = 6\n", ""), "[start]"),
        (GOOD.replace("[50, 70]", "[50, 75]"), "target = [50, 75]"),
        (GOOD.replace("[50, 70]", "[70, 50]"), "target = [70, 50]"),
        (GOOD.replace('"aptt_s"', '"ptt"'), 'assay = "ptt"'),
        (GOOD.replace("round_to", "rounded_to"), "rounded_to = 1"),
        ('title = """\n[start]\nweight = 3\n"""\n' + GOOD.replace('title = "Ours"', 'weight = "none"'), 'weight = "none"'),
        (GOOD[: GOOD.index("[[bands]]")].replace("[source]", 'bands = [{below = 3, label = "<3"}]\n[source]'), "bands = [{"),
    ],
)
def test_a_mistake_names_its_line(tmp_path, text, line):
    file = own(tmp_path, text)
    with pytest.raises(ValueError) as caught:
        Nomogram.load(file)
    found = re.match(rf"{re.escape(str(file))}, line (\d+): ", str(caught.value))
    assert found, str(caught.value)
    named = [number for number, one in enumerate(text.split("\n"), 1) if one.startswith(line)]
    assert int(found[1]) == (named[1] if line in ("below = 50", "[[bands]]") else named[0]), str(caught.value)


@pytest.mark.parametrize(
    ("label", "round_to", "ends"),
    [
        ("<50 s", 1, (None, 49)), ("< 50", 1, (None, 49)), ("below 50 s", 1, (None, 49)), ("up to 50 s", 1, (None, 50)),
        ("≤ 50 s", 1, (None, 50)), ("50–70 s", 1, (50, 70)), ("50 to 70 sec", 1, (50, 70)), ("aPTT 50-70 s", 1, (50, 70)),
        ("> 70 s", 1, (71, None)), ("more than 70 seconds", 1, (71, None)), ("at least 0.7 U/mL", 0.01, (70, None)),
        ("0,30-0,70 IU/mL", 0.01, (30, 70)), ("0.30 to <0.70", 0.01, (30, 69)), ("low", 1, None), ("<1.2 x control", 1, None),
        ("35 s", 1, (35, 35)),
    ],
)  # fmt: skip
def test_how_labels_are_read(label, round_to, ends):
    assert levels_named(label, round_to) == ends


# The weight that a table doses by

BY_WEIGHT = (
    GOOD.replace("bolus_u = 5000", "bolus_u_per_kg = 80")
    .replace("rate_u_per_h = 1000", "rate_u_per_kg_per_h = 18")
    .replace("bag_u_per_ml = 50", 'bolus_round_u = 100\nrate_round_u_per_h = 100\nweight = "WEIGHT body weight"')
)
HEAVY = Patient(weight_kg=110, height_cm=165, sex="female")


@pytest.mark.parametrize(
    ("weight", "bolus_u", "rate_u_per_h"), [("actual", 8800, 2000), ("ideal", 4600, 1000), ("adjusted", 6300, 1400)]
)
@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
def test_a_table_doses_by_the_weight_it_says(tmp_path, weight, bolus_u, rate_u_per_h):
    """45.5 kg and 2.3 kg for each inch over five feet: 56.9 kg; 0.4 of the weight above it: 78.1 kg."""
    table = Nomogram.load(own(tmp_path, BY_WEIGHT.replace("WEIGHT", weight)))
    course = titrate(HEAVY, published.UFH_DEFAULT, table, seed=3)
    assert given(Decision(orders=course.entries[0].orders))[0] == bolus_u
    assert given(Decision(orders=course.entries[0].orders))[2] == rate_u_per_h
    assert course.patient.weight_kg == 110.0  # kinetics follow the true one
    replayed = simulate(course.patient, published.UFH_DEFAULT, course.regimen)
    np.testing.assert_array_equal(replayed.states[-1], course.states[-1])
    cohort = Cohort(2, {"weight_kg": np.array([110.0, 70.0]), "height_cm": np.array([165.0, 190.0]), "sex": "female"})
    charts = titrate_cohort(cohort, published.UFH_DEFAULT, table, seed=3)
    for i in range(2):
        alone = titrate(cohort[i], published.UFH_DEFAULT, table, seed=3, subject=i)
        assert charts.values[: charts.n_results[i], i].tolist() == [lab.value for lab in alone.labs]
        np.testing.assert_array_equal(charts.states[i], alone.states[-1])


def test_a_dosing_weight_that_is_unknown_is_asked_for(tmp_path):
    table = Nomogram.load(own(tmp_path, BY_WEIGHT.replace("WEIGHT", "adjusted")))
    with pytest.raises(ValueError, match="the ideal body weight needs height_cm and sex of the patient"):
        titrate(Patient(weight_kg=110), published.UFH_DEFAULT, table)
    with pytest.raises(ValueError, match="the ideal body weight needs height_cm and sex of the patient"):
        titrate_cohort(Cohort(2, {"weight_kg": np.array([110.0, 70.0])}), published.UFH_DEFAULT, table)
    tiny = Patient(weight_kg=10, height_cm=70, sex="female")
    ideal = Nomogram.load(own(tmp_path, BY_WEIGHT.replace("WEIGHT", "ideal")))
    with pytest.raises(ValueError, match="the ideal body weight must lie between 0.4 and 400; got -29"):
        titrate(tiny, published.UFH_DEFAULT, ideal)
    own_weight = replace(HEAVY, dosing_weight_kg=90)
    assert titrate(own_weight, published.UFH_DEFAULT, table).patient.dosing_weight_kg == 90.0  # the patient's own goes first


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"missing\.toml: cannot be read: No such file"):
        Nomogram.load(tmp_path / "missing.toml")
    with pytest.raises(ValueError, match="cannot be read"):
        Nomogram.load(f"{tmp_path}/")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"binary\.toml: is not UTF-8 text"):
        Nomogram.load(binary)


def test_a_name_that_is_not_there():
    with pytest.raises(ValueError, match=r"no nomogram 'raschke-1992'; there are .*raschke-1993.*did you mean raschke-1993\?"):
        Nomogram.load("raschke-1992")


def test_every_table_of_the_house_loads_and_says_who_it_is():
    for name in nomogram.names():
        table = Nomogram.load(name)
        assert table.name == name
        assert table.source.url.startswith("http") or table.source.doi or "UpToDate graphic" in table.source.citation


# The noun itself


@pytest.mark.parametrize("field", ["source", "target"])
def test_a_table_needs_its_source_and_a_target_of_its_assay(field):
    table = Nomogram.load("raschke-1993")
    wrong = {"source": "Raschke 1993", "target": TherapeuticRange(assay="aptt_ratio", low=46, high=70)}[field]
    message = {"source": "needs a source; got 'Raschke 1993'", "target": "target must be in aptt_s; got aptt_ratio"}[field]
    with pytest.raises(ValueError, match=message):
        replace(table, **{field: wrong})


@pytest.mark.parametrize(
    ("noun", "words"),
    [
        (Band(below=35, label="x", bolus_u_per_kg=80, change_u_per_kg_per_h=4), "re-bolus 80 U/kg, +4 U/kg/h"),
        (Band(below=35, label="x", bolus_u=2500, change_u_per_h=-50), "re-bolus 2500 U, -50 U/h"),
        (Band(below=35, label="x", hold_min=60, change_percent=-10), "hold 60 min, -10 %"),
        (Band(below=35, label="x", change_ml_per_h=1.5), "+1.5 mL/h"),
        (Band(below=35, label="x"), "no change"),
        (Start(first_check_h=6, bolus_u_per_kg=80, rate_u_per_kg_per_h=18), "bolus 80 U/kg, then 18 U/kg/h"),
        (
            Start(first_check_h=6, bolus_u=5000, bolus_over_min=5, rate_u_per_h=1000, rate_max_u_per_h=1400),
            "bolus 5000 U over 5 min, then 1000 U/h (rate at most 1400 U/h)",
        ),
        (Start(first_check_h=6, rate_u_per_kg_per_h=12), "no bolus, 12 U/kg/h"),
    ],
)
def test_words(noun, words):
    assert noun.in_words() == words


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Band(below=0, label="x"), "below must lie between"),
        (lambda: Band(below=35, label="x", recheck_h=0), r"recheck_h must lie between 0\.5 and 72; got 0"),
        (lambda: Band(below=35, label="x", change_percent=-101), "change_percent must lie between -100 and 200; got -101"),
        (lambda: Start(first_check_h=0, rate_u_per_h=1), r"first_check_h must lie between 0\.5 and 72; got 0"),
        (lambda: Start(first_check_h=6, rate_u_per_h=-1), "rate_u_per_h must lie between 0 and 500000; got -1"),
        (lambda: Start(first_check_h=6, rate_u_per_h=1, bolus_max_u=-1), "bolus_max_u must lie between 0 and 200000; got -1"),
        (lambda: Recheck(hours=100), r"hours must lie between 0\.5 and 72; got 100"),
        (lambda: Recheck(hours=6, settled_after=0, settled_hours=24), "settled_after must lie between 1 and 10; got 0"),
        (lambda: Source(key="", citation="c", where="w", confidence="primary"), "a source needs key"),
    ],
)
def test_limits(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_nomogram_saved_with_a_byte_order_mark_loads(tmp_path):
    text = (Path(nomogram.__file__).parent / "nomograms" / "raschke-1993.toml").read_text(encoding="utf-8")
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8-sig")
    assert Nomogram.load(file).bands == Nomogram.load("raschke-1993").bands
    with pytest.raises(ValueError, match="cannot be read"):
        Nomogram.load("a\0.toml")
