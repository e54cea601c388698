"""Pictures: courses, models, assays and trials, with units on every axis and the therapeutic range shaded.

A function draws on the Axes it is given, or makes its own; it returns them and never calls ``show``. The colours are those of
Okabe and Ito, which colour-blind readers can tell apart; the sizes are meant for a projector.
"""

from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    STYLE,
    VERMILION,
    axis_label,
    level_limits,
    new_figure,
    save,
    shade_target,
    title,
)
from heparin_pk.plot.blood import calibration, discordance, reagents
from heparin_pk.plot.clotting import law_and_network, plate, tube
from heparin_pk.plot.courses import (
    PRINTED_HALF_LIVES_MIN,
    after_bolus,
    bands,
    binding_pool,
    clearances,
    course,
    course_scene,
    decays,
    describe,
    half_lives,
    plateaus,
    replay,
    room_for_pump,
)
from heparin_pk.plot.evidence import describe_validation, validation
from heparin_pk.plot.models import describe_overlay, outside_in_short, overlay
from heparin_pk.plot.patients import needed_doses, two_assays
from heparin_pk.plot.teaching import describe_indication, indications
from heparin_pk.plot.trials import describe_trial, ensemble, forest, percentile_bands, time_shares, time_to, trial, vpc

__all__ = [
    "BLACK",
    "BLUE",
    "COLOURS",
    "DASHES",
    "GREEN",
    "ORANGE",
    "PRINTED_HALF_LIVES_MIN",
    "PURPLE",
    "SKY",
    "STYLE",
    "VERMILION",
    "after_bolus",
    "axis_label",
    "bands",
    "binding_pool",
    "calibration",
    "clearances",
    "course",
    "course_scene",
    "decays",
    "describe",
    "describe_indication",
    "describe_overlay",
    "describe_trial",
    "describe_validation",
    "discordance",
    "ensemble",
    "forest",
    "half_lives",
    "indications",
    "law_and_network",
    "level_limits",
    "needed_doses",
    "new_figure",
    "outside_in_short",
    "overlay",
    "percentile_bands",
    "plate",
    "plateaus",
    "reagents",
    "replay",
    "room_for_pump",
    "save",
    "shade_target",
    "time_shares",
    "time_to",
    "title",
    "trial",
    "tube",
    "two_assays",
    "validation",
    "vpc",
]
