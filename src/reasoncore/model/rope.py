"""Rotary position embedding (Su et al., arXiv 2104.09864) in Hugging Face's half-split convention.

Shapes: N tokens, H heads, D head_dim.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def inverse_frequencies(head_dim: int, rope: dict[str, Any]) -> Tensor:
    """Rotation per position of each pair of channels, in radians. Shape ``[D/2]``, float32.

    ``rope_type = "llama3"`` stretches low frequencies by ``factor`` and blends the band between, as Llama 3.1 does.
    """
    exponent_D2 = torch.arange(0, head_dim, 2, dtype=torch.float32, device="cpu") / head_dim
    frequency_D2 = 1.0 / (float(rope["rope_theta"]) ** exponent_D2)
    if rope["rope_type"] == "default":
        return frequency_D2
    factor, original = rope["factor"], rope["original_max_position_embeddings"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    wavelength_D2 = 2 * math.pi / frequency_D2
    blend_D2 = ((original / wavelength_D2 - low) / (high - low)).clamp(0.0, 1.0)
    return frequency_D2 * (blend_D2 + (1 - blend_D2) / factor)


def cos_sin(positions_N: Tensor, frequency_D2: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosine and signed sine for :func:`rotate`, each ``[N, 1, D]``.

    The sign of ``rotate_half`` is folded into the sine, which saves a negation a layer.
    """
    angle_ND2 = positions_N.float()[:, None] * frequency_D2
    cos_ND2, sin_ND2 = angle_ND2.cos().to(dtype), angle_ND2.sin().to(dtype)
    return torch.cat((cos_ND2, cos_ND2), dim=-1)[:, None], torch.cat((-sin_ND2, sin_ND2), dim=-1)[:, None]


def rotate(x_NHD: Tensor, cos_N1D: Tensor, sin_N1D: Tensor) -> Tensor:
    """Rotate queries or keys to their positions."""
    half = x_NHD.shape[-1] // 2
    return x_NHD * cos_N1D + torch.cat((x_NHD[..., half:], x_NHD[..., :half]), dim=-1) * sin_N1D
