"""Open-ended prompts: free text, letters, lists of facts, comparisons and advice, in several forms."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.instruct.advice import ACTIVITIES, COMMON_TIPS, Activity
from reasoncore.procedural.instruct.content import topic_words
from reasoncore.procedural.instruct.sentences import OPENERS, opened, sentence
from reasoncore.procedural.instruct.topics import BY_NAME, TOPICS, Topic
from reasoncore.verify.rubric import RubricTask

CLOSING = "Best wishes"
READERS = ("a child", "a friend", "a teacher", "my class", "my family", "my friends")
_COUNTS = {1: (2, 3), 2: (3, 4), 3: (4, 5), 4: (5, 6)}
_SOME = 3


def _answered(prompt: str, response: str) -> Draft:
    return Draft((prompt,), "", {"direct": response}, RubricTask(prompt))


def _facts(topic: Topic, count: int, rng: Random, first: str = "") -> list[str]:
    """So many different sentences, the fact ``first`` among them; the topic is named in the first sentence at least."""
    facts = [fact for fact in topic.facts if fact != first]
    chosen = rng.sample(facts, count - bool(first)) + [first] * bool(first)
    rng.shuffle(chosen)
    return [sentence(fact, topic, index == 0 or rng.random() < 0.5) for index, fact in enumerate(chosen)]


def _spoken(sentences: Sequence[str], rng: Random) -> str:
    """Running text, now and then with an opening word."""
    said = list(sentences)
    if len(said) > 1 and rng.random() < 0.5:
        index = rng.randrange(1, len(said))
        said[index] = opened(rng.choice(OPENERS), said[index], comma=True)
    return " ".join(said)


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))


def _tips(activity: Activity, count: int, rng: Random) -> list[str]:
    """So many tips, one or two of them for this activity alone."""
    own = rng.sample(activity.own, min(count - 1, rng.randint(1, 2)))
    return own + rng.sample(COMMON_TIPS, count - len(own))


def _draw_tell(rng: Random, level: int) -> Params:
    """``(topic, reader)``"""
    return rng.choice(TOPICS).name, rng.choice(("me", *READERS))


def _write_tell(params: Params, variant: int) -> Draft:
    topic, rng = BY_NAME[str(params[0])], Random(variant)
    prompts = f"Tell {params[1]} about {topic.phrase}.", f"Describe {topic.phrase} to {params[1]}."
    return _answered(rng.choice(prompts), _spoken(_facts(topic, rng.randint(3, 4), rng), rng))


def _write_letter(params: Params, variant: int) -> Draft:
    topic, rng = BY_NAME[str(params[0])], Random(variant)
    reader = str(params[1]).replace("a ", "")
    body = _spoken(_facts(topic, _SOME, rng), rng)
    return _answered(f"Write a letter to {params[1]} about {topic.phrase}.", f"Dear {reader},\n{body}\n{CLOSING}")


def _draw_letter(rng: Random, level: int) -> Params:
    """``(topic, reader)``"""
    return rng.choice(TOPICS).name, rng.choice(READERS)


def _draw_reasons(rng: Random, level: int) -> Params:
    """``(topic, whose view)``"""
    return rng.choice(TOPICS).name, rng.choice(("people", "children", "friends", "others", "you"))


def _write_reasons(params: Params, variant: int) -> Draft:
    topic, rng = BY_NAME[str(params[0])], Random(variant)
    prompts = f"Why do {params[1]} like {topic.phrase}?", f"What do {params[1]} like about {topic.phrase}?"
    return _answered(rng.choice(prompts), _spoken(_facts(topic, _SOME, rng), rng))


def _draw_counted(rng: Random, level: int) -> Params:
    """``(topic, "facts" or "sentences", count)``"""
    return rng.choice(TOPICS).name, rng.choice(("facts", "sentences")), rng.choice(_COUNTS[level])


def _write_counted(params: Params, variant: int) -> Draft:
    topic, unit, count, rng = BY_NAME[str(params[0])], params[1], int(params[2]), Random(variant)
    facts = _facts(topic, count, rng)
    if unit == "facts":
        return _answered(f"Give {count} facts about {topic.phrase}.", _listed(facts))
    return _answered(f"Write {count} sentences about {topic.phrase}.", _spoken(facts, rng))


def _draw_mention(rng: Random, level: int) -> Params:
    """``(topic, word)``"""
    topic = rng.choice(TOPICS)
    return topic.name, rng.choice(topic_words(topic))


def _write_mention(params: Params, variant: int) -> Draft:
    topic, word, rng = BY_NAME[str(params[0])], str(params[1]), Random(variant)
    fact = rng.choice([fact for fact in topic.facts if word in fact.split()])
    heads = f"Tell me about {topic.phrase}.", f"Write about {topic.phrase}."
    return _answered(f"{rng.choice(heads)} Mention the word {word}.", _spoken(_facts(topic, _SOME, rng, fact), rng))


def _draw_pair(rng: Random, level: int) -> Params:
    """``(topic, topic, "facts" or "sentences", count)``, the topics in alphabetical order."""
    first, second = sorted(topic.name for topic in rng.sample(TOPICS, 2))
    return first, second, rng.choice(("facts", "sentences")), rng.choice(_COUNTS[level])


def _write_pair(params: Params, variant: int) -> Draft:
    rng = Random(variant)
    first, second = _shuffled_pair(params, rng)
    unit, count = params[2], int(params[3])
    facts = _facts(first, (count + 1) // 2, rng) + _facts(second, count // 2, rng)
    both = f"{first.phrase} and {second.phrase}"
    if unit == "facts":
        return _answered(f"Give {count} facts about {both}.", _listed(facts))
    return _answered(f"Write {count} sentences about {both}.", _spoken(facts, rng))


def _draw_compare(rng: Random, level: int) -> Params:
    """Two topics in alphabetical order."""
    return tuple(sorted(topic.name for topic in rng.sample(TOPICS, 2)))


def _write_compare(params: Params, variant: int) -> Draft:
    rng = Random(variant)
    first, second = _shuffled_pair(params, rng)
    prompts = f"Compare {first.phrase} and {second.phrase}.", f"Compare {first.phrase} with {second.phrase}."
    return _answered(rng.choice(prompts), _spoken(_facts(first, 2, rng) + _facts(second, 2, rng), rng))


def _shuffled_pair(params: Params, rng: Random) -> tuple[Topic, Topic]:
    first, second = rng.sample([BY_NAME[str(name)] for name in params[:2]], 2)
    return first, second


def _draw_advice(rng: Random, level: int) -> Params:
    """``(activity, reader)``"""
    return rng.randrange(len(ACTIVITIES)), rng.choice(("me", *READERS))


def _write_advice(params: Params, variant: int) -> Draft:
    activity, rng = ACTIVITIES[int(params[0])], Random(variant)
    return _answered(f"Give {params[1]} advice on {activity.name}.", " ".join(_tips(activity, _SOME, rng)))


def _draw_tips(rng: Random, level: int) -> Params:
    """``(activity, reader, count)``"""
    return rng.randrange(len(ACTIVITIES)), rng.choice(("me", *READERS)), rng.choice(_COUNTS[level])


def _write_tips(params: Params, variant: int) -> Draft:
    activity, count = ACTIVITIES[int(params[0])], int(params[2])
    return _answered(
        f"Give {params[1]} {count} tips for {activity.name}.", _listed(_tips(activity, count, Random(variant)))
    )


TYPES = (
    ProblemType("tell", _draw_tell, _write_tell),
    ProblemType("letter", _draw_letter, _write_letter),
    ProblemType("reasons", _draw_reasons, _write_reasons),
    ProblemType("counted", _draw_counted, _write_counted),
    ProblemType("mention", _draw_mention, _write_mention),
    ProblemType("pair", _draw_pair, _write_pair),
    ProblemType("compare", _draw_compare, _write_compare),
    ProblemType("advice", _draw_advice, _write_advice),
    ProblemType("tips", _draw_tips, _write_tips),
)
