"""A file of the user's own as a benchmark: JSONL, called by its stem, its kind told by the keys of its first row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reasoncore.data.choice_files import read_choices
from reasoncore.data.code_files import read_code_cases
from reasoncore.data.files import read_questions
from reasoncore.data.instruction_files import read_ifeval
from reasoncore.domains.table import ReadFile
from reasoncore.errors import DataError
from reasoncore.evals.benchmarks.row import Benchmark, reading
from reasoncore.records import read_jsonl

SUFFIX = ".jsonl"
_SAMPLES = 4
# The key that tells, the domain, the reader and what rows are; the first that fits counts.
_KINDS: tuple[tuple[str, str, ReadFile, str], ...] = (
    ("tests", "code", read_code_cases, "programs and their tests"),
    ("instruction_id_list", "instruct", read_ifeval, "verifiable instructions"),
    ("options", "stem", read_choices, "multiple choice, options shuffled"),
    ("answer", "math", read_questions, "questions and answers"),
)


def own_benchmark(path: Path) -> Benchmark:
    """The row of a file of one's own.

    Raises:
        DataError: It cannot be read, is empty, or its first row is of no known kind.
    """
    _, first = next(read_jsonl(path), (0, {}))
    for key, domain, read, what in _KINDS:
        if key in first:
            return Benchmark(
                name=path.stem,
                file_name=str(path.absolute()),
                load=reading(read),
                domain=domain,
                default_samples=_SAMPLES,
                count=None,
                source="",
                note=f"own file: {what}" + (f"; {first['label']}" if first.get("label") else ""),
            )
    raise _no_kind(path, first)


def _no_kind(path: Path, first: Mapping[str, Any]) -> DataError:
    if not first:
        return DataError(f"{path}: holds no problems", "Check that it is the right file and was fetched whole.")
    keys = ", ".join(key for key, *_ in _KINDS)
    return DataError(f"{path}, first row: no key that says what it is", f"Every row needs one of: {keys}.")
