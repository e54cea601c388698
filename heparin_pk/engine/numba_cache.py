"""Machine code kept on disk: numba's compiler, and a cache that several processes can share."""

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
    """Return numba's compiler, of functions made for this; raises ``ValueError`` when numba is not installed.

    numba finds machine code by the function's name and a number that begins anew in every process. Two functions made by the
    same lines, kept by two processes and used by a third, would be taken for each other: here what a function was made for is
    part of its name.
    """
    try:
        import numba  # noqa: PLC0415  optional, and slow to import
    except ImportError:
        raise ValueError('engine "compiled" needs numba: pip install numba') from None
    mark = hashlib.sha256(repr(made_for).encode()).hexdigest()[:16]

    def compiled(function: Callable) -> Callable:
        if "<locals>" in function.__qualname__:
            function.__qualname__ += f"_{mark}"
        return numba.njit(error_model="numpy", nogil=True)(function)

    return compiled


def kept_on_disk(function: Callable, *also: Any) -> Callable:
    """Return the function compiled, and its machine code kept on disk, where numba keeps its own (``NUMBA_CACHE_DIR``).

    numba's keys for a function made of others change with every process. Here each kind of call has a file of its own, named by
    the text of everything that is compiled, by what the function was made for (``also``) and by the machine: it cannot be stale,
    and processes that compile at the same time write the same.
    """
    import numba  # noqa: PLC0415
    from numba.core.caching import CompileResultCacheImpl, NullCache  # noqa: PLC0415
    from numba.core.serialize import dumps  # noqa: PLC0415

    found: Any = numba_compiler(*also)(function)
    made_of = (numba.__version__, _texts(), function.__qualname__)

    class OnDisk(NullCache):
        def __init__(self) -> None:
            self.as_bytes = CompileResultCacheImpl(function)
            self.folder = Path(self.as_bytes.locator.get_cache_path())

        def file(self, signature: Any, machine: Any) -> Path:
            key = hashlib.sha256(repr((made_of, str(signature), machine.magic_tuple())).encode()).hexdigest()
            return self.folder / f"{function.__name__}-{key[:32]}.{sys.implementation.cache_tag}.nbc"

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            target_context.refresh()
            file = self.file(sig, target_context.codegen())
            return self.as_bytes.rebuild(target_context, pickle.loads(file.read_bytes())) if file.exists() else None

        def save_overload(self, sig: Any, data: Any) -> None:
            if self.as_bytes.check_cachable(data):
                file = self.file(sig, data.codegen)
                aside = file.with_suffix(f".{uuid.uuid4().hex}")
                with suppress(OSError):
                    aside.write_bytes(dumps(self.as_bytes.reduce(data)))
                    aside.replace(file)

    with suppress(RuntimeError):  # nowhere to write: then it is compiled again next time
        found._cache = OnDisk()
    return found


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
    """Return the text of every file of which lines may be compiled: the whole folder ``engine``, the kinetics, the draws."""
    files = [Path(kinetics.__file__), Path(randomness.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    return tuple(file.read_text(encoding="utf-8") for file in files)
