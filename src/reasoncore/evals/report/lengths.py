"""How long right answers are: the mean over all right answers of a benchmark, with an interval clustered by problem.

With c_i right answers of t_i tokens in all for problem i of n, the mean is the ratio R = sum t_i / sum c_i, and
(linearised, as usual for a ratio)

    se^2 = n / (n - 1) * sum (t_i - R c_i)^2 / (sum c_i)^2,   interval = R +- t_{0.975, n-1} se.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from reasoncore.evals.report.files import rows
from reasoncore.evals.report.scores import Estimate, number, text
from reasoncore.evals.student_t import student_t_quantile


@dataclass(frozen=True, slots=True)
class RightLength:
    """Right answers of one benchmark: how many there are, their tokens together, and the mean."""

    count: int
    tokens: float
    mean: Estimate


def right_lengths(path: Path) -> dict[str, RightLength]:
    """By benchmark, from a file of rollouts; benchmarks without a right answer of known length are left out."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(path):
        if row is None or (problem := text(row.get("problem_id"))) is None:
            continue
        # A problem without right answers counts as one: it is part of what was asked.
        lengths = found[str(row.get("benchmark") or "")][problem]
        if row.get("correct") is True and (tokens := number(row.get("token_count"))) is not None:
            lengths.append(tokens)
    measured = {name: _mean([problems[key] for key in sorted(problems)]) for name, problems in found.items()}
    return {name: length for name, length in measured.items() if length is not None}


def _mean(by_problem: list[list[float]]) -> RightLength | None:
    n, count = len(by_problem), sum(map(len, by_problem))
    if not count:
        return None
    tokens = math.fsum(map(math.fsum, by_problem))
    mean = tokens / count
    if n == 1:
        return RightLength(count, tokens, Estimate(mean, None, None))
    squares = math.fsum((math.fsum(lengths) - mean * len(lengths)) ** 2 for lengths in by_problem)
    half = student_t_quantile(0.975, n - 1) * math.sqrt(n / (n - 1) * squares) / count
    return RightLength(count, tokens, Estimate(mean, mean - half, mean + half))
