"""Requests: what a program can do, and what it has to refuse."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.chat.replies import ABLE, NAMES, OFFER, PROGRAM, offer, refuse, some_facts
from reasoncore.procedural.chat.smalltalk import said
from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.instruct.advice import ACTIVITIES
from reasoncore.procedural.instruct.topics import BY_NAME, TOPICS

FETCH = ("bring", "buy", "find", "give", "make", "show")
REACH = ("call", "find", "meet", "see")
_POLITE = ("Please {} me {}.", "Can you {} me {}?")


def _draw_able(rng: Random, level: int) -> Params:
    """One of the ways to ask what the program is for."""
    return (rng.choice(("What can you do?", "Can you help me?", "Who are you?", "How can you help me?")),)


def _write_able(params: Params, variant: int) -> Draft:
    return said(str(params[0]), f"{PROGRAM} {ABLE}" if variant % 2 else f"{PROGRAM} {ABLE} {OFFER}")


def _draw_tell(rng: Random, level: int) -> Params:
    """``(who should know, topic)``"""
    return rng.choice(("me", "us", *NAMES)), rng.choice(TOPICS).name


def _write_tell(params: Params, variant: int) -> Draft:
    topic = BY_NAME[str(params[1])]
    return said(f"Can you tell {params[0]} about {topic.phrase}?", f"Yes, I can. {some_facts(topic, 2, variant)}")


def _draw_advise(rng: Random, level: int) -> Params:
    """``(who needs help, activity)``"""
    return rng.choice(("me", "us", *NAMES)), rng.randrange(len(ACTIVITIES))


def _write_advise(params: Params, variant: int) -> Draft:
    activity = ACTIVITIES[int(params[1])]
    tips = activity.own[variant % 3], activity.tips[3 + variant // 3 % 7]
    return said(f"Can you help {params[0]} with {activity.name}?", f"Yes, I can. {' '.join(tips)}")


def _draw_fetch(rng: Random, level: int) -> Params:
    """``(phrasing, verb, topic)``"""
    return rng.randrange(len(_POLITE)), rng.choice(FETCH), rng.choice(TOPICS).name


def _write_fetch(params: Params, variant: int) -> Draft:
    verb, topic = str(params[1]), BY_NAME[str(params[2])]
    prompt = _POLITE[int(params[0])].format(verb, topic.phrase)
    return said(prompt, f"{refuse(f'{verb} you {topic.phrase}')} {offer(topic)}")


def _draw_reach(rng: Random, level: int) -> Params:
    """``(verb, name)``"""
    return rng.choice(REACH), rng.choice(NAMES)


def _write_reach(params: Params, variant: int) -> Draft:
    request = f"{params[0]} {params[1]}"
    prompts = f"Please {request} for me.", f"Can you {request} for me?"
    return said(prompts[variant % 2], f"{refuse(request)} {PROGRAM}")


TYPES = (
    ProblemType("able", _draw_able, _write_able),
    ProblemType("tell", _draw_tell, _write_tell),
    ProblemType("advise", _draw_advise, _write_advise),
    ProblemType("fetch", _draw_fetch, _write_fetch),
    ProblemType("reach", _draw_reach, _write_reach),
)
