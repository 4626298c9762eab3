"""Geometry: rectangles with a missing side, L-shapes, trapezoids, boxes."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType, boxed_draft
from reasoncore.procedural.math.arithmetic import addition, product, quotient, ratio, running_sum

_AREA_GIVEN, _PERIMETER_GIVEN = 0, 1


def _draw_missing_side(rng: Random, level: int) -> Params:
    """``(what is given, shorter side, longer side)``; which side is given is a matter of display."""
    given = rng.randint(_AREA_GIVEN, _PERIMETER_GIVEN)
    if level == 1:
        sides = rng.randint(1, 9), rng.randint(2, 9)
    elif level == 2:
        sides = rng.randint(2, 9), rng.randint(10, 29)
    elif level == 3:
        sides = rng.randint(3, 15), rng.randint(16, 79)
    else:
        sides = rng.randint(12, 59), rng.randint(16, 99)
    return given, min(sides), max(sides)


def _write_missing_side(params: Params, variant: int) -> Draft:
    given, a, b = params
    if variant % 2:
        a, b = b, a
    area, half = a * b, a + b
    if given == _AREA_GIVEN:
        return boxed_draft(
            prompts=(
                f"A rectangle has area {area} and one side {a}. What is its perimeter?",
                f"Find the perimeter of a rectangle with area {area} and one side {a}.",
            ),
            answer=Fraction(2 * half),
            steps=[ratio(area, a), f"{a} + {b} = {half}", f"2*{half} = {2 * half}"],
            check=[quotient(area, a), addition(a, b), product(2, half), f"Check: {product(a, b)}"],
        )
    return boxed_draft(
        prompts=(
            f"A rectangle has perimeter {2 * half} and one side {a}. What is its area?",
            f"Find the area of a rectangle with perimeter {2 * half} and one side {a}.",
        ),
        answer=Fraction(area),
        steps=[ratio(2 * half, 2), f"{half} - {a} = {b}", f"{a}*{b} = {area}"],
        check=[
            quotient(2 * half, 2),
            addition(half, -a),
            product(a, b),
            f"Check: 2*({a} + {b}) = 2*{half} = {2 * half}",
        ],
    )


def _draw_l_shape(rng: Random, level: int) -> Params:
    """``(long, short)`` of the rectangle and of the corner; the corner fits either way round."""
    low, high, corner = {1: (2, 9, 5), 2: (5, 18, 8), 3: (9, 34, 9), 4: (13, 59, 29)}[level]
    sides = sorted((rng.randint(low, high), rng.randint(low, high)), reverse=True)
    limit = min(corner, sides[1] - 1)
    cut = sorted((rng.randint(1, limit), rng.randint(1, limit)), reverse=True)
    return sides[0], sides[1], cut[0], cut[1]


def _write_l_shape(params: Params, variant: int) -> Draft:
    a, b, c, d = params
    if variant % 2:
        a, b = b, a
    if variant // 2 % 2:
        c, d = d, c
    whole, corner = a * b, c * d
    rest = whole - corner
    strips = (a * (b - d), (a - c) * d)
    return boxed_draft(
        prompts=(
            f"From a rectangle of {a} by {b} a corner of {c} by {d} is cut off. What area is left?",
            f"An L-shape is a rectangle of {a} by {b} without a corner of {c} by {d}. Find its area.",
            f"A sheet of {a} by {b} loses a corner of {c} by {d}. What is the area of the rest?",
        ),
        answer=Fraction(rest),
        steps=[f"{a}*{b} = {whole}", f"{c}*{d} = {corner}", f"{whole} - {corner} = {rest}"],
        check=[
            product(a, b),
            product(c, d),
            addition(whole, -corner),
            f"Check: {a}*{b - d} + {a - c}*{d} = {strips[0]} + {strips[1]} = {rest}",
        ],
    )


def _draw_trapezoid(rng: Random, level: int) -> Params:
    """``(shorter, longer parallel side, height)``."""
    ranges = {1: (1, 12, 2, 6), 2: (2, 30, 2, 9), 3: (5, 60, 3, 15), 4: (11, 49, 12, 39)}
    low, high, low_height, high_height = ranges[level]
    a, b = sorted(rng.sample(range(low, high + 1), 2))
    return a, b, rng.randint(low_height, high_height)


def _write_trapezoid(params: Params, variant: int) -> Draft:
    a, b, height = params
    if variant % 2:
        a, b = b, a
    both = a + b
    halves = Fraction(a * height, 2), Fraction(b * height, 2)
    return boxed_draft(
        prompts=(
            f"A trapezoid has parallel sides {a} and {b} and height {height}. What is its area?",
            f"Find the area of a trapezoid with parallel sides {a} and {b} and height {height}.",
        ),
        answer=Fraction(both * height, 2),
        steps=[f"{a} + {b} = {both}", f"{both}*{height} = {both * height}", f"area = {ratio(both * height, 2)}"],
        check=[
            addition(a, b),
            product(both, height),
            f"area = {quotient(both * height, 2)}",
            f"Check: {a}*{height}/2 + {b}*{height}/2 = {halves[0]} + {halves[1]} = {sum(halves)}",
        ],
    )


def _draw_box(rng: Random, level: int) -> Params:
    """Edge lengths of a box, ascending."""
    ranges = {
        1: ((1, 5), (1, 6), (2, 9)),
        2: ((2, 9), (2, 12), (3, 19)),
        3: ((3, 9), (5, 15), (11, 39)),
        4: ((3, 9), (12, 29), (12, 39)),
    }[level]
    edges = sorted(rng.randint(low, high) for low, high in ranges)
    return tuple(edges)


def _write_box(params: Params, variant: int) -> Draft:
    order = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))[variant % 6]
    a, b, c = (params[i] for i in order)
    ab, bc, ac = a * b, b * c, a * c
    half = ab + bc + ac
    return boxed_draft(
        prompts=(
            f"A box has edges {a}, {b} and {c}. What is its surface area?",
            f"Find the surface area of a box of {a} by {b} by {c}.",
            f"How much paper covers a closed box with edges {a}, {b} and {c} exactly?",
        ),
        answer=Fraction(2 * half),
        steps=[
            f"{a}*{b} = {ab}, {b}*{c} = {bc}, {a}*{c} = {ac}",
            f"{ab} + {bc} + {ac} = {half}",
            f"2*{half} = {2 * half}",
        ],
        check=[
            product(a, b),
            product(b, c),
            product(a, c),
            *running_sum([ab, bc, ac]),
            product(2, half),
            f"Check: 2*{ab} + {2 * (a + b)}*{c} = {2 * ab} + {2 * (a + b) * c} = {2 * half}",
        ],
    )


TYPES = (
    ProblemType("missing_side", _draw_missing_side, _write_missing_side),
    ProblemType("l_shape", _draw_l_shape, _write_l_shape),
    ProblemType("trapezoid", _draw_trapezoid, _write_trapezoid),
    ProblemType("box", _draw_box, _write_box),
)
