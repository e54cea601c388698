"""The notebooks under Voila in Chromium, as `heparin-pk lab --voila` shows them: pictures, widgets, and no traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import browser
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """The address of a copy of the course under Voila."""
    scratch = tmp_path_factory.mktemp("voila")
    home = scratch / "home"
    browser.own_kernel(home / "jupyter")
    port = browser.free_port()
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "heparin_pk.cli", "lab", "--voila", "--no-browser", f"--port={port}"]
    log = scratch / "voila.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, env=environment, cwd=scratch, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            browser._wait_for(f"http://127.0.0.1:{port}/", server, log)
            yield f"http://127.0.0.1:{port}", scratch / "heparin_pk_course_book"
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # the command and the Voila that it waits for
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_ready_to_be_shown(lecture, tmp_path, file):
    address, copy = lecture
    with browser.page_in_chromium(1280, 900) as page:
        page.goto(f"{address}/voila/render/{file.name}", wait_until="domcontentloaded", timeout=300_000)
        page.locator(".heparin-pk-question, .heparin-pk-bedside").first.wait_for(timeout=300_000)
        page.wait_for_timeout(1500)
        pictures = page.locator(".jp-RenderedMarkdown img")
        assert pictures.count() == file.read_text(encoding="utf-8").count("![")
        for picture in pictures.all():
            assert picture.evaluate("one => one.complete && one.naturalWidth > 100"), picture.get_attribute("src")[:80]
            assert len(picture.get_attribute("alt")) > 20
        text = page.locator("body").inner_text()
        for trouble in ("Traceback", "Error displaying widget", "There was an error when executing cell"):
            assert trouble not in text
        assert page.locator(".jp-InputArea-editor").count() == 0, "no code is shown"
        question = page.locator(".heparin-pk-question").filter(has=page.get_by_role("button", name="Check my answer")).last
        question.locator("input[type=radio]").first.check()
        question.get_by_label("fairly sure (75 %)").check()
        page.wait_for_timeout(500)
        question.locator("button").last.click()
        question.get_by_text("of twenty such answers about 15").wait_for(timeout=60_000)
        page.screenshot(path=tmp_path / "voila.png")
        shutil.copy(tmp_path / "voila.png", tmp_path.parent / f"voila-{file.stem[:2]}.png")
        assert not (copy / "heparin_pk_progress.jsonl").exists(), "an audience's answers are not kept"
