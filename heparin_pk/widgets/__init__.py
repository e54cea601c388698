"""Widgets for notebooks: sliders on the functions of the package.

A widget calls the package, shows the code of that call, and computes nothing but coordinates.
"""

from heparin_pk.widgets import bedside_day, warnings_in_words
from heparin_pk.widgets.bedside_day import Bedside, bedside
from heparin_pk.widgets.explore import Choice, Drawing, Explore, Slider, Toggle
from heparin_pk.widgets.gone_wrong import (
    after_the_stop,
    buy_checks,
    hours_after_the_stop,
    most_errors_met,
    one_fault,
    predict_slow,
    predict_spread,
    predict_what_checks_do,
    protamine_by_time,
)
from heparin_pk.widgets.index import glossary, lessons, topics
from heparin_pk.widgets.inside_the_tube import predict_networks, predict_no_lysis, resisting_plasma, tube
from heparin_pk.widgets.low_platelets import hit_tests, instead_of_heparin, one_day_late, platelet_days
from heparin_pk.widgets.own_record import Progress, progress, progress_export, record
from heparin_pk.widgets.predictions import predict_decay, predict_half_life, predict_points_lost
from heparin_pk.widgets.questions import NumberCheck, NumberQuestion, Question, Quiz, check_number, hint, quiz
from heparin_pk.widgets.reveal import after
from heparin_pk.widgets.scenes import blood, half_life, indications, nomograms, overlay, patients, validation

warnings_in_words.say_warnings_in_words()
bedside_day.LISTENERS.append(record)  # predictions and days at the bedside stand in the learner's record too

__all__ = [
    "Bedside",
    "Choice",
    "Explore",
    "Drawing",
    "NumberCheck",
    "NumberQuestion",
    "Progress",
    "Question",
    "Quiz",
    "Slider",
    "Toggle",
    "after",
    "after_the_stop",
    "bedside",
    "blood",
    "buy_checks",
    "check_number",
    "glossary",
    "half_life",
    "hint",
    "hours_after_the_stop",
    "hit_tests",
    "indications",
    "instead_of_heparin",
    "lessons",
    "most_errors_met",
    "nomograms",
    "one_day_late",
    "one_fault",
    "overlay",
    "patients",
    "platelet_days",
    "predict_decay",
    "predict_half_life",
    "predict_networks",
    "predict_no_lysis",
    "predict_points_lost",
    "predict_slow",
    "predict_spread",
    "predict_what_checks_do",
    "progress",
    "progress_export",
    "protamine_by_time",
    "quiz",
    "record",
    "resisting_plasma",
    "topics",
    "tube",
    "validation",
]
