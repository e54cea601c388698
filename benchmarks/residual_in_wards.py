"""How wards of today fare with other sizes of drift and residual error: ``python benchmarks/residual_in_wards.py 10000``.

The sizes of ``hospital.REAL`` come from charted courses and a paper. The courses allow time constants from less than an hour to
120 h; 12 h was taken with this table in view. Every row has the drift that is likeliest at its time constant; where nothing else
is said below, its residual error is what Al-Sallami's 30 % leave beside that drift (``drift_from_courses.py``).
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from heparin_pk.evidence.validation.trials import SEED, TABLES_OF_TODAY
from heparin_pk.trials.hospital import REAL, THROMBOSIS_WARD, Hospital
from heparin_pk.trials.trial import Trial

SIZES = (
    (0.17, 0.09, 6.0, 0.05),
    (0.17, 0.09, 6.0, 0.23),
    (0.21, 0.09, 12.0, 0.05),
    (0.21, 0.09, 12.0, 0.20),
    (0.26, 0.07, 24.0, 0.16),
    (0.27, 0.06, 30.0, 0.06),
    (0.27, 0.06, 30.0, 0.15),
    (0.27, 0.06, 30.0, 0.29),
)
"""SD of the sensitivity and of the baseline, time constant (h), residual error of the aPTT.

5 and 6 % are what the fit of the courses leaves, or the assay where it leaves none; 29 % is what Al-Sallami's paper leaves if the
hours after a child's bolus hold nothing of a slow drift.
"""


def real_with(sensitivity: float, baseline: float, time_constant_h: float, residual: float) -> Hospital:
    """Return the real hospital with these sizes."""
    assert REAL.drift is not None
    drift = replace(
        REAL.drift, sensitivity_sd_fraction=sensitivity, baseline_sd_fraction=baseline, time_constant_h=time_constant_h
    )
    others = tuple(
        replace(one, value=replace(one.value, value=residual)) if one.name == "aptt_cv_fraction" else one for one in REAL.residual
    )
    return replace(REAL, name="other sizes", label="", drift=drift, residual=others)


def main(n: str = "10000") -> None:
    """Print the shares in range: of patients with a result in the six hours before, of time, of results."""
    print("| drift: sensitivity, baseline, h | residual | in range at 12, 24, 36, 48 h | by Rosendaal | results |")
    print("|---|---|---|---|---|")
    print("| printed (Prucnal 2020, Ting 2018) | | 19, 26, 28, 28 % | 44 % | 38 % |")
    for sensitivity, baseline, time_constant_h, residual in SIZES:
        place = real_with(sensitivity, baseline, time_constant_h, residual)
        found = Trial(population=THROMBOSIS_WARD, arms=list(TABLES_OF_TODAY), hospital=place).run(int(n), seed=SEED)
        keys = [f"period_to_{hour}_h_in_range" for hour in (12, 24, 36, 48)]
        keys += ["rosendaal_fraction", "fraction_of_tests_in_range"]
        shares = [100 * np.nanmean([found.columns(table.name)[key] for table in TABLES_OF_TODAY]) for key in keys]
        periods = ", ".join(f"{share:.0f}" for share in shares[:4])
        print(
            f"| {sensitivity:.0%}, {baseline:.0%}, {time_constant_h:g} | {residual:.0%} | {periods} % | {shares[4]:.1f} % "
            f"| {shares[5]:.1f} % |"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
