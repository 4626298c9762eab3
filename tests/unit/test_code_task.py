"""Reading a code case: what is accepted, and that every mistake is told with its place and key."""

from __future__ import annotations

from typing import Any

import pytest

from reasoncore.errors import DataError
from reasoncore.verify.code import CodeTask, CodeTest, read_code_case

WHERE = "cases.jsonl, line 7"
STDIN = {"type": "stdin", "input": "1", "output": "2"}
CALL = {"type": "functional", "input": [1], "output": 2}
ASSERT = {"type": "assert", "code": "assert f(1) == 2"}


def row(**changes: Any) -> dict[str, Any]:
    whole = {"solution": "def f(a): return 2", "entry_point": "f", "tests": [CALL]}
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def test_a_whole_row() -> None:
    solution, task = read_code_case(
        row(tests=[STDIN, CALL, ASSERT], setup="import math", time_limit_s=2, memory_limit_mb=256), WHERE
    )
    assert solution == "def f(a): return 2"
    assert task == CodeTask(
        (CodeTest("stdin", "1", "2"), CodeTest("functional", [1], 2), CodeTest("assert", code="assert f(1) == 2")),
        "f", "import math", 2.0, 256,
    )  # fmt: skip


def test_defaults_and_options() -> None:
    task = read_code_case(row(entry_point=..., tests=[{**STDIN, "comparison": "exact", "tolerance": 0.1}]), WHERE)[1]
    assert task == CodeTask((CodeTest("stdin", "1", "2", "", "exact", 0.1),))
    checker = "def check(a, b, c): return True"
    assert read_code_case(row(tests=[{**CALL, "checker": checker}]), WHERE)[1].tests[0].checker == checker


def test_an_empty_solution_is_a_wrong_answer_and_no_mistake_of_the_user() -> None:
    assert read_code_case(row(solution=""), WHERE)[0] == ""


@pytest.mark.parametrize(
    ("code", "setup"),
    [
        ("assert f(1) == 2", ""),
        ("def check(candidate):\n    assert candidate(1) == 2", ""),
        ("assert math.isclose(f(1), 2) and np.isclose(f(1), 2) and ListNode(1).val == 1", ""),
        ("from math import *\nassert f(sqrt(1)) == 2", ""),
        ("assert near(f(1), x)", "x = 2\ndef near(a, b): return abs(a - b) < 1"),
        ("import os.path as p\nassert all(f(i) == 2 for i in range(2)) and p and (y := f(1)) == y", ""),
        ("def g():\n    global z\n    z = f(1)\ng()\nassert z == 2", ""),
        ("class A:\n    b = 1\n    c = b + f(1)\nfor k in [A]: assert k.c == 3 and __name__", ""),
        ("try:\n    f(1)\nexcept P as e:\n    assert Q(1) == e", ""),
    ],
)
def test_names_that_somebody_defines(code: str, setup: str) -> None:
    task = read_code_case(row(tests=[{"type": "assert", "code": code}], setup=setup, names=["P", "Q"]), WHERE)[1]
    assert task.names == ("P", "Q")


def test_without_an_entry_point_names_are_the_programs() -> None:
    tests = [{"type": "assert", "code": "assert g(1) == helper(2)"}]
    assert read_code_case(row(entry_point=None, tests=tests), WHERE)[1].entry_point is None


def test_the_class_an_entry_point_is_in_is_the_programs() -> None:
    tests = [{"type": "assert", "code": "assert Solution().f(1) == 2"}]
    read_code_case(row(entry_point="Solution().f", tests=tests), WHERE)


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"solution": ...}, "key 'solution'"),
        ({"solution": 5.5j}, "key 'solution'"),
        ({"entry_point": "f()"}, None),
        ({"entry_point": "f;g"}, "key 'entry_point'"),
        ({"entry_point": 5}, "key 'entry_point'"),
        ({"entry_point": "a.b.c"}, "key 'entry_point'"),
        ({"entry_point": None}, "entry point"),
        ({"tests": ...}, "key 'tests'"),
        ({"tests": []}, "key 'tests'"),
        ({"tests": {}}, "key 'tests'"),
        ({"tests": [CALL, 5]}, "key 'tests', test 2"),
        ({"tests": [{**CALL, "type": "io"}]}, "test 1, key 'type'"),
        ({"tests": [{"input": [1], "output": 2}]}, "test 1, key 'type'"),
        ({"tests": [{"type": "stdin", "input": "1"}]}, "test 1: no key 'output'"),
        ({"tests": [{"type": "stdin", "output": "1"}]}, "test 1: no key 'input'"),
        ({"tests": [{**STDIN, "input": ["1"]}]}, "test 1, key 'input'"),
        ({"tests": [{**STDIN, "output": None}]}, "test 1, key 'output'"),
        ({"tests": [{**CALL, "input": 1}]}, "test 1, key 'input'"),
        ({"tests": [{**STDIN, "comparison": "fuzzy"}]}, "test 1, key 'comparison'"),
        ({"tests": [{**STDIN, "tolerance": -1}]}, "test 1, key 'tolerance'"),
        ({"tests": [{**STDIN, "tolerance": "1"}]}, "test 1, key 'tolerance'"),
        ({"tests": [{**STDIN, "tolerance": float("nan")}]}, "test 1, key 'tolerance'"),
        ({"tests": [{**STDIN, "checker": "def check(:"}]}, "test 1, key 'checker'"),
        ({"tests": [{**STDIN, "checker": 5j}]}, "test 1, key 'checker'"),
        ({"tests": [{**STDIN, "checker": "def chk(a, b, c): return True"}]}, "test 1, key 'checker'"),
        ({"tests": [{**STDIN, "checker": "check"}]}, "test 1, key 'checker'"),
        ({"tests": [{**STDIN, "checker": "check = lambda a, b, c: True"}]}, None),
        ({"tests": [{"type": "assert", "code": "assert is_close(f(1), 2)"}]}, "key 'code': nobody defines 'is_close'"),
        ({"tests": [ASSERT, {"type": "assert", "code": "pytest.fail()"}]}, "test 2, key 'code': nobody defines"),
        ({"tests": [ASSERT], "setup": "x = helper"}, "nobody defines 'helper'"),
        (
            {"tests": [{"type": "assert", "code": "def check(c): c(1)"}], "entry_point": None},
            "test 1: check(candidate)",
        ),
        ({"names": "P"}, "key 'names'"),
        ({"names": ["a b"]}, "key 'names'"),
        ({"names": [5]}, "key 'names'"),
        ({"tests": [{"type": "assert"}]}, "test 1, key 'code'"),
        ({"tests": [{"type": "assert", "code": "assert ("}]}, "test 1, key 'code'"),
        ({"tests": [{"type": "assert", "code": "x\0"}]}, "test 1, key 'code'"),
        ({"tests": [{"type": "assert", "code": "(" * 500}]}, "test 1, key 'code'"),
        ({"tests": [{"type": "assert", "code": "x = " + "-" * 100_000 + "1"}]}, "test 1, key 'code'"),
        ({"setup": "def ("}, "key 'setup'"),
        ({"setup": ["import math"]}, "key 'setup'"),
        ({"time_limit_s": 0}, "key 'time_limit_s'"),
        ({"time_limit_s": "6"}, "key 'time_limit_s'"),
        ({"time_limit_s": True}, "key 'time_limit_s'"),
        ({"time_limit_s": 1e9}, "key 'time_limit_s'"),
        ({"memory_limit_mb": 1}, "key 'memory_limit_mb'"),
        ({"tests": [{**STDIN, "input": "\ud800"}]}, "test 1, key 'input'"),
        ({"tests": [{**CALL, "input": [deep(200)]}]}, "test 1, key 'input'"),
        ({"tests": [{**CALL, "output": deep(200)}]}, "test 1, key 'output'"),
    ],
)
def test_mistakes(changes: dict[str, Any], said: str | None) -> None:
    if said is None:
        read_code_case(row(**changes), WHERE)
        return
    with pytest.raises(DataError) as caught:
        read_code_case(row(**changes), WHERE)
    assert caught.value.message.startswith(WHERE)
    assert said in caught.value.message
    assert caught.value.cure
    assert len(caught.value.message) < 300
