"""The values a program is shown and tested on: those that tell it from programs that differ in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from reasoncore.procedural.code.operations import (
    LIST_RESULTS,
    LIST_STEPS,
    NUMBER_RESULTS,
    NUMBER_STEPS,
    STRING_RESULTS,
    STRING_STEPS,
    Operation,
)
from reasoncore.procedural.code.programs import Program

TESTS = 3
_CANDIDATES = 9
_LARGEST = 9_999


@dataclass(frozen=True, eq=False)
class Kind:
    """Programs over one kind of value.

    Attributes:
        variable: Name of the parameter.
        steps: Operations in the middle.
        results: Operations at the end.
        draw_value: A random value to try programs on.
        edge: A value of which every program should be sure.
    """

    variable: str
    steps: tuple[Operation, ...]
    results: tuple[Operation, ...]
    draw_value: Callable[[Random], Any]
    edge: Any


def _draw_list(rng: Random) -> list[int]:
    return [rng.randint(-3, 15) for _ in range(rng.randint(4, 7))]


def _draw_string(rng: Random) -> str:
    return "".join(rng.choice("aabcdeeilorst") for _ in range(rng.randint(5, 9)))


def _draw_number(rng: Random) -> int:
    return rng.randint(-9, 25)


LISTS = Kind("xs", LIST_STEPS, LIST_RESULTS, _draw_list, [])
STRINGS = Kind("s", STRING_STEPS, STRING_RESULTS, _draw_string, "")
NUMBERS = Kind("n", NUMBER_STEPS, NUMBER_RESULTS, _draw_number, 0)


@dataclass(frozen=True)
class Cases:
    """What a program is shown and tested on."""

    example: Any
    tests: tuple[Any, ...]


@lru_cache(maxsize=4096)
def choose_cases(kind: Kind, program: Program) -> Cases | None:
    """An example and hidden tests that tell the program from each that differs in one place; None if none do."""
    rng = Random(f"{kind.variable}/{program.says}")
    drawn = [kind.draw_value(rng) for _ in range(_CANDIDATES)]
    values = [value for place, value in enumerate(drawn) if value not in drawn[:place] and value != kind.edge]
    traces = [program.trace(value) for value in (*values, kind.edge)]
    outputs = [trace[-1] for trace in traces]
    example = next((place for place, output in enumerate(outputs[:-1]) if output), None)
    if example is None or any(_too_large(value) for trace in traces for value in trace):
        return None
    left = [place for place in range(len(outputs)) if place != example]
    alive = []
    for place, shorter in program.shorter():
        alive.append(_outputs(shorter, place, traces))
        if all(alive[-1][case] == outputs[case] for case in left):  # a step without effect is none
            return None
    alive += [_outputs(variant, place, traces) for place, variant in program.variants((*kind.steps, *kind.results))]
    chosen: list[int] = []
    while left and len(chosen) < TESTS:
        best = max(left, key=lambda place: sum(other[place] != outputs[place] for other in alive))
        left.remove(best)
        chosen.append(best)
        alive = [other for other in alive if other[best] == outputs[best]]
    # A variant that the tests do not catch must be one that no value at hand tells apart.
    if len(chosen) < TESTS or any(other[place] != outputs[place] for other in alive for place in left):
        return None
    known = [*values, kind.edge]
    return Cases(known[example], tuple(known[place] for place in chosen))


def _outputs(program: Program, place: int, traces: Sequence[Sequence[Any]]) -> list[Any]:
    """Results of a program that is like the traced one before a place."""
    outputs: list[Any] = []
    for trace in traces:
        try:
            outputs.append(program.trace(trace[place], place)[-1])
        except (TypeError, ValueError, ZeroDivisionError, AttributeError) as error:
            outputs.append(type(error).__name__)
    return outputs


def _too_large(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) > _LARGEST
    return len(value) > 24 or (isinstance(value, list) and any(map(_too_large, value)))
