"""A prediction-corrected visual predictive check (pcVPC) of charted courses.

Doses that were titrated to results hide a wrong model, because the dose correlates with clearance. Bergstrand and colleagues
therefore correct every result Y, measured or simulated, by the prediction PRED for the typical patient under the orders in fact
given: ``Y * median(PRED in the time bin) / PRED``. On the logarithmic scale this is a shift. Their form with a lower bound
(here the clotting time before heparin) is not used, because its divisor tends to zero near that bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_whole
from heparin_pk.base.citations import remember
from heparin_pk.base.randomness import checked_seed
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.evidence.datasets import MIMIC_III_DEMO, WARD_TARGET, ICUCourse, replay
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.trials.distribution import Distribution
from heparin_pk.trials.population import Population
from heparin_pk.ward.by_hand import Fixed

BERGSTRAND_2011 = Source(
    key="Bergstrand_2011",
    citation=(
        "Bergstrand M, Hooker AC, Wallin JE, Karlsson MO. Prediction-corrected visual predictive checks for diagnosing nonlinear "
        "mixed-effects models. AAPS J 2011;13(2):143-151"
    ),
    where="Abstract: normalised by the typical population prediction for the median independent variable in the bin",
    confidence="primary",
    doi="10.1208/s12248-011-9255-z",
    pmid="21302010",
)
PERCENTS = (5, 50, 95)
"""Percentiles that are compared."""
BINS_H = (0.0, 8.0, 16.0, 28.0, 44.0, 72.0)
"""Edges of the time bins, h."""
_LONGEST_H = 1440.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionCorrected:
    """Prediction-corrected percentiles, measured and simulated, for each time bin.

    ``assay``: the assay of the results, "aptt_s".
    ``target``: therapeutic range to draw, or ``None``.
    ``bins_h``: edges of the time bins, h.
    ``percents``: the percentiles, %.
    ``centres_h``: median time of the results of each bin, h; shape (bins,).
    ``n``: number of results of each bin; shape (bins,).
    ``observed``: measured percentiles, in the unit of the assay; shape (percents, bins).
    ``simulated``: median over the replicates of the simulated percentiles; shape (percents, bins).
    ``low``, ``high``: ends of their 95 % interval; shape (percents, bins).
    ``points_h``, ``points``: time (h) and corrected value of each measured result; shape (results,).
    ``courses``: number of courses with a result.
    ``replicates``: number of simulated replicates of each course.
    ``above_ceiling``: measured results above the ceiling, left out.
    ``simulated_above_fraction``: fraction of the simulated results above the ceiling, left out as well.
    ``beyond``: measured results outside all time bins, left out.
    ``sources``: sources of the model, the distributions, the method and the charts.
    """

    assay: str
    target: TherapeuticRange | None
    bins_h: tuple[float, ...]
    percents: tuple[int, ...]
    centres_h: np.ndarray
    n: np.ndarray
    observed: np.ndarray
    simulated: np.ndarray
    low: np.ndarray
    high: np.ndarray
    points_h: np.ndarray
    points: np.ndarray
    courses: int
    replicates: int
    above_ceiling: int
    simulated_above_fraction: float
    beyond: int
    sources: tuple[Source, ...]

    @property
    def inside(self) -> np.ndarray:
        """Whether each measured percentile lies in the model's 95 % interval, shape (percents, bins)."""
        return (self.observed >= self.low) & (self.observed <= self.high)

    @property
    def inside_fraction(self) -> float:
        """The fraction of the measured percentiles that lie in the model's 95 % interval."""
        return float(self.inside.mean())

    def in_words(self) -> str:
        """Return the check as a table, and the numbers of results left out."""
        lines = [f"{'time (h)':>10}{'results':>9}" + "".join(f"{f'{percent} %':>26}" for percent in self.percents)]
        for index, (start, end) in enumerate(zip(self.bins_h[:-1], self.bins_h[1:], strict=True)):
            cells = []
            for row in range(len(self.percents)):
                mark = " " if self.inside[row, index] else "!"
                text = f"{self.observed[row, index]:.0f}{mark} ({self.low[row, index]:.0f}-{self.high[row, index]:.0f})"
                cells.append(f"{text:>26}")
            lines.append(f"{f'{start:g}-{end:g}':>10}{self.n[index]:>9}" + "".join(cells))
        lines.append(
            f"measured (the model's 95 % interval over {self.replicates} replicates); ! lies outside: "
            f"{int((~self.inside).sum())} of {self.inside.size}"
        )
        lines.append(
            f"{self.courses} courses; left out: {self.above_ceiling} results above the ceiling "
            f"(the model: {self.simulated_above_fraction:.1%} of its own), {self.beyond} beyond {self.bins_h[-1]:g} h"
        )
        return "\n".join(lines)


def prediction_corrected(
    charts: Sequence[ICUCourse],
    drug: Drug,
    *,
    bins_h: Sequence[float] = BINS_H,
    replicates: int = 500,
    seed: int | np.random.Generator = 0,
    distributions: Sequence[Distribution] = (),
    laboratory: Laboratory | None = None,
    target: TherapeuticRange | None = WARD_TARGET,
) -> PredictionCorrected:
    """Return the prediction-corrected check of a model against the aPTTs of charted courses.

    Each replicate simulates every chart with another virtual patient of the same description (weight, age, baseline aPTT), under
    the charted orders and with blood drawn at the charted times. Results above the ceiling are left out, measured and simulated.

    ``charts``: charted courses; those without a result are ignored.
    ``drug``: parameter set; its inter-individual variability makes the virtual patients differ.
    ``bins_h``: edges of the time bins, h.
    ``replicates``: 20 to 65,536.
    ``seed``: of the random numbers.
    ``distributions``: distributions of features that were not charted, such as antithrombin and factor VIII.
    ``laboratory``: measures the simulated blood; ``None``: one with the residual error of the model, or, if the set has none, the
    usual one.
    ``target``: therapeutic range to draw.

    Raises ``ValueError`` without charts, for bin edges that do not rise, an empty bin, or fewer than 20 replicates.
    """
    check_is("charts", charts, (list, tuple), "a list of ICUCourse")
    for chart in charts:
        check_is("charts", chart, ICUCourse, "an ICUCourse")
    kept = [chart for chart in charts if chart.labs]
    if not kept:
        raise ValueError(f"charts must hold a course with a result at least; got {len(charts)} without")
    edges = tuple(check_between("bins_h", edge, 0.0, _LONGEST_H) for edge in bins_h)
    if len(edges) < 2 or list(edges) != sorted(set(edges)):
        raise ValueError(f"bins_h must be two edges or more that rise; got {edges}")
    replicates, one_seed = check_whole("replicates", replicates, 20, 65_536), checked_seed(seed)
    if laboratory is None:
        laboratory = Laboratory(cv_fraction=0.0, residual=drug.residual) if drug.residual else Laboratory()
    laboratory = replace(laboratory, turnaround_h=0.0)  # a result counts when its blood was drawn

    times, measured, above, typical, drawn, drawn_above = [], [], [], [], [], []
    for index, chart in enumerate(kept):
        chart_values, chart_censored = _replicates(chart, drug, laboratory, index, replicates, one_seed, tuple(distributions))
        course = replay(chart, drug, reagent=laboratory.reagent)
        times += [lab.drawn_h for lab in chart.labs]
        measured += [lab.value for lab in chart.labs]
        above += [lab.above_ceiling for lab in chart.labs]
        typical += [course.level_at("aptt_s", lab.drawn_h) for lab in chart.labs]
        drawn.append(chart_values)
        drawn_above.append(chart_censored)
    time_h, pred, censored = np.array(times), np.array(typical), np.array(above)
    simulated_censored = np.concatenate(drawn_above)
    bin_index = np.searchsorted(edges, time_h, side="right") - 1
    bin_index = np.where(time_h == edges[-1], len(edges) - 2, bin_index)  # the last edge belongs to the last bin
    beyond = (bin_index < 0) | (bin_index > len(edges) - 2)
    values = np.where(censored, np.nan, np.array(measured))
    simulated_values = np.where(simulated_censored, np.nan, np.concatenate(drawn))  # (results, replicates)
    corrected, observed, simulated, centres_h, counts = _percentiles(time_h, bin_index, pred, values, simulated_values, edges)
    use = ~beyond & ~censored
    every = [*drug.sources, *(source for one in distributions for source in one.sources), BERGSTRAND_2011, MIMIC_III_DEMO]
    check = PredictionCorrected(
        assay="aptt_s",
        target=target,
        bins_h=edges,
        percents=PERCENTS,
        centres_h=centres_h,
        n=counts,
        observed=observed,
        simulated=np.nanmedian(simulated, axis=-1),
        low=np.nanpercentile(simulated, 2.5, axis=-1),
        high=np.nanpercentile(simulated, 97.5, axis=-1),
        points_h=time_h[use],
        points=corrected[use],
        courses=len(kept),
        replicates=replicates,
        above_ceiling=int((censored & ~beyond).sum()),
        simulated_above_fraction=float(simulated_censored[~beyond].mean()),
        beyond=int(beyond.sum()),
        sources=tuple({source.citation: source for source in every}.values()),
    )
    remember(check)
    return check


def _replicates(
    chart: ICUCourse,
    drug: Drug,
    laboratory: Laboratory,
    index: int,
    replicates: int,
    seed: int,
    distributions: tuple[Distribution, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Return simulated results under the charted orders, and which of them exceed the ceiling, shape (results, replicates)."""
    subjects = index * 65_536 + np.arange(replicates)  # no virtual patient is used for two charts
    cohort = Population(typical=chart.patient, distributions=distributions).cohort(drug, subjects, seed=seed)
    draws_h = tuple(lab.drawn_h for lab in chart.labs)
    plan = Fixed(regimen=chart.regimen, draws_h=draws_h, assay="aptt_s")
    results = titrate_cohort(
        cohort,
        drug,
        plan,
        hours=max(chart.hours, draws_h[-1] + 1.0 / 60.0),
        laboratory=laboratory,
        seed=seed,
        subjects=subjects,
    )
    return results.values, results.above_ceiling


def _percentiles(
    time_h: np.ndarray, bin_of: np.ndarray, pred: np.ndarray, values: np.ndarray, drawn: np.ndarray, edges: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the corrected results and the percentiles of each bin.

    Parameters (NaN: above the ceiling): ``time_h``, ``bin_of`` (index of the bin), ``pred`` and ``values``
    (measured) of shape (results,), ``drawn`` (simulated) of shape (results, replicates).

    Returns, in this order:

    - corrected measured results, shape (results,);
    - measured percentiles, shape (percents, bins);
    - simulated percentiles, shape (percents, bins, replicates);
    - median time of each bin, h;
    - number of results below the ceiling of each bin.
    """
    bins = len(edges) - 1
    corrected = np.full(len(values), np.nan)
    observed = np.empty((len(PERCENTS), bins))
    simulated = np.empty((len(PERCENTS), bins, drawn.shape[1]))
    centres_h, counts = np.empty(bins), np.empty(bins, dtype=np.int64)
    for index in range(bins):
        in_bin = bin_of == index
        if not np.isfinite(values[in_bin]).any():
            raise ValueError(
                f"every bin must hold a result below the ceiling; got none from {edges[index]:g} to {edges[index + 1]:g} h"
            )
        factor = np.median(pred[in_bin]) / pred[in_bin]
        corrected[in_bin] = values[in_bin] * factor
        observed[:, index] = np.nanpercentile(corrected[in_bin], PERCENTS)
        simulated[:, index] = np.nanpercentile(drawn[in_bin] * factor[:, None], PERCENTS, axis=0)
        centres_h[index] = np.median(time_h[in_bin])
        counts[index] = int(np.isfinite(values[in_bin]).sum())
    return corrected, observed, simulated, centres_h, counts
