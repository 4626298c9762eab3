"""Evaluation files as texts to protect."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reasoncore.data.decontaminate.index import ItemText
from reasoncore.data.training_text import texts_in
from reasoncore.data.words import words_of
from reasoncore.errors import DataError, UserInputError
from reasoncore.records import read_jsonl, whole_characters

QUESTION_FIELDS = ("question", "problem", "prompt", "query", "instruction", "input", "text", "content")
"""Fields whose short texts are looked for too; a short answer or label stands in many rows that have nothing of it."""
NAME_FIELDS = ("id", "unique_id", "task_id", "problem_id", "question_id", "key", "ID")


def protected_texts(path: Path, fields: Sequence[str], n: int) -> Iterator[ItemText]:
    """The texts of an evaluation file: of every field those of at least n words, of a question all.

    Args:
        path: ``.jsonl``, ``.parquet`` or ``.csv``.
        fields: Only these, and then all of them as questions; none takes every field.
        n: Words of an n-gram.

    Raises:
        DataError: The file cannot be read, a row is none, or it has none of the fields.
    """
    found = given = False
    for number, row in enumerate(_rows(path), start=1):
        names = [str(row[key]) for key in NAME_FIELDS if row.get(key) not in (None, "")]
        item = whole_characters(names[0]) if names else f"row {number}"
        for field, value in row.items():
            if fields and field not in fields:
                continue
            found = True
            for text in texts_in(value):
                words = len(words_of(text))
                if words >= (1 if fields or field in QUESTION_FIELDS else n):
                    given = True
                    yield ItemText(path.name, item, text)
    if not found:
        wanted = f"no field {', '.join(fields)}" if fields else "no rows"
        raise DataError(f"{path}: {wanted}", "Give evaluation items, one a row, and fields that they have.")
    if not given:
        raise DataError(
            f"{path}: no text in it that could be looked for",
            f"Name the column of the questions: one of {', '.join(QUESTION_FIELDS)}, or another by --against-field.",
        )


def check_names(paths: Sequence[Path]) -> None:
    """Check that files can be told apart by their names.

    Raises:
        UserInputError: Two have one name.
    """
    seen: dict[str, Path] = {}
    for path in paths:
        if path.name in seen:
            raise UserInputError(f"{path}: {seen[path.name]} has this name too", "Rename one: results go by name.")
        seen[path.name] = path


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    match path.suffix:
        case ".jsonl":
            yield from (row for _, row in read_jsonl(path))
        case ".parquet":
            try:
                for batch in pq.ParquetFile(path).iter_batches():
                    yield from batch.to_pylist()
            except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
                raise DataError(f"{path}: cannot be read ({error})", "Check the file.") from error
        case ".csv":
            try:
                with path.open(encoding="utf-8-sig", newline="") as stream:
                    yield from csv.DictReader(stream)
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise DataError(f"{path}: cannot be read ({error})", "Check the file.") from error
        case _:
            raise DataError(f"{path}: neither .jsonl, .parquet nor .csv", "Give evaluation items, one a row.")
