"""The key/value cache: a row a completion, and the two attentions that fill and read it.

Shapes: N tokens of a prefill stream, B active rows, H query heads, K key/value heads, G = H/K, D head_dim,
T cached positions, L capacity in positions.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from reasoncore.model.attention import PackedAttention
from reasoncore.model.config import ModelConfig


class KVCache:
    """Keys and values of ``rows`` completions, up to ``capacity`` positions each, preallocated."""

    def __init__(self, config: ModelConfig, rows: int, capacity: int, device: torch.device, dtype: torch.dtype) -> None:
        self.heads, self.capacity = config.num_key_value_heads, capacity
        shape = (rows * self.heads, capacity, config.head_dim)
        self.keys = [_zeros(shape, device, dtype) for _ in range(config.num_hidden_layers)]
        self.values = [_zeros(shape, device, dtype) for _ in range(config.num_hidden_layers)]

    @staticmethod
    def bytes_per_row(config: ModelConfig, capacity: int, dtype: torch.dtype) -> int:
        """Memory of one row."""
        return 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * capacity * dtype.itemsize

    def slots(self, row_M: Tensor, position_M: Tensor) -> Tensor:
        """Flat indices ``[M*K]`` of the entries of ``(row, position)`` pairs, for :meth:`write`."""
        head_K = torch.arange(self.heads, device=row_M.device)
        return ((row_M[:, None] * self.heads + head_K) * self.capacity + position_M[:, None]).flatten()

    def write(self, layer: int, slots_X: Tensor, key_MKD: Tensor, value_MKD: Tensor) -> None:
        """Store keys and values at flat indices."""
        for cached, new_MKD in ((self.keys[layer], key_MKD), (self.values[layer], value_MKD)):
            cached.flatten(0, 1).index_copy_(0, slots_X, new_MKD.flatten(0, 1))

    def move_rows(self, source_M: Tensor, target_M: Tensor, length: int) -> None:
        """Copy the first ``length`` positions of rows elsewhere; sources and targets are disjoint."""
        for tensor in (*self.keys, *self.values):
            rows = tensor.unflatten(0, (-1, self.heads))
            rows[target_M, :, :length] = rows[source_M, :, :length]


def _zeros(shape: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    """Zeros; on a CPU memory that costs nothing until it is written: most completions end far from the capacity."""
    if device.type != "cpu":
        return torch.zeros(shape, device=device, dtype=dtype)
    untouched = np.zeros(math.prod(shape) * dtype.itemsize, dtype=np.uint8)  # calloc; torch would write every byte
    return torch.from_numpy(untouched).view(dtype).view(shape)


class PrefillAttention:
    """Packed causal attention over prompts that also copies each prompt's keys and values to its rows."""

    def __init__(self, cache: KVCache, packed: PackedAttention, source_M: Tensor, slots_X: Tensor) -> None:
        """``source_M``: stream positions to copy, one a (row, position) pair of ``slots_X``."""
        self.cache, self.packed, self.source_M, self.slots_X = cache, packed, source_M, slots_X

    def __call__(self, layer: int, query_NHD: Tensor, key_NKD: Tensor, value_NKD: Tensor) -> Tensor:
        self.cache.write(layer, self.slots_X, key_NKD[self.source_M], value_NKD[self.source_M])
        return self.packed(layer, query_NHD, key_NKD, value_NKD)


class DecodeAttention:
    """One new token a row against that row's cache. Rows 0 to B-1 are the active ones."""

    def __init__(self, cache: KVCache, position_B: Tensor, longest: int) -> None:
        """``position_B``: where each row's new token goes; ``longest``: the largest of them plus one."""
        self.cache, self.longest = cache, longest
        row_B = torch.arange(len(position_B), device=position_B.device)
        self.slots_X = cache.slots(row_B, position_B)
        ahead_BT = torch.arange(longest, device=position_B.device) > position_B[:, None]
        dtype = cache.keys[0].dtype
        mask_BT = torch.zeros(ahead_BT.shape, dtype=dtype, device=position_B.device).masked_fill_(ahead_BT, -torch.inf)
        self.mask_X1T = mask_BT.repeat_interleave(cache.heads, dim=0)[:, None]

    def __call__(self, layer: int, query_BHD: Tensor, key_BKD: Tensor, value_BKD: Tensor) -> Tensor:
        self.cache.write(layer, self.slots_X, key_BKD, value_BKD)
        rows = key_BKD.shape[0] * key_BKD.shape[1]
        key_XTD = self.cache.keys[layer][:rows, : self.longest]
        value_XTD = self.cache.values[layer][:rows, : self.longest]
        query_XGD = query_BHD.reshape(rows, -1, query_BHD.shape[-1])
        if query_BHD.device.type == "cpu":
            scale = query_BHD.shape[-1] ** -0.5
            scores_XGT = torch.baddbmm(
                self.mask_X1T.expand(-1, query_XGD.shape[1], -1), query_XGD, key_XTD.transpose(1, 2), alpha=scale
            )
            out_XGD = torch.bmm(scores_XGT.softmax(-1), value_XTD)
        else:
            out_XGD = F.scaled_dot_product_attention(query_XGD, key_XTD, value_XTD, attn_mask=self.mask_X1T)
        return out_XGD.reshape(query_BHD.shape)
