"""Every table of the package against what was printed, its caveats, a run of two days, and the tables that cannot be run."""

import json
import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from heparin_pk import Bolus, Laboratory, Nomogram, OutsideValidityDomain, Patient, nomogram, published, simulate, titrate

DATA = Path(__file__).parent / "data"
FOLDER = Path(nomogram.__file__).parent / "nomograms"
FIRST_FOUR = json.loads((DATA / "printed_nomograms.json").read_text(encoding="utf-8"))["tables"]
LIBRARY = json.loads((DATA / "printed_nomogram_library.json").read_text(encoding="utf-8"))["tables"]
WHOLE = FIRST_FOUR | {name: table for name, table in LIBRARY.items() if table["complete"]}
IN_PART = {name: table for name, table in LIBRARY.items() if not table["complete"]}
LINES = [pytest.param(name, i, id=f"{name}: {line['label']}") for name, t in WHOLE.items() for i, line in enumerate(t["bands"])]
FOR_CHILDREN = {"paediatric-anti-xa", "paediatric-aptt", "childrens-mercy-anti-xa"}
ASSAY = {"aPTT": "aptt_s", "aPTT_ratio": "aptt_ratio", "antiXa": "anti_xa_u_per_ml"}

# What is printed in words, the hours it is modelled as, and the words a caveat must repeat (none: it is what it says)
IN_HOURS = {
    "6 h; q24h after 2 consecutive in range": (6, ""),
    "6 h; qAM after 2 in range": (6, "'Every morning after 2 in range' is modelled as 24 h"),
    "q6h until 2 consecutive in range, then q24h": (6, ""),
    "4 h then daily after 2 in range": (4, "'Daily after 2 in range' is modelled as 24 h"),
    "q4-6 h in first 24 h, then daily": (6, "'q4-6 h in first 24 h, then daily' is modelled as every 6 h"),
    "6 h**": (6, "every 6 h is kept"),
    "10 h": (10, ""),
    "4-6 h": (6, "4-6 h'; 6 h is used"),
    "4-6 h after restart": (6, "4-6 h'; 6 h is used"),
    "next morning": (24, "'Next morning' is modelled as 24 h"),
    "next day": (24, "'Next day' is modelled as 24 h"),
    "next day's labs": (24, "next day's labs' is modelled as 24 h"),
    "next AM": (24, "'In AM', modelled as 24 h"),
}
SETTLED = {  # name: results in a row in range, hours from then on
    "raschke-1993": (2, 24),
    "durham-va-2009": (2, 24),
    "acs-fixed-step": (2, 24),
    "paediatric-anti-xa": (2, 24),
    "hull-1992": (4, 24),  # "in first 24 h": four results, six hours and a turnaround apart
}

NUMBER = r"(\d+(?:\.\d+)?)"


@pytest.fixture(scope="module")
def tables():
    return {name: Nomogram.load(name) for name in nomogram.names()}


# As printed


def test_every_table_of_the_house_was_printed_and_every_printed_table_is_there():
    assert set(nomogram.names()) == set(WHOLE)
    assert {file.stem for file in (FOLDER / "incomplete").iterdir()} == set(IN_PART)
    assert len(WHOLE) + len(IN_PART) >= 25


@pytest.mark.parametrize("name", WHOLE)
def test_head(tables, name):
    table, printed = tables[name], WHOLE[name]
    assert table.assay == ASSAY[printed["assay"]]
    assert [table.target.low, table.target.high] == printed["target"]
    assert table.round_to == printed["round_to"]
    assert table.bag_u_per_ml == printed.get("bag_u_per_ml")
    assert len(table.bands) == len(printed["bands"])
    rounding = printed.get("rounding", "")
    assert table.bolus_round_u == (100 if "100 U" in rounding else 10 if "10 U" in rounding else None)
    assert table.rate_round_u_per_h == (10 if "and rate to nearest 10 U" in rounding else None)
    assert (table.bolus_max_u, table.rate_max_u_per_h) == (None, None)  # every printed cap is of the start


@pytest.mark.parametrize("name", WHOLE)
def test_start(tables, name):
    start, printed = tables[name].start, WHOLE[name]
    first, text = printed["init"], " ".join(tables[name].caveats)
    bolus = first.get("bolus_u_per_kg", 0.0)
    if bolus == "75-100":
        assert "'75-100 units/kg'; 75 is used" in text
        bolus = 75.0
    rate = first.get("rate_u_per_kg_h", 0.0)
    if isinstance(rate, dict):
        (row,) = (key for key in rate if key in (">=1y", ">1y"))
        assert "20 is used, which is wrong for an infant" in text
        assert all(str(value) in text for value in rate.values())
        rate = rate[row]
    check = printed["first_check_h"]
    if check == "4-6":
        assert re.search(r"4-6 h'; 6 h is used", text)
        check = 6
    assert (start.bolus_u_per_kg, start.bolus_u) == (bolus, first.get("bolus_u", 0.0))
    assert (start.rate_u_per_kg_per_h, start.rate_u_per_h) == (rate, first.get("rate_u_h", 0.0))
    assert (start.bolus_max_u, start.rate_max_u_per_h) == (first.get("bolus_max_u"), first.get("rate_max_u_h"))
    assert start.first_check_h == check
    minutes = first.get("bolus_over_min", 0.0)
    if name == "uk-aptt-ratio":
        minutes = float(re.search(r"IV over (\d+) min", printed["sources"][0]["quote"])[1])
    assert start.bolus_over_min == minutes
    if "rate_u_h_high_bleed_risk" in first:
        assert f"{first['rate_u_h_high_bleed_risk']} U/h" in text


@pytest.mark.parametrize(("name", "line"), LINES)
def test_line(tables, name, line):
    table, printed = tables[name], WHOLE[name]["bands"][line]
    band = table.bands[line]
    assert re.findall(NUMBER, band.label) == re.findall(NUMBER, printed["label"])
    assert band.below == (math.inf if printed["lt"] is None else printed["lt"])
    assert (table.bands[line - 1].below if line else None) == printed["ge"]
    assert (band.bolus_u_per_kg, band.bolus_u) == (printed["rebolus_u_per_kg"], printed["rebolus_u"])
    assert band.hold_min == printed["hold_min"]
    assert band.change_u_per_kg_per_h == printed.get("rate_change_u_per_kg_h", 0.0)
    assert band.change_u_per_h == printed.get("rate_change_u_h", 0.0)
    assert band.change_percent == printed.get("rate_change_pct", 0.0)
    assert band.change_ml_per_h == 0.0
    assert band.is_no_change == (printed["status"] == "in")


@pytest.mark.parametrize(("name", "line"), LINES)
def test_recheck(tables, name, line):
    table, printed = tables[name], WHOLE[name]["bands"][line]["recheck"]
    hours, caveat = (printed, "") if isinstance(printed, int) else IN_HOURS[printed]
    band = table.bands[line]
    assert (band.recheck_h if band.recheck_h is not None else table.recheck.hours) == hours
    assert caveat in " ".join(table.caveats)


@pytest.mark.parametrize("name", WHOLE)
def test_settled(tables, name):
    rule = tables[name].recheck
    assert (rule.settled_after, rule.settled_hours) == SETTLED.get(name, (None, None))


@pytest.mark.parametrize("name", WHOLE)
def test_the_target_lies_between_what_raises_and_what_lowers(tables, name):
    status = [line["status"] for line in WHOLE[name]["bands"]]
    assert status == sorted(status, key=["sub", "in", "supra"].index)
    for band, where in zip(tables[name].bands, status, strict=True):
        changes = band.change_u_per_kg_per_h + band.change_u_per_h + band.change_percent
        assert (changes > 0, changes < 0) == (where == "sub", where == "supra")
        assert not (band.hold_min and where != "supra")
        assert not ((band.bolus_u or band.bolus_u_per_kg) and where != "sub")


# The label says the same as the edges

PATTERNS = (  # of a label: its lowest and highest level, in steps of the table's resolution; None is open
    (rf"<{NUMBER}", lambda a: (None, a - 1)),
    (rf"<={NUMBER}", lambda a: (None, a)),
    (rf">{NUMBER}", lambda a: (a + 1, None)),
    (rf">={NUMBER}", lambda a: (a, None)),
    (rf"{NUMBER}-{NUMBER}", lambda a, b: (a, b)),
    (rf">{NUMBER}-{NUMBER}", lambda a, b: (a + 1, b)),
    (rf">{NUMBER} to <{NUMBER}", lambda a, b: (a + 1, b - 1)),
)


def levels(label, round_to):
    """Return the lowest and the highest level (in steps of ``round_to``) that a printed label names."""
    text = re.sub(r"\s*\(.*\)$", "", label).removesuffix(" s")
    for pattern, ends in PATTERNS:
        if match := re.fullmatch(pattern, text):
            steps = [float(number) / round_to for number in match.groups()]
            assert all(abs(step - round(step)) < 1e-9 for step in steps), f"{label!r} is finer than {round_to:g}"
            return ends(*(round(step) for step in steps))
    raise AssertionError(f"what levels does {label!r} name?")


@pytest.mark.parametrize(
    ("label", "round_to", "ends"),
    [
        ("<35 s (<1.2 x control)", 1, (None, 34)),
        ("35-45 s (1.2-1.5 x control)", 1, (35, 45)),
        (">90 s", 1, (91, None)),
        (">=133 s", 1, (133, None)),
        ("<=60 s", 1, (None, 60)),
        ("0.20-0.29", 0.01, (20, 29)),
        (">35 to <50 s", 1, (36, 49)),
        (">70-90 s", 1, (71, 90)),
        (">5", 0.1, (51, None)),
    ],
)
def test_a_label_is_read(label, round_to, ends):
    assert levels(label, round_to) == ends


@pytest.mark.parametrize("label", ["about 40 s", "35 s", "40-", "0.295 s"])
def test_a_label_that_says_nothing_is_not_read(label):
    with pytest.raises(AssertionError):
        levels(label, 0.01)


@pytest.mark.parametrize(("name", "line"), LINES)
def test_label_and_edges_agree(tables, name, line):
    table = tables[name]
    low, high = levels(table.bands[line].label, table.round_to)
    below = table.bands[line].below
    assert (None if line == 0 else round(table.bands[line - 1].below / table.round_to)) == low
    assert (None if below == math.inf else round(below / table.round_to) - 1) == high
    assert table.bands[line].label.endswith(" s") == (table.assay == "aptt_s") or name == "raschke-1993"


# Every level has exactly one band


@pytest.mark.parametrize("name", WHOLE)
def test_sweep(tables, name):
    """From nothing to twice the last edge, in tenths of a step: the one band, and the one the label names."""
    table = tables[name]
    ends = [levels(band.label, table.round_to) for band in table.bands]
    tenths = 10 * round(2 * table.bands[-2].below / table.round_to)
    for tenth in range(tenths):
        level = tenth * table.round_to / 10
        step = (tenth + 5) // 10  # half a step rounds up
        named = [i for i, (low, high) in enumerate(ends) if (low is None or step >= low) and (high is None or step <= high)]
        assert len(named) == 1, level
        assert table.band(level) is table.bands[named[0]], level
    assert table.band(tenths * table.round_to, above_ceiling=True) is table.bands[-1]


# Where it was read


@pytest.mark.parametrize("name", WHOLE)
def test_caveats_travel_and_print(tables, name):
    table, printed = tables[name], WHOLE[name]
    text = str(table)
    assert table.caveats
    assert len(set(table.caveats)) == len(table.caveats)
    for caveat in table.caveats:
        assert f"  note: {caveat}" in text
    if name in LIBRARY and "caveat" in printed:
        assert printed["caveat"] in table.caveats
    assert "40 %" in text or "modifiers" not in printed
    assert "peptic ulcer" in text or "high_bleed_risk_criteria" not in printed
    if any("note" in line and "consider" in line["note"] for line in printed["bands"]):
        assert "'consider'" in text


@pytest.mark.parametrize("name", LIBRARY)
def test_how_well_it_was_seen_is_said_honestly(name):
    printed = LIBRARY[name]
    folder = FOLDER if printed["complete"] else FOLDER / "incomplete"
    source = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))["source"]
    assert source["confidence"] == ("primary" if printed["verification"] == "verified" else "second-hand")
    addresses = {place.get("url") or f"https://github.com/{place['repo']}" for place in printed["sources"]}
    assert source.get("url") in addresses or "UpToDate graphic" in source["citation"]  # a subscriber's page has no open address


def test_a_table_whose_steps_were_never_seen_says_so(tables):
    for name in ("cruickshank-1991", "hull-1992"):
        assert "general knowledge" in tables[name].caveats[0]
        assert "not seen" in tables[name].title
        assert tables[name].source.confidence == "second-hand"


# Two days with each


PATIENTS = [(name, kg) for name in WHOLE for kg in ((20.0,) if name in FOR_CHILDREN else (45.0, 75.0))]


@pytest.mark.parametrize(("name", "weight_kg"), PATIENTS)
def test_two_days_and_their_replay(tables, name, weight_kg):
    table = tables[name]
    child = name in FOR_CHILDREN
    patient = Patient(weight_kg=weight_kg, age_y=6.0 if child else None)
    laboratory = Laboratory(assay=table.assay, ceiling=30.0 if table.assay == "aptt_ratio" else None)

    def two_days(give, controller, **how):
        if not child:
            return give(patient, published.UFH_DEFAULT, controller, hours=48.0, **how)
        with pytest.warns(OutsideValidityDomain, match="was studied at"):
            return give(patient, published.UFH_DEFAULT, controller, hours=48.0, **how)

    course = two_days(titrate, table, laboratory=laboratory, seed=11)
    assert len(course.labs) >= 2
    assert course.labs[0].drawn_h == table.start.first_check_h
    assert all(lab.assay == table.assay for lab in course.labs)
    boluses = [order.dose_u for order in course.regimen.orders if isinstance(order, Bolus) and order.time_h == 0.0]
    assert sum(boluses) == pytest.approx(table.start.bolus_for_u(weight_kg), abs=(table.bolus_round_u or 0.0) / 2)
    for entry in course.entries[1:]:
        assert entry.why.startswith(table.band(entry.lab.value, entry.lab.above_ceiling).label.partition(" (")[0])
    again = two_days(simulate, course.regimen)
    assert again.regimen == course.regimen
    kept = np.isin(course.time_h, again.time_h)
    assert kept.sum() > 100
    at = np.isin(again.time_h, course.time_h)
    np.testing.assert_allclose(again.concentration_u_per_ml[at], course.concentration_u_per_ml[kept], rtol=2e-6, atol=1e-9)


def test_no_bolus_means_no_bolus(tables):
    assert tables["pmc8891818-cns"].start.in_words() == "no bolus, 12 U/kg/h"
    assert not any(band.bolus_u or band.bolus_u_per_kg for band in tables["pmc8891818-cns"].bands)


def test_the_children_s_aptt_range_is_not_their_anti_xa_range(tables):
    """UpToDate 114041: only once shown in the individual patient. Newall 2010: upper ends of the aPTT range exceeded 200 s."""
    table = tables["paediatric-aptt"]
    assert "only after establishing" in table.target.anti_xa.source.where
    assert any("Newall 2010" in caveat and "exceeded 200 s" in caveat for caveat in table.caveats)


@pytest.mark.parametrize(
    ("ml_per_h", "line"),
    [(0.4, 0), (0.2, 1), (-0.2, 3), (-0.3, 4)],
)
def test_malaysia_is_its_45_kg_row(tables, ml_per_h, line):
    """Printed for 45 kg: 3600 units and +0.4 mL/h, 1800 and +0.2, -0.2, hold 60 min and -0.3, of 500 units/mL."""
    table = tables["malaysia-moh"]
    assert math.isclose(table.bands[line].change_u_per_h, ml_per_h * table.bag_u_per_ml)
    assert [45 * band.bolus_u_per_kg for band in table.bands[:2]] == [3600.0, 1800.0]
    assert table.pump.set_ml_per_h(table.start.rate_for_u_per_h(45.0)) == pytest.approx(1.6)


def test_the_mcmaster_steps_are_whole_millilitres_of_its_bag(tables):
    """+3, 0, -2, -2, -4 mL/h and +6, +3, 0, -3, -6 mL/h of 40 U/mL."""
    steps = {"cruickshank-1991": [3, 3, 0, -2, -2, -4], "hull-1992": [6, 3, 0, -3, -6]}
    for name, ml_per_h in steps.items():
        assert [band.change_u_per_h / tables[name].bag_u_per_ml for band in tables[name].bands] == ml_per_h


# Tables that cannot be run


@pytest.mark.parametrize("name", IN_PART)
def test_an_incomplete_table_is_refused_and_says_what_is_missing(name):
    file = FOLDER / "incomplete" / f"{name}.toml"
    missing = tomllib.loads(file.read_text(encoding="utf-8"))["missing"]
    assert missing
    for asked in (name, file):
        with pytest.raises(ValueError, match=rf"{name} is incomplete: not printed or not retrievable: ") as caught:
            Nomogram.load(asked)
        assert all(what in str(caught.value) for what in missing)
    assert name not in nomogram.names()


MISSING = {
    "acs-start-accaha": ["table of adjustments"],
    "greifswald-percent": ["starting bolus", "starting rate"],
    "ject-high": ["'maintenance bolus dose' below 47 s"],
    "ject-low": ["'maintenance bolus dose' below 23 s"],
    "michigan-acs-anti-xa": ["every band from 0.10 upwards"],
    "nhs-lothian": ["below a ratio of 1.2"],
    "nursingguides-us": ["amount of the starting bolus"],
    "standard-care-fixed": ["table of adjustments"],
}


@pytest.mark.parametrize("name", IN_PART)
def test_what_was_read_of_it_is_as_printed(name):
    """The documentation repeats no number that was not read, and each one as it was read."""
    table = tomllib.loads((FOLDER / "incomplete" / f"{name}.toml").read_text(encoding="utf-8"))
    printed = IN_PART[name]
    assert all(any(word in what for what in table["missing"]) for word in MISSING[name])
    assert table["assay"] == ASSAY[printed["assay"]]
    assert (table["target"], table["round_to"]) == (printed["target"], printed["round_to"])
    assert table.get("bag_u_per_ml") == printed.get("bag_u_per_ml")
    if "caveat" in printed:
        assert printed["caveat"] in table["caveats"]
    first, start = printed["init"], table.get("start", {})
    words = {"rate_u_per_kg_h": "rate_u_per_kg_per_h", "rate_u_h": "rate_u_per_h", "rate_max_u_h": "rate_max_u_per_h"}
    read = {words.get(key, key): value for key, value in first.items() if value is not None and key != "bolus_max_u_stemi_tpa"}
    assert {key: value for key, value in start.items() if key != "first_check_h"} == read
    assert start.get("first_check_h", printed["first_check_h"]) == printed["first_check_h"]
    bands = table.get("bands", [])
    assert len(bands) == len(printed["bands"])
    for number, (band, line) in enumerate(zip(bands, printed["bands"], strict=True)):
        low, high = levels(band["label"], table["round_to"])
        assert band["below"] == (math.inf if line["lt"] is None else line["lt"])
        assert low == (None if number == 0 else round(line["ge"] / table["round_to"]))
        assert high == (None if line["lt"] is None else round(line["lt"] / table["round_to"]) - 1)
        if "note" in line:  # the action could not be read: in words, never as a number
            assert set(band) == {"label", "below", "printed"}
            continue
        assert band.get("bolus_u_per_kg", 0) == line["rebolus_u_per_kg"]
        assert band.get("bolus_u", 0) == line["rebolus_u"]
        assert band.get("hold_min", 0) == line["hold_min"]
        assert band.get("change_u_per_kg_per_h", 0) == line.get("rate_change_u_per_kg_h", 0)
        assert band.get("change_u_per_h", 0) == line.get("rate_change_u_h", 0)
        assert band.get("change_percent", 0) == line.get("rate_change_pct", 0)


def test_a_table_of_your_own_may_say_that_it_is_incomplete(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text('missing = "the second page of the sheet"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"ours\.toml: ours is incomplete: .*: the second page of the sheet$"):
        Nomogram.load(file)


@pytest.mark.parametrize("name", ["ject-lo", "incomplete", "../incomplete/ject-low", "x" * 5000, "", "."])
def test_a_name_that_is_nowhere_is_still_a_plain_complaint(name):
    with pytest.raises(ValueError, match=r"no nomogram|cannot be read"):
        Nomogram.load(name)


# A number broken is a number found

GPNOTEBOOK = [("<1.2", 1.2, 400), ("1.2-2.4", 2.5, 200), ("<2", 2.0, 400), ("2.5-7.0", 7.1, 0), (">7", math.inf, -500)]


def test_the_overlapping_bands_of_gpnotebook_are_refused(tmp_path):
    """'1.2-2.4 increase by 200iu/hr; <2 increase by 400 iu/hr': as printed, in any order."""
    uk = (FOLDER / "uk-aptt-ratio.toml").read_text(encoding="utf-8")
    assert "'1.2-2.4 increase by 200', '< 2 increase by 400'" in uk
    head = uk[: uk.index("[[bands]]")].replace("target = [1.5, 2.5]", "target = [2.5, 7.0]")
    for number, order in enumerate(([1, 2, 3, 4], [0, 1, 2, 3, 4])):
        bands = "".join(
            f'[[bands]]\nlabel = "{label}"\nbelow = {below}\nchange_u_per_h = {change}\n'
            for label, below, change in (GPNOTEBOOK[i] for i in order)
        )
        file = tmp_path / f"gpnotebook{number}.toml"
        file.write_text(head + bands, encoding="utf-8")
        with pytest.raises(
            ValueError, match=r"bands overlap: band \d \('<2', below 2\) does not rise above band \d \('1\.2-2\.4'"
        ):
            Nomogram.load(file)


@pytest.mark.parametrize("name", WHOLE)
def test_no_edge_can_move_unnoticed(tables, name, tmp_path):
    """Move each edge by one step in a copy: it no longer loads, or its label and its edges disagree."""
    table = tables[name]
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    edges = [match for match in re.finditer(r"^below = (\S+)$", text, re.MULTILINE) if match[1] != "inf"]
    assert len(edges) == len(table.bands) - 1
    for number, edge in enumerate(edges):
        moved = f"below = {float(edge[1]) + table.round_to:g}"
        file = tmp_path / f"{name}.toml"
        file.write_text(text[: edge.start()] + moved + text[edge.end() :], encoding="utf-8")
        try:
            copy = Nomogram.load(file)
        except ValueError:
            continue
        high = levels(copy.bands[number].label, copy.round_to)[1]
        assert round(copy.bands[number].below / copy.round_to) - 1 != high
