"""What an open-ended or a chat prompt asks for, read from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reasoncore.procedural.chat.replies import kind_question
from reasoncore.procedural.instruct.advice import ACTIVITIES, Activity
from reasoncore.procedural.instruct.topics import BY_NAME, KINDS, Topic

_SOME = 3
_COUNT = re.compile(r"\b(\d{1,3}) (?:facts|sentences|tips)\b")
_MENTION = re.compile(r" Mention the word (\w+)\.$")
_LETTER = re.compile(r"^Write a letter\b")
_OPEN = re.compile(r"^(?:Tell|Describe|Write|Why do|What do|Give|Compare)\b")
_BOTH = re.compile(r"^Are .* both (\w+)\?$")

# How a chat prompt looks, how the reply to it has to look, and how many facts or tips belong in it.
_TURNS: tuple[tuple[str, str, int], ...] = (
    (r"(?:Hello|Hi|Good \w+), I am \w+ and I like ", r"^(?:Hello|Hi|Good)\b", 1),
    (r"(?:Hello|Hi|Good \w+)[,!].*How are you", r"^(?:Hello|Hi|Good)\b.*\bI am well\b", 0),
    (r"(?:Hello|Hi|Good \w+)[,!]", r"^(?:Hello|Hi|Good)\b", 0),
    (r"Thank you ", r"\bwelcome\b", 0),
    (r"I like ", r"\bnice\b", 2),
    (r"I am (?:sad|sick|cold)\b", r"^I am sorry\b", 2),
    (r"I am \w+ today", r"^I am happy\b", 2),
    (r"Is it true ", r"^Yes\b", 1),
    (r"What (?:is|are) .* like\?", r"", 2),
    (r"What (?:is|are) ", r"\b(?:is|are) (?:an? )?(?:food|drink|animal|plant|place|machine|season)s?\.", 1),
    (r"Can you (?:tell|help) \w+ (?:about|with) ", r"^Yes\b", 2),
    (r"(?:What can you do|Can you help me|Who are you|How can you help me)\?", r"\bI can\b", 0),
    (r"(?:Please|Can you) ", r"^I am sorry\b.*\bcan not\b", 0),
)
_COMPILED_TURNS = tuple((re.compile(prompt), re.compile(reply), points) for prompt, reply, points in _TURNS)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a complete answer has.

    Attributes:
        topics: What it speaks about.
        activity: What it gives tips for.
        points: How many facts or tips it gives.
        count: Exact number of its sentences; None where it is free.
        mention: A word that occurs in it; empty for none.
        letter: Whether it is a letter.
        reply: Found in the reply to a chat prompt; None where the prompt is open-ended.
    """

    topics: tuple[Topic, ...] = ()
    activity: Activity | None = None
    points: int = 0
    count: int | None = None
    mention: str = ""
    letter: bool = False
    reply: re.Pattern[str] | None = None


def read_prompt(prompt: str) -> Asked | None:
    """What the prompt asks for; None where it is not of a known form."""
    mention = _MENTION.search(prompt)
    activity = next((activity for activity in ACTIVITIES if f" {activity.name}" in prompt), None)
    words = re.findall(r"[a-z]+", prompt[: mention.start()] if mention else prompt)
    topics = () if activity else tuple(BY_NAME[word] for word in dict.fromkeys(words) if word in BY_NAME)
    if _OPEN.match(prompt):
        if not topics and not activity:
            return None
        counted = _COUNT.search(prompt)
        return Asked(
            topics,
            activity,
            points=int(counted[1]) if counted else max(_SOME, 2 * len(topics)),
            count=int(counted[1]) if counted else None,
            mention=mention[1] if mention else "",
            letter=_LETTER.match(prompt) is not None,
        )
    truth = _kind_truth(prompt, topics)
    if truth is not None:
        return Asked(topics, reply=re.compile(r"^Yes\b" if truth else r"^No\b"))
    for pattern, reply, points in _COMPILED_TURNS:
        if pattern.match(prompt):
            return Asked(_subjects(prompt, topics), activity, points, reply=reply)
    return None


def _kind_truth(prompt: str, topics: tuple[Topic, ...]) -> bool | None:
    """Whether the topics are of the kind asked for; None where no kind is asked for."""
    both = _BOTH.match(prompt)
    if both:
        return all(topic.kind == both[1] for topic in topics)
    return next(
        (topic.kind == kind for topic in topics for kind in KINDS if prompt == kind_question(topic, kind)), None
    )


def _subjects(prompt: str, topics: tuple[Topic, ...]) -> tuple[Topic, ...]:
    """The topics a reply is about; a fact that is asked about may name another one behind its subject."""
    if not prompt.startswith("Is it true"):
        return topics
    named = [topic for topic in topics if any(prompt == _truth_question(topic, fact) for fact in topic.facts)]
    return tuple(named)


def _truth_question(topic: Topic, fact: str) -> str:
    return f"Is it true that {fact.replace('{}', topic.phrase)}?"
