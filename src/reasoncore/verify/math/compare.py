r"""Whether two answers are the same, part by part: structure here, numbers and expressions exactly where possible.

Three values come out: True, False, and None where only a symbolic comparison can tell. That comparison is a function
of two scalar trees, so that the same code runs without one (in the caller's process, at once) and with one (in the
worker). What counts as the same:

- A list is the same in any order (``1, -2``), a tuple only in its own; a set has no order and no repetitions. A bare
  list stands for a tuple or a set, a tuple never for a set, an interval for neither. ``\pm`` is two items.
- Values of several names (``x = 1, y = 2``) belong to these names; beside a tuple they stand in the order of the names.
- A word is compared as a word: ``on`` is not ``no``.
- ``(1,3)`` and ``[1,3]`` differ. An inequality is the same as its interval.
- ``x = 5`` answers for 5, and 5 for ``x = 5``; ``2x = 10`` does not. Two equations are the same when one is a multiple
  of the other.
- A matrix of one row or column is the same as the tuple of its entries.
- Scalars: see :mod:`reasoncore.verify.math.scalar`.
"""

from __future__ import annotations

from collections.abc import Sequence

from reasoncore.verify.math.budget import limited_work
from reasoncore.verify.math.choice import same_option
from reasoncore.verify.math.congruence import same_residue, with_parameter_of
from reasoncore.verify.math.exact import is_too_large
from reasoncore.verify.math.read import is_scalar, readings
from reasoncore.verify.math.record import Record, as_record
from reasoncore.verify.math.relation import as_interval, assigned_value, same_relation
from reasoncore.verify.math.scalar import Symbolic, every, same_scalar
from reasoncore.verify.math.tokens import clean
from reasoncore.verify.math.tree import Node, is_variable, negative

_MAX_SIGNS = 3
_NOTHING = ("no solution", "no solutions", "no real solution", "no real solutions", "empty set")
_REALS = Node("bracket", (negative(Node("infinity")), Node("infinity")), name="()")


def same_answer(answer: str, gold: str, symbolic: Symbolic) -> bool | None:
    """Whether two texts say the same, in any of the ways each can be read; None if ``symbolic`` could not tell."""
    by_letter = same_option(answer, gold)
    if by_letter is not None:
        return by_letter
    with limited_work():
        outcomes = [same(one, other, symbolic) for other in readings(gold) for one in readings(answer)]
    if True in outcomes:
        return True
    return None if None in outcomes else False


def same(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    """Whether two trees say the same. The gold decides what kind of thing is asked for."""
    if answer == gold:
        return True
    worded = _same_words(answer, gold) if "relation" not in (answer.op, gold.op) else None
    if worded is not None:
        return worded
    if gold.op == "raw" or answer.op == "raw":
        return False if is_too_large(answer) else symbolic(answer, gold)
    record, gold_record = as_record(answer), as_record(gold)
    if record is not None or gold_record is not None:
        return _same_records(record or answer, gold_record or gold, symbolic)
    if "modulo" in (answer.op, gold.op):
        return same_residue(answer, gold)
    answer = with_parameter_of(answer, gold)
    if gold.op == "relation" and answer.op == "relation":
        return _same_relations(answer, gold, symbolic)
    answer, gold = _without_relation(answer, gold), _without_relation(gold, answer)
    if gold.op == "relation" or answer.op == "relation":
        return False
    worded = _same_words(answer, gold)
    if worded is not None:
        return worded
    answer, gold = _spread(answer), _spread(gold)
    if is_scalar(gold) and is_scalar(answer):
        return same_scalar(answer, gold, symbolic)
    return _same_collection(_collection(answer), _collection(gold), symbolic)


def _same_words(answer: Node, gold: Node) -> bool | None:
    """The verdict where either side is a word; None where neither is, or where its letters may be a product.

    ``on`` is no product beside ``no``, nor is ``ii`` beside -1; ``ab`` is one beside ``a \\cdot b``.
    """
    word, gold_word = _word(answer), _word(gold)
    if word and gold_word:
        return text_key(word) == text_key(gold_word) if _is_in_one_case(word, gold_word) else word == gold_word
    if answer.op == "text" or gold.op == "text":
        return _collection(answer) == _collection(gold)
    other = gold if word else answer
    if (word or gold_word) and not any(is_variable(part) for part in other.walk()):
        return False
    return None


def _word(node: Node) -> str:
    """The word of two letters or more a tree stands for, or nothing."""
    if node.op == "text" or (node.op == "*" and node.name.isalpha()):
        return node.name
    is_word = node.op == "symbol" and len(node.name) > 1 and node.name.isalpha() and node.name.isupper()
    return node.name if is_word else ""


def _is_in_one_case(*words: str) -> bool:
    """Whether these may be ordinary words; ``pX`` is none, but a product."""
    return all(word in (word.lower(), word.upper(), word.capitalize()) for word in words if len(word) <= 3)


def text_key(text: str) -> str:
    """What is left of a worded answer without case, articles and brackets around it."""
    words = clean(text).casefold().strip(" ().\"'!?").split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def _same_records(answer: Record | Node, gold: Record | Node, symbolic: Symbolic) -> bool | None:
    """Assignments against assignments, a tuple or a list; a set keeps no names, and "or" makes no record."""
    if isinstance(answer, Record) and isinstance(gold, Record):
        return (answer.kind == "or") == (gold.kind == "or") and _in_any_order(answer.parts, gold.parts, symbolic)
    record, other = (answer, gold) if isinstance(answer, Record) else (gold, answer)
    assert isinstance(record, Record)
    assert isinstance(other, Node)
    if record.kind in ("or", "set"):
        return False
    other = _without_assignment(other)
    values = record.as_list() if other.op == "list" else record.as_tuple()
    one, two = (values, other) if record is answer else (other, values)
    return _same_collection(one, two, symbolic) if other.op != "list" else _in_order(one.parts, two.parts, symbolic)


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
    return _without_assignment(node)


def _without_assignment(node: Node) -> Node:
    value = assigned_value(node) if node.op == "relation" else None
    return node if value is None else value


def _spread(node: Node) -> Node:
    r"""``1 \pm 2`` as the list of its values, inside a list or a set too."""
    if node.op in ("list", "set"):
        items: list[Node] = []
        for item in map(_spread, node.parts):
            items.extend(item.parts if item.op == "list" else (item,))
        return Node(node.op, tuple(items), name=node.name)
    signs = [part.op for part in node.walk() if part.op in ("pm", "mp")]
    if not signs or len(signs) > _MAX_SIGNS or not (is_scalar(node) or node.op in ("relation", "bracket")):
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
    if node.op == "list" and node.name in ("or", "and"):
        intervals = [interval for interval in map(as_interval, node.parts) if interval]
        if len(intervals) == len(node.parts) and len({interval.symbol for interval in intervals}) == 1:
            trees = [interval.tree for interval in intervals]
            return Node("union", tuple(trees)) if node.name == "or" else _intersection(trees) or node
    if node.op == "text" and text_key(node.name) in _NOTHING:
        return Node("set")
    return _REALS if node == Node("symbol", name="mathbb R") else node


def _intersection(intervals: Sequence[Node]) -> Node | None:
    """What two inequalities with one bound each, one from either side, allow together."""
    bounded_below = [tree for tree in intervals if tree.op == "bracket" and tree.parts[1].op == "infinity"]
    bounded_above = [tree for tree in intervals if tree.op == "bracket" and tree.parts[1].op != "infinity"]
    if len(bounded_below) != 1 or len(bounded_above) != 1 or bounded_above[0].parts[0] != negative(Node("infinity")):
        return None
    [low], [high] = bounded_below, bounded_above
    return Node("bracket", (low.parts[0], high.parts[1]), name=low.name[0] + high.name[1])


def _same_collection(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    kinds = (answer.op, gold.op)
    if kinds == ("bracket", "bracket"):
        is_interval = len(gold.parts) == 2 or {answer.name, gold.name} & {"(]", "[)"}
        if is_interval and answer.name != gold.name:
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
        bracket = answer if answer.op == "bracket" else gold
        is_tuple = bracket.name == "()" and not any(part.op == "infinity" for part in bracket.walk())
        return is_tuple and _in_order(answer.parts, gold.parts, symbolic)
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
