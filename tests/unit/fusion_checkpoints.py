"""Small checkpoints to fuse: a config, a tokenizer file and whatever tensors a test wants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

CONFIG = {"model_type": "made-up", "hidden_size": 8, "rope_theta": 1e4, "eos_token_id": 2, "dtype": "float32"}
TOKENIZER = {"model": {"vocab": {"a": 0, "b": 1}}, "padding": None, "truncation": None}


def write_checkpoint(
    folder: Path,
    *shards: Mapping[str, Tensor],
    config: Mapping[str, Any] = CONFIG,
    tokenizer: Mapping[str, Any] | None = TOKENIZER,
) -> Path:
    """One file of weights, or shards with an index when there are several."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    if tokenizer is not None:
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    if len(shards) == 1:
        save_file(dict(shards[0]), folder / "model.safetensors", metadata={"format": "pt"})
        return folder
    places = {}
    for number, shard in enumerate(shards, start=1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(dict(shard), folder / name, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return folder


def read_tensors(folder: Path, names: Sequence[str] = ("model.safetensors",)) -> dict[str, Tensor]:
    """Every tensor of these files."""
    return {key: tensor for name in names for key, tensor in load_file(folder / name).items()}
