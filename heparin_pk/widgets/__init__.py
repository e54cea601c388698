"""Hands: sliders on the same functions. A widget calls, shows the call it made, and calculates nothing but coordinates."""

from heparin_pk.widgets.bedside import Bedside, bedside
from heparin_pk.widgets.explore import Choice, Explore, Picture, Slider, Toggle
from heparin_pk.widgets.quiz import Quiz, quiz
from heparin_pk.widgets.scenes import blood, half_life, indications, nomograms, overlay, patients, validation

__all__ = [
    "Bedside",
    "Choice",
    "Explore",
    "Picture",
    "Quiz",
    "Slider",
    "Toggle",
    "bedside",
    "blood",
    "half_life",
    "indications",
    "nomograms",
    "overlay",
    "patients",
    "quiz",
    "validation",
]
