"""A pool of worker processes: verdicts in order, bounded look-ahead, and a worker that fails is replaced.

What a worker does is its own business; here it is anything with an ``end``. One worker serves one job at a time.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

ATTEMPTS = 2
AHEAD_PER_WORKER = 32


class Worker(Protocol):
    """A process (or several) that can be ended at any moment."""

    def end(self) -> None:
        """Kill it and wait until it is gone; harmless when it is gone already."""
        ...


class WorkerFailedError(Exception):
    """A worker died, could not start, or answered out of protocol: our own trouble, never a verdict."""


W = TypeVar("W", bound=Worker)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pending(Protocol[T_co]):
    """A result that is there or on its way: a :class:`Future`, or what :func:`finished` makes."""

    def result(self) -> T_co:
        """Wait for it."""
        ...

    def cancel(self) -> bool:
        """Give up on it if it has not begun."""
        ...


class WorkerPool(Generic[W]):
    """Workers of one kind. Safe to share between threads; a forked child starts workers of its own.

    Args:
        start: Starts one worker; may raise :class:`WorkerFailedError`.
        size: Most workers at a time; each is started by the first job that finds none idle. Default: one for each
            CPU this process may use.
    """

    def __init__(self, start: Callable[[], W], size: int | None = None) -> None:
        self._start = start
        self.size = size or usable_cpus()
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._owner = os.getpid()
        self._executor: ThreadPoolExecutor | None = None
        self._idle: deque[W] = deque()
        self._busy: set[W] = set()
        self._closings = 0

    def submit(self, job: Callable[[W], T]) -> Future[T]:
        """Run ``job(worker)`` when a worker is free.

        A job that raises :class:`WorkerFailedError` is tried once more with a worker started for it (others that are
        idle may have died of the same cause); the second failure is the future's exception. Any other exception is
        the future's at once; the worker is ended in either case.
        """
        if self._owner != os.getpid():  # forked: threads and workers stayed with the parent
            self._lock = threading.Lock()
            self._forget()
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self.size, thread_name_prefix="verify")
            return self._executor.submit(self._run, job, self._closings)

    def stream(self, cases: Iterable[Pending[T]]) -> Iterator[T]:
        """Results in the order of ``cases``, which is read only so far ahead that every worker has work."""
        ahead = AHEAD_PER_WORKER * self.size
        waiting: deque[Pending[T]] = deque()
        try:
            for future in cases:
                if not waiting and isinstance(future, finished):
                    yield future.result()
                    continue
                waiting.append(future)
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End all workers, busy ones too: their jobs fail. The pool stays usable: the next job starts a worker."""
        if self._owner != os.getpid():
            return
        with self._lock:
            executor, workers = self._executor, [*self._idle, *self._busy]
            self._executor = None
            self._idle.clear()
            self._closings += 1
        if executor is None:
            return
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.end()
        executor.shutdown(wait=True)

    def _run(self, job: Callable[[W], T], closings: int) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(job, closings, fresh=attempt > 0)
            except WorkerFailedError:
                if attempt == ATTEMPTS - 1 or closings != self._closings:
                    raise
        raise AssertionError("unreachable")

    def _attempt(self, job: Callable[[W], T], closings: int, *, fresh: bool) -> T:
        with self._lock:
            worker = self._idle.pop() if self._idle and not fresh else None
        if worker is None:
            worker = self._start()
        with self._lock:
            self._busy.add(worker)
        try:
            result = job(worker)
        except BaseException:
            with self._lock:
                self._busy.discard(worker)
            worker.end()
            raise
        with self._lock:
            self._busy.discard(worker)
            # A worker started while the pool was being closed is not the pool's any more.
            kept = closings == self._closings
            if kept:
                self._idle.append(worker)
        if not kept:
            worker.end()
        return result


def usable_cpus() -> int:
    """CPUs this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class finished(Generic[T]):  # noqa: N801 (reads as the function it stands for)
    """A result that is there already, for a case that needed no worker; far cheaper than a :class:`Future`."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def result(self) -> T:
        """The value."""
        return self._value

    def cancel(self) -> bool:
        """Too late."""
        return False
