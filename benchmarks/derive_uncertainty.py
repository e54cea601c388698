"""Draw parameter sets as uncertain as the fit of the default, and write them: ``python benchmarks/derive_uncertainty.py``.

A draw is log-normal about the optimum of ``derive_default.py``, with the covariance of the logarithms from the Jacobian of that
fit: so the draws have its relative standard errors and its correlations (capacity of the pool and binding: -0.91). The covariance
describes the fit near its optimum only, and a draw far out may contradict the data. One whose chi squared exceeds the least by
more than 11.07 (the 95 % quantile for five parameters) is left out and the next one taken: about one in eleven.

Weights by chi squared (sampling importance resampling, Dosne 2016, doi:10.1007/s10928-016-9487-8) were tried instead and do not
serve here. As the pool shrinks and turns over faster, structure B becomes structure A, whose optimum has a chi squared only 2.9
higher: along that ridge the likelihood does not fall to 0, no prior stops it, and the weights run to sets without a pool (an
effective number of 11 of 5,000 draws). The far end of the ridge is UFH_A_DERIVED itself, which an ensemble has beside the draws.
"""

from __future__ import annotations

import math
from pathlib import Path

import derive_default
import numpy as np

from heparin_pk.base.files import write_text
from heparin_pk.base.randomness import standard_normals
from heparin_pk.base.streams import Stream
from heparin_pk.published.heparin_default_draws import COLUMNS

N_DRAWS = 200
SEED = 1
MOST_ABOVE_THE_LEAST = 11.0705
"""95 % quantile of chi squared with five degrees of freedom."""
TABLE = Path(__file__).resolve().parents[1] / "heparin_pk" / "published" / "parameter_draws" / "UFH_B_DERIVED.csv"


def chi_squared(logarithms: np.ndarray) -> float:
    """Return the chi squared of structure B with these parameters."""
    return float(sum(one * one for one in derive_default.all_residuals(derive_default.structure_b(*np.exp(logarithms)))))


def proposals(fitted: dict, n: int) -> np.ndarray:
    """Return draws (n, 5) of the logarithms of v, bmax, kon, kint, k_linear, before any is left out."""
    normal = [standard_normals(SEED, Stream.UNCERTAINTY.of(f"fit, {name}"), 0.0, np.arange(n)) for name in fitted["parameters"]]
    return np.log(list(fitted["parameters"].values())) + np.array(normal).T @ np.linalg.cholesky(fitted["covariance"]).T


def draws(fitted: dict, n: int = N_DRAWS) -> list[list[float]]:
    """Return the first n draws that the data do not contradict, as rows of ``COLUMNS``."""
    rows: list[list[float]] = []
    for logarithms in proposals(fitted, 2 * n):
        chi2 = chi_squared(logarithms)
        if len(rows) < n and chi2 - fitted["chi2"] <= MOST_ABOVE_THE_LEAST:
            v, bmax, kon, kint, k_linear = map(math.exp, logarithms)
            rows.append([v, k_linear * v, bmax, kint, kon, chi2])
        if len(rows) == n:
            break
    return rows


def main() -> None:
    """Write the table, and print what it holds beside the fit."""
    fitted = derive_default.derive()["B"]
    rows = draws(fitted)
    lines = [",".join(COLUMNS), *(",".join(f"{number:.6g}" for number in row) for row in rows)]
    write_text(TABLE, "\n".join(lines) + "\n")
    found = np.log(np.array(rows)[:, :5])
    found[:, 1] -= found[:, 0]  # as fitted: of the volume, per hour
    print(f"{len(rows)} draws; SD of the logarithms / standard error of the fit")
    for name, one in zip(("v", "k_linear", "bmax", "kint", "kon"), found.T, strict=True):
        rse = dict(zip(fitted["parameters"], fitted["rse"], strict=True))[name]
        print(f"  {name:<9}{one.std(ddof=1):.3f} / {rse:.3f}")
    print(np.array2string(np.corrcoef(found.T), precision=2))


if __name__ == "__main__":
    main()
