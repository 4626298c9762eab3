"""Worked arithmetic as true equality chains in plain ASCII, such as ``23*7 = 140 + 21 = 161``.

``product``, ``addition``, ``quotient`` and ``running_sum`` break the work into one-digit pieces for the fine-grained
solutions; ``signed_sum`` and ``ratio`` write it in one go for the short ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd
from random import Random

Number = int | Fraction


def paren(value: Number) -> str:
    """The number, in parentheses if it is negative."""
    return f"({value})" if value < 0 else str(value)


def times(factor: int, value: Number) -> str:
    """``3*8`` unevaluated; a factor of 1 or -1 is left out."""
    if abs(factor) == 1:
        return f"-{paren(value)}" if factor < 0 else str(value)
    return f"{factor}*{paren(value)}"


def plus(constant: int) -> str:
    """``" + 5"``, ``" - 5"``, or nothing for 0: what follows the other terms of a sum."""
    return f" {'-' if constant < 0 else '+'} {abs(constant)}" if constant else ""


def signed_sum(terms: Sequence[Number]) -> str:
    """``[18, -15, 1]`` as ``"18 - 15 + 1"``."""
    text = str(terms[0])
    for term in terms[1:]:
        text += f" - {-term}" if term < 0 else f" + {term}"
    return text


def place_parts(value: int) -> list[int]:
    """A positive number by places: ``305`` is ``[300, 5]``."""
    digits = str(value)
    return [int(digit) * 10 ** (len(digits) - 1 - i) for i, digit in enumerate(digits) if digit != "0"]


def product(a: int, b: int) -> str:
    """``a*b`` by partial products: ``23*47 = 800 + 120 + 140 + 21 = 920 + 161 = 1081``."""
    chain = [f"{a}*{paren(b)}"]
    rows = [[p * q for p in place_parts(abs(a))] for q in place_parts(abs(b))]
    partials = [value for row in rows for value in row]
    negative = a * b < 0
    if len(partials) > 1:
        chain.append(_joined(partials, negative))
    if len(rows) > 1 and len(rows[0]) > 1:
        chain.append(_joined([sum(row) for row in rows], negative))
    return " = ".join([*chain, str(a * b)])


def addition(a: int, b: int) -> str:
    """``a + b`` with the first place of ``b`` apart: ``54 + 38 = 84 + 8 = 92``; signs are settled first."""
    total = a + b
    chain = [signed_sum([a, b])]
    if a < 0 or total < 0:
        if a * b < 0 and max(abs(a), abs(b)) >= 10:
            chain.append(_sign_settled(a, b))
    elif a >= 10:
        sign = 1 if b > 0 else -1
        first, *rest = place_parts(abs(b))
        if rest:
            chain.append(signed_sum([a + sign * first, sign * sum(rest)]))
    return " = ".join([*chain, str(total)])


def running_sum(terms: list[int]) -> list[str]:
    """One line for each addition of a sum of several terms."""
    lines: list[str] = []
    total = terms[0]
    for term in terms[1:]:
        lines.append(addition(total, term))
        total += term
    return lines


def ratio(numerator: int, denominator: int) -> str:
    """``18/24 = 3/4`` in one go, or just ``7/3`` where there is nothing to reduce."""
    value = str(Fraction(numerator, denominator))
    text = f"{numerator}/{denominator}"
    return text if value == text else f"{text} = {value}"


def quotient(numerator: int, denominator: int) -> str:
    """A division worked out; the denominator is positive.

    Exact ones by partial quotients, ``161/7 = (140 + 21)/7 = 20 + 3 = 23``; others reduced by one prime at a time,
    ``18/24 = 9/12 = 3/4``.
    """
    chain = [f"{numerator}/{denominator}"]
    if numerator % denominator:
        while (common := gcd(numerator, denominator)) > 1:
            prime = next(factor for factor in range(2, common + 1) if common % factor == 0)
            numerator, denominator = numerator // prime, denominator // prime
            chain.append(f"{numerator}/{denominator}")
        return " = ".join(chain)
    value = numerator // denominator
    parts = place_parts(abs(value))
    if len(parts) > 1 and denominator > 1:
        negative = value < 0
        pieces = " + ".join(str(part * denominator) for part in parts)
        chain.append(f"{'-' if negative else ''}({pieces})/{denominator}")
        chain.append(_joined(parts, negative))
    return " = ".join([*chain, str(value)])


def nonzero(rng: Random, low: int, high: int) -> int:
    """A random integer of ``[low, high]`` other than 0."""
    while not (value := rng.randint(low, high)):
        pass
    return value


def _joined(terms: list[int], negative: bool) -> str:
    text = " + ".join(map(str, terms))
    return f"-({text})" if negative and len(terms) > 1 else f"-{text}" if negative else text


def _sign_settled(a: int, b: int) -> str:
    """``a + b`` of different signs as a difference of positive numbers: ``-34 + 20`` is ``-(34 - 20)``."""
    larger, smaller = max(abs(a), abs(b)), min(abs(a), abs(b))
    text = f"{larger} - {smaller}"
    return f"-({text})" if a + b < 0 else text
