"""Answers that say the same: the classes that votes and claim-level reliability count by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from reasoncore.verify.math.answer import exact_number, normalise_answer

Same = Callable[[str, str], bool | None]
"""Whether two answers are equivalent by the domain's verifier; None where it could not say."""


def answer_classes(answers: Sequence[str | None], same: Same = lambda one, other: False) -> list[list[int]]:
    """Indices of equivalent answers, classes and members in sampling order; None belongs to no class.

    Two answers are equivalent when both are exact numbers and equal, or else when their normalised spelling is; or when
    ``same`` says so of the first members of their classes.
    """
    spelt: dict[Fraction | str, list[int]] = {}
    for index, answer in enumerate(answers):
        if answer is None:
            continue
        number = exact_number(answer)
        spelt.setdefault(normalise_answer(answer) if number is None else number, []).append(index)
    classes: list[list[int]] = []
    for members in spelt.values():
        found = next((known for known in classes if same(_first(answers, known), _first(answers, members))), None)
        if found is None:
            classes.append(members)
        else:
            found[:] = sorted([*found, *members])
    return classes


def majority_class(classes: Sequence[Sequence[int]]) -> list[int]:
    """The largest class, the one seen first among equals; empty without classes."""
    # max() keeps the first of equals, and classes are in sampling order.
    largest: Sequence[int] = max(classes, key=len, default=())
    return list(largest)


def _first(answers: Sequence[str | None], members: Sequence[int]) -> str:
    answer = answers[members[0]]
    assert answer is not None, "a class has answers only"
    return answer
