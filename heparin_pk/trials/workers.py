"""Where the chunks of a trial run: in this process, in several, or on a Dask cluster."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from heparin_pk.trials.chunk import Chunk
from heparin_pk.trials.csv_rows import as_csv_text

if TYPE_CHECKING:
    from concurrent.futures import Future


class Divisible(Protocol):
    """A trial, as far as its workers know it: it can run some of its people, and has a fingerprint."""

    @property
    def names(self) -> tuple[str, ...]:
        """The arms by name."""
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
    job: Job, todo: list[tuple[int, int]], workers: int, client: Any = None, scheduler: str | None = None
) -> Iterator[Chunk]:
    """Yield the chunks to do (first patient and size) as they finish: on a cluster, in processes, or in this process."""
    if client is None and scheduler is not None:
        client = own_client = _reached(scheduler)
    else:
        own_client = None
    try:
        if client is not None:
            yield from _on_a_cluster(job, todo, client)
        elif workers > 1 and len(todo) > 1:
            yield from _in_processes(job, todo, workers)
        else:
            yield from (_run_chunk(job, first, n) for first, n in todo)
    finally:
        if own_client is not None:
            own_client.close()


def _run_chunk(job: Job, first: int, n: int) -> Chunk:
    chunk = job.trial.chunk(first, n, seed=job.seed, runner=job.runner)
    if job.as_csv:
        chunk = replace(chunk, text=as_csv_text(chunk, job.trial.names))
    return chunk if job.with_rows else chunk.without_rows()


def _in_processes(job: Job, todo: list[tuple[int, int]], workers: int) -> Iterator[Chunk]:
    """Yield chunks as this process and its worker processes finish them; each takes the next when it is free."""
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor  # noqa: PLC0415  absent in a browser
    from multiprocessing import get_context  # noqa: PLC0415

    others = min(workers, len(todo)) - 1
    pool = ProcessPoolExecutor(others, mp_context=get_context("spawn"))
    rest, left = deque(todo), len(todo)
    finished: SimpleQueue[Future[Chunk]] = SimpleQueue()

    def go_on(done: Future[Chunk] | None = None) -> None:
        with suppress(IndexError):  # no chunk is left
            which = rest.popleft()
            try:
                pool.submit(_run_chunk, job, *which).add_done_callback(go_on)
            except RuntimeError:  # no worker accepts it: this process runs it
                rest.append(which)
        if done is not None:
            finished.put(done)  # a failure too: result() below raises it

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
    except BrokenProcessPool as error:
        message = "a process of this trial was killed (too little memory?); with a checkpoint the same call goes on"
        raise BrokenProcessPool(message) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _reached(scheduler: str) -> Any:
    """Return a client of the cluster at this address; raises ``ValueError`` when none answers there."""
    distributed = _distributed()
    try:
        return distributed.Client(scheduler, timeout="10s")
    except (OSError, ValueError, TimeoutError) as error:
        why = " ".join(str(error).split())
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


def _on_a_cluster(job: Job, todo: list[tuple[int, int]], client: Any) -> Iterator[Chunk]:
    """Yield chunks as a Dask cluster finishes them; a chunk of a worker that died is run again by another."""
    name = f"heparin-pk-{job.trial.fingerprint(0, job.seed)[:16]}-{job.runner}-{job.with_rows}-{job.as_csv}"
    futures = [client.submit(_run_chunk, job, *which, key=f"{name}-{which[0]}-{which[1]}") for which in todo]
    for future in _distributed().as_completed(futures):
        chunk = future.result()
        future.release()
        yield chunk
