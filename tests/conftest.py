"""One profile for every property test: the same examples on every machine, and no stopwatch on a busy one.

A shell that starts the tests in the background makes them ignore Ctrl-C, and their programs inherit that.
Here Ctrl-C is heard again, because some tests send it to a program.
A file of tests stays on one worker; the tests of every notebook, the longest, are handed out notebook by notebook.
"""

import re
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab over a copy of the notebooks and of the figures they show; its address."""
    import browser

    root, scratch = Path(__file__).resolve().parents[1], tmp_path_factory.mktemp("jupyterlab")
    browser.chromium()  # a machine without one fails here
    shutil.copytree(root / "notebooks", scratch / "course" / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(root / "figures", scratch / "course" / "figures")
    with browser.jupyterlab(scratch / "course", scratch) as address:
        yield address


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand out the tests of one file, or of one notebook, to one worker."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrNotebook(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            notebook = re.search(r"[-\[](\d\d)[]-]", nodeid) if file.endswith("test_browser_every_notebook.py") else None
            return f"{file} {notebook[1]}" if notebook else file

    return ByFileOrNotebook(config, log) if config.getvalue("dist") == "loadfile" else None
