"""What a problem type is, and how one content becomes one problem with its worked solutions.

A type draws *parameters* and writes a *draft* from them. Parameters are canonical: symmetric twins (a 3 by 5 and a 5 by
3 rectangle) share them. The content key is the type's name and its parameters; everything else that varies (phrasing,
the order in which numbers are shown) is a function of that key, so one content always gives one prompt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Literal

from reasoncore.records import Problem, Trace

Split = Literal["train", "probe", "test"]
Params = tuple[int, ...]

SPLITS: tuple[Split, ...] = ("train", "probe", "test")
SPLIT_SHARES: dict[Split, float] = {"train": 0.90, "probe": 0.05, "test": 0.05}
STRATEGIES = ("direct", "steps", "check")
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a problem type writes for one set of parameters.

    Attributes:
        prompts: Phrasings of the same question.
        answer: The exact answer.
        steps: Lines of the short solution, without the boxed answer.
        check: Lines of the fine-grained, self-checking solution, without the boxed answer.
    """

    prompts: tuple[str, ...]
    answer: Fraction
    steps: list[str]
    check: list[str]


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem.

    Attributes:
        name: Unique within its subdomain.
        draw: ``(rng, level) -> parameters``.
        write: ``(parameters, variant) -> draft``; ``variant`` is a non-negative integer that decides display order.
    """

    name: str
    draw: Callable[[Random, int], Params]
    write: Callable[[Params, int], Draft]


@dataclass(frozen=True, slots=True)
class WorkedProblem:
    """A problem, its canonical content and one correct solution text for each of :data:`STRATEGIES`."""

    problem: Problem
    solutions: Mapping[str, str]
    content: str

    @property
    def split(self) -> Split:
        """The split this problem's content belongs to."""
        return split_of(self.content)

    def trace(self, strategy: str) -> Trace:
        """The solution by one strategy, as a training record."""
        return Trace(self.problem, self.solutions[strategy], strategy)


def content_key(subdomain: str, type_name: str, params: Params) -> str:
    """Canonical content of a problem, such as ``"algebra-linear:3,5,26"``."""
    return f"{subdomain}-{type_name}:{','.join(map(str, params))}"


def split_of(content: str) -> Split:
    """The split a content key belongs to: 90 % train, 5 % probe, 5 % test, by hash."""
    bucket = int.from_bytes(_digest(content)[:8], "big") % 20
    return "probe" if bucket == 0 else "test" if bucket == 1 else "train"


def build(subdomain: str, kind: ProblemType, params: Params, level: int) -> WorkedProblem:
    """Write out the problem with these parameters, in the one phrasing its content selects."""
    content = content_key(subdomain, kind.name, params)
    digest = _digest(content)
    variant = int.from_bytes(digest[8:12], "big")
    draft = kind.write(params, variant >> 4)
    answer = str(draft.answer)
    boxed = f"\\boxed{{{answer}}}"
    problem = Problem(
        id=f"{subdomain}-{kind.name}-{digest[12:20].hex()}",
        domain="math",
        subdomain=subdomain,
        prompt=draft.prompts[variant % 16 % len(draft.prompts)],
        answer=answer,
        level=level,
    )
    solutions = {
        "direct": boxed,
        "steps": "\n".join([*draft.steps, boxed]),
        "check": "\n".join([*draft.check, boxed]),
    }
    return WorkedProblem(problem, solutions, content)


def _digest(content: str) -> bytes:
    return hashlib.sha256(content.encode()).digest()
