"""Simple questions with certain answers: what things are, and what is true of them."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.chat.replies import TRUE, is_kind, kind_answer, kind_question, some_facts
from reasoncore.procedural.chat.smalltalk import said
from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.instruct.sentences import capital
from reasoncore.procedural.instruct.topics import BY_NAME, KINDS, TOPICS

_OF_A_KIND = tuple(topic for topic in TOPICS if topic.kind)


def _draw_kind(rng: Random, level: int) -> Params:
    """``(topic, kind asked for)``, half of them right."""
    topic = rng.choice(_OF_A_KIND)
    return topic.name, topic.kind if rng.random() < 0.5 else rng.choice(KINDS)


def _write_kind(params: Params, variant: int) -> Draft:
    topic, kind = BY_NAME[str(params[0])], str(params[1])
    answer = "Yes" if topic.kind == kind else "No"
    return said(kind_question(topic, kind), f"{answer}, {is_kind(topic, topic.kind)}. {some_facts(topic, 1, variant)}")


def _draw_kinds(rng: Random, level: int) -> Params:
    """``(topic, topic, kind asked for)``, the topics in alphabetical order and often of one kind."""
    first = rng.choice(_OF_A_KIND)
    others = [topic for topic in _OF_A_KIND if topic is not first]
    alike = [topic for topic in others if topic.kind == first.kind]
    second = rng.choice(alike if rng.random() < 0.4 else others)
    kind = first.kind if rng.random() < 0.6 else rng.choice(KINDS)
    return *sorted((first.name, second.name)), kind


def _write_kinds(params: Params, variant: int) -> Draft:
    first, second = (BY_NAME[str(name)] for name in params[:2])
    if variant % 2:
        first, second = second, first
    kind = str(params[2])
    return said(f"Are {first.phrase} and {second.phrase} both {kind}?", kind_answer(first, second, kind))


def _draw_definition(rng: Random, level: int) -> Params:
    """``(topic, what is asked)``"""
    topic = rng.choice(TOPICS)
    return topic.name, rng.choice(("what", "like") if topic.kind else ("like",))


def _write_definition(params: Params, variant: int) -> Draft:
    topic, like = BY_NAME[str(params[0])], params[1] == "like"
    first, second, _ = topic.adjectives
    answer = f"{topic.phrase} {topic.verb} {first} and {second}" if like else is_kind(topic, topic.kind)
    more = some_facts(topic, 1, 1 + variant % (len(topic.facts) - 1))
    return said(f"What {topic.verb} {topic.phrase}{' like' * like}?", f"{capital(answer)}. {more}")


def _draw_truth(rng: Random, level: int) -> Params:
    """``(topic, fact)``"""
    topic = rng.choice(TOPICS)
    return topic.name, rng.randrange(len(topic.facts))


def _write_truth(params: Params, variant: int) -> Draft:
    topic, index = BY_NAME[str(params[0])], int(params[1])
    other = (index + 1 + variant % (len(topic.facts) - 1)) % len(topic.facts)
    fact = topic.facts[index].replace("{}", topic.phrase)
    return said(f"Is it true that {fact}?", f"{TRUE} {some_facts(topic, 1, other)}")


TYPES = (
    ProblemType("kind", _draw_kind, _write_kind),
    ProblemType("kinds", _draw_kinds, _write_kinds),
    ProblemType("definition", _draw_definition, _write_definition),
    ProblemType("truth", _draw_truth, _write_truth),
)
