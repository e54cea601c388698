"""One plasma, everything the tube tells about it: for the command line and the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from heparin_pk.base.records import to_plain
from heparin_pk.blood.clotting.tube import (
    ENZYMES,
    HEPCLOT,
    LONGEST_S,
    Plasma,
    ThrombinGeneration,
    Tube,
    contact_activation,
    thrombin_generation,
)

LABEL = "HepClot: a new, unpublished re-calibration; for the mechanism, never for a dose"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """An aPTT and a thrombin generation of one plasma, each beside the same plasma without heparin.

    ``plasma``: the plasma.
    ``tube``, ``without``: the tubes of the aPTT, with its heparin and without.
    ``spared``: the tube where antithrombin inhibits one of ``ENZYMES`` no faster with heparin than without, by its name.
    ``generation``, ``generation_without``: thrombin generation, with its heparin and without.
    ``tissue_factor_pmol_per_l``: the trigger of the thrombin generation, pmol/L.
    ``sensitivity_ratio``: sensitivity of the aPTT reagent to heparin, 1 that of the calibration.
    """

    plasma: Plasma
    tube: Tube
    without: Tube
    spared: Mapping[str, Tube]
    generation: ThrombinGeneration
    generation_without: ThrombinGeneration
    tissue_factor_pmol_per_l: float
    sensitivity_ratio: float

    def to_plain(self) -> dict[str, Any]:
        """Return the numbers as a dict of plain values; ``None`` for an aPTT beyond 300 s, and where no thrombin forms."""
        return {
            "network": LABEL,
            "plasma": to_plain(self.plasma),
            "sensitivity_ratio": self.sensitivity_ratio,
            "aptt_s": self.tube.clotted_s,
            "longest_aptt_s": LONGEST_S,
            "aptt_without_heparin_s": self.without.clotted_s,
            "aptt_if_heparin_spares_s": {name: tube.clotted_s for name, tube in self.spared.items()},
            "tissue_factor_pmol_per_l": self.tissue_factor_pmol_per_l,
            "thrombin_generation": _numbers(self.generation),
            "thrombin_generation_without_heparin": _numbers(self.generation_without),
        }

    def in_words(self) -> str:
        """Return the numbers as a table, one a line."""
        lines = [LABEL, "", f"{repr(self.plasma)[len('Plasma(') : -1] or 'normal plasma'}", ""]
        lines += [f"{'':<32}{'aPTT (s)':>12}", f"{'this plasma':<32}{_time(self.tube):>12}"]
        lines += [f"{'without heparin':<32}{_time(self.without):>12}"]
        lines += [f"{f'if heparin spared {name}':<32}{_time(tube):>12}" for name, tube in self.spared.items()]
        lines += ["", f"thrombin generation, {self.tissue_factor_pmol_per_l:g} pmol/L tissue factor"]
        lines += [f"{'':<18}{'lag (min)':>10}{'peak (nmol/L)':>15}{'at (min)':>10}{'area (nmol min/L)':>19}"]
        for name, one in (("this plasma", self.generation), ("without heparin", self.generation_without)):
            lag, at = (f"{value:.1f}" if value is not None else "-" for value in (one.lag_min, one.time_to_peak_min))
            lines.append(f"{name:<18}{lag:>10}{one.peak_nmol_per_l:>15.1f}{at:>10}{one.etp_nmol_min_per_l:>19.0f}")
        now, bare = self.generation.lag_min, self.generation_without.lag_min
        if now is not None and bare is not None and now < bare:
            lines.append("The lag is shorter here with heparin; in plasma it is longer: a known error of this network.")
        lines += ["", "Fibrin stops forming; what is there stays: heparin lyses no clot, and the network holds no lysis."]
        return "\n".join(lines)


def report(plasma: Plasma, *, tissue_factor_pmol_per_l: float = 5.0, sensitivity_ratio: float = 1.0) -> Report:
    """Return an aPTT and a thrombin generation of a plasma, beside those without heparin and with one enzyme spared.

    Raises ``ValueError`` outside the limits of :func:`contact_activation` and :func:`thrombin_generation`.
    """
    bare = replace(plasma, heparin_u_per_ml=0.0)

    def tube(sample: Plasma) -> Tube:
        return contact_activation(sample, sensitivity_ratio=sensitivity_ratio, recipe=HEPCLOT)

    def generation(sample: Plasma) -> ThrombinGeneration:
        return thrombin_generation(sample, tissue_factor_pmol_per_l=tissue_factor_pmol_per_l)

    def sparing(enzyme: str) -> Plasma:
        return replace(plasma, heparin_spares=tuple(dict.fromkeys((*plasma.heparin_spares, enzyme))))

    return Report(
        plasma=plasma,
        tube=tube(plasma),
        without=tube(bare),
        spared={enzyme: tube(sparing(enzyme)) for enzyme in ENZYMES},
        generation=generation(plasma),
        generation_without=generation(bare),
        tissue_factor_pmol_per_l=float(tissue_factor_pmol_per_l),
        sensitivity_ratio=float(sensitivity_ratio),
    )


def _numbers(one: ThrombinGeneration) -> dict[str, float | None]:
    names = ("lag_min", "peak_nmol_per_l", "time_to_peak_min", "etp_nmol_min_per_l")
    return {name: getattr(one, name) for name in names}


def _time(tube: Tube) -> str:
    return f"> {LONGEST_S:g}" if tube.clotted_s is None else f"{tube.clotted_s:.1f}"
