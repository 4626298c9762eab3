"""Plain text for pretraining a small base model: arithmetic drills, and training problems worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from reasoncore.procedural.arithmetic import addition, nonzero, product, quotient, ratio, running_sum
from reasoncore.procedural.core import LEVELS, STRATEGIES, build, content_key, split_of
from reasoncore.procedural.table import SUBDOMAINS

QUESTION_SHARE = 0.5
STRATEGY_WEIGHTS = (1, 4, 5)

_TOP = {1: 20, 2: 50, 3: 100, 4: 400}
_MAX_DRILL_CHARACTERS = 200


def plain_text(index: int, seed: int, levels: Sequence[int] = LEVELS) -> str:
    """Document number ``index`` of a stream; it depends on nothing but the arguments.

    Half are drills, several lines of arithmetic in the notation of the worked solutions; half are one problem of the
    training split as ``Question: ...`` and ``Answer: ...``, by a random strategy.
    """
    rng = Random(f"text/{seed}/{index}")
    level = rng.choice(levels)
    if rng.random() < QUESTION_SHARE:
        return _question(rng, level)
    lines: list[str] = []
    wanted = rng.randint(3, 8)
    while len(lines) < wanted and sum(map(len, lines)) < _MAX_DRILL_CHARACTERS - 60:
        lines += rng.choice(DRILLS)(rng, _TOP[level])
    return "\n".join(lines)


def _question(rng: Random, level: int) -> str:
    subdomain = rng.choice(tuple(SUBDOMAINS))
    kind = rng.choice(SUBDOMAINS[subdomain])
    while True:
        params = kind.draw(rng, level)
        if split_of(content_key(subdomain, kind.name, params)) == "train":
            break
    worked = build(subdomain, kind, params, level)
    strategy = rng.choices(STRATEGIES, STRATEGY_WEIGHTS)[0]
    return f"Question: {worked.problem.prompt}\nAnswer: {worked.solutions[strategy]}"


def _sum_drill(rng: Random, top: int) -> list[str]:
    a, b = rng.randint(1, top), rng.randint(1, top)
    return [addition(a, b) if rng.random() < 0.5 else f"{a} + {b} = {a + b}"]


def _difference_drill(rng: Random, top: int) -> list[str]:
    b, a = sorted((rng.randint(1, top), rng.randint(1, top)))
    return [addition(a, -b) if rng.random() < 0.5 else f"{a} - {b} = {a - b}"]


def _signed_drill(rng: Random, top: int) -> list[str]:
    return [addition(nonzero(rng, -top, top), nonzero(rng, -top, top))]


def _running_drill(rng: Random, top: int) -> list[str]:
    return running_sum([rng.randint(1, top // 2), *(nonzero(rng, -top // 4, top // 2) for _ in range(2))])


def _table_drill(rng: Random, top: int) -> list[str]:
    return [", ".join(f"{a}*{b} = {a * b}" for a, b in ((rng.randint(2, 9), rng.randint(2, 9)) for _ in range(3)))]


def _product_drill(rng: Random, top: int) -> list[str]:
    a, b = rng.randint(2, 9), rng.randint(11, max(19, top // 2))
    if rng.random() < 0.5:
        a, b = b, a
    return [product(a, b)] if rng.random() < 0.8 else [f"{a}*{b} = {a * b}"]


def _long_product_drill(rng: Random, top: int) -> list[str]:
    high = max(19, min(99, top))
    return [product(rng.randint(11, high), rng.randint(11, high))]


def _signed_product_drill(rng: Random, top: int) -> list[str]:
    return [product(nonzero(rng, -9, 9), nonzero(rng, -max(9, top // 4), max(9, top // 4)))]


def _quotient_drill(rng: Random, top: int) -> list[str]:
    divisor = rng.randint(2, 9 if top < 400 else 29)
    return [quotient(rng.choice((1, 1, 1, -1)) * divisor * rng.randint(2, max(9, min(60, top // 2))), divisor)]


def _fraction_drill(rng: Random, top: int) -> list[str]:
    common, a, b = rng.randint(2, 12), rng.randint(1, max(9, top // 10)), rng.randint(2, max(9, top // 10))
    return [quotient(common * a, common * b) if rng.random() < 0.6 else ratio(common * a, common * b)]


def _compare_drill(rng: Random, top: int) -> list[str]:
    a, b = sorted(rng.sample(range(-top // 4, top + 1), 2))
    return [f"{a} < {b}" if rng.random() < 0.5 else f"{b} > {a}"]


def _sort_drill(rng: Random, top: int) -> list[str]:
    numbers = rng.sample(range(1, min(99, top) + 1), rng.randint(3, 6))
    return [f"Numbers: {', '.join(map(str, numbers))}", f"Sorted: {', '.join(map(str, sorted(numbers)))}"]


def _power_drill(rng: Random, top: int) -> list[str]:
    base = rng.randint(2, 12 if top >= 100 else 9)
    return [f"{base}^2 = {base * base}, {base}^3 = {product(base * base, base)}"]


DRILLS: tuple[Callable[[Random, int], list[str]], ...] = (
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
