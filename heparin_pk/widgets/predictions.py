"""Predictions of a number that a notebook asks for before it shows what happens; what is right is computed when it is needed."""

from __future__ import annotations

from functools import lru_cache

from heparin_pk import plot, published
from heparin_pk.body.patient import Patient
from heparin_pk.simulation import metrics
from heparin_pk.trials.hospital import IDEAL, REAL, THROMBOSIS_WARD
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.widgets.questions import NumberCheck, check_number

_PATIENTS = 500


def half_life_min(dose_u_per_kg: float) -> float:
    """Return the half-life after one bolus in a patient of 75 kg under the default model, min.

    Raises ``ValueError`` for a dose after which the level never halves.
    """
    half_h = metrics.half_life_h(plot.after_bolus(published.UFH_DEFAULT, Patient(weight_kg=75.0), dose_u_per_kg))
    if half_h is None:
        raise ValueError(f"dose_u_per_kg must be one after which the level halves; got {dose_u_per_kg:g}")
    return 60.0 * half_h


@lru_cache(maxsize=1)
def points_lost() -> float:
    """Return by how much less of the time patients are in Raschke's own range in a real hospital than in an ideal one, points.

    500 virtual patients of the thrombosis ward, seed 7.
    """
    shares = []
    for hospital in (IDEAL, REAL):
        trial = Trial(population=THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], hospital=hospital)
        found = trial.run(_PATIENTS, seed=7, progress=False).estimate("raschke-1993", "time_in_range_fraction")
        assert found is not None  # it is None only without a patient
        shares.append(found.mean)
    return 100.0 * (shares[0] - shares[1])


def predict_half_life() -> NumberCheck:
    """Return a prediction in minutes: the half-life after four times the dose."""
    return check_number(
        f"After 100 U/kg the level halves in {half_life_min(100.0):.0f} minutes. In how many does it halve after 400 U/kg?",
        lambda: half_life_min(400.0),
        unit="min",
        tolerance=20.0,
        near="Longer, but not four times as long: the slow pathway still takes its share.",
        too_low="The binding sites are full for hours after such a dose: a smaller share is lost in each hour.",
        too_high="Longer, but not so long: beside the full binding sites the slow pathway takes the same share in each hour.",
    )


def predict_points_lost() -> NumberCheck:
    """Return a prediction in percentage points: the time in range that a real hospital loses."""
    return check_number(
        "By how many percentage points is the time in the range of 46-70 s shorter in a real hospital than in an ideal one?",
        points_lost,
        unit="points",
        tolerance=4.0,
        near="The nomogram is the same: patients who change and a ward that errs take this much.",
        too_low="Late draws and missed steps take a few points; patients who change within their stay take more.",
        too_high="It feels like more on a bad night. Most results in a real hospital are still answered as the nomogram says.",
    )
