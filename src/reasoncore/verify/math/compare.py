r"""Whether two answers are the same, part by part: structure here, numbers and expressions exactly where possible.

Three values come out: True, False, and None where only a symbolic comparison can tell. That comparison is a function
of two scalar trees, so that the same code runs without one (in the caller's process, at once) and with one (in the
worker). What counts as the same:

- A list is the same in any order (``1, -2``), a tuple only in its own; a set has no order and no repetitions. A bare
  list stands for a tuple or a set, a tuple never for a set. ``\pm`` is two items.
- ``(1,3)`` and ``[1,3]`` differ. An inequality is the same as its interval.
- ``x = 5`` answers for 5, and 5 for ``x = 5``; ``2x = 10`` does not. Two equations are the same when one is a multiple
  of the other.
- A matrix of one row or column is the same as the tuple of its entries.
- Scalars: see :mod:`reasoncore.verify.math.scalar`.
"""

from __future__ import annotations

from collections.abc import Sequence

from reasoncore.verify.math.exact import is_too_large
from reasoncore.verify.math.read import is_scalar, readings
from reasoncore.verify.math.relation import as_interval, assigned_value, same_relation
from reasoncore.verify.math.scalar import Symbolic, every, same_scalar
from reasoncore.verify.math.tokens import clean
from reasoncore.verify.math.tree import Node, negative

_MAX_SIGNS = 3
_REALS = Node("bracket", (negative(Node("infinity")), Node("infinity")), name="()")


def same_answer(answer: str, gold: str, symbolic: Symbolic) -> bool | None:
    """Whether two texts say the same, in any of the ways each can be read; None if ``symbolic`` could not tell."""
    outcomes = [same(one, other, symbolic) for other in readings(gold) for one in readings(answer)]
    if True in outcomes:
        return True
    return None if None in outcomes else False


def same(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    """Whether two trees say the same. The gold decides what kind of thing is asked for."""
    if answer == gold:
        return True
    if gold.op == "text" or answer.op == "text":
        return gold.op in ("text", "symbol") and text_key(answer) == text_key(gold)
    if gold.op == "symbol" and answer.op == "symbol" and text_key(answer) == text_key(gold):
        return True
    if gold.op == "raw" or answer.op == "raw":
        return False if is_too_large(answer) else symbolic(answer, gold)
    if gold.op == "relation" and answer.op == "relation":
        return _same_relations(answer, gold, symbolic)
    answer, gold = _without_relation(answer, gold), _without_relation(gold, answer)
    if gold.op == "relation" or answer.op == "relation":
        return False
    answer, gold = _spread(answer), _spread(gold)
    if is_scalar(gold) and is_scalar(answer):
        return same_scalar(answer, gold, symbolic)
    return _same_collection(_collection(answer), _collection(gold), symbolic)


def text_key(node: Node) -> str:
    """What is left of a worded answer without case, articles and brackets around it."""
    words = clean(node.name).casefold().strip(" ().\"'!?").split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def _same_relations(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    interval, gold_interval = as_interval(answer), as_interval(gold)
    if interval is not None and gold_interval is not None:
        if interval.symbol != gold_interval.symbol:
            return False
        return same(interval.tree, gold_interval.tree, symbolic)
    if "pm" in {node.op for tree in (answer, gold) for node in tree.walk()}:
        answer, gold = _spread(answer), _spread(gold)
        if answer.op != "relation" or gold.op != "relation":
            return _same_collection(answer, gold, symbolic)
    return same_relation(answer, gold, lambda one, other: same(one, other, symbolic))


def _without_relation(node: Node, other: Node) -> Node:
    """The value or interval a relation gives, where the other side is not one."""
    if node.op != "relation" or other.op == "relation":
        return node
    interval = as_interval(node)
    if interval is not None:
        return interval.tree
    value = assigned_value(node)
    return node if value is None else value


def _spread(node: Node) -> Node:
    r"""``1 \pm 2`` as the list of its values, inside a list or a set too."""
    if node.op in ("list", "set"):
        items: list[Node] = []
        for item in map(_spread, node.parts):
            items.extend(item.parts if item.op == "list" else (item,))
        return Node(node.op, tuple(items), name=node.name)
    signs = [part.op for part in node.walk() if part.op in ("pm", "mp")]
    if not signs or len(signs) > _MAX_SIGNS or not (is_scalar(node) or node.op == "relation"):
        return node
    if "mp" in signs or len(signs) == 1:  # the upper signs belong together, and the lower ones
        choices = [[sign == "pm" for sign in signs], [sign == "mp" for sign in signs]]
    else:
        choices = [[bool(number >> bit & 1) for bit in range(len(signs))] for number in range(1 << len(signs))]
    return Node("list", tuple(_choose(node, list(choice)) for choice in choices))


def _choose(node: Node, choice: list[bool]) -> Node:
    """The tree with each ``pm`` made plus or minus; ``choice`` is used up in the order of :meth:`Node.walk`."""
    plus = choice.pop(0) if node.op in ("pm", "mp") else None
    # ``walk`` visits the last part first.
    parts = tuple(reversed([_choose(part, choice) for part in reversed(node.parts)]))
    if plus is None:
        return Node(node.op, parts, node.value, node.name)
    last = parts[-1] if plus else negative(parts[-1])
    return last if len(parts) == 1 else Node("+", (parts[0], last))


def _collection(node: Node) -> Node:
    if node.op == "list" and node.name == "or" and len(node.parts) > 1:
        intervals = [as_interval(part) for part in node.parts]
        if all(intervals):
            return Node("union", tuple(interval.tree for interval in intervals if interval))
    return _REALS if node == Node("symbol", name="mathbb R") else node


def _same_collection(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    kinds = (answer.op, gold.op)
    if kinds == ("bracket", "bracket"):
        if len(gold.parts) == 2 and answer.name != gold.name:
            return False
        return _in_order(answer.parts, gold.parts, symbolic)
    if kinds == ("matrix", "matrix"):
        if [len(row.parts) for row in answer.parts] != [len(row.parts) for row in gold.parts]:
            return False
        return _in_order(_entries(answer), _entries(gold), symbolic)
    if sorted(kinds) == ["bracket", "matrix"]:
        matrix, bracket = (answer, gold) if answer.op == "matrix" else (gold, answer)
        if bracket.name != "()" or 1 not in (len(matrix.parts), len(matrix.parts[0].parts)):
            return False
        entries = (_entries(answer), gold.parts) if answer.op == "matrix" else (answer.parts, _entries(gold))
        return _in_order(*entries, symbolic)
    if kinds == ("list", "list"):
        if any(part.op == "dots" for part in (*answer.parts, *gold.parts)):
            return _in_order(answer.parts, gold.parts, symbolic)
        return _in_any_order(answer.parts, gold.parts, symbolic)
    if sorted(kinds) == ["bracket", "list"]:
        return _in_order(answer.parts, gold.parts, symbolic)
    if kinds == ("union", "union"):
        return _in_any_order(answer.parts, gold.parts, symbolic)
    if "set" in kinds and set(kinds) <= {"set", "list"}:
        return _as_sets(answer.parts, gold.parts, symbolic)
    if "set" in kinds:
        # {5} answers for 5, but nothing else does.
        one, other = (answer.parts, (gold,)) if answer.op == "set" else ((answer,), gold.parts)
        is_single = len(one) == len(other) == 1 and is_scalar(one[0]) and is_scalar(other[0])
        return same(one[0], other[0], symbolic) if is_single else False
    return False


def _entries(matrix: Node) -> tuple[Node, ...]:
    return tuple(entry for row in matrix.parts for entry in row.parts)


def _in_order(answers: Sequence[Node], golds: Sequence[Node], symbolic: Symbolic) -> bool | None:
    if len(answers) != len(golds):
        return False
    return every(same(answer, gold, symbolic) for answer, gold in zip(answers, golds, strict=True))


def _in_any_order(answers: Sequence[Node], golds: Sequence[Node], symbolic: Symbolic) -> bool | None:
    """Whether each gold has an answer of its own. Being the same is an equivalence, so the first fit is as good."""
    if len(answers) != len(golds):
        return False
    left = list(answers)
    unsure = False
    for gold in golds:
        outcomes = [same(answer, gold, symbolic) for answer in left]
        if True in outcomes:
            del left[outcomes.index(True)]
        elif None in outcomes:
            unsure = True
        else:
            return False
    return None if unsure else True


def _as_sets(answers: Sequence[Node], golds: Sequence[Node], symbolic: Symbolic) -> bool | None:
    def found(item: Node, items: Sequence[Node], *, is_gold: bool) -> bool | None:
        outcomes = [same(other, item, symbolic) if is_gold else same(item, other, symbolic) for other in items]
        return True if True in outcomes else None if None in outcomes else False

    there = every(found(gold, answers, is_gold=True) for gold in golds)
    back = False if there is False else every(found(answer, golds, is_gold=False) for answer in answers)
    return every([there, back])
