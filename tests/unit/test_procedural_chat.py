"""Procedural chat: what is said is true, polite and short, and the program judge agrees."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from random import Random

import pytest

from reasoncore.procedural.chat import DRILLS, SUBDOMAINS
from reasoncore.procedural.core import LEVELS, SPLITS, Split, WorkedProblem, build, split_of
from reasoncore.procedural.instruct.judge import ProceduralJudge
from reasoncore.procedural.sampling import sample_problems
from reasoncore.verify.rubric import RubricTask, RubricVerifier

VERIFIER = RubricVerifier(ProceduralJudge())
# What things are, told apart from the bank.
KINDS = {
    "food": "apples bread honey",
    "drinks": "coffee milk tea",
    "animals": "bees birds cats dogs horses",
    "plants": "flowers trees",
    "places": "gardens mountains rivers school sea",
    "machines": "bikes trains",
    "seasons": "summer winter",
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names.split()}


@cache
def problems(subdomain: str, split: Split = "train", count: int = 300) -> tuple[WorkedProblem, ...]:
    return tuple(sample_problems("chat", SUBDOMAINS, LEVELS, split, count, 1, (subdomain,)))


def every() -> list[WorkedProblem]:
    return [worked for subdomain in SUBDOMAINS for worked in problems(subdomain)]


def response_of(worked: WorkedProblem) -> str:
    return worked.solutions["direct"]


def test_replies_are_the_answer_and_fit_a_small_model() -> None:
    for worked in every():
        assert worked.solutions == {"direct": worked.problem.answer}
        assert worked.problem.reference == RubricTask(worked.problem.prompt)
        assert worked.problem.domain == "chat"
        for text in (worked.problem.prompt, response_of(worked)):
            assert text.isascii()
            assert 3 <= len(text) <= 150, text
            assert re.fullmatch(r"[A-Z].*[.!?]", text), text


def test_the_judge_finds_every_reply_good() -> None:
    worked = every()
    verdicts = VERIFIER.judge_many([response_of(one) for one in worked], [one.problem.reference for one in worked])
    for one, verdict in zip(worked, verdicts, strict=True):
        assert verdict.correct is True, (one.problem.prompt, response_of(one), verdict.details)


@pytest.mark.parametrize(
    ("prompt", "response"),
    [
        ("Hello!", "Hello Hello Hello"),
        ("Hello!", "The sea is wide and deep."),
        ("Please call Tom for me.", "Yes, I can."),
        ("Please call Tom for me.", "I am sorry. " * 20),
        ("Are dogs animals?", "No, dogs are animals."),
        ("Are dogs plants?", "Yes, dogs are animals."),
        ("Are tea and milk both drinks?", "No, both are drinks."),
        ("What is bread?", "Bread."),
        ("I am sad today. Tell me about tea.", "I am happy to hear it."),
        ("What can you do?", "asdf I can qwer"),
        ("Thank you for the note about tea.", '{"welcome": 5}'),
    ],
)
def test_the_judge_finds_wrong_replies_bad(prompt: str, response: str) -> None:
    verdict = VERIFIER.judge_many([response], [RubricTask(prompt)])[0]
    assert verdict.correct is False, verdict.details


def test_what_is_said_of_kinds_is_true() -> None:
    seen = {"Yes": 0, "No": 0}
    for worked in problems("facts"):
        prompt, reply = worked.problem.prompt, response_of(worked)
        asked = re.fullmatch(r"(?:Is|Are) (?:the )?(\w+)(?: and (?:the )?(\w+) both)? (?:an? )?(\w+)\?", prompt)
        if not asked or prompt.startswith("Is it true"):
            continue
        kinds = {KIND_OF[name] for name in asked.groups()[:2] if name}
        right = kinds <= {asked[3], f"{asked[3]}s"}
        answer = reply.partition(",")[0]
        assert answer == ("Yes" if right else "No"), (prompt, reply)
        for name, kind in re.findall(r"(\w+) (?:is|are) (?:an? )?(\w+)", reply.partition(".")[0]):
            if name != "both":
                assert KIND_OF[name] in (kind, f"{kind}s"), reply
        seen[answer] += 1
    assert min(seen.values()) >= 20, seen


def test_impossible_requests_are_refused_politely() -> None:
    refused = [one for one in problems("help") if re.match(r"help-(?:fetch|reach):", one.content)]
    assert len(refused) > 50
    for worked in refused:
        verb, thing = re.search(r"(?:Please|Can you) (\w+) (?:me )?((?:the )?\w+)", worked.problem.prompt).groups()  # type: ignore[union-attr]
        assert re.match(rf"I am sorry but I can not {verb} (?:you )?{thing}\. ", response_of(worked))


def test_every_type_is_sampled_and_the_vocabulary_is_small() -> None:
    rng = Random(1)
    texts = [text for worked in every() for text in (worked.problem.prompt, response_of(worked))]
    texts += [line for drill in DRILLS for _ in range(200) for line in drill(rng, 1)]
    words = {word for text in texts for word in re.findall(r"[a-z]+", text.lower())}
    assert 200 < len(words) < 400
    for subdomain, types in SUBDOMAINS.items():
        drawn = {worked.content.partition(":")[0] for worked in problems(subdomain)}
        assert drawn == {f"{subdomain}-{kind.name}" for kind in types}


def test_splits_share_nothing() -> None:
    seen: dict[str, str] = {}
    for split in SPLITS:
        for worked in sample_problems("chat", SUBDOMAINS, (1, 2, 3), split, 120, 1):
            assert split_of(worked.content) == split
            for key in (worked.content, worked.problem.prompt, worked.problem.id):
                assert seen.setdefault(key, split) == split
    assert len(seen) == 3 * 3 * 120


def test_contents_are_many_and_no_two_share_a_prompt() -> None:
    rng = Random(3)
    prompt_of: dict[str, str] = {}
    for subdomain, types in SUBDOMAINS.items():
        for kind in types:
            for _ in range(700):
                worked = build("chat", subdomain, kind, kind.draw(rng, 1), 1)
                prompt_of[worked.content] = worked.problem.prompt
    assert len(set(prompt_of.values())) == len(prompt_of) > 2500


def test_the_same_arguments_give_the_same_problems() -> None:
    texts = [
        f"{one.problem.id}\n{one.problem.prompt}\n{response_of(one)}\n"
        for one in sample_problems("chat", SUBDOMAINS, LEVELS, "train", 150, 7)
    ]
    assert sha256("".join(texts).encode()).hexdigest()[:16] == "77584b61242c90c1"


def test_drills_leave_held_out_prompts_out() -> None:
    rng = Random(2)
    held_out = {worked.problem.prompt for subdomain in SUBDOMAINS for worked in problems(subdomain, "test", 15)}
    said = {line.removeprefix("- ") for drill in DRILLS for _ in range(1500) for line in drill(rng, 1)}
    assert not held_out & said
    assert len(said) > 1000
