"""The one right-hand side: where heparin goes, in plain arithmetic.

Amounts are heparin units (U), volumes mL, time h, concentrations U/mL. A parameter that is zero switches its term off, so
every published structure in the house (linear or saturable, one or two compartments, with or without a binding pool, given
intravenously or under the skin, neutralised by protamine) is a special case of :func:`derivatives`.

The function uses nothing but ``+ - * /``: Python floats, NumPy arrays and compiled code run the same lines and get the same
bits. It has never heard of a patient, a nomogram or a clock on the wall.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.base.checks import check_between, check_one_of, shown

FASTEST_PER_H = 1000.0
"""Nothing in heparin's kinetics acts within less than a few seconds; the engines are built for that."""


class State(NamedTuple):
    """Where the heparin of one person is at one moment.

    ``central_u``, ``peripheral_u`` and ``bound_u`` are heparin in plasma, in the second compartment and in the
    endothelial/macrophage pool; ``depot1_u`` and ``depot2_u`` are the subcutaneous transit chain; ``protamine_u`` is protamine
    in the units of heparin it can neutralise; ``effect_u_per_ml`` trails the plasma concentration when ``ke0_per_h`` is set;
    ``auc_u_h_per_ml`` is the area under the concentration so far.
    """

    central_u: float = 0.0
    peripheral_u: float = 0.0
    bound_u: float = 0.0
    depot1_u: float = 0.0
    depot2_u: float = 0.0
    protamine_u: float = 0.0
    effect_u_per_ml: float = 0.0
    auc_u_h_per_ml: float = 0.0


class Rates(NamedTuple):
    """The numbers :func:`derivatives` reads, in the order in which it reads them; volumes turned over, for division is slow."""

    inverse_v1_per_ml: float
    clearance_ml_per_h: float
    vmax_u_per_h: float
    km_u_per_ml: float
    q_ml_per_h: float
    inverse_v2_per_ml: float
    bmax_u: float
    kon_ml_per_u_per_h: float
    kint_per_h: float
    ktr_per_h: float
    kr_ml_per_u_per_h: float
    protamine_loss_per_h: float
    ke0_per_h: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Kinetics:
    """How one person distributes and eliminates heparin: the parameters of the right-hand side, in absolute units.

    ``vmax_u_per_h`` with ``km_u_per_ml`` is Michaelis-Menten elimination; ``bmax_u`` with ``kon_ml_per_u_per_h`` and
    ``kint_per_h`` the finite binding pool; ``q_ml_per_h`` with ``v2_ml`` the second compartment; ``ktr_per_h``, ``transits``,
    ``bioavailability_fraction`` and ``lag_h`` the subcutaneous route; ``kr_ml_per_u_per_h`` and ``protamine_loss_per_h``
    neutralisation by protamine; ``ke0_per_h`` an effect site.

    Raises ``ValueError`` when a parameter lies outside its limits, or when a term is half described (a ``vmax`` without
    ``km``).

    >>> Kinetics(v1_ml=4000, vmax_u_per_h=1500, km_u_per_ml=0.5).clearance_at_ml_per_h(0.25)
    2000.0
    """

    v1_ml: float
    clearance_ml_per_h: float = 0.0
    vmax_u_per_h: float = 0.0
    km_u_per_ml: float = 1.0
    q_ml_per_h: float = 0.0
    v2_ml: float = 1.0
    bmax_u: float = 0.0
    kon_ml_per_u_per_h: float = 0.0
    kint_per_h: float = 0.0
    ktr_per_h: float = 0.0
    transits: int = 2
    bioavailability_fraction: float = 1.0
    lag_h: float = 0.0
    kr_ml_per_u_per_h: float = 0.0
    protamine_loss_per_h: float = 0.0
    ke0_per_h: float = 0.0

    def __post_init__(self) -> None:
        check_between("v1_ml", self.v1_ml, 1.0, 1e6)
        check_between("clearance_ml_per_h", self.clearance_ml_per_h, 0.0, 1e6)
        check_between("vmax_u_per_h", self.vmax_u_per_h, 0.0, 1e6)
        check_between("km_u_per_ml", self.km_u_per_ml, 1e-6, 1e4)
        check_between("q_ml_per_h", self.q_ml_per_h, 0.0, 1e6)
        check_between("v2_ml", self.v2_ml, 1.0, 1e6)
        check_between("bmax_u", self.bmax_u, 0.0, 1e6)
        check_between("kon_ml_per_u_per_h", self.kon_ml_per_u_per_h, 0.0, 1e4)
        check_between("kint_per_h", self.kint_per_h, 0.0, 1e3)
        check_between("ktr_per_h", self.ktr_per_h, 0.0, 1e3)
        check_one_of("transits", self.transits, (1, 2))
        check_between("bioavailability_fraction", self.bioavailability_fraction, 0.0, 1.0)
        check_between("lag_h", self.lag_h, 0.0, 48.0)
        check_between("kr_ml_per_u_per_h", self.kr_ml_per_u_per_h, 0.0, 1e4)
        check_between("protamine_loss_per_h", self.protamine_loss_per_h, 0.0, 1e3)
        check_between("ke0_per_h", self.ke0_per_h, 0.0, 1e3)
        if self.bmax_u > 0.0 and not (self.kon_ml_per_u_per_h > 0.0 and self.kint_per_h > 0.0):
            raise ValueError(
                "a binding pool needs kon_ml_per_u_per_h and kint_per_h above 0; got "
                f"bmax_u {self.bmax_u!r} with kon {self.kon_ml_per_u_per_h!r} and kint {self.kint_per_h!r}"
            )
        if self.fastest_per_h > FASTEST_PER_H:
            raise ValueError(
                f"together these parameters act at up to {self.fastest_per_h:.3g} /h, and must stay below {FASTEST_PER_H:g} /h "
                f"(within seconds) to be a drug's; got {self!r}"
            )

    __repr__ = shown

    def rates(self) -> Rates:
        """Return the numbers the right-hand side reads; without a pool nothing binds to it."""
        has_pool = self.bmax_u > 0.0
        return Rates(
            1.0 / self.v1_ml,
            self.clearance_ml_per_h,
            self.vmax_u_per_h,
            self.km_u_per_ml,
            self.q_ml_per_h,
            1.0 / self.v2_ml,
            self.bmax_u,
            self.kon_ml_per_u_per_h if has_pool else 0.0,
            self.kint_per_h if has_pool else 0.0,
            self.ktr_per_h,
            self.kr_ml_per_u_per_h,
            self.protamine_loss_per_h,
            self.ke0_per_h,
        )

    def concentration_u_per_ml(self, central_u: Any) -> Any:
        """Return the concentration that an amount in plasma makes, a number or an array, as the right-hand side reads it."""
        return central_u * (1.0 / self.v1_ml)

    @property
    def fastest_per_h(self) -> float:
        """The fastest rate at which anything can happen at vanishing concentration, per hour."""
        return _fastest_per_h(self)

    @property
    def is_linear(self) -> bool:
        """True when doubling every dose doubles every concentration."""
        return self.vmax_u_per_h == 0.0 and self.bmax_u == 0.0

    @property
    def can_neutralise(self) -> bool:
        """True when this set says how protamine binds heparin."""
        return self.kr_ml_per_u_per_h > 0.0

    @property
    def can_absorb(self) -> bool:
        """True when this set says how a subcutaneous dose is absorbed."""
        return self.ktr_per_h > 0.0

    def clearance_at_ml_per_h(self, concentration_u_per_ml: float) -> float:
        """Return the clearance at a steady concentration: what saturation leaves of it, mL/h."""
        c = concentration_u_per_ml
        saturable = self.vmax_u_per_h / (self.km_u_per_ml + c)
        if self.bmax_u > 0.0:
            kon = self.kon_ml_per_u_per_h
            saturable += kon * self.bmax_u * self.kint_per_h / (self.kint_per_h + kon * c)
        return self.clearance_ml_per_h + saturable

    def steady_state_u_per_ml(self, rate_u_per_h: float) -> float:
        """Return the concentration at which loss equals a constant infusion, U/mL.

        Raises ``ValueError`` when the infusion exceeds what can ever be eliminated, so that no plateau exists.
        """
        rate_u_per_h = check_between("rate_u_per_h", rate_u_per_h, 0.0, 1e6)
        if rate_u_per_h == 0.0:
            return 0.0
        most = math.inf if self.clearance_ml_per_h > 0.0 else self.vmax_u_per_h + self.kint_per_h * self.bmax_u
        if rate_u_per_h >= most:
            raise ValueError(f"rate_u_per_h must stay below {most:g} U/h, the most this set can eliminate; got {rate_u_per_h!r}")
        low, high = 0.0, 1.0
        while self.clearance_at_ml_per_h(high) * high < rate_u_per_h:
            high *= 2.0
        while high - low > 1e-15 * high:
            middle = 0.5 * (low + high)
            if middle in (low, high):
                break
            if self.clearance_at_ml_per_h(middle) * middle < rate_u_per_h:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)


def _fastest_per_h(one: Any) -> Any:
    per_ml = one.clearance_ml_per_h + one.vmax_u_per_h / one.km_u_per_ml + one.q_ml_per_h
    per_ml = per_ml + one.kon_ml_per_u_per_h * one.bmax_u
    others = one.kint_per_h + one.ktr_per_h + one.protamine_loss_per_h + one.ke0_per_h
    return per_ml / one.v1_ml + one.q_ml_per_h / one.v2_ml + others


class KineticsOfAll:
    """The kinetics of many people: arrays of shape (n,), checked as each person's :class:`Kinetics` would be.

    Raises ``ValueError`` for the person whose parameters are impossible.
    """

    def __init__(self, transits: int, n: int, values: Mapping[str, Any]) -> None:
        self.transits, self.n = transits, n
        typical = Kinetics(v1_ml=1.0)
        self._values = {
            field.name: np.broadcast_to(np.asarray(values.get(field.name, getattr(typical, field.name)), float), (n,))
            for field in fields(Kinetics)
            if field.name != "transits"
        }
        extremes = {int(values.argmin()) for values in self._values.values()} | {int(v.argmax()) for v in self._values.values()}
        for person in sorted(extremes | {int(np.argmax(_fastest_per_h(self)))}):
            self[person]

    def __getitem__(self, person: int) -> Kinetics:
        return Kinetics(transits=self.transits, **{name: float(values[person]) for name, values in self._values.items()})

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def rates(self) -> Rates:
        """Return the numbers the right-hand side reads, arrays of shape (n,); without a pool nothing binds to it."""
        read = {name: np.where(self.bmax_u > 0.0, self._values[name], 0.0) for name in ("kon_ml_per_u_per_h", "kint_per_h")}
        read |= {"inverse_v1_per_ml": 1.0 / self.v1_ml, "inverse_v2_per_ml": 1.0 / self.v2_ml}
        return Rates(*(read[name] if name in read else self._values[name] for name in Rates._fields))  # type: ignore[arg-type]


# fmt: off
def derivatives(
    central, peripheral, bound, depot1, depot2, protamine, effect, auc,  # noqa: ARG001  the area does not feed back
    rate, protamine_rate,
    per_v1, cl, vmax, km, q, per_v2, bmax, kon, kint, ktr, kr, protamine_loss, ke0,
):
    """Return how fast each part of the :class:`State` changes, per hour.

    ``rate`` is what the pump gives into the vein (U/h), ``protamine_rate`` what the protamine syringe gives (U neutralised per
    h). Floats or arrays alike.
    """
    c = central * per_v1
    binding = kon * c * (bmax - bound)
    exchange = q * (c - peripheral * per_v2)
    neutralised = kr * c * protamine
    eliminated = vmax * c / (km + c) + cl * c
    return (
        rate + ktr * depot2 - binding - eliminated - exchange - neutralised,
        exchange,
        binding - kint * bound,
        -ktr * depot1,
        ktr * (depot1 - depot2),
        protamine_rate - neutralised - protamine_loss * protamine,
        ke0 * (c - effect),
        c,
    )
# fmt: on
