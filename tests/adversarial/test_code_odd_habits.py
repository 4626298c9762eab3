"""Right programs with odd habits: what people and models write is accepted, however it reads, prints and ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


def accept(
    verifier: CodeVerifier, source: str, *tests: CodeTest, entry_point: str | None = None, setup: str = ""
) -> None:
    verdict = verifier.judge(source, CodeTask(tests, entry_point, setup))
    assert verdict.correct is True, verdict.reason
    assert set(verdict.details["tests"]) == {"AC"}


SUM = CodeTest("stdin", "3\n1 2 3\n", "6\n")
READING_AND_WRITING = {
    "input": "input()\nprint(sum(map(int, input().split())))",
    "buffer": "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split()[1:])))",
    "input is readline": "import sys\ninput = sys.stdin.readline\ninput()\nprint(sum(map(int, input().split())))",
    "bytes readline": "import sys\ninput = sys.stdin.buffer.readline\ninput()\nprint(sum(map(int, input().split())))",
    "open 0": "print(sum(map(int, open(0).read().split()[1:])))",
    "open 0 twice": "a = open(0, closefd=False).readline()\nimport sys\nprint(sum(map(int, '1 2 3'.split())))",
    "os.read": "import os\nprint(sum(map(int, os.read(0, os.fstat(0).st_size).split()[1:])))",
    "iterating": "import sys\nlines = list(sys.stdin)\nprint(sum(map(int, lines[1].split())))",
    "fileinput": "import fileinput\nlines = list(fileinput.input())\nprint(sum(map(int, lines[1].split())))",
    "memory map": "import mmap\nprint(sum(map(int, mmap.mmap(0, 0, prot=mmap.PROT_READ).read().split()[1:])))",
    "until EOFError": (
        "n = []\ntry:\n    while True: n.append(input())\nexcept EOFError: print(sum(map(int, n[1].split())))"
    ),
    "more than there is": (
        "import sys\ninput(), input()\nassert sys.stdin.readline() == '' == sys.stdin.read()\nprint(6)"
    ),
    "stdin closed": "import sys\nd = sys.stdin.read()\nsys.stdin.close()\nprint(6)",
    "stdin replaced": (
        "import io, os, sys\nsys.stdin = io.StringIO(os.read(0, 99).decode())\ninput()\n"
        "print(sum(map(int, input().split())))"
    ),
    "sys.stdout.write": "import sys\nsys.stdout.write('6')",
    "os.write": "import os\nos.write(1, b'6\\n')",
    "bytes": "import sys\nsys.stdout.buffer.write(b'6')",
    "print and os.write": "import os\nprint('', end='', flush=True)\nos.write(1, b'6')\nprint()",
    "print is write": "import sys\nprint = sys.stdout.write\nprint('6')",
    "output in one piece": (
        "import atexit, io, os, sys\nout = io.BytesIO()\nsys.stdout.write = lambda s: out.write(s.encode())\n"
        "atexit.register(lambda: os.write(1, out.getvalue()))\nprint(6)"
    ),
    "redirected and back": (
        "import io, sys\nold, sys.stdout = sys.stdout, io.StringIO()\nprint('noise')\nsys.stdout = old\nprint(6)"
    ),
    "contextlib": "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print('noise')\nprint(6)",
    "stdout wrapped anew": (
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, write_through=False)\nprint(6)"
    ),
    "stdout opened anew": "import sys\nsys.stdout = open(1, 'w', closefd=False)\nprint(6)",
    "stdout detached": (
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-8')\nprint(6)"
    ),
    "stdout closed": "import sys\nprint(6)\nsys.stdout.close()",
    "descriptor closed": "import os\nprint(6, flush=True)\nos.close(1)",
    "reconfigured": "import sys\nsys.stdout.reconfigure(line_buffering=True)\nprint(6)",
    "noise on stderr": "import sys\nprint('x' * 100, file=sys.stderr)\nprint(6)",
    "warnings and logs": "import logging, warnings\nwarnings.warn('x')\nlogging.warning('x')\nprint(6)",
    "trailing white space": "print('6   ')\nprint()\nprint('  ')",
    "carriage returns": "print('6', end='\\r\\n')",
}
ENDING = {
    "sys.exit": "import sys\nprint(6)\nsys.exit()",
    "sys.exit 0": "import sys\nprint(6)\nsys.exit(0)",
    "exit": "print(6)\nexit()",
    "quit": "print(6)\nquit(0)",
    "SystemExit": "print(6)\nraise SystemExit",
    "os._exit": "import os\nprint(6, flush=True)\nos._exit(0)",
    "atexit": "import atexit\natexit.register(print, 6)",
    "main": "def main():\n    print(6)\nif __name__ == '__main__':\n    main()",
    "main with status": "import sys\ndef main():\n    print(6)\nif __name__ == '__main__':\n    sys.exit(main())",
    "main module": "import __main__\nx = 6\nprint(__main__.x)",
    "thread": (
        "import sys, threading\nsys.setrecursionlimit(10 ** 6)\nthreading.stack_size(64 << 20)\n"
        "def main(): print(6)\nt = threading.Thread(target=main)\nt.start()\nt.join()"
    ),
    "thread not joined": "import threading\nthreading.Thread(target=print, args=(6,)).start()",
    "daemon thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()\nprint(6)"
    ),
    "pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor() as p: print(sum(p.map(int, '123')))"
    ),
    "asyncio": "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    print(6)\nasyncio.run(main())",
    "exception in a thread": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\nprint(6)"
    ),
}
LIBRARY = {
    "deep recursion": (
        "import sys\nsys.setrecursionlimit(10 ** 6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "print(f(9000) - 8994)"
    ),
    "deeper recursion": (
        "import sys\nsys.setrecursionlimit(10 ** 6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "print(f(100000) - 99994)"
    ),
    "recursion as given": "def f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(9000) - 8994)",
    "stack limit": (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_STACK, (resource.getrlimit(resource.RLIMIT_STACK)[1],) * 2)\n"
        "print(6)"
    ),
    "alarm": "import signal\nsignal.alarm(100)\nprint(6)",
    "handler": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\nsignal.pause()\nprint(6)"
    ),
    "clock": "import time\nt = time.time(), time.perf_counter(), time.process_time(), time.sleep(0.001)\nprint(6)",
    "dates": (
        "from datetime import datetime, timedelta, timezone\n"
        "print((datetime(2024, 1, 1, 5, tzinfo=timezone.utc) + timedelta(hours=1)).hour)"
    ),
    "random": "import random\nrandom.seed(5)\nrandom.shuffle([1, 2])\nprint(6)",
    "random unseeded": (
        "import os, random, secrets, uuid\nos.urandom(3), secrets.token_hex(), uuid.uuid4()\n"
        "print(6 if random.random() < 2 else 7)"
    ),
    "files": (
        "import os, tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n    f.write('6')\n    f.seek(0)\n"
        "    print(f.read())\n"
        "with tempfile.TemporaryDirectory() as d: open(os.path.join(d, 'x'), 'w').close()"
    ),
    "a file beside it": "open('out.txt', 'w').write('6')\nprint(open('out.txt').read())",
    "own path": "import os\nd = os.path.dirname(os.path.abspath(__file__))\nprint(6 if os.path.isdir(d) else 7)",
    "numpy": "import numpy as np\nprint(int(np.array([1, 2, 3]).sum()))",
    "numpy algebra": "import numpy as np\nprint(round(float(np.linalg.det(np.array([[2., 0.], [0., 3.]])))))",
    "containers": (
        "import heapq, bisect, collections, functools, itertools\nh = [3, 2, 1]\nheapq.heapify(h)\n"
        "print(sum(itertools.accumulate([1, 1, 1])))"
    ),
    "sorted containers": "from sortedcontainers import SortedList\nprint(sum(SortedList([3, 1, 2])))",
    "classes": (
        "from dataclasses import dataclass\nfrom enum import Enum\n"
        "from typing import NamedTuple, Generic, TypeVar\nclass E(Enum):\n    A = 6\n@dataclass\nclass D:\n"
        "    x: int\nclass N(NamedTuple):\n    x: int\nprint(D(N(E.A.value).x).x)"
    ),
    "forward reference": (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n"
        "    next: A | None = None\nprint(6)"
    ),
    "decimals": (
        "from decimal import *\nfrom fractions import Fraction\ngetcontext().prec = 50\n"
        "print(int(Decimal(36).sqrt()) * Fraction(1))"
    ),
    "cache": (
        "from functools import *\n@lru_cache(None)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)\n"
        "print(f(300) - f(299) - f(298) + 6)"
    ),
    "exec": "exec('print(' + str(eval('1+2+3')) + ')')",
    "pickle": (
        "import copy, pickle\nclass A: pass\na = A()\na.x = 6\nprint(copy.deepcopy(pickle.loads(pickle.dumps(a))).x)"
    ),
    "big numbers": "import sys\nsys.set_int_max_str_digits(0)\nprint(len(str(10 ** 20000)) - 19995)",
    "memory": "x = [0] * 20_000_000\nprint(6)",
    "inspecting itself": "import inspect\ndef f(): pass\nprint(6 if inspect.isfunction(f) else 7)",
    "assert": "assert __debug__\nprint(6)",
}
SPELLING = {
    "unicode names": "größe = 6\nprint(größe)",
    "tabs": "for i in range(1):\n\tif True:\n\t\tprint(6)",
    "carriage returns": "x = 6\r\nif x:\r\n    print(x)\r\n",
    "byte order mark": "\ufeffprint(6)",
    "coding line": "# -*- coding: utf-8 -*-\nprint(6)",
    "shebang": "#!/usr/bin/env python3\nprint(6)",
    "f-strings": "x = 6\nprint(f'''{\n    x\n}''')",
    "no newline at the end": "print(6) # done",
    "form feed": "\x0cprint(6)",
    "docstring": '"""Prints six.\n\n```\nnot this\n"""\nprint(6)' if False else '"""Prints six."""\nprint(6)',
    "fenced": "Here it is:\n```python\nprint(6)\n```\nIt prints six.",
    "fenced after a thought": "<think>\n```python\nprint(5)\n```\nno\n</think>\nSo:\n\n```python\nprint(6)\n```",
    "fence never closed": "```python\nprint(6)",
    "fence of tildes": "~~~py\nprint(6)\n~~~",
    "two fences": "First:\n```python\nprint(5)\n```\nBetter:\n```python\nprint(6)\n```",
    "fence and output": "```python\nprint(6)\n```\nIt gives\n```text\n6\n```",
}


@pytest.mark.parametrize(
    "source", [*READING_AND_WRITING.values(), *ENDING.values()], ids=[*READING_AND_WRITING, *ENDING]
)
def test_reading_writing_and_ending(verifier: CodeVerifier, source: str) -> None:
    accept(verifier, source, SUM)


@pytest.mark.parametrize("source", [*LIBRARY.values(), *SPELLING.values()], ids=[*LIBRARY, *SPELLING])
def test_library_and_spelling(verifier: CodeVerifier, source: str) -> None:
    accept(verifier, source, SUM)


def test_output_as_long_as_what_is_expected(verifier: CodeVerifier) -> None:
    accept(verifier, "for n in range(200_000): print(n)", CodeTest("stdin", "", "\n".join(map(str, range(200_000)))))
    accept(verifier, "print('7' * 3_000_000)", CodeTest("stdin", "", "7" * 3_000_000))


def test_input_as_long_as_it_is_given(verifier: CodeVerifier) -> None:
    accept(verifier, "print(len(input()))", CodeTest("stdin", "7" * 5_000_000, "5000000"))
    accept(verifier, "def f(x): return len(x)", CodeTest("functional", ["7" * 5_000_000], 5_000_000), entry_point="f")


@pytest.mark.skipif(not Path("/usr/share/zoneinfo/Europe/Berlin").exists(), reason="no time zones on this machine")
def test_time_zones(verifier: CodeVerifier) -> None:
    source = (
        "from datetime import *\nfrom zoneinfo import ZoneInfo\n"
        "print(datetime(2024, 7, 1, 6, tzinfo=ZoneInfo('Europe/Berlin')).utcoffset())"
    )
    accept(verifier, source, CodeTest("stdin", "", "2:00:00"))


def test_nothing_to_print(verifier: CodeVerifier) -> None:
    accept(verifier, "pass", CodeTest("stdin", "", ""))
    accept(verifier, "# nothing", CodeTest("stdin", "x", "\n"))


def test_decimals_within_tolerance(verifier: CodeVerifier) -> None:
    accept(verifier, "print(1 / 3, 2, 1e3)", CodeTest("stdin", "", "0.333333 2.0 1000.0"))
