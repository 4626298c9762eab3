"""Fusion: the weighted average of checkpoints, parameter by parameter ([1.5B], arXiv 2511.06221, section 3.3).

    M = sum_i w_i M_i,   w_i >= 0,   sum_i w_i = 1

M_i: the i-th checkpoint's parameters; w_i: its weight (the report: 1/N). Every sum is made in float64, in the order of
the checkpoints, and rounded once to the first checkpoint's type. Tensors of integers must be equal and are kept.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoncore import __version__
from reasoncore.errors import UserInputError
from reasoncore.model.fusion.average import write_average
from reasoncore.model.fusion.same import check_same_config, check_same_tensors, check_same_tokenizer, read_config_json
from reasoncore.model.fusion.tensor_files import Weights, open_weights
from reasoncore.model.weight_files import INDEX_NAME
from reasoncore.run_dir import write_folder_atomic, write_json_atomic

SUM_TOLERANCE = 1e-6
# What transformers may load beside the weights.
COPIED = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "additional_chat_templates",
    "*processor_config.json",
    "*.py",
    "LICENSE*",
    "NOTICE*",
    INDEX_NAME,
)


def fuse(
    checkpoints: Sequence[Path], weights: Sequence[float], out: Path, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write the weighted average of checkpoints into a new folder, laid out as the first one.

    Args:
        checkpoints: Two or more folders in Hugging Face layout with safetensors, of any architecture.
        weights: One for each, at least 0, with a sum of 1.
        out: A folder that does not exist or is empty; it appears when it is complete.
        facts: Recorded in ``fusion.json`` and the model card, such as the scores the checkpoints were chosen by.

    Returns:
        The contents of ``fusion.json``.

    Raises:
        UserInputError: Weights or ``out`` cannot be used.
        CheckpointError: A checkpoint is incomplete or damaged, differs from the first, or holds values that are not
            finite.
    """
    check_weights(weights, len(checkpoints))
    _check_out(out, checkpoints)
    first, *others = checkpoints
    read_config_json(first)
    for other in others:
        check_same_config(first, other)
        check_same_tokenizer(first, other)
    opened = [open_weights(folder) for folder in checkpoints]
    for other_weights in opened[1:]:
        check_same_tensors(opened[0], other_weights)
    record: dict[str, Any] = {}

    def fill(folder: Path) -> None:
        try:
            _copy_beside_weights(first, folder)
            write_average(opened, weights, folder)
            record.update(_record(opened, weights, facts or {}))
            write_json_atomic(folder / "fusion.json", record)
            (folder / "README.md").write_text(_model_card(out.name, record), encoding="utf-8")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    write_folder_atomic(out.resolve(), fill)
    return record


def check_weights(weights: Sequence[float], count: int) -> None:
    """Check that ``count`` checkpoints can be fused with these weights.

    Raises:
        UserInputError: Fewer than two checkpoints, not one weight for each, one below 0 or not finite, a sum other
            than 1.
    """
    if count < 2:
        raise UserInputError(f"{count} checkpoint to fuse", "Give two or more.")
    equal = ",".join([f"{1 / count:.9g}"] * count)
    if len(weights) != count:
        raise UserInputError(f"{len(weights)} weights for {count} checkpoints", f"Give {count}, such as {equal}.")
    for weight in weights:
        if not 0 <= weight < math.inf:
            raise UserInputError(f"weight {weight}: not a number of at least 0", f"Give weights such as {equal}.")
    total = math.fsum(weights)
    if abs(total - 1) > SUM_TOLERANCE:
        normalised = ",".join(f"{weight / total:.9g}" for weight in weights) if total else equal
        raise UserInputError(f"the weights add up to {total:.9g}, not to 1", f"Give {normalised}.")


def _check_out(out: Path, checkpoints: Sequence[Path]) -> None:
    if not out.exists():
        return
    if any(folder.exists() and folder.samefile(out) for folder in checkpoints):
        raise UserInputError(f"{out}: is one of the checkpoints to fuse", "Name another folder for the result.")
    if not out.is_dir():
        raise UserInputError(f"{out}: not a folder", "Name a new folder for the result.")
    if any(out.iterdir()):
        raise UserInputError(f"{out}: not empty", "Name a new folder for the result.")


def _copy_beside_weights(source: Path, folder: Path) -> None:
    for pattern in COPIED:
        for path in source.glob(pattern):
            copy = shutil.copytree if path.is_dir() else shutil.copyfile
            copy(path, folder / path.name)


def _record(opened: Sequence[Weights], weights: Sequence[float], facts: Mapping[str, Any]) -> dict[str, Any]:
    inputs = [
        {
            "path": checkpoint.folder.as_posix(),
            "weight": weight,
            "sha256": {file.path.name: file.sha256() for file in checkpoint.files},
        }
        for checkpoint, weight in zip(opened, weights, strict=True)
    ]
    return {"reasoncore": __version__, "formula": "sum_i w_i M_i", "inputs": inputs, "facts": dict(facts)}


def _model_card(name: str, record: Mapping[str, Any]) -> str:
    inputs, facts = record["inputs"], record["facts"]
    listed = "".join(f"- {checkpoint['weight']:.9g} x `{checkpoint['path']}`\n" for checkpoint in inputs)
    told = f"\n```json\n{json.dumps(facts, indent=2, ensure_ascii=False)}\n```\n" if facts else ""
    return f"""---
library_name: transformers
tags: [merge]
---

# {name}

The weighted average of {len(inputs)} checkpoints, parameter by parameter, made by reasoncore {record["reasoncore"]}:

{listed}{told}
Each sum was made in float64 and rounded once to the first checkpoint's type. Configuration, tokenizer and generation
settings are the first checkpoint's. The sha256 of every file of weights is in `fusion.json`.
"""
