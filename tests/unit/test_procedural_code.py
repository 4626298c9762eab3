"""Procedural code: every program passes its own tests, every other one fails them, every trace is true."""

from __future__ import annotations

import ast
import re
from collections import Counter
from hashlib import sha256
from itertools import combinations
from random import Random
from typing import Any

import pytest

from reasoncore.procedural import SPLITS, STRATEGIES, WorkedProblem, sample_problems
from reasoncore.procedural.code import DRILLS, SUBDOMAINS
from reasoncore.procedural.code.cases import LISTS, NUMBERS, STRINGS, choose_cases
from reasoncore.procedural.code.operations import LIST_STEPS, Step
from reasoncore.procedural.code.programs import Program
from reasoncore.verify.code import CodeVerifier
from reasoncore.verify.code.extract import extract_code

LEVELS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def sample() -> list[WorkedProblem]:
    return sample_problems("code", SUBDOMAINS, LEVELS, "train", 1200, seed=3)


def call(source: str, value: Any) -> Any:
    """Run one of our own programs."""
    scope: dict[str, Any] = {}
    exec(source, scope)
    return scope["f"](value)


def source_of(response: str) -> str:
    source = extract_code(response, "f")
    assert source is not None
    return source


def test_every_strategy_is_a_program_that_passes_the_hidden_tests(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        assert tuple(worked.solutions) == STRATEGIES
        for response in worked.solutions.values():
            assert response.isascii()
            for test in worked.problem.reference.tests:
                (value,) = test.input
                assert call(source_of(response), value) == test.output, (worked.problem.prompt, response)


def test_the_example_is_true_and_is_no_hidden_test(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        found = re.search(r"Example: f\((.*)\) == (.*)$", worked.problem.prompt)
        assert found is not None
        value, result = ast.literal_eval(found[1]), ast.literal_eval(found[2])
        assert call(source_of(worked.solutions["steps"]), value) == result
        inputs = [test.input[0] for test in worked.problem.reference.tests]
        assert value not in inputs
        assert len({repr(given) for given in inputs}) == len(inputs) == 3


def test_traces_are_true(sample: list[WorkedProblem]) -> None:
    """The statements of the program, run one by one, give the values of the trace."""
    for worked in sample:
        if worked.problem.subdomain == "conditions":
            continue
        trace, _, block = worked.solutions["check"].partition("\n```python\n")
        shown = [ast.literal_eval(line.rpartition(": ")[2]) for line in trace.splitlines()]
        variable = trace[: trace.index(":")]
        values, scope = [shown[0]], {variable: shown[0]}
        for line in block.splitlines()[1:-1]:
            name, _, expression = line.strip().partition(" = " if "return" not in line else " ")
            scope[variable] = eval(expression, {}, scope)
            assert name in (variable, "return")
            values.append(scope[variable])
        assert values == shown


def test_one_changed_step_fails_the_tests(sample: list[WorkedProblem]) -> None:
    caught = total = 0
    rng = Random(5)
    for worked in rng.sample(sample, 300):
        source = source_of(worked.solutions["steps"])
        lines = source.splitlines()
        for place in range(1, len(lines) - 1):
            if lines[place].strip().startswith(("if", "return")):
                continue
            changed = "\n".join(lines[:place] + lines[place + 1 :])
            total += 1
            caught += any(call(changed, t.input[0]) != t.output for t in worked.problem.reference.tests)
    assert total > 300
    assert caught == total


def test_programs_without_an_effect_are_not_drawn() -> None:
    by_says = {operation.says: operation for operation in LIST_STEPS}
    ordered, reverse = Step(by_says["sort them"]), Step(by_says["reverse the order"])
    result = Step(LISTS.results[1])  # the sum: order does not matter
    assert choose_cases(LISTS, Program("xs", (ordered, result))) is None
    assert choose_cases(LISTS, Program("xs", (ordered, reverse, Step(LISTS.results[0])))) is not None


def test_the_real_sandbox_agrees(sample: list[WorkedProblem]) -> None:
    chosen = Random(1).sample(sample, 12)
    other = {worked.problem.id: chosen[place - 1] for place, worked in enumerate(chosen)}
    responses = [worked.solutions["steps"] for worked in chosen]
    wrong = [other[worked.problem.id].solutions["steps"] for worked in chosen]
    tasks = [worked.problem.reference for worked in chosen]
    with CodeVerifier(workers=1) as verifier:
        assert all(verdict.correct for verdict in verifier.judge_many(responses, tasks))
        assert not any(verdict.correct for verdict in verifier.judge_many(wrong, tasks))


def test_splits_never_meet_and_hold_enough() -> None:
    rows = {split: sample_problems("code", SUBDOMAINS, (1, 2, 3), split, 300, seed=5) for split in SPLITS}
    for one, other in combinations(SPLITS, 2):
        for key in (lambda row: row.content, lambda row: row.problem.prompt, lambda row: row.problem.id):
            assert not {key(row) for row in rows[one]} & {key(row) for row in rows[other]}
    for part in rows.values():
        assert Counter(row.problem.subdomain for row in part) == dict.fromkeys(SUBDOMAINS, 75)


def test_there_are_many_distinct_problems() -> None:
    rows = sample_problems("code", SUBDOMAINS, (1, 2, 3), "train", 6000, seed=0)
    assert len({row.content for row in rows}) == len({row.problem.prompt for row in rows}) == 6000


def test_lengths(sample: list[WorkedProblem]) -> None:
    for worked in sample:
        assert len(worked.problem.prompt) <= 210
        assert len(worked.solutions["direct"]) <= 150
        assert len(worked.solutions["steps"]) <= 220
        assert len(worked.solutions["check"]) <= 400
    mean = {name: sum(len(w.solutions[name]) for w in sample) / len(sample) for name in STRATEGIES}
    assert mean["direct"] < mean["steps"] < mean["check"] / 1.7


def test_drills_are_true() -> None:
    checked = 0
    for drill in DRILLS:
        for seed in range(100):
            for line in drill(Random(seed), 1):
                if " == " in line and ": " not in line:
                    left, _, right = line.rpartition(" == ")
                    assert eval(left) == ast.literal_eval(right), line
                    checked += 1
    assert checked >= 900


def test_generation_is_the_same_in_every_process(sample: list[WorkedProblem]) -> None:
    text = "\n".join(f"{row.problem.id} {row.problem.prompt} {row.solutions}" for row in sample[:200])
    assert sha256(text.encode()).hexdigest()[:16] == "3ee4ca5bb3dd1240"


def test_kinds_have_values_of_their_own() -> None:
    assert {kind.variable for kind in (LISTS, STRINGS, NUMBERS)} == {"xs", "s", "n"}
