"""Reading and writing text files, with error messages that name the file."""

from __future__ import annotations

from pathlib import Path


def read_text(file: str | Path) -> str:
    """Return the content of a UTF-8 text file.

    Raises ``ValueError`` that names the file when it cannot be read.
    """
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file}: is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{file!s}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def write_text(file: str | Path, text: str) -> None:
    """Write a UTF-8 text file.

    Raises ``ValueError`` that names the file when it cannot be written.
    """
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{file}: cannot be written: {error.strerror}") from None
