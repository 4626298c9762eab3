"""What breaks on our side of the sandbox: it is replaced or waited for, and nothing of it is scored as wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_processes import family

from reasoncore.sandbox import ForkSandbox, Job, SandboxUnavailableError, client, landlock, zygote
from reasoncore.sandbox.client import SandboxFailedError
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


def test_no_landlock_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi_version", lambda: 0)
    with pytest.raises(SandboxUnavailableError, match="Landlock") as caught:
        ForkSandbox()
    assert "--unsafe-no-sandbox" in caught.value.cure


def test_a_zygote_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_START", "raise SystemExit(1)  # {source!r}")
    before = set(Path(tempfile.gettempdir()).glob("reasoncore-sandbox-*"))
    with pytest.raises(SandboxUnavailableError):
        ForkSandbox()
    assert set(Path(tempfile.gettempdir()).glob("reasoncore-sandbox-*")) == before


FAILING_FORK = """
import errno, os
fork, calls = os.fork, iter({calls})
def fork_or_fail():
    if next(calls, True):
        return fork()
    raise BlockingIOError(errno.EAGAIN, "no process to be had")
os.fork = fork_or_fail
"""


def test_a_machine_short_of_processes_when_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reason to say that there is no sandbox here, and the cases after it are judged."""
    start = client._START
    monkeypatch.setattr(client, "_START", FAILING_FORK.format(calls="[False]") + start)
    with pytest.raises(BlockingIOError, match="could not be started"):
        ForkSandbox()
    with CodeVerifier(workers=1) as verifier:
        verdict = verifier.judge(HONEST, ADD)
        assert (verdict.correct, verdict.details["tests"]) == (None, ["INFRA"])
        monkeypatch.setattr(client, "_START", start)
        assert verifier.judge(HONEST, ADD).correct is True


def test_a_machine_short_of_processes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zygote forks its children when it can; it does not die of it."""
    calls = [True] * 4 + [False] * 5 + [True] + [False] * 5
    monkeypatch.setattr(client, "_START", FAILING_FORK.format(calls=calls) + client._START)
    sandbox = ForkSandbox(isolate=False)
    pid = family(sandbox)[1]
    for _ in range(5):
        assert sandbox.run(Job({"kind": "program", "source": "print(1)"})).stdout == b"1\n"
    assert family(sandbox)[1] == pid
    sandbox.end()


def test_an_ending_is_told_before_the_mess_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    (tmp_path / "left").touch()
    place = zygote._Place(str(tmp_path), None)
    serving = zygote._Zygote(theirs, [], threads=9, watched=False)
    child = os.fork()
    if child == 0:
        os._exit(3)
    descriptor = os.pidfd_open(child)
    serving.children[descriptor] = zygote._Child(1, child, place)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    serving._reap(descriptor)
    assert json.loads(ours.recv(1 << 16))["ended"] == 1
    assert (tmp_path / "left").exists()
    assert serving.vacant == []
    serving._clean()
    assert not (tmp_path / "left").exists()
    assert serving.vacant == [place]
    ours.close()
    theirs.close()


def test_cleaning_pauses_for_what_else_there_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[float] = []

    def slow() -> Iterator[None]:
        for _ in range(10):
            time.sleep(0.01)
            done.append(time.monotonic())
            yield

    place = zygote._Place("", None)
    serving = zygote._Zygote(socket.socket(), [], threads=9, watched=False)
    serving.dirty.append((place, slow()))
    serving._clean()
    assert 0 < len(done) < 6
    while serving.dirty:
        serving._clean()
    assert len(done) == 10
    assert serving.vacant == [place]


def test_a_tested_program_that_never_began_is_not_to_blame(sandbox: ForkSandbox) -> None:
    serving = family(sandbox)[2]
    os.kill(serving, signal.SIGSTOP)
    killer = threading.Timer(0.5, os.kill, (serving, signal.SIGKILL))
    killer.start()
    what = {"source": HONEST, "entry_point": "add"}
    tests = {"kind": "test", "source": "assert add(1, 2) == 3", "setup": "", "entry_point": "add", "names": []}
    with pytest.raises(SandboxFailedError, match="could not be started"):
        sandbox.run_session(Job({"kind": "serve", **what}), Job(tests))
    killer.join()


@pytest.mark.parametrize("which", [0, 1], ids=["launcher", "zygote"])
def test_a_zygote_killed_in_the_middle_of_a_case(which: int) -> None:
    """The case is run again, and the cases after it are judged as ever."""
    started: list[ForkSandbox] = []

    def make() -> ForkSandbox:
        started.append(ForkSandbox())
        return started[-1]

    with CodeVerifier(make, workers=1) as verifier:
        assert verifier.judge(HONEST, ADD).correct is True
        killer = threading.Timer(0.3, lambda: os.kill(family(started[0])[which], signal.SIGKILL))
        killer.start()
        verdict = verifier.judge("import time\ntime.sleep(0.8)\nprint(3)", SLOW)
        killer.join()
        assert verdict.correct is True, verdict.reason
        assert len(started) == 2
        assert verifier.judge(HONEST, ADD).correct is True
        assert verifier.judge("def add(a, b): return 4", ADD).correct is False


def test_two_dead_zygotes_are_not_judged() -> None:
    class Dying(ForkSandbox):
        def run(self, job: Job) -> Any:
            os.kill(family(self)[1], signal.SIGKILL)
            return super().run(job)

    with CodeVerifier(Dying, workers=1) as verifier:
        verdict = verifier.judge(HONEST, ADD)
    assert (verdict.correct, verdict.reward, verdict.details["tests"]) == (None, 0.0, ["INFRA"])
    assert verdict.reason.startswith("not judged: ")


@pytest.mark.parametrize("which", [0, 1])
def test_a_waiting_child_that_dies_is_no_wrong_answer(which: int) -> None:
    started: list[ForkSandbox] = []

    def make() -> ForkSandbox:
        started.append(ForkSandbox())
        return started[-1]

    with CodeVerifier(make, workers=1) as verifier:
        assert verifier.judge(HONEST, ADD).correct is True
        time.sleep(0.1)
        os.kill(sorted(family(started[0])[2:])[which], signal.SIGKILL)
        time.sleep(0.1)
        for _ in range(3):
            assert verifier.judge(HONEST, ADD).correct is True


def test_no_descriptors_left_for_us_is_no_wrong_answer() -> None:
    """Out of descriptors, a case may be refused loudly; it must not be judged wrong, and must work again later."""
    import resource

    with CodeVerifier(workers=1) as verifier:
        assert verifier.judge(HONEST, ADD).correct is True
        held = [os.open(os.devnull, os.O_RDONLY)]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (held[0] + 3, hard))
        try:
            with contextlib.suppress(OSError):
                assert verifier.judge(HONEST, ADD).correct is not False
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            os.close(held[0])
        assert verifier.judge(HONEST, ADD).correct is True


@pytest.mark.skipif(os.getuid() != 0, reason="others have their own user anyway")
def test_a_python_that_no_other_user_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    start = "from reasoncore.sandbox import confine; confine.readable_as = lambda *_: False\n"
    begin, found, end = client._START.partition("from reasoncore.sandbox.launcher")
    monkeypatch.setattr(client, "_START", begin + start + found + end)
    sandbox = ForkSandbox()
    assert sandbox.enforced["own_user"] is False
    for _ in range(3):
        assert sandbox.run(Job({"kind": "program", "source": "print(1)"})).stdout == b"1\n"
    sandbox.end()
