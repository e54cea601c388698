"""Faults: killed, ended, doubled and damaged runs give the right bytes, or one line and exit 2; no file is half-written."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
import zipfile
from concurrent.futures import BrokenExecutor
from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import Nomogram, Trial, hospital

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals and folders of another kind")]

ARMS = [Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")]
TRIAL = Trial(population=hospital.THROMBOSIS_WARD, arms=ARMS, ward_errors=hospital.REAL_WARD, hours=8.0)
NUMBER, SIZE, SEED = 120, 30, 7
PATIENCE_S = 120


def cli(*options):
    return [sys.executable, "-m", "heparin_pk.cli", *map(str, options)]


def trial(n, *options, arm="raschke-1993", seed=3):
    return cli("trial", arm, "-n", n, "--seed", seed, "--quiet", "--hours", 8, *options)


def started(command):
    """Start a command in a process group of its own, so that what it leaves behind is found."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def left_of(group):
    """Return the processes of a group that still run."""
    found = []
    for one in os.listdir("/proc"):
        if one.isdigit():
            try:
                with open(f"/proc/{one}/stat", encoding="utf-8") as stat:
                    state, _, its_group = stat.read().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(its_group) == group and state != "Z":
                found.append(int(one))
    return found


def until(condition, seconds=PATIENCE_S):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def ended_in_one_line(run, code=2):
    _, complaint = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == code, complaint
    assert complaint.count("\n") == 1, complaint
    assert complaint.startswith("heparin-pk: ")
    return complaint


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """The rows of the trial, as one undisturbed run writes them."""
    file = tmp_path_factory.mktemp("right") / "rows.csv"
    TRIAL.run(NUMBER, seed=SEED, csv_file=file, progress=False)
    return file.read_bytes()


# Processes end together

proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")


@proc
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_that_is_ended_leaves_no_process_and_goes_on(tmp_path, how, workers):
    rows = tmp_path / "out" / "rows.csv"
    rows.parent.mkdir()
    command = trial(400_000, "--checkpoint", tmp_path / "kept", "--csv", rows, "--workers", workers, "--json")
    run = started(command)
    processes = workers + (workers > 1)  # and the one that keeps books of shared memory
    until(lambda: len(left_of(run.pid)) >= processes or run.poll() is not None)
    time.sleep(4.0)
    assert run.poll() is None, run.communicate()
    run.send_signal(how)
    if how == signal.SIGKILL:
        run.communicate(timeout=PATIENCE_S)
    else:
        complaint = ended_in_one_line(run, 130 if how == signal.SIGINT else 2)
        assert ("stopped by hand" if how == signal.SIGINT else f"ended by {how.name}") in complaint
        assert not list(rows.parent.iterdir()), "nothing half-written"
    until(lambda: not left_of(run.pid), 10)
    assert not rows.exists()


LOST = """
import ctypes, os, signal, sys, time
from heparin_pk.cli import entry

@ctypes.CFUNCTYPE(None)
def called_from_c():
    os.kill(os.getpid(), signal.{name})
    time.sleep(0.1)

def run(arguments):
    called_from_c()
    {then}

entry._run = run
sys.exit(entry.main([]))
"""


@pytest.mark.parametrize(("name", "code", "says"), [("SIGTERM", 2, "ended by SIGTERM"), ("SIGINT", 130, "interrupted")])
@pytest.mark.parametrize("then", ["time.sleep(100)", "raise RuntimeError('no compiled object yet')"])
def test_a_signal_that_falls_into_a_call_from_c_is_not_lost(name, code, says, then):
    """There Python drops what is raised, and numba calls Python so while it compiles."""
    run = started([sys.executable, "-c", LOST.format(name=name, then=then)])
    assert says in ended_in_one_line(run, code)


@proc
def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path):
    """Killed again and again while chunks are written; every chunk that is there is whole."""
    sizes = (
        "import sys; from heparin_pk.trials import chunk; chunk.PATIENTS_PER_CHUNK['numpy'] = 100; from heparin_pk import cli; "
    )
    command = [sys.executable, "-c", sizes + "sys.exit(cli.main())", *trial(2000, arm="durham-va-2009")[3:]]
    straight = subprocess.run([*command, "--csv", tmp_path / "a.csv"], check=True, timeout=PATIENCE_S, capture_output=True)
    again = [*command, "--csv", tmp_path / "b.csv", "--checkpoint", tmp_path / "kept"]
    for chunks in (1, 4, 9):
        run = started(again)
        until(lambda n=chunks: len(list((tmp_path / "kept").glob("chunk-*"))) >= n)
        run.kill()
        run.communicate(timeout=PATIENCE_S)
        assert not (tmp_path / "b.csv").exists()
    last = subprocess.run(again, check=True, timeout=PATIENCE_S, capture_output=True)
    assert last.stderr == b""
    assert last.stdout.replace(b"b.csv", b"a.csv") == straight.stdout
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


@proc
def test_a_killed_worker_is_one_line(tmp_path):
    run = started(trial(400_000, "--workers", 3, "--csv", tmp_path / "rows.csv"))
    until(lambda: len(left_of(run.pid)) >= 4)
    time.sleep(3.0)
    workers = [one for one in left_of(run.pid) if one != run.pid and b"spawn_main" in command_of(one)]
    os.kill(workers[0], signal.SIGKILL)
    assert "a process of this trial was killed" in ended_in_one_line(run)
    until(lambda: not left_of(run.pid), 10)
    assert not list(tmp_path.iterdir())


def command_of(process):
    with open(f"/proc/{process}/cmdline", "rb") as file:
        return file.read()


@proc
def test_a_signal_that_is_ignored_stays_ignored():
    run = started(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *trial(20_000, "--workers", 2)])
    until(lambda: len(left_of(run.pid)) >= 3 or run.poll() is not None)
    assert run.poll() is None, run.communicate()
    os.killpg(run.pid, signal.SIGHUP)
    said, complaint = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, complaint) == (0, "")
    assert "raschke" in said.lower()


# Two at once


def test_two_runs_that_write_one_file_leave_one_of_them_whole(tmp_path):
    whole = {}
    for seed in (1, 2):
        subprocess.run(
            trial(300, "--csv", tmp_path / f"{seed}.csv", seed=seed), check=True, timeout=PATIENCE_S, capture_output=True
        )
        whole[seed] = (tmp_path / f"{seed}.csv").read_bytes()
    both = tmp_path / "both"
    both.mkdir()
    for _ in range(2):
        runs = [started(trial(300, "--csv", both / "rows.csv", seed=seed)) for seed in (1, 2)]
        assert [(run.communicate(timeout=PATIENCE_S)[1], run.returncode) for run in runs] == [("", 0)] * 2
        assert (both / "rows.csv").read_bytes() in whole.values()
        assert sorted(one.name for one in both.iterdir()) == ["rows.csv", "rows.csv-metadata.json"]


@pytest.mark.parametrize("workers", [(1, 1), (1, 2)])
def test_two_runs_in_one_folder_both_find_the_right_numbers(tmp_path, workers):
    subprocess.run(trial(600, "--csv", tmp_path / "a.csv"), check=True, timeout=PATIENCE_S, capture_output=True)
    runs = [started(trial(600, "--csv", tmp_path / f"{i}.csv", "--checkpoint", tmp_path / "kept", "--workers", n))
            for i, n in enumerate(workers)]  # fmt: skip
    assert [(run.communicate(timeout=PATIENCE_S)[1], run.returncode) for run in runs] == [("", 0)] * 2
    for i in range(2):
        assert (tmp_path / f"{i}.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    assert not list((tmp_path / "kept").glob(".*")), "nothing half-written"


def test_of_two_trials_in_one_folder_one_is_refused(tmp_path):
    runs = [started(trial(600, "--checkpoint", tmp_path / "kept", seed=seed)) for seed in (1, 2)]
    said = sorted((run.communicate(timeout=PATIENCE_S)[1], run.returncode) for run in runs)
    assert said[0] == ("", 0)
    assert said[1][1] == 2
    assert "holds the chunks of another trial" in said[1][0]


# Damaged parts


@pytest.fixture
def kept(tmp_path):
    folder = tmp_path / "kept"
    TRIAL.run(NUMBER, seed=SEED, people_per_chunk=SIZE, checkpoint=folder, progress=False)
    return folder


def rows_from(folder, tmp_path, a_trial=TRIAL, seed=SEED):
    """Return the rows of a run that goes on from this folder, and what it said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        a_trial.run(NUMBER, seed=seed, checkpoint=folder, csv_file=tmp_path / "rows.csv", progress=False)
    return (tmp_path / "rows.csv").read_bytes(), [str(one.message) for one in said]


def chunk(folder, first):
    return folder / f"chunk-{first:012d}.npz"


def swap(folder):
    one, two = chunk(folder, 0).read_bytes(), chunk(folder, 30).read_bytes()
    chunk(folder, 0).write_bytes(two)
    chunk(folder, 30).write_bytes(one)


def copied(folder):
    shutil.copy(chunk(folder, 30), chunk(folder, 60))


def foreign(folder):
    """The same patients of a trial with another seed."""
    TRIAL.run(NUMBER, seed=8, people_per_chunk=SIZE, checkpoint=folder.parent / "other", progress=False)
    shutil.copy(chunk(folder.parent / "other", 60), chunk(folder, 60))


def edited(folder, change):
    """Change one array of a chunk, and keep all others."""
    file = chunk(folder, 60)
    with np.load(file) as whole:
        arrays = {name: whole[name] for name in whole.files}
    change(arrays)
    np.savez(file, **arrays)


def another_number(arrays):
    name = next(name for name in arrays if name.endswith("heparin_given_u"))
    arrays[name] = arrays[name] + 1.0


def whole_numbers(arrays):
    name = next(name for name in arrays if name.endswith("heparin_given_u"))
    arrays[name] = arrays[name].astype(np.float32)


def two_arms(arrays):
    a, b = (f"row/{arm.name}/heparin_given_u" for arm in ARMS)
    arrays[a], arrays[b] = arrays[b], arrays[a]


def bit_flipped(folder, member):
    """Flip a bit in the middle of what one array holds (between the arrays there are bytes that mean nothing)."""
    content = bytearray(chunk(folder, 60).read_bytes())
    with zipfile.ZipFile(chunk(folder, 60)) as arrays:
        header = arrays.infolist()[member].header_offset
    names = (int.from_bytes(content[header + at : header + at + 2], "little") for at in (26, 28))
    begin, size = header + 30 + sum(names), arrays.infolist()[member].compress_size
    content[begin + size - 1 - size // 4] ^= 4
    chunk(folder, 60).write_bytes(content)


def truncated(folder, keep):
    content = chunk(folder, 60).read_bytes()
    chunk(folder, 60).write_bytes(content[: int(len(content) * keep)])


def other_content(content):
    return lambda folder: chunk(folder, 60).write_bytes(content)


def pickled(folder):
    np.savez(chunk(folder, 60), n=np.array([{"a": 1}], dtype=object))


def a_zip(folder):
    with zipfile.ZipFile(chunk(folder, 60), "w") as out:
        out.writestr(
            "n.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }".ljust(128) + b"\n",
        )


def a_dead_link(folder):
    chunk(folder, 60).unlink()
    chunk(folder, 60).symlink_to(folder.parent / "nowhere")


DAMAGES = {
    "swapped": swap,
    "copied": copied,
    "foreign": foreign,
    "another number": lambda folder: edited(folder, another_number),
    "another type": lambda folder: edited(folder, whole_numbers),
    "arms swapped": lambda folder: edited(folder, two_arms),
    "no checksum": lambda folder: edited(folder, lambda arrays: arrays.pop("checksum")),
    "another place": lambda folder: edited(folder, lambda arrays: arrays.update(first=np.array(30))),
    "something more": lambda folder: edited(folder, lambda arrays: arrays.update(more=np.array(30))),
    "a bit of the first array": lambda folder: bit_flipped(folder, 0),
    "a bit of the last array": lambda folder: bit_flipped(folder, -1),
    "half": lambda folder: truncated(folder, 0.5),
    "all but a little": lambda folder: truncated(folder, 0.999),
    "empty": other_content(b""),
    "text": other_content(b"torn"),
    "zeros": other_content(bytes(10_000)),
    "pickled": pickled,
    "huge": a_zip,
    "a dead link": a_dead_link,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_chunk_runs_again_with_a_note(kept, tmp_path, right, damage):
    damage(kept)
    rows, said = rows_from(kept, tmp_path)
    assert rows == right
    assert said
    assert all("is not used, its patients run again" in one for one in said)
    rows, said = rows_from(kept, tmp_path)
    assert (rows, said) == (right, []), "and is whole now"


def deleted(cover):
    cover.unlink()


def written(text):
    return lambda cover: cover.write_text(text(json.loads(cover.read_text())), encoding="utf-8")


COVERS = {
    "deleted": deleted,
    "another size": written(lambda plain: json.dumps(plain | {"people_per_chunk": 40})),
    "a size of nothing": written(lambda plain: json.dumps(plain | {"people_per_chunk": 0})),
    "half a patient": written(lambda plain: json.dumps(plain | {"people_per_chunk": 1.5})),
    "no checksum": written(lambda plain: json.dumps(plain | {"checksum": None})),
    "empty": written(lambda plain: ""),
    "a list": written(lambda plain: "[]"),
    "torn": written(lambda plain: json.dumps(plain)[:50]),
    "deep": written(lambda plain: "[" * 100_000),
}


@pytest.mark.parametrize("change", COVERS.values(), ids=COVERS)
def test_a_changed_cover_is_noticed_and_written_again(kept, tmp_path, right, change):
    before = (kept / "trial.json").read_bytes()
    change(kept / "trial.json")
    rows, said = rows_from(kept, tmp_path)
    assert rows == right
    assert len(said) == 1
    assert "trial.json: is missing or was changed, and is written again" in said[0]
    assert (kept / "trial.json").read_bytes() == before
    assert rows_from(kept, tmp_path) == (right, [])


def test_a_folder_of_another_trial_stays_as_it_is(kept, tmp_path):
    for with_cover in (True, False):
        if not with_cover:
            (kept / "trial.json").unlink()
        before = {one.name: one.read_bytes() for one in kept.iterdir()}
        for a_trial, seed in ((TRIAL, 8), (replace(TRIAL, hours=9.0), SEED)):
            with pytest.raises(ValueError, match="holds the chunks of another trial"):
                rows_from(kept, tmp_path, a_trial, seed)
        assert {one.name: one.read_bytes() for one in kept.iterdir()} == before
    (kept / "trial.json").write_text(json.dumps({"fingerprint": "other", "people_per_chunk": 30}), encoding="utf-8")
    with pytest.raises(ValueError, match="holds the chunks of another trial"):
        rows_from(kept, tmp_path)


def test_a_folder_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "inside", "/dev/null/x"):
        assert "cannot be made" in ended_in_one_line(started(trial(50, "--checkpoint", place)))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


# Clusters


def scheduler_and_workers(tmp_path, workers):
    """Start the scheduler of a cluster and its workers, each a process of its own."""
    file = tmp_path / "scheduler.json"
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(file),
    ]
    scheduler = started_quietly(command)
    until(file.exists)
    time.sleep(1.0)
    address = json.loads(file.read_text(encoding="utf-8"))["address"]
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
               "--local-directory", str(tmp_path)]  # fmt: skip
    return scheduler, [started_quietly(command) for _ in range(workers)], address


def started_quietly(command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


@pytest.fixture
def cluster(tmp_path):
    pytest.importorskip("distributed")
    begun = []

    def start(workers):
        scheduler, hands, address = scheduler_and_workers(tmp_path, workers)
        begun.extend([scheduler, *hands])
        return scheduler, hands, address

    yield start
    for process in begun:
        process.kill()
        process.wait()


def test_a_killed_scheduler_is_one_line(cluster, tmp_path):
    scheduler, _, address = cluster(1)
    rows = tmp_path / "out" / "rows.csv"
    rows.parent.mkdir()
    run = started(trial(2_000_000, "--scheduler", address, "--csv", rows))
    time.sleep(10.0)
    assert run.poll() is None, run.communicate()
    scheduler.kill()
    assert "the cluster of this trial was lost" in ended_in_one_line(run)
    assert not list(rows.parent.iterdir())


def test_a_cluster_without_workers_is_said_and_ends(cluster, monkeypatch):
    _, hands, address = cluster(0)
    assert not hands
    monkeypatch.setattr("heparin_pk.trials.workers._SAYS_AFTER_S", 1.0)
    with (
        pytest.warns(UserWarning, match="the cluster has no worker: this run waits for one, at most 5 s"),
        pytest.raises(BrokenExecutor, match="the cluster had no worker for"),
    ):
        TRIAL.run(NUMBER, seed=SEED, scheduler=address, wait_for_workers_s=5.0, progress=False)


def test_a_run_waits_for_a_worker_that_comes_late(cluster, tmp_path, right):
    _, _, address = cluster(0)
    run = started(trial(200, "--scheduler", address))
    time.sleep(6.0)
    hand = started_quietly([sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
                            "--no-dashboard", "--local-directory", str(tmp_path)])  # fmt: skip
    try:
        assert run.communicate(timeout=PATIENCE_S)[1] == ""
        assert run.returncode == 0
    finally:
        hand.kill()
        hand.wait()


@pytest.mark.parametrize(
    "address", ["tls://127.0.0.1:9", "tcp://127.0.0.1:9", "ucx://127.0.0.1:9", "nonsense", "://", "tcp://", "ws://x"]
)
def test_an_address_that_cannot_be_reached_is_one_line(address):
    pytest.importorskip("distributed")
    assert "cannot be reached" in ended_in_one_line(started(trial(50, "--scheduler", address)))
