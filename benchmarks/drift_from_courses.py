"""How sensitivity and baseline drift within a patient, from the charted courses: ``python benchmarks/drift_from_courses.py``.

Data: the aPTTs of the fifteen courses of the MIMIC-III demo in ``heparin_pk.datasets`` that are numbers (not "> 150 s") and were
drawn while the charted infusion ran, in courses with two of them at least; and the concentration that ``UFH_DEFAULT`` predicts
at each for the typical patient of that weight under the charted rates. Model of one course i with results y_j at the hours t_j:

    ln y_j = ln(baseline_i) + a_i + m_i (1 + s(t_j)) c_j + b(t_j) + e_j

* m_i: the patient's own slope, normal about a common m; its SD of ``BETWEEN`` m is that of the model's own variability, 25 % in
  the slope and 30 % in the level at one rate (25 % each in capacity and clearance, which share the loss);
* a_i: minus the drift at the moment the charted baseline was drawn, with the SD of b;
* s, b: sensitivity and baseline, stationary, correlation exp(-|t - t'| / time constant) (SDs ``sensitivity_sd``,
  ``baseline_sd``);
* e: what is left, independent in each result (SD ``rest_sd``).

With the m_i within the drift held, all of it is normal. m and the sizes are chosen by maximum likelihood, these m_i by their best
estimate (repeated until they stay): so two likelihoods have slightly different m_i, and a few hundredths between them (even below
0) say nothing. That a_i and b(t_j) are parts of one path is left out, as are results above the ceiling. The likelihood hardly
tells one time constant from another: the profile is printed, and the sizes are taken at ``TIME_CONSTANT_H``, which lies inside
its 95 % interval. Clearance is not in it: a falling aPTT at a steady rate is a falling level or a falling sensitivity, and aPTTs
alone cannot tell which.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from scipy.optimize import minimize

from heparin_pk import datasets, published

BETWEEN = math.hypot(0.25, 0.30)
TIME_CONSTANT_H = 12.0
"""Taken: half-way, as a ratio, between the likeliest (6 h) and a day; a correlation of 0.61 between results six hours apart."""
ASSAY_SD = 0.05
"""SD of ln aPTT by the assay alone, as ``Laboratory`` has it."""
PUBLISHED_SD = math.sqrt(math.log1p(0.30**2))
"""SD of ln aPTT that a published model without drift leaves unexplained: 30 % (Al-Sallami 2016, Table 3)."""


def courses() -> list[dict[str, Any]]:
    """Return the results of each course with two at least: hours, ln(aPTT / baseline), predicted concentration (U/mL)."""
    found = []
    for name in datasets.icu_course_ids():
        chart = datasets.load_icu_course(name)
        course = datasets.replay(chart, published.UFH_DEFAULT)
        running = [course.pump_u_per_h[np.searchsorted(course.time_h, lab.drawn_h) - 1] > 0.0 for lab in chart.labs]
        under_heparin = [lab for lab, runs in zip(chart.labs, running, strict=True) if runs and lab.drawn_h > 0.0]
        labs = [lab for lab in under_heparin if not lab.above_ceiling]
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
    start = np.log([2.0, 0.25, 0.1, TIME_CONSTANT_H, 0.1])
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

    def lost(x: np.ndarray) -> float:
        return minus_log_likelihood(whole(np.clip(x, -6.0, 6.0)), data, slopes)

    for _ in range(50):
        found = minimize(lost, x, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-7})
        x, value = np.clip(found.x, -6.0, 6.0), found.fun
        new = [max(0.2, float(one["slope"])) for one in data]
        moved = max(abs(a - b) for a, b in zip(new, slopes, strict=True))
        slopes = new
        if moved < 1e-4:
            break
    return np.exp(whole(x)), value


def in_words(sizes: np.ndarray) -> str:
    """Return the sizes by name."""
    names = ("m mL/U", "sensitivity_sd", "baseline_sd", "time constant h", "rest_sd")
    return ", ".join(f"{name} {size:.3f}" for name, size in zip(names, sizes, strict=True))


def main() -> None:
    """Print the fit, the profiles, and the sizes that ``hospital.REAL`` takes."""
    warnings.simplefilter("ignore")
    data = courses()
    print(f"{len(data)} courses, {sum(len(one['hours']) for one in data)} results")
    sizes, best = fitted(data)
    print(f"maximum likelihood: {in_words(sizes)}")
    for tau_h in (0.25, 1, 3, 6, 12, 24, 30, 48, 72, 96, 120, 144):
        other, value = fitted(data, {3: math.log(tau_h)})
        print(f"  {value - best:+.2f} in -lnL (95 % interval: up to 1.92): {in_words(other)}")
    sizes, value = fitted(data, {3: math.log(TIME_CONSTANT_H)})
    print(f"taken: {in_words(sizes)}; {value - best:+.2f}")
    for index, name in ((1, "drift of sensitivity"), (2, "drift of the baseline"), (4, "rest")):
        other, without = fitted(data, {3: math.log(TIME_CONSTANT_H), index: -6.0})
        print(f"  without {name}: {without - value:+.2f}: {in_words(other)}")
    other, none = fitted(data, {1: -6.0, 2: -6.0, 3: math.log(TIME_CONSTANT_H)})
    print(f"  without any drift: {none - best:+.2f} from the best: {in_words(other)}")
    m, s_sd, b_sd, _, e_sd = sizes
    levels = np.concatenate([one["level"] for one in data])
    drift = math.hypot(m * s_sd * math.sqrt(float(np.mean(levels**2))), b_sd)
    both = math.hypot(drift, e_sd)
    print(f"SD of ln aPTT within a patient at these levels: drift {drift:.3f}, rest {e_sd:.3f}, both {both:.3f}")
    print(f"the rest beyond the assay's {ASSAY_SD:g}: {math.sqrt(max(0.0, e_sd**2 - ASSAY_SD**2)):.3f}")
    for rest in (0.1, 0.104, 0.12, 0.14, 0.156, 0.206):
        of_rest = {3: math.log(TIME_CONSTANT_H), 4: math.log(rest)}
        same, whatever = (fitted(data, fixed)[1] - value for fixed in (of_rest | {1: math.log(s_sd), 2: math.log(b_sd)}, of_rest))
        beyond = math.sqrt(rest**2 - ASSAY_SD**2)
        print(
            f"  rest {rest:.3f} ({beyond:.2f} beyond the assay): {same:+.2f} in -lnL beside this drift, {whatever:+.2f} with any"
        )
    left = math.sqrt(PUBLISHED_SD**2 - drift**2 - ASSAY_SD**2)
    print(f"published without a drift {PUBLISHED_SD:.3f}; less this drift and the assay: {left:.3f}, which hospital.REAL takes")


if __name__ == "__main__":
    main()
