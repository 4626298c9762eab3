r"""Equations and inequalities as answers: what they assign, which interval they are, when two say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from reasoncore.verify.math.budget import TooLargeError
from reasoncore.verify.math.exact import difference, exact_value, same_exact
from reasoncore.verify.math.polynomial import ONE, Polynomial, bounded
from reasoncore.verify.math.tokens import GREEK_NAMES
from reasoncore.verify.math.tree import Node, is_variable, negative, number

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FUNCTION_LETTERS = frozenset("fghy")
_OF_SEVERAL = frozenset(("gcd", "lcm", "max", "min"))
_OF_ANGLES = frozenset(("sin", "cos", "tan", "cot", "sec", "csc"))
_COLLECTIONS = frozenset(("set", "list", "bracket", "union"))
_INFINITY = Node("infinity")

Same = Callable[[Node, Node], bool | None]


@dataclass(frozen=True, slots=True)
class IntervalOf:
    """The values of ``symbol`` that an inequality allows, as a bracket tree."""

    symbol: str
    tree: Node


def assigned_value(relation: Node) -> Node | None:
    r"""What a relation says its left side is: 5 of ``x = 5`` and of ``x = 2 + 3 = 5``, the set of ``x \in \{1, 2\}``.

    The left side must be a name (:func:`is_name`), since 10 is not what ``2x = 10`` answers; or, with the sides
    between, be equal to the last one. None for anything else.
    """
    signs = relation.name.split()
    left, last = relation.parts[0], relation.parts[-1]
    if signs == ["in"]:
        return last if is_name(left) and (last.op in _COLLECTIONS or last.name[:6] == "mathbb") else None
    if not set(signs) <= {"=", "~"} or signs.count("~") > 1:
        return None
    before = relation.parts[:-1]
    if signs[-1] == "~" and len(before) > 1:
        before, last = before[:-1], before[-1]
    elif signs == ["~"] and exact_value(left) is not None and not is_name(left):
        return left
    for position, side in enumerate(before):
        if (position == 0 and is_name(side)) or side == last:
            continue
        value, last_value = exact_value(side), exact_value(last)
        if value is None or last_value is None or not same_exact(value, last_value):
            return None
    return last


def is_name(node: Node) -> bool:
    r"""Whether a left side names what is asked for: ``x``, ``AB``, ``f(2)``, ``\cos A``, ``(x, y)``,
    ``x^2 + y^2``, ``a/b``, ``\text{Area}``.

    ``x^2`` is none, since ``x^2 = 5`` is an equation to be solved; of ``x^2 + y^2`` that cannot be said.
    """
    if node.op == "text":
        return True
    if node.op in ("bracket", "list"):
        return all(map(is_name, node.parts))
    if node.op == "*" and node.name == "()":
        function = node.parts[0]
        letter = (function.parts[0] if function.op == "^" else function).name[:1]
        return letter in _FUNCTION_LETTERS or letter.isupper()
    if node.op == "*" and len(node.parts) == 2 and node.parts[1].op == "inverse":
        above, below = node.parts[0], node.parts[1].parts[0]
        return above != below and _is_letters(above) and _is_letters(below)
    if node.op == "call" and node.name == "abs":
        return is_variable(node.parts[0]) and len(node.parts[0].name) > 1 and node.parts[0].name.isupper()
    if node.op == "call" and node.name in _OF_SEVERAL:
        return any(map(is_variable, node.walk()))
    if node.op == "call" and node.name in _OF_ANGLES:
        return node.parts[0].op == "symbol" and _is_angle(node.parts[0].name)
    if node.op == "+":
        names = [part.parts[0] if part.op == "^" else part for part in node.parts]
        return all(map(is_variable, names)) and len(set(names)) == len(names)
    return is_variable(node)


def _is_letters(node: Node) -> bool:
    """``a``, ``AB`` and ``dx``."""
    return is_variable(node) or (node.op == "*" and node.name.isalpha())


def _is_angle(name: str) -> bool:
    return name[0].isupper() or name in GREEK_NAMES


def as_interval(relation: Node) -> IntervalOf | None:
    """The values an inequality (or membership) allows its one variable: alone on a side, or linear. Else None."""
    if relation.op != "relation":
        return None
    if relation.name == "in" and is_variable(relation.parts[0]) and relation.parts[1].op in ("bracket", "union"):
        return IntervalOf(relation.parts[0].name, relation.parts[1])
    if relation.name == "!=" and is_variable(relation.parts[0]):
        symbol, hole = relation.parts[0].name, relation.parts[1]
        below, above = _bracket(negative(_INFINITY), hole, "<", "<"), _bracket(hole, _INFINITY, "<", "<")
        return None if relation.parts[0] in hole.walk() else IntervalOf(symbol, Node("union", (below, above)))
    signs = relation.name.split()
    if not set(signs) <= set(_FLIPPED) or len({sign[0] for sign in signs}) != 1:
        return None
    sides = list(relation.parts)
    if signs[0][0] == ">":
        sides.reverse()
        signs = [_FLIPPED[sign] for sign in reversed(signs)]
    if len(sides) == 2 and "symbol" not in (sides[0].op, sides[1].op):
        return _linear(sides[0], sides[1], signs[0])
    if len(sides) == 3 and is_variable(sides[1]):
        symbol, low, high = sides[1].name, sides[0], sides[2]
        opening, closing = signs
    elif len(sides) == 2 and is_variable(sides[0]):
        symbol, low, high, opening, closing = sides[0].name, negative(_INFINITY), sides[1], "<", signs[0]
    elif len(sides) == 2 and is_variable(sides[1]):
        symbol, low, high, opening, closing = sides[1].name, sides[0], _INFINITY, signs[0], "<"
    else:
        return None
    if any(part.op == "symbol" and part.name == symbol for side in (low, high) for part in side.walk()):
        return None
    return IntervalOf(symbol, _bracket(low, high, opening, closing))


def _bracket(low: Node, high: Node, opening: str, closing: str) -> Node:
    return Node("bracket", (low, high), name=("(" if opening == "<" else "[") + (")" if closing == "<" else "]"))


def _linear(left: Node, right: Node, sign: str) -> IntervalOf | None:
    """The interval of ``a x + b < c x + d`` with rational coefficients."""
    value, other = exact_value(left), exact_value(right)
    if value is None or other is None or value.opaque or other.opaque:
        return None
    terms = difference(value, other)
    if terms is None:
        return None
    names = {key[1][0] for key in terms if key[1]}
    if len(names) != 1 or len(terms) > 2 or any(key[0] != 1 or len(key[1]) > 1 for key in terms):
        return None
    [(symbol, exponent)] = names
    if exponent != 1 or symbol in ("pi", "e") or value.bottom != ONE or other.bottom != ONE:
        return None
    slope = terms[1, ((symbol, 1),)]
    bound = number(-terms.get((1, ()), Fraction(0)) / slope)
    if slope > 0:
        return IntervalOf(symbol, _bracket(negative(_INFINITY), bound, "<", sign))
    return IntervalOf(symbol, _bracket(bound, _INFINITY, sign, "<"))


def same_relation(answer: Node, gold: Node, same: Same) -> bool | None:
    """Whether two relations say the same. ``same`` compares their sides."""
    answer, gold = _upward(answer), _upward(gold)
    if answer.name.replace("~", "=") != gold.name.replace("~", "="):
        return False
    if len(gold.parts) > 2 or gold.name == "in":
        return _all_sides(answer, gold, same)
    terms, gold_terms = _difference(answer), _difference(gold)
    if terms is not None and gold_terms is not None:
        factor = _factor(terms, gold_terms)
        if factor is not None and (factor > 0 or gold.name in ("=", "~", "!=")):
            return True
    if gold.name in ("=", "~"):
        if _defines_function(answer.parts[0]) and _defines_function(gold.parts[0]):
            return same(answer.parts[1], gold.parts[1])
        swapped = Node("relation", (answer.parts[1], answer.parts[0]), name=answer.name)
        if _all_sides(swapped, gold, same):
            return True
    return _all_sides(answer, gold, same)


def _upward(relation: Node) -> Node:
    """The relation with ``<`` for ``>``."""
    signs = relation.name.split()
    if not set(signs) <= {">", ">="}:
        return relation
    return Node("relation", relation.parts[::-1], name=" ".join(_FLIPPED[sign] for sign in reversed(signs)))


def _all_sides(answer: Node, gold: Node, same: Same) -> bool | None:
    outcomes = [same(one, other) for one, other in zip(answer.parts, gold.parts, strict=True)]
    return False if False in outcomes else None if None in outcomes else True


def _difference(relation: Node) -> Polynomial | None:
    """Left side minus right side, where neither has a denominator: one could be zero, or negative."""
    left, right = exact_value(relation.parts[0]), exact_value(relation.parts[1])
    if left is None or right is None or left.bottom != ONE or right.bottom != ONE:
        return None
    return difference(left, right)


def _factor(terms: Polynomial, gold_terms: Polynomial) -> Fraction | None:
    """The rational number ``terms`` are ``gold_terms`` times, if there is one and it is not 0."""
    if not terms or terms.keys() != gold_terms.keys():
        return None
    try:
        factors = {bounded(terms[key] / gold_terms[key]) for key in terms}
    except TooLargeError:
        return None
    return factors.pop() if len(factors) == 1 else None


def _defines_function(node: Node) -> bool:
    """``y``, ``f(x)`` and the like, which are names for the same thing."""
    if node.op == "symbol":
        return node.name == "y"
    is_call = node.op == "*" and len(node.parts) == 2 and node.parts[0].op == "symbol"
    return is_call and node.parts[0].name in "fgh" and node.parts[1].op == "symbol"
