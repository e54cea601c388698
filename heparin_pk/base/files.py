"""Reading and writing files: a read ends, a written file is whole or not there, and every message names the file."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from heparin_pk.base.texts import visible

LARGEST_FILE_BYTES = 64_000_000
"""A larger file is not read; the longest course fits."""
LARGEST_TABLE_BYTES = 100_000
"""A larger TOML table is not read."""
LONGEST_TABLE_LINE = 4000
"""A TOML table with a longer line is not read: a key of a thousand dots takes minutes."""
_WAIT_FOR_READER_S = 5.0
_WAIT_FOR_OTHERS_S = 10.0
_NO_LOCKS = {getattr(errno, name, -1) for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP")}
_KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
    stat.S_IFSOCK: "is a socket",
}


def _flags(*names: str) -> int:
    """Return the flags of ``os.open`` of this system; one that it does not know is 0."""
    return sum(getattr(os, f"O_{name}", 0) for name in names)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


# Reading


def read_text(file: str | Path, most_bytes: int = LARGEST_FILE_BYTES) -> str:
    """Return the content of a UTF-8 text file, its line ends as line feeds.

    Raises ``ValueError`` that names the file when it cannot be read, is a pipe, a device or a folder, is not text, or is larger
    than ``most_bytes``.
    """
    name = visible(os.fspath(file))
    try:
        descriptor = os.open(file, _flags("RDONLY", "NONBLOCK", "NOCTTY", "CLOEXEC", "BINARY"))  # a pipe would wait
        try:
            kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
            if kind != stat.S_IFREG:
                raise ValueError(f"{_KINDS.get(kind, 'is no file')}; only files are read")
            with open(descriptor, "rb", closefd=False) as content:
                found = content.read(most_bytes + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise ValueError(f"{name}: cannot be read: {_reason(error)}") from None
    if len(found) > most_bytes:
        most = f"{most_bytes / 1e6:g} MB" if most_bytes >= 1e6 else f"{most_bytes / 1e3:g} kB"
        raise ValueError(f"{name}: is too large: at most {most} are read")
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name}: is not UTF-8 text") from None
    if "\0" in text:
        raise ValueError(f"{name}: is not text: it holds a NUL character")
    return text.replace("\r\n", "\n").replace("\r", "\n")


# Writing


def write_text(file: str | Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all; see :class:`Output`.

    Raises ``ValueError`` that names the file when it cannot be written.
    """
    _write(file, text)


def write_bytes(file: str | Path, content: bytes) -> None:
    """Write a file, whole or not at all; see :class:`Output`.

    Raises ``ValueError`` that names the file when it cannot be written.
    """
    _write(file, content)


def _write(file: str | Path, content: bytes | str) -> None:
    out = Output(file)
    try:
        out.write(content)
        out.finish()
    finally:
        out.discard()


@contextlib.contextmanager
def alone(file: str | Path) -> Iterator[None]:
    """Let one process after the other read and write a file again; all of them must ask for it with this function.

    A hidden file beside it (".name.lock") is locked meanwhile. The system unlocks it when its process ends, however it ends.
    Where a file system or a browser knows no locks, nothing is locked. Not to be nested.

    Raises ``ValueError`` that names the file when the folder cannot be written to, or others keep it for 10 s.
    """
    place = Path(os.path.realpath(file))
    try:
        descriptor = os.open(place.with_name(f".{place.name}.lock"), _flags("RDWR", "CREAT", "NOFOLLOW", "CLOEXEC"), 0o666)
    except OSError as error:
        raise ValueError(f"{visible(os.fspath(file))}: cannot be written: {_reason(error)}") from None
    try:
        until = time.monotonic() + _WAIT_FOR_OTHERS_S
        while not _is_locked(descriptor):
            if time.monotonic() > until:
                raise ValueError(f"{visible(os.fspath(file))}: cannot be written: another program keeps it")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)  # unlocks it


def _is_locked(descriptor: int) -> bool:
    """Lock an open file, if no other process has; return whether it is, or need not be."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  on Windows alone

            lock: Any = msvcrt
            lock.locking(descriptor, lock.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415  not on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return True
    except OSError as error:
        return error.errno in _NO_LOCKS
    return True


def check_output(file: str | Path) -> None:
    """Raise ``ValueError`` that names the file unless it can be written now; what is there stays as it is."""
    status = _status(file)
    if status is None or stat.S_ISREG(status.st_mode):
        Output(file).discard()
    elif not os.access(file, os.W_OK):
        raise ValueError(f"{visible(os.fspath(file))}: cannot be written: Permission denied")


def check_output_folder(folder: str | Path) -> None:
    """Raise ``ValueError`` unless the folder can be written to, or made; it is not made."""
    name = visible(os.fspath(folder))
    if not os.fspath(folder) or "\0" in os.fspath(folder):
        raise ValueError(f"a folder needs a name; got {os.fspath(folder)!r}")
    try:
        place = Path(folder)
        while not os.path.lexists(place) and place != place.parent:
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{visible(str(place))} is no folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "Permission denied")
    except OSError as error:
        raise ValueError(f"{name}: cannot be made: {_reason(error)}") from None


def make_folder(folder: str | Path) -> list[Path]:
    """Make a folder and those above it; return the ones that were made, the innermost first.

    Raises ``ValueError`` that names the folder when it cannot be made.
    """
    check_output_folder(folder)
    missing = [place for place in (Path(folder), *Path(folder).parents) if not place.exists()]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{visible(os.fspath(folder))}: cannot be made: {_reason(error)}") from None
    return missing


class Output:
    """A file while it is written: it appears when it is whole, or not at all.

    It is written under another name beside its place and renamed at the end; the permissions of a file that was there stay. A
    link is followed, and the file it points to is replaced. A device, a pipe, or what the command line prints to
    (``/dev/stdout``) is written directly.

    ``file``: its name.

    Raises ``ValueError`` that names the file when it cannot be written.
    """

    def __init__(self, file: str | Path) -> None:
        status = _status(file)
        self._file = file
        self._unfinished: str | None = None
        self._place = os.path.realpath(file)
        self._is_stdout = False
        try:
            descriptor = self._open(status)
        except OSError as error:
            raise self._failed(error) from None
        self._out: BinaryIO | None = os.fdopen(descriptor, "wb")

    def _open(self, status: os.stat_result | None) -> int:
        """Return an open descriptor of the file itself, or of an unfinished one beside it."""
        shared = None if status is None else _already_open(self._file, status)
        if shared is not None:
            self._is_stdout = shared == 1
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            return os.dup(shared)
        if status is not None and stat.S_ISFIFO(status.st_mode):
            return _open_pipe(self._file)
        if status is not None and not stat.S_ISREG(status.st_mode):
            return os.open(self._file, _flags("WRONLY", "NOCTTY", "CLOEXEC"))
        if status is not None and not os.access(self._place, os.W_OK):
            raise PermissionError(errno.EACCES, "Permission denied")
        beside = os.path.join(os.path.dirname(self._place), f".{secrets.token_hex(8)}.unfinished")
        flags = _flags("WRONLY", "CREAT", "EXCL", "NOFOLLOW", "CLOEXEC", "BINARY")
        descriptor = os.open(beside, flags, 0o666)
        self._unfinished = beside
        if status is not None and hasattr(os, "fchmod"):
            mine = os.fstat(descriptor)
            if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
                with contextlib.suppress(OSError):  # only root gives files away
                    os.fchown(descriptor, status.st_uid, status.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        return descriptor

    def write(self, content: bytes | str) -> None:
        """Write bytes, or text as UTF-8."""
        if self._out is None:
            raise ValueError(f"{visible(os.fspath(self._file))}: is closed")
        try:
            self._out.write(content.encode() if isinstance(content, str) else content)
        except (OSError, UnicodeEncodeError) as error:
            self.discard()
            raise self._failed(error) from None

    def finish(self) -> None:
        """Say that all is written: the file gets its name."""
        if self._out is None:
            return
        try:
            self._out.flush()
            if self._unfinished is not None:
                os.fsync(self._out.fileno())
            self._out.close()
            if self._unfinished is not None:
                os.replace(self._unfinished, self._place)
                self._unfinished = None
            self._out = None
        except OSError as error:
            self.discard()
            raise self._failed(error) from None

    def discard(self) -> None:
        """Leave nothing half-written; after :meth:`finish` nothing happens."""
        out, self._out = self._out, None
        unfinished, self._unfinished = self._unfinished, None
        if out is not None:
            with contextlib.suppress(OSError):  # a full disk cannot take the rest, which is thrown away
                out.close()
        if unfinished is not None:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)

    def _failed(self, error: OSError | UnicodeEncodeError) -> Exception:
        if self._is_stdout and isinstance(error, BrokenPipeError):
            return error  # the reader of the command line has read enough
        return ValueError(f"{visible(os.fspath(self._file))}: cannot be written: {_reason(error)}")


def _status(file: str | Path) -> os.stat_result | None:
    """Return what stands at a name, links followed, or ``None``; raises ``ValueError`` where no file can be written."""
    text = os.fspath(file)
    if not text or "\0" in text:
        raise ValueError(f"a file to write needs a name; got {text!r}")
    name = visible(text)
    try:
        status = os.stat(text)
    except FileNotFoundError:
        folder = os.path.dirname(os.path.realpath(text))
        if text.endswith(os.sep):
            raise ValueError(f"{name}: cannot be written: it is the name of a folder") from None
        if not os.path.isdir(folder):
            raise ValueError(f"{name}: cannot be written: there is no folder {visible(folder)}") from None
        return None
    except OSError as error:
        raise ValueError(f"{name}: cannot be written: {_reason(error)}") from None
    kind = stat.S_IFMT(status.st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFIFO, stat.S_IFCHR):
        raise ValueError(f"{name}: cannot be written: it {_KINDS.get(kind, 'is no file')}")
    return status


def _already_open(file: str | Path, status: os.stat_result) -> int | None:
    """Return the descriptor that this process already writes a file with: its output, its errors, or one named /dev/fd/N."""
    named = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)", os.path.normpath(os.fspath(file)))
    for descriptor in (1, 2, *([int(named[1])] if named else [])):
        try:
            if os.path.samestat(status, os.fstat(descriptor)):
                return descriptor
        except OSError:  # closed
            continue
    return None


def _open_pipe(file: str | Path) -> int:
    """Return an open descriptor of a pipe; waits a little for its reader."""
    until = time.monotonic() + _WAIT_FOR_READER_S
    while True:
        try:
            descriptor = os.open(file, _flags("WRONLY", "NONBLOCK", "CLOEXEC"))
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise OSError(errno.ENXIO, "it is a pipe that no process reads") from None
            time.sleep(0.05)
        else:
            os.set_blocking(descriptor, True)
            return descriptor
