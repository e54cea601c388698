"""The fuzzer finds nothing, and it finds what is planted: a traceback, NaN, a hang, silent nonsense, a refusal without words."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace

import fuzz
import pytest

pytestmark = pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="no timer")

QUICK = {"cli": 25, "tables": 80, "charts": 80, "courses": 20, "populations": 80, "constructors": 250, "decisions": 8,
         "checkpoints": 5}  # fmt: skip


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_a_sample_of_hostile_input_is_refused_in_words_or_right(target):
    failures, accepted = fuzz.run_target(target, QUICK[target], seed=1)
    assert not failures, fuzz.report(failures, seed=1)
    assert accepted > 0


@pytest.mark.slow
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_thousands_of_hostile_inputs(target):
    failures, _ = fuzz.run_target(target, 20 * QUICK[target], seed=2)
    assert not failures, fuzz.report(failures, seed=2)


def raises(*_, **__):
    raise TypeError("planted")


def hangs(*_, **__):
    while True:
        time.sleep(0.01)


def says_nothing(*_, **__):
    raise ValueError("")


def gives_nan(*_, **__):
    print('{"level": NaN}')


PLANTED = {
    "a TypeError": (raises, "traceback", "TypeError: planted (test_fuzz.py"),
    "a hang": (hangs, "hang", "not finished after 0.1 s"),
    "a refusal without words": (says_nothing, "nonsense", "without words"),
}


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize(
    ("target", "place"), [("tables", "Nomogram.load"), ("charts", "datasets.read_icu_csv"), ("decisions", "titrate")]
)
def test_a_planted_fault_is_found(monkeypatch, planted, target, place):
    fault, kind, words = PLANTED[planted]
    monkeypatch.setattr(f"fuzz.{place}", fault)
    failures, _ = fuzz.run_target(target, 2, seed=1, limit_s=0.1 if planted == "a hang" else 10.0)
    assert failures
    for failure in failures:
        assert failure.kind == kind
        assert words in failure.came or "the file is not named" in failure.came
    assert f"--target {target} --first" in fuzz.report(failures, seed=1)


def test_planted_nan_on_the_command_line_is_found(monkeypatch):
    monkeypatch.setattr("heparin_pk.cli.parser.run_simulate", gives_nan)
    failures, _ = fuzz.run_target("cli", 12, seed=1)
    assert any("not finite" in one.came for one in failures)


def test_a_check_that_lets_nan_through_is_found(monkeypatch):
    for name, module in list(sys.modules.items()):
        if name.startswith("heparin_pk.") and hasattr(module, "check_between"):
            monkeypatch.setattr(module, "check_between", lambda name, value, low, high: value)
    failures, _ = fuzz.run_target("constructors", 200, seed=1)
    assert any("NaN was accepted" in one.came for one in failures)
    assert any("must be <class 'float'>; accepted" in one.came for one in failures)


def test_a_number_is_not_silently_lost(monkeypatch):
    real = fuzz.Population.from_csv.__func__
    monkeypatch.setattr(fuzz.Population, "from_csv", classmethod(lambda cls, file: older(real(cls, file))))
    failures, _ = fuzz.run_target("populations", 20, seed=1)
    assert any("right is" in one.came for one in failures)


def older(population):
    return replace(population, table=tuple((name, values[::-1]) for name, values in population.table))


def test_a_case_can_be_run_alone_and_the_exit_code_tells(monkeypatch, capsys):
    assert fuzz.fuzz(["--target", "tables", "--first", "7", "--cases", "1"]) == 0
    monkeypatch.setattr(fuzz.Nomogram, "load", raises)
    assert fuzz.fuzz(["--target", "tables", "--first", "7", "--cases", "1"]) == 1
    assert "again: python tests/fuzz.py --seed 1 --target tables --first 7 --cases 1" in capsys.readouterr().out


def test_what_the_fuzzer_found_is_refused_by_name():
    drug = fuzz.published.UFH_DEFAULT
    value = drug.parameters[0].value
    course = fuzz.a_course()[2]
    for make, words in (
        (lambda: replace(drug, departures=math.nan), "departures must be a text; got nan"),
        (lambda: replace(drug, departures=None), "departures must be a text; got None"),
        (lambda: replace(drug, built_from=3), "built_from must be a list of Source; got 3"),
        (lambda: replace(drug, built_from=("a paper",)), "built_from must be a Source; got 'a paper'"),
        (lambda: replace(drug, variability=-1), "variability must be a list of Variability; got -1"),
        (lambda: replace(drug, between_occasions={}), "between_occasions must be a list of Variability; got {}"),
        (lambda: replace(drug, residual=3), "residual must be a list of Residual; got 3"),
        (lambda: replace(drug, covariate_effects=1e308), "covariate_effects must be a list of Covariate; got 1e+308"),
        (lambda: replace(drug, transits=True), "transits must be one of 1, 2; got True"),
        (lambda: replace(drug, transits=3), "transits must be one of 1, 2; got 3"),
        (lambda: replace(drug.parameters[0], name=[80]), "name must be a field of Kinetics, or one per kg; got [80]"),
        (lambda: replace(drug.variability[0], correlates_with={}), "correlates_with must be a name, or empty; got {}"),
        (
            lambda: replace(fuzz.hospital.WEIGHT_WOMEN, correlates_with=None),
            "correlates_with must be a feature, or empty; got None",
        ),
        (lambda: replace(drug.studied, weight_kg=("a", "b")), "weight_kg studied must be a rising pair of numbers or None"),
        (lambda: replace(value, value=10**400), "a value must be a finite number; got 1000"),
        (lambda: fuzz.Population(table=(True,)), "a column must be a pair of its name and a tuple of its values; got True"),
        (lambda: fuzz.Regimen(fuzz.np.array(1.0)), "orders must be a list of orders; got array(1.)"),
        (lambda: replace(course, entries=course.entries[::-1]), "entries must stand in the order of time; got 2 h, then 0 h"),
    ):
        with pytest.raises(ValueError) as caught:
            make()
        assert words in str(caught.value)
