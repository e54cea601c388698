"""HIT: monitoring, the 4Ts over all combinations, the tests against hand calculation, the decision, the cost of waiting."""

import itertools
import math
from dataclasses import replace

import pytest

from heparin_pk import Patient, metrics
from heparin_pk.simulation.platelets import platelet_series
from heparin_pk.teaching import alternatives, hit, practice
from heparin_pk.teaching.hit import FOUR_TS, TESTS, FourTs, work_up

PARTS = tuple(FOUR_TS)
INTERMEDIATE = FourTs(thrombocytopenia=2, timing=2, thrombosis=0, other_causes=1)


@pytest.mark.parametrize("points", list(itertools.product((0, 1, 2), repeat=4)))
def test_all_81_combinations(points):
    """0 to 3 low, 4 and 5 intermediate, 6 to 8 high (Lo 2006)."""
    score = FourTs(**dict(zip(PARTS, points, strict=True)))
    assert score.total == sum(points)
    assert score.probability == ("low" if sum(points) <= 3 else "intermediate" if sum(points) <= 5 else "high")
    assert all(FOUR_TS[part][n] in score.in_words() for part, n in zip(PARTS, points, strict=True))


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(part):
    given = {name: 1 for name in PARTS if name != part}
    with pytest.raises(ValueError, match=f"needs all four parts, 0 to 2 points each; missing {part.replace('_', ' ')}$"):
        FourTs(**given)
    for wrong in (3, -1, 1.5, True, "2"):
        with pytest.raises(ValueError, match=f"{part} must be one of 0, 1, 2"):
            FourTs(**given | {part: wrong})


@pytest.mark.parametrize(
    ("fall", "nadir", "points"),
    [(51, 20, 2), (50, 60, 1), (30, 150, 1), (29.9, 150, 0), (90, 19, 1), (90, 10, 1), (90, 9, 0), (20, 15, 0), (0, 300, 0)],
)
def test_points_for_the_fall(fall, nadir, points):
    assert hit.thrombocytopenia_points(fall, nadir) == points


@pytest.mark.parametrize(
    ("onset", "ago", "clear", "points"),
    [
        (5, None, True, 2), (10, None, True, 2), (7, None, False, 1), (11, None, True, 1), (4, None, True, 0), (0, None, True, 0),
        (1, 30, True, 2), (1, 31, True, 1), (0, 100, True, 1), (1, 101, True, 0), (3, 20, True, 1), (3, 200, True, 0),
    ],
)  # fmt: skip
def test_points_for_the_timing(onset, ago, clear, points):
    assert hit.timing_points(onset, heparin_days_ago_d=ago, is_clear=clear) == points


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hit.thrombocytopenia_points(120, 50), "fall_percent must lie between 0 and 100; got 120"),
        (lambda: hit.thrombocytopenia_points(50, -1), "nadir_e9_per_l must lie between 0 and 2000; got -1"),
        (lambda: hit.timing_points(-1), "onset_d must lie between 0 and 1000; got -1"),
        (lambda: hit.timing_points(5.5), "onset_d must be a whole number of days"),
        (lambda: hit.timing_points(5, heparin_days_ago_d=0), "heparin_days_ago_d must lie between 1 and 100000; got 0"),
        (lambda: hit.count_days_d("middling"), "risk must be one of low, intermediate, high; got 'middling'"),
        (lambda: hit.count_days_d("high", stopped_d=-2), "stopped_d must lie between 0 and 1000; got -2"),
        (lambda: hit.events_while_waiting_fraction(-1), "waiting_d must lie between 0 and 3; got -1"),
        (lambda: work_up(INTERMEDIATE, functional=True), "functional comes after the immunoassay"),
        (
            lambda: work_up(INTERMEDIATE, immunoassay_test=hit.SEROTONIN_RELEASE),
            "immunoassay_test must be of the kind immunoassay",
        ),
        (lambda: hit.CLIA.after_fraction(1.2, is_positive=True), "before_fraction must lie between 0 and 1; got 1.2"),
        (lambda: hit.POLYSPECIFIC_ELISA.after_fraction(1.0, is_positive=False), "cannot occur at before_fraction = 1"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_platelets_are_counted_as_the_statements_say():
    """ASH 2018: none below 0.1 %; every 2 to 3 days; at least every other day; days 4 to 14, from day 0 after recent heparin."""
    text = " ".join(one.text for one in practice.about("hit-monitoring")[:2])
    for printed in ("below 0.1 %: no platelet counts", "every 2 to 3 days", "at least every other day", "day 4 to day 14"):
        assert printed in text
    assert hit.count_days_d("low") == ()
    assert hit.count_days_d("intermediate") == (4, 7, 10, 13)
    assert hit.count_days_d("high", heparin_in_last_30_days=True) == (0, 2, 4, 6, 8, 10, 12, 14)
    assert hit.count_days_d("high", stopped_d=7) == (4, 6)
    assert hit.count_days_d("high", stopped_d=2) == ()


def test_after_a_test_by_hand():
    """IgG ELISA, Table 1: of 1,000 suspected at 14 %: 140 x 167/168 = 139.17 true and 860 x 41/476 = 74.08 false positives."""
    assert hit.IGG_ELISA.after_fraction(0.14, is_positive=True) == pytest.approx(139.1667 / (139.1667 + 74.0756), abs=1e-5)
    assert hit.IGG_ELISA.after_fraction(0.14, is_positive=False) == pytest.approx(0.8333 / (0.8333 + 785.924), abs=1e-5)
    steps = work_up(INTERMEDIATE, immunoassay=True, functional=True)
    assert [round(one.hit_fraction, 3) for one in steps] == [0.14, 0.653, 0.973]  # 0.653 x 0.95 / (... + 0.347 x 0.05)


def test_the_table_prints_the_predictive_values_of_its_own_patients():
    """PMC6202723: with 33 of 509 ill, CLIA 32/39 = 82.1 %, IgG ELISA 44.6 %, polyspecific 28.5 %."""
    for test, printed in ((hit.CLIA, 0.821), (hit.IGG_ELISA, 0.446), (hit.POLYSPECIFIC_ELISA, 0.285)):
        assert test.after_fraction(33 / 509, is_positive=True) == pytest.approx(printed, abs=0.005)


@pytest.mark.parametrize("test", TESTS.values(), ids=list(TESTS))
def test_a_result_moves_the_probability_the_right_way(test):
    for before in (0.002, 0.14, 0.64):
        assert test.after_fraction(before, is_positive=False) < before < test.after_fraction(before, is_positive=True)
        share = before * test.sensitivity_fraction.value + (1 - before) * (1 - test.specificity_fraction.value)
        total = share * test.after_fraction(before, is_positive=True) + (1 - share) * test.after_fraction(
            before, is_positive=False
        )
        assert total == pytest.approx(before)
    assert test.sensitivity_fraction.source.where


def test_pretest_probabilities_are_the_printed_ones():
    """Cuker 2012: NPV 0.998, PPV 0.14 and 0.64; Linkins 2015: 1.9, 6.7 and 36.6 %."""
    printed = {"meta-analysis": (1 - 0.998, 0.14, 0.64), "one cohort": (0.019, 0.067, 0.366)}
    for name, values in printed.items():
        for total, value in zip((3, 4, 6), values, strict=True):
            points = [2] * (total // 2) + [total % 2] + [0] * 4
            score = FourTs(**dict(zip(PARTS, points, strict=False)))
            assert hit.PRETESTS[name].of(score) == pytest.approx(value)


@pytest.mark.parametrize(
    ("points", "immunoassay", "functional", "words"),
    [
        ((1, 1, 0, 1), None, None, "heparin goes on"),
        ((2, 2, 0, 0), None, None, "stop all heparin, catheter flushes too"),
        ((2, 2, 0, 0), False, None, "HIT is excluded"),
        ((1, 1, 0, 1), False, None, "HIT is excluded"),
        ((1, 1, 0, 1), True, None, "mostly a false positive"),  # low score: 2 % have HIT
        ((2, 2, 2, 0), False, None, "until a functional test decides"),  # high score: Linkins excludes only low and intermediate
        ((2, 2, 2, 0), True, True, "no routine platelet transfusion"),
        ((2, 2, 2, 0), True, False, "does not exclude it"),
    ],
)
def test_the_decision_of_each_day(points, immunoassay, functional, words):
    last = work_up(FourTs(**dict(zip(PARTS, points, strict=True))), immunoassay=immunoassay, functional=functional)[-1]
    assert words in last.do
    assert last.source.cite()
    assert "vitamin K antagonist" in last.do or "HIT:" not in last.do


def test_a_day_of_waiting_costs_what_is_printed():
    """Lubenow 2005: 0.051 a day over a mean of 1.3 days; nothing is said of more than 3 days."""
    assert hit.events_while_waiting_fraction(1) == 0.051
    assert hit.events_while_waiting_fraction(0) == 0
    assert hit.WITHIN_30_DAYS_FRACTION.value == 0.528


def test_from_the_counts_to_the_score():
    """A series scored as a ward would: the alarm comes on a day that is counted."""
    series = platelet_series("typical", counted_d=hit.count_days_d("high"), usual_e9_per_l=260, subject=4)
    fall, nadir = max(series.falls_percent()), min(series.counted_e9_per_l)
    assert hit.thrombocytopenia_points(fall, nadir) >= 1
    assert hit.timing_points(math.floor(series.onset_d)) == 2
    assert series.seen_d(30) in hit.count_days_d("high")


def test_day_by_day_the_suspicion_rises_when_a_count_shows_the_fall():
    series = platelet_series("typical", counted_d=hit.count_days_d("high"), usual_e9_per_l=260, stopped_d=12, subject=1)
    days = hit.day_by_day(series)
    suspected = hit.suspected_d(days)
    first = next(d for d, f in zip(series.counted_d, series.falls_percent(), strict=True) if f >= 30)
    assert suspected == first
    assert [one.day_d for one in days] == list(series.counted_d)
    assert all(one.hit_fraction == hit.META_ANALYSIS.of(one.score) for one in days)
    assert all(one.score.probability == "low" for one in days if one.day_d < suspected and one.score.thrombocytopenia)
    seldom = platelet_series("typical", counted_d=hit.count_days_d("intermediate"), usual_e9_per_l=260, stopped_d=12, subject=1)
    assert hit.suspected_d(hit.day_by_day(seldom)) >= suspected - 1
    assert hit.suspected_d(hit.day_by_day(platelet_series("none", counted_d=hit.count_days_d("high")))) is None


# Argatroban and bivalirudin


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
@pytest.mark.parametrize("name", alternatives.NAMES)
def test_an_alternative_reaches_its_range_by_the_same_loop(name):
    one = alternatives.named(name)
    course = one.course(Patient(weight_kg=60, age_y=33), hours=24)
    assert metrics.time_to_therapeutic_result_h(course, one.table.target) is not None
    assert course.drug.name == one.drug.name
    assert one.table.source.cite() in " ".join(source.cite() for source in course.sources)
    assert all(words in one.in_words() for words in one.caveats)


def test_the_printed_lines_of_the_two_tables():
    """UHS 2016: < 45 +20 %, 45-90 none, > 90 stop 1 h and restart at 50 %; UMMC 2012: +50, +25, none, -25 %."""
    argatroban, bivalirudin = (alternatives.named(name).table for name in alternatives.NAMES)
    assert [(b.change_percent, b.hold_min) for b in argatroban.bands] == [(20, 0), (0, 0), (-50, 60)]
    assert [argatroban.band(s).change_percent for s in (44, 45, 90, 91)] == [20, 0, 0, -50]
    assert argatroban.start.rate_u_per_kg_per_h == 60 * 1  # 1 microgram/kg/min
    assert [bivalirudin.band(s).change_percent for s in (29, 31, 46, 47, 76, 77, 100)] == [50, 25, 25, 0, 0, -25, -25]
    assert any("assumed" in caveat for caveat in bivalirudin.caveats)


def test_half_lives_and_plateaus_are_within_10_percent_of_their_sources():
    """Swan 2000: 46.2 min, 4.7 mL/min/kg; failing livers 152 min, 1.5. Bivalirudin: 25 min, 3.4 mL/min/kg (Fox 1993)."""
    patient = Patient(weight_kg=60, age_y=33)
    for name, feature, minutes, ml_per_min_per_kg in (
        ("argatroban", {}, 46.2, 4.7),
        ("argatroban", {"cirrhosis": True}, 152, 1.5),
        ("argatroban", {"kidney_failure": True}, 46.2, 4.7),  # renal function has no significant effect (label, Swan 2000)
        ("bivalirudin", {}, 25, 3.4),
        ("bivalirudin", {"kidney_failure": True}, 210, 0.30 * 3.4),
    ):
        found = alternatives.named(name).drug.kinetics(replace(patient, **feature))
        assert 60 * math.log(2) * found.v1_ml / found.clearance_ml_per_h == pytest.approx(minutes, rel=0.10)
        assert found.steady_state_u_per_ml(60.0 * 60) == pytest.approx(1.0 / ml_per_min_per_kg, rel=0.10)  # 1 microgram/kg/min


@pytest.mark.parametrize(
    ("kidneys", "clearance_percent", "minutes"),
    [("normal", 100, 25), ("moderate", 79, 34), ("severe", 79, 57), ("dialysis", 30, 210)],
)
def test_every_kidney_row_of_bivalirudin_is_that_of_the_label(kidneys, clearance_percent, minutes):
    """Label 8.6: clearance 21 % lower in moderate and severe impairment, 70 % on dialysis; half-lives 25, 34, 57 min, 3.5 h."""
    patient = alternatives.with_kidneys(Patient(weight_kg=80), kidneys)
    found = alternatives.named("bivalirudin").drug.individual(patient)
    assert found.clearance_ml_per_h / 80 / 60 == pytest.approx(0.01 * clearance_percent * 3.4, rel=0.01)
    assert 60 * math.log(2) * found.v1_ml / found.clearance_ml_per_h == pytest.approx(minutes, rel=0.01)
    with pytest.raises(ValueError, match="kidneys must be one of normal, moderate, severe, dialysis; got 'mild'"):
        alternatives.with_kidneys(patient, "mild")


def test_the_other_alternatives_are_quoted():
    words = alternatives.others_in_words()
    assert all(name in words.lower() for name in ("danaparoid", "fondaparinux", "vitamin k"))
