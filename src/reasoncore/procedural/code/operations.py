"""Operations: how each is said, written in Python and computed, and the steps that programs are made of.

In ``text`` and ``code`` stand ``{0}`` for the value worked on and ``{1}``, ``{2}`` for the constants.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

Constant = int | str
Shape = Literal["whole", "map", "filter", "reduce"]
Args = tuple[Any, ...]
"""What the function is called with: the value and, in some programs, a second argument."""

ARGUMENT = "ARG"
"""Stands where a constant would for the function's second argument."""

LOOSE, SUM, PRODUCT, POWER, ATOM = range(5)
"""How tightly an expression binds, as in Python's grammar."""
Binding = tuple[int, int]
"""How tightly an operand must bind to go without parentheses, and how tightly the result does."""
CALL, POSTFIX, COMPARING = (LOOSE, ATOM), (ATOM, ATOM), (SUM, LOOSE)
ADDITIVE, MULTIPLICATIVE, RAISING = (SUM, SUM), (PRODUCT, PRODUCT), (ATOM, POWER)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
Choices = tuple[Sequence[Constant], Sequence[Constant]]
"""Values of a constant: the usual ones, and those where the operation stands alone."""
NUMBER: tuple[Choices, ...] = ((range(1, 10), range(1, 100)),)
LETTER: tuple[Choices, ...] = ((LETTERS, LETTERS),)


@dataclass(frozen=True, slots=True)
class Op:
    """One kind of operation.

    Attributes:
        name: Unique within its table; stands for it in a problem's parameters.
        family: Operations of one family are easily taken for each other.
        text: What is said of it.
        code: Python expression of its result; of one element ``{0}`` where the shape is ``map`` or ``filter``.
        run: ``(value, *constants) -> result``, of one element likewise.
        constants: What each constant may be.
        binding: As in :data:`Binding`.
        shape: ``whole``, ``map`` or ``filter`` gives a value of the same kind; ``reduce`` a number, and comes last.
    """

    name: str
    family: str
    text: str
    code: str
    run: Callable[..., Any]
    constants: tuple[Choices, ...] = ()
    binding: Binding = CALL
    shape: Shape = "whole"


@dataclass(frozen=True, slots=True)
class Step:
    """An operation with its constants."""

    op: Op
    constants: tuple[Constant, ...] = ()

    def apply(self, value: Any, args: Args) -> Any:
        """The result for ``value``, in a function called with ``args``."""
        constants: Sequence[Constant] = self.constants
        if ARGUMENT in constants:
            constants = [args[1] if constant == ARGUMENT else constant for constant in constants]
        if self.op.shape == "map":
            return [self.op.run(x, *constants) for x in value]
        if self.op.shape == "filter":
            return [x for x in value if self.op.run(x, *constants)]
        return self.op.run(value, *constants)

    def variants(self, ops: Mapping[str, Op]) -> list[Step]:
        """The steps that differ by one operation of the family or by the next value of one constant."""
        siblings = [
            replace(self, op=op)
            for op in ops.values()
            if op.family == self.op.family and op.name != self.op.name and len(op.constants) == len(self.constants)
        ]
        return siblings + self._shifted(1)

    def lowered(self) -> list[Step]:
        """The steps that differ by the value before that of one constant."""
        return self._shifted(-1)

    def _shifted(self, by: int) -> list[Step]:
        return [
            replace(self, constants=(*self.constants[:place], _moved(constant, by), *self.constants[place + 1 :]))
            for place, constant in enumerate(self.constants)
            if constant != ARGUMENT
        ]


def _moved(constant: Constant, by: int) -> Constant:
    return constant + by if isinstance(constant, int) else LETTERS[(LETTERS.index(constant) + by) % len(LETTERS)]


def random_step(rng: Random, op: Op, alone: bool) -> Step:
    """The operation with random constants, wide ones where it stands alone."""
    return Step(op, tuple(rng.choice(wide if alone else usual) for usual, wide in op.constants))


def with_argument(rng: Random, steps: Sequence[Step], names: Collection[str]) -> tuple[Step, ...] | None:
    """The steps with the constant of an operation from ``names`` made the second argument; None where there is none."""
    places = [place for place, step in enumerate(steps) if step.op.name in names]
    if not places:
        return None
    place = rng.choice(places)
    return (*steps[:place], replace(steps[place], constants=(ARGUMENT,)), *steps[place + 1 :])


def flatten(steps: Iterable[Step]) -> tuple[Constant, ...]:
    """The steps as plain parameters; :func:`parse` is the inverse."""
    return tuple(part for step in steps for part in (step.op.name, *step.constants))


def parse(params: Sequence[Constant], ops: Mapping[str, Op]) -> tuple[Step, ...]:
    """The steps that parameters stand for."""
    steps: list[Step] = []
    rest = list(params)
    while rest:
        op = ops[str(rest.pop(0))]
        constants, rest = rest[: len(op.constants)], rest[len(op.constants) :]
        steps.append(Step(op, tuple(constants)))
    return tuple(steps)


def literal(value: Any) -> str:
    """A number, string or list of numbers as Python writes it, with double quotes."""
    return json.dumps(value)


def table(*ops: Op) -> dict[str, Op]:
    """Operations by name."""
    return {op.name: op for op in ops}
