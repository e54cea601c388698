"""Trials in several processes, called from a script, from a script without a guard, and from a notebook."""

import os
import subprocess
import sys

import pytest

RUN = """
from heparin_pk import Nomogram, Trial, hospital
print("begins")
trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993"){more}], hours=8.0)
print(trial.run(200, seed=7, workers=2, people_per_chunk=60, progress=False).n)
"""
RULE = """
from heparin_pk import Nomogram

class Mine:
    \"\"\"The table of 1993 under another name.\"\"\"

    name, looks_back = "mine", 2
    _table = Nomogram.load("raschke-1993")
    assay, target = _table.assay, _table.target

    def decide(self, situation):
        return self._table.decide(situation)

    def decide_many(self, situations):
        return self._table.decide_many(situations)
"""


def run(tmp_path, text, *, as_script=True):
    """Run a text as a script, or as a notebook does, where the code has no file."""
    (tmp_path / "script.py").write_text(text)
    how = [str(tmp_path / "script.py")] if as_script else ["-c", text]
    return subprocess.run(
        [sys.executable, *how], capture_output=True, text=True, cwd=tmp_path, env=os.environ, timeout=120, check=False
    )


def test_a_script_without_a_guard_runs_once(tmp_path):
    done = run(tmp_path, RUN.format(more=""))
    assert (done.returncode, done.stdout, done.stderr) == (0, "begins\n200\n", "")


@pytest.mark.parametrize(
    ("as_script", "words"),
    [
        (True, "uses something that script.py defines, and each worker would run all of that script: put what it runs under 'if"),
        (False, "uses something that is defined in the notebook, which other processes cannot see: write it into a file"),
    ],
)
def test_a_rule_that_other_processes_cannot_see_is_refused_in_words(tmp_path, as_script, words):
    done = run(tmp_path, RULE + RUN.format(more=", Mine()"), as_script=as_script)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stdout == "begins\n"


@pytest.mark.slow
def test_a_rule_of_a_script_with_a_guard_runs_in_several_processes(tmp_path):
    guarded = "if __name__ == '__main__':\n" + "\n".join("    " + line for line in RUN.format(more=", Mine()").splitlines())
    done = run(tmp_path, RULE + guarded)
    assert (done.returncode, done.stdout, done.stderr) == (0, "begins\n200\n", "")
