r"""Values of several names at once, ``x = 3, y = 5`` or ``(x, y) = (3, 5)``: which value is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reasoncore.verify.math.relation import is_name
from reasoncore.verify.math.tree import Node


@dataclass(frozen=True, slots=True)
class Record:
    """Assignments in the order they stood in.

    Attributes:
        parts: One ``=`` relation each.
        kind: What they stood in: ``list``, ``set`` or ``bracket``; ``or`` where they do not all hold at once.
    """

    parts: tuple[Node, ...]
    kind: str

    def as_tuple(self) -> Node:
        """The values as a tuple: by name where names have an order (x, y, z), else as written."""
        parts = self.parts
        if _have_order([part.parts[0] for part in parts]):
            parts = tuple(sorted(parts, key=lambda part: part.parts[0].name))
        return Node("bracket", tuple(part.parts[-1] for part in parts), name="()")

    def as_list(self) -> Node:
        """The values as written."""
        return Node("list", tuple(part.parts[-1] for part in self.parts))


def as_record(node: Node) -> Record | None:
    """The assignments a tree consists of; None where it holds anything else, or one name only."""
    if node.op == "relation" and node.name == "=" and node.parts[0].op == node.parts[1].op == "bracket":
        names, values = node.parts
        if len(names.parts) != len(values.parts) or not is_name(names):
            return None
        pairs = zip(names.parts, values.parts, strict=True)
        return Record(tuple(Node("relation", pair, name="=") for pair in pairs), "bracket")
    if node.op not in ("list", "set") or not all(map(_is_assignment, node.parts)):
        return None
    different = len({part.parts[0] for part in node.parts})
    if different < 2:
        return None
    kind = "or" if node.name == "or" or different < len(node.parts) else node.op
    return Record(node.parts, kind)


def _is_assignment(node: Node) -> bool:
    return node.op == "relation" and set(node.name.split()) == {"="} and is_name(node.parts[0])


def _have_order(names: Sequence[Node]) -> bool:
    """Whether the names are neighbours in the alphabet, or one letter with several subscripts."""
    letters = sorted(name.name for name in names if name.op == "symbol")
    if len(letters) < len(names):
        return False
    if all(len(letter) == 1 for letter in letters):
        return all(ord(two) - ord(one) == 1 for one, two in pairwise(letters))
    return len({letter[0] for letter in letters}) == 1
