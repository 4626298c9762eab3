"""Diversity-Exploring Distillation's choice ([1.5B] section 3.3): each subdomain's best checkpoint by Pass@K.

    M_i* = argmax_t P_i(t),   M = sum_i w_i M_i*,   w_i = 1 / N

P_i(t) is Pass@K of checkpoint t on the probing set of subdomain i. Ties go to the later checkpoint (ours).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reasoncore.errors import DataError
from reasoncore.evals.metrics import pass_at_k
from reasoncore.records import Group, Problem

Scores = Mapping[str, float]


def subdomain_of(problem: Problem) -> str:
    """``"math/algebra"``: subdomains are told apart across domains."""
    return f"{problem.domain}/{problem.subdomain}"


def halves(problems: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Every subdomain's problems by turns: one half to choose by, one to compare with, which no choice has seen."""
    sides: tuple[list[Problem], list[Problem]] = ([], [])
    counts: dict[str, int] = {}
    for problem in problems:
        name = subdomain_of(problem)
        sides[counts.setdefault(name, 0) % 2].append(problem)
        counts[name] += 1
    return sides


def split_probes(stage: str, problems: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """The :func:`halves` of a stage's probing set.

    Raises:
        DataError: A subdomain has one problem only.
    """
    choosing, comparing = halves(problems)
    alone = {subdomain_of(problem) for problem in choosing} - {subdomain_of(problem) for problem in comparing}
    if alone:
        raise DataError(
            f"stage {stage}: one probing problem only of {', '.join(sorted(alone))}",
            "Raise the count: half of each subdomain's problems choose, the others compare.",
        )
    return choosing, comparing


def pass_at_by_problem(groups: Sequence[Group], k: int) -> dict[str, dict[str, float]]:
    """Pass@k of each problem by subdomain and key; problems with fewer than k judged samples are left out."""
    values: dict[str, dict[str, float]] = {}
    for group in groups:
        if len(group.judged) >= k:
            name = subdomain_of(group.problem)
            values.setdefault(name, {})[group.problem.key] = pass_at_k(len(group.judged), sum(group.judged), k)
    return values


def mean_by_subdomain(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Mean over each subdomain's problems."""
    return {name: float(np.mean(list(part.values()))) for name, part in values.items()}


def mean_over_subdomains(means: Scores) -> float:
    """The macro score: every subdomain counts the same, whatever its number of problems."""
    return float(np.mean(list(means.values())))


def choose_specialists(scores: Mapping[str, Scores]) -> dict[str, str]:
    """The best checkpoint of each subdomain. ``scores``: by checkpoint in the order of training, then subdomain."""
    latest_first = list(scores)[::-1]
    subdomains = list(next(iter(scores.values())))
    # max() keeps the first of equals.
    return {name: max(latest_first, key=lambda checkpoint: scores[checkpoint][name]) for name in subdomains}


def fusion_weights(specialists: Mapping[str, str]) -> dict[str, float]:
    """w of each distinct checkpoint: 1 / N for each subdomain it is the specialist of."""
    weights: dict[str, float] = {}
    for checkpoint in specialists.values():
        weights[checkpoint] = weights.get(checkpoint, 0.0) + 1 / len(specialists)
    return weights
