"""Algebra: linear equations, polynomials, systems of two equations."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType, boxed_draft
from reasoncore.procedural.math.arithmetic import (
    addition,
    nonzero,
    paren,
    plus,
    product,
    quotient,
    ratio,
    signed_sum,
    times,
)
from reasoncore.procedural.math.polynomial import fine_value, horner, poly, powers_line, short_value, value_at


def _draw_linear(rng: Random, level: int) -> Params:
    """``(a, b, c)`` of ``ax + b = c``; from level 3 on half of the answers are fractions."""
    if level == 1:
        a, b = rng.randint(2, 9), rng.randint(1, 9)
        ax = a * rng.randint(1, 9)
    elif level == 2:
        a, b = rng.randint(2, 9), nonzero(rng, -20, 20)
        ax = a * nonzero(rng, -9, 12)
    elif level == 3:
        a, b = rng.randint(3, 12), nonzero(rng, -50, 50)
        ax = a * nonzero(rng, -19, 29) if rng.random() < 0.5 else nonzero(rng, -60, 99)
    else:
        a, b = rng.randint(12, 29), nonzero(rng, -199, 199)
        ax = a * nonzero(rng, -29, 49) if rng.random() < 0.5 else nonzero(rng, -199, 399)
    return a, b, ax + b


def _write_linear(params: Params, variant: int) -> Draft:
    a, b, c = params
    x = Fraction(c - b, a)
    equation = f"{poly((a, b))} = {c}"
    moved = f"{signed_sum([c, -b])} = {c - b}"
    return boxed_draft(
        prompts=(
            f"Solve for x: {equation}.",
            f"Find the number x that satisfies {equation}.",
            f"What is the value of x if {equation}?",
        ),
        answer=x,
        steps=[f"{a}x = {moved}", f"x = {ratio(c - b, a)}"],
        check=[
            f"{a}x = {addition(c, -b)}",
            f"x = {quotient(c - b, a)}",
            f"Check: {times(a, x)}{plus(b)} = {signed_sum([c - b, b])} = {c}",
        ],
    )


def _draw_both_sides(rng: Random, level: int) -> Params:
    """``(a, b, c, d)`` of ``ax + b = cx + d`` with ``a > c + 1``."""
    if level == 1:
        c, more, x, b = rng.randint(1, 4), rng.randint(2, 5), rng.randint(1, 6), rng.randint(1, 9)
    elif level == 2:
        c, more, x, b = rng.randint(1, 6), rng.randint(2, 9), nonzero(rng, -5, 9), nonzero(rng, -9, 20)
    elif level == 3:
        c, more, x, b = nonzero(rng, -9, 9), rng.randint(2, 12), nonzero(rng, -12, 19), nonzero(rng, -50, 50)
    else:
        c, more, x, b = nonzero(rng, -19, 19), rng.randint(6, 19), nonzero(rng, -29, 49), nonzero(rng, -99, 99)
    a = c + more if c + more else c + more + 1
    if (a - c) * x + b == 0:
        x = -x
    return a, b, c, (a - c) * x + b


def _write_both_sides(params: Params, variant: int) -> Draft:
    a, b, c, d = params
    x = Fraction(d - b, a - c)
    left, right = poly((a, b)), poly((c, d))
    equation = f"{left} = {right}" if variant % 2 else f"{right} = {left}"
    value = a * x + b
    return boxed_draft(
        prompts=(
            f"Solve for x: {equation}.",
            f"Find the number x that satisfies {equation}.",
            f"What is the value of x if {equation}?",
        ),
        answer=x,
        steps=[f"{a - c}x = {signed_sum([d, -b])} = {d - b}", f"x = {ratio(d - b, a - c)}"],
        check=[
            f"{poly((a, 0))} {'-' if c > 0 else '+'} {poly((abs(c), 0))} = {a - c}x",
            f"{a - c}x = {addition(d, -b) if b else d}",
            f"x = {quotient(d - b, a - c)}",
            f"Check: {times(a, x)}{plus(b)} = {value}, {times(c, x)}{plus(d)} = {value}",
        ],
    )


def _draw_polynomial(rng: Random, level: int) -> Params:
    """``(k, coefficients...)``: the value of the polynomial at ``k``."""
    if level == 1:
        return rng.randint(2, 9), rng.randint(2, 9), rng.randint(1, 9)
    if level == 2:
        return rng.randint(2, 6), rng.randint(1, 4), nonzero(rng, -9, 9), nonzero(rng, -9, 9)
    if level == 3:
        k = rng.choice((-1, 1)) * rng.randint(3, 12)
        return k, rng.randint(2, 9), nonzero(rng, -12, 12), nonzero(rng, -20, 20)
    k = rng.choice((-3, 3, 4, 5, 6, 7))
    return k, rng.randint(1, 3), nonzero(rng, -9, 9), nonzero(rng, -9, 9), nonzero(rng, -9, 9)


def _write_polynomial(params: Params, variant: int) -> Draft:
    k, coefficients = params[0], params[1:]
    text = poly(coefficients)
    return boxed_draft(
        prompts=(
            f"Let f(x) = {text}. What is f({k})?",
            f"Evaluate f(x) = {text} at x = {k}.",
            f"If f(x) = {text}, find the value of f({k}).",
        ),
        answer=Fraction(value_at(coefficients, k)),
        steps=[*powers_line(coefficients, k), short_value("f", coefficients, k)],
        check=[*fine_value(coefficients, k), f"Check: {horner(coefficients, k)}"],
    )


def _draw_system(rng: Random, level: int) -> Params:
    """``(s, a, b, t)`` of ``x + y = s, ax + by = t`` with ``a > b``; level 1 is a sum and a difference."""
    if level == 1:
        a, b, x, y = 1, -1, rng.randint(1, 15), rng.randint(1, 15)
    elif level == 2:
        b, x, y = rng.randint(1, 4), rng.randint(1, 9), rng.randint(1, 9)
        a = b + rng.randint(2, 4)
    elif level == 3:
        b, x, y = nonzero(rng, -5, 6), nonzero(rng, -9, 15), nonzero(rng, -9, 15)
        a = max(b + 2, rng.randint(2, 9))
    else:
        b, x, y = nonzero(rng, -9, 9), rng.randint(11, 49), rng.randint(11, 49)
        a = max(b + 3, rng.randint(6, 15))
    return x + y, a, b, a * x + b * y


def _write_system(params: Params, variant: int) -> Draft:
    s, a, b, t = params
    x = (t - b * s) // (a - b)
    second = poly((a, 0)) + f" {'-' if b < 0 else '+'} " + poly((abs(b), 0)).replace("x", "y")
    scale = abs(b)
    scaled = f"{scale}x + {scale}y"
    difference = f"{a - b}x = {signed_sum([t, -b * s])} = {t - b * s}"
    y = s - x
    factor_y = f"{scale}*{paren(y)}" if scale > 1 else paren(y)
    substituted, summed = f"{times(a, x)} {'-' if b < 0 else '+'} {factor_y}", signed_sum([a * x, b * y])
    fine_difference = f"{a - b}x = {addition(t, -b * s) if s else t}"
    return boxed_draft(
        prompts=(
            f"Given x + y = {s} and {second} = {t}, find x.",
            f"Two numbers satisfy x + y = {s} and {second} = {t}. What is x?",
            f"Solve x + y = {s}, {second} = {t} for x.",
        ),
        answer=Fraction(x),
        steps=[*([f"{scaled} = {scale * s}"] if scale > 1 else []), difference, f"x = {ratio(t - b * s, a - b)}"],
        check=[
            *([f"{scaled} = {product(scale, s) if s else 0}"] if scale > 1 else []),
            fine_difference,
            f"x = {quotient(t - b * s, a - b)}",
            f"y = {signed_sum([s, -x])} = {y}",
            f"Check: {substituted}{'' if substituted == summed else f' = {summed}'} = {t}",
        ],
    )


TYPES = (
    ProblemType("linear", _draw_linear, _write_linear),
    ProblemType("both_sides", _draw_both_sides, _write_both_sides),
    ProblemType("polynomial", _draw_polynomial, _write_polynomial),
    ProblemType("system", _draw_system, _write_system),
)
