"""A virtual trial: its numbers depend on the seed and on nothing else, add up exactly, and are those of single courses."""

import csv
import gc
import importlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import (
    Arm,
    ByHand,
    Decision,
    Fixed,
    Infusion,
    Laboratory,
    Nomogram,
    Population,
    Regimen,
    Step,
    TherapeuticRange,
    Trial,
    WardErrors,
    hospital,
    metrics,
    print_citations,
    published,
)
from heparin_pk.trials.catalogue import CURVES, OUTCOMES
from heparin_pk.trials.chunk import chunk_size
from heparin_pk.trials.estimate import estimate
from heparin_pk.trials.trial import TrialInterrupted

RASCHKE, DURHAM = Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")
TWO = Trial(population=hospital.THROMBOSIS_WARD, arms=[RASCHKE, DURHAM], ward_errors=hospital.REAL_WARD, hours=26.0)
NUMBER = 400


@pytest.fixture(scope="module")
def found():
    return TWO.run(NUMBER, seed=7, progress=False)


def identical(one, two):
    assert one.summary() == two.summary()
    assert one.in_words() == two.in_words()
    for arm in one.arms:
        np.testing.assert_array_equal(one.percentiles(arm)[1], two.percentiles(arm)[1])
        for key in CURVES:
            np.testing.assert_array_equal(one.curve(arm, key)[1], two.curve(arm, key)[1])
        if one.keep_rows and two.keep_rows:
            mine, yours = one.columns(arm), two.columns(arm)
            assert list(mine) == list(yours)
            for name, values in mine.items():
                np.testing.assert_array_equal(values, yours[name])


# Nothing but the seed matters


def test_an_arm_has_a_laboratory_that_reports_what_it_reads():
    with pytest.raises(ValueError, match="must report what its controller reads, aptt_s; got anti_xa_u_per_ml"):
        Arm(controller=RASCHKE, laboratory=Laboratory(assay="anti_xa_u_per_ml", ceiling=1.1))


def test_chunks_of_a_few_patients_do_not_matter():
    small = replace(TWO, hours=13.0)
    identical(small.run(60, seed=7, progress=False), small.run(60, seed=7, people_per_chunk=25, progress=False))


def test_no_patient_is_counted_twice():
    small = replace(TWO, hours=8.0)
    found, chunk = small.run(20, seed=7, progress=False), small.chunk(0, 20, seed=7)
    with pytest.raises(ValueError, match="the people from 0 on are in already"):
        found.add(chunk)


@pytest.mark.slow
@pytest.mark.parametrize("people_per_chunk", [400, 150, 97])
def test_chunks_do_not_matter(found, people_per_chunk):
    identical(found, TWO.run(NUMBER, seed=7, people_per_chunk=people_per_chunk, progress=False))


@pytest.mark.slow
def test_workers_do_not_matter(found):
    identical(found, TWO.run(NUMBER, seed=7, workers=2, people_per_chunk=200, progress=False))


@pytest.mark.slow
def test_the_compiler_does_not_matter(found):
    identical(found, TWO.run(NUMBER, seed=7, runner="compiled", progress=False))


def test_floats_do_not_matter():
    small = replace(TWO, hours=8.0)
    identical(small.run(20, seed=7, progress=False), small.run(20, seed=7, runner="python", progress=False))


@pytest.mark.slow
def test_the_seed_matters(found):
    assert TWO.run(NUMBER, seed=8, progress=False).summary() != found.summary()
    rng = np.random.default_rng(3)
    assert TWO.run(20, seed=rng, progress=False).seed != TWO.run(20, seed=rng, progress=False).seed


def test_more_patients_change_no_patient(found):
    few = TWO.run(50, seed=7, progress=False).columns("durham-va-2009")
    many = found.columns("durham-va-2009")
    for name, values in few.items():
        np.testing.assert_array_equal(values, many[name][:50])


# Common random numbers


def test_the_same_arm_twice_differs_by_nothing():
    twice = Trial(population=hospital.THROMBOSIS_WARD, arms={"one": RASCHKE, "two": RASCHKE}, ward_errors=hospital.REAL_WARD)
    for row in twice.run(200, seed=1, progress=False).summary():
        if row["arm"] == "two" and row["difference_n"]:
            assert (row["difference_mean"], row["difference_sd"]) == (0.0, 0.0)


def test_pairs_say_more_than_two_groups(found):
    """The reason for common random numbers: the interval of the difference is narrower than that of two unpaired groups."""
    key = "common_range_above_fraction"
    one, two = (found.estimate(arm, key) for arm in found.arms)
    paired = found.difference("durham-va-2009", key)
    unpaired = math.sqrt(one.sd**2 + two.sd**2) / math.sqrt(NUMBER)
    assert (paired.high - paired.low) / 2 / 1.96 < 0.85 * unpaired


# A row is a course


@pytest.mark.parametrize("arm", ["raschke-1993", "durham-va-2009"])
def test_a_row_is_the_course_of_that_patient(found, arm):
    rows, target = found.columns(arm), found.targets[arm]
    for i in range(0, NUMBER, 80):
        course = TWO.course(arm, i, seed=7)
        row = {name: values[i] for name, values in rows.items()}
        said = metrics.summary(course, target)
        for name in ("time_in_range_fraction", "time_below_fraction", "time_above_fraction"):
            assert row[name] == pytest.approx(said[name], abs=1e-3)
        for name in ("fraction_of_tests_in_range", "rosendaal_fraction"):
            assert row[name] == (pytest.approx(said[name]) if said[name] is not None else pytest.approx(math.nan, nan_ok=True))
        for name in ("adjustments", "holds", "reboluses", "blood_draws", "peak_u_per_ml", "auc_u_h_per_ml"):
            assert row[name] == said[name]
        assert row["heparin_given_u"] == pytest.approx(said["heparin_given_u"])
        first = said["time_to_therapeutic_result_h"]
        assert row["in_range_result_h"] == pytest.approx(math.nan if first is None else first, nan_ok=True)
        assert row["level_at_12_h"] == pytest.approx(course.level_at(target.assay, 12.0))
        common = metrics.time_in_range_fraction(course, TWO.common_range)
        assert row["common_range_in_range_fraction"] == pytest.approx(common, abs=1e-3)
        assert row["weight_kg"] == course.patient.weight_kg
        results = [lab.value in target and not lab.above_ceiling for lab in course.labs]
        assert row["results_in"] == sum(results)
        assert row["blood_draws"] == row["results_in"] + row["results_below"] + row["results_above"]


def test_summaries_are_those_of_the_rows(found):
    for arm in found.arms:
        rows = found.columns(arm)
        for key in found.keys:
            values = rows[key][~np.isnan(rows[key])]
            one = found.estimate(arm, key)
            if not len(values):
                assert one is None
                continue
            assert one.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
            assert one.sd == pytest.approx(values.std(ddof=1), rel=1e-4, abs=1e-3 * max(1.0, abs(one.mean)))
            assert one.n == len(values)
            assert one.low <= one.mean <= one.high
    differences = (
        found.columns("durham-va-2009")["time_in_range_fraction"] - found.columns("raschke-1993")["time_in_range_fraction"]
    )
    paired = found.difference("durham-va-2009", "time_in_range_fraction")
    half = 1.959964 * differences.std(ddof=1) / math.sqrt(NUMBER)
    assert (paired.mean, paired.high - paired.mean) == pytest.approx((differences.mean(), half), rel=1e-6)


def test_a_subgroup_is_its_rows(found):
    rows = found.columns("raschke-1993")
    women = rows["sex"] == "female"
    one = found.estimate("raschke-1993", "time_below_fraction", "women")
    assert one.n == women.sum()
    assert one.mean == pytest.approx(rows["time_below_fraction"][women].mean())
    assert {"all", "women", "men", "over 80 years", "BMI 40 and more", "antithrombin under 0.8"} <= set(found.groups)
    assert found.groups == TWO.groups
    assert sum(found.estimate("raschke-1993", "blood_draws", g).n for g in ("women", "men")) == NUMBER


def test_shares_of_patients_have_wilsons_interval():
    sums = np.array([50, (46 * 2**46), (46 * 2**46)], dtype=object)
    one = estimate(sums, "threshold_by_24_h", wilson=True)
    assert (one.mean, round(one.low, 3), round(one.high, 3)) == (0.92, 0.812, 0.968)  # statsmodels: 0.8116, 0.9684


def test_percentiles_and_curves_are_those_of_the_rows(found):
    rows = found.columns("raschke-1993")
    hours, bands = found.percentiles("raschke-1993", (5, 50, 95))
    assert hours[-1] == 26
    for hour in (6, 24):
        np.testing.assert_allclose(bands[:, hour], np.percentile(rows[f"level_at_{hour}_h"], (5, 50, 95)), rtol=0.02)
    at, share = found.curve("raschke-1993", "in_range_result_h")
    assert share[at == 24.0][0] == found.estimate("raschke-1993", "therapeutic_by_24_h").mean
    assert (np.diff(share) >= 0).all()
    below, inside, above = found.shares_of_results("raschke-1993")
    assert below + inside + above == pytest.approx(1.0)
    assert inside == pytest.approx(rows["results_in"].sum() / rows["blood_draws"].sum())


# Rows out


@pytest.mark.slow
def test_rows_leave_as_csv_frame_parquet_and_xarray(found, tmp_path):
    file = tmp_path / "rows.csv"
    again = TWO.run(NUMBER, seed=7, people_per_chunk=300, csv_file=file, keep_rows=False, progress=False)
    assert again.summary() == found.summary()
    with pytest.raises(ValueError, match="rows were not kept"):
        again.columns("raschke-1993")
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 2 * NUMBER
    frame = found.to_frame()
    assert list(frame.columns) == list(rows[0])
    by_key = {(row["arm"], int(row["subject"])): row for row in rows}
    for _, line in frame.iloc[::97].iterrows():
        row = by_key[line["arm"], line["subject"]]
        for key in found.keys:
            assert row[key] == ("" if math.isnan(line[key]) else repr(float(line[key])))
    found.to_parquet(tmp_path / "rows.parquet")
    import pandas as pd

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "rows.parquet"), frame)
    data = found.to_xarray()
    assert data.sizes == {"arm": 2, "subject": NUMBER}
    assert float(data["blood_draws"].sel(arm="durham-va-2009", subject=17)) == found.columns("durham-va-2009")["blood_draws"][17]
    assert data["peak_u_per_ml"].attrs["units"] == "U/mL"


def test_words_say_both_arms_and_the_difference(found):
    words = found.in_words()
    assert words.startswith("400 patients, the same in every arm, 26 h")
    assert "Durham VA 2009 minus Raschke 1993, patient by patient:" in words
    assert "points" in words
    assert "women" in found.in_words("women").splitlines()[0]
    json.dumps(found.summary(), allow_nan=False)


def test_citations_of_a_trial(capsys):
    TWO.run(5, seed=1, progress=False)
    print_citations(bibtex=False)
    said = capsys.readouterr().out
    for paper in ("Raschke RA", "Davydov", "Pharand", "Durham", "National Health and Nutrition Examination Survey"):
        assert paper in said


@pytest.mark.slow
def test_the_table_of_rows_is_the_same_byte_for_byte(tmp_path, stop_after):
    """One, two and five workers, and a run that was stopped and went on."""
    tables = []
    for workers in (1, 2, 5):
        file = tmp_path / f"{workers}.csv"
        TWO.run(300, seed=7, workers=workers, csv_file=file, keep_rows=False, progress=False)
        tables.append(file.read_bytes())
    csv_file = tmp_path / "x.csv"
    stop_after(2)
    with pytest.raises(TrialInterrupted):
        SHORT.run(300, seed=7, people_per_chunk=60, checkpoint=tmp_path / "kept", csv_file=csv_file, progress=False)
    tables_and_what_they_hold = [f"{n}.csv{more}" for n in (1, 2, 5) for more in ("", "-metadata.json")]
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == tables_and_what_they_hold, "nothing half-written"
    stop_after(99)
    SHORT.run(300, seed=7, people_per_chunk=60, checkpoint=tmp_path / "kept", csv_file=csv_file, progress=False)
    SHORT.run(300, seed=7, csv_file=tmp_path / "y.csv", progress=False)
    assert tables[0] == tables[1] == tables[2]
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()


@pytest.fixture
def stop_after(monkeypatch):
    """Return a function that lets trials run so many chunks before they are interrupted by hand; it returns those that began."""

    def stop(after):
        began = []

        def chunk(trial, first, n, **how):
            if len(began) == after:
                raise KeyboardInterrupt
            began.append(first)
            return run_chunk(trial, first, n, **how)

        monkeypatch.setattr(Trial, "chunk", chunk)
        return began

    run_chunk = Trial.chunk
    return stop


SHORT = replace(TWO, arms=[RASCHKE], ward_errors=None, hours=13.0)


# Stop and go on


def test_a_stopped_trial_goes_on_where_it_was(tmp_path, stop_after):
    whole = SHORT.run(250, seed=2, people_per_chunk=50, progress=False)
    folder = tmp_path / "kept"
    stop_after(2)
    with pytest.raises(TrialInterrupted, match="stopped by hand with 100 of 250 patients done") as stopped:
        SHORT.run(250, seed=2, people_per_chunk=50, checkpoint=folder, progress=False)
    assert stopped.value.outcomes.n == 100
    assert len(list(folder.glob("chunk-*.npz"))) == 2
    began = stop_after(3)
    identical(whole, SHORT.run(250, seed=2, people_per_chunk=77, checkpoint=folder, progress=False))
    assert began == [100, 150, 200], "what was kept was not run again"
    stop_after(0)
    identical(whole, SHORT.run(250, seed=2, checkpoint=folder, progress=False))
    with pytest.raises(ValueError, match="holds the chunks of another trial"):
        SHORT.run(250, seed=3, checkpoint=folder, progress=False)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_the_command_line_stops_by_hand_and_goes_on(tmp_path):
    command = [sys.executable, "-m", "heparin_pk.cli", "trial", "raschke-1993", "-n", "200000", "--seed", "3", "--quiet",
               "--checkpoint", str(tmp_path / "kept"), "--json", "--hours", "8"]  # fmt: skip
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "kept").glob("chunk-*.npz")) and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, complaint = first.communicate(timeout=120)
    assert first.returncode == 130
    assert "stopped by hand" in complaint
    assert complaint.count("\n") == 1
    again = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    straight = subprocess.run([*command[:-5], "--json", "--hours", "8"], capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(again.stdout)["summary"] == json.loads(straight.stdout)["summary"]


# An existing cluster


@pytest.fixture
def _not_for_ever():
    """A cluster that does not answer fails after four minutes (where there are signals)."""

    def too_long(signum, frame):
        raise TimeoutError("a cluster did not answer within four minutes")

    if os.name == "nt":
        yield
        return
    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(240)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _cluster(distributed, workers):
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)


@pytest.mark.slow
def test_a_cluster_that_is_not_there(tmp_path):
    from dask import distributed  # without it another refusal comes

    file = tmp_path / "rows.csv"
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(ValueError, match=f"scheduler '{address}' cannot be reached"):
            TWO.run(10, seed=1, scheduler=address, csv_file=file, progress=False)
    assert not list(tmp_path.iterdir()), "nothing half-written"
    clients = [one for one in gc.get_objects() if isinstance(one, distributed.Client)]
    assert all(one.status == "closed" for one in clients), "one that is collected later would stop the next from starting"


def _chunk_with_a_dying_worker(trial, flag, first, n, seed, runner):
    if first == 100 and not os.path.exists(flag):
        with open(flag, "w", encoding="utf-8"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
    return Trial.chunk(trial, first, n, seed=seed, runner=runner)


class Fatal(Trial):
    """A trial whose worker is killed in the middle of one chunk, once."""

    __slots__ = ()

    def chunk(self, first, n, *, seed, runner="numpy"):
        return _chunk_with_a_dying_worker(self, os.environ["HEPARIN_PK_FLAG"], first, n, seed, runner)


@pytest.mark.slow
@pytest.mark.usefixtures("_not_for_ever")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_cluster_finds_the_same(found, workers):
    from dask import distributed

    with (
        distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        identical(found, TWO.run(NUMBER, seed=7, people_per_chunk=150, client=client, progress=False))
        by_address = TWO.run(
            NUMBER, seed=7, people_per_chunk=300, scheduler=cluster.scheduler_address, keep_rows=False, progress=False
        )
        assert by_address.summary() == found.summary()


@pytest.mark.slow
@pytest.mark.usefixtures("_not_for_ever")
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_worker_loses_and_doubles_nothing(found, tmp_path, monkeypatch):
    from dask import distributed

    flag = tmp_path / "died"
    monkeypatch.setenv("HEPARIN_PK_FLAG", str(flag))
    fatal = Fatal(population=TWO.population, arms=TWO.arms, ward_errors=TWO.ward_errors, hours=TWO.hours)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        again = fatal.run(NUMBER, seed=7, people_per_chunk=100, client=client, progress=False)
    assert flag.exists(), "a worker did die"
    assert again.n == NUMBER
    identical(found, again)


class Elsewhere(Trial):
    """A trial that does not do its chunks in any process but this one: there it fails or is killed."""

    __slots__ = ()

    def chunk(self, first, n, *, seed, runner="numpy"):
        here, how = os.environ["HEPARIN_PK_HERE"].split()
        if os.getpid() != int(here):
            if how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ValueError(f"people {first} to {first + n} failed")
        return Trial.chunk(self, first, n, seed=seed, runner=runner)


@pytest.mark.slow
@pytest.mark.usefixtures("_not_for_ever")
@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        pytest.param("killed", BrokenProcessPool, "was killed", marks=pytest.mark.skipif(os.name == "nt", reason="signals")),
        ("failed", ValueError, "people .* failed"),
    ],
)
def test_what_goes_wrong_beside_comes_to_light_and_the_rest_is_kept(found, tmp_path, monkeypatch, how, error, said):
    monkeypatch.setenv("HEPARIN_PK_HERE", f"{os.getpid()} {how}")
    trial = Elsewhere(population=TWO.population, arms=TWO.arms, ward_errors=TWO.ward_errors, hours=TWO.hours)
    for workers in (2, 3):
        with pytest.raises(error, match=said):
            trial.run(NUMBER, seed=7, people_per_chunk=20, workers=workers, checkpoint=tmp_path / "kept", progress=False)
    assert len(list((tmp_path / "kept").glob("chunk-*.npz"))) < NUMBER / 20
    identical(found, trial.run(NUMBER, seed=7, checkpoint=tmp_path / "kept", progress=False))


@pytest.mark.usefixtures("_not_for_ever")
def test_what_no_process_takes_is_done_here(monkeypatch):
    def no_more(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("concurrent.futures.process.ProcessPoolExecutor.submit", no_more)
    identical(TWO.run(30, seed=7, progress=False), TWO.run(30, seed=7, workers=3, people_per_chunk=5, progress=False))


# Arms of every kind, patients of every kind


@pytest.mark.slow
def test_arms_of_every_kind():
    arms = {
        "table": RASCHKE,
        "anti-Xa table": Nomogram.load("michigan-vte-anti-xa"),
        "a plan": Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=14),)), draws_h=(6, 24)),
        "a hand": ByHand(bolus_u_per_kg=60, rate_u_per_kg_per_h=15, steps=(Step(rate_u_per_kg_per_h=16),)),
    }
    trial = Trial(population=Population(), arms=arms, target=TherapeuticRange(assay="aptt_s", low=46, high=70),
                  laboratory=Laboratory(reagent=published.reagents.ACTIN_FS, turnaround_h=0.5))  # fmt: skip
    found = trial.run(40, seed=1, progress=False)
    assert found.targets["anti-Xa table"].assay == "anti_xa_u_per_ml"
    assert found.estimate("a plan", "adjustments").mean == 0
    assert found.estimate("a plan", "blood_draws").mean == 2
    assert found.estimate("a hand", "adjustments").mean == 1
    assert trial._laboratory_of(trial.arm("anti-Xa table")).turnaround_h == 0.5
    course = trial.course("a hand", 3, seed=1)
    assert found.columns("a hand")["peak_u_per_ml"][3] == metrics.peak_u_per_ml(course)


@pytest.mark.slow
def test_a_sensitive_reagent_with_the_old_seconds_gives_too_little():
    """A hospital that keeps 46-70 s with a steeper reagent keeps its patients below 0.3 U/mL, patient by patient."""
    reagents = (published.reagents.RASCHKE, published.reagents.PATHROMTIN_SL)
    arms = {one.name: Arm(controller=RASCHKE, laboratory=Laboratory(reagent=one)) for one in reagents}
    found = Trial(population=hospital.THROMBOSIS_WARD, arms=arms).run(300, seed=1, progress=False)
    assert found.difference("pathromtin-sl", "common_range_below_fraction").low > 0.3


@pytest.mark.slow
def test_two_wards_are_compared_patient_by_patient():
    arms = {"as written": RASCHKE, "as wards do": Arm(controller=RASCHKE, ward_errors=hospital.REAL_WARD)}
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=arms)
    found = trial.run(300, seed=1, progress=False)
    assert found.difference("as wards do", "time_in_range_fraction").high < 0
    assert trial.course("as wards do", 3, seed=1).ward_errors == hospital.REAL_WARD
    assert trial.course("as written", 3, seed=1).ward_errors is None


@pytest.mark.slow
def test_a_ward_that_errs_does_worse():
    ideal = replace(TWO, ward_errors=None, hours=48.0).run(800, seed=7, progress=False)
    real = replace(TWO, hours=48.0).run(800, seed=7, progress=False)
    for arm in TWO.names:
        assert real.estimate(arm, "time_in_range_fraction").high < ideal.estimate(arm, "time_in_range_fraction").low
    guessed = replace(TWO, ward_errors=WardErrors(name="guessed weights", weight_error_cv_fraction=0.3), hours=48.0)
    sd = guessed.run(800, seed=7, progress=False).estimate("raschke-1993", "heparin_given_u").sd
    assert sd > ideal.estimate("raschke-1993", "heparin_given_u").sd


# What is refused


class OneAtATime:
    """A controller that decides for one patient at a time."""

    name, assay = "hand", "aptt_s"

    def decide(self, situation):
        return Decision()


HAND = OneAtATime()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Trial(population=Population(), arms=[]), "needs an arm at least"),
        (lambda: Trial(population=Population(), arms=[RASCHKE, RASCHKE]), "arms must have different names"),
        (lambda: Trial(population="all", arms=[RASCHKE]), "population must be a Population"),
        (lambda: Trial(population=Population(), arms=["raschke-1993"]), "an arm must be something with an assay"),
        (lambda: Trial(population=Population(), arms=[Fixed(regimen=Regimen(()))]), "Fixed aims at no range of its own"),
        (lambda: Trial(population=Population(), arms=[RASCHKE], drug=published.EDRICH_2015_UFH), "arm raschke-1993: the"),
        (lambda: Trial(population=Population(), arms=[RASCHKE], hours=0.5), "hours must lie between 1 and 1440"),
        (lambda: Trial(population=Population(), arms={"hand": HAND}, target=RASCHKE.target, ward_errors=hospital.REAL_WARD),
         "arm hand: the controller must be one with decide_many"),
        (lambda: TWO.run(0), "n must lie between 1"),
        (lambda: TWO.run(10, workers=0), "workers must lie between 1"),
        (lambda: TWO.run(10, runner="gpu"), "runner must be one of"),
        (lambda: TWO.run(10, people_per_chunk=100_000), "people_per_chunk must lie between 1 and 65536"),
        (lambda: TWO.run(10, seed="x"), "seed must be an integer"),
        (lambda: TWO.course("unknown", 1), "arm must be one of raschke-1993, durham-va-2009"),
        (lambda: Trial(population=Population.from_table({"weight_kg": [60]}), arms=[RASCHKE]).run(2), "must be at most 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_outcomes_refuse_what_they_do_not_have(found):
    with pytest.raises(ValueError, match="an outcome must be one of"):
        found.estimate("raschke-1993", "happiness")
    with pytest.raises(ValueError, match="group must be one of all, women"):
        found.estimate("raschke-1993", "holds", "unknown")
    with pytest.raises(ValueError, match="raschke-1993 is what the others are compared with"):
        found.difference("raschke-1993", "holds")
    assert all(outcome.most > 0 for outcome in OUTCOMES.values())


SAME_BYTES = """
import sys
from heparin_pk import Nomogram, Trial, hospital, published
try:
    from numpy._core._multiarray_umath import __cpu_features__ as there
except ImportError:
    from numpy.core._multiarray_umath import __cpu_features__ as there
people = hospital.THROMBOSIS_WARD.with_distributions(hospital.TIME_OF_DAY, hospital.FACTOR_VIII)
arms = [Nomogram.load("raschke-1993"), Nomogram.load("uk-aptt-ratio"), Nomogram.load("michigan-vte-anti-xa")]
drug = published.UFH_DEFAULT.with_hypotheses("time of day")
trial = Trial(population=people, arms=arms, ward_errors=hospital.REAL_WARD, drug=drug)
trial.run(300, seed=7, progress=False, csv_file=sys.argv[1])
print(sorted(name for name, on in there.items() if on))
"""


@pytest.mark.slow
def test_the_rows_are_the_same_bytes_with_other_vector_instructions(tmp_path):
    """NumPy's own exponential, logarithm and cosine differ in the last bit between processors; the rows do not."""
    core = importlib.import_module("numpy._core._multiarray_umath" if np.__version__ >= "2" else "numpy.core._multiarray_umath")
    optional = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    if not optional:
        pytest.skip("this processor has no vector instructions that NumPy could leave out")
    features, rows = [], []
    for off in ((), optional):
        command = [sys.executable, "-W", "ignore", "-c", SAME_BYTES, str(tmp_path / f"{len(off)}.csv")]
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(off)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
        features.append(done.stdout)
        rows.append((tmp_path / f"{len(off)}.csv").read_bytes())
    assert features[0] != features[1]  # they were in fact left out
    assert rows[0].count(b"\n") == 901
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("n", "workers", "largest", "size"), [(100, 1, 1000, 100), (100, 4, 1000, 25), (100, 4, 10, 9), (7, 3, 10, 3)]
)
def test_chunks_are_equal_and_every_worker_has_as_many(n, workers, largest, size):
    """Each worker gets equally many chunks, none above the largest: 100 patients, 4 workers, at most 10: 3 rounds of 9."""
    assert chunk_size(n, workers, largest) == size
