r"""Whether two scalar answers are the same: units, percent, degrees and ratios first, then exact arithmetic.

- Units: 5 cm is not 5 m, but 100 cm, and 5 apples are not 5 pears; a unit only one of the two has is not held against
  it.
- Percent: a gold of 50% is answered by 50%, 50 and 0.5. A gold without the sign is answered by the percentage that is
  as large (0.5 by 50%) and, from above 1 on, by the number of percent (50 by 50%): "what percent" is asked like that.
- Degrees are a unit, or converted where the other side is a multiple of pi.
- 1:2 is one half, and 2:4. A time of day (3:30) is only the same as a time of day.
- ``3R^2`` answers for ``3r^2``, where that is the only name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reasoncore.verify.math.clock import same_clock
from reasoncore.verify.math.exact import exact_value, has_value, is_too_large, same_exact
from reasoncore.verify.math.tree import CONSTANTS, Node, is_variable, negative, number, renamed
from reasoncore.verify.math.units import same_unit, unit_ratio

Symbolic = Callable[[Node, Node], bool | None]
"""Compares an answer's tree with the gold's by symbolic mathematics; None when it cannot."""


def every(outcomes: Iterable[bool | None]) -> bool | None:
    """Three-valued "all": False as soon as one is False, else None if one is."""
    unsure = False
    for outcome in outcomes:
        if outcome is False:
            return False
        unsure = unsure or outcome is None
    return None if unsure else True


def same_scalar(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    """Whether two scalar trees have the same value, units and the like included."""
    if "clock" in (answer.op, gold.op):
        return same_clock(answer, gold)
    if answer.op == gold.op == "ratio" or any(node.op == "ratio" and len(node.parts) > 2 for node in (answer, gold)):
        return _same_ratio(answer, gold, symbolic)
    infinite, gold_infinite = _infinity(answer), _infinity(gold)
    if infinite or gold_infinite:
        return infinite == gold_infinite
    percent, gold_percent = _percent(answer), _percent(gold)
    if percent is not None or gold_percent is not None:
        return _same_percent(answer, gold, percent, gold_percent, symbolic)
    (value, unit), (gold_value, gold_unit) = _split(answer), _split(gold)
    if unit and gold_unit:
        ratio = unit_ratio(unit, gold_unit)
        if ratio == 0 or (ratio is None and not same_unit(unit, gold_unit)):
            return False
        if ratio not in (None, 1):
            value = Node("*", (value, number(ratio or 1)))
    elif unit or gold_unit:
        # "5 m" is a length beside 5, but 5 times m beside an expression in m.
        if unit in _symbols(gold_value):
            value = Node("*", (value, Node("symbol", name=unit)))
        if gold_unit in _symbols(value):
            gold_value = Node("*", (gold_value, Node("symbol", name=gold_unit)))
        if "pi" in _symbols(gold_value if unit else value) and "degree" in (unit, gold_unit):
            return _same_value(_in_radians(value, unit), _in_radians(gold_value, gold_unit), symbolic)
    return _same_value(value, gold_value, symbolic)


def _same_value(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    gold_value, value = exact_value(gold), exact_value(answer)
    if gold_value is None:
        if not has_value(gold) or not has_value(answer) or (value is not None and is_too_large(gold)):
            return False
        return symbolic(answer, gold)
    if value is None:
        # Undefined, infinite or far larger than a gold that is none of these.
        return False
    equal = same_exact(value, gold_value)
    if equal is not False:
        return symbolic(answer, gold) if equal is None else True
    folded = _fold(answer, gold)
    if folded is not None:
        return _same_value(folded[0], folded[1], symbolic)
    return symbolic(answer, gold) if value.opaque or gold_value.opaque else False


def _same_ratio(answer: Node, gold: Node, symbolic: Symbolic) -> bool | None:
    if answer.op != gold.op or len(answer.parts) != len(gold.parts):
        return False
    values = [exact_value(part) for part in (*answer.parts, *gold.parts)]
    if any(value is not None and not value.top for value in values):
        return False
    pairs = zip(answer.parts[1:], gold.parts[1:], strict=True)
    crossed = ((Node("*", (one, gold.parts[0])), Node("*", (two, answer.parts[0]))) for one, two in pairs)
    return every(_same_value(one, two, symbolic) for one, two in crossed)


def _infinity(node: Node) -> int:
    """1 or -1 for an infinity, else 0."""
    if node.op == "negative":
        return -_infinity(node.parts[0])
    return int(node.op == "infinity")


def _percent(node: Node) -> Node | None:
    """The number of percent."""
    if node.op == "negative":
        inside = _percent(node.parts[0])
        return None if inside is None else negative(inside)
    if node.op == "quantity":  # "20% discount"
        return _percent(node.parts[0])
    return node.parts[0] if node.op == "percent" else None


def _same_percent(
    answer: Node, gold: Node, percent: Node | None, gold_percent: Node | None, symbolic: Symbolic
) -> bool | None:
    if percent is not None and gold_percent is not None:
        return _same_value(percent, gold_percent, symbolic)
    (answer, unit), (gold, gold_unit) = _split(answer), _split(gold)
    if (unit and percent is None) or (gold_unit and gold_percent is None):
        return False
    outcome = _same_value(answer, gold, symbolic)
    if outcome is not False:
        return outcome
    if gold_percent is not None:
        return _same_value(answer, gold_percent, symbolic)
    value = exact_value(gold)
    rational = value.rational() if value is not None else None
    if percent is None or rational is None or abs(rational) <= 1:
        return False
    return _same_value(percent, gold, symbolic)


def _split(node: Node) -> tuple[Node, str]:
    """``(value, unit)`` of a quantity; the unit is empty where there is none."""
    if node.op == "quantity":
        return node.parts[0], node.name
    if node.op == "degrees":
        return node.parts[0], "degree"
    if node.op == "negative":
        value, unit = _split(node.parts[0])
        return negative(value), unit
    if node.op == "+":
        return _split_sum(node)
    if node.op == "*" and node.parts[-1].op == "degrees":
        return Node("*", (*node.parts[:-1], node.parts[-1].parts[0])), "degree"
    return node, ""


def _split_sum(node: Node) -> tuple[Node, str]:
    """Of ``2 cm + 3 cm`` and of ``180^\\circ - x``: one unit, which only terms with a symbol may leave out."""
    terms = [_split(part) for part in node.parts]
    units = {unit for _, unit in terms if unit}
    if len(units) == 1 and all(unit or any(map(is_variable, value.walk())) for value, unit in terms):
        return Node("+", tuple(value for value, _ in terms)), units.pop()
    return node, ""


def _in_radians(node: Node, unit: str) -> Node:
    return Node("degrees", (node,)) if unit == "degree" else node


def _symbols(node: Node) -> set[str]:
    return {part.name for part in node.walk() if part.op == "symbol"}


def _fold(answer: Node, gold: Node) -> tuple[Node, Node] | None:
    """Both trees with their one name in lower case, where each has one besides pi and is more than that name."""
    names, gold_names = _symbols(answer) - {"pi"}, _symbols(gold) - {"pi"}
    if len(names) != 1 or len(gold_names) != 1 or "symbol" in (answer.op, gold.op):
        return None
    [name], [gold_name] = names, gold_names
    if name == gold_name or name.lower() != gold_name.lower() or len(name) > 1 or name.lower() in CONSTANTS:
        return None
    return renamed(answer, {name: name.lower()}), renamed(gold, {gold_name: name.lower()})
