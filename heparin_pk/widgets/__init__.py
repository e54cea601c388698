"""Hands: sliders on the same functions. A widget calls, shows the call it made, and calculates nothing but coordinates."""

from heparin_pk.widgets.bedside import Bedside, bedside
from heparin_pk.widgets.picture import Picture, Track
from heparin_pk.widgets.quiz import Quiz, quiz

__all__ = ["Bedside", "Picture", "Quiz", "Track", "bedside", "quiz"]
