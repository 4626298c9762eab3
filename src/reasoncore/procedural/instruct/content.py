"""Constraints on the words of a response."""

from __future__ import annotations

import re
from random import Random

from reasoncore.procedural.instruct.family import RELATIONS, Args, Family, Wish
from reasoncore.procedural.instruct.sentences import OPENERS, joined
from reasoncore.procedural.instruct.topics import TOPICS, Topic

_COMMON_LETTERS = "aeinorst"
_MIDDLE_LETTERS = "dhlms"
_RARE_LETTERS = "bcfgkmpwy"
# Words that say nothing of the topic.
_PLAIN = (
    "a about all and are at be by can down every far for from full go goes has have here home in into is it like long "
    "lot love made make makes many much of on people some the this time to under up us very with you"
)
_PLAIN_WORDS = frozenset(_PLAIN.split())


def topic_words(topic: Topic) -> tuple[str, ...]:
    """The words that the facts of a topic bring in, in alphabetical order."""
    words = {word for fact in topic.facts for word in re.findall(r"[a-z]+", fact)}
    return tuple(sorted(words - _PLAIN_WORDS - {topic.name}))


def _keywords(topic: Topic, *words: str) -> Wish:
    named = joined(words, "and")
    plural = "s" * (len(words) > 1)
    return Wish(
        "keywords:existence",
        {"keywords": words},
        (f"Use the word{plural} {named}.", f"Write the word{plural} {named} in it."),
        {"keywords": words},
    )


def _draw_keyword(rng: Random, topic: Topic) -> Args:
    return (rng.choice(topic_words(topic)),)


def _draw_keywords(rng: Random, topic: Topic) -> Args:
    """Two or three words, one of which another topic may lend."""
    own = rng.sample(topic_words(topic), rng.randint(2, 3))
    if rng.random() < 0.5:
        own[0] = rng.choice([other.name for other in TOPICS if other is not topic])
    return tuple(sorted(set(own)))


def _names(topic: Topic, relation: str, n: int) -> Wish:
    return Wish(
        "keywords:frequency",
        {"keyword": topic.name, "relation": RELATIONS[relation], "frequency": n},
        (
            f"Use the word {topic.name} {RELATIONS[relation]} {n} times.",
            f"Write the word {topic.name} {RELATIONS[relation]} {n} times.",
        ),
        {"names": (RELATIONS[relation], n)},
    )


def _draw_easy_names(rng: Random, topic: Topic) -> Args:
    return rng.choice(((">=", 2), (">=", 3), ("<", 3), ("<", 4)))


def _draw_hard_names(rng: Random, topic: Topic) -> Args:
    return rng.choice(((">=", 4), (">=", 5), ("<", 2)))


def _twice(topic: Topic, word: str) -> Wish:
    return Wish(
        "keywords:frequency",
        {"keyword": word, "relation": "at least", "frequency": 2},
        (f"Use the word {word} at least 2 times.", f"Write the word {word} at least 2 times."),
        {"keywords": (word,), "mentions": (word,)},
    )


def _forbidden(topic: Topic, *words: str) -> Wish:
    named = joined(words, "or")
    plural = "s" * (len(words) > 1)
    return Wish(
        "keywords:forbidden_words",
        {"forbidden_words": words},
        (f"Do not use the word{plural} {named}.", f"Write without the word{plural} {named}."),
        {"avoid": words},
    )


def _draw_forbidden(rng: Random, topic: Topic) -> Args:
    return tuple(sorted(rng.sample(topic_words(topic), rng.randint(2, 3))))


def _letter(topic: Topic, letter: str, relation: str, n: int) -> Wish:
    return Wish(
        "keywords:letter_frequency",
        {"letter": letter, "let_relation": RELATIONS[relation], "let_frequency": n},
        (
            f"Use the letter {letter} {RELATIONS[relation]} {n} times.",
            f"Write the letter {letter} {RELATIONS[relation]} {n} times.",
        ),
        {"letters": (letter, RELATIONS[relation], n)},
    )


def _draw_easy_letter(rng: Random, topic: Topic) -> Args:
    if rng.random() < 0.5:
        return rng.choice(_COMMON_LETTERS), ">=", rng.randint(3, 6)
    return rng.choice(_RARE_LETTERS), "<", rng.randint(3, 5)


def _draw_hard_letter(rng: Random, topic: Topic) -> Args:
    if rng.random() < 0.5:
        return rng.choice(_COMMON_LETTERS), ">=", rng.randint(10, 14)
    return rng.choice(_MIDDLE_LETTERS), "<", rng.randint(2, 4)


def _first_word(topic: Topic, n: int, k: int, word: str) -> Wish:
    return Wish(
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": n, "nth_paragraph": k, "first_word": word},
        (
            f"Put blank lines between exactly {n} paragraphs. Start paragraph {k} with {word}.",
            f"Write exactly {n} paragraphs with blank lines between. Start paragraph {k} with {word}.",
        ),
        {"layout": "paragraphs", "parts": n, "first_word": (k, word)},
    )


def _draw_easy_first_word(rng: Random, topic: Topic) -> Args:
    return 2, rng.randint(1, 2), rng.choice(OPENERS)


def _draw_hard_first_word(rng: Random, topic: Topic) -> Args:
    n = rng.randint(3, 4)
    return n, rng.randint(1, n), rng.choice(OPENERS)


FAMILIES: tuple[Family, ...] = (
    Family("keywords", _keywords, easy=_draw_keyword, hard=_draw_keywords),
    Family("names", _names, easy=_draw_easy_names, hard=_draw_hard_names),
    Family("twice", _twice, hard=_draw_keyword),
    Family("forbidden", _forbidden, easy=_draw_keyword, hard=_draw_forbidden),
    Family("letter", _letter, easy=_draw_easy_letter, hard=_draw_hard_letter),
    Family("first_word", _first_word, easy=_draw_easy_first_word, hard=_draw_hard_first_word),
)
