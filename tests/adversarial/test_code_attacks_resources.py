"""Attacks on time and space: a program decides neither how long we wait nor how the next one fares."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from code_attack import TASKS, assert_prints, assert_wrong, attempt, weak_sandbox

from reasoncore.sandbox import ForkSandbox
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier
from reasoncore.verify.code.extract import MAX_RESPONSE_CHARS, extract_code

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
LIMIT_S = 0.2  # the processor limit of the kernel is whole seconds, the clock's is 2 * 0.2 + 1
ONE_TEST_S = 4.0
WRONG = CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=LIMIT_S)
HONEST = "open('mine', 'w').write('x' * 1000)\nprint(42)"


@pytest.fixture(scope="module", params=[ForkSandbox, weak_sandbox], ids=["full", "weak"])
def verifier(request: pytest.FixtureRequest) -> Iterator[CodeVerifier]:
    with CodeVerifier(request.param, workers=1) as shared:
        yield shared


@pytest.fixture(scope="module")
def full() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


ENDLESS = {
    "loop": "while True: pass",
    "sleep": "import time\ntime.sleep(1000)",
    "input that never comes": "import os\nos.read(os.pipe()[0], 1)",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "thread that stays": "import threading\ndef run():\n    while True: pass\nthreading.Thread(target=run).start()",
    "main thread gone": (
        "import ctypes, threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n"
        "ctypes.CDLL(None).syscall(60, 0)"
    ),
    "power": "10 ** 10 ** 8",
    "sum in C": "sum(range(10 ** 12))",
    "pattern": "import re\nre.match('(a+)+$', 'a' * 100 + 'b')",
    "exceptions refused": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "signals refused": (
        "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True: pass"
    ),
    "limit raised": (
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2)\n"
        "while True: pass"
    ),
    "stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "at exit": "import atexit, time\natexit.register(time.sleep, 1000)",
    "finalizer": "import time\nclass A:\n    def __del__(self): time.sleep(1000)\nA()",
    "error message": "import time\nclass A(Exception):\n    def __str__(self): time.sleep(1000)\nraise A",
}


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_program_is_ended(full: CodeVerifier, source: str) -> None:
    started = time.monotonic()
    assert_wrong(full.judge(source, WRONG), "TLE")
    assert time.monotonic() - started < ONE_TEST_S


def test_many_tests_do_not_multiply_the_wait_without_end(full: CodeVerifier) -> None:
    task = CodeTask((CodeTest("stdin", "", "42"),) * 30, time_limit_s=0.05)
    started = time.monotonic()
    assert_wrong(full.judge("import time\ntime.sleep(1000)", task), "TLE")
    assert time.monotonic() - started < 30 * 0.05 + ONE_TEST_S


COMPILING = {
    "parentheses": "(" * 1_000_000,
    "nested": "(" * 5_000 + ")" * 5_000,
    "signs": "x = " + "-" * 900_000 + "1",
    "attributes": "x = y" + ".a" * 300_000,
    "folded text": "x = 'x' * 10 ** 9",
    "folded power": "x = 9 ** 9 ** 9",
    "folded shift": "x = 1 << 10 ** 12",
    "folded tuple": "x = ((0,) * 255,) * 255",
    "null bytes": "print(42)\0",
    "indentation": "".join(f"{' ' * n}if 1:\n" for n in range(200)),
    "lambdas": "x = " + "lambda: " * 100_000 + "0",
    "long line": "x = [" + "1," * 400_000 + "]",
    "unknown coding": "# coding: no-such-thing\nprint(1)",
    "half a character": "x = '\ud800'",
    "comparisons": "x = " + "1 < " * 200_000 + "1",
    "strings within strings": "x = " + "f'{" * 150 + "0" + "}'" * 150,
}


@pytest.mark.parametrize("source", COMPILING.values(), ids=COMPILING)
@pytest.mark.parametrize("kind", ["stdin", "functional"])
def test_a_source_hard_to_compile_is_wrong_soon(full: CodeVerifier, kind: str, source: str) -> None:
    started = time.monotonic()
    assert_wrong(full.judge(source, TASKS[kind]))
    assert time.monotonic() - started < ONE_TEST_S


MEMORY = {
    "at once": "bytearray(4 << 30)",
    "list": "x = []\nwhile True: x.append(' ' * 1_000_000)",
    "text": "x = 'a'\nwhile True: x += x",
    "integers": "x = 1 << 800_000_000\nwhile True: x = x << 800_000_000",
    "limit raised": (
        "import resource\ntry: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nexcept Exception: pass\n"
        "bytearray(4 << 30)"
    ),
}


@pytest.mark.parametrize("source", MEMORY.values(), ids=MEMORY)
def test_memory_is_limited(full: CodeVerifier, source: str) -> None:
    assert_wrong(full.judge(source, CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=2.0)), "MLE")


def test_mappings_are_limited(full: CodeVerifier) -> None:
    assert_prints(full, attempt("import mmap\nmmap.mmap(-1, 4 << 30)"), "OSError")
    assert_prints(full, attempt("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))"), "ValueError")


CRASHES = {
    "stack": (
        "import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n    def __repr__(self): return repr([self])\nrepr(A())"
    ),
    "recursion": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f() + 1\nf()",
    "address": "import ctypes\nctypes.string_at(0)",
    "abort": "import os\nos.abort()",
    "limits of its own": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\nopen('x', 'w')",
    "fault handler": "import faulthandler\nfaulthandler._sigsegv()",
}


@pytest.mark.parametrize("source", CRASHES.values(), ids=CRASHES)
def test_a_crash_is_wrong(full: CodeVerifier, source: str) -> None:
    assert_wrong(full.judge(source, CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=1.0)))
    assert list(Path.cwd().glob("core*")) == []


FLOODS = {
    "stdout": "while True: print('x' * 1000)",
    "stderr": "import sys\nwhile True: sys.stderr.write('x' * 1000)",
    "raw": "import os\nwhile True: os.write(1, b'x' * 1000)",
    "beyond the end": "import os\nos.pwrite(1, b'x', 1 << 40)",
    "stretched": "import os\nos.ftruncate(1, 1 << 40)",
    "number": "import sys\nsys.set_int_max_str_digits(0)\nprint(10 ** 1_200_000)",
}


@pytest.mark.parametrize("source", FLOODS.values(), ids=FLOODS)
def test_output_is_limited(full: CodeVerifier, source: str) -> None:
    verdict = full.judge(source, CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=LIMIT_S))
    assert_wrong(verdict)
    length = len(verdict.reason)
    assert length < 1_000


THREADS = """
import threading, time
threading.stack_size(65536)
def start():
    while True:
        try: threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
        except RuntimeError: pass
def add(a, b):
    threading.Thread(target=start, daemon=True).start()
    time.sleep({wait})
    return 4
"""


def test_threads_are_limited(full: CodeVerifier) -> None:
    source = (
        "import threading, time\nthreading.stack_size(65536)\nfor n in range(1000):\n"
        "    try: threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"
        "    except RuntimeError: break\nprint(n < 200)"
    )
    assert_prints(full, source, "True", time_limit_s=1.0)


def test_a_bomb_of_threads_hurts_nobody_beside_it() -> None:
    bomb = THREADS.format(wait=1)
    with CodeVerifier(workers=2) as verifier:
        sources = [bomb, "def add(a, b): return a + b"] * 3
        verdicts = verifier.judge_many(sources, [TASKS["assert"]] * len(sources))
    assert [verdict.correct for verdict in verdicts] == [False, True] * 3, [verdict.reason for verdict in verdicts]


FILES = {
    "filled": (
        "import os\nn = 0\ntry:\n    while n < 200:\n        open(str(n), 'wb').write(bytes(1 << 20))\n"
        "        n += 1\nexcept OSError: pass"
    ),
    "many files": "import os\ntry:\n    for n in range(5_000): open(str(n), 'w').close()\nexcept OSError: pass",
    "many folders": "import os\ntry:\n    for n in range(5_000): os.mkdir(str(n))\nexcept OSError: pass",
    "deep": (
        "import os\ntry:\n    for n in range(5_000):\n        os.mkdir('d')\n        os.chdir('d')\n"
        "except OSError: pass"
    ),
    "deep with long names": (
        "import os\ntry:\n    for n in range(500):\n        os.mkdir('d' * 255)\n"
        "        os.chdir('d' * 255)\nexcept OSError: pass"
    ),
    "a comb": (
        "import os\ntry:\n    for n in range(1500):\n        os.mkdir('a')\n        os.mkdir('z')\n"
        "        os.chdir('m' if 0 else 'a')\nexcept OSError: pass"
    ),
    "odd names": (
        "import os\n"
        "for name in (b'\\n', b'\\xff\\xfe', b'a' * 255, b'-rf', b' ', b'*', '\\u202e'.encode()):\n"
        "    os.mkdir(name)\n    open(name + b'/' + name, 'w').close()"
    ),
    "closed folders": (
        "import os\nos.umask(0)\nos.mkdir('a', 0o700)\nos.mkdir('a/b', 0o700)\nopen('a/b/c', 'w').close()\n"
        "os.mkdir('a/d', 0)\nos.open('e', os.O_CREAT, 0)\nos.umask(0o777)\nos.mkdir('g')"
    ),
    "folders closed later": (
        "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nfor p in ('a/b', 'a'):\n"
        "    try: os.chmod(p, 0)\n    except OSError: pass"
    ),
    "own folder closed": "import os\ntry: os.chmod('.', 0)\nexcept OSError: pass",
    "own folder read-only": "import os\nopen('x', 'w').close()\ntry: os.chmod('.', 0o500)\nexcept OSError: pass",
    "folder above closed": "import os\ntry: os.chmod('..', 0)\nexcept OSError: pass",
    "neighbour closed": "import os\nfor p in ('../0', '../1'):\n    try: os.chmod(p, 0)\n    except OSError: pass",
    "by descriptor": "import os\ntry: os.fchmod(os.open('.', os.O_RDONLY), 0)\nexcept OSError: pass",
    "own folder removed": (
        "import os\nfor p in ('.', os.getcwd()):\n    try: os.rmdir(p)\n    except OSError: pass\n"
        "    try: os.rename(p, p + 'x')\n    except OSError: pass"
    ),
    "holes": (
        "import os\ntry:\n    for n in range(3000):\n"
        "        with open(str(n), 'wb') as f: f.truncate(1 << 20)\nexcept OSError: pass"
    ),
    "held open": (
        "import os\nfor n in range(50):\n"
        "    try: os.open(str(n), os.O_CREAT | os.O_RDWR); os.unlink(str(n))\n    except OSError: break"
    ),
    "locked": "import fcntl\nf = open('lock', 'w')\nfcntl.flock(f, fcntl.LOCK_EX)",
}


@pytest.mark.parametrize("mess", FILES.values(), ids=FILES)
def test_what_is_left_in_scratch_hurts_nobody(verifier: CodeVerifier, mess: str) -> None:
    """Not the program's own next tests, which would be an excuse, and not the next programs."""
    started = time.monotonic()
    mine = verifier.judge(f"{mess}\nprint(3)", CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=1.0))
    # Enough of them that every place that a program can run in comes twice.
    later = verifier.judge_many([HONEST] * 4, [CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=1.0)] * 4)
    assert_wrong(mine)
    assert [verdict.correct for verdict in later] == [True] * 4, [verdict.reason for verdict in later]
    assert time.monotonic() - started < 2 * ONE_TEST_S


@pytest.mark.parametrize(
    "mess", ["own folder closed", pytest.param("many folders", marks=pytest.mark.slow), "folder above closed"]
)
def test_a_mess_is_no_excuse(verifier: CodeVerifier, mess: str) -> None:
    source = f"def add(a, b):\n    exec({FILES[mess]!r})\n    return 3"
    task = CodeTask(
        (CodeTest("functional", [1, 2], 3),) * 3 + (CodeTest("functional", [1, 2], 4),), "add", time_limit_s=4.0
    )
    verdict = verifier.judge(source, task)
    assert (verdict.correct, verdict.details["tests"]) == (False, ["AC", "AC", "AC", "WA"]), verdict.reason


RESPONSES = {
    "fence and spaces": "```" + " " * MAX_RESPONSE_CHARS + "`",
    "fence and letters": "```" + "a" * MAX_RESPONSE_CHARS + "`",
    "fence of backticks": "`" * MAX_RESPONSE_CHARS + "x`",
    "fence of tildes": "~" * MAX_RESPONSE_CHARS + "`",
    "many bad fences": ("```" + "a" * 300 + "`\n") * (MAX_RESPONSE_CHARS // 305),
    "many fences": "```\nx\n```\n" * (MAX_RESPONSE_CHARS // 10),
    "thoughts": "<think>" * (MAX_RESPONSE_CHARS // 7),
    "ends of thoughts": "</think>" * (MAX_RESPONSE_CHARS // 8),
    "def and spaces": "```\n" + ("def" + " " * 1000) * (MAX_RESPONSE_CHARS // 1003),
    "blank lines": "\n" * MAX_RESPONSE_CHARS,
    "blank lines in fences": "```\n" + " \n" * (MAX_RESPONSE_CHARS // 2),
}


@pytest.mark.parametrize("share", [100, 1])
@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_finding_the_program_takes_linear_time(response: str, share: int) -> None:
    """A hundredth first: a search that is worse than linear fails there, in seconds and not in hours."""
    part = response[: len(response) // share] + response[-1]
    if share < 100 and _seconds(response[: len(response) // 100] + response[-1]) > 0.1:
        pytest.fail("a hundredth of it took too long already")
    assert _seconds(part) < 0.5


def _seconds(response: str) -> float:
    started = time.process_time()
    extract_code(response, "add")
    return time.process_time() - started


def test_nothing_of_it_is_left_on_this_machine(verifier: CodeVerifier, tmp_path: Path) -> None:
    before = {entry.name for entry in os.scandir("/dev/shm")}
    verifier.judge(
        "import os\nfor p in ('/dev/shm/left', '/tmp/left'):\n    try: open(p, 'w')\n    except OSError: pass", WRONG
    )
    assert {entry.name for entry in os.scandir("/dev/shm")} == before
    assert not Path("/tmp/left").exists()
