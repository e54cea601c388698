"""Orders (boluses, infusions, holds, pauses, stops, subcutaneous doses, protamine, calls) and the regimen that lists them.

A dose or rate is written either per kilogram or absolute; :meth:`Regimen.resolved` makes it absolute for one weight. A hold
pauses the infusion for some minutes, a pause until it is resumed; a new rate ordered meanwhile starts when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from heparin_pk.base.checks import as_seen, check_between, check_is, check_text, floats, shown
from heparin_pk.base.elementwise import smaller
from heparin_pk.ward.pump import Bag, u_per_h
from heparin_pk.ward.pump import dose_u as weight_based_dose_u
from heparin_pk.ward.pump import rate_u_per_h as weight_based_rate_u_per_h

HOURS = (0.0, 24.0 * 60)
"""Orders may be given from the start to sixty days later, h."""

MOST_RATE_U_PER_KG_PER_H = 3000.0
"""Wide enough for direct thrombin inhibitors (dosed in micrograms); doses above those studied warn: ``OutsideValidityDomain``."""

MOST_DOSE_U = 200_000.0
MOST_RATE_U_PER_H = 500_000.0
SHORTEST_BOLUS_MIN, LONGEST_BOLUS_MIN = 0.5, 600.0
"""A bolus over minutes takes at least half a minute, like protamine: faster is at once (0)."""
SHORTEST_HOLD_MIN, LONGEST_HOLD_MIN = 1.0, 2880.0
PAUSE_LEVELS = (1e-6, 1e4)
"""The levels, in the unit of an assay, below which a paused infusion may be resumed."""


def most_rate_u_per_h(weight_kg: Any) -> Any:
    """Return the highest rate that may be ordered at a weight, U/h; weights (m,) give rates (m,)."""
    return smaller(MOST_RATE_U_PER_H, MOST_RATE_U_PER_KG_PER_H * weight_kg)


def check_rate(rate_u_per_h: float, weight_kg: float) -> None:
    """Raise ``ValueError`` for a rate that is negative or higher than may be ordered at this weight."""
    check_between("rate_u_per_h", rate_u_per_h, 0.0, MOST_RATE_U_PER_H)
    if rate_u_per_h > (most := most_rate_u_per_h(weight_kg)):
        raise ValueError(
            f"rate_u_per_h must lie between 0 and {most:g} (at most {MOST_RATE_U_PER_KG_PER_H:g} U/kg/h); got {rate_u_per_h!r}"
        )


def check_bolus_minutes(name: str, over_min: float) -> None:
    """Raise ``ValueError`` unless these minutes are 0 (at once), or 0.5 to 600."""
    check_between(name, over_min, 0.0, LONGEST_BOLUS_MIN)
    if 0.0 < over_min < SHORTEST_BOLUS_MIN:
        raise ValueError(f"{name} must be 0, or {SHORTEST_BOLUS_MIN:g} to {LONGEST_BOLUS_MIN:g} minutes; got {over_min!r}")


def _check_time(order: Any) -> None:
    check_between("time_h", order.time_h, *HOURS)
    floats(order, "time_h")


def _check_one_amount(order: Any, limits: dict[str, float]) -> None:
    """Raise ``ValueError`` unless exactly one of these fields is given, and lies between 0 and its limit."""
    used = [name for name in limits if getattr(order, name) is not None]
    if len(used) != 1:
        got = " and ".join(used) if used else "none of them"
        raise ValueError(f"{type(order).__name__} needs exactly one of {', '.join(limits)}; got {got}")
    check_between(used[0], getattr(order, used[0]), 0.0, limits[used[0]])
    floats(order, *used)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bolus:
    """An intravenous dose, given at once or over some minutes. Exactly one of ``dose_u`` and ``dose_u_per_kg`` is needed.

    ``time_h``: when it starts, h.
    ``dose_u``: dose, U.
    ``dose_u_per_kg``: dose, U/kg.
    ``most_u``: cap on the dose, U; ``None``: no cap.
    ``over_min``: minutes over which it is given (0: at once; else 0.5 to 600).

    Raises ``ValueError`` when a field lies outside its limits.
    """

    time_h: float
    dose_u: float | None = None
    dose_u_per_kg: float | None = None
    most_u: float | None = None
    over_min: float = 0.0

    def __post_init__(self) -> None:
        _check_time(self)
        _check_one_amount(self, {"dose_u": MOST_DOSE_U, "dose_u_per_kg": 1000.0})
        check_bolus_minutes("over_min", self.over_min)
        if self.most_u is not None:
            check_between("most_u", self.most_u, 0.0, MOST_DOSE_U)
        floats(self, "most_u", "over_min")

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:
        """Return the same order in units."""
        dose = self.dose_u if self.dose_u is not None else weight_based_dose_u(self.dose_u_per_kg or 0.0, weight_kg)
        if self.most_u is not None:
            dose = min(dose, self.most_u)
        return replace(self, dose_u=dose, dose_u_per_kg=None, most_u=None)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Infusion:
    """A new rate of the infusion, from ``time_h`` on. Exactly one of the three rates is needed.

    ``time_h``: when it starts, h.
    ``rate_u_per_h``: rate, U/h.
    ``rate_u_per_kg_per_h``: rate, U/kg/h.
    ``rate_ml_per_h``: rate, mL/h of ``bag``.
    ``bag``: the bag, needed with ``rate_ml_per_h`` and only then.
    ``most_u_per_h``: cap on the rate, U/h; ``None``: no cap.

    Raises ``ValueError`` when a field lies outside its limits.
    """

    time_h: float
    rate_u_per_h: float | None = None
    rate_u_per_kg_per_h: float | None = None
    rate_ml_per_h: float | None = None
    bag: Bag | None = None
    most_u_per_h: float | None = None

    def __post_init__(self) -> None:
        _check_time(self)
        _check_one_amount(
            self, {"rate_u_per_h": MOST_RATE_U_PER_H, "rate_u_per_kg_per_h": MOST_RATE_U_PER_KG_PER_H, "rate_ml_per_h": 2000.0}
        )
        if self.bag is not None:
            check_is("bag", self.bag, Bag, "a Bag")
        if (self.rate_ml_per_h is None) != (self.bag is None):
            raise ValueError("rate_ml_per_h and bag belong together: millilitres mean nothing without the bag")
        if self.most_u_per_h is not None:
            check_between("most_u_per_h", self.most_u_per_h, 0.0, MOST_RATE_U_PER_H)
        floats(self, "most_u_per_h")

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:
        """Return the same order in units per hour."""
        if self.rate_u_per_h is not None:
            rate = self.rate_u_per_h
        elif self.rate_u_per_kg_per_h is not None:
            rate = weight_based_rate_u_per_h(self.rate_u_per_kg_per_h, weight_kg)
        else:
            assert self.bag is not None
            assert self.rate_ml_per_h is not None
            rate = u_per_h(self.rate_ml_per_h, self.bag.concentration_u_per_ml)
        if self.most_u_per_h is not None:
            rate = min(rate, self.most_u_per_h)
        check_rate(rate, weight_kg)
        return replace(self, rate_u_per_h=rate, rate_u_per_kg_per_h=None, rate_ml_per_h=None, bag=None, most_u_per_h=None)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hold:
    """A pause of the infusion; afterwards it runs at the rate ordered last.

    ``time_h``: when it starts, h.
    ``duration_min``: its length, minutes (1 to 2880).

    Raises ``ValueError`` when a field lies outside its limits.
    """

    time_h: float
    duration_min: float

    def __post_init__(self) -> None:
        _check_time(self)
        check_between("duration_min", self.duration_min, SHORTEST_HOLD_MIN, LONGEST_HOLD_MIN)
        floats(self, "duration_min")

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:  # noqa: ARG002
        """Return the order itself: a hold has no dose."""
        return self

    @property
    def end_h(self) -> float:
        """When the pump starts again, h."""
        return self.time_h + self.duration_min / 60.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pause:
    """A pause of the infusion until a result is low enough: it lasts until a :class:`Resume`.

    ``time_h``: when it starts, h.
    ``until_below``: the level, in the unit of the assay, below which the infusion is resumed (1e-6 to 10,000).

    Raises ``ValueError`` when a field lies outside its limits.
    """

    time_h: float
    until_below: float

    def __post_init__(self) -> None:
        _check_time(self)
        check_between("until_below", self.until_below, *PAUSE_LEVELS)
        floats(self, "until_below")

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:  # noqa: ARG002
        """Return the order itself: a pause has no dose."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Resume:
    """The end of a :class:`Pause`: the infusion runs again, at the rate ordered last.

    ``time_h``: when it runs again, h.
    """

    time_h: float

    def __post_init__(self) -> None:
        _check_time(self)

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:  # noqa: ARG002
        """Return the order itself: it has no dose."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Notify:
    """A call: somebody is told, and nothing is changed.

    ``time_h``: when, h.
    ``whom``: who is called.

    Raises ``ValueError`` for an empty text.
    """

    time_h: float
    whom: str = "physician"

    def __post_init__(self) -> None:
        _check_time(self)
        check_text("whom", self.whom)

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:  # noqa: ARG002
        """Return the order itself: it has no dose."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stop:
    """The end of the infusion.

    ``time_h``: when it stops, h.
    """

    time_h: float

    def __post_init__(self) -> None:
        _check_time(self)

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:  # noqa: ARG002
        """Return the order itself: a stop has no dose."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subcutaneous:
    """A subcutaneous dose. Exactly one of ``dose_u`` and ``dose_u_per_kg`` is needed.

    ``time_h``: when it is given, h.
    ``dose_u``: dose, U.
    ``dose_u_per_kg``: dose, U/kg.

    Raises ``ValueError`` when a field lies outside its limits.
    """

    time_h: float
    dose_u: float | None = None
    dose_u_per_kg: float | None = None

    def __post_init__(self) -> None:
        _check_time(self)
        _check_one_amount(self, {"dose_u": MOST_DOSE_U, "dose_u_per_kg": 1000.0})

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:
        """Return the same order in units."""
        dose = self.dose_u if self.dose_u is not None else weight_based_dose_u(self.dose_u_per_kg or 0.0, weight_kg)
        return replace(self, dose_u=dose, dose_u_per_kg=None)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Protamine:
    """Protamine sulfate into the vein (label: no faster than 50 mg in 10 min).

    ``time_h``: when it starts, h.
    ``dose_mg``: dose, mg (0 to 1000).
    ``over_min``: minutes over which it is given (0.5 to 600).

    Raises ``ValueError`` when a field lies outside its limits.
    """

    time_h: float
    dose_mg: float
    over_min: float = 10.0

    def __post_init__(self) -> None:
        _check_time(self)
        check_between("dose_mg", self.dose_mg, 0.0, 1000.0)
        check_between("over_min", self.over_min, SHORTEST_BOLUS_MIN, LONGEST_BOLUS_MIN)
        floats(self, "dose_mg", "over_min")

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Self:  # noqa: ARG002
        """Return the order itself: protamine is ordered in mg."""
        return self


Order = Bolus | Infusion | Hold | Stop | Subcutaneous | Protamine | Pause | Resume | Notify
ORDERS = (Bolus, Infusion, Hold, Stop, Subcutaneous, Protamine, Pause, Resume, Notify)


def _kind(order: Order) -> str:
    """Return the kind of an order; two that set the same thing are of one kind: an infusion and a stop, a pause and its end."""
    return (
        "rate" if isinstance(order, Infusion | Stop) else "pause" if isinstance(order, Pause | Resume) else type(order).__name__
    )


@dataclass(frozen=True, slots=True, repr=False)
class Regimen:
    """A plan of orders known in advance.

    ``orders``: the orders, sorted by time.

    Raises ``ValueError`` when an element is not an order, when the orders are not sorted by time, or when two orders of one
    kind have the same time (two boluses are a double dose or a typing error; a stop and a rate contradict each other).

    >>> Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18))).resolved(82.0).orders[1]
    Infusion(time_h=0.0, rate_u_per_h=1476.0)
    """

    orders: tuple[Order, ...] = ()

    def __post_init__(self) -> None:
        check_is("orders", self.orders, Iterable, "a list of orders")
        try:
            object.__setattr__(self, "orders", tuple(self.orders))
        except TypeError:  # an array without a dimension
            raise ValueError(f"orders must be a list of orders; got {as_seen(self.orders)}") from None
        seen: set[tuple[float, str]] = set()
        latest = 0.0
        for i, order in enumerate(self.orders, 1):
            if not isinstance(order, ORDERS):
                raise ValueError(f"order {i} must be one of {', '.join(o.__name__ for o in ORDERS)}; got {as_seen(order)}")
            if order.time_h < latest:
                raise ValueError(
                    f"orders must stand in the order of time: order {i} ({type(order).__name__} at {order.time_h:g} h) "
                    f"comes after one at {latest:g} h"
                )
            latest = order.time_h
            if (order.time_h, _kind(order)) in seen:
                raise ValueError(
                    f"two orders of one kind at the same time: order {i} ({type(order).__name__} at {order.time_h:g} h)"
                )
            seen.add((order.time_h, _kind(order)))

    __repr__ = shown

    def resolved(self, weight_kg: float) -> Regimen:
        """Return the same regimen with absolute doses and rates (U, U/h) for one weight."""
        check_between("weight_kg", weight_kg, 0.4, 400.0)
        return Regimen(tuple(order.resolved(weight_kg) for order in self.orders))
