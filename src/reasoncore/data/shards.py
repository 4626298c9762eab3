"""Files in shards that can be read in any order by any process.

A shard of a ``.jsonl`` file is a range of whole lines, one of a ``.parquet`` file a row group.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from reasoncore.errors import DataError

SHARD_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a file.

    Attributes:
        start, end: Bytes of a ``.jsonl`` file; the number of a row group of a ``.parquet`` file, and the next.
    """

    path: Path
    start: int
    end: int


def shards_of(path: Path) -> Iterator[Shard]:
    """The shards of a file, in order.

    Raises:
        DataError: It cannot be read, or is of another kind.
    """
    if path.suffix not in (".jsonl", ".parquet"):
        raise DataError(f"{path}: neither .jsonl nor .parquet", "Give JSON objects, one a line, or a Parquet file.")
    try:
        if path.suffix == ".parquet":
            yield from (Shard(path, group, group + 1) for group in range(pq.ParquetFile(path).num_row_groups))
            return
        with path.open("rb") as stream:
            start = 0
            while stream.seek(start + SHARD_BYTES) and stream.readline():
                yield Shard(path, start, stream.tell())
                start = stream.tell()
            end = stream.seek(0, io.SEEK_END)
            if end > start:
                yield Shard(path, start, end)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error})", "Check the file.") from error


def lines_of(shard: Shard) -> bytes:
    """The bytes of a shard of a ``.jsonl`` file."""
    with shard.path.open("rb") as stream:
        stream.seek(shard.start)
        return stream.read(shard.end - shard.start)


def line_starts(data: bytes) -> NDArray[np.int64]:
    """Where each line begins."""
    content = np.frombuffer(data, np.uint8)
    starts = np.append(0, np.flatnonzero(content == ord("\n")) + 1)
    return starts[starts < len(content)]


def line_in_file(shard: Shard, number: int) -> int:
    """A line of a shard, counted there from 0, as it is counted in the file from 1."""
    lines, left = 0, shard.start
    with shard.path.open("rb") as stream:
        while left and (data := stream.read(min(left, SHARD_BYTES))):
            lines, left = lines + data.count(b"\n"), left - len(data)
    return lines + number + 1


def text_lines_of(shard: Shard) -> list[str]:
    """The lines of a shard of a ``.jsonl`` file, each with its end; other marks that may divide lines are text."""
    return [f"{line}\n" for line in lines_of(shard).decode().split("\n") if line]
