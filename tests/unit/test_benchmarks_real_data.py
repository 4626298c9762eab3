"""The table against the real files, where they are at hand: how many problems, and what judges them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reasoncore.evals.benchmarks import Pin, data_sha256, find_benchmark, load_benchmark, local_benchmarks, table
from reasoncore.verify.code import CodeTask
from reasoncore.verify.constraints import InstructionTask

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
REAL = ("gsm8k", "math500", "aime24", "aime25", "humaneval", "mbpp", "leetcode-2024", "ifeval", "ifbench")
REFERENCES = {"humaneval": CodeTask, "mbpp": CodeTask, "leetcode-2024": CodeTask}


def there(name: str) -> Path:
    path = DATA / str(find_benchmark(name).file_name)
    if not path.is_file():
        pytest.skip(f"no {path.name} in {DATA}; set REASONCORE_DATA")
    return path


@pytest.mark.parametrize("name", REAL)
def test_every_problem_of_a_real_file_is_there_and_has_what_judges_it(name: str) -> None:
    there(name)
    row = find_benchmark(name)
    problems = load_benchmark(name, DATA)
    assert len(problems) == row.count
    assert len({problem.key for problem in problems}) == row.count
    assert {problem.domain for problem in problems} == {row.domain}
    for problem in problems:
        if row.domain == "math":
            assert problem.answer
            assert problem.reference is None
        else:
            assert isinstance(problem.reference, REFERENCES.get(name, InstructionTask))


def test_the_counts() -> None:
    assert [find_benchmark(name).count for name in REAL] == [1319, 500, 30, 30, 164, 974, 84, 541, 300]


@pytest.mark.parametrize("name", [name for name, row in table.ROWS.items() if isinstance(row.source, Pin)])
def test_a_pinned_file_has_its_hash(name: str) -> None:
    source = find_benchmark(name).source
    assert isinstance(source, Pin)
    assert data_sha256(there(name)) == source.sha256


def test_all_local_takes_them_all_and_no_training_split() -> None:
    for name in (*REAL, "gsm8k-train"):
        there(name)
    assert set(REAL) <= set(local_benchmarks(DATA))
    assert "gsm8k-train" not in local_benchmarks(DATA)
