"""What must be the same in checkpoints that are fused: the architecture, the tokenizer, every tensor's name and shape.

How to generate (special ids, generation settings, chat template) may differ: the first checkpoint's is taken.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reasoncore.errors import CheckpointError
from reasoncore.model.tensor_files import TensorFolder

# Keys of config.json that do not change what the weights compute.
_BOOKKEEPING = {
    "transformers_version",
    "dtype",
    "torch_dtype",
    "_name_or_path",
    "_commit_hash",
    "_attn_implementation_autoset",
    "use_cache",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
}
_ROPE_SPELLINGS = ("rope_theta", "rope_scaling", "rope_parameters")
_VOCABULARY_FILES = ("vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model")
_SAME_BASE = "Fuse checkpoints that were trained from one base."


def check_same_config(first: Path, other: Path) -> None:
    """Compare two ``config.json``; a key that is not there counts as null.

    Raises:
        CheckpointError: One is missing or no JSON object, or they differ; the first differing key is named.
    """
    a, b = _comparable(read_config_json(first)), _comparable(read_config_json(other))
    for key in sorted(a.keys() | b.keys()):
        if a.get(key) != b.get(key):
            raise CheckpointError(
                f"{other / 'config.json'}: {key} is {json.dumps(b.get(key))}, "
                f"{first / 'config.json'} has {json.dumps(a.get(key))}",
                _SAME_BASE,
            )


def read_config_json(folder: Path) -> dict[str, Any]:
    """The contents of ``config.json``, of any architecture."""
    path = folder / "config.json"
    if not path.is_file():
        raise CheckpointError(
            f"{folder}: {'not a checkpoint, it has no config.json' if folder.is_dir() else 'no such folder'}",
            "Give a folder in Hugging Face layout: config.json and *.safetensors.",
        )
    content = _read_json(path)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: not a JSON object", "Fetch the checkpoint again.")
    return content


def check_same_tokenizer(first: Path, other: Path) -> None:
    """Compare what maps text to token ids: ``tokenizer.json``, where neither has one its vocabulary files.

    Raises:
        CheckpointError: They differ, or only one has such a file.
    """
    fast = "tokenizer.json"
    either_fast = any((folder / fast).is_file() for folder in (first, other))
    for name in [fast] if either_fast else _VOCABULARY_FILES:
        a, b = first / name, other / name
        if a.is_file() != b.is_file():
            there, missing = (a, other) if a.is_file() else (b, first)
            raise CheckpointError(f"{missing}: has no {name}, which {there.parent} has", _SAME_BASE)
        if a.is_file() and not _same_file(a, b):
            raise CheckpointError(f"{b}: another tokenizer than {a}", _SAME_BASE)


def check_same_tensors(first: TensorFolder, other: TensorFolder) -> None:
    """Compare names, shapes and kinds of all tensors; floating-point types may differ.

    Raises:
        CheckpointError: They differ; the first differing tensor is named.
    """
    for name in sorted(first.tensors.keys() | other.tensors.keys()):
        a, b = first.tensors.get(name), other.tensors.get(name)
        if a is None or b is None:
            there, missing = (first, other) if b is None else (other, first)
            raise CheckpointError(f"{missing.folder}: has no tensor {name}, which {there.folder} has", _SAME_BASE)
        if a.shape != b.shape:
            raise CheckpointError(
                f"{b.file.path}: {name} has shape {list(b.shape)}, {list(a.shape)} in {a.file.path}", _SAME_BASE
            )
        if a.dtype != b.dtype and not (a.is_float and b.is_float):
            raise CheckpointError(f"{b.file.path}: {name} is of type {b.dtype}, {a.dtype} in {a.file.path}", _SAME_BASE)


def _comparable(config: dict[str, Any]) -> dict[str, Any]:
    """Without bookkeeping, the two spellings of rotary embeddings as one, what transformers derives filled in."""
    out: dict[str, Any] = {
        key: _comparable(value) if isinstance(value, dict) and key not in _ROPE_SPELLINGS else value
        for key, value in config.items()
        if key not in _BOOKKEEPING and key not in _ROPE_SPELLINGS
    }
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if isinstance(rope, dict):
        old_type = rope.get("type", "default")
        rope = {"rope_theta": config.get("rope_theta"), "rope_type": old_type, **rope}
        rope.pop("type", None)
    out["rope_parameters"] = rope
    heads, hidden = config.get("num_attention_heads"), config.get("hidden_size")
    if isinstance(heads, int) and isinstance(hidden, int) and heads > 0 and out.get("head_dim") is None:
        out["head_dim"] = hidden // heads
    return out


def _same_file(a: Path, b: Path) -> bool:
    if a.read_bytes() == b.read_bytes():
        return True
    if a.name != "tokenizer.json":
        return False
    # These two say how the last call was made, and are saved with the rest.
    contents = [_read_json(path) for path in (a, b)]
    for content in contents:
        if isinstance(content, dict):
            content.pop("padding", None)
            content.pop("truncation", None)
    return bool(contents[0] == contents[1])


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error})", "Fetch the checkpoint again.") from error
