r"""Symbolic comparison of two scalars with SymPy and math-verify. Runs in the worker process only.

A tree becomes a SymPy expression node by node; a text our reader does not know is read by latex2sympy2 (the reader of
math-verify) where :mod:`reasoncore.verify.math.raw` lets it. Then numbers decide before symbols: both sides are
evaluated to 50 digits, at several points where there are variables, and what agrees is evaluated to 1000. Some of the
points nobody can know, so that no answer can be made to agree at just these. math-verify alone compares absolutely and
to 15 digits, and so takes 1/2004! for 1/2006!; it is asked only when the digits cannot tell.
"""

from __future__ import annotations

import random
import re
from typing import Any

import sympy  # type: ignore[import-untyped]
from latex2sympy2_extended import NormalizationConfig, latex2sympy, normalize_latex  # type: ignore[import-untyped]
from math_verify import verify
from math_verify.grader import should_treat_as_complex
from mpmath.libmp.libhyper import NoConvergence  # type: ignore[import-untyped]
from sympy.polys.polyerrors import BasePolynomialError  # type: ignore[import-untyped]

from reasoncore.verify.math.raw import may_be_mathematics
from reasoncore.verify.math.tokens import clean
from reasoncore.verify.math.tree import Node, words

_DIGITS = 50
_MANY_DIGITS = 1000
_AGREE = sympy.Float("1e-30", 15)
_WHOLLY = sympy.Float("1e-950", 15)
_SMALLEST, _LARGEST = sympy.Float("1e-300", 15), sympy.Float("1e300", 15)
_LARGEST_ARGUMENT = 1000
_NEARLY = sympy.Float("1e-9", 15)
_POINTS = (
    (sympy.Rational(73, 61), sympy.Rational(17, 41)),
    (sympy.Rational(-59, 43), sympy.Rational(29, 71)),
    (sympy.Rational(211, 67), sympy.Rational(7, 13)),
)
"""Value of the first variable, and how much larger each next one is."""
_SECRET = random.SystemRandom()
_SECRET_POINTS = tuple(
    (sympy.Rational(_SECRET.randrange(10**8, 10**9), scale), sympy.Rational(_SECRET.randrange(10**8, 10**9), 10**9 + 7))
    for scale in (10**10 + 19, 10**8 + 7, -(10**8) - 7)
)
"""More of them, near 0, between 1 and 10, and negative. Equal expressions agree at all: the verdict does not depend on
which they are."""
_SIDE = re.compile(r"\^([+-])\s*\}")
_ONE_SIDED = re.compile(r"\\lim_\{[^{}]*\^\{[+-]\}\s*\}")
_NORMALISE = NormalizationConfig(
    basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none", equations=False
)

READING_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    UnboundLocalError,
    ValueError,
    sympy.SympifyError,
    BasePolynomialError,
    NoConvergence,
)
r"""What reading or comparing odd mathematics raises.

latex2sympy2 reports a syntax error as a plain ``Exception``, and meets values it did not expect (a matrix as an
exponent, a limit of a list) with the errors above; so does SymPy. All of them follow from the text alone: the same
text raises the same error every time, which makes it the text's fault; that the libraries work at all is seen when the
worker starts. An answer cannot raise what is left, such as ``ImportError``, ``OSError`` or ``SystemError`` (100,000
hostile ones did not): that is trouble on our side, and not a verdict. ``MemoryError`` is the limit on the answer's
memory and reported as such.
"""


class UnreadableError(Exception):
    """The text is no mathematics to the symbolic reader."""


def read(node: Node) -> Any:
    """The SymPy object a tree stands for: a scalar, a matrix or a set.

    Raises:
        UnreadableError: There is none.
    """
    try:
        value = _read_raw(node.name) if node.op == "raw" else _build(node)
    except READING_ERRORS as error:
        raise UnreadableError(str(error)[:200]) from error
    except Exception as error:
        if type(error) is Exception:  # how latex2sympy2 reports a syntax error
            raise UnreadableError(str(error)[:200]) from error
        raise
    if isinstance(value, sympy.Expr | sympy.MatrixBase | sympy.Set):
        return value
    raise UnreadableError(type(value).__name__)


def _read_raw(text: str) -> Any:
    text = clean(text)
    if not may_be_mathematics(text):
        raise UnreadableError("not mathematics")
    text = _SIDE.sub(r"^{\1}}", text)  # 0^+ as the reader knows it
    is_one_sided = len(_ONE_SIDED.findall(text)) == text.count("\\lim")
    text = normalize_latex(text, _NORMALISE)
    value = latex2sympy(
        text, is_real=not should_treat_as_complex(text), convert_degrees=False, normalization_config=None
    )
    if isinstance(value, sympy.Basic) and value.has(sympy.Limit) and not is_one_sided:
        # The reader takes every limit for one from above.
        return value.replace(sympy.Limit, lambda *parts: sympy.Limit(*parts[:3], "+-"))
    return value


def _build(node: Node) -> Any:
    op = node.op
    if op == "infinity":
        return sympy.oo
    if op == "number":
        return sympy.Rational(node.value.numerator, node.value.denominator)
    if op == "symbol":
        return _CONSTANTS.get(node.name) or sympy.Symbol(node.name, real=True)
    parts = [_build(part) for part in node.parts]
    if op == "call":
        return _FUNCTIONS[node.name](*parts)
    if op == "bracket":
        low, high = parts
        return sympy.Interval(low, high, left_open=node.name[0] == "(", right_open=node.name[1] == ")")
    return _OPERATIONS[op](*parts)


def _root(value: Any, index: Any) -> Any:
    """What stands under a radical sign: the real root, and ``|x + 1|`` for the root of ``x^2 + 2x + 1``."""
    if index.is_odd and value.is_negative:
        return -sympy.Pow(-value, 1 / index)
    return sympy.Pow(sympy.factor(value) if value.is_Add and value.free_symbols else value, 1 / index)


def _divisor(name: str) -> Any:
    """gcd or lcm: of integers, and of anything else a function nobody knows, since SymPy's is one of polynomials."""
    known, unknown = getattr(sympy, name), sympy.Function(name)

    def apply(*parts: Any) -> Any:
        return known(parts) if all(part.is_Integer for part in parts) else unknown(*sorted(parts, key=str))

    return apply


_CONSTANTS: dict[str, Any] = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "mathbb R": sympy.S.Reals}
_OPERATIONS: dict[str, Any] = {
    "+": sympy.Add,
    "*": sympy.Mul,
    "^": sympy.Pow,
    "negative": lambda value: -value,
    "inverse": lambda value: 1 / value,
    "root": _root,
    "percent": lambda value: value / 100,
    "degrees": lambda value: value * sympy.pi / 180,
    "union": sympy.Union,
    "set": sympy.FiniteSet,
    "ratio": lambda one, other: one / other,
}
_FUNCTIONS: dict[str, Any] = {
    **{
        name: getattr(sympy, name)
        for name in words("sin cos tan cot sec csc sinh cosh tanh exp floor binomial factorial")
    },
    **{name: _divisor(name) for name in ("gcd", "lcm")},
    **{"arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "arccot": sympy.acot},
    **{"abs": sympy.Abs, "ceil": sympy.ceiling, "max": sympy.Max, "min": sympy.Min},
    **{"ln": sympy.log, "lg": lambda value: sympy.log(value, 10), "log": lambda value, base=10: sympy.log(value, base)},
}
_STEPS = (sympy.floor, sympy.ceiling, sympy.Abs, sympy.Max, sympy.Min, sympy.Piecewise)
_UNEVALUATED = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)
_SATURATED = (sympy.exp, sympy.tanh, sympy.coth, sympy.sinh, sympy.cosh, sympy.erf)


def equivalent(gold: Any, answer: Any) -> bool:
    """Whether two objects :func:`read` made are equal. Raises what SymPy raises; see ``READING_ERRORS``."""
    if isinstance(gold, sympy.Expr) and isinstance(answer, sympy.Expr):
        if gold == answer:
            return True
        gold, answer = (side.doit() if side.has(sympy.Limit) else side for side in (gold, answer))
        by_numbers = _equal_by_numbers(gold, answer)
        if by_numbers is not None:
            return by_numbers
    elif isinstance(gold, sympy.Set) != isinstance(answer, sympy.Set):
        return False
    return bool(verify(gold, answer, timeout_seconds=None, raise_on_error=True))


def _equal_by_numbers(gold: sympy.Expr, answer: sympy.Expr) -> bool | None:
    """Whether digits show that two expressions are equal, or not; None where they cannot."""
    symbols = sorted(gold.free_symbols | answer.free_symbols, key=lambda symbol: symbol.name)
    # Few digits, which are cheap, tell nearly all that differ.
    for digits, agree, starts in ((15, _NEARLY, _POINTS), (_DIGITS, _AGREE, _SECRET_POINTS)):
        points = [
            {symbol: start + step * n for n, symbol in enumerate(symbols)}
            for start, step in starts[: len(starts) if symbols else 1]
        ]
        outcomes = [_agree(gold.subs(point), answer.subs(point), digits, agree) for point in points]
        if False in outcomes:
            return False
    agreeing = [point for point, agrees in zip(points, outcomes, strict=True) if agrees]
    if len(agreeing) < (2 if symbols else 1):
        return None
    if not _agree_wholly(gold, answer, agreeing[:2]):
        return False
    # Two steps may lie between the points.
    return None if symbols and (gold.has(*_STEPS) or answer.has(*_STEPS)) else True


def _agree_wholly(gold: sympy.Expr, answer: sympy.Expr, points: list[dict[Any, Any]]) -> bool:
    """Whether what agrees to 50 digits does to 1000, or else can be proved equal."""
    gold, answer = (side.doit() if side.has(*_UNEVALUATED) else side for side in (gold, answer))
    if gold.has(*_UNEVALUATED) or answer.has(*_UNEVALUATED):
        return True  # more digits of an integral take too long
    # Many digits of these take too long where a proof does not.
    if any(side.has(sympy.factorial, sympy.binomial) for side in (gold, answer)) and sympy.combsimp(gold - answer) == 0:
        return True
    for point in points:
        one, other = gold.subs(point), answer.subs(point)
        if not (_is_moderate(one) and _is_moderate(other)):
            return bool(sympy.simplify(gold - answer) == 0)
        if not _agree(one, other, _MANY_DIGITS, _WHOLLY):
            return False
    return True


def _is_moderate(value: sympy.Expr) -> bool:
    """Whether no part of a constant is so large or small that 1000 digits of the whole may not show it."""
    for part in value.atoms(sympy.Function, sympy.Pow):
        size = abs(sympy.N(part, 15))
        if size and not _SMALLEST < size < _LARGEST:
            return False
        if isinstance(part, _SATURATED) and abs(sympy.N(part.args[0], 15)) > _LARGEST_ARGUMENT:
            return False
    return True


def _agree(gold: sympy.Expr, answer: sympy.Expr, digits: int, agree: sympy.Float) -> bool | None:
    """Whether two constants agree to a relative precision; None where either has no finite value."""
    one, other = (sympy.N(side, digits, maxn=2 * max(digits, _DIGITS)) for side in (gold, answer))
    if not (one.is_number and other.is_number and one.is_finite and other.is_finite):
        return None
    scale = max(abs(one), abs(other))
    return bool(abs(one - other) <= scale * agree)
