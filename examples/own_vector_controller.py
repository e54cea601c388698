"""A controller of your own that decides for many patients at once, and gives the same numbers as one by one.

A ``VectorController`` has ``assay``, ``looks_back`` (how many results it reads), ``decide`` and ``decide_many``.
"""

import numpy as np

from heparin_pk import (
    Decision,
    Decisions,
    Laboratory,
    Patient,
    Population,
    Situation,
    Situations,
    VectorController,
    published,
    titrate,
    titrate_cohort,
)


class Proportional:
    """Start with 80 U/kg and 18 U/kg/h; at each result multiply the rate by 0.5 / level, by a third at most."""

    assay = "anti_xa_u_per_ml"
    looks_back = 1

    def decide_many(self, situations: Situations) -> Decisions:
        """Return what to do at each of m bedsides: arrays of shape (m,)."""
        begins = situations.n_results == 0
        factor = np.clip(0.5 / np.maximum(0.01, situations.levels[0]), 2 / 3, 4 / 3)
        return Decisions(
            bolus_u=np.where(begins, 80 * situations.weight_kg, 0.0),
            bolus_over_min=np.zeros(len(begins)),
            hold_min=np.zeros(len(begins)),
            rate_u_per_h=np.where(begins, 18 * situations.weight_kg, factor * situations.rate_u_per_h),
            next_draw_h=situations.time_h + 6,
        )

    def decide(self, situation: Situation) -> Decision:
        """Return what to do at one bedside: the same rule, asked for a cohort of one."""
        made = self.decide_many(Situations.of(situation, self.looks_back))
        return Decision(orders=made.orders(situation.time_h), next_draw_h=float(made.next_draw_h[0]))


rule, drug, laboratory = Proportional(), published.UFH_DEFAULT, Laboratory(assay="anti_xa_u_per_ml")
assert isinstance(rule, VectorController)
cohort = Population(typical=Patient(weight_kg=75)).cohort(drug, np.arange(200), seed=1)
charts = titrate_cohort(cohort, drug, rule, hours=48, laboratory=laboratory, seed=7)
print(f"mean level at 48 h in {cohort.n} patients: {charts.hourly_u_per_ml[:, 48].mean():.4f} U/mL")

alone = [titrate(cohort[i], drug, rule, hours=48, laboratory=laboratory, seed=7, subject=i) for i in range(20)]
differences = [course.concentration_at_u_per_ml(48) - charts.hourly_u_per_ml[i, 48] for i, course in enumerate(alone)]
print(f"largest difference between many and one by one: {np.abs(differences).max():g} U/mL")
