"""Group-relative advantage ([3B] section 2.2.1, GRPO): a rollout against its siblings.

    A_i = (r_i - mean r) / (std r + 1e-4)    within the group

The standard deviation is the sample's (divisor G - 1) and the 1e-4 guards a division; both as in TRL.
"""

from __future__ import annotations

import numpy as np

STD_GUARD = 1e-4


def group_advantages(rewards_G: np.ndarray) -> np.ndarray:
    """Advantages of one group's rewards, float64 ``[G]``; all zero when the rewards are equal or there is only one."""
    rewards_G = np.asarray(rewards_G, dtype=np.float64)
    if len(rewards_G) < 2 or np.ptp(rewards_G) == 0:
        return np.zeros(len(rewards_G))
    return (rewards_G - rewards_G.mean()) / (rewards_G.std(ddof=1) + STD_GUARD)
