"""Python and plain English for steps: nested in one expression, one statement each, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reasoncore.procedural.code.operations import ARGUMENT, ATOM, LOOSE, PRODUCT, Constant, Step, literal


class Term(NamedTuple):
    """An expression and how tightly it binds."""

    text: str
    binds: int = ATOM


X = Term("x")


def fill(step: Step, operand: Term, argument: str) -> Term:
    """The step's expression of an operand, in parentheses where it must be."""
    needed, binds = step.op.binding
    text = operand.text if operand.binds >= needed else f"({operand.text})"
    return Term(step.op.code.format(text, *(_written(c, argument) for c in step.constants)), binds)


def say(step: Step, variable: str, argument: str) -> str:
    """The step in words."""
    return step.op.text.format(variable, *(_written(c, argument) for c in step.constants))


def nested(steps: Sequence[Step], operand: Term, argument: str) -> Term:
    """The steps in one expression, with as few comprehensions as will do."""
    source, element, conditions = operand, X, list[str]()

    def closed() -> Term:
        if element == X and not conditions:
            return source
        tail = f" if {' and '.join(conditions)}" if conditions else ""
        return Term(f"[{element.text} for x in {source.text}{tail}]")

    for step in steps:
        if step.op.shape == "map":
            element = fill(step, element, argument)
        elif step.op.shape == "filter":
            if element != X:
                source, element, conditions = closed(), X, []
            conditions.append(fill(step, X, argument).text)
        else:
            source, element, conditions = fill(step, closed(), argument), X, []
    return closed()


def choice(tests: Sequence[Term], results: Sequence[Term]) -> Term:
    """A conditional expression: the result of the first test that holds, else the last."""
    arms = [f"{result.text} if {test.text} else " for test, result in zip(tests, results, strict=False)]
    return Term("".join(arms) + results[-1].text, LOOSE)


def function(parameters: str, body: Sequence[str]) -> str:
    """A whole fenced program that defines ``f``."""
    lines = "\n".join(f"    {line}" for line in body)
    return f"```python\ndef f({parameters}):\n{lines}\n```"


def call(args: Sequence[object]) -> str:
    """A call of ``f``."""
    return f"f({', '.join(map(literal, args))})"


def value_term(value: object) -> Term:
    """A value as an operand; the sign of a negative number binds looser than a power."""
    return Term(literal(value), PRODUCT if isinstance(value, int) and value < 0 else ATOM)


def numbered(lines: Sequence[str]) -> str:
    """A plan, one numbered line each."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def _written(constant: Constant, argument: str) -> str:
    return argument if constant == ARGUMENT else literal(constant)
