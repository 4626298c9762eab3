"""Randomness as a function of what is being done: (seed, stage, step, item), never of what ran before."""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache


def derive_seed(*parts: str | int) -> int:
    """A 63-bit seed from any path of names and numbers; stable across processes and platforms."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


@lru_cache(maxsize=2)
def epoch_order(count: int, seed: int, epoch: int) -> tuple[int, ...]:
    """A fresh permutation of ``count`` items for every epoch."""
    order = list(range(count))
    random.Random(derive_seed(seed, "epoch", epoch)).shuffle(order)
    return tuple(order)
