"""A fingerprint differs where numbers may differ, and only there; a controller's memory stays with its patient."""

import collections
import enum
import functools
import importlib.util
import itertools
import math
import os
import pathlib
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest

from heparin_pk import Arm, Decision, Decisions, Infusion, Laboratory, Nomogram, Population, Trial, hospital, published
from heparin_pk.base.fingerprint import fingerprint
from heparin_pk.simulation.cohort import titrate_cohort

RASCHKE = Nomogram.load("raschke-1993")


class Rate:
    """A controller of one's own: a rate kept in an object of its own, which its repr does not show."""

    name, assay, target = "rate", "aptt_s", RASCHKE.target

    def __init__(self, rate_u_per_h):
        self.inner = [{"deep": Box(rate_u_per_h)}]

    def decide(self, situation):
        return Decision(orders=(Infusion(time_h=situation.time_h, rate_u_per_h=self.inner[0]["deep"].value),), next_draw_h=None)


class Box:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def rate_trial(rate):
    return Trial(population=Population(), arms=[Rate(rate)], hours=24.0)


def test_two_settings_of_ones_own_controller_are_two_trials(tmp_path):
    low = rate_trial(500).run(3, seed=1, checkpoint=tmp_path / "kept", progress=False)
    assert low.estimate("rate", "heparin_given_u").mean == pytest.approx(12_000)
    with pytest.raises(ValueError, match="holds the chunks of another trial"):
        rate_trial(2000).run(3, seed=1, checkpoint=tmp_path / "kept", progress=False)
    high = rate_trial(2000).run(3, seed=1, progress=False)
    assert high.estimate("rate", "heparin_given_u").mean == pytest.approx(48_000)
    assert rate_trial(500).fingerprint(3, 1) == rate_trial(500).fingerprint(3, 1)


# What must differ, what must not


def made(source, **names):
    """Return the class or function called X that this source defines, as in a notebook: there is no file of it."""
    space = {"__name__": "__main__", "np": np, **names}
    exec(textwrap.dedent(source), space)
    return space["X"]


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Record:
    value: object


def closure(value):
    def inner(x=1):
        return x * value

    return inner


def ring(value):
    one = Record([value])
    one.value.append(one)
    return one


METHOD = "class X:\n    def decide(self, s):\n        return {0}\n"
VALUES = {
    "numbers": (1, 2, 1.0, True, None, math.nan, math.inf, 0.0, -0.0, 1j, np.float64(1), np.float32(1), np.int64(1)),
    "texts": ("1", b"1", "", "é"),
    "sequences": ((1, 2), [1, 2], (2, 1), ((1,), 2), (1, (2,)), {1, 2}, frozenset({1, 2}), range(3)),
    "dictionaries": ({"a": 1}, {"a": 2}, {"b": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 1}),  # code sees the order
    "arrays": (np.zeros(4), np.zeros(4, dtype=np.float32), np.zeros((2, 2)), np.ones(4), np.array([None, 1]), np.array(["a"])),
    "records": (Record(1), Record(2), Record(Record(1)), Box(1), Box(2), ring(1), ring(2)),
    "enums and paths": (Colour.RED, Colour.BLUE, Colour, pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b")),
    "closures": (closure(1), closure(2)),
    "lambdas": (lambda x: x + 1, lambda x: x + 2, lambda x, y=1: x, lambda x, y=2: x, lambda x, *, y=2: x),
    "partials": (functools.partial(closure, 1), functools.partial(closure, 2), functools.partial(closure, value=1)),
    "bound methods": (Box(1).__init__, Box(2).__init__, Rate(1).decide, Rate(2).decide),
    "functions of C": (math.sin, math.cos, np.exp, np.log, len, [1].append, [2].append),
    "iterators": (itertools.count(1), itertools.count(2), iter([1, 2]), iter([1, 3])),
    "random generators": (np.random.default_rng(1), np.random.default_rng(2), np.random.default_rng(1).spawn(1)[0]),
    "methods of a notebook": [
        made(METHOD.format(code))() for code in ("500", "2000", "s.x", "s.y", "[one for one in s]", "lambda: 1")
    ],
    "class attributes": [made(f"class X:\n    rate = {rate}")() for rate in (500, 2000)],
    "base classes": [made(f"class B:\n    rate = {rate}\nclass X(B): pass")() for rate in (500, 2000)],
    "dataclass defaults": [made(f"@dataclass\nclass X:\n    rate: float = {rate}", dataclass=dataclass) for rate in (5, 6)],
    "static, class and cached": [
        made(f"class X:\n    @{kind}\n    def f(x): return {value}", functools=functools)()
        for kind in ("staticmethod", "classmethod", "property", "functools.cached_property", "functools.cache")
        for value in (1, 2)
    ],
    "globals of a notebook": [made(METHOD.format("RATE"), RATE=rate)() for rate in (500, 2000, [1], [2])],
    "functions that a method calls": [made(f"def help(): return {rate}\n" + METHOD.format("help()"))() for rate in (500, 2000)],
    "subclasses of the package": [made(f"class X(Nomogram):\n    more = {more}", Nomogram=Nomogram) for more in (1, 2)],
    "containers of one's own": [
        made(f"class X({base}): pass", deque=collections.deque)(content)
        for base in ("list", "tuple", "set", "deque", "np.ndarray")
        for content in ((1, 2), (3, 4))
        if not (base == "np.ndarray" and content == (1, 2))
    ],
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_what_differs_has_another_fingerprint(values):
    prints = [fingerprint(value) for value in values]
    assert len(set(prints)) == len(prints), [value for value, one in zip(values, prints, strict=True) if prints.count(one) > 1]
    assert prints == [fingerprint(value) for value in values], "the same twice"


def test_what_calculates_the_same_has_the_same_fingerprint():
    assert fingerprint(made(METHOD.format("500 # so"))()) == fingerprint(made(METHOD.format("500"))())
    assert fingerprint(closure(3)) == fingerprint(closure(3))
    assert fingerprint({"c", "a", "b"}) == fingerprint({"b", "c", "a"})
    assert fingerprint(np.zeros((2, 3), order="F")) == fingerprint(np.zeros((2, 3)))
    one, other = Box(1), Record(1)
    two = made("class X: pass")()
    two.a, two.b = one, other
    three = type(two)()
    three.b, three.a = Record(1), Box(1)
    assert fingerprint(two) == fingerprint(three), "the order in which attributes are set says nothing"
    lazy = made("class X:\n    @functools.cached_property\n    def f(self): return 1", functools=functools)()
    before = fingerprint(lazy)
    assert lazy.f == 1
    assert fingerprint(lazy) == before
    trial = rate_trial(500)
    before = trial.fingerprint(4, 1)
    trial.run(4, seed=1, progress=False)
    trial.course("rate", 1, seed=1)
    assert trial.fingerprint(4, 1) == before, "a run changes nothing"


def test_every_field_of_a_trial_counts():
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[RASCHKE])
    others = [
        replace(trial, arms={"other": RASCHKE}),
        replace(trial, arms=[Arm(controller=RASCHKE, laboratory=Laboratory(turnaround_h=1.5))]),
        replace(trial, hours=47.0),
        replace(trial, ward_errors=hospital.REAL_WARD),
        replace(trial, population=replace(trial.population, varies=False)),
        replace(trial, drug=replace(trial.drug, name="another")),
        replace(trial, laboratory=Laboratory(cv_fraction=0.01)),
        replace(trial, common_range=RASCHKE.target),
    ]
    prints = [
        trial.fingerprint(5, 1),
        trial.fingerprint(6, 1),
        trial.fingerprint(5, 2),
        *(one.fingerprint(5, 1) for one in others),
    ]
    assert len(set(prints)) == len(prints)


def test_another_version_of_the_package_is_another_trial(monkeypatch):
    before = rate_trial(500).fingerprint(3, 1)
    monkeypatch.setattr("heparin_pk.__version__", "999")
    assert rate_trial(500).fingerprint(3, 1) != before


def test_a_module_of_ones_own_counts(tmp_path, monkeypatch):
    """What a method reads from a module beside the notebook, imported at the top or by the method itself."""
    monkeypatch.syspath_prepend(tmp_path)
    prints = set()
    for rate in (500, 2000):
        (tmp_path / "mine_beside.py").write_text(f"RATE = {rate}\nOTHER = 1\n", encoding="utf-8")
        sys.modules.pop("mine_beside", None)
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location("mine_beside", tmp_path / "mine_beside.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        prints.add(fingerprint(made(METHOD.format("mine_beside.RATE"), mine_beside=module)()))
        late = "class X:\n    def decide(self, s):\n        from mine_beside import RATE\n        return RATE\n"
        prints.add(fingerprint(made(late)()))
    assert len(prints) == 4


@pytest.mark.slow
def test_a_fingerprint_is_the_same_in_every_process():
    code = (
        "import numpy as np\n"
        "from heparin_pk import *\n"
        "from heparin_pk.base.fingerprint import fingerprint\n"
        "class Mine:\n"
        "    assay, words = 'aptt_s', {'one', 'two', 'three', 'four'}\n"
        "    target = Nomogram.load('raschke-1993').target\n"
        "    def __init__(self): self.rule = lambda x: x in {'a', 'b', 'c'}\n"
        "    def decide(self, s): return Decision(orders=(Infusion(time_h=s.time_h, rate_u_per_h=np.sqrt(len(self.words))),))\n"
        "print(Trial(population=hospital.THROMBOSIS_WARD, arms=[Mine()]).fingerprint(3, 1))\n"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True,
                       text=True, check=True, timeout=120).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1


# What cannot be compared


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (lambda: open(__file__, encoding="utf-8"), "TextIOWrapper"),  # noqa: SIM115
        (lambda: (one for one in "ab"), "generator"),
        (threading.Lock, "lock"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name_and_runs_without_a_checkpoint(thing, words, tmp_path):
    controller = Rate(500)
    controller.inner[0]["kept"] = held = thing()
    trial = Trial(population=Population(), arms=[controller], hours=2.0)
    with pytest.raises(
        ValueError, match=r"trial.arms\[0\]\[1\].controller.inner\[0\]\['kept'\] cannot be compared: a .*" + words
    ):
        trial.run(3, seed=1, checkpoint=tmp_path / "kept", progress=False)
    assert not (tmp_path / "kept").exists()
    if hasattr(held, "close"):
        held.close()
    nested = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ValueError, match="value is nested too deeply"):
        fingerprint(nested)


# A controller with memory


class Counts:
    """Gives a little more at each of its decisions: in its own memory, in that of its class, or in a global list."""

    name, assay, target = "counts", "aptt_s", RASCHKE.target
    seen_by_all = []  # noqa: RUF012  the mistake that is tested

    def __init__(self, where="own"):
        self.seen, self.where = [], where

    def memory(self):
        return {"own": self.seen, "class": self.seen_by_all, "global": SEEN}[self.where]

    def decide(self, situation):
        self.memory().append(situation.time_h)
        rate = 800.0 + 100.0 * len(self.memory())
        return Decision(orders=(Infusion(time_h=situation.time_h, rate_u_per_h=rate),), next_draw_h=situation.time_h + 6.0)


SEEN = []


def counting(controller):
    return Trial(population=hospital.THROMBOSIS_WARD, arms=[controller], hours=25.0)


def test_a_controller_with_memory_knows_only_its_patient():
    controller = Counts()
    whole = counting(controller).run(12, seed=3, progress=False)
    parts = counting(controller).run(12, seed=3, people_per_chunk=5, progress=False)
    assert whole.summary() == parts.summary()
    assert (whole.columns("counts")["last_rate_u_per_kg_per_h"] * whole.columns("counts")["weight_kg"]) == pytest.approx(1200.0)
    courses = [counting(controller).course("counts", i, seed=3) for i in (0, 7, 7)]
    for i, course in zip((0, 7, 7), courses, strict=True):
        assert course.concentration_u_per_ml.max() == whole.columns("counts")["peak_u_per_ml"][i]
    assert controller.seen == [], "the caller's own was never asked"


@pytest.mark.parametrize("where", ["class", "global"])
def test_a_memory_that_all_patients_share_is_refused(where):
    with pytest.raises(ValueError, match="controller counts changed while it decided.*keep what it remembers in the controller"):
        counting(Counts(where)).run(3, seed=1, progress=False)


def test_a_controller_that_cannot_be_copied_is_refused():
    controller = Counts()
    controller.lock = threading.Lock()
    for run in (lambda: counting(controller).run(3, seed=1, progress=False), lambda: counting(controller).course("counts", 0)):
        with pytest.raises(ValueError, match="controller counts cannot be copied.*lock"):
            run()


class RemembersMany:
    """Decides for many, and remembers how many it was asked about; or draws its own random numbers."""

    name, assay, looks_back, target = "remembers", "aptt_s", 1, RASCHKE.target

    def __init__(self, how):
        self.how, self.asked, self.rng = how, 0, np.random.default_rng(1)

    def decide(self, situation):
        raise AssertionError

    def decide_many(self, seen):
        none = np.zeros(len(seen.time_h))
        if self.how == "counts":
            self.asked += len(none)
        rate = self.rng.uniform(500, 900, len(none)) if self.how == "rolls dice" else none + 800.0 + self.asked
        return Decisions(bolus_u=none, bolus_over_min=none, hold_min=none, rate_u_per_h=rate, next_draw_h=seen.time_h + 6)


@pytest.mark.parametrize("how", ["counts", "rolls dice"])
def test_a_controller_for_many_must_not_remember(how):
    for trial in (counting(RemembersMany(how)), replace(counting(RemembersMany(how)), ward_errors=hospital.REAL_WARD)):
        with pytest.raises(ValueError, match="controller remembers changed while it decided.*decide_many must not remember"):
            trial.run(3, seed=1, progress=False)
    counting(RemembersMany("not")).run(3, seed=1, progress=False)
    cohort = Population().cohort(published.UFH_DEFAULT, np.arange(2), seed=1)
    with pytest.raises(ValueError, match="decide_many must not remember"):
        titrate_cohort(cohort, published.UFH_DEFAULT, RemembersMany(how), hours=8)
