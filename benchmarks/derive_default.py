"""Derive the UFH parameter sets by least squares on published data: ``python benchmarks/derive_default.py``.

Observations (logarithmic residuals, each divided by its relative SD, given in brackets) and one prior:

* half-life after a bolus, time from the peak to half of it: 30, 60, 150 min at 25, 100, 400 U/kg (handbook table, 20 % each),
  63 min at 70 U/kg (Hirsh 1976, 24 %), 74 min at 100 U/kg (Teien 1977, 25 %);
* clearance at 6 U/mL: 16 mL/h/kg (30 %; bypass models: Jia 2015 1.18 L/h in 66 kg, Lanoiselee 2026 1.5 L/h, Delavenne 2017
  0.84 L/h);
* plateau at 18 U/kg/h: 0.45 U/mL (15 %; the geometric centre of 0.3-0.7);
* prior on the volume: 48 mL/kg (15 %).

Structure A is one compartment with Michaelis-Menten and linear loss, structure B adds a finite binding pool instead of the
Michaelis-Menten term. The half-life table and the infusion dose contradict each other in A: fitted to the half-lives alone it
reproduces them exactly and then predicts a plateau of 0.28 U/mL.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

from heparin_pk import Kinetics
from heparin_pk.body.kinetics import derivatives

HALF_LIVES_MIN = ((25.0, 30.0, 0.20), (100.0, 60.0, 0.20), (400.0, 150.0, 0.20), (70.0, 63.0, 0.24), (100.0, 74.0, 0.25))
CLEARANCE_AT_6_ML_PER_H_PER_KG = (16.0, 0.30)
PLATEAU_AT_18_U_PER_ML = (0.45, 0.15)
VOLUME_ML_PER_KG = (48.0, 0.15)


def structure_a(v, vmax, km, k_linear) -> Kinetics:
    """Return the kinetics of one kilogram of a patient with Michaelis-Menten and linear loss."""
    return Kinetics(v1_ml=v, clearance_ml_per_h=k_linear * v, vmax_u_per_h=vmax, km_u_per_ml=km)


def structure_b(v, bmax, kon, kint, k_linear) -> Kinetics:
    """Return the kinetics of one kilogram of a patient with a binding pool and linear loss."""
    return Kinetics(v1_ml=v, clearance_ml_per_h=k_linear * v, bmax_u=bmax, kon_ml_per_u_per_h=kon, kint_per_h=kint)


def half_life_min(kinetics: Kinetics, dose_u: float) -> float:
    """Return the time from the peak to half of it, min."""
    rates = tuple(kinetics.rates())

    def slope(_, y):
        return derivatives(*y.tolist(), 0.0, 0.0, *rates)

    def at_half(_, y):
        return y[0] - 0.5 * dose_u

    at_half.terminal = True
    start = (dose_u,) + (0.0,) * 7
    found = solve_ivp(slope, (0.0, 48.0), start, method="DOP853", events=at_half, rtol=1e-9, atol=1e-9)
    return 60.0 * found.t_events[0][0]


def half_lives(kinetics: Kinetics) -> list[float]:
    """Return the residuals of the half-lives: logarithmic, each divided by its SD; the three of the handbook come first."""
    return [math.log(half_life_min(kinetics, dose) / printed) / sd for dose, printed, sd in HALF_LIVES_MIN]


def plateau(kinetics: Kinetics) -> list[float]:
    """Return the residual of the plateau at 18 U/kg/h."""
    printed, sd = PLATEAU_AT_18_U_PER_ML
    return [math.log(kinetics.steady_state_u_per_ml(18.0) / printed) / sd]


def all_residuals(kinetics: Kinetics) -> list[float]:
    """Return all residuals, including the prior on the volume."""
    clearance, clearance_sd = CLEARANCE_AT_6_ML_PER_H_PER_KG
    volume, volume_sd = VOLUME_ML_PER_KG
    return [
        *half_lives(kinetics),
        *plateau(kinetics),
        math.log(kinetics.clearance_at_ml_per_h(6.0) / clearance) / clearance_sd,
        math.log(kinetics.v1_ml / volume) / volume_sd,
    ]


def fit(structure, start, residuals=all_residuals):
    """Return the best parameters, the covariance of their logarithms and chi squared, fitted on the logarithmic scale.

    The covariance is the inverse of J'J at the optimum, J the derivatives of the residuals, whose SD is 1.
    """
    found = least_squares(lambda p: residuals(structure(*np.exp(p))), np.log(start), xtol=1e-12, ftol=1e-12)
    return np.exp(found.x), np.linalg.pinv(found.jac.T @ found.jac), 2.0 * found.cost


def described(names, fitted, **fixed) -> dict:
    """Return a fit by name: parameters, relative standard errors, covariance of the logarithms, chi squared."""
    best, covariance, chi2 = fitted
    return {
        "parameters": {**fixed, **dict(zip(names, best.tolist(), strict=True))},
        "rse": np.sqrt(np.diag(covariance)),
        "covariance": covariance,
        "chi2": chi2,
    }


def derive() -> dict[str, dict]:
    """Return the four fits by name, each as :func:`described`."""
    names_a, names_b = ("v", "vmax", "km", "k_linear"), ("v", "bmax", "kon", "kint", "k_linear")
    alone = fit(lambda *p: structure_a(40.0, *p), (60.0, 0.8, 0.08), lambda k: half_lives(k)[:3])
    triple = fit(lambda *p: structure_b(45.0, *p), (28.0, 2.4, 1.0, 0.15), lambda k: half_lives(k)[:3] + plateau(k))
    return {
        "A": described(names_a, fit(structure_a, (45.0, 60.0, 1.0, 0.1))),
        "B": described(names_b, fit(structure_b, (50.0, 17.0, 4.8, 1.2, 0.2))),
        "A, half-lives alone (v = 40)": described(names_a[1:], alone, v=40.0),
        "B, half-lives and plateau exactly (v = 45)": described(names_b[1:], triple, v=45.0),
    }


def main() -> None:
    """Print the fits and their predictions."""
    for name, found in derive().items():
        structure = structure_b if "bmax" in found["parameters"] else structure_a
        best = structure(**found["parameters"])
        print(f"structure {name}: chi2 {found['chi2']:.2f}")
        print("  " + ", ".join(f"{key} {value:.4g}" for key, value in found["parameters"].items()))
        print("  relative standard errors " + ", ".join(f"{100 * rse:.0f} %" for rse in found["rse"]))
        print(
            "  half-life at 25/100/400 U/kg: " + "/".join(f"{half_life_min(best, dose):.0f}" for dose in (25, 100, 400)) + " min"
        )
        print("  plateau at 12/15/18/22 U/kg/h: "
              + "/".join(f"{best.steady_state_u_per_ml(rate):.2f}" for rate in (12, 15, 18, 22)) + " U/mL")  # fmt: skip


if __name__ == "__main__":
    main()
