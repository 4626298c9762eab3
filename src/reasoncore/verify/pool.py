"""A pool of worker processes: verdicts in order, bounded look-ahead, and a worker that fails is replaced.

What a worker does is its own business; here it is anything with an ``end``. One worker serves one job at a time.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

ATTEMPTS = 2
AHEAD_PER_WORKER = 32
_SHORTAGE_S = 0.5


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
        start: Starts one worker; may raise :class:`WorkerFailedError`. An :class:`OSError` is a shortage of processes,
            memory or descriptors, and counts as one.
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
        self._threads: _Threads | None = None
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
            if self._threads is None:
                self._threads = _Threads(self.size)
            return self._threads.submit(partial(self._run, job, self._closings))

    def stream(self, cases: Iterable[Pending[T]]) -> Iterator[T]:
        """Results in the order of ``cases``, which is read only so far ahead that every worker has work.

        What reading it raises is raised after the results of the cases before.
        """
        ahead = AHEAD_PER_WORKER * self.size
        waiting: deque[Pending[T]] = deque()
        failures: list[Exception] = []
        try:
            for future in _until_failure(cases, failures):
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
        if failures:
            raise failures[0]

    def close(self) -> None:
        """End all workers, busy ones too: jobs not done yet fail with :class:`WorkerFailedError`.

        The pool stays usable: the next job starts a worker.
        """
        if self._owner != os.getpid():
            return
        with self._lock:
            threads, workers = self._threads, [*self._idle, *self._busy]
            self._threads = None
            self._idle.clear()
            self._closings += 1
        for worker in workers:
            _end(worker)
        if threads is not None:
            threads.join()

    def _run(self, job: Callable[[W], T], closings: int) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(job, closings, fresh=attempt > 0)
            except WorkerFailedError:
                if attempt == ATTEMPTS - 1 or self._is_closed(closings):
                    raise
        raise AssertionError("unreachable")

    def _attempt(self, job: Callable[[W], T], closings: int, *, fresh: bool) -> T:
        if self._is_closed(closings):
            raise WorkerFailedError("the pool was closed")
        with self._lock:
            worker = self._idle.pop() if self._idle and not fresh else None
        if worker is None:
            worker = self._start_worker()
        with self._lock:
            # A worker started while the pool was being closed is not the pool's any more.
            closed = self._is_closed(closings)
            if not closed:
                self._busy.add(worker)
        if closed:
            _end(worker)
            raise WorkerFailedError("the pool was closed")
        try:
            result = job(worker)
        except BaseException:
            with self._lock:
                self._busy.discard(worker)
            _end(worker)
            raise
        with self._lock:
            self._busy.discard(worker)
            closed = self._is_closed(closings)
            if not closed:
                self._idle.append(worker)
        if closed:
            _end(worker)
        return result

    def _start_worker(self) -> W:
        try:
            return self._start()
        except OSError as error:
            time.sleep(_SHORTAGE_S)  # what there is too little of, a program that will be killed soon may have
            raise WorkerFailedError(f"a worker could not be started ({error})") from error

    def _is_closed(self, closings: int) -> bool:
        """Whether the pool was closed since, or the process is ending."""
        return closings != self._closings or not threading.main_thread().is_alive()


def _end(worker: Worker) -> None:
    """What cannot be ended properly is no reason to leave the others running or to forget why it had to end."""
    with contextlib.suppress(Exception):
        worker.end()


def _until_failure(items: Iterable[T], failures: list[Exception]) -> Iterator[T]:
    """The items, up to the first that cannot be had; why is added to ``failures``."""
    try:
        yield from items
    except Exception as error:
        failures.append(error)


class _Threads:
    """Threads, each started by the first call that may need it, which do not hold up the end of the process.

    ``ThreadPoolExecutor`` would wait for running calls before any worker could be told to end.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._dismiss = weakref.finalize(self, _dismiss, self._calls, self._threads)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Make the call when a thread is free."""
        future: Future[T] = Future()
        if len(self._threads) < self._size:
            thread = threading.Thread(target=_work, args=(self._calls,), name="verify", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no more threads to be had now: those that there are do it
                if not self._threads:
                    future.set_exception(WorkerFailedError(str(error)))
                    return future
            else:
                self._threads.append(thread)
        self._calls.put((future, call))
        return future

    def join(self) -> None:
        """Wait until all calls are made and the threads have ended."""
        self._dismiss()
        for thread in self._threads:
            thread.join()


def _dismiss(calls: SimpleQueue[Any], threads: list[threading.Thread]) -> None:
    for _ in threads:
        calls.put(None)


def _work(calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]) -> None:
    while (item := calls.get()) is not None:
        _make_call(*item)
        del item  # keeps the pool alive, which nobody else may want any more


def _make_call(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


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
