"""The worker pool: order, look-ahead, retries, closing, forks. The workers here are plain objects."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from fake_worker import Fake

from reasoncore.verify.pool import AHEAD_PER_WORKER, Pending, WorkerFailedError, WorkerPool, finished, usable_cpus


@pytest.fixture(autouse=True)
def no_workers_yet() -> None:
    Fake.started = []


def test_results_come_in_order_from_few_workers() -> None:
    pool = WorkerPool(Fake, 3)

    def cases() -> Iterator[Pending[int]]:
        for number in range(100):
            yield pool.submit(lambda _, n=number: time.sleep(0.002 * (n % 3)) or n) if number % 4 else finished(number)

    assert list(pool.stream(cases())) == list(range(100))
    assert 1 <= len(Fake.started) <= 3
    pool.close()
    assert all(worker.ended for worker in Fake.started)


@pytest.mark.parametrize("size", [1, 3])
def test_a_stream_reads_only_so_far_ahead_and_cancels_what_nobody_waits_for(size: int) -> None:
    pool = WorkerPool(Fake, size)
    taken, done = 0, []

    def cases() -> Iterator[Pending[int]]:
        nonlocal taken
        while True:
            taken += 1
            yield pool.submit(lambda _, n=taken: time.sleep(0.01) or done.append(n) or n)

    stream = pool.stream(cases())
    assert next(stream) == 1
    assert taken == AHEAD_PER_WORKER * size + 1
    stream.close()  # type: ignore[attr-defined]
    pool.close()
    assert len(done) < 10 * size


def test_what_reading_the_cases_raises_comes_after_the_results_before() -> None:
    pool = WorkerPool(Fake, 2)

    def cases() -> Iterator[Pending[int]]:
        for number in range(5):
            yield pool.submit(lambda _, n=number: time.sleep(0.01) or n)
        raise ZeroDivisionError("row 6")

    stream, seen = pool.stream(cases()), []
    with pytest.raises(ZeroDivisionError, match="row 6"):
        seen.extend(stream)
    assert seen == list(range(5))
    pool.close()


def test_a_failed_job_gets_one_fresh_worker() -> None:
    pool = WorkerPool(Fake, 2)
    both = threading.Barrier(2)
    assert {pool.submit(lambda _: both.wait(5)).result() for _ in range(0)} == set()
    futures = [pool.submit(lambda _: both.wait(5)) for _ in range(2)]
    assert sorted(future.result() for future in futures) == [0, 1]
    old = set(map(id, Fake.started))
    assert len(old) == 2  # two idle workers, both about to turn out dead

    def job(worker: Fake) -> str:
        if id(worker) in old:
            raise WorkerFailedError("dead")
        return "done"

    assert pool.submit(job).result() == "done"
    assert len(Fake.started) == 3
    pool.close()


def test_a_job_that_fails_twice_fails_and_the_next_one_does_not() -> None:
    pool = WorkerPool(Fake, 1)
    seen: list[Fake] = []

    def job(worker: Fake) -> None:
        seen.append(worker)
        raise WorkerFailedError("dead")

    with pytest.raises(WorkerFailedError, match="dead"):
        pool.submit(job).result()
    assert len(seen) == 2
    assert all(worker.ended for worker in seen)
    assert pool.submit(lambda worker: worker.ended).result() == 0
    pool.close()


def test_any_other_error_is_the_callers_at_once() -> None:
    pool = WorkerPool(Fake, 1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda _: 1 / 0).result()
    assert [worker.ended for worker in Fake.started] == [1]
    pool.close()


def test_a_worker_that_does_not_start_is_a_failure_of_the_job() -> None:
    attempts: list[int] = []

    def start() -> Fake:
        attempts.append(1)
        raise WorkerFailedError("no start")

    pool = WorkerPool(start, 1)
    with pytest.raises(WorkerFailedError, match="no start"):
        pool.submit(lambda _: 1).result()
    assert len(attempts) == 2


def test_a_shortage_is_a_failure_of_the_worker_and_may_pass() -> None:
    outcomes = iter([BlockingIOError(11, "no process"), None])

    def start() -> Fake:
        error = next(outcomes, BlockingIOError(11, "no process"))
        if error is not None:
            raise error
        return Fake()

    pool = WorkerPool(start, 1)
    started = time.monotonic()
    assert pool.submit(lambda _: 1).result() == 1
    assert time.monotonic() - started > 0.1  # what took the processes was given a chance to end
    pool.close()
    with pytest.raises(WorkerFailedError, match="no process"):
        pool.submit(lambda _: 1).result()
    pool.close()


def test_no_more_threads_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that there are do the work; without any, it fails and no caller is left waiting."""
    pool, start = WorkerPool(Fake, 3), threading.Thread.start

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(WorkerFailedError, match="thread"):
        pool.submit(lambda _: 1).result()
    monkeypatch.setattr(threading.Thread, "start", start)
    assert pool.submit(lambda _: 1).result() == 1
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert [pool.submit(lambda _, n=n: n).result(5) for n in range(5)] == list(range(5))
    pool.close()


def test_a_fork_starts_its_own_workers() -> None:
    program = (
        "import os\n"
        "from reasoncore.verify.pool import WorkerPool\n"
        "class Fake:\n"
        "    def __init__(self): self.owner = os.getpid()\n"
        "    def end(self): assert self.owner == os.getpid()\n"
        "pool = WorkerPool(Fake, 1)\n"
        "owner = lambda worker: worker.owner\n"
        "assert pool.submit(owner).result() == os.getpid()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    pool.close()\n"
        "    good = pool.submit(owner).result() == os.getpid()\n"
        "    pool.close()\n"
        "    os._exit(0 if good else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert pool.submit(owner).result() == os.getpid()\n"
        "pool.close()\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, check=True)


def test_a_fork_while_the_pool_is_locked_does_not_hang() -> None:
    program = (
        "import os\n"
        "from reasoncore.verify.pool import WorkerPool\n"
        "class Fake:\n"
        "    def end(self): pass\n"
        "pool = WorkerPool(Fake, 1)\n"
        "pool._lock.acquire()\n"  # as another thread would hold it
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(pool.submit(lambda _: 7).result())\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=20, check=True)


def test_the_default_size_is_the_cpus_of_this_process() -> None:
    assert WorkerPool(Fake).size == usable_cpus() >= 1
