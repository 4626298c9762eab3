"""The operations that programs are made of: how each is said and how it is written in Python.

In ``code`` the name of the value worked on stands as ``@`` and the constant as ``#``; in ``says`` too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a program.

    Attributes:
        family: Steps of one family do not follow each other: two of them are often one.
        says: The step in words.
        code: An expression of the value.
        constants: What ``#`` may be; empty where there is none.
    """

    family: str
    says: str
    code: str
    constants: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """An operation with its constant, ``None`` where it has none."""

    operation: Operation
    constant: int | str | None = None

    @property
    def says(self) -> str:
        """In words."""
        return self._fill(self.operation.says)

    def code(self, value: str) -> str:
        """As an expression of ``value``."""
        return self._fill(self.operation.code).replace("@", value)

    def _fill(self, text: str) -> str:
        return text.replace("#", str(self.constant))


@cache
def function_of(step: Step) -> Callable[[Any], Any]:
    """The step as a function. It is our own expression that is evaluated, never anyone else's."""
    function: Callable[[Any], Any] = eval(f"lambda value: {step.code('value')}")
    return function


def numbers(low: int, high: int) -> tuple[int, ...]:
    """Constants from ``low`` to ``high``, both included."""
    return tuple(range(low, high + 1))


LIST_STEPS = (
    Operation("parity", "keep the even numbers", "[x for x in @ if x % 2 == 0]"),
    Operation("parity", "keep the odd numbers", "[x for x in @ if x % 2 == 1]"),
    Operation("bound", "keep the numbers above #", "[x for x in @ if x > #]", numbers(1, 12)),
    Operation("bound", "keep the numbers below #", "[x for x in @ if x < #]", numbers(4, 15)),
    Operation("multiple", "keep the multiples of #", "[x for x in @ if x % # == 0]", numbers(3, 5)),
    Operation("shift", "add # to each", "[x + # for x in @]", numbers(1, 12)),
    Operation("shift", "subtract # from each", "[x - # for x in @]", numbers(1, 12)),
    Operation("scale", "multiply each by #", "[x * # for x in @]", numbers(2, 9)),
    Operation("square", "square each", "[x * x for x in @]"),
    Operation("order", "sort them", "sorted(@)"),
    Operation("order", "sort them from high to low", "sorted(@, reverse=True)"),
    Operation("order", "reverse the order", "@[::-1]"),
    Operation("cut", "take the first #", "@[:#]", numbers(2, 4)),
    Operation("cut", "take the last #", "@[-#:]", numbers(2, 4)),
    Operation("cut", "drop the first #", "@[#:]", numbers(1, 3)),
)
LIST_RESULTS = (
    Operation("result", "return the list", "@"),
    Operation("result", "return the sum", "sum(@)"),
    Operation("result", "return how many there are", "len(@)"),
    Operation("result", "return the largest, or 0", "max(@, default=0)"),
    Operation("result", "return the smallest, or 0", "min(@, default=0)"),
)

_LETTERS = tuple("abcdelorst")
STRING_STEPS = (
    Operation("order", "reverse it", "@[::-1]"),
    Operation("order", "sort the letters", '"".join(sorted(@))'),
    Operation("case", "make it upper case", "@.upper()"),
    Operation("remove", "remove every #", '@.replace("#", "")', _LETTERS),
    Operation("remove", "keep only the vowels", '"".join(x for x in @ if x in "aeiou")'),
    Operation("remove", "remove the vowels", '"".join(x for x in @ if x not in "aeiou")'),
    Operation("cut", "take the first # letters", "@[:#]", numbers(2, 5)),
    Operation("cut", "take the last # letters", "@[-#:]", numbers(2, 5)),
    Operation("cut", "drop the first # letters", "@[#:]", numbers(1, 4)),
    Operation("double", "write every letter twice", '"".join(x * 2 for x in @)'),
    Operation("repeat", "repeat it # times", "(@ * #)", numbers(2, 5)),
    Operation("add", "add # at the end", '(@ + "#")', tuple("xyz")),
    Operation("add", "add # at the start", '("#" + @)', tuple("xyz")),
)
STRING_RESULTS = (
    Operation("result", "return it", "@"),
    Operation("result", "return its length", "len(@)"),
    Operation("result", "return how often # is in it", '@.count("#")', _LETTERS),
)

NUMBER_STEPS = (
    Operation("shift", "add #", "(@ + #)", numbers(1, 20)),
    Operation("shift", "subtract #", "(@ - #)", numbers(1, 20)),
    Operation("scale", "multiply by #", "(@ * #)", numbers(2, 9)),
    Operation("square", "square it", "(@ ** 2)"),
    Operation("divide", "divide by #, rounded down", "(@ // #)", numbers(2, 9)),
    Operation("divide", "take the remainder by #", "(@ % #)", numbers(3, 12)),
    Operation("sign", "take the absolute value", "abs(@)"),
    Operation("sign", "negate it", "(-@)"),
    Operation("bound", "take the larger of it and #", "max(@, #)", numbers(1, 20)),
    Operation("bound", "take the smaller of it and #", "min(@, #)", numbers(1, 20)),
)
NUMBER_RESULTS = (Operation("result", "return it", "@"),)

CONDITIONS = (
    Operation("condition", "it is above #", "@ > #", numbers(1, 12)),
    Operation("condition", "it is below #", "@ < #", numbers(1, 12)),
    Operation("condition", "it is even", "@ % 2 == 0"),
    Operation("condition", "it is a multiple of #", "@ % # == 0", numbers(3, 6)),
)
