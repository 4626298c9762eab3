"""The code verifier against real problem sets: reference programs pass, the same with a small fault do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mutation import mutate

from reasoncore.data.code_files import CodeProblem, load_humaneval, load_leetcode, load_mbpp
from reasoncore.verify.code import CodeVerifier

DATA = Path(os.environ.get("REASONCORE_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
CALLS = int(os.environ.get("REASONCORE_CALLS") or 10)  # of about a hundred for each LeetCode problem, to be quick
EVERY = int(os.environ.get("REASONCORE_EVERY") or 3)  # of the faulty programs only each third, likewise; 1 is all
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


# Of the faults that change any result; with three assertions a problem MBPP misses some. A third of them has more luck.
LEAST_CAUGHT = 0.97 if EVERY == 1 else 0.95


@pytest.mark.slow
def test_reference_programs_pass_the_test_functions_of_leetcode(verifier: CodeVerifier) -> None:
    problems("leetcode_2024")
    given = load_leetcode(DATA / "leetcode_2024.jsonl", "test")
    assert len(given) == 84
    assert failures(verifier, given) == []


@pytest.mark.slow
def test_a_small_fault_is_caught(verifier: CodeVerifier) -> None:
    """One comparison, operator or number is changed, on a line that the tests run. The verifier must agree with plain
    Python on every faulty program, and must catch nearly all that are not equivalent to the reference."""
    given = {name: problems(name) for name in LOADERS}
    whole = [(name, p) for name, rows in given.items() for p in rows if "TreeNode" not in p.solution]
    references = list(enumerate(whole))[::EVERY]
    ran = run_plainly([(name, p, p.solution) for _, (name, p) in references], 60)
    assert [p.id for (_, (_, p)), plain in zip(references, ran, strict=True) if not plain["passed"]] == []
    faulty = [
        (name, problem, source)
        for (seed, (name, problem)), plain in zip(references, ran, strict=True)
        if (source := mutate(problem.solution, plain["lines"], seed)) is not None
    ]
    verdicts = verifier.judge_many(
        [source for *_, source in faulty], [replace(problem.task, time_limit_s=2.0) for _, problem, _ in faulty]
    )
    missed = [case for case, verdict in zip(faulty, verdicts, strict=True) if verdict.correct is not False]
    plainly = [case for case, plain in zip(faulty, run_plainly(faulty, 4), strict=True) if plain["passed"]]
    assert [p.id for _, p, _ in missed] == [p.id for _, p, _ in plainly]
    cases = [{**plain_case(name, p, p.solution), "faulty": source} for name, p, source in missed]
    unseen = [
        (name, p.id)
        for (name, p, _), answer in zip(missed, run_script("equivalence.py", cases), strict=True)
        if answer["differs"]
    ]
    equivalent = len(missed) - len(unseen)
    print(f"{len(faulty)} faulty programs, {equivalent} equivalent, {len(unseen)} the tests cannot see: {unseen}")
    assert len(unseen) <= (1 - LEAST_CAUGHT) * (len(faulty) - equivalent)


def run_plainly(programs: Sequence[tuple[str, CodeProblem, str]], time_limit_s: int) -> list[dict[str, Any]]:
    """Whether each program passes its tests in an ordinary interpreter, and which of its lines ran."""
    cases = [{**plain_case(*program), "time_limit_s": time_limit_s} for program in programs]
    return run_script("mutation.py", cases)


def plain_case(name: str, problem: CodeProblem, source: str) -> dict[str, Any]:
    """A program and its tests, as the scripts that run them without a sandbox take them."""
    before, before_tests = problem.task.setup, ""
    if name == "leetcode_2024":
        before = leetcode_setups()[problem.id] + "\nfrom builtins import pow"
    elif name == "mbpp":  # whose set-up uses what the program defines
        before, before_tests = "", problem.task.setup + "\n"
    return {
        "source": source,
        "setup": before,
        "entry_point": problem.task.entry_point,
        "calls": [{"input": t.input, "output": t.output} for t in problem.task.tests if t.kind == "functional"],
        "asserts": [before_tests + t.code for t in problem.task.tests if t.kind == "assert"],
    }


@cache
def leetcode_setups() -> dict[str, str]:
    return {p.id: p.task.setup for p in load_leetcode(DATA / "leetcode_2024.jsonl", "test")}


def run_script(name: str, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of a script beside this file, one for each case."""
    script = Path(__file__).with_name(name)
    given = "\n".join(map(json.dumps, cases))
    ran = subprocess.run(
        [sys.executable, str(script)], input=given, capture_output=True, text=True, timeout=900, check=True
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]
