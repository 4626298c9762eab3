"""CLR's two formats as exercises: claims that sum up a solution, and checks whose verdicts are exact."""

import re
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.config import TraceSource
from reasoncore.data.problems import load_traces
from reasoncore.domains import DOMAINS
from reasoncore.procedural import sample_problems
from reasoncore.procedural.table import PROCEDURAL
from reasoncore.records import Problem, Trace
from reasoncore.test_time.claims import claims_prompt, read_claims
from reasoncore.test_time.refutation import read_verdicts, refutation_prompt
from reasoncore.test_time.teaching import as_check, spoiled, with_claims, worked_claims

LINEAR = "3x = 38 - 14 = 28 - 4 = 24\nx = 24/3 = 8\nCheck: 3*8 + 14 = 24 + 14 = 38\n\\boxed{8}"


def _trace(response: str) -> Trace:
    return Trace(Problem("p", "math", "algebra", "Solve for x: 3x + 14 = 38.", "8"), response, "check")


def test_claims_are_the_ends_of_each_equation_and_not_the_answer() -> None:
    found = worked_claims(LINEAR, 3)
    assert [one.claim for one in found] == ["3x = 24", "24/3 = 8", "3*8 + 14 = 38"]
    assert [one.working for one in found] == ["3x = 38 - 14 = 28 - 4 = 24", "x = 24/3 = 8", "3*8 + 14 = 24 + 14 = 38"]


def test_of_many_equations_the_last_count_and_few_are_taken_apart() -> None:
    assert [one.claim for one in worked_claims("1 + 1 = 2\n2 + 1 = 3, 3 + 1 = 4", 2)] == ["2 + 1 = 3", "3 + 1 = 4"]
    assert [one.claim for one in worked_claims("2x = 9 - 1 = 8", 3)] == ["2x = 9 - 1", "9 - 1 = 8"]
    assert [one.claim for one in worked_claims("Sorted: 3, 5\n\\boxed{4}", 3)] == ["Sorted: 3, 5"]
    assert worked_claims("\\boxed{8}", 3) == []


def test_a_solution_with_claims_is_read_back_by_stage_one() -> None:
    taught = with_claims(_trace(LINEAR), 3)
    assert taught is not None
    assert taught.problem.prompt == claims_prompt("Solve for x: 3x + 14 = 38.", 3)
    said = read_claims(taught.response, 3)
    assert said.claims == ("3x = 24", "24/3 = 8", "3*8 + 14 = 38")
    assert said.solution.strip() == LINEAR


def test_a_check_works_claims_out_again_and_refutes_the_spoiled_ones_alone() -> None:
    for seed in range(40):
        taught = as_check(_trace(LINEAR), 3, Random(seed))
        assert taught is not None
        shown = re.findall(r"^\d\. (.*)$", taught.problem.prompt, re.MULTILINE)
        true = [one.claim for one in worked_claims(LINEAR, 3)]
        assert taught.problem.prompt == refutation_prompt("Solve for x: 3x + 14 = 38.", shown)
        assert read_verdicts(taught.response, 3) == tuple(claim == was for claim, was in zip(shown, true, strict=True))
        assert "3*8 + 14 = 24 + 14 = 38" in taught.response


def test_a_solution_without_equations_teaches_nothing() -> None:
    assert with_claims(_trace("\\boxed{8}"), 3) is None
    assert as_check(_trace("\\boxed{8}"), 3, Random(1)) is None


def _sides(equation: str) -> set[Fraction]:
    """Values of the sides of an equation of whole numbers."""
    return {Fraction(eval(side)) for side in equation.split(" = ")}


@given(st.integers(1, 999), st.integers(1, 999), st.integers(0, 2**32))
def test_a_spoiled_equation_is_false(a: int, b: int, seed: int) -> None:
    claim = f"{a} + {b} = {a + b}"
    assert len(_sides(claim)) == 1
    assert len(_sides(spoiled(claim, Random(seed)))) == 2


def test_exponents_formulas_and_units_are_not_spoiled() -> None:
    for seed in range(20):
        assert re.fullmatch(r"24/3 = \d+ m/s\^2", spoiled("24/3 = 8 m/s^2", Random(seed)))
        assert spoiled("y = x^2", Random(seed)) == "y = x^2"
        assert re.fullmatch(r"\d+ H2O", spoiled("2 H2O", Random(seed)))
        assert spoiled("H2O", Random(seed)) == "H2O"


@pytest.mark.parametrize("domain", ["math", "stem"])
def test_most_generated_solutions_can_be_claimed(domain: str) -> None:
    problems = sample_problems(domain, PROCEDURAL[domain], (1, 2, 3), "train", 300, 1)
    found = [worked_claims(one.solutions["check"], 3) for one in problems]
    assert all(found)
    assert sum(len(claims) == 3 for claims in found) > 0.8 * len(found)
    assert not any(one.claim.startswith("\\boxed") for claims in found for one in claims)


def test_a_source_teaches_its_format() -> None:
    def load(teaches: str) -> list[Trace]:
        given = {"domain": "math", "count": 20, "teaches": teaches, "claims": 3, "strategies": {"check": 1.0}}
        return load_traces({"one": TraceSource.model_validate(given)}, DOMAINS, 1, Path())

    assert all("Claims:\n1. " in trace.response for trace in load("claims"))
    assert all(None not in read_verdicts(trace.response, 1) for trace in load("checks"))
    assert load("checks") == load("checks")
    assert {t.problem.id for t in load("claims")} != {t.problem.id for t in load("checks")}
