"""Pipelines: operations in a row on one value, as problem types.

One content, one function: of the orders that do the same only the first in the alphabet counts, none may hold a pair
that another operation could replace, and no operation may be idle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import permutations
from math import prod
from random import Random
from typing import Any

from reasoncore.procedural.code.cases import Cases, Function, choose_cases
from reasoncore.procedural.code.drafts import code_draft
from reasoncore.procedural.code.operations import (
    ARGUMENT,
    Args,
    Constant,
    Op,
    Step,
    flatten,
    literal,
    parse,
    random_step,
    with_argument,
)
from reasoncore.procedural.code.render import Term, call, nested, say
from reasoncore.procedural.core import Draft, Params, ProblemType

Steps = tuple[Step, ...]
Change = tuple[int, Steps]
"""How many steps stay as they are, and what comes after those instead."""

_SHORT, _POOL = 6, 20


@dataclass(frozen=True, eq=False)
class Kit:
    """What the programs over one kind of value are made of.

    Attributes:
        variable: Name of the function's parameter.
        argument: Name of its second parameter, where it has one.
        ops: The operations by name.
        merges: Whether another pipeline of the kit does the same as these steps in a row.
        value: ``(rng, constants, short) -> value``, near the constants so that they matter.
        arguments: Operations whose constant may be the second argument.
        argument_value: A value for it.
        edges: Unusual values.
    """

    variable: str
    argument: str
    ops: Mapping[str, Op]
    merges: Callable[[Steps], bool]
    value: Callable[[Random, Sequence[Constant], bool], Any]
    arguments: tuple[str, ...]
    argument_value: Callable[[Random], Constant]
    edges: tuple[Any, ...]

    def parameters(self, steps: Sequence[Step]) -> str:
        """The function's parameters."""
        return f"{self.variable}, {self.argument}" if takes_argument(steps) else self.variable


def takes_argument(steps: Sequence[Step]) -> bool:
    """Whether the steps use a second argument."""
    return any(ARGUMENT in step.constants for step in steps)


def run_steps(steps: Sequence[Step], value: Any, args: Args) -> Any:
    """What the steps make of a value, in a function called with ``args``."""
    for step in steps:
        value = step.apply(value, args)
    return value


def values_along(steps: Sequence[Step], args: Args) -> list[Any]:
    """The value before, between and after the steps."""
    values = [args[0]]
    for step in steps:
        values.append(step.apply(values[-1], args))
    return values


def pipeline_type(name: str, kit: Kit, reduces: bool) -> ProblemType:
    """Pipelines of a kit that end in a ``reduce`` operation or have none, as one type of problem."""
    return ProblemType(
        name, partial(_draw, kit, reduces), partial(_write, kit), lambda params: _cases(kit, params) is not None
    )


def mutants_of(steps: Steps, ops: Mapping[str, Op]) -> Iterator[Change]:
    """Pipelines with one step left out, for a sibling, or with its constant one up; none may do the same."""
    for place, step in enumerate(steps):
        after = steps[place + 1 :]
        yield place, after
        for other in step.variants(ops):
            yield place, (other, *after)


def doubtful_of(steps: Steps) -> Iterator[Change]:
    """Pipelines with one constant one down or two neighbours exchanged; they may do the same."""
    for place, step in enumerate(steps):
        after = steps[place + 1 :]
        for other in step.lowered():
            yield place, (other, *after)
        if after and after[0].op.shape != "reduce":
            yield place, (after[0], step, *after[1:])


def _draw(kit: Kit, reduces: bool, rng: Random, level: int) -> Params:
    middle = [op for op in kit.ops.values() if op.shape != "reduce"]
    ends = [op for op in kit.ops.values() if op.shape == "reduce"]
    while True:
        two_arguments = level == 4 and rng.random() < 0.5
        count = level - two_arguments
        chosen = rng.choices(middle, k=count - reduces)
        if level == 1:  # each operation about as often as the square root of its number of contents
            chosen = _weighted(rng, ends if reduces else middle)
        elif reduces:
            chosen.append(rng.choice(ends))
        drawn = tuple(random_step(rng, op, level == 1) for op in chosen)
        steps = with_argument(rng, drawn, kit.arguments) if two_arguments else drawn
        if steps is not None and not kit.merges(steps):
            return flatten(steps)


def _weighted(rng: Random, ops: Sequence[Op]) -> list[Op]:
    def contents(op: Op) -> int:
        return prod(len(wide) for _, wide in op.constants)

    return rng.choices(ops, [contents(op) ** 0.5 for op in ops])


@lru_cache(maxsize=4096)
def _cases(kit: Kit, params: Params) -> Cases | None:
    """The calls that are shown and tested; None where the pipeline is not to be used."""
    steps = parse(params, kit.ops)
    rng = Random(f"{kit.variable}/{'/'.join(map(str, params))}")
    constants = [c for step in steps for c in step.constants if c != ARGUMENT]

    def arguments(value: Any) -> Args:
        return (value, kit.argument_value(rng)) if takes_argument(steps) else (value,)

    def values(count: int, short: bool) -> list[Args]:
        return [arguments(kit.value(rng, constants, short)) for _ in range(count)]

    pool, edges = values(_POOL, short=False), [arguments(value) for value in kit.edges]
    along = [values_along(steps, args) for args in pool]
    mutants = list(mutants_of(steps, kit.ops))
    if _is_idle(mutants, pool, along) or not _is_first_order(kit, steps, pool, along):
        return None
    changes = [*mutants, *doubtful_of(steps)]

    def others(args: Args) -> list[Any]:
        before = values_along(steps[:-1], args)
        return [run_steps(tail, before[place], args) for place, tail in changes]

    short = [args for args in values(_SHORT, short=True) if _fits(steps, args)]
    return choose_cases(_function(steps), others, len(mutants), short, pool, edges, examples=1)


def _is_idle(mutants: Sequence[Change], pool: Sequence[Args], along: Sequence[Sequence[Any]]) -> bool:
    """Whether a mutant does the same for the whole pool."""
    return any(
        all(run_steps(tail, values[place], args) == values[-1] for args, values in zip(pool, along, strict=True))
        for place, tail in mutants
    )


def _is_first_order(kit: Kit, steps: Steps, pool: Sequence[Args], along: Sequence[Sequence[Any]]) -> bool:
    """Whether no other order of the steps does the same and comes before or could be written otherwise."""
    key = _order_key(steps)
    fixed = steps[-1:] if steps[-1].op.shape == "reduce" else ()
    for order in permutations(steps[: len(steps) - len(fixed)]):
        other = (*order, *fixed)
        if (_order_key(other) < key or kit.merges(other)) and all(
            run_steps(other, args[0], args) == values[-1] for args, values in zip(pool, along, strict=True)
        ):
            return False
    return True


def _order_key(steps: Steps) -> tuple[str, ...]:
    return tuple(map(str, flatten(steps)))


def _fits(steps: Steps, args: Args) -> bool:
    """Whether no value on the way is too long to show."""
    return all(len(literal(value)) <= 24 for value in values_along(steps, args))


def _function(steps: Steps) -> Function:
    return lambda args: run_steps(steps, args[0], args)


def _write(kit: Kit, params: Params, variant: int) -> Draft:
    steps = parse(params, kit.ops)
    cases = _cases(kit, params)
    assert cases is not None, params
    variable = Term(kit.variable)
    plan = [say(step, kit.variable, kit.argument) for step in steps]
    lines = [nested([step], variable, kit.argument).text for step in steps]
    body = [*(f"{kit.variable} = {line}" for line in lines[:-1]), f"return {lines[-1]}"]
    return code_draft(
        parameters=kit.parameters(steps),
        says=", then ".join(plan),
        plan=plan,
        expression=nested(steps, variable, kit.argument).text,
        body=body,
        traces=[
            " -> ".join([call(args), *(literal(value) for value in values_along(steps, args)[1:])])
            for args in cases.examples
        ],
        run=_function(steps),
        cases=cases,
    )
