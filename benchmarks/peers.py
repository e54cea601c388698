"""One ward under Raschke's table, 48 h, 5-minute trajectory: the same work on each integrator a user could install.

Every peer gets the same people (``Work``), the same errors of the laboratory, and returns the same two arrays: concentrations on
the grid (n, 577), pre-dose where something is given, and what was decided (n, 48, 4): level, bolus, hold, new rate. Every event
of this table falls on a full hour, so segments begin and end there.
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
BEYOND = 1000.0
"""Stands for "more than 150 s"."""


@dataclass(frozen=True)
class Work:
    """Who is treated: (n, 8) in the order v1, clearance, bmax, kon, kint, weight, baseline aPTT, slope; errors (n, 49)."""

    people: np.ndarray
    errors: np.ndarray

    def first(self, n: int) -> Work:
        return Work(self.people[:n].copy(), self.errors[:n].copy())


Found = tuple[np.ndarray, np.ndarray]


def _plain(function: Callable) -> Callable:
    return function


def ward(integrate: Callable, wrap: Callable[[Callable], Callable] = _plain) -> Callable:
    """Return the closed loop around ``integrate(person, y, rate, begin_h, end_h, concentration)``, plain or compiled.

    It integrates from a result (or the end of a hold) to the next result without a stop: the draw is read off the grid.
    """

    @wrap
    def loop(people, errors, concentration, decided):
        for i in range(len(people)):
            person, out = people[i], concentration[i]
            weight, baseline, slope = person[5], person[6], person[7]
            rate = math.floor(18.0 * weight / 10.0 + 0.5) * 10.0
            y = np.zeros(3)
            y[0] = math.floor(80.0 * weight / 100.0 + 0.5) * 100.0
            now, draw, settled = 0, 6, False
            while now < 48:
                until = min(draw + 1, 48)
                y = integrate(person, y, rate, now, until, out)
                now = until
                if now == 48:
                    break
                seen = baseline * math.exp(min(12.0, slope * max(0.0, out[12 * draw]))) * math.exp(0.05 * errors[i, draw])
                level = 1000.0 if seen > 150.0 else math.floor(seen + 0.5)
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
                    y = integrate(person, y, 0.0, now, now + 1, out)
                    now += 1
                draw = now + (24 if change == 0.0 and settled else 6)
                settled = change == 0.0

    return loop


def _run(loop: Callable, work: Work) -> Found:
    n = len(work.people)
    concentration, decided = np.zeros((n, HOURS * STEPS + 1)), np.zeros((n, HOURS, 4))
    loop(work.people, work.errors, concentration, decided)
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

    def segment(person, y, rate, begin, end, out):
        v1, cl, bmax, kon, kint = person[:5].tolist()
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

    def segment(person, y, rate, begin, end, out):
        v1, cl, bmax, kon, kint = person[:5].tolist()
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
    """Return the loop around libRoadRunner: one SBML model, parameters set for each person, ``simulate`` from order to order."""
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

    def segment(person, y, rate, begin, end, out):
        v1 = float(person[0])
        for name, value in zip(names, person[:5].tolist(), strict=True):
            core[name] = value
        core["rate"], core["central"], core["bound"], core["exposure"] = rate, *y.tolist()
        found = np.asarray(model.simulate(begin, end, (end - begin) * STEPS + 1))
        out[begin * STEPS + 1 : end * STEPS + 1] = found[1:, 0] / v1
        return found[-1].copy()

    loop = ward(segment)
    return lambda work: _run(loop, work)


class DeSolve:
    """The loop in R, around deSolve's ``lsoda``, its right-hand side an R function or compiled C; ``cpu_s`` is R's own count."""

    def __init__(self, how: str, rtol: float) -> None:
        if shutil.which("Rscript") is None:
            raise ImportError("no R on this machine")
        if subprocess.run(["Rscript", "-e", "library(deSolve)"], capture_output=True, check=False).returncode:
            raise ImportError("R has no deSolve")
        self.how, self.rtol, self.cpu_s = how, rtol, 0.0

    def __call__(self, work: Work) -> Found:
        n = len(work.people)
        with tempfile.TemporaryDirectory() as folder:
            work.people.tofile(Path(folder, "people.bin"))
            work.errors.tofile(Path(folder, "errors.bin"))
            command = ["Rscript", str(Path(__file__).with_name("desolve.R")), folder, str(self.rtol), self.how]
            self.cpu_s = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            concentration = np.fromfile(Path(folder, "concentration.bin")).reshape(n, -1)
            return concentration, np.fromfile(Path(folder, "decided.bin")).reshape(n, HOURS, 4)


def _for_compiled_loops() -> tuple[Callable, Callable]:
    """Return the right-hand side, and what a segment asks for: parameters and times."""
    import numba  # noqa: PLC0415

    @numba.njit
    def write_slope(y, dy, p):
        c = y[0] / p[1]
        binding = p[4] * c * (p[3] - y[1])
        dy[0] = p[0] - binding - p[2] * c
        dy[1] = binding - p[5] * y[1]
        dy[2] = c

    @numba.njit
    def asked(person, rate, begin, end):
        data = np.empty(6)
        data[0] = rate
        data[1:] = person[:5]
        return data, np.arange(begin * 12, end * 12 + 1) / 12.0

    return write_slope, asked


def numbalsoda(method: str, rtol: float) -> Callable[[Work], Found]:
    """Return the loop compiled as a whole around numbalsoda's LSODA or DOP853."""
    import numba  # noqa: PLC0415
    import numbalsoda as peer  # noqa: PLC0415

    write_slope, asked = _for_compiled_loops()

    @numba.cfunc(peer.lsoda_sig)
    def slope(_, y, dy, p):
        write_slope(y, dy, p)

    solver, address, atol = getattr(peer, method), slope.address, rtol * 1e-3

    @numba.njit
    def segment(person, y, rate, begin, end, out):
        data, times = asked(person, rate, begin, end)
        found, _ = solver(address, y, times, data=data, rtol=rtol, atol=atol)
        for k in range(1, len(times)):
            out[begin * 12 + k] = found[k, 0] / person[0]
        return found[-1].copy()

    loop = ward(segment, numba.njit)
    return lambda work: _run(loop, work)


def diffrax(rtol: float) -> Callable[[Work], Found]:
    """Return the loop as one program: ``vmap`` over people, ``scan`` over hours, Tsit5 with a PID controller, 64 bits."""
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
    edges = jnp.array([35.0, 46.0, 71.0, 91.0])
    boluses, changes = jnp.array([80.0, 40.0, 0.0, 0.0, 0.0]), jnp.array([4.0, 2.0, 0.0, -2.0, -3.0])

    def one(person, errors):
        weight = person[5]

        def hour(carry, now):
            y, rate, held_until, draw, level, result, settled = carry
            seen = person[6] * jnp.exp(jnp.minimum(12.0, person[7] * y[0] / person[0])) * jnp.exp(0.05 * errors[now])
            drawn = draw == now
            reads = result == now
            band = jnp.searchsorted(edges, level, side="right")
            fine, hold = band == 2, reads & (band == 4)
            bolus = jnp.where(reads, jnp.floor(boluses[band] * weight / 100.0 + 0.5) * 100.0, 0.0)
            new = jnp.floor(jnp.maximum(0.0, rate + changes[band] * weight) / 10.0 + 0.5) * 10.0
            rate = jnp.where(reads & ~fine, new, rate)
            held_until = jnp.where(hold, now + 1, held_until)
            recheck = jnp.where(fine & settled, 24, 6) + jnp.where(hold, 1, 0)
            told = jnp.where(reads, jnp.stack([level, bolus, jnp.where(hold, 1.0, 0.0), rate]), 0.0)
            draw = jnp.where(reads, now + recheck, draw)
            settled = jnp.where(reads, fine, settled)
            level = jnp.where(drawn, jnp.where(seen > 150.0, BEYOND, jnp.floor(seen + 0.5)), level)
            result = jnp.where(drawn, now + 1, result)
            y = y.at[0].add(bolus)
            flowing = jnp.where(now < held_until, 0.0, rate)
            p = jnp.concatenate([flowing[None], person[:5]])
            ys = dfx.diffeqsolve(term, solver, 0.0, 1.0, None, y, p, saveat=save, stepsize_controller=controller).ys
            return (ys[-1], rate, held_until, draw, level, result, settled), (ys[:, 0] / person[0], told)

        first = jnp.floor(80.0 * weight / 100.0 + 0.5) * 100.0
        rate = jnp.floor(18.0 * weight / 10.0 + 0.5) * 10.0
        start = (jnp.array([first, 0.0, 0.0]), rate, jnp.array(-1), jnp.array(6), jnp.array(0.0), jnp.array(-1), jnp.array(False))
        _, (concentration, told) = jax.lax.scan(hour, start, jnp.arange(HOURS))
        return concentration.reshape(-1), told

    program = jax.jit(jax.vmap(one))

    def run(work: Work) -> Found:
        concentration, decided = program(work.people, work.errors)
        n = len(work.people)
        return np.concatenate([np.zeros((n, 1)), np.asarray(concentration)], axis=1), np.asarray(decided)

    return run


def cyrk(method: str, rtol: float) -> Callable[[Work], Found]:
    """Return the loop compiled as a whole around CyRK's solver in C++ (``nbsolve2_ivp``)."""
    import CyRK as peer  # noqa: N813, PLC0415
    import numba  # noqa: PLC0415

    write_slope, asked = _for_compiled_loops()

    def slope(dy, _, y, p):
        write_slope(y, dy, p)

    solver, address, atol = peer.nbsolve2_ivp, peer.nb_diffeq_addr(slope), rtol * 1e-3

    @numba.njit
    def segment(person, y, rate, begin, end, out):
        data, times = asked(person, rate, begin, end)
        found = solver(address, (times[0], times[-1]), y, method=method, t_eval=times, args=data, rtol=rtol, atol=atol)
        levels = found.y
        for k in range(1, len(times)):
            out[begin * 12 + k] = levels[0, k] / person[0]
        last = levels[:, -1].copy()
        found.free()
        return last

    loop = ward(segment, numba.njit)
    return lambda work: _run(loop, work)
