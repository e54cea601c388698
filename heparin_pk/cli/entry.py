"""The entry point of ``heparin-pk``: it runs the chosen command and reports an error in one line."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any

from heparin_pk.cli.parser import parser


def _one_line(message: Any, *_: Any, **__: Any) -> str:
    """Return a warning as one line on standard error."""
    return f"heparin-pk: note: {message}\n"


_ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def _end(number: int, _: FrameType | None) -> None:
    """End the run as if by hand: what was half-written goes, worker processes end. A second signal ends it at once."""
    for each in _ENDING_SIGNALS:
        if signal.getsignal(each) is _end:
            signal.signal(each, signal.SIG_DFL)
    raise KeyboardInterrupt(f"ended by {signal.Signals(number).name}")


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let the signals that end a process end it in order; one that is ignored (nohup) stays ignored."""
    heeded = [each for each in _ENDING_SIGNALS if signal.getsignal(each) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        heeded = []
    for each in heeded:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: success, or the reader of a pipe closed it
    2: wrong input, or a run that failed or was ended by a signal, reported in one line
    130: interrupted by the user
    """
    warnings.formatwarning = _one_line
    warnings.simplefilter("once")
    gc.freeze()  # imported objects live until the end
    atexit.register(gc.freeze)  # no garbage collection at exit; the two freezes together save 0.2 s
    try:
        options = parser().parse_args(arguments)
        with _ended_in_order():
            options.run(options)
    except ValueError as error:
        message = " ".join(str(error).split())
        print(f"heparin-pk: error: {message}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"heparin-pk: error: cannot write: {error.strerror}", file=sys.stderr)
        return 2
    except BrokenExecutor as error:
        print(f"heparin-pk: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        message = str(stopped) or "interrupted"
        print(f"heparin-pk: {message}", file=sys.stderr)
        return 2 if message.startswith("ended by") else 130
    return 0
