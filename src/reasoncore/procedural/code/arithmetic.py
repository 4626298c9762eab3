"""Arithmetic: operations on one integer."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from math import gcd
from random import Random

from reasoncore.procedural.code.operations import (
    ADDITIVE,
    ATOM,
    CALL,
    MULTIPLICATIVE,
    NUMBER,
    PRODUCT,
    RAISING,
    SUM,
    Choices,
    Constant,
    Op,
    table,
)
from reasoncore.procedural.code.pipelines import Kit, Steps, pipeline_type

_FACTOR: tuple[Choices, ...] = ((range(2, 10), range(2, 100)),)

OPS = table(
    Op("add", "shift", "add {1}", "{0} + {1}", operator.add, NUMBER, ADDITIVE),
    Op("sub", "shift", "subtract {1}", "{0} - {1}", operator.sub, NUMBER, ADDITIVE),
    Op("rsub", "shift", "subtract it from {1}", "{1} - {0}", lambda n, c: c - n, NUMBER, (PRODUCT, SUM)),
    Op("mul", "scale", "multiply by {1}", "{0} * {1}", operator.mul, _FACTOR, MULTIPLICATIVE),
    Op("div", "scale", "divide by {1} rounding down", "{0} // {1}", operator.floordiv, _FACTOR, MULTIPLICATIVE),
    Op("mod", "scale", "take it modulo {1}", "{0} % {1}", operator.mod, _FACTOR, MULTIPLICATIVE),
    Op("max", "bound", "make it at least {1}", "max({0}, {1})", max, NUMBER, CALL),
    Op("min", "bound", "make it at most {1}", "min({0}, {1})", min, NUMBER, CALL),
    Op("dist", "sign", "take the distance to {1}", "abs({0} - {1})", lambda n, c: abs(n - c), NUMBER, (SUM, ATOM)),
    Op("abs", "sign", "take the absolute value", "abs({0})", abs),
    Op("square", "sign", "square it", "{0} ** 2", lambda n: n**2, (), RAISING),
)

_SHIFTS = ("add", "sub", "rsub")
_BOUNDS = ("max", "min")
_KIND = dict.fromkeys(_SHIFTS, "shift") | dict.fromkeys(_BOUNDS, "bound")
_NEVER = (
    (_SHIFTS, (*_SHIFTS, *_BOUNDS, "abs", "dist")),  # the shift could come after, or be part of the other
    (_BOUNDS, ("div",)),
    (("sub",), ("mod",)),
    (("dist",), ("abs", "square")),
    (("rsub",), ("square",)),
)
_NEVER_THREE = (
    ("shift", "div", "shift"),
    ("shift", "mul", "dist"),
    ("mul", "bound", "mul"),
    ("mul", "square", "div"),
    ("mul", "square", "mul"),
    ("mul", "shift", "mod"),
    ("shift", "mul", "mod"),
    ("abs", "bound", "square"),
)


def _merges(steps: Steps) -> bool:
    kinds = [_KIND.get(step.op.name, step.op.name) for step in steps]
    constants = [step.constants[0] if step.constants else None for step in steps]
    triples = zip(kinds, kinds[1:], kinds[2:], constants, constants[2:], strict=False)
    return any(_triple_merges(*triple) for triple in triples) or any(
        _pair_merges(first.op.name, second.op.name, *pair)
        for (first, second), pair in zip(pairwise(steps), pairwise(constants), strict=True)
    )


def _triple_merges(a: str, b: str, c: str, first: Constant | None, third: Constant | None) -> bool:
    if {a, b, c} <= {"shift", "mul"} or (a, b, c) in _NEVER_THREE:
        return True
    return (
        (a, b, c) == ("mul", "shift", "div")
        and isinstance(first, int)
        and isinstance(third, int)
        and gcd(first, third) > 1
    )


def _pair_merges(a: str, b: str, c: Constant | None, d: Constant | None) -> bool:
    if a == b or any(a in before and b in after for before, after in _NEVER):
        return True
    if a == "square":
        return (b == "mul" and d in (4, 9)) or (b == "mod" and d == 4)
    if not (isinstance(c, int) and isinstance(d, int)):
        return False
    if a == "mul":
        return (gcd(c, d) > 1 or c >= d) if b == "mod" else gcd(c, d) > 1 if b == "div" else d % c == 0
    if b == "dist":  # no more than a subtraction where the value lies on one side of the constant
        return (a == "min" and d >= c) or (a == "max" and d <= c) or (a == "mod" and d >= c - 1)
    if b == "div":
        return (a in (*_SHIFTS, "mod") and c % d == 0) or (a == "rsub" and c % d == d - 1)
    return a in _SHIFTS and b == "mod" and c >= d


def random_number(rng: Random, constants: Sequence[Constant], short: bool) -> int:
    """An integer, often near one of the constants."""
    near = [c for c in constants if isinstance(c, int)]
    if near and rng.random() < 0.5:
        return rng.choice(near) * rng.choice((1, 1, 2)) + rng.randint(-2, 1)
    return rng.randint(-9, 20) if short else rng.choice((rng.randint(-20, 30), rng.randint(-99, 300)))


KIT = Kit(
    variable="n",
    argument="m",
    ops=OPS,
    merges=_merges,
    value=random_number,
    arguments=("add", "sub", "mul", "max", "min"),
    argument_value=lambda rng: rng.randint(2, 9),
    edges=(0, -1, -5, -8),
)
TYPES = (pipeline_type("number", KIT, reduces=False),)
