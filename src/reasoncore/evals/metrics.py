"""Scores of one problem's samples: unbiased Pass@K and Cons@K.

Pass@K is the estimator of Chen et al. 2021 (arXiv 2107.03374, eq. 1): of n samples, c are correct, and

    pass@k = 1 - C(n - c, k) / C(n, k)

is the chance that k of them drawn without replacement hold a correct one. Cons@K is majority voting over the K
samples (Wang et al. 2022, arXiv 2203.11171).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reasoncore.test_time.classes import answer_classes, majority_class


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased estimate of pass@k from ``n`` samples of which ``c`` are correct.

    Computed as 1 - prod_{i=n-c+1..n} (1 - k/i), which never forms a large binomial.

    Raises:
        ValueError: Not 1 <= k <= n or not 0 <= c <= n.
    """
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs at least {max(k, 1)} samples and k >= 1, got n = {n}")
    if not 0 <= c <= n:
        raise ValueError(f"{c} correct of {n} samples")
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def cons_at_k(answers: Sequence[str | None], correct: Sequence[bool]) -> bool:
    """Whether the majority answer of K samples is correct; ``answers`` and ``correct`` have length K.

    A class is as correct as its first sample. Without any answer the consensus is incorrect.
    """
    if len(answers) != len(correct):
        raise ValueError(f"{len(answers)} answers but {len(correct)} verdicts")
    majority = majority_class(answer_classes(answers))
    return bool(majority) and correct[majority[0]]
