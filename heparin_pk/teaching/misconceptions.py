"""True or false: common misconceptions about heparin, what is true instead, and a demonstration that runs.

The first one is printed on the page that this package answers. A demonstration computes its sentence when it is asked for; no
number in it is written here. For teaching and study, not for the care of patients.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_is, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.blood.response import level
from heparin_pk.body.kinetics import State
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT, ranges
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.published.sources import HALF_LIFE_TABLE, US_LABEL
from heparin_pk.simulation import metrics
from heparin_pk.simulation.after_stop import GONE, infusion_then_stop, normal_again_h
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h
from heparin_pk.simulation.platelets import platelet_series
from heparin_pk.simulation.simulate import simulate
from heparin_pk.teaching import hit, practice, reversal
from heparin_pk.ward import nomogram
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.orders import Bolus, Infusion, Regimen

SEED_PAGE = Source(
    key="Farbe_Firma",
    citation="Therapeutic uses of heparin sodium injection in healthcare. Farbe Firma, web log, 6 July (year not on the page)",
    where="Treatment of pulmonary embolism: 'it rapidly dissolves existing clots'",
    confidence="primary",
)
LABEL_NO_LYSIS = US_LABEL.at("12.1: heparin has no fibrinolytic activity and does not lyse existing clots")
WITHOUT_BOLUS = next(one.source for one in practice.about("venous-thromboembolism") if one.source.key == "Prucnal_2020").at(
    "Abstract: in range at 24 h 41.4 % after an infusion alone, 26.3 % after bolus and infusion (not randomised)"
)
ORDER_SHEET = Nomogram.load("raschke-1993").source.at("Six hours, 'approximates four half-lives of heparin'")
ARACHCHILLAGE = Source(
    key="Arachchillage_aPTT",
    citation=(
        "Arachchillage DRJ, Kamani F, Deplano S, Banya W, Laffan M. Should we abandon the APTT for monitoring unfractionated "
        "heparin? (accepted manuscript, journal not on the page read)"
    ),
    where="Abstract: of adults with anti-Xa 0.3-0.7 38 % had an aPTT in range, 56 % below, 6 % above",
    confidence="primary",
    url="https://zh.scribd.com/document/408854272/APTT-1",
)
ANTITHROMBIN_READS_LOW = next(one.source for one in practice.about("antithrombin") if one.source.key == "Croles_2019")
OBESITY = Source(
    key="Obesity_20587743",
    citation=(
        "Identifying optimal initial infusion rates for unfractionated heparin in morbidly obese patients. Ann Pharmacother "
        "2010;44(7-8):1141-1151"
    ),
    where="Abstract: 11.5 (class III) against 13.5 U/kg/h (normal weight)",
    confidence="primary",
    doi="10.1345/aph.1P088",
    pmid="20587743",
)

_ADULT = Patient(weight_kg=75.0)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Misconception:
    """A misconception: what is said, what is true, where that is printed, and a demonstration.

    ``name``: its name, in small letters and hyphens.
    ``said``: what is said.
    ``true``: what is true instead.
    ``sources``: where it is said or contradicted.
    ``demonstrates``: returns a sentence that the package computes when it is called.
    """

    name: str
    said: str
    true: str
    sources: tuple[Source, ...]
    demonstrates: Callable[[], str]

    def __post_init__(self) -> None:
        for name in ("name", "said", "true"):
            check_text(name, getattr(self, name))
        for source in self.sources:
            check_is("sources", source, Source, "a Source")

    __repr__ = shown

    def in_words(self) -> str:
        """Return what is said, what is true, the demonstration and the sources."""
        cited = [f"  source: {source.cite()} ({source.where})" for source in self.sources]
        return "\n".join([f'"{self.said}"', f"  No: {self.true}", f"  Shown: {self.demonstrates()}", *cited])


# The demonstrations


def _treated(patient: Patient = _ADULT, *, bolus_u_per_kg: float = 80.0, hours: float = 24.0) -> Course:
    """Return 18 U/kg/h, after a bolus unless it is 0."""
    infusion = Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0)
    bolus = (Bolus(time_h=0.0, dose_u_per_kg=bolus_u_per_kg),) if bolus_u_per_kg else ()
    return simulate(patient, UFH_DEFAULT, Regimen((*bolus, infusion)), hours=hours)


def _no_lysis() -> str:
    course = _treated()
    of_clot = [name for name in State._fields if "fibrin" in name or "clot" in name]
    return (
        f"a day of 80 U/kg and 18 U/kg/h makes the aPTT {course.aptt_s[-1]:.0f} s instead of "
        f"{course.patient.baseline_aptt_s:.0f} s: new "
        f"fibrin forms later. Of the {len(State._fields)} quantities that heparin changes in the model "
        f"{len(of_clot) or 'none'} is a "
        "clot: it has no term that removes one"
    )


def _half_lives() -> str:
    minutes = []
    for dose in (25.0, 100.0, 400.0):
        course = simulate(_ADULT, UFH_DEFAULT, Regimen((Bolus(time_h=0.0, dose_u_per_kg=dose),)), hours=8.0)
        minutes.append(60.0 * (metrics.half_life_h(course) or 0.0))
    return f"25, 100 and 400 U/kg halve in {minutes[0]:.0f}, {minutes[1]:.0f} and {minutes[2]:.0f} min"


def _many_ranges() -> str:
    targets = [Nomogram.load(name).target for name in nomogram.names()]
    seconds = sorted({(one.low, one.high) for one in targets if one.assay == "aptt_s"})
    read = sorted(float(level("aptt_s", 0.5, _ADULT, UFH_DEFAULT.answers_with(reagent))) for reagent in REAGENTS.values())
    longest = f"more than {ASSAYS['aptt_s'].ceiling:g}" if read[-1] > ASSAYS["aptt_s"].ceiling else f"{read[-1]:.0f}"
    return (
        f"the tables here aim at {len(seconds)} different ranges of seconds, from {seconds[0][0]:g}-{seconds[0][1]:g} to "
        f"{seconds[-1][0]:g}-{seconds[-1][1]:g} s; one tube with 0.5 U/mL reads {read[0]:.0f} to {longest} s in "
        f"{len(read)} reagents"
    )


def _too_early() -> str:
    course = _treated(bolus_u_per_kg=0.0, hours=48.0)
    end = course.concentration_at_u_per_ml(48.0)
    shares = [100.0 * course.concentration_at_u_per_ml(hours) / end for hours in (2.0, 6.0)]
    return (
        f"without a bolus 2 h after the start {shares[0]:.0f} % of the plateau is there, after 6 h {shares[1]:.0f} %: "
        "the early sample asks for more of what is still rising"
    )


def _bolus() -> str:
    low, high = ranges.ANTI_XA_TREATMENT.low, ranges.ANTI_XA_TREATMENT.high
    with_it, without = _treated(), _treated(bolus_u_per_kg=0.0)
    reached = float(without.time_h[np.argmax(without.level("anti_xa_u_per_ml") >= low)])
    above = metrics.hours_between(with_it, "anti_xa_u_per_ml", high, math.inf)
    return (
        f"without a bolus {reached:.1f} h pass below {low:g} U/mL and none above {high:g}; with 80 U/kg none "
        f"below, {above:.1f} h above "
        f"{high:g}, at first {metrics.peak_u_per_ml(with_it):.1f} U/mL"
    )


def _not_the_level() -> str:
    usual, inflamed = (
        float(level("aptt_s", 0.5, patient, UFH_DEFAULT.responses))
        for patient in (_ADULT, Patient(weight_kg=75.0, factor_viii_u_per_ml=3.0))
    )
    return f"at 0.5 U/mL the aPTT is {usual:.0f} s, and {inflamed:.0f} s in a patient with factor VIII of 3 U/mL"


def _anti_xa_errs() -> str:
    half = Patient(weight_kg=75.0, antithrombin_fraction=0.5)
    there, read = _treated(half).concentration_at_u_per_ml(24.0), _treated(half).level_at("anti_xa_u_per_ml", 24.0)
    return f"with half the antithrombin {there:.2f} U/mL of heparin are there and the assay reads {read:.2f}"


def _heavier() -> str:
    needed = [
        needed_rate_u_per_kg_per_h(UFH_DEFAULT, Patient(weight_kg=kg), ranges.ANTI_XA_TREATMENT) for kg in (60.0, 75.0, 150.0)
    ]
    return (
        f"for the middle of 0.3-0.7 U/mL 60, 75 and 150 kg need {needed[0]:.1f}, {needed[1]:.1f} and "
        f"{needed[2]:.1f} U/kg/h: more "
        f"units an hour ({60 * needed[0]:.0f}, {75 * needed[1]:.0f}, {150 * needed[2]:.0f}), fewer per kilogram"
    )


def _few_platelets() -> str:
    series = platelet_series("typical", counted_d=range(15), stopped_d=9.0, subject=1)
    day = 100.0 * hit.events_while_waiting_fraction(1.0)
    return (
        f"in this (illustrative) patient {series.usual_e9_per_l:.0f} fall to {series.nadir_e9_per_l:.0f} × 10⁹/L by day "
        f"{series.nadir_d:.0f}; of a hundred such patients about {day:.0f} a day had a new thrombosis while "
        f"treatment waited, and "
        f"{100 * hit.WITHIN_30_DAYS_FRACTION.value:.0f} within 30 days when heparin was only stopped"
    )


def _gone_at_once() -> str:
    course = infusion_then_stop(_ADULT, UFH_DEFAULT)
    hours = normal_again_h(course, 24.0)
    half_hour = course.concentration_at_u_per_ml(24.5) / course.concentration_at_u_per_ml(24.0)
    when = "not within 12 h" if hours is None else f"after {hours:.1f} h"
    return (
        f"half an hour after 18 U/kg/h was stopped {100 * half_hour:.0f} % of the heparin is there; "
        f"{GONE['anti_xa_u_per_ml'][0]} {when}"
    )


def _all_that_was_given() -> str:
    hour, late = reversal.table_against_model(elapsed_min=(60.0, 180.0))
    given_mg = 80.0 * _ADULT.weight_kg / 100.0
    return (
        f"of a bolus worth {given_mg:.0f} mg of protamine {hour.left_mg:.0f} mg are left to neutralise after 1 h and "
        f"{late.left_mg:.0f} mg after 3 h; a table asks for {hour.asked.in_words()} and {late.asked.in_words()}"
    )


def _antibodies_are_not_hit() -> str:
    low = hit.FourTs(thrombocytopenia=1, timing=1, thrombosis=0, other_causes=1)
    probabilities = [
        100.0 * hit.work_up(low, immunoassay=True, pretest=one)[-1].hit_fraction for one in (hit.META_ANALYSIS, hit.ONE_COHORT)
    ]
    return (
        f"a positive IgG ELISA at a low 4Ts score makes HIT {probabilities[0]:.0f} to {probabilities[1]:.0f} % probable, by the "
        "pre-test probability one believes"
    )


ALL = (
    Misconception(
        name="dissolves-clots",
        said="Heparin rapidly dissolves existing clots.",
        true="it keeps new fibrin from forming, so that the body's own fibrinolysis gains; it dissolves none",
        sources=(SEED_PAGE, LABEL_NO_LYSIS),
        demonstrates=_no_lysis,
    ),
    Misconception(
        name="one-half-life",
        said="The half-life of heparin is 90 minutes.",
        true="it grows with the dose, because its elimination saturates",
        sources=(US_LABEL, HALF_LIFE_TABLE),
        demonstrates=_half_lives,
    ),
    Misconception(
        name="same-seconds",
        said="An aPTT of 60 to 80 s is therapeutic everywhere.",
        true="seconds belong to a reagent and an instrument",
        sources=tuple(Nomogram.load(name).source for name in ("raschke-1993", "nsccm-standard")),
        demonstrates=_many_ranges,
    ),
    Misconception(
        name="check-earlier",
        said="Check earlier and adjust sooner.",
        true="a level that is still rising answers another question",
        sources=(ORDER_SHEET,),
        demonstrates=_too_early,
    ),
    Misconception(
        name="bolus",
        said="The bolus does not matter.",
        true="without it hours pass below the range; with it the first hours lie above it: a trade, and its outcome is disputed",
        sources=(WITHOUT_BOLUS,),
        demonstrates=_bolus,
    ),
    Misconception(
        name="aptt-is-heparin",
        said="The aPTT is the heparin level.",
        true="it is a clotting time, and factor VIII, fibrinogen and the baseline move it too",
        sources=(ARACHCHILLAGE,),
        demonstrates=_not_the_level,
    ),
    Misconception(
        name="anti-xa-is-right",
        said="The anti-Xa is always right.",
        true="without antithrombin it reads low, and a factor Xa inhibitor reads as heparin",
        sources=(ANTITHROMBIN_READS_LOW,),
        demonstrates=_anti_xa_errs,
    ),
    Misconception(
        name="proportional-to-weight",
        said="Twice the weight needs twice the heparin.",
        true="it needs more, but less than in proportion",
        sources=(OBESITY,),
        demonstrates=_heavier,
    ),
    Misconception(
        name="few-platelets-protect",
        said="Few platelets protect from clots in HIT.",
        true="HIT makes clots: the antibodies activate what platelets there are",
        sources=(hit.ISOLATED_HIT_1996, hit.LUBENOW_2005),
        demonstrates=_few_platelets,
    ),
    Misconception(
        name="antibodies-are-hit",
        said="A positive antibody test is HIT.",
        true="most positive tests at a low score are not; score and test are read together",
        sources=(hit.CUKER_2012, hit.CLIA_STUDY),
        demonstrates=_antibodies_are_not_hit,
    ),
    Misconception(
        name="off-at-once",
        said="When the pump stops, heparin is gone.",
        true="it takes hours, and longer after a higher rate",
        sources=(US_LABEL,),
        demonstrates=_gone_at_once,
    ),
    Misconception(
        name="protamine-for-all",
        said="Give 1 mg of protamine for each 100 U that were given.",
        true="for each 100 U that are still there: less with every half hour",
        sources=(reversal.CHILDRENS_MERCY.source,),
        demonstrates=_all_that_was_given,
    ),
)
"""The misconceptions, the error of the page first."""


def named(name: str) -> Misconception:
    """Return a misconception by name; raises ``ValueError`` for an unknown one, and lists the known ones."""
    for one in ALL:
        if one.name == name:
            return one
    near = difflib.get_close_matches(str(name), [one.name for one in ALL], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"no misconception {name!r}; there are {', '.join(one.name for one in ALL)}{hint}")
