r"""Answers up to an integer: residues, ``x \equiv 5 \pmod{7}``, and families, ``2k\pi, k \in \mathbb{Z}``."""

from __future__ import annotations

from fractions import Fraction

from reasoncore.verify.math.exact import exact_value
from reasoncore.verify.math.relation import assigned_value
from reasoncore.verify.math.tree import Node, is_variable, renamed

_INTEGERS = Node("symbol", name="mathbb Z")


def same_residue(answer: Node, gold: Node) -> bool:
    """Whether two trees, one of them ``modulo``, are the same residue; without a modulus the other's is meant."""
    value, modulus = _residue(answer)
    gold_value, gold_modulus = _residue(gold)
    if value is None or gold_value is None:
        return False
    if modulus is None or gold_modulus is None:
        return value == gold_value
    return modulus == gold_modulus != 0 and (value - gold_value) % modulus == 0


def _residue(node: Node) -> tuple[Fraction | None, Fraction | None]:
    """The residue and the modulus, where they are numbers."""
    value, modulus = node.parts if node.op == "modulo" else (node, None)
    if value.op == "relation":
        value = assigned_value(value) or value
    return _rational(value), None if modulus is None else _rational(modulus)


def _rational(node: Node) -> Fraction | None:
    value = exact_value(node)
    return None if value is None else value.rational()


def with_parameter_of(answer: Node, gold: Node) -> Node:
    """The answer with the gold's name for the integer that runs through a family, where both are one."""
    name, gold_name = _parameter(answer), _parameter(gold)
    if not name or not gold_name or gold_name in {part.name for part in answer.walk() if part.op == "symbol"}:
        return answer
    return renamed(answer, {name: gold_name})


def _parameter(node: Node) -> str:
    """The name in the last part of ``..., k \\in \\mathbb{Z}``."""
    last = node.parts[-1] if node.op == "list" else node
    is_integer = last.op == "relation" and last.name == "in" and last.parts[1] == _INTEGERS
    return last.parts[0].name if is_integer and node.op == "list" and is_variable(last.parts[0]) else ""
