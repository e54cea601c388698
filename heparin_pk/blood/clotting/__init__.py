"""Inside the tube: why heparin stretches an aPTT, from the reactions of clotting.

HepClot is a new, unpublished re-calibration: 56 species, the reactions of Nayak 2015 (an extension of Hockin-Mann 2002) without
thrombomodulin, protein C and F1+2, with heparin, antithrombin and heparin-binding plasma proteins. 27 of its constants were
calibrated, so what it was fitted to it cannot explain.

* ``networks/*.csv``: the reactions as tables: reactants, products, constant, value, source.
* ``network``: rates, derivatives, Jacobian and conserved sums, all generated from a table.
* ``solve``: a stiff solver that ends: capped steps, no state without a number, other methods where one fails.
* ``tube``: plasma, an aPTT, a thrombin generation.
* ``plate``: published networks asked the same questions under heparin, and how far they disagree.
* ``panteleev``: one of them whose rates are not elementary, written as equations.
* ``series``: one plasma at many levels of heparin, for a picture under a slider.
* ``readout``: both for one plasma, beside the same without heparin and with one enzyme spared.

What it shows: heparin makes antithrombin inhibit thrombin, factor Xa and factor IXa faster, so less thrombin activates factors V
and VIII, and fibrin forms later. Each of these can be switched off (``Plasma(heparin_spares=("thrombin",))``). Fibrin stops
forming; what is there stays, for heparin lyses no clot and the network holds no lysis.

What was a target of the calibration: the aPTT of normal plasma, the slope of ln(aPTT) over heparin at its low end, factor
deficiencies, factor VIII, thrombin generation. Agreement with these explains nothing. Held out: that ln(aPTT) stays linear up to
1.2 U/mL, antithrombin, and the spread between people.

What it must not be used for: dosing or anything about one patient (measured thrombin potentials of 15 donors correlate with it at
r = 0.24); choosing a therapeutic range; low-molecular-weight heparin, fondaparinux, oral inhibitors, bivalirudin; which of
anti-IIa and anti-Xa matters more; levels above 1.2 U/mL; PT, INR and thrombin time; thrombin generation in haemophilia (it rises
here and falls in patients) or liver disease; clotting in a vessel, platelets, protamine, PF4. Most reagents are steeper than it.
The aPTT that doses are chosen by is :func:`heparin_pk.blood.response.aptt_s`; nothing there calls this folder.
"""

from heparin_pk.blood.clotting import plate
from heparin_pk.blood.clotting.readout import LABEL, Report, report
from heparin_pk.blood.clotting.series import LEVELS_U_PER_ML, TubeAt, acts_like_u_per_ml, over_heparin
from heparin_pk.blood.clotting.solve import SolverError
from heparin_pk.blood.clotting.tube import (
    ENZYMES,
    HEPCLOT,
    LONGEST_S,
    PARTITIONS,
    Plasma,
    Recipe,
    ThrombinGeneration,
    Tube,
    aptt_s,
    contact_activation,
    heparin_into_a_clotting_tube,
    thrombin_generation,
)

__all__ = [
    "LABEL",
    "ENZYMES",
    "HEPCLOT",
    "LEVELS_U_PER_ML",
    "LONGEST_S",
    "PARTITIONS",
    "Plasma",
    "Recipe",
    "Report",
    "SolverError",
    "ThrombinGeneration",
    "Tube",
    "TubeAt",
    "acts_like_u_per_ml",
    "aptt_s",
    "contact_activation",
    "heparin_into_a_clotting_tube",
    "over_heparin",
    "plate",
    "report",
    "thrombin_generation",
]
