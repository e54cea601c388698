"""Time from a key to the painted picture, for every live picture of the notebooks, in JupyterLab and headless Chromium.

Run: ``python benchmarks/widgets.py`` (all) or ``python benchmarks/widgets.py patients nomograms``; prints one table. Needs the
extras "test" and a Chromium, as the browser tests do.

Each widget stands in a notebook of its own. The time is measured in the page: from the ``timeStamp`` of the key to the end of the
frame that shows the changed picture. A drag moves the mouse over the slider for two seconds. A blank frame is one in which the
picture is not there. Kernel milliseconds are measured without a browser: one change of the control, from its message to the
messages of the new picture; of the processor, so that a busy machine changes them little.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))

PROMPT = (
    ()
    if "AS_JUPYTER" in os.environ
    else ("--ServerApp.kernel_websocket_connection_class=heparin_pk.cli.websocket.PromptConnection",)
)
"""The connection that ``heparin-pk lab`` uses; with ``AS_JUPYTER`` in the environment, that of a plain ``jupyter lab``."""
PRESSES = 40
DRAG_S = 2.0

# widget, arguments, label of the control, kind of control; a slider is also dragged
MEASURED = (
    ("bedside", "predict=False", "infusion (U/kg/h)", "slider"),
    ("half_life", "predict=False", "bolus (U/kg)", "slider"),
    ("overlay", "", "infusion (U/kg/h)", "slider"),
    ("overlay", "", "assay", "list"),
    ("blood", "predict=False", "baseline aPTT (s)", "slider"),
    ("patients", "predict=False", "weight (kg)", "slider"),
    ("patients", "predict=False", "age (years)", "slider"),
    ("indications", "", "weight (kg)", "slider"),
    ("indications", "", "reason", "list"),
    ("validation", "predict=False", "group", "list"),
    ("nomograms", "predict=False", "patients", "slider"),
    ("nomograms", "predict=False", "compared with", "list"),
    ("nomograms", "predict=False", "picture", "list"),
    ("tube", "predict=False", "heparin (U/mL)", "slider"),
    ("resisting_plasma", "predict=False", "heparin (U/mL)", "slider"),
    ("platelet_days", "predict=False", "today (day)", "slider"),
    ("hit_tests", "predict=False", "timing (points)", "slider"),
    ("one_day_late", "predict=False", "waiting (days)", "slider"),
    ("instead_of_heparin", "predict=False", "weight (kg)", "slider"),
    ("after_the_stop", "predict=False", "given after (min)", "slider"),
    ("protamine_by_time", "predict=False", "since the bolus (min)", "slider"),
    ("one_fault", "predict=False", "error", "list"),
    ("buy_checks", "predict=False", "minutes to spend", "slider"),
)

WATCH = """
() => {
  const root = document.querySelector('.heparin-pk-bedside, .heparin-pk');
  const token = () => {
    const live = root.querySelector('.heparin-pk-picture');
    if (live) return live.dataset.change;
    const lines = [...root.querySelectorAll('g[data-track=you] path')];
    if (lines.length) return lines.map((line) => line.getAttribute('d')).join();
    return root.querySelector('img[alt]')?.src;  // a picture that is not live
  };
  const there = () => {
    const picture = root.querySelector('svg[role=img], .heparin-pk-picture [role=alert], img[alt]');
    const isDrawn = picture && (picture.childElementCount > 0 || picture.textContent || picture.naturalWidth > 0);
    return isDrawn && picture.getClientRects().length > 0;
  };
  const seen = window.heparinSeen = {times: [], blank: 0, frames: 0, shown: [], moved: 0, token};
  let pressed = null, before = token();
  document.addEventListener('keydown', (event) => { pressed = event.timeStamp; before = token(); }, true);
  document.addEventListener('pointermove', (event) => { seen.moved = event.timeStamp; }, true);
  let last = before;
  const check = () => {
    seen.frames += 1;
    if (!there()) seen.blank += 1;
    const now = token();
    if (now !== last) {
      last = now;
      const channel = new MessageChannel(), since = pressed, isNew = now !== before;
      if (isNew) pressed = null;
      channel.port1.onmessage = () => {  // after this frame is painted
        seen.shown.push(performance.now());
        if (since !== null && isNew) seen.times.push(performance.now() - since);
      };
      channel.port2.postMessage(0);
    }
    requestAnimationFrame(check);
  };
  check();
}
"""

IN_KERNEL = """
import json, sys, time
import matplotlib
matplotlib.use("Agg")
from heparin_pk import widgets
name, arguments, label, kind, presses = sys.argv[1:]
if name == "nomograms":
    from heparin_pk.widgets import scenes
    if hasattr(scenes, "compile_loops"):
        scenes._load_loops(scenes.compile_loops())
one = eval(f"widgets.{name}({arguments})")
def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)
control = next(part for part in walk(one) if getattr(part, "description", "") == label and hasattr(part, "value"))
times = []
if hasattr(one, "_drawn"):  # what is refined beside the kernel is not its time
    drawn = one._drawn
    one._drawn = lambda: drawn() and None
for i in range(int(presses)):
    if kind == "slider":
        name, value = "value", control.value + control.step
        value = value if value <= control.max else control.min
    else:
        name, value = "index", (control.index + 1) % len(control.options)
    before = time.process_time()
    setattr(control, name, value)
    times.append(1000 * (time.process_time() - before))
print(json.dumps(times))
"""


def in_kernel(name: str, arguments: str, label: str, kind: str) -> list[float]:
    """Return the milliseconds of changes of a control in a process of its own, without a browser."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_KERNEL, name, arguments, label, kind, str(PRESSES)],
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(found.stdout.splitlines()[-1]))


def quantile(values: list[float], share: float) -> float:
    """Return a quantile, the nearest value below."""
    return sorted(values)[int(share * (len(values) - 1))] if values else float("nan")


def middle_and_95(values: list[float]) -> str:
    """Return the median and the 95th percentile."""
    return f"{statistics.median(values):.0f} / {quantile(values, 0.95):.0f}" if values else "–"


def in_browser(page, address: str, name: str, label: str, kind: str, shot: Path | None) -> dict[str, str]:
    """Return what one control of one widget does in JupyterLab."""
    import browser  # noqa: PLC0415

    browser.open_notebook(page, address, f"{name}.ipynb")
    browser.run_all(page)
    root = page.locator(".heparin-pk-bedside, .heparin-pk").first
    root.locator("svg[role=img], img[alt]").first.wait_for(timeout=120_000)
    page.wait_for_timeout(
        {"nomograms": 9_000, "validation": 60_000, "tube": 20_000, "resisting_plasma": 20_000, "one_fault": 9_000}.get(
            name, 2_500
        )
    )  # all that is prepared is ready
    page.evaluate(WATCH)
    control = root.locator(".widget-inline-hbox", has=page.get_by_text(label, exact=True)).first
    handle = control.locator("[role=slider]" if kind == "slider" else "select").first
    handle.focus()
    forward = True
    for i in range(PRESSES):
        known = len(page.evaluate("() => heparinSeen.times"))
        now, last = (
            handle.evaluate("h => ['aria-valuenow', 'aria-valuemax'].map(name => Number(h.getAttribute(name)))")
            if kind == "slider"
            else handle.evaluate("s => [s.selectedIndex, s.options.length - 1]")
        )
        forward = now < last and (forward or now == 0 or i == 0)
        handle.press({"slider": ("ArrowLeft", "ArrowRight"), "list": ("ArrowUp", "ArrowDown")}[kind][forward])
        try:
            page.wait_for_function("n => heparinSeen.times.length > n", arg=known, timeout=8_000)
        except Exception:
            continue
        page.wait_for_timeout(120)
    seen = page.evaluate("() => heparinSeen")
    found = {"key": middle_and_95(seen["times"]), "n": str(len(seen["times"])), "drag": "–", "lag": "–"}
    if kind == "slider":
        box = handle.bounding_box()
        track = control.locator(".noUi-base").first.bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        page.evaluate("() => { heparinSeen.shown.length = 0; }")
        begun, steps = time.monotonic(), 0
        while (passed := time.monotonic() - begun) < DRAG_S:
            place = abs(((passed / DRAG_S * 2.0) % 2.0) - 1.0)  # there and back
            page.mouse.move(track["x"] + (0.05 + 0.9 * place) * track["width"], y)
            steps += 1
            page.wait_for_timeout(12)
        page.mouse.up()
        page.wait_for_timeout(1_500)
        after = page.evaluate("() => heparinSeen")
        drawn = [at for at in after["shown"] if at <= after["moved"]]
        late = [at - after["moved"] for at in after["shown"] if at > after["moved"]]
        found["drag"] = f"{len(drawn) / DRAG_S:.0f}"
        found["lag"] = f"{late[-1]:.0f}" if late else "0"
    found["blank"] = str(page.evaluate("() => heparinSeen.blank"))
    if shot is not None:
        page.screenshot(path=shot / f"{name}-{label.split(maxsplit=1)[0]}.png")
    browser.close_kernel(page)
    return found


def main() -> None:
    """Measure and print the table."""
    import browser  # noqa: PLC0415

    wanted = sys.argv[1:] or sorted({name for name, *_ in MEASURED})
    shot = Path(os.environ["SHOTS"]) if "SHOTS" in os.environ else None
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {load:.1f}, Python {platform.python_version()}")
    print("| widget | control | key → picture, ms: median / p95 | n | drag, pictures/s | lag, ms | blank | kernel, CPU ms |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        course.mkdir()
        for name, arguments, *_ in MEASURED:
            code = f"from heparin_pk import widgets\nwidgets.{name}({arguments})"
            cell = {"cell_type": "code", "id": "one", "metadata": {}, "outputs": [], "execution_count": None, "source": code}
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
            text = json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
            (course / f"{name}.ipynb").write_text(text)
        with browser.jupyterlab(course, Path(folder), *PROMPT) as address:
            for name, arguments, label, kind in MEASURED:
                if name not in wanted:
                    continue
                with browser.page_in_chromium(1400, 1000) as page:
                    found = in_browser(page, address, name, label, kind, shot)
                kernel_ms = middle_and_95(in_kernel(name, arguments, label, kind))
                cells = (name, label, found["key"], found["n"], found["drag"], found["lag"], found["blank"], kernel_ms)
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
