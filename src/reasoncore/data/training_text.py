"""Training files as documents of words, a line at a time, so that a file of any size can be looked through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reasoncore.data.ngrams import LocatedWord
from reasoncore.data.words import words_of
from reasoncore.errors import DataError
from reasoncore.records import read_jsonl


def read_documents(path: Path) -> Iterator[Iterable[LocatedWord]]:
    """The documents of a file: every text of every row of a ``.jsonl`` file, in any field; any other file is one text.

    Each document is read before the next is asked for.

    Raises:
        DataError: The file cannot be read, or a line of a ``.jsonl`` file is not a JSON object.
    """
    if path.suffix == ".jsonl":
        for line, row in read_jsonl(path):
            for text in texts_in(row):
                yield ((line, word) for word in words_of(text))
    else:
        yield _words_of_lines(path)


def _words_of_lines(path: Path) -> Iterator[LocatedWord]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            for number, line in enumerate(stream, start=1):
                for word in words_of(line):
                    yield number, word
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})", "Check the path.") from error


def texts_in(value: Any) -> Iterator[str]:
    """All texts in a value as JSON or Parquet have it, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(part)
