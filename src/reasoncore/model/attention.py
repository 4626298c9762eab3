"""Attention for training and prefill: documents packed into one token stream, none seeing another.

Shapes: N tokens in the stream, B documents, T the longest document's tokens, H query heads, K key/value heads,
D head_dim.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


class PackedAttention:
    """Causal attention inside each of several documents laid end to end.

    The linear layers, most of the work, run on the stream without padding. Only attention sees a row a document,
    padded on the right to the longest: a causal row never looks right, so no mask is needed. Callers put documents
    of like length together to keep the padding small.
    """

    def __init__(self, lengths: Sequence[int], device: torch.device) -> None:
        """``lengths``: tokens of each document, in stream order."""
        self.rows, self.longest = len(lengths), max(lengths)
        lengths_B = torch.tensor(lengths, device=device)
        inside_BT = torch.arange(self.longest, device=device) < lengths_B[:, None]
        self.slots_N = None if min(lengths) == self.longest else inside_BT.flatten().nonzero().squeeze(1)
        self.positions_N = torch.arange(self.longest, device=device).expand(self.rows, -1)[inside_BT]

    def __call__(self, layer: int, query_NHD: Tensor, key_NKD: Tensor, value_NKD: Tensor) -> Tensor:
        """Attend; ``[N, H, D]`` in, ``[N, H, D]`` out. The mechanism is the same at every ``layer``."""
        out_BHTD = F.scaled_dot_product_attention(
            self._rows(query_NHD),
            self._rows(key_NKD),
            self._rows(value_NKD),
            is_causal=True,
            enable_gqa=query_NHD.shape[1] != key_NKD.shape[1],
        )
        out_XHD = out_BHTD.transpose(1, 2).flatten(0, 1)
        return out_XHD if self.slots_N is None else out_XHD.index_select(0, self.slots_N)

    def _rows(self, x_NHD: Tensor) -> Tensor:
        """Stream ``[N, H, D]`` to padded rows ``[B, H, T, D]``."""
        if self.slots_N is not None:
            padded_XHD = x_NHD.new_zeros((self.rows * self.longest, *x_NHD.shape[1:]))
            x_NHD = padded_XHD.index_copy(0, self.slots_N, x_NHD)
        return x_NHD.unflatten(0, (self.rows, self.longest)).transpose(1, 2)


def group_by_length(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Split items into micro-batches of like length, each at most ``token_budget`` tokens padded to its longest.

    A document longer than the budget gets a micro-batch of its own. Returns indices, shortest documents first.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batches and (len(batches[-1]) + 1) * lengths[index] <= token_budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
