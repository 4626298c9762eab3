"""Options in a prompt: printing them, and shuffling them so that the place of the right one says nothing.

Options that speak of the others keep their place, and a question whose options name letters or speak of those above
them anywhere but at the end is not shuffled at all: their meaning would change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from reasoncore.seeding import derive_seed
from reasoncore.verify.choice.phrase import NONE
from reasoncore.verify.choice.verifier import ChoiceTask

_ABOVE = re.compile(r"\b(?:above|preceding|previous|foregoing)\b", re.IGNORECASE)
_ALL_OR_NONE = re.compile(
    r"(?:all|none|any|both|neither|some|more than one|two|three)(?: of)?(?: (?:the|these|those|them))*"
    r"(?: (?:others?|options?|choices?|answers?|statements?))?(?: (?:is|are) (?:correct|true|right|wrong|false))?\.?",
    re.IGNORECASE,
)
# "A and C", "Both A and B", "(a), (b) or (d)", "only B", "A only", "option C"; roman numerals name no options.
_ONE = r"(?:\([A-Ha-h]\)|[A-H])"
_LETTERS = re.compile(
    rf"(?:(?:[Bb]oth|[Ee]ither|[Nn]either|[Aa]ll|[Nn]one)(?: of)? |(?:[Oo]ption|[Cc]hoice|[Aa]nswer)s? )*"
    rf"{_ONE}(?:\s?,\s?(?:and |or )?{_ONE}| (?:and|or|nor|&) {_ONE}|\s?[/&+]\s?{_ONE})+"
    r"(?: only| together| above| (?:is|are) (?:both )?(?:correct|true|right|wrong|false))?\.?"
    rf"|[Oo]nly {_ONE}\.?|{_ONE} only\.?|(?:[Oo]ption|[Cc]hoice|[Aa]nswer) {_ONE}\.?"
    rf"|{_ONE} (?:is|are) (?:correct|true|right|wrong|false)\.?"
    rf"|(?:[Aa]ll|[Nn]one|[Aa]ny)\b.{{0,60}} (?:except|but)(?: for)? {_ONE}\.?",
)


@dataclass(frozen=True, slots=True)
class ShuffledChoice:
    """A task with its options in another order.

    Attributes:
        task: Options and gold letter in the new order.
        order: Index of the original option at each new place; ``order[0]`` became A.
        shuffled: False where the options had to stay as they were.
    """

    task: ChoiceTask
    order: tuple[int, ...]
    shuffled: bool


def shuffle_options(task: ChoiceTask, seed: int) -> ShuffledChoice:
    """Shuffle the options of a task that has them; the gold letter follows its option.

    The order depends on the seed and on the options, so that one seed serves a whole benchmark; it is the same on
    every platform. "All of the above" and the like keep their place.
    """
    assert task.options, "a task without options cannot be shuffled"
    options = list(task.options)
    movable = _movable(options)
    order = list(range(len(options)))
    if movable is not None:
        drawn = list(movable)
        random.Random(derive_seed(seed, "options", *map(ascii, options))).shuffle(drawn)
        for place, original in zip(movable, drawn, strict=True):
            order[place] = original
    gold = ascii_uppercase[order.index(ascii_uppercase.index(task.gold))]
    return ShuffledChoice(
        ChoiceTask(gold, tuple(options[original] for original in order)), tuple(order), movable is not None
    )


def original_letter(shuffled: ShuffledChoice, letter: str) -> str:
    """The letter that an answer to the shuffled question had before; ``"none"`` stays as it is."""
    return letter if letter == NONE else ascii_uppercase[shuffled.order[ascii_uppercase.index(letter)]]


def format_options(options: Sequence[str]) -> str:
    """One line an option, ``A) ...``."""
    return "\n".join(f"{letter}) {option}" for letter, option in zip(ascii_uppercase, options, strict=False))


def _movable(options: Sequence[str]) -> list[int] | None:
    """Places whose options may change places, None where the question has to stay in order."""
    if any(_LETTERS.fullmatch(option) for option in options) or _labelled(options):
        return None
    above = [index for index, option in enumerate(options) if _ABOVE.search(option)]
    pinned = {index for index, option in enumerate(options) if _ALL_OR_NONE.fullmatch(option)} | set(above)
    movable = [index for index in range(len(options)) if index not in pinned]
    if above and movable and above[0] < movable[-1]:
        return None
    return movable


def _labelled(options: Sequence[str]) -> bool:
    """Every option begins with its own letter: moving them would leave the letters wrong."""
    return all(
        re.match(rf"\(?{letter}[.):]\s", option) for letter, option in zip(ascii_uppercase, options, strict=False)
    )
