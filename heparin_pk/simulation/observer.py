"""The observer protocol of the many-patient loop, and a no-op observer."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from heparin_pk.engine.lanes import IntervalObserver, Levels, Moments


class Observer(IntervalObserver, Protocol):
    """Is told what happens to many patients while time passes; lanes are their indices.

    ``thresholds`` and ``passed`` come from :class:`~heparin_pk.engine.lanes.IntervalObserver`.
    """

    def given(self, lanes: np.ndarray, at_h: np.ndarray, concentration_u_per_ml: np.ndarray) -> None:
        """A bolus went into the plasma of these lanes (m,) at once; the concentration is the one just after it.

        No other order changes a concentration at its own moment.

        An observer's ``given_long``, if it has one, is called next, with the concentration of the long chains (the same, unless
        the model tells long from short chains).
        """
        ...

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, kind: int, amount: np.ndarray) -> None:
        """An order was carried out for these lanes (m,).

        ``kind``: one of :class:`~heparin_pk.simulation.rules.EventKind`.
        ``amount``: U, U/h, min or mg, by kind.
        """
        ...


class NoObserver:
    """No-op observer: results and orders are in the charts. A base for an observer of your own."""

    def thresholds(self, lanes: np.ndarray) -> np.ndarray | None:
        """Return no thresholds, shape (0, m)."""
        return np.empty((0, len(lanes)))

    def passed(self, lanes: np.ndarray, moments: Moments, levels: Levels) -> None:
        """Do nothing."""

    def given(self, lanes: np.ndarray, at_h: np.ndarray, concentration_u_per_ml: np.ndarray) -> None:
        """Do nothing."""

    def ordered(self, lanes: np.ndarray, at_h: np.ndarray, kind: int, amount: np.ndarray) -> None:
        """Do nothing."""
