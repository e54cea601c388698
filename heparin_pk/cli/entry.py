"""The entry point of ``heparin-pk``: it runs the chosen command and reports an error in one line."""

from __future__ import annotations

import atexit
import gc
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

from heparin_pk.cli.parser import parser
from heparin_pk.trials.trial import TrialInterrupted


def _one_line(message: Any, *_: Any, **__: Any) -> str:
    """Return a warning as one line on standard error."""
    return f"heparin-pk: note: {message}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: success, or the reader of a pipe closed it
    2: wrong input or a failed run, reported in one line
    130: interrupted by the user
    """
    warnings.formatwarning = _one_line
    warnings.simplefilter("once")
    gc.freeze()  # imported objects live until the end
    atexit.register(gc.freeze)  # no garbage collection at exit; the two freezes together save 0.2 s
    try:
        options = parser().parse_args(arguments)
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
    except TrialInterrupted as stopped:
        print(f"heparin-pk: {stopped}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("heparin-pk: interrupted", file=sys.stderr)
        return 130
    return 0
