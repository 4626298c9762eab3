"""What a family of constraints is: how it is drawn, worded, checked, and what it asks of a response's plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from reasoncore.procedural.instruct.topics import Topic
from reasoncore.verify.constraints.arguments import Relation

Args = tuple[int | str, ...]
Draw = Callable[[Random, Topic], Args]
Layout = Literal["plain", "bullets", "headings", "dividers", "paragraphs", "two", "json"]
Bound = tuple[Relation, int]

RELATIONS: dict[str, Relation] = {">=": "at least", "<": "less than"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a response has to look like. Two constraints that set the same field cannot go together.

    Attributes:
        layout: How the sentences are laid out, in so many ``parts``.
        heading: Word of the numbered headings.
        first_word: Paragraph, counted from 1, and the word it starts with.
        title: Whether there is a title line.
        start: Line in front of the body.
        postscript: Marker of a last line; empty for none.
        end: The last words.
        quoted: Whether quotation marks stand around everything.
        commas: Whether commas may occur.
        highlights: Words between asterisks.
        placeholders: Sentences with a placeholder.
        capitals: Words in capitals.
        keywords: Words that must occur.
        mentions: Words that must occur apart from the facts.
        avoid: Words that must not occur.
        names: How often the topic's name occurs.
        letters: Letter, and how often it occurs.
        sentences: How many sentences there are.
        words: How many words there are.
    """

    layout: Layout = "plain"
    parts: int = 1
    heading: str = ""
    first_word: tuple[int, str] | None = None
    title: bool = False
    start: str = ""
    postscript: str = ""
    end: str = ""
    quoted: bool = False
    commas: bool = True
    highlights: int = 0
    placeholders: int = 0
    capitals: int = 0
    keywords: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    names: Bound | None = None
    letters: tuple[str, Relation, int] | None = None
    sentences: Bound | None = None
    words: Bound | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One constraint with its arguments.

    Attributes:
        id: A key of ``CONSTRAINTS``.
        kwargs: The arguments of its check.
        phrases: Ways to say it.
        plan: The fields of :class:`Plan` that it sets.
        head: What the prompt has to begin with; empty where it does not matter.
    """

    id: str
    kwargs: Mapping[str, Any]
    phrases: tuple[str, ...]
    plan: Mapping[str, Any] = field(default_factory=dict)
    head: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of constraint.

    Attributes:
        name: Unique; part of a problem's content.
        wish: ``(topic, *arguments) -> wish``.
        easy: Draws arguments that are easy to follow; None where there are none.
        hard: Draws arguments that are hard to follow, none of which ``easy`` draws.
    """

    name: str
    wish: Callable[..., Wish]
    easy: Draw | None = None
    hard: Draw | None = None

    def code(self, args: Args) -> str:
        """The constraint as one word group, such as ``"bullets 3"``; :func:`read_code` reads it."""
        return " ".join(map(str, (self.name, *args)))


def read_code(code: str) -> tuple[str, Args]:
    """Name of the family and arguments."""
    name, *args = code.split(" ")
    return name, tuple(int(arg) if arg.isdecimal() else arg for arg in args)


def nothing(rng: Random, topic: Topic) -> Args:
    """Draws no arguments."""
    return ()


def count(low: int, high: int) -> Draw:
    """Draws a number."""
    return lambda rng, topic: (rng.randint(low, high),)


def bound(at_least: tuple[int, int], less_than: tuple[int, int]) -> Draw:
    """Draws a relation and a number that suits it."""

    def draw(rng: Random, topic: Topic) -> Args:
        relation = rng.choice(tuple(RELATIONS))
        return relation, rng.randint(*(at_least if relation == ">=" else less_than))

    return draw
