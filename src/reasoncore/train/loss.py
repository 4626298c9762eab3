"""Log-probabilities of target tokens without ever holding all logits.

    log p(y_n) = z_n[y_n] / tau - logsumexp_v(z_n[v] / tau),    z_n = W h_n

Logits are made a chunk of tokens at a time, once in forward and again in backward, so memory is a chunk's and not
tokens x vocabulary. The gradient with respect to z_n is (onehot(y_n) - softmax(z_n / tau)) / tau.

Shapes: N tokens, C hidden_size, V vocabulary, S tokens of one chunk.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

CHUNK_ELEMENTS = {"cpu": 2**20, "cuda": 2**28, "mps": 2**24}


def token_log_probs(hidden_NC: Tensor, head_weight_VC: Tensor, targets_N: Tensor, temperature: float = 1.0) -> Tensor:
    """Natural log-probability of each target under the softmax at ``temperature``. Returns float32 ``[N]``."""
    return _TokenLogProbs.apply(hidden_NC, head_weight_VC, targets_N, temperature)


class _TokenLogProbs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden_NC: Tensor, weight_VC: Tensor, targets_N: Tensor, temperature: float) -> Tensor:
        device = hidden_NC.device.type
        ctx.dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight_VC.dtype
        ctx.temperature = temperature
        hidden_NC, head_VC = hidden_NC.to(ctx.dtype), weight_VC.to(ctx.dtype)
        normaliser_N = hidden_NC.new_empty(len(hidden_NC), dtype=torch.float32)
        chosen_N = torch.empty_like(normaliser_N)
        for part in _chunks(len(hidden_NC), weight_VC):
            logits_SV = (hidden_NC[part] @ head_VC.T).float().div_(temperature)
            normaliser_N[part] = logits_SV.logsumexp(-1)
            chosen_N[part] = logits_SV.gather(-1, targets_N[part, None]).squeeze(-1)
        ctx.save_for_backward(hidden_NC, weight_VC, targets_N, normaliser_N)
        return chosen_N - normaliser_N

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad_N,) = grads
        hidden_NC, weight_VC, targets_N, normaliser_N = ctx.saved_tensors
        head_VC = weight_VC.to(ctx.dtype)
        grad_hidden_NC = torch.empty_like(hidden_NC)
        grad_weight_VC = torch.zeros_like(weight_VC, dtype=torch.float32)
        scale_N = grad_N / ctx.temperature
        for part in _chunks(len(hidden_NC), weight_VC):
            logits_SV = (hidden_NC[part] @ head_VC.T).float().div_(ctx.temperature)
            grad_SV = logits_SV.sub_(normaliser_N[part, None]).exp_().mul_(-scale_N[part, None])
            grad_SV.scatter_add_(-1, targets_N[part, None], scale_N[part, None])
            grad_SV = grad_SV.to(ctx.dtype)
            grad_hidden_NC[part] = grad_SV @ head_VC
            grad_weight_VC += grad_SV.T @ hidden_NC[part]
        return grad_hidden_NC, grad_weight_VC.to(weight_VC.dtype), None, None


def _chunks(n_tokens: int, weight_VC: Tensor) -> list[slice]:
    size = max(16, CHUNK_ELEMENTS[weight_VC.device.type] // weight_VC.shape[0])
    return [slice(start, min(start + size, n_tokens)) for start in range(0, n_tokens, size)]
