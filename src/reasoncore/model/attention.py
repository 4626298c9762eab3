"""Attention for training and prefill: documents packed into one token stream, none seeing another.

Documents may begin with the same tokens, as the rollouts of one prompt do: these stand in the stream once.

Shapes: N tokens in the stream, B documents, T the longest document's tokens, X = B * T, H query heads, K key/value
heads, D head_dim.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


class PackedAttention:
    """Causal attention inside each of several documents of one stream.

    The linear layers, most of the work, run on the stream without padding and without repetition. Only attention sees
    a row a document, padded on the right to the longest: a causal row never looks right, so no mask is needed.
    Callers put documents of like length together to keep the padding small.
    """

    def __init__(self, documents: Sequence[Sequence[range]], device: torch.device) -> None:
        """``documents``: of each, the pieces of the stream that it is made of, in order.

        A piece that several documents share stands at the same place in all of them.
        """
        places = [np.concatenate([np.arange(piece.start, piece.stop) for piece in pieces]) for pieces in documents]
        self.rows, self.longest = len(places), max(map(len, places))
        count = max(int(row[-1]) for row in places) + 1
        source_BT = np.zeros((self.rows, self.longest), dtype=np.int64)
        slot_N, position_N = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        for number, row in enumerate(places):
            source_BT[number, : len(row)] = row
            slot_N[row] = number * self.longest + np.arange(len(row))
            position_N[row] = np.arange(len(row))
        identity = count == source_BT.size and bool((source_BT.ravel() == np.arange(count)).all())
        self.source_X = None if identity else torch.from_numpy(source_BT.ravel()).to(device)
        self.slot_N = None if identity else torch.from_numpy(slot_N).to(device)
        self.positions_N = torch.from_numpy(position_N).to(device)

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
        return out_XHD if self.slot_N is None else out_XHD.index_select(0, self.slot_N)

    def _rows(self, x_NHD: Tensor) -> Tensor:
        """Stream ``[N, H, D]`` to padded rows ``[B, H, T, D]``; what pads them is never looked at."""
        if self.source_X is not None:
            x_NHD = x_NHD.index_select(0, self.source_X)
        return x_NHD.unflatten(0, (self.rows, self.longest)).transpose(1, 2)


def end_to_end(lengths: Sequence[int]) -> list[tuple[range]]:
    """Documents of these lengths, one behind the other, for :class:`PackedAttention`."""
    ends = np.cumsum(lengths).tolist()
    return [(range(end - length, end),) for end, length in zip(ends, lengths, strict=True)]


def group_by_length(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Split items into micro-batches of like length, each at most ``token_budget`` tokens padded to its longest.

    A document longer than the budget gets a micro-batch of its own. Returns indices, shortest documents first.
    """
    return _cut(sorted(range(len(lengths)), key=lambda i: (lengths[i], i)), lengths, token_budget)


def group_by_prompt(lengths: Sequence[int], prompts: Sequence[Hashable], token_budget: int) -> list[list[int]]:
    """As :func:`group_by_length`, but documents of one prompt stay together, as far as the budget lets them."""
    siblings: dict[Hashable, list[int]] = {}
    for index, prompt in enumerate(prompts):
        siblings.setdefault(prompt, []).append(index)
    groups = sorted(siblings.values(), key=lambda group: (max(lengths[i] for i in group), group[0]))
    # Within a prompt shortest first: where the budget cuts it, the pieces are of like length.
    ordered = [index for group in groups for index in sorted(group, key=lambda i: (lengths[i], i))]
    return _cut(ordered, lengths, token_budget)


def _cut(ordered: Sequence[int], lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    batches: list[list[int]] = []
    longest = 0
    for index in ordered:
        longest = max(longest, lengths[index])
        if batches and (len(batches[-1]) + 1) * longest <= token_budget:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = lengths[index]
    return batches
