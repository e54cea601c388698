"""Pictures of the way back and of errors: heparin after the stop, centres that disagree, and what gets past the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from heparin_pk.base.checks import check_one_of
from heparin_pk.plot.base import BLACK, BLUE, BROWN, GREEN, PURPLE, STYLE, VERMILION, new_figure, shade_target
from heparin_pk.published.ranges import ANTI_XA_TREATMENT
from heparin_pk.simulation.after_stop import GONE, WATCHED_H, neutralised, normal_again_h
from heparin_pk.simulation.course import Course
from heparin_pk.teaching.consequences import Bought
from heparin_pk.teaching.reversal import Compared, Dose
from heparin_pk.trials.fault_arms import CheckedArm
from heparin_pk.ward.faults import KINDS

_SHOWN_H = 8.0
_PLACE_TINTS = {"order": VERMILION, "pump": BROWN, "patient": PURPLE, "tube": BLUE, "assay": GREEN}
_SHORT = {
    "tenfold": "tenfold rate",
    "pounds-for-kilograms": "pounds for kilograms",
    "units-as-ml": "U/h typed as mL/h",
    "wrong-bag": "wrong bag",
    "missed-hold": "missed hold",
    "guessed-weight": "guessed weight",
    "line-blood": "blood from the line",
    "late-draw": "late draw",
    "clotted-tube": "clotted tube",
    "doac-yesterday": "DOAC yesterday",
    "new-lot": "new lot of reagent",
    "wrong-blood": "another patient's blood",
}


def error_in_words(kind: str) -> str:
    """Return a kind of error as a reader calls it in a picture, in a few words; raises ``ValueError`` for an unknown one."""
    check_one_of("kind", kind, KINDS)
    return _SHORT[kind]


def after_the_stop(
    alone: Course,
    with_protamine: Course | None,
    stop_h: float,
    *,
    centres: Mapping[str, Dose],
    axes: Sequence[Axes] | None = None,
) -> Sequence[Axes]:
    """Draw heparin after the pump stops, without and with protamine, beside what centres would give at that moment.

    ``alone``: the course without protamine. ``with_protamine``: the same with protamine, or ``None``.
    ``stop_h``: when the infusion ended, h.
    ``centres``: :func:`heparin_pk.reversal.spread`.
    ``axes``: two Axes.
    """
    axes = axes if axes is not None else new_figure(12.5, 4.8, ncols=2)[1].ravel().tolist()
    gone = GONE["anti_xa_u_per_ml"][1]
    with plt.rc_context(STYLE):
        shade_target(axes[0], ANTI_XA_TREATMENT)
        axes[0].axhline(gone, color=BLACK, lw=1.2, ls=":")
        axes[0].annotate("taken as normal", (1.0, gone), xycoords=("axes fraction", "data"), xytext=(-4, 4), ha="right",
                         textcoords="offset points", fontsize=11)  # fmt: skip
        for course, colour, dashes, label in ((alone, BLUE, "-", "stopped"), (with_protamine, VERMILION, "--", "and protamine")):
            if course is None:
                continue
            near = (course.time_h >= stop_h - 1.0) & (course.time_h <= stop_h + _SHOWN_H)
            axes[0].plot(course.time_h[near] - stop_h, course.concentration_u_per_ml[near], color=colour, ls=dashes, label=label)
        axes[0].set_xlim(-1.0, _SHOWN_H)
        axes[0].set_ylim(0.0, 1.1)
        axes[0].set_xlabel("time after the stop (h)")
        axes[0].set_ylabel("heparin (U/mL)")
        axes[0].legend(loc="upper right", fontsize=11)
        for y, dose in enumerate(centres.values()):
            if dose.high_mg > dose.low_mg:
                axes[1].barh(y, dose.high_mg, color=BROWN, alpha=0.45, height=0.5)
            axes[1].barh(y, dose.low_mg, color=BROWN, height=0.5)
            axes[1].annotate(dose.in_words().split(",")[0], (max(dose.high_mg, dose.low_mg), y), xytext=(8, 0), va="center",
                             textcoords="offset points", fontsize=11)  # fmt: skip
        axes[1].set_yticks(range(len(centres)), list(centres))
        axes[1].set_ylim(len(centres) - 0.4, -0.6)
        axes[1].set_xlim(0.0, 75.0)
        axes[1].set_xlabel("protamine the centre asks for (mg)")
    return axes


def describe_after_the_stop(alone: Course, with_protamine: Course | None, stop_h: float, centres: Mapping[str, Dose]) -> str:
    """Return the text alternative: when heparin is gone, what protamine did, rebound, and the spread between centres."""
    gone = normal_again_h(alone, stop_h)
    words = "does not fall below 0.1 U/mL" if gone is None else f"falls below 0.1 U/mL {gone:.1f} h after the stop"
    parts = [f"Without protamine the anti-Xa {words} (watched for {WATCHED_H:g} h)."]
    if with_protamine is not None:
        did = neutralised(with_protamine)
        parts.append(f"Protamine: from {did.before_u_per_ml:.2f} to {did.lowest_u_per_ml:.2f} U/mL.")
        if did.rebound_u_per_ml > did.lowest_u_per_ml + 0.005:
            parts.append(
                f"Rebound: {did.rebound_u_per_ml:.2f} U/mL {did.rebound_after_h:.1f} h later, when protamine is gone and heparin "
                "comes back from the vessel walls."
            )
        else:
            parts.append("No rebound in this model.")
    doses = "; ".join(f"{name} {dose.in_words()}" for name, dose in centres.items())
    return f"{' '.join(parts)} At this moment the centres ask for: {doses}."


def protamine_now(rows: Sequence[Compared], now: Compared, *, ax: Axes | None = None) -> Axes:
    """Draw what a table asks for and what is left against the time since a bolus, and mark this moment."""
    from heparin_pk.plot.safety import protamine  # noqa: PLC0415  the same picture below

    ax = ax if ax is not None else new_figure(10.0, 5.0)[1][0, 0]
    protamine(rows, ax=ax)
    with plt.rc_context(STYLE):
        ax.axvline(now.elapsed_min, color=PURPLE, lw=1.6, ls="--")
        ax.plot([now.elapsed_min], [now.left_mg], "D", ms=11, color=VERMILION, mec=BLACK, label="left now", zorder=5)
        ax.legend(loc="upper right", fontsize=11)
    return ax


def past_the_checks(bought: Bought, *, ax: Axes | None = None) -> Axes:
    """Draw which share of each fault gets past the checks that were bought, one bar a fault, coloured by where it strikes."""
    ax = ax if ax is not None else new_figure(11.0, 5.4)[1][0, 0]
    shares = np.array(list(bought.past_fraction.values()))
    with plt.rc_context(STYLE):
        rows, tints = range(len(shares)), [_PLACE_TINTS[KINDS[name].place] for name in bought.past_fraction]
        for several, colours, alpha in ((np.ones_like(shares), [BLACK], 0.06), (shares, tints, 0.85)):
            bars = [((0.0, y - 0.35), (100.0 * share, y - 0.35), (100.0 * share, y + 0.35), (0.0, y + 0.35))
                    for y, share in enumerate(several)]  # fmt: skip
            ax.add_collection(PolyCollection(bars, facecolors=colours, edgecolors="none", alpha=alpha, zorder=1 + alpha))
        for y, share in enumerate(shares):
            ax.annotate(
                f"{100.0 * share:.0f} %", (100.0 * share, y), xytext=(5, 0), va="center", textcoords="offset points", fontsize=11
            )
        ax.set_yticks(rows, [f"{error_in_words(name)} ({KINDS[name].place})" for name in bought.past_fraction])
        ax.set_ylim(len(shares) - 0.4, -0.6)
        ax.set_xlim(0.0, 112.0)
        ax.set_xlabel(f"gets past all checks (%); the checks take {bought.minutes:.0f} min for one patient")
    return ax


def describe_past_the_checks(bought: Bought) -> str:
    """Return the text alternative: the minutes, and what gets past."""
    caught = [f"{error_in_words(name)} {100.0 * share:.0f} %" for name, share in bought.past_fraction.items() if share < 1.0]
    open_ = [error_in_words(name) for name, share in bought.past_fraction.items() if share == 1.0]
    names = ", ".join(one.name for one in bought.checks) or "none"
    lines = [f"Checks: {names}; {bought.minutes:.0f} min of staff time for one patient."]
    lines.append(f"What still gets past: {', '.join(caught)}." if caught else "Nothing is caught.")
    if open_:
        lines.append(f"No check looks for: {', '.join(open_)}.")
    if bought.assumed:
        lines.append(f"Chances or minutes were assumed for: {', '.join(bought.assumed)}.")
    return " ".join(lines)


def what_checks_did(arms: Sequence[CheckedArm], *, axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw what checks cost and spare in each arm of a trial: staff time, time above the range, the worst peaks.

    ``arms``: :func:`heparin_pk.fault_arms.what_checks_did`.
    ``axes``: three Axes.
    """
    axes = axes if axes is not None else new_figure(13.0, 1.8 + 0.55 * len(arms), ncols=3, sharey=True)[1].ravel().tolist()
    with plt.rc_context(STYLE):
        for ax, name, unit, tint, several in (
            (axes[0], "staff time for one patient", "min", BROWN, [one.minutes for one in arms]),
            (axes[1], "time above the range", "%", VERMILION, [100.0 * one.above_fraction for one in arms]),
            (axes[2], "peak of the worst 1 %", "U/mL", PURPLE, [one.peak_99_u_per_ml for one in arms]),
        ):
            ax.barh(range(len(arms)), several, color=tint, height=0.6)
            for y, value in enumerate(several):
                ax.annotate(f"{value:.3g}", (value, y), xytext=(5, 0), va="center", textcoords="offset points", fontsize=12)
            ax.set_xlim(0.0, 1.25 * max(*several, 1e-9))
            ax.set_axisbelow(True)
            ax.set_xlabel(f"{name} ({unit})")
        axes[0].set_yticks(range(len(arms)), [one.arm for one in arms])
        axes[0].set_ylim(len(arms) - 0.4, -0.6)
    return np.array(axes)
