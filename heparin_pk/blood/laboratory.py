"""The laboratory: turnaround time, measurement error, residual error, rounding, and the ceiling of each assay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, floats, shown
from heparin_pk.base.elementwise import each
from heparin_pk.base.randomness import log_normal, standard_normals
from heparin_pk.base.rounding import round_all_to
from heparin_pk.base.source import Source, Value
from heparin_pk.base.streams import Stream
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.blood.response import Curve, Reagent, Responses, level
from heparin_pk.body.patient import Cohort, Patient


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lab:
    """A laboratory result.

    ``drawn_h``: when the blood was drawn, h.
    ``reported_h``: when the ward read the result, h.
    ``assay``: a key of ``ASSAYS``.
    ``value``: the result, in the unit of the assay.
    ``above_ceiling``: True when the true level was above the ceiling: ``value`` is then the ceiling, written as "> 150 s".
    """

    drawn_h: float
    reported_h: float
    assay: str
    value: float
    above_ceiling: bool = False

    def __post_init__(self) -> None:
        check_between("drawn_h", self.drawn_h, -1e4, 1e4)
        check_between("reported_h", self.reported_h, self.drawn_h, 1e4)
        check_one_of("assay", self.assay, ASSAYS)
        check_between("value", self.value, 0.0, 1e4)
        check_is("above_ceiling", self.above_ceiling, bool, "True or False")
        floats(self, "drawn_h", "reported_h", "value")

    __repr__ = shown

    def in_words(self) -> str:
        """Return the result as the chart shows it: "aPTT 63 s", "aPTT > 150 s"."""
        return ASSAYS[self.assay].in_words(self.value, self.above_ceiling)


FROM_HEPARIN_LINE_S = Value(
    20.5,
    Source(
        key="Dailey_2014",
        citation=(
            "Dailey MS, Berger B, Dabu F. Activated partial thromboplastin times from venipuncture versus central venous "
            "catheter specimens in adults receiving continuous heparin infusions. Crit Care Nurse 2014;34(5):27-42"
        ),
        where=(
            "Abstract: 66 patients, heparin turned off and waste drawn; median 20.5 s longer from the port of the heparin, 0.1 "
            "to 3.0 s from another port"
        ),
        confidence="primary",
        url="https://aacnjournals.org/ccnonline/article-abstract/34/5/27/3418",
    ),
)
"""The error of an aPTT in blood drawn through the port of the heparin, with the pump stopped and waste drawn, s.

It is the median of a study under that protocol (Dailey 2014). Without it the sample may hold the infusion itself: no upper limit
was found.
"""


RESIDUALS = (
    "concentration_cv_fraction",
    "concentration_sd_u_per_ml",
    "aptt_cv_fraction",
    "aptt_sd_s",
    "act_cv_fraction",
    "act_sd_s",
)
"""The kinds of residual error: proportional (a CV) or additive (an SD), on a concentration, an aPTT or an ACT."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Residual:
    """The residual error of a published model in one measurement.

    ``name``: its kind, one of ``RESIDUALS``.
    ``value``: its size, with the place in a paper it was read from (a CV of 0 to 3, an SD of 0 to 1000).

    Raises ``ValueError`` for an unknown name, a value without a source, or a number outside its limits.
    """

    name: str
    value: Value

    def __post_init__(self) -> None:
        check_one_of("name", self.name, RESIDUALS)
        check_is("value", self.value, Value, f"a Value ({self.name} needs its Source)")
        check_between(self.name, self.value.value, 0.0, 3.0 if self.name.endswith("_cv_fraction") else 1000.0)

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Laboratory:
    """A hospital laboratory that reports one test.

    ``assay``: a key of ``ASSAYS``.
    ``reagent``: the aPTT reagent; ``None`` means the one the table in use was written for, and without a table the drug's own.
    ``turnaround_h``: hours from draw to result on the ward (0 to 24).
    ``cv_fraction``: coefficient of variation of the assay (0 to 0.5).
    ``ceiling``: highest level reported as a number; ``None`` means 150 s, for the ratio 150 s / control, for the ACT 999 s, and
    no ceiling for the anti-Xa.
    ``resolution``: step of rounding; ``None`` means 1 s, 0.1 for the ratio, 0.01 U/mL for the anti-Xa.
    ``drawn_from_heparin_line``: True adds 20.5 s to every aPTT: blood drawn through the port of the heparin with the pump stopped
    and waste drawn (Dailey 2014). Without these two steps the error has no known upper limit and is not modelled.
    ``residual``: residual errors of a published model (``drug.residual``): those of the concentration apply to an anti-Xa, those
    of the aPTT or ACT to that test.

    Raises ``ValueError`` when a field lies outside its limits.

    Sources: imprecision of 3-5 % for the aPTT was looked for and not found in print, 5 % is assumed; anti-Xa CV at most 5 %
    (PMC6009553). A turnaround of 1 h is assumed. A ceiling of 150 s is that of the MIMIC-III hospital.
    """

    assay: str = "aptt_s"
    reagent: Reagent | None = None
    turnaround_h: float = 1.0
    cv_fraction: float = 0.05
    ceiling: float | None = None
    resolution: float | None = None
    drawn_from_heparin_line: bool = False
    residual: tuple[Residual, ...] = ()

    def __post_init__(self) -> None:
        check_one_of("assay", self.assay, ASSAYS)
        if self.reagent is not None and not isinstance(self.reagent, Reagent):
            raise ValueError(f"reagent must be a Reagent or None; got {self.reagent!r}")
        check_between("turnaround_h", self.turnaround_h, 0.0, 24.0)
        check_between("cv_fraction", self.cv_fraction, 0.0, 0.5)
        check_is("drawn_from_heparin_line", self.drawn_from_heparin_line, bool, "True or False")
        if self.ceiling is not None:
            check_between("ceiling", self.ceiling, ASSAYS[self.assay].resolution, 1e4)
        if self.resolution is not None:
            check_between("resolution", self.resolution, 1e-4, 10.0)
        check_is("residual", self.residual, (list, tuple), "a list of Residual")
        object.__setattr__(self, "residual", tuple(self.residual))
        for residual in self.residual:
            check_is("residual", residual, Residual, "a Residual")
        names = [residual.name for residual in self.residual]
        if len(set(names)) != len(names):
            raise ValueError(f"residual names one kind twice; got {', '.join(names)}")
        floats(self, "turnaround_h", "cv_fraction", "ceiling", "resolution")

    __repr__ = shown

    def ceiling_for(self, reagent: Curve | None) -> float:
        """Return the highest level this laboratory reports as a number, in the unit of its assay."""
        if self.ceiling is not None:
            return self.ceiling
        if self.assay == "aptt_ratio" and reagent is not None:
            return ASSAYS["aptt_s"].ceiling / reagent.control_aptt_s
        return ASSAYS[self.assay].ceiling

    def report(
        self,
        concentration_u_per_ml: float,
        patient: Patient,
        responses: Responses | Curve,
        drawn_h: float,
        seed: int,
        subject: int = 0,
        *,
        factor: np.ndarray | None = None,
    ) -> Lab:
        """Return the result that the ward will read for blood drawn now.

        The true level, plus the error of the line, the residual error and the assay error, then capped and rounded. The
        errors are the same for the same ``seed``, ``subject`` and ``drawn_h``.
        """
        value, above = self.report_many(
            np.array([concentration_u_per_ml]), patient, responses, np.array([drawn_h]), seed, np.array([subject]), factor=factor
        )
        return Lab(
            drawn_h=drawn_h,
            reported_h=drawn_h + self.turnaround_h,
            assay=self.assay,
            value=float(value[0]),
            above_ceiling=bool(above[0]),
        )

    def report_many(
        self,
        concentration_u_per_ml: np.ndarray,
        patient: Patient | Cohort,
        responses: Responses | Curve,
        drawn_h: np.ndarray,
        seed: int,
        subjects: np.ndarray,
        *,
        factor: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the results of many samples: values, and whether each is above the ceiling, two arrays of shape (m,).

        ``concentration_u_per_ml``, ``drawn_h`` and ``subjects`` have shape (m,); see :meth:`report`. ``factor`` (m,): on what is
        measured, before it is capped and rounded, where a reagent reads otherwise than its range says; ``None``: none does.
        """
        reagent = responses.aptt if isinstance(responses, Responses) else responses
        concentration = self._with_residual(concentration_u_per_ml, "concentration", "u_per_ml", drawn_h, seed, subjects)
        true_level = level(self.assay, concentration, patient, responses, drawn_h)
        control_s = reagent.control_aptt_s if self.assay == "aptt_ratio" and reagent is not None else 1.0
        if self.drawn_from_heparin_line and self.assay in ("aptt_s", "aptt_ratio"):
            true_level = true_level + FROM_HEPARIN_LINE_S.value / control_s
        measured = self._with_residual(true_level, self.assay.partition("_")[0], "s", drawn_h, seed, subjects, control_s)
        error = self.cv_fraction * standard_normals(seed, Stream.ASSAY.of(self.assay), drawn_h, subjects)
        seen = measured * each(math.exp, error)
        seen = seen if factor is None else seen * factor
        ceiling = self.ceiling_for(reagent)
        resolution = self.resolution if self.resolution is not None else ASSAYS[self.assay].resolution
        above = seen > ceiling
        return np.where(above, ceiling, np.minimum(ceiling, round_all_to(np.minimum(seen, 1e6), resolution))), above

    def _with_residual(
        self, true: np.ndarray, kind: str, unit: str, drawn_h: np.ndarray, seed: int, subjects: np.ndarray, scale: float = 1.0
    ) -> np.ndarray:
        """Return a level (m,) with the residual errors of this kind; never below zero.

        ``kind``: "concentration", "aptt" or "act". ``scale``: the additive error is divided by it (the control of a ratio).
        """
        for residual in self.residual:
            applies = kind != "concentration" or self.assay == "anti_xa_u_per_ml"  # a clotting time has residuals of its own
            if not (applies and residual.name.startswith(f"{kind}_")):
                continue
            z = standard_normals(seed, Stream.RESIDUAL.of(residual.name), drawn_h, subjects)
            if residual.name == f"{kind}_cv_fraction":
                true = true * log_normal(residual.value.value, z)
            elif residual.name == f"{kind}_sd_{unit}":
                true = np.maximum(0.0, true + residual.value.value / scale * z)
        return true
