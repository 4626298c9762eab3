"""Right programs with odd habits: what people and models write is accepted, however it reads, prints and ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


FUNCTIONS: dict[str, tuple[str, str, Any, Any]] = {
    "tuple for a list": ("def f(a): return a, (a, a)", "f", [1], [1, [1, 1]]),
    "generator inside": ("def f(a): return sum(x for x in (y for y in a))", "f", [[1, 2]], 3),
    "argument changed": ("def f(a):\n    a.sort()\n    return a", "f", [[2, 1]], [1, 2]),
    "keywords": ("def f(b, a): return a - b", "f", {"a": 3, "b": 1}, 2),
    "lambda": ("f = lambda a: a + 1", "f", [1], 2),
    "method": ("class Solution:\n    def f(self, a): return a + 1", "Solution().f", [1], 2),
    "method asked for by name": ("class Solution:\n    def f(self, a): return a + 1", "f", [1], 2),
    "static method": ("class Solution:\n    @staticmethod\n    def f(a): return a + 1", "Solution().f", [1], 2),
    "class with state": (
        "class Solution:\n    def __init__(self): self.seen = {}\n"
        "    def f(self, a): return self.seen.setdefault(a, a + 1)",
        "Solution().f", [1], 2,
    ),
    "names without imports": (
        "class Solution:\n    def f(self, a: List[int]) -> Optional[int]:\n"
        "        h = [x for x in a]\n        heapify(h)\n"
        "        d = deque(Counter(h)); m = defaultdict(int); return min(inf, heappop(h), SortedList(a)[0], pow(2, 9))",
        "Solution().f", [[3, 1]], 1,
    ),
    "linked list": (
        "class Solution:\n    def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        back = None\n"
        "        while head: head.next, back, head = back, head, head.next\n        return back",
        "Solution().f", [[1, 2, 3]], [3, 2, 1],
    ),
    "empty linked list": (
        "class Solution:\n    def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        return head",
        "Solution().f", [[]], [],
    ),
    "lists of linked lists": (
        "class Solution:\n    def f(self, lists: List[Optional[ListNode]]) -> int:\n"
        "        return sum(n.val for n in lists if n)",
        "Solution().f", [[[1, 2], [], [3]]], 4,
    ),
    "own node class": (
        "class ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val; self.next = next\n"
        "class Solution:\n    def f(self, head: ListNode) -> ListNode:\n        return ListNode(0, head)",
        "Solution().f", [[1]], [0, 1],
    ),
    "tree": (
        "class Solution:\n    def f(self, root: Optional[TreeNode]) -> Optional[TreeNode]:\n"
        "        if root: root.left, root.right = self.f(root.right), self.f(root.left)\n        return root",
        "Solution().f", [[1, 2, 3, None, 4]], [1, 3, 2, None, None, 4],
    ),
    "design": (
        "class Stack:\n    def __init__(self, a): self.items = [a]\n    def push(self, x): self.items.append(x)\n"
        "    def pop(self): return self.items.pop()",
        "Stack", [["Stack", "push", "pop", "pop"], [[1], [5], [], []]], [None, None, 5, 1],
    ),
    "numpy value": ("import numpy as np\ndef f(a): return np.array(a) * 2", "f", [[1, 2]], [2, 4]),
    "numpy number": ("import numpy as np\ndef f(a): return np.int64(a) + np.float64(0.5)", "f", [1], 1.5),
    "dictionary": ("from collections import Counter\ndef f(a): return Counter(a)", "f", [[1, 1, 2]], {"1": 2, "2": 1}),
    "infinity": ("def f(): return float('inf')", "f", [], float("inf")),
    "big number": ("def f(a): return a ** 100", "f", [10], 10**100),
    "prints too": ("import sys\ndef f(a):\n    print('x', file=sys.stderr)\n    print('x')\n    return a", "f", [1], 1),
    "not main": ("def f(a): return a\nif __name__ == '__main__':\n    input()", "f", [1], 1),
    "cached": ("from functools import cache\n@cache\ndef f(a): return a", "f", [1], 1),
    "partial": ("from functools import partial\nf = partial(max, 5)", "f", [1], 5),
    "callable": ("class F:\n    def __call__(self, a): return a\nf = F()", "f", [1], 1),
    "None": ("def f(a): pass", "f", [1], None),
    "recursion": ("def f(a): return 0 if a == 0 else 1 + f(a - 1)", "f", [9000], 9000),
}  # fmt: skip


@pytest.mark.parametrize(("source", "entry_point", "given", "expected"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions(verifier: CodeVerifier, source: str, entry_point: str, given: Any, expected: Any) -> None:
    accept(verifier, source, CodeTest("functional", given, expected), entry_point=entry_point)


ASSERTS: dict[str, tuple[str, str]] = {
    "plain": ("def f(a): return a", "assert f(1) == 1\nassert f([1, (2,)]) == [1, (2,)]"),
    "check not called": ("def f(a): return a", "def check(candidate):\n    assert candidate(1) == 1"),
    "check called": ("def f(a): return a", "def check(candidate):\n    assert candidate(1) == 1\ncheck(f)"),
    "helper from setup": ("def f(a): return a + 1e-9", "assert near(f(1), 1)"),
    "exception expected": (
        "def f(a):\n    if a < 0: raise ValueError('negative')\n    return a",
        "try:\n    f(-1)\nexcept ValueError as e:\n    assert 'negative' in str(e)\nelse:\n    assert False",
    ),
    "own exception": (
        "class Mine(Exception): pass\ndef f(a): raise Mine('x')",
        "try:\n    f(1)\nexcept Exception as e:\n    assert 'x' in str(e)\nelse:\n    assert False",
    ),
    "changed in place": ("def f(a): a.append(4)", "x = [1]\nf(x)\nassert x == [1, 4]"),
    "objects": (
        "class A:\n    def __init__(self): self.n = 0\n"
        "    def add(self, k):\n        self.n += k\n        return self\n"
        "def f(a): return A()",
        "o = f(1)\no.add(2).add(3)\nassert o.n == 5\no.n = 7\nassert o.n == 7",
    ),
    "class by name": ("class A:\n    def __init__(self, n): self.n = n\ndef f(a): return a.n", "assert f(A(4)) == 4"),
    "generator": ("def f(a):\n    yield from range(a)", "assert list(f(3)) == [0, 1, 2]"),
    "types": ("def f(a): return {1, 2}", "r = f(1)\nassert isinstance(r, set) and r == {2, 1} and f(1) != [1, 2]"),
    "infinite": ("def f(a): return a", "assert f(float('inf')) == float('inf') and f(float('nan')) != 0"),
    "many calls": ("def f(a): return a", "assert [f(i) for i in range(2000)] == list(range(2000))"),
    "unittest": (
        "def f(a): return a",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(1), 1)\n"
        "assert unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T)).wasSuccessful()",
    ),
    "module of the program": ("import math\ndef f(a): return math.sqrt(a)", "assert math.isclose(f(4), 2)"),
    "builtin's name": ("def f(a): return sorted(a)", "assert f([2, 1]) == sorted([2, 1]) and max(f([1, 5])) == 5"),
}


@pytest.mark.parametrize(("source", "code"), ASSERTS.values(), ids=ASSERTS)
def test_asserts(verifier: CodeVerifier, source: str, code: str) -> None:
    setup = "def near(a, b): return abs(a - b) < 1e-6\n" if "near" in code else ""
    accept(verifier, source, CodeTest("assert", code=code), entry_point="f", setup=setup)


def test_any_answer_that_a_checker_accepts(verifier: CodeVerifier) -> None:
    pair = "def check(given, expected, output):\n    return len(output) == 2 and sum(output) == sum(expected)"
    test = CodeTest("functional", [5], [2, 3], checker=pair)
    accept(verifier, "def f(a): return (1, a - 1)", test, entry_point="f")
    text = "def check(given, expected, output):\n    return sum(map(int, output.split())) == int(given)"
    accept(verifier, "n = int(input())\nprint(1, n - 1)", CodeTest("stdin", "5\n", "2 3", checker=text))
