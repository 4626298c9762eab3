"""What the arithmetic and the memory of a decoder cost, from its shape alone.

Symbols: N parameters in matrix products, L layers, C hidden_size, I intermediate_size, H query heads, K key/value
heads, D head_dim, V vocabulary; S tokens of a sequence, P of its prompt, R of its response. A multiply-add is 2 FLOPs.

Where lengths vary the mean stands for them, so attention, which grows with the square, comes out low.
"""

from __future__ import annotations

from dataclasses import dataclass

from reasoncore.config import HardwareSettings
from reasoncore.model.config import ModelConfig

GIB = 2**30
# Bytes a parameter on CUDA: float32 weights and bfloat16 copies that autocast keeps, float32 gradients, two moments.
WEIGHTS, GRADIENTS, OPTIMISER = 4 + 2, 4, 8
# Elements of one chunk of logits on CUDA, held in float32 and in bfloat16.
LOGITS_CHUNK = 2**28
CACHE_BYTES = 2  # of a key or value, bfloat16


def parameters(shape: ModelConfig) -> int:
    """All parameters: embedding, head unless tied, and of each layer the projections, biases and norms."""
    width, heads = shape.hidden_size, shape.num_attention_heads * shape.head_dim
    qkv = heads + 2 * shape.num_key_value_heads * shape.head_dim
    layer = width * (qkv + heads + 3 * shape.intermediate_size) + 2 * width
    layer += qkv * shape.qkv_bias + width * shape.output_bias + 2 * shape.head_dim * shape.qk_norm
    tables = shape.vocab_size * width * (1 if shape.tie_word_embeddings else 2)
    return tables + shape.num_hidden_layers * layer + width


def product_parameters(shape: ModelConfig) -> int:
    """N: all but an embedding that only looks up. Tied, it is the head as well and counts."""
    lookup = 0 if shape.tie_word_embeddings else shape.vocab_size * shape.hidden_size
    return parameters(shape) - lookup


def attention_flops(shape: ModelConfig, tokens: float) -> float:
    """One causal forward pass over a sequence: 2 L H D S^2, scores and weighted values over half of S x S pairs."""
    return 2 * shape.num_hidden_layers * shape.num_attention_heads * shape.head_dim * tokens**2


def training_flops(shape: ModelConfig, tokens: float, checkpointing: bool) -> float:
    """Forward and backward pass of a sequence: 6 N S + 3 attention; with recomputed activations 8 N S + 4 attention."""
    passes = 4 if checkpointing else 3
    return passes * (2 * product_parameters(shape) * tokens + attention_flops(shape, tokens))


def reading_flops(shape: ModelConfig, tokens: float) -> float:
    """One forward pass over a sequence: 2 N S + attention."""
    return 2 * product_parameters(shape) * tokens + attention_flops(shape, tokens)


def decoding_flops(shape: ModelConfig, prompt: float, response: float) -> float:
    """Sampling a response behind a prompt that is read already: 2 N R + 4 L H D (P R + R^2 / 2)."""
    seen = prompt * response + response**2 / 2
    return 2 * product_parameters(shape) * response + 2 * attention_flops(shape, 1) * seen


def activation_bytes(shape: ModelConfig, tokens: int, checkpointing: bool) -> int:
    """What a micro-batch of ``tokens`` keeps for its backward pass, in bytes, with the logits of one chunk.

    A layer keeps, a token: the residual stream before each norm (float32), and in bfloat16 the results of both norms,
    the joined projection that the value is a part of, rotated query and key, attention's result, gate and up, the
    activated gate, and its product with up:

        layer = 2 * 4 C + 2 * 2 C + 2 (H + 2 K) D + 2 (H + K) D + 2 H D + 2 * 4 I

    Without recomputation all L layers do. With it each keeps its input, 4 C, and one layer at a time is there as above,
    together with gradients of the same size.
    """
    width, inner = shape.hidden_size, shape.intermediate_size
    heads, keys = (n * shape.head_dim for n in (shape.num_attention_heads, shape.num_key_value_heads))
    layer = 12 * width + 2 * (heads + 2 * keys) + 2 * (heads + keys) + 2 * heads + 8 * inner
    layers = shape.num_hidden_layers
    kept = layers * 4 * width + 2 * layer if checkpointing else layers * layer
    return tokens * kept + min(LOGITS_CHUNK, tokens * shape.vocab_size) * (4 + 2)


def cache_row_bytes(shape: ModelConfig, window: int) -> int:
    """Keys and values of one completion, laid out for the whole window: 2 L K D x 2 bytes a token."""
    heads = shape.num_key_value_heads * shape.head_dim
    return 2 * shape.num_hidden_layers * heads * CACHE_BYTES * window


def decode_rows(shape: ModelConfig, window: int, hardware: HardwareSettings) -> int:
    """Completions side by side: ``decode_rows``, or as many as ``kv_cache_gib`` holds beside a spare row."""
    affordable = int(hardware.kv_cache_gib * GIB) // cache_row_bytes(shape, window) - 1
    return max(1, min(hardware.decode_rows, affordable))


@dataclass(frozen=True)
class Memory:
    """Memory of one device in GiB; every device holds everything.

    Attributes:
        training: Peak while training: all but the cache; 0 where nothing is trained.
        sampling: Peak while sampling: weights, cache, and the optimiser of a policy; 0 where nothing is sampled.
        decode_rows: Completions side by side; 0 where nothing is sampled.
    """

    weights: float
    gradients: float
    optimiser: float
    activations: float
    kv_cache: float
    training: float
    sampling: float
    decode_rows: int

    @property
    def peak(self) -> float:
        """The larger: gradients and activations are gone when sampling begins, and the cache when it ends."""
        return max(self.training, self.sampling)


def memory(
    shape: ModelConfig, hardware: HardwareSettings, longest_trained: int, window: int, keeps_optimiser: bool
) -> Memory:
    """Memory that a stage needs.

    Args:
        longest_trained: Tokens of the longest sequence trained on; a micro-batch holds at least one whole. 0: none.
        window: Tokens of the longest prompt and completion sampled. 0: none.
        keeps_optimiser: The optimiser stays while sampling, as in RL.
    """
    held = parameters(shape) / GIB
    weights = WEIGHTS * held
    gradients, optimiser = (GRADIENTS * held, OPTIMISER * held) if longest_trained else (0.0, 0.0)
    activations = cache = 0.0
    rows = 0
    if longest_trained:
        tokens = max(hardware.tokens_per_micro_batch, longest_trained)
        activations = activation_bytes(shape, tokens, hardware.activation_checkpointing) / GIB
    if window:
        rows = decode_rows(shape, window, hardware)
        cache = (rows + 1) * cache_row_bytes(shape, window) / GIB
    return Memory(
        weights=weights,
        gradients=gradients,
        optimiser=optimiser,
        activations=activations,
        kv_cache=cache,
        training=weights + gradients + optimiser + activations if longest_trained else 0.0,
        sampling=weights + cache + (optimiser if keeps_optimiser else 0.0) if window else 0.0,
        decode_rows=rows,
    )
