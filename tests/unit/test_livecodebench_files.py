"""LiveCodeBench's file: both sorts of tests, packed or not, dates, and packed tests made to do harm."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from reasoncore.data import packed_tests
from reasoncore.data.livecodebench_files import read_livecodebench
from reasoncore.data.packed_tests import unpack_tests
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.benchmarks import load_benchmark
from reasoncore.records import Problem
from reasoncore.verify.code import CodeVerifier

STDIN = [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]
CALLS = [{"input": "[1, 2]\n3", "output": "6", "testtype": "functional"}]


def packed(value: Any, protocol: int = 4) -> str:
    """As the authors pack: JSON text, pickled, compressed, in base64."""
    return base64.b64encode(zlib.compress(pickle.dumps(value, protocol))).decode()


def row(number: int, day: str = "2025-03-01", **changed: object) -> dict[str, Any]:
    return {
        "question_id": f"q{number}",
        "question_content": "Add the numbers.",
        "platform": "atcoder",
        "difficulty": "medium",
        "contest_date": f"{day}T00:00:00",
        "starter_code": "",
        "metadata": "{}",
        "public_test_cases": json.dumps(STDIN),
        "private_test_cases": packed(json.dumps(STDIN * 2)),
        **changed,
    }


FUNCTION = {
    "platform": "leetcode",
    "starter_code": "class Solution:\n    def total(self, numbers: List[int], k: int) -> int:\n        ",
    "metadata": json.dumps({"func_name": "total"}),
    "public_test_cases": json.dumps(CALLS),
    "private_test_cases": packed(json.dumps(CALLS)),
}


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "livecodebench_v6.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read_one(folder: Path, **changed: object) -> Problem:
    (worked,) = read_livecodebench(written(folder, row(1, **changed)), "code", "Go.")
    return worked.problem


def test_programs_and_functions_are_read_and_judged(tmp_path: Path) -> None:
    written(tmp_path, row(1), row(2, **FUNCTION))
    program, function = load_benchmark("livecodebench-v6", tmp_path)
    assert (program.id, program.subdomain, program.level) == ("q1", "atcoder", 2)
    assert "standard input" in program.prompt
    assert program.prompt.endswith(f"\n{DOMAINS['code'].instruction}")
    assert "def total(self" in function.prompt
    assert [len(problem.reference.tests) for problem in (program, function)] == [3, 2]
    assert function.reference.entry_point == "Solution().total"
    assert function.reference.tests[0].input == [[1, 2], 3]
    right = "class Solution:\n    def total(self, numbers, k):\n        return sum(numbers) + k"
    adds = "print(sum(map(int, input().split())))"
    with CodeVerifier(workers=1) as verifier:
        verdicts = verifier.judge_many(
            [adds, "print(4)", right, adds], [p.reference for p in (program, program, function, function)]
        )
    assert [verdict.correct for verdict in verdicts] == [True, False, True, False]


def test_a_bare_function_and_every_protocol_of_pickle(tmp_path: Path) -> None:
    bare = read_one(tmp_path, **{**FUNCTION, "starter_code": "def total(numbers, k):\n    "})
    assert bare.reference.entry_point == "total"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert unpack_tests(packed(json.dumps(STDIN), protocol), "here") == STDIN
    assert unpack_tests(json.dumps(STDIN), "here") == STDIN


def test_dates_choose(tmp_path: Path) -> None:
    days = ["2025-01-31", "2025-02-01", "2025-04-06", "2025-06-01"]
    written(tmp_path, *(row(number, day) for number, day in enumerate(days)))

    def ids(name: str) -> list[str]:
        return [problem.id for problem in load_benchmark(name, tmp_path)]

    assert ids("livecodebench-v6") == ["q1", "q2"]
    assert ids("livecodebench-v6@2025-01-01..2025-02-01") == ["q0", "q1"]
    with pytest.raises(DataError, match="no contest from 2020-01-01 to 2020-01-02"):
        ids("livecodebench-v6@2020-01-01..2020-01-02")
    for wrong in ("2025-02-01", "2025-02-01..", "2025-05-01..2025-02-01", "February..May"):
        with pytest.raises(UserInputError, match="no stretch of time") as caught:
            ids(f"livecodebench-v6@{wrong}")
        assert "@2025-02-01..2025-05-31" in caught.value.cure
    with pytest.raises(UserInputError, match="have no dates"):
        ids("gsm8k@2025-02-01..2025-03-01")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"contest_date": "soon"}, "line 1, key 'contest_date': 'soon' is no date"),
        ({"metadata": "{"}, "key 'metadata': not valid JSON"),
        ({"question_content": None}, "key 'question_content': null"),
        ({"public_test_cases": "[]", "private_test_cases": "[]"}, "key 'tests': not a list of at least one test"),
        ({"public_test_cases": '[{"input": "1"}]'}, "key 'public_test_cases', test 1, key 'output': missing"),
        ({"public_test_cases": '[{"input": "1", "output": "1", "testtype": "file"}]'}, "'file' is unknown"),
        ({**FUNCTION, "metadata": "{}"}, "a functional test, and no entry point"),
        (
            {**FUNCTION, "public_test_cases": '[{"input": "x", "output": "1", "testtype": "functional"}]'},
            "not valid JSON",
        ),
        ({**FUNCTION, "metadata": '{"func_name": "f; import os"}'}, "is not a function"),
        ({"private_test_cases": "<!DOCTYPE html>"}, "key 'private_test_cases': neither JSON nor packed"),
        ({"private_test_cases": packed(json.dumps(STDIN))[:-12]}, "key 'private_test_cases'"),
        ({"private_test_cases": packed("no JSON")}, "holds no JSON"),
        ({"private_test_cases": packed("3")}, "not a list of tests"),
        ({"private_test_cases": packed("[" * 100_000)}, "holds no JSON"),
        ({"private_test_cases": packed(["a", "b"])}, "the pickle holds EMPTY_LIST"),
        ({"private_test_cases": packed(7)}, "the pickle holds BININT1"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_one(tmp_path, **changed)
    assert "line 1" in caught.value.message


class Harmful:
    """Unpickled, it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"mkdir {self.target}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_calls_something_is_refused_and_nothing_runs(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "made"
    harmful = packed(Harmful(target), protocol)
    with pytest.raises(DataError, match=r"the pickle holds (STACK_)?GLOBAL"):
        read_one(tmp_path, private_test_cases=harmful)
    assert not target.exists()
    pickle.loads(zlib.decompress(base64.b64decode(harmful)))
    assert target.exists(), "the pickle has to be one that does harm"


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x04\x8c\x01a",  # no end
        b"\x80\x04.",  # no text
        b"\x80\x04\x8c\x01a\x8c\x01b.",  # two texts
        b"\x80\x04X\xff\xff\xff\x7fa.",  # says to be 2 GiB
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x02\x82\x01.",  # extension registry
        b"Pid\n.",  # persistent id
        b"not a pickle",
        b"",
    ],
)
def test_odd_pickles_are_refused(pickled: bytes) -> None:
    with pytest.raises(DataError, match="here: "):
        unpack_tests(base64.b64encode(zlib.compress(pickled)).decode(), "here")


def test_a_compressed_bomb_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_tests, "MAX_BYTES", 1 << 20)
    bomb = base64.b64encode(zlib.compress(b" " * (8 << 20))).decode()
    assert len(bomb) < 20_000
    seen: list[int] = []
    inflate = packed_tests._pickled_text
    monkeypatch.setattr(
        packed_tests, "_pickled_text", lambda data, where: seen.append(len(data)) or inflate(data, where)
    )
    with pytest.raises(DataError, match="here: more than 1 MiB unpacked"):
        unpack_tests(bomb, "here")
    assert seen == []
    assert unpack_tests(packed(json.dumps(STDIN)), "here") == STDIN
    assert seen
