"""A titration plate of networks: published ones and HepClot, asked the same questions under heparin, as far as each can answer.

None of the published ones was made for unfractionated heparin. Four get the heparin of :data:`HEPARIN_ADDED`: rate constants from
the literature, nothing fitted; Wajima 2009 has its own. That they disagree by as much as they do is the lesson: published is not
valid for your question. HepClot agrees with what is measured because it was calibrated to it; that explains nothing.

Hartmann 2016 (MODEL1807180004, BioModels, CC0) is Wajima 2009 with rivaroxaban: every rate constant and its heparin are the same
in the two files, so its answers are Wajima's. Not on the plate, for their files of BioModels are mis-entered: Makin 2013
(MODEL1807230001: levels shifted by a row) and Kogan 2001 (MODEL1109160001: prothrombinase is made as one species and acts as
another, so it never acts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from heparin_pk.base.checks import check_between, check_is
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.clotting import network as tables
from heparin_pk.blood.clotting.network import BEFORE_CALCIUM, Network, Reaction
from heparin_pk.blood.clotting.panteleev import PANTELEEV_2010, Panteleev
from heparin_pk.blood.clotting.solve import solve
from heparin_pk.blood.clotting.tube import (
    HEPCLOT,
    LONGEST_S,
    NAYAK_2015,
    Plasma,
    Recipe,
    ThrombinGeneration,
    Tube,
    aptt_s,
    generation_of,
    thrombin_generation,
)

HOCKIN_2002 = Source(
    key="Hockin_2002",
    citation="Hockin, Jones, Everse, Mann 2002. A model for the stoichiometric regulation of blood coagulation. J Biol Chem",
    where="BIOMD0000000335 (BioModels, CC0) and a transcription by M. J. Owen (BSD-3): the 42 constants of both are the same",
    confidence="re-coded",
    doi="10.1074/jbc.M201173200",
    pmid="11893748",
)
WAJIMA_2009 = Source(
    key="Wajima_2009",
    citation="Wajima, Isbister, Duffull 2009. A comprehensive model for the humoral coagulation network in humans",
    where="BIOMD0000000338 (BioModels, CC0), the aPTT test; production of factors and vitamin K left out; the paper was not read",
    confidence="re-coded",
    pmid="19516255",
)
CHATTERJEE_2010 = Source(
    key="Chatterjee_2010",
    citation=(
        "Chatterjee, Denney, Jing, Diamond 2010. Systems biology of coagulation initiation: kinetics of thrombin generation in "
        "resting and activated human blood. PLoS Comput Biol"
    ),
    where=(
        "MODEL1108260014 (BioModels, CC0) and a transcription by M. J. Owen (BSD-3): the 104 constants of both are the same. Of "
        "the paper only the abstract was read"
    ),
    confidence="re-coded",
    doi="10.1371/journal.pcbi.1000950",
)
_LITERATURE = "second-hand: literature value, not fitted"
ACTIVE_NMOL_PER_U = Value(
    110.0,
    Source(
        key="derived",
        citation="Active unfractionated heparin for each U/mL",
        where="DERIVED: 5 to 6 ug/mL for each U/mL (180 to 200 U/mg, assumed), 15 to 16 kDa, a third of the chains active",
        confidence="derived",
    ),
)
"""nmol/L for each U/mL; HepClot was calibrated to 205."""


def _added(reactants: str, products: str, constant: str, value: float, source: str, stage: str = "") -> Reaction:
    left, right = tuple(reactants.split(" + ")), tuple(products.split(" + "))
    unit = "1/s" if len(left) == 1 else "1/(nmol/L s)"
    return Reaction(
        name="H", reactants=left, products=right, constant=constant, value=value, unit=unit, source=source, stage=stage
    )


HEPARIN_ADDED = (
    _added("H + AT", "HAT", "kon_h", 0.1, "assumed: as in HepClot", BEFORE_CALCIUM),
    _added("HAT", "H + AT", "koff_h", 2.5, "assumed: as in HepClot", BEFORE_CALCIUM),
    _added("H + HBP", "HP", "kon_p", 0.1, "assumed: as in HepClot", BEFORE_CALCIUM),
    _added("HP", "H + HBP", "koff_p", 2.5, "assumed: as in HepClot", BEFORE_CALCIUM),
    _added("HAT + IIa", "IIa_AT + H", "h_iia", 0.015, f"{_LITERATURE}, 1.5e7 1/(M s)"),
    _added("HAT + Xa", "Xa_AT + H", "h_xa", 0.01, f"{_LITERATURE}, 1e7 1/(M s)"),
    _added("HAT + IXa", "IXa_AT + H", "h_ixa", 0.01, f"{_LITERATURE}, 1e7 1/(M s)"),
)
"""Heparin added to a published network that has antithrombin and no heparin."""


@cache
def nayak() -> Recipe:
    """Return Nayak 2015 with heparin added; its aPTT protocol is not in the transcription, so that of HepClot is taken."""
    return Recipe(
        name="Nayak 2015 + heparin",
        network=tables.read("nayak_2015", "Nayak 2015").with_reactions(HEPARIN_ADDED),
        source=NAYAK_2015,
        heparin_nmol_per_u=ACTIVE_NMOL_PER_U.value,
        clot_nmol_per_l=0.1 * 3000.0,  # a tenth of the fibrinogen (assumed)
        further_nmol_per_l=(("PC", 60.0),),  # and no thrombomodulin: a tube has no vessel wall
        surface_nmol_per_l=(("CA", 1000.0),),  # assumed
    )


@cache
def hockin_mann() -> Recipe:
    """Return Hockin-Mann 2002 with heparin added: no contact activation and no fibrin, so no aPTT."""
    return Recipe(
        name="Hockin-Mann 2002 + heparin",
        network=tables.read("hockin_mann_2002", "Hockin-Mann 2002").with_reactions(_without_stage(HEPARIN_ADDED)),
        source=HOCKIN_2002,
        heparin_nmol_per_u=ACTIVE_NMOL_PER_U.value,
        clot_nmol_per_l=1.0,
    )


@cache
def chatterjee() -> Recipe:
    """Return Chatterjee 2010 with heparin added and its platelets fully active (its epsilon at 1).

    There epsilon follows the highest thrombin so far, from 0.01 in resting blood; an aPTT and a thrombin generation have
    phospholipid in the tube from the start. Its contact surface is a plastic well, not a reagent, so its aPTT is long.
    """
    return Recipe(
        name="Chatterjee 2010 + heparin",
        network=tables.read("chatterjee_2010", "Chatterjee 2010").with_reactions(HEPARIN_ADDED),
        source=CHATTERJEE_2010,
        heparin_nmol_per_u=ACTIVE_NMOL_PER_U.value,
        clot_nmol_per_l=0.1 * 3000.0,  # a tenth of the fibrinogen (assumed)
        further_nmol_per_l=(("C1inh", 2500.0), ("alpha1AT", 45000.0), ("alpha2AP", 1000.0)),
        fibrin="FPA",  # one fibrinopeptide A leaves each fibrinogen that becomes fibrin
    )


def panteleev_generation(plasma: Plasma, tissue_factor_pmol_per_l: float = 5.0, watched_min: float = 60.0) -> ThrombinGeneration:
    """Return the thrombin generation of Panteleev 2010 with heparin added: plasma at 2/3, no contact activation in it.

    ``tissue_factor_pmol_per_l``: the trigger, pmol/L (0 to 1000).
    ``watched_min``: how long, min (1 to 240).

    Raises ``ValueError`` outside these limits.
    """
    check_is("plasma", plasma, Plasma, "a Plasma")
    check_between("tissue_factor_pmol_per_l", tissue_factor_pmol_per_l, 0.0, 1000.0)
    check_between("watched_min", watched_min, 1.0, 240.0)
    network = Panteleev(dilution_ratio=2.0 / 3.0, heparin_per_s={one.constant: one.value for one in HEPARIN_ADDED})
    levels = plasma.levels_nmol_per_l(ACTIVE_NMOL_PER_U.value, 2.0 / 3.0)
    levels |= {"TF": 1e-3 * tissue_factor_pmol_per_l, "PC": 60.0 * 2.0 / 3.0}
    times_s = np.linspace(0.0, 60.0 * watched_min, round(20.0 * watched_min) + 1)[1:]
    found = solve(network, network.state(levels), 60.0 * watched_min, times_s=times_s)
    tube = Tube(
        plasma=plasma,
        species=network.species,
        time_s=found.time_s,
        state_nmol_per_l=found.state,
        clotted_s=None,  # fibrin is not waited for here
        method=found.method,
    )
    return generation_of(tube)


def _without_stage(reactions: tuple[Reaction, ...]) -> tuple[Reaction, ...]:
    return tuple(replace(one, stage="") for one in reactions)


_WAJIMA_NMOL_PER_L: Mapping[str, float] = {
    "XII": 375.0, "VIII": 0.7, "IX": 89.6, "XI": 10.3734, "XIa": 4.5288, "VII": 10.0, "X": 174.3, "V": 26.7, "II": 1394.4,
    "Fg": 8945.5, "XIII": 70.3, "Pg": 2154.3, "PC": 60.0, "PS": 300.0, "TFPI": 2.5, "Pk": 450.0,
}  # fmt: skip
"""Plasma after contact activation, nmol/L (source: ``WAJIMA_2009``).

Its 50 nmol/L of thrombomodulin are left out, for a tube has no vessel wall; with them the aPTT is 34.6 s instead of 34.4 s.
"""
_WAJIMA_CLOT_NMOL_S_PER_L = 1500.0


@cache
def _wajima_network() -> Network:
    return tables.read("wajima_2009", "Wajima 2009")


def wajima_aptt_s(heparin_u_per_ml: float = 0.0, factor_viii_fraction: float = 1.0) -> float:
    """Return the aPTT of Wajima 2009 from its own protocol, s: plasma at 1/3, clotted at an area under fibrin of 1500 nmol s/L.

    It has no antithrombin, only a complex of it with heparin; that of each U/mL is ``ACTIVE_NMOL_PER_U``.

    ``heparin_u_per_ml``: U/mL (0 to 50).
    ``factor_viii_fraction``: share of normal (0 to 5).

    Raises ``ValueError`` outside these limits, and where it has not clotted by 300 s.
    """
    check_between("heparin_u_per_ml", heparin_u_per_ml, 0.0, 50.0)
    check_between("factor_viii_fraction", factor_viii_fraction, 0.0, 5.0)
    network = _wajima_network()
    levels = dict(_WAJIMA_NMOL_PER_L) | {"AT_Hep": ACTIVE_NMOL_PER_U.value * heparin_u_per_ml}
    levels["VIII"] *= factor_viii_fraction
    found = solve(
        network,
        network.state(levels) / 3.0,
        LONGEST_S,
        wait_for="F_area",
        wait_for_nmol_per_l=_WAJIMA_CLOT_NMOL_S_PER_L,
    )
    if found.reached_s is None:
        raise ValueError(f"heparin_u_per_ml: no clot by {LONGEST_S:g} s; got {heparin_u_per_ml!r}")
    return found.reached_s


# The questions


HEPARIN_U_PER_ML = (0.0, 0.1, 0.3, 0.5, 0.7, 1.0)
"""Heparin at which every network is asked for an aPTT, U/mL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one network answers; ``None`` where it cannot be asked.

    ``name``: the network.
    ``source``: where it comes from.
    ``aptt_s``: aPTT at ``HEPARIN_U_PER_ML``, s; infinity beyond 300 s.
    ``half_antithrombin_s``: aPTT at 0.5 U/mL with half of the antithrombin, s.
    ``triple_factor_viii_s``: aPTT at 0.5 U/mL with three times the factor VIII, s.
    ``peaks_nmol_per_l``: highest thrombin after 5 pmol/L tissue factor, without heparin and with 0.1 U/mL, nmol/L.
    ``etps_nmol_min_per_l``: area under thrombin in 60 min, likewise, nmol min/L.
    ``cannot``: what it cannot be asked, and why.
    """

    name: str
    source: Source
    aptt_s: tuple[float, ...] | None
    half_antithrombin_s: float | None
    triple_factor_viii_s: float | None
    peaks_nmol_per_l: tuple[float, float] | None
    etps_nmol_min_per_l: tuple[float, float] | None
    cannot: str = ""

    @property
    def peak_left_in_words(self) -> str | None:
        """The share of the thrombin peak that 0.1 U/mL leaves, per cent in words; ``None`` where no thrombin was asked."""
        if self.peaks_nmol_per_l is None:
            return None
        left = 100.0 * self.peaks_nmol_per_l[1] / self.peaks_nmol_per_l[0]
        return f"{left:.0f} %" if left >= 10.0 else f"{left:.2g} %"

    @property
    def slope_ml_per_u(self) -> float | None:
        """Slope of ln(aPTT) over heparin, mL/U, by least squares over the aPTTs below 300 s; ``None`` with fewer than three."""
        if self.aptt_s is None:
            return None
        known = [(x, y) for x, y in zip(HEPARIN_U_PER_ML, self.aptt_s, strict=True) if y < np.inf]
        if len(known) < 3:
            return None
        return float(np.polyfit([x for x, _ in known], np.log([y for _, y in known]), 1)[0])


@cache
def answers() -> tuple[Answers, ...]:
    """Return the answers of all networks, HepClot first."""
    return (_of(HEPCLOT), _of(nayak()), _of(chatterjee()), _of(hockin_mann()), _of_panteleev(), _of_wajima())


def _of(recipe: Recipe) -> Answers:
    check_is("recipe", recipe, Recipe, "a Recipe")
    contact = any(one.stage for one in recipe.network.reactions)
    with_heparin = Plasma(heparin_u_per_ml=0.5)
    tested = [thrombin_generation(Plasma(heparin_u_per_ml=level), recipe=recipe) for level in (0.0, 0.1)]
    return Answers(
        name=recipe.name,
        source=recipe.source,
        aptt_s=tuple(aptt_s(Plasma(heparin_u_per_ml=level), recipe=recipe) for level in HEPARIN_U_PER_ML) if contact else None,
        half_antithrombin_s=aptt_s(replace(with_heparin, antithrombin_fraction=0.5), recipe=recipe) if contact else None,
        triple_factor_viii_s=aptt_s(replace(with_heparin, factor_viii_fraction=3.0), recipe=recipe) if contact else None,
        peaks_nmol_per_l=(tested[0].peak_nmol_per_l, tested[1].peak_nmol_per_l),
        etps_nmol_min_per_l=(tested[0].etp_nmol_min_per_l, tested[1].etp_nmol_min_per_l),
        cannot="" if contact else "no aPTT: no contact activation and no fibrin",
    )


def _of_panteleev() -> Answers:
    tested = [panteleev_generation(Plasma(heparin_u_per_ml=level)) for level in (0.0, 0.1)]
    return Answers(
        name="Panteleev 2010 + heparin",
        source=PANTELEEV_2010,
        aptt_s=None,
        half_antithrombin_s=None,
        triple_factor_viii_s=None,
        peaks_nmol_per_l=(tested[0].peak_nmol_per_l, tested[1].peak_nmol_per_l),
        etps_nmol_min_per_l=(tested[0].etp_nmol_min_per_l, tested[1].etp_nmol_min_per_l),
        cannot="no aPTT: no contact activation",
    )


def _of_wajima() -> Answers:
    return Answers(
        name="Wajima 2009, its own heparin",
        source=WAJIMA_2009,
        aptt_s=tuple(wajima_aptt_s(level) for level in HEPARIN_U_PER_ML),
        half_antithrombin_s=None,
        triple_factor_viii_s=wajima_aptt_s(0.5, 3.0),
        peaks_nmol_per_l=None,
        etps_nmol_min_per_l=None,
        cannot="no antithrombin in it, so none to halve; thrombin generation was not asked: made for 100 nmol/L tissue factor",
    )


def in_words() -> str:
    """Return the answers of all networks as a table."""
    lines = [f"{'aPTT (s) at heparin (U/mL)':<30}" + "".join(f"{level:>8g}" for level in HEPARIN_U_PER_ML) + f"{'slope':>8}"
             f"{'AT 50 %':>9}{'VIII x 3':>9}{'peak':>7}{'at 0.1':>7}"]  # fmt: skip
    for one in answers():
        seconds = one.aptt_s or (None,) * len(HEPARIN_U_PER_ML)
        peaks = one.peaks_nmol_per_l or (None, None)
        cells = [*((value, 8, 1) for value in seconds), (one.slope_ml_per_u, 8, 2)]
        cells += [(one.half_antithrombin_s, 9, 1), (one.triple_factor_viii_s, 9, 1), (peaks[0], 7, 0), (peaks[1], 7, 1)]
        lines.append(f"{one.name:<30}" + "".join(_cell(*cell) for cell in cells))
    lines += [f"{one.name}: {one.cannot}" for one in answers() if one.cannot]
    lines.append(
        "AT 50 %, VIII x 3: aPTT at 0.5 U/mL; peak: thrombin (nmol/L) after 5 pmol/L tissue factor, without heparin and at 0.1"
    )
    return "\n".join(lines)


def _cell(value: float | None, width: int, digits: int) -> str:
    if value is None:
        return f"{'-':>{width}}"
    return f"{f'> {LONGEST_S:g}' if value == np.inf else f'{value:.{digits}f}':>{width}}"
