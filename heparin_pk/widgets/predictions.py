"""Predictions of a number or a curve that a notebook asks for before it shows what happens; computed when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from heparin_pk import plot, published
from heparin_pk.body.patient import Patient
from heparin_pk.published.ranges import ANTI_XA_TREATMENT
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course
from heparin_pk.teaching import drawn_curve
from heparin_pk.trials.background import Work
from heparin_pk.trials.hospital import HOSPITALS, IDEAL, REAL, THROMBOSIS_WARD
from heparin_pk.trials.trial import Trial
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.widgets.drawn import Drawn, DrawnQuestion
from heparin_pk.widgets.questions import NumberCheck, check_number

_PATIENTS = 500
_DRAWN_U_PER_KG = 400.0
_HOURS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
_LOWEST, _HIGHEST = 0.05, 20.0
_WITHIN = 1.5
"""A drawn level counts as right from two thirds to one and a half times the model's. Chosen. The best straight line hardly leaves
that band, so the bend is judged as well."""


def half_life_min(dose_u_per_kg: float) -> float:
    """Return the half-life after one bolus in a patient of 75 kg under the default model, min.

    Raises ``ValueError`` for a dose after which the level never halves.
    """
    half_h = metrics.half_life_h(plot.after_bolus(published.UFH_DEFAULT, Patient(weight_kg=75.0), dose_u_per_kg))
    if half_h is None:
        raise ValueError(f"dose_u_per_kg must be one after which the level halves; got {dose_u_per_kg:g}")
    return 60.0 * half_h


_shares: dict[str, float] = {}
"""Time in Raschke's own range, as a share, by the name of the hospital; computed once in a process."""


def _share(hospital: str) -> dict[str, float]:
    """Return the share of the time in Raschke's own range in one hospital, by its name: 500 virtual patients, seed 7."""
    trial = Trial(population=THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], hospital=HOSPITALS[hospital])
    found = trial.run(_PATIENTS, seed=7, progress=False).estimate("raschke-1993", "time_in_range_fraction")
    assert found is not None  # it is None only without a patient
    return {hospital: found.mean}


def _next_share() -> Work | None:
    """Return the work on the next hospital that has no share yet, or ``None``."""
    hospital = next((name for name in (IDEAL.name, REAL.name) if name not in _shares), None)
    if hospital is None:
        return None
    return Work(key=("share in range", hospital), function=_share, arguments=(hospital,), take=_shares.update)


def points_lost() -> float:
    """Return by how much less of the time patients are in Raschke's own range in a real hospital than in an ideal one, points.

    500 virtual patients of the thrombosis ward, seed 7.
    """
    while (work := _next_share()) is not None:
        work.do()
    return 100.0 * (_shares[IDEAL.name] - _shares[REAL.name])


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


@lru_cache(maxsize=2)
def _after_bolus(dose_u_per_kg: float) -> Course:
    return plot.after_bolus(published.UFH_DEFAULT, Patient(weight_kg=75.0), dose_u_per_kg)


def _decay() -> list[float]:
    """Return the anti-Xa of the model at each hour after the bolus that is drawn, U/mL; at 0 h it is the peak."""
    course = _after_bolus(_DRAWN_U_PER_KG)
    levels = [float(course.level_at("anti_xa_u_per_ml", hour)) for hour in _HOURS[1:]]
    return [float(course.level("anti_xa_u_per_ml").max()), *levels]


def _decay_curve() -> tuple[Sequence[float], Sequence[float]]:
    """Return times, h, and anti-Xa, U/mL, of the model after that bolus, from its peak on."""
    course = _after_bolus(_DRAWN_U_PER_KG)
    levels = course.level("anti_xa_u_per_ml")
    first = int(levels.argmax())
    return [float(time) for time in course.time_h[first:]], [float(level) for level in levels[first:]]


def _why_drawn(found: drawn_curve.Compared, drawn: Sequence[float]) -> str:
    """Return the explanation for what is wrong with a drawn decay, or why it is right."""
    model = _decay()
    first_min, its_min = half_life_min(100.0), half_life_min(_DRAWN_U_PER_KG)
    last_min = 60.0 * (drawn_curve.half_life_h(_HOURS[-2:], model[-2:]) or 0.0)
    if found.is_right:
        return (
            "Your curve bends downwards, as it should: while the binding sites are full a small share is lost in each hour, and "
            "a larger and larger share as they become free."
        )
    return " ".join(_why(error, drawn, model, first_min, its_min, last_min) for error in found.errors)


def _why(error: str, drawn: Sequence[float], model: Sequence[float], first_min: float, its_min: float, last_min: float) -> str:
    """Return the explanation for one error."""
    half = len(_HOURS) // 2
    at_half = f"{_HOURS[half]:g} h"
    left, its_left = (100.0 * levels[half] / levels[0] for levels in (drawn, model))
    if error == drawn_curve.STRAIGHT:
        fallen = next((i for i, level in enumerate(drawn) if level <= _LOWEST * 1.05), len(drawn) - 1)
        drawn_h = drawn_curve.half_life_h(_HOURS[: fallen + 1], drawn[: fallen + 1]) if fallen else None
        said = f"here about {60.0 * drawn_h:.0f} min" if drawn_h else "here one that never ends"
        known = (
            f" That is near the {first_min:.0f} min after 100 U/kg, and a larger dose has a longer one."
            if drawn_h and abs(60.0 * drawn_h / first_min - 1.0) < 0.2
            else ""
        )
        return (
            f"You drew a straight line. On a logarithmic axis that is one half-life for all levels, {said}.{known} The model's "
            f"is {its_min:.0f} min at first and {last_min:.0f} min in the last hour: at high levels the binding sites are full."
        )
    texts = {
        drawn_curve.PEAK_TOO_LOW: "The peak is too low. The same volume takes four times the dose, so the peak is four times as "
        f"high: {model[0]:.0f} U/mL. Saturation slows what leaves, not what arrives.",
        drawn_curve.PEAK_TOO_HIGH: "The peak is too high. Right after the bolus nothing has left yet: four times the dose gives "
        f"four times the peak, {model[0]:.0f} U/mL. What saturation changes is how long it stays.",
        drawn_curve.RISES: "Your curve rises somewhere: after a single bolus nothing more is given, so the level can only fall.",
        drawn_curve.BENDS_UP: "You drew it steep at first and flatter later, as with a drug that moves into the tissues. In this "
        f"model it is the other way round: it halves in {its_min:.0f} min at first, when the binding sites are full, and in "
        f"{last_min:.0f} min in the last hour, when they are free.",
        drawn_curve.TOO_FAST_EARLY: f"Too fast at first: at {at_half} you left {left:.0f} % of the peak, the model "
        f"{its_left:.0f} %. While the binding sites are full, the fast pathway cannot remove more, however high the level.",
        drawn_curve.TOO_SLOW_EARLY: f"Too slow at first: at {at_half} you left {left:.0f} % of the peak, the model "
        f"{its_left:.0f} %. The fast pathway is saturated, but it goes on at its limit, and the slow pathway takes its share.",
        drawn_curve.TOO_SLOW_LATE: f"Too slow late: from {at_half} on the binding sites become free again, and the level falls "
        f"faster and faster: at the end it halves in {last_min:.0f} min, after {its_min:.0f} min at first.",
        drawn_curve.TOO_FAST_LATE: f"Too fast late: the level does fall faster and faster, but at {_HOURS[-1]:g} h the model "
        f"still has {model[-1]:.2g} U/mL. The binding sites become free one after the other, not at once.",
    }
    return texts[error]


def predict_decay() -> Drawn:
    """Return a prediction that is drawn: the level in the hours after four times the dose, on a logarithmic axis."""
    question = DrawnQuestion(
        text=f"After 100 U/kg the level begins at {_after_bolus(100.0).level('anti_xa_u_per_ml').max():.0f} U/mL and halves in "
        f"{half_life_min(100.0):.0f} minutes. Draw the level in the eight hours after {_DRAWN_U_PER_KG:.0f} U/kg.",
        what="anti-Xa",
        unit="U/mL",
        times_h=_HOURS,
        low=_LOWEST,
        high=_HIGHEST,
        ticks=(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0),
        target=ANTI_XA_TREATMENT,
        right=_decay,
        course=_decay_curve,
        within_ratio=_WITHIN,
        why=_why_drawn,
    )
    return Drawn(question)


def predict_points_lost() -> NumberCheck:
    """Return a prediction in percentage points: the time in range that a real hospital loses."""
    return check_number(
        "By how many percentage points is the time in the range of 46-70 s shorter in a real hospital than in an ideal one?",
        points_lost,
        work=_next_share,
        unit="points",
        tolerance=4.0,
        near="The nomogram is the same: patients who change, results that scatter and a ward that errs take this much.",
        too_low="Late draws and missed steps take a few points; patients who change and results that scatter take more.",
        too_high="It feels like more on a bad night. Most results in a real hospital are still answered as the nomogram says.",
    )
