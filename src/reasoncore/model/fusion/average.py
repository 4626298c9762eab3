"""The pass over the weights: read, sum and write a slice at a time.

Memory depends neither on the size of the model nor on that of its largest tensor. The files are mapped, so nothing is
copied before it is summed; a few threads share the work, and take each file's sha256 on the way.
"""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reasoncore.errors import CheckpointError
from reasoncore.model.fusion.tensor_files import Array, Tensor, TensorFile, Weights
from reasoncore.model.fusion.weighted_sum import WeightedSum, finite
from reasoncore.progress import track

SLICE_BYTES = 2**20
SLICES_BETWEEN_RELEASES = 16
MAX_THREADS = 4


@dataclass(frozen=True)
class Slice:
    """Elements ``begin`` to ``end`` of one tensor of every checkpoint."""

    tensors: tuple[Tensor, ...]
    begin: int
    end: int


def write_average(checkpoints: Sequence[Weights], weights: Sequence[float], folder: Path) -> None:
    """Write the first checkpoint's files again, averaged: same names, headers and places of the tensors.

    Raises:
        CheckpointError: A value is not finite, or integers differ.
    """
    total = sum(len(file.map) - file.data_begin for file in checkpoints[0].files)
    with track("fuse (MB)", total // 10**6) as progress:
        written = 0
        for file in checkpoints[0].files:
            for count in _write_file(file, checkpoints, weights, folder / file.path.name):
                written += count
                if written // 10**6 > progress.done:
                    progress.advance(written // 10**6 - progress.done)


def _write_file(
    file: TensorFile, checkpoints: Sequence[Weights], weights: Sequence[float], target: Path
) -> Iterator[int]:
    """Write one file; yields the bytes of each slice that is done."""
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    local = threading.local()

    def prepare() -> None:
        local.adder = WeightedSum(weights, SLICE_BYTES)

    def work(part: Slice) -> int:
        return _average_slice(part, local.adder, stream.fileno())

    running: deque[Future[int]] = deque()
    # The pool is the inner one: no thread may write to a file that was closed.
    with target.open("wb") as stream, ThreadPoolExecutor(threads, initializer=prepare) as pool:
        stream.write(file.map[: file.data_begin])
        stream.flush()
        for number, part in enumerate(_slices(file, checkpoints)):
            running.append(pool.submit(work, part))
            if len(running) > 2 * threads:
                yield running.popleft().result()
            if number % SLICES_BETWEEN_RELEASES == 0:
                _release(checkpoints)
        while running:
            yield running.popleft().result()
    _release(checkpoints)


def _slices(file: TensorFile, checkpoints: Sequence[Weights]) -> Iterator[Slice]:
    for tensor in sorted(file.tensors.values(), key=lambda tensor: tensor.begin):
        tensors = tuple(checkpoint.tensors[tensor.name] for checkpoint in checkpoints)
        count, step = math.prod(tensor.shape), SLICE_BYTES // tensor.item_bytes
        for begin in range(0, count, step):
            yield Slice(tensors, begin, min(begin + step, count))


def _release(checkpoints: Sequence[Weights]) -> None:
    for checkpoint in checkpoints:
        for file in checkpoint.files:
            file.release()


def _average_slice(part: Slice, adder: WeightedSum, descriptor: int) -> int:
    """Sum a slice and write it in its place; returns its bytes."""
    first = part.tensors[0]
    arrays = [tensor.view(part.begin, part.end) for tensor in part.tensors]
    if first.is_float:
        result = adder.sum(arrays, [tensor.dtype for tensor in part.tensors], first.dtype)
        if result is None:
            raise _not_finite(part, arrays)
    else:
        result = arrays[0]
        _check_equal(part, arrays)
    _write_at(descriptor, result.view(np.uint8).data, first.begin + part.begin * first.item_bytes)
    for tensor in part.tensors:
        tensor.file.digest_more((part.end - part.begin) * tensor.item_bytes)
    return result.nbytes


def _not_finite(part: Slice, arrays: Sequence[Array]) -> CheckpointError:
    for tensor, array in zip(part.tensors, arrays, strict=True):
        if not finite(array, tensor.dtype):
            return CheckpointError(
                f"{tensor.file.path}: {tensor.name} holds a value that is not finite", "Leave this checkpoint out."
            )
    first = part.tensors[0]
    return CheckpointError(
        f"{first.file.path}: the average of {first.name} is too large for {first.dtype}",
        "Name a checkpoint of a wider type first.",
    )


def _check_equal(part: Slice, arrays: Sequence[Array]) -> None:
    first = part.tensors[0]
    for tensor, array in zip(part.tensors, arrays, strict=True):
        if not np.array_equal(array, arrays[0]):
            raise CheckpointError(
                f"{tensor.file.path}: {tensor.name} differs from the one in {first.file.path}, and {tensor.dtype} has "
                "no averages",
                "Fuse checkpoints in which it is the same.",
            )


def _write_at(descriptor: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written
