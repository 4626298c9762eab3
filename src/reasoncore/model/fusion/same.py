"""What must be the same in checkpoints that are fused: the architecture, the tokenizer, every tensor's name and shape.

How to generate (special ids, generation settings, chat template) may differ: the first checkpoint's is taken.
"""

from __future__ import annotations

import filecmp
import json
from pathlib import Path
from typing import Any

from reasoncore.errors import CheckpointError
from reasoncore.model.fusion.tensor_files import Weights
from reasoncore.model.weight_files import REFETCH

# Keys of config.json, at any depth, that do not change what the weights compute.
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
        CheckpointError: One is missing or unreadable, or they differ; the first differing key is named.
    """
    a, b = _comparable(read_config_json(first)), _comparable(read_config_json(other))
    for key in sorted(a.keys() | b.keys()):
        if a.get(key) != b.get(key):
            raise CheckpointError(
                f"{other / 'config.json'}: {key} is {_short(b.get(key))}, {_short(a.get(key))} in {first}", _SAME_BASE
            )


def read_config_json(folder: Path) -> dict[str, Any]:
    """The contents of ``config.json``, of any architecture.

    Raises:
        CheckpointError: It is missing or unreadable.
    """
    path = folder / "config.json"
    if not path.is_file():
        reason = "no config.json in it" if folder.is_dir() else "no such folder"
        raise CheckpointError(
            f"{folder}: {reason}", "Give a folder in Hugging Face layout: config.json and *.safetensors."
        )
    content = _read_json(path)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: not a JSON object", REFETCH)
    return content


def check_same_tokenizer(first: Path, other: Path) -> None:
    """Compare what maps text to token ids: ``tokenizer.json``, or vocabulary files where neither folder has one.

    Raises:
        CheckpointError: They differ, or only one folder has such a file.
    """
    fast = "tokenizer.json"
    names = [fast] if any((folder / fast).is_file() for folder in (first, other)) else _VOCABULARY_FILES
    for name in names:
        a, b = first / name, other / name
        if a.is_file() != b.is_file():
            there, missing = (first, other) if a.is_file() else (other, first)
            raise CheckpointError(f"{missing}: has no {name}, {there} has one", _SAME_BASE)
        if a.is_file() and not _same_vocabulary(a, b):
            raise CheckpointError(f"{b}: another tokenizer than {a}", _SAME_BASE)


def check_same_tensors(first: Weights, other: Weights) -> None:
    """Compare names, shapes and types of all tensors; floating-point types may differ.

    Raises:
        CheckpointError: They differ; the first differing tensor is named.
    """
    for name in sorted(first.tensors.keys() | other.tensors.keys()):
        a, b = first.tensors.get(name), other.tensors.get(name)
        if a is None or b is None:
            there, missing = (first, other) if b is None else (other, first)
            raise CheckpointError(f"{missing.folder}: has no tensor {name}, {there.folder} has one", _SAME_BASE)
        if a.shape != b.shape:
            raise CheckpointError(
                f"{b.file.path}: {name} has shape {list(b.shape)}, {list(a.shape)} in {a.file.path}", _SAME_BASE
            )
        if a.dtype != b.dtype and not (a.is_float and b.is_float):
            raise CheckpointError(f"{b.file.path}: {name} is of type {b.dtype}, {a.dtype} in {a.file.path}", _SAME_BASE)


def _comparable(config: dict[str, Any]) -> dict[str, Any]:
    """Without bookkeeping, rotary embeddings in one spelling, the default head size filled in."""
    kept: dict[str, Any] = {
        key: _comparable(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in _BOOKKEEPING and key not in _ROPE_SPELLINGS
    }
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if isinstance(rope, dict):
        kept["rope_type"] = rope.get("rope_type", rope.get("type", "default"))
        kept["rope_theta"] = rope.get("rope_theta", config.get("rope_theta"))
        rope = {key: value for key, value in rope.items() if key not in ("rope_type", "type", "rope_theta")}
    kept["rope_parameters"] = rope
    hidden, heads = config.get("hidden_size"), config.get("num_attention_heads")
    if isinstance(hidden, int) and isinstance(heads, int) and heads and config.get("head_dim") is None:
        kept["head_dim"] = hidden // heads
    return kept


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _same_vocabulary(a: Path, b: Path) -> bool:
    if filecmp.cmp(a, b, shallow=False):
        return True
    if a.name != "tokenizer.json":
        return False
    # A tokenizer is saved with the padding and truncation of its last call.
    first, other = ({**_read_object(path), "padding": None, "truncation": None} for path in (a, b))
    return first == other


def _read_object(path: Path) -> dict[str, Any]:
    content = _read_json(path)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: not a JSON object", REFETCH)
    return content


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON ({error})", REFETCH) from error
