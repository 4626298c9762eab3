"""The sampler's and the learner's probabilities of the same token differ a little; correct for it and report it.

    weight_t = min(pi_learner(y_t) / pi_sampler(y_t), C)      without gradient, C = 2 by default

Truncated importance sampling (Ionides, 2008), as RL trainers with separate inference engines use it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def truncated_importance(learner_log_probs_R: Tensor, sampler_log_probs_R: Tensor, cap: float) -> Tensor:
    """Per-token weight, float32, no gradient."""
    return torch.exp(learner_log_probs_R.detach() - sampler_log_probs_R).clamp(max=cap)
