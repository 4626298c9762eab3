"""The tree an answer is read into. Plain data: nothing in it computes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
              ``percent``, ``degrees``, ``pm`` and ``mp`` (one or two parts), ``dots``; the ``name`` of a ``*`` is the
              word whose letters it multiplies, or ``()`` where one may be a function applied to the other;
            - ``quantity``: a scalar and, in ``name``, its unit;
            - ``ratio``, and ``clock`` (hour, minute; ``name`` is ``am`` or ``pm`` where that is said);
            - ``list`` (as in ``1, 2``; ``name`` is ``and`` or ``or`` where that word stood in it), ``set``,
              ``bracket`` (``name`` is the pair, such as ``(]``), ``union``, ``matrix`` of ``row``;
            - ``relation`` (``name`` holds the signs, space-separated);
            - ``modulo`` (a value or a relation, and the modulus);
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
    words("number symbol infinity + * ^ negative inverse root call percent degrees pm mp dots quantity ratio clock")
)
FUNCTIONS = frozenset(
    words(
        "sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh log ln lg exp sqrt abs floor "
        "ceil gcd lcm max min"
    )
)
CONSTANTS = frozenset(("pi", "e", "i"))


def number(value: int | Fraction) -> Node:
    """A number as a tree."""
    return Node("number", value=Fraction(value))


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """A tree with other names for some symbols."""
    name = names.get(node.name, node.name) if node.op == "symbol" else node.name
    return Node(node.op, tuple(renamed(part, names) for part in node.parts), node.value, name)


def negative(node: Node) -> Node:
    """Minus a tree."""
    return Node("negative", (node,))


def is_variable(node: Node) -> bool:
    """Whether a tree is a name that is no constant, no set of numbers and no number with its base."""
    return node.op == "symbol" and node.name not in CONSTANTS and node.name[0].isalpha() and node.name[:6] != "mathbb"
