"""Comparing what a program gave with what was expected. Its values come as encoded data (see ``sandbox.wire``).

Every loop here follows the expected value, which is trusted; hostile keys are never put into a hash table.
"""

from __future__ import annotations

import math
import re
from typing import Any

from reasoncore.sandbox import wire

# Of bytes: digits and white space are those of ASCII, as in every problem's statement.
_DECIMAL = re.compile(rb"[+-]?(\d{1,400}\.\d{0,400}|\.\d{1,400}|\d{1,400}(?=[eE]))([eE][+-]?\d{1,4})?")
_NUMBER = re.compile(rb"[+-]?(\d{1,400}\.?\d{0,400}|\.\d{1,400})([eE][+-]?\d{1,4})?")
_EMPTY: tuple[dict[str, list[Any]], ...] = ({"L": []}, {"T": []})
_SEQUENCES = ("t", "q", "L", "T")


def same_text(output: str, expected: str, *, exact: bool, tolerance: float) -> bool:
    """Whether text a program wrote is the expected one.

    Args:
        output: What it wrote.
        expected: What it should have written.
        exact: Character by character but for white space at the ends of lines and of the text; otherwise token by
            token, split at white space.
        tolerance: A token expected as a decimal fraction may differ by this much, relative or absolute.
    """
    written, wanted_text = output.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    if exact:
        return _trimmed(written) == _trimmed(wanted_text)
    tokens, wanted = written.split(), wanted_text.split()
    return len(tokens) == len(wanted) and all(
        token == want or _close_tokens(token, want, tolerance) for token, want in zip(tokens, wanted, strict=True)
    )


def _trimmed(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.rstrip().split(b"\n")]


def _close_tokens(token: bytes, want: bytes, tolerance: float) -> bool:
    if not (_DECIMAL.fullmatch(want) and _NUMBER.fullmatch(token)):
        return False
    # Too large for a float, two numbers would both be infinite, and so the same.
    return math.isfinite(float(want)) and math.isclose(float(token), float(want), rel_tol=tolerance, abs_tol=tolerance)


def same_value(node: Any, expected: Any, tolerance: float) -> bool:
    """Whether an encoded value is the expected JSON value.

    Text and null equal only themselves, except that null may be an empty linked list or tree. Tuples, deques, linked
    lists and trees count as lists, sets and strings do not. Numbers and truth values are compared by value, so that
    1, 1.0 and True are the same; where a decimal fraction is expected a number may differ by ``tolerance``, relative
    or absolute, and where NaN is expected NaN is the same. Whole-number keys match their spelling in JSON. Fractions
    and Decimals equal nothing.
    """
    if isinstance(expected, list):
        items = _items(node)
        return (
            items is not None
            and len(items) == len(expected)
            and all(same_value(item, want, tolerance) for item, want in zip(items, expected, strict=True))
        )
    if isinstance(expected, dict):
        return _same_mapping(node, expected, tolerance)
    if expected is None:
        return node is None or node in _EMPTY
    if isinstance(expected, str):
        return isinstance(node, str) and node == expected
    number = _number(node)
    if number is None:
        return False
    if isinstance(expected, float):
        if math.isnan(expected):
            return number != number
        try:
            return math.isclose(number, expected, rel_tol=tolerance, abs_tol=tolerance)
        except OverflowError:
            return False
    return number == expected


def _items(node: Any) -> list[Any] | None:
    if isinstance(node, dict) and len(node) == 1:
        tag, node = wire.single_tag(node)
        if tag not in _SEQUENCES:
            return None
    return node if isinstance(node, list) else None


def _number(node: Any) -> int | float | None:
    if isinstance(node, int | float):
        return node
    if isinstance(node, dict) and isinstance(node.get("i"), str) and len(node) == 1:
        try:
            return int(node["i"], 16)
        except ValueError:
            return None
    return None


def _same_mapping(node: Any, expected: dict[str, Any], tolerance: float) -> bool:
    pairs = node.get("d") if isinstance(node, dict) and len(node) == 1 else None
    if not isinstance(pairs, list) or len(pairs) != len(expected):
        return False
    left = set(expected)
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str | int):
            return False
        key = pair[0] if isinstance(pair[0], str) else str(pair[0])
        if key not in left or not same_value(pair[1], expected[key], tolerance):
            return False
        left.remove(key)
    return True
