"""Picks a few problems and, for each, rollouts that got it right and wrong, from files too big to hold.

Two passes over each file: the first counts right and wrong per problem, the second keeps the rows of the chosen
problems. The choice depends only on the content (a hash orders the problems), not on chance or on who reads it; it is
made for instruction, not for flattery: problems answered both right and wrong come first.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reasoncore.evals.report.files import rows
from reasoncore.evals.report.scores import number, text

HEAD_CHARACTERS = 5000
TAIL_CHARACTERS = 2000
DIFFERENT_BELOW = 0.6  # word overlap under which two right solutions are shown as two ways

Key = tuple[str, str]  # benchmark, problem id


@dataclass(frozen=True, slots=True)
class Rollout:
    """One sampled solution. ``outcome`` is ``"right"``, ``"wrong"`` or ``"not judged"``; ``left_out`` counts the
    characters cut from the middle of a very long text, between ``head`` and ``tail``."""

    outcome: str
    another_way: bool
    sample: int | None
    step: int | None
    tokens: int | None
    cut_off: bool
    answer: str | None
    reason: str | None
    advantage: float | None
    weight: float | None
    head: str
    left_out: int
    tail: str


@dataclass(frozen=True, slots=True)
class Attempts:
    """What one stage made of a problem: how many rollouts of each outcome, and some to read."""

    stage: str
    counts: dict[str, int]
    shown: tuple[Rollout, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One problem and its attempts, stage by stage."""

    benchmark: str
    problem_id: str
    subdomain: str | None
    level: str | None
    prompt: str | None
    gold: str | None
    attempts: tuple[Attempts, ...]


def choose_examples(sources: Sequence[tuple[str, Path]], limit: int = 6) -> tuple[Example, ...]:
    """A few problems from the rollout files of ``sources``: (stage name, path) in order of stages.

    ``limit`` problems of one benchmark; where there are several, the same number of each and two at least.
    """
    counts: dict[Key, list[Counter[str]]] = {}
    subdomains: dict[Key, str] = {}
    for index, (_, path) in enumerate(sources):
        for row in rows(path):
            if row is None or (key := _key(row)) is None:
                continue
            if key not in counts:
                counts[key] = [Counter() for _ in sources]
                subdomains[key] = str(row.get("subdomain"))
            counts[key][index][_outcome(row)] += 1
    chosen = _choose(counts, subdomains, limit)
    kept: dict[Key, list[list[dict[str, Any]]]] = {key: [[] for _ in sources] for key in chosen}
    for index, (_, path) in enumerate(sources):
        for row in rows(path):
            if row is not None and (key := _key(row)) in kept:
                kept[key][index].append(row)
    return tuple(_example(key, [name for name, _ in sources], kept[key]) for key in chosen)


def _choose(counts: dict[Key, list[Counter[str]]], subdomains: dict[Key, str], limit: int) -> list[Key]:
    def interest(key: Key) -> int:
        """0 for the most instructive: both outcomes after the last stage, then both anywhere, then the rest."""
        last, whole = counts[key][-1], sum(counts[key], Counter[str]())
        if last["right"] and last["wrong"]:
            return 0
        return 1 if whole["right"] and whole["wrong"] else 2

    ordered = sorted(
        counts, key=lambda key: (interest(key), hashlib.sha256("\0".join(key).encode("utf-8", "replace")).digest())
    )
    by_subdomain: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in ordered:
        by_subdomain[key[0], subdomains[key]].append(key)
    # One of each subdomain before a second of any.
    turn = {key: place for keys in by_subdomain.values() for place, key in enumerate(keys)}
    by_benchmark: dict[str, list[Key]] = {}
    for key in sorted(ordered, key=lambda key: (turn[key], interest(key))):
        by_benchmark.setdefault(key[0], []).append(key)
    each = limit if len(by_benchmark) == 1 else max(2, limit // max(1, len(by_benchmark)))
    # In the order in which the benchmarks were asked.
    return [key for name in dict.fromkeys(key[0] for key in counts) for key in by_benchmark[name][:each]]


def _example(key: Key, stages: list[str], kept: list[list[dict[str, Any]]]) -> Example:
    first = next(row for group in kept for row in group)
    attempts = [
        Attempts(stage, dict(Counter(_outcome(row) for row in group)), _pick(group))
        for stage, group in zip(stages, kept, strict=True)
        if group
    ]
    return Example(
        benchmark=key[0],
        problem_id=key[1],
        subdomain=text(first.get("subdomain")),
        level=text(first.get("level")),
        prompt=_short(first.get("prompt"), HEAD_CHARACTERS),
        gold=text(first.get("gold")),
        attempts=tuple(attempts),
    )


def _pick(group: list[dict[str, Any]]) -> tuple[Rollout, ...]:
    """A right one, a right one that goes another way, a wrong one; one not judged when there is one."""
    by_outcome: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in group:
        by_outcome[_outcome(row)].append(row)
    picked: list[Rollout] = []
    for outcome in ("right", "wrong", "not judged"):
        candidates = by_outcome[outcome]
        if not candidates:
            continue
        typical = sorted(candidates, key=lambda row: len(str(row.get("text"))))[len(candidates) // 2]
        picked.append(parse_rollout(typical))
        if outcome == "right":
            other = min(candidates, key=lambda row: _overlap(row, typical))
            if _overlap(other, typical) < DIFFERENT_BELOW:
                picked.append(parse_rollout(other, another_way=True))
    return tuple(picked)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Share of words in common. Numbers are left out: they belong to the problem, not to the way it is solved."""
    words = [set(re.findall(r"[^\W\d_]+", str(row.get("text"))[:HEAD_CHARACTERS].lower())) for row in (one, other)]
    return len(words[0] & words[1]) / max(1, len(words[0] | words[1]))


def parse_rollout(
    row: dict[str, Any], head: int = HEAD_CHARACTERS, tail: int = TAIL_CHARACTERS, another_way: bool = False
) -> Rollout:
    """A rollout from its row; of a long text the first ``head`` characters and the last ``tail``."""
    body = str(row.get("text") or "")
    left_out = max(0, len(body) - head - tail)
    return Rollout(
        outcome=_outcome(row),
        another_way=another_way,
        sample=_integer(row.get("sample")),
        step=_integer(row.get("step")),
        tokens=_integer(row.get("token_count")),
        cut_off=row.get("finish") == "length",
        answer=_short(row.get("answer")),
        reason=_short(row.get("reason")),
        advantage=number(row.get("advantage")),
        weight=number(row.get("weight")),
        head=body[:head] if left_out else body,
        left_out=left_out,
        tail=body[-tail:] if left_out else "",
    )


def _key(row: dict[str, Any]) -> Key | None:
    problem = text(row.get("problem_id"))
    return None if problem is None else (str(row.get("benchmark") or ""), problem)


def _outcome(row: dict[str, Any]) -> str:
    correct = row.get("correct")
    return "not judged" if correct is None else "right" if correct is True else "wrong"


def _integer(value: Any) -> int | None:
    found = number(value)
    return None if found is None else int(found)


def _short(value: Any, limit: int = 120) -> str | None:
    """Text of a bounded length; a model may well give a novel as its answer."""
    found = text(value)
    return found if found is None or len(found) <= limit else found[: limit - 1] + "…"
