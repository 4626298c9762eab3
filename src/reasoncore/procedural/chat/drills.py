"""Drills: exchanges on two lines, and plain statements of what is what, for pretraining."""

from __future__ import annotations

from random import Random

from reasoncore.procedural.chat import knowledge, requests, smalltalk
from reasoncore.procedural.chat.replies import is_kind, kind_answer
from reasoncore.procedural.core import Drill
from reasoncore.procedural.instruct.sentences import capital
from reasoncore.procedural.instruct.topics import TOPICS
from reasoncore.procedural.sampling import training_problem

_OF_A_KIND = tuple(topic for topic in TOPICS if topic.kind)
_SUBDOMAINS = {"smalltalk": smalltalk.TYPES, "facts": knowledge.TYPES, "help": requests.TYPES}


def _exchange_drill(rng: Random, level: int) -> list[str]:
    """A prompt of the training split, and its reply."""
    worked = training_problem("chat", _SUBDOMAINS, rng, level)
    return [f"- {worked.problem.prompt}", f"- {worked.solutions['direct']}"]


def _kind_drill(rng: Random, level: int) -> list[str]:
    topic = rng.choice(_OF_A_KIND)
    return [f"{capital(is_kind(topic, topic.kind))}."]


def _kinds_drill(rng: Random, level: int) -> list[str]:
    first, second = rng.sample(_OF_A_KIND, 2)
    return [kind_answer(first, second, first.kind)]


DRILLS: tuple[Drill, ...] = (_exchange_drill, _kind_drill, _kinds_drill)
