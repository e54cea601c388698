"""The numbers and their papers: AUTHOR_YEAR constants and nothing that calculates."""

from __future__ import annotations

import difflib

from heparin_pk.drug import Drug
from heparin_pk.published import ranges, reagents
from heparin_pk.published.ufh import (
    ALL,
    JIA_2015_UFH,
    KANDROTAS_1989_UFH,
    UFH_A_DERIVED,
    UFH_A_HALF_LIVES_DERIVED,
    UFH_B_DERIVED,
    UFH_DEFAULT,
    UFH_TRIPLE_DERIVED,
)

__all__ = [
    "ALL",
    "JIA_2015_UFH",
    "KANDROTAS_1989_UFH",
    "UFH_A_DERIVED",
    "UFH_A_HALF_LIVES_DERIVED",
    "UFH_B_DERIVED",
    "UFH_DEFAULT",
    "UFH_TRIPLE_DERIVED",
    "named",
    "ranges",
    "reagents",
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
