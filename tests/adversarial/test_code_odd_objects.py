"""Objects and exceptions that stay with the program: tests use them as they would beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


def accept(verifier: CodeVerifier, source: str, code: str, *names: str) -> None:
    verdict = verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "f", names=names))
    assert verdict.correct is True, verdict.reason


POINT = """
class P:
    def __init__(self, x): self.x = x
    def __repr__(self): return f"P({self.x})"
    def __str__(self): return f"<{self.x}>"
    def __format__(self, how): return how + str(self.x)
    def __eq__(self, other): return self.x == other.x
    def __lt__(self, other): return self.x < other.x
    def __hash__(self): return hash(self.x)
    def __bool__(self): return self.x != 0
    def __len__(self): return 3
    def __int__(self): return self.x
    def __float__(self): return self.x / 2
    def __index__(self): return self.x
    def __neg__(self): return P(-self.x)
    def __round__(self, digits=0): return self.x + digits
    def __add__(self, other): return P(self.x + other.x)
    def __getitem__(self, i): return [self.x, 7, 8][i]
    def __setitem__(self, i, value): self.x = value
    def __enter__(self): return self.x
    def __exit__(self, kind, error, trace): self.x = 9
    def __call__(self, y): return self.x + y
def f(x=1): return P(x)
"""
USES = [
    "len(f()) == 3",
    "str(f()) == '<1>' and repr(f()) == 'P(1)' and f'{f():a}' == 'a1'",
    "f() and not f(0) and bool(f())",
    "int(f(4)) == 4 and float(f(4)) == 2.0 and [5, 6][f(1)] == 6 and round(f(4), 2) == 6",
    "f()[0] == 1 and f()[1:] == [7, 8] and list(reversed(f())) == [8, 7, 1]",
    "list(f(2)) == [2, 7, 8] and 7 in f(2) and 3 not in f(2)",
    "f(1) == f(1) and f(1) != f(2) and f(1) == P(1) and [f(1)] == [P(1)] and f(1) in [P(1)]",
    "f(1) < f(2) and max(f(1), f(2)).x == 2 and sorted([f(2), f(1)])[0].x == 1",
    "(f(1) + f(2)).x == 3 and (-f(1)).x == -1",
    "{f(1): 5}[f(1)] == 5 and len({f(1), f(1), f(2)}) == 2",
    "isinstance(f(), P) and not isinstance(3, P) and type(f()).__name__ == f().__class__.__name__ == 'P'",
    "f.__name__ == 'f' and P.__name__ == 'P' and vars(f())['x'] == 1",
    "f(1)(2) == 3 and callable(f)",
]


@pytest.mark.parametrize("use", USES)
def test_what_an_object_is_asked_about_itself(verifier: CodeVerifier, use: str) -> None:
    accept(verifier, POINT, f"assert {use}", "P")


OBJECTS = {
    "item set": (POINT, "p = f()\np[0] = 5\nassert p.x == 5"),
    "block": (POINT, "p = f(4)\nwith p as x:\n    assert x == 4\nassert p.x == 9"),
    "block left by an error": (
        POINT,
        "p = f(4)\ntry:\n    with p:\n        raise KeyError\nexcept KeyError:\n    pass\nassert p.x == 9",
    ),
    "same object": ("class A: pass\na = A()\ndef f(): return a", "assert f() is f() and {f: 1}[f] == 1"),
    "enumeration": (
        "from enum import Enum\nclass P(Enum):\n    A = 1\ndef f(): return P.A",
        "assert f() is P.A and f() == P['A'] and P(1).name == 'A' and f() in list(P)",
    ),
    "endless generator": (
        "def f():\n    n = 0\n    while True:\n        yield n\n        n += 1",
        "from itertools import islice\ng = f()\nassert next(g) == 0 and list(islice(g, 3)) == [1, 2, 3]\n"
        "assert list(zip(f(), 'ab')) == [(0, 'a'), (1, 'b')]",
    ),
    "end of a generator": (
        "def f():\n    yield 1",
        "g = f()\nassert next(g) == 1 and next(g, None) is None\n"
        "try:\n    next(g)\nexcept StopIteration:\n    pass\nelse:\n    assert False",
    ),
    "generator sent to": ("def f():\n    x = yield 1\n    yield x", "g = f()\nassert next(g) == 1 and g.send(5) == 5"),
    "keyword changed in place": ("def f(a): a.append(4)", "x = [1]\nf(a=x)\nassert x == [1, 4]"),
    "deque changed in place": (
        "def f(a): a.popleft()",
        "from collections import deque\nx = deque([1, 2])\nf(x)\nassert x == deque([2])",
    ),
    "changed in place before it raises": (
        "def f(a):\n    a.append(4)\n    raise ValueError",
        "x = [1]\ntry:\n    f(x)\nexcept ValueError:\n    pass\nassert x == [1, 4]",
    ),
    "threads": (
        "def f(a): return 2 * a",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool: assert list(pool.map(f, range(200))) == list(range(0, 400, 2))",
    ),
}


@pytest.mark.parametrize(("source", "code"), OBJECTS.values(), ids=OBJECTS)
def test_objects(verifier: CodeVerifier, source: str, code: str) -> None:
    accept(verifier, source, code, *(["P"] if "P" in code else []))


OWN = "class P(ValueError):\n    def __init__(self, code):\n        super().__init__('no')\n        self.code = code\n"
EXCEPTIONS = {
    "built-in": ("raise ValueError('a', 2)", "ValueError", "type(e) is ValueError and e.args == ('a', 2)"),
    "without text": ("raise ValueError", "ValueError", "str(e) == '' and e.args == ()"),
    "long": ("raise ValueError('x' * 500)", "ValueError", "str(e) == 'x' * 500"),
    "key": ("return {}['a']", "KeyError", "e.args == ('a',) and str(e) == repr('a')"),
    "base": ("return 1 / 0", "ArithmeticError", "type(e) is ZeroDivisionError"),
    "of the library": ("import json\n    json.loads('{')", "ValueError", "e.pos == 1 and 'Expecting' in str(e)"),
    "decoding": ("return b'\\xff'.decode()", "UnicodeDecodeError", "e.start == 0 and 'invalid start byte' in str(e)"),
    "system": ("open('nothing')", "FileNotFoundError", "e.errno == 2 and 'nothing' in str(e)"),
    "own, by its base": ("raise P(3)", "ValueError", "type(e).__name__ == 'P' and str(e) == 'no' and e.code == 3"),
    "own": ("raise P(3)", "P", "e.code == 3 and isinstance(e, P)"),
    "own, special": ("raise Q(3)", "P", "type(e).__name__ == 'Q'"),
    "in an assertion": ("assert False, 'x'", "AssertionError", "str(e) == 'x'"),
    "group": ("raise ExceptionGroup('a', [ValueError()])", "Exception", "'a' in str(e)"),
    "leaving": ("raise SystemExit(3)", "Exception", "'3' in str(e)"),
}


@pytest.mark.parametrize(("body", "kind", "seen"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_exceptions(verifier: CodeVerifier, body: str, kind: str, seen: str) -> None:
    source = f"{OWN}class Q(P): pass\ndef f():\n    {body}"
    code = f"try:\n    f()\nexcept {kind} as e:\n    assert {seen}\nelse:\n    assert False"
    accept(verifier, source, code, "P")


def test_another_exception_is_not_caught(verifier: CodeVerifier) -> None:
    source = f"{OWN}class Q(KeyError): pass\ndef f(): raise Q"
    code = "try:\n    f()\nexcept (P, ValueError):\n    pass"
    verdict = verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "f", names=("P",)))
    assert verdict.details["tests"] == ["RE"]


def test_what_is_not_defined_is_told_as_such(verifier: CodeVerifier) -> None:
    check = CodeTest("assert", code="def check(candidate):\n    assert candidate(1) == 1")
    for entry_point in ("f", "Solution().f"):
        source = "class Solution:\n    def g(self): pass"
        assert verifier.judge(source, CodeTask((check,), entry_point)).details["tests"] == ["CE"]


def test_a_value_longer_than_can_be_read_is_told_as_such(verifier: CodeVerifier) -> None:
    verdict = verifier.judge("def f(): return 'x' * (17 << 20)", CodeTask((CodeTest("assert", code="f()"),), "f"))
    assert verdict.details["tests"] == ["RE"]
    assert "more than 16777216" in verdict.reason
