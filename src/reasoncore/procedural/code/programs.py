"""Programs as data: steps in a row, or one of two branches; run here, and written as Python in three ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from reasoncore.procedural.code.operations import Operation, Step, function_of


@dataclass(frozen=True)
class Program:
    """A function of one value.

    Attributes:
        variable: Name of its parameter.
        steps: What happens to the value, the result's step last.
        condition: Decides between the branches, None where there are none.
        branches: The step where it holds, and the one where not; both come after ``steps``.
    """

    variable: str
    steps: tuple[Step, ...]
    condition: Step | None = None
    branches: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return self.says

    @cached_property
    def says(self) -> str:
        """The specification in words."""
        if self.condition is None:
            return ", ".join(step.says for step in self.steps)
        first = "".join(f"{step.says}, then " for step in self.steps)
        then, otherwise = (step.says for step in self.branches)
        return f"{first}if {self.condition.says}, {then}, otherwise {otherwise}"

    def trace(self, value: Any, first: int = 0) -> list[Any]:
        """The value before and after each step, from the step ``first`` on."""
        values = [value]
        for step in self.steps[first:]:
            values.append(function_of(step)(values[-1]))
        if self.condition is not None:
            then, otherwise = self.branches
            branch = then if self.takes_first_branch(values[-1]) else otherwise
            values.append(function_of(branch)(values[-1]))
        return values

    def run(self, value: Any) -> Any:
        """The result."""
        return self.trace(value)[-1]

    def takes_first_branch(self, value: Any) -> bool:
        """Whether the condition holds of the value after the steps."""
        assert self.condition is not None
        return bool(function_of(self.condition)(value))

    def as_expression(self) -> str:
        """The program with a single return, everything nested."""
        if self.condition is not None:
            then, otherwise = (_bare(step.code(self.variable)) for step in self.branches)
            return self._define(
                [*self._assignments(), f"return {then} if {self.condition.code(self.variable)} else {otherwise}"]
            )
        inner = self.variable
        for step in self.steps:
            inner = step.code(inner)
        return self._define([f"return {_bare(inner)}"])

    def as_statements(self) -> str:
        """The program with a statement for every step."""
        if self.condition is None:
            return self._define([*self._assignments()[:-1], f"return {_bare(self.steps[-1].code(self.variable))}"])
        then, otherwise = (_bare(step.code(self.variable)) for step in self.branches)
        lines = [f"if {self.condition.code(self.variable)}:", f"    return {then}", f"return {otherwise}"]
        return self._define([*self._assignments(), *lines])

    def variants(self, others: Sequence[Operation]) -> Iterator[tuple[int, Program]]:
        """Programs that differ in one place, and the place: a constant one off, or a like step, or the branches."""
        for place, step in enumerate(self.steps):
            for like in _like(step, others):
                yield place, replace(self, steps=(*self.steps[:place], like, *self.steps[place + 1 :]))
        end = len(self.steps)
        for place, step in enumerate(self.branches):
            for like in _like(step, others):
                yield end, replace(self, branches=(*self.branches[:place], like, *self.branches[place + 1 :]))
        if self.condition is not None:
            yield end, replace(self, branches=self.branches[::-1])
            for like in _like(self.condition, ()):
                yield end, replace(self, condition=like)

    def shorter(self) -> Iterator[tuple[int, Program]]:
        """Programs with one step left out, and its place; the one that only hands the value on is no step."""
        for place, step in enumerate(self.steps):
            if step.operation.code != "@":
                yield place, replace(self, steps=self.steps[:place] + self.steps[place + 1 :])

    def _assignments(self) -> list[str]:
        return [f"{self.variable} = {_bare(step.code(self.variable))}" for step in self.steps]

    def _define(self, lines: Sequence[str]) -> str:
        body = "\n".join(f"    {line}" for line in lines)
        return f"def f({self.variable}):\n{body}"


def _like(step: Step, others: Sequence[Operation]) -> Iterator[Step]:
    if isinstance(step.constant, int):
        yield replace(step, constant=step.constant + 1)
        yield replace(step, constant=step.constant - 1)
    for other in others:
        if other.family == step.operation.family and other != step.operation:
            yield Step(other, step.constant if step.constant in other.constants else next(iter(other.constants), None))


def _bare(code: str) -> str:
    """Without the parentheses that an operation brings for being nested."""
    if not code.startswith("("):
        return code
    depth = 0
    for place, character in enumerate(code):
        depth += (character == "(") - (character == ")")
        if not depth:
            return code[1:-1] if place == len(code) - 1 else code
    return code
