"""Claims about the bypass pump and the catheter laboratory."""

from __future__ import annotations

from functools import partial

from heparin_pk.body.patient import Patient
from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import DEFAULT, claim, tolerance_of_ours, within_percent
from heparin_pk.published import named, sources
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Protamine

_claim = partial(claim, group="bypass and catheter laboratory")

_JIA_ADULT = Patient(weight_kg=66.0)


def _jia_after_protamine() -> Course:
    orders = (Bolus(time_h=0.0, dose_u_per_kg=500.0), Protamine(time_h=2.04, dose_mg=400.0, over_min=5.0))
    return ask.run("JIA_2015_UFH", _JIA_ADULT, *orders, hours=12.0)


BYPASS = [
    _claim(
        quantity="anti-FIIa at the end of bypass",
        population="32 adults, 375 U/kg and 125 U/kg in the prime",
        source=sources.JIA_2015.at("Median 4.8 IU/mL at the end of bypass (2.04 h)"),
        printed=4.8,
        bounds=within_percent(4.8, 10),
        unit="U/mL",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: ask.run(
            "JIA_2015_UFH", _JIA_ADULT, Bolus(time_h=0.0, dose_u_per_kg=500.0), hours=2.1
        ).concentration_at_u_per_ml(2.04),
        model="JIA_2015_UFH",
    ),
    _claim(
        quantity="anti-FIIa at the end of bypass, default model",
        population="32 adults, 375 U/kg and 125 U/kg in the prime",
        source=sources.JIA_2015.at("Median 4.8 IU/mL at the end of bypass (2.04 h)"),
        printed=4.8,
        bounds=within_percent(4.8, 20),
        unit="U/mL",
        uncertainty=tolerance_of_ours(20),
        ask=lambda: ask.run(DEFAULT, _JIA_ADULT, Bolus(time_h=0.0, dose_u_per_kg=500.0), hours=2.1).concentration_at_u_per_ml(
            2.04
        ),
    ),
    _claim(
        quantity="first (alpha) half-life on bypass",
        population="32 adults on bypass",
        source=sources.JIA_2015.at("alpha half-life about 90 min"),
        printed=90,
        bounds=within_percent(90, 10),
        unit="min",
        uncertainty=tolerance_of_ours(10),
        ask=lambda: ask.first_half_life_min(named("JIA_2015_UFH").kinetics(_JIA_ADULT)),
        model="JIA_2015_UFH",
    ),
    _claim(
        quantity="ACT rise 31 min after the first bolus",
        population="188 adults, atrial fibrillation ablation",
        source=sources.EDRICH_2015.at("1.4 s per U/kg (quartiles 1.0 and 1.7), no anticoagulant before"),
        printed=1.4,
        bounds=(1.0, 1.7),
        unit="s per U/kg",
        uncertainty="quartiles",
        ask=lambda: ask.act_rise_s("EDRICH_2015_UFH", 100.0, 31 / 60) / 100.0,
        model="EDRICH_2015_UFH",
    ),
    _claim(
        quantity="first ACT after 5,000 U",
        population="269 patients before coronary intervention (device not printed)",
        source=papers.PCI_FIXED,
        printed=243.4,
        bounds=(181.9, 304.9),
        unit="s",
        uncertainty="SD",
        ask=lambda: ask.act_after_s("EDRICH_2015_UFH", 5000.0 / 80.0, 5 / 60),
        model="EDRICH_2015_UFH",
    ),
    _claim(
        quantity="half-life of the effect on the ACT",
        population="188 adults, atrial fibrillation ablation",
        source=sources.EDRICH_2015.at("Results: 154 to 180 min by group"),
        printed=167,
        bounds=(154, 180),
        unit="min",
        uncertainty="range",
        ask=lambda: ask.half_life_min("EDRICH_2015_UFH", Patient(weight_kg=78.0, sex="male"), dose_u_per_kg=100.0),
        model="EDRICH_2015_UFH",
    ),
    _claim(
        quantity="ACT 5 min after 2 mg/kg (220 U/kg)",
        population="adults before bypass",
        source=papers.CPB_SPREAD,
        printed=400,
        bounds=(210, 600),
        unit="s",
        uncertainty="range (middle assumed)",
        ask=lambda: ask.act_after_s("DELAVENNE_2017_UFH", 220.0, 5 / 60),
        model="DELAVENNE_2017_UFH",
    ),
    _claim(
        quantity="anti-FIIa 8 h after neutralisation (rebound)",
        population="32 adults on bypass",
        source=sources.JIA_2015.at("Discussion: rebound to 0.04 IU/mL about 8 h after protamine"),
        printed=0.04,
        bounds=within_percent(0.04, 40),
        unit="U/mL",
        uncertainty=tolerance_of_ours(40),
        ask=lambda: _jia_after_protamine().concentration_at_u_per_ml(10.04),
        model="JIA_2015_UFH",
    ),
    _claim(
        quantity="level after 300 U/kg",
        population="obese adults before bypass",
        source=papers.OBESE_BYPASS,
        printed=6.52,
        bounds=(5.55, 7.49),
        unit="U/mL",
        uncertainty="SD",
        ask=lambda: ask.peak(
            ask.run("DELAVENNE_2017_UFH", Patient(weight_kg=110.0), Bolus(time_h=0.0, dose_u_per_kg=300.0), hours=2.0)
        ),
        model="DELAVENNE_2017_UFH",
    ),
    _claim(
        quantity="ACT 10 min after 10,000 U",
        population="205 patients before coronary intervention (device not printed)",
        source=papers.PCI_10000,
        printed=353.0,
        bounds=(258.5, 447.5),
        unit="s",
        uncertainty="SD",
        ask=lambda: ask.act_after_s("EDRICH_2015_UFH", 10_000.0 / 80.0, 10 / 60),
        model="EDRICH_2015_UFH",
    ),
]
