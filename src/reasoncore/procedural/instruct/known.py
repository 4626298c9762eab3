"""What the judge knows: which sentences state a fact or a tip of the bank, and which words follow which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from reasoncore.procedural.chat import replies
from reasoncore.procedural.chat.requests import FETCH, REACH
from reasoncore.procedural.chat.smalltalk import GREETINGS
from reasoncore.procedural.instruct.advice import ACTIVITIES
from reasoncore.procedural.instruct.sentences import sentence, unopened
from reasoncore.procedural.instruct.topics import TOPICS

Point = tuple[str, int]
"""What a fact or tip is about, and its number."""


def points_of(text: str) -> tuple[Point, ...]:
    """The facts and tips that a sentence, in lower case and without its end, may state; one with a pronoun, several."""
    return _points().get(text, ())


@cache
def _points() -> dict[str, tuple[Point, ...]]:
    points: dict[str, tuple[Point, ...]] = {}
    for subject, number, text in _stated():
        key = unopened(text)
        points[key] = (*points.get(key, ()), (subject, number))
    return points


@cache
def word_pairs() -> frozenset[tuple[str, str]]:
    """Words that follow each other in some sentence of the bank or of the chat, ``^`` before the first, ``$`` last."""
    texts = [text for _, _, text in _stated()] + list(_replies())
    return frozenset(pair for text in texts for pair in pairwise(["^", *re.findall(r"[a-z]+", unopened(text)), "$"]))


def _stated() -> Iterator[tuple[str, int, str]]:
    for topic in TOPICS:
        for number, fact in enumerate(topic.facts):
            yield from (
                (topic.name, number, text) for text in {sentence(fact, topic, named) for named in (True, False)}
            )
    for activity in ACTIVITIES:
        yield from ((activity.name, number, text) for number, text in enumerate(activity.tips))


def _replies() -> Iterator[str]:
    """Sentences of chat replies, at least one with every pair of words that a reply may have."""
    yield from (replies.OFFER, replies.NICE, replies.MEET, replies.WELL, replies.PROGRAM, replies.ABLE)
    yield from (replies.SORRY, replies.GLAD, replies.WELCOME, replies.TRUE, "I can.")
    yield from (replies.hello(greeting, name) for greeting in GREETINGS for name in ("", *replies.NAMES))
    yield from (replies.refuse(f"{verb} {name}") for verb in REACH for name in replies.NAMES)
    for topic in TOPICS:
        yield from (replies.talk(topic), replies.offer(topic))
        yield from (replies.refuse(f"{verb} you {topic.phrase}") for verb in FETCH)
        if topic.kind:
            statement = replies.is_kind(topic, topic.kind)
            yield from (
                f"{statement}.",
                f"No, {statement} but {statement}.",
                f"No, both are {topic.kind}.",
                f"Both are {topic.kind}.",
            )
