"""The drawn prediction in JupyterLab and Chromium: drawn right and wrong with a pointer and with keys alone."""

from __future__ import annotations

import math
from pathlib import Path

import browser
import pytest
from axe_playwright_python.sync_playwright import Axe

from heparin_pk.widgets.predictions import _HOURS, _decay

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
SECOND = "02-why-is-the-half-life-not-a-number.ipynb"
CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.type + cell.model.id)"
IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
ONE_HALF_LIFE = [max(0.05, 8.0 * 2.0 ** (-60.0 * hour / 71.0)) for hour in _HOURS]


@pytest.fixture
def page(lab):
    with browser.page_in_chromium(1400, 1000) as page:
        browser.open_notebook(page, lab, f"notebooks/{SECOND}")
        browser.run_all(page)
        page.wait_for_function("() => document.querySelector('svg.heparin-pk-draw')?.dataset.heparinPk", timeout=60_000)
        assert browser.cells_in_error(page) == []
        yield page
        assert browser.cells_in_error(page) == []
        browser.close_kernel(page)


def drawing(page):
    """Return the widget and its axes, in view."""
    axes = page.locator("svg.heparin-pk-draw")
    axes.scroll_into_view_if_needed()
    box = None
    while box != (box := axes.bounding_box()):  # pictures above may still be coming
        page.wait_for_timeout(400)
    return page.locator(".heparin-pk").filter(has=axes), axes


def place(axes, hour: float, level: float) -> tuple[float, float]:
    """Return where a level at an hour stands on the page, read off the ticks of the axes."""
    box = axes.bounding_box()
    texts = axes.locator("text").evaluate_all(
        """all => all.map((t) => [t.textContent, t.getBoundingClientRect()])
            .map(([words, box]) => [words, box.x + box.width / 2, box.y + box.height / 2])"""
    )
    hours = {w: x for w, x, y in texts if w in ("0", "8")}
    levels = {w: y for w, x, y in texts if w in ("0.1", "10")}
    x = hours["0"] + (hours["8"] - hours["0"]) * hour / 8.0
    y = levels["0.1"] + (levels["10"] - levels["0.1"]) * math.log(level / 0.1) / math.log(100.0)
    assert box["x"] <= x <= box["x"] + box["width"]
    return x, y


def drag(page, axes, levels) -> None:
    """Draw a curve in one stroke, four events for each hour."""
    axes.scroll_into_view_if_needed()  # a verdict below may have moved them out of view
    steps = [hour / 4.0 for hour in range(33)]
    logs = [math.log(level) for level in levels]
    page.mouse.move(*place(axes, 0.0, levels[0]))
    page.mouse.down()
    for hour in steps:
        low = min(int(hour), 7)
        level = math.exp(logs[low] + (logs[low + 1] - logs[low]) * (hour - low))
        page.mouse.move(*place(axes, hour, level))
    page.mouse.up()


def press(page, axes, levels) -> None:
    """Draw a curve with keys alone: Tab from hour to hour, the arrow keys and the page keys for the level."""
    axes.locator(".heparin-pk-point").first.focus()
    for i, level in enumerate(levels):
        point = axes.locator(".heparin-pk-point").nth(i)
        assert point.evaluate("e => e === document.activeElement"), "the Tab key leads from hour to hour"
        for _ in range(200):
            now = float(point.get_attribute("aria-valuenow"))
            is_drawn = point.get_attribute("aria-valuetext") != "not drawn yet"
            if is_drawn and abs(math.log(now / level)) < 0.04:
                break
            page.keyboard.press("ArrowUp" if not is_drawn or now < level else "ArrowDown")
        assert point.get_attribute("aria-valuetext") == f"{float(point.get_attribute('aria-valuenow')):g} U/mL"
        page.keyboard.press("Tab")


def drawn(axes) -> list[float]:
    return [float(point.get_attribute("aria-valuenow")) for point in axes.locator(".heparin-pk-point").all()]


def give(page, root) -> str:
    """Say how sure, press the button, and return the verdict."""
    root.get_by_label("fairly sure (75 %)").check()
    page.wait_for_timeout(500)  # a hand, too, is slower than the kernel
    page.wait_for_function(IDLE, timeout=120_000)
    root.get_by_role("button", name="Show what happens").click()
    said = root.locator("[role=status]").first
    said.get_by_text("farthest off").wait_for(timeout=120_000)
    return said.text_content()


@pytest.mark.parametrize("by", [drag, press], ids=["pointer", "keys"])
def test_a_curve_is_drawn_wrong_and_right(page, by, tmp_path):
    root, axes = drawing(page)
    points = axes.get_by_role("slider")
    assert [point.get_attribute("aria-label") for point in points.all()] == [f"anti-Xa at {hour:g} h" for hour in _HOURS]
    assert {point.get_attribute("aria-valuetext") for point in points.all()} == {"not drawn yet"}
    assert root.locator("svg[role=img]").count() == 0, "nothing is shown before it is drawn"
    scene = page.locator(".heparin-pk").filter(has=page.get_by_role("slider", name="bolus (U/kg)")).first
    assert "Answer the question above first" in scene.text_content()
    assert scene.locator("svg[role=img]").count() == 0
    by(page, axes, ONE_HALF_LIFE)
    found = drawn(axes)
    assert all(abs(math.log(level / asked)) < 0.12 for level, asked in zip(found, ONE_HALF_LIFE, strict=True)), found
    words = give(page, root)
    assert "✗" in words
    assert "one half-life for all levels" in words
    assert "near the 71 min after 100 U/kg" in words
    assert root.locator("svg[role=img] title").text_content() == "The model's curve, beside yours"
    page.screenshot(path=tmp_path / "wrong.png")
    scene.get_by_role("status").get_by_text("After 25 U/kg the level falls to half in 31 min").wait_for(timeout=60_000)
    scene.get_by_role("slider", name="bolus (U/kg)").press("ArrowRight")
    scene.get_by_role("status").get_by_text("After 30 U/kg the level falls to half in").wait_for(timeout=60_000)
    assert not scene.get_by_text("Answer the question above first").is_visible()
    root.get_by_role("button", name="Clear the drawing").click()
    assert {point.get_attribute("aria-valuetext") for point in points.all()} == {"not drawn yet"}
    page.wait_for_function("() => !document.querySelector('.heparin-pk-question').textContent.includes('one half-life for')")
    by(page, axes, _decay())
    words = give(page, root)
    assert "✓" in words
    assert "bends downwards, as it should" in words
    page.screenshot(path=tmp_path / "right.png")
    root.get_by_role("button", name="Show both curves in numbers").click()
    root.locator("table.numbers").wait_for(timeout=120_000)
    assert root.locator("table.numbers tbody tr").count() == len(_HOURS)


def test_keys_stay_in_the_drawing_and_an_unfinished_curve_is_named(page):
    root, axes = drawing(page)
    before = page.evaluate(CELLS)
    point = axes.locator(".heparin-pk-point").nth(3)
    point.focus()
    cell = browser.active_cell(page)
    for key in ("x", "d", "d", "r", "m", "y", "0", ",", "5", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_timeout(100)
    assert page.evaluate(CELLS) == before
    assert browser.active_cell(page) == cell
    assert point.evaluate("e => e === document.activeElement")
    highest = float(point.get_attribute("aria-valuemax"))
    for key, level in (("End", highest), ("Home", float(point.get_attribute("aria-valuemin")))):
        page.keyboard.press(key)
        assert float(point.get_attribute("aria-valuenow")) == level
    page.keyboard.press("PageUp")
    assert float(point.get_attribute("aria-valuenow")) > 0.07
    root.get_by_label("a guess (25 %)").check()
    root.get_by_role("button", name="Show what happens").click()
    root.get_by_text("Nothing is drawn yet at 0 h, 1 h, 2 h, 4 h, 5 h, 6 h, 7 h and 8 h").wait_for(timeout=120_000)
    point.focus()
    page.keyboard.press("Delete")
    assert point.get_attribute("aria-valuetext") == "not drawn yet"
    found = Axe().run(page, context={"include": [["svg.heparin-pk-draw"]]}).response
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []
    assert found["passes"]
