"""How a laboratory derives its own aPTT range: both assays in samples of its own patients, a regression, and its uncertainty.

The aPTT range in use should be the one that corresponds to an anti-Xa of 0.3 to 0.7 U/mL with the laboratory's own reagent. It
is read off a regression on patient samples, so it has an error; and in single patients the two assays disagree with any range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, floats, shown
from heparin_pk.base.randomness import checked_seed, standard_normal
from heparin_pk.base.source import Source, Value
from heparin_pk.base.streams import Stream
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.metrics import side_of_range
from heparin_pk.trials.hospital import FACTOR_VIII_MEDIAN, IDEAL, Hospital
from heparin_pk.trials.population import people

FORMS = ("logarithmic", "linear")
ANTI_XA_CV_FRACTION = 0.05
ANTI_XA_CV_SOURCE = Source(
    key="Buerki_2018",
    citation=(
        "Bürki S, Brand B, Escher R, Wuillemin WA, Nagler M. Accuracy, reproducibility and costs of different laboratory assays "
        "for the monitoring of unfractionated heparin in clinical practice: a prospective evaluation study and survey among "
        "Swiss institutions. BMJ Open 2018;8:e022943"
    ),
    where="Abstract: anti-Xa CV at most 5 %; rank correlation with the aPTT 0.68 (95 % CI 0.60 to 0.75), n = 254",
    confidence="primary",
    doi="10.1136/bmjopen-2018-022943",
    pmid="29886450",
)
ARACHCHILLAGE_2017 = Source(
    key="Arachchillage_2017",
    citation=(
        "Arachchillage DRJ, Kamani F, Deplano S, Banya W, Laffan M. Should we abandon the APTT for monitoring unfractionated "
        "heparin? Thromb Res 2017;157:157-161"
    ),
    where=(
        "Abstract: adults with an anti-Xa of 0.3-0.7: aPTT in range 38 %, below 56 %, above 6 %; both assays agree in 51.8 % "
        "(250 adults; reagent and range not seen)"
    ),
    confidence="primary",
    doi="10.1016/j.thromres.2017.07.006",
    pmid="28759760",
)
FACTOR_VIII_THROMBOSIS = FACTOR_VIII_MEDIAN
"""Factor VIII in acute venous thrombosis, U/mL."""
FACTOR_VIII_AFTER_SURGERY = Value(
    4.32,
    Source(
        key="Nykaenen_2021",
        citation=(
            "Nykänen AI, Selby R, McRae KM, et al. Pseudo heparin resistance after pulmonary endarterectomy: role of thrombus "
            "production of Factor VIII. Semin Thorac Cardiovasc Surg 2021"
        ),
        where="Abstract: median 4.32 IU/mL 1 and 3 days after the operation, 13 patients",
        confidence="primary",
        pmid="33984481",
    ),
)
"""Factor VIII in the days after pulmonary endarterectomy, U/mL."""
ANTITHROMBIN_CV_FRACTION = 0.30
FACTOR_VIII_CV_FRACTION = 0.45
"""ASSUMED for ill adults: antithrombin with a median of 1 (normal) and a CV of 30 %, factor VIII with a CV of 45 %."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sample:
    """One blood sample with the results of both assays.

    ``anti_xa_u_per_ml``: anti-Xa, 0 to 100 U/mL.
    ``aptt_s``: aPTT, 1 to 10,000 s.
    """

    anti_xa_u_per_ml: float
    aptt_s: float

    def __post_init__(self) -> None:
        check_between("anti_xa_u_per_ml", self.anti_xa_u_per_ml, 0.0, 100.0)
        check_between("aptt_s", self.aptt_s, 1.0, 1e4)
        floats(self, "anti_xa_u_per_ml", "aptt_s")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Calibration:
    """A laboratory's regression of aPTT on anti-Xa, and the aPTT range derived from it.

    ``form``: "logarithmic" (ln(aPTT) against anti-Xa) or "linear" (aPTT against anti-Xa).
    ``n``: number of samples.
    ``intercept``, ``slope``: of the regression line, for aPTT in s and anti-Xa in U/mL.
    ``correlation``: Pearson's correlation of anti-Xa with ln(aPTT) or aPTT.
    ``low_s``, ``high_s``: aPTT at the lower and upper end of the anti-Xa range, s.
    ``low_band_s``, ``high_band_s``: 95 % confidence band of the regression line there, s.
    """

    form: str
    n: int
    intercept: float
    slope: float
    correlation: float
    low_s: float
    high_s: float
    low_band_s: tuple[float, float]
    high_band_s: tuple[float, float]

    __repr__ = shown

    @property
    def target(self) -> TherapeuticRange:
        """The laboratory's own aPTT range, in whole seconds."""
        return TherapeuticRange(assay="aptt_s", low=round(self.low_s), high=round(self.high_s))

    def line_s(self, anti_xa_u_per_ml: Any) -> Any:
        """Return the aPTT of the regression line at an anti-Xa (a number or an array), s."""
        y = self.intercept + self.slope * anti_xa_u_per_ml
        return np.exp(y) if self.form == "logarithmic" else y

    def in_words(self) -> str:
        """Return the range and its confidence bands, as a laboratory would report them."""
        return (
            f"aPTT {end_in_words(self.low_s, self.low_band_s)} to {end_in_words(self.high_s, self.high_band_s)}, {self.form}, "
            f"{self.n} samples, r = {self.correlation:.2f}"
        )


def end_in_words(end_s: float, band_s: tuple[float, float]) -> str:
    """Return an end of a range with its confidence band, s; what lies above the ceiling of the aPTT is written as "> 150".

    >>> end_in_words(134.0, (104.0, 229.0))
    '134 s (104 to > 150)'
    """
    ceiling_s = ASSAYS["aptt_s"].ceiling
    end, low, high = (f"> {ceiling_s:g}" if one > ceiling_s else f"{one:.0f}" for one in (end_s, *band_s))
    return f"{end} s ({low})" if low == high else f"{end} s ({low} to {high})"


def samples(
    drug: Drug,
    reagent: Reagent,
    n: int,
    *,
    seed: int | np.random.Generator,
    typical: Patient | None = None,
    rates_u_per_kg_per_h: tuple[float, float] = (8.0, 26.0),
    factor_viii_u_per_ml: float | None = None,
    hospital: Hospital = IDEAL,
) -> tuple[Sample, ...]:
    """Return samples of ``n`` virtual patients at steady state, each at another infusion rate, as both assays report them.

    ``drug``: parameter set; the patients differ by its inter-individual variability.
    ``reagent``: aPTT reagent of the laboratory.
    ``seed``: of the random numbers; a sample does not depend on ``n``.
    ``typical``: the typical patient; ``None``: 75 kg.
    ``rates_u_per_kg_per_h``: lowest and highest infusion rate; the rates are uniform between them.
    ``factor_viii_u_per_ml``: ``None``, or the median factor VIII of acutely ill patients, U/mL. Most reagents were measured in
    patients, so the effect of their illness is already in the slope, and ``None`` adds nothing. With a number, antithrombin and
    factor VIII vary between patients as well (CVs assumed). Published medians are ``FACTOR_VIII_THROMBOSIS`` and
    ``FACTOR_VIII_AFTER_SURGERY``.
    ``hospital``: whose people may drift, and whose aPTT may have a residual error. The residual error of an anti-Xa is that of a
    model against a tube, and no error of the tube: an anti-Xa here has its assay's error alone.

    Concentrations above 10 U/mL are set to 10 U/mL, the upper limit of the assays.
    """
    one_seed = checked_seed(seed)
    typical = typical if typical is not None else Patient(weight_kg=75.0)
    low, high = (check_between("rates_u_per_kg_per_h", rate, 0.5, 60.0) for rate in rates_u_per_kg_per_h)
    aptt = hospital.laboratory(Laboratory(assay="aptt_s", reagent=reagent, ceiling=1000.0, resolution=0.1))
    anti_xa = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=ANTI_XA_CV_FRACTION)
    responses = drug.answers_with(reagent)
    tubes = []
    for subject, healthy in enumerate(people(drug, typical, n, seed=one_seed)):
        patient = healthy if factor_viii_u_per_ml is None else _ill(healthy, factor_viii_u_per_ml, subject, one_seed)
        patient = hospital.admit(patient, one_seed, subject)
        fraction = NormalDist().cdf(standard_normal(one_seed, Stream.SAMPLE_RATE, 0.0, subject))
        kinetics, rate_u_per_h = drug.kinetics(patient), (low + fraction * (high - low)) * patient.weight_kg
        found = min(10.0, kinetics.steady_state_u_per_ml(rate_u_per_h))
        long = min(10.0, kinetics.steady_long_u_per_ml(rate_u_per_h))  # the same, unless short chains are told apart
        tube_seed = int(np.random.SeedSequence((one_seed, subject)).generate_state(1, np.uint64)[0])  # for its two assay errors
        tubes.append(
            Sample(
                anti_xa_u_per_ml=anti_xa.report(found, patient, responses, 0.0, tube_seed).value,
                aptt_s=aptt.report(long, patient, responses, 0.0, tube_seed).value,
            )
        )
    return tuple(tubes)


def _ill(patient: Patient, factor_viii_u_per_ml: float, subject: int, seed: int) -> Patient:
    """Return the patient with antithrombin and factor VIII drawn from log-normal distributions, the latter about this median."""
    check_between("factor_viii_u_per_ml", factor_viii_u_per_ml, 0.1, 10.0)

    def draw(stream: Stream, median: float, cv: float) -> float:
        return median * math.exp(math.sqrt(math.log1p(cv * cv)) * standard_normal(seed, stream, 0.0, subject))

    return replace(
        patient,
        antithrombin_fraction=min(2.0, draw(Stream.SAMPLE_ANTITHROMBIN, 1.0, ANTITHROMBIN_CV_FRACTION)),
        factor_viii_u_per_ml=min(20.0, max(0.01, draw(Stream.SAMPLE_FACTOR_VIII, factor_viii_u_per_ml, FACTOR_VIII_CV_FRACTION))),
    )


def calibrate(
    tubes: tuple[Sample, ...], *, form: str = "logarithmic", anti_xa_range: tuple[float, float] = (0.3, 0.7)
) -> Calibration:
    """Return the least-squares regression of aPTT on anti-Xa, and the aPTT range that corresponds to an anti-Xa range.

    ``tubes``: samples, ten at least.
    ``form``: one of ``FORMS``.
    ``anti_xa_range``: lower and upper end, U/mL.

    The confidence band of each end is that of the regression line there (95 %, Student's t).

    Raises ``ValueError`` for fewer than ten samples, an unknown form, samples that all have one anti-Xa, or a range
    whose upper end is not above the lower one.
    """
    check_one_of("form", form, FORMS)
    ends_u_per_ml = _rising(anti_xa_range)
    _all_samples(tubes)
    if len(tubes) < 10:
        raise ValueError(f"a calibration needs 10 samples at least; got {len(tubes)}")
    x = np.array([tube.anti_xa_u_per_ml for tube in tubes])
    seconds = np.array([tube.aptt_s for tube in tubes])
    y = np.log(seconds) if form == "logarithmic" else seconds
    spread = float(np.sum((x - x.mean()) ** 2))
    if spread <= 1e-12:
        raise ValueError(f"the samples must differ in anti-Xa; all have {x[0]:g} U/mL")
    slope = float(np.sum((x - x.mean()) * (y - y.mean()))) / spread
    intercept = float(y.mean() - slope * x.mean())
    residual = y - (intercept + slope * x)
    sigma = math.sqrt(float(residual @ residual) / (len(x) - 2))
    back = np.exp if form == "logarithmic" else np.asarray
    t = _student_t_975(len(x) - 2)
    ends = []
    for end in ends_u_per_ml:
        middle = intercept + slope * end
        half = t * sigma * math.sqrt(1.0 / len(x) + (end - float(x.mean())) ** 2 / spread)
        ends.append((float(back(middle)), (float(back(middle - half)), float(back(middle + half)))))
    (low_s, low_band_s), (high_s, high_band_s) = ends
    return Calibration(
        form=form,
        n=len(tubes),
        intercept=intercept,
        slope=slope,
        correlation=float(np.corrcoef(x, y)[0, 1]),
        low_s=low_s,
        high_s=high_s,
        low_band_s=low_band_s,
        high_band_s=high_band_s,
    )


def _student_t_975(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t (Cornish-Fisher expansion of the normal quantile; 0.3 % too low at 8 degrees)."""
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4.0 * freedom) + (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / (96.0 * freedom**2)


def _rising(anti_xa_range: tuple[float, float]) -> tuple[float, float]:
    """Return the two ends of a range, U/mL; raises ``ValueError`` unless the second is above the first."""
    ends = tuple(check_between("anti_xa_range", end, 0.01, 10.0) for end in anti_xa_range)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise ValueError(f"anti_xa_range must be two rising levels; got {anti_xa_range!r}")
    return ends


def _all_samples(tubes: tuple[Sample, ...]) -> None:
    """Raise ``ValueError`` unless each of these is a ``Sample``."""
    for tube in tubes:
        check_is("a sample", tube, Sample, "a Sample")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Agreement:
    """How far aPTT and anti-Xa agree in the same samples.

    ``n``: number of samples.
    ``n_in_range``: samples with an anti-Xa in range.
    ``rank_correlation_ratio``: Spearman's rank correlation over all samples.
    ``in_fraction``, ``below_fraction``, ``above_fraction``: of the samples with an anti-Xa in range, the fractions with an aPTT
    in, below and above its range.
    ``concordant_fraction``: of all samples, the fraction in which both assays are on the same side (below, in or above).
    """

    n: int
    n_in_range: int
    rank_correlation_ratio: float
    in_fraction: float
    below_fraction: float
    above_fraction: float
    concordant_fraction: float

    __repr__ = shown

    def in_words(self) -> str:
        """Return the agreement as one sentence."""
        return (
            f"{self.n} samples, rank correlation {self.rank_correlation_ratio:.2f}; of {self.n_in_range} with an anti-Xa "
            f"in range the aPTT lay in range in {self.in_fraction:.0%}, below in {self.below_fraction:.0%}, "
            f"above in {self.above_fraction:.0%}; both assays agree in {self.concordant_fraction:.0%} of all"
        )


def agreement(
    tubes: tuple[Sample, ...], aptt_range: TherapeuticRange, *, anti_xa_range: tuple[float, float] = (0.3, 0.7)
) -> Agreement:
    """Return how far aPTT and anti-Xa agree in these samples, given the aPTT range a hospital uses.

    ``aptt_range``: the range in use, in seconds of aPTT.
    ``anti_xa_range``: lower and upper end, U/mL.

    Raises ``ValueError`` for an ``aptt_range`` in another unit, an ``anti_xa_range`` whose upper end is not above the lower one,
    or when no sample has an anti-Xa within it.
    """
    check_is("aptt_range", aptt_range, TherapeuticRange, "a TherapeuticRange")
    low, high = _rising(anti_xa_range)
    _all_samples(tubes)
    if aptt_range.assay != "aptt_s":
        raise ValueError(f"aptt_range must be in seconds of aPTT; got {aptt_range.in_words()}")
    x = np.array([tube.anti_xa_u_per_ml for tube in tubes])
    y = np.array([tube.aptt_s for tube in tubes])
    inside = (x >= low) & (x <= high)
    if not inside.any():
        raise ValueError(f"no sample has an anti-Xa within {anti_xa_range}; got {len(tubes)} samples")
    aptt_inside = y[inside]
    same = side_of_range(x, low, high) == side_of_range(y, aptt_range.low, aptt_range.high)
    below, above = float(np.mean(aptt_inside < aptt_range.low)), float(np.mean(aptt_inside > aptt_range.high))
    return Agreement(
        n=len(tubes),
        n_in_range=int(inside.sum()),
        rank_correlation_ratio=float(np.corrcoef(_ranks(x), _ranks(y))[0, 1]),
        in_fraction=1.0 - below - above,
        below_fraction=below,
        above_fraction=above,
        concordant_fraction=float(np.mean(same)),
    )


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of values, from 1; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - 0.5 * (counts - 1))[inverse]
    return ranks
