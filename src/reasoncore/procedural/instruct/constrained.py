"""Prompts with one to three constraints of the same or of different kinds, and responses that follow them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.instruct import content, form, length
from reasoncore.procedural.instruct.compose import compose
from reasoncore.procedural.instruct.family import Family, Plan, Wish, read_code
from reasoncore.procedural.instruct.topics import BY_NAME, TOPICS
from reasoncore.verify.constraints.task import InstructionTask

GROUPS: Mapping[str, tuple[Family, ...]] = {
    "format": form.FAMILIES,
    "content": content.FAMILIES,
    "length": length.FAMILIES,
}
MAX_PROMPT_CHARS = 170
_FAMILIES = {family.name: family for group in GROUPS.values() for family in group}
_HEADS = ("Write about {}.", "Tell me about {}.", "Describe {}.")

# Hardness of the constraints: a level's mixes are not another's.
_MIXES: Mapping[int, tuple[str, ...]] = {1: ("e",), 2: ("h", "ee"), 3: ("eh", "hh", "eeh", "ehh"), 4: ("hhh",)}
_MANY_MIXES: Mapping[int, tuple[str, ...]] = {1: ("ee",), 2: ("eh",), 3: ("hh", "eee", "eeh", "ehh"), 4: ("hhh",)}

# Families that cannot go together though they set different fields of the plan.
_CLASHES = tuple(
    frozenset(pair.split())
    for pair in (
        "json title",
        "json quoted",
        "json postscript",
        "json end",
        "json choice",
        "json repeat",
        "quoted bullets",
        "quoted repeat",
        "title repeat",
        "title first_word",
        "choice first_word",
        "repeat first_word",
    )
)


@dataclass(frozen=True, slots=True)
class _Posed:
    task: InstructionTask
    response: str | None


def _compatible(names: Sequence[str], wishes: Sequence[Wish]) -> bool:
    """Whether the families of these names can go together."""
    fields = [field for wish in wishes for field in wish.plan]
    return len(fields) == len(set(fields)) and not any(clash <= set(names) for clash in _CLASHES)


@lru_cache(maxsize=64)
def _pose(params: Params) -> _Posed:
    """The prompt of these parameters and, where one is found, a response."""
    rng = Random(",".join(map(str, params)))
    topic = BY_NAME[str(params[0])]
    wishes = []
    for code in params[1:]:
        name, args = read_code(str(code))
        wishes.append(_FAMILIES[name].wish(topic, *args))
    head = next((wish.head for wish in wishes if wish.head), rng.choice(_HEADS).format(topic.phrase))
    prompt = " ".join([head, *(rng.choice(wish.phrases) for wish in rng.sample(wishes, len(wishes)))])
    instructions = tuple((wish.id, wish.kwargs) for wish in wishes)
    plan = Plan(**{field: value for wish in wishes for field, value in wish.plan.items()})
    response = compose(plan, topic, instructions, rng) if len(prompt) <= MAX_PROMPT_CHARS else None
    return _Posed(InstructionTask(instructions, prompt), response)


def _usable(params: Params) -> bool:
    return _pose(params).response is not None


def _draw_from(groups: Sequence[str]) -> Callable[[Random, int], Params]:
    """Draws ``(topic, constraint, ...)``: of one group, or of as many groups as there are constraints."""
    mixes = _MIXES if len(groups) == 1 else _MANY_MIXES

    def draw(rng: Random, level: int) -> Params:
        while (params := _propose(rng, rng.choice(mixes[level]), groups)) is None:
            pass
        return params

    return draw


def _propose(rng: Random, mix: str, groups: Sequence[str]) -> Params | None:
    """Parameters of this hardness; None where the families drawn cannot go together."""
    topic = rng.choice(TOPICS)
    sources = list(groups) * len(mix) if len(groups) == 1 else rng.sample(list(groups), len(mix))
    codes: dict[str, str] = {}
    wishes = []
    for hardness, source in zip(mix, sources, strict=True):
        able = [
            (family, draw) for family in GROUPS[source] if (draw := family.easy if hardness == "e" else family.hard)
        ]
        family, draw = rng.choice(able)
        args = draw(rng, topic)
        codes[family.name] = family.code(args)
        wishes.append(family.wish(topic, *args))
    if len(codes) < len(mix) or not _compatible(tuple(codes), wishes):
        return None
    return topic.name, *sorted(codes.values())


def _write(params: Params, variant: int) -> Draft:
    posed = _pose(params)
    assert posed.response is not None, f"not usable: {params}"
    return Draft((posed.task.prompt,), "", {"direct": posed.response}, posed.task)


def _types(*groups: str) -> tuple[ProblemType, ...]:
    return (ProblemType("constraints", _draw_from(groups), _write, _usable),)


FORMAT = _types("format")
CONTENT = _types("content")
LENGTH = _types("length")
MIXED = _types(*GROUPS)
