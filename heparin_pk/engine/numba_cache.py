"""numba's compiler, and a disk cache of machine code that several processes can share."""

from __future__ import annotations

import hashlib
import pickle
import sys
import uuid
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
            self.folder = Path(self.as_bytes.locator.get_cache_path())

        def file(self, signature: Any, machine: Any) -> Path:
            # The signature holds the types of the arguments; the machine's tuple its architecture, processor and features.
            key = hashlib.sha256(repr((made_of, str(signature), machine.magic_tuple())).encode()).hexdigest()
            return self.folder / f"{function.__name__}-{key[:32]}.{sys.implementation.cache_tag}.nbc"

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            target_context.refresh()
            file = self.file(sig, target_context.codegen())
            return self.as_bytes.rebuild(target_context, pickle.loads(file.read_bytes())) if file.exists() else None

        def save_overload(self, sig: Any, data: Any) -> None:
            if self.as_bytes.check_cachable(data):
                file = self.file(sig, data.codegen)
                # Written under a name of its own, then renamed: no other process ever reads half a file.
                temporary = file.with_suffix(f".{uuid.uuid4().hex}")
                with suppress(OSError):
                    temporary.write_bytes(dumps(self.as_bytes.reduce(data)))
                    temporary.replace(file)

    with suppress(RuntimeError):  # no folder to write to: every process compiles again
        compiled._cache = OnDisk()
    return compiled


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
    """Return the source text of every file that may contribute compiled lines: ``engine/``, the kinetics, the random numbers."""
    files = [Path(kinetics.__file__), Path(randomness.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    return tuple(file.read_text(encoding="utf-8") for file in files)
