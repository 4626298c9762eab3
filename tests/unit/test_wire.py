"""Plain data between processes: a round trip keeps values, hostile bytes are refused."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoncore.sandbox import wire


def round_trip(value: Any) -> Any:
    return wire.decode(wire.loads(wire.dumps(wire.encode(value))))


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
HASHABLE = PLAIN | st.fractions() | st.decimals(allow_nan=False) | st.complex_numbers(allow_nan=False)
VALUES = st.recursive(
    HASHABLE | st.sets(HASHABLE) | st.frozensets(HASHABLE),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(HASHABLE, inner) | st.builds(deque, st.lists(inner))
    ),
    max_leaves=20,
)


@given(VALUES)
def test_round_trip(value: Any) -> None:
    back = round_trip(value)
    assert back == value
    assert type(back) is type(value)


class Colour(IntEnum):
    RED = 3


class Text(str):
    def __str__(self) -> str:
        return "a lie"


class Items(list):
    def __iter__(self) -> Any:
        return iter(["a lie"])


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Colour.RED, 3),
        (Text("true"), "true"),
        (Items([1, 2]), [1, 2]),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (namedtuple("P", "x y")(1, 2), (1, 2)),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        ({"a": 1}.items(), [("a", 1)]),
        (range(3), range(3)),
        (bytearray(b"a"), b"a"),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (int, int),
        (slice(1, None), slice(1, None)),
    ],
)  # fmt: skip
def test_what_becomes_plain(value: Any, plain: Any) -> None:
    assert round_trip(value) == plain
    assert type(round_trip(value)) is type(plain)


@pytest.mark.parametrize("value", [object(), lambda: 1, (x for x in "ab"), iter([1]), type("T", (), {}), time])
def test_what_is_no_plain_data(value: Any) -> None:
    with pytest.raises(wire.NotPlainError):
        wire.encode(value)
    assert wire.encode([value], lambda kept: 7) == [{"h": [7, type(value).__name__]}]


def test_limits() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(wire.NotPlainError, match="nested"):
        wire.encode(ring)
    endless = wire.ListNode(1)
    endless.next = endless
    with pytest.raises(wire.NotPlainError, match="without an end"):
        wire.encode(endless)
    root = wire.TreeNode(1)
    root.left = root.right = root
    with pytest.raises(wire.NotPlainError, match="without an end"):
        wire.encode(root)


@pytest.mark.parametrize("values", [[], [1], [1, 2, 3], [1, None, 2], [1, 2, 3, None, None, 4], [5, 4, None, 3]])
def test_trees_and_lists(values: list[Any]) -> None:
    assert wire.encode(wire.make_tree(values)) == ({"T": values} if values else None)
    if None not in values and values:
        assert wire.encode(wire.make_list(values)) == {"L": values}


GARBAGE = [
    b"", b"{", b"nul", b"\xff\xfe", bytes(100), b"[" * 100_000, b"1" * 5_000, b'{"a":' * 50_000,
    b'"' + b"x" * (wire.MAX_BYTES + 1) + b'"',
]  # fmt: skip


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(wire.NotPlainError):
        wire.loads(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("itsfdbcqrFDLTyhx"), inner, min_size=1, max_size=2)
    ),
    max_leaves=10,
)


@given(JSON)
def test_tags_with_any_content_decode_or_are_refused(node: Any) -> None:
    try:
        wire.decode(node)
    except wire.NotPlainError:
        return


@pytest.mark.parametrize(
    "node",
    [{"x": 1}, {}, {"i": "0x1", "t": []}, {"h": [0, "f"]}, {"i": "zz"}, {"b": "zz"}, {"y": "os"}, {"d": [1]},
     {"s": [[1]]},
     {"F": [1, {"i": "0x0"}]}, {"D": "x"}, {"r": ["a"]}, {"c": "x"}, {"y": ["int"]}, {"L": 5}, {"T": {"a": 1}}],
)  # fmt: skip
def test_bad_tags_are_refused(node: Any) -> None:
    with pytest.raises(wire.NotPlainError):
        wire.decode(node)


def test_how_many_bytes_are_read_is_the_readers_choice() -> None:
    long = wire.dumps("x" * wire.MAX_BYTES)
    assert len(wire.loads(long, None)) == len(wire.loads(long, wire.MAX_REPLY_BYTES)) == wire.MAX_BYTES
    with pytest.raises(wire.NotPlainError, match="more than 10 bytes"):
        wire.loads(b'"123456789"', 10)


def test_nodes_of_another_class() -> None:
    class Node:
        def __init__(self, val: Any) -> None:
            self.val, self.next, self.left, self.right = val, None, None, None

    assert type(wire.make_list([1, 2], Node).next) is Node
    assert type(wire.make_tree([1, None, 2], Node).right) is Node


def test_exact_numbers() -> None:
    assert round_trip([1 << 200, -(1 << 63), Fraction(1, 3), Decimal("0.10")]) == [
        1 << 200, -(1 << 63), Fraction(1, 3), Decimal("0.10"),
    ]  # fmt: skip
