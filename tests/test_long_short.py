"""Long and short chains: what each assay reads, in one patient and in many; a set without short chains keeps its bits."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import trapezoid

from heparin_pk import (
    Bolus,
    Course,
    Drift,
    Ensemble,
    Fixed,
    Hold,
    Infusion,
    Kinetics,
    Laboratory,
    Nomogram,
    Patient,
    Population,
    Protamine,
    Regimen,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    Trial,
    hospital,
    metrics,
    published,
    simulate,
    titrate,
)
from heparin_pk.blood.response import read_u_per_ml
from heparin_pk.body.kinetics import State
from heparin_pk.engine import ENGINES, Run
from heparin_pk.engine.lanes import RUNNERS
from heparin_pk.evidence.calibration import samples
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.dosing import needed_rate_u_per_kg_per_h
from heparin_pk.simulation.matching import reagent_for
from heparin_pk.trials.observer import TrialObserver

DRUG = published.UFH_LONG_SHORT_DERIVED
ADULT = Patient(weight_kg=75)
RASCHKE, ANTI_XA_TABLE = Nomogram.load("raschke-1993"), Nomogram.load("michigan-vte-anti-xa")
ANTI_XA = published.ranges.ANTI_XA_TREATMENT
USUAL = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=12)))


def per_ml(amount_u):
    return amount_u / DRUG.kinetics(ADULT).v1_ml


@pytest.mark.parametrize("engine", ENGINES)
def test_the_short_chains_obey_the_line_written_out_by_hand(engine):
    kinetics = DRUG.kinetics(ADULT)
    share, loss = kinetics.short_fraction, kinetics.short_loss_per_h
    course = simulate(ADULT, DRUG, USUAL, hours=24, engine=engine)
    hours, dose_u, rate = np.minimum(course.time_h, 12.0), 6000.0, 1350.0
    by_hand = share * (dose_u * np.exp(-loss * hours) + rate / loss * (1.0 - np.exp(-loss * hours)))
    by_hand *= np.exp(-loss * np.maximum(0.0, course.time_h - 12.0))
    given = course.time_h > 0.0
    np.testing.assert_allclose(course.states[given, 8], by_hand[given], rtol=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_assay_reads_its_chains(engine):
    course = simulate(ADULT, DRUG, USUAL, hours=24, engine=engine)
    central, short, share = course.states[:, 0], course.states[:, 8], DRUG.kinetics(ADULT).short_fraction
    found = per_ml((1.0 - share) * central + short)
    np.testing.assert_allclose(course.concentration_u_per_ml, found, rtol=1e-13)
    np.testing.assert_allclose(course.level("anti_xa_u_per_ml"), found, rtol=1e-13)
    np.testing.assert_allclose(course.long_u_per_ml, per_ml(central), rtol=1e-13)
    slope = DRUG.reagent.slope_ml_per_u
    np.testing.assert_allclose(course.aptt_s, 30.0 * np.exp(slope * per_ml(central)), rtol=1e-12)
    # A dose just given is whole heparin: both read the same.
    assert course.concentration_u_per_ml[1] == pytest.approx(course.long_u_per_ml[1], rel=1e-12)
    # The area is that of the anti-Xa.
    step_h = np.diff(course.time_h)
    trapezoids = float((0.5 * step_h * (found[:-1] + found[1:])).sum())
    assert metrics.auc_u_h_per_ml(course) == pytest.approx(trapezoids, rel=1e-3)
    assert course.concentration_at_u_per_ml(17.3) == read_u_per_ml(
        "anti_xa_u_per_ml", DRUG.kinetics(ADULT), course.state_at(17.3)
    )
    assert course.level_at("aptt_s", 17.3) == pytest.approx(30.0 * math.exp(slope * per_ml(course.state_at(17.3).central_u)))
    with pytest.raises(ValueError, match="assay must be one of"):
        read_u_per_ml("inr", DRUG.kinetics(ADULT), State())


def test_the_effect_on_the_aptt_falls_faster_than_the_anti_xa():
    """De Swart 1982, abstract: after a bolus, in the first phase; on an infusion the anti-Xa lies above the aPTT's activity."""
    bolus = simulate(ADULT, DRUG, Regimen((Bolus(time_h=0, dose_u_per_kg=75),)), hours=6)
    assert bolus.long_u_per_ml[13] / bolus.long_u_per_ml[1] < bolus.concentration_u_per_ml[13] / bolus.concentration_u_per_ml[1]
    infused = simulate(ADULT, DRUG, USUAL, hours=16)
    long, found = ([at[np.searchsorted(infused.time_h, hour)] for hour in (11.9, 14.0)] for at in
                   (infused.long_u_per_ml, infused.concentration_u_per_ml))  # fmt: skip
    assert long[0] < found[0]
    assert long[1] / long[0] < 0.8 * found[1] / found[0]
    # In the default they are one.
    plain = simulate(ADULT, published.UFH_DEFAULT, USUAL, hours=16)
    np.testing.assert_array_equal(plain.long_u_per_ml, plain.concentration_u_per_ml)


def test_a_share_of_zero_changes_no_bit():
    plain = DRUG.kinetics(ADULT)
    off = replace(plain, short_fraction=0.0)
    bare = replace(off, short_loss_per_h=0.0)
    for engine in ENGINES:
        states = []
        for kinetics in (off, bare):
            run = Run(kinetics, engine)
            run.give(0.0, State(central_u=6000.0), rate_u_per_h=1350.0)
            run.give(5.3, State(depot1_u=3000.0), rate_u_per_h=0.0, protamine_u_per_h=9000.0)
            states.append(run.trajectory(9.0)[1])
        np.testing.assert_array_equal(*states)
        assert (states[0][:, 8] == 0.0).all()
    # The long chains do not know of the short ones.
    run, alone = Run(plain), Run(off)
    for one in (run, alone):
        one.give(0.0, State(central_u=6000.0), rate_u_per_h=1350.0)
    np.testing.assert_array_equal(run.trajectory(9.0)[1][:, :7], alone.trajectory(9.0)[1][:, :7])


def test_protamine_takes_the_short_chains_with_the_long_ones():
    """As in plasma and in rats: of conventional heparin the anti-Xa goes in parallel with the aPTT activity."""
    orders = (Bolus(time_h=0, dose_u_per_kg=80), Protamine(time_h=0.05, dose_mg=100))
    course = simulate(ADULT, DRUG, Regimen(orders), hours=1)
    before, after = course.state_at(0.05), course.state_at(0.35)
    assert after.central_u / before.central_u < 0.01
    assert after.short_u / before.short_u < 0.01


def test_a_dose_under_the_skin_brings_both():
    """Brancazio: 0.23 U/mL about three hours after 143 U/kg."""
    course = simulate(ADULT, DRUG, Regimen((Subcutaneous(time_h=0, dose_u_per_kg=143),)), hours=60)
    assert metrics.peak_u_per_ml(course) == pytest.approx(0.23, abs=0.005)
    kinetics = DRUG.kinetics(ADULT)
    absorbed = kinetics.bioavailability_fraction * 143 * 75
    lost = kinetics.short_loss_per_h * float(trapezoid(course.states[:, 8], course.time_h))
    assert lost + course.states[-1, 8] == pytest.approx(kinetics.short_fraction * absorbed, rel=1e-3)


def test_the_peak_and_the_half_life_are_those_of_the_anti_xa():
    course = simulate(ADULT, DRUG, Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=25), Stop(time_h=3.03))), hours=8)
    fine_h = np.linspace(0.0, 8.0, 4001)
    fine = np.array([course.concentration_at_u_per_ml(hour) for hour in fine_h])
    assert metrics.peak_u_per_ml(course) == pytest.approx(fine.max(), rel=1e-3)
    half_h = fine_h[np.flatnonzero(fine >= 0.5 * fine.max())[-1]] - 3.03
    assert metrics.half_life_h(course) == pytest.approx(half_h, abs=0.003)


# Steady states and doses


@pytest.mark.parametrize("rate_u_per_h", [50.0, 900.0, 1350.0, 4000.0])
def test_a_plateau_is_where_the_course_ends(rate_u_per_h):
    kinetics = DRUG.kinetics(ADULT)
    course = simulate(ADULT, DRUG, Regimen((Infusion(time_h=0, rate_u_per_h=rate_u_per_h),)), hours=240)
    plateau, long = kinetics.steady_state_u_per_ml(rate_u_per_h), kinetics.steady_long_u_per_ml(rate_u_per_h)
    assert course.concentration_u_per_ml[-1] == pytest.approx(plateau, rel=1e-6)
    assert course.long_u_per_ml[-1] == pytest.approx(long, rel=1e-6)
    assert kinetics.clearance_at_ml_per_h(plateau) * plateau == pytest.approx(rate_u_per_h, rel=1e-12)
    assert kinetics.needed_u_per_h(long) == pytest.approx(rate_u_per_h, rel=1e-12)


def test_the_clearance_of_a_trace_is_the_limit():
    kinetics = DRUG.kinetics(ADULT)
    assert kinetics.clearance_at_ml_per_h(0.0) == pytest.approx(kinetics.clearance_at_ml_per_h(1e-9), rel=1e-6)


@pytest.mark.parametrize("target", [ANTI_XA, RASCHKE.target])
def test_the_rate_needed_holds_the_middle_of_the_range(target):
    rate = needed_rate_u_per_kg_per_h(DRUG, ADULT, target)
    course = simulate(ADULT, DRUG, Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=rate),)), hours=240)
    middle = 0.5 * (target.low + target.high) if target is ANTI_XA else math.sqrt(target.low * target.high)
    assert course.level(target.assay)[-1] == pytest.approx(middle, rel=1e-6)


def test_tubes_of_infused_patients_have_less_aptt_than_spiked_plasma():
    """The reagent's slope is of whole heparin; on an infusion the anti-Xa finds short chains that do not clot more slowly."""

    def slope(drug):
        tubes = samples(replace(drug, variability=()), published.reagents.MODERN, 200, seed=3)
        rises = [math.log(tube.aptt_s / 30.0) / tube.anti_xa_u_per_ml for tube in tubes if tube.anti_xa_u_per_ml > 0.2]
        return float(np.median(rises))

    assert slope(published.UFH_DEFAULT) == pytest.approx(published.reagents.MODERN.slope_ml_per_u, rel=0.05)
    assert slope(DRUG) < 0.95 * slope(published.UFH_DEFAULT)


# Bad input


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        ({"short_fraction": 0.3}, "short_fraction needs short_loss_per_h above 0"),
        ({"short_fraction": 0.95, "short_loss_per_h": 0.6}, "short_fraction must lie between 0 and 0.9"),
        ({"short_fraction": 0.3, "short_loss_per_h": 2.5}, "short_loss_per_h must lie between 0 and 2"),
    ],
)
def test_half_described_or_impossible_chains_are_refused(numbers, complaint):
    with pytest.raises(ValueError, match=complaint):
        Kinetics(v1_ml=3000, clearance_ml_per_h=600, **numbers)


def test_a_set_must_say_how_its_short_chains_are_lost():
    for missing in ("short_fraction", "short_loss_per_h"):
        with pytest.raises(ValueError, match="needs short_"):
            replace(DRUG, parameters=tuple(one for one in DRUG.parameters if one.name != missing))


def test_an_ensemble_of_it_is_refused():
    """Its binding parameters are hardly identified and correlated: drawn one by one they would mislead."""
    with pytest.raises(ValueError, match="has no parameter with a printed uncertainty"):
        Ensemble.of(DRUG, 2, seed=1)


# Old files


def test_a_course_written_before_there_were_short_chains_is_read(tmp_path):
    for drug in (published.UFH_DEFAULT, DRUG):
        course = simulate(ADULT, drug, USUAL, hours=2)
        assert Course.from_json(course.to_json()) == course
        plain = json.loads(course.to_json())
        plain["states"] = [row[:8] for row in plain["states"]]
        lines = course.to_csv().splitlines()
        at = lines[0].split(",").index("short_u")
        old = tmp_path / f"{drug.name}.csv"
        rows = [line.split(",") for line in lines if line.startswith(("record", "truth"))]
        rest = [line for line in lines if line.startswith(("cause", "chart"))]
        bare = [",".join(row[:at] + row[at + 1 :]) for row in rows]
        short = [line.replace(",", "", 1) if line.startswith("cause") else _without_a_blank(line) for line in rest]
        old.write_text("\n".join([bare[0], *short, *bare[1:]]) + "\n", encoding="utf-8")
        if drug is DRUG:
            for read, file in ((Course.from_json, json.dumps(plain)), (Course.from_csv, old)):
                with pytest.raises(ValueError, match="states must have 9 columns for this drug; got 8"):
                    read(file)
        else:
            assert Course.from_json(json.dumps(plain)) == course
            assert Course.from_csv(old) == course


def _without_a_blank(line):
    return line.replace(",,", ",", 1)


# Many patients


def trial(at, **changes):
    arms = [RASCHKE, ANTI_XA_TABLE]
    return Trial(population=hospital.THROMBOSIS_WARD, arms=arms, drug=DRUG, hospital=at, hours=31.0, **changes)


@pytest.mark.parametrize("at", [hospital.IDEAL, hospital.REAL], ids=lambda one: one.name)
@pytest.mark.parametrize("runner", RUNNERS)
def test_every_runner_and_every_cut_gives_the_same_bytes(runner, at):
    n = 40 if runner == "python" else 150
    whole = trial(at).chunk(0, n, seed=3)
    for first, m in ((0, n), (17, n - 17)):
        part = trial(at).chunk(first, m, seed=3, runner=runner)
        for arm, rows in part.rows.items():
            for key, values in rows.items():
                assert values.tobytes() == whole.rows[arm][key][first : first + m].tobytes(), (arm, key)


@pytest.mark.parametrize("at", [hospital.IDEAL, hospital.REAL], ids=lambda one: one.name)
def test_a_row_is_the_course_of_that_patient(at):
    """In a table of aPTTs and in one of anti-Xas, each in its own range and in the common one of anti-Xa."""
    one = trial(at)
    chunk = one.chunk(0, 12, seed=5)
    for arm, rows in chunk.rows.items():
        for subject in range(12):
            course = one.course(arm, subject, seed=5)
            own, common = course.target, one.common_range
            level = course.level_at(own.assay, 24.0)
            assert rows["level_at_24_h"][subject] == level
            assert rows["truly_in_range_at_24_h"][subject] == (level in own)
            assert rows["auc_u_h_per_ml"][subject] == metrics.auc_u_h_per_ml(course)
            assert rows["peak_u_per_ml"][subject] == pytest.approx(metrics.peak_u_per_ml(course), rel=1e-9)
            assert rows["blood_draws"][subject] == len(course.labs)
            for name, target in (("time", own), ("common_range", common)):
                hours = 31.0 * rows[f"{name}_in_range_fraction"][subject]
                exact_h = metrics.hours_between(course, target.assay, target.low, target.high)
                assert hours == pytest.approx(exact_h, abs=60 / 3600), (arm, subject, name)


class TellsEverything(TrialObserver):
    """Asks for every interval, so that no crossing can be missed."""

    def thresholds(self, lanes):
        return None


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("drifts", [False, True])
def test_no_crossing_is_missed(runner, drifts):
    restless = Drift(sensitivity_sd_fraction=0.8, baseline_sd_fraction=0.3, time_constant_h=3.0)
    population = Population(typical=replace(ADULT, drift=restless if drifts else None))
    cohort = population.cohort(DRUG, np.arange(25 if runner == "python" else 150), seed=4)
    ranges = (RASCHKE.target, ANTI_XA, TherapeuticRange(assay="aptt_ratio", low=1.2, high=1.7))
    ranges += (TherapeuticRange(assay="anti_xa_u_per_ml", low=0.35, high=0.5),)
    found = []
    for kind in (TrialObserver, TellsEverything):
        observer = kind(cohort, DRUG.answers_with(reagent_for(RASCHKE)), ranges, 31.0)
        laboratory = Laboratory(turnaround_h=0.37)
        titrate_cohort(cohort, DRUG, RASCHKE, observer=observer, hours=31.0, laboratory=laboratory, runner=runner)
        observer.finish(31.0)
        found.append(observer)
    for one, other in zip(found[0].ranges, found[1].ranges, strict=True):
        for name in ("inside_h", "below_h", "first_h"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    inside_h = [one.inside_h for one in found[0].ranges]
    assert np.abs(inside_h[0] - inside_h[1]).max() > 1.0


@pytest.mark.parametrize("runner", RUNNERS)
def test_charts_hold_both_concentrations(runner):
    orders = (
        Bolus(time_h=0, dose_u_per_kg=80, over_min=4), Infusion(time_h=0, rate_u_per_kg_per_h=18),
        Hold(time_h=5.1, duration_min=60), Subcutaneous(time_h=8.2, dose_u_per_kg=100), Bolus(time_h=9, dose_u=2000),
        Protamine(time_h=20, dose_mg=20),
        # within a rounding error before a grid point
        Infusion(time_h=12.0 - 1e-11, rate_u_per_kg_per_h=15),
    )  # fmt: skip
    regimen = Regimen(tuple(sorted(orders, key=lambda order: order.time_h)))
    plan = Fixed(regimen=regimen, draws_h=(3.0, 7.7, 24.0), assay="aptt_s")
    cohort = Population(typical=ADULT).cohort(DRUG, np.arange(5), seed=2)
    alone = [titrate(cohort[i], DRUG, plan, hours=30.0, seed=2, subject=i) for i in range(5)]
    for trajectories in (False, True):
        charts = titrate_cohort(cohort, DRUG, plan, hours=30.0, runner=runner, trajectories=trajectories, seed=2)
        for i, course in enumerate(alone):
            np.testing.assert_array_equal(charts.states[i], course.states[-1])
            assert charts.values[:, i].tolist() == [lab.value for lab in course.labs]
            for hour in range(1, 31):
                for assay in ("aptt_s", "anti_xa_u_per_ml"):
                    read = read_u_per_ml(assay, DRUG.kinetics(cohort[i]), course.state_at(float(hour)))
                    assert charts.hourly_for(assay)[i, hour] == read, (assay, hour)
            assert charts.hourly_long_u_per_ml[i, 10] != charts.hourly_u_per_ml[i, 10]


def test_workers_change_no_byte():
    one, two = (trial(hospital.REAL).run(60, seed=2, workers=workers, people_per_chunk=20, progress=False) for workers in (1, 2))
    for arm in one.arms:
        for key, values in one.columns(arm).items():
            assert values.tobytes() == two.columns(arm)[key].tobytes(), (arm, key)
    assert one.summary() == two.summary()
