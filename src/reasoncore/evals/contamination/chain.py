"""The arithmetic of a worked solution as data: GSM8K's calculator annotations, ``<<16-3-4=9>>``, replayed exactly.

An operand is either the result of an earlier step or a *leaf*, a number from outside the solution. Values are fractions
and nothing is rounded, so a solution that rounds does not replay.
Source of the notation: Cobbe et al. 2021 (arXiv 2110.14168), section 3.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

_ANNOTATION = re.compile(r"<<([^<>=]{1,200})=([^<>=]{1,60})>>")
_TOKEN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)|([-+*/()])")
_MAX_DEPTH = 20
_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_LEVELS = ("+-", "*/")  # what binds loosest first

Token = Fraction | str


class NotReplayableError(ValueError):
    """The arithmetic cannot be read, or is not exact."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps of arithmetic in order.

    Attributes:
        steps: The expression of each step; numbers are values, everything else an operator or a bracket.
        results: The value of each.
    """

    steps: tuple[tuple[Token, ...], ...]
    results: tuple[Fraction, ...]

    def leaves(self) -> set[Fraction]:
        """The numbers that are no result of an earlier step.

        Raises:
            NotReplayableError: Two steps before an operand have its value, so that it is not known which is meant.
        """
        found: set[Fraction] = set()
        for number, step in enumerate(self.steps):
            earlier = self.results[:number]
            for token in step:
                if isinstance(token, Fraction):
                    if earlier.count(token) > 1:
                        raise NotReplayableError(f"{token} is the result of two steps")
                    if token not in earlier:
                        found.add(token)
        return found

    def replay(self, new_value: Mapping[Fraction, Fraction]) -> tuple[Fraction, ...]:
        """The results with other leaves.

        Raises:
            NotReplayableError: It would divide by zero.
        """
        results: list[Fraction] = []
        for number, step in enumerate(self.steps):
            earlier = dict(zip(self.results[:number], results, strict=True))
            results.append(evaluate([{**new_value, **earlier}[t] if isinstance(t, Fraction) else t for t in step]))
        return tuple(results)


def read_chain(solution: str) -> Chain:
    """The annotations of a worked solution.

    Raises:
        NotReplayableError: There are none, or one cannot be read or is not exactly what it says.
    """
    if not solution.count("<<") or solution.count("<<") != len(_ANNOTATION.findall(solution)):
        raise NotReplayableError("no annotations, or one that cannot be read")
    steps, results = [], []
    for expression, result in _ANNOTATION.findall(solution):
        step, stated = _tokens(expression), _tokens(result)
        value = evaluate(step)
        if value != evaluate(stated):
            raise NotReplayableError(f"{expression} is {value}, not {result}")
        steps.append(tuple(step))
        results.append(value)
    return Chain(tuple(steps), tuple(results))


def evaluate(tokens: Sequence[Token]) -> Fraction:
    """The value of an expression of ``+ - * /`` and brackets.

    Raises:
        NotReplayableError: It is none, is nested too deep, or divides by zero.
    """
    value, rest = _level(tokens, 0, 0)
    if rest:
        raise NotReplayableError(f"{rest[0]} is left over")
    return value


def _level(tokens: Sequence[Token], level: int, depth: int) -> tuple[Fraction, Sequence[Token]]:
    """``(value, tokens left)`` of the longest expression at the start whose operators bind at least as ``level``."""
    if level == len(_LEVELS):
        return _operand(tokens, depth)
    value, rest = _level(tokens, level + 1, depth)
    while rest and isinstance(rest[0], str) and rest[0] in _LEVELS[level]:
        other, after = _level(rest[1:], level + 1, depth)
        try:
            value, rest = _OPERATIONS[rest[0]](value, other), after
        except ZeroDivisionError:
            raise NotReplayableError("division by zero") from None
    return value, rest


def _operand(tokens: Sequence[Token], depth: int) -> tuple[Fraction, Sequence[Token]]:
    if not tokens or depth > _MAX_DEPTH:
        raise NotReplayableError("an operand is missing" if not tokens else "nested too deep")
    first, rest = tokens[0], tokens[1:]
    if isinstance(first, Fraction):
        return first, rest
    if first == "-":
        value, rest = _operand(rest, depth + 1)
        return -value, rest
    if first != "(":
        raise NotReplayableError(f"{first} stands where an operand should")
    value, rest = _level(rest, 0, depth + 1)
    if not rest or rest[0] != ")":
        raise NotReplayableError("a bracket is not closed")
    return value, rest[1:]


def _tokens(expression: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    text = expression.replace(" ", "").replace(",", "")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotReplayableError(f"{text[at]!r} is no number and no operator")
        tokens.append(Fraction(match[1]) if match[1] else match[2])
        at = match.end()
    return tokens
