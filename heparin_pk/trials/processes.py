"""How other processes are started: without running the script of this one again, wherever the work does not need it."""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import Any

from heparin_pk.base.texts import without_addresses


class WithoutScript(SpawnProcess):
    """A process that does not know the script of the one that starts it."""

    @staticmethod
    def _Popen(process: Any) -> Any:  # noqa: N802  the name of the standard library
        start: Any = SpawnProcess
        with _hidden_script():
            return start._Popen(process)


class ContextWithoutScript(SpawnContext):
    """Starts such processes."""

    Process = WithoutScript


def context_for(work: Any) -> SpawnContext:
    """Return how processes are started for some work: they read the script again only where the work uses what it defines.

    Raises ``ValueError`` where that cannot go well: for what a notebook defines, which no other process can see, and for what a
    script defines that would run from its first to its last line in each of them.
    """
    try:
        sent = pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"this trial cannot be sent to other processes ({without_addresses(str(error))}): define its rule in a file, or give "
            "workers=1"
        ) from None
    if b"__main__" not in sent:
        return ContextWithoutScript()
    file = getattr(sys.modules["__main__"], "__file__", None)
    if file is None:
        raise ValueError(
            "this trial uses something that is defined in the notebook, which other processes cannot see: write it into a file "
            "of its own (%%writefile my_rule.py) and import it, or give workers=1"
        )
    if not _has_guard(Path(file)):
        raise ValueError(
            f"this trial uses something that {Path(file).name} defines, and each worker would run all of that script: put what "
            "it runs under 'if __name__ == \"__main__\":', or give workers=1"
        )
    return SpawnContext()


@contextmanager
def _hidden_script() -> Iterator[None]:
    """Hide the script of this process from one that starts now."""
    main = vars(sys.modules["__main__"])
    kept: dict[str, Any] = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    main["__spec__"] = None
    main.pop("__file__", None)
    try:
        yield
    finally:
        main |= kept


def _has_guard(file: Path) -> bool:
    """Return whether a script compares ``__name__`` with something, as the usual guard does; also where it cannot be read."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return True
    compared = [side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in compared)
