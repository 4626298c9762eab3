"""Attacks on those beside and after a program: threads and files without end, in every kind of sandbox."""

from __future__ import annotations

import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from code_attack import TASKS, assert_prints, assert_wrong, weak_sandbox

from reasoncore.sandbox import ForkSandbox, Job
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
X86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="code of x86-64")
ONE_TEST_S = 4.0
HONEST = "open('mine', 'w').write('x' * 1000)\nprint(42)"


@pytest.fixture(scope="module", params=[ForkSandbox, weak_sandbox], ids=["full", "weak"])
def verifier(request: pytest.FixtureRequest) -> Iterator[CodeVerifier]:
    with CodeVerifier(request.param, workers=1) as shared:
        yield shared


@pytest.fixture(scope="module")
def full() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


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
        verdicts = list(verifier.stream((source, TASKS["assert"]) for source in sources))
    assert [verdict.correct for verdict in verdicts] == [False, True] * 3, [verdict.reason for verdict in verdicts]


# Threads as the kernel makes them: no stack of their own, no Python. mov eax, clone; zero rdx, r10, r8; syscall; in the
# new thread: pause for ever; else return.
NATIVE_THREADS = """
import ctypes, mmap, threading, time
page = mmap.mmap(-1, 1 << 16, prot=7)
page.write(bytes.fromhex("b83800000031d24d31d24d31c00f054885c07401c3b8220000000f05ebf7"))
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
clone = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_ulong, ctypes.c_ulong)(address)
def bomb():
    while True: clone(0x50f00, address + 0x8000)
def add(a, b):
    for _ in range(2): threading.Thread(target=bomb, daemon=True).start()
    time.sleep({wait})
    return 4
"""
THREADED = "import threading\nt = threading.Thread(target=print, args=(3,))\nt.start()\nt.join()"


@X86_64
@pytest.mark.parametrize("make", [ForkSandbox, weak_sandbox], ids=["full", "weak"])
def test_a_bomb_of_native_threads_is_judged_and_hurts_nobody_beside_it(make: Callable[[], ForkSandbox]) -> None:
    """Not judging it would be an excuse that any program could provoke."""
    bomb, three = NATIVE_THREADS.format(wait=0.5), CodeTask((CodeTest("stdin", "", "3"),) * 5)
    with CodeVerifier(make, workers=2) as verifier:
        verdicts = list(verifier.stream([(bomb, TASKS["functional"]), (THREADED, three)] * 4))
        later = verifier.judge(THREADED, three)
    assert [verdict.correct for verdict in verdicts] == [False, True] * 4, [verdict.reason for verdict in verdicts]
    assert later.correct is True, later.reason


@X86_64
def test_threads_are_counted_where_the_kernel_counts_them_for_other_programs_too() -> None:
    source = NATIVE_THREADS.replace("while True: clone", "for _ in range({threads}): clone").format(wait=0.3, threads=0)
    three = CodeTask((CodeTest("stdin", "", "3"),), time_limit_s=2.0)
    end = "\ntime.sleep(0.5)\nprint(3, flush=True)\nimport os\nos._exit(0)"
    with CodeVerifier(weak_sandbox, workers=1) as verifier:
        for threads, correct in ((40, True), (80, False)):
            verdict = verifier.judge(source.replace("range(0)", f"range({threads})") + "\nbomb()" + end, three)
            assert verdict.correct is correct, verdict.reason


def test_every_program_has_a_file_system_of_its_own(full: CodeVerifier) -> None:
    source = FILES["filled"] + "\nprint(56 <= n <= 64)"
    assert_prints(full, source, "True", time_limit_s=2.0)


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
    "fairly many folders": "import os\nfor n in range(1_000): os.mkdir(str(n))",
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
    later = list(verifier.stream([(HONEST, CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=1.0))] * 4))
    assert_wrong(mine)
    assert [verdict.correct for verdict in later] == [True] * 4, [verdict.reason for verdict in later]
    assert time.monotonic() - started < 4 * ONE_TEST_S


@pytest.mark.parametrize("make", [ForkSandbox, weak_sandbox], ids=["full", "weak"])
def test_the_sandbox_lives_through_it(make: Callable[[], ForkSandbox]) -> None:
    """A verifier would start another, at some cost, and after the second "not judge" the case."""
    sandbox = make()
    for mess in ("closed folders", "folders closed later", "odd names", "a comb"):
        for source in (FILES[mess], HONEST, HONEST):
            assert sandbox.run(Job({"kind": "program", "source": source})).ending == "done"
    sandbox.end()


@pytest.mark.parametrize("mess", ["own folder closed", "fairly many folders", "folder above closed"])
def test_a_mess_is_no_excuse(verifier: CodeVerifier, mess: str) -> None:
    source = f"def add(a, b):\n    exec({FILES[mess]!r})\n    return 3"
    task = CodeTask(
        (CodeTest("functional", [1, 2], 3),) * 3 + (CodeTest("functional", [1, 2], 4),), "add", time_limit_s=4.0
    )
    verdict = verifier.judge(source, task)
    assert (verdict.correct, verdict.details["tests"]) == (False, ["AC", "AC", "AC", "WA"]), verdict.reason


def endless(body: str) -> str:
    return f"import os\nn = 0\nwhile True:\n    {body}\n    n += 1"


HOGS = {
    "files": endless("os.close(os.open(str(n), os.O_CREAT | os.O_WRONLY))"),
    "folders": endless("os.mkdir(str(n))"),
    "depth": endless("os.mkdir('d'); os.chdir('d')"),
    "bytes": endless("open(str(n), 'wb').write(bytes(1 << 20))"),
    "bytes out of sight": endless("os.makedirs(f'{n}/a'); open(f'{n}/a/b', 'wb').write(bytes(1 << 20))"),
    "made and removed": endless("os.mkdir('x'); os.rmdir('x'); open(str(n), 'wb').write(bytes(1 << 20))"),
}


@pytest.mark.parametrize("source", HOGS.values(), ids=HOGS)
def test_scratch_without_a_file_system_of_its_own_is_limited(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tmp_path.chmod(0o755)
    most = 0
    fewer = "from reasoncore.sandbox import scratch; scratch.MAX_ENTRIES = 300"  # a disk may be slow
    with CodeVerifier(partial(weak_sandbox, fewer), workers=1) as verifier:
        verdicts = []
        task = CodeTask((CodeTest("stdin", "", "42"),), time_limit_s=30.0)
        judging = threading.Thread(target=lambda: verdicts.append(verifier.judge(source, task)))
        judging.start()
        while judging.is_alive():
            most = max(most, _bytes_below(tmp_path))
            judging.join(0.02)
        honest = verifier.judge(HONEST, task)  # while the mess is being removed
    assert_wrong(verdicts[0], "RE")
    assert honest.correct is True, honest.reason
    assert most < 400 << 20
    assert list(tmp_path.iterdir()) == []


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.glob("*/*/*"):
        try:
            total += 512 * path.stat().st_blocks
        except OSError:  # gone
            continue
    return total
