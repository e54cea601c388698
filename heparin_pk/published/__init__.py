"""The numbers and their papers: AUTHOR_YEAR constants and nothing that calculates."""

from __future__ import annotations

import difflib

from heparin_pk.published import patients, ranges, reagents, sources
from heparin_pk.published.alternatives import ALTERNATIVES, SWAN_ARGATROBAN_DERIVED, ZHANG_2012_BIVALIRUDIN
from heparin_pk.published.drug import Drug
from heparin_pk.published.lmwh import FENG_2006_ENOXAPARIN, GREEN_2003_ENOXAPARIN, GREEN_2005_ENOXAPARIN, LMWH
from heparin_pk.published.ufh import (
    AL_SALLAMI_2016_UFH,
    BRUNET_2008_UFH_DERIVED,
    DELAVENNE_2017_UFH,
    EDRICH_2015_UFH,
    JIA_2015_UFH,
    KANDROTAS_1989_UFH,
    RXKINETICS_UFH,
    SALEM_2022_UFH,
    UFH,
    UFH_A_DERIVED,
    UFH_A_HALF_LIVES_DERIVED,
    UFH_B_DERIVED,
    UFH_DEFAULT,
    UFH_TRIPLE_DERIVED,
)

ALL: tuple[Drug, ...] = (*UFH, *LMWH, *ALTERNATIVES)

__all__ = [
    "ALL",
    "ALTERNATIVES",
    "AL_SALLAMI_2016_UFH",
    "BRUNET_2008_UFH_DERIVED",
    "DELAVENNE_2017_UFH",
    "EDRICH_2015_UFH",
    "FENG_2006_ENOXAPARIN",
    "GREEN_2003_ENOXAPARIN",
    "GREEN_2005_ENOXAPARIN",
    "JIA_2015_UFH",
    "KANDROTAS_1989_UFH",
    "LMWH",
    "RXKINETICS_UFH",
    "SALEM_2022_UFH",
    "SWAN_ARGATROBAN_DERIVED",
    "UFH",
    "UFH_A_DERIVED",
    "UFH_A_HALF_LIVES_DERIVED",
    "UFH_B_DERIVED",
    "UFH_DEFAULT",
    "UFH_TRIPLE_DERIVED",
    "ZHANG_2012_BIVALIRUDIN",
    "named",
    "patients",
    "ranges",
    "reagents",
    "sources",
]


def named(name: str) -> Drug:
    """Return a set by its name, in any letter case; raises ``ValueError`` with the names there are."""
    drugs = {drug.name.lower(): drug for drug in ALL} | {"ufh_default": UFH_DEFAULT}
    key = str(name).lower().replace("-", "_")
    if key not in drugs:
        near = difflib.get_close_matches(key, drugs, n=1)
        hint = f"; did you mean {near[0].upper()}?" if near else ""
        raise ValueError(f"no model {name!r}; there are {', '.join(drug.name for drug in ALL)}{hint}")
    return drugs[key]
