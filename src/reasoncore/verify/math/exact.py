r"""Exact arithmetic on the trees of answers: rational functions with square roots, in a form that is unique.

A value is a quotient of two polynomials. A polynomial maps (d, monomial) to a rational coefficient: the square root
of the squarefree integer d (d = -1 is i) times powers of symbols, pi and e among them. The roots of distinct squarefree
integers are linearly independent over the rationals, so two polynomials are equal when these maps are, and a/b = c/d
when ad = bc. Nothing is approximated. What is no rational function (``\sin x``, ``2^x``, a cube root) becomes a symbol
of its own, named by its exact argument; then equal forms still mean equal values, but different forms mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import comb, factorial, gcd, lcm

from reasoncore.verify.math.budget import TooLargeError, current_work, spend
from reasoncore.verify.math.polynomial import (
    MAX_BITS,
    ONE,
    Polynomial,
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
_OF_INTEGERS: dict[str, Callable[..., int]] = {"gcd": gcd, "lcm": lcm}
_OPAQUE = "("  # no name an answer can write begins like this


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
    """

    top: Polynomial
    bottom: Polynomial

    @property
    def opaque(self) -> bool:
        """Whether a symbol stands for something that may be equal to something else."""
        keys = (*self.top, *self.bottom)
        return any(name[0] == _OPAQUE for _, monomial in keys for name, _ in monomial)

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
    value = _known(node)
    return value if isinstance(value, Exact) else None


def is_too_large(node: Node) -> bool:
    """Whether the tree is of the right kind and only its numbers or terms are beyond the limits."""
    return _known(node) is TooLargeError


def _known(node: Node) -> Exact | type[Exception]:
    """The value of a tree or why it has none, worked out once in a comparison."""
    known = current_work().known
    if node not in known:
        try:
            known[node] = evaluate(node)
        except (TooLargeError, UndefinedError, InexactError) as error:
            known[node] = type(error)
    value: Exact | type[Exception] = known[node]
    return value


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
            return Exact({(-1, ()): Fraction(1)}, ONE)
        return _symbol(node.name)
    if op == "negative":
        return _scale(evaluate(parts[0]), -1)
    if op == "percent":
        return _scale(evaluate(parts[0]), Fraction(1, 100))
    if op == "degrees":
        return _multiply(_scale(evaluate(parts[0]), Fraction(1, 180)), _symbol("pi"))
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
    return Exact({(1, ()): bounded(value)} if value else {}, ONE)


def _symbol(name: str) -> Exact:
    return Exact({(1, ((name, 1),)): Fraction(1)}, ONE)


def _opaque(name: str, parts: list[Exact]) -> Exact:
    keys = ",".join(f"{spelt(part.top)}/{spelt(part.bottom)}" for part in parts)
    if len(keys) > MAX_BITS:
        raise TooLargeError
    return _symbol(f"{_OPAQUE}{name} {keys})")


def _scale(value: Exact, factor: Fraction | int) -> Exact:
    return Exact({key: bounded(number * factor) for key, number in value.top.items()}, value.bottom)


def _add(one: Exact, other: Exact) -> Exact:
    if one.bottom == other.bottom:
        return Exact(plus(one.top, other.top), one.bottom)
    top = plus(times(one.top, other.bottom), times(other.top, one.bottom))
    return Exact(top, times(one.bottom, other.bottom))


def _multiply(one: Exact, other: Exact) -> Exact:
    return Exact(times(one.top, other.top), times(one.bottom, other.bottom))


def _invert(value: Exact) -> Exact:
    if not value.top:
        raise UndefinedError
    if len(value.top) > 1:
        return Exact(value.bottom, value.top)
    [((root, monomial), number)] = value.top.items()
    # 1 / (c sqrt(d) m) = sqrt(d) / (c d m): a rational coefficient 1 below the line keeps forms comparable.
    above = times(value.bottom, {(root, ()): 1 / (number * root)})
    return Exact(above, {(1, monomial): Fraction(1)} if monomial else ONE)


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
    result = Exact(ONE, ONE)
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
        half = Exact({(root, ()): Fraction(factor, value.denominator)}, ONE)
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
    whole = [value.numerator for value in values if value is not None and value.denominator == 1]
    if name in _OF_INTEGERS and len(whole) == len(parts):
        return _rational(Fraction(_OF_INTEGERS[name](*whole)))
    if name in ("max", "min") and None not in values:
        return _rational((max if name == "max" else min)(value for value in values if value is not None))
    if name == "log" and len(whole) == len(parts) == 2:
        exponent = _logarithm(*whole)
        if exponent is not None:
            return _rational(Fraction(exponent))
    if name == "binomial" and first is not None and values[1] is not None:
        above, below = first, values[1]
        if above.denominator == below.denominator == 1 and 0 <= below <= above:
            if above > _MAX_FACTORIAL:
                raise TooLargeError
            return _rational(Fraction(comb(above.numerator, below.numerator)))
    return _opaque(name, parts)


def _logarithm(power: int, base: int) -> int | None:
    """The whole number that ``base`` must be raised to, if there is one."""
    exponent, reached = 0, 1
    while base > 1 and reached < power:
        spend(1)
        exponent, reached = exponent + 1, reached * base
    return exponent if reached == power and base > 1 else None
