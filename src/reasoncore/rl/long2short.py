"""Long2Short ([3B] section 2.2.2): among right answers the shorter ones earn a little more.

With C the correct rollouts of a group, L_i their lengths in tokens and s_i = 1 / L_i:

    r'_i = r_i + lambda (s_i - mean_C s) / max_{j in C} |s_j - mean_C s|,   i in C;   lambda = 0.2 in [3B]

Wrong rollouts keep their reward; equal lengths change nothing; the shifts sum to zero over C. An all-correct group,
without advantage when only correctness is paid, has one here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def long2short_rewards(
    rewards_G: Sequence[float], correct_G: Sequence[bool], lengths_G: Sequence[int], lam: float
) -> np.ndarray:
    """Shaped rewards of one group, float64 ``[G]``.

    Args:
        rewards_G: Before shaping.
        correct_G: Which rollouts are in C.
        lengths_G: Tokens of each rollout; at least 1 for those in C.
        lam: lambda; 0 changes nothing.
    """
    shaped_G = np.array(rewards_G, dtype=np.float64)
    chosen = np.flatnonzero(correct_G)
    if not lam or len(chosen) < 2:
        return shaped_G
    lengths_C = np.asarray(lengths_G)[chosen]
    if np.ptp(lengths_C) == 0:  # before rounding can make a difference of the reciprocals' mean
        return shaped_G
    shortness_C = 1.0 / lengths_C
    centred_C = shortness_C - shortness_C.mean()
    shaped_G[chosen] += lam * centred_C / np.abs(centred_C).max()
    return shaped_G
