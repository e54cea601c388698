"""Change within a patient: the path is stationary and everybody's own, and every loop, runner and count sees the same one."""

import importlib
import json
import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wards import COUNTED, DRUG, EVERY_RUNNER

from heparin_pk import (
    Arm,
    ClottingTime,
    Cohort,
    Course,
    Drift,
    Fixed,
    Hospital,
    Infusion,
    Laboratory,
    Nomogram,
    OutsideValidityDomain,
    Patient,
    Population,
    Regimen,
    Residual,
    TherapeuticRange,
    Trial,
    Value,
    WardErrors,
    aptt_range_for_anti_xa,
    hospital,
    level,
    metrics,
    needed_rate_u_per_kg_per_h,
    published,
    reagent_for,
    simulate,
    titrate,
)
from heparin_pk.blood.response import concentration_for_u_per_ml, drifted_u_per_ml
from heparin_pk.body.drift import KNOT_H, Drifts
from heparin_pk.cli import main
from heparin_pk.engine import lanes
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.trials.histogram import count_levels, level_bins
from heparin_pk.trials.observer import TrialObserver

pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")  # outliers are meant

SIZES = Drift(sensitivity_sd_fraction=0.27, baseline_sd_fraction=0.06, time_constant_h=30.0)
RASCHKE, ANTI_XA = Nomogram.load("raschke-1993"), published.ranges.ANTI_XA_TREATMENT
DRIFTING = replace(hospital.THROMBOSIS_WARD, typical=replace(hospital.THROMBOSIS_WARD.typical, drift=SIZES))
REAL = Trial(population=hospital.THROMBOSIS_WARD, arms=[RASCHKE], hospital=hospital.REAL, hours=60.0)


def logs(drifts, time_h):
    """Return the logarithms of sensitivity and of the factor on the baseline."""
    need, shift = drifts.at(time_h)
    return -np.log(need), shift / need


# The path


def test_the_process_is_stationary_and_autocorrelated():
    """SDs at 0, 24 and 100 h, correlation exp(-distance / time constant), and two processes that know nothing of each other."""
    everybody = Drifts(SIZES, 5, np.arange(40_000))
    found = {time_h: logs(everybody, time_h) for time_h in (0.0, 24.0, 100.0)}
    for index, sd in ((0, 0.27), (1, 0.06)):
        for values in found.values():
            assert values[index].std() == pytest.approx(sd, rel=0.015)
            assert values[index].mean() == pytest.approx(0.0, abs=4 * sd / 200)
        for one, other in ((0.0, 24.0), (24.0, 100.0), (0.0, 100.0)):
            r = np.corrcoef(found[one][index], found[other][index])[0, 1]
            assert r == pytest.approx(math.exp(-(other - one) / 30.0), abs=0.02)
    for values in found.values():
        assert abs(np.corrcoef(*values)[0, 1]) < 0.02


def test_half_way_between_two_knots_the_sd_is_three_per_cent_smaller():
    everybody = Drifts(SIZES, 5, np.arange(40_000))
    assert logs(everybody, 24.0 + 0.5 * KNOT_H)[0].std() == pytest.approx(0.97 * 0.27, rel=0.015)


def test_a_patient_is_the_same_alone_and_in_any_cohort():
    """Under the same address: alone, among others, in another order, taken twice, asked for late hours first or last."""
    times_h = np.array([0.0, 3.99, 4.0, 17.3, 100.0, 1440.0])
    large, few = Drifts(SIZES, 9, np.arange(200)), Drifts(SIZES, 9, np.array([40, 17, 3]))
    large.at(7.0)  # the beginning first
    taken = large.take(np.array([3, 17, 40])).take(np.array([1, 0]))
    for place, time_h in enumerate(times_h.tolist()):
        alone = replace(SIZES, seed=9, subject=17).at(time_h)
        assert alone == tuple(path[17] for path in large.at(time_h))
        assert alone == tuple(path[1] for path in few.at(time_h))
        assert alone == tuple(path[0] for path in taken.at(time_h))
        assert alone == tuple(path[1] for path in few.at(np.full(3, time_h)))
        assert alone == tuple(path[place] for path in replace(SIZES, seed=9, subject=17).at(times_h))
    assert few[1] == taken[0] == replace(SIZES, seed=9, subject=17)
    assert replace(SIZES, seed=9, subject=17).at(6.0) != replace(SIZES, seed=9, subject=18).at(6.0)
    assert replace(SIZES, seed=9, subject=17).at(6.0) != replace(SIZES, seed=8, subject=17).at(6.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Drift(sensitivity_sd_fraction=1.2), "sensitivity_sd_fraction must lie between 0 and 1; got 1.2"),
        (lambda: Drift(baseline_sd_fraction=-0.1), "baseline_sd_fraction must lie between 0 and 1; got -0.1"),
        (lambda: Drift(time_constant_h=0.5), "time_constant_h must lie between 1 and 10000; got 0.5"),
        (lambda: Drift(seed=-1), "seed must be an integer"),
        (lambda: Drift(subject=1.5), "subject must be an integer of 0 or more; got 1.5"),
        (lambda: Drift(subject=True), "subject must be an integer of 0 or more; got True"),
        (lambda: SIZES.at(-1.0), "time_h must be 0 or more where a patient drifts; got -1.0"),
        (lambda: SIZES.at(math.nan), "time_h must be 0 or more where a patient drifts; got nan"),
        (lambda: Patient(weight_kg=80, drift=0.27), "drift must be a Drift or None; got 0.27"),
        (
            lambda: Cohort(2, {"weight_kg": np.array([60.0, 80.0])}, drift=Drifts(SIZES, 1, np.arange(3))),
            "for each of 2 patients",
        ),
        (lambda: Cohort(1, {"weight_kg": np.array([60.0])}, drift=SIZES), "drift must be a Drifts or None"),
        (lambda: Hospital(name="x", drift="much"), "drift must be a Drift or None"),
        (lambda: Hospital(name="x", residual=(0.3,)), "residual must be a Residual"),
        (lambda: Hospital(name="x", between_days=1), "between_days must be True or False"),
        (lambda: Hospital(name=""), "name must be a text"),
        (lambda: Trial(population=DRIFTING, arms=[RASCHKE], hospital="real"), "hospital must be a Hospital"),
        (lambda: Arm(controller=RASCHKE, hospital="real"), "hospital must be a Hospital or None"),
    ],
)
def test_what_cannot_be_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# What it acts on


def test_the_aptt_drifts_as_the_path_says():
    patient = Patient(weight_kg=75, baseline_aptt_s=32.0, drift=replace(SIZES, seed=1, subject=3))
    need, shift = patient.drift.at(10.5)
    slope = DRUG.reagent.slope_ml_per_u
    assert level("aptt_s", 0.4, patient, DRUG.responses, 10.5) == pytest.approx(32.0 * math.exp((slope * 0.4 + shift) / need))
    assert level("aptt_ratio", 0.4, patient, DRUG.responses, 10.5) == level("aptt_s", 0.4, patient, DRUG.responses, 10.5) / 30.0
    assert level("aptt_s", 0.4, patient, DRUG.responses, 10.5) != level(
        "aptt_s", 0.4, replace(patient, drift=None), DRUG.responses
    )
    assert level("anti_xa_u_per_ml", 0.4, patient, DRUG.responses, 10.5) == 0.4


def test_nothing_else_drifts():
    """An ACT and the aPTT of another law; of the others, see above."""
    cases = [(drug, assay) for drug in published.ALL for assay in ("act_s", "aptt_s") if assay in drug.responses.assays]
    cases = [(drug, assay) for drug, assay in cases if assay == "act_s" or isinstance(drug.responses.aptt, ClottingTime)]
    assert {assay for _, assay in cases} == {"act_s", "aptt_s"}
    steady = Patient(weight_kg=75)
    drifting = replace(steady, drift=replace(SIZES, seed=1, subject=3))
    for drug, assay in cases:
        assert level(assay, 0.4, drifting, drug.responses, 10.5) == level(assay, 0.4, steady, drug.responses, 10.5)


def test_a_drift_of_no_size_changes_no_bit():
    plan = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18),))
    one, other = (
        simulate(Patient(weight_kg=75, drift=drift), DRUG, plan, hours=24.0).aptt_s for drift in (None, Drift(seed=1, subject=3))
    )
    np.testing.assert_array_equal(one, other)


def test_the_dose_and_the_range_of_a_laboratory_are_those_without_drift():
    steady = Patient(weight_kg=75)
    drifting = replace(steady, drift=replace(SIZES, seed=1, subject=3))
    for answer in (
        lambda patient: needed_rate_u_per_kg_per_h(DRUG, patient, RASCHKE.target),
        lambda patient: aptt_range_for_anti_xa(published.reagents.GUIDELINE, patient),
    ):
        assert answer(drifting) == answer(steady)


def test_thresholds_are_where_the_level_is_reached():
    """At the knots, and in a straight line between them."""
    cohort = DRIFTING.cohort(DRUG, np.arange(50), seed=2)
    steady = concentration_for_u_per_ml("aptt_s", 60.0, cohort, DRUG.responses)
    knots = [ends[0] for ends in drifted_u_per_ml([steady], cohort, DRUG.responses, 5)]
    for time_h in (0.0, 4.0, 5.3, 10.9, 15.999):
        knot, part = int(time_h // KNOT_H), time_h / KNOT_H % 1.0
        threshold = knots[knot] + (knots[knot + 1] - knots[knot]) * part
        which = threshold > 0.0
        found = level("aptt_s", np.maximum(threshold, 0.0), cohort, DRUG.responses, time_h)
        np.testing.assert_allclose(found[which], 60.0, rtol=1e-12)


# One patient and many


def test_replay_gives_the_same_level_curve(tmp_path):
    course = REAL.course("raschke-1993", 4, seed=7)
    assert course.patient.drift == replace(hospital.REAL.drift, seed=7, subject=4)
    again = simulate(course.patient, DRUG, course.regimen, hours=60.0, reagent=course.reagent)
    np.testing.assert_array_equal(again.aptt_s, course.aptt_s)
    course.to_json(tmp_path / "course.json")
    course.to_csv(tmp_path / "course.csv")
    for read in (Course.from_json(tmp_path / "course.json"), Course.from_csv(tmp_path / "course.csv")):
        assert read == course
        np.testing.assert_array_equal(read.aptt_s, course.aptt_s)


def test_drawing_more_blood_changes_nothing():
    patient = DRIFTING.person(DRUG, 3, seed=1)
    plan = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18),))
    few, many = (titrate(patient, DRUG, Fixed(regimen=plan, draws_h=draws), hours=30.0) for draws in ((6,), (6, 6.5, 7, 11, 29)))
    np.testing.assert_array_equal(few.aptt_s, many.aptt_s)
    assert few.labs[0] == many.labs[0]


def test_the_row_of_a_trial_is_the_course():
    rows = REAL.chunk(40, 30, seed=7).rows["raschke-1993"]
    for subject in range(40, 70, 4):
        course = REAL.course("raschke-1993", subject, seed=7)
        row = {key: values[subject - 40] for key, values in rows.items()}
        assert row["blood_draws"] == len(course.labs)
        assert row["results_in"] == sum(46 <= lab.value <= 70 for lab in course.labs)
        assert row["level_at_24_h"] == course.level_at("aptt_s", 24.0)
        minute = 1.0 / 60.0 / 60.0
        for name, target in (("time_in_range_fraction", RASCHKE.target), ("common_range_in_range_fraction", ANTI_XA)):
            assert row[name] == pytest.approx(metrics.time_in_range_fraction(course, target), abs=minute)
        first_h = metrics.time_to_therapeutic_h(course, RASCHKE.target)
        assert row["time_to_therapeutic_h"] == pytest.approx(math.nan if first_h is None else first_h, abs=1 / 60, nan_ok=True)


def test_levels_over_time_are_counted_as_the_formula_says():
    """With drift; and, in the first hour, where every baseline lies on the edge of a bin: there the last bit decides."""
    responses = DRUG.answers_with(reagent_for(RASCHKE))
    edges = level_bins("aptt_ratio")
    edges = responses.aptt.control_aptt_s * edges[(edges > 0.8) & (edges < 2.4)]
    on_edges = Cohort(len(edges), {"weight_kg": np.full(len(edges), 75.0), "baseline_aptt_s": edges})
    for cohort in (DRIFTING.cohort(DRUG, np.arange(200), seed=4), on_edges):
        charts = titrate_cohort(cohort, DRUG, RASCHKE, hours=12.0)
        for assay, low in (("aptt_s", 10.0), ("aptt_ratio", 0.3)):
            counts = count_levels(charts, cohort, responses, assay)
            last = counts.shape[1] - 1  # it holds the rest
            for hour in (0, 1, 7, 12):
                hourly = charts.hourly_u_per_ml[:, hour].tolist()
                levels = [level(assay, hourly[i], cohort[i], responses, hour) for i in range(cohort.n)]
                bins = [min(last, math.floor(math.log(one / low) / 0.005) + 1) for one in levels]
                np.testing.assert_array_equal(counts[hour], np.bincount(bins, minlength=last + 1))


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_every_runner_and_every_cut_gives_the_same_bytes(runner):
    n = 60 if runner == "python" else 150
    whole = REAL.chunk(0, n, seed=3)
    for first, m in ((0, n), (0, 17), (17, n - 17)):
        part = REAL.chunk(first, m, seed=3, runner=runner)
        for key, values in part.rows["raschke-1993"].items():
            assert values.tobytes() == whole.rows["raschke-1993"][key][first : first + m].tobytes(), key


class TellsEverything(TrialObserver):
    """Asks for every interval, so that no crossing can be missed."""

    def thresholds(self, lanes):
        return None


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_no_crossing_of_a_moving_threshold_is_missed(runner):
    """With thresholds that move far and fast, and ranges that overlap: the hours are those of a count of every interval."""
    restless = Drift(sensitivity_sd_fraction=0.8, baseline_sd_fraction=0.3, time_constant_h=3.0)
    population = replace(DRIFTING, typical=replace(DRIFTING.typical, drift=restless))
    cohort = population.cohort(DRUG, np.arange(40 if runner == "python" else 300), seed=4)
    ranges = (RASCHKE.target, TherapeuticRange(assay="aptt_ratio", low=1.2, high=1.7), ANTI_XA)
    found = []
    for kind in (TrialObserver, TellsEverything):
        observer = kind(cohort, DRUG.answers_with(reagent_for(RASCHKE)), ranges, 31.0)
        laboratory = Laboratory(turnaround_h=0.37)
        titrate_cohort(
            cohort,
            DRUG,
            RASCHKE,
            observer=observer,
            hours=31.0,
            laboratory=laboratory,
            runner=runner,
            ward_errors=hospital.REAL_WARD,
        )
        observer.finish(31.0)
        found.append(observer)
    assert isinstance(found[0].thresholds(np.arange(3)).thresholds, lanes.Moving)
    for one, other in zip(found[0].ranges, found[1].ranges, strict=True):
        for name in COUNTED:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert found[0].ranges[0].inside_h.min() < 0.3 * 31.0 < 0.6 * 31.0 < found[0].ranges[0].inside_h.max()


@pytest.mark.slow
def test_workers_change_no_byte():
    alone, two = (REAL.run(400, seed=7, workers=workers, people_per_chunk=90, progress=False) for workers in (1, 2))
    for key, values in alone.columns("raschke-1993").items():
        assert values.tobytes() == two.columns("raschke-1993")[key].tobytes(), key


def test_a_trial_with_another_drift_is_another_trial(tmp_path):
    small = replace(REAL, hours=8.0)
    small.run(20, seed=1, checkpoint=tmp_path, progress=False)
    slower = replace(hospital.REAL, drift=replace(hospital.REAL.drift, time_constant_h=31.0))
    for other in (replace(small, hospital=slower), replace(small, hospital=hospital.IDEAL)):
        with pytest.raises(ValueError, match="holds the chunks of another trial"):
            other.run(20, seed=1, checkpoint=tmp_path, progress=False)


# Hospitals by name


def test_ideal_is_what_a_trial_was_before():
    plain = Trial(population=hospital.THROMBOSIS_WARD, arms=[RASCHKE], hours=24.0)
    assert plain.hospital == hospital.IDEAL == Hospital(name="ideal", label="ideal hospital")
    one, other = (trial.chunk(0, 40, seed=1).rows["raschke-1993"] for trial in (plain, replace(plain, hospital=hospital.IDEAL)))
    assert all(one[key].tobytes() == other[key].tobytes() for key in one)
    assert plain.course("raschke-1993", 3, seed=1).patient.drift is None


def test_real_has_all_of_it():
    course = REAL.course("raschke-1993", 3, seed=7)
    drifting = replace(DRIFTING, typical=replace(DRIFTING.typical, drift=replace(hospital.REAL.drift, sources=())))
    assert course.laboratory.residual == hospital.REAL.residual
    assert course.ward_errors == hospital.REAL_WARD
    day_0 = DRIFTING.person(DRUG, 3, seed=7)
    assert course.patient.factors != day_0.factors  # another day than the one patients were measured on
    assert course.patient.drift.sources == hospital.REAL.drift.sources
    person = replace(course.patient, drift=replace(course.patient.drift, sources=()))
    assert person == replace(drifting, day=1).person(DRUG, 3, seed=7)
    keys = {source.key for source in REAL.sources}
    assert {"MIMIC_III_demo", "Lanoiselee_2026", "Brigham_compliance"} <= keys


def test_the_sizes_of_the_drift_are_those_of_the_charted_courses(monkeypatch):
    """What benchmarks/drift_from_courses.py finds at the time constant that was taken, and what a paper leaves beside it."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "benchmarks"))
    script = importlib.import_module("drift_from_courses")
    assert hospital.TIME_CONSTANT_H.value == script.TIME_CONSTANT_H
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)
        data = script.courses()
    (slope, sensitivity, baseline, _, _), _ = script.fitted(data, {3: math.log(script.TIME_CONSTANT_H)})
    assert hospital.SENSITIVITY_SD.value == round(sensitivity, 2)
    assert hospital.BASELINE_SD.value == round(baseline, 2)
    levels = np.concatenate([one["level"] for one in data])
    drift = math.hypot(slope * sensitivity * math.sqrt(np.mean(levels**2)), baseline)
    left = math.sqrt(math.log1p(0.30**2) - drift**2 - script.ASSAY_SD**2)
    assert {one.name: one.value.value for one in hospital.RESIDUALS}["aptt_cv_fraction"] == round(left, 2)


def test_where_the_residual_errors_come_from_is_said():
    """Edrich 2015: an RMS error of 51.1 s, 15.3 % of the average ACT. Lanoiselee 2026: 29 % of the anti-Xa, on bypass."""
    of = {residual.name: residual.value for residual in hospital.RESIDUALS}
    assert of["act_cv_fraction"].value == 0.153
    assert "root-mean-square error 51.1 s" in of["act_cv_fraction"].source.where
    anti_xa = published.LANOISELEE_2026_UFH.residual[0].value
    assert of["concentration_cv_fraction"].value == anti_xa.value == 0.29
    assert of["concentration_cv_fraction"].source.citation == anti_xa.source.citation
    assert "levels of bypass" in of["concentration_cv_fraction"].source.where


def test_what_an_arm_says_goes_before_its_trial_and_that_before_the_hospital():
    exact, other = WardErrors(name="exact"), WardErrors(name="late", change_delay_h=0.5)
    residual = (Residual(name="aptt_cv_fraction", value=Value(0.2, RASCHKE.source)),)
    lab = Laboratory(residual=residual)
    arms = {
        "as in the hospital": RASCHKE,
        "own errors": Arm(controller=RASCHKE, ward_errors=other),
        "own laboratory": Arm(controller=RASCHKE, laboratory=lab),
        "ideal": Arm(controller=RASCHKE, hospital=hospital.IDEAL),
        "ideal but late": Arm(controller=RASCHKE, hospital=hospital.IDEAL, ward_errors=other),
    }
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=arms, hospital=hospital.REAL)
    found = {name: trial.hospital_of(name) for name in arms}
    assert found["as in the hospital"] is hospital.REAL
    assert found["own errors"] == replace(hospital.REAL, name="real, changed", label="", ward_errors=other)
    assert found["own laboratory"] == replace(hospital.REAL, name="real, changed", label="", residual=residual)
    assert found["ideal"] is hospital.IDEAL
    assert found["ideal but late"] == replace(hospital.IDEAL, name="ideal, changed", label="", ward_errors=other)
    said = replace(trial, ward_errors=exact)
    assert said.hospital_of("as in the hospital").ward_errors is exact
    assert said.hospital_of("own errors").ward_errors is other
    assert said.hospital_of("ideal") is hospital.IDEAL  # an arm's own hospital is the arm's own ward too
    used = {name: trial.course(name, 0, seed=1).laboratory.residual for name in arms}  # what is said is what is used
    assert used == {name: one.residual for name, one in found.items()}
    own = replace(trial, population=replace(DRIFTING, day=4))
    assert own.hospital_of("ideal").drift == SIZES
    assert own.population_of("as in the hospital").day == 4


def test_arms_in_two_hospitals_have_the_same_patients():
    arms = {"real": Arm(controller=RASCHKE, hospital=hospital.REAL), "ideal": RASCHKE}
    found = Trial(population=hospital.THROMBOSIS_WARD, arms=arms).run(60, seed=7, progress=False)
    one, other = found.columns("real"), found.columns("ideal")
    assert one["weight_kg"].tolist() == other["weight_kg"].tolist()
    assert one["rosendaal_fraction"].tolist() != other["rosendaal_fraction"].tolist()
    alone = replace(REAL, hours=48.0).run(60, seed=7, progress=False).columns("raschke-1993")
    assert alone["time_in_range_fraction"].tolist() == one["time_in_range_fraction"].tolist()
    words = found.in_words()
    assert "hospital of real: real hospital; patients drift (sensitivity SD 21%" in words
    assert "hospital of ideal: ideal hospital; orders carried out as written" in words


def test_the_command_line_leads_with_the_real_one(capsys, tmp_path):
    usual = ["trial", "raschke-1993", "-n", "40", "--seed", "7", "--hours", "12", "--quiet"]

    def said(*more):
        assert main([*usual, *more, "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        means = {row["outcome"]: row["mean"] for row in answer["summary"]}
        return answer["hospitals"]["raschke-1993"], means["time_in_range_fraction"]

    assert said() == said("--ward", "real-ward") == said("--hospital", "real")
    assert said()[0] == hospital.REAL.in_words()
    ideal = Trial(population=hospital.THROMBOSIS_WARD, arms=[RASCHKE], hours=12.0).run(40, seed=7, progress=False)
    assert said("--hospital", "ideal") == (
        "ideal hospital; orders carried out as written",
        ideal.estimate("raschke-1993", "time_in_range_fraction").mean,
    )
    assert said("--hospital", "ideal", "--ward", "real-ward")[0] == "ideal, changed; orders carried out as in a real ward"
    assert said("--ward", "as-written")[0].startswith("real, changed; patients drift")
    assert main([*usual, "--csv", str(tmp_path / "rows.csv")]) == 0
    assert "hospital: real hospital; patients drift" in capsys.readouterr().out
    lines = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("arm,hospital,reagent,level_assay,level_unit,subject,")
    assert lines[1].startswith("raschke-1993,real,raschke,aptt_s,s,0,")
    assert main([*usual, "--hospital", "nice"]) == 2
    assert "no hospital 'nice'; there are real, ideal" in capsys.readouterr().err


def test_a_table_of_your_own_patients_drifts_too():
    table = Population.from_table({"weight_kg": [60, 82.5, 70]})
    trial = Trial(population=table, arms=[RASCHKE], hospital=hospital.REAL)
    assert trial.course("raschke-1993", 2, seed=5).patient.drift == replace(hospital.REAL.drift, seed=5, subject=2)


def test_the_sources_of_a_drift_are_cited_with_the_course_and_survive_a_file(tmp_path):
    """A patient of the real hospital: the course names the papers behind the drift, and its file keeps them."""
    person = hospital.REAL.admit(Patient(weight_kg=75), 7)
    assert person.drift == replace(hospital.REAL.drift, seed=7, subject=0)
    assert hospital.REAL.admit(person, 8) is person  # a path of their own stays
    assert hospital.REAL.admit(Patient(weight_kg=75), 7, 5).drift == replace(person.drift, subject=5)
    assert hospital.IDEAL.admit(Patient(weight_kg=75), 7) == Patient(weight_kg=75)
    course = titrate(person, DRUG, Nomogram.load("raschke-1993"), hours=24.0)
    assert hospital.ICU_COURSES.citation in {source.citation for source in course.sources}
    course.to_json(tmp_path / "course.json")
    assert Course.from_json((tmp_path / "course.json").read_text(encoding="utf-8")).patient == person
    with pytest.raises(ValueError, match="sources must be"):
        Drift(sources="paper")


def test_one_patient_of_the_real_hospital_is_the_same_on_the_command_line(capsys):
    """``titrate --hospital real`` is the call with that drift, residual error and ward; the default stays ideal."""
    main(["titrate", "raschke-1993", "--weight", "75", "--seed", "7", "--hospital", "real", "--json"])
    found = json.loads(capsys.readouterr().out)
    here = hospital.REAL
    course = titrate(
        here.admit(Patient(weight_kg=75), 7),
        DRUG,
        Nomogram.load("raschke-1993"),
        laboratory=here.laboratory(Laboratory()),
        seed=7,
        ward_errors=here.ward_errors,
    )
    assert [line["level"] for line in found["chart"]] == [lab.in_words() for lab in course.labs]
    assert course.labs != titrate(Patient(weight_kg=75), DRUG, Nomogram.load("raschke-1993"), seed=7).labs
