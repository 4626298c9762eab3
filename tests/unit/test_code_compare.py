"""Comparing outputs and values: what counts as the same, and that hostile data costs linear time."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.sandbox import wire
from reasoncore.verify.code.compare import same_text, same_value

TOLERANCE = 1e-6


@pytest.mark.parametrize(
    ("output", "expected", "tokens", "exact"),
    [
        ("1 2\n3", "1 2\n3\n\n", True, True),
        ("1 2  \r\n3\n", "1 2\n3", True, True),
        ("1  2 3", "1 2\n3", True, False),
        ("0.33333334", "0.33333333", True, False),
        ("2", "2.0", True, False),
        ("2.0", "2", False, False),
        ("1e3", "1000.0", True, False),
        ("0.4", "0.3", False, False),
        ("nan", "1.0", False, False),
        ("inf", "1.0", False, False),
        ("1.0x", "1.0", False, False),
        ("1_0.0", "10.0", False, False),
        ("1 2", "1 2 3", False, False),
        ("1 2 3", "1 2", False, False),
        ("", "", True, True),
        ("\n \n", "", True, True),
        ("", "0", False, False),
        ("YES", "Yes", False, False),
        ("\x001", "1", False, False),
        ("\u0663.0", "3.0", False, False),
        ("1\x1c2\u30003", "1 2 3", False, False),
        ("1\t2\x0b3\x0c\r\n", "1 2 3", True, False),
        ("1\u00a0", "1", False, False),
        ("1e999", "1e9999", False, False),
        ("1e9999", "1e9999", True, True),
        ("inf", "1e9999", False, False),
        ("9" * 400, "1e401", False, False),
        ("\ud800", "\ud800", True, True),
    ],
)
def test_text(output: str, expected: str, tokens: bool, exact: bool) -> None:
    assert same_text(output, expected, exact=False, tolerance=TOLERANCE) is tokens
    assert same_text(output, expected, exact=True, tolerance=TOLERANCE) is exact


@pytest.mark.parametrize(
    ("given_value", "expected", "same"),
    [
        (3, 3, True),
        (3, 4, False),
        (3.0, 3, True),
        (True, 1, True),
        (1, True, True),
        ("3", 3, False),
        (3, "3", False),
        (None, None, True),
        (None, 0, False),
        (0, None, False),
        ("", None, False),
        (0.1 + 0.2, 0.3, True),
        (0.31, 0.3, False),
        (float("nan"), 0.3, False),
        (float("nan"), float("nan"), True),
        ([1.0, float("nan")], [1.0, float("nan")], True),
        (0.3, float("nan"), False),
        (10**400, float("nan"), False),
        (None, float("nan"), False),
        (float("inf"), float("inf"), True),
        (float("inf"), 1e308, False),
        (10**400, 0.5, False),
        (10**400, 10**400, True),
        ((1, [2, (3,)]), [1, [2, [3]]], True),
        ([1, 2], [1, 2, 3], False),
        ([], [], True),
        ({1, 2}, [1, 2], False),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ({1: 2}, {"1": 2}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "b": 1}, {"a": 1}, False),
        ({1: 1, "1": 1}, {"1": 1, "2": 1}, False),
        ([], {}, False),
        ({}, [], False),
        (b"3", "3", False),
        (wire.make_list([1, 2]), [1, 2], True),
        (wire.make_tree([1, None, 2]), [1, None, 2], True),
    ],
)
def test_values(given_value: Any, expected: Any, same: bool) -> None:
    assert same_value(wire.encode(given_value), expected, TOLERANCE) is same


@pytest.mark.parametrize("empty", [{"L": []}, {"T": []}])
def test_an_empty_linked_list_or_tree_is_null_and_a_list(empty: Any) -> None:
    assert same_value(empty, None, TOLERANCE)
    assert same_value([empty], [[]], TOLERANCE)
    assert not same_value({"t": []}, None, TOLERANCE)
    assert not same_value([], None, TOLERANCE)
    assert not same_value(empty, 0, TOLERANCE)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_json_value_is_the_same_as_itself(value: Any) -> None:
    assert same_value(wire.loads(wire.dumps(wire.encode(value))), value, TOLERANCE)


@given(VALUES, VALUES)
def test_as_python_sees_it(value: Any, expected: Any) -> None:
    """What differs by more than the tolerance is not the same, whatever the shapes."""
    if same_value(wire.encode(value), expected, 0.0):
        assert json.loads(json.dumps(value)) == expected


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)), VALUES
)
def test_garbage_for_a_value_never_raises(node: Any, expected: Any) -> None:
    same_value(node, expected, TOLERANCE)


@pytest.mark.parametrize(
    "piece", ["1" * 801 + " ", "9" * 399 + "." + "9" * 401 + " ", "1e" * 400 + " ", "-" * 400 + " "]
)
def test_hostile_numbers_take_no_time(piece: str) -> None:
    count = 1_000_000 // len(piece)
    started = time.process_time()
    same_text(piece * count, "1.5 " * count, exact=False, tolerance=TOLERANCE)
    assert time.process_time() - started < 0.5


def test_hostile_keys_take_no_time() -> None:
    """Integers that all hash alike would make a hash table of them quadratic."""
    pairs = [[number * ((1 << 61) - 1), 1] for number in range(20_000)]
    started = time.process_time()
    same_value({"d": pairs}, {str(number): 1 for number in range(20_000)}, TOLERANCE)
    assert time.process_time() - started < 0.5
