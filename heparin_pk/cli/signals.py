"""Signals that end the command line: it ends in order, with one line and nothing half-written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
BY_SIGNAL = "ended by SIG"
"""How the message of a run begins that a signal ended."""


def _end(number: int, _: FrameType | None) -> None:
    """End the run as if by hand: what was half-written goes, worker processes end. A second signal ends it at once."""
    for each in _SIGNALS:
        if signal.getsignal(each) is _end:
            signal.signal(each, signal.SIG_DFL)
    raise KeyboardInterrupt(f"{BY_SIGNAL}{signal.Signals(number).name.removeprefix('SIG')}")


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let the signals that end a process end it in order; one that is ignored (nohup) stays ignored."""
    heeded = [each for each in _SIGNALS if signal.getsignal(each) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        heeded = []
    for each in heeded:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
