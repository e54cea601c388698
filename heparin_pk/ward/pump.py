"""Pump arithmetic: one named function for every conversion between an order and millilitres per hour.

Nothing is rounded unless the docstring of a function says so; halves are rounded away from zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between, check_is, floats, shown
from heparin_pk.base.rounding import round_all_to, round_to

KG_PER_LB = 0.45359237
"""Exact by definition (international avoirdupois pound)."""

CONCENTRATION_U_PER_ML = (0.5, 50_000.0)
"""Limits of the concentration of a bag or vial, U/mL."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bag:
    """A bag of heparin diluted for infusion.

    ``units_u``: heparin in the bag, U (1 to 1,000,000).
    ``volume_ml``: its volume, mL (0.1 to 10,000).

    Raises ``ValueError`` outside these limits, or when the concentration is not between 0.5 and 50,000 U/mL.

    >>> Bag(units_u=25_000, volume_ml=250).concentration_u_per_ml
    100.0
    """

    units_u: float
    volume_ml: float

    def __post_init__(self) -> None:
        check_between("units_u", self.units_u, 1.0, 1e6)
        check_between("volume_ml", self.volume_ml, 0.1, 10_000.0)
        floats(self, "units_u", "volume_ml")
        check_between("concentration_u_per_ml", self.concentration_u_per_ml, *CONCENTRATION_U_PER_ML)

    __repr__ = shown

    @property
    def concentration_u_per_ml(self) -> float:
        """Concentration of the bag, U/mL."""
        return self.units_u / self.volume_ml

    @classmethod
    def of(cls, concentration_u_per_ml: float) -> Bag:
        """Return a 250 mL bag of this concentration."""
        return cls(
            units_u=250.0 * check_between("concentration_u_per_ml", concentration_u_per_ml, *CONCENTRATION_U_PER_ML),
            volume_ml=250.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pump:
    """An infusion pump.

    ``bag``: the bag on it.
    ``resolution_ml_per_h``: the smallest step of its setting, mL/h (0.01 to 10).

    Raises ``ValueError`` outside these limits.

    >>> Pump().set_ml_per_h(1476.0), Pump().delivered_u_per_h(1476.0)
    (14.8, 1480.0)
    """

    bag: Bag = Bag(units_u=25_000.0, volume_ml=250.0)
    resolution_ml_per_h: float = 0.1

    def __post_init__(self) -> None:
        check_is("bag", self.bag, Bag, "a Bag")
        check_between("resolution_ml_per_h", self.resolution_ml_per_h, 0.01, 10.0)
        floats(self, "resolution_ml_per_h")

    __repr__ = shown

    def set_ml_per_h(self, rate_u_per_h: float) -> float:
        """Return the pump setting for an ordered rate, mL/h, rounded to the pump's step."""
        return round_to(ml_per_h(rate_u_per_h, self.bag.concentration_u_per_ml), self.resolution_ml_per_h)

    def delivered_u_per_h(self, rate_u_per_h: float) -> float:
        """Return the rate that the pump then gives, U/h: the ordered rate to within half a step of the pump."""
        return round(self.set_ml_per_h(rate_u_per_h) * self.bag.concentration_u_per_ml, 9)

    def delivered_to_all_u_per_h(self, rate_u_per_h: np.ndarray) -> np.ndarray:
        """Return :meth:`delivered_u_per_h` of every rate in an array (n,), with the same numbers."""
        concentration = self.bag.concentration_u_per_ml
        return np.round(round_all_to(rate_u_per_h / concentration, self.resolution_ml_per_h) * concentration, 9)


def weight_kg_from_lb(weight_lb: float, kg_per_lb: float = KG_PER_LB) -> float:
    """Return a weight in pounds as kilograms; for a textbook that divides by 2.2, pass ``kg_per_lb=1 / 2.2``.

    >>> round(weight_kg_from_lb(154, 1 / 2.2), 1)
    70.0
    """
    return check_between("weight_lb", weight_lb, 1.0, 900.0) * check_between("kg_per_lb", kg_per_lb, 0.4, 0.5)


def dose_u(dose_u_per_kg: float, weight_kg: float, most_u: float | None = None, step_u: float | None = None) -> float:
    """Return a weight-based dose in units, rounded to ``step_u`` and then at most ``most_u``, where these are given.

    >>> dose_u(80, 68), dose_u(80, 68, step_u=100), dose_u(80, 140, most_u=10_000)
    (5440.0, 5400.0, 10000.0)
    """
    dose = check_between("dose_u_per_kg", dose_u_per_kg, 0.0, 1000.0) * check_between("weight_kg", weight_kg, 0.4, 400.0)
    dose = dose if step_u is None else round_to(dose, step_u)
    return dose if most_u is None else min(dose, check_between("most_u", most_u, 0.0, 1e6))


def rate_u_per_h(
    rate_u_per_kg_per_h: float, weight_kg: float, most_u_per_h: float | None = None, step_u_per_h: float | None = None
) -> float:
    """Return a weight-based infusion in units per hour, rounded to a step and then at most the cap, where these are given.

    >>> rate_u_per_h(18, 68), rate_u_per_h(18, 68, step_u_per_h=50), rate_u_per_h(18, 130, most_u_per_h=2000)
    (1224.0, 1200.0, 2000.0)
    """
    rate = check_between("rate_u_per_kg_per_h", rate_u_per_kg_per_h, 0.0, 3000.0) * check_between(
        "weight_kg", weight_kg, 0.4, 400.0
    )
    rate = rate if step_u_per_h is None else round_to(rate, step_u_per_h)
    return rate if most_u_per_h is None else min(rate, check_between("most_u_per_h", most_u_per_h, 0.0, 1e6))


def ml_per_h(rate_u_per_h: float, concentration_u_per_ml: float) -> float:
    """Return the pump rate that gives ``rate_u_per_h`` from this bag, not rounded.

    >>> ml_per_h(850, 25_000 / 500)
    17.0
    """
    return check_between("rate_u_per_h", rate_u_per_h, 0.0, 1e6) / check_between(
        "concentration_u_per_ml", concentration_u_per_ml, *CONCENTRATION_U_PER_ML
    )


def u_per_h(rate_ml_per_h: float, concentration_u_per_ml: float) -> float:
    """Return the units per hour that a pump rate gives from this bag.

    >>> u_per_h(25, 40_000 / 500)
    2000.0
    """
    return check_between("rate_ml_per_h", rate_ml_per_h, 0.0, 10_000.0) * check_between(
        "concentration_u_per_ml", concentration_u_per_ml, *CONCENTRATION_U_PER_ML
    )


def u_per_kg_per_h(rate_u_per_h: float, weight_kg: float) -> float:
    """Return an infusion rate per kilogram.

    >>> u_per_kg_per_h(1440, 80)
    18.0
    """
    return check_between("rate_u_per_h", rate_u_per_h, 0.0, 1e6) / check_between("weight_kg", weight_kg, 0.4, 400.0)


def changed_ml_per_h(
    current_ml_per_h: float,
    change_u_per_kg_per_h: float,
    weight_kg: float,
    concentration_u_per_ml: float,
    step_ml_per_h: float | None = None,
) -> float:
    """Return the pump rate after a change ordered in U/kg/h, never below zero; the change is rounded where a step is given.

    >>> changed_ml_per_h(29, 2, 80, 50), changed_ml_per_h(28, -3, 70, 40, step_ml_per_h=0.5)
    (32.2, 22.5)
    """
    change = check_between("change_u_per_kg_per_h", change_u_per_kg_per_h, -1000.0, 1000.0)
    step = check_between("weight_kg", weight_kg, 0.4, 400.0) * change
    step /= check_between("concentration_u_per_ml", concentration_u_per_ml, *CONCENTRATION_U_PER_ML)
    step = step if step_ml_per_h is None else round_to(step, step_ml_per_h)
    changed = check_between("current_ml_per_h", current_ml_per_h, 0.0, 10_000.0) + step
    return max(0.0, round(changed, 9))  # what a sum of tenths leaves in the last digits no pump shows


def volume_ml(dose_u: float, concentration_u_per_ml: float) -> float:
    """Return the volume of a vial or bag that holds a dose, mL.

    >>> volume_ml(6000, 10_000)
    0.6
    """
    return check_between("dose_u", dose_u, 0.0, 1e6) / check_between(
        "concentration_u_per_ml", concentration_u_per_ml, *CONCENTRATION_U_PER_ML
    )


def daily_u(rate_u_per_h: float) -> float:
    """Return the units an infusion gives in 24 h.

    >>> daily_u(u_per_h(42, 20_000 / 500))
    40320.0
    """
    return 24.0 * check_between("rate_u_per_h", rate_u_per_h, 0.0, 1e6)


def bag_lasts_h(bag: Bag, rate_ml_per_h: float) -> float:
    """Return how long a full bag runs at a pump rate, h.

    >>> bag_lasts_h(Bag(units_u=25_000, volume_ml=250), 12.5)
    20.0
    """
    return bag.volume_ml / check_between("rate_ml_per_h", rate_ml_per_h, 0.01, 10_000.0)


def drops_per_min(rate_ml_per_h: float, drops_per_ml: float) -> float:
    """Return the drops per minute of a gravity set, not rounded.

    >>> drops_per_min(30, 60)
    30.0
    """
    rate = check_between("rate_ml_per_h", rate_ml_per_h, 0.0, 10_000.0)
    return rate * check_between("drops_per_ml", drops_per_ml, 1.0, 100.0) / 60.0
