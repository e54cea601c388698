"""How sensitivity and baseline drift within a patient, from the charted courses: ``python benchmarks/drift_from_courses.py``.

Data: the aPTTs of the fifteen courses of the MIMIC-III demo in ``heparin_pk.datasets`` that are numbers (not "> 150 s"), drawn
after 0 h, and the concentration that ``UFH_DEFAULT`` predicts at each for the typical patient of that weight under the charted
rates. Model of one course i with aPTTs y_j at the hours t_j:

    ln y_j = ln(baseline_i) + a_i + m_i (1 + s(t_j)) c_j + b(t_j) + e_j

* m_i: the patient's own slope, normal about a common m with an SD of ``BETWEEN`` m (reagents and kinetics, both unknown here);
* a_i: the error of the charted baseline, with an SD of the same size as b (it is one draw of b and e itself);
* s, b: sensitivity and baseline, stationary and autocorrelated, exp(-|t - t'| / tau), SDs ``sensitivity_sd`` and ``baseline_sd``;
* e: what is left, independent in each result.

All of it is normal, so the likelihood is exact; m and the sizes are chosen by maximum likelihood, the m_i within the drift by
their best estimate (repeated until they stay). Reported beside the estimates: the profile over the time constant, the fit
without each part, and the plain autocorrelation of the residuals about each patient's own slope. Clearance is not in it: a falling aPTT at
a steady rate is a falling level or a falling sensitivity, and aPTTs alone cannot tell which.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from scipy.optimize import minimize

from heparin_pk import datasets, published

BETWEEN = 0.5
ASSAY_SD = 0.05
"""SD of ln aPTT by the assay alone, as ``Laboratory`` has it."""


def courses() -> list[dict[str, Any]]:
    """Return the results of each course with two at least: hours, ln(aPTT / baseline), predicted concentration (U/mL)."""
    found = []
    for name in datasets.icu_course_ids():
        chart = datasets.load_icu_course(name)
        course = datasets.replay(chart, published.UFH_DEFAULT)
        labs = [lab for lab in chart.labs if not lab.above_ceiling and lab.drawn_h > 0.0]
        if len(labs) >= 2:
            hours = np.array([lab.drawn_h for lab in labs])
            found.append(
                {
                    "name": name,
                    "hours": hours,
                    "rise": np.log([lab.value / chart.patient.baseline_aptt_s for lab in labs]),
                    "level": np.array([course.concentration_at_u_per_ml(hour) for hour in hours.tolist()]),
                }
            )
    return found


def minus_log_likelihood(sizes: np.ndarray, data: list[dict[str, Any]], slopes: list[float]) -> float:
    """Return minus the log-likelihood at (ln m, ln sensitivity_sd, ln baseline_sd, ln tau, ln rest_sd); stores the best m_i."""
    m, s_sd, b_sd, tau_h, e_sd = np.exp(sizes)
    total = 0.0
    for i, one in enumerate(data):
        t, y, c = one["hours"], one["rise"], one["level"]
        kept = np.exp(-np.abs(t[:, None] - t) / tau_h)
        cc = np.outer(c, c)
        within = (slopes[i] * s_sd) ** 2 * cc * kept + b_sd**2 * kept + e_sd**2 * np.eye(len(t)) + b_sd**2
        v = within + (BETWEEN * m) ** 2 * cc
        solved = np.linalg.solve(v, y - m * c)
        total += 0.5 * (np.linalg.slogdet(v)[1] + (y - m * c) @ solved + len(t) * math.log(2 * math.pi))
        one["slope"] = m + (BETWEEN * m) ** 2 * c @ solved
    return float(total)


def fitted(data: list[dict[str, Any]], fixed: dict[int, float] | None = None) -> tuple[np.ndarray, float]:
    """Return the sizes of the highest likelihood and minus its logarithm; ``fixed`` holds some of the sizes' logarithms."""
    start = np.log([2.0, 0.25, 0.1, 30.0, 0.1])
    fixed = fixed or {}
    free = [i for i in range(5) if i not in fixed]
    slopes = [2.0] * len(data)

    def whole(x: np.ndarray) -> np.ndarray:
        sizes = start.copy()
        sizes[free] = x
        for i, value in fixed.items():
            sizes[i] = value
        return sizes

    x, value = start[free], math.inf
    for _ in range(50):
        found = minimize(
            lambda x: minus_log_likelihood(whole(np.clip(x, -6.0, 6.0)), data, slopes), x, method="Nelder-Mead",
            options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-7},
        )  # fmt: skip
        x, value = np.clip(found.x, -6.0, 6.0), found.fun
        new = [max(0.2, float(one["slope"])) for one in data]
        moved = max(abs(a - b) for a, b in zip(new, slopes, strict=True))
        slopes = new
        if moved < 1e-4:
            break
    return np.exp(whole(x)), value


def autocorrelation(data: list[dict[str, Any]]) -> None:
    """Print SD and correlation of neighbours of the residuals about each patient's own slope, by the time between them."""
    pairs, every = [], []
    for one in data:
        if len(one["hours"]) < 4:
            continue
        c, y = one["level"], one["rise"]
        own = float(c @ y / (c @ c))
        left = y - own * c
        every += left.tolist()
        pairs += [(one["hours"][j + 1] - one["hours"][j], left[j], left[j + 1]) for j in range(len(left) - 1)]
    print(f"residuals about the patient's own slope: {len(every)} results, SD {np.std(every):.3f}")
    for low, high in ((0, 8), (8, 12), (12, 30)):
        some = np.array([(a, b) for gap, a, b in pairs if low <= gap < high])
        r = float(np.sum(some[:, 0] * some[:, 1]) / math.sqrt(np.sum(some[:, 0] ** 2) * np.sum(some[:, 1] ** 2)))
        print(f"  {len(some)} neighbours {low} to {high} h apart: correlation {r:.2f}")


def main() -> None:
    warnings.simplefilter("ignore")
    data = courses()
    n = sum(len(one["hours"]) for one in data)
    names = ("m mL/U", "sensitivity_sd", "baseline_sd", "time constant h", "rest_sd")
    print(f"{len(data)} courses, {n} results")
    sizes, best = fitted(data)
    print("fit: " + ", ".join(f"{name} {size:.3f}" for name, size in zip(names, sizes, strict=True)) + f"; -lnL {best:.2f}")
    m, s_sd, b_sd, _, e_sd = sizes
    levels = np.concatenate([one["level"] for one in data])
    drift = math.hypot(m * s_sd * math.sqrt(float(np.mean(levels**2))), b_sd)
    print(
        f"SD of ln aPTT within a patient at these levels: drift {drift:.3f}, rest {e_sd:.3f}, both {math.hypot(drift, e_sd):.3f}"
    )
    print(f"the rest beyond the assay's {ASSAY_SD:g}: {math.sqrt(max(0.0, e_sd**2 - ASSAY_SD**2)):.3f}")
    for tau_h in (6, 12, 24, 30, 36, 48, 72, 120):
        other, value = fitted(data, {3: math.log(tau_h)})
        print(f"  time constant {tau_h:3d} h: -lnL {value - best:+.2f}, " + ", ".join(f"{size:.3f}" for size in other))
    for index, name in ((1, "sensitivity"), (2, "baseline"), (4, "rest")):
        other, value = fitted(data, {index: -6.0})
        print(f"  without drift or error of {name}: -lnL {value - best:+.2f}, " + ", ".join(f"{size:.3f}" for size in other))
    autocorrelation(data)


if __name__ == "__main__":
    main()
