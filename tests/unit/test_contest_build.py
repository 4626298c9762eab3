"""Hidden tests of a contest: made in the sandbox, each checked, and every trouble told in two lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contest_folder import EXAMPLE, FILES, one_problem, write_contest

from reasoncore.errors import DataError, UserInputError
from reasoncore.evals.benchmarks import find_benchmark
from reasoncore.evals.contest import NOT_THE_JUDGES, build, build_contests, build_lines, build_problem
from reasoncore.evals.contest.folder import read_contest
from reasoncore.sandbox import ForkSandbox
from reasoncore.verify.code import CodeVerifier, read_code_case

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
EMPTY_EXAMPLES = '{"entry_point": "add", "examples": []}'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ForkSandbox]:
    made = ForkSandbox()
    yield made
    made.end()


def test_the_example_contest_is_built_to_the_same_bytes(tmp_path: Path) -> None:
    built = build_contests([EXAMPLE], tmp_path / "a.jsonl", 4)
    build_contests([EXAMPLE], tmp_path / "b.jsonl", 4)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert (tmp_path / "a.manifest.json").read_bytes() == (tmp_path / "b.manifest.json").read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert rows == [item.row for item in built]
    assert [item.cross_checked for item in built] == [2] * 4
    assert {row["subdomain"] for row in rows} == {"contest-example"}
    assert {test["type"] for row in rows for test in row["tests"]} == {"stdin", "functional"}
    assert find_benchmark(str(tmp_path / "a.jsonl")).note == f"own file: programs and their tests; {NOT_THE_JUDGES}"
    cases = [read_code_case(row, row["id"]) for row in rows]
    with CodeVerifier() as judge:
        verdicts = judge.judge_many([solution for solution, _ in cases], [task for _, task in cases])
    assert [verdict.correct for verdict in verdicts] == [True] * 4


def test_the_manifest_says_what_it_was_made_from(tmp_path: Path) -> None:
    build_contests([write_contest(tmp_path)], tmp_path / "out.jsonl", 4)
    manifest = json.loads((tmp_path / "out.manifest.json").read_text())
    assert manifest["label"] == NOT_THE_JUDGES
    (problem,) = manifest["problems"]
    assert (problem["id"], problem["contest"]) == ("spring/sum", "spring")
    assert sorted(problem["files"]) == sorted(FILES)
    assert {size: len(seeds) for size, seeds in problem["seeds"].items()} == {"small": 2, "large": 2}
    before = (tmp_path / "out.manifest.json").read_bytes()
    (tmp_path / "spring" / "sum" / "brute.py").write_text(FILES["brute.py"] + "\n")
    build_contests([tmp_path / "spring"], tmp_path / "out.jsonl", 4)
    assert (tmp_path / "out.manifest.json").read_bytes() != before


def test_a_question_shows_the_examples_that_are_tested(tmp_path: Path, sandbox: ForkSandbox) -> None:
    row = build_problem(sandbox, one_problem(tmp_path), 2).row
    assert "add(1, 2) == 3" in row["prompt"]
    assert row["tests"][0] == {"type": "functional", "input": [1, 2], "output": 3}


def test_the_brute_force_is_for_small_inputs_only(tmp_path: Path, sandbox: ForkSandbox) -> None:
    built = build_problem(sandbox, one_problem(tmp_path), 5)
    assert (built.cross_checked, len(built.row["tests"])) == (3, 6)
    assert sum(test["input"][1] >= 10 for test in built.row["tests"]) == 2


def test_inputs_are_drawn_once(tmp_path: Path, sandbox: ForkSandbox) -> None:
    generate = "def generate(seed, size): return [seed // 2 % 3 + 1, 2]"  # the first is the example's
    built = build_problem(sandbox, one_problem(tmp_path, generate=generate, reference=None), 2)
    assert [test["input"][0] for test in built.row["tests"]] == [1, 2, 3]
    assert built.seeds == {"small": [2, 4]}


def test_a_brute_force_alone_makes_small_tests(tmp_path: Path, sandbox: ForkSandbox) -> None:
    built = build_problem(sandbox, one_problem(tmp_path, reference=None), 4)
    assert (list(built.seeds), built.cross_checked) == (["small"], 0)
    assert built.row["solution"] == FILES["brute.py"]


def test_a_reference_alone_is_said_to_be_unchecked(tmp_path: Path, sandbox: ForkSandbox) -> None:
    built = build_problem(sandbox, one_problem(tmp_path, brute=None), 4)
    assert list(built.seeds) == ["small", "large"]
    assert "NONE CROSS-CHECKED" in build_lines([built])[0]


def test_the_limit_leaves_room_above_the_reference_in_few_steps(
    tmp_path: Path, sandbox: ForkSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build_problem(sandbox, one_problem(tmp_path / "fast"), 2).row["time_limit_s"] == 2
    monkeypatch.setattr(build, "HEADROOM", 40)
    slow = "import time\ndef add(a, b):\n    while a == 1 and time.process_time() < 0.09: pass\n    return a + b"
    assert build_problem(sandbox, one_problem(tmp_path / "slow", reference=slow), 2).row["time_limit_s"] == 5


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"reference": "def add(a, b): return a + b if (a, b) == (1, 2) else 77"},
            ["spring/sum/reference.py", "small input of seed 0", "gives 77", "brute.py gives 12", "input [6, 6]"],
        ),
        ({"reference": "def add(a, b): return 4"}, ["example 1", "gives 4", "the example says 3", "input [1, 2]"]),
        (
            {"reference": "import os\ndef add(a, b): return 3 if b == 2 else int.from_bytes(os.urandom(4), 'big')"},
            ["reference.py, small input of seed 0", "a second run gives"],
        ),
        ({"reference": "def add(a, b): return {a, b}"}, ["reference.py, example 1", "no JSON data"]),
        ({"reference": "def add(a, b): return float('nan')"}, ["reference.py, example 1", "no JSON data"]),
        ({"reference": "def add(a, b): return 10 ** 5000"}, ["reference.py, example 1", "no JSON data"]),
        ({"reference": "def sub(a, b): return 1"}, ["reference.py, example 1", "add is not defined"]),
        ({"brute": "def add(a, b): return 1 // 0"}, ["brute.py, small input", "ZeroDivisionError"]),
        ({"generate": "import os\ndef generate(seed, size): return [os.urandom(1)[0], 1]"}, ["two runs differ"]),
        ({"generate": "def generate(seed, size): return [1, 1]"}, ["only 1 different small inputs from 10 seeds"]),
        ({"generate": "def generate(seed, size): return '1 1'"}, ["size 'small', seed 0", "gives no input"]),
        ({"generate": "def generate(seed, size): return {1: 1}"}, ["no JSON data"]),
        (
            {"generate": "def generate(seed, size):\n    for _ in range(1 << 20): print('x' * 1023)"},
            ["generate.py, size 'small', seed 0", "wrote more than"],
        ),
        ({"generate": "def generate(seed, size): return ['x' * (1 << 30)]"}, ["needed more than 512 MiB"]),
        ({"generate": "def generate(seed, size): return ['x' * (1 << 21)]"}, ["generate.py", "wrote more than"]),
    ],
)
def test_a_program_that_cannot_be_trusted_is_named(
    changed: dict[str, str], said: list[str], tmp_path: Path, sandbox: ForkSandbox
) -> None:
    with pytest.raises(DataError) as raised:
        build_problem(sandbox, one_problem(tmp_path, **changed), 4)
    assert all(part in raised.value.message for part in said), raised.value.message


def test_a_generator_that_never_ends(tmp_path: Path, sandbox: ForkSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "GENERATOR_LIMIT_S", 0.2)
    problem = one_problem(tmp_path, generate="def generate(seed, size):\n    while True: pass")
    with pytest.raises(DataError, match=r"generate.py, size 'small', seed 0: (used|ran)"):
        build_problem(sandbox, problem, 2)


def test_a_reference_without_room_below_the_highest_limit(
    tmp_path: Path, sandbox: ForkSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "TIME_LIMITS_S", (0.5,))
    slow = "import time\ndef add(a, b):\n    while time.process_time() < 1: pass\n    return a + b"
    with pytest.raises(DataError, match=r"reference.py, example 1: (used|ran)"):
        build_problem(sandbox, one_problem(tmp_path, reference=slow), 2)


def test_a_generator_cannot_write_outside(tmp_path: Path, sandbox: ForkSandbox) -> None:
    target = tmp_path / "written"
    generate = f"def generate(seed, size):\n    open({str(target)!r}, 'w').write('x')\n    return [1, seed]"
    with pytest.raises(DataError, match=r"(PermissionError|FileNotFoundError): "):
        build_problem(sandbox, one_problem(tmp_path, generate=generate), 2)
    assert not target.exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"statement": None}, "statement.md: not there"),
        ({"examples": None}, "examples.json: not there"),
        ({"generate": None}, "generate.py: not there"),
        ({"reference": None, "brute": None}, "neither reference.py nor brute.py"),
        ({"statement": " "}, "statement.md: empty"),
        ({"examples": '{"examples": ['}, "examples.json, line 1: not valid JSON"),
        ({"examples": '{"entry_point": "add", "examples": [{"input": [1e999], "output": 1}]}'}, "not valid JSON"),
        ({"examples": "[]"}, "key 'examples'"),
        ({"examples": EMPTY_EXAMPLES}, "not a list of at least one test"),
        ({"examples": '{"examples": [{"input": [1], "output": "1"}]}'}, "key 'input'"),
        ({"examples": '{"entry_point": "a b", "examples": [{"input": [1], "output": 1}]}'}, "key 'entry_point'"),
    ],
)
def test_a_folder_that_lacks_something(changed: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        one_problem(tmp_path, **changed)


def test_a_program_that_is_a_folder(tmp_path: Path) -> None:
    contest = write_contest(tmp_path, reference=None)
    (contest / "sum" / "reference.py").mkdir()
    with pytest.raises(DataError, match=r"reference\.py: a folder"):
        read_contest(contest)


def test_folders_that_are_no_contest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read_contest(tmp_path / "none")
    (tmp_path / "__pycache__").mkdir()
    with pytest.raises(DataError, match="holds no problems"):
        read_contest(tmp_path)
    with pytest.raises(DataError, match="spring/sum: there twice"):
        build_contests([write_contest(tmp_path / "a"), write_contest(tmp_path / "b")], tmp_path / "out.jsonl", 2)
    with pytest.raises(UserInputError, match="no folder"):
        build_contests([tmp_path / "a" / "spring"], tmp_path / "none" / "out.jsonl", 2)
    with pytest.raises(UserInputError, match=r"not a \.jsonl file"):
        build_contests([tmp_path / "a" / "spring"], tmp_path / "out.txt", 2)
