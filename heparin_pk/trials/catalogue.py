"""The outcomes a trial reports: one number a patient, with label, unit and largest possible value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """One number of each patient.

    ``key``: its name in a program.
    ``label``: its name for a reader.
    ``unit``: its unit; "" where it has none.
    ``most``: the largest value it can have.
    ``is_yes_or_no``: whether it is 1 for yes and 0 for no.
    """

    key: str
    label: str
    unit: str
    most: float
    is_yes_or_no: bool = False


_SHARE, _HOURS = 1.0, 1500.0
SNAPSHOTS_H = (6, 12, 18, 24, 36, 48)
READ_AT_H = (6, 12, 24, 36, 48)
"""Hours at which wards report how many of their patients are in range."""
PERIOD_H, PERIODS_END_H = 6, (6, 12, 18, 24, 30, 36, 42, 48)
"""Length and ends of the periods in which other wards count: only patients with a result of that period, h."""
OUTCOMES = {
    one.key: one
    for one in (
        Outcome("time_in_range_fraction", "true time in the nomogram's own range", "", _SHARE),
        Outcome("time_below_fraction", "true time below its own range", "", _SHARE),
        Outcome("time_above_fraction", "true time above its own range", "", _SHARE),
        Outcome("common_range_in_range_fraction", "true time in the common range", "", _SHARE),
        Outcome("common_range_below_fraction", "true time below the common range", "", _SHARE),
        Outcome("common_range_above_fraction", "true time above the common range", "", _SHARE),
        Outcome("time_to_therapeutic_h", "true level first in range (patients who reached it)", "h", _HOURS),
        Outcome("common_range_first_h", "true level first in the common range (patients who reached it)", "h", _HOURS),
        Outcome("threshold_result_h", "first result at or above the lower limit drawn (patients who reached it)", "h", _HOURS),
        Outcome("in_range_result_h", "first result in range drawn (patients who reached it)", "h", _HOURS),
        Outcome("two_in_range_h", "second of two results in a row in range drawn (patients who reached it)", "h", _HOURS),
        Outcome("threshold_by_24_h", "a result at or above the lower limit by 24 h", "", _SHARE, True),
        Outcome("therapeutic_by_24_h", "a result in range by 24 h", "", _SHARE, True),
        *(
            Outcome(f"in_range_at_{hour}_h", f"last result drawn by {hour} h in range (patients with one)", "", _SHARE, True)
            for hour in READ_AT_H
        ),
        *(
            Outcome(
                f"period_to_{hour}_h_in_range",
                f"last result drawn from {hour - PERIOD_H} to {hour} h in range (patients with one)",
                "",
                _SHARE,
                True,
            )
            for hour in PERIODS_END_H
        ),
        Outcome("truly_in_range_at_24_h", "true level in range at 24 h", "", _SHARE, True),
        Outcome("truly_in_range_at_48_h", "true level in range at 48 h", "", _SHARE, True),
        Outcome("rosendaal_fraction", "time in range by Rosendaal (two results or more)", "", _SHARE),
        Outcome("fraction_of_tests_in_range", "share of results in range", "", _SHARE),
        Outcome("results_below", "results below", "", 1e4),
        Outcome("results_in", "results in range", "", 1e4),
        Outcome("results_above", "results above", "", 1e4),
        Outcome("blood_draws", "blood draws", "", 1e4),
        Outcome("adjustments", "changes of rate", "", 1e4),
        Outcome("holds", "holds", "", 1e4),
        Outcome("reboluses", "re-boluses", "", 1e4),
        Outcome("peak_u_per_ml", "highest concentration", "U/mL", 1e4),
        Outcome("auc_u_h_per_ml", "area under the concentration", "U h/mL", 1e6),
        Outcome("heparin_given_u", "heparin given", "U", 1e8),
        Outcome("last_rate_u_per_kg_per_h", "rate at the end", "U/kg/h", 1e4),
        *(Outcome(f"level_at_{hour}_h", f"true level at {hour} h", "", 3e7) for hour in SNAPSHOTS_H),
        Outcome("lowest_platelets_e9_per_l", "lowest platelet count reported", "10^9/L", 1e4),
        Outcome("platelets_fell_by_half", "platelets reported to have fallen by more than half", "", _SHARE, True),
        Outcome("has_hit", "heparin-induced thrombocytopenia that has begun", "", _SHARE, True),
        Outcome("stopped_with_hit", "heparin stopped for a fall of platelets, rightly", "", _SHARE, True),
        Outcome("stopped_without_hit", "heparin stopped for a fall of platelets, without HIT", "", _SHARE, True),
        Outcome("heparin_after_fall_h", "heparin after the fall of HIT had begun", "h", _HOURS),
    )
}
LEVELS = tuple(f"level_at_{hour}_h" for hour in SNAPSHOTS_H)
"""The outcomes that are levels of an arm's own assay, in its unit."""
COVARIATES = ("weight_kg", "height_cm", "age_y", "sex", "baseline_aptt_s", "antithrombin_fraction", "factor_viii_u_per_ml")
"""Features of patients that the rows hold wherever they are known; ``per_patient.covariates_of`` adds the others."""
PLACE = ("hospital", "reagent", "level_assay", "level_unit")
"""What the rows say of an arm beside its name."""
CURVES = ("time_to_therapeutic_h", "threshold_result_h", "in_range_result_h", "two_in_range_h", "common_range_first_h")
"""The times whose cumulative course is kept, in steps of half an hour."""
CURVE_STEPS_PER_H = 2
