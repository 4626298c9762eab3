"""Where the shards of a job are worked on: today in local processes. Work is a pure function of its shard."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from reasoncore.errors import InfrastructureError

G = TypeVar("G")
S = TypeVar("S")
R = TypeVar("R")
_AHEAD = 4
_KEPT_BYTES = 31 * 2**20


def map_shards(
    work: Callable[[G, S], R], given: G, shards: Iterable[S], workers: int | None = None
) -> Generator[R, None, None]:
    """Results in the order of the shards; few are waiting at a time, so that memory does not grow with the job.

    Args:
        work: A function of a module; what it does to a shard has to be the same whenever and wherever it is done.
        given: What the work on every shard needs, sent to each process once.
        workers: Processes, default one a core; with one the work is done in this process.

    Raises:
        InfrastructureError: One of the processes died.
    """
    _keep_freed_memory()
    count = workers or os.cpu_count() or 1
    if count == 1:
        yield from (work(given, shard) for shard in shards)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", work.__module__])  # imported once, by the first call of a process
    with ProcessPoolExecutor(count, context, _keep, (given,)) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for shard in shards:
                waiting.append(pool.submit(_work_with_given, work, shard))
                if len(waiting) >= count * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise InfrastructureError(
                "a process that worked on the data died, perhaps for want of memory",
                "Run the same command again, with fewer --workers.",
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


_given: Any


def _keep(given: Any) -> None:
    global _given
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the process that waits for this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _given = given
    _keep_freed_memory()


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _keep_freed_memory() -> None:
    """Have glibc keep blocks of up to 31 MiB that are freed.

    At first it gives large ones back to the system, to take them again page by page for the next shard; the size from
    which on it does grows with what is freed, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD).
    """
    bytearray(_KEPT_BYTES)


def _work_with_given(work: Callable[[Any, S], R], shard: S) -> R:
    return work(_given, shard)
