"""The rows of a table of one's own or another's, whatever it is kept in: Parquet, CSV or JSONL."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reasoncore.data.files import read_parquet
from reasoncore.errors import DataError
from reasoncore.records import read_jsonl


def read_table(path: Path, columns: Sequence[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``(where, row)``; ``where`` is file and row, for messages. The suffix says the format, JSONL by default.

    Args:
        path: The file.
        columns: What a CSV file must have. A row that is too short has None in its last ones.

    Raises:
        DataError: The file cannot be read, is of another format, or lacks a column.
    """
    match path.suffix:
        case ".parquet":
            for number, row in enumerate(read_parquet(path), start=1):
                yield f"{path}, row {number}", row
        case ".csv":
            yield from _read_csv(path, columns)
        case _:
            for line, row in read_jsonl(path):
                yield f"{path}, line {line}", row


def _read_csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    fetch_again = "Fetch the file again; it may be a web page, or another version."
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            for column in columns:
                if column not in (reader.fieldnames or ()):
                    raise DataError(f"{path}: no column {column!r}", fetch_again)
            for number, row in enumerate(reader, start=1):
                where = f"{path}, row {number}"
                if None in row:  # where the reader puts what has no column
                    raise DataError(f"{where}: more fields than columns", fetch_again)
                yield where, row
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, after row {number}: not UTF-8 text", "Convert the file to UTF-8.") from error
    except csv.Error as error:
        raise DataError(f"{path}, after row {number}: not CSV ({error})", fetch_again) from error
