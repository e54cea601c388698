"""The closed form of one compartment with Michaelis-Menten and linear elimination: the engines are tested against it.

With a constant input R the amount x obeys dx/dt = R - k x - Vmax x / (K + x), K = Km V. The right side is
-k (x - r1)(x - r2) / (K + x) with r2 < -K < 0 <= r1, so time is an elementary function of x; x at a given time is the root of
one increasing scalar equation. Holds for a :class:`~heparin_pk.body.kinetics.Kinetics` with linear elimination above zero and
neither binding pool, second compartment nor depot. R and Vmax in U/h, k per hour, x and K in U.
"""

from __future__ import annotations

import math

from heparin_pk.body.kinetics import Kinetics


def _roots(kinetics: Kinetics, rate_u_per_h: float) -> tuple[float, float, float, float]:
    """Return the constants of the closed form.

    * k: rate constant of linear elimination, per hour;
    * r1, r2: the two roots of the right side, U; r1 is the steady state;
    * alpha: the share (K + r1) / (r1 - r2) of the slow term.

    Raises ``ValueError`` for kinetics with a pool, a second compartment or no linear elimination.
    """
    if kinetics.bmax_u or kinetics.q_ml_per_h or kinetics.short_fraction or kinetics.clearance_ml_per_h <= 0.0:
        raise ValueError(
            "the closed form needs one compartment, linear loss above 0, no binding pool and one kind of chains; "
            f"got {kinetics!r}"
        )
    k = kinetics.clearance_ml_per_h / kinetics.v1_ml
    big_k = kinetics.rates().km_u_per_ml * kinetics.v1_ml  # rates(): 1 where there is no saturable elimination
    half = 0.5 * (rate_u_per_h - kinetics.vmax_u_per_h - k * big_k)
    root = math.sqrt(half * half + k * rate_u_per_h * big_k)
    # Of the two forms of each root, the one without cancellation.
    r1 = (half + root) / k if half >= 0.0 else rate_u_per_h * big_k / (root - half)
    r2 = (half - root) / k if half <= 0.0 else -rate_u_per_h * big_k / (root + half)
    return k, r1, r2, (big_k + r1) / (r1 - r2)


def amount_after(kinetics: Kinetics, amount_u: float, rate_u_per_h: float, hours: float) -> float:
    """Return the amount in plasma ``hours`` later under a constant infusion, U, exact to rounding error.

    >>> plain = Kinetics(v1_ml=1000, clearance_ml_per_h=1000)
    >>> round(amount_after(plain, 1000, 0, math.log(2)), 9)
    500.0
    """
    k, r1, r2, alpha = _roots(kinetics, rate_u_per_h)
    if hours <= 0.0 or amount_u == r1:
        return amount_u
    beta = 1.0 - alpha
    s0 = (amount_u - r1) / (amount_u - r2)
    # w = ln((x - r1) / (x0 - r1)) solves alpha w + beta log1p(s0 expm1(w)) + k t = 0; Newton from the tangent at 0 is monotone.
    w = -k * hours / (alpha + beta * s0)
    for _ in range(60):
        step = math.expm1(w)
        value = alpha * w + beta * math.log1p(s0 * step) + k * hours
        slope = alpha + beta * s0 * (1.0 + step) / (1.0 + s0 * step)
        delta = value / slope
        w -= delta
        if abs(delta) <= 1e-16 * abs(w):
            break
    # x = r1 + (x0 - r1) exp(w), written as x0 plus the change where w is small, to avoid cancellation.
    if w < -1.0:
        return r1 + (amount_u - r1) * math.exp(w)
    return amount_u + (amount_u - r1) * math.expm1(w)


def hours_until(kinetics: Kinetics, amount_u: float, rate_u_per_h: float, target_u: float) -> float:
    """Return after how many hours the amount passes ``target_u``; infinite when it never does."""
    k, r1, r2, alpha = _roots(kinetics, rate_u_per_h)
    ratio = (target_u - r1) / (amount_u - r1) if amount_u != r1 else math.inf
    if not 0.0 < ratio <= 1.0:
        return math.inf
    return -(alpha * math.log(ratio) + (1.0 - alpha) * math.log((target_u - r2) / (amount_u - r2))) / k


def area_u_h_per_ml(kinetics: Kinetics, amount_u: float, rate_u_per_h: float, hours: float) -> float:
    """Return the area under the concentration over ``hours``, U h/mL."""
    k, r1, r2, alpha = _roots(kinetics, rate_u_per_h)
    after = amount_after(kinetics, amount_u, rate_u_per_h, hours)
    log_ratio = math.log((after - r2) / (amount_u - r2))
    return (r1 * hours - ((after - amount_u) - (r1 - r2) * (1.0 - alpha) * log_ratio) / k) / kinetics.v1_ml
