"""One profile for every property test: the same examples on every machine, and no stopwatch on a busy one."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
