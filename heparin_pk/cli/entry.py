"""What runs when `heparin-pk` is called: parse, call, and one line where something is wrong."""

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
    return f"heparin-pk: note: {message}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or exit 2 with one line on what was wrong."""
    warnings.formatwarning = _one_line
    warnings.simplefilter("once")
    gc.freeze()  # what importing has made stays to the end
    atexit.register(gc.freeze)  # and a process that ends need not look for garbage: together a fifth of a second
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
