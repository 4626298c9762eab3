r"""The worker process: it is replaced when it dies or talks nonsense, is limited, and never outlives its use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reasoncore.verify.math import MathVerifier
from reasoncore.verify.math import process as math_process

SLOW = r"\boxed{\int_0^1 \binom{1000000000}{500000000} dx}"  # one C call that takes for ever


def test_a_gold_that_never_ends_is_not_judged() -> None:
    with MathVerifier(limit_s=0.5) as verifier:
        verdict = verifier.judge(r"\boxed{\sin x}", SLOW)
    assert verdict.correct is None
    assert verdict.reason == "not judged: gold took longer than 0.5 s to read"


def test_waiting_is_not_counted_but_computing_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "say(ready=True); i = ask(); time.sleep(0.6); say(id=i, gold='read'); say(id=i, outcome='equal'); ask()"
    _use_worker(monkeypatch, tmp_path, body)
    with MathVerifier(limit_s=0.3) as verifier:
        assert verifier.judge(r"\boxed{\sin x}", r"\cos x").correct is True


def test_a_starved_machine_is_not_the_answers_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _use_worker(monkeypatch, tmp_path, "say(ready=True); say(id=ask(), gold='read'); time.sleep(60)")
    with MathVerifier(limit_s=0.1) as verifier:
        verdict = verifier.judge(r"\boxed{\sin x}", r"\cos x")
    assert verdict.correct is None
    assert verdict.reason == "not judged: the grading process got too little of the CPU"


def test_a_fault_of_ours_is_named_and_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "say(ready=True); i = ask(); say(id=i, gold='read'); say(id=i, outcome='fault', name='OSError'); ask()"
    _use_worker(monkeypatch, tmp_path, body)
    with MathVerifier() as verifier:
        verdict = verifier.judge(r"\boxed{\sin x}", r"\cos x")
    assert (verdict.correct, verdict.reward) == (None, 0.0)
    assert verdict.reason == "not judged: grading failed (OSError)"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("OSError('disk')", '"fault", "name": "OSError"'),
        ("ImportError('gone')", '"fault", "name": "ImportError"'),
        ("SystemError('C')", '"fault", "name": "SystemError"'),
        ("MemoryError()", '"memory"'),
        ("ValueError('odd')", '"different"'),
        ("RecursionError()", '"different"'),
    ],
)
def test_which_errors_are_the_answers(error: str, outcome: str) -> None:
    program = (
        "import sys\n"
        "from reasoncore.verify.math import symbolic as math_symbolic, worker as math_worker\n"
        "count = 0\n"
        "real = math_symbolic.verify\n"
        "def broken(*a, **k):\n"
        f"    raise {error}\n"
        "math_symbolic._equal_by_numbers = lambda one, other: None if one.has(math_symbolic.sympy.cos) else True\n"
        "math_symbolic.verify = broken\n"
        "sys.argv = ['worker', '2', str(2 << 30)]\n"
        "math_worker.main()\n"
    )
    request = json.dumps({"id": 1, "gold": r"\cos x", "answer": r"\sin x"}) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", program], input=request, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == f'{{"id": 1, "outcome": {outcome}}}'


def test_killing_workers_in_the_middle_of_a_stream_loses_and_spoils_nothing() -> None:
    killed: set[int] = set()

    def cases() -> Iterator[tuple[str, str]]:
        for number in range(200):
            # Cases are read ahead of the worker, so that it dies at work; far enough apart that no case dies twice.
            if number in (60, 110, 160):
                [worker] = [*verifier._pool._busy, *verifier._pool._idle]
                assert worker.pid is not None
                os.kill(worker.pid, signal.SIGKILL)
                killed.add(worker.pid)
            yield rf"\boxed{{\ln {2 ** (number % 40 + 2)} + {number}}}", rf"{number % 40 + 2} \ln 2 + {number}"
            yield rf"\boxed{{\ln {number + 2}}}", rf"\ln {number + 3}"

    with MathVerifier(workers=1) as verifier:
        verdicts = list(verifier.stream(cases()))
    assert len(killed) == 3
    assert [verdict.correct for verdict in verdicts] == [True, False] * 200


def test_a_worker_killed_between_cases_is_replaced() -> None:
    with MathVerifier() as verifier:
        assert verifier.judge(r"\boxed{\ln 4}", r"2\ln 2").correct is True
        os.kill(_pid(verifier), signal.SIGKILL)
        assert verifier.judge(r"\boxed{\ln 8}", r"3\ln 2").correct is True


def test_a_worker_killed_in_the_middle_of_a_case_gets_the_case_again() -> None:
    with MathVerifier(limit_s=1.0) as verifier:
        verifier.judge(r"\boxed{\ln 4}", r"2\ln 2")
        first = _pid(verifier)
        killer = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
        killer.start()
        started = time.monotonic()
        verdict = verifier.judge(SLOW, "5")
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
        verdict = verifier.judge(r"\boxed{\sin x}", r"\cos x")
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
        verdict = verifier.judge(r"\boxed{\sin x}", r"\cos x")
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
        assert verifier.judge(r"\boxed{\sin x}", r"\cos x").correct is True


@pytest.mark.parametrize("body", ["raise SystemExit(3)", "say(error='ImportError: no sympy')"])
def test_a_worker_that_does_not_start_is_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    _use_worker(monkeypatch, tmp_path, body)
    with MathVerifier() as verifier:
        verdict = verifier.judge(r"\boxed{\sin x}", r"\cos x")
    assert verdict.correct is None
    assert verdict.reason.startswith("not judged: the grading process")


def test_what_libraries_print_does_not_reach_the_protocol() -> None:
    program = (
        "import sys, os\n"
        "from reasoncore.verify.math import symbolic as math_symbolic, worker as math_worker\n"
        "real = math_symbolic.read\n"
        "def noisy(*a, **k):\n"
        '    print(\'{"id": 1, "outcome": "equal"}\', flush=True); os.write(1, b\'noise\\n\'); return real(*a, **k)\n'
        "math_symbolic.read = noisy\n"
        "sys.argv = ['worker', '2', str(2 << 30)]\n"
        "math_worker.main()\n"
    )
    request = json.dumps({"id": 1, "gold": r"\sin x", "answer": r"\cos x"}) + "\n"
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
        assert verifier.judge(r"\boxed{\ln 4}", r"2\ln 2").correct is True
        limits = Path(f"/proc/{_pid(verifier)}/limits").read_text()
    line = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert line.split()[3] == str(400 << 20)


def test_close_ends_the_worker_and_the_verifier_can_go_on() -> None:
    verifier = MathVerifier()
    verifier.close()  # nothing to end yet
    assert verifier.judge(r"\boxed{\ln 4}", r"2\ln 2").correct is True
    pid = _pid(verifier)
    verifier.close()
    assert not Path(f"/proc/{pid}").exists()
    assert verifier.judge(r"\boxed{\ln 8}", r"3\ln 2").correct is True
    pid = _pid(verifier)
    del verifier
    assert _gone(pid)


@pytest.mark.parametrize("ending", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_orphan_is_left_when_the_parent_ends(ending: str) -> None:
    program = (
        "import os, signal\n"
        "from reasoncore.verify.math import MathVerifier\n"
        "verifier = MathVerifier()\n"
        "verifier.judge(r'\\boxed{\\ln 4}', r'2\\ln 2')\n"
        "print(verifier._pool._idle[0].pid, flush=True)\n" + ending
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert _gone(int(done.stdout))


def test_a_busy_worker_without_a_parent_ends_by_itself() -> None:
    program = (
        "import os, signal, threading\n"
        "from reasoncore.verify.math import MathVerifier\n"
        "verifier = MathVerifier(limit_s=0.8)\n"
        "verifier.judge(r'\\boxed{\\ln 4}', r'2\\ln 2')\n"
        "print(verifier._pool._idle[0].pid, flush=True)\n"
        "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()\n"
        f"verifier.judge({SLOW!r}, '5')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert _gone(int(done.stdout))


def test_ctrl_c_does_not_reach_the_worker() -> None:
    with MathVerifier() as verifier:
        verifier.judge(r"\boxed{\ln 4}", r"2\ln 2")
        assert os.getpgid(_pid(verifier)) != os.getpgid(0)


def test_a_fork_does_not_take_the_parents_worker() -> None:
    program = (
        "import os\n"
        "from reasoncore.verify.math import MathVerifier\n"
        "verifier = MathVerifier()\n"
        "verifier.judge(r'\\boxed{\\ln 4}', r'2\\ln 2')\n"
        "before = verifier._pool._idle[0].pid\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    good = verifier.judge(r'\\boxed{\\ln 8}', r'3\\ln 2').correct is True\n"
        "    raise SystemExit(0 if good and verifier._pool._idle[0].pid != before else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert verifier.judge(r'\\boxed{\\ln 16}', r'4\\ln 2').correct is True\n"
        "assert verifier._pool._idle[0].pid == before\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, check=True)


def test_threads_share_the_workers() -> None:
    verdicts: dict[int, bool | None] = {}

    def judge(number: int) -> None:
        verdicts[number] = verifier.judge(rf"\boxed{{\ln {number**2}}}", rf"{number % 2 * 2}\ln {number}").correct

    with MathVerifier(workers=1) as verifier:
        threads = [threading.Thread(target=judge, args=(number,)) for number in range(2, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(verifier._pool._idle) == 1
    assert verdicts == {number: number % 2 == 1 for number in range(2, 10)}


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
        math_process.subprocess, "Popen", lambda command, **options: real([sys.executable, str(script)], **options)
    )


def _pid(verifier: MathVerifier) -> int:
    [worker] = [*verifier._pool._idle, *verifier._pool._busy]
    assert worker.pid is not None
    return worker.pid
