"""Attacks on the verdict: a program that solves nothing is judged wrong: never right, never "not judged"."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator

import pytest
from code_attack import ADD_ASSERT, ADD_CALL, ADD_STDIN, BAD, TASKS, assert_prints, assert_wrong

from reasoncore.records import Verdict
from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


LEAVING = {
    "sys.exit": "import sys\nsys.exit()",
    "sys.exit 0": "import sys\nsys.exit(0)",
    "quit": "raise SystemExit",
    "os._exit": "import os\nos._exit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "StopIteration": "raise StopIteration",
    "BaseException": "class Mine(BaseException): pass\nraise Mine",
    "AssertionError": "raise AssertionError",
    "MemoryError": "raise MemoryError",
    "RecursionError": "raise RecursionError",
    "our own errors' names": "class SandboxFailedError(Exception): pass\nraise SandboxFailedError('the sandbox died')",
    "infrastructure": "class InfrastructureError(Exception): pass\nraise InfrastructureError",
    "message that raises": "class Mine(Exception):\n    def __str__(self): raise ValueError\nraise Mine",
    "message that is no text": "class Mine(Exception):\n    def __str__(self): return 5\nraise Mine",
    "hook": "import sys\nsys.excepthook = lambda *_: print(3)\nraise ValueError",
}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_leaving_early_is_wrong(verifier: CodeVerifier, kind: str, leave: str) -> None:
    assert_wrong(verifier.judge(leave, TASKS[kind]))
    inside = "def add(a, b):\n" + "".join(f"    {line}\n" for line in leave.splitlines())
    assert_wrong(verifier.judge(inside + ("add(1, 2)" if kind == "stdin" else ""), TASKS[kind]))


@pytest.mark.parametrize("leave", ["sys.exit(0)", "os._exit(0)", "os.close(1)", "os.abort()"])
def test_half_an_output_is_wrong(verifier: CodeVerifier, leave: str) -> None:
    task = CodeTask((CodeTest("stdin", "", "1\n2\n3\n"),))
    assert_wrong(verifier.judge(f"import os, sys\nprint('1\\n2', flush=True)\n{leave}\nprint(3)", task))


def test_the_right_output_and_a_bad_end_is_wrong(verifier: CodeVerifier) -> None:
    for end in ("raise ValueError", "import sys; sys.exit(1)", "import os; os._exit(3)", "import os; os.abort()"):
        assert_wrong(verifier.judge(f"print(3, flush=True)\n{end}", ADD_STDIN), "RE")


@pytest.mark.parametrize("number", [n for n in signal.Signals if n not in (signal.SIGCHLD, signal.SIGCONT)])
@pytest.mark.parametrize("kind", ["stdin", "assert"])
def test_killing_itself_is_wrong(verifier: CodeVerifier, kind: str, number: signal.Signals) -> None:
    """Ignored signals and stops included; a stopped program is ended by the clock."""
    source = f"import os, time\ndef add(a, b):\n    os.kill(os.getpid(), {int(number)})\n    return 4\nadd(1, 2)"
    task = TASKS[kind]
    limited = CodeTask(task.tests, task.entry_point, time_limit_s=0.05)
    assert_wrong(verifier.judge(source, limited))


LIARS = {
    "equal to all": "class Liar:\n    def __eq__(self, other): return True\n    __hash__ = None",
    "no difference": "class Liar:\n    def __ne__(self, other): return False\n    def __eq__(self, other): return True",
    "int that lies": "class Liar(int):\n    def __eq__(self, other): return True\n    def __hash__(self): return 3",
    "str that lies": "class Liar(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__",
    "list that lies": "class Liar(list):\n    def __eq__(self, other): return True\n    def __len__(self): return 3",
    "dict that lies": "class Liar(dict):\n    def __eq__(self, other): return True",
    "float that lies": (
        "class Liar(float):\n    def __eq__(self, other): return True\n    def __float__(self): return 3.0"
    ),
    "tuple that lies": "class Liar(tuple):\n    def __eq__(self, other): return True",
    "class of another": "class Liar:\n    __class__ = int\n    def __eq__(self, other): return True",
    "number by index": "class Liar:\n    def __index__(self): return 3\n    def __eq__(self, other): return True",
    "one after another": "import itertools\nclass Liar:\n    def __getattr__(self, name): return lambda *_: True",
    "lying metaclass": (
        "class Meta(type):\n    def __eq__(cls, other): return True\n    __hash__ = type.__hash__\n"
        "class Kind(metaclass=Meta): pass\nLiar = lambda: Kind"
    ),
    "mock": "from unittest.mock import ANY\nLiar = lambda: ANY",
    "not a number": "Liar = lambda: float('nan')",
    "infinite": "Liar = lambda: float('inf')",
    "generator": "def Liar():\n    yield 3",
    "function": "Liar = lambda: (lambda: 3)",
    "module": "import math\nLiar = lambda: math",
    "class": "Liar = lambda: int",
    "cycle": "def Liar():\n    ring = []\n    ring.append(ring)\n    return ring",
    "nested deep": "def Liar():\n    value = 3\n    for _ in range(100000): value = [value]\n    return value",
    "huge": "Liar = lambda: [3] * 1_000_000",
    "huge number": "Liar = lambda: 1 << 100_000_000",
    "endless list": (
        "class ListNode:\n    val = 3\n    @property\n    def next(self): return ListNode()\nLiar = ListNode"
    ),
    "endless tree": (
        "class TreeNode:\n    val = 3\n    left = property(lambda self: TreeNode())\n    right = left\nLiar = TreeNode"
    ),
    "a numpy look-alike": ("class Liar:\n    def tolist(self): return Liar()\nLiar.__module__ = 'numpy'"),
    "reduce": "import os\nclass Liar:\n    def __reduce__(self): return os._exit, (0,)",
}


@pytest.mark.parametrize("kind", ["functional", "assert"])
@pytest.mark.parametrize("liar", LIARS.values(), ids=LIARS)
def test_objects_that_lie_are_wrong(verifier: CodeVerifier, kind: str, liar: str) -> None:
    source = f"{liar}\ndef add(a, b): return Liar()"
    assert_wrong(verifier.judge(source, TASKS[kind]))
    if kind == "assert":
        codes = ("assert add(1, 2) in [3]", "assert 3 == add(1, 2)", "assert not add(1, 2) != 3")
        tests = tuple(CodeTest("assert", code=code) for code in codes)
        verdict = verifier.judge(source, CodeTask(tests, "add", time_limit_s=1.0))
        assert set(verdict.details["tests"]) <= set(BAD)


def test_a_lie_inside_a_container_is_wrong(verifier: CodeVerifier) -> None:
    source = f"{LIARS['int that lies']}\ndef add(a, b): return [{{'a': (Liar(),)}}]"
    assert_wrong(verifier.judge(source, CodeTask((CodeTest("functional", [1, 2], [{"a": [3]}]),), "add")))
    assert_wrong(
        verifier.judge(source, CodeTask((CodeTest("assert", code="assert add(1, 2) == [{'a': (3,)}]"),), "add"))
    )


PATCHES = {
    "comparison by builtins": "import builtins\nfor n in ('len', 'all', 'isinstance', 'sorted', 'zip', 'type'):\n"
    "    setattr(builtins, n, lambda *_: True)",
    "int": "import builtins\nbuiltins.int = builtins.str = builtins.list = lambda *_: 3",
    "json": 'import json\njson.dumps = lambda *_, **k: \'{"passed": true, "value": 3.5}\'\njson.loads = lambda *_: {}',
    "os.write": "import os\nos.write = lambda *_: 1",
    "os._exit": "import os\nos._exit = lambda *_: None",
    "wire": "import sys\nw = sys.modules.get('reasoncore.sandbox.wire')\nif w: w.encode = lambda *_, **k: {'y': 'int'}",
    "harness": "import sys\nh = sys.modules.get('reasoncore.sandbox.harness')\n"
    "if h: h._KINDS.clear(); h.describe = lambda *_: {'passed': True}",
    "remote": "import sys\nr = sys.modules.get('reasoncore.sandbox.remote')\n"
    "if r: r._receive = lambda *_: None; r._send = lambda *_: None",
    "unittest": "import unittest\nunittest.TestCase.assertEqual = lambda *_: None",
    "AssertionError": "import builtins\nbuiltins.AssertionError = type('AssertionError', (Exception,), {})",
    "print": "import builtins\nbuiltins.print = lambda *_, **k: None",
    "import": "import builtins\nbuiltins.__import__ = lambda *_: None",
    "trace": "import sys\nsys.settrace(lambda *_: None)\nsys.setprofile(lambda *_: None)",
    "recursion limit": "import sys\nsys.setrecursionlimit(50)",
    "garbage collector": (
        "import gc\nfor o in gc.get_objects():\n    if type(o) is dict and 'arguments' in o: o.clear()"
    ),
    "modules gone": "import sys\nsys.modules.clear()",
    "at exit": "import atexit, os\natexit.register(os._exit, 0)",
    "finalizer": "import os\nclass A:\n    def __del__(self): os._exit(0)\na = A()",
}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_patching_what_runs_beside_it_does_not_help(verifier: CodeVerifier, kind: str, patch: str) -> None:
    assert_wrong(verifier.judge(f"{patch}\ndef add(a, b): return 4\n", TASKS[kind]))


def test_an_exception_in_a_test_that_loops_does_not_end_the_loop(verifier: CodeVerifier) -> None:
    """``StopIteration`` out of a function that ``map`` calls looks like the end of the cases."""
    source = "def add(a, b): raise StopIteration"
    for code in (
        "assert all(map(lambda case: add(*case[0]) == case[1], [((1, 2), 3)]))",
        "for same in map(lambda case: add(*case[0]) == case[1], [((1, 2), 3)]):\n    assert same",
    ):
        assert_wrong(verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "add")))


def test_dying_is_not_the_exception_that_a_test_expects(verifier: CodeVerifier) -> None:
    code = "try:\n    add(None, 2)\nexcept Exception:\n    pass\nelse:\n    assert False"
    task = CodeTask((CodeTest("assert", code=code),), "add")
    assert verifier.judge("def add(a, b): return a + b", task).correct is True
    assert_wrong(verifier.judge("import os\ndef add(a, b): os._exit(0)", task))
    assert_wrong(verifier.judge("import os, signal\ndef add(a, b): os.kill(os.getpid(), 9)", task))


def test_a_module_that_a_test_forgot_to_import_is_not_the_programs(verifier: CodeVerifier) -> None:
    source = "class math:\n    isclose = staticmethod(lambda *_, **__: True)\ndef add(a, b): return 0"
    assert_wrong(
        verifier.judge(source, CodeTask((CodeTest("assert", code="assert math.isclose(add(1, 2), 3)"),), "add"))
    )


def test_a_builtin_that_the_program_defines_is_not_the_tests(verifier: CodeVerifier) -> None:
    source = "def abs(x): return 0\ndef sorted(x): return []\ndef all(x): return True\ndef add(a, b): return 9"
    for code in ("assert abs(add(1, 2) - 3) < 1", "assert all([add(1, 2) == 3])", "assert sorted([add(1, 2)]) == [3]"):
        assert_wrong(verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "add")))


def test_setup_is_the_tests_own(verifier: CodeVerifier) -> None:
    source = "def close(a, b): return True\ndef check(f): pass\ndef add(a, b): return 9"
    setup = "def close(a, b): return abs(a - b) < 1e-6\n"
    assert_wrong(
        verifier.judge(source, CodeTask((CodeTest("assert", code="assert close(add(1, 2), 3)"),), "add", setup))
    )
    code = "def check(candidate):\n    assert candidate(1, 2) == 3"
    assert_wrong(verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "add")))


SEARCHES = {
    "frames": (
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    seen.append(str(frame.f_locals) + str(frame.f_globals))\n    frame = frame.f_back"
    ),
    "objects": "import gc\nseen.extend(repr(o)[:100_000] for o in gc.get_objects() if type(o) in (dict, list, tuple))",
    "modules": "import sys\nseen.extend(repr(vars(m))[:100_000] for m in list(sys.modules.values()))",
    "arguments and environment": "import os, sys\nseen.append(repr((sys.argv, sys.orig_argv, dict(os.environ))))",
    "descriptors": (
        "import os\nfor n in range(64):\n    try: seen.append(repr(os.pread(n, 1 << 20, 0)))\n    except OSError: pass"
    ),
    "files": (
        "import os\nfor folder, _, names in os.walk('.'):\n"
        "    seen.extend(open(os.path.join(folder, n)).read() for n in names)"
    ),
    "own memory": "import ctypes, gc\nfor o in gc.get_objects():\n    seen.append(repr(ctypes.string_at(id(o), 64)))",
    "traceback": "import traceback\nseen.append(''.join(traceback.format_stack()))",
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_what_is_expected_is_nowhere_to_be_found(verifier: CodeVerifier, search: str) -> None:
    """The needle is built from halves, so that the program's own source is no hit."""
    program = f"seen = []\n{search}\nneedle = ''.join(['EXPECT', 'ED-7319'])\n"
    found = "str(any(needle in text for text in seen))"
    hidden = "EXPECTED-7319"
    call = f"{program}def add(a, b): return {found}"
    cases = {
        f"{program}print({found})": CodeTest("stdin", "", hidden),
        call: CodeTest("functional", [1, 2], hidden),
        call + " ": CodeTest("assert", code=f"assert add(1, 2) == {hidden!r}, add(1, 2)"),
    }
    for source, test in cases.items():
        verdict = verifier.judge(source, CodeTask((test,), "add"))
        assert_wrong(verdict, "WA")
        assert "False" in verdict.reason, verdict.reason


def test_a_later_test_knows_nothing_of_an_earlier_one(verifier: CodeVerifier) -> None:
    """Neither files, nor modules, nor built-ins, nor the environment, nor the recursion limit last."""
    source = """
import builtins, json, os, sys
def add(a, b):
    state = [os.listdir('.'), hasattr(builtins, 'mark'), hasattr(json, 'mark'), 'MARK' in os.environ,
             sys.getrecursionlimit(), 'mark' in sys.modules, os.getcwd() == os.environ['HOME'], os.umask(0)]
    open('mark', 'w').close()
    builtins.mark = json.mark = True
    os.environ['MARK'] = '1'
    sys.modules['mark'] = sys
    sys.setrecursionlimit(77)
    return state
"""
    clean = [[], False, False, False, 10_000, False, True, 0o22]
    verdict = verifier.judge(source, CodeTask((CodeTest("functional", [1, 2], clean),) * 5, "add"))
    assert verdict.correct is True, verdict.reason


def test_a_checker_is_not_the_programs(verifier: CodeVerifier) -> None:
    checker = "def check(given, expected, output): return output == expected"
    for kind, given, expected in (("stdin", "", "3"), ("functional", [1, 2], 3)):
        task = CodeTask((CodeTest(kind, given, expected, checker=checker),), "add")
        for source in (
            "def check(*_): return True\ndef add(a, b): return 4\nprint(4)",
            "class Liar(str):\n    def __eq__(self, other): return True\ndef add(a, b): return Liar()\nprint(Liar())",
            'import os\nos.write(4, b\'{"value": true, "passed": true}\')\nos._exit(0)',
        ):
            assert_wrong(verifier.judge(source, task))


def test_output_of_a_call_and_of_the_tests_does_not_count(verifier: CodeVerifier) -> None:
    claim = json.dumps({"passed": True, "value": 3})
    for task in (ADD_CALL, ADD_ASSERT):
        assert_wrong(
            verifier.judge(f"print({claim!r})\ndef add(a, b):\n    print({claim!r}, flush=True)\n    return 4", task)
        )


def test_the_sandbox_is_the_same_after_all_that(verifier: CodeVerifier) -> None:
    assert_prints(verifier, "print(input() if False else 3)", "3")
    for kind, task in TASKS.items():
        honest: Verdict = verifier.judge(
            "print(sum(map(int, input().split())))" if kind == "stdin" else "def add(a, b): return a + b", task
        )
        assert honest.correct is True
