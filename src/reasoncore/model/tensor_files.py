"""Safetensors files as bytes: where each tensor lies, so that a slice of any of them can be read alone, without torch.

Format: the length of the header (8 bytes, little-endian), the header (JSON: dtype, shape and begin and end in the data
of each tensor), the data.
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

from reasoncore.errors import CheckpointError

SINGLE_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
FLOAT_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
OTHER_BYTES = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1}
REFETCH = "Fetch the checkpoint again, or give another folder."


class TensorFile:
    """One safetensors file, mapped into memory, and its sha256 as far as it has got.

    Raises:
        CheckpointError: It cannot be read, is cut short, or is no safetensors file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                self.map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: empty
            raise CheckpointError(f"{path}: not readable ({error})", REFETCH) from error
        self.data_begin = 8 + int.from_bytes(self.map[:8], "little")
        if self.data_begin > len(self.map):
            raise self._damaged("shorter than its header")
        try:
            header = json.loads(self.map[8 : self.data_begin])
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            self.tensors = {name: self._tensor(name, entry) for name, entry in entries.items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._damaged(f"its header cannot be read: {error!r}") from error
        position = self.data_begin
        for tensor in sorted(self.tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
            if tensor.begin != position:
                raise self._damaged(f"{tensor.name} does not follow the tensor before it")
            position = tensor.end
        if position != len(self.map):
            raise self._damaged(f"{len(self.map):,} bytes, its header says {position:,}")
        self._digest = hashlib.sha256()
        self._digested = 0
        self._lock = threading.Lock()

    def _tensor(self, name: str, entry: dict[str, Any]) -> Tensor:
        dtype, shape = entry["dtype"], tuple(map(int, entry["shape"]))
        begin, end = (self.data_begin + int(offset) for offset in entry["data_offsets"])
        size = (FLOAT_BYTES | OTHER_BYTES).get(dtype)
        if size is None:
            known = ", ".join(FLOAT_BYTES)
            raise CheckpointError(f"{self.path}: {name} is of type {dtype}", f"Convert it to one of {known} first.")
        if min(shape, default=0) < 0 or end - begin != size * math.prod(shape):
            raise self._damaged(f"{name} of shape {list(shape)} has {end - begin} bytes")
        return Tensor(self, name, dtype, shape, begin, end)

    def _damaged(self, reason: str) -> CheckpointError:
        return CheckpointError(f"{self.path}: damaged or cut short ({reason})", REFETCH)

    def release(self) -> None:
        """Let go of the memory that was read into; reading there again is allowed and brings it back."""
        self.map.madvise(mmap.MADV_DONTNEED)

    def digest_more(self, count: int) -> None:
        """Take the next ``count`` bytes into the sha256. Threads may call it at the same time."""
        with self._lock, memoryview(self.map) as content:
            begin, end = self._digested, min(self._digested + count, len(self.map))
            self._digest.update(content[begin:end])
            self._digested = end

    def sha256(self) -> str:
        """Hex digest of the whole file."""
        while self._digested < len(self.map):
            self.digest_more(2**20)
            self.release()
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Tensor:
    """One tensor: bytes ``begin`` to ``end`` of a file. ``dtype`` is safetensors' name, such as BF16."""

    file: TensorFile
    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def is_float(self) -> bool:
        """Whether averaging it makes sense."""
        return self.dtype in FLOAT_BYTES

    @property
    def item_bytes(self) -> int:
        """Bytes of one element."""
        return (FLOAT_BYTES | OTHER_BYTES)[self.dtype]


@dataclass(frozen=True)
class TensorFolder:
    """The weights of a checkpoint folder: its files, and every tensor by name."""

    folder: Path
    files: tuple[TensorFile, ...]
    tensors: dict[str, Tensor]


def open_tensors(folder: Path) -> TensorFolder:
    """Open a checkpoint's weights: ``model.safetensors``, or shards and their index.

    Raises:
        CheckpointError: There are none, a shard is missing or damaged, or the index and the shards differ.
    """
    index = folder / INDEX_NAME
    placed = _read_index(index) if index.exists() else {}
    files = tuple(TensorFile(folder / name) for name in sorted(set(placed.values())) or [SINGLE_NAME])
    tensors: dict[str, Tensor] = {}
    for file in files:
        for name, tensor in file.tensors.items():
            if name in tensors:
                raise CheckpointError(f"{file.path}: {name} is also in {tensors[name].file.path}", REFETCH)
            tensors[name] = tensor
    for name, file_name in placed.items():
        if name not in tensors or tensors[name].file.path.name != file_name:
            raise CheckpointError(f"{folder / file_name}: {name} is not in it, which {index.name} says", REFETCH)
    return TensorFolder(folder, files, tensors)


def _read_index(path: Path) -> dict[str, str]:
    try:
        placed: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        names = sorted(set(placed.values()))
        inside = all(Path(name).name == name for name in names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: not a safetensors index ({error!r})", REFETCH) from error
    if not names or not inside:
        raise CheckpointError(f"{path}: does not name files beside it", REFETCH)
    return placed
