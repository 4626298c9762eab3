"""The tree an answer is read into. Plain data: nothing in it computes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


def words(text: str) -> list[str]:
    """The entries of a table written as one line."""
    return text.split()


class ReadError(Exception):
    """The text is not in the language of :mod:`reasoncore.verify.math.read`."""


@dataclass(frozen=True, slots=True)
class Node:
    r"""One operation and what it is applied to.

    Attributes:
        op: One of

            - scalars: ``number`` (``value``), ``symbol`` (``name``), ``infinity``, ``+``, ``*``, ``^``, ``negative``,
              ``inverse``, ``root`` (radicand, index), ``call`` (function ``name``; ``log`` takes argument, base),
              ``percent``, ``degrees``, ``pm`` and ``mp`` (one or two parts), ``dots``;
            - ``quantity``: a scalar and, in ``name``, its unit;
            - ``ratio`` (``name`` is ``clock`` where it may be a time of day);
            - ``list`` (as in ``1, 2``; ``name`` is ``or`` where that word stood in it), ``set``, ``bracket`` (``name``
              is the pair, such as ``(]``), ``union``, ``matrix`` of ``row``;
            - ``relation`` (``name`` holds the signs, space-separated);
            - ``text`` (``name``), and ``raw`` (``name``) for what only a symbolic reader may understand.
        parts: Operands in the order they stood in.
        value: Of a number.
        name: See ``op``.
    """

    op: str
    parts: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)
    name: str = ""

    def walk(self) -> Iterator[Node]:
        """Every node of the tree, this one first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.parts)


SCALAR_OPS = frozenset(
    words("number symbol infinity + * ^ negative inverse root call percent degrees pm mp dots quantity ratio")
)


def number(value: int | Fraction) -> Node:
    """A number as a tree."""
    return Node("number", value=Fraction(value))


def negative(node: Node) -> Node:
    """Minus a tree."""
    return Node("negative", (node,))
