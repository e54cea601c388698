"""Widgets for notebooks: sliders on the functions of the package.

A widget calls the package, shows the code of that call, and computes nothing but coordinates.
"""

from heparin_pk.widgets import bedside_day, warnings_in_words
from heparin_pk.widgets.bedside_day import Bedside, bedside
from heparin_pk.widgets.explore import Choice, Drawing, Explore, Slider, Toggle
from heparin_pk.widgets.index import glossary, lessons, topics
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
    "bedside",
    "blood",
    "check_number",
    "glossary",
    "half_life",
    "hint",
    "indications",
    "lessons",
    "nomograms",
    "overlay",
    "patients",
    "predict_decay",
    "predict_half_life",
    "predict_points_lost",
    "progress",
    "progress_export",
    "quiz",
    "record",
    "topics",
    "validation",
]
