r"""Exact arithmetic on the trees of answers: rational functions with square roots, in a form that is unique.

A value is a quotient of two polynomials. A polynomial maps (d, monomial) to a rational coefficient: the square root
of the squarefree integer d (d = -1 is i) times powers of symbols, pi and e among them. The roots of distinct squarefree
integers are linearly independent over the rationals, so two polynomials are equal when these maps are, and a/b = c/d
when ad = bc. Nothing is approximated. What is no rational function (``\sin x``, ``2^x``, a cube root) becomes a symbol
of its own, named by its exact argument; then equal forms still mean equal values, but different forms mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, factorial

from reasoncore.verify.math.polynomial import (
    MAX_BITS,
    ONE,
    Polynomial,
    TooLargeError,
    bounded,
    perfect_root,
    plus,
    spelt,
    squarefree,
    times,
)
from reasoncore.verify.math.tree import Node

MAX_EXPONENT = 1 << 16
_MAX_POLYNOMIAL_EXPONENT = 32
_MAX_FACTORIAL = 2500


class UndefinedError(Exception):
    """A division by zero."""


class InexactError(Exception):
    """A tree without a value of this kind: infinity, dots, a list."""


@dataclass(frozen=True, slots=True)
class Exact:
    """An exact value.

    Attributes:
        top: Numerator.
        bottom: Denominator, never zero.
        opaque: Whether a symbol stands for something that may be equal to something else.
    """

    top: Polynomial
    bottom: Polynomial
    opaque: bool

    def rational(self) -> Fraction | None:
        """The value, if it is a rational number."""
        if len(self.top) > 1 or self.bottom != ONE:
            return None
        return self.top.get((1, ()), Fraction(0)) if not self.top or (1, ()) in self.top else None


def same_exact(one: Exact, other: Exact) -> bool | None:
    """Whether the forms are equal: then the values are. Different forms differ in value unless one is opaque.

    None where the comparison does not fit the limits.
    """
    if one.bottom == other.bottom:
        return one.top == other.top
    try:
        return times(one.top, other.bottom) == times(other.top, one.bottom)
    except TooLargeError:
        return None


def difference(one: Exact, other: Exact) -> Polynomial | None:
    """Numerator of ``one - other``; None where it does not fit the limits."""
    try:
        return _add(one, _scale(other, -1)).top
    except TooLargeError:
        return None


def exact_value(node: Node) -> Exact | None:
    """The exact value of a tree; None where there is none, or none within the limits."""
    try:
        return evaluate(node)
    except (TooLargeError, UndefinedError, InexactError):
        return None


def is_too_large(node: Node) -> bool:
    """Whether the tree is of the right kind and only its numbers or terms are beyond the limits."""
    try:
        evaluate(node)
    except TooLargeError:
        return True
    except (UndefinedError, InexactError):
        return False
    return False


def has_value(node: Node) -> bool:
    """Whether the tree could have a value, whatever its size."""
    return all(part.op not in ("infinity", "dots", "list", "bracket") for part in node.walk())


def evaluate(node: Node) -> Exact:
    """The exact value of a tree.

    Raises:
        TooLargeError: It does not fit the limits.
        UndefinedError: It divides by zero.
        InexactError: It has none.
    """
    op, parts = node.op, node.parts
    if op == "number":
        return _rational(node.value)
    if op == "symbol":
        if node.name == "i":
            return Exact({(-1, ()): Fraction(1)}, ONE, opaque=False)
        return _symbol(node.name, opaque=False)
    if op == "negative":
        return _scale(evaluate(parts[0]), -1)
    if op == "percent":
        return _scale(evaluate(parts[0]), Fraction(1, 100))
    if op == "degrees":
        return _multiply(_scale(evaluate(parts[0]), Fraction(1, 180)), _symbol("pi", opaque=False))
    if op == "+":
        total = evaluate(parts[0])
        for part in parts[1:]:
            total = _add(total, evaluate(part))
        return total
    if op == "*":
        product = evaluate(parts[0])
        for part in parts[1:]:
            product = _multiply(product, evaluate(part))
        return product
    if op == "inverse":
        return _invert(evaluate(parts[0]))
    if op == "ratio" and len(parts) == 2:
        return _multiply(evaluate(parts[0]), _invert(evaluate(parts[1])))
    if op == "^":
        return _power(evaluate(parts[0]), evaluate(parts[1]))
    if op == "root":
        return _root(evaluate(parts[0]), evaluate(parts[1]))
    if op == "call":
        return _call(node.name, [evaluate(part) for part in parts])
    raise InexactError(op)


def _rational(value: Fraction) -> Exact:
    return Exact({(1, ()): bounded(value)} if value else {}, ONE, opaque=False)


def _symbol(name: str, *, opaque: bool) -> Exact:
    return Exact({(1, ((name, 1),)): Fraction(1)}, ONE, opaque)


def _opaque(name: str, parts: list[Exact]) -> Exact:
    keys = ",".join(f"{spelt(part.top)}/{spelt(part.bottom)}" for part in parts)
    if len(keys) > MAX_BITS:
        raise TooLargeError
    return _symbol(f"{name}({keys})", opaque=True)


def _scale(value: Exact, factor: Fraction | int) -> Exact:
    return Exact({key: bounded(number * factor) for key, number in value.top.items()}, value.bottom, value.opaque)


def _add(one: Exact, other: Exact) -> Exact:
    opaque = one.opaque or other.opaque
    if one.bottom == other.bottom:
        return Exact(plus(one.top, other.top), one.bottom, opaque)
    top = plus(times(one.top, other.bottom), times(other.top, one.bottom))
    return Exact(top, times(one.bottom, other.bottom), opaque)


def _multiply(one: Exact, other: Exact) -> Exact:
    return Exact(times(one.top, other.top), times(one.bottom, other.bottom), one.opaque or other.opaque)


def _invert(value: Exact) -> Exact:
    if not value.top:
        raise UndefinedError
    if len(value.top) > 1:
        return Exact(value.bottom, value.top, value.opaque)
    [((root, monomial), number)] = value.top.items()
    # 1 / (c sqrt(d) m) = sqrt(d) / (c d m): a rational coefficient 1 below the line keeps forms comparable.
    above = times(value.bottom, {(root, ()): 1 / (number * root)})
    return Exact(above, {(1, monomial): Fraction(1)} if monomial else ONE, value.opaque)


def _power(base: Exact, exponent: Exact) -> Exact:
    power = exponent.rational()
    if power is None:
        return _opaque("power", [base, exponent])
    if power < 0:
        return _power(_invert(base), _rational(-power))
    if power.denominator != 1:
        return _root_power(base, power)
    if power.numerator > MAX_EXPONENT:
        if base.rational() in (0, 1):
            return base
        raise TooLargeError
    return _integer_power(base, power.numerator)


def _integer_power(base: Exact, exponent: int) -> Exact:
    terms = max(len(base.top), len(base.bottom))
    bits = max((max(n.numerator.bit_length(), n.denominator.bit_length()) for n in base.top.values()), default=0)
    if (terms > 1 and exponent > _MAX_POLYNOMIAL_EXPONENT) or bits * exponent > 2 * MAX_BITS:
        raise TooLargeError
    result = Exact(ONE, ONE, base.opaque)
    square = base
    while exponent:
        if exponent & 1:
            result = _multiply(result, square)
        exponent >>= 1
        if exponent:
            square = _multiply(square, square)
    return result


def _root(base: Exact, index: Exact) -> Exact:
    """What stands under a radical sign: the real root, where there is one."""
    value, number = base.rational(), index.rational()
    if value is not None and value < 0 and number is not None and number.denominator == 1 and number % 2:
        return _scale(_power(_scale(base, -1), _invert(index)), -1)
    return _power(base, _invert(index))


def _root_power(base: Exact, power: Fraction) -> Exact:
    """``base`` to a power that is a fraction: exact for square roots of rationals and for perfect powers."""
    value = base.rational()
    if value is None:
        return _opaque("power", [base, _rational(power)])
    if value == 0:
        return base
    if power.denominator == 2:
        inside = value.numerator * value.denominator
        factor, root = squarefree(abs(inside))
        if root == 0:
            return _opaque("power", [base, _rational(power)])
        root = root if inside > 0 else -root
        half = Exact({(root, ()): Fraction(factor, value.denominator)}, ONE, opaque=False)
        return _integer_power(half, power.numerator)
    if value > 0:
        top, bottom = (perfect_root(part, power.denominator) for part in (value.numerator, value.denominator))
        if top and bottom:
            return _integer_power(_rational(Fraction(top, bottom)), power.numerator)
    return _opaque("power", [base, _rational(power)])


def _call(name: str, parts: list[Exact]) -> Exact:
    values = [part.rational() for part in parts]
    first = values[0]
    if name == "factorial" and first is not None and first.denominator == 1 and first >= 0:
        if first > _MAX_FACTORIAL:
            raise TooLargeError
        return _rational(Fraction(factorial(first.numerator)))
    if name == "abs" and first is not None:
        return _rational(abs(first))
    if name in ("floor", "ceil") and first is not None:
        return _rational(Fraction(first.__floor__() if name == "floor" else first.__ceil__()))
    if name == "binomial" and first is not None and values[1] is not None:
        above, below = first, values[1]
        if above.denominator == below.denominator == 1 and 0 <= below <= above:
            if above > _MAX_FACTORIAL:
                raise TooLargeError
            return _rational(Fraction(comb(above.numerator, below.numerator)))
    return _opaque(name, parts)
