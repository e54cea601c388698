"""The notebooks on paper: HTML or PDF with prose, pictures and tables, questions with boxes to tick, and without any answer."""

from __future__ import annotations

import argparse
import ast
import base64
import os
import re
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from heparin_pk.base.files import make_folder, write_bytes, write_text
from heparin_pk.cli.notebooks import originals
from heparin_pk.cli.output import complain
from heparin_pk.teaching.course import INDEX, LESSONS

_WIDGET = "application/vnd.jupyter.widget-view+json"
_ON_SCREEN = '<p class="on-screen">▸ This part is on the screen: move its controls there.</p>'
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINKS = ("links", "links-end", "solutions")
_PAGE = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 46em; margin: 2em auto; padding: 0 1em; }}
h1, h2 {{ line-height: 1.2; break-after: avoid; }}
img, svg {{ max-width: 100%; height: auto; }}
pre {{ font-size: 12px; line-height: 1.4; white-space: pre-wrap; background: #f5f5f5; padding: 6px; }}
table {{ border-collapse: collapse; font-size: 14px; line-height: 1.35; }}
th, td {{ text-align: left; vertical-align: top; padding: 3px 14px 3px 0; border-bottom: 1px solid #ccc; }}
caption {{ text-align: left; white-space: nowrap; font-weight: 600; }}
.asked {{ border-left: 4px solid #0072B2; padding-left: 12px; margin: 1em 0; break-inside: avoid; }}
.asked ul {{ list-style: none; padding: 0; margin: .4em 0; }}
.on-screen {{ color: #555; }}
.anchor-link {{ display: none; }}
@media print {{
  body {{ margin: 0; max-width: none; font-size: 11pt; }}
  img, svg, tr {{ break-inside: avoid; }}
  @page {{ size: A4; margin: 18mm; }}
}}
</style></head><body>
{body}
<p><small>heparin_pk: for teaching and study, not for the care of patients.</small></p>
</body></html>
"""


def run_handout(options: argparse.Namespace) -> None:
    """Write a handout of every notebook, or of those named."""
    try:
        import nbclient  # noqa: F401, PLC0415
        import nbconvert  # noqa: F401, PLC0415
    except ImportError:
        raise ValueError("JupyterLab is not installed: pip install jupyterlab ipywidgets") from None
    folder = originals()
    stems = [INDEX, *(lesson.stem for lesson in LESSONS)]
    if options.only is not None:
        stems = [stem for stem in stems if stem.startswith(options.only)]
        if not stems:
            raise ValueError(f"--only must begin the name of a notebook (00 to {len(LESSONS):02}); got {options.only!r}")
    out = Path(options.out)
    program = browser() if options.pdf else ""
    make_folder(out)
    for stem in stems:
        if not options.no_run:
            complain(f"running {stem} ...")
        page = handout(folder / f"{stem}.ipynb", run=not options.no_run)
        file = out / f"{stem}.{'pdf' if options.pdf else 'html'}"
        if options.pdf:
            write_bytes(file, printed(page, program))
        else:
            write_text(file, page)
        print(f"written: {file}")


_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_LONGEST_PRINT_S = 180.0


def browser() -> str:
    """Return the Chromium, Chrome or Edge that prints: HEPARIN_PK_CHROMIUM, or the first one on the path.

    Raises ``ValueError`` where there is none.
    """
    named = os.environ.get("HEPARIN_PK_CHROMIUM")
    found = next(filter(None, map(shutil.which, (named,) if named else _BROWSERS)), None)
    if found is None:
        missing = f"HEPARIN_PK_CHROMIUM names no program: {named!r}" if named else "no Chromium, Chrome or Edge was found"
        raise ValueError(f"--pdf needs a browser to print with, and {missing}; without --pdf the handout is HTML")
    return found


def printed(page: str, program: str) -> bytes:
    """Return an HTML page as a PDF, printed by a browser; raises ``ValueError`` if it does not."""
    page = re.sub(r'<a [^>]*href="[\w-]+\.html"[^>]*>(.*?)</a>', r"\1", page, flags=re.DOTALL)  # no door on paper
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source, pdf = folder / "page.html", folder / "page.pdf"
        write_text(source, page)
        command = [program, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"]
        command += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command += [f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={pdf}", source.as_uri()]
        try:
            subprocess.run(command, check=False, capture_output=True, timeout=_LONGEST_PRINT_S)
            found = pdf.read_bytes()
        except (OSError, subprocess.TimeoutExpired):
            found = b""
    if not found.startswith(b"%PDF"):
        raise ValueError(f"{program} printed no PDF; without --pdf the handout is HTML")
    return found


def handout(file: Path, *, run: bool) -> str:
    """Return a notebook as an HTML page for paper; ``run`` runs its cells, so that the page has their pictures and tables.

    Raises ``ValueError`` that names the notebook and the error when a cell fails.
    """
    import nbconvert  # noqa: PLC0415
    import nbformat  # noqa: PLC0415

    exporter_of: Any = nbconvert.HTMLExporter
    formats: Any = nbformat
    book = formats.read(file, as_version=4)
    if run:
        _run(book, file)
    book.metadata.pop("widgets", None)
    book.cells = [cell for cell in book.cells if cell.id not in _LINKS]
    for cell in book.cells:
        if cell.cell_type == "code":
            asked = _asked(cell.source)
            cell.outputs = [formats.v4.new_output("display_data", {"text/html": asked})] if asked else _on_paper(cell.outputs)
            cell.source, cell.execution_count = "", None
        else:
            cell.source = re.sub(r"\]\(([\w-]+)\.ipynb\)", r"](\1.html)", cell.source)
    exporter = exporter_of(template_name="basic", exclude_input=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(book)
    title = next((line[2:] for cell in book.cells for line in cell.source.splitlines() if line.startswith("# ")), file.stem)
    body = re.sub(r'src="([^":]+\.png)"', lambda found: f'src="{_as_data(file.parent / found[1])}"', body)
    body = body.replace(".ipynb", ".html").replace("<details", "<details open")  # paper unfolds nothing
    return _PAGE.format(title=escape(title), body=body)


def _as_data(picture: Path) -> str:
    """Return a picture as an address that holds it."""
    try:
        return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}"
    except OSError as error:
        raise ValueError(f"{picture}: cannot be read: {error.strerror}") from None


def _run(book: Any, file: Path) -> None:
    """Run the cells of a notebook in a fresh kernel."""
    from nbclient import NotebookClient  # noqa: PLC0415
    from nbclient.exceptions import CellExecutionError, DeadKernelError  # noqa: PLC0415

    try:
        NotebookClient(book, timeout=1800, resources={"metadata": {"path": str(file.parent)}}).execute()
    except (CellExecutionError, DeadKernelError) as error:
        last = str(error).strip().splitlines()[-1:] or ["the kernel died"]
        raise ValueError(f"{file.name}: a cell failed: {_COLOUR.sub('', last[0])}") from None


def _asked(source: str) -> str:
    """Return the question of a cell that asks one, with boxes to tick or a line to write on; empty for any other cell.

    Only the question and the answers offered are read from the code: which of them is right, and why, stays behind.
    """
    body = ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M)).body
    names_it = len(body) == 2 and isinstance(body[0], ast.Assign) and isinstance(body[1], ast.Expr)  # a name, then its widget
    first = body[0] if names_it or len(body) == 1 else None
    call = first.value if isinstance(first, ast.Expr | ast.Assign) else None
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Name)
        or call.func.id not in ("quiz", "check_number", "hint")
    ):
        return ""
    if call.func.id == "hint":
        return "<!-- a hint is on the screen -->"
    text = ast.literal_eval(call.args[0])
    if call.func.id == "quiz":
        return on_paper(text, ast.literal_eval(call.args[1]))
    unit = next((ast.literal_eval(one.value) for one in call.keywords if one.arg == "unit"), "")
    return on_paper(text, None, unit)


def on_paper(text: str, answers: list[str] | None, unit: str = "") -> str:
    """Return a question with a box for each answer, in the order of the alphabet, or with a line for a number."""
    if answers is None:
        return f'<div class="asked"><p><b>{escape(text)}</b></p><p>____________ {escape(unit)}</p></div>'
    boxes = "".join(f"<li>☐ {escape(answer)}</li>" for answer in sorted(answers))
    return f'<div class="asked"><p><b>{escape(text)}</b></p><ul>{boxes}</ul></div>'


def _on_paper(outputs: list[Any]) -> list[Any]:
    """Return outputs without widgets and messages: in their place stands their question, or that they are on the screen."""
    kept = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            continue
        data = output.get("data", {})
        if "heparin-pk-asleep" in data.get("text/html", ""):
            continue  # for a notebook that is opened again
        if _WIDGET in data:
            words = data.get("text/html") or _ON_SCREEN
            data.clear()
            data["text/html"] = words
        kept.append(output)
    return kept
