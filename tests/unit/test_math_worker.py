r"""The worker process: it is replaced when it dies or talks nonsense, is limited, and never outlives its use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reasoncore.verify import math as math_module
from reasoncore.verify.math import MathVerifier


def test_a_gold_that_never_ends_is_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _use_worker(monkeypatch, tmp_path, "say(ready=True); ask(); time.sleep(60)")
    with MathVerifier(limit_s=0.3) as verifier:
        verdict = verifier.judge(r"\boxed{x}", "y")
    assert verdict.correct is None
    assert verdict.reason == "not judged: gold took longer than 0.3 s to read"


def test_a_worker_killed_between_cases_is_replaced() -> None:
    with MathVerifier() as verifier:
        assert verifier.judge(r"\boxed{x+1}", "1+x").correct is True
        os.kill(_pid(verifier), signal.SIGKILL)
        assert verifier.judge(r"\boxed{y+1}", "1+y").correct is True


def test_a_worker_killed_in_the_middle_of_a_case_gets_the_case_again() -> None:
    with MathVerifier(limit_s=1.0) as verifier:
        verifier.judge(r"\boxed{x+1}", "1+x")
        first = _pid(verifier)
        killer = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
        killer.start()
        started = time.monotonic()
        verdict = verifier.judge(r"\boxed{10000000!}", "5")
        killer.join()
    # 0.3 s in the first worker, the whole limit in the second: the kill was not taken for a verdict.
    assert time.monotonic() - started > 1.3
    assert verdict.reason == "grading exceeded 1 s"


def test_a_case_that_kills_two_workers_is_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    _use_worker(
        monkeypatch, tmp_path, f"open({str(starts)!r}, 'a').write('x'); say(ready=True); ask(); raise SystemExit"
    )
    with MathVerifier() as verifier:
        verdict = verifier.judge(r"\boxed{x}", "y")
    assert (verdict.correct, verdict.reward) == (None, 0.0)
    assert verdict.reason == "not judged: the grading process died"
    assert starts.read_text() == "xx"


_GARBAGE: dict[str, str] = {
    "not JSON": "say(ready=True); ask(); print('surprise', file=out, flush=True); time.sleep(60)",
    "not an object": "say(ready=True); ask(); print('[1]', file=out, flush=True); time.sleep(60)",
    "another case": "say(ready=True); ask(); say(id=99, gold='read'); say(id=99, outcome='equal'); time.sleep(60)",
    "no such outcome": "say(ready=True); i=ask(); say(id=i, gold='read'); say(id=i, outcome='yes'); time.sleep(60)",
    "too long": "say(ready=True); ask(); out.write('x' * 200000); out.flush(); time.sleep(60)",
}


@pytest.mark.parametrize("kind", _GARBAGE)
def test_garbage_from_the_worker_is_never_a_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    _use_worker(monkeypatch, tmp_path, _GARBAGE[kind])
    with MathVerifier() as verifier:
        verdict = verifier.judge(r"\boxed{x}", "y")
    assert verdict.correct is None
    assert verdict.reason == "not judged: the grading process answered out of protocol"


def test_garbage_once_is_forgiven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flag = tmp_path / "been here"
    body = (
        f"flag = pathlib.Path({str(flag)!r}); first = not flag.exists(); flag.touch(); say(ready=True); i = ask()\n"
        "if first: print('surprise', file=out, flush=True)\n"
        "else: say(id=i, gold='read'); say(id=i, outcome='equal')\n"
        "time.sleep(60)"
    )
    _use_worker(monkeypatch, tmp_path, body)
    with MathVerifier() as verifier:
        assert verifier.judge(r"\boxed{x}", "y").correct is True


@pytest.mark.parametrize("body", ["raise SystemExit(3)", "say(error='ImportError: no sympy')"])
def test_a_worker_that_does_not_start_is_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    _use_worker(monkeypatch, tmp_path, body)
    with MathVerifier() as verifier:
        verdict = verifier.judge(r"\boxed{x}", "y")
    assert verdict.correct is None
    assert verdict.reason.startswith("not judged: the grading process")


def test_what_libraries_print_does_not_reach_the_protocol() -> None:
    program = (
        "import sys, os, math_verify\n"
        "real = math_verify.parse\n"
        "def noisy(*a, **k):\n"
        '    print(\'{"id": 1, "outcome": "equal"}\', flush=True); os.write(1, b\'noise\\n\'); return real(*a, **k)\n'
        "math_verify.parse = noisy\n"
        "from reasoncore.verify import math_worker\n"
        "sys.argv = ['worker', '2', str(2 << 30)]\n"
        "math_worker.main()\n"
    )
    request = '{"id": 1, "gold": "x", "answer": "y"}\n'
    done = subprocess.run(
        [sys.executable, "-c", program], input=request, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == [
        '{"ready": true}',
        '{"id": 1, "gold": "read"}',
        '{"id": 1, "outcome": "different"}',
    ]


def test_memory_is_limited() -> None:
    with MathVerifier(memory_bytes=400 << 20) as verifier:
        assert verifier.judge(r"\boxed{x+1}", "1+x").correct is True
        limits = Path(f"/proc/{_pid(verifier)}/limits").read_text()
    line = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert line.split()[3] == str(400 << 20)


def test_close_ends_the_worker_and_the_verifier_can_go_on() -> None:
    verifier = MathVerifier()
    verifier.close()  # nothing to end yet
    assert verifier.judge(r"\boxed{x+1}", "1+x").correct is True
    pid = _pid(verifier)
    verifier.close()
    assert not Path(f"/proc/{pid}").exists()
    assert verifier.judge(r"\boxed{y+1}", "1+y").correct is True
    pid = _pid(verifier)
    del verifier
    assert _gone(pid)


@pytest.mark.parametrize("ending", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_orphan_is_left_when_the_parent_ends(ending: str) -> None:
    program = (
        "import os, signal\n"
        "from reasoncore.verify.math import MathVerifier\n"
        "verifier = MathVerifier()\n"
        "verifier.judge(r'\\boxed{x+1}', '1+x')\n"
        "print(verifier._worker._process.pid, flush=True)\n" + ending
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert _gone(int(done.stdout))


def test_a_busy_worker_without_a_parent_ends_by_itself() -> None:
    program = (
        "import os, signal, threading\n"
        "from reasoncore.verify.math import MathVerifier\n"
        "verifier = MathVerifier(limit_s=0.8)\n"
        "verifier.judge(r'\\boxed{x+1}', '1+x')\n"
        "print(verifier._worker._process.pid, flush=True)\n"
        "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()\n"
        "verifier.judge(r'\\boxed{10000000!}', '5')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert _gone(int(done.stdout))


def test_ctrl_c_does_not_reach_the_worker() -> None:
    with MathVerifier() as verifier:
        verifier.judge(r"\boxed{x+1}", "1+x")
        assert os.getpgid(_pid(verifier)) != os.getpgid(0)


def test_a_fork_does_not_take_the_parents_worker() -> None:
    program = (
        "import os\n"
        "from reasoncore.verify.math import MathVerifier\n"
        "verifier = MathVerifier()\n"
        "verifier.judge(r'\\boxed{x+1}', '1+x')\n"
        "before = verifier._worker._process.pid\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    good = verifier.judge(r'\\boxed{y+1}', '1+y').correct is True\n"
        "    raise SystemExit(0 if good and verifier._worker._process.pid != before else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert verifier.judge(r'\\boxed{z+1}', '1+z').correct is True\n"
        "assert verifier._worker._process.pid == before\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, check=True)


def test_threads_share_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    real = math_module._Worker
    monkeypatch.setattr(math_module, "_Worker", lambda *options: started.append(0) or real(*options))
    verdicts: dict[int, bool | None] = {}

    def judge(number: int) -> None:
        verdicts[number] = verifier.judge(rf"\boxed{{t+{number}}}", f"{number % 2 * number}+t").correct

    with MathVerifier() as verifier:
        threads = [threading.Thread(target=judge, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert verdicts == {number: number % 2 == 1 for number in range(1, 9)}
    assert len(started) == 1


def _gone(pid: int, patience_s: float = 8.0) -> bool:
    """Whether the process ends; one that nobody has collected yet has ended too."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def _use_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    """Have verifiers start a worker that does ``body`` instead of the real one."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import json, pathlib, sys, time\n"
        "out = sys.stdout\n"
        "def say(**message): print(json.dumps(message), file=out, flush=True)\n"
        "def ask(): return json.loads(sys.stdin.readline())['id']\n" + body
    )
    real: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen
    monkeypatch.setattr(
        math_module.subprocess, "Popen", lambda command, **options: real([sys.executable, str(script)], **options)
    )


def _pid(verifier: MathVerifier) -> int:
    assert verifier._worker is not None
    return verifier._worker._process.pid
