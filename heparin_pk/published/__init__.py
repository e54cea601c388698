"""The numbers and their papers: AUTHOR_YEAR constants and nothing that calculates.

Each file of this folder that has a ``SETS`` (a tuple of :class:`Drug`) is a family file, and every set in it is part of the
package: ``published.ALL``, :func:`named`, the command line and the tests find it without a list to extend. A new drug is one new
file; ``docs/guides/add-a-drug.md`` shows one.

``ALL``: every set; first ``UFH``, then ``LMWH``, then ``ALTERNATIVES``.
``UFH``: unfractionated heparin, the default first.
``UFH_BEYOND_NEWBORNS``: those of ``UFH`` whose studied weights, where known, go above 5 kg: for a picture of an adult.
``LMWH``: low-molecular-weight heparin.
``ALTERNATIVES``: every other family.
``FAMILIES``: the names of the families, in the order of ``ALL``.
``CLOSED_FORMS``: formulas of heparin left after a bolus (PRODOSE and others): no sets, to be compared with them.
``NOT_BUILT``: published models that were looked for and are no sets, each with the reason.

Within these, sets stand in the order of their files: those named in ``_IN_THIS_ORDER``, then all others by file name.
"""

from __future__ import annotations

import difflib
import importlib
import math
import pkgutil

from heparin_pk.base.checks import as_seen as _as_seen
from heparin_pk.published import closed_forms, not_built, patients, ranges, reagents, sources
from heparin_pk.published.argatroban import SWAN_ARGATROBAN_DERIVED
from heparin_pk.published.bivalirudin import ZHANG_2012_BIVALIRUDIN
from heparin_pk.published.closed_forms import CLOSED_FORMS
from heparin_pk.published.drug import Drug
from heparin_pk.published.enoxaparin import FENG_2006_ENOXAPARIN, GREEN_2003_ENOXAPARIN, GREEN_2005_ENOXAPARIN
from heparin_pk.published.heparin_ablation import EDRICH_2015_UFH
from heparin_pk.published.heparin_bypass import DELAVENNE_2017_UFH, JIA_2015_UFH
from heparin_pk.published.heparin_children import AL_SALLAMI_2016_UFH, SALEM_2022_UFH
from heparin_pk.published.heparin_default import (
    UFH_A_DERIVED,
    UFH_A_HALF_LIVES_DERIVED,
    UFH_B_DERIVED,
    UFH_DEFAULT,
    UFH_LONG_SHORT_DERIVED,
    UFH_TRIPLE_DERIVED,
)
from heparin_pk.published.heparin_dialysis import BRUNET_2008_UFH_DERIVED, KANDROTAS_1989_UFH
from heparin_pk.published.heparin_newborns import (
    MCDONALD_1981_28_WEEKS_UFH,
    MCDONALD_1981_32_WEEKS_UFH,
    MCDONALD_1981_36_WEEKS_UFH,
)
from heparin_pk.published.heparin_program import RXKINETICS_UFH
from heparin_pk.published.heparin_reversal import LANOISELEE_2026_UFH
from heparin_pk.published.lmwh_volunteers import SCHOEMAKER_1996_DALTEPARIN_DERIVED, SCHOEMAKER_1996_ENOXAPARIN_DERIVED
from heparin_pk.published.not_built import NOT_BUILT

_IN_THIS_ORDER = (
    "heparin_default",
    "heparin_bypass",
    "heparin_reversal",
    "heparin_ablation",
    "heparin_dialysis",
    "heparin_children",
    "heparin_newborns",
    "heparin_program",
    "enoxaparin",
    "lmwh_volunteers",
    "argatroban",
    "bivalirudin",
)


def _sets_of(file: str) -> tuple[Drug, ...]:
    """Return the sets of one file of this folder (none where it has no ``SETS``).

    Raises ``ValueError`` that names the file when ``SETS`` is no tuple of :class:`Drug`, or a set's constant has another name.
    """
    module = importlib.import_module(f"{__name__}.{file}")
    sets = getattr(module, "SETS", ())
    if not isinstance(sets, tuple) or not all(isinstance(drug, Drug) for drug in sets):
        raise ValueError(f"published/{file}.py: SETS must be a tuple of Drug; got {sets!r}")
    for drug in sets:
        if getattr(module, drug.name, None) is not drug:
            raise ValueError(f"published/{file}.py: the set {drug.name!r} must stand in a constant of that name")
    return sets


def _collected() -> tuple[Drug, ...]:
    """Return the sets of every file of this folder; raises ``ValueError`` for a name that is taken twice."""
    files = [module.name for module in pkgutil.iter_modules(__path__)]
    found: dict[str, Drug] = {}
    for file in (*_IN_THIS_ORDER, *sorted(set(files) - set(_IN_THIS_ORDER))):
        for drug in _sets_of(file):
            if drug.name in found:
                raise ValueError(f"published/{file}.py: the name {drug.name} is taken by another file")
            found[drug.name] = drug
    return tuple(found.values())


_FOUND = _collected()
UFH: tuple[Drug, ...] = tuple(drug for drug in _FOUND if drug.family == UFH_DEFAULT.family)
UFH_BEYOND_NEWBORNS: tuple[Drug, ...] = tuple(drug for drug in UFH if (drug.studied.weight_kg or (0.0, math.inf))[1] > 5.0)
LMWH: tuple[Drug, ...] = tuple(drug for drug in _FOUND if drug.family == GREEN_2003_ENOXAPARIN.family)
ALTERNATIVES: tuple[Drug, ...] = tuple(drug for drug in _FOUND if drug.family not in (UFH[0].family, LMWH[0].family))
ALL: tuple[Drug, ...] = (*UFH, *LMWH, *ALTERNATIVES)
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(drug.family for drug in ALL))

globals().update({drug.name: drug for drug in ALL})  # a new set is ``published.ITS_NAME`` like every other

__all__ = [
    "ALL",
    "ALTERNATIVES",
    "AL_SALLAMI_2016_UFH",
    "BRUNET_2008_UFH_DERIVED",
    "CLOSED_FORMS",
    "DELAVENNE_2017_UFH",
    "Drug",
    "EDRICH_2015_UFH",
    "FAMILIES",
    "FENG_2006_ENOXAPARIN",
    "GREEN_2003_ENOXAPARIN",
    "GREEN_2005_ENOXAPARIN",
    "JIA_2015_UFH",
    "KANDROTAS_1989_UFH",
    "LANOISELEE_2026_UFH",
    "LMWH",
    "MCDONALD_1981_28_WEEKS_UFH",
    "MCDONALD_1981_32_WEEKS_UFH",
    "MCDONALD_1981_36_WEEKS_UFH",
    "NOT_BUILT",
    "RXKINETICS_UFH",
    "SALEM_2022_UFH",
    "SCHOEMAKER_1996_DALTEPARIN_DERIVED",
    "SCHOEMAKER_1996_ENOXAPARIN_DERIVED",
    "SWAN_ARGATROBAN_DERIVED",
    "UFH",
    "UFH_A_DERIVED",
    "UFH_A_HALF_LIVES_DERIVED",
    "UFH_BEYOND_NEWBORNS",
    "UFH_B_DERIVED",
    "UFH_DEFAULT",
    "UFH_LONG_SHORT_DERIVED",
    "UFH_TRIPLE_DERIVED",
    "ZHANG_2012_BIVALIRUDIN",
    "closed_forms",
    "named",
    "not_built",
    "patients",
    "ranges",
    "reagents",
    "sources",
]
__all__ += [drug.name for drug in ALL if drug.name not in __all__]


def named(name: str) -> Drug:
    """Return a set by its name, in any letter case.

    Raises ``ValueError`` with the names there are; for a closed form, or a model that was looked for and not built, it says why.
    """
    drugs = {drug.name.lower(): drug for drug in ALL} | {"ufh_default": UFH_DEFAULT}
    key = str(name).lower().replace("-", "_")
    if key not in drugs:
        for form in CLOSED_FORMS:
            if key.replace("prodose2", "prodose_2") == form.name.lower():
                raise ValueError(
                    f"{form.name} is no set but a closed form, published.closed_forms.{form.name}: {form.departures}"
                )
        for model in NOT_BUILT:
            if key.startswith(model.name.lower()):
                raise ValueError(str(model))
        near = difflib.get_close_matches(key, drugs, n=1)
        hint = f"; did you mean {near[0].upper()}?" if near else ""
        raise ValueError(f"no model {_as_seen(name)}; there are {', '.join(drug.name for drug in ALL)}{hint}")
    return drugs[key]
