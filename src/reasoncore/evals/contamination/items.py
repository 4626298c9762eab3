"""The problems of a benchmark with what else their file says of them: the worked solution and the date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from reasoncore.data.table_files import read_table
from reasoncore.domains import DOMAINS
from reasoncore.errors import DataError
from reasoncore.evals.benchmarks import benchmark_file, find_benchmark, load_benchmark
from reasoncore.evals.lint.items import items_of_rows
from reasoncore.records import Problem

_DATES = ("date", "contest_date", "estimated_date")
_IDS = ("id", "unique_id", "task_id", "key", "question_id")


@dataclass(frozen=True, slots=True)
class Item:
    """A problem of a benchmark.

    Attributes:
        problem: As an evaluation asks it.
        question: Its prompt without the sentence on how to answer.
        solution: A worked solution, "" where the file has none.
        date: When it became public, where the file says so.
    """

    problem: Problem
    question: str
    solution: str = ""
    date: date | None = None


def load_items(name: str, data_dir: Path | None, limit: int | None) -> list[Item]:
    """The items of a benchmark of the table, or of a file of one's own.

    Raises:
        UserInputError, DataError: As :func:`reasoncore.evals.benchmarks.load_benchmark`; or a date that is none.
    """
    benchmark = find_benchmark(name)
    problems = load_benchmark(name, data_dir, limit)
    path = benchmark_file(benchmark, data_dir)
    rows = [] if path is None else list(read_table(path))
    return items_of(problems, DOMAINS[benchmark.domain].instruction, rows)


def items_of(
    problems: Sequence[Problem], instruction: str, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[Item]:
    """Problems as items.

    Args:
        problems: As the benchmark's loader gave them.
        instruction: What the loader or the file may have put behind every question.
        rows: ``(where, row)`` of the benchmark's file.
    """
    by_id = {str(row[key]): (where, row) for where, row in rows for key in _IDS if row.get(key) is not None}
    items = []
    for number, problem in enumerate(problems):
        where, row = by_id.get(problem.id) or _row_of_number(rows, number, problem.prompt)
        given = next((row[key] for key in _DATES if row.get(key)), None)
        when = None if given is None else read_date(given, where)
        items.append(Item(problem, problem.prompt.removesuffix(instruction).strip(), _solution(row), when))
    return items


def _row_of_number(
    rows: Sequence[tuple[str, Mapping[str, Any]]], number: int, prompt: str
) -> tuple[str, Mapping[str, Any]]:
    """The row of this number, if it asks what the prompt asks; a loader may leave rows out."""
    if number < len(rows):
        (raw,) = items_of_rows("", [rows[number][1]])
        if raw.prompt.strip() and raw.prompt.strip() in prompt:
            return rows[number]
    return "", {}


def _solution(row: Mapping[str, Any]) -> str:
    """A worked solution: what stands before GSM8K's ``####``, or else a field of that name."""
    return str(row.get("answer") or "").rpartition("####")[0] or str(row.get("solution") or "")


def read_dates(path: Path) -> dict[str, date]:
    """Dates by problem id: a JSON object, or CSV lines ``problem_id,date``, with or without a line of names.

    Raises:
        DataError: The file cannot be read, or says something else.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})", "Give a CSV or JSON file of dates.") from error
    if path.suffix == ".json":
        try:
            given = json.loads(text)
        except ValueError as error:
            raise DataError(f"{path}: not valid JSON ({error})", "Mend the file.") from error
        if not isinstance(given, dict):
            raise DataError(f"{path}: not an object", 'Write {"PROBLEM-ID": "2025-02-06", ...}.')
        return {str(problem): read_date(value, f"{path}, key {problem!r}") for problem, value in given.items()}
    pairs = [(number, *line.rpartition(",")[::2]) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if pairs and not any(character.isdigit() for character in pairs[0][2]):
        del pairs[0]  # the names of the columns
    return {
        problem.strip(' "'): read_date(value.strip(' "'), f"{path}, line {number}") for number, problem, value in pairs
    }


def read_date(value: Any, where: str) -> date:
    """A date of ISO 8601; a time of day that follows is left out.

    Raises:
        DataError: It is none.
    """
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise DataError(f"{where}: {value!r:.40} is no date", "Write dates as 2025-02-06.") from None
