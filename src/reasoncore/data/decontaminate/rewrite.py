"""Training files without some of their rows: all others stay as they are, byte by byte or value by value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from reasoncore.data.shards import Shard, line_in_file, lines_of
from reasoncore.errors import DataError
from reasoncore.records import has_half_character

Span = tuple[int, int]
"""Where a row begins and ends in its shard: in bytes of a ``.jsonl`` file, in rows of a ``.parquet`` file."""
Without = Callable[[Shard, Sequence[Span]], Iterator[str]]
"""Writes a shard without the rows at these places, in order, and gives the content of each as JSON."""


class HashedFile:
    """A file that is written, and its sha256 so far; as much of a file as pyarrow wants."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.sha256 = stream, hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        """Write on."""
        self.sha256.update(data)
        return self._stream.write(data)

    def tell(self) -> int:
        """Bytes written."""
        return self._stream.tell()

    def flush(self) -> None:
        """Write what is buffered."""
        self._stream.flush()


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A file that is being written again; its hash is whole when the block has ended."""

    without: Without
    file: HashedFile


@contextmanager
def rewriting(source: Path, target: Path) -> Iterator[Rewriting]:
    """Write ``target`` from the shards of ``source``, given in order."""
    with target.open("wb") as stream:
        file = HashedFile(stream)
        if source.suffix == ".parquet":
            with (
                pq.ParquetFile(source) as read,
                pq.ParquetWriter(file, read.schema_arrow, compression=_compression(read)) as written,
            ):
                yield Rewriting(_without_groups(read, written), file)
        else:
            yield Rewriting(_without_lines(file), file)


def _compression(read: pq.ParquetFile) -> str:
    """That of the first column of the first row group."""
    groups = read.metadata.num_row_groups and read.metadata.num_columns
    codec = read.metadata.row_group(0).column(0).compression if groups else "SNAPPY"
    return "NONE" if codec == "UNCOMPRESSED" else codec


def _without_groups(read: pq.ParquetFile, written: pq.ParquetWriter) -> Without:
    def without(shard: Shard, spans: Sequence[Span]) -> Iterator[str]:
        table = read.read_row_group(shard.start)
        bounds = [0]
        for start, end in spans:
            try:
                row = table.slice(start, end - start).to_pylist()[0]
            except UnicodeDecodeError as error:
                group = f"{shard.path}, row group {shard.start + 1}"
                raise DataError(f"{group}, row {start + 1} of it: not UTF-8 ({error})", "Mend that row.") from error
            yield json.dumps(row, default=_as_text, ensure_ascii=False)
            bounds += (start, end)
        # Slices, because not every type of column can be filtered.
        parts = [
            table.slice(start, end - start) for start, end in zip(bounds[::2], [*bounds[1::2], len(table)], strict=True)
        ]
        written.write_table(pa.concat_tables(parts))

    return without


def _as_text(value: Any) -> str:
    """A value that JSON has no form for, to be read by people."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _without_lines(file: HashedFile) -> Without:
    def without(shard: Shard, spans: Sequence[Span]) -> Iterator[str]:
        data = lines_of(shard)
        rest, written = memoryview(data), 0
        for start, end in spans:
            file.write(rest[written:start])
            try:
                yield _as_json(data[start:end])
            except (ValueError, RecursionError) as error:  # which pyarrow takes
                line = line_in_file(shard, data.count(b"\n", 0, start))
                raise DataError(f"{shard.path}, line {line}: not JSON ({error})", "Mend that line.") from error
            written = end
        file.write(rest[written:])

    return without


def _as_json(line: bytes) -> str:
    """The JSON of a line as it is, but for half a character, which can only be written escaped, and ends of lines."""
    text = line.decode("utf-8-sig", "surrogatepass").strip()
    content = json.loads(text)
    return json.dumps(content) if "\r" in text or has_half_character(text) else text
