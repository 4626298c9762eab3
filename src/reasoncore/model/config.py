"""The architecture of a decoder, read from and written to Hugging Face's ``config.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reasoncore.errors import CheckpointError

ARCHITECTURES = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM", "llama": "LlamaForCausalLM"}
ROPE_TYPES = ("default", "llama3")
LLAMA3_ROPE_KEYS = ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings")


@dataclass(frozen=True)
class ModelConfig:
    """One decoder of the Qwen2, Qwen3 or Llama family; field names are Hugging Face's.

    Attributes:
        extra: What else the source ``config.json`` held; written back unchanged.
    """

    model_type: str
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    rope_parameters: dict[str, Any]
    rms_norm_eps: float = 1e-6
    tie_word_embeddings: bool = True
    attention_bias: bool = False
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def qk_norm(self) -> bool:
        """Qwen3 normalises each head's query and key before the rotary embedding."""
        return self.model_type == "qwen3"

    @property
    def qkv_bias(self) -> bool:
        """Qwen2 always has a bias on query, key and value; the others when ``attention_bias`` says so."""
        return self.model_type == "qwen2" or self.attention_bias

    @property
    def output_bias(self) -> bool:
        """Bias on the attention's output projection."""
        return self.model_type != "qwen2" and self.attention_bias

    def to_hf(self) -> dict[str, Any]:
        """The contents of ``config.json``."""
        own = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "extra"}
        if self.model_type == "qwen2":
            del own["attention_bias"]
        scaled = self.rope_parameters["rope_type"] != "default"
        return {
            **self.extra,
            **own,
            # These two for readers older than rope_parameters.
            "rope_theta": self.rope_parameters["rope_theta"],
            "rope_scaling": self.rope_parameters if scaled else None,
            "architectures": [ARCHITECTURES[self.model_type]],
            "hidden_act": "silu",
        }


def read_config(folder: Path) -> ModelConfig:
    """Read ``folder/config.json``.

    Raises:
        CheckpointError: It is not there, not valid, or asks for something this decoder does not do.
    """
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"{folder}: no readable config.json ({error.strerror})",
            "Give a folder in Hugging Face layout: config.json, *.safetensors and the tokenizer's files.",
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path}: not valid JSON ({error})", "Fetch the checkpoint again.") from error
    return parse_config(raw, str(path))


def parse_config(raw: dict[str, Any], where: str) -> ModelConfig:
    """Turn the contents of a ``config.json`` into a :class:`ModelConfig`; ``where`` names it in errors."""
    if not isinstance(raw, dict):
        raise CheckpointError(f"{where}: not a JSON object", "Fetch the checkpoint again.")
    model_type = raw.get("model_type")
    if model_type not in ARCHITECTURES:
        raise CheckpointError(
            f"{where}: model_type {model_type!r} is not supported", f"Use one of: {', '.join(ARCHITECTURES)}."
        )
    for key, wanted in (("hidden_act", "silu"), ("mlp_bias", False), ("use_sliding_window", False)):
        if raw.get(key, wanted) != wanted:
            raise CheckpointError(f"{where}: {key} = {raw[key]!r} is not supported", f"Only {key} = {wanted!r} is.")
    try:
        heads = int(raw["num_attention_heads"])
        known = {
            "model_type": model_type,
            "vocab_size": int(raw["vocab_size"]),
            "hidden_size": int(raw["hidden_size"]),
            "intermediate_size": int(raw["intermediate_size"]),
            "num_hidden_layers": int(raw["num_hidden_layers"]),
            "num_attention_heads": heads,
            "num_key_value_heads": int(raw.get("num_key_value_heads") or heads),
            "head_dim": int(raw.get("head_dim") or int(raw["hidden_size"]) // heads),
            "max_position_embeddings": int(raw.get("max_position_embeddings", 32768)),
            "rope_parameters": _rope_parameters(raw, where),
            "rms_norm_eps": float(raw.get("rms_norm_eps", 1e-6)),
            "tie_word_embeddings": bool(raw.get("tie_word_embeddings", False)),
            "attention_bias": bool(raw.get("attention_bias", False)),
        }
    except CheckpointError:
        raise
    except KeyError as error:
        raise CheckpointError(f"{where}: {error.args[0]} is missing", "Fetch the checkpoint again.") from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise CheckpointError(f"{where}: not a usable size ({error})", "Fetch the checkpoint again.") from error
    if known["head_dim"] < 2 or known["head_dim"] % 2 or heads % known["num_key_value_heads"]:
        raise CheckpointError(
            f"{where}: {heads} heads of {known['head_dim']} over {known['num_key_value_heads']} key/value heads",
            "Heads must be a multiple of key/value heads, and of an even size.",
        )
    extra = {k: v for k, v in raw.items() if k not in known and k not in ("rope_theta", "rope_scaling")}
    return ModelConfig(**known, extra=extra)


def _rope_parameters(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """Both spellings: ``rope_parameters`` (transformers 5) and ``rope_theta`` with ``rope_scaling`` (before)."""
    given = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    if not isinstance(given, dict):
        raise CheckpointError(f"{where}: rope parameters are not an object", "Fetch the checkpoint again.")
    rope = dict(given)
    rope["rope_type"] = rope.pop("type", rope.get("rope_type", "default"))
    rope.setdefault("rope_theta", float(raw.get("rope_theta", 10000.0)))
    if rope["rope_type"] not in ROPE_TYPES:
        raise CheckpointError(
            f"{where}: rope_type {rope['rope_type']!r} is not supported", f"Use one of: {', '.join(ROPE_TYPES)}."
        )
    needed = LLAMA3_ROPE_KEYS if rope["rope_type"] == "llama3" else ()
    missing = [key for key in needed if not isinstance(rope.get(key), int | float)]
    if missing:
        raise CheckpointError(f"{where}: rope parameter {missing[0]} is missing", "Fetch the checkpoint again.")
    return rope
