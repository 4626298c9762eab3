"""Safetensors files as bytes: where each tensor lies, so that a slice of any of them can be read alone, without torch.

A file is the length of its header (8 bytes, little-endian), the header (JSON: type, shape, and begin and end in the
data, of each tensor) and the data.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoncore.errors import CheckpointError
from reasoncore.model.weight_files import INDEX_NAME, REFETCH, SINGLE_NAME, read_index

Array = NDArray[Any]

# How numpy sees each type. It has no bfloat16, which is the upper half of a float32.
FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
OTHERS = {"I64": "<i8", "U64": "<u8", "I32": "<i4", "U32": "<u4", "I16": "<i2", "U16": "<u2", "I8": "i1", "U8": "u1"}
STORAGE = {**FLOATS, **OTHERS, "BOOL": "u1"}


class TensorFile:
    """One safetensors file, mapped into memory, and as much of its sha256 as is known yet.

    Raises:
        CheckpointError: It cannot be read, is damaged or cut short, or holds a type that has no average.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                self.map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise CheckpointError(f"{path}: not found", REFETCH) from error
        except ValueError as error:
            raise CheckpointError(f"{path}: empty", REFETCH) from error
        self.data_begin = 8 + int.from_bytes(self.map[:8], "little")
        self.tensors = self._read_header()
        self._check_places()
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._digested = 0

    def _read_header(self) -> dict[str, Tensor]:
        if self.data_begin > len(self.map):
            raise self._damaged("shorter than its header")
        try:
            header = json.loads(self.map[8 : self.data_begin])
            return {
                name: Tensor(
                    self,
                    name,
                    str(entry["dtype"]),
                    tuple(map(int, entry["shape"])),
                    *(self.data_begin + int(offset) for offset in entry["data_offsets"]),
                )
                for name, entry in header.items()
                if name != "__metadata__"
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._damaged("its header cannot be read") from error

    def _check_places(self) -> None:
        position = self.data_begin
        for tensor in sorted(self.tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
            if tensor.dtype not in STORAGE:
                known = ", ".join(FLOATS)
                raise CheckpointError(
                    f"{self.path}: {tensor.name} is of type {tensor.dtype}", f"Convert it to one of {known} first."
                )
            size = tensor.item_bytes * math.prod(tensor.shape)
            if min(tensor.shape, default=0) < 0 or tensor.begin != position or tensor.end != position + size:
                raise self._damaged(f"{tensor.name} is not where it should be")
            position = tensor.end
        if position != len(self.map):
            raise self._damaged(f"{len(self.map):,} bytes, not {position:,} as its header says")

    def _damaged(self, reason: str) -> CheckpointError:
        return CheckpointError(f"{self.path}: damaged or cut short ({reason})", REFETCH)

    def release(self) -> None:
        """Give back the memory that was read into. Any thread may go on reading, which takes it again."""
        self.map.madvise(mmap.MADV_DONTNEED)

    def digest_more(self, count: int) -> None:
        """Take the next ``count`` bytes of the file into the sha256; from any thread."""
        with self._lock, memoryview(self.map) as content:
            end = min(self._digested + count, len(content))
            self._digest.update(content[self._digested : end])
            self._digested = end

    def sha256(self) -> str:
        """Hex digest of the whole file."""
        self.digest_more(len(self.map))
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Tensor:
    """One tensor: bytes ``begin`` to ``end`` of its file. ``dtype`` is safetensors' name, such as BF16."""

    file: TensorFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def is_float(self) -> bool:
        """Whether it has an average."""
        return self.dtype in FLOATS

    @property
    def item_bytes(self) -> int:
        """Bytes of one element."""
        return np.dtype(STORAGE[self.dtype]).itemsize

    def view(self, begin: int, end: int) -> Array:
        """Elements ``begin`` to ``end``, flat, as they lie in the file."""
        offset = self.begin + begin * self.item_bytes
        return np.frombuffer(self.file.map, STORAGE[self.dtype], end - begin, offset)


@dataclass(frozen=True)
class Weights:
    """The weights of a checkpoint folder: its files, and every tensor by name."""

    folder: Path
    files: tuple[TensorFile, ...]
    tensors: dict[str, Tensor]


def open_weights(folder: Path) -> Weights:
    """Open a checkpoint's weights: ``model.safetensors``, or shards and their index.

    Raises:
        CheckpointError: There are none, a file is missing or damaged, or index and files do not fit.
    """
    index = folder / INDEX_NAME
    if not index.exists() and not (folder / SINGLE_NAME).exists():
        raise CheckpointError(f"{folder}: no {SINGLE_NAME} and no {INDEX_NAME}", "Save its weights as safetensors.")
    places = _read_places(index) if index.exists() else {}
    files = tuple(TensorFile(folder / name) for name in sorted(set(places.values())) or [SINGLE_NAME])
    tensors: dict[str, Tensor] = {}
    for file in files:
        for name, tensor in file.tensors.items():
            if name in tensors:
                raise CheckpointError(f"{file.path}: {name} is also in {tensors[name].file.path}", REFETCH)
            tensors[name] = tensor
    for name, file_name in places.items():
        if name not in tensors or tensors[name].file.path.name != file_name:
            raise CheckpointError(f"{folder / file_name}: does not hold {name}, which {index.name} says", REFETCH)
    return Weights(folder, files, tensors)


def _read_places(index: Path) -> dict[str, str]:
    """The index, whose files are read here and written, under their names, in the folder of the result."""
    places = read_index(index)
    names = set(places.values())
    if not names or not all(name.endswith(".safetensors") and Path(name).name == name for name in names):
        raise CheckpointError(f"{index}: does not name safetensors files beside it", REFETCH)
    return places
