"""The kinetic model: its state, its parameters and its one right-hand side, :func:`derivatives`.

Amounts are heparin units (U), volumes mL, time h, concentrations U/mL. A parameter that is zero switches its term off, so
every published model structure in this package (linear or saturable, one or two compartments, with or without a binding pool,
intravenous or subcutaneous, neutralised by protamine, one kind of chains or two) is a special case of :func:`derivatives`.

Heparin is a mixture of chains. The long ones bind to cells and inhibit thrombin and factor Xa, so they alone prolong a clotting
time; the short ones are eliminated in another way and inhibit factor Xa alone. Where a set tells them apart, the long chains are
counted as the whole heparin they were given with, the short ones by their own anti-Xa activity: of 100 U, a third of it in
short chains, ``central_u`` gets 100 U and ``short_u`` 33 U. A clotting time then depends on the concentration of the long chains
as on that of heparin just given; an anti-Xa assay finds two thirds of it, and the short chains.

The right-hand side uses only ``+ - * /``, so Python floats, NumPy arrays and compiled code run the same lines and give the
same bits. It knows no patient, no nomogram and no time of day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from heparin_pk.base.checks import check_between, check_one_of, shown

FASTEST_PER_H = 1000.0
"""The fastest rate allowed, per hour (a time constant of 3.6 s): the step sizes of the engines are built for it."""

FASTEST_SHORT_LOSS_PER_H = 2.0
"""The fastest loss of short chains allowed, per hour: up to it one step of five minutes follows them within 2e-6."""

NEEDS = {
    "vmax_u_per_h": ("km_u_per_ml",),
    "q_ml_per_h": ("v2_ml",),
    "bmax_u": ("kon_ml_per_u_per_h", "kint_per_h"),
    "ktr_per_h": ("bioavailability_fraction",),
    "short_fraction": ("short_loss_per_h",),
}
"""The parameters that each term needs besides its own: with only one of them the model is half described."""


class State(NamedTuple):
    """The state of the kinetic model in one patient at one moment.

    ``central_u``: heparin in plasma, U; where short chains are told apart, the whole heparin whose long chains are there.
    ``peripheral_u``: heparin in the second compartment, U.
    ``bound_u``: heparin in the endothelial/macrophage binding pool, U.
    ``depot1_u``: heparin in the first transit compartment under the skin, U.
    ``depot2_u``: heparin in the second transit compartment under the skin, U.
    ``protamine_u``: protamine in plasma, in units of heparin it can neutralise.
    ``effect_u_per_ml``: concentration in the effect compartment, U/mL; it follows the plasma when ``ke0_per_h`` is above 0.
    ``auc_u_h_per_ml``: area under the plasma concentration since 0 h, U h/mL.
    ``short_u``: short chains in plasma, U of anti-Xa; 0 where they are not told apart.
    """

    central_u: float = 0.0
    peripheral_u: float = 0.0
    bound_u: float = 0.0
    depot1_u: float = 0.0
    depot2_u: float = 0.0
    protamine_u: float = 0.0
    effect_u_per_ml: float = 0.0
    auc_u_h_per_ml: float = 0.0
    short_u: float = 0.0


class Rates(NamedTuple):
    """The parameters of :func:`derivatives`, in the order in which it takes them.

    Each is the field of :class:`Kinetics` with the same name, but for two volumes stored as inverses, because division is slow:

    ``inverse_v1_per_ml``: 1 / ``v1_ml``.
    ``inverse_v2_per_ml``: 1 / ``v2_ml``.
    """

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
    short_fraction: float
    short_loss_per_h: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Kinetics:
    """How one patient distributes and eliminates heparin: the kinetic parameters in absolute units; 0 switches a term off.

    ``v1_ml``: volume of the central compartment (plasma), mL.
    ``clearance_ml_per_h``: linear clearance, mL/h.
    ``vmax_u_per_h``: most that the saturable (Michaelis-Menten) elimination removes, U/h.
    ``km_u_per_ml``: concentration at which it removes half of that, U/mL; needed with ``vmax_u_per_h``.
    ``q_ml_per_h``: exchange with the second compartment, mL/h.
    ``v2_ml``: volume of the second compartment, mL; needed with ``q_ml_per_h``.
    ``bmax_u``: capacity of the endothelial/macrophage binding pool, U; it needs the two rate constants that follow.
    ``kon_ml_per_u_per_h``: rate constant of binding to the pool, mL/U/h.
    ``kint_per_h``: rate constant of internalisation from the pool, per hour.
    ``ktr_per_h``: rate constant of absorption from each subcutaneous transit compartment, per hour.
    ``transits``: number of subcutaneous transit compartments, 1 or 2.
    ``bioavailability_fraction``: share of a subcutaneous dose that is absorbed; needed with ``ktr_per_h``.
    ``lag_h``: delay before a subcutaneous dose starts to be absorbed, h.
    ``kr_ml_per_u_per_h``: rate constant of neutralisation by protamine, mL/U/h.
    ``protamine_loss_per_h``: rate constant of protamine's own elimination, per hour.
    ``ke0_per_h``: rate constant of the effect compartment, per hour.
    ``short_fraction``: share of the anti-Xa activity of a dose that its short chains have; needs the rate constant that follows.
    ``short_loss_per_h``: rate constant of the elimination of the short chains, per hour.

    Raises ``ValueError`` when a parameter lies outside its limits, when a term is half described (see ``NEEDS``), or when the
    parameters together act faster than ``FASTEST_PER_H``.

    >>> Kinetics(v1_ml=4000, vmax_u_per_h=1500, km_u_per_ml=0.5).clearance_at_ml_per_h(0.25)
    2000.0
    """

    v1_ml: float
    clearance_ml_per_h: float = 0.0
    vmax_u_per_h: float = 0.0
    km_u_per_ml: float = 0.0
    q_ml_per_h: float = 0.0
    v2_ml: float = 0.0
    bmax_u: float = 0.0
    kon_ml_per_u_per_h: float = 0.0
    kint_per_h: float = 0.0
    ktr_per_h: float = 0.0
    transits: int = 2
    bioavailability_fraction: float = 0.0
    lag_h: float = 0.0
    kr_ml_per_u_per_h: float = 0.0
    protamine_loss_per_h: float = 0.0
    ke0_per_h: float = 0.0
    short_fraction: float = 0.0
    short_loss_per_h: float = 0.0

    def __post_init__(self) -> None:
        check_between("v1_ml", self.v1_ml, 1.0, 1e6)
        check_between("clearance_ml_per_h", self.clearance_ml_per_h, 0.0, 1e6)
        check_between("vmax_u_per_h", self.vmax_u_per_h, 0.0, 1e6)
        check_between("km_u_per_ml", self.km_u_per_ml, 0.0 if self.km_u_per_ml == 0.0 else 1e-6, 1e4)
        check_between("q_ml_per_h", self.q_ml_per_h, 0.0, 1e6)
        check_between("v2_ml", self.v2_ml, 0.0 if self.v2_ml == 0.0 else 1.0, 1e6)
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
        check_between("short_fraction", self.short_fraction, 0.0, 0.9)
        check_between("short_loss_per_h", self.short_loss_per_h, 0.0, FASTEST_SHORT_LOSS_PER_H)
        for term, needed in NEEDS.items():
            missing = [name for name in needed if getattr(self, name) == 0.0] if getattr(self, term) > 0.0 else []
            if missing:
                raise ValueError(f"{term} needs {' and '.join(missing)} above 0; got {term} {getattr(self, term)!r} without")
        if self.fastest_per_h > FASTEST_PER_H:
            raise ValueError(
                f"together these parameters act at up to {self.fastest_per_h:.3g} /h, and must stay below {FASTEST_PER_H:g} /h "
                f"(within seconds) to be a drug's; got {self!r}"
            )

    __repr__ = shown

    def rates(self) -> Rates:
        """Return the parameters of the right-hand side; the binding constants are 0 where there is no pool."""
        has_pool = self.bmax_u > 0.0
        return Rates(
            1.0 / self.v1_ml,
            self.clearance_ml_per_h,
            self.vmax_u_per_h,
            _divisor(self.km_u_per_ml),
            self.q_ml_per_h,
            1.0 / _divisor(self.v2_ml),
            self.bmax_u,
            self.kon_ml_per_u_per_h if has_pool else 0.0,
            self.kint_per_h if has_pool else 0.0,
            self.ktr_per_h,
            self.kr_ml_per_u_per_h,
            self.protamine_loss_per_h,
            self.ke0_per_h,
            self.short_fraction,
            self.short_loss_per_h if self.short_fraction > 0.0 else 0.0,
        )

    def concentration_u_per_ml(self, central_u: Any, short_u: Any) -> Any:
        """Return the concentration of heparin as an anti-Xa assay finds it, U/mL (numbers or arrays).

        ``central_u``, ``short_u``: parts of a :class:`State`, U. The same bits as in the right-hand side.
        """
        per_v1 = 1.0 / self.v1_ml
        return found_by_anti_xa(central_u * per_v1, short_u * per_v1, self.short_fraction)

    def long_u_per_ml(self, central_u: Any) -> Any:
        """Return the concentration of the long chains, on which a clotting time depends, U/mL (a number or an array).

        It is that of the whole heparin whose long chains are there; where short chains are not told apart, that of heparin.
        """
        return central_u * (1.0 / self.v1_ml)

    @property
    def fastest_per_h(self) -> float:
        """Upper limit of the rate constants of the model, reached at zero concentration, per hour."""
        return float(_fastest_per_h(self))

    @property
    def is_linear(self) -> bool:
        """True when doubling every dose doubles every concentration."""
        return self.vmax_u_per_h == 0.0 and self.bmax_u == 0.0

    @property
    def can_neutralise(self) -> bool:
        """True when this parameter set describes neutralisation by protamine."""
        return self.kr_ml_per_u_per_h > 0.0

    @property
    def can_absorb(self) -> bool:
        """True when this parameter set describes the absorption of a subcutaneous dose."""
        return self.ktr_per_h > 0.0

    def clearance_at_ml_per_h(self, concentration_u_per_ml: float) -> float:
        """Return the total clearance at a steady concentration, mL/h: it falls as elimination saturates."""
        if self.short_fraction == 0.0:
            return self._clearance_at_long_ml_per_h(concentration_u_per_ml)
        long = _where_it_reaches(concentration_u_per_ml, lambda long: long * self._found_per_long(long))
        return self._clearance_at_long_ml_per_h(long) / self._found_per_long(long)

    def needed_u_per_h(self, long_u_per_ml: float) -> float:
        """Return the constant infusion that holds the long chains at a concentration, U/h."""
        return self._clearance_at_long_ml_per_h(long_u_per_ml) * long_u_per_ml

    def _found_per_long(self, long_u_per_ml: float) -> float:
        """Return the steady concentration of heparin over that of its long chains: above 1 where the short ones stay longer."""
        f, loss_ml_per_h = self.short_fraction, self.short_loss_per_h * self.v1_ml
        return 1.0 - f + f * self._clearance_at_long_ml_per_h(long_u_per_ml) / loss_ml_per_h

    def _clearance_at_long_ml_per_h(self, c: float) -> float:
        saturable: float = self.vmax_u_per_h / (_divisor(self.km_u_per_ml) + c)
        if self.bmax_u > 0.0:
            kon = self.kon_ml_per_u_per_h
            saturable += kon * self.bmax_u * self.kint_per_h / (self.kint_per_h + kon * c)
        return self.clearance_ml_per_h + saturable

    def steady_state_u_per_ml(self, rate_u_per_h: float) -> float:
        """Return the steady-state concentration under a constant infusion, U/mL.

        Raises ``ValueError`` when the infusion exceeds the most that can be eliminated, so that no steady state exists.
        """
        long = self.steady_long_u_per_ml(rate_u_per_h)
        return long if self.short_fraction == 0.0 else long * self._found_per_long(long)

    def steady_long_u_per_ml(self, rate_u_per_h: float) -> float:
        """Return the steady-state concentration of the long chains under a constant infusion, U/mL.

        Raises ``ValueError`` as :meth:`steady_state_u_per_ml` does.
        """
        rate_u_per_h = check_between("rate_u_per_h", rate_u_per_h, 0.0, 1e6)
        if rate_u_per_h == 0.0:
            return 0.0
        most = math.inf if self.clearance_ml_per_h > 0.0 else self.vmax_u_per_h + self.kint_per_h * self.bmax_u
        if rate_u_per_h >= most:
            raise ValueError(f"rate_u_per_h must stay below {most:g} U/h, the most this set can eliminate; got {rate_u_per_h!r}")
        return _where_it_reaches(rate_u_per_h, self.needed_u_per_h)


def found_by_anti_xa(long: Any, short: Any, short_fraction: Any) -> Any:
    """Return what an anti-Xa assay finds of long and short chains (concentrations, amounts or changes; numbers or arrays)."""
    return long - short_fraction * long + short


def _where_it_reaches(value: float, rising: Callable[[float], float]) -> float:
    """Return the concentration at which a rising function of it reaches a value, by bisection."""
    low, high = 0.0, 1.0
    while rising(high) < value:
        high *= 2.0
    while high - low > 1e-15 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if rising(middle) < value:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _divisor(value: Any) -> Any:
    """Return a number (or an array) to divide by: 1 in place of 0, where the term that it belongs to is off."""
    return value + (value == 0.0)


def _fastest_per_h(kinetics: Any) -> Any:
    """Return the sum of all rate constants at zero concentration, per hour: one number, or an array (n,) for all patients."""
    per_ml = kinetics.clearance_ml_per_h + kinetics.vmax_u_per_h / _divisor(kinetics.km_u_per_ml) + kinetics.q_ml_per_h
    per_ml = per_ml + kinetics.kon_ml_per_u_per_h * kinetics.bmax_u
    others = kinetics.kint_per_h + kinetics.ktr_per_h + kinetics.protamine_loss_per_h + kinetics.ke0_per_h
    return per_ml / kinetics.v1_ml + kinetics.q_ml_per_h / _divisor(kinetics.v2_ml) + others


class KineticsOfAll:
    """The kinetics of all patients of a cohort: each field of :class:`Kinetics` as an array of shape (n,).

    ``transits``: number of subcutaneous transit compartments, the same for all.
    ``n``: number of patients.
    ``values``: parameter name to value or array (n,); parameters left out keep the default of :class:`Kinetics`.

    ``kinetics[17]`` is the :class:`Kinetics` of one patient. Raises the ``ValueError`` of :class:`Kinetics` when one patient's
    parameters are outside its limits.
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
        for index in sorted(extremes | {int(np.argmax(_fastest_per_h(self)))}):
            self[index]  # raises where it is impossible; every other patient lies within these extremes

    def __getitem__(self, index: int) -> Kinetics:
        return Kinetics(transits=self.transits, **{name: float(values[index]) for name, values in self._values.items()})

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def rates(self) -> Rates:
        """Return the parameters of the right-hand side, arrays (n,); the binding constants are 0 where there is no pool."""
        read = {name: np.where(self.bmax_u > 0.0, self._values[name], 0.0) for name in ("kon_ml_per_u_per_h", "kint_per_h")}
        read |= {"short_loss_per_h": np.where(self.short_fraction > 0.0, self.short_loss_per_h, 0.0)}
        read |= {"km_u_per_ml": _divisor(self.km_u_per_ml)}
        read |= {"inverse_v1_per_ml": 1.0 / self.v1_ml, "inverse_v2_per_ml": 1.0 / _divisor(self.v2_ml)}
        return Rates(*(read[name] if name in read else self._values[name] for name in Rates._fields))  # type: ignore[arg-type]


# fmt: off
def derivatives(
    central: Any, peripheral: Any, bound: Any, depot1: Any, depot2: Any, protamine: Any, effect: Any, auc: Any,  # noqa: ARG001
    short: Any, rate: Any, protamine_rate: Any, per_v1: Any, cl: Any, vmax: Any, km: Any, q: Any, per_v2: Any,
    bmax: Any, kon: Any, kint: Any, ktr: Any, kr: Any, protamine_loss: Any, ke0: Any, short_fraction: Any, short_loss: Any,
) -> tuple[Any, Any, Any, Any, Any, Any, Any, Any, Any]:
    """Return the derivative of each part of the :class:`State`, per hour. Every argument is a float or an array.

    ``central`` to ``short``: the state, in the order of :class:`State` (``auc`` changes nothing else, and is not read).
    ``rate``: heparin from the pump into the vein, U/h.
    ``protamine_rate``: protamine from its syringe, in units of heparin it can neutralise, per hour.
    ``per_v1`` to ``short_loss``: the parameters, in the order of :class:`Rates`.
    """
    c = central * per_v1
    s = short * per_v1
    given = rate + ktr * depot2
    binding = kon * c * (bmax - bound)
    exchange = q * (c - peripheral * per_v2)
    neutralised = kr * c * protamine
    eliminated = vmax * c / (km + c) + cl * c
    return (
        given - binding - eliminated - exchange - neutralised,
        exchange,
        binding - kint * bound,
        -ktr * depot1,
        ktr * (depot1 - depot2),
        protamine_rate - neutralised - protamine_loss * protamine,
        ke0 * (c - effect),
        c - short_fraction * c + s,
        short_fraction * given - short_loss * short - kr * s * protamine,
    )
# fmt: on
