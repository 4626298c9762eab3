"""The sandbox on our side: what dies is replaced, nothing is left behind, and every ending is told apart."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reasoncore.sandbox import ForkSandbox, Job, Limits, SandboxUnavailableError, client, landlock
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


def children(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def family(sandbox: ForkSandbox) -> list[int]:
    """The launcher, its zygote and the zygote's two waiting children, once they are there."""
    return family_of(sandbox._process.pid)


def family_of(launcher: int) -> list[int]:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        (zygote,) = children(launcher)
        if len(children(zygote)) == 2:
            return [launcher, zygote, *children(zygote)]
    raise AssertionError("no two children")


def gone(pids: list[int], limit_s: float = 2.0) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if not any(running(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


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


def test_closing_leaves_no_process_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tmp_path.chmod(0o755)
    sandbox = ForkSandbox()
    pids = family(sandbox)
    sandbox.run(program("open('x', 'w')"))
    sandbox.end()
    assert gone(pids)
    assert list(tmp_path.iterdir()) == []


def test_closing_in_the_middle_of_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sandboxes: list[ForkSandbox] = []
    verifier = CodeVerifier(lambda: sandboxes.append(ForkSandbox()) or sandboxes[-1], workers=1)  # type: ignore[func-returns-value]
    verifier.judge(HONEST, ADD)
    pids = family(sandboxes[0])
    threading.Timer(0.3, verifier.close).start()
    started = time.monotonic()
    verdict = verifier.judge("import time\ntime.sleep(99)", SLOW)
    assert verdict.correct is None
    assert time.monotonic() - started < 3.0
    assert gone(pids)
    verifier.close()
    assert list(tmp_path.iterdir()) == []


OWNER = """
import time
from reasoncore.sandbox import ForkSandbox, Job
sandbox = ForkSandbox()
print(sandbox._process.pid, flush=True)
sandbox.run(Job({"kind": "program", "source": "import time\\ntime.sleep(99)"}))
"""


def test_our_own_death_leaves_no_process(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # nobody is left to remove the folder
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, env=environment)
    assert owner.stdout is not None
    pids = family_of(int(owner.stdout.readline()))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert gone(pids)


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
