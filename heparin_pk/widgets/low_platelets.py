"""Day six: platelets as a ward sees them, from the count to the decision, the cost of a late day, and what is given instead."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from heparin_pk import plot
from heparin_pk.body.patient import Patient
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.platelets import PlateletSeries, platelet_series
from heparin_pk.teaching import alternatives, hit
from heparin_pk.widgets.explore import Choice, Control, Drawing, Explore, Slider, Toggle
from heparin_pk.widgets.questions import NumberQuestion, Question
from heparin_pk.widgets.scenes import _stage, _started

LAST_D = 14
PATIENTS: dict[str, tuple[str, int, int | None, float | None]] = {
    "A: a new hip, no heparin before": ("typical", 98, None, None),
    "B: a leg clot, no heparin before": ("not immune", 1, None, None),
    "C: had heparin three weeks ago": ("rapid", 6, 21, None),
    "D: pneumonia, no heparin before": ("none", 5, None, None),
    "E: at home, heparin ended on day 5": ("delayed", 4, None, 5.0),
}
"""Patient: pattern of the platelets, seed, days since earlier heparin, d, and the day heparin ended, d (``None``: it goes on).

Chosen so that each tells another story.
"""
_EVERY = {"every day": 1, "every 2 days": 2, "every 3 days": 3}
_TWO_PANELS = (12.5, 4.7, (0.95, 0.75, 0.25, 0.2), 2, 1.1)


@lru_cache(maxsize=16)
def _series(patient: str, every_d: int) -> PlateletSeries:
    pattern, seed, _, stopped_d = PATIENTS[patient]
    counted_d = range(0, LAST_D + 1, every_d)
    return platelet_series(pattern, counted_d=counted_d, days_d=15.0, stopped_d=stopped_d, seed=seed)


@lru_cache(maxsize=16)
def _days(patient: str, every_d: int) -> tuple[hit.CountedDay, ...]:
    return hit.day_by_day(_series(patient, every_d), heparin_days_ago_d=PATIENTS[patient][2])


def _platelet_days(patient: str, today: float, counted: str) -> Drawing:
    """Draw what the ward knows of one patient today."""
    every_d = _EVERY[counted]
    days = _days(patient, every_d)
    stage = _stage(*_TWO_PANELS)
    plot.counts_so_far(days, today_d=today, axes=stage.cleared())
    last = [one for one in days if one.day_d <= today][-1]
    do = hit.work_up(last.score)[0].do if last.score.thrombocytopenia else "nothing yet: platelets are counted on"
    words = f"{plot.describe_counts_so_far(days, today)}\nWhat is done: {do}."
    pattern, seed, ago, stopped_d = PATIENTS[patient]
    code = (
        "from heparin_pk import hit, platelet_series, plot\n\n"
        f"counted_d = range(0, {LAST_D + 1}, {every_d})\n"
        f"series = platelet_series({pattern!r}, counted_d=counted_d, days_d=15, stopped_d={stopped_d}, seed={seed})\n"
        f"days = hit.day_by_day(series, heparin_days_ago_d={ago})\n"
        f"plot.counts_so_far(days, today_d={today:g})\n"
    )
    return Drawing(figure=stage, words=words, code=code)


_CHANCES = {"about 1 in 500": 0.002, "about 1 in 7": 0.14, "about 2 in 3": 0.64}


def _nearest(chance: float, answers: dict[str, float]) -> str:
    return min(answers, key=lambda words: abs(answers[words] - chance))


def platelet_days(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on five patients under heparin: their counts up to today, and what each day says of HIT."""
    controls: list[Control] = [
        Choice(name="patient", label="patient", options=tuple(PATIENTS), value=next(iter(PATIENTS))),
        Slider(name="today", label="today (day)", low=0.0, high=float(LAST_D), step=1.0, value=6.0),
        Choice(name="counted", label="counted", options=tuple(_EVERY), value="every day"),
    ]
    first = next(iter(PATIENTS))
    known = [one for one in _days(first, 1) if one.day_d <= 6.0]
    question = Question(
        text=f"Day 6 under heparin. The platelets were {known[0].count_e9_per_l:.0f}, today they are "
        f"{known[-1].count_e9_per_l:.0f} × 10⁹/L. There is no new clot, and another cause is possible. How probable is "
        "heparin-induced thrombocytopenia, before any test?",
        answers={
            "about 1 in 500": "1 in 500 is the chance at a low score. But a fall of a third on day 6 earns points for its size "
            "and for its timing.",
            "about 1 in 7": "A fall of a third, at the right time, with another cause possible: 4 points. Most such patients "
            "have something else, and yet heparin stops today.",
            "about 2 in 3": "2 in 3 is the chance at a high score: a fall of more than half, at the right time, and no other "
            "cause in sight.",
        },
        right=lambda: _nearest(known[-1].hit_fraction, _CHANCES),
    )
    return Explore(_started(controls, start), _platelet_days, predict=question if predict else None)


# From the score to the decision


_RESULTS: dict[str, bool | None] = {"not back yet": None, "negative": False, "positive": True}
_PARTS = {
    "thrombocytopenia": "fall (points)",
    "timing": "timing (points)",
    "thrombosis": "clots (points)",
    "other_causes": "no other cause (points)",
}
_SAID = {"thrombocytopenia": "the fall", "timing": "timing", "thrombosis": "clots", "other_causes": "other causes"}
_IMMUNOASSAYS = tuple(name for name, one in hit.TESTS.items() if one.kind == "immunoassay")


def _hit_tests(immunoassay: str, functional: str, test: str, ward: str, **parts: float) -> Drawing:
    """Draw the probability of HIT after each result."""
    score = hit.FourTs(**{name: round(points) for name, points in parts.items()})
    chosen = hit.TESTS[test]
    steps = hit.work_up(
        score,
        immunoassay=_RESULTS[immunoassay],
        functional=_RESULTS[functional],
        pretest=hit.PRETESTS[ward],
        immunoassay_test=chosen,
    )
    stage = _stage(12.5, 5.2, (0.95, 0.75, 0.25, 0.2), 2, 2.3)
    axes = stage.cleared()
    plot.post_test([chosen, hit.SEROTONIN_RELEASE], steps=steps, ax=axes[0])
    plot.so_many_in_1000(steps, ax=axes[1])
    last = steps[-1]
    chances = "; ".join(f"{one.what}: {1000.0 * one.hit_fraction:.0f} of 1,000 have HIT" for one in steps)
    points = "; ".join(f"{_SAID[name]}: {hit.FOUR_TS[name][round(parts[name])]}" for name in _PARTS)
    words = f"{chances}.\nWhat is done: {last.do}.\nThe points stand for {points}."
    code = (
        "from heparin_pk import hit, plot\n\n"
        f"score = hit.FourTs({', '.join(f'{name}={round(points)}' for name, points in parts.items())})\n"
        f"test = hit.TESTS[{test!r}]\n"
        f"steps = hit.work_up(score, immunoassay={_RESULTS[immunoassay]}, functional={_RESULTS[functional]},\n"
        f"                    pretest=hit.PRETESTS[{ward!r}], immunoassay_test=test)\n"
        "print(hit.work_up_in_words(steps))\n"
        "plot.post_test([test, hit.SEROTONIN_RELEASE], steps=steps)\n"
        "plot.so_many_in_1000(steps)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


_AFTER = {"about 14 of 100": 0.14, "about 65 of 100": 0.65, "about 99 of 100": 0.99}


def hit_tests(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on the tests for HIT: four parts of a score, two results, and the probability after each."""
    controls: list[Control] = [
        *(
            Slider(name=name, label=label, low=0.0, high=2.0, step=1.0, value={"thrombosis": 0.0, "timing": 2.0}.get(name, 1.0))
            for name, label in _PARTS.items()
        ),
        Choice(name="immunoassay", label="immunoassay", options=tuple(_RESULTS), value="positive"),
        Choice(name="functional", label="functional test", options=tuple(_RESULTS), value="not back yet"),
        Choice(name="test", label="which assay", options=_IMMUNOASSAYS, value=hit.IGG_ELISA.name),
        Choice(name="ward", label="chances from", options=tuple(hit.PRETESTS), value=hit.META_ANALYSIS.name),
    ]
    usual = hit.FourTs(thrombocytopenia=1, timing=2, thrombosis=0, other_causes=1)
    sensitivity, specificity = hit.IGG_ELISA.sensitivity_fraction.value, hit.IGG_ELISA.specificity_fraction.value
    question = Question(
        text=f"4 points: HIT in about 14 of 100 such patients. An antibody test comes back positive. It finds "
        f"{100 * sensitivity:.0f} % of those with HIT, and is negative in {100 * specificity:.0f} % of those without. Of 100 "
        "patients with this result, how many have HIT?",
        answers={
            "about 14 of 100": "14 of 100 was before the test. A positive result makes HIT more probable, as it is rare without "
            "HIT.",
            "about 65 of 100": "14 of 100 have HIT, and nearly all are positive. Of the 86 without HIT about 7 are positive too: "
            "14 of 21 is two thirds.",
            "about 99 of 100": "99 of 100 is how often the test is positive *with* HIT. You are asked the other way round: how "
            "often HIT is there with a positive test.",
        },
        right=lambda: _nearest(hit.work_up(usual, immunoassay=True)[-1].hit_fraction, _AFTER),
    )
    return Explore(_started(controls, start), _hit_tests, predict=question if predict else None)


# A day late


@lru_cache(maxsize=32)
def _stopped(stopped_d: float) -> PlateletSeries:
    pattern, seed, *_ = PATIENTS[next(iter(PATIENTS))]
    return platelet_series(pattern, counted_d=range(22), days_d=21.0, stopped_d=stopped_d, seed=seed)


def _one_day_late(waiting: float) -> Drawing:
    """Draw the first patient with heparin stopped at the suspicion, and some days later."""
    suspected = hit.suspected_d(_days(next(iter(PATIENTS)), 1))
    if suspected is None:
        raise ValueError("HIT was suspected on no day; got None")
    in_time, late = _stopped(suspected), _stopped(suspected + waiting)
    stage = _stage(*_TWO_PANELS)
    plot.a_day_late(in_time, late, waiting_d=waiting, axes=stage.cleared())
    pattern, seed, *_ = PATIENTS[next(iter(PATIENTS))]
    call = f"platelet_series({pattern!r}, counted_d=range(22), days_d=21, seed={seed}, stopped_d="
    code = (
        "from heparin_pk import platelet_series, plot\n\n"
        f"in_time = {call}{suspected:g})\n"
        f"late = {call}{suspected + waiting:g})\n"
        f"plot.a_day_late(in_time, late, waiting_d={waiting:g})\n"
    )
    return Drawing(figure=stage, words=plot.describe_a_day_late(in_time, late, waiting), code=code)


def one_day_late(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on waiting: the platelets and the new clots where heparin is stopped and replaced some days late."""
    controls: list[Control] = [
        Slider(name="waiting", label="waiting (days)", low=0.0, high=3.0, step=0.5, value=1.0),
    ]
    question = NumberQuestion(
        text="HIT is suspected. The ward waits one day for the test before it gives another anticoagulant. Of 100 such patients, "
        "how many have a new clot within this day?",
        unit="",
        right=lambda: 100.0 * hit.events_while_waiting_fraction(1.0),
        tolerance=2.0,
        near="About one in twenty, each day: that is why treatment does not wait for the test.",
        too_low="HIT makes clots while platelets are low: one in twenty patients had a new one in each day of waiting.",
        too_high="It is bad enough: one in twenty a day. About half have a clot within a month if heparin is only stopped.",
    )
    return Explore(_started(controls, start), _one_day_late, predict=question if predict else None)


# What is given instead


@lru_cache(maxsize=32)
def _instead_course(drug: str, weight: float, cirrhosis: bool, kidney_failure: bool) -> Course:
    patient = Patient(weight_kg=weight, cirrhosis=cirrhosis, kidney_failure=kidney_failure)
    return alternatives.named(drug).course(patient, hours=24.0)


def _instead(drug: str, weight: float, cirrhosis: bool, kidney_failure: bool) -> Drawing:
    """Draw an alternative titrated by its table for a day."""
    course = _instead_course(drug, weight, cirrhosis, kidney_failure)
    stage = _stage(*_TWO_PANELS)
    plot.titrated(course, axes=stage.cleared())
    chosen = alternatives.named(drug)
    words = (
        f"{drug[0].upper()}{drug[1:]}: {chosen.why}. After 5 h the aPTT is {course.level_at('aptt_s', 5.0):.0f} s, after 24 h "
        f"{course.level_at('aptt_s', 24.0):.0f} s.\n{course.in_words()}"
    )
    code = (
        "from heparin_pk import Patient, alternatives, plot\n\n"
        f"patient = {course.patient!r}\n"
        f"course = alternatives.named({drug!r}).course(patient, hours=24)\n"
        "print(course.in_words())\n"
        "plot.titrated(course)\n"
    )
    return Drawing(figure=stage, words=words, code=code)


def _in_cirrhosis() -> str:
    healthy, ill = (_instead_course("argatroban", 75.0, failing, False).level_at("aptt_s", 5.0) for failing in (False, True))
    return "the same" if abs(ill - healthy) < 3.0 else "longer" if ill > healthy else "shorter"


def instead_of_heparin(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on argatroban and bivalirudin titrated by a table, in a failing liver and in failing kidneys."""
    controls: list[Control] = [
        Choice(name="drug", label="drug", options=alternatives.NAMES, value="argatroban"),
        Slider(name="weight", label="weight (kg)", low=45.0, high=130.0, step=5.0, value=75.0),
        Toggle(name="cirrhosis", label="failing liver (cirrhosis)", value=True),
        Toggle(name="kidney_failure", label="failing kidneys"),
    ]
    question = Question(
        text="Two patients get argatroban at the same rate; one has a failing liver. After five hours, what is this patient's "
        "aPTT beside the other's?",
        answers={
            "longer": "The liver removes argatroban. Where it fails, the same rate ends at a higher level, and it takes longer "
            "to get there.",
            "the same": "It would be the same for a drug that the liver does not remove. Argatroban leaves through the liver.",
            "shorter": "A failing liver makes fewer clotting factors and removes less argatroban: both lengthen the aPTT.",
        },
        right=_in_cirrhosis,
    )
    return Explore(_started(controls, start), _instead, predict=question if predict else None)
