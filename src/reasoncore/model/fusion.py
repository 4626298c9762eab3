"""Fusion: the weighted average of checkpoints, parameter by parameter ([1.5B], arXiv 2511.06221, section 3.3).

    M = sum_i w_i M_i,   w_i >= 0,   sum_i w_i = 1

M_i: the i-th checkpoint's parameters; w_i: its weight (the reports: 1/N).
Every sum is made in float64, in the order of the checkpoints, and rounded once to the first checkpoint's type (see
:mod:`reasoncore.model.weighted_sum`); tensors of integers must be equal and are kept.

Files are read, summed and written a slice at a time by a few threads, which take each file's sha256 on the way, so
memory does not depend on the size of the model or of its largest tensor.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoncore import __version__
from reasoncore.errors import CheckpointError, UserInputError
from reasoncore.model.fusion_checks import check_same_config, check_same_tensors, check_same_tokenizer, read_config_json
from reasoncore.model.tensor_files import INDEX_NAME, Tensor, TensorFile, TensorFolder, open_tensors
from reasoncore.model.weighted_sum import STORAGE, WeightedSum, finite
from reasoncore.progress import track
from reasoncore.run_dir import write_folder_atomic, write_json_atomic

SUM_TOLERANCE = 1e-6
SLICE_BYTES = 2**20
MAX_THREADS = 4
# What is copied from the first checkpoint: everything that transformers may load beside the weights.
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
)


def fuse(
    checkpoints: Sequence[Path], weights: Sequence[float], out: Path, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write the weighted average of checkpoints into a new folder, laid out as the first one.

    Args:
        checkpoints: Two or more folders in Hugging Face layout, safetensors, of any architecture.
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
    folders = [open_tensors(checkpoint) for checkpoint in checkpoints]
    for folder in folders[1:]:
        check_same_tensors(folders[0], folder)
    record: dict[str, Any] = {}

    def fill(target: Path) -> None:
        try:
            _copy_beside_weights(first, target)
            _write_average(folders, weights, target)
            record.update(_record(folders, weights, facts or {}))
            write_json_atomic(target / "fusion.json", record)
            (target / "README.md").write_text(_model_card(out.name, record), encoding="utf-8")
        except BaseException:
            shutil.rmtree(target)
            raise

    write_folder_atomic(out.resolve(), fill)
    return record


def check_weights(weights: Sequence[float], count: int) -> None:
    """Check that ``count`` checkpoints can be fused with these weights.

    Raises:
        UserInputError: Fewer than two checkpoints, not one weight for each, or weights that are no convex combination.
    """
    if count < 2:
        raise UserInputError(f"{count} checkpoint to fuse", "Give two or more.")
    equal = ",".join([f"{1 / count:.9g}"] * count)
    if len(weights) != count:
        raise UserInputError(f"{len(weights)} weights for {count} checkpoints", f"Give {count}, such as {equal}.")
    for weight in weights:
        if not 0 <= weight < math.inf:
            raise UserInputError(f"weight {weight}: not a number of at least 0", f"Give such as {equal}.")
    total = math.fsum(weights)
    if abs(total - 1) > SUM_TOLERANCE:
        normalised = ",".join(f"{weight / total:.9g}" for weight in weights) if total else equal
        raise UserInputError(f"the weights add up to {total:.9g}, not 1", f"Give {normalised}.")


def _check_out(out: Path, checkpoints: Sequence[Path]) -> None:
    if any(out.exists() and checkpoint.exists() and out.samefile(checkpoint) for checkpoint in checkpoints):
        raise UserInputError(f"{out}: one of the checkpoints to fuse", "Name another folder for the result.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserInputError(
            f"{out}: {'not empty' if out.is_dir() else 'not a folder'}", "Name a new folder for the result."
        )


def _copy_beside_weights(source: Path, target: Path) -> None:
    for pattern in COPIED:
        for path in source.glob(pattern):
            copy = shutil.copytree if path.is_dir() else shutil.copyfile
            copy(path, target / path.name)
    if (source / INDEX_NAME).exists():
        shutil.copyfile(source / INDEX_NAME, target / INDEX_NAME)


def _write_average(folders: Sequence[TensorFolder], weights: Sequence[float], target: Path) -> None:
    """Write the files of the first checkpoint again, averaged: same names, headers and offsets."""
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    adders: SimpleQueue[WeightedSum] = SimpleQueue()
    for _ in range(threads):
        adders.put(WeightedSum(weights))
    running: deque[Future[int]] = deque()
    total = sum(tensor.end - tensor.begin for tensor in folders[0].tensors.values())
    done = 0
    with track("fuse (MB)", total // 10**6) as progress, ThreadPoolExecutor(threads) as pool:

        def collect(left: int) -> None:
            nonlocal done
            while len(running) > left:
                done += running.popleft().result()
                if done // 10**7 > progress.done // 10:
                    for folder in folders:
                        for mapped in folder.files:
                            mapped.release()
                progress.advance(done // 10**6 - progress.done)

        for file in folders[0].files:
            with (target / file.path.name).open("wb") as stream:
                stream.write(file.map[: file.data_begin])
                stream.truncate(len(file.map))
                stream.flush()
                for tensors, begin, end in _slices(file, folders):
                    running.append(pool.submit(_average_slice, stream.fileno(), tensors, begin, end, adders))
                    collect(2 * threads)
                collect(0)


def _slices(file: TensorFile, folders: Sequence[TensorFolder]) -> Iterator[tuple[list[Tensor], int, int]]:
    """The same tensor of every checkpoint, and from which element to which; in the order of the first one's bytes."""
    for name, tensor in sorted(file.tensors.items(), key=lambda item: item[1].begin):
        tensors = [folder.tensors[name] for folder in folders]
        step = SLICE_BYTES // tensor.item_bytes
        count = math.prod(tensor.shape)
        for begin in range(0, count, step):
            yield tensors, begin, min(begin + step, count)


def _average_slice(
    descriptor: int, tensors: Sequence[Tensor], begin: int, end: int, adders: SimpleQueue[WeightedSum]
) -> int:
    """Average elements ``begin`` to ``end`` of one tensor and write them in their place; returns the bytes written."""
    first = tensors[0]
    arrays = [_view(tensor, begin, end) for tensor in tensors]
    if first.is_float:
        adder = adders.get()
        result = np.empty(end - begin, STORAGE[first.dtype])
        ok = adder.into(result, first.dtype, arrays, [tensor.dtype for tensor in tensors])
        adders.put(adder)
        if not ok:
            raise _not_finite(tensors, arrays)
    else:
        result = arrays[0]
        for tensor, array in zip(tensors, arrays, strict=True):
            if not np.array_equal(array, result):
                raise CheckpointError(
                    f"{tensor.file.path}: {tensor.name}, of type {tensor.dtype}, has other values than in "
                    f"{first.file.path}",
                    "Fuse checkpoints in which it is the same: integers have no average.",
                )
    _write_at(descriptor, memoryview(result).cast("B"), first.begin + begin * first.item_bytes)
    for tensor in tensors:
        tensor.file.digest_more((end - begin) * tensor.item_bytes)
    return result.nbytes


def _view(tensor: Tensor, begin: int, end: int) -> NDArray[Any]:
    kind = STORAGE.get(tensor.dtype, f"<u{tensor.item_bytes}")
    return np.frombuffer(tensor.file.map, kind, end - begin, tensor.begin + begin * tensor.item_bytes)


def _not_finite(tensors: Sequence[Tensor], arrays: Sequence[NDArray[Any]]) -> CheckpointError:
    for tensor, array in zip(tensors, arrays, strict=True):
        if not finite(array, tensor.dtype):
            return CheckpointError(
                f"{tensor.file.path}: {tensor.name} holds a value that is not finite", "Leave this checkpoint out."
            )
    return CheckpointError(
        f"{tensors[0].file.path}: the average of {tensors[0].name} is too large for {tensors[0].dtype}",
        "Name a checkpoint of a wider type first.",
    )


def _write_at(descriptor: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written


def _record(folders: Sequence[TensorFolder], weights: Sequence[float], facts: Mapping[str, Any]) -> dict[str, Any]:
    inputs = [
        {
            "path": folder.folder.as_posix(),
            "weight": weight,
            "sha256": {file.path.name: file.sha256() for file in folder.files},
        }
        for folder, weight in zip(folders, weights, strict=True)
    ]
    return {"reasoncore": __version__, "inputs": inputs, "facts": dict(facts)}


def _model_card(name: str, record: Mapping[str, Any]) -> str:
    parts = "".join(f"- {part['weight']:.9g} x `{part['path']}`\n" for part in record["inputs"])
    facts = f"\n```json\n{json.dumps(record['facts'], indent=2, ensure_ascii=False)}\n```\n" if record["facts"] else ""
    return (
        f"---\nlibrary_name: transformers\ntags: [merge]\n---\n\n# {name}\n\n"
        f"The average of {len(record['inputs'])} checkpoints, parameter by parameter, by reasoncore {record['reasoncore']}:\n\n"
        f"{parts}{facts}\n"
        "Each sum was made in float64 and rounded once to the first checkpoint's type. Configuration, tokenizer and\n"
        "generation settings are the first checkpoint's. `fusion.json` has the sha256 of every file of weights.\n"
    )
