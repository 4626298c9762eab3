"""Does a stage do what it is for? A recipe's expectations against the samples of two evaluations, paired by problem.

Pass@k: mean over benchmarks of the mean over problems of the difference, in points, with Student's t interval.
Tokens of right answers: change of the mean length in %, with a percentile bootstrap interval over problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reasoncore.config import Expectation
from reasoncore.evals.score import ProblemSamples, Samples, largest_shared_k, shared_problems
from reasoncore.evals.statistics import Estimate, macro_paired_difference

Evaluated = Mapping[str, Samples]
RESAMPLES = 2000


def check_expectation(expectation: Expectation, before: Evaluated, after: Evaluated) -> dict[str, Any]:
    """The measured value of an expectation, its interval, and whether the bound is kept.

    ``holds`` says it of the value, ``certain`` of the whole interval; both None where nothing could be compared.

    Args:
        before: Samples by benchmark and problem.
        after: The same of the other evaluation.
    """
    if expectation.metric == "correct_tokens":
        estimate = _correct_tokens(expectation.benchmarks, before, after)
    else:
        estimate = _pass_at(expectation, before, after)
    row = {**expectation.model_dump(mode="json"), "value": None, "ci95": [None, None], "holds": None, "certain": None}
    if estimate is None:
        return row
    ends = (estimate.ci95_low, estimate.ci95_high)
    certain = all(end is not None and _kept(expectation, end) for end in ends)
    return {
        **row,
        "value": estimate.mean,
        "ci95": list(ends),
        "holds": _kept(expectation, estimate.mean),
        "certain": certain,
    }


def _shown(benchmark: str) -> str:
    """What samples go by: of a file of one's own its stem."""
    return Path(benchmark).stem if benchmark.endswith(".jsonl") else benchmark


def _kept(expectation: Expectation, value: float) -> bool:
    if expectation.at_least is not None:
        return value >= expectation.at_least
    assert expectation.at_most is not None
    return value <= expectation.at_most


def _pass_at(expectation: Expectation, before: Evaluated, after: Evaluated) -> Estimate | None:
    values: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    benchmark_of: dict[str, str] = {}
    for name in expectation.benchmarks:
        a, b = before[_shown(name)], after[_shown(name)]
        k = 1 if expectation.metric == "pass@1" else largest_shared_k(a, b)
        for problem in shared_problems(a, b, k):
            key = f"{name}/{problem}"
            benchmark_of[key] = name
            for side, samples in zip(values, (a[problem], b[problem]), strict=True):
                value = samples.pass_at(k)
                assert value is not None, "shared problems have k judged samples"
                side[key] = [100 * value]
    if not benchmark_of:
        return None
    return macro_paired_difference(values[1], values[0], benchmark_of, proportion=False)


def _correct_tokens(benchmarks: Sequence[str], before: Evaluated, after: Evaluated) -> Estimate | None:
    names = [_shown(name) for name in benchmarks]
    pairs = [(before[name][i], after[name][i]) for name in names for i in before[name] if i in after[name]]
    # One row a problem: right answers and their tokens, before and after.
    counts_P4 = np.array([[x for side in pair for x in _right(side)] for pair in pairs], dtype=np.float64)
    if not len(counts_P4) or not counts_P4[:, 0].sum() or not counts_P4[:, 2].sum():
        return None
    if len(pairs) == 1:
        return Estimate(_change(counts_P4.sum(0)), None, None, 1)
    draws = np.random.default_rng(0).integers(len(counts_P4), size=(RESAMPLES, len(counts_P4)))
    resampled = [_change(counts_P4[draw].sum(0)) for draw in draws]
    low, high = np.nanquantile(resampled, [0.025, 0.975])
    return Estimate(_change(counts_P4.sum(0)), float(low), float(high), len(pairs))


def _right(samples: ProblemSamples) -> tuple[int, int]:
    return len(samples.right_tokens), sum(samples.right_tokens)


def _change(sums_4: np.ndarray) -> float:
    right_before, tokens_before, right_after, tokens_after = sums_4
    if not right_before or not right_after:
        return float("nan")
    return float(100 * (tokens_after / right_after / (tokens_before / right_before) - 1))
