"""Fit two numbers of the default set to one charted intensive-care course (MIMIC-III demo, M3D-027).

Fitted are the volume and the capacity of the binding pool, each as a factor on the typical patient's: least squares on ln(aPTT).
The standard errors come from the Jacobian, as in linear regression. A volume of four times the usual one is how this model meets
an aPTT that rises for a day and a half; it does not say why.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import least_squares

from heparin_pk import datasets, published

NAMES = ("v1_ml", "bmax_u")
chart = datasets.load_icu_course("M3D-027")
labs = [lab for lab in chart.labs if not lab.above_ceiling]
measured_s = np.array([lab.value for lab in labs])


def predicted_s(ln_factors: np.ndarray) -> np.ndarray:
    """Return the aPTT at each draw for a patient with these factors, s."""
    factors = tuple((name, float(factor)) for name, factor in zip(NAMES, np.exp(ln_factors), strict=True))
    course = datasets.replay(replace(chart, patient=replace(chart.patient, factors=factors)), published.UFH_DEFAULT)
    return np.array([course.level_at("aptt_s", lab.drawn_h) for lab in labs])


def errors(ln_factors: np.ndarray) -> np.ndarray:
    """Return ln(measured / predicted)."""
    return np.log(measured_s / predicted_s(ln_factors))


fit = least_squares(errors, np.zeros(2), diff_step=1e-3)
variance = 2 * fit.cost / (len(labs) - 2)
standard_errors = np.sqrt(np.diag(variance * np.linalg.inv(fit.jac.T @ fit.jac)))

print(chart.in_words())
print(f"typical patient: root mean square error of ln(aPTT) {np.sqrt(np.mean(errors(np.zeros(2)) ** 2)):.4f}")
for name, ln_factor, error in zip(NAMES, fit.x, standard_errors, strict=True):
    print(f"{name}: factor {np.exp(ln_factor):.4f}, standard error of its logarithm {error:.4f}")
print(f"fitted: root mean square error of ln(aPTT) {np.sqrt(np.mean(fit.fun**2)):.4f}")
for lab, predicted in zip(labs, predicted_s(fit.x), strict=True):
    print(f"  {lab.drawn_h:5.1f} h  measured {lab.value:5.1f} s  fitted {predicted:5.1f} s")
