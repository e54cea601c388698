"""How well the default is known: parameter sets drawn from the covariance of its fit, and how the sets beside it fit.

DERIVED: ``benchmarks/derive_uncertainty.py`` writes the draws and says how; ``benchmarks/derive_default.py`` prints the fits.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from heparin_pk.published.drug import Drug
from heparin_pk.published.heparin_default import UFH_A_DERIVED, UFH_A_HALF_LIVES_DERIVED, UFH_B_DERIVED, UFH_TRIPLE_DERIVED
from heparin_pk.published.sources import DERIVED

COLUMNS = ("v1_ml_per_kg", "clearance_ml_per_kg_per_h", "bmax_u_per_kg", "kint_per_h", "kon_ml_per_u_per_h", "chi2")
"""The columns of the table: parameters of ``UFH_B_DERIVED`` by name, and the chi squared of the draw on the fitted data."""
DRAWN = DERIVED.at("benchmarks/derive_uncertainty.py: a draw from the covariance of the fit")


@cache
def draws() -> tuple[dict[str, float], ...]:
    """Return 200 draws of the parameters of ``UFH_B_DERIVED`` by name, all equally likely."""
    text = (resources.files("heparin_pk.published") / "parameter_draws" / "UFH_B_DERIVED.csv").read_text(encoding="utf-8")
    return tuple({name: float(row[name]) for name in COLUMNS[:-1]} for row in csv.DictReader(text.splitlines()))


class Fit(NamedTuple):
    """How a set fits the data of the default.

    ``drug``: the set.
    ``chi2``: chi squared on all data the default was fitted to; the least of its structure for the default.
    ``n_parameters``: the number of parameters of its structure.
    """

    drug: Drug
    chi2: float
    n_parameters: int

    @property
    def akaike(self) -> float:
        """Akaike's criterion: chi squared and two for each parameter; the lower, the better."""
        return self.chi2 + 2.0 * self.n_parameters


FITS = (
    Fit(UFH_B_DERIVED, 1.48, 5),
    Fit(UFH_A_DERIVED, 4.38, 4),
    Fit(UFH_TRIPLE_DERIVED, 3.96, 5),
    Fit(UFH_A_HALF_LIVES_DERIVED, 13.99, 4),
)
"""The sets derived from one list of data, the default first."""
