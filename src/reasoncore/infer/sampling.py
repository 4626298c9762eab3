"""Draw a token from each row's distribution by inverting its cumulative sum: one uniform number a token.

Shapes: B rows, V vocabulary, K tokens in order.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reasoncore.infer.engine import SamplingParams

LIKELIEST = 64


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
    """Set the logits outside top-k, then outside top-p, to minus infinity.

    The likeliest token always stays, and of equal tokens the lower ones.
    """
    head = None if params.top_k else _nucleus_in_order(logits_BV, params.top_p)
    sorted_BK, order_BK = logits_BV.sort(dim=-1, descending=True, stable=True) if head is None else head
    if params.top_k:
        sorted_BK[:, params.top_k :] = -torch.inf
    if params.top_p < 1:
        probs_BK = (sorted_BK - (sorted_BK if params.top_k else logits_BV).logsumexp(-1, keepdim=True)).exp()
        before_BK = probs_BK.cumsum(-1) - probs_BK
        sorted_BK = sorted_BK.masked_fill(before_BK >= params.top_p, -torch.inf)
    return torch.full_like(logits_BV, -torch.inf).scatter_(-1, order_BK, sorted_BK)


def _nucleus_in_order(logits_BV: Tensor, top_p: float) -> tuple[Tensor, Tensor] | None:
    """The likeliest tokens in order, where few hold ``top_p`` in every row: a fraction of the cost of sorting all."""
    order_BK = logits_BV.topk(min(LIKELIEST, logits_BV.shape[-1]), dim=-1).indices.sort(dim=-1).values
    sorted_BK, place_BK = logits_BV.gather(-1, order_BK).sort(dim=-1, descending=True, stable=True)
    # Of tokens like the last one, others may have been left out.
    beyond_BK = sorted_BK <= sorted_BK[:, -1:]
    mass_B = (sorted_BK - logits_BV.logsumexp(-1, keepdim=True)).exp().masked_fill(beyond_BK, 0.0).sum(-1)
    return (sorted_BK, order_BK.gather(-1, place_BK)) if bool((mass_B >= top_p).all()) else None
