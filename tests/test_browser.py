"""The notebooks in JupyterLab and Chromium: run all cells, predict, read the picture, move sliders with the keyboard.

No test here asserts a time; the median from key to picture is printed (``pytest -s -m browser``).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median, quantiles

import browser
import matplotlib
import pytest

matplotlib.use("Agg")

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
FIRST = "01-hold-this-patient-in-range.ipynb"
PRESSES = 24

HAS_FOCUS = "element => element === document.activeElement"
WATCH = """
() => {
  const picture = () => document.querySelector('.heparin-pk-bedside g[data-track=you] path.level')?.getAttribute('d');
  window.heparinTimes = [];
  let pressed = null, before = null;
  document.addEventListener('keydown', (event) => { pressed = event.timeStamp; before = picture(); }, true);
  const check = () => {
    if (pressed !== null && picture() !== before) {
      window.heparinTimes.push(performance.now() - pressed);
      pressed = null;
    }
    requestAnimationFrame(check);
  };
  check();
}
"""


def run_first_notebook(page, address: str):
    browser.open_notebook(page, address, f"notebooks/{FIRST}")
    browser.run_all(page)
    day = page.locator(".heparin-pk-bedside").first
    day.locator("svg[role=img]").wait_for(timeout=60_000)
    assert browser.cells_in_error(page) == []
    assert browser.cells_without_their_picture(page) == []
    return day


def level(day) -> str:
    return day.locator("g[data-track=you] path.level").get_attribute("d")


def wait_for_focus(page, name: str) -> None:
    """Wait until the slider of this name has the focus."""
    page.wait_for_function("name => document.activeElement.getAttribute('aria-label') === name", arg=name)


def pump_heights(day) -> list[str]:
    """Return the heights of the learner's pump line (0 before the start, then its rates)."""
    corners = day.locator("g[data-track=you] path.pump").get_attribute("d").removeprefix("M").split("L")
    return [corner.split()[1] for corner in corners]


TYPED = [  # what is typed into a box, what the box then shows, and what is said beside it
    ("12,5", "12.5", ""),
    ("0,5", "0.5", ""),
    (" 14 ", "14.0", ""),
    ("1e9", "14.0", '"1e9" is not a number: infusion (U/kg/h) stays 14.0'),
    ("100", "14.0", "100 lies outside 0 to 40: infusion (U/kg/h) stays 14.0"),
    ("-3", "14.0", "-3 lies outside 0 to 40: infusion (U/kg/h) stays 14.0"),
    ("abc", "14.0", '"abc" is not a number: infusion (U/kg/h) stays 14.0'),
    ("", "14.0", "no number was written: infusion (U/kg/h) stays 14.0"),
    ("\uff11\uff12", "14.0", '"\uff11\uff12" is not a number: infusion (U/kg/h) stays 14.0'),
    ("1.234,5", "14.0", '"1.234,5" is not a number: infusion (U/kg/h) stays 14.0'),
    ("18.5", "18.5", ""),
]


def type_into(page, box, text: str, end: str) -> None:
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    page.keyboard.press(end)


def test_a_box_understands_a_decimal_comma_and_refuses_the_rest_in_words(lab, tmp_path):
    with browser.page_in_chromium(1400, 1000) as page:
        day = run_first_notebook(page, lab)
        box = day.get_by_role("textbox", name="infusion (U/kg/h), as a number")
        said = day.locator(".heparin-pk-refusal")
        highest = box.evaluate("b => b.closest('.widget-slider').querySelector('[role=slider]').getAttribute('aria-valuemax')")
        for i, (text, shown, words) in enumerate(TYPED):
            type_into(page, box, text, "Enter" if i % 2 else "Tab")
            page.wait_for_timeout(150)
            assert box.text_content().strip() == shown, text
            found = said.first.text_content() if said.count() else ""
            assert found == words.replace("40", f"{float(highest):g}"), text
        page.screenshot(path=tmp_path / "refused.png")
        whole = day.get_by_role("textbox", name="first check after (h), as a number")
        before = whole.text_content().strip()
        type_into(page, whole, "7,5", "Tab")
        assert whole.text_content().strip() == before
        assert day.locator(".heparin-pk-refusal", has_text="7,5 is not a whole number").count() == 1
        code = day.locator("pre").first.text_content()
        assert "18.5" in code or "rate_u_per_kg_per_h=18.5" in day.text_content()
        assert browser.cells_in_error(page) == []


def test_the_first_notebook_works_in_a_browser(lab, tmp_path):
    with browser.page_in_chromium(1400, 1000) as page:
        day = run_first_notebook(page, lab)
        picture = day.locator("svg[role=img]")

        # Nothing is shown before it is predicted.
        assert day.locator("path.level").count() == 0
        show = day.get_by_role("button", name="Show what happens")
        assert show.is_disabled()
        width = picture.bounding_box()["width"]
        day.get_by_label("below").focus()
        cell = browser.active_cell(page)
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        assert day.get_by_label("in range").is_checked(), "the answers are one group"
        assert not day.get_by_label("below").is_checked()
        assert browser.active_cell(page) == cell
        assert day.get_by_label("in range").evaluate(HAS_FOCUS)
        assert show.is_disabled(), "how sure belongs to a prediction"
        day.get_by_label("fairly sure (75 %)").focus()
        page.keyboard.press("Space")
        guess = day.get_by_role("textbox", name="your guess (s)")
        guess.fill("abc")
        guess.press("Tab")
        day.get_by_text("“abc” is not a number").wait_for()
        guess.fill("62,5")
        page.wait_for_function("() => !document.querySelector('.heparin-pk-bedside button.mod-primary').disabled")
        show.click()
        day.locator("path.level").first.wait_for()
        day.get_by_role("status").get_by_text("the blood drawn at 6 h").wait_for()
        page.screenshot(path=tmp_path / "revealed.png")
        assert picture.bounding_box()["width"] == pytest.approx(width, abs=1), "the picture keeps its size at the reveal"
        wait_for_focus(page, "1: hold (min)")

        # Results come one by one.
        assert day.locator(".result-row").count() == 1
        day.get_by_role("button", name="Give these orders (1)").click()
        day.get_by_role("alert").get_by_text("Do you really mean to change nothing?").wait_for()
        page.screenshot(path=tmp_path / "asked.png")
        day.get_by_role("button", name="Yes, I mean it").click()
        day.get_by_role("button", name="Give these orders (2)").wait_for()
        assert day.locator(".result-row").count() == 2
        wait_for_focus(page, "2: hold (min)")

        # Picture and answer fit into a small window together; an answer given is one line that opens again.
        page.set_viewport_size({"width": 1280, "height": 720})
        page.wait_for_timeout(300)
        top, give = picture.bounding_box()["y"], day.get_by_role("button", name="Give these orders (2)").bounding_box()
        assert give["y"] + give["height"] - top < 600
        assert not day.get_by_role("slider", name="1: hold (min)").is_visible()
        day.get_by_role("button", name="change (1)").click()
        day.get_by_role("slider", name="1: hold (min)").wait_for()
        page.screenshot(path=tmp_path / "at-1280.png")
        page.set_viewport_size({"width": 1400, "height": 1000})
        day.get_by_role("button", name="Continue unchanged to the end").click()
        page.wait_for_function("() => document.querySelector('table.score caption').textContent.includes('48 h')")
        day.get_by_text("How the day went").wait_for()
        assert day.locator(".review tbody tr").count() > 3, "each result of the day, answered or not"
        assert day.locator("pre.chart").count() == 2

        # The picture has words, and they follow it.
        assert picture.get_attribute("role") == "img"
        assert "aPTT (s)" in picture.locator("title").text_content()
        words = picture.locator("desc").text_content()
        assert "of the time in 46-70" in words

        # Every slider can be reached by keyboard and has a name of its own.
        handles = day.locator("[role=slider]")
        names = [handles.nth(i).get_attribute("aria-label") for i in range(handles.count())]
        assert len(names) >= 9
        assert all(names)
        assert len(set(names)) == len(names)
        assert all(handles.nth(i).get_attribute("tabindex") == "0" for i in range(handles.count()))
        day.get_by_role("slider", name="bolus (U/kg)", exact=True).focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.getAttribute('aria-label')").startswith("infusion")

        # Arrow keys move the picture, and not the notebook.
        slider = day.get_by_role("slider", name="infusion (U/kg/h)")
        slider.focus()
        cell, before = browser.active_cell(page), level(day)
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "was => document.querySelector('.heparin-pk-bedside g[data-track=you] path.level').getAttribute('d') !== was",
            arg=before,
        )
        assert browser.active_cell(page) == cell
        assert slider.evaluate(HAS_FOCUS)

        # How long from key to picture, measured in the page.
        page.evaluate(WATCH)
        for press in range(PRESSES):
            page.keyboard.press("ArrowDown" if press % 8 < 4 else "ArrowUp")
            page.wait_for_function("count => window.heparinTimes.length > count", arg=press, timeout=20_000)
            page.wait_for_timeout(60)
        times = page.evaluate("() => window.heparinTimes")
        slow = quantiles(times, n=10)[-1]
        print(f"\nkey to picture, {len(times)} presses: median {median(times):.0f} ms, 90th percentile {slow:.0f} ms")
        page.keyboard.press("Home")
        page.wait_for_function(
            "was => document.querySelector('.heparin-pk-bedside svg[role=img] desc').textContent !== was",
            arg=words,
            timeout=20_000,
        )
        before = level(day)
        page.keyboard.press("ArrowUp")
        page.wait_for_function(
            "was => document.querySelector('.heparin-pk-bedside g[data-track=you] path.level').getAttribute('d') !== was",
            arg=before,
        )
        assert len(set(pump_heights(day))) == 2, "an answer never touched keeps the rate, whatever the browser echoes"
        assert browser.cells_in_error(page) == []
        picture.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "at-1400.png")
        page.set_viewport_size({"width": 900, "height": 1000})
        picture.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        page.screenshot(path=tmp_path / "at-900.png")

        # The curves lie exactly on the scene at any width.
        over, under = picture.bounding_box(), day.locator("img").first.bounding_box()
        assert over == pytest.approx(under, abs=0.5)

        # The next patient begins at the start; the day of the first one is kept.
        day.get_by_role("button", name="Next patient").click()
        day.get_by_text("Patient 2 of 12, easy.").wait_for()
        page.wait_for_function("() => !document.querySelector('.heparin-pk-bedside').querySelector('path.level')")
        assert day.get_by_text("Days finished: 1").count() == 1
        day.get_by_role("combobox", name="patient").select_option(index=0)
        day.locator("path.level").first.wait_for()
        browser.close_kernel(page)


def test_the_code_under_the_picture_and_a_quiz_answer_the_keyboard(lab, tmp_path):
    with browser.page_in_chromium(1400, 1000) as page:
        run_first_notebook(page, lab)
        free = page.locator(".heparin-pk-bedside").last
        free.get_by_text("Show the code").click()
        code = free.locator("pre.code")
        code.wait_for()
        made: dict = {}
        exec(code.inner_text(), made)
        assert made["course"].hours == 48
        question = page.locator(".heparin-pk").filter(has_text="already there")
        question.get_by_label("It dissolves it.").focus()
        cell = browser.active_cell(page)
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")  # a guess
        page.keyboard.press("ArrowDown")  # fairly sure: one group of its own
        page.wait_for_timeout(300)  # a hand, too, is slower than the kernel
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        question.get_by_text("Not yet.").wait_for()
        question.get_by_text("of twenty such answers about 15").wait_for()
        names = [group.get_attribute("aria-label") for group in question.get_by_role("radiogroup").all()]
        assert [name.endswith(end) for name, end in zip(names, ("Your answer", "How sure are you?"), strict=True)] == [True, True]
        assert all("already there?" in name for name in names)
        question.get_by_label("It keeps it from growing.").check()
        question.get_by_role("button", name="Check my answer").click()
        question.get_by_text("Right.").wait_for()
        assert browser.active_cell(page) == cell
        page.screenshot(path=tmp_path / "code-and-quiz.png")
        assert browser.cells_in_error(page) == []
        browser.close_kernel(page)


def test_no_key_typed_in_a_widget_reaches_the_notebook(lab):
    """x cuts a cell, dd deletes it, r and m turn it into text: with a control in focus they do nothing, and nor do arrow keys."""
    with browser.page_in_chromium(1400, 1000) as page:
        day = run_first_notebook(page, lab)
        cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.type)"
        before = page.evaluate(cells)
        page.wait_for_function("() => document.querySelectorAll('[data-heparin-pk=named]').length > 2")
        focused = [
            day.get_by_role("slider", name="infusion (U/kg/h)"),
            day.get_by_label("below").first,
            day.get_by_role("combobox").first,
            day.locator("button:not([disabled])").first,
            page.locator(".heparin-pk input[type=radio]").first,
            page.get_by_role("button", name="Show the code").first,
        ]
        for control in focused:
            control.focus()
            assert control.evaluate(HAS_FOCUS)
            cell = browser.active_cell(page)
            for key in ("x", "d", "d", "r", "m", "y", "a", "b", "ArrowDown", "ArrowUp"):
                page.keyboard.press(key)
            page.wait_for_timeout(100)
            assert page.evaluate(cells) == before, control
            assert browser.active_cell(page) == cell
        code = page.locator(".heparin-pk-bedside").last.get_by_role("button", name="Show the code")
        code.focus()
        page.keyboard.press("Space")  # what the mouse opens, the keyboard opens too
        page.locator(".heparin-pk-bedside").last.locator("pre.code").wait_for()
        assert browser.cells_in_error(page) == []
        browser.close_kernel(page)


SCENES = [
    ("03-how-does-the-blood-answer.ipynb", "the anti-Xa", "anti-Xa 0.50 U/mL", "heparin (U/mL)"),
    ("04-why-does-every-patient-need-another-dose.ipynb", "higher", "Needed in this model", "weight (kg)"),
    ("05-five-reasons-to-give-heparin.ipynb", "about 0.1 U/mL", "Keeps clots from forming", "weight (kg)"),
    ("07-which-nomogram-for-whom.ipynb", "no difference", "in the common range", "patients"),
]


@pytest.mark.parametrize(("notebook", "answer", "said", "label"), SCENES, ids=[scene[0][:2] for scene in SCENES])
def test_the_other_notebooks_predict_show_and_slide(lab, tmp_path, notebook, answer, said, label):
    """No picture before the prediction; after it a picture with its text alternative; the arrow keys change both."""
    with browser.page_in_chromium(1400, 1000) as page:
        browser.open_notebook(page, lab, f"notebooks/{notebook}")
        browser.run_all(page)
        page.get_by_role("button", name="Show what happens").first.wait_for(timeout=90_000)
        assert browser.cells_in_error(page) == []
        assert browser.cells_without_their_picture(page) == []
        scene = (
            page.locator(".heparin-pk").filter(has=page.get_by_label(answer, exact=True)).filter(has=page.get_by_role("slider"))
        )
        show = scene.get_by_role("button", name="Show what happens")
        assert scene.locator("svg[role=img]").count() == 0
        scene.get_by_label(answer, exact=True).check()
        scene.get_by_label("fairly sure (75 %)").check()
        show.click()
        picture = scene.locator("svg[role=img]").first
        picture.wait_for()
        slider = scene.get_by_role("slider", name=label)
        page.wait_for_function(
            "said => [...document.querySelectorAll('.heparin-pk [role=status]')].some((e) => e.innerText.includes(said))",
            arg=said,
        )
        words = " ".join(picture.locator(part).first.text_content() for part in ("title", "desc"))
        assert len(words) > 60
        assert picture.bounding_box()["width"] > 300
        page.screenshot(path=tmp_path / "scene.png")
        shutil.copy(tmp_path / "scene.png", tmp_path.parent / f"scene-{notebook[:2]}.png")
        before = picture.evaluate("e => e.outerHTML")
        slider.press("ArrowLeft")
        page.wait_for_function(
            "before => [...document.querySelectorAll('.heparin-pk svg[role=img]')].every((e) => e.outerHTML !== before)",
            arg=before,
        )
        browser.close_kernel(page)
