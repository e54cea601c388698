"""The distribution of one feature over patients, with the place each number was read in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.randomness import inverse_normal
from heparin_pk.base.source import Source, Value
from heparin_pk.body.patient import LIMITS, SEXES, YES_OR_NO

_NORMAL = NormalDist()
FORMS = {
    "normal": ("mean", "sd"),
    "log-normal": ("median", "sd"),
    "uniform": ("lowest", "highest"),
    "share": ("share",),
}
"""The numbers each form of a distribution has."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Distribution:
    """Distribution of one feature over patients, with the place each number was read in.

    ``feature``: a numeric or yes-or-no field of :class:`Patient`, or "female".
    ``form``: "normal" (give ``mean`` and ``sd``), "log-normal" (``median``, and ``sd`` of the natural logarithm), "uniform"
    (``lowest`` and ``highest``) or "share" (``share`` of people with a yes-or-no feature).
    ``among``: one sex, so that women and men can differ; "" for both.
    ``low``, ``high``: limits at which the distribution is truncated (patients beyond a limit are not moved to it).
    ``correlates_with``: a feature drawn before this one.
    ``correlation_fraction``: how closely (of the logarithms, where they are log-normal).

    Raises ``ValueError`` for an unknown feature or form, a number without a source, or a number the form does not have.
    """

    feature: str
    form: str
    mean: Value | None = None
    median: Value | None = None
    sd: Value | None = None
    lowest: Value | None = None
    highest: Value | None = None
    share: Value | None = None
    among: str = ""
    low: float | None = None
    high: float | None = None
    correlates_with: str = ""
    correlation_fraction: float = 0.0

    def __post_init__(self) -> None:
        check_one_of("feature", self.feature, (*LIMITS, *YES_OR_NO, "female"))
        check_one_of("form", self.form, FORMS)
        for name in ("mean", "median", "sd", "lowest", "highest", "share"):
            if name in FORMS[self.form]:
                check_is(name, getattr(self, name), Value, f"a Value ({self.feature} needs its Source)")
            elif getattr(self, name) is not None:
                raise ValueError(f"a {self.form} distribution has {' and '.join(FORMS[self.form])}, no {name}")
        if (self.form == "share") != (self.feature in (*YES_OR_NO, "female")):
            raise ValueError(f"{self.feature} must be a share of people if and only if it is yes or no; got {self.form!r}")
        if self.share is not None:
            check_between("share", self.share.value, 0.0, 1.0)
        if self.sd is not None:
            check_between("sd", self.sd.value, 0.0, 1e4)
        check_one_of("among", self.among, ("", *SEXES))
        for name in ("low", "high"):
            if getattr(self, name) is not None:
                check_between(name, getattr(self, name), *LIMITS[self.feature])
        check_is("correlates_with", self.correlates_with, str, "a feature, or empty")
        check_between("correlation_fraction", self.correlation_fraction, -1.0, 1.0)

    __repr__ = shown

    def _numbers(self) -> tuple[Value, ...]:
        return tuple(getattr(self, name) for name in FORMS[self.form])

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers behind it."""
        return tuple(one.source for one in self._numbers())

    def of(self, u: np.ndarray) -> np.ndarray:
        """Return the feature at numbers spread evenly over (0, 1)."""
        first, *rest = (one.value for one in self._numbers())
        if self.form == "share":
            return u < first
        (second,) = rest
        if self.form == "uniform":
            return first + u * (second - first)
        centre = math.log(first) if self.form == "log-normal" else first
        as_is: Any = math.log if self.form == "log-normal" else float
        bottom = 0.0 if self.low is None else _NORMAL.cdf((as_is(self.low) - centre) / second)
        top = 1.0 if self.high is None else _NORMAL.cdf((as_is(self.high) - centre) / second)
        x = centre + second * inverse_normal(bottom + u * (top - bottom))
        return each(math.exp, x) if self.form == "log-normal" else x

    def in_words(self) -> str:
        """Return it in words."""
        whom = f" ({self.among})" if self.among else ""
        return f"{self.feature}{whom}: {self.numbers_in_words()} [{self.sources[0].key}]"

    def numbers_in_words(self) -> str:
        """Return its numbers in words: "66.9, SD 15.1, from 18, to 99"."""
        first, second = (*(one.value for one in self._numbers()), math.nan)[:2]
        numbers = {
            "share": f"{first:.1%}",
            "normal": f"{first:g}, SD {second:g}",
            "log-normal": f"median {first:.4g}, SD of ln {second:g}",
            "uniform": f"{first:g} to {second:g}, evenly",
        }[self.form]
        cut = "".join(f", {word} {end:g}" for word, end in (("from", self.low), ("to", self.high)) if end is not None)
        moves = f", r {self.correlation_fraction:g} with {self.correlates_with}" if self.correlates_with else ""
        return f"{numbers}{cut}{moves}"
