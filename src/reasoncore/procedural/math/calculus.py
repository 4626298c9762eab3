"""Calculus: derivatives, definite integrals, tangents, limits."""

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
    running_sum,
    signed_sum,
    times,
)
from reasoncore.procedural.math.polynomial import (
    derivative,
    fine_value,
    horner,
    poly,
    powers_line,
    short_value,
    value_at,
)


def _draw_derivative(rng: Random, level: int) -> Params:
    """``(k, coefficients...)``: the derivative at ``k``."""
    if level == 1:
        return rng.randint(1, 6), rng.randint(1, 5), rng.randint(1, 9), 0
    if level == 2:
        return nonzero(rng, -5, 9), rng.randint(2, 9), nonzero(rng, -9, 9), nonzero(rng, -9, 9)
    if level == 3:
        k = rng.choice((-1, 1)) * rng.randint(2, 5)
        return k, rng.randint(1, 4), nonzero(rng, -6, 6), nonzero(rng, -9, 9), 0
    k = rng.choice((-1, 1)) * rng.randint(3, 9)
    return k, rng.randint(2, 7), nonzero(rng, -9, 9), nonzero(rng, -15, 15), nonzero(rng, -9, 9)


def _write_derivative(params: Params, variant: int) -> Draft:
    k, coefficients = params[0], params[1:]
    slope = derivative(coefficients)
    text = poly(coefficients)
    rule = f"f'(x) = {poly(slope)}"
    degree = len(coefficients) - 1
    factors = [(degree - i, c) for i, c in enumerate(coefficients[:-2])]
    return boxed_draft(
        prompts=(
            f"Let f(x) = {text}. What is f'({k})?",
            f"Find the slope of f(x) = {text} at x = {k}.",
            f"What is the derivative of f(x) = {text} at x = {k}?",
        ),
        answer=Fraction(value_at(slope, k)),
        steps=[rule, *powers_line(slope, k), short_value("f'", slope, k)],
        check=[
            ", ".join(f"{power}*{paren(c)} = {power * c}" for power, c in factors),
            rule,
            *fine_value(slope, k),
            f"Check: {horner(slope, k)}",
        ],
    )


def _draw_integral(rng: Random, level: int) -> Params:
    """``(from, to, coefficients...)``; quadratic integrands have a whole primitive and a whole midpoint."""
    if level == 1:
        return 0, rng.randint(1, 6), rng.randint(1, 6), rng.randint(1, 9)
    if level == 2:
        start = rng.randint(0, 4)
        return start, start + rng.randint(1, 5), rng.randint(1, 9), nonzero(rng, -9, 9)
    if level == 3:
        start = rng.randint(-3, 5)
        return start, start + rng.randint(2, 7), nonzero(rng, -9, 9), nonzero(rng, -12, 12)
    start = rng.randint(-2, 2)
    return start, start + rng.choice((2, 4)), 3 * rng.randint(1, 3), 2 * nonzero(rng, -5, 5), nonzero(rng, -9, 9)


def _write_integral(params: Params, variant: int) -> Draft:
    start, end, coefficients = params[0], params[1], params[2:]
    degree = len(coefficients)
    primitive = [Fraction(c, degree - i) for i, c in enumerate(coefficients)]
    powers = range(degree, 0, -1)
    gaps = [end**n - start**n for n in powers]
    parts = [c * gap for c, gap in zip(primitive, gaps, strict=True)]
    total = sum(parts, Fraction(0))
    rule = f"F(x) = {poly([*primitive, 0])}"
    steps, check = [rule], [rule]
    for c, n, gap, part in zip(primitive, powers, gaps, parts, strict=True):
        over = f"/{c.denominator}" if c.denominator > 1 else ""
        exponent = f"^{n}" if n > 1 else ""
        ends = f"({end**n} - {paren(start**n)})" if start else f"{end}{exponent}"
        if start or over or abs(c) != 1 or n > 1:
            scaled = ends.strip("()") if c == 1 and start > 0 else _scaled_text(c.numerator, ends)
            steps.append(f"{scaled}{over} = {part}")
        if n > 1 or start:
            check.append(_gap_line(start, end, n))
        if abs(c.numerator) != 1 and gap:
            check.append(product(c.numerator, gap))
        if over and " = " in (halved := quotient(c.numerator * gap, c.denominator)):
            check.append(halved)
    steps.append(f"{signed_sum(parts)} = {total}")
    check += [*_sum_fraction_last(parts), f"Check: {_area_rule(coefficients, start, end)}"]
    text = poly(coefficients)
    return boxed_draft(
        prompts=(
            f"Find the integral of {text} from x = {start} to x = {end}.",
            f"What is the definite integral of {text} from {start} to {end}?",
            f"Integrate {text} from x = {start} to x = {end}.",
        ),
        answer=total,
        steps=steps,
        check=check,
    )


def _scaled_text(factor: int, text: str) -> str:
    return text if factor == 1 else f"-{text}" if factor == -1 else f"{factor}*{text}"


def _gap_line(start: int, end: int, power: int) -> str:
    """``4^2 - 1^2 = 16 - 1 = 15``."""
    exponent = f"^{power}" if power > 1 else ""
    if not start:
        return f"{end}{exponent} = {end**power}"
    head = f"{paren(end)}{exponent} - {paren(start)}{exponent}"
    middle = f"{signed_sum([end**power, -(start**power)])}"
    chain = [head] if head == middle else [head, middle]
    return " = ".join([*chain, str(end**power - start**power)])


def _sum_fraction_last(parts: list[Fraction]) -> list[str]:
    """Add the whole parts one at a time, then the one that may be a fraction."""
    whole = [int(part) for part in parts if part.denominator == 1 and part]
    broken = [part for part in parts if part.denominator > 1]
    lines = running_sum(whole) if whole else []
    for part in broken:
        if total := sum(whole):
            over = signed_sum([total * part.denominator, part.numerator])
            lines.append(f"{signed_sum([total, part])} = ({over})/{part.denominator} = {total + part}")
    return lines


def _area_rule(coefficients: Params, start: int, end: int) -> str:
    """The integral from values of the integrand: trapezoid rule (exact for lines), Simpson's rule (for quadratics)."""
    width = end - start
    first, last = value_at(coefficients, start), value_at(coefficients, end)
    if len(coefficients) == 2:
        return f"{width}*({signed_sum([first, last])})/2 = {ratio(width * (first + last), 2)}"
    middle = value_at(coefficients, (start + end) // 2)
    total = first + 4 * middle + last
    return f"{width}*({first} + 4*{paren(middle)}{plus(last)})/6 = {ratio(width * total, 6)}"


def _draw_tangent(rng: Random, level: int) -> Params:
    """``(k, a, b, c)``: the tangent of ``ax^2 + bx + c`` at ``k``."""
    if level == 1:
        return rng.randint(1, 5), rng.randint(1, 3), rng.randint(1, 5), rng.randint(1, 9)
    if level == 2:
        return rng.randint(2, 6), rng.randint(1, 5), nonzero(rng, -9, 9), nonzero(rng, -9, 9)
    if level == 3:
        return rng.choice((-1, 1)) * rng.randint(3, 6), rng.randint(2, 5), nonzero(rng, -9, 9), nonzero(rng, -20, 20)
    k = rng.choice((-6, -5, -4, 6, 7, 8, 9))
    return k, rng.randint(3, 7), nonzero(rng, -9, 9), nonzero(rng, -50, 50)


def _write_tangent(params: Params, variant: int) -> Draft:
    k, coefficients = params[0], params[1:]
    a, b, c = coefficients
    rise, height = 2 * a * k + b, value_at(coefficients, k)
    text = poly(coefficients)
    answer = c - a * k * k
    slope = derivative(coefficients)
    shift = [product(k, rise), addition(height, -k * rise)] if rise else []
    return boxed_draft(
        prompts=(
            f"Find the y-intercept of the tangent to y = {text} at x = {k}.",
            f"The tangent to y = {text} at x = {k} meets the y-axis at which y?",
            f"At which y does the tangent of y = {text} at x = {k} cross the y-axis?",
        ),
        answer=Fraction(answer),
        steps=[
            f"y' = {poly(slope)}",
            short_value("y'", slope, k),
            short_value("y", coefficients, k),
            f"{height} - {paren(k)}*{paren(rise)} = {answer}",
        ],
        check=[
            f"y' = {poly(slope)}",
            *fine_value(slope, k),
            *fine_value(coefficients, k),
            *shift,
            f"Check: {c} - {times(a, k * k)} = {answer}",
        ],
    )


def _draw_limit(rng: Random, level: int) -> Params:
    """``(k, a, m[, n])``: ``(x - k)(ax + m)`` over ``x - k``, or over ``(x - k)(x + n)``."""
    while True:
        if level == 1:
            params: Params = (rng.randint(1, 9), 1, nonzero(rng, -5, 9))
        elif level == 2:
            params = (nonzero(rng, -9, 9), rng.randint(1, 3), nonzero(rng, -12, 12))
        elif level == 3:
            params = (nonzero(rng, -9, 9), 1, nonzero(rng, -12, 12), nonzero(rng, -12, 12))
        else:
            params = (nonzero(rng, -9, 9), rng.randint(2, 5), nonzero(rng, -9, 9), nonzero(rng, -9, 9))
        k, a, m, *rest = params
        if all(k + n and a * k + m and (a * n != m) for n in rest):
            return params


def _write_limit(params: Params, variant: int) -> Draft:
    k, a, m, *rest = params
    top = (a, m - a * k, -m * k)
    limit_top = a * k + m
    factor = f"({poly((1, -k))})"
    top_factor, top_value = poly((a, m)), f"{times(a, k)}{plus(m)}"
    split = f"{poly(top)} = {factor}({top_factor})"
    probes = [f"{product(-k, m)}, {signed_sum([m, -a * k])} = {m - a * k}", split]
    if rest:
        n = rest[0]
        bottom, limit_bottom = (1, n - k, -n * k), k + n
        question = f"({poly(top)})/({poly(bottom)})"
        bottom_value = f"{k}{plus(n)}"
        bottom_split = f"{poly(bottom)} = {factor}({poly((1, n))})"
        value = Fraction(limit_top, limit_bottom)
        steps = [split, bottom_split, f"limit = ({top_value})/({bottom_value}) = {value}"]
        sign = -1 if limit_bottom < 0 else 1
        turned = f"{limit_top}/({limit_bottom}) = " if sign < 0 else ""
        check = [
            *probes,
            f"{product(-k, n)}, {signed_sum([n, -k])} = {n - k}",
            bottom_split,
            f"{top_value} = {limit_top}, {bottom_value} = {limit_bottom}",
            f"limit = {turned}{quotient(sign * limit_top, sign * limit_bottom)}",
            f"Check: ({_slope(top, k)})/({_slope(bottom, k)}) = {value}",
        ]
    else:
        question = f"({poly(top)})/({poly((1, -k))})"
        value = Fraction(limit_top)
        steps = [split, f"limit = {top_value} = {limit_top}"]
        check = [*probes, f"limit = {top_value} = {limit_top}", f"Check: {_slope(top, k)} = {limit_top}"]
    return boxed_draft(
        prompts=(
            f"Find the limit of {question} as x goes to {k}.",
            f"What is the limit of {question} as x approaches {k}?",
        ),
        answer=value,
        steps=steps,
        check=check,
    )


def _slope(coefficients: tuple[int, int, int], x: int) -> str:
    """Derivative of a quadratic at ``x``, unevaluated: ``2*3 + 5``."""
    a, b, _ = coefficients
    return f"{times(2 * a, x)}{plus(b)}"


TYPES = (
    ProblemType("derivative", _draw_derivative, _write_derivative),
    ProblemType("integral", _draw_integral, _write_integral),
    ProblemType("tangent", _draw_tangent, _write_tangent),
    ProblemType("limit", _draw_limit, _write_limit),
)
