"""The texts of a shard of a training file as one buffer that can be scanned.

pyarrow reads a shard; lines that it does not take for a table are read one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq
from numpy.typing import NDArray

from reasoncore.data.shards import Shard, line_in_file, line_starts, lines_of
from reasoncore.data.training_text import texts_in
from reasoncore.data.word_hashes import SEPARATOR
from reasoncore.errors import DataError

_CURE = "Give JSON objects, one a line, or a Parquet file."


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


class ShardTexts(NamedTuple):
    """What there is to be looked through in a shard.

    Attributes:
        bounds: Where each row begins, and where the last ends: in bytes of a ``.jsonl`` file, of which all lines count,
            in rows of a ``.parquet`` file.
        fields: Which of the wanted fields are there, as far as ``texts`` was gone through.
        texts: A column at a time.
    """

    bounds: NDArray[np.int64]
    fields: set[str]
    texts: Iterator[Texts]


def texts_of(shard: Shard, fields: Sequence[str] = ()) -> ShardTexts:
    """The texts of a shard.

    Args:
        fields: Columns, none for all; of a nested one all texts are taken.

    Raises:
        DataError: A row is not a JSON object, names the line; or the file is corrupt.
    """
    try:
        if shard.path.suffix == ".parquet":
            table = pq.ParquetFile(shard.path).read_row_group(shard.start)
            return _of_table(table, fields, np.arange(len(table) + 1))
        data = lines_of(shard)
    except (OSError, pa.ArrowException) as error:
        group = f", row group {shard.start + 1}" if shard.path.suffix == ".parquet" else ""
        raise DataError(f"{shard.path}{group}: cannot be read ({error})", _CURE) from error
    starts = line_starts(data)
    bounds = np.append(starts, len(data))
    try:
        table = _table_of_lines(data, starts)
        if table is not None:
            return _of_table(table, fields, bounds)
    except UnicodeDecodeError:  # in a key, of a line that is named below
        pass
    seen: set[str] = set()
    return ShardTexts(bounds, seen, _texts_by_line(shard, data, fields, seen))


def _table_of_lines(data: bytes, starts: NDArray[np.int64]) -> pa.Table | None:
    """The lines as a table; None where they do not make one with a row for each line."""
    if (np.frombuffer(data, np.uint8)[starts] != ord("{")).any():
        return None
    first = _read_json(data[: starts[1] if len(starts) > 1 else None])
    # Guessing the types of all lines, times above all, would take as long again as reading them.
    table = None if first is None else _read_json(data, _known_types(first.schema))
    if table is None:
        table = _read_json(data)
    if table is None or len(table) != len(starts) or any(map(_has_times, table.schema.types)):
        return None
    return table


def _read_json(lines: bytes, schema: pa.Schema | None = None) -> pa.Table | None:
    """Lines as a table, the types of some columns given; None where they do not make one."""
    read = pyarrow.json.ReadOptions(block_size=len(lines) + 1, use_threads=False)
    try:
        return pyarrow.json.read_json(pa.BufferReader(lines), read, pyarrow.json.ParseOptions(explicit_schema=schema))
    except pa.ArrowException:
        return None


def _known_types(first: pa.Schema) -> pa.Schema:
    """The columns of which the first line tells the type."""
    return pa.schema([(field.name, kind) for field in first if (kind := _known_type(field.type)) is not None])


def _known_type(kind: pa.DataType) -> pa.DataType | None:
    """The type of which a value is; text where it looks like a time; None where it is not known."""
    if pa.types.is_struct(kind):
        children = [(field.name, _known_type(field.type)) for field in kind]
        return None if any(child is None for _, child in children) else pa.struct(children)
    if pa.types.is_list(kind):
        items = _known_type(kind.value_type)
        return None if items is None else pa.list_(items)
    if pa.types.is_null(kind):
        return None
    return pa.string() if pa.types.is_temporal(kind) else kind


def _has_times(kind: pa.DataType) -> bool:
    """Whether texts that look like times were taken for them: they would be written in another way."""
    if pa.types.is_struct(kind):
        return any(_has_times(field.type) for field in kind)
    return pa.types.is_temporal(kind) or (pa.types.is_list(kind) and _has_times(kind.value_type))


def _of_table(table: pa.Table, fields: Sequence[str], bounds: NDArray[np.int64]) -> ShardTexts:
    return ShardTexts(bounds, set(fields) & set(table.column_names), _texts_of_table(table, fields))


def _texts_of_table(table: pa.Table, fields: Sequence[str]) -> Iterator[Texts]:
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not fields or name in fields:
            first = 0
            for array in column.chunks:
                for strings, rows in _strings(array, np.arange(first, first + len(array))):
                    yield _joined(strings, rows)
                first += len(array)


def _strings(array: pa.Array, rows: NDArray[np.int64]) -> Iterator[tuple[pa.Array, NDArray[np.int64]]]:
    """The arrays of texts in an array, however deep, and the rows of their elements."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield array, rows
    elif pa.types.is_dictionary(kind):
        yield from _strings(array.dictionary_decode(), rows)
    elif pa.types.is_struct(kind):
        for part in array.flatten():
            yield from _strings(part, rows)
    elif pa.types.is_temporal(kind) or pa.types.is_string_view(kind):
        yield from _strings(array.cast(pa.large_string()), rows)
    elif pa.types.is_map(kind) or _is_binary(kind):
        found = [(text, row) for row, value in zip(rows, array.to_pylist(), strict=True) for text in texts_in(value)]
        if found:
            yield pa.array([text for text, _ in found], pa.large_string()), np.array([row for _, row in found])
    elif pa.types.is_nested(kind):  # lists of all kinds
        yield from _strings(pc.list_flatten(array), rows[pc.list_parent_indices(array).to_numpy()])


def _is_binary(kind: pa.DataType) -> bool:
    of = pa.types
    return of.is_binary(kind) or of.is_large_binary(kind) or of.is_fixed_size_binary(kind) or of.is_binary_view(kind)


def _joined(strings: pa.Array, rows: NDArray[np.int64]) -> Texts:
    if strings.null_count:
        strings = pc.fill_null(strings, "")
    _, offsets, data = strings.buffers()
    kind = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    bounds = np.frombuffer(offsets, kind)[strings.offset : strings.offset + len(strings) + 1].astype(np.int64)
    whole = b"" if data is None else data.to_pybytes()
    buffer = SEPARATOR.join([whole[start:end] for start, end in pairwise(bounds.tolist())])
    return Texts(buffer, bounds[1:] - bounds[0] + np.arange(1, len(bounds)), rows)


def _texts_by_line(shard: Shard, data: bytes, fields: Sequence[str], seen: set[str]) -> Iterator[Texts]:
    texts, rows = [], []
    for number, line in enumerate(data.split(b"\n")):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_all_values)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{shard.path}, line {line_in_file(shard, number)}: not JSON ({error})", _CURE) from error
        if not isinstance(row, dict):
            raise DataError(f"{shard.path}, line {line_in_file(shard, number)}: not a JSON object", _CURE)
        wanted = {key: row[key] for key in fields if key in row} if fields else row
        seen.update(wanted if fields else ())
        for text in texts_in(wanted):
            texts.append(text.encode("utf-8", "replace"))
            rows.append(number)
    if texts:
        ends = np.cumsum([len(text) + len(SEPARATOR) for text in texts])
        yield Texts(SEPARATOR.join(texts), ends, np.array(rows))


def _all_values(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; of a key that is there several times all values count."""
    found: dict[str, list[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}
