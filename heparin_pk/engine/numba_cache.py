"""numba's compiler, and a disk cache of machine code that several processes can share."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import uuid
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from heparin_pk.base import randomness
from heparin_pk.body import kinetics


def numba_compiler(*made_for: Any) -> Callable[[Callable], Callable]:
    """Return numba's compiler for functions of this purpose; ``made_for`` becomes part of their names.

    numba identifies machine code by the function's name and a number that restarts in every process. Two functions made by the
    same source lines (two kernels for two models), cached by two processes and loaded by a third, would be confused; with the
    purpose in the name they are not.

    Raises ``ValueError`` when numba is not installed.
    """
    try:
        import numba  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise ValueError('engine "compiled" needs numba: pip install numba') from None
    mark = hashlib.sha256(repr(made_for).encode()).hexdigest()[:16]

    def compiled(function: Callable) -> Callable:
        if "<locals>" in function.__qualname__:  # made inside another function, perhaps several times
            function.__qualname__ += f"_{mark}"
        # The numpy error model: a division by zero gives infinity or NaN, not an exception that each division had to test for.
        return numba.njit(error_model="numpy", nogil=True)(function)

    return compiled


def kept_on_disk(function: Callable, *also: Any) -> Callable:
    """Return the function compiled, with its machine code cached on disk in numba's cache folder (``NUMBA_CACHE_DIR``).

    numba's own cache keys of a function that calls other compiled functions change with every process. Here each signature has a
    file of its own, named by a hash of the source text of everything that may be compiled, the purpose of the function (``also``)
    and the machine: a file is never stale, and processes that compile at the same time write the same content.

    A file is read with pickle, which runs what the file says. So the files stand in a folder of this user alone, and each begins
    with a checksum of its name and content. A damaged file, or one of another user, is ignored, compiled and written again.
    Where others can write to the folder, one warning says so, and every process compiles for itself.
    """
    import numba  # noqa: PLC0415
    from numba.core.caching import CompileResultCacheImpl, NullCache  # noqa: PLC0415
    from numba.core.serialize import dumps  # noqa: PLC0415

    compiled: Any = numba_compiler(*also)(function)
    made_of = (numba.__version__, _texts(), function.__qualname__)

    # numba asks this object before it compiles for a signature (load) and afterwards (save).
    class OnDisk(NullCache):
        def __init__(self) -> None:
            self.as_bytes = CompileResultCacheImpl(function)
            self.folder = _folder_in(Path(self.as_bytes.locator.get_cache_path()))

        def file(self, signature: Any, machine: Any) -> Path:
            # The signature holds the types of the arguments; the machine's tuple its architecture, processor and features.
            key = hashlib.sha256(repr((made_of, str(signature), machine.magic_tuple())).encode()).hexdigest()
            return self.folder / f"{function.__name__}-{key[:32]}.{sys.implementation.cache_tag}.nbc"

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            target_context.refresh()
            content = _read(self.file(sig, target_context.codegen()))
            if content is None:
                return None
            try:
                return self.as_bytes.rebuild(target_context, pickle.loads(content))
            except Exception:  # written with other libraries than are here: pickle may then raise anything
                return None

        def save_overload(self, sig: Any, data: Any) -> None:
            if self.as_bytes.check_cachable(data):
                file = self.file(sig, data.codegen)
                _write(file, dumps(self.as_bytes.reduce(data)))

    with suppress(RuntimeError, OSError):  # no folder to write to, or to trust: every process compiles again
        compiled._cache = OnDisk()
    return compiled


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
    """Return the source text of every file that may contribute compiled lines: ``engine/``, the kinetics, the random numbers."""
    files = [Path(kinetics.__file__), Path(randomness.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    return tuple(file.read_text(encoding="utf-8") for file in files)


@lru_cache
def _folder_in(numba_folder: Path) -> Path:
    """Return the folder of this user's machine code, made where it is missing.

    Raises ``OSError`` where it cannot be made. Where another user owns it or can write to it, a ``PermissionError`` follows one
    warning.
    """
    folder = numba_folder / f"heparin_pk-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_ours_alone(folder.stat()):
        _warn_of(folder)
        raise PermissionError(folder)
    return folder


@lru_cache
def _warn_of(folder: Path) -> None:
    warnings.warn(
        f"{folder}: machine code is not kept there, because another user owns this folder or can write to it: "
        "every process compiles again; remove the folder, or set NUMBA_CACHE_DIR to another",
        stacklevel=2,
    )


def _is_ours_alone(status: os.stat_result) -> bool:
    """Say whether this user owns a file or folder and no other can write to it; yes where the system knows no owners."""
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _checksum(file: Path, content: bytes) -> bytes:
    return hashlib.sha256(file.name.encode() + b"\0" + content).digest()


def _read(file: Path) -> bytes | None:
    """Return the content of a file of machine code; None where there is none, it is damaged, or another user can write to it."""
    try:
        with file.open("rb") as opened:
            written = opened.read() if _is_ours_alone(os.fstat(opened.fileno())) else b""
    except OSError:
        return None
    checksum, content = written[:32], written[32:]
    return content if checksum == _checksum(file, content) else None


def _write(file: Path, content: bytes) -> None:
    """Write a file of machine code where possible: under a name of its own, then renamed, so that no process reads half."""
    temporary = file.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as opened:
            opened.write(_checksum(file, content) + content)
        temporary.replace(file)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
