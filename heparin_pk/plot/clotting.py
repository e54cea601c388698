"""Inside the tube: what heparin does to thrombin and fibrin, and the law for dosing beside the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heparin_pk.base.checks import check_one_of
from heparin_pk.blood import clotting
from heparin_pk.blood.response import Reagent, aptt_s
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import (
    BLACK,
    BLUE,
    BROWN,
    COLOURS,
    DASHES,
    PURPLE,
    RANGE,
    RANGE_SHADE,
    RANGE_TEXT,
    STYLE,
    VERMILION,
    new_figure,
    title,
)
from heparin_pk.published.ranges import ANTI_XA_TREATMENT

_SPARED = {"thrombin": "spares thrombin", "factor-xa": "spares factor Xa", "factor-ixa": "spares factor IXa"}
_NOT_FOR_DOSING = "HepClot, a new and unpublished re-calibration: for the mechanism, never for a dose"


def tube(found: clotting.Report, *, axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw a plasma with and without its heparin: fibrin and thrombin of the aPTT, what each target adds, thrombin generation.

    ``found``: a :class:`heparin_pk.clotting.Report`.
    ``axes``: four Axes.
    """
    if axes is None:
        figure, grid = new_figure(12.5, 8.6, nrows=2, ncols=2)
        figure.suptitle(_NOT_FOR_DOSING, fontsize=12)
        figure.set_layout_engine("constrained", hspace=0.08, wspace=0.06)
        axes = grid.ravel().tolist()
    pairs = ((found.without, BLUE, "-", "without heparin"), (found.tube, VERMILION, "--", "this plasma"))
    ends = [one.clotted_s or clotting.LONGEST_S for one, *_ in pairs]
    with plt.rc_context(STYLE):
        for ax, name in zip(axes[:2], ("fibrin", "thrombin"), strict=True):
            for one, colour, dashes, label in pairs:
                ax.plot(one.time_s, getattr(one, f"{name}_nmol_per_l"), color=colour, ls=dashes, label=label)
                if one.clotted_s is not None:
                    ax.axvline(one.clotted_s, color=colour, lw=1.0, ls=":")
            ax.set_xlim(0.0, min(1.6 * max(ends), clotting.LONGEST_S))
            ax.set_xlabel("time after calcium (s)")
            ax.set_ylabel(f"{name} (nmol/L)")
            ax.legend(loc="upper left", fontsize=11)
        title(axes[0], "aPTT: fibrin forms later (dotted: the clot)")
        title(axes[1], "aPTT: the thrombin of these seconds")
        _bars(axes[2], found)
        curves = ((found.generation_without, BLUE, "-", "without heparin"), (found.generation, VERMILION, "--", "this plasma"))
        for curve, colour, dashes, label in curves:
            words = f"{label}: {curve.etp_nmol_min_per_l:.0f} nmol min/L"
            axes[3].plot(curve.time_min, curve.thrombin_nmol_per_l, color=colour, ls=dashes, label=words)
        axes[3].set_xlim(0.0, 30.0)
        axes[3].set_xlabel("time (min)")
        axes[3].set_ylabel("thrombin (nmol/L)")
        axes[3].legend(loc="upper right", fontsize=11)
        title(axes[3], f"Thrombin generation, {found.tissue_factor_pmol_per_l:g} pmol/L tissue factor")
    return np.array(axes)


def _bars(ax: Axes, found: clotting.Report) -> None:
    """Draw the aPTT without heparin, with it, and with it where one target is spared."""
    rows = [("without heparin", found.without, BLUE), ("this plasma", found.tube, VERMILION)]
    rows += [(f"{_SPARED[name]}", one, COLOURS[2]) for name, one in found.spared.items()]
    for y, (_, one, colour) in enumerate(rows):
        seconds = one.clotted_s or clotting.LONGEST_S
        ax.barh(y, seconds, color=colour, alpha=0.85, height=0.65, zorder=2)
        words = f"> {clotting.LONGEST_S:g}" if one.clotted_s is None else f"{seconds:.0f}"
        ax.annotate(words, (seconds, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=11)
    ax.set_yticks(range(len(rows)), [name for name, *_ in rows])
    ax.invert_yaxis()
    ax.set_axisbelow(True)
    ax.margins(x=0.12)
    ax.set_xlabel("aPTT (s)")
    title(ax, "If heparin spared one enzyme")


def law_and_network(
    several: Sequence[Reagent], *, patient: Patient | None = None, highest_u_per_ml: float = 1.2, ax: Axes | None = None
) -> Axes:
    """Draw ln(aPTT) against heparin: the straight lines doses are chosen by, one a reagent, and the network beside them.

    The slope of the network was a target of its calibration, so that it lies among the reagents explains nothing; that it stays
    straight up to 1.2 U/mL was held out.

    ``several``: reagents of the law.
    ``patient``: whose baseline aPTT and antithrombin (default: a typical patient).
    ``highest_u_per_ml``: right end of the axis, U/mL.
    """
    if ax is None:
        ax = new_figure(10.5, 5.8)[1][0, 0]
    person = patient if patient is not None else Patient(weight_kg=70.0)
    heparin = np.linspace(0.0, highest_u_per_ml, 25)
    network = [
        clotting.aptt_s(clotting.Plasma(heparin_u_per_ml=float(level), antithrombin_fraction=person.antithrombin_fraction))
        for level in heparin
    ]
    with plt.rc_context(STYLE):
        for index, reagent in enumerate(several):
            ax.plot(heparin, aptt_s(heparin, person, reagent), color=COLOURS[index % len(COLOURS)], lw=1.6,
                    ls=DASHES[(index + index // len(COLOURS)) % len(DASHES)], label=f"law: {reagent.label}")  # fmt: skip
        ax.plot(heparin, network, color=BLACK, lw=3.0, label="network: HepClot (unpublished)")
        _range(ax)
        _seconds_against_heparin(ax, highest_u_per_ml)
        ax.set_xlabel("heparin (U/mL)")
        ax.set_ylabel("aPTT (s), logarithmic")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11)
        title(ax, "The law doses are chosen by, and a network that must not choose any")
    return ax


def _range(ax: Axes) -> None:
    """Shade the levels that treatment aims at, upright, and name them at the lower edge."""
    low, high = ANTI_XA_TREATMENT.low, ANTI_XA_TREATMENT.high
    ax.axvspan(low, high, color=RANGE, alpha=RANGE_SHADE, lw=0, zorder=0)
    ax.annotate(f"treatment {low:g}–{high:g}", (0.5 * (low + high), 0.0), xycoords=("data", "axes fraction"), xytext=(0, 4),
                textcoords="offset points", ha="center", va="bottom", fontsize=11, color=RANGE_TEXT)  # fmt: skip


def _seconds_against_heparin(ax: Axes, highest_u_per_ml: float) -> None:
    """Set the axes of ln(aPTT) against heparin, U/mL."""
    ax.set_yscale("log")
    ticks = [20, 30, 40, 60, 80, 100, 150, 200, 300]
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_ylim(20.0, 300.0)
    ax.set_xlim(0.0, highest_u_per_ml)


def over_heparin(
    series: Sequence[clotting.TubeAt],
    at_u_per_ml: float,
    *,
    whole: Sequence[clotting.TubeAt] = (),
    whole_is: str = "nothing spared",
    patient: Patient | None = None,
    reagent: Reagent | None = None,
    shows: Sequence[str] = ("fibrin", "thrombin", "seconds"),
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Draw a plasma at one level of heparin: fibrin of the aPTT, thrombin generation, and the aPTT against heparin.

    ``series``: :func:`heparin_pk.clotting.over_heparin` of the plasma, from 0 U/mL up; it may be empty while it is computed.
    ``at_u_per_ml``: a level of the series, U/mL.
    ``whole``: a series drawn beside it, such as the same plasma where heparin spares no enzyme.
    ``whole_is``: what that series is, in the words of the legend.
    ``patient``, ``reagent``: whose straight line (the law doses are chosen by) is drawn beside the network.
    ``shows``: pictures in their order: "fibrin", "thrombin", "seconds".
    ``axes``: one Axes a picture.

    Raises ``ValueError`` for a level that is not in the series, an unknown picture, and too few or too many Axes.
    """
    for name in shows:
        check_one_of("shows", name, tuple(_LABELS))
    if axes is None:
        axes = new_figure(5.0 * len(shows), 4.9, ncols=len(shows))[1].ravel().tolist()
    if len(axes) != len(shows):
        raise ValueError(f"axes must be as many as the pictures, {len(shows)}; got {len(axes)}")
    curves = (
        (series, 0.0, BLUE, "-", "no heparin"),
        (whole, at_u_per_ml, PURPLE, ":", f"heparin, {whole_is}"),
        (series, at_u_per_ml, VERMILION, "--", f"heparin {at_u_per_ml:g} U/mL"),
    )
    known = [(at_level(many, level), tint, dash, label) for many, level, tint, dash, label in curves if many]
    with plt.rc_context(STYLE):
        for ax, name in zip(axes, shows, strict=True):
            ax.set_xlabel(_LABELS[name][0])
            ax.set_ylabel(_LABELS[name][1])
            if name == "seconds":
                _seconds(ax, series, at_u_per_ml, whole, whole_is, patient, reagent)
                continue
            ax.set_xlim(0.0, 200.0 if name == "fibrin" else 25.0)
            ax.set_ylim(0.0, 3800.0 if name == "fibrin" else 520.0)
            for one, tint, dash, label in known:
                x, y = (one.time_s, one.fibrin_nmol_per_l) if name == "fibrin" else (one.time_min, one.thrombin_nmol_per_l)
                ax.plot(x, y, color=tint, ls=dash, label=label)
                if name == "fibrin" and one.clotted_s is not None:
                    height = float(np.interp(one.clotted_s, one.time_s, one.fibrin_nmol_per_l))
                    ax.plot([one.clotted_s], [height], "o", color=tint, ms=9, label="_clot")
            if known:
                ax.legend(loc="upper left", ncols=2 if name == "fibrin" else 1, fontsize=10)
    return np.array(axes)


def _seconds(
    ax: Axes,
    series: Sequence[clotting.TubeAt],
    at_u_per_ml: float,
    whole: Sequence[clotting.TubeAt],
    whole_is: str,
    patient: Patient | None,
    reagent: Reagent | None,
) -> None:
    """Draw the aPTT against heparin: the network, the series beside it, the law of a reagent, and this tube."""
    _seconds_against_heparin(ax, 1.25)
    ax.set_xticks([0.0, 0.3, 0.5, 0.7, 1.0, 1.2])
    _range(ax)
    if reagent is not None:
        heparin = np.array(clotting.LEVELS_U_PER_ML)
        law = aptt_s(heparin, patient if patient is not None else Patient(weight_kg=75.0), reagent)
        ax.plot(heparin, law, color=BROWN, lw=1.8, ls="-.", label=f"law: {reagent.label}")
    for many, colour, dashes, label in ((whole, PURPLE, ":", f"network, {whole_is}"), (series, BLACK, "-", "network")):
        clotted = [(one.heparin_u_per_ml, one.clotted_s) for one in many if one.clotted_s is not None]
        if clotted:
            ax.plot(*zip(*clotted, strict=True), color=colour, ls=dashes, label=label)
    found = at_level(series, at_u_per_ml).clotted_s if series else None
    if found is not None:
        ax.plot([at_u_per_ml], [found], "D", ms=10, color=VERMILION, mec=BLACK, label="this tube", zorder=5)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", fontsize=10)


_LABELS = {
    "fibrin": ("aPTT: time after calcium (s)", "fibrin (nmol/L); dot: the clot"),
    "thrombin": ("time after tissue factor (min)", "thrombin (nmol/L)"),
    "seconds": ("heparin (U/mL)", "aPTT (s), logarithmic"),
}


def at_level(series: Sequence[clotting.TubeAt], at_u_per_ml: float) -> clotting.TubeAt:
    """Return what a series holds at a level, U/mL; raises ``ValueError`` for one that is not in it."""
    found = next((one for one in series if abs(one.heparin_u_per_ml - at_u_per_ml) < 1e-6), None)
    if found is None:
        levels = ", ".join(f"{one.heparin_u_per_ml:g}" for one in series)
        raise ValueError(f"at_u_per_ml must be a level of the series, {levels}; got {at_u_per_ml:g}")
    return found


def describe_over_heparin(
    series: Sequence[clotting.TubeAt], at_u_per_ml: float, *, shows: Sequence[str] = ("fibrin", "thrombin", "seconds")
) -> str:
    """Return the text alternative: when the tube clots with and without its heparin, and how much thrombin is formed."""
    bare, one = at_level(series, 0.0), at_level(series, at_u_per_ml)
    clots = f"Heparin {at_u_per_ml:g} U/mL: the tube {_clots(one)}; without heparin it {_clots(bare)}."
    if "thrombin" not in shows:
        return clots
    return (
        f"{clots} After tissue factor the highest thrombin is {one.peak_nmol_per_l:.0f} in place of "
        f"{bare.peak_nmol_per_l:.0f} nmol/L, the area under thrombin "
        f"{one.etp_nmol_min_per_l:.0f} in place of {bare.etp_nmol_min_per_l:.0f} nmol min/L.{_lag(bare, one)}"
    )


def _lag(bare: clotting.TubeAt, one: clotting.TubeAt) -> str:
    """Return how heparin changes the lag in this network, and that real plasma does otherwise; empty where nothing changes."""
    if one.lag_min is None or bare.lag_min is None or abs(one.lag_min - bare.lag_min) < _SAME_MIN:
        return ""
    does = "shortens" if one.lag_min < bare.lag_min else "lengthens"
    return (
        f" In this network heparin {does} the lag (the time until thrombin reaches a sixth of its peak): {one.lag_min:.1f} in "
        f"place of {bare.lag_min:.1f} min. "
        + ("That is a known error: in real plasma heparin lengthens it." if does == "shortens" else "Real plasma does so, too.")
    )


_SAME_MIN = 0.05


def _clots(one: clotting.TubeAt) -> str:
    return "does not clot within 210 s" if one.clotted_s is None else f"clots at {one.clotted_s:.0f} s"


def heparin_added(before: clotting.Tube, after: clotting.Tube, added_s: float, *, ax: Axes | None = None) -> Axes:
    """Draw fibrin in two tubes that clot, one of them with heparin added: no more fibrin forms, and none dissolves.

    ``before``, ``after``: the tube without heparin, and the one of :func:`heparin_pk.clotting.heparin_into_a_clotting_tube`.
    ``added_s``: when heparin was added, s after calcium.
    """
    ax = ax if ax is not None else new_figure(9.5, 4.8)[1][0, 0]
    with plt.rc_context(STYLE):
        ax.plot(before.time_s, before.fibrin_nmol_per_l, color=BLUE, label="no heparin")
        ax.plot(after.time_s, after.fibrin_nmol_per_l, color=VERMILION, ls="--", label=f"heparin added at {added_s:g} s")
        ax.axvline(added_s, color=BLACK, lw=1.0, ls=":")
        ax.set_xlim(0.0, 200.0)
        ax.set_ylim(0.0, None)
        ax.set_xlabel("time after calcium (s)")
        ax.set_ylabel("fibrin (nmol/L)")
        ax.legend(loc="lower right", fontsize=11)
        title(ax, "What is there stays: heparin dissolves no fibrin")
    return ax


def plate(*, axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw what the networks of :mod:`heparin_pk.blood.clotting.plate` answer: aPTT ratio and thrombin.

    ``axes``: two Axes.
    """
    if axes is None:
        figure, grid = new_figure(12.5, 5.6, ncols=2)
        figure.suptitle("Published is not valid for your question: networks under heparin", fontsize=14)
        axes = grid.ravel().tolist()
    found = clotting.plate.answers()
    heparin = np.array(clotting.plate.HEPARIN_U_PER_ML)
    with plt.rc_context(STYLE):
        for index, one in enumerate(found):
            style: dict[str, Any] = {"color": COLOURS[index], "ls": DASHES[index], "label": one.name, "marker": "o", "ms": 5}
            if one.aptt_s is not None:
                axes[0].plot(heparin, np.array(one.aptt_s) / one.aptt_s[0], **style)
        axes[0].axhline(1.0, color=BLACK, lw=1.0, ls=":")
        axes[0].set_ylim(0.5, None)
        axes[0].set_xlabel("heparin (U/mL)")
        axes[0].set_ylabel("aPTT (times that without heparin)")
        axes[0].legend(loc="upper left", fontsize=11)
        _range(axes[0])
        asked = [(index, one, one.peaks_nmol_per_l) for index, one in enumerate(found) if one.peaks_nmol_per_l is not None]
        for y, (index, one, peaks) in enumerate(asked):
            left = 100.0 * peaks[1] / peaks[0]
            axes[1].barh(y, left, color=COLOURS[index], height=0.55)
            words = str(one.peak_left_in_words)
            axes[1].annotate(words, (left, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=12)
        axes[1].set_yticks(range(len(asked)), [one.name.replace(" + ", "\n+ ").replace(" (", "\n(") for _, one, _ in asked])
        axes[1].set_ylim(len(asked) - 0.4, -0.6)
        axes[1].set_xlim(0.0, 120.0)
        axes[1].set_xticks(range(0, 101, 20))
        axes[1].set_axisbelow(True)
        axes[1].set_xlabel("thrombin peak left with 0.1 U/mL (%)")
        title(axes[0], "aPTT (HepClot was calibrated to it)")
        title(axes[1], "Thrombin after 5 pmol/L tissue factor")
    return np.array(axes)
