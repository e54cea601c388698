"""Voila shows the pictures beside the notebooks: its own way finds only those inside the folder that it serves."""

# mypy: allow-subclassing-any
# (Voila has no types: its classes are Any)
from __future__ import annotations

import base64
import mimetypes
from pathlib import Path

from nbconvert.filters.markdown_mistune import IPythonRenderer
from voila.exporter import VoilaMarkdownRenderer

_FOLDER = "figures"


class PicturesBeside(VoilaMarkdownRenderer):
    """Writes the text of a notebook as HTML, with the pictures of the folder ``figures`` beside the notebooks inside it."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture as HTML: one of ``figures`` as data in the page, another one as Voila does it."""
        kind, _ = mimetypes.guess_type(url)
        root = Path(self.contents_manager.root_dir).resolve()
        for folder in (root, root / "notebooks"):
            file = (folder / url).resolve()
            if kind and kind.startswith("image/") and file.parent == folder.parent / _FOLDER and file.is_file():
                url = f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
                return str(IPythonRenderer.image(self, text, url, title))
        return str(super().image(text, url, title))
