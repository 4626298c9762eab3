"""The sandbox on our side: every ending is told apart, and many cases, threads and processes share it well."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sandbox_processes import family, gone, resident_mb

from reasoncore.sandbox import (
    ForkSandbox,
    Job,
    Limits,
    confine,
    landlock,
)
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

HONEST = "def add(a, b): return a + b"
ADD = CodeTask((CodeTest("functional", [1, 2], 3),), "add")
SLOW = CodeTask((CodeTest("stdin", "", "3"),))


@pytest.fixture
def sandbox() -> Iterator[ForkSandbox]:
    made = ForkSandbox()
    yield made
    made.end()


def program(source: str, **limits: Any) -> Job:
    return Job({"kind": "program", "source": source}, b"in\n", Limits(**limits))


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ("print(input())", "done"),
        ("import sys; sys.exit(0)", "done"),
        ("import sys; sys.exit(3)", "error"),
        ("import os; os._exit(3)", "error"),
        ("1 / 0", "error"),
        ("x = (", "error"),
        ("x = bytearray(4 << 30)", "memory"),
        ("while True: pass", "timeout"),
        ("import time; time.sleep(99)", "timeout"),
        ("while True: print('x' * 9999)", "output"),
        ("import os; os.kill(os.getpid(), 15)", "killed"),
    ],
)
def test_endings(sandbox: ForkSandbox, source: str, ending: str) -> None:
    outcome = sandbox.run(program(source, cpu_s=0.5, wall_s=1.5))
    assert outcome.ending == ending, outcome.message
    assert outcome.stdout == (b"in\n" if source.startswith("print(input") else outcome.stdout)


def test_the_line_of_an_error(sandbox: ForkSandbox) -> None:
    outcome = sandbox.run(program("def f():\n    return 1 / 0\n\nf()"))
    assert outcome.message == "ZeroDivisionError: division by zero, line 2"
    assert sandbox.run(program("\n\nx = (")).message.endswith("line 3")


@pytest.mark.parametrize(("line", "where"), [("12", ", line 12"), ("true", ""), ("-1", ""), ("1e9", ""), ('"1"', "")])
def test_a_forged_line(sandbox: ForkSandbox, line: str, where: str) -> None:
    forged = f'{{"error": "E", "message": "m", "line": {line}}}'.encode()
    assert sandbox.run(program(f"import os\nos.write(4, {forged!r})\nos._exit(1)")).message == f"E: m{where}"


def test_processor_time_of_all_threads_counts(sandbox: ForkSandbox) -> None:
    source = (
        "import threading\ndef run():\n    while True: pass\n[threading.Thread(target=run).start() for _ in range(4)]"
    )
    started = time.monotonic()
    outcome = sandbox.run(program(source, cpu_s=1.0, wall_s=9.0))
    assert outcome.ending == "timeout"
    assert time.monotonic() - started < 5.0


def test_what_is_enforced_is_told(sandbox: ForkSandbox) -> None:
    assert sandbox.enforced["isolated"] is True
    assert sandbox.enforced["landlock_abi"] == landlock.abi_version() > 0


def test_without_isolation_limits_hold_all_the_same() -> None:
    sandbox = ForkSandbox(isolate=False)
    try:
        assert sandbox.run(program("print(input())")).stdout == b"in\n"
        assert sandbox.run(program("x = bytearray(4 << 30)")).ending == "memory"
        assert sandbox.run(program("while True: pass", cpu_s=0.5, wall_s=1.5)).ending == "timeout"
    finally:
        sandbox.end()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_no_two_sandboxes_have_the_same_user(sandbox: ForkSandbox) -> None:
    claims = [confine.claim_user() for _ in range(3)]
    users = {user for user, _ in claims}
    assert len(users) == 3
    for _, claim in claims:
        claim.close()
    assert confine.claim_user()[0] in users
    name = f"\0reasoncore-user-{sandbox.enforced['user']}"
    with socket.socket(socket.AF_UNIX) as probe:
        if sandbox.enforced["own_user"]:
            with pytest.raises(OSError, match="in use"):
                probe.bind(name)
        sandbox.end()
        probe.bind(name)


def test_a_forked_process_has_a_sandbox_of_its_own() -> None:
    with CodeVerifier(workers=1) as verifier:
        assert verifier.judge(HONEST, ADD).correct is True
        context = multiprocessing.get_context("fork")
        results = context.Queue()
        process = context.Process(target=_judge_both, args=(verifier, results))
        process.start()
        assert results.get(timeout=30) == [True, False]
        process.join()
        assert _both(verifier) == [True, False]


def _judge_both(verifier: CodeVerifier, results: Any) -> None:
    results.put(_both(verifier))
    verifier.close()


def _both(verifier: CodeVerifier) -> list[bool | None]:
    return [verifier.judge(source, ADD).correct for source in (HONEST, "def add(a, b): return 4")]


def test_threads_share_a_verifier() -> None:
    with CodeVerifier(workers=2) as verifier, ThreadPoolExecutor(8) as threads:
        sources = [f"def add(a, b): return a + b + {number % 3}" for number in range(60)]
        verdicts = list(threads.map(lambda source: verifier.judge(source, ADD).correct, sources))
    assert verdicts == [number % 3 == 0 for number in range(60)]


def test_as_many_workers_as_a_large_machine_has() -> None:
    """All sandboxes of a process run as one user: a limit counted by user is shared by all of them."""
    cases = 80
    with CodeVerifier(workers=40) as verifier:
        verdicts = verifier.judge_many(["import time\ntime.sleep(0.3)\nprint(3)"] * cases, [SLOW] * cases)
    assert [verdict.correct for verdict in verdicts] == [True] * cases, {verdict.reason for verdict in verdicts}


@pytest.mark.slow
def test_many_cases_hold_memory_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sandboxes: list[ForkSandbox] = []
    verifier = CodeVerifier(lambda: sandboxes.append(ForkSandbox()) or sandboxes[-1], workers=1)  # type: ignore[func-returns-value]
    with contextlib.closing(verifier):
        verifier.judge_many([HONEST] * 200, [ADD] * 200)
        (sandbox,) = sandboxes
        zygote = family(sandbox)[1]
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        before = resident_mb(os.getpid()), resident_mb(zygote)
        verdicts = verifier.judge_many([HONEST] * 1_000, [ADD] * 1_000)
        after = resident_mb(os.getpid()), resident_mb(zygote)
        assert all(verdict.correct for verdict in verdicts)
        assert after[0] - before[0] < 8
        assert after[1] - before[1] < 2
        assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 4
        pids = family(sandbox)
    assert gone(pids)
    assert list(tmp_path.iterdir()) == []
