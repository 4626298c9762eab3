"""Plain data between processes: values as JSON with tags, so that nothing is ever unpickled or evaluated.

None, booleans, numbers, text and lists are themselves; everything else is an object of one key, its tag:

    i   integer beyond 64 bits, in hexadecimal     t   tuple            s, f   set, frozenset
    d   dict, as pairs                             b   bytes, in hex    c      complex
    q   deque                                      r   range            F, D   Fraction, Decimal
    L   linked list (objects with val, next)       T   binary tree (val, left, right), in level order
    y   built-in type, by name                     S   slice            h   handle of an object that stays where it is

Standard library only: this runs in the zygote.
"""

from __future__ import annotations

import builtins
import json
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_DEPTH = 100
MAX_BYTES = 1 << 20  # of a result
MAX_REPLY_BYTES = 16 << 20  # of what a program answers to a test
_MAX_JSON_DEPTH = 3 * MAX_DEPTH + 10  # a dict is three levels of JSON
_MAX_NODES = 200_000


class NotPlainError(ValueError):
    """A value that is no plain data, or data that is no value."""


class ListNode:
    """LeetCode's singly linked list."""

    def __init__(self, val: Any = 0, next: ListNode | None = None) -> None:
        self.val = val
        self.next = next


class TreeNode:
    """LeetCode's binary tree."""

    def __init__(self, val: Any = 0, left: TreeNode | None = None, right: TreeNode | None = None) -> None:
        self.val = val
        self.left = left
        self.right = right


def dumps(node: Any) -> bytes:
    """Encoded data as bytes of JSON."""
    return json.dumps(node, separators=(",", ":")).encode("ascii")


def loads(data: bytes, max_bytes: int | None = MAX_BYTES) -> Any:
    """The JSON value in hostile bytes.

    Args:
        data: The bytes.
        max_bytes: As many may be read; None: any number, from whom we trust.

    Raises:
        NotPlainError: Not JSON, too long, or nested too deep.
    """
    if max_bytes is not None and len(data) > max_bytes:
        raise NotPlainError(f"more than {max_bytes} bytes")
    try:
        node = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotPlainError(f"not JSON ({type(error).__name__})") from None
    level = [node]
    for _ in range(_MAX_JSON_DEPTH):
        level = [item for part in level if isinstance(part, list | dict) for item in _items(part)]
        if not level:
            return node
    raise NotPlainError("nested too deep")


def _items(part: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part


def encode(value: Any, handle: Callable[[Any], int] | None = None, depth: int = 0) -> Any:
    """A value as JSON data. Subclasses of the plain types are sent as what they are underneath.

    Args:
        value: Anything.
        handle: Keeps an object that is no plain data and returns its number; default: refuse.
        depth: Of this value inside the outermost.

    Raises:
        NotPlainError: No plain data, and no ``handle``; or nested more than 100 deep.
    """
    if depth > MAX_DEPTH:
        raise NotPlainError(f"nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or kind is bool or kind is str or kind is float:
        return value
    if kind is int:
        return value if -(1 << 63) <= value < 1 << 63 else {"i": hex(value)}
    if isinstance(value, list):
        return [encode(item, handle, depth + 1) for item in list.__iter__(value)]
    for plain, tag in _ITERABLES:
        if isinstance(value, plain):
            return {tag: [encode(item, handle, depth + 1) for item in plain.__iter__(value)]}
    if isinstance(value, dict):
        pairs = dict.items(value)
        return {"d": [[encode(key, handle, depth + 1), encode(item, handle, depth + 1)] for key, item in pairs]}
    if isinstance(value, int | float | str):
        plainly = (
            int.__pos__(value)
            if isinstance(value, int)
            else float.__pos__(value)
            if isinstance(value, float)
            else str.__str__(value)
        )
        return encode(plainly, handle, depth + 1)
    if isinstance(value, bytes | bytearray):
        return {"b": bytes(value).hex()}
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    if isinstance(value, range):
        return {"r": [value.start, value.stop, value.step]}
    if isinstance(value, slice):
        return {"S": [encode(part, handle, depth + 1) for part in (value.start, value.stop, value.step)]}
    if isinstance(value, Fraction):
        return {"F": [encode(value.numerator), encode(value.denominator)]}
    if isinstance(value, Decimal):
        return {"D": str(value)}
    if isinstance(value, ListNode) or kind.__name__ == "ListNode":
        return {"L": [encode(item, handle, depth + 1) for item in _list_values(value)]}
    if isinstance(value, TreeNode) or kind.__name__ == "TreeNode":
        return {"T": [encode(item, handle, depth + 1) for item in _tree_values(value)]}
    if kind.__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return encode(value.tolist(), handle, depth + 1)
    if isinstance(value, type({}.keys()) | type({}.values()) | type({}.items())):
        return encode(list(value), handle, depth + 1)
    if isinstance(value, type) and _BUILTIN_TYPES.get(value.__name__) is value:
        return {"y": value.__name__}
    if handle is not None:
        return {"h": [handle(value), kind.__name__]}
    raise NotPlainError(f"a {kind.__name__} is no plain data")


def decode(node: Any, resolve: Callable[[list[Any]], Any] | None = None) -> Any:
    """The value that encoded data stands for. Hashing hostile keys is slow: only for a process that may be killed.

    Args:
        node: As :func:`loads` gives it.
        resolve: The object behind the content of a handle; default: refuse handles.

    Raises:
        NotPlainError: An unknown tag, or content that does not fit it.
    """
    if isinstance(node, list):
        return [decode(item, resolve) for item in node]
    if not isinstance(node, dict):
        return node
    tag, content = single_tag(node)
    if tag == "h" and resolve is not None:
        return resolve(content)
    if tag not in _DECODERS:
        raise NotPlainError(f"unknown tag {tag!r:.20}")
    try:
        return _DECODERS[tag]([decode(item, resolve) for item in content] if isinstance(content, list) else content)
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise NotPlainError(f"content does not fit tag {tag!r}: {error}") from None


def single_tag(node: dict[str, Any]) -> tuple[str, Any]:
    """Tag and content of a tagged object.

    Raises:
        NotPlainError: Not exactly one key.
    """
    if len(node) != 1:
        raise NotPlainError("an object without a tag")
    return next(iter(node.items()))


def make_list(values: list[Any], node: type = ListNode) -> Any:
    """The linked list with these values, of nodes of this class; None for an empty one."""
    head = None
    for value in reversed(values):
        first = node(value)
        first.next = head
        head = first
    return head


def make_tree(values: list[Any], node: type = TreeNode) -> Any:
    """The binary tree with these values in level order, None where a node is missing."""
    if not values or values[0] is None:
        return None
    root = node(values[0])
    parents, rest = deque([root]), deque(values[1:])
    while rest and parents:
        parent = parents.popleft()
        for side in ("left", "right"):
            value = rest.popleft() if rest else None
            if value is not None:
                child = node(value)
                setattr(parent, side, child)
                parents.append(child)
    return root


def _list_values(head: Any) -> list[Any]:
    values: list[Any] = []
    while head is not None:
        values.append(head.val)
        head = head.next
        if len(values) > _MAX_NODES:
            raise NotPlainError("a linked list without an end")
    return values


def _tree_values(root: Any) -> list[Any]:
    values: list[Any] = []
    level = deque([root])
    while level:
        node = level.popleft()
        values.append(None if node is None else node.val)
        if node is not None:
            level.extend((node.left, node.right))
        if len(values) > _MAX_NODES:
            raise NotPlainError("a tree without an end")
    while values and values[-1] is None:
        values.pop()
    return values


_ITERABLES: tuple[tuple[Any, str], ...] = ((tuple, "t"), (set, "s"), (frozenset, "f"), (deque, "q"))
_BUILTIN_TYPES = {kind.__name__: kind for kind in vars(builtins).values() if isinstance(kind, type)}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "i": lambda text: int(text, 16),
    "t": tuple,
    "s": set,
    "f": frozenset,
    "d": lambda pairs: dict(tuple(pair) for pair in pairs),
    "b": bytes.fromhex,
    "c": lambda parts: complex(*parts),
    "q": deque,
    "r": lambda parts: range(*parts),
    "S": lambda parts: slice(*parts),
    "F": lambda parts: Fraction(*parts),
    "D": Decimal,
    "L": make_list,
    "T": make_tree,
    "y": _BUILTIN_TYPES.__getitem__,
}
