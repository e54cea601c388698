"""Every example runs, and its key number is found again by a calculation that shares no code with the package.

The independent calculation is the default set's two equations (plasma and binding pool) written out here and integrated by SciPy,
or a formula.
"""

from __future__ import annotations

import math
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.stats import truncnorm

from heparin_pk import Nomogram, Patient, datasets, people, published, titrate

FOLDER = Path(__file__).resolve().parents[1] / "examples"
NUMBER = r"(-?\d+(?:\.\d+)?(?:e-?\d+)?)"


def run(name: str) -> str:
    """Return what an example prints; warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER / f"{name}.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(after: str, text: str) -> float:
    """Return the number that follows these words."""
    return float(re.search(re.escape(after) + r"\s*" + NUMBER, text)[1])


USUAL = {"v1": 50.0 * 75, "cl": 10.5 * 75, "bmax": 17.0 * 75, "kint": 21 / 17, "kon": 21 / 17 / 0.26}
"""The default set in a patient of 75 kg, as its docstring prints it."""


def of_weight(weight_kg: float, *, bmax: float = 1.0, v1: float = 1.0) -> dict[str, float]:
    """Return the default set by its printed allometry: 1 for the volume, 0.75 for clearance and capacity."""
    size = weight_kg / 75
    scaled = {"v1": v1 * size, "cl": size**0.75, "bmax": bmax * size**0.75}
    return {name: value * scaled.get(name, 1.0) for name, value in USUAL.items()}


def levels_u_per_ml(p: dict[str, float], bolus_u: float, rates: list[tuple[float, float]], at_h: list[float]) -> list[float]:
    """Return the concentrations after a bolus at 0 h under rates (from hour, U/h): two equations, integrated by SciPy."""

    def slopes(_, y, rate):
        binding = p["kon"] * y[0] / p["v1"] * (p["bmax"] - y[1])
        return rate - binding - p["cl"] * y[0] / p["v1"], binding - p["kint"] * y[1]

    state, found, ends = np.array([bolus_u, 0.0]), {}, [start for start, _ in rates[1:]] + [max(at_h)]
    for (start, rate), end in zip(rates, ends, strict=True):
        inside = [t for t in at_h if start < t <= end]
        if end <= start:
            continue
        solved = solve_ivp(slopes, (start, end), state, args=(rate,), rtol=1e-10, atol=1e-10, dense_output=True)
        found |= {t: solved.sol(t)[0] / p["v1"] for t in inside}
        state = solved.y[:, -1]
    return [float(found[t]) for t in at_h]


def test_every_example_has_a_test_and_is_short():
    names = {file.stem for file in FOLDER.glob("*.py")}
    tested = set(re.findall(r'run\("(\w+)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert names == tested
    for file in FOLDER.glob("*.py"):
        code = file.read_text(encoding="utf-8")
        assert len(code.splitlines()) <= 64, file.name
        assert not re.findall(r"^from heparin_pk\.", code, re.MULTILINE), f"{file.name} imports what the package does not show"


def test_own_drug():
    said = run("own_drug")
    assert number("peak", said) == pytest.approx(60 / 60)
    assert number("half-life", said) == pytest.approx(60 * math.log(2) * 60 / 30, abs=0.01)
    assert number("plateau", said) == pytest.approx(12 / 30, abs=1e-4)
    assert "Table 1: V 0.060 L/kg [assumed]" in said


def test_own_controller():
    said = run("own_controller")
    lines = re.findall(rf"^{NUMBER} h: level {NUMBER} U/mL, rate \[{NUMBER}\]", said, re.MULTILINE)
    assert len(lines) == 6
    rate, rates = 1480.0, [(0.0, 1480.0)]  # 18 U/kg/h in 82 kg, on a pump that is set in 0.1 mL/h of 100 U/mL
    for hour, level, printed in (map(float, line) for line in lines):
        rate = 10 * math.floor(rate * min(4 / 3, max(2 / 3, 0.5 / level)) / 10 + 0.5)
        assert rate == printed
        rates.append((hour, rate))
    (last,) = levels_u_per_ml(of_weight(82), 80 * 82, rates, [48.0])
    assert number("level at 48 h:", said) == pytest.approx(last, abs=1e-4)


@pytest.mark.slow
def test_own_vector_controller(capsys):
    """The first five patients again: their rates from their results by the rule, their levels by the equations here."""
    said = run("own_vector_controller")
    assert number("one by one:", said) == 0.0
    made = runpy.run_path(str(FOLDER / "own_vector_controller.py"))
    assert capsys.readouterr().out == said
    level_at_48_h = made["charts"].hourly_u_per_ml[:, 48]
    assert number("in 200 patients:", said) == pytest.approx(level_at_48_h.mean(), abs=1e-4)
    for index, course in enumerate(made["alone"][:5]):
        rate, rates = 1350.0, [(0.0, 1350.0)]  # 18 U/kg/h in 75 kg
        for lab in course.labs:
            rate = 10 * math.floor(rate * min(4 / 3, max(2 / 3, 0.5 / lab.value)) / 10 + 0.5)
            rates.append((lab.reported_h, rate))
        factors = dict(course.patient.factors)
        p = {"v1": factors["v1_ml"], "cl": factors["clearance_ml_per_h"], "bmax": factors["bmax_u"]}
        p = {name: value * p.get(name, 1.0) for name, value in USUAL.items()}
        (last,) = levels_u_per_ml(p, 80 * 75, rates, [48.0])
        assert level_at_48_h[index] == pytest.approx(last, rel=1e-5)


@pytest.mark.slow
def test_own_population():
    said = run("own_population")
    women = number("women:", said)
    assert women == pytest.approx(0.4, abs=4 * math.sqrt(0.4 * 0.6 / 20_000))
    for sex, mean, sd, low, high in (("women", 68, 12, 45, 120), ("men", 84, 14, 50, 150)):
        theory = truncnorm((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
        assert number(f"mean weight of {sex}:", said) == pytest.approx(theory.mean(), abs=4 * sd / math.sqrt(8000))
    assert number("among men:", said) == pytest.approx(-0.3, abs=0.03)
    assert 0.5 < number("raschke-1993:", said) < 0.9


def test_own_observer():
    """Patient 0 alone: the same hours from a kept trajectory, cut by hand at the limit."""
    said = run("own_observer")
    drug = published.UFH_DEFAULT
    (patient,) = people(drug, Patient(weight_kg=75), 1, seed=1)
    course = titrate(patient, drug, Nomogram.load("raschke-1993"), hours=48, seed=7)
    c, hours = course.concentration_u_per_ml, 0.0
    for start, end, before, after in zip(course.time_h[:-1], course.time_h[1:], c[:-1], c[1:], strict=True):
        low, high = sorted((before, after))
        if high > 1.0:
            hours += (end - start) * (1.0 if low > 1.0 else (high - 1.0) / (high - low))
    assert number("patient 0:", said) == pytest.approx(hours, abs=1e-3)
    assert number("above, peak", said) == pytest.approx(c.max(), abs=1e-4)
    assert number("mean time above 1 U/mL:", said) > 0.0


@pytest.mark.slow
def test_sensitivity():
    said = run("sensitivity")
    orders = (80 * 75, [(0.0, 18 * 75)], [24.0])
    assert number("level at 24 h:", said) == pytest.approx(levels_u_per_ml(USUAL, *orders)[0], abs=1e-5)
    names = {"v1_ml_per_kg": "v1", "clearance_ml_per_kg_per_h": "cl", "bmax_u_per_kg": "bmax", "kint_per_h": "kint",
             "kon_ml_per_u_per_h": "kon"}  # fmt: skip
    for printed, name in names.items():
        more, less = (math.log(levels_u_per_ml(USUAL | {name: f * USUAL[name]}, *orders)[0]) for f in (1.01, 0.99))
        elasticity = (more - less) / (math.log(1.01) - math.log(0.99))
        assert number(f"{printed:<28} elasticity", said.replace("+", "")) == pytest.approx(elasticity, abs=2e-4), printed
    assert number(f"{'ktr_per_h':<28} elasticity", said.replace("+", "")) == 0.0


@pytest.mark.slow
def test_two_parameter_fit():
    """The same sum of squares, on the two equations here, made smallest by a method without derivatives."""
    said = run("two_parameter_fit")
    chart = datasets.load_icu_course("M3D-027")
    older = 1 - 0.004 * (chart.patient.age_y - 60)  # the default's effect of age on the capacity
    slope = published.UFH_DEFAULT.reagent.slope_ml_per_u
    measured = [math.log(lab.value / chart.patient.baseline_aptt_s) / slope for lab in chart.labs]
    rates, bolus_u = [], 0.0
    for order in chart.regimen.orders:
        if type(order).__name__ == "Bolus":
            assert order.time_h == 0.0
            bolus_u += order.dose_u
        else:
            rates.append((order.time_h, getattr(order, "rate_u_per_h", 0.0)))
    assert rates[0][0] == 0.0
    drawn_h = [lab.drawn_h for lab in chart.labs]

    rates = [one for one in rates if one[0] < max(drawn_h)]

    def errors(logs):
        p = of_weight(chart.patient.weight_kg, v1=math.exp(logs[0]), bmax=older * math.exp(logs[1]))
        return slope * (np.array(levels_u_per_ml(p, bolus_u, rates, drawn_h)) - measured)

    best = minimize(lambda logs: errors(logs) @ errors(logs), [1.0, -0.3], method="Nelder-Mead", options={"xatol": 1e-4})
    assert number("v1_ml: factor", said) == pytest.approx(math.exp(best.x[0]), rel=0.01)
    assert number("bmax_u: factor", said) == pytest.approx(math.exp(best.x[1]), rel=0.002)
    assert number("fitted: root mean square error of ln(aPTT)", said) == pytest.approx(math.sqrt(best.fun / 9), abs=1e-4)
    jacobian = np.stack([(errors(best.x + step) - errors(best.x - step)) / 0.02 for step in 0.01 * np.eye(2)], axis=1)
    expected = np.sqrt(np.diag(best.fun / (9 - 2) * np.linalg.inv(jacobian.T @ jacobian)))
    printed = [float(found) for found in re.findall(rf"standard error of its logarithm {NUMBER}", said)]
    assert printed == pytest.approx(expected, rel=0.02)


def test_own_nomogram():
    said = run("own_nomogram")
    lines = re.findall(rf"^{NUMBER} h: level ([\d.]+|none yet), rate (\[{NUMBER}\]|unchanged) U/h", said, re.MULTILINE)
    assert len(lines) == 7
    rate = 50 * math.floor(16 * 90 / 50 + 0.5)
    assert float(lines[0][3]) == rate
    for _, level, words, printed in lines[1:]:
        if float(level) < 0.295:
            rate = 50 * math.floor((rate + 2 * 90) / 50 + 0.5)
            assert float(printed) == rate
        else:
            assert float(level) < 0.705
            assert words == "unchanged"
