"""Controllers: the situation a controller sees, and the decision it returns; for one patient or for many.

A controller is any object with an ``assay`` and a method ``decide``. It is called at the start and at each result. It sees
only what the ward knows at that moment: no result that is still in the laboratory, and no true level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from heparin_pk.blood.laboratory import Lab
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Notify, Order, Pause, Resume
from heparin_pk.ward.pump import Pump


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The information at one bedside at the moment of a decision.

    ``time_h``: now, h.
    ``weight_kg``: the weight that doses are calculated with, kg.
    ``rate_u_per_h``: the rate ordered last, U/h: it runs now, or will again when a hold ends.
    ``labs``: the results reported so far, oldest first.
    ``pump``: the pump and its bag.
    ``age_y``: the age, y; ``None``: unknown.
    ``paused_until_below``: the infusion is paused until a result is below this level; ``None``: it is not paused.
    ``n_reboluses``: boluses ordered so far, the first one not counted.
    """

    time_h: float
    weight_kg: float
    rate_u_per_h: float
    labs: tuple[Lab, ...]
    pump: Pump
    age_y: float | None = None
    paused_until_below: float | None = None
    n_reboluses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A controller's decision for one patient.

    ``orders``: the orders, from now on.
    ``next_draw_h``: when to draw blood, h: one time, several, or ``None`` for no further draw.
    ``why``: the reason, as it is written on the chart.
    ``believed_u_per_h``: the rate that the ward believes it set, where a fault makes the pump run at another; ``None``: the same.
    """

    orders: tuple[Order, ...] = ()
    next_draw_h: float | tuple[float, ...] | None = None
    why: str = ""
    believed_u_per_h: float | None = None

    @property
    def draws_h(self) -> tuple[float, ...]:
        """The times of all draws decided on, h."""
        draws = () if self.next_draw_h is None else self.next_draw_h
        return draws if isinstance(draws, tuple) else (draws,)


_NUMBERS = tuple(np.dtype(kind) for kind in (np.float64, np.float32, np.int64, np.int32))
"""What the arrays of a decision may hold; a float of two bytes is too coarse for an hour."""


def read_only(values: np.ndarray) -> np.ndarray:
    """Return a view that a controller cannot write into: the clock of a run belongs to the run."""
    view = values.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situations:
    """The situations of m patients, for a decision about all of them at once; see :class:`Situation`.

    ``time_h``: now, h (m,).
    ``weight_kg``: the weight that doses are calculated with, kg (m,).
    ``rate_u_per_h``: the rate ordered last, U/h (m,).
    ``n_results``: number of results reported so far (m,).
    ``levels``: the latest k results, newest first (k, m); 0 where there are fewer.
    ``above_ceiling``: whether each of them is above the ceiling of the assay (k, m); False where there are fewer.
    ``pump``: the pump and its bag, the same for all.
    ``age_y``: the age, y (m,); ``None``: unknown.
    ``paused_until_below``: the level below which a paused infusion is resumed (m,), NaN where it is not paused; ``None``: of no
    patient known.
    ``n_reboluses``: boluses ordered so far, the first one not counted (m,); ``None``: not known.
    ``first_level``: the oldest result (m,), 0 where there is none; ``None``: not known.
    ``drawn_h``: when the latest result was drawn, h (m,); minus infinity where there is none; ``None``: not known.
    """

    time_h: np.ndarray
    weight_kg: np.ndarray
    rate_u_per_h: np.ndarray
    n_results: np.ndarray
    levels: np.ndarray
    above_ceiling: np.ndarray
    pump: Pump
    age_y: np.ndarray | None = None
    paused_until_below: np.ndarray | None = None
    n_reboluses: np.ndarray | None = None
    first_level: np.ndarray | None = None
    drawn_h: np.ndarray | None = None

    @classmethod
    def of(cls, situation: Situation, latest: int) -> Situations:
        """Return the situation of one patient in arrays (m = 1), with its ``latest`` newest results."""
        newest = situation.labs[::-1][:latest]
        n_blank = latest - len(newest)
        return cls(
            time_h=read_only(np.array([situation.time_h])),
            weight_kg=np.array([situation.weight_kg]),
            rate_u_per_h=np.array([situation.rate_u_per_h]),
            n_results=np.array([len(situation.labs)]),
            levels=np.array([[lab.value] for lab in newest] + [[0.0]] * n_blank),
            above_ceiling=np.array([[lab.above_ceiling] for lab in newest] + [[False]] * n_blank),
            pump=situation.pump,
            age_y=None if situation.age_y is None else np.array([situation.age_y]),
            paused_until_below=np.array([math.nan if situation.paused_until_below is None else situation.paused_until_below]),
            n_reboluses=np.array([situation.n_reboluses]),
            first_level=np.array([situation.labs[0].value if situation.labs else 0.0]),
            drawn_h=np.array([situation.labs[-1].drawn_h if situation.labs else -np.inf]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """The decisions for m patients at once.

    ``bolus_u``: bolus, U (m,); 0: none.
    ``bolus_over_min``: minutes over which it is given (m,).
    ``hold_min``: pause of the infusion, minutes (m,); 0: none.
    ``rate_u_per_h``: new rate, U/h (m,), running once the hold is over; NaN keeps the rate.
    ``next_draw_h``: when to draw blood next, h (m,); NaN: no further draw.
    ``at_h``: when the orders are carried out, h (m,); ``None``: now.
    ``pause_until_below``: pause the infusion until a result is below this level (m,); NaN: no pause; ``None``: nowhere.
    ``resume``: whether a paused infusion is resumed (m,); ``None``: nowhere.
    ``notify``: whether somebody is called (m,); ``None``: nowhere.
    ``believed_u_per_h``: the rate that the ward believes it set, where a fault makes the pump run at another, U/h (m,); NaN: the
    same; ``None``: nowhere. A controller leaves it out.
    ``dry_at_h``: when a bag runs dry before the next draw, and the pump stops, h (m,); NaN: not; ``None``: nowhere. A controller
    leaves it out.
    """

    bolus_u: np.ndarray
    bolus_over_min: np.ndarray
    hold_min: np.ndarray
    rate_u_per_h: np.ndarray
    next_draw_h: np.ndarray
    at_h: np.ndarray | None = None
    pause_until_below: np.ndarray | None = None
    resume: np.ndarray | None = None
    notify: np.ndarray | None = None
    believed_u_per_h: np.ndarray | None = None
    dry_at_h: np.ndarray | None = None

    def check_arrays(self, n: int) -> None:
        """Raise ``ValueError`` unless each field is an array of ``n`` numbers or truths (``None``: from ``at_h`` on)."""
        for name in ("bolus_u", "bolus_over_min", "hold_min", "rate_u_per_h", "next_draw_h", "at_h", "pause_until_below"):
            values = getattr(self, name)
            if values is None and name in ("at_h", "pause_until_below"):
                continue
            if not isinstance(values, np.ndarray) or values.dtype not in _NUMBERS:
                raise ValueError(f"{name} must be an array of numbers, one for each of {n} patients; got {values!r:.200}")
            if values.shape != (n,):
                raise ValueError(f"{name} must have one value for each of {n} patients; got shape {values.shape}")
        for name in ("resume", "notify"):
            values = getattr(self, name)
            if values is not None and not (isinstance(values, np.ndarray) and values.dtype == bool and values.shape == (n,)):
                raise ValueError(f"{name} must be an array of truths, one for each of {n} patients; got {values!r:.200}")

    def orders(self, now_h: float, whom: str = "physician") -> tuple[Order, ...]:
        """Return the orders for the first patient, given at ``now_h`` unless ``at_h`` says otherwise.

        ``whom``: who is called where somebody is.
        """
        rate = float(self.rate_u_per_h[0])
        until_below = math.nan if self.pause_until_below is None else float(self.pause_until_below[0])
        return adjustment(
            now_h if self.at_h is None else float(self.at_h[0]),
            bolus_u=float(self.bolus_u[0]),
            bolus_over_min=float(self.bolus_over_min[0]),
            hold_min=float(self.hold_min[0]),
            rate_u_per_h=None if math.isnan(rate) else rate,
            pause_until_below=None if math.isnan(until_below) else until_below,
            resume=self.resume is not None and bool(self.resume[0]),
            notify=whom if self.notify is not None and self.notify[0] else "",
        )


@runtime_checkable
class Controller(Protocol):
    """A controller decides the next orders: a nomogram, a fixed plan, a learner's own steps."""

    @property
    def assay(self) -> str:
        """The test it reads, a key of ``ASSAYS``."""
        ...

    def decide(self, situation: Situation) -> Decision:
        """Return the decision for this situation; called at the start (no results yet) and at each result."""
        ...


@runtime_checkable
class VectorController(Controller, Protocol):
    """A controller that decides for many patients at once, with NumPy arrays.

    The decisions are the same as those of ``decide``, and each depends only on that patient's situation.
    """

    @property
    def looks_back(self) -> int:
        """Number of latest results it reads."""
        ...

    def decide_many(self, situations: Situations) -> Decisions:
        """Return the decisions for these patients; each depends only on that patient's situation."""
        ...


def adjustment(
    time_h: float,
    *,
    bolus_u: float = 0.0,
    bolus_over_min: float = 0.0,
    hold_min: float = 0.0,
    rate_u_per_h: float | None = None,
    pause_until_below: float | None = None,
    resume: bool = False,
    notify: str = "",
) -> tuple[Order, ...]:
    """Return the orders of one decision: bolus, hold or pause from now, its end, the new rate (running afterwards), the call."""
    orders: list[Order] = []
    if bolus_u > 0.0:
        orders.append(Bolus(time_h=time_h, dose_u=bolus_u, over_min=bolus_over_min))
    if hold_min > 0.0:
        orders.append(Hold(time_h=time_h, duration_min=hold_min))
    if pause_until_below is not None:
        orders.append(Pause(time_h=time_h, until_below=pause_until_below))
    if resume:
        orders.append(Resume(time_h=time_h))
    if rate_u_per_h is not None:
        orders.append(Infusion(time_h=time_h, rate_u_per_h=rate_u_per_h))
    if notify:
        orders.append(Notify(time_h=time_h, whom=notify))
    return tuple(orders)
