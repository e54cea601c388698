"""Every notebook in JupyterLab and Chromium, for every eye and hand.

Each control of each widget is moved, each answer given; axe (Deque's accessibility checker, the copy in axe-playwright-python)
looks at widgets and output pictures in both themes; keys typed in a control stay there; at 200 % nothing is cut off; a notebook
opened again the next day says how to wake its widgets. Controls are found by role, as a screen reader finds them.
"""

from __future__ import annotations

import re
from pathlib import Path

import browser
import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
NAMES = sorted(file.name for file in NOTEBOOKS.glob("*.ipynb"))
OURS = ".heparin-pk, .heparin-pk-bedside"
TALL = 24_000
"""Height in which a whole notebook is in view: axe leaves out what is not."""

LISTEN = """() => {
  window.heparinErrors = [];
  window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.iopubMessage.connect((_, message) => {
    const type = message.header.msg_type, content = message.content;
    if (type === 'error') window.heparinErrors.push(content.ename + ': ' + content.evalue);
    if (type === 'stream' && content.text.includes('Traceback')) window.heparinErrors.push(content.text);
  });
}"""
IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
NOTHING_IS_COMPUTED = "() => !document.body.textContent.includes('What is right is being computed')"
CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.type + cell.model.id)"
PICTURES = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === 'code')
  .flatMap((cell) => cell.model.outputs.toJSON())
  .filter((output) => output.data && (output.data['image/png'] || output.data['image/svg+xml']))
  .map((output) => {
    const html = new DOMParser().parseFromString([output.data['text/html'] || ''].flat().join(''), 'text/html');
    return html.querySelector('img')?.getAttribute('alt') || '';
  })"""
SIZES = """() => [...document.querySelectorAll(':is(.heparin-pk, .heparin-pk-bedside) .widget-label, .jp-RenderedMarkdown p')]
  .filter((words) => words.getClientRects().length).map((words) => parseFloat(getComputedStyle(words).fontSize))"""
LETTERS = """() => [...document.querySelectorAll(':is(.heparin-pk, .heparin-pk-bedside) .widget-gridbox svg text')]
  .filter((text) => text.getClientRects().length)
  .map((text) => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a)"""
LARGER_THAN_THEIR_FRAME = """() => [...document.querySelectorAll(':is(.heparin-pk, .heparin-pk-bedside) .widget-gridbox')]
  .filter((box) => box.getClientRects().length)
  .filter((box) => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)
  .map((box) => `${box.scrollWidth} in ${box.clientWidth}, ${box.scrollHeight} in ${box.clientHeight}`)"""
TO_THE_TOP = """() => [...document.querySelectorAll('.jp-Notebook, .jp-Notebook .jp-WindowedPanel-outer')]
  .forEach((panel) => { panel.scrollTop = 0; })"""
OUT_OF_VIEW = """(() => [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')]
  .filter((output) => output.getClientRects().length)
  .map((output) => output.getBoundingClientRect())
  .filter((box) => box.height && (box.top < 0 || box.bottom > window.innerHeight))
  .map((box) => `${Math.round(box.top)} to ${Math.round(box.bottom)}`))()"""
PALE = """(ours) => {
  const rgba = (colour) => (colour.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, ground) => top.slice(0, 3).map((c, i) => c * (top[3] ?? 1) + ground[i] * (1 - (top[3] ?? 1)));
  const luminance = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0.05);
  const paper = document.body.dataset.jpThemeLight === 'true' ? [255, 255, 255] : [17, 17, 17];
  const ground = (e) => (e ? over(rgba(getComputedStyle(e).backgroundColor), ground(e.parentElement)) : paper);
  return [...document.querySelectorAll(ours)].flatMap((root) => [...root.querySelectorAll('*')]).filter((e) => !e.closest('svg')
    && !e.closest(':disabled, .mod-disabled, [hidden]') && e.getClientRects().length
    && [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())).map((e) => {
      const [a, b] = [over(rgba(getComputedStyle(e).color), ground(e)), ground(e)].map(luminance);
      return [Math.max(a, b) / Math.min(a, b), e.textContent.trim().slice(0, 60)];
    }).filter(([contrast]) => contrast < 4.5).map(([contrast, words]) => `${contrast.toFixed(1)}: ${words}`);
}"""
CODE = """() => [...document.querySelectorAll('.jp-CodeCell .jp-Cell-inputWrapper')]
  .filter((code) => code.getClientRects().length).length"""
TABBABLE = """(root) => {
  let names = 0;
  const groups = new Set();
  root.querySelectorAll('input[type=radio]').forEach((radio) => { radio.dataset.tab = 'radio ' + radio.name; });
  return [...root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((e) => {
    if (!e.checkVisibility()) return false;  // in "details" that are closed
    if (e.tabIndex < 0 || e.disabled || !e.getClientRects().length || getComputedStyle(e).visibility === 'hidden') return false;
    if (e.type === 'radio' && groups.has(e.name)) return false;
    if (e.type === 'radio') groups.add(e.name);
    return true;
  }).map((e) => {
    if (e.type !== 'radio') e.dataset.tab = String(names++);
    return e.dataset.tab;
  });
}"""


@pytest.fixture(scope="module", params=NAMES, ids=[name[:2] for name in NAMES])
def page(request, lab):
    """The page of one notebook, run once; the tests below look at it one after the other."""
    with browser.page_in_chromium(1280, 900) as page:
        page.notebook = f"{lab}/lab/tree/notebooks/{request.param}?reset"
        browser.open_notebook(page, lab, f"notebooks/{request.param}")
        page.evaluate(LISTEN)
        browser.run_all(page)
        page.wait_for_function(
            "ours => [...document.querySelectorAll(ours)].every((root) => root.dataset.heparinPk)", arg=OURS, timeout=60_000
        )
        settle(page)
        yield page


def settle(page) -> None:
    """Wait until the kernel has answered, and every verdict that is computed beside it has come."""
    page.wait_for_timeout(60)
    page.wait_for_function(IDLE, timeout=120_000)
    page.wait_for_function(NOTHING_IS_COMPUTED, timeout=120_000)
    page.wait_for_timeout(40)


def no_traceback(page) -> None:
    """Neither a cell nor a control has raised an error."""
    assert browser.cells_in_error(page) == []
    assert page.evaluate("() => window.heparinErrors") == []
    assert page.get_by_text("Traceback (most recent call last)").count() == 0


def roots(page) -> list:
    return [root for root in page.locator(OURS).all() if root.is_visible()]


def shown(root, selector: str) -> list:
    return [element for element in root.locator(selector).all() if element.is_visible() and element.is_enabled()]


def test_it_runs_and_every_picture_has_words_of_its_own(page):
    no_traceback(page)
    words = page.evaluate(PICTURES)
    assert all(len(text) > 60 for text in words), words
    assert len(set(words)) == len(words)
    assert browser.cells_without_their_picture(page) == []
    silent = page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output img:not([aria-hidden=true])')]
            .filter((image) => !image.alt && !image.closest('[aria-hidden=true]'))
            .map((image) => image.outerHTML.slice(0, 200))"""
    )
    assert silent == []


def test_running_all_cells_answers_no_question(page):
    """What answers a question waits for its answer: pictures and tables of "after" cells are not there yet."""
    waiting = page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
            .filter((cell) => cell.model.type === 'code' && /^after\\(/m.test(cell.model.sharedModel.getSource())).length"""
    )
    said = page.get_by_text("It appears here when you have answered.")
    assert said.count() == waiting
    assert page.locator(".heparin-pk:has-text('It appears here') :is(img, table)").count() == 0


def test_a_key_typed_in_a_control_stays_there(page):
    """x cuts a cell, dd deletes it, r makes it text: in a control of any kind they do nothing, and arrow keys stay inside."""
    kinds = {
        "slider": "[role=slider]",
        "box": ".widget-readout",
        "list": "select",
        "answer": "input[type=radio]",
        "tick": "input[type=checkbox]",
        "text": "input[type=text]",
        "button": "button:not(.heparin-pk-projector-switch)",
    }
    before = page.evaluate(CELLS)
    for kind, selector in kinds.items():
        found = [control for root in roots(page) for control in shown(root, selector)]
        for control in [*found[:1], *found[-1:]]:
            control.scroll_into_view_if_needed()
            control.focus()
            cell = browser.active_cell(page)
            for key in ("x", "d", "d", "r", "m", "y", "ArrowDown", "ArrowUp"):
                page.keyboard.press(key)
            page.wait_for_timeout(60)
            assert page.evaluate(CELLS) == before, kind
            assert browser.active_cell(page) == cell, kind
            if kind in ("box", "text"):
                page.keyboard.press("Escape")
    settle(page)
    no_traceback(page)


def test_half_in_a_box_is_understood_or_refused_in_words(page):
    boxes = [box for root in roots(page) for box in shown(root, ".widget-readout")]
    for box in boxes:
        before = box.text_content().strip()
        box.click()
        page.keyboard.press("Control+A")
        page.keyboard.type("0,5")
        page.keyboard.press("Enter")
        page.wait_for_timeout(80)
        said = box.locator("xpath=ancestor::*[contains(@class,'widget-slider')]/following-sibling::*[1]")
        is_refused = said.count() and "heparin-pk-refusal" in (said.get_attribute("class") or "") and said.text_content()
        after = box.text_content().strip()
        assert is_refused or float(after) == 0.5, after
        assert not is_refused or (after == before and len(said.text_content()) > 20)
    refused = [said for root in roots(page) for said in shown(root, ".heparin-pk-refusal") if said.text_content()]
    for said in refused[:1]:
        handle = said.locator("xpath=preceding-sibling::*[1]").locator("[role=slider]")
        handle.press("ArrowRight")
        assert said.text_content() == "", "the value has moved: it no longer stays"
        handle.press("ArrowLeft")
    assert page.locator("input[type=number]").count() == 0, "Chromium reads 0,5 in a number field as 05: use a text field"
    settle(page)
    no_traceback(page)


def is_usable(control) -> bool:
    """A control that another one has hidden is not moved."""
    return control.is_visible() and control.is_enabled()


def move_everything(page, root) -> str:
    """Give every answer, move every control there and back, press every button once; return what was announced."""
    heard: list[str] = []
    for radio in root.locator("input[type=radio]").all():
        again = root.get_by_role("button", name="Start again")
        if not is_usable(radio) and again.count() and is_usable(again.first):
            again.first.click()  # a prediction is asked once a day
            settle(page)
        if not is_usable(radio):
            continue
        radio.check()
        settle(page)
        for button in shown(root, "button.mod-primary"):
            button.click()
            settle(page)
        heard += root.locator("[role=status], [role=alert]").all_text_contents()
    for handle in shown(root, "[role=slider]"):
        if not is_usable(handle):
            continue
        before = handle.get_attribute("aria-valuenow")
        handle.focus()
        page.keyboard.press("ArrowRight" if before != handle.get_attribute("aria-valuemax") else "ArrowLeft")
        settle(page)
        assert handle.get_attribute("aria-valuenow") != before, handle.get_attribute("aria-label")
    page.wait_for_timeout(900)  # a live picture is read out when it has come to rest
    heard += root.locator("[role=status], [role=alert]").all_text_contents()
    for choice in shown(root, "select"):
        for index in (choice.locator("option").count() - 1, 0) if is_usable(choice) else ():
            choice.select_option(index=index)
            settle(page)
    for tick in shown(root, "input[type=checkbox]"):
        for _ in range(2):
            tick.click()
            settle(page)
    for text in shown(root, "input[type=text]"):
        for typed in ("0,5", "abc", "-1", "") if is_usable(text) else ():
            text.fill(typed)
            text.press("Enter")
            settle(page)
    pressed: set[str] = set()
    for _ in range(40):
        waiting = shown(root, "button:not(.heparin-pk-projector-switch)")
        names = [(button.text_content() or button.get_attribute("title") or "").strip() for button in waiting]
        button, name = next(((b, n) for b, n in zip(waiting, names, strict=True) if n not in pressed), (None, ""))
        heard += root.locator("[role=status], [role=alert]").all_text_contents()
        if button is None:
            break
        pressed.add(name)
        button.click()
        settle(page)
    return " ".join(dict.fromkeys(heard))


def test_every_control_moves_and_every_answer_gets_words(page):
    said = ""
    for root in roots(page):
        root.scroll_into_view_if_needed()
        heard = move_everything(page, root)
        no_traceback(page)
        assert heard.strip() or not root.locator("[role=slider], input, select").count(), "nothing is announced"
        said += heard
    assert not roots(page) or len(said) > 20
    assert not re.search(r"\b(nan|inf|None|Error)\b", said), said


def test_everything_can_be_reached_with_the_tab_key_in_the_order_of_the_page(page):
    settle(page)
    page.wait_for_timeout(400)  # what a verdict brings is in reach
    for root in roots(page):
        expected = root.evaluate(TABBABLE)
        if not expected:
            continue
        root.locator(f"[data-tab='{expected[0]}']").first.focus()
        visited = []
        for _ in range(len(expected) + 30):
            visited.append(page.evaluate("() => document.activeElement.dataset.tab ?? ''"))
            page.keyboard.press("Tab")
            if not root.evaluate("root => root.contains(document.activeElement)"):
                break
        reached = list(dict.fromkeys(name for name in visited if name))
        assert reached == expected


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious(page, theme):
    page.set_viewport_size({"width": 1280, "height": TALL})
    page.evaluate("async theme => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }", theme)
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg="true" if "Light" in theme else "false", timeout=20_000
    )
    settle(page)
    page.wait_for_timeout(1500)
    page.evaluate(TO_THE_TOP)
    page.wait_for_timeout(300)
    assert page.evaluate(OUT_OF_VIEW) == [], "axe judges no colour of what is scrolled away"
    assert page.evaluate(PALE, OURS) == [], "axe itself judges no colour of words in a notebook, only of boxes and lists"
    found = Axe().run(page, context={"include": [[".jp-OutputArea"]]}).response
    bad = [
        f"{finding['id']}: {node['html'][:200]} ({node['failureSummary'][:200]})"
        for finding in found["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]
    page.set_viewport_size({"width": 1280, "height": 900})
    assert bad == []
    assert len(found["passes"]) > 10, "axe has looked at widgets"


def test_refusals_can_be_read_in_both_themes(page):
    """A sentence of refusal, written as the page writes it, has a contrast of 4.5:1 on the page (WCAG 2.2, 1.4.3)."""
    contrast = """(light) => {
      document.body.dataset.jpThemeLight = light;
      const word = document.createElement('span');
      word.className = 'heparin-pk-refusal';
      document.querySelector('.jp-OutputArea').append(word);
      const ground = light === 'true' ? [255, 255, 255] : [17, 17, 17];
      const colour = getComputedStyle(word).color.match(/[0-9]+/g).slice(0, 3).map(Number);
      word.remove();
      const luminance = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0.05);
      const [a, b] = [luminance(ground), luminance(colour)];
      return Math.max(a, b) / Math.min(a, b);
    }"""
    for light in ("true", "false"):
        assert page.evaluate(contrast, light) >= 4.5


DARK_PICTURES = """() => [...document.querySelectorAll(
    '.jp-OutputArea-output :is(img, svg:not(svg svg)), .jp-RenderedMarkdown img')]
  .filter((e) => e.getBoundingClientRect().width > 150)
  .map((e) => {
    let filters = 0;
    for (let at = e; at; at = at.parentElement) filters += getComputedStyle(at).filter.includes('invert');
    return [filters, e.outerHTML.slice(0, 200)];
  })"""


def test_pictures_are_dark_in_the_dark_theme(page):
    """Each is shown through the filter whose colours are tested (``test_palette.py``), once and not twice."""
    for light, times in (("false", 1), ("true", 0)):
        page.evaluate("(light) => { document.body.dataset.jpThemeLight = light; }", light)
        found = page.evaluate(DARK_PICTURES)
        assert found
        assert [one for one in found if one[0] != times] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (640, 450)], ids=["1280 with the sidebar", "200 %"])
def test_nothing_is_cut_off_and_sliders_can_be_aimed(page, tmp_path, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(700)
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    tracks = page.evaluate(
        """() => [...document.querySelectorAll('.slider-container')].filter((e) => e.getClientRects().length)
            .map((e) => [e.getBoundingClientRect().width, e.closest('.widget-slider').textContent])"""
    )
    assert [track for track in tracks if track[0] < 100] == []
    overlaps = page.evaluate(
        """(ours) => [...document.querySelectorAll(ours)].flatMap((root) => {
          const boxes = [...root.querySelectorAll('.slider-container, .widget-readout, .widget-label, select, button')]
            .filter((e) => e.getClientRects().length && e.textContent !== undefined).map((e) => [e, e.getBoundingClientRect()]);
          return boxes.flatMap(([e, a], i) => boxes.slice(i + 1)
            .filter(([f, b]) => !e.contains(f) && a.left + 1 < b.right && b.left + 1 < a.right && a.top + 2 < b.bottom
              && b.top + 2 < a.bottom).map(([f]) => e.className + ' over ' + f.className));
        })""",
        OURS,
    )
    letters = page.evaluate(LETTERS)
    assert not letters or min(letters) >= (8.5 if width > 900 else 10.4), "on a screen at 200 % twice as large"
    page.screenshot(path=tmp_path / f"at-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert overlaps == []


def test_lines_of_prose_end_where_they_can_be_read(page):
    """At 1920 pixels a line of prose has at most about 100 characters, and no printed word is cut in two."""
    if not roots(page):
        return  # without widgets there is no page of theirs
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.wait_for_timeout(500)
    longest = page.evaluate(
        """() => Math.max(0, ...[...document.querySelectorAll('.jp-RenderedMarkdown > p')]
            .filter((p) => p.textContent.length > 200)
            .map((p) => p.textContent.length / Math.max(1, Math.round(p.getBoundingClientRect().height
              / parseFloat(getComputedStyle(p).lineHeight)))))"""
    )
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.jp-RenderedText pre')]
            .filter((printed) => getComputedStyle(printed).wordBreak !== 'normal').length"""
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    assert longest <= 108
    assert cut == 0


def test_one_key_makes_it_large_and_hides_the_code(page, tmp_path):
    controls = "[role=slider], input[type=radio], button:not(.heparin-pk-projector-switch)"
    handles = [handle for root in roots(page) for handle in shown(root, controls)]
    if not handles:
        return  # without widgets there is no page of theirs
    before, letters = page.evaluate(SIZES), page.evaluate(LETTERS)
    assert max(before) < 20
    assert page.evaluate(CODE) > 0
    handles[0].focus()
    page.keyboard.press("p")
    page.wait_for_timeout(500)
    assert min(page.evaluate(SIZES)) >= 20
    assert page.evaluate(CODE) == 0
    assert page.evaluate(LARGER_THAN_THEIR_FRAME) == [], "at 1280 pixels pictures scale to the page"
    if letters:
        assert min(page.evaluate(LETTERS)) >= 0.99 * min(letters)
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.wait_for_timeout(500)
        assert min(page.evaluate(LETTERS)) >= 1.25 * min(letters), "the letters of live pictures grow, too"
        assert page.evaluate(LARGER_THAN_THEIR_FRAME) == []
    page.screenshot(path=tmp_path / "projector.png")
    page.set_viewport_size({"width": 1280, "height": 900})
    switch = page.locator(".heparin-pk-projector-switch:visible").first
    assert switch.get_attribute("aria-pressed") == "true"
    switch.press("Enter")  # the button does what the key does
    page.wait_for_timeout(300)
    assert page.evaluate(SIZES) == before
    for box in [box for root in roots(page) for box in shown(root, ".widget-readout, input[type=text]")][:1]:
        box.click()
        page.keyboard.press("p")  # typed into a box, it is a letter
        page.wait_for_timeout(100)
        assert page.evaluate(SIZES) == before
        page.keyboard.press("Enter")
    settle(page)
    no_traceback(page)


def test_opened_again_it_says_how_to_wake_its_widgets(page):
    """Last: saves the notebook, ends its kernel, and opens it as on the next day."""
    widgets = len(roots(page))
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    browser.close_kernel(page)
    page.set_viewport_size({"width": 1280, "height": TALL})
    page.goto(page.notebook, wait_until="domcontentloaded")
    asleep = page.locator(".heparin-pk-asleep")
    page.wait_for_function(
        "n => document.querySelectorAll('.heparin-pk-asleep').length >= n && !document.body.innerText.includes('Loading widget')",
        arg=widgets,
        timeout=120_000,
    )
    assert asleep.count() == widgets
    for sentence in asleep.all():
        assert sentence.is_visible()
        assert "run its cell" in sentence.text_content()
    assert not any(words.is_visible() for words in page.get_by_text("Error displaying widget").all())
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel", timeout=60_000)
    browser.close_kernel(page)
