"""MGPO: MaxEnt-Guided Policy Optimization ([3B] equations 1 to 3, [1.5B] section 3.4).

    p(q)    = (1/G) sum_i [r_i = 1]                                                              (1)
    D_ME(p) = p ln(p/p0) + (1-p) ln((1-p)/(1-p0)),   p0 = 0.5,  0 ln 0 = 0
    w(q)    = exp(-gamma D_ME(p(q))),   gamma >= 0;  gamma = 0 is GRPO                           (2)
    J       = E[ (1/G) sum_i (1/|y_i|) sum_t min(rho_it w A_i, clip(rho_it, 1-eps, 1+eps) w A_i) ]   (3)

w multiplies the normalised advantage: on the raw reward it would cancel in the normalisation. p(q) counts correct
rollouts, whatever shaping did to their rewards.

Deviations, both inert when sampler and learner agree: each token's term carries the truncated importance weight of
``mismatch.py``; and p(q), G and the means leave out rollouts that could not be judged.

Shapes: G rollouts of a prompt, R response tokens of a micro-batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from reasoncore.records import Group
from reasoncore.rl.advantage import group_advantages
from reasoncore.rl.long2short import long2short_rewards

P0 = 0.5


def max_entropy_deviation(p: float) -> float:
    """D_ME: Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(0.5), in nats; 0 at p = 0.5, ln 2 at 0 and 1."""
    return sum(x * math.log(x / p0) for x, p0 in ((p, P0), (1 - p, 1 - P0)) if x > 0)


def mgpo_weight(p: float, gamma: float) -> float:
    """w(q), equation 2: 1 where the model is most uncertain (p = 0.5), at least 2**-gamma."""
    return math.exp(-gamma * max_entropy_deviation(p))


def weighted_advantages(correct_G: Sequence[bool], rewards_G: Sequence[float] | np.ndarray, gamma: float) -> np.ndarray:
    """w(q) A_i for one group: the weight from correctness, the advantage from (possibly shaped) rewards."""
    p = sum(correct_G) / len(correct_G)
    return mgpo_weight(p, gamma) * group_advantages(np.asarray(rewards_G))


def judged_advantages(group: Group, gamma: float, long2short: float = 0.0) -> list[float | None]:
    """w(q) A_i of each rollout of a group, None for those that could not be judged.

    ``long2short`` is the lambda that shapes the rewards; p(q) stays that of correctness.
    """
    judged = [i for i, verdict in enumerate(group.verdicts) if verdict.correct is not None]
    advantages: list[float | None] = [None] * len(group.verdicts)
    if judged:
        correct = [group.verdicts[i].correct is True for i in judged]
        lengths = [len(group.completions[i].token_ids) for i in judged]
        shaped = long2short_rewards([group.verdicts[i].reward for i in judged], correct, lengths, long2short)
        for i, advantage in zip(judged, weighted_advantages(correct, shaped, gamma).tolist(), strict=True):
            advantages[i] = advantage
    return advantages


def mgpo_loss(
    log_probs_R: Tensor,
    old_log_probs_R: Tensor,
    advantages_R: Tensor,
    token_weights_R: Tensor,
    importance_R: Tensor,
    clip_epsilon: float,
) -> Tensor:
    """-J of equation 3, summed over the tokens given.

    Args:
        log_probs_R: Learner's, with gradient.
        old_log_probs_R: Of the policy before this update. Strictly on-policy it is ``log_probs_R.detach()``: rho is 1.
        advantages_R: w(q) A_i of the rollout each token belongs to.
        token_weights_R: 1 / (rollouts of the step x |y_i|), so that a sum over all tokens is the mean of equation 3.
        importance_R: Truncated importance weight of each token, without gradient.
    """
    rho_R = torch.exp(log_probs_R - old_log_probs_R)
    clipped_R = rho_R.clamp(1 - clip_epsilon, 1 + clip_epsilon)
    objective_R = torch.minimum(rho_R * advantages_R, clipped_R * advantages_R)
    return -(token_weights_R * importance_R * objective_R).sum()
