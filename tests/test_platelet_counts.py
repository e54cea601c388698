"""Platelets in a trial: the counts of one patient and of many, the same in every arm and chunk, and as often as stated."""

from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import Nomogram, Trial, hospital
from heparin_pk.trials.platelet_counts import Counting

RASCHKE = Nomogram.load("raschke-1993")
OFTEN = Counting(counted_d=(0.0, 4.0, 7.0, 9.5), hit_fraction=0.4, rapid_fraction=0.5, dip_fraction=0.3)
SUBJECTS, HOURS = np.arange(60), 240.0
KEYS = ("lowest_platelets_e9_per_l", "platelets_fell_by_half", "has_hit")


def trial(**known):
    return Trial(population=hospital.THROMBOSIS_WARD, arms={"a": RASCHKE, "b": RASCHKE}, hours=HOURS, platelets=OFTEN, **known)


def test_one_patient_and_many_have_the_same_counts():
    many = OFTEN.counts_e9_per_l(SUBJECTS, HOURS, 5)
    patterns = OFTEN.patterns(SUBJECTS, 5)
    assert set(patterns) == {"none", "not immune", "typical", "rapid"}
    rows = OFTEN.rows(SUBJECTS, HOURS, 5)
    for subject in SUBJECTS.tolist():
        one = OFTEN.series(subject, HOURS, 5)
        assert one.pattern == patterns[subject]
        assert tuple(many[:, subject].tolist()) == one.counted_e9_per_l
        assert rows["lowest_platelets_e9_per_l"][subject] == min(one.counted_e9_per_l)
        assert rows["platelets_fell_by_half"][subject] == (one.seen_d(50.0) is not None)
        assert rows["has_hit"][subject] == (one.onset_d is not None and one.onset_d < HOURS / 24)


def test_a_fall_is_one_of_more_than_half_of_the_highest_count():
    many = np.arange(2_000)
    counts, rows = OFTEN.counts_e9_per_l(many, HOURS, 5), OFTEN.rows(many, HOURS, 5)
    falls = 100.0 * (1.0 - counts / np.maximum.accumulate(counts, axis=0))
    largest = falls.max(axis=0)
    assert ((largest > 50.0) & (largest < 60.0)).sum() > 10  # some are just beyond the limit
    np.testing.assert_array_equal(rows["platelets_fell_by_half"] == 1.0, largest > 50.0)


def test_counts_are_the_same_in_every_arm_and_chunk_and_move_no_level():
    short = replace(trial(), hours=24.0, platelets=Counting(counted_d=(0.0, 1.0), hit_fraction=0.5, rapid_fraction=1.0))
    whole, cut = (short.run(30, seed=2, people_per_chunk=size, progress=False) for size in (30, 7))
    plain = replace(short, platelets=None).run(30, seed=2, progress=False)
    assert not set(KEYS) & set(plain.columns("a"))
    for key in KEYS:
        np.testing.assert_array_equal(whole.columns("a")[key], whole.columns("b")[key])
        np.testing.assert_array_equal(whole.columns("a")[key], cut.columns("a")[key])
    for key in ("auc_u_h_per_ml", "heparin_given_u", "blood_draws"):
        np.testing.assert_array_equal(whole.columns("a")[key], plain.columns("a")[key])
    assert "HAT_pooled_analysis" in {source.key for source in short.sources}


ACTS = replace(OFTEN, stop_at_fall_percent=50.0)


def acting(counting=ACTS, **known):
    return replace(trial(), platelets=counting, **known)


@pytest.mark.parametrize("hospital_of_it", [None, pytest.param(hospital.REAL, marks=pytest.mark.slow)])
def test_a_count_stops_heparin_and_the_rest_is_bit_for_bit_the_same(hospital_of_it):
    known = {} if hospital_of_it is None else {"hospital": hospital_of_it}
    plain = acting(OFTEN, **known).run(24, seed=2, progress=False)
    stopped = acting(**known).run(24, seed=2, progress=False)
    rows, before = stopped.columns("a"), plain.columns("a")
    who = (rows["stopped_with_hit"] + rows["stopped_without_hit"]).astype(bool)
    assert 2 < who.sum() < 21
    for key in ("auc_u_h_per_ml", "heparin_given_u", "blood_draws", "lowest_platelets_e9_per_l"):
        np.testing.assert_array_equal(rows[key][~who], before[key][~who])
    assert (rows["heparin_given_u"][who] < before["heparin_given_u"][who]).all()
    assert (rows["lowest_platelets_e9_per_l"][who] >= before["lowest_platelets_e9_per_l"][who]).all()
    cut = acting(**known).run(24, seed=2, people_per_chunk=7, progress=False)
    for key in rows:
        np.testing.assert_array_equal(cut.columns("a")[key], rows[key])


def test_the_course_of_one_patient_is_that_of_the_row_and_has_no_heparin_after_the_stop():
    found = acting().run(24, seed=2, progress=False).columns("a")
    stops = ACTS.stops_h(np.arange(24), HOURS, 2)
    for subject in np.flatnonzero(np.isfinite(stops))[:2].tolist():
        course = acting().course("a", subject, seed=2)
        late = course.time_h[:-1] >= stops[subject] + 1.5  # a result may be awaited for an hour
        assert late.any()
        assert not course.pump_u_per_h[:-1][late].any()
        assert course.pump_u_per_h[:-1][course.time_h[:-1] < stops[subject] - 1.0].any()
        assert len(course.labs) == found["blood_draws"][subject]
        assert course.concentration_u_per_ml.max() == pytest.approx(found["peak_u_per_ml"][subject])
        one = ACTS.series(subject, HOURS, 2)
        assert min(one.counted_e9_per_l) == found["lowest_platelets_e9_per_l"][subject]
        assert one.stopped_d == stops[subject] / 24.0


def test_acting_a_day_late_costs_a_day_of_heparin():
    many = np.arange(3_000)
    soon, late = (replace(ACTS, acts_after_d=days).rows(many, HOURS, 1) for days in (0.0, 1.0))
    both = (soon["stopped_with_hit"] == 1.0) & (late["stopped_with_hit"] == 1.0)
    assert both.sum() > 100
    np.testing.assert_allclose((late["heparin_after_fall_h"] - soon["heparin_after_fall_h"])[both], 24.0)
    assert (late["lowest_platelets_e9_per_l"][both] <= soon["lowest_platelets_e9_per_l"][both]).all()
    without = soon["stopped_without_hit"].mean()
    keen = replace(ACTS, stop_at_fall_percent=15.0).rows(many, HOURS, 1)["stopped_without_hit"].mean()
    assert without < 0.01 < keen  # a shallow fall that is not immune, and the imprecision of a count


def test_hit_is_as_often_as_stated():
    many = np.arange(200_000)
    usual = Counting()
    hit = np.isin(usual.patterns(many, 1), ["typical", "rapid"]).mean()
    assert hit == pytest.approx(3 / 281, abs=1e-3)  # 3 of 281 with intravenous porcine heparin
    rapid = (usual.patterns(many, 1) == "rapid").sum() / (hit * len(many))
    assert rapid == pytest.approx(0.275, abs=0.03)  # 25 to 30 %
    assert Counting(hit_fraction=0.0).rows(many[:500], 48.0, 1)["has_hit"].sum() == 0


def test_without_hit_no_count_falls_by_half():
    none = Counting(counted_d=(0.0, 5.0, 10.0), hit_fraction=0.0, dip_fraction=0.0)
    rows = none.rows(np.arange(5_000), 240.0, 1)
    assert rows["platelets_fell_by_half"].sum() == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Counting(counted_d=(2.0, 1.0)), r"counted_d must rise .*; got \[2\.0, 1\.0\]"),
        (lambda: Counting(counted_d=(-1.0,)), r"counted_d must lie between 0 and 60; got -1\.0"),
        (lambda: Counting(stop_at_fall_percent=0.5), r"stop_at_fall_percent must lie between 1 and 99; got 0\.5"),
        (lambda: Counting(acts_after_d=-1), r"acts_after_d must lie between 0 and 30; got -1"),
        (lambda: Counting(hit_fraction=1.5), r"hit_fraction must lie between 0 and 1; got 1\.5"),
        (lambda: Counting(hit_fraction=0.8, dip_fraction=0.4), r"hit_fraction \+ dip_fraction must lie between 0 and 1"),
        (lambda: replace(trial(), hours=48.0), r"counted_d must lie between 0 and 2; got 9\.5"),
        (lambda: replace(trial(), platelets="yes"), "platelets must be a Counting or None; got 'yes'"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
