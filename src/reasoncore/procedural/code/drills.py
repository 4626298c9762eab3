"""Drills: Python expressions with their values, and small functions, for pretraining."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.code.cases import LISTS, NUMBERS, STRINGS, Kind
from reasoncore.procedural.code.operations import Operation, Step, function_of
from reasoncore.procedural.core import Drill


def _expressions(kind: Kind) -> Drill:
    """Three steps on values of one kind, each as an equation."""

    def drill(rng: Random, level: int) -> list[str]:
        lines = []
        for _ in range(3):
            step, value = _step(rng, (*kind.steps, *kind.results[1:])), kind.draw_value(rng)
            written = f"({value})" if value.__class__ is int and value < 0 else repr(value)
            lines.append(f"{step.code(written)} == {function_of(step)(value)!r}")
        return lines

    return drill


def _named(kind: Kind) -> Drill:
    """Steps in words and the statement for each."""

    def drill(rng: Random, level: int) -> list[str]:
        steps = [_step(rng, (*kind.steps, *kind.results[1:])) for _ in range(3)]
        return [f"{step.says}: {kind.variable} = {step.code(kind.variable)}" for step in steps]

    return drill


def _step(rng: Random, operations: tuple[Operation, ...]) -> Step:
    operation = rng.choice(operations)
    return Step(operation, rng.choice(operation.constants) if operation.constants else None)


DRILLS: tuple[Drill, ...] = tuple(make(kind) for kind in (LISTS, STRINGS, NUMBERS) for make in (_expressions, _named))
