"""An observer of your own: hours above 1 U/mL and the highest level of each patient, without keeping a trajectory.

``titrate_cohort(..., observer=)`` tells it what happens while time passes; ``NoObserver`` is a base that notes nothing.
"""

import numpy as np

from heparin_pk import Nomogram, NoObserver, Patient, Population, published, titrate_cohort

LIMIT_U_PER_ML = 1.0


class Overdose(NoObserver):
    """Notes for each lane (one patient) the hours above a limit and the peak."""

    def __init__(self, n: int) -> None:
        self.above_h, self.peak_u_per_ml = np.zeros(n), np.zeros(n)

    def thresholds(self, lanes):  # noqa: ARG002
        """Return None: every interval is reported (an array of thresholds: only intervals that cross one)."""
        return None  # noqa: RET501

    def passed(self, lanes, moments, levels):
        """Add the part of each reported interval that lies above the limit; within it the level is a straight line."""
        start_h, end_h = (moments.at(levels.interval + step, levels.place) for step in (0, 1))
        low, high = np.minimum(levels.before, levels.after), np.maximum(levels.before, levels.after)
        rise = np.where(high > low, high - low, 1.0)
        share = np.where(high > low, np.clip((high - LIMIT_U_PER_ML) / rise, 0.0, 1.0), high > LIMIT_U_PER_ML)
        np.add.at(self.above_h, lanes[levels.place], share * (end_h - start_h))
        self.peak_u_per_ml[lanes] = np.maximum(self.peak_u_per_ml[lanes], levels.peak)

    def given(self, lanes, at_h, concentration_u_per_ml):  # noqa: ARG002
        """Note the level just after a bolus."""
        self.peak_u_per_ml[lanes] = np.maximum(self.peak_u_per_ml[lanes], concentration_u_per_ml)


drug = published.UFH_DEFAULT
cohort = Population(typical=Patient(weight_kg=75)).cohort(drug, np.arange(500), seed=1)
overdose = Overdose(cohort.n)
titrate_cohort(cohort, drug, Nomogram.load("raschke-1993"), hours=48, seed=7, observer=overdose)
print(f"mean time above {LIMIT_U_PER_ML:g} U/mL: {overdose.above_h.mean():.4f} h")
print(f"mean peak: {overdose.peak_u_per_ml.mean():.4f} U/mL")
print(f"patient 0: {overdose.above_h[0]:.4f} h above, peak {overdose.peak_u_per_ml[0]:.4f} U/mL")
