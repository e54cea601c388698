"""When is it normal again? The time after the end of an infusion, over many virtual people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_whole, shown
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import after_stop
from heparin_pk.simulation.after_stop import GONE, WATCHED_H, infusion_then_stop
from heparin_pk.trials.population import people


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NormalAgain:
    """How long people took, sorted.

    ``assay``: a key of ``heparin_pk.simulation.after_stop.GONE``, which says what "normal" means.
    ``found_h``: the times of those who were normal again within twelve hours, h, rising.
    ``not_within``: how many were not.
    """

    assay: str
    found_h: tuple[float, ...]
    not_within: int

    __repr__ = shown

    @property
    def n(self) -> int:
        """How many people there are."""
        return len(self.found_h) + self.not_within

    def quantile_h(self, share_fraction: float) -> float | None:
        """Return the time by which this share of all people was normal again, h (``None``: later than was watched)."""
        check_between("share_fraction", share_fraction, 0.0, 1.0)
        rank = max(1, int(np.ceil(share_fraction * self.n - 1e-9)))
        return self.found_h[rank - 1] if rank <= len(self.found_h) else None

    def by_fraction(self, time_h: float) -> float:
        """Return the share of people who were normal again by a time after the stop."""
        check_between("time_h", time_h, 0.0, WATCHED_H)
        return float(np.searchsorted(self.found_h, time_h, side="right")) / self.n

    def in_words(self) -> str:
        """Return the median, the range of 90 %, and the share at 2, 4 and 6 h."""

        def written(share: float) -> str:
            found = self.quantile_h(share)
            return f"over {WATCHED_H:g} h" if found is None else f"{found:.1f} h"

        shares = ", ".join(f"{100 * self.by_fraction(hours):.0f} % by {hours:g} h" for hours in (2.0, 4.0, 6.0))
        return f"{GONE[self.assay][0]}: half by {written(0.5)}, 5 % by {written(0.05)}, 95 % by {written(0.95)}; {shares}"


def normal_again_h(
    drug: Drug = UFH_DEFAULT,
    typical: Patient | None = None,
    *,
    assay: str = "anti_xa_u_per_ml",
    rate_u_per_kg_per_h: float = 18.0,
    hours: float = 24.0,
    n: int = 200,
    seed: int = 0,
) -> NormalAgain:
    """Return how long virtual people take from the end of an infusion until the blood is normal again.

    ``typical``: the patient the others vary around (``None``: 75 kg); they vary as the model says (``drug.variability``).
    ``assay``: "anti_xa_u_per_ml" or "aptt_ratio".
    ``rate_u_per_kg_per_h``, ``hours``: the infusion before, after a bolus of 80 U/kg; no laboratory corrects it.
    ``n``: how many people (1 to 10,000). ``seed``: the same seed, the same people.

    The default model falls faster than what was measured on dialysis, and no data of the off-ramp were found: a lower bound.
    """
    check_is("drug", drug, Drug, "a Drug")
    n = check_whole("n", n, 1, 10_000)
    found: list[float] = []
    for one in people(drug, typical if typical is not None else Patient(weight_kg=75.0), n, seed=seed):
        course = infusion_then_stop(one, drug, rate_u_per_kg_per_h=rate_u_per_kg_per_h, hours=hours)
        time_h = after_stop.normal_again_h(course, hours, assay)
        if time_h is not None:
            found.append(time_h)
    return NormalAgain(assay=assay, found_h=tuple(sorted(found)), not_within=n - len(found))
