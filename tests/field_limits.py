"""The limits of a number field: rows of values outside them, and the check that each is refused in words."""

import math

import pytest

NOT_NUMBERS = [math.nan, math.inf, -math.inf, "80", True, None, [80], 1 + 2j]


def fields_of(make, usual, **wrong):
    """Return one row a field: how a noun is made, its usual fields, the name of the field, and values outside its limits."""
    return [pytest.param(make, usual, name, values, id=f"{make.__name__}.{name}") for name, values in wrong.items()]


def refuses_outside(make, usual, name, outside):
    """Assert that the field is refused outside its limits, and the message says name, limits and value."""
    make(**usual)
    for value in outside:
        with pytest.raises(ValueError, match=rf"{name} must lie between \S+ and \S+; got {value!r}"):
            make(**usual | {name: value})
    optional = getattr(make(**usual), name) is None or name in {"dose_u", "dose_u_per_kg", "age_y"} or name.startswith("rate_")
    for value in NOT_NUMBERS:
        if value is None and optional:
            continue
        with pytest.raises(ValueError, match=rf"{name} must (lie|be a number) between \S+ and \S+; got ") as caught:
            make(**usual | {name: value})
        assert repr(value) in str(caught.value)
