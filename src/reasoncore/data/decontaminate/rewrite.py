"""Training files without some of their rows: all others stay as they are, byte by byte or value by value."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reasoncore.data.shards import Shard, lines_of

Without = Callable[[Shard, Collection[int]], Iterator[tuple[int, Any]]]
"""Writes a shard without rows, by their numbers in it, and gives these with their content."""


@contextmanager
def rewriting(source: Path, target: Path) -> Iterator[Without]:
    """Write ``target`` from the shards of ``source``, given in order."""
    if source.suffix == ".parquet":
        with pq.ParquetFile(source) as read, pq.ParquetWriter(target, read.schema_arrow) as written:

            def without_groups(shard: Shard, rows: Collection[int]) -> Iterator[tuple[int, Any]]:
                table = read.read_row_group(shard.start)
                for row in sorted(rows):
                    yield row, table.slice(row, 1).to_pylist()[0]
                keep = np.ones(len(table), dtype=bool)
                keep[sorted(rows)] = False
                written.write_table(table.filter(pa.array(keep)))

            yield without_groups
        return
    with target.open("wb") as stream:

        def without_lines(shard: Shard, rows: Collection[int]) -> Iterator[tuple[int, Any]]:
            data = lines_of(shard)
            if not rows:
                stream.write(data)
                return
            for number, line in enumerate(io.BytesIO(data)):
                if number in rows:
                    yield number, json.loads(line)
                else:
                    stream.write(line)

        yield without_lines
