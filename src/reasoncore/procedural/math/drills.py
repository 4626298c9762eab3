"""Drills: lines of arithmetic in the notation of the worked solutions, for pretraining."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.core import Drill
from reasoncore.procedural.math.arithmetic import addition, nonzero, product, quotient, ratio, running_sum

_TOP = {1: 20, 2: 50, 3: 100, 4: 400}


def _sum_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    a, b = rng.randint(1, top), rng.randint(1, top)
    return [addition(a, b) if rng.random() < 0.5 else f"{a} + {b} = {a + b}"]


def _difference_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    b, a = sorted((rng.randint(1, top), rng.randint(1, top)))
    return [addition(a, -b) if rng.random() < 0.5 else f"{a} - {b} = {a - b}"]


def _signed_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    return [addition(nonzero(rng, -top, top), nonzero(rng, -top, top))]


def _running_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    return running_sum([rng.randint(1, top // 2), *(nonzero(rng, -top // 4, top // 2) for _ in range(2))])


def _table_drill(rng: Random, level: int) -> list[str]:
    return [", ".join(f"{a}*{b} = {a * b}" for a, b in ((rng.randint(2, 9), rng.randint(2, 9)) for _ in range(3)))]


def _product_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    a, b = rng.randint(2, 9), rng.randint(11, max(19, top // 2))
    if rng.random() < 0.5:
        a, b = b, a
    return [product(a, b)] if rng.random() < 0.8 else [f"{a}*{b} = {a * b}"]


def _long_product_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    high = max(19, min(99, top))
    return [product(rng.randint(11, high), rng.randint(11, high))]


def _signed_product_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    return [product(nonzero(rng, -9, 9), nonzero(rng, -max(9, top // 4), max(9, top // 4)))]


def _quotient_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    divisor = rng.randint(2, 9 if top < 400 else 29)
    return [quotient(rng.choice((1, 1, 1, -1)) * divisor * rng.randint(2, max(9, min(60, top // 2))), divisor)]


def _fraction_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    common, a, b = rng.randint(2, 12), rng.randint(1, max(9, top // 10)), rng.randint(2, max(9, top // 10))
    return [quotient(common * a, common * b) if rng.random() < 0.6 else ratio(common * a, common * b)]


def _compare_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    a, b = sorted(rng.sample(range(-top // 4, top + 1), 2))
    return [f"{a} < {b}" if rng.random() < 0.5 else f"{b} > {a}"]


def _sort_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    numbers = rng.sample(range(1, min(99, top) + 1), rng.randint(3, 6))
    return [f"Numbers: {', '.join(map(str, numbers))}", f"Sorted: {', '.join(map(str, sorted(numbers)))}"]


def _power_drill(rng: Random, level: int) -> list[str]:
    top = _TOP[level]
    base = rng.randint(2, 12 if top >= 100 else 9)
    return [f"{base}^2 = {base * base}, {base}^3 = {product(base * base, base)}"]


DRILLS: tuple[Drill, ...] = (
    _sum_drill,
    _difference_drill,
    _signed_drill,
    _running_drill,
    _table_drill,
    _product_drill,
    _long_product_drill,
    _signed_product_drill,
    _quotient_drill,
    _fraction_drill,
    _compare_drill,
    _sort_drill,
    _power_drill,
)
