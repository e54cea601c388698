"""One profile for every property test: the same examples on every machine, and no stopwatch on a busy one.

A shell that starts the tests in the background makes them ignore Ctrl-C, and their programs inherit that.
Here Ctrl-C is heard again, because some tests send it to a program.
"""

import signal

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
