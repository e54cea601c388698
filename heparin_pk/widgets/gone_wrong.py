"""When it goes wrong: heparin taken away, protamine by the clock, one fault in one course, and checks bought with minutes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from heparin_pk import plot
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT
from heparin_pk.simulation.after_stop import infusion_then_stop, normal_again_h
from heparin_pk.simulation.course import Course
from heparin_pk.teaching import consequences, reversal
from heparin_pk.trials.background import Work, beside_all
from heparin_pk.trials.fault_arms import CheckedArm
from heparin_pk.trials.off_ramp import NormalAgain
from heparin_pk.ward.faults import CHECKS, KINDS
from heparin_pk.widgets.explore import Choice, Control, Drawing, Explore, Slider, Toggle
from heparin_pk.widgets.questions import NumberCheck, NumberQuestion, Question, check_number
from heparin_pk.widgets.scenes import _stage, _started

_KG = 75.0
_PATIENT = Patient(weight_kg=_KG)
_DAY_H = 24.0

# Taking heparin away


@lru_cache(maxsize=256)
def _stopped(rate: float, protamine_mg: float, after_min: float) -> Course:
    return infusion_then_stop(
        _PATIENT, UFH_DEFAULT, rate_u_per_kg_per_h=rate, hours=_DAY_H, protamine_mg=protamine_mg, protamine_after_min=after_min
    )


def _after_the_stop(rate: float, protamine: float, after: float) -> Drawing:
    """Draw the level after the stop, and what centres would give."""
    alone = _stopped(rate, 0.0, 0.0)
    treated = _stopped(rate, protamine, after) if protamine else None
    centres = reversal.spread(rate * _KG, after)
    stage = _stage(12.5, 4.8, (0.95, 0.75, 0.25, 0.2), 2, 2.1)
    plot.after_the_stop(alone, treated, _DAY_H, centres=centres, axes=stage.cleared())
    words = plot.describe_after_the_stop(alone, treated, _DAY_H, centres)
    if treated is not None:
        left_u = alone.concentration_at_u_per_ml(_DAY_H + after / 60.0) * alone.drug_volume_ml
        words += f"\n{protamine:g} mg now: {reversal.overdose_in_words(protamine, left_u)}."
    call = f"infusion_then_stop(Patient(weight_kg={_KG:g}), published.UFH_DEFAULT, rate_u_per_kg_per_h={rate:g}"
    more = f"{call}, protamine_mg={protamine:g}, protamine_after_min={after:g})" if protamine else "None"
    code = (
        "from heparin_pk import Patient, plot, published, reversal\n"
        "from heparin_pk.simulation.after_stop import infusion_then_stop\n\n"
        f"alone = {call})\n"
        f"treated = {more}\n"
        f"centres = reversal.spread({rate * _KG:g}, {after:g})\n"
        "plot.after_the_stop(alone, treated, 24, centres=centres)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


def after_the_stop(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on the end of an infusion: how long heparin stays, what protamine does, and what centres would give."""
    controls: list[Control] = [
        Slider(name="rate", label="infusion before (U/kg/h)", low=6.0, high=26.0, step=1.0, value=18.0),
        Slider(name="protamine", label="protamine (mg)", low=0.0, high=50.0, step=1.0, value=0.0),
        Slider(name="after", label="given after (min)", low=0.0, high=180.0, step=15.0, value=15.0),
    ]
    question = NumberQuestion(
        text="18 U/kg/h have run for a day; the pump is stopped. After how many hours is the anti-Xa below 0.1 U/mL, in this "
        "model?",
        unit="h",
        digits=1,
        right=lambda: hours_after_the_stop(18.0),
        tolerance=0.5,
        near="Under two hours; but this model falls faster than what was measured on dialysis: take it as the least.",
        too_low="Heparin does not leave with the pump: at this level half of it goes in an hour or so, and less later.",
        too_high="At this level half of it goes in about an hour. Waiting so long would be right after a much higher level.",
    )
    return Explore(_started(controls, start), _after_the_stop, predict=question if predict else None)


def hours_after_the_stop(rate_u_per_kg_per_h: float) -> float:
    """Return how long after the end of a day's infusion in 75 kg the anti-Xa is below 0.1 U/mL, h, as the widget says it.

    Raises ``ValueError`` for a rate after which that takes longer than is watched.
    """
    found_h = normal_again_h(_stopped(rate_u_per_kg_per_h, 0.0, 0.0), _DAY_H)
    if found_h is None:
        raise ValueError(f"rate_u_per_kg_per_h must be one after which heparin leaves in time; got {rate_u_per_kg_per_h:g}")
    return found_h


def predict_spread() -> NumberCheck:
    """Return a prediction: how far apart four centres are in the protamine for one patient."""
    rate, minutes = 18.0 * _KG, 15.0
    return check_number(
        f"{rate:,.0f} U/h have run for a day; the pump was stopped {minutes:g} minutes ago, and the patient bleeds. Four centres "
        "are asked how much protamine they would give. How many times the lowest dose is the highest?",
        lambda: _highest_over_lowest(rate, minutes),
        unit="times",
        digits=1,
        tolerance=0.5,
        near="All write 1 mg for each 100 U. They disagree on which heparin counts: that of one hour, of two, or of four with "
        "less weight for the older. None of them measures what this patient has left.",
        too_low="All write 1 mg for each 100 U, so one would think so. But they disagree on which heparin counts: that of one "
        "hour, of two, or of four with less weight for the older.",
        too_high="It is less, but it is a choice between a full dose and less than half of it: they disagree on which heparin "
        "counts, not on 1 mg for each 100 U.",
    )


def _highest_over_lowest(rate_u_per_h: float, stopped_min: float) -> float:
    found = reversal.spread(rate_u_per_h, stopped_min).values()
    return max(one.high_mg for one in found) / min(one.low_mg for one in found)


def predict_slow(found: NormalAgain) -> NumberCheck:
    """Return a prediction in hours: when 95 of 100 people are normal again after the end of an infusion.

    ``found``: their times. Raises ``ValueError`` where half or 95 % are not normal again while they are watched.
    """
    half_h, slow_h = found.quantile_h(0.5), found.quantile_h(0.95)
    if half_h is None or slow_h is None:
        raise ValueError(f"found must have times for 95 % of its people; got {len(found.found_h)} of {found.n}")
    return check_number(
        f"18 U/kg/h have run for a day in {found.n} virtual people; the pumps are stopped. Half of them are normal again after "
        f"{half_h:.1f} h. After how many hours are 95 % of them?",
        slow_h,
        unit="h",
        digits=1,
        tolerance=0.7,
        near="About twice the time of the typical patient: some remove heparin slowly. A puncture is planned for these.",
        too_low="People differ more: in some heparin leaves half as fast. A puncture is planned for these, not for the typical "
        "patient.",
        too_high="So long it takes only the very slowest, in this model. It falls faster than what was measured on dialysis, so "
        "your caution does no harm: test before the needle.",
    )


# Protamine by the clock


_TIMES_MIN = (10.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0)


@lru_cache(maxsize=64)
def _compared(table: str, bolus: float, minutes: tuple[float, ...]) -> tuple[reversal.Compared, ...]:
    return reversal.table_against_model(reversal.TABLES[table], _PATIENT, dose_u_per_kg=bolus, elapsed_min=minutes)


def _protamine_by_time(minutes: float, bolus: float, table: str) -> Drawing:
    """Draw a table against what is left, and mark the moment."""
    rows, now = _compared(table, bolus, _TIMES_MIN), _compared(table, bolus, (minutes,))[0]
    stage = _stage(10.5, 5.0, (0.95, 0.75, 0.25, 0.2))
    plot.protamine_now(rows, now, ax=stage.cleared()[0])
    words = (
        f"{bolus * _KG:,.0f} U were given {minutes:g} min ago. {table} asks for {now.asked.in_words()}. In the model "
        f"{now.left_u:,.0f} U are left in plasma, which {now.left_mg:.0f} mg neutralise."
    )
    code = (
        "from heparin_pk import Patient, plot, reversal\n\n"
        f"table, patient = reversal.TABLES[{table!r}], Patient(weight_kg={_KG:g})\n"
        f"rows = reversal.table_against_model(table, patient, dose_u_per_kg={bolus:g}, elapsed_min={_TIMES_MIN!r})\n"
        f"now = reversal.table_against_model(table, patient, dose_u_per_kg={bolus:g}, elapsed_min=({minutes:g},))[0]\n"
        "plot.protamine_now(rows, now)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


_PROTAMINE_MG = {"about 60 mg": 60.0, "about 30 mg": 30.0, "none": 0.0}


def _protamine_after_an_hour() -> str:
    left_mg = _compared(reversal.CHILDRENS_MERCY.name, 80.0, (60.0,))[0].left_mg
    return min(_PROTAMINE_MG, key=lambda words: abs(_PROTAMINE_MG[words] - left_mg))


def protamine_by_time(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on protamine after a bolus: what a table asks for, and what is left, by the minutes that have passed."""
    controls: list[Control] = [
        Slider(name="minutes", label="since the bolus (min)", low=5.0, high=180.0, step=5.0, value=60.0),
        Slider(name="bolus", label="bolus (U/kg)", low=25.0, high=120.0, step=5.0, value=80.0),
        Choice(name="table", label="table of", options=tuple(reversal.TABLES), value=reversal.CHILDRENS_MERCY.name),
    ]
    question = Question(
        text="An hour ago 6,000 U of heparin were given to 75 kg; the patient bleeds. How much protamine binds what is left in "
        "the blood?",
        answers={
            "about 60 mg": "60 mg would bind all that was given. Half of it has left the blood; the rest of the protamine would "
            "itself keep the blood from clotting.",
            "about 30 mg": "1 mg for each 100 U that are still there. An hour after such a bolus about half of it is.",
            "none": "About half of it is still there after an hour, enough to keep a patient bleeding.",
        },
        right=_protamine_after_an_hour,
    )
    return Explore(_started(controls, start), _protamine_by_time, predict=question if predict else None)


# One fault, and the checks


_known: dict[str, consequences.Consequence] = {}
"""What each fault did, computed once in a process."""


def _next_fault() -> Work | None:
    """Return the work on the next fault that was not lived through yet, or ``None``."""
    for kind in KINDS:
        if kind not in _known:
            return Work(key=("fault", kind), function=consequences.consequence, arguments=(kind,), take=_keep)
    return None


def _keep(found: consequences.Consequence) -> None:
    _known[found.fault.kind] = found


def _one_fault(kind: str) -> Drawing:
    """Draw one course without and with a fault."""
    if kind not in _known:
        _keep(consequences.consequence(kind))
    found = _known[kind]
    stage = _stage(11.5, 5.4, (0.95, 0.75, 0.25, 0.6))
    plot.fault(found, ax=stage.cleared()[0])
    words = _fault_in_words(kind)
    code = (
        "from heparin_pk import consequences, plot\n\n"
        f"found = consequences.consequence({kind!r})\n"
        "print(found.in_words())\n"
        "plot.fault(found)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


@lru_cache(maxsize=32)
def _fault_in_words(kind: str) -> str:
    """Return what the picture of a fault shows, written once."""
    return f"{plot.describe_fault(_known[kind])}\nWhat follows: {_known[kind].fault.of.then}."


def _longest_below() -> str:
    """Return which of three faults keeps its patient below the range for longest."""
    for kind in _THREE:
        if kind not in _known:
            _keep(consequences.consequence(kind))
    return _THREE[max(_THREE, key=lambda kind: _known[kind].exposures[1].below_h)]


_THREE = {
    "tenfold": "a rate ten times too high",
    "line-blood": "blood from the arm with the pump",
    "new-lot": "a new lot of reagent",
}


def one_fault(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on errors: one course without and with a fault, and where a check could have caught it."""
    options = tuple((f"{one.place}: {plot.error_in_words(name)}", name) for name, one in KINDS.items())
    controls: list[Control] = [Choice(name="kind", label="error", options=options, value="new-lot")]
    question = Question(
        text="Three patients meet one error each. Which of them spends the most hours with too little heparin?",
        answers={
            _THREE[
                "tenfold"
            ]: "It harms first, and by too much. But a result is far out within hours, the ward sees it, and stops. "
            "The lot is quiet: its results are in range, and nothing rings for days.",
            _THREE[
                "line-blood"
            ]: "The ward answers a false high result and gives less, until the next sample is right. With the lot "
            "no sample is right: each reads too long, and looks as it should.",
            _THREE[
                "new-lot"
            ]: "Every result reads too long, so the table gives less, day after day. Nothing rings: the results are "
            "in range, or move towards it. The guessed weight and the tablet of yesterday are as quiet.",
        },
        right=_longest_below,
    )
    beside_all(_next_fault)
    return Explore(_started(controls, start), _one_fault, predict=question if predict else None)


def _names(chosen: dict[str, bool]) -> list[str]:
    return [name for name in CHECKS if chosen[_key(name)]]


def _key(check: str) -> str:
    return check.replace(" ", "_").replace("-", "_")


def _buy_checks(most: float, **chosen: bool) -> Drawing:
    """Draw what gets past the checks that were bought."""
    names = _names(chosen)
    bought = consequences.buy(names, most_minutes=most)
    stage = _stage(11.5, 5.4, (3.2, 0.75, 0.25, 0.2))
    plot.past_the_checks(bought, ax=stage.cleared()[0])
    code = (
        "from heparin_pk import consequences, plot\n\n"
        f"bought = consequences.buy({names!r}, most_minutes={most:g})\n"
        "print(bought.in_words())\n"
        "plot.past_the_checks(bought)\n"
    )
    return Drawing(figure=stage, words=plot.describe_past_the_checks(bought), code=code)


def buy_checks(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on checks: buy them with minutes of the staff, and see which errors still get past."""
    controls: list[Control] = [
        Slider(name="most", label="minutes to spend", low=10.0, high=90.0, step=5.0, value=30.0),
        *(Toggle(name=_key(name), label=name, value=name == "independent double check") for name in CHECKS),
    ]
    seen = CHECKS["independent double check"].chance_of("pounds-for-kilograms")
    assert seen is not None  # it is the one that was measured
    question = NumberQuestion(
        text="In a trial with 43 pairs of nurses a dose was wrong for the weight. Of 100 such errors, how many did pairs find "
        "that checked twice, each alone?",
        unit="",
        right=lambda: 100.0 * seen.value,
        tolerance=10.0,
        near="A third. Without the second check it was about one in eleven. A double check helps, and lets most of these past.",
        too_low="It was better than that, a third; without the second check it was about one in eleven.",
        too_high="One would hope so. Pairs found a third. A check is no wall: several thin ones, at several places, hold more.",
    )
    return Explore(_started(controls, start), _buy_checks, predict=question if predict else None)


def predict_what_checks_do(arms: Sequence[CheckedArm]) -> NumberCheck:
    """Return a prediction in per cent: the time above the range where the most is checked.

    ``arms``: the arms of a trial, the one without checks first and the one with the most last.

    Raises ``ValueError`` for fewer than two.
    """
    if len(arms) < 2:
        raise ValueError(f"arms must be at least two; got {len(arms)}")
    first, last = arms[0], arms[-1]
    return check_number(
        f"Without a check these patients are above the range for {100.0 * first.above_fraction:.0f} % of the time. For how many "
        "per cent of the time are the same patients above it where two nurses check and the pump has limits?",
        100.0 * last.above_fraction,
        unit="%",
        digits=1,
        tolerance=2.0,
        near="Hardly less: an error is rare, and a mean over all patients hardly feels it. The few who are struck do: look at "
        "the peak of the worst 1 %.",
        too_low="One would hope so. But an error is rare: a mean over all patients hardly feels it. The few who are struck do: "
        "look at the peak of the worst 1 %.",
        too_high="A check gives no heparin: it only stops an error. The mean hardly moves, because errors are rare.",
    )


@lru_cache(maxsize=8)
def most_errors_met(minutes: float) -> int:
    """Return how many of the errors can meet a check at most, if the checks take no more than these minutes for one patient."""
    affordable = []
    for many in range(len(CHECKS) + 1):
        for names in combinations(CHECKS, many):
            bought = consequences.buy(list(names))
            if bought.minutes <= minutes:
                affordable.append(sum(share < 1.0 for share in bought.past_fraction.values()))
    return max(affordable)
