"""Training files in shards, and the texts of a shard as one buffer that can be scanned.

A shard of a ``.jsonl`` file is a range of whole lines, one of a ``.parquet`` file a row group, so that shards are read
in any order by any process. pyarrow reads them; lines that it does not take for a table are read one by one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq
from numpy.typing import NDArray

from reasoncore.data.word_hashes import SEPARATOR
from reasoncore.errors import DataError

SHARD_BYTES = 2**20
_CURE = "Give JSON objects, one a line, or a Parquet file."


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a file.

    Attributes:
        start, end: Bytes of a ``.jsonl`` file; the number of a row group of a ``.parquet`` file, and the next.
    """

    path: Path
    start: int
    end: int


class Texts(NamedTuple):
    """Texts of rows.

    Attributes:
        buffer: UTF-8, with a separator between texts.
        ends: Where the next text begins, for each.
        rows: The row of each, counted in the shard.
    """

    buffer: bytes
    ends: NDArray[np.int64]
    rows: NDArray[np.int64]


def shards_of(path: Path) -> Iterator[Shard]:
    """The shards of a file, in order.

    Raises:
        DataError: It cannot be read, or is of another kind.
    """
    if path.suffix not in (".jsonl", ".parquet"):
        raise DataError(f"{path}: neither .jsonl nor .parquet", _CURE)
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


def text_lines_of(shard: Shard) -> list[str]:
    """The lines of a shard of a ``.jsonl`` file, each with its end; other marks that may divide lines are text."""
    return [f"{line}\n" for line in lines_of(shard).decode().split("\n") if line]


def count_rows(shard: Shard) -> int:
    """Rows of a shard; of a ``.jsonl`` file all lines count."""
    if shard.path.suffix == ".parquet":
        return int(pq.ParquetFile(shard.path).metadata.row_group(shard.start).num_rows)
    data = lines_of(shard)
    return data.count(b"\n") + (not data.endswith(b"\n"))


def texts_of(shard: Shard, fields: Sequence[str] = ()) -> Iterator[Texts]:
    """The texts of a shard, a column at a time.

    Args:
        fields: Columns, none for all; of a nested one all texts are taken.

    Raises:
        DataError: A row is not a JSON object, names the line; or the file is corrupt.
    """
    try:
        table = _parquet(shard) if shard.path.suffix == ".parquet" else _jsonl(lines_of(shard))
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{shard.path}, row group {shard.start + 1}: cannot be read ({error})", _CURE) from error
    if table is None:
        yield from _texts_by_line(shard, fields)
        return
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not fields or name in fields:
            array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
            for strings, rows in _strings(array, np.arange(len(array))):
                yield _joined(strings, rows)


def _parquet(shard: Shard) -> pa.Table:
    return pq.ParquetFile(shard.path).read_row_group(shard.start)


def _jsonl(data: bytes) -> pa.Table | None:
    """The lines as a table; None where they do not make one, a blank line included."""
    if b"\n\n" in data or b"\n\r\n" in data or data.startswith((b"\n", b"\r\n")):
        return None  # rows would be counted wrongly
    read = pyarrow.json.ReadOptions(block_size=len(data) + 1, use_threads=False)
    try:
        return pyarrow.json.read_json(io.BytesIO(data), read_options=read)
    except pa.ArrowException:
        return None


def _strings(array: pa.Array, rows: NDArray[np.int64]) -> Iterator[tuple[pa.Array, NDArray[np.int64]]]:
    """The arrays of texts in an array, however deep, and the rows of their elements."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield array, rows
    elif pa.types.is_dictionary(kind):
        yield from _strings(array.dictionary_decode(), rows)
    elif pa.types.is_struct(kind):
        for part in array.flatten():
            yield from _strings(part, rows)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        yield from _strings(pc.list_flatten(array), rows[pc.list_parent_indices(array).to_numpy()])


def _joined(strings: pa.Array, rows: NDArray[np.int64]) -> Texts:
    if strings.null_count:
        strings = pc.fill_null(strings, "")
    _, offsets, data = strings.buffers()
    kind = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    bounds = np.frombuffer(offsets, kind)[strings.offset : strings.offset + len(strings) + 1].astype(np.int64)
    whole = b"" if data is None else data.to_pybytes()
    places = bounds.tolist()
    buffer = SEPARATOR.join([whole[start:end] for start, end in pairwise(places)])
    return Texts(buffer, bounds[1:] - bounds[0] + np.arange(1, len(bounds)), rows)


def _texts_by_line(shard: Shard, fields: Sequence[str]) -> Iterator[Texts]:
    texts, rows = [], []
    for number, line in enumerate(lines_of(shard).split(b"\n")):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{shard.path}, line {_line(shard, number)}: not JSON ({error})", _CURE) from error
        if not isinstance(row, dict):
            raise DataError(f"{shard.path}, line {_line(shard, number)}: not a JSON object", _CURE)
        for text in _texts_in({key: row[key] for key in fields if key in row} if fields else row):
            texts.append(text.encode("utf-8", "replace"))
            rows.append(number)
    if texts:
        ends = np.cumsum([len(text) + len(SEPARATOR) for text in texts])
        yield Texts(SEPARATOR.join(texts), ends, np.array(rows))


def _line(shard: Shard, number: int) -> int:
    """A line of a shard, counted in the file from 1."""
    with shard.path.open("rb") as stream:
        return stream.read(shard.start).count(b"\n") + number + 1


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts_in(part)
