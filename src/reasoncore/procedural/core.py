"""What a problem type is, and how one content becomes one problem with its worked solutions.

A type draws *parameters* and writes a *draft* from them. Parameters are canonical: symmetric twins (a 3 by 5 and a 5 by
3 rectangle) share them. The content key is the type's name and its parameters; everything else that varies (phrasing,
the order in which numbers are shown) is a function of that key, so one content always gives one prompt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any, Literal

from reasoncore.records import Problem, WorkedProblem

Split = Literal["train", "probe", "test"]
Params = tuple[Any, ...]
"""Plain values, numbers and texts, that only the type itself looks into."""

SPLITS: tuple[Split, ...] = ("train", "probe", "test")
SPLIT_SHARES: dict[Split, float] = {"train": 0.90, "probe": 0.05, "test": 0.05}
STRATEGIES = ("direct", "steps", "check")
LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a problem type writes for one set of parameters.

    Attributes:
        prompts: Phrasings of the same question.
        answer: The trusted final answer as text; empty where the reference alone decides.
        solutions: A whole correct response for each strategy, some of :data:`STRATEGIES`.
        reference: What the domain's verifier compares with where the answer alone is not enough.
    """

    prompts: tuple[str, ...]
    answer: str
    solutions: Mapping[str, str]
    reference: Any = None


def boxed_draft(prompts: tuple[str, ...], answer: Fraction, steps: Sequence[str], check: Sequence[str]) -> Draft:
    """A draft with an exact number for an answer.

    Args:
        prompts: As in :class:`Draft`.
        answer: The exact answer.
        steps: Lines of the short solution, without the boxed answer.
        check: Lines of the fine-grained, self-checking solution, without the boxed answer.
    """
    boxed = f"\\boxed{{{answer}}}"
    solutions = {"direct": boxed, "steps": "\n".join([*steps, boxed]), "check": "\n".join([*check, boxed])}
    return Draft(prompts, str(answer), solutions)


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem.

    Attributes:
        name: Unique within its subdomain.
        draw: ``(rng, level) -> parameters``, which stand for the content.
        write: ``(parameters, variant) -> draft``; ``variant`` is a non-negative integer that decides display order.
        usable: Whether parameters make a problem; asked only of those that could be used, as it may take long.
    """

    name: str
    draw: Callable[[Random, int], Params]
    write: Callable[[Params, int], Draft]
    usable: Callable[[Params], bool] = lambda params: True


Subdomains = Mapping[str, tuple[ProblemType, ...]]
Drill = Callable[[Random, int], list[str]]
"""``(rng, level) -> lines`` of plain text for pretraining."""


def content_key(subdomain: str, type_name: str, params: Params) -> str:
    """Canonical content of a problem, such as ``"algebra-linear:3,5,26"``."""
    return f"{subdomain}-{type_name}:{','.join(map(str, params))}"


def split_of(content: str) -> Split:
    """The split a content key belongs to: 90 % train, 5 % probe, 5 % test, by hash."""
    bucket = int.from_bytes(_digest(content)[:8], "big") % 20
    return "probe" if bucket == 0 else "test" if bucket == 1 else "train"


def build(domain: str, subdomain: str, kind: ProblemType, params: Params, level: int) -> WorkedProblem:
    """Write out the problem with these parameters, in the one phrasing its content selects."""
    content = content_key(subdomain, kind.name, params)
    digest = _digest(content)
    variant = int.from_bytes(digest[8:12], "big")
    draft = kind.write(params, variant >> 4)
    problem = Problem(
        id=f"{subdomain}-{kind.name}-{digest[12:20].hex()}",
        domain=domain,
        subdomain=subdomain,
        prompt=draft.prompts[variant % 16 % len(draft.prompts)],
        answer=draft.answer,
        level=level,
        reference=draft.reference,
    )
    return WorkedProblem(problem, draft.solutions, content)


def _digest(content: str) -> bytes:
    return hashlib.sha256(content.encode()).digest()
