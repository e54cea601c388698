"""One ward under the nomogram of Raschke, 48 h, 5-minute grid: the same work on each integrator a user could install.

Every peer gets the same patients and the same laboratory errors (``Work``) and returns two arrays (``Found``):

* concentrations on the grid, U/mL, shape (n, 577), before the dose where a dose is given;
* decisions by hour, shape (n, 48, 4): result (s), bolus (U), hold (h), new rate (U/h).

Every event of this nomogram falls on a full hour, so segments begin and end there.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HOURS, STEPS = 48, 12
ABOVE_CEILING = 1000.0
"""Result that stands for "more than 150 s"."""


@dataclass(frozen=True)
class Work:
    """The patients and the laboratory errors.

    ``patients``: shape (n, 8): v1 (mL), clearance (mL/h), bmax (U), kon (mL/U/h), kint (1/h), weight (kg), baseline aPTT (s),
    slope of ln(aPTT) (mL/U).
    ``errors``: standard normal errors of the assay by hour of the draw, shape (n, 49).
    """

    patients: np.ndarray
    errors: np.ndarray

    def first(self, n: int) -> Work:
        return Work(self.patients[:n].copy(), self.errors[:n].copy())


Found = tuple[np.ndarray, np.ndarray]


def _plain(function: Callable) -> Callable:
    return function


def ward(integrate: Callable, wrap: Callable[[Callable], Callable] = _plain) -> Callable:
    """Return the closed loop around ``integrate(patient, y, rate, begin_h, end_h, concentration)``, plain or compiled.

    It integrates from a result (or the end of a hold) to the next result without a stop; the level at the draw is read from the
    grid.
    """

    @wrap
    def loop(patients, errors, concentration, decided):
        for i in range(len(patients)):
            patient, out = patients[i], concentration[i]
            weight, baseline, slope = patient[5], patient[6], patient[7]
            rate = math.floor(18.0 * weight / 10.0 + 0.5) * 10.0
            y = np.zeros(3)
            y[0] = math.floor(80.0 * weight / 100.0 + 0.5) * 100.0
            now, draw, settled = 0, 6, False
            while now < 48:
                until = min(draw + 1, 48)
                y = integrate(patient, y, rate, now, until, out)
                now = until
                if now == 48:
                    break
                aptt = baseline * math.exp(min(12.0, slope * max(0.0, out[12 * draw]))) * math.exp(0.05 * errors[i, draw])
                level = 1000.0 if aptt > 150.0 else math.floor(aptt + 0.5)
                bolus, hold, change = 0.0, 0, 0.0
                if level < 35.0:
                    bolus, change = 80.0, 4.0
                elif level < 46.0:
                    bolus, change = 40.0, 2.0
                elif level < 71.0:
                    change = 0.0
                elif level < 91.0:
                    change = -2.0
                else:
                    hold, change = 1, -3.0
                if change != 0.0:
                    rate = math.floor(max(0.0, rate + change * weight) / 10.0 + 0.5) * 10.0
                bolus = math.floor(bolus * weight / 100.0 + 0.5) * 100.0
                decided[i, now, 0], decided[i, now, 1], decided[i, now, 2], decided[i, now, 3] = level, bolus, hold, rate
                y[0] += bolus
                if hold == 1:
                    y = integrate(patient, y, 0.0, now, now + 1, out)
                    now += 1
                draw = now + (24 if change == 0.0 and settled else 6)
                settled = change == 0.0

    return loop


def _run(loop: Callable, work: Work) -> Found:
    n = len(work.patients)
    concentration, decided = np.zeros((n, HOURS * STEPS + 1)), np.zeros((n, HOURS, 4))
    loop(work.patients, work.errors, concentration, decided)
    return concentration, decided


def _slope(_: float, y: np.ndarray, rate: float, v1: float, cl: float, bmax: float, kon: float, kint: float) -> tuple:
    central, bound, _area = y.tolist()
    c = central / v1
    binding = kon * c * (bmax - bound)
    return rate - binding - cl * c, binding - kint * bound, c


GRID = np.arange(HOURS * STEPS + 1) / STEPS


def solve_ivp(method: str, rtol: float) -> Callable[[Work], Found]:
    """Return the loop around SciPy's ``solve_ivp``, restarted at each order, with ``t_eval`` on the grid."""
    from scipy import integrate  # noqa: PLC0415

    def segment(patient, y, rate, begin, end, out):
        v1, cl, bmax, kon, kint = patient[:5].tolist()
        on_grid = slice(begin * STEPS + 1, end * STEPS + 1)
        found = integrate.solve_ivp(
            _slope,
            (begin, end),
            y,
            method=method,
            t_eval=GRID[on_grid],
            args=(rate, v1, cl, bmax, kon, kint),
            rtol=rtol,
            atol=rtol * 1e-3,
        )
        out[on_grid] = found.y[0] / v1
        return found.y[:, -1]

    loop = ward(segment)
    return lambda work: _run(loop, work)


def odeint(rtol: float) -> Callable[[Work], Found]:
    """Return the loop around SciPy's ``odeint`` (LSODA in Fortran, its right-hand side in Python)."""
    from scipy import integrate  # noqa: PLC0415

    def segment(patient, y, rate, begin, end, out):
        v1, cl, bmax, kon, kint = patient[:5].tolist()
        times = GRID[begin * STEPS : end * STEPS + 1]
        args = (rate, v1, cl, bmax, kon, kint)
        found = integrate.odeint(_slope, y, times, args=args, rtol=rtol, atol=rtol * 1e-3, tfirst=True)
        out[begin * STEPS + 1 : end * STEPS + 1] = found[1:, 0] / v1
        return found[-1].copy()

    loop = ward(segment)
    return lambda work: _run(loop, work)


ANTIMONY = """
model heparin
  compartment body = 1;
  substanceOnly species central in body, bound in body, exposure in body;
  rate = 0; v1 = 1; cl = 1; bmax = 1; kon = 1; kint = 1;
  central = 0; bound = 0; exposure = 0;
  infusion: -> central; rate;
  binding: central -> bound; kon * (central / v1) * (bmax - bound);
  elimination: central -> ; cl * central / v1;
  internalisation: bound -> ; kint * bound;
  shown: -> exposure; central / v1;
end
"""


def roadrunner(rtol: float) -> Callable[[Work], Found]:
    """Return the loop around libRoadRunner: one SBML model, parameters set for each patient, ``simulate`` from order to order."""
    import antimony  # noqa: PLC0415
    import roadrunner  # noqa: PLC0415

    if antimony.loadAntimonyString(ANTIMONY) < 0:
        raise ValueError(antimony.getLastError())
    model = roadrunner.RoadRunner(antimony.getSBMLString("heparin"))
    model.integrator.relative_tolerance = rtol
    model.integrator.absolute_tolerance = rtol * 1e-3
    model.timeCourseSelections = ["central", "bound", "exposure"]
    core = model.model
    names = ("v1", "cl", "bmax", "kon", "kint")

    def segment(patient, y, rate, begin, end, out):
        v1 = float(patient[0])
        for name, value in zip(names, patient[:5].tolist(), strict=True):
            core[name] = value
        core["rate"], core["central"], core["bound"], core["exposure"] = rate, *y.tolist()
        found = np.asarray(model.simulate(begin, end, (end - begin) * STEPS + 1))
        out[begin * STEPS + 1 : end * STEPS + 1] = found[1:, 0] / v1
        return found[-1].copy()

    loop = ward(segment)
    return lambda work: _run(loop, work)


class DeSolve:
    """The loop in R, around deSolve's ``lsoda``, its right-hand side an R function or compiled C.

    ``mode``: "plain" (R function) or "compiled" (C).
    ``rtol``: relative tolerance.
    ``cpu_s``: CPU time of the last call as counted by R, s.
    """

    def __init__(self, mode: str, rtol: float) -> None:
        if shutil.which("Rscript") is None:
            raise ImportError("no R on this machine")
        if subprocess.run(["Rscript", "-e", "library(deSolve)"], capture_output=True, check=False).returncode:
            raise ImportError("R has no deSolve")
        self.mode, self.rtol, self.cpu_s = mode, rtol, 0.0

    def __call__(self, work: Work) -> Found:
        n = len(work.patients)
        with tempfile.TemporaryDirectory() as folder:
            work.patients.tofile(Path(folder, "patients.bin"))
            work.errors.tofile(Path(folder, "errors.bin"))
            command = ["Rscript", str(Path(__file__).with_name("desolve.R")), folder, str(self.rtol), self.mode]
            self.cpu_s = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            concentration = np.fromfile(Path(folder, "concentration.bin")).reshape(n, -1)
            return concentration, np.fromfile(Path(folder, "decided.bin")).reshape(n, HOURS, 4)


def _for_compiled_loops() -> tuple[Callable, Callable]:
    """Return two compiled functions: the right-hand side, and the parameters and output times of a segment."""
    import numba  # noqa: PLC0415

    @numba.njit
    def write_slope(y, dy, p):
        c = y[0] / p[1]
        binding = p[4] * c * (p[3] - y[1])
        dy[0] = p[0] - binding - p[2] * c
        dy[1] = binding - p[5] * y[1]
        dy[2] = c

    @numba.njit
    def segment_inputs(patient, rate, begin, end):
        data = np.empty(6)
        data[0] = rate
        data[1:] = patient[:5]
        return data, np.arange(begin * 12, end * 12 + 1) / 12.0

    return write_slope, segment_inputs


def numbalsoda(method: str, rtol: float) -> Callable[[Work], Found]:
    """Return the loop compiled as a whole around numbalsoda's LSODA or DOP853."""
    import numba  # noqa: PLC0415
    import numbalsoda as peer  # noqa: PLC0415

    write_slope, segment_inputs = _for_compiled_loops()

    @numba.cfunc(peer.lsoda_sig)
    def slope(_, y, dy, p):
        write_slope(y, dy, p)

    solver, address, atol = getattr(peer, method), slope.address, rtol * 1e-3

    @numba.njit
    def segment(patient, y, rate, begin, end, out):
        data, times = segment_inputs(patient, rate, begin, end)
        found, _ = solver(address, y, times, data=data, rtol=rtol, atol=atol)
        for k in range(1, len(times)):
            out[begin * 12 + k] = found[k, 0] / patient[0]
        return found[-1].copy()

    loop = ward(segment, numba.njit)
    return lambda work: _run(loop, work)


def diffrax(rtol: float) -> Callable[[Work], Found]:
    """Return the loop as one program: ``vmap`` over patients, ``scan`` over hours, Tsit5 with a PID controller, 64 bits."""
    import diffrax as dfx  # noqa: PLC0415
    import jax  # noqa: PLC0415
    import jax.numpy as jnp  # noqa: PLC0415

    jax.config.update("jax_enable_x64", True)

    def slope(_, y, p):
        c = y[0] / p[1]
        binding = p[4] * c * (p[3] - y[1])
        return jnp.stack([p[0] - binding - p[2] * c, binding - p[5] * y[1], c])

    term, solver = dfx.ODETerm(slope), dfx.Tsit5()
    controller = dfx.PIDController(rtol=rtol, atol=rtol * 1e-3)
    save = dfx.SaveAt(ts=jnp.arange(1, STEPS + 1) / STEPS)
    thresholds = jnp.array([35.0, 46.0, 71.0, 91.0])
    boluses, changes = jnp.array([80.0, 40.0, 0.0, 0.0, 0.0]), jnp.array([4.0, 2.0, 0.0, -2.0, -3.0])

    def one_patient(patient, errors):
        weight = patient[5]

        def hour(carry, now):
            y, rate, held_until, draw, level, result, settled = carry
            aptt = patient[6] * jnp.exp(jnp.minimum(12.0, patient[7] * y[0] / patient[0])) * jnp.exp(0.05 * errors[now])
            drawn = draw == now
            reads = result == now
            band = jnp.searchsorted(thresholds, level, side="right")
            in_range, hold = band == 2, reads & (band == 4)
            bolus = jnp.where(reads, jnp.floor(boluses[band] * weight / 100.0 + 0.5) * 100.0, 0.0)
            new = jnp.floor(jnp.maximum(0.0, rate + changes[band] * weight) / 10.0 + 0.5) * 10.0
            rate = jnp.where(reads & ~in_range, new, rate)
            held_until = jnp.where(hold, now + 1, held_until)
            recheck = jnp.where(in_range & settled, 24, 6) + jnp.where(hold, 1, 0)
            decisions = jnp.where(reads, jnp.stack([level, bolus, jnp.where(hold, 1.0, 0.0), rate]), 0.0)
            draw = jnp.where(reads, now + recheck, draw)
            settled = jnp.where(reads, in_range, settled)
            level = jnp.where(drawn, jnp.where(aptt > 150.0, ABOVE_CEILING, jnp.floor(aptt + 0.5)), level)
            result = jnp.where(drawn, now + 1, result)
            y = y.at[0].add(bolus)
            flowing = jnp.where(now < held_until, 0.0, rate)
            p = jnp.concatenate([flowing[None], patient[:5]])
            ys = dfx.diffeqsolve(term, solver, 0.0, 1.0, None, y, p, saveat=save, stepsize_controller=controller).ys
            return (ys[-1], rate, held_until, draw, level, result, settled), (ys[:, 0] / patient[0], decisions)

        first = jnp.floor(80.0 * weight / 100.0 + 0.5) * 100.0
        rate = jnp.floor(18.0 * weight / 10.0 + 0.5) * 10.0
        start = (jnp.array([first, 0.0, 0.0]), rate, jnp.array(-1), jnp.array(6), jnp.array(0.0), jnp.array(-1), jnp.array(False))
        _, (concentration, decisions) = jax.lax.scan(hour, start, jnp.arange(HOURS))
        return concentration.reshape(-1), decisions

    program = jax.jit(jax.vmap(one_patient))

    def run(work: Work) -> Found:
        concentration, decided = program(work.patients, work.errors)
        n = len(work.patients)
        return np.concatenate([np.zeros((n, 1)), np.asarray(concentration)], axis=1), np.asarray(decided)

    return run


def cyrk(method: str, rtol: float) -> Callable[[Work], Found]:
    """Return the loop compiled as a whole around CyRK's solver in C++ (``nbsolve2_ivp``)."""
    import CyRK as peer  # noqa: N813, PLC0415
    import numba  # noqa: PLC0415

    write_slope, segment_inputs = _for_compiled_loops()

    def slope(dy, _, y, p):
        write_slope(y, dy, p)

    solver, address, atol = peer.nbsolve2_ivp, peer.nb_diffeq_addr(slope), rtol * 1e-3

    @numba.njit
    def segment(patient, y, rate, begin, end, out):
        data, times = segment_inputs(patient, rate, begin, end)
        found = solver(address, (times[0], times[-1]), y, method=method, t_eval=times, args=data, rtol=rtol, atol=atol)
        levels = found.y
        for k in range(1, len(times)):
            out[begin * 12 + k] = levels[0, k] / patient[0]
        last = levels[:, -1].copy()
        found.free()
        return last

    loop = ward(segment, numba.njit)
    return lambda work: _run(loop, work)
