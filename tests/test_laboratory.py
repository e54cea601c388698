"""The laboratory: its settings, its results, its therapeutic ranges, and how a report is written."""

import pytest
from field_limits import fields_of, refuses_outside
from instances import ADULT

from heparin_pk import ASSAYS, Lab, Laboratory, TherapeuticRange, published

LIMITS = [
    *fields_of(Laboratory, {}, turnaround_h=(-1, 25), cv_fraction=(-0.05, 0.6, 5), ceiling=(-1, 0, 1e5), resolution=(-1, 0, 11)),
    *fields_of(TherapeuticRange, {"assay": "aptt_s", "low": 46, "high": 70}, low=(-1, 1001), high=(-1, 1001)),
    *fields_of(Lab, {"drawn_h": 6, "reported_h": 7, "assay": "aptt_s", "value": 60}, value=(-1, 1e5), reported_h=(5.9, 1e6)),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    refuses_outside(make, usual, name, outside)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Laboratory(assay="ptt"), "assay must be one of aptt_s, aptt_ratio, anti_xa_u_per_ml, act_s; got 'ptt'"),
        (lambda: Laboratory(reagent="actin-fs"), "reagent must be a Reagent or None; got 'actin-fs'"),
        (lambda: Laboratory(residual=published.UFH_DEFAULT.residual[:1] * 2), "residual names one kind twice"),
        (lambda: TherapeuticRange(assay="x", low=1, high=2), "assay must be one of .*; got 'x'"),
        (lambda: TherapeuticRange(assay="aptt_s", low=70, high=46), r"0 < low < high; got low 70 and high 46"),
        (lambda: TherapeuticRange(assay="aptt_s", low=0, high=46), "0 < low < high"),
        (lambda: TherapeuticRange(assay="aptt_s", low=46, high=46), "0 < low < high"),
        (lambda: TherapeuticRange(assay="aptt_s", low=46, high=70, device="A"), "instrument of an ACT range; got 'A' for aptt_s"),
        (lambda: TherapeuticRange(assay="act_s", low=250, high=300, device="\n"), "device must be a text"),
        (lambda: Lab(drawn_h=7, reported_h=6, assay="aptt_s", value=60), "reported_h must lie between 7 and 10000; got 6"),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()


def test_a_result_is_capped_at_the_ceiling():
    laboratory = Laboratory(cv_fraction=0.0)
    lab = laboratory.report(3.0, ADULT, published.reagents.GUIDELINE, 6.0, 0)
    assert (lab.value, lab.above_ceiling, lab.in_words()) == (150.0, True, "aPTT > 150 s")
    assert lab.reported_h == 7.0
    ratio = Laboratory(assay="aptt_ratio", cv_fraction=0.0).report(3.0, ADULT, published.reagents.GUIDELINE, 6.0, 0)
    assert (ratio.value, ratio.above_ceiling, ratio.in_words()) == (5.0, True, "aPTT ratio > 5.0")
    anti_xa = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=0.0).report(3.0, ADULT, published.reagents.GUIDELINE, 6.0, 0)
    assert (anti_xa.value, anti_xa.above_ceiling, anti_xa.in_words()) == (3.0, False, "anti-Xa 3.00 U/mL")


def test_results_are_written_as_the_chart_prints_them():
    for assay, value, text in (
        ("aptt_s", 63, "aPTT 63 s"),
        ("aptt_ratio", 2, "aPTT ratio 2.0"),
        ("anti_xa_u_per_ml", 0.5, "anti-Xa 0.50 U/mL"),
    ):
        assert Lab(drawn_h=6, reported_h=7, assay=assay, value=value).in_words() == text
        assert ASSAYS[assay].in_words(value) == text
