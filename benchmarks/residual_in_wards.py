"""How wards of today fare with other sizes of drift and residual error: ``python benchmarks/residual_in_wards.py 10000``.

The sizes of ``hospital.REAL`` come from charted courses and a paper. This asks published wards what other sizes would give; none
is taken from here.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from heparin_pk.evidence.validation.trials import SEED, TABLES_OF_TODAY
from heparin_pk.trials.hospital import REAL, THROMBOSIS_WARD, Hospital
from heparin_pk.trials.trial import Trial

SIZES = (
    (0.27, 0.06, 30.0, 0.06),
    (0.27, 0.06, 30.0, 0.15),
    (0.27, 0.06, 30.0, 0.19),
    (0.27, 0.06, 30.0, 0.29),
    (0.17, 0.09, 6.0, 0.05),
    (0.17, 0.09, 6.0, 0.23),
)
"""SD of the sensitivity and of the baseline, time constant (h), residual error of the aPTT.

The last two rows: the likeliest drift of the courses (``drift_from_courses.py``), with 5 % (its fit leaves none), and with what
Al-Sallami's 30 % leave beside it (DERIVED: SD of ln aPTT 0.294, less a drift of 0.179 and 0.05 of the assay: 0.227).
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
