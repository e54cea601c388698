"""Platelets day by day: the published onset, depth and recovery, the same person the same series, bad input."""

import math

import numpy as np
import pytest

from heparin_pk import Bolus, Infusion, Patient, Regimen, Stop, published, simulate
from heparin_pk.simulation import platelets
from heparin_pk.simulation.platelets import LOSS_PER_D, PATTERNS, SOURCES, platelet_series, platelets_of

MANY = range(150)


def ward(**options):
    """Return typical HIT in many patients, heparin stopped on the third day of the fall."""
    found = []
    for i in MANY:
        onset = platelet_series("typical", counted_d=(), subject=i).onset_d
        found.append(platelet_series("typical", counted_d=(), stopped_d=onset + 3, days_d=30, subject=i, **options))
    return found


@pytest.mark.slow
def test_depth_and_recovery_are_the_published_ones():
    """Median lowest count 60, below 20 in 10 %, never below 150 in 10 % (textbook); back within 7 days in 90 % (Aird)."""
    series = ward()
    nadirs = np.array([one.nadir_e9_per_l for one in series])
    back = [one.recovered_d() for one in series]
    within = [day is not None and day - one.stopped_d <= 7 for day, one in zip(back, series, strict=True)]
    assert np.median(nadirs) == pytest.approx(60, abs=8)
    assert np.mean(nadirs < 20) == pytest.approx(0.10, abs=0.05)
    assert np.mean(within) == pytest.approx(0.90, abs=0.05)


def test_the_lowest_counts_of_many_patients_spread_as_printed():
    """Median 60, below 20 in 10 %, within the normal range (150 and more) in 10 %: 4,000 patients, stopped on the third day."""
    many = np.arange(4_000)
    usual, removal = platelets._usual_e9_per_l(1, many), platelets._removal_per_d(1, many)
    _, lived = platelets._lived("typical", usual, removal, np.full(len(many), 5.0), 8.0, 15.0)
    lowest = lived.min(axis=0)
    assert np.median(lowest) == pytest.approx(60, abs=3)
    assert np.mean(lowest < 20) == pytest.approx(0.10, abs=0.015)
    assert np.mean(lowest >= 150) == pytest.approx(0.10, abs=0.015)


def test_no_removal_takes_a_count_below_zero():
    """Depth has a long tail: of a million patients some lose platelets a thousand times as fast as the median."""
    for removal_per_d in (50.0, 5000.0):
        _, lived = platelets._lived("typical", 250.0, removal_per_d, 5.0, 8.0, 15.0)
        assert 0.0 < lived.min() < 10.0


@pytest.mark.parametrize(("pattern", "first", "last"), [("typical", 5, 10), ("rapid", 0, 1), ("delayed", 12, 18)])
def test_onset_lies_where_it_is_published(pattern, first, last):
    onsets = [platelet_series(pattern, counted_d=(), stopped_d=9, subject=i).onset_d for i in MANY]
    assert first <= min(onsets) < first + 0.2 * (last - first)
    assert last - 0.2 * (last - first) < max(onsets) <= last


def test_the_count_is_still_before_the_onset_and_without_hit():
    one = platelet_series("typical", counted_d=(), subject=3)
    before = np.array(one.days_d) < one.onset_d
    assert np.allclose(np.array(one.true_e9_per_l)[before], one.usual_e9_per_l)
    none = platelet_series("none", counted_d=range(22), subject=3)
    assert none.onset_d is None
    assert none.seen_d(30) is None


def test_stopping_heparin_a_day_later_is_never_better():
    for i in range(20):
        onset = platelet_series("typical", counted_d=(), subject=i).onset_d
        early, late = (platelet_series("typical", counted_d=(), stopped_d=onset + d, subject=i).nadir_e9_per_l for d in (1, 2))
        assert late < early


def test_delayed_onset_falls_after_the_stop():
    one = platelet_series("delayed", counted_d=(), stopped_d=4, days_d=30, subject=1)
    assert one.onset_d > 4
    assert one.nadir_e9_per_l < 0.7 * one.usual_e9_per_l
    assert one.true_e9_per_l[-1] > 0.9 * one.usual_e9_per_l


def test_the_fall_that_is_not_immune_is_over_by_day_5():
    one = platelet_series("not immune", counted_d=(), usual_e9_per_l=200)
    assert one.at_e9_per_l(2) == pytest.approx(160)
    assert one.at_e9_per_l(5) == pytest.approx(200)


def test_one_loss_is_a_textbook_decay():
    """Without a marrow nothing would be left but exp(-t / 9.5 d): the step of the model is fine enough."""
    assert pytest.approx(9.5) == 1 / LOSS_PER_D.value
    counted = [platelet_series("typical", counted_d=(), days_d=days, subject=7).at_e9_per_l(12) for days in (15, 16.5)]
    assert counted[0] == pytest.approx(counted[1], rel=1e-3)


def test_the_same_person_has_the_same_series_and_another_count_changes_none():
    every, some = (platelet_series("typical", counted_d=days, seed=5, subject=2) for days in (range(15), (4, 6, 8)))
    assert every == platelet_series("typical", counted_d=range(15), seed=5, subject=2)
    assert some.counted_e9_per_l == tuple(every.counted_e9_per_l[day] for day in (4, 6, 8))
    assert every != platelet_series("typical", counted_d=range(15), seed=5, subject=3)


def test_a_fall_is_counted_from_the_highest_count_so_far():
    one = platelet_series("typical", counted_d=range(15), subject=1)
    highest = np.maximum.accumulate(one.counted_e9_per_l)
    assert one.falls_percent() == pytest.approx(list(100 * (1 - np.array(one.counted_e9_per_l) / highest)))
    assert one.seen_d(50) == next(d for d, f in zip(one.counted_d, one.falls_percent(), strict=True) if f > 50)
    assert "illustrative" in one.in_words()


def test_the_series_of_a_course_stops_with_its_heparin():
    orders = Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=192)
    course = simulate(Patient(weight_kg=75), published.UFH_DEFAULT, Regimen(orders), hours=360)
    one = platelets_of(course, "typical", counted_d=(0, 4, 6, 8), seed=2)
    assert one.stopped_d == pytest.approx(8.0)
    assert one.days_d[-1] == 15
    assert one == platelet_series("typical", counted_d=(0, 4, 6, 8), stopped_d=one.stopped_d, days_d=15, seed=2)
    assert (
        platelets_of(
            simulate(Patient(weight_kg=75), published.UFH_DEFAULT, Regimen(orders[:2]), hours=48), "none", counted_d=()
        ).stopped_d
        is None
    )
    with pytest.raises(ValueError, match="course must be one of heparin"):
        platelets_of(
            simulate(Patient(weight_kg=75), published.SWAN_ARGATROBAN_DERIVED, Regimen(), hours=24), "none", counted_d=()
        )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pattern": "sudden"}, "pattern must be one of none, not immune, typical, rapid, delayed; got 'sudden'"),
        ({"counted_d": (3, 2)}, r"counted_d must rise: .*; got \[3, 2\]"),
        ({"counted_d": (30,)}, "counted_d must lie between 0 and 21; got 30"),
        ({"counted_d": (-1,)}, "counted_d must lie between 0 and 21; got -1"),
        ({"stopped_d": 22}, "stopped_d must lie between 0 and 21; got 22"),
        ({"pattern": "delayed"}, "stopped_d is needed for delayed onset"),
        ({"usual_e9_per_l": -5}, "usual_e9_per_l must lie between 20 and 1000; got -5"),
        ({"usual_e9_per_l": math.nan}, "usual_e9_per_l must lie between 20 and 1000; got nan"),
        ({"days_d": 0}, "days_d must lie between 1 and 60; got 0"),
        ({"seed": -1}, "seed must be an integer"),
    ],
)
def test_bad_input_is_refused_in_words(options, words):
    with pytest.raises(ValueError, match=words):
        platelet_series(**{"pattern": "typical", "counted_d": (1, 2)} | options)


def test_every_number_has_a_source():
    assert {source.confidence for source in SOURCES} <= {"primary", "second-hand", "assumed"}
    assert len(PATTERNS) == 5
