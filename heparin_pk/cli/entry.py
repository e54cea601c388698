"""The entry point of ``heparin-pk``: it runs the chosen command and reports an error in one line."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

from heparin_pk.base.texts import one_line
from heparin_pk.cli.options import with_options
from heparin_pk.cli.output import Shown, check_outputs, complain
from heparin_pk.cli.parser import parser
from heparin_pk.cli.signals import BY_SIGNAL, ended_in_order


def _note(message: Any, *_: Any, **__: Any) -> str:
    """Return a warning as one line on standard error."""
    return f"heparin-pk: note: {one_line(message)}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: success, or the reader of a pipe closed it
    2: wrong input, or a run that failed or was ended by a signal, reported in one line
    130: interrupted by the user
    """
    warnings.formatwarning = _note
    warnings.simplefilter("once")
    gc.freeze()  # imported objects live until the end
    atexit.register(gc.freeze)  # no garbage collection at exit; the two freezes together save 0.2 s
    try:
        with contextlib.redirect_stdout(Shown(sys.stdout)), ended_in_order():
            _run(arguments)
    except ValueError as error:
        complain(f"heparin-pk: error: {error}")
        return 2
    except BrokenPipeError:
        return 0
    except OSError as error:
        complain(f"heparin-pk: error: {error.filename or 'the output'}: cannot be written: {error.strerror or error}")
        return 2
    except BrokenExecutor as error:
        complain(f"heparin-pk: error: {error}")
        return 2
    except KeyboardInterrupt as stopped:
        message = str(stopped) or "interrupted"
        complain(f"heparin-pk: {message}")
        return 2 if message.startswith(BY_SIGNAL) else 130
    return 0


def _run(arguments: Sequence[str] | None) -> None:
    """Run the command; what it printed has arrived when this returns."""
    try:
        options = parser().parse_args(arguments)
        check_outputs(options)
        try:
            options.run(options)
        except ValueError as error:
            said = with_options(str(error), options)
            raise (error if said == str(error) else ValueError(said)) from None
    finally:
        try:
            sys.stdout.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError):  # else Python tries again at its end, with a traceback
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise
