"""A population of your own: a share of women, weights that differ by sex, and an age that goes with the weight.

Each number has its source, as everywhere; here they are assumed.
"""

import numpy as np

from heparin_pk import Distribution, Laboratory, Nomogram, Patient, Population, Source, Trial, Value, published

WARD = Source(key="Ours_2020", citation="Our ward in 2020 (invented)", where="admission list", confidence="assumed")


def ours(number: float) -> Value:
    """Return a number of our ward with its source."""
    return Value(number, WARD)


population = Population(
    name="our ward",
    typical=Patient(weight_kg=75),
    distributions=(
        Distribution(feature="female", form="share", share=ours(0.4)),
        Distribution(feature="weight_kg", form="normal", among="female", mean=ours(68), sd=ours(12), low=45, high=120),
        Distribution(feature="weight_kg", form="normal", among="male", mean=ours(84), sd=ours(14), low=50, high=150),
        Distribution(
            feature="age_y",
            form="normal",
            mean=ours(66),
            sd=ours(12),
            low=18,
            high=95,
            correlates_with="weight_kg",
            correlation_fraction=-0.3,
        ),
    ),
)
cohort = population.cohort(published.UFH_DEFAULT, np.arange(20_000), seed=3)
women = cohort.female
print(population)
print(f"women: {women.mean():.4f}")
print(f"mean weight of women: {cohort.weight_kg[women].mean():.3f} kg")
print(f"mean weight of men: {cohort.weight_kg[~women].mean():.3f} kg")
print(f"correlation of age and weight among men: {np.corrcoef(cohort.age_y[~women], cohort.weight_kg[~women])[0, 1]:.3f}")

trial = Trial(population=population, arms=[Nomogram.load("raschke-1993")], laboratory=Laboratory())
found = trial.run(300, seed=3, progress=False)
share = found.estimate("raschke-1993", "time_in_range_fraction")
print(f"time in range under raschke-1993: {share.mean:.3f} (300 patients)")
