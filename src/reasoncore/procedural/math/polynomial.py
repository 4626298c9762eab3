"""Polynomials with integer or fractional coefficients, highest power first: how they are written and evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reasoncore.procedural.math.arithmetic import Number, paren, plus, product, running_sum, signed_sum


def poly(coefficients: Sequence[Number]) -> str:
    """``(3, -5, 1)`` as ``"3x^2 - 5x + 1"``; a fractional coefficient as in ``3x^2/2``."""
    degree = len(coefficients) - 1
    text = ""
    for i, coefficient in enumerate(map(Fraction, coefficients)):
        if coefficient:
            term = _monomial(abs(coefficient), degree - i)
            text += (" - " if coefficient < 0 else " + ") + term if text else ("-" if coefficient < 0 else "") + term
    return text or "0"


def derivative(coefficients: Sequence[int]) -> tuple[int, ...]:
    """Coefficients of the derivative."""
    degree = len(coefficients) - 1
    return tuple(c * (degree - i) for i, c in enumerate(coefficients[:-1]))


def value_at(coefficients: Sequence[int], x: int) -> int:
    """The value at an integer."""
    value = 0
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


def powers_line(coefficients: Sequence[int], x: int) -> list[str]:
    """The powers of ``x`` needed, on one line, worked out in the head: ``4^2 = 16, 4^3 = 64``."""
    degree = len(coefficients) - 1
    return [", ".join(f"{paren(x)}^{n} = {x**n}" for n in range(2, degree + 1))] if degree >= 2 else []


def short_value(name: str, coefficients: Sequence[int], x: int) -> str:
    """The value in one line: ``f(3) = 18 - 15 + 1 = 4``."""
    terms = term_values(coefficients, x)
    chain = [f"{name}({x})", signed_sum(terms)] + ([str(sum(terms))] if len(terms) > 1 else [])
    return " = ".join(chain)


def fine_value(coefficients: Sequence[int], x: int) -> list[str]:
    """The value with one line for each power, product and addition."""
    degree = len(coefficients) - 1
    lines = [f"{paren(x)}^2 = {x * x}"] if degree >= 2 else []
    if degree >= 3:
        lines.append(f"{paren(x)}^3 = {product(x * x, x)}")
    for i, coefficient in enumerate(coefficients[:-1]):
        if abs(coefficient) > 1:
            lines.append(product(coefficient, x ** (degree - i)))
    return lines + running_sum(term_values(coefficients, x))


def horner(coefficients: Sequence[int], x: int) -> str:
    """The value by Horner's rule: ``2*3 - 5 = 1, 1*3 + 1 = 4``."""
    links: list[str] = []
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        raised = value * x + coefficient
        links.append(f"{value}*{paren(x)}{plus(coefficient)} = {raised}")
        value = raised
    return ", ".join(links)


def term_values(coefficients: Sequence[int], x: int) -> list[int]:
    """Values of the terms that are not absent."""
    degree = len(coefficients) - 1
    return [c * x ** (degree - i) for i, c in enumerate(coefficients) if c]


def _monomial(coefficient: Fraction, power: int) -> str:
    if not power:
        return str(coefficient)
    head = "" if coefficient.numerator == 1 else str(coefficient.numerator)
    tail = "" if coefficient.denominator == 1 else f"/{coefficient.denominator}"
    return head + ("x" if power == 1 else f"x^{power}") + tail
