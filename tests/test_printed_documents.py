"""Printed documents with rules beyond lines and steps: each line, start and order as printed; one and many alike."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from wards import DRUG, ERRING, held_together

from heparin_pk import Bolus, Hold, Infusion, Lab, Laboratory, Nomogram, Notify, Patient, Situation, nomogram
from heparin_pk.body.patient import Cohort
from heparin_pk.cli import main

PRINTED = json.loads((Path(__file__).parent / "data" / "printed_documents.json").read_text(encoding="utf-8"))["documents"]
LINES = [
    pytest.param(name, i, level, id=f"{name}: {level:g}")
    for name, document in PRINTED.items()
    for i, line in enumerate(document["lines"])
    for level in dict.fromkeys(line["levels"])
]
KG, RATE_U_PER_H, NOW_H, DRAWN_H = 80.0, 1440.0, 7.0, 6.0


def decided(table, *levels, kg=KG, rate_u_per_h=RATE_U_PER_H, **known):
    labs = tuple(Lab(drawn_h=DRAWN_H, reported_h=NOW_H, assay=table.assay, value=level, above_ceiling=False) for level in levels)
    now_h = NOW_H if labs else 0.0
    return table.decide(Situation(time_h=now_h, weight_kg=kg, rate_u_per_h=rate_u_per_h, labs=labs, pump=table.pump, **known))


def of(decision, kind, field, nothing=0.0):
    return next((getattr(order, field) for order in decision.orders if isinstance(order, kind)), nothing)


def test_every_document_is_there_and_eight_kinds_of_rule_and_more():
    assert set(nomogram.document_names()) == set(PRINTED)
    assert not set(nomogram.document_names()) & set(nomogram.names())
    kinds = {kind for document in PRINTED.values() for kind in document["kinds"]}
    assert len(kinds) >= 8, kinds
    assert len({Nomogram.load(name).source.key for name in PRINTED}) >= 10


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ('second_assay = "anti_xa_u_per_ml"\n', "unknown key 'second_assay'"),
        ("platelets_fall_percent = 50\n", "unknown key 'platelets_fall_percent'"),
        ("stop_for_bleeding = true\n", "unknown key 'stop_for_bleeding'"),
        ('only_for = "stroke"\n', "unknown key 'only_for'"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(tmp_path, text, refused):
    file = Path(nomogram.__file__).parent / "nomograms" / "documents" / "perinatology-orders.toml"
    (tmp_path / "ours.toml").write_text(text + file.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"^ours\.toml.*{refused}|{refused}"):
        Nomogram.load(str(tmp_path / "ours.toml"))


@pytest.mark.parametrize("name", PRINTED)
def test_it_prints_back_in_its_own_order(name, capsys):
    assert main(["nomograms", name]) in (0, None)
    text = capsys.readouterr().out
    places = [re.search(rf"^  {re.escape(label)} ", text, re.MULTILINE) for label in PRINTED[name]["order"]]
    assert all(places)
    assert [place.start() for place in places] == sorted(place.start() for place in places)
    for rule in Nomogram.load(name).rules:
        assert rule.when_in_words() in text
    for choice in Nomogram.load(name).choices:
        assert f"printed {choice.low:g} to {choice.high:g}, {choice.used:g} is used" in text


@pytest.mark.parametrize("name", PRINTED)
def test_it_starts_as_printed(name):
    table = Nomogram.load(name)
    for printed in (PRINTED[name]["start"], PRINTED[name].get("other_start")):
        if printed is None:
            continue
        start = decided(table, kg=printed["kg"], age_y=printed.get("age_y"))
        assert of(start, Bolus, "dose_u") == pytest.approx(printed["bolus_u"])
        assert of(start, Infusion, "rate_u_per_h") == pytest.approx(printed["rate_u_per_h"])
        assert start.next_draw_h == printed["first_check_h"]


@pytest.mark.parametrize(("name", "line", "level"), LINES)
def test_each_line_decides_as_printed(name, line, level):
    table, document = Nomogram.load(name), PRINTED[name]
    printed = document["lines"][line]
    once, twice = decided(table, level, age_y=5.0), decided(table, level, level, age_y=5.0)
    first_u = of(decided(table, age_y=5.0, kg=KG), Bolus, "dose_u")
    dose_u = printed.get("bolus_u", printed.get("bolus_u_per_kg", 0) * KG + printed.get("first_percent", 0) / 100 * first_u)
    change = printed.get("change_u_per_h", printed.get("change_u_per_kg_per_h", 0) * KG)
    change += printed.get("change_percent", 0) / 100 * RATE_U_PER_H
    new = 0.0 if printed.get("stop") else RATE_U_PER_H + change
    for decision in (once, twice):
        assert of(decision, Bolus, "dose_u") == pytest.approx(dose_u)
        assert of(decision, Hold, "duration_min") == printed.get("hold_min", 0.0)
        assert of(decision, Infusion, "rate_u_per_h", RATE_U_PER_H) == pytest.approx(new)
    assert of(once, Notify, "whom", "") == printed.get("call", "")
    assert of(twice, Notify, "whom", "") == printed.get("call_twice", printed.get("call", ""))
    restart_h = NOW_H + printed.get("hold_min", 0.0) / 60
    if printed.get("stop"):
        assert once.next_draw_h is None
    elif "at" in printed:
        assert (8.0 + once.next_draw_h) % 24 == int(printed["at"][:2])
        assert 0 < once.next_draw_h - restart_h <= 24
    else:
        since_h = DRAWN_H if printed.get("from") == "draw" else restart_h
        assert once.next_draw_h == since_h + printed["next_h"]
    if "next_twice_h" in printed:
        assert twice.next_draw_h == restart_h + printed["next_twice_h"]
    if "twice" in printed:
        assert (8.0 + twice.next_draw_h) % 24 == int(printed["twice"][:2])


def test_the_lines_leave_out_no_level():
    for name, document in PRINTED.items():
        table = Nomogram.load(name)
        covered = {table.band(level).label for line in document["lines"] for level in line["levels"]}
        lacking = {band.label for band in table.bands} - covered
        assert not lacking or name == "nursingguides-us-lysis", (name, lacking)


def test_the_nursing_guide_weighs_as_it_says():
    """80 kg and 130 kg at 175 cm: the ideal weight is 70.5 kg (Devine), 1.3 times that 91.6 kg."""
    rule = Nomogram.load("nursingguides-us-calls").weighing
    assert rule.weight_kg(Patient(weight_kg=80, height_cm=175, sex="male")) == 80
    assert rule.weight_kg(Patient(weight_kg=130, height_cm=175, sex="male")) == pytest.approx(
        70.46 + 0.3 * (130 - 70.46), abs=0.01
    )


def patients(n, of_every_age):
    """Return n patients of every size, of either sex; a quarter of them are children where every age is asked for."""
    i = np.arange(n)
    child = (i % 4 == 3) & of_every_age
    return Cohort(
        n,
        {
            "weight_kg": np.where(child, 8.0 + i, 48.0 + 3.5 * i),
            "height_cm": np.where(child, 75.0 + i, 155.0 + i),
            "age_y": np.where(child, 0.4 + i / 10, 35.0 + i),
            "sex": np.where(i % 2 == 0, "female", "male"),
        },
    )


@pytest.mark.filterwarnings("ignore::heparin_pk.OutsideValidityDomain")
@pytest.mark.parametrize("ward_errors", [None, ERRING], ids=["to the letter", "erring"])
@pytest.mark.parametrize("name", PRINTED)
def test_one_patient_and_many_get_the_same_orders(name, ward_errors):
    table = Nomogram.load(name)
    cohort = patients(16, of_every_age=table.weighing is None)  # the ideal weight is one of adults
    laboratory = Laboratory(assay=table.assay, ceiling=200.0) if table.assay == "aptt_s" else None
    charts = held_together(cohort, DRUG, table, range(0, 16, 3), hours=48.0, ward_errors=ward_errors, laboratory=laboratory)
    assert charts.n_results.min() >= 1
