"""Claims about the bypass pump and the catheter laboratory."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Protamine

_JIA_ADULT = Patient(weight_kg=66.0)


def _jia_after_protamine() -> Course:
    orders = (Bolus(time_h=0.0, dose_u_per_kg=500.0), Protamine(time_h=2.04, dose_mg=400.0, over_min=5.0))
    return ask.run("JIA_2015_UFH", _JIA_ADULT, *orders, hours=12.0)


BYPASS = [
    claim(
        "bypass and catheter laboratory",
        "anti-FIIa at the end of bypass",
        "32 adults, 375 U/kg and 125 U/kg in the prime",
        sources.JIA_2015.at("Median 4.8 IU/mL at the end of bypass (2.04 h)"),
        4.8,
        within_percent(4.8, 10),
        "U/mL",
        tolerance_of_ours(10),
        lambda: ask.run("JIA_2015_UFH", _JIA_ADULT, Bolus(time_h=0.0, dose_u_per_kg=500.0), hours=2.1).concentration_at_u_per_ml(
            2.04
        ),
        model="JIA_2015_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "anti-FIIa at the end of bypass, by the default",
        "32 adults, 375 U/kg and 125 U/kg in the prime",
        sources.JIA_2015.at("Median 4.8 IU/mL at the end of bypass (2.04 h)"),
        4.8,
        within_percent(4.8, 20),
        "U/mL",
        tolerance_of_ours(20),
        lambda: ask.run(DEFAULT, _JIA_ADULT, Bolus(time_h=0.0, dose_u_per_kg=500.0), hours=2.1).concentration_at_u_per_ml(2.04),
    ),
    claim(
        "bypass and catheter laboratory",
        "first (alpha) half-life on bypass",
        "32 adults on bypass",
        sources.JIA_2015.at("alpha half-life about 90 min"),
        90,
        within_percent(90, 10),
        "min",
        tolerance_of_ours(10),
        lambda: ask.first_half_life_min(named("JIA_2015_UFH").kinetics(_JIA_ADULT)),
        model="JIA_2015_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "ACT rise 31 min after the first bolus",
        "188 adults, atrial fibrillation ablation",
        sources.EDRICH_2015.at("1.4 s per U/kg (quartiles 1.0 and 1.7), no anticoagulant before"),
        1.4,
        (1.0, 1.7),
        "s per U/kg",
        "quartiles",
        lambda: ask.act_rise_s("EDRICH_2015_UFH", 100.0, 31 / 60) / 100.0,
        model="EDRICH_2015_UFH",
    ),
    *(
        claim(
            "bypass and catheter laboratory",
            f"ACT 30 min after {dose:g} U/kg",
            "40 patients before coronary intervention",
            papers.PCI_DOSES,
            act,
            within_percent(act, 10),
            "s",
            tolerance_of_ours(10),
            partial(ask.act_after_s, "EDRICH_2015_UFH", dose, 0.5),
            model="EDRICH_2015_UFH",
        )
        for dose, act in ((70.0, 227.0), (80.0, 235.0), (90.0, 257.0), (100.0, 275.0))
    ),
    claim(
        "bypass and catheter laboratory",
        "first ACT after 5,000 U",
        "269 patients before coronary intervention",
        papers.PCI_FIXED,
        243.4,
        (181.9, 304.9),
        "s",
        "SD",
        lambda: ask.act_after_s("EDRICH_2015_UFH", 5000.0 / 80.0, 5 / 60),
        model="EDRICH_2015_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "half-life of the effect on the ACT",
        "188 adults, atrial fibrillation ablation",
        sources.EDRICH_2015.at("Results: 154 to 180 min by group"),
        167,
        (154, 180),
        "min",
        "range",
        lambda: ask.half_life_min("EDRICH_2015_UFH", Patient(weight_kg=78.0, sex="male"), dose_u_per_kg=100.0),
        model="EDRICH_2015_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "ACT 5 min after 2 mg/kg (220 U/kg)",
        "adults before bypass",
        papers.CPB_SPREAD,
        400,
        (210, 600),
        "s",
        "range (middle assumed)",
        lambda: ask.act_after_s("DELAVENNE_2017_UFH", 220.0, 5 / 60),
        model="DELAVENNE_2017_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "anti-FIIa 8 h after neutralisation (rebound)",
        "32 adults on bypass",
        sources.JIA_2015.at("Discussion: rebound to 0.04 IU/mL about 8 h after protamine"),
        0.04,
        within_percent(0.04, 40),
        "U/mL",
        tolerance_of_ours(40),
        lambda: _jia_after_protamine().concentration_at_u_per_ml(10.04),
        model="JIA_2015_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "level after 300 U/kg",
        "obese adults before bypass",
        papers.OBESE_BYPASS,
        6.52,
        (5.55, 7.49),
        "U/mL",
        "SD",
        lambda: ask.peak(
            ask.run("DELAVENNE_2017_UFH", Patient(weight_kg=110.0), Bolus(time_h=0.0, dose_u_per_kg=300.0), hours=2.0)
        ),
        model="DELAVENNE_2017_UFH",
    ),
    claim(
        "bypass and catheter laboratory",
        "ACT 10 min after 10,000 U",
        "205 patients before coronary intervention",
        papers.PCI_10000,
        353.0,
        (258.5, 447.5),
        "s",
        "SD",
        lambda: ask.act_after_s("EDRICH_2015_UFH", 10_000.0 / 80.0, 10 / 60),
        model="EDRICH_2015_UFH",
    ),
]
