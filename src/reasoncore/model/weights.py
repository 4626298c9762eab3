"""Weights in and out, in Hugging Face's layout: ``model.safetensors`` or shards with an index.

The network joins query, key and value, and gate and up; here they are split and joined again, so that any tool reads
what we write and we read what any tool wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from reasoncore.errors import CheckpointError
from reasoncore.model.config import read_config
from reasoncore.model.network import Decoder
from reasoncore.model.weight_files import REFETCH, SINGLE_NAME, weight_files


def load_decoder(folder: Path, dtype: torch.dtype = torch.float32) -> Decoder:
    """Load a checkpoint folder on the CPU.

    Raises:
        CheckpointError: Missing or damaged files, missing or unexpected tensors, wrong shapes.
    """
    config = read_config(folder)
    with torch.device("meta"):
        model = Decoder(config)
    model.to_empty(device="cpu")
    model.to(dtype)
    load_into(model, folder)
    return model


def load_into(model: Decoder, folder: Path) -> None:
    """Copy a checkpoint's weights into a decoder of the same architecture."""
    targets = dict(hf_views(model))
    missing = set(targets)
    for path in weight_files(folder):
        for name, tensor in read_tensors(path):
            if name == "lm_head.weight" and model.config.tie_word_embeddings:
                continue
            target = targets.get(name)
            if target is None:
                raise CheckpointError(f"{path}: unexpected tensor {name}", f"config.json and weights differ. {REFETCH}")
            if target.shape != tensor.shape:
                raise CheckpointError(
                    f"{path}: {name} has shape {list(tensor.shape)}, config.json says {list(target.shape)}", REFETCH
                )
            with torch.no_grad():
                target.copy_(tensor)
            missing.discard(name)
    if missing:
        raise CheckpointError(f"{folder}: {len(missing)} tensors are missing, such as {min(missing)}", REFETCH)


def save_weights(model: Decoder, folder: Path) -> None:
    """Write ``model.safetensors`` in the parameters' own dtype."""
    tensors = {name: view.detach().cpu().contiguous() for name, view in hf_views(model)}
    path = folder / SINGLE_NAME
    save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)


def hf_views(model: Decoder) -> Iterator[tuple[str, Tensor]]:
    """Every tensor under its Hugging Face name, as a view into the network's own storage."""
    config = model.config
    query, key = config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim
    joined = {
        "qkv_proj": ("self_attn", ("q_proj", "k_proj", "v_proj"), (query, key, key)),
        "gate_up_proj": ("mlp", ("gate_proj", "up_proj"), (config.intermediate_size,) * 2),
    }
    renamed = {
        "input_norm": "input_layernorm",
        "post_attention_norm": "post_attention_layernorm",
        "o_proj": "self_attn.o_proj",
        "q_norm": "self_attn.q_norm",
        "k_norm": "self_attn.k_norm",
        "down_proj": "mlp.down_proj",
    }
    for name, parameter in model.named_parameters():
        if name == "lm_head.weight":
            yield name, parameter
            continue
        if not name.startswith("layers."):
            yield f"model.{name}", parameter
            continue
        _, index, module, kind = name.split(".")
        prefix = f"model.layers.{index}"
        if module in joined:
            block, parts, sizes = joined[module]
            for part, view in zip(parts, parameter.split(sizes, dim=0), strict=True):
                yield f"{prefix}.{block}.{part}.{kind}", view
        else:
            yield f"{prefix}.{renamed[module]}.{kind}", parameter


def read_tensors(path: Path) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of a safetensors file, one in memory at a time.

    Raises:
        CheckpointError: It is damaged.
    """
    try:
        with safe_open(path, framework="pt") as reader:
            for name in reader.keys():  # noqa: SIM118 (not a dict)
                yield name, reader.get_tensor(name)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged or cut short ({error})", REFETCH) from error
