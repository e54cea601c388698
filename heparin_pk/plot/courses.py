"""Pictures of one course, of a dosing table, and of single boluses and constant infusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.body.kinetics import State
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    COLOURS,
    DASHES,
    RANGE,
    RANGE_SHADE,
    RANGE_TEXT,
    VERMILION,
    Dashes,
    axis_label,
    level_limits,
    new_figure,
    shade_target,
    styled,
)
from heparin_pk.plot.models import look_of, outside_in_short, shade_beyond
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate
from heparin_pk.ward.nomogram import Band, Nomogram
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Pause, Protamine, Regimen, Resume, Subcutaneous


def course_scene(
    hours: float, target: TherapeuticRange, *, width: float = 10.0, height: float = 6.4, most_u_per_kg_per_h: float = 30.0
) -> tuple[Figure, np.ndarray]:
    """Return an empty picture of a course: the level with its therapeutic range above, the pump rate below.

    Returns the figure and its two Axes; the width and the height are in inches.
    """
    figure, axes = new_figure(width, height, nrows=2, ncols=1, sharex=True, gridspec_kw={"height_ratios": [3, 1.1]})
    above, below = axes[:, 0]
    shade_target(above, target)
    above.set_ylim(*level_limits(target.assay, target))
    above.set_ylabel(axis_label(target.assay))
    below.set_ylim(0.0, most_u_per_kg_per_h)
    below.set_ylabel("pump\n(U/kg/h)")
    below.set_xlabel("time (h)")
    below.set_xlim(0.0, hours)
    below.set_xticks(np.arange(0.0, hours + 0.01, next((step for step in (1, 2, 6, 12) if hours <= 9 * step), 24)))
    if target.assay == "aptt_s":
        above.axhline(ASSAYS["aptt_s"].ceiling, color=BLACK, lw=1.0, ls=(0, (1, 3)), zorder=1)
        above.annotate("upper limit of the assay", (0.995, ASSAYS["aptt_s"].ceiling), xycoords=("axes fraction", "data"),
                       xytext=(0, -3), textcoords="offset points", ha="right", va="top", fontsize=10, color=BLACK)  # fmt: skip
    return figure, axes[:, 0]


_PUMP_TOPS_U_PER_KG_PER_H = (30.0, 45.0, 60.0, 120.0, 250.0, 500.0, 1000.0)


def room_for_pump(*courses: Course) -> float:
    """Return an upper limit of the pump axis that includes every ordered infusion of these courses, U/kg/h.

    Boluses given over minutes are short spikes of the pump rate and may exceed the axis.
    """
    highest = max(
        (
            (order.resolved(course.patient.doses_by_kg).rate_u_per_h or 0.0) / course.patient.doses_by_kg
            for course in courses
            for order in course.regimen.orders
            if isinstance(order, Infusion)
        ),
        default=0.0,
    )
    return next((top for top in _PUMP_TOPS_U_PER_KG_PER_H if highest <= 1.001 * top), 1.1 * highest)


_DOSES: tuple[tuple[type, str, str, float], ...] = (
    (Bolus, "bolus", "v", 0.9),
    (Subcutaneous, "subcutaneous", "s", 0.6),
    (Protamine, "protamine", "X", 0.9),
)
"""Doses given at one moment: kind of order, label, marker, and height of the mark as a share of the pump axis."""


def course(
    course: Course,
    *,
    target: TherapeuticRange | None = None,
    axes: Sequence[Axes] | None = None,
    label: str | None = None,
    colour: str = BLUE,
    dashes: Dashes = "-",
    marker: str = "o",
) -> np.ndarray:
    """Draw a course: true level, laboratory results, pump rate, single doses and holds; return the two Axes.

    Open triangles at the ceiling are results above it ("> 150 s"), which have no number.

    ``target``: range to shade (``None``: the range of the course, or the first one published for its assays)
    ``axes``: Axes of :func:`course_scene` to draw on; a second course there needs its own ``label``, ``colour``, ``dashes``
    and ``marker``
    """
    target = target or _own_target(course)
    if axes is None:
        axes = tuple(course_scene(course.hours, target, most_u_per_kg_per_h=room_for_pump(course))[1])
    above, below = axes
    with styled():
        above.plot(course.time_h, course.level(target.assay), color=colour, ls=dashes, label=label or "true level")
        shade_beyond(above, course, target.assay, colour)
        if course.outside:
            above.annotate(f"{course.drug.label}: {outside_in_short(course)}", (0.01, 0.02), xycoords="axes fraction",
                           fontsize=11, color=BLACK, style="italic")  # fmt: skip
        seen = [lab for lab in course.labs if lab.assay == target.assay]
        for above_ceiling, mark, face in ((False, marker, colour), (True, "^", "white")):
            shown = [lab for lab in seen if lab.above_ceiling is above_ceiling]
            if shown:
                above.plot(
                    [lab.drawn_h for lab in shown],
                    [lab.value for lab in shown],
                    mark,
                    ms=9,
                    mfc=face,
                    mec=BLACK if face != "white" else colour,
                    mew=1.2,
                    ls="none",
                    zorder=4,
                    label=None if label else ("above the ceiling" if above_ceiling else "reported by the laboratory"),
                )
        below.step(
            course.time_h,
            course.pump_u_per_h / course.patient.doses_by_kg,
            where="post",
            color=colour,
            ls=dashes,
            lw=2.0,
            label="_pump",
        )
        orders = course.regimen.resolved(course.patient.doses_by_kg).orders
        doses = [(name, mark, height, [o.time_h for o in orders if isinstance(o, kind)]) for kind, name, mark, height in _DOSES]
        named = below.get_legend_handles_labels()[1]
        for name, mark, height, times in doses:
            if times:
                below.plot(times, [height] * len(times), mark, ms=11, color=colour, mec=BLACK, clip_on=False, zorder=5, ls="none",
                           transform=below.get_xaxis_transform(), label=None if name in named else name)  # fmt: skip
        for order in orders:
            if isinstance(order, Hold):
                below.axvspan(order.time_h, order.end_h, color=BLACK, alpha=0.12, lw=0)
            if isinstance(order, Pause):
                ends_h = [o.time_h for o in orders if isinstance(o, Resume) and o.time_h >= order.time_h]
                below.axvspan(order.time_h, min([*ends_h, course.hours]), color=BLACK, alpha=0.12, lw=0)
        above.legend(loc="upper right", ncols=3, fontsize=11)
        if any(times for *_, times in doses):
            below.legend(loc="upper right", ncols=3, fontsize=11)
    return np.asarray(axes)


_draw = course


def replay(course: Course, labs: Sequence[Lab], target: TherapeuticRange, *, axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw the course predicted for a typical patient under charted orders, and the results measured in the real patient.

    Dotted lines join each prediction and its measurement. Triangles are results above the ceiling.
    """
    if axes is None:
        axes = tuple(course_scene(course.hours, target, most_u_per_kg_per_h=room_for_pump(course))[1])
    drawn = _draw(course, target=target, axes=axes, label="typical patient (model)")
    above = drawn[0]
    rows = metrics.prediction_errors(course, labs)
    with styled():
        for row in rows:
            above.plot([row["drawn_h"]] * 2, [row["measured"], row["predicted"]], color=BLACK, lw=1.2, ls=":", zorder=3)
        for ceiling, marker, name in ((False, "o", "measured"), (True, "^", "measured, above the ceiling")):
            shown = [row for row in rows if row["above_ceiling"] is ceiling]
            if shown:
                above.plot(
                    [row["drawn_h"] for row in shown],
                    [row["measured"] for row in shown],
                    marker,
                    ms=10,
                    mfc="white" if ceiling else VERMILION,
                    mec=VERMILION if ceiling else BLACK,
                    mew=1.6,
                    ls="none",
                    zorder=5,
                    label=name,
                )
        above.legend(loc="upper right", ncols=3, fontsize=11)
    return drawn


def _own_target(course: Course) -> TherapeuticRange:
    """Return the target of a course, or the first published range for its assays."""
    from heparin_pk.published import ranges  # noqa: PLC0415  imported only where no target is given

    return course.target or ranges.first_for(course.responses, "aptt_ratio")


def describe(course: Course, target: TherapeuticRange) -> str:
    """Return the text alternative of the picture of a course: one sentence."""
    numbers = metrics.summary(course, target)
    first = numbers["time_to_therapeutic_h"]
    reached = "never in range" if first is None else f"first in range at {first:.1f} h"
    return (
        f"{axis_label(target.assay)} over {course.hours:.3g} h for {course.patient.weight_kg:.3g} kg: {reached}, "
        f"{numbers['time_in_range_fraction']:.0%} of the time in {target.low:g}-{target.high:g}, "
        f"{numbers['time_below_fraction']:.0%} below, {numbers['time_above_fraction']:.0%} above; "
        f"results {numbers['blood_draws']}, rate changes {numbers['adjustments']}, holds {numbers['holds']}, "
        f"re-boluses {numbers['reboluses']}."
    )


def bands(nomogram: Nomogram, *, ax: Axes | None = None) -> Axes:
    """Draw a nomogram as a ladder of bands: each level has exactly one band, labelled with its orders; its rules above."""
    n_rules = len(nomogram.rules)
    if ax is None:
        figure, axes = new_figure(10.0, 1.2 + 0.62 * (len(nomogram.bands) + n_rules), nrows=1, ncols=1)
        ax = axes[0, 0]
        figure.suptitle(nomogram.title, fontsize=15)
    n_bands = len(nomogram.bands)
    with styled():
        for row, band in enumerate(nomogram.bands):
            colour = RANGE if band.is_no_change else BLUE if _raises(band) else VERMILION
            ax.barh(row, 1.0, color=colour, alpha=0.22, height=0.92)
            ax.text(0.015, row, band.label, va="center", fontsize=13, weight="bold")
            ax.text(0.42, row, band.in_words(), va="center", fontsize=13)
            recheck = nomogram.recheck_in_words(band).replace("check again in", "recheck").replace("check again", "recheck")
            ax.text(0.985, row, recheck, va="center", ha="right", fontsize=12)
        for row, rule in enumerate(nomogram.rules, n_bands):
            ax.barh(row, 1.0, color=BLACK, alpha=0.08, height=0.92)
            words = f"{rule.when_in_words()}: {nomogram.rule_in_words(rule)}"
            ax.text(0.015, row, words, va="center", fontsize=12)
        ax.set_xlim(0, 1)
        ax.set_ylim(-0.5, n_bands + n_rules - 0.5)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.grid(False)
        ax.set_ylabel(axis_label(nomogram.assay) + "\nlow → high")
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax


def _raises(band: Band) -> bool:
    """Return whether a band increases the rate or gives a bolus."""
    return bool(band.raises)


PRINTED_HALF_LIVES_MIN = {25.0: 30.0, 100.0: 60.0, 400.0: 150.0}
"""Printed half-lives, min, by bolus, U/kg (handbooks; the Swiss label prints the last two)."""


def half_lives(
    drugs: Mapping[str, Drug], patient: Patient, *, doses_u_per_kg: Sequence[float] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the half-life after one bolus against its dose, one line per model, with the printed half-lives as points."""
    if ax is None:
        ax = new_figure(8.0, 5.0)[1][0, 0]
    doses = np.geomspace(15.0, 400.0, 48) if doses_u_per_kg is None else np.asarray(doses_u_per_kg, float)
    with styled():
        for name, drug in drugs.items():
            colour, dashes = look_of(drug.name)
            minutes = _half_lives_min(drug, patient, tuple(doses.tolist()))
            ax.plot(doses, minutes, color=colour, ls=dashes, label=name)
        ax.plot(
            list(PRINTED_HALF_LIVES_MIN),
            list(PRINTED_HALF_LIVES_MIN.values()),
            "D",
            ms=10,
            color=BLACK,
            label="printed",
            zorder=5,
        )
        ax.set_xscale("log")
        ax.set_xticks([25, 50, 100, 200, 400], ["25", "50", "100", "200", "400"])
        ax.minorticks_off()
        ax.set_xlabel("bolus (U/kg)")
        ax.set_ylabel("half-life (min)")
        ax.set_ylim(0, 190)
        ax.legend(loc="upper left", fontsize=11)
    return ax


@lru_cache(maxsize=32)
def _half_lives_min(drug: Drug, patient: Patient, doses_u_per_kg: tuple[float, ...]) -> list[float]:
    """Return the half-life after one bolus of each dose, min; cached, because a move of a slider draws the same line again."""
    return [60.0 * (metrics.half_life_h(after_bolus(drug, patient, dose)) or np.nan) for dose in doses_u_per_kg]


@lru_cache(maxsize=8)
def after_bolus(drug: Drug, patient: Patient, dose_u_per_kg: float) -> Course:
    """Return the course of the twelve hours after one bolus; the last few are kept, because a picture asks twice."""
    return simulate(patient, drug, Regimen((Bolus(time_h=0.0, dose_u_per_kg=dose_u_per_kg),)), hours=12.0)


def decays(
    drug: Drug, patient: Patient, doses_u_per_kg: Sequence[float] = (25.0, 100.0, 400.0), *, ax: Axes | None = None
) -> Axes:
    """Draw the concentration after single boluses as a share of its peak, on a log axis: first-order decay is a straight line."""
    if ax is None:
        ax = new_figure(8.0, 5.0)[1][0, 0]
    with styled():
        for colour, dashes, dose in zip(COLOURS, DASHES, doses_u_per_kg, strict=False):
            decay = after_bolus(drug, patient, dose)
            share = decay.concentration_u_per_ml / metrics.peak_u_per_ml(decay)
            half_h = metrics.half_life_h(decay)
            ax.plot(
                decay.time_h[1:],
                share[1:],
                color=colour,
                ls=dashes,
                label=f"{dose:g} U/kg: half after {60 * (half_h or np.nan):.0f} min",
            )
            if half_h:
                ax.plot([half_h], [0.5], "o", ms=9, color=colour, mec=BLACK)
        ax.axhline(0.5, color=BLACK, lw=1, ls=":")
        ax.set_yscale("log")
        ax.set_ylim(0.01, 4.0)
        ax.set_yticks([0.01, 0.1, 0.5, 1.0], ["1 %", "10 %", "50 %", "100 %"])
        ax.minorticks_off()
        ax.set_xlim(0, 6)
        ax.set_xlabel("time after the bolus (h)")
        ax.set_ylabel("share of the peak concentration")
        ax.legend(loc="upper right", fontsize=12)
    return ax


def plateaus(drugs: Mapping[str, Drug], patient: Patient, target: TherapeuticRange, *, ax: Axes | None = None) -> Axes:
    """Draw the steady-state concentration against the infusion rate, one line per model, with the therapeutic range."""
    if ax is None:
        ax = new_figure(8.0, 5.0)[1][0, 0]
    rates = np.linspace(8.0, 26.0, 60)
    with styled():
        shade_target(ax, target, side="left")
        for name, drug in drugs.items():
            colour, dashes = look_of(drug.name)
            kinetics = drug.individual(patient)
            level = [kinetics.steady_state_u_per_ml(rate * patient.weight_kg) for rate in rates]
            ax.plot(rates, level, color=colour, ls=dashes, label=name)
        ax.axvline(18.0, color=BLACK, lw=1.2, ls=":")
        ax.annotate("18 U/kg/h", (18.0, 0.02), xytext=(4, 0), textcoords="offset points", fontsize=11)
        ax.set_xlabel("infusion (U/kg/h)")
        ax.set_ylabel("plateau (U/mL)")
        ax.set_xlim(8, 26)
        ax.set_ylim(0, 1.1)
        ax.legend(loc="upper left", fontsize=11)
    return ax


def clearances(
    drugs: Mapping[str, Drug], patient: Patient, target: TherapeuticRange | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the clearance against the concentration, one line per model: where it falls, an elimination pathway saturates.

    ``target``: range of anti-Xa, shaded

    Raises ``ValueError`` for a range of another assay.
    """
    if target is not None and target.assay != "anti_xa_u_per_ml":
        raise ValueError(f"target must be a range of anti-Xa, the axis is a concentration; got {target.assay!r}")
    if ax is None:
        ax = new_figure(8.0, 5.0)[1][0, 0]
    levels = np.geomspace(0.05, 10.0, 80)
    with styled():
        if target is not None:
            ax.axvspan(target.low, target.high, color=RANGE, alpha=RANGE_SHADE, lw=0, zorder=0)
            ax.annotate(f"target\n{target.low:g}–{target.high:g}", (np.sqrt(target.low * target.high), 0.02), ha="center",
                        xycoords=("data", "axes fraction"), va="bottom", fontsize=11, color=RANGE_TEXT)  # fmt: skip
        for name, drug in drugs.items():
            colour, dashes = look_of(drug.name)
            kinetics = drug.individual(patient)
            ax.plot(levels, [kinetics.clearance_at_ml_per_h(x) / 1000.0 for x in levels], color=colour, ls=dashes, label=name)
        ax.set_xscale("log")
        ax.set_xticks([0.1, 0.3, 1.0, 3.0, 10.0], ["0.1", "0.3", "1", "3", "10"])
        ax.minorticks_off()
        ax.set_xlim(levels[0], levels[-1])
        ax.set_ylim(bottom=0.0)
        ax.set_xlabel("concentration (U/mL)")
        ax.set_ylabel("clearance (L/h)")
        ax.legend(loc="upper right", fontsize=11)
    return ax


def binding_pool(
    drug: Drug, patient: Patient, doses_u_per_kg: Sequence[float] = (25.0, 100.0, 400.0), *, ax: Axes | None = None
) -> Axes:
    """Draw the share of occupied binding sites after single boluses: when all are occupied, this pathway is at its limit.

    Raises ``ValueError`` for a model without a binding pool.
    """
    sites_u = drug.individual(patient).bmax_u
    if sites_u == 0.0:
        raise ValueError(f"drug must be a model with a binding pool; got {drug.name}")
    if ax is None:
        ax = new_figure(8.0, 5.0)[1][0, 0]
    bound = State._fields.index("bound_u")
    with styled():
        for colour, dashes, dose in zip(COLOURS, DASHES, doses_u_per_kg, strict=False):
            decay = after_bolus(drug, patient, dose)
            ax.plot(decay.time_h, 100.0 * decay.states[:, bound] / sites_u, color=colour, ls=dashes, label=f"{dose:g} U/kg")
        ax.axhline(100.0, color=BLACK, lw=1.0, ls=(0, (1, 3)))
        ax.set_xlim(0.0, 12.0)
        ax.set_ylim(0.0, 108.0)
        ax.set_xlabel("time after the bolus (h)")
        ax.set_ylabel("occupied binding sites (%)")
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.93), fontsize=11)
    return ax
