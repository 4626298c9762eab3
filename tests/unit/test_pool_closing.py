"""Closing the worker pool, or going away without: jobs fail, workers end, nobody waits for ever."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time

import pytest
from fake_worker import Fake

from reasoncore.verify.pool import WorkerFailedError, WorkerPool


@pytest.fixture(autouse=True)
def no_workers_yet() -> None:
    Fake.started = []


def test_closing_ends_busy_workers_fails_their_jobs_and_the_pool_goes_on() -> None:
    pool = WorkerPool(Fake, 1)
    begun = threading.Event()

    def job(worker: Fake) -> None:
        begun.set()
        assert worker.stop.wait(10)
        raise WorkerFailedError("ended")

    future, queued = pool.submit(job), pool.submit(job)
    assert begun.wait(10)
    pool.close()
    with pytest.raises(WorkerFailedError):
        future.result()
    with pytest.raises(WorkerFailedError, match="closed"):
        queued.result()
    assert len(Fake.started) == 1  # a closed pool starts no worker for a second attempt
    assert pool.submit(lambda worker: worker.ended).result() == 0
    pool.close()
    pool.close()
    assert all(worker.ended for worker in Fake.started)


def test_a_worker_started_while_the_pool_closes_is_ended() -> None:
    starting, closed = threading.Event(), threading.Event()

    def start() -> Fake:
        starting.set()
        assert closed.wait(10)
        return Fake()

    pool = WorkerPool(start, 1)
    future = pool.submit(lambda _: "late")
    assert starting.wait(10)
    closer = threading.Thread(target=pool.close)
    closer.start()
    while pool._closings == 0:
        time.sleep(0.001)
    closed.set()
    closer.join(10)
    with pytest.raises(WorkerFailedError, match="closed"):
        future.result()
    assert [worker.ended for worker in Fake.started] == [1]


def test_closing_in_another_thread_fails_what_a_stream_waits_for() -> None:
    pool = WorkerPool(Fake, 1)

    def job(worker: Fake) -> None:
        assert worker.stop.wait(10)
        raise WorkerFailedError("ended")

    closer = threading.Timer(0.1, pool.close)
    closer.start()
    for future in [pool.submit(job) for _ in range(5)]:
        with pytest.raises(WorkerFailedError):
            future.result()
    closer.join()


def test_closing_waits_for_what_is_still_running() -> None:
    pool = WorkerPool(Fake, 1)
    begun, finished_late = threading.Event(), []

    def job(worker: Fake) -> None:
        begun.set()
        assert worker.stop.wait(10)
        time.sleep(0.2)
        finished_late.append(1)

    pool.submit(job)
    assert begun.wait(10)
    pool.close()
    assert finished_late == [1]


class Stubborn(Fake):
    """A worker that cannot be ended properly."""

    def end(self) -> None:
        super().end()
        raise RecursionError("too deep")


def test_a_worker_that_cannot_be_ended_spares_no_other_and_hides_no_failure() -> None:
    pool = WorkerPool(Stubborn, 3)
    both = threading.Barrier(4)

    def job(worker: Fake) -> None:
        both.wait(10)
        assert worker.stop.wait(10)
        raise WorkerFailedError("ended")

    futures = [pool.submit(job) for _ in range(3)]
    both.wait(10)
    pool.close()
    for future in futures:
        with pytest.raises(WorkerFailedError, match="ended"):
            future.result()
    assert len(Fake.started) == 3
    assert all(worker.ended for worker in Fake.started)


def test_a_pool_nobody_wants_any_more_leaves_no_threads() -> None:
    before = threading.active_count()
    pool = WorkerPool(Fake, 2)
    assert pool.submit(lambda _: 1).result() == 1
    assert threading.active_count() > before
    del pool
    gc.collect()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_the_end_of_the_process_does_not_wait_for_jobs() -> None:
    program = (
        "import sys, time\n"
        "from reasoncore.verify.pool import WorkerPool\n"
        "class Fake:\n"
        "    def end(self): pass\n"
        "pool = WorkerPool(Fake, 2)\n"
        "jobs = [pool.submit(lambda _: time.sleep(99)) for _ in range(9)]\n"
        "sys.exit(7)\n"
    )
    started = time.monotonic()
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 7
    assert time.monotonic() - started < 10


def test_no_worker_is_started_while_the_process_ends() -> None:
    """Workers are ended then; a second attempt, or a job that had not begun, would start another, and so on."""
    program = (
        "import atexit, threading, time\n"
        "from reasoncore.verify.pool import WorkerFailedError, WorkerPool\n"
        "stop = threading.Event()\n"
        "class Fake:\n"
        "    def __init__(self): print('started', flush=True)\n"
        "    def end(self): pass\n"
        "def job(worker):\n"
        "    stop.wait()\n"
        "    raise WorkerFailedError('ended')\n"
        "pool = WorkerPool(Fake, 1)\n"
        "jobs = [pool.submit(job) for _ in range(5)]\n"
        "atexit.register(lambda: (stop.set(), time.sleep(0.3)))\n"
        "time.sleep(0.3)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "started\n"
