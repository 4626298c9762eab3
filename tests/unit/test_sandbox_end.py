"""How a sandbox ends: whoever is killed when, no process and no folder is left."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox_processes import family, family_of, gone

from reasoncore.sandbox import ForkSandbox, Job, client
from reasoncore.sandbox.client import SandboxFailedError
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

WEAK = """
from unittest.mock import patch
from reasoncore.sandbox import client
start = "from reasoncore.sandbox.launcher import main"
without = "from reasoncore.sandbox import namespaces; namespaces.granted = lambda *_: False\\n" + start
client._START = client._START.replace(start, without)
"""
OWNER = """
import time
from reasoncore.sandbox import ForkSandbox, Job
{weak}
sandbox = ForkSandbox()
print(sandbox._process.pid, flush=True)
sandbox.run(Job({{"kind": "program", "source": {source!r}}}))
"""
BUSY = {
    "asleep": "import time\nopen('x', 'w').close()\ntime.sleep(99)",
    "deep": "import os, time\nfor _ in range(1200):\n    os.mkdir('d')\n    os.chdir('d')\ntime.sleep(99)",
    "busy": "import os\nn = 0\nwhile True:\n    os.mkdir(str(n % 9))\n    os.rmdir(str(n % 9))\n    n += 1",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sandboxes make their folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture(params=["full", "weak", "unsafe"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ForkSandbox]:
    if request.param == "unsafe":
        return lambda: ForkSandbox(isolate=False)
    if request.param == "weak":
        monkeypatch.setattr(client, "_START", client._START)  # put back afterwards
        exec(WEAK)
    return ForkSandbox


def empty_soon(folder: Path, limit_s: float = 5.0) -> bool:
    deadline = time.monotonic() + limit_s
    while list(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not list(folder.iterdir())


def test_closing_leaves_no_process_and_no_folder(make: Callable[[], ForkSandbox], folder: Path) -> None:
    sandbox = make()
    pids = family(sandbox)
    sandbox.run(Job({"kind": "program", "source": "open('x', 'w')"}))
    sandbox.end()
    assert gone(pids)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("source", BUSY.values(), ids=BUSY)
def test_closing_in_the_middle_of_a_case(make: Callable[[], ForkSandbox], folder: Path, source: str) -> None:
    sandbox = make()
    pids = family(sandbox)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            sandbox.run(Job({"kind": "program", "source": source}))
        except SandboxFailedError as error:
            failures.append(error)

    running = threading.Thread(target=run)
    running.start()
    time.sleep(1.0)
    sandbox.end()
    assert gone(pids)
    assert list(folder.iterdir()) == []
    running.join(5)
    assert len(failures) == 1


def test_closing_a_verifier_in_the_middle_of_a_case(folder: Path) -> None:
    sandboxes: list[ForkSandbox] = []
    verifier = CodeVerifier(lambda: sandboxes.append(ForkSandbox()) or sandboxes[-1], workers=1)  # type: ignore[func-returns-value]
    task = CodeTask((CodeTest("stdin", "", "3"),))
    verifier.judge("print(3)", task)
    pids = family(sandboxes[0])
    closer = threading.Timer(0.3, verifier.close)
    closer.start()
    started = time.monotonic()
    verdicts = list(verifier.stream([("import time\ntime.sleep(99)", task)] * 3))
    assert [verdict.correct for verdict in verdicts] == [None] * 3  # those that had not begun too
    assert time.monotonic() - started < 3.0
    assert gone(pids)
    closer.join()
    verifier.close()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("weak", ["", WEAK], ids=["full", "weak"])
def test_our_own_death_leaves_nothing(folder: Path, weak: str, number: int) -> None:
    script = OWNER.format(weak=weak, source=BUSY["asleep"])
    environment = {**os.environ, "TMPDIR": str(folder)}
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    assert owner.stdout is not None
    pids = family_of(int(owner.stdout.readline()))
    assert list(folder.iterdir()) != []
    owner.send_signal(number)
    owner.wait()
    owner.stdout.close()
    assert gone(pids)
    assert empty_soon(folder)


@pytest.mark.parametrize("which", [0, 1], ids=["launcher", "zygote"])
def test_closing_after_one_of_them_was_killed(make: Callable[[], ForkSandbox], folder: Path, which: int) -> None:
    sandbox = make()
    pids = family(sandbox)
    sandbox.run(Job({"kind": "program", "source": "import os\nos.makedirs('a/b')"}))
    os.kill(pids[which], signal.SIGKILL)
    sandbox.end()
    assert gone(pids)
    assert list(folder.iterdir()) == []


def test_a_forked_process_does_not_keep_it_alive() -> None:
    sandbox = ForkSandbox()
    pids = family(sandbox)
    child = os.fork()
    if child == 0:
        time.sleep(99)  # with a copy of the socket to the zygote
        os._exit(0)
    try:
        started = time.monotonic()
        sandbox.end()
        assert time.monotonic() - started < 2.0
        assert gone(pids)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_start_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError("no process")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    gc.collect()
    descriptors = list(Path("/proc/self/fd").iterdir())
    with pytest.raises(BlockingIOError):
        ForkSandbox()
    assert list(folder.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == len(descriptors)


def test_a_process_that_ends_without_closing_does_not_wait_for_its_cases(folder: Path) -> None:
    script = (
        "import sys, threading, time\n"
        "from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier\n"
        "verifier = CodeVerifier(workers=2)\n"
        "cases = [('import time\\ntime.sleep(99)', CodeTask((CodeTest('stdin', '', '3'),), time_limit_s=20.0))] * 20\n"
        "threading.Thread(target=lambda: list(verifier.stream(cases)), daemon=True).start()\n"
        "time.sleep(1)\n"
        "sys.exit(7)\n"
    )
    environment = {**os.environ, "TMPDIR": str(folder)}
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], env=environment, timeout=60, check=False)
    assert done.returncode == 7
    assert time.monotonic() - started < 10.0
    assert empty_soon(folder)
