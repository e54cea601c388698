"""Where the chunks of a trial run: in this process, in several, or on a Dask cluster."""

from __future__ import annotations

import gc
import logging
import math
import os
import signal
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from heparin_pk.trials.chunk import Chunk
from heparin_pk.trials.csv_rows import as_csv_text

if TYPE_CHECKING:
    from concurrent.futures import Future

_LOOKS_EVERY_S = 2.0
_SAYS_AFTER_S = 10.0
"""A cluster without workers: how often a run looks, and after how long it says so, s."""


class Divisible(Protocol):
    """A trial, as far as its workers know it: it can run some of its people, and has a fingerprint."""

    @property
    def places(self) -> dict[str, tuple[str, ...]]:
        """The hospital and the aPTT reagent of each arm, by name."""
        ...

    def chunk(self, first: int, n: int, *, seed: int, runner: str = "numpy") -> Chunk:
        """Return what comes out of people ``first`` to ``first + n - 1``."""
        ...

    def fingerprint(self, n: int, seed: int) -> str:
        """Return what tells this trial from another."""
        ...


class Job(NamedTuple):
    """What all chunks of a run have in common.

    ``trial``: the trial.
    ``seed``: its seed.
    ``runner``: one of ``heparin_pk.engine.lanes.RUNNERS``.
    ``with_rows``: whether a chunk brings one row a patient.
    ``as_csv``: whether it brings them as CSV text too, so that all workers share the writing.
    """

    trial: Divisible
    seed: int
    runner: str
    with_rows: bool
    as_csv: bool


def finished_chunks(
    job: Job,
    todo: list[tuple[int, int]],
    workers: int,
    client: Any = None,
    scheduler: str | None = None,
    wait_for_workers_s: float = math.inf,
) -> Iterator[Chunk]:
    """Yield the chunks to do (first patient and size) as they finish: on a cluster, in processes, or in this process.

    ``wait_for_workers_s``: how long to wait where a cluster has no worker (left), s.
    """
    if client is None and scheduler is not None:
        client = own_client = _reached(scheduler)
    else:
        own_client = None
    try:
        if client is not None:
            yield from _on_a_cluster(job, todo, client, wait_for_workers_s)
        elif workers > 1 and len(todo) > 1:
            yield from _in_processes(job, todo, workers)
        else:
            yield from (_run_chunk(job, first, n) for first, n in todo)
    finally:
        if own_client is not None:
            with _quiet_cluster():
                own_client.close(timeout="5s")


def _run_chunk(job: Job, first: int, n: int) -> Chunk:
    chunk = job.trial.chunk(first, n, seed=job.seed, runner=job.runner)
    if job.as_csv:
        chunk = replace(chunk, text=as_csv_text(chunk, job.trial.places))
    return chunk if job.with_rows else chunk.without_rows()


def _in_processes(job: Job, todo: list[tuple[int, int]], workers: int) -> Iterator[Chunk]:
    """Yield chunks as this process and its worker processes finish them; each takes the next when it is free.

    Worker processes hold one end of a pipe. When this process closes the other end, or ends in any way (killed too), they end.
    """
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor  # noqa: PLC0415  absent in a browser

    from heparin_pk.trials.processes import context_for  # noqa: PLC0415  the same

    others = min(workers, len(todo)) - 1
    context = context_for(job)
    their_end, my_end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(others, mp_context=context, initializer=end_with_main, initargs=(their_end,))
    rest, left = deque(todo), len(todo)
    finished: SimpleQueue[Future[Chunk]] = SimpleQueue()

    def go_on(done: Future[Chunk] | None = None) -> None:
        failed = done is not None and (done.cancelled() or done.exception() is not None)
        with suppress(IndexError):  # no chunk is left
            if not failed:  # a pool that is breaking calls this with its own lock held, which submit needs
                which = rest.popleft()
                try:
                    pool.submit(_run_chunk, job, *which).add_done_callback(go_on)
                except RuntimeError:  # no worker accepts it: this process runs it
                    rest.append(which)
        if done is not None:
            finished.put(done)  # a failure too: result() below raises it

    is_done = False
    try:
        for _ in range(others):
            go_on()
        while left:
            mine = None
            with suppress(IndexError):
                mine = rest.popleft()
            if mine is not None:
                yield _run_chunk(job, *mine)
                left -= 1
            while left and not (rest and finished.empty()):
                yield finished.get().result()
                left -= 1
        is_done = True
    except BrokenProcessPool as error:
        message = "a process of this trial was killed (too little memory?); with a checkpoint the same call goes on"
        raise BrokenProcessPool(message) from error
    finally:
        if not is_done:
            my_end.close()
        pool.shutdown(wait=True, cancel_futures=True)
        my_end.close()
        their_end.close()


def end_with_main(pipe: Any) -> None:
    """Make this worker process end as soon as the main process ends or closes its end of the pipe."""

    def wait() -> None:
        with suppress(EOFError, OSError):
            pipe.recv_bytes()
        os._exit(1)

    for name in ("SIGINT", "SIGHUP"):  # of a terminal, for all its processes: the main process ends the others
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=wait, daemon=True, name="end with the main process").start()


def _reached(scheduler: str) -> Any:
    """Return a client of the cluster at this address; raises ``ValueError`` when none answers there."""
    distributed = _distributed()
    try:
        with _quiet_cluster():
            return distributed.Client(scheduler, timeout="10s")
    except Exception as error:  # of the address, the network, a missing certificate: each has its own
        why = " ".join(str(error).split()) or type(error).__name__
    # A client that never connected closes itself when Python collects it. If that fell into the start of the next client, that
    # client would wait for a lock its own thread holds: so it is collected now.
    gc.collect()
    raise ValueError(f"scheduler {scheduler!r} cannot be reached: {why}")


def _distributed() -> Any:
    try:
        from dask import distributed  # noqa: PLC0415  optional
    except ImportError:
        raise ValueError('a Dask cluster needs dask.distributed: pip install "heparin-pk[cluster]"') from None
    return distributed


@contextmanager
def _quiet_cluster() -> Iterator[None]:
    """Keep what the cluster's own threads log about lost connections from the terminal: the run reports it in one line."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith(("distributed", "tornado"))]
    heard = [logger for logger in loggers if not logger.disabled]
    try:
        for logger in heard:
            logger.disabled = True
        yield
    finally:
        for logger in heard:
            logger.disabled = False


def _on_a_cluster(job: Job, todo: list[tuple[int, int]], client: Any, wait_for_workers_s: float) -> Iterator[Chunk]:
    """Yield chunks as a Dask cluster finishes them; a chunk of a worker that died is run again by another.

    Raises ``BrokenExecutor`` when the cluster is gone or has had no worker for ``wait_for_workers_s``.
    """
    try:
        trial = job.trial.fingerprint(0, job.seed)
    except ValueError:  # it cannot be compared, so that no result of another run is used for it
        trial = uuid.uuid4().hex
    name = f"heparin-pk-{trial}-{job.runner}-{job.with_rows}-{job.as_csv}"
    finished: SimpleQueue[Any] = SimpleQueue()
    with _quiet_cluster():
        futures = {client.submit(_run_chunk, job, *which, key=f"{name}-{which[0]}-{which[1]}") for which in todo}
        for future in futures:
            future.add_done_callback(finished.put)
        watch = _Watch(client, wait_for_workers_s)
        while futures:
            try:
                future = finished.get(timeout=_LOOKS_EVERY_S)
            except Empty:
                watch.look()
                continue
            if future not in futures:
                continue
            yield watch.result(future)
            futures.discard(future)
            future.release()


class _Watch:
    """Looks after a cluster while a run waits for it: whether its scheduler is there, and whether it has workers."""

    def __init__(self, client: Any, wait_for_workers_s: float) -> None:
        self._client, self._most_s = client, wait_for_workers_s
        self._none_since: float | None = None
        self._has_said = False

    def look(self) -> None:
        """Say where no worker is left; raises ``BrokenExecutor`` where none comes in time, or the scheduler is gone."""
        try:
            n_workers = len(self._client.scheduler_info()["workers"])
        except Exception as error:  # of a lost connection: there are many
            raise self._gone(error) from None
        now = time.monotonic()
        if n_workers:
            self._none_since, self._has_said = None, False
            return
        self._none_since = now if self._none_since is None else self._none_since
        waited_s = now - self._none_since
        if waited_s >= self._most_s:
            raise BrokenExecutor(f"the cluster had no worker for {waited_s:.0f} s; with a checkpoint the same call goes on")
        if waited_s >= _SAYS_AFTER_S and not self._has_said:
            self._has_said = True
            until = f"at most {self._most_s:g} s" if math.isfinite(self._most_s) else "until one comes"
            warnings.warn(f"the cluster has no worker: this run waits for one, {until}", stacklevel=6)

    def result(self, future: Any) -> Any:
        """Return what a future holds; raises what its chunk raised, and ``BrokenExecutor`` where the cluster lost it."""
        while True:
            try:
                if future.status not in ("finished", "error", "pending"):
                    raise self._gone(future.status)
                return future.result(timeout=_LOOKS_EVERY_S)
            except TimeoutError:  # its worker died with it, and another runs it again
                if future.status == "error":
                    raise
                self.look()
            except Exception as error:
                if (
                    type(error).__module__.partition(".")[0] == "distributed"
                ):  # a chunk that killed its workers, a lost connection
                    raise self._gone(error) from None
                raise

    @staticmethod
    def _gone(why: object) -> BrokenExecutor:
        said = " ".join(str(why).split()) or type(why).__name__
        return BrokenExecutor(f"the cluster of this trial was lost ({said}); with a checkpoint the same call goes on")
