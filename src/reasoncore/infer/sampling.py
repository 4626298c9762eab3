"""Draw a token from each row's distribution by inverting its cumulative sum: one uniform number a token.

Shapes: B rows, V vocabulary, K of its tokens, X either.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reasoncore.infer.engine import SamplingParams

LIKELIEST = 64
GREEDY_BELOW = 1e-5
"""Temperatures below it would take logits beyond float32, and mean greedy decoding."""


def sample_tokens(logits_BV: Tensor, params: SamplingParams, uniform_B: Tensor) -> tuple[Tensor, Tensor]:
    """Sample one token a row.

    Args:
        uniform_B: Multiples of 2**-24 in [0, 1), float32, that decide the draw.

    Returns:
        ``token_B`` and ``log_prob_B``: the natural log-probability under the distribution drawn from, after
        temperature, top-k and top-p. Greedy decoding draws from a point mass: its log-probability is 0.
    """
    if params.temperature < GREEDY_BELOW:
        token_B = logits_BV.argmax(-1)
        return token_B, torch.zeros_like(token_B, dtype=torch.float32)
    logits_BV = logits_BV.float()
    if params.temperature != 1:
        logits_BV = logits_BV / params.temperature
    if params.top_k or params.top_p == 1:
        return _draw(_truncate(logits_BV, params) if params.top_k else logits_BV, uniform_B)
    id_BK, logits_BK, enough_B = _nucleus(logits_BV, params.top_p)
    place_B, log_prob_B = _draw(logits_BK, uniform_B)
    token_B = id_BK.gather(-1, place_B[:, None]).squeeze(-1)
    if not bool(enough_B.all()):  # row by row, so that no row depends on those beside it
        rest_R = (~enough_B).nonzero().squeeze(-1)
        token_B[rest_R], log_prob_B[rest_R] = _draw(_truncate(logits_BV[rest_R], params), uniform_B[rest_R])
    return token_B, log_prob_B


def _draw(logits_BX: Tensor, uniform_B: Tensor) -> tuple[Tensor, Tensor]:
    """Index of the column drawn, and its log-probability."""
    probs_BX = logits_BX.softmax(-1)
    cumulative_BX = probs_BX.cumsum(-1)
    total_B = cumulative_BX[:, -1]
    # At most 1 - 2**-24 of the total, which float32 rounds to below it: never past the last possible token.
    threshold_B = uniform_B * total_B
    index_B = torch.searchsorted(cumulative_BX, threshold_B[:, None], right=True).squeeze(-1)
    return index_B, probs_BX.gather(-1, index_B[:, None]).squeeze(-1).log()


def _truncate(logits_BV: Tensor, params: SamplingParams) -> Tensor:
    """Set the logits outside top-k, then outside top-p, to minus infinity.

    The likeliest token always stays, and of equal tokens the lower ones.
    """
    sorted_BV, order_BV = logits_BV.sort(dim=-1, descending=True, stable=True)
    if params.top_k:
        sorted_BV[:, params.top_k :] = -torch.inf
    if params.top_p < 1:
        probs_BV = sorted_BV.softmax(-1)
        sorted_BV = _within(sorted_BV, probs_BV, params.top_p)
    return torch.full_like(logits_BV, -torch.inf).scatter_(-1, order_BV, sorted_BV)


def _nucleus(logits_BV: Tensor, top_p: float) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest tokens alone, at a fraction of the cost of sorting all.

    Returns:
        ``id_BK``, their ids in rising order; ``logits_BK``, with those outside top-p set to minus infinity; and
        ``enough_B``, whether these few hold ``top_p`` of a row. What the others of a row get is of no use.
    """
    id_BK = logits_BV.topk(min(LIKELIEST, logits_BV.shape[-1]), dim=-1, sorted=False).indices.sort(dim=-1).values
    sorted_BK, place_BK = logits_BV.gather(-1, id_BK).sort(dim=-1, descending=True, stable=True)
    probs_BK = (sorted_BK - logits_BV.logsumexp(-1, keepdim=True)).exp()
    # Of tokens like the last one, others may have been left out.
    mass_B = probs_BK.masked_fill(sorted_BK <= sorted_BK[:, -1:], 0.0).sum(-1)
    kept_BK = _within(sorted_BK, probs_BK, top_p)
    return id_BK, torch.empty_like(kept_BK).scatter_(-1, place_BK, kept_BK), mass_B >= top_p


def _within(sorted_BK: Tensor, probs_BK: Tensor, top_p: float) -> Tensor:
    """Logits in falling order, those after the first ``top_p`` of the probability set to minus infinity.

    The first always stays: a ``top_p`` that float32 cannot hold is no more than 0.
    """
    left_out_BK = probs_BK.cumsum(-1) - probs_BK >= top_p
    left_out_BK[..., 0] = False
    return sorted_BK.masked_fill(left_out_BK, -torch.inf)
