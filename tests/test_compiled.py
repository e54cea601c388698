"""Compiled loops give the bits of the loops they stand for, and machine code survives the process."""

import hashlib
import math
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numba.core import caching, config
from test_event_queue import copied, entries, full_of_events
from wards import COUNTED

from heparin_pk import Drift, Nomogram, hospital, published
from heparin_pk.base import elementwise as _each
from heparin_pk.base import randomness
from heparin_pk.base.elementwise import COMPILED
from heparin_pk.base.streams import Stream
from heparin_pk.engine import crossings, event_queue, numba_cache, tallies
from heparin_pk.engine.numba_cache import kept_on_disk
from heparin_pk.engine.numba_loops import install_compiled_loops
from heparin_pk.trials.observer import TrialObserver

pytestmark = pytest.mark.slow
RNG = np.random.default_rng(8)


@pytest.fixture(scope="module", autouse=True)
def _compiled_loops():
    install_compiled_loops()


def without_loops(monkeypatch, function, *arguments):
    """Return what a function gives where nothing is compiled."""
    with monkeypatch.context() as plain:
        for known in list(COMPILED):
            plain.delitem(COMPILED, known)
        return function(*arguments)


@pytest.mark.parametrize("function", [math.exp, math.log, math.erf])
def test_functions_of_every_element_keep_their_bits(function, monkeypatch):
    values = np.concatenate([RNG.uniform(1e-12, 30.0, 20_000), RNG.uniform(1e-300, 1e-200, 50), [1.0, math.e]])
    assert function in COMPILED
    np.testing.assert_array_equal(_each.each(function, values), without_loops(monkeypatch, _each.each, function, values))
    np.testing.assert_array_equal(_each.each(function, values[::-3]), _each.each(function, values)[::-3])


def test_powers_keep_their_bits(monkeypatch):
    values = RNG.uniform(0.05, 4.0, 20_000)
    assert pow in COMPILED
    for exponent in (0.75, -0.25, 0.5, 2.0, 1.0, 0.425, 3, -2):
        alone = without_loops(monkeypatch, _each.power, values, exponent)
        np.testing.assert_array_equal(_each.power(values, exponent), alone)
        assert alone[0] == _each.power(float(values[0]), exponent)


def test_draws_keep_their_bits(monkeypatch):
    subjects = RNG.integers(0, 2**53, 3_000)
    for moments in (RNG.uniform(0.0, 48.0, 3_000), np.full(3_000, 6.0), RNG.choice([1.0, 7.0], 3_000)):
        drawn = randomness.uniforms(2**63 + 5, Stream.STEP, moments, subjects)
        plain = without_loops(monkeypatch, randomness.uniforms, 2**63 + 5, Stream.STEP, moments, subjects)
        np.testing.assert_array_equal(drawn, plain)
        assert drawn[17] == randomness.uniform(2**63 + 5, Stream.STEP, float(moments[17]), int(subjects[17]))
    assert randomness.uniforms in COMPILED


def test_normals_keep_their_bits(monkeypatch):
    tails = np.concatenate([np.geomspace(1e-17, 0.5, 3_000), 1.0 - np.geomspace(2e-16, 0.5, 3_000)])
    for chances in (RNG.random(20_000), tails, np.array([0.075, np.nextafter(0.075, 0.0), 0.925, np.nextafter(0.925, 1.0), 0.5])):
        assert randomness.inverse_normal in COMPILED
        plain = without_loops(monkeypatch, randomness.inverse_normal, chances)
        np.testing.assert_array_equal(randomness.inverse_normal(chances), plain)
        np.testing.assert_array_equal(randomness.each_inverse_normal_of()(chances[::7]), plain[::7])


def test_event_queues_are_read_and_written_alike(monkeypatch):
    assert {event_queue.take_next, event_queue.write_down} <= set(COMPILED)
    for lanes, entry, here_h, rules in entries(RNG, 3_000):
        slots = full_of_events(RNG, 3_000)
        both = copied(slots), copied(slots)
        found = event_queue.take_next(both[0], lanes, here_h, rules)
        plain = without_loops(monkeypatch, event_queue.take_next, both[1], lanes, here_h, rules)
        for one, other in zip(found, plain, strict=True):
            np.testing.assert_array_equal(one, other)
        written = event_queue.write_down(both[0], lanes, *entry)
        assert written == without_loops(monkeypatch, event_queue.write_down, both[1], lanes, *entry)
        there = np.arange(5)[:, None] < both[0].held
        for one, other in zip(*both, strict=True):
            np.testing.assert_array_equal(*(np.where(there if array.ndim == 2 else True, array, 0) for array in (one, other)))


@pytest.mark.parametrize("drift", [None, Drift(sensitivity_sd_fraction=0.8, baseline_sd_fraction=0.3, time_constant_h=3.0)])
def test_crossings_are_cut_alike(drift, monkeypatch):
    """Lines of all kinds, several a patient: through both thresholds, from one of them, back and forth, and of no length."""
    assert crossings.each_crossed in COMPILED
    population = replace(hospital.THROMBOSIS_WARD, typical=replace(hospital.THROMBOSIS_WARD.typical, drift=drift))
    cohort = population.cohort(published.UFH_DEFAULT, np.arange(50), seed=4)
    ranges = (Nomogram.load("raschke-1993").target, published.ranges.ANTI_XA_TREATMENT)
    one, other = (TrialObserver(cohort, published.UFH_DEFAULT.responses, ranges, 24.0) for _ in range(2))
    lanes = np.repeat(RNG.permutation(50), 40)
    moments_h = np.sort(RNG.uniform(0.0, 24.0, (50, 41)), axis=1)
    moments_h[:, 20] = moments_h[:, 19]
    levels = np.concatenate([RNG.uniform(0.0, 1.2, (50, 20)), RNG.choice([0.3, 0.7, 0.5, 0.9], (50, 21))], axis=1)
    lines = (lanes, *(x.ravel() for x in (moments_h[:, :-1], moments_h[:, 1:], levels[:, :-1], levels[:, 1:])))
    for compiled_one, plain in zip(one.ranges, other.ranges, strict=True):
        compiled_one.crossed(*lines)
        without_loops(monkeypatch, plain.crossed, *lines)
        for name in COUNTED:
            assert getattr(compiled_one, name).tobytes() == getattr(plain, name).tobytes(), name
        assert compiled_one.inside_h.max() > 0.0 < compiled_one.below_h.max()
        assert np.isfinite(compiled_one.first_h).any()
    one.finish(24.0)
    other.finish(24.0)
    for compiled_one, plain_one in zip(one.ranges, other.ranges, strict=True):  # what each holds of "since when"
        assert compiled_one.inside_h.tobytes() == plain_one.inside_h.tobytes()


def test_tallies_are_alike(monkeypatch):
    """Sums by cell (some values unknown, cells of one and of many), halves of a unit, values beside a whole number, end bins."""
    who = (RNG.uniform(size=(5, 700)) < np.array([1.0, 0.5, 0.1, 0.004, 0.0])[:, None]).astype(np.int64)
    values = np.where(RNG.uniform(size=700) < 0.1, np.nan, RNG.normal(size=700) * 10.0 ** RNG.integers(-3, 3, 700))
    values[:20] = np.arange(20) / 2**5  # halves where sums are kept in 16ths
    cells = tallies.cells_of(who)
    assert sorted(cells.order.tolist()) == list(range(700))
    assert (np.diff(cells.of[cells.order]) >= 0).all()
    bins = np.concatenate([RNG.uniform(-3.0, 12.0, 500), np.arange(-2.0, 12.0), np.arange(12) + 1e-10, np.arange(12) - 1e-10])
    for function, arguments in (
        (tallies.sums_by_cell, (values, cells, (4, 20))),
        (tallies.close_to_whole, (bins, 1e-9)),
        (tallies.close_to_whole, (bins[:500], 1e-9)),
        (tallies.count_by_bin, (bins, 9)),
    ):
        assert function in COMPILED
        found, plain = function(*arguments), without_loops(monkeypatch, function, *arguments)
        for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, plain)), strict=True):
            np.testing.assert_array_equal(one, other)
    sums, largest = tallies.sums_by_cell(values, cells, (4, 20))
    assert sums[:, 0].sum() == np.isfinite(values).sum()
    assert sums[:, 1].sum() == sum(round(value * 16) for value in values[np.isfinite(values)].tolist())
    assert largest == np.nanmax(np.abs(values))
    assert tallies.count_by_bin(bins, 9).sum() == len(bins)


TREAT = """
import numpy as np
from heparin_pk import Nomogram, hospital, published
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.engine import compiled, lanes
kernels, make = [], compiled.through
compiled.through = lambda in_play: kernels.append(make(in_play)) or kernels[-1]
cohort = hospital.THROMBOSIS_WARD.cohort(published.UFH_DEFAULT, np.arange(70), seed=3)
charts = titrate_cohort(cohort, published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=8.0, runner="compiled")
(kernel,) = set(kernels)
print(charts.values.sum(), sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""


def test_machine_code_is_kept_and_found_again(tmp_path):
    def treat():
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", TREAT], capture_output=True, text=True, check=True, env=environment)
        return done.stdout.split()

    first, again = treat(), treat()
    assert first[0] == again[0]
    assert (first[1:], again[1:]) == (["0", "1"], ["1", "0"])
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".nbc"}
    assert sum(file.name.startswith("kernel-") for file in files) == 1


GO = """
import sys
import numpy as np
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.engine.lanes import Lanes
from heparin_pk.published import UFH_DEFAULT
from heparin_pk import Patient

who = np.arange(3)
for case in sys.argv[1:]:
    rates = UFH_DEFAULT.kinetics(Patient(weight_kg=70.0)).rates()
    rates = rates._replace(ke0_per_h=1.0 if "effect" in case else 0.0)
    columns = type(rates)(*(np.full(3, one) for one in rates))
    found = []
    for runner in ("numpy", "compiled"):
        lanes = Lanes(columns, 4.0, runner=runner, routes=("protamine",) if "protamine" in case else ())
        lanes.add(who, "central_u", np.array([0.0, 100.0, 5000.0]))
        lanes.go(who, np.full(3, 4.0), NoObserver())
        found.append(lanes.states().tolist())
    assert found[0] == found[1], (case, found)
"""


def test_kernels_kept_by_two_processes_are_not_taken_for_each_other(tmp_path):
    """Each compiled as the first of its process, made by the same lines: numba's own names of the two would be the same."""
    for cases in (["pool"], ["effect"], ["protamine"], ["effect", "protamine"], ["protamine", "effect"]):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", GO, *cases]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, (cases, done.returncode, done.stderr)


def test_where_nothing_can_be_written_it_is_compiled_again(monkeypatch):
    """Where numba finds no folder to keep code in, that costs time and nothing else."""
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    twice = kept_on_disk(lambda x: 2.0 * x)
    assert twice(3.0) == 6.0
    assert twice.stats.cache_path is None


def doubled():
    """Return a fresh compiled function, called once; where its machine code is found on disk, that is a hit."""

    def double(x):
        return 2.0 * x

    fresh = kept_on_disk(double)
    assert fresh(3.0) == 6.0
    return sum(fresh.stats.cache_hits.values())


@pytest.fixture
def one_file(tmp_path, monkeypatch):
    """Return the file of machine code of a small function, found again when nothing is wrong with it."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert (doubled(), doubled()) == (0, 1)
    (file,) = (file for file in tmp_path.rglob("*") if file.is_file())
    return file


class Boom:
    def __reduce__(self):
        return os.mkdir, ("taken-over",)


def signed(file, content):
    return hashlib.sha256(file.name.encode() + b"\0" + content).digest() + content


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda file: b"", id="empty"),
        pytest.param(lambda file: file.read_bytes()[:20], id="only a part of the checksum"),
        pytest.param(lambda file: file.read_bytes()[:32], id="only the checksum"),
        pytest.param(lambda file: file.read_bytes()[:-1], id="truncated"),
        pytest.param(
            lambda file: file.read_bytes()[:-9] + bytes([file.read_bytes()[-9] ^ 1]) + file.read_bytes()[-8:], id="one bit"
        ),
        pytest.param(lambda file: b"this is no machine code\n" * 9, id="foreign"),
        pytest.param(lambda file: pickle.dumps(Boom()), id="a pickle that acts, without a checksum"),
        pytest.param(lambda file: signed(Path("kernel-0.nbc"), file.read_bytes()[32:]), id="of another function, renamed"),
        pytest.param(lambda file: signed(file, b""), id="nothing, with its checksum"),
        pytest.param(lambda file: signed(file, pickle.dumps(("of", "another", "numba"))), id="a pickle that numba does not know"),
        pytest.param(lambda file: signed(file, b"cno_such_module\nthing\n."), id="a pickle of a library that is not here"),
    ],
)
def test_a_damaged_file_of_machine_code_is_compiled_and_written_again(one_file, damaged, monkeypatch):
    monkeypatch.chdir(one_file.parent)
    whole = one_file.read_bytes()
    one_file.write_bytes(damaged(one_file))
    assert one_file.read_bytes() != whole
    assert (doubled(), doubled()) == (0, 1)
    assert [file.name for file in one_file.parent.iterdir()] == [
        one_file.name
    ]  # nothing half-written, nothing that the pickle did


def test_a_folder_in_the_place_of_the_file_costs_time_and_leaves_nothing(one_file):
    one_file.unlink()
    one_file.mkdir()
    assert doubled() == 0
    assert list(one_file.parent.iterdir()) == [one_file]


def test_a_full_disk_leaves_nothing_half_written(one_file, monkeypatch):
    one_file.unlink()

    def full(file, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(numba_cache, "_checksum", full)  # after the temporary file is made
        assert doubled() == 0
    assert list(one_file.parent.iterdir()) == []
    assert (doubled(), doubled()) == (0, 1)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners and modes of files here")
class TestOtherUsers:
    def test_machine_code_is_written_for_this_user_alone(self, one_file):
        old = os.umask(0)
        try:
            one_file.unlink()
            one_file.parent.rmdir()
            numba_cache._folder_in.cache_clear()
            assert (doubled(), doubled()) == (0, 1)
        finally:
            os.umask(old)
        assert one_file.parent.stat().st_mode & 0o777 == 0o700
        assert one_file.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o702])
    def test_a_folder_that_others_can_write_to_is_not_trusted(self, one_file, mode):
        one_file.parent.chmod(mode)
        self.assert_not_trusted(one_file)

    def test_a_folder_of_another_user_is_not_trusted(self, one_file, monkeypatch):
        mine = os.getuid()
        there = one_file.parent.rename(one_file.parent.with_name(f"heparin_pk-{mine + 1}"))
        monkeypatch.setattr(os, "getuid", lambda: mine + 1)
        self.assert_not_trusted(there / one_file.name)

    def assert_not_trusted(self, file):
        numba_cache._folder_in.cache_clear()
        kept = file.read_bytes()
        file.write_bytes(signed(file, pickle.dumps(Boom())))
        with pytest.warns(UserWarning, match="machine code is not kept there") as warned:
            assert (doubled(), doubled()) == (0, 0)
        assert [str(file.parent) in str(one.message) for one in warned] == [True]
        assert [one.name for one in file.parent.iterdir()] == [file.name]
        assert file.read_bytes() != kept

    def test_a_file_that_others_can_write_to_is_written_again(self, one_file):
        one_file.chmod(0o666)
        assert (doubled(), doubled()) == (0, 1)
        assert one_file.stat().st_mode & 0o777 == 0o600
