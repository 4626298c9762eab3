"""Small talk: greetings, thanks, what people like and how they are."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.chat.replies import (
    GLAD,
    MEET,
    NAMES,
    NICE,
    OFFER,
    SORRY,
    WELCOME,
    WELL,
    hello,
    some_facts,
    talk,
)
from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.instruct.topics import BY_NAME, TOPICS
from reasoncore.verify.rubric import RubricTask

GREETINGS = ("Hello", "Hi", "Good morning", "Good evening")
_GIFTS = ("answer", "book", "letter", "note", "story")
_MOODS = {"sad": SORRY, "sick": SORRY, "cold": SORRY, "happy": GLAD, "well": GLAD, "strong": GLAD}


def said(prompt: str, reply: str) -> Draft:
    """One turn of a dialogue."""
    return Draft((prompt,), reply, {"direct": reply}, RubricTask(prompt))


def _draw_greeting(rng: Random, level: int) -> Params:
    """``(greeting, name or nothing, whether it asks back)``"""
    return rng.choice(GREETINGS), rng.choice(("", *NAMES)), rng.randrange(2)


def _write_greeting(params: Params, variant: int) -> Draft:
    greeting, name, asks = str(params[0]), str(params[1]), params[2]
    prompt = f"{greeting}, I am {name}." if name else f"{greeting}!"
    return said(
        f"{prompt} How are you?" if asks else prompt,
        " ".join([hello(greeting, name), *([WELL] if asks else []), OFFER]),
    )


def _draw_meeting(rng: Random, level: int) -> Params:
    """``(greeting, name, topic)``"""
    return rng.choice(GREETINGS), rng.choice(NAMES), rng.choice(TOPICS).name


def _write_meeting(params: Params, variant: int) -> Draft:
    greeting, name, topic = str(params[0]), str(params[1]), BY_NAME[str(params[2])]
    return said(
        f"{greeting}, I am {name} and I like {topic.phrase}.",
        f"{hello(greeting, name)} {MEET} {some_facts(topic, 1, variant)}",
    )


def _draw_thanks(rng: Random, level: int) -> Params:
    """``(gift, topic)``"""
    return rng.choice(_GIFTS), rng.choice(TOPICS).name


def _write_thanks(params: Params, variant: int) -> Draft:
    topic = BY_NAME[str(params[1])]
    return said(f"Thank you for the {params[0]} about {topic.phrase}.", f"{WELCOME} {talk(topic)}")


def _draw_likes(rng: Random, level: int) -> Params:
    """Two topics in alphabetical order."""
    return tuple(sorted(topic.name for topic in rng.sample(TOPICS, 2)))


def _write_likes(params: Params, variant: int) -> Draft:
    first, second = (BY_NAME[str(name)] for name in (params if variant % 2 else reversed(params)))
    return said(
        f"I like {first.phrase} and {second.phrase}.",
        f"{NICE} {some_facts(first, 1, variant // 2)} {some_facts(second, 1, variant // 20)}",
    )


def _draw_mood(rng: Random, level: int) -> Params:
    """``(mood, topic)``"""
    return rng.choice(tuple(_MOODS)), rng.choice(TOPICS).name


def _write_mood(params: Params, variant: int) -> Draft:
    mood, topic = str(params[0]), BY_NAME[str(params[1])]
    return said(
        f"I am {mood} today. Tell me about {topic.phrase}.",
        f"{_MOODS[mood]} {some_facts(topic, 2, variant)}",
    )


TYPES = (
    ProblemType("greeting", _draw_greeting, _write_greeting),
    ProblemType("meeting", _draw_meeting, _write_meeting),
    ProblemType("thanks", _draw_thanks, _write_thanks),
    ProblemType("likes", _draw_likes, _write_likes),
    ProblemType("mood", _draw_mood, _write_mood),
)
