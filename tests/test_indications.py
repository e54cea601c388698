"""Indications: every preset runs and has a source, and no text says that heparin dissolves a clot."""

import re
import warnings

import pytest

from heparin_pk import (
    Bolus,
    Infusion,
    OutsideValidityDomain,
    Patient,
    Protamine,
    Source,
    indications,
    level,
    metrics,
    plot,
    published,
)
from heparin_pk.blood.response import Reagent
from heparin_pk.teaching.indications import ALL, Indication, named

PATIENTS = {
    "adults": Patient(weight_kg=75, height_cm=175, sex="male", age_y=60),
    "children": Patient(weight_kg=20, height_cm=115, sex="female", age_y=6),
    "infants": Patient(weight_kg=5, height_cm=60, sex="male", age_y=0.4),
}
SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")


def test_the_source_document_is_covered():
    names = " ".join(one.name for one in ALL)
    for reason in ("dvt-prophylaxis", "pulmonary-embolism", "myocardial-infarction", "haemodialysis", "atrial-fibrillation"):
        assert reason in names
    for more in ("vte-iv", "vte-sc", "coronary-intervention", "cardiac-surgery", "children", "infants", "hit"):
        assert more in names


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_preset_runs_with_its_paper(one):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if one.name == "haemodialysis-bolus" else "error", OutsideValidityDomain)
        course = one.course(PATIENTS[one.people])
    assert metrics.peak_u_per_ml(course) > 0.0
    assert one.source.citation in {source.citation for source in course.sources}
    assert course.controller == one.name
    if one.target is not None:
        assert one.target.assay in course.assays
    text = str(one)
    assert one.source.where in text
    assert not re.search(r"dissolv", one.why) or "not dissolve" in one.why
    assert named(one.name) is one
    assert eval(repr(one), vars(__import__("heparin_pk")) | vars(indications)) == one


def test_caps_bind():
    infarct = named("myocardial-infarction")
    bolus, infusion = infarct.regimen.resolved(110).orders
    assert (bolus.dose_u, infusion.rate_u_per_h) == (4000, 1000)
    bolus, infusion = infarct.regimen.resolved(60).orders
    assert (bolus.dose_u, infusion.rate_u_per_h) == (3600, 720)


def test_prophylaxis_stays_low_and_treatment_reaches_the_range():
    low = named("dvt-prophylaxis-8h").course(PATIENTS["adults"])
    assert 0.05 < metrics.peak_u_per_ml(low) < 0.15
    assert low.aptt_s.max() < 37.6  # the mean of 257 patients under 5,000 U every 8 h, which illness lengthens
    for name in ("vte-iv", "vte-label", "elderly"):
        course = named(name).course(PATIENTS["adults"])
        assert course.level_at("anti_xa_u_per_ml", 24) in named(name).target


def test_protamine_brings_the_act_down_and_heparin_rebounds():
    course = named("cardiac-surgery").course(PATIENTS["adults"])
    before, lowest = course.level_at("act_s", 1.99), course.level("act_s")[course.time_h > 2].min()
    assert before > 400
    assert lowest < 170
    assert course.level_at("act_s", 3.2) > lowest + 50


@pytest.mark.parametrize(("weight_kg", "dose_mg"), [(50, 125.0), (75, 187.5), (110, 275.0)])
def test_protamine_is_given_by_the_heparin_before_it_and_no_faster_than_its_label(weight_kg, dose_mg):
    """Lanoiselée 2026: 0.625 mg for each 100 U, here of 400 U/kg; the label: at most 50 mg in 10 minutes."""
    surgery = named("cardiac-surgery")
    patient = Patient(weight_kg=weight_kg)
    protamine = surgery.regimen_for(patient).orders[-1]
    assert protamine == Protamine(time_h=2.0, dose_mg=dose_mg, over_min=dose_mg / 5.0)
    assert protamine in surgery.course(patient).regimen.orders
    lighter = Patient(weight_kg=weight_kg, dosing_weight_kg=40)
    assert surgery.regimen_for(lighter).orders[-1].dose_mg == 0.625 * 4.0 * 40
    assert surgery.regimen.orders == surgery.orders


def test_an_intervention_aims_at_the_range_of_its_models_device():
    """The card: 250-300 s on a HemoTec, 300-350 s on a Hemochron; Edrich 2015 measured with a Hemochron."""
    intervention = named("coronary-intervention")
    assert "Hemochron" in intervention.drug.act.name
    assert (intervention.target.low, intervention.target.high) == (300, 350)
    assert "Hemochron" in intervention.target.source.where
    assert intervention.target is published.ranges.ACT_INTERVENTION_HEMOCHRON
    assert "aims at ACT 300-350 s (Hemochron)" in str(intervention)


def test_dangerous_presets_say_so():
    assert "Not for acute ischaemic stroke" in named("stroke").caveats
    assert "acute" not in named("stroke").title
    assert "9.7-11.0" in named("atrial-fibrillation").caveats
    assert "1.06-3.59" in named("atrial-fibrillation").source.where
    assert "Not for newborns" in named("infants").caveats
    assert "critically ill" in named("hit-argatroban").caveats


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_level_aimed_at_has_a_source(one):
    if one.target is not None:
        assert one.target.source is not None
        assert one.target.source.where


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_an_aptt_aimed_at_is_what_the_range_of_anti_xa_is_with_the_reagent_in_use(one):
    """A range belongs to one reagent: 1.5-2.5 times control is another reagent's, and would call a treated patient untreated."""
    if one.target is None or not one.target.assay.startswith("aptt"):
        return
    course = one.course(PATIENTS[one.people])
    if not isinstance(course.reagent, Reagent):
        return
    typical, answers = Patient(weight_kg=75), one.drug.answers_with(course.reagent)
    ends = [float(level(one.target.assay, anti_xa, typical, answers)) for anti_xa in (0.3, 0.7)]
    assert (one.target.low, one.target.high) == pytest.approx(ends, abs=0.5)
    assert "reagent in use" in one.caveats


def test_the_presets_without_a_bolus_are_read_with_the_reagent_of_the_default_model():
    in_seconds = {one.name for one in ALL if one.target is not None and one.target.assay == "aptt_s"}
    assert in_seconds == {"atrial-fibrillation", "stroke"}
    for name in in_seconds:
        assert (named(name).target.low, named(name).target.high) == (54, 120)


def test_another_model_may_be_asked():
    own = named("haemodialysis").course(PATIENTS["adults"])
    default = named("haemodialysis").course(PATIENTS["adults"], drug=published.UFH_DEFAULT)
    assert default.concentration_at_u_per_ml(4) < 0.5 * own.concentration_at_u_per_ml(4)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"people": "cats"}, "people must be one of adults, children, infants; got 'cats'"),
        ({"model": "UFH_X"}, "no model 'UFH_X'"),
        ({"source": None}, "source must be a Source"),
        ({"why": ""}, "why must be a text"),
        ({"orders": (Infusion(time_h=2, rate_u_per_h=1), Bolus(time_h=0, dose_u=1))}, "orders must stand in the order of time"),
        ({"hours": 0}, "hours must lie between 1"),
        ({"protamine_h": 1}, "protamine needs both protamine_h and protamine_mg_per_100_u"),
        ({"protamine_mg_per_100_u": 1}, "protamine needs both"),
        ({"protamine_h": 1, "protamine_mg_per_100_u": 1}, "no bolus is given before it"),
        ({"protamine_h": 1, "protamine_mg_per_100_u": 10}, "protamine_mg_per_100_u must lie between 0.1 and 2; got 10"),
        ({"protamine_h": 99, "protamine_mg_per_100_u": 1}, "protamine_h must lie between 0 and 24; got 99"),
    ],
)
def test_a_preset_that_cannot_be(more, message):
    given = {"name": "n", "title": "t", "why": "w", "orders": (), "watch": "w", "source": SOURCE}
    with pytest.raises(ValueError, match=message):
        Indication(**(given | more))


def test_a_name_that_is_nearly_right():
    with pytest.raises(ValueError, match=r"no indication 'vte-i'; there are .*did you mean vte-iv\?"):
        named("vte-i")


def test_pictures():
    several = [named(name) for name in ("dvt-prophylaxis-8h", "pulmonary-embolism", "cardiac-surgery")]
    axes = plot.indications(several, PATIENTS["adults"])
    assert [ax.get_ylabel() for ax in axes.flat] == ["anti-Xa (U/mL)", "anti-Xa (U/mL)", "ACT (s)"]
    words = plot.describe_indication(several[1], several[1].course(PATIENTS["adults"]))
    assert "aims at anti-Xa 0.3-0.7 U/mL" in words
    with pytest.raises(ValueError, match="no indication to draw"):
        plot.indications([], PATIENTS["adults"])
