"""Lists: operations on a list of integers."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import gcd
from random import Random

from reasoncore.procedural.code.operations import (
    ADDITIVE,
    COMPARING,
    LOOSE,
    MULTIPLICATIVE,
    NUMBER,
    POSTFIX,
    PRODUCT,
    RAISING,
    Choices,
    Constant,
    Op,
    table,
)
from reasoncore.procedural.code.pipelines import Kit, Steps, pipeline_type

_FACTOR: tuple[Choices, ...] = ((range(2, 10), range(2, 51)),)
_DIVISOR: tuple[Choices, ...] = ((range(3, 10), range(3, 51)),)
_LENGTH: tuple[Choices, ...] = ((range(2, 5), range(1, 7)),)
_DIVIDING = (PRODUCT, LOOSE)

_map = partial(Op, shape="map")
_filter = partial(Op, shape="filter")
_reduce = partial(Op, shape="reduce")

OPS = table(
    _map("add", "shift", "add {1} to each", "{0} + {1}", operator.add, NUMBER, ADDITIVE),
    _map("sub", "shift", "subtract {1} from each", "{0} - {1}", operator.sub, NUMBER, ADDITIVE),
    _map("mul", "scale", "multiply each by {1}", "{0} * {1}", operator.mul, _FACTOR, MULTIPLICATIVE),
    _map("mod", "scale", "take each modulo {1}", "{0} % {1}", operator.mod, _DIVISOR, MULTIPLICATIVE),
    _map("square", "sign", "square each", "{0} ** 2", lambda x: x**2, (), RAISING),
    _map("abs", "sign", "take each absolute value", "abs({0})", abs),
    _filter("even", "parity", "keep the even numbers", "{0} % 2 == 0", lambda x: x % 2 == 0, (), _DIVIDING),
    _filter("odd", "parity", "keep the odd numbers", "{0} % 2 == 1", lambda x: x % 2 == 1, (), _DIVIDING),
    _filter(
        "multiple", "multiple", "keep multiples of {1}", "{0} % {1} == 0", lambda x, c: x % c == 0, _DIVISOR, _DIVIDING
    ),
    _filter("gt", "compare", "keep numbers above {1}", "{0} > {1}", operator.gt, NUMBER, COMPARING),
    _filter("lt", "compare", "keep numbers below {1}", "{0} < {1}", operator.lt, NUMBER, COMPARING),
    _filter("ne", "compare", "remove every {1}", "{0} != {1}", operator.ne, NUMBER, COMPARING),
    Op("first", "slice", "keep the first {1}", "{0}[:{1}]", lambda xs, c: xs[:c], _LENGTH, POSTFIX),
    Op("last", "slice", "keep the last {1}", "{0}[-{1}:]", lambda xs, c: xs[-c:], _LENGTH, POSTFIX),
    Op("skip", "slice", "drop the first {1}", "{0}[{1}:]", lambda xs, c: xs[c:], _LENGTH, POSTFIX),
    Op("cut", "slice", "drop the last {1}", "{0}[:-{1}]", lambda xs, c: xs[:-c], _LENGTH, POSTFIX),
    Op("second", "order", "keep every second", "{0}[::2]", lambda xs: xs[::2], (), POSTFIX),
    Op("reverse", "order", "reverse it", "{0}[::-1]", lambda xs: xs[::-1], (), POSTFIX),
    Op("sort", "order", "sort it", "sorted({0})", sorted),
    Op("append", "put", "put {1} at the end", "{0} + [{1}]", lambda xs, c: [*xs, c], NUMBER, ADDITIVE),
    Op("prepend", "put", "put {1} at the front", "[{1}] + {0}", lambda xs, c: [c, *xs], NUMBER, ADDITIVE),
    _reduce("sum", "total", "return the sum", "sum({0})", sum),
    _reduce("len", "total", "return the length", "len({0})", len),
    _reduce("max", "extreme", "return the largest or 0", "max({0}, default=0)", partial(max, default=0)),
    _reduce("min", "extreme", "return the smallest or 0", "min({0}, default=0)", partial(min, default=0)),
    _reduce("count", "count", "count every {1}", "{0}.count({1})", list.count, NUMBER, POSTFIX),
)

_LINEAR = ("add", "sub", "mul")
_MAPS = (*_LINEAR, "mod", "square", "abs")
_FILTERS = ("even", "odd", "multiple", "gt", "lt", "ne")
_SLICES = ("first", "last", "skip", "cut")
_NEVER = (
    (("add", "sub"), ("add", "sub")),
    (_LINEAR, (*_FILTERS, "count")),  # the filter could come first with another constant
    (("sub",), ("mod",)),
    (("even", "odd", "multiple"), ("even", "odd", "multiple")),
    (("square",), ("multiple", "mod", "gt", "lt", "ne", "count")),
    (_SLICES, (*_SLICES, "second")),
    (("reverse",), (*_SLICES, "append", "prepend")),
    (("append",), ("last", "cut", *_MAPS)),
    (("prepend",), ("first", "skip", *_MAPS)),
)


def _merges(steps: Steps) -> bool:
    names = [step.op.name for step in steps]
    if any(set(names[i : i + 3]) <= set(_LINEAR) for i in range(len(names) - 2)):
        return True
    if "square" in names and "abs" in names[: names.index("square")]:
        return True
    return any(
        _pair_merges(first.op.name, second.op.name, first.constants, second.constants)
        for first, second in pairwise(steps)
    )


def _pair_merges(a: str, b: str, first: tuple[Constant, ...], second: tuple[Constant, ...]) -> bool:
    if a == b or any(a in before and b in after for before, after in _NEVER):
        return True
    if (a, b) == ("square", "mul"):
        return second in ((4,), (9,))
    c, d = first[0] if first else None, second[0] if second else None
    if not (isinstance(c, int) and isinstance(d, int)):
        return False
    if a == "mul":
        return (gcd(c, d) > 1 or c >= d) if b == "mod" else b in _LINEAR and d % c == 0
    return ((a, b) == ("add", "mod") and c >= d) or ((a, b) == ("mod", "lt") and d == 1)


_SHORT, _LONG = range(-3, 13), range(-9, 21)


def _random_list(rng: Random, constants: Sequence[Constant], short: bool) -> list[int]:
    near = [c + by for c in constants if isinstance(c, int) for by in (-1, 0, 1)]
    choices = (*(_SHORT if short else _LONG), *near * (3 if short else 5))
    return rng.choices(choices, k=rng.randint(3, 5) if short else rng.randint(5, 8))


KIT = Kit(
    variable="xs",
    argument="n",
    ops=OPS,
    merges=_merges,
    value=_random_list,
    arguments=("add", "sub", "mul", "gt", "lt", "ne", "append", "prepend", "count"),
    argument_value=lambda rng: rng.randint(2, 9),
    edges=([], [0], [5], [-4, -7]),
)
TYPES = (pipeline_type("list", KIT, reduces=False), pipeline_type("total", KIT, reduces=True))
