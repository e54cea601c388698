"""The fuzzer finds nothing, and it finds what is planted: a traceback, NaN, a hang, silent nonsense, a refusal without words."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import fuzz
import pytest

pytestmark = pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="no timer")

QUICK = {"cli": 40, "tables": 150, "charts": 150, "courses": 30, "populations": 150, "constructors": 300, "decisions": 12,
         "checkpoints": 8}  # fmt: skip


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_a_sample_of_hostile_input_is_refused_in_words_or_right(target):
    failures, accepted = fuzz.run_target(target, QUICK[target], seed=1)
    assert not failures, fuzz.report(failures, seed=1)
    assert 0 < accepted


@pytest.mark.slow
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_thousands_of_hostile_inputs(target):
    failures, _ = fuzz.run_target(target, 10 * QUICK[target], seed=2)
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
    "a hang": (hangs, "hang", "not finished after 0.3 s"),
    "a refusal without words": (says_nothing, "nonsense", "without words"),
}


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize(
    ("target", "place"), [("tables", "Nomogram.load"), ("charts", "datasets.read_icu_csv"), ("decisions", "titrate")]
)
def test_a_planted_fault_is_found(monkeypatch, planted, target, place):
    fault, kind, words = PLANTED[planted]
    monkeypatch.setattr(f"fuzz.{place}", fault)
    failures, _ = fuzz.run_target(target, 2, seed=1, limit_s=0.3)
    assert failures
    for failure in failures:
        assert failure.kind == kind or (kind == "nonsense" and "not named" in failure.came)
        assert words in failure.came or "not named" in failure.came
    assert f"--target {target} --first" in fuzz.report(failures, seed=1)


def test_planted_nan_is_found(monkeypatch):
    monkeypatch.setattr("heparin_pk.cli.parser.run_models", gives_nan)
    failures = [fuzz.run_case("cli", i, seed=1, folder=fuzz.Path("/")) for i in ()]
    with pytest.raises(fuzz.WrongError, match="not finite"):
        fuzz.said_right(["models"], fuzz.Path())
    assert not failures


def test_planted_nonsense_is_found(monkeypatch):
    right = fuzz.Patient.__post_init__
    monkeypatch.setattr(fuzz.Patient, "__post_init__", lambda self: right(replace_nan(self)))
    failures, _ = fuzz.run_target("constructors", 1500, seed=1)
    assert any(one.kind == "nonsense" and "NaN was accepted" in one.came for one in failures)


def replace_nan(patient):
    return fuzz.Patient(weight_kg=80) if isinstance(patient.weight_kg, float) and math.isnan(patient.weight_kg) else patient


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
