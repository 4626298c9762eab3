"""What the chat domain says: replies from a small stock of sentences about the topics."""

from __future__ import annotations

from reasoncore.procedural.instruct.sentences import capital, sentence
from reasoncore.procedural.instruct.topics import Topic

NAMES = ("Anna", "Ben", "Emma", "Jack", "Leo", "Lily", "Max", "Mia", "Nina", "Rosa", "Sam", "Tom")
_SINGULAR = {
    "food": "food",
    "drinks": "a drink",
    "animals": "an animal",
    "plants": "a plant",
    "places": "a place",
    "machines": "a machine",
    "seasons": "a season",
}

OFFER = "How can I help you?"
NICE = "That is nice."
MEET = "It is nice to meet you."
WELL = "I am well."
PROGRAM = "I am a program."
ABLE = "I can write and talk about many things."
SORRY = "I am sorry to hear it."
GLAD = "I am happy to hear it."
WELCOME = "You are welcome."
TRUE = "Yes, it is true."


def hello(greeting: str, name: str) -> str:
    """``Hello Tom!``, or without a name."""
    return f"{greeting} {name}!" if name else f"{greeting}!"


def talk(topic: Topic) -> str:
    """That the topic is welcome."""
    return f"I like to talk about {topic.phrase}."


def offer(topic: Topic) -> str:
    """What can be done instead."""
    return f"I can tell you about {topic.phrase}."


def refuse(request: str) -> str:
    """That something is impossible, such as ``call Tom``."""
    return f"I am sorry but I can not {request}."


def is_kind(topic: Topic, kind: str) -> str:
    """``dogs are animals`` or ``milk is a drink``."""
    return f"{topic.phrase} {topic.verb} {kind if topic.plural else _SINGULAR[kind]}"


def kind_question(topic: Topic, kind: str) -> str:
    """``Are dogs animals?``"""
    return f"{capital(topic.verb)} {topic.phrase} {kind if topic.plural else _SINGULAR[kind]}?"


def kind_answer(first: Topic, second: Topic, kind: str) -> str:
    """Whether both topics are of the kind."""
    if first.kind == second.kind:
        return f"{'Yes' if first.kind == kind else 'No'}, both are {first.kind}."
    return f"No, {is_kind(first, first.kind)} but {is_kind(second, second.kind)}."


def some_facts(topic: Topic, count: int, variant: int) -> str:
    """So many facts, which ones and where they start decided by ``variant``."""
    facts = topic.facts
    start, step = variant % len(facts), 1 + variant // len(facts) % 3 * 2
    chosen = [facts[(start + step * index) % len(facts)] for index in range(count)]
    return " ".join(sentence(fact, topic, index == 0) for index, fact in enumerate(chosen))
