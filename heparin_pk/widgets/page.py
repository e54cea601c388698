"""What the widgets bring to the page: colours for both themes, room at any zoom, a view for a projector, words while asleep.

A style sheet and a short script come with every widget; the page keeps one of each.
"""

from __future__ import annotations

import json
from typing import Any

from IPython.display import display

OURS = ":is(.heparin-pk, .heparin-pk-bedside)"
DARK = "invert(0.93) hue-rotate(180deg)"
"""How pictures are shown in the dark theme, as a CSS filter: white becomes #121212, blue stays blue."""

_ASLEEP = f"""
.jp-OutputArea-child:has(.heparin-pk-asleep):has(+ .jp-OutputArea-child {OURS}) {{ display: none; }}
.jp-OutputArea-child:has(.heparin-pk-asleep) + .jp-OutputArea-child:not(:has({OURS})) {{ display: none; }}
"""

_STYLE = (
    """
body { --heparin-pk-refusal: #a33b00; --heparin-pk-mark: #0072b2; }
body[data-jp-theme-light="false"] { --heparin-pk-refusal: #ffb27a; --heparin-pk-mark: #5fb4ee; }
.heparin-pk-refusal { color: var(--heparin-pk-refusal); }
.heparin-pk-row { border-left: 4px solid var(--heparin-pk-mark) !important; }
img.heparin-pk-picture { background: white; border-radius: 4px; }

/* Dark theme: pictures are drawn once, for white paper, and shown with dark and light exchanged; hues stay. */
body[data-jp-theme-light="false"] :is(
  img.heparin-pk-picture, OURS :is(img:not(.heparin-pk-picture), svg:not(svg svg)), .jp-RenderedMarkdown img[src*="figures/"]
) { filter: DARK; }

/* The arrow of a list is black in both themes of the widgets' own style sheet; on a dark field it is drawn light. */
body[data-jp-theme-light="false"] OURS .widget-dropdown > select {
  background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E\
%3Cpath fill='%23ddd' d='M5.2 5.9 9 9.7l3.8-3.8 1.2 1.2-5 5-5-5z'/%3E%3C/svg%3E");
}

/* Room: a slider is never shorter than it can be aimed at, names and lists wrap, lines of prose end where they can be read. */
OURS .widget-slider, OURS .widget-dropdown, OURS .widget-text { flex-wrap: wrap; height: auto; min-width: 0; }
OURS .widget-slider { min-width: min(100%, 372px); }
OURS .widget-slider .slider-container { flex: 1 1 110px; min-width: 110px; }
OURS .widget-slider .noUi-handle { border: 2px solid var(--heparin-pk-mark); }
OURS .widget-dropdown > select { flex: 1 1 auto; width: auto; }
OURS .widget-text > input { flex: 1 1 120px; }
OURS .widget-dropdown > select, OURS .widget-text > input {
  min-width: 0; max-width: 100%; height: var(--jp-widgets-inline-height);
}
OURS .widget-label { white-space: normal; line-height: 1.3; height: auto; }
OURS .widget-radio label { white-space: normal; max-width: 52em; line-height: 1.35; height: auto; }
OURS .widget-radio-box > label { display: flex; align-items: flex-start; }
OURS .widget-radio-box > label > input { flex: none; order: -1; }
OURS .jupyter-button { max-width: 100%; white-space: normal; height: auto; min-height: var(--jp-widgets-inline-height); }
OURS .widget-html-content > div[role=status] { max-width: 54em; }
OURS .widget-html > .widget-html-content { min-width: 0; }
.jp-RenderedMarkdown > :is(p, ul, ol, blockquote), .jp-RenderedMarkdown details > :is(p, ul, ol) { max-width: 50em; }
.jp-RenderedText pre { word-break: normal !important; overflow-wrap: break-word; max-width: 104ch; }

/* The first line of folded code ends with the page; without this the whole notebook moves sideways. */
.jp-InputPlaceholder :is(.jp-Placeholder-content, .jp-Placeholder-contentContainer, .jp-PlaceholderText) { min-width: 0; }
.jp-InputPlaceholder :is(.jp-Placeholder-content, .jp-PlaceholderText) { overflow: hidden; text-overflow: ellipsis; }

/* A narrow page, or one seen at 200 %: a picture keeps its letters, and moves sideways in its own frame. */
@media (max-width: 900px) {
  .jp-RenderedMarkdown p > img, img.heparin-pk-picture,
  OURS .widget-html-content > :is(img, svg) { min-width: 34rem; }
  OURS .widget-gridbox > * { min-width: max(34rem, calc(0.9 * var(--heparin-pk-drawn, 0px))) !important; }
  OURS :is(.widget-gridbox, .widget-html):has(img, svg[role=img]) { overflow-x: auto !important; }
  .jp-RenderedMarkdown p:has(> img) { overflow-x: auto; }
}

@media (max-width: 1000px) { .jp-OutputArea table > caption { white-space: normal !important; min-width: 20em; } }

/* A question, and how it is answered, may take several lines. */
.heparin-pk-question > .widget-html > .widget-html-content, .heparin-pk-asked > .widget-html-content { line-height: 1.4; }

/* A curve to be drawn: the hours are sliders on it. */
svg.heparin-pk-draw { touch-action: none; cursor: crosshair; user-select: none; }
.heparin-pk-point { cursor: ns-resize; outline: none; }
.heparin-pk-point.is-drawn .mark { fill: currentColor; }
.heparin-pk-point .ring { opacity: 0; }
.heparin-pk-point:focus .ring { opacity: 1; }
.heparin-pk-over { pointer-events: none; }
.heparin-pk-drawn-bar { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; margin: 4px 0; min-height: 30px; }

/* Projector: large type, no code; pictures as wide as the page allows, and no wider. */
body.heparin-pk-projector :is(.jp-Notebook, OURS) {
  --jp-content-font-size1: 24px; --jp-code-font-size: 20px; --jp-ui-font-size1: 22px;
  --jp-widgets-font-size: 22px; --jp-widgets-inline-height: 40px; --jp-code-line-height: 1.4;
}
body.heparin-pk-projector OURS, body.heparin-pk-projector OURS :is(.jupyter-widgets, select, input, button, table, pre) {
  font-size: 22px; line-height: 1.4;
}
body.heparin-pk-projector OURS :is(.widget-slider, .widget-dropdown, .widget-text) {
  width: auto !important; max-width: 100% !important;
}
body.heparin-pk-projector OURS :is(.widget-slider, .widget-dropdown, .widget-text) > .widget-label {
  width: 11em !important; flex: 0 0 auto;
}
body.heparin-pk-projector OURS .widget-slider { min-width: min(100%, 40rem); }
body.heparin-pk-projector OURS .widget-slider .slider-container { min-width: min(100%, 180px); }
body.heparin-pk-projector OURS .widget-vbox:has(> .widget-gridbox) { max-width: 100% !important; }

/* Side by side these are widths; in a column they would be heights: gaps, and pictures cut off. */
body.heparin-pk-projector OURS .widget-box:not(.widget-vbox) > :is(.widget-slider, .widget-dropdown, .widget-text) {
  flex: 1 1 30rem !important;
}
body.heparin-pk-projector OURS .widget-box:not(.widget-vbox) > .widget-vbox:has(> .widget-gridbox) { flex: 1 1 50rem !important; }
body.heparin-pk-projector OURS .widget-box:not(.widget-vbox) > .widget-vbox:has(> .widget-html > .widget-html-content > table) {
  flex: 1 1 34rem !important;
}

body.heparin-pk-projector OURS table :is(th, td, caption) { white-space: normal !important; }
body.heparin-pk-projector OURS table > caption { min-width: 24em; }
body.heparin-pk-projector OURS .widget-readout { min-width: 4em; max-width: none; height: auto; }
body.heparin-pk-projector OURS .widget-radio { width: auto !important; }
body.heparin-pk-projector OURS .widget-radio-box { gap: 6px; }
body.heparin-pk-projector OURS :is(input[type=radio], input[type=checkbox]) {
  width: 22px; height: 22px; flex: none; margin: 4px 8px 0 0;
}
body.heparin-pk-projector OURS .jupyter-button { width: auto !important; padding: 4px 16px !important; }
body.heparin-pk-projector OURS .widget-vbox > .jupyter-button.mod-primary { width: fit-content !important; }
body.heparin-pk-projector :is(img.heparin-pk-picture, .jp-RenderedMarkdown img[src*="figures/"]) { zoom: 1.4; }
body.heparin-pk-projector OURS .widget-gridbox {
  max-width: min(100%, calc(1.6 * var(--heparin-pk-natural, 100%))) !important;
}
body.heparin-pk-projector OURS .widget-gridbox > * { min-width: 0 !important; }
body.heparin-pk-projector .jp-Notebook :is(.jp-InputPrompt, .jp-OutputPrompt, .jp-Collapser, .jp-OutputArea-promptOverlay) {
  display: none;
}
body.heparin-pk-projector .jp-Notebook .jp-CodeCell > .jp-Cell-inputWrapper { display: none; }
OURS .widget-html-content a { color: var(--jp-content-link-color, LinkText); text-decoration: underline; }
.heparin-pk-live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.heparin-pk-projector-bar { margin: 6px 2px 2px; }
.heparin-pk-projector-bar > .heparin-pk-projector-switch { width: auto; padding: 0 12px; }
""".replace("OURS", OURS).replace("DARK", DARK)
    + _ASLEEP
)

SCRIPT = (
    f"""
(() => {{
  const style = document.getElementById('heparin-pk-style') || document.head.appendChild(document.createElement('style'));
  style.id = 'heparin-pk-style';
  style.textContent = {json.dumps(_STYLE)};
}})();
"""
    + """
(() => {
  const OURS = '.heparin-pk, .heparin-pk-bedside';
  const page = document.body, view = 'heparin-pk-projector';
  const name = () => (page.classList.contains(view) ? 'Back to the code and small type (p)' : 'Large type, no code (p)');
  const write = () => document.querySelectorAll('.heparin-pk-projector-switch').forEach((button) => {
    button.textContent = name();
    button.setAttribute('aria-pressed', String(page.classList.contains(view)));
  });
  const toggle = (root) => {
    page.classList.toggle(view);
    write();
    window.dispatchEvent(new Event('resize'));
    const focused = document.activeElement;
    setTimeout(() => (root.contains(focused) ? focused : root).scrollIntoView({block: 'center'}), 60);
  };
  const types = 'select, textarea, [contenteditable=true], input:not([type=radio]):not([type=checkbox]):not([type=range])';
  // The words of a picture that follows the sliders are read out when it has come to rest.
  const announce = (root) => {
    const live = document.createElement('div');
    live.className = 'heparin-pk-live';
    live.setAttribute('role', 'status');
    root.append(live);
    const words = () => root.querySelector('svg[role=img] > desc')?.textContent ?? '';
    let waiting = 0, before = words();
    new MutationObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (words() !== before) live.textContent = before = words();
      }, 700);
    }).observe(root, {childList: true, subtree: true});
  };
  const addSwitch = (root) => {
    root.dataset.heparinPkView = 'added';
    new ResizeObserver(() => window.heparinPkReach()).observe(root);  // a verdict may bring a table
    root.addEventListener('keydown', (event) => {
      if (event.key !== 'p' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(types)) return;
      event.preventDefault();
      toggle(root);
    });
    const forget = (event) => {  // a refusal says what a value stays at, until the slider is moved
      const slider = event.target.closest('[role=slider]') && event.target.closest('.widget-slider');
      const said = slider && slider.nextElementSibling;
      if (said && said.classList.contains('heparin-pk-refusal')) said.textContent = '';
    };
    root.addEventListener('pointerdown', forget);
    root.addEventListener('keydown', (event) => {
      if (/^(Arrow|Page|Home|End)/.test(event.key)) forget(event);
    });
    if (root.classList.contains('heparin-pk-bedside')) announce(root);
    if (!root.querySelector('.widget-slider, select')) return;  // a question alone has the key, and the next widget the button
    const bar = document.createElement('div'), button = document.createElement('button');
    bar.className = 'heparin-pk-projector-bar';
    button.type = 'button';
    button.className = 'jupyter-widgets jupyter-button widget-button heparin-pk-projector-switch';
    button.addEventListener('click', () => toggle(root));
    bar.append(button);
    root.append(bar);
    write();
  };
  // The letters of a picture grow with the page: its frame learns how wide the picture is meant to be.
  const letters = () => document.querySelectorAll(`:is(${OURS}) .widget-gridbox`).forEach((box) => {
    const natural = parseFloat(box.style.maxWidth);
    if (natural > 300) box.style.setProperty('--heparin-pk-natural', natural + 'px');
    const svg = box.querySelector('svg[viewBox]');  // drawn in points; 84 pixels are an inch
    if (svg) box.style.setProperty('--heparin-pk-drawn', (svg.viewBox.baseVal.width * 84) / 72 + 'px');
  });
  // What can be moved sideways can be moved with the keyboard.
  const reach = () => letters() ?? document.querySelectorAll(
    `:is(${OURS}) :is(.widget-gridbox, .widget-html), .jp-OutputArea-output, .jp-RenderedMarkdown p`).forEach((box) => {
      const moves = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== 'visible';
      if (moves && !box.hasAttribute('tabindex')) {
        box.tabIndex = 0;
        box.dataset.heparinPkReach = 'added';
      } else if (!moves && box.dataset.heparinPkReach) {
        box.removeAttribute('tabindex');
        delete box.dataset.heparinPkReach;
      }
    });
  if (!window.heparinPkReach) {
    let waiting = 0;
    window.heparinPkReach = () => { clearTimeout(waiting); waiting = setTimeout(reach, 200); };
    window.addEventListener('resize', window.heparinPkReach);
    document.addEventListener('click', (event) => {  // an answer brings a picture
      if (event.target.closest(OURS)) setTimeout(window.heparinPkReach, 800);
    });
  }
  let tries = 0;
  const find = () => {
    document.querySelectorAll(OURS).forEach((root) => {
      if (!root.dataset.heparinPkView && root.querySelector('input, button')) addSwitch(root);
    });
    if (tries++ < 40) setTimeout(find, 250);
    if (tries % 10 === 1) window.heparinPkReach();
  };
  find();
})();
"""
)


class Asleep:
    """A widget that says in the notebook how to open it, when the notebook is opened again and no kernel knows it."""

    def _ipython_display_(self) -> None:
        words = "This widget is asleep: run its cell to open it (click here, then Shift and Enter)."
        show: Any = display
        show({"text/plain": words, "text/html": f'<style>{_ASLEEP}</style><p class="heparin-pk-asleep">{words}</p>'}, raw=True)
        widget: Any = self
        show(widget._repr_mimebundle_(), raw=True)
