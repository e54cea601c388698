"""Work beside a notebook: its kernel stays free for the next slider while another process computes."""

from __future__ import annotations

import atexit
import sys
from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from heparin_pk.trials.workers import end_with_main

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from concurrent.futures import Executor, Future

PROCESSES = 2
"""Processes beside the notebook: one for pictures, and one that may be compiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something to compute, and what to do with it.

    ``key``: tells this work from other work; the same work is not done twice at the same time
    ``function``, ``arguments``: what is computed; a pure function that another process can import
    ``take``: receives the result, in the process that asked
    """

    key: Any
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False)
    take: Callable[[Any], None] = field(compare=False)

    def do(self) -> None:
        """Do the work in this process, now."""
        self.take(self.function(*self.arguments))


_pool: Executor | None = None
_under_way: dict[Any, Future[Any]] = {}


def _processes() -> Executor | None:
    """Return the processes beside this one, started at the first use; ``None`` where there can be none (in a browser)."""
    global _pool  # noqa: PLW0603  one for all notebooks of this process
    if _pool is None and sys.platform != "emscripten":
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  absent in a browser
        from multiprocessing import get_context  # noqa: PLC0415

        context = get_context("spawn")
        their_end, my_end = context.Pipe(duplex=False)
        _pool = ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=end_with_main, initargs=(their_end,))
        atexit.register(_end, my_end)
    return _pool


def _end(pipe: Any) -> None:
    """End the processes with this one."""
    pipe.close()
    if _pool is not None:
        _pool.shutdown(wait=True, cancel_futures=True)
    _forget()


def _forget() -> None:
    """Start new processes at the next use: those there were have ended."""
    global _pool  # noqa: PLW0603
    _pool = None


def beside(
    work: Work, loop: AbstractEventLoop, is_done: Callable[[], None], *, refused: Callable[[ValueError], None] | None = None
) -> None:
    """Do work in another process; the event loop then takes the result and calls ``is_done``.

    ``refused``: called with the ``ValueError`` of work that is not possible; ``None``: the event loop reports it.

    Where no process can be had, the event loop does the work itself when it has nothing else to do.
    """
    pool = _processes()
    if pool is None:
        loop.call_soon(_here, work, is_done)
        return
    future = _under_way.get(work.key)
    if future is None or future.done():
        try:
            future = pool.submit(work.function, *work.arguments)
        except RuntimeError:  # the processes have ended
            _forget()
            loop.call_soon(_here, work, is_done)
            return
        _under_way[work.key] = future

    def arrived() -> None:
        _under_way.pop(work.key, None)
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            work.take(future.result())
            is_done()
        elif isinstance(error, RuntimeError):  # a process was killed
            _forget()
            _here(work, is_done)
        elif isinstance(error, ValueError) and refused is not None:
            refused(error)
        else:
            raise error

    def tell(_: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop was closed: the result comes too late
            loop.call_soon_threadsafe(arrived)

    future.add_done_callback(tell)


def _here(work: Work, is_done: Callable[[], None]) -> None:
    work.do()
    is_done()


def beside_all(next_work: Callable[[], Work | None]) -> None:
    """Do one work after another in another process, as long as there is one, where an event loop runs; else nothing."""
    try:
        loop = get_running_loop()
    except RuntimeError:
        return

    def go_on() -> None:
        work = next_work()
        if work is not None:
            beside(work, loop, go_on)

    loop.call_soon(go_on)


_waiting: dict[str, TimerHandle] = {}


def when_at_rest(name: str, rest_s: float, begin: Callable[[], None]) -> None:
    """Call ``begin`` unless this function is called again by this name within ``rest_s`` seconds; without an event loop never."""
    try:
        loop = get_running_loop()
    except RuntimeError:
        return
    if name in _waiting:
        _waiting.pop(name).cancel()
    _waiting[name] = loop.call_later(rest_s, begin)
