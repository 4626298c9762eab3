"""Programs as problem types: drawn by level, specified with an example, solved in three ways.

A problem's one parameter is its program, whose words are the content.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from reasoncore.procedural.code.cases import LISTS, NUMBERS, STRINGS, Kind, choose_cases
from reasoncore.procedural.code.operations import CONDITIONS, Operation, Step
from reasoncore.procedural.code.programs import Program
from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.verify.code import CodeTask, CodeTest

TIME_LIMIT_S = 2.0


def pipeline(name: str, kind: Kind) -> ProblemType:
    """Steps in a row: as many as the level, and a result."""

    def draw(rng: Random, level: int) -> Params:
        return (Program(kind.variable, (*_row(rng, kind, level), _step(rng, rng.choice(kind.results)))),)

    return ProblemType(name, draw, _writer(kind), _tellable(kind))


def branching(name: str, kind: Kind) -> ProblemType:
    """A condition with a step for either side, from level 3 on after other steps."""

    def draw(rng: Random, level: int) -> Params:
        first = _row(rng, kind, max(0, level - 2))
        condition = _step(rng, rng.choice(CONDITIONS))
        small = kind.steps if level > 1 else kind.steps[:2]
        branches = (_step(rng, rng.choice(small)), _step(rng, rng.choice(small)))
        return (Program(kind.variable, tuple(first), condition, branches),)

    return ProblemType(name, draw, _writer(kind), _tellable(kind))


def _tellable(kind: Kind) -> Callable[[Params], bool]:
    """Whether a program differs from every like one, so that tests can tell."""
    return lambda params: choose_cases(kind, params[0]) is not None


def _row(rng: Random, kind: Kind, count: int) -> list[Step]:
    """Steps no two of which that follow each other are of one family."""
    steps: list[Step] = []
    while len(steps) < count:
        operation = rng.choice(kind.steps)
        if not steps or operation.family != steps[-1].operation.family:
            steps.append(_step(rng, operation))
    return steps


def _step(rng: Random, operation: Operation) -> Step:
    return Step(operation, rng.choice(operation.constants) if operation.constants else None)


def _writer(kind: Kind) -> Callable[[Params, int], Draft]:
    def write(params: Params, variant: int) -> Draft:
        (program,) = params
        cases = choose_cases(kind, program)
        assert cases is not None
        tests = tuple(CodeTest("functional", [value], program.run(value)) for value in cases.tests)
        return Draft(
            prompts=(_prompt(program, cases.example),),
            answer="",
            solutions=_solutions(program, cases.example),
            reference=CodeTask(tests, "f", time_limit_s=TIME_LIMIT_S),
        )

    return write


def _prompt(program: Program, example: Any) -> str:
    value = program.variable
    return f"Write f({value}) in Python: {program.says}. Example: f({example!r}) == {program.run(example)!r}"


def _solutions(program: Program, example: Any) -> dict[str, str]:
    """At once in one expression; a statement for each step; and those after the example, step by step."""
    statements = _block(program.as_statements())
    trace = "\n".join(f"{step}: {value!r}" for step, value in _traced(program, example))
    return {
        "direct": _block(program.as_expression()),
        "steps": statements,
        "check": f"{trace}\n{statements}",
    }


def _traced(program: Program, example: Any) -> list[tuple[str, Any]]:
    values = program.trace(example)
    names = [step.says for step in program.steps]
    if program.condition is not None:
        then, otherwise = program.branches
        names.append((then if program.takes_first_branch(values[-2]) else otherwise).says)
    return [(program.variable, values[0]), *zip(names, values[1:], strict=True)]


def _block(code: str) -> str:
    return f"```python\n{code}\n```"


SUBDOMAINS = {
    "arithmetic": (pipeline("chain", NUMBERS),),
    "conditions": (branching("branch", NUMBERS),),
    "lists": (pipeline("lists", LISTS),),
    "strings": (pipeline("strings", STRINGS),),
}
