"""Does a benchmark measure what it says? Its rows are read as data, and nothing in them is run.

An *error* is a row that cannot be scored fairly: no gold answer or one that is damaged, two golds for one question, a
gold that names no option, tests that contradict each other, a gold letter that gives every answer away. A *warning* is
what deserves a look. What each check does stands in its module: :mod:`.prompts`, :mod:`.golds`, :mod:`.choices`,
:mod:`.programs`, :mod:`.constraints`. A wrong gold that looks like any other shows only against a solution
(:mod:`.golds`), reference programs (:func:`lint_references`) or what models answer (:func:`lint_rollouts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoncore.evals.lint.choices import check_choices
from reasoncore.evals.lint.constraints import check_constraints
from reasoncore.evals.lint.finding import Finding, finding_lines
from reasoncore.evals.lint.golds import check_golds
from reasoncore.evals.lint.items import LintItem, items_of_problems, items_of_rows, read_rows
from reasoncore.evals.lint.programs import check_programs, lint_references
from reasoncore.evals.lint.prompts import check_prompts
from reasoncore.evals.lint.rollouts import lint_rollouts
from reasoncore.records import Problem

__all__ = [
    "Finding",
    "LintItem",
    "finding_lines",
    "lint_file",
    "lint_items",
    "lint_problems",
    "lint_references",
    "lint_rollouts",
    "lint_rows",
]

_CHECKS = (check_prompts, check_golds, check_choices, check_programs, check_constraints)


def lint_items(benchmark: str, items: Sequence[LintItem]) -> list[Finding]:
    """What is wrong with a benchmark, errors first, then in the order of its problems."""
    place = {item.id: number for number, item in enumerate(items)}
    found = [finding for check in _CHECKS for finding in check(benchmark, items)]
    return sorted(found, key=lambda f: (f.severity != "error", place.get(f.problem_id or "", -1)))


def lint_rows(benchmark: str, rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """:func:`lint_items` of raw rows, in any of the forms that :mod:`.items` knows."""
    return lint_items(benchmark, items_of_rows(benchmark, rows))


def lint_problems(benchmark: str, problems: Iterable[Problem]) -> list[Finding]:
    """:func:`lint_items` of problems as a loader or generator gave them."""
    return lint_items(benchmark, items_of_problems(problems))


def lint_file(path: Path, benchmark: str | None = None) -> list[Finding]:
    """:func:`lint_items` of a JSONL or Parquet file; the benchmark's name is the file's stem unless given.

    Raises:
        DataError: The file cannot be read or is empty, or a line is not a JSON object.
    """
    return lint_rows(benchmark or path.stem, read_rows(path))
