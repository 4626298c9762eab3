"""The code verifier against real problem sets: reference programs pass, the same with a small fault do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mutation import mutate

from reasoncore.data.code_files import CodeProblem, load_humaneval, load_leetcode, load_mbpp
from reasoncore.verify.code import CodeVerifier

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
CALLS = 10  # of about a hundred for each LeetCode problem, to be quick
LOADERS = {"humaneval": load_humaneval, "mbpp": load_mbpp, "leetcode_2024": load_leetcode}


def problems(name: str) -> list[CodeProblem]:
    path = DATA / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is not there; set REASONCORE_DATA")
    loaded = LOADERS[name](path)
    return [replace(p, task=replace(p.task, tests=p.task.tests[:CALLS])) for p in loaded]


@pytest.fixture(scope="module")
def verifier() -> Iterator[CodeVerifier]:
    with CodeVerifier(stop_at_failure=True) as verifier:
        yield verifier


def failures(verifier: CodeVerifier, given: Sequence[CodeProblem]) -> list[tuple[str, str]]:
    verdicts = verifier.judge_many([p.solution for p in given], [p.task for p in given])
    return [(p.id, v.reason) for p, v in zip(given, verdicts, strict=True) if v.correct is not True]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("humaneval", 164), ("mbpp", 974), ("leetcode_2024", 84)])
def test_reference_programs_pass(verifier: CodeVerifier, name: str, count: int) -> None:
    given = problems(name)
    assert len(given) == count
    assert failures(verifier, given) == []


# What the sets' own tests can see: with three assertions a problem MBPP misses some faults, in plain Python too.
LEAST_CAUGHT = 0.95


@pytest.mark.slow
def test_a_small_fault_is_caught(verifier: CodeVerifier) -> None:
    """One comparison, operator or number is changed, on a line that the tests run. The verifier must agree with plain
    Python on every faulty program, and most faults must be caught."""
    given = {name: problems(name) for name in LOADERS}
    references = [(name, p) for name, rows in given.items() for p in rows if "TreeNode" not in p.solution]
    ran = run_plainly([(name, p, p.solution) for name, p in references], 60)
    assert [p.id for (_, p), plain in zip(references, ran, strict=True) if not plain["passed"]] == []
    faulty = [
        (name, problem, source)
        for seed, ((name, problem), plain) in enumerate(zip(references, ran, strict=True))
        if (source := mutate(problem.solution, plain["lines"], seed)) is not None
    ]
    verdicts = verifier.judge_many(
        [source for *_, source in faulty], [replace(problem.task, time_limit_s=2.0) for _, problem, _ in faulty]
    )
    missed = [(name, p.id) for (name, p, _), v in zip(faulty, verdicts, strict=True) if v.correct is not False]
    plainly = [
        (name, p.id) for (name, p, _), plain in zip(faulty, run_plainly(faulty, 4), strict=True) if plain["passed"]
    ]
    print(f"{len(faulty)} faulty programs, {len(missed)} not caught: {missed}")
    assert missed == plainly
    assert len(missed) <= (1 - LEAST_CAUGHT) * len(faulty)


def run_plainly(programs: Sequence[tuple[str, CodeProblem, str]], time_limit_s: int) -> list[dict[str, Any]]:
    """Whether each program passes its tests in an ordinary interpreter, and which of its lines ran."""
    setups = {p.id: p.task.setup for p in load_leetcode(DATA / "leetcode_2024.jsonl", "test")}
    lines = []
    for name, problem, source in programs:
        setup = setups[problem.id] + "\nfrom builtins import pow" if name == "leetcode_2024" else problem.task.setup
        case = {
            "source": source,
            "setup": setup if name != "mbpp" else "",
            "entry_point": problem.task.entry_point,
            "time_limit_s": time_limit_s,
            "calls": [{"input": t.input, "output": t.output} for t in problem.task.tests if t.kind == "functional"],
            "asserts": [t.code for t in problem.task.tests if t.kind == "assert"],
        }
        if name == "mbpp":
            case["asserts"] = [problem.task.setup + "\n" + code for code in case["asserts"]]
        lines.append(json.dumps(case))
    script = Path(__file__).with_name("mutation.py")
    ran = subprocess.run(
        [sys.executable, str(script)], input="\n".join(lines), capture_output=True, text=True, timeout=600, check=True
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]
