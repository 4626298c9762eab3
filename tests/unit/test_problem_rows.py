"""Problems of every kind through a row of JSON and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reasoncore.domains import DOMAINS, grader_of, problem_row, read_problem_row
from reasoncore.errors import DataError
from reasoncore.evals.benchmarks import benchmarks_of, load_benchmark
from reasoncore.evals.problem_file import read_problems, write_problems
from reasoncore.records import Problem
from reasoncore.verify.choice import ChoiceTask
from reasoncore.verify.code import CodeTask, CodeTest

GENERATED = [name for name, row in benchmarks_of(DOMAINS).items() if name.startswith("procedural-")]


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_problem_comes_back_the_same(name: str) -> None:
    for problem in load_benchmark(name, limit=30):
        row = json.loads(json.dumps(problem_row(problem)))
        assert read_problem_row(row, "here") == problem


@pytest.mark.parametrize(
    ("reference", "grader"),
    [
        (None, "math"),
        (ChoiceTask("B", ("one", "two")), "choice"),
        (ChoiceTask("D"), "choice"),
        (
            CodeTask(
                (
                    CodeTest("functional", [1], [2]),
                    CodeTest("assert", code="assert f(1) == P"),
                    CodeTest("stdin", "", ""),
                ),
                "f",
                "import math",
                2.0,
                64,
                ("P",),
            ),
            "code",
        ),
        (
            CodeTask((CodeTest("stdin", "1", "2", "", "exact", 0.5, "def check(i, e, o): return True"),)),
            "code",
        ),
    ],
)
def test_a_reference_comes_back_the_same(reference: object, grader: str) -> None:
    problem = Problem("1", "code" if grader == "code" else "stem", "s", "Question?", "B", 2, reference)
    if isinstance(reference, ChoiceTask):
        problem = Problem("1", "stem", "s", "Question?", reference.gold, 2, reference)
    assert grader_of(problem) == grader
    assert read_problem_row(json.loads(json.dumps(problem_row(problem))), "here") == problem


def test_a_bad_row_is_refused() -> None:
    row = problem_row(Problem("1", "math", "s", "Question?", "1"))
    with pytest.raises(DataError, match="here, key 'prompt': missing"):
        read_problem_row({key: value for key, value in row.items() if key != "prompt"}, "here")
    with pytest.raises(DataError, match="here, key 'level'"):
        read_problem_row(row | {"level": "high"}, "here")


def test_the_file_keeps_what_was_asked_before(tmp_path: Path) -> None:
    one, two = (Problem(name, "math", "s", f"Question {name}?", "1") for name in "ab")
    write_problems(tmp_path, {"x": [one, two], "y": [one]})
    write_problems(tmp_path, {"x": [one]})
    assert read_problems(tmp_path) == {"x": {"a": one, "b": two}, "y": {"a": one}}
    assert read_problems(tmp_path / "nowhere") == {}
