"""Drills: sentences about the topics, and the shapes that constraints ask for, for pretraining."""

from __future__ import annotations

import json
from random import Random

from reasoncore.procedural.core import Drill
from reasoncore.procedural.instruct.advice import ACTIVITIES
from reasoncore.procedural.instruct.content import topic_words
from reasoncore.procedural.instruct.sentences import OPENERS, capital, joined, opened, sentence
from reasoncore.procedural.instruct.topics import TOPICS, Topic


def _said(rng: Random, topic: Topic, count: int) -> list[str]:
    """So many facts, the first by name."""
    chosen = rng.sample(topic.facts, count)
    return [sentence(fact, topic, index == 0 or rng.random() < 0.5) for index, fact in enumerate(chosen)]


def _facts_drill(rng: Random, level: int) -> list[str]:
    return [" ".join(_said(rng, rng.choice(TOPICS), rng.randint(1, level)))]


def _opener_drill(rng: Random, level: int) -> list[str]:
    return [opened(rng.choice(OPENERS), text, rng.random() < 0.7) for text in _said(rng, rng.choice(TOPICS), 2)]


def _bullet_drill(rng: Random, level: int) -> list[str]:
    count = rng.randint(2, 4 if level > 2 else 3)
    return [f"{count} bullet points:", *(f"- {text}" for text in _said(rng, rng.choice(TOPICS), count))]


def _number_drill(rng: Random, level: int) -> list[str]:
    count = rng.randint(2, 4 if level > 2 else 3)
    texts = _said(rng, rng.choice(TOPICS), count)
    return [f"{count} facts:", *(f"{number}. {text}" for number, text in enumerate(texts, 1))]


def _tip_drill(rng: Random, level: int) -> list[str]:
    activity = rng.choice(ACTIVITIES)
    return [f"Advice on {activity.name}: {' '.join(rng.sample(activity.tips, 2))}"]


def _case_drill(rng: Random, level: int) -> list[str]:
    text = _said(rng, rng.choice(TOPICS), 1)[0]
    words = rng.sample(topic_words(rng.choice(TOPICS)), 3)
    return [", ".join(f"{word} {word.upper()}" for word in words), text.upper(), text.lower()]


def _letter_drill(rng: Random, level: int) -> list[str]:
    word = rng.choice(topic_words(rng.choice(TOPICS)))
    letter = rng.choice(word)
    return [f"{word}: {' '.join(word)}. Letter {letter}: {word.count(letter)}."]


def _length_drill(rng: Random, level: int) -> list[str]:
    texts = _said(rng, rng.choice(TOPICS), rng.randint(1, level))
    return [" ".join(texts), f"Sentences: {len(texts)}. Words: {sum(len(text.split()) for text in texts)}."]


def _word_drill(rng: Random, level: int) -> list[str]:
    words = tuple(rng.choice(topic_words(topic)) for topic in rng.sample(TOPICS, rng.randint(1, 2)))
    return [f"Think of the word{'s' * (len(words) > 1)} {joined(words, 'and')}."]


def _title_drill(rng: Random, level: int) -> list[str]:
    topic = rng.choice(TOPICS)
    return [f"<<{rng.choice((capital(topic.phrase), f'About {topic.phrase}'))}>>", *_said(rng, topic, 1)]


def _json_drill(rng: Random, level: int) -> list[str]:
    topic = rng.choice(TOPICS)
    return [json.dumps({"topic": topic.name, "text": " ".join(_said(rng, topic, 2))})]


def _mark_drill(rng: Random, level: int) -> list[str]:
    words = _said(rng, rng.choice(TOPICS), 1)[0].rstrip(".").split()
    words[-1] = rng.choice((f"*{words[-1]}*", words[-1].upper()))
    text = f"{' '.join(words)}."
    return [f'"{text}"' if rng.random() < 0.5 else text]


def _divider_drill(rng: Random, level: int) -> list[str]:
    texts = _said(rng, rng.choice(TOPICS), rng.randint(2, 3))
    separator, heading = rng.choice((("***", ""), ("******", ""), ("", "Section"), ("", "Part"), ("", "")))
    if heading:
        return [line for number, text in enumerate(texts, 1) for line in (f"{heading} {number}", text)]
    return [texts[0], *(line for text in texts[1:] for line in (separator, text))]


DRILLS: tuple[Drill, ...] = (
    _facts_drill,
    _opener_drill,
    _bullet_drill,
    _number_drill,
    _tip_drill,
    _case_drill,
    _letter_drill,
    _length_drill,
    _word_drill,
    _title_drill,
    _json_drill,
    _mark_drill,
    _divider_drill,
)
