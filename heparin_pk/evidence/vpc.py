"""A prediction-corrected visual predictive check of charted courses.

Doses that were titrated to results hide a wrong model: whoever clears fast got more. Bergstrand and colleagues therefore divide
every result, measured or simulated, by what the typical patient would have shown under the orders in fact given, and bring it to
the median of those predictions in its bin of time: ``Y * median(PRED in the bin) / PRED``. The same thing is a shift of the
logarithm. (Their form with a lower bound, the clotting time before heparin, is not used: near that bound it divides by nothing.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heparin_pk.base.checks import check_between, check_is
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
BINS_H = (0.0, 8.0, 16.0, 28.0, 44.0, 72.0)
_LONGEST_H = 1440.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionCorrected:
    """Measured percentiles beside the model's, bin by bin of time; arrays of shape (percents, bins) but where said.

    ``observed`` are the measured ones; ``simulated``, ``low`` and ``high`` the median and the ends of the 95 % interval of the
    same percentile over the replicates. ``n`` (bins,) counts results, ``centres_h`` (bins,) is their median time;
    ``points_h`` and ``points`` (m,) are the single results. ``above_ceiling`` results were left out, measured and simulated
    alike; ``simulated_above_fraction`` is how many of the simulated that was. ``beyond`` lay outside all bins.
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
        """Which share of the measured percentiles lies there."""
        return float(self.inside.mean())

    def in_words(self) -> str:
        """Return the check as a table, and what was left out."""
        lines = [f"{'time (h)':>10}{'results':>9}" + "".join(f"{f'{percent} %':>26}" for percent in self.percents)]
        for place, (start, end) in enumerate(zip(self.bins_h[:-1], self.bins_h[1:], strict=True)):
            cells = []
            for row in range(len(self.percents)):
                mark = " " if self.inside[row, place] else "!"
                text = f"{self.observed[row, place]:.0f}{mark} ({self.low[row, place]:.0f}-{self.high[row, place]:.0f})"
                cells.append(f"{text:>26}")
            lines.append(f"{f'{start:g}-{end:g}':>10}{self.n[place]:>9}" + "".join(cells))
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
    """Return what the aPTT of charted courses says of a model, corrected for the doses in fact given.

    In each of ``replicates`` every chart is lived through again by another person of the same description (weight, age, clotting
    time before), drawn as the model says people differ, and in ``distributions`` where something was not charted (antithrombin,
    factor VIII), with blood drawn at the same moments and measured by ``laboratory`` (``None``: one as
    imprecise as what the model leaves unexplained, or the usual one). Results above the ceiling are left out on both sides.

    Raises ``ValueError`` without charts, for edges of bins that do not rise, an empty bin, or fewer than 20 replicates.
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
    replicates, one_seed = int(check_between("replicates", replicates, 20, 65_536)), checked_seed(seed)
    if laboratory is None:
        laboratory = Laboratory(cv_fraction=0.0, residual=drug.residual) if drug.residual else Laboratory()
    laboratory = replace(laboratory, turnaround_h=0.0)  # a result counts when its blood was drawn

    times, measured, above, typical, drawn, drawn_above = [], [], [], [], [], []
    for index, chart in enumerate(kept):
        values, censored = _lived_again(chart, drug, laboratory, index, replicates, one_seed, tuple(distributions))
        course = replay(chart, drug, reagent=laboratory.reagent)
        times += [lab.drawn_h for lab in chart.labs]
        measured += [lab.value for lab in chart.labs]
        above += [lab.above_ceiling for lab in chart.labs]
        typical += [course.level_at("aptt_s", lab.drawn_h) for lab in chart.labs]
        drawn.append(values)
        drawn_above.append(censored)
    time_h, pred, hidden = np.array(times), np.array(typical), np.array(above)
    simulated_hidden = np.concatenate(drawn_above)
    place = np.searchsorted(edges, time_h, side="right") - 1
    place = np.where(time_h == edges[-1], len(edges) - 2, place)
    beyond = (place < 0) | (place > len(edges) - 2)
    seen = np.where(hidden, np.nan, np.array(measured))
    lived = np.where(simulated_hidden, np.nan, np.concatenate(drawn))  # (results, replicates)
    found = _percentiles(time_h, place, pred, seen, lived, edges)
    corrected, observed, simulated, centres_h, counts = found
    use = ~beyond & ~hidden
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
        above_ceiling=int((hidden & ~beyond).sum()),
        simulated_above_fraction=float(simulated_hidden[~beyond].mean()),
        beyond=int(beyond.sum()),
        sources=tuple({source.citation: source for source in every}.values()),
    )
    remember(check)
    return check


def _lived_again(
    chart: ICUCourse,
    drug: Drug,
    laboratory: Laboratory,
    index: int,
    replicates: int,
    seed: int,
    distributions: tuple[Distribution, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the results of other people under the charted orders, and which are above the ceiling, (results, replicates)."""
    subjects = index * 65_536 + np.arange(replicates)  # nobody stands in for two charts
    cohort = Population(typical=chart.patient, distributions=distributions).cohort(drug, subjects, seed=seed)
    draws_h = tuple(lab.drawn_h for lab in chart.labs)
    plan = Fixed(regimen=chart.regimen, draws_h=draws_h, assay="aptt_s")
    charts = titrate_cohort(
        cohort,
        drug,
        plan,
        hours=max(chart.hours, draws_h[-1] + 1.0 / 60.0),
        laboratory=laboratory,
        seed=seed,
        subjects=subjects,
    )
    return charts.values, charts.above_ceiling


def _percentiles(
    time_h: np.ndarray, place: np.ndarray, pred: np.ndarray, seen: np.ndarray, lived: np.ndarray, edges: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return each corrected result, then of each bin the measured and simulated percentiles, the middle time, the count."""
    bins = len(edges) - 1
    corrected = np.full(len(seen), np.nan)
    observed = np.empty((len(PERCENTS), bins))
    simulated = np.empty((len(PERCENTS), bins, lived.shape[1]))
    centres_h, counts = np.empty(bins), np.empty(bins, dtype=np.int64)
    for one in range(bins):
        here = place == one
        if not np.isfinite(seen[here]).any():
            raise ValueError(
                f"every bin must hold a result below the ceiling; got none from {edges[one]:g} to {edges[one + 1]:g} h"
            )
        factor = np.median(pred[here]) / pred[here]
        corrected[here] = seen[here] * factor
        observed[:, one] = np.nanpercentile(corrected[here], PERCENTS)
        simulated[:, one] = np.nanpercentile(lived[here] * factor[:, None], PERCENTS, axis=0)
        centres_h[one] = np.median(time_h[here])
        counts[one] = int(np.isfinite(seen[here]).sum())
    return corrected, observed, simulated, centres_h, counts
