"""Draw a token from each row's distribution by inverting its cumulative sum: one uniform number a token.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reasoncore.infer.engine import SamplingParams


def sample_tokens(logits_BV: Tensor, params: SamplingParams, uniform_B: Tensor) -> tuple[Tensor, Tensor]:
    """Sample one token a row.

    Args:
        uniform_B: Multiples of 2**-24 in [0, 1), float32, that decide the draw.

    Returns:
        ``token_B`` and ``log_prob_B``: the natural log-probability under the distribution drawn from, after
        temperature, top-k and top-p. Greedy decoding draws from a point mass: its log-probability is 0.
    """
    if params.temperature == 0:
        token_B = logits_BV.argmax(-1)
        return token_B, torch.zeros_like(token_B, dtype=torch.float32)
    logits_BV = logits_BV.float()
    if params.temperature != 1:
        logits_BV = logits_BV / params.temperature
    if params.top_k or params.top_p < 1:
        logits_BV = _truncate(logits_BV, params)
    probs_BV = logits_BV.softmax(-1)
    cumulative_BV = probs_BV.cumsum(-1)
    total_B = cumulative_BV[:, -1]
    # At most 1 - 2**-24 of the total, which float32 rounds to below it: never past the last possible token.
    threshold_B = uniform_B * total_B
    token_B = torch.searchsorted(cumulative_BV, threshold_B[:, None], right=True).squeeze(-1)
    return token_B, probs_BV.gather(-1, token_B[:, None]).squeeze(-1).log()


def _truncate(logits_BV: Tensor, params: SamplingParams) -> Tensor:
    """Set the logits outside top-k, then outside top-p, to minus infinity. The likeliest token always stays."""
    sorted_BV, order_BV = logits_BV.sort(dim=-1, descending=True, stable=True)
    if params.top_k:
        sorted_BV[:, params.top_k :] = -torch.inf
    if params.top_p < 1:
        probs_BV = sorted_BV.softmax(-1)
        before_BV = probs_BV.cumsum(-1) - probs_BV
        sorted_BV = sorted_BV.masked_fill(before_BV >= params.top_p, -torch.inf)
    return torch.empty_like(logits_BV).scatter_(-1, order_BV, sorted_BV)
