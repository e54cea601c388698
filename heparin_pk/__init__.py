"""Heparin in the body, in the laboratory and on the ward: a simulation for teaching and study, not for the care of patients.

>>> from heparin_pk import Nomogram, Patient, published, titrate
>>> course = titrate(Patient(weight_kg=82), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=12)
>>> len(course.labs), course.labs[0].drawn_h
(1, 6.0)
"""

import typing as _typing
from importlib import import_module as _import_module

from heparin_pk import published
from heparin_pk.base.citations import print_citations
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab, Laboratory
from heparin_pk.blood.response import ClottingTime, Reagent, Responses, aptt_range_for_anti_xa, level
from heparin_pk.body.bodysize import dosing_weight_kg
from heparin_pk.body.covariate import Covariate
from heparin_pk.body.drift import Drift
from heparin_pk.body.kinetics import Kinetics
from heparin_pk.body.patient import Cohort, Patient
from heparin_pk.engine.lanes import Levels, Moments
from heparin_pk.evidence import datasets
from heparin_pk.published.drug import Drug, Hypothesis, OutsideValidityDomain, Parameter, Residual, ValidityDomain, Variability
from heparin_pk.simulation import metrics
from heparin_pk.simulation.cohort import Charts, titrate_cohort
from heparin_pk.simulation.course import Course, Entry
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h
from heparin_pk.simulation.exposure import Exposure, exposure
from heparin_pk.simulation.matching import Match, reagent_for
from heparin_pk.simulation.observer import NoObserver, Observer
from heparin_pk.simulation.overlay import overlay
from heparin_pk.simulation.platelets import PlateletSeries, platelet_series
from heparin_pk.simulation.rules import EventKind
from heparin_pk.simulation.simulate import simulate, titrate
from heparin_pk.trials import cases, hospital
from heparin_pk.trials.arm import Arm
from heparin_pk.trials.distribution import Distribution
from heparin_pk.trials.ensemble import Ensemble, EnsembleMember, EnsembleOutcomes, run_ensemble
from heparin_pk.trials.hospital import Hospital
from heparin_pk.trials.off_ramp import NormalAgain, normal_again_h
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.population import Population, on_another_day, people
from heparin_pk.trials.trial import Trial
from heparin_pk.ward import faults, nomogram
from heparin_pk.ward.by_hand import ByHand, Fixed, Step
from heparin_pk.ward.controller import Controller, Decision, Decisions, Situation, Situations, VectorController
from heparin_pk.ward.faults import Catch, Check, Fault
from heparin_pk.ward.nomogram import Band, Nomogram, Recheck, Start
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Notify, Pause, Protamine, Regimen, Resume, Stop, Subcutaneous
from heparin_pk.ward.pump import Bag, Pump
from heparin_pk.ward.ward_errors import WardErrors

__version__ = "0.1.0"

if _typing.TYPE_CHECKING:
    from heparin_pk.blood import clotting
    from heparin_pk.evidence import calibration, validation, vpc
    from heparin_pk.teaching import (
        alternatives,
        before_starting,
        consequences,
        hit,
        indications,
        leaflet,
        misconceptions,
        practice,
        regrets,
        reversal,
        team,
    )
    from heparin_pk.trials import fault_arms

_LATER = {
    "alternatives": "teaching",
    "before_starting": "teaching",
    "calibration": "evidence",
    "clotting": "blood",
    "consequences": "teaching",
    "fault_arms": "trials",
    "hit": "teaching",
    "indications": "teaching",
    "leaflet": "teaching",
    "misconceptions": "teaching",
    "practice": "teaching",
    "regrets": "teaching",
    "reversal": "teaching",
    "team": "teaching",
    "validation": "evidence",
    "vpc": "evidence",
}
"""Modules that are loaded when they are first asked for, and the folder of each."""


def __getattr__(name: str) -> _typing.Any:
    if name in _LATER:
        return _import_module(f"heparin_pk.{_LATER[name]}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "alternatives",
    "aptt_range_for_anti_xa",
    "Arm",
    "ASSAYS",
    "Bag",
    "Band",
    "before_starting",
    "Bolus",
    "ByHand",
    "calibration",
    "cases",
    "Catch",
    "Charts",
    "Check",
    "clotting",
    "ClottingTime",
    "Cohort",
    "consequences",
    "Controller",
    "Course",
    "Covariate",
    "datasets",
    "Decision",
    "Decisions",
    "Distribution",
    "dosing_weight_kg",
    "Drift",
    "Drug",
    "Ensemble",
    "EnsembleMember",
    "EnsembleOutcomes",
    "Entry",
    "EventKind",
    "Exposure",
    "exposure",
    "Fault",
    "fault_arms",
    "faults",
    "Fixed",
    "hit",
    "Hold",
    "Hospital",
    "hospital",
    "Hypothesis",
    "indications",
    "Infusion",
    "Kinetics",
    "Lab",
    "Laboratory",
    "leaflet",
    "level",
    "Levels",
    "Match",
    "metrics",
    "misconceptions",
    "Moments",
    "needed_rate_u_per_kg_per_h",
    "Nomogram",
    "Notify",
    "nomogram",
    "NoObserver",
    "normal_again_h",
    "NormalAgain",
    "Observer",
    "on_another_day",
    "Outcomes",
    "OutsideValidityDomain",
    "overlay",
    "Parameter",
    "Patient",
    "Pause",
    "people",
    "platelet_series",
    "PlateletSeries",
    "Population",
    "practice",
    "print_citations",
    "Protamine",
    "published",
    "Pump",
    "Reagent",
    "reagent_for",
    "Recheck",
    "Regimen",
    "regrets",
    "Resume",
    "Residual",
    "Responses",
    "reversal",
    "run_ensemble",
    "simulate",
    "Situation",
    "Situations",
    "Source",
    "Start",
    "Step",
    "Stop",
    "Subcutaneous",
    "team",
    "TherapeuticRange",
    "titrate",
    "titrate_cohort",
    "Trial",
    "validation",
    "ValidityDomain",
    "Value",
    "Variability",
    "VectorController",
    "vpc",
    "WardErrors",
    "__version__",
]
