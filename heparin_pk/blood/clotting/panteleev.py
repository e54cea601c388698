"""Panteleev 2010: 24 species whose rates are not elementary, for enzymes share platelets and substrates compete.

No table of elementary reactions holds such rates, so this one network is written as equations. Its Jacobian is exact all the
same: the derivatives are rational, so a step along the imaginary axis gives their slopes without a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heparin_pk.base.source import Source, Value

PANTELEEV_2010 = Source(
    key="Panteleev_2010",
    citation=(
        "Panteleev, Balandina, Lipets, Ovanesov, Ataullakhanov 2010. Task-oriented modular decomposition of biological networks: "
        "trigger mechanism in blood coagulation. Biophys J 98 (9)"
    ),
    where=(
        "BIOMD0000000740 (BioModels, CC0) and a transcription by M. J. Owen (BSD-3): their 65 constants are the same. The "
        "equations are Owen's: in the file factor IXa is lost to Xa:TFPI instead of antithrombin, a constant k08 stands for K08, "
        "and factor V is 0. The paper was not read"
    ),
    confidence="re-coded",
    doi="10.1016/j.bpj.2010.01.027",
    pmid="20441738",
)
PLATELETS_NMOL_PER_L = Value(7.5e-5, PANTELEEV_2010)
"""Activated platelets, nmol/L: the membrane of the tube; not diluted with the plasma, as a laboratory adds its own."""
INHIBITORS_NMOL_PER_L: Mapping[str, float] = {
    "alpha2M": 3000.0, "alpha1AT": 40000.0, "alpha2AP": 1100.0, "HCII": 1400.0, "PCI": 88.0, "C1inh": 1700.0, "PS": 346.0,
}  # fmt: skip
"""What inhibits and is not used up, in plasma, nmol/L (source: ``PANTELEEV_2010``, the file of BioModels)."""
_PER_MIN: Mapping[str, float] = {
    "k1": 4.2, "k2": 0.0014, "k3": 0.4, "k4": 15.0, "k5": 5.8, "k6": 435.0, "k7": 0.06, "k8": 6350.0, "k11": 0.052, "k12": 45.0,
    "k13": 1.44, "k14": 5040.0, "k15": 54.0, "k16": 14.0, "k17": 0.03, "k18": 2e-5, "k1r": 1.1, "k11r": 0.02, "k19r": 770.0,
    "h1": 0.44, "h2": 6.0, "h3": 8.2e-6, "h4": 1.5e-4, "h5": 4e-5, "h6": 1.36e-5, "h7": 1.2e-3, "h8": 2.2e-5, "h9": 4.1e-4,
    "h10": 1e-4, "h11": 3e-6, "h12": 3.7e-4, "h13": 6.3e-5, "h14": 0.35, "h15": 7.7, "h16": 1.9e-5, "h17": 2.6e-5, "h18": 6e-6,
    "h19": 5.4e-3, "h20": 1.4e-4, "h21": 6e-6, "h22": 6e-6, "h23": 7e-7, "h24": 3.9e-4,
}  # fmt: skip
"""Rate constants, 1/min, 1/(nmol/L min) and (k12, k17) 1/(nmol2/L2 min)."""
_HALF: Mapping[str, float] = {
    "K4": 210.0, "K5": 200.0, "K6": 238.0, "K7": 230.0, "K8": 1216.0, "K9": 278.0, "K10": 1655.0, "K14": 7200.0, "K15": 147.0,
    "K16": 71.7, "K20": 2.57, "K21": 1.5, "K22": 150.0, "K23": 0.118, "K24": 200.0, "K25": 320.0, "K26": 470.0, "K27": 2.9,
}  # fmt: skip
"""Half-saturations and dissociation constants, nmol/L."""
_SITES = {"n20": 260.0, "n21": 750.0, "n25": 16000.0, "n27": 2700.0}
"""Binding sites on one platelet."""
_SPECIES = (
    "TF_VIIa", "TF_VII", "TF", "VIIa", "VII", "IXa", "IX", "Xa", "X", "IIa", "II", "Fn", "Fg", "VIIIa", "VIII", "Va", "V", "XIa",
    "XI", "AT", "TFPI", "Xa_TFPI", "APC", "PC",
)  # fmt: skip
_HEPARIN = ("H", "HAT", "HBP", "HP")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panteleev:
    """The network with heparin, for one dilution of plasma; it is solved like a :class:`~.network.Network`.

    ``dilution_ratio``: share of plasma in the tube.
    ``heparin_per_s``: rate constants of heparin by name (kon_h, koff_h, kon_p, koff_p, h_iia, h_xa, h_ixa), 1/s and 1/(nmol/L s).
    """

    dilution_ratio: float
    heparin_per_s: Mapping[str, float]
    title: str = "Panteleev 2010"
    species: tuple[str, ...] = (*_SPECIES, *_HEPARIN)

    def state(self, levels_nmol_per_l: Mapping[str, float]) -> np.ndarray:
        """Return a state from levels by name, nmol/L; names that are no species of it are left out."""
        return np.array([float(levels_nmol_per_l.get(name, 0.0)) for name in self.species])

    def within_reach(self, state: np.ndarray) -> np.ndarray:
        """Return that every species is there or can be made, (species,)."""
        return np.ones(state.shape[0], dtype=bool)

    def jacobian(self, time_s: float, state: np.ndarray) -> np.ndarray:
        """Return the derivative of each species' change with respect to each species, 1/s: row by column."""
        stepped = state[:, None] + 1j * _STEP * np.eye(len(state))
        matrix: np.ndarray = self.derivatives(time_s, stepped).imag / _STEP
        return matrix

    def derivatives(self, time_s: float, state: np.ndarray) -> np.ndarray:  # noqa: ARG002  the signature of a solver
        """Return how fast each species changes in a state, nmol/L/s."""
        k, half, sites, platelets = _PER_MIN, _HALF, _SITES, PLATELETS_NMOL_PER_L.value
        there = {name: level * self.dilution_ratio for name, level in INHIBITORS_NMOL_PER_L.items()}
        now = dict(zip(self.species, state, strict=True))
        bound_x = 1.0 + now["X"] / half["K25"] + now["II"] / half["K26"]
        x_on = now["X"] * platelets * sites["n25"] / (half["K25"] * bound_x)
        ii_on = now["II"] * platelets * sites["n25"] / (half["K26"] * bound_x)
        ixa_on = now["IXa"] * platelets * sites["n20"] / (half["K20"] + now["IXa"])
        viiia_on = now["VIIIa"] * platelets * sites["n21"] / (half["K21"] + now["VIIIa"])
        viiia_on = viiia_on / (1.0 + x_on / (platelets * half["K10"]) * (1.0 + there["PS"] / half["K22"]))
        va_on = now["Va"] * platelets * sites["n27"] / (half["K27"] + now["Va"])
        xa_va = now["Xa"] * va_on / (half["K23"] * (1.0 + there["PS"] / half["K24"] + now["Xa"] / half["K23"]) + va_on)
        xa_free, va_free = now["Xa"] - xa_va, va_on - xa_va
        iia_free = now["IIa"] / (1.0 + (now["Fn"] + now["Fg"]) / half["K14"])
        tf_viia_free = now["TF_VIIa"] / (1.0 + now["IX"] / half["K4"] + now["X"] / half["K6"])
        tf_viia_xa = k["k6"] / (half["K6"] * k["k19r"]) * now["X"] * tf_viia_free

        bind_viia = k["k1"] * now["VIIa"] * now["TF"] - k["k1r"] * tf_viia_free
        bind_vii = k["k1"] * now["VII"] * now["TF"] - k["k1r"] * now["TF_VII"]
        vii_by_iia = k["k2"] * now["VII"] * iia_free
        tf_vii_active = now["TF_VII"] * (k["k2"] * iia_free + k["k3"] * xa_free)
        ix_made = k["k4"] / half["K4"] * now["IX"] * tf_viia_free + k["k5"] * now["IX"] * now["XIa"] / (half["K5"] + now["IX"])
        x_made = k["k6"] / half["K6"] * now["X"] * tf_viia_free + k["k7"] * ixa_on * x_on / (platelets * half["K7"])
        x_made = x_made + k["k8"] * ixa_on * viiia_on * x_on / (platelets**2 * half["K8"] * half["K9"])
        bind_tfpi = k["k11"] * xa_free * now["TFPI"] - k["k11r"] * now["Xa_TFPI"]
        end_by_xa_tfpi = k["h1"] * tf_viia_free * now["Xa_TFPI"]
        end_by_tfpi = k["h2"] * tf_viia_xa * now["TFPI"]
        thrombin = k["k12"] * platelets * xa_free * now["II"] + k["k13"] * xa_va * ii_on / platelets
        fibrin = k["k14"] / half["K14"] * now["Fg"] * iia_free
        viii_made = k["k15"] * now["VIII"] * iia_free / (half["K15"] + iia_free)
        v_made = k["k16"] * now["V"] * iia_free / (half["K16"] + iia_free)
        xi_made = k["k17"] * platelets * now["XI"] * iia_free
        pc_made = k["k18"] * now["PC"] * iia_free
        at = {"IXa": k["h3"] * now["IXa"], "Xa": k["h4"] * xa_free, "XaVa": k["h8"] * xa_va, "IIa": k["h9"] * iia_free}
        at = {name: rate * now["AT"] for name, rate in (at | {"XIa": k["h16"] * now["XIa"]}).items()}
        xa_lost = xa_free * (k["h5"] * there["alpha2M"] + k["h6"] * there["alpha1AT"] + k["h7"] * there["PCI"])
        iia_lost = k["h10"] * there["alpha2M"] + k["h11"] * there["alpha1AT"] + k["h12"] * there["PCI"] + k["h13"] * there["HCII"]
        xia_lost = k["h17"] * there["alpha2AP"] + k["h18"] * there["alpha1AT"] + k["h19"] * there["PCI"]
        xia_lost = xia_lost + k["h20"] * there["C1inh"]
        apc_lost = k["h21"] * there["alpha2M"] + k["h22"] * there["alpha2AP"] + k["h23"] * there["alpha1AT"]
        apc_lost = apc_lost + k["h24"] * there["PCI"]

        per_s = self.heparin_per_s
        on_at = per_s["kon_h"] * now["H"] * now["AT"] - per_s["koff_h"] * now["HAT"]
        on_proteins = per_s["kon_p"] * now["H"] * now["HBP"] - per_s["koff_p"] * now["HP"]
        hat = {
            "IIa": per_s["h_iia"] * now["HAT"] * iia_free,  # heparin inhibits what antithrombin inhibits here: the free enzyme
            "Xa": per_s["h_xa"] * now["HAT"] * xa_free,
            "IXa": per_s["h_ixa"] * now["HAT"] * now["IXa"],
        }
        used = hat["IIa"] + hat["Xa"] + hat["IXa"]
        changes = {
            "TF_VIIa": bind_viia + tf_vii_active - end_by_xa_tfpi - end_by_tfpi,
            "TF_VII": bind_vii - tf_vii_active,
            "TF": -bind_viia - bind_vii,
            "VIIa": -bind_viia + vii_by_iia,
            "VII": -bind_vii - vii_by_iia,
            "IXa": ix_made - at["IXa"],
            "IX": -ix_made,
            "Xa": x_made - bind_tfpi - xa_lost - at["Xa"] - at["XaVa"],
            "X": -x_made,
            "IIa": thrombin - at["IIa"] - iia_lost * iia_free,
            "II": -thrombin,
            "Fn": fibrin,
            "Fg": -fibrin,
            "VIIIa": viii_made - k["h14"] * now["VIIIa"],
            "VIII": -viii_made,
            "Va": v_made - k["h15"] * now["APC"] * va_free,
            "V": -v_made,
            "XIa": xi_made - at["XIa"] - xia_lost * now["XIa"],
            "XI": -xi_made,
            "AT": -(at["IXa"] + at["Xa"] + at["XaVa"] + at["IIa"] + at["XIa"]),
            "TFPI": -bind_tfpi - end_by_tfpi,
            "Xa_TFPI": bind_tfpi - end_by_xa_tfpi,
            "APC": pc_made - apc_lost * now["APC"],
            "PC": -pc_made,
        }
        by_heparin = {
            "IIa": -hat["IIa"],
            "Xa": -hat["Xa"],
            "IXa": -hat["IXa"],
            "AT": -on_at,
            "H": used - on_at - on_proteins,
            "HAT": on_at - used,
            "HBP": -on_proteins,
            "HP": on_proteins,
        }
        return np.array([changes.get(name, 0.0 * state[0]) / 60.0 + by_heparin.get(name, 0.0) for name in self.species])


_STEP = 1e-30
