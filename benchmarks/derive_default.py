"""Derive the UFH parameter sets by least squares on published data: ``python benchmarks/derive_default.py``.

Observations (logarithmic residuals, each divided by its relative SD, given in brackets) and one prior:

* half-life after a bolus, time from the peak to half of it: 30, 60, 150 min at 25, 100, 400 U/kg (handbook table, 20 % each),
  63 min at 70 U/kg (Hirsh 1976, 24 %), 74 min at 100 U/kg (Teien 1977, 25 %);
* clearance at 6 U/mL: 16 mL/h/kg (30 %; bypass models: Jia 2015 1.18 L/h in 66 kg, Lanoiselee 2026 1.5 L/h, Delavenne 2017
  0.84 L/h);
* plateau at 18 U/kg/h: 0.45 U/mL (15 %; the geometric centre of 0.3-0.7);
* prior on the volume: 48 mL/kg (15 %).

Structure A is one compartment with Michaelis-Menten and linear loss, structure B adds a finite binding pool instead of the
Michaelis-Menten term, structure C tells the long chains, which bind to the pool, from the short ones. In C the half-lives and the
clearance are those of the long chains, because Teien titrated with polybrene and Jia measured anti-factor-IIa (the assays of the
handbook table and of Hirsh are not named: assumed), the plateau is one of anti-Xa, and two more priors hold what these data do
not tell: the share of the short chains 0.3 (20 %) and their loss 0.6 /h (20 %), both assumed. With the clearance read as one of
anti-Xa, as Lanoiselee and Delavenne measured it, the linear loss is 0.18 instead of 0.20 /h, and little else changes.

The half-life table and the infusion dose contradict each other in A: fitted to the half-lives alone it reproduces them exactly
and then predicts a plateau of 0.28 U/mL.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

from heparin_pk import Kinetics
from heparin_pk.body.kinetics import State, derivatives

HALF_LIVES_MIN = ((25.0, 30.0, 0.20), (100.0, 60.0, 0.20), (400.0, 150.0, 0.20), (70.0, 63.0, 0.24), (100.0, 74.0, 0.25))
CLEARANCE_AT_6_ML_PER_H_PER_KG = (16.0, 0.30)
PLATEAU_AT_18_U_PER_ML = (0.45, 0.15)
VOLUME_ML_PER_KG = (48.0, 0.15)
SHORT_FRACTION = (0.30, 0.20)
SHORT_LOSS_PER_H = (0.60, 0.20)


def structure_a(v, vmax, km, k_linear) -> Kinetics:
    """Return the kinetics of one kilogram of a patient with Michaelis-Menten and linear loss."""
    return Kinetics(v1_ml=v, clearance_ml_per_h=k_linear * v, vmax_u_per_h=vmax, km_u_per_ml=km)


def structure_b(v, bmax, kon, kint, k_linear) -> Kinetics:
    """Return the kinetics of one kilogram of a patient with a binding pool and linear loss."""
    return Kinetics(v1_ml=v, clearance_ml_per_h=k_linear * v, bmax_u=bmax, kon_ml_per_u_per_h=kon, kint_per_h=kint)


def structure_c(v, bmax, kon, kint, k_linear, short_fraction, short_loss) -> Kinetics:
    """Return the kinetics of one kilogram of a patient as structure B has them, of the long chains, and of short ones."""
    pool = {"bmax_u": bmax, "kon_ml_per_u_per_h": kon, "kint_per_h": kint}
    short = {"short_fraction": short_fraction, "short_loss_per_h": short_loss}
    return Kinetics(v1_ml=v, clearance_ml_per_h=k_linear * v, **pool, **short)


def half_life_min(kinetics: Kinetics, dose_u: float) -> float:
    """Return the time from the peak to half of it, of the long chains where they are told apart, min."""
    rates = tuple(kinetics.rates())

    def slope(_, y):
        return derivatives(*y.tolist(), 0.0, 0.0, *rates)

    def at_half(_, y):
        return y[0] - 0.5 * dose_u

    at_half.terminal = True
    start = (dose_u,) + (0.0,) * (len(State._fields) - 1)  # nothing of the long chains depends on the short ones
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
        math.log(kinetics.needed_u_per_h(6.0) / 6.0 / clearance) / clearance_sd,
        math.log(kinetics.v1_ml / volume) / volume_sd,
    ]


def with_priors_of_the_short(kinetics: Kinetics) -> list[float]:
    """Return all residuals, and those of the priors on the short chains."""
    pairs = ((kinetics.short_fraction, SHORT_FRACTION), (kinetics.short_loss_per_h, SHORT_LOSS_PER_H))
    return [*all_residuals(kinetics), *(math.log(value / prior) / sd for value, (prior, sd) in pairs)]


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
    """Return the five fits by name, each as :func:`described`."""
    names_a, names_b = ("v", "vmax", "km", "k_linear"), ("v", "bmax", "kon", "kint", "k_linear")
    names_c = (*names_b, "short_fraction", "short_loss")
    chains = fit(structure_c, (50.0, 12.0, 8.0, 2.0, 0.2, 0.3, 0.6), with_priors_of_the_short)
    alone = fit(lambda *p: structure_a(40.0, *p), (60.0, 0.8, 0.08), lambda k: half_lives(k)[:3])
    triple = fit(lambda *p: structure_b(45.0, *p), (28.0, 2.4, 1.0, 0.15), lambda k: half_lives(k)[:3] + plateau(k))
    return {
        "A": described(names_a, fit(structure_a, (45.0, 60.0, 1.0, 0.1))),
        "B": described(names_b, fit(structure_b, (50.0, 17.0, 4.8, 1.2, 0.2))),
        "A, half-lives alone (v = 40)": described(names_a[1:], alone, v=40.0),
        "B, half-lives and plateau exactly (v = 45)": described(names_b[1:], triple, v=45.0),
        "C": described(names_c, chains),
    }


def kinetics_of(found: dict) -> Kinetics:
    """Return the kinetics of one kilogram of a patient with the parameters of a fit."""
    structures = {"short_fraction": structure_c, "bmax": structure_b, "vmax": structure_a}
    return next(structure for name, structure in structures.items() if name in found["parameters"])(**found["parameters"])


def main() -> None:
    """Print the fits and their predictions."""
    for name, found in derive().items():
        best = kinetics_of(found)
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
