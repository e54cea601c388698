"""How a laboratory finds its own aPTT range: samples of its own patients, both assays, a regression, and what it is worth.

The aPTT range in use should be the one that corresponds to an anti-Xa of 0.3 to 0.7 U/mL with *this* reagent. It is read off a
regression on patient samples, so it has an error; and in single patients the two assays disagree whatever the range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of, floats, shown
from heparin_pk.base.randomness import checked_seed, standard_normal
from heparin_pk.base.source import Source, Value
from heparin_pk.base.streams import Stream
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.trials.hospital import FACTOR_VIII_MEDIAN
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
"""Factor VIII with a fresh venous thrombosis, U/mL."""
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
"""Factor VIII in the days after an operation on the lung arteries, U/mL."""
ANTITHROMBIN_CV_FRACTION = 0.30
FACTOR_VIII_CV_FRACTION = 0.45
"""ASSUMED for ill adults: antithrombin around normal with a CV of 30 %, factor VIII around its median with a CV of 45 %."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sample:
    """One tube of blood: what both assays said of it (anti-Xa 0 to 100 U/mL, aPTT 1 to 10,000 s)."""

    anti_xa_u_per_ml: float
    aptt_s: float

    def __post_init__(self) -> None:
        check_between("anti_xa_u_per_ml", self.anti_xa_u_per_ml, 0.0, 100.0)
        check_between("aptt_s", self.aptt_s, 1.0, 1e4)
        floats(self, "anti_xa_u_per_ml", "aptt_s")

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Calibration:
    """A laboratory's regression of aPTT on anti-Xa: its line, how well it fits, and the aPTT range it leads to.

    ``form`` "logarithmic" fits ln(aPTT), "linear" the aPTT. ``low_s`` and ``high_s`` are the aPTT at the ends of the anti-Xa
    range, each with its 95 % confidence band (``low_band_s``, ``high_band_s``) from the regression's own variance.
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
        """The laboratory's own range, whole seconds."""
        return TherapeuticRange(assay="aptt_s", low=round(self.low_s), high=round(self.high_s))

    def line_s(self, anti_xa_u_per_ml):
        """Return the regression's aPTT at an anti-Xa, s."""
        y = self.intercept + self.slope * anti_xa_u_per_ml
        return np.exp(y) if self.form == "logarithmic" else y

    def in_words(self) -> str:
        """Return the range as a laboratory would report it, with its bands."""
        return (
            f"aPTT {self.low_s:.0f} s ({self.low_band_s[0]:.0f}-{self.low_band_s[1]:.0f}) to {self.high_s:.0f} s "
            f"({self.high_band_s[0]:.0f}-{self.high_band_s[1]:.0f}), {self.form}, {self.n} samples, "
            f"r = {self.correlation:.2f}"
        )


def samples(
    drug: Drug,
    reagent: Reagent,
    n: int,
    *,
    seed: int | np.random.Generator,
    typical: Patient | None = None,
    rates_u_per_kg_per_h: tuple[float, float] = (8.0, 26.0),
    factor_viii_u_per_ml: float | None = None,
) -> tuple[Sample, ...]:
    """Return blood of patients on a steady infusion, each another person at another rate, as both assays report it.

    People differ as ``drug.variability`` says. Most reagents were measured in patients, whose illness is therefore in the slope
    already: with ``factor_viii_u_per_ml`` ``None`` nothing is added. A number makes people ill beyond that: antithrombin and
    factor VIII are spread (assumed), the latter around this median; ``FACTOR_VIII_THROMBOSIS`` and
    ``FACTOR_VIII_AFTER_SURGERY`` are published ones. Rates are spread evenly over ``rates_u_per_kg_per_h``. Levels above
    10 U/mL are taken as 10 (the assays' end).
    """
    one_seed = checked_seed(seed)
    typical = typical if typical is not None else Patient(weight_kg=75.0)
    low, high = (check_between("rates_u_per_kg_per_h", rate, 0.5, 60.0) for rate in rates_u_per_kg_per_h)
    own = Laboratory(assay="aptt_s", reagent=reagent, ceiling=1000.0, resolution=0.1)
    anti_xa = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=ANTI_XA_CV_FRACTION)
    responses = drug.answers_with(reagent)
    found = []
    for subject, somebody in enumerate(people(drug, typical, n, seed=one_seed)):
        one = somebody if factor_viii_u_per_ml is None else _ill(somebody, factor_viii_u_per_ml, subject, one_seed)
        share = NormalDist().cdf(standard_normal(one_seed, Stream.SAMPLE_RATE, 0.0, subject))
        concentration = drug.kinetics(one).steady_state_u_per_ml((low + share * (high - low)) * one.weight_kg)
        concentration = min(10.0, concentration)
        tube_seed = int(np.random.SeedSequence((one_seed, subject)).generate_state(1, np.uint64)[0])  # its own two errors
        found.append(
            Sample(
                anti_xa_u_per_ml=anti_xa.report(concentration, one, responses, 0.0, tube_seed).value,
                aptt_s=own.report(concentration, one, responses, 0.0, tube_seed).value,
            )
        )
    return tuple(found)


def _ill(patient: Patient, factor_viii_u_per_ml: float, subject: int, seed: int) -> Patient:
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
    """Return the laboratory's regression on its own samples, and the aPTT range that corresponds to an anti-Xa range.

    The band of each end is that of the regression line there (95 %, Student's t).

    Raises ``ValueError`` for fewer than ten samples, an unknown form, samples that all have one anti-Xa, or a range that does
    not rise.
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
    """Return the 97.5 % quantile of Student's t, from the normal one (Cornish and Fisher; 0.3 % short at 8)."""
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4.0 * freedom) + (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / (96.0 * freedom**2)


def _rising(anti_xa_range: tuple[float, float]) -> tuple[float, float]:
    ends = tuple(check_between("anti_xa_range", one, 0.01, 10.0) for one in anti_xa_range)
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise ValueError(f"anti_xa_range must be two rising levels; got {anti_xa_range!r}")
    return ends


def _all_samples(tubes: tuple[Sample, ...]) -> None:
    for tube in tubes:
        check_is("a sample", tube, Sample, "a Sample")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Agreement:
    """How far two assays agree in the same tubes.

    ``rank_correlation`` is Spearman's; of the tubes with an anti-Xa in range, ``in_fraction``, ``below_fraction`` and
    ``above_fraction`` say where their aPTT lay; ``n`` counts all tubes, ``n_in_range`` those with an anti-Xa in range.
    ``concordant_fraction`` is the share of all tubes in which both say the same: below, in or above.
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
        """Return it in words."""
        return (
            f"{self.n} tubes, rank correlation {self.rank_correlation_ratio:.2f}; of {self.n_in_range} with an anti-Xa "
            f"in range the aPTT lay in range in {self.in_fraction:.0%}, below in {self.below_fraction:.0%}, "
            f"above in {self.above_fraction:.0%}; both assays say the same in {self.concordant_fraction:.0%} of all"
        )


def agreement(
    tubes: tuple[Sample, ...], aptt_range: TherapeuticRange, *, anti_xa_range: tuple[float, float] = (0.3, 0.7)
) -> Agreement:
    """Return how far aPTT and anti-Xa agree in these samples, given the aPTT range a hospital uses.

    Raises ``ValueError`` when the range is not one of aPTT seconds, the other does not rise, or no sample lies in it.
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
    chosen = y[inside]
    same = _side(x, low, high) == _side(y, aptt_range.low, aptt_range.high)
    below, above = float(np.mean(chosen < aptt_range.low)), float(np.mean(chosen > aptt_range.high))
    return Agreement(
        n=len(tubes),
        n_in_range=int(inside.sum()),
        rank_correlation_ratio=float(np.corrcoef(_ranks(x), _ranks(y))[0, 1]),
        in_fraction=1.0 - below - above,
        below_fraction=below,
        above_fraction=above,
        concordant_fraction=float(np.mean(same)),
    )


def _side(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return -1 below, 0 in and 1 above a range."""
    return (values > high).astype(int) - (values < low).astype(int)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks, ties sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - 0.5 * (counts - 1))[inverse]
