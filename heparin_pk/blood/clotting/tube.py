"""Plasma in a test tube: an aPTT and a thrombin generation from the reactions of the network.

HepClot is a new, unpublished re-calibration: the reactions of Nayak 2015 (itself an extension of Hockin-Mann 2002) without
thrombomodulin, protein C and F1+2, with heparin, antithrombin and heparin-binding plasma proteins; 27 constants were calibrated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, floats, shown
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.clotting import network as tables
from heparin_pk.blood.clotting.network import Network
from heparin_pk.blood.clotting.solve import METHODS, solve

# What is in normal plasma and how a tube is filled

HEPCLOT_SOURCE = Source(
    key="HepClot",
    citation="HepClot: a re-calibration of the clotting network of Nayak 2015 with heparin, made for this suite and unpublished",
    where="benchmarks/derive_clotting.py: its targets and how it is run again",
    confidence="derived",
)
NAYAK_2015 = Source(
    key="Nayak_2015",
    citation=(
        "Nayak et al. 2015. Using a systems pharmacology model of the blood coagulation network to predict the effects of "
        "various therapies on biomarkers"
    ),
    where=(
        "library.R of github.com/Mr-Byun/blood_coagulation_model, and BIOMD0000000611 (BioModels, CC0): the constants of both "
        "are the same but k45 (3600 and 1800 1/s: 0.1 s of an aPTT); the paper itself was not read"
    ),
    confidence="re-coded",
    doi="10.1002/psp4.50",
    pmid="26312163",
)
ASSUMED = Source(key="assumed", citation="No source was found", where="chosen for the network", confidence="assumed")

DISSOCIATION = Value(25.0, ASSUMED)
"""Heparin from antithrombin, and heparin from its binding proteins, nmol/L."""
NORMAL_NMOL_PER_L: Mapping[str, float] = {
    "VIIa": 0.1, "VIII": 0.7, "TFPI": 2.5, "VII": 10.0, "V": 20.0, "XI": 31.0, "IX": 90.0, "X": 160.0, "XII": 340.0,
    "PK": 450.0, "II": 1400.0, "AT": 3400.0, "Fg": 9000.0,
}  # fmt: skip
"""Normal plasma, nmol/L (source: ``NAYAK_2015``, its steady-state levels)."""
BINDING_SITES = Value(3400.0, ASSUMED)
"""Sites of heparin-binding proteins in normal plasma, nmol/L: as many as antithrombin, so half of the heparin stands on each.

Half: heparin without affinity for antithrombin, in excess, doubles the anti-Xa of plasma with heparin (Young 1993, abstract).
"""
CONTACT_S = 180.0
"""How long plasma stands with the contact surface before calcium is added, s."""
LONGEST_S = 300.0
"""A tube that has not clotted by then is reported as longer."""
ENZYMES = {"thrombin": ("h_iia", "h_mIIa"), "factor-xa": ("h_xa",), "factor-ixa": ("h_ixa",)}
"""What antithrombin inhibits faster with heparin, and the rate constants of it."""
PARTITIONS = {
    "competitive": "plasma proteins compete with antithrombin for heparin: the response to antithrombin is graded",
    "tight": "all active heparin stands on antithrombin: less antithrombin changes nothing until next to none is left",
}
"""Two hypotheses about where heparin stands; the literature supports both and they contradict each other."""
_FACTORS = {
    "factor_ii_fraction": ("II",),
    "factor_v_fraction": ("V",),
    "factor_vii_fraction": ("VII", "VIIa"),
    "factor_viii_fraction": ("VIII",),
    "factor_ix_fraction": ("IX",),
    "factor_x_fraction": ("X",),
    "factor_xi_fraction": ("XI",),
    "factor_xii_fraction": ("XII",),
    "prekallikrein_fraction": ("PK",),
    "fibrinogen_fraction": ("Fg",),
    "tfpi_fraction": ("TFPI",),
    "antithrombin_fraction": ("AT",),
}
MOST_FRACTION = 5.0
MOST_HEPARIN_U_PER_ML = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plasma:
    """A plasma sample: its heparin, its antithrombin and its clotting factors as shares of normal.

    ``heparin_u_per_ml``: unfractionated heparin, U/mL (0 to 10; the network was calibrated up to 1).
    ``antithrombin_fraction``, ``factor_ii_fraction`` (prothrombin), ``factor_v_fraction``, ``factor_vii_fraction``,
    ``factor_viii_fraction``, ``factor_ix_fraction``, ``factor_x_fraction``, ``factor_xi_fraction``, ``factor_xii_fraction``,
    ``prekallikrein_fraction``, ``fibrinogen_fraction``, ``tfpi_fraction``: shares of normal (0 to 5, 1 is normal).
    ``heparin_binding_fraction``: plasma proteins that bind heparin, share of normal (0 to 5; 2 to 3 in an acute illness).
    ``partition``: a key of ``PARTITIONS``.
    ``heparin_spares``: keys of ``ENZYMES`` that antithrombin inhibits no faster with heparin than without: a thought experiment.

    Raises ``ValueError`` outside these limits.
    """

    heparin_u_per_ml: float = 0.0
    antithrombin_fraction: float = 1.0
    factor_ii_fraction: float = 1.0
    factor_v_fraction: float = 1.0
    factor_vii_fraction: float = 1.0
    factor_viii_fraction: float = 1.0
    factor_ix_fraction: float = 1.0
    factor_x_fraction: float = 1.0
    factor_xi_fraction: float = 1.0
    factor_xii_fraction: float = 1.0
    prekallikrein_fraction: float = 1.0
    fibrinogen_fraction: float = 1.0
    tfpi_fraction: float = 1.0
    heparin_binding_fraction: float = 1.0
    partition: str = "competitive"
    heparin_spares: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_between("heparin_u_per_ml", self.heparin_u_per_ml, 0.0, MOST_HEPARIN_U_PER_ML)
        for name in (*_FACTORS, "heparin_binding_fraction"):
            check_between(name, getattr(self, name), 0.0, MOST_FRACTION)
        floats(self, "heparin_u_per_ml", *_FACTORS, "heparin_binding_fraction")
        check_one_of("partition", self.partition, PARTITIONS)
        check_is("heparin_spares", self.heparin_spares, (list, tuple), f"a list of {', '.join(ENZYMES)}")
        for enzyme in self.heparin_spares:
            check_one_of("heparin_spares", enzyme, ENZYMES)
        object.__setattr__(self, "heparin_spares", tuple(self.heparin_spares))

    __repr__ = shown

    def levels_nmol_per_l(self, heparin_nmol_per_u: float, dilution_ratio: float = 1.0) -> dict[str, float]:
        """Return the species of this plasma by name, nmol/L, with heparin in equilibrium on the proteins it binds to.

        ``heparin_nmol_per_u``: active heparin in plasma for each U/mL, nmol/L.
        ``dilution_ratio``: share of plasma in what is in the tube.
        """
        levels = dict(NORMAL_NMOL_PER_L)
        for name, species in _FACTORS.items():
            for one in species:
                levels[one] *= getattr(self, name) * dilution_ratio
        levels["OTH"] = dilution_ratio
        tight = self.partition == "tight"
        levels["HBP"] = 0.0 if tight else BINDING_SITES.value * self.heparin_binding_fraction * dilution_ratio
        heparin = heparin_nmol_per_u * self.heparin_u_per_ml * dilution_ratio * (0.5 if tight else 1.0)
        return heparin_bound(levels, heparin)


def heparin_bound(levels_nmol_per_l: Mapping[str, float], heparin_nmol_per_l: float) -> dict[str, float]:
    """Return levels with heparin shared out between antithrombin, binding proteins and free plasma, nmol/L.

    The exact equilibrium: both have the same dissociation constant, so a quadratic in the bound sum.
    """
    levels = dict(levels_nmol_per_l)
    antithrombin, proteins = levels["AT"], levels["HBP"]
    sites = antithrombin + proteins
    half = 0.5 * (sites + heparin_nmol_per_l + DISSOCIATION.value)
    bound = heparin_nmol_per_l * sites / (half + math.sqrt(half * half - heparin_nmol_per_l * sites))
    share = bound / sites if sites > 0.0 else 0.0
    return levels | {
        "HAT": antithrombin * share,
        "HP": proteins * share,
        "H": heparin_nmol_per_l - bound,
        "AT": antithrombin * (1.0 - share),
        "HBP": proteins * (1.0 - share),
    }


# A network and what it needs to become a test


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Recipe:
    """A network with the numbers that make an assay of it.

    ``name``: its name.
    ``network``: its reactions.
    ``source``: where they come from.
    ``heparin_nmol_per_u``: active heparin in plasma for each U/mL, nmol/L.
    ``clot_nmol_per_l``: fibrin at which a tube has clotted, nmol/L: an absolute amount, so little fibrinogen clots late.
    ``activated_fraction``: procofactor, its active form, and the share that behaves as active when calcium is added.
    ``further_nmol_per_l``: species of normal plasma that HepClot lacks, and their levels, nmol/L.
    ``surface_nmol_per_l``: a contact surface that is a species of the network, and its level in the tube, nmol/L.
    ``fibrin``: the species that counts the fibrin formed.

    Raises ``ValueError`` outside the limits: 0 to 1000 nmol/L for each U/mL, a clot of 0.001 to 10,000 nmol/L.
    """

    name: str
    network: Network
    source: Source
    heparin_nmol_per_u: float
    clot_nmol_per_l: float
    activated_fraction: tuple[tuple[str, str, float], ...] = ()
    further_nmol_per_l: tuple[tuple[str, float], ...] = ()
    surface_nmol_per_l: tuple[tuple[str, float], ...] = ()
    fibrin: str = "Fn"

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_is("network", self.network, Network, "a Network")
        check_is("source", self.source, Source, "a Source")
        check_between("heparin_nmol_per_u", self.heparin_nmol_per_u, 0.0, 1000.0)
        check_between("clot_nmol_per_l", self.clot_nmol_per_l, 1e-3, 1e4)

    __repr__ = shown

    def filled(self, plasma: Plasma, dilution_ratio: float, sensitivity_ratio: float = 1.0) -> dict[str, float]:
        """Return the levels of a plasma, nmol/L, of the species that this network has.

        ``dilution_ratio``: share of plasma in what is in the tube.
        ``sensitivity_ratio``: multiplies the heparin.
        """
        levels = plasma.levels_nmol_per_l(self.heparin_nmol_per_u * sensitivity_ratio, dilution_ratio)
        levels |= {name: level * dilution_ratio for name, level in self.further_nmol_per_l}
        return {name: level for name, level in levels.items() if name in self.network.species}

    def sparing(self, enzymes: tuple[str, ...]) -> Network:
        """Return the network in which antithrombin inhibits these ``ENZYMES`` no faster with heparin than without."""
        return _sparing(self.network, enzymes)


@cache
def _sparing(network: Network, enzymes: tuple[str, ...]) -> Network:
    known = {one.constant for one in network.reactions}
    off = {constant: 0.0 for enzyme in enzymes for constant in ENZYMES[enzyme] if constant in known}
    return network.with_constants(off) if off else network


@cache
def _before_calcium(network: Network) -> Network:
    return network.before_calcium()


@cache
def _with_surface(network: Network, surface_fraction: float) -> Network:
    value = next((one.value for one in network.reactions if one.constant == "k_surf"), None)
    if value is None:  # its surface is a species, or it has none
        return network
    return network.with_constants({"k_surf": surface_fraction * value})


HEPCLOT = Recipe(
    name="HepClot (new, unpublished)",
    network=tables.read("hepclot", "HepClot, a new and unpublished re-calibration"),
    source=HEPCLOT_SOURCE,
    heparin_nmol_per_u=205.0,  # calibrated; two to four times what enzymology and mass would give, together with h_iia
    clot_nmol_per_l=0.0324 * 3000.0,  # calibrated
    activated_fraction=(("V", "Va", 0.00569), ("VIII", "VIIIa", 0.0431)),  # calibrated; the second without direct support
)
"""The network of this folder: a new, unpublished re-calibration."""


# What is measured


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tube:
    """What happened in one tube after calcium was added.

    ``plasma``: its plasma.
    ``species``: names of the species.
    ``time_s``: times, s, (n,).
    ``state_nmol_per_l``: concentrations, (species, n).
    ``clotted_s``: when fibrin reached the amount of a clot, s; ``None``: not while the tube was watched.
    ``method``: method of SciPy that solved it.
    ``fibrin``: the species that counts the fibrin formed.
    """

    plasma: Plasma
    species: tuple[str, ...]
    time_s: np.ndarray
    state_nmol_per_l: np.ndarray
    clotted_s: float | None
    method: str
    fibrin: str = "Fn"

    def of(self, name: str) -> np.ndarray:
        """Return the concentration of a species, nmol/L, (n,). Raises ``ValueError`` for an unknown name."""
        check_one_of("name", name, self.species)
        found: np.ndarray = self.state_nmol_per_l[self.species.index(name)]
        return found

    @property
    def thrombin_nmol_per_l(self) -> np.ndarray:
        """Thrombin activity as a substrate sees it: thrombin and 1.2 times meizothrombin, nmol/L, (n,)."""
        activity: np.ndarray = self.of("IIa") + (1.2 * self.of("mIIa") if "mIIa" in self.species else 0.0)
        return activity

    @property
    def fibrin_nmol_per_l(self) -> np.ndarray:
        """Fibrin, nmol/L, (n,): the network holds no lysis, so it never falls."""
        return self.of(self.fibrin)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThrombinGeneration:
    """A thrombin generation curve and the numbers a laboratory reads from it.

    ``tube``: the tube it was watched in.
    ``time_min``: times, min, (n,).
    ``thrombin_nmol_per_l``: thrombin and 1.2 times meizothrombin, nmol/L, (n,).
    ``lag_min``: when a sixth of the peak is reached, min; ``None`` where no thrombin forms.
    ``peak_nmol_per_l``: highest thrombin, nmol/L.
    ``time_to_peak_min``: when, min; ``None`` where no thrombin forms.
    ``etp_nmol_min_per_l``: area under the curve (endogenous thrombin potential), nmol min/L.
    """

    tube: Tube
    time_min: np.ndarray
    thrombin_nmol_per_l: np.ndarray
    lag_min: float | None
    peak_nmol_per_l: float
    time_to_peak_min: float | None
    etp_nmol_min_per_l: float


def contact_activation(
    plasma: Plasma,
    *,
    sensitivity_ratio: float = 1.0,
    surface_fraction: float = 1.0,
    watched_s: float = LONGEST_S,
    stop_at_clot: bool = False,
    recipe: Recipe = HEPCLOT,
    methods: tuple[str, ...] = METHODS,
) -> Tube:
    """Return the tube of an aPTT: plasma meets a contact surface, three minutes later calcium, and is watched until it clots.

    Plasma at 1/2 while it stands; after calcium 1/3.

    ``sensitivity_ratio``: sensitivity of the reagent to heparin, 1 that of the calibration (0.2 to 5): multiplies the heparin.
    ``surface_fraction``: contact surface, 1 is that of the reagent, 0 is none (0 to 5).
    ``watched_s``: how long after calcium, s (1 to 3600).
    ``stop_at_clot``: end at the clot.
    ``recipe``: a network with a contact surface.
    ``methods``: solvers, in the order they are tried.

    Raises ``ValueError`` outside these limits, :class:`~heparin_pk.blood.clotting.solve.SolverError` where no solver succeeds.
    """
    check_is("plasma", plasma, Plasma, "a Plasma")
    check_between("sensitivity_ratio", sensitivity_ratio, 0.2, 5.0)
    check_between("surface_fraction", surface_fraction, 0.0, 5.0)
    check_between("watched_s", watched_s, 1.0, 3600.0)
    network = recipe.sparing(plasma.heparin_spares)
    if surface_fraction != 1.0:
        network = _with_surface(network, float(surface_fraction))
    if not any(one.stage for one in network.reactions):
        raise ValueError(f"{recipe.name} has no contact activation, so no aPTT")
    surface = {name: level * surface_fraction for name, level in recipe.surface_nmol_per_l}
    state = network.state(recipe.filled(plasma, 1.0 / 2.0, sensitivity_ratio) | surface)
    standing = _before_calcium(network)
    inside = [network.species.index(name) for name in standing.species]
    state[inside] = solve(standing, state[inside], CONTACT_S, methods=methods).state[:, -1]
    return _watched(plasma, recipe, network, state * (2.0 / 3.0), watched_s, stop_at_clot, None, methods)


def aptt_s(plasma: Plasma, *, sensitivity_ratio: float = 1.0, recipe: Recipe = HEPCLOT) -> float:
    """Return the aPTT of a plasma by the network, s; infinity where it has not clotted by 300 s.

    Not the aPTT that doses are chosen by: that is :func:`heparin_pk.blood.response.aptt_s`. The slope of ln(aPTT) over heparin
    was a target of the calibration.

    >>> round(aptt_s(Plasma(heparin_u_per_ml=0.5)), 1)
    62.8
    """
    tube = contact_activation(plasma, sensitivity_ratio=sensitivity_ratio, stop_at_clot=True, recipe=recipe)
    return math.inf if tube.clotted_s is None else tube.clotted_s


def thrombin_generation(
    plasma: Plasma,
    *,
    tissue_factor_pmol_per_l: float = 5.0,
    watched_min: float = 60.0,
    recipe: Recipe = HEPCLOT,
    methods: tuple[str, ...] = METHODS,
) -> ThrombinGeneration:
    """Return the thrombin generation of a plasma (at 2/3, contact activation blocked) after tissue factor and calcium.

    ``tissue_factor_pmol_per_l``: the trigger, pmol/L (0 to 1000; the calibration knew 1 and 5).
    ``watched_min``: how long, min (1 to 240).
    ``recipe``: a network.
    ``methods``: solvers, in the order they are tried.

    Raises ``ValueError`` outside these limits, :class:`~heparin_pk.blood.clotting.solve.SolverError` where no solver succeeds.
    """
    check_is("plasma", plasma, Plasma, "a Plasma")
    check_between("tissue_factor_pmol_per_l", tissue_factor_pmol_per_l, 0.0, 1000.0)
    check_between("watched_min", watched_min, 1.0, 240.0)
    network = recipe.sparing(plasma.heparin_spares)
    network = _with_surface(network, 0.0)
    levels = recipe.filled(plasma, 2.0 / 3.0) | {"TF": 1e-3 * tissue_factor_pmol_per_l}
    times_s = np.linspace(0.0, 60.0 * watched_min, round(20.0 * watched_min) + 1)[1:]
    tube = _watched(plasma, recipe, network, network.state(levels), 60.0 * watched_min, False, times_s, methods)
    return generation_of(tube)


def generation_of(tube: Tube) -> ThrombinGeneration:
    """Return what a laboratory reads from the thrombin of a tube."""
    minutes, thrombin = tube.time_s / 60.0, tube.thrombin_nmol_per_l
    highest = int(np.argmax(thrombin))
    peak = float(thrombin[highest])
    forms = peak > LEAST_THROMBIN_NMOL_PER_L
    lag = None
    if forms:
        after = int(np.argmax(thrombin >= peak / 6.0))
        lag = float(np.interp(peak / 6.0, thrombin[max(after - 1, 0) : after + 1], minutes[max(after - 1, 0) : after + 1]))
    return ThrombinGeneration(
        tube=tube,
        time_min=minutes,
        thrombin_nmol_per_l=thrombin,
        lag_min=lag,
        peak_nmol_per_l=peak,
        time_to_peak_min=float(minutes[highest]) if forms else None,
        etp_nmol_min_per_l=float(np.sum((thrombin[1:] + thrombin[:-1]) * np.diff(minutes)) / 2.0),
    )


LEAST_THROMBIN_NMOL_PER_L = 0.1
"""A peak below it is no thrombin generation: no lag and no time to peak are read from it (assumed)."""


def heparin_into_a_clotting_tube(
    plasma: Plasma, *, added_u_per_ml: float, added_s: float, watched_s: float = LONGEST_S, recipe: Recipe = HEPCLOT
) -> Tube:
    """Return the tube of an aPTT into which heparin is added while it clots: fibrin stops forming, and what is there stays.

    ``plasma``: plasma that has not met this heparin; its own heparin must be 0.
    ``added_u_per_ml``: heparin added, U/mL of the plasma (0 to 10).
    ``added_s``: when, after calcium, s (0 to ``watched_s``).
    ``watched_s``: how long, s (1 to 3600).

    Raises ``ValueError`` outside these limits.
    """
    check_is("plasma", plasma, Plasma, "a Plasma")
    check_between("added_u_per_ml", added_u_per_ml, 0.0, MOST_HEPARIN_U_PER_ML)
    check_between("watched_s", watched_s, 1.0, 3600.0)
    check_between("added_s", added_s, 0.0, watched_s)
    if plasma.heparin_u_per_ml != 0.0:
        raise ValueError(f"heparin_u_per_ml must be 0 before heparin is added; got {plasma.heparin_u_per_ml:g}")
    before = contact_activation(plasma, watched_s=max(added_s, 1.0), recipe=recipe)
    kept = before.time_s < added_s
    network = recipe.sparing(plasma.heparin_spares)
    there = [float(np.interp(added_s, before.time_s, one)) for one in before.state_nmol_per_l]
    levels = heparin_bound(dict(zip(before.species, there, strict=True)), added_u_per_ml * recipe.heparin_nmol_per_u / 3.0)
    after = solve(
        network,
        network.state(levels),
        max(watched_s - added_s, 1e-3),
        wait_for=recipe.fibrin,
        wait_for_nmol_per_l=recipe.clot_nmol_per_l,
        stop=False,
    )
    first = None if before.clotted_s is None or before.clotted_s > added_s else before.clotted_s
    later = None if after.reached_s is None else added_s + after.reached_s
    return Tube(
        plasma=plasma,
        species=network.species,
        time_s=np.concatenate([before.time_s[kept], added_s + after.time_s]),
        state_nmol_per_l=np.hstack([before.state_nmol_per_l[:, kept], after.state]),
        clotted_s=later if first is None else first,
        method=after.method,
        fibrin=recipe.fibrin,
    )


def _watched(
    plasma: Plasma,
    recipe: Recipe,
    network: Network,
    state: np.ndarray,
    watched_s: float,
    stop_at_clot: bool,
    times_s: np.ndarray | None,
    methods: tuple[str, ...],
) -> Tube:
    """Return the tube from the moment calcium is there."""
    for inactive, active, fraction in recipe.activated_fraction:
        moved = fraction * state[network.species.index(inactive)]
        state[network.species.index(inactive)] -= moved
        state[network.species.index(active)] += moved
    found = solve(
        network,
        state,
        watched_s,
        wait_for=recipe.fibrin if recipe.fibrin in network.species else None,
        wait_for_nmol_per_l=recipe.clot_nmol_per_l,
        stop=stop_at_clot,
        times_s=times_s,
        methods=methods,
    )
    return Tube(
        plasma=plasma,
        species=network.species,
        time_s=found.time_s,
        state_nmol_per_l=found.state,
        clotted_s=found.reached_s,
        method=found.method,
        fibrin=recipe.fibrin,
    )
