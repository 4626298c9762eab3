"""The same multiple-choice questions with their options in other orders: who knows the answer finds it anywhere.

A model that remembers letters falls when the right option moves. So does one that prefers a place, which the accuracy
by the gold's place shows. Idea: Pezeshkpour and Hruschka 2023 (arXiv 2308.11483).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reasoncore.evals.contamination.asking import Asker
from reasoncore.evals.contamination.items import Item
from reasoncore.evals.contamination.pairs import Pairs, compare_pairs, pairs_lines
from reasoncore.evals.score import ProblemSamples
from reasoncore.evals.statistics import clustered_mean
from reasoncore.records import Problem
from reasoncore.seeding import derive_seed
from reasoncore.verify.choice import ChoiceTask
from reasoncore.verify.choice.options import format_options, shuffle_options

ORDERS = 3
_TRIES = 30
_WORDS = ("falls when the options move", "rises when the options move")


@dataclass(frozen=True, slots=True)
class OptionOrder:
    """Questions as they are, and with their options in other orders.

    Attributes:
        pairs: Originals against other orders, in all of which the right option has another letter.
        by_place: Mean accuracy with its interval and the number of questions, by the right option's letter.
    """

    pairs: Pairs
    by_place: dict[str, dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """The attributes; ``by_place`` with ``mean``, ``ci95`` and ``n``."""
        return {**self.pairs.as_json(), "by_place": self.by_place}


def other_orders(problem: Problem, seed: int) -> list[Problem]:
    """Up to three different orders of a question's options in which the right one has another letter.

    Empty where the question has no options, they are not printed as :func:`format_options` does, or they cannot move.
    """
    task = problem.reference
    if not isinstance(task, ChoiceTask) or not task.options or format_options(task.options) not in problem.prompt:
        return []
    found: dict[tuple[str, ...], ChoiceTask] = {}
    for number in range(_TRIES):
        moved = shuffle_options(task, derive_seed(seed, "order", number)).task
        if moved.gold != task.gold and len(found) < ORDERS:
            found.setdefault(moved.options, moved)
    return [
        replace(
            problem,
            id=f"{problem.id}-order{number}",
            prompt=problem.prompt.replace(format_options(task.options), format_options(moved.options)),
            answer=moved.gold,
            reference=moved,
        )
        for number, moved in enumerate(found.values(), start=1)
    ]


def measure_option_order(benchmark: str, items: Sequence[Item], asker: Asker) -> OptionOrder | None:
    """Ask the questions whose options can move, and their other orders; None where there are none.

    Raises:
        ReasoncoreError: A completion could not be had.
    """
    orders = {item.problem: moved for item in items if (moved := other_orders(item.problem, asker.seed))}
    if not orders:
        return None
    own = asker.ask(f"{benchmark}, options as they are", list(orders))
    everything = [moved for several in orders.values() for moved in several]
    asked = dict(zip(everything, asker.ask(f"{benchmark}, options moved", everything), strict=True))
    other = [[asked[moved] for moved in several] for several in orders.values()]
    pairs = compare_pairs(benchmark, own, other, len(items) - len(orders), _WORDS)
    return OptionOrder(pairs, _by_place([*zip(orders, own, strict=True), *asked.items()]))


def _by_place(asked: Sequence[tuple[Problem, ProblemSamples]]) -> dict[str, dict[str, Any]]:
    places: dict[str, dict[str, list[bool]]] = {}
    for problem, samples in asked:
        question = problem.id.rpartition("-order")[0] or problem.id
        if samples.correct:
            places.setdefault(problem.answer, {}).setdefault(question, []).extend(samples.correct)
    return {
        letter: {**clustered_mean(list(questions.values())).as_json(), "n": len(questions)}
        for letter, questions in sorted(places.items())
    }


def option_order_lines(found: OptionOrder) -> list[str]:
    """What was found, for people."""
    places = ", ".join(f"{letter} {100 * block['mean']:.1f} %" for letter, block in found.by_place.items())
    return [*pairs_lines("order of options", found.pairs, "other order"), f"    by the right option's letter: {places}"]
