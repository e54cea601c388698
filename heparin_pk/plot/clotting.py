"""Inside the tube: what heparin does to thrombin and fibrin, and the law for dosing beside the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from heparin_pk.blood import clotting
from heparin_pk.blood.response import Reagent, aptt_s
from heparin_pk.body.patient import Patient
from heparin_pk.plot.base import BLACK, BLUE, COLOURS, DASHES, GREEN, STYLE, VERMILION, new_figure, title

_SPARED = {"thrombin": "spares thrombin", "factor-xa": "spares factor Xa", "factor-ixa": "spares factor IXa"}
_NOT_FOR_DOSING = "HepClot, a new and unpublished re-calibration: for the mechanism, never for a dose"


def tube(found: clotting.Report, *, axes: Sequence[Axes] | None = None) -> np.ndarray:
    """Draw a plasma with and without its heparin: fibrin and thrombin of the aPTT, what each target adds, thrombin generation.

    ``found``: a :class:`heparin_pk.clotting.Report`.
    ``axes``: four Axes.
    """
    if axes is None:
        figure, grid = new_figure(12.5, 8.0, nrows=2, ncols=2)
        figure.suptitle(_NOT_FOR_DOSING, fontsize=12)
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
        title(axes[0], "aPTT: fibrin forms later, none dissolves")
        title(axes[1], "aPTT: thrombin (dotted: the clot)")
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
                    ls=DASHES[1:][index % (len(DASHES) - 1)], label=f"law: {reagent.name}")  # fmt: skip
        ax.plot(heparin, network, color=BLACK, lw=3.0, label="network: HepClot (unpublished)")
        ax.axvspan(0.3, 0.7, color=GREEN, alpha=0.16, lw=0, zorder=0)
        ax.set_yscale("log")
        ticks = [25, 30, 40, 60, 80, 100, 150, 200, 300]
        ax.set_yticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
        ax.set_ylim(25.0, 300.0)
        ax.set_xlim(0.0, highest_u_per_ml)
        ax.set_xlabel("heparin (U/mL); shaded: 0.3–0.7")
        ax.set_ylabel("aPTT (s), logarithmic")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=11)
        title(ax, "The law doses are chosen by, and a network that must not choose any")
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
            if one.peaks_nmol_per_l is not None:
                axes[1].plot([0.0, 0.1], np.array(one.peaks_nmol_per_l) / one.peaks_nmol_per_l[0], **style)
        axes[0].set_xlabel("heparin (U/mL)")
        axes[0].set_ylabel("aPTT (× that without heparin)")
        axes[1].set_xlabel("heparin (U/mL)")
        axes[1].set_ylabel("peak thrombin (share of that without)")
        axes[1].set_ylim(0.0, 1.05)
        for ax in axes:
            ax.legend(loc="best", fontsize=11)
        title(axes[0], "aPTT (HepClot was calibrated to it)")
        title(axes[1], "Thrombin after 5 pmol/L tissue factor")
    return np.array(axes)
