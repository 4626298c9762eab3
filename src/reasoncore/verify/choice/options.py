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
    r"(?: (?:others?|options?|choices?|answers?|statements?))*(?: (?:is|are) (?:correct|true|right|wrong|false))?\.?",
    re.IGNORECASE,
)
# Options about other options are made of letters, or of places with a noun, and of these words; "I" names no option.
_LETTER = re.compile(r"\(([A-Ha-h])\)|\b([A-H])\b|\b([a-h])\b")
_PLACE = re.compile(
    r"\b(?:first|second|third|fourth|fifth|last)\b.{0,30}\b(?:options?|choices?|answers?|statements?)\b", re.IGNORECASE
)
_WORD_OF_REFERENCE = re.compile(
    r"\b(?:both|either|neither|nor|and|or|only|all|none|any|but|except|for|not|same|as|like|of|the|these|is|are|correct|"
    r"true|right|wrong|false|incorrect|together|above|equally|also|depending|first|second|third|fourth|fifth|last|two|"
    r"three|options?|choices?|answers?|statements?)\b|[,/&+;]",
    re.IGNORECASE,
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
    if any(_names_options(option) for option in options) or _labelled(options):
        return None
    above = [index for index, option in enumerate(options) if _ABOVE.search(option)]
    pinned = {index for index, option in enumerate(options) if _ALL_OR_NONE.fullmatch(option)} | set(above)
    movable = [index for index in range(len(options)) if index not in pinned]
    if above and movable and above[0] < movable[-1]:
        return None
    return movable


def _names_options(option: str) -> bool:
    """Whether an option is about other options and nothing else: "both a and b", "A is correct but B is not"."""
    letters = [match[0] for match in _LETTER.finditer(option)]
    if letters == ["a"] or not (letters or _PLACE.search(option)):  # "a" alone is the article
        return False
    rest, words = _WORD_OF_REFERENCE.subn("", _LETTER.sub("", option))
    return words > 0 and not rest.strip(" .")


def _labelled(options: Sequence[str]) -> bool:
    """Every option begins with its own letter: moving them would leave the letters wrong."""
    return all(
        re.match(rf"\(?{letter}[.):]\s", option) for letter, option in zip(ascii_uppercase, options, strict=False)
    )
