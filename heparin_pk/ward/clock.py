"""Times of day: when blood is drawn at the laboratory's rounds."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np

_SLACK_H = 1e-6
"""A few milliseconds: a draw due at 06:00 is not put off to the next day by the last bit of a sum of hours."""


def hour_of(name: str, text: Any) -> float:
    """Return the hour of a time of day.

    Raises ``ValueError`` for anything but a text like "06:00".

    >>> hour_of("at", "13:30")
    13.5
    """
    match = re.fullmatch(r"(\d\d):(\d\d)", text) if isinstance(text, str) else None
    if match is None or not (int(match[1]) < 24 and int(match[2]) < 60):
        raise ValueError(f"{name} must be a time of day like '06:00'; got {text!r}")
    return int(match[1]) + int(match[2]) / 60.0


def check_times(name: str, times: Any) -> tuple[str, ...]:
    """Return times of day as a tuple; raises ``ValueError`` unless they are texts like "06:00" that rise."""
    if not isinstance(times, list | tuple):
        raise ValueError(f"{name} must be a list of times of day like '06:00'; got {times!r}")
    hours = [hour_of(name, text) for text in times]
    if any(late <= early for early, late in itertools.pairwise(hours)):
        raise ValueError(f"{name} must rise through the day; got {', '.join(times)}")
    return tuple(times)


def next_at_h(times: tuple[str, ...], earliest_h: np.ndarray, start: str) -> np.ndarray:
    """Return the next of these times of day, h of the run (m,), not before ``earliest_h`` (m,).

    ``start``: the time of day at 0 h.

    >>> next_at_h(("06:00", "18:00"), np.array([0.5, 9.0, 10.0, 23.0]), "08:00").tolist()
    [10.0, 10.0, 10.0, 34.0]
    """
    start_h = hour_of("clock", start)
    hours = [hour_of("at", text) for text in times]
    clock_h = earliest_h + start_h - _SLACK_H
    midnight_h = 24.0 * np.floor(clock_h / 24.0)
    found = midnight_h + 24.0 + hours[0]
    for hour in reversed(hours):
        found = np.where(midnight_h + hour >= clock_h, midnight_h + hour, found)
    return np.asarray(np.maximum(found - start_h, earliest_h))
