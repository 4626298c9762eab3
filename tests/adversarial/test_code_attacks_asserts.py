"""Attacks on assert tests and checkers: what they catch, the names they use, the objects they are handed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from code_attack import assert_wrong

from reasoncore.verify.code import CodeTask, CodeTest, CodeVerifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(workers=1) as shared:
        yield shared


SWALLOWING = {
    "bare": "try:\n    add(1, 2)\nexcept:\n    pass",
    "BaseException": "try:\n    add(1, 2)\nexcept BaseException:\n    pass",
    "finally": "def call():\n    try:\n        add(1, 2)\n    finally:\n        return 3\nassert call() == 3",
    "thread": "import threading\nt = threading.Thread(target=add, args=(1, 2))\nt.start()\nt.join()",
    "exit": "import contextlib\nwith contextlib.suppress(BaseException):\n    add(1, 2)",
}
ENDS = {
    "TLE": "while True: pass",
    "RE": "os._exit(1)",
    "killed": "os.kill(os.getpid(), 9)",
    "quiet": "os._exit(0)",
    "closed": "os.close(5)",
}


@pytest.mark.parametrize("swallow", SWALLOWING.values(), ids=SWALLOWING)
@pytest.mark.parametrize("end", ENDS)
def test_whatever_tests_catch_a_program_that_ended_has_not_passed(
    verifier: CodeVerifier, end: str, swallow: str
) -> None:
    source = f"import os\ndef add(a, b):\n    {ENDS[end]}"
    task = CodeTask((CodeTest("assert", code=swallow),), "add", time_limit_s=0.2)
    assert_wrong(verifier.judge(source, task), "TLE" if end == "TLE" else "RE")


def test_ending_badly_once_the_tests_have_their_answers_is_wrong(verifier: CodeVerifier) -> None:
    later = (
        "import threading, os, time\ndef add(a, b):\n    threading.Timer(0.05, os._exit, (3,)).start()\n    return 3"
    )
    code = "import time\nassert add(1, 2) == 3\ntime.sleep(0.3)"
    assert_wrong(verifier.judge(later, CodeTask((CodeTest("assert", code=code),), "add")), "RE")


HELPERS = {
    "numpy": ("class np:\n    allclose = staticmethod(lambda *_, **__: True)", "assert np.allclose(add(1, 2), 3)"),
    "helper": ("def is_close(a, b): return True", "assert is_close(add(1, 2), 3)"),
    "constant": ("EXPECTED = 9", "assert add(1, 2) == EXPECTED"),
    "node class": ("class ListNode:\n    def __init__(self, val): self.val = 9", "assert add(1, 2) == ListNode(3).val"),
}


@pytest.mark.parametrize(("helper", "code"), HELPERS.values(), ids=HELPERS)
def test_what_a_test_leaves_free_is_not_the_programs(verifier: CodeVerifier, helper: str, code: str) -> None:
    source = f"{helper}\ndef add(a, b): return 9"
    assert_wrong(verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "add")), "WA")


JUDGES_OF_THEMSELVES = {
    "difference": ("__sub__ = lambda self, other: 0", "assert abs(add(1, 2) - 3) < 1e-6"),
    "difference, reflected": ("__rsub__ = lambda self, other: 0", "assert abs(3 - add(1, 2)) < 1e-6"),
    "order": ("__lt__ = __gt__ = lambda self, other: True", "assert 2 < add(1, 2) < 4"),
    "containing": ("__contains__ = lambda self, item: True", "assert 3 in add(1, 2)"),
    "leaving a block": (
        "__enter__ = lambda self: self\n    __exit__ = lambda *_: True",
        "with add(1, 2) as x:\n    assert x is 3",
    ),
    "array": (
        "__array_interface__ = {'shape': (0,), 'typestr': '<i8', 'data': (1, False), 'version': 3}",
        "assert np.allclose(add(1, 2), 3)",
    ),
    "instance": ("__instancecheck__ = lambda *_: True", "assert isinstance(add(1, 2), int)"),
    "no truth": ("__bool__ = lambda self: True", "assert add(1, 2) is True"),
    "skipping": (
        "pass\nimport unittest\ndef Liar(): raise unittest.SkipTest",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(add(1, 2), 3)\n"
        "assert unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T)).wasSuccessful()",
    ),
}


@pytest.mark.parametrize(("method", "code"), JUDGES_OF_THEMSELVES.values(), ids=JUDGES_OF_THEMSELVES)
def test_an_object_is_no_judge_of_what_is_expected(verifier: CodeVerifier, method: str, code: str) -> None:
    source = f"class Liar:\n    {method}\ndef add(a, b): return Liar()"
    assert_wrong(verifier.judge(source, CodeTask((CodeTest("assert", code=code),), "add")), "WA", "RE")


def test_what_is_expected_is_not_told_to_an_object(verifier: CodeVerifier) -> None:
    told = "\n    ".join(f"__{n}__ = tell" for n in ("eq", "ne", "lt", "gt", "le", "ge", "sub", "rsub", "contains"))
    source = f"class A:\n    def tell(self, other): os._exit(7)\n    {told}\nimport os\ndef add(a, b): return A()"
    for code in (
        "add(1, 2) == 3",
        "3 - add(1, 2)",
        "add(1, 2) - 3",
        "add(1, 2) < 3",
        "3 in add(1, 2)",
        "3 != add(1, 2)",
    ):
        task = CodeTask((CodeTest("assert", code=f"try:\n    {code}\nexcept TypeError:\n    pass"),), "add")
        assert verifier.judge(source, task).correct is True, code


GUARDED = {
    "check": "def check(candidate):\n    assert candidate(1, 2) == 3\nif __name__ == '__main__':\n    check(add)",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(add(1, 2), 3)\n"
    "if __name__ == '__main__':\n    unittest.main()",
}


@pytest.mark.parametrize("code", GUARDED.values(), ids=GUARDED)
def test_tests_that_run_as_a_main_module_run(verifier: CodeVerifier, code: str) -> None:
    task = CodeTask((CodeTest("assert", code=code),), "add")
    assert verifier.judge("def add(a, b): return a + b", task).correct is True
    for body in ("return 4", "raise SystemExit", "raise SystemExit(0)", "import sys; sys.exit(False)"):
        assert_wrong(verifier.judge(f"def add(a, b): {body}", task), "WA", "RE")


def test_a_value_that_a_checker_fails_on_is_wrong_and_a_broken_checker_judges_nothing(
    verifier: CodeVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoncore.verify.code.verifier._CHECKER_LIMIT_S", 0.5)
    picky = "def check(given, expected, output): return int(output) == 3"
    slow = "def check(given, expected, output):\n    while output != expected: pass\n    return True"
    for checker in (picky, slow):
        task = CodeTask((CodeTest("stdin", "", "3", checker=checker),))
        assert verifier.judge("print(3, end='')", task).correct is True
        assert_wrong(verifier.judge("print('x')", task), "WA")
    broken = CodeTask(
        (CodeTest("stdin", "", "3", checker="def check(given, expected, output): return output.nothing"),)
    )
    assert verifier.judge("print(3)", broken).correct is None
    assert verifier.judge("print(3)", broken).details["tests"] == ["INFRA"]
