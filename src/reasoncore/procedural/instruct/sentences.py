"""Sentences made of facts: with the topic's name or a pronoun, with an opening word or without."""

from __future__ import annotations

from reasoncore.procedural.instruct.topics import Topic

OPENERS = ("also", "indeed", "now", "so", "surely", "today", "well", "yes")


def capital(text: str) -> str:
    """``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]


def sentence(fact: str, topic: Topic, named: bool = True) -> str:
    """The fact as a sentence; where the topic is its subject, it need not be named."""
    if not named and fact.startswith("{}"):
        return capital(fact.replace("{}", pronoun(topic))) + "."
    return capital(fact.replace("{}", topic.phrase)) + "."


def pronoun(topic: Topic) -> str:
    """``it`` or ``they``."""
    return "they" if topic.plural else "it"


def opened(opener: str, text: str, comma: bool) -> str:
    """The sentence behind an opening word, such as ``Today, the sea is cold.``"""
    return f"{capital(opener)}{',' * comma} {text[:1].lower()}{text[1:]}"


def unopened(text: str) -> str:
    """The sentence in lower case, without its opening word and its full stop."""
    text = text.lower().rstrip(".!?")
    first, _, rest = text.partition(" ")
    return rest if first.rstrip(",") in OPENERS else text


def joined(words: tuple[str, ...], last: str) -> str:
    """``a``, ``a and b`` or ``a, b and c``, with ``last`` for ``and``."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))
