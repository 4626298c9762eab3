"""Drills: operations on values as Python writes them, in words and in tiny functions, for pretraining."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from reasoncore.procedural.code import arithmetic, lists, strings
from reasoncore.procedural.code.conditions import NUMBER_TESTS, STRING_TESTS
from reasoncore.procedural.code.operations import Op, Step, literal, random_step
from reasoncore.procedural.code.pipelines import Kit, run_steps
from reasoncore.procedural.code.render import Term, fill, nested, say, value_term
from reasoncore.procedural.core import Drill


def _value_drill(kit: Kit) -> Drill:
    """An operation on a value: ``[1, 2, 3][::-1] == [3, 2, 1]``."""

    def drill(rng: Random, level: int) -> list[str]:
        step = _step(rng, kit.ops, level)
        value = _value(rng, kit, step)
        return [f"{nested([step], value_term(value), '').text} == {literal(step.apply(value, ()))}"]

    return drill


def _words_drill(kit: Kit) -> Drill:
    """An operation in words and in Python."""

    def drill(rng: Random, level: int) -> list[str]:
        step = _step(rng, kit.ops, level)
        return [f"{say(step, kit.variable, '')}: {nested([step], Term(kit.variable), '').text}"]

    return drill


def _statements_drill(kit: Kit) -> Drill:
    """Two operations, a statement each, and the value they make."""

    def drill(rng: Random, level: int) -> list[str]:
        steps, name = _two_steps(rng, kit), kit.variable
        value = _value(rng, kit, *steps)
        made = [f"{name} = {nested([step], Term(name), '').text}" for step in steps]
        return [f"{name} = {literal(value)}", *made, f"{name} == {literal(run_steps(steps, value, ()))}"]

    return drill


def _function_drill(kit: Kit) -> Drill:
    """Two operations nested in a function, and what it returns."""

    def drill(rng: Random, level: int) -> list[str]:
        steps, name = _two_steps(rng, kit), kit.variable
        value = _value(rng, kit, *steps)
        return [
            f"def f({name}):",
            f"    return {nested(steps, Term(name), '').text}",
            f"f({literal(value)}) == {literal(run_steps(steps, value, ()))}",
        ]

    return drill


def _condition_drill(kit: Kit, tests: Mapping[str, Op]) -> Drill:
    """A condition in words and in Python, and whether it holds of a value."""

    def drill(rng: Random, level: int) -> list[str]:
        step = _step(rng, tests, level)
        value = _value(rng, kit, step)
        return [
            f"{say(step, kit.variable, '')}: {fill(step, Term(kit.variable), '').text}",
            f"{fill(step, value_term(value), '').text} is {step.apply(value, ())}",
        ]

    return drill


def _step(rng: Random, ops: Mapping[str, Op], level: int) -> Step:
    return random_step(rng, rng.choice(list(ops.values())), alone=level > 1)


def _two_steps(rng: Random, kit: Kit) -> list[Step]:
    ops = [op for op in kit.ops.values() if op.shape != "reduce"]
    return [random_step(rng, op, alone=False) for op in rng.sample(ops, 2)]


def _value(rng: Random, kit: Kit, *steps: Step) -> Any:
    return kit.value(rng, [constant for step in steps for constant in step.constants], True)


_KITS = (arithmetic.KIT, lists.KIT, strings.KIT)
DRILLS: tuple[Drill, ...] = (
    *(make(kit) for make in (_value_drill, _words_drill, _statements_drill, _function_drill) for kit in _KITS),
    _condition_drill(arithmetic.KIT, NUMBER_TESTS),
    _condition_drill(strings.KIT, STRING_TESTS),
)
