"""How long completions are: quantiles, and right ones against wrong ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

_QUANTILES = (0.1, 0.5, 0.9, 0.99, 1.0)


def token_counts(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Quantiles of the tokens of all completions, and the means of the right and of the wrong ones.

    Args:
        rows: Rollouts; those without a completion or a count are left out.

    Returns:
        ``quantiles`` by share (``"1.0"`` is the longest), ``right_mean`` and ``wrong_mean``, null where there is no
        such completion; None where nothing was counted.
    """
    counted = [(row["token_count"], row["correct"]) for row in rows if row["token_count"] is not None]
    if not counted:
        return None
    tokens = [count for count, _ in counted]
    values = np.quantile(tokens, _QUANTILES, method="inverted_cdf")
    return {
        "quantiles": {str(share): int(value) for share, value in zip(_QUANTILES, values, strict=True)},
        "right_mean": _mean([count for count, correct in counted if correct is True]),
        "wrong_mean": _mean([count for count, correct in counted if correct is False]),
    }


def _mean(counts: list[int]) -> float | None:
    return sum(counts) / len(counts) if counts else None
