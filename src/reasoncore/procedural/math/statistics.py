"""Statistics: mean, median, expected value, probability."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType, boxed_draft
from reasoncore.procedural.math.arithmetic import addition, product, quotient, ratio, running_sum

_RED, _NOT_RED, _BOTH_RED, _RED_AND_BLUE = range(4)


def _draw_mean(rng: Random, level: int) -> Params:
    """The numbers, ascending."""
    count, low, high = {1: (3, 1, 9), 2: (4, 1, 20), 3: (4, 5, 60), 4: (5, 10, 99)}[level]
    return tuple(sorted(rng.randint(low, high) for _ in range(count)))


def _write_mean(params: Params, variant: int) -> Draft:
    numbers = _shuffled(params, variant)
    listed, count, total = _comma(numbers), len(numbers), sum(numbers)
    return boxed_draft(
        prompts=(
            f"What is the mean of {listed}?",
            f"Find the average of the numbers {listed}.",
            f"Compute the arithmetic mean of {listed}.",
        ),
        answer=Fraction(total, count),
        steps=[f"{' + '.join(map(str, numbers))} = {total}", f"mean = {ratio(total, count)}"],
        check=[
            *running_sum(list(numbers)),
            f"mean = {quotient(total, count)}",
            f"Check: {count}*{Fraction(total, count)} = {total}",
        ],
    )


def _draw_median(rng: Random, level: int) -> Params:
    """Different numbers, ascending."""
    count, high = {1: (3, 15), 2: (rng.choice((4, 5)), 30), 3: (6, 60), 4: (8, 99)}[level]
    return tuple(sorted(rng.sample(range(1, high + 1), count)))


def _write_median(params: Params, variant: int) -> Draft:
    numbers, count = _shuffled(params, variant), len(params)
    half = count // 2
    dropped = (count - 1) // 2
    pairs = ", ".join(f"{params[i]} and {params[-1 - i]}" for i in range(dropped))
    ordered = f"Sorted: {_comma(params)}"
    drop = f"Drop {pairs}"
    counts = f"Check: {dropped} below, {dropped} above"
    if count % 2:
        answer = Fraction(params[half])
        steps = [ordered, f"Middle: {answer}"]
        check = [ordered, drop, f"Left: {answer}", counts]
    else:
        low, high = params[half - 1], params[half]
        answer = Fraction(low + high, 2)
        steps = [ordered, f"({low} + {high})/2 = {answer}"]
        check = [
            ordered,
            drop,
            f"Left: {low}, {high}",
            addition(low, high),
            f"median = {quotient(low + high, 2)}",
            counts,
        ]
    return boxed_draft(
        prompts=(
            f"What is the median of {_comma(numbers)}?",
            f"Find the median of the numbers {_comma(numbers)}.",
        ),
        answer=answer,
        steps=steps,
        check=check,
    )


def _draw_expected(rng: Random, level: int) -> Params:
    """``(value, how many cards, value, how many cards, ...)``, values ascending."""
    kinds, high, most = {1: (2, 9, 3), 2: (2, 20, 5), 3: (3, 25, 6), 4: (3, 79, 9)}[level]
    values = sorted(rng.sample(range(1, high + 1), kinds))
    return tuple(number for value in values for number in (value, rng.randint(1, most)))


def _write_expected(params: Params, variant: int) -> Draft:
    pairs = _shuffled_pairs(params, variant)
    cards = [f"{many} card{'s' if many > 1 else ''} worth {value}" for value, many in pairs]
    listed = " and ".join([", ".join(cards[:-1]), cards[-1]])
    count = sum(many for _, many in pairs)
    worth = [many * value for value, many in pairs]
    total = sum(worth)
    products = " + ".join(f"{many}*{value}" for value, many in pairs)
    return boxed_draft(
        prompts=(
            f"A bag holds {listed}. What is the expected worth of a random card?",
            f"One card is drawn at random from {listed}. Find its expected worth.",
        ),
        answer=Fraction(total, count),
        steps=[
            f"{products} = {' + '.join(map(str, worth))} = {total}",
            f"{' + '.join(str(many) for _, many in pairs)} = {count}",
            f"mean = {ratio(total, count)}",
        ],
        check=[
            *(product(many, value) for value, many in pairs if many > 1),
            *running_sum(worth),
            *running_sum([many for _, many in pairs]),
            f"mean = {quotient(total, count)}",
            f"Check: {count}*{Fraction(total, count)} = {total}",
        ],
    )


def _draw_probability(rng: Random, level: int) -> Params:
    """``(what is asked, red, blue[, green])``; colours that play the same part are ascending."""
    if level == 1:
        return _RED, rng.randint(1, 12), rng.randint(1, 12)
    if level == 2:
        others = sorted((rng.randint(1, 15), rng.randint(1, 15)))
        return rng.choice((_RED, _NOT_RED)), rng.randint(1, 15), others[0], others[1]
    if level == 3:
        return _BOTH_RED, rng.randint(2, 15), rng.randint(2, 20)
    if rng.random() < 0.5:
        others = sorted((rng.randint(2, 15), rng.randint(2, 15)))
        return _BOTH_RED, rng.randint(3, 20), others[0], others[1]
    pair = sorted((rng.randint(2, 15), rng.randint(2, 15)))
    return _RED_AND_BLUE, pair[0], pair[1], rng.randint(2, 15)


def _write_probability(params: Params, variant: int) -> Draft:
    asked, red, *others = params
    if variant % 2:
        if asked == _RED_AND_BLUE:
            red, others = others[0], [red, others[1]]
        else:
            others = others[::-1]
    counts = [red, *others]
    balls = [f"{count} {colour}" for count, colour in zip(counts, ("red", "blue", "green"), strict=False)]
    bag = f"A bag has {' and '.join([', '.join(balls[:-1]), balls[-1]])} balls."
    count = sum(counts)
    in_one = f"{' + '.join(map(str, counts))} = {count}"
    if asked in (_RED, _NOT_RED):
        rest = count - red
        wanted, other = (red, rest) if asked == _RED else (rest, red)
        colour = "red" if asked == _RED else "not red"
        answer, complement = Fraction(wanted, count), Fraction(other, count)
        found = [] if asked == _RED else [addition(count, -red)]
        return boxed_draft(
            prompts=(
                f"{bag} One is drawn. What is the probability that it is {colour}?",
                f"{bag} Find the chance that a random ball is {colour}.",
            ),
            answer=answer,
            steps=[in_one, f"p = {ratio(wanted, count)}"],
            check=[
                *running_sum(counts),
                *found,
                f"p = {quotient(wanted, count)}",
                f"Check: {answer} + {complement} = 1",
            ],
        )
    ordered = count * (count - 1)
    if asked == _BOTH_RED:
        wish, ways = "both are red", red * (red - 1)
        short, fine = f"{red}*{red - 1}", [product(red, red - 1)]
    else:
        wish, ways = "one is red and one is blue", 2 * red * others[0]
        short, fine = f"2*{red}*{others[0]}", [product(red, others[0]), product(2, red * others[0])]
    answer = Fraction(ways, ordered)
    return boxed_draft(
        prompts=(
            f"{bag} Two are drawn at once. What is the probability that {wish}?",
            f"{bag} Two are taken without putting back. Find the chance that {wish}.",
        ),
        answer=answer,
        steps=[in_one, f"{short} = {ways}, {count}*{count - 1} = {ordered}", f"p = {ratio(ways, ordered)}"],
        check=[
            *running_sum(counts),
            *fine,
            product(count, count - 1),
            f"p = {quotient(ways, ordered)}",
            f"Check: {ways // 2} of {ordered // 2} pairs",
        ],
    )


def _shuffled(numbers: Params, variant: int) -> Params:
    """The numbers in an order that depends on ``variant`` alone."""
    left = list(numbers)
    shown: list[int] = []
    while left:
        variant, i = divmod(variant, len(left))
        shown.append(left.pop(i))
    return tuple(shown)


def _shuffled_pairs(params: Params, variant: int) -> list[tuple[int, int]]:
    order = _shuffled(tuple(range(len(params) // 2)), variant)
    return [(params[2 * i], params[2 * i + 1]) for i in order]


def _comma(numbers: Params) -> str:
    return ", ".join(map(str, numbers))


TYPES = (
    ProblemType("mean", _draw_mean, _write_mean),
    ProblemType("median", _draw_median, _write_median),
    ProblemType("expected", _draw_expected, _write_expected),
    ProblemType("probability", _draw_probability, _write_probability),
)
