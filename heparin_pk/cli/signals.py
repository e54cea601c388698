"""Signals that end the command line: it ends in order, with one line and nothing half-written."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, cast

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_AGAIN_AFTER_S = 0.05
BY_SIGNAL = "ended by SIG"
"""How the message of a run begins that a signal ended."""


def _end(number: int, _: FrameType | None) -> None:
    """End the run as if by hand: what was half-written goes, worker processes end. A second signal ends it at once."""
    for each in _SIGNALS:
        if signal.getsignal(each) is _end:
            signal.signal(each, signal.SIG_DFL)
    raise _Ended(number)


class _Ended(KeyboardInterrupt):
    def __init__(self, number: int) -> None:
        super().__init__(f"{BY_SIGNAL}{signal.Signals(number).name.removeprefix('SIG')}")
        self.number = number


def _give(number: signal.Signals) -> None:
    """Give a signal to the main thread."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(cast("int", threading.main_thread().ident), number)  # it wakes a thread that sleeps
    else:
        _thread.interrupt_main(number)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let the signals that end a process end it in order; one that is ignored (nohup) stays ignored.

    A library that calls Python back from C (numba, while it compiles) loses an exception that is raised in that call. So a signal
    that fell there is given again, and an error that followed from the loss is the end that was asked for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [each for each in _SIGNALS if signal.getsignal(each) is signal.SIG_DFL]
    lost: list[KeyboardInterrupt] = []
    given_again: list[threading.Timer] = []

    def give_again(unraisable: Any) -> None:
        error = unraisable.exc_value
        if type(error) not in (KeyboardInterrupt, _Ended):  # raised by no signal
            usual_hook(unraisable)
            return
        lost.append(error)
        number = signal.SIGINT
        if isinstance(error, _Ended):
            number = signal.Signals(error.number)
            signal.signal(number, _end)
        given_again.append(threading.Timer(_AGAIN_AFTER_S, _give, (number,)))
        given_again[-1].daemon = True
        given_again[-1].start()

    for each in heeded:
        signal.signal(each, _end)
    usual_hook, sys.unraisablehook = sys.unraisablehook, give_again
    try:
        yield
    except Exception as error:
        if lost:
            raise lost[-1] from error
        raise
    finally:
        for again in given_again:
            again.cancel()
        sys.unraisablehook = usual_hook
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
