"""The unit of a column, read off its name: units are the last words of a name."""

from __future__ import annotations

UNITS = {
    "u_per_kg_per_h": "U/kg/h",
    "u_h_per_ml": "U h/mL",
    "ml_per_min": "mL/min",
    "u_per_ml": "U/mL",
    "e9_per_l": "10^9/L",
    "u_per_h": "U/h",
    "fraction": "1",
    "percent": "%",
    "ratio": "1",
    "kg": "kg",
    "cm": "cm",
    "h": "h",
    "s": "s",
    "u": "U",
    "y": "years",
}
"""The units in which names end, the longest first; "1" is a share or a ratio."""


def unit_of(name: str, amount_unit: str = "U") -> str:
    """Return the unit in which a name ends; "" where it ends in none.

    ``amount_unit``: the unit in which the drug is measured out; it takes the place of U, but for an anti-Xa and factor VIII.

    >>> unit_of("weight_kg"), unit_of("pump_u_per_h"), unit_of("peak_u_per_ml", "mg"), unit_of("smoker")
    ('kg', 'U/h', 'mg/mL', '')
    """
    end = _end(name)
    if not end:
        return ""
    unit = UNITS[end]
    is_of_drug = unit == "U" or unit.startswith(("U/", "U "))
    return amount_unit + unit[1:] if is_of_drug and not name.startswith(("anti_xa", "factor_viii", "doac")) else unit


def without_unit(name: str) -> str:
    """Return a name without the unit in which it ends.

    >>> without_unit("weight_kg"), without_unit("smoker")
    ('weight', 'smoker')
    """
    return name.removesuffix(f"_{_end(name)}")


def _end(name: str) -> str:
    return next((end for end in UNITS if name.endswith(f"_{end}")), "")
