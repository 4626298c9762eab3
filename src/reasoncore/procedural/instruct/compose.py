"""Writing a response that follows a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random

from reasoncore.procedural.instruct.family import Plan
from reasoncore.procedural.instruct.sentences import OPENERS, capital, joined, opened, sentence
from reasoncore.procedural.instruct.topics import Topic
from reasoncore.verify.constraints.task import Instruction
from reasoncore.verify.constraints.verifier import follows

MIN_CHARS, MAX_CHARS = 15, 250
_MAX_SENTENCES = 8
_ATTEMPTS = 12
_PLACEHOLDERS = (
    "Ask [name] about {}.",
    "You can call me at [number].",
    "We can meet at [place].",
    "Come on [day] with a friend.",
)
_SEPARATORS = {"bullets": "\n", "headings": "\n", "dividers": "\n***\n", "paragraphs": "\n\n", "two": "\n******\n"}


def compose(plan: Plan, topic: Topic, instructions: Sequence[Instruction], rng: Random) -> str | None:
    """A response that follows all instructions; None where none was found."""
    lengths = _lengths(plan)
    if not lengths:
        return None
    for _ in range(_ATTEMPTS):
        text = _attempt(plan, topic, rng.choice(lengths), rng)
        if MIN_CHARS <= len(text) <= MAX_CHARS and all(follows(text, instruction) for instruction in instructions):
            return text
    return None


def _lengths(plan: Plan) -> range:
    """How many sentences the body may have: no more than needed plus some, none where bounds contradict each other."""
    low, high = plan.parts, _MAX_SENTENCES
    typical = {"bullets": low, "headings": low + 1}.get(plan.layout, low + 2)
    if plan.layout == "plain" and not plan.letters:
        low = 2
    for limit, shortest, longest in ((plan.sentences, 1, 1), (plan.words, 4, 6)):
        if limit is None:
            continue
        relation, n = limit
        if relation == "at least":
            low = max(low, -(-n // longest))
        else:
            high = min(high, max((n - 1) // shortest, 1))
            low = max(min(low, high), plan.parts)
    if plan.letters is not None:
        typical = max(typical, 6) if plan.letters[1] == "at least" else plan.parts
    if plan.names is not None and plan.names[0] == "at least":
        low = max(low, plan.names[1])
    return range(low, min(max(low + (plan.words is not None), typical), high) + 1)


def _attempt(plan: Plan, topic: Topic, length: int, rng: Random) -> str:
    """A text that looks as planned but may break a count; empty where there is too little to say."""
    body = _body(plan, topic, length, rng)
    if len(body) < plan.parts:
        return ""
    parts = _split(body, plan.parts, rng)
    if plan.first_word is not None:
        paragraph, word = plan.first_word
        parts[paragraph - 1][0] = opened(word, parts[paragraph - 1][0], plan.commas)
    _change(parts, plan.capitals, str.upper, rng)
    _change(parts, plan.highlights, lambda word: f"*{word}*", rng)
    return _framed(plan, topic, _laid_out(plan, topic, [" ".join(part) for part in parts]), rng)


def _body(plan: Plan, topic: Topic, length: int, rng: Random) -> list[str]:
    """The sentences: facts, then what else the plan wants said."""
    facts = [fact for fact in topic.facts if not _words(fact) & set(plan.avoid)]
    rng.shuffle(facts)
    chosen: list[str] = []
    mentions = list(plan.mentions)
    for word in plan.keywords:
        if not any(word in _words(fact) for fact in chosen):
            found = next((fact for fact in facts if word in _words(fact)), None)
            if found is None:
                mentions.append(word)
            else:
                chosen.append(found)
    others = [text.format(topic.phrase) for text in rng.sample(_PLACEHOLDERS, plan.placeholders)]
    if mentions:
        others.append(f"Think of the word{'s' * (len(mentions) > 1)} {joined(tuple(mentions), 'and')}.")
    missing = length - len(chosen) - len(others)
    chosen += [fact for fact in facts if fact not in chosen][: max(missing, 0 if chosen else 1)]
    rng.shuffle(chosen)
    named = _named(plan, len(chosen), rng)
    said = [sentence(fact, topic, name) for fact, name in zip(chosen, named, strict=True)]
    if plan.commas and plan.first_word is None and len(said) > 1 and rng.random() < 0.6:
        index = rng.randrange(1, len(said))
        said[index] = opened(rng.choice(OPENERS), said[index], comma=True)
    return said + others


def _named(plan: Plan, facts: int, rng: Random) -> list[bool]:
    """Which of the facts name the topic; the first does."""
    if plan.names is None:
        return [True, *(rng.random() < 0.5 for _ in range(facts - 1))]
    relation, times = plan.names
    named = facts if relation == "at least" else rng.randint(1, times - 1)
    return [index < named for index in range(facts)]


def _split(body: list[str], parts: int, rng: Random) -> list[list[str]]:
    """The sentences in order, in so many parts, none empty where there are enough."""
    cuts = sorted(rng.sample(range(1, len(body)), min(parts, len(body)) - 1))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]


def _change(parts: list[list[str]], count: int, change: Callable[[str], str], rng: Random) -> None:
    """Change so many words in place, none of them the first of its sentence or next to a mark."""
    places = [
        (part, index, found)
        for part in parts
        for index, text in enumerate(part)
        for found in re.finditer(r"(?<= )[a-z]{4,}(?=[ .])", text)
    ]
    chosen = rng.sample(range(len(places)), min(count, len(places)))
    for part, index, found in (places[at] for at in sorted(chosen, reverse=True)):
        text = part[index]
        part[index] = text[: found.start()] + change(found.group()) + text[found.end() :]


def _laid_out(plan: Plan, topic: Topic, parts: list[str]) -> str:
    if plan.layout == "json":
        text = " ".join(parts)
        return json.dumps({"topic": topic.name, "text": text} if plan.commas else {"text": text})
    if plan.layout == "bullets":
        parts = [f"- {part}" for part in parts]
    elif plan.layout == "headings":
        parts = [f"{plan.heading} {number}\n{part}" for number, part in enumerate(parts, 1)]
    return _SEPARATORS.get(plan.layout, " ").join(parts)


def _framed(plan: Plan, topic: Topic, body: str, rng: Random) -> str:
    lines = [body]
    if plan.start:
        lines.insert(0, plan.start)
    if plan.title:
        lines.insert(0, f"<<{rng.choice((capital(topic.phrase), f'About {topic.phrase}'))}>>")
    if plan.postscript:
        lines.append(f"{plan.postscript} {sentence('many people love {}', topic)}")
    if plan.end:
        lines.append(plan.end)
    text = "\n".join(lines)
    return f'"{text}"' if plan.quoted else text


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text))
