"""The values a program is shown and tested on: those that tell it from each program that differs in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reasoncore.procedural.code.operations import Args, literal

TESTS = 3
MAX_SHOWN = 32

Function = Callable[[Args], Any]
Told = tuple[Args, int]
"""Arguments, and which programs give something else for them, as bits."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Arguments of the calls that the prompt shows, and of the hidden tests."""

    examples: tuple[Args, ...]
    tests: tuple[Args, ...]


def choose_cases(
    run: Function,
    others: Callable[[Args], Sequence[Any]],
    mutants: int,
    short: Sequence[Args],
    pool: Sequence[Args],
    edges: Sequence[Args],
    examples: int,
) -> Cases | None:
    """Examples and hidden tests; None where a mutant passes or the program hardly depends on its value.

    Args:
        run: The program.
        others: What other programs return, the mutants first.
        mutants: How many of the others one hidden test at least must tell from the program. Of the rest those count
            which some value of the pool tells from it; what is left does the same as the program.
        short: Candidates for the examples.
        pool: Candidates for the tests.
        edges: Candidates of which one is a test where all mutants are then still told apart; may be empty.
        examples: How many examples.
    """
    if len({literal(run(args)) for args in pool}) < TESTS:
        return None

    def told(candidates: Sequence[Args], but: Sequence[Args] = ()) -> list[Told]:
        return [(args, _bits(run(args), others(args))) for args in candidates if args not in but]

    shown, _ = _best(told([args for args in short if _is_shown(run(args))]), 0, examples)
    if len(shown) < examples:
        return None
    hidden = told(pool, but=shown)
    required = (1 << mutants) - 1
    for _, mask in hidden:
        required |= mask
    for first in (told(edges, but=shown), hidden):
        start, caught = _best(first, 0, 1)
        rest, caught = _best([pair for pair in hidden if pair[0] not in start], caught, TESTS - len(start))
        if caught & required == required and len(start) + len(rest) == TESTS:
            return Cases(tuple(shown), (*start, *rest))
    return None


def _bits(expected: Any, outputs: Sequence[Any]) -> int:
    return sum(1 << place for place, output in enumerate(outputs) if output != expected)


def _best(candidates: Sequence[Told], caught: int, count: int) -> tuple[list[Args], int]:
    """``count`` candidates, and which programs are caught then.

    Each is the one that catches most of the others, of those that catch the program that fewest of them do.
    """
    chosen: list[Args] = []
    while len(chosen) < count:
        left = [(args, mask & ~caught) for args, mask in candidates if args not in chosen]
        if not left:
            break
        rarest = _rarest([mask for _, mask in left])
        args, mask = max(left, key=lambda pair: (pair[1] & rarest > 0, pair[1].bit_count()))
        chosen.append(args)
        caught |= mask
    return chosen, caught


def _rarest(masks: Sequence[int]) -> int:
    """The bit that fewest of the masks have, of those that any has; 0 where none has any."""
    once = twice = 0
    for mask in masks:
        once, twice = once | mask, twice | (once & mask)
    if once & ~twice or not once:
        return once & ~twice
    bits = [1 << place for place in range(once.bit_length()) if once >> place & 1]
    return min(bits, key=lambda bit: sum(mask & bit > 0 for mask in masks))


def _is_shown(output: Any) -> bool:
    return output not in ("", []) and len(literal(output)) <= MAX_SHOWN
