"""Polynomials with rational coefficients in symbols and in the square roots of squarefree integers; bounded."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, isqrt

from reasoncore.verify.math.budget import TooLargeError, spend

MAX_BITS = 1 << 15
MAX_TERMS = 300
_SMALL_FACTORS = 1000
_MAX_ROOT_BITS = 512

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[tuple[int, Monomial], Fraction]
"""From (d, monomial) to the coefficient of the monomial times the square root of d."""

ONE: Polynomial = {(1, ()): Fraction(1)}


def bounded(value: Fraction) -> Fraction:
    """``value``, if it is small enough; and the work it was to make it.

    Raises:
        TooLargeError: It is not, or the work is used up.
    """
    above, below = value.numerator.bit_length(), value.denominator.bit_length()
    if above > MAX_BITS or below > MAX_BITS:
        raise TooLargeError
    spend(2 + (above * below >> 14) + (above + below >> 8))
    return value


def plus(one: Polynomial, other: Polynomial) -> Polynomial:
    """The sum."""
    total = dict(one)
    for key, number in other.items():
        number = bounded(total.get(key, Fraction(0)) + number)
        if number:
            total[key] = number
        else:
            total.pop(key, None)
    if len(total) > MAX_TERMS:
        raise TooLargeError
    return total


def times(one: Polynomial, other: Polynomial) -> Polynomial:
    """The product."""
    if one == ONE:
        return other
    if other == ONE:
        return one
    if len(one) * len(other) > MAX_TERMS * 4:
        raise TooLargeError
    product: Polynomial = {}
    for (root, monomial), number in one.items():
        for (other_root, other_monomial), other_number in other.items():
            factor, new_root = multiply_roots(root, other_root)
            powers = dict(monomial)
            for name, exponent in other_monomial:
                powers[name] = powers.get(name, 0) + exponent
                if powers[name] > 2 * MAX_BITS:
                    raise TooLargeError
            key = (new_root, tuple(sorted(powers.items())))
            total = bounded(product.get(key, Fraction(0)) + number * other_number * factor)
            if total:
                product[key] = total
            else:
                product.pop(key, None)
    if len(product) > MAX_TERMS:
        raise TooLargeError
    return product


def multiply_roots(one: int, other: int) -> tuple[int, int]:
    """``(factor, d)`` with the product of the square roots of two squarefree integers = factor times root of d."""
    if one == 1 or other == 1:
        return 1, one * other
    common = gcd(one, other)
    rest = (abs(one) // common) * (abs(other) // common)
    if one < 0 and other < 0:
        return -common, rest
    return common, -rest if one < 0 or other < 0 else rest


def squarefree(value: int) -> tuple[int, int]:
    """``(f, d)`` with value = f*f*d and d squarefree; d = 0 where that takes too long to find out."""
    if value.bit_length() > 256:
        return 1, 0
    spend(_SMALL_FACTORS >> 3)
    factor, rest, root = 1, value, 1
    for prime in range(2, _SMALL_FACTORS):
        if prime * prime > rest:
            break
        while rest % (prime * prime) == 0:
            rest //= prime * prime
            factor *= prime
        if rest % prime == 0:
            rest //= prime
            root *= prime
    whole = isqrt(rest)
    if whole * whole == rest:
        return factor * whole, root
    # No factor below the limit is left: under its cube there are at most two, and they are not equal.
    return (factor, root * rest) if rest < _SMALL_FACTORS**3 else (1, 0)


def perfect_root(value: int, index: int) -> int | None:
    """The whole number whose power ``index`` is ``value``, if there is one and it is small (Newton's method)."""
    if index > 64 or value.bit_length() > _MAX_ROOT_BITS:
        return None
    root = 1 << -(-value.bit_length() // index)
    while True:
        spend(2)
        smaller = ((index - 1) * root + value // root ** (index - 1)) // index
        if smaller >= root:
            return root if root**index == value else None
        root = smaller


def spelt(polynomial: Polynomial) -> str:
    """The polynomial spelt out; in hexadecimal, which takes linear time and knows no limit of digits."""
    terms = sorted(polynomial.items())
    return "+".join(f"{n.numerator:x}/{n.denominator:x} {root} {monomial}" for (root, monomial), n in terms)
