"""What hospitals print beyond lines and steps: each kind of rule decides as printed, is refused when written wrongly, is shown,
and orders the same for one patient and for many."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from wards import DRUG, ERRING, held_together, ward

from heparin_pk import (
    Bolus,
    Course,
    Hold,
    Infusion,
    Lab,
    Laboratory,
    Nomogram,
    Notify,
    Patient,
    Pause,
    Pump,
    Regimen,
    Resume,
    Situation,
    Trial,
    hospital,
    metrics,
    plot,
    simulate,
    titrate,
)
from heparin_pk.body.patient import Cohort
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.ward.lines import Choice, Row, Rule, Start
from heparin_pk.ward.weighing import Weighing

HEAD = """
title = "Made for a test"
assay = "aptt_s"
round_to = 1
target = [50, 70]
weight = "actual body weight"
"""
SOURCE = """
[source]
key = "Made"
citation = "Made for a test"
where = "here"
confidence = "assumed"
"""
START = "[start]\nbolus_u_per_kg = 80\nbolus_max_u = 8000\nrate_u_per_kg_per_h = 18\nfirst_check_h = 6\n"
RECHECK = "[recheck]\nhours = 6\n"
LOW = '[[bands]]\nlabel = "<50 s"\nbelow = 50\nbolus_u_per_kg = 40\nchange_u_per_kg_per_h = 2\n'
IN_RANGE = '[[bands]]\nlabel = "50-70 s"\nbelow = 71\n'
HIGH = '[[bands]]\nlabel = ">70 s"\nbelow = inf\nhold_min = 60\nchange_u_per_kg_per_h = -3\n'
PAUSE = '[[bands]]\nlabel = ">70 s"\nbelow = inf\nhold_until_below = 65\nredraw_h = 1\nchange_u_per_kg_per_h = -3\n'


@pytest.fixture
def load(tmp_path):
    def read(head="", start=START, recheck=RECHECK, low=LOW, middle=IN_RANGE, high=HIGH, rest="", base=HEAD):
        file = tmp_path / "ours.toml"
        file.write_text(base + head + SOURCE + start + recheck + low + middle + high + rest, encoding="utf-8")
        return Nomogram.load(file)

    return read


def at(table, *values, rate_u_per_h=1440.0, weight_kg=80.0, now_h=7.0, drawn_h=None, above_ceiling=False, **known):
    """Return the decision for these results, oldest first."""
    labs = tuple(
        Lab(drawn_h=float(i) if drawn_h is None else drawn_h, reported_h=now_h, assay=table.assay, value=value,
            above_ceiling=above_ceiling)
        for i, value in enumerate(values)
    )  # fmt: skip
    return table.decide(Situation(time_h=now_h, weight_kg=weight_kg, rate_u_per_h=rate_u_per_h, labs=labs, pump=Pump(), **known))


def order(decision, kind):
    found = [one for one in decision.orders if isinstance(one, kind)]
    assert len(found) <= 1
    return found[0] if found else None


# Holds


def test_a_hold_lasts_until_the_level_has_fallen(load):
    table = load(high=PAUSE)
    first = at(table, 90)
    assert order(first, Pause) == Pause(time_h=7.0, until_below=65.0)
    assert order(first, Infusion).rate_u_per_h == 1440 - 3 * 80
    assert first.next_draw_h == 8.0
    still = at(table, 90, 65, now_h=9, rate_u_per_h=1200, paused_until_below=65.0)
    assert (still.orders, still.next_draw_h, still.why) == ((), 10.0, "not yet below 65: still held")
    over = at(table, 90, 65, 64, now_h=11, rate_u_per_h=1200, paused_until_below=65.0)
    assert (over.orders, over.next_draw_h) == ((Resume(time_h=11.0),), 17.0)
    low = at(table, 90, 30, now_h=11, rate_u_per_h=1200, paused_until_below=65.0)
    assert low.orders == (Resume(time_h=11.0),)  # the result that ends the hold does nothing else
    above = at(table, 90, 64, now_h=11, rate_u_per_h=1200, paused_until_below=65.0)
    assert order(above, Resume) is not None


def test_nothing_runs_during_a_hold_and_its_regimen_draws_the_same_curve(load):
    table = load(high=PAUSE, start=START.replace("= 80", "= 150").replace("8000", "20000"))
    course = titrate(Patient(weight_kg=80), DRUG, table, hours=40, seed=2)
    pauses = [o for o in course.regimen.orders if isinstance(o, Pause)]
    ends = [o for o in course.regimen.orders if isinstance(o, Resume)]
    assert pauses
    assert len(pauses) - len(ends) in (0, 1)
    for pause, end in zip(pauses, ends, strict=False):
        inside = (course.time_h > pause.time_h) & (course.time_h < end.time_h)
        assert inside.any()
        assert not course.pump_u_per_h[inside].any()
        released = [lab for lab in course.labs if lab.reported_h == end.time_h]
        assert [lab.value < 65 for lab in released] == [True]
        redrawn = [lab.drawn_h for lab in course.labs if pause.time_h < lab.drawn_h < end.time_h]
        assert redrawn
        assert np.allclose(np.diff(redrawn), 2.0)  # an hour to the draw, an hour in the laboratory
    assert metrics.holds(course) == len(pauses)
    again = simulate(course.patient, DRUG, course.regimen, hours=40, reagent=course.reagent)
    np.testing.assert_array_equal(again.states, course.states)
    assert "hold until below 65" in course.in_words()
    assert "resume the infusion" in course.in_words()


def test_a_hold_that_is_never_ended_is_one_in_the_picture_too(load):
    course = titrate(Patient(weight_kg=80), DRUG, load(high=PAUSE, start=START.replace("= 80", "= 400").replace("8000", "40000")),
                     hours=8, seed=1)  # fmt: skip
    assert any(isinstance(o, Pause) for o in course.regimen.orders)
    plot.course(course)


@pytest.mark.parametrize(
    ("more", "draw_h"),
    [
        ("recheck_h = 6", 14.0),
        ('recheck_h = 0.5\nrecheck_from = "start of hold"', 7.5),
        ('recheck_h = 1\nrecheck_from = "start of hold"', 8.0),
        ('recheck_h = 6\nrecheck_from = "draw"', 12.0),
        ('recheck_h = 0.5\nrecheck_from = "draw"', 7.0),
    ],
)
def test_a_draw_is_counted_from_where_it_is_printed(load, more, draw_h):
    assert at(load(high=HIGH + more + "\n"), 90, drawn_h=6.0).next_draw_h == draw_h


def test_the_whole_table_may_count_from_the_draw(load):
    table = load(recheck=RECHECK + 'counted_from = "draw"\n')
    assert at(table, 60, drawn_h=5.5).next_draw_h == 11.5
    assert at(table, 90, drawn_h=5.5).next_draw_h == 11.5


# Limits of rates and boluses


def test_the_lowest_rate_holds_for_every_rate_but_none(load):
    table = load(head="rate_min_u_per_h = 700\n", rest='[[rules]]\nlabel = ">150 s"\nat_least = 151\nbelow = inf\nstop = true\n')
    assert order(at(table, 90, rate_u_per_h=800), Infusion).rate_u_per_h == 700
    assert order(at(table, weight_kg=30), Infusion).rate_u_per_h == 700
    stopped = at(table, 160, rate_u_per_h=800)
    assert (order(stopped, Infusion).rate_u_per_h, stopped.next_draw_h) == (0.0, None)


def test_the_start_has_lowest_doses_of_its_own(load):
    table = load(start=START + "rate_min_u_per_h = 900\n")
    assert order(at(table, weight_kg=40), Infusion).rate_u_per_h == 900
    assert order(at(table, 90, rate_u_per_h=700, weight_kg=40), Infusion).rate_u_per_h == 580
    light = at(load(start=START + "weight_min_kg = 50\n"), weight_kg=40)
    assert (order(light, Bolus).dose_u, order(light, Infusion).rate_u_per_h) == (4000, 900)


def test_boluses_after_the_first_have_a_cap_and_a_number_of_their_own(load):
    table = load(head="rebolus_max_u = 3000\nmost_reboluses = 2\n")
    assert order(at(table), Bolus).dose_u == 6400
    assert order(at(table, 40, n_reboluses=0), Bolus).dose_u == 3000
    assert order(at(table, 40, n_reboluses=1), Bolus).dose_u == 3000
    third = at(table, 40, n_reboluses=2)
    assert order(third, Bolus) is None
    assert order(third, Infusion).rate_u_per_h == 1600


def test_boluses_are_counted_at_the_bedside(load):
    table = load(head="most_reboluses = 2\n", low=LOW.replace("change_u_per_kg_per_h = 2", "change_u_per_kg_per_h = 0.1"),
                 start=START.replace("= 18", "= 5"))  # fmt: skip
    course = titrate(Patient(weight_kg=80), DRUG, table, hours=60, seed=4)
    assert sum(lab.value < 50 for lab in course.labs) > 3
    assert metrics.reboluses(course) == 2
    assert metrics.reboluses(titrate(Patient(weight_kg=80), DRUG, replace(table, most_reboluses=None), hours=60, seed=4)) > 3


def test_a_rebolus_may_be_a_share_of_the_first_as_it_was_given(load):
    table = load(low=LOW.replace("bolus_u_per_kg = 40", "bolus_of_first_percent = 50"))
    assert order(at(table, 40), Bolus).dose_u == 3200
    assert order(at(table, 40, weight_kg=150), Bolus).dose_u == 4000  # of 8000, not of 12,000


def test_the_change_is_rounded_and_the_rate_is_not(load):
    table = load(head="change_round_u_per_h = 50\n")
    assert order(at(table, 40, rate_u_per_h=1437), Infusion).rate_u_per_h == 1437 + 150  # 2 x 80 = 160
    assert order(at(table, 90, rate_u_per_h=1437), Infusion).rate_u_per_h == 1437 - 250  # 3 x 80 = 240
    other = load(head="rate_round_u_per_h = 50\n")
    assert order(at(other, 40, rate_u_per_h=1437), Infusion).rate_u_per_h == 1600


# Times


def test_blood_is_drawn_at_times_of_day(load):
    start = START + 'clock = "08:00"\n'
    table = load(start=start, middle=IN_RANGE + 'recheck_at = ["06:00", "18:00"]\n')
    assert at(table, 60, now_h=7.0).next_draw_h == 10.0
    assert at(table, 60, now_h=9.5).next_draw_h == 10.0
    assert at(table, 60, now_h=9.6).next_draw_h == 22.0
    assert at(table, 60, now_h=30.0).next_draw_h == 34.0
    assert at(table, 40, now_h=7.0).next_draw_h == 13.0
    far = load(start=start, middle=IN_RANGE + 'recheck_at = ["06:00", "18:00"]\nrecheck_h = 4\n')
    assert at(far, 60, now_h=7.0).next_draw_h == 22.0
    rounds = load(start=start, recheck=RECHECK + 'at = ["05:00", "13:00", "21:00"]\n')
    assert at(rounds, 40, now_h=7.0).next_draw_h == 13.0  # 21:00, six hours after 15:00
    assert at(rounds, 40, now_h=7.1).next_draw_h == 21.0
    assert at(rounds, 90, now_h=6.5).next_draw_h == 21.0  # an hour of hold comes first
    settled = load(start=start, recheck=RECHECK + 'settled_after = 2\nsettled_at = ["06:00"]\n')
    assert at(settled, 60, now_h=7.0).next_draw_h == 13.0
    assert at(settled, 60, 60, now_h=14.0).next_draw_h == 22.0
    assert at(settled, 40, 60, now_h=14.0).next_draw_h == 20.0


def test_a_rule_may_end_or_begin_with_the_hours(load):
    rest = '[[rules]]\nlabel = "71-170 s"\nat_least = 71\nbelow = 171\nuntil_h = 12\n'
    table = load(rest=rest)
    assert at(table, 90, now_h=11.9).orders == ()
    assert order(at(table, 90, now_h=12.0), Hold) is not None
    assert order(at(table, 171, now_h=7.0), Hold) is not None
    late = load(rest=rest.replace("until_h = 12", "from_h = 12"))
    assert order(at(late, 90, now_h=11.9), Hold) is not None
    assert at(late, 90, now_h=12.0).orders == ()


# Results in a row, and calls


def test_two_results_in_a_row_call_somebody_and_change_nothing(load):
    rest = '[[rules]]\nlabel = ">70 s"\nat_least = 71\nbelow = inf\nin_a_row = 2\nnotify = "pharmacist"\n'
    table, plain = load(rest=rest), load()
    assert order(at(table, 90), Notify) is None
    assert order(at(table, 60, 90), Notify) is None
    called = at(table, 90, 90)
    assert order(called, Notify) == Notify(time_h=7.0, whom="pharmacist")
    assert tuple(o for o in called.orders if not isinstance(o, Notify)) == at(plain, 90, 90).orders
    assert called.next_draw_h == at(plain, 90, 90).next_draw_h
    assert called.why == ">70 s: hold 60 min, -3 U/kg/h; >70 s, 2 in a row: notify pharmacist"


def test_two_results_outside_in_a_row_may_lie_on_either_side(load):
    rest = '[[rules]]\nlabel = "outside 50-70 s"\nat_least = 50\nbelow = 71\noutside = true\nin_a_row = 2\nnotify = "physician"\n'
    table = load(rest=rest)
    for values, calls in (((40, 90), True), ((90, 40), True), ((40, 60), False), ((60, 40), False), ((40, 40), True)):
        assert (order(at(table, *values), Notify) is not None) is calls


def test_a_rule_takes_the_place_of_the_line_and_the_first_one_decides(load):
    rest = (
        '[[rules]]\nlabel = "<50 s"\nbelow = 50\nin_a_row = 2\nbolus_u_per_kg = 40\nchange_u_per_kg_per_h = 4\nrecheck_h = 4\n'
        '[[rules]]\nlabel = "<60 s"\nbelow = 60\nin_a_row = 3\nnotify = "physician"\n'
    )
    table = load(rest=rest)
    assert order(at(table, 40), Infusion).rate_u_per_h == 1600
    twice = at(table, 40, 40)
    assert (order(twice, Infusion).rate_u_per_h, twice.next_draw_h, order(twice, Notify)) == (1760, 11.0, None)
    thrice = at(table, 55, 40, 40)
    assert (order(thrice, Infusion).rate_u_per_h, order(thrice, Notify).whom) == (1760, "physician")


def test_a_line_may_call_and_still_be_in_range(load):
    table = load(middle=IN_RANGE + 'notify = "physician"\n', recheck=RECHECK + "settled_after = 2\nsettled_hours = 24\n")
    assert at(table, 60, 60).orders == (Notify(time_h=7.0, whom="physician"),)
    assert at(table, 60, 60).next_draw_h == 31.0


def test_a_call_changes_no_curve(load):
    table = load(middle=IN_RANGE + 'notify = "physician"\n')
    one, other = (titrate(Patient(weight_kg=80), DRUG, t, hours=40, seed=3) for t in (table, load()))
    assert any(isinstance(o, Notify) for o in one.regimen.orders)
    np.testing.assert_array_equal(one.states, other.states)
    assert "notify physician" in one.in_words()


# Starts and weights

ROWS = (
    '[start]\nfirst_check_h = 6\nrows_by = "{by}"\n'
    '[[start.rows]]\nlabel = "small"\n{edge}\nbolus_u = 2500\nrate_u_per_kg_per_h = 28\n'
    '[[start.rows]]\nlabel = "large"\nbelow = inf\nbolus_u_per_kg = 75\nrate_u_per_h = 1400\n'
)


def test_a_start_goes_by_rows_of_weight(load):
    table = load(start=ROWS.format(by="weight_kg", edge="below = 50"))
    small, large = at(table, weight_kg=49.9), at(table, weight_kg=50.0)
    assert (order(small, Bolus).dose_u, order(small, Infusion).rate_u_per_h) == (2500, pytest.approx(28 * 49.9))
    assert (order(large, Bolus).dose_u, order(large, Infusion).rate_u_per_h) == (3750, 1400)
    assert large.why == "large: bolus 75 U/kg, then 1400 U/h"


@pytest.mark.parametrize(("edge", "at_1_y"), [("below = 1", 1400), ("up_to = 1", 28 * 10)])
def test_a_start_goes_by_rows_of_age(load, edge, at_1_y):
    table = load(start=ROWS.format(by="age_y", edge=edge))
    assert order(at(table, weight_kg=10, age_y=0.9), Infusion).rate_u_per_h == 280
    assert order(at(table, weight_kg=10, age_y=1.0), Infusion).rate_u_per_h == at_1_y
    assert order(at(table, weight_kg=10, age_y=1.1), Infusion).rate_u_per_h == 1400
    with pytest.raises(ValueError, match="it needs age_y of the patient"):
        at(table, weight_kg=10)
    with pytest.raises(ValueError, match="it needs age_y of the patient"):
        titrate_cohort(Cohort(2, {"weight_kg": np.array([70.0, 80.0])}), DRUG, table)


WEIGHINGS = [  # rule, weight, height (cm; 165 women: 57.0 kg ideal by Devine), the weight it doses by
    (Weighing(), 120, 120),
    (Weighing(kind="ideal"), 120, 56.9094),
    (Weighing(kind="adjusted"), 120, 56.9094 + 0.4 * (120 - 56.9094)),
    (Weighing(kind="adjusted", share_fraction=0.3, above_ideal_ratio=1.3), 73.9, 73.9),
    (Weighing(kind="adjusted", share_fraction=0.3, above_ideal_ratio=1.3), 74.1, 56.9094 + 0.3 * (74.1 - 56.9094)),
    (Weighing(kind="adjusted", above_bmi_kg_per_m2=30), 81.6, 81.6),
    (Weighing(kind="adjusted", above_bmi_kg_per_m2=30), 81.8, 56.9094 + 0.4 * (81.8 - 56.9094)),
    (Weighing(at_most_kg=100), 120, 100),
    (Weighing(at_least_kg=50), 45, 50),
    (Weighing(kind="ideal", at_least_kg=60), 120, 60),
]


@pytest.mark.parametrize(("rule", "weight_kg", "dosed_by_kg"), WEIGHINGS)
def test_a_dosing_weight_is_a_rule(rule, weight_kg, dosed_by_kg):
    one = Patient(weight_kg=weight_kg, height_cm=165, sex="female")
    assert rule.weight_kg(one) == pytest.approx(dosed_by_kg, abs=1e-3)
    many = Cohort(2, {"weight_kg": np.array([weight_kg] * 2, float), "height_cm": 165.0, "sex": "female"})
    assert np.broadcast_to(rule.weight_kg(many), 2).tolist() == [rule.weight_kg(one)] * 2


def test_each_arm_doses_by_its_own_weight(load):
    plain = load()
    by_rule = replace(plain, name="by rule", weight="the rule of [weighing]", weighing=Weighing(kind="ideal"))
    one = Patient(weight_kg=120, height_cm=165, sex="female")
    courses = [titrate(one, DRUG, table, hours=6, seed=1) for table in (plain, by_rule)]
    assert [round(c.regimen.orders[0].dose_u) for c in courses] == [8000, round(80 * 56.9094)]
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[plain, by_rule])
    for i in (0, 7):
        courses = [trial.course(arm, i, seed=1) for arm in ("ours", "by rule")]
        weight_kg = by_rule.weighing.weight_kg(replace(courses[1].patient, dosing_weight_kg=None))
        assert courses[1].patient.doses_by_kg == weight_kg != courses[0].patient.doses_by_kg
        assert courses[1].regimen.orders[0].dose_u == min(8000.0, 80 * weight_kg)
    assert trial.run(20, seed=1).n == 20


def test_the_levels_may_be_multiples_of_the_patient_s_own_first_result(load):
    base = HEAD.replace("aptt_s", "aptt_ratio").replace("round_to = 1", "round_to = 0.1").replace("[50, 70]", "[1.5, 2.5]")
    table = load(
        base=base,
        head="own_baseline = true\n",
        low=LOW.replace('"<50 s"', '"<1.5"').replace("= 50\n", "= 1.5\n", 1),
        middle=IN_RANGE.replace('"50-70 s"', '"1.5-2.5"').replace("71", "2.6"),
        high=HIGH.replace('">70 s"', '">2.5"'),
        recheck=RECHECK + "settled_after = 2\nsettled_hours = 24\n",
    )
    start = at(table, now_h=0.0)
    assert start.next_draw_h == 0.0
    waits = at(table, 0.8, now_h=1.0)
    assert (waits.orders, waits.next_draw_h) == ((), 6.0)
    assert at(table, 0.8, 1.2).orders == ()  # 1.5 times 0.8
    assert at(table, 0.8, 1.2).next_draw_h == 13.0  # the baseline is no result in range
    assert at(table, 0.8, 1.2, 1.2).next_draw_h == 31.0
    assert order(at(table, 0.8, 1.1), Bolus) is not None
    assert order(at(table, 0.8, 2.2), Hold) is not None
    course = titrate(Patient(weight_kg=80), DRUG, table, hours=30, seed=5)
    assert course.labs[0].drawn_h == 0.0
    assert course.labs[0].value == pytest.approx(1.0, abs=0.3)  # before the bolus
    held_together(ward(12), DRUG, table, range(0, 12, 3), hours=30.0)


# Ranges


def test_a_printed_range_says_which_number_is_used(load):
    table = load(
        start=START.replace("= 18", "= { low = 15, high = 20, used = 18 }"),
        recheck="[recheck]\nhours = { low = 4, high = 6, used = 4 }\n",
        middle=IN_RANGE + "recheck_h = { low = 6, high = 24, used = 12 }\n",
    )
    assert table.recheck.hours == 4
    assert table.choices == (
        Choice(what="[start] rate_u_per_kg_per_h", low=15, high=20, used=18),
        Choice(what="[recheck] hours", low=4, high=6, used=4),
        Choice(what="band 2 recheck_h", low=6, high=24, used=12),
    )
    assert "choice: [recheck] hours: printed 4 to 6, 4 is used" in str(table)
    assert replace(table, choices=()) == load(start=START, recheck="[recheck]\nhours = 4\n", middle=IN_RANGE + "recheck_h = 12\n")


# Written wrongly: the file, the line and the reason

RULE = '[[rules]]\nlabel = ">70 s"\nat_least = 71\nbelow = inf\nin_a_row = 2\nnotify = "physician"\n'
CLOCK = START + 'clock = "08:00"\n'
WRONG = [
    ({"high": PAUSE.replace("= 65", "= 72")}, "hold_until_below = 72", "must lie above the target's 50 and not above"),
    ({"high": PAUSE.replace("= 65", "= 50")}, "hold_until_below = 50", "must lie above the target's 50"),
    ({"high": PAUSE.replace("redraw_h = 1\n", "")}, "hold_until_below = 65", "hold_until_below and redraw_h belong together"),
    ({"high": HIGH + "hold_until_below = 65\nredraw_h = 1\n"}, "hold_min = 60", "two pauses: hold_min and hold_until_below"),
    ({"low": LOW + "hold_until_below = 65\nredraw_h = 1\n"}, "hold_until_below = 65", "hold_until_below is the wrong way"),
    ({"high": PAUSE, "rest": '[[rules]]\nlabel = ">90 s"\nat_least = 91\nbelow = inf\nhold_until_below = 65\nredraw_h = 2\n'},
     "hold_until_below = 65", "then draw unlike"),
    ({"low": LOW + "bolus_of_first_percent = 50\n"}, "bolus_u_per_kg = 40", "has two re-boluses"),
    ({"low": LOW.replace("bolus_u_per_kg = 40", "bolus_of_first_percent = 0.5")}, "bolus_of_first_percent = 0.5", "no fraction"),
    ({"low": LOW.replace("bolus_u_per_kg = 40", "bolus_of_first_percent = 50"),
      "start": "[start]\nrate_u_per_h = 1000\nfirst_check_h = 6\n"}, "bolus_of_first_percent = 50", "needs a first bolus"),
    ({"high": HIGH + "stop = true\n"}, "change_u_per_kg_per_h = -3", "stop stands alone"),
    ({"low": '[[bands]]\nlabel = "<50 s"\nbelow = 50\nstop = true\n'}, "stop = true", "stop is the wrong way"),
    ({"high": HIGH + 'recheck_at = ["06:00"]\n'}, 'recheck_at = ["06:00"]', "needs the time of day at the start: clock in"),
    ({"start": CLOCK, "high": HIGH + 'recheck_at = ["6:00"]\n'}, 'recheck_at = ["6:00"]', "a time of day like '06:00'"),
    ({"start": CLOCK, "high": HIGH + 'recheck_at = ["18:00", "06:00"]\n'}, "recheck_at = [", "must rise through the day"),
    ({"start": START + 'clock = "24:00"\n'}, 'clock = "24:00"', "a time of day like '06:00'"),
    ({"high": HIGH + 'recheck_from = "lunch"\n'}, 'recheck_from = "lunch"', "must be one of end of hold, start of hold, draw"),
    ({"head": "rate_min_u_per_h = 900\nrate_max_u_per_h = 800\n"}, "rate_min_u_per_h = 900", "not be above rate_max_u_per_h"),
    ({"head": "rebolus_max_u = 900\nbolus_max_u = 800\n"}, "rebolus_max_u = 900", "must not be above bolus_max_u"),
    ({"head": "most_reboluses = 0\n"}, "most_reboluses = 0", "between 1 and 100"),
    ({"head": "change_round_u_per_h = 50\nrate_round_u_per_h = 50\n"}, "change_round_u_per_h = 50", "either the change"),
    ({"head": "own_baseline = true\n"}, "own_baseline = true", "own_baseline needs a ratio"),
    ({"start": START + "rate_min_u_per_h = 900\nrate_max_u_per_h = 800\n"}, "rate_min_u_per_h = 900", "must not be above"),
    ({"rest": RULE.replace("71", "71.5")}, "at_least = 71.5", "must not be finer than round_to"),
    ({"rest": RULE.replace("71", "72")}, 'label = ">70 s"', "must name the levels of its rule, 72 and above"),
    ({"rest": RULE.replace("in_a_row = 2", "in_a_row = 0")}, "in_a_row = 0", "between 1 and 10"),
    ({"rest": RULE + "until_h = 12\nfrom_h = 12\n"}, "from_h = 12", "from_h must be below until_h"),
    ({"rest": RULE.replace('notify = "physician"', "bolus_u = 1000")}, "bolus_u = 1000", "bolus_u is the wrong way"),
    ({"rest": '[[rules]]\nlabel = "40-60 s"\nat_least = 40\nbelow = 61\nchange_percent = 10\n'}, "change_percent", "partly"),
    ({"rest": '[[rules]]\nlabel = ">70 s"\nat_least = 71\nbelow = inf\nhold_min = 30\n'
              '[[rules]]\nlabel = ">90 s"\nat_least = 91\nbelow = inf\nhold_min = 90\n'}, 'label = ">90', "never applies"),
    ({"rest": RULE.replace("notify", "tell")}, 'tell = "physician"', "unknown key 'tell' in rule 1"),
    ({"rest": "[weighing]\nkind = 'ideal'\n"}, 'weight = "actual body weight"', "belong together"),
    ({"start": ROWS.format(by="weight_kg", edge="below = 50").replace("below = inf", "below = 40")}, "below = 40", "overlap"),
    ({"start": ROWS.format(by="weight_kg", edge="below = 50").replace("below = inf", "below = 90")}, "below = 90", "leave a gap"),
    ({"start": ROWS.format(by="height_cm", edge="below = 50")}, 'rows_by = "height_cm"', "must be one of age_y, weight_kg"),
    ({"start": ROWS.format(by="age_y", edge="below = 1").replace("[start]\n", "[start]\nrate_u_per_h = 900\n")},
     "rate_u_per_h = 900", "must stand in the rows of the start"),
    ({"start": ROWS.format(by="age_y", edge="below = 1\nup_to = 1")}, "below = 1", "exactly one of below and up_to"),
    ({"start": START.replace("= 18", "= { low = 15, high = 20, used = 21 }")}, "rate_u_per_kg_per_h = {", "between 15 and 20"),
    ({"start": START.replace("= 18", "= { low = 20, high = 15, used = 18 }")}, "rate_u_per_kg_per_h = {", "must be below high"),
    ({"start": START.replace("= 18", "= { low = 15, used = 18 }")}, "rate_u_per_kg_per_h = {", "needs low, high and used"),
    ({"recheck": RECHECK + "settled_after = 2\n"}, "settled_after = 2", "belong together"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "line", "reason"), WRONG, ids=range(len(WRONG)))
def test_what_is_written_wrongly_names_file_line_and_reason(load, tmp_path, parts, line, reason):
    with pytest.raises(ValueError, match=re.escape(reason)) as caught:
        load(**parts)
    text = (tmp_path / "ours.toml").read_text(encoding="utf-8").split("\n")
    found = re.match(rf"{re.escape(str(tmp_path / 'ours.toml'))}, line (\d+): ", str(caught.value))
    assert found, str(caught.value)
    assert text[int(found[1]) - 1].startswith(line), str(caught.value)


def test_a_weighing_is_refused_that_says_two_things():
    for wrong, words in (
        ({"kind": "adjusted", "above_ideal_ratio": 1.2, "above_bmi_kg_per_m2": 30}, "must not both be given"),
        ({"above_bmi_kg_per_m2": 30}, "needs another kind of weight"),
        ({"at_least_kg": 90, "at_most_kg": 80}, "must not be above at_most_kg"),
        ({"kind": "lean"}, "kind must be one of actual, ideal, adjusted"),
    ):
        with pytest.raises(ValueError, match=words):
            Weighing(**wrong)
    with pytest.raises(ValueError, match="needs height_cm and sex"):
        Weighing(kind="ideal").weight_kg(Patient(weight_kg=80))


def test_parts_can_be_pasted_back():
    for part in (
        Weighing(kind="adjusted", above_ideal_ratio=1.2),
        Row(label="small", below=50, rate_u_per_h=900),
        Rule(label=">90 s", below=math.inf, at_least=91, in_a_row=2, hold_min=60),
        Choice(what="x", low=1, high=2, used=1),
        Start(first_check_h=6, rate_u_per_h=1000, clock="08:00"),
        Pause(time_h=1, until_below=70),
        Regimen((Pause(time_h=1, until_below=70), Resume(time_h=2), Notify(time_h=2, whom="physician"))),
    ):
        names = {kind.__name__: kind for kind in (Weighing, Row, Rule, Choice, Start, Pause, Regimen, Resume, Notify)}
        assert eval(repr(part), names) == part


# All of it at once, for one and for many


@pytest.fixture
def everything(load):
    """A table with every kind of rule that can stand together."""
    return load(
        head="rebolus_max_u = 4000\nmost_reboluses = 2\nrate_min_u_per_h = 300\nchange_round_u_per_h = 50\nbolus_round_u = 100\n"
        "highest_first = true\n",
        base=HEAD.replace("actual body weight", "the rule of [weighing]"),
        start=ROWS.format(by="weight_kg", edge="below = 70").replace("= 6\n", '= 6\nclock = "08:00"\n', 1)
        + "[weighing]\nkind = 'adjusted'\nabove_ideal_ratio = 1.2\n",
        recheck='[recheck]\nhours = 5\nsettled_after = 2\nsettled_at = ["06:00"]\ncounted_from = "draw"\n',
        low=LOW.replace("bolus_u_per_kg = 40", "bolus_of_first_percent = 50"),
        high='[[bands]]\nlabel = "71-90 s"\nbelow = 91\nhold_min = 30\nchange_u_per_kg_per_h = -2\nrecheck_h = 0.5\n'
        'recheck_from = "start of hold"\n' + PAUSE.replace(">70", ">90"),
        rest='[[rules]]\nlabel = "outside"\nat_least = 50\nbelow = 71\noutside = true\nin_a_row = 2\nnotify = "physician"\n'
        '[[rules]]\nlabel = "<50 s"\nbelow = 50\nin_a_row = 2\nchange_percent = 20\n'
        '[[rules]]\nlabel = "71-90 s"\nat_least = 71\nbelow = 91\nuntil_h = 8\n',
    )  # fmt: skip


@pytest.mark.parametrize("ward_errors", [None, ERRING], ids=["to the letter", "erring"])
def test_one_patient_and_many_get_the_same_orders(everything, ward_errors):
    cohort, orders = ward(40), []
    held_together(cohort, DRUG, everything, range(0, 40, 4), hours=48.0, ward_errors=ward_errors)
    for i in range(0, 40, 4):
        course = titrate(cohort[i], DRUG, everything, seed=11, subject=100 + i, hours=48.0, ward_errors=ward_errors)
        orders += [type(one) for one in course.regimen.orders]
    assert {Bolus, Hold, Infusion, Notify, Pause, Resume} <= set(orders)


def test_pauses_meet_results_at_once_and_the_end_of_the_run(everything):
    quick = Laboratory(turnaround_h=0.0, cv_fraction=0.0)
    held_together(ward(12), DRUG, everything, range(0, 12, 3), hours=20.0, laboratory=quick)
    held_together(ward(12), DRUG, everything, range(0, 12, 3), hours=7.0, laboratory=quick)


@pytest.mark.filterwarnings("ignore::heparin_pk.OutsideValidityDomain")
def test_a_course_with_all_of_it_goes_out_and_comes_back(everything, tmp_path):
    cohort = ward(8)
    for i in range(8):
        course = titrate(cohort[i], DRUG, everything, seed=11, subject=100 + i, hours=48.0)
        course.to_csv(tmp_path / "course.csv")
        for again in (Course.from_json(course.to_json()), Course.from_csv(tmp_path / "course.csv")):
            assert again == course
            assert again.in_words() == course.in_words()


def test_everything_is_shown(everything):
    text = str(everything)
    for words in (
        "actual weight; above 1.2 times the ideal weight: ideal and 0.4 of the weight above it",
        "by weight: small: bolus 2500 U, then 28 U/kg/h; large: bolus 75 U/kg, then 1400 U/h",
        "re-bolus 50 % of the first, +2 U/kg/h",
        "hold until below 65, drawing every 1 h, -3 U/kg/h",
        "check again in 0.5 h, from the start of the hold",
        "outside, 2 in a row: notify physician as well",
        "<50 s, 2 in a row: +20 % instead; check again in 5 h, from the draw",
        "71-90 s, before 8 h: no change instead",
        "after 2 in a row in range: at 06:00",
        "every bolus but the first: at most 4000 U",
        "boluses after the first one: at most 2",
        "rate at least 300 U/h",
        "changes of rate in steps of 50 U/h",
    ):
        assert words in text
    assert text.index("  >90 s ") < text.index("  50-70 s ") < text.index("  <50 s ")
    axes = plot.bands(everything)
    drawn = " ".join(label.get_text() for label in axes.texts)
    for words in ("hold until below 65", "outside, 2 in a row: notify physician as well", "recheck 0.5 h", "<50 s"):
        assert words in drawn
