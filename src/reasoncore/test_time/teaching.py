"""Worked solutions as exercises in CLR's two formats, so that a model can learn them by supervised fine-tuning.

Ours: the report says what the stages ask for, not how a model comes to answer in that form. Claims are the equations
of a solution; the exercise of stage 2 spoils some of them and works each out again, so its verdicts are exact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from reasoncore.records import Trace
from reasoncore.test_time.claims import claims_prompt
from reasoncore.test_time.refutation import refutation_prompt

SPOILED_SHARE = 0.3
_EQUALS = " = "
_NUMBER = re.compile(r"(?<![\^\w.])\d+")


@dataclass(frozen=True, slots=True)
class WorkedClaim:
    """A claim, and the part of the solution that it sums up.

    Attributes:
        claim: Such as ``23*7 = 161``.
        working: Such as ``23*7 = 140 + 21 = 161``.
    """

    claim: str
    working: str


def worked_claims(solution: str, claims: int) -> list[WorkedClaim]:
    """The last M equations of a solution, or else of its lines, in order, as claims.

    Where it has fewer, a chain of equalities is taken apart into its links.

    Args:
        solution: Lines of equalities, the final answer in ``\\boxed{}``.
        claims: M.
    """
    lines = [line.removeprefix("Check: ") for line in solution.splitlines() if "\\boxed" not in line]
    parts = [part for line in lines for part in line.split(", ") if _EQUALS in part] or lines
    if len(parts) < claims:
        parts = [pair for part in parts for pair in _neighbours(part)]
    return [WorkedClaim(_ends(part), part) for part in parts[-claims:]]


def with_claims(trace: Trace, claims: int) -> Trace | None:
    """A trace as an answer to stage 1; None where its solution says nothing that could be claimed."""
    found = worked_claims(trace.response, claims)
    if not found:
        return None
    listed = "\n".join(f"{number}. {worked.claim}" for number, worked in enumerate(found, start=1))
    problem = replace(trace.problem, prompt=claims_prompt(trace.problem.prompt, claims))
    return Trace(problem, f"{trace.response}\n\nClaims:\n{listed}", trace.strategy)


def as_check(trace: Trace, claims: int, rng: Random) -> Trace | None:
    """A trace as an answer to stage 2, some claims spoiled; None where its solution says nothing to be claimed."""
    found = worked_claims(trace.response, claims)
    if not found:
        return None
    shown = [spoiled(worked.claim, rng) if rng.random() < SPOILED_SHARE else worked.claim for worked in found]
    verdicts = [
        f"{worked.working}\n{number}: {'VALID' if claim == worked.claim else 'REFUTED'}"
        for number, (worked, claim) in enumerate(zip(found, shown, strict=True), start=1)
    ]
    problem = replace(trace.problem, prompt=refutation_prompt(trace.problem.prompt, shown))
    return Trace(problem, "\n".join(verdicts), trace.strategy)


def spoiled(claim: str, rng: Random) -> str:
    """The claim with another last number, near the true one, which makes an equation false.

    A claim without a number that could be another comes back as it is.
    """
    found = _last_number(claim)
    if found is None:
        return claim
    value = int(found[0])
    near = {value + step * 10**power for step in (-2, -1, 1, 2) for power in range(len(found[0]))}
    other = rng.choice(sorted(number for number in near if number > 0))
    return f"{claim[: found.start()]}{other}{claim[found.end() :]}"


def _last_number(equation: str) -> re.Match[str] | None:
    """The last number, right of the sign of equality if there is one; not exponents, nor the digits of formulas."""
    numbers = list(_NUMBER.finditer(equation, max(0, equation.rfind(_EQUALS))))
    return numbers[-1] if numbers else None


def _neighbours(chain: str) -> list[str]:
    members = _members(chain)
    return [_EQUALS.join(pair) for pair in pairwise(members)] or [chain]


def _ends(chain: str) -> str:
    """First and last member of a chain of equalities."""
    members = _members(chain)
    return _EQUALS.join((members[0], members[-1])) if len(members) > 1 else chain


def _members(chain: str) -> Sequence[str]:
    """Without names at the head, such as ``R = U/I``, where more than one number is left."""
    members = chain.split(_EQUALS)
    numbered = [place for place, member in enumerate(members) if re.search(r"\d", member)]
    return members[numbered[0] :] if numbered and len(members) - numbered[0] > 1 else members
