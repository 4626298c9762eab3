"""The decoder network: Qwen2, with flags for Qwen3 (query/key norm) and Llama (no bias).

It works on a flat stream of tokens and leaves to an ``Attention`` which of them see each other, so the same forward
serves packed training (:class:`reasoncore.model.attention.PackedAttention`), prefill and cached decoding
(:mod:`reasoncore.infer.kv_cache`).

Shapes: N tokens, R of them wanted, C hidden_size, H query heads, K key/value heads, D head_dim, I intermediate_size,
V vocabulary.
Query, key and value are one matrix, and so are gate and up: fewer, larger products. ``weights.py`` splits them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from reasoncore.model.config import ModelConfig
from reasoncore.model.rope import cos_sin, inverse_frequencies, rotate


def mixed_precision(device: torch.device) -> AbstractContextManager[None]:
    """bfloat16 products over float32 parameters on CUDA; float32 throughout on CPU and MPS."""
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()


class Attention(Protocol):
    """Causal attention of a flat token stream, for one layer."""

    def __call__(self, layer: int, query_NHD: Tensor, key_NKD: Tensor, value_NKD: Tensor) -> Tensor:
        """Return the attended values, ``[N, H, D]``."""
        ...


class DecoderLayer(nn.Module):
    """Attention and a gated feed-forward, each before a residual connection, each after an RMS norm."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.query_heads, self.key_heads = config.num_attention_heads, config.num_key_value_heads
        self.head_dim = config.head_dim
        total_heads = self.query_heads + 2 * self.key_heads
        self.input_norm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.qkv_proj = nn.Linear(config.hidden_size, total_heads * self.head_dim, bias=config.qkv_bias)
        self.o_proj = nn.Linear(self.query_heads * self.head_dim, config.hidden_size, bias=config.output_bias)
        self.post_attention_norm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.gate_up_proj = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.q_norm = nn.RMSNorm(self.head_dim, config.rms_norm_eps) if config.qk_norm else nn.Identity()
        self.k_norm = nn.RMSNorm(self.head_dim, config.rms_norm_eps) if config.qk_norm else nn.Identity()

    def forward(
        self,
        x_NC: Tensor,
        cos_N1D: Tensor,
        sin_N1D: Tensor,
        attention: Attention,
        layer: int,
        wanted_R: Tensor | None = None,
    ) -> Tensor:
        """The layer's output, of all tokens or of the ``wanted_R`` alone."""
        qkv_NHD = self.qkv_proj(self.input_norm(x_NC)).unflatten(-1, (-1, self.head_dim))
        query_NHD, key_NKD, value_NKD = qkv_NHD.split((self.query_heads, self.key_heads, self.key_heads), dim=1)
        # Under autocast a norm answers in float32; attention wants one dtype.
        query_NHD = rotate(self.q_norm(query_NHD).to(value_NKD.dtype), cos_N1D, sin_N1D)
        key_NKD = rotate(self.k_norm(key_NKD).to(value_NKD.dtype), cos_N1D, sin_N1D)
        attended_NC = attention(layer, query_NHD, key_NKD, value_NKD).flatten(1)
        if wanted_R is not None:
            x_NC, attended_NC = x_NC.index_select(0, wanted_R), attended_NC.index_select(0, wanted_R)
        x_NC = x_NC + self.o_proj(attended_NC)
        gate_NI, up_NI = self.gate_up_proj(self.post_attention_norm(x_NC)).chunk(2, dim=-1)
        return x_NC + self.down_proj(F.silu(gate_NI) * up_NI)


class Decoder(nn.Module):
    """Token ids and positions in, final hidden states out; ``head`` turns those into logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        # No buffer: it must stay float32 when the weights are cast.
        self._frequency_D2 = inverse_frequencies(config.head_dim, config.rope_parameters)
        self.checkpoint_activations = False

    @property
    def head_weight_VC(self) -> Tensor:
        """The output matrix: the embedding's own when the two are tied."""
        return self.embed_tokens.weight if self.config.tie_word_embeddings else self.lm_head.weight

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.embed_tokens.weight.device

    @property
    def compute_dtype(self) -> torch.dtype:
        """What activations are computed in: autocast's type where it is on, else the parameters' own."""
        weight = self.embed_tokens.weight
        if torch.is_autocast_enabled(weight.device.type):
            return torch.get_autocast_dtype(weight.device.type)
        return weight.dtype

    def forward(
        self, tokens_N: Tensor, positions_N: Tensor, attention: Attention, wanted_R: Tensor | None = None
    ) -> Tensor:
        """Final hidden states ``[N, C]``, normed, ready for the head.

        With ``wanted_R``, places in the stream, those tokens' alone, ``[R, C]``: of the others the last layer needs
        keys and values only. For a model of few layers and long prompts that is a good part of the work.
        """
        x_NC = self.embed_tokens(tokens_N)
        self._frequency_D2 = self._frequency_D2.to(x_NC.device)
        cos_N1D, sin_N1D = cos_sin(positions_N, self._frequency_D2, self.compute_dtype)
        for index, layer in enumerate(self.layers):
            wanted = wanted_R if index == len(self.layers) - 1 else None
            if self.checkpoint_activations and torch.is_grad_enabled():
                x_NC = checkpoint(layer, x_NC, cos_N1D, sin_N1D, attention, index, wanted, use_reentrant=False)
            else:
                x_NC = layer(x_NC, cos_N1D, sin_N1D, attention, index, wanted)
        return self.norm(x_NC)

    def logits(self, hidden_NC: Tensor) -> Tensor:
        """Next-token logits ``[N, V]``. For training use :func:`reasoncore.train.loss.token_log_probs`."""
        return F.linear(hidden_NC, self.head_weight_VC)


def initialise(model: Decoder, seed: int, std: float = 0.02) -> None:
    """Fill a decoder with fresh weights: normal of ``std``, residual outputs scaled by ``1/sqrt(2 layers)`` (GPT-2)."""
    generator = torch.Generator().manual_seed(seed)
    residual_std = std / (2 * model.config.num_hidden_layers) ** 0.5
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            torch.nn.init.constant_(parameter, 1.0 if "norm" in name else 0.0)
        else:
            residual = name.endswith(("o_proj.weight", "down_proj.weight"))
            torch.nn.init.normal_(parameter, std=residual_std if residual else std, generator=generator)
